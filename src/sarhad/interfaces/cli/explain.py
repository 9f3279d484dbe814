"""`sarhad explain`: why one stretch stands where it stands, and what would raise it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import shapely
import typer

from sarhad.interfaces.cli.console import AsJson, Folder, Jobs, PlanFile, answer, computing
from sarhad.interfaces.cli.quick import Quick, opened
from sarhad.interfaces.cli.tables import draw_explanation
from sarhad.io.plans import read_plan_of
from sarhad.planning.explain import Explanation, explain


def run(
    folder: Folder,
    km: Annotated[float, typer.Argument(help="Chainage in kilometres.")],
    target: Annotated[str | None, typer.Option(help="Target class; the project's first if left out.")] = None,
    condition: Annotated[
        str | None, typer.Option(help="Condition; the one of the largest share if left out.")
    ] = None,
    plan_file: PlanFile = None,
    quick: Quick = False,
    jobs: Jobs = 0,
    as_json: AsJson = False,
) -> None:
    """Say which routes lead through a stretch, which item would raise it most, and what nobody sees there."""
    project = opened(folder, quickly=quick)
    bought = read_plan_of(project, plan_file) if plan_file else None
    with computing(folder, jobs or project.settings.processes) as compute:
        found = explain(project, km * 1000.0, bought, target=target, condition=condition, compute=compute)
    answer(_as_dict(found), as_json, lambda: draw_explanation(project, found))


def _as_dict(found: Explanation) -> dict[str, Any]:
    value = asdict(found)
    for way in value["ways"]:
        way["route"] = None if way["route"] is None else shapely.get_coordinates(way["route"]).tolist()
    return value
