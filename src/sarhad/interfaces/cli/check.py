"""`sarhad check`: every fault of a project, in one report."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer
from rich.table import Table

from sarhad.errors import Fault, InputFaults
from sarhad.interfaces.cli.console import AsJson, Folder, answer, screen
from sarhad.io.project import check_project


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


def run(folder: Folder, as_json: AsJson = False, schema: Schema = False) -> None:
    """Check a project and report all its faults at once (exit code 3 if there are any)."""
    faults = check_project(folder)
    answer([asdict(fault) for fault in faults], as_json, lambda: _draw(faults))
    if faults:
        raise typer.Exit(InputFaults.exit_code)


def _draw(faults: tuple[Fault, ...]) -> None:
    if not faults:
        screen.print("No faults found.")
        return
    table = Table(title=f"{len(faults)} fault(s)", title_justify="left")
    for name in ("file", "layer", "row", "column", "expected", "found"):
        table.add_column(name, justify="right" if name == "row" else "left", overflow="fold")
    for fault in faults:
        row = str(fault.row) if fault.row else ""
        table.add_row(fault.file, fault.layer, row, fault.column, fault.expected, fault.found)
    screen.print(table)
