"""Observation only (`worth = "reported"`): nobody is sent, and P_t is P_C times the chance of being seen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sarhad.io.project import check_project, open_project
from sarhad.model.asset import Asset
from sarhad.planning.crossing import watched
from sarhad.planning.ground import all_teams, lay_ground
from sarhad.planning.profile import profile
from sarhad.planning.sector import sectors
from sarhad.planning.siting import Effort, plan
from sarhad.testing import check_plan, check_profile
from small_cases import at, site_near, tiny

P_C = 0.9


@pytest.fixture(scope="module")
def in_time(small_project_template):
    project = tiny(
        open_project(small_project_template), conditions=("summer_day", "summer_night", "winter_fog")
    )
    return replace(project, settings=replace(project.settings, p_communication=P_C))


@pytest.fixture(scope="module")
def reported(in_time):
    return replace(in_time, settings=replace(in_time.settings, worth="reported"))


@pytest.fixture(scope="module")
def rows(reported):
    return profile(reported)


def test_p_t_is_p_c_times_p_detect_against_everybody(reported, rows):
    check_profile(reported, rows)
    assert rows["p_detect"].max() > 0.3
    np.testing.assert_allclose(rows["p_timely"], P_C * rows["p_detect"], atol=1e-12)


def test_nothing_binds_but_not_being_seen(rows):
    assert set(rows["binds"]) == {"not seen"}


def test_w_is_p_c_wherever_a_goal_is_still_ahead(reported):
    (sector_plan,) = sectors(reported)
    ground = lay_ground(reported, sector_plan, 0)
    for (watches,) in watched(ground, reported.assets, (reported.settings.depth_m,)):
        passage = watches[0].passage
        ahead = np.isfinite(passage.time_s) & ~passage.goal
        assert np.all(passage.w[ahead] == P_C)
        assert np.all(passage.w[~ahead] == 0.0)


def test_teams_and_their_speed_change_nothing(reported, rows):
    """Not those of the project, not one that comes with a post: the post has its eyes alone."""
    post = Asset("x", "post_staffed", at(site_near(reported, "A", 7_000.0, 0.006)))
    assert all_teams(reported, (post,)) == ()
    for other in (
        replace(reported, teams=()),
        replace(reported, settings=replace(reported.settings, sd_fraction=0.1, team_speed_mps=1.0)),
    ):
        found = profile(other)
        np.testing.assert_array_equal(found["p_timely"], rows["p_timely"])


def test_who_need_not_be_met_is_never_counted_less(in_time, rows):
    """On the same routes: w in time is at most P_C, so what is met is at most what is reported."""
    met = profile(in_time)
    fixed = met["adversary"].isin(["unaware", "fastest"])
    assert np.all(met.loc[fixed, "p_timely"] <= rows.loc[fixed, "p_timely"] + 1e-12)
    assert met.loc[fixed, "p_timely"].max() < rows.loc[fixed, "p_timely"].max()


def test_a_plan_of_observers_keeps_its_word(reported):
    sites = tuple(site_near(reported, f"S{k}", m) for k, m in enumerate((2_500.0, 6_000.0, 9_500.0)))
    sited = replace(reported, sites=sites, offered=("observer_tower", "thermal_medium"))
    found = plan(sited, 100_000.0, effort=Effort(rounds=1, max_exact=4, bound_rounds=10))
    check_plan(sited, found)
    assert found.before < found.value <= found.bound <= P_C


def test_teams_beside_it_are_a_fault_and_so_is_another_word(small_project_folder):
    text = (small_project_folder / "project.toml").read_text()
    path = small_project_folder / "project.toml"
    path.write_text(text.replace("[settings]", '[settings]\nworth = "reported"'))
    (fault,) = check_project(small_project_folder)
    assert (fault.layer, fault.found) == ("teams", "[teams]")
    path.write_text(path.read_text().replace('[teams]\nfile = "teams.csv"\n', ""))
    assert check_project(small_project_folder) == ()
    assert any("seen and reported" in note for note in open_project(small_project_folder).notes)
    path.write_text(text.replace("[settings]", '[settings]\nworth = "seen"'))
    (fault,) = check_project(small_project_folder)
    assert (fault.column, fault.found) == ("worth", '"seen"')
