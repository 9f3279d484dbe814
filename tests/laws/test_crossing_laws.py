"""Laws of timely detection on fixed routes: more never hurts, and P_t stays under its ceilings."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from sarhad.kernels.crossing import timely, weighted_exposure
from sarhad.kernels.exposure import sensor_lines, view_of
from sarhad.kernels.interception import slack, timeliness
from sarhad.kernels.leastcost import least_cost
from sarhad.kernels.steps import step_time
from sarhad.kernels.trace import routes_along, trace

N_ROW, N_COL = 7, 6
N_CELL = N_ROW * N_COL
P_C = 0.9
SEEDS = st.integers(0, 2**32 - 1)
LAW = settings(max_examples=40, deadline=None)


class World:
    """Random relief with a line before row 3, goals in the last row, teams, assets and routes."""

    def __init__(self, seed: int, n_asset: int = 4) -> None:
        rng = np.random.default_rng(seed)
        self.rng = rng
        shape = (N_ROW, N_COL)
        self.step_s = step_time(rng.uniform(0, 60, shape), cell_m=90.0, speed="tobler", speed_factor=0.6)
        row, col = np.indices(shape)
        self.offset_m, self.chainage_m = (row - 2.5) * 90.0, (col + 0.5) * 90.0
        goals = np.arange(N_CELL - N_COL, N_CELL)
        self.field = least_cost(self.step_s, goals, np.zeros(N_COL), towards=True)
        self.response_s = np.where(self.offset_m >= 0, rng.uniform(20, 900, shape), np.inf)
        n = 60
        self.entries = (
            rng.integers(0, N_CELL, n),
            rng.integers(0, n_asset - 1, n),
            rng.exponential(10.0 ** rng.uniform(-4, -1), n),
        )
        self.view = view_of(*self.entries, N_CELL)
        self.lines = sensor_lines(
            [(n_asset - 1, 90.0 * rng.integers(-1, 2), 0.0, 400.0, rng.uniform(0, 0.99))]
        )
        self.available = rng.choice([0.0, 0.3, 0.8, 1.0], n_asset)
        self.w = self.worth(self.response_s)

    def worth(self, response_s):
        return timeliness(self.field.cost, self.field.link, response_s, p_communication=P_C, sd_fraction=0.3)

    def dashes(self):
        return trace(self.field.link, np.arange(N_COL), self.step_s)

    def wanderings(self):
        """Ways from the top row to the bottom row that also turn back and sideways."""
        paths = []
        for col in range(N_COL):
            path = [(0, col)]
            while path[-1][0] < N_ROW - 1:
                row, at = path[-1]
                d_row, d_col = self.rng.choice([(1, 0), (1, 1), (1, -1), (0, 1), (0, -1), (-1, 0)])
                if row + d_row >= 0 and 0 <= at + d_col < N_COL:
                    path.append((row + d_row, at + d_col))
            paths.append([row * N_COL + at for row, at in path])
        return routes_along(paths, self.step_s)

    def timely(self, routes, available=None, w=None, **options):
        available = self.available if available is None else available
        w = self.w if w is None else w
        return timely(routes, w, self.view, self.lines, available, self.offset_m, self.chainage_m, **options)


@LAW
@given(SEEDS, st.booleans())
def test_p_timely_lies_under_communication_and_detection(seed, correlated):
    world = World(seed)
    for routes in (world.dashes(), world.wanderings()):
        for never_rises in (False, True):
            found = world.timely(routes, correlated=correlated, w_never_rises=never_rises)
            assert np.all(found.p_timely >= 0.0)
            assert np.all(found.p_timely <= np.minimum(P_C, found.p_detect) + 1e-15)
            assert np.all(found.p_detect <= 1.0)


@LAW
@given(SEEDS, st.booleans(), st.integers(0, 3))
def test_one_more_asset_never_lowers_p_timely(seed, correlated, asset):
    """On a dash in any case; on any route where an earlier detection counts for no less than a later one."""
    world = World(seed)
    without = world.available.copy()
    without[asset] = 0.0
    for routes, never_rises in ((world.dashes(), False), (world.wanderings(), True)):
        options = {"correlated": correlated, "w_never_rises": never_rises}
        more, less = world.timely(routes, **options), world.timely(routes, without, **options)
        assert np.all(more.p_timely >= less.p_timely - 1e-14)
        assert np.all(more.p_detect >= less.p_detect - 1e-14)


@LAW
@given(SEEDS)
def test_one_more_asset_loses_no_more_than_w_rises(seed):
    """The plain sum on a wandering route: what a new asset can cost is bounded by the rise of w ahead."""
    world = World(seed)
    routes = world.wanderings()
    plain, kept = world.timely(routes), world.timely(routes, w_never_rises=True)
    for i in range(N_COL):
        worth = world.w.ravel()[routes.cell[routes.ptr[i] : routes.ptr[i + 1]]]
        rise = np.max(np.maximum.accumulate(worth[::-1])[::-1] - worth)
        assert -1e-15 <= kept.p_timely[i] - plain.p_timely[i] <= rise + 1e-15


@LAW
@given(SEEDS, st.floats(1.0, 5.0), st.integers(0, N_CELL - 1))
def test_a_slower_response_never_raises_w_nor_p_timely(seed, factor, cell):
    world = World(seed)
    everywhere, at_one_cell = world.response_s * factor, world.response_s.copy()
    at_one_cell.flat[cell] *= factor
    gone = world.response_s.copy()
    gone.flat[cell] = np.inf
    for response_s in (everywhere, at_one_cell, gone):
        w = world.worth(response_s)
        assert np.all(w <= world.w + 1e-15)
        for routes in (world.dashes(), world.wanderings()):
            assert np.all(world.timely(routes, w=w).p_timely <= world.timely(routes).p_timely + 1e-15)
        before_s = slack(world.field.cost, world.field.link, world.response_s)
        assert np.all(slack(world.field.cost, world.field.link, response_s) <= before_s)


@LAW
@given(SEEDS)
def test_one_more_team_never_lowers_p_timely(seed):
    world = World(seed)
    joined_s = np.minimum(world.response_s, world.rng.uniform(20, 900, world.response_s.shape))
    w = world.worth(joined_s)
    assert np.all(w >= world.w - 1e-15)
    for routes in (world.dashes(), world.wanderings()):
        assert np.all(world.timely(routes, w=w).p_timely >= world.timely(routes).p_timely - 1e-15)


@LAW
@given(SEEDS)
def test_w_never_rises_along_a_dash_and_stays_under_communication(seed):
    world = World(seed)
    onward = world.field.link >= 0
    assert np.all(world.w.ravel()[world.field.link[onward]] <= world.w[onward])
    assert np.all((world.w >= 0.0) & (world.w <= P_C))


@LAW
@given(SEEDS, st.booleans())
def test_surrogate_and_cap_bound_p_timely(seed, never_rises):
    world = World(seed)
    for routes in (world.dashes(), world.wanderings()):
        found = world.timely(routes, w_never_rises=never_rises)
        weighted = weighted_exposure(
            routes,
            world.w,
            world.view,
            world.lines,
            world.available,
            world.offset_m,
            world.chainage_m,
            w_never_rises=never_rises,
        )
        theta = np.bincount(weighted.route, weighted.theta, minlength=N_COL)
        assert np.all(found.p_timely <= np.minimum(weighted.cap, 1 - np.exp(-theta)) + 1e-14)


@LAW
@given(SEEDS)
def test_correlated_assets_detect_and_meet_no_more_than_independent_ones(seed):
    world = World(seed)
    routes = world.dashes()
    together, apart = world.timely(routes, correlated=True), world.timely(routes)
    assert np.all(together.p_detect <= apart.p_detect + 1e-14)
    assert np.all(together.p_timely <= apart.p_timely + 1e-14)


@settings(max_examples=8, deadline=None)
@given(SEEDS)
def test_survival_lies_in_the_interval_of_sampled_states(seed):
    """P_detect against 2,000 sampled states of the assets with plain rates: within 4.5 standard errors."""
    world = World(seed)
    routes = world.dashes()
    found = world.timely(routes).p_detect
    n = 2000
    states = world.rng.random((n, world.available.size)) < world.available
    silent = np.array([1 - world.timely(routes, state.astype(float)).p_detect for state in states])
    error = silent.std(axis=0) / np.sqrt(n)
    # A state of small probability may be missed by every draw: 10 / n covers what that can weigh.
    assert np.all(np.abs(silent.mean(axis=0) - (1 - found)) <= 4.5 * error + 10 / n)
