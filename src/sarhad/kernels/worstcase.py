"""The optimal adversary: the least P_t of any way to a goal, over the whole band and through each stretch.

    L(goal) = 0,     L(v) = min over neighbours u of  (1 - p_vu) L(u) + p_vu w_v
    p_vu = 1 - exp(-exposure_vu)

L(v) is P_t of the best way onward from v, not detected so far: a generalised shortest path (Knuth, *A
generalization of Dijkstra's algorithm*, 1977). Settling cells in the order of L needs every step to be
superior, value(v) >= L(u). It is not wherever w_v < L(u), so the step is computed as

    value(v) = L(u) + p_vu max(w_v - L(u), 0)

which is superior, rises with L(u), and changes no L wherever the dash from every cell is one of the ways:
then L(v) <= P_t of the dash <= w_v, since w does not rise along a dash; a step with w_v < L(u) would cost at
least w_v in either form, so it is never strictly the best one. In this form L also rises with every exposure:
one more asset never lowers it. Through a given stretch the dash may lead elsewhere; there the form says that
being detected is never worth more to the crosser than going on unseen. L of a stretch is then at least P_t of
its own route and at most P_t of any way through it credited with the best w ahead (`w_never_rises` in
`sarhad.kernels.crossing`), so a bracket made of the two is always in order.

Equal L takes less time, then the lower cell: over unseen ground the route is the quickest of those never
detected. L of a stretch k: L at its line cells over home cells alone, one step out, then on over outer cells
alone, inside the bounding box of its line cells widened by `window_m`, until the first start cell is settled.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from sarhad.errors import Fault, InputFaults
from sarhad.kernels.exposure import (
    CellArray,
    FloatArray,
    PtrArray,
    Routes,
    SensorLines,
    View,
    grid,
    with_mask,
)
from sarhad.kernels.steps import D_COL, D_ROW
from sarhad.kernels.trace import line_cells, routes_of_cells

BoolArray = npt.NDArray[np.bool_]


class LeastTimely(NamedTuple):
    """Per cell, (row, col): L, the next cell (-1 at seeds), seconds to a seed; inf, -1, inf if no way."""

    p_timely: FloatArray
    link: CellArray
    time_s: FloatArray


class Band(NamedTuple):
    """The ground of a sector: `step_s` (8, row, col); `w`, `offset_m`, `chainage_m` and `goal` (row, col)."""

    step_s: FloatArray
    w: FloatArray
    offset_m: FloatArray
    chainage_m: FloatArray
    goal: BoolArray


class Reach(NamedTuple):
    """Where ways through a stretch begin, how far they may swing out sideways, and the side of a cell."""

    start_beyond_m: float
    window_m: float
    cell_m: float


class Through(NamedTuple):
    """Per stretch, (n,): the least P_t, line cell and full route; NaN, -1 and empty where no one can pass."""

    p_timely: FloatArray
    line_cell: CellArray
    routes: Routes


class Graph(NamedTuple):
    """Flat view for the search: (8, n_cell) seconds and p of each step, w, who may be entered, the width."""

    step_s: FloatArray
    p_step: FloatArray
    w: FloatArray
    may_enter: BoolArray
    n_col: int


class Search(NamedTuple):
    """Labels, and a heap of cells by (value, time, cell); `mark` 2 g = open, 2 g + 1 = settled in run g.

    Runs number from 1, so labels of an earlier run need no clearing.
    """

    value: FloatArray
    time_s: FloatArray
    link: CellArray
    mark: CellArray
    heap: CellArray
    place: CellArray


@njit(cache=True, nogil=True)
def _new_search(n_cell: int) -> Search:
    value, heap = np.full(n_cell, np.inf), np.empty(n_cell, np.int32)
    link = np.full(n_cell, np.int32(-1), np.int32)
    return Search(value, value.copy(), link, np.zeros(n_cell, np.int32), heap, heap.copy())


@njit(cache=True, nogil=True, inline="always")
def _before(search: Search, a: int, b: int) -> bool:
    if search.value[a] != search.value[b]:
        return bool(search.value[a] < search.value[b])
    if search.time_s[a] != search.time_s[b]:
        return bool(search.time_s[a] < search.time_s[b])
    return a < b


@njit(cache=True, nogil=True)
def _rise(search: Search, at: int, cell: int) -> None:
    """Move a cell up from place `at` of the heap."""
    while at > 0:
        parent = (at - 1) >> 1
        other = search.heap[parent]
        if not _before(search, cell, other):
            break
        search.heap[at] = other
        search.place[other] = at
        at = parent
    search.heap[at] = cell
    search.place[cell] = at


@njit(cache=True, nogil=True)
def _pop(search: Search, size: int) -> int:
    """Take the first cell from a heap of `size`; the heap then holds size - 1."""
    top, last = search.heap[0], search.heap[size - 1]
    at, child = 0, 1
    while child < size - 1:
        if child + 1 < size - 1 and _before(search, search.heap[child + 1], search.heap[child]):
            child += 1
        other = search.heap[child]
        if not _before(search, other, last):
            break
        search.heap[at] = other
        search.place[other] = at
        at, child = child, 2 * child + 1
    search.heap[at] = last
    search.place[last] = at
    return int(top)


@njit(cache=True, nogil=True)
def _offer(search: Search, size: int, run: int, v: int, value: float, time_s: float, link: int) -> int:
    """Give cell v a label if it is better than what it has; return the size of the heap."""
    if search.mark[v] == 2 * run:
        if value > search.value[v] or (value == search.value[v] and time_s >= search.time_s[v]):
            return size
        at = search.place[v]
    else:
        search.mark[v] = 2 * run
        at = size
        size += 1
    search.value[v] = value
    search.time_s[v] = time_s
    search.link[v] = link
    _rise(search, at, v)
    return size


@njit(cache=True, nogil=True)
def _relax(
    graph: Graph,
    search: Search,
    size: int,
    run: int,
    box: tuple[int, int, int, int],
    u: int,
    base: float,
    time_s: float,
) -> int:
    """Offer each cell v one step before u its value through u; return the size of the heap."""
    row, col = u // graph.n_col, u % graph.n_col
    for d in range(8):
        v_row, v_col = row - D_ROW[d], col - D_COL[d]
        if v_row < box[0] or v_row >= box[1] or v_col < box[2] or v_col >= box[3]:
            continue
        v = v_row * graph.n_col + v_col
        if search.mark[v] == 2 * run + 1 or not graph.may_enter[v] or not graph.step_s[d, v] < np.inf:
            continue
        value = base
        gain = graph.w[v] - base
        if gain > 0.0:
            value = min(value + graph.p_step[d, v] * gain, graph.w[v])
        size = _offer(search, size, run, v, value, time_s + graph.step_s[d, v], u)
    return size


@njit(cache=True, nogil=True)
def _spread(graph: Graph, seed_cell: CellArray, seed_value: FloatArray) -> Search:
    """Label every cell that has a way to a seed."""
    search: Search = _new_search(graph.w.size)
    box = (0, graph.w.size // graph.n_col, 0, graph.n_col)
    size = 0
    for i in range(seed_cell.size):
        size = _offer(search, size, 1, seed_cell[i], seed_value[i], 0.0, -1)
    while size > 0:
        u = _pop(search, size)
        size -= 1
        search.mark[u] = 3
        size = _relax(graph, search, size, 1, box, u, search.value[u], search.time_s[u])
    return search


@njit(cache=True, nogil=True)
def _search_out(
    graph: Graph, home: Search, search: Search, run: int, cells: CellArray, is_start: BoolArray, reach: int
) -> int:
    """Search from the line cells of one stretch to the first start cell; return it, or -1."""
    if cells.size == 0:
        return -1
    rows, cols = cells // graph.n_col, cells % graph.n_col
    top, left = max(0, rows.min() - reach), max(0, cols.min() - reach)
    n_row = graph.w.size // graph.n_col
    box = (top, min(n_row, rows.max() + reach + 1), left, min(graph.n_col, cols.max() + reach + 1))
    size = 0
    for c in cells:
        if home.value[c] < np.inf:
            size = _relax(graph, search, size, run, box, c, home.value[c], home.time_s[c])
    while size > 0:
        u = _pop(search, size)
        size -= 1
        search.mark[u] = 2 * run + 1
        if is_start[u]:
            return int(u)
        size = _relax(graph, search, size, run, box, u, search.value[u], search.time_s[u])
    return -1


@njit(cache=True, nogil=True)
def _through(
    graph: Graph, home: Search, ptr: PtrArray, line_cell: CellArray, is_start: BoolArray, reach: int
) -> tuple[FloatArray, CellArray, PtrArray, CellArray]:
    """Return per stretch L and the line cell, and the ragged cells of the routes, start to goal."""
    n = ptr.size - 1
    value, crossed = np.full(n, np.nan), np.full(n, np.int32(-1), np.int32)
    search = _new_search(graph.w.size)
    route_ptr = np.zeros(n + 1, np.int64)
    route_cell = np.empty(1024, np.int32)
    size = 0
    for k in range(n):
        v = _search_out(graph, home, search, k + 1, line_cell[ptr[k] : ptr[k + 1]], is_start, reach)
        if v >= 0:
            value[k] = search.value[v]
        while v >= 0:
            if size == route_cell.size:
                route_cell = np.concatenate((route_cell, np.empty(size, np.int32)))
            route_cell[size] = v
            size += 1
            if graph.may_enter[v]:
                v = search.link[v]
            else:
                if crossed[k] < 0:
                    crossed[k] = v
                v = home.link[v]
        route_ptr[k + 1] = size
    return value, crossed, route_ptr, route_cell[:size].copy()


def least_timely(
    step_exposure: FloatArray,
    step_s: FloatArray,
    w: npt.ArrayLike,
    seed_cell: npt.ArrayLike,
    seed_value: npt.ArrayLike,
    within: npt.ArrayLike | None = None,
) -> LeastTimely:
    """Return L of every cell that has a way to a seed.

    `step_exposure`, `step_s` (8, row, col); `w` (row, col); `seed_cell` (n,) flat, with their L in
    `seed_value` (goals: 0); `within` (row, col) bool, the cells that may be used, all unless given. Raises
    InputFaults.
    """
    worth = grid("w", w, np.shape(step_s)[1:])
    allowed = np.ones(worth.shape, np.bool_) if within is None else np.asarray(within)
    graph = _graph(step_exposure, step_s, worth, allowed)
    search = _from_seeds(graph, seed_cell, seed_value)
    shape = worth.shape
    return LeastTimely(search.value.reshape(shape), search.link.reshape(shape), search.time_s.reshape(shape))


def least_timely_through(
    step_exposure: FloatArray, band: Band, stretch: npt.ArrayLike, stretch_id: npt.ArrayLike, reach: Reach
) -> Through:
    """Return the least P_t through each stretch of `stretch_id`, in its order, with its route.

    `stretch` (row, col) the stretch of a line cell, -1 elsewhere. Raises InputFaults.
    """
    return _all_through(step_exposure, band, line_cells(stretch, stretch_id, band.offset_m), reach)


def least_timely_by_state(
    band: Band,
    view: View,
    lines: SensorLines,
    stretch: npt.ArrayLike,
    stretch_id: npt.ArrayLike,
    *,
    reach: Reach,
    working: BoolArray,
) -> FloatArray:
    """Return the least P_t through each stretch in each state of the assets, (n_state, n_stretch).

    `working` (n_state, n_asset) bool. The mean over sampled states is the low end of the bracket: a crosser
    who knows what is down. Equal states are computed once.
    """
    states = np.asarray(working)
    if states.ndim != 2 or states.dtype != np.bool_:
        raise InputFaults.one("working", "bool (n_state, n_asset)", f"{states.dtype} {states.shape}")
    cells = line_cells(stretch, stretch_id, band.offset_m)
    distinct, which = np.unique(states, axis=0, return_inverse=True)
    least = np.empty((distinct.shape[0], cells[0].size - 1))
    for i, state in enumerate(distinct):
        exposure = with_mask(band.step_s, view, lines, band.offset_m, band.chainage_m, state)
        least[i] = _all_through(exposure, band, cells, reach).p_timely
    return least[which.ravel()]


def _all_through(
    step_exposure: FloatArray, band: Band, cells: tuple[PtrArray, CellArray], reach: Reach
) -> Through:
    """Search the home side once, then outward from each stretch."""
    if not (reach.cell_m > 0.0 and 0.0 < reach.start_beyond_m <= reach.window_m < np.inf):
        raise InputFaults.one("reach", "cell_m above 0, and 0 < start_beyond_m <= window_m", reach)
    offset_m = grid("offset_m", band.offset_m, band.step_s.shape[1:])
    worth = grid("w", band.w, offset_m.shape)
    is_home = offset_m >= 0.0
    goal_cell = np.flatnonzero(np.asarray(band.goal, dtype=np.bool_) & is_home)
    home_graph = _graph(step_exposure, band.step_s, worth, is_home)
    home = _from_seeds(home_graph, goal_cell, np.zeros(goal_cell.size))
    outer_graph = home_graph._replace(may_enter=~is_home.ravel())
    is_start = (offset_m <= -reach.start_beyond_m).ravel()
    n_cell_out = int(np.ceil(reach.window_m / reach.cell_m))
    found = _through(outer_graph, home, *cells, is_start, n_cell_out)
    return Through(found[0], found[1], routes_of_cells(found[2], found[3], band.step_s))


@njit(cache=True, nogil=True)
def _p_steps(step_exposure: FloatArray, step_s: FloatArray) -> tuple[FloatArray, int]:
    """Return p of each step, (8, n_cell), and how many possible steps have no sound exposure."""
    n_bad = 0
    p_step = np.zeros(step_s.shape)
    for d in range(8):
        for v in range(step_s.shape[1]):
            if step_s[d, v] < np.inf and step_exposure[d, v] != 0.0:
                p_step[d, v] = -np.expm1(-step_exposure[d, v])
                if not step_exposure[d, v] > 0.0:
                    n_bad += 1
    return p_step, n_bad


def _graph(step_exposure: FloatArray, step_s: FloatArray, w: FloatArray, may_enter: BoolArray) -> Graph:
    """Check and flatten."""
    shape = (8, *w.shape)
    steps = np.ascontiguousarray(step_s, dtype=np.float64)
    exposure = np.ascontiguousarray(step_exposure, dtype=np.float64)
    faults = []
    for name, array in (("step_s", steps), ("step_exposure", exposure)):
        if array.shape != shape or w.ndim != 2:
            faults.append(Fault(name, "", 0, "", f"an array of shape {shape}", f"shape {array.shape}"))
    if may_enter.shape != w.shape or may_enter.dtype != np.bool_:
        found = f"shape {may_enter.shape} of {may_enter.dtype}"
        faults.append(Fault("within", "", 0, "", f"a grid of shape {w.shape} of bool", found))
    if not bool(np.all((w >= 0.0) & (w <= 1.0))):
        faults.append(Fault("w", "", 0, "", "probabilities 0..1", f"{w.min()}..{w.max()}"))
    if faults:
        raise InputFaults(faults)
    p_step, n_bad = _p_steps(exposure.reshape(8, -1), steps.reshape(8, -1))
    if n_bad:
        raise InputFaults.one("step_exposure", "0 or more on possible steps", f"{n_bad} negative or NaN")
    return Graph(steps.reshape(8, -1), p_step, w.ravel(), np.ascontiguousarray(may_enter).ravel(), w.shape[1])


def _from_seeds(graph: Graph, seed_cell: npt.ArrayLike, seed_value: npt.ArrayLike) -> Search:
    """Check the seeds and search from them."""
    cells, values = np.asarray(seed_cell, dtype=np.int64), np.asarray(seed_value, dtype=np.float64)
    if cells.ndim != 1 or cells.shape != values.shape:
        raise InputFaults.one("seed_value", "as many as seed_cell", f"shapes {cells.shape}, {values.shape}")
    if cells.size and not (cells.min() >= 0 and cells.max() < graph.w.size):
        raise InputFaults.one("seed_cell", f"cells 0..{graph.w.size - 1}", f"{cells.min()}..{cells.max()}")
    if not bool(np.all((values >= 0.0) & (values <= 1.0))):
        raise InputFaults.one("seed_value", "probabilities 0..1", values.tolist())
    found = _spread(graph, cells.astype(np.int32), values)
    return Search(*found)
