"""Tables by schema: a column has a name, a type, a unit, a range and a default; one check serves them all.

The same `Column` describes a cell of a layer and a key of `project.toml`, so the reader, the faults and the
reference pages cannot drift apart. Nothing stops at the first fault: each is appended to a list, and what
could be read is returned with its row number.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

import numpy as np

from sarhad.errors import Fault
from sarhad.io.cells import CellError, Column, Value, nearest, read_cell, shown
from sarhad.io.columns import ABSENT, read_column

__all__ = [
    "Column",
    "Place",
    "Row",
    "Schema",
    "check_header",
    "check_row",
    "check_rows",
    "check_section",
    "check_unique",
    "nearest",
]


@dataclass(frozen=True, slots=True)
class Schema:
    """The columns of one kind of layer; `key` names the column whose values must differ, if any."""

    title: str
    columns: tuple[Column, ...]
    key: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """The file and layer (or section) that faults name."""

    file: str
    layer: str = ""

    def fault(self, expected: str, found: object, *, column: str = "", row: int = 0) -> Fault:
        """Build a fault of this place."""
        return Fault(self.file, self.layer, row, column, expected, str(found))


@dataclass(frozen=True, slots=True)
class Row:
    """One checked row: `values` holds the good cells and the defaults; `complete` says that all were good."""

    number: int
    values: Mapping[str, Value]
    complete: bool

    def has(self, name: str) -> bool:
        """Say whether the cell is there and not empty."""
        return self.values.get(name) is not None

    def text(self, name: str) -> str:
        """Return a cell as text."""
        return str(self.values[name])

    def number_at(self, name: str) -> float:
        """Return a cell as a float."""
        value = self.values[name]
        return value if isinstance(value, float) else float(str(value))

    def maybe(self, name: str) -> float | None:
        """Return a cell as a float, or None where it is empty."""
        return self.number_at(name) if self.has(name) else None

    def flag(self, name: str) -> bool:
        """Return a cell as true or false."""
        return self.values[name] is True

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a cell that lists words."""
        value = self.values.get(name)
        return tuple(str(word) for word in value) if isinstance(value, tuple) else ()

    def numbers(self, name: str) -> tuple[float, ...]:
        """Return a cell that lists numbers."""
        value = self.values.get(name)
        return tuple(float(str(number)) for number in value) if isinstance(value, tuple) else ()

    def pairs(self, name: str) -> tuple[tuple[float, float], ...]:
        """Return a cell that lists pairs of numbers."""
        value = self.values.get(name)
        pairs = [pair for pair in value if isinstance(pair, tuple)] if isinstance(value, tuple) else []
        return tuple((pair[0], pair[1]) for pair in pairs)


def check_header(
    header: Sequence[str], columns: Sequence[Column], place: Place, faults: list[Fault], *, strict: bool
) -> set[str]:
    """Check the names of columns or keys; return the required ones that are missing.

    A name no one knows is a fault when `strict`, and otherwise only where it looks like a slip for a column
    that is not there: layers may carry columns of their own.
    """
    known = {column.name for column in columns}
    absent = known - set(header)
    slips: set[str] = set()
    for name in header:
        if name in known:
            continue
        close = get_close_matches(name.lower(), sorted(absent), n=1, cutoff=0.75)
        if close:
            slips.add(close[0])
            faults.append(place.fault(f"the name {close[0]}", f"the name {name}", column=name))
        elif strict:
            expected = "a known name" if len(columns) > 9 else "one of " + ", ".join(c.name for c in columns)
            found = f"the unknown name {name}{nearest(name, sorted(known))}"
            faults.append(place.fault(expected, found, column=name))
    missing = {column.name for column in columns if column.required and column.name in absent}
    for column in columns:
        if column.name in missing - slips:
            faults.append(place.fault(column.expected, "nothing", column=column.name))
    return missing


def check_row(
    raw: Mapping[str, object],
    number: int,
    columns: Sequence[Column],
    place: Place,
    faults: list[Fault],
    *,
    from_text: bool = False,
) -> Row:
    """Check the cells of one row; cells of columns that are not there at all take their default."""
    values: dict[str, Value] = {}
    complete = True
    for column in columns:
        if column.name not in raw:
            complete &= not column.required
            values[column.name] = column.default
            continue
        try:
            values[column.name] = read_cell(raw[column.name], column, from_text=from_text)
        except CellError as bad:
            complete = False
            faults.append(place.fault(column.expected, bad, column=column.name, row=number))
    return Row(number, values, complete)


def check_section(
    section: Mapping[str, object],
    columns: Sequence[Column],
    place: Place,
    faults: list[Fault],
    number: int = 0,
) -> Row:
    """Check one section of a TOML file: unknown keys, missing keys and every value."""
    missing = check_header(list(section), columns, place, faults, strict=True)
    row = check_row(section, number, columns, place, faults)
    return Row(number, row.values, row.complete and not missing)


def check_rows(
    header: Sequence[str],
    raw_rows: Sequence[Mapping[str, object]],
    schema: Schema,
    place: Place,
    faults: list[Fault],
    *,
    from_text: bool = False,
) -> list[Row]:
    """Check a whole layer: names of columns, every cell of every row, and that keys differ."""
    check_header(header, schema.columns, place, faults, strict=False)
    values, sound = [], np.ones(len(raw_rows), dtype=np.bool_)
    for column in schema.columns:
        raw = [row.get(column.name, ABSENT) for row in raw_rows]
        value, good, wrong = read_column(raw, column, from_text=from_text)
        values.append(value)
        sound &= good
        faults += [
            place.fault(column.expected, bad, column=column.name, row=k + 1) for k, bad in wrong.items()
        ]
    names = [column.name for column in schema.columns]
    rows = [
        Row(k, {name: one for name, one in zip(names, row, strict=True) if one is not ABSENT}, complete)
        for k, (row, complete) in enumerate(zip(zip(*values, strict=True), sound.tolist(), strict=True), 1)
    ]
    if schema.key:
        check_unique(rows, schema.key, place, faults)
    return rows


def check_unique(rows: Iterable[Row], key: str, place: Place, faults: list[Fault]) -> None:
    """Append a fault for every row whose key stood in a row before it."""
    first: dict[Value, int] = {}
    for row in rows:
        value = row.values.get(key)
        if value is None:
            continue
        if value in first:
            found = f"{shown(value)} again (first in row {first[value]})"
            faults.append(place.fault("an id that no other row has", found, column=key, row=row.number))
        else:
            first[value] = row.number
