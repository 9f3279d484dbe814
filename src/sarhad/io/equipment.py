"""The tables of equipment and targets: one row per item and parameter, with unit and source.

`parameters.csv` states what each kind needs: unit, range, default, meaning; the same table checks what users
write and fills what they leave out. Every fault of a file is reported at once.

    equipment_id, parameter, value, unit, source         equipment.csv
    target_id, parameter, value, unit, source            targets.csv
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import cast

from sarhad.errors import Fault, InputFaults
from sarhad.kernels.speed import SPEED_NAMES
from sarhad.model.equipment import MOUNT, EquipmentType, Kind
from sarhad.model.target import Target

_TARGET_UNIT: Mapping[str, str] = MappingProxyType(
    {
        "height_m": "m",
        "critical_m": "m",
        "rcs_m2": "m2",
        "visible_contrast": "1",
        "thermal_contrast_k": "K",
        "speed": "text",
        "speed_factor": "1",
        "max_slope": "1",
        "seismic": "1",
        "magnetic": "1",
        "infrared": "1",
    }
)
_POSITIVE = ("height_m", "critical_m", "rcs_m2", "speed_factor", "max_slope")
_OWN_FIELDS = ("cost_usd", "crew_n", "power_w", "availability", "mast_m")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One row of `parameters.csv`: what a parameter is and may be for the kinds that use it."""

    name: str
    unit: str
    type: str
    low: float
    high: float
    default: float | None
    kinds: tuple[str, ...]
    description: str

    @property
    def required(self) -> bool:
        """Whether a type must state it."""
        return self.default is None

    def check(self, text: str) -> float | str:
        """Return the value, or raise ValueError that says what was expected."""
        if self.type == "text":
            if not text:
                raise ValueError("text")
            return text
        words = f"{self.type} in {self.low:g}..{self.high:g} {self.unit}"
        try:
            value = float(text)
        except ValueError:
            raise ValueError(words) from None
        if not self.low <= value <= self.high or (self.type == "integer" and value != round(value)):
            raise ValueError(words)
        return value


@dataclass(frozen=True, slots=True)
class _Cell:
    """One row of a long table."""

    row: int
    owner: str
    name: str
    value: str
    unit: str


@lru_cache(maxsize=1)
def read_parameters() -> tuple[Parameter, ...]:
    """Return what the shipped `parameters.csv` says, in its order."""
    text = (files("sarhad") / "data" / "parameters.csv").read_text(encoding="utf-8")
    found = []
    for line in csv.DictReader(io.StringIO(text)):
        number = {key: float(line[key]) if line[key] else None for key in ("min", "max", "default")}
        low, high = number["min"], number["max"]
        found.append(
            Parameter(
                line["parameter"],
                line["unit"],
                line["type"],
                -math.inf if low is None else low,
                math.inf if high is None else high,
                number["default"],
                tuple(MOUNT) if line["kinds"] == "all" else tuple(line["kinds"].split()),
                line["description"],
            )
        )
    return tuple(found)


def parameters_of(kind: str) -> dict[str, Parameter]:
    """Return the parameters of one kind by name, without those of other kinds."""
    return {entry.name: entry for entry in read_parameters() if kind in entry.kinds}


def _open(path: Path | None, shipped: str) -> tuple[str, str]:
    if path is None:
        return shipped, (files("sarhad") / "data" / shipped).read_text(encoding="utf-8")
    try:
        return str(path), path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as problem:
        raise InputFaults.one(str(path), "a readable CSV file in UTF-8", problem) from problem


def _cells(file: str, text: str, owner: str, faults: list[Fault]) -> Iterator[_Cell]:
    """Yield the rows of a long table; report missing columns, empty sources and repeated parameters."""
    reader = csv.DictReader(io.StringIO(text))
    columns = (owner, "parameter", "value", "unit", "source")
    missing = [name for name in columns if name not in (reader.fieldnames or ())]
    if missing:
        faults.append(Fault(file, "", 0, "", "columns " + ", ".join(columns), "no " + ", ".join(missing)))
        return
    seen: set[tuple[str, str]] = set()
    for row, line in enumerate(reader, start=1):
        cell = {name: (line[name] or "").strip() for name in columns}
        if not cell[owner] or not cell["parameter"]:
            faults.append(Fault(file, "", row, owner, f"{owner} and parameter", "an empty cell"))
            continue
        if not cell["source"]:
            place = f"{cell[owner]} {cell['parameter']}"
            faults.append(Fault(file, "", row, "source", f"where the value of {place} comes from", "nothing"))
        key = (cell[owner], cell["parameter"])
        if key in seen:
            faults.append(
                Fault(file, "", row, "parameter", "each parameter once", f"{key[0]} {key[1]} again")
            )
            continue
        seen.add(key)
        yield _Cell(row, cell[owner], cell["parameter"], cell["value"], cell["unit"])


def _by_owner(cells: Iterator[_Cell]) -> dict[str, dict[str, _Cell]]:
    found: dict[str, dict[str, _Cell]] = {}
    for cell in cells:
        found.setdefault(cell.owner, {})[cell.name] = cell
    return found


def _unit_fault(file: str, cell: _Cell, unit: str) -> Fault | None:
    if cell.unit == unit:
        return None
    return Fault(file, "", cell.row, "unit", f"unit {unit} of {cell.name}", cell.unit or "nothing")


def _values(
    file: str, owner: str, cells: Mapping[str, _Cell], faults: list[Fault]
) -> dict[str, float | str] | None:
    """Check the cells of one type against its kind's parameters, fill the defaults; None if any is wrong."""
    start = len(faults)
    kind = cells["kind"].value if "kind" in cells else ""
    if kind not in MOUNT:
        row = cells["kind"].row if "kind" in cells else min(cell.row for cell in cells.values())
        expected = f"kind of {owner}: one of " + ", ".join(MOUNT)
        faults.append(Fault(file, "", row, "kind", expected, kind or "nothing"))
        return None
    known = parameters_of(kind)
    values: dict[str, float | str] = {
        name: entry.default for name, entry in known.items() if entry.default is not None
    }
    for name, cell in cells.items():
        if name not in known:
            faults.append(Fault(file, "", cell.row, "parameter", f"a parameter of a {kind}", name))
            continue
        wrong_unit = _unit_fault(file, cell, known[name].unit)
        if wrong_unit:
            faults.append(wrong_unit)
        try:
            values[name] = known[name].check(cell.value)
        except ValueError as expected:
            faults.append(Fault(file, "", cell.row, name, str(expected), cell.value or "nothing"))
    for name, entry in known.items():
        if entry.required and name not in cells:
            faults.append(Fault(file, "", 0, name, f"{name} of {owner} ({entry.description})", "nothing"))
    faults.extend(_joint_faults(file, owner, values, cells))
    return values if len(faults) == start else None


def _joint_faults(
    file: str, owner: str, values: Mapping[str, float | str], cells: Mapping[str, _Cell]
) -> Iterator[Fault]:
    """Yield the faults of pairs of values that make no sense together."""
    pairs = (
        ("floor_k", "nyquist_k", True),
        ("floor_contrast", "nyquist_contrast", True),
        ("n_confirm", "n_scan", False),
    )
    for low, high, strict in pairs:
        if low not in values or high not in values:
            continue
        a, b = values[low], values[high]
        if isinstance(a, str) or isinstance(b, str):
            continue
        if a > b or (strict and a == b):
            row = cells[low].row if low in cells else 0
            expected = f"{low} of {owner} {'below' if strict else 'at most'} {high} = {b:g}"
            yield Fault(file, "", row, low, expected, f"{a:g}")


def read_equipment(path: Path | None = None) -> dict[str, EquipmentType]:
    """Return the equipment types of a table by id, in its order; None reads the shipped generic types.

    Raises InputFaults with every fault: unknown or repeated parameters, wrong units, values out of range or
    not a number, what is missing, an empty source.
    """
    file, text = _open(path, "equipment.csv")
    faults: list[Fault] = []
    found: dict[str, EquipmentType] = {}
    for owner, cells in _by_owner(_cells(file, text, "equipment_id", faults)).items():
        values = _values(file, owner, cells, faults)
        if values is not None:
            found[owner] = _build_type(owner, values)
    if faults:
        raise InputFaults(faults)
    return found


def _build_type(owner: str, values: dict[str, float | str]) -> EquipmentType:
    own = {name: float(values.pop(name)) for name in _OWN_FIELDS}
    kind, title = cast(Kind, str(values.pop("kind"))), str(values.pop("title"))
    parameter = {name: float(value) for name, value in sorted(values.items())}
    return EquipmentType(
        owner,
        kind,
        title,
        own["cost_usd"],
        own["crew_n"],
        own["power_w"],
        own["availability"],
        own["mast_m"],
        parameter,
    )


def read_targets(path: Path | None = None) -> dict[str, Target]:
    """Return the classes of crossing of a table by id, in its order; None reads the shipped ones.

    Raises InputFaults with every fault, as `read_equipment`; every field is required.
    """
    file, text = _open(path, "targets.csv")
    faults: list[Fault] = []
    found: dict[str, Target] = {}
    for owner, cells in _by_owner(_cells(file, text, "target_id", faults)).items():
        before = len(faults)
        values = _target_values(file, owner, cells, faults)
        if len(faults) == before:
            found[owner] = _build_target(owner, values)
    if faults:
        raise InputFaults(faults)
    return found


def _build_target(owner: str, values: Mapping[str, float | str]) -> Target:
    number = {name: value for name, value in values.items() if not isinstance(value, str)}
    return Target(
        target_id=owner,
        height_m=number["height_m"],
        critical_m=number["critical_m"],
        rcs_m2=number["rcs_m2"],
        visible_contrast=number["visible_contrast"],
        thermal_contrast_k=number["thermal_contrast_k"],
        speed=str(values["speed"]),
        speed_factor=number["speed_factor"],
        max_slope=number["max_slope"],
        seismic=number["seismic"],
        magnetic=number["magnetic"],
        infrared=number["infrared"],
    )


def _target_values(
    file: str, owner: str, cells: Mapping[str, _Cell], faults: list[Fault]
) -> dict[str, float | str]:
    values: dict[str, float | str] = {}
    for name, cell in cells.items():
        if name not in _TARGET_UNIT:
            faults.append(Fault(file, "", cell.row, "parameter", "a field of a target", name))
            continue
        wrong_unit = _unit_fault(file, cell, _TARGET_UNIT[name])
        if wrong_unit:
            faults.append(wrong_unit)
        try:
            values[name] = _target_value(name, cell.value)
        except ValueError as expected:
            faults.append(Fault(file, "", cell.row, name, str(expected), cell.value or "nothing"))
    for field in fields(Target):
        if field.name != "target_id" and field.name not in cells:
            faults.append(Fault(file, "", 0, field.name, f"{field.name} of {owner}", "nothing"))
    return values


def _target_value(name: str, text: str) -> float | str:
    if _TARGET_UNIT[name] == "text":
        if text not in SPEED_NAMES:
            raise ValueError("one of " + ", ".join(SPEED_NAMES))
        return text
    words = "a finite number" + (" above 0" if name in _POSITIVE else ", not negative")
    if name == "visible_contrast":
        words = "a number in 0..1"
    try:
        value = float(text)
    except ValueError:
        raise ValueError(words) from None
    in_range = math.isfinite(value) and (value > 0 if name in _POSITIVE else value >= 0)
    if not in_range or (name == "visible_contrast" and value > 1):
        raise ValueError(words)
    return value
