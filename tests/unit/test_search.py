"""Greedy ranking and swap search against hand-worked cases and the plain greedy definition."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from sarhad.errors import EmptyBudget, InputFaults
from sarhad.kernels.cover import Pool, Routes, build_pool, slow_value, value
from sarhad.kernels.purchase import Limits, limit_vector, used_by
from sarhad.planning.search import build_limits, lazy_greedy, prices, rank
from sarhad.planning.swaps import multistart, swap_search


def pool_of(p: list[list[float]], term: list[int] | None = None, weight: list[float] | None = None) -> Pool:
    """Routes with chances p (route, column) of being seen by one item."""
    theta = sparse.csr_array(-np.log1p(-np.array(p)))
    n = theta.shape[0]
    term = list(range(n)) if term is None else term
    n_term = max(term) + 1
    return build_pool(Routes(theta, np.zeros(n), np.ones(n), term), weight or [1.0] * n_term, [0] * n_term)


def plain_greedy(pool: Pool, limits: Limits, price: np.ndarray) -> list[int]:
    """The definition: evaluate every column at every step."""
    count, order = np.zeros(pool.n_col, np.int64), []
    while True:
        now, best, score = slow_value(pool, count), -1, 1e-9
        for a in range(pool.n_col):
            trial = count.copy()
            trial[a] += 1
            if trial[a] <= limits.n_max[a] and np.all(used_by(limits, trial) <= limit_vector(limits)):
                rate = (slow_value(pool, trial) - now) / price[a]
                if rate > score * (1 + 1e-9):
                    best, score = a, rate
        if best < 0:
            return order
        count[best] += 1
        order.append(best)


def random_case(seed: int, *, several: bool = False) -> tuple[Pool, Limits]:
    rng = np.random.default_rng(seed)
    p = rng.uniform(0.05, 0.9, (20, 8)) * (rng.random((20, 8)) < 0.4)
    term = (np.arange(20) // 2).tolist() if several else None
    limits = build_limits(
        rng.uniform(1, 4, 8),
        money_usd=8.0,
        crew_n=rng.uniform(0, 2, 8),
        crew_limit_n=6.0,
        type_index=rng.integers(0, 2, 8),
        stock=[3.0, 2.0],
        site=np.arange(8) // 2,
        site_limit=[2, 1, -1, 1],
        n_max=rng.integers(1, 3, 8),
    )
    return pool_of(p.tolist(), term), limits


@pytest.mark.parametrize("several", [False, True])
@pytest.mark.parametrize("ratio", [False, True])
def test_lazy_greedy_equals_plain_greedy(several, ratio):
    for seed in range(6):
        pool, limits = random_case(seed, several=several)
        price = prices(limits) if ratio else np.ones(8)
        assert lazy_greedy(pool, limits, ratio=ratio).column.tolist() == plain_greedy(pool, limits, price)


def test_ranking_adds_up_and_any_head_is_a_plan():
    pool, limits = random_case(1, several=True)
    ranking = rank(pool, limits)
    assert ranking.gain.sum() == pytest.approx(ranking.value - value(pool, np.zeros(8)))
    assert ranking.count.tolist() == np.bincount(ranking.column, minlength=8).tolist()
    head = rank(pool, limits, n_rank=1)
    assert len(head.column) == 1


def test_ties_go_to_the_lowest_column():
    pool = pool_of([[0.5, 0.5, 0.5]])
    assert lazy_greedy(pool, build_limits(np.ones(3), money_usd=2.0), ratio=True).column.tolist() == [0, 1]


def test_two_holes_of_one_term_are_closed_though_neither_pays_alone():
    pool = pool_of([[0.8, 0.0, 0.0], [0.0, 0.8, 0.0], [0.0, 0.0, 0.1]], term=[0, 0, 1])
    limits = build_limits(np.ones(3), money_usd=2.0)
    assert lazy_greedy(pool, limits, ratio=False).column.tolist() == [2]
    ranking = rank(pool, limits)
    assert sorted(ranking.column.tolist()) == [0, 1]
    assert ranking.value == pytest.approx(0.8)


def test_open_budget_ranks_every_column_that_gains():
    pool, _ = random_case(2)
    ranking = rank(pool, build_limits(np.arange(1.0, 9.0)))
    assert sorted(ranking.column.tolist()) == list(range(8))


def test_line_equipment_uses_stock_in_km():
    pool = pool_of([[0.5, 0.0, 0.4], [0.0, 0.6, 0.0]])
    limits = build_limits(np.ones(3), stock=[5.0], stock_use=[3.0, 3.0, 2.0])
    assert lazy_greedy(pool, limits, ratio=False).column.tolist() == [1, 2]


def test_empty_budget():
    pool = pool_of([[0.5, 0.5]])
    for limits in (
        build_limits([5.0, 6.0], money_usd=4.0),
        build_limits([1.0, 1.0], stock=[0.0]),
        build_limits([1.0, 1.0], n_max=[0, 0]),
    ):
        for ask in (rank, lambda p, q: lazy_greedy(p, q, ratio=True), lambda p, q: swap_search(p, q, [0, 0])):
            with pytest.raises(EmptyBudget):
                ask(pool, limits)


def test_swaps_leave_the_trap_of_greedy():
    pool = pool_of([[0.0, 0.9, 0.5], [0.9, 0.0, 0.5]])
    limits = build_limits([1.0, 1.0, 1.0], money_usd=2.0)
    found = swap_search(pool, limits, [1, 0, 1])
    assert found.count.tolist() == [1, 1, 0]
    assert found.value == pytest.approx(1.8)


def test_several_for_one_and_one_for_several():
    pool = pool_of([[0.9, 0.0, 0.3], [0.0, 0.9, 0.3]])
    limits = build_limits([1.0, 1.0, 2.0], money_usd=2.0)
    assert swap_search(pool, limits, [0, 0, 1]).count.tolist() == [1, 1, 0]
    pool = pool_of([[0.3, 0.0, 0.9], [0.0, 0.3, 0.9]])
    assert swap_search(pool, limits, [1, 1, 0]).count.tolist() == [0, 0, 1]


def test_exact_values_decide_and_are_counted():
    pool = pool_of([[0.9, 0.0, 0.8], [0.9, 0.0, 0.8]])
    limits = build_limits(np.ones(3), money_usd=1.0)
    asked = []

    def exact(count):
        asked.append(tuple(count.tolist()))
        return float(count @ [0.1, 0.2, 1.0])

    found = swap_search(pool, limits, [1, 0, 0], exact=exact)
    assert found.count.tolist() == [0, 0, 1]
    assert found.value == 1.0
    assert found.n_exact == len(asked) == len(set(asked))
    assert swap_search(pool, limits, [1, 0, 0], exact=exact, max_exact=1).n_exact == 1


def test_swap_search_never_leaves_worse_and_repeats_itself():
    for seed in range(4):
        pool, limits = random_case(seed, several=True)
        start = rank(pool, limits)
        found, again = (swap_search(pool, limits, start.count) for _ in range(2))
        assert found.value >= start.value
        assert found.value == value(pool, found.count)
        assert found.count.tobytes() == again.count.tobytes()


def test_many_starts_are_never_worse_than_one():
    for seed in range(4):
        pool, limits = random_case(seed, several=True)
        one = swap_search(pool, limits, rank(pool, limits).count)
        best, again = multistart(pool, limits), multistart(pool, limits)
        assert best.value >= one.value - 1e-9
        assert np.all(used_by(limits, best.count) <= limit_vector(limits))
        assert best.count.tobytes() == again.count.tobytes()


def test_limits_report_all_faults():
    with pytest.raises(InputFaults) as caught:
        build_limits([1.0, -1.0], n_max=[1], type_index=[0, 3], site=[0, -2], money_usd=np.nan)
    assert {f.column for f in caught.value.faults} >= {
        "cost_usd",
        "n_max",
        "stock",
        "site",
        "site_limit",
        "money_usd",
    }


def test_a_start_that_breaks_limits_is_refused():
    pool = pool_of([[0.5, 0.5]])
    limits = build_limits([1.0, 1.0], money_usd=1.0)
    for bad in ([1, 1], [0.5, 0], [2, 0], [-1, 0], [0]):
        with pytest.raises(InputFaults):
            swap_search(pool, limits, bad)
    with pytest.raises(InputFaults):
        rank(pool, build_limits([1.0]))
    with pytest.raises(InputFaults):
        rank(pool, limits, n_rank=0)
