"""An axis of dates across a page: years, quarters where there is room, and today."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from sarhad.interfaces.report import palette
from sarhad.interfaces.report.sheet import Box, Sheet, draw_line, width_mm, write

_QUARTER_MM = 11.0


@dataclass(frozen=True, slots=True)
class TimeAxis:
    """Days from `start` on across a box; what lies outside is drawn at its edge."""

    box: Box
    start: date
    from_days: float
    to_days: float

    @classmethod
    def over(cls, box: Box, start: date, from_days: float, to_days: float) -> TimeAxis:
        """Return an axis of whole quarters that holds a range of days and a little more."""
        first = _quarter(start + timedelta(days=from_days))
        last = start + timedelta(days=to_days + 0.02 * (to_days - from_days) + 1)
        following = _next_quarter(_quarter(last))
        return cls(box, start, float((first - start).days), float((following - start).days))

    def x_mm(self, days: float) -> float:
        """Return the place of a day across the page."""
        share = (days - self.from_days) / (self.to_days - self.from_days)
        return self.box.left + min(max(share, 0.0), 1.0) * self.box.width

    def quarters(self) -> Iterator[tuple[date, float]]:
        """Yield the first days of quarters and their places."""
        day = _quarter(self.start + timedelta(days=self.from_days))
        while (days := float((day - self.start).days)) <= self.to_days:
            yield day, self.x_mm(days)
            day = _next_quarter(day)


def _quarter(day: date) -> date:
    return date(day.year, day.month - (day.month - 1) % 3, 1)


def _next_quarter(day: date) -> date:
    return date(day.year + (day.month == 10), 1 if day.month == 10 else day.month + 3, 1)


def draw_time_axis(sheet: Sheet, axis: TimeAxis) -> None:
    """Draw lines at years and quarters, and their names above the box, as many as there is room for."""
    places = list(axis.quarters())
    wide_mm = axis.box.width / max(1, len(places) - 1)
    box, taken_mm = axis.box, -1.0
    for day, x_mm in places:
        is_year = day.month == 1
        colour, wide = (palette.FAINT, 0.18) if is_year else (palette.HAIR, 0.12)
        draw_line(
            sheet, [(x_mm, box.bottom), (x_mm, box.top + (1.0 if is_year else 0.0))], colour, wide, order=2
        )
        if x_mm >= box.right - 3.0:
            continue
        label = str(day.year) if is_year else f"Q{(day.month + 2) // 3}" if wide_mm >= _QUARTER_MM else ""
        style = palette.BODY_BOLD if is_year else palette.SMALL
        if label and x_mm >= taken_mm:
            write(sheet, (x_mm + 0.8, box.top + 1.6), label, style)
            taken_mm = x_mm + 0.8 + width_mm(label, style) + 1.0


def draw_today(sheet: Sheet, axis: TimeAxis, words: str) -> None:
    """Draw the line of today, its name under the box."""
    x_mm, box = axis.x_mm(0.0), axis.box
    draw_line(sheet, [(x_mm, box.bottom - 1.2), (x_mm, box.top)], palette.INK, 0.35, order=5.0)
    write(sheet, (x_mm, box.bottom - 4.0), words, palette.SMALL, align="center")
