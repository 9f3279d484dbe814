"""`sarhad programme schedule`: when each item works, how sure that is, what decides it, who comes when."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from sarhad.interfaces.cli.ahead_options import (
    Activities,
    Crews,
    Draws,
    LedgerFolder,
    Seed,
    Start,
    day_of,
    start_of,
)
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
from sarhad.interfaces.cli.headings import headings
from sarhad.interfaces.cli.ledger_session import ready
from sarhad.interfaces.cli.programme_options import now
from sarhad.interfaces.language import localised, translated
from sarhad.interfaces.programme_ahead import Basis, look_ahead
from sarhad.interfaces.schedule_files import Asked, as_dict, deliver_schedule
from sarhad.interfaces.vocabulary import words
from sarhad.io.project import open_project
from sarhad.planning.programme_schedule import ScheduleAsk, schedule_programme
from sarhad.planning.resourcing import EFFORT

TEXT = translated(
    {
        "by": "Also the chance that it works by this day, YYYY-MM-DD.",
        "aim": "What crews are ordered for: the end of the whole, or the mean day on which items work.",
        "effort": "Effort of the solver: deterministic seconds, a few of a clock each.",
        "robust": "Plan on most likely, P50, P80 and P90 durations and take the order with the least P80.",
        "whole": "All works by [bold]{p50_on}[/] in half of {n:,} draws (P50), by [bold]{p80_on}[/] in four "
        "fifths (P80).",
        "promise": "Most likely durations alone would promise {most_likely_on}: kept in {p}.",
        "by.chance": "All works by {by}: chance {p}.",
        "crews.found": "Crews ({sizes}): {aim} {value:,.0f}, planned on {planned_at} durations; {proof}.",
        "aim.end": "the end on day",
        "aim.items": "items work on average on day",
        "optimal": "no order is better",
        "not.optimal": "not proven the best: bound {bound:,.0f}, gap {gap:.1%}",
        "unlimited": "Without limits of crews: {unlimited_p50_on} (P50), {unlimited_p80_on} (P80). All other "
        "dates keep the crews' order, whatever comes late.",
        "tried.title": "Orders tried, judged on fresh draws (days)",
        "items.title": "Items, by the day on which they work as a whole",
        "items.caption": "in time: share of draws by the day needed; critical: on the chain that ends the "
        "whole",
        "steps.title": "Steps whose length goes most with the end of the whole (crucial: correlation)",
        "undated": "Without a date (not pledged, or nothing of it is there): {names}.",
        "most.likely": "most likely",
        "works": "works",
        "by.day": "by {by}",
    }
)
N_SHOWN = 40
N_STEPS = 8


class AimOption(StrEnum):
    """What crews are ordered for."""

    end = "end"
    items = "items"


def run(
    context: typer.Context,
    folder: Folder,
    draws: Draws = 10_000,
    seed: Seed = 1,
    start: Start = None,
    by: Annotated[str | None, typer.Option("--by", help=TEXT["by"])] = None,
    crews: Crews = True,
    aim: Annotated[AimOption, typer.Option("--aim", help=TEXT["aim"])] = AimOption.items,
    effort: Annotated[float, typer.Option("--effort", help=TEXT["effort"])] = EFFORT,
    robust: Annotated[bool, typer.Option("--robust", help=TEXT["robust"])] = False,
    activities: Activities = None,
    ledger: LedgerFolder = None,
    jobs: Jobs = 0,
    as_json: AsJson = False,
) -> None:
    """Schedule the programme: P50 and P80 of each item, what decides the end, an order for the crews."""
    wanted = None if by is None else day_of("--by", by)
    basis = Basis(start_of(start), activities, ledger, crews)
    ask = ScheduleAsk(draws, seed, aim.value, effort, robust)
    ready(ledger or folder)
    ahead = look_ahead(open_project(folder), folder, basis, now=now())
    with computing(None, jobs or ahead.project.settings.processes) as compute:
        found = schedule_programme(ahead.programme, ahead.network, ask, compute=compute)
    again = words_given(context, "programme schedule", folder, {"start": basis.start})
    asked = Asked(ask, wanted, basis.files(folder), tuple(again))
    place = deliver_schedule(ahead.project, found, folder, asked, ahead.head)
    value = as_dict(found, wanted)
    answer({**value, "results": str(place)}, as_json, lambda: _draw(value, place))


def _draw(value: Mapping[str, Any], place: Path) -> None:
    whole, crews = value["whole"], value["crews"]
    screen.print(TEXT["whole"].format(n=value["n_draws"], **whole))
    screen.print(TEXT["promise"].format(p=localised(_share(whole["p_most_likely"])), **whole))
    if "by" in whole:
        screen.print(TEXT["by.chance"].format(by=whole["by"], p=localised(_share(whole["p_by"]))))
    if crews is not None:
        _draw_crews(crews)
        screen.print(TEXT["unlimited"].format(**whole))
    _draw_items(value)
    _draw_steps(value)
    if value["undated"]:
        screen.print(TEXT["undated"].format(names=escape(", ".join(value["undated"]))))
    tell_results(place, "gantt.png")


def _draw_crews(crews: Mapping[str, Any]) -> None:
    proof = "optimal" if crews["is_optimal"] else "not.optimal"
    screen.print(
        TEXT["crews.found"].format(
            sizes=escape(", ".join(f"{n} {name}" for name, n in crews["sizes"].items())),
            aim=TEXT[f"aim.{crews['aim']}"],
            value=crews["value_days"],
            planned_at=crews["planned_at"],
            proof=TEXT[proof].format(bound=crews["bound_days"], gap=crews["gap"]),
        )
    )
    if crews["tried"]:
        rows = [
            [
                TEXT["most.likely"] if one["planned_at"] == 0 else f"P{100 * one['planned_at']:.0f}",
                *(f"{one[name]:,.0f}" for name in ("value", "p50", "p80")),
            ]
            for one in crews["tried"]
        ]
        print_rows(TEXT["tried.title"], headings(("planned on", "as planned", "P50", "P80")), rows, n_text=1)


def _draw_items(value: Mapping[str, Any]) -> None:
    by = value["whole"].get("by")
    heads = headings(("item", "donor", "next", "P50", "P80", "needed by", "in time"))
    heads += [TEXT["by.day"].format(by=by)] if by else []
    rows = [
        [
            one["item_id"],
            one["donor"],
            words(one["next_step"]) or TEXT["works"],
            one["p50_on"],
            one["p80_on"],
            one["needed_by"] or "",
            _share(one["p_in_time"]) if one["needed_by"] else "",
            *([_share(one["p_by"])] if by else []),
            _share(one["criticality"]),
        ]
        for one in sorted(value["items"], key=lambda one: (one["p50_on"], one["item_id"]))[-N_SHOWN:]
    ]
    print_rows(
        TEXT["items.title"], [*heads, *headings(["critical"])], rows, n_text=3, caption=TEXT["items.caption"]
    )


def _draw_steps(value: Mapping[str, Any]) -> None:
    rows = [
        [
            one["item_id"],
            words(one["step"]),
            one["p50_on"],
            one["p80_on"],
            _share(one["criticality"]),
            f"{one['cruciality']:.2f}",
        ]
        for one in sorted(value["steps"], key=lambda one: -one["cruciality"])[:N_STEPS]
        if one["cruciality"] > 0
    ]
    heads = ("item", "step", "done P50", "done P80", "critical", "crucial")
    if rows:
        print_rows(TEXT["steps.title"], headings(heads), rows, n_text=2)


def _share(p: float) -> str:
    return f"{p:.0%}" if p in {0.0, 1.0} or 0.005 <= p < 0.995 else f"{p:.2%}"
