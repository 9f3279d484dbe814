"""Ways in unseen: the unseen gap along the whole line and its holes (model section 3).

Each sector says which of its cells between the start line and the goals are open (passable and unseen) in
each case; the shortest barrier is then carried from sector to sector, so that no joint is counted for free.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from sarhad.errors import UnknownName
from sarhad.io.cache import content_key
from sarhad.kernels.exposure import total_rate
from sarhad.kernels.unseen import UNREACHED, GapField, gap_field, gap_path, holes
from sarhad.model.asset import Asset
from sarhad.model.plan import Plan
from sarhad.model.project import Project
from sarhad.planning.compute import Compute
from sarhad.planning.crossing import Watch, watched
from sarhad.planning.frame import lonlat_of_cells
from sarhad.planning.ground import Mask, lay_ground
from sarhad.planning.profile import fingerprint
from sarhad.planning.sector import Sector, SectorPlan, goal_cells, sectors

COLUMNS = ["target", "condition", "chainage_m", "offset_m", "width_m", "chainage_from_m", "chainage_to_m"]
COLUMNS += ["terrain", "path"]


@dataclass(frozen=True, slots=True, eq=False)
class StripJob:
    """One sector and the assets that watch it."""

    project: Project
    plan: SectorPlan
    assets: tuple[Asset, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Strip:
    """The cells (cell,) of a sector that a barrier may use; `open_cell` (case, cell) says which are open."""

    plan: SectorPlan
    cell: NDArray[np.int64]
    chainage_m: NDArray[np.float64]
    offset_m: NDArray[np.float64]
    open_cell: NDArray[np.bool_]
    kind: str


def gap(
    project: Project,
    plan: Plan | None = None,
    *,
    target: str | None = None,
    condition: str | None = None,
    compute: Compute | None = None,
) -> gpd.GeoDataFrame:
    """Return the holes of the unseen gap, widest first within each target and condition.

    Columns: `target, condition, chainage_m, offset_m, width_m, chainage_from_m, chainage_to_m, terrain, path`
    (the hole's cells as points) and a point `geometry` (EPSG:4326) at the middle. The sum of `width_m` is the
    gap: the least length of signalling line that closes the border. `target`, `condition` choose one case.
    Raises UnknownName.
    """
    if compute is None:
        with Compute(project.settings.processes) as own:
            return gap(project, plan, target=target, condition=condition, compute=own)
    assets = project.assets + (plan.assets if plan else ())
    jobs = [StripJob(project, sector_plan, assets) for sector_plan in sectors(project)]
    keys = [content_key("strip", fingerprint(project), assets, job.plan) for job in jobs]
    strips = compute.run("unseen cells", sector_strip, jobs, keys=keys)
    cases = [(t.target_id, c.condition_id) for t in project.targets for c in project.conditions]
    for place, wanted in enumerate((target, condition)):
        if wanted is not None and wanted not in {case[place] for case in cases}:
            raise UnknownName(f"{('target', 'condition')[place]} {wanted!r} is not in the project")
    tables = [
        _holes_of_part(project, [s for s in strips if s.plan.part_id == part.part_id], case).assign(
            target=name, condition=under
        )
        for case, (name, under) in enumerate(cases)
        if target in (None, name) and condition in (None, under)
        for part in project.line.parts
    ]
    table = pd.concat(tables, ignore_index=True)
    order = np.lexsort((table["chainage_m"], -table["width_m"]))
    table = table.iloc[order]
    rank = {case: i for i, case in enumerate(cases)}
    number = [rank[case] for case in zip(table["target"], table["condition"], strict=True)]
    table = table.iloc[np.argsort(number, kind="stable")].reset_index(drop=True)
    table["terrain"] = strips[0].kind
    points = gpd.points_from_xy(table["lon_deg"], table["lat_deg"])
    return gpd.GeoDataFrame(table[COLUMNS], geometry=points, crs="EPSG:4326")


def sector_strip(job: StripJob) -> Strip:
    """Return which cells of a sector are open in each case: targets first, then conditions."""
    ground = lay_ground(job.project, job.plan, 0)
    settings, sector = job.project.settings, ground.sector
    usable = sector.in_band & (sector.offset_m >= -settings.start_beyond_m)
    usable &= (sector.offset_m <= _reach_m(job.project, sector)) & _owned(sector)
    cell = np.flatnonzero(usable)
    found: dict[tuple[str, str], NDArray[np.bool_]] = {}
    for (watches,) in watched(ground, job.assets, (settings.depth_m,)):
        strip = watches[0].passage.ground.sector
        inside = usable[_window(sector, strip)]
        passable = np.isfinite(watches[0].passage.step_s).any(axis=0)
        for watch in watches:
            case = (watch.passage.target.target_id, watch.condition.condition_id)
            found[case] = (passable & ~seen_cells(watch))[inside]
    cases = [(t.target_id, c.condition_id) for t in job.project.targets for c in job.project.conditions]
    return Strip(
        job.plan,
        cell,
        sector.chainage_m.ravel()[cell],
        sector.offset_m.ravel()[cell],
        np.array([found[case] for case in cases]),
        ground.kind,
    )


def _reach_m(project: Project, sector: Sector) -> float:
    """Return how deep a barrier may run: up to the goals, or short of the nearest of a layer's places."""
    if project.goals.kind == "depth":
        return project.settings.depth_m
    goal = goal_cells(project, sector, project.settings.depth_m) & sector.in_band & sector.home
    return float(sector.offset_m[goal].min(initial=project.settings.band_home_m)) - project.settings.cell_m


def _window(whole: Sector, part: Sector) -> tuple[slice, slice]:
    """Return the rows and columns of a sector that a part of it covers."""
    row = round((whole.grid.top_m - part.grid.top_m) / whole.grid.cell_m)
    col = round((part.grid.left_m - whole.grid.left_m) / whole.grid.cell_m)
    return slice(row, row + part.grid.n_row), slice(col, col + part.grid.n_col)


def seen_cells(watch: Watch) -> Mask:
    """Return cells seen at or above the stated floor while units work, and those on a ground-sensor line."""
    passage, lines = watch.passage, watch.lines
    settings, sector = passage.project.settings, passage.ground.sector
    works = (watch.share > 0).astype(np.float64)
    rate_per_s = total_rate(watch.view, sector.grid.n_cell, works).reshape(sector.grid.shape)
    seen: Mask = rate_per_s >= settings.unseen_rate_per_s
    for unit, offset_m, from_m, to_m, exposure in zip(*lines, strict=True):
        if exposure * works[unit] > 0:  # three quarters of a cell either side keeps the line 4-connected
            beside = np.abs(sector.offset_m - offset_m) <= 0.75 * settings.cell_m
            seen |= beside & (sector.chainage_m >= from_m) & (sector.chainage_m < to_m)
    return seen


def _owned(sector: Sector) -> Mask:
    inside: Mask = (sector.chainage_m >= sector.plan.from_m) & (sector.chainage_m <= sector.plan.to_m)
    return inside


def _holes_of_part(project: Project, strips: Sequence[Strip], case: int) -> pd.DataFrame:
    """Return the holes on the shortest barrier along one part of the line."""
    chain = _carry(project, strips, case)
    columns: list[tuple[NDArray[np.float64], ...]] = []
    for strip, path in _walk_back(strips, chain):
        at = np.searchsorted(strip.cell, path)
        lon_deg, lat_deg = lonlat_of_cells(strip.plan.grid, path)
        is_open = strip.open_cell[case, at].astype(np.float64)
        columns.append((is_open, strip.chainage_m[at], strip.offset_m[at], lon_deg, lat_deg))
    is_open, chainage_m, offset_m, lon_deg, lat_deg = (np.concatenate(c) for c in zip(*columns, strict=True))
    along = np.arange(len(is_open), dtype=np.int32)
    found = holes(along, is_open > 0, chainage_m, offset_m, project.settings.cell_m)
    middle = (found.first + found.last) // 2
    return pd.DataFrame(
        {
            "chainage_m": found.chainage_m,
            "offset_m": found.offset_m,
            "width_m": found.width_m,
            "chainage_from_m": found.from_m,
            "chainage_to_m": found.to_m,
            "lon_deg": lon_deg[middle],
            "lat_deg": lat_deg[middle],
            "path": [
                shapely.MultiPoint(np.column_stack([lon_deg, lat_deg])[a : b + 1][is_open[a : b + 1] > 0])
                for a, b in zip(found.first.tolist(), found.last.tolist(), strict=True)
            ],
        }
    )


def _carry(project: Project, strips: Sequence[Strip], case: int) -> list[GapField]:
    """Return the barrier field of every sector, each seeded with the costs at the joint before it."""
    slack_m = 1.5 * project.settings.cell_m
    chain: list[GapField] = []
    for i, strip in enumerate(strips):
        region = np.zeros(strip.plan.grid.n_cell, bool)
        region[strip.cell] = True
        is_open = np.zeros_like(region)
        is_open[strip.cell] = strip.open_cell[case]
        first = strip.cell[strip.chainage_m <= strip.plan.from_m + slack_m]
        seed, cost = first, is_open[first].astype(np.int64)
        if i > 0:
            carried, carried_cost, carried_open = _joint(strips[i - 1], chain[-1], strip.plan, case)
            if len(carried):
                seed, cost = carried, carried_cost
                region[seed], is_open[seed] = True, carried_open  # a way among the seeds is not free
            else:  # the strip is broken here (a fold of the line): go on from the cheapest end so far
                reached = chain[-1].cost[chain[-1].cost != UNREACHED]
                cost = cost + (int(reached.min()) if reached.size else 0)
        shape = strip.plan.grid.shape
        chain.append(gap_field(is_open.reshape(shape), region.reshape(shape), seed, cost))
    return chain


def _joint(
    before: Strip, field: GapField, plan: SectorPlan, case: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """Return the last cells of the sector before in the next one's grid: cell, cost, whether open."""
    is_last = before.chainage_m >= before.plan.to_m - 2.0 * before.plan.grid.cell_m
    cost = field.cost.ravel()[before.cell[is_last]]
    cell = _moved(before.cell[is_last], before.plan, plan)
    carried = (cell >= 0) & (cost != UNREACHED)
    return cell[carried], cost[carried].astype(np.int64), before.open_cell[case, is_last][carried]


def _moved(cell: NDArray[np.int64], plan: SectorPlan, onto: SectorPlan) -> NDArray[np.int64]:
    """Return cells of one sector's grid as cells of another's, -1 outside it."""
    row, col = np.divmod(cell, plan.grid.n_col)
    row, col = row + plan.row - onto.row, col + plan.col - onto.col
    inside = (row >= 0) & (col >= 0) & (row < onto.grid.n_row) & (col < onto.grid.n_col)
    return np.where(inside, row * onto.grid.n_col + col, -1)


def _walk_back(strips: Sequence[Strip], chain: Sequence[GapField]) -> list[tuple[Strip, NDArray[np.int64]]]:
    """Return the barrier's path through every sector, in order along the line."""
    found: list[tuple[Strip, NDArray[np.int64]]] = []
    end: NDArray[np.int64] | None = None
    for strip, field in zip(reversed(strips), reversed(chain), strict=True):
        slack_m = 2.0 * strip.plan.grid.cell_m
        last = strip.cell[strip.chainage_m >= strip.plan.to_m - slack_m]
        path = gap_path(field, last if end is None else end).astype(np.int64)
        own, end = path[np.isin(path, strip.cell)], None
        if len(path) and len(found) + 1 < len(strips):
            before = strips[-len(found) - 2]
            joint = _moved(path[:1], strip.plan, before.plan)
            if np.isin(joint, before.cell).all():
                own, end = own[own != path[0]], joint
        found.append((strip, own))
    return found[::-1]
