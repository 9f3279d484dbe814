"""Example projects shipped with the package, copied whole or not at all."""

from __future__ import annotations

import shutil
import tomllib
from collections.abc import Mapping
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from sarhad.errors import UnknownName
from sarhad.io.folders import copy_files, new_folder

_SHIPPED = {"tajik-afghan": "tajik_afghan", "kyrgyz-tajik": "kyrgyz_tajik"}
_TERRAIN = "terrain.tif"
_TERRAIN_OF = "tajik_afghan"  # its relief covers both lines and is shipped once


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
    with new_folder(target) as made, as_file(files("sarhad").joinpath("data")) as data:
        copy_files(data / _SHIPPED[name], made)
        shutil.copyfile(data / _TERRAIN_OF / _TERRAIN, made / _TERRAIN)
    return target


def example_file(name: str, file: str) -> Path:
    """Return a file of a shipped example."""
    folder = _TERRAIN_OF if file == _TERRAIN else _SHIPPED[name]
    return Path(str(files("sarhad").joinpath("data", folder, file)))


def example_document(name: str) -> Mapping[str, Any]:
    """Return the parsed `project.toml` of a shipped example."""
    return tomllib.loads(example_file(name, "project.toml").read_text(encoding="utf-8"))
