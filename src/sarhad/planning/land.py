"""Roads and land cover of a sector as cells: how fast a vehicle goes on a road, what cover hides and slows.

A road is drawn as a chain of cells, the fastest first where several share one; its lines need no topology.
A cell has a cover where its centre lies in a polygon of it (an even number of rings around it is outside);
of several covers the least share and the most friction count, so that one more never shows more of anyone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sarhad.kernels.linear import rasterise_8
from sarhad.kernels.rings import within_rings
from sarhad.model.grid import Grid
from sarhad.model.land import Courses, CoverClass
from sarhad.model.project import Project
from sarhad.model.target import Target
from sarhad.planning.frame import box_of, project_xy, window_of

Field = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Land:
    """`road_mps` (row, col) by season, 0 where there is no road; the cells (row, col) of each land cover."""

    road_mps: Mapping[str, Field] = field(default_factory=dict)
    cover: tuple[tuple[CoverClass, Mask], ...] = ()
    leaf_off: tuple[str, ...] = ()

    def window(self, rows: slice, cols: slice) -> Land:
        """Return the land of some rows and columns."""
        road_mps = {season: cells[rows, cols] for season, cells in self.road_mps.items()}
        cover = tuple((one, cells[rows, cols]) for one, cells in self.cover)
        return Land(road_mps, cover, self.leaf_off)

    def visible_share(self, target: Target, season: str) -> Field | None:
        """Return the factor (row, col) on rates of all that looks; None where nothing hides anyone."""
        share = None
        for one, cells in self.cover:
            if share is None:
                share = np.ones(cells.shape)
            own = one.visible_share(vehicle=is_vehicle(target), leaf_on=season not in self.leaf_off)
            share[cells] = np.minimum(share[cells], own)
        return share

    def friction(self, *, vehicle: bool) -> Field | None:
        """Return the factor (row, col) on the time of steps, at least 1; None where nothing slows."""
        friction = None
        for one, cells in self.cover:
            if friction is None:
                friction = np.ones(cells.shape)
            friction[cells] = np.maximum(friction[cells], one.friction(vehicle=vehicle))
        return friction


def is_vehicle(target: Target) -> bool:
    """Say whether a class of crossing drives; riders and walkers count as persons."""
    return target.speed == "vehicle"


def lay_land(project: Project, grid: Grid) -> Land:
    """Draw the project's roads and land cover on a grid."""
    return Land(
        _roads(project, grid),
        _cover(project, grid),
        () if project.land_cover is None else project.land_cover.leaf_off,
    )


def _roads(project: Project, grid: Grid) -> dict[str, Field]:
    roads = project.roads
    if roads is None:
        return {}
    near = roads.courses.meeting(*box_of(grid))
    drawn: dict[bytes, Field] = {}
    found = {}
    for season in sorted({condition.season for condition in project.conditions}):
        shut = roads.closed.get(season, np.zeros(len(roads.speed_mps), dtype=np.bool_))
        same = shut.tobytes()
        if same not in drawn:
            drawn[same] = _fastest_mps(near.some(~shut[near.owner]), roads.speed_mps, grid)
        found[season] = drawn[same]
    return found


def _fastest_mps(courses: Courses, road_mps: Field, grid: Grid) -> Field:
    """Return the speed (row, col) of the fastest road of each cell, 0 where there is none."""
    speed_mps = road_mps[courses.owner]
    cells_mps = np.zeros(grid.shape)
    for speed in np.unique(speed_mps):  # rising: the fastest road of a cell is drawn last
        cells_mps[rasterise_8(window_of(grid), *_in_metres(grid, courses.some(speed_mps == speed)))] = speed
    return cells_mps


def _cover(project: Project, grid: Grid) -> tuple[tuple[CoverClass, Mask], ...]:
    land_cover = project.land_cover
    if land_cover is None:
        return ()
    near = land_cover.courses.meeting(*box_of(grid))
    class_of = land_cover.class_of[near.owner]
    found = []
    for k, one in enumerate(land_cover.classes):
        rings = near.some(class_of == k)
        if len(rings.owner):
            found.append((one, within_rings(window_of(grid), *_in_metres(grid, rings), rings.owner)))
    return tuple(found)


def _in_metres(grid: Grid, courses: Courses) -> tuple[Field, Field, NDArray[np.int64]]:
    lon_deg, lat_deg = courses.lon_lat_deg.T
    return *project_xy(grid.crs, lon_deg, lat_deg), courses.ptr
