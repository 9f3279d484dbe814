"""Buying columns of a pool under limits: lazy greedy choice, and the local moves of a swap search.

Greedy takes, time and again, the affordable column with the largest gain, or gain per price. For a monotone
submodular F under one budget the better of the two rules is worth at least (1 − 1/e)/2 of the optimum,
and 1 − 1/e where all prices are equal (Nemhauser et al. 1978; Khuller, Moss, Naor 1999). *Lazy*: a gain
can only fall, so an old gain is an upper bound and most columns are never evaluated again (Minoux 1978).
Terms with several routes break that; columns that touch a changed one are evaluated again at once.

Limits are money, crew, stock per type and items per site; an order of purchase that fits at its end fits
at every step. A limit counts as kept within a relative 1e-9, so that sums of prices that meet it exactly do.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from sarhad.kernels.cover import (
    F64,
    I32,
    I64,
    Pool,
    State,
    gain,
    gains,
    state_of,
    total,
    under_cap,
)
from sarhad.kernels.upkeep import change, neighbours, refresh

MONEY, CREW, SHARED = 0, 1, 2
"""Rows of a use vector: money, crew, then the stock of each type, then each site."""

SLACK = 1e-9


class Limits(NamedTuple):
    """What columns take and what there is.

    (column,): `cost_usd`, `crew_n`, `stock_use` of one item, `type_index`, `site` (−1: none), `n_max`.
    `money_usd`, `crew_limit_n`, `stock` (type,) may be inf; `site_limit` (site,) items, −1 for none.
    """

    cost_usd: F64
    crew_n: F64
    stock_use: F64
    type_index: I32
    site: I32
    n_max: I64
    money_usd: float
    crew_limit_n: float
    stock: F64
    site_limit: I64


class Work(NamedTuple):
    """A plan in hand, changed in place: `bought` and `gain` (column,), `used` (limit,), state, scratch."""

    bought: I64
    gain: F64
    used: F64
    state: State
    mark: I64
    found: I32


@njit(cache=True, nogil=True)
def limit_vector(limits: Limits) -> F64:
    """Return what there is of each use row, inf where nothing limits, with the slack added."""
    n_type = len(limits.stock)
    out = np.empty(SHARED + n_type + len(limits.site_limit))
    out[MONEY], out[CREW] = limits.money_usd, limits.crew_limit_n
    out[SHARED : SHARED + n_type] = limits.stock
    for s in range(len(limits.site_limit)):
        out[SHARED + n_type + s] = limits.site_limit[s] if limits.site_limit[s] >= 0 else np.inf
    return out * (1.0 + SLACK)


@njit(cache=True, nogil=True)
def use_rows(limits: Limits, a: int) -> tuple[int, int, int, int]:
    """Return the use rows of column `a`: money, crew, its type's stock, its site (−1: none)."""
    site = limits.site[a]
    return MONEY, CREW, SHARED + limits.type_index[a], SHARED + len(limits.stock) + site if site >= 0 else -1


@njit(cache=True, nogil=True)
def use_of(limits: Limits, a: int) -> tuple[float, float, float, float]:
    """Return what one item of column `a` takes of its use rows."""
    return limits.cost_usd[a], limits.crew_n[a], limits.stock_use[a], 1.0


@njit(cache=True, nogil=True)
def used_by(limits: Limits, count: I64) -> F64:
    """Return what counts (column,) take of each use row."""
    out = np.zeros(SHARED + len(limits.stock) + len(limits.site_limit))
    for a in range(len(count)):
        if count[a] > 0:
            rows, use = use_rows(limits, a), use_of(limits, a)
            for i in range(4):
                if rows[i] >= 0:
                    out[rows[i]] += count[a] * use[i]
    return out


@njit(cache=True, nogil=True)
def fits(limits: Limits, there: F64, used: F64, count: I64, a: int) -> bool:
    """Whether one more item of column `a` keeps every limit."""
    if count[a] >= limits.n_max[a]:
        return False
    rows, use = use_rows(limits, a), use_of(limits, a)
    for i in range(4):
        if rows[i] >= 0 and use[i] > 0 and used[rows[i]] + use[i] > there[rows[i]]:
            return False
    return True


@njit(cache=True, nogil=True)
def fitting(limits: Limits, count: I64) -> NDArray[np.bool_]:
    """Return which columns can take one more item beside `count`, (column,)."""
    used, there = used_by(limits, count), limit_vector(limits)
    out = np.empty(len(count), np.bool_)
    for a in range(len(count)):
        out[a] = fits(limits, there, used, count, a)
    return out


@njit(cache=True, nogil=True)
def book(limits: Limits, used: F64, a: int, by: int) -> None:
    """Add `by` items of column `a` to `used`."""
    rows, use = use_rows(limits, a), use_of(limits, a)
    for i in range(4):
        if rows[i] >= 0:
            used[rows[i]] += by * use[i]


@njit(cache=True, nogil=True)
def lazy_picks(
    pool: Pool, limits: Limits, price: F64, start: I64, n_rank: int, floor: float
) -> tuple[I32, F64]:
    """Return (column, gain) of each purchase in order, from counts `start` on, until no gain > `floor` fits.

    Ties go to the lowest column. `price` (column,) > 0 divides gains.
    """
    count = start.copy()
    used, there = used_by(limits, count), limit_vector(limits)
    state = state_of(pool, count.astype(np.float64))
    best_gain = gains(pool, state)
    n_col = len(count)
    fresh, barred = np.ones(n_col, np.bool_), np.zeros(n_col, np.bool_)
    mark, found = np.zeros(n_col, np.int64), np.empty(n_col, np.int32)
    pick, worth = np.empty(n_rank, np.int32), np.empty(n_rank)
    n = 0
    while n < n_rank:
        best, score = -1, 0.0
        for a in range(n_col):
            if not barred[a] and best_gain[a] > floor and best_gain[a] / price[a] > score:
                best, score = a, best_gain[a] / price[a]
        if best < 0:
            break
        if not fits(limits, there, used, count, best):
            barred[best] = True
            continue
        if not fresh[best]:
            best_gain[best] = gain(pool, state, best)
            fresh[best] = True
            continue
        pick[n], worth[n] = best, best_gain[best]
        n += 1
        count[best] += 1
        book(limits, used, best, 1)
        refresh(pool, count, state, best)
        fresh[:] = False
        for i in range(neighbours(pool, best, True, mark, found)):
            best_gain[found[i]] = gain(pool, state, found[i])
            fresh[found[i]] = True
    return pick[:n].copy(), worth[:n].copy()


@njit(cache=True, nogil=True)
def work_of(pool: Pool, limits: Limits, count: I64) -> Work:
    """Return a plan in hand with the gains of all columns."""
    state = state_of(pool, count.astype(np.float64))
    n_col = len(count)
    used = used_by(limits, count)
    scratch = np.zeros(n_col, np.int64), np.empty(n_col, np.int32)
    return Work(count.copy(), gains(pool, state), used, state, scratch[0], scratch[1])


@njit(cache=True, nogil=True)
def shift(pool: Pool, limits: Limits, work: Work, a: int, by: int) -> None:
    """Add `by` items of column `a` to the plan in hand and bring all gains up to date."""
    book(limits, work.used, a, by)
    change(pool, work.bought, work.state, a, by, work.gain, (work.mark, work.found))


@njit(cache=True, nogil=True)
def loss(pool: Pool, state: State, a: int) -> float:
    """Return about what one item of column `a` is worth in F: exact but for rounding of miss / keep."""
    out, group, less = 0.0, -1, 0.0
    k, end = pool.col_start[a], pool.col_start[a + 1]
    while k < end:
        j = pool.route_term[pool.col_route[k]]
        if pool.term_group[j] != group:
            out -= under_cap(pool, state, group, -less)
            group, less = pool.term_group[j], 0.0
        low = state.term[j]
        while k < end and pool.route_term[pool.col_route[k]] == j:
            r, keep = pool.col_route[k], pool.col_keep[k]
            miss = min(1.0, state.miss[r] / keep) if keep > 0 else np.exp(-pool.base_theta[r])
            low = min(low, pool.cap[r], 1.0 - miss)
            k += 1
        less += pool.term_weight[j] * (state.term[j] - low)
    last_group: float = under_cap(pool, state, group, -less)
    return out - last_group


@njit(cache=True, nogil=True)
def best_fitting(limits: Limits, there: F64, work: Work, price: F64, skip: int, floor: float) -> int:
    """Return the column with the largest gain per price, gain > `floor`, that still fits; −1 for none.

    Never `skip`.
    """
    best, score = -1, 0.0
    left_usd = there[MONEY] - work.used[MONEY]
    for a in range(len(work.bought)):
        rate = work.gain[a] / price[a]
        if a == skip or work.gain[a] <= floor or rate <= score or limits.cost_usd[a] > left_usd:
            continue
        if fits(limits, there, work.used, work.bought, a):
            best, score = a, rate
    return best


@njit(cache=True, nogil=True)
def _relief(limits: Limits, there: F64, used: F64, b: int) -> float:
    """Share of what is overdrawn that one item of `b` gives back."""
    rows, use = use_rows(limits, b), use_of(limits, b)
    out = 0.0
    for i in range(4):
        if rows[i] >= 0 and used[rows[i]] > there[rows[i]]:
            over = used[rows[i]] - there[rows[i]]
            out += min(use[i], over) / over
    return out


@njit(cache=True, nogil=True)
def _least_missed(pool: Pool, limits: Limits, there: F64, work: Work, keep: int) -> int:
    """Return the item bought that is worth least per room it gives back, never column `keep`; −1 for none."""
    best, score = -1, np.inf
    for b in range(len(work.bought)):
        if work.bought[b] > 0 and b != keep:
            relief = _relief(limits, there, work.used, b)
            worth = loss(pool, work.state, b) / relief if relief > 0 else np.inf
            if worth < score:
                best, score = b, worth
    return best


@njit(cache=True, nogil=True)
def attempt(
    pool: Pool, limits: Limits, work: Work, price: F64, move: int, moves: I32, floor: float
) -> tuple[float, int]:
    """Return (F, n moves) of one `move` with its consequences; `work` is left as it was, `moves` says how.

    move = a: one more of column a, then what is worth least goes until the limits hold. move = −a − 1: one
    item of a less. move = n_col: neither. In the end the room is filled greedily (after a drop, with
    other columns; nothing that gains `floor` or less), so that drops, swaps, one for several and several for
    one are all covered.
    F is −1 where no such plan fits. Entries of `moves` read like `move`.
    """
    n_col = len(work.bought)
    kept = (work.gain.copy(), work.used.copy())
    there = limit_vector(limits)
    n, next_move, over = 0, move, True
    while over and n < len(moves):
        if next_move < n_col:
            shift(pool, limits, work, max(next_move, -next_move - 1), 1 if next_move >= 0 else -1)
            moves[n] = next_move
            n += 1
        over = bool(np.any(work.used > there))
        if over:
            b = _least_missed(pool, limits, there, work, move)
            if b < 0:
                break
            next_move = -b - 1
    worth = -1.0
    if not over:
        while n < len(moves):
            best = best_fitting(limits, there, work, price, -move - 1, floor)
            if best < 0:
                break
            shift(pool, limits, work, best, 1)
            moves[n] = best
            n += 1
        worth = total(pool, work.state.term)
    for i in range(n - 1, -1, -1):
        a = max(moves[i], -moves[i] - 1)
        work.bought[a] += -1 if moves[i] >= 0 else 1
        refresh(pool, work.bought, work.state, a)
    work.gain[:], work.used[:] = kept[0], kept[1]
    return worth, n
