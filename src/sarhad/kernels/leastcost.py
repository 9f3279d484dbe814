"""Least costs over the 8 steps of a grid, from or to many seeds: Dijkstra on Dinitz's buckets.

    towards=False   cost[u] = min over seeds s, ways s -> u of  seed_cost[s] + sum of step_cost along the way
    towards=True    cost[v] = min over seeds s, ways v -> s of  the same sum, added up from the seed backwards

Buckets as wide as the cheapest step are exact without sorting: no step leads into the bucket it leaves.
Where costs spread too widely for that, buckets are wider, and a cell whose cost falls while its bucket is
open is simply taken again (label correcting); the least cost is the same number either way. The queue holds
the frontier only: entries in linked lists, stale ones known by their key, and a far list that fills the
next row of buckets.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from sarhad.errors import Fault, InputFaults
from sarhad.kernels.steps import D_COL, D_ROW

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

U = np.uint64
N_BUCKET = 4096
_SPREAD = 256.0  # a bucket is never narrower than the middle step over this
_MAX_CELL = 2**31 - 1


class LeastCost(NamedTuple):
    """`cost` (row, col) float64, inf = unreachable; `link` (row, col) int32, flat index of the next cell.

    Towards the seeds the link is the next cell on the way, away from them it is the cell come from; -1 at
    seeds and where there is no way. Links never form a ring.
    """

    cost: FloatArray
    link: npt.NDArray[np.int32]


class Queue(NamedTuple):
    """Bucket queue. `first`, `last`: entries of each bucket, -1 = empty; bucket N_BUCKET is the far list.

    Per entry `succ` (the next one), `cell` and `key`; `free` = [first free entry or -1, number of free
    entries].
    """

    first: npt.NDArray[np.int32]
    last: npt.NDArray[np.int32]
    succ: npt.NDArray[np.int32]
    cell: npt.NDArray[np.int32]
    key: FloatArray
    state: IntArray
    base: FloatArray


@njit(cache=True, nogil=True)
def new_queue(n_entry: int) -> Queue:
    """Return an empty queue with room for n_entry entries (compiled)."""
    succ = np.arange(1, n_entry + 1).astype(np.int32)
    succ[n_entry - 1] = -1
    first = np.full(N_BUCKET + 1, -1, np.int32)
    state = np.array([0, n_entry, N_BUCKET])
    cell, key = np.empty(n_entry, np.int32), np.empty(n_entry)
    return Queue(first, first.copy(), succ, cell, key, state, np.zeros(1))


@njit(cache=True, nogil=True)
def grown(queue: Queue) -> Queue:
    """Return the queue with twice the room (compiled); the old one is spent."""
    n = queue.succ.size
    succ = np.arange(1, 2 * n + 1).astype(np.int32)
    cell = np.empty(2 * n, np.int32)
    key = np.empty(2 * n)
    succ[:n] = queue.succ
    cell[:n] = queue.cell
    key[:n] = queue.key
    succ[2 * n - 1] = queue.state[0]
    queue.state[0] = n
    queue.state[1] += n
    return Queue(queue.first, queue.last, succ, cell, key, queue.state, queue.base)


@njit(cache=True, nogil=True)
def _put(queue: Queue, bucket: int, cell: int, key: float) -> None:
    """Append an entry to a bucket (compiled); there must be a free entry."""
    entry = queue.state[0]
    queue.state[0] = queue.succ[entry]
    queue.state[1] -= 1
    queue.succ[entry] = -1
    queue.cell[entry] = cell
    queue.key[entry] = key
    if queue.first[bucket] < 0:
        queue.first[bucket] = entry
    else:
        queue.succ[queue.last[bucket]] = entry
    queue.last[bucket] = entry


@njit(cache=True, nogil=True)
def refill(queue: Queue, cost: FloatArray, per_width: float) -> bool:
    """Sort the far list into the near buckets, from its lowest key on; False if empty (compiled).

    Called with all near buckets empty. Entries that are stale (key above the cell's cost) are dropped.
    """
    base = np.inf
    entry = queue.first[N_BUCKET]
    while entry >= 0:
        if queue.key[entry] == cost[queue.cell[entry]]:
            base = min(base, queue.key[entry])
        entry = queue.succ[entry]
    entry = queue.first[N_BUCKET]
    queue.first[N_BUCKET] = -1
    while entry >= 0:
        after, cell, key = queue.succ[entry], queue.cell[entry], queue.key[entry]
        queue.succ[entry] = queue.state[0]
        queue.state[0] = entry
        queue.state[1] += 1
        if key == cost[cell]:
            _put(queue, int(min((key - base) * per_width, N_BUCKET)), cell, key)
        entry = after
    queue.base[0] = base
    queue.state[2] = 0
    return base < np.inf


@njit(cache=True, nogil=True)
def sow(seed_cell: IntArray, seed_cost: FloatArray, limit: float, cost: FloatArray) -> Queue:
    """Enter the seeds into `cost` (n,) and into the far list of a new queue (compiled).

    `cost` is inf where one may go and -inf where not; seeds there, or above the limit, are left out.
    """
    queue: Queue = new_queue(max(1024, 2 * seed_cell.size))
    for i in range(seed_cell.size):
        cell = seed_cell[i]
        if seed_cost[i] < cost[cell] and seed_cost[i] <= limit:
            cost[cell] = seed_cost[i]
            _put(queue, N_BUCKET, cell, seed_cost[i])
    return queue


class _Search(NamedTuple):
    """What one search is about: cost and link (n,) to fill, the grid's columns, direction, limit, buckets."""

    cost: FloatArray
    link: npt.NDArray[np.int32]
    n_col: int
    towards: bool
    limit: float
    per_width: float


@njit(cache=True, nogil=True)
def _spread(search: _Search, step_cost: FloatArray, queue: Queue) -> bool:  # noqa: PLR0915 - see below
    """Settle cells until none is left (True) or the queue is full (False: grow it, call again); compiled.

    `step_cost` (8 * n,); the search's cost and the queue as `sow` left them. One flat loop on purpose: arrays
    handed to inner functions, or exchanged in the loop, are reference-counted each time, which nearly halves
    the speed; unsigned indices spare the check for negative ones.
    """
    cost, link, n_col, towards, limit, per_width = search
    first, last, succ, queued, key, state, _ = queue
    spare, n_spare, bucket = state[0], state[1], state[2]
    base = queue.base[0]
    n_cell = cost.size
    n_row = n_cell // n_col
    sign = -1 if towards else 1
    while True:
        if bucket == N_BUCKET:
            state[0], state[1] = spare, n_spare
            if not refill(queue, cost, per_width):
                return True
            spare, n_spare, bucket = state[0], state[1], state[2]
            base = queue.base[0]
        entry = first[U(bucket)]
        if entry < 0:
            bucket += 1
            continue
        if n_spare < 8:
            state[0], state[1], state[2] = spare, n_spare, bucket
            return False
        first[U(bucket)] = succ[U(entry)]
        succ[U(entry)] = spare
        spare = entry
        n_spare += 1
        cell = np.int64(queued[U(entry)])
        here = cost[U(cell)]
        if key[U(entry)] != here:
            continue
        row = cell // n_col
        col = cell - row * n_col
        on_edge = row == 0 or col == 0 or row == n_row - 1 or col == n_col - 1
        for d in range(8):
            d_row = sign * D_ROW[d]
            d_col = sign * D_COL[d]
            if on_edge and not (0 <= row + d_row < n_row and 0 <= col + d_col < n_col):
                continue
            other = cell + d_row * n_col + d_col
            known = cost[U(other)]
            if here >= known:
                continue
            there = here + step_cost[U(d * n_cell + (other if towards else cell))]
            if there >= known or there > limit:
                continue
            cost[U(other)] = there
            link[U(other)] = cell
            slot = np.int64(min((there - base) * per_width, N_BUCKET))
            entry = spare
            spare = np.int64(succ[U(entry)])
            n_spare -= 1
            succ[U(entry)] = -1
            queued[U(entry)] = other
            key[U(entry)] = there
            if first[U(slot)] < 0:
                first[U(slot)] = entry
            else:
                succ[U(last[U(slot)])] = entry
            last[U(slot)] = entry


@njit(cache=True, nogil=True)
def _survey(step_cost: FloatArray) -> tuple[float, int]:
    """Least positive step cost and the number of faulty ones, NaN or below 0 (compiled)."""
    least = np.inf
    n_fault = 0
    for c in step_cost.flat:
        if c > 0.0:
            least = min(least, c)
        elif c != 0.0:
            n_fault += 1
    return least, n_fault


def bucket_width(least: float, sample: FloatArray) -> float:
    """Width of a bucket: the least step cost, but no less than 1/256 of the median of a sample of step costs.

    Any positive width is exact; this one keeps both the empty buckets and the repeated work few.
    """
    usable = sample[(sample > 0) & (sample < math.inf)]
    middle = float(np.median(usable)) if usable.size else 0.0
    width = max(least if math.isfinite(least) else 0.0, middle / _SPREAD)
    return width if width > 0 else 1.0


def least_cost(
    step_cost: npt.ArrayLike,
    seed_cell: npt.ArrayLike,
    seed_cost: npt.ArrayLike,
    *,
    towards: bool,
    within: npt.ArrayLike | None = None,
    limit: float = math.inf,
) -> LeastCost:
    """Least cost from (or, `towards`, to) the cheapest seed for every cell, exact.

    `step_cost` (8, row, col) >= 0, +inf = not possible, in the order of `sarhad.kernels.steps`; `seed_cell`
    (n,) flat indices, `seed_cost` (n,) finite or +inf (left out); cells where `within` (row, col) is False
    are not used at all, seeds there included; costs above `limit` are not looked for (inf). Equal inputs
    give equal links. Raises InputFaults.
    """
    step = np.ascontiguousarray(step_cost, dtype=np.float64)
    if step.ndim != 3 or step.shape[0] != 8 or not 0 < step[0].size <= _MAX_CELL:
        raise InputFaults.one("step_cost", "shape (8, row, col)", f"shape {step.shape}")
    _, n_row, n_col = step.shape
    least, n_fault = _survey(step)
    cell, start = np.atleast_1d(np.asarray(seed_cell)), np.atleast_1d(np.asarray(seed_cost, dtype=np.float64))
    faults = _seed_faults(cell, start, n_row * n_col)
    if n_fault:
        expected = "costs of 0 or more, +inf where not possible"
        faults.append(Fault("step_cost", "", 0, "", expected, f"{n_fault} below 0 or NaN"))
    if math.isnan(limit):
        faults.append(Fault("limit", "", 0, "", "a number", "NaN"))
    cost = np.full((n_row, n_col), np.inf)
    if within is not None:
        usable = np.asarray(within)
        if usable.shape != cost.shape or usable.dtype != np.bool_:
            found = f"shape {usable.shape} of {usable.dtype}"
            faults.append(Fault("within", "", 0, "", f"shape {cost.shape} of bool", found))
        else:
            cost[~usable] = -np.inf
    if faults:
        raise InputFaults(faults)
    link = np.full((n_row, n_col), -1, np.int32)
    width = bucket_width(least, step.reshape(-1)[:: max(1, step.size // 4096)])
    search = _Search(cost.reshape(-1), link.reshape(-1), n_col, bool(towards), float(limit), 1.0 / width)
    queue = sow(cell.astype(np.int64), start, search.limit, search.cost)
    while not _spread(search, step.reshape(-1), queue):
        queue = grown(queue)
    cost[cost == -np.inf] = np.inf
    return LeastCost(cost, link)


def _seed_faults(cell: npt.NDArray[np.generic], start: FloatArray, n_cell: int) -> list[Fault]:
    if cell.ndim != 1 or start.shape != cell.shape:
        found = f"shapes {cell.shape} and {start.shape}"
        return [Fault("seed_cell, seed_cost", "", 0, "", "equal shapes (n,)", found)]
    faults = []
    if cell.size and not np.issubdtype(cell.dtype, np.integer):
        return [Fault("seed_cell", "", 0, "", "whole numbers (flat indices)", str(cell.dtype))]
    n_outside = int(((cell.astype(np.int64) < 0) | (cell.astype(np.int64) >= n_cell)).sum())
    if n_outside:
        faults.append(Fault("seed_cell", "", 0, "", f"flat indices 0..{n_cell - 1}", f"{n_outside} outside"))
    n_bad = int((~(start > -np.inf)).sum())
    if n_bad:
        expected = "finite costs (or +inf: left out)"
        faults.append(Fault("seed_cost", "", 0, "", expected, f"{n_bad} NaN or -inf"))
    return faults


def two_mode_time(
    vehicle_step_s: npt.ArrayLike,
    foot_step_s: npt.ArrayLike,
    seed_cell: npt.ArrayLike,
    seed_s: npt.ArrayLike,
    dismount_s: float,
    within: npt.ArrayLike | None = None,
) -> FloatArray:
    """Seconds until a team stands on foot at each cell, (row, col), inf = unreachable.

    It drives as far as suits it, dismounts once (`dismount_s`) and walks on, or walks from its seed: the
    walking field seeded with the driving field + dismount_s and with the seeds. Both step arrays (8, row,
    col) hold seconds. A cell it drives to therefore counts with the dismount: the team stops a walker on
    foot. Raises InputFaults.
    """
    if not dismount_s >= 0:
        raise InputFaults.one("dismount_s", "0 s or more", dismount_s)
    vehicle_shape, foot_shape = np.shape(vehicle_step_s), np.shape(foot_step_s)
    if vehicle_shape != foot_shape:
        expected = f"shape {vehicle_shape}, as vehicle_step_s"
        raise InputFaults.one("foot_step_s", expected, f"shape {foot_shape}")
    drive_s = least_cost(vehicle_step_s, seed_cell, seed_s, towards=False, within=within).cost.reshape(-1)
    driven = np.flatnonzero(np.isfinite(drive_s))
    cell = np.concatenate([np.atleast_1d(np.asarray(seed_cell, dtype=np.int64)), driven])
    seed_start_s = np.atleast_1d(np.asarray(seed_s, dtype=np.float64))
    start_s = np.concatenate([seed_start_s, drive_s[driven] + dismount_s])
    return least_cost(foot_step_s, cell, start_s, towards=False, within=within).cost
