"""Writes a forecast: tables and layers of every quarter, JSON, fan chart, manifest.

`forecast/results/` holds `profile.parquet` (every quarter, stretch, target, condition and adversary),
`stretches.parquet` (GeoParquet: the year's mean by quarter and stretch), `results.gpkg` with a layer for each
quarter, `forecast.json`, `fan_chart.png` and `.pdf`, and `manifest.json`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from sarhad.interfaces.language import told, translated
from sarhad.interfaces.report.fan_chart import draw_fan_chart
from sarhad.interfaces.vocabulary import words
from sarhad.io.results import manifest, results_folder, write_json, write_layers
from sarhad.model.project import Project
from sarhad.planning.forecast import Forecast, Late
from sarhad.planning.profile import stretch_line

FOLDER = "forecast"
TEXT = translated(
    {
        "measure": "Protected: length of each stretch times its P_t, the year's mean over conditions and "
        "targets, goals {depth:g} km in, against the {adversary} adversary. Terrain: {terrain}.",
    }
)
N_STRETCH = 20


def deliver_forecast(
    project: Project,
    found: Forecast,
    folder: Path,
    *,
    n_draws: int,
    adversary: str,
    promised_km: np.ndarray[Any, np.dtype[np.float64]] | None = None,
    draws: Mapping[str, object],
    command: Sequence[str],
) -> Path:
    """Write a forecast into the project's folder and return where it lies; all of it or nothing.

    `promised_km` (quarter,) stands beside the fan where known; `draws` say in the manifest what was drawn,
    `command` the words that give it again.
    """
    goal = folder / FOLDER
    goal.mkdir(exist_ok=True)
    with results_folder(goal) as part:
        found.profile.to_parquet(part / "profile.parquet", compression="zstd", index=False)
        stretches = _with_geometry(project, found.stretches)
        stretches.to_parquet(part / "stretches.parquet", compression="zstd", index=False)
        write_layers(part, {str(day): _layer(stretches, day) for day in found.quarters})
        write_json(part, "forecast.json", as_dict(found))
        stood_on = manifest(project, found.terrain, command=command)
        write_json(part, "manifest.json", {**stood_on, "draws": dict(draws)})
        measure = TEXT["measure"].format(
            depth=project.settings.depth_m / 1000, adversary=words(adversary), terrain=words(found.terrain)
        )
        draw_fan_chart(
            fan_of(found, promised_km),
            [part / f"fan_chart.{kind}" for kind in ("png", "pdf")],
            title=told(project, project.title),
            length_km=found.crossable_km,
            n_draws=n_draws,
            measure=measure,
        )
    return goal / "results"


def fan_of(found: Forecast, promised_km: np.ndarray[Any, np.dtype[np.float64]] | None) -> pd.DataFrame:
    """Return protected kilometres by date as the fan chart wants them, today first."""
    line = found.line[found.line["quarter"] > found.start]
    today_km = found.standing_km
    columns = {"day": [found.start, *line["quarter"]]}
    for label in ("p10", "p50", "p90"):
        columns[f"{label}_km"] = [today_km, *line[f"protected_km_{label}"]]
    if promised_km is not None:
        columns["promised_km"] = [today_km, *promised_km[-len(line) :].tolist()]
    return pd.DataFrame(columns)


def as_dict(found: Forecast) -> dict[str, Any]:
    """Return a forecast as plain values for JSON: the line, the items, what speed-up and delay do."""
    return {
        "start": found.start.isoformat(),
        "crossable_km": found.crossable_km,
        "standing_km": found.standing_km,
        "terrain": found.terrain,
        "gained_km_days": _three(found.gained_km_days, found.gained_km_days_mean),
        "line": _rows(found.line),
        "items": _rows(found.items),
        "fastest_wins": found.fastest_wins()["item_id"].tolist(),
        "late": [_late(one) for one in found.late],
    }


def _late(one: Late) -> dict[str, Any]:
    return {
        "name": one.name,
        "lost_km_days": _three(one.lost_km_days, one.lost_km_days_mean),
        "line": _rows(one.line),
        "stretches": _rows(one.stretches.head(N_STRETCH)),
    }


def _three(quantiles: tuple[float, float, float], mean: float) -> dict[str, float]:
    return {**dict(zip(("p10", "p50", "p90"), quantiles, strict=True)), "mean": mean}


def _rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return rows with dates as text."""
    rows = table.to_dict(orient="records")
    return [{str(k): v.isoformat() if isinstance(v, date) else v for k, v in row.items()} for row in rows]


def _with_geometry(project: Project, table: pd.DataFrame) -> gpd.GeoDataFrame:
    stretches = project.line.stretches(project.settings.stretch_m)
    lines = np.array([stretch_line(project.line, one) for one in stretches], dtype=object)
    return gpd.GeoDataFrame(table, geometry=lines[table["stretch_id"].to_numpy()], crs="EPSG:4326")


def _layer(stretches: gpd.GeoDataFrame, day: date) -> gpd.GeoDataFrame:
    mine = stretches[stretches["quarter"] == day]
    return mine.assign(quarter=str(day)).reset_index(drop=True)
