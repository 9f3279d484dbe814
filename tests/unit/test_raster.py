"""Rasters: frames, windows, cloud-optimised GeoTIFFs."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
import rasterio

from sarhad.errors import InputFaults
from sarhad.io.raster import read_frame, read_window, write_cog
from sarhad.model.grid import Grid

CRS = "+proj=tmerc +lat_0=38 +lon_0=71 +k=1 +x_0=0 +y_0=0 +datum=WGS84 +units=m +no_defs"
GRID = Grid(CRS, -9_000.0, 27_000.0, 90.0, 700, 600)


def _plain(path: Path, array: np.ndarray, *, crs: str | None = "EPSG:32642", **more: object) -> Path:
    shape = array.shape if array.ndim == 3 else (1, *array.shape)
    profile = {
        "driver": "GTiff",
        "count": shape[0],
        "height": shape[1],
        "width": shape[2],
        "dtype": str(array.dtype),
        "crs": crs,
        "transform": rasterio.transform.Affine(100.0, 0.0, 500_000.0, 0.0, -50.0, 4_000_000.0),
        **more,
    }
    with rasterio.open(path, "w", **profile) as data:
        data.write(array.reshape(shape))
    return path


def _write(path: Path, array: np.ndarray, nodata: float | None = None) -> None:
    write_cog(path, array, GRID, nodata=nodata, tags={"KIND": "refined", "A": "b"}, description="height, m")


@pytest.fixture(scope="module")
def heights() -> np.ndarray:
    return np.random.default_rng(3).normal(3_000.0, 200.0, GRID.shape).astype(np.float32)


def test_cog_returns_what_was_written(tmp_path, heights):
    _write(tmp_path / "a.tif", heights)
    with rasterio.open(tmp_path / "a.tif") as data:
        assert np.array_equal(data.read(1), heights)
        assert data.tags()["KIND"] == "refined"
        assert data.tags()["A"] == "b"
        assert data.descriptions == ("height, m",)
        assert data.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        assert data.compression.value.lower() == "deflate"
        assert data.overviews(1)
        assert data.transform[:6] == (90.0, 0.0, -9_000.0, 0.0, -90.0, 27_000.0)
        assert rasterio.crs.CRS.from_user_input(CRS) == data.crs
    frame = read_frame(tmp_path / "a.tif")
    assert frame.tag("KIND") == "refined"
    assert frame.tag("absent") == ""


def test_same_array_same_bytes(tmp_path, heights):
    for name in ("a.tif", "b.tif", "a.tif"):
        _write(tmp_path / name, heights)
    digests = {hashlib.sha256((tmp_path / name).read_bytes()).digest() for name in ("a.tif", "b.tif")}
    assert len(digests) == 1
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.tif", "b.tif"]


def test_bytes_do_not_depend_on_the_order_of_tags(tmp_path, heights):
    for name, tags in (("a.tif", {"X": "1", "Y": "2"}), ("b.tif", {"Y": "2", "X": "1"})):
        write_cog(tmp_path / name, heights, GRID, nodata=None, tags=tags, description="")
    assert (tmp_path / "a.tif").read_bytes() == (tmp_path / "b.tif").read_bytes()


def test_uint8_overviews_invent_no_class(tmp_path):
    classes = np.random.default_rng(0).choice([3, 9, 255], GRID.shape).astype(np.uint8)
    _write(tmp_path / "a.tif", classes, nodata=255)
    with rasterio.open(tmp_path / "a.tif", overview_level=0) as data:
        assert set(np.unique(data.read(1))) <= {3, 9, 255}
        assert data.nodata == 255


def test_a_failed_write_leaves_the_old_file(tmp_path, heights):
    _write(tmp_path / "a.tif", heights)
    before = (tmp_path / "a.tif").read_bytes()
    for bad in (heights[:-1], heights.astype(np.float64), np.where(heights > 3_000, np.nan, heights)):
        with pytest.raises(InputFaults):
            _write(tmp_path / "a.tif", bad)
    nowhere = Grid("not a crs", 0.0, 0.0, 90.0, *GRID.shape)
    with pytest.raises(InputFaults, match="not a crs"):
        write_cog(tmp_path / "a.tif", heights, nowhere, nodata=None, tags={}, description="")
    assert (tmp_path / "a.tif").read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["a.tif"]


def test_nan_may_be_nodata(tmp_path, heights):
    holed = heights.copy()
    holed[3, 4] = np.nan
    with pytest.raises(InputFaults, match="1 not finite"):
        _write(tmp_path / "a.tif", holed)
    _write(tmp_path / "a.tif", holed, nodata=float("nan"))
    frame = read_frame(tmp_path / "a.tif")
    assert np.argwhere(np.isnan(read_window(frame, 0, 0, 10, 10))).tolist() == [[3, 4]]


def test_frame_of_a_plain_raster(tmp_path):
    frame = read_frame(_plain(tmp_path / "a.tif", np.zeros((20, 30), np.int16), nodata=-32768))
    assert (frame.left, frame.top, frame.dx, frame.dy) == (500_000.0, 4_000_000.0, 100.0, 50.0)
    assert (frame.n_row, frame.n_col, frame.nodata, frame.dtype) == (20, 30, -32768.0, "int16")
    assert not frame.is_geographic
    assert frame.ground_cell_m == (50.0, 100.0)


def test_ground_cells_of_a_geographic_raster(tmp_path):
    affine = rasterio.transform.Affine(0.01, 0, 70.0, 0, -0.01, 60.1)
    frame = read_frame(
        _plain(tmp_path / "a.tif", np.zeros((20, 20), np.int16), crs="EPSG:4326", transform=affine)
    )
    assert frame.is_geographic
    assert frame.ground_cell_m == pytest.approx((1113.2, 556.6), rel=1e-3)


def test_windows_repeat_the_edge_and_mark_voids(tmp_path):
    value = np.arange(20 * 30, dtype=np.int16).reshape(20, 30)
    value[5, 6] = -32768
    frame = read_frame(_plain(tmp_path / "a.tif", value, nodata=-32768))
    expected = np.pad(np.where(value == -32768, np.nan, value.astype(float)), 4, mode="edge")
    assert np.array_equal(read_window(frame, -4, -4, 28, 38), expected, equal_nan=True)
    assert np.array_equal(read_window(frame, 3, 2, 9, 11), expected[7:16, 6:17], equal_nan=True)
    assert np.array_equal(read_window(frame, 18, -2, 5, 6), expected[22:27, 2:8], equal_nan=True)


def test_frames_that_cannot_serve(tmp_path):
    zero = np.zeros((20, 30), np.int16)
    (tmp_path / "text.tif").write_text("no raster")
    turned = rasterio.transform.Affine(100.0, 5.0, 0.0, 5.0, -100.0, 0.0)
    upside_down = rasterio.transform.Affine(100.0, 0.0, 0.0, 0.0, 100.0, 0.0)
    cases = {
        "no such file": tmp_path / "absent.tif",
        "GDAL can read": tmp_path / "text.tif",
        "2 bands": _plain(tmp_path / "two.tif", np.zeros((2, 20, 30), np.int16)),
        "coordinate reference system": _plain(tmp_path / "no_crs.tif", zero, crs=None),
        "degrees or metres": _plain(tmp_path / "feet.tif", zero, crs="EPSG:2229"),
        "no rotation": _plain(tmp_path / "turned.tif", zero, transform=turned),
        "north-up": _plain(tmp_path / "down.tif", zero, transform=upside_down),
    }
    for words, path in cases.items():
        with pytest.raises(InputFaults, match=words):
            read_frame(path)
