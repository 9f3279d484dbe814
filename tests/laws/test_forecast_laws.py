"""Laws of arrivals on one stretch: later or fewer never protects more; shares are fair."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from sarhad.kernels.arrival import Clock, Totals, follow, shares

FEW = settings(max_examples=40, deadline=None)
SEEDS = st.integers(0, 100_000)
CLOCK = Clock(np.array([30.0, 120.0, 365.0]), 400.0)
N_DRAW = 12


def stretch(seed: int, n_bit: int) -> tuple[np.ndarray, np.ndarray]:
    """Draws of days, and P_t of every set: a mean of routes, each 1 - prod of misses, capped."""
    rng = np.random.default_rng(seed)
    sets = np.arange(1 << n_bit)[:, None] >> np.arange(n_bit) & 1
    miss = rng.uniform(0.0, 1.0, (5, n_bit)) ** (rng.random((5, n_bit)) < 0.6)
    worth = np.mean([c * (1 - b * np.prod(m**sets, axis=1)) for c, b, m in zip(
        rng.uniform(0.3, 0.95, 5), rng.uniform(0.5, 1.0, 5), miss, strict=True)], axis=0)  # fmt: skip
    day = rng.gamma(2.0, 80.0, (N_DRAW, n_bit))
    return np.where(rng.random(day.shape) < 0.1, np.inf, day), worth


def followed(day: np.ndarray, worth: np.ndarray) -> tuple[Totals, np.ndarray]:
    by_date = [np.zeros((N_DRAW, 3)) for _ in range(3)]
    totals = Totals(by_date[0], by_date[1], by_date[2], np.zeros(N_DRAW), (0.5, 0.01))
    _, spent, _ = follow(day, day, CLOCK, worth, 2.0, totals)
    return totals, spent


@given(SEEDS, st.integers(1, 5))
@FEW
def test_a_later_delivery_never_raises_earlier_coverage(seed, n_bit):
    day, worth = stretch(seed, n_bit)
    rng = np.random.default_rng(seed + 1)
    late = day + rng.exponential(50.0, day.shape) * (rng.random(day.shape) < 0.5)
    before, after = followed(day, worth)[0], followed(late, worth)[0]
    assert np.all(after.protected_km <= before.protected_km + 1e-12)
    assert np.all(after.closed_km <= before.closed_km)
    assert np.all(after.open_km >= before.open_km)
    assert np.all(after.km_days <= before.km_days + 1e-9)


@given(SEEDS, st.integers(1, 5), st.integers(0, 4))
@FEW
def test_one_more_item_never_lowers(seed, n_bit, which):
    day, worth = stretch(seed, n_bit)
    fewer = day.copy()
    fewer[:, which % n_bit] = np.inf
    before, after = followed(fewer, worth)[0], followed(day, worth)[0]
    assert np.all(after.protected_km >= before.protected_km - 1e-12)
    assert np.all(after.km_days >= before.km_days - 1e-9)


@given(SEEDS, st.integers(1, 5))
@FEW
def test_shares_add_up_and_lie_between_loss_and_worth_alone(seed, n_bit):
    day, worth = stretch(seed, n_bit)
    _, spent = followed(day, worth)
    assert np.isclose(spent.sum(), CLOCK.until_day)
    share, loss = shares(spent, worth)
    assert np.isclose(share.sum(), spent @ (worth - worth[0]))
    sets = np.arange(1 << n_bit)
    for bit in range(n_bit):
        there = spent[sets >> bit & 1 == 1].sum()
        assert -1e-9 <= loss[bit] <= share[bit] + 1e-9
        assert share[bit] <= there * (worth[1 << bit] - worth[0]) + 1e-9


def test_a_lattice_that_falls_with_an_item_breaks_these_laws():
    """The gates above can fail: with an item that lowers P_t, coming later protects more."""
    worth = np.array([0.5, 0.4])
    early, late = np.full((N_DRAW, 1), 10.0), np.full((N_DRAW, 1), 200.0)
    assert np.all(followed(late, worth)[0].km_days > followed(early, worth)[0].km_days)
