"""The store on a real PostgreSQL with PostGIS: the same answers as SQLite's, which are the definition's."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, select, text

from sarhad.errors import LedgerError, LedgerInUse
from sarhad.ledger.registers import Box, Question, as_of, listed
from sarhad.ledger.store import Store
from sarhad.ledger.tables import METADATA, RECORDS
from sarhad.model.record import OnLine, Record
from store_cases import (
    START,
    STEP,
    Statement,
    check_built_at_once,
    check_fed_bit_by_bit,
    check_same_as_definition,
    histories,
    shapes_of,
    statement_id,
)

EVER = {"believed_at": datetime.max.replace(tzinfo=UTC), "about_at": datetime.max.replace(tzinfo=UTC)}


@pytest.fixture
def store(postgres_url):
    with Store.open(postgres_url, locate=shapes_of) as opened:
        opened.replace([])
        yield opened


@pytest.fixture
def beside(tmp_path):
    with Store.open(f"sqlite:///{tmp_path / 'store.sqlite'}", locate=shapes_of) as opened:
        yield opened


def record(seq, happened_at=START, recorded_at=None, place=None, subject_id="A-1"):
    said = Statement(
        statement_id(seq), "asset.state", subject_id, happened_at, "donor", "", body={"k": seq}, place=place
    )
    return Record(seq, recorded_at or START + seq * STEP, said, f"{seq:064x}")


def asked(store, sql):
    with store.reading() as connection:
        return connection.execute(text(sql)).all()


@settings(max_examples=8, deadline=None)
@given(histories(), st.data())
def test_a_store_built_at_once_answers_as_the_definition(postgres_url, records, data):
    with Store.open(postgres_url, locate=shapes_of) as store:
        check_built_at_once(store, records, data)


@settings(max_examples=8, deadline=None)
@given(histories(), st.data())
def test_a_store_fed_bit_by_bit_answers_as_the_definition(postgres_url, records, data):
    with Store.open(postgres_url, locate=shapes_of) as store:
        check_fed_bit_by_bit(store, records, data)


@pytest.mark.long
@settings(max_examples=300, deadline=None)
@given(histories(most=60), st.data())
def test_many_longer_histories_answer_as_the_definition(postgres_url, tmp_path_factory, records, data):
    for url in (postgres_url, f"sqlite:///{tmp_path_factory.mktemp('long') / 'store.sqlite'}"):
        with Store.open(url, locate=shapes_of) as store:
            store.replace(records[: len(records) // 2])
            store.project(records)
            check_same_as_definition(store, records, data)


@settings(max_examples=6, deadline=None)
@given(records=histories())
def test_both_databases_hold_the_same_rows(postgres_url, tmp_path_factory, records):
    url = f"sqlite:///{tmp_path_factory.mktemp('rows') / 'store.sqlite'}"
    held = []
    for one in (url, postgres_url):
        with Store.open(one, locate=shapes_of) as store:
            for fill in (store.replace, store.project):
                store.replace([])
                fill(records)
                held.append(rows(store))
    assert all(found == held[0] for found in held)
    assert len(held[0]["records"]) == len(records)


def rows(store):
    """All rows of all tables, but for geometries, which each database writes its own way."""
    found = {}
    with store.reading() as connection:
        for table in METADATA.sorted_tables:
            columns = [column for column in table.c if column.name != "geometry"]
            found[table.name] = sorted(map(repr, connection.execute(select(*columns))))
    return found


def test_both_databases_have_the_same_columns(store, beside):
    for table in METADATA.tables:
        of_postgresql = f"SELECT column_name FROM information_schema.columns WHERE table_name = '{table}'"
        of_sqlite = f"SELECT name FROM pragma_table_info('{table}')"
        names = [
            {name for (name,) in asked(one, sql)}
            for one, sql in ((store, of_postgresql), (beside, of_sqlite))
        ]
        assert names[0] == names[1] != set()


def test_times_are_kept_to_the_microsecond_from_the_first_year_to_the_last(store, beside):
    times = [
        datetime.min,
        datetime(1969, 12, 31, 23, 59, 59, 999_999),
        datetime(1970, 1, 1),
        datetime(1999, 12, 31, 23, 59, 59, 999_999),
        datetime(2026, 3, 29, 1, 30, 0, 1),
        datetime.max,
    ]
    records = [record(seq, when.replace(tzinfo=UTC)) for seq, when in enumerate(times, 1)]
    for one in (store, beside):
        for fill in (one.replace, one.project):
            one.replace([])
            fill(records)
            lines = listed(one, Question("asset", **EVER))
            assert [line.record for line in lines] == records
            assert all(line.record.statement.happened_at.tzinfo is UTC for line in lines)
            just = EVER | {"about_at": times[4].replace(tzinfo=UTC)}
            before = just | {"about_at": just["about_at"] - timedelta(microseconds=1)}
            assert [len(listed(one, Question("asset", **when))) for when in (just, before)] == [5, 4]


def test_places_are_geometries_in_degrees_under_a_spatial_index(store):
    line = OnLine("main", 100.0, 200.0)
    store.replace([record(1, place=OnLine("main", 100.0, 100.0)), record(2, place=line), record(3)])
    store.project([record(4, place=line)])
    sql = (
        "SELECT seq, GeometryType(geometry), ST_SRID(geometry), ST_AsText(geometry) FROM records ORDER BY seq"
    )
    assert asked(store, sql) == [
        (1, "POINT", 4326, "POINT(70.1 37.1)"),
        (2, "LINESTRING", 4326, "LINESTRING(70.1 37.1,70.2 37.2)"),
        (3, None, None, None),
        (4, "LINESTRING", 4326, "LINESTRING(70.1 37.1,70.2 37.2)"),
    ]
    (index,) = asked(store, "SELECT indexdef FROM pg_indexes WHERE indexname = 'records_geometry'")
    assert "USING gist (geometry)" in index[0]


@settings(max_examples=10, deadline=None)
@given(
    ends=st.lists(st.tuples(*[st.floats(69.9, 70.1)] * 2), min_size=1, max_size=12),
    box=st.tuples(*[st.floats(69.9, 70.1)] * 2).filter(lambda ends: ends[0] != ends[1]),
)
def test_within_a_box_is_what_postgis_calls_covered(postgres_url, tmp_path_factory, ends, box):
    """At full precision: PostGIS rounds the boxes of its index, which must change nothing."""
    places = [OnLine("main", *sorted(pair)) for pair in ends]
    records = [record(seq, place=place, subject_id=f"A-{seq}") for seq, place in enumerate(places, 1)]
    west_deg, east_deg = sorted(box)

    def locate(places):
        runs = [[(m, 37.0) for m in (one.from_m, one.to_m)] for one in places]
        return [shapely.Point(ends[0]) if ends[0] == ends[1] else shapely.LineString(ends) for ends in runs]

    url, found = f"sqlite:///{tmp_path_factory.mktemp('box') / 'store.sqlite'}", []
    for one in (url, postgres_url):
        with Store.open(one, locate=locate) as store:
            store.replace(records)
            lines = as_of(store, Question("asset", within=Box(west_deg, 36.0, east_deg, 38.0), **EVER))
            found.append({line.record.seq for line in lines})
    with Store.open(postgres_url) as store:
        envelope = f"ST_MakeEnvelope({west_deg!r}, 36, {east_deg!r}, 38, 4326)"
        covered = asked(store, f"SELECT seq FROM records WHERE ST_CoveredBy(geometry, {envelope})")
    assert found[0] == found[1] == {seq for (seq,) in covered}


def test_a_question_sees_one_state_while_the_store_is_built_anew(store):
    store.project([record(1)])
    with store.reading() as connection:
        assert connection.scalar(RECORDS.select().with_only_columns(RECORDS.c.seq)) == 1
        builder = threading.Thread(target=lambda: store.replace([record(1), record(2)]))
        builder.start()
        builder.join(timeout=0.5)
        assert connection.scalar(text("SELECT max(seq) FROM records")) == 1
    builder.join()
    assert store.head.seq == 2


def test_an_interrupted_build_leaves_the_old_store(store):
    store.project([record(1)])

    def stop(n_done):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.replace([record(1), record(2)], progress=stop)
    assert store.head.seq == 1
    assert asked(store, "SELECT to_regnamespace('sarhad_building')") == [(None,)]


def test_two_builds_at_once_are_refused(store):
    def records():
        yield record(1)
        with pytest.raises(LedgerInUse, match="in use"):
            store.replace([])

    store.replace(records())
    assert store.head.seq == 1


def test_a_connection_cut_while_projecting_loses_nothing(store):
    records = [record(seq) for seq in range(1, 2_501)]

    def cut():
        for one in records:
            if one.seq == 2_000:
                with store._engine.connect() as connection:
                    connection.execute(
                        text(
                            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                            "WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
                        )
                    )
            yield one

    store.project(records[:1_000])
    with pytest.raises(LedgerError, match="nothing recorded is lost"):
        store.replace(cut())
    assert store.head.seq == 1_000
    assert store.project(records).seq == 2_500


def test_a_server_that_is_not_there_is_said_plainly(tmp_path):
    with pytest.raises(LedgerError, match="does not answer") as refused:
        Store.open(f"postgresql://clerk:secret@/ledger?host={tmp_path}")
    assert "secret" not in str(refused.value)


def test_a_database_without_postgis_is_said_plainly(postgres_url, store):
    engine = create_engine(
        postgres_url.replace("postgresql:", "postgresql+psycopg:"), isolation_level="AUTOCOMMIT"
    )
    with engine.connect() as connection:
        connection.execute(text("CREATE ROLE plain LOGIN"))
        connection.execute(text("CREATE DATABASE bare OWNER plain"))
    try:
        with pytest.raises(LedgerError, match="CREATE EXTENSION postgis"):
            Store.open(postgres_url.replace("sarhad@/postgres", "plain@/bare"))
    finally:
        with engine.connect() as connection:
            connection.execute(text("DROP DATABASE bare"))
            connection.execute(text("DROP ROLE plain"))
        engine.dispose()


def test_tables_of_the_same_name_elsewhere_are_left_alone(postgres_url):
    engine = create_engine(postgres_url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA IF EXISTS sarhad CASCADE"))
        connection.execute(
            text("CREATE TABLE public.head (someone text); CREATE TABLE public.records (else_s text)")
        )
    try:
        with Store.open(postgres_url) as store:
            store.project([record(1)])
            store.replace([record(1), record(2)])
            assert asked(store, "SELECT count(*) FROM public.records") == [(0,)]
            assert asked(store, "SELECT count(*) FROM sarhad.records") == [(2,)]
    finally:
        with engine.begin() as connection:
            connection.execute(text("DROP TABLE public.head, public.records"))
        engine.dispose()


def test_the_server_does_not_run_as_root(postgres_url):
    assert Path(postgres_url.partition("host=")[2], "data").stat().st_uid != 0
