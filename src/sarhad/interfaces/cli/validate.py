"""`sarhad validate`: crossings simulated event by event beside P_t; code 1 where they do not agree."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.table import Table

from sarhad.interfaces.cli.console import (
    AsJson,
    Folder,
    Jobs,
    PlanFile,
    answer,
    computing,
    print_table,
    screen,
    tell_results,
)
from sarhad.interfaces.cli.given import words_given
from sarhad.interfaces.cli.headings import HEADINGS
from sarhad.interfaces.cli.quick import Quick, opened
from sarhad.interfaces.cli.stretches import Stretches, stretch_ids
from sarhad.interfaces.language import localised, translated
from sarhad.interfaces.validation_files import as_dict, deliver_validation
from sarhad.interfaces.vocabulary import words
from sarhad.io.plans import read_plan_of
from sarhad.planning.validation import validate

TEXT = translated(
    {
        "title": "Simulated crossings against the {adversary} adversary's probabilities",
        "caption": "inside: stretches whose probability lies in the 95 % interval (Clopper-Pearson) of its "
        "frequency; p-values below {limit:g} are a fault",
        "holds": "P_t holds. A mean that is off by more than about {far} would show.",
        "fails": "[bold red]P_t does not hold:[/] do not use these results before the reason is known.",
    }
)
Adversary = Literal["unaware", "aware", "optimal", "fastest"]
FAILED = 1


def run(
    context: typer.Context,
    folder: Folder,
    crossings: Annotated[
        int, typer.Option("--crossings", min=1, help="Crossings to simulate through each stretch.")
    ] = 1_000,
    stretches: Stretches = None,
    adversary: Annotated[Adversary, typer.Option(help="Who crosses.")] = "unaware",
    seed: Annotated[int | None, typer.Option(min=0, help="Seed; the project's if left out.")] = None,
    plan_file: PlanFile = None,
    quick: Quick = False,
    jobs: Jobs = 0,
    as_json: AsJson = False,
) -> None:
    """Simulate crossings event by event and hold P_t to their frequency."""
    project = opened(folder, quickly=quick)
    bought = read_plan_of(project, plan_file) if plan_file else None
    with computing(folder, jobs or project.settings.processes) as compute:
        found = validate(
            project,
            bought,
            adversary=adversary,
            crossing_n=crossings,
            stretch_ids=stretch_ids(project, stretches),
            seed=seed,
            compute=compute,
        )
    place = deliver_validation(project, found, folder, command=words_given(context, "validate", folder))
    value = {**as_dict(project, found), "results": str(place)}
    answer(value, as_json, lambda: _draw(value, place))
    if not found.holds:
        raise typer.Exit(FAILED)


def _draw(value: dict[str, Any], place: Path) -> None:
    table = Table(
        title=TEXT["title"].format(adversary=words(value["adversary"])),
        title_justify="left",
        caption=TEXT["caption"].format(limit=value["fails_below"]),
        caption_justify="left",
    )
    heads = ("probability", "stretches", "crossings", "mean", "frequency", "inside", "p bias", "p spread")
    for k, head in enumerate(heads):
        table.add_column(HEADINGS[head], justify="right" if k else "left")
    for name, key in (("P_t", "p_timely"), ("P_detect", "p_detect")):
        one = value[key]
        cells = (
            f"{one['stretch_n']:,}",
            f"{one['crossing_n']:,}",
            f"{one['mean_p']:.4f}",
            f"{one['frequency']:.4f}",
            f"{one['inside_share']:.1%}",
            f"{one['p_bias']:.3f}",
            f"{one['p_spread']:.3f}",
        )
        table.add_row(name, *map(localised, cells))
    print_table(table)
    far = localised(f"{value['p_timely']['shows_from']:.2g}")
    screen.print(TEXT["holds"].format(far=far) if value["holds"] else TEXT["fails"])
    tell_results(place, "validation.png")
