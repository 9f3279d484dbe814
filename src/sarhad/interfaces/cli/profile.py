"""`sarhad profile`: how likely a crossing is seen in time, stretch by stretch."""

from __future__ import annotations

from sarhad.interfaces.cli.console import AsJson, Folder, Jobs, PlanFile, answer, computing, screen
from sarhad.interfaces.cli.tables import draw_summary
from sarhad.interfaces.deliver import deliver, findings
from sarhad.io.plans import read_plan
from sarhad.io.project import open_project


def run(folder: Folder, plan_file: PlanFile = None, jobs: Jobs = 0, as_json: AsJson = False) -> None:
    """Compute the profile and the unseen gap, with a plan counted as built if one is given."""
    project = open_project(folder)
    bought = read_plan(plan_file) if plan_file else None
    with computing(folder, jobs) as compute:
        found = findings(project, bought, compute)
        place = deliver(project, found, None, folder, compute)

    def draw() -> None:
        draw_summary(project, found, None)
        screen.print(f"\nResults: [bold]{place}[/]")

    answer(found.summary.as_dict(), as_json, draw)
