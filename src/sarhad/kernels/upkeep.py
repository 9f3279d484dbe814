"""Keeping a plan in hand true while it changes: routes, terms, and the gain of one more item of each column.

A term's worth rises only where its lowest route r* does: the columns that can gain on it are those of a row:

    gain_a = Σ_j weight_j max( 0, min_r v_r(y + a) − v_r*(y) )        a in row r* of term j

and a change of column b alters the summands of the terms that b touches, no others. They are taken off before
and put on again after: a pass along a few rows in place of the gains of all columns nearby. What is taken off
and put on is rounded, so gains are true to about 1e-15 of F, and 0 to that. A group's cap ties all its terms
together: there the gains of all columns nearby are worked out anew.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from sarhad.kernels.cover import F64, I32, I64, Pool, State, gain, group_sum, lowest


@njit(cache=True, nogil=True)
def refresh(pool: Pool, count: I64, state: State, a: int) -> None:
    """Bring routes and terms of column `a` up to `count`.

    Sums run over the whole row, so a state depends on the counts only, never on the path to them.
    """
    last, group = -1, -1
    for k in range(pool.col_start[a], pool.col_start[a + 1]):
        r = pool.col_route[k]
        theta = pool.base_theta[r]
        for i in range(pool.row_start[r], pool.row_start[r + 1]):
            theta += pool.row_theta[i] * count[pool.row_col[i]]
        state.miss[r] = np.exp(-theta)
    for k in range(pool.col_start[a], pool.col_start[a + 1]):
        j = pool.route_term[pool.col_route[k]]
        if j != last:
            state.term[j] = lowest(pool, state.miss, j)[0]
            last = j
    for k in range(pool.col_start[a], pool.col_start[a + 1]):
        g = pool.term_group[pool.route_term[pool.col_route[k]]]
        if g != group and pool.group_cap[g] < np.inf:
            state.group[g] = group_sum(pool, state.term, g)
        group = g


@njit(cache=True, nogil=True)
def neighbours(pool: Pool, a: int, shared_only: bool, mark: I64, found: I32) -> int:
    """List in `found` the columns whose gain a change of column `a` touches; `mark` (column,) is scratch.

    `shared_only` looks at terms with several routes alone: elsewhere gains can only fall. Under a cap all
    terms of a group count. Returns how many were found, `a` included.
    """
    mark[:] = 0
    n, last, last_group = 0, -1, -1
    for k in range(pool.col_start[a], pool.col_start[a + 1]):
        j = pool.route_term[pool.col_route[k]]
        g = pool.term_group[j]
        first, end = pool.term_start[j], pool.term_start[j + 1]
        if j == last or (shared_only and end - first == 1):
            continue
        last = j
        if not shared_only and pool.group_cap[g] < np.inf:  # then its terms follow one another
            if g == last_group:
                continue
            last_group = g
            first = pool.term_start[pool.group_term[pool.group_start[g]]]
            end = pool.term_start[pool.group_term[pool.group_start[g + 1] - 1] + 1]
        for i in range(pool.row_start[first], pool.row_start[end]):
            b = pool.row_col[i]
            if mark[b] == 0:
                mark[b] = 1
                found[n] = b
                n += 1
    return n


@njit(cache=True, nogil=True)
def change(
    pool: Pool, count: I64, state: State, a: int, by: int, gain_of: F64, scratch: tuple[I64, I32]
) -> None:
    """Add `by` items of column `a` to `count` and bring the state and the gains (column,) up to date."""
    is_capped = False
    for k in range(pool.col_start[a], pool.col_start[a + 1]):
        is_capped |= pool.group_cap[pool.term_group[pool.route_term[pool.col_route[k]]]] < np.inf
    if not is_capped:
        _give(pool, state, a, -1.0, gain_of)
    count[a] += by
    refresh(pool, count, state, a)
    if not is_capped:
        _give(pool, state, a, 1.0, gain_of)
        return
    for i in range(neighbours(pool, a, False, scratch[0], scratch[1])):
        gain_of[scratch[1][i]] = gain(pool, state, scratch[1][i])


@njit(cache=True, nogil=True)
def _give(pool: Pool, state: State, a: int, sign: float, gain_of: F64) -> None:
    """Add to the gains, times `sign`, what one more item of each column adds to the terms of column `a`."""
    last = -1
    for k in range(pool.col_start[a], pool.col_start[a + 1]):
        j = pool.route_term[pool.col_route[k]]
        if j == last or pool.term_weight[j] == 0.0:
            continue
        last = j
        low, at = lowest(pool, state.miss, j)
        if low >= pool.cap[at]:
            continue
        weight, miss, cap = sign * pool.term_weight[j], state.miss[at], pool.cap[at]
        others = _lowest_beside(pool, state, j, at)
        for i in range(pool.row_start[at], pool.row_start[at + 1]):
            new = min(cap, 1.0 - miss * np.exp(-pool.row_theta[i]))
            if new > others:
                new = min(new, _others_with(pool, state, j, at, pool.row_col[i], new))
            if new > low:
                gain_of[pool.row_col[i]] += weight * (new - low)


@njit(cache=True, nogil=True)
def _lowest_beside(pool: Pool, state: State, j: int, at: int) -> float:
    """Return the lowest value of the routes of term `j` beside route `at`; inf where there is none."""
    low = np.inf
    for r in range(pool.term_start[j], pool.term_start[j + 1]):
        if r != at:
            low = min(low, pool.cap[r], 1.0 - state.miss[r])
    return low


@njit(cache=True, nogil=True)
def _others_with(pool: Pool, state: State, j: int, at: int, a: int, enough: float) -> float:
    """Return the lowest value of the routes beside `at` with one more of column `a`; at most `enough`."""
    low = enough
    for r in range(pool.term_start[j], pool.term_start[j + 1]):
        if r != at and min(pool.cap[r], 1.0 - state.miss[r]) < low:
            first, end = pool.row_start[r], pool.row_start[r + 1]
            i = first + np.searchsorted(pool.row_col[first:end], a)
            keep = np.exp(-pool.row_theta[i]) if i < end and pool.row_col[i] == a else 1.0
            low = min(low, pool.cap[r], 1.0 - state.miss[r] * keep)
    return low
