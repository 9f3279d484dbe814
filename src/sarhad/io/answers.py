"""Reads back what `sarhad profile`, `plan` and `demo` wrote, and refuses what belongs to other inputs."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import rasterio

from sarhad.errors import Fault, InputFaults
from sarhad.io.plans import read_plan_result
from sarhad.io.results import RESULTS, file_hashes
from sarhad.model.plan import PlanResult
from sarhad.model.project import Project

SUMMARY, MANIFEST, PLAN, SENSITIVITY = "summary.json", "manifest.json", "plan.json", "sensitivity.json"
VALIDATION = "validation.json"
_COMMAND = {SENSITIVITY: "sensitivity", VALIDATION: "validate"}
PROFILE, LAYERS = "profile.parquet", "results.gpkg"
_TERRAIN = re.compile(r"p_timely_\d+")


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """The results folder of a project, read back.

    `project` has the settings and notes that the results were computed with. `documents` are the JSON files
    by name. `before` and `after` are tables of `sarhad.planning.summary.yearly`, `after` None without a plan.
    """

    folder: Path
    project: Project
    documents: Mapping[str, Mapping[str, Any]]
    profile: gpd.GeoDataFrame
    before: pd.DataFrame
    after: pd.DataFrame | None
    holes: gpd.GeoDataFrame
    result: PlanResult | None

    @property
    def last(self) -> pd.DataFrame:
        """The table of the last set of assets: with the plan where there is one."""
        return self.before if self.after is None else self.after


def read_answers(project: Project) -> Answers:
    """Return the results of a project.

    Raises:
        InputFaults: where results are missing, are not as `sarhad plan` writes them, or come from other
            inputs than the project now has; all such faults at once.
    """
    folder = project.folder / RESULTS
    again = f"what `sarhad plan {project.folder}` writes"
    missing = [name for name in (SUMMARY, MANIFEST, PROFILE, LAYERS) if not (folder / name).is_file()]
    if missing:
        raise InputFaults(Fault(f"{RESULTS}/{name}", "", 0, "", again, "no such file") for name in missing)
    names = [name for name in (SUMMARY, MANIFEST, PLAN, SENSITIVITY, VALIDATION) if (folder / name).is_file()]
    documents = {name: _document(folder / name, again) for name in names}
    manifest = documents[MANIFEST]
    _check_inputs(project, MANIFEST, manifest, again)
    for name in (SENSITIVITY, VALIDATION):
        if name in documents:
            command = f"what `sarhad {_COMMAND[name]} {project.folder}` writes"
            _check_inputs(project, name, documents[name].get("manifest", {}), command)
    result = read_plan_result(folder / PLAN) if PLAN in documents else None
    profile = gpd.read_parquet(folder / PROFILE)
    stretches = pyogrio.read_dataframe(folder / LAYERS, layer="stretches")
    lacking = [
        name for name in profile.columns if _TERRAIN.fullmatch(name) and f"{name}_before" not in stretches
    ]
    if lacking:
        raise InputFaults.one(f"{RESULTS}/{LAYERS}", again, f"no column {lacking[0]}_before")
    layers = {str(name) for name, _ in pyogrio.list_layers(folder / LAYERS)}
    holes = _NO_HOLES if "holes" not in layers else pyogrio.read_dataframe(folder / LAYERS, layer="holes")
    return Answers(
        folder=folder,
        project=_as_computed(project, manifest),
        documents=documents,
        profile=profile,
        before=_yearly(stretches, "_before"),
        after=None if result is None else _yearly(stretches, "_after"),
        holes=holes,
        result=result,
    )


def read_coverage(folder: Path, condition_id: str) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Return a coverage raster (row, col) of a results folder: per cent, 255 outside the band."""
    with rasterio.open(folder / "coverage" / f"{condition_id}.tif") as data:
        percent: np.ndarray[tuple[int, ...], np.dtype[np.uint8]] = data.read(1)
    return percent


def result_hashes(answers: Answers) -> dict[str, str]:
    """Return the SHA-256 of every file of the results that a report is made of, by its name there."""
    rasters = {f"coverage/{condition.condition_id}.tif" for condition in answers.project.conditions}
    wanted = {*answers.documents, PROFILE, LAYERS, *rasters}
    return {name: digest for name, digest in file_hashes(answers.folder).items() if name in wanted}


def _document(path: Path, again: str) -> Mapping[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputFaults.one(f"{RESULTS}/{path.name}", again, error) from error
    if not isinstance(found, dict):
        raise InputFaults.one(f"{RESULTS}/{path.name}", again, type(found).__name__)
    return found


def _check_inputs(project: Project, file: str, manifest: Mapping[str, Any], again: str) -> None:
    """Refuse results of other inputs: a report must never mix two projects."""
    then = manifest.get("inputs_sha256", {})
    faults = [
        Fault(f"{RESULTS}/{file}", "inputs_sha256", 0, name, again, f"results of another {name}")
        for name in sorted({*then, *project.hashes})
        if then.get(name) != project.hashes.get(name)
    ]
    if faults:
        raise InputFaults(faults)


def _as_computed(project: Project, manifest: Mapping[str, Any]) -> Project:
    values = {key: tuple(v) if isinstance(v, list) else v for key, v in manifest["settings"].items()}
    settings = replace(project.settings, **cast(dict[str, Any], values))
    return replace(project, settings=settings, notes=tuple(manifest["notes"]))


def _yearly(stretches: pd.DataFrame, side: str) -> pd.DataFrame:
    """Return one side of the layer of stretches as a table of its own."""
    ends = ["stretch_id", "chainage_from_m", "chainage_to_m", "length_m"]
    own = [name for name in stretches.columns if str(name).endswith(side)]
    table = pd.DataFrame(stretches[[*ends, *own]]).rename(columns=lambda name: str(name).removesuffix(side))
    table["binds"] = table["binds"].fillna("")
    plain = [name for name in table.columns if not _TERRAIN.fullmatch(str(name))]
    return table[[*plain, *(name for name in table.columns if name not in plain)]]


_NO_HOLES = gpd.GeoDataFrame(
    {
        name: []
        for name in ("target", "condition", "chainage_m", "width_m", "chainage_from_m", "chainage_to_m")
    },
    geometry=[],
    crs="EPSG:4326",
)
