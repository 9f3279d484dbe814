"""What all commands share: the screen, progress bars, JSON on request, errors as exit codes."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from sarhad.errors import InputFaults, SarhadError
from sarhad.interfaces.cli.fitting import fit
from sarhad.interfaces.language import localised, speak, translated
from sarhad.interfaces.sentences import told_error, told_text
from sarhad.io.json_values import plain

if TYPE_CHECKING:
    from sarhad.io.cache import Cache
    from sarhad.planning.compute import Compute
    from sarhad.planning.compute import Progress as Shown

Folder = Annotated[Path, typer.Argument(help="Project folder (holds project.toml).")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the answer as JSON and nothing else.")]
Jobs = Annotated[
    int,
    typer.Option(
        "--jobs", "-j", min=0, help="Processes; 0 takes the project's setting, or else every processor."
    ),
]
PlanFile = Annotated[Path | None, typer.Option("--plan", help="plan.json to count as built.")]


def _speak(code: str | None) -> str | None:
    if code is not None:
        speak(code)
    return code


Language = Annotated[
    str | None,
    typer.Option(
        "--language",
        callback=_speak,
        is_eager=True,
        envvar="SARHAD_LANGUAGE",
        help="Language to write in: en (unless told otherwise), ru or tg.",
    ),
]

INTERRUPTED = 130
GO_ON = "Interrupted. Nothing is half-written. Run the command again: it goes on where it stopped."
TEXT = translated(
    {
        "go.on": GO_ON,
        "results": "\nResults: [bold]{place}[/]",
        "start.with": "\nResults: [bold]{place}[/] (start with {files})",
        "step": "{seconds:6.0f} s  {step}: {n} of {n}",
    }
)

# Tables need some room: what is not a terminal (a file, a pipe) gets it.
screen = Console(highlight=False, width=None if sys.stdout.isatty() else 110)
remarks = Console(stderr=True, highlight=False)


@contextmanager
def showing() -> Iterator[Shown]:
    """Give what shows progress on stderr: bars on a terminal, a line per finished step elsewhere."""
    columns = (
        TextColumn("{task.description:<26}"),
        BarColumn(bar_width=32),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=remarks) as bars:
        tasks: dict[str, TaskID] = {}
        began = time.monotonic()

        def show(step: str, done: int, total: int) -> None:
            step = told_text(step)
            if not remarks.is_terminal:
                if done == total > 0:
                    seconds = time.monotonic() - began
                    remarks.print(TEXT["step"].format(seconds=seconds, step=step, n=total))
                return
            if step not in tasks or bars.tasks[tasks[step]].finished:
                if total == 0:
                    return
                tasks[step] = bars.add_task(step, total=total)
            bars.update(tasks[step], completed=done, total=total)

        yield show


@contextmanager
def computing(folder: Path | None, jobs: int) -> Iterator[Compute]:
    """Give processes that show their progress. With a folder, finished pieces are kept there."""
    from sarhad.planning.compute import Compute

    with ExitStack() as stack:
        store = stack.enter_context(kept_pieces(folder)) if folder is not None else None
        show = stack.enter_context(showing())
        yield stack.enter_context(Compute(jobs, progress=show, store=store))


def kept_pieces(folder: Path) -> Cache:
    """Return the finished pieces of a project, under the limit that the environment sets."""
    from sarhad.io.cache import Cache, limit_bytes

    return Cache(folder / ".cache", limit_bytes(os.environ), say=_remark)


def _remark(text: str) -> None:
    remarks.print(escape(told_text(text)), soft_wrap=True)


def tell_results(place: Path, *first: str) -> None:
    """Say where results lie, and with which of their files to start."""
    text = TEXT["start.with"] if first else TEXT["results"]
    screen.print(text.format(place=place, files=", ".join(first)))


def print_table(table: Table) -> None:
    """Print a table so that nothing of it is cut."""
    fit(table, screen.width)
    screen.print(table)


def print_rows(
    title: str, heads: Sequence[str], rows: Iterable[Sequence[str]], *, n_text: int = 0, caption: str = ""
) -> None:
    """Print a table: `n_text` columns of words, then figures, given as English writes them."""
    table = Table(title=title, title_justify="left", caption=caption or None, caption_justify="left")
    for k, head in enumerate(heads):
        table.add_column(head, justify="left" if k < n_text else "right")
    for row in rows:
        table.add_row(*(escape(cell if k < n_text else localised(cell)) for k, cell in enumerate(row)))
    print_table(table)


def answer(value: Any, as_json: bool, draw: Callable[[], None]) -> None:
    """Print an answer as JSON (what is not a number as null), or drawn for people."""
    if as_json:
        pieces = json.JSONEncoder(indent=2, ensure_ascii=False, allow_nan=False).iterencode(plain(value))
        while text := "".join(islice(pieces, 10_000)):  # a million faults would be gigabytes at once
            sys.stdout.write(text)
        print()
    else:
        draw()


def failing(error: SarhadError, as_json: bool) -> int:
    """Print an error in the asked form on stderr and return its exit code."""
    if as_json:
        faults = [
            {name: getattr(fault, name) for name in ("file", "layer", "row", "column", "expected", "found")}
            for fault in (error.faults if isinstance(error, InputFaults) else ())
        ]
        print(json.dumps({"error": str(error), "faults": faults}, ensure_ascii=False), file=sys.stderr)
    else:
        remarks.print(f"[bold red]sarhad:[/] {escape(told_error(error))}", soft_wrap=True)
    return error.exit_code


def interrupted(as_json: bool) -> int:
    """Say how to go on in the asked form on stderr, and return the exit code."""
    if as_json:
        print(json.dumps({"error": GO_ON, "faults": []}), file=sys.stderr)
    else:
        remarks.print("\n" + TEXT["go.on"], soft_wrap=True)
    return INTERRUPTED
