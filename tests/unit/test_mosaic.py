"""Tiles as one raster: planes run on across seams, lattices are told apart, windows do not matter."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import numpy as np
import pyproj
import pytest
import rasterio
import rasterio.shutil
from rasterio.merge import merge
from tests.terrain_cases import plane, save

from sarhad.errors import InputFaults
from sarhad.io import mosaic as mosaic_module
from sarhad.io.mosaic import EDGE_CELLS, lay_mosaics, read_mosaic
from sarhad.io.overview import read_overview
from sarhad.io.raster_files import find_rasters
from sarhad.io.tables import Place
from sarhad.io.terrain import open_terrain
from sarhad.model.grid import Grid
from sarhad.model.project import Settings, TerrainSource

A, B, C = 0.31, -0.17, 900.0 + 0.17 * 4_200_000 - 0.31 * 500_000
SHARED = Path(__file__).parents[2] / ".." / "shared" / "data" / "terrain"


def tile(path: Path, left: float, top: float, n_row=40, n_col=50, cell=30.0, shift=0.0, **more) -> Path:
    value = plane(left, top, cell, n_row, n_col, A, B, C + shift).astype(np.float64)
    return save(path, value, left, top, cell, **more)


def source(*paths: Path, datum: str = "EGM2008", kind: str = "real") -> TerrainSource:
    return TerrainSource(paths, kind, datum, "made up")


@pytest.fixture
def four(tmp_path) -> list[Path]:
    """Four tiles of 40 x 50 cells of 30 m around one corner."""
    left, top = 500_000.0, 4_200_000.0
    places = {"nw": (0, 0), "ne": (0, 50), "sw": (40, 0), "se": (40, 50)}
    return [tile(tmp_path / f"{n}.tif", left + c * 30, top - r * 30) for n, (r, c) in places.items()]


def test_four_tiles_are_one_raster(four):
    (mosaic,) = lay_mosaics(four)
    assert (mosaic.n_row, mosaic.n_col, len(mosaic.tiles)) == (80, 100, 4)
    expected = plane(500_000, 4_200_000, 30.0, 80, 100, A, B, C)
    assert np.allclose(read_mosaic(mosaic, 0, 0, 80, 100), expected, rtol=0, atol=1e-7)


def test_gdals_merge_says_the_same(four, tmp_path):
    rng = np.random.default_rng(2)
    for path in four:
        with rasterio.open(path, "r+") as data:
            value = data.read(1) + rng.normal(0, 40, data.shape)
            value[rng.random(data.shape) < 0.05] = -32768.0
            data.nodata = -32768.0
            data.write(value, 1)
    merged, transform = merge([str(path) for path in four])
    (mosaic,) = lay_mosaics(four)
    assert (transform.c, transform.f) == (mosaic.left, mosaic.top)
    expected = np.where(merged[0] == -32768.0, np.nan, merged[0])
    assert np.array_equal(read_mosaic(mosaic, 0, 0, 80, 100), expected, equal_nan=True)


def test_windows_do_not_matter_even_past_a_ragged_edge(four):
    (mosaic,) = lay_mosaics(four[:3])
    whole = read_mosaic(mosaic, -10, -10, 100, 120)
    for row, col, n_row, n_col in ((-10, -10, 30, 40), (35, 45, 20, 30), (60, 70, 30, 40), (0, 99, 5, 11)):
        part = read_mosaic(mosaic, row, col, n_row, n_col)
        mine = whole[row + 10 : row + 10 + n_row, col + 10 : col + 10 + n_col]
        assert np.array_equal(part, mine, equal_nan=True)
    assert np.isnan(whole[-1, -1])  # the missing tile, farther than the edge is repeated
    row, col = np.array([39.4, 40.6, 79.0]), np.array([60.0, 60.0, 0.0])
    assert mosaic.holds(row, col).tolist() == [True, False, True]
    assert np.isnan(read_mosaic(mosaic, 40 + EDGE_CELLS, 50 + EDGE_CELLS, 1, 1))


def test_beyond_two_tiles_the_edge_of_the_first_named_is_repeated(tmp_path):
    one = save(tmp_path / "one.tif", np.full((10, 10), 1.0), 0, 1000, 30.0)
    other = save(tmp_path / "other.tif", np.full((10, 10), 2.0), 300, 1000, 30.0)
    (mosaic,) = lay_mosaics([one, other])
    assert read_mosaic(mosaic, -3, 0, 3, 20).tolist() == [[1.0] * 20] * 3
    assert read_mosaic(mosaic, 0, 0, 1, 20)[0].tolist() == [1.0] * 10 + [2.0] * 10


def test_only_tiles_under_the_window_are_opened(four, monkeypatch):
    opened = []
    original = mosaic_module.read_window
    monkeypatch.setattr(
        mosaic_module, "read_window", lambda frame, *w: opened.append(frame.path.name) or original(frame, *w)
    )
    terrain = open_terrain(source(*four), Settings(cell_m=30.0))
    terrain.heights_m(Grid("EPSG:32642", 500_300.0, 4_199_700.0, 30.0, 10, 10))
    assert set(opened) == {"nw.tif"}


def test_the_first_named_counts_and_the_next_fills_its_voids(tmp_path):
    value = np.full((10, 10), 100.0)
    value[2, 3] = -32768.0
    one = save(tmp_path / "one.tif", value, 0, 1000, 30.0, nodata=-32768.0)
    other = save(tmp_path / "other.tif", np.full((10, 10), 200.0), 0, 1000, 30.0)
    for paths, first, filled in (([one, other], 100.0, 200.0), ([other, one], 200.0, 200.0)):
        read = read_mosaic(lay_mosaics(paths)[0], 0, 0, 10, 10)
        assert read[2, 3] == filled
        assert np.count_nonzero(read == first) >= 99


def test_lattices_are_told_apart(tmp_path):
    left, top = 500_000.0, 4_200_000.0
    same = tile(tmp_path / "a.tif", left, top), tile(tmp_path / "b.tif", left + 1500.1, top)
    off = tile(tmp_path / "c.tif", left + 3010.0, top)
    wide = tile(tmp_path / "d.tif", left, top, cell=90.0)
    zone = tile(tmp_path / "e.tif", left, top, crs="EPSG:32643")
    found = lay_mosaics([wide, zone, *same, off])
    names = [[one.frame.path.stem for one in mosaic.tiles] for mosaic in found]
    assert names == [["e"], ["a", "b"], ["c"], ["d"]]  # finest first, then as named


def test_a_plane_runs_on_across_layers_of_other_cells_and_another_zone(tmp_path):
    """West half in 30 m, east half in 40 m, and below both 80 m in the next zone over."""
    left, top = 700_000.0, 4_200_000.0

    def height(x, y):
        return 1500.0 + 0.05 * (x - left) - 0.03 * (y - top)

    def write(name, x0, y0, cell, n_row, n_col, crs):
        x, y = np.meshgrid(x0 + (np.arange(n_col) + 0.5) * cell, y0 - (np.arange(n_row) + 0.5) * cell)
        if crs != "EPSG:32642":
            x, y = pyproj.Transformer.from_crs(crs, "EPSG:32642", always_xy=True).transform(x, y)
        return save(tmp_path / name, height(x, y), x0, y0, cell, crs=crs)

    west = write("west.tif", left, top, 30.0, 100, 50, "EPSG:32642")
    east = write("east.tif", left + 1500, top, 40.0, 75, 40, "EPSG:32642")
    to_43 = pyproj.Transformer.from_crs("EPSG:32642", "EPSG:32643", always_xy=True)
    x_43, y_43 = to_43.transform(left + 1550, top - 1500)
    below = write("below.tif", x_43 - 4000, y_43 + 4000, 80.0, 100, 100, "EPSG:32643")
    terrain = open_terrain(source(below, west, east), Settings(cell_m=60.0))
    grid = Grid("EPSG:32642", left - 300, top + 300, 60.0, 60, 65)
    read = terrain.read(grid)
    x, y = grid.centre_m(*np.indices(grid.shape, dtype=float))
    off = np.abs(read.height_m - height(x, y))
    east_m = x - left
    rim = np.abs(east_m[..., None] - [0, 1500, 3100]).min(axis=-1) < 35
    rim |= np.abs((y - top)[..., None] + [0, 3000]).min(axis=-1) < 35
    assert off[~rim].max() < 0.05
    assert off.max() < 20 * 0.05 + 20 * 0.03  # the outermost half cell of a layer repeats its edge
    inside = (x > left) & (x < left + 1500) & (y < top) & (y > top - 3000)
    assert (read.layer[inside & (x < left + 1400)] == 0).all()
    assert set(np.unique(read.layer)) == {0, 1, 2}
    assert terrain.holds(grid).all()
    part = terrain.heights_m(grid.window(3, 20, 11, 30))
    assert part.tobytes() == read.height_m[3:14, 20:50].tobytes()


@pytest.mark.parametrize("cell_m", [30.0, 90.0, 180.0])
def test_tiles_that_meet_at_the_centres_of_their_cells_leave_no_gap(tmp_path, cell_m):
    """As Copernicus tiles of 30 m and 90 m do: centres on one parallel, edges (90 - 30) / 2 m apart.

    The plane falls by 2 in 100: what is taken from beyond an edge is wrong by less than that over a cell.
    """
    y, slope = 4_200_000.0, (0.01, 0.02, -88_000.0)
    below = save(tmp_path / "30.tif", plane(5e5, y + 15, 30.0, 60, 60, *slope), 5e5, y + 15, 30.0)
    top = y + 45 + 20 * 90
    above = save(tmp_path / "90.tif", plane(5e5, top, 90.0, 20, 20, *slope), 5e5, top, 90.0)
    terrain = open_terrain(TerrainSource((below, above), "real", "x", "x"), Settings(cell_m=cell_m))
    n = round(1_440 / cell_m)
    for shift in (0.0, 7.0, 15.0, 22.0, 30.0, 45.0, 60.0):
        grid = Grid("EPSG:32642", 5e5 + 180, y + 720 + shift, cell_m, n, n)
        found = terrain.heights_m(grid)
        true = plane(grid.left_m, grid.top_m, cell_m, n, n, *slope)
        assert np.abs(found - true).max() < 0.02 * 90
    beyond = Grid("EPSG:32642", 5e5 + 180, y - 60 * 30 - 60, cell_m, 1, 1)
    with pytest.raises(InputFaults, match="1 of 1 cells outside"):
        terrain.heights_m(beyond)


def test_below_fine_tiles_a_coarse_relief_is_refined_and_said_so(tmp_path):
    left, top = 500_000.0, 4_200_000.0
    fine = tile(tmp_path / "fine.tif", left + 9_000, top - 9_000, 100, 100)
    coarse = tile(tmp_path / "coarse.tif", left, top, 60, 60, cell=450.0)
    grid = Grid("EPSG:32642", left + 8_000, top - 8_000, 90.0, 60, 60)
    alone = open_terrain(source(coarse), Settings())
    both = open_terrain(source(fine, coarse), Settings())
    assert (both.kind, both.n_realisations) == ("refined", Settings().n_realisations)
    assert open_terrain(source(fine), Settings()).kind == "real"
    read, below = both.read(grid, 1), alone.heights_m(grid, 1)
    assert 0.2 < (read.layer == 0).mean() < 0.5
    assert np.array_equal(read.height_m[read.layer == 1], below[read.layer == 1])
    x, y = grid.centre_m(*np.indices(grid.shape, dtype=float))
    inner = (np.abs(x - left - 10_500) < 1_400) & (np.abs(top - y - 10_500) < 1_400)
    assert (read.layer[inner] == 0).all()
    assert np.abs(read.height_m - (A * x + B * y + C))[inner].max() < 0.01


def test_a_picture_is_drawn_from_all_tiles(four):
    grid = Grid("EPSG:32642", 500_000.0, 4_200_000.0, 30.0, 80, 100)
    drawn = read_overview(four, grid)
    assert np.abs(drawn - plane(500_000, 4_200_000, 30.0, 80, 100, A, B, C)).max() < 0.5
    coarse = read_overview(four, Grid("EPSG:32642", 500_000.0, 4_200_000.0, 300.0, 8, 10))
    assert np.abs(coarse - plane(500_000, 4_200_000, 300.0, 8, 10, A, B, C)).max() < 60.0


def test_hgt_dted_zip_and_vrt_are_the_same_heights(tmp_path):
    step = 1 / 1200
    lon, lat = 71 + np.arange(1201) * step, 38 - np.arange(1201) * step
    value = (3000 * (lon[None, :] - 71) + 2000 * (lat[:, None] - 37)).astype(np.int16)
    value[600, 700] = -32768
    frame = rasterio.transform.Affine(step, 0, 71 - step / 2, 0, -step, 38 + step / 2)
    plain = save(tmp_path / "t.tif", value, 0, 0, 1, crs="EPSG:4326", transform=frame, nodata=-32768)
    made = {"hgt": tmp_path / "N37E071.hgt", "dted": tmp_path / "n37.dt1", "vrt": tmp_path / "t.vrt"}
    for driver, path in zip(("SRTMHGT", "DTED", "VRT"), made.values(), strict=True):
        rasterio.shutil.copy(plain, path, driver=driver)
    for name in ("N37E071.SRTMGL3.hgt.zip", "other.zip"):
        made[name] = tmp_path / name
        with zipfile.ZipFile(made[name], "w") as packed:
            packed.write(made["hgt"], "sub/N37E071.hgt" if name == "other.zip" else "N37E071.hgt")
    expected = np.where(value == -32768, np.nan, value.astype(float))
    for name, path in made.items():
        (mosaic,) = lay_mosaics([path])
        assert np.array_equal(read_mosaic(mosaic, 0, 0, 1201, 1201), expected, equal_nan=True), name
    assert len(lay_mosaics([plain, *made.values()])) == 1  # all on one lattice
    assert lay_mosaics([made["dted"]])[0].tiles[0].frame.vertical_datum == "MSL"


def test_tiles_that_share_their_rims_as_hgt_does(tmp_path):
    tiles = []
    for k in range(2):
        step = 1 / 100
        lon, lat = 71 + k + np.arange(101) * step, 38 - np.arange(101) * step
        value = 1000 * (lon[None, :] - 71) + 500 * (lat[:, None] - 37)
        frame = rasterio.transform.Affine(step, 0, 71 + k - step / 2, 0, -step, 38 + step / 2)
        tiles.append(save(tmp_path / f"{k}.tif", value, 0, 0, 1, crs="EPSG:4326", transform=frame))
    (mosaic,) = lay_mosaics(tiles)
    assert mosaic.n_col == 201
    assert np.allclose(np.diff(read_mosaic(mosaic, 0, 0, 101, 201), axis=1), 10.0)


@pytest.mark.parametrize("how", ["mask", "alpha", "nan", "undeclared", "infinite"])
def test_every_mark_for_a_void_is_one(tmp_path, how):
    value = np.full((20, 20), 500.0, np.float32)
    value[4:6, 7] = {"nan": np.nan, "undeclared": -32768.0, "infinite": np.inf}.get(how, 0.0)
    path = tmp_path / "v.tif"
    if how == "alpha":
        alpha = np.where(value == 0.0, 0.0, 255.0).astype(np.float32)
        save(path, np.stack([value, alpha]), 0, 1000, 30.0, photometric="MINISBLACK", ALPHA="YES")
    else:
        save(path, value, 0, 1000, 30.0)
    if how == "mask":
        with rasterio.open(path, "r+") as data:
            data.write_mask(value != 0.0)
    read = read_mosaic(lay_mosaics([path])[0], 0, 0, 20, 20)
    assert np.argwhere(np.isnan(read)).tolist() == [[4, 7], [5, 7]]
    assert (read[np.isfinite(read)] == 500.0).all()


def test_scale_offset_and_feet_are_metres(tmp_path):
    path = save(tmp_path / "f.tif", np.full((4, 4), 1000, np.int16), 0, 100, 10.0, unit="ft")
    with rasterio.open(path, "r+") as data:
        data.scales, data.offsets = (2.0,), (10.0,)
    read = read_mosaic(lay_mosaics([path])[0], 0, 0, 4, 4)
    assert read == pytest.approx(2010.0 * 0.3048)
    survey_feet = save(tmp_path / "u.tif", np.full((4, 4), 3937.0), 0, 100, 10.0, unit="US survey foot")
    assert read_mosaic(lay_mosaics([survey_feet])[0], 0, 0, 4, 4) == pytest.approx(1200.0)


def test_names_folders_and_patterns(tmp_path, four):
    (tmp_path / "deep" / "er").mkdir(parents=True)
    shutil.move(four[3], tmp_path / "deep" / "er" / "se.TIF")
    (tmp_path / "deep" / "tiles.csv").write_text("x")
    (tmp_path / "deep" / "half.tif.part").write_text("x")
    faults: list = []
    place = Place("project.toml", "terrain")

    def names(*words):
        return [path.name for path in find_rasters(tmp_path, words, place, faults)]

    assert names("nw.tif", "nw.tif") == ["nw.tif"]
    assert names("deep") == ["se.TIF"]
    assert names("*.tif", "deep") == ["ne.tif", "nw.tif", "sw.tif", "se.TIF"]
    assert names(str(tmp_path / "n*.tif")) == ["ne.tif", "nw.tif"]
    assert names("absent.tif") == ["absent.tif"]
    assert not faults
    assert names("*.hgt", "deep/er/x*") == []
    assert [fault.found for fault in faults] == ["none in *.hgt", "none in deep/er/x*"]


def test_every_faulty_tile_is_named(four):
    four[1].write_text("x")
    four[2].unlink()
    with pytest.raises(InputFaults) as caught:
        lay_mosaics(four)
    assert [Path(fault.file).name for fault in caught.value.faults] == ["ne.tif", "sw.tif"]


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared sample relief is not beside the checkout")
def test_real_relief_cut_into_tiles_is_itself(tmp_path):
    with rasterio.open(SHARED / "karakoram_baltoro_srtm_90m.tif") as data:
        value, affine, crs, nodata = data.read(1), data.transform, data.crs, data.nodata
    tiles = []
    for row in range(0, 300, 100):
        for col in range(0, 300, 150):
            frame = rasterio.windows.transform(rasterio.windows.Window(col, row, 1, 1), affine)
            part = value[row : row + 100, col : col + 150]
            name = tmp_path / f"{row}_{col}.tif"
            tiles.append(save(name, part, 0, 0, 1, crs=crs, transform=frame, nodata=nodata))
    settings = Settings(cell_m=90.0)
    lon, lat = affine.c + 150 * affine.a, affine.f + 150 * affine.e
    grid = Grid(f"+proj=tmerc +lat_0={lat} +lon_0={lon} +datum=WGS84", -6000, 6000, 90.0, 130, 130)
    one = open_terrain(source(SHARED / "karakoram_baltoro_srtm_90m.tif"), settings).heights_m(grid)
    many = open_terrain(source(*tiles), settings).heights_m(grid)
    assert np.abs(one - many).max() < 0.01


def test_a_vrt_that_its_sources_do_not_fill_says_what_is_no_height(tmp_path):
    """GDAL reads 0 where a VRT without a nodata value has no source: a missing tile would be the sea."""
    plain = save(tmp_path / "t.tif", np.full((20, 20), 900, np.int16), 0, 1000, 30.0)
    path = tmp_path / "t.vrt"
    rasterio.shutil.copy(plain, path, driver="VRT")
    assert np.all(read_mosaic(lay_mosaics([path])[0], 0, 0, 20, 20) == 900.0)
    full = path.read_text()
    half = full.replace('<DstRect xOff="0" yOff="0" xSize="20"', '<DstRect xOff="0" yOff="0" xSize="12"')
    assert half != full
    path.write_text(half)
    with pytest.raises(InputFaults, match="160 cells without a source, which read as 0 m"):
        lay_mosaics([path])
    band = '<VRTRasterBand dataType="Int16" band="1"'
    start = half.index(">", half.index(band)) + 1
    path.write_text(half[:start] + "<NoDataValue>-32768</NoDataValue>" + half[start:])
    read = read_mosaic(lay_mosaics([path])[0], 0, 0, 20, 20)
    assert np.isnan(read[:, 12:]).all()
    assert (read[:, :12] == 900.0).all()
