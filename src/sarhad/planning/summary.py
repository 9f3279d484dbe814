"""What a planner reads first (model section 3), worked out from a profile and its unseen gaps.

Kilometres and means weigh stretches by length; conditions by their share of the year; targets equally. The
band of a mean is the range of that mean over realisations of the terrain, each worked out by itself: narrower
than the mean of the rows' bands, whose ends no one terrain has all together.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import geopandas as gpd
import numpy as np
import pandas as pd

from sarhad.model.project import Project
from sarhad.planning.profile import label, terrain_columns

LABELS = ("closed", "thin", "open", "impassable")


@dataclass(frozen=True, slots=True)
class Reading:
    """Kilometres of line by label against the optimal adversary, and of unseen gap, in one case."""

    target: str
    condition: str
    closed_km: float
    thin_km: float
    open_km: float
    impassable_km: float
    gap_km: float


@dataclass(frozen=True, slots=True)
class AdversaryMean:
    """Mean over line, targets and the year against one adversary at one goal depth; `low` of the bracket."""

    adversary: str
    depth_m: float
    p_timely: float
    p_low: float
    p_detect: float
    band_low: float
    band_high: float


@dataclass(frozen=True, slots=True)
class Summary:
    """The first page: readings, means, what binds, and the terrain's KIND they stand on.

    `readings` are kilometres closed, thin, open, impassable and of gap, per target and condition; `means` are
    P_t per adversary and depth, over line, targets and the year.

    The worst condition has the least unaware mean, the costliest the most crossings missed in a year: its
    share of the year times one minus that mean.
    """

    length_km: float
    crossable_km: float
    terrain: str
    p_communication: float
    readings: tuple[Reading, ...]
    means: tuple[AdversaryMean, ...]
    worst_condition: str
    costliest_condition: str
    not_seen_km: float
    seen_too_late_km: float

    def as_dict(self) -> dict[str, object]:
        """Return plain values for JSON."""
        return asdict(self)


def summarise(project: Project, profile: gpd.GeoDataFrame, gap: gpd.GeoDataFrame) -> Summary:
    """Return the first page of a profile and its unseen gaps.

    The profile must hold the unaware and the optimal adversary.
    """
    table = pd.DataFrame(profile.drop(columns=["geometry", "route"]))
    table["length_m"] = table["chainage_to_m"] - table["chainage_from_m"]
    share = {c.condition_id: c.share for c in project.conditions}
    table["weight"] = table["length_m"] * table["condition"].map(share).astype(float)
    depth_m = project.settings.depth_m
    headline = table[table["depth_m"] == depth_m]
    stretches = table.drop_duplicates("stretch_id")
    crossable = table[table["p_timely"].notna()].drop_duplicates("stretch_id")
    unaware = headline[(headline["adversary"] == "unaware") & headline["p_timely"].notna()]
    by_condition = {  # each by itself, so that one of no share counts too
        str(name): float(np.average(rows["p_timely"], weights=rows["length_m"]))
        for name, rows in unaware.groupby("condition", sort=False)
    }
    missed = {name: share[name] * (1.0 - mean) for name, mean in by_condition.items()}
    bound = _yearly(unaware, project.settings.p_communication)
    return Summary(
        length_km=float(stretches["length_m"].sum() / 1000),
        crossable_km=float(crossable["length_m"].sum() / 1000),
        terrain=str(table["terrain"].iloc[0]),
        p_communication=project.settings.p_communication,
        readings=tuple(_readings(project, headline, gap)),
        means=tuple(_means(table)),
        worst_condition=min(by_condition, key=by_condition.__getitem__, default=""),
        costliest_condition=max(missed, key=missed.__getitem__, default=""),
        not_seen_km=float(bound.loc[bound["binds"] == "not seen", "length_m"].sum() / 1000),
        seen_too_late_km=float(bound.loc[bound["binds"] == "seen too late", "length_m"].sum() / 1000),
    )


def _readings(project: Project, headline: pd.DataFrame, gap: gpd.GeoDataFrame) -> list[Reading]:
    optimal = headline[headline["adversary"] == "optimal"]
    found = []
    for target in project.targets:
        for condition in project.conditions:
            chosen = (optimal["target"] == target.target_id) & (
                optimal["condition"] == condition.condition_id
            )
            rows = optimal[chosen]
            named = label(rows["p_timely"].to_numpy())
            km = {name: float(rows["length_m"].to_numpy()[named == name].sum() / 1000) for name in LABELS}
            holes = (gap["target"] == target.target_id) & (gap["condition"] == condition.condition_id)
            found.append(
                Reading(
                    target.target_id,
                    condition.condition_id,
                    closed_km=km["closed"],
                    thin_km=km["thin"],
                    open_km=km["open"],
                    impassable_km=km["impassable"],
                    gap_km=float(gap.loc[holes, "width_m"].sum() / 1000),
                )
            )
    return found


def _means(table: pd.DataFrame) -> list[AdversaryMean]:
    known = table[table["p_timely"].notna()]
    return [
        AdversaryMean(
            str(adversary),
            depth_m,
            p_timely=_mean(rows, "p_timely"),
            p_low=_mean(rows, "p_low"),
            p_detect=_mean(rows, "p_detect"),
            band_low=min(_terrain_means(rows)),
            band_high=max(_terrain_means(rows)),
        )
        for adversary, of_adversary in known.groupby("adversary", sort=False)
        for depth_m in sorted(of_adversary["depth_m"].unique().tolist())
        for rows in [of_adversary[of_adversary["depth_m"] == depth_m]]
    ]


def _mean(rows: pd.DataFrame, column: str) -> float:
    known = rows[rows[column].notna()]
    if not known["weight"].sum() > 0:
        return float("nan")
    return float(np.average(known[column], weights=known["weight"]))


def _terrain_means(rows: pd.DataFrame) -> list[float]:
    """Return the mean on each realisation of the terrain; NaN alone where these are not known."""
    if rows["band_low"].isna().any():
        return [float("nan")]
    means = [_mean(rows, column) for column in terrain_columns(rows)]
    return [mean for mean in means if not np.isnan(mean)] or [float("nan")]


def yearly(project: Project, profile: gpd.GeoDataFrame, adversary: str = "unaware") -> pd.DataFrame:
    """Return one row per stretch: time-weighted mean and worst over conditions of P_t at the headline depth.

    Columns: `stretch_id, chainage_from_m, chainage_to_m, length_m, p_timely, p_detect`, `p_timely_1` and so
    on for further realisations of the terrain, `band_low, band_high, binds, worst`; means over targets; NaN
    where the stretch cannot be crossed.
    """
    table = pd.DataFrame(profile.drop(columns=["geometry", "route"]))
    chosen = (table["adversary"] == adversary) & (table["depth_m"] == project.settings.depth_m)
    table = table[chosen].copy()
    share = {c.condition_id: c.share for c in project.conditions}
    table["length_m"] = table["chainage_to_m"] - table["chainage_from_m"]
    table["weight"] = table["length_m"] * table["condition"].map(share).astype(float)
    return _yearly(table, project.settings.p_communication)


def _yearly(table: pd.DataFrame, p_communication: float) -> pd.DataFrame:
    ends = ["stretch_id", "chainage_from_m", "chainage_to_m", "length_m"]
    terrains = terrain_columns(table)
    values = table[["p_timely", "p_detect", *terrains[1:]]]
    by_stretch = table["stretch_id"]
    weight = values.notna().mul(table["weight"], axis=0).groupby(by_stretch, sort=True).sum()
    sums = values.mul(table["weight"], axis=0).fillna(0.0).groupby(by_stretch, sort=True).sum()
    means = sums.div(weight.where(weight > 0))
    banded = table["band_low"].notna().groupby(by_stretch, sort=True).any()
    means["band_low"] = means[terrains].min(axis=1).where(banded)
    means["band_high"] = means[terrains].max(axis=1).where(banded)
    worst = table.groupby("stretch_id", sort=True)["p_timely"].min().rename("worst")
    late = means["p_detect"] - means["p_timely"] / p_communication
    binds = np.where(1.0 - means["p_detect"] >= late, "not seen", "seen too late")
    means["binds"] = np.where(means["p_timely"].isna(), "", binds)
    first = table[ends].drop_duplicates("stretch_id").set_index("stretch_id").sort_index()
    return first.join(means).join(worst).reset_index()
