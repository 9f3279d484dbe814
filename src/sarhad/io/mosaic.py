"""Many rasters read as one: tiles on one lattice of cells are a mosaic, and no cell is ever resampled in it.

Two tiles share a lattice where their reference systems are equal, their cells are equally large and their
corners lie whole numbers of cells apart, all within a hundredth of a cell. Tiles that do not (another zone,
another cell size, other latitudes of a model whose cells widen towards the pole) are mosaics of their own:
each is read straight onto the working grid, the finest first (`sarhad.io.terrain`).

    row = (top - y) / dy - 1/2,   col = (x - left) / dx - 1/2        integral at the centres of cells

Where tiles of one mosaic overlap, the one named first counts, and the next where the first has no value.

Tiles whose outermost centres lie on one line (Copernicus: whole degrees) leave a gap of (b - a) / 2 where
cells of a and of b > a meet. So where there are several mosaics, what no tile holds is served by one that
ends within a cell of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sarhad.errors import Fault, InputFaults
from sarhad.io.raster import RasterFrame, read_frame, read_window

EDGE_CELLS = 32
"""Cells outside all tiles repeat the edge of a tile that is at most this many cells away."""
BEYOND_CELLS = 1.0
"""Cells beyond their edges that tiles serve where mosaics meet and leave a gap."""
ALIGNED = 0.01
"""Cells by which a tile may lie off the lattice and still be on it."""

F64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Tile:
    """One raster of a mosaic; `row`, `col` is the mosaic's cell that its first cell is."""

    frame: RasterFrame
    row: int
    col: int

    def holds(self, row: F64, col: F64, beyond: float = 0.0) -> NDArray[np.bool_]:
        """Say which places, in fractional cells of the mosaic, lie on the tile or `beyond` cells from it."""
        rim = 0.5 + beyond
        inside = (row >= self.row - rim) & (row <= self.row + self.frame.n_row - 1 + rim)
        inside &= (col >= self.col - rim) & (col <= self.col + self.frame.n_col - 1 + rim)
        return np.asarray(inside)


@dataclass(frozen=True, slots=True)
class Mosaic:
    """Tiles on one lattice and the smallest part of it that holds them all, as a raster frame has it.

    `ground_cell_m` is the mean of the tiles' own: height and width in metres of a cell in their middle.
    """

    crs: str
    is_geographic: bool
    left: float
    top: float
    dx: float
    dy: float
    n_row: int
    n_col: int
    ground_cell_m: tuple[float, float]
    tiles: tuple[Tile, ...]

    def cells_at(self, x: F64, y: F64) -> tuple[F64, F64]:
        """Return fractional (row, col), integral at cell centres."""
        return (self.top - y) / self.dy - 0.5, (x - self.left) / self.dx - 0.5

    def place_of(self, row: F64, col: F64) -> tuple[F64, F64]:
        """Return (x, y) of fractional cells; the inverse of `cells_at`."""
        return self.left + (col + 0.5) * self.dx, self.top - (row + 0.5) * self.dy

    def holds(self, row: F64, col: F64, beyond: float = 0.0) -> NDArray[np.bool_]:
        """Say which places, in fractional cells, lie on some tile or `beyond` cells from it."""
        held = np.zeros(np.shape(row), dtype=np.bool_)
        for tile in self.tiles:
            held |= tile.holds(row, col, beyond)
            if held.all():
                break
        return held

    def lon_lat_of(self, row: F64, col: F64) -> list[tuple[float, float]]:
        """Return (lon_deg, lat_deg) of fractional cells."""
        from pyproj import Transformer

        to_lon_lat = Transformer.from_crs(self.crs, "EPSG:4326", always_xy=True)
        lon_deg, lat_deg = to_lon_lat.transform(*self.place_of(row, col))
        return list(zip(lon_deg.tolist(), lat_deg.tolist(), strict=True))

    @property
    def crs_name(self) -> str:
        """Name of the reference system, as EPSG:4326 where it has one."""
        from pyproj import CRS

        crs = CRS.from_wkt(self.crs)
        authority = crs.to_authority()
        return ":".join(authority) if authority else str(crs.name)

    def bounds(self) -> tuple[float, float, float, float]:
        """Return left, bottom, right, top in units of the reference system."""
        right, bottom = self.left + self.n_col * self.dx, self.top - self.n_row * self.dy
        return self.left, bottom, right, self.top


def reaches(n_mosaic: int) -> tuple[float, ...]:
    """Return how many cells beyond their edges tiles serve, in the order in which they are asked."""
    return (0.0, BEYOND_CELLS) if n_mosaic > 1 else (0.0,)


def lay_mosaics(paths: Iterable[Path]) -> tuple[Mosaic, ...]:
    """Return the mosaics that some rasters make, the finest cells first; no pixel is read.

    `InputFaults` with the faults of all files that cannot be one of them.
    """
    frames: list[RasterFrame] = []
    faults: list[Fault] = []
    for path in paths:
        try:
            frames.append(_known_frame(path))
        except InputFaults as error:
            faults += error.faults
    if faults:
        raise InputFaults(faults)
    groups: list[list[RasterFrame]] = []
    for frame in frames:
        group = next((group for group in groups if _aligned(group[0], frame)), None)
        if group is None:
            groups.append([frame])
        else:
            group.append(frame)
    return tuple(sorted(map(_mosaic, groups), key=lambda one: one.ground_cell_m[0] * one.ground_cell_m[1]))


def read_mosaic(mosaic: Mosaic, row: int, col: int, n_row: int, n_col: int) -> F64:
    """Return a window (row, col) of a mosaic, NaN where there is no value; only its tiles are opened.

    A cell outside all tiles repeats the edge of the first that is within `EDGE_CELLS`, so a window reads the
    same wherever it is cut.
    """
    value = np.full((n_row, n_col), np.nan)
    held = np.zeros((n_row, n_col), dtype=np.bool_)
    for tile, rows, cols in _touched(mosaic, row, col, n_row, n_col, 0):
        _take(value[rows, cols], np.isnan(value[rows, cols]), tile, row + rows.start, col + cols.start)
        held[rows, cols] = True
    if held.all():
        return value
    beyond = ~held
    for tile, rows, cols in _touched(mosaic, row, col, n_row, n_col, EDGE_CELLS):
        _take(value[rows, cols], beyond[rows, cols], tile, row + rows.start, col + cols.start)
        beyond[rows, cols] = False
    return value


def _take(value: F64, wanted: NDArray[np.bool_], tile: Tile, row: int, col: int) -> None:
    """Put a tile's values where they are wanted (in place)."""
    if wanted.any():
        part = read_window(tile.frame, row - tile.row, col - tile.col, *value.shape)
        value[wanted] = part[wanted]


def _touched(
    mosaic: Mosaic, row: int, col: int, n_row: int, n_col: int, reach: int
) -> Iterator[tuple[Tile, slice, slice]]:
    """Give the tiles that a window meets, each with the rows and columns of the window that it reaches."""
    for tile in mosaic.tiles:
        top, left = max(row, tile.row - reach), max(col, tile.col - reach)
        bottom = min(row + n_row, tile.row + tile.frame.n_row + reach)
        right = min(col + n_col, tile.col + tile.frame.n_col + reach)
        if top < bottom and left < right:
            yield tile, slice(top - row, bottom - row), slice(left - col, right - col)


def _known_frame(path: Path) -> RasterFrame:
    try:
        state = path.stat()
    except OSError:
        return read_frame(path)  # which says what is wrong with it
    return _frame_as_of(path, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=4096)
def _frame_as_of(path: Path, mtime_ns: int, size: int) -> RasterFrame:
    return read_frame(path)


@lru_cache(maxsize=256)
def _same_crs(one: str, other: str) -> bool:
    from pyproj import CRS

    return one == other or CRS.from_wkt(one).equals(CRS.from_wkt(other), ignore_axis_order=True)


def _aligned(one: RasterFrame, other: RasterFrame) -> bool:
    """Say whether two rasters share a lattice."""
    for step, other_step, away, n in (
        (one.dx, other.dx, other.left - one.left, max(one.n_col, other.n_col)),
        (one.dy, other.dy, one.top - other.top, max(one.n_row, other.n_row)),
    ):
        cells = away / step
        if abs(other_step / step - 1.0) * n > ALIGNED or abs(cells - round(cells)) > ALIGNED:
            return False
    return _same_crs(one.crs, other.crs)


def _mosaic(frames: list[RasterFrame]) -> Mosaic:
    first = frames[0]
    places = [
        (round((first.top - frame.top) / first.dy), round((frame.left - first.left) / first.dx))
        for frame in frames
    ]
    row, col = min(row for row, _ in places), min(col for _, col in places)
    tiles = tuple(
        Tile(frame, at_row - row, at_col - col)
        for frame, (at_row, at_col) in zip(frames, places, strict=True)
    )
    height_m, width_m = zip(*(frame.ground_cell_m for frame in frames), strict=True)
    return Mosaic(
        crs=first.crs,
        is_geographic=first.is_geographic,
        left=first.left + col * first.dx,
        top=first.top - row * first.dy,
        dx=first.dx,
        dy=first.dy,
        n_row=max(tile.row + tile.frame.n_row for tile in tiles),
        n_col=max(tile.col + tile.frame.n_col for tile in tiles),
        ground_cell_m=(sum(height_m) / len(frames), sum(width_m) / len(frames)),
        tiles=tiles,
    )
