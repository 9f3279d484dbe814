"""Rivers, canals and walls as friction and barrier cells of a sector.

A barrier is drawn one cell thick and without gaps (`rasterise_4`). A step costs the mean of the friction of
its two cells, so walking straight through one cell of friction F takes F cell / v in all; with

    F = 1 + delay v / (g cell)

the crossing costs `delay` more than open ground at the level speed v, at any cell size. g is how many of
its own lengths the cheapest way through a cell has: 1 where the cells on two opposite sides are free, and
(1 + sqrt 2) / 2 on the stairs of a diagonal barrier, where the way leads in by an edge and out by a corner.

An opening (ford, bridge, gate) is worth the cells of a barrier at most one cell from it: one cell alone would
not open the stairs of a diagonal barrier, through which no step leads by corners only. There the delay is
the least of the barrier's own and the openings'. Wheels cross at openings only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation

from sarhad.errors import InputFaults
from sarhad.io.placing import densify
from sarhad.kernels.linear import rasterise_4, rasterise_8
from sarhad.model.project import Barrier, Project
from sarhad.planning.frame import box_of, clip, line_in, project_xy, window_of
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
    return _friction(project.barriers, project, sector, season, level_speed_mps)


def team_friction(
    project: Project, sector: Sector, season: str, *, level_speed_mps: float, wheels: bool
) -> tuple[F64, Mask]:
    """Return what `barrier_friction` does, for teams: barriers on the line, which they never cross, left out.

    With `wheels` a barrier that costs anything is closed but at its openings. Raises InputFaults.
    """
    beside = tuple(barrier for barrier in project.barriers if not barrier.on_line)
    held = beside if project.teams_held else ()
    return _friction(held, project, sector, season, level_speed_mps, wheels=wheels)


def _friction(
    barriers: tuple[Barrier, ...],
    project: Project,
    sector: Sector,
    season: str,
    level_speed_mps: float,
    *,
    wheels: bool = False,
) -> tuple[F64, Mask]:
    if not (np.isfinite(level_speed_mps) and level_speed_mps > 0):
        raise InputFaults.one("barrier_friction", "a positive level_speed_mps", level_speed_mps)
    friction, closed = np.ones(sector.grid.shape), np.zeros(sector.grid.shape, dtype=np.bool_)
    openings = _openings(project, sector, season) if barriers else ()
    for barrier in barriers:
        own_s = _delay_s("barriers", barrier.barrier_id, barrier.delay_s, season)
        if own_s == 0:
            continue
        cells = barrier_cells(project, sector, barrier)
        if not cells.any():
            continue
        delay_s = np.full(sector.grid.shape, np.inf if wheels else own_s)
        for opening in openings:
            if opening.barrier_id in {"", barrier.barrier_id}:
                delay_s[opening.cells] = np.minimum(delay_s[opening.cells], min(own_s, opening.delay_s))
        closed |= cells & np.isinf(delay_s)
        slow = cells & np.isfinite(delay_s)
        extra = delay_s * level_speed_mps / sector.grid.cell_m
        friction[slow] += extra[slow] / _lengths_through(cells)[slow]
    return friction, closed


class _Opened(NamedTuple):
    """The cells (row, col) that openings of one delay and one barrier (empty: any) reach."""

    delay_s: float
    barrier_id: str
    cells: Mask


def _openings(project: Project, sector: Sector, season: str) -> tuple[_Opened, ...]:
    """Return what the openings of a sector reach; those that are closed open nothing."""
    box = box_of(sector.grid)
    courses: dict[tuple[float, str], list[F64]] = {}
    for opening in project.openings:
        delay_s = _delay_s("openings", opening.opening_id, opening.delay_s, season)
        for course in opening.lon_lat_deg:
            if np.isfinite(delay_s) and _meets(course, box):
                courses.setdefault((delay_s, opening.barrier_id), []).append(course)
    found = []
    for (delay_s, barrier_id), near in courses.items():
        drawn = rasterise_8(window_of(sector.grid), *_in_metres(sector, near))
        found.append(_Opened(delay_s, barrier_id, binary_dilation(drawn, np.ones((3, 3), dtype=bool))))
    return tuple(found)


def _delay_s(section: str, name: str, delay_of: Mapping[str, float], season: str) -> float:
    delay_s = delay_of.get(season, np.nan)
    if not delay_s >= 0:
        expected = f"a delay of 0 s or more in season {season!r}"
        raise InputFaults.one(section, expected, delay_of.get(season), column=name)
    return delay_s


def barrier_cells(project: Project, sector: Sector, barrier: Barrier) -> Mask:
    """Return the cells (row, col) of a barrier; one on the line follows the line between its chainages."""
    grid = sector.grid
    if barrier.on_line:
        line = line_in(grid.crs, project.line)
        if not (barrier.from_m < line.chainage_m[-1] and barrier.to_m > line.chainage_m[0]):
            return np.zeros(grid.shape, dtype=np.bool_)
        piece = clip(line, ((barrier.from_m, barrier.to_m),))
        return rasterise_4(window_of(grid), piece.x_m, piece.y_m, piece.ptr)
    courses = [densify(course) for course in barrier.lon_lat_deg if _meets(course, box_of(grid))]
    if not courses:
        return np.zeros(grid.shape, dtype=np.bool_)
    return rasterise_4(window_of(grid), *_in_metres(sector, courses))


def _meets(course_deg: F64, box: tuple[float, float, float, float]) -> bool:
    """Say whether a course may lie in a box; one with NaN does, so that it is refused and not passed over."""
    west, south, east, north = box
    low, high = course_deg.min(axis=0, initial=np.inf), course_deg.max(axis=0, initial=-np.inf)
    return not (low[0] > east or low[1] > north or high[0] < west or high[1] < south)


def _in_metres(sector: Sector, courses: Sequence[F64]) -> tuple[F64, F64, NDArray[np.int64]]:
    lon_deg, lat_deg = np.concatenate(courses).T
    ptr = np.concatenate([[0], np.cumsum([len(course) for course in courses])]).astype(np.int64)
    return *project_xy(sector.grid.crs, lon_deg, lat_deg), ptr


def _lengths_through(cells: Mask) -> F64:
    """Length in cells of the cheapest way through each cell of a barrier (see the module)."""
    free = np.pad(~cells, 1, constant_values=True)
    through = (free[:-2, 1:-1] & free[2:, 1:-1]) | (free[1:-1, :-2] & free[1:-1, 2:])
    return np.where(through, 1.0, CORNER)
