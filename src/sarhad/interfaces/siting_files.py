"""Writes a plan by year: purchases with their years, years with value, bound and gap, a plan for each year.

`siting/results/` holds `years.csv`, `items.csv` (site, type, year, in order of purchase), `ranking.csv` (the
same and on, for budgets that nobody knows yet), `plan-YEAR.json` (all that stands by the end of a year: what
`sarhad profile --plan` takes), `siting.json` and `manifest.json`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sarhad.interfaces.schedule_files import write_csv
from sarhad.io.plans import plan_as_dict
from sarhad.io.results import manifest, results_folder, write_json
from sarhad.model.asset import AtPoint
from sarhad.model.plan import Plan
from sarhad.model.project import Project
from sarhad.planning.nested import PhasingEffort
from sarhad.planning.phasing import PhasedItem, PhasedPlan

FOLDER = "siting"
Row = dict[str, Any]


def deliver_siting(
    project: Project,
    found: PhasedPlan,
    folder: Path,
    effort: PhasingEffort,
    asked: Mapping[str, object],
    command: Sequence[str],
) -> Path:
    """Write a plan by year into the project's folder and return where it lies; all of it or nothing.

    `command` are the words that give it again.
    """
    goal = folder / FOLDER
    goal.mkdir(exist_ok=True)
    value = as_dict(found)
    with results_folder(goal) as part:
        for name in ("years", "items", "ranking"):
            write_csv(part / f"{name}.csv", value[name])
        for row in value["years"]:
            bought = Plan(tuple(one.item for one in found.items if (one.year or math.inf) <= row["year"]))
            write_json(part, f"plan-{row['year']}.json", {**row, "items": plan_as_dict(bought)})
        write_json(part, "siting.json", value)
        stood_on = manifest(project, project.terrain.kind, asdict(effort), command=command)
        write_json(part, "manifest.json", {**stood_on, "asked": dict(asked)})
    return goal / "results"


def as_dict(found: PhasedPlan) -> Row:
    """Return a plan by year as plain values: the whole, years, purchases, and the ranking beyond them."""
    return {
        "value": found.value,
        "bound": found.bound,
        "gap": found.gap,
        "before": found.before,
        "years": _years(found),
        "items": [_item(one) for one in found.items],
        "ranking": [_item(one) for one in found.ranking],
    }


def _years(found: PhasedPlan) -> list[Row]:
    rows: list[Row] = []
    for phase, value, bound in zip(found.phases, found.values, found.bounds, strict=True):
        standing = [one for one in found.items if (one.year or math.inf) <= phase.year]
        rows.append(
            {
                "year": phase.year,
                "weight": phase.weight,
                "money_usd": phase.budget.money_usd,
                "crew_limit_n": phase.budget.crew_n,
                "cost_usd": sum(one.item.cost_usd for one in standing),
                "crew_n": sum(one.item.crew_n for one in standing),
                "n_new": sum(one.year == phase.year for one in standing),
                "n_standing": len(standing),
                "value": value,
                "bound": bound,
                "gap": (bound - value) / bound if bound > 0 else 0.0,
            }
        )
    return rows


def _item(one: PhasedItem) -> Row:
    item, place = one.item, one.item.asset.place
    return {
        "rank": item.rank,
        "year": one.year,
        "site_id": item.site_id,
        "equipment_id": item.asset.equipment_id,
        "asset_id": item.asset.asset_id,
        "lon_deg": place.lon_deg if isinstance(place, AtPoint) else None,
        "lat_deg": place.lat_deg if isinstance(place, AtPoint) else None,
        "from_m": None if isinstance(place, AtPoint) else place.from_m,
        "to_m": None if isinstance(place, AtPoint) else place.to_m,
        "cost_usd": item.cost_usd,
        "crew_n": item.crew_n,
        "gain": item.gain,
    }
