"""What `sarhad new --line` needs, out of options, files and answers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import get_args

from sarhad.errors import Fault, InputFaults
from sarhad.interfaces.cli.new_questions import Questions, path_of
from sarhad.interfaces.new_project import NewProject, NewTerrain, border_notes, covers, named, shipped_terrain
from sarhad.io.folders import check_new
from sarhad.io.line_file import Declared
from sarhad.io.new_line import NewLine, read_neighbours, read_new_line, read_two_files
from sarhad.io.new_places import read_new_goals, read_new_roads, read_new_sites
from sarhad.io.new_project import NewLayer
from sarhad.io.raster_files import find_rasters
from sarhad.io.tables import Place
from sarhad.model.line import HomeSide, Line
from sarhad.model.project import Settings

Reader = Callable[[Path, str, Line, Settings, Declared], tuple[NewLayer | None, list[str]]]

KINDS = ("real", "refined", "synthetic", "user")
COMPASS = ("north", "north-east", "east", "south-east", "south", "south-west", "west", "north-west")

EXPECTED = {
    "home": "the side of home, going from {start} to {end} ({toward}; left is {left}, right is {right})",
    "home.unknown": "the side of home along the line",
    "home.otherwise": ", or a place of home as --home-point LON LAT",
    "home.country": "which of the two countries is home",
    "home.both": "either --home or --home-point",
    "terrain": "rasters of heights over the band; the relief shipped with Sarhad does not reach this line",
    "terrain.ask": "rasters of heights over the band: a file or a folder",
    "shipped": "No terrain given. Take the relief shipped with Sarhad, KIND {kind}, {source}?",
    "kind": "what the heights are: measured, refined from coarser ones, made up, or your own",
    "datum": "what heights are measured from, such as EGM2008 or mean sea level",
    "vrt": "a raster in one file, or --no-copy to leave it where it is",
    "name": "rasters with names of their own, or --no-copy to leave them where they are",
    "line": "a file with the border's line, or two countries with --between",
    "files": "two files of polygons, or --line FILE and two names in it",
}


@dataclass(frozen=True, slots=True)
class Options:
    """What was said on the command line; empty words and None where nothing was."""

    folder: Path
    line: Path | None = None
    layer: str = ""
    select: str = ""
    crs: str = ""
    encoding: str = ""
    between: tuple[str, str] | None = None
    gap_m: float = 1_000.0
    home: str = ""
    home_point: tuple[float, float] | None = None
    source: str = ""
    title: str = ""
    terrain: tuple[Path, ...] = ()
    terrain_kind: str = ""
    vertical_datum: str = ""
    terrain_source: str = ""
    voids: str = "refuse"
    copy: bool = True
    roads: Path | None = None
    sites: Path | None = None
    roads_layer: str = ""
    sites_layer: str = ""

    @property
    def declared(self) -> Declared:
        """What is declared about files that do not say it."""
        return Declared(self.crs, self.encoding)

    @property
    def own(self) -> bool:
        """Whether anything was said that no example needs."""
        return replace(self, folder=Path(), voids="refuse", copy=True) != Options(Path())

    @property
    def line_file(self) -> str:
        """Name of the file or files that the line comes from."""
        if self.line is not None:
            return self.line.name
        return " and ".join(Path(word).name for word in self.between or ())


def gather(options: Options, questions: Questions) -> NewProject:
    """Return the project to write; InputFaults with all that is wrong or lacking."""
    questions.attempt(lambda: check_new(options.folder))
    if options.line is None and not options.between:
        options = replace(options, line=path_of(questions.words("--line", EXPECTED["line"], "")))
    new, side = _line_and_side(options, questions)
    source = options.source or (new.source if new else "") or options.line_file
    measured = None
    if new is not None:
        given, at_side = new, side or "left"
        measured = questions.attempt(lambda: given.line(_slug(options), at_side, source))
    line = measured[0] if measured else None
    terrain = _terrain(options, line, questions)
    sites, goals, roads, notes = _places(options, line if side else None, questions)
    questions.finish()
    if line is None or measured is None or terrain is None:
        raise AssertionError("a fault was gathered for whatever is missing")
    return NewProject(
        title=options.title or options.folder.resolve().name,
        line_id=_slug(options),
        line=line,
        line_file=options.line_file,
        terrain=terrain,
        sites=sites,
        goals=goals,
        roads=roads,
        notes=(*measured[1], *notes),
        titled_by_folder=not options.title,
    )


def _slug(options: Options) -> str:
    return re.sub(r"\W+", "-", options.folder.resolve().name.lower()).strip("-") or "line"


def _line_and_side(options: Options, questions: Questions) -> tuple[NewLine | None, HomeSide | None]:
    """Return the line and home's side of it; None for what could not be had."""
    if options.home and options.home_point:
        questions.faults.append(Fault("--home-point", "", 0, "", EXPECTED["home.both"], "both"))
    if options.between:
        return _border(options, options.between, questions)
    path = options.line
    if path is None:
        return None, None
    new = questions.attempt(
        lambda: read_new_line(path, options.layer or None, options.select, options.declared)
    )
    if options.home_point:
        point = options.home_point
        return new, None if new is None else questions.attempt(lambda: new.side_of(*point))
    question = EXPECTED["home.unknown"] if new is None else _home_question(new)
    said = questions.choice(
        "--home", question, get_args(HomeSide), options.home, otherwise=EXPECTED["home.otherwise"]
    )
    return new, "left" if said == "left" else "right" if said else None


def _home_question(new: NewLine) -> str:
    """Ask for the side of home in words that a map answers."""
    from pyproj import Geod

    start, end = new.pieces[0].vertex[0], _end(new)
    octant = round(Geod(ellps="WGS84").inv(*start, *end)[0] / 45.0)
    toward, left, right = (COMPASS[(octant + turn) % 8] for turn in (0, -2, 2))
    places = {"start": "{:.3f} {:.3f}".format(*start), "end": "{:.3f} {:.3f}".format(*end)}
    return EXPECTED["home"].format(**places, toward=toward, left=left, right=right)


def _end(new: NewLine) -> tuple[float, float]:
    """Return the last vertex of the last open piece; of a ring alone, the vertex after its first."""
    open_pieces = [piece for piece in new.pieces if not piece.closed]
    lon, lat = (open_pieces[-1].vertex[-1] if open_pieces else new.pieces[0].vertex[1]).tolist()
    return lon, lat


def _border(
    options: Options, names: tuple[str, str], questions: Questions
) -> tuple[NewLine | None, HomeSide | None]:
    """Return the border of two countries, home on the left."""
    path = options.line
    if path is not None:
        countries = questions.attempt(
            lambda: read_neighbours(path, options.layer or None, options.select, names, options.declared)
        )
    else:
        files = (Path(names[0]), Path(names[1]))
        countries = questions.attempt(lambda: read_two_files(files, options.declared))
    home = options.home
    if options.home_point and countries is not None:
        point = options.home_point
        home = questions.attempt(lambda: countries.home_of(*point)) or ""
        if not home:
            return None, None
    known = tuple(countries.shapes) if countries is not None else names
    chosen = questions.choice("--home", EXPECTED["home.country"], known, home)
    if chosen is None or countries is None:
        return None, None
    found = questions.attempt(lambda: countries.border(chosen, options.gap_m))
    if found is None:
        return None, None
    other = next(name for name in known if name != chosen)
    notes = border_notes(found[1], chosen, other, options.gap_m)
    return replace(found[0], notes=(*found[0].notes, *notes)), "left"


def _terrain(options: Options, line: Line | None, questions: Questions) -> NewTerrain | None:
    """Return the terrain as given, or the shipped relief where it serves and is not declined."""
    given = options.terrain
    said = options.terrain_kind or options.vertical_datum or options.terrain_source
    shipped = shipped_terrain()
    if not given and not said and line is not None and covers(shipped, line, Settings()):
        if questions.yes(EXPECTED["shipped"].format(kind=shipped.kind, source=shipped.source)):
            return replace(shipped, voids=options.voids)
        given = _asked_paths(questions, EXPECTED["terrain.ask"])
    elif not given and (said or line is not None):
        given = _asked_paths(questions, EXPECTED["terrain" if line is not None else "terrain.ask"])
    if not given:
        return None
    return _given_terrain(options, given, questions)


def _asked_paths(questions: Questions, question: str) -> tuple[Path, ...]:
    path = path_of(questions.words("--terrain", question, ""))
    return () if path is None else (path,)


def _given_terrain(options: Options, given: tuple[Path, ...], questions: Questions) -> NewTerrain | None:
    """Return the rasters that files, folders and patterns mean, as `[terrain]` reads them."""
    paths = find_rasters(Path(), map(str, given), Place("--terrain"), questions.faults)
    tagged = questions.attempt(lambda: _declared_by(paths)) or ("", "")
    if options.copy:
        questions.faults.extend(_not_to_copy(paths))
    kind = questions.choice("--terrain-kind", EXPECTED["kind"], KINDS, options.terrain_kind or tagged[0])
    datum = questions.words("--vertical-datum", EXPECTED["datum"], options.vertical_datum or tagged[1])
    if kind is None or datum is None:
        return None
    source = options.terrain_source or named(given)
    return NewTerrain(given, paths, kind, datum, source, options.voids, copied=options.copy)


def _not_to_copy(paths: Sequence[Path]) -> Iterator[Fault]:
    """Give a fault for each raster that has no place of its own in the project's folder."""
    taken: set[str] = set()
    for path in paths:
        if path.suffix.lower() == ".vrt":  # it names other files by their places
            yield Fault(path.name, "", 0, "", EXPECTED["vrt"], "a VRT")
        if path.name in taken:
            yield Fault(str(path), "", 0, "", EXPECTED["name"], f"{path.name} again")
        taken.add(path.name)


def _declared_by(paths: Sequence[Path]) -> tuple[str, str]:
    """Return KIND and vertical datum as all rasters declare them, empty where they differ or are silent."""
    from pyproj import CRS

    from sarhad.io.raster import read_frame

    kinds, datums, faults = set(), set(), []
    for path in paths:
        try:
            frame = read_frame(path)
        except InputFaults as error:
            faults += [replace(fault, file=path.name) for fault in error.faults]
            continue
        kinds.add(frame.tag("KIND").lower().split(" ")[0])
        vertical = [part.name for part in CRS.from_wkt(frame.crs).sub_crs_list if part.is_vertical]
        datums.add(str(vertical[0]) if vertical else "")
    if faults:
        raise InputFaults(faults)
    kind, datum = (found.pop() if len(found) == 1 else "" for found in (kinds, datums))
    return kind if kind in KINDS else "", datum


def _places(
    options: Options, line: Line | None, questions: Questions
) -> tuple[NewLayer | None, NewLayer | None, NewLayer | None, list[str]]:
    """Return sites, goals and roads in the band and what is said of them; without a line none are read."""

    def read(path: Path | None, layer: str, reader: Reader) -> tuple[NewLayer | None, list[str]]:
        if path is None or line is None:
            return None, []
        made = questions.attempt(lambda: reader(path, layer, line, Settings(), options.declared))
        return made or (None, [])

    sites, said_of_sites = read(options.sites, options.sites_layer, read_new_sites)
    goals, said_of_goals = read(options.roads, options.roads_layer, read_new_goals)
    roads, said_of_roads = read(options.roads, options.roads_layer, read_new_roads)
    return sites, goals, roads, [*said_of_sites, *said_of_goals, *said_of_roads]
