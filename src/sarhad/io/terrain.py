"""Heights on the working grid: resampled from a raster of the user's, refined where the raster is coarser.

A source cell wider than 1.5 working cells is *coarse*: its heights become a lattice of 5 x 5 sub-cells
tied to the source (`sarhad.kernels.relief`), read by cubic convolution. Realisation 0 is the best single
estimate, realisation n adds seeded detail. A finer source is read bilinearly, averaged over points in the
working cell where it is much finer, and has one realisation. Heights are a function of place: whatever
window they are read through, the same cell gets the same bytes.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from importlib.resources import files
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from sarhad.errors import InputFaults
from sarhad.io.raster import RasterFrame, read_frame, read_window
from sarhad.kernels import relief
from sarhad.model.grid import Grid
from sarhad.model.project import Settings, TerrainSource

COARSE_RATIO = 1.5
"""A source whose cell is wider than this many working cells is refined."""
VOID_SPAN = 15
"""Voids are filled where they span at most this many source cells each way."""
MAX_SPLIT = 4
"""A working cell over a much finer source is the mean of at most this many points each way."""
_BLOCK_POINTS = 2_000_000
_SNAP_PER_M = 1024.0

Kind = Literal["real", "refined", "synthetic", "user"]


class _Points(NamedTuple):
    """Flat arrays of absolute fractional source rows and columns, integral at cell centres."""

    row: NDArray[np.float64]
    col: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Terrain:
    """A source of heights that has been looked at but not read; use `open_terrain`.

    `kind` is what results on this terrain must say; `n_realisations` is how many distinct terrains there are,
    0 ... n_realisations - 1 (one where the source is as fine as the working grid).
    """

    source: TerrainSource
    frame: RasterFrame
    cell_m: float
    kind: Kind
    n_realisations: int
    detail_scale: float
    seed: int

    @property
    def vertical_datum(self) -> str:
        """What heights are measured from."""
        return self.source.vertical_datum

    @property
    def is_coarse(self) -> bool:
        """Whether the source is coarser than the working grid, and so refined."""
        return _source_cell_m(self.frame) > COARSE_RATIO * self.cell_m

    def heights_m(self, grid: Grid, realisation: int = 0, *, partly: bool = False) -> NDArray[np.float32]:
        """Return heights (row, col) in metres at the cells of `grid`, any projected CRS.

        Realisation 0 is the smooth reading, n > 0 adds detail with the settings' scale and seed where the
        source is coarse. `InputFaults` where the source does not cover the grid or has voids that may not
        be filled; `partly` leaves NaN there, and wherever a height would depend on such ground.
        """
        if realisation < 0:
            raise InputFaults.one("terrain", "realisation >= 0", realisation)
        if not self.is_coarse:
            return self._mean_heights(grid, partly)
        points = self._locate(grid, 0.0, 0.0, partly)
        covered = ~np.isnan(points.row)
        height_m = np.full(grid.n_cell, np.nan, np.float32)
        if covered.any():
            points = _Points(points.row[covered], points.col[covered])
            height_m[covered] = self._lattice_heights(points, realisation, partly)
        return height_m.reshape(grid.shape)

    def _locate(self, grid: Grid, row_shift: float, col_shift: float, partly: bool) -> _Points:
        """Return the cells' centres, shifted by parts of a cell, in source cells.

        All must be covered, or `partly` those that are not are NaN.
        """
        import pyproj

        row = np.arange(grid.n_row, dtype=np.float64)[:, None] + row_shift
        col = np.arange(grid.n_col, dtype=np.float64)[None, :] + col_shift
        x_m, y_m = grid.centre_m(row, col)
        # A window's corner is rounded differently from its parent's: snap to a millimetre so that both agree.
        x_m = np.round(np.broadcast_to(x_m, grid.shape) * _SNAP_PER_M).ravel() / _SNAP_PER_M
        y_m = np.round(np.broadcast_to(y_m, grid.shape) * _SNAP_PER_M).ravel() / _SNAP_PER_M
        transformer = pyproj.Transformer.from_crs(grid.crs, self.frame.crs, always_xy=True)
        x, y = transformer.transform(x_m, y_m)
        frame = self.frame
        points = _Points((frame.top - y) / frame.dy - 0.5, (x - frame.left) / frame.dx - 0.5)
        inside = (points.row >= -0.5) & (points.row <= frame.n_row - 0.5)
        inside &= (points.col >= -0.5) & (points.col <= frame.n_col - 0.5)
        if partly:
            return _Points(np.where(inside, points.row, np.nan), np.where(inside, points.col, np.nan))
        if not inside.all():
            n_out, first = int(np.count_nonzero(~inside)), int(np.argmin(inside))
            to_lon_lat = pyproj.Transformer.from_crs(grid.crs, "EPSG:4326", always_xy=True)
            lon_deg, lat_deg = to_lon_lat.transform(x_m[first], y_m[first])
            found = f"{n_out} of {inside.size} cells outside it, the first at {_place(lon_deg, lat_deg)}"
            raise InputFaults.one(str(frame.path), "terrain that covers the working area", found)
        return points

    def _lattice_heights(self, points: _Points, realisation: int, partly: bool) -> NDArray[np.float64]:
        """Cubic convolution on the lattice of sub-cells; NaN near voids where these are allowed."""
        factor = relief.FACTOR
        row, col = (points.row + 0.5) * factor - 0.5, (points.col + 0.5) * factor - 0.5
        row_0, row_1 = (math.floor(row.min()) - 1) // factor, (math.floor(row.max()) + 2) // factor + 1
        col_0, col_1 = (math.floor(col.min()) - 1) // factor, (math.floor(col.max()) + 2) // factor + 1
        margin = relief.MARGIN
        coarse_m = self._read(row_0, col_0, row_1 - row_0, col_1 - col_0, margin, partly)
        void = np.isnan(coarse_m)
        coarse_m[void] = 0.0
        place = relief.Place(row_0 - margin, col_0 - margin, *self.frame.ground_cell_m)
        draw = relief.Draw(self.seed, realisation, self.detail_scale)
        lattice_m = relief.refine_m(coarse_m, _exemplars(), place, draw)
        height_m: NDArray[np.float64] = relief.sample_cubic(
            lattice_m, row, col, row_0 * factor, col_0 * factor
        )
        if void.any():
            # A sub-cell knows the source cells within the margin, a reading the sub-cells next to it.
            unsure = ndimage.binary_dilation(void, np.ones((3, 3)), iterations=margin + 1)
            at_row = np.floor(points.row + 0.5).astype(np.int64) - row_0 + margin
            at_col = np.floor(points.col + 0.5).astype(np.int64) - col_0 + margin
            height_m[unsure[at_row, at_col]] = np.nan
        return height_m

    def _mean_heights(self, grid: Grid, partly: bool) -> NDArray[np.float32]:
        """Mean of bilinear readings at n x n points of a cell as wide as n <= `MAX_SPLIT` source cells."""
        n = min(max(1, round(grid.cell_m / _source_cell_m(self.frame))), MAX_SPLIT)
        height_m = np.empty(grid.shape, dtype=np.float32)
        n_row = max(1, _BLOCK_POINTS // (n * n * grid.n_col))
        for row in range(0, grid.n_row, n_row):
            block = grid.window(row, 0, min(n_row, grid.n_row - row), grid.n_col)
            height_m[row : row + block.n_row] = self._block_heights(block, n, partly).reshape(block.shape)
        return height_m

    def _block_heights(self, grid: Grid, n: int, partly: bool) -> NDArray[np.float64]:
        shifts = [(i + 0.5) / n - 0.5 for i in range(n)]
        points = [self._locate(grid, d_row, d_col, partly) for d_row in shifts for d_col in shifts]
        covered = np.all([~np.isnan(p.row) for p in points], axis=0)
        height_m = np.full(grid.n_cell, np.nan)
        if not covered.any():
            return height_m
        points = [_Points(p.row[covered], p.col[covered]) for p in points]
        row_0 = math.floor(min(p.row.min() for p in points))
        col_0 = math.floor(min(p.col.min() for p in points))
        n_row = math.floor(max(p.row.max() for p in points)) + 2 - row_0
        n_col = math.floor(max(p.col.max() for p in points)) + 2 - col_0
        value_m = self._read(row_0, col_0, n_row, n_col, 0, partly)
        total_m = np.zeros(len(points[0].row))
        for p in points:
            total_m += relief.sample_linear(value_m, p.row, p.col, row_0, col_0)
        height_m[covered] = total_m / (n * n)
        return height_m

    def _read(
        self, row: int, col: int, n_row: int, n_col: int, margin: int, partly: bool
    ) -> NDArray[np.float64]:
        """Read a window and `margin` cells around it, its voids filled; what is left is refused or NaN."""
        fills = self.source.voids == "fill"
        wide = margin + (VOID_SPAN + 1 if fills else 0)
        value_m = read_window(self.frame, row - wide, col - wide, n_row + 2 * wide, n_col + 2 * wide)
        if np.isnan(value_m).any() and (fills or not partly):
            if not fills:
                raise self._void_fault(
                    np.isnan(value_m), row - wide, col - wide, "no voids (or voids = fill)"
                )
            value_m = _fill_voids(value_m, self.frame.ground_cell_m)
        extra = wide - margin
        inner = value_m[extra:-extra, extra:-extra] if extra else value_m
        if np.isnan(inner).any() and not partly:
            expected = f"voids of at most {VOID_SPAN} cells across"
            raise self._void_fault(np.isnan(inner), row - margin, col - margin, expected)
        return np.ascontiguousarray(inner)

    def _void_fault(self, void: NDArray[np.bool_], row_0: int, col_0: int, expected: str) -> InputFaults:
        import pyproj

        frame = self.frame
        first_row, first_col = np.argwhere(void)[0]
        row = min(max(int(first_row) + row_0, 0), frame.n_row - 1)
        col = min(max(int(first_col) + col_0, 0), frame.n_col - 1)
        to_lon_lat = pyproj.Transformer.from_crs(frame.crs, "EPSG:4326", always_xy=True)
        lon_deg, lat_deg = to_lon_lat.transform(
            frame.left + (col + 0.5) * frame.dx, frame.top - (row + 0.5) * frame.dy
        )
        n_void = int(np.count_nonzero(void))
        found = f"{n_void} void cells ({100.0 * n_void / void.size:.2g} % of those read), the first at "
        return InputFaults.one(str(frame.path), expected, found + _place(lon_deg, lat_deg))


def open_terrain(source: TerrainSource, settings: Settings) -> Terrain:
    """Return the terrain of a project; no pixel is read.

    `InputFaults` where the file is not a north-up, one-band raster with a CRS, or where it says itself
    (tag KIND) that it is synthetic or refined and the project calls it real or the user's own.
    """
    frame = read_frame(source.path)
    tag = frame.tag("KIND").lower()
    if source.kind in ("real", "user") and tag.startswith(("synthetic", "refined")):
        raise InputFaults.one(
            str(source.path), f"kind = {tag.split()[0]}, as the file's tag says", source.kind
        )
    if not settings.detail_scale >= 0.0:
        raise InputFaults.one("settings", "detail_scale >= 0", settings.detail_scale)
    is_coarse = _source_cell_m(frame) > COARSE_RATIO * settings.cell_m
    return Terrain(
        source=source,
        frame=frame,
        cell_m=settings.cell_m,
        kind="refined" if source.kind == "real" and is_coarse else source.kind,
        n_realisations=max(1, settings.n_realisations) if is_coarse and settings.detail_scale > 0.0 else 1,
        detail_scale=settings.detail_scale,
        seed=settings.seed,
    )


@functools.cache
def _exemplars() -> relief.Exemplars:
    """Return what `benchmarks/fit_relief.py` learned from real mountains."""
    path = files("sarhad") / "data" / "relief_exemplars.npz"
    with path.open("rb") as stream, np.load(stream) as stored:
        return relief.Exemplars(
            layer_1=stored["layer_1"].astype(np.float32),
            layer_2=stored["layer_2"].astype(np.float32),
            layer_3=stored["layer_3"].astype(np.float32),
            shape=stored["shape"].astype(np.float64),
            patch=stored["patch"].astype(np.float32) * stored["patch_scale"],
        )


def _source_cell_m(frame: RasterFrame) -> float:
    """Return the side in metres of a square with the area of a source cell."""
    height_m, width_m = frame.ground_cell_m
    return math.sqrt(height_m * width_m)


def _place(lon_deg: float, lat_deg: float) -> str:
    return f"lon {lon_deg:.5f} lat {lat_deg:.5f}"


def _fill_voids(value_m: NDArray[np.float64], ground_cell_m: tuple[float, float]) -> NDArray[np.float64]:
    """Fill small voids by inverse squared distance to the heights on their rim; larger ones stay NaN.

    A void is a set of NaN cells joined by sides or corners. It is filled where it spans at most
    `VOID_SPAN` cells each way and has a rim; one that is cut by the window's edge spans more than that
    inside the margin that the caller adds.
    """
    out = value_m.copy()
    void = np.isnan(value_m)
    label, _ = ndimage.label(void, structure=np.ones((3, 3)))
    for index, place in enumerate(ndimage.find_objects(label), start=1):
        n_row, n_col = place[0].stop - place[0].start, place[1].stop - place[1].start
        if n_row > VOID_SPAN or n_col > VOID_SPAN:
            continue
        top, left = max(place[0].start - 1, 0), max(place[1].start - 1, 0)
        around = (slice(top, place[0].stop + 1), slice(left, place[1].stop + 1))
        hole = label[around] == index
        rim = ndimage.binary_dilation(hole, structure=np.ones((3, 3))) & ~void[around]
        if not rim.any():
            continue
        at, of = np.argwhere(hole), np.argwhere(rim)
        away_m = (at[:, None, :] - of[None, :, :]) * np.array(ground_cell_m)
        weight = 1.0 / (away_m**2).sum(axis=2)
        out[around][hole] = (weight * value_m[around][rim]).sum(axis=1) / weight.sum(axis=1)
    return out
