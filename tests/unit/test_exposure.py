"""Exposure of steps against plain loops, and the rules by which a step crosses a sensor line."""

from __future__ import annotations

import numpy as np
import pytest

from sarhad.errors import InputFaults
from sarhad.kernels.exposure import (
    NO_LINES,
    Routes,
    check_routes,
    sensor_lines,
    step_exposure,
    total_rate,
    view_of,
    with_mask,
)
from sarhad.kernels.steps import D_COL, D_ROW, step_time

SHAPE = (6, 8)


@pytest.fixture
def ground():
    rng = np.random.default_rng(5)
    barrier = rng.random(SHAPE) < 0.15
    step_s = step_time(rng.uniform(0, 20, SHAPE), cell_m=90.0, speed="tobler", barrier=barrier)
    row, col = np.indices(SHAPE)
    offset_m, chainage_m = (row - 2.5) * 90.0 + 7.0 * col, (col + 0.5) * 90.0
    n = 60
    view = view_of(rng.integers(0, 48, n), rng.integers(0, 4, n), rng.exponential(1e-3, n), 48)
    lines = sensor_lines(
        [(4, 0.0, 100.0, 400.0, 0.8), (2, 90.0, 0.0, 1000.0, 0.5), (4, 0.0, 400.0, 500.0, 0.3)]
    )
    return step_s, view, lines, offset_m, chainage_m


def by_loops(step_s, view, lines, offset_m, chainage_m, share):
    exposure = np.zeros(step_s.shape)
    for d, row, col in np.argwhere(np.isfinite(step_s)):
        v, u = (row, col), (row + D_ROW[d], col + D_COL[d])
        flat = row * step_s.shape[2] + col
        for entry in range(view.ptr[flat], view.ptr[flat + 1]):
            exposure[d, row, col] += share[view.asset[entry]] * view.rate_per_s[entry] * step_s[d, row, col]
        for asset, at_m, from_m, to_m, once in zip(*lines, strict=True):
            v_home, u_home = offset_m[v] >= at_m, offset_m[u] >= at_m
            home = v if v_home else u
            if v_home != u_home and from_m <= chainage_m[home] < to_m:
                exposure[d, row, col] -= np.log(1 - share[asset] * (1 - np.exp(-once)))
    return exposure


@pytest.mark.parametrize("share", [np.ones(5), np.array([1.0, 0.0, 1.0, 0.0, 1.0]), np.linspace(0.1, 0.9, 5)])
def test_equals_plain_loops(ground, share):
    found = step_exposure(*ground, share)
    np.testing.assert_allclose(found, by_loops(*ground, share), rtol=1e-12, atol=1e-15)


def test_share_left_out_is_one_and_a_mask_is_a_share_of_0_or_1(ground):
    np.testing.assert_array_equal(step_exposure(*ground), step_exposure(*ground, np.ones(5)))
    working = np.array([True, False, True, True, False])
    np.testing.assert_array_equal(with_mask(*ground, working), step_exposure(*ground, working.astype(float)))


def test_total_rate_is_the_sum_by_cell(ground):
    view = ground[1]
    share = np.array([0.5, 1.0, 0.0, 0.25])
    expected = [
        sum(share[view.asset[e]] * view.rate_per_s[e] for e in range(view.ptr[v], view.ptr[v + 1]))
        for v in range(48)
    ]
    np.testing.assert_allclose(total_rate(view, 48, share), expected, rtol=1e-12)


def test_a_certain_sensor_line_is_an_infinite_exposure(ground):
    step_s, view, lines, offset_m, chainage_m = ground
    certain = lines._replace(exposure=np.full(3, np.inf))
    found = step_exposure(step_s, view, certain, offset_m, chainage_m)
    assert np.isinf(found).any()
    assert not np.isnan(step_exposure(step_s, view, certain, offset_m, chainage_m, np.zeros(5))).any()


def test_view_is_sorted_by_cell_then_asset():
    view = view_of([2, 0, 2], [1, 3, 0], [0.1, 0.2, 0.3], 4)
    np.testing.assert_array_equal(view.ptr, [0, 1, 1, 3, 3])
    np.testing.assert_array_equal(view.asset, [3, 0, 1])
    np.testing.assert_array_equal(view.rate_per_s, [0.2, 0.3, 0.1])


def test_bad_arguments_name_themselves(ground):
    step_s, view, lines, offset_m, chainage_m = ground
    with pytest.raises(InputFaults, match="rate_per_s"):
        step_exposure(step_s, view._replace(rate_per_s=-view.rate_per_s), lines, offset_m, chainage_m)
    with pytest.raises(InputFaults, match=r"view\.ptr"):
        step_exposure(step_s[:, :-1], view, lines, offset_m[:-1], chainage_m[:-1])
    with pytest.raises(InputFaults, match="offset_m"):
        step_exposure(step_s, view, lines, offset_m * np.nan, chainage_m)
    with pytest.raises(InputFaults, match="share"):
        step_exposure(step_s, view, lines, offset_m, chainage_m, np.full(5, 1.5))
    with pytest.raises(InputFaults, match=r"lines\.asset"):
        step_exposure(step_s, view, lines, offset_m, chainage_m, np.ones(4))
    with pytest.raises(InputFaults, match="p_detect"):
        sensor_lines([(0, 0.0, 0.0, 1.0, 1.0)])
    with pytest.raises(InputFaults, match="working"):
        with_mask(step_s, view, NO_LINES, offset_m, chainage_m, np.ones(5))
    with pytest.raises(InputFaults, match=r"routes\.cell"):
        check_routes(Routes(np.array([0, 1]), np.array([48], dtype=np.int32), np.zeros(1)), 48)
