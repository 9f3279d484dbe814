"""`sarhad new`: write a project folder to start from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sarhad.interfaces.cli.console import AsJson, answer, screen
from sarhad.io.example import example_names, write_example


def run(
    folder: Annotated[Path, typer.Argument(help="Folder to make; it must not exist or be empty.")],
    example: Annotated[
        str, typer.Option(help=f"Example to start from: {', '.join(example_names())}.")
    ] = example_names()[0],
    as_json: AsJson = False,
) -> None:
    """Write an example project to change into your own."""
    made = write_example(example, folder)

    def draw() -> None:
        screen.print(f"Project written to [bold]{made}[/]. Next: [bold]sarhad check {made}[/]")

    answer({"folder": str(made), "example": example}, as_json, draw)
