"""`sarhad programme forecast`: what deliveries make of the border by quarter, and what delay costs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.table import Table

from sarhad.errors import InputFaults
from sarhad.interfaces.cli.console import AsJson, Folder, Jobs, answer, computing, screen
from sarhad.interfaces.forecast_files import as_dict, deliver_forecast
from sarhad.io.project import open_project
from sarhad.io.schedule_basis import read_schedule_basis
from sarhad.ledger.journal import read_records
from sarhad.ledger.ledger import ledger_folder
from sarhad.planning.forecast import Ask, Forecast, forecast
from sarhad.planning.programme import programme_as_of
from sarhad.planning.prospects import Prospect, chainages, drawn, drawn_late, prospect_of
from sarhad.planning.schedule import network_of

TEXT: Mapping[str, str] = {
    "folder.ledger": "Folder of the ledger; the one in the project folder if left out.",
    "quarters": "Quarters to look ahead, this one first.",
    "draws": "Draws of the schedule.",
    "late": "What if a donor is late: DONOR:MONTHS; may be given several times.",
    "optimal": "Also against the optimal adversary, who looks for the best hole (takes much longer).",
    "on": "Day to look ahead from, YYYY-MM-DD; today if left out.",
    "seed": "Seed of the draws.",
    "activities": "Table of step estimates; programme/activities.csv, or the shipped assumptions.",
    "late.form": "DONOR:MONTHS with months above 0",
    "on.form": "a day YYYY-MM-DD",
    "line.title": "Kilometres protected (length x P_t), P10 / P50 / P90 over {n:,} draws",
    "line.caption": "of {km:,.0f} km crossable; closed P_t > 0.5, open < 0.01 (year's mean, P50)",
    "items.title": "What each item gains until {day}",
    "items.caption": "gain: fair share; they add up. loss: if it never came. sooner: {days:g} days earlier",
    "late.title": "{name} months late: {p50:,.0f} protected km-days lost (P10 {p10:,.0f}, P90 {p90:,.0f})",
    "width": "Where many items meet they count as one; the line may stand up to {km:.1f} km higher.",
    "none": "No item of the programme has a place and is still to come.",
    "gained": "All items together gain {p50:,.0f} protected km-days (P10 {p10:,.0f}, P90 {p90:,.0f}).",
    "wins": "Speed-up helps most for: {names}.",
    "results": "\nResults: [bold]{place}[/] (start with fan_chart.png)",
}
N_SHOWN = 15


def run(
    folder: Folder,
    quarters: Annotated[int, typer.Option(min=1, max=200, help=TEXT["quarters"])] = 12,
    draws: Annotated[int, typer.Option(min=1, help=TEXT["draws"])] = 10_000,
    late: Annotated[list[str] | None, typer.Option(help=TEXT["late"])] = None,
    optimal: Annotated[bool, typer.Option("--optimal", help=TEXT["optimal"])] = False,
    on: Annotated[str | None, typer.Option(help=TEXT["on"])] = None,
    seed: Annotated[int, typer.Option(min=0, help=TEXT["seed"])] = 1,
    activities: Annotated[Path | None, typer.Option(help=TEXT["activities"])] = None,
    ledger: Annotated[Path | None, typer.Option(help=TEXT["folder.ledger"])] = None,
    jobs: Jobs = 0,
    as_json: AsJson = False,
) -> None:
    """Forecast P_t over time from the programme's ledger, and what each item and each delay is worth."""
    start, slips = _day(on), [_slip(one) for one in late or ()]
    project = open_project(folder)
    basis = read_schedule_basis(folder, project.line, activities=activities)
    at = datetime.combine(start, time.max, UTC)
    programme = programme_as_of(read_records(ledger_folder(ledger or folder)), datetime.now(UTC), at)
    prospect = prospect_of(project, programme, at)
    kind_of = {name: equipment.kind for name, equipment in project.equipment.items()}
    network = network_of(
        programme, basis, start=start, kind_of=kind_of, chainage_m=chainages(project, programme)
    )
    asked: dict[str, Any] = {"n_draws": draws, "seed": seed, "start": start}
    ready_day = drawn(programme, prospect, network, **asked)
    slow = {
        f"{donor}: {months:g}": drawn_late(programme, prospect, network, (donor, months), **asked)
        for donor, months in slips
    }
    ask = Ask(quarters, ("unaware", "optimal") if optimal else ("unaware",))
    with computing(folder, jobs) as compute:
        what = (prospect.project, prospect.deliveries)
        found = forecast(*what, ready_day, start=start, ask=ask, late=slow, compute=compute)
        as_promised = None
        if len(prospect.deliveries) and not np.isnan(prospect.promised_day).any():
            promised = forecast(*what, prospect.promised_day[None, :], start=start, ask=ask, compute=compute)
            as_promised = promised.line["protected_km_p50"].to_numpy()
    place = deliver_forecast(
        prospect.project,
        found,
        folder,
        n_draws=draws,
        adversary=ask.against[0],
        promised_km=as_promised,
        draws={**asked, "start": start.isoformat(), "late": late or []},
    )
    answer(
        {**as_dict(found), "results": str(place)}, as_json, lambda: _draw(prospect, found, ask, draws, place)
    )


def _day(text: str | None) -> date:
    if text is None:
        return datetime.now(UTC).date()
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise InputFaults.one("--on", TEXT["on.form"], text) from error


def _slip(text: str) -> tuple[str, float]:
    donor, _, months = text.rpartition(":")
    try:
        n = float(months)
    except ValueError:
        n = math.nan
    if not donor or not 0 < n < math.inf:
        raise InputFaults.one("--late", TEXT["late.form"], text)
    return donor, n


def _draw(prospect: Prospect, found: Forecast, ask: Ask, n_draws: int, place: Path) -> None:
    if not prospect.deliveries:
        screen.print(TEXT["none"])
    _draw_line(found, n_draws)
    if prospect.deliveries:
        _draw_items(found, ask)
    for one in found.late:
        p10, p50, p90 = one.lost_km_days
        screen.print(TEXT["late.title"].format(name=one.name, p10=p10, p50=p50, p90=p90))
    screen.print(TEXT["results"].format(place=place))


def _draw_line(found: Forecast, n_draws: int) -> None:
    table = Table(
        title=TEXT["line.title"].format(n=n_draws),
        title_justify="left",
        caption=TEXT["line.caption"].format(km=found.crossable_km),
        caption_justify="left",
    )
    for name in ("until", "P10", "P50", "P90", "closed", "thin", "open"):
        table.add_column(name, justify="right")
    columns = [f"protected_km_{q}" for q in ("p10", "p50", "p90")]
    columns += [f"{name}_km_p50" for name in ("closed", "thin", "open")]
    for row in found.line.to_dict(orient="records"):
        table.add_row(str(row["quarter"]), *(f"{row[name]:,.0f}" for name in columns))
    screen.print(table)
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
        table.add_column(name)
    for name in ("works, P50", "gain km-days", "per MUSD", "loss", "sooner"):
        table.add_column(name, justify="right")
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
            f"{row['gain_km_days']:,.0f}",
            "-" if math.isnan(per) else f"{per:,.0f}",
            f"{row['loss_km_days']:,.0f}",
            f"{row['sooner_km_days']:,.0f}",
        )
    screen.print(table)
    p10, p50, p90 = found.gained_km_days
    screen.print(TEXT["gained"].format(p10=p10, p50=p50, p90=p90))
    names = ", ".join(found.fastest_wins()["item_id"])
    screen.print(TEXT["wins"].format(names=names or "-"))
