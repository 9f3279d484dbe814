"""Cells: what may stand in a column of a table or under a key of `project.toml`, and how it is read.

A column has a name, a type, a unit, a range and a default; the value or what was found in its place follows.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from typing import Literal

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


class CellError(Exception):
    """A cell does not hold what its column expects; the message says what was found."""


def nearest(word: str, known: Iterable[str]) -> str:
    """Return ' (did you mean X?)' for the known word most like `word`, or nothing."""
    return _nearest(word, tuple(known))


@lru_cache(maxsize=1_000)  # one slip often stands in every row
def _nearest(word: str, known: tuple[str, ...]) -> str:
    close = get_close_matches(word, known, n=1, cutoff=0.6)
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
            raise CellError(shown(raw))
        raw = str(raw)  # ids are often kept as whole numbers
    if column.choices and raw not in column.choices:
        raise CellError(shown(raw) + nearest(raw, column.choices))
    return raw


def _read_number(raw: object, column: Column, from_text: bool) -> float:
    number: float
    if from_text and isinstance(raw, str):
        try:
            number = float(raw)
        except ValueError:
            raise CellError(shown(raw)) from None
    elif isinstance(raw, (int, float)) and not isinstance(raw, bool):
        number = float(raw)
    else:
        raise CellError(shown(raw))
    if math.isnan(number):
        raise CellError("NaN")
    if math.isinf(number) or not column.holds(number):
        raise CellError(shown(raw if not isinstance(raw, str) else number))
    return number


def _read_integer(raw: object, column: Column, from_text: bool) -> Value:
    number = _read_number(raw, column, from_text)
    if number != int(number):
        raise CellError(shown(number))
    return int(number)


def _read_flag(raw: object, column: Column, from_text: bool) -> Value:
    if isinstance(raw, bool):
        return raw
    word = str(raw).lower()
    if isinstance(raw, (str, int)) and word in TRUTH_WORDS:
        return TRUTH_WORDS[word]
    raise CellError(shown(raw))


def _read_delay(raw: object, column: Column, from_text: bool) -> Value:
    if isinstance(raw, str) and raw.lower() == "closed":
        return math.inf
    # a column that holds both numbers and "closed" is text in every format
    return _read_number(raw, column, from_text=True)


def _read_texts(raw: object, column: Column, from_text: bool) -> Value:
    words = re.split(r"[;,\s]+", raw) if isinstance(raw, str) else raw
    if not isinstance(words, (list, tuple)) or not all(isinstance(word, str) for word in words):
        raise CellError(shown(raw))
    return tuple(word for word in words if word)


def _read_sentences(raw: object, column: Column, from_text: bool) -> Value:
    if not isinstance(raw, list) or not all(isinstance(text, str) for text in raw):
        raise CellError(shown(raw))
    return tuple(raw)


def _read_files(raw: object, column: Column, from_text: bool) -> Value:
    names = [raw] if isinstance(raw, str) else raw
    if not isinstance(names, list) or not names or not all(isinstance(name, str) and name for name in names):
        raise CellError(shown(raw))
    return tuple(names)


def _read_pairs(raw: object, column: Column, from_text: bool) -> Value:
    if not isinstance(raw, list) or not all(isinstance(pair, list) and len(pair) == 2 for pair in raw):
        raise CellError(shown(raw))
    return tuple(tuple(_read_number(number, column, from_text) for number in pair) for pair in raw)


def _read_numbers(raw: object, column: Column, from_text: bool) -> Value:
    items = re.split(r"[;\s]+", raw) if from_text and isinstance(raw, str) else raw
    if not isinstance(items, (list, tuple)) or not items:
        raise CellError(shown(raw))
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


def shown(raw: object) -> str:
    """Show a value as a person would write it; text in quotes."""
    if isinstance(raw, float):
        return f"{raw:.12g}"
    return f'"{raw}"' if isinstance(raw, str) else str(raw)
