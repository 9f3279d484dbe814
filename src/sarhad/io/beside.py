"""Adds files to a project's results: all of them or none, each whole."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sarhad.io.folders import locked, sync_folder
from sarhad.io.results import LOCK, RESULTS


@contextmanager
def beside_results(project_folder: Path) -> Iterator[Path]:
    """Give a folder to write into; its files move to `results/` when all went well.

    They stay there until results are worked out anew, as they stood on the old ones.
    """
    goal = project_folder / RESULTS
    part = Path(tempfile.mkdtemp(prefix=".beside-", dir=project_folder))
    try:
        yield part
        sync_folder(part)
        with locked(project_folder / LOCK):
            goal.mkdir(exist_ok=True)
            for path in sorted(part.iterdir()):
                os.replace(path, goal / path.name)
    finally:
        shutil.rmtree(part, ignore_errors=True)
