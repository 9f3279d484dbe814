"""Bounds against brute force, and the classical problems against enumeration and published cases."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
import pytest
from scipy import sparse

from sarhad.errors import EmptyBudget, InputFaults, NoAnswer
from sarhad.kernels.cover import Pool, Routes, build_pool, value
from sarhad.kernels.purchase import Limits, limit_vector, used_by
from sarhad.planning.bound import upper_bound
from sarhad.planning.covering import aggregate, bacop1, bacop2, lscp, mclp
from sarhad.planning.search import build_limits, rank


def case(seed: int, *, several: bool) -> tuple[Pool, Limits]:
    rng = np.random.default_rng(seed)
    theta = rng.exponential(0.7, (16, 8)) * (rng.random((16, 8)) < 0.45)
    term = np.arange(16) // 2 if several else np.arange(16)
    n_term = int(term.max()) + 1
    routes = Routes(sparse.csr_array(theta), rng.exponential(0.05, 16), np.full(16, 0.95), term)
    pool = build_pool(routes, rng.uniform(0.5, 1.5, n_term), np.arange(n_term) // 4)
    types = rng.integers(0, 2, 8)
    limits = build_limits(
        rng.uniform(1, 3, 8), money_usd=6.0, type_index=types, stock=[3.0, 2.0], site=np.arange(8) // 2,
        site_limit=[1, 2, -1, 1], n_max=rng.integers(1, 3, 8), crew_n=np.ones(8), crew_limit_n=4.0,
    )  # fmt: skip
    return pool, limits


def best_by_brute_force(pool: Pool, limits: Limits) -> float:
    there, best = limit_vector(limits), 0.0
    for count in product(*(range(n + 1) for n in limits.n_max)):
        y = np.array(count, np.int64)
        if np.all(used_by(limits, y) <= there):
            best = max(best, value(pool, y))
    return best


@pytest.mark.parametrize("several", [False, True])
def test_bound_holds_and_the_integer_phase_closes_it(several):
    for seed in range(4):
        pool, limits = case(seed, several=several)
        best = best_by_brute_force(pool, limits)
        greedy = rank(pool, limits)
        relaxed = upper_bound(pool, limits, start=greedy.count, tolerance=1e-6)
        assert relaxed.value >= best - 1e-12
        closed = upper_bound(pool, limits, start=greedy.count, tolerance=1e-6, integer_rounds=10)
        assert best - 1e-12 <= closed.value <= relaxed.value
        assert closed.value == pytest.approx(best, rel=2e-5)
        assert closed.count_value == pytest.approx(best, rel=1e-5)
        assert closed.count_value == value(pool, closed.count)
        assert np.all(used_by(limits, closed.count) <= limit_vector(limits))


def test_bound_falls_with_rounds_and_every_round_is_valid():
    pool, limits = case(5, several=True)
    best = best_by_brute_force(pool, limits)
    found = upper_bound(pool, limits, tolerance=0.0, max_rounds=25)
    bounds = [bound for bound, _ in found.history]
    assert bounds == sorted(bounds, reverse=True)
    assert bounds[-1] >= best - 1e-12
    assert len(bounds) == found.rounds
    assert found.y_value <= found.value


def test_bound_repeats_itself_to_the_byte():
    pool, limits = case(6, several=True)
    a, b = (upper_bound(pool, limits, integer_rounds=2) for _ in range(2))
    assert (a.value, a.history, a.y.tobytes(), a.count.tobytes()) == (
        b.value, b.history, b.y.tobytes(), b.count.tobytes(),
    )  # fmt: skip


def test_blocks_change_the_way_not_the_answer():
    pool, limits = case(7, several=False)
    one, many = (upper_bound(pool, limits, tolerance=1e-5, max_rounds=300, n_block=n) for n in (1, 4))
    assert one.value == pytest.approx(many.value, rel=2e-5)


def test_stale_cuts_are_dropped_without_harm(monkeypatch):
    pool, limits = case(8, several=True)
    before = upper_bound(pool, limits, tolerance=1e-5)
    monkeypatch.setattr("sarhad.planning.bound.MAX_IDLE", 1)
    after = upper_bound(pool, limits, tolerance=1e-5)
    assert after.value == pytest.approx(before.value, rel=3e-5)


def test_bound_of_an_open_budget_is_everything():
    pool, _ = case(9, several=False)
    limits = build_limits(np.ones(8))
    assert upper_bound(pool, limits).value == pytest.approx(value(pool, np.ones(8)), rel=1e-3)


def test_nothing_affordable():
    pool, _ = case(0, several=False)
    with pytest.raises(EmptyBudget):
        upper_bound(pool, build_limits(np.full(8, 2.0), money_usd=1.0))


def cover_case(seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    cover = (rng.random((30, 9)) < 0.3).astype(float)
    cover[np.arange(30), rng.integers(0, 9, 30)] = 1
    return cover, rng.integers(1, 20, 30).astype(float)


def enumerate_best(cover: np.ndarray, weight: np.ndarray, p: int, worth: tuple[float, float]) -> float:
    best = -np.inf
    for sites in combinations(range(cover.shape[1]), p):
        times = cover[:, sites].sum(axis=1)
        best = max(best, worth[0] * weight[times >= 1].sum() + worth[1] * weight[times >= 2].sum())
    return best


def test_mclp_and_backup_equal_enumeration():
    for seed in range(4):
        cover, weight = cover_case(seed)
        for p in (1, 3, 5):
            found = mclp(cover, weight, p)
            assert found.value == pytest.approx(enumerate_best(cover, weight, p, (1, 0)))
            assert found.value == pytest.approx(weight[cover[:, found.chosen].any(axis=1)].sum())
            assert found.chosen.sum() <= p
            assert found.bound == pytest.approx(found.value, rel=1e-6)
            both = bacop2(cover, weight, p, share_once=0.6)
            assert both.value == pytest.approx(enumerate_best(cover, weight, p, (0.6, 0.4)))


def test_lscp_and_bacop1_equal_enumeration():
    for seed in range(4):
        cover, weight = cover_case(seed)
        fewest = next(
            p for p in range(1, 10) if any(cover[:, s].any(axis=1).all() for s in combinations(range(9), p))
        )
        found = lscp(cover)
        assert found.value == found.chosen.sum() == fewest
        assert cover[:, found.chosen].any(axis=1).all()
        times = [cover[:, s].sum(axis=1) for s in combinations(range(9), min(9, fewest + 1))]
        twice = max(weight[t >= 2].sum() for t in times if np.all(t >= 1))
        assert bacop1(cover, weight, min(9, fewest + 1)).value == pytest.approx(twice)
        if fewest > 1:
            with pytest.raises(NoAnswer):
                bacop1(cover, weight, fewest - 1)


def test_lscp_with_costs_takes_the_cheaper_way():
    cover = np.array([[1, 1, 0], [1, 0, 1]])
    assert lscp(cover, [3.0, 1.0, 1.0]).chosen.tolist() == [False, True, True]
    assert lscp(cover, [1.5, 1.0, 1.0]).chosen.tolist() == [True, False, False]


def test_identical_demands_are_one():
    cover = np.array([[1, 0], [0, 1], [1, 0], [0, 0], [1, 1]])
    rows, weight = aggregate(cover, [1.0, 2.0, 4.0, 8.0, 16.0])
    assert rows.toarray().tolist() == [[1, 0], [0, 1], [1, 1]]
    assert weight.tolist() == [5.0, 2.0, 16.0]


def test_classical_problems_refuse_nonsense():
    cover = np.array([[1, 0], [0, 0]])
    with pytest.raises(NoAnswer):
        lscp(cover)
    with pytest.raises(NoAnswer):
        bacop1(cover, [1.0, 1.0], 1)
    for ask in (
        lambda: mclp(cover, [1.0], 1),
        lambda: mclp(cover, [1.0, -1.0], 1),
        lambda: mclp(cover, [1.0, 1.0], 3),
        lambda: bacop2(cover, [1.0, 1.0], 1, share_once=2.0),
        lambda: lscp(np.eye(2), [1.0, -1.0]),
    ):
        with pytest.raises(InputFaults):
            ask()
