"""The command `sarhad` and its list of commands."""

from __future__ import annotations

import errno
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import FrameType
from typing import Annotated, Any

import typer

import sarhad
from sarhad.errors import NotWritten, SarhadError
from sarhad.interfaces.cli.console import INTERRUPTED, Language, failing, interrupted
from sarhad.interfaces.cli.helping import in_language, tell_page, told_usage, wrong_usage_told
from sarhad.interfaces.language import speaking

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
    "sensitivity",
    "cache",
)
DISK = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS}
DISK_SAYS = "the disk takes no more ({reason}); what was there before stands"
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
            self.commands[cmd_name] = in_language(_loaded(cmd_name))
        return self.commands[cmd_name]

    def get_help_option(self, ctx: Any) -> Any:
        """Return --help, which waits for --language wherever that stands."""
        option = super().get_help_option(ctx)
        if option is not None:
            option.is_eager = False
        return option

    def get_usage(self, ctx: Any) -> str:
        """Return the line of usage in the language of the moment."""
        return told_usage(super().get_usage, ctx)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Show the list of commands in the language of the moment."""
        tell_page(self, ctx)
        super().format_help(ctx, formatter)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read what stands before a command's name."""
        with wrong_usage_told():
            return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Run a command."""
        with wrong_usage_told():
            return super().invoke(ctx)


def _loaded(name: str) -> Any:
    with speaking("en"):  # a text read on the way is one that is told later
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


def _stop(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


@contextmanager
def _stoppable() -> Iterator[None]:
    """Let whoever ends the command (SIGTERM, a terminal that closes) interrupt it as Ctrl-C does."""
    # What nohup has ignored stays ignored.
    mine = [one for one in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(one) is signal.SIG_DFL]
    for one in mine:
        signal.signal(one, _stop)
    try:
        yield
    finally:
        for one in mine:
            signal.signal(one, signal.SIG_DFL)


def _run() -> None:
    """Run a command; what stops it is raised."""
    try:
        app(standalone_mode=True)
    except SystemExit as left:
        if left.code == INTERRUPTED:
            raise KeyboardInterrupt from None
        raise
    except SystemError as error:  # a kernel that an interrupt met as it returned
        if not isinstance(error.__cause__, KeyboardInterrupt):
            raise
        raise KeyboardInterrupt from None
    except OSError as error:
        if error.errno not in DISK:
            raise
        raise NotWritten(DISK_SAYS.format(reason=error)) from error


def main() -> None:
    """Run the command line; errors of Sarhad become one clear message and an exit code."""
    as_json = "--json" in sys.argv
    try:
        with _stoppable():
            _run()
    except SarhadError as error:
        raise SystemExit(failing(error, as_json)) from None
    except KeyboardInterrupt:
        raise SystemExit(interrupted(as_json)) from None
