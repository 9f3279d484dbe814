"""`sarhad programme siting`: which site when, given what will have arrived, with a proven bound by year."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from sarhad.interfaces.cli.ahead_options import Activities, Crews, Draws, LedgerFolder, Seed, Start, start_of
from sarhad.interfaces.cli.console import (
    AsJson,
    Folder,
    Jobs,
    answer,
    computing,
    print_rows,
    screen,
    tell_results,
)
from sarhad.interfaces.cli.given import words_given
from sarhad.interfaces.cli.headings import HEADINGS, headings
from sarhad.interfaces.cli.ledger_session import ready
from sarhad.interfaces.cli.programme_options import now
from sarhad.interfaces.cli.quick import Quick, opened
from sarhad.interfaces.language import translated
from sarhad.interfaces.programme_ahead import Ahead, Basis, look_ahead
from sarhad.interfaces.siting_files import as_dict, deliver_siting
from sarhad.io.years import Years, read_years
from sarhad.ledger.ledger import ledger_folder
from sarhad.ledger.reading import JOURNAL
from sarhad.model.plan import Budget
from sarhad.model.project import Project
from sarhad.planning.arrivals import arrivals
from sarhad.planning.compute import Compute
from sarhad.planning.nested import PhasingEffort
from sarhad.planning.phasing import Phase, discounted, phase
from sarhad.planning.programme_schedule import ScheduleAsk, crew_plan
from sarhad.planning.prospects import prospect_of

TEXT = translated(
    {
        "sure": "Share of the draws in which what counts as arrived has come: 0.5 is even odds, 0.8 careful.",
        "discount": "How much less a year counts than the one before it: 0.05 is five per cent.",
        "from.table": "What arrives is that of programme/deliveries.csv.",
        "from.ledger": "What arrives is the ledger's programme, in {sure:.0%} of {n:,} draws of the "
        "schedule.",
        "from.stock": "What there is is the stock of [budget.stock], in every year.",
        "not.offered": "Arrives, but the project offers no such type to plans: {names}.",
        "arrived.title": "What has arrived by the end of the year (items; kilometres along the line)",
        "years.title": "Mean P_t at the year's end (half unaware, half optimal); {before:.3f} without the "
        "plan",
        "years.caption": "no plan within the year's money, people and stock exceeds the bound",
        "items.title": "What to put where, when (items.csv has all: {n})",
        "counts.title": "How many of each type each year adds",
        "item.at": "{equipment} at {site}",
        "next": "Next, were there more money and people: {names}.",
        "results": "`sarhad profile --plan` takes plan-YEAR.json.",
    }
)
N_SHOWN = 40
N_NEXT = 5
EFFORT = PhasingEffort()


def run(
    context: typer.Context,
    folder: Folder,
    sure: Annotated[float, typer.Option(min=0.01, max=1.0, help=TEXT["sure"])] = 0.5,
    discount: Annotated[float, typer.Option(min=0.0, max=1.0, help=TEXT["discount"])] = 0.0,
    draws: Draws = 10_000,
    seed: Seed = 1,
    start: Start = None,
    crews: Crews = True,
    activities: Activities = None,
    ledger: LedgerFolder = None,
    quick: Quick = False,
    jobs: Jobs = 0,
    as_json: AsJson = False,
) -> None:
    """Plan which site gets what in which year, given what arrives when and the money of each year."""
    basis = Basis(start_of(start), activities, ledger, crews)
    project = opened(folder, quickly=quick)
    years = read_years(folder, project.equipment)
    from_ledger = years.arrived is None and (ledger_folder(ledger or folder) / JOURNAL).exists()
    if from_ledger:
        ready(ledger or folder)
    with computing(folder, jobs or project.settings.processes) as compute:
        source, arrived = "table", years.arrived
        if arrived is None:
            source, arrived = "stock", ({},) * len(years.means)
            if from_ledger:
                source = "ledger"
                ahead = look_ahead(project, folder, basis, now=now())
                project, arrived = _from_ledger(ahead, basis, years, compute, (sure, draws, seed))
        phases = _phases(project, years, arrived, discount)
        found = phase(project, phases, effort=EFFORT, compute=compute)
    asked = {"source": source, "sure": sure, "discount": discount, "n_draws": draws, "seed": seed}
    place = deliver_siting(
        project,
        found,
        folder,
        EFFORT,
        {**asked, "start": str(basis.start), "crews": crews, "arrived": arrived},
        words_given(context, "programme siting", folder, {"start": basis.start}),
    )
    value = {"source": source, "arrived": list(arrived), **as_dict(found), "results": str(place)}
    said = TEXT[f"from.{source}"].format(sure=sure, n=draws)
    idle = sorted({name for one in arrived for name in one} - set(project.offered))
    answer(value, as_json, lambda: _draw(value, said, idle, place))


def _from_ledger(
    ahead: Ahead, basis: Basis, years: Years, compute: Compute, drawn: tuple[float, int, int]
) -> tuple[Project, tuple[Mapping[str, float], ...]]:
    """Return the project with what works already, and what else will have arrived by year."""
    planned = crew_plan(ahead.network, ScheduleAsk(), compute)
    network = ahead.network if planned is None else planned.schedule.network
    sure, n_draws, seed = drawn
    calendar = [one.year for one in years.means]
    asked = {"sure": sure, "n_draws": n_draws, "seed": seed}
    found = arrivals(ahead.programme, network, calendar, basis.at, **asked)  # type: ignore[arg-type]
    return prospect_of(ahead.project, ahead.programme, basis.at).project, tuple(found)


def _phases(
    project: Project, years: Years, arrived: Sequence[Mapping[str, float]], discount: float
) -> tuple[Phase, ...]:
    """Return the years as phases: money adds up; what no delivery names is as the project's stock has it."""
    budgets, money_usd = [], 0.0
    for means, came in zip(years.means, arrived, strict=True):
        money_usd += means.money_usd
        crew_n = project.budget.crew_n if means.crew_n is None else means.crew_n
        budgets.append(Budget(money_usd, crew_n, {**project.budget.stock, **came}))
    return discounted(budgets, first_year=years.means[0].year, discount=discount)


def _draw(value: Mapping[str, Any], said: str, idle: Sequence[str], place: Path) -> None:
    screen.print(escape(said))
    if idle:
        screen.print(TEXT["not.offered"].format(names=escape(", ".join(idle))))
    calendar = [row["year"] for row in value["years"]]
    names = sorted({name for one in value["arrived"] for name in one})
    if names:
        rows = [[name, *(f"{one[name]:g}" for one in value["arrived"])] for name in names]
        print_rows(TEXT["arrived.title"], [HEADINGS["type"], *map(str, calendar)], rows, n_text=1)
    columns = ("year", "money, MUSD", "spent, MUSD", "new", "standing", "P_t", "bound", "gap")
    rows = [
        [
            str(row["year"]),
            f"{row['money_usd'] / 1e6:,.2f}",
            f"{row['cost_usd'] / 1e6:,.2f}",
            str(row["n_new"]),
            str(row["n_standing"]),
            f"{row['value']:.3f}",
            f"{row['bound']:.3f}",
            f"{row['gap']:.1%}",
        ]
        for row in value["years"]
    ]
    print_rows(
        TEXT["years.title"].format(before=value["before"]),
        headings(columns),
        rows,
        caption=TEXT["years.caption"],
    )
    _draw_items(value, calendar)
    tell_results(place, "items.csv")
    screen.print(TEXT["results"])


def _draw_items(value: Mapping[str, Any], calendar: Sequence[int]) -> None:
    items, beyond = value["items"], value["ranking"][len(value["items"]) :]
    counts = Counter((one["equipment_id"], one["year"]) for one in items)
    types = sorted({one["equipment_id"] for one in items})
    rows = [[name, *(str(counts[name, year] or "") for year in calendar)] for name in types]
    print_rows(TEXT["counts.title"], [HEADINGS["type"], *map(str, calendar)], rows, n_text=1)
    rows = [
        [
            str(one["rank"]),
            str(one["year"]),
            one["site_id"],
            one["equipment_id"],
            f"{one['cost_usd'] / 1e3:,.0f}",
            f"{one['gain']:.4f}",
        ]
        for one in items[:N_SHOWN]
    ]
    heads = ("rank", "year", "site", "type", "cost, kUSD", "gain")
    print_rows(TEXT["items.title"].format(n=len(items)), headings(heads), rows, n_text=4)
    if beyond:
        names = ", ".join(
            TEXT["item.at"].format(equipment=one["equipment_id"], site=one["site_id"])
            for one in beyond[:N_NEXT]
        )
        screen.print(TEXT["next"].format(names=escape(names)))
