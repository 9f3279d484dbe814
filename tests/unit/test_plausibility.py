"""Every doubt of the table, planted in a sound project that has none; what is allowed beside it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import rasterio

from sarhad.io.inspection import inspect_project
from sarhad.io.plausibility import MEASURES, Doubt, plausibility_rules
from small_border import to_lon_lat

SITES = '[sites]\nfile = "sites.csv"\n'
NEAR = "68.83,37.518"


def edit(folder: Path, old: str, new: str, file: str = "project.toml") -> None:
    text = (folder / file).read_text()
    assert old in text, old
    (folder / file).write_text(text.replace(old, new, 1))


def edit_asset(folder: Path, row: int, **cells: object) -> None:
    data = json.loads((folder / "assets.geojson").read_text())
    data["features"][row - 1]["properties"].update(cells)
    (folder / "assets.geojson").write_text(json.dumps(data))


def move_asset(folder: Path, row: int, x_m: float, y_m: float) -> None:
    data = json.loads((folder / "assets.geojson").read_text())
    at = to_lon_lat(np.array([x_m]), np.array([y_m]))[0].tolist()
    data["features"][row - 1]["geometry"] = {"type": "Point", "coordinates": at}
    (folder / "assets.geojson").write_text(json.dumps(data))


def team(folder: Path, **cells: object) -> None:
    lines = (folder / "teams.csv").read_text().splitlines()
    header, first = lines[0].split(","), lines[1].split(",")
    row = {**dict(zip(header, first, strict=True)), **cells}
    rest = [line + "," * (len(row) - len(header)) for line in lines[2:]]
    lines = [",".join(row), ",".join(str(cell) for cell in row.values()), *rest]
    (folder / "teams.csv").write_text("\n".join(lines) + "\n")


def sites(folder: Path, *rows: str) -> None:
    (folder / "sites.csv").write_text("\n".join(["site_id,lon_deg,lat_deg,accepts", *rows]) + "\n")
    edit(folder, "[candidates]\nn = 40\n", SITES)


def lake(folder: Path, lon_deg: float, lat_deg: float) -> None:
    """Replace the barriers by a lake of 200 m around a place."""
    d = 0.001
    ring = [(-d, -d), (d, -d), (d, d), (-d, d), (-d, -d)]
    shape = {"type": "Polygon", "coordinates": [[[lon_deg + x, lat_deg + y] for x, y in ring]]}
    cells = {"barrier_id": "tarn", "kind": "lake", "delay_s_summer": 60, "delay_s_winter": 60}
    feature = {"type": "Feature", "properties": cells, "geometry": shape}
    (folder / "lake.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    edit(folder, "barriers.csv", "lake.geojson")


def steepen(folder: Path) -> None:
    """Let heights rise by 300 m from cell to cell (200 m) northward: 56 degrees."""
    with rasterio.open(folder / "terrain.tif") as data:
        profile = dict(data.profile)
    rows = np.arange(300, dtype=np.float32)[::-1, None] % 8  # a saw: heights stay those of land
    with rasterio.open(folder / "terrain.tif", "w", **profile) as data:
        data.write(np.repeat(300.0 * rows, 500, axis=1).astype(np.float32), 1)


def flatten(folder: Path) -> None:
    with rasterio.open(folder / "terrain.tif") as data:
        profile = dict(data.profile)
    with rasterio.open(folder / "terrain.tif", "w", **profile) as data:
        data.write(np.full((300, 500), 500.0, dtype=np.float32), 1)


def own_type(folder: Path, **cells: object) -> None:
    """Add a type `own`, a thermal camera whose optics serve its range."""
    rows = {
        "title": ("own", "text"),
        "kind": ("thermal_camera", "text"),
        "cost_usd": (9000, "usd"),
        "availability": (0.7, "1"),
        "mast_m": (10, "m"),
        "max_range_m": (7000, "m"),
        "focal_m": (0.1, "m"),
        "pitch_m": (1.7e-5, "m"),
    }
    rows |= {name: (value, rows[name][1]) for name, value in cells.items()}
    lines = [f"own,{name},{value},{unit},planted" for name, (value, unit) in rows.items()]
    (folder / "own.csv").write_text("\n".join(["equipment_id,parameter,value,unit,source", *lines]) + "\n")
    edit(folder, "offered = [", 'file = "own.csv"\noffered = ["own", ')


def runner(folder: Path) -> None:
    cells = {
        "height_m": "1.7,m",
        "critical_m": "0.75,m",
        "rcs_m2": "1,m2",
        "visible_contrast": "0.3,1",
        "thermal_contrast_k": "4,K",
        "speed": "tobler,text",
        "speed_factor": "2.5,1",
        "max_slope": "1.2,1",
        "seismic": "1,1",
        "magnetic": "1,1",
        "infrared": "1,1",
    }
    lines = [f"runner,{name},{value},planted" for name, value in cells.items()]
    (folder / "own.csv").write_text("\n".join(["target_id,parameter,value,unit,source", *lines]) + "\n")
    edit(folder, 'use = ["walker"]', 'file = "own.csv"\nuse = ["runner"]')


def steep_sites(folder: Path) -> None:
    sites(folder, f"a,{NEAR},")
    steepen(folder)


def two_posts_at_one_place(folder: Path) -> None:
    data = json.loads((folder / "assets.geojson").read_text())
    data["features"].append(json.loads(json.dumps(data["features"][0])))
    data["features"][-1]["properties"]["asset_id"] = "again"
    (folder / "assets.geojson").write_text(json.dumps(data))


def far_camera(folder: Path) -> None:
    """The case of the manual: a mast of 3 m and a range of 60 km, on a plain."""
    flatten(folder)
    own_type(folder, mast_m=3, max_range_m=60000, focal_m=2.0)
    edit_asset(folder, 2, equipment_id="own", mast_m=3)


def free_type(folder: Path) -> None:
    own_type(folder, cost_usd=0)


def unnamed_type(folder: Path) -> None:
    own_type(folder)
    edit(folder, '"own", ', "")


def poor(folder: Path) -> None:
    edit(folder, "money_usd = 600000", "money_usd = 3")
    edit(folder, "radar_medium = 2\n", "")


def in_a_lake(layer: str) -> Callable[[Path], None]:
    def plant(folder: Path) -> None:
        if layer == "sites":
            sites(folder, f"a,{NEAR},")
            return lake(folder, 68.83, 37.518)
        if layer == "assets":
            data = json.loads((folder / "assets.geojson").read_text())
            return lake(folder, *data["features"][0]["geometry"]["coordinates"])
        header, first = (line.split(",") for line in (folder / "teams.csv").read_text().splitlines()[:2])
        row = dict(zip(header, first, strict=True))
        return lake(folder, float(row["lon_deg"]), float(row["lat_deg"]))

    return plant


def fill_a_hole_with_zero(folder: Path) -> None:
    with rasterio.open(folder / "terrain.tif", "r+") as data:
        height_m = data.read(1)
        height_m[140:160, 240:260] = 0.0
        data.write(height_m, 1)


def turn_a_part_round(folder: Path) -> None:
    """Two parts with a gap between them, the last one, short and far from all posts, drawn the other way."""
    data = json.loads((folder / "line.geojson").read_text())
    (line,) = data["features"]
    vertex = line["geometry"]["coordinates"]
    runs = vertex[:-6], vertex[-5:][::-1]
    data["features"] = [{**line, "geometry": {"type": "LineString", "coordinates": run}} for run in runs]
    (folder / "line.geojson").write_text(json.dumps(data))


PLANTED: dict[str, tuple[Callable[[Path], None], str, int, str]] = {
    "team_assess": (lambda f: team(f, assess_s=4000), "teams.csv", 1, "assess_s"),
    "team_turnout": (lambda f: team(f, turnout_s=0), "teams.csv", 1, "turnout_s"),
    "team_dismount": (lambda f: team(f, dismount_s=3600), "teams.csv", 1, "dismount_s"),
    "team_slope": (steepen, "teams.csv", 1, "geometry"),
    "team_in_water": (in_a_lake("teams"), "teams.csv", 1, "geometry"),
    "asset_mast": (lambda f: edit_asset(f, 2, mast_m=101), "assets.geojson", 2, "mast_m"),
    "asset_availability": (lambda f: edit_asset(f, 2, availability=1), "assets.geojson", 2, "availability"),
    "asset_range": (far_camera, "assets.geojson", 2, "mast_m"),
    "asset_side": (lambda f: move_asset(f, 1, 490e3, 4147e3), "assets.geojson", 1, "geometry"),
    "asset_twice": (two_posts_at_one_place, "assets.geojson", 5, "geometry"),
    "asset_slope": (steepen, "assets.geojson", 1, "geometry"),
    "asset_in_water": (in_a_lake("assets"), "assets.geojson", 1, "geometry"),
    "site_slope": (steep_sites, "sites.csv", 1, "geometry"),
    "site_in_water": (in_a_lake("sites"), "sites.csv", 1, "geometry"),
    "site_twice": (
        lambda f: sites(f, f"a,{NEAR},", "b,68.84,37.518,", f"c,{NEAR},"),
        "sites.csv",
        3,
        "geometry",
    ),
    "site_accepts": (
        lambda f: sites(f, f"a,{NEAR},thermal_medium", "b,68.84,37.518,radar_long"),
        "sites.csv",
        2,
        "accepts",
    ),
    "type_cost": (free_type, "own.csv", 0, "cost_usd"),
    "type_optics": (lambda f: own_type(f, max_range_m=14000), "own.csv", 0, "max_range_m"),
    "type_range": (far_camera, "own.csv", 0, "max_range_m"),
    "type_used": (unnamed_type, "own.csv", 0, "offered"),
    "stock_offered": (
        lambda f: edit(f, "radar_medium = 2", "radar_long = 2"),
        "project.toml",
        0,
        "",
    ),
    "budget_least": (poor, "project.toml", 0, "money_usd"),
    "target_walks": (runner, "own.csv", 0, "speed_factor"),
    "condition_used": (
        lambda f: (edit(f, "share = 0.5", "share = 0"), edit(f, "share = 0.4", "share = 0.9")),
        "project.toml",
        1,
        "share",
    ),
    "condition_day": (
        lambda f: edit(f, "illuminance_lux = 20000", "illuminance_lux = 20"),
        "project.toml",
        1,
        "illuminance_lux",
    ),
    "condition_night": (
        lambda f: edit(f, "illuminance_lux = 0.005", "illuminance_lux = 500"),
        "project.toml",
        2,
        "illuminance_lux",
    ),
    "condition_fog": (
        lambda f: edit(f, "visibility_m = 200\n", "visibility_m = 2000\n"),
        "project.toml",
        3,
        "visibility_m",
    ),
    "condition_clear": (
        lambda f: edit(f, "visibility_m = 20000\n", "visibility_m = 20\n"),
        "project.toml",
        1,
        "visibility_m",
    ),
    "condition_rain": (
        lambda f: edit(f, "share = 0.5", "share = 0.5\nrain_mm_per_h = 200"),
        "project.toml",
        1,
        "rain_mm_per_h",
    ),
    "condition_contrast": (
        lambda f: edit(f, "share = 0.5", "share = 0.5\nthermal_contrast_k = 300"),
        "project.toml",
        1,
        "thermal_contrast_k",
    ),
    "terrain_cell": (lambda f: edit(f, "cell_m = 200", "cell_m = 60"), "project.toml", 0, "file"),
    "terrain_zero": (fill_a_hole_with_zero, "project.toml", 0, "file"),
    "line_backwards": (turn_a_part_round, "project.toml", 0, "file"),
    "line_calibration": (
        lambda f: edit(f, 'line_id = "small"', 'line_id = "small"\nofficial_length_m = 42'),
        "project.toml",
        0,
        "official_length_m",
    ),
}


def doubts(folder: Path) -> tuple[Doubt, ...]:
    found = inspect_project(folder)
    assert found.faults == ()
    return found.doubts


def test_every_rule_has_a_measure_and_a_planted_case() -> None:
    rules = [one.rule for one in plausibility_rules()]
    assert sorted(rules) == sorted(MEASURES) == sorted(PLANTED)
    assert all(one.expected and one.why and one.low <= one.high for one in plausibility_rules())


def test_a_sound_project_has_no_doubts(small_project_folder: Path) -> None:
    assert doubts(small_project_folder) == ()


@pytest.mark.parametrize("rule", sorted(PLANTED))
def test_a_planted_value_is_doubted(small_project_folder: Path, rule: str) -> None:
    plant, file, row, column = PLANTED[rule]
    plant(small_project_folder)
    found = [one.said for one in doubts(small_project_folder) if one.rule == rule]
    assert found
    said = found[0]
    assert (said.file, said.row, said.column) == (file, row, column)
    assert all(one.found for one in found)


def test_far_sight_from_a_mountain_is_not_doubted(small_project_folder: Path) -> None:
    """On a plain a mast of 3 m sees 1.7 m at 3.858 (sqrt 3 + sqrt 1.7) = 11.7 km; not so on a hill."""
    far_camera(small_project_folder)
    said = next(one.said for one in doubts(small_project_folder) if one.rule == "asset_range")
    assert said.found == "a mast of 3 m, a range of 60 km, a horizon at 12 km"
    with rasterio.open(small_project_folder / "terrain.tif", "r+") as data:
        height_m = data.read(1)
        height_m[:, :60] = 0.0  # 50 km and less west of the post: 500 m below it
        data.write(height_m, 1)
    left = [(one.rule, one.said.row) for one in doubts(small_project_folder) if one.rule == "asset_range"]
    assert left == [("asset_range", 4)]  # the radar: 16 km at 6 m, far from the hollow


def test_both_sides_may_be_watched_where_nobody_is_sent(small_project_folder: Path) -> None:
    move_asset(small_project_folder, 1, 490e3, 4147e3)
    edit(small_project_folder, '[teams]\nfile = "teams.csv"\n', "")
    edit(small_project_folder, "cell_m = 200", 'cell_m = 200\nworth = "reported"')
    assert doubts(small_project_folder) == ()


def test_no_doubts_beside_faults(small_project_folder: Path) -> None:
    edit_asset(small_project_folder, 2, availability=1)
    edit(small_project_folder, "money_usd = 600000", "money_usd = 0")
    found = inspect_project(small_project_folder)
    assert len(found.faults) == 1
    assert found.doubts == ()
    assert [row["severity"] for row in found.rows()] == ["fault"]


def test_the_page_lists_every_rule() -> None:
    page = (Path(__file__).parents[2] / "docs" / "reference" / "project.md").read_text()
    for one in plausibility_rules():
        assert f"| `{one.rule}` | `[{one.section}]` {one.column} | {one.expected} | {one.why} |" in page


def test_ground_at_0_m_is_doubted_where_the_rest_is_high_or_all_is_0(
    small_project_folder: Path,
) -> None:
    with rasterio.open(small_project_folder / "terrain.tif", "r+") as data:
        low = np.zeros((300, 500), dtype=np.float32)
        low[:, ::2] = 3.0  # a plain by the sea, heights to the metre
        data.write(low, 1)
    assert "terrain_zero" not in {one.rule for one in doubts(small_project_folder)}
    with rasterio.open(small_project_folder / "terrain.tif", "r+") as data:
        data.write(np.zeros((300, 500), dtype=np.float32), 1)
    found = {one.rule: one.said.found for one in doubts(small_project_folder)}
    assert found["terrain_zero"] == "100.0% of it at exactly 0 m"
