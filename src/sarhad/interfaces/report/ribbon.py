"""Ribbons of colour beside the border line: every point of a ribbon belongs to the nearest stretch.

The line is sampled on the page every 0.2 mm, with a point just to either side of it. The Voronoi cells of
these points divide the page by side and by stretch; cut with buffers of the
line they give ribbons at a distance from it that never cross themselves, however the line winds.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import Voronoi

F64 = NDArray[np.float64]
STEP_MM = 0.2
ASIDE_MM = 0.02


class PageLine(NamedTuple):
    """The border line on the page: one (vertex, 2) array in mm and one of chainage in m for every run."""

    xy_mm: tuple[F64, ...]
    chainage_m: tuple[F64, ...]
    home_is_left: bool

    def at(self, chainage_m: float) -> F64:
        """Return the point (2,) at a chainage; the nearest end outside the line."""
        run = self._run_at(chainage_m)
        point: F64 = _along(self.xy_mm[run], self.chainage_m[run], np.array([chainage_m]))[0]
        return point

    def to_home(self, chainage_m: float, half_mm: float = 6.0) -> F64:
        """Return the unit vector (2,) towards home, across the line's course within `half_mm` either way."""
        run = self._run_at(chainage_m)
        xy, at_m = self.xy_mm[run], self.chainage_m[run]
        length_mm = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(xy, axis=0).T))])
        here = np.interp(chainage_m, at_m, length_mm)
        ends = np.clip([here - half_mm, here + half_mm], 0.0, length_mm[-1])
        (x_0, y_0), (x_1, y_1) = _along(xy, length_mm, ends)
        left = np.array([y_0 - y_1, x_1 - x_0])
        norm = float(np.hypot(*left))
        if norm == 0.0:
            return np.array([0.0, 1.0])
        return left / norm if self.home_is_left else -left / norm

    def shape(self) -> shapely.MultiLineString:
        """Return the line as a geometry on the page."""
        return shapely.MultiLineString([xy for xy in self.xy_mm if len(xy) > 1])

    def _run_at(self, chainage_m: float) -> int:
        ends = [at_m[-1] for at_m in self.chainage_m]
        return min(int(np.searchsorted(ends, chainage_m)), len(ends) - 1)


class Sides(NamedTuple):
    """The cells of one side of the page by stretch: geometries, or None where a stretch has no cell there."""

    home: tuple[shapely.Geometry | None, ...]
    far: tuple[shapely.Geometry | None, ...]


def divide(line: PageLine, starts_m: F64, reach_mm: float) -> Sides:
    """Divide the page within about `reach_mm` of the line by side and by stretch (given by starts)."""
    point, owner, is_home = _samples(line, starts_m)
    low, high = point.min(axis=0) - 4 * reach_mm - 10, point.max(axis=0) + 4 * reach_mm + 10
    corners = np.array([low, high, (low[0], high[1]), (high[0], low[1])])
    diagram = Voronoi(np.concatenate([point, corners]))
    cells: dict[tuple[bool, int], list[shapely.Geometry]] = {}
    for i in range(len(point)):
        region = diagram.regions[diagram.point_region[i]]
        if len(region) >= 3 and -1 not in region:
            cell = shapely.Polygon(diagram.vertices[region])
            cells.setdefault((bool(is_home[i]), int(owner[i])), []).append(cell)
    merged = {key: shapely.union_all(found, grid_size=1e-6) for key, found in cells.items()}
    n = len(starts_m)
    return Sides(
        home=tuple(merged.get((True, k)) for k in range(n)),
        far=tuple(merged.get((False, k)) for k in range(n)),
    )


def ribbon(
    cells: tuple[shapely.Geometry | None, ...], line: PageLine, from_mm: float, to_mm: float
) -> tuple[shapely.Geometry | None, ...]:
    """Return the piece of every stretch between two distances from the line, on the side of the cells."""
    shape = line.shape()
    band = shape.buffer(to_mm, cap_style="flat")
    if from_mm > 0.0:
        band = band.difference(shape.buffer(from_mm, cap_style="round"))
    shapely.prepare(band)
    return tuple(None if cell is None else shapely.intersection(cell, band) for cell in cells)


def _samples(line: PageLine, starts_m: F64) -> tuple[F64, NDArray[np.int64], NDArray[np.bool_]]:
    """Return points just beside the line, the stretch of each and whether it lies on the home side."""
    points, owners, homes = [], [], []
    for xy, at_m in zip(line.xy_mm, line.chainage_m, strict=True):
        length_mm = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(xy, axis=0).T))])
        n = max(2, int(np.ceil(length_mm[-1] / STEP_MM)))
        ends = np.linspace(0.0, length_mm[-1], n + 1)
        middle = (ends[:-1] + ends[1:]) / 2
        at = _along(xy, length_mm, middle)
        course = np.diff(_along(xy, length_mm, ends), axis=0)
        norm = np.maximum(np.hypot(*course.T), 1e-9)[:, None]
        left = np.column_stack([-course[:, 1], course[:, 0]]) / norm
        stretch = np.searchsorted(starts_m, np.interp(middle, length_mm, at_m), side="right") - 1
        for sign in (1.0, -1.0):
            points.append(at + sign * ASIDE_MM * left)
            owners.append(np.maximum(stretch, 0))
            homes.append(np.full(n, (sign > 0) == line.home_is_left))
    return np.concatenate(points), np.concatenate(owners), np.concatenate(homes)


def _along(xy: F64, along: F64, wanted: F64) -> F64:
    return np.column_stack([np.interp(wanted, along, xy[:, k]) for k in range(2)])
