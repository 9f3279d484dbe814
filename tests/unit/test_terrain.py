"""Heights on the working grid: kinds, cover, voids, and the same bytes through any window."""

import pickle
from pathlib import Path

import numpy as np
import pyproj
import pytest
import rasterio
from rasterio.warp import Resampling, reproject
from scipy import ndimage

from sarhad.errors import InputFaults
from sarhad.io import mosaic as mosaic_module
from sarhad.io.terrain import open_terrain
from sarhad.io.terrain_layer import VOID_SPAN, fill_voids
from sarhad.model.grid import Grid
from sarhad.model.project import Settings, TerrainSource

SHARED = Path(__file__).parents[2] / ".." / "shared" / "data" / "terrain"
TMERC = "+proj=tmerc +lat_0=38 +lon_0=71 +k=1 +x_0=0 +y_0=0 +datum=WGS84 +units=m +no_defs"
COARSE_DEG, FINE_DEG = 15.0 / 3600.0, 1.0 / 3600.0


def hills(n_row: int, n_col: int) -> np.ndarray:
    row, col = np.mgrid[:n_row, :n_col].astype(float)
    return 2_500.0 + 8.0 * row + 300.0 * np.sin(0.9 * row) * np.cos(0.7 * col) + 90.0 * np.sin(1.7 * col)


def save(path: Path, value: np.ndarray, crs: str, left: float, top: float, step: float, **tags: str) -> Path:
    profile = {
        "driver": "GTiff",
        "count": 1,
        "height": value.shape[0],
        "width": value.shape[1],
        "dtype": "float32",
        "crs": crs,
        "nodata": -9999.0,
        "transform": rasterio.transform.Affine(step, 0.0, left, 0.0, -step, top),
    }
    with rasterio.open(path, "w", **profile) as data:
        data.write(value.astype(np.float32), 1)
        data.update_tags(**tags)
    return path


def source(path: Path, kind: str = "real", voids: str = "refuse") -> TerrainSource:
    return TerrainSource((path,), kind, "EGM2008", "made up", voids)


@pytest.fixture(scope="module")
def coarse(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("terrain") / "coarse.tif"
    return save(path, hills(80, 90), "EPSG:4326", 70.8, 38.15, COARSE_DEG)


@pytest.fixture(scope="module")
def fine(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("terrain") / "fine.tif"
    return save(path, hills(720, 780), "EPSG:4326", 70.89, 38.1, FINE_DEG)


GRID = Grid(TMERC, -9_000.37, 8_000.11, 90.0, 150, 190)


def holed(path: Path, rows: slice, cols: slice) -> Path:
    value = hills(80, 90)
    value[rows, cols] = -9999.0
    return save(path, value, "EPSG:4326", 70.8, 38.15, COARSE_DEG)


def test_kind_and_realisations(coarse, fine):
    assert open_terrain(source(coarse), Settings()).kind == "refined"
    assert open_terrain(source(coarse), Settings()).n_realisations == Settings().n_realisations
    assert open_terrain(source(coarse), Settings(detail_scale=0.0)).n_realisations == 1
    assert open_terrain(source(coarse, "user"), Settings()).kind == "user"
    assert open_terrain(source(coarse, "synthetic"), Settings()).kind == "synthetic"
    assert open_terrain(source(fine), Settings()).kind == "real"
    assert open_terrain(source(fine, "user"), Settings()).n_realisations == 1
    assert open_terrain(source(coarse), Settings(cell_m=400.0)).kind == "real"
    assert open_terrain(source(fine), Settings()).vertical_datum == "EGM2008"


def test_opening_reads_no_pixel_and_travels_between_processes(coarse, monkeypatch):
    monkeypatch.setattr(mosaic_module, "read_window", None)
    terrain = open_terrain(source(coarse), Settings())
    assert pickle.loads(pickle.dumps(terrain)) == terrain


def test_only_the_needed_window_is_read(fine, monkeypatch):
    read = []
    original = mosaic_module.read_window

    def spy(frame, row, col, n_row, n_col):
        read.append(n_row * n_col)
        return original(frame, row, col, n_row, n_col)

    monkeypatch.setattr(mosaic_module, "read_window", spy)
    open_terrain(source(fine), Settings(cell_m=30.0)).heights_m(Grid(TMERC, 0.0, 0.0, 30.0, 20, 20))
    assert sum(read) < 30 * 40


def test_a_file_that_says_synthetic_is_not_real(tmp_path):
    tag = {"KIND": "SYNTHETIC detail on real relief"}
    path = save(tmp_path / "s.tif", hills(20, 20), "EPSG:4326", 71.0, 38.0, COARSE_DEG, **tag)
    for kind in ("real", "user"):
        with pytest.raises(InputFaults, match="synthetic"):
            open_terrain(source(path, kind), Settings())
    assert open_terrain(source(path, "synthetic"), Settings()).kind == "synthetic"


@pytest.mark.parametrize("realisation", [0, 2])
@pytest.mark.parametrize("name", ["coarse", "fine"])
def test_windows_agree_bit_for_bit(name, realisation, request):
    terrain = open_terrain(source(request.getfixturevalue(name)), Settings())
    whole = terrain.heights_m(GRID, realisation)
    assert whole.dtype == np.float32
    rng = np.random.default_rng(1)
    for _ in range(6):
        row, col = int(rng.integers(0, 120)), int(rng.integers(0, 150))
        n_row, n_col = int(rng.integers(1, 30)), int(rng.integers(1, 40))
        part = terrain.heights_m(GRID.window(row, col, n_row, n_col), realisation)
        assert part.tobytes() == whole[row : row + n_row, col : col + n_col].tobytes()


def test_seeds_scale_and_repetition(coarse):
    def read(realisation: int, **changes: float) -> np.ndarray:
        return open_terrain(source(coarse), Settings(**changes)).heights_m(GRID, realisation)

    best = read(0)
    assert np.array_equal(read(1), read(1))
    assert np.array_equal(read(3, detail_scale=0.0), best)
    assert np.array_equal(read(0, seed=9), best)
    for other in (read(2), read(1, seed=9)):
        assert np.abs(other - read(1)).mean() > 1.0
    assert read(1, detail_scale=1.0) - best == pytest.approx(
        2.0 * (read(1, detail_scale=0.5) - best), abs=5e-3
    )


def test_a_fine_source_has_one_realisation(fine):
    terrain = open_terrain(source(fine), Settings())
    assert np.array_equal(terrain.heights_m(GRID, 0), terrain.heights_m(GRID, 4))


def test_best_estimate_follows_gdal_cubic(coarse):
    """It differs by sharpening only: little against relief of hundreds of metres, and without bias."""
    found = open_terrain(source(coarse), Settings()).heights_m(GRID)
    cubic = np.zeros(GRID.shape, np.float32)
    frame = rasterio.transform.Affine(GRID.cell_m, 0.0, GRID.left_m, 0.0, -GRID.cell_m, GRID.top_m)
    with rasterio.open(coarse) as data:
        reproject(
            rasterio.band(data, 1), cubic, dst_transform=frame, dst_crs=TMERC, resampling=Resampling.cubic
        )
    assert abs((found - cubic).mean()) < 1.0
    assert (found - cubic).std() < 0.2 * cubic.std()
    assert np.corrcoef(found.ravel(), cubic.ravel())[0, 1] > 0.985


def test_a_source_as_fine_as_the_grid_is_read_bilinearly(fine):
    grid = Grid(TMERC, -2_000.0, 2_000.0, 30.0, 100, 120)
    found = open_terrain(source(fine), Settings(cell_m=30.0)).heights_m(grid)
    linear = np.zeros(grid.shape, np.float32)
    frame = rasterio.transform.Affine(30.0, 0.0, grid.left_m, 0.0, -30.0, grid.top_m)
    with rasterio.open(fine) as data:
        reproject(
            rasterio.band(data, 1),
            linear,
            dst_transform=frame,
            dst_crs=TMERC,
            resampling=Resampling.bilinear,
            XSCALE=1,
            YSCALE=1,
            tolerance=0.0,
        )
    assert np.abs(found - linear).max() < 3.0  # of 150 m between cells: GDAL approximates coordinates
    x_m, y_m = grid.centre_m(*np.indices(grid.shape, dtype=float))
    lon_deg, lat_deg = pyproj.Transformer.from_crs(TMERC, "EPSG:4326", always_xy=True).transform(x_m, y_m)
    at = ((38.1 - lat_deg) / FINE_DEG - 0.5, (lon_deg - 70.89) / FINE_DEG - 0.5)
    expected = ndimage.map_coordinates(hills(720, 780), at, order=1)
    assert np.abs(found - expected).max() < 0.05


def test_projected_source_on_its_own_grid_is_itself_or_its_mean(tmp_path):
    value = hills(60, 60)
    path = save(tmp_path / "p.tif", value, "EPSG:32642", 400_000.0, 4_200_000.0, 30.0)
    same = Grid("EPSG:32642", 400_300.0, 4_199_700.0, 30.0, 30, 30)
    found = open_terrain(source(path), Settings(cell_m=30.0)).heights_m(same)
    assert found == pytest.approx(value[10:40, 10:40].astype(np.float32), abs=1e-2)
    wide = Grid("EPSG:32642", 400_300.0, 4_199_700.0, 90.0, 10, 10)
    found = open_terrain(source(path), Settings(cell_m=90.0)).heights_m(wide)
    expected = value[10:40, 10:40].reshape(10, 3, 10, 3).mean(axis=(1, 3))
    assert found == pytest.approx(expected.astype(np.float32), abs=1e-2)


def test_projected_coarse_source_keeps_its_means(tmp_path):
    value = hills(40, 40)
    path = save(tmp_path / "p.tif", value, "EPSG:32642", 400_000.0, 4_200_000.0, 450.0)
    grid = Grid("EPSG:32642", 400_000.0 + 4_500.0, 4_200_000.0 - 4_500.0, 90.0, 100, 100)
    for realisation in (0, 1):
        found = open_terrain(source(path), Settings()).heights_m(grid, realisation)
        means = found.astype(float).reshape(20, 5, 20, 5).mean(axis=(1, 3))
        assert means == pytest.approx(value[10:30, 10:30], abs=0.05)


def test_an_even_hillslope_falls_all_the_way(tmp_path):
    value = np.tile(5_000.0 - 80.0 * np.arange(60.0), (60, 1))
    path = save(tmp_path / "p.tif", value, "EPSG:32642", 400_000.0, 4_200_000.0, 450.0)
    grid = Grid("EPSG:32642", 405_000.0, 4_195_000.0, 90.0, 60, 150)
    assert np.diff(open_terrain(source(path), Settings()).heights_m(grid), axis=1).max() < 0.0


def test_beyond_the_source_is_a_fault_with_a_place(coarse):
    terrain = open_terrain(source(coarse), Settings())
    to_grid = pyproj.Transformer.from_crs("EPSG:4326", TMERC, always_xy=True)
    x_m, y_m = to_grid.transform(71.0, 38.15)
    with pytest.raises(InputFaults, match=r"2 of 30 cells outside .* lon 7\d\.\d+ lat 38\.15"):
        terrain.heights_m(Grid(TMERC, x_m - 45.0, y_m + 180.0, 90.0, 30, 1))


def test_up_to_the_edge_of_the_source_is_covered(coarse):
    to_grid = pyproj.Transformer.from_crs("EPSG:4326", TMERC, always_xy=True)
    x_m, y_m = to_grid.transform(71.0, 38.15)
    grid = Grid(TMERC, x_m - 45.0, y_m + 40.0, 90.0, 30, 1)
    assert np.isfinite(open_terrain(source(coarse), Settings()).heights_m(grid)).all()


@pytest.mark.parametrize(
    ("mark", "said"), [(-9998.0, "on or beside a void"), (32767.0, "at most 9000 m, found 32")]
)
def test_a_mark_for_no_height_that_nothing_declares_is_never_one(tmp_path, mark, said):
    """A hole smaller than the kilometre at which the check samples: reading looks at every cell."""
    value = np.full((60, 60), 2_000.0)
    value[30:33, 30:33] = mark
    path = save(tmp_path / "m.tif", value, "EPSG:32642", 400_000.0, 4_200_000.0, 90.0)
    terrain = open_terrain(source(path), Settings())
    with pytest.raises(InputFaults, match=said):
        terrain.heights_m(Grid("EPSG:32642", 400_900.0, 4_199_100.0, 90.0, 40, 40))
    away = Grid("EPSG:32642", 400_900.0, 4_199_100.0, 90.0, 10, 10)
    assert (terrain.heights_m(away) == 2_000.0).all()


def test_voids_are_refused_with_count_and_place(tmp_path):
    path = holed(tmp_path / "v.tif", slice(30, 32), slice(40, 43))
    with pytest.raises(InputFaults, match=r"\d+ of 28500 cells on or beside a void") as caught:
        open_terrain(source(path), Settings()).heights_m(GRID)
    n = int(caught.value.faults[0].found.split()[0])
    lon_deg, lat_deg = (float(word) for word in caught.value.faults[0].found.split()[-3::2])
    row, col = (38.15 - lat_deg) / COARSE_DEG, (lon_deg - 70.8) / COARSE_DEG
    reach = 7  # source cells that a refined height looks at
    assert 30 - reach <= row <= 32 + reach
    assert 40 - reach <= col <= 43 + reach
    cells_m2 = (2 + 2 * reach) * (3 + 2 * reach) * 463.0 * 365.0
    assert n * 8_100.0 == pytest.approx(cells_m2, rel=0.05)


def test_small_voids_are_filled_the_same_through_any_window(tmp_path):
    path = holed(tmp_path / "v.tif", slice(30, 33), slice(40, 44))
    terrain = open_terrain(source(path, voids="fill"), Settings())
    whole = terrain.heights_m(GRID, 1)
    assert np.isfinite(whole).all()
    for row, col in ((40, 50), (52, 61), (55, 70)):
        part = terrain.heights_m(GRID.window(row, col, 9, 11), 1)
        assert part.tobytes() == whole[row : row + 9, col : col + 11].tobytes()


def test_filling_is_inverse_squared_distance_to_the_rim():
    value = np.arange(30.0).reshape(5, 6)
    value[2, 2] = value[2, 3] = np.nan
    found = fill_voids(value, (100.0, 50.0))
    rim = [(i, j) for i in (1, 2, 3) for j in (1, 2, 3, 4) if (i, j) not in ((2, 2), (2, 3))]
    weight = [1.0 / ((100.0 * (i - 2)) ** 2 + (50.0 * (j - 2)) ** 2) for i, j in rim]
    height = [6.0 * i + j for i, j in rim]
    assert found[2, 2] == pytest.approx(np.average(height, weights=weight))
    assert np.array_equal(found[~np.isnan(value)], value[~np.isnan(value)])


def test_a_filled_void_stays_within_its_rim():
    value = hills(30, 30)
    value[10:18, 12:20] = np.nan
    found = fill_voids(value, (460.0, 370.0))[10:18, 12:20]
    rim = hills(30, 30)[9:19, 11:21]
    assert rim.min() <= found.min() <= found.max() <= rim.max()


def test_large_voids_are_refused_even_when_filling(tmp_path):
    path = holed(tmp_path / "v.tif", slice(20, 21 + VOID_SPAN), slice(40, 42))
    with pytest.raises(InputFaults, match=f"at most {VOID_SPAN} cells"):
        open_terrain(source(path, voids="fill"), Settings()).heights_m(GRID)


@pytest.mark.parametrize("realisation", [0, 1])
@pytest.mark.parametrize("voids", ["refuse", "fill"])
def test_partly_known_terrain_is_nan_where_it_is_not_known_and_the_same_elsewhere(
    tmp_path, coarse, realisation, voids
):
    """Over a large void, and past the edge of the raster; what is known has the bytes of the sound raster."""
    path = holed(tmp_path / "v.tif", slice(20, 21 + VOID_SPAN), slice(40, 42))
    terrain = open_terrain(source(path, voids=voids), Settings())
    with pytest.raises(InputFaults):
        terrain.heights_m(GRID, realisation)
    found = terrain.read(GRID, realisation).height_m
    sound = open_terrain(source(coarse), Settings()).heights_m(GRID, realisation)
    known = np.isfinite(found)
    assert 0.3 < known.mean() < 1.0
    assert found[known].tobytes() == sound[known].tobytes()
    far = Grid(TMERC, GRID.left_m + 60_000.0, GRID.top_m, 90.0, 20, 20)
    assert np.isnan(terrain.read(far, realisation).height_m).all()


def test_past_the_edge_a_fine_source_is_partly_known_too(fine, tmp_path):
    terrain = open_terrain(source(fine), Settings(cell_m=30.0))
    inner = Grid(TMERC, 0.0, 0.0, 30.0, 20, 20)
    sound = terrain.heights_m(inner)
    assert terrain.read(inner).height_m.tobytes() == sound.tobytes()
    wide = inner.window(-1_000, 0, 1_020, 20)
    found = terrain.read(wide).height_m
    assert found[1_000:].tobytes() == sound.tobytes()
    assert np.isnan(found[0]).all()
    with pytest.raises(InputFaults, match="covers the working area"):
        terrain.heights_m(wide)


def test_bad_numbers_are_refused(coarse):
    with pytest.raises(InputFaults, match="detail_scale"):
        open_terrain(source(coarse), Settings(detail_scale=float("nan")))
    with pytest.raises(InputFaults, match="realisation"):
        open_terrain(source(coarse), Settings()).heights_m(GRID, -1)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared sample relief is not beside the checkout")
class TestRealRelief:
    def test_the_15_second_relief_of_the_region(self):
        terrain = open_terrain(source(SHARED / "tjk_gebco2023_15s.tif"), Settings())
        grid = Grid(TMERC, 20_000.0, -40_000.0, 90.0, 200, 300)
        best, drawn = terrain.heights_m(grid), terrain.heights_m(grid, 1)
        part = terrain.heights_m(grid.window(60, 99, 40, 50), 1)
        assert part.tobytes() == drawn[60:100, 99:149].tobytes()
        assert terrain.kind == "refined"
        assert 500.0 < best.min() < best.max() < 7_500.0
        assert abs(float(drawn.mean() - best.mean())) < 1.0
        assert 1.0 < np.abs(drawn - best).mean() < 40.0

    def test_voids_of_a_shuttle_radar_tile(self):
        path = SHARED / "rainier_srtm_90m.tif"
        with rasterio.open(path) as data:
            row, col = np.argwhere(data.read(1) == data.nodata)[0]
            lon_deg, lat_deg = data.xy(int(row), int(col))
        crs = f"+proj=tmerc +lat_0={lat_deg} +lon_0={lon_deg} +datum=WGS84 +units=m"
        grid = Grid(crs, -900.0, 900.0, 90.0, 20, 20)
        with pytest.raises(InputFaults, match="beside a void"):
            open_terrain(source(path), Settings()).heights_m(grid)
