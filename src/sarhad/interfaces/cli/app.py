"""The command `sarhad` and its list of commands."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

import sarhad
from sarhad.errors import SarhadError
from sarhad.interfaces.cli import (
    check,
    claims,
    coverage,
    demo,
    explain,
    ledger,
    new,
    plan,
    prepare,
    profile,
    programme,
)
from sarhad.interfaces.cli.console import INTERRUPTED, failing, remarks

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="Plan the protection of a border: how likely is a crossing seen in time, and what to build first.",
)
for command in (new, check, coverage, profile, plan, explain, demo, prepare):
    app.command(command.__name__.rsplit(".", 1)[-1])(command.run)
app.add_typer(claims.app, name="claims")
app.add_typer(ledger.commands, name="ledger")
app.add_typer(programme.commands, name="programme")


def _version(asked: bool) -> None:
    if asked:
        print(f"sarhad {sarhad.__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command line; errors of Sarhad become one clear message and an exit code."""
    as_json = "--json" in sys.argv
    try:
        try:
            app(standalone_mode=True)
        except SarhadError as error:
            failing(error, as_json)
        except KeyboardInterrupt:
            remarks.print("Interrupted. Run the command again: it goes on where it stopped.")
            raise SystemExit(INTERRUPTED) from None
    except typer.Exit as done:
        raise SystemExit(done.exit_code) from None
