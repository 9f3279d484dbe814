"""Heights for a picture: rasters read no finer than a grid needs, and NaN where there is none.

The window of a raster under the grid is read by area averages of whole blocks of its cells (GDAL reads its
overviews where it has them), then sampled by cubic splines at the grid's cell centres. For drawing only:
nothing is computed on these heights.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from sarhad.io.mosaic import Mosaic, lay_mosaics
from sarhad.io.raster import RasterFrame, read_coarsely
from sarhad.model.grid import Grid

EDGE_CELLS = 4
"""Cells read beyond the grid's edge, so that the spline is settled there."""


class _Window(NamedTuple):
    """Rows and columns of a raster, and how many of them become one."""

    row: int
    col: int
    n_row: int
    n_col: int
    step: int


def read_overview(paths: Sequence[Path], grid: Grid, max_cells: int = 6_000_000) -> NDArray[np.float32]:
    """Return heights (row, col) in metres at the cells of `grid`; NaN beyond the rasters and in their voids.

    Finer rasters are drawn over coarser ones. At most about `max_cells` blocks of each are read. Raises
    InputFaults where a file cannot be read.
    """
    height_m = np.full(grid.shape, np.nan, dtype=np.float32)
    for mosaic in lay_mosaics(paths):
        row_at, col_at = _source_cells(mosaic, grid)
        for tile in mosaic.tiles:
            box = _box(tile.holds(row_at, col_at) & np.isnan(height_m))
            if box is not None:
                drawn = _tile_heights(tile.frame, row_at[box] - tile.row, col_at[box] - tile.col, max_cells)
                height_m[box] = np.where(np.isnan(height_m[box]), drawn, height_m[box])
    return height_m


def _box(cells: NDArray[np.bool_]) -> tuple[slice, slice] | None:
    """Return the smallest window around some cells; None where there is none."""
    rows, cols = np.flatnonzero(cells.any(axis=1)), np.flatnonzero(cells.any(axis=0))
    if not rows.size:
        return None
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(cols[0]), int(cols[-1]) + 1)


def _tile_heights(
    frame: RasterFrame, row_at: NDArray[np.float64], col_at: NDArray[np.float64], max_cells: int
) -> NDArray[np.float32]:
    """Return the heights of one raster at fractional cells of it (row, col); NaN beyond it and in voids."""
    window = _window(frame, row_at, col_at, max_cells)
    if window is None:
        return np.full(row_at.shape, np.nan, dtype=np.float32)
    shape = (max(1, window.n_row // window.step), max(1, window.n_col // window.step))
    height_m = read_coarsely(frame, (window.row, window.col, window.n_row, window.n_col), shape)
    row = (row_at + 0.5 - window.row) * shape[0] / window.n_row - 0.5
    col = (col_at + 0.5 - window.col) * shape[1] / window.n_col - 0.5
    return _sampled(height_m, row, col)


def _source_cells(mosaic: Mosaic, grid: Grid) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return fractional rows and columns of the mosaic at the grid's cell centres; NaN where none."""
    import pyproj

    row = np.arange(grid.n_row, dtype=np.float64)[:, None]
    col = np.arange(grid.n_col, dtype=np.float64)[None, :]
    x_m, y_m = grid.centre_m(row, col)
    x_m, y_m = np.broadcast_to(x_m, grid.shape).ravel(), np.broadcast_to(y_m, grid.shape).ravel()
    found = mosaic.cells_at(
        *pyproj.Transformer.from_crs(grid.crs, mosaic.crs, always_xy=True).transform(x_m, y_m)
    )
    row_at, col_at = (np.where(np.isfinite(values), values, np.nan).reshape(grid.shape) for values in found)
    return row_at, col_at


def _window(
    frame: RasterFrame, row_at: NDArray[np.float64], col_at: NDArray[np.float64], max_cells: int
) -> _Window | None:
    """Return the window that the grid needs and how many cells may be one; None where they do not meet."""
    inside = (
        (row_at >= -0.5) & (row_at <= frame.n_row - 0.5) & (col_at >= -0.5) & (col_at <= frame.n_col - 0.5)
    )
    if not inside.any():
        return None
    wanted = max(1, math.floor(math.sqrt(np.ptp(row_at[inside]) * np.ptp(col_at[inside]) / inside.sum())))
    bounds = []
    for at, n in ((row_at[inside], frame.n_row), (col_at[inside], frame.n_col)):
        low = max(0, math.floor(at.min()) - EDGE_CELLS * wanted)
        bounds.append((low, min(n, math.ceil(at.max()) + 1 + EDGE_CELLS * wanted) - low))
    (row, n_row), (col, n_col) = bounds
    step = max(wanted, math.ceil(math.sqrt(n_row * n_col / max_cells)))
    return _Window(row, col, n_row, n_col, step)


def _sampled(
    height_m: NDArray[np.float64], row: NDArray[np.float64], col: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Sample by cubic splines; NaN where the nearest cell has no value or the place is outside."""
    void = np.isnan(height_m)
    if void.all():
        return np.full(row.shape, np.nan, dtype=np.float32)
    if void.any():
        nearest = ndimage.distance_transform_edt(void, return_distances=False, return_indices=True)
        height_m = height_m[tuple(nearest)]
    n_row, n_col = height_m.shape
    outside = ~((row >= -0.5) & (row <= n_row - 0.5) & (col >= -0.5) & (col <= n_col - 0.5))
    row, col = np.where(outside, 0.0, row), np.where(outside, 0.0, col)
    found = ndimage.map_coordinates(height_m, [row, col], order=3, mode="nearest")
    near_row = np.clip(np.rint(row).astype(np.int64), 0, n_row - 1)
    near_col = np.clip(np.rint(col).astype(np.int64), 0, n_col - 1)
    found[outside | void[near_row, near_col]] = np.nan
    return np.asarray(found, dtype=np.float32)
