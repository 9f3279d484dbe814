"""Lifted tangents: linear bounds on the coverage of a pool that hold for all whole counts.

F (kernels.cover) is concave on relaxed counts, so its tangents bound it; on whole counts lower ones do too.
With c(u) = exp(−u) (1 + u), for every u >= 0 and all whole counts y

    exp(−Σ_a θ_a y_a) >= c(u) − Σ_a α_a y_a,     α_a = θ_a exp(−u) if θ_a <= u, else c(u) − exp(−θ_a)

Without items θ_a > u this is the tangent of exp at u. With n > 0 of them, left minus right rises with each
of their θ and with every small item added, so it is least where all equal u and no small one is there:
e^{−nu} − e^{−u} (1 − (n−1) u) >= 0. The best u at a relaxed y is the largest root of u = Σ_a y_a min(θ_a, u).
The relaxation so defined is concave, equals F on whole counts and lies below that of plain tangents, which
pays a third of a camera more than a third of its worth. θ above what reaches the cap is cut to that.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from sarhad.kernels.cover import F64, I32, I64, Pool


class Supergradient(NamedTuple):
    """Tangent of each group at y: F_g(z) <= value_g + Σ_k coef_k (z − y)[col_k], k from start_g to start_g+1.

    F_g is the sum of its terms before any cap of the group. `value`, (group,); `start`, (group + 1,); `col`,
    `coef`: the sparse slopes, all >= 0.
    """

    value: F64
    start: I64
    col: I32
    coef: F64


def group_tops(pool: Pool) -> F64:
    """Return what each group is worth with every route at its cap, within its own cap, (group,)."""
    top = pool.term_weight * np.minimum.reduceat(pool.cap, pool.term_start[:-1])
    there = np.bincount(pool.term_group, weights=top, minlength=pool.n_group)
    return np.minimum(there, pool.group_cap).astype(np.float64)


@njit(cache=True, nogil=True)
def knee(pool: Pool, r: int, y: F64, most: float) -> float:
    """Return the largest u = Σ_a y_a min(theta_ra, most, u): there the lifted tangent is lowest at `y`.

    Newton from the right on a concave piecewise linear function: exact after a few passes over the row.
    """
    u = np.inf
    for _ in range(64):
        small, n_large = 0.0, 0.0
        for k in range(pool.row_start[r], pool.row_start[r + 1]):
            theta = min(pool.row_theta[k], most)
            if theta <= u:
                small += theta * y[pool.row_col[k]]
            else:
                n_large += y[pool.row_col[k]]
        if n_large >= 1.0:
            break
        new = small / (1.0 - n_large)
        if new >= u:
            break
        u = new
    return u


@njit(cache=True, nogil=True)
def lifted(pool: Pool, r: int, y: F64) -> tuple[float, float, float]:
    """Return (value, u, most): the lifted relaxation of route r at `y`, its knee and where its cap begins."""
    out = 1.0 - pool.cap[r]
    most = max(0.0, -np.log(out) - pool.base_theta[r]) if out > 0 else np.inf
    u = knee(pool, r, y, most)
    miss = np.exp(-u) * (1.0 + u)
    for k in range(pool.row_start[r], pool.row_start[r + 1]):
        miss -= y[pool.row_col[k]] * lifted_slope(min(pool.row_theta[k], most), u)
    worth: float = min(pool.cap[r], 1.0 - np.exp(-pool.base_theta[r]) * miss)
    return worth, u, most


@njit(cache=True, nogil=True)
def lifted_slope(theta: float, u: float) -> float:
    """Return the slope of the lifted tangent with knee `u` for an item of `theta`."""
    slope: float = np.exp(-u) * theta if theta <= u else np.exp(-u) * (1.0 + u) - np.exp(-theta)
    return slope


@njit(cache=True, nogil=True)
def _group_slopes(pool: Pool, y: F64, g: int, slope: F64, mark: I64, found: I32) -> tuple[float, int]:
    """Add up the slopes of group `g` in `slope`, list its columns in `found`; returns (value, n found)."""
    n, out = 0, 0.0
    for i in range(pool.group_start[g], pool.group_start[g + 1]):
        j = pool.group_term[i]
        low, at, u, most = np.inf, -1, 0.0, 0.0
        for r in range(pool.term_start[j], pool.term_start[j + 1]):
            found_v, found_u, found_most = lifted(pool, r, y)
            if found_v < low:
                low, at, u, most = found_v, r, found_u, found_most
        out += pool.term_weight[j] * low
        if low >= pool.cap[at]:
            continue
        rate = pool.term_weight[j] * np.exp(-pool.base_theta[at])
        for k in range(pool.row_start[at], pool.row_start[at + 1]):
            a = pool.row_col[k]
            if mark[a] != g:
                mark[a] = g
                slope[a] = 0.0
                found[n] = a
                n += 1
            slope[a] += rate * lifted_slope(min(pool.row_theta[k], most), u)
    return out, n


@njit(cache=True, nogil=True)
def supergradient(pool: Pool, y: F64) -> Supergradient:
    """Return the lifted tangent of every group at relaxed counts `y`: valid for all whole counts.

    Each term takes the route that sets it there; where that one is at its cap the slope is 0.
    """
    n_group, n_col = len(pool.group_start) - 1, len(pool.col_start) - 1
    slope, mark, found = np.zeros(n_col), np.full(n_col, -1, np.int64), np.empty(n_col, np.int32)
    value_g, start = np.empty(n_group), np.zeros(n_group + 1, np.int64)
    col, coef = np.empty(4 * n_col + 64, np.int32), np.empty(4 * n_col + 64)
    for g in range(n_group):
        value_g[g], n = _group_slopes(pool, y, g, slope, mark, found)
        at = start[g]
        if at + n > len(col):
            size = 2 * (at + n)
            wider_col, wider_coef = np.empty(size, np.int32), np.empty(size)
            wider_col[:at], wider_coef[:at] = col[:at], coef[:at]
            col, coef = wider_col, wider_coef
        for i in range(n):
            col[at + i] = found[i]
            coef[at + i] = slope[found[i]]
        start[g + 1] = at + n
    return Supergradient(value_g, start, col[: start[n_group]].copy(), coef[: start[n_group]].copy())
