"""`sarhad programme forecast`: what deliveries make of the border by quarter, and what delay costs."""

from __future__ import annotations

import math
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray
from rich.table import Table

from sarhad.errors import InputFaults
from sarhad.interfaces.cli.ahead_options import Activities, Crews, Draws, LedgerFolder, Seed, Start, start_of
from sarhad.interfaces.cli.console import (
    AsJson,
    Folder,
    Jobs,
    answer,
    computing,
    print_table,
    screen,
    tell_results,
)
from sarhad.interfaces.cli.given import words_given
from sarhad.interfaces.cli.headings import HEADINGS
from sarhad.interfaces.cli.ledger_session import ready
from sarhad.interfaces.cli.programme_options import now, rate_of
from sarhad.interfaces.forecast_files import as_dict, deliver_forecast
from sarhad.interfaces.language import localised, translated
from sarhad.interfaces.programme_ahead import Basis, look_ahead
from sarhad.io.project import open_project
from sarhad.planning.compute import Compute
from sarhad.planning.forecast import Ask, Forecast, forecast
from sarhad.planning.programme_schedule import ScheduleAsk, crew_plan
from sarhad.planning.prospects import Prospect, drawn, drawn_late, prospect_of

F64 = NDArray[np.float64]

TEXT = translated(
    {
        "quarters": "Quarters to look ahead, this one first.",
        "late": "What if a donor is late: DONOR:MONTHS; may be given several times.",
        "optimal": "Also against the optimal adversary, who looks for the best hole (takes much longer).",
        "rate": "CURRENCY=RATE, the worth of one in USD; one for each currency of the programme's prices.",
        "line.title": "Kilometres protected (length x P_t), P10 / P50 / P90 over {n:,} draws",
        "line.caption": "of {km:,.0f} km crossable; closed P_t > 0.5, open < 0.01 (year's mean, P50)",
        "items.title": "What each item gains until {day}",
        "items.caption": "gain: fair share; they add up. loss: if it never came. sooner: {days:g} days "
        "earlier",
        "late.title": "{name} months late: {p50:,.0f} protected km-days lost (P10 {p10:,.0f}, P90 "
        "{p90:,.0f})",
        "width": "Where many items meet they count as one; the line may stand up to {km:.1f} km higher.",
        "crews": "Dates keep an order of the crews ({sizes}), whatever is late; --no-crews lifts their "
        "limits.",
        "none": "No item of the programme has a place and is still to come.",
        "gained": "All items together gain {p50:,.0f} protected km-days (P10 {p10:,.0f}, P90 {p90:,.0f}).",
        "wins": "Speed-up helps most for: {names}.",
    }
)
LATE_FORM = "DONOR:MONTHS with months above 0"
N_SHOWN = 15


def run(
    context: typer.Context,
    folder: Folder,
    quarters: Annotated[int, typer.Option(min=1, max=200, help=TEXT["quarters"])] = 12,
    draws: Draws = 10_000,
    late: Annotated[list[str] | None, typer.Option(help=TEXT["late"])] = None,
    optimal: Annotated[bool, typer.Option("--optimal", help=TEXT["optimal"])] = False,
    start: Start = None,
    seed: Seed = 1,
    crews: Crews = True,
    rate: Annotated[list[str] | None, typer.Option("--rate", help=TEXT["rate"])] = None,
    activities: Activities = None,
    ledger: LedgerFolder = None,
    jobs: Jobs = 0,
    as_json: AsJson = False,
) -> None:
    """Forecast P_t over time from the programme's ledger, and what each item and each delay is worth."""
    basis, slips = Basis(start_of(start), activities, ledger, crews), [_slip(one) for one in late or ()]
    rates = dict(rate_of(one) for one in rate or ())
    ready(ledger or folder)
    ahead = look_ahead(open_project(folder), folder, basis, now=now())
    programme = ahead.programme
    prospect = prospect_of(ahead.project, programme, basis.at, rates=rates)
    ask = Ask(quarters, ("unaware", "optimal") if optimal else ("unaware",))
    asked: dict[str, Any] = {"n_draws": draws, "seed": seed, "start": basis.start}
    with computing(folder, jobs or ahead.project.settings.processes) as compute:
        planned = crew_plan(ahead.network, ScheduleAsk(), compute)
        network = ahead.network if planned is None else planned.schedule.network
        ready_day = drawn(programme, prospect, network, **asked)
        slow = {
            f"{donor}: {months:g}": drawn_late(programme, prospect, network, (donor, months), **asked)
            for donor, months in slips
        }
        what = (prospect.project, prospect.deliveries)
        found = forecast(*what, ready_day, start=basis.start, ask=ask, late=slow, compute=compute)
        promised_km = _promised_km(prospect, basis.start, ask, compute)
    place = deliver_forecast(
        prospect.project,
        found,
        folder,
        n_draws=draws,
        adversary=ask.against[0],
        promised_km=promised_km,
        command=words_given(context, "programme forecast", folder, {"start": basis.start}),
        draws={**asked, "start": str(basis.start), "late": late or [], "crews": crews, "rates": rates},
    )
    sizes = ", ".join(f"{crew.n} {crew.crew_id}" for crew in network.crews) if planned else ""
    answer(
        {**as_dict(found), "results": str(place)},
        as_json,
        lambda: _draw(prospect, found, ask, draws, sizes, place),
    )


def _promised_km(prospect: Prospect, start: date, ask: Ask, compute: Compute) -> F64 | None:
    """Return protected kilometres by quarter if all came as promised; None where something is not."""
    days = prospect.promised_day
    if not len(days) or np.isnan(days).any():
        return None
    found = forecast(
        prospect.project, prospect.deliveries, days[None, :], start=start, ask=ask, compute=compute
    )
    return found.line["protected_km_p50"].to_numpy()


def _slip(text: str) -> tuple[str, float]:
    donor, _, months = text.rpartition(":")
    try:
        n = float(months)
    except ValueError:
        n = math.nan
    if not donor or not 0 < n < math.inf:
        raise InputFaults.one("--late", LATE_FORM, text)
    return donor, n


def _draw(prospect: Prospect, found: Forecast, ask: Ask, n_draws: int, sizes: str, place: Path) -> None:
    if not prospect.deliveries:
        screen.print(TEXT["none"])
    if sizes:
        screen.print(TEXT["crews"].format(sizes=sizes))
    _draw_line(found, n_draws)
    if prospect.deliveries:
        _draw_items(found, ask)
    for one in found.late:
        p10, p50, p90 = one.lost_km_days
        screen.print(TEXT["late.title"].format(name=one.name, p10=p10, p50=p50, p90=p90))
    tell_results(place, "fan_chart.png")


def _draw_line(found: Forecast, n_draws: int) -> None:
    table = Table(
        title=TEXT["line.title"].format(n=n_draws),
        title_justify="left",
        caption=TEXT["line.caption"].format(km=found.crossable_km),
        caption_justify="left",
    )
    for name in ("until", "P10", "P50", "P90", "closed", "thin", "open"):
        table.add_column(HEADINGS[name], justify="right")
    columns = [f"protected_km_{q}" for q in ("p10", "p50", "p90")]
    columns += [f"{name}_km_p50" for name in ("closed", "thin", "open")]
    for row in found.line.to_dict(orient="records"):
        table.add_row(str(row["quarter"]), *(localised(f"{row[name]:,.0f}") for name in columns))
    print_table(table)
    if found.line["width_km"].max() > 0.05:
        screen.print(TEXT["width"].format(km=found.line["width_km"].max()))


def _draw_items(found: Forecast, ask: Ask) -> None:
    table = Table(
        title=TEXT["items.title"].format(day=found.quarters[-1]),
        title_justify="left",
        caption=TEXT["items.caption"].format(days=ask.speed_up_days),
        caption_justify="left",
    )
    for name in ("item", "type", "donor"):
        table.add_column(HEADINGS[name])
    for name in ("works, P50", "gain km-days", "per MUSD", "loss", "sooner"):
        table.add_column(HEADINGS[name], justify="right")
    rows = found.items.sort_values("gain_km_days", ascending=False, kind="stable").head(N_SHOWN)
    for row in rows.to_dict(orient="records"):
        day = row["working_p50_day"]
        when = str(found.start + timedelta(days=day)) if day < 36_500 else "-"
        per = row["gain_km_days_per_musd"]
        table.add_row(
            row["item_id"],
            row["equipment_id"],
            row["donor"],
            when,
            localised(f"{row['gain_km_days']:,.0f}"),
            "-" if math.isnan(per) else localised(f"{per:,.0f}"),
            localised(f"{row['loss_km_days']:,.0f}"),
            localised(f"{row['sooner_km_days']:,.0f}"),
        )
    print_table(table)
    p10, p50, p90 = found.gained_km_days
    screen.print(TEXT["gained"].format(p10=p10, p50=p50, p90=p90))
    names = ", ".join(found.fastest_wins()["item_id"])
    screen.print(TEXT["wins"].format(names=names or "-"))
