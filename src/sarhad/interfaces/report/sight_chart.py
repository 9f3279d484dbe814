"""The ground under a line of sight: where the sensor stands, where the crosser walks, and what hides him."""

from __future__ import annotations

import numpy as np

from sarhad.interfaces.language import decimal, number, translated
from sarhad.interfaces.report import palette
from sarhad.interfaces.report.axes import Axes, draw_axes
from sarhad.interfaces.report.route_map import HIDDEN, SEEN
from sarhad.interfaces.report.sheet import (
    Box,
    Sheet,
    draw_dot,
    draw_line,
    draw_shape,
    new_sheet,
    width_mm,
    write,
)
from sarhad.planning.line_of_sight import SightLine

TEXT = translated(
    {
        "height": "height above sea level, m",
        "distance": "distance from the sensor, km",
        "sensor": "sensor",
        "route": "route",
        "hider": "hides it",
        "seen": "in sight",
        "beyond": "out of reach",
    }
)
SIZE_MM = (178.0, 44.0)
GROUND, GROUND_EDGE = "#e3dccd", "#6f675a"
_BOX = Box(15.0, 11.0, 158.0, 27.0)


def sight_chart(sight: SightLine) -> Sheet:
    """Return the profile as a page; heights are lowered for the bend of the earth and of light."""
    sheet = new_sheet(SIZE_MM)
    low = min(float(sight.ground_m.min()), sight.top_m)
    high = max(float(sight.ground_m.max()), sight.eye_m, sight.top_m)
    room = max(high - low, 20.0)
    axes = Axes(_BOX, 0.0, sight.distance_m / 1000.0, low - 0.08 * room, high + 0.14 * room)
    draw_axes(sheet, axes, (TEXT["distance"], TEXT["height"]), (number, decimal), (8, 4))
    ground = axes.place(sight.along_m / 1000.0, sight.ground_m)
    floor = np.array([[_BOX.right, _BOX.bottom], [_BOX.left, _BOX.bottom]])
    draw_shape(sheet, np.concatenate([ground, floor]), GROUND, GROUND, 0.05, order=3.0)
    draw_line(sheet, ground, GROUND_EDGE, 0.4, order=3.2)
    ends_m = np.array([0.0, sight.distance_m / 1000.0])
    line = axes.place(ends_m, np.array([sight.eye_m, sight.top_m]))
    colour = SEEN if sight.is_seen else HIDDEN
    draw_line(sheet, line, colour, 0.4, order=4.0, dashes=(2.0, 1.0))
    for k, edge_m in ((0, sight.ground_m[0]), (1, sight.ground_m[-1])):
        foot = axes.place(ends_m[k], edge_m)
        draw_line(sheet, np.stack([foot, line[k]]), palette.INK, 0.5, order=4.1)
        draw_dot(sheet, line[k], 1.7, palette.PAPER, palette.INK if k == 0 else colour, order=4.2)
    _name(sheet, (float(line[0, 0]) + 1.5, float(line[0, 1]) + 1.8), TEXT["sensor"], "left")
    end = TEXT["route"]
    if sight.is_seen:
        end = f"{end}: {TEXT['seen']}"
    elif sight.distance_m > sight.reach_m:
        end = f"{end}: {TEXT['beyond']}"
    _name(sheet, (float(line[1, 0]) - 1.5, float(line[1, 1]) + 1.8), end, "right")
    if sight.clearance_m < 0.0:
        _mark_hider(sheet, axes, sight)
    return sheet


def _mark_hider(sheet: Sheet, axes: Axes, sight: SightLine) -> None:
    """Mark the ground that hides most, with its name beside the mark, within the page."""
    height_m = float(np.interp(sight.hider_m, sight.along_m, sight.ground_m))
    at = axes.place(sight.hider_m / 1000.0, height_m)
    draw_dot(sheet, at, 1.7, HIDDEN, palette.PAPER, order=4.4)
    wide_mm = width_mm(TEXT["hider"], palette.BODY)
    x_mm = min(max(float(at[0]), _BOX.left + wide_mm / 2 + 1.0), _BOX.right - wide_mm / 2 - 1.0)
    _name(sheet, (x_mm, float(at[1]) - 4.4), TEXT["hider"], "center")


def _name(sheet: Sheet, at: tuple[float, float], words: str, align: str) -> None:
    write(sheet, at, words, palette.BODY, align=align, halo_mm=0.5, order=5.0)
