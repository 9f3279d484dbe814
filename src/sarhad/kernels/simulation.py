"""Crossings simulated event by event, by none of the formulas of P_t: what `sarhad validate` holds them to.

One crossing of a route:

    every unit that could notice it works, with its share, or does not, for the whole crossing
    a unit that works rings at the first event of a Poisson process of its rate as the route is walked: when
    its exposure so far passes a threshold, an exponential draw of mean 1 (time rescaling)
    the first ring, of any unit, is the alarm; it gets through with probability P_C
    the crosser runs: both times up to the cut-off point are drawn from normal distributions

In a `correlated` condition all units share one draw u: a unit of share f works where u > 1 - f, and rings at
the exposure -ln((u - (1 - f)) / f).

The cut-off point is the one of least odds against the team, response over dash, of all dashes to the goal
from the places of the route from the alarm on: who has been seen stays reported (model section 3).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from sarhad.kernels.exposure import Routes, SensorLines, View
from sarhad.kernels.steps import D_COL, D_ROW

FloatArray = npt.NDArray[np.float64]


class Scene(NamedTuple):
    """What crossings meet: rates, lines, each unit's working share, and flat grids by cell.

    `offset_m`, `chainage_m` place the lines; `step_s` (8, row, col); `time_s` to the goal and `response_s`,
    both (cell,), inf where there is no way and where nobody comes.
    """

    seen_by: View
    lines: SensorLines
    share: FloatArray
    offset_m: FloatArray
    chainage_m: FloatArray
    step_s: FloatArray
    time_s: FloatArray
    response_s: FloatArray


class Race(NamedTuple):
    """How an alarm is answered: P_C, standard deviations over means; `is_run` False: a report is enough."""

    p_communication: float
    sd_fraction: float
    is_run: bool


@njit(cache=True, nogil=True)
def _onward(scene: Scene, cell: int) -> int:
    """Return the neighbour from which the goal is reached soonest; -1 at a goal and where there is no way."""
    _, n_row, n_col = scene.step_s.shape
    if not 0.0 < scene.time_s[cell] < np.inf:
        return -1
    row, col = cell // n_col, cell % n_col
    best, found = np.inf, -1
    for d in range(8):
        to_row, to_col = row + D_ROW[d], col + D_COL[d]
        if 0 <= to_row < n_row and 0 <= to_col < n_col:
            total = scene.step_s[d, row, col] + scene.time_s[to_row * n_col + to_col]
            if total < best:
                best, found = total, to_row * n_col + to_col
    return found


@njit(cache=True, nogil=True)
def _cut_off(scene: Scene, cell: int) -> tuple[float, float]:
    """Return (dash, response) in seconds up to the best point of the dash from a cell; inf where none."""
    dash_s, response_s, least = 0.0, np.inf, np.inf
    at = cell
    while True:
        onward = _onward(scene, at)
        if onward < 0:
            return dash_s, response_s
        run_s, team_s = scene.time_s[cell] - scene.time_s[at], scene.response_s[at]
        odds = team_s / run_s if run_s > 0.0 else np.inf
        if odds < least or (team_s < np.inf and response_s == np.inf):
            dash_s, response_s, least = run_s, team_s, odds
        at = onward


@njit(cache=True, nogil=True)
def _cut_offs(scene: Scene, route: npt.NDArray[np.int32]) -> FloatArray:
    """Return (dash, response) in seconds up to the best cut-off point after an alarm in each cell."""
    found = np.empty((route.size, 2))
    dash_s, response_s, least = 0.0, np.inf, np.inf
    for i in range(route.size - 1, -1, -1):
        run_s, team_s = _cut_off(scene, route[i])
        odds = team_s / run_s if run_s > 0.0 else np.inf
        if odds < least or (team_s < np.inf and response_s == np.inf):
            dash_s, response_s, least = run_s, team_s, odds
        found[i, 0], found[i, 1] = dash_s, response_s
    return found


@njit(cache=True, nogil=True)
def _is_met(rng: np.random.Generator, dash_s: float, response_s: float, race: Race) -> bool:
    """Act out the answer to an alarm: is it passed on, and is a team at the cut-off point first?"""
    if rng.random() >= race.p_communication:
        return False
    if not race.is_run:
        return True
    if response_s == np.inf:
        return False
    arrives_s = response_s * (1.0 + race.sd_fraction * rng.standard_normal())
    passes_s = dash_s * (1.0 + race.sd_fraction * rng.standard_normal())
    return bool(arrives_s <= passes_s)


@njit(cache=True, nogil=True)
def _threshold(rng: np.random.Generator, share: float, shared: float) -> float:
    """Return the exposure at which a unit rings, inf where it is down; `shared` >= 0: one draw for all."""
    if shared >= 0.0:
        return -math.log((shared - (1.0 - share)) / share) if shared > 1.0 - share else np.inf
    return rng.standard_exponential() if rng.random() < share else np.inf


@njit(cache=True, nogil=True)
def _rings(
    rng: np.random.Generator, share: float, exposure: float, shared: float, unit: int, left_over: FloatArray
) -> bool:
    """Expose a crossing to a unit; whether it rings. `left_over` below 0: no threshold drawn yet."""
    if left_over[unit] < 0.0:
        left_over[unit] = _threshold(rng, share, shared)
    left_over[unit] -= exposure
    return bool(left_over[unit] <= 0.0)


@njit(cache=True, nogil=True)
def _crossed(scene: Scene, line: int, left: int, entered: int) -> bool:
    """Whether a step leads over a sensor line where it lies."""
    left_m = scene.offset_m[left] - scene.lines.offset_m[line]
    entered_m = scene.offset_m[entered] - scene.lines.offset_m[line]
    if (left_m >= 0.0) == (entered_m >= 0.0):
        return False
    chainage_m = scene.chainage_m[left if left_m >= 0.0 else entered]
    return bool(scene.lines.from_m[line] <= chainage_m < scene.lines.to_m[line])


@njit(cache=True, nogil=True)
def _first_ring(
    rng: np.random.Generator,
    scene: Scene,
    route: npt.NDArray[np.int32],
    step_s: FloatArray,
    correlated: bool,
    left_over: FloatArray,
) -> int:
    """Walk a route; return the number of the cell in which the first unit rings, -1 where none does."""
    left_over[:] = -1.0
    shared = rng.random() if correlated else -1.0
    view, lines = scene.seen_by, scene.lines
    for i in range(route.size):
        rings, at = False, route[i]
        for entry in range(view.ptr[at], view.ptr[at + 1]):
            unit, exposure = view.asset[entry], view.rate_per_s[entry] * step_s[i]
            rings |= _rings(rng, scene.share[unit], exposure, shared, unit, left_over)
        if i + 1 < route.size:
            for k in range(lines.asset.size):
                if _crossed(scene, k, at, route[i + 1]):
                    unit = lines.asset[k]
                    rings |= _rings(rng, scene.share[unit], lines.exposure[k], shared, unit, left_over)
        if rings:
            return i
    return -1


@njit(cache=True, nogil=True)
def crossings(
    rng: np.random.Generator,
    scene: Scene,
    routes: Routes,
    n: npt.NDArray[np.int64],
    correlated: bool,
    race: Race,
) -> npt.NDArray[np.int64]:
    """Return how many of `n` (route,) crossings of each route were detected and met in time, (route, 2)."""
    found = np.zeros((n.size, 2), np.int64)
    left_over = np.empty(scene.share.size)
    for k in range(n.size):
        if n[k] == 0:
            continue
        route = routes.cell[routes.ptr[k] : routes.ptr[k + 1]]
        step_s = routes.step_s[routes.ptr[k] : routes.ptr[k + 1]]
        best = _cut_offs(scene, route)
        for _ in range(n[k]):
            i = _first_ring(rng, scene, route, step_s, correlated, left_over)
            if i >= 0:
                found[k, 0] += 1
                found[k, 1] += _is_met(rng, best[i, 0], best[i, 1], race)
    return found
