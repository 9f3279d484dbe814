"""Writes what the answer hangs on: `results/sensitivity.json`, `.csv` (its rows), and the tornado chart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sarhad.interfaces.language import told
from sarhad.interfaces.report.tornado_chart import draw_tornado
from sarhad.interfaces.schedule_files import write_csv
from sarhad.io.results import RESULTS, manifest, results_folder, write_json
from sarhad.model.parameter import Parameter
from sarhad.model.project import Project
from sarhad.planning.adversaries import Against
from sarhad.planning.sensitivity import OUTCOMES, Index, Sensitivity, Swing


def deliver_sensitivity(
    project: Project,
    found: Sensitivity,
    against: Sequence[Against],
    terrain: str,
    folder: Path,
    *,
    command: Sequence[str],
) -> Path:
    """Write a sensitivity into the project's results and return where they lie; all of it or nothing."""
    value = as_dict(project, found, against, terrain)
    with results_folder(folder, adding=True) as part:
        write_csv(part / "sensitivity.csv", value["rows"])
        write_json(
            part, "sensitivity.json", {**value, "manifest": manifest(project, terrain, command=command)}
        )
        draw_tornado(
            found,
            [part / f"sensitivity.{kind}" for kind in ("png", "pdf")],
            title=told(project, project.title),
        )
    return folder / RESULTS


def as_dict(project: Project, found: Sensitivity, against: Sequence[Against], terrain: str) -> dict[str, Any]:
    """Return plain values for JSON; `rows` has one for each parameter, widest swing first."""
    return {
        "terrain": terrain,
        "depth_m": project.settings.depth_m,
        "base": dict(zip(OUTCOMES, found.base, strict=True)),
        "adversaries": [asdict(one) for one in against],
        "rows": [_row(found, k) for k in range(len(found.swings))],
        "still": [one.parameter.parameter_id for one in found.still],
        "sobol": [asdict(one) for one in found.indices],
        "sobol_sample_n": found.sample_n,
        "evaluation_n": found.evaluation_n,
        "stretch_n": found.stretch_n,
        "length_km": found.length_m / 1000.0,
        "purchase_n": found.purchase_n,
        "ranges": [
            {
                "parameter": swing.parameter.parameter_id,
                "part": swing.parameter.part,
                "distribution": swing.parameter.distribution,
                "source": swing.parameter.source,
                "title": swing.parameter.title,
            }
            for swing in found.swings
        ],
    }


def from_dict(value: Mapping[str, Any]) -> Sensitivity:
    """Return the sensitivity that `as_dict` made plain values of."""
    swings = []
    for row, about in zip(value["rows"], value["ranges"], strict=True):
        one = Parameter(
            row["parameter"],
            about["part"],
            row["low"],
            row["high"],
            about["distribution"],
            row["unit"],
            about["source"],
            about["title"],
        )
        low, high = (tuple(row[f"{name}_at_{end}"] for name in OUTCOMES) for end in ("low", "high"))
        swings.append(Swing(one, row["base"], low, high))
    return Sensitivity(
        base=tuple(value["base"][name] for name in OUTCOMES),
        swings=tuple(swings),
        indices=tuple(Index(**one) for one in value["sobol"]),
        sample_n=value["sobol_sample_n"],
        evaluation_n=value["evaluation_n"],
        stretch_n=value["stretch_n"],
        length_m=1000.0 * value["length_km"],
        purchase_n=value["purchase_n"],
    )


def _row(found: Sensitivity, k: int) -> dict[str, Any]:
    swing = found.swings[k]
    one = swing.parameter
    row: dict[str, Any] = {
        "parameter": one.parameter_id,
        "unit": one.unit,
        "base": swing.base,
        "low": one.low,
        "high": one.high,
    }
    for i, outcome in enumerate(OUTCOMES):
        row[f"{outcome}_at_low"], row[f"{outcome}_at_high"] = swing.low[i], swing.high[i]
    if found.indices:
        own = [ix for ix in found.indices if (ix.parameter_id, ix.outcome) == (one.parameter_id, OUTCOMES[0])]
        for name in ("first", "first_half_width", "total", "total_half_width"):
            row[f"sobol_{name}"] = getattr(own[0], name) if own else None
    return row
