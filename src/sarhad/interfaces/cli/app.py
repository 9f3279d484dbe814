"""The command `sarhad` and its list of commands."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Annotated, Any

import typer

import sarhad
from sarhad.errors import SarhadError
from sarhad.interfaces.cli.console import INTERRUPTED, Language, failing, remarks

NAMES = (
    "new",
    "check",
    "coverage",
    "profile",
    "plan",
    "explain",
    "osm",
    "report",
    "demo",
    "prepare",
    "validate",
)
GROUPS = ("terrain", "programme", "ledger", "claims")


class Commands(typer.core.TyperGroup):
    """Commands, each imported when it is asked for: to write one record down takes no kernels and no maps."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return all names, as they are told."""
        return [*NAMES, *GROUPS]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return one command; None for a name that there is not."""
        if cmd_name not in (*NAMES, *GROUPS):
            return None
        if cmd_name not in self.commands:
            self.commands[cmd_name] = _loaded(cmd_name)
        return self.commands[cmd_name]


def _loaded(name: str) -> Any:
    module = import_module(f"sarhad.interfaces.cli.{name}")
    if name in GROUPS:
        group = typer.main.get_command(module.commands)
        group.name = name
        return group
    alone = typer.Typer(add_completion=False, rich_markup_mode="rich")
    alone.command(name)(module.run)
    return typer.main.get_command(alone)


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="Plan the protection of a border: how likely is a crossing seen in time, and what to build first.",
)


def _version(asked: bool) -> None:
    if asked:
        print(f"sarhad {sarhad.__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
    spoken: Language = None,
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
