"""One frame for the whole line: a projected grid that every sector's window is cut from.

    settings.crs = "auto": Lambert azimuthal equal-area, centred on the middle of the line's bounding box

(J. P. Snyder, *Map Projections: A Working Manual*, USGS Professional Paper 1395, 1987, p. 182). Cells have
equal area everywhere; at an angular distance c from the centre lengths are off by at most 1 / cos(c / 2) -
1, or c^2 / 8: 0.012 % at 200 km (a line 400 km long), 0.034 % at 330 km, 0.08 % at 500 km, 1 % at 1,800 km.
The origin is snapped to whole multiples of 10,800 m, so that cells of 30, 45, 60, 90, 180, 360 m nest.
Nothing of the frame's size is ever allocated.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from pyproj import CRS, Proj, Transformer
from pyproj.exceptions import CRSError

from sarhad.errors import InputFaults
from sarhad.io.placing import Trace, trace
from sarhad.kernels.linear import Polyline, Window
from sarhad.model.grid import Grid
from sarhad.model.line import Line
from sarhad.model.project import Settings

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

SNAP_M = 10_800.0
MAX_SCALE_ERROR = 0.01
WIDE_DEG = 0.01


class Course(Protocol):
    """What the frame and the sectors are laid along: a project, or its line and settings alone."""

    @property
    def line(self) -> Line:
        """The border line."""

    @property
    def settings(self) -> Settings:
        """How wide the band is, how large the cells are."""


@dataclass(frozen=True, slots=True)
class Frame:
    """The grid of the whole line, and the largest error of scale anywhere on the line (0.01 is 1 %)."""

    grid: Grid
    scale_error: float


def frame_of(project: Course) -> Frame:
    """Lay the frame of a project: its line with the band on both sides, snapped outwards.

    Raises:
        InputFaults: for a CRS that is unknown, not projected, not in metres, or off in scale by 1 % or more.
    """
    settings = project.settings
    samples = trace(project.line)
    crs = frame_crs(project.line, settings)
    scale_error = _scale_error(crs, samples)
    if not scale_error <= MAX_SCALE_ERROR:
        expected = f"a projection true to {MAX_SCALE_ERROR:.0%} along the whole line"
        raise InputFaults.one("settings", expected, f"{scale_error:.1%} in {crs}", column="crs")
    x_m, y_m = project_xy(crs, samples.lon_deg, samples.lat_deg)
    band_m = max(settings.band_home_m, settings.band_beyond_m) + settings.cell_m
    left_m = np.floor((x_m.min() - band_m) / SNAP_M) * SNAP_M
    top_m = np.ceil((y_m.max() + band_m) / SNAP_M) * SNAP_M
    n_col = int(np.ceil((x_m.max() + band_m - left_m) / settings.cell_m))
    n_row = int(np.ceil((top_m - y_m.min() + band_m) / settings.cell_m))
    return Frame(Grid(crs, float(left_m), float(top_m), settings.cell_m, n_row, n_col), scale_error)


def frame_crs(line: Line, settings: Settings) -> str:
    """Return the CRS of the frame: the one set, or an equal-area one centred on the line to 0.1 degrees."""
    if settings.crs != "auto":
        return _checked_crs(settings.crs)
    lon_deg = [f(part.lon_deg) for part in line.parts for f in (np.min, np.max)]
    lat_deg = [f(part.lat_deg) for part in line.parts for f in (np.min, np.max)]
    lon_0, lat_0 = (round((min(d) + max(d)) / 2, 1) for d in (lon_deg, lat_deg))
    return f"+proj=laea +lat_0={lat_0} +lon_0={lon_0} +x_0=0 +y_0=0 +datum=WGS84 +units=m +no_defs"


def _checked_crs(text: str) -> str:
    try:
        crs = CRS.from_user_input(text)
    except CRSError as error:
        raise InputFaults.one("settings", "'auto' or a known CRS", text, column="crs") from error
    units = {axis.unit_name for axis in crs.axis_info}
    if not crs.is_projected or units - {"metre", "meter"}:
        raise InputFaults.one("settings", "a projected CRS in metres, or 'auto'", text, column="crs")
    return text


def _scale_error(crs: str, samples: Trace) -> float:
    factors = Proj(crs).get_factors(samples.lon_deg, samples.lat_deg)
    largest, least = np.max(factors.tissot_semimajor), np.min(factors.tissot_semiminor)
    return float(max(largest - 1, 1 - least))


@lru_cache(maxsize=32)
def _transformer(crs: str, inverse: bool) -> Transformer:
    pair = (crs, "EPSG:4326") if inverse else ("EPSG:4326", crs)
    return Transformer.from_crs(*pair, always_xy=True)


def project_xy(crs: str, lon_deg: F64, lat_deg: F64) -> tuple[F64, F64]:
    """Return (x_m, y_m) of places in the frame's CRS.

    Raises:
        InputFaults: for places that are not finite or that the projection cannot show.
    """
    lon, lat = np.asarray(lon_deg, dtype=np.float64), np.asarray(lat_deg, dtype=np.float64)
    x_m, y_m = _transformer(crs, False).transform(lon, lat)
    bad = ~(np.isfinite(x_m) & np.isfinite(y_m))
    if np.any(bad):
        found = f"longitude {lon[bad][0]}, latitude {lat[bad][0]}"
        raise InputFaults.one("places", f"longitudes and latitudes within the reach of {crs}", found)
    return np.asarray(x_m, dtype=np.float64), np.asarray(y_m, dtype=np.float64)


def unproject(crs: str, x_m: F64, y_m: F64) -> tuple[F64, F64]:
    """Return (lon_deg, lat_deg) of places in the frame's CRS."""
    lon_deg, lat_deg = _transformer(crs, True).transform(x_m, y_m)
    return np.asarray(lon_deg, dtype=np.float64), np.asarray(lat_deg, dtype=np.float64)


def cells_at(grid: Grid, lon_deg: F64, lat_deg: F64) -> tuple[I64, I64]:
    """Return (row, col) of the cells that hold the places, on the grid or on its continuation."""
    x_m, y_m = project_xy(grid.crs, lon_deg, lat_deg)
    row_at, col_at = grid.cell_at(x_m, y_m)
    return np.floor(row_at + 0.5).astype(np.int64), np.floor(col_at + 0.5).astype(np.int64)


def locate(grid: Grid, lon_deg: F64, lat_deg: F64) -> tuple[I64, I64]:
    """Return (row, col) of the cells that hold the places; both -1 outside the grid."""
    row, col = cells_at(grid, lon_deg, lat_deg)
    inside = (row >= 0) & (row < grid.n_row) & (col >= 0) & (col < grid.n_col)
    return np.where(inside, row, -1), np.where(inside, col, -1)


def lonlat_of_cells(grid: Grid, cells: I64) -> tuple[F64, F64]:
    """Return (lon_deg, lat_deg) of the centres of flat cells of the grid."""
    row, col = np.divmod(np.asarray(cells, dtype=np.int64), grid.n_col)
    if np.any((row < 0) | (row >= grid.n_row)):
        raise InputFaults.one("cells", f"flat cells within 0..{grid.n_cell - 1}", "others")
    return unproject(grid.crs, *grid.centre_m(row.astype(np.float64), col.astype(np.float64)))


def box_of(grid: Grid) -> tuple[float, float, float, float]:
    """Return (west, south, east, north) in degrees of a box around the grid, about a kilometre wide of it."""
    left, bottom = grid.left_m, grid.top_m - grid.n_row * grid.cell_m
    right = grid.left_m + grid.n_col * grid.cell_m
    west, south, east, north = _transformer(grid.crs, True).transform_bounds(left, bottom, right, grid.top_m)
    aside_deg = WIDE_DEG / np.cos(np.radians(min(max(abs(south), abs(north)), 89.0)))
    return west - aside_deg, south - WIDE_DEG, east + aside_deg, north + WIDE_DEG


def window_of(grid: Grid) -> Window:
    """Return the grid as the kernels want it."""
    return Window(grid.left_m, grid.top_m, grid.cell_m, grid.n_row, grid.n_col)


def line_in(crs: str, line: Line) -> Polyline:
    """Return the whole line in a CRS, with points between its vertices so that long steps bend rightly."""
    samples = trace(line)
    x_m, y_m = project_xy(crs, samples.lon_deg, samples.lat_deg)
    return Polyline(x_m, y_m, samples.chainage_m, samples.ptr, samples.closed)


def clip(line: Polyline, ranges_m: tuple[tuple[float, float], ...]) -> Polyline:
    """Cut the pieces of a line that lie within ranges of chainage; the pieces are open runs."""
    pieces: list[F64] = []
    for a, b in zip(line.ptr[:-1], line.ptr[1:], strict=True):
        run = np.stack([line.x_m[a:b], line.y_m[a:b], line.chainage_m[a:b]])
        for from_m, to_m in ranges_m:
            low, high = max(from_m, run[2, 0]), min(to_m, run[2, -1])
            if low < high:
                inner = run[2][(run[2] > low) & (run[2] < high)]
                at_m = np.concatenate([[low], inner, [high]])
                pieces.append(np.stack([*(np.interp(at_m, run[2], values) for values in run[:2]), at_m]))
    if not pieces:
        raise InputFaults.one("ranges_m", "ranges of chainage that meet the line", ranges_m)
    x_m, y_m, at_m = np.concatenate(pieces, axis=1)
    ptr = np.concatenate([[0], np.cumsum([piece.shape[1] for piece in pieces])]).astype(np.int64)
    return Polyline(x_m, y_m, at_m, ptr, np.zeros(len(pieces), dtype=np.bool_))
