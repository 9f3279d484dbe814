"""Rivers, canals and walls as friction and barrier cells of a sector.

A barrier is drawn one cell thick and without gaps (`rasterise_4`). A step costs the mean of the friction of
its two cells, so walking straight through one cell of friction F takes F cell / v in all; with

    F = 1 + delay v / (g cell)

the crossing costs `delay` more than open ground at the level speed v, at any cell size. g is how many of
its own lengths the cheapest way through a cell has: 1 where the cells on two opposite sides are free, and
(1 + sqrt 2) / 2 on the stairs of a diagonal barrier, where the way leads in by an edge and out by a corner.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sarhad.errors import InputFaults
from sarhad.io.placing import densify
from sarhad.kernels.linear import rasterise_4
from sarhad.model.project import Barrier, Project
from sarhad.planning.frame import clip, line_in, project_xy, window_of
from sarhad.planning.sector import Sector

F64 = NDArray[np.float64]
Mask = NDArray[np.bool_]

CORNER = (1 + np.sqrt(2)) / 2


def barrier_friction(
    project: Project, sector: Sector, season: str, *, level_speed_mps: float
) -> tuple[F64, Mask]:
    """Return friction (row, col), at least 1, and the closed cells (row, col) of a sector in a season.

    Barriers that share a cell add up; an infinite delay closes it.

    Raises:
        InputFaults: for a speed that is not positive, or a barrier without a delay (>= 0) in the season.
    """
    if not (np.isfinite(level_speed_mps) and level_speed_mps > 0):
        raise InputFaults.one("barrier_friction", "a positive level_speed_mps", level_speed_mps)
    friction, closed = np.ones(sector.grid.shape), np.zeros(sector.grid.shape, dtype=np.bool_)
    for barrier in project.barriers:
        delay_s = barrier.delay_s.get(season, np.nan)
        if not delay_s >= 0:
            expected = f"a delay of 0 s or more in season {season!r}"
            raise InputFaults.one(
                "barriers", expected, barrier.delay_s.get(season), column=barrier.barrier_id
            )
        if delay_s == 0:
            continue
        cells = barrier_cells(project, sector, barrier)
        if np.isinf(delay_s):
            closed |= cells
        else:
            extra = delay_s * level_speed_mps / sector.grid.cell_m
            friction[cells] += extra / _lengths_through(cells)[cells]
    return friction, closed


def barrier_cells(project: Project, sector: Sector, barrier: Barrier) -> Mask:
    """Return the cells (row, col) of a barrier; one on the line follows the line between its chainages."""
    grid = sector.grid
    if barrier.on_line:
        line = line_in(grid.crs, project.line)
        if not (barrier.from_m < line.chainage_m[-1] and barrier.to_m > line.chainage_m[0]):
            return np.zeros(grid.shape, dtype=np.bool_)
        piece = clip(line, ((barrier.from_m, barrier.to_m),))
        return rasterise_4(window_of(grid), piece.x_m, piece.y_m, piece.ptr)
    courses = [densify(course) for course in barrier.lon_lat_deg if len(course)]
    if not courses:
        return np.zeros(grid.shape, dtype=np.bool_)
    lon_deg, lat_deg = np.concatenate(courses).T
    x_m, y_m = project_xy(grid.crs, lon_deg, lat_deg)
    ptr = np.concatenate([[0], np.cumsum([len(course) for course in courses])]).astype(np.int64)
    return rasterise_4(window_of(grid), x_m, y_m, ptr)


def _lengths_through(cells: Mask) -> F64:
    """Length in cells of the cheapest way through each cell of a barrier (see the module)."""
    free = np.pad(~cells, 1, constant_values=True)
    through = (free[:-2, 1:-1] & free[2:, 1:-1]) | (free[1:-1, :-2] & free[1:-1, 2:])
    return np.where(through, 1.0, CORNER)
