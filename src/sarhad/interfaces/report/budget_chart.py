"""What the next money buys: the value of the list's heads against their cost, under what no plan exceeds.

Both are steps, because that is what is known between the points: no purchase lowers a value, so the list is
worth at least its last head, and less money never does more, so the next bound holds.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sarhad.interfaces.language import decimal, number, translated
from sarhad.interfaces.report import palette
from sarhad.interfaces.report.axes import Axes, draw_axes
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
from sarhad.model.plan import BudgetPoint, PlanResult

TEXT = translated(
    {
        "money": "money, million US$",
        "value": "value of the objective",
        "list": "the ranked list",
        "plan": "the plan",
        "bound": "no plan can exceed",
        "today": "today",
    }
)
SIZE_MM = (178.0, 84.0)
OUT_OF_REACH = "#e9ebee"
_LEFT_MM, _NAME_MM = 15.0, 3.0
_BEYOND = 1.04  # the axis of money, beside the largest sum


def curve_points(result: PlanResult) -> list[BudgetPoint]:
    """Return the points of the curve in order of money, the plan itself and nothing bought among them."""
    own = BudgetPoint(result.plan.cost_usd, result.value, result.bound, len(result.plan.items))
    nothing = BudgetPoint(0.0, result.before, result.before, 0)
    return sorted([nothing, own, *result.curve], key=lambda point: point.money_usd)


def budget_chart(result: PlanResult) -> Sheet:
    """Return the chart as a page."""
    sheet = new_sheet(SIZE_MM)
    points = curve_points(result)
    money = np.array([point.money_usd for point in points]) / 1e6
    value = np.array([point.value for point in points])
    bound = np.array([point.bound for point in points])
    top, low = float(bound.max()), float(value.min())
    room = max(top - low, 0.01)
    box = _room()
    axes = Axes(
        box, 0.0, _BEYOND * float(money[-1]), max(0.0, low - 0.12 * room), min(1.0, top + 0.12 * room)
    )
    digits = 2 if axes.y_to - axes.y_from < 0.5 else 1
    show = (number, lambda p: decimal(p, digits))
    draw_axes(sheet, axes, (TEXT["money"], TEXT["value"]), show, (8, 6))
    above = axes.place(np.repeat(money, 2)[:-1], np.repeat(bound, 2)[1:])
    below = axes.place(np.repeat(money, 2)[1:], np.repeat(value, 2)[:-1])
    lid = np.array([[above[-1, 0], box.top], [above[0, 0], box.top]])
    draw_shape(sheet, np.concatenate([above, lid]), OUT_OF_REACH, OUT_OF_REACH, 0.05, order=1.5)
    draw_line(sheet, above, palette.SOFT, 0.35, order=3.5, dashes=(1.6, 0.8))
    draw_line(sheet, below, palette.AFTER, 0.6, order=4.0)
    for point, at in zip(points, axes.place(money, value), strict=True):
        is_plan = point.money_usd == result.plan.cost_usd and point.value == result.value
        draw_dot(sheet, at, 3.0 if is_plan else 1.8, palette.PLANNED if is_plan else palette.AFTER, order=4.5)
    _write_names(sheet, axes, points, result)
    return sheet


def _room() -> Box:
    """Return the panel: as wide as the names to the right of the curves leave it."""
    names_mm = _NAME_MM + max(width_mm(TEXT[key], palette.BODY) for key in ("list", "bound"))
    return Box(_LEFT_MM, 12.0, _BEYOND * (SIZE_MM[0] - 1.0 - _LEFT_MM - names_mm), 62.0)


def _write_names(sheet: Sheet, axes: Axes, points: Sequence[BudgetPoint], result: PlanResult) -> None:
    """Name the two curves to the right of their ends, the plan and today at their dots."""
    last = points[-1]
    ends = axes.place(last.money_usd / 1e6, np.array([last.value, last.bound]))
    apart_mm = max(0.0, 4.0 - float(ends[1, 1] - ends[0, 1])) / 2
    for (x_mm, y_mm), key, colour, shift in (
        (ends[0].tolist(), "list", palette.AFTER, -apart_mm),
        (ends[1].tolist(), "bound", palette.SOFT, apart_mm),
    ):
        style = palette.BODY._replace(colour=colour)
        write(sheet, (x_mm + _NAME_MM, y_mm + shift), TEXT[key], style, upright="center_baseline")
    at = axes.place(result.plan.cost_usd / 1e6, result.value)
    wide = width_mm(TEXT["plan"], palette.BODY_BOLD)
    style = palette.BODY_BOLD._replace(colour=palette.PLANNED)
    write(sheet, (float(at[0]) - wide / 2, float(at[1]) - 6.0), TEXT["plan"], style, halo_mm=0.5)
    start = axes.place(0.0, result.before)
    write(sheet, (float(start[0]) + 2.5, float(start[1]) - 3.4), TEXT["today"], palette.BODY, halo_mm=0.5)
