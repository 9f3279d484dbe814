"""Routes out of links, and the cheapest way through each stretch against all the ways there are."""

from __future__ import annotations

import numpy as np
import pytest

from sarhad.errors import InputFaults
from sarhad.kernels.leastcost import least_cost
from sarhad.kernels.steps import D_COL, D_ROW, step_time
from sarhad.kernels.trace import join_at_line, line_cells, routes_along, through_routes, trace

SHAPE = (8, 10)
IDS = [5, 2, 9]


def ground(seed):
    """Line before row 4; starts in row 0, goals in row 7; stretch 9 is walled off, 7 is not asked for."""
    rng = np.random.default_rng(seed)
    barrier = rng.random(SHAPE) < 0.1
    barrier[4, 8:] = True
    step_s = step_time(rng.uniform(0, 40, SHAPE), cell_m=90.0, speed="tobler", barrier=barrier)
    offset_m = (np.indices(SHAPE)[0] - 3.5) * 90.0
    stretch = np.full(SHAPE, -1, dtype=np.int32)
    stretch[4] = [2, 2, 2, 5, 5, 7, 7, 5, 9, 9]
    outer = least_cost(step_s, np.arange(10), np.zeros(10), towards=False, within=offset_m < 0)
    home = least_cost(step_s, np.arange(70, 80), np.zeros(10), towards=True, within=offset_m >= 0)
    return step_s, offset_m, stretch, outer, home


@pytest.mark.parametrize("seed", range(5))
def test_join_is_the_best_pair_of_all(seed):
    step_s, offset_m, stretch, outer, home = ground(seed)
    joins = join_at_line(step_s, outer.cost, home.cost, stretch, IDS, offset_m)
    for k, stretch_id in enumerate(IDS):
        best = (np.inf, -1, -1)
        for row, col in np.argwhere(stretch == stretch_id):
            for d in range(8):
                v = row - D_ROW[d], col - D_COL[d]
                if 0 <= v[1] < 10 and offset_m[v] < 0:
                    total = outer.cost[v] + step_s[d][v] + home.cost[row, col]
                    if np.isfinite(total):
                        best = min(best, (total, row * 10 + col, v[0] * 10 + v[1]))
        assert (joins.total[k], joins.line_cell[k], joins.outer_cell[k]) == pytest.approx(best)
    assert joins.line_cell[2] == -1
    assert joins.total[2] == np.inf


@pytest.mark.parametrize("seed", range(5))
def test_through_routes_cross_once_at_their_stretch_and_take_the_total(seed):
    step_s, offset_m, stretch, outer, home = ground(seed)
    joins = join_at_line(step_s, outer.cost, home.cost, stretch, IDS, offset_m)
    routes = through_routes(joins, outer.link, home.link, step_s)
    for k, stretch_id in enumerate(IDS):
        cells = routes.cell[routes.ptr[k] : routes.ptr[k + 1]]
        if joins.line_cell[k] < 0:
            assert cells.size == 0
            continue
        is_home = offset_m.ravel()[cells] >= 0
        assert np.count_nonzero(np.diff(is_home.astype(int))) == 1
        assert stretch.ravel()[cells[is_home][0]] == stretch_id
        assert cells[0] < 10
        assert cells[-1] >= 70
        assert routes.step_s[routes.ptr[k] : routes.ptr[k + 1]].sum() == pytest.approx(joins.total[k])


def test_trace_follows_links_and_times_each_step():
    step_s, offset_m, _, _, home = ground(1)
    starts = np.flatnonzero((offset_m >= 0).ravel() & np.isfinite(home.cost).ravel())[:12]
    routes = trace(home.link, [*starts, -1], step_s)
    assert routes.ptr[-1] == routes.ptr[-2]
    for k, start in enumerate(starts):
        part = slice(routes.ptr[k], routes.ptr[k + 1])
        assert routes.cell[part][0] == start
        assert routes.step_s[part][-1] == 0.0
        assert routes.step_s[part].sum() == pytest.approx(home.cost.flat[start])
    same = routes_along([routes.cell[a:b] for a, b in zip(routes.ptr, routes.ptr[1:], strict=False)], step_s)
    for a, b in zip(same, routes, strict=True):
        np.testing.assert_array_equal(a, b)


def test_equal_totals_take_the_lowest_line_cell_then_the_lowest_outer_cell():
    step_s = step_time(np.zeros((4, 4)), cell_m=90.0, speed="tobler")
    offset_m = (np.indices((4, 4))[0] - 1.5) * 90.0
    stretch = np.where(np.indices((4, 4))[0] == 2, 0, -1)
    flat = np.zeros((4, 4))
    joins = join_at_line(np.where(np.isfinite(step_s), 1.0, np.inf), flat, flat, stretch, [0], offset_m)
    assert (joins.line_cell[0], joins.outer_cell[0]) == (8, 4)


def test_bad_arguments_name_themselves():
    step_s, offset_m, stretch, outer, home = ground(0)
    with pytest.raises(InputFaults, match="ring"):
        trace([[1, 0]], [0], step_s[:, :1, :2])
    with pytest.raises(InputFaults, match="impossible"):
        routes_along([[0, 25]], step_s)
    with pytest.raises(InputFaults, match="start_cell"):
        trace(home.link, [80], step_s)
    with pytest.raises(InputFaults, match="distinct"):
        join_at_line(step_s, outer.cost, home.cost, stretch, [2, 2], offset_m)
    with pytest.raises(InputFaults, match="home_cost"):
        join_at_line(step_s, outer.cost, home.cost * np.nan, stretch, IDS, offset_m)
    with pytest.raises(InputFaults, match="home side"):
        line_cells(stretch, IDS, -offset_m)
