"""Results that rest on other claims by now: the commands that wrote them, given once more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import chdir, redirect_stdout
from io import StringIO
from pathlib import Path

import typer

from sarhad.interfaces.cli.console import remarks
from sarhad.interfaces.language import translated
from sarhad.io.taken import UsedBy

AGAIN = (
    ("profile",),
    ("plan",),
    ("demo",),
    ("programme", "schedule"),
    ("programme", "forecast"),
    ("programme", "siting"),
)
"""The commands whose manifests say how to give them again."""
TEXT = translated({"again": "{folder}: sarhad {words}"})


def again_of(used: UsedBy) -> tuple[str, ...]:
    """Return the words after `sarhad` that give a result anew, inside the project; none if unknown."""
    return used.command if any(used.command[: len(one)] == one for one in AGAIN) else ()


def work_out_again(
    root: typer.Context, project: Path, stale: Mapping[str, Sequence[str]], jobs: int, as_json: bool
) -> None:
    """Give the commands of stale folders again, as a person would: with progress; stopped, they go on.

    What the commands print stays out of an answer in JSON.
    """
    command = root.find_root().command
    for folder, words in stale.items():
        remarks.print(TEXT["again"].format(folder=folder, words=" ".join(words)), markup=False)
        given = [*words, "--jobs", str(jobs)]
        with chdir(project), command.make_context("sarhad", given) as context:
            if as_json:
                with redirect_stdout(StringIO()):
                    command.invoke(context)
            else:
                command.invoke(context)
