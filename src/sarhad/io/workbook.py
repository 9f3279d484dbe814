"""Sheets of a workbook (.xlsx) as raw tables: values as they were typed, and nothing that was only shown.

A formula counts as the value that was saved with it. What has no value of its own (a formula that was never
calculated, an error, a cell merged into another) is `Unreadable`: no column takes it, so that it becomes a
fault of its row and column and never an empty cell. Dates become ISO text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sarhad.errors import Fault
from sarhad.io.tables import Place

if TYPE_CHECKING:
    from openpyxl import Workbook


@dataclass(frozen=True, slots=True)
class Unreadable:
    """What stands in a cell that has no value of its own, in words."""

    words: str

    def __str__(self) -> str:
        return self.words


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet: its title as written, the names of its columns, its rows down to the last with a value."""

    title: str
    header: tuple[str, ...]
    rows: tuple[Mapping[str, object], ...]


def read_sheets(path: Path, faults: list[Fault]) -> tuple[Sheet, ...]:
    """Return all sheets of a workbook; what cannot be opened, and heads that name nothing, become faults."""
    place = Place(path.name)
    try:
        book, saved = _open(path)
    except Exception as error:  # a broken workbook fails in as many ways as it has parts
        faults.append(place.fault("a workbook .xlsx", error or type(error).__name__))
        return ()
    return tuple(_sheet(Place(path.name, name), rows, faults) for name, rows in _grids(book, saved))


def _open(path: Path) -> tuple[Workbook, Workbook | None]:
    """Return a workbook with its formulas and, where there are any, the same with their saved values."""
    from openpyxl import load_workbook

    book = load_workbook(path)
    cells = (cell for sheet in book.worksheets for row in sheet.iter_rows() for cell in row)
    formulas = any(cell.data_type == "f" for cell in cells)
    return book, load_workbook(path, data_only=True) if formulas else None


def _grids(book: Workbook, saved: Workbook | None) -> Iterator[tuple[str, list[list[object]]]]:
    for sheet in book.worksheets:
        values = None if saved is None else saved[sheet.title]
        yield sheet.title, [[_cell(cell, values) for cell in row] for row in sheet.iter_rows()]


def _cell(cell: Any, saved: Any) -> object:
    """Return what a cell holds; of a formula what was saved with it."""
    from openpyxl.cell.cell import MergedCell

    if isinstance(cell, MergedCell):
        return Unreadable("a cell merged with another")
    if cell.data_type == "f":
        found = saved[cell.coordinate]
        if found.value is None:
            return Unreadable(f"the formula {getattr(cell.value, 'text', cell.value)}, never calculated")
        cell = found
    if cell.data_type == "e":
        return Unreadable(f"the error {cell.value}")
    value = cell.value
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat()
    return value.isoformat() if isinstance(value, date) else value


def _sheet(place: Place, grid: Sequence[Sequence[object]], faults: list[Fault]) -> Sheet:
    header = tuple("" if cell is None else str(cell).strip() for cell in (grid[0] if grid else ()))
    names = [name for name in header if name]
    if len(set(names)) != len(names):
        again = sorted({name for name in names if names.count(name) > 1})
        faults.append(place.fault("columns with different names", ", ".join(again)))
    rows = [{name: value for name, value in zip(header, line, strict=True) if name} for line in grid[1:]]
    while rows and not any(value not in {None, ""} for value in rows[-1].values()):
        rows.pop()  # spreadsheets keep empty rows that were once touched
    return Sheet(place.layer, tuple(names), tuple(rows))
