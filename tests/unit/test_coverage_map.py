"""Coverage maps: the formula by hand, the band filled without gaps, more assets never less."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sarhad.io.project import open_project
from sarhad.kernels.exposure import View
from sarhad.model.asset import Asset
from sarhad.model.plan import Plan, PlanItem
from sarhad.planning.coverage_map import NO_DATA, STAY_S, coverage, detected
from sarhad.planning.frame import frame_of, locate
from sarhad.planning.sector import build_sector, sectors
from small_cases import at, site_near


@pytest.fixture(scope="module")
def project(small_project_template):
    return open_project(small_project_template)


@pytest.fixture(scope="module")
def maps(project):
    return {found.condition_id: found for found in coverage(project)}


def view(*cells):
    """A view of cells, each a list of (unit, rate)."""
    ptr = np.cumsum([0, *(len(cell) for cell in cells)]).astype(np.int64)
    unit, rate = zip(*[pair for cell in cells for pair in cell], strict=True)
    return View(ptr, np.array(unit, np.int32), np.array(rate))


def test_detection_by_hand():
    seen_by = view([(0, 1e-3)], [], [(0, 1e-3), (1, 2e-3)], [(1, 1e9)])
    share = np.array([0.5, 0.8])
    one, two = 0.5 * (1 - np.exp(-0.6)), 0.8 * (1 - np.exp(-1.2))
    np.testing.assert_allclose(
        detected(seen_by, share, correlated=False), [one, 0.0, 1 - (1 - one) * (1 - two), 0.8]
    )
    np.testing.assert_allclose(detected(seen_by, share, correlated=True), [one, 0.0, max(one, two), 0.8])


def test_what_always_works_and_always_sees_is_certain():
    assert detected(view([(0, 1e9)]), np.ones(1), correlated=False)[0] == pytest.approx(1.0)
    assert STAY_S == 600.0


def test_there_is_one_map_for_every_condition_on_the_frame(project, maps):
    assert list(maps) == [c.condition_id for c in project.conditions]
    for found in maps.values():
        assert found.grid == frame_of(project).grid
        assert found.percent.shape == found.grid.shape
        assert found.percent.dtype == np.uint8
        assert found.target_id == "walker"
        assert set(np.unique(found.percent[found.percent != NO_DATA])) <= set(range(101))


def test_the_band_is_filled_and_nothing_else(project, maps):
    inside = np.zeros(frame_of(project).grid.shape, bool)
    for plan in sectors(project):
        sector = build_sector(project, plan)
        row, col = np.nonzero(sector.in_band)
        inside[row + plan.row, col + plan.col] = True
    for found in maps.values():
        np.testing.assert_array_equal(found.percent != NO_DATA, inside)


def test_a_camera_sees_in_the_night_where_it_stands(project, maps):
    camera = project.assets[1]
    assert camera.equipment_id == "thermal_medium"
    grid = maps["summer_night"].grid
    row, col = locate(grid, np.array([camera.place.lon_deg]), np.array([camera.place.lat_deg]))
    expected = 100 * project.equipment["thermal_medium"].availability
    assert maps["summer_night"].percent[row[0], col[0]] == pytest.approx(expected, abs=1)
    far = maps["winter_fog"].percent
    assert (far[far != NO_DATA] > 0).sum() < (maps["summer_night"].percent % NO_DATA > 0).sum()


def test_a_plan_s_assets_only_add(project, maps):
    post = Asset("new", "radar_medium", at(site_near(project, "A", 20_000.0)), mast_m=20.0)
    bought = Plan((PlanItem(1, post, "A", 1.0, 0.0, 0.0),))
    gained = 0
    for found in coverage(project, bought):
        before, after = maps[found.condition_id].percent, found.percent
        assert np.all(after >= before)
        gained += int((after > before).sum())
    assert gained > 100


def test_without_assets_the_band_is_dark(project):
    for found in coverage(replace(project, assets=())):
        assert set(np.unique(found.percent)) == {0, NO_DATA}
