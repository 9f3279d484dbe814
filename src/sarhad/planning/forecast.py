"""P_t over time: what a programme's deliveries make of the border, quarter by quarter, over delivery risk.

    draws of the day on which each item works  ->  the set that stands on each stretch on each day
    lattice of the stretch                     ->  P_t of that set (`sarhad.planning.lattice`)

*Protected kilometres* on a day are the sum over stretches of length times the year's mean P_t (conditions by
their share of the year, targets equally), in one draw; *closed* and *open* kilometres are the length of the
stretches whose year's mean is above 0.5 and below 0.01. Protected km-days are their integral over days. A
stretch that nobody can cross counts nowhere. Quantiles are over draws, of each figure by itself: 10 % of the
draws do not exceed P10.

What an item gains is its share of the set that stands (Shapley value, `sarhad.kernels.arrival`), so that
the gains of all items add up to what the programme gains; what it loses is what would be missing if it alone
never came. Speed-up: the item alone works some days earlier, all else as drawn. Late: other draws of the same
risks (common random numbers), in which somebody is late, with all that waits for him.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sarhad.errors import InputFaults
from sarhad.kernels import arrival
from sarhad.kernels.arrival import Clock
from sarhad.model.asset import Asset
from sarhad.model.project import Project
from sarhad.planning.compute import Compute
from sarhad.planning.lattice import N_BIT, Against, lattices
from sarhad.planning.outlook import Followed, Outlook, quantiles

F64 = NDArray[np.float64]

SPEED_UP_DAYS = 90.0
MUSD = 1e6


@dataclass(frozen=True, slots=True)
class Delivery:
    """What an item brings when it works: `asset` (asset_id = item id), who gives it and what it is worth.

    `cost_usd` is None where it is not known; what comes free of charge has a price too.
    """

    asset: Asset
    donor: str = ""
    cost_usd: float | None = None


@dataclass(frozen=True, slots=True)
class Ask:
    """How a forecast is asked for: `quarters` of a year, by which adversary, how many bits a lattice has."""

    quarters: int = 12
    against: tuple[Against, ...] = ("unaware",)
    speed_up_days: float = SPEED_UP_DAYS
    n_bit: int = N_BIT


@dataclass(frozen=True, slots=True, eq=False)
class Late:
    """What is lost where somebody is late: km-days by quantile and on average, and the line by quarter.

    `line` as in Forecast; `stretches` has `stretch_id, lost_km_days`, most first, those that lose anything.
    """

    name: str
    lost_km_days: tuple[float, float, float]
    lost_km_days_mean: float
    line: pd.DataFrame
    stretches: pd.DataFrame


@dataclass(frozen=True, slots=True, eq=False)
class Forecast:
    """P_t over time. Days count from `start`; a quarter's row says what works on its last day.

    `profile`: `quarter, stretch_id, target, condition, adversary, p10, p50, p90, mean, width`; `stretches`:
    the same for the year's mean, with `chainage_from_m, chainage_to_m`. `width` is how far the mean could lie
    above the one given, where a bundle stands for several items; 0 where P_t is exact.
    `line`: `quarter` and, by quantile, `protected_km, closed_km, thin_km, open_km`, with `width_km`.
    `items`: `item_id, equipment_id, donor, cost_usd, n_stretch, p_working, working_p50_day, gain_km_days,
    gain_km_days_per_musd, loss_km_days, sooner_km_days`, in the order given. `gained_km_days` by quantile is
    what all items add to `standing_km` over all days. `late` in the order asked for.
    """

    start: date
    quarters: tuple[date, ...]
    crossable_km: float
    terrain: str
    profile: pd.DataFrame
    stretches: pd.DataFrame
    line: pd.DataFrame
    items: pd.DataFrame
    standing_km: float
    gained_km_days: tuple[float, float, float]
    gained_km_days_mean: float
    late: tuple[Late, ...]

    def fastest_wins(self, n: int = 5) -> pd.DataFrame:
        """Return the items whose speed-up adds most protected km-days, most first; those that add any."""
        some = self.items[self.items["sooner_km_days"] > 0]
        return some.sort_values("sooner_km_days", ascending=False, kind="stable").head(n)


def quarter_ends(start: date, n: int) -> tuple[date, ...]:
    """Return the last days of `n` quarters of the calendar, that of `start` first."""
    first = start.year * 4 + (start.month - 1) // 3
    firsts = [date(q // 4, q % 4 * 3 + 1, 1) for q in range(first + 1, first + n + 1)]
    return tuple(day - timedelta(days=1) for day in firsts)


def forecast(
    project: Project,
    deliveries: Sequence[Delivery],
    ready_day: F64,
    *,
    start: date,
    ask: Ask | None = None,
    late: Mapping[str, F64] | None = None,
    compute: Compute,
) -> Forecast:
    """Return P_t over time for a project to which deliveries come.

    `ready_day` (draw, item) is the day from `start` on which each delivery works, inf for never; `late` holds
    such arrays under the same risks by name. Raises InputFaults, NoGoalReachable, UnknownName.
    """
    ask = ask or Ask()
    drawn = {"": ready_day, **(late or {})}
    drawn = {name: _checked(name, days, len(deliveries)) for name, days in drawn.items()}
    quarters = quarter_ends(start, ask.quarters)
    at_day = np.array([(day - start).days for day in quarters], np.float64)
    clock = Clock(at_day, float(at_day[-1]))
    known = lattices(
        project,
        [one.asset for one in deliveries],
        compute,
        against=ask.against,
        n_bit=ask.n_bit,
        answered=_median_sets(drawn[""], clock) if "optimal" in ask.against else (),
    )
    line = Outlook(project, known, ask.against)
    base = line.follow(drawn[""], clock, ask.speed_up_days)
    stood = line.standing_km * clock.until_day
    return Forecast(
        start=start,
        quarters=quarters,
        crossable_km=line.crossable_km,
        terrain=known[0].kind,
        profile=line.profile(base, quarters),
        stretches=line.stretches(base, quarters),
        line=line.table(base, quarters),
        items=_items(deliveries, drawn[""], line, base, clock),
        standing_km=line.standing_km,
        gained_km_days=_three(base.totals.km_days - stood),
        gained_km_days_mean=float(np.mean(base.totals.km_days - stood)),
        late=tuple(
            _late(line, name, base, line.follow(days, clock, 0.0), quarters)
            for name, days in drawn.items()
            if name
        ),
    )


def _checked(name: str, ready_day: F64, n_item: int) -> F64:
    days = np.ascontiguousarray(ready_day, np.float64)
    if days.ndim != 2 or days.shape[1] != n_item or not len(days) or np.isnan(days).any():
        raise InputFaults.one(name or "ready_day", f"days (draw, {n_item} items), no NaN", days.shape)
    return days


def _median_sets(ready_day: F64, clock: Clock) -> tuple[tuple[int, ...], ...]:
    """Return the sets that stand on each date where every item comes on its median day."""
    middle = np.quantile(ready_day, 0.5, axis=0, method="inverted_cdf")
    sets = (tuple(np.flatnonzero(middle <= day).tolist()) for day in clock.at_day)
    return tuple(dict.fromkeys(sets))


def _three(by_draw: F64) -> tuple[float, float, float]:
    low, middle, high = quantiles(by_draw).tolist()
    return low, middle, high


def _items(
    deliveries: Sequence[Delivery], ready_day: F64, line: Outlook, found: Followed, clock: Clock
) -> pd.DataFrame:
    """Return what each item gains, and what its speed-up would; a bundle is shared by its items equally."""
    gain, loss, n_stretch = np.zeros((3, len(deliveries)))
    for bits, spent, year, length_km in zip(line.bits, found.spent, line.year, line.length_km, strict=True):
        share, lost = arrival.shares(spent, np.nan_to_num(year))
        for bit, members in enumerate(bits):
            gain[list(members)] += length_km * share[bit] / len(members)
            loss[list(members)] += length_km * lost[bit] / len(members)
            n_stretch[list(members)] += 1
    cost_usd = np.array([np.nan if d.cost_usd is None else d.cost_usd for d in deliveries], np.float64)
    middle = np.quantile(ready_day, 0.5, axis=0, method="inverted_cdf")
    return pd.DataFrame(
        {
            "item_id": [d.asset.asset_id for d in deliveries],
            "equipment_id": [d.asset.equipment_id for d in deliveries],
            "donor": [d.donor for d in deliveries],
            "cost_usd": cost_usd,
            "n_stretch": n_stretch.astype(int),
            "p_working": (ready_day <= clock.until_day).mean(axis=0),
            "working_p50_day": middle,
            "gain_km_days": gain,
            "gain_km_days_per_musd": gain / np.where(cost_usd > 0, cost_usd / MUSD, np.nan),
            "loss_km_days": loss,
            "sooner_km_days": found.sooner_km_days,
        }
    )


def _late(line: Outlook, name: str, base: Followed, found: Followed, quarters: Sequence[date]) -> Late:
    lost = base.totals.km_days - found.totals.km_days
    by_stretch = line.km_days(base) - line.km_days(found)
    table = pd.DataFrame({"stretch_id": line.ids, "lost_km_days": by_stretch})
    table = table[by_stretch > 1e-9].sort_values("lost_km_days", ascending=False, kind="stable")
    return Late(
        name, _three(lost), float(lost.mean()), line.table(found, quarters), table.reset_index(drop=True)
    )
