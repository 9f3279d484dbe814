"""Siting on made-up pools and covers, each method beside its plain form in the same run.

    python benchmarks/siting.py

1. 100,000 routes x 6,000 columns (some 2.4 million thetas), two budgets: lazy greedy against greedy that
   evaluates every column at every step, ranking with swaps, bound and gap.
2. 600 routes x 180 columns: integer rounds on cuts and one monolithic integer program (a variable and nine
   tangents per route, no site limits). 3,000 x 900: bound by lifted and by plain tangents.
3. MCLP, 1,000 sites x 50,000 cells, p = 50: sparse rows with equal demands made one, against a model built
   cell by cell from a dense matrix (on 2,000 cells: it grows with cells x sites).

Seconds are processor time of this process after a first call that compiles.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import sparse

import sarhad.planning.bound as bound_module
from sarhad.kernels.cover import Pool, Routes, build_pool, gains, state_of, value
from sarhad.kernels.lifted import Supergradient
from sarhad.kernels.purchase import Limits, fitting
from sarhad.kernels.upkeep import refresh
from sarhad.planning.bound import upper_bound
from sarhad.planning.covering import mclp
from sarhad.planning.search import build_limits, lazy_greedy, prices, rank
from sarhad.planning.solve import Program, solve_integer
from sarhad.planning.swaps import multistart, swap_search

RANGE = np.array([0.5, 0.8, 1.2])
PRICE = np.array([1.0, 1.6, 3.0])
AVAILABILITY = np.array([0.7, 0.7, 0.8])


def timed(act: Callable[[], Any]) -> tuple[float, Any]:
    start = time.process_time()
    result = act()
    return time.process_time() - start, result


def made_up(n_stretch: int, n_site: int, n_field: int, n_worst: int, reach: float) -> Pool:
    """Stretches of length 1 with unaware routes (one a term) and worst routes (`n_worst` a term).

    Three types at each site; an item misses four routes in ten (terrain), the others by distance.
    """
    rng = np.random.default_rng(0)
    at = np.repeat(np.arange(n_stretch) + 0.5, n_field) + rng.normal(0, 0.7, n_stretch * n_field)
    term, group = np.arange(len(at)), np.repeat(np.arange(n_stretch), n_field)
    weight = np.full(len(at), (0.5 if n_worst else 1.0) / len(at))
    if n_worst:
        worst = np.repeat(np.arange(n_stretch), n_worst)
        at = np.concatenate([at, worst + 0.5 + rng.normal(0, 1.2, len(worst))])
        term = np.concatenate([term, len(term) + worst])
        weight = np.concatenate([weight, np.full(n_stretch, 0.5 / n_stretch)])
        group = np.concatenate([group, np.arange(n_stretch)])
    order = np.argsort(at)
    parts = []
    for site, site_at in enumerate(np.sort(rng.uniform(0, n_stretch, n_site))):
        for kind in range(3):
            radius = RANGE[kind] * reach / 2
            first, last = np.searchsorted(at[order], [site_at - radius, site_at + radius])
            near = order[first:last]
            exposure = 3 * (1 - np.abs(at[near] - site_at) / radius) * rng.lognormal(0, 0.8, len(near))
            exposure *= rng.random(len(near)) < 0.6
            theta = -np.log1p(AVAILABILITY[kind] * np.expm1(-exposure))
            parts.append((near, np.full(len(near), 3 * site + kind), theta))
    row, col, theta = (np.concatenate(part) for part in zip(*parts, strict=True))
    matrix = sparse.csr_array((theta, (row, col)), shape=(len(at), 3 * n_site))
    routes = Routes(matrix, rng.exponential(0.05, len(at)), np.full(len(at), 0.95), term)
    return build_pool(routes, weight, group)


def limits_for(pool: Pool, money: float) -> Limits:
    n_site = pool.n_col // 3
    site = np.repeat(np.arange(n_site), 3)
    return build_limits(np.tile(PRICE, n_site), money_usd=money, site=site, site_limit=np.full(n_site, 2))


def plain_greedy(pool: Pool, limits: Limits) -> np.ndarray:
    """Greedy that evaluates all columns at every step, by the same kernels."""
    count, price = np.zeros(pool.n_col, np.int64), prices(limits)
    state = state_of(pool, count.astype(float))
    while True:
        rate = np.where(fitting(limits, count), gains(pool, state) / price, 0.0)
        best = int(rate.argmax())
        if not rate[best] > 0:
            return count
        count[best] += 1
        refresh(pool, count, state, best)


def large(n_worst: int, money: float) -> None:
    pool = made_up(1_000, 2_000, 100 - n_worst, n_worst, 8.0)
    limits = limits_for(pool, money)
    lazy_s, lazy = timed(lambda: lazy_greedy(pool, limits, ratio=True))
    plain_s, plain = timed(lambda: plain_greedy(pool, limits))
    same = np.array_equal(lazy.count, plain) if not n_worst else "not asked"
    print(f"{pool.n_route:,} routes ({n_worst} % worst) x {pool.n_col:,}, {len(pool.row_col):,} thetas")
    print(f"  money {money:.0f}: {len(lazy.column)} items; same plan: {same}")
    print(f"  lazy {lazy_s:.3f} s, plain {plain_s:.2f} s ({plain_s / lazy_s:.0f}x)")
    rank_s, ranked = timed(lambda: rank(pool, limits))
    swap_s, best = timed(lambda: swap_search(pool, limits, ranked.count))
    print(f"  value {lazy.value:.4f}, ranked {ranked.value:.4f} ({rank_s:.1f} s)")
    print(f"  swapped {best.value:.4f} ({swap_s:.1f} s, {best.n_move} moves)")
    seconds, bound = timed(lambda: upper_bound(pool, limits, start=best.count, max_rounds=60, tolerance=2e-3))
    show(f"bound in {bound.rounds} rounds", bound.value, best.value, seconds)


def show(name: str, bound: float, known: float, seconds: float) -> None:
    print(f"  {name}: {bound:.4f}, gap {1 - known / bound:.2%}, {seconds:.1f} s", flush=True)


def plain_tangents(pool: Pool, y: np.ndarray) -> Supergradient:
    """Tangents of F on relaxed counts, for one-route terms in one group."""
    miss = np.exp(-pool.base_theta - matrix_of(pool) @ y)
    open_ = 1 - miss < pool.cap
    slope = matrix_of(pool).T @ (pool.term_weight * miss * open_)
    worth = float(pool.term_weight @ np.minimum(pool.cap, 1 - miss))
    col = np.arange(pool.n_col, dtype=np.int32)
    return Supergradient(np.array([worth]), np.array([0, pool.n_col]), col, slope)


def matrix_of(pool: Pool) -> Any:
    return sparse.csr_array((pool.row_theta, pool.row_col, pool.row_start), shape=(pool.n_route, pool.n_col))


def monolith(pool: Pool, limits: Limits) -> Program:
    """One variable per route under nine tangents of 1 − exp(−theta); the site limits are left out."""
    at = np.linspace(0, 4, 9)
    theta, n = matrix_of(pool), pool.n_route
    miss = [np.exp(-pool.base_theta - u) for u in at]
    rows = [sparse.hstack([-sparse.diags_array(m) @ theta, sparse.eye_array(n)]) for m in miss]
    money = sparse.csr_array(np.concatenate([limits.cost_usd, np.zeros(n)])[None, :])
    right = np.concatenate([1 - m + m * -u for m, u in zip(miss, at, strict=True)] + [[limits.money_usd]])
    cost = np.concatenate([np.zeros(pool.n_col), pool.term_weight])
    upper = np.concatenate([np.ones(pool.n_col), pool.cap])
    whole = np.arange(len(cost)) < pool.n_col
    return Program(cost, upper, sparse.vstack([*rows, money]), np.full(len(right), -np.inf), right, whole)


def small(money: float) -> None:
    pool = made_up(100, 300, 30, 0, 6.0)
    limits = limits_for(pool, money)
    best = swap_search(pool, limits, rank(pool, limits).count)
    print(f"{pool.n_route:,} routes x {pool.n_col}, money {money:.0f}, value {best.value:.4f}")

    def bounded(integer_rounds: int, n_block: int) -> Any:
        return upper_bound(
            pool, limits, start=best.count, tolerance=5e-4, n_block=n_block, max_rounds=80,
            integer_rounds=integer_rounds, max_nodes=20,
        )  # fmt: skip

    for name, n_round in (("lifted tangents", 0), ("  and an integer round of 20 nodes", 1)):
        seconds, bound = timed(lambda n=n_round: bounded(n, 12))
        show(name, bound.value, bound.count_value, seconds)
    kept = bound_module.supergradient
    bound_module.supergradient = plain_tangents
    seconds, bound = timed(lambda: bounded(0, 1))
    bound_module.supergradient = kept
    show("plain tangents", bound.value, best.value, seconds)


def against_monolith() -> None:
    pool = made_up(30, 60, 20, 0, 6.0)
    limits = limits_for(pool, 8.0)
    best = swap_search(pool, limits, rank(pool, limits).count)
    program = monolith(pool, limits)
    print(f"{pool.n_route:,} routes x {pool.n_col}, money 8, monolith of {program.matrix.shape[0]:,} rows")
    seconds, bound = timed(
        lambda: upper_bound(pool, limits, start=best.count, tolerance=1e-5, integer_rounds=5, max_nodes=1_000)
    )
    show(f"cuts, plan {bound.count_value:.4f}", bound.value, bound.count_value, seconds)
    seconds, answer = timed(lambda: solve_integer(program, max_nodes=1_000))
    found = value(pool, np.rint(answer.x[: pool.n_col]))
    show(f"monolith, plan {found:.4f}", answer.bound, found, seconds)


def many_starts() -> None:
    for sizes, money in (((20, 40, 10, 8, 6.0), 14.0), ((100, 300, 30, 20, 6.0), 80.0)):
        pool = made_up(*sizes)
        limits = limits_for(pool, money)
        one_s, one = timed(lambda p=pool, q=limits: swap_search(p, q, rank(p, q).count))
        all_s, best = timed(lambda p=pool, q=limits: multistart(p, q))
        print(f"{pool.n_route:,} routes x {pool.n_col}, half against the worst route, money {money:.0f}")
        print(f"  one start {one.value:.4f} ({one_s:.1f} s), many {best.value:.4f} ({all_s:.1f} s)")


def dense_mclp(cover: np.ndarray, weight: np.ndarray, p: int) -> tuple[float, float]:
    """(seconds to build, value): row by row from a dense matrix, equal demands apart."""
    start = time.process_time()
    n_demand, n_site = cover.shape
    rows, cols, values = [], [], []
    for i in range(n_demand):
        for j in range(n_site):
            if cover[i, j]:
                rows.append(i)
                cols.append(j)
                values.append(1.0)
        rows.append(i)
        cols.append(n_site + i)
        values.append(-1.0)
    rows += [n_demand] * n_site
    cols += list(range(n_site))
    values += [-1.0] * n_site
    matrix = sparse.csr_array((values, (rows, cols)), shape=(n_demand + 1, n_site + n_demand))
    low = np.concatenate([np.zeros(n_demand), [-float(p)]])
    cost = np.concatenate([np.zeros(n_site), weight])
    whole = np.arange(len(cost)) < n_site
    program = Program(cost, np.ones(len(cost)), matrix, low, np.full(len(low), np.inf), whole)
    built = time.process_time() - start
    return built, float(cost @ solve_integer(program, max_nodes=1_000).x)


def classical() -> None:
    rng = np.random.default_rng(1)
    n_side, n_site = 224, 1_000
    x, y = np.meshgrid(np.arange(n_side), np.arange(n_side))
    cell = np.column_stack([x.ravel(), y.ravel()])[:50_000]
    site = rng.uniform(0, n_side, (n_site, 2))
    seen = [np.flatnonzero((np.abs(cell - s).max(axis=1) < 7) & (rng.random(50_000) < 0.55)) for s in site]
    index = np.concatenate(seen), np.repeat(np.arange(n_site), [len(s) for s in seen])
    cover = sparse.csr_array((np.ones(len(index[0])), index), shape=(50_000, n_site))
    weight = rng.random(50_000)
    seconds, found = timed(lambda: mclp(cover, weight, 50))
    print(f"MCLP 50,000 x 1,000, {cover.nnz:,} pairs, p = 50")
    print(f"  {found.value:.2f}, bound {found.bound:.2f}, {seconds:.1f} s")
    few = cover[:2_000]
    whole_s, (built_s, dense) = timed(lambda: dense_mclp(few.toarray(), weight[:2_000], 50))
    own_s, own = timed(lambda: mclp(few, weight[:2_000], 50))
    print(f"  on 2,000 cells: {own_s:.2f} s against {whole_s:.2f} s ({whole_s / own_s:.0f}x)")
    print(f"  values {own.value:.3f}, {dense:.3f}; dense build alone at 50,000: {25 * built_s:.0f} s")


def main() -> None:
    warm = made_up(20, 40, 5, 3, 6.0)
    limits = limits_for(warm, 8.0)
    swap_search(warm, limits, rank(warm, limits).count)
    upper_bound(warm, limits)
    plain_greedy(warm, limits)
    classical()
    against_monolith()
    many_starts()
    for money in (20.0, 80.0):
        small(money)
    for n_worst, money in ((0, 200.0), (0, 800.0), (20, 200.0)):
        large(n_worst, money)


if __name__ == "__main__":
    main()
