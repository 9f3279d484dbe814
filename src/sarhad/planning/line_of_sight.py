"""The line of sight between a route and the nearest sensor, with the ground between them.

The nearest sensor to a route is the point sensor with the least distance to any of the cells of the route, of
several at one place the one that reaches farthest. The line goes to the nearest cell of the route that lies
within its reach and is hidden; to the nearest cell of all where none is. Clearance is that of
`sarhad.kernels.sight`: heights are lowered for curvature and refraction by curvature d^2 / (2 R).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from sarhad.kernels.sight import EARTH_RADIUS_M, line_of_sight_clearance_m
from sarhad.model.asset import Asset
from sarhad.planning.frame import cells_at, lonlat_of_cells
from sarhad.planning.ground import Ground
from sarhad.planning.units import Unit, units_in

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class SightLine:
    """From a sensor to a place of a route: `along_m` and `ground_m` (sample,) of the ground between.

    `reach_m` is the farthest that the sensor sees any target in any condition. `clearance_m` is that of the
    target's top over the highest line that grazes the ground: negative is hidden by as much. `hider_m` is how
    far from the sensor the ground stands that hides it most (or comes nearest to that). Of the route,
    `within_n` cells lie in reach and `seen_n` of those in sight.
    """

    asset_id: str
    equipment_id: str
    distance_m: float
    reach_m: float
    eye_m: float
    top_m: float
    clearance_m: float
    hider_m: float
    within_n: int
    seen_n: int
    along_m: F64
    ground_m: F64
    from_lon_lat_deg: tuple[float, float]
    to_lon_lat_deg: tuple[float, float]

    @property
    def is_seen(self) -> bool:
        """Whether the place is in reach and nothing hides it."""
        return self.distance_m <= self.reach_m and self.clearance_m >= 0.0


def nearest_sight(
    ground: Ground, assets: Sequence[Asset], route: shapely.LineString, target_m: float
) -> SightLine | None:
    """Return the line of sight of the point sensor nearest to a route; None where no sensor stands near."""
    units = [u for u in units_in(ground, assets) if u.stands_in(ground.dem_m.shape)]
    if not units:
        return None
    grid = ground.sector.grid
    lon_deg, lat_deg = shapely.get_coordinates(route).T
    cell = np.stack(cells_at(grid, lon_deg, lat_deg), axis=1)
    cell = cell[np.isfinite(ground.dem_m[cell[:, 0], cell[:, 1]])]
    away = [_away_m(unit, cell, grid.cell_m).min() for unit in units]
    unit = min(zip(away, units, strict=True), key=lambda one: (round(one[0], 3), -one[1].range_m))[1]
    away_m = _away_m(unit, cell, grid.cell_m)
    clear_m = np.array([_clearance_m(ground, unit, place, target_m) for place in cell])
    within = away_m <= unit.range_m
    seen = within & (clear_m >= 0.0)
    hidden = np.flatnonzero(within & ~seen)
    aimed = hidden if len(hidden) else np.arange(len(cell))
    at = int(aimed[np.argmin(away_m[aimed])])
    return _line(ground, unit, cell[at], target_m, (float(clear_m[at]), int(within.sum()), int(seen.sum())))


def _away_m(unit: Unit, cell: I64, cell_m: float) -> F64:
    away: F64 = np.hypot(cell[:, 0] - unit.row, cell[:, 1] - unit.col) * cell_m
    return away


def _clearance_m(ground: Ground, unit: Unit, place: I64, target_m: float) -> float:
    settings = ground.project.settings
    eye, top = (unit.row, unit.col), (int(place[0]), int(place[1]))
    if eye == top:
        return float("inf")
    return float(
        line_of_sight_clearance_m(
            ground.dem_m, eye, top, unit.mast_m, target_m, settings.cell_m, settings.curvature
        )
    )


def _line(
    ground: Ground, unit: Unit, place: I64, target_m: float, found: tuple[float, int, int]
) -> SightLine:
    """Return the line with the ground along it, between neighbouring cells by bilinear interpolation."""
    settings, grid = ground.project.settings, ground.sector.grid
    clearance_m, within_n, seen_n = found
    n = 2 * int(np.abs(place - [unit.row, unit.col]).max()) + 1
    share = np.linspace(0.0, 1.0, max(n, 2))
    row, col = unit.row + share * (place[0] - unit.row), unit.col + share * (place[1] - unit.col)
    distance_m = float(_away_m(unit, place[None, :], settings.cell_m)[0])
    along_m = share * distance_m
    ground_m = _between(ground.dem_m, row, col) - settings.curvature * along_m**2 / (2.0 * EARTH_RADIUS_M)
    eye_m, top_m = float(ground_m[0]) + unit.mast_m, float(ground_m[-1]) + target_m
    rise = np.full(len(share), -np.inf)
    rise[1:-1] = (ground_m[1:-1] - eye_m) / along_m[1:-1] if distance_m > 0 else -np.inf
    ends = np.array([unit.row * grid.n_col + unit.col, place[0] * grid.n_col + place[1]], np.int64)
    lon_deg, lat_deg = (values.tolist() for values in lonlat_of_cells(grid, ends))
    return SightLine(
        asset_id=unit.asset.asset_id,
        equipment_id=unit.equipment.equipment_id,
        distance_m=distance_m,
        reach_m=unit.range_m,
        eye_m=eye_m,
        top_m=top_m,
        clearance_m=clearance_m,
        hider_m=float(along_m[int(np.argmax(rise))]),
        within_n=within_n,
        seen_n=seen_n,
        along_m=along_m,
        ground_m=ground_m,
        from_lon_lat_deg=(lon_deg[0], lat_deg[0]),
        to_lon_lat_deg=(lon_deg[1], lat_deg[1]),
    )


def _between(dem_m: NDArray[np.float32], row: F64, col: F64) -> F64:
    low_row = np.minimum(np.floor(row).astype(np.int64), dem_m.shape[0] - 2)
    low_col = np.minimum(np.floor(col).astype(np.int64), dem_m.shape[1] - 2)
    down, right = row - low_row, col - low_col
    corners = [dem_m[low_row + i, low_col + j].astype(np.float64) for i in (0, 1) for j in (0, 1)]
    weights = [(1 - down) * (1 - right), (1 - down) * right, down * (1 - right), down * right]
    parts = [np.where(w > 1e-12, w * h, 0.0) for w, h in zip(weights, corners, strict=True)]
    total: F64 = np.sum(parts, axis=0)
    return total
