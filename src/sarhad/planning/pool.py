"""The pool of routes on which plans are searched, and the exact worth of a plan, sector by sector.

A pool part holds, for one sector, what every item on offer would add to the detection of each route
(theta, model section 4). Theta and cap take w with the teams of all posts on offer, so that the surrogate
stays an upper bound of the exact value of every plan; the exact value takes the teams that a plan has.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sarhad.kernels.crossing import weighted_exposure
from sarhad.kernels.exposure import Routes
from sarhad.model.asset import Asset
from sarhad.model.project import Project
from sarhad.planning.crossing import (
    Watch,
    aware_routes,
    cells_of,
    concatenated,
    optimal_through,
    watched,
    weakest_routes,
)
from sarhad.planning.ground import Field, Ground, Mask, lay_ground
from sarhad.planning.items import Item
from sarhad.planning.passage import unaware_routes
from sarhad.planning.sector import SectorPlan
from sarhad.planning.units import units_in

OPTIMAL = -1
Bought = tuple[tuple[int, int], ...]  # (item, n) pairs
Case = tuple[str, str]  # target_id, condition_id
Move = tuple[str, str]  # target_id, season


@dataclass(frozen=True, slots=True, eq=False)
class PoolPart:
    """Routes of one sector: parallel (route,) arrays, and theta as (route, item) entries.

    `case` numbers (target, condition) in the project's order, targets first; `field` is the perturbed field
    of an unaware route, OPTIMAL for a route of the optimal adversary.
    """

    stretch: NDArray[np.int64]
    case: NDArray[np.int64]
    field: NDArray[np.int64]
    base_theta: Field
    cap: Field
    entry_route: NDArray[np.int64]
    entry_item: NDArray[np.int64]
    entry_theta: Field


@dataclass(frozen=True, slots=True, eq=False)
class SectorPool:
    """The first pool of a sector, unaware routes field by field, first worst routes, and items in reach."""

    part: PoolPart
    unaware: Mapping[Move, Routes]
    known: Mapping[Case, Routes]
    items: frozenset[int]


@dataclass(frozen=True, slots=True, eq=False)
class PoolJob:
    """One sector and everything on offer."""

    project: Project
    plan: SectorPlan
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True, eq=False)
class WorthJob:
    """One sector with what each of some plans buys there; routes `unaware` and `known` as in SectorPool.

    `items` are those in reach of the sector, by their number. With `cut` the plans' own worst routes are
    measured against everything on offer and come back.
    """

    project: Project
    plan: SectorPlan
    items: Mapping[int, Item]
    bought: tuple[Bought, ...]
    unaware: Mapping[Move, Routes]
    known: Mapping[Case, Routes]
    cut: bool


@dataclass(frozen=True, slots=True, eq=False)
class Worth:
    """Exact P_t by case over the owned stretches, against both adversaries; NaN where nothing crosses."""

    stretch: NDArray[np.int64]
    unaware: dict[Case, Field]
    optimal: dict[Case, Field]


@dataclass(frozen=True, slots=True, eq=False)
class Worths:
    """What each plan of a job is worth; with `cut` the worst routes found for them, and what they add.

    The optimal adversary takes the least of all known routes and of those found for any of the plans.
    """

    by_plan: tuple[Worth, ...]
    part: PoolPart | None
    found: Mapping[Case, Routes]


def pool_sector(job: PoolJob) -> SectorPool:
    """Return the unaware routes of a sector and the fastest ones as the optimal adversary's first."""
    ground = lay_ground(job.project, job.plan, 0)
    unaware: dict[Move, Routes] = {}
    fastest: dict[Move, Routes] = {}
    walked = np.zeros(ground.sector.grid.shape, bool)
    for (watches,) in watched(ground, (), (job.project.settings.depth_m,)):  # nobody looks yet
        passage = watches[0].passage
        move = (passage.target.target_id, passage.season)
        unaware[move] = concatenated(unaware_routes([passage])[0])
        fastest[move] = passage.fastest_routes()
        walked |= cells_of(ground, passage, (unaware[move], fastest[move]))
    builder = _Builder(job.project, dict(enumerate(job.items)))
    known: dict[Case, Routes] = {}
    for watch in builder.watches(ground, walked):
        move = (watch.passage.target.target_id, watch.passage.season)
        n = len(watch.passage.stretches)
        builder.add(watch, unaware[move], np.repeat(np.arange(job.project.settings.n_fields), n))
        builder.add(watch, fastest[move], np.full(n, OPTIMAL))
        known[_case(watch)] = fastest[move]
    return SectorPool(builder.part(), unaware, known, builder.in_reach(ground))


def worth_sector(job: WorthJob) -> Worths:
    """Return the exact worth of plans in one sector, and new routes for the pool where asked."""
    ground = lay_ground(job.project, job.plan, 0)
    fielded = [job.project.assets + tuple(job.items[i].bought(n) for i, n in one) for one in job.bought]
    worths = tuple(Worth(ground.sector.owned, {}, {}) for _ in fielded)
    found: dict[Case, Routes] = {}
    walked = np.zeros(ground.sector.grid.shape, bool)
    depths_m = (job.project.settings.depth_m,)
    for moves in zip(*(watched(ground, assets, depths_m) for assets in fielded), strict=True):
        for watches in zip(*(by_condition for (by_condition,) in moves), strict=True):
            answers = [
                weakest_routes(one, [optimal_through(one).routes, aware_routes(one)]) for one in watches
            ]
            case, passage = _case(watches[0]), watches[0].passage
            found[case] = concatenated(answers)
            routes = job.unaware[passage.target.target_id, passage.season]
            ways = concatenated([routes, job.known[case], found[case]])
            for watch, worth in zip(watches, worths, strict=True):
                p_timely = watch.timely(ways)[0].reshape(-1, len(passage.stretches))
                worth.unaware[case] = p_timely[: job.project.settings.n_fields].mean(axis=0)
                worth.optimal[case] = np.fmin.reduce(p_timely, axis=0)
            walked |= cells_of(ground, passage, (found[case],))
    part = _cuts(job, ground, found, walked) if job.cut else None
    return Worths(worths, part, found if job.cut else {})


def _cuts(job: WorthJob, ground: Ground, found: Mapping[Case, Routes], walked: Mask) -> PoolPart:
    builder = _Builder(job.project, job.items)
    for watch in builder.watches(ground, walked):
        routes = found[_case(watch)]
        builder.add(watch, routes, np.full(len(routes.ptr) - 1, OPTIMAL))
    return builder.part()


def _case(watch: Watch) -> Case:
    return (watch.passage.target.target_id, watch.condition.condition_id)


def cases(project: Project) -> list[Case]:
    """Return every (target, condition) of a project, in the order of PoolPart.case."""
    return [(t.target_id, c.condition_id) for t in project.targets for c in project.conditions]


class _Builder:
    """Gathers the thetas of one sector's routes against everything that stands and is on offer."""

    def __init__(self, project: Project, items: Mapping[int, Item]) -> None:
        self._project = project
        self._items = items
        self._number = {item.asset.asset_id: i for i, item in items.items()}
        self._case = {case: i for i, case in enumerate(cases(project))}
        self._rows: list[tuple[NDArray[Any], ...]] = []
        self._entries: list[tuple[NDArray[Any], ...]] = []
        self._n = 0

    @property
    def everything(self) -> tuple[Asset, ...]:
        """What stands, then one of each item on offer."""
        return self._project.assets + tuple(item.asset for item in self._items.values())

    def watches(self, ground: Ground, walked: Mask) -> Iterator[Watch]:
        """Yield what watches the cells walked on, with everything that stands or is on offer."""
        for (watches,) in watched(ground, self.everything, (self._project.settings.depth_m,), walked):
            yield from watches

    def add(self, watch: Watch, routes: Routes, field: NDArray[np.int64]) -> None:
        """Take up routes, several rounds over the owned stretches; those that do not exist are left out."""
        passage, sector = watch.passage, watch.passage.ground.sector
        weighted = weighted_exposure(
            routes,
            passage.w,
            watch.view,
            watch.lines,
            watch.share,
            sector.offset_m,
            sector.chainage_m,
            w_never_rises=True,
        )
        column = np.array([self._number.get(u.asset.asset_id, -1) for u in watch.units] + [-1], np.int64)
        exists = np.diff(routes.ptr) > 0
        number = np.cumsum(exists) - 1
        item = column[weighted.asset]
        standing = item < 0
        theta = np.minimum(weighted.theta, 50.0)  # exp(-50): certain detection, and finite for the solver
        base = np.bincount(weighted.route[standing], theta[standing], minlength=len(exists))
        offered = ~standing
        stretch = np.tile(passage.stretches, len(exists) // len(passage.stretches))
        n = int(exists.sum())
        case = np.full(n, self._case[_case(watch)], np.int64)
        self._rows.append((stretch[exists], case, field[exists], base[exists], weighted.cap[exists]))
        self._entries.append((number[weighted.route[offered]] + self._n, item[offered], theta[offered]))
        self._n += n

    def part(self) -> PoolPart:
        """Return all that was taken up."""
        stretch, case, field, base, cap = (np.concatenate(column) for column in zip(*self._rows, strict=True))
        route, item, theta = (np.concatenate(column) for column in zip(*self._entries, strict=True))
        return PoolPart(stretch, case, field, base, cap, route, item, theta)

    def in_reach(self, ground: Ground) -> frozenset[int]:
        """Return the numbers of the items that can matter in the sector."""
        moving = ground.moving(self._project.settings.depth_m)
        units = units_in(ground, self.everything, moving)
        return frozenset({self._number.get(u.asset.asset_id, -1) for u in units} - {-1})
