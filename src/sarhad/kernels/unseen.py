"""The unseen gap: the least length of signalling line that would close a sector.

    cost(path) = number of its cells that are open (passable and unseen), over paths ALONG the line,
    4-neighbour

A 4-neighbour path blocks every 8-neighbour step across it, so the least cost is 0 exactly where no one can
cross unseen, and otherwise counts the open cells that a signalling line must take from him: the planar dual
of the number of disjoint unseen corridors (Menger, Whitney). A path of least cost, and among those of fewest
cells, by a 0-1 breadth-first search; the costs of a sector's last cells are the seeds of the next, so sectors
chain exactly. The 4-neighbour length is up to 41 % long on diagonals. An asset only closes open cells, so it
never adds to a cost.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from sarhad.errors import InputFaults

FloatArray = npt.NDArray[np.float64]
CostArray = npt.NDArray[np.int32]
BoolArray = npt.NDArray[np.bool_]

UNREACHED = np.int32(2**31 - 1)


class GapField(NamedTuple):
    """Per cell, (row, col) int32: the open cells on the best path from a seed, and the cell before it there.

    `cost` includes the cell itself and is UNREACHED where there is no path; `link` is -1 at seeds.
    """

    cost: CostArray
    link: CostArray


class Holes(NamedTuple):
    """Pieces of the gap along the path, (n,): chainage (middle and range), offset, width, places on the path.

    `width_m` counts open cells times their side, so the widths add up to the gap; `first`, `last` index the
    path.
    """

    chainage_m: FloatArray
    from_m: FloatArray
    to_m: FloatArray
    offset_m: FloatArray
    width_m: FloatArray
    first: npt.NDArray[np.int64]
    last: npt.NDArray[np.int64]


class Labels(NamedTuple):
    """By flat cell: open cells and all cells on its best path, the cell before it, whether that is final."""

    cost: CostArray
    n_cell: CostArray
    link: CostArray
    is_done: BoolArray


class Queues(NamedTuple):
    """Cells of the present cost (`free`) and of the next (`later`), and how many there are of each."""

    free: CostArray
    later: CostArray
    number: npt.NDArray[np.int64]


@njit(cache=True, nogil=True)
def _offer(labels: Labels, v: int, cost: int, n_cell: int, link: int) -> bool:
    """Label a cell if the label is better than its own; return whether it was."""
    if cost > labels.cost[v] or (cost == labels.cost[v] and n_cell >= labels.n_cell[v]):
        return False
    labels.cost[v] = cost
    labels.n_cell[v] = n_cell
    labels.link[v] = link
    return True


@njit(cache=True, nogil=True)
def _expand(is_open: BoolArray, within: BoolArray, labels: Labels, queues: Queues, u: int) -> None:
    """Offer the 4 neighbours of a settled cell their paths through it."""
    n_row, n_col = is_open.shape
    labels.is_done[u] = True
    row, col = u // n_col, u % n_col
    for v_row, v_col in ((row - 1, col), (row, col + 1), (row + 1, col), (row, col - 1)):
        if not (0 <= v_row < n_row and 0 <= v_col < n_col and within[v_row, v_col]):
            continue
        v = v_row * n_col + v_col
        step = 1 if is_open[v_row, v_col] else 0
        if _offer(labels, v, labels.cost[u] + step, labels.n_cell[u] + 1, u):
            queue = queues.later if step else queues.free
            queue[queues.number[step]] = v
            queues.number[step] += 1


@njit(cache=True, nogil=True)
def _gap(
    is_open: BoolArray, within: BoolArray, seed_cell: CostArray, seed_cost: CostArray
) -> tuple[CostArray, CostArray]:
    """Return (cost, link) flat; seeds are sorted by cost. Queues are ordered by cells on the path."""
    total = is_open.size
    far = np.full(total, UNREACHED, np.int32)
    labels = Labels(far, far.copy(), np.full(total, np.int32(-1), np.int32), np.zeros(total, np.bool_))
    room = total + seed_cell.size
    queues = Queues(np.empty(room, np.int32), np.empty(room, np.int32), np.zeros(2, np.int64))
    next_seed = 0
    while queues.number[1] > 0 or next_seed < seed_cell.size:
        level = labels.cost[queues.later[0]] if queues.number[1] > 0 else seed_cost[next_seed]
        paid = queues.later[: queues.number[1]].copy()
        queues.number[:] = 0
        while next_seed < seed_cell.size and seed_cost[next_seed] == level:
            if _offer(labels, seed_cell[next_seed], level, 0, -1):
                queues.free[queues.number[0]] = seed_cell[next_seed]
                queues.number[0] += 1
            next_seed += 1
        at_paid = at_free = 0
        while at_paid < paid.size or at_free < queues.number[0]:
            take_paid = at_free == queues.number[0]
            if not take_paid and at_paid < paid.size:
                take_paid = labels.n_cell[paid[at_paid]] < labels.n_cell[queues.free[at_free]]
            u = paid[at_paid] if take_paid else queues.free[at_free]
            at_paid, at_free = at_paid + int(take_paid), at_free + int(not take_paid)
            if not labels.is_done[u]:
                _expand(is_open, within, labels, queues, u)
    return labels.cost, labels.link


def gap_field(
    open_cell: npt.ArrayLike,
    within: npt.ArrayLike,
    seed_cell: npt.ArrayLike,
    seed_cost: npt.ArrayLike | None = None,
) -> GapField:
    """Return the least number of open cells on a path from a seed to every cell, and the cell before it.

    `open_cell` (row, col) bool: passable and unseen; `within` (row, col) bool: cells a path may use;
    `seed_cell` (n,) flat, inside `within`; `seed_cost` (n,) the cost of each including itself: 1 where open
    unless given, or the costs of the same cells in the sector before. Raises InputFaults.
    """
    is_open, allowed = np.ascontiguousarray(open_cell), np.ascontiguousarray(within)
    for name, array in (("open_cell", is_open), ("within", allowed)):
        if array.ndim != 2 or array.shape != is_open.shape or array.dtype != np.bool_:
            raise InputFaults.one(name, "grids (row, col) of bool, alike", f"{array.shape} of {array.dtype}")
    cells = np.asarray(seed_cell, dtype=np.int64)
    is_good = (cells >= 0) & (cells < is_open.size)
    if cells.ndim != 1 or not bool(np.all(allowed.ravel()[cells[is_good]])) or not bool(is_good.all()):
        raise InputFaults.one("seed_cell", "flat cells inside `within`", f"shape {cells.shape}, others")
    costs = is_open.ravel()[cells] if seed_cost is None else np.asarray(seed_cost)
    if costs.shape != cells.shape or not bool(np.all((costs >= 0) & (costs < UNREACHED - is_open.size))):
        raise InputFaults.one(
            "seed_cost", "one number of cells for each seed_cell", f"shape {costs.shape}, {costs}"
        )
    order = np.argsort(costs, kind="stable")
    flat = _gap(is_open, allowed, cells[order].astype(np.int32), costs[order].astype(np.int32))
    return GapField(flat[0].reshape(is_open.shape), flat[1].reshape(is_open.shape))


def gap_path(field: GapField, end_cell: npt.ArrayLike) -> CostArray:
    """Return the best path from a seed to one of the end cells, (n,) seed first, empty where none.

    Among end cells of equal cost the first given one. Its cost is `field.cost` there.
    """
    ends = np.asarray(end_cell, dtype=np.int64)
    cost, link = field.cost.ravel(), field.link.ravel()
    if ends.size == 0 or cost[ends].min() == UNREACHED:
        return np.zeros(0, np.int32)
    path = [int(ends[np.argmin(cost[ends])])]
    while link[path[-1]] >= 0:
        path.append(int(link[path[-1]]))
    return np.array(path[::-1], dtype=np.int32)


def holes(
    path: CostArray,
    open_cell: npt.ArrayLike,
    chainage_m: npt.ArrayLike,
    offset_m: npt.ArrayLike,
    cell_m: float,
) -> Holes:
    """Return the runs of open cells along the path, those with at most one cell between them as one.

    `path` (n,) flat; `open_cell`, `chainage_m`, `offset_m` (row, col); the chainage and offset of a hole are
    those of its middle cell, and its range covers the centres of its cells and half a cell at either end.
    """
    if not cell_m > 0.0:
        raise InputFaults.one("cell_m", "metres above 0", cell_m)
    is_open = np.ravel(open_cell)[path].astype(np.bool_)
    chainage, offset = (
        np.ravel(chainage_m)[path].astype(np.float64),
        np.ravel(offset_m)[path].astype(np.float64),
    )
    at = np.flatnonzero(is_open)
    runs = np.split(at, np.flatnonzero(np.diff(at) > 2) + 1) if at.size else []
    middle = np.array([run[run.size // 2] for run in runs], dtype=np.int64)
    low = np.array([chainage[run].min() for run in runs]) - 0.5 * cell_m
    high = np.array([chainage[run].max() for run in runs]) + 0.5 * cell_m
    width_m = np.array([run.size * cell_m for run in runs], dtype=np.float64)
    first, last = (np.array([run[end] for run in runs], dtype=np.int64) for end in (0, -1))
    return Holes(chainage[middle], low, high, offset[middle], width_m, first, last)
