"""Write a new project: `project.toml` out of sections, layers and copies, checked before it takes its place.

TOML 1.0: a basic string is a JSON string in which DEL is escaped, too.
"""

from __future__ import annotations

import csv
import json
import shutil
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING

from sarhad.errors import Fault, InputFaults
from sarhad.io.folders import new_folder
from sarhad.io.project import check_project
from sarhad.io.tables import Place
from sarhad.io.vector import GEOGRAPHIC
from sarhad.model.condition import Condition
from sarhad.model.line import Line, LinePart

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

CONDITIONS_FILE = "conditions.csv"
WIDTH = 100

TomlValue = str | int | float | bool | Sequence[str]


@dataclass(frozen=True, slots=True)
class Section:
    """A section of `project.toml`, with what is said above it; without values it is a remark alone."""

    name: str
    values: Mapping[str, TomlValue]
    said: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class NewLayer:
    """Rows of a user's layer that go into a project; the index of `frame` counts that layer's from 0."""

    place: Place
    frame: GeoDataFrame

    def as_given(self, fault: Fault) -> Fault:
        """Return a fault of the project's layer as one of the user's own file and row."""
        row = int(self.frame.index[fault.row - 1]) + 1 if fault.row else 0
        return replace(fault, file=self.place.file, layer=self.place.layer, row=row)


def write_new_project(
    folder: Path,
    sections: Iterable[Section],
    line: Line,
    layers: Mapping[str, NewLayer],
    copies: Mapping[str, Path],
    conditions: Iterable[Condition],
) -> None:
    """Write a project that passes the check, or nothing.

    `line.gpkg` holds the line, `conditions.csv` the conditions; `layers` and `copies` are by the names of
    their files. Raises InputFaults with all faults of the project, those of layers in the user's own files
    and rows, or where the folder cannot be written; NotWritten where the disk takes no more.
    """
    from sarhad.io.geopackage import write_geopackage

    with new_folder(folder) as made:
        frames = {"line.gpkg": line_frame(line), **{name: one.frame for name, one in layers.items()}}
        for name, frame in frames.items():
            write_geopackage(made / name, {Path(name).stem: frame.reset_index(drop=True)})
        for name, path in copies.items():
            (made / name).parent.mkdir(exist_ok=True)
            shutil.copyfile(path, made / name)
        _write_conditions(made / CONDITIONS_FILE, conditions)
        (made / "project.toml").write_text(toml_of(sections), encoding="utf-8")
        faults = check_project(made)
        if faults:
            raise InputFaults(
                [layers[one.file].as_given(one) if one.file in layers else one for one in faults]
            )


def _write_conditions(path: Path, conditions: Iterable[Condition]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(one.name for one in fields(Condition))
        for condition in conditions:
            row = (getattr(condition, one.name) for one in fields(Condition))
            table.writerow(str(cell).lower() if isinstance(cell, bool) else cell for cell in row)


def line_frame(line: Line) -> GeoDataFrame:
    """Return a line as a layer: one row a part, with the ruler that its length belongs to."""
    import geopandas
    import numpy as np
    import shapely

    n = len(line.parts)
    return geopandas.GeoDataFrame(
        {
            "part": list(range(n)),
            "exclave": [part.exclave and _holds_home(part, line) for part in line.parts],
            "source": [line.source] * n,
            "vertex_step_m": [round(line.vertex_step_m, 3)] * n,
        },
        geometry=[shapely.linestrings(np.column_stack([p.lon_deg, p.lat_deg])) for p in line.parts],
        crs=GEOGRAPHIC,
    )


def _holds_home(part: LinePart, line: Line) -> bool:
    """Say whether home is inside a closed part, which runs anticlockwise then if home is on the left."""
    import shapely

    ring = shapely.linearrings(part.lon_deg, part.lat_deg)
    return bool(shapely.is_ccw(ring)) == (line.home_side == "left")


def toml_of(sections: Iterable[Section]) -> str:
    """Return sections as TOML, each under what is said of it."""
    blocks = []
    for section in sections:
        lines = [f"# {words}" for words in textwrap.wrap(section.said, WIDTH)]
        if section.name:
            lines.append(f"[{section.name}]")
        lines += [f"{name} = {_value(value)}" for name, value in section.values.items()]
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks) + "\n"


def _value(value: TomlValue) -> str:
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    if not value:
        return "[]"
    return "[\n" + "".join(f"  {_value(item)},\n" for item in value) + "]"
