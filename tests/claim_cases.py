"""Small claims to test with: one builder, and the line and districts of the example without its terrain."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import sarhad
from sarhad.io.gazetteer import Gazetteer, read_gazetteer
from sarhad.io.line import read_line
from sarhad.model.claim import Claim, Grade, Property, Relation, Rules, Span
from sarhad.model.line import ChainageRange, Line
from sarhad.model.measure import Number, Value, slack_of
from sarhad.model.record import OnLine, Record, Statement
from sarhad.planning.claims import Speaker, identified, make

EXAMPLE = Path(sarhad.__file__).parent / "data" / "tajik_afghan"
DESK = Speaker("desk", "duty officer")
NOW = datetime(2026, 3, 1, tzinfo=UTC)
RULES = Rules(
    {
        "length": Property("length", "length", "constant"),
        "agreed_length": Property("agreed_length", "length", "grows", 30.0),
        "agreed_share": Property("agreed_share", "share", "grows", 30.0),
        "open_length": Property("open_length", "length", "varies", 30.0),
        "crossed": Property("crossed", "persons", "constant"),
        "reinforced": Property("reinforced", "persons", "varies", 30.0),
        "held_by": Property("held_by", "text", "varies", 3.0),
        "clash": Property("clash", "text", "varies", 1.0),
    },
    (
        Relation("by_share", "agreed_length", "product", "agreed_share", "length"),
        Relation("rest", "open_length", "rest", "agreed_share", "length"),
    ),
)


def number(text: str) -> Number:
    """A number with the slack of its digits."""
    return Number(float(text.replace(",", "")), slack_of(text))


def claim(
    value: str | Value,
    unit: str = "km",
    *,
    of: str = "line:a/length",
    by: str = "A",
    chain: tuple[str, ...] = (),
    on: str = "2021-07-05",
    source: str = "",
    credibility: int = 6,
    place: OnLine | None = None,
) -> Claim:
    subject, _, name = of.rpartition("/")
    when = datetime.fromisoformat(on).replace(tzinfo=UTC)
    held = number(value) if isinstance(value, str) else value
    return identified(
        Claim(
            "new",
            subject,
            name,
            held,
            unit,
            when,
            source or f"report of {by}",
            by,
            when,
            Span(str(value)),
            chain,
            Grade("B", credibility),
            place,
        )
    )


def records(*statements: Statement, at: datetime = NOW) -> tuple[Record, ...]:
    """Records in the order given, numbered from 1."""
    return tuple(Record(k, at, statement, "") for k, statement in enumerate(statements, 1))


def made(*claims: Claim, speaker: Speaker = DESK) -> tuple[Statement, ...]:
    return tuple(make(one, speaker) for one in claims)


@cache
def example_line() -> Line:
    return read_line(EXAMPLE / "line.geojson", line_id="tjk-afg", home_side="left")


@cache
def example_districts() -> tuple[ChainageRange, ...]:
    with (EXAMPLE / "districts.csv").open() as file:
        rows = list(csv.DictReader(file))
    return tuple(
        ChainageRange(row["name"], 1e3 * float(row["km_from"]), 1e3 * float(row["km_to"])) for row in rows
    )


@cache
def example_gazetteer() -> Gazetteer:
    return read_gazetteer(example_line(), example_districts())
