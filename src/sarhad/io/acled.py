"""ACLED's event files, in and out: the columns that are kept come back as they were.

Columns as in ACLED's codebook of 2024. Names of actors and notes are left out: actors enter as a class
(`inter1`, `inter2`: state forces, rebel group, ...), and free text may name persons; who has read the notes
may keep them. Columns that no one knows are reported, not kept. An event lies on the line where its point is
near enough; its range is as wide as the geographical precision says: 1 exact, 2 +- 10 km, 3 +- 50 km.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import as_file, files
from pathlib import Path

from sarhad.errors import Fault, InputFaults
from sarhad.io.claim_files import write_rows
from sarhad.io.gazetteer import on_line
from sarhad.io.tables import Column, Place, Row, Schema, check_rows, nearest
from sarhad.io.vector import read_layer
from sarhad.model.incident import Incident, IncidentKind
from sarhad.model.line import Line
from sarhad.model.record import OnLine

INTER = (
    "State forces",
    "Rebel group",
    "Political militia",
    "Identity militia",
    "Rioters",
    "Protesters",
    "Civilians",
    "External/Other forces",
)
_CLASSES = (*INTER, *(str(k) for k in range(9)))
_PRECISION_M = {"1": 0.0, "2": 10_000.0, "3": 50_000.0}

ACLED = Schema(
    "acled",
    (
        Column("event_id_cnty", "text", "Id of the event", required=True),
        Column("event_date", "text", "Day: 2021-07-05 or 05 July 2021", required=True),
        Column("year", "integer", "Year", low=1900, high=2200),
        Column("time_precision", "integer", "1 day, 2 week, 3 month", low=1, high=3),
        Column("disorder_type", "text", "Type of disorder"),
        Column("event_type", "text", "Type of event", required=True),
        Column("sub_event_type", "text", "Its subtype", required=True),
        Column("inter1", "text", "Class of the first actor", choices=_CLASSES),
        Column("inter2", "text", "Class of the second actor", choices=_CLASSES),
        Column("interaction", "text", "Classes of both"),
        Column("civilian_targeting", "text", "Whether civilians were the main target"),
        Column("iso", "integer", "Code of the country", low=0, high=999),
        Column("region", "text", "Region of the world"),
        Column("country", "text", "Country"),
        Column("admin1", "text", "Province"),
        Column("admin2", "text", "District"),
        Column("admin3", "text", "Third level"),
        Column("location", "text", "Name of the place"),
        Column("latitude", "number", "Latitude (WGS84)", "deg", required=True, low=-90, high=90),
        Column("longitude", "number", "Longitude (WGS84)", "deg", required=True, low=-180, high=180),
        Column("geo_precision", "integer", "1 exact, 2 near, 3 region", low=1, high=3),
        Column("source", "text", "Sources, parted by semicolons"),
        Column("source_scale", "text", "Their scale"),
        Column("fatalities", "integer", "Reported dead", low=0),
        Column("tags", "text", "Further codes"),
        Column("timestamp", "integer", "When the row was last changed", low=0),
    ),
    key="event_id_cnty",
)
KEPT = tuple(column.name for column in ACLED.columns)
LEFT_OUT = ("actor1", "assoc_actor_1", "actor2", "assoc_actor_2", "notes")
KINDS = Schema(
    "incident kinds",
    (
        Column("kind", "text", "Name of the kind", required=True),
        Column("severity", "number", "Weight in the threat", required=True, low=0, high=1),
        Column("acled_event_type", "text", "ACLED's event type", default=""),
        Column("acled_sub_event_type", "text", "ACLED's sub-event type", default=""),
        Column("properties", "text", "Properties of claims that state it, parted by semicolons", default=""),
    ),
    key="kind",
)

_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec"
_WORDED = re.compile(r"(\d{1,2})[ -]([A-Za-z]{3})[a-z]*[ -](\d{4})")


@dataclass(frozen=True, slots=True)
class AcledFile:
    """What a file gave: incidents, the columns left out and those unknown, ids of events off the line."""

    incidents: tuple[Incident, ...]
    left_out: tuple[str, ...]
    unknown: tuple[str, ...]
    off_line: tuple[str, ...]


def read_incident_kinds() -> Mapping[str, IncidentKind]:
    """Return the shipped kinds of incident; raises InputFaults."""
    faults: list[Fault] = []
    with as_file(files("sarhad").joinpath("data/incident_kinds.csv")) as path:
        layer = read_layer(path, path.name, "", faults)
        rows = [] if layer is None else check_rows(
            layer.header, layer.rows, KINDS, layer.place, faults, from_text=True
        )  # fmt: skip
    if faults:
        raise InputFaults(faults)
    kinds = (
        IncidentKind(
            row.text("kind"),
            row.number_at("severity"),
            row.text("acled_event_type"),
            row.text("acled_sub_event_type"),
            tuple(name for name in row.text("properties").split(";") if name),
        )
        for row in rows
    )
    return {one.kind: one for one in kinds}


def read_acled(
    path: Path,
    line: Line,
    kinds: Mapping[str, IncidentKind],
    *,
    reach_m: float = 50_000.0,
    keep_notes: bool = False,
) -> AcledFile:
    """Return the incidents of an ACLED file (CSV).

    Events farther than `reach_m` from the line are kept without a place. Raises InputFaults with every fault
    of every row: dates, types that ACLED does not have, numbers out of range, ids that repeat.
    """
    faults: list[Fault] = []
    layer = read_layer(path, path.name, "", faults)
    if layer is None:
        raise InputFaults(faults)
    rows = check_rows(layer.header, layer.rows, ACLED, layer.place, faults, from_text=True)
    notes = ("notes",) if keep_notes else ()
    kind_of = {(one.event_type, one.sub_event_type): one.kind for one in kinds.values() if one.event_type}
    found: list[tuple[Row, str, datetime, dict[str, str]]] = []
    for row in rows:
        if row.complete:
            columns = {
                name: str(layer.rows[row.number - 1][name]).strip()
                for name in (*KEPT, *notes)
                if name in layer.header
            }
            for name in ("inter1", "inter2"):
                if columns.get(name, "").isdigit():
                    columns[name] = "" if columns[name] == "0" else INTER[int(columns[name]) - 1]
            when, kind = _date(row, layer.place, faults), _kind(row, kind_of, layer.place, faults)
            columns["event_date"] = when.date().isoformat()
            found.append((row, kind, when, columns))
    if faults:
        raise InputFaults(faults)
    places = _places([columns for _, _, _, columns in found], line, reach_m)
    incidents = tuple(
        Incident(row.text("event_id_cnty"), kind, when, place, columns)
        for (row, kind, when, columns), place in zip(found, places, strict=True)
    )
    header = set(layer.header)
    return AcledFile(
        incidents,
        tuple(name for name in LEFT_OUT if name in header and name not in notes),
        tuple(sorted(header - {*KEPT, *LEFT_OUT})),
        tuple(one.incident_id for one in incidents if one.place is None),
    )


def _date(row: Row, place: Place, faults: list[Fault]) -> datetime:
    text = row.text("event_date")
    match = _WORDED.fullmatch(text)
    try:
        if match:
            month = _MONTHS.split(" ").index(match[2].lower()) + 1
            return datetime(int(match[3]), month, int(match[1]), tzinfo=UTC)
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        faults.append(place.fault("2021-07-05 or 05 July 2021", text, column="event_date", row=row.number))
        return datetime(1970, 1, 1, tzinfo=UTC)


def _kind(row: Row, kind_of: Mapping[tuple[str, str], str], place: Place, faults: list[Fault]) -> str:
    pair = row.text("event_type"), row.text("sub_event_type")
    if pair not in kind_of:
        known = [sub for event, sub in kind_of if event == pair[0]]
        subs = known or sorted({event for event, _ in kind_of})
        column = "sub_event_type" if known else "event_type"
        found = row.text(column)
        expected = "one of " + ", ".join(subs)
        faults.append(place.fault(expected, f"{found}{nearest(found, subs)}", column=column, row=row.number))
        return "other"
    return kind_of[pair]


def _places(rows: list[dict[str, str]], line: Line, reach_m: float) -> list[OnLine | None]:
    """Return the place of each event by its point and precision; None where it is off the line."""
    if not rows:
        return []
    lon_deg = [float(columns["longitude"]) for columns in rows]
    lat_deg = [float(columns["latitude"]) for columns in rows]
    from sarhad.io.placing import place_on_line  # heavy, and only events that come in are placed

    chainage_m, offset_m = place_on_line(line, lon_deg, lat_deg)
    first_m, last_m = line.parts[0].from_m, line.parts[-1].to_m
    found: list[OnLine | None] = []
    for columns, at_m, off_m in zip(rows, chainage_m.tolist(), offset_m.tolist(), strict=True):
        margin_m = _PRECISION_M[columns.get("geo_precision") or "1"]
        ends = max(first_m, at_m - margin_m), min(last_m, at_m + margin_m)
        found.append(on_line(line, *ends, off_m) if abs(off_m) <= reach_m else None)
    return found


def write_acled(path: Path, incidents: Iterable[Incident], kinds: Mapping[str, IncidentKind]) -> None:
    """Write incidents with ACLED's columns, whole or not at all.

    What came from ACLED goes back as it was kept; an incident of our own gets its type, date and id.
    """
    held = list(incidents)
    names = [name for name in (*KEPT, "notes") if any(name in one.columns for one in held)]
    header = list(dict.fromkeys(["event_id_cnty", "event_date", "event_type", "sub_event_type", *names]))
    order = {name: k for k, name in enumerate((*KEPT, "notes"))}
    header.sort(key=lambda name: order[name])
    rows = []
    for one in held:
        known = kinds.get(one.kind)
        own = {
            "event_id_cnty": one.incident_id,
            "event_date": one.happened_at.date().isoformat(),
            "event_type": known.event_type if known else "",
            "sub_event_type": known.sub_event_type if known else "",
        }
        rows.append([{**own, **one.columns}.get(name, "") for name in header])
    write_rows(path, header, rows)
