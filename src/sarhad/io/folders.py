"""New folders: made beside their place and renamed, so that they are there whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sarhad.errors import InputFaults


def check_new(target: Path) -> None:
    """Raise InputFaults where the folder exists and is not empty."""
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        found = "a folder with files in it" if target.is_dir() else "a file"
        raise InputFaults.one(str(target), "a new or empty folder", found)


@contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """Give a folder to fill; it becomes `target` when all went well, and nothing stays when not.

    Raises InputFaults where `target` is not new or empty, or cannot be written (the disk is full).
    """
    check_new(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{target.name}-", dir=target.parent) as beside:
            made = Path(beside) / "made"
            made.mkdir()
            yield made
            if target.exists():
                target.rmdir()
            os.replace(made, target)
    except OSError as error:
        raise InputFaults.one(str(target), "a folder that can be written", error) from error
