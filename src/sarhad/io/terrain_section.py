"""The section `[terrain]` of a project: which rasters, what they are, and whether they serve the line."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal, cast

from sarhad.errors import Fault, InputFaults
from sarhad.io.cover import check_terrain
from sarhad.io.raster import files_behind
from sarhad.io.raster_files import find_rasters
from sarhad.io.reading import PROJECT_FILE, Reading, sha256
from sarhad.io.tables import Place
from sarhad.model.line import Line
from sarhad.model.project import Settings, TerrainSource


def read_terrain(reading: Reading, line: Line | None, settings: Settings) -> TerrainSource | None:
    """Return the project's source of heights, checked against the line, and note the hashes of its files."""
    source = declared_terrain(reading)
    if source is None:
        return None
    faults: list[Fault] = []
    place = Place(PROJECT_FILE, "terrain")
    if len(source.paths) == 1:
        place = Place(_named(reading.folder, source.paths[0]))
    check_terrain(source, line, settings, place, faults)
    names = {str(path): _named(reading.folder, path) for path in source.paths}
    reading.faults.extend(replace(fault, file=names.get(fault.file, fault.file)) for fault in faults)
    for path, digest in terrain_hashes(source).items():
        reading.hashes.setdefault(_named(reading.folder, path), digest)
    return source


def terrain_hashes(source: TerrainSource) -> dict[Path, str]:
    """Return the SHA-256 of each file that heights come from, those behind a VRT too."""
    files = dict.fromkeys(behind for path in source.paths for behind in _files(path))
    return {file: sha256(file) for file in files if file.is_file()}


def declared_terrain(reading: Reading) -> TerrainSource | None:
    """Return what `[terrain]` declares, its files found but not opened; None where it names none.

    A word that is missing or wrong is a fault already; the files are to be looked at all the same.
    """
    row = reading.section("terrain")
    if row is None or not row.texts("file"):
        return None
    paths = find_rasters(reading.folder, row.texts("file"), reading.place("terrain"), reading.faults)
    if not paths:
        return None
    return TerrainSource(
        paths,
        cast(Literal["real", "refined", "synthetic", "user"], row.values.get("kind") or "user"),
        str(row.values.get("vertical_datum") or ""),
        str(row.values.get("source") or ""),
        cast(Literal["refuse", "fill"], row.values.get("voids") or "refuse"),
    )


def _files(path: Path) -> tuple[Path, ...]:
    try:
        return files_behind(path)
    except (InputFaults, OSError):
        return (path,)


def _named(folder: Path, path: Path) -> str:
    """Return the name by which the project knows a file: relative to its folder where it lies in it."""
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.as_posix()
