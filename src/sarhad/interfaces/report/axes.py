"""A pair of plain axes on a page: round steps, a hairline each, a name with the unit."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sarhad.interfaces.report import palette
from sarhad.interfaces.report.sheet import Box, Sheet, draw_line, write


@dataclass(frozen=True, slots=True)
class Axes:
    """Values across and up a box of the page."""

    box: Box
    x_from: float
    x_to: float
    y_from: float
    y_to: float

    def place(self, x: ArrayLike, y: ArrayLike) -> NDArray[np.float64]:
        """Return points (point, 2) of the page."""
        across = (np.asarray(x, dtype=np.float64) - self.x_from) / (self.x_to - self.x_from)
        up = (np.asarray(y, dtype=np.float64) - self.y_from) / (self.y_to - self.y_from)
        return np.stack(
            np.broadcast_arrays(
                self.box.left + across * self.box.width, self.box.bottom + up * self.box.height
            ),
            axis=-1,
        )


def steps(low: float, high: float, about: int) -> list[float]:
    """Return round values from `low` to `high`, about so many of them."""
    step = palette.round_down(max(high - low, 1e-9) / about)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [k * step for k in range(first, last + 1)]


def draw_axes(
    sheet: Sheet,
    axes: Axes,
    names: tuple[str, str],
    show: tuple[Callable[[float], str], Callable[[float], str]],
    about: tuple[int, int] = (8, 5),
) -> None:
    """Draw hairlines at round values, the values, and the names of the axes (across, up)."""
    box = axes.box
    for value in steps(axes.y_from, axes.y_to, about[1]):
        y_mm = float(axes.place(axes.x_from, value)[1])
        draw_line(sheet, [(box.left, y_mm), (box.right, y_mm)], palette.HAIR, 0.15, order=2.0)
        at = (box.left - 1.5, y_mm)
        write(sheet, at, show[1](value), palette.SMALL, align="right", upright="center_baseline")
    for value in steps(axes.x_from, axes.x_to, about[0]):
        x_mm = float(axes.place(value, axes.y_from)[0])
        draw_line(sheet, [(x_mm, box.bottom), (x_mm, box.bottom - 1.0)], palette.SOFT, 0.2, order=2.0)
        write(sheet, (x_mm, box.bottom - 4.2), show[0](value), palette.SMALL, align="center")
    draw_line(sheet, [(box.left, box.bottom), (box.right, box.bottom)], palette.FAINT, 0.25, order=2.1)
    write(sheet, (box.right, box.bottom - 8.6), names[0], palette.SMALL, align="right")
    write(sheet, (box.left - 1.5, box.top + 2.4), names[1], palette.SMALL)
