"""A weak stretch on its relief: the ways that lead through it, what stands there, and one line of sight."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import shapely

from sarhad.interfaces.report import palette
from sarhad.interfaces.report.map_frame import (
    MapFrame,
    draw_edge,
    draw_north,
    draw_relief,
    draw_scale_bar,
    lay_around,
    page_line,
)
from sarhad.interfaces.report.sheet import Box, Sheet, draw_dot, draw_line, new_sheet
from sarhad.interfaces.report.symbols import PLANNED, TODAY, draw_assets
from sarhad.model.asset import Asset
from sarhad.model.project import Project
from sarhad.planning.line_of_sight import SightLine

SIZE_MM = (178.0, 72.0)
PAD_MM = 9.0
LEAST_M_PER_MM = 60.0
ROUTE: Mapping[str, tuple[str, float]] = {
    "unaware": ("#22262b", 1.5),
    "aware": ("#3f8fc4", 1.0),
    "optimal": ("#c8401b", 0.7),
    "fastest": ("#f2c14e", 0.4),
}
"""Colour and width in mm by adversary: where ways run together the narrower lies on the wider."""
STRETCH = "#7b2d8e"
SEEN, HIDDEN = "#1f7a5c", "#c8401b"


def route_map(
    project: Project,
    stretch: shapely.LineString,
    routes: Mapping[str, shapely.LineString | None],
    assets: tuple[Sequence[Asset], Sequence[Asset]],
    sight: SightLine | None,
) -> Sheet:
    """Return the map as a page: routes by adversary, assets (today, planned), the line of sight if any."""
    sheet = new_sheet(SIZE_MM)
    shapes = [stretch, *(route for route in routes.values() if route is not None)]
    places = shapely.get_coordinates(shapes)
    if sight is not None:
        places = np.vstack([places, [sight.from_lon_lat_deg, sight.to_lon_lat_deg]])
    frame = lay_around(project, places, Box(0.0, 0.0, *SIZE_MM), PAD_MM, LEAST_M_PER_MM)
    draw_relief(sheet, project, frame)
    line = page_line(project, frame)
    for path in line.xy_mm:
        draw_line(sheet, path, palette.PAPER, 1.0, order=5.0)
        draw_line(sheet, path, palette.INK, 0.45, order=5.1)
    draw_line(sheet, _on_page(frame, stretch), STRETCH, 1.6, order=5.2)
    for name, (colour, wide_mm) in ROUTE.items():
        route = routes.get(name)
        if route is not None:
            path = _on_page(frame, route)
            draw_line(sheet, path, palette.PAPER, wide_mm + 0.5, order=5.3)
            draw_line(sheet, path, colour, wide_mm, order=5.4)
            draw_dot(sheet, path[0], 1.8, palette.PAPER, colour, order=5.5)
            draw_dot(sheet, path[-1], 1.8, colour, palette.PAPER, order=5.5)
    _draw_assets(sheet, project, frame, assets)
    if sight is not None:
        ends = np.array([sight.from_lon_lat_deg, sight.to_lon_lat_deg])
        way = frame.place(ends[:, 0], ends[:, 1])
        colour = SEEN if sight.is_seen else HIDDEN
        draw_line(sheet, way, palette.PAPER, 0.8, order=7.0)
        draw_line(sheet, way, colour, 0.4, order=7.1, dashes=(2.0, 1.0))
        draw_dot(sheet, way[1], 1.6, palette.PAPER, colour, order=7.2)
    draw_edge(sheet, frame, 3)
    draw_scale_bar(sheet, frame, SIZE_MM[0] - 28.0, 6.0)
    draw_north(sheet, frame, (SIZE_MM[0] - 9.0, 6.0), 8.0)
    return sheet


def _on_page(frame: MapFrame, line: shapely.LineString) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return frame.place(*shapely.get_coordinates(line).T)


def _draw_assets(
    sheet: Sheet, project: Project, frame: MapFrame, assets: tuple[Sequence[Asset], Sequence[Asset]]
) -> None:
    line = page_line(project, frame)
    for own, style in zip(assets, (TODAY, PLANNED), strict=True):
        draw_assets(sheet, project, frame, line, own, style)
