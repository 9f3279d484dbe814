"""Faults and doubts as a GeoPackage: each at the place of its row, to be opened beside the project's layers.

A row's place is its geometry, else its coordinates, else its range of chainage on the line; a raster's is its
outline. Points, lines and areas are layers of their own; what has no place is a table. Of a file whose rows
are nearly all wrong, the first are shown: nobody reads more, and they take room.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sarhad.errors import Fault, InputFaults
from sarhad.io.geopackage import write_geopackage
from sarhad.io.inspection import FIELDS
from sarhad.io.line import point_off_line
from sarhad.io.line_file import LINES, open_vector
from sarhad.io.project import read_project_line
from sarhad.io.raster import RASTER_SUFFIXES, read_frame
from sarhad.io.vector import GEOGRAPHIC, Layer, read_layer
from sarhad.io.whole import whole_file
from sarhad.model.line import Line

if TYPE_CHECKING:
    from shapely import Geometry

LAYERS: Mapping[str, tuple[str, ...]] = {
    "points": ("Point", "MultiPoint"),
    "lines": ("LineString", "MultiLineString", "LinearRing"),
    "areas": ("Polygon", "MultiPolygon"),
}
TABLE = "without_place"
MOST_OF_A_FILE = 100_000
STEP_M = 250.0
"""Vertices of a range of chainage are at most this far apart."""

Find = Callable[[int], "Geometry | None"]


def write_fault_map(path: Path, folder: Path, found: Sequence[Mapping[str, object]]) -> dict[str, int]:
    """Write rows of `FIELDS` into a new GeoPackage, or anew into one that was written so before.

    Returns by file how many rows are left out, where there are more than `MOST_OF_A_FILE`.

    Raises:
        InputFaults: the file is there and holds something else.
    """
    import geopandas

    _check_ours(path)
    rows, left_out = _first_of_each(found)
    shapes = _places(folder, rows)
    frame = geopandas.GeoDataFrame(
        {name: [row[name] for row in rows] for name in FIELDS}, geometry=shapes, crs=GEOGRAPHIC
    )
    kinds = frame.geometry.geom_type
    layers: dict[str, Any] = {name: frame[kinds.isin(words)] for name, words in LAYERS.items()}
    layers = {name: layer for name, layer in layers.items() if len(layer)}
    layers[TABLE] = frame[frame.geometry.isna()].drop(columns="geometry")
    with whole_file(path) as part:
        write_geopackage(part, layers)
    return left_out


def _first_of_each(
    found: Sequence[Mapping[str, object]],
) -> tuple[list[Mapping[str, object]], dict[str, int]]:
    """Return the first rows of each file, and by file how many more there are."""
    rows: list[Mapping[str, object]] = []
    seen: Counter[str] = Counter()
    for row in found:
        file = str(row["file"])
        seen[file] += 1
        if seen[file] <= MOST_OF_A_FILE:
            rows.append(row)
    return rows, {file: n - MOST_OF_A_FILE for file, n in seen.items() if n > MOST_OF_A_FILE}


def _check_ours(path: Path) -> None:
    import pyogrio

    if path.suffix.lower() != ".gpkg":
        raise InputFaults.one(str(path), "a GeoPackage (.gpkg)", path.name)
    if not path.exists():
        return
    try:
        names = {str(row[0]) for row in pyogrio.list_layers(path)}
    except pyogrio.errors.DataSourceError:
        names = {"something that is no GeoPackage"}
    if names - {*LAYERS, TABLE}:
        expected = "a new file, or an earlier one of faults: other layers are not overwritten"
        raise InputFaults.one(str(path), expected, ", ".join(sorted(names)))


def _places(folder: Path, rows: Sequence[Mapping[str, object]]) -> list[Geometry | None]:
    line = _line(folder)
    finds: dict[tuple[str, str], Find] = {}
    shapes: list[Geometry | None] = []
    for row in rows:
        file, layer = str(row["file"]), str(row["layer"])
        if (file, layer) not in finds:
            finds[file, layer] = _finder(folder / file, layer, line)
        shapes.append(finds[file, layer](int(str(row["row"]))))
    return shapes


def _line(folder: Path) -> Line | None:
    try:
        return read_project_line(folder)
    except InputFaults:
        return None


def _finder(path: Path, name: str, line: Line | None) -> Find:
    """Return what finds the place of a row of a file."""
    if path.suffix.lower() in {".toml", ""} or not path.is_file():
        return lambda row: None
    if path.name.lower().removesuffix(".zip").endswith(RASTER_SUFFIXES):
        outline = _outline(path)
        return lambda row: outline
    unsaid: list[Fault] = []
    layer = read_layer(path, path.name, name, unsaid)
    if layer is not None:
        return lambda row: _of_row(layer, row, line)
    try:
        shapes = open_vector(path, name or None, LINES, []).geometry.tolist()
    except InputFaults:
        shapes = []
    return lambda row: shapes[row - 1] if 0 < row <= len(shapes) else None


def _outline(path: Path) -> Geometry | None:
    import shapely
    from pyproj import Transformer

    try:
        frame = read_frame(path)
    except InputFaults:
        return None
    right, bottom = frame.left + frame.n_col * frame.dx, frame.top - frame.n_row * frame.dy
    turn = Transformer.from_crs(frame.crs, GEOGRAPHIC, always_xy=True)
    box = shapely.segmentize(shapely.box(frame.left, bottom, right, frame.top), (right - frame.left) / 8)
    outline = shapely.transform(box, turn.transform, interleaved=False)
    return outline if np.all(np.isfinite(shapely.get_coordinates(outline))) else None


def _of_row(layer: Layer, row: int, line: Line | None) -> Geometry | None:
    import shapely

    if not 0 < row <= len(layer.rows):
        return None
    if layer.geometry[row - 1] is not None:
        shape: Geometry = layer.geometry[row - 1]
        return shape
    cells = layer.rows[row - 1]
    lon_deg, lat_deg = _number(cells, "lon_deg"), _number(cells, "lat_deg")
    if lon_deg is not None and lat_deg is not None:
        return shapely.Point(lon_deg, lat_deg)
    from_m, to_m = _chainage_m(cells, "from_m", "km_from", "km"), _chainage_m(cells, "to_m", "km_to", "km")
    if line is None or from_m is None:
        return None
    return _on_line(line, from_m, line.parts[-1].to_m if to_m is None else to_m)


def _number(cells: Mapping[str, object], name: str) -> float | None:
    try:
        number = float(str(cells.get(name)))
    except ValueError:
        return None
    return number if np.isfinite(number) else None


def _chainage_m(cells: Mapping[str, object], in_m: str, *in_km: str) -> float | None:
    found = [_number(cells, in_m), *(_scaled(_number(cells, name)) for name in in_km)]
    return next((one for one in found if one is not None), None)


def _scaled(km: float | None) -> float | None:
    return None if km is None else km * 1e3


def _on_line(line: Line, from_m: float, to_m: float) -> Geometry | None:
    """Return a range of the line, as far as the line goes; a point where the range is one."""
    import shapely

    low_m, high_m = sorted((from_m, to_m))
    pieces = []
    for part in line.parts:
        a_m, b_m = max(low_m, part.from_m), min(high_m, part.to_m)
        if a_m <= b_m:
            n = max(1, int(np.ceil((b_m - a_m) / STEP_M)))
            lon_deg, lat_deg = point_off_line(line, np.linspace(a_m, b_m, n + 1))
            pieces.append(np.stack([lon_deg, lat_deg], axis=-1))
    if not pieces:
        return None
    if low_m == high_m:
        return shapely.Point(pieces[0][0])
    return shapely.MultiLineString([piece for piece in pieces if len(piece) > 1])
