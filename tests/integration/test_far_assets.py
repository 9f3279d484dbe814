"""What stands far outside a sector counts there: one sector or several, the same numbers.

A strong radar on a tall mast looks along the border from its far end, 20 km beyond the margin of the
westernmost sector, which holds nothing but a post.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import rasterio
from hypothesis import given, settings
from hypothesis import strategies as st

from sarhad.io.project import open_project
from sarhad.kernels.sight import viewshed
from sarhad.model.asset import Asset, AtPoint, Site
from sarhad.planning.compute import Compute
from sarhad.planning.coverage_map import coverage
from sarhad.planning.ground import lay_ground
from sarhad.planning.items import offered_items
from sarhad.planning.pool import OPTIMAL, PoolJob, WorthJob, pool_sector, worth_sector
from sarhad.planning.profile import profile
from sarhad.planning.sector import sectors
from sarhad.planning.sighting import sight
from sarhad.planning.siting import plan
from sarhad.planning.units import units_in
from sarhad.planning.unseen import gap
from small_border import START_X_M, line_y_m, to_lon_lat
from small_cases import tiny

SHORT_M, LONG_M = 8_000.0, 60_000.0


def place(x_m: float, north_m: float) -> tuple[float, float]:
    lon_deg, lat_deg = to_lon_lat(np.array([x_m]), line_y_m(np.array([x_m])) + north_m)[0].tolist()
    return lon_deg, lat_deg


@pytest.fixture(scope="module")
def project(small_project_template):
    """The small border with one team a stretch; in its west a binoculars post is all that stands."""
    small = open_project(small_project_template)
    cut = tiny(small, 40_000.0, window_m=3_000.0, sector_m=SHORT_M)
    teams = tuple(
        replace(small.teams[0], team_id=f"t{k}", lon_deg=lon, lat_deg=lat)
        for k in range(10)
        for lon, lat in [place(START_X_M + 2_000.0 + 4_000.0 * k, 900.0)]
    )
    long = cut.equipment["radar_long"]
    strong = replace(long, mast_m=150.0, parameter={**long.parameter, "mean_power_w": 300.0})
    equipment = {**cut.equipment, "radar_long": strong}
    return replace(cut, teams=teams, assets=small.assets[:1], equipment=equipment)


@pytest.fixture(scope="module")
def radar():
    return Asset("far", "radar_long", AtPoint(*place(START_X_M + 33_000.0, 1_500.0)))


def whole(project):
    return replace(project, settings=replace(project.settings, sector_m=LONG_M))


def fielded(project, *assets):
    return replace(project, assets=(*project.assets, *assets))


def check_same(one, two):
    """Sight is exact; w carries what teams beyond the margin would add, which is next to nothing."""
    np.testing.assert_array_equal(one["p_detect"], two["p_detect"])
    for column in ("p_timely", "p_low", "w_line"):
        np.testing.assert_allclose(one[column], two[column], rtol=0.0, atol=1e-8)
    np.testing.assert_allclose(one["time_s"], two["time_s"], rtol=1e-12)


def test_a_radar_far_outside_is_seen_to_matter_and_sectors_agree(project, radar):
    """P_t, bracket and P_detect: 5 sectors and 1, and the radar does change the westernmost sector."""
    (first, *_), (one,) = sectors(project), sectors(whole(project))
    assert first.grid.n_cell < one.grid.n_cell / 2
    several, single = profile(fielded(project, radar)), profile(whole(fielded(project, radar)))
    without = profile(project)
    west = (without["chainage_to_m"] <= SHORT_M) & (without["condition"] == "summer_day")
    gained = (several["p_timely"] - without["p_timely"])[west & (without["adversary"] == "unaware")]
    assert gained.max() > 0.05
    check_same(several, single)


@settings(max_examples=8, deadline=None)
@given(
    sector_m=st.floats(4_000.0, 20_000.0),
    at_m=st.floats(500.0, 39_500.0),
    north_m=st.floats(-3_000.0, 5_000.0),
    equipment_id=st.sampled_from(["radar_long", "thermal_cooled_long"]),
)
def test_the_length_of_a_sector_does_not_change_the_profile(project, sector_m, at_m, north_m, equipment_id):
    asset = Asset("any", equipment_id, AtPoint(*place(START_X_M + at_m, north_m)), mast_m=60.0)
    cut = fielded(project, asset)
    cut = replace(cut, settings=replace(cut.settings, sector_m=sector_m))
    rows = [profile(p, adversaries=("unaware", "fastest")) for p in (cut, whole(cut))]
    check_same(*rows)


def test_the_radar_stands_twenty_kilometres_beyond_the_margin(project, radar):
    ground = lay_ground(project, sectors(project)[0], 0)
    (unit,) = units_in(ground, (radar,))
    beyond_m = (unit.col - ground.sector.grid.n_col) * project.settings.cell_m
    assert beyond_m > 10_000.0
    assert 33_000.0 - SHORT_M - project.settings.sector_margin_m >= 20_000.0
    short = replace(radar, equipment_id="thermal_medium")
    assert units_in(ground, (short,)) == ()  # its reach does not meet the band


def test_sight_from_outside_is_the_viewshed_over_the_whole_terrain(project, radar):
    ground = lay_ground(project, sectors(project)[0], 0)
    units, grid = units_in(ground, (radar,)), ground.sector.grid
    moving = ground.moving(3_000.0)
    seen = sight(ground, units, 1.7, moving)
    (single,) = sectors(whole(project))
    wide = lay_ground(whole(project), single, 0)
    (unit,) = units_in(wide, (radar,))
    observer = {"row": [unit.row], "col": [unit.col], "height_m": [150.0], "range_m": [unit.range_m]}
    mask = viewshed(wide.dem_m, observer, cell_m=project.settings.cell_m).mask(0)
    row = round((wide.sector.grid.top_m - grid.top_m) / grid.cell_m)
    col = round((grid.left_m - wide.sector.grid.left_m) / grid.cell_m)
    expected = mask[row : row + grid.n_row, col : col + grid.n_col] & moving
    np.testing.assert_array_equal(np.diff(seen.ptr).reshape(grid.shape), expected)
    assert 50 < expected.sum() < moving.sum()


def test_coverage_and_gap_do_not_depend_on_the_sectors(project, radar):
    cut, one = fielded(project, radar), whole(fielded(project, radar))
    for several, single, without in zip(coverage(cut), coverage(one), coverage(project), strict=True):
        np.testing.assert_array_equal(several.percent, single.percent)
        assert np.any(several.percent != without.percent) or several.condition_id == "winter_fog"
    widths_m = [gap(p).groupby("condition")["width_m"].sum() for p in (cut, one, project)]
    assert widths_m[0].to_dict() == widths_m[1].to_dict()
    assert widths_m[0]["summer_day"] < widths_m[2]["summer_day"]


def test_the_pool_knows_what_is_on_offer_far_away(project, radar):
    site = Site("far", radar.place.lon_deg, radar.place.lat_deg)
    offering = replace(project, sites=(site,), offered=("radar_long",))
    items = offered_items(offering, offering.sites)

    def thetas(some):
        found = {}
        for sector_plan in sectors(some):
            part = pool_sector(PoolJob(some, sector_plan, items)).part
            theta = np.bincount(part.entry_route, part.entry_theta, minlength=len(part.stretch))
            keys = zip(part.stretch.tolist(), part.case.tolist(), part.field.tolist(), strict=True)
            found |= dict(zip(keys, zip(theta.tolist(), part.base_theta.tolist(), strict=True), strict=True))
        return found

    several, single = thetas(offering), thetas(whole(offering))
    assert several.keys() == single.keys()
    np.testing.assert_allclose([several[k] for k in several], [single[k] for k in several], atol=1e-12)
    assert max(theta for (k, _, field), (theta, _) in several.items() if k < 2 and field != OPTIMAL) > 0.01
    first = sectors(offering)[0]
    pooled = pool_sector(PoolJob(offering, first, items))
    assert pooled.items == {0}
    job = WorthJob(offering, first, {0: items[0]}, (((0, 1),),), pooled.unaware, pooled.known, cut=False)
    after = profile(replace(offering, assets=(*offering.assets, items[0].asset)), adversaries=("unaware",))
    for (_, condition), values in worth_sector(job).by_plan[0].unaware.items():
        rows = after[(after["condition"] == condition) & after["stretch_id"].isin(first.stretches)]
        np.testing.assert_allclose(values, rows["p_timely"], atol=1e-12)


def test_a_plan_s_value_does_not_depend_on_the_sectors(project, radar):
    """One purchase is affordable and only one is on offer, so the plans are equal and the worth must be."""
    site = Site("far", radar.place.lon_deg, radar.place.lat_deg)
    cost_usd = project.equipment["radar_long"].cost_usd
    offering = replace(
        project,
        sites=(site,),
        offered=("radar_long",),
        budget=replace(project.budget, money_usd=cost_usd, crew_n=100.0, stock={"radar_long": 1}),
    )
    results = [plan(p, compute=Compute(1)) for p in (offering, whole(offering))]
    assert [[a.asset_id for a in r.plan.assets] for r in results] == [["far-radar_long"]] * 2
    assert results[0].value == pytest.approx(results[1].value, abs=1e-12)


def test_ground_that_nobody_knows_hides_what_lies_behind_it(small_project_folder, project, radar):
    """A raster that ends between the radar and the sector: a wall that is not known, no fault, no sight."""
    ground = lay_ground(project, sectors(project)[0], 0)
    before = sight(ground, units_in(ground, (radar,)), 1.7, ground.sector.in_band)
    assert before.ptr[-1] > 0
    file = small_project_folder / "terrain.tif"
    with rasterio.open(file, "r+") as data:
        height_m = data.read(1)
        height_m[:, 250:252] = data.nodata  # 20 km along the line
        data.write(height_m, 1)
    holed = replace(ground, project=replace(project, terrain=replace(project.terrain, paths=(file,))))
    after = sight(holed, units_in(holed, (radar,)), 1.7, ground.sector.in_band)
    assert after.ptr[-1] == 0
