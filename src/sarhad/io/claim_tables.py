"""Tables of claims that the desk takes in, and the articles they come from.

One claim a row; every fault of every row is reported at once. `quoted_from` must be filled: "own" for the
publisher's own report, else the chain, nearest first, parted by ">", ending in "?" where the
origin is not known. Dates are days, months or years: 2021-07-05, 2021-07, 2021.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sarhad.errors import Fault, InputFaults, UnknownName
from sarhad.io.dates import read_date
from sarhad.io.numerals import read_value
from sarhad.io.tables import Column, Place, Row, Schema, check_header, check_row, nearest
from sarhad.io.vector import read_layer
from sarhad.model.claim import RELIABILITY, UNKNOWN_ORIGIN, Claim, Grade, Rules, Span
from sarhad.model.measure import UNITS, Value, unit_of
from sarhad.model.record import OnLine

if TYPE_CHECKING:
    from sarhad.io.gazetteer import Gazetteer

OWN = "own"
_UNITS = tuple(name for name in UNITS if name)
_LETTERS = tuple(RELIABILITY)
CONFIRM = Column("confirm", "flag", "Whether a person confirmed it; empty: yes", default=True)
CLAIMS = Schema(
    "claims",
    (
        Column("subject", "text", "What the claim is about: line:tjk-afg, event:...", required=True),
        Column("property", "text", "Which of its properties", required=True),
        Column("value", "text", "The value as written: 1,344, over 1,000, or words", required=True),
        Column("unit", "text", "Its unit; empty for words", default="", choices=_UNITS),
        Column("as_of", "text", "What time it is about: a day, a month or a year", required=True),
        Column("publisher", "text", "Who published it", required=True),
        Column("published", "text", "When, as far as known: a day, a month or a year"),
        Column("quoted_from", "text", "own, or the chain of sources: A > B > ?", required=True),
        Column("source", "text", "Address or file of the report", required=True),
        Column("span", "text", "The exact words that state it", required=True),
        Column("span_start", "integer", "Where they start in the text, in characters", low=0),
        Column("reliability", "text", "Letter of the source (Admiralty)", default="F", choices=_LETTERS),
        Column("credibility", "integer", "Digit of the information (Admiralty)", default=6, low=1, high=6),
        Column("place", "text", "Name of a place on the line"),
        Column("place_kind", "text", "Its kind, where the name fits several", default=""),
        Column("place_country", "text", "Its country, where the name fits several", default=""),
        Column("km_from", "number", "Chainage where it starts, in place of a name", "km", low=0),
        Column("km_to", "number", "Chainage where it ends", "km", low=0),
        CONFIRM,
    ),
)


@dataclass(frozen=True, slots=True)
class Desk:
    """What claims are held to: names need a gazetteer, chainages the part of the line that holds them."""

    rules: Rules
    gazetteer: Gazetteer | None = None
    part_id: str = "0"


def read_claims(path: Path, desk: Desk) -> tuple[Claim, ...]:
    """Return the confirmed claims of a CSV file, in its order, as `check_claims` makes them."""
    faults: list[Fault] = []
    layer = read_layer(path, path.name, "", faults)
    if layer is None:
        raise InputFaults(faults)
    return check_claims(layer.header, layer.rows, layer.place, desk)


def check_claims(
    header: Sequence[str], raw: Sequence[Mapping[str, object]], place: Place, desk: Desk
) -> tuple[Claim, ...]:
    """Return the confirmed claims of rows; their ids are "row-1" and so on until they are identified.

    Raises InputFaults with every fault of every row: unknown property or unit, a value that is no number, a
    unit that does not measure the property, dates, chains, places that are unknown or ambiguous.
    """
    faults: list[Fault] = []
    check_header(header, CLAIMS.columns, place, faults, strict=False)
    found: list[Claim | None] = []
    for number, cells in enumerate(raw, 1):
        if check_row(cells, number, (CONFIRM,), place, faults, from_text=True).values.get("confirm") is False:
            continue  # what nobody confirmed may be half filled in
        row = check_row(cells, number, CLAIMS.columns, place, faults, from_text=True)
        found.append(_claim(row, desk, place, faults) if row.complete else None)
    if faults:
        raise InputFaults(faults)
    return tuple(claim for claim in found if claim is not None)


@dataclass(frozen=True, slots=True)
class _Cells:
    """One row while it becomes a claim; what is wrong goes to `faults`."""

    row: Row
    place: Place
    faults: list[Fault]

    def fault(self, column: str, expected: str, found: object) -> None:
        self.faults.append(self.place.fault(expected, found, column=column, row=self.row.number))

    def date(self, column: str) -> tuple[datetime, int]:
        """Return the first day that a date names and how many days it spans."""
        try:
            return read_date(self.row.text(column))
        except ValueError as error:
            self.fault(column, "a date: 2021-07-05, 2021-07 or 2021", error)
            return datetime(1970, 1, 1, tzinfo=UTC), 1

    def value(self, rules: Rules) -> Value | None:
        """Return the value, if its unit measures the property."""
        name, unit = self.row.text("property"), self.row.text("unit")
        if name not in rules.properties:
            self.fault("property", "a known property", f'"{name}"{nearest(name, rules.properties)}')
            return None
        dimension = rules.properties[name].dimension
        if unit_of(unit).dimension != dimension:
            good = ", ".join(one or "no unit" for one in UNITS if UNITS[one].dimension == dimension)
            self.fault("unit", f"a unit of {dimension}: {good}", unit or "no unit")
            return None
        try:
            return read_value(self.row.text("value"), unit)
        except ValueError as error:
            self.fault("value", "a value that the unit can measure", error)
            return None

    def where(self, desk: Desk) -> OnLine | None:
        """Return the place on the line, by chainage or by name; None where the row gives none."""
        row = self.row
        km_from, km_to = row.maybe("km_from"), row.maybe("km_to")
        if km_from is not None:
            end = km_from if km_to is None else km_to
            if end < km_from:
                self.fault("km_to", f"at least km_from, {km_from:g}", f"{end:g}")
                return None
            return OnLine(desk.part_id, km_from * 1e3, end * 1e3)
        if not row.has("place"):
            return None
        if desk.gazetteer is None:
            self.fault(
                "place", "km_from and km_to (there is no project to look names up in)", row.text("place")
            )
            return None
        kind, country = row.text("place_kind"), row.text("place_country")
        try:
            return desk.gazetteer.place(row.text("place"), kind=kind, country=country).on_line
        except UnknownName as error:
            self.fault("place", "a place that the gazetteer knows", error)
            return None


def _claim(row: Row, desk: Desk, place: Place, faults: list[Fault]) -> Claim | None:
    before = len(faults)
    cells = _Cells(row, place, faults)
    value = cells.value(desk.rules)
    as_of, days = cells.date("as_of")
    published = cells.date("published")[0] if row.has("published") else None
    where = cells.where(desk)
    chain = read_chain(row.text("quoted_from"))
    if UNKNOWN_ORIGIN in chain[:-1] or not all(chain):
        cells.fault("quoted_from", "own, or a chain A > B whose end may be ?", row.text("quoted_from"))
    if len(faults) > before or value is None:
        return None
    return Claim(
        f"row-{row.number}",
        row.text("subject"),
        row.text("property"),
        value,
        row.text("unit"),
        as_of,
        row.text("source"),
        row.text("publisher"),
        published,
        Span(row.text("span"), int(row.number_at("span_start")) if row.has("span_start") else None),
        chain,
        Grade(row.text("reliability"), int(row.number_at("credibility"))),
        where,
        days,
    )


def read_article(path: Path) -> str:
    """Return the text of an article; `-` reads the standard input. Raises InputFaults."""
    try:
        return sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputFaults.one(str(path), "a text file in UTF-8", error) from error


def read_chain(text: str) -> tuple[str, ...]:
    """Return a chain of sources as written: "own" is none, "A > B > ?" three links."""
    return () if text.strip().lower() == OWN else tuple(link.strip() for link in text.split(">"))
