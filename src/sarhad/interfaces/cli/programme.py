"""`sarhad programme`: templates, import and export, records of what happened, status, reports."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer
from ulid import ULID

from sarhad.errors import InputFaults, UnknownName
from sarhad.interfaces.cli.console import AsJson, Folder, answer, screen, showing
from sarhad.interfaces.cli.helping import in_language
from sarhad.interfaces.cli.ledger_session import ready, writing
from sarhad.interfaces.cli.programme_options import (
    AllSaid,
    AsOf,
    At,
    Author,
    Authority,
    Believed,
    KeyFile,
    OwnKey,
    Reason,
    Said,
    Serials,
    author_of,
    country_of,
    currency_of,
    end_of,
    key_of,
    listed,
    needed,
    now,
    rate_of,
    time_of,
)
from sarhad.interfaces.cli.programme_text import EXPECTED, TEXT
from sarhad.interfaces.cli.programme_views import (
    draw_report,
    draw_status,
    report_as_dict,
    status_as_dict,
)
from sarhad.interfaces.language import speaking
from sarhad.interfaces.programme_files import write_reports
from sarhad.interfaces.programme_record import (
    known_of,
    read_files,
    read_statements,
    record_checked,
    stand_now,
)
from sarhad.io.iati import Reporter
from sarhad.io.ocds import PREFIX
from sarhad.io.plans import read_plan
from sarhad.io.programme_export import exported
from sarhad.io.programme_templates import plan_rows, write_templates
from sarhad.io.schedule_basis import FOLDER
from sarhad.io.whole import write_whole
from sarhad.ledger.ledger import init_ledger, ledger_folder
from sarhad.ledger.reading import JOURNAL
from sarhad.model.programme import STATES
from sarhad.model.record import CONFIRMED, CONTESTED, WITHDRAWN, Json, Record, Statement
from sarhad.planning.delivery import in_currency, report
from sarhad.planning.programme import COUNTED, REGISTER, programme_of
from sarhad.planning.programme_statements import Speaker, move_lines, statements_of, word_on

COMPUTING = ("schedule", "forecast", "siting")
READING, RECORDING = "files read", "rows checked and recorded"


class Commands(typer.core.TyperGroup):
    """The commands below, and those that compute, imported when they are asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return all names, as they are told."""
        return [*(name for name in self.commands if name not in COMPUTING), *COMPUTING]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return one command; None for a name that there is not."""
        if cmd_name in COMPUTING and cmd_name not in self.commands:
            alone = typer.Typer(add_completion=False, rich_markup_mode="rich")
            with speaking("en"):
                module = import_module(f"sarhad.interfaces.cli.{cmd_name}")
            alone.command(cmd_name)(module.run)
            self.commands[cmd_name] = in_language(typer.main.get_command(alone))
        return self.commands.get(cmd_name)


commands = typer.Typer(cls=Commands, no_args_is_help=True, help=TEXT["help"])


@commands.command()
def init(
    folder: Folder,
    plan: Annotated[Path | None, typer.Option("--plan", help=TEXT["plan"])] = None,
    as_json: AsJson = False,
) -> None:
    """Write tables to fill in (empty, or from a plan), and begin a ledger where there is none."""
    rows: tuple[dict[str, Any], ...] = ()
    if plan is not None:
        equipment, chosen = known_of(folder).band.equipment, read_plan(plan)
        unknown = sorted({one.asset.equipment_id for one in chosen.items} - set(equipment))
        if unknown:
            raise UnknownName(f"{plan.name}: no equipment is named {', '.join(unknown)}")
        rows = plan_rows(chosen, equipment)
    files = write_templates(folder / FOLDER, rows)
    place = ledger_folder(folder)
    begun = not (place / JOURNAL).exists()
    if begun:
        init_ledger(place, now=now, origin=secrets.token_bytes(32))

    def draw() -> None:
        names = ", ".join(file.name for file in files)
        screen.print(TEXT["written"].format(files=names, folder=files[0].parent))
        screen.print(TEXT["begun" if begun else "joined"].format(folder=place))

    found = {"files": [str(file) for file in files], "ledger": str(place), "n_items": len(rows)}
    answer(found, as_json, draw)


@commands.command("import")
def from_files(
    folder: Folder,
    files: Annotated[list[Path], typer.Argument(help=TEXT["files"])],
    authority: Annotated[str, typer.Option("--authority", help=TEXT["describer"])] = "",
    key: KeyFile = None,
    since: Annotated[str | None, typer.Option("--since", help=TEXT["since"])] = None,
    author: Author = "",
    as_json: AsJson = False,
) -> None:
    """Read items and moves from tables, OCDS or IATI files; all of them are recorded, or none."""
    known = known_of(folder)
    speaker = Speaker(author_of(author), ", ".join(file.name for file in files), authority)
    begin = None if since is None else time_of("--since", since)
    signed_by = key_of(authority, key)
    with showing() as show:
        show(READING, 0, len(files))
        tables = read_files(files, known)
        show(READING, len(files), len(files))
    n_items, n_moves = len(tables.items), len(tables.moves)
    with writing(folder) as ledger, showing() as show:
        show(RECORDING, 0, n_items + n_moves)
        at = now()
        programme = programme_of(stand_now(ledger))
        said, rows = statements_of(tables, programme, speaker, now=at, since=begin, line=known.band.line)
        recorded = record_checked(ledger, said, now=at, key=signed_by, rows=rows)
        show(RECORDING, n_items + n_moves, n_items + n_moves)
    found = {"n_items": n_items, "n_moves": n_moves, "n_recorded": len(recorded)}
    found["n_known"] = n_items + n_moves - len(recorded)
    answer(found, as_json, lambda: screen.print(TEXT["imported"].format(**found)))


@commands.command()
def record(
    folder: Folder,
    item: Annotated[str, typer.Argument(help=TEXT["item"])],
    state: Annotated[str, typer.Argument(help=TEXT["state"].format(states=", ".join(STATES)))],
    authority: Authority,
    quantity: Annotated[float | None, typer.Option("--quantity", "-n", help=TEXT["quantity"])] = None,
    serials: Serials = "",
    came_from: Annotated[str, typer.Option("--from", help=TEXT["from"])] = "",
    forecast: Annotated[str | None, typer.Option("--forecast", help=TEXT["forecast"])] = None,
    note: Annotated[str, typer.Option("--note", help=TEXT["note"])] = "",
    corrects: Annotated[str, typer.Option("--corrects", help=TEXT["corrects"])] = "",
    at: At = None,
    key: KeyFile = None,
    author: Author = "",
    as_json: AsJson = False,
) -> None:
    """Record that units of an item reached a state, that they were counted, or when they are to."""
    kind = f"{REGISTER}.{state}"
    if state not in STATES and kind != COUNTED:
        raise InputFaults.one("STATE", EXPECTED["state"].format(states=", ".join(STATES)), state)
    body: dict[str, Json] = {} if quantity is None else {"quantity": quantity}
    if serials:
        body["serials"] = [*listed(serials)]
    if forecast is not None:
        body |= {"basis": "forecast", "date": forecast}
    body |= {name: value for name, value in (("from", came_from), ("note", note)) if value}
    happened_at = time_of("--at", at)
    _record_one(
        folder,
        Statement(
            str(ULID.from_datetime(happened_at)), kind, item, happened_at, authority, author_of(author),
            body=body, corrects=corrects,
        ),
        key,
        as_json,
    )  # fmt: skip


@commands.command()
def confirm(
    folder: Folder,
    said: AllSaid,
    authority: Authority,
    key: OwnKey,
    at: At = None,
    author: Author = "",
    as_json: AsJson = False,
) -> None:
    """Put the second signature under acts of acceptance, or agree to other statements: all, or none."""
    speaker, happened_at = Speaker(author_of(author), authority=authority), time_of("--at", at)
    words = [word_on(one, CONFIRMED, speaker, happened_at) for one in dict.fromkeys(said)]
    found = [_found(one) for one in _record(folder, words, authority, key)]
    answer({"recorded": found}, as_json, lambda: _tell(found))


@commands.command()
def contest(
    folder: Folder,
    said: Said,
    authority: Authority,
    key: OwnKey,
    reason: Reason,
    quantity: Annotated[float | None, typer.Option("--quantity", "-n", help=TEXT["contested"])] = None,
    serials: Serials = "",
    at: At = None,
    author: Author = "",
    as_json: AsJson = False,
) -> None:
    """Contest another authority's statement: what is contested stands as disputed."""
    body: dict[str, Json] = {"reason": reason}
    if quantity is not None:
        body["quantity"] = quantity
    if serials:
        body["serials"] = [*listed(serials)]
    speaker = Speaker(author_of(author), authority=authority)
    _record_one(folder, word_on(said, CONTESTED, speaker, time_of("--at", at), body), key, as_json)


@commands.command()
def withdraw(
    folder: Folder,
    said: Said,
    authority: Authority,
    reason: Reason,
    key: KeyFile = None,
    author: Author = "",
    as_json: AsJson = False,
) -> None:
    """Take back an own statement (a move, a contest, a confirmation); a signed one with its key."""
    speaker = Speaker(author_of(author), authority=authority)
    _record_one(folder, word_on(said, WITHDRAWN, speaker, now(), {"reason": reason}), key, as_json)


def _record_one(folder: Path, said: Statement, key: Path | None, as_json: bool) -> None:
    (recorded,) = _record(folder, [said], said.authority, key)
    found = _found(recorded)
    answer(found, as_json, lambda: _tell([found]))


def _record(folder: Path, said: Sequence[Statement], authority: str, key: Path | None) -> tuple[Record, ...]:
    signed_by = key_of(authority, key)
    with writing(folder) as ledger:
        return record_checked(ledger, said, now=now(), key=signed_by)


def _tell(found: Sequence[dict[str, Any]]) -> None:
    for one in found:
        screen.print(TEXT["recorded"].format(**one))


def _found(recorded: Record) -> dict[str, Any]:
    said = recorded.statement
    return {
        "seq": recorded.seq,
        "recorded_at": recorded.recorded_at.isoformat(),
        "statement_id": said.statement_id,
        "kind": said.kind,
        "subject_id": said.subject_id,
        "body": dict(said.body),
    }


@commands.command()
def status(folder: Folder, as_of: AsOf = None, believed: Believed = None, as_json: AsJson = False) -> None:
    """Say how far every item has come, about any day, as believed on any day."""
    about_at, believed_at = end_of("--as-of", as_of), end_of("--believed", believed)
    ready(folder)
    programme = programme_of(read_statements(folder, believed_at, about_at))
    at = min(about_at, now())
    answer(status_as_dict(programme, at), as_json, lambda: draw_status(programme, at))


@commands.command("report")
def reports(
    folder: Folder,
    as_of: AsOf = None,
    believed: Believed = None,
    rate: Annotated[list[str] | None, typer.Option("--rate", help=TEXT["rate"])] = None,
    currency: Annotated[str, typer.Option("--currency", help=TEXT["currency"])] = "USD",
    to: Annotated[Path | None, typer.Option("--to", help=TEXT["to"])] = None,
    as_json: AsJson = False,
) -> None:
    """Report pledge against delivery, what is late, availability, counts due, money and kind."""
    about_at = end_of("--as-of", as_of)
    ready(folder)
    stand = read_statements(folder, end_of("--believed", believed), about_at)
    found = report(programme_of(stand), min(about_at, now()))
    rates = dict(rate_of(one) for one in rate or ())
    summed = in_currency(found.money, currency_of("--currency", currency), rates) if rate else ()
    shown = report_as_dict(found) | {"money_summed": [asdict(row) for row in summed]}
    if to is not None:
        write_reports(to, shown)

    def draw() -> None:
        draw_report(found, summed)
        if to is not None:
            screen.print(TEXT["reports.written"].format(folder=to))

    answer(shown, as_json, draw)


@commands.command("export")
def to_file(
    folder: Folder,
    file: Annotated[Path, typer.Argument(help=TEXT["export"])],
    publisher: Annotated[str, typer.Option("--publisher", help=TEXT["publisher"])] = "",
    prefix: Annotated[str, typer.Option("--ocid-prefix", help=TEXT["prefix"])] = PREFIX,
    reporting_org: Annotated[str, typer.Option("--reporting-org", help=TEXT["reporting_org"])] = "",
    country: Annotated[str, typer.Option("--country", help=TEXT["country"])] = "",
    as_of: AsOf = None,
    believed: Believed = None,
    as_json: AsJson = False,
) -> None:
    """Write the programme as a workbook, a table, OCDS records or IATI activities."""
    about_at = end_of("--as-of", as_of)
    ready(folder)
    stand = read_statements(folder, end_of("--believed", believed), about_at)
    reporter = Reporter(reporting_org, publisher, country)
    form = file.suffix.lower()
    if form in {".json", ".xml"}:
        needed("--publisher", publisher)
    if form == ".xml":
        needed("--reporting-org", reporting_org)
        country_of("--country", country)
    programme = programme_of(stand)
    moves, at = move_lines(stand), min(about_at, now())
    write_whole(file, exported(file, programme, moves, at, reporter=reporter, prefix=prefix))
    found = {"file": str(file), "n_items": len(programme.items)}
    answer(
        found, as_json, lambda: screen.print(TEXT.count("exported", len(programme.items)).format(file=file))
    )
