"""What arrivals make of a stretch: against the definition day by day, all orders, and numpy's quantiles."""

from __future__ import annotations

import math
from itertools import permutations

import numpy as np
import pytest

from sarhad.kernels.arrival import Clock, Totals, follow, quantiles, shares

UNTIL = 40
CLOCK = Clock(np.array([0.0, 9.0, 21.0, 40.0]), float(UNTIL))
LENGTH_KM = 2.5


def worth_of(rng: np.random.Generator, n_bit: int) -> np.ndarray:
    """P_t of a coverage kind, monotone and submodular: 1 - prod (1 - p)."""
    p = rng.uniform(0.05, 0.9, n_bit)
    sets = np.arange(1 << n_bit)[:, None] >> np.arange(n_bit) & 1
    return 0.1 + 0.8 * (1.0 - np.prod(1.0 - p * sets, axis=1))


def totals(n_draw: int) -> Totals:
    by_date = [np.zeros((n_draw, len(CLOCK.at_day))) for _ in range(3)]
    return Totals(by_date[0], by_date[1], by_date[2], np.zeros(n_draw), (0.5, 0.2))


def set_on(days: np.ndarray, day: float) -> int:
    return sum(1 << b for b, there in enumerate(days <= day) if there)


def by_days(days: np.ndarray, worth: np.ndarray) -> float:
    """The integral, day by day: arrivals lie at the start of whole days."""
    return LENGTH_KM * sum(worth[set_on(days, t)] for t in range(UNTIL))


@pytest.fixture(params=range(4))
def drawn(request):
    rng = np.random.default_rng(request.param)
    n_bit = request.param + 1
    day = rng.integers(-3, 60, (30, n_bit)).astype(float)
    day[rng.random(day.shape) < 0.1] = np.inf
    return day, worth_of(rng, n_bit)


def test_sets_days_and_kilometres_are_those_of_the_definition(drawn):
    day, worth = drawn
    sums = totals(len(day))
    count, spent, _ = follow(day, day, CLOCK, worth, LENGTH_KM, sums)
    expected_spent = np.zeros(len(worth))
    for draw, days in enumerate(day):
        assert sums.km_days[draw] == pytest.approx(by_days(days, worth))
        for t in range(UNTIL):
            expected_spent[set_on(days, t)] += 1 / len(day)
        for date, at in enumerate(CLOCK.at_day):
            value = worth[set_on(days, at)]
            assert sums.protected_km[draw, date] == pytest.approx(LENGTH_KM * value)
            assert sums.closed_km[draw, date] == LENGTH_KM * (value > 0.5)
            assert sums.open_km[draw, date] == LENGTH_KM * (value < 0.2)
    for date, at in enumerate(CLOCK.at_day):
        sets = [set_on(days, at) for days in day]
        np.testing.assert_array_equal(count[date], np.bincount(sets, minlength=len(worth)))
    np.testing.assert_allclose(spent, expected_spent, atol=1e-12)


def test_sooner_is_the_difference_to_the_same_draws_with_one_day_moved(drawn):
    day, worth = drawn
    new = day - 7.0
    _, _, gained = follow(day, new, CLOCK, worth, LENGTH_KM, totals(len(day)))
    for draw, days in enumerate(day):
        for bit in range(day.shape[1]):
            moved = days.copy()
            moved[bit] = new[draw, bit]
            expected = by_days(moved, worth) - by_days(days, worth)
            assert gained[draw, bit] == pytest.approx(expected, abs=1e-9)


def test_shares_are_the_means_over_all_orders_and_add_up():
    rng = np.random.default_rng(11)
    n_bit = 4
    worth, spent = worth_of(rng, n_bit), rng.exponential(1.0, 16) * (rng.random(16) < 0.6)
    share, loss = shares(spent, worth)
    expected, lost = np.zeros(n_bit), np.zeros(n_bit)
    for whole, days in enumerate(spent):
        members = [b for b in range(n_bit) if whole >> b & 1]
        for order in permutations(members):
            there = 0
            for bit in order:
                added = worth[there | 1 << bit] - worth[there]
                expected[bit] += days * added / math.factorial(len(members))
                there |= 1 << bit
        for bit in members:
            lost[bit] += days * (worth[whole] - worth[whole ^ 1 << bit])
    np.testing.assert_allclose(share, expected, rtol=1e-12)
    np.testing.assert_allclose(loss, lost, rtol=1e-12)
    assert share.sum() == pytest.approx(float(spent @ (worth - worth[0])))


def test_quantiles_are_numpy_s_of_the_values_written_out():
    rng = np.random.default_rng(5)
    value, count = rng.random(8), rng.integers(0, 6, (3, 8))
    share = np.array([0.1, 0.5, 0.9])
    found = quantiles(count, value, share)
    for date in range(3):
        written = np.repeat(value, count[date])
        np.testing.assert_array_equal(found[date], np.quantile(written, share, method="inverted_cdf"))
    assert np.isnan(quantiles(count, np.where(value > 0.5, np.nan, value), share)).all()


def test_nothing_to_come_leaves_what_stands():
    sums = totals(3)
    count, spent, gained = follow(np.empty((3, 0)), np.empty((3, 0)), CLOCK, np.array([0.3]), 2.0, sums)
    assert count.tolist() == [[3]] * 4
    assert spent.tolist() == pytest.approx([40.0])
    assert gained.shape == (3, 0)
    np.testing.assert_allclose(sums.km_days, 2.0 * 40.0 * 0.3)
    share, loss = shares(spent, np.array([0.3]))
    assert share.shape == loss.shape == (0,)
