"""Which assets can matter in a sector at all, from places and ranges alone: before anything is built.

Nothing that is left out can matter; some of what is kept may not. A point counts where its range meets the
sector's window, a line or an area where its piece of the border comes as near to the window as the band is
wide: whatever lies in a cell belongs to the nearest point of the line.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sarhad.errors import UnknownName
from sarhad.model.asset import Asset, AtPoint, Place
from sarhad.model.grid import Grid
from sarhad.model.project import Project
from sarhad.planning.frame import project_xy
from sarhad.planning.sector import SectorPlan
from sarhad.planning.sensing import max_range_m

F64 = NDArray[np.float64]
STEP_M = 500.0
"""Pieces of the line are looked at this often."""


class Nearness:
    """Assets with their places projected once; raises UnknownName for a type that the project lacks."""

    def __init__(self, project: Project, assets: Sequence[Asset], crs: str) -> None:
        unknown = sorted({asset.equipment_id for asset in assets} - set(project.equipment))
        if unknown:
            raise UnknownName(f"equipment {unknown[0]!r} is not among the types that the project knows")
        settings = project.settings
        points = {asset.equipment_id for asset in assets if isinstance(asset.place, AtPoint)}
        range_m = {
            name: max_range_m(project.equipment[name], project.targets, project.conditions) for name in points
        }
        wide_m = max(settings.band_home_m, settings.band_beyond_m) + STEP_M
        self._crs, self._assets = crs, tuple(assets)
        self._reach_m = [range_m[a.equipment_id] if isinstance(a.place, AtPoint) else wide_m for a in assets]
        self._xy_m = [project_xy(crs, *_points(project, a.place)) for a in assets]

    def near(self, plan: SectorPlan) -> tuple[int, ...]:
        """Return the numbers of the assets that can matter in a sector, ascending."""
        found = []
        for i, (reach_m, (x_m, y_m)) in enumerate(zip(self._reach_m, self._xy_m, strict=True)):
            if len(x_m) and _away_m(plan.grid, x_m, y_m).min() <= reach_m + plan.grid.cell_m:
                found.append(i)
        return tuple(found)


def _points(project: Project, place: Place) -> tuple[F64, F64]:
    """Return (lon_deg, lat_deg) of a point, or of a piece of the line every `STEP_M` and at its ends."""
    if isinstance(place, AtPoint):
        return np.array([place.lon_deg]), np.array([place.lat_deg])
    lon_deg, lat_deg = [np.empty(0)], [np.empty(0)]
    for part in project.line.parts:
        from_m, to_m = max(place.from_m, part.from_m), min(place.to_m, part.to_m)
        if from_m <= to_m:
            at_m = np.linspace(from_m, to_m, 2 + int((to_m - from_m) / STEP_M))
            lon, lat = part.at(at_m)
            lon_deg.append(lon)
            lat_deg.append(lat)
    return np.concatenate(lon_deg), np.concatenate(lat_deg)


def _away_m(grid: Grid, x_m: F64, y_m: F64) -> F64:
    """Return how far places lie outside a grid, 0 inside."""
    right_m, bottom_m = grid.left_m + grid.n_col * grid.cell_m, grid.top_m - grid.n_row * grid.cell_m
    out_x_m = np.maximum(0.0, np.maximum(grid.left_m - x_m, x_m - right_m))
    out_y_m = np.maximum(0.0, np.maximum(bottom_m - y_m, y_m - grid.top_m))
    return np.hypot(out_x_m, out_y_m)
