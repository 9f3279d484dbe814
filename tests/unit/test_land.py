"""Roads, openings and land cover on level ground: every time worked by hand."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import lil_array
from scipy.sparse.csgraph import dijkstra

from flat_border import CELL_M, flat_ground, flat_project, places, river, roads, sector_of, team_at
from sarhad.errors import InputFaults
from sarhad.kernels.leastcost import least_cost
from sarhad.kernels.steps import road_steps
from sarhad.model.asset import Team
from sarhad.model.land import Courses, CoverClass, LandCover, Opening, Roads
from sarhad.model.target import Target
from sarhad.planning.barriers import barrier_friction
from sarhad.planning.ground import response_season, response_time, target_steps

PROJECT = flat_project()
SECTOR = sector_of(PROJECT)
HOME = np.argwhere(SECTOR.in_band & SECTOR.home & (SECTOR.offset_m > 1_000))
ROW = int(np.median(HOME[:, 0]))
COL = int(HOME[HOME[:, 0] == ROW, 1].min()) + 5
OFF_ROAD_S = CELL_M / PROJECT.settings.team_speed_mps
WALKER = Target("walker", 1.7, 0.75, 1.0, 0.3, 4.0, "tobler", 0.6, 1.2, 1.0, 1.0, 1.0)
CAR = replace(WALKER, target_id="car", speed="vehicle", speed_factor=1.0)
WOOD = CoverClass("wood", 0.2, 0.4, 0.3, 0.5, 1.5, 4.0)
SCRUB = CoverClass("scrub", 0.6, 0.8, 0.8, 0.9, 1.4, 6.0)


def along(*cols, row=ROW):
    return places(SECTOR, *((row, COL + c) for c in cols))


def responded(team: Team, season="summer", dem_m=None, **changes):
    project = replace(PROJECT, teams=(team,), **changes)
    return response_time(flat_ground(project, dem_m), project.teams, season)


def block(top, left, bottom, right):
    """A rectangle around whole cells."""
    return places(
        SECTOR,
        *[(ROW + r, COL + c) for r, c in ((top - 0.5, left - 0.5), (top - 0.5, right + 0.5))],
        *[(ROW + r, COL + c) for r, c in ((bottom + 0.5, right + 0.5), (bottom + 0.5, left - 0.5))],
    )


def cover(*polygons, leaf_off=()):
    """Land cover of (class, corners)."""
    ptr = np.concatenate([[0], np.cumsum([len(corners) for _, corners in polygons])]).astype(np.int64)
    courses = Courses(np.concatenate([c for _, c in polygons]), ptr, np.arange(len(polygons)))
    classes = tuple(one for one, _ in polygons)
    return LandCover(courses, np.arange(len(polygons)), classes, tuple(leaf_off))


# ---- roads


def test_the_time_on_a_straight_road_is_its_length_over_its_speed():
    team = team_at(SECTOR, ROW, COL, assess_s=60.0, turnout_s=300.0, dismount_s=45.0)
    found = responded(team, roads=roads(along(0, 20), speed_mps=(20.0,)))
    assert found[ROW, COL + 20] == pytest.approx(60 + 300 + 20 * CELL_M / 20 + 45)
    # ten cells aside it drives on cross country from the road's tenth cell: 10 cells at 20 m/s and 10 beside
    # it straight, or 10 diagonally from the start; the corner of the road is the better way
    aside_s = 60 + 300 + 45 + min(10 * 5.0 + 10 * OFF_ROAD_S, 10 * np.sqrt(2) * OFF_ROAD_S)
    assert found[ROW - 10, COL + 10] <= aside_s + 1e-6


def test_half_of_a_step_goes_at_the_speed_of_each_cell():
    two = roads(along(0, 5), along(5, 10), speed_mps=(10.0, 20.0))
    found = responded(team_at(SECTOR, ROW, COL), roads=two)
    # cells 0-4 at 10 m/s, from cell 5 on at 20 m/s: five steps less a half at 10, the rest at 20
    assert found[ROW, COL + 10] == pytest.approx(4.5 * 10.0 + 5.5 * 5.0)


def test_where_roads_share_a_cell_the_fastest_counts():
    for speed_mps in ((8.0, 25.0), (25.0, 8.0)):
        found = responded(
            team_at(SECTOR, ROW, COL), roads=roads(along(0, 9), along(0, 9), speed_mps=speed_mps)
        )
        assert found[ROW, COL + 9] == pytest.approx(9 * CELL_M / 25)


def test_roads_need_no_topology():
    """Pieces that end within neighbouring cells, overlap or stick out are one road; a real gap is driven."""
    whole = responded(team_at(SECTOR, ROW, COL), roads=roads(along(0, 20), speed_mps=(20.0,)))
    pieces = roads(
        along(0, 6.4), along(12.3, 6.6), along(10, 20), along(8, 8.2, row=ROW + 0.3), speed_mps=(20.0,) * 4
    )
    found = responded(team_at(SECTOR, ROW, COL), roads=pieces)
    np.testing.assert_allclose(found[ROW, COL : COL + 21], whole[ROW, COL : COL + 21])
    gap = responded(
        team_at(SECTOR, ROW, COL), roads=roads(along(0, 8), along(12, 20), speed_mps=(20.0, 20.0))
    )
    assert gap[ROW, COL + 20] == pytest.approx(16 * CELL_M / 20 + 4 * OFF_ROAD_S)


def test_a_road_is_driven_whatever_the_slope_of_the_relief():
    row, col = np.indices(SECTOR.grid.shape)
    dem_m = 45.0 * np.abs(row - ROW) + 45.0 * np.maximum(col - COL, 0)  # 45 m a cell: no vehicle goes there
    road = roads(along(0, 20), speed_mps=(10.0,))
    team = team_at(SECTOR, ROW, COL)
    assert responded(team, dem_m=dem_m, roads=road)[ROW, COL + 20] == pytest.approx(200.0)
    assert responded(team, dem_m=dem_m)[ROW, COL + 20] > 2_000


def test_a_slow_road_does_not_slow():
    without, slow = (
        responded(team_at(SECTOR, ROW, COL), roads=one)
        for one in (None, roads(along(0, 20), speed_mps=(1.0,)))
    )
    np.testing.assert_array_equal(slow, without)


def test_a_road_that_is_closed_in_a_season_is_not_there():
    pass_road = roads(along(0, 20), speed_mps=(20.0,), closed={"winter": (True,), "summer": (False,)})
    team = team_at(SECTOR, ROW, COL)
    assert responded(team, roads=pass_road)[ROW, COL + 20] == pytest.approx(100.0)
    np.testing.assert_array_equal(responded(team, "winter", roads=pass_road), responded(team))
    project = replace(PROJECT, roads=pass_road)
    assert [response_season(project, s) for s in ("summer", "winter")] == ["summer", "winter"]
    open_all_year = replace(PROJECT, roads=roads(along(0, 20), speed_mps=(20.0,)))
    assert {response_season(open_all_year, s) for s in ("summer", "winter")} == {"summer"}


def test_roads_do_not_carry_over_the_line_or_on_foot():
    line_row = int(np.argwhere(SECTOR.home[:, COL]).max())
    down = places(SECTOR, (ROW, COL), (line_row + 20, COL))
    found = responded(team_at(SECTOR, ROW, COL), roads=roads(down, speed_mps=(30.0,)))
    assert np.isfinite(found[line_row, COL])
    assert np.isinf(found[line_row + 1, COL])
    walking = team_at(SECTOR, ROW, COL, vehicle=False)
    np.testing.assert_array_equal(
        responded(walking, roads=roads(along(0, 20), speed_mps=(30.0,))), responded(walking)
    )


def test_driving_times_are_scipy_s():
    """Roads of three speeds on a small grid, against an ordinary shortest path on a graph built here."""
    rng = np.random.default_rng(7)
    road_mps = rng.choice([0.0, 0.0, 5.0, 15.0, 30.0], size=(9, 11))
    closed = rng.random((9, 11)) < 0.1
    beside_s = np.full((8, 9, 11), np.inf)
    steps_s = road_steps(beside_s, road_mps, cell_m=100.0, friction=np.ones((9, 11)), barrier=closed)
    graph = lil_array((99, 99))
    on_road = (road_mps > 0) & ~closed
    for (r, c), (u, v) in itertools.product(np.argwhere(on_road), repeat=2):
        beside = max(abs(u - r), abs(v - c)) == 1
        if beside and not (u != r and v != c and closed[r, v] and closed[u, c]):
            length_m = 100 * np.hypot(u - r, v - c)
            graph[r * 11 + c, u * 11 + v] = length_m * (0.5 / road_mps[r, c] + 0.5 / road_mps[u, v])
    start = int(np.argmax(np.isfinite(dijkstra(graph.tocsr())).sum(axis=1)))
    expected = dijkstra(graph.tocsr(), indices=start)
    found = least_cost(steps_s, np.array([start]), np.zeros(1), towards=False).cost
    assert np.isfinite(expected).sum() > 20
    np.testing.assert_allclose(found.ravel(), expected, rtol=1e-12)


def test_bad_road_arrays_are_refused():
    steps = np.full((8, 2, 2), np.inf)
    one, closed = np.ones((2, 2)), np.zeros((2, 2), bool)
    with pytest.raises(InputFaults, match="shape"):
        road_steps(steps, np.ones((3, 2)), cell_m=1.0, friction=one, barrier=closed)
    with pytest.raises(InputFaults, match="speeds"):
        road_steps(steps, -one, cell_m=1.0, friction=one, barrier=closed)


# ---- openings


def crossing_s(project, season, target=WALKER, depth_m=3_000.0):
    """Least time (row, col) from one cell south-west of the rivers to every cell."""
    steps_s = target_steps(flat_ground(project), target, season, depth_m)
    start = np.array([(ROW + 10) * SECTOR.grid.n_col + COL + 30])
    return least_cost(steps_s, start, np.zeros(1), towards=False).cost


RIVERS = {
    "straight": places(SECTOR, (ROW, -50), (ROW, 500)),
    "diagonal": places(SECTOR, (ROW - 150, COL + 40 - 150), (ROW + 150, COL + 40 + 150)),
    "steep": places(SECTOR, (ROW - 100, COL + 40 - 50), (ROW + 100, COL + 40 + 50)),
}


def opening(row, col, summer_s=0.0, winter_s=0.0, barrier_id=""):
    place = places(SECTOR, (row, col))
    return Opening("ford", "ford", {"summer": summer_s, "winter": winter_s}, (place,), barrier_id)


@pytest.mark.parametrize("course", RIVERS)
def test_one_opening_lets_through_a_closed_river_however_it_runs(course):
    closed = replace(PROJECT, barriers=(river(RIVERS[course]),))
    ford = replace(closed, openings=(opening(ROW, COL + 40),))
    beyond = (ROW - 6, COL + 46)
    assert np.isinf(crossing_s(closed, "summer")[beyond])
    assert np.isfinite(crossing_s(ford, "summer")[beyond])


def test_crossing_at_an_opening_costs_its_delay_and_no_more_than_the_river():
    open_ground = crossing_s(PROJECT, "summer")
    there = (ROW - 6, COL + 40)
    for river_s, ford_s, least_s in ((np.inf, 600.0, 600.0), (300.0, 600.0, 300.0), (np.inf, 0.0, 0.0)):
        project = replace(
            PROJECT,
            barriers=(river(RIVERS["straight"], river_s),),
            openings=(opening(ROW, COL + 40, ford_s),),
        )
        assert crossing_s(project, "summer")[there] - open_ground[there] == pytest.approx(least_s)


def test_an_opening_that_is_closed_in_a_season_opens_nothing_then():
    bridge = replace(
        PROJECT,
        barriers=(river(RIVERS["straight"], np.inf, np.inf),),
        openings=(opening(ROW, COL + 40, np.inf, 60.0),),
    )
    assert np.isinf(crossing_s(bridge, "summer")[ROW - 6, COL + 40])
    assert np.isfinite(crossing_s(bridge, "winter")[ROW - 6, COL + 40])


def test_an_opening_opens_the_barrier_that_it_names():
    """A bridge over a side stream, a cell from the river, opens the stream alone."""
    stream = river(places(SECTOR, (ROW - 1, -50), (ROW - 1, 500)), barrier_id="stream")
    both = replace(PROJECT, barriers=(river(RIVERS["straight"]), stream))
    for name, is_open in (("", True), ("stream", False), ("river", False)):
        project = replace(both, openings=(opening(ROW - 1, COL + 40, barrier_id=name),))
        _, closed = barrier_friction(project, SECTOR, "summer", level_speed_mps=1.0)
        through = ~closed[ROW - 1 : ROW + 1, COL + 40]
        assert through.all() == is_open
        assert through.any() == (name != "" or is_open)


def test_an_opening_without_a_delay_in_the_season_is_refused():
    bad = Opening("ford", "ford", {"winter": 0.0}, (places(SECTOR, (ROW, COL)),))
    project = replace(PROJECT, barriers=(river(RIVERS["straight"]),), openings=(bad,))
    with pytest.raises(InputFaults, match=r"ford.*0 s or more|0 s or more.*ford"):
        barrier_friction(project, SECTOR, "summer", level_speed_mps=1.0)


# ---- barriers that hold teams


def test_barriers_hold_teams_where_the_project_says_so():
    """The team stands north of a river that is closed to wheels and costs walkers 900 s."""
    water = river(RIVERS["straight"], 900.0, 900.0)
    team = team_at(SECTOR, ROW - 5, COL + 40)
    free = responded(team, barriers=(water,))
    np.testing.assert_array_equal(free, responded(team))
    held = responded(team, barriers=(water,), teams_held=True)
    below = (ROW + 2, COL + 40)
    foot_s = CELL_M / (6 / 3.6 * np.exp(-3.5 * 0.05))
    # drives 4 cells to the bank, walks through the water and on: 3 steps on foot and the river's delay
    assert held[below] == pytest.approx(4 * OFF_ROAD_S + 3 * foot_s + 900)
    bridge = opening(ROW, COL + 40)
    assert responded(team, barriers=(water,), openings=(bridge,), teams_held=True)[below] == pytest.approx(
        7 * OFF_ROAD_S
    )
    on_line = replace(water, on_line=True)
    np.testing.assert_array_equal(responded(team, barriers=(on_line,), teams_held=True), responded(team))


def test_a_road_ends_at_water_without_a_bridge_and_pays_the_delay_of_a_ford():
    water = river(places(SECTOR, (ROW - 80, COL + 10), (ROW + 80, COL + 10)))
    road, team = roads(along(0, 20), speed_mps=(20.0,)), team_at(SECTOR, ROW, COL)
    held = {"barriers": (water,), "teams_held": True, "roads": road}
    assert np.isinf(responded(team, **held)[ROW, COL + 20])
    for ford_s in (0.0, 120.0):
        found = responded(team, openings=(opening(ROW, COL + 10, ford_s),), **held)
        assert found[ROW, COL + 20] == pytest.approx(100.0 + ford_s)
    assert responded(team, "winter", **held)[ROW, COL + 20] == pytest.approx(100.0)  # no delay in winter


# ---- land cover


def test_cover_slows_crossers_and_teams_and_not_the_road_through_it():
    wood = cover((WOOD, block(-3, 5, 3, 14)))
    team = team_at(SECTOR, ROW, COL)
    # between the centres of cells 4 and 15 lie ten cells of wood and half a cell of open ground at either end
    drive_s = responded(team, land_cover=wood)[ROW, COL + 9]
    assert drive_s == pytest.approx(OFF_ROAD_S * (4 + 2.5 + 4 * 4))
    road = roads(along(0, 20), speed_mps=(20.0,))
    assert responded(team, land_cover=wood, roads=road)[ROW, COL + 20] == pytest.approx(100.0)
    project = replace(PROJECT, land_cover=wood)
    for target, friction in ((WALKER, 1.5), (CAR, 4.0)):
        ways = [target_steps(flat_ground(p), target, "summer", 3_000.0) for p in (PROJECT, project)]
        assert ways[1][2, ROW, COL + 8] == pytest.approx(friction * ways[0][2, ROW, COL + 8])
        assert ways[1][2, ROW, COL] == ways[0][2, ROW, COL]


def test_a_river_in_a_wood_costs_its_delay_beside_the_wood():
    wood = cover((WOOD, block(-20, 0, 20, 80)))
    dry, wet = (
        crossing_s(replace(PROJECT, land_cover=wood, barriers=b), "summer")[ROW - 6, COL + 40]
        for b in ((), (river(RIVERS["straight"], 700.0),))
    )
    assert wet - dry == pytest.approx(700.0)


def test_shares_follow_target_and_leaves_and_overlaps_take_the_least():
    land = flat_ground(
        replace(
            PROJECT,
            land_cover=cover((WOOD, block(0, 0, 4, 4)), (SCRUB, block(0, 3, 4, 8)), leaf_off=["winter"]),
        )
    ).land
    expected = {
        (WALKER.target_id, "summer"): (0.2, 0.2, 0.6),
        (WALKER.target_id, "winter"): (0.4, 0.4, 0.8),
        (CAR.target_id, "summer"): (0.3, 0.3, 0.8),
        (CAR.target_id, "winter"): (0.5, 0.5, 0.9),
    }
    for target in (WALKER, CAR):
        for season in ("summer", "winter"):
            share = land.visible_share(target, season)
            got = tuple(share[ROW + 2, [COL + 1, COL + 3, COL + 7]])
            assert got == expected[target.target_id, season]
            assert share[ROW + 20, COL] == 1.0
    assert tuple(land.friction(vehicle=False)[ROW + 2, [COL + 1, COL + 3, COL + 7]]) == (1.5, 1.5, 1.4)
    assert tuple(land.friction(vehicle=True)[ROW + 2, [COL + 1, COL + 3, COL + 7]]) == (4.0, 6.0, 6.0)
    assert flat_ground(PROJECT).land.visible_share(WALKER, "summer") is None


def test_nonsense_is_refused():
    with pytest.raises(ValueError, match="positive"):
        roads(along(0, 1), speed_mps=(0.0,))
    with pytest.raises(ValueError, match="shares"):
        replace(WOOD, person_leaf_on=1.2)
    with pytest.raises(ValueError, match="friction"):
        replace(WOOD, friction_foot=0.5)
    with pytest.raises(ValueError, match="vertex"):
        Courses(np.zeros((2, 2)), np.array([0, 2, 2]), np.array([0, 1]))
    with pytest.raises(ValueError, match="owner"):
        Courses(np.zeros((2, 2)), np.array([0, 2]), np.array([0, 1]))
    assert isinstance(roads(along(0, 1), speed_mps=(1.0,)), Roads)


def test_an_opening_that_costs_more_than_the_barrier_changes_nothing():
    dear = (opening(ROW, COL + 40, 600.0), opening(ROW, COL + 41, 100.0), opening(ROW, COL + 40, 900.0))
    project = replace(PROJECT, barriers=(river(RIVERS["straight"], 300.0),))
    plain, _ = barrier_friction(project, SECTOR, "summer", level_speed_mps=1.0)
    for openings, least_s in ((dear[:1], 300.0), (dear[1:], 100.0)):
        friction, _ = barrier_friction(
            replace(project, openings=openings), SECTOR, "summer", level_speed_mps=1.0
        )
        assert friction[ROW, COL + 40] == pytest.approx(1 + least_s / CELL_M)
        assert np.all(friction <= plain)
