"""Doubts: values that no rule forbids and that can hardly be meant. `data/plausibility.csv` holds the bounds.

A rule measures something of every row of a section; a row whose value lies outside the rule's bounds is a
doubt, with the reason. Doubts stop nothing. They are looked for where there are no faults.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cache, partial
from importlib.resources import files

import numpy as np

from sarhad.errors import Fault
from sarhad.io import plausible_ground as ground
from sarhad.io import plausible_words as words
from sarhad.io.equipment import read_equipment
from sarhad.io.mosaic import lay_mosaics
from sarhad.io.plausible_words import Measure
from sarhad.io.reading import PROJECT_FILE, parse
from sarhad.io.scene import Scene
from sarhad.io.tables import Place
from sarhad.model.project import Project


@dataclass(frozen=True, slots=True, order=True)
class Doubt:
    """What is doubted, by the place, the expectation and the finding of a fault; by which rule, and why."""

    said: Fault
    rule: str
    why: str

    def as_row(self) -> dict[str, object]:
        """Return it as one flat row."""
        return {**asdict(self.said), "rule": self.rule, "why": self.why}


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the table: what of which section should lie within which bounds."""

    rule: str
    section: str
    column: str
    low: float
    high: float
    expected: str
    why: str


@cache
def plausibility_rules() -> tuple[Rule, ...]:
    """Return the rules of `data/plausibility.csv` in its order."""
    text = files("sarhad").joinpath("data/plausibility.csv").read_text(encoding="utf-8")
    return tuple(
        Rule(
            row["rule"],
            row["section"],
            row["column"],
            float(row["low"] or -math.inf),
            float(row["high"] or math.inf),
            row["expected"],
            row["why"],
        )
        for row in csv.DictReader(text.splitlines())
    )


MEASURES: Mapping[str, Measure] = {
    **{f"team_{name}": measure for name, measure in words.TIMES.items()},
    **{f"{one}_slope": ground.slope for one in ("team", "asset", "site")},
    **{f"{one}_in_water": ground.water for one in ("team", "asset", "site")},
    **{f"{one}_twice": ground.twice for one in ("asset", "site")},
    **{f"condition_{name}": measure for name, measure in words.CONDITIONS.items()},
    "asset_mast": words.ASSET_MAST,
    "asset_availability": words.ASSET_AVAILABILITY,
    "asset_range": ground.asset_range,
    "asset_side": ground.side,
    "site_accepts": words.site_accepts,
    "type_cost": words.type_cost,
    "type_optics": words.type_optics,
    "type_range": ground.type_range,
    "type_used": words.type_used,
    "stock_offered": words.stock_offered,
    "budget_least": words.budget_least,
    "target_walks": words.target_walks,
    "terrain_cell": words.terrain_cell,
    "terrain_zero": ground.terrain_zero,
    "line_backwards": words.line_backwards,
    "line_calibration": words.line_calibration,
}


def find_doubts(project: Project) -> tuple[Doubt, ...]:
    """Return what is doubtful about a project without faults, sorted by place."""
    scene = _scene(project)
    found = [doubt for rule in plausibility_rules() for doubt in _broken(rule, scene)]
    return tuple(sorted(found))


def _broken(rule: Rule, scene: Scene) -> Iterator[Doubt]:
    measured = MEASURES[rule.rule](scene, rule.section)
    place = scene.places[rule.section]
    for k in np.flatnonzero((measured.value < rule.low) | (measured.value > rule.high)).tolist():
        row = k + 1 if measured.by_row else 0
        said = place.fault(rule.expected, measured.said(k), column=rule.column, row=row)
        yield Doubt(said, rule.rule, rule.why)


def _scene(project: Project) -> Scene:
    document = parse(project.folder)
    sections = document if isinstance(document, Mapping) else {}
    place_of = partial(_place_of, sections)
    places = {rule.section: place_of(rule.section) for rule in plausibility_rules()}
    places["condition"] = place_of("condition" if "condition" in sections else "conditions")
    shipped = read_equipment(None)
    own = tuple(name for name, one in project.equipment.items() if shipped.get(name) != one)
    return Scene(project, places, lay_mosaics(project.terrain.paths), own)


def _place_of(sections: Mapping[str, object], section: str) -> Place:
    """Return the place of a section's rows: its file and layer where its rows stand in one."""
    raw = sections.get(section)
    file = raw.get("file") if isinstance(raw, Mapping) else None
    if section in {"terrain", "line"} or not isinstance(raw, Mapping) or not isinstance(file, str):
        return Place(PROJECT_FILE, section)
    return Place(file, str(raw.get("layer", "")))
