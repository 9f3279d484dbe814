"""`sarhad ledger key`: make keys, and say whom the ledger trusts and since when."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from sarhad.interfaces.cli.console import AsJson, answer, print_table, screen
from sarhad.interfaces.cli.headings import HEADINGS
from sarhad.interfaces.language import translated
from sarhad.ledger.authorities import (
    FILE,
    PublicKey,
    change_authorities,
    key_id_of,
    read_authorities,
    read_public_key,
)
from sarhad.ledger.ledger import ledger_folder, refuse_none
from sarhad.ledger.signing import new_private_key, public_bytes, write_private_key

TEXT = translated(
    {
        "made": (
            "Private key of [bold]{authority}[/] in [bold]{file}[/] (only you may read it; lock a copy "
            "away).\n"
            "Public key {key_id}, to be trusted on every machine:\n"
            "  sarhad ledger key trust {authority!r} {public_key} LEDGER"
        ),
        "trusted": "Key {key_id} of [bold]{authority}[/] is trusted from {at:%Y-%m-%d %H:%M} UTC on.",
        "revoked": "Key {key_id} is not trusted for what is recorded from {at:%Y-%m-%d %H:%M} UTC on.",
        "none": "No keys are trusted.",
    }
)

commands = typer.Typer(no_args_is_help=True, help="Keys of the authorities: make, trust, revoke, list.")

Folder = Annotated[Path, typer.Argument(help="Project folder (its ledger/), or a ledger's own folder.")]
At = Annotated[datetime | None, typer.Option("--at", help="From when on (UTC); now if left out.")]


@commands.command()
def new(
    authority: Annotated[str, typer.Argument(help="Whose key it is.")],
    out: Annotated[Path, typer.Option("--out", help="New file for the private key (PEM).")],
    as_json: AsJson = False,
) -> None:
    """Make a key pair: the private key goes to a file, the public key is printed."""
    private_key = new_private_key()
    write_private_key(out, private_key)
    public = public_bytes(private_key)
    made = {"authority": authority, "key_id": key_id_of(public), "file": str(out)}
    made["public_key"] = base64.b64encode(public).decode()
    answer(made, as_json, lambda: screen.print(TEXT["made"].format(**made), soft_wrap=True))


@commands.command()
def trust(
    authority: Annotated[str, typer.Argument(help="Whose key it is.")],
    public_key: Annotated[str, typer.Argument(help="The public key, in base64.")],
    folder: Folder = Path(),
    at: At = None,
    as_json: AsJson = False,
) -> None:
    """Trust a public key (one more beside those an authority has)."""
    key = PublicKey(authority, read_public_key(public_key), _utc(at))
    change_authorities(_known(folder), lambda known: known.with_key(key))
    text = TEXT["trusted"].format(key_id=key.key_id, authority=authority, at=key.valid_from)
    answer(_row(key), as_json, lambda: screen.print(text))


@commands.command()
def revoke(
    key_id: Annotated[str, typer.Argument(help="Id of the key, as `key list` shows it.")],
    folder: Folder = Path(),
    at: At = None,
    as_json: AsJson = False,
) -> None:
    """Stop trusting a key; what was recorded before stays trusted."""
    since = _utc(at)
    change_authorities(_known(folder), lambda known: known.revoked(key_id, since))
    text = TEXT["revoked"].format(key_id=key_id, at=since)
    answer({"key_id": key_id, "valid_to": since.isoformat()}, as_json, lambda: screen.print(text))


@commands.command("list")
def listed(folder: Folder = Path(), as_json: AsJson = False) -> None:
    """List the keys that the ledger trusts."""
    rows = [_row(key) for key in read_authorities(_known(folder) / FILE).keys]

    def draw() -> None:
        if not rows:
            screen.print(TEXT["none"])
            return
        table = Table()
        for name in rows[0]:
            table.add_column(HEADINGS[name.replace("_", " ")], overflow="fold")
        for row in rows:
            table.add_row(*(value or "" for value in row.values()))
        print_table(table)

    answer(rows, as_json, draw)


def _known(folder: Path) -> Path:
    place = ledger_folder(folder)
    refuse_none(place)
    return place


def _utc(at: datetime | None) -> datetime:
    return datetime.now(UTC) if at is None else at.replace(tzinfo=UTC)


def _row(key: PublicKey) -> dict[str, str | None]:
    return {
        "authority": key.authority,
        "key_id": key.key_id,
        "public_key": base64.b64encode(key.key).decode(),
        "valid_from": key.valid_from.isoformat(),
        "valid_to": key.valid_to.isoformat() if key.valid_to else None,
    }
