"""A map on the page: scale, relief, graticule, scale bar and north, in the frame's own projection."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import pyproj
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from sarhad.interfaces.language import decimal, number, translated
from sarhad.interfaces.report import palette
from sarhad.interfaces.report.hillshade import relief_rgb
from sarhad.interfaces.report.ribbon import PageLine
from sarhad.interfaces.report.sheet import (
    Box,
    Sheet,
    draw_box,
    draw_segments,
    draw_shape,
    width_mm,
    write,
)
from sarhad.io.mosaic import lay_mosaics
from sarhad.io.overview import read_overview
from sarhad.kernels.linear import Window, signed_offset
from sarhad.model.grid import Grid
from sarhad.model.project import Project
from sarhad.planning.frame import frame_crs, line_in, project_xy

F64 = NDArray[np.float64]
TEXT = translated(
    {
        "scale": "1 : {denominator}",
        "km": "{km} km",
        "north": "N",
        "east": "{deg}° E",
        "west": "{deg}° W",
        "north_of": "{deg}° N",
        "south": "{deg}° S",
    }
)
STEPS_DEG = (10.0, 5.0, 2.0, 1.0, 0.5, 0.25, 0.1, 0.05, 0.02, 0.01)
RELIEF_PER_MM = 6.0
KEEP_MM = 15.0
PAST_END_MM = 5.0
FADE_MM = (15.0, 60.0)
"""Where on the page the home side's tints begin to fade, and where they are gone."""


class MapFrame(NamedTuple):
    """A box of the page, the CRS it shows, the place at its middle and metres per millimetre."""

    box: Box
    crs: str
    middle_m: tuple[float, float]
    m_per_mm: float

    def to_page(self, x_m: F64, y_m: F64) -> F64:
        """Return places on the page (place, 2) in mm."""
        x_mm = self.box.left + self.box.width / 2 + (np.asarray(x_m) - self.middle_m[0]) / self.m_per_mm
        y_mm = self.box.bottom + self.box.height / 2 + (np.asarray(y_m) - self.middle_m[1]) / self.m_per_mm
        return np.stack([x_mm, y_mm], axis=-1)

    def from_page(self, xy_mm: F64) -> tuple[F64, F64]:
        """Return (x_m, y_m) of points on the page."""
        x_m = self.middle_m[0] + (xy_mm[..., 0] - self.box.left - self.box.width / 2) * self.m_per_mm
        y_m = self.middle_m[1] + (xy_mm[..., 1] - self.box.bottom - self.box.height / 2) * self.m_per_mm
        return x_m, y_m

    def place(self, lon_deg: F64, lat_deg: F64) -> F64:
        """Return places given by longitude and latitude on the page (place, 2)."""
        return self.to_page(*project_xy(self.crs, lon_deg, lat_deg))

    def lon_lat(self, xy_mm: F64) -> tuple[F64, F64]:
        """Return (lon_deg, lat_deg) of points on the page; not finite where the projection ends."""
        turn = pyproj.Transformer.from_crs(self.crs, "EPSG:4326", always_xy=True)
        lon_deg, lat_deg = turn.transform(*self.from_page(xy_mm))
        return np.asarray(lon_deg, dtype=np.float64), np.asarray(lat_deg, dtype=np.float64)


def lay_map(project: Project, box: Box, pad_mm: float) -> MapFrame:
    """Fit the whole line into a box with a margin all around, at the next round scale."""
    crs = frame_crs(project.line, project.settings)
    line = line_in(crs, project.line)
    low = np.array([line.x_m.min(), line.y_m.min()])
    high = np.array([line.x_m.max(), line.y_m.max()])
    room_mm = np.array([box.width - 2 * pad_mm, box.height - 2 * pad_mm])
    needed = max(float(np.max((high - low) / room_mm)), 1.0)
    x_m, y_m = ((low + high) / 2).tolist()
    centred = MapFrame(box, crs, (x_m, y_m), _round_up(needed))
    return _over_terrain(project, centred, low, high)


def lay_around(
    project: Project, lon_lat_deg: F64, box: Box, pad_mm: float, least_m_per_mm: float
) -> MapFrame:
    """Fit places (place, 2) into a box with a margin, at the next round scale no larger than the least."""
    crs = frame_crs(project.line, project.settings)
    x_m, y_m = project_xy(crs, *np.asarray(lon_lat_deg, dtype=np.float64).T)
    extent = np.array([np.ptp(x_m), np.ptp(y_m)])
    room_mm = np.array([box.width - 2 * pad_mm, box.height - 2 * pad_mm])
    scale = _round_up(max(float(np.max(extent / room_mm)), least_m_per_mm))
    middle = (float(x_m.min() + x_m.max()) / 2, float(y_m.min() + y_m.max()) / 2)
    return MapFrame(box, crs, middle, scale)


def _over_terrain(project: Project, frame: MapFrame, low: F64, high: F64) -> MapFrame:
    """Shift a map, while its line keeps its distance from the edge, so that less of it is without relief."""
    raster = lay_mosaics(project.terrain.paths)[-1]  # the coarsest, which reaches farthest as a rule
    share = np.linspace(0.0, 1.0, 41)
    x = raster.left + raster.dx * raster.n_col * np.concatenate([share, share, 0 * share, 0 * share + 1])
    y = raster.top - raster.dy * raster.n_row * np.concatenate([0 * share, 0 * share + 1, share, share])
    turn = pyproj.Transformer.from_crs(raster.crs, frame.crs, always_xy=True)
    edge = np.stack(turn.transform(x, y))
    if not np.all(np.isfinite(edge)):
        return frame
    top, bottom, left, right = (edge[:, k * 41 : (k + 1) * 41] for k in range(4))
    inner_low = np.array([left[0].max(), bottom[1].max()])
    inner_high = np.array([right[0].min(), top[1].min()])
    half = np.array([frame.box.width, frame.box.height]) / 2 * frame.m_per_mm
    keep = KEEP_MM * frame.m_per_mm
    middle = np.array(frame.middle_m)
    wanted = np.clip(middle, inner_low + half, np.maximum(inner_high - half, inner_low + half))
    shifted = np.clip(wanted, np.minimum(high + keep - half, middle), np.maximum(low - keep + half, middle))
    return frame._replace(middle_m=(float(shifted[0]), float(shifted[1])))


def page_line(project: Project, frame: MapFrame) -> PageLine:
    """Return the border line on the page."""
    line = line_in(frame.crs, project.line)
    xy = frame.to_page(line.x_m, line.y_m)
    runs = list(zip(line.ptr[:-1].tolist(), line.ptr[1:].tolist(), strict=True))
    return PageLine(
        tuple(xy[a:b] for a, b in runs),
        tuple(line.chainage_m[a:b] for a, b in runs),
        project.line.home_side == "left",
    )


def _round_up(value: float) -> float:
    """Return the next of 1, 1.2, 1.5, 1.8, 2, 2.5, 3, 4, 5, 6, 8 x 10^n."""
    power = 10.0 ** math.floor(math.log10(value))
    steps = (1.0, 1.2, 1.5, 1.8, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
    return next(step * power for step in steps if step * power >= value * (1 - 1e-9))


def draw_relief(sheet: Sheet, project: Project, frame: MapFrame) -> None:
    """Draw the shaded relief: the home side in tints that fade away from the line, the rest veiled."""
    box = frame.box
    n_col, n_row = round(box.width * RELIEF_PER_MM), round(box.height * RELIEF_PER_MM)
    cell_m = frame.m_per_mm / RELIEF_PER_MM
    x_m, y_m = frame.from_page(np.array([box.left, box.top]))
    grid = Grid(frame.crs, float(x_m), float(y_m), cell_m, n_row, n_col)
    height_m = read_overview(project.terrain.paths, grid)
    picture = relief_rgb(height_m, cell_m, _veil(project, frame, grid))
    sheet.axes.imshow(
        picture,
        extent=(box.left, box.right, box.bottom, box.top),
        interpolation="bilinear",
        aspect="auto",
        zorder=1.0,
    )
    sheet.axes.set_xlim(0.0, sheet.width_mm)
    sheet.axes.set_ylim(0.0, sheet.height_mm)


def _veil(project: Project, frame: MapFrame, grid: Grid, coarse: int = 4) -> F64:
    """Return 0 on the home side by the line, 1 on the far side and where there is none (row, col)."""
    n_row, n_col = -(-grid.n_row // coarse), -(-grid.n_col // coarse)
    window = Window(grid.left_m, grid.top_m, grid.cell_m * coarse, n_row, n_col)
    line = line_in(frame.crs, project.line)
    offsets = signed_offset(window, line, home_is_left=project.line.home_side == "left")
    soft_m = grid.cell_m * coarse
    veil = np.clip(0.5 - offsets.offset_m / (2 * soft_m), 0.0, 1.0)
    away = (np.abs(offsets.offset_m) / frame.m_per_mm - FADE_MM[0]) / (FADE_MM[1] - FADE_MM[0])
    veil = np.maximum(veil, np.clip(away, 0.0, 1.0))
    beyond = gaussian_filter(offsets.past_end.astype(np.float64), PAST_END_MM * RELIEF_PER_MM / coarse)
    veil = np.maximum(veil, np.clip(2.0 * beyond, 0.0, 1.0))
    spread: F64 = np.repeat(np.repeat(veil, coarse, axis=0), coarse, axis=1)
    return spread[: grid.n_row, : grid.n_col]


def draw_edge(sheet: Sheet, frame: MapFrame, n_least: int = 5) -> list[Box]:
    """Draw the frame with ticks of longitude and latitude, and crosses where they meet; return the labels.

    Meridians are as far apart as leaves about `n_least` of them.
    """
    box = frame.box
    lon_deg, lat_deg = frame.lon_lat(_outline(box))
    step = next(s for s in STEPS_DEG if np.ptp(lon_deg) / s >= n_least or s == STEPS_DEG[-1])
    digits = next(n for n in range(3) if abs(step * 10**n - round(step * 10**n)) < 1e-9)
    labels: list[Box] = []
    ticks: list[F64] = []
    for side, (start, end, outward) in enumerate(_edges(box)):
        along = start + np.linspace(0.0, 1.0, 801)[:, None] * (end - start)
        values = frame.lon_lat(along)[0 if side < 2 else 1]
        for value in _multiples(values, step):
            at = _crossing(values, along, value)
            ticks.append(np.stack([at, at - 1.6 * outward]))
            name = _degrees(value, digits, ("east", "west") if side < 2 else ("north_of", "south"))
            where = at - (np.array([1.0, 2.8]) if side < 2 else np.array([2.0, 0.0])) * outward
            wide = width_mm(name, palette.SMALL) + 1.0
            if min(np.hypot(*(at - start)), np.hypot(*(at - end))) < wide:
                continue  # it would run out of the corner
            reach = 0.5 if side < 2 else (1.0 if outward[0] > 0 else 0.0)
            labels.append(Box(float(where[0]) - reach * wide, float(where[1]) - 1.6, wide, 3.2))
            align = "center" if side < 2 else ("left" if outward[0] < 0 else "right")
            write(
                sheet,
                tuple(where),
                name,
                palette.SMALL,
                align=align,
                upright="center",
                halo_mm=0.5,
                order=9.0,
            )
    draw_segments(sheet, np.array(ticks).reshape(-1, 2, 2), palette.INK, 0.15, order=8.6)
    _draw_crosses(sheet, frame, _multiples(lon_deg, step), _multiples(lat_deg, step))
    draw_box(sheet, box, edge=palette.INK, wide_mm=0.3, order=9.5)
    return labels


def _edges(box: Box) -> list[tuple[F64, F64, F64]]:
    """Return the bottom, top, left and right edges as (start, end, outward)."""
    low_left, low_right = np.array([box.left, box.bottom]), np.array([box.right, box.bottom])
    top_left, top_right = np.array([box.left, box.top]), np.array([box.right, box.top])
    return [
        (low_left, low_right, np.array([0.0, -1.0])),
        (top_left, top_right, np.array([0.0, 1.0])),
        (low_left, top_left, np.array([-1.0, 0.0])),
        (low_right, top_right, np.array([1.0, 0.0])),
    ]


def _outline(box: Box) -> F64:
    share = np.linspace(0.0, 1.0, 201)[:, None]
    return np.concatenate([start + share * (end - start) for start, end, _ in _edges(box)])


def _multiples(values: F64, step: float) -> list[float]:
    first, last = math.ceil(values.min() / step + 1e-9), math.floor(values.max() / step - 1e-9)
    return [k * step for k in range(first, last + 1)]


def _crossing(values: F64, along: F64, value: float) -> F64:
    order = np.argsort(values, kind="stable")
    return np.array([np.interp(value, values[order], along[order, k]) for k in range(2)])


def _degrees(value: float, digits: int, keys: tuple[str, str]) -> str:
    return TEXT[keys[0] if value >= 0 else keys[1]].format(deg=decimal(abs(value), digits))


def _draw_crosses(sheet: Sheet, frame: MapFrame, lon_deg: list[float], lat_deg: list[float]) -> None:
    box, half_mm = frame.box, 0.9
    lon, lat = (values.ravel() for values in np.meshgrid(lon_deg, lat_deg))
    if not len(lon):
        return
    at = frame.place(lon, lat)
    inner = (at[:, 0] > box.left + 6) & (at[:, 0] < box.right - 6)
    inner &= (at[:, 1] > box.bottom + 6) & (at[:, 1] < box.top - 6)
    at = at[inner]
    across, up = np.array([half_mm, 0.0]), np.array([0.0, half_mm])
    arms = [np.stack([at - arm, at + arm], axis=1) for arm in (across, up)]
    draw_segments(sheet, np.concatenate(arms), palette.SOFT, 0.1, order=1.5)


def draw_scale_bar(sheet: Sheet, frame: MapFrame, right_mm: float, bottom_mm: float) -> None:
    """Draw a bar of round kilometres, up to 60 mm long, with the scale as a ratio above it."""
    length_km = palette.round_down(60.0 * frame.m_per_mm / 1000.0)
    length_mm = length_km * 1000.0 / frame.m_per_mm
    left_mm = right_mm - length_mm
    for k in range(4):
        part = Box(left_mm + k * length_mm / 4, bottom_mm, length_mm / 4, 1.1)
        draw_box(sheet, part, palette.INK if k % 2 == 0 else palette.PAPER, palette.INK, 0.15, order=9.0)
    for k in (0, 2, 4):
        value = length_km * k / 4
        words = TEXT["km"].format(km=number(value)) if k == 4 else number(value)
        at = (left_mm + k * length_mm / 4, bottom_mm + 2.1)
        write(sheet, at, words, palette.SMALL, align="center", halo_mm=0.5)
    ratio = TEXT["scale"].format(denominator=decimal(frame.m_per_mm * 1000.0))
    write(sheet, (left_mm - 3.0, bottom_mm), ratio, palette.SMALL, align="right", halo_mm=0.5)


def draw_north(sheet: Sheet, frame: MapFrame, at: tuple[float, float], long_mm: float = 10.0) -> None:
    """Draw an arrow to true north as it lies at that place of the map."""
    lon_deg, lat_deg = frame.lon_lat(np.array(at))
    ahead = frame.place(np.array([lon_deg]), np.array([lat_deg + 0.01]))[0] - np.array(at)
    ahead = ahead / np.hypot(*ahead)
    aside = np.array([ahead[1], -ahead[0]])
    foot, tip = np.array(at), np.array(at) + long_mm * ahead
    notch = foot + 0.22 * long_mm * ahead
    for sign, fill in ((-1.0, palette.INK), (1.0, palette.PAPER)):
        corner = foot + sign * 0.24 * long_mm * aside
        draw_shape(sheet, [tip, corner, notch], fill, palette.INK, 0.15, order=9.0)
    top = tip + 2.2 * ahead
    write(
        sheet,
        (float(top[0]), float(top[1])),
        TEXT["north"],
        palette.BODY_BOLD,
        align="center",
        upright="center",
        halo_mm=0.5,
    )


def room_for_scale(frame: MapFrame) -> tuple[float, float]:
    """Return the width and height in mm that the scale bar, its ratio and the north arrow take."""
    ratio = TEXT["scale"].format(denominator=decimal(frame.m_per_mm * 1000.0))
    return 66.0 + width_mm(ratio, palette.SMALL) + 14.0, 16.0
