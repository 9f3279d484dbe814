"""Laws of roads, openings and land cover: more of each pulls one way only, whatever lies where."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flat_border import flat_ground, flat_project, places, river, roads, sector_of, team_at
from sarhad.io.land import cover_classes, road_classes
from sarhad.io.project import open_project
from sarhad.kernels.exposure import total_rate
from sarhad.kernels.leastcost import least_cost
from sarhad.model.land import Courses, LandCover, Opening
from sarhad.model.target import Target
from sarhad.planning.coverage import view_of
from sarhad.planning.ground import lay_ground, response_time, target_steps
from sarhad.planning.profile import profile
from sarhad.planning.sector import sectors
from sarhad.planning.sighting import sight
from sarhad.planning.units import units_in
from small_border import START_X_M, line_y_m, to_lon_lat
from small_cases import tiny

PROJECT = flat_project(200.0)
SECTOR = sector_of(PROJECT)
N_ROW, N_COL = SECTOR.grid.shape
HOME_ROW = int(np.median(np.argwhere(SECTOR.in_band & SECTOR.home)[:, 0]))
WALKER = Target(
    "walker",
    1.7,
    0.75,
    1.0,
    0.3,
    4.0,
    "tobler",
    0.6,
    1.2,
    1.0,
    1.0,
    1.0,
)
SPEEDS = sorted(road_classes().values())
CLASSES = tuple(cover_classes().values())

cells = st.tuples(st.integers(0, N_ROW - 1), st.integers(0, N_COL - 1))
delays_s = st.sampled_from([0.0, 120.0, 900.0, np.inf])
courses = st.lists(st.lists(cells, min_size=2, max_size=4), min_size=1, max_size=4)
few = settings(max_examples=15, deadline=None)


def response(project):
    return response_time(flat_ground(project), project.teams, "summer")


@few
@given(courses, st.integers(0, len(SPEEDS) - 2), st.booleans(), st.data())
def test_a_faster_class_or_one_more_road_never_raises_r(drawn, rank, held, data):
    lines = [places(SECTOR, *course) for course in drawn]
    team = team_at(SECTOR, HOME_ROW, N_COL // 2, turnout_s=300.0)
    across = river(places(SECTOR, (HOME_ROW - 5, -5), (HOME_ROW - 5, N_COL + 5)), 600.0)
    bridge = Opening("b", "bridge", {"summer": 0.0, "winter": 0.0}, (lines[0],))
    project = replace(PROJECT, teams=(team,), barriers=(across,), openings=(bridge,), teams_held=held)
    slow = np.full(len(lines), SPEEDS[rank])
    which = data.draw(st.integers(0, len(lines) - 1))
    fast = np.where(np.arange(len(lines)) == which, SPEEDS[rank + 1], slow)
    without = response(project)
    some = response(replace(project, roads=roads(*lines[:1], speed_mps=tuple(slow[:1]))))
    more = response(replace(project, roads=roads(*lines, speed_mps=tuple(slow))))
    faster = response(replace(project, roads=roads(*lines, speed_mps=tuple(fast))))
    assert np.all(some <= without)
    assert np.all(more <= some)
    assert np.all(faster <= more)


def least_s(project, season):
    """Least time of a walker from the cells south of everything to every cell."""
    steps_s = target_steps(flat_ground(project), WALKER, season, 3_000.0)
    south = np.flatnonzero(SECTOR.offset_m < -2_800)
    return least_cost(steps_s, south, np.zeros(len(south)), towards=False).cost


@few
@given(
    courses, cells, st.sampled_from([0.0, 120.0, 900.0, np.inf]), st.sampled_from([300.0, 1_800.0, np.inf])
)
def test_an_opening_never_raises_t_and_closing_it_never_lowers_t(drawn, place, opening_s, river_s):
    rivers = tuple(river(places(SECTOR, *course), river_s, 600.0, f"r{k}") for k, course in enumerate(drawn))
    ford = Opening("f", "ford", {"summer": opening_s, "winter": np.inf}, (places(SECTOR, place),))
    dry, opened = replace(PROJECT, barriers=rivers), replace(PROJECT, barriers=rivers, openings=(ford,))
    summer_s = least_s(opened, "summer")
    assert np.all(summer_s <= least_s(dry, "summer"))
    np.testing.assert_array_equal(least_s(opened, "winter"), least_s(dry, "winter"))
    shut = replace(ford, delay_s={"summer": np.inf, "winter": np.inf})
    assert np.all(least_s(replace(opened, openings=(shut,)), "summer") >= summer_s)
    assert np.all(
        least_s(replace(opened, openings=(ford, replace(ford, opening_id="g"))), "summer") == summer_s
    )


# ---- on the small project, with its eyes and radars


@pytest.fixture(scope="module")
def project(small_project_template):
    return tiny(open_project(small_project_template), conditions=("summer_day", "winter_fog"))


@pytest.fixture(scope="module")
def seen(project):
    (plan,) = sectors(project)
    ground = lay_ground(project, plan, 0)
    units = units_in(ground, project.assets)
    return plan, units, sight(ground, units, 1.7, ground.sector.in_band)


def box(x_km, off_m, size_m):
    x_m = START_X_M + 1e3 * x_km + np.array([0.0, size_m, size_m, 0.0])
    return to_lon_lat(x_m, line_y_m(x_m) + off_m + np.array([0.0, 0.0, size_m, size_m]))


def cover_of(polygons):
    ptr = 4 * np.arange(len(polygons) + 1)
    rings = np.concatenate([box(*place) for place, _ in polygons])
    own = Courses(rings, ptr.astype(np.int64), np.arange(len(polygons)))
    return LandCover(own, np.array([k for _, k in polygons]), CLASSES, ("winter",))


polygons = st.lists(
    st.tuples(
        st.tuples(st.floats(0, 12), st.floats(-3_000, 4_000), st.floats(100, 6_000)),
        st.integers(0, len(CLASSES) - 1),
    ),
    min_size=1,
    max_size=5,
)


@few
@given(polygons)
def test_more_foliage_never_raises_a_detection_rate(project, seen, drawn):
    plan, units, sighting = seen
    every = np.ones(len(units))
    last = None
    for n in range(len(drawn) + 1):
        more = replace(project, land_cover=cover_of(drawn[:n]) if n else None)
        ground = lay_ground(more, plan, 0)
        rates = []
        for condition in more.conditions:
            view = view_of(ground, units, sighting, project.targets[0], condition)
            rates.append(total_rate(view, ground.sector.grid.n_cell, every))
        if last is not None:
            assert np.all(np.array(rates) <= last)
        last = np.array(rates)


def values(project):
    rows = profile(project, adversaries=("unaware", "fastest"))
    return rows["p_timely"].to_numpy()


def test_a_road_never_lowers_p_t_and_faster_ones_raise_it(project):
    """Teams stand far off, so that driving matters; the road leads from them along the line."""
    x_m = np.array([START_X_M + 500.0])
    ((lon_deg, lat_deg),) = to_lon_lat(x_m, line_y_m(x_m) + 4_000.0)
    far = (replace(project.teams[0], lon_deg=lon_deg, lat_deg=lat_deg),)
    x_m = np.linspace(START_X_M + 500.0, START_X_M + 12_000.0, 40)
    along = to_lon_lat(x_m, line_y_m(x_m) + 4_000.0)
    before = replace(project, teams=far)
    last = values(before)
    for speed_mps in (8.0, 15.0, 30.0):
        now = values(replace(before, roads=roads(along, speed_mps=(speed_mps,))))
        assert np.all(now >= last - 1e-12)
        last = now
    assert last.sum() > values(before).sum() + 0.1


def test_wood_along_the_line_hides_and_leaves_that_fall_show(project):
    """Rates alone: the same friction with and without, so that the way and its time stay the same."""
    wood = next(k for k, one in enumerate(CLASSES) if one.cover_class == "wood")
    everywhere = cover_of([((-5.0, -9_000.0, 40_000.0), wood)])
    bare = replace(
        everywhere,
        classes=tuple(
            replace(one, person_leaf_on=1.0, person_leaf_off=1.0, friction_foot=CLASSES[wood].friction_foot)
            for one in CLASSES
        ),
    )
    evergreen = replace(everywhere, leaf_off=())
    shown, hidden, always = (values(replace(project, land_cover=c)) for c in (bare, everywhere, evergreen))
    assert np.all(hidden <= shown + 1e-12)
    assert np.all(always <= hidden + 1e-12)
    assert hidden.sum() < 0.9 * shown.sum()
