"""Routes out of links, and ways through a stretch of the line for every adversary whose cost is additive.

    total(k) = min over line cells c of stretch k and outer cells v one step d before them of
               outer_cost(v) + step_cost[d, v] + home_cost(c)

outer_cost: from the start contour to v over outer cells; home_cost: from c to a goal over home cells. Both
are fields of one search each, so all stretches together cost one look at their line cells. Equal totals take
the lowest line cell, then the lowest outer cell: the same routes on every run.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from sarhad.errors import Fault, InputFaults
from sarhad.kernels.exposure import CellArray, FloatArray, PtrArray, Routes
from sarhad.kernels.steps import D_COL, D_ROW


class Joins(NamedTuple):
    """Per stretch, (n,): last outer cell and line cell of the best way through it; -1, -1 and inf if none."""

    outer_cell: CellArray
    line_cell: CellArray
    total: FloatArray


@njit(cache=True, nogil=True)
def step_between(n_col: int, left: int, entered: int) -> int:
    """Return the direction 0..7 of the step between two cells, -1 if they are not neighbours (compiled)."""
    d_row = entered // n_col - left // n_col
    d_col = entered % n_col - left % n_col
    for d in range(8):
        if D_ROW[d] == d_row and D_COL[d] == d_col:
            return d
    return -1


@njit(cache=True, nogil=True)
def _count(link: CellArray, start_cell: CellArray) -> PtrArray:
    """Return the row pointers of the traced routes; a link that runs in a ring gives ptr[0] = -1."""
    ptr = np.zeros(start_cell.size + 1, np.int64)
    for route in range(start_cell.size):
        n, v = 0, start_cell[route]
        while v >= 0:
            n += 1
            v = link[v]
            if n > link.size:
                ptr[0] = -1
                return ptr
        ptr[route + 1] = ptr[route] + n
    return ptr


@njit(cache=True, nogil=True)
def _follow(link: CellArray, start_cell: CellArray, ptr: PtrArray) -> CellArray:
    cell = np.empty(ptr[-1], np.int32)
    for route in range(start_cell.size):
        v = start_cell[route]
        for i in range(ptr[route], ptr[route + 1]):
            cell[i] = v
            v = link[v]
    return cell


@njit(cache=True, nogil=True)
def _durations(step_s: FloatArray, ptr: PtrArray, cell: CellArray) -> FloatArray:
    """Return the seconds of each step along the routes, NaN where two cells are not neighbours."""
    n_col = step_s.shape[2]
    duration_s = np.zeros(cell.size)
    for route in range(ptr.size - 1):
        for i in range(ptr[route], ptr[route + 1] - 1):
            d = step_between(n_col, cell[i], cell[i + 1])
            duration_s[i] = step_s[d, cell[i] // n_col, cell[i] % n_col] if d >= 0 else np.nan
    return duration_s


@njit(cache=True, nogil=True)
def _join(
    step_cost: FloatArray,
    outer_cost: FloatArray,
    home_cost: FloatArray,
    line_cell: CellArray,
    row_of: CellArray,
    n: int,
) -> Joins:
    """Return the best join of each of the n stretches; `row_of` is the stretch's place in the result."""
    n_row, n_col = home_cost.shape
    join = Joins(np.full(n, np.int32(-1), np.int32), np.full(n, np.int32(-1), np.int32), np.full(n, np.inf))
    for i in range(line_cell.size):
        c, k = line_cell[i], row_of[i]
        row, col = c // n_col, c % n_col
        for d in range(8):
            v_row, v_col = row + D_ROW[d], col + D_COL[d]
            if not (0 <= v_row < n_row and 0 <= v_col < n_col):
                continue
            total = outer_cost[v_row, v_col] + step_cost[(d + 4) % 8, v_row, v_col] + home_cost[row, col]
            v = v_row * n_col + v_col
            if total < join.total[k] or (
                total == join.total[k] and c == join.line_cell[k] and v < join.outer_cell[k]
            ):
                join.total[k] = total
                join.outer_cell[k] = v
                join.line_cell[k] = c
    return join


def trace(link: npt.ArrayLike, start_cell: npt.ArrayLike, step_s: FloatArray) -> Routes:
    """Return the routes from the start cells along the links until -1, empty for a start cell of -1.

    `link` (row, col) flat next cell; `start_cell` (n,); `step_s` (8, row, col). Raises InputFaults where
    links run in a ring, or lead along an impossible step.
    """
    return routes_of_cells(*_followed(link, start_cell), step_s)


def routes_along(paths: Sequence[Sequence[int]], step_s: FloatArray) -> Routes:
    """Return the routes along the given paths of flat cells; raises InputFaults at an impossible step."""
    ptr = np.concatenate(([0], np.cumsum([len(path) for path in paths]))).astype(np.int64)
    cell = np.array([v for path in paths for v in path], dtype=np.int32)
    n_cell = step_s.shape[1] * step_s.shape[2]
    if cell.size and not (cell.min() >= 0 and cell.max() < n_cell):
        raise InputFaults.one("paths", f"cells 0..{n_cell - 1}", f"{cell.min()}..{cell.max()}")
    return routes_of_cells(ptr, cell, step_s)


def join_at_line(
    step_cost: FloatArray,
    outer_cost: FloatArray,
    home_cost: FloatArray,
    stretch: npt.ArrayLike,
    stretch_id: npt.ArrayLike,
    offset_m: FloatArray,
) -> Joins:
    """Return the cheapest way through each stretch of `stretch_id`, in its order.

    `step_cost` (8, row, col) of each step, inf where impossible; `outer_cost`, `home_cost` (row, col), inf
    where there is no way; `stretch` (row, col) the stretch of a line cell, -1 elsewhere; only cells of offset
    < 0 count as outer, only those of offset >= 0 as home. Raises InputFaults.
    """
    stretches = np.asarray(stretch, dtype=np.int32)
    _check_fields(step_cost, (outer_cost, home_cost, offset_m), stretches.shape)
    ptr, line_cell = line_cells(stretches, stretch_id, offset_m)
    row_of = np.repeat(np.arange(ptr.size - 1, dtype=np.int32), np.diff(ptr))
    is_home = np.asarray(offset_m) >= 0.0
    outer = np.where(is_home, np.inf, outer_cost)
    home = np.where(is_home, home_cost, np.inf)
    return Joins(
        *_join(
            np.ascontiguousarray(step_cost, dtype=np.float64), outer, home, line_cell, row_of, ptr.size - 1
        )
    )


def through_routes(
    joins: Joins, outer_link: npt.ArrayLike, home_link: npt.ArrayLike, step_s: FloatArray
) -> Routes:
    """Return the full route through each stretch, start to goal, empty where there is none.

    `outer_link` (row, col) the cell come from on the outer side, -1 at starts; `home_link` (row, col) the
    next cell on the home side, -1 at goals; `step_s` (8, row, col).
    """
    outer_ptr, outer = _followed(outer_link, joins.outer_cell)
    home_ptr, home = _followed(home_link, joins.line_cell)
    paths = [
        np.concatenate((outer[i:j][::-1], home[k:m]))
        for i, j, k, m in zip(outer_ptr[:-1], outer_ptr[1:], home_ptr[:-1], home_ptr[1:], strict=True)
    ]
    ptr = np.concatenate(([0], np.cumsum([path.size for path in paths]))).astype(np.int64)
    return routes_of_cells(ptr, np.concatenate([*paths, np.zeros(0, np.int32)]).astype(np.int32), step_s)


def line_cells(
    stretch: npt.ArrayLike, stretch_id: npt.ArrayLike, offset_m: FloatArray
) -> tuple[PtrArray, CellArray]:
    """Return the line cells of each stretch of `stretch_id` as a ragged table, rising within a stretch.

    Raises InputFaults where ids repeat or are negative, or a line cell is not on the home side.
    """
    stretches = np.asarray(stretch, dtype=np.int32)
    if stretches.shape != np.shape(offset_m):
        raise InputFaults.one("stretch", f"a grid of shape {np.shape(offset_m)}", f"shape {stretches.shape}")
    ids = np.asarray(stretch_id, dtype=np.int64).ravel()
    if ids.size and (ids.min() < 0 or np.unique(ids).size != ids.size):
        raise InputFaults.one("stretch_id", "distinct ids of 0 or more", ids.tolist())
    order = np.argsort(ids)
    cell = np.flatnonzero(np.isin(stretches, ids))
    n_outer = int(np.count_nonzero(~(np.ravel(offset_m)[cell] >= 0.0)))
    if n_outer:
        raise InputFaults.one("stretch", "line cells on the home side", f"{n_outer} with offset_m below 0")
    row_of = order[np.searchsorted(ids[order], stretches.ravel()[cell])]
    ptr = np.concatenate(([0], np.cumsum(np.bincount(row_of, minlength=ids.size)))).astype(np.int64)
    return ptr, cell[np.argsort(row_of, kind="stable")].astype(np.int32)


def _followed(link: npt.ArrayLike, start_cell: npt.ArrayLike) -> tuple[PtrArray, CellArray]:
    """Return the row pointers and the cells of the ways along the links."""
    links = np.ascontiguousarray(link, dtype=np.int32).ravel()
    starts = np.ascontiguousarray(start_cell, dtype=np.int32)
    for name, cells in (("link", links), ("start_cell", starts)):
        if cells.size and not (cells.min() >= -1 and cells.max() < links.size):
            raise InputFaults.one(name, f"cells -1..{links.size - 1}", f"{cells.min()}..{cells.max()}")
    ptr = np.asarray(_count(links, starts))
    if ptr[0] < 0:
        raise InputFaults.one("link", "links that end at -1", "a ring of links")
    return ptr, np.asarray(_follow(links, starts, ptr))


def routes_of_cells(ptr: PtrArray, cell: CellArray, step_s: FloatArray) -> Routes:
    """Return ragged ways with the seconds of their steps; raises InputFaults at an impossible step."""
    duration_s = np.asarray(_durations(np.ascontiguousarray(step_s, dtype=np.float64), ptr, cell))
    n_bad = int(np.count_nonzero(~(duration_s < np.inf)))
    if n_bad:
        raise InputFaults.one("link", "possible steps between neighbours", f"{n_bad} impossible steps")
    return Routes(ptr, cell, duration_s)


def _check_fields(step_cost: FloatArray, fields: tuple[FloatArray, ...], shape: tuple[int, ...]) -> None:
    faults = []
    if len(shape) != 2 or np.shape(step_cost) != (8, *shape):
        found = f"shape {np.shape(step_cost)} with stretch of shape {shape}"
        faults.append(Fault("step_cost", "", 0, "", "an array (8, row, col) over the grid of stretch", found))
    for name, field in zip(("outer_cost", "home_cost", "offset_m"), fields, strict=True):
        if np.shape(field) != shape or bool(np.any(np.isnan(field))):
            found = f"shape {np.shape(field)}, {np.count_nonzero(np.isnan(field))} NaN"
            faults.append(Fault(name, "", 0, "", f"a grid of shape {shape} without NaN", found))
    if faults:
        raise InputFaults(faults)
