"""P_t and w against a discrete-event simulation of crossings that knows none of their formulas.

Each crossing draws what works tonight, walks its route, and lets every working asset ring at exponential
times of its present rate; the first ring decides. In the first test the response is a draw with probability
w at that cell; in the second it is acted out: the alarm gets through or not, the crosser runs, a team
drives to the cut-off point, and both take normally distributed times. `sarhad validate` has a fast simulation
of its own (`sarhad.kernels.simulation`), held here to the same numbers.
"""

from __future__ import annotations

import heapq
import math

import numpy as np
import pytest

from sarhad.kernels.crossing import timely
from sarhad.kernels.exposure import sensor_lines, step_exposure, view_of
from sarhad.kernels.interception import timeliness
from sarhad.kernels.leastcost import least_cost
from sarhad.kernels.simulation import Race, Scene, crossings
from sarhad.kernels.steps import step_time
from sarhad.kernels.trace import trace
from sarhad.kernels.worstcase import least_timely

N_ROW, N_COL, CELL_M = 20, 12, 90.0
P_C, SD = 0.95, 0.3
AVAILABLE = np.array([0.7, 0.8, 0.5, 1.0, 0.9])
N_CROSSING = 12_000
N_FAST = 200_000


class Sector:
    """A small valley: four point assets, one sensor line on the border, one team, goals in the last row."""

    def __init__(self) -> None:
        rng = np.random.default_rng(20)
        shape = (N_ROW, N_COL)
        row, col = np.indices(shape)
        height_m = 40 * np.sin(col / 2.0) + rng.uniform(0, 15, shape)
        self.step_s = step_time(height_m, cell_m=CELL_M, speed="tobler", speed_factor=0.6)
        self.offset_m, self.chainage_m = (row - 9.5) * CELL_M, (col + 0.5) * CELL_M
        goals = np.flatnonzero(row == N_ROW - 1)
        self.goals = goals
        self.field = least_cost(self.step_s, goals, np.zeros(N_COL), towards=True)
        away_m = CELL_M * np.hypot(row - 14, col - 6)
        self.response_s = np.where(self.offset_m >= 0, 240.0 + away_m / 1.5, np.inf)
        self.w = timeliness(
            self.field.cost, self.field.link, self.response_s, p_communication=P_C, sd_fraction=SD
        )
        entries = []
        for asset, (at_row, at_col, range_m, rate) in enumerate(
            [(9, 3, 500, 2e-3), (12, 8, 600, 1.5e-3), (5, 6, 400, 3e-3), (15, 5, 450, 2e-3)]
        ):
            near = CELL_M * np.hypot(row - at_row, col - at_col) <= range_m
            entries += [(v, asset, rate) for v in np.flatnonzero(near)]
        cell, asset, rate = zip(*entries, strict=True)
        self.view = view_of(cell, asset, rate, N_ROW * N_COL)
        self.lines = sensor_lines([(4, 0.0, 0.0, 700.0, 0.6)])
        self.sensing = (self.view, self.lines, AVAILABLE, self.offset_m, self.chainage_m)

    def first_detection(self, cells, step_s, rng):
        """Walk once; return the cell and time of the first ring, or None. Rings wait in a heap."""
        works = rng.random(AVAILABLE.size) < AVAILABLE
        now_s, rings = 0.0, []
        for k in range(len(cells) - 1):
            v, u = cells[k], cells[k + 1]
            for e in range(self.view.ptr[v], self.view.ptr[v + 1]):
                if works[self.view.asset[e]]:
                    heapq.heappush(rings, now_s + rng.exponential(1.0 / self.view.rate_per_s[e]))
            if rings and rings[0] < now_s + step_s[k]:
                return v, rings[0]
            rings.clear()  # memoryless: a clock that has not rung starts afresh in the next cell
            now_s += step_s[k]
            steps_in = self.offset_m.flat[v] < 0 <= self.offset_m.flat[u]
            if steps_in and self.chainage_m.flat[u] < 700.0 and works[4] and rng.random() < 0.6:
                return v, now_s
        return None

    def is_met(self, v, rng):
        """Act out the response to a detection at v: the best cut-off point by odds, then both times drawn."""
        time_s, onward = self.field.cost.ravel(), self.field.link.ravel()
        if rng.random() >= P_C:
            return False
        points, y = [], v
        while onward[y] >= 0:
            if math.isfinite(self.response_s.flat[y]) and time_s[v] > time_s[y]:
                points.append((time_s[v] - time_s[y], self.response_s.flat[y]))
            y = onward[y]
        if not points:
            return False
        dash_s, mean_s = max(points, key=lambda p: (p[0] - p[1]) / math.hypot(*p))
        return rng.normal(mean_s, SD * mean_s) <= rng.normal(dash_s, SD * dash_s)


@pytest.fixture(scope="module")
def sector():
    return Sector()


@pytest.fixture(scope="module")
def routes(sector):
    """The fastest way from one start, and the optimal adversary's (by the rate rule) from another."""
    exposure = step_exposure(
        sector.step_s, sector.view, sector.lines, sector.offset_m, sector.chainage_m, AVAILABLE
    )
    least = least_timely(exposure, sector.step_s, sector.w, sector.goals, np.zeros(N_COL))
    return trace(sector.field.link, [2], sector.step_s), trace(least.link, [7], sector.step_s)


def inside(n_met, n, p):
    """Within 4 standard errors of the binomial."""
    return abs(n_met / n - p) <= 4.0 * math.sqrt(p * (1 - p) / n)


@pytest.mark.parametrize("which", [0, 1])
def test_frequency_of_timely_detections_is_p_timely(sector, routes, which):
    route = routes[which]
    found = timely(route, sector.w, *sector.sensing)
    rng = np.random.default_rng(100 + which)
    n_detected = n_met = 0
    for _ in range(N_CROSSING):
        first = sector.first_detection(route.cell, route.step_s, rng)
        if first is not None:
            n_detected += 1
            n_met += rng.random() < sector.w.flat[first[0]]
    assert 0.1 < found.p_timely[0] < 0.9
    assert inside(n_detected, N_CROSSING, found.p_detect[0])
    assert inside(n_met, N_CROSSING, found.p_timely[0])


def test_frequency_of_acted_out_responses_is_p_timely(sector, routes):
    route = routes[0]
    found = timely(route, sector.w, *sector.sensing)
    rng = np.random.default_rng(7)
    n_met = 0
    for _ in range(N_CROSSING):
        first = sector.first_detection(route.cell, route.step_s, rng)
        n_met += first is not None and sector.is_met(first[0], rng)
    assert inside(n_met, N_CROSSING, found.p_timely[0])


def simulated(sector, route, rng):
    """Return the shares of crossings that the product's simulation has detected, and met in time."""
    view, lines, available, offset_m, chainage_m = sector.sensing
    flat = (offset_m, chainage_m, sector.step_s, sector.field.cost, sector.response_s)
    offset_m, chainage_m, step_s, time_s, response_s = (np.ascontiguousarray(one) for one in flat)
    scene = Scene(
        view,
        lines,
        available,
        offset_m.ravel(),
        chainage_m.ravel(),
        step_s,
        time_s.ravel(),
        response_s.ravel(),
    )
    return crossings(rng, scene, route, np.array([N_FAST]), False, Race(P_C, SD, True))[0]


@pytest.mark.parametrize("which", [0, 1])
def test_the_simulation_of_validate_has_the_same_frequencies(sector, routes, which):
    found = timely(routes[which], sector.w, *sector.sensing, w_never_rises=True)
    n_detected, n_met = simulated(sector, routes[which], np.random.default_rng(which))
    assert inside(n_detected, N_FAST, found.p_detect[0])
    assert inside(n_met, N_FAST, found.p_timely[0])


def test_the_rate_rule_overstates_and_the_simulation_can_tell(sector, routes):
    """The same simulation rejects the rule it guards against: availability as a factor on the rate."""
    route = routes[0]
    exact = timely(route, sector.w, *sector.sensing).p_timely[0]
    view, lines, available, offset_m, chainage_m = sector.sensing
    thinned = view._replace(rate_per_s=view.rate_per_s * available[view.asset])
    rate_rule = timely(route, sector.w, thinned, lines, np.ones(5), offset_m, chainage_m).p_timely[0]
    assert rate_rule > exact
    assert not inside(exact * N_CROSSING, N_CROSSING, rate_rule)
    n_met = simulated(sector, route, np.random.default_rng(11))[1]
    assert not inside(n_met, N_FAST, rate_rule)
