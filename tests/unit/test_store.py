"""The store: each record once, in order, in agreement with the journal; and what it says when it cannot."""

from __future__ import annotations

import importlib.util
import sqlite3
from datetime import UTC, datetime, timedelta

import pytest
import shapely
from sqlalchemy import event, text

from sarhad.errors import LedgerDamaged, LedgerError, LedgerInUse, LedgerNewer
from sarhad.ledger.journal import Journal, read_records
from sarhad.ledger.registers import Box, Question, as_of, listed
from sarhad.ledger.store import BATCH, Head, Store
from sarhad.ledger.tables import HEAD, RECORDS
from sarhad.model.record import OnLine, Record, Statement
from store_cases import START, STEP, statement_id

EVER = {"believed_at": datetime.max.replace(tzinfo=UTC), "about_at": datetime.max.replace(tzinfo=UTC)}


def statement(k, corrects="", place=None):
    return Statement(
        statement_id(k), "asset.state", f"A-{k % 7}", START, "donor", "", place=place, corrects=corrects
    )


def records(n, note=""):
    return [Record(seq, START + seq * STEP, statement(seq), f"{note}{seq:064x}") for seq in range(1, n + 1)]


def journal(folder, n, first=1):
    clock = iter(START + k * timedelta(seconds=1) for k in range(first, 10**6))
    with Journal.open(folder, now=lambda: next(clock)) as opened:
        opened.append([statement(k) for k in range(first, n + 1)])


def held(store):
    """All that the store holds, row by row."""
    with store.reading() as connection:
        tables = ("records", "subjects", "head")
        return [connection.execute(text(f"SELECT * FROM {table}")).all() for table in tables]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "store.sqlite"


@pytest.fixture
def store(path):
    with Store.open(f"sqlite:///{path}") as opened:
        yield opened


def test_an_empty_store_has_read_nothing(store):
    assert store.head == Head(0, "")
    assert as_of(store, Question("asset", **EVER)) == ()
    assert store.project([]) == Head(0, "")


def test_records_projected_twice_change_nothing(store):
    said = records(BATCH + 10)
    assert store.project(said) == Head(BATCH + 10, said[-1].hash)
    before = held(store)
    assert store.project(said) == store.project(said[5:20]) == Head(BATCH + 10, said[-1].hash)
    assert held(store) == before


def test_a_projection_that_was_cut_off_goes_on_from_the_head(store):
    said = records(2 * BATCH + 1)

    def cut():
        yield from said[: BATCH + 1]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.project(cut())
    assert store.head.seq == BATCH
    assert store.project(said[store.head.seq :]).seq == len(said)
    assert [line.record for line in listed(store, Question("asset", **EVER))] == said


def test_missing_records_are_refused(store):
    store.project(records(3))
    with pytest.raises(LedgerError, match="up to 3 and was given 5"):
        store.project(records(6)[4:])
    with pytest.raises(LedgerError, match="up to 4 and was given 6"):
        store.project([records(4)[3], records(6)[5]])
    assert store.head.seq == 3


def test_a_build_from_records_with_gaps_is_refused(store):
    with pytest.raises(LedgerDamaged, match="do not follow"):
        store.replace(records(5)[1:])
    assert store.head.seq == 0


def test_another_record_of_the_same_number_is_refused(store):
    store.project(records(3))
    with pytest.raises(LedgerDamaged, match="record 2"):
        store.project(records(3, note="another")[1:2])


def test_what_is_read_back_is_what_was_projected(store):
    place = OnLine("main", 0.1, 1e6 / 3, -7.5)
    body = {"a": [1, 2.5, None, True, {"б": "\x00\n'\\"}], "largest": 2**63 - 1, "tiny": 5e-324}
    said = Statement(
        *(
            statement_id(1),
            "claim.made",
            "length",
            START + timedelta(microseconds=1),
            "donor",
            "clerk",
            "cable",
        ),
        body,
        place,
        statement_id(9),
        "c2ln",
    )
    record = Record(1, START, said, "ab" * 32)
    for fill in (store.project, store.replace):
        fill([record])
        assert listed(store, Question("claim", **EVER))[0].record == record


def test_catching_up_takes_in_what_is_new_and_no_more(tmp_path, store):
    journal(tmp_path, 5)
    assert store.catch_up(tmp_path) == ""
    assert store.head.seq == 5
    journal(tmp_path, 9, first=6)
    assert store.catch_up(tmp_path) == store.catch_up(tmp_path) == ""
    assert [line.record for line in listed(store, Question("asset", **EVER))] == list(read_records(tmp_path))


def test_a_store_ahead_of_the_journal_is_built_anew(tmp_path, store):
    journal(tmp_path, 5)
    store.replace([*read_records(tmp_path), Record(6, START, statement(6), "06")])
    assert "6 records, more than the journal" in store.catch_up(tmp_path)
    assert store.head.seq == 5


def test_a_store_of_another_journal_is_built_anew(tmp_path, store):
    journal(tmp_path, 5)
    store.replace(records(4))
    assert "record 4" in store.catch_up(tmp_path)
    assert [line.record for line in listed(store, Question("asset", **EVER))] == list(read_records(tmp_path))


@pytest.mark.parametrize("spoil", [lambda data: b"not a database" * 500, lambda data: data[: len(data) // 2]])
def test_a_damaged_file_says_so_and_is_built_anew(tmp_path, path, spoil):
    journal(tmp_path, 50)
    with Store.open(f"sqlite:///{path}") as store:
        store.rebuild(tmp_path)
        with store._engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    path.write_bytes(spoil(path.read_bytes()))
    with Store.open(f"sqlite:///{path}") as store:
        with pytest.raises(LedgerDamaged, match="nothing recorded is lost"):
            listed(store, Question("asset", **EVER))
        store.rebuild(tmp_path)
        assert [line.record for line in listed(store, Question("asset", **EVER))] == list(
            read_records(tmp_path)
        )


@pytest.mark.parametrize(("found", "kind"), [(99, LedgerNewer), (0, LedgerDamaged)])
def test_a_store_of_another_format_is_refused_until_it_is_built_anew(tmp_path, path, found, kind):
    journal(tmp_path, 3)
    with Store.open(f"sqlite:///{path}") as store, store._engine.begin() as connection:
        connection.execute(HEAD.update().values(format=found))
    with Store.open(f"sqlite:///{path}") as store:
        for refused in (
            lambda: store.head,
            lambda: listed(store, Question("asset", **EVER)),
            lambda: store.project([]),
        ):
            with pytest.raises(kind, match=f"format {found}"):
                refused()
        assert f"format {found}" in store.catch_up(tmp_path)
        assert store.head.seq == 3


def test_an_interrupted_build_leaves_the_old_store_and_no_file(path, store):
    store.project(records(3))

    def stop(n_done):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.replace(records(5), progress=stop)
    assert store.head.seq == 3
    assert not list(path.parent.glob("*.building"))


def test_what_a_killed_build_left_behind_is_cleared_away(path, store):
    path.with_name("store.sqlite.building").write_bytes(b"half a store")
    assert store.replace(records(5)).seq == 5
    assert not list(path.parent.glob("*.building"))


def test_a_build_says_how_far_it_is(store):
    told = []
    store.replace(records(2_500), progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 2_500


def test_a_store_that_another_keeps_open_is_not_replaced_under_it(path, store):
    store.project(records(3))
    other = sqlite3.connect(path)
    other.execute("SELECT * FROM head").fetchall()
    try:
        with pytest.raises(LedgerInUse, match="another process"):
            store.replace(records(5))
        assert store.head.seq == 3
    finally:
        other.close()
    assert store.replace(records(5)).seq == 5


def test_the_old_log_is_not_taken_for_the_new_files(path, store):
    """What the write-ahead log of the old file holds must not surface in the new one."""
    store.project(records(3, note="old"))
    assert path.with_name("store.sqlite-wal").stat().st_size > 0
    store.replace(records(4))
    assert [line.record for line in listed(store, Question("asset", **EVER))] == records(4)


def test_a_full_disk_is_said_and_loses_nothing(tmp_path, path):
    """The journal has acknowledged; the store cannot follow, keeps what it has, and follows when it can."""
    journal(tmp_path, 3)
    with Store.open(f"sqlite:///{path}") as store:
        store.catch_up(tmp_path)
        full = {"is": True}

        @event.listens_for(store._engine, "checkout")
        def limit(connection, *_):
            (pages,) = connection.execute("PRAGMA page_count").fetchone()
            connection.execute(f"PRAGMA max_page_count={pages if full['is'] else 2**30}")

        journal(tmp_path, 3_000, first=4)
        with pytest.raises(LedgerError, match="disk is full"):
            store.catch_up(tmp_path)
        assert store.head.seq == 3
        assert len(listed(store, Question("asset", **EVER))) == 3
        assert sum(1 for _ in read_records(tmp_path)) == 3_000
        full["is"] = False
        assert store.catch_up(tmp_path) == ""
        assert [line.record for line in listed(store, Question("asset", **EVER))] == list(
            read_records(tmp_path)
        )


@pytest.mark.parametrize(
    "url", ["sqlite://", "sqlite:///:memory:", "mysql://host/ledger", "store.sqlite", ""]
)
def test_what_is_no_store_is_refused(url):
    with pytest.raises(LedgerError, match="sqlite:///FILE or postgresql"):
        Store.open(url)


def test_a_folder_that_is_not_there_is_said_plainly(tmp_path):
    with pytest.raises(LedgerError, match="does not answer"):
        Store.open(f"sqlite:///{tmp_path}/no/such/folder/store.sqlite")


def test_without_the_driver_one_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(LedgerError, match=r"pip install 'sarhad\[postgres\]'"):
        Store.open("postgresql://host/ledger")


@pytest.mark.parametrize("wkt", ["POINT (nan 1)", "POINT EMPTY", "POINT (170 91)", "POINT (181 37)"])
def test_a_locator_that_gives_no_place_is_refused(path, wkt):
    with Store.open(
        f"sqlite:///{path}", locate=lambda places: shapely.from_wkt([wkt] * len(places))
    ) as store:
        for fill in (store.project, store.replace):
            with pytest.raises(LedgerError, match="expected a shape"):
                fill([Record(1, START, statement(1, place=OnLine("main", 0, 0)), "01")])
        assert store.head.seq == 0


def test_a_box_is_refused_that_is_none():
    for corners in ((1, 0, 0, 1), (0, 1, 1, 0), (-181, 0, 0, 0), (0, 0, 0, 91), (float("nan"), 0, 1, 1)):
        with pytest.raises(ValueError, match="a box is"):
            Box(*corners)


def test_questions_go_by_index(store):
    """No register reads all records: what SQLite says of its way there names an index at every step."""
    store.replace(records(2_000))
    seen = []
    event.listen(store._engine, "before_cursor_execute", lambda *given: seen.append(given[2:4]))
    for ask in (as_of, listed):
        ask(store, Question("asset", subject_id="A-1", **EVER))
        ask(store, Question("asset", along=OnLine("main", 0, 10), **EVER))
        ask(store, Question("asset", within=Box(70, 37, 71, 38), **EVER))
        ask(store, Question("asset", **EVER), limit=3)
    asked = [one for one in seen if one[0].startswith("SELECT")]
    assert len(asked) == 8
    with store.reading() as connection:
        for sql, values in asked:
            steps = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values).all()
            assert not [step for *_, step in steps if step.startswith("SCAN")]
        whole = connection.exec_driver_sql("EXPLAIN QUERY PLAN SELECT * FROM records WHERE hash = ''").all()
        assert whole[0][-1].startswith("SCAN"), "the check itself"


def test_what_follows_a_record_does_not_go_through_all_words(store):
    """Taking in a few records must not cost by those there are: the new ones are found by their numbers."""
    store.replace(records(2_000))
    seen = []
    event.listen(store._engine, "before_cursor_execute", lambda *given: seen.append(given[2:4]))
    store.project([Record(2_001, START + 2_001 * STEP, statement(2_001), f"{2_001:064x}")])
    updates = [one for one in seen if one[0].startswith("UPDATE")]
    assert len(updates) == 2
    with store.reading() as connection:
        for sql, values in updates:
            steps = [
                step for *_, step in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values).all()
            ]
            assert any("later USING INTEGER PRIMARY KEY" in step for step in steps)
            assert not [step for step in steps if step.startswith("SCAN")]


def test_a_correction_is_settled_once_and_for_the_first_time_it_was_known(store):
    said = [
        Record(1, START, statement(1), "01"),
        Record(2, START + STEP, statement(2, corrects=statement_id(1)), "02"),
        Record(3, START + 2 * STEP, statement(3, corrects=statement_id(1)), "03"),
    ]
    for fill in (store.replace, store.project):
        store.replace([])
        for k in (1, 2, 3):
            fill(said[:k])
        with store.reading() as connection:
            found = connection.execute(RECORDS.select().order_by(RECORDS.c.seq)).all()
        assert [row.superseded_at for row in found] == [START + STEP, None, None]
