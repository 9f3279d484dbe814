"""Coverage of a pool of routes by purchasable columns: values and gains.

    v_r(y) = min( cap_r, 1 − exp(−(base_theta_r + Σ_a y_a theta_ra)) )        route r
    F(y)   = Σ_g min( cap_g, Σ_{j in g} weight_j min_{r in term j} v_r(y) )   objective; cap_g = inf as a rule

`y_a` counts items of column a (an equipment type at a site, along a stretch or over an area) and
theta_ra = −ln(1 − f_a (1 − exp(−∫ λ_a w dt))). F is monotone. Where every term has one route it is also
submodular on whole counts (Nemhauser, Wolsey, Fisher 1978); a term with several routes (an adversary who
picks the best of them) is not, because the second of two holes pays only once the first is closed. A group's
cap keeps either property: what a stretch is worth beyond it does not count (`weigh_groups`).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from sarhad.errors import Fault, InputFaults

F64 = NDArray[np.float64]
I32 = NDArray[np.int32]
I64 = NDArray[np.int64]


class Pool(NamedTuple):
    """Routes sorted by term, and their thetas by route and by column.

    `base_theta`, `cap`, `route_term`, `route_id` (route,): theta of standing assets, highest value, term,
    and the caller's number of the route; `term_start` (term + 1,): routes of term j are
    term_start[j]..term_start[j+1]; `term_weight`, `term_group` (term,); `group_start` (group + 1,) and
    `group_term` (term,): terms of each group; `group_cap` (group,): the most it counts. `row_*`: thetas by
    route, columns rising; `col_*`: the same by column with `col_keep` = exp(−theta), the factor by which one
    item multiplies the chance of a miss.
    """

    base_theta: F64
    cap: F64
    route_term: I32
    route_id: I64
    term_start: I64
    term_weight: F64
    term_group: I32
    group_start: I64
    group_term: I32
    group_cap: F64
    row_start: I64
    row_col: I32
    row_theta: F64
    col_start: I64
    col_route: I32
    col_keep: F64

    @property
    def n_route(self) -> int:
        """Number of routes."""
        return len(self.base_theta)

    @property
    def n_col(self) -> int:
        """Number of columns."""
        return len(self.col_start) - 1

    @property
    def n_term(self) -> int:
        """Number of terms."""
        return len(self.term_weight)

    @property
    def n_group(self) -> int:
        """Number of groups."""
        return len(self.group_start) - 1


class Routes(NamedTuple):
    """Routes in any order: `theta` (route, column) sparse, `base_theta`, `cap` and `term` (route,)."""

    theta: sparse.csr_array
    base_theta: ArrayLike
    cap: ArrayLike
    term: ArrayLike


class State(NamedTuple):
    """What a plan makes of a pool: `miss` (route,) = exp(−theta), `term` (term,) values, `group` (group,).

    `group` holds sums; they are kept up to date where the cap is finite: the others do not need them.
    """

    miss: F64
    term: F64
    group: F64


def build_pool(routes: Routes, term_weight: ArrayLike, term_group: ArrayLike) -> Pool:
    """Return the pool of `routes`; terms (term,) carry a weight >= 0 and a group 0..n_group-1.

    Raises InputFaults with everything wrong: lengths, signs, NaN, a term without a route.
    """
    theta = sparse.csr_array(routes.theta, dtype=np.float64, copy=True)
    theta.sum_duplicates()
    theta.eliminate_zeros()
    base = np.ascontiguousarray(routes.base_theta, np.float64)
    cap = np.ascontiguousarray(routes.cap, np.float64)
    term = np.ascontiguousarray(routes.term, np.int64)
    weight = np.ascontiguousarray(term_weight, np.float64)
    group = np.ascontiguousarray(term_group, np.int64)
    _check(theta, (base, cap, term), weight, group)
    n_group = int(group.max()) + 1
    order = np.argsort(term, kind="stable")
    by_route = theta[order]
    by_col = sparse.csc_array(by_route)
    by_col.sort_indices()
    return Pool(
        base_theta=base[order],
        cap=cap[order],
        route_term=term[order].astype(np.int32),
        route_id=order.astype(np.int64),
        term_start=_starts(term, len(weight)),
        term_weight=weight,
        term_group=group.astype(np.int32),
        group_start=_starts(group, n_group),
        group_term=np.argsort(group, kind="stable").astype(np.int32),
        group_cap=np.full(n_group, np.inf),
        row_start=by_route.indptr.astype(np.int64),
        row_col=by_route.indices.astype(np.int32),
        row_theta=by_route.data,
        col_start=by_col.indptr.astype(np.int64),
        col_route=by_col.indices.astype(np.int32),
        col_keep=np.exp(-by_col.data),
    )


def grow_pool(pool: Pool, routes: Routes) -> Pool:
    """Return `pool` with more routes for its terms; they are numbered on from the last `route_id`."""
    back = np.argsort(pool.route_id)
    shape = (pool.n_route, pool.n_col)
    theta = sparse.csr_array((pool.row_theta, pool.row_col, pool.row_start), shape=shape)[back]
    more = sparse.csr_array(routes.theta, dtype=np.float64)
    if more.shape[1] != pool.n_col:
        raise InputFaults.one("routes.theta", f"{pool.n_col} columns", more.shape[1])
    both = Routes(
        sparse.vstack([theta, more], format="csr"),
        np.concatenate([pool.base_theta[back], np.asarray(routes.base_theta, np.float64)]),
        np.concatenate([pool.cap[back], np.asarray(routes.cap, np.float64)]),
        np.concatenate([pool.route_term[back], np.asarray(routes.term, np.int64)]),
    )
    return build_pool(both, pool.term_weight, pool.term_group)._replace(group_cap=pool.group_cap)


def merge_groups(pool: Pool, n_block: int) -> Pool:
    """Return the pool with neighbouring groups merged into at most `n_block` of about as many terms each."""
    at = np.searchsorted(pool.group_start, np.linspace(0, pool.n_term, n_block + 1))
    first = np.unique(np.minimum(at, pool.n_group))
    block = np.repeat(np.arange(len(first) - 1), np.diff(first)).astype(np.int32)
    cap = np.add.reduceat(pool.group_cap, first[:-1])
    return pool._replace(
        term_group=block[pool.term_group], group_start=pool.group_start[first], group_cap=cap
    )


def spread_pool(pool: Pool, level: float) -> Pool:
    """Return the submodular guide of a pool: mean over each term's routes of min(v_r, level).

    The truncated sum of SATURATE (Krause, McMahan, Guestrin, Gupta 2008): unlike the minimum it rewards
    closing one of several holes. `level` in (0, 1]; one-route terms keep their value.
    """
    size = np.diff(pool.term_start)
    route_group = pool.term_group[pool.route_term].astype(np.int64)
    many = size[pool.route_term] > 1
    return pool._replace(
        cap=np.where(many, np.minimum(pool.cap, level), pool.cap),
        route_term=np.arange(pool.n_route, dtype=np.int32),
        term_start=np.arange(pool.n_route + 1, dtype=np.int64),
        term_weight=(pool.term_weight / size)[pool.route_term],
        term_group=route_group.astype(np.int32),
        group_start=_starts(route_group, pool.n_group),
        group_term=np.argsort(route_group, kind="stable").astype(np.int32),
    )


def group_weights(pool: Pool) -> F64:
    """Return the weight of each group's terms together, (group,)."""
    return np.bincount(pool.term_group, pool.term_weight, pool.n_group).astype(np.float64)


def group_means(pool: Pool, term: F64) -> F64:
    """Return the weighted mean of each group's terms, (group,); 0 where it weighs nothing."""
    weight = group_weights(pool)
    there = np.bincount(pool.term_group, pool.term_weight * term, pool.n_group)
    return np.divide(there, weight, out=np.zeros(pool.n_group), where=weight > 0)


def weigh_groups(pool: Pool, weight: ArrayLike, cap: float = np.inf) -> Pool:
    """Return the pool of F = Σ_g weight_g min(cap, mean of group g's terms); `weight` (group,).

    A finite cap asks for groups whose terms follow one another, else InputFaults.
    """
    weight = np.ascontiguousarray(weight, np.float64)
    now = group_weights(pool)
    scale = np.divide(weight, now, out=np.zeros(pool.n_group), where=now > 0)
    if np.isfinite(cap) and np.any(np.diff(pool.term_group) < 0):
        raise InputFaults.one("term_group", "terms in order of their groups", "groups that are torn apart")
    group_cap = weight * cap if np.isfinite(cap) else np.full(pool.n_group, np.inf)
    return pool._replace(term_weight=pool.term_weight * scale[pool.term_group], group_cap=group_cap)


def _starts(key: NDArray[np.int64], n: int) -> I64:
    return np.concatenate([[0], np.cumsum(np.bincount(key, minlength=n))]).astype(np.int64)


def _check(theta: Any, per_route: tuple[F64, F64, I64], weight: F64, group: I64) -> None:
    base, cap, term = per_route
    found: list[Fault] = []

    def need(holds: object, column: str, expected: str, value: object) -> None:
        if not holds:
            found.append(Fault("pool", "", 0, column, expected, str(value)))

    n_route, n_term = theta.shape[0], len(weight)
    need(n_route > 0 and n_term > 0, "routes", "at least one route and one term", (n_route, n_term))
    for name, array in (("base_theta", base), ("cap", cap), ("term", term)):
        need(array.shape == (n_route,), name, f"{n_route} values, one per route", array.shape)
    need(group.shape == weight.shape, "term_group", f"{n_term} values, one per term", group.shape)
    need(
        np.all(np.isfinite(theta.data) & (theta.data >= 0)), "theta", "finite values >= 0", _worst(theta.data)
    )
    need(np.all(np.isfinite(base) & (base >= 0)), "base_theta", "finite values >= 0", _worst(base))
    need(np.all((cap >= 0) & (cap <= 1)), "cap", "values in 0..1", _worst(cap))
    need(np.all(np.isfinite(weight) & (weight >= 0)), "term_weight", "finite values >= 0", _worst(weight))
    need(group.size == 0 or group.min() >= 0, "term_group", "numbers >= 0", group.min(initial=0))
    inside = term.size > 0 and term.min() >= 0 and term.max() < n_term
    need(inside, "term", f"numbers in 0..{n_term - 1}", (term.min(initial=0), term.max(initial=0)))
    if inside:
        empty = np.flatnonzero(np.bincount(term, minlength=n_term) == 0)
        need(empty.size == 0, "term", "a route for every term", f"none for terms {empty[:5].tolist()}")
    if found:
        raise InputFaults(found)


def _worst(array: F64) -> object:
    bad = array[~np.isfinite(array) | (array < 0) | (array > 1)]
    return bad[0] if bad.size else "none"


@njit(cache=True, nogil=True)
def state_of(pool: Pool, y: F64) -> State:
    """Return the state of `pool` under counts `y` (column,), integer or relaxed."""
    miss = np.empty(len(pool.base_theta))
    for r in range(len(miss)):
        theta = pool.base_theta[r]
        for k in range(pool.row_start[r], pool.row_start[r + 1]):
            theta += pool.row_theta[k] * y[pool.row_col[k]]
        miss[r] = np.exp(-theta)
    term = np.empty(len(pool.term_weight))
    for j in range(len(term)):
        term[j] = lowest(pool, miss, j)[0]
    group = np.empty(len(pool.group_cap))
    for g in range(len(group)):
        group[g] = group_sum(pool, term, g)
    return State(miss, term, group)


@njit(cache=True, nogil=True)
def group_sum(pool: Pool, term: F64, g: int) -> float:
    """Return Σ weight_j term_j over the terms of group `g`, whatever its cap."""
    out = 0.0
    for i in range(pool.group_start[g], pool.group_start[g + 1]):
        out += pool.term_weight[pool.group_term[i]] * term[pool.group_term[i]]
    return out


@njit(cache=True, nogil=True)
def lowest(pool: Pool, miss: F64, j: int) -> tuple[float, int]:
    """Return (value, route) of the route that sets term `j`; the first of equals."""
    best, at = np.inf, -1
    for r in range(pool.term_start[j], pool.term_start[j + 1]):
        v = min(pool.cap[r], 1.0 - miss[r])
        if v < best:
            best, at = v, r
    return best, at


def term_values(pool: Pool, y: ArrayLike) -> F64:
    """Return min over its routes of v_r(y) for each term, (term,)."""
    term: F64 = state_of(pool, counts_of(pool, y)).term
    return term


def value(pool: Pool, y: ArrayLike) -> float:
    """Return F(y); `y` (column,) finite and >= 0, else InputFaults."""
    return float(total(pool, term_values(pool, y)))


def counts_of(pool: Pool, y: ArrayLike) -> F64:
    """Return `y` as checked float counts (column,)."""
    out = np.ascontiguousarray(y, np.float64)
    if out.shape != (pool.n_col,):
        raise InputFaults.one("counts", f"{pool.n_col} values, one per column", out.shape)
    if not np.all(np.isfinite(out) & (out >= 0)):
        raise InputFaults.one("counts", "finite values >= 0", out[~(np.isfinite(out) & (out >= 0))][0])
    return out


@njit(cache=True, nogil=True)
def total(pool: Pool, term: F64) -> float:
    """Return F from the values of the terms (term,), summed group by group."""
    out = 0.0
    for g in range(len(pool.group_cap)):
        out += min(pool.group_cap[g], group_sum(pool, term, g))
    return out


@njit(cache=True, nogil=True)
def under_cap(pool: Pool, state: State, g: int, change: float) -> float:
    """Return by how much F changes where the sum of group `g` changes; 0 for g = −1."""
    if g < 0:
        return 0.0
    cap = pool.group_cap[g]
    if cap == np.inf:
        return change
    new: float = min(cap, state.group[g] + change) - min(cap, state.group[g])
    return new


@njit(cache=True, nogil=True)
def gain(pool: Pool, state: State, a: int) -> float:
    """Return what one more item of column `a` adds to F; whole terms, so 0 while another hole is open."""
    out, group, more = 0.0, -1, 0.0
    k, end = pool.col_start[a], pool.col_start[a + 1]
    while k < end:
        j = pool.route_term[pool.col_route[k]]
        if pool.term_group[j] != group:
            out += under_cap(pool, state, group, more)
            group, more = pool.term_group[j], 0.0
        first, last = pool.term_start[j], pool.term_start[j + 1]
        if last - first == 1:
            new = min(pool.cap[first], 1.0 - state.miss[first] * pool.col_keep[k])
            k += 1
        else:
            new = np.inf
            for r in range(first, last):
                miss = state.miss[r]
                if k < end and pool.col_route[k] == r:
                    miss *= pool.col_keep[k]
                    k += 1
                new = min(new, pool.cap[r], 1.0 - miss)
                if new <= state.term[j]:
                    break
            while k < end and pool.col_route[k] < last:
                k += 1
        more += pool.term_weight[j] * max(0.0, new - state.term[j])
    last_group: float = under_cap(pool, state, group, more)
    return out + last_group


@njit(cache=True, nogil=True)
def gains(pool: Pool, state: State) -> F64:
    """Return the gain of one more item of every column, (column,)."""
    out = np.empty(len(pool.col_start) - 1)
    for a in range(len(out)):
        out[a] = gain(pool, state, a)
    return out


def slow_value(pool: Pool, y: F64) -> float:
    """Return F(y) straight from the formula: the definition that the kernels are tested against."""
    worth = np.full(pool.n_term, np.inf)
    for r in range(pool.n_route):
        at = slice(pool.row_start[r], pool.row_start[r + 1])
        theta = pool.base_theta[r] + float(pool.row_theta[at] @ y[pool.row_col[at]])
        worth[pool.route_term[r]] = min(worth[pool.route_term[r]], pool.cap[r], -np.expm1(-theta))
    there = [float((pool.term_weight * worth)[pool.term_group == g].sum()) for g in range(pool.n_group)]
    return float(np.minimum(there, pool.group_cap).sum())
