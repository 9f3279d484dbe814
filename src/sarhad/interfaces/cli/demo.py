"""`sarhad demo`: an example, from nothing to a plan on a map."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sarhad.interfaces.cli.console import AsJson, Jobs, answer, computing, remarks, screen, tell_results
from sarhad.interfaces.cli.given import words_given
from sarhad.interfaces.cli.plan import EFFORT, QUICK_EFFORT
from sarhad.interfaces.cli.quick import opened
from sarhad.interfaces.cli.tables import draw_plan, draw_summary
from sarhad.interfaces.deliver import deliver, findings
from sarhad.interfaces.language import told, translated
from sarhad.io.example import example_names, write_example
from sarhad.io.plans import result_as_dict
from sarhad.planning.siting import plan

TEXT = translated({"full": "`--full` computes it all."})


def run(
    context: typer.Context,
    folder: Annotated[
        Path | None, typer.Argument(help="Folder for the example project; without it, its name.")
    ] = None,
    example: Annotated[
        str, typer.Option(help=f"Example to compute: {', '.join(example_names())}.")
    ] = example_names()[0],
    full: Annotated[
        bool, typer.Option("--full", help="90 m cells, all fields and realisations; resumes.")
    ] = False,
    jobs: Jobs = 0,
    as_json: AsJson = False,
) -> None:
    """Write an example, compute it, plan under its budget, and draw the result."""
    folder = folder or Path(example)
    if not (folder / "project.toml").exists():
        write_example(example, folder)
    project = opened(folder, quickly=not full)
    if not full:
        remarks.print(TEXT["full"])
    with computing(folder, jobs or project.settings.processes) as compute:
        before = findings(project, None, compute)
        effort = EFFORT if full else QUICK_EFFORT
        result = plan(project, effort=effort, compute=compute)
        after = findings(project, result.plan, compute)
        again = words_given(context, "demo", folder)
        place = deliver(project, before, (result, after, effort), folder, compute, command=again)

    def draw() -> None:
        screen.print(f"\n[bold]{told(project, project.title)}[/]")
        draw_summary(project, before, after)
        draw_plan(project, result)
        tell_results(place, "map_sheet.png", "strip_chart.png")

    bought = result_as_dict(result, after.summary.terrain)
    answer({"before": before.summary.as_dict(), "plan": bought}, as_json, draw)
