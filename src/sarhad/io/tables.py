"""Tables by schema: a column has a name, a type, a unit, a range and a default; one check serves them all.

The same `Column` describes a cell of a layer and a key of `project.toml`, so the reader, the faults and the
reference pages cannot drift apart. Nothing stops at the first fault: each is appended to a list, and what
could be read is returned with its row number.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

from sarhad.errors import Fault

Value = str | float | int | bool | tuple[str, ...] | tuple[float, ...] | tuple[tuple[float, ...], ...] | None
CellKind = Literal[
    "text", "number", "integer", "flag", "delay", "texts", "sentences", "files", "numbers", "pairs"
]

_WORDS: Mapping[CellKind, str] = {
    "text": "text",
    "number": "a number",
    "integer": "a whole number",
    "flag": "true or false",
    "delay": "a number, or the word closed",
    "texts": "a list of words",
    "sentences": "a list of texts",
    "files": "a file, a folder, a pattern, or a list of them",
    "numbers": "a list of numbers",
    "pairs": "a list of pairs of numbers",
}
TRUTH_WORDS: Mapping[str, bool] = {
    "true": True,
    "yes": True,
    "1": True,
    "false": False,
    "no": False,
    "0": False,
}


@dataclass(frozen=True, slots=True)
class Column:
    """What may stand in one column: `low` and `high` bound numbers, `above` excludes `low` itself."""

    name: str
    kind: CellKind
    note: str
    unit: str = ""
    required: bool = False
    default: Value = None
    low: float = -math.inf
    high: float = math.inf
    above: bool = False
    choices: tuple[str, ...] = ()

    @property
    def expected(self) -> str:
        """Say in words what belongs here."""
        if self.choices:
            return "one of " + ", ".join(self.choices)
        words = _WORDS[self.kind] + (f" in {self.unit}" if self.unit else "")
        return words + (f", {self.range_words}" if self.range_words else "")

    @property
    def range_words(self) -> str:
        """Say the range in words; empty where there is none."""
        low = ("above " if self.above else "at least ") + f"{self.low:g}"
        if math.isinf(self.low):
            return "" if math.isinf(self.high) else f"at most {self.high:g}"
        return low if math.isinf(self.high) else f"{low} and at most {self.high:g}"

    def holds(self, number: float) -> bool:
        """Say whether a number lies in the range."""
        return (number > self.low if self.above else number >= self.low) and number <= self.high


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
        return float(str(self.values[name]))

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


class CellError(Exception):
    """A cell does not hold what its column expects; the message says what was found."""


def nearest(word: str, known: Iterable[str]) -> str:
    """Return ' (did you mean X?)' for the known word most like `word`, or nothing."""
    close = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f" (did you mean {close[0]}?)" if close else ""


def read_cell(raw: object, column: Column, *, from_text: bool) -> Value:
    """Return the value of one cell; `from_text` says that numbers are written as text, as in CSV.

    Raises CellError with what was found. An empty cell takes the default unless the column is required.
    """
    if isinstance(raw, str):
        raw = raw.strip()
    if raw is None or raw == "":
        if column.required:
            raise CellError("nothing")
        return column.default
    return _READERS[column.kind](raw, column, from_text)


def _read_text(raw: object, column: Column, from_text: bool) -> Value:
    if not isinstance(raw, str):
        if not isinstance(raw, int) or isinstance(raw, bool) or column.choices:
            raise CellError(_show(raw))
        raw = str(raw)  # ids are often kept as whole numbers
    if column.choices and raw not in column.choices:
        raise CellError(_show(raw) + nearest(raw, column.choices))
    return raw


def _read_number(raw: object, column: Column, from_text: bool) -> float:
    number: float
    if from_text and isinstance(raw, str):
        try:
            number = float(raw)
        except ValueError:
            raise CellError(_show(raw)) from None
    elif isinstance(raw, (int, float)) and not isinstance(raw, bool):
        number = float(raw)
    else:
        raise CellError(_show(raw))
    if math.isnan(number):
        raise CellError("NaN")
    if math.isinf(number) or not column.holds(number):
        raise CellError(_show(raw if not isinstance(raw, str) else number))
    return number


def _read_integer(raw: object, column: Column, from_text: bool) -> Value:
    number = _read_number(raw, column, from_text)
    if number != int(number):
        raise CellError(_show(number))
    return int(number)


def _read_flag(raw: object, column: Column, from_text: bool) -> Value:
    if isinstance(raw, bool):
        return raw
    word = str(raw).lower()
    if isinstance(raw, (str, int)) and word in TRUTH_WORDS:
        return TRUTH_WORDS[word]
    raise CellError(_show(raw))


def _read_delay(raw: object, column: Column, from_text: bool) -> Value:
    if isinstance(raw, str) and raw.lower() == "closed":
        return math.inf
    # a column that holds both numbers and "closed" is text in every format
    return _read_number(raw, column, from_text=True)


def _read_texts(raw: object, column: Column, from_text: bool) -> Value:
    words = re.split(r"[;,\s]+", raw) if isinstance(raw, str) else raw
    if not isinstance(words, (list, tuple)) or not all(isinstance(word, str) for word in words):
        raise CellError(_show(raw))
    return tuple(word for word in words if word)


def _read_sentences(raw: object, column: Column, from_text: bool) -> Value:
    if not isinstance(raw, list) or not all(isinstance(text, str) for text in raw):
        raise CellError(_show(raw))
    return tuple(raw)


def _read_files(raw: object, column: Column, from_text: bool) -> Value:
    names = [raw] if isinstance(raw, str) else raw
    if not isinstance(names, list) or not names or not all(isinstance(name, str) and name for name in names):
        raise CellError(_show(raw))
    return tuple(names)


def _read_pairs(raw: object, column: Column, from_text: bool) -> Value:
    if not isinstance(raw, list) or not all(isinstance(pair, list) and len(pair) == 2 for pair in raw):
        raise CellError(_show(raw))
    return tuple(tuple(_read_number(number, column, from_text) for number in pair) for pair in raw)


def _read_numbers(raw: object, column: Column, from_text: bool) -> Value:
    items = re.split(r"[;\s]+", raw) if from_text and isinstance(raw, str) else raw
    if not isinstance(items, (list, tuple)) or not items:
        raise CellError(_show(raw))
    return tuple(_read_number(item, column, from_text) for item in items)


_READERS: Mapping[CellKind, Callable[[object, Column, bool], Value]] = {
    "text": _read_text,
    "number": _read_number,
    "integer": _read_integer,
    "flag": _read_flag,
    "delay": _read_delay,
    "texts": _read_texts,
    "sentences": _read_sentences,
    "files": _read_files,
    "numbers": _read_numbers,
    "pairs": _read_pairs,
}


def _show(raw: object) -> str:
    """Show a value as a person would write it; text in quotes."""
    if isinstance(raw, float):
        return f"{raw:.12g}"
    return f'"{raw}"' if isinstance(raw, str) else str(raw)


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
        close = get_close_matches(name, sorted(absent), n=1, cutoff=0.75)
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
    rows = [
        check_row(raw, k, schema.columns, place, faults, from_text=from_text)
        for k, raw in enumerate(raw_rows, 1)
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
            found = f"{_show(value)} again (first in row {first[value]})"
            faults.append(place.fault("an id that no other row has", found, column=key, row=row.number))
        else:
            first[value] = row.number
