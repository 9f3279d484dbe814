"""Read the border line and measure it.

Chainage is the sum of the geodesic lengths of the line's steps on the WGS84 ellipsoid and runs on from part
to part.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from sarhad.errors import Fault, InputFaults
from sarhad.io.line_file import LINES, open_vector, shape_faults
from sarhad.io.line_shape import crossings, steps_m, without_repeats
from sarhad.io.placing import place_on_line, point_off_line
from sarhad.io.tables import Place
from sarhad.model.line import HomeSide, Line, LinePart

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

__all__ = ["line_of", "pieces_of", "place_on_line", "point_off_line", "read_line", "read_line_with_notes"]

F64 = NDArray[np.float64]

MAX_SHOWN = 5
"""Places of one part's self-crossings that a report names."""
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
    """Read a border line from GeoJSON, GeoPackage, GeoParquet, Shapefile, KML or GPX.

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
    place = Place(path.name, layer or "")
    try:
        frame = open_vector(path, layer, LINES, notes)
        parts = _parts(pieces_of(frame, place), _Reading(place, home_side, notes))
    except InputFaults as error:
        faults += error.faults
    if faults:
        raise InputFaults(faults)
    pairs = tuple((float(a), float(b)) for a, b in calibration)
    return _line(line_id, parts, home_side, source or path.name, pairs), tuple(notes)


def line_of(
    pieces: Sequence[Piece], place: Place, *, line_id: str, home_side: HomeSide, source: str, notes: list[str]
) -> Line:
    """Return the line of pieces in their order; InputFaults, at `place`, with all that is wrong with them."""
    return _line(line_id, _parts(pieces, _Reading(place, home_side, notes)), home_side, source, ())


def _line(
    line_id: str,
    parts: Sequence[LinePart],
    home_side: HomeSide,
    source: str,
    pairs: tuple[tuple[float, float], ...],
) -> Line:
    step_m = float(np.median(np.concatenate([np.diff(part.chainage_m) for part in parts])))
    return Line(line_id, tuple(parts), home_side, source, step_m, pairs)


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


class _Reading(NamedTuple):
    """What is being read: where it stands, the side of home, and the notes taken on the way."""

    place: Place
    home_side: HomeSide
    notes: list[str]


class Piece(NamedTuple):
    """An unbroken run of vertices (vertex, 2) with its row and whether that row is flagged as an exclave."""

    row: int
    part_id: str
    flagged: bool
    vertex: F64

    @property
    def closed(self) -> bool:
        """Whether the last vertex is the first."""
        return bool(np.array_equal(self.vertex[0], self.vertex[-1]))


def pieces_of(frame: GeoDataFrame, place: Place) -> list[Piece]:
    """Return the pieces of all rows in the order of a `part` column, else of the rows."""
    faults = list(shape_faults(frame, place, LINES))
    if faults:
        raise InputFaults(faults)
    flags = _exclave_flags(frame, place)
    pieces: list[Piece] = []
    for k, part_id in _order(frame, place):
        found = _chains(frame.geometry.iloc[k])
        for n, vertex in enumerate(found):
            name = part_id if len(found) == 1 else f"{part_id}.{n}"
            pieces.append(Piece(int(frame.index[k]) + 1, name, flags[k], vertex))
    return pieces


def _parts(pieces: Sequence[Piece], reading: _Reading) -> list[LinePart]:
    """Build the parts in order."""
    place = reading.place
    faults: list[Fault] = []
    parts: list[LinePart] = []
    rows: list[int] = []
    start_m = 0.0
    for piece in pieces:
        vertex, n_repeated = without_repeats(piece.vertex)
        if n_repeated:
            reading.notes.append(f"{place.file} row {piece.row}: {n_repeated} repeated vertices dropped")
        fault = _part_fault(vertex, piece)
        if fault:
            faults.append(place.fault(*fault, column="geometry", row=piece.row))
            continue
        if piece.flagged and _runs_anticlockwise(vertex) != (reading.home_side == "left"):
            vertex = vertex[::-1]
            reading.notes.append(f"{place.file} row {piece.row}: exclave turned round so that home is inside")
        chainage_m = start_m + np.concatenate([[0.0], np.cumsum(steps_m(vertex))])
        start_m = float(chainage_m[-1])
        lon_deg, lat_deg = np.ascontiguousarray(vertex.T)
        parts.append(LinePart(piece.part_id, lon_deg, lat_deg, chainage_m, piece.closed))
        rows.append(piece.row)
    faults += _direction_faults(parts, place)
    if not faults:
        faults += _crossing_faults(parts, rows, place)
    if faults:
        raise InputFaults(faults)
    return parts


def _runs_anticlockwise(vertex: F64) -> bool:
    """Whether a ring has its inside on the left (shoelace formula in degrees)."""
    lon, lat = (vertex - vertex[0]).T
    return bool(np.sum(lon[:-1] * lat[1:] - lon[1:] * lat[:-1]) > 0)


def _order(frame: GeoDataFrame, place: Place) -> list[tuple[int, str]]:
    """Return (place in the frame, part_id) in the order of the `part` column, else of the features."""
    if "part" not in frame.columns:
        return [(k, str(k)) for k in range(len(frame))]
    column = frame["part"]
    if column.isna().any() or column.duplicated().any():
        found = ", ".join(str(value) for value in column)
        expected = "a different value on every row, and the rows of one border alone"
        raise InputFaults([place.fault(expected, found, column="part")])
    try:
        rank = column.astype(float)
    except ValueError:
        rank = column.astype(str)
    order = np.argsort(rank.to_numpy(), kind="stable").tolist()
    return [(k, _label(column.iloc[k])) for k in order]


def _label(value: object) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _exclave_flags(frame: GeoDataFrame, place: Place) -> list[bool]:
    if "exclave" not in frame.columns:
        return [False] * len(frame)
    words = [str(value).strip().lower() for value in frame["exclave"]]
    faults = [
        place.fault("true or false", word, column="exclave", row=int(index) + 1)
        for index, word in zip(frame.index, words, strict=True)
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


def _part_fault(vertex: F64, piece: Piece) -> tuple[str, str] | None:
    if len(vertex) < 2:
        return "a part longer than 1 mm", "a part of zero length"
    if np.any(np.abs(np.diff(vertex[:, 0])) > 180):
        return "a line that does not cross the 180 degree meridian", "a jump in longitude"
    if piece.closed and len(vertex) < 4:
        return "a ring of at least three vertices", f"{len(vertex) - 1} vertices"
    if piece.flagged and not piece.closed:
        return "an exclave that closes on itself", "its last vertex is not its first"
    return None


def _direction_faults(parts: Sequence[LinePart], place: Place) -> Iterator[Fault]:
    """Parts that meet head to head or tail to tail contradict each other about home."""
    open_parts = [part for part in parts if not part.exclave]
    for one, two in combinations(open_parts, 2):
        for k, word in ((-1, "end"), (0, "start")):
            if one.lon_deg[k] == two.lon_deg[k] and one.lat_deg[k] == two.lat_deg[k]:
                found = (
                    f"parts {one.part_id} and {two.part_id} share their {word}: one of them runs backwards"
                )
                yield place.fault("parts that all run the same way", found, column="geometry")


def _crossing_faults(parts: Sequence[LinePart], rows: Sequence[int], place: Place) -> Iterator[Fault]:
    """A line that crosses itself has no sides: say where."""
    found: dict[tuple[int, int], dict[str, None]] = {}
    for one, two, lon, lat in crossings([np.column_stack([p.lon_deg, p.lat_deg]) for p in parts]):
        found.setdefault((one, two), {})[f"{lon:.5f} {lat:.5f}"] = None
    for (one, two), known in found.items():
        spots = list(known)
        other = "itself" if one == two else f"part {parts[two].part_id}"
        more = f" and {len(spots) - MAX_SHOWN} more" if len(spots) > MAX_SHOWN else ""
        said = f"part {parts[one].part_id} meets {other} at " + ", ".join(spots[:MAX_SHOWN]) + more
        expected = "a line that neither crosses nor touches itself (longitude, latitude)"
        yield place.fault(expected, said, column="geometry", row=rows[one])
