"""Options shared by the commands that look ahead: schedule, forecast and siting of a programme."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from sarhad.errors import InputFaults
from sarhad.interfaces.cli.programme_options import now
from sarhad.interfaces.language import translated

TEXT = translated(
    {
        "start": "Day to look ahead from, YYYY-MM-DD; today if left out.",
        "activities": "Table of step estimates; programme/activities.csv, or the shipped assumptions.",
        "ledger": "Folder of the ledger; the one in the project folder if left out.",
        "crews": "Whether the limits of crews.csv hold.",
        "draws": "Draws of all durations.",
        "seed": "Seed of the draws.",
    }
)

DAY_FORM = "a day YYYY-MM-DD"

Start = Annotated[str | None, typer.Option("--start", help=TEXT["start"])]
Activities = Annotated[Path | None, typer.Option("--activities", help=TEXT["activities"])]
LedgerFolder = Annotated[Path | None, typer.Option("--ledger", help=TEXT["ledger"])]
Crews = Annotated[bool, typer.Option("--crews/--no-crews", help=TEXT["crews"])]
Draws = Annotated[int, typer.Option("--draws", min=1, help=TEXT["draws"])]
Seed = Annotated[int, typer.Option("--seed", min=0, help=TEXT["seed"])]


def day_of(option: str, text: str) -> date:
    """Return a day YYYY-MM-DD."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InputFaults.one(option, DAY_FORM, text) from None


def start_of(text: str | None) -> date:
    """Return the day to look ahead from, today in UTC where nothing is stated."""
    return now().date() if text is None else day_of("--start", text)
