"""A line for a new project out of a user's own file: lines put in order, or the border of two countries.

What is mended is said in a note; what could be meant in two ways is refused. Parts are put in the order in
which the jumps between them are least, if that halves their sum, and joined where they meet end to end. A
column `part` states the order, and then it stands.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sarhad.errors import InputFaults
from sarhad.io.line import Piece, line_of, pieces_of, place_on_line
from sarhad.io.line_file import LINES, POLYGONS, Declared, open_vector, shape_faults
from sarhad.io.line_shape import backward_parts, best_order, steps_m
from sarhad.io.shared_border import SharedBorder, shared_border
from sarhad.io.tables import Place, nearest
from sarhad.model.line import HomeSide, Line

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

SOURCE_COLUMNS = ("source", "attribution", "licence", "license")
ON_LINE_M = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class NewLine:
    """A line as it will be written: pieces in order; `source` in the file's own words, or empty."""

    pieces: tuple[Piece, ...]
    place: Place
    source: str
    notes: tuple[str, ...]

    def line(self, line_id: str, home_side: HomeSide, source: str) -> tuple[Line, tuple[str, ...]]:
        """Return the measured line and what was mended; InputFaults with all that is wrong with it."""
        notes = list(self.notes)
        line = line_of(
            self.pieces, self.place, line_id=line_id, home_side=home_side, source=source, notes=notes
        )
        return line, tuple(notes)

    def side_of(self, lon_deg: float, lat_deg: float) -> HomeSide:
        """Return the side on which a place of home lies; InputFaults where it lies on the line."""
        if not (-180 <= lon_deg <= 180 and -90 <= lat_deg <= 90):
            expected = "longitude and latitude in degrees, in this order"
            raise InputFaults.one("--home-point", expected, f"{lon_deg:g} {lat_deg:g}")
        mainland = tuple(piece for piece in self.pieces if not piece.flagged)
        offset_m, away_m = (
            float(
                place_on_line(replace(self, pieces=pieces).line("line", "left", "")[0], lon_deg, lat_deg)[1]
            )
            for pieces in (mainland or self.pieces, self.pieces)
        )
        if abs(away_m) < abs(offset_m):  # home is inside an exclave whichever side is home
            expected = "a place of home that is nearer to the line itself than to an exclave"
            raise InputFaults.one("--home-point", expected, f"{lon_deg:g} {lat_deg:g}, by an exclave")
        if abs(offset_m) < ON_LINE_M:
            expected = "a place off the line, on home's side"
            raise InputFaults.one("--home-point", expected, f"{lon_deg:g} {lat_deg:g}, on the line")
        return "left" if offset_m > 0 else "right"


@dataclass(frozen=True, slots=True, eq=False)
class Neighbours:
    """Two countries by name, each a (multi)polygon in degrees."""

    shapes: dict[str, Any]
    place: Place
    source: str
    notes: tuple[str, ...]

    def home_of(self, lon_deg: float, lat_deg: float) -> str:
        """Return the country that a place lies in; InputFaults where it lies in neither."""
        import shapely

        for name, shape in self.shapes.items():
            if shapely.intersects_xy(shape, lon_deg, lat_deg):
                return name
        expected = "a place within " + " or ".join(self.shapes) + ": longitude and latitude"
        raise InputFaults.one("--home-point", expected, f"{lon_deg:g} {lat_deg:g}")

    def border(self, home: str, gap_m: float) -> tuple[NewLine, SharedBorder]:
        """Return the border as `home` draws it, home on the left; InputFaults where they do not meet."""
        other = next(name for name in self.shapes if name != home)
        found = shared_border(self.shapes[home], self.shapes[other], gap_m)
        if not found.runs:
            expected = f"{home} and {other} with a border of their own, at most {gap_m:g} m apart (--gap-m)"
            away_m = _apart_m(self.shapes[home], self.shapes[other])
            said = f"polygons {away_m:.0f} m apart" if away_m > gap_m else "polygons that share no edge"
            raise InputFaults([self.place.fault(expected, said, column="geometry")])
        pieces = tuple(
            Piece(k + 1, str(k), run.closed and run.around_home, run.vertex)
            for k, run in enumerate(found.runs)
        )
        return NewLine(pieces, self.place, self.source, self.notes), found


def read_new_line(path: Path, layer: str | None, select: str, declared: Declared) -> NewLine:
    """Read the lines of a file, of the rows that `select` (COLUMN=VALUE) takes where it is not empty."""
    notes: list[str] = []
    place = Place(path.name, layer or "")
    frame = _selected(open_vector(path, layer, LINES, notes, declared), select, place)
    if all(shape is not None and shape.geom_type in POLYGONS for shape in frame.geometry):
        expected = "a line, or two countries named with --between"
        raise InputFaults([place.fault(expected, f"{len(frame)} polygon(s)", column="geometry")])
    pieces = pieces_of(frame, place)
    if "part" not in frame.columns:
        pieces = _in_order(pieces, notes)
    return NewLine(tuple(pieces), place, _source(frame), tuple(notes))


def read_neighbours(
    path: Path, layer: str | None, select: str, names: tuple[str, str], declared: Declared
) -> Neighbours:
    """Read two countries by name from a layer of polygons: the first column that holds both names."""
    notes: list[str] = []
    place = Place(path.name, layer or "")
    if names[0] == names[1]:
        raise InputFaults.one("--between", "two countries", f"{names[0]} twice")
    frame = _selected(open_vector(path, layer, POLYGONS, notes, declared), select, place)
    for column in frame.columns.drop(frame.geometry.name):
        words = frame[column].astype(str).str.strip()
        if all((words == name).any() for name in names):
            chosen = {name: frame[words == name] for name in names}
            shapes = {name: _one_shape(rows, place) for name, rows in chosen.items()}
            return Neighbours(shapes, place, _source(frame[words.isin(names)]), tuple(notes))
    known = {str(word) for column in frame.columns.drop(frame.geometry.name) for word in frame[column]}
    missing = [name for name in names if name not in known] or list(names)
    found = "; ".join(f"no {name}{nearest(name, sorted(known))}" for name in missing)
    raise InputFaults([place.fault(f"a column that holds {names[0]} and {names[1]}", found)])


def read_two_files(paths: tuple[Path, Path], declared: Declared) -> Neighbours:
    """Read two countries, a file of polygons each, known by their file names."""
    notes: list[str] = []
    shapes: dict[str, Any] = {}
    sources: dict[str, None] = {}
    for path in paths:
        frame = open_vector(path, None, POLYGONS, notes, declared)
        shapes[path.stem] = _one_shape(frame, Place(path.name))
        sources[_source(frame)] = None
    if len(shapes) < 2:
        raise InputFaults.one("--between", "two files with different names", str(paths[0]))
    said = "; ".join(source for source in sources if source)
    return Neighbours(shapes, Place(" and ".join(path.name for path in paths)), said, tuple(notes))


def _selected(frame: GeoDataFrame, select: str, place: Place) -> GeoDataFrame:
    if not select:
        return frame
    column, _, value = select.partition("=")
    columns = [str(name) for name in frame.columns.drop(frame.geometry.name)]
    if column not in columns:
        expected = "COLUMN=VALUE with one of the columns " + ", ".join(columns)
        raise InputFaults.one("--select", expected, f"{select}{nearest(column, columns)}")
    words = frame[column].astype(str).str.strip()
    chosen = frame[words == value.strip()]
    if chosen.empty:
        known = sorted(set(words))
        raise InputFaults([place.fault(f"rows with {select}", f"none{nearest(value, known)}", column=column)])
    return chosen


def _one_shape(rows: GeoDataFrame, place: Place) -> Any:
    import shapely

    faults = list(shape_faults(rows, place, POLYGONS))
    if faults:
        raise InputFaults(faults)
    shapes = rows.geometry.tolist()
    if len(shapes) == 1:
        return shapes[0]
    try:
        return shapely.union_all(shapes)
    except shapely.errors.GEOSException as error:
        expected = "polygons that can be joined to one country"
        raise InputFaults([place.fault(expected, error, column="geometry")]) from error


def _apart_m(one: Any, other: Any) -> float:
    """Return how far apart two shapes in degrees lie, where they lie nearest in degrees."""
    import shapely

    nearest_m = steps_m(shapely.get_coordinates(shapely.shortest_line(one, other)))
    return float(nearest_m.sum())


def _source(frame: GeoDataFrame) -> str:
    """Return what the file says of where it comes from, as far as all its rows say the same."""
    said: list[str] = []
    for column in frame.columns:
        words = set(frame[column].astype(str)) if str(column).lower() in SOURCE_COLUMNS else set()
        if len(words) == 1 and not words & {"", "None", "nan"}:
            said.append(words.pop().strip())
    return "; ".join(said)


def _in_order(pieces: Sequence[Piece], notes: list[str]) -> list[Piece]:
    """Put open pieces in order, join those that meet, name the parts anew; rings come last, as they stand."""
    rings = [piece for piece in pieces if piece.closed]
    open_pieces = [piece for piece in pieces if not piece.closed]
    if len(open_pieces) > 1:
        vertices = [piece.vertex for piece in open_pieces]
        order, given_m, best_m = best_order(vertices)
        if order != tuple(range(len(order))):
            rows = ", ".join(_label(open_pieces[k]) for k in order)
            notes.append(
                f"parts put in the order of rows {rows} "
                f"(jumps between parts: {given_m / 1e3:.1f} km as given, {best_m / 1e3:.1f} km so)"
            )
            open_pieces = [open_pieces[k] for k in order]
        open_pieces = _joined(open_pieces, notes)
        for k in backward_parts([piece.vertex for piece in open_pieces]):
            notes.append(f"part {k} may run backwards: turned round it lies closer to its neighbours")
    return [piece._replace(part_id=str(k)) for k, piece in enumerate([*open_pieces, *rings])]


def _label(piece: Piece) -> str:
    """Return the row of a piece and, where the row holds several, which of them it is, from 1."""
    _, dot, nth = piece.part_id.partition(".")
    return f"{piece.row}.{int(nth) + 1}" if dot else str(piece.row)


def _joined(pieces: Sequence[Piece], notes: list[str]) -> list[Piece]:
    joined: list[Piece] = []
    for piece in pieces:
        if joined and np.array_equal(joined[-1].vertex[-1], piece.vertex[0]):
            whole = np.concatenate([joined[-1].vertex, piece.vertex[1:]])
            joined[-1] = joined[-1]._replace(vertex=whole)
        else:
            joined.append(piece)
    if len(joined) < len(pieces):
        notes.append(f"{len(pieces)} parts joined to {len(joined)} where they meet end to end")
    return joined
