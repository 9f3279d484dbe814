"""Values, gains and lifted tangents of a pool of routes against their definitions."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from sarhad.errors import InputFaults
from sarhad.kernels.cover import (
    Pool,
    Routes,
    build_pool,
    gains,
    grow_pool,
    merge_groups,
    slow_value,
    spread_pool,
    state_of,
    term_values,
    value,
)
from sarhad.kernels.lifted import group_tops, supergradient


def small_pool(seed: int = 0, *, several: bool = True) -> Pool:
    """A pool of 12 routes, 5 columns; terms 0-3 have three routes each, or all one."""
    rng = np.random.default_rng(seed)
    theta = rng.exponential(0.8, (12, 5)) * (rng.random((12, 5)) < 0.5)
    term = np.arange(12) // 3 if several else np.arange(12)
    order = rng.permutation(12)
    n_term = term.max() + 1
    routes = Routes(
        sparse.csr_array(theta[order]), rng.exponential(0.1, 12), rng.uniform(0.7, 1, 12), term[order]
    )
    return build_pool(routes, rng.uniform(0.5, 2, n_term), np.arange(n_term) % 2)


def test_hand_worked_values():
    theta = sparse.csr_array(np.log([[2.0, 1.0], [1.0, 4.0], [2.0, 2.0]]))
    pool = build_pool(Routes(theta, [0.0, 0.0, np.log(2.0)], [1.0, 1.0, 0.8], [0, 0, 1]), [3.0, 10.0], [0, 1])
    assert term_values(pool, [0, 0]) == pytest.approx([0.0, 0.5])
    assert term_values(pool, [1, 0]) == pytest.approx([0.0, 0.75])
    assert term_values(pool, [1, 1]) == pytest.approx([0.5, 0.8])
    assert value(pool, [1, 1]) == pytest.approx(3 * 0.5 + 10 * 0.8)
    assert gains(pool, state_of(pool, np.array([1.0, 0.0]))) == pytest.approx(
        [10 * 0.05, 3 * 0.5 + 10 * 0.05]
    )


@pytest.mark.parametrize("several", [False, True])
def test_values_and_gains_equal_the_definition(several):
    for seed in range(20):
        pool = small_pool(seed, several=several)
        y = np.random.default_rng(seed).integers(0, 3, 5).astype(np.float64)
        now = slow_value(pool, y)
        assert value(pool, y) == pytest.approx(now, abs=1e-12)
        step = [slow_value(pool, y + unit) - now for unit in np.eye(5)]
        assert gains(pool, state_of(pool, y)) == pytest.approx(step, abs=1e-12)


def test_route_order_of_the_caller_is_kept_in_route_id():
    pool = small_pool(3)
    assert np.all(np.diff(pool.route_term) >= 0)
    assert sorted(pool.route_id.tolist()) == list(range(12))


def test_growing_equals_building_at_once():
    pool = small_pool(4)
    more = Routes(sparse.csr_array(np.full((2, 5), 0.3)), [0.0, 0.1], [1.0, 0.9], [0, 2])
    grown = grow_pool(pool, more)
    y = np.array([1.0, 0.0, 2.0, 1.0, 0.5])
    added = 1 - np.exp(-np.array([0.0, 0.1]) - 0.3 * y.sum())
    expected = term_values(pool, y)
    expected[[0, 2]] = np.minimum(expected[[0, 2]], np.minimum([1.0, 0.9], added))
    assert term_values(grown, y) == pytest.approx(expected, abs=1e-12)
    assert set(grown.route_id.tolist()) == set(range(14))
    assert grow_pool(grown, Routes(sparse.csr_array((0, 5)), [], [], [])).n_route == 14


def test_spread_pool_is_the_mean_of_truncated_routes():
    pool = small_pool(5)
    y = np.ones(5)
    worth = np.minimum(1 - state_of(pool, y).miss, pool.cap)
    expected = [
        w * np.minimum(worth[a:b], 0.4).mean()
        for w, a, b in zip(pool.term_weight, pool.term_start[:-1], pool.term_start[1:], strict=True)
    ]
    assert value(spread_pool(pool, 0.4), y) == pytest.approx(sum(expected))


def test_lifted_relaxation_equals_f_on_whole_counts_and_lies_below_plain_tangents():
    pool = small_pool(6)
    for seed in range(20):
        y = np.random.default_rng(seed).integers(0, 3, 5).astype(np.float64)
        assert supergradient(pool, y).value.sum() == pytest.approx(slow_value(pool, y), abs=1e-12)
        part = y * 0.4
        assert supergradient(pool, part).value.sum() <= slow_value(pool, part) + 1e-12


def test_lifted_value_of_single_items_is_proportional():
    theta = sparse.csr_array([[2.0, 3.0]])
    pool = build_pool(Routes(theta, [0.1], [1.0], [0]), [1.0], [0])
    found = supergradient(pool, np.array([0.25, 0.5])).value[0]
    p = 1 - np.exp(-np.array([2.0, 3.0]))
    assert found == pytest.approx(1 - np.exp(-0.1) * (1 - 0.25 * p[0] - 0.5 * p[1]))


def test_groups_are_summed_and_can_be_merged():
    pool = small_pool(7)
    y = np.array([0.5, 1.0, 0.2, 0.0, 0.7])
    one = merge_groups(pool, 1)
    assert one.n_group == 1
    assert supergradient(one, y).value[0] == pytest.approx(supergradient(pool, y).value.sum())
    cap = [pool.cap[a:b].min() for a, b in zip(pool.term_start[:-1], pool.term_start[1:], strict=True)]
    assert group_tops(one)[0] == pytest.approx(pool.term_weight @ cap)


def test_everything_wrong_is_reported_at_once():
    with pytest.raises(InputFaults) as caught:
        build_pool(Routes(sparse.csr_array([[-1.0]]), [np.nan], [2.0], [0]), [-1.0, 1.0], [0, 0])
    assert {fault.column for fault in caught.value.faults} == {
        "theta",
        "base_theta",
        "cap",
        "term_weight",
        "term",
    }


def test_counts_are_checked():
    pool = small_pool()
    for bad in ([1.0], [-1.0, 0, 0, 0, 0], [np.nan, 0, 0, 0, 0]):
        with pytest.raises(InputFaults):
            value(pool, bad)
