"""`sarhad cache`: how much the finished pieces of a project take, and room for others."""

from __future__ import annotations

import os
from dataclasses import asdict
from typing import Annotated

import typer

from sarhad.errors import InputFaults
from sarhad.interfaces.cli.console import AsJson, Folder, answer, kept_pieces, screen
from sarhad.interfaces.language import translated
from sarhad.io.cache import limit_bytes

TEXT = translated(
    {
        "holds": (
            "{n} finished piece, {size_gb:.2f} GB of at most {limit_gb:g} GB, in [bold]{place}[/]",
            "{n} finished pieces, {size_gb:.2f} GB of at most {limit_gb:g} GB, in [bold]{place}[/]",
        ),
        "gone": (
            "{n} taken away, used least recently",
            "{n} taken away, those used least recently first",
        ),
        "running": (
            "{n} running command writes to it: what was used since it began stays",
            "{n} running commands write to it: what was used since they began stays",
        ),
    }
)
Limit = Annotated[
    float | None,
    typer.Option("--limit", min=0.0, help="Take away pieces now until at most this many GB are left."),
]
Clear = Annotated[bool, typer.Option("--clear", help="Take all pieces away: --limit 0.")]


def run(folder: Folder, limit_gb: Limit = None, clear: Clear = False, as_json: AsJson = False) -> None:
    """Show what finished pieces a project keeps, and take away those used least recently."""
    if not folder.is_dir():
        raise InputFaults.one(str(folder), "a project folder", "none")
    wanted_gb = 0.0 if clear else limit_gb
    kept = kept_pieces(folder)
    n_gone = 0 if wanted_gb is None else kept.shrink(int(wanted_gb * 1e9))
    held = kept.holding()
    most_bytes = limit_bytes(os.environ)

    def draw() -> None:
        size_gb, most_gb = held.n_bytes / 1e9, most_bytes / 1e9
        place = folder / ".cache"
        screen.print(
            TEXT.count("holds", held.n_pieces).format(size_gb=size_gb, limit_gb=most_gb, place=place)
        )
        if wanted_gb is not None:
            screen.print(TEXT.count("gone", n_gone))
        if held.n_running:
            screen.print(TEXT.count("running", held.n_running))

    answer({**asdict(held), "n_gone": n_gone, "limit_bytes": most_bytes}, as_json, draw)
