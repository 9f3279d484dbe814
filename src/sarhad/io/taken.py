"""What a project takes from claims: the section `[claims]`, and the values that the desk worked out for it.

    [claims]                                    # repeats the sections of project.toml
    line.official_length_m = "line:a/length"    # subject/property, the id of a claim, or a use
    budget.money_usd = "programme:a/cost"
    weights.about_at = 2021-07-10               # the file of [weights], from incidents and districts held

The values stand in `from_claims.csv`, each with what it rests on; `sarhad claims recompute` writes both. A
value that is missing, was asked of something else, or is written in `project.toml` too, is a fault: a project
never goes on with a number that nobody stands for.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from sarhad.errors import Fault, InputFaults
from sarhad.io.claim_files import write_rows
from sarhad.io.dates import read_date
from sarhad.io.reading import PROJECT_FILE, parse, sha256
from sarhad.io.tables import Column, Place, Schema, check_rows, check_section, nearest
from sarhad.io.vector import read_layer
from sarhad.model.claim import Use
from sarhad.model.project import Taken

SECTION, TAKEN_FILE, WEIGHTS = "claims", "from_claims.csv", "weights.file"
COMMAND = "sarhad claims recompute"
UNITS_OF: Mapping[str, str] = {
    "line.official_length_m": "m",
    "budget.money_usd": "usd",
    "budget.crew_n": "persons",
    "budget.stock.*": "items",
}
_TAKEN = Schema(
    "values from claims",
    (
        Column("setting", "text", "The setting, with its section", required=True),
        Column("value", "text", "Its value, or the SHA-256 of a table", required=True),
        Column("unit", "text", "Its unit", default=""),
        Column("source", "text", "What was asked", required=True),
        Column("resolutions", "text", "Resolutions it rests on, parted by semicolons", default=""),
        Column("rests_on", "text", "Claims, incidents, districts it rests on, likewise", default=""),
    ),
    key="setting",
)
_HEADER = tuple(column.name for column in _TAKEN.columns)
_WEIGHING = (
    Column("about_at", "text", "The day that the weights are about", required=True),
    Column("half_life_days", "number", "Days until an incident weighs half", default=90.0, low=0, above=True),
    Column("reach_m", "number", "How far an incident counts", "m", default=5_000.0, low=0, above=True),
    Column("held", "number", "Weight of a district held opposite", default=1.0, low=0),
)


@dataclass(frozen=True, slots=True)
class Weighing:
    """How the project's table of weights is made from claims, and where it stands."""

    file: str
    about_at: datetime
    half_life_days: float
    reach_m: float
    held: float

    @property
    def source(self) -> str:
        """What is asked of the desk, in words."""
        rule = f"{self.half_life_days:g} days, {self.reach_m:g} m, {self.held:g}"
        return f"incidents and districts held, {self.about_at:%Y-%m-%d} ({rule})"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a project takes from claims: settings, each as a use of that name, and perhaps weights."""

    settings: tuple[Use, ...] = ()
    weighing: Weighing | None = None

    @property
    def source_of(self) -> Mapping[str, str]:
        """What is asked for every setting, the file of weights among them."""
        found = {one.name: one.inputs[0] for one in self.settings}
        return found if self.weighing is None else {**found, WEIGHTS: self.weighing.source}


def read_asked(folder: Path) -> tuple[Asked, tuple[Taken, ...]]:
    """Return what a project asks of claims and what it was last given; raises InputFaults."""
    faults: list[Fault] = []
    document = parse(folder)
    if isinstance(document, Fault):
        raise InputFaults([document])
    asked, taken = asked_of(document, faults), read_taken(folder, faults)
    if faults:
        raise InputFaults(faults)
    return asked, taken


def asked_of(document: Mapping[str, object], faults: list[Fault]) -> Asked:
    """Return what the section `[claims]` of a parsed `project.toml` asks for."""
    place = Place(PROJECT_FILE, SECTION)
    raw = document.get(SECTION, {})
    if not isinstance(raw, Mapping):
        faults.append(place.fault(f"a section [{SECTION}]", repr(raw)))
        return Asked()
    settings: list[Use] = []
    for setting, source in _leaves({key: raw[key] for key in raw if key != "weights"}):
        unit = _unit_of(setting)
        if not unit:
            found = f'"{setting}"{nearest(setting, UNITS_OF)}'
            faults.append(place.fault(f"one of {', '.join(UNITS_OF)}, weights.about_at", found))
        elif not isinstance(source, str) or not source:
            faults.append(place.fault("subject/property, in quotes", repr(source), column=setting))
        else:
            settings.append(Use(setting, "value", (source,), unit, PROJECT_FILE))
    weighing = _weighing(raw["weights"], document, faults) if "weights" in raw else None
    return Asked(tuple(settings), weighing)


def _unit_of(setting: str) -> str:
    return UNITS_OF.get(setting) or UNITS_OF.get(f"{setting.rpartition('.')[0]}.*", "")


def _leaves(section: Mapping[str, object], above: str = "") -> Iterator[tuple[str, object]]:
    """Yield the leaves of nested tables under dotted names."""
    for key, value in section.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value


def _weighing(raw: object, document: Mapping[str, object], faults: list[Fault]) -> Weighing | None:
    place = Place(PROJECT_FILE, f"{SECTION}.weights")
    weights = document.get("weights")
    file = weights.get("file") if isinstance(weights, Mapping) else None
    if not isinstance(raw, Mapping) or not isinstance(file, str) or not file.endswith(".csv"):
        found = f"no .csv file under [weights]: {file}" if isinstance(raw, Mapping) else repr(raw)
        faults.append(place.fault("weights.about_at = DAY, and [weights] with a .csv file", found))
        return None
    cells = {key: value.isoformat() if isinstance(value, date) else value for key, value in raw.items()}
    row = check_section(cells, _WEIGHING, place, faults)
    if not row.complete:
        return None
    try:
        about_at = read_date(row.text("about_at"))[0]
    except ValueError:
        faults.append(place.fault("a day: 2021-07-10", row.text("about_at"), column="about_at"))
        return None
    numbers = (row.number_at(name) for name in ("half_life_days", "reach_m", "held"))
    return Weighing(file, about_at, *numbers)


def read_taken(folder: Path, faults: list[Fault]) -> tuple[Taken, ...]:
    """Return the values that were last worked out; none where they never were."""
    path = folder / TAKEN_FILE
    layer = read_layer(path, TAKEN_FILE, "", faults) if path.is_file() else None
    if layer is None:
        return ()
    rows = check_rows(layer.header, layer.rows, _TAKEN, layer.place, faults, from_text=True)
    return tuple(
        _taken(
            {name: row.text(name) for name in _HEADER},
            _ids(row.text("resolutions")),
            _ids(row.text("rests_on")),
        )
        for row in rows
        if row.complete
    )


def _taken(cells: Mapping[str, str], resolutions: tuple[str, ...], rests_on: tuple[str, ...]) -> Taken:
    setting, value, unit, source = (str(cells[name]) for name in _HEADER[:4])
    return Taken(setting, value, unit, source, resolutions, rests_on)


def _ids(cell: str) -> tuple[str, ...]:
    return tuple(one.strip() for one in cell.split(";") if one.strip())


def write_taken(folder: Path, taken: Iterable[Taken]) -> None:
    """Write the values that were worked out, whole or not at all."""
    rows = [
        (one.setting, one.value, one.unit, one.source, "; ".join(one.resolutions), "; ".join(one.rests_on))
        for one in taken
    ]
    write_rows(folder / TAKEN_FILE, _HEADER, rows)


def take(
    document: Mapping[str, object], folder: Path, hashes: dict[str, str], faults: list[Fault]
) -> tuple[Mapping[str, object], tuple[Taken, ...]]:
    """Return a parsed `project.toml` with the values from claims where their settings stand, and them.

    What is missing or does not fit is appended to `faults`, the hash of the file to `hashes`.
    """
    if SECTION not in document:
        return document, ()
    taken = read_taken(folder, faults)
    if (folder / TAKEN_FILE).is_file():
        hashes[TAKEN_FILE] = sha256(folder / TAKEN_FILE)
    asked = asked_of(document, faults)
    held = {one.setting: one for one in taken}
    place = Place(TAKEN_FILE)
    for setting, source in asked.source_of.items():
        one = held.pop(setting, None)
        if one is None or one.source != source:
            expected = f"a value from {source}: {COMMAND}"
            faults.append(place.fault(expected, one.source if one else "nothing", column=setting))
        elif asked.weighing and setting == WEIGHTS:
            _check_weights(one, folder / asked.weighing.file, place, faults)
        else:
            document = _filled(document, setting.split("."), one, place, faults)
    for setting in held:
        faults.append(
            place.fault(f"settings that [{SECTION}] asks for: {COMMAND}", setting, column="setting")
        )
    return document, taken


def _filled(
    document: Mapping[str, object], path: list[str], one: Taken, place: Place, faults: list[Fault]
) -> Mapping[str, object]:
    """Return a document with a value set at a path; one that stands there already is a fault."""
    name, *below = path
    if below:
        inner = document.get(name, {})
        inner = inner if isinstance(inner, Mapping) else {}
        return {**document, name: _filled(inner, below, one, place, faults)}
    if name in document:
        expected = f"{one.setting} in {PROJECT_FILE} or from claims"
        faults.append(place.fault(expected, "both", column=one.setting))
    try:
        return {**document, name: float(one.value)}
    except ValueError:
        faults.append(place.fault(f"a number: {COMMAND}", one.value, column=one.setting))
        return document


def _check_weights(one: Taken, path: Path, place: Place, faults: list[Fault]) -> None:
    if path.is_file() and sha256(path) != one.value:
        expected = f"{path.name} as claims gave it: {COMMAND}"
        faults.append(place.fault(expected, "another table", column=one.setting))


def notes_of(taken: Iterable[Taken]) -> Iterator[str]:
    """Yield sentences that travel with every result: which settings rest on claims, and on how many."""
    for one in taken:
        value = "is made" if one.setting == WEIGHTS else f"is {one.value} {one.unit},"
        by = f", resolved by {'; '.join(one.resolutions)}" if one.resolutions else ""
        yield f"{one.setting} {value} from claims: {one.source} ({len(one.rests_on)} of them{by})."


@dataclass(frozen=True, slots=True)
class UsedBy:
    """What a folder of results took from claims, and the words after `sarhad` that wrote it, where known."""

    taken: tuple[Taken, ...]
    command: tuple[str, ...] = ()


def taken_by_results(folder: Path) -> Mapping[str, UsedBy]:
    """Return what each folder of results of a project took from claims, as its manifest says."""
    found: dict[str, UsedBy] = {}
    for path in sorted((*folder.glob("[!.]*/manifest.json"), *folder.glob("[!.]*/*/manifest.json"))):
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
            rows, command = document.get("from_claims", []), tuple(map(str, document.get("command", [])))
            used = tuple(_taken(row, tuple(row["resolutions"]), tuple(row["rests_on"])) for row in rows)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise InputFaults.one(str(path), "a manifest as Sarhad writes it", error) from error
        found[path.parent.relative_to(folder).as_posix()] = UsedBy(used, command)
    return found
