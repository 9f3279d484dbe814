"""Writes a schedule into `results/programme/`: tables, JSON, Gantt chart, manifest.

`items.csv` has a row per item, `schedule.csv` one per step: its dates, what it decides, and the days planned
for it where crews are few. `schedule.json` holds both and the whole, `gantt.png` and `.pdf` the chart,
`manifest.json` what it stands on: versions, files, the ledger's head, draws.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from sarhad.interfaces.language import told
from sarhad.interfaces.report.gantt import draw_gantt
from sarhad.io.results import PROGRAMME, RESULTS, manifest, results_folder, write_json
from sarhad.ledger.store import Head
from sarhad.model.project import Project
from sarhad.planning.programme_schedule import (
    CrewPlan,
    ProgrammeSchedule,
    ScheduleAsk,
    day_on,
    item_dates,
    item_days,
    state_of,
)
from sarhad.planning.resourcing import MODE

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked, for the manifest: draws, the day whose chance is asked for, tables, the words."""

    ask: ScheduleAsk
    by: date | None = None
    files: tuple[Path, ...] = ()
    command: tuple[str, ...] = ()


def deliver_schedule(
    project: Project, found: ProgrammeSchedule, folder: Path, asked: Asked, ledger: Head
) -> Path:
    """Write a schedule into a project's results and return where it lies; all of it or nothing."""
    value = as_dict(found, asked.by)
    with results_folder(folder, f"{RESULTS}/{PROGRAMME}") as part:
        write_csv(part / "items.csv", value["items"])
        write_csv(part / "schedule.csv", value["steps"])
        write_json(part, "schedule.json", value)
        charts = [part / f"gantt.{kind}" for kind in ("png", "pdf")]
        draw_gantt(found.programme, found.risk, charts, title=told(project, project.title))
        stated = {f"{path.parent.name}/{path.name}": _sha256(path) for path in asked.files}
        write_json(
            part,
            "manifest.json",
            {
                **manifest(project, project.terrain.kind, command=asked.command),
                "asked": asdict(asked.ask) | {"by": _plain(asked.by), "start": value["start"]},
                "programme_sha256": stated,
                "ledger": {"n_records": ledger.seq, "head": ledger.hash},
            },
        )
    return folder / RESULTS / PROGRAMME


def as_dict(found: ProgrammeSchedule, by: date | None) -> dict[str, Any]:
    """Return a schedule as plain values: the whole, the crews, every item, every step."""
    risk = found.risk
    return {
        "start": risk.network.start.isoformat(),
        "n_draws": len(risk.total_days),
        "whole": _whole(found, by),
        "crews": None if found.crews is None else _crews(found, found.crews),
        "undated": undated(found),
        "items": _items(found, by),
        "steps": _steps(found),
    }


def undated(found: ProgrammeSchedule) -> list[str]:
    """Return the items from which no date follows: not pledged, or nothing of them is there."""
    known = set(item_days(found.risk))
    return [item.item_id for item in found.programme.items if item.item_id not in known]


def _whole(found: ProgrammeSchedule, by: date | None) -> Row:
    risk, promised = found.risk, day_on(found.risk, found.risk.mode_total_days)
    return {
        "p50_on": risk.quantile_on(0.5).isoformat(),
        "p80_on": risk.quantile_on(0.8).isoformat(),
        "most_likely_on": promised.isoformat(),
        "p_most_likely": risk.p_by(promised),
        "unlimited_p50_on": found.unlimited.quantile_on(0.5).isoformat(),
        "unlimited_p80_on": found.unlimited.quantile_on(0.8).isoformat(),
        **({"by": by.isoformat(), "p_by": risk.p_by(by)} if by else {}),
    }


def _crews(found: ProgrammeSchedule, plan: CrewPlan) -> Row:
    schedule = plan.schedule
    return {
        "aim": plan.aim,
        "planned_at": "most likely" if plan.planned_at == MODE else f"P{100 * plan.planned_at:.0f}",
        "value_days": plan.value_days,
        "bound_days": plan.bound_days,
        "gap": schedule.gap,
        "is_optimal": schedule.is_optimal,
        "ends_on": day_on(found.risk, float(schedule.finish_days.max())).isoformat(),
        "tried": [asdict(one) for one in plan.tried],
        "sizes": {crew.crew_id: crew.n for crew in found.risk.network.crews},
    }


def _items(found: ProgrammeSchedule, by: date | None) -> list[Row]:
    risk, rows = found.risk, []
    days_of = item_days(risk)
    for one in item_dates(found.programme, risk):
        item = found.programme.progress[one.item_id].item
        rows.append(
            {
                "item_id": one.item_id,
                "equipment_id": item.equipment_id,
                "donor": item.donor,
                "next_step": one.next_step,
                **{
                    f"{name}_on": day_on(risk, getattr(one, f"{name}_days")).isoformat()
                    for name in ("p10", "p50", "p80", "p90")
                },
                "needed_by": _plain(one.needed_by),
                "p_in_time": one.p_in_time,
                **({"p_by": risk.share_by(days_of[one.item_id], by)} if by else {}),
                "criticality": one.criticality,
                "crucial_step": one.crucial_step,
                "cruciality": one.cruciality,
            }
        )
    return rows


def _steps(found: ProgrammeSchedule) -> list[Row]:
    risk, network = found.risk, found.risk.network
    rows = []
    for i, judged in enumerate(risk.table().to_dict(orient="records")):
        one = network.activities[i]
        planned: tuple[str | None, str | None] = (None, None)
        if found.crews is not None and one.finished_on is None:
            schedule = found.crews.schedule
            ends = (schedule.start_days[i], schedule.finish_days[i])
            planned = tuple(day_on(risk, float(day)).isoformat() for day in ends)  # type: ignore[assignment]
        rows.append(
            {
                "item_id": one.item_id,
                "step": one.step,
                "state": state_of(one),
                "began_on": _plain(one.began_on),
                "finished_on": _plain(one.finished_on),
                **{
                    f"{name}_on": day_on(risk, judged[f"{name}_days"]).isoformat()
                    for name in ("p10", "p50", "p80", "p90")
                },
                "criticality": judged["criticality"],
                "cruciality": judged["cruciality"],
                "crews": " ".join(f"{name}:{n}" for name, n in one.crews),
                "closures": " ".join(one.closure_ids),
                "planned_start_on": planned[0],
                "planned_finish_on": planned[1],
            }
        )
    return rows


def write_csv(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write rows of the same names as CSV; what is not known stays empty."""
    lines = list(rows)
    with path.open("w", encoding="utf-8", newline="") as file:
        if lines:
            writer = csv.DictWriter(file, list(lines[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows({name: _cell(value) for name, value in row.items()} for row in lines)


def _cell(value: Any) -> Any:
    if isinstance(value, float):
        return "" if value != value else round(value, 6)  # noqa: PLR0124 - NaN
    return "" if value is None else value


def _plain(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
