"""Sectors: the band along the line, tiled into windows of one frame, and what every cell is.

A sector owns consecutive stretches and looks at a window: the bounding box of the cells within the band of
the line between `sector_margin_m` before and after its own stretches. Offset, side and chainage of a cell
come from the nearest point of the *whole* line, so that neighbouring sectors agree on every cell they share
and a limb of the line that folds back is seen. A cell is in the band when the window's part of the line is
within `band_home_m` of it (home) or `band_beyond_m` (beyond), and it does not lie past an open end of the
line, where there is no side.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation, binary_erosion

from sarhad.errors import InputFaults
from sarhad.kernels.linear import Offsets, Polyline, rasterise_8, signed_offset
from sarhad.model.grid import Grid
from sarhad.model.line import LinePart, Stretch
from sarhad.model.project import Project
from sarhad.planning.frame import (
    Course,
    Frame,
    clip,
    frame_of,
    line_in,
    locate,
    lonlat_of_cells,
    project_xy,
    window_of,
)

__all__ = [
    "Frame",
    "Sector",
    "SectorPlan",
    "build_sector",
    "frame_of",
    "goal_cells",
    "locate",
    "lonlat_of_cells",
    "sectors",
]

F64 = NDArray[np.float64]
Mask = NDArray[np.bool_]

COARSE = 4  # windows are found on cells this much larger, and are rounded outwards to them


@dataclass(frozen=True, slots=True)
class SectorPlan:
    """A sector before it is built: the stretches it owns, the chainage it looks at, and its window.

    `from_m`, `to_m` bound the owned stretches; `ranges_m` is the chainage with the margins, in two pieces
    where it wraps around a ring; `row`, `col` place the window's first cell in the frame.
    """

    sector_id: int
    part_id: str
    from_m: float
    to_m: float
    ranges_m: tuple[tuple[float, float], ...]
    stretches: tuple[int, ...]
    row: int
    col: int
    grid: Grid


@dataclass(frozen=True, slots=True, eq=False)
class Sector:
    """What every cell (row, col) of a window is.

    `offset_m` is positive on the home side, `home` is offset_m >= 0 and `outer` the rest, in the band or
    not; `stretch` is the stretch id of line cells (home cells in the band with an outer 8-neighbour in the
    band), else -1. `owned` (stretch,) are the ids of the sector's own stretches; `chainage_span_m` bounds
    what it looks at.
    """

    plan: SectorPlan
    grid: Grid
    offset_m: F64
    chainage_m: F64
    in_band: Mask
    home: Mask
    outer: Mask
    stretch: NDArray[np.int32]
    owned: NDArray[np.int64]

    @property
    def part_id(self) -> str:
        """Part of the line that the sector's own stretches belong to."""
        return self.plan.part_id

    @property
    def chainage_span_m(self) -> tuple[float, float]:
        """Least and greatest chainage that the window looks at."""
        return min(a for a, _ in self.plan.ranges_m), max(b for _, b in self.plan.ranges_m)

    def window(self, rows: slice, cols: slice) -> Sector:
        """Return the part of the sector on some of its rows and columns."""
        grid = self.grid.window(rows.start, cols.start, rows.stop - rows.start, cols.stop - cols.start)
        return Sector(
            self.plan,
            grid,
            np.ascontiguousarray(self.offset_m[rows, cols]),
            np.ascontiguousarray(self.chainage_m[rows, cols]),
            np.ascontiguousarray(self.in_band[rows, cols]),
            np.ascontiguousarray(self.home[rows, cols]),
            np.ascontiguousarray(self.outer[rows, cols]),
            np.ascontiguousarray(self.stretch[rows, cols]),
            self.owned,
        )


def sectors(project: Course) -> tuple[SectorPlan, ...]:
    """Divide every part into sectors of whole stretches, as near `settings.sector_m` long as possible.

    A ring takes two at least: within one sector its end would meet its start, and a way along it be no way.
    """
    settings, frame = project.settings, frame_of(project)
    line = line_in(frame.grid.crs, project.line)
    stretches = project.line.stretches(settings.stretch_m)
    plans: list[SectorPlan] = []
    for part in project.line.parts:
        own = [s for s in stretches if s.part_id == part.part_id and part.from_m <= s.from_m < part.to_m]
        n = min(len(own), max(1 + part.exclave, round((part.to_m - part.from_m) / settings.sector_m)))
        for share in np.array_split(np.arange(len(own)), n):
            first, last = own[share[0]], own[share[-1]]
            ranges_m = _ranges_m(line, part, first.from_m, last.to_m, settings.sector_margin_m)
            row, col, grid = _window(project, frame.grid, line, ranges_m)
            ids = tuple(range(first.stretch_id, last.stretch_id + 1))
            plans.append(
                SectorPlan(len(plans), part.part_id, first.from_m, last.to_m, ranges_m, ids, row, col, grid)
            )
    return tuple(plans)


def _ranges_m(
    line: Polyline, part: LinePart, from_m: float, to_m: float, margin_m: float
) -> tuple[tuple[float, float], ...]:
    """Widen a range by the margin within its run; around a ring the margins wrap."""
    bounds_m = line.chainage_m[line.ptr[:-1]]
    run = int(np.searchsorted(bounds_m, part.from_m, side="right")) - 1
    start_m, end_m = float(bounds_m[run]), float(line.chainage_m[line.ptr[run + 1] - 1])
    low, high = from_m - margin_m, to_m + margin_m
    if not line.closed[run]:
        return ((max(low, start_m), min(high, end_m)),)
    around_m = end_m - start_m
    if high - low >= around_m:
        return ((start_m, end_m),)
    if low < start_m:
        return ((start_m, high), (low + around_m, end_m))
    if high > end_m:
        return ((start_m, high - around_m), (low, end_m))
    return ((low, high),)


def _window(
    project: Course, frame: Grid, line: Polyline, ranges_m: tuple[tuple[float, float], ...]
) -> tuple[int, int, Grid]:
    """Return (row, col, grid) of the cells within the band of the chainage ranges."""
    settings = project.settings
    near = clip(line, ranges_m)
    step_m = COARSE * settings.cell_m
    reach_m = max(settings.band_home_m, settings.band_beyond_m) + step_m
    top = max(0, int((frame.top_m - near.y_m.max() - reach_m) // step_m))
    left = max(0, int((near.x_m.min() - reach_m - frame.left_m) // step_m))
    bottom = int(-((near.y_m.min() - reach_m - frame.top_m) // step_m))
    right = int((near.x_m.max() + reach_m - frame.left_m) // step_m) + 1
    coarse = Grid(
        frame.crs,
        frame.left_m + left * step_m,
        frame.top_m - top * step_m,
        step_m,
        bottom - top,
        right - left,
    )
    inside = _in_band(project, coarse, line, near, slack_m=0.75 * step_m)[1]  # fine centres lie within 0.54
    rows, cols = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    row, col = (top + int(rows[0])) * COARSE, (left + int(cols[0])) * COARSE
    n_row = min(COARSE * int(rows[-1] - rows[0] + 1), frame.n_row - row)
    n_col = min(COARSE * int(cols[-1] - cols[0] + 1), frame.n_col - col)
    return row, col, frame.window(row, col, n_row, n_col)


def _in_band(
    project: Course, grid: Grid, line: Polyline, near: Polyline, slack_m: float = 0.0
) -> tuple[Offsets, Mask]:
    """Return what the whole line makes of every cell, and which cells are in the band of the near part."""
    settings, window = project.settings, window_of(grid)
    left = project.line.home_side == "left"
    whole = signed_offset(window, line, home_is_left=left)
    distance_m = np.abs(signed_offset(window, near, home_is_left=left).offset_m)
    home = (whole.offset_m >= -slack_m) & (distance_m <= settings.band_home_m + slack_m)
    beyond = (whole.offset_m < slack_m) & (distance_m <= settings.band_beyond_m + slack_m)
    past_end = whole.past_end
    if slack_m:
        past_end = binary_erosion(past_end, np.ones((3, 3), dtype=bool), border_value=1)
    in_band: Mask = (home | beyond) & ~past_end
    return whole, in_band


def build_sector(project: Course, plan: SectorPlan) -> Sector:
    """Work out offset, chainage, side and stretch of every cell of a sector's window.

    A stretch of its own that no line cell is nearest to (a spike of the line thinner than a cell) gets the
    line cell nearest to its middle, taken from a stretch that has more than one.

    Raises:
        InputFaults: where there are fewer line cells than stretches (cells larger than half a stretch).
    """
    line = line_in(plan.grid.crs, project.line)
    whole, in_band = _in_band(project, plan.grid, line, clip(line, plan.ranges_m))
    home = whole.offset_m >= 0
    line_cell = in_band & home & binary_dilation(in_band & ~home, np.ones((3, 3), dtype=bool))
    stretches = project.line.stretches(project.settings.stretch_m)
    starts_m = np.array([s.from_m for s in stretches])
    stretch = np.full(plan.grid.shape, -1, dtype=np.int32)
    found = np.searchsorted(starts_m, whole.chainage_m[line_cell], side="right") - 1
    stretch[line_cell] = np.maximum(found, 0)
    for k in plan.stretches:
        if not np.any(stretch == k):
            _lend_cell(plan.grid, line, stretches[k], stretch)
    owned = np.array(plan.stretches, dtype=np.int64)
    return Sector(plan, plan.grid, whole.offset_m, whole.chainage_m, in_band, home, ~home, stretch, owned)


def _lend_cell(grid: Grid, line: Polyline, wanting: Stretch, stretch: NDArray[np.int32]) -> None:
    """Give a stretch the line cell nearest to its middle among those of stretches with more than one."""
    middle_m = (wanting.from_m + wanting.to_m) / 2
    x_m, y_m = np.interp(middle_m, line.chainage_m, line.x_m), np.interp(middle_m, line.chainage_m, line.y_m)
    row, col = np.nonzero(stretch >= 0)
    n_of = np.bincount(stretch[row, col], minlength=wanting.stretch_id + 1)
    spare = n_of[stretch[row, col]] > 1
    if not spare.any():
        expected = f"cells of at most half a stretch ({wanting.to_m - wanting.from_m:.0f} m)"
        raise InputFaults.one("settings", expected, f"{grid.cell_m:g} m", column="cell_m")
    row, col = row[spare], col[spare]
    x_cell_m, y_cell_m = grid.centre_m(row.astype(np.float64), col.astype(np.float64))
    nearest = int(np.argmin(np.hypot(x_cell_m - x_m, y_cell_m - y_m)))
    stretch[row[nearest], col[nearest]] = wanting.stretch_id


def goal_cells(project: Project, sector: Sector, depth_m: float) -> Mask:
    """Return the goal cells (row, col): home cells in the band at `depth_m` or deeper, or the given places.

    Raises:
        InputFaults: where the depth does not lie within the home side of the band.
    """
    home = sector.in_band & sector.home
    if project.goals.kind == "depth":
        if not 0 < depth_m < project.settings.band_home_m:
            expected = f"a depth between 0 and band_home_m ({project.settings.band_home_m:g} m)"
            raise InputFaults.one("goals", expected, f"{depth_m:g} m", column="depth_m")
        return home & (sector.offset_m >= depth_m)
    places = [p for p in project.goals.lon_lat_deg if len(p)]
    if not places:
        return np.zeros_like(home)
    lon_deg, lat_deg = np.concatenate(places).T
    x_m, y_m = project_xy(sector.grid.crs, lon_deg, lat_deg)
    ptr = np.concatenate([[0], np.cumsum([len(p) for p in places])]).astype(np.int64)
    return home & rasterise_8(window_of(sector.grid), x_m, y_m, ptr)
