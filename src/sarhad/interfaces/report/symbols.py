"""Symbols of what stands along the border: one shape a group, hollow today, full planned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from sarhad.interfaces.report import palette
from sarhad.interfaces.report.map_frame import MapFrame
from sarhad.interfaces.report.ribbon import PageLine
from sarhad.interfaces.report.sheet import Sheet, draw_line, draw_segments, draw_shape
from sarhad.model.asset import AlongLine, Asset, AtPoint, OverBand
from sarhad.model.equipment import EquipmentType
from sarhad.model.project import Project

F64 = NDArray[np.float64]

GROUPS = ("observer", "camera", "radar", "line", "air")
GROUP_OF: Mapping[str, str] = {
    "observer": "observer",
    "day_camera": "camera",
    "thermal_camera": "camera",
    "radar": "radar",
    "seismic": "line",
    "pir": "line",
    "magnetic": "line",
    "fibre": "line",
    "fence": "line",
    "aircraft": "air",
    "drone": "air",
}
SIZE_MM: Mapping[str, float] = {"observer": 1.45, "camera": 2.0, "radar": 2.1}
LINE_ASIDE_MM, LINE_WIDE_MM = 0.75, 0.75
AIR_ASIDE_MM = 4.2


class Drawn(NamedTuple):
    """How a symbol is coloured."""

    fill: str
    edge: str
    wide_mm: float
    order: float


TODAY = Drawn(palette.PAPER, palette.INK, 0.22, 6.4)
PLANNED = Drawn(palette.PLANNED, palette.PAPER, 0.2, 6.6)


def outline(group: str, at: F64, size_mm: float) -> F64:
    """Return the outline (point, 2) of a point symbol: square, triangle or diamond of about equal weight."""
    half = size_mm / 2
    shape = {
        "observer": [(-half, -half), (half, -half), (half, half), (-half, half)],
        "camera": [(-half, -0.75 * half), (half, -0.75 * half), (0.0, half)],
        "radar": [(0.0, -half), (half, 0.0), (0.0, half), (-half, 0.0)],
    }[group]
    points: F64 = np.asarray(at, dtype=np.float64) + np.array(shape)
    return points


def group_of(asset: Asset, equipment: Mapping[str, EquipmentType]) -> str:
    """Return the group of an asset's equipment."""
    return GROUP_OF[equipment[asset.equipment_id].kind]


def draw_assets(
    sheet: Sheet, project: Project, frame: MapFrame, line: PageLine, assets: Iterable[Asset], style: Drawn
) -> list[shapely.Geometry]:
    """Draw assets and return what they cover; of several at one place the weightiest shows."""
    points: dict[tuple[float, float], str] = {}
    found: list[shapely.Geometry] = []
    for asset in assets:
        group = group_of(asset, project.equipment)
        place = asset.place
        if isinstance(place, AtPoint):
            at = (round(place.lon_deg, 4), round(place.lat_deg, 4))
            if at not in points or GROUPS.index(group) > GROUPS.index(points[at]):
                points[at] = group
        else:
            found.append(_draw_along(sheet, line, place, style))
    if not points:
        return found
    lon_deg, lat_deg = np.array(list(points)).T
    shown = zip(points.values(), frame.place(lon_deg, lat_deg), strict=True)
    for group, at_mm in sorted(shown, key=lambda row: (-row[1][1], row[1][0])):
        size = SIZE_MM.get(group, SIZE_MM["camera"])
        shape = group if group in SIZE_MM else "camera"
        draw_shape(sheet, outline(shape, at_mm, size), style.fill, style.edge, style.wide_mm, style.order)
        found.append(shapely.box(*(at_mm - size / 2), *(at_mm + size / 2)))
    return found


def _draw_along(sheet: Sheet, line: PageLine, place: AlongLine | OverBand, style: Drawn) -> shapely.Geometry:
    """Draw what lies along a range of chainage, beside the line on the home side."""
    colour = style.fill if style.fill != palette.PAPER else style.edge
    is_air = isinstance(place, OverBand)
    aside_mm, half_mm = (AIR_ASIDE_MM, 12.0) if is_air else (LINE_ASIDE_MM, 1.0)
    n = max(2, int((place.to_m - place.from_m) / 400.0))
    at_m = np.linspace(place.from_m, place.to_m, n)
    path = np.array([line.at(c) + aside_mm * line.to_home(c, half_mm) for c in at_m.tolist()])
    if is_air:
        path = _smoothed(path)
    else:
        draw_line(sheet, path, palette.PAPER, LINE_WIDE_MM + 0.3, order=style.order - 0.3)
        draw_line(sheet, path, colour, LINE_WIDE_MM, order=style.order - 0.2)
        return shapely.LineString(path)
    draw_line(sheet, path, palette.PAPER, 0.9, order=style.order - 0.5)
    draw_line(sheet, path, colour, 0.4, order=style.order - 0.4, dashes=(1.6, 0.8))
    ends = [
        (path[0], line.to_home(float(at_m[0]), half_mm)),
        (path[-1], line.to_home(float(at_m[-1]), half_mm)),
    ]
    ticks = np.array([[at - 1.2 * ahead, at + 0.6 * ahead] for at, ahead in ends])
    draw_segments(sheet, ticks, colour, 0.4, style.order - 0.4)
    return shapely.LineString(path)


def _smoothed(path: F64, reach_mm: float = 5.0) -> F64:
    """Return a path (point, 2) averaged along its course, its ends in place."""
    length_mm = float(np.hypot(*np.diff(path, axis=0).T).sum())
    sigma = reach_mm / max(length_mm, reach_mm) * len(path)
    smooth: F64 = gaussian_filter1d(path, sigma, axis=0, mode="nearest")
    return smooth


def draw_key(sheet: Sheet, group: str, at: tuple[float, float], style: Drawn) -> None:
    """Draw the symbol of a group in a legend, centred."""
    middle = np.array(at)
    colour = style.fill if style.fill != palette.PAPER else style.edge
    if group in SIZE_MM:
        shape = outline(group, middle, 1.25 * SIZE_MM[group])
        draw_shape(sheet, shape, style.fill, style.edge, style.wide_mm, style.order)
        return
    half = np.array([3.0, 0.0])
    ends = np.array([middle - half, middle + half])
    if group == "line":
        draw_line(sheet, ends, colour, LINE_WIDE_MM, order=style.order)
        return
    draw_line(sheet, ends, colour, 0.4, order=style.order, dashes=(1.6, 0.8))
    up = np.array([0.0, 0.9])
    ticks = np.array([[end - up, end + up] for end in ends])
    draw_segments(sheet, ticks, colour, 0.4, style.order)
