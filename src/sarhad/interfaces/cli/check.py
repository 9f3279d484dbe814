"""`sarhad check`: every fault of a project, and every doubt about it, in one report."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from sarhad.errors import InputFaults
from sarhad.interfaces.cli.console import AsJson, Folder, answer, print_table, screen
from sarhad.interfaces.cli.headings import HEADINGS
from sarhad.interfaces.language import translated
from sarhad.interfaces.sentences import told_text

TEXT = translated(
    {
        "sound": "No faults found.",
        "faults": ("{n} fault", "{n} faults"),
        "doubts": ("{n} doubt: nothing is stopped by it", "{n} doubts: nothing is stopped by them"),
        "more": (
            "... and {n} more row in {file}: --json lists all.",
            "... and {n} more rows in {file}: --json lists all.",
        ),
        "written": "Written to [bold]{file}[/].",
        "left.out": (
            "{n} more row of {file} is not in it: --json lists all.",
            "{n} more rows of {file} are not in it: --json lists all.",
        ),
    }
)
MAX_SHOWN = 50
"""Rows of one file that the screen shows."""
COLUMNS = ("layer", "row", "column", "expected", "found")
SAID = ("expected", "found")

Row = Mapping[str, object]


def _print_schema(asked: bool) -> None:
    if asked:
        from sarhad.io.json_schema import project_schema

        print(json.dumps(project_schema(), indent=1, ensure_ascii=False))
        raise typer.Exit


Schema = Annotated[
    bool,
    typer.Option(
        "--schema", callback=_print_schema, is_eager=True, help="Print the JSON Schema of project.toml."
    ),
]
FaultMap = Annotated[
    Path | None, typer.Option("--faults", help="GeoPackage to write them to, each at its place.")
]


def run(folder: Folder, faults: FaultMap = None, schema: Schema = False, as_json: AsJson = False) -> None:
    """Check a project and report all its faults at once (exit code 3 if there are any), and all doubts."""
    from sarhad.io.inspection import inspect_project

    found = inspect_project(folder)
    rows = found.rows()
    left_out: Mapping[str, int] = {}
    if faults is not None:
        from sarhad.io.fault_map import write_fault_map

        left_out = write_fault_map(faults, folder, rows)

    def draw() -> None:
        _draw(rows)
        if faults is not None:
            _draw_written(faults, left_out)

    answer(rows, as_json, draw)
    if found.faults:
        raise typer.Exit(InputFaults.exit_code)


def _draw(rows: Sequence[Row]) -> None:
    for severity in ("fault", "doubt"):
        some = [row for row in rows if row["severity"] == severity]
        if some:
            screen.print(f"[bold]{TEXT.count(severity + 's', len(some))}[/]")
            _draw_files(some)
        elif severity == "fault":
            screen.print(TEXT["sound"])


def _draw_written(path: Path, left_out: Mapping[str, int]) -> None:
    screen.print(TEXT["written"].format(file=escape(str(path))))
    for file, n in left_out.items():
        screen.print(TEXT.count("left.out", n).format(file=escape(file)))


def _draw_files(rows: Sequence[Row]) -> None:
    for file, group in groupby(rows, key=lambda row: str(row["file"])):
        some = list(group)
        table = Table(title=escape(file), title_justify="left")
        for name in COLUMNS:
            table.add_column(HEADINGS[name], justify="right" if name == "row" else "left", overflow="fold")
        for row in some[:MAX_SHOWN]:
            table.add_row(*_cells(row))
        print_table(table)
        if len(some) > MAX_SHOWN:
            screen.print(TEXT.count("more", len(some) - MAX_SHOWN).format(file=escape(file)))


def _cells(row: Row) -> Iterator[str]:
    for name in COLUMNS:
        text = escape(told_text(str(row[name])) if name in SAID else str(row[name])) if row[name] else ""
        why = escape(told_text(str(row["why"])))
        yield f"{text}\n[dim]{why}[/]" if name == "expected" and why else text
