"""Monte Carlo of a network of activities: forward pass, driving chain, criticality and cruciality.

    ready_i  = max( earliest_i, finish of all before i )
    start_i  = ready_i + lag_i
    finish_i = the first time by which d_i B_f(i) days of open time have passed since start_i
    total    = max finish over the goals

d_i is drawn from its own distribution, B_f from the factor that it shares with others: B = exp(s z - s^2/2),
mean 1, the same for all of its activities in a draw. A distribution is its quantile function, tabled at
`N_CELL` + 1 equal steps of probability and read in between by straight lines: the distribution function is
exact at every step and off by at most 6e-4 between. An activity under way since `elapsed_i` days is drawn on
condition that it has lasted so long; where it has outlasted all that was thought possible, the estimate is
spent and the rest is drawn anew.

    criticality_i = share of draws in which i is on the driving chain: back from the goal that finishes last,
                    every predecessor whose finish is the successor's ready time (equal to zero total float
                    where nothing is ever closed)
    cruciality_i  = correlation of the length of i with total       (Williams 1992, *J. Opl Res. Soc.* 43(4))

Every draw is a hash of seed, draw number and the activity's own key (finalizer of SplitMix64: Steele, Lea and
Flood 2014), so it depends neither on the order of work nor on what else the network holds: draws may be cut
into chunks for threads, and two networks are compared on common random numbers.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit
from scipy.special import betaincinv

from sarhad.errors import Fault, InputFaults

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
U64 = npt.NDArray[np.uint64]
Mask = npt.NDArray[np.bool_]

N_CELL = 1024
CHUNK = 1024
"""Draws that are summed together, whatever the number of threads."""
_BATCH = 64


class NetworkArrays(NamedTuple):
    """A network in topological order: what comes before stands before.

    `before` (edge,) lists predecessors, those of i at before_at[i] : before_at[i + 1]. `fixed` is the finish
    of what is done, NaN otherwise. `quantile` (shape, N_CELL + 1) rises from 0 to 1. `factor` is -1 for none,
    `calendar` too; the closed times of calendar c are rows closed_at[c] : closed_at[c + 1] of `closed`
    (from, until, days closed before it), ascending and apart. Times in days from the start of the network.
    """

    before_at: I64
    before: I64
    low_days: F64
    range_days: F64
    shape: I64
    quantile: F64
    key: U64
    factor: I64
    factor_key: U64
    factor_sigma: F64
    earliest_days: F64
    lag_days: F64
    elapsed_days: F64
    fixed_days: F64
    calendar: I64
    closed_at: I64
    closed: F64
    is_goal: Mask


class Draws(NamedTuple):
    """What draws give: `finish_days` (draw, kept), `total_days` (draw), and sums over the draws by activity.

    `n_critical` counts; `sums` (activity, 3) are of x, x^2 and x y, `total_sums` (2) of y and y^2, with x and
    y the length and the total, both measured from fixed numbers near their means.
    """

    finish_days: F64
    total_days: F64
    n_critical: I64
    sums: F64
    total_sums: F64


@lru_cache(maxsize=4096)
def quantile_of(mode_share: float, *, is_pert: bool) -> F64:
    """Return the quantiles (N_CELL + 1) of a distribution on 0..1: PERT-beta, or triangular.

    F^-1(p) of the triangular is sqrt(p m) up to p = m, then 1 - sqrt((1 - p)(1 - m)).
    """
    p = np.linspace(0.0, 1.0, N_CELL + 1)
    if is_pert:
        found = betaincinv(1.0 + 4.0 * mode_share, 5.0 - 4.0 * mode_share, p)
    else:
        found = np.where(p < mode_share, np.sqrt(p * mode_share), 1 - np.sqrt((1 - p) * (1 - mode_share)))
    quantile = np.maximum.accumulate(np.asarray(found, dtype=np.float64))
    quantile.setflags(write=False)
    return quantile


@njit(cache=True, nogil=True)
def _mixed(bits: np.uint64) -> np.uint64:
    """SplitMix64's finalizer."""
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))


@njit(cache=True, nogil=True)
def _uniform(draw_key: np.uint64, key: np.uint64) -> float:
    """Return a number in (0, 1) that is a function of the draw and of who asks."""
    bits = np.int64(_mixed(draw_key + key) >> np.uint64(12))  # signed: faster to make a float of
    return (float(bits) + 0.5) * 2.0**-52


@njit(cache=True, nogil=True)
def _draw_key(seed: np.uint64, draw: int) -> np.uint64:
    gamma = np.uint64(0x9E3779B97F4A7C15)
    return np.uint64(_mixed(_mixed(seed + gamma) + (np.uint64(draw) + np.uint64(1)) * gamma))


@njit(cache=True, nogil=True)
def _factor(draw_key: np.uint64, key: np.uint64, sigma: float) -> float:
    """Return a lognormal of mean 1 (Box and Muller 1958)."""
    if sigma == 0.0:
        return 1.0
    u = _uniform(draw_key, key)
    v = _uniform(draw_key, _mixed(key))
    z = math.sqrt(-2.0 * math.log(u)) * math.cos(2.0 * math.pi * v)
    return math.exp(sigma * z - 0.5 * sigma * sigma)


@njit(cache=True, nogil=True)
def _read(quantile: F64, u: float) -> float:
    """Return the quantile at u by a straight line between its neighbours."""
    at = u * (quantile.size - 1)
    k = min(int(at), quantile.size - 2)
    return float(quantile[k] + (at - k) * (quantile[k + 1] - quantile[k]))


@njit(cache=True, nogil=True)
def _share_below(quantile: F64, x: float) -> float:
    """Return the probability of less than x: the inverse of `_read`."""
    if x <= quantile[0]:
        return 0.0
    if x >= quantile[-1]:
        return 1.0
    k = np.searchsorted(quantile, x, side="right") - 1
    step = quantile[k + 1] - quantile[k]
    return float(k + (x - quantile[k]) / step) / (quantile.size - 1)


@njit(cache=True, nogil=True)
def _left(low: float, range_days: float, quantile: F64, u: float, factor: float, elapsed: float) -> float:
    """Return the days of work left of an activity under way, given its uniform number and its factor."""
    passed = elapsed / factor
    below = 0.0 if passed < low else 1.0
    if range_days > 0.0:
        below = _share_below(quantile, (passed - low) / range_days)
    if below >= 1.0:  # the estimate is spent
        return float(factor * (low + range_days * _read(quantile, u)))
    whole = factor * (low + range_days * _read(quantile, below + u * (1.0 - below)))
    return float(max(0.0, whole - elapsed))


@njit(cache=True, nogil=True)
def _draw(net: NetworkArrays, seed: np.uint64, first: int, length: F64) -> None:
    """Fill the days of work still to do (activity, column) of the draws first, first + 1, .."""
    n_column = length.shape[1]
    keys = np.empty(n_column, np.uint64)
    factor = np.ones((net.factor_key.size + 1, n_column))  # the last row is that of no factor
    for b in range(n_column):
        keys[b] = _draw_key(seed, first + b)
        for f in range(net.factor_key.size):
            factor[f, b] = _factor(keys[b], net.factor_key[f], net.factor_sigma[f])
    for i in range(net.key.size):
        low, range_days, elapsed = net.low_days[i], net.range_days[i], net.elapsed_days[i]
        quantile, key, shared, row = net.quantile[net.shape[i]], net.key[i], factor[net.factor[i]], length[i]
        if not math.isnan(net.fixed_days[i]):
            row[:] = 0.0
        elif elapsed > 0.0:
            for b in range(n_column):
                row[b] = _left(low, range_days, quantile, _uniform(keys[b], key), shared[b], elapsed)
        else:
            for b in range(n_column):
                row[b] = shared[b] * (low + range_days * _read(quantile, _uniform(keys[b], key)))


@njit(cache=True, nogil=True)
def after_work(closed: F64, start: float, work: float) -> float:
    """Return the first time by which `work` days of open time have passed since `start`."""
    if work <= 0.0 or closed.shape[0] == 0:
        return start + work
    k = np.searchsorted(closed[:, 0], start, side="right")
    shut = 0.0
    if k > 0:
        shut = closed[k - 1, 2] + min(closed[k - 1, 1], start) - closed[k - 1, 0]
    target = start - shut + work
    while k < closed.shape[0] and closed[k, 0] - closed[k, 2] < target:
        k += 1
    shut = closed[k - 1, 2] + closed[k - 1, 1] - closed[k - 1, 0] if k > 0 else 0.0
    return float(max(start, target + shut))


@njit(cache=True, nogil=True)
def _forward(net: NetworkArrays, length: F64, ready: F64, finish: F64) -> None:
    """Fill ready and finish (activity, column) for lengths (activity, column).

    Activity by activity, all columns of one at a time: rows stay in the cache and loops run in step.
    """
    n_column = length.shape[1]
    for i in range(net.key.size):
        if not math.isnan(net.fixed_days[i]):
            ready[i, :] = net.fixed_days[i]
            finish[i, :] = net.fixed_days[i]
            continue
        ready[i, :] = net.earliest_days[i]
        for e in range(net.before_at[i], net.before_at[i + 1]):
            p = net.before[e]
            for b in range(n_column):
                ready[i, b] = max(ready[i, b], finish[p, b])
        c, lag = net.calendar[i], net.lag_days[i]
        if c < 0:
            for b in range(n_column):
                finish[i, b] = ready[i, b] + lag + length[i, b]
        else:
            closed = net.closed[net.closed_at[c] : net.closed_at[c + 1]]
            for b in range(n_column):
                finish[i, b] = after_work(closed, ready[i, b] + lag, length[i, b])


@njit(cache=True, nogil=True)
def _count_critical(
    net: NetworkArrays, ready: F64, finish: F64, total: F64, critical: Mask, count: I64
) -> None:
    """Count by activity the columns in which it is on the driving chain; `critical` is room to work in."""
    for i in range(net.key.size - 1, -1, -1):
        if net.is_goal[i]:
            for b in range(total.size):
                critical[i, b] |= finish[i, b] == total[b]
        n = 0
        for b in range(total.size):
            n += critical[i, b]
        count[i] += n
        if n == 0 or not math.isnan(net.fixed_days[i]):
            continue
        for e in range(net.before_at[i], net.before_at[i + 1]):
            p = net.before[e]
            for b in range(total.size):
                critical[p, b] |= critical[i, b] & (finish[p, b] == ready[i, b])


@njit(cache=True, nogil=True)
def _run(
    net: NetworkArrays, seed: np.uint64, first: int, kept: I64, near: F64, near_total: float, out: Draws
) -> None:
    """Fill `out` with the draws first, first + 1, .. in batches that stay in the processor's cache."""
    n, n_draw = net.key.size, out.total_days.size
    length_all, ready_all = np.empty((n, _BATCH)), np.empty((n, _BATCH))
    finish_all = np.empty((n, _BATCH))
    for begin in range(0, n_draw, _BATCH):
        width = min(_BATCH, n_draw - begin)
        length, ready, finish = length_all[:, :width], ready_all[:, :width], finish_all[:, :width]
        _draw(net, seed, first + begin, length)
        _forward(net, length, ready, finish)
        total = out.total_days[begin : begin + width]
        total[:] = -np.inf
        for i in range(n):
            if net.is_goal[i]:
                for b in range(width):
                    total[b] = max(total[b], finish[i, b])
        _count_critical(net, ready, finish, total, np.zeros((n, width), np.bool_), out.n_critical)
        for b in range(width):
            y = total[b] - near_total
            out.total_sums[0] += y
            out.total_sums[1] += y * y
            for k in range(kept.size):
                out.finish_days[begin + b, k] = finish[kept[k], b]
        for i in range(n):
            for b in range(width):
                x = length[i, b] - near[i]
                out.sums[i, 0] += x
                out.sums[i, 1] += x * x
                out.sums[i, 2] += x * (total[b] - near_total)


def simulate(
    net: NetworkArrays, *, seed: int, first_draw: int, n_draws: int, kept: I64, near: tuple[F64, float]
) -> Draws:
    """Return the draws first_draw, first_draw + 1, .. of a network; releases the interpreter's lock.

    `kept` are the activities whose finish is returned by draw; `near` is (length by activity, total), both
    near their means, from which the sums are measured. Raises InputFaults.
    """
    faults = [
        Fault(name, "", 0, "", expected, str(value))
        for name, value, expected, is_good in (
            ("seed", seed, "0 <= seed < 2**64", 0 <= seed < 2**64),
            ("first_draw", first_draw, "0 or more", first_draw >= 0),
            ("n_draws", n_draws, "1 or more", n_draws >= 1),
            ("is_goal", int(net.is_goal.sum()), "at least one goal", bool(net.is_goal.any())),
        )
        if not is_good
    ]
    if faults:
        raise InputFaults(faults)
    n = net.key.size
    out = Draws(
        np.empty((n_draws, kept.size)),
        np.empty(n_draws),
        np.zeros(n, np.int64),
        np.zeros((n, 3)),
        np.zeros(2),
    )
    _run(net, np.uint64(seed), first_draw, kept, near[0], float(near[1]), out)
    return out


def draw_lengths(net: NetworkArrays, *, seed: int, first_draw: int, n_draws: int) -> F64:
    """Return the days of work still to do (draw, activity), the very ones that `simulate` uses."""
    length = np.empty((net.key.size, n_draws))
    _draw(net, np.uint64(seed), first_draw, length)
    return length.T


def open_days(closed: F64, from_days: float, until_days: float) -> float:
    """Return the days between two times in which nothing is closed; `closed` as in `NetworkArrays`."""
    shut = np.minimum(closed[:, 1], until_days) - np.maximum(closed[:, 0], from_days)
    return float(until_days - from_days - np.maximum(shut, 0.0).sum())


def finish_by_definition(net: NetworkArrays, length_days: F64) -> tuple[F64, F64]:
    """Return ready and finish (activity) for lengths (activity), as the head of this file has it: slowly."""
    n = len(length_days)
    ready, finish = np.empty(n), np.empty(n)
    for i in range(n):
        if not math.isnan(net.fixed_days[i]):
            ready[i] = finish[i] = net.fixed_days[i]
            continue
        before = net.before[net.before_at[i] : net.before_at[i + 1]]
        ready[i] = max([net.earliest_days[i], *finish[before].tolist()])
        at, left = ready[i] + net.lag_days[i], float(length_days[i])
        c = int(net.calendar[i])
        for begin, end, _ in net.closed[net.closed_at[c] : net.closed_at[c + 1]] if c >= 0 else ():
            if left <= 0.0 or end <= at:
                continue
            if at + left <= begin:
                break
            left -= max(0.0, begin - at)
            at = end
        finish[i] = at + left
    return ready, finish
