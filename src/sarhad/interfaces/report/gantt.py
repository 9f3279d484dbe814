"""The Gantt chart of a programme: what has come, what is foreseen, how sure that is, what decides the end.

One row per item. Solid is what has happened, pale what is foreseen: each step up to the day by which half of
the draws have ended it (P50); the whisker runs on to the P80 of the day on which the item works. Closed
seasons are shaded in the rows that they stop. Colours go from dark to light along the chain, so that they
read in grey print and to the colour-blind.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pandas as pd

from sarhad.errors import InputFaults
from sarhad.interfaces.language import decimal, translated
from sarhad.interfaces.report import palette
from sarhad.interfaces.report.heading import write_heading
from sarhad.interfaces.report.palette import share
from sarhad.interfaces.report.sheet import (
    Box,
    Sheet,
    check_paths,
    draw_box,
    draw_line,
    draw_shape,
    fitted,
    new_sheet,
    own_settings,
    save,
    width_mm,
    write,
    write_paragraphs,
)
from sarhad.interfaces.report.time_axis import TimeAxis, draw_time_axis, draw_today
from sarhad.model.programme import Programme
from sarhad.model.schedule import Network
from sarhad.planning.programme_schedule import ItemDates, item_dates
from sarhad.planning.schedule_risk import ScheduleRisk, closed_days

TEXT = translated(
    {
        "subtitle": (
            "Schedule as of {today}: {n} item, {draws} draws of all durations",
            "Schedule as of {today}: {n} items, {draws} draws of all durations",
        ),
        "figure.p50": "all works by then: even odds",
        "figure.p80": "in four of five draws",
        "figure.mode": "if all went as most likely",
        "figure.p": "chance of that",
        "item": "item, donor",
        "p50": "P50",
        "p80": "P80",
        "in_time": "in time",
        "critical": "critical",
        "today": "today",
        "phase.decide": "approve, contract",
        "phase.make": "produce",
        "phase.move": "ship, deliver, accept",
        "phase.use": "install, train, commission",
        "phase.repair": "repair",
        "key.fact": "solid: done",
        "key.foreseen": "pale: foreseen, to P50",
        "key.p80": "works: P50 to P80",
        "key.needed": "needed by",
        "key.closed": "closed season",
        "reading.lead": "How to read:",
        "reading": "P50 and P80 are the days by which the item works in half and in four fifths of the "
        "draws. Critical is the share of draws in which the item is on the chain that ends the programme; "
        "in time, the share in which it works by the day it is needed. A step that waits for a crew or a "
        "season is drawn from the end of the one before it.",
        "basis.lead": "Rests on:",
        "basis": "three-point estimates for each step, what the records say has happened, seasons in which "
        "passes are closed, and delays shared by all that comes from one donor or producer.",
        "crews": "Crews ({sizes}) keep their planned order, whatever comes late.",
        "left_out": "Left out, the least critical: {n}.",
        "undated": "Without a date (not pledged, or all lost, returned or disputed): {n}.",
        "file": "{title}: schedule",
    }
)
PHASE_OF: Mapping[str, str] = {
    "approve": "decide", "contract": "decide", "produce": "make", "ship": "move", "deliver": "move",
    "accept": "move", "install": "use", "train": "use", "commission": "use", "repair": "repair",
}  # fmt: skip
PHASE_COLOUR: Mapping[str, str] = {
    "decide": "#2b3a63", "make": "#3f7ca6", "move": "#5f9f98", "use": "#edc24d", "repair": "#b05a7a",
}  # fmt: skip
CLOSED = "#e4e6ea"
MAX_ROWS = 42
_LEFT_MM, _CHART = 10.0, Box(70.0, 33.0, 258.0, 217.0)
_COLUMNS_MM = {"p50": 333.0, "p80": 355.5, "in_time": 386.0, "critical": 390.0}
_ROW_MM = 8.0


@dataclass(frozen=True, slots=True)
class Bar:
    """A part of a row, in days from today."""

    phase: str
    from_days: float
    to_days: float
    is_fact: bool


@dataclass(frozen=True, slots=True)
class GanttRow:
    """One item: its bars, when it works, what decides it, and when its remaining steps are stopped."""

    item_id: str
    label: str
    bars: tuple[Bar, ...]
    p50_days: float
    p80_days: float
    criticality: float
    p_in_time: float
    needed_days: float
    closed: tuple[tuple[float, float], ...]


def draw_gantt(
    programme: Programme, risk: ScheduleRisk, paths: Sequence[Path], *, title: str, n_rows: int = MAX_ROWS
) -> None:
    """Draw the schedule and write it to every path (.png or .pdf).

    `risk` must have kept all activities. At most `n_rows` items are shown, the most critical; they stand by
    the day on which they work. Raises InputFaults for other paths, or where nothing is scheduled.
    """
    check_paths(paths)
    if not 1 <= n_rows <= MAX_ROWS:
        raise InputFaults.one("n_rows", f"1 to {MAX_ROWS}", n_rows)
    rows = gantt_rows(programme, risk)
    shown = sorted(rows, key=lambda row: (-row.criticality, -row.p80_days, row.item_id))[:n_rows]
    shown.sort(key=lambda row: (row.p50_days, row.p80_days, row.item_id))
    with own_settings():
        sheet = new_sheet()
        _draw_head(sheet, risk, title, len(rows))
        step_mm = min(_ROW_MM, _CHART.height / len(shown))
        box = Box(_CHART.left, _CHART.top - step_mm * len(shown), _CHART.width, step_mm * len(shown))
        axis = TimeAxis.over(box, risk.network.start, _first_days(shown), max(row.p80_days for row in shown))
        for k, row in enumerate(shown):
            _draw_row(sheet, axis, row, Box(box.left, box.top - (k + 1) * step_mm, box.width, step_mm))
        draw_time_axis(sheet, axis)
        draw_today(sheet, axis, TEXT["today"])
        _draw_columns(sheet, box)
        _draw_foot(sheet, risk.network, len(rows) - len(shown), len(programme.items) - len(rows))
        save(sheet, paths, TEXT["file"].format(title=title))


def gantt_rows(programme: Programme, risk: ScheduleRisk) -> list[GanttRow]:
    """Return a row for each item of the network, in the programme's order; raises InputFaults for none."""
    table = risk.table()
    by_item = {str(item_id): rows for item_id, rows in table.groupby("item_id", sort=False)}
    found = [_row(programme, risk, one, by_item[one.item_id]) for one in item_dates(programme, risk)]
    if not found:
        raise InputFaults.one("network", "at least one item of the programme", "none")
    return found


def _row(programme: Programme, risk: ScheduleRisk, dates: ItemDates, table: pd.DataFrame) -> GanttRow:
    network, needed = risk.network, dates.needed_by
    to_come = [network.activities[network.index[name]] for name in table.query("not is_done")["activity_id"]]
    ids = sorted({name for one in to_come for name in one.closure_ids})
    closed = closed_days(network, ids)[:, :2].tolist()
    return GanttRow(
        dates.item_id,
        f"{dates.item_id}, {programme.progress[dates.item_id].item.donor}",
        tuple(_bars(risk, table)),
        dates.p50_days,
        dates.p80_days,
        dates.criticality,
        dates.p_in_time,
        float((needed - network.start).days) if needed else math.nan,
        tuple((begin, end) for begin, end in closed if end > 0),
    )


def _bars(risk: ScheduleRisk, table: pd.DataFrame) -> list[Bar]:
    bars: list[Bar] = []
    ended = 0.0
    for name, step, p50_days in zip(table["activity_id"], table["step"], table["p50_days"], strict=True):
        one, phase = risk.network.activities[risk.network.index[name]], PHASE_OF.get(step, "use")
        began = (one.began_on - risk.network.start).days if one.began_on else None
        if one.finished_on is not None:
            bars.append(Bar(phase, began if began is not None else p50_days, p50_days, True))
            continue
        if began is not None:
            bars.append(Bar(phase, began, 0.0, True))
        bars.append(Bar(phase, 0.0 if began is not None else ended, p50_days, False))
        ended = max(ended, p50_days)
    return bars


def _first_days(rows: Sequence[GanttRow]) -> float:
    """Return where the axis begins: with the first fact, two years ago at most."""
    return max(-730.0, min((bar.from_days for row in rows for bar in row.bars), default=0.0))


def _draw_row(sheet: Sheet, axis: TimeAxis, row: GanttRow, box: Box) -> None:
    middle_mm = box.bottom + 0.5 * box.height
    thick_mm = 0.56 * box.height
    for begin, end in row.closed:
        x_mm = axis.x_mm(max(begin, 0.0)), axis.x_mm(end)
        if x_mm[1] > x_mm[0]:
            draw_box(sheet, Box(x_mm[0], box.bottom, x_mm[1] - x_mm[0], box.height), CLOSED, order=1.0)
    draw_line(sheet, [(box.left, box.bottom), (box.right, box.bottom)], palette.HAIR, 0.12, order=1.5)
    for bar in row.bars:
        left_mm, right_mm = axis.x_mm(bar.from_days), axis.x_mm(bar.to_days)
        if right_mm > left_mm:
            colour = PHASE_COLOUR[bar.phase]
            fill = colour if bar.is_fact else pale(colour)
            at = Box(left_mm, middle_mm - thick_mm / 2, right_mm - left_mm, thick_mm)
            draw_box(sheet, at, fill, None if bar.is_fact else colour, 0.12, order=4.0)
    if row.p80_days > 0:
        _draw_whisker(sheet, axis, row, middle_mm, 0.3 * thick_mm)
    if not math.isnan(row.needed_days):
        _draw_needed(sheet, axis, row.needed_days, middle_mm)
    baseline_mm = middle_mm - 0.85
    label = fitted(row.label, palette.NOTE, _CHART.left - _LEFT_MM - 3.0)
    write(sheet, (_LEFT_MM, baseline_mm), label, palette.NOTE)
    _write_figures(sheet, axis, row, baseline_mm)


def pale(colour: str) -> str:
    """Return a colour mixed with three parts of white to two of its own."""
    channels = [int(colour[k : k + 2], 16) for k in (1, 3, 5)]
    return "#" + "".join(f"{round(0.4 * value + 0.6 * 255):02x}" for value in channels)


def _draw_whisker(sheet: Sheet, axis: TimeAxis, row: GanttRow, y_mm: float, cap_mm: float) -> None:
    x50_mm, x80_mm = axis.x_mm(row.p50_days), axis.x_mm(row.p80_days)
    draw_line(sheet, [(x50_mm, y_mm), (x80_mm, y_mm)], palette.INK, 0.28, order=6.0)
    draw_line(sheet, [(x80_mm, y_mm - cap_mm), (x80_mm, y_mm + cap_mm)], palette.INK, 0.28, order=6.0)


def _draw_needed(sheet: Sheet, axis: TimeAxis, days: float, y_mm: float) -> None:
    x_mm, r_mm = axis.x_mm(days), 1.25
    if axis.box.left < x_mm < axis.box.right:
        corners = [(x_mm, y_mm + r_mm), (x_mm + r_mm, y_mm), (x_mm, y_mm - r_mm), (x_mm - r_mm, y_mm)]
        draw_shape(sheet, corners, palette.PAPER, palette.PLANNED, 0.35, order=7.0)


def _write_figures(sheet: Sheet, axis: TimeAxis, row: GanttRow, y_mm: float) -> None:
    for name, days in (("p50", row.p50_days), ("p80", row.p80_days)):
        day = axis.start + timedelta(days=math.floor(days))
        write(sheet, (_COLUMNS_MM[name], y_mm), day.isoformat(), palette.NOTE)
    if not math.isnan(row.p_in_time):
        at = (_COLUMNS_MM["in_time"], y_mm)
        write(sheet, at, share(row.p_in_time), palette.NOTE, align="right")
    left_mm, wide_mm = _COLUMNS_MM["critical"], 10.5
    if row.criticality > 0:
        draw_box(sheet, Box(left_mm, y_mm - 0.3, wide_mm * row.criticality, 2.3), palette.LATE)
        figure = (left_mm + wide_mm + 9.5, y_mm)
        write(sheet, figure, share(row.criticality), palette.NOTE, align="right")
    draw_line(sheet, [(left_mm, y_mm - 0.3), (left_mm, y_mm + 2.0)], palette.FAINT, 0.15)


def _draw_head(sheet: Sheet, risk: ScheduleRisk, title: str, n_items: int) -> None:
    """Write the title, the figures that matter on its right, and the key."""
    promised = risk.network.start + timedelta(days=math.floor(risk.mode_total_days))
    figures = [
        (risk.quantile_on(0.5).isoformat(), TEXT["figure.p50"]),
        (risk.quantile_on(0.8).isoformat(), TEXT["figure.p80"]),
        (promised.isoformat(), TEXT["figure.mode"]),
        (share(risk.p_by(promised)), TEXT["figure.p"]),
    ]
    today = risk.network.start.isoformat()
    subtitle = TEXT.count("subtitle", n_items).format(today=today, draws=decimal(len(risk.total_days)))
    write_heading(sheet, title, subtitle, figures)
    _draw_key(sheet, with_repair=any(one.step == "repair" for one in risk.network.activities))


def _draw_key(sheet: Sheet, *, with_repair: bool) -> None:
    x_mm, y_mm = 10.0, 264.5
    axis = TimeAxis(
        Box(0.0, 0.0, sheet.width_mm, 1.0), date(2000, 1, 1), 0.0, sheet.width_mm
    )  # 1 day is 1 mm
    phases = [name for name in PHASE_COLOUR if with_repair or name != "repair"]
    for name in (*phases, "fact", "foreseen", "p80", "needed", "closed"):
        middle_mm, words = y_mm + 0.9, TEXT[f"phase.{name}" if name in PHASE_COLOUR else f"key.{name}"]
        swatch = Box(x_mm, middle_mm - 1.1, 6.0, 2.2)
        if name == "p80":
            row = GanttRow("", "", (), x_mm, x_mm + 6.0, 0.0, 0.0, 0.0, ())
            _draw_whisker(sheet, axis, row, middle_mm, 0.8)
        elif name == "needed":
            _draw_needed(sheet, axis, x_mm + 3.0, middle_mm)
        else:
            grey = palette.SOFT
            fill = PHASE_COLOUR.get(name) or {"fact": grey, "foreseen": pale(grey), "closed": CLOSED}[name]
            draw_box(sheet, swatch, fill, grey if name == "foreseen" else None, 0.12)
        write(sheet, (x_mm + 7.3, y_mm), words, palette.SMALL)
        x_mm += 7.3 + width_mm(words, palette.SMALL) + 4.5


def _draw_columns(sheet: Sheet, box: Box) -> None:
    y_mm = box.top + 1.6
    write(sheet, (_LEFT_MM, y_mm), TEXT["item"], palette.SMALL)
    for name, x_mm in _COLUMNS_MM.items():
        align = "right" if name == "in_time" else "left"
        write(sheet, (x_mm, y_mm), TEXT[name], palette.SMALL, align=align)


def _draw_foot(sheet: Sheet, network: Network, n_left_out: int, n_undated: int) -> None:
    draw_line(sheet, [(10.0, 22.0), (sheet.width_mm - 10.0, 22.0)], palette.FAINT, 0.2)
    sizes = ", ".join(f"{crew.n} {crew.crew_id}" for crew in network.crews)
    notes = [TEXT["crews"].format(sizes=sizes)] if network.added else []
    notes += [TEXT["left_out"].format(n=n_left_out)] if n_left_out else []
    notes += [TEXT["undated"].format(n=n_undated)] if n_undated else []
    reading = [(TEXT["reading.lead"], TEXT["reading"])]
    basis = [(TEXT["basis.lead"], " ".join([TEXT["basis"], *notes]))]
    write_paragraphs(sheet, reading, palette.NOTE, Box(10.0, 8.0, 190.0, 12.5))
    write_paragraphs(sheet, basis, palette.NOTE, Box(212.0, 8.0, 198.0, 12.5))
