"""The table of step estimates: what each step of the chain takes, by kind of equipment, with its reason.

    step, kind, low_days, mode_days, high_days, shape, growth, shared_with, crew_id, n_crew, source

`kind` empty is every kind without a row of its own. The shipped table holds assumptions and says so; a
project states its own figures in the same form.
"""

from __future__ import annotations

import csv
import io
from importlib.resources import files
from pathlib import Path
from typing import Literal, cast

from sarhad.errors import Fault, InputFaults
from sarhad.io.tables import Column, Place, Row, Schema, check_rows
from sarhad.model.equipment import MOUNT
from sarhad.model.schedule import SHAPES, STEPS, Duration, Shape, StepEstimate

ACTIVITIES = Schema(
    "activities",
    (
        Column("step", "text", "Step of the chain", required=True, choices=STEPS),
        Column("kind", "text", "Kind of equipment; empty for all others", default="", choices=tuple(MOUNT)),
        Column("low_days", "number", "Least calendar days of work", "days", required=True, low=0),
        Column("mode_days", "number", "Most likely calendar days of work", "days", required=True, low=0),
        Column("high_days", "number", "Most calendar days of work", "days", required=True, low=0),
        Column("shape", "text", "Distribution between them", default="pert", choices=SHAPES),
        Column("growth", "number", "Share added per further item or kilometre", default=0.0, low=0),
        Column(
            "shared_with", "text", "Whose slips it shares; empty for none", default="",
            choices=("donor", "producer"),
        ),
        Column("crew_id", "text", "Crew that does it; empty for none", default=""),
        Column("n_crew", "integer", "How many of the crew it takes", default=1, low=1),
        Column("source", "text", "Where the figures come from", required=True),
    ),
)  # fmt: skip


def read_activities(path: Path | None = None) -> tuple[StepEstimate, ...]:
    """Return the estimates of a table in its order; None reads the shipped assumptions.

    Raises InputFaults with every fault: cells, three points out of order, a step and kind that stand twice.
    """
    file, text = _open(path)
    reader = csv.DictReader(io.StringIO(text))
    place, faults = Place(file), list[Fault]()
    raw = [{name: cell for name, cell in line.items() if name is not None} for line in reader]
    found: dict[tuple[str, str], StepEstimate] = {}
    for row in check_rows(list(reader.fieldnames or ()), raw, ACTIVITIES, place, faults, from_text=True):
        if not row.complete:
            continue
        key = (row.text("step"), row.text("kind"))
        points = [row.number_at(name) for name in ("low_days", "mode_days", "high_days")]
        if points != sorted(points):
            found_words = ", ".join(f"{days:g}" for days in points)
            faults.append(place.fault("low <= mode <= high", found_words, column="mode_days", row=row.number))
        elif key in found:
            words = f"{key[0]} of {key[1] or 'all kinds'} again"
            faults.append(place.fault("each step and kind once", words, column="step", row=row.number))
        else:
            found[key] = _estimate(row)
    if faults:
        raise InputFaults(faults)
    return tuple(found.values())


def _open(path: Path | None) -> tuple[str, str]:
    if path is None:
        return "activities.csv", (files("sarhad") / "data" / "activities.csv").read_text(encoding="utf-8")
    try:
        return str(path), path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as problem:
        raise InputFaults.one(str(path), "a readable CSV file in UTF-8", problem) from problem


def _estimate(row: Row) -> StepEstimate:
    duration = Duration(
        row.number_at("low_days"),
        row.number_at("mode_days"),
        row.number_at("high_days"),
        shape=cast(Shape, row.text("shape")),
    )
    return StepEstimate(
        step=row.text("step"),
        kind=row.text("kind"),
        duration=duration,
        growth=row.number_at("growth"),
        shared_with=cast(Literal["", "donor", "producer"], row.text("shared_with")),
        crew_id=row.text("crew_id"),
        n_crew=int(row.number_at("n_crew")),
        reason=row.text("source"),
    )
