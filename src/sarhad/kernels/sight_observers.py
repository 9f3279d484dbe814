"""The table of observers, and what may be wrong with it: every fault of every row in one report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from sarhad.errors import Fault, InputFaults

# column: default (None: it must be there), what is expected, lowest and highest value, is the lowest allowed
_COLUMNS: dict[str, tuple[float | None, str, float, float, bool]] = {
    "row": (None, "a row of the grid", 0.0, np.inf, True),
    "col": (None, "a column of the grid", 0.0, np.inf, True),
    "height_m": (None, "a height above ground >= 0 m", 0.0, np.inf, True),
    "range_m": (None, "a range > 0 m", 0.0, np.inf, False),
    "azimuth_deg": (0.0, "a finite azimuth in degrees", -np.inf, np.inf, False),
    "sector_deg": (360.0, "a sector in (0, 360] degrees (360: all round)", 0.0, 360.0, False),
    "min_range_m": (0.0, "a least range >= 0 m", 0.0, np.inf, True),
}

ObserverTable: TypeAlias = Any  # pandas.DataFrame, structured array, mapping or NamedTuple of columns
_F8: TypeAlias = npt.NDArray[np.float64]
_F4: TypeAlias = npt.NDArray[np.float32]


class Observers(NamedTuple):
    """Columns of the observers (one value each): where they stand, how high, how far and which way they look.

    `azimuth_deg` is the middle of the sector, clockwise from grid north.
    """

    row: npt.NDArray[np.int64]
    col: npt.NDArray[np.int64]
    height_m: _F8
    range_m: _F8
    azimuth_deg: _F8
    sector_deg: _F8
    min_range_m: _F8


def _names(table: ObserverTable) -> list[str]:
    """Column names of whatever kind of table this is."""
    if isinstance(table, Mapping):
        return [str(name) for name in table]
    if hasattr(table, "_fields"):
        return list(table._fields)
    if isinstance(table, np.ndarray):
        return list(table.dtype.names or ())
    if hasattr(table, "columns"):
        return [str(name) for name in table.columns]
    expected = "a table of columns (data frame, structured array, mapping)"
    raise InputFaults.one("observers", expected, type(table).__name__)


def _column(table: ObserverTable, name: str) -> _F8:
    """One column as float64."""
    values = getattr(table, name) if hasattr(table, "_fields") else table[name]
    try:
        column = np.atleast_1d(np.asarray(values, dtype=np.float64))
    except (TypeError, ValueError):
        raise InputFaults.one("observers", "numbers", values, column=name) from None
    if column.ndim != 1:
        found = f"shape {column.shape}"
        raise InputFaults.one("observers", "one value for each observer", found, column=name)
    return column


def _value_faults(columns: dict[str, _F8]) -> Iterator[Fault]:
    for name, (_, expected, low, high, low_allowed) in _COLUMNS.items():
        value = columns[name]
        wrong = ~np.isfinite(value) | (value > high) | ((value < low) if low_allowed else (value <= low))
        if name in ("row", "col"):
            wrong |= value != np.floor(value)
        for i in np.flatnonzero(wrong):
            yield Fault("observers", "", int(i) + 1, name, expected, str(value[i]))


def _place_faults(columns: dict[str, _F8], dem_m: _F4) -> Iterator[Fault]:
    for i, place in enumerate(zip(columns["row"], columns["col"], strict=True)):
        for name, value, n in zip(("row", "col"), place, dem_m.shape, strict=True):
            if value >= n:
                expected = f"a place inside the grid, 0 to {n - 1}"
                yield Fault("observers", "", i + 1, name, expected, str(value))
        inside = all(0 <= value < n for value, n in zip(place, dem_m.shape, strict=True))
        if inside and np.isnan(dem_m[int(place[0]), int(place[1])]):
            yield Fault("observers", "", i + 1, "row", "a cell with a known height", "no data there")


def checked_observers(table: ObserverTable, dem_m: _F4 | None) -> tuple[Observers | None, list[Fault]]:
    """Read the table; returns the observers (None where there are faults) and the faults.

    `dem_m` (row, col): no observer may stand outside it or on no data; None leaves that out.
    """
    try:
        names = _names(table)
        missing = [name for name, rule in _COLUMNS.items() if rule[0] is None and name not in names]
        if "sector_deg" in names and "azimuth_deg" not in names:
            missing.append("azimuth_deg")
        if missing:
            return None, [Fault("observers", "", 0, name, "this column", "none") for name in missing]
        columns = {name: _column(table, name) for name in _COLUMNS if name in names}
    except InputFaults as faults:
        return None, list(faults.faults)
    sizes = {name: column.size for name, column in columns.items()}
    n = sizes["row"]
    if len(set(sizes.values())) > 1:
        return None, [Fault("observers", "", 0, "", "columns of one length", str(sizes))]
    for name, rule in _COLUMNS.items():
        columns.setdefault(name, np.full(n, rule[0], dtype=np.float64))
    faults_found = list(_value_faults(columns))
    if dem_m is not None:
        faults_found += _place_faults(columns, dem_m)
    if faults_found:
        return None, faults_found
    row, col = columns.pop("row").astype(np.int64), columns.pop("col").astype(np.int64)
    return Observers(row, col, **columns), []
