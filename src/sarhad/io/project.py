"""A project folder: `project.toml` and the layers it names, read and checked in one pass.

Every section appends what is wrong to one list and returns what is sound, so that one run of the check
reports all faults of all files. The tables behind it are `sarhad.io.schemas` and `data/settings.csv`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, TypeVar, cast

from sarhad.errors import Fault, InputFaults
from sarhad.io.equipment import read_equipment, read_targets
from sarhad.io.land import read_land_cover, read_openings, read_roads
from sarhad.io.line import read_line_with_notes
from sarhad.io.placed import (
    Band,
    read_assets,
    read_barriers,
    read_districts,
    read_goals,
    read_marks,
    read_sites,
    read_teams,
    read_weights,
)
from sarhad.io.reading import PROJECT_FILE, Reading, parse, sha256
from sarhad.io.schemas import CONDITIONS, REQUIRED_SECTIONS, SECTIONS, STOCK
from sarhad.io.settings import read_settings
from sarhad.io.tables import Place, Row, check_rows, check_section, check_unique, nearest
from sarhad.io.taken import notes_of, take
from sarhad.io.terrain_section import read_terrain
from sarhad.model.condition import Condition
from sarhad.model.equipment import EquipmentType
from sarhad.model.line import ChainageRange, HomeSide, Line
from sarhad.model.plan import Budget
from sarhad.model.project import Candidates, Goals, Project, Settings, Taken
from sarhad.model.target import Target

SHARE_TOLERANCE = 1e-9
WORTH_NOTES: Mapping[str, tuple[str, ...]] = {
    "in_time": (),
    "reported": ("Observation only: P_t is the probability that a crossing is seen and reported.",),
}
NOT_IN_SERVICE = "Assets entered as planned, delivered or silent are not in service and count for nothing."

T = TypeVar("T")


def open_project(folder: str | Path) -> Project:
    """Return the project in a folder.

    Raises InputFaults with every fault of every file, each with file, layer, row, column, what was expected
    and what was found.
    """
    project, faults = _read(Path(folder))
    if faults or project is None:
        raise InputFaults(faults)
    return project


def check_project(folder: str | Path) -> tuple[Fault, ...]:
    """Return every fault of a project folder, sorted by place; empty where `open_project` succeeds."""
    return tuple(sorted(set(_read(Path(folder))[1])))


def read_project_line(folder: str | Path) -> Line:
    """Return the line of a project folder and nothing else of it.

    Raises:
        InputFaults: every fault of `project.toml` that keeps it from being read, and of the line's file.
    """
    return _line_and_settings(folder)[1]


def read_project_districts(folder: str | Path) -> tuple[Line, tuple[ChainageRange, ...], Settings]:
    """Return line, districts and settings of a project folder and nothing else of it; raises InputFaults."""
    reading, line, settings = _line_and_settings(folder)
    districts = reading.placed("districts", read_districts, Band(line, settings, {})) or ()
    if reading.faults:
        raise InputFaults(reading.faults)
    return line, districts, settings


def _line_and_settings(folder: str | Path) -> tuple[Reading, Line, Settings]:
    """Return a folder being read, with its line and settings; faults of settings are gathered in it."""
    document = parse(Path(folder))
    if isinstance(document, Fault):
        raise InputFaults([document])
    reading = Reading(Path(folder), document)
    line, _ = _read_line(reading)
    if line is None:
        raise InputFaults(reading.faults or [reading.place("line").fault("a section [line]", "nothing")])
    settings = read_settings(reading.raw("settings") or {}, reading.place("settings"), reading.faults)
    return reading, line, settings


def read_project_band(folder: str | Path) -> Band:
    """Return the line of a project with its settings and seasons, and nothing else of it.

    Raises:
        InputFaults: every fault of those parts.
    """
    reading, line, settings = _line_and_settings(folder)
    conditions = _read_conditions(reading)
    if reading.faults:
        raise InputFaults(reading.faults)
    return Band(line, settings, {}, tuple(dict.fromkeys(condition.season for condition in conditions)))


def _read(folder: Path) -> tuple[Project | None, list[Fault]]:
    document = parse(folder)
    if isinstance(document, Fault):
        return None, [document]
    reading = Reading(folder, document)
    reading.hashes[PROJECT_FILE] = sha256(folder / PROJECT_FILE)
    document, taken = take(document, folder, reading.hashes, reading.faults)
    reading = replace(reading, document=document)
    _check_sections(reading)
    return _build(reading, taken), reading.faults


def _check_sections(reading: Reading) -> None:
    """Append a fault for unknown sections, missing ones, and pairs that exclude each other."""
    there = set(reading.document)
    for name in reading.document:
        if name not in SECTIONS:
            found = f"the unknown section {name}{nearest(name, SECTIONS)}"
            reading.faults.append(reading.place(name).fault("a known section", found))
    for name in REQUIRED_SECTIONS:
        if name not in there:
            reading.faults.append(reading.place(name).fault(f"a section [{name}]", "nothing"))
    if not there & {"condition", "conditions"}:
        place = reading.place("condition")
        reading.faults.append(place.fault("[[condition]] tables, or [conditions] with a file", "nothing"))
    for one, other in (("condition", "conditions"), ("sites", "candidates")):
        if {one, other} <= there:
            reading.faults.append(reading.place(other).fault(f"either {one} or {other}", "both"))


def _build(reading: Reading, taken: tuple[Taken, ...]) -> Project | None:
    """Read every section in turn; None where a part without which there is no project is missing."""
    about = reading.section("project")
    settings = read_settings(reading.raw("settings") or {}, reading.place("settings"), reading.faults)
    equipment, offered = _read_equipment(reading)
    targets = _read_targets(reading)
    conditions = _read_conditions(reading)
    budget = _read_budget(reading, equipment)
    line, notes = _read_line(reading)
    seasons = tuple(dict.fromkeys(condition.season for condition in conditions))
    band = Band(line, settings, equipment, seasons)
    weights, weight_of = reading.placed("weights", read_weights, band) or ((), {})
    barriers = reading.named("barriers")
    blocks = () if barriers is None else read_barriers(barriers[1], band, reading.faults)
    goals = reading.placed("goals", read_goals, band) or Goals()
    marks = reading.placed("marks", read_marks, band) or ()
    districts = reading.placed("districts", read_districts, band) or ()
    entered = reading.placed("assets", read_assets, band) or ()
    assets = tuple(asset for asset in entered if asset.in_service)
    teams = reading.placed("teams", read_teams, band) or ()
    if settings.worth == "reported" and "teams" in reading.document:
        expected = 'no section [teams] beside worth = "reported": nobody is sent'
        reading.faults.append(reading.place("teams").fault(expected, "[teams]"))
    sites = reading.placed("sites", read_sites, band) or ()
    candidates = _read_candidates(reading)
    roads = read_roads(reading, band)
    openings = read_openings(reading, [block.barrier_id for block in blocks], band)
    land_cover = read_land_cover(reading, band)
    terrain = read_terrain(reading, line, settings)
    if reading.faults or about is None or line is None or terrain is None or budget is None:
        return None
    return Project(
        folder=reading.folder,
        title=about.text("title"),
        settings=settings,
        line=line,
        terrain=terrain,
        marks=marks,
        districts=districts,
        assets=assets,
        teams=teams,
        sites=sites,
        candidates=candidates,
        barriers=blocks,
        goals=goals,
        equipment=equipment,
        offered=offered,
        conditions=conditions,
        targets=targets,
        budget=budget,
        weights=weights,
        weight_of=weight_of,
        hashes=dict(sorted(reading.hashes.items())),
        notes=(
            *about.texts("notes"),
            *WORTH_NOTES[settings.worth],
            *(() if len(assets) == len(entered) else (NOT_IN_SERVICE,)),
            *notes,
            *notes_of(taken),
        ),
        taken=taken,
        roads=roads,
        openings=openings,
        land_cover=land_cover,
        teams_held=barriers is not None and barriers[0].values["holds"] == "everyone",
        sources=dict(sorted(reading.sources.items())),
        entered=entered,
    )


def _table(
    reading: Reading, section: str, read: Callable[[Path | None], Mapping[str, T]]
) -> tuple[Row | None, Mapping[str, T]]:
    """Read the shipped table of equipment or targets; the project's own entries add to it or replace."""
    row = reading.section(section)
    named = None if row is None else reading.file(row)
    shipped = read(None)
    if named is None:
        return row, shipped
    try:
        return row, {**shipped, **read(named[1])}
    except InputFaults as error:
        reading.gather(error, named[0])
        return row, shipped


def _known(
    reading: Reading, section: str, column: str, words: Iterable[str], known: Iterable[str]
) -> tuple[str, ...]:
    """Return the words that are known, without repeats; the others are faults."""
    good: list[str] = []
    for word in words:
        if word not in known:
            found = f'"{word}"{nearest(word, known)}'
            reading.faults.append(reading.place(section).fault("a known id", found, column=column))
        elif word in good:
            found = f'"{word}" again'
            reading.faults.append(reading.place(section).fault("ids that differ", found, column=column))
        else:
            good.append(word)
    return tuple(good)


def _read_equipment(reading: Reading) -> tuple[Mapping[str, EquipmentType], tuple[str, ...]]:
    row, equipment = _table(reading, "equipment", read_equipment)
    words = row.texts("offered") if row is not None else ()
    return equipment, _known(reading, "equipment", "offered", words, equipment) or tuple(equipment)


def _read_targets(reading: Reading) -> tuple[Target, ...]:
    row, targets = _table(reading, "targets", read_targets)
    words = row.texts("use") if row is not None else ()
    if row is not None and row.complete and not words:
        reading.faults.append(reading.place("targets").fault("at least one class", "none", column="use"))
    return tuple(targets[word] for word in _known(reading, "targets", "use", words, targets))


def _read_conditions(reading: Reading) -> tuple[Condition, ...]:
    """Return the conditions of `[[condition]]` or of the file of `[conditions]`; shares sum to 1."""
    if "condition" in reading.document:
        place = reading.place("condition")
        raw = reading.document["condition"]
        if not isinstance(raw, list):
            reading.faults.append(place.fault("tables [[condition]]", "one section [condition]"))
            return ()
        rows = [
            check_section(item, CONDITIONS.columns, place, reading.faults, k) for k, item in enumerate(raw, 1)
        ]
        check_unique(rows, CONDITIONS.key, place, reading.faults)
    else:
        layer = reading.layer("conditions")
        if layer is None:
            return ()
        place = layer.place
        rows = check_rows(
            layer.header, layer.rows, CONDITIONS, place, reading.faults, from_text=layer.from_text
        )
    total = math.fsum(row.number_at("share") for row in rows if row.has("share"))
    if all(row.has("share") for row in rows) and abs(total - 1.0) > SHARE_TOLERANCE:
        reading.faults.append(place.fault("shares that sum to 1", f"a sum of {total:.12g}", column="share"))
    names = [one.name for one in fields(Condition)]
    chosen = [{name: row.values[name] for name in names} for row in rows if row.complete]
    return tuple(Condition(**cast(dict[str, Any], values)) for values in chosen)


def _read_budget(reading: Reading, equipment: Mapping[str, EquipmentType]) -> Budget | None:
    row = reading.section("budget", leave=("stock",))
    if row is None:
        return None
    stock: dict[str, float] = {}
    raw = (reading.raw("budget") or {}).get("stock", {})
    place = Place(PROJECT_FILE, "budget.stock")
    if isinstance(raw, Mapping):
        columns = tuple(replace(STOCK, name=name) for name in equipment)
        given = check_section(raw, columns, place, reading.faults)
        stock = {name: given.number_at(name) for name in raw if given.has(name)}
    else:
        reading.faults.append(place.fault("a section [budget.stock]", repr(raw)))
    return Budget(row.number_at("money_usd"), row.number_at("crew_n"), stock) if row.complete else None


def _read_line(reading: Reading) -> tuple[Line | None, tuple[str, ...]]:
    row = reading.section("line")
    named = None if row is None else reading.file(row)
    if row is None or named is None:
        return None, ()
    name, path = named
    official_m = row.maybe("official_length_m")
    if official_m is not None and row.pairs("calibration_m"):
        expected = "either calibration_m or official_length_m"
        reading.faults.append(reading.place("line").fault(expected, "both", column="official_length_m"))
    try:
        line, notes = read_line_with_notes(
            path,
            row.text("layer") if row.has("layer") else None,
            line_id=row.text("line_id") if row.has("line_id") else "line",
            home_side=cast(HomeSide, row.text("home_side")) if row.has("home_side") else "left",
            source=row.text("source") if row.has("source") else name,
            calibration=row.pairs("calibration_m"),
        )
        if official_m is not None:
            line = replace(line, calibration=((line.length_m, official_m),))
        return line, notes
    except InputFaults as error:
        for fault in error.faults:
            if fault.column == "calibration":
                place = reading.place("line")
                reading.faults.append(place.fault(fault.expected, fault.found, column="calibration_m"))
            else:
                reading.faults.append(replace(fault, file=name))
        return None, ()


def _read_candidates(reading: Reading) -> Candidates:
    row = reading.section("candidates")
    if row is None or not row.complete:
        return Candidates()
    return Candidates(**cast(dict[str, Any], dict(row.values)))
