"""What the commands of the claims desk share: their options, the desk as it stands, how it is written to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from sarhad.errors import InputFaults
from sarhad.io.claim_tables import Desk
from sarhad.io.dates import read_date
from sarhad.io.gazetteer import read_gazetteer
from sarhad.io.project import open_project
from sarhad.ledger.ledger import Ledger
from sarhad.ledger.signing import read_private_key, sign
from sarhad.model.claim import Rules
from sarhad.model.record import Record, Statement
from sarhad.planning.claim_desk import Standing, open_desk

LedgerFolder = Annotated[Path, typer.Argument(help="Ledger folder.")]
ProjectFolder = Annotated[
    Path | None, typer.Option("--project", help="Project whose line and districts place names.")
]
Authority = Annotated[str, typer.Option("--authority", help="Authority that says it.")]
Author = Annotated[str, typer.Option("--author", help="Role that sat at the desk; not a name.")]
Key = Annotated[Path | None, typer.Option("--key", help="File with the authority's private key.")]
BelievedAt = Annotated[str | None, typer.Option("--believed-at", help="What was believed on this day.")]
AboutAt = Annotated[str | None, typer.Option("--about-at", help="Only what is about times up to this day.")]
StoreUrl = Annotated[str | None, typer.Option("--store", help="URL of the store, if not the ledger's own.")]
Reason = Annotated[str, typer.Option("--reason", help="Why, in words.")]


def now() -> datetime:
    """Return the time on this machine's clock."""
    return datetime.now(UTC)


def standing_at(folder: Path, believed: str | None, about: str | None, store: str | None) -> Standing:
    """Return the desk as it stood; both dates default to now."""
    at = now()
    believed_at = end_of(believed, "--believed-at") if believed else at
    about_at = end_of(about, "--about-at") if about else max(at, believed_at)
    return open_desk(folder, believed_at=believed_at, about_at=about_at, store_url=store)


def end_of(text: str, option: str) -> datetime:
    """Return the last moment of a day, month or year."""
    try:
        first, days = read_date(text)
    except ValueError as error:
        raise InputFaults.one(option, "a date: 2021-07-05, 2021-07 or 2021", text) from error
    return datetime.fromtimestamp(first.timestamp() + days * 86_400.0 - 1e-3, UTC)


def desk_of(project: Path | None, rules: Rules) -> Desk:
    """Return what claims are held to; names are placed where there is a project."""
    if project is None:
        return Desk(rules)
    opened = open_project(project)
    return Desk(rules, read_gazetteer(opened.line, opened.districts), opened.line.parts[0].part_id)


def write(
    folder: Path, statements: Sequence[Statement], key: Path | None, store: str | None
) -> tuple[Record, ...]:
    """Sign where there is a key, and record."""
    if key is not None:
        private = read_private_key(key)
        statements = [sign(statement, private) for statement in statements]
    with Ledger.open(folder, now=now, store_url=store) as ledger:
        return ledger.record(statements)
