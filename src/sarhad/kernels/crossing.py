"""Timely detection along given routes, exact under asset states, and what each asset adds to it.

    E_a(i) = exposure to asset a over the first i steps          S(i) = prod_a [ 1 - f_a (1 - exp(-E_a(i))) ]
    P_t    = sum_i (S(i-1) - S(i)) w_i                           P_detect = 1 - S(n)

f_a is the availability: the asset works, or does not, for the whole crossing, so it never multiplies the
rate. The detection on a step happens at the cell that is left; w is the probability of being in time there
(`sarhad.kernels.interception`), and only the first detection counts. `correlated` takes the best asset in
place of the product, S(i) = min_a [...], as in fog: P_t is then no larger wherever w does not rise along the
route.

    theta_a = -ln( 1 - f_a (1 - exp(-sum_i dE_a(i) w_i)) )
    P_t    <= min( max_i w_i, 1 - exp(-sum_a theta_a) )

Proof of the bound: give every detection its own draw of "in time". P_t is the probability that the first
detection is in time; 1 - exp(-theta) is the probability that any detection is, because thinning a stream of
detections by w leaves a stream of exposure w dE, and assets are independent given their states.

Correlated. Let w not rise along the route and put w_(n+1) = 0. Summed by parts, P_t = sum_i (1 - S(i)) (w_i -
w_(i+1)): no weight is negative, so P_t is no smaller than with any S' >= S in place of S. One asset's factor
is such an S'. Alone, an asset has S' = 1 - f_a (1 - exp(-E_a)), and P_t is f_a times what it is where the
asset always works. Hence on every route P_t >= max_a f_a P_t(a alone, working), and of all routes

    min P_t >= max_a f_a min P_t(a alone, working)

whose right side is one exact backward recursion for each asset (`sarhad.kernels.worstcase`).

More assets. P_t rises with every asset wherever w does not rise along the route, because detection then only
comes earlier. Where w rises, as on a detour away from the goal, an early alarm makes the crosser run for it
from a place that suits him, and the plain sum may fall. `w_never_rises=True` credits a detection with the
best w still ahead on the route (an earlier detection is never worth less than a later one, the rule that w
obeys on each dash): then the law holds on every route, and P_t is larger by at most the rise.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from sarhad.errors import InputFaults
from sarhad.kernels.exposure import (
    CellArray,
    FloatArray,
    Routes,
    SensorLines,
    View,
    check_lines,
    check_routes,
    check_view,
    crosses,
    grid,
)


class Timely(NamedTuple):
    """Per route, (n,): P_t, and P_detect regardless of time; NaN where the route is empty (no way)."""

    p_timely: FloatArray
    p_detect: FloatArray


class Weighted(NamedTuple):
    """Theta, sparse: entries (route, asset, theta) by route, then asset; `cap` (n,) the best w of a route."""

    route: CellArray
    asset: CellArray
    theta: FloatArray
    cap: FloatArray


class Sensing(NamedTuple):
    """What a route meets: views and lines, availability by asset, and the flat grids that place the lines.

    All lines lie at offsets from `low_m` to `high_m`: a step that stays on one side of them crosses none.
    """

    seen_by: View
    lines: SensorLines
    available: FloatArray
    offset_m: FloatArray
    chainage_m: FloatArray
    low_m: float
    high_m: float


class Tally(NamedTuple):
    """What one route has met so far: `met` assets in order; by asset its slot, valid where `of` is the route.

    By slot: exposure so far, 1 - f (1 - exp(-E)), and whether the latter is out of date.
    """

    met: CellArray
    slot: CellArray
    of: npt.NDArray[np.int64]
    exposure: FloatArray
    silent: FloatArray
    is_stale: npt.NDArray[np.bool_]


@njit(cache=True, nogil=True)
def new_tally(n_asset: int) -> Tally:
    """Return a tally that has met nothing."""
    met = np.empty(n_asset, np.int32)
    of = np.full(n_asset, np.int64(-1), np.int64)
    return Tally(met, met.copy(), of, np.empty(n_asset), np.empty(n_asset), np.empty(n_asset, np.bool_))


@njit(cache=True, nogil=True, inline="always")
def _add(tally: Tally, n_met: int, route: int, asset: int, exposure: float) -> int:
    """Add exposure to an asset; return how many assets the route has met."""
    if tally.of[asset] != route:
        tally.of[asset] = route
        tally.met[n_met] = asset
        tally.slot[asset] = n_met
        tally.exposure[n_met] = 0.0
        n_met += 1
    slot = tally.slot[asset]
    tally.exposure[slot] += exposure
    tally.is_stale[slot] = True
    return n_met


@njit(cache=True, nogil=True)
def tally_step(
    sensing: Sensing, routes: Routes, route: int, i: int, scale: float, tally: Tally, n_met: int
) -> int:
    """Tally the exposures of the route's step i, each times `scale`; return how many assets have been met."""
    view, lines = sensing.seen_by, sensing.lines
    left = routes.cell[i]
    for entry in range(view.ptr[left], view.ptr[left + 1]):
        seen = view.rate_per_s[entry] * routes.step_s[i] * scale
        if seen > 0.0:
            n_met = _add(tally, n_met, route, view.asset[entry], seen)
    if i + 1 == routes.ptr[route + 1] or scale == 0.0:
        return n_met
    left_m, entered_m = sensing.offset_m[left], sensing.offset_m[routes.cell[i + 1]]
    if min(left_m, entered_m) >= sensing.high_m or max(left_m, entered_m) < sensing.low_m:
        return n_met
    for line in range(lines.asset.size):
        if crosses(lines, line, sensing.offset_m, sensing.chainage_m, left, routes.cell[i + 1]):
            n_met = _add(tally, n_met, route, lines.asset[line], lines.exposure[line] * scale)
    return n_met


@njit(cache=True, nogil=True)
def _survival(tally: Tally, n_met: int, available: FloatArray, correlated: bool) -> float:
    """Return S: the product over the assets met, or the least factor."""
    survival = 1.0
    for slot in range(n_met):
        if tally.is_stale[slot]:
            f = available[tally.met[slot]]
            tally.silent[slot] = (1.0 - f) + f * math.exp(-tally.exposure[slot])
            tally.is_stale[slot] = False
        if correlated:
            survival = min(survival, tally.silent[slot])
        else:
            survival *= tally.silent[slot]
    return survival


@njit(cache=True, nogil=True)
def worth_along(routes: Routes, w: FloatArray, never_rises: bool) -> FloatArray:
    """Return w by entry of the routes; `never_rises` takes the largest from the entry on."""
    worth = w[routes.cell]
    if never_rises:
        for route in range(routes.ptr.size - 1):
            for i in range(routes.ptr[route + 1] - 2, routes.ptr[route] - 1, -1):
                worth[i] = max(worth[i], worth[i + 1])
    return worth


@njit(cache=True, nogil=True)
def _timely(
    sensing: Sensing, routes: Routes, worth: FloatArray, correlated: bool
) -> tuple[FloatArray, FloatArray]:
    """Return (p_timely, p_detect) by route."""
    n = routes.ptr.size - 1
    p_timely, p_detect = np.full(n, np.nan), np.full(n, np.nan)
    tally = new_tally(sensing.available.size)
    for route in range(n):
        if routes.ptr[route] == routes.ptr[route + 1]:
            continue
        n_met, before, in_time = 0, 1.0, 0.0
        for i in range(routes.ptr[route], routes.ptr[route + 1]):
            n_met = tally_step(sensing, routes, route, i, 1.0, tally, n_met)
            after = min(before, _survival(tally, n_met, sensing.available, correlated))
            in_time += (before - after) * worth[i]
            before = after
        p_detect[route] = 1.0 - before
        p_timely[route] = min(in_time, 1.0 - before)
    return p_timely, p_detect


@njit(cache=True, nogil=True)
def _weighted(sensing: Sensing, routes: Routes, worth: FloatArray) -> tuple[CellArray, CellArray, FloatArray]:
    """Return (route, asset, theta) by route, then asset; two passes, one to count and one to write."""
    n = routes.ptr.size - 1
    tally = new_tally(sensing.available.size)
    count = np.zeros(n, np.int64)
    for route in range(n):
        n_met = 0
        for i in range(routes.ptr[route], routes.ptr[route + 1]):
            n_met = tally_step(sensing, routes, route, i, worth[i], tally, n_met)
        count[route] = n_met
    total = count.sum()
    of_route, of_asset, theta = np.empty(total, np.int32), np.empty(total, np.int32), np.empty(total)
    tally.of[:] = -1
    at = 0
    for route in range(n):
        n_met = 0
        for i in range(routes.ptr[route], routes.ptr[route + 1]):
            n_met = tally_step(sensing, routes, route, i, worth[i], tally, n_met)
        for slot in np.argsort(tally.met[:n_met]):
            f, weighted = sensing.available[tally.met[slot]], tally.exposure[slot]
            of_route[at], of_asset[at] = route, tally.met[slot]
            theta[at] = weighted if f == 1.0 else -math.log1p(f * math.expm1(-weighted))
            at += 1
    return of_route, of_asset, theta


def timely(
    routes: Routes,
    w: npt.ArrayLike,
    view: View,
    lines: SensorLines,
    available: npt.ArrayLike,
    offset_m: npt.ArrayLike,
    chainage_m: npt.ArrayLike,
    *,
    correlated: bool = False,
    w_never_rises: bool = False,
) -> Timely:
    """Return P_t and P_detect of each route, exact.

    `w` (row, col) 0..1; `available` (n_asset,) f_a; `offset_m`, `chainage_m` (row, col) place the sensor
    lines; `correlated` takes the best asset in place of the product, `w_never_rises` see the module. Raises
    InputFaults.
    """
    sensing, worth = gathered(routes, w, (view, lines), available, (offset_m, chainage_m), w_never_rises)
    return Timely(*_timely(sensing, routes, worth, correlated))


def weighted_exposure(
    routes: Routes,
    w: npt.ArrayLike,
    view: View,
    lines: SensorLines,
    available: npt.ArrayLike,
    offset_m: npt.ArrayLike,
    chainage_m: npt.ArrayLike,
    *,
    w_never_rises: bool = False,
) -> Weighted:
    """Return theta of each asset on each route, and `cap`, the best w of a route, for siting.

    Arguments as in `timely`. theta is inf where f = 1 meets a certain detection; `cap` is 0 on empty routes.
    """
    sensing, worth = gathered(routes, w, (view, lines), available, (offset_m, chainage_m), w_never_rises)
    cap = np.zeros(routes.ptr.size - 1)
    walked = np.diff(routes.ptr) > 0
    if walked.any():
        cap[walked] = np.maximum.reduceat(worth, routes.ptr[:-1][walked])
    of_route, of_asset, theta = _weighted(sensing, routes, worth)
    return Weighted(of_route, of_asset, theta, cap)


def gathered(
    routes: Routes,
    w: npt.ArrayLike,
    sensors: tuple[View, SensorLines],
    available: npt.ArrayLike,
    placing: tuple[npt.ArrayLike, npt.ArrayLike],
    w_never_rises: bool,
) -> tuple[Sensing, FloatArray]:
    """Check the arguments; return what the routes meet, and w by entry of the routes."""
    shape = np.shape(w)
    worth = grid("w", w, shape)
    if not bool(np.all((worth >= 0.0) & (worth <= 1.0))):
        raise InputFaults.one("w", "probabilities 0..1", f"{worth.min()}..{worth.max()}")
    f = np.ascontiguousarray(available, dtype=np.float64)
    if f.ndim != 1 or not bool(np.all((f >= 0.0) & (f <= 1.0))):
        raise InputFaults.one("available", "probabilities 0..1, (n_asset,)", f"shape {f.shape}, {f}")
    view, lines = sensors
    check_routes(routes, worth.size)
    check_view(view, worth.size, f.size)
    check_lines(lines, f.size)
    offset_m, chainage_m = grid("offset_m", placing[0], shape), grid("chainage_m", placing[1], shape)
    low_m = float(lines.offset_m.min(initial=np.inf))
    high_m = float(lines.offset_m.max(initial=-np.inf))
    sensing = Sensing(view, lines, f, offset_m.ravel(), chainage_m.ravel(), low_m, high_m)
    return sensing, np.asarray(worth_along(routes, worth.ravel(), w_never_rises))
