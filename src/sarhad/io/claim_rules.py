"""The rules of the claims desk, as tables: what can be claimed, what must hold together, who belongs to whom.

    claim_properties.csv  properties with their dimension and how they change
    claim_relations.csv   whole = left operation right, on one subject
    publishers.csv        houses, and the names each publishes under
    claim_figures.csv     figures worked out, unasked, for every subject of which both properties are claimed

A folder (that of the ledger) may hold files of the same names: their rows add to the shipped ones or replace
those of the same key.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import as_file, files
from pathlib import Path
from typing import cast

from sarhad.errors import Fault, InputFaults
from sarhad.io.tables import Column, Place, Row, Schema, check_rows, nearest
from sarhad.io.vector import read_layer
from sarhad.model.claim import (
    OPERATIONS,
    TRENDS,
    Formula,
    Property,
    Relation,
    Rules,
    Trend,
    fold_publisher,
)
from sarhad.model.measure import UNITS, Operation, unit_of

PROPERTIES = Schema(
    "properties",
    (
        Column("property", "text", "Its name", required=True),
        Column("dimension", "text", "What it measures", required=True),
        Column("trend", "text", "How it changes", default="varies", choices=TRENDS),
        Column("lasts_days", "number", "How far apart claims are still compared", "days", default=0.0, low=0),
    ),
    key="property",
)
_PAIR = (
    Column("operation", "text", "Operation of the two others", required=True, choices=OPERATIONS),
    Column("left", "text", "First property", required=True),
    Column("right", "text", "Second property", required=True),
)
RELATIONS = Schema(
    "relations",
    (
        Column("relation", "text", "Its name", required=True),
        Column("whole", "text", "Property that must equal the rest", required=True),
        *_PAIR,
    ),
    key="relation",
)
FIGURES = Schema(
    "figures",
    (
        Column("figure", "text", "Its name", required=True),
        *_PAIR,
        Column("unit", "text", "Unit of the result", required=True),
    ),
    key="figure",
)
PUBLISHERS = Schema(
    "publishers",
    (
        Column("house", "text", "Name of the house", required=True),
        Column("aliases", "text", "Names it publishes under, parted by semicolons", default=""),
    ),
    key="house",
)


def read_rules(folder: Path | None = None) -> Rules:
    """Return the rules of the desk; raises InputFaults with every fault of every table."""
    faults: list[Fault] = []
    known: dict[str, Property] = {}
    for place, row in _rows("claim_properties.csv", PROPERTIES, folder, faults):
        one = _property(row, place, faults)
        known |= {one.property_id: one} if one else {}
    relations: dict[str, Relation] = {}
    for place, row in _rows("claim_relations.csv", RELATIONS, folder, faults):
        whole, left, right = _properties(row, place, ("whole", "left", "right"), known, faults)
        operation = cast(Operation, row.text("operation"))
        relations[row.text("relation")] = Relation(row.text("relation"), whole, operation, left, right)
    formulas: dict[str, Formula] = {}
    for place, row in _rows("claim_figures.csv", FIGURES, folder, faults):
        formulas[row.text("figure")] = _formula(row, place, known, faults)
    houses: dict[str, str] = {}
    for _, row in _rows("publishers.csv", PUBLISHERS, folder, faults):
        house = row.text("house")
        names = [house, *(name for name in row.text("aliases").split(";") if name.strip())]
        houses |= {fold_publisher(name): fold_publisher(house) for name in names}
    if faults:
        raise InputFaults(faults)
    return Rules(known, tuple(relations.values()), houses, tuple(formulas.values()))


def _properties(
    row: Row, place: Place, columns: tuple[str, ...], known: Mapping[str, Property], faults: list[Fault]
) -> tuple[str, ...]:
    """Return the properties that columns name; unknown ones are faults."""
    names = tuple(row.text(column) for column in columns)
    for column, name in zip(columns, names, strict=True):
        if name not in known:
            faults.append(place.fault("a known property", name, column=column, row=row.number))
    return names


def _formula(row: Row, place: Place, known: Mapping[str, Property], faults: list[Fault]) -> Formula:
    left, right = _properties(row, place, ("left", "right"), known, faults)
    name, unit = row.text("figure"), row.text("unit")
    if name in known:
        faults.append(place.fault("a name that no property has", name, column="figure", row=row.number))
    try:
        unit_of(unit)
    except ValueError as error:
        faults.append(place.fault("a known unit", error, column="unit", row=row.number))
    return Formula(name, cast(Operation, row.text("operation")), left, right, unit)


def _rows(name: str, schema: Schema, folder: Path | None, faults: list[Fault]) -> list[tuple[Place, Row]]:
    """Return the sound rows of the shipped table and of the folder's own, in that order."""
    found: list[tuple[Place, Row]] = []
    with as_file(files("sarhad").joinpath("data", name)) as shipped:
        own = [] if folder is None or not (folder / name).is_file() else [folder / name]
        for path in (shipped, *own):
            layer = read_layer(path, name, "", faults)
            if layer is not None:
                rows = check_rows(layer.header, layer.rows, schema, layer.place, faults, from_text=True)
                found += [(layer.place, row) for row in rows if row.complete]
    return found


def _property(row: Row, place: Place, faults: list[Fault]) -> Property | None:
    dimensions = sorted({unit.dimension for unit in UNITS.values()})
    dimension = row.text("dimension")
    if dimension not in dimensions:
        expected = "one of " + ", ".join(dimensions)
        found = f'"{dimension}"{nearest(dimension, dimensions)}'
        faults.append(place.fault(expected, found, column="dimension", row=row.number))
        return None
    return Property(
        row.text("property"), dimension, cast(Trend, row.text("trend")), row.number_at("lasts_days")
    )
