"""Plans as JSON: one object per purchase, in rank order, that reads, diffs and comes back unchanged."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from sarhad.errors import Fault, InputFaults
from sarhad.io.placed import Band
from sarhad.io.tables import nearest
from sarhad.model.asset import AlongLine, Asset, AtPoint, OverBand, Place
from sarhad.model.objective import Objective, ObjectivePart
from sarhad.model.plan import Budget, BudgetPoint, Plan, PlanItem, PlanResult
from sarhad.model.project import Project

_PLACES: dict[str, type[Place]] = {"point": AtPoint, "line": AlongLine, "area": OverBand}
_KIND_OF = {place: kind for kind, place in _PLACES.items()}


def plan_as_dict(plan: Plan) -> list[dict[str, Any]]:
    """Return plain values for JSON."""
    rows = []
    for item in plan.items:
        row = asdict(item)
        row["asset"]["place"] = {"kind": _KIND_OF[type(item.asset.place)], **asdict(item.asset.place)}
        rows.append(row)
    return rows


def result_as_dict(result: PlanResult, terrain: str) -> dict[str, Any]:
    """Return a plan with its value, bound and gap, and the ranking beyond the budget, as plain values.

    `terrain` is the KIND of terrain that the values stand on.
    """
    return {
        "terrain": terrain,
        "objective": _objective(result),
        "value": result.value,
        "bound": result.bound,
        "gap": result.gap,
        "before": result.before,
        "adversaries": [
            {"adversary": name, "weight": weight, "value": value}
            for name, weight, value in result.adversaries
        ],
        "budget": None if result.budget is None else _budget(result.budget),
        "cost_usd": result.plan.cost_usd,
        "crew_n": result.plan.crew_n,
        "curve": [asdict(point) for point in result.curve],
        "items": plan_as_dict(result.plan),
        "ranking": plan_as_dict(result.ranking),
    }


def _objective(result: PlanResult) -> dict[str, Any]:
    named: dict[str, Any] = {"name": result.objective.name}
    if result.objective.name == "cvar":
        named["tail_share"] = result.objective.tail_share
    if result.objective.name == "leximin":
        named["step"] = result.objective.step
    return {**named, "parts": [asdict(part) for part in result.parts]}


def _budget(budget: Budget) -> dict[str, Any]:
    crew_n = budget.crew_n if math.isfinite(budget.crew_n) else None
    return {"money_usd": budget.money_usd, "crew_n": crew_n, "stock": dict(budget.stock)}


def read_plan(path: Path) -> Plan:
    """Return the plan in a file that `sarhad plan` wrote; raises InputFaults where it is not one."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        return Plan(tuple(_item(row) for row in document["items"]))
    except OSError as error:
        raise InputFaults.one(path.name, "a plan written by `sarhad plan`", error.strerror) from error
    except (ValueError, KeyError, TypeError) as error:
        raise InputFaults.one(path.name, "a plan written by `sarhad plan`", repr(error)) from error


def read_plan_of(project: Project, path: Path) -> Plan:
    """Return a plan of this project from a file that `sarhad plan` wrote.

    Raises InputFaults with every purchase that the project could not have made: of a type that it does not
    know, or at a place that is not along its line. A plan of another border must not count as built.
    """
    plan = read_plan(path)
    faults = [
        Fault(path.name, "items", k, *fault)
        for k, fault in enumerate(_out_of_place(plan.assets, project), start=1)
        if fault is not None
    ]
    if faults:
        raise InputFaults(faults)
    return plan


def _out_of_place(assets: Sequence[Asset], project: Project) -> Iterator[tuple[str, str, str] | None]:
    """Yield column, expected and found of each asset that cannot be the project's; None of others."""
    band = Band(project.line, project.settings, project.equipment)
    points = [one.place for one in assets if isinstance(one.place, AtPoint)]
    lon_deg, lat_deg = (np.array([getattr(one, name) for one in points]) for name in ("lon_deg", "lat_deg"))
    of_points = iter(band.point_faults(lon_deg, lat_deg, slack_m=project.settings.cell_m))  # sites are cells'
    for one in assets:
        place = one.place
        fault = next(of_points) if isinstance(place, AtPoint) else band.range_fault(place.from_m, place.to_m)
        if one.equipment_id not in project.equipment:
            found = f'"{one.equipment_id}"{nearest(one.equipment_id, project.equipment)}'
            yield "equipment_id", "a known equipment_id", found
        else:
            yield None if fault is None else ("place", *fault)


def read_plan_result(path: Path) -> PlanResult:
    """Return what a search found, from the file that `sarhad plan` wrote; raises InputFaults where it is not.

    `gap` is worked out from value and bound, as ever.
    """
    expected = "a plan written by `sarhad plan`"
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        return _result(document)
    except OSError as error:
        raise InputFaults.one(path.name, expected, error.strerror) from error
    except (ValueError, KeyError, TypeError) as error:
        raise InputFaults.one(path.name, expected, repr(error)) from error


def _result(document: dict[str, Any]) -> PlanResult:
    objective = dict(document["objective"])
    parts = tuple(ObjectivePart(**part) for part in objective.pop("parts"))
    budget = document["budget"]
    if budget is not None:
        crew_n = math.inf if budget["crew_n"] is None else budget["crew_n"]
        budget = Budget(budget["money_usd"], crew_n, budget["stock"])
    return PlanResult(
        plan=Plan(tuple(_item(row) for row in document["items"])),
        value=document["value"],
        bound=document["bound"],
        before=document["before"],
        adversaries=tuple((row["adversary"], row["weight"], row["value"]) for row in document["adversaries"]),
        ranking=Plan(tuple(_item(row) for row in document["ranking"])),
        budget=budget,
        objective=Objective(**objective),
        parts=parts,
        curve=tuple(BudgetPoint(**point) for point in document.get("curve", ())),
    )


def _item(row: dict[str, Any]) -> PlanItem:
    asset = dict(row["asset"])
    place = dict(asset.pop("place"))
    kind = _PLACES[place.pop("kind")]
    return PlanItem(**{**row, "asset": Asset(**asset, place=kind(**place))})
