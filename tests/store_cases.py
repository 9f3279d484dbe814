"""Records for tests of the store: drawn ones, with all that makes belief hard, and what the definition says.

Few authorities, subjects and days, so that records collide: ties in time, late records, corrections of
corrections, withdrawals of anything, countersignings that are taken back.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import accumulate, groupby

import shapely
from hypothesis import strategies as st

from sarhad.ledger.registers import Box, Line, Question, as_of, listed, spoken
from sarhad.ledger.standing import countersigned, standing
from sarhad.ledger.store import Store
from sarhad.model.record import CONFIRMED, CONTESTED, WITHDRAWN, OnLine, Record, Statement

START = datetime(2026, 3, 1, tzinfo=UTC)
STEP = timedelta(hours=7, microseconds=1)
REGISTERS = ("asset", "control", "record")
KINDS = ("asset.state", "asset.moved", "control.held")
AUTHORITIES = ("donor", "mediator", "recipient")
SUBJECTS = ("A-1", "a-1", "Ä-1")  # sorted otherwise where a database minds language
N_STEP = 12
EDGES_DEG = (70.0, 70.1, 70.2, 70.3)

places = st.none() | st.builds(
    lambda part, ends: OnLine(part, *sorted(ends)),
    st.sampled_from(("main", "exclave")),
    st.tuples(*[st.sampled_from((0.0, 100.0, 200.0, 300.0))] * 2),
)
times = st.integers(0, N_STEP).map(lambda k: START + k * STEP)
boxes = st.tuples(*[st.sampled_from(EDGES_DEG)] * 2).map(lambda ends: Box(min(ends), 37.0, max(ends), 37.3))


def shapes_of(places: Sequence[OnLine]) -> list[shapely.Geometry | None]:
    """A made-up locator: 100 m are 0.1 degrees; the exclave lies nowhere."""
    return [None if one.part_id == "exclave" else drawn(one) for one in places]


def drawn(place: OnLine) -> shapely.Geometry:
    ends = [(70 + m / 1000, 37 + m / 1000) for m in (place.from_m, place.to_m)]
    return shapely.Point(ends[0]) if place.from_m == place.to_m else shapely.LineString(ends)


def statement_id(k: int) -> str:
    """A ULID."""
    return f"01{k:024d}"


@st.composite
def statements(draw: st.DrawFn, k: int, earlier: Sequence[Statement]) -> Statement:
    """Any statement that may follow the earlier ones."""
    authority, corrects = draw(st.sampled_from(AUTHORITIES)), ""
    kind, subject_id = draw(st.sampled_from(KINDS)), draw(st.sampled_from(SUBJECTS))
    own = [said for said in earlier if said.authority == authority]
    what = draw(st.sampled_from(("say", "say", "correct", "withdraw", "countersign")))
    if what in ("correct", "withdraw") and own:
        target = draw(st.sampled_from(own))
        corrects, kind = target.statement_id, WITHDRAWN if what == "withdraw" else target.kind
        subject_id = target.subject_id
    elif what == "countersign" and earlier:
        kind, subject_id = (
            draw(st.sampled_from((CONFIRMED, CONTESTED))),
            draw(st.sampled_from(earlier)).statement_id,
        )
    return Statement(
        statement_id=statement_id(k),
        kind=kind,
        subject_id=subject_id,
        happened_at=draw(times),
        authority=authority,
        author=draw(st.sampled_from(("", "clerk"))),
        source="cable \\ 12\t'%s'",
        body={
            "state": "working",
            "quantity": k,
            "share": 0.1,
            "note": "Ҳоҳон \x00 \\N",
            "nested": [None, True],
        },
        place=draw(places),
        corrects=corrects,
        signature=draw(st.sampled_from(("", "c2lnbmVk"))),
    )


@st.composite
def histories(draw: st.DrawFn, most: int = 25) -> list[Record]:
    """Records in seq order; the ledger's time never goes back, but may stand still."""
    said: list[Statement] = []
    for k in range(draw(st.integers(1, most))):
        said.append(draw(statements(k, said)))
    waits = draw(st.lists(st.integers(0, 2), min_size=len(said), max_size=len(said)))
    return [
        Record(seq, START + n * STEP, statement, f"{seq:064x}")
        for seq, (n, statement) in enumerate(zip(accumulate(waits), said, strict=True), 1)
    ]


def expected_list(
    records: Sequence[Record], register: str, believed_at: datetime, about_at: datetime
) -> list[Line]:
    """What `listed` must say, by the definition."""
    stand = (
        record for record in standing(records, believed_at, about_at) if record.statement.register == register
    )
    lines = []
    for record in stand:
        words = countersigned(records, record.statement.statement_id, believed_at)
        lines.append(Line(record, words.confirmed_by, words.contested_by))
    return lines


def expected_last(lines: Sequence[Line]) -> list[Line]:
    """What `as_of` must say, of what `listed` says: the last of every subject and authority."""

    def key(line: Line) -> tuple[str, str]:
        return line.record.statement.subject_id, line.record.statement.authority

    return [list(of_key)[-1] for _, of_key in groupby(sorted(lines, key=key), key=key)]


def lies_along(line: Line, along: OnLine) -> bool:
    place = line.record.statement.place
    return (
        place is not None
        and place.part_id == along.part_id
        and not (place.to_m < along.from_m or along.to_m < place.from_m)
    )


def lies_within(line: Line, box: Box) -> bool:
    place = line.record.statement.place
    if place is None or place.part_id == "exclave":
        return False
    ends_m = (place.from_m, place.to_m)
    return all(
        box.west_deg <= 70 + m / 1000 <= box.east_deg and box.south_deg <= 37 + m / 1000 <= box.north_deg
        for m in ends_m
    )


def check_built_at_once(store: Store, records: Sequence[Record], data: st.DataObject) -> None:
    """A store built from all records answers as the definition."""
    assert store.replace(records).seq == len(records)
    check_same_as_definition(store, records, data)


def check_fed_bit_by_bit(store: Store, records: Sequence[Record], data: st.DataObject) -> None:
    """So does one that took them in piece by piece, some of them again."""
    store.replace([])
    done = 0
    while done < len(records):
        again = data.draw(st.integers(0, done), label="said again")
        done = data.draw(st.integers(done + 1, len(records)), label="said up to")
        assert store.project(records[again:done]).seq == done
    check_same_as_definition(store, records, data)


def check_same_as_definition(store: Store, records: Sequence[Record], data: st.DataObject) -> None:
    """A register, whole, page by page and filtered, is what the definition says."""
    register = data.draw(st.sampled_from(REGISTERS), label="register")
    when = {"believed_at": data.draw(times, label="believed"), "about_at": data.draw(times, label="about")}
    subject_id, authority = data.draw(st.sampled_from(SUBJECTS)), data.draw(st.sampled_from(AUTHORITIES))
    along, box = data.draw(places.filter(bool)), data.draw(boxes)
    filters = (
        ({"subject_id": subject_id}, lambda line: line.record.statement.subject_id == subject_id),
        ({"authority": authority}, lambda line: line.record.statement.authority == authority),
        ({"along": along}, lambda line: lies_along(line, along)),
        ({"within": box}, lambda line: lies_within(line, box)),
    )
    stand = expected_list(records, register, **when)
    for ask, lines in ((listed, stand), (as_of, expected_last(stand))):
        assert list(ask(store, Question(register, **when))) == lines
        assert list(in_pages(ask, store, register, when)) == lines
        for asked, holds in filters:
            assert list(ask(store, Question(register, **asked, **when))) == [
                line for line in lines if holds(line)
            ]

    assert list(spoken(store, register, **when)) == expected_spoken(records, register, **when)


def expected_spoken(
    records: Sequence[Record], register: str, believed_at: datetime, about_at: datetime
) -> list[Record]:
    """What stands of a register, and the words on any of its statements."""
    own = {one.statement.statement_id for one in records if one.statement.register == register}
    return [
        one
        for one in standing(records, believed_at, about_at)
        if one.statement.register == register
        or (one.statement.kind in (CONFIRMED, CONTESTED) and one.statement.subject_id in own)
    ]


def in_pages(ask, store, register, when):
    """All lines, three at a time."""
    after = None
    while page := ask(store, Question(register, **when), limit=3, after=after):
        assert len(page) <= 3
        yield from page
        after = page[-1]
