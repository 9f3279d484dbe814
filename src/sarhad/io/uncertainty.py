"""The table of uncertain parameters: `data/sensitivity.csv`, or a user's own of the same columns."""

from __future__ import annotations

from collections.abc import Collection
from importlib.resources import as_file, files
from pathlib import Path
from typing import cast

from sarhad.errors import Fault, InputFaults
from sarhad.io.settings import setting_columns
from sarhad.io.tables import Column, Place, Row, Schema, check_rows, nearest
from sarhad.io.vector import read_layer
from sarhad.model.parameter import Distribution, Parameter, Part

PARAMETERS = Schema(
    "parameters",
    (
        Column("parameter", "text", "What is varied", required=True),
        Column(
            "part",
            "text",
            "Part of the model",
            required=True,
            choices=("sensing", "movement", "response"),
        ),
        Column("low", "number", "Least value", required=True, low=0),
        Column("high", "number", "Greatest value", required=True, low=0),
        Column(
            "distribution",
            "text",
            "How likely values are",
            required=True,
            choices=("uniform", "loguniform"),
        ),
        Column("unit", "text", "Unit", required=True),
        Column("source", "text", "Why this range", required=True),
        Column("description", "text", "What it is in words", required=True),
    ),
    key="parameter",
)


def read_parameters(path: Path | None, known: Collection[str]) -> tuple[Parameter, ...]:
    """Return the parameters of a table, the shipped one unless given; raises InputFaults with every fault."""
    if path is None:
        with as_file(files("sarhad").joinpath("data/sensitivity.csv")) as shipped:
            return read_parameters(shipped, known)
    faults: list[Fault] = []
    layer = read_layer(path, path.name, "", faults)
    found: list[Parameter] = []
    if layer is not None:
        rows = check_rows(layer.header, layer.rows, PARAMETERS, layer.place, faults, from_text=True)
        found = [one for row in rows if row.complete for one in _parameter(row, layer.place, known, faults)]
        if not rows:
            faults.append(layer.place.fault("a row for each parameter", "none"))
    if faults:
        raise InputFaults(faults)
    return tuple(found)


def _parameter(row: Row, place: Place, known: Collection[str], faults: list[Fault]) -> list[Parameter]:
    name = row.text("parameter")
    if name not in known:
        found = f'"{name}"{nearest(name, known)}'
        faults.append(
            place.fault("a parameter that can be varied", found, column="parameter", row=row.number)
        )
        return []
    limits = {setting.column.name: setting.column for setting in setting_columns()}.get(name)
    for column in ("low", "high"):
        value = row.number_at(column)
        if limits is not None and not limits.holds(value):
            faults.append(place.fault(limits.expected, f"{value:g}", column=column, row=row.number))
        elif name.endswith("_factor") and not value > 0:
            faults.append(place.fault("a factor above 0", f"{value:g}", column=column, row=row.number))
    try:
        return [
            Parameter(
                name,
                cast(Part, row.text("part")),
                row.number_at("low"),
                row.number_at("high"),
                cast(Distribution, row.text("distribution")),
                row.text("unit"),
                row.text("source"),
                row.text("description"),
            )
        ]
    except ValueError as error:
        faults.append(place.fault("a range from low to high", error, row=row.number))
        return []
