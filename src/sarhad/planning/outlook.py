"""All stretches of a line with their lattices, followed through draws of the days on which items work.

Sums by draw are kept for quantiles of the whole line, counts of what stands for quantiles of each stretch.
Figures that a bundle leaves open are taken at their lower end, once all of it is there; the upper end, once
any of it is, gives the width.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sarhad.errors import NoGoalReachable
from sarhad.kernels import arrival
from sarhad.kernels.arrival import Clock, Totals
from sarhad.model.project import Project
from sarhad.planning.lattice import Against, Bits, SectorLattice
from sarhad.planning.pool import cases
from sarhad.planning.profile import CLOSED_ABOVE, OPEN_BELOW

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

SHARES = (0.1, 0.5, 0.9)
QUANTILES = ("p10", "p50", "p90")


@dataclass(frozen=True, slots=True, eq=False)
class Followed:
    """One set of draws followed along the line: sums by draw, and by stretch what stood, when and how long.

    `count` and `most` by stretch: (date, set) draws, with the bundle there once all of it is and once any is.
    `spent` by stretch: (set,) mean days. `sooner_km_days` (item,). `width_km` (date,).
    """

    totals: Totals
    count: list[I64]
    most: list[I64]
    spent: list[F64]
    sooner_km_days: F64
    width_km: F64


class Outlook:
    """All stretches with their lattices and the year's mean of the first adversary asked for."""

    def __init__(self, project: Project, known: Sequence[SectorLattice], against: Sequence[Against]) -> None:
        stretches = project.line.stretches(project.settings.stretch_m)
        self.against, self.cases = against, cases(project)
        self.ids = np.concatenate([one.stretch for one in known])
        self.bits: list[Bits] = [bits for one in known for bits in one.bits]
        self.worth = {name: [rows for one in known for rows in one.worth[name]] for name in against}
        share = np.array([c.share for c in project.conditions] * len(project.targets))
        self.year = [_mean_of_cases(rows, share) for rows in self.worth[against[0]]]
        self.from_m = np.array([stretches[k].from_m for k in self.ids])
        self.to_m = np.array([stretches[k].to_m for k in self.ids])
        crossable = np.array([not np.isnan(year).any() for year in self.year])
        if not crossable.any():
            raise NoGoalReachable("no target can reach a goal from the line in any season")
        self.length_km = np.where(crossable, (self.to_m - self.from_m) / 1000.0, 0.0)
        self.crossable_km = float(self.length_km.sum())
        self.standing_km = self.sum_km([year[0] for year in self.year])

    def sum_km(self, by_stretch: Sequence[float]) -> float:
        """Return the sum of length times a figure by stretch, those that nobody can cross left out."""
        return float(self.length_km @ np.nan_to_num(np.array(by_stretch)))

    def follow(self, ready_day: F64, clock: Clock, speed_up_days: float) -> Followed:
        """Follow every stretch through all draws."""
        n_draw, n_item = ready_day.shape
        exact, least, most = (_totals(n_draw, len(clock.at_day)) for _ in range(3))
        found = Followed(exact, [], [], [], np.zeros(n_item), np.zeros(len(clock.at_day)))
        for k, bits in enumerate(self.bits):
            worth, length_km = np.nan_to_num(self.year[k]), self.length_km[k]
            last = _days(bits, ready_day, np.max)
            is_bundled = any(len(members) > 1 for members in bits)
            new, owner = _new_days(bits, ready_day, last, speed_up_days)
            totals = least if is_bundled else exact
            count, spent, gained = arrival.follow(last, new, clock, worth, length_km, totals)
            found.count.append(count)
            found.spent.append(spent)
            np.add.at(found.sooner_km_days, owner, gained / n_draw)
            if is_bundled:
                first = _days(bits, ready_day, np.min)
                count, _, _ = arrival.follow(first, first, clock, worth, length_km, most)
            found.most.append(count)
        found.width_km[:] = (most.protected_km - least.protected_km).mean(axis=0)
        for name in ("protected_km", "closed_km", "open_km", "km_days"):
            getattr(exact, name)[...] += getattr(least, name)
        return found

    def table(self, found: Followed, quarters: Sequence[date]) -> pd.DataFrame:
        """Return kilometres by quarter, as quantiles over draws."""
        totals = found.totals
        km = {
            "protected_km": totals.protected_km,
            "closed_km": totals.closed_km,
            "thin_km": self.crossable_km - totals.closed_km - totals.open_km,
            "open_km": totals.open_km,
        }
        columns: dict[str, Any] = {"quarter": list(quarters)}
        for name, by_draw in km.items():
            for label, row in zip(QUANTILES, quantiles(by_draw), strict=True):
                columns[f"{name}_{label}"] = row
        return pd.DataFrame({**columns, "width_km": found.width_km})

    def profile(self, found: Followed, quarters: Sequence[date]) -> pd.DataFrame:
        """Return P_t by quarter, stretch, case and adversary, as quantiles over draws."""
        parts = []
        for name in self.against:
            for k, rows in enumerate(self.worth[name]):
                for (target, condition), worth in zip(self.cases, rows, strict=True):
                    table = _over_draws(found.count[k], found.most[k], worth)
                    parts.append((self.ids[k], target, condition, name, table))
        return _stacked(parts, ("stretch_id", "target", "condition", "adversary"), quarters)

    def stretches(self, found: Followed, quarters: Sequence[date]) -> pd.DataFrame:
        """Return the year's mean P_t by quarter and stretch, as quantiles over draws."""
        parts = [
            (self.ids[k], self.from_m[k], self.to_m[k], _over_draws(found.count[k], found.most[k], worth))
            for k, worth in enumerate(self.year)
        ]
        return _stacked(parts, ("stretch_id", "chainage_from_m", "chainage_to_m"), quarters)

    def km_days(self, found: Followed) -> F64:
        """Return the mean protected km-days of each stretch."""
        means = [spent @ np.nan_to_num(worth) for spent, worth in zip(found.spent, self.year, strict=True)]
        by_stretch: F64 = self.length_km * np.array(means)
        return by_stretch


def _mean_of_cases(rows: F64, share: F64) -> F64:
    """Return the mean over cases, weighted, of (case, set); cases that nobody can cross are left out."""
    there = ~np.isnan(rows[:, 0])
    weight = np.where(there, share, 0.0)
    if not weight.sum() > 0:
        return np.full(rows.shape[1], np.nan)
    mean: F64 = weight @ np.nan_to_num(rows) / weight.sum()
    return mean


def _totals(n_draw: int, n_date: int) -> Totals:
    protected_km, closed_km, open_km = np.zeros((3, n_draw, n_date))
    return Totals(protected_km, closed_km, open_km, np.zeros(n_draw), (CLOSED_ABOVE, OPEN_BELOW))


def _days(bits: Bits, ready_day: F64, pick: Any) -> F64:
    """Return (draw, bit) the day on which the last item of each bit works, or the first."""
    columns = [pick(ready_day[:, list(members)], axis=1) for members in bits]
    return np.stack(columns, axis=1) if columns else np.empty((len(ready_day), 0))


def _new_days(bits: Bits, ready_day: F64, last: F64, speed_up_days: float) -> tuple[F64, I64]:
    """Return (draw, bit) the day of each bit if its last item were sped up, and which item that is."""
    owner = np.empty(last.shape, np.int64)
    new = last - speed_up_days
    for bit, members in enumerate(bits):
        owner[:, bit] = members[0]
        if len(members) > 1:
            days = ready_day[:, list(members)]
            owner[:, bit] = np.array(members)[np.argmax(days, axis=1)]
            new[:, bit] = np.maximum(new[:, bit], np.sort(days, axis=1)[:, -2])
    return np.minimum(new, last), owner


def _over_draws(count: I64, most: I64, worth: F64) -> F64:
    """Return (date, p10 p50 p90 mean width) of the worth of what stands."""
    stood = count.any(axis=0) | most.any(axis=0)  # a few of all sets
    is_exact, n_draw = most is count, count[0].sum()
    count, most, worth = count[:, stood], most[:, stood], worth[stood]
    mean = count @ worth / n_draw
    width = 0.0 * mean if is_exact else most @ worth / n_draw - mean
    return np.column_stack([arrival.quantiles(count, worth, np.array(SHARES)), mean, width])


def _stacked(
    parts: Sequence[tuple[Any, ...]], names: Sequence[str], quarters: Sequence[date]
) -> pd.DataFrame:
    """Return one row per quarter and part, by quarter; the last of a part is its (date, figure) table."""
    n = len(parts)
    figures = np.stack([part[-1] for part in parts], axis=1).reshape(len(quarters) * n, -1)
    columns: dict[str, Any] = {"quarter": np.repeat(np.array(quarters, dtype=object), n)}
    for i, name in enumerate(names):
        columns[name] = np.tile(np.array([part[i] for part in parts]), len(quarters))
    return pd.DataFrame({**columns, **dict(zip((*QUANTILES, "mean", "width"), figures.T, strict=True))})


def quantiles(by_draw: F64) -> F64:
    """Return (share, ...) the least value that a share of the draws does not exceed."""
    found: F64 = np.quantile(by_draw, SHARES, axis=0, method="inverted_cdf")
    return found
