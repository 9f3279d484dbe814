"""`sarhad ledger`: begin, verify, move, read and rebuild the ledger of a project."""

from __future__ import annotations

import json
import secrets
from collections import deque
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from sarhad.errors import LedgerError
from sarhad.interfaces.cli import ledger_keys
from sarhad.interfaces.cli.console import AsJson, answer, print_table, screen, showing
from sarhad.interfaces.cli.headings import headings
from sarhad.interfaces.cli.ledger_session import TO_STORE, now, writing
from sarhad.interfaces.language import translated
from sarhad.interfaces.sentences import told_text
from sarhad.ledger.authorities import FILE as AUTHORITIES
from sarhad.ledger.authorities import read_authorities
from sarhad.ledger.checkpoint import FILE as CHECKPOINTS
from sarhad.ledger.checkpoint import Checkpoint, read_checkpoints, write_checkpoints
from sarhad.ledger.encoding import plain_statement
from sarhad.ledger.journal import read_records
from sarhad.ledger.ledger import Signer, init_ledger, ledger_folder, rebuild_store, refuse_none
from sarhad.ledger.signing import read_private_key
from sarhad.ledger.transfer import branch_folder, branches, export_ledger, import_ledger
from sarhad.ledger.verify import Verdict, verify
from sarhad.model.record import Record

TEXT = translated(
    {
        "begun": "A ledger was begun in [bold]{folder}[/].",
        "sound": "[bold green]Sound.[/] Records: {n_records}, segments: {n_segments}, head {head}.",
        "unsound": (
            "[bold red]Not sound.[/] {n} thing does not hold:",
            "[bold red]Not sound.[/] {n} things do not hold:",
        ),
        "covered": "Checkpoints that hold: {n}; records up to {covered} are signed for, {open} after it "
        "are not.",
        "signatures": "Signatures that hold: {n}.",
        "unfinished": "A crash left an unfinished commit, never acknowledged ({what}); opening puts it "
        "aside.",
        "exported": "Records {first} to {last} are in [bold]{file}[/].",
        "added": (
            "{n} record added; the ledger ends with record {last}.",
            "{n} records added; the ledger ends with record {last}.",
        ),
        "diverged": (
            "[bold red]The copies went on apart[/] from record {at} on. Both are kept: this ledger as it "
            "was, "
            "the other one as branch [bold]{branch}[/] (sarhad ledger log --branch {branch})."
        ),
        "corrects": "corrects {statement}",
        "trusted": (
            "[bold]A new copy: it trusts the keys that came with the file.[/] Compare them with their "
            "owners by "
            "another way:"
        ),
        "rebuilt": (
            "The store was built anew from {n} record.",
            "The store was built anew from {n} records.",
        ),
        "checkpoint": "Record {seq} and all before it are signed for by {authority}.",
        "copied": (
            "A copy of {n} checkpoint is in [bold]{file}[/]; keep it away from the ledger.",
            "Copies of {n} checkpoints are in [bold]{file}[/]; keep them away from the ledger.",
        ),
        "nothing": "No such records.",
        "sign.or.copy": "give --authority and --key to sign, or --out to copy",
        "no_branches": "No other copies are kept.",
    }
)


commands = typer.Typer(
    no_args_is_help=True, help="The append-only ledger: verify, move, read, rebuild, keys."
)
commands.add_typer(ledger_keys.commands, name="key")

Folder = Annotated[Path, typer.Argument(help="Project folder (its ledger/), or a ledger's own folder.")]
StoreUrl = Annotated[
    str | None, typer.Option("--store", help="URL of the store; SQLite beside it by default.")
]


@commands.command()
def init(folder: Folder = Path(), as_json: AsJson = False) -> None:
    """Begin a ledger."""
    place = ledger_folder(folder)
    init_ledger(place, now=now, origin=secrets.token_bytes(32))
    answer({"folder": str(place)}, as_json, lambda: screen.print(TEXT["begun"].format(folder=place)))


@commands.command("verify")
def check(
    folder: Folder = Path(),
    checkpoints: Annotated[
        Path | None, typer.Option("--checkpoints", help="Checkpoints kept elsewhere (a .jsonl file).")
    ] = None,
    authorities: Annotated[
        Path | None, typer.Option("--authorities", help="Keys to trust, in place of the ledger's own.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Verify every byte of the journal, the checkpoints, the signatures (exit code 6 if any fails)."""
    place = _known(folder)
    copies = read_checkpoints(checkpoints) if checkpoints else ()
    trusted = read_authorities(authorities) if authorities else None
    with showing() as show:
        verdict = verify(place, checkpoints=copies, authorities=trusted, progress=show)
    answer({**asdict(verdict), "sound": verdict.sound}, as_json, lambda: _draw_verdict(verdict))
    if not verdict.sound:
        raise typer.Exit(LedgerError.exit_code)


@commands.command("export")
def to_file(
    file: Annotated[Path, typer.Argument(help="File to write, NAME.sarhad-ledger.")],
    folder: Folder = Path(),
    from_seq: Annotated[int, typer.Option("--from", min=1, help="First record to take along.")] = 1,
    to_seq: Annotated[
        int | None,
        typer.Option("--to", min=1, help="Last record to take along; what was said with it stays with it."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write the ledger to one file, to be carried to another machine."""
    place = _known(folder)
    with showing() as show:
        done = export_ledger(place, file, from_seq=from_seq, to_seq=to_seq, progress=show)
    text = TEXT["exported"].format(first=done.first_seq, last=done.last_seq, file=file)
    answer(_fields(done) | {"file": str(file)}, as_json, lambda: screen.print(text))


@commands.command("import")
def from_file(
    file: Annotated[Path, typer.Argument(help="File that `sarhad ledger export` wrote.")],
    folder: Folder = Path(),
    authorities: Annotated[
        Path | None, typer.Option("--authorities", help="Keys to trust, in place of the ledger's own.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Take in what a file holds: what is missing is appended; a copy that went on apart is kept beside."""
    trusted = read_authorities(authorities) if authorities else None
    place = ledger_folder(folder)
    with showing() as show:
        done = import_ledger(place, file, now=now, authorities=trusted, progress=show)

    def draw() -> None:
        screen.print(TEXT.count("added", done.n_added).format(last=done.last_seq))
        if done.branch:
            screen.print(TEXT["diverged"].format(at=done.branch.differs_at, branch=done.branch.branch_id))
        if done.taken_over:
            screen.print(TEXT["trusted"])
            for key in read_authorities(place / AUTHORITIES).keys:
                screen.print(f"  {key.key_id}  {key.authority}", markup=False)

    branch = _fields(done.branch) if done.branch else None
    answer(_fields(done) | {"branch": branch}, as_json, draw)


@commands.command()
def rebuild(folder: Folder = Path(), store_url: StoreUrl = None, as_json: AsJson = False) -> None:
    """Build the store (the registers' tables) anew from the journal."""
    place = _known(folder)
    with showing() as show:
        n_records = rebuild_store(
            place,
            now=now,
            store_url=store_url,
            progress=lambda n_done, n_all: show(TO_STORE, n_done, n_all),
        )
    answer({"n_records": n_records}, as_json, lambda: screen.print(TEXT.count("rebuilt", n_records)))


@commands.command()
def checkpoint(
    folder: Folder = Path(),
    authority: Annotated[str, typer.Option("--authority", help="Who signs.")] = "",
    key: Annotated[Path | None, typer.Option("--key", help="Private key of the authority.")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Copy all checkpoints to this file.")] = None,
    as_json: AsJson = False,
) -> None:
    """Sign how far the ledger is (with --authority and --key), copy the checkpoints (with --out), or both."""
    place = _known(folder)
    made: Checkpoint | None = None
    if key is not None:
        with writing(place) as ledger:
            made = ledger.checkpoint(Signer(authority, read_private_key(key)))
    elif out is None:
        raise typer.BadParameter(TEXT["sign.or.copy"])
    known = read_checkpoints(place / CHECKPOINTS)
    if out is not None:
        write_checkpoints(out, known)

    def draw() -> None:
        if made is not None:
            screen.print(TEXT["checkpoint"].format(seq=made.seq, authority=made.authority))
        if out is not None:
            screen.print(TEXT.count("copied", len(known)).format(file=out))

    answer({"made": _fields(made) if made else None, "n_checkpoints": len(known)}, as_json, draw)


@commands.command("branches")
def other_copies(folder: Folder = Path(), as_json: AsJson = False) -> None:
    """List the other copies of the ledger that went on apart."""
    found = branches(_known(folder))

    def draw() -> None:
        if not found:
            screen.print(TEXT["no_branches"])
            return
        table = Table(*headings(("branch", "differs from record", "last record", "imported at")))
        for branch in found:
            numbers = (str(branch.differs_at), str(branch.last_seq))
            table.add_row(branch.branch_id, *numbers, f"{branch.imported_at:%Y-%m-%d %H:%M}")
        print_table(table)

    answer([_fields(branch) for branch in found], as_json, draw)


@commands.command()
def log(
    folder: Folder = Path(),
    kind: Annotated[str, typer.Option("--kind", help="A register (asset), or a kind (asset.state).")] = "",
    subject: Annotated[str, typer.Option("--subject", help="What the record is about.")] = "",
    authority: Annotated[str, typer.Option("--authority", help="Who said it.")] = "",
    after: Annotated[int, typer.Option("--after", min=0, help="Only records after this number.")] = 0,
    last: Annotated[int, typer.Option("--last", min=1, help="At most so many, the last ones.")] = 50,
    branch: Annotated[str, typer.Option("--branch", help="Read another copy that is kept.")] = "",
    as_json: AsJson = False,
) -> None:
    """List records, the last ones at the end."""
    place = _known(folder)
    place = branch_folder(place, branch) if branch else place
    chosen = (
        record
        for record in read_records(place, after)
        if (not kind or kind in (record.statement.kind, record.statement.register))
        and (not subject or record.statement.subject_id == subject)
        and (not authority or record.statement.authority == authority)
    )
    records = list(deque(chosen, maxlen=last))
    answer([_as_json(record) for record in records], as_json, lambda: _draw_log(records))


def _known(folder: Path) -> Path:
    place = ledger_folder(folder)
    refuse_none(place)
    return place


def _as_json(record: Record) -> dict[str, Any]:
    head = {"seq": record.seq, "recorded_at": record.recorded_at.isoformat(), "hash": record.hash}
    return head | plain_statement(record.statement)


def _fields(value: Any) -> dict[str, Any]:
    return {name: _text(getattr(value, name)) for name in value.__struct_fields__}


def _text(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _draw_verdict(verdict: Verdict) -> None:
    if verdict.sound:
        head = f"{verdict.head_seq} {verdict.head_hash[:16]}"
        counts = {"n_records": verdict.n_records, "n_segments": verdict.n_segments}
        screen.print(TEXT["sound"].format(head=head, **counts))
    else:
        screen.print(TEXT.count("unsound", len(verdict.findings)))
        for finding in verdict.findings:
            screen.print(f"  {told_text(str(finding))}", markup=False, soft_wrap=True)
    n_open = verdict.head_seq - verdict.covered_seq
    screen.print(TEXT["covered"].format(n=verdict.n_checkpoints, covered=verdict.covered_seq, open=n_open))
    screen.print(TEXT["signatures"].format(n=verdict.n_signatures))
    if verdict.unfinished:
        screen.print(TEXT["unfinished"].format(what=verdict.unfinished))


def _draw_log(records: list[Record]) -> None:
    if not records:
        screen.print(TEXT["nothing"])
        return
    names = ("seq", "recorded (UTC)", "happened (UTC)", "authority", "kind", "subject", "what")
    table = Table(*headings(names))
    for record in records:
        said = record.statement
        notes = [TEXT["corrects"].format(statement=said.corrects)] if said.corrects else []
        notes += [json.dumps(plain_statement(said)["body"], ensure_ascii=False)] if said.body else []
        times = (f"{at:%Y-%m-%d %H:%M:%S}" for at in (record.recorded_at, said.happened_at))
        table.add_row(str(record.seq), *times, said.authority, said.kind, said.subject_id, " ".join(notes))
    print_table(table)
