"""Steps, spikes and relief against distance on grids whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sarhad.errors import InputFaults
from sarhad.kernels.dem_quality import LAGS, SPIKE_SLOPE, lag_squares, seam_step, spikes

finite = st.floats(-30, 30)


@settings(deadline=None)
@given(finite, finite, finite)
def test_a_plane_has_no_step_and_a_lifted_half_has_its_lift(a, b, lift):
    row, col = np.mgrid[:20, :24].astype(float)
    value = a * row + b * col + lift * (col >= 12)
    step = seam_step(value, 12)
    assert step.step_m == pytest.approx(lift, abs=1e-9)
    assert step.typical_m == pytest.approx(0.0, abs=1e-9)
    assert step.neighbour_m == pytest.approx(abs(b), abs=1e-9)
    assert step.n == 20


def test_voids_are_left_out_of_a_seam():
    value = np.zeros((10, 24))
    value[:, 12:] = 4.0
    value[:3, 11] = np.nan
    value[3, 14] = np.nan  # not one of the four that a step looks at
    assert seam_step(value, 12).n == 7
    assert seam_step(value, 12).step_m == 4.0
    assert seam_step(np.full((5, 24), np.nan), 12).n == 0
    with pytest.raises(InputFaults, match="six columns"):
        seam_step(value, 5)


def test_a_spike_stands_above_all_neighbours_and_a_pit_below():
    value = np.zeros((9, 9))
    far = SPIKE_SLOPE * np.hypot(30.0, 20.0)  # of the neighbours, those across corners are farthest
    value[2, 2], value[6, 6], value[2, 6] = far + 1.0, -far - 1.0, far - 1.0
    assert np.argwhere(spikes(value, 30.0, 20.0)).tolist() == [[2, 2], [6, 6]]
    ridge = np.zeros((9, 9))
    ridge[4, :] = 900.0
    assert not spikes(ridge, 30.0, 20.0).any()
    value[2, 3] = np.nan
    assert np.argwhere(spikes(value, 30.0, 20.0)).tolist() == [[6, 6]]
    assert not spikes(np.zeros((2, 9)), 30.0, 20.0).any()


@settings(deadline=None)
@given(st.integers(0, 10_000))
def test_lag_squares_are_those_of_every_pair(seed):
    rng = np.random.default_rng(seed)
    value = rng.normal(0, 10, (10, 12))
    value[rng.random(value.shape) < 0.1] = np.nan
    total, count = lag_squares(value)
    for k, lag in enumerate(LAGS):
        pairs = [
            value[r, c] - value[r + dr, c + dc]
            for dr, dc in ((lag, 0), (0, lag))
            for r in range(10 - dr)
            for c in range(12 - dc)
        ]
        known = [one for one in pairs if np.isfinite(one)]
        assert count[k] == len(known)
        assert total[k] == pytest.approx(sum(one * one for one in known))


def growth(value: np.ndarray) -> float:
    total, count = lag_squares(value)
    return float(np.log2(np.sqrt(total[1] / count[1]) / np.sqrt(total[0] / count[0])))


def test_growth_of_a_slope_a_walk_and_noise():
    rng = np.random.default_rng(3)
    assert growth(np.mgrid[:50, :50][0] * 3.0) == pytest.approx(1.0)
    assert growth(np.cumsum(rng.normal(0, 1, (400, 400)), axis=1)[:1]) == pytest.approx(0.5, abs=0.15)
    assert growth(rng.normal(0, 1, (400, 400))) == pytest.approx(0.0, abs=0.02)
