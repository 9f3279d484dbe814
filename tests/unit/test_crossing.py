"""P_t of given routes against all states of the assets, hand-worked routes and its bound."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from sarhad.errors import InputFaults
from sarhad.kernels.crossing import timely, weighted_exposure
from sarhad.kernels.exposure import NO_LINES, Routes, sensor_lines, view_of
from sarhad.kernels.steps import step_time
from sarhad.kernels.trace import routes_along

SHAPE = (6, 5)
N_ASSET = 5


def random_case(seed):
    rng = np.random.default_rng(seed)
    step_s = step_time(rng.uniform(0, 30, SHAPE), cell_m=90.0, speed="tobler", speed_factor=0.6)
    row, col = np.indices(SHAPE)
    offset_m, chainage_m = (row - 2.5) * 90.0, (col + 0.5) * 90.0
    n = 50
    view = view_of(rng.integers(0, 30, n), rng.integers(0, 4, n), rng.exponential(4e-3, n), 30)
    lines = sensor_lines([(4, 0.0, 0.0, 300.0, 0.6), (3, 90.0, 0.0, 900.0, 0.4)])
    paths = [walk(rng) for _ in range(12)]
    w = rng.uniform(0, 0.95, SHAPE)
    available = np.array([1.0, 0.7, 0.5, 0.9, 0.8])
    return routes_along(paths, step_s), w, view, lines, available, offset_m, chainage_m


def walk(rng):
    """From the top row to the bottom row, with sidesteps."""
    row, col = 0, int(rng.integers(5))
    path = [col]
    while row < 5:
        d_row, d_col = rng.choice([(1, -1), (1, 0), (1, 1), (0, 1), (0, -1)])
        if 0 <= col + d_col < 5:
            row, col = row + d_row, col + d_col
            path.append(row * 5 + col)
    return path


def step_exposures(case, i):
    """Exposure of each asset on each step of route i, (n_step, n_asset), by plain loops."""
    routes, _, view, lines, available, offset_m, chainage_m = case
    cells = routes.cell[routes.ptr[i] : routes.ptr[i + 1]]
    dt = routes.step_s[routes.ptr[i] : routes.ptr[i + 1]]
    exposure = np.zeros((len(cells) - 1, available.size))
    for k in range(len(cells) - 1):
        v, u = cells[k], cells[k + 1]
        for e in range(view.ptr[v], view.ptr[v + 1]):
            exposure[k, view.asset[e]] += view.rate_per_s[e] * dt[k]
        for asset, at_m, from_m, to_m, once in zip(*lines, strict=True):
            v_home, u_home = offset_m.flat[v] >= at_m, offset_m.flat[u] >= at_m
            if v_home != u_home and from_m <= chainage_m.flat[v if v_home else u] < to_m:
                exposure[k, asset] += once
    return exposure


def by_all_states(case, i):
    """Mean over all 2^n states of the sum over steps, with plain rates in each."""
    routes, w, available = case[0], case[1], case[4]
    exposure = step_exposures(case, i)
    worth = w.ravel()[routes.cell[routes.ptr[i] : routes.ptr[i + 1] - 1]]
    p_timely = p_detect = 0.0
    for state in itertools.product([False, True], repeat=available.size):
        weight = math.prod(f if up else 1 - f for f, up in zip(available, state, strict=True))
        silent = 1.0
        for k in range(len(worth)):
            p = 1 - math.exp(-exposure[k][list(state)].sum())
            p_timely += weight * silent * p * worth[k]
            silent *= 1 - p
        p_detect += weight * (1 - silent)
    return p_timely, p_detect


@pytest.mark.parametrize("seed", range(4))
def test_equals_the_sum_over_all_states(seed):
    case = random_case(seed)
    found = timely(*case)
    expected = np.array([by_all_states(case, i) for i in range(12)])
    np.testing.assert_allclose(found.p_timely, expected[:, 0], rtol=1e-12)
    np.testing.assert_allclose(found.p_detect, expected[:, 1], rtol=1e-12)


def test_correlated_is_the_best_asset_in_place_of_the_product():
    case = random_case(7)
    found = timely(*case, correlated=True)
    for i in range(12):
        exposure, available = step_exposures(case, i), case[4]
        survival = np.min(1 - available * (1 - np.exp(-np.cumsum(exposure, axis=0))), axis=1)
        before = np.concatenate(([1.0], survival[:-1]))
        worth = case[1].ravel()[case[0].cell[case[0].ptr[i] : case[0].ptr[i + 1] - 1]]
        assert found.p_timely[i] == pytest.approx(np.sum((before - survival) * worth), rel=1e-12)
        assert found.p_detect[i] == pytest.approx(1 - survival[-1], rel=1e-12)


def test_hand_worked_camera_that_is_down_on_three_nights_in_ten():
    # Three steps of 100 s at ln(2) / 100 per s: each detects half of what is left, if the camera works.
    step_s = np.full((8, 1, 4), np.inf)
    step_s[2, 0, :3] = 100.0
    routes = routes_along([[0, 1, 2, 3]], step_s)
    view = view_of([0, 1, 2], [0, 0, 0], [math.log(2) / 100] * 3, 4)
    flat = np.zeros((1, 4))
    found = timely(routes, [[0.8, 0.4, 0.2, 0.0]], view, NO_LINES, [0.7], flat, flat)
    assert found.p_detect[0] == pytest.approx(0.7 * 7 / 8)
    assert found.p_timely[0] == pytest.approx(0.7 * (0.5 * 0.8 + 0.25 * 0.4 + 0.125 * 0.2))


def test_an_alarm_at_a_bad_moment_is_stated_and_the_law_restored_on_request():
    """w rises along the route: an asset that alarms him early, where he escapes, lowers the plain P_t."""
    step_s = np.full((8, 1, 3), np.inf)
    step_s[2, 0, :2] = 100.0
    routes = routes_along([[0, 1, 2]], step_s)
    late = view_of([1], [0], [1.0], 3)
    both = view_of([0, 1], [1, 0], [1.0, 1.0], 3)
    flat = np.zeros((1, 3))
    worth = [[0.1, 0.9, 0.0]]
    common = (NO_LINES, [1.0, 1.0], flat, flat)
    assert timely(routes, worth, both, *common).p_timely < timely(routes, worth, late, *common).p_timely
    one = timely(routes, worth, late, *common, w_never_rises=True).p_timely
    two = timely(routes, worth, both, *common, w_never_rises=True).p_timely
    assert one[0] == pytest.approx(0.9)
    assert two[0] == pytest.approx(0.9)


@pytest.mark.parametrize("w_never_rises", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_surrogate_bounds_p_timely(seed, w_never_rises):
    case = random_case(seed)
    found = timely(*case, w_never_rises=w_never_rises)
    weighted = weighted_exposure(*case, w_never_rises=w_never_rises)
    theta = np.zeros((12, N_ASSET))
    theta[weighted.route, weighted.asset] = weighted.theta
    bound = np.minimum(weighted.cap, 1 - np.exp(-theta.sum(axis=1)))
    assert np.all(found.p_timely <= bound + 1e-12)
    order = weighted.route.astype(np.int64) * N_ASSET + weighted.asset
    assert np.all(np.diff(order) > 0)


def test_theta_and_cap_by_definition():
    case = random_case(2)
    weighted = weighted_exposure(*case)
    for i in range(12):
        cells = case[0].cell[case[0].ptr[i] : case[0].ptr[i + 1]]
        worth = case[1].ravel()[cells]
        total = (step_exposures(case, i) * worth[:-1, None]).sum(axis=0)
        theta = -np.log(1 - case[4] * (1 - np.exp(-total)))
        mine = weighted.route == i
        np.testing.assert_array_equal(weighted.asset[mine], np.flatnonzero(total))
        np.testing.assert_allclose(weighted.theta[mine], theta[total > 0], rtol=1e-10)
        assert weighted.cap[i] == worth.max()


def test_no_way_is_not_a_number_and_nobody_watching_is_zero():
    flat = np.zeros((1, 2))
    routes = Routes(np.array([0, 0, 2]), np.array([0, 1], dtype=np.int32), np.array([50.0, 0.0]))
    view = view_of([], [], [], 2)
    found = timely(routes, [[0.9, 0.0]], view, NO_LINES, [], flat, flat)
    np.testing.assert_array_equal(found.p_timely, [np.nan, 0.0])
    np.testing.assert_array_equal(found.p_detect, [np.nan, 0.0])
    np.testing.assert_array_equal(
        weighted_exposure(routes, [[0.9, 0.0]], view, NO_LINES, [], flat, flat).cap, [0, 0.9]
    )


def test_bad_arguments_name_themselves():
    routes, w, view, lines, available, offset_m, chainage_m = random_case(0)
    rest = (view, lines, available, offset_m, chainage_m)
    with pytest.raises(InputFaults, match="w: expected"):
        timely(routes, w + 1, *rest)
    with pytest.raises(InputFaults, match="w: expected"):
        timely(routes, w * np.nan, *rest)
    with pytest.raises(InputFaults, match="available"):
        timely(routes, w, view, lines, available * 2, offset_m, chainage_m)
    with pytest.raises(InputFaults, match=r"view\.asset"):
        timely(routes, w, view, lines, available[:2], offset_m, chainage_m)
    with pytest.raises(InputFaults, match=r"routes\.step_s"):
        timely(routes._replace(step_s=-routes.step_s), w, *rest)
