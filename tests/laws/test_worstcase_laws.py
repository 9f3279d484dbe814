"""Laws of the optimal adversary: more assets and teams never lower L, and no route does better for him."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from sarhad.kernels.crossing import timely
from sarhad.kernels.exposure import sensor_lines, step_exposure, view_of
from sarhad.kernels.interception import timeliness
from sarhad.kernels.leastcost import least_cost
from sarhad.kernels.steps import step_time
from sarhad.kernels.trace import trace
from sarhad.kernels.worstcase import (
    Band,
    Reach,
    least_timely,
    least_timely_by_state,
    least_timely_through,
)

N_ROW, N_COL, N_ASSET = 10, 14, 5
P_C = 0.95
SEEDS = st.integers(0, 2**32 - 1)
LAW = settings(max_examples=40, deadline=None)
REACH = Reach(start_beyond_m=300.0, window_m=500.0, cell_m=90.0)
IDS = [0, 1, 2, 3]


class World:
    """Random relief with barriers, a bent line, goals in the last row, teams on the home side and assets."""

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.rng = rng
        shape = (N_ROW, N_COL)
        barrier = rng.random(shape) < rng.uniform(0, 0.25)
        self.step_s = step_time(
            rng.uniform(0, 60, shape), cell_m=90.0, speed="tobler", speed_factor=0.6, barrier=barrier
        )
        row, col = np.indices(shape)
        self.offset_m = (row - 4.5 + np.round(1.2 * np.sin(col + rng.uniform(0, 6)))) * 90.0
        self.chainage_m = (col + 0.5) * 90.0
        goal = row == N_ROW - 1
        self.goals = np.flatnonzero(goal)
        field = least_cost(self.step_s, self.goals, np.zeros(N_COL), towards=True)
        self.field = field
        response_s = np.where(self.offset_m >= 0, rng.uniform(20, 900, shape), np.inf)
        joined_s = np.minimum(response_s, np.where(self.offset_m >= 0, rng.uniform(20, 900, shape), np.inf))
        self.w, self.w_joined = (
            timeliness(field.cost, field.link, r, p_communication=P_C, sd_fraction=0.3)
            for r in (response_s, joined_s)
        )
        n = int(rng.integers(0, 150))
        self.view = view_of(
            rng.integers(0, N_ROW * N_COL, n),
            rng.integers(0, N_ASSET - 1, n),
            rng.exponential(10.0 ** rng.uniform(-4, -1), n),
            N_ROW * N_COL,
        )
        self.lines = sensor_lines([(N_ASSET - 1, 0.0, 0.0, 700.0, 0.8)])
        self.band = Band(self.step_s, self.w, self.offset_m, self.chainage_m, goal)
        self.stretch = np.where(self.line_cells(), np.minimum(col // 4, 3), -1)

    def line_cells(self):
        outer = np.pad(self.offset_m < 0, 1)
        beside = np.zeros(self.offset_m.shape, bool)
        for i in range(3):
            for j in range(3):
                beside |= outer[i : i + N_ROW, j : j + N_COL]
        return beside & (self.offset_m >= 0)

    def exposure(self, share):
        return step_exposure(self.step_s, self.view, self.lines, self.offset_m, self.chainage_m, share)

    def least(self, share, w=None):
        w = self.w if w is None else w
        return least_timely(self.exposure(share), self.step_s, w, self.goals, np.zeros(N_COL))

    def through(self, share, w=None):
        band = self.band if w is None else self.band._replace(w=w)
        return least_timely_through(self.exposure(share), band, self.stretch, IDS, REACH)


def not_less(more, less):
    """more >= less wherever there is a way, and a way in one wherever there is one in the other."""
    np.testing.assert_array_equal(np.isnan(more), np.isnan(less))
    there = np.isfinite(less)
    return bool(np.all(more[there] >= less[there] - 1e-13))


@LAW
@given(SEEDS, st.integers(0, N_ASSET - 1))
def test_one_more_asset_never_lowers_l(seed, asset):
    world = World(seed)
    every, without = np.ones(N_ASSET), np.ones(N_ASSET)
    without[asset] = 0.0
    assert not_less(world.least(every).p_timely, world.least(without).p_timely)
    assert not_less(world.through(every).p_timely, world.through(without).p_timely)


@LAW
@given(SEEDS)
def test_one_more_team_never_lowers_l(seed):
    world = World(seed)
    share = np.ones(N_ASSET)
    assert not_less(world.least(share, world.w_joined).p_timely, world.least(share).p_timely)
    assert not_less(world.through(share, world.w_joined).p_timely, world.through(share).p_timely)


@LAW
@given(SEEDS)
def test_l_lies_under_w_and_under_every_dash(seed):
    world = World(seed)
    share = np.ones(N_ASSET)
    found = world.least(share).p_timely
    reached = np.isfinite(world.field.cost)
    assert np.all(found[reached] <= world.w[reached])
    starts = np.flatnonzero(reached)
    routes = trace(world.field.link, starts, world.step_s)
    dash = timely(routes, world.w, world.view, world.lines, share, world.offset_m, world.chainage_m)
    assert np.all(found.ravel()[starts] <= dash.p_timely + 1e-13)
    assert np.all((found[reached] >= 0.0) & (found[reached] <= P_C))


@LAW
@given(SEEDS)
def test_l_is_p_timely_of_its_own_route(seed):
    world = World(seed)
    share = np.ones(N_ASSET)
    found = world.least(share)
    starts = np.flatnonzero(np.isfinite(found.p_timely))
    routes = trace(found.link, starts, world.step_s)
    exact = timely(routes, world.w, world.view, world.lines, share, world.offset_m, world.chainage_m)
    np.testing.assert_allclose(exact.p_timely, found.p_timely.ravel()[starts], atol=1e-12)
    run_s = np.concatenate(([0.0], np.cumsum(routes.step_s)))
    np.testing.assert_allclose(np.diff(run_s[routes.ptr]), found.time_s.ravel()[starts], rtol=1e-9, atol=1e-9)


@LAW
@given(SEEDS)
def test_no_stretch_is_better_for_him_than_free_choice_and_routes_stay_under_l(seed):
    world = World(seed)
    share = np.ones(N_ASSET)
    free = world.least(share).p_timely
    through = world.through(share)
    exact = timely(through.routes, world.w, world.view, world.lines, share, world.offset_m, world.chainage_m)
    there = np.isfinite(through.p_timely)
    assert np.all(exact.p_timely[there] <= through.p_timely[there] + 1e-12)
    first = through.routes.cell[through.routes.ptr[:-1][there]]
    assert np.all(exact.p_timely[there] >= free.ravel()[first] - 1e-12)
    np.testing.assert_array_equal(np.isnan(exact.p_timely), np.isnan(through.p_timely))


@settings(max_examples=15, deadline=None)
@given(SEEDS)
def test_who_knows_the_states_does_no_worse_than_on_the_rate_rule_route(seed):
    """The bracket: mean of minima over states <= exact P_t of any fixed route through the stretch."""
    world = World(seed)
    f = np.array([0.5, 0.7, 0.8, 1.0, 0.9])
    states = np.array([[(k >> a) & 1 == 1 for a in range(N_ASSET)] for k in range(2**N_ASSET)])
    weight = np.prod(np.where(states, f, 1 - f), axis=1)
    minima = least_timely_by_state(
        world.band, world.view, world.lines, world.stretch, IDS, reach=REACH, working=states
    )
    low = weight @ minima
    routes = world.through(f).routes
    high = timely(routes, world.w, world.view, world.lines, f, world.offset_m, world.chainage_m)
    there = np.isfinite(low)
    np.testing.assert_array_equal(np.isnan(low), np.isnan(high.p_timely))
    # Through a forced stretch L may exceed P_t of its route; credited with the best w ahead it never does.
    kept = timely(
        routes, world.w, world.view, world.lines, f, world.offset_m, world.chainage_m, w_never_rises=True
    )
    assert np.all(low[there] <= kept.p_timely[there] + 1e-12)
