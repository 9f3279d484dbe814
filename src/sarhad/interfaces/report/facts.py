"""What every sheet must say about its numbers, in plain words.

A number without these is not a result (model sections 3 and 6): P_t always names its adversary, its goal
depth, its conditions and the KIND of terrain it stands on, and a length always names its ruler.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import geopandas as gpd
import numpy as np
import pandas as pd

import sarhad
from sarhad.errors import InputFaults
from sarhad.interfaces.language import decimal, number, say, told, translated
from sarhad.interfaces.report.palette import kilometres, probability, share
from sarhad.interfaces.sentences import told_sentence
from sarhad.interfaces.vocabulary import words
from sarhad.io.terrain import open_terrain
from sarhad.model.project import Project
from sarhad.planning.profile import terrain_columns

TEXT = translated(
    {
        "measure.lead": "Pₜ",
        "measure": "is the probability that a crossing is detected early enough to be met. It cannot exceed "
        "{ceiling} here: the share of alarms that are assessed and passed on (P_C).",
        "measure.reported": "is the probability that a crossing is seen and reported; nobody is sent to meet "
        "it. It cannot exceed {ceiling} here: the share of alarms that are assessed and passed on (P_C).",
        "adversary.lead": "Who crosses:",
        "adversary.unaware": "somebody who knows the ground but not the sensors (unaware);",
        "adversary.aware": "somebody who knows where it is watched and avoids it within reason (aware);",
        "adversary.optimal": "the worst case, somebody who knows everything (optimal);",
        "adversary.fastest": "somebody who takes the fastest way (fastest);",
        "targets": "mean of {targets}.",
        "goals.depth": "The goal lies {depth} km inside.",
        "goals.layer": "Goals are the places given by the project.",
        "year.lead": "When:",
        "year": (
            "mean over the year in {n} condition: {lights}; {weathers}.",
            "mean over the year in {n} conditions: {lights}; {weathers}.",
        ),
        "year.one": "in one condition: {name}.",
        "terrain.lead": "Terrain: {kind}.",
        "terrain.real": "A model of real relief, about as fine as the cells of the computation or finer.",
        "terrain.refined": "A coarser model of real relief, interpolated: what is hidden is not certain "
        "place by place, and bands show how far another likely relief would move a value.",
        "terrain.synthetic": "Made up: nothing here describes a real place.",
        "terrain.user": "Heights supplied by the project.",
        "terrain.source": "Source: {source}; vertical datum: {datum}.",
        "cells": "Computed on cells of {cell} m, stretches of {stretch} km.",
        "ruler.lead": "Ruler:",
        "ruler": "{length} km along this line, mean step {step} m between vertices; another ruler gives "
        "another length. Source: {source}.",
        "ruler.official": "Official chainage by the project's calibration.",
        "notes.lead": "Note:",
        "notes.reported": "Observation only: P_t is the probability that a crossing is seen and reported.",
        "notes.service": "Assets entered as planned, delivered or silent are not in service and count for "
        "nothing.",
        "made": "Sarhad {version}, inputs {digest}",
        "case": "{target}, {condition}",
        "case.none": "no hole found",
        "share": "{name} {share}",
    }
)

COLUMNS = (
    "stretch_id",
    "chainage_from_m",
    "chainage_to_m",
    "length_m",
    "p_timely",
    "p_detect",
    "band_low",
    "band_high",
    "binds",
    "worst",
)
HOLE_COLUMNS = ("target", "condition", "chainage_m", "width_m", "chainage_from_m", "chainage_to_m")


def check_tables(
    project: Project, tables: Mapping[str, pd.DataFrame | None], holes: gpd.GeoDataFrame
) -> None:
    """Refuse tables that are not one row per stretch of this project, or holes of more than one case.

    Raises:
        InputFaults: with what was expected and what was found.
    """
    n_stretch = len(project.line.stretches(project.settings.stretch_m))
    for name, table in tables.items():
        if table is None:
            continue
        missing = [column for column in COLUMNS if column not in table.columns]
        if missing:
            raise InputFaults.one(name, f"columns {', '.join(COLUMNS)}", f"no {', '.join(missing)}")
        if list(table["stretch_id"]) != list(range(n_stretch)):
            raise InputFaults.one(name, f"one row for each of {n_stretch} stretches", f"{len(table)} rows")
    missing = [column for column in HOLE_COLUMNS if column not in holes.columns]
    if missing:
        raise InputFaults.one("holes", f"columns {', '.join(HOLE_COLUMNS)}", f"no {', '.join(missing)}")
    n_case = len(holes[["target", "condition"]].drop_duplicates())
    if n_case > 1:
        raise InputFaults.one("holes", "holes of one target and condition", f"{n_case} cases")


def mean_p(table: pd.DataFrame) -> float:
    """Return the mean of P_t by length over what can be crossed; NaN where nothing can."""
    known = table[table["p_timely"].notna()]
    return float(np.average(known["p_timely"], weights=known["length_m"])) if len(known) else float("nan")


def band_of_mean(table: pd.DataFrame) -> tuple[float, float]:
    """Return the least and the largest mean, by length, on any realisation of the terrain."""
    means = []
    for column in terrain_columns(table):
        known = table[table[column].notna()]
        means += [float(np.average(known[column], weights=known["length_m"]))] if len(known) else []
    return (min(means), max(means)) if means else (float("nan"), float("nan"))


def case_of(holes: gpd.GeoDataFrame) -> str:
    """Return the one case that holes belong to, in words."""
    if not len(holes):
        return TEXT["case.none"]
    first = holes.iloc[0]
    return TEXT["case"].format(target=words(first["target"]), condition=words(first["condition"]))


def district_at(project: Project, chainage_m: float) -> str:
    """Return the district at a chainage or nearest to it; empty where none is within a stretch's length."""

    def away_m(k: int) -> float:
        one = project.districts[k]
        return max(one.from_m - chainage_m, chainage_m - one.to_m, 0.0)

    near = [k for k in range(len(project.districts)) if away_m(k) <= project.settings.stretch_m]
    return told(project, project.districts[min(near, key=away_m)].name) if near else ""


def statements(project: Project, adversary: str) -> list[tuple[str, str]]:
    """Return the paragraphs (lead, text) that make the sheet's numbers results."""
    settings, line = project.settings, project.line
    kind = open_terrain(project.terrain, settings).kind
    goal = f"goals.{project.goals.kind}"
    crosser = " ".join(
        [
            TEXT[f"adversary.{adversary}"],
            TEXT["targets"].format(targets=", ".join(words(t.target_id) for t in project.targets)),
            TEXT[goal].format(depth=kilometres(settings.depth_m, 0)),
        ]
    )
    terrain = " ".join(
        [
            TEXT[f"terrain.{kind}"],
            TEXT["terrain.source"].format(
                source=told(project, project.terrain.source).rstrip("."),
                datum=told(project, project.terrain.vertical_datum),
            ),
            TEXT["cells"].format(cell=number(settings.cell_m), stretch=number(settings.stretch_m / 1000)),
        ]
    )
    ruler = TEXT["ruler"].format(
        length=kilometres(line.length_m),
        step=decimal(line.vertex_step_m),
        source=told(project, line.source).rstrip("."),
    )
    if line.calibration:
        ruler = f"{ruler} {TEXT['ruler.official']}"
    return [
        (
            TEXT["measure.lead"],
            by_worth(TEXT, "measure", project).format(ceiling=probability(settings.p_communication)),
        ),
        (TEXT["adversary.lead"], crosser),
        (TEXT["year.lead"], _year(project)),
        (TEXT["terrain.lead"].format(kind=words(kind)), terrain),
        (TEXT["ruler.lead"], ruler),
        *((TEXT["notes.lead"], told(project, told_sentence(say(note)))) for note in project.notes),
    ]


def by_worth(table: Mapping[str, str], key: str, project: Project) -> str:
    """Return a text as it reads for what a first detection is worth: `key.reported`, if there is one."""
    return table.get(f"{key}.{project.settings.worth}") or table[key]


def made_by(project: Project) -> str:
    """Return the version that drew a sheet and a digest of the project's input files."""
    digest = hashlib.sha256(repr(sorted(project.hashes.items())).encode()).hexdigest()[:12]
    return TEXT["made"].format(version=sarhad.__version__, digest=digest)


def _year(project: Project) -> str:
    conditions = project.conditions
    if len(conditions) == 1:
        return TEXT["year.one"].format(name=words(conditions[0].condition_id))
    lights: dict[str, float] = {}
    weathers: dict[str, float] = {}
    for one in conditions:
        lights[one.light] = lights.get(one.light, 0.0) + one.share
        weathers[one.weather] = weathers.get(one.weather, 0.0) + one.share
    listed = [
        ", ".join(TEXT["share"].format(name=words(name), share=share(part)) for name, part in found.items())
        for found in (lights, weathers)
    ]
    return TEXT.count("year", len(conditions)).format(lights=listed[0], weathers=listed[1])
