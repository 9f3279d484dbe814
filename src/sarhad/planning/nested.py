"""Nested plans of several years on one pool of routes: search, bound, order of purchase.

    max  sum_t weight_t F(y_t)     y_{a,t} <= y_{a,t+1},  y_t within the limits of year t

*Search.* Forward: each year adds greedily to the year before. Backward: the last year is planned freely, each
year before takes the best part of the next. The best of these, and of plans known from before, is improved by
swaps: in one year between its neighbours (what comes a year sooner or later), and in a year and all after it
together (what comes at all). Either is a siting problem of its own: what is not to change counts as standing.

*Bound.* Without nesting every year is a siting problem of its own, so sum_t weight_t bound_t bounds all
nested plans, each bound_t being one of `sarhad.planning.bound.upper_bound`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from sarhad.errors import EmptyBudget
from sarhad.kernels.cover import Pool, Routes, build_pool, value
from sarhad.kernels.purchase import Limits, used_by
from sarhad.planning.bound import upper_bound
from sarhad.planning.compute import Compute
from sarhad.planning.search import affordable, lazy_greedy, rank
from sarhad.planning.swaps import swap_search

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
Start = Literal["by price", "by gain", "backward"]
STARTS: tuple[Start, ...] = ("by price", "by gain", "backward")


@dataclass(frozen=True, slots=True)
class PhasingEffort:
    """How long to search, in steps: rounds of search and cuts, sweeps over the years, swaps in each."""

    rounds: int = 2
    sweeps: int = 2
    max_moves: int = 50
    n_force: int = 20
    bound_rounds: int = 60
    bound_tolerance: float = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class NestedJob:
    """One start of a search for nested plans: which, on which pool, within which limits of the years."""

    start: Start
    pool: Pool
    years: tuple[Limits, ...]
    effort: PhasingEffort


@dataclass(frozen=True, slots=True, eq=False)
class BoundJob:
    """One year by itself, with a good plan for it."""

    pool: Pool
    limits: Limits
    count: I64
    effort: PhasingEffort


def nested_plans(
    pool: Pool,
    years: Sequence[Limits],
    weight: F64,
    effort: PhasingEffort,
    compute: Compute | None = None,
    known: Sequence[I64] = (),
) -> I64:
    """Return the best nested plans found in F, (year, column), from all starts and from plans `known`."""
    affordable(pool, years[-1])
    compute = compute or Compute(1)
    jobs = [NestedJob(start, pool, tuple(years), effort) for start in STARTS]
    starts = [*known, *compute.run("first plans of all years", started, jobs)]
    best = max(starts, key=lambda counts: total_value(pool, weight, counts))
    (found,) = compute.run("swaps in all years", lambda one: _swept(pool, years, weight, one, effort), [best])
    return found


def started(job: NestedJob) -> I64:
    """Return the nested plans of one start."""
    if job.start == "backward":
        return _backward(job.pool, job.years, job.effort)
    return _forward(job.pool, job.years, job.start == "by price")


def total_value(pool: Pool, weight: F64, counts: I64) -> float:
    """Return the weighted sum of F over years, `counts` (year, column)."""
    return sum(float(w) * value(pool, y) for w, y in zip(weight, counts, strict=True))


def _forward(pool: Pool, years: Sequence[Limits], ratio: bool) -> I64:
    """Let each year add greedily to the year before."""
    counts = np.zeros((len(years), pool.n_col), np.int64)
    for t, limits in enumerate(years):
        counts[t] = counts[t - 1] if t else 0
        counts[t] = _added(pool, limits, counts[t], ratio)
    return counts


def _added(pool: Pool, limits: Limits, count: I64, ratio: bool) -> I64:
    try:
        return lazy_greedy(pool, limits, ratio=ratio, start=count).count
    except EmptyBudget:  # a year in which nothing can be bought yet
        return count


def _backward(pool: Pool, years: Sequence[Limits], effort: PhasingEffort) -> I64:
    """Plan the last year freely; let each year before take the best part of the next."""
    counts = np.zeros((len(years), pool.n_col), np.int64)
    inside = years[-1].n_max
    for t in range(len(years) - 1, -1, -1):
        limits = years[t]._replace(n_max=inside)
        try:
            start = rank(pool, limits).count
            moves, force = effort.max_moves, effort.n_force
            counts[t] = swap_search(pool, limits, start, max_moves=moves, n_force=force).count
        except EmptyBudget:
            counts[t] = 0
        inside = counts[t]
    return counts


def _swept(pool: Pool, years: Sequence[Limits], weight: F64, counts: I64, effort: PhasingEffort) -> I64:
    """Improve one year after the other, alone and with all after it, until nothing changes."""
    counts, last = counts.copy(), len(years) - 1
    nothing = np.zeros_like(counts[0])
    whole = stacked(pool, len(years)) if last > 0 else pool
    for _ in range(effort.sweeps):
        before = counts.copy()
        for t in range(last, -1, -1):
            bounds = counts[t - 1] if t else nothing, counts[t + 1] if t < last else years[t].n_max
            alone = _standing(pool, weight[[t]], bounds[0][None])
            counts[t] += _improved(alone, [years[t]], counts[[t]], bounds, effort)
            if t < last:
                stands = np.vstack([counts[:t], bounds[0] + counts[t:] - counts[t]])
                later = np.where(np.arange(len(years)) < t, 0.0, weight)
                within = bounds[0], years[t].n_max
                several = _standing(whole, later, stands)
                counts[t:] += _improved(several, years[t:], counts[t:], within, effort)
        if np.array_equal(before, counts):
            break
    return counts


def _improved(
    pool: Pool, years: Sequence[Limits], counts: I64, bounds: tuple[I64, I64], effort: PhasingEffort
) -> I64:
    """Return what to change, (column,), in the first year and all after it alike, within bounds.

    `pool` has what is below, and what later years add, standing; what is above cannot be bought.
    """
    below, above = bounds
    added = counts - counts[0]
    room = [remaining(limits, below + more) for limits, more in zip(years, added, strict=True)]
    left = room[0]._replace(
        money_usd=min(one.money_usd for one in room),
        crew_limit_n=min(one.crew_limit_n for one in room),
        stock=np.min([one.stock for one in room], axis=0),
        site_limit=np.min([one.site_limit for one in room], axis=0),
        n_max=np.minimum(above, years[0].n_max - added[-1]) - below,
    )
    start = counts[0] - below
    try:
        moves, force = effort.max_moves, effort.n_force
        found = swap_search(pool, left, start, max_moves=moves, n_force=force)
    except EmptyBudget:
        return np.zeros_like(start)
    change: I64 = found.count - start
    return change


def stacked(pool: Pool, n_year: int) -> Pool:
    """Return a pool that holds the routes and terms of `pool` once for each year, year by year."""
    shape = (pool.n_route, pool.n_col)
    theta = sparse.csr_array((pool.row_theta, pool.row_col, pool.row_start), shape=shape)
    term = pool.route_term + pool.n_term * np.arange(n_year)[:, None]
    base, cap = np.tile(pool.base_theta, n_year), np.tile(pool.cap, n_year)
    routes = Routes(sparse.vstack([theta] * n_year, format="csr"), base, cap, term.ravel())
    term_weight = np.tile(pool.term_weight, n_year)
    return build_pool(routes, term_weight, np.zeros(len(term_weight), np.int64))


def _standing(whole: Pool, weight: F64, standing: I64) -> Pool:
    """Return a pool of several years that weigh `weight` and have `standing` (year, column)."""
    shape = (whole.n_route, whole.n_col)
    theta = sparse.csr_array((whole.row_theta, whole.row_col, whole.row_start), shape=shape)
    n_route, n_term = whole.n_route // len(weight), whole.n_term // len(weight)
    base = whole.base_theta.copy()
    for t, count in enumerate(standing):
        own = slice(t * n_route, (t + 1) * n_route)
        base[own] += theta[own] @ count.astype(np.float64)
    return whole._replace(base_theta=base, term_weight=whole.term_weight * np.repeat(weight, n_term))


def remaining(limits: Limits, count: I64) -> Limits:
    """Return what is left of money, crew, stock and sites beside `count` items, never below zero."""
    used = used_by(limits, count)
    n_type = len(limits.stock)
    site_used = used[2 + n_type :]
    return limits._replace(
        money_usd=max(0.0, limits.money_usd - used[0]),
        crew_limit_n=max(0.0, limits.crew_limit_n - used[1]),
        stock=np.maximum(0.0, limits.stock - used[2 : 2 + n_type]),
        site_limit=np.where(limits.site_limit < 0, -1, limits.site_limit - site_used.astype(np.int64)),
    )


def year_bound(job: BoundJob) -> float:
    """Return a bound on F over all plans of one year by itself."""
    pool, limits, count, effort = job.pool, job.limits, job.count, job.effort
    try:
        found = upper_bound(
            pool, limits, start=count, max_rounds=effort.bound_rounds, tolerance=effort.bound_tolerance
        )
    except EmptyBudget:
        return value(pool, count)
    return found.value


def in_order(pool: Pool, years: Sequence[Limits], counts: I64) -> tuple[I64, F64, list[int]]:
    """Return what is bought by year and, within a year, by gain; columns, gains in F, numbers of years."""
    columns: list[I64] = [np.zeros(0, np.int64)]
    gains: list[F64] = [np.zeros(0)]
    numbers: list[int] = []
    below = np.zeros(pool.n_col, np.int64)
    for t, count in enumerate(counts):
        added = count - below
        if added.any():
            found = lazy_greedy(pool, years[t]._replace(n_max=count), ratio=True, start=below)
            idle = np.repeat(np.arange(pool.n_col), count - found.count)  # gain by the exact value alone
            columns += [found.column.astype(np.int64), idle]
            gains += [found.gain, np.zeros(len(idle))]
            numbers += [t] * int(added.sum())
        below = count
    return np.concatenate(columns), np.concatenate(gains), numbers
