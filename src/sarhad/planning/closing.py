"""The cheapest item on offer that closes each hole of the unseen gap, alone.

A line closes a hole by lying along it; an item at a site closes it by seeing every one of its cells at the
stated floor or above while it works.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from sarhad.io.cache import content_key
from sarhad.model.asset import AtPoint
from sarhad.model.project import Project
from sarhad.planning.compute import Compute
from sarhad.planning.coverage import view_of
from sarhad.planning.frame import locate
from sarhad.planning.ground import lay_ground
from sarhad.planning.items import Item
from sarhad.planning.profile import fingerprint
from sarhad.planning.sector import SectorPlan, sectors
from sarhad.planning.sensing import availability, crossing_exposure
from sarhad.planning.sighting import sight
from sarhad.planning.units import units_in, working_share


@dataclass(frozen=True, slots=True, eq=False)
class ClosingJob:
    """The holes of one sector in one case, each a (point, 2) array of lon, lat of its cells."""

    project: Project
    plan: SectorPlan
    items: tuple[Item, ...]
    holes: tuple[shapely.MultiPoint, ...]


@dataclass(frozen=True, slots=True)
class Closing:
    """What closes a hole: equipment, where (`site_id`, or "along the hole"), and what it costs."""

    equipment_id: str
    site_id: str
    cost_usd: float


def cheapest_closings(
    project: Project, holes: gpd.GeoDataFrame, items: Sequence[Item], compute: Compute
) -> list[Closing | None]:
    """Return the cheapest closing item of each hole (a few rows of `gap`), None where nothing can."""
    columns = (holes[name] for name in ("target", "condition", "width_m"))
    found = [_cheapest_line(project, *row) for row in zip(*columns, strict=True)]
    plans = sectors(project)
    jobs: list[ClosingJob] = []
    rows: list[list[int]] = []
    cases = list(zip(holes["target"], holes["condition"], strict=True))
    for case in dict.fromkeys(cases):
        one = replace(
            project,
            targets=tuple(t for t in project.targets if t.target_id == case[0]),
            conditions=tuple(c for c in project.conditions if c.condition_id == case[1]),
        )
        for plan in plans:
            mine = [
                i
                for i, chainage_m in enumerate(holes["chainage_m"])
                if plan.from_m <= chainage_m < plan.to_m and cases[i] == case
            ]
            if mine:
                points = tuple(item for item in items if isinstance(item.asset.place, AtPoint))
                paths = tuple(holes["path"].iloc[i] for i in mine)
                jobs.append(ClosingJob(one, plan, points, paths))
                rows.append(mine)
    keys = [
        content_key(
            "closing", fingerprint(job.project), job.items, job.plan, shapely.to_wkb(job.holes).tolist()
        )
        for job in jobs
    ]
    found_in = compute.run("closing items", sector_closings, jobs, keys=keys)
    for mine, closings in zip(rows, found_in, strict=True):
        for i, closing in zip(mine, closings, strict=True):
            line = found[i]
            if closing is not None and (line is None or closing.cost_usd < line.cost_usd):
                found[i] = closing
    return found


def sector_closings(job: ClosingJob) -> list[Closing | None]:
    """Return the cheapest point item that sees all of each hole."""
    ground = lay_ground(job.project, job.plan, 0)
    (target,), (condition,) = job.project.targets, job.project.conditions
    grid = ground.sector.grid
    cells = [_cells(job.plan, path) for path in job.holes]
    within = np.zeros(grid.n_cell, bool)
    within[np.concatenate(cells)] = True
    by_id = {item.asset.asset_id: item for item in job.items}
    units = units_in(ground, tuple(item.asset for item in job.items), within.reshape(grid.shape))
    sighting = sight(ground, units, target.height_m, within.reshape(grid.shape))
    view = view_of(ground, units, sighting, target, condition)
    works = working_share(units, condition) > 0
    found: list[Closing | None] = []
    for hole in cells:
        entry = np.concatenate([np.arange(view.ptr[c], view.ptr[c + 1]) for c in hole])
        strong = entry[view.rate_per_s[entry] >= job.project.settings.unseen_rate_per_s]
        strong = strong[works[view.asset[strong]]]
        n_seen = np.bincount(view.asset[strong], minlength=len(units))
        closers = [by_id[units[u].asset.asset_id] for u in np.flatnonzero(n_seen == len(hole)).tolist()]
        best = min(closers, key=lambda item: (item.cost_usd, item.asset.asset_id), default=None)
        found.append(None if best is None else Closing(best.asset.equipment_id, best.site_id, best.cost_usd))
    return found


def _cells(plan: SectorPlan, path: shapely.MultiPoint) -> NDArray[np.int64]:
    lon_deg, lat_deg = shapely.get_coordinates(path).T
    row, col = locate(plan.grid, lon_deg, lat_deg)
    inside = (row >= 0) & (col >= 0)
    cells: NDArray[np.int64] = np.unique(row[inside] * plan.grid.n_col + col[inside])
    return cells


def _cheapest_line(project: Project, target_id: str, condition_id: str, width_m: float) -> Closing | None:
    target = next(t for t in project.targets if t.target_id == target_id)
    condition = next(c for c in project.conditions if c.condition_id == condition_id)
    lines = [e for e in map(project.equipment.__getitem__, project.offered) if e.mount == "line"]
    offers = [
        Closing(e.equipment_id, "along the hole", e.cost_usd * width_m / 1000)
        for e in lines
        if crossing_exposure(e, target, condition) > 0 and availability(e, condition) > 0
    ]
    return min(offers, key=lambda c: (c.cost_usd, c.equipment_id), default=None)
