"""From a programme to a forecast: what works already, what is still to come, and draws of when.

Units that work stand among the project's assets; what else is pledged and there of an item comes as one
delivery on the day on which the item works as a whole. Items without a place count in stock only. What is
lost or returned comes no more; what nobody has pledged never does, but stands in the list.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

import numpy as np
from numpy.typing import NDArray

from sarhad.errors import UnknownName
from sarhad.io.placing import place_on_line
from sarhad.model.asset import AlongLine, Asset, AtPoint
from sarhad.model.programme import Programme, Progress
from sarhad.model.project import Project
from sarhad.model.schedule import Network
from sarhad.planning.forecast import Delivery
from sarhad.planning.schedule import present, schedule_draws, slipped

F64 = NDArray[np.float64]

DAYS_IN_MONTH = 365.2425 / 12
STANDING = "-working"


@dataclass(frozen=True, slots=True, eq=False)
class Prospect:
    """`project` with what works already, and what is to come; `column` (delivery,) counts programme.items.

    `promised_day` (delivery,) counts from the day asked about: the date last foreseen, else planned, on which
    each works; NaN where nobody has said.
    """

    project: Project
    deliveries: tuple[Delivery, ...]
    column: NDArray[np.int64]
    promised_day: F64


def prospect_of(
    project: Project, programme: Programme, at: datetime, *, rates: Mapping[str, float] | None = None
) -> Prospect:
    """Return what works at a time and what is to come; `rates` are the worth of other currencies in USD.

    The programme must reach as far as `at`. A cost in a currency without a rate is not known.
    """
    worth_usd = {"USD": 1.0, **(rates or {})}
    standing: list[Asset] = []
    found: list[tuple[Delivery, int, float]] = []
    for column, progress in enumerate(programme.progress.values()):
        item = progress.item
        works = progress.working(at)
        asset, rest = item.working_asset(works), _coming_asset(progress, works)
        if asset is not None:
            standing.append(replace(asset, asset_id=item.item_id + STANDING) if rest is not None else asset)
        if rest is not None:
            cost = item.unit_cost if item.currency in worth_usd else None
            cost_usd = None if cost is None else cost * worth_usd[item.currency] * to_come(progress, works)
            found.append((Delivery(rest, item.donor, cost_usd), column, _promised(progress, at.date())))
    return Prospect(
        replace(project, assets=project.assets + tuple(standing)),
        tuple(delivery for delivery, _, _ in found),
        np.array([column for _, column, _ in found], np.int64),
        np.array([day for _, _, day in found], np.float64),
    )


def to_come(progress: Progress, works: float) -> float:
    """Return what comes beside what works: what is pledged and there, or else all that is wanted."""
    there = present(progress)
    gone = sum(progress.lost.values()) + progress.reached.get("returned", 0.0)
    return round(there - works if there > 0 else progress.item.quantity - gone, 3)


def _coming_asset(progress: Progress, works: float) -> Asset | None:
    """Return what of an item does not work yet, beside what does; None where there is nothing or no place."""
    rest, asset = to_come(progress, works), progress.item.asset
    if asset is None or rest <= 0:
        return None
    if isinstance(asset.place, AlongLine):
        from_m = asset.place.from_m + 1000.0 * works
        place = replace(asset.place, from_m=from_m, to_m=min(asset.place.to_m, from_m + 1000.0 * rest))
        return replace(asset, place=place) if place.to_m > place.from_m else None
    return replace(asset, n=round(rest))


def _promised(progress: Progress, start: date) -> float:
    foreseen = progress.forecast.get("working", progress.item.planned.get("working"))
    return float("nan") if foreseen is None else float((foreseen - start).days)


def chainages(project: Project, programme: Programme) -> dict[str, float]:
    """Return the chainage of what stands at a point, by item id: closures of a range of the line need it."""
    points = {
        item.item_id: item.asset.place
        for item in programme.items
        if item.asset is not None and isinstance(item.asset.place, AtPoint)
    }
    if not points:
        return {}
    lon_deg = np.array([place.lon_deg for place in points.values()])
    lat_deg = np.array([place.lat_deg for place in points.values()])
    chainage_m, _ = place_on_line(project.line, lon_deg, lat_deg)
    return dict(zip(points, chainage_m.tolist(), strict=True))


def drawn(
    programme: Programme, prospect: Prospect, network: Network, *, n_draws: int, seed: int, start: date
) -> F64:
    """Return the day from `start` on which each delivery works, (draw, delivery), inf for never."""
    days = schedule_draws(programme, network=network, n_draws=n_draws, seed=seed, start=start)
    return np.ascontiguousarray(days[:, prospect.column])


def drawn_late(
    programme: Programme,
    prospect: Prospect,
    network: Network,
    late: tuple[str, float],
    *,
    n_draws: int,
    seed: int,
    start: date,
) -> F64:
    """Return the same draws with the next step of everything from one donor later: `late` (donor, months).

    Raises UnknownName where nothing comes from that donor.
    """
    donor, months = late
    mine = {item.item_id for item in programme.items if item.donor == donor}
    if not mine:
        donors = sorted({item.donor for item in programme.items})
        raise UnknownName(f"nothing comes from donor {donor!r}; donors are: {', '.join(donors) or 'none'}")
    slow = slipped(network, mine, DAYS_IN_MONTH * months)
    return drawn(programme, prospect, slow, n_draws=n_draws, seed=seed, start=start)
