"""The head of a sheet: title and subtitle on the left, the figures that matter on the right."""

from __future__ import annotations

from collections.abc import Sequence

from sarhad.interfaces.report import palette
from sarhad.interfaces.report.palette import TextStyle
from sarhad.interfaces.report.sheet import MARGIN_MM, Sheet, fitted, width_mm, write

LEAST_SHARE = 0.7
"""How far a title may shrink before it is cut."""
_GAP_MM, _TITLE_GAP_MM, _DOWN_MM = 9.5, 4.0, 6.0


def write_heading(
    sheet: Sheet, title: str, subtitle: str, figures: Sequence[tuple[str, str]] = (), *, top_mm: float = 17.8
) -> None:
    """Write a head `top_mm` below the upper edge; `figures` are (value, caption), from left to right."""
    y_mm, right_mm = sheet.height_mm - top_mm, sheet.width_mm - MARGIN_MM
    for value, caption in reversed(figures):
        wide_mm = max(width_mm(value, palette.FIGURE), width_mm(caption, palette.SMALL))
        write(sheet, (right_mm - wide_mm, y_mm), value, palette.FIGURE)
        write(sheet, (right_mm - wide_mm, y_mm - _DOWN_MM), caption, palette.SMALL)
        right_mm -= wide_mm + _GAP_MM
    room_mm = right_mm - MARGIN_MM - (_TITLE_GAP_MM if figures else 0.0)
    large = shrunk(title, palette.TITLE, room_mm)
    write(sheet, (MARGIN_MM, y_mm), fitted(title, large, room_mm), large)
    small = fitted(subtitle, palette.SUBTITLE, room_mm)
    write(sheet, (MARGIN_MM, y_mm - _DOWN_MM), small, palette.SUBTITLE)


def shrunk(words: str, style: TextStyle, within_mm: float) -> TextStyle:
    """Return a style small enough for words to fit a width, but not below LEAST_SHARE of its size."""
    wide_mm = width_mm(words, style)
    if wide_mm <= within_mm:
        return style
    return style._replace(size_pt=style.size_pt * max(LEAST_SHARE, 0.99 * within_mm / wide_mm))
