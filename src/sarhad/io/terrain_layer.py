"""One mosaic of heights read onto the working grid: refined where it is coarser, averaged where it is finer.

A source cell wider than 1.5 working cells is *coarse*: its heights become a lattice of 5 x 5 sub-cells
tied to the source (`sarhad.kernels.relief`), read by cubic convolution. Realisation 0 is the best single
estimate, realisation n adds seeded detail. A finer source is read bilinearly, averaged over points in the
working cell where it is much finer. Heights are a function of place: whatever window they are read through,
the same cell gets the same bytes.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from sarhad.io.mosaic import BEYOND_CELLS, Mosaic, read_mosaic
from sarhad.kernels import relief
from sarhad.model.grid import Grid

COARSE_RATIO = 1.5
"""A source whose cell is wider than this many working cells is refined."""
VOID_SPAN = 15
"""Voids are filled where they span at most this many source cells each way."""
MAX_SPLIT = 4
"""A working cell over a much finer source is the mean of at most this many points each way."""
_BLOCK_POINTS = 2_000_000
_SNAP_PER_M = 1024.0
_OUTLINE = 33

F64 = NDArray[np.float64]


class _Points(NamedTuple):
    """Flat arrays of fractional source rows and columns, integral at cell centres; NaN off the tiles."""

    row: F64
    col: F64


@dataclass(frozen=True, slots=True)
class Layer:
    """A mosaic and how it is read on working cells of `cell_m`; `fills` says that small voids are filled."""

    mosaic: Mosaic
    cell_m: float
    fills: bool
    detail_scale: float
    seed: int

    @property
    def source_cell_m(self) -> float:
        """Side in metres of a square with the area of a source cell."""
        height_m, width_m = self.mosaic.ground_cell_m
        return math.sqrt(height_m * width_m)

    @property
    def is_coarse(self) -> bool:
        """Whether the source is coarser than the working grid, and so refined."""
        return self.source_cell_m > COARSE_RATIO * self.cell_m

    @property
    def n_split(self) -> int:
        """How many points each way a working cell over a finer source is the mean of."""
        return min(max(1, round(self.cell_m / self.source_cell_m)), MAX_SPLIT)

    def outline(self, grid: Grid) -> tuple[F64, F64]:
        """Return fractional source (row, col) of points along a grid's rim."""
        share = np.linspace(-0.5, 0.5, _OUTLINE)
        row = np.concatenate([share, share, 0 * share - 0.5, 0 * share + 0.5]) * grid.n_row
        col = np.concatenate([0 * share - 0.5, 0 * share + 0.5, share, share]) * grid.n_col
        x_m, y_m = grid.centre_m(row + grid.n_row / 2 - 0.5, col + grid.n_col / 2 - 0.5)
        return self.mosaic.cells_at(*self._project(grid, x_m, y_m))

    def meets(self, grid: Grid) -> bool:
        """Say whether some of the grid may lie on the mosaic, by its rim."""
        row, col = self.outline(grid)
        rim = 0.5 + BEYOND_CELLS
        apart = row.max() < -rim or row.min() > self.mosaic.n_row - 1 + rim
        apart |= col.max() < -rim or col.min() > self.mosaic.n_col - 1 + rim
        return not (bool(np.isfinite(row).all() and np.isfinite(col).all()) and apart)

    def holds(self, grid: Grid, beyond: float) -> NDArray[np.bool_]:
        """Say which cells (row, col) of the grid have their centre on a tile or `beyond` cells from it."""
        return np.isfinite(self._locate(grid, 0.0, 0.0, beyond).row).reshape(grid.shape)

    def heights_m(self, grid: Grid, realisation: int, beyond: float) -> NDArray[np.float32]:
        """Return heights (row, col) in metres; NaN off the tiles and where voids are not filled.

        A height is NaN as well where it would depend on such ground. With `beyond` > 0, for what no layer
        has otherwise, the centre of a cell counts alone and may lie so many source cells off the tiles.
        """
        if not self.is_coarse:
            return self._mean_heights(grid, beyond)
        points = self._locate(grid, 0.0, 0.0, beyond)
        covered = ~np.isnan(points.row)
        height_m = np.full(grid.n_cell, np.nan, np.float32)
        if covered.any():
            points = _Points(points.row[covered], points.col[covered])
            height_m[covered] = self._lattice_heights(points, realisation)
        return height_m.reshape(grid.shape)

    def _project(self, grid: Grid, x_m: F64, y_m: F64) -> tuple[F64, F64]:
        x, y = _transformer(grid.crs, self.mosaic.crs).transform(x_m, y_m)
        return np.asarray(x), np.asarray(y)

    def _locate(self, grid: Grid, row_shift: float, col_shift: float, beyond: float) -> _Points:
        """Return the cells' centres, shifted by parts of a cell, in source cells."""
        row = np.arange(grid.n_row, dtype=np.float64)[:, None] + row_shift
        col = np.arange(grid.n_col, dtype=np.float64)[None, :] + col_shift
        x_m, y_m = grid.centre_m(row, col)
        # A window's corner is rounded differently from its parent's: snap to a millimetre so that both agree.
        x_m = np.round(np.broadcast_to(x_m, grid.shape) * _SNAP_PER_M).ravel() / _SNAP_PER_M
        y_m = np.round(np.broadcast_to(y_m, grid.shape) * _SNAP_PER_M).ravel() / _SNAP_PER_M
        points = _Points(*self.mosaic.cells_at(*self._project(grid, x_m, y_m)))
        inside = self.mosaic.holds(*points, beyond)
        return _Points(np.where(inside, points.row, np.nan), np.where(inside, points.col, np.nan))

    def _lattice_heights(self, points: _Points, realisation: int) -> F64:
        """Cubic convolution on the lattice of sub-cells; NaN near voids."""
        factor = relief.FACTOR
        row, col = (points.row + 0.5) * factor - 0.5, (points.col + 0.5) * factor - 0.5
        row_0, row_1 = (math.floor(row.min()) - 1) // factor, (math.floor(row.max()) + 2) // factor + 1
        col_0, col_1 = (math.floor(col.min()) - 1) // factor, (math.floor(col.max()) + 2) // factor + 1
        margin = relief.MARGIN
        coarse_m = self._read(row_0, col_0, row_1 - row_0, col_1 - col_0, margin)
        void = np.isnan(coarse_m)
        coarse_m[void] = 0.0
        place = relief.Place(row_0 - margin, col_0 - margin, *self.mosaic.ground_cell_m)
        draw = relief.Draw(self.seed, realisation, self.detail_scale)
        lattice_m = relief.refine_m(coarse_m, exemplars(), place, draw)
        height_m: F64 = relief.sample_cubic(lattice_m, row, col, row_0 * factor, col_0 * factor)
        if void.any():
            # A sub-cell knows the source cells within the margin, a reading the sub-cells next to it.
            unsure = ndimage.binary_dilation(void, np.ones((3, 3)), iterations=margin + 1)
            at_row = np.floor(points.row + 0.5).astype(np.int64) - row_0 + margin
            at_col = np.floor(points.col + 0.5).astype(np.int64) - col_0 + margin
            height_m[unsure[at_row, at_col]] = np.nan
        return height_m

    def _mean_heights(self, grid: Grid, beyond: float) -> NDArray[np.float32]:
        """Mean of bilinear readings at `n_split` x `n_split` points of a cell."""
        n = 1 if beyond else self.n_split
        height_m = np.empty(grid.shape, dtype=np.float32)
        n_row = max(1, _BLOCK_POINTS // (n * n * grid.n_col))
        for row in range(0, grid.n_row, n_row):
            block = grid.window(row, 0, min(n_row, grid.n_row - row), grid.n_col)
            height_m[row : row + block.n_row] = self._block_heights(block, n, beyond).reshape(block.shape)
        return height_m

    def _block_heights(self, grid: Grid, n: int, beyond: float) -> F64:
        shifts = [(i + 0.5) / n - 0.5 for i in range(n)]
        points = [self._locate(grid, d_row, d_col, beyond) for d_row in shifts for d_col in shifts]
        covered = np.all([~np.isnan(p.row) for p in points], axis=0)
        height_m = np.full(grid.n_cell, np.nan)
        if not covered.any():
            return height_m
        points = [_Points(p.row[covered], p.col[covered]) for p in points]
        row_0 = math.floor(min(p.row.min() for p in points))
        col_0 = math.floor(min(p.col.min() for p in points))
        n_row = math.floor(max(p.row.max() for p in points)) + 2 - row_0
        n_col = math.floor(max(p.col.max() for p in points)) + 2 - col_0
        value_m = self._read(row_0, col_0, n_row, n_col, 0)
        total_m = np.zeros(len(points[0].row))
        for p in points:
            total_m += relief.sample_linear(value_m, p.row, p.col, row_0, col_0)
        height_m[covered] = total_m / (n * n)
        return height_m

    def _read(self, row: int, col: int, n_row: int, n_col: int, margin: int) -> F64:
        """Read a window and `margin` cells around it, its small voids filled where they may be."""
        wide = margin + (VOID_SPAN + 1 if self.fills else 0)
        value_m = read_mosaic(self.mosaic, row - wide, col - wide, n_row + 2 * wide, n_col + 2 * wide)
        if self.fills and np.isnan(value_m).any():
            value_m = fill_voids(value_m, self.mosaic.ground_cell_m)
        extra = wide - margin
        return np.ascontiguousarray(value_m[extra:-extra, extra:-extra] if extra else value_m)


def fill_voids(value_m: F64, ground_cell_m: tuple[float, float]) -> F64:
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


@functools.lru_cache(maxsize=32)
def _transformer(grid_crs: str, source_crs: str) -> Any:
    import pyproj

    return pyproj.Transformer.from_crs(grid_crs, source_crs, always_xy=True)


@functools.cache
def exemplars() -> relief.Exemplars:
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
