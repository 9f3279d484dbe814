"""A column of a layer read as one: in one go where it is sound and plain, else cell by cell.

One go serves numbers, texts without a choice, and columns that repeat few words: a million rows in seconds.
Whatever it leaves is read by `sarhad.io.cells.read_cell`, which is the definition.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from sarhad.io.cells import CellError, Column, Value, read_cell

ABSENT: Any = object()
"""Stands in a row for a cell that has no column, or no value that could be read."""
_FEW = 1_000
"""So many different words in a column are read once each."""


def read_column(
    raw: list[object], column: Column, *, from_text: bool
) -> tuple[list[Value], NDArray[np.bool_], dict[int, CellError]]:
    """Return the values of a column, the rows in which it is good, and what is wrong by row (from 0).

    A cell that is `ABSENT` takes the default and is good unless the column is required; the value of a wrong
    one is `ABSENT`.
    """
    good = np.ones(len(raw), dtype=np.bool_)
    whole = _whole_column(raw, column, from_text)
    if whole is not None:
        return whole, good, {}
    values: list[Value] = [column.default] * len(raw)
    wrong: dict[int, CellError] = {}
    for k, cell in enumerate(raw):
        if cell is ABSENT:
            good[k] = not column.required
            continue
        try:
            values[k] = read_cell(cell, column, from_text=from_text)
        except CellError as bad:
            values[k], good[k], wrong[k] = ABSENT, False, bad
    return values, good, wrong


def _whole_column(raw: list[object], column: Column, from_text: bool) -> list[Value] | None:
    """Return the values of a column that is read in one go, without a fault; None where it is not."""
    types = set(map(type, raw))
    if column.kind == "number" and (types == {float} or (from_text and types == {str})):
        return _whole_numbers(raw, column)
    if column.kind == "text" and types == {str} and not column.choices:
        texts = [str(one).strip() for one in raw]
        return None if "" in texts else cast(list[Value], texts)
    if types <= {str, bool, type(None)} and len(words := set(raw)) <= _FEW:
        try:
            value_of = {word: read_cell(word, column, from_text=from_text) for word in words}
        except CellError:
            return None
        return [value_of[word] for word in raw]
    return None


def _whole_numbers(raw: list[object], column: Column) -> list[Value] | None:
    try:
        number = np.array(list(map(cast(Callable[[object], float], float), raw)))
    except ValueError:
        return None
    low = number > column.low if column.above else number >= column.low
    good = np.isfinite(number) & low & (number <= column.high)
    return cast(list[Value], number.tolist()) if good.all() else None
