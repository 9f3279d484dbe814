"""What a project says its schedule rests on: three tables in the folder `programme`, each of them optional.

    activities.csv   three-point estimates of steps; else the shipped assumptions
    closures.csv     parts of every year in which steps stop on a range of the line; else none
    crews.csv        crews and how many things each can do at a time; else no limits

Schedule and forecast stand on the same basis: both take it from here.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection
from pathlib import Path

from sarhad.errors import Fault, InputFaults
from sarhad.io.activities import read_activities
from sarhad.io.tables import Column, Place, Row, Schema, check_rows, nearest
from sarhad.io.vector import read_layer
from sarhad.model.line import Line
from sarhad.model.schedule import STEPS, Closure, Crew, MonthDay, ScheduleBasis

FOLDER = "programme"
DAY_OF_YEAR = "MM-DD"
CLOSURES = Schema(
    "closures",
    (
        Column("closure_id", "text", "Id of the closure", required=True),
        Column("title", "text", "What is closed", default=""),
        Column("closes", "text", f"First closed day of every year, {DAY_OF_YEAR}", required=True),
        Column("opens", "text", f"First open day again, {DAY_OF_YEAR}", required=True),
        Column("steps", "texts", "Steps that stop; empty for all"),
        Column("from_m", "number", "Chainage where it starts; empty: the start of the line", "m", low=0),
        Column("to_m", "number", "Chainage where it ends; empty: the end of the line", "m", low=0),
        Column("source", "text", "Where this is known from", required=True),
    ),
    key="closure_id",
)  # fmt: skip
CREWS = Schema(
    "crews",
    (
        Column("crew_id", "text", "Id of the crew, as activities.csv names it", required=True),
        Column("title", "text", "Who they are", default=""),
        Column("n", "integer", "How many things they can do at a time", required=True, low=1),
        Column("source", "text", "Where this is known from", required=True),
    ),
    key="crew_id",
)
_DAY = re.compile(r"(\d\d?)-(\d\d?)")


def read_schedule_basis(
    folder: Path, line: Line | None = None, *, activities: Path | None = None
) -> ScheduleBasis:
    """Return the basis of a project folder; `activities` is read in place of its own table of estimates.

    Closures must begin on the line, where one is given. Raises InputFaults with every fault of all tables.
    """
    faults: list[Fault] = []
    own = folder / FOLDER / "activities.csv"
    try:
        estimates = read_activities(activities or (own if own.exists() else None))
    except InputFaults as error:
        estimates, faults = (), [*error.faults]
    end_m = line.parts[-1].to_m if line else math.inf
    closures = [_closure(row, place, end_m, faults) for row, place in rows_of(folder, CLOSURES, faults) or ()]
    known = {one.crew_id for one in estimates if one.crew_id}
    crews = [_crew(row, place, known, faults) for row, place in rows_of(folder, CREWS, faults) or ()]
    if faults:
        raise InputFaults(faults)
    return ScheduleBasis(
        estimates,
        tuple(one for one in closures if one is not None),
        tuple(one for one in crews if one is not None),
    )


def basis_files(folder: Path) -> tuple[Path, ...]:
    """Return the tables that a project folder states of its own."""
    places = (folder / FOLDER / f"{name}.csv" for name in ("activities", CLOSURES.title, CREWS.title))
    return tuple(path for path in places if path.exists())


def rows_of(folder: Path, schema: Schema, faults: list[Fault]) -> list[tuple[Row, Place]] | None:
    """Return the checked rows of a table in the folder `programme`; None where there is none."""
    name = f"{FOLDER}/{schema.title}.csv"
    if not (folder / name).exists():
        return None
    layer = read_layer(folder / name, name, "", faults)
    if layer is None:
        return []
    rows = check_rows(layer.header, layer.rows, schema, layer.place, faults, from_text=True)
    return [(row, layer.place) for row in rows]


def _closure(row: Row, place: Place, end_m: float, faults: list[Fault]) -> Closure | None:
    before = len(faults)
    days = [_day_of_year(row, name, place, faults) for name in ("closes", "opens")]
    for step in row.texts("steps"):
        if step not in STEPS:
            found = f'"{step}"{nearest(step, STEPS)}'
            faults.append(place.fault("steps of " + ", ".join(STEPS), found, column="steps", row=row.number))
    from_m, to_m = row.maybe("from_m"), row.maybe("to_m")
    if from_m is not None and from_m > end_m:
        expected = f"a chainage on the line, up to {end_m:.0f} m"
        faults.append(place.fault(expected, f"{from_m:.0f}", column="from_m", row=row.number))
    if not row.complete or len(faults) > before or days[0] is None or days[1] is None:
        return None
    try:
        return Closure(
            row.text("closure_id"),
            days[0],
            days[1],
            row.texts("steps"),
            -math.inf if from_m is None else from_m,
            math.inf if to_m is None else to_m,
            row.text("title"),
        )
    except ValueError as error:
        faults.append(place.fault("a sound closure", error, row=row.number))
        return None


def _day_of_year(row: Row, name: str, place: Place, faults: list[Fault]) -> MonthDay | None:
    if not row.has(name):
        return None
    found = _DAY.fullmatch(row.text(name))
    if found is None:
        faults.append(
            place.fault(f"a day of the year {DAY_OF_YEAR}", row.text(name), column=name, row=row.number)
        )
        return None
    return int(found[1]), int(found[2])


def _crew(row: Row, place: Place, known: Collection[str], faults: list[Fault]) -> Crew | None:
    if known and row.has("crew_id") and row.text("crew_id") not in known:
        crew_id = row.text("crew_id")
        expected = "a crew that a step needs: " + ", ".join(sorted(known))
        faults.append(
            place.fault(expected, f'"{crew_id}"{nearest(crew_id, known)}', column="crew_id", row=row.number)
        )
        return None
    return Crew(row.text("crew_id"), int(row.number_at("n")), row.text("title")) if row.complete else None
