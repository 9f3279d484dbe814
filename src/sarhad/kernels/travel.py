"""Travel time over terrain: seconds from, or to, the nearest of many sources on a grid.

    T(x) = min over sources and ways of  sum over steps of  length / v(s) * (friction[a] + friction[b]) / 2

a, b the cells of the step, length the horizontal distance between their centres, s = rise over run in the
direction of travel (signed), v one of the functions of `sarhad.kernels.speed`. The same steps as
`sarhad.kernels.steps`, worked out on the fly, in the bucket queue of `sarhad.kernels.leastcost`: no array
of steps, 8 bytes a cell and the frontier. A step is worked out only where it could still help at the
highest speed of all.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from sarhad.errors import Fault, InputFaults
from sarhad.kernels.leastcost import (
    N_BUCKET,
    BoolArray,
    FloatArray,
    IntArray,
    Queue,
    U,
    bucket_width,
    grown,
    refill,
    sow,
)  # fmt: skip
from sarhad.kernels.speed import SpeedLaw, SpeedTable, speed_at, speed_law, table_speed_at, top_speed_mps
from sarhad.kernels.steps import D_COL, D_LENGTH, D_ROW, Ground


class _Terrain(NamedTuple):
    """Flat arrays of the grid, (n,) each: heights, friction (one cell of 1 where there is none) and times."""

    height_m: FloatArray
    friction: FloatArray
    time_s: FloatArray
    n_col: int
    cell_m: float


class _Search(NamedTuple):
    """Direction, limit, buckets; least seconds per metre at friction 1, and the least friction."""

    towards: bool
    limit_s: float
    per_width: float
    pace_s_per_m: float
    least_friction: float


@njit(cache=True, nogil=True)
def _spread(  # noqa: C901, PLR0912, PLR0915 - see below
    terrain: _Terrain, search: _Search, law: SpeedLaw, queue: Queue
) -> bool:
    """Settle cells until none is left (True) or the queue is full (False: grow it, call again); compiled.

    time_s and the queue as `sow` left them, closed cells at -inf. One flat loop, for the reason given in
    `sarhad.kernels.leastcost`.
    """
    height_m, friction, time_s, n_col, cell_m = terrain
    towards, limit_s, per_width, pace_s_per_m, least_friction = search
    first, last, succ, queued, key, state, _ = queue
    spare, n_spare, bucket = state[0], state[1], state[2]
    base = queue.base[0]
    code, is_table = law.code, law.slope.size > 0
    n_row = time_s.size // n_col
    shift = (-n_col, 1 - n_col, 1, n_col + 1, n_col, n_col - 1, -1, -n_col - 1)  # as D_ROW, D_COL
    diagonal_m = D_LENGTH[1] * cell_m
    has_friction = friction.size > 1
    factor, mean = 1.0, 1.0
    while True:
        if bucket == N_BUCKET:
            state[0], state[1] = spare, n_spare
            if not refill(queue, time_s, per_width):
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
        here_s = time_s[U(cell)]
        if key[U(entry)] != here_s:
            continue
        row = cell // n_col
        col = cell - row * n_col
        on_edge = row == 0 or col == 0 or row == n_row - 1 or col == n_col - 1
        if has_friction:
            factor = friction[U(cell)]
        bound_s_per_m = 0.5 * (factor + least_friction) * pace_s_per_m
        for d in range(8):
            if on_edge and not (0 <= row + D_ROW[d] < n_row and 0 <= col + D_COL[d] < n_col):
                continue
            other = cell + shift[d]
            known_s = time_s[U(other)]
            run_m = diagonal_m if d % 2 else cell_m
            if here_s + run_m * bound_s_per_m >= known_s:
                continue
            rise_m = height_m[U(other)] - height_m[U(cell)]
            slope = (-rise_m if towards else rise_m) / run_m
            speed_mps = table_speed_at(law, slope) if is_table else speed_at(code, slope)
            if speed_mps <= 0.0:
                continue
            if has_friction:
                mean = 0.5 * (factor + friction[U(other)])
            there_s = here_s + run_m / speed_mps * mean
            if there_s >= known_s or there_s > limit_s:
                continue
            if d % 2:
                beside, below = U(cell + D_COL[d]), U(cell + D_ROW[d] * n_col)
                if time_s[beside] == -np.inf and time_s[below] == -np.inf:
                    continue
            time_s[U(other)] = there_s
            slot = np.int64(min((there_s - base) * per_width, N_BUCKET))
            entry = spare
            spare = np.int64(succ[U(entry)])
            n_spare -= 1
            succ[U(entry)] = -1
            queued[U(entry)] = other
            key[U(entry)] = there_s
            if first[U(slot)] < 0:
                first[U(slot)] = entry
            else:
                succ[U(last[U(slot)])] = entry
            last[U(slot)] = entry


def travel_time(
    dem_m: npt.ArrayLike,
    sources: npt.ArrayLike,
    *,
    cell_m: float,
    speed: str | SpeedTable = "tobler",
    friction: npt.ArrayLike | None = None,
    barrier: npt.ArrayLike | None = None,
    towards: bool = False,
    limit_s: float | None = None,
) -> FloatArray:
    """Return the seconds from the nearest source to each cell, or `towards` it from each cell, (row, col).

    `dem_m` (row, col) heights in metres, NaN = none (cannot be entered); `sources` (n, 2) row, col;
    `cell_m` the side of a cell; `speed` a name of `sarhad.kernels.speed.SPEED_NAMES` or a `SpeedTable`;
    `friction` (row, col) > 0 multiplies the time of a step by its mean over the step's two cells; `barrier`
    (row, col) bool cannot be entered, nor passed by slipping diagonally between two of its cells.
    Unreachable, or more than `limit_s` away, is inf; no sources, nothing is reached. Raises UnknownName
    (speed) and InputFaults: all that is wrong at once, sources off the grid, on a barrier or where there is
    no height among it.
    """
    law = speed_law(speed)
    faults: list[Fault] = []
    ground = None
    try:
        ground = Ground.checked(dem_m, cell_m=cell_m, friction=friction, barrier=barrier)
    except InputFaults as wrong:
        faults += wrong.faults
    is_closed = np.zeros(np.shape(dem_m), np.bool_) if ground is None else ground.is_closed
    cell, source_faults = _source_cells(np.asarray(sources), is_closed)
    faults += source_faults
    if limit_s is not None and not limit_s >= 0:
        faults.append(Fault("limit_s", "", 0, "", "0 s or more, or None", str(limit_s)))
    if ground is None or faults:
        raise InputFaults(faults)
    limit = math.inf if limit_s is None else float(limit_s)
    return _settled(ground, cell, law, cell_m=float(cell_m), towards=towards, limit_s=limit)


def _settled(
    ground: Ground, cell: IntArray, law: SpeedLaw, *, cell_m: float, towards: bool, limit_s: float
) -> FloatArray:
    """Run one search on checked arguments."""
    height_m, is_closed = ground.height_m, ground.is_closed
    friction, usable = np.ones(1), np.ones(1)
    if ground.friction is not None and not is_closed.all():
        friction = ground.friction.reshape(-1)
        usable = ground.friction[~is_closed] if is_closed.any() else friction
    least = float(usable.min())
    pace_s_per_m = 1.0 / top_speed_mps(law)
    sample_s = pace_s_per_m * cell_m * usable[:: max(1, usable.size // 4096)]
    width_s = bucket_width(pace_s_per_m * cell_m * least, sample_s)
    time_s = np.where(is_closed, -np.inf, np.inf)
    flat = time_s.reshape(-1)
    terrain = _Terrain(height_m.reshape(-1), friction, flat, height_m.shape[1], cell_m)
    # The pace is a bound and must stay one under rounding.
    search = _Search(bool(towards), limit_s, 1.0 / width_s, pace_s_per_m * (1.0 - 1e-12), least)
    queue = sow(cell, np.zeros(cell.size), limit_s, flat)
    while not _spread(terrain, search, law, queue):
        queue = grown(queue)
    time_s[is_closed] = np.inf
    return time_s


def _source_cells(sources: npt.NDArray[Any], is_closed: BoolArray) -> tuple[IntArray, list[Fault]]:
    """Return the flat cells of the sources, and what is wrong with them."""
    nowhere = np.empty(0, np.int64)
    if sources.size == 0 or is_closed.ndim != 2:
        return nowhere, []
    if sources.ndim != 2 or sources.shape[1] != 2 or not np.issubdtype(sources.dtype, np.integer):
        found = f"shape {sources.shape} of {sources.dtype}"
        return nowhere, [Fault("sources", "", 0, "", "shape (n, 2) of whole numbers: row, col", found)]
    place = sources.astype(np.int64)
    n_row, n_col = is_closed.shape
    faults = []
    for i, (row, col) in enumerate(place.tolist(), start=1):
        if not (0 <= row < n_row and 0 <= col < n_col):
            expected = f"a cell of the {n_row} x {n_col} grid"
            faults.append(Fault("sources", "", i, "", expected, f"row {row}, col {col}"))
        elif is_closed[row, col]:
            found = f"row {row}, col {col}: a barrier, or no height"
            faults.append(Fault("sources", "", i, "", "a cell one can stand on", found))
    return place[:, 0] * n_col + place[:, 1], faults
