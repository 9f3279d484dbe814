"""Of a project, what terrain needs: its line and settings, and what `[terrain]` declares.

The rest of the project, and the heights themselves, may still be missing or wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sarhad.errors import Fault, InputFaults
from sarhad.io.project import read_project_line
from sarhad.io.reading import Reading, parse
from sarhad.io.settings import read_settings
from sarhad.io.terrain_section import declared_terrain
from sarhad.model.line import Line
from sarhad.model.project import Settings, TerrainSource


@dataclass(frozen=True, slots=True)
class LineAndBand:
    """The line of a project and its settings: where sectors lie."""

    line: Line
    settings: Settings


def read_line_and_band(folder: Path) -> LineAndBand:
    """Return line and settings of a project folder; `InputFaults` with what is wrong with these."""
    reading = _reading(folder)
    settings = read_settings(reading.raw("settings") or {}, reading.place("settings"), reading.faults)
    if reading.faults:
        raise InputFaults(reading.faults)
    return LineAndBand(read_project_line(folder), settings)


def read_declared_terrain(folder: Path) -> TerrainSource:
    """Return what `[terrain]` of a project folder declares; no height is read, none is checked."""
    reading = _reading(folder)
    source = declared_terrain(reading)
    if reading.faults or source is None:
        raise InputFaults(
            reading.faults or [reading.place("terrain").fault("a section [terrain]", "nothing")]
        )
    return source


def _reading(folder: Path) -> Reading:
    document = parse(folder)
    if isinstance(document, Fault):
        raise InputFaults([document])
    return Reading(folder, document)
