"""What the commands of the claims desk share: their options, the desk as it stands, how it is written to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from sarhad.errors import InputFaults
from sarhad.interfaces.cli.ledger_session import ready, writing
from sarhad.io.claim_rules import read_rules
from sarhad.io.claim_tables import Desk
from sarhad.io.dates import read_date
from sarhad.io.reading import PROJECT_FILE
from sarhad.io.taken import read_asked
from sarhad.ledger.ledger import ledger_folder
from sarhad.ledger.signing import read_private_key, sign
from sarhad.ledger.stood import stood
from sarhad.model.claim import Rules
from sarhad.model.record import Record, Statement
from sarhad.planning import claim_desk
from sarhad.planning.claim_desk import REGISTERS, Standing

CITING = ("programme", "asset")  # registers whose statements may cite a claim

LedgerFolder = Annotated[Path, typer.Argument(help="Project folder (its ledger/), or a ledger's own folder.")]
ProjectFolder = Annotated[
    Path | None,
    typer.Option("--project", help="Project that places names; else the folder, if it is one."),
]
TakesFrom = Annotated[
    Path | None,
    typer.Option("--project", help="Project that takes settings from claims; else the folder, if it is one."),
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


def standing_at(
    folder: Path, believed: str | None, about: str | None, store: str | None, project: Path | None = None
) -> Standing:
    """Return the desk as it stood; dates default to now. With a project: what it takes from claims too."""
    at = now()
    believed_at = end_of(believed, "--believed-at") if believed else at
    about_at = end_of(about, "--about-at") if about else max(at, believed_at)
    return open_desk(folder, store, believed_at=believed_at, about_at=about_at, project=project)


def open_desk(
    folder: Path,
    store_url: str | None,
    *,
    believed_at: datetime,
    about_at: datetime,
    project: Path | None = None,
) -> Standing:
    """Return what a ledger believed at one time about another; UnknownName where there is no ledger."""
    ready(folder, store_url)
    records = stood(folder, REGISTERS, believed_at=believed_at, about_at=about_at, store_url=store_url)
    settings = () if project is None else read_asked(project)[0].settings
    return claim_desk.desk_of(records, rules_of(folder), settings)


def cited_by(folder: Path, claim_id: str, store_url: str | None) -> tuple[Statement, ...]:
    """Return the statements on programme and assets that cite a claim by now."""
    at = now()
    ready(folder, store_url)
    records = stood(folder, CITING, believed_at=at, about_at=at, store_url=store_url)
    return claim_desk.citing(records, claim_id)


def end_of(text: str, option: str) -> datetime:
    """Return the last moment of a day, month or year."""
    try:
        first, days = read_date(text)
    except ValueError as error:
        raise InputFaults.one(option, "a date: 2021-07-05, 2021-07 or 2021", text) from error
    return datetime.fromtimestamp(first.timestamp() + days * 86_400.0 - 1e-3, UTC)


def rules_of(folder: Path) -> Rules:
    """Return the desk's rules: the shipped tables and those beside the ledger."""
    return read_rules(ledger_folder(folder))


def project_of(folder: Path, project: Path | None) -> Path | None:
    """Return the project that places names: the one given, else the folder itself where it is one."""
    return folder if project is None and (folder / PROJECT_FILE).exists() else project


def desk_of(project: Path | None, rules: Rules) -> Desk:
    """Return what claims are held to; names are placed where there is a project."""
    if project is None:
        return Desk(rules)
    from sarhad.io.gazetteer import read_gazetteer
    from sarhad.io.project import read_project_districts  # heavy, and only names of places need it

    line, districts, _ = read_project_districts(project)
    return Desk(rules, read_gazetteer(line, districts), line.parts[0].part_id)


def write(
    folder: Path, statements: Sequence[Statement], key: Path | None, store: str | None
) -> tuple[Record, ...]:
    """Sign where there is a key, and record."""
    if key is not None:
        private = read_private_key(key)
        statements = [sign(statement, private) for statement in statements]
    with writing(folder, store) as ledger:
        return ledger.record(statements)
