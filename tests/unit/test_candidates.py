"""Candidate sites: prominence and thinning on grids worked by hand, and the rule on the small project."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from sarhad.io.project import open_project
from sarhad.model.asset import Site
from sarhad.model.project import Candidates
from sarhad.planning.candidates import candidate_sites, prominence_m, thin
from sarhad.planning.compute import Compute
from sarhad.planning.frame import locate
from sarhad.planning.ground import all_teams, lay_ground, response_time
from sarhad.planning.sector import sectors


@pytest.fixture(scope="module")
def project(small_project_template):
    return open_project(small_project_template)


def test_flat_ground_has_no_prominence():
    np.testing.assert_allclose(prominence_m(np.full((6, 7), 812.0, np.float32), 2.0), 0.0, atol=1e-9)


def test_a_lone_peak_stands_out_over_the_mean_of_its_square():
    dem_m = np.zeros((5, 5), np.float32)
    dem_m[2, 2] = 9.0
    found = prominence_m(dem_m, 1.0)
    assert found[2, 2] == pytest.approx(9.0 - 9.0 / 9.0)
    np.testing.assert_allclose(found[1:4, 1:4][np.arange(3) != 1, 0], -1.0)
    assert found[0, 0] == pytest.approx(0.0)


def test_unknown_ground_counts_neither_as_a_place_nor_in_the_mean():
    dem_m = np.array([[1.0, 2.0, np.nan], [3.0, 6.0, np.nan], [np.nan] * 3], np.float32)
    found = prominence_m(dem_m, 0.3)  # never less than the nearest neighbours
    assert found[1, 1] == pytest.approx(6.0 - 12.0 / 4.0)
    assert found[0, 0] == pytest.approx(1.0 - 12.0 / 4.0)
    np.testing.assert_array_equal(np.isneginf(found), np.isnan(dem_m))


def test_thinning_keeps_the_best_and_leaves_room():
    place = np.array([[0, 0], [0, 1], [0, 2], [0, 10], [0, 11]])
    assert thin(place, np.array([5.0, 9.0, 1.0, 2.0, 3.0]), 2).tolist() == [1, 4]
    assert thin(place, np.zeros(5), 1).tolist() == [0]
    assert thin(place, np.zeros(5), 5).tolist() == [0, 1, 2, 3, 4]
    assert thin(place, np.zeros(5), 50).tolist() == [0, 1, 2, 3, 4]


@given(
    hnp.arrays(
        np.int64, st.tuples(st.integers(1, 30), st.just(2)), elements=st.integers(0, 12), unique=False
    ),
    st.integers(1, 10),
    st.integers(0, 3),
)
@settings(max_examples=60, deadline=None)
def test_thinning_returns_as_many_as_asked_from_the_best_down(place, n, seed):
    place = np.unique(place, axis=0)
    score = np.random.default_rng(seed).integers(0, 4, len(place)).astype(float)
    kept = thin(place, score, n)
    assert len(kept) == len(set(kept.tolist())) == min(n, len(place))
    if len(place) > n:
        assert score[kept[0]] == score.max()
        assert np.all(np.diff(score[kept]) <= 0)


def test_thinning_spaces_as_widely_as_the_number_allows():
    place = np.column_stack(np.unravel_index(np.arange(400), (20, 20)))
    score = np.random.default_rng(1).random(400)
    kept = place[thin(place, score, 9)]
    apart = np.hypot(*(kept[:, None] - kept[None]).transpose(2, 0, 1))
    assert apart[~np.eye(9, dtype=bool)].min() >= 4.0  # nine best without spacing lie 1.4 apart
    nine_best = place[np.argsort(-score)[:9]]
    near = np.hypot(*(nine_best[:, None] - nine_best[None]).transpose(2, 0, 1))
    assert apart[~np.eye(9, dtype=bool)].min() > near[~np.eye(9, dtype=bool)].min()


def test_own_sites_are_taken_as_they_are(project):
    own = (Site("A", 69.0, 37.5), Site("B", 69.1, 37.5, ("radar_medium",)))
    with Compute(1) as compute:
        assert candidate_sites(replace(project, sites=own), compute) == own


def test_sites_found_keep_the_rule(project):
    rule = Candidates(n=30, max_offset_m=2_500.0, max_slope=0.08, max_access_s=2_400.0, radius_m=600.0)
    project = replace(project, candidates=rule)
    with Compute(1) as compute:
        found = candidate_sites(project, compute)
    assert [site.site_id for site in found] == [f"S{i:04d}" for i in range(1, len(found) + 1)]
    assert 25 <= len(found) <= 31
    lon_deg, lat_deg = (np.array([getattr(site, name) for site in found]) for name in ("lon_deg", "lat_deg"))
    chainage_m = np.full(len(found), np.nan)
    for plan in sectors(project):
        ground = lay_ground(project, plan, 0)
        row, col = locate(plan.grid, lon_deg, lat_deg)
        own = (row >= 0) & np.isnan(chainage_m)
        own[own] = (ground.sector.in_band & ground.sector.home)[row[own], col[own]]
        own[own] = ground.sector.chainage_m[row[own], col[own]] < plan.to_m
        row, col = row[own], col[own]
        chainage_m[own] = ground.sector.chainage_m[row, col]
        assert np.all(ground.sector.offset_m[row, col] <= rule.max_offset_m)
        slope = np.hypot(*np.gradient(ground.dem_m.astype(float), project.settings.cell_m))
        assert np.all(slope[row, col] <= rule.max_slope)
        access_s = response_time(ground, all_teams(project, project.assets), "summer")
        assert np.all(access_s[row, col] <= rule.max_access_s)
    assert np.all(np.diff(chainage_m) >= 0)


def test_a_sector_without_room_gets_no_site(project):
    with Compute(1) as compute:
        assert candidate_sites(replace(project, candidates=Candidates(max_access_s=1.0)), compute) == ()
        everywhere = replace(project, teams=(), assets=(), candidates=Candidates(n=10, max_access_s=1.0))
        assert len(candidate_sites(everywhere, compute)) == 10
