"""Tail means and steps: hand-worked cases and the definitions."""

from __future__ import annotations

import numpy as np
import pytest

from sarhad.kernels.ordered import (
    first_short,
    levels,
    n_reaching,
    tail_mean,
    tail_weights,
    worst_and_on,
)


def test_a_tail_by_hand():
    value, share = np.array([0.8, 0.2, 0.5]), np.array([0.5, 0.3, 0.2])
    assert tail_mean(value, share, 1.0) == pytest.approx(0.5 * 0.8 + 0.3 * 0.2 + 0.2 * 0.5)
    assert tail_mean(value, share, 0.3) == pytest.approx(0.2)
    assert tail_mean(value, share, 0.4) == pytest.approx((0.3 * 0.2 + 0.1 * 0.5) / 0.4)
    assert tail_mean(value, share, 1e-6) == pytest.approx(0.2)
    assert tail_weights(value, share, 0.4) == pytest.approx([0.0, 0.75, 0.25])


def test_the_tail_mean_is_the_maximum_over_eta():
    """Rockafellar and Uryasev's form; the maximum is at one of the values."""
    rng = np.random.default_rng(0)
    for _ in range(50):
        value, share = rng.random(6), rng.dirichlet(np.ones(6))
        tail_share = rng.uniform(0.05, 1.0)
        every = [eta - share @ np.maximum(0.0, eta - value) / tail_share for eta in value]
        assert tail_mean(value, share, tail_share) == pytest.approx(max(every), abs=1e-12)


def test_values_without_a_share_do_not_count():
    value, share = np.array([0.0, 0.4, 0.6]), np.array([0.0, 0.5, 0.5])
    assert tail_mean(value, share, 0.5) == pytest.approx(0.4)
    assert tail_weights(value, share, 0.5)[0] == 0.0


def test_steps_by_hand():
    value = np.array([0.1, 0.3, 0.29999999999, 0.05])
    assert levels(0.1) == pytest.approx(np.arange(1, 11) / 10)
    assert levels(0.3) == pytest.approx([0.3, 0.6, 0.9])
    assert n_reaching(value, 0.1).tolist() == [3, 2, 2, 0, 0, 0, 0, 0, 0, 0]  # rounding costs no step
    assert first_short(np.array([1.0, 1.0, 0.5])) == 2
    assert first_short(np.ones(3)) == 3


@pytest.mark.parametrize(
    ("share", "expected"),
    [([0.0, 0.0], 0.0), ([0.5, 0.0], 0.2), ([1.0, 0.25], 0.5), ([1.0, 1.0], 0.8)],
)
def test_the_worst_value_goes_on_where_it_stands_still(share, expected):
    assert worst_and_on(np.array(share), 0.4) == pytest.approx(expected)
