"""Every input that is refused, planted one by one in a sound project: place, expectation, finding."""

from __future__ import annotations

import json
import math
from pathlib import Path

import geopandas
import numpy as np
import pytest
import rasterio
import shapely

from sarhad.errors import Fault
from sarhad.io.project import check_project


def edit(folder: Path, old: str, new: str, file: str = "project.toml") -> None:
    text = (folder / file).read_text()
    assert text.count(old) == 1, (text.count(old), old)
    (folder / file).write_text(text.replace(old, new))


def only(folder: Path) -> Fault:
    """Return the one fault that a spoilt project must have."""
    faults = check_project(folder)
    assert len(faults) == 1, "\n".join(map(str, faults))
    return faults[0]


def edit_asset(folder: Path, row: int, **cells: object) -> None:
    data = json.loads((folder / "assets.geojson").read_text())
    data["features"][row - 1]["properties"].update(cells)
    (folder / "assets.geojson").write_text(json.dumps(data))


def rewrite_terrain(folder: Path, change) -> None:
    """Write the terrain anew after `change(height_m, profile)` has altered both in place."""
    with rasterio.open(folder / "terrain.tif") as data:
        height_m, profile = data.read(1), dict(data.profile)
    height_m = change(height_m, profile)
    with rasterio.open(folder / "terrain.tif", "w", **profile) as data:
        data.write(height_m, 1)


def place(fault: Fault) -> tuple[str, str, int, str]:
    return fault.file, fault.layer, fault.row, fault.column


# --- the line, the terrain and their reference systems


def test_terrain_in_metres_declared_as_degrees(small_project_folder):
    def declare(height_m, profile):
        profile["crs"] = "EPSG:4326"
        return height_m

    rewrite_terrain(small_project_folder, declare)
    fault = only(small_project_folder)
    assert fault.file == "terrain.tif"
    assert fault.expected == "degrees within +-180 and +-90, as the declared EPSG:4326 says"
    assert fault.found == "coordinates 450000 to 550000 and 4120000 to 4180000 (metres?)"


def test_terrain_in_degrees_declared_as_metres(small_project_folder):
    def declare(height_m, profile):
        profile["transform"] = rasterio.transform.Affine(0.002, 0.0, 68.0, 0.0, -0.002, 38.0)
        return height_m

    rewrite_terrain(small_project_folder, declare)
    fault = only(small_project_folder)
    assert fault.expected == "metres, as the declared EPSG:32642 says"
    assert fault.found.endswith("(degrees?)")


def test_terrain_without_a_reference_system(small_project_folder):
    def undeclare(height_m, profile):
        profile["crs"] = None
        return height_m

    rewrite_terrain(small_project_folder, undeclare)
    assert "reference system" in only(small_project_folder).expected


@pytest.mark.parametrize("name", ["line.gpkg", "line.parquet"])
def test_line_in_degrees_declared_as_metres(small_project_folder, name):
    frame = geopandas.read_file(small_project_folder / "line.geojson")
    frame = frame.set_crs("EPSG:32642", allow_override=True)
    path = small_project_folder / name
    frame.to_parquet(path) if path.suffix == ".parquet" else frame.to_file(path)
    edit(small_project_folder, "line.geojson", name)
    fault = only(small_project_folder)
    assert fault.file == name
    assert "degrees" in fault.expected + fault.found


def test_terrain_that_does_not_cover_the_band(small_project_folder):
    def cut(height_m, profile):
        profile["width"] = 250  # ends at 500 km east, 20 km along the line of 40 km
        return height_m[:, :250]

    rewrite_terrain(small_project_folder, cut)
    fault = only(small_project_folder)
    assert place(fault) == ("terrain.tif", "", 0, "")
    assert fault.expected == "heights over the band, 6 km home and 5 km beyond the line"
    km, short_km = fault.found.split(" of the line, up to ")
    from_km, to_km = (float(word) for word in km.removeprefix("none at km ").split("-"))
    assert 15 < from_km < 22  # the line is at 500 km east at km 21.1
    assert to_km == pytest.approx(42.1, abs=0.1)
    # the line ends 20 km past the terrain at a slope of 1.5 km x 4 pi / 40 km, so that a point 5 km beyond it
    # lies another 5 km x sin(atan(0.471)) farther east
    assert float(short_km.removesuffix(" km short")) == pytest.approx(20.0 + 2.13, abs=0.1)


def test_a_band_wider_than_the_terrain(small_project_folder):
    edit(small_project_folder, "band_home_m = 6000", "band_home_m = 35000")
    fault = only(small_project_folder)
    assert fault.expected == "heights over the band, 35 km home and 5 km beyond the line"


def test_terrain_of_nothing_but_nan(small_project_folder):
    def blank(height_m, profile):
        profile["nodata"] = math.nan
        return np.full_like(height_m, math.nan)

    rewrite_terrain(small_project_folder, blank)
    edit(small_project_folder, 'kind = "synthetic"', 'kind = "synthetic"\nvoids = "fill"')
    fault = only(small_project_folder)
    assert fault.expected == "finite heights"
    assert fault.found.endswith("samples of the band (NaN or nodata)")


def test_voids_are_refused_unless_they_may_be_filled(small_project_folder):
    def punch(height_m, profile):
        height_m[140:160, 200:220] = -32768.0
        return height_m

    rewrite_terrain(small_project_folder, punch)
    fault = only(small_project_folder)
    assert place(fault) == ("terrain.tif", "", 0, "voids")
    edit(small_project_folder, 'kind = "synthetic"', 'kind = "synthetic"\nvoids = "fill"')
    assert check_project(small_project_folder) == ()


def test_synthetic_terrain_that_is_called_real(small_project_folder):
    edit(small_project_folder, 'kind = "synthetic"', 'kind = "real"')
    fault = only(small_project_folder)
    assert (fault.column, fault.found) == ("kind", "real")


def test_terrain_without_a_vertical_datum(small_project_folder):
    edit(small_project_folder, '"none (synthetic)"', '""')
    assert place(only(small_project_folder)) == ("project.toml", "terrain", 0, "vertical_datum")


def test_a_file_that_is_no_raster(small_project_folder):
    (small_project_folder / "terrain.tif").write_text("x")
    assert only(small_project_folder).file == "terrain.tif"


# --- what is placed on the line


def test_a_site_outside_the_band(small_project_folder):
    folder = small_project_folder
    (folder / "sites.csv").write_text("site_id,lon_deg,lat_deg\nnear,68.83,37.518\nfar,68.83,37.60\n")
    edit(folder, "[candidates]\nn = 40\n", '[sites]\nfile = "sites.csv"\n')
    fault = only(folder)
    assert place(fault) == ("sites.csv", "", 2, "geometry")
    assert fault.expected == "a place within -5000 to 6000 m of the line (positive: home side)"
    offset_m = float(fault.found.split()[3])
    assert 9_500 < offset_m < 10_500  # 0.082 degrees north of the near one, which stands 900 m away


def test_a_team_beyond_the_line(small_project_folder):
    edit(small_project_folder, "team-1,68.830256,37.5184341", "team-1,68.830256,37.495", "teams.csv")
    fault = only(small_project_folder)
    assert place(fault) == ("teams.csv", "", 1, "geometry")
    assert "an offset of -" in fault.found


@pytest.mark.parametrize(
    ("column", "value"),
    [("mast_m", -3), ("n", 0), ("n", 1.5), ("sector_deg", 0), ("availability", 1.2), ("state", "idle")],
)
def test_a_cell_out_of_range(small_project_folder, column, value):
    edit_asset(small_project_folder, 2, **{column: value})
    fault = only(small_project_folder)
    assert place(fault) == ("assets.geojson", "", 2, column)


def test_a_negative_mast_says_what_was_expected(small_project_folder):
    edit_asset(small_project_folder, 2, mast_m=-3)
    fault = only(small_project_folder)
    assert (fault.expected, fault.found) == ("a number in m, at least 0 and at most 500", "-3")


def test_unknown_equipment_names_the_nearest(small_project_folder):
    edit_asset(small_project_folder, 2, equipment_id="thermal_medum")
    fault = only(small_project_folder)
    assert place(fault) == ("assets.geojson", "", 2, "equipment_id")
    assert fault.found == '"thermal_medum" (did you mean thermal_medium?)'


def test_unknown_equipment_that_is_offered_or_in_stock(small_project_folder):
    edit(small_project_folder, 'offered = ["thermal_medium"', 'offered = ["thermal_medum"')
    edit(small_project_folder, "radar_medium = 2", "radar_medum = 2")
    faults = check_project(small_project_folder)
    assert [(fault.layer, fault.column) for fault in faults] == [
        ("budget.stock", "radar_medum"),
        ("equipment", "offered"),
    ]


@pytest.mark.parametrize(
    ("change", "row", "column"),
    [
        (('"post-2"', '"post-1"', "assets.geojson"), 2, "asset_id"),
        (("team-3,", "team-1,", "teams.csv"), 3, "team_id"),
        (("lower-river,", "river,", "barriers.csv"), 2, "barrier_id"),
        (("East,", "West,", "districts.csv"), 2, "name"),
        (('"summer_night"', '"summer_day"', "project.toml"), 2, "condition_id"),
    ],
)
def test_duplicate_ids(small_project_folder, change, row, column):
    edit(small_project_folder, *change)
    fault = only(small_project_folder)
    assert (fault.file, fault.row, fault.column) == (change[2], row, column)
    assert fault.expected == "an id that no other row has"
    assert fault.found.endswith("again (first in row 1)")


def test_nan_in_every_kind_of_place(small_project_folder):
    folder = small_project_folder
    edit(folder, "visibility_m = 200\n", "visibility_m = nan\n")
    edit(folder, "cell_m = 200", "cell_m = nan")
    edit(folder, "600,300\nlower", "nan,300\nlower", "barriers.csv")
    edit(folder, "12.5", "NaN", "marks.csv")
    edit(folder, "money_usd = 600000", "money_usd = nan")
    text = (folder / "assets.geojson").read_text().replace('"mast_m": 6.0', '"mast_m": NaN', 1)
    (folder / "assets.geojson").write_text(text)
    teams = (folder / "teams.csv").read_text().replace("team-2,", "team-2,nan,", 1).splitlines()
    row = teams[2].split(",")
    teams[2] = ",".join([*row[:2], *row[3:]])
    (folder / "teams.csv").write_text("\n".join(teams) + "\n")
    faults = check_project(folder)
    assert {(fault.file, fault.column) for fault in faults} == {
        ("project.toml", "visibility_m"),
        ("project.toml", "cell_m"),
        ("project.toml", "money_usd"),
        ("barriers.csv", "delay_s_summer"),
        ("marks.csv", "km"),
        ("assets.geojson", "mast_m"),
        ("teams.csv", "lon_deg"),
    }
    assert {fault.found for fault in faults} == {"NaN"}


def test_nan_in_the_coordinates_of_a_post(small_project_folder):
    frame = geopandas.read_file(small_project_folder / "assets.geojson")
    with np.errstate(invalid="ignore"):
        points = list(frame.geometry)
        points[2] = shapely.linestrings([[68.9, 37.5], [math.nan, 37.5]])
        frame.geometry = points
        frame.to_parquet(small_project_folder / "assets.parquet")
    edit(small_project_folder, "assets.geojson", "assets.parquet")
    faults = check_project(small_project_folder)
    assert ("assets.parquet", "", 3, "geometry") in {place(fault) for fault in faults}
    assert "NaN or infinity" in {fault.found for fault in faults}


def test_equipment_that_is_placed_the_wrong_way(small_project_folder):
    edit_asset(small_project_folder, 2, equipment_id="seismic_line")
    fault = only(small_project_folder)
    assert place(fault) == ("assets.geojson", "", 2, "from_m")
    data = json.loads((small_project_folder / "assets.geojson").read_text())
    data["features"][1]["geometry"] = None
    data["features"][1]["properties"]["equipment_id"] = "thermal_medium"
    (small_project_folder / "assets.geojson").write_text(json.dumps(data))
    fault = only(small_project_folder)
    assert (fault.column, fault.found) == ("geometry", "nothing")


@pytest.mark.parametrize(
    ("cells", "column"),
    [
        ({"from_m": 3000, "to_m": 2000}, "to_m"),
        ({"from_m": 1000, "to_m": 99000}, "to_m"),
        ({"from_m": 1000, "to_m": 2000, "offset_m": -9000}, "offset_m"),
        ({"from_m": -5, "to_m": 2000}, "from_m"),
    ],
)
def test_a_sensor_line_that_leaves_the_line_or_the_band(small_project_folder, cells, column):
    edit_asset(small_project_folder, 2, equipment_id="seismic_line", **cells)
    assert column in {fault.column for fault in check_project(small_project_folder)}


def test_a_river_without_a_delay_for_every_season(small_project_folder):
    edit(small_project_folder, "delay_s_winter", "ice", "barriers.csv")
    assert place(only(small_project_folder)) == ("barriers.csv", "", 0, "delay_s_winter")


def test_a_river_without_a_place(small_project_folder):
    edit(small_project_folder, "lower-river,river,true", "lower-river,river,false", "barriers.csv")
    fault = only(small_project_folder)
    assert place(fault) == ("barriers.csv", "", 2, "geometry")


def test_marks_and_districts_beyond_the_end_of_the_line(small_project_folder):
    edit(small_project_folder, "12.5", "99", "marks.csv")
    edit(small_project_folder, "West,0,20", "West,0,99", "districts.csv")
    faults = check_project(small_project_folder)
    assert [place(fault)[:3] for fault in faults] == [("districts.csv", "", 1), ("marks.csv", "", 1)]
    assert all("the end of the line" in fault.expected for fault in faults)


def test_weights_that_overlap_or_are_all_zero(small_project_folder):
    folder = small_project_folder
    edit(folder, "[candidates]", '[weights]\nfile = "weights.csv"\n[candidates]')
    (folder / "weights.csv").write_text("name,km_from,km_to,weight\na,0,20,1\nb,10,30,2\n")
    assert place(only(folder)) == ("weights.csv", "", 2, "km_from")
    (folder / "weights.csv").write_text("name,km_from,km_to,weight\na,0,20,0\nb,20,30,0\n")
    assert only(folder).expected == "at least one weight above 0"


def test_goals_outside_the_band(small_project_folder):
    (small_project_folder / "goals.csv").write_text("goal_id,lon_deg,lat_deg\ntown,68.83,37.9\n")
    edit(small_project_folder, "[candidates]", '[goals]\nfile = "goals.csv"\n[candidates]')
    fault = only(small_project_folder)
    assert fault.expected == "at least one goal within 6000 m of the line, at home"


# --- budget, conditions, targets, settings


@pytest.mark.parametrize("money", ["0", "-5", '"much"'])
def test_budget_zero(small_project_folder, money):
    edit(small_project_folder, "money_usd = 600000", f"money_usd = {money}")
    fault = only(small_project_folder)
    assert place(fault) == ("project.toml", "budget", 0, "money_usd")
    assert fault.expected == "a number in USD, above 0"


def test_shares_that_do_not_sum_to_one(small_project_folder):
    edit(small_project_folder, "share = 0.1", "share = 0.15")
    fault = only(small_project_folder)
    assert place(fault) == ("project.toml", "condition", 0, "share")
    assert (fault.expected, fault.found) == ("shares that sum to 1", "a sum of 1.05")


def test_shares_may_miss_one_by_rounding_only(small_project_folder):
    edit(small_project_folder, "share = 0.1\n", "share = 0.1000000005\n")
    assert check_project(small_project_folder) == ()
    edit(small_project_folder, "share = 0.1000000005\n", "share = 0.100000002\n")
    assert only(small_project_folder).found == "a sum of 1.000000002"


def test_unknown_words_in_conditions_and_targets(small_project_folder):
    edit(small_project_folder, 'weather = "fog"', 'weather = "mist"')
    edit(small_project_folder, 'use = ["walker"]', 'use = ["walkre", "rider", "rider"]')
    faults = check_project(small_project_folder)
    assert [(f.layer, f.row, f.column, f.found) for f in faults] == [
        ("condition", 3, "weather", '"mist"'),
        ("targets", 0, "use", '"walkre" (did you mean walker?)'),
        ("targets", 0, "use", '"rider" again'),
    ]


@pytest.mark.parametrize(
    ("old", "new", "column"),
    [
        ("cell_m = 200", "cell_m = -1", "cell_m"),
        ("cell_m = 200", "cell = 200", "cell"),
        ("n_fields = 3", "n_fields = 2.5", "n_fields"),
        ("start_beyond_m = 2000", "start_beyond_m = 9000", "start_beyond_m"),
        ("depths_m = [1000, 3000]", "depths_m = [1000, 9000]", "depths_m"),
        ("cell_m = 200", 'cell_m = 200\ncrs = "EPSG:4326"', "crs"),
        ("cell_m = 200", 'cell_m = 200\ncrs = "UTM"', "crs"),
        ("cell_m = 200", "cell_m = 200\nband_hom_m = 3", "band_hom_m"),
    ],
)
def test_settings_are_checked_one_by_one_and_together(small_project_folder, old, new, column):
    edit(small_project_folder, old, new)
    assert place(only(small_project_folder)) == ("project.toml", "settings", 0, column)


# --- the folder and project.toml itself


def test_no_folder_and_no_toml(tmp_path):
    assert only(tmp_path / "nowhere").found == "no such file"
    (tmp_path / "project.toml").write_text("[project\n")
    fault = only(tmp_path)
    assert fault.expected == "TOML in UTF-8"
    assert "line 1" in fault.found


def test_an_empty_project_lists_every_section_that_is_missing(tmp_path):
    (tmp_path / "project.toml").write_text("")
    faults = check_project(tmp_path)
    assert [fault.layer for fault in faults] == [
        "budget",
        "condition",
        "line",
        "project",
        "targets",
        "terrain",
    ]


def test_unknown_sections_and_sections_that_are_none(small_project_folder):
    edit(small_project_folder, "[districts]", "[district]")
    edit(small_project_folder, "[project]", "marks = 3\n[project]")
    edit(small_project_folder, '[marks]\nfile = "marks.csv"\n', "")
    faults = check_project(small_project_folder)
    assert [(fault.layer, fault.found) for fault in faults] == [
        ("district", "the unknown section district (did you mean districts?)"),
        ("marks", "3"),
    ]


@pytest.mark.parametrize("name", ["line.geojson", "terrain.tif", "assets.geojson", "teams.csv"])
def test_a_file_that_is_missing(small_project_folder, name):
    (small_project_folder / name).unlink()
    fault = only(small_project_folder)
    assert (fault.file, fault.found) == (name, "no such file")


def test_calibration_that_runs_backwards(small_project_folder):
    edit(small_project_folder, 'line_id = "small"', 'line_id = "small"\ncalibration_m = [[10, 9], [5, 12]]')
    assert place(only(small_project_folder)) == ("project.toml", "line", 0, "calibration_m")


def test_own_equipment_with_faults_is_reported_under_its_own_name(small_project_folder):
    (small_project_folder / "own.csv").write_text(
        "equipment_id,parameter,value,unit,source\nx,kind,wand,text,us\n"
    )
    edit(small_project_folder, "offered = [", 'file = "own.csv"\noffered = [')
    assert {fault.file for fault in check_project(small_project_folder)} == {"own.csv"}


def test_all_faults_of_all_files_come_at_once(small_project_folder):
    folder = small_project_folder
    edit(folder, "money_usd = 600000", "money_usd = 0")
    edit(folder, "share = 0.1\n", "share = 0.3\n")
    edit(folder, "cell_m = 200", "cell_m = 1")
    edit_asset(folder, 1, mast_m=-1)
    edit_asset(folder, 3, equipment_id="nothing_known")
    edit(folder, "team-3,", "team-1,", "teams.csv")
    edit(folder, "12.5", "99", "marks.csv")
    (folder / "terrain.tif").unlink()
    files = [fault.file for fault in check_project(folder)]
    assert files == ["assets.geojson"] * 2 + ["marks.csv"] + ["project.toml"] * 3 + [
        "teams.csv",
        "terrain.tif",
    ]
