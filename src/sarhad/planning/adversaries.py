"""Who crosses matters: mean P_t of the line against each adversary, with the band over terrains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np

from sarhad.model.project import Project
from sarhad.planning.crossing import ADVERSARIES
from sarhad.planning.profile import terrain_columns
from sarhad.planning.summary import yearly


@dataclass(frozen=True, slots=True)
class Against:
    """Mean by length of the year's mean P_t; the band is the range over terrains, NaN of only one."""

    adversary: str
    p_timely: float
    band_low: float
    band_high: float


def against_each(
    project: Project, profile: gpd.GeoDataFrame, stretch_ids: Sequence[int] = ()
) -> list[Against]:
    """Return the means against the adversaries of a profile, of all stretches unless some are given."""
    found = []
    for adversary in ADVERSARIES:
        table = yearly(project, profile, adversary)
        if stretch_ids:
            table = table[table["stretch_id"].isin(stretch_ids)]
        table = table[table["p_timely"].notna()]
        if table.empty:
            continue
        length_m = table["length_m"].to_numpy()
        means = [
            float(np.average(table[column].to_numpy()[known], weights=length_m[known]))
            for column in terrain_columns(table)
            if (known := table[column].notna().to_numpy()).any()
        ]
        low, high = (min(means), max(means)) if len(means) > 1 else (float("nan"), float("nan"))
        found.append(Against(adversary, means[0], low, high))
    return found
