"""The map sheet: the border on its relief, coloured by timely detection, with sites and ways in unseen.

One A3 page. Colour stands on the far side of the line, sites at their true places on the home side, so that
neither hides the other. A long line across gets its text below, a tall one beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from sarhad.interfaces.language import told, translated
from sarhad.interfaces.report import facts, palette
from sarhad.interfaces.report.heading import write_heading
from sarhad.interfaces.report.labelling import Placed, Taken, ways_across, ways_around
from sarhad.interfaces.report.map_blocks import (
    draw_assets_block,
    draw_classes,
    draw_holes_block,
    draw_reading,
    ranked_holes,
)
from sarhad.interfaces.report.map_frame import (
    MapFrame,
    draw_edge,
    draw_north,
    draw_relief,
    draw_scale_bar,
    lay_map,
    page_line,
    room_for_scale,
)
from sarhad.interfaces.report.palette import kilometres, money, probability
from sarhad.interfaces.report.ribbon import PageLine, divide, ribbon
from sarhad.interfaces.report.sheet import (
    Box,
    Sheet,
    check_paths,
    draw_area,
    draw_badge,
    draw_dot,
    draw_line,
    draw_segments,
    new_sheet,
    own_settings,
    save,
    width_mm,
    write,
)
from sarhad.interfaces.report.symbols import PLANNED, TODAY, draw_assets
from sarhad.model.plan import Plan
from sarhad.model.project import Project

TEXT = translated(
    {
        "subtitle.before": "How likely a crossing is detected in time, stretch by stretch, as things stand",
        "subtitle.after": "How likely a crossing is detected in time, stretch by stretch: today, with the "
        "plan",
        "subtitle.before.reported": "How likely a crossing is seen and reported, stretch by stretch, as "
        "things stand",
        "subtitle.after.reported": "How likely a crossing is seen and reported, stretch by stretch: today, "
        "with the plan",
        "figure.mean": "mean Pₜ of the line",
        "figure.arrow": "{before} → {after}",
        "figure.plan": ("{n} item planned", "{n} items planned"),
        "figure.gap": "unseen gap, {case}",
        "figure.km": "{km} km",
        "file": "{title}: map of timely detection",
        "home": "H O M E   S I D E",
        "far": "F A R   S I D E",
    }
)
AFTER_MM, BEFORE_MM = (0.15, 2.15), (2.45, 3.35)
PAD_MM = 24.0


class Layout(NamedTuple):
    """Where the map and the four blocks stand."""

    frame: Box
    blocks: tuple[Box, Box, Box, Box]


BELOW = Layout(
    Box(10.0, 95.0, 400.0, 174.0),
    (
        Box(10.0, 13.0, 92.0, 77.0),
        Box(112.0, 13.0, 82.0, 77.0),
        Box(204.0, 13.0, 80.0, 77.0),
        Box(294.0, 13.0, 116.0, 77.0),
    ),
)
BESIDE = Layout(
    Box(10.0, 12.0, 258.0, 257.0),
    (
        Box(280.0, 209.0, 130.0, 60.0),
        Box(280.0, 139.0, 130.0, 66.0),
        Box(280.0, 73.0, 130.0, 62.0),
        Box(280.0, 12.0, 130.0, 57.0),
    ),
)


def draw_map_sheet(
    project: Project,
    before: pd.DataFrame,
    after: pd.DataFrame | None,
    plan: Plan | None,
    holes: gpd.GeoDataFrame,
    paths: Sequence[Path],
    *,
    adversary: str = "unaware",
) -> None:
    """Draw the map sheet and write it to every path (.png or .pdf).

    `before` and `after` are tables of `sarhad.planning.summary.yearly`: one row per stretch, NaN where it
    cannot be crossed. `holes` are those of `sarhad.planning.unseen.gap` for one target and condition, after
    the plan. `adversary` names whom the tables are about. Raises InputFaults for tables of another project,
    holes of more than one case, and paths with another suffix.
    """
    check_paths(paths)
    with own_settings():
        sheet = map_sheet(project, before, after, plan, holes, adversary=adversary)
        save(sheet, paths, TEXT["file"].format(title=told(project, project.title)))


def map_sheet(
    project: Project,
    before: pd.DataFrame,
    after: pd.DataFrame | None,
    plan: Plan | None,
    holes: gpd.GeoDataFrame,
    *,
    adversary: str = "unaware",
) -> Sheet:
    """Return the map sheet as a page; to be called within `own_settings`."""
    facts.check_tables(project, {"before": before, "after": after}, holes)
    sheet = new_sheet()
    fits = {layout: lay_map(project, layout.frame, PAD_MM) for layout in (BELOW, BESIDE)}
    layout = min(fits, key=lambda one: fits[one].m_per_mm)
    _draw_map(sheet, project, fits[layout], (before, after), (plan, holes))
    _draw_title(sheet, project, (before, after), (plan, holes))
    tables = [(_named("before"), before)]
    if after is not None:
        tables.append((_named("after"), after))
    draw_classes(sheet, layout.blocks[0], tables, project)
    draw_assets_block(sheet, layout.blocks[1], project, plan)
    draw_holes_block(sheet, layout.blocks[2], project, holes)
    draw_reading(sheet, layout.blocks[3], project, adversary)
    right = sheet.width_mm - 10.0
    write(sheet, (right, 6.5), facts.made_by(project), palette.SMALL, align="right")
    return sheet


def _named(which: str) -> str:
    from sarhad.interfaces.report.map_blocks import TEXT as BLOCKS

    return BLOCKS[f"classes.{which}"]


def _draw_title(
    sheet: Sheet,
    project: Project,
    tables: tuple[pd.DataFrame, pd.DataFrame | None],
    extra: tuple[Plan | None, gpd.GeoDataFrame],
) -> None:
    """Write title and subtitle on the left and the three figures that matter on the right."""
    before, after = tables
    plan, holes = extra
    mean = probability(facts.mean_p(before))
    if after is not None:
        mean = TEXT["figure.arrow"].format(before=mean, after=probability(facts.mean_p(after)))
    gap = TEXT["figure.km"].format(km=kilometres(float(holes["width_m"].sum())))
    figures = [(mean, TEXT["figure.mean"])]
    if plan is not None:
        figures.append((money(plan.cost_usd), TEXT.count("figure.plan", len(plan.items))))
    figures.append((gap, TEXT["figure.gap"].format(case=facts.case_of(holes))))
    subtitle = facts.by_worth(TEXT, "subtitle.before" if after is None else "subtitle.after", project)
    write_heading(sheet, told(project, project.title), subtitle, figures)


def _draw_map(
    sheet: Sheet,
    project: Project,
    frame: MapFrame,
    tables: tuple[pd.DataFrame, pd.DataFrame | None],
    extra: tuple[Plan | None, gpd.GeoDataFrame],
) -> None:
    """Draw everything within the map's frame."""
    plan, holes = extra
    line = page_line(project, frame)
    draw_relief(sheet, project, frame)
    taken = Taken(_inset(frame.box, 2.0))
    taken.add_boxes(draw_edge(sheet, frame))
    taken.shapes.append(_draw_ribbons(sheet, line, tables))
    for path in line.xy_mm:
        draw_line(sheet, path, palette.PAPER, 0.75, order=5.6)
        draw_line(sheet, path, palette.INK, 0.35, order=5.7)
    taken.shapes += draw_assets(sheet, project, frame, line, project.assets, TODAY)
    if plan is not None:
        taken.shapes += draw_assets(sheet, project, frame, line, plan.assets, PLANNED)
    _draw_teams(sheet, project, frame)
    _draw_scale(sheet, frame, taken)
    _draw_holes(sheet, frame, line, holes, taken)
    depth_mm = BEFORE_MM[1] if tables[1] is not None else AFTER_MM[1]
    _draw_districts(sheet, project, line, depth_mm, taken)
    _draw_marks(sheet, project, line, taken)
    _draw_sides(sheet, line, taken)


def _inset(box: Box, by_mm: float) -> Box:
    return Box(box.left + by_mm, box.bottom + by_mm, box.width - 2 * by_mm, box.height - 2 * by_mm)


def _draw_ribbons(
    sheet: Sheet, line: PageLine, tables: tuple[pd.DataFrame, pd.DataFrame | None]
) -> shapely.Geometry:
    """Draw the ribbons on the far side; return what they and the line cover."""
    before, after = tables
    cells = divide(line, before["chainage_from_m"].to_numpy(dtype=np.float64), BEFORE_MM[1]).far
    shown = [(before, AFTER_MM)] if after is None else [(before, BEFORE_MM), (after, AFTER_MM)]
    for table, (from_mm, to_mm) in shown:
        pieces = ribbon(cells, line, from_mm, to_mm)
        whole = shapely.union_all([piece for piece in pieces if piece is not None], grid_size=1e-6)
        draw_area(sheet, whole, palette.PAPER, palette.PAPER, 0.5, order=4.0)
        for piece, p in zip(pieces, table["p_timely"].to_numpy(dtype=np.float64), strict=True):
            colour = palette.p_colour(float(p))
            draw_area(sheet, piece, colour, colour, 0.05, order=4.2)
        draw_area(sheet, whole, None, palette.INK, 0.1, order=4.4)
    deep_mm = shown[0][1][1] + 0.4
    reach = ribbon(cells, line, 0.0, deep_mm)
    return shapely.union_all(
        [*(piece for piece in reach if piece is not None), line.shape().buffer(0.6)], grid_size=1e-6
    )


def _draw_teams(sheet: Sheet, project: Project, frame: MapFrame) -> None:
    if project.teams:
        at = frame.place(
            np.array([team.lon_deg for team in project.teams]),
            np.array([team.lat_deg for team in project.teams]),
        )
        for point in at:
            draw_dot(sheet, point, 0.45, palette.INK, order=6.5)


def _draw_scale(sheet: Sheet, frame: MapFrame, taken: Taken) -> None:
    """Draw scale and north in the corner of the frame that is most free."""
    wide, high = room_for_scale(frame)
    inner = _inset(frame.box, 5.0)
    box = Box(inner.left + 10.0, inner.bottom, inner.width - 20.0, inner.height)
    corners = [
        Box(box.right - wide, box.bottom, wide, high),
        Box(box.left, box.bottom, wide, high),
        Box(box.right - wide, box.top - high, wide, high),
        Box(box.left, box.top - high, wide, high),
    ]
    point = np.array([box.left, box.bottom])
    free = [corner for corner in corners if taken.is_free(corner, np.stack([point, point + 0.01]))]
    chosen = (free or corners)[0]
    draw_scale_bar(sheet, frame, chosen.right - 18.0, chosen.bottom + 3.0)
    draw_north(sheet, frame, (chosen.right - 5.0, chosen.bottom + 2.0))
    taken.add_boxes([chosen])


def _draw_holes(sheet: Sheet, frame: MapFrame, line: PageLine, holes: gpd.GeoDataFrame, taken: Taken) -> None:
    """Number the widest holes beside where they are."""
    shown = ranked_holes(holes)
    if not len(shown):
        return
    places = frame.place(shown.geometry.x.to_numpy(), shown.geometry.y.to_numpy())
    for number, (hole, at) in enumerate(zip(shown.itertuples(), places, strict=True), 1):
        ways = ways_around(at, np.arange(2.5, 20.0, 1.5).tolist(), line.to_home(hole.chainage_m))
        found = taken.place((4.2, 4.2), ways)
        if found is not None:
            middle = np.array([found.box.left + 2.1, found.box.bottom + 2.1])
            draw_line(sheet, np.stack([at, middle]), palette.INK, 0.2, order=7.5)
            draw_dot(sheet, at, 0.6, palette.INK, order=7.6)
            draw_badge(sheet, (float(middle[0]), float(middle[1])), number)


def _draw_districts(sheet: Sheet, project: Project, line: PageLine, depth_mm: float, taken: Taken) -> None:
    """Name the districts on the far side, and tick where one ends and the next begins."""
    ends = sorted({one.from_m for one in project.districts} | {one.to_m for one in project.districts})
    first_m, last_m = float(line.chainage_m[0][0]), float(line.chainage_m[-1][-1])
    close_m = 0.002 * (last_m - first_m)
    kept: list[float] = []
    for end_m in ends:
        if first_m + close_m < end_m < last_m - close_m and (not kept or end_m - kept[-1] > close_m):
            kept.append(end_m)
    ticks = []
    for end_m in kept:
        at, ahead = line.at(end_m), -line.to_home(end_m, 2.5)
        ticks.append([at, at + (depth_mm + 1.6) * ahead])
    draw_segments(sheet, np.array(ticks).reshape(-1, 2, 2), palette.INK, 0.25, order=5.8)
    distances = np.arange(depth_mm + 1.8, depth_mm + 34.0, 1.2).tolist()
    high = 3.4
    longest = sorted(project.districts, key=lambda one: (one.from_m - one.to_m, one.from_m))
    for one in longest:
        size = (width_mm(told(project, one.name), palette.PLACE) + 1.0, high)
        range_m = (max(one.from_m, first_m), min(one.to_m, last_m))
        ways = ways_across(line, range_m, home=False, from_mm=depth_mm + 0.4, distances_mm=distances)
        placed = taken.place(size, ways)
        if placed is not None:
            _write_label(sheet, told(project, one.name), palette.PLACE, placed)


def _draw_marks(sheet: Sheet, project: Project, line: PageLine, taken: Taken) -> None:
    """Name the marks on the home side, or beyond where that is full."""
    distances = np.arange(5.0, 30.0, 1.2).tolist()
    for mark in project.marks:
        at = line.at(mark.chainage_m)
        draw_dot(sheet, at, 1.1, palette.PAPER, palette.INK)
        size = (width_mm(told(project, mark.name), palette.MARK) + 1.0, 3.2)
        ways = [
            way
            for home in (True, False)
            for way in ways_across(
                line, (mark.chainage_m,) * 2, home=home, from_mm=0.8, distances_mm=distances, shifts=(0.0,)
            )
        ]
        placed = taken.place(size, ways)
        if placed is not None:
            _write_label(sheet, told(project, mark.name), palette.MARK, placed)


def _draw_sides(sheet: Sheet, line: PageLine, taken: Taken) -> None:
    """Say once which side is home and which is far, where there is room."""
    first_m, last_m = float(line.chainage_m[0][0]), float(line.chainage_m[-1][-1])
    distances = np.arange(18.0, 70.0, 3.0).tolist()
    for key, home in (("home", True), ("far", False)):
        size = (width_mm(TEXT[key], palette.SIDE) + 6.0, 8.0)
        ways = ways_across(line, (first_m, last_m), home=home, from_mm=17.0, distances_mm=distances)
        placed = taken.place(size, ways)
        if placed is not None:
            box = placed.box
            middle = (box.left + box.width / 2, box.bottom + box.height / 2)
            write(
                sheet,
                middle,
                TEXT[key],
                palette.SIDE,
                align="center",
                upright="center",
                halo_mm=0.5,
                order=3.0,
            )


def _write_label(sheet: Sheet, words: str, style: palette.TextStyle, placed: Placed) -> None:
    """Write a label, with a leader where it stands away from what it names."""
    box, leader = placed
    if np.hypot(*(leader[1] - leader[0])) > 2.5:
        draw_line(sheet, leader, palette.SOFT, 0.15, order=5.5)
    middle = (box.left + box.width / 2, box.bottom + box.height / 2)
    write(sheet, middle, words, style, align="center", upright="center", halo_mm=0.45, order=8.2)
