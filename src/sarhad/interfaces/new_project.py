"""What stands in a new project: what was given, and a stated default for everything else.

Defaults are those of the shipped example (targets, equipment, conditions, budget) and of the settings; each
is told to the user and stands as a remark above its section of `project.toml`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sarhad.io.example import example_document, example_file
from sarhad.io.new_project import CONDITIONS_FILE, NewLayer, Section, TomlValue, write_new_project
from sarhad.io.shared_border import SharedBorder
from sarhad.model.line import Line
from sarhad.model.project import Candidates, Settings
from sarhad.planning.calendar import illustrative_conditions

EXAMPLE = "tajik-afghan"
TERRAIN_FOLDER = "terrain"
APART_SHARE = 0.2
LENGTHS_DIFFER = 0.02
"""From these on, two polygons are said to have water cut out, or to come from two sources."""

TEXT = {
    "default": "Default: {said}",
    "project": "Title and line_id: the name of the folder.",
    "head": "Made by `sarhad new` from {file}. `sarhad check .` lists everything that is wrong "
    "here. What a remark calls a default was not given: it is there to be replaced. Paths"
    " are relative to this folder; units stand in the names.",
    "line": "{km:.1f} km in {n} part(s), median vertex step {step:.0f} m.",
    "terrain": "KIND {kind}.",
    "source": "Source: the name of the file; say who drew the line, when, and under which licence.",
    "terrain.source": "Source: the name of the file.",
    "terrain.shipped": "The relief shipped with Sarhad, KIND {kind}: {source}. Cells of 15 arc "
    "seconds are refined while they are read; bring 30 m heights before sites are "
    "decided.",
    "conditions": "{n} conditions. Their light is that of the middle of the line, {place}; their "
    "weather is illustrative: put this border's into conditions.csv.",
    "targets": "{use}, out of the shipped classes.",
    "equipment": "The {n} shipped types that the example offers.",
    "budget": "The example's illustrative sum, no limit of crew or stock.",
    "candidates": "{n} places found on the terrain by rule, at most {off:.0f} m from the line.",
    "goals.depth": "Crossers want to get {depth:.0f} m beyond the line into home; {depths} m are reported.",
    "goals": "Roads that come into the band at home.",
    "roads": "Roads of the band that say how fast they are: teams drive on them.",
    "sites": "Candidate sites in the band.",
    "nobody": "None: [assets], what stands there today, and [teams], who answers an alarm. "
    "Until a section names a file of each, nothing watches and nobody comes: timely "
    "detection is 0.",
    "settings": "All as shipped, such as cells of {cell:.0f} m and a band of {home:.0f} m at "
    "home and {beyond:.0f} m beyond.",
    "note.defaults": "Conditions, targets, equipment and budget are defaults, not this border's own.",
    "border": "{home} draws the border {km:.1f} km long, {other} {other_km:.1f} km; they lie apart "
    "over {apart:.1f} km, by up to {widest:.0f} m. The line follows {home}.",
    "border.water": "Water seems cut out of the polygons, or they come from two sources: such a line "
    "follows a bank and is longer than the border. Polygons that meet in the water give "
    "the border's own length.",
    "border.loops": "Loops of {km:.1f} km in all that come back to where they began were cut off.",
    "border.rings": "{n} ring(s) near the border share no edge with it and were left out: lakes or islands.",
    "border.runs": "The border is in {n} runs; between them {home} and {other} lie more than {gap:.0f} m"
    " apart.",
}


@dataclass(frozen=True, slots=True)
class NewTerrain:
    """Heights for a new project; `copied` into it or left where they are, `shipped` with Sarhad or not.

    `given` are files, folders or patterns as they were named; `paths` the rasters that they mean.
    """

    given: tuple[Path, ...]
    paths: tuple[Path, ...]
    kind: str
    vertical_datum: str
    source: str
    voids: str = "refuse"
    copied: bool = True
    shipped: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class NewProject:
    """What is known of a project to be: `line_file` names where the line came from."""

    title: str
    line_id: str
    line: Line
    line_file: str
    terrain: NewTerrain
    sites: NewLayer | None
    goals: NewLayer | None
    roads: NewLayer | None
    notes: tuple[str, ...]
    titled_by_folder: bool = False


@dataclass(frozen=True, slots=True)
class Default:
    """A default that stands, and where."""

    section: str
    said: str


def shipped_terrain() -> NewTerrain:
    """Return the relief of the example."""
    about = example_document(EXAMPLE)["terrain"]
    path = example_file(EXAMPLE, about["file"])
    return NewTerrain((path,), (path,), about["kind"], about["vertical_datum"], about["source"], shipped=True)


def border_notes(found: SharedBorder, home: str, other: str, gap_m: float) -> list[str]:
    """Say how well two polygons agree on their border."""
    said: list[str] = []
    km, other_km = found.length_m / 1e3, found.length_beyond_m / 1e3
    if found.apart_m:
        words = {"home": home, "other": other, "km": km, "other_km": other_km}
        said.append(TEXT["border"].format(**words, apart=found.apart_m / 1e3, widest=found.widest_m))
    if found.apart_m > APART_SHARE * found.length_m or abs(km - other_km) > LENGTHS_DIFFER * km:
        said.append(TEXT["border.water"])
    if found.loops_m:
        said.append(TEXT["border.loops"].format(km=found.loops_m / 1e3))
    if found.n_rings_left_out:
        said.append(TEXT["border.rings"].format(n=found.n_rings_left_out))
    n_open = sum(not run.closed for run in found.runs)
    if n_open > 1:
        said.append(TEXT["border.runs"].format(n=n_open, home=home, other=other, gap=gap_m))
    return said


def write_project(folder: Path, new: NewProject) -> tuple[Default, ...]:
    """Write the project, or nothing, and return the defaults that stand in it."""
    example = example_document(EXAMPLE)
    defaults = _defaults(new, example)
    layers = {"sites.gpkg": new.sites, "goals.gpkg": new.goals, "roads.gpkg": new.roads}
    write_new_project(
        folder,
        _sections(new, example, {one.section: TEXT["default"].format(said=one.said) for one in defaults}),
        new.line,
        {name: layer for name, layer in layers.items() if layer is not None},
        _copies(new.terrain),
        illustrative_conditions(*_middle(new.line)),
    )
    return defaults


def _copies(terrain: NewTerrain) -> dict[str, Path]:
    """Return what is copied, by its name; copies keep their names, by which SRTM's tiles are placed."""
    if not terrain.copied:
        return {}
    folder = f"{TERRAIN_FOLDER}/" if len(terrain.paths) > 1 else ""
    return {f"{folder}{path.name}": path for path in terrain.paths}


def _terrain_file(terrain: NewTerrain) -> str | list[str]:
    """Return how the project names its rasters."""
    if terrain.copied:
        return TERRAIN_FOLDER if len(terrain.paths) > 1 else terrain.paths[0].name
    places = [str(path.resolve()) for path in terrain.given]
    return places[0] if len(places) == 1 else places


def named(paths: Sequence[Path]) -> str:
    """Return the names of files, as a source of what is in them."""
    return ", ".join(path.name for path in paths)


def _middle(line: Line) -> tuple[float, float]:
    """Return latitude and longitude half-way along the first part of a line."""
    part = line.parts[0]
    lon_deg, lat_deg = part.at(np.array([(part.from_m + part.to_m) / 2.0]))
    return float(lat_deg[0]), float(lon_deg[0])


def _defaults(new: NewProject, example: Mapping[str, Any]) -> tuple[Default, ...]:
    settings, rule, middle = Settings(), Candidates(), _middle(new.line)
    said = {
        "project": TEXT["project"] if new.titled_by_folder else "",
        "line": TEXT["source"] if new.line.source == new.line_file else "",
        "terrain": "",
        "conditions": TEXT["conditions"].format(
            n=len(illustrative_conditions(*middle)), place="{:.1f} N {:.1f} E".format(*middle)
        ),
        "targets": TEXT["targets"].format(use=", ".join(example["targets"]["use"])),
        "equipment": TEXT["equipment"].format(n=len(example["equipment"]["offered"])),
        "budget": TEXT["budget"],
        "sites": TEXT["candidates"].format(n=rule.n, off=rule.max_offset_m) if new.sites is None else "",
        "goals": "",
        "assets, teams": TEXT["nobody"],
        "settings": TEXT["settings"].format(
            cell=settings.cell_m, home=settings.band_home_m, beyond=settings.band_beyond_m
        ),
    }
    if new.terrain.shipped:
        said["terrain"] = TEXT["terrain.shipped"].format(kind=new.terrain.kind, source=new.terrain.source)
    elif new.terrain.source == named(new.terrain.given):
        said["terrain"] = TEXT["terrain.source"]
    if new.goals is None:
        depths = ", ".join(f"{depth_m:.0f}" for depth_m in settings.depths_m)
        said["goals"] = TEXT["goals.depth"].format(depth=settings.depth_m, depths=depths)
    return tuple(Default(section, words) for section, words in said.items() if words)


def _sections(new: NewProject, example: Mapping[str, Any], default: Mapping[str, str]) -> list[Section]:
    line, terrain = new.line, new.terrain
    ruler = TEXT["line"].format(km=line.length_m / 1e3, n=len(line.parts), step=line.vertex_step_m)
    notes = [*new.notes, TEXT["note.defaults"]]
    place = {"file": "line.gpkg", "layer": "line", "line_id": new.line_id}
    heights: dict[str, TomlValue] = {"file": _terrain_file(terrain)}
    heights |= {"kind": terrain.kind, "vertical_datum": terrain.vertical_datum}
    said_of_heights = default.get("terrain") or TEXT["terrain"].format(kind=terrain.kind)
    return [
        Section("", {}, TEXT["head"].format(file=new.line_file)),
        Section("project", {"title": new.title, "format": 1, "notes": notes}, default.get("project", "")),
        Section(
            "line",
            {**place, "home_side": line.home_side, "source": line.source},
            " ".join(filter(None, [ruler, default.get("line", "")])),
        ),
        Section("terrain", {**heights, "source": terrain.source, "voids": terrain.voids}, said_of_heights),
        Section("", {}, default["assets, teams"]),
        Section("", {}, default["sites"])
        if new.sites is None
        else Section("sites", {"file": "sites.gpkg"}, TEXT["sites"]),
        Section("", {}, default["goals"])
        if new.goals is None
        else Section("goals", {"file": "goals.gpkg"}, TEXT["goals"]),
        *([] if new.roads is None else [Section("roads", {"file": "roads.gpkg"}, TEXT["roads"])]),
        Section("conditions", {"file": CONDITIONS_FILE}, default["conditions"]),
        Section("targets", {"use": example["targets"]["use"]}, default["targets"]),
        Section("equipment", {"offered": example["equipment"]["offered"]}, default["equipment"]),
        Section("budget", {"money_usd": example["budget"]["money_usd"]}, default["budget"]),
        Section("settings", {}, default["settings"]),
    ]


def covers(terrain: NewTerrain, line: Line, settings: Settings) -> bool:
    """Say whether a raster in degrees reaches beyond the line by the band on every side."""
    from sarhad.io.raster import read_frame

    frame = read_frame(terrain.paths[0])
    lon = np.concatenate([part.lon_deg for part in line.parts])
    lat = np.concatenate([part.lat_deg for part in line.parts])
    north_deg = max(settings.band_home_m, settings.band_beyond_m) / 110_000.0
    east_deg = north_deg / max(0.05, float(np.cos(np.radians(np.abs(lat).max()))))
    bottom, right = frame.top - frame.n_row * frame.dy, frame.left + frame.n_col * frame.dx
    return bool(
        frame.is_geographic
        and frame.left <= lon.min() - east_deg
        and lon.max() + east_deg <= right
        and bottom <= lat.min() - north_deg
        and lat.max() + north_deg <= frame.top
    )
