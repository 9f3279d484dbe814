"""One row of the strip chart: P_t with its band, districts, what binds, ways in unseen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sarhad.interfaces.language import decimal, number, told, translated
from sarhad.interfaces.report import palette
from sarhad.interfaces.report.labelling import spread
from sarhad.interfaces.report.palette import kilometres
from sarhad.interfaces.report.sheet import (
    Box,
    Sheet,
    draw_badge,
    draw_box,
    draw_line,
    draw_segments,
    draw_shape,
    fitted,
    line_height_mm,
    width_mm,
    write,
)
from sarhad.model.project import Project

F64 = NDArray[np.float64]

TEXT = translated(
    {
        "p": "Pₜ",
        "ceiling": "ceiling {p}",
        "binds": "binds",
        "holes": "unseen",
        "km": "km",
        "axis": "km",
        "official": "official km",
    }
)
BADGE_APART_MM = 4.5  # the badges are at most 4.3 mm wide
BINDS_COLOUR: Mapping[str, str] = {"not seen": palette.UNSEEN, "seen too late": palette.LATE}


class Row(NamedTuple):
    """Where a row's panels stand on the page, and the chainage that it shows."""

    p: Box
    districts: Box
    binds: Box
    holes: Box
    from_m: float
    to_m: float

    def x_mm(self, chainage_m: F64 | float) -> F64:
        """Return the place of a chainage across the page, within the row."""
        share = (np.asarray(chainage_m, dtype=np.float64) - self.from_m) / (self.to_m - self.from_m)
        return self.p.left + np.clip(share, 0.0, 1.0) * self.p.width

    def holds(self, from_m: float, to_m: float) -> bool:
        """Say whether a range of chainage shows in the row."""
        return to_m > self.from_m and from_m < self.to_m

    def starts(self, at_m: float) -> bool:
        """Say whether a place shows in this row and in no other."""
        return self.from_m <= at_m < self.to_m


class Curves(NamedTuple):
    """What the panel of P_t shows."""

    before: pd.DataFrame
    after: pd.DataFrame | None
    ceiling: float

    @property
    def shown(self) -> pd.DataFrame:
        """The table that colours and strips are about."""
        return self.before if self.after is None else self.after


def draw_p_panel(sheet: Sheet, row: Row, curves: Curves) -> None:
    """Draw P_t before and after as steps with their bands, the worst condition, and the ceiling."""
    box = row.p
    _draw_uncrossable(sheet, row, curves.shown)
    for p in (0.2, 0.4, 0.6, 0.8):
        y_mm = box.bottom + p * box.height
        draw_line(sheet, [(box.left, y_mm), (box.right, y_mm)], palette.HAIR, 0.15, order=2.0)
    for p in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0):
        at = (box.left - 1.5, box.bottom + p * box.height)
        write(sheet, at, decimal(p, 1), palette.SMALL, align="right", upright="center")
    top_mm = box.bottom + curves.ceiling * box.height
    draw_box(sheet, Box(box.left, top_mm, box.width, box.top - top_mm), palette.HAIR, order=2.1)
    draw_line(sheet, [(box.left, top_mm), (box.right, top_mm)], palette.SOFT, 0.2, order=2.2)
    if curves.after is None:
        _draw_curve(sheet, row, curves.before, palette.AFTER, 0.5, order=4.0)
    else:
        _draw_curve(sheet, row, curves.before, palette.BEFORE, 0.35, order=3.0)
        _draw_curve(sheet, row, curves.after, palette.AFTER, 0.55, order=4.0)
    worst = _steps(row, curves.shown, "worst")
    draw_line(sheet, worst, palette.AFTER, 0.22, order=3.8, dashes=(0.7, 0.6))
    draw_box(sheet, box, edge=palette.FAINT, wide_mm=0.2, order=2.3)
    at = (box.left - 9.5, box.bottom + box.height / 2)
    write(sheet, at, TEXT["p"], palette.BODY_BOLD, align="right", upright="center")


def _parts(row: Row, table: pd.DataFrame) -> pd.DataFrame:
    inside = (table["chainage_to_m"] > row.from_m) & (table["chainage_from_m"] < row.to_m)
    return table[inside]


def _steps(row: Row, table: pd.DataFrame, column: str) -> F64:
    """Return a column as steps (point, 2) on the page, broken where the line or the value is."""
    part = _parts(row, table)
    from_m, to_m = part["chainage_from_m"].to_numpy(), part["chainage_to_m"].to_numpy()
    y_mm = row.p.bottom + part[column].to_numpy(dtype=np.float64) * row.p.height
    points: list[tuple[float, float]] = []
    for k in range(len(part)):
        if k and from_m[k] - to_m[k - 1] > 1.0:
            points.append((np.nan, np.nan))
        points += [(float(row.x_mm(from_m[k])), y_mm[k]), (float(row.x_mm(to_m[k])), y_mm[k])]
    return np.array(points).reshape(-1, 2)


def _draw_curve(
    sheet: Sheet, row: Row, table: pd.DataFrame, colour: str, wide_mm: float, order: float
) -> None:
    low, high = _steps(row, table, "band_low"), _steps(row, table, "band_high")
    sheet.axes.fill_between(
        low[:, 0], low[:, 1], high[:, 1], color=colour, alpha=0.28, linewidth=0.0, zorder=order - 0.5
    )
    draw_line(sheet, _steps(row, table, "p_timely"), colour, wide_mm, order=order)


def _draw_uncrossable(sheet: Sheet, row: Row, table: pd.DataFrame) -> None:
    part = _parts(row, table)
    closed = part[part["p_timely"].isna()]
    ends = (row.x_mm(closed[name].to_numpy(np.float64)) for name in ("chainage_from_m", "chainage_to_m"))
    for left, right in np.column_stack(list(ends)).tolist():
        draw_box(sheet, Box(left, row.p.bottom, right - left, row.p.height), palette.NOT_CROSSABLE, order=1.5)


def draw_marks(sheet: Sheet, row: Row, project: Project) -> None:
    """Tick the marks and name them above the panel; a name that would cover another is left out."""
    taken_mm = row.p.left - 20.0
    for mark in sorted(project.marks, key=lambda one: one.chainage_m):
        if not row.from_m <= mark.chainage_m <= row.to_m:
            continue
        x_mm, y_mm = float(row.x_mm(mark.chainage_m)), row.p.top
        draw_shape(
            sheet,
            [(x_mm - 0.9, y_mm + 1.5), (x_mm + 0.9, y_mm + 1.5), (x_mm, y_mm)],
            palette.INK,
            palette.INK,
            0.1,
        )
        draw_line(
            sheet, [(x_mm, row.p.bottom), (x_mm, y_mm)], palette.SOFT, 0.15, order=2.6, dashes=(0.5, 0.7)
        )
        name = told(project, mark.name)
        wide_mm = width_mm(name, palette.MARK)
        left_mm = x_mm + 1.6 if x_mm + 1.6 + wide_mm <= row.p.right else x_mm - 1.6 - wide_mm
        if left_mm >= taken_mm:
            write(sheet, (left_mm, y_mm + 0.9), name, palette.MARK)
            taken_mm = max(left_mm + wide_mm, x_mm + 1.0) + 2.0


def draw_districts(sheet: Sheet, row: Row, project: Project) -> None:
    """Draw the districts as a strip; names that do not fit their box stand below it, as far as they can."""
    box = row.districts
    below: list[tuple[float, str]] = []
    for k, one in enumerate(project.districts):
        if not row.holds(one.from_m, one.to_m):
            continue
        left, right = float(row.x_mm(one.from_m)), float(row.x_mm(one.to_m))
        part = Box(left, box.bottom, right - left, box.height)
        draw_box(sheet, part, palette.HAIR if k % 2 else palette.NOT_CROSSABLE, palette.PAPER, 0.3, order=2.0)
        name = told(project, one.name)
        if width_mm(name, palette.SMALL) <= part.width - 1.0:
            middle = (left + part.width / 2, box.bottom + box.height / 2)
            write(sheet, middle, name, _DISTRICT, align="center", upright="center_baseline")
        else:
            below.append(((left + right) / 2, name))
        edges = [left] if row.from_m < one.from_m < row.to_m else []
        draw_segments(
            sheet,
            np.array([[(x, row.p.bottom), (x, row.p.top)] for x in edges]).reshape(-1, 2, 2),
            palette.HAIR,
            0.15,
            order=2.0,
        )
    _write_below(sheet, row, below)


_DISTRICT = palette.SMALL._replace(colour=palette.INK)


def _write_below(sheet: Sheet, row: Row, names: list[tuple[float, str]]) -> None:
    """Write names side by side under the strip, each as near to its district as the ones before allow."""
    wide = [width_mm(name, _DISTRICT) for _, name in names]
    y_mm = row.districts.bottom - line_height_mm(_DISTRICT) + 0.4
    lefts: list[float] = []
    edge_mm = row.p.left
    for (middle, _), w in zip(names, wide, strict=True):
        lefts.append(max(edge_mm, middle - w / 2))
        edge_mm = lefts[-1] + w + 2.5
    edge_mm = row.p.right
    for k in range(len(names) - 1, -1, -1):
        lefts[k] = min(lefts[k], edge_mm - wide[k])
        edge_mm = lefts[k] - 2.5
    for (middle, name), left, w in zip(names, lefts, wide, strict=True):
        if left >= row.p.left - 0.1:
            near = float(np.clip(middle, left + 0.5, left + w - 0.5))
            draw_line(sheet, [(middle, row.districts.bottom), (near, y_mm + 1.9)], palette.SOFT, 0.15)
            write(sheet, (left, y_mm), name, _DISTRICT)


def draw_binds(sheet: Sheet, row: Row, table: pd.DataFrame) -> None:
    """Draw what binds in every stretch as a strip of two colours."""
    box = row.binds
    part = _parts(row, table)
    left_mm, right_mm = (
        row.x_mm(part[name].to_numpy(np.float64)).tolist() for name in ("chainage_from_m", "chainage_to_m")
    )
    for left, right, name in zip(left_mm, right_mm, part["binds"].tolist(), strict=True):
        if name in BINDS_COLOUR:
            draw_box(sheet, Box(left, box.bottom, right - left, box.height), BINDS_COLOUR[name], order=2.0)
    at = (box.left - 1.5, box.bottom + box.height / 2)
    write(sheet, at, TEXT["binds"], palette.SMALL, align="right", upright="center")


def draw_holes(
    sheet: Sheet, row: Row, holes: gpd.GeoDataFrame, largest_m: float, numbers: Mapping[float, int]
) -> None:
    """Draw holes as bars as wide as the line they leave open and as high as their unseen width."""
    box = row.holes
    draw_line(sheet, [(box.left, box.bottom), (box.right, box.bottom)], palette.FAINT, 0.2)
    draw_line(sheet, [(box.left, box.top), (box.right, box.top)], palette.HAIR, 0.15)
    for value_m, y_mm in ((0.0, box.bottom), (largest_m, box.top)):
        write(
            sheet,
            (box.left - 1.5, y_mm),
            number(value_m / 1000),
            palette.SMALL,
            align="right",
            upright="center",
        )
    middle = box.bottom + box.height / 2
    write(sheet, (box.left - 6.0, middle + 0.4), TEXT["holes"], palette.SMALL, align="right")
    write(sheet, (box.left - 6.0, middle - 2.2), TEXT["km"], palette.SMALL, align="right")
    for one in holes.itertuples():
        if not row.holds(one.chainage_from_m, one.chainage_to_m):
            continue
        left, right = float(row.x_mm(one.chainage_from_m)), float(row.x_mm(one.chainage_to_m))
        wide = max(right - left, 0.35)
        high = box.height * min(1.0, one.width_m / largest_m)
        draw_box(
            sheet, Box((left + right - wide) / 2, box.bottom, wide, high), palette.UNSEEN, palette.PAPER, 0.1
        )
    shown = [one for one in holes.itertuples() if one.chainage_m in numbers and row.starts(one.chainage_m)]
    shown.sort(key=lambda one: one.chainage_m)
    true_mm = np.array([float(row.x_mm(one.chainage_m)) for one in shown])
    for one, x_mm, at_mm in zip(shown, true_mm, spread(true_mm, BADGE_APART_MM), strict=True):
        top_mm = box.bottom + box.height * min(1.0, one.width_m / largest_m)
        y_mm = max(top_mm - 1.9, box.bottom + 1.6)
        if abs(at_mm - x_mm) > 0.3:
            draw_line(sheet, [(x_mm, box.bottom), (at_mm, y_mm)], palette.UNSEEN, 0.2)
        draw_badge(sheet, (at_mm, y_mm), numbers[one.chainage_m])


def draw_axis(sheet: Sheet, row: Row, project: Project, step_m: float) -> None:
    """Draw chainage under the row, and official chainage below where the line has a calibration."""
    y_mm = row.holes.bottom
    line = project.line
    end_m = line.parts[-1].to_m
    official = bool(line.calibration)
    for k in range(int(np.ceil(row.from_m / step_m - 1e-9)), int(np.floor(row.to_m / step_m + 1e-9)) + 1):
        at_m = k * step_m
        x_mm = float(row.x_mm(at_m))
        draw_line(sheet, [(x_mm, y_mm), (x_mm, y_mm - 1.0)], palette.SOFT, 0.2)
        if at_m <= end_m + 1.0:
            write(
                sheet,
                (x_mm, y_mm - 3.6),
                kilometres(at_m, 0 if step_m >= 1000 else 1),
                palette.SMALL,
                align="center",
            )
            if official:
                value = kilometres(line.official_m(at_m), 1)
                write(sheet, (x_mm, y_mm - 6.6), value, palette.MARK, align="center")
    left_mm = row.holes.left - 6.0
    write(sheet, (left_mm, y_mm - 3.6), TEXT["axis"], palette.SMALL, align="right")
    if official:
        write(
            sheet,
            (left_mm, y_mm - 6.6),
            fitted(TEXT["official"], palette.MARK, 20.0),
            palette.MARK,
            align="right",
        )
