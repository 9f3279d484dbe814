"""Crossing kernels on 100 km of made-up hills at 90 m, each beside its slow definition in the same run.

    python benchmarks/crossing.py

Prints processor seconds of this process (compilation apart) and the ratio to the definition, after checking
that both give the same numbers.
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from sarhad.kernels.crossing import timely, weighted_exposure
from sarhad.kernels.exposure import Routes, sensor_lines, step_exposure, total_rate, view_of
from sarhad.kernels.interception import timeliness
from sarhad.kernels.leastcost import least_cost
from sarhad.kernels.sampling import friction_field
from sarhad.kernels.steps import D_COL, D_ROW, step_time
from sarhad.kernels.trace import join_at_line, routes_along, through_routes
from sarhad.kernels.unseen import gap_field
from sarhad.kernels.worstcase import Band, Reach, least_timely, least_timely_through

CELL_M = 90.0
N_ROW, N_COL = 140, 1111  # 12.6 km by 100 km
N_STRETCH, N_FIELD = 100, 10


def timed(act: Callable[[], Any], n: int = 1) -> tuple[float, Any]:
    """Least processor seconds of n calls, and the result."""
    least, result = np.inf, act()
    for _ in range(n):
        start = time.process_time()
        result = act()
        least = min(least, time.process_time() - start)
    return least, result


def say(what: str, seconds: float, definition_s: float | None = None, note: str = "") -> None:
    ratio = f"{definition_s / seconds:9.0f}x" if definition_s is not None else " " * 10
    print(f"{what:<52}{seconds * 1e3:10.1f} ms{ratio}  {note}")


def friction(sigma: float, correlation_m: float, k: int) -> np.ndarray:
    """Field k over the whole sector."""
    window = (0.0, 0.0, CELL_M, N_ROW, N_COL)
    return friction_field(*window, sigma=sigma, correlation_m=correlation_m, seed=1, field=k)


class Sector:
    """Hills, a line along the middle, teams every 15 km, 27 sensors with patchy sight, goals 3 km behind."""

    def __init__(self) -> None:
        rng = np.random.default_rng(0)
        row, col = np.indices((N_ROW, N_COL))
        height_m = 250 * np.log(friction(1.0, 3000.0, 0)) + 60 * np.log(friction(1.0, 900.0, 0))
        self.step_s = step_time(height_m, cell_m=CELL_M, speed="tobler", speed_factor=0.6, max_slope=1.2)
        self.offset_m = (row - 69.5 - 12 * np.sin(col / 90.0)) * CELL_M
        self.chainage_m = (col + 0.5) * CELL_M
        self.is_home = self.offset_m >= 0
        self.goal = self.offset_m >= 3000.0
        self.goals = np.flatnonzero(self.goal)
        self.stretch = np.where(self.line_cells(), (self.chainage_m // 1000).astype(int).clip(0, 99), -1)
        self.field = least_cost(self.step_s, self.goals, np.zeros(self.goals.size), towards=True)
        away = np.min([np.hypot(row - 85, col - c) for c in range(80, N_COL, 167)], axis=0)
        self.response_s = np.where(self.is_home, 360 + away * CELL_M / 1.4, np.inf)
        self.w = self.worth()
        patches = np.log(friction(1.0, 700.0, 1))
        cells, assets, rates = [], [], []
        for asset in range(27):
            away_m = CELL_M * np.hypot(row - rng.integers(60, 90), col - 20 - asset * 41)
            seen = np.flatnonzero((away_m < 3500) & (patches < 0.4))
            cells.append(seen)
            assets.append(np.full(seen.size, asset))
            rates.append(2.5e-3 * np.exp(-((away_m.ravel()[seen] / 2200) ** 2)))
        self.view = view_of(*(np.concatenate(x) for x in (cells, assets, rates)), N_ROW * N_COL)
        rows = [(27 + k, 0.0, 30e3 * (k + 1), 30e3 * (k + 1) + 3e3, 0.8) for k in range(3)]
        self.lines = sensor_lines(rows)
        self.available = np.concatenate((np.full(27, 0.7), np.full(3, 0.9)))
        self.band = Band(self.step_s, self.w, self.offset_m, self.chainage_m, self.goal)

    def line_cells(self) -> np.ndarray:
        outer = np.pad(~self.is_home, 1)
        beside = [outer[i : i + N_ROW, j : j + N_COL] for i in range(3) for j in range(3)]
        return np.any(beside, axis=0) & self.is_home

    def worth(self) -> np.ndarray:
        ways = (self.field.cost, self.field.link, self.response_s)
        return timeliness(*ways, p_communication=0.95, sd_fraction=0.3)

    def exposure(self) -> np.ndarray:
        placed = (self.offset_m, self.chainage_m)
        return step_exposure(self.step_s, self.view, self.lines, *placed, self.available)

    def unaware(self, k: int) -> Routes:
        cost = self.step_s * friction(0.5, 1500.0, k)
        starts = np.flatnonzero(self.offset_m <= -3000.0)
        outer = least_cost(cost, starts, np.zeros(starts.size), towards=False, within=~self.is_home)
        home = least_cost(cost, self.goals, np.zeros(self.goals.size), towards=True, within=self.is_home)
        joins = join_at_line(cost, outer.cost, home.cost, self.stretch, np.arange(N_STRETCH), self.offset_m)
        return through_routes(joins, outer.link, home.link, self.step_s)


def least_by_sweeps(sector: Sector, exposure: np.ndarray) -> np.ndarray:
    """L by value iteration over the whole grid until nothing changes."""
    value = np.where(sector.goal, 0.0, np.inf)
    p = -np.expm1(-exposure)
    while True:
        new = value.copy()
        for d in range(8):
            there = np.full((N_ROW, N_COL), np.inf)
            to_row = slice(max(0, D_ROW[d]), N_ROW + min(0, D_ROW[d]))
            to_col = slice(max(0, D_COL[d]), N_COL + min(0, D_COL[d]))
            row = slice(max(0, -D_ROW[d]), N_ROW - max(0, D_ROW[d]))
            col = slice(max(0, -D_COL[d]), N_COL - max(0, D_COL[d]))
            there[row, col] = value[to_row, to_col]
            usable = np.isfinite(sector.step_s[d]) & np.isfinite(there) & ~sector.goal
            mixed = there[usable] + p[d][usable] * (sector.w[usable] - there[usable])
            new[usable] = np.minimum(new[usable], mixed)
        if np.array_equal(new, value):
            return value
        value = new


def timely_by_loops(sector: Sector, routes: Routes, n: int) -> np.ndarray:
    """P_t of the first n routes, straight from the formula."""
    found = np.full(n, np.nan)
    lines = list(zip(*sector.lines, strict=True))
    for i in range(n):
        exposure, before, found[i] = np.zeros(30), 1.0, 0.0
        for j in range(routes.ptr[i], routes.ptr[i + 1]):
            v = routes.cell[j]
            for e in range(sector.view.ptr[v], sector.view.ptr[v + 1]):
                exposure[sector.view.asset[e]] += sector.view.rate_per_s[e] * routes.step_s[j]
            if j + 1 < routes.ptr[i + 1]:
                u = routes.cell[j + 1]
                for asset, at_m, from_m, to_m, once in lines:
                    v_home, u_home = sector.offset_m.flat[v] >= at_m, sector.offset_m.flat[u] >= at_m
                    home = v if v_home else u
                    if v_home != u_home and from_m <= sector.chainage_m.flat[home] < to_m:
                        exposure[asset] += once
            after = np.prod(1 - sector.available * (1 - np.exp(-exposure)))
            found[i] += (before - after) * sector.w.flat[v]
            before = after
    return found


def gap_by_heap(is_open: np.ndarray) -> np.ndarray:
    """Least open cells from the west side, by a heap."""
    cost = np.full(is_open.size, 2**31 - 1)
    heap = [(int(is_open[row, 0]), row * N_COL) for row in range(N_ROW)]
    heapq.heapify(heap)
    while heap:
        here, v = heapq.heappop(heap)
        if here >= cost[v]:
            continue
        cost[v] = here
        row, col = divmod(v, N_COL)
        for u_row, u_col in ((row - 1, col), (row + 1, col), (row, col - 1), (row, col + 1)):
            if 0 <= u_row < N_ROW and 0 <= u_col < N_COL:
                heapq.heappush(heap, (here + int(is_open[u_row, u_col]), u_row * N_COL + u_col))
    return cost.reshape(is_open.shape)


def worth_by_loops(sector: Sector, cells: np.ndarray) -> np.ndarray:
    """The least R / D over the whole dash, cell by cell."""
    time_s, link, response_s = sector.field.cost.ravel(), sector.field.link.ravel(), sector.response_s.ravel()
    least = np.full(cells.size, np.inf)
    for i, x in enumerate(cells):
        y = link[x]
        while y >= 0 and link[y] >= 0:
            least[i] = min(least[i], response_s[y] / (time_s[x] - time_s[y]))
            y = link[y]
    return least


def main() -> None:
    sector = Sector()
    in_view = sector.view.asset.size / sector.w.size
    print(f"{N_ROW} x {N_COL} cells of {CELL_M:.0f} m, {in_view:.1f} assets in view of a cell")

    fast_s, _ = timed(sector.worth, 3)
    some = np.arange(0, sector.w.size, 500)
    slow_s, _ = timed(lambda: worth_by_loops(sector, some))
    say("timeliness w", fast_s, slow_s * sector.w.size / some.size, "against loops on 1 cell in 500")

    fast_s, exposure = timed(sector.exposure, 3)
    say("exposure of all steps", fast_s)

    goals, zeros = sector.goals, np.zeros(sector.goals.size)
    fast_s, found = timed(lambda: least_timely(exposure, sector.step_s, sector.w, goals, zeros), 3)
    slow_s, expected = timed(lambda: least_by_sweeps(sector, exposure))
    np.testing.assert_allclose(found.p_timely, expected, atol=1e-12)
    say("optimal, free choice of stretch", fast_s, slow_s, "against sweeps of value iteration")

    ids, reach = np.arange(N_STRETCH), Reach(3000.0, 10_000.0, CELL_M)
    ask = (exposure, sector.band, sector.stretch, ids, reach)
    fast_s, through = timed(lambda: least_timely_through(*ask), 3)
    closed, is_open = np.mean(through.p_timely > 0.5), np.mean(through.p_timely < 0.01)
    say("optimal through each of 100 stretches", fast_s, None, f"closed {closed:.0%}, open {is_open:.0%}")

    fast_s, _ = timed(lambda: friction(0.5, 1500.0, 0), 3)
    say("one friction field", fast_s)
    fast_s, _ = timed(lambda: sector.unaware(0), 2)
    say("one unaware field, routes through 100 stretches", fast_s)

    sets = [sector.unaware(k) for k in range(N_FIELD)]
    paths = [r.cell[a:b].tolist() for r in sets for a, b in zip(r.ptr[:-1], r.ptr[1:], strict=True)]
    routes = routes_along(paths, sector.step_s)
    rest = (sector.w, sector.view, sector.lines, sector.available, sector.offset_m, sector.chainage_m)
    fast_s, exact = timed(lambda: timely(routes, *rest), 3)
    slow_s, expected = timed(lambda: timely_by_loops(sector, routes, 20))
    np.testing.assert_allclose(exact.p_timely[:20], expected, atol=1e-12)
    what = f"exact P_t of {len(paths)} routes of {routes.cell.size / len(paths):.0f} cells"
    say(what, fast_s, slow_s * len(paths) / 20, "against loops on 20 of them")
    fast_s, _ = timed(lambda: weighted_exposure(routes, *rest), 3)
    say("theta of the same routes", fast_s)

    is_open = (total_rate(sector.view, sector.w.size) < 1 / 600).reshape(sector.w.shape)
    west, within = np.arange(N_ROW) * N_COL, np.ones(is_open.shape, np.bool_)
    fast_s, gap = timed(lambda: gap_field(is_open, within, west), 3)
    slow_s, expected = timed(lambda: gap_by_heap(is_open))
    np.testing.assert_array_equal(gap.cost, expected)
    say("unseen gap", fast_s, slow_s, f"against a heap; {gap.cost[:, -1].min() * CELL_M / 1000:.1f} km open")


if __name__ == "__main__":
    main()
