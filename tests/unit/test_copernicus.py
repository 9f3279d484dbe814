"""Tiles of one degree from a server: names, what is lacking, what is left alone, and never a zero."""

from __future__ import annotations

import csv
import hashlib
import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import rasterio
from tests.terrain_cases import Shelf, serving, tile_bytes

from sarhad.errors import Unreachable
from sarhad.io.copernicus import GLO_30, GLO_90, SHIPPED_NAME, Square, fetch_tiles, terrain_section
from sarhad.io.download import Patience
from sarhad.io.terrain import open_terrain
from sarhad.model.grid import Grid
from sarhad.model.project import Settings, TerrainSource

SWIFT = Patience(timeout_s=0.3, n_try=2, sleep=lambda seconds: None)


def square(lat: int, lon: int) -> Square:
    return Square(lat, lon, lat + 0.1, lon + 0.1, lat + 0.9, lon + 0.9)


KHOROG, NORTH, SEA = square(37, 71), square(38, 71), square(10, 60)


@pytest.fixture
def shelf(tmp_path_factory) -> Shelf:
    """GLO-30 has N37E071, GLO-90 has both."""
    folder = tmp_path_factory.mktemp("made")
    paths = [(GLO_30, KHOROG), (GLO_90, KHOROG), (GLO_90, NORTH)]
    return Shelf({path_of(*one): tile_bytes(*one, folder) for one in paths})


def path_of(series, one: Square) -> str:
    return f"/{series.tile(one)}/{series.tile(one)}.tif"


def at(base: str):
    return replace(GLO_30, base_url=base), replace(GLO_90, base_url=base)


def heights(folder: Path, lat: float, lon: float) -> np.ndarray:
    crs = f"+proj=tmerc +lat_0={lat} +lon_0={lon} +datum=WGS84 +units=m"
    source = TerrainSource(tuple(sorted(folder.glob("*.tif"))), "real", "EGM2008; mean sea level", "x")
    terrain = open_terrain(source, Settings(cell_m=500.0))
    return terrain.read(Grid(crs, -1000.0, 1000.0, 500.0, 4, 4)).height_m


def test_names_of_tiles_and_their_address():
    assert GLO_30.tile(KHOROG) == "Copernicus_DSM_COG_10_N37_00_E071_00_DEM"
    assert GLO_90.tile(square(-3, -72)) == "Copernicus_DSM_COG_30_S03_00_W072_00_DEM"
    assert GLO_30.tile(square(0, 0)) == "Copernicus_DSM_COG_10_N00_00_E000_00_DEM"
    tile = "Copernicus_DSM_COG_10_N37_00_E071_00_DEM"
    assert GLO_30.url(KHOROG) == f"https://copernicus-dem-30m.s3.amazonaws.com/{tile}/{tile}.tif"
    assert square(-3, -72).name == "S03W072"


def test_the_finest_that_there_is(tmp_path, shelf):
    with serving(shelf) as base:
        got = fetch_tiles([KHOROG, NORTH], tmp_path, at(base), patience=SWIFT)
    assert [(one.series.series_id, one.came) for one in got] == [("GLO-30", "fetched"), ("GLO-90", "fetched")]
    tile = tmp_path / got[0].file
    assert tile.read_bytes() == shelf.files[path_of(GLO_30, KHOROG)]  # the publisher's bytes
    # heights of the server's planes, GLO-90's five metres higher
    assert heights(tmp_path, 37.5, 71.5).mean() == pytest.approx(1000 + 3750 + 715, abs=0.1)
    assert heights(tmp_path, 38.5, 71.5).mean() == pytest.approx(1000 + 3850 + 715 + 5, abs=0.1)


def test_the_shipped_relief_is_the_last_resort_and_the_sea_is_not_zero(tmp_path, shelf):
    shelf.files.clear()
    with serving(shelf) as base:
        got = fetch_tiles([KHOROG, SEA], tmp_path, at(base), patience=SWIFT)
    assert [one.series.series_id for one in got] == ["shipped", "none"]
    assert shelf.asked == [(path_of(series, one), "") for one in (KHOROG, SEA) for series in (GLO_30, GLO_90)]
    assert 1_800 < heights(tmp_path, 37.5, 71.5).mean() < 6_000  # real mountains
    assert np.isnan(heights(tmp_path, 10.5, 60.5)).all()
    assert [path.name for path in tmp_path.glob("*.tif")] == [SHIPPED_NAME]


def test_a_second_run_asks_for_nothing_that_is_there(tmp_path, shelf):
    with serving(shelf) as base:
        first = fetch_tiles([KHOROG, NORTH], tmp_path, at(base), patience=SWIFT)
        shelf.asked.clear()
        again = fetch_tiles([KHOROG, NORTH], tmp_path, at(base), patience=SWIFT)
    assert [one.came for one in again] == ["kept", "kept"]
    assert [one.file for one in again] == [one.file for one in first]
    assert shelf.asked == [(path_of(GLO_30, NORTH), "")]  # is it public by now?


@pytest.mark.parametrize("spoilt", ["cut", "text", "elsewhere"])
def test_a_file_that_only_has_the_name_is_fetched_anew(tmp_path, shelf, spoilt):
    whole = shelf.files[path_of(GLO_30, KHOROG)]
    other = shelf.files[path_of(GLO_90, NORTH)]
    bad = {"cut": whole[: len(whole) - 40], "text": b"sign in", "elsewhere": other}[spoilt]
    path = tmp_path / f"{GLO_30.tile(KHOROG)}.tif"
    path.write_bytes(bad)
    if spoilt == "cut":
        with rasterio.open(path) as still:  # its tables stand first: it opens all the same
            assert still.width == 100
    with serving(shelf) as base:
        got = fetch_tiles([KHOROG], tmp_path, at(base), patience=SWIFT)
    assert got[0].came == "fetched"
    assert path.read_bytes() == whole


def test_a_failing_server_stops_in_words_after_the_others_were_tried(tmp_path, shelf):
    bad = path_of(GLO_30, KHOROG)
    shelf.spoil = lambda path, n: 503 if path == bad else None
    with serving(shelf) as base, pytest.raises(Unreachable, match=r"^1 of 2 tiles are there.*503"):
        fetch_tiles([KHOROG, NORTH], tmp_path, at(base), patience=SWIFT)
    # a server that fails is no reason to take something coarser
    assert [path.name for path in tmp_path.glob("*.tif")] == [f"{GLO_90.tile(NORTH)}.tif"]
    shelf.spoil = lambda path, n: None
    with serving(shelf) as base:
        got = fetch_tiles([KHOROG, NORTH], tmp_path, at(base), patience=SWIFT)
    assert [one.came for one in got] == ["fetched", "kept"]


def test_a_server_that_is_down_is_not_asked_for_every_tile(tmp_path):
    shelf = Shelf(spoil=lambda path, n: 503)
    with serving(shelf) as base, pytest.raises(Unreachable):
        fetch_tiles([square(37, lon) for lon in range(60, 80)], tmp_path, at(base), patience=SWIFT)
    assert len({path for path, _ in shelf.asked}) == 3


def test_an_interrupt_keeps_what_has_come(tmp_path, shelf):
    def stop(step, done, total):
        if step == GLO_90.tile(NORTH) and done:
            raise KeyboardInterrupt

    with serving(shelf) as base:
        with pytest.raises(KeyboardInterrupt):
            fetch_tiles([KHOROG, NORTH], tmp_path, at(base), patience=SWIFT, progress=stop)
        assert [path.name for path in tmp_path.glob("*.tif")] == [f"{GLO_30.tile(KHOROG)}.tif"]
        assert len(list(tmp_path.glob("*.part"))) == 1
        got = fetch_tiles([KHOROG, NORTH], tmp_path, at(base), patience=SWIFT)
    assert [one.came for one in got] == ["kept", "fetched"]
    assert list(tmp_path.glob("*.part*")) == []


def test_the_table_says_where_each_tile_comes_from(tmp_path, shelf):
    with serving(shelf) as base:
        fetch_tiles([KHOROG, SEA], tmp_path, at(base), patience=SWIFT)
        with (tmp_path / "tiles.csv").open() as stream:
            rows = list(csv.DictReader(stream))
    assert rows[0]["sha256"] == hashlib.sha256(shelf.files[path_of(GLO_30, KHOROG)]).hexdigest()
    assert rows[0]["url"] == base + path_of(GLO_30, KHOROG)
    assert (rows[0]["series"], rows[0]["vertical_datum"]) == ("GLO-30", "EGM2008")
    assert (rows[1]["tile"], rows[1]["series"], rows[1]["file"]) == ("N10E060", "none", "")


def test_the_section_names_every_source_and_datum(tmp_path, shelf):
    del shelf.files[path_of(GLO_90, NORTH)]
    with serving(shelf) as base:
        got = fetch_tiles([KHOROG, NORTH], tmp_path, at(base), patience=SWIFT)
    section = tomllib.loads(terrain_section("terrain", got))["terrain"]
    assert (section["file"], section["kind"]) == ("terrain", "real")
    assert section["vertical_datum"] == "EGM2008; mean sea level (GEBCO)"
    for words in ("GLO-30", "WorldDEM-30 © DLR e.V. 2010-2014", "European Union and ESA", "GEBCO_2023"):
        assert words in section["source"]
    assert "GLO-90" not in section["source"]
