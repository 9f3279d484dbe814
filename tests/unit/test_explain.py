"""Why a stretch stands where it stands: the numbers of the profile, gains that come true, names refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sarhad.errors import UnknownName
from sarhad.io.project import open_project
from sarhad.model.plan import Plan, PlanItem
from sarhad.model.project import Barrier
from sarhad.planning.explain import explain
from sarhad.planning.profile import profile
from small_cases import tiny

AT_M = 6_000.0  # in the second of three stretches


@pytest.fixture(scope="module")
def project(small_project_template):
    return tiny(open_project(small_project_template), conditions=("summer_day", "summer_night"))


@pytest.fixture(scope="module")
def found(project):
    return explain(project, AT_M, condition="summer_night", n_raise=1_000)


def test_it_is_about_the_stretch_at_the_chainage(project, found):
    stretch = project.line.stretches(project.settings.stretch_m)[1]
    assert (found.stretch_id, found.chainage_from_m, found.chainage_to_m) == (1, stretch.from_m, stretch.to_m)
    assert (found.target, found.condition, found.terrain) == ("walker", "summer_night", "synthetic")
    for chainage_m, stretch_id in ((0.0, 0), (stretch.from_m + 1.0, 1), (12_000.0, 2)):
        assert explain(project, chainage_m).stretch_id == stretch_id


def test_the_largest_share_is_the_default_condition(project):
    assert explain(project, AT_M).condition == "summer_day"


def test_ways_carry_the_numbers_of_the_profile(project, found):
    rows = profile(project)
    rows = rows[(rows["stretch_id"] == 1) & (rows["condition"] == "summer_night")]
    rows = rows[rows["depth_m"] == project.settings.depth_m].set_index("adversary")
    assert [way.adversary for way in found.ways] == ["unaware", "aware", "optimal", "fastest"]
    for way in found.ways:
        row = rows.loc[way.adversary]
        assert way.p_timely == pytest.approx(row["p_timely"], abs=1e-12)
        assert way.p_detect == pytest.approx(row["p_detect"], abs=1e-12)
        assert way.time_s == pytest.approx(row["time_s"])
        if way.adversary in ("aware", "fastest", "optimal"):
            assert way.route.equals_exact(row["route"], 1e-12)


def test_what_would_raise_it_comes_best_first_and_pays(found):
    gains = [one.gain for one in found.raises]
    assert len(gains) > 3
    assert gains == sorted(gains, reverse=True)
    assert min(gains) > 0
    for one in found.raises:
        assert one.gain_per_musd == pytest.approx(one.gain / one.cost_usd * 1e6)
    assert found.best_buy.gain_per_musd == max(one.gain_per_musd for one in found.raises)


def test_gains_come_true_against_the_unaware(project, found):
    """Fixed routes: half of what an item adds to the unaware is in its gain, the rest the weakest route's."""
    before, weakest = (
        next(way.p_timely for way in found.ways if way.adversary == name) for name in ("unaware", "optimal")
    )
    assert len({round(one.gain, 9) for one in found.raises}) > 3
    for one in (found.raises[0], found.raises[-1], found.best_buy):
        bought = Plan((PlanItem(1, one.asset, one.site_id, one.cost_usd, 0.0, 0.0),))
        after = explain(project, AT_M, bought, condition="summer_night")
        rise = next(way.p_timely for way in after.ways if way.adversary == "unaware") - before
        most = project.settings.p_communication - weakest
        assert 0.5 * rise - 1e-9 <= one.gain <= 0.5 * rise + 0.5 * most + 1e-9
        assert one.asset.asset_id not in {other.asset.asset_id for other in after.raises}


def test_teams_that_nobody_has_bought_make_nothing_worth_while(project):
    """With no team anywhere no detection is in time, whatever posts with teams are on offer."""
    nobody = replace(project, teams=(), offered=("thermal_medium", "post_staffed"))
    assert explain(nobody, AT_M).raises == ()


def test_fewer_raises_on_request(project):
    assert len(explain(project, AT_M, n_raise=2).raises) == 2


def test_dead_ground_is_near_unseen_and_largest_first(project, found):
    cell_m2 = project.settings.cell_m**2
    areas = [patch.area_m2 for patch in found.dead_ground]
    assert areas == sorted(areas, reverse=True)
    assert all(area % cell_m2 == 0 for area in areas)
    assert 0.0 <= found.seen_share < 1.0
    blind = explain(replace(project, assets=()), AT_M)
    assert blind.seen_share == 0.0
    assert len(blind.dead_ground) == 1
    assert blind.dead_ground[0].area_m2 >= max(areas)


def test_a_stretch_nobody_can_cross_has_no_ways(project):
    wall = Barrier("wall", "wall", {"summer": np.inf, "winter": np.inf}, on_line=True)
    closed = explain(replace(project, barriers=(wall,)), AT_M)
    for way in closed.ways:
        assert way.route is None
        assert np.isnan([way.p_timely, way.p_detect, way.time_s]).all()
    assert closed.raises == ()
    assert closed.best_buy is None


@pytest.mark.parametrize(
    ("chainage_m", "names", "said"),
    [
        (-1.0, {}, "km 0.0-12.0"),
        (12_001.0, {}, "km 0.0-12.0"),
        (float("nan"), {}, "not on the line"),
        (AT_M, {"target": "horse"}, "horse.*walker"),
        (AT_M, {"condition": "monsoon"}, "monsoon.*summer_day"),
    ],
)
def test_what_the_project_does_not_hold_is_named(project, chainage_m, names, said):
    with pytest.raises(UnknownName, match=said):
        explain(project, chainage_m, **names)
