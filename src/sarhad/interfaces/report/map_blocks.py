"""The map sheet's four blocks: classes of P_t, what stands where, the widest ways in, how to read it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd

from sarhad.interfaces.language import decimal, translated
from sarhad.interfaces.report import facts, palette
from sarhad.interfaces.report.palette import kilometres, probability
from sarhad.interfaces.report.sheet import (
    Box,
    Sheet,
    draw_badge,
    draw_box,
    draw_dot,
    draw_line,
    fitted,
    write,
    write_fitting,
)
from sarhad.interfaces.report.symbols import GROUPS, PLANNED, TODAY, draw_key, group_of
from sarhad.model.asset import AlongLine, Asset
from sarhad.model.plan import Plan
from sarhad.model.project import Project

TEXT = translated(
    {
        "classes": "Timely detection Pₜ, kilometres of line",
        "classes.before": "today",
        "classes.after": "with the plan",
        "classes.none": "cannot be crossed",
        "classes.sense": "light is met in time, dark passes",
        "classes.reported": "Crossings seen and reported Pₜ, kilometres of line",
        "classes.sense.reported": "light is reported, dark passes unseen",
        "classes.mean": "mean of the line",
        "classes.band": "range over terrains",
        "assets": "What watches the line",
        "assets.today": "today",
        "assets.plan": "plan adds",
        "assets.observer": "observers",
        "assets.camera": "cameras",
        "assets.radar": "radars",
        "assets.line": "sensors along the line, km",
        "assets.air": "aircraft and drones",
        "assets.team": "response teams",
        "assets.cost": "cost of the plan",
        "assets.crew": "people it takes",
        "assets.several": "Of several items at one place the weightiest shows.",
        "lines.border": "border line; home side tinted, far side grey",
        "lines.after": "wide ribbon: with the plan; slim ribbon: today",
        "lines.before": "ribbon: today",
        "lines.district": "district or named range, and where it ends",
        "holes": "Widest ways in unseen",
        "holes.case": ("{case}: {n} hole, {km} km in all", "{case}: {n} holes, {km} km in all"),
        "holes.no": "no.",
        "holes.from": "from km – to km",
        "holes.district": "district or range",
        "holes.width": "km unseen",
        "read": "How to read it",
    }
)
N_HOLES = 10
LABEL_MM = 37.0


def ranked_holes(holes: gpd.GeoDataFrame, n: int = N_HOLES) -> gpd.GeoDataFrame:
    """Return the widest holes, widest first, then by chainage."""
    order = np.lexsort((holes["chainage_m"].to_numpy(), -holes["width_m"].to_numpy()))
    return holes.iloc[order[:n]]


def class_m(table: pd.DataFrame) -> list[float]:
    """Return metres of line in each class of P_t, and last of what cannot be crossed."""
    found = palette.p_class(table["p_timely"].to_numpy(dtype=np.float64))
    length_m = table["length_m"].to_numpy()
    return [float(length_m[found == k].sum()) for k in (*range(len(palette.P_COLOURS)), -1)]


def head(sheet: Sheet, box: Box, words: str) -> float:
    """Write a block's heading over a hairline; return where its rows begin."""
    write(sheet, (box.left, box.top - 3.2), words, palette.HEADING)
    y_mm = box.top - 5.0
    draw_line(sheet, [(box.left, y_mm), (box.right, y_mm)], palette.FAINT, 0.2)
    return y_mm


def draw_classes(
    sheet: Sheet, box: Box, tables: Sequence[tuple[str, pd.DataFrame]], project: Project
) -> None:
    """Draw the classes of P_t with the kilometres of line in each, today and with the plan."""
    y_mm = head(sheet, box, facts.by_worth(TEXT, "classes", project))
    columns = [box.left + LABEL_MM + k * (box.width - LABEL_MM) / len(tables) for k in range(len(tables))]
    room_mm = (box.width - LABEL_MM) / len(tables)
    step_mm = min(5.6, (y_mm - box.bottom) / 11.0)
    y_mm -= 3.6
    write(sheet, (box.left, y_mm), facts.by_worth(TEXT, "classes.sense", project), palette.SMALL)
    for left, (name, _) in zip(columns, tables, strict=True):
        write(sheet, (left + room_mm - 1.0, y_mm), name, palette.SMALL, align="right")
    metres = [class_m(table) for _, table in tables]
    largest = max(max(values) for values in metres)
    y_mm -= 0.6
    for row in range(len(palette.P_COLOURS) - 1, -2, -1):
        y_mm -= step_mm
        swatch = Box(box.left, y_mm + 1.0 - (step_mm - 1.6) / 2, 8.0, step_mm - 1.6)
        fill = palette.P_COLOURS[row] if row >= 0 else palette.NOT_CROSSABLE
        draw_box(sheet, swatch, fill, palette.SOFT, 0.12)
        name = (
            palette.class_label(row, project.settings.p_communication) if row >= 0 else TEXT["classes.none"]
        )
        write(sheet, (box.left + 10.5, y_mm), name, palette.BODY)
        for left, values in zip(columns, metres, strict=True):
            long_mm = (room_mm - 14.0) * values[row] / largest
            bar = Box(
                left + room_mm - 12.0 - long_mm, y_mm + 1.0 - (step_mm - 2.6) / 2, long_mm, step_mm - 2.6
            )
            draw_box(sheet, bar, palette.FAINT)
            right = (left + room_mm - 1.0, y_mm)
            write(sheet, right, kilometres(values[row], 0), palette.BODY, align="right")
    y_mm -= 0.45 * step_mm
    draw_line(sheet, [(box.left, y_mm), (box.right, y_mm)], palette.HAIR, 0.2)
    y_mm += 0.4
    banded = any((table["band_low"] < table["band_high"]).any() for _, table in tables)
    write(sheet, (box.left, y_mm - step_mm), TEXT["classes.mean"], palette.BODY_BOLD)
    if banded:
        write(sheet, (box.left, y_mm - 1.9 * step_mm), TEXT["classes.band"], palette.SMALL)
    for left, (_, table) in zip(columns, tables, strict=True):
        right_mm = left + room_mm - 1.0
        mean = probability(facts.mean_p(table))
        write(sheet, (right_mm, y_mm - step_mm), mean, palette.BODY_BOLD, align="right")
        if banded:
            low, high = (probability(edge) for edge in facts.band_of_mean(table))
            write(sheet, (right_mm, y_mm - 1.9 * step_mm), f"{low} – {high}", palette.SMALL, align="right")


def _counts(project: Project, assets: Sequence[Asset]) -> tuple[Counter[str], float]:
    """Return items by group, and metres of what lies along the line."""
    found: Counter[str] = Counter()
    along_m = 0.0
    for asset in assets:
        found[group_of(asset, project.equipment)] += asset.n
        if isinstance(asset.place, AlongLine):
            along_m += asset.n * (asset.place.to_m - asset.place.from_m)
    return found, along_m


def draw_assets_block(sheet: Sheet, box: Box, project: Project, plan: Plan | None) -> None:
    """Draw the symbols with the numbers of items today and planned, and the lines of the map."""
    y_mm = head(sheet, box, TEXT["assets"])
    today_mm, plan_mm = box.right - (24.0 if plan else 0.0), box.right
    y_mm -= 3.6
    write(sheet, (today_mm, y_mm), TEXT["assets.today"], palette.SMALL, align="right")
    if plan:
        write(sheet, (plan_mm, y_mm), TEXT["assets.plan"], palette.SMALL, align="right")
    step_mm = min(5.2, (y_mm - box.bottom) / 12.5)
    sides = [(today_mm, box.left + 3.2, TODAY, *_counts(project, project.assets))]
    if plan:
        sides.append((plan_mm, box.left + 10.6, PLANNED, *_counts(project, plan.assets)))
    for group in GROUPS:
        y_mm -= step_mm
        write(sheet, (box.left + 16.0, y_mm), TEXT[f"assets.{group}"], palette.BODY)
        for right_mm, key_mm, style, counts, along_m in sides:
            draw_key(sheet, group, (key_mm, y_mm + 0.9), style)
            number = kilometres(along_m) if group == "line" else decimal(counts[group])
            shown = number if counts[group] else "–"
            write(sheet, (right_mm, y_mm), shown, palette.BODY, align="right")
    if project.settings.worth == "in_time":
        y_mm -= step_mm
        draw_dot(sheet, (box.left + 3.2, y_mm + 0.9), 0.7, palette.INK)
        write(sheet, (box.left + 16.0, y_mm), TEXT["assets.team"], palette.BODY)
        write(sheet, (today_mm, y_mm), decimal(len(project.teams)), palette.BODY, align="right")
    if plan:
        rows = (("cost", palette.money(plan.cost_usd)), ("crew", palette.people(plan.crew_n)))
        for key, value in rows:
            y_mm -= step_mm
            write(sheet, (box.left + 16.0, y_mm), TEXT[f"assets.{key}"], palette.BODY)
            write(sheet, (plan_mm, y_mm), value, palette.BODY, align="right")
    _draw_lines_key(sheet, Box(box.left, box.bottom, box.width, y_mm - box.bottom), step_mm, plan is not None)


def _draw_lines_key(sheet: Sheet, box: Box, step_mm: float, has_plan: bool) -> None:
    """Draw the key of the map's lines below the table of symbols."""
    y_mm = box.top - 0.45 * step_mm
    draw_line(sheet, [(box.left, y_mm), (box.right, y_mm)], palette.HAIR, 0.2)
    y_mm += 0.2 * step_mm
    left, right = box.left + 0.2, box.left + 13.0
    for key in ("after" if has_plan else "before", "border", "district"):
        y_mm -= step_mm
        write(sheet, (box.left + 16.0, y_mm), TEXT[f"lines.{key}"], palette.SMALL)
        middle = y_mm + 0.9
        if key in ("after", "before"):
            for k in range(3):
                wide = (right - left) / 3
                draw_box(sheet, Box(left + k * wide, middle - 0.2, wide, 1.5), palette.P_COLOURS[k + 2])
                if has_plan:
                    slim = Box(left + k * wide, middle - 1.4, wide, 0.8)
                    draw_box(sheet, slim, palette.P_COLOURS[k])
        elif key == "border":
            draw_line(sheet, [(left, middle), (right, middle)], palette.INK, 0.35)
        else:
            at_mm = (left + right) / 2
            draw_line(sheet, [(at_mm, middle - 1.2), (at_mm, middle + 1.4)], palette.INK, 0.25)
    y_mm -= step_mm
    write(sheet, (box.left, y_mm), TEXT["assets.several"], palette.SMALL)


def draw_holes_block(sheet: Sheet, box: Box, project: Project, holes: gpd.GeoDataFrame) -> None:
    """Draw the table of the widest holes, numbered as on the map."""
    y_mm = head(sheet, box, TEXT["holes"]) - 3.6
    total_m = float(holes["width_m"].sum())
    case = facts.case_of(holes)
    if len(holes):
        case = TEXT.count("holes.case", len(holes)).format(case=case, km=kilometres(total_m))
    write(sheet, (box.left, y_mm), fitted(case, palette.SMALL, box.width), palette.SMALL)
    if not len(holes):
        return
    shown = ranked_holes(holes)
    step_mm = min(5.2, (y_mm - box.bottom) / (N_HOLES + 1.2))
    across = (box.left + 2.2, box.left + 34.0, box.left + 37.5, box.right)
    y_mm -= step_mm
    write(sheet, (across[1], y_mm), TEXT["holes.from"], palette.SMALL, align="right")
    write(sheet, (across[2], y_mm), TEXT["holes.district"], palette.SMALL)
    write(sheet, (across[3], y_mm), TEXT["holes.width"], palette.SMALL, align="right")
    for number, hole in enumerate(shown.itertuples(), 1):
        y_mm -= step_mm
        draw_badge(sheet, (across[0], y_mm + 0.9), number)
        ends = f"{kilometres(hole.chainage_from_m, 1)} – {kilometres(hole.chainage_to_m, 1)}"
        write(sheet, (across[1], y_mm), ends, palette.BODY, align="right")
        room_mm = across[3] - across[2] - 11.0
        name = fitted(facts.district_at(project, hole.chainage_m), palette.BODY, room_mm)
        write(sheet, (across[2], y_mm), name, palette.BODY)
        write(sheet, (across[3], y_mm), kilometres(hole.width_m, 1), palette.BODY, align="right")


def draw_reading(sheet: Sheet, box: Box, project: Project, adversary: str) -> None:
    """Write what the numbers mean and where the data come from."""
    y_mm = head(sheet, box, TEXT["read"])
    room = Box(box.left, box.bottom, box.width, y_mm - 0.4 - box.bottom)
    write_fitting(sheet, [(facts.statements(project, adversary), room)])
