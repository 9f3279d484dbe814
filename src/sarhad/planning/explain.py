"""Why a stretch stands where it stands: its routes, what would raise it most, and the ground nobody sees.

Gains are exact P_t on the present routes with one item added, half unaware and half weakest route, as in the
objective; the crosser's answer to a purchase, and the team that comes with a post, are left to `plan`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.ndimage import label as connected

from sarhad.errors import UnknownName
from sarhad.kernels.exposure import Routes
from sarhad.model.asset import Asset
from sarhad.model.plan import Plan
from sarhad.model.project import Project
from sarhad.planning.candidates import candidate_sites
from sarhad.planning.compute import Compute
from sarhad.planning.crossing import (
    Watch,
    aware_routes,
    concatenated,
    optimal_through,
    route_lines,
    watched,
    weakest_routes,
)
from sarhad.planning.frame import lonlat_of_cells
from sarhad.planning.ground import lay_ground
from sarhad.planning.items import Item, offered_items
from sarhad.planning.passage import Passage, unaware_routes
from sarhad.planning.sector import SectorPlan, sectors
from sarhad.planning.unseen import seen_cells


@dataclass(frozen=True, slots=True, eq=False)
class Way:
    """One adversary's route through the stretch with its number, its time and where it meets the line."""

    adversary: str
    p_timely: float
    p_detect: float
    time_s: float
    route: shapely.LineString | None


@dataclass(frozen=True, slots=True)
class Raise:
    """What one more item would add to the stretch's value, and per million USD."""

    asset: Asset
    site_id: str
    cost_usd: float
    gain: float
    gain_per_musd: float


@dataclass(frozen=True, slots=True)
class DeadGround:
    """One patch of passable ground near the stretch that nothing sees: its area and middle."""

    area_m2: float
    lon_deg: float
    lat_deg: float


@dataclass(frozen=True, slots=True, eq=False)
class Explanation:
    """Answers for one stretch, target and condition.

    `ways` is a route per adversary with its numbers; `raises` what one more item would add, best first;
    `best_buy` the one that adds most per money; `seen_share` that of the passable ground nearest to it.
    """

    stretch_id: int
    chainage_from_m: float
    chainage_to_m: float
    target: str
    condition: str
    terrain: str
    ways: tuple[Way, ...]
    raises: tuple[Raise, ...]
    best_buy: Raise | None
    seen_share: float
    dead_ground: tuple[DeadGround, ...]


def explain(
    project: Project,
    chainage_m: float,
    plan: Plan | None = None,
    *,
    target: str | None = None,
    condition: str | None = None,
    n_raise: int = 5,
    compute: Compute | None = None,
) -> Explanation:
    """Return why the stretch at a chainage stands where it stands, for one target and condition.

    The project's first target and the condition of the largest share by default. Raises UnknownName for a
    chainage off the line, a target or a condition that the project does not hold.
    """
    if compute is None:
        with Compute(project.settings.processes) as own:
            return explain(
                project, chainage_m, plan, target=target, condition=condition, n_raise=n_raise, compute=own
            )
    sector_plan, stretch_id = _stretch_at(project, chainage_m)
    items = offered_items(project, candidate_sites(project, compute))
    return explain_stretch(
        one_case(project, target, condition), sector_plan, stretch_id, plan, items, n_raise=n_raise
    )


def explain_stretch(
    one: Project,
    sector_plan: SectorPlan,
    stretch_id: int,
    plan: Plan | None,
    items: Sequence[Item],
    *,
    n_raise: int = 5,
) -> Explanation:
    """Explain one stretch of a project with one target and one condition, given what is on offer."""
    bought = {asset.asset_id for asset in plan.assets} if plan else set()
    standing = one.assets + (plan.assets if plan else ())
    open_items = tuple(item for item in items if item.asset.asset_id not in bought)
    ground = lay_ground(one, sector_plan, 0)
    everything = standing + tuple(item.asset for item in open_items)
    depths_m = (one.settings.depth_m,)
    (((full,),),) = watched(ground, everything, depths_m)
    (((watch,),),) = watched(ground, standing, depths_m)
    ways = _routes(watch, stretch_id)
    stretch = one.line.stretches(one.settings.stretch_m)[stretch_id]
    raises = _raises(replace(full, passage=watch.passage), ways, open_items)  # w of the teams that stand
    sector = watch.passage.ground.sector
    near = (sector.chainage_m >= stretch.from_m) & (sector.chainage_m < stretch.to_m)
    seen_share, patches = _dead_ground(watch, near)
    return Explanation(
        stretch_id=stretch_id,
        chainage_from_m=stretch.from_m,
        chainage_to_m=stretch.to_m,
        target=watch.passage.target.target_id,
        condition=watch.condition.condition_id,
        terrain=ground.kind,
        ways=tuple(_way(watch, name, routes) for name, routes in ways.items()),
        raises=tuple(raises[:n_raise]),
        best_buy=max(raises, key=lambda r: r.gain_per_musd, default=None),
        seen_share=seen_share,
        dead_ground=patches,
    )


def _stretch_at(project: Project, chainage_m: float) -> tuple[SectorPlan, int]:
    for stretch in project.line.stretches(project.settings.stretch_m):
        if stretch.from_m <= chainage_m <= stretch.to_m:
            plan = next(p for p in sectors(project) if stretch.stretch_id in p.stretches)
            return plan, stretch.stretch_id
    ends = ", ".join(f"{part.from_m / 1000:.1f}-{part.to_m / 1000:.1f}" for part in project.line.parts)
    raise UnknownName(f"chainage {chainage_m / 1000:.1f} km is not on the line (km {ends})")


def one_case(project: Project, target: str | None, condition: str | None) -> Project:
    """Return the project with one target and one condition."""
    targets = {t.target_id: t for t in project.targets}
    conditions = {c.condition_id: c for c in project.conditions}
    target = target or project.targets[0].target_id
    condition = condition or max(project.conditions, key=lambda c: c.share).condition_id
    if target not in targets:
        raise UnknownName(f"target {target!r} is not in the project; it has {', '.join(targets)}")
    if condition not in conditions:
        raise UnknownName(f"condition {condition!r} is not in the project; it has {', '.join(conditions)}")
    return replace(project, targets=(targets[target],), conditions=(conditions[condition],))


def _routes(watch: Watch, stretch_id: int) -> dict[str, Routes]:
    """Return the routes of every adversary through one stretch; the unaware has one per field."""
    passage = watch.passage
    k = int(np.flatnonzero(passage.stretches == stretch_id)[0])
    (unaware,) = unaware_routes([passage])
    fastest, aware = passage.fastest_routes(), aware_routes(watch)
    optimal = weakest_routes(watch, [optimal_through(watch).routes, *unaware, fastest, aware])
    return {
        "unaware": concatenated([_only(routes, k) for routes in unaware]),
        "aware": _only(aware, k),
        "optimal": _only(optimal, k),
        "fastest": _only(fastest, k),
    }


def _only(routes: Routes, k: int) -> Routes:
    a, b = int(routes.ptr[k]), int(routes.ptr[k + 1])
    return Routes(np.array([0, b - a], np.int64), routes.cell[a:b], routes.step_s[a:b])


def _way(watch: Watch, adversary: str, routes: Routes) -> Way:
    p_timely, p_detect = watch.timely(routes)
    shown = int(np.argmin(np.where(np.isnan(p_timely), np.inf, p_timely)))
    ends = zip(routes.ptr[:-1], routes.ptr[1:], strict=True)
    time_s = [routes.step_s[a:b].sum() if b > a else np.nan for a, b in ends]
    line = route_lines(watch.passage.ground, routes)[shown]
    return Way(adversary, float(p_timely.mean()), float(p_detect.mean()), float(np.mean(time_s)), line)


def _raises(full: Watch, ways: dict[str, Routes], items: tuple[Item, ...]) -> list[Raise]:
    """Return what each item in reach would add, best first."""
    number = {item.asset.asset_id: i for i, item in enumerate(items)}
    item_of = np.array([number.get(unit.asset.asset_id, -1) for unit in full.units], np.int64)
    routes = concatenated([ways["unaware"], ways["optimal"]])
    weight = np.full(len(routes.ptr) - 1, 0.5 / max(1, len(routes.ptr) - 2))
    weight[-1] = 0.5
    in_view = np.unique(item_of[np.unique(full.view.asset)])
    on_line = np.unique(item_of[full.lines.asset])
    standing = item_of < 0
    base = _value(full, routes, weight, standing)
    found = []
    for i in sorted((set(in_view.tolist()) | set(on_line.tolist())) - {-1}):
        gain = _value(full, routes, weight, standing | (item_of == i)) - base
        if gain > 1e-9:
            item = items[i]
            found.append(Raise(item.asset, item.site_id, item.cost_usd, gain, gain / item.cost_usd * 1e6))
    return sorted(found, key=lambda r: -r.gain)


def _value(full: Watch, routes: Routes, weight: NDArray[np.float64], fielded: NDArray[np.bool_]) -> float:
    p_timely, _ = replace(full, share=np.where(fielded, full.share, 0.0)).timely(routes)
    return float((weight * np.nan_to_num(p_timely)).sum())


def _dead_ground(watch: Watch, near: NDArray[np.bool_], n: int = 5) -> tuple[float, tuple[DeadGround, ...]]:
    """Return the share of passable ground near the stretch that is seen, and the largest unseen patches."""
    passage: Passage = watch.passage
    grid = passage.ground.sector.grid
    walkable = np.isfinite(passage.step_s).any(axis=0) & near & (passage.inner | passage.outer)
    dead = walkable & ~seen_cells(watch)
    patch, n_patch = connected(dead, structure=np.ones((3, 3)))
    size = np.bincount(patch.ravel(), minlength=n_patch + 1)[1:]
    largest = np.argsort(-size, kind="stable")[:n]
    found = []
    for k in largest.tolist():
        cell = np.flatnonzero(patch.ravel() == k + 1)
        lon_deg, lat_deg = lonlat_of_cells(grid, cell[[len(cell) // 2]].astype(np.int64))
        found.append(DeadGround(float(size[k]) * grid.cell_m**2, float(lon_deg[0]), float(lat_deg[0])))
    share = 1.0 - dead.sum() / walkable.sum() if walkable.any() else 0.0
    return float(share), tuple(found)
