"""Who sees which cell, at what rate: pairs, units and shares against their definitions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sarhad.errors import UnknownName
from sarhad.io.project import open_project
from sarhad.model.asset import AlongLine, Asset, AtPoint, OverBand
from sarhad.planning.coverage import RATE_FLOOR_PER_S, sensor_lines, view_of
from sarhad.planning.ground import lay_ground
from sarhad.planning.sector import sectors
from sarhad.planning.sensing import area_rate_per_s, availability, crossing_exposure, look_rate_per_s
from sarhad.planning.sighting import sight
from sarhad.planning.units import reach_m, units_in, working_share
from small_cases import at, site_near, tiny

TARGET_M = 1.7


@pytest.fixture(scope="module")
def project(small_project_template):
    return tiny(open_project(small_project_template), conditions=("summer_day", "summer_night", "winter_fog"))


@pytest.fixture(scope="module")
def ground(project):
    (plan,) = sectors(project)
    return lay_ground(project, plan, 0)


@pytest.fixture(scope="module")
def assets(project):
    here, there = at(site_near(project, "A", 3_000.0)), at(site_near(project, "B", 9_000.0))
    return (
        Asset("cameras", "thermal_medium", here, n=2, mast_m=8.0),
        Asset("binoculars", "observer_binoculars", here, mast_m=8.0),
        Asset("sector", "thermal_medium", there, mast_m=8.0, azimuth_deg=180.0, sector_deg=90.0),
        Asset("radar", "radar_medium", there, mast_m=12.0),
        Asset("line", "seismic_line", AlongLine(2_000.0, 5_000.0, 100.0)),
        Asset("flight", "drone_small", OverBand(0.0, 6_000.0), n=2),
        Asset("far", "thermal_medium", AtPoint(75.0, 37.0)),
        Asset("past", "seismic_line", AlongLine(20_000.0, 30_000.0)),
    )


def names(units):
    return [unit.asset.asset_id for unit in units]


def by_unit(view, n_unit):
    """{unit: {cell: rate}} of a view."""
    cell = np.repeat(np.arange(len(view.ptr) - 1), np.diff(view.ptr))
    pairs = list(zip(view.asset.tolist(), cell.tolist(), view.rate_per_s.tolist(), strict=True))
    return [{c: rate for unit, c, rate in pairs if unit == i} for i in range(n_unit)]


def test_identical_items_are_units_of_their_own_and_what_is_elsewhere_is_left_out(ground, assets):
    units = units_in(ground, assets)
    assert names(units) == ["cameras"] * 2 + ["binoculars", "sector", "radar", "line"] + ["flight"] * 2
    assert [unit.row >= 0 for unit in units] == [True] * 5 + [False] * 3
    assert [unit.mast_m for unit in units[:5]] == [8.0, 8.0, 8.0, 8.0, 12.0]
    assert units_in(ground, ()) == ()


def test_a_unit_without_a_mast_of_its_own_takes_the_type_s(ground, assets, project):
    (unit,) = units_in(ground, (replace(assets[1], mast_m=None),))
    assert unit.mast_m == project.equipment["observer_binoculars"].mast_m


def test_what_sees_nothing_is_no_unit(ground, assets, project):
    """Something whose reach is below one cell takes no part."""
    blind = replace(project, conditions=tuple(replace(c, illuminance_lux=0.0) for c in project.conditions))
    assert reach_m(blind, blind.equipment["observer_binoculars"]) <= blind.settings.cell_m
    assert units_in(replace(ground, project=blind), assets[1:2]) == ()


@pytest.mark.parametrize("condition_id", ["summer_day", "summer_night", "winter_fog"])
def test_rates_are_those_of_the_range_to_the_cell(ground, assets, project, condition_id):
    units = units_in(ground, assets)
    (condition,) = [c for c in project.conditions if c.condition_id == condition_id]
    target, grid = project.targets[0], ground.sector.grid
    sighting = sight(ground, units, TARGET_M, ground.sector.in_band)
    seen_by = by_unit(view_of(ground, units, sighting, target, condition), len(units))
    for unit, rates in zip(units[:5], seen_by[:5], strict=True):
        assert len(rates) > 20 or condition_id == "winter_fog" or unit.asset.asset_id == "binoculars"
        for cell, rate in list(rates.items())[::7]:
            row, col = divmod(cell, grid.n_col)
            range_m = grid.cell_m * np.hypot(row - unit.row, col - unit.col)
            expected = look_rate_per_s(unit.equipment, target, condition, range_m, mast_m=unit.mast_m)
            assert rate == pytest.approx(float(expected), rel=1e-4)  # ranges are kept in float32
            assert rate > RATE_FLOOR_PER_S
            assert ground.sector.in_band[row, col]
    assert seen_by[5] == {}  # a line is charged to whoever crosses it
    assert seen_by[0] == seen_by[1]


def test_a_sector_of_view_looks_where_it_points(ground, assets, project):
    units = units_in(ground, assets)
    sighting = sight(ground, units, TARGET_M, ground.sector.in_band)
    cells = np.repeat(np.arange(ground.sector.grid.n_cell), np.diff(sighting.ptr))
    row, col = np.divmod(cells[sighting.unit == 3], ground.sector.grid.n_col)
    away = (row != units[3].row) | (col != units[3].col)
    south, east = (row - units[3].row)[away], (col - units[3].col)[away]
    bearing_deg = np.degrees(np.arctan2(east, -south)) % 360.0
    assert len(bearing_deg) > 10
    assert np.all((bearing_deg >= 135.0 - 1e-6) & (bearing_deg <= 225.0 + 1e-6))


def test_flights_search_their_part_of_the_band_evenly(ground, assets, project):
    units = units_in(ground, assets)
    condition, target, settings = project.conditions[0], project.targets[0], project.settings
    sighting = sight(ground, units, TARGET_M, ground.sector.in_band)
    flown = by_unit(view_of(ground, units, sighting, target, condition), len(units))[6]
    sector = ground.sector
    inside = sector.in_band & (sector.chainage_m >= 0) & (sector.chainage_m < 6_000.0)
    inside &= (sector.offset_m >= -settings.start_beyond_m) & (sector.offset_m <= settings.depth_m)
    assert set(flown) == set(np.flatnonzero(inside).tolist())
    swept_m2 = inside.sum() * settings.cell_m**2  # what is flown is what the rate is spread over
    assert swept_m2 == pytest.approx(6_000.0 * (settings.start_beyond_m + settings.depth_m), rel=0.1)
    area_m2 = 6_000.0 * (settings.start_beyond_m + settings.depth_m)
    expected = area_rate_per_s(project.equipment["drone_small"], target, condition, area_m2)
    np.testing.assert_allclose(list(flown.values()), expected, rtol=1e-12)


def test_lines_are_charged_to_those_who_cross(ground, assets, project):
    units, target, condition = units_in(ground, assets), project.targets[0], project.conditions[0]
    lines = sensor_lines(units, target, condition)
    assert lines.asset.tolist() == [5]
    assert (lines.offset_m[0], lines.from_m[0], lines.to_m[0]) == (100.0, 2_000.0, 5_000.0)
    expected = crossing_exposure(project.equipment["seismic_line"], target, condition)
    assert lines.exposure[0] == expected > 0
    assert len(sensor_lines(units[:2], target, condition).asset) == 0


def test_the_working_share_is_the_type_s_or_the_asset_s_own(ground, assets, project):
    condition = project.conditions[0]
    own = (replace(assets[0], availability=0.25), *assets[1:])
    share = working_share(units_in(ground, own), condition)
    assert share[:2].tolist() == [0.25, 0.25]
    assert share[2] == availability(project.equipment["observer_binoculars"], condition)
    assert working_share((), condition).shape == (0,)


def test_equipment_of_no_known_type_is_named(ground, assets):
    with pytest.raises(UnknownName, match="periscope"):
        units_in(ground, (*assets, replace(assets[0], equipment_id="periscope")))


def test_nobody_sees_nothing(ground, project):
    sighting = sight(ground, (), TARGET_M, ground.sector.in_band)
    view = view_of(ground, (), sighting, project.targets[0], project.conditions[0])
    assert view.ptr.tolist() == [0] * (ground.sector.grid.n_cell + 1)
    assert len(view.asset) == len(view.rate_per_s) == 0


def test_sight_keeps_to_the_cells_asked_for_and_rises_with_the_target(ground, assets):
    units = units_in(ground, assets)
    some = ground.sector.in_band & (ground.sector.offset_m < 0)
    low, high = (sight(ground, units, target_m, some) for target_m in (0.5, 2.5))
    for sighting in (low, high):
        cells = np.repeat(np.arange(ground.sector.grid.n_cell), np.diff(sighting.ptr))
        assert np.all(some.ravel()[cells])
    assert len(high.unit) > len(low.unit)
