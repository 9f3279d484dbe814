"""Example projects shipped with the package, copied whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from importlib.resources import as_file, files
from pathlib import Path

from sarhad.errors import InputFaults, UnknownName

_SHIPPED = {"tajik-afghan": "tajik_afghan"}


def example_names() -> tuple[str, ...]:
    """Return the names that `write_example` knows."""
    return tuple(_SHIPPED)


def write_example(name: str, folder: str | Path) -> Path:
    """Copy an example project to `folder` and return it.

    The copy is made beside it and renamed, so that it is there whole or not at all. Raises UnknownName, and
    InputFaults where the folder exists and is not empty or cannot be written.
    """
    if name not in _SHIPPED:
        raise UnknownName(f"no example is named {name!r}; there are: {', '.join(_SHIPPED)}")
    target = Path(folder)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        found = "a folder with files in it" if target.is_dir() else "a file"
        raise InputFaults.one(str(target), "a new or empty folder", found)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{target.name}-", dir=target.parent) as beside:
            copy = Path(beside) / "copy"
            with as_file(files("sarhad").joinpath("data", _SHIPPED[name])) as shipped:
                shutil.copytree(shipped, copy, copy_function=shutil.copyfile)
            if target.exists():
                target.rmdir()
            os.replace(copy, target)
    except OSError as error:
        raise InputFaults.one(str(target), "a folder that can be written", error) from error
    return target
