"""The strip chart: timely detection along the whole line, before and after, what binds, what is unseen.

One A3 page of up to five rows at one scale. Each row reads from the start of the line on: P_t with the range
over the terrains, the districts opposite, what binds there, and the ways in unseen.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import geopandas as gpd
import pandas as pd

from sarhad.interfaces.language import told, translated
from sarhad.interfaces.report import facts, palette
from sarhad.interfaces.report.heading import write_heading
from sarhad.interfaces.report.map_blocks import ranked_holes
from sarhad.interfaces.report.palette import kilometres, probability
from sarhad.interfaces.report.sheet import (
    Box,
    Sheet,
    check_paths,
    draw_badge,
    draw_box,
    draw_line,
    new_sheet,
    own_settings,
    save,
    width_mm,
    write,
    write_fitting,
)
from sarhad.interfaces.report.strip_rows import (
    BINDS_COLOUR,
    Curves,
    Row,
    draw_axis,
    draw_binds,
    draw_districts,
    draw_holes,
    draw_marks,
    draw_p_panel,
)
from sarhad.model.project import Project

TEXT = translated(
    {
        "subtitle": "Timely detection along the line, by chainage from its start",
        "subtitle.reported": "Crossings seen and reported along the line, by chainage from its start",
        "figure.mean": "mean Pₜ of the line",
        "figure.arrow": "{before} → {after}",
        "figure.seen too late": "seen too late{plan}",
        "figure.not seen": "not seen{plan}",
        "figure.gap": "unseen gap, {case}",
        "figure.plan": ", with the plan",
        "km": "{km} km",
        "key.before": "Pₜ today",
        "key.after": "Pₜ with the plan",
        "key.only": "Pₜ as things stand",
        "key.band": "range over terrains",
        "key.worst": "its worst condition",
        "key.ceiling": "out of reach: above {p}",
        "key.none": "cannot be crossed",
        "key.not seen": "binds: not seen",
        "key.seen too late": "binds: seen too late",
        "key.hole": "way in unseen, numbered as on the map",
        "file": "{title}: strip chart of timely detection",
    }
)
ROW_M = 350_000.0
MAX_ROWS = 5
ROOM = Box(34.0, 34.0, 376.0, 224.0)
READING = (Box(10.0, 8.8, 400.0, 23.0), 3, 7.0)
LAST_LINE = 50
"""Letters of room that a paragraph takes beside its own: its last line is not full."""
MAX_P_MM = 165.0
MARKS_MM, DISTRICTS_MM, NAMES_MM, BINDS_MM, AXIS_MM, OFFICIAL_MM = 4.5, 4.2, 3.6, 2.2, 5.0, 3.0
HOLES_MM = (7.5, 24.0)


def draw_strip_chart(
    project: Project,
    before: pd.DataFrame,
    after: pd.DataFrame | None,
    holes: gpd.GeoDataFrame,
    paths: Sequence[Path],
    *,
    adversary: str = "unaware",
) -> None:
    """Draw the strip chart and write it to every path (.png or .pdf).

    `before` and `after` are tables of `sarhad.planning.summary.yearly`: one row per stretch, NaN where it
    cannot be crossed. `holes` are those of `sarhad.planning.unseen.gap` for one target and condition, after
    the plan. `adversary` names whom the tables are about. Raises InputFaults for tables of another project,
    holes of more than one case, and paths with another suffix.
    """
    check_paths(paths)
    with own_settings():
        sheet = strip_chart(project, before, after, holes, adversary=adversary)
        save(sheet, paths, TEXT["file"].format(title=told(project, project.title)))


def strip_chart(
    project: Project,
    before: pd.DataFrame,
    after: pd.DataFrame | None,
    holes: gpd.GeoDataFrame,
    *,
    adversary: str = "unaware",
) -> Sheet:
    """Return the strip chart as a page; to be called within `own_settings`."""
    facts.check_tables(project, {"before": before, "after": after}, holes)
    curves = Curves(before, after, project.settings.p_communication)
    sheet = new_sheet()
    _draw_title(sheet, project, curves, holes)
    _draw_key(sheet, curves)
    rows, step_m = lay_rows(project)
    for row in rows:
        draw_marks(sheet, row, project)
        draw_p_panel(sheet, row, curves)
        draw_districts(sheet, row, project)
        draw_binds(sheet, row, curves.shown)
        draw_holes(sheet, row, holes, _largest_m(holes), _numbers(holes))
        draw_axis(sheet, row, project, step_m)
    _draw_reading(sheet, project, adversary)
    right = (sheet.width_mm - 10.0, 5.5)
    write(sheet, right, facts.made_by(project), palette.SMALL, align="right")
    return sheet


def lay_rows(project: Project) -> tuple[list[Row], float]:
    """Divide the line into rows of one scale; return them and the step of their axes in metres."""
    first_m, last_m = project.line.parts[0].from_m, project.line.parts[-1].to_m
    length_m = last_m - first_m
    n = min(MAX_ROWS, max(1, math.ceil(length_m / ROW_M)))
    step_m = _tick_m(length_m / n / 10)
    row_m = math.ceil(length_m / n / step_m - 1e-9) * step_m if n > 1 else length_m
    start_m = math.floor(first_m / step_m) * step_m if n > 1 else first_m
    high_mm = ROOM.height / n
    extra_mm = OFFICIAL_MM if project.line.calibration else 0.0
    holes_mm = min(HOLES_MM[1], max(HOLES_MM[0], 0.13 * high_mm))
    fixed_mm = MARKS_MM + 1.0 + DISTRICTS_MM + NAMES_MM + 0.6 + BINDS_MM + 2.2 + holes_mm + AXIS_MM + extra_mm
    p_mm = min(MAX_P_MM, high_mm - fixed_mm)
    rows = []
    for k in range(n):
        top_mm = ROOM.top - k * high_mm - MARKS_MM
        p = Box(ROOM.left, top_mm - p_mm, ROOM.width, p_mm)
        districts = Box(ROOM.left, p.bottom - 1.0 - DISTRICTS_MM, ROOM.width, DISTRICTS_MM)
        binds = Box(ROOM.left, districts.bottom - NAMES_MM - 0.6 - BINDS_MM, ROOM.width, BINDS_MM)
        holes = Box(ROOM.left, binds.bottom - 2.2 - holes_mm, ROOM.width, holes_mm)
        rows.append(Row(p, districts, binds, holes, start_m + k * row_m, start_m + (k + 1) * row_m))
    return rows, step_m


def _tick_m(wanted_m: float) -> float:
    """Return the next of 1, 2, 2.5, 5 x 10^n metres that is not below what is wanted."""
    power = 10.0 ** math.floor(math.log10(wanted_m))
    return next(step * power for step in (1.0, 2.0, 2.5, 5.0, 10.0) if step * power >= wanted_m * (1 - 1e-9))


def _largest_m(holes: gpd.GeoDataFrame) -> float:
    """Return the top of the axis of widths: 1, 2, 2.5 or 5 x 10^n metres, at least 1 km."""
    return _tick_m(max(1000.0, float(holes["width_m"].max()))) if len(holes) else 1000.0


def _numbers(holes: gpd.GeoDataFrame) -> dict[float, int]:
    """Return the number of each of the widest holes by its chainage, as on the map."""
    return {float(at_m): k for k, at_m in enumerate(ranked_holes(holes)["chainage_m"], 1)}


def _draw_title(sheet: Sheet, project: Project, curves: Curves, holes: gpd.GeoDataFrame) -> None:
    """Write title and subtitle on the left and the figures that matter on the right."""
    mean = probability(facts.mean_p(curves.before))
    plan = ""
    if curves.after is not None:
        mean = TEXT["figure.arrow"].format(before=mean, after=probability(facts.mean_p(curves.after)))
        plan = TEXT["figure.plan"]
    shown = curves.shown
    lengths = [(TEXT["figure.gap"].format(case=facts.case_of(holes)), float(holes["width_m"].sum()))]
    if project.settings.worth == "in_time":  # else nothing is ever seen too late
        bound_m = {name: float(shown.loc[shown["binds"] == name, "length_m"].sum()) for name in BINDS_COLOUR}
        lengths = [(TEXT[f"figure.{name}"].format(plan=plan), bound_m[name]) for name in bound_m] + lengths
    figures = [(mean, TEXT["figure.mean"])]
    figures += [(TEXT["km"].format(km=kilometres(value_m, 0)), caption) for caption, value_m in lengths]
    subtitle = facts.by_worth(TEXT, "subtitle", project)
    write_heading(sheet, told(project, project.title), subtitle, figures)


def _draw_key(sheet: Sheet, curves: Curves) -> None:
    """Draw the key in one line under the title."""
    y_mm, x_mm = 264.0, ROOM.left
    colour = palette.AFTER
    entries: list[tuple[str, str, str]] = []
    if curves.after is not None:
        entries += [("line", palette.BEFORE, TEXT["key.before"]), ("line", colour, TEXT["key.after"])]
    else:
        entries += [("line", colour, TEXT["key.only"])]
    if (curves.shown["band_low"] < curves.shown["band_high"]).any():
        entries += [("band", colour, TEXT["key.band"])]
    entries += [("worst", colour, TEXT["key.worst"])]
    entries += [("fill", palette.HAIR, TEXT["key.ceiling"].format(p=probability(curves.ceiling)))]
    if curves.shown["p_timely"].isna().any():
        entries += [("fill", palette.NOT_CROSSABLE, TEXT["key.none"])]
    entries += [
        ("fill", fill, TEXT[f"key.{name}"])
        for name, fill in BINDS_COLOUR.items()
        if (curves.shown["binds"] == name).any()
    ]
    entries += [("hole", palette.UNSEEN, TEXT["key.hole"])]
    for kind, fill, words in entries:
        _draw_swatch(sheet, kind, fill, (x_mm, y_mm + 0.9))
        write(sheet, (x_mm + 8.5, y_mm), words, palette.SMALL)
        x_mm += 8.5 + width_mm(words, palette.SMALL) + 6.0


def _draw_swatch(sheet: Sheet, kind: str, colour: str, at: tuple[float, float]) -> None:
    x_mm, y_mm = at
    ends = [(x_mm, y_mm), (x_mm + 7.0, y_mm)]
    if kind == "line":
        draw_line(sheet, ends, colour, 0.5)
    elif kind == "worst":
        draw_line(sheet, ends, colour, 0.22, dashes=(0.7, 0.6))
    elif kind == "band":
        sheet.axes.fill_between(
            [x_mm, x_mm + 7.0], y_mm - 1.1, y_mm + 1.1, color=colour, alpha=0.28, linewidth=0.0
        )
    else:
        draw_box(sheet, Box(x_mm, y_mm - 1.1, 7.0, 2.2), colour)
        if kind == "hole":
            draw_badge(sheet, (x_mm + 3.5, y_mm), 1)


def _draw_reading(sheet: Sheet, project: Project, adversary: str) -> None:
    """Write what the numbers mean at the foot of the page, in columns of about equal length."""
    box, n, gap_mm = READING
    draw_line(sheet, [(box.left, box.top + 1.2), (box.right, box.top + 1.2)], palette.FAINT, 0.2)
    paragraphs = facts.statements(project, adversary)
    total = sum(len(lead) + len(text) + LAST_LINE for lead, text in paragraphs)
    columns: list[list[tuple[str, str]]] = [[] for _ in range(n)]
    passed = 0
    for lead, text in paragraphs:
        long = len(lead) + len(text) + LAST_LINE
        columns[min(n - 1, int(n * (passed + long / 2) / total))].append((lead, text))
        passed += long
    wide_mm = (box.width - (n - 1) * gap_mm) / n
    lefts = [box.left + k * (wide_mm + gap_mm) for k in range(n)]
    rooms = [Box(left, box.bottom, wide_mm, box.height) for left in lefts]
    write_fitting(sheet, list(zip(columns, rooms, strict=True)))
