"""The optimal adversary against all simple routes, against value iteration, and through stretches."""

from __future__ import annotations

import numpy as np
import pytest

from sarhad.errors import InputFaults
from sarhad.kernels.crossing import timely
from sarhad.kernels.exposure import sensor_lines, step_exposure, view_of, with_mask
from sarhad.kernels.interception import timeliness
from sarhad.kernels.leastcost import least_cost
from sarhad.kernels.steps import D_COL, D_ROW, step_time
from sarhad.kernels.trace import routes_along
from sarhad.kernels.worstcase import (
    Band,
    Reach,
    least_timely,
    least_timely_by_state,
    least_timely_through,
)

CELL_M = 90.0


def sector(seed, n_row, n_col, n_outer, wall=0.1):
    """Starts in row 0, the line before row `n_outer`, goals in the last row; returns (band, view, lines)."""
    rng = np.random.default_rng(seed)
    shape = (n_row, n_col)
    barrier = rng.random(shape) < wall
    step_s = step_time(
        rng.uniform(0, 40, shape), cell_m=CELL_M, speed="tobler", speed_factor=0.6, barrier=barrier
    )
    row, col = np.indices(shape)
    offset_m, chainage_m = (row - n_outer + 0.5) * CELL_M, (col + 0.5) * CELL_M
    goal = row == n_row - 1
    goals = np.flatnonzero(goal)
    field = least_cost(step_s, goals, np.zeros(goals.size), towards=True)
    response_s = np.where(offset_m >= 0, rng.uniform(30, 900, shape), np.inf)
    w = timeliness(field.cost, field.link, response_s, p_communication=0.95, sd_fraction=0.3)
    n = n_row * n_col
    seen = np.flatnonzero(rng.random(n) < 0.6)
    view = view_of(seen, rng.integers(0, 3, seen.size), rng.exponential(5e-3, seen.size), n)
    lines = sensor_lines([(3, 0.0, 0.0, 2.5 * CELL_M, 0.7)])
    return Band(step_s, w, offset_m, chainage_m, goal), view, lines


def exposure_of(band, view, lines, share=None):
    return step_exposure(band.step_s, view, lines, band.offset_m, band.chainage_m, share)


def neighbours(step_s, v):
    """(direction, cell) of every possible step out of flat cell v."""
    _, _, n_col = step_s.shape
    row, col = divmod(v, n_col)
    for d in range(8):
        if np.isfinite(step_s[d, row, col]):
            yield d, (row + D_ROW[d]) * n_col + col + D_COL[d]


def least_over_all_simple_routes(band, exposure, start, goals):
    """Least P_t, by its own formula, over every route that visits no cell twice."""
    step_s, w = band.step_s, band.w.ravel()
    p = 1 - np.exp(-exposure.reshape(8, -1))
    best = np.inf
    stack = [(start, (start,), 1.0, 0.0)]
    while stack:
        v, met, silent, in_time = stack.pop()
        if v in goals:
            best = min(best, in_time)
            continue
        for d, u in neighbours(step_s, v):
            if u not in met:
                detected = silent * p[d, v]
                stack.append((u, (*met, u), silent - detected, in_time + detected * w[v]))
    return best


def by_value_iteration(step_s, exposure, w, seeds, within, superior):
    """Fixed point of the recursion, as written or in its superior form."""
    n = w.size
    p = 1 - np.exp(-np.where(np.isfinite(step_s), exposure, 0).reshape(8, -1))
    value = np.full(n, np.inf)
    value[list(seeds)] = 0.0
    for _ in range(4 * n):
        new = value.copy()
        for v in np.flatnonzero(within.ravel()):
            for d, u in neighbours(step_s, v):
                if within.flat[u] and np.isfinite(value[u]) and v not in seeds:
                    gain = w.flat[v] - value[u]
                    new[v] = min(new[v], value[u] + p[d, v] * (max(gain, 0) if superior else gain))
        if np.array_equal(new, value, equal_nan=True):
            break
        value = new
    return value.reshape(w.shape)


@pytest.mark.parametrize("seed", range(6))
def test_equals_the_best_of_all_simple_routes(seed):
    band, view, lines = sector(seed, 4, 3, 2, wall=0.0)
    exposure = exposure_of(band, view, lines)
    goals = set(np.flatnonzero(band.goal))
    found = least_timely(exposure, band.step_s, band.w, sorted(goals), np.zeros(3))
    for start in range(12):
        expected = least_over_all_simple_routes(band, exposure, start, goals)
        assert found.p_timely.flat[start] == pytest.approx(expected, abs=1e-13)
    assert found.p_timely.max() > 0.01


@pytest.mark.parametrize("seed", range(4))
def test_is_the_fixed_point_of_the_recursion_as_written(seed):
    band, view, lines = sector(seed, 6, 7, 3)
    exposure = exposure_of(band, view, lines)
    goals = np.flatnonzero(band.goal)
    found = least_timely(exposure, band.step_s, band.w, goals, np.zeros(goals.size)).p_timely
    within = np.ones(found.shape, bool)
    expected = by_value_iteration(band.step_s, exposure, band.w, set(goals), within, superior=False)
    np.testing.assert_allclose(found, expected, atol=1e-12)
    assert np.all((found <= band.w + 1e-15) | np.isinf(found))


@pytest.mark.parametrize("seed", range(6))
def test_is_the_fixed_point_of_the_superior_form_whatever_w(seed):
    band, view, lines = sector(seed, 6, 7, 3)
    rng = np.random.default_rng(seed)
    w, within = rng.uniform(0, 1, band.w.shape), rng.random(band.w.shape) < 0.85
    exposure = exposure_of(band, view, lines)
    seeds = np.flatnonzero(band.goal & within)
    found = least_timely(exposure, band.step_s, w, seeds, np.zeros(seeds.size), within)
    expected = by_value_iteration(band.step_s, exposure, w, set(seeds), within, superior=True)
    np.testing.assert_allclose(found.p_timely, expected, atol=1e-12)
    reached = np.isfinite(found.p_timely) & (found.link >= 0)
    assert np.all(found.p_timely.ravel()[found.link[reached]] <= found.p_timely[reached])


def simple_routes(step_s, start, goals):
    """Every route from a cell to the first goal on it that visits no cell twice, by brute force."""
    found, stack = [], [(start,)]
    while stack:
        met = stack.pop()
        if met[-1] in goals:
            found.append(list(met))
            continue
        stack += [(*met, u) for _, u in neighbours(step_s, met[-1]) if u not in met]
    return found


@pytest.mark.parametrize("n_asset", [1, 4])
@pytest.mark.parametrize("seed", range(4))
def test_alone_and_working_bounds_every_route_in_a_correlated_condition(seed, n_asset):
    """max_a f_a L_a is at most the least correlated P_t of all simple routes, and equals it for one asset."""
    band, view, lines = sector(seed, 4, 3, 2, wall=0.0)
    f = np.array([0.6, 0.8, 0.9, 0.7])
    if n_asset == 1:
        f[1:] = 0.0
    goals = set(np.flatnonzero(band.goal))
    alone = []
    for asset in np.eye(4, dtype=bool):
        exposure = with_mask(band.step_s, view, lines, band.offset_m, band.chainage_m, asset)
        alone.append(least_timely(exposure, band.step_s, band.w, sorted(goals), np.zeros(3)).p_timely)
    bound = np.max([share * least for share, least in zip(f, alone, strict=True)], axis=0)
    for start in (0, 1, 2):
        routes = routes_along(simple_routes(band.step_s, start, goals), band.step_s)
        assert len(routes.ptr) > 1_000
        exact = timely(
            routes,
            band.w,
            view,
            lines,
            f,
            band.offset_m,
            band.chainage_m,
            correlated=True,
            w_never_rises=True,
        )
        least = exact.p_timely.min()
        assert bound.flat[start] <= least + 1e-12
        if n_asset == 1:
            assert bound.flat[start] == pytest.approx(least, abs=1e-12)
        else:
            product = timely(
                routes, band.w, view, lines, f, band.offset_m, band.chainage_m, w_never_rises=True
            )
            assert product.p_timely.min() >= least - 1e-12  # what the product says is no bound
    assert bound.max() > 0.01 or n_asset == 1


def test_unseen_ground_is_crossed_by_the_quickest_way():
    band, _, _ = sector(3, 9, 9, 4, wall=0.2)
    exposure = np.zeros(band.step_s.shape)
    goals = np.flatnonzero(band.goal)
    found = least_timely(exposure, band.step_s, band.w, goals, np.zeros(goals.size))
    time_s = least_cost(band.step_s, goals, np.zeros(goals.size), towards=True).cost
    np.testing.assert_allclose(found.time_s, time_s)
    assert np.all(found.p_timely[np.isfinite(time_s)] == 0.0)


def through_case(seed, wall=0.1):
    band, view, lines = sector(seed, 8, 12, 4, wall)
    stretch = np.full(band.w.shape, -1, dtype=np.int32)
    stretch[4] = np.repeat([4, 1, 7], 4)
    return band, view, lines, stretch


def through_by_value_iteration(band, exposure, stretch, stretch_id, window):
    """L of one stretch, superior form: home cells, its line cells, then outer cells in the window."""
    is_home = band.offset_m >= 0
    goals = set(np.flatnonzero(band.goal))
    home = by_value_iteration(band.step_s, exposure, band.w, goals, is_home, superior=True)
    cells = np.argwhere((stretch == stretch_id) & np.isfinite(home))
    if cells.size == 0:
        return np.nan
    line = np.argwhere(stretch == stretch_id)
    low, high = line.min(0) - window, line.max(0) + window
    row, col = np.indices(stretch.shape)
    in_box = (row >= low[0]) & (row <= high[0]) & (col >= low[1]) & (col <= high[1])
    outer = ~is_home & in_box
    p = 1 - np.exp(-np.where(np.isfinite(band.step_s), exposure, 0).reshape(8, -1))
    value = np.where(is_home & (stretch == stretch_id), home, np.inf).ravel()
    for _ in range(200):
        new = value.copy()
        for v in np.flatnonzero(outer):
            for d, u in neighbours(band.step_s, v):
                if np.isfinite(value[u]):
                    new[v] = min(new[v], value[u] + p[d, v] * max(band.w.flat[v] - value[u], 0))
        if np.array_equal(new, value):
            break
        value = new
    least = value[(outer & (band.offset_m <= -300.0)).ravel()].min()
    return least if np.isfinite(least) else np.nan


@pytest.mark.parametrize("window_m", [300.0, 500.0, 5000.0])
@pytest.mark.parametrize("seed", range(3))
def test_through_a_stretch_equals_value_iteration(seed, window_m):
    band, view, lines, stretch = through_case(seed)
    exposure = exposure_of(band, view, lines)
    reach = Reach(300.0, window_m, CELL_M)
    found = least_timely_through(exposure, band, stretch, [7, 1, 4], reach)
    expected = [
        through_by_value_iteration(band, exposure, stretch, k, int(np.ceil(window_m / CELL_M)))
        for k in (7, 1, 4)
    ]
    np.testing.assert_allclose(found.p_timely, expected, atol=1e-12)


@pytest.mark.parametrize("seed", range(6))
def test_through_routes_are_crossings_of_their_stretch_and_attain_l(seed):
    band, view, lines, stretch = through_case(seed)
    exposure = exposure_of(band, view, lines)
    found = least_timely_through(exposure, band, stretch, [1, 4, 7], Reach(300.0, 5000.0, CELL_M))
    exact = timely(found.routes, band.w, view, lines, np.ones(4), band.offset_m, band.chainage_m)
    for k, stretch_id in enumerate([1, 4, 7]):
        cells = found.routes.cell[found.routes.ptr[k] : found.routes.ptr[k + 1]]
        if np.isnan(found.p_timely[k]):
            assert cells.size == 0
            assert found.line_cell[k] == -1
            continue
        is_home = band.offset_m.ravel()[cells] >= 0
        assert np.count_nonzero(np.diff(is_home.astype(int))) == 1
        assert stretch.ravel()[cells[is_home][0]] == stretch_id
        assert cells[is_home][0] == found.line_cell[k]
        assert band.offset_m.flat[cells[0]] <= -300.0
        assert band.goal.flat[cells[-1]]
        assert exact.p_timely[k] <= found.p_timely[k] + 1e-12
    # The best of all stretches is the adversary free to choose, and there L is P_t of the route.
    best = np.nanargmin(found.p_timely)
    assert exact.p_timely[best] == pytest.approx(found.p_timely[best], abs=1e-12)
    goals = np.flatnonzero(band.goal)
    free = least_timely(exposure, band.step_s, band.w, goals, np.zeros(goals.size)).p_timely
    assert free[band.offset_m <= -300.0].min() <= found.p_timely[best] + 1e-12


def test_a_walled_stretch_is_impassable():
    band, view, lines, stretch = through_case(0, wall=0.0)
    step_s = band.step_s.copy()
    step_s[:, 4, :4] = np.inf
    walled = band._replace(step_s=step_s)
    found = least_timely_through(
        exposure_of(walled, view, lines), walled, stretch, [4, 1], Reach(300.0, 900.0, CELL_M)
    )
    assert np.isnan(found.p_timely[0])
    assert found.line_cell[0] == -1
    assert found.routes.ptr[1] == 0
    assert np.isfinite(found.p_timely[1])
    absent = least_timely_through(
        exposure_of(band, view, lines), band, stretch, [99], Reach(300.0, 900.0, CELL_M)
    )
    assert np.isnan(absent.p_timely[0])


def test_states_are_the_minima_of_each_state():
    band, view, lines, stretch = through_case(2)
    reach = Reach(300.0, 900.0, CELL_M)
    working = np.array([[True] * 4, [False] * 4, [True, False, True, False], [True] * 4])
    found = least_timely_by_state(band, view, lines, stretch, [1, 4], reach=reach, working=working)
    for row, state in zip(found, working, strict=True):
        exposure = with_mask(band.step_s, view, lines, band.offset_m, band.chainage_m, state)
        expected = least_timely_through(exposure, band, stretch, [1, 4], reach).p_timely
        np.testing.assert_array_equal(row, expected)
    assert np.nanmax(found[1]) == 0.0


def test_bad_arguments_name_themselves():
    band, view, lines, stretch = through_case(0)
    exposure = exposure_of(band, view, lines)
    with pytest.raises(InputFaults, match="step_exposure"):
        least_timely(exposure * np.nan, band.step_s, band.w, [95], [0.0])
    with pytest.raises(InputFaults, match="w: expected"):
        least_timely(exposure, band.step_s, band.w + 1, [95], [0.0])
    with pytest.raises(InputFaults, match="seed_cell"):
        least_timely(exposure, band.step_s, band.w, [96], [0.0])
    with pytest.raises(InputFaults, match="seed_value"):
        least_timely(exposure, band.step_s, band.w, [95], [np.nan])
    with pytest.raises(InputFaults, match="within"):
        least_timely(exposure, band.step_s, band.w, [95], [0.0], band.w)
    with pytest.raises(InputFaults, match="reach"):
        least_timely_through(exposure, band, stretch, [1], Reach(0.0, 900.0, CELL_M))
    with pytest.raises(InputFaults, match="window_m"):
        least_timely_through(exposure, band, stretch, [1], Reach(300.0, 200.0, CELL_M))
    with pytest.raises(InputFaults, match="stretch"):
        least_timely_through(exposure, band, stretch[1:], [1], Reach(300.0, 900.0, CELL_M))
    with pytest.raises(InputFaults, match="working"):
        least_timely_by_state(
            band, view, lines, stretch, [1], reach=Reach(300.0, 900.0, CELL_M), working=np.ones((2, 4))
        )
