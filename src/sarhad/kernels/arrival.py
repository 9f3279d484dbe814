"""What arrivals make of one stretch over time: the sets that stand, for how long, and what they are worth.

k bits (items or bundles of them) start to work on days that differ from draw to draw; `worth` (2^k,) is the
P_t of every subset. In each draw the sets form a chain, so that integrals over time are finite sums:

    protected km-days = length  sum_j ( t_{j+1} - t_j ) worth(S_j)

*Share* of an item is its Shapley value: what it adds to the set that stands, averaged over all orders in
which the set could have come. Shares of a set add up to what the set is worth more than nothing. Where worth
is submodular: loss if it never came <= share <= worth alone.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

FloatArray = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]


class Clock(NamedTuple):
    """`at_day` (date,) rising, the days on which to look; days count from 0 to `until_day`."""

    at_day: FloatArray
    until_day: float


class Totals(NamedTuple):
    """Sums over stretches, grown in place: (draw, date) kilometres, and (draw,) protected km-days.

    `protected_km` weighs length by worth; `closed_km` counts where worth > `closed_above`, `open_km` where
    worth < `open_below`, as set in `limits` = (closed_above, open_below).
    """

    protected_km: FloatArray
    closed_km: FloatArray
    open_km: FloatArray
    km_days: FloatArray
    limits: tuple[float, float]


@njit(cache=True, nogil=True)
def _sort(day: FloatArray, order: I64) -> None:
    """Order bits by day, ties by bit, by insertion: there are few."""
    for j in range(day.size):
        i = j
        while i > 0 and day[order[i - 1]] > day[j]:
            order[i] = order[i - 1]
            i -= 1
        order[i] = j


@njit(cache=True, nogil=True)
def _sooner(
    day: FloatArray, order: I64, mask: I64, j: int, new_day: float, until_day: float, worth: FloatArray
) -> float:
    """Return the worth-days gained if the bit at place j of the order came on `new_day` already."""
    bit = 1 << order[j]
    upper, gained = min(day[order[j]], until_day), 0.0
    for p in range(j, -1, -1):
        lower = max(new_day, day[order[p - 1]] if p > 0 else 0.0, 0.0)
        if upper > lower:
            gained += (upper - lower) * (worth[mask[p] | bit] - worth[mask[p]])
            upper = lower
        if p > 0 and day[order[p - 1]] <= new_day:
            break
    return gained


@njit(cache=True, nogil=True)
def follow(
    day: FloatArray, new_day: FloatArray, clock: Clock, worth: FloatArray, length_km: float, totals: Totals
) -> tuple[I64, FloatArray, FloatArray]:
    """Follow one stretch through all draws; `day`, `new_day` (draw, bit) with new_day <= day.

    Adds to `totals`. Returns `count` (date, set): in how many draws a set stands; `spent` (set,): mean days
    for which it stands; `gained` (draw, bit): km-days if the bit alone came on its new day.
    """
    n_draw, n_bit = day.shape
    n_date = clock.at_day.size
    count, spent = np.zeros((n_date, 1 << n_bit), np.int64), np.zeros(1 << n_bit)
    gained = np.zeros((n_draw, n_bit))
    order, mask = np.empty(n_bit, np.int64), np.zeros(n_bit + 1, np.int64)
    for draw in range(n_draw):
        _sort(day[draw], order)
        here, date = 0.0, 0
        for j in range(n_bit + 1):
            until = day[draw, order[j]] if j < n_bit else np.inf
            held = mask[j]
            while date < n_date and clock.at_day[date] < until:
                count[date, held] += 1
                totals.protected_km[draw, date] += length_km * worth[held]
                totals.closed_km[draw, date] += length_km * (worth[held] > totals.limits[0])
                totals.open_km[draw, date] += length_km * (worth[held] < totals.limits[1])
                date += 1
            end = min(until, clock.until_day)
            if end > here:
                spent[held] += (end - here) / n_draw
                totals.km_days[draw] += length_km * (end - here) * worth[held]
                here = end
            if j < n_bit:
                mask[j + 1] = held | (1 << order[j])
        for j in range(n_bit):
            sooner = new_day[draw, order[j]]
            if sooner < min(day[draw, order[j]], clock.until_day):
                days = _sooner(day[draw], order, mask, j, sooner, clock.until_day, worth)
                gained[draw, order[j]] = length_km * days
    return count, spent, gained


@njit(cache=True, nogil=True)
def quantiles(count: I64, value: FloatArray, share: FloatArray) -> FloatArray:
    """Return (date, share): the least value that a share of the draws does not exceed; NaN where value is.

    `count` (date, set) draws, `value` (set,), `share` (n,) in 0..1.
    """
    found = np.full((count.shape[0], share.size), np.nan)
    if np.isnan(value).any():
        return found
    order = np.argsort(value)
    for date in range(count.shape[0]):
        total = count[date].sum()
        for p in range(share.size):
            needed, so_far = share[p] * total * (1.0 - 1e-12), 0
            for s in order:
                so_far += count[date, s]
                if so_far > 0 and so_far >= needed:
                    found[date, p] = value[s]
                    break
    return found


@njit(cache=True, nogil=True)
def shares(spent: FloatArray, worth: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return by bit the worth-days of its share, and those lost if it never came; both (bit,).

    `spent` (set,) days for which each set stands. Σ share = Σ spent (worth(S) - worth(nothing)).
    """
    n_bit = 0
    while 1 << n_bit < worth.size:
        n_bit += 1
    share, loss = np.zeros(n_bit), np.zeros(n_bit)
    part = np.empty((n_bit + 1, n_bit + 1))
    for size in range(1, n_bit + 1):  # part[size, t] = t! (size - t - 1)! / size!
        part[size, 0] = 1.0 / size
        for t in range(1, size):
            part[size, t] = part[size, t - 1] * t / (size - t)
    n_of = np.zeros(worth.size, np.int64)
    for s in range(1, worth.size):
        n_of[s] = n_of[s >> 1] + (s & 1)
    for whole in range(1, worth.size):
        if spent[whole] == 0.0:
            continue
        for bit in range(n_bit):
            if whole >> bit & 1:
                loss[bit] += spent[whole] * (worth[whole] - worth[whole ^ (1 << bit)])
        some = whole
        while some > 0:  # every subset but the whole itself
            some = (some - 1) & whole
            days = spent[whole] * part[n_of[whole], n_of[some]]
            for bit in range(n_bit):
                if (whole & ~some) >> bit & 1:
                    share[bit] += days * (worth[some | (1 << bit)] - worth[some])
    return share, loss
