"""The tornado: how far the answer moves when one parameter goes from its low to its high end."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sarhad.interfaces.language import decimal, number, say, translated
from sarhad.interfaces.report import palette
from sarhad.interfaces.report.axes import Axes, draw_axes
from sarhad.interfaces.report.sensitivity_section import ends
from sarhad.interfaces.report.sheet import (
    Box,
    Sheet,
    check_paths,
    draw_box,
    draw_line,
    fitted,
    new_sheet,
    own_settings,
    save,
    width_mm,
    write,
)
from sarhad.planning.sensitivity import OUTCOMES, Sensitivity, Swing

TEXT = translated(
    {
        "subtitle": "Each parameter from its low to its high end, the others as they are",
        "p_unaware": "mean Pₜ, unaware",
        "p_optimal": "mean Pₜ, optimal",
        "closed_km": "kilometres closed",
        "low": "at the low end",
        "high": "at the high end",
        "file": "{title}: what the answer hangs on",
    }
)
LOW, HIGH = palette.LATE, palette.AFTER
_ROW_MM, _WIDE_MM, _NAMES_MM, _PANEL_MM, _GAP_MM = 6.2, 250.0, 95.0, 44.0, 7.0
ROOM = 0.08


def draw_tornado(found: Sensitivity, paths: Sequence[Path], *, title: str) -> None:
    """Draw the chart and write it to every path (.png or .pdf)."""
    check_paths(paths)
    with own_settings():
        save(tornado_chart(found, title), paths, TEXT["file"].format(title=title))


def tornado_chart(found: Sensitivity, title: str) -> Sheet:
    """Return the chart as a page: a row per parameter, a panel per outcome; within `own_settings`.

    Parameters that move nothing have no row, unless all are such.
    """
    rows = [one for one in found.swings if one.moves(found.base)] or list(found.swings)
    high_mm = 42.0 + _ROW_MM * len(rows)
    sheet = new_sheet((_WIDE_MM, high_mm))
    write(sheet, (1.0, high_mm - 7.0), title, palette.HEADING._replace(size_pt=11.0))
    write(sheet, (1.0, high_mm - 12.0), TEXT["subtitle"], palette.SMALL._replace(size_pt=8.0))
    _draw_key(sheet, high_mm - 18.0)
    body = Box(0.0, 12.0, _NAMES_MM, _ROW_MM * len(rows))
    for k, swing in enumerate(rows):
        one = swing.parameter
        span = ends(swing)
        y_mm = body.top - (k + 0.5) * _ROW_MM
        wide = width_mm(span, palette.SMALL)
        name = fitted(say(one.title), palette.BODY, _NAMES_MM - wide - 4.0)
        write(sheet, (1.0, y_mm), name, palette.BODY, upright="center_baseline")
        write(sheet, (_NAMES_MM - 1.0, y_mm), span, palette.SMALL, align="right", upright="center_baseline")
    for k, outcome in enumerate(OUTCOMES):
        left = _NAMES_MM + 6.0 + k * (_PANEL_MM + _GAP_MM)
        _draw_panel(sheet, rows, (k, outcome, found.base[k]), Box(left, body.bottom, _PANEL_MM, body.height))
    return sheet


def _draw_key(sheet: Sheet, y_mm: float) -> None:
    x_mm = 1.0
    for key, colour in (("low", LOW), ("high", HIGH)):
        draw_box(sheet, Box(x_mm, y_mm, 4.0, 2.6), colour)
        write(sheet, (x_mm + 5.2, y_mm + 0.4), TEXT[key], palette.SMALL)
        x_mm += 11.0 + width_mm(TEXT[key], palette.SMALL)


def _draw_panel(sheet: Sheet, rows: Sequence[Swing], shown: tuple[int, str, float], box: Box) -> None:
    """Draw one outcome (number, name, as things stand): a bar from there to either end."""
    k, outcome, base = shown
    n = len(rows)
    values = [value for swing in rows for value in (swing.low[k], swing.high[k])] + [base]
    least, most = min(values), max(values)
    room = max(ROOM * (most - least), 0.005 if outcome.startswith("p_") else 0.5)
    axes = Axes(box, max(0.0, least - room), most + room, 0.0, float(n))
    draw_axes(sheet, axes, ("", ""), (number, lambda v: ""), (2, n))
    write(sheet, (box.left, box.top + 2.5), TEXT[outcome], palette.BODY_BOLD)
    for row, swing in enumerate(rows):
        y = n - row - 0.5
        ends = [(swing.low[k], LOW), (swing.high[k], HIGH)]
        for value, colour in sorted(ends, key=lambda end: -abs(end[0] - base)):
            (x_mm, y_mm), (base_mm, _) = axes.place([value, base], [y, y]).tolist()
            bar = Box(min(x_mm, base_mm), y_mm - 1.7, abs(x_mm - base_mm), 3.4)
            draw_box(sheet, bar, colour, order=4.0)
    draw_line(sheet, axes.place([base] * 2, [0.0, n]), palette.INK, 0.35, order=5.0)
    at = (float(axes.place(base, 0.0)[0]), box.bottom - 8.4)
    said = decimal(base, 1 if outcome.endswith("_km") else 3)
    write(sheet, at, said, palette.BODY_BOLD, align="center")
