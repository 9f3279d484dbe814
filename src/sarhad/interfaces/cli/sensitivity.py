"""`sarhad sensitivity`: what the answer hangs on, one parameter at a time and by Sobol's indices."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from sarhad.errors import InputFaults
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
from sarhad.interfaces.sensitivity_files import as_dict, deliver_sensitivity
from sarhad.interfaces.vocabulary import words
from sarhad.io.plans import read_plan_of
from sarhad.io.uncertainty import read_parameters
from sarhad.planning.adversaries import against_each
from sarhad.planning.profile import profile
from sarhad.planning.sensitivity import LEAST_SAMPLES, sensitivity
from sarhad.planning.variation import VARIABLE

TEXT = translated(
    {
        "adversaries": "Mean P_t by who crosses",
        "now": "What the answer hangs on (as things stand: unaware {p_unaware:.3f}, optimal "
        "{p_optimal:.3f}, "
        "{closed_km:,.0f} km closed)",
        "planned": "What the answer hangs on (with the plan: unaware {p_unaware:.3f}, optimal "
        "{p_optimal:.3f}, "
        "{closed_km:,.0f} km closed)",
        "still": "Nothing moves with: {names}.",
        "caption": "each parameter at its low and its high end, the others as the project has them",
        "sobol": "Sobol's indices of mean P_t, unaware: shares of variance, 95 % ({n:,} evaluations)",
    }
)


def run(
    context: typer.Context,
    folder: Folder,
    parameters: Annotated[
        Path | None, typer.Option("--parameters", help="Table of parameters; the shipped one if left out.")
    ] = None,
    stretches: Stretches = None,
    samples: Annotated[
        int, typer.Option("--samples", min=0, help="Sobol: base samples, a power of 2; 0 does without.")
    ] = 0,
    top: Annotated[
        int, typer.Option("--top", min=2, help="Sobol: how many parameters, those of the widest swing.")
    ] = 6,
    plan_file: PlanFile = None,
    quick: Quick = False,
    jobs: Jobs = 0,
    as_json: AsJson = False,
) -> None:
    """Say which parameters the answer hangs on, against whom, and how far terrain moves it."""
    if samples & (samples - 1) or 0 < samples < LEAST_SAMPLES:
        raise InputFaults.one(
            "--samples", f"a power of 2, at least {LEAST_SAMPLES}, such as 64, or 0", samples
        )
    project = opened(folder, quickly=quick)
    bought = read_plan_of(project, plan_file) if plan_file else None
    table = read_parameters(parameters, VARIABLE)
    ids = stretch_ids(project, stretches)
    with computing(folder, jobs or project.settings.processes) as compute:
        rows = profile(project, bought, stretch_ids=ids, compute=compute)
        found = sensitivity(
            project, table, bought, stretch_ids=ids, sample_n=samples, top_n=top, compute=compute
        )
    against = against_each(project, rows, ids)
    terrain = str(rows["terrain"].iloc[0])
    again = words_given(context, "sensitivity", folder)
    place = deliver_sensitivity(project, found, against, terrain, folder, command=again)
    value = {**as_dict(project, found, against, terrain), "results": str(place)}
    answer(value, as_json, lambda: _draw(value, place))


def _draw(value: dict[str, Any], place: Path) -> None:
    table = _table(TEXT["adversaries"], ("adversary", "P_t", "terrain band"))
    for one in value["adversaries"]:
        known = one["band_low"] == one["band_low"]
        band = f"{one['band_low']:.3f}-{one['band_high']:.3f}" if known else "-"
        table.add_row(words(one["adversary"]), *map(localised, (f"{one['p_timely']:.3f}", band)))
    print_table(table)
    heads = ("parameter", "unit", "base", "low", "high", "unaware", "optimal", "km closed")
    title = TEXT["planned" if value["purchase_n"] else "now"].format(**value["base"])
    table = _table(title, heads, TEXT["caption"])
    for row in value["rows"]:
        if row["parameter"] in value["still"]:
            continue
        ends = [
            f"{row[f'{name}_at_low']:,.{digits}f}-{row[f'{name}_at_high']:,.{digits}f}"
            for name, digits in (("p_unaware", 3), ("p_optimal", 3), ("closed_km", 0))
        ]
        numbers = (f"{row[name]:g}" for name in ("base", "low", "high"))
        table.add_row(row["parameter"], row["unit"], *map(localised, (*numbers, *ends)))
    print_table(table)
    if value["still"]:
        screen.print(TEXT["still"].format(names=", ".join(value["still"])))
    if value["sobol"]:
        table = _table(TEXT["sobol"].format(n=value["evaluation_n"]), ("parameter", "first", "total"))
        for one in value["sobol"]:
            if one["outcome"] == "p_unaware":
                shown = [f"{one[k]:.2f} ± {one[f'{k}_half_width']:.2f}" for k in ("first", "total")]
                table.add_row(one["parameter_id"], *map(localised, shown))
        print_table(table)
    tell_results(place, "sensitivity.png")


def _table(title: str, heads: tuple[str, ...], caption: str | None = None) -> Table:
    table = Table(title=title, title_justify="left", caption=caption, caption_justify="left")
    for k, head in enumerate(heads):
        table.add_column(HEADINGS[head], justify="right" if k else "left")
    return table
