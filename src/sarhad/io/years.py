"""What a programme office plans with, year by year: two tables in the project's folder `programme`.

years.csv        money that each year brings, people there are by its end; one row a year, none left out
deliveries.csv   what arrives of each type in each year; optional
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from sarhad.errors import Fault, InputFaults
from sarhad.io.schedule_basis import FOLDER, rows_of
from sarhad.io.tables import Column, Place, Row, Schema, nearest

YEARS = Schema(
    "years",
    (
        Column("year", "integer", "Year of the calendar", required=True, low=1900, high=2200),
        Column("money_usd", "number", "Money that the year adds", "USD", required=True, low=0),
        Column("crew_n", "number", "People round the clock by its end; empty: the project's", low=0),
        Column("source", "text", "Where this is known from", required=True),
    ),
    key="year",
)
DELIVERIES = Schema(
    "deliveries",
    (
        Column("year", "integer", "Year in which it can stand", required=True, low=1900, high=2200),
        Column("equipment_id", "text", "Type, from the table of equipment", required=True),
        Column(
            "quantity", "number", "Items, or kilometres of what lies along the line", required=True, low=0
        ),
        Column("source", "text", "Where this is known from", required=True),
    ),
)


@dataclass(frozen=True, slots=True)
class Means:
    """What a year adds: money; and the people there are by its end, None where the table does not say."""

    year: int
    money_usd: float
    crew_n: float | None = None


@dataclass(frozen=True, slots=True)
class Years:
    """Years that follow each other; `arrived` by year what has come by its end, None without a table."""

    means: tuple[Means, ...]
    arrived: tuple[Mapping[str, float], ...] | None = None


def read_years(folder: Path, equipment: Collection[str]) -> Years:
    """Return the years of a project folder; raises InputFaults with every fault of both tables.

    What arrives before the first year counts from it on; what arrives after the last is left out.
    """
    faults: list[Fault] = []
    rows = rows_of(folder, YEARS, faults)
    if rows is None:
        place = Place(f"{FOLDER}/{YEARS.title}.csv")
        raise InputFaults([place.fault("a table with a row for each year to plan", "none")])
    means = [
        Means(int(row.number_at("year")), row.number_at("money_usd"), row.maybe("crew_n"))
        for row, _ in rows
        if row.complete
    ]
    if not faults:
        _check_years(means, Place(f"{FOLDER}/{YEARS.title}.csv"), faults)
    coming = rows_of(folder, DELIVERIES, faults)
    for row, place in coming or ():
        name = row.text("equipment_id") if row.has("equipment_id") else ""
        if name and name not in equipment:
            found = f'"{name}"{nearest(name, equipment)}'
            faults.append(place.fault("a type of equipment", found, column="equipment_id", row=row.number))
    if faults:
        raise InputFaults(faults)
    return Years(tuple(means), None if coming is None else _arrived(means, [row for row, _ in coming]))


def _check_years(means: list[Means], place: Place, faults: list[Fault]) -> None:
    if not means:
        faults.append(place.fault("a row for each year to plan", "none"))
    elif not means[0].money_usd > 0:
        faults.append(place.fault("money above 0 in the first year", "0", column="money_usd", row=1))
    for number, (one, following) in enumerate(pairwise(means), 2):
        if following.year != one.year + 1:
            expected = f"{one.year + 1}: years follow each other"
            faults.append(place.fault(expected, following.year, column="year", row=number))
        if (one.crew_n is None) != (following.crew_n is None) or (following.crew_n or 0) < (one.crew_n or 0):
            expected = "people in every year or in none, never fewer than the year before"
            faults.append(place.fault(expected, following.crew_n, column="crew_n", row=number))


def _arrived(means: list[Means], rows: list[Row]) -> tuple[Mapping[str, float], ...]:
    names = sorted({row.text("equipment_id") for row in rows})
    return tuple(
        {
            name: sum(
                row.number_at("quantity")
                for row in rows
                if row.text("equipment_id") == name and row.number_at("year") <= one.year
            )
            for name in names
        }
        for one in means
    )
