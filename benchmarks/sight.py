"""CPU time of a viewshed: ours, the definition with early exit, and GDAL, in one process on one terrain.

    python benchmarks/sight.py [--observers 9] [--range-km 20] [--batch 200] [--dem FILE.tif]

Terrain: a ridged spectral fractal (30 m cells, 400-4000 m), or a DEM file. Observers: half anywhere, half on
the top within 600 m; 10 m high; targets 1.7 m. `differing` is relative to the cells that the definition sees.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
from numba import njit

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "parity"))
import rasterio
from gdal_viewshed import GdalViewshed

from sarhad.kernels.sight import line_of_sight_clearance_m, viewshed, visible_pairs

HEIGHT_M, TARGET_M, CURVATURE = 10.0, 1.7, 0.85714


def fractal_m(n: int, seed: int = 1, low_m: float = 400.0, high_m: float = 4000.0) -> npt.NDArray[np.float32]:
    """Ridged ground with a power spectrum of slope -4, in sixteenths of a metre."""
    rng = np.random.default_rng(seed)
    frequency = np.hypot(np.fft.fftfreq(n)[:, None], np.fft.rfftfreq(n)[None])
    frequency[0, 0] = 1.0
    wave = (
        rng.standard_normal(frequency.shape) + 1j * rng.standard_normal(frequency.shape)
    ) * frequency**-2.0
    wave[frequency < 4 / n] *= 0.3
    ridged = -np.abs(np.fft.irfft2(wave, s=(n, n)))
    unit = (ridged - ridged.min()) / np.ptp(ridged)
    return (np.round((low_m + unit * (high_m - low_m)) * 16) / 16).astype(np.float32)


def places(dem_m: npt.NDArray[np.float32], n: int, margin: int) -> npt.NDArray[np.int64]:
    rng = np.random.default_rng(5)
    margin = min(margin, *(side // 3 for side in dem_m.shape))
    out = np.stack([rng.integers(margin, side - margin, n) for side in dem_m.shape], axis=1)
    for place in out[::2]:
        row, col = place
        around = dem_m[row - 20 : row + 21, col - 20 : col + 21]
        place[:] = place - 20 + np.unravel_index(np.argmax(around), around.shape)
    return out


@njit(cache=True)
def by_definition(
    dem_m: npt.NDArray[np.float32], row: int, col: int, cell_m: float, range_m: float
) -> npt.NDArray[np.bool_]:
    seen = np.zeros(dem_m.shape, dtype=np.bool_)
    for r in range(dem_m.shape[0]):
        for c in range(dem_m.shape[1]):
            if (r - row) ** 2 + (c - col) ** 2 <= (range_m / cell_m) ** 2:
                clearance_m = line_of_sight_clearance_m(
                    dem_m, (row, col), (r, c), HEIGHT_M, TARGET_M, cell_m, CURVATURE, -1e-6
                )
                seen[r, c] = clearance_m >= 0.0
    return seen


def cpu_ms(work: Callable[[], object]) -> tuple[float, object]:
    start = time.process_time()
    result = work()
    return 1e3 * (time.process_time() - start), result


def table(where: npt.NDArray[np.int64], range_m: float) -> dict[str, npt.ArrayLike]:
    n = len(where)
    return {
        "row": where[:, 0],
        "col": where[:, 1],
        "height_m": np.full(n, HEIGHT_M),
        "range_m": np.full(n, range_m),
    }


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--observers", type=int, default=9)
    ask.add_argument("--batch", type=int, default=200)
    ask.add_argument("--range-km", type=float, default=20.0)
    ask.add_argument("--cell-m", type=float, default=30.0)
    ask.add_argument("--dem", type=Path)
    given = ask.parse_args()
    cell_m, range_m = given.cell_m, 1e3 * given.range_km
    if given.dem:
        with rasterio.open(given.dem) as source:
            filled = source.read(1, masked=True).astype(np.float32)
        dem_m = filled.filled(float(filled.min()))
    else:
        dem_m = fractal_m(2001)
    where = places(dem_m, given.observers, int(range_m / cell_m))
    gdal = GdalViewshed(dem_m, cell_m)

    warm = table(where[:1], 10 * cell_m)
    viewshed(dem_m, warm, cell_m=cell_m).clearance_m(0)
    visible_pairs(dem_m, warm, cell_m=cell_m)
    by_definition(dem_m[:9, :9].copy(), 4, 4, cell_m, 90.0)
    prepare_ms, _ = cpu_ms(lambda: viewshed(dem_m, warm, cell_m=cell_m))

    rows = []
    for place in where:
        row, col = int(place[0]), int(place[1])
        ours_ms, seen = cpu_ms(lambda: viewshed(dem_m, table(place[None], range_m), cell_m=cell_m))  # noqa: B023
        clearance_ms, _ = cpu_ms(lambda: seen.clearance_m(0))  # noqa: B023
        exact_ms, exact = cpu_ms(lambda: by_definition(dem_m, row, col, cell_m, range_m))  # noqa: B023
        gdal_ms, theirs = np.nan, None
        if gdal.available:
            gdal_ms, theirs = cpu_ms(
                lambda: gdal.generate(row, col, HEIGHT_M, range_m, TARGET_M, CURVATURE)  # noqa: B023
            )
        n_seen = exact.sum()
        off_gdal = np.nan
        if theirs is not None:
            (top, left), mask = theirs
            part = exact[top : top + mask.shape[0], left : left + mask.shape[1]]
            off_gdal = (n_seen - part.sum() + (mask != part).sum()) / n_seen
        off_ours = (seen.mask(0) != exact).sum() / n_seen
        rows.append((ours_ms - prepare_ms, clearance_ms, exact_ms, gdal_ms, off_ours, off_gdal, n_seen))
    ours_ms, clearance_ms, exact_ms, gdal_ms, off_ours, off_gdal, n_seen = np.median(rows, axis=0)
    print(f"{dem_m.shape} cells of {cell_m:g} m, {range_m / 1e3:g} km, {len(where)} observers, medians")
    print(f"visible cells {n_seen:.0f}; terrain made ready once for all observers: {prepare_ms:.1f} CPU ms")
    print(f"{'':34}{'CPU ms':>9}{'x GDAL':>8}   differing / visible")
    for name, ms, off in (
        ("ours", ours_ms, f"{off_ours:.6f} (worst {max(r[4] for r in rows):.6f})"),
        ("ours, clearance of every cell", clearance_ms, ""),
        ("the definition, early exit", exact_ms, "0"),
        ("GDAL", gdal_ms, f"{off_gdal:.4f} (worst {max(r[5] for r in rows):.4f})"),
    ):
        print(f"{name:34}{ms:9.1f}{gdal_ms / ms:8.2f}   {off}")

    many = table(places(dem_m, given.batch, int(range_m / cell_m)), range_m)
    for name, call in (("viewshed", viewshed), ("visible_pairs", visible_pairs)):
        batch_ms, _ = cpu_ms(lambda: call(dem_m, many, cell_m=cell_m))  # noqa: B023
        each_ms = batch_ms / given.batch
        print(f"{name} of {given.batch} observers: {batch_ms / 1e3:.2f} CPU s, {each_ms:.1f} ms each")


if __name__ == "__main__":
    main()
