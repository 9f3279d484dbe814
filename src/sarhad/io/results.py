"""Writes results: all of a folder or nothing of it, and the same bytes for the same answer.

`results/` holds `profile.parquet` (every row, routes as a second geometry), `results.gpkg` (layers to open in
QGIS), `coverage/*.tif`, `summary.json` and `manifest.json` (hashes of the inputs, versions, seeds, KIND).
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

import geopandas as gpd
from rasterio.errors import RasterioError

from sarhad.errors import NotWritten
from sarhad.io.cache import LIBRARIES
from sarhad.io.folders import copy_files, exchange, locked, not_written, sync, sync_folder
from sarhad.io.geopackage import write_geopackage
from sarhad.io.json_values import plain
from sarhad.io.plausibility import find_doubts
from sarhad.model.project import Project

RESULTS = "results"
PROGRAMME = "programme"
LOCK = ".results.lock"
OLD = "old"


@contextmanager
def results_folder(project_folder: Path, name: str = RESULTS, *, adding: bool = False) -> Iterator[Path]:
    """Give a folder to write into; it takes the place of the old results only when all is on the disk.

    `name` may lie deeper, as `results/programme`. What `results/programme/` holds is another command's: it
    stays when `results/` is replaced. With `adding` all stays that is not written anew. One process writes at
    a time, another one waits; what a dead one left is cleared away. Raises NotWritten where the disk does
    not take it.
    """
    goal = project_folder / name
    with _saying_why(goal), locked(project_folder / LOCK):
        _clear(goal, project_folder)
        part = Path(tempfile.mkdtemp(prefix=_beside(goal, project_folder), dir=project_folder))
        try:
            with _saying_why(goal):  # while what was written still takes its room
                yield part
                part.chmod(0o755)
                if adding:
                    copy_files(goal, part, _stay)
                elif name == RESULTS:
                    copy_files(goal / PROGRAMME, part / PROGRAMME, _stay)
                sync_folder(part)
                _change_places(part, goal, project_folder)
        finally:
            shutil.rmtree(part, ignore_errors=True)


def _stay(old: Path, new: Path) -> None:
    """Let a file of the old results stand among the new ones, unless it was written anew."""
    if new.exists():
        return
    try:
        os.link(old, new)
    except OSError:  # a file system without links
        shutil.copyfile(old, new)


@contextmanager
def _saying_why(goal: Path) -> Iterator[None]:
    """Turn what the libraries say of a disk that takes no more into one error with the room that is left."""
    try:
        yield
    except (OSError, RasterioError, NotWritten) as error:
        raise not_written(goal, error) from error


def _beside(goal: Path, project_folder: Path) -> str:
    """Return how the names of folders begin that are to become the goal, or were it."""
    return "." + "-".join(goal.relative_to(project_folder).parts) + "."


def _clear(goal: Path, project_folder: Path) -> None:
    """Put right what a process left that died while it wrote; under the lock all such processes are dead."""
    old = project_folder / f"{_beside(goal, project_folder)}{OLD}"
    if old.exists() and not goal.exists():
        os.replace(old, goal)
    for left in project_folder.glob(f"{_beside(goal, project_folder)}*/"):
        shutil.rmtree(left, ignore_errors=True)


def _change_places(part: Path, goal: Path, project_folder: Path) -> None:
    """Put the new folder in the place of the old one, and return when that is on the disk.

    Where the file system cannot do that in one step, a crash between the two renames leaves the old folder
    beside, and the next command that writes puts it back.
    """
    goal.parent.mkdir(exist_ok=True)
    if not goal.exists():
        os.replace(part, goal)
    elif not exchange(part, goal):
        old = project_folder / f"{_beside(goal, project_folder)}{OLD}"
        os.replace(goal, old)
        try:
            os.replace(part, goal)
        except BaseException:
            os.replace(old, goal)
            raise
        shutil.rmtree(old, ignore_errors=True)
    sync(goal.parent)


def write_profile(folder: Path, profile: gpd.GeoDataFrame) -> None:
    """Write every row of a profile as GeoParquet, the routes as a second geometry column."""
    table = profile.copy()
    table["route"] = gpd.GeoSeries(table["route"], crs="EPSG:4326", index=table.index)
    table.to_parquet(folder / "profile.parquet", compression="zstd", index=False)


def write_layers(folder: Path, layers: Mapping[str, gpd.GeoDataFrame]) -> None:
    """Write layers into `results.gpkg`, in the given order; empty layers are left out."""
    write_geopackage(folder / "results.gpkg", {name: layer for name, layer in layers.items() if len(layer)})


def write_json(folder: Path, name: str, value: object) -> None:
    """Write a JSON file that reads and diffs well."""
    text = json.dumps(plain(value), indent=2, ensure_ascii=False, sort_keys=False, allow_nan=False)
    (folder / name).write_text(text + "\n", encoding="utf-8")


def manifest(
    project: Project,
    kind: str,
    search: Mapping[str, object] | None = None,
    *,
    command: Sequence[str] = (),
) -> dict[str, object]:
    """Return what a result stands on: inputs and doubts about them, settings, versions, terrain KIND.

    `search` says how long a plan was searched for; None where there is no plan. `command` are the words after
    `sarhad` that give the result anew from inside the project's folder, as far as they are known.
    """
    settings = asdict(project.settings)
    del settings["processes"]  # it never changes a result
    return {
        "sarhad": version("sarhad"),
        "python": platform.python_version(),
        "libraries": {name: version(name) for name in LIBRARIES},
        "project": project.title,
        "terrain": {
            "kind": kind,
            "source": project.terrain.source,
            "vertical_datum": project.terrain.vertical_datum,
        },
        "line": {
            "source": project.line.source,
            "vertex_step_m": project.line.vertex_step_m,
            "length_m": project.line.length_m,
        },
        "sources": dict(project.sources),
        "settings": settings,
        "command": list(command),
        "search": None if search is None else dict(search),
        "from_claims": [asdict(one) for one in project.taken],
        "inputs_sha256": dict(sorted(project.hashes.items())),
        "notes": list(project.notes),
        "doubts": [one.as_row() for one in find_doubts(project)],
    }


def file_hashes(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every file below a folder, by relative path."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
