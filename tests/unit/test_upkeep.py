"""Gains kept up to date, against their definition after any moves: one route a term, several, caps."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from sarhad.kernels.cover import Pool, Routes, build_pool, gains, slow_value, state_of, weigh_groups
from sarhad.kernels.upkeep import change

N_COL, N_ROUTE = 7, 18
FEW = settings(max_examples=60, deadline=None)


def pool_of(seed: int, n_a_term: int) -> Pool:
    """Routes of which some are beyond help, some at their cap at once, two of them equal."""
    rng = np.random.default_rng(seed)
    theta = rng.lognormal(-0.5, 1.0, (N_ROUTE, N_COL)) * (rng.random((N_ROUTE, N_COL)) < 0.5)
    base, cap = rng.exponential(0.2, N_ROUTE), rng.choice([0.05, 0.5, 0.9, 1.0], N_ROUTE)
    theta[1], base[1], cap[1] = theta[0], base[0], cap[0]
    term = np.arange(N_ROUTE) // n_a_term
    weight = rng.choice([0.0, 0.5, 2.0], term.max() + 1)
    return build_pool(Routes(sparse.csr_array(theta), base, cap, term), weight, np.arange(len(weight)) // 2)


@given(st.integers(0, 10_000), st.integers(1, 4), st.booleans())
@FEW
def test_gains_are_what_the_definition_says_after_any_moves(seed, n_a_term, is_capped):
    pool = pool_of(seed, n_a_term)
    if is_capped:
        pool = weigh_groups(pool, np.ones(pool.n_group), 0.4)
    rng = np.random.default_rng(seed)
    count = rng.integers(0, 3, N_COL)
    state = state_of(pool, count.astype(np.float64))
    gain = gains(pool, state)
    scratch = np.zeros(N_COL, np.int64), np.empty(N_COL, np.int32)
    for a in rng.integers(0, N_COL, 12).tolist():
        by = -1 if count[a] > 0 and rng.random() < 0.5 else 1
        change(pool, count, state, a, by, gain, scratch)
    now = slow_value(pool, count.astype(np.float64))
    by_definition = [slow_value(pool, count + unit) - now for unit in np.eye(N_COL)]
    assert gain == pytest.approx(by_definition, abs=1e-12)
    true = state_of(pool, count.astype(np.float64))
    for name in ("miss", "term", *(["group"] if is_capped else [])):
        np.testing.assert_array_equal(getattr(state, name), getattr(true, name))


def test_a_second_hole_pays_once_the_first_is_closed():
    """Two routes of one term, 1 - e^-1 each with its own item: the gain of b is 0 until a stands."""
    theta = sparse.csr_array(np.array([[1.0, 0.0], [0.0, 1.0]]))
    pool = build_pool(Routes(theta, np.zeros(2), np.ones(2), np.zeros(2, int)), np.ones(1), np.zeros(1, int))
    count = np.zeros(2, np.int64)
    state = state_of(pool, np.zeros(2))
    gain = gains(pool, state)
    assert gain.tolist() == [0.0, 0.0]
    change(pool, count, state, 0, 1, gain, (np.zeros(2, np.int64), np.empty(2, np.int32)))
    assert gain == pytest.approx([0.0, 1.0 - np.exp(-1.0)])
