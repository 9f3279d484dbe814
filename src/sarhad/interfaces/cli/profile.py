"""`sarhad profile`: how likely a crossing is seen in time, stretch by stretch."""

from __future__ import annotations

import typer

from sarhad.interfaces.cli.console import AsJson, Folder, Jobs, PlanFile, answer, computing, tell_results
from sarhad.interfaces.cli.given import words_given
from sarhad.interfaces.cli.quick import Quick, opened
from sarhad.interfaces.cli.tables import draw_summary
from sarhad.interfaces.deliver import COUNTED, deliver, findings
from sarhad.io.plans import read_plan_of
from sarhad.io.results import RESULTS


def run(
    context: typer.Context,
    folder: Folder,
    plan_file: PlanFile = None,
    quick: Quick = False,
    jobs: Jobs = 0,
    as_json: AsJson = False,
) -> None:
    """Compute the profile and the unseen gap, with a plan counted as built if one is given."""
    project = opened(folder, quickly=quick)
    kept = folder / RESULTS / COUNTED
    bought = read_plan_of(project, plan_file) if plan_file else None
    with computing(folder, jobs or project.settings.processes) as compute:
        found = findings(project, bought, compute)
        again = words_given(context, "profile", folder, {"plan_file": kept} if bought else {})
        place = deliver(project, found, None, folder, compute, command=again)

    def draw() -> None:
        draw_summary(project, found, None)
        tell_results(place)

    answer(found.summary.as_dict(), as_json, draw)
