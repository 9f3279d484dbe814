"""A small project that any test may open, compute with, or spoil: 40 km of synthetic border in one folder."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

CRS = "EPSG:32642"
CELL_M = 200.0
LEFT_M, TOP_M = 450_000.0, 4_180_000.0
N_ROW, N_COL = 300, 500
START_X_M, LINE_Y_M, LENGTH_M = 480_000.0, 4_150_000.0, 40_000.0

PROJECT = """\
[project]
title = "Small synthetic border"
format = 1
notes = ["Everything here is synthetic."]

[line]
file = "line.geojson"
line_id = "small"
home_side = "left"
source = "synthetic"

[terrain]
file = "terrain.tif"
kind = "synthetic"
vertical_datum = "none (synthetic)"
source = "a valley of sines"

[assets]
file = "assets.geojson"

[teams]
file = "teams.csv"

[barriers]
file = "barriers.csv"

[districts]
file = "districts.csv"

[marks]
file = "marks.csv"

[targets]
use = ["walker"]

[equipment]
offered = ["thermal_medium", "radar_medium", "seismic_line"]

[candidates]
n = 40

[budget]
money_usd = 600000
crew_n = 60

[budget.stock]
radar_medium = 2

[[condition]]
condition_id = "summer_day"
season = "summer"
light = "day"
weather = "clear"
share = 0.5
visibility_m = 20000
illuminance_lux = 20000

[[condition]]
condition_id = "summer_night"
season = "summer"
light = "night"
weather = "clear"
share = 0.4
visibility_m = 20000
illuminance_lux = 0.005

[[condition]]
condition_id = "winter_fog"
season = "winter"
light = "night"
weather = "fog"
share = 0.1
visibility_m = 200
illuminance_lux = 0.001
fog_g_per_m3 = 0.1
correlated = true

[settings]
cell_m = 200
band_home_m = 6000
band_beyond_m = 5000
stretch_m = 4000
sector_m = 20000
sector_margin_m = 4000
start_beyond_m = 2000
depths_m = [1000, 3000]
depth_m = 3000
n_fields = 3
n_states = 2
n_realisations = 1
processes = 1
"""


def line_y_m(x_m: np.ndarray) -> np.ndarray:
    """Northing of the synthetic line: a river with one bend in each 20 km."""
    return LINE_Y_M + 1_500.0 * np.sin((x_m - START_X_M) / LENGTH_M * 4.0 * np.pi)


def to_lon_lat(x_m: np.ndarray, y_m: np.ndarray) -> np.ndarray:
    """Return (point, 2) longitudes and latitudes, rounded to a centimetre."""
    from pyproj import Transformer

    lon_lat = Transformer.from_crs(CRS, "EPSG:4326", always_xy=True).transform(x_m, y_m)
    return np.round(np.stack(lon_lat, axis=-1), 7)


def write_terrain(path: Path) -> None:
    """A valley along the line, hills that rise to either side, one height a cell of 200 m."""
    import rasterio

    x_m = LEFT_M + (np.arange(N_COL) + 0.5) * CELL_M
    y_m = TOP_M - (np.arange(N_ROW) + 0.5) * CELL_M
    away_m = np.abs(y_m[:, None] - line_y_m(x_m)[None, :])
    hills_m = 60.0 * np.sin(x_m / 2_300.0)[None, :] * np.sin(y_m / 1_700.0)[:, None]
    height_m = 500.0 + 0.04 * away_m + hills_m * np.minimum(away_m / 2_000.0, 1.0)
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        width=N_COL,
        height=N_ROW,
        count=1,
        dtype="float32",
        crs=CRS,
        transform=rasterio.transform.Affine(CELL_M, 0.0, LEFT_M, 0.0, -CELL_M, TOP_M),
        nodata=-32768.0,
        compress="deflate",
    ) as data:
        data.write(height_m.astype(np.float32), 1)
        data.update_tags(KIND="synthetic")


def geojson(features: list[tuple[dict[str, object], str, object]]) -> str:
    """Return a feature collection of (properties, geometry type, coordinates)."""
    return json.dumps(
        {
            "type": "FeatureCollection",
            "features": [
                {"type": "Feature", "properties": own, "geometry": {"type": kind, "coordinates": at}}
                for own, kind, at in features
            ],
        }
    )


def write_small_project(folder: Path) -> None:
    """Write the project: line, terrain, four posts with teams, a river, districts and marks."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "project.toml").write_text(PROJECT, encoding="utf-8")
    write_terrain(folder / "terrain.tif")
    x_m = np.linspace(START_X_M, START_X_M + LENGTH_M, 81)
    line = to_lon_lat(x_m, line_y_m(x_m)).tolist()
    (folder / "line.geojson").write_text(geojson([({"name": "small"}, "LineString", line)]))
    post_x_m = START_X_M + np.array([5_000.0, 15_000.0, 25_000.0, 35_000.0])
    posts = to_lon_lat(post_x_m, line_y_m(post_x_m) + 900.0).tolist()
    kit = ["observer_binoculars", "thermal_medium", "observer_binoculars", "radar_medium"]
    assets: list[tuple[dict[str, object], str, object]] = [
        ({"asset_id": f"post-{k}", "equipment_id": one, "n": 1, "mast_m": 6.0}, "Point", at)
        for k, (one, at) in enumerate(zip(kit, posts, strict=True), 1)
    ]
    (folder / "assets.geojson").write_text(geojson(assets))
    teams = "".join(f"team-{k},{lon},{lat},300,true\n" for k, (lon, lat) in enumerate(posts, 1))
    (folder / "teams.csv").write_text("team_id,lon_deg,lat_deg,turnout_s,vehicle\n" + teams)
    (folder / "barriers.csv").write_text(
        "barrier_id,kind,on_line,from_m,to_m,delay_s_summer,delay_s_winter\n"
        "river,river,true,0,20000,600,300\nlower-river,river,true,20000,,900,300\n"
    )
    (folder / "districts.csv").write_text("name,km_from,km_to\nWest,0,20\nEast,20,\n")
    (folder / "marks.csv").write_text("name,km\nBridge,12.5\n")
