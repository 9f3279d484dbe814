"""Laws of siting: valid tangents and bounds, guarantees of greedy, limits kept, more never hurts."""

from __future__ import annotations

from itertools import product

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from sarhad.errors import EmptyBudget
from sarhad.kernels.cover import Pool, Routes, build_pool, slow_value, value
from sarhad.kernels.lifted import supergradient
from sarhad.kernels.purchase import Limits, limit_vector, used_by
from sarhad.planning.bound import upper_bound
from sarhad.planning.search import build_limits, lazy_greedy, rank
from sarhad.planning.swaps import swap_search

SEEDS = st.integers(0, 10_000)
FEW = settings(max_examples=25, deadline=None)
N_COL = 7


def pool_of(seed: int, *, several: bool) -> Pool:
    """Routes and columns with thetas from tiny to far over the cap."""
    rng = np.random.default_rng(seed)
    n = 14
    theta = rng.lognormal(-0.3, 1.5, (n, N_COL)) * (rng.random((n, N_COL)) < rng.uniform(0.2, 0.8))
    term = np.sort(rng.integers(0, 5, n)) if several else np.arange(n)
    term = np.unique(term, return_inverse=True)[1]
    n_term = int(term.max()) + 1
    base = rng.exponential(0.2, n) * (rng.random(n) < 0.5)
    cap = np.where(rng.random(n) < 0.5, 1.0, rng.uniform(0.05, 1, n))
    routes = Routes(sparse.csr_array(theta), base, cap, term)
    return build_pool(routes, rng.uniform(0, 2, n_term), rng.integers(0, 3, n_term))


def limits_of(seed: int, money_usd: float = 5.0, crew_limit_n: float = 4.0) -> Limits:
    rng = np.random.default_rng(seed + 1)
    return build_limits(
        rng.uniform(0.5, 3, N_COL),
        money_usd=money_usd,
        crew_n=rng.integers(0, 3, N_COL).astype(float),
        crew_limit_n=crew_limit_n,
        type_index=rng.integers(0, 2, N_COL),
        stock=[rng.uniform(0, 6), np.inf],
        stock_use=rng.uniform(0.5, 3, N_COL),
        site=rng.integers(-1, 3, N_COL),
        site_limit=[1, 2, -1],
        n_max=rng.integers(0, 3, N_COL),
    )


def kept(limits: Limits, count: np.ndarray) -> bool:
    """Every limit, from its definition."""
    stock = np.bincount(limits.type_index, count * limits.stock_use, minlength=2)
    at = limits.site >= 0
    items = np.bincount(limits.site[at], count[at], minlength=3)
    return bool(
        np.all((count >= 0) & (count <= limits.n_max))
        and count @ limits.cost_usd <= limits.money_usd * (1 + 2e-9)
        and count @ limits.crew_n <= limits.crew_limit_n * (1 + 2e-9)
        and np.all(stock <= limits.stock * (1 + 2e-9))
        and np.all((items <= limits.site_limit) | (limits.site_limit < 0))
    )


def plans(limits: Limits) -> np.ndarray:
    every = np.array(list(product(*(range(n + 1) for n in limits.n_max))), np.int64)
    return np.array([count for count in every if np.all(used_by(limits, count) <= limit_vector(limits))])


@given(SEEDS, st.booleans())
@FEW
def test_lifted_tangents_cut_off_no_whole_counts(seed, several):
    pool = pool_of(seed, several=several)
    rng = np.random.default_rng(seed)
    at = rng.uniform(0, 2, N_COL) * (rng.random(N_COL) < 0.7)
    slope = supergradient(pool, at)
    for _ in range(40):
        count = rng.integers(0, 3, N_COL).astype(float)
        reach = slope.value.sum() + slope.coef @ (count - at)[slope.col]
        assert slow_value(pool, count) <= reach + 1e-9
    assert np.all(slope.coef >= 0)


@given(SEEDS, st.booleans())
@FEW
def test_relaxation_is_concave_and_lies_below_plain_tangents(seed, several):
    pool = pool_of(seed, several=several)
    rng = np.random.default_rng(seed)
    a, b = rng.uniform(0, 2, (2, N_COL))

    def lifted(y: np.ndarray) -> float:
        return float(supergradient(pool, y).value.sum())

    assert lifted((a + b) / 2) >= (lifted(a) + lifted(b)) / 2 - 1e-9
    assert lifted(a) <= slow_value(pool, a) + 1e-9


@given(SEEDS)
@FEW
def test_greedy_is_within_its_guarantee_for_equal_prices(seed):
    pool = pool_of(seed, several=False)
    limits = build_limits(np.ones(N_COL), money_usd=3.0)
    before = value(pool, np.zeros(N_COL))
    best = max(value(pool, count) for count in plans(limits)) - before
    gained = lazy_greedy(pool, limits, ratio=True).value - before
    assert (1 - np.exp(-1)) * best - 1e-9 <= gained <= best + 1e-9


@given(SEEDS, st.booleans())
@FEW
def test_order_of_values_and_limits_kept(seed, several):
    pool, limits = pool_of(seed, several=several), limits_of(seed)
    try:
        greedy = rank(pool, limits)
    except EmptyBudget:
        assert len(plans(limits)) == 1
        return
    best = max(value(pool, count) for count in plans(limits))
    improved = swap_search(pool, limits, greedy.count)
    bound = upper_bound(pool, limits, start=improved.count, max_rounds=15, integer_rounds=1)
    assert greedy.value <= improved.value <= best + 1e-9
    assert best <= bound.value + 1e-9
    for count in (greedy.count, improved.count, bound.count):
        assert kept(limits, count)
    head = np.zeros(N_COL, np.int64)
    for a in greedy.column:
        head[a] += 1
        assert kept(limits, head)


@given(SEEDS, st.booleans())
@FEW
def test_more_money_or_crew_lowers_neither_bound_nor_optimum(seed, several):
    pool = pool_of(seed, several=several)
    small, large = limits_of(seed, 4.0, 3.0), limits_of(seed, 6.0, 5.0)
    try:
        less = upper_bound(pool, small, tolerance=1e-4)
    except EmptyBudget:
        return
    more = upper_bound(pool, large, start=rank(pool, small).count, tolerance=1e-4)
    assert more.value >= less.y_value - 1e-9  # exact; both bounds lie above what they relax
    assert more.value >= less.value * (1 - 3e-4) - 1e-9
    assert rank(pool, large).value <= more.value + 1e-9
    kept_plan = swap_search(pool, large, rank(pool, small).count)
    assert kept_plan.value >= rank(pool, small).value


@given(SEEDS, st.booleans())
@FEW
def test_one_more_item_never_lowers_the_value(seed, several):
    pool = pool_of(seed, several=several)
    count = np.random.default_rng(seed).integers(0, 2, N_COL).astype(float)
    now = value(pool, count)
    assert all(value(pool, count + unit) >= now for unit in np.eye(N_COL))
