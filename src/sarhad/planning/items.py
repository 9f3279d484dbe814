"""What can be bought where: one item is one equipment type at one site, along one stretch or over one area.

Items are the columns of the siting problem. Point types go to sites that accept them, line types lie along
one stretch at the line, air types work the band of one sector.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from sarhad.errors import EmptyBudget
from sarhad.kernels.purchase import Limits
from sarhad.model.asset import AlongLine, Asset, AtPoint, OverBand, Site
from sarhad.model.equipment import EquipmentType
from sarhad.model.plan import Budget
from sarhad.model.project import Project
from sarhad.planning.search import build_limits
from sarhad.planning.sector import sectors

ITEMS_PER_SITE = 4
FLIGHTS_PER_AREA = 4


@dataclass(frozen=True, slots=True)
class Item:
    """Something that could be bought: `asset` with n = 1; `stock_use` in items, or kilometres of line."""

    asset: Asset
    site_id: str
    cost_usd: float
    crew_n: float
    stock_use: float
    n_max: int

    def bought(self, n: int) -> Asset:
        """Return the asset of `n` such items."""
        return replace(self.asset, n=n)


def offered_items(project: Project, sites: Sequence[Site]) -> tuple[Item, ...]:
    """Return every item on offer, by type in the project's order, then along the line."""
    items: list[Item] = []
    for equipment_id in project.offered:
        equipment = project.equipment[equipment_id]
        if equipment.mount == "point":
            items += [_at_site(equipment, s) for s in sites if not s.accepts or equipment_id in s.accepts]
        elif equipment.mount == "line":
            items += _along_stretches(project, equipment)
        else:
            items += _over_sectors(project, equipment)
    if not items:
        raise EmptyBudget("nothing is on offer: the project names no equipment, or no site accepts it")
    return tuple(items)


def _at_site(equipment: EquipmentType, site: Site) -> Item:
    asset = Asset(
        f"{site.site_id}-{equipment.equipment_id}",
        equipment.equipment_id,
        AtPoint(site.lon_deg, site.lat_deg),
        state="planned",
    )
    return Item(asset, site.site_id, equipment.cost_usd, equipment.crew_n, 1.0, 1)


def _along_stretches(project: Project, equipment: EquipmentType) -> list[Item]:
    items = []
    for stretch in project.line.stretches(project.settings.stretch_m):
        length_km = (stretch.to_m - stretch.from_m) / 1000.0
        place = AlongLine(stretch.from_m, stretch.to_m)
        name = f"L{stretch.stretch_id:04d}"
        asset = Asset(f"{name}-{equipment.equipment_id}", equipment.equipment_id, place, state="planned")
        cost_usd, crew_n = equipment.cost_usd * length_km, equipment.crew_n * length_km
        items.append(Item(asset, name, cost_usd, crew_n, length_km, 1))
    return items


def _over_sectors(project: Project, equipment: EquipmentType) -> list[Item]:
    items = []
    for plan in sectors(project):
        name = f"A{plan.sector_id:03d}"
        place = OverBand(plan.from_m, plan.to_m)
        asset = Asset(f"{name}-{equipment.equipment_id}", equipment.equipment_id, place, state="planned")
        items.append(Item(asset, name, equipment.cost_usd, equipment.crew_n, 1.0, FLIGHTS_PER_AREA))
    return items


def limits_of(items: Sequence[Item], budget: Budget) -> Limits:
    """Return what the items take and what the budget gives, as the solver wants it."""
    types = sorted({item.asset.equipment_id for item in items})
    site_ids = sorted({item.site_id for item in items if isinstance(item.asset.place, AtPoint)})
    site_number = {site_id: i for i, site_id in enumerate(site_ids)}
    return build_limits(
        np.array([item.cost_usd for item in items]),
        money_usd=budget.money_usd,
        crew_n=np.array([item.crew_n for item in items]),
        crew_limit_n=budget.crew_n,
        type_index=np.array([types.index(item.asset.equipment_id) for item in items]),
        stock=np.array([budget.stock.get(name, np.inf) for name in types]),
        stock_use=np.array([item.stock_use for item in items]),
        site=np.array([site_number.get(item.site_id, -1) for item in items]),
        site_limit=np.full(len(site_ids), ITEMS_PER_SITE),
        n_max=np.array([item.n_max for item in items]),
    )
