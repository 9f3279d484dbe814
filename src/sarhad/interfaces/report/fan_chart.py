"""The fan chart: how much of the line is protected, quarter by quarter, and how sure that is.

The band runs from P10 to P90 over the draws of the schedule, the line is P50; where given, the dates as
promised stand beside it, and what is protected today is marked. A wide band says that deliveries decide, a
low one that the programme does not reach far, whatever comes when.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from sarhad.errors import Fault, InputFaults
from sarhad.interfaces.language import decimal, translated
from sarhad.interfaces.report import palette
from sarhad.interfaces.report.heading import write_heading
from sarhad.interfaces.report.labelling import spread
from sarhad.interfaces.report.palette import kilometres, share
from sarhad.interfaces.report.sheet import (
    Box,
    Sheet,
    check_paths,
    draw_dot,
    draw_line,
    draw_shape,
    line_height_mm,
    new_sheet,
    own_settings,
    save,
    width_mm,
    write,
    write_paragraphs,
)
from sarhad.interfaces.report.time_axis import TimeAxis, draw_time_axis

TEXT = translated(
    {
        "subtitle": "Protected length of the line by quarter, over {draws} draws of the schedule",
        "axis": "protected, km",
        "figure.first": "today",
        "figure.last": "{day}, even odds",
        "figure.range": "P10 to P90 then",
        "figure.share": "of the line",
        "km": "{km} km",
        "range": "{low} – {high} km",
        "p90": "P90",
        "p50": "P50",
        "p10": "P10",
        "promised": "as promised",
        "length": "whole line, {km} km",
        "reading.lead": "How to read:",
        "reading": "In half of the draws at least the length P50 is protected on a day, in nine of ten at "
        "least P10, in one of ten P90 or more.",
        "reading.promised": "As promised is the same with every item on the date last promised.",
        "file": "{title}: protected length by quarter",
    }
)
COLUMNS = ("day", "p10_km", "p50_km", "p90_km")
A4_MM = (297.0, 210.0)
BAND = "#c5d6e6"
_BOX = Box(28.0, 34.0, 236.0, 116.0)


def draw_fan_chart(
    fan: pd.DataFrame,
    paths: Sequence[Path],
    *,
    title: str,
    length_km: float,
    n_draws: int,
    measure: str,
) -> None:
    """Draw protected length over time and write it to every path (.png or .pdf).

    `fan` has a row per date, the first today: day (date), p10_km, p50_km, p90_km, and promised_km where
    known. `length_km` is the whole line's; `measure` says what protected means here, of whom and when.
    Raises InputFaults for missing columns, fewer than two rows, days out of order, lengths out of 0 ..
    `length_km`, P10 above P50 above P90, and for other paths.
    """
    check_paths(paths)
    _check(fan, length_km)
    days = [pd.Timestamp(day).date() for day in fan["day"]]
    top_km = _top(max(float(fan["p90_km"].max()), float(_promised(fan).max())), length_km)
    with own_settings():
        sheet = new_sheet(A4_MM)
        last_days = float((days[-1] - days[0]).days)
        axis = TimeAxis(_BOX, days[0], 0.0, last_days)
        _draw_head(sheet, fan, days[-1], title, length_km, n_draws)
        _draw_scale(sheet, axis, top_km, length_km)
        _draw_fan(sheet, axis, fan, days, top_km)
        draw_line(sheet, [(10.0, 22.0), (sheet.width_mm - 10.0, 22.0)], palette.FAINT, 0.2)
        promised = [TEXT["reading.promised"]] if "promised_km" in fan else []
        reading = (TEXT["reading.lead"], " ".join([TEXT["reading"], *promised, measure]))
        write_paragraphs(sheet, [reading], palette.NOTE, Box(10.0, 6.0, sheet.width_mm - 20.0, 14.5))
        save(sheet, paths, TEXT["file"].format(title=title))


def _check(fan: pd.DataFrame, length_km: float) -> None:
    missing = [name for name in COLUMNS if name not in fan]
    if missing:
        raise InputFaults(Fault("fan", "", 0, name, "a column of that name", "none") for name in missing)
    faults: list[Fault] = []
    if len(fan) < 2:
        faults.append(Fault("fan", "", 0, "", "two rows or more", str(len(fan))))
    for row, (before, day) in enumerate(zip(fan["day"], fan["day"][1:], strict=False), 2):
        if not before < day:
            faults.append(Fault("fan", "", row, "day", f"a day after {before}", str(day)))
    for row, km in enumerate(fan[["p10_km", "p50_km", "p90_km"]].to_numpy(dtype=np.float64), 1):
        if not (np.all(np.diff(km) >= -1e-9) and km[0] >= 0 and km[-1] <= length_km * (1 + 1e-9)):
            expected = f"0 <= P10 <= P50 <= P90 <= {length_km:g} km"
            faults.append(Fault("fan", "", row, "p50_km", expected, ", ".join(f"{k:g}" for k in km)))
    if faults:
        raise InputFaults(faults)


def _promised(fan: pd.DataFrame) -> pd.Series[float]:
    return fan["promised_km"] if "promised_km" in fan else fan["p90_km"]


def _top(most_km: float, length_km: float) -> float:
    """Return the upper end of the scale: the whole line where a third of it or more is reached."""
    if most_km >= length_km / 3:
        return length_km
    step = palette.round_down(max(most_km, 1e-6)) / 2
    return min(length_km, math.ceil(1.1 * most_km / step) * step)


def _draw_head(
    sheet: Sheet, fan: pd.DataFrame, last: date, title: str, length_km: float, n_draws: int
) -> None:
    end = fan.iloc[-1]
    p10_km, p50_km, p90_km = (float(end[name]) for name in COLUMNS[1:])
    figures = [
        (TEXT["km"].format(km=_km(float(fan["p50_km"].iloc[0]))), TEXT["figure.first"]),
        (TEXT["km"].format(km=_km(p50_km)), TEXT["figure.last"].format(day=last.isoformat())),
        (TEXT["range"].format(low=_km(p10_km), high=_km(p90_km)), TEXT["figure.range"]),
        (share(p50_km / length_km), TEXT["figure.share"]),
    ]
    write_heading(sheet, title, TEXT["subtitle"].format(draws=decimal(n_draws)), top_mm=17.0)
    x_mm = 10.0
    for value, caption in figures:
        write(sheet, (x_mm, 172.0), value, palette.FIGURE)
        write(sheet, (x_mm, 166.5), caption, palette.SMALL)
        x_mm += max(width_mm(value, palette.FIGURE), width_mm(caption, palette.SMALL)) + 11.0


def _km(length_km: float) -> str:
    return kilometres(1000.0 * length_km, 0)


def _draw_scale(sheet: Sheet, axis: TimeAxis, top_km: float, length_km: float) -> None:
    step_km = palette.round_down(top_km / 4)
    for k in range(math.floor(top_km / step_km + 1e-9) + 1):
        y_mm = _y_mm(k * step_km, top_km)
        colour, wide = (palette.FAINT, 0.2) if k == 0 else (palette.HAIR, 0.12)
        draw_line(sheet, [(_BOX.left, y_mm), (_BOX.right, y_mm)], colour, wide, order=2)
        write(sheet, (_BOX.left - 2.0, y_mm - 0.9), _km(k * step_km), palette.SMALL, align="right")
    write(sheet, (10.0, _BOX.top + 1.6), TEXT["axis"], palette.SMALL)
    draw_time_axis(sheet, axis)
    if top_km >= length_km:
        draw_line(
            sheet, [(_BOX.left, _BOX.top), (_BOX.right, _BOX.top)], palette.SOFT, 0.3, dashes=(1.2, 0.9)
        )
        words = TEXT["length"].format(km=_km(length_km))
        write(sheet, (_BOX.right, _BOX.top + 6.0), words, palette.SMALL, align="right")


def _y_mm(km: float, top_km: float) -> float:
    return _BOX.bottom + km / top_km * _BOX.height


def _draw_fan(sheet: Sheet, axis: TimeAxis, fan: pd.DataFrame, days: Sequence[date], top_km: float) -> None:
    """Draw the band, its median, what was promised, and their names to the right of the last date."""
    x_mm = [axis.x_mm(float((day - axis.start).days)) for day in days]
    y_mm = {
        name.removesuffix("_km"): [_y_mm(float(km), top_km) for km in fan[name]]
        for name in ("p10_km", "p50_km", "p90_km", "promised_km")
        if name in fan
    }
    low, high = list(zip(x_mm, y_mm["p10"], strict=True)), list(zip(x_mm, y_mm["p90"], strict=True))
    draw_shape(sheet, [*low, *reversed(high)], BAND, BAND, 0.05, order=4.0)
    if "promised" in y_mm:
        promised = list(zip(x_mm, y_mm["promised"], strict=True))
        draw_line(sheet, promised, palette.PLANNED, 0.4, order=5.0, dashes=(1.6, 1.2))
    draw_line(sheet, list(zip(x_mm, y_mm["p50"], strict=True)), palette.AFTER, 0.7, order=6.0)
    draw_dot(sheet, (x_mm[0], y_mm["p50"][0]), 2.0, palette.INK)
    colours = {"p90": palette.SOFT, "p50": palette.AFTER, "p10": palette.SOFT, "promised": palette.PLANNED}
    names = sorted(y_mm, key=lambda name: y_mm[name][-1])
    at_mm = spread(np.array([y_mm[name][-1] for name in names]), line_height_mm(palette.BODY))
    for name, middle_mm in zip(names, at_mm.tolist(), strict=True):
        style = palette.BODY_BOLD if name == "p50" else palette.BODY
        at = (_BOX.right + 2.0, middle_mm - 0.9)
        write(sheet, at, TEXT[name], style._replace(colour=colours[name]))
