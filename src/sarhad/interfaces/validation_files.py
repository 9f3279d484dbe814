"""Writes a validation: `results/validation.json`, `.csv` (a row for each stretch), and a chart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sarhad.interfaces.language import told
from sarhad.interfaces.report.calibration_chart import draw_calibration
from sarhad.interfaces.schedule_files import write_csv
from sarhad.io.results import RESULTS, manifest, results_folder, write_json
from sarhad.model.project import Project
from sarhad.planning.validation import FAILS_BELOW, LEVEL, Calibration, Validation, interval


def deliver_validation(project: Project, found: Validation, folder: Path, *, command: Sequence[str]) -> Path:
    """Write a validation into the project's results and return where they lie; all of it or nothing."""
    value = as_dict(project, found)
    with results_folder(folder, adding=True) as part:
        rows = value.pop("rows")
        write_csv(part / "validation.csv", rows)
        stands_on = manifest(project, found.trial.kind, command=command)
        write_json(part, "validation.json", {**value, "manifest": stands_on})
        draw_calibration(
            found,
            [part / f"validation.{kind}" for kind in ("png", "pdf")],
            title=told(project, project.title),
        )
    return folder / RESULTS


def as_dict(project: Project, found: Validation) -> dict[str, Any]:
    """Return a validation as plain values for JSON, with a row for each stretch."""
    return {
        "holds": found.holds,
        "adversary": found.adversary,
        "terrain": found.trial.kind,
        "depth_m": project.settings.depth_m,
        "seed": found.seed,
        "purchase_n": found.purchase_n,
        "level": LEVEL,
        "fails_below": FAILS_BELOW,
        "p_timely": _judged(found.timely),
        "p_detect": _judged(found.detected),
        "rows": _rows(project, found),
    }


def _judged(one: Calibration) -> Mapping[str, Any]:
    return {"holds": one.holds, **asdict(one)}


def _rows(project: Project, found: Validation) -> list[dict[str, Any]]:
    trial = found.trial
    stretches = project.line.stretches(project.settings.stretch_m)
    low, high = interval(trial.n_timely, trial.n)
    rows = []
    for i in range(len(trial.stretch)):
        stretch = stretches[int(trial.stretch[i])]
        n, p = int(trial.n[i]), float(trial.p_timely[i])
        rows.append(
            {
                "stretch_id": stretch.stretch_id,
                "chainage_from_m": stretch.from_m,
                "chainage_to_m": stretch.to_m,
                "crossing_n": n,
                "detected_n": int(trial.n_detected[i]),
                "timely_n": int(trial.n_timely[i]),
                "frequency": int(trial.n_timely[i]) / n if n else float("nan"),
                "low": float(low[i]) if n else float("nan"),
                "high": float(high[i]) if n else float("nan"),
                "p_timely": p,
                "p_detect": float(trial.p_detect[i]),
                "inside": bool(low[i] <= p <= high[i]) if n else None,
            }
        )
    return rows
