"""How much of the band is watched, condition by condition, from the coverage rasters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sarhad.interfaces.language import translated
from sarhad.interfaces.report import palette
from sarhad.interfaces.report.palette import share
from sarhad.interfaces.report.sheet import Box, Sheet, draw_box, fitted, new_sheet, width_mm, write
from sarhad.interfaces.vocabulary import words

TEXT = translated(
    {
        "none": "below 5 %: dead ground",
        "some": "5 to 50 %",
        "most": "50 % or more",
    }
)
NO_DATA = 255
EDGES_PERCENT = (5, 50)
COLOURS = (palette.P_COLOURS[0], palette.P_COLOURS[2], palette.P_COLOURS[5])
_ROW_MM, _LEFT_MM, _RIGHT_MM, _WIDE_MM = 7.0, 46.0, 150.0, 178.0


class Watched(NamedTuple):
    """Shares of the band in one condition, by chance of detection within ten minutes; they sum to 1."""

    condition_id: str
    none: float
    some: float
    most: float


def watched(condition_id: str, percent: NDArray[np.uint8]) -> Watched:
    """Return the shares of a coverage raster (row, col)."""
    inside = percent[percent != NO_DATA]
    n = max(len(inside), 1)
    none = int((inside < EDGES_PERCENT[0]).sum())
    most = int((inside >= EDGES_PERCENT[1]).sum())
    return Watched(condition_id, none / n, (len(inside) - none - most) / n, most / n)


def ground_chart(rows: Sequence[Watched]) -> Sheet:
    """Return the chart as a page: one bar per condition, the share of dead ground at its end."""
    height_mm = 9.0 + _ROW_MM * len(rows)
    sheet = new_sheet((_WIDE_MM, height_mm))
    x_mm = _LEFT_MM
    for key, colour in zip(("none", "some", "most"), COLOURS, strict=True):
        draw_box(sheet, Box(x_mm, height_mm - 4.5, 4.0, 2.6), colour, palette.SOFT, 0.1)
        write(sheet, (x_mm + 5.2, height_mm - 4.1), TEXT[key], palette.SMALL)
        x_mm += 5.2 + width_mm(TEXT[key], palette.SMALL) + 6.0
    for k, row in enumerate(rows):
        y_mm = height_mm - 8.0 - (k + 1) * _ROW_MM + 1.5
        name = fitted(words(row.condition_id), palette.BODY, _LEFT_MM - 2.0)
        write(sheet, (0.5, y_mm + 0.9), name, palette.BODY)
        left_mm = _LEFT_MM
        for part, colour in zip(row[1:], COLOURS, strict=True):
            wide_mm = part * (_RIGHT_MM - _LEFT_MM)
            draw_box(sheet, Box(left_mm, y_mm, wide_mm, _ROW_MM - 2.6), colour, palette.PAPER, 0.1)
            left_mm += wide_mm
        at = (_RIGHT_MM + 2.0, y_mm + 0.9)
        write(sheet, at, share(row.none), palette.BODY_BOLD)
    return sheet
