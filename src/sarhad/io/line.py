"""Read the border line and measure it.

Chainage is the sum of the geodesic lengths of the line's steps on the WGS84 ellipsoid (C. F. F. Karney,
"Algorithms for geodesics", J. Geodesy 87, 2013, as in PROJ) and runs on from part to part.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from sarhad.errors import Fault, InputFaults
from sarhad.io.placing import place_on_line, point_off_line
from sarhad.model.line import HomeSide, Line, LinePart

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

__all__ = ["place_on_line", "point_off_line", "read_line", "read_line_with_notes"]

F64 = NDArray[np.float64]

REPEAT_M = 1e-3
TRUE_WORDS = frozenset({"1", "1.0", "t", "true", "y", "yes"})
FALSE_WORDS = frozenset({"0", "0.0", "f", "false", "n", "no", "", "none", "nan"})


def read_line(
    path: str | Path,
    layer: str | None = None,
    *,
    line_id: str,
    home_side: HomeSide,
    source: str = "",
    calibration: Sequence[tuple[float, float]] = (),
) -> Line:
    """Read a border line from GeoJSON, GeoPackage, GeoParquet or Shapefile.

    Every LineString feature is one part, in the order of the features or of a `part` column; the pieces of a
    MultiLineString that do not meet become parts of their own. A closed ring is an exclave. Where the
    `exclave` column flags one, home is inside: a ring drawn the other way is turned round. Other rings stay
    as drawn. Repeated vertices are dropped. `read_line_with_notes` says what was mended.

    Raises:
        InputFaults: all that is wrong with the file and the arguments, in one report.
    """
    return read_line_with_notes(
        path, layer, line_id=line_id, home_side=home_side, source=source, calibration=calibration
    )[0]


def read_line_with_notes(
    path: str | Path,
    layer: str | None = None,
    *,
    line_id: str,
    home_side: HomeSide,
    source: str = "",
    calibration: Sequence[tuple[float, float]] = (),
) -> tuple[Line, tuple[str, ...]]:
    """Read a line as `read_line` does and say what was mended on the way, one sentence each."""
    path = Path(path)
    faults = list(_argument_faults(path.name, line_id, home_side, calibration))
    notes: list[str] = []
    parts: list[LinePart] = []
    try:
        frame = _open(path, layer)
        parts = _parts(frame, _Reading(path.name, layer or "", home_side, notes))
    except InputFaults as error:
        faults += error.faults
    if faults:
        raise InputFaults(faults)
    step_m = float(np.median(np.concatenate([np.diff(part.chainage_m) for part in parts])))
    pairs = tuple((float(a), float(b)) for a, b in calibration)
    return Line(line_id, tuple(parts), home_side, source or path.name, step_m, pairs), tuple(notes)


def _argument_faults(
    file: str, line_id: str, home_side: str, calibration: Sequence[tuple[float, float]]
) -> Iterator[Fault]:
    if not line_id:
        yield Fault(file, "", 0, "line_id", "a name", "nothing")
    if home_side not in get_args(HomeSide):
        yield Fault(file, "", 0, "home_side", "'left' or 'right' of the line's direction", repr(home_side))
    pairs = [tuple(pair) for pair in calibration]
    if any(len(pair) != 2 for pair in pairs):
        yield Fault(file, "", 0, "calibration", "pairs (measured_m, official_m)", repr(calibration))
    elif pairs:
        values = np.array(pairs, dtype=np.float64)
        if not np.all(np.isfinite(values)) or not np.all(np.diff(values, axis=0) > 0):
            yield Fault(file, "", 0, "calibration", "finite pairs, both increasing", repr(pairs))
        elif len(values) == 1 and not np.all(values > 0):
            yield Fault(file, "", 0, "calibration", "a single pair with positive chainages", repr(pairs))


def _open(path: Path, layer: str | None) -> GeoDataFrame:
    """Open the layer as WGS84 longitude and latitude."""
    if not path.exists():
        raise InputFaults.one(path.name, "a file with a line", "no such file")
    import geopandas
    import pyogrio

    try:
        with np.errstate(invalid="ignore"):  # coordinates that are NaN are a fault of their row, found below
            if path.suffix.lower() in {".parquet", ".geoparquet"}:
                frame = geopandas.read_parquet(path)
            else:
                layer = _layer(path, layer, [str(name) for name, _ in pyogrio.list_layers(path)])
                frame = geopandas.read_file(path, layer=layer, engine="pyogrio")
    except (ValueError, OSError, pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError) as error:
        message = str(error).splitlines()[0]
        raise InputFaults.one(path.name, "GeoJSON, GeoPackage, GeoParquet or Shapefile", message) from error
    if not isinstance(frame, geopandas.GeoDataFrame):
        raise InputFaults.one(path.name, "a layer with lines", "a table without geometry")
    if frame.empty:
        raise InputFaults.one(path.name, "at least one line", "an empty layer")
    return _in_degrees(frame, path.name, layer or "")


def _layer(path: Path, layer: str | None, names: list[str]) -> str:
    if layer is None and len(names) == 1:
        return names[0]
    if layer is None or layer not in names:
        expected = "one layer named out of " + ", ".join(sorted(names))
        raise InputFaults.one(path.name, expected, layer or "no layer named", column="layer")
    return layer


def _in_degrees(frame: GeoDataFrame, file: str, layer: str) -> GeoDataFrame:
    """Reproject to EPSG:4326; coordinates that cannot belong to the declared CRS are faults."""
    if frame.crs is None:
        raise InputFaults([Fault(file, layer, 0, "CRS", "a declared coordinate reference system", "none")])
    faults = [
        fault
        for row, shape in enumerate(frame.geometry, 1)
        for fault in _shape_faults(file, layer, row, shape)
    ]
    if faults:
        raise InputFaults(faults)
    west, south, east, north = frame.total_bounds
    found = f"x {west:.6g}..{east:.6g}, y {south:.6g}..{north:.6g}"
    in_degree_range = west >= -180 and east <= 180 and south >= -90 and north <= 90
    if frame.crs.is_geographic and not in_degree_range:
        expected = f"degrees within -180..180 and -90..90 ({frame.crs.name}); are these metres?"
        raise InputFaults([Fault(file, layer, 0, "coordinates", expected, found)])
    if not frame.crs.is_geographic and in_degree_range:
        expected = f"coordinates in the units of {frame.crs.name}; are these degrees?"
        raise InputFaults([Fault(file, layer, 0, "coordinates", expected, found)])
    frame = frame.to_crs("EPSG:4326")
    if not np.all(np.isfinite(frame.total_bounds)):
        raise InputFaults([Fault(file, layer, 0, "coordinates", "places on the Earth", found)])
    return frame


def _shape_faults(file: str, layer: str, row: int, shape: object) -> Iterator[Fault]:
    import shapely

    kind = getattr(shape, "geom_type", "no geometry")
    if kind not in {"LineString", "MultiLineString", "LinearRing"}:
        yield Fault(file, layer, row, "geometry", "a LineString or MultiLineString", kind)
    elif shapely.is_empty(shape):
        yield Fault(file, layer, row, "geometry", "a line with vertices", "an empty line")
    elif not np.all(np.isfinite(shapely.get_coordinates(shape))):
        yield Fault(file, layer, row, "geometry", "finite coordinates", "NaN or infinite")


class _Reading(NamedTuple):
    """What is being read: file, layer, the side of home, and the notes taken on the way."""

    file: str
    layer: str
    home_side: HomeSide
    notes: list[str]


class _Piece(NamedTuple):
    """An unbroken run of vertices (vertex, 2) with its row and whether that row is flagged as an exclave."""

    row: int
    part_id: str
    flagged: bool
    vertex: F64


def _parts(frame: GeoDataFrame, reading: _Reading) -> list[LinePart]:
    """Build the parts in order."""
    file, layer = reading.file, reading.layer
    faults: list[Fault] = []
    parts: list[LinePart] = []
    start_m = 0.0
    for piece in _pieces(frame, file, layer):
        vertex, n_repeated = _without_repeats(piece.vertex)
        if n_repeated:
            reading.notes.append(f"{file} row {piece.row}: {n_repeated} repeated vertices dropped")
        closed = bool(np.array_equal(piece.vertex[0], piece.vertex[-1]))
        fault = _part_fault(vertex, closed, piece.flagged)
        if fault:
            faults.append(Fault(file, layer, piece.row, "geometry", *fault))
            continue
        if piece.flagged and _runs_anticlockwise(vertex) != (reading.home_side == "left"):
            vertex = vertex[::-1]
            reading.notes.append(f"{file} row {piece.row}: exclave turned round so that home is inside")
        chainage_m = start_m + np.concatenate([[0.0], np.cumsum(_steps_m(vertex))])
        start_m = float(chainage_m[-1])
        lon_deg, lat_deg = np.ascontiguousarray(vertex.T)
        parts.append(LinePart(piece.part_id, lon_deg, lat_deg, chainage_m, closed))
    faults += _direction_faults(parts, file, layer)
    if faults:
        raise InputFaults(faults)
    return parts


def _pieces(frame: GeoDataFrame, file: str, layer: str) -> Iterator[_Piece]:
    """Yield the pieces of all rows in the order of the parts."""
    flags = _exclave_flags(frame, file, layer)
    for row, part_id in _order(frame, file, layer):
        found = _chains(frame.geometry.iloc[row - 1])
        for k, vertex in enumerate(found):
            yield _Piece(row, part_id if len(found) == 1 else f"{part_id}.{k}", flags[row - 1], vertex)


def _runs_anticlockwise(vertex: F64) -> bool:
    """Whether a ring has its inside on the left (shoelace formula in degrees)."""
    lon, lat = (vertex - vertex[0]).T
    return bool(np.sum(lon[:-1] * lat[1:] - lon[1:] * lat[:-1]) > 0)


def _order(frame: GeoDataFrame, file: str, layer: str) -> list[tuple[int, str]]:
    """Return (row from 1, part_id) in the order of the `part` column, else of the features."""
    if "part" not in frame.columns:
        return [(row, str(row - 1)) for row in range(1, len(frame) + 1)]
    column = frame["part"]
    if column.isna().any() or column.duplicated().any():
        found = ", ".join(str(value) for value in column)
        raise InputFaults([Fault(file, layer, 0, "part", "a different value on every row", found)])
    try:
        rank = column.astype(float)
    except ValueError:
        rank = column.astype(str)
    rows = (np.argsort(rank.to_numpy(), kind="stable") + 1).tolist()
    return [(row, _label(column.iloc[row - 1])) for row in rows]


def _label(value: object) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _exclave_flags(frame: GeoDataFrame, file: str, layer: str) -> list[bool]:
    if "exclave" not in frame.columns:
        return [False] * len(frame)
    words = [str(value).strip().lower() for value in frame["exclave"]]
    faults = [
        Fault(file, layer, row, "exclave", "true or false", word)
        for row, word in enumerate(words, 1)
        if word not in TRUE_WORDS | FALSE_WORDS
    ]
    if faults:
        raise InputFaults(faults)
    return [word in TRUE_WORDS for word in words]


def _chains(shape: object) -> list[F64]:
    """Return the pieces of a feature, joined where one starts where the last ended, as (vertex, 2) arrays."""
    import shapely

    chains: list[F64] = []
    for piece in shapely.get_parts(shape):
        vertex = shapely.get_coordinates(piece)
        if chains and np.array_equal(chains[-1][-1], vertex[0]):
            chains[-1] = np.concatenate([chains[-1], vertex[1:]])
        else:
            chains.append(vertex)
    return chains


def _steps_m(vertex: F64) -> F64:
    from pyproj import Geod

    steps = Geod(ellps="WGS84").line_lengths(vertex[:, 0], vertex[:, 1])
    return np.asarray(steps, dtype=np.float64)


def _without_repeats(vertex: F64) -> tuple[F64, int]:
    """Drop every vertex within 1 mm of the last one kept; a closed ring keeps its closing vertex."""
    keep = np.concatenate([[True], _steps_m(vertex) >= REPEAT_M])
    kept = vertex[keep]
    if not keep[-1] and len(kept) > 1:
        kept[-1] = vertex[-1]
    return kept, int(len(vertex) - len(kept))


def _part_fault(vertex: F64, closed: bool, flagged: bool) -> tuple[str, str] | None:
    if len(vertex) < 2:
        return "a part longer than 1 mm", "a part of zero length"
    if np.any(np.abs(np.diff(vertex[:, 0])) > 180):
        return "a line that does not cross the 180 degree meridian", "a jump in longitude"
    if closed and len(vertex) < 4:
        return "a ring of at least three vertices", f"{len(vertex) - 1} vertices"
    if flagged and not closed:
        return "an exclave that closes on itself", "its last vertex is not its first"
    return None


def _direction_faults(parts: list[LinePart], file: str, layer: str) -> Iterator[Fault]:
    """Neighbouring parts that meet head to head or tail to tail contradict each other about home."""
    open_parts = [part for part in parts if not part.exclave]
    for one, two in pairwise(open_parts):
        for k, word in ((-1, "end"), (0, "start")):
            if one.lon_deg[k] == two.lon_deg[k] and one.lat_deg[k] == two.lat_deg[k]:
                found = (
                    f"parts {one.part_id} and {two.part_id} share their {word}: one of them runs backwards"
                )
                yield Fault(file, layer, 0, "geometry", "parts that all run the same way", found)
