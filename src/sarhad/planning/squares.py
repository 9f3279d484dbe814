"""Which one-degree squares the terrain of a line needs: those under the windows that its sectors read."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sarhad.io.basis import LineAndBand
from sarhad.io.copernicus import Square
from sarhad.model.grid import Grid
from sarhad.planning.sector import lonlat_of_cells, sectors

RIM_DEG = 3.0 / 3600.0
"""Tiles lie half a cell off their degree: a window counts with this much around it."""

F64 = NDArray[np.float64]


def squares_needed(course: LineAndBand) -> tuple[Square, ...]:
    """Return the squares that sectors read, each with the box of it that they read, from south to north."""
    found: dict[tuple[int, int], Square] = {}
    for plan in sectors(course):
        lon_deg, lat_deg = _points(plan.grid)
        for d_lat in (-RIM_DEG, RIM_DEG):
            for d_lon in (-RIM_DEG, RIM_DEG):
                _add(found, lon_deg + d_lon, lat_deg + d_lat)
    return tuple(found[key] for key in sorted(found))


def _points(grid: Grid) -> tuple[F64, F64]:
    """Return every cell of a grid's outline and one in 25 of the others."""
    row, col = np.meshgrid(np.arange(grid.n_row), np.arange(grid.n_col), indexing="ij")
    chosen = (row % 5 == 0) & (col % 5 == 0)
    chosen |= (row == 0) | (row == grid.n_row - 1) | (col == 0) | (col == grid.n_col - 1)
    return lonlat_of_cells(grid, np.flatnonzero(chosen))


def _add(found: dict[tuple[int, int], Square], lon_deg: F64, lat_deg: F64) -> None:
    lat, lon = np.floor(lat_deg).astype(np.int64), np.floor(lon_deg).astype(np.int64)
    for key in sorted(set(zip(lat.tolist(), lon.tolist(), strict=True))):
        here = (lat == key[0]) & (lon == key[1])
        box = (lat_deg[here].min(), lon_deg[here].min(), lat_deg[here].max(), lon_deg[here].max())
        south, west, north, east = (float(side) for side in box)
        if key in found:
            known = found[key]
            south, west = min(south, known.south_deg), min(west, known.west_deg)
            north, east = max(north, known.north_deg), max(east, known.east_deg)
        found[key] = Square(*key, south, west, north, east)
