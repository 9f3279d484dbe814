"""`sarhad plan`: what to build first under a budget, with a proven bound."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from sarhad.interfaces.cli.console import AsJson, Folder, Jobs, answer, computing, tell_results
from sarhad.interfaces.cli.given import words_given
from sarhad.interfaces.cli.quick import Quick, opened
from sarhad.interfaces.cli.tables import draw_plan, draw_summary
from sarhad.interfaces.deliver import deliver, findings
from sarhad.io.plans import result_as_dict
from sarhad.model.objective import MEAN, Objective
from sarhad.planning.budget_curve import SHARES
from sarhad.planning.siting import Effort, plan

MUSD = 1e6
EFFORT = Effort(curve=SHARES)
QUICK_EFFORT = Effort(rounds=1, max_exact=0, bound_rounds=25, curve=(0.5, 2.0))
ObjectiveName = Literal["mean", "leximin", "cvar"]


def run(
    context: typer.Context,
    folder: Folder,
    budget_musd: Annotated[
        float | None,
        typer.Option("--budget-musd", help="Money in million USD; the project's own if left out."),
    ] = None,
    objective: Annotated[
        ObjectiveName,
        typer.Option(help="What to raise: the mean; the worst stretches first; the worst of the year."),
    ] = "mean",
    tail_share: Annotated[
        float, typer.Option(min=0.001, max=1.0, help="cvar: share of the year that is its worst.")
    ] = MEAN.tail_share,
    step: Annotated[
        float, typer.Option(min=0.001, max=1.0, help="leximin: P_t is compared in whole steps.")
    ] = MEAN.step,
    quick: Quick = False,
    jobs: Jobs = 0,
    as_json: AsJson = False,
) -> None:
    """Find what to build first under a budget, with a proven bound on any other plan."""
    project = opened(folder, quickly=quick)
    effort = QUICK_EFFORT if quick else EFFORT
    with computing(folder, jobs or project.settings.processes) as compute:
        before = findings(project, None, compute)
        money_usd = None if budget_musd is None else budget_musd * MUSD
        asked = Objective(objective, tail_share=tail_share, step=step)
        result = plan(project, money_usd, objective=asked, effort=effort, compute=compute)
        after = findings(project, result.plan, compute)
        again = words_given(context, "plan", folder)
        place = deliver(project, before, (result, after, effort), folder, compute, command=again)

    def draw() -> None:
        draw_summary(project, before, after)
        draw_plan(project, result)
        tell_results(place)

    answer(result_as_dict(result, after.summary.terrain), as_json, draw)
