"""Timely detection of one sector: every stretch, target, condition and adversary (model sections 1 to 3).

One task evaluates one sector for one set of assets in one terrain realisation and returns plain arrays, so
that sectors run on any number of processes with the same result.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise

import numpy as np
import shapely
from numpy.typing import NDArray

from sarhad.kernels.crossing import timely
from sarhad.kernels.exposure import Routes, SensorLines, View, step_exposure
from sarhad.kernels.worstcase import Reach, Through, least_timely_by_state, least_timely_through
from sarhad.model.asset import Asset
from sarhad.model.condition import Condition
from sarhad.model.project import Project
from sarhad.model.target import Target
from sarhad.planning.coverage import sensor_lines, view_of
from sarhad.planning.frame import lonlat_of_cells
from sarhad.planning.ground import (
    Field,
    Ground,
    Mask,
    all_teams,
    lay_ground,
    response_season,
    response_time,
    target_steps,
)
from sarhad.planning.passage import Passage, lay_passage, unaware_routes
from sarhad.planning.sector import SectorPlan
from sarhad.planning.sighting import Sighting, sight
from sarhad.planning.units import Unit, units_in, working_share

ADVERSARIES = ("unaware", "aware", "optimal", "fastest")


@dataclass(frozen=True, slots=True, eq=False)
class SectorJob:
    """One sector to evaluate with a set of assets: at depths beside the headline, unaware alone.

    `bracket` adds the low end of the optimal adversary's bracket and the routes as lines.
    """

    project: Project
    plan: SectorPlan
    assets: tuple[Asset, ...]
    realisation: int = 0
    adversaries: tuple[str, ...] = ADVERSARIES
    depths_m: tuple[float, ...] = ()
    bracket: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """One (target, condition, adversary, depth) over the owned stretches; arrays are (stretch,).

    `p_low` is the lower end of the optimal adversary's bracket and equals `p_timely` for the others. NaN
    where the stretch cannot be crossed. `route` (stretch,) is the route, or the weakest field's, as a line in
    lon, lat (None where there is none); `kind` the terrain's KIND.
    """

    target_id: str
    condition_id: str
    adversary: str
    depth_m: float
    stretch: NDArray[np.int64]
    p_timely: Field
    p_low: Field
    p_detect: Field
    w_line: Field
    time_s: Field
    route: NDArray[np.object_]
    kind: str


@dataclass(frozen=True, slots=True, eq=False)
class Watch:
    """What watches one passage under one condition: rates by cell, lines, and each unit's working share."""

    passage: Passage
    condition: Condition
    units: tuple[Unit, ...]
    view: View
    lines: SensorLines
    share: Field

    @property
    def exposure(self) -> Field:
        """Exposure of every step (8, row, col) by the rate rule: each unit's rate times its working share."""
        sector = self.passage.ground.sector
        return step_exposure(
            self.passage.step_s, self.view, self.lines, sector.offset_m, sector.chainage_m, self.share
        )

    def states(self, n: int, seed: int) -> NDArray[np.bool_]:
        """Return (n, unit) sampled states, with common random numbers whatever else is fielded."""
        count: dict[str, int] = {}
        names = []
        for unit in self.units:
            k = count[unit.asset.asset_id] = count.get(unit.asset.asset_id, 0) + 1
            names.append(f"{unit.asset.asset_id}/{k}")
        uniform = np.array([[drawn(seed, i, name) for name in names] for i in range(n)])
        return uniform.reshape(n, len(names)) < self.share

    def timely(self, routes: Routes) -> tuple[Field, Field]:
        """Return exact (p_timely, p_detect) of each route; NaN for an empty one.

        A detection is never worth less than a later one on the same route: who has been seen stays reported,
        and a crosser who does not know it walks on to where teams can meet him.
        """
        sector = self.passage.ground.sector
        found = timely(
            routes,
            self.passage.w,
            self.view,
            self.lines,
            self.share,
            sector.offset_m,
            sector.chainage_m,
            correlated=self.condition.correlated,
            w_never_rises=True,
        )
        return found.p_timely, found.p_detect


def evaluate_sector(job: SectorJob) -> list[Rows]:
    """Return the rows of one sector: the headline depth against all adversaries, then the other depths."""
    ground = lay_ground(job.project, job.plan, job.realisation)
    headline_m = job.project.settings.depth_m
    rows: list[Rows] = []
    for (watches,) in watched(ground, job.assets, (headline_m,)):
        passage = watches[0].passage
        (unaware,) = unaware_routes([passage])
        fastest = [passage.fastest_routes()]
        for watch in watches:
            ways = {"unaware": unaware, "fastest": fastest}
            if {"aware", "optimal"} & set(job.adversaries):
                ways["aware"] = [aware_routes(watch)]
            if "optimal" in job.adversaries:
                ways["optimal"] = [
                    weakest_routes(watch, [optimal_through(watch).routes, *chain(*ways.values())])
                ]
            rows += [_rows(watch, name, ways[name], job.bracket) for name in job.adversaries]
    others = tuple(sorted(set(job.depths_m) - {headline_m}))
    for by_depth in watched(ground, job.assets, others) if others else ():
        fields = unaware_routes([watches[0].passage for watches in by_depth])
        for watches, unaware in zip(by_depth, fields, strict=True):
            rows += [_rows(watch, "unaware", unaware, job.bracket) for watch in watches]
    return rows


def watched(
    ground: Ground,
    assets: tuple[Asset, ...],
    depths_m: tuple[float, ...],
    look_at: Mask | None = None,
) -> Iterator[list[list[Watch]]]:
    """Yield for every target and season, by depth, what watches its passage under each condition.

    Sight and response take the whole band; movement and all that follows the smallest window around the
    cells in which targets move. `look_at` (row, col) are the only cells of the ground whose watch matters,
    where that is known.
    """
    project, deepest_m = ground.project, max(depths_m)
    moving = ground.moving(deepest_m)
    strip, window = ground.cut_to(moving)
    units = units_in(ground, assets, moving)
    teams, responses = all_teams(project, assets), dict[str, Field]()
    sightings: dict[float, Sighting] = {}
    for target in project.targets:
        if target.height_m not in sightings:
            cells = moving if look_at is None else moving & look_at
            whole = sight(ground, units, target.height_m, cells)
            sightings[target.height_m] = whole.cut_to(window, ground.sector.grid.n_col)
        for season in sorted({c.season for c in project.conditions}):
            same = response_season(project, season)
            if same not in responses:
                responses[same] = np.ascontiguousarray(response_time(ground, teams, same)[window])
            response_s = responses[same]
            step_s = target_steps(strip, target, season, deepest_m)
            watching = _watching(strip, units, sightings[target.height_m], target, season)
            passages = [
                lay_passage(strip, target, season, depth_m, step_s, response_s) for depth_m in depths_m
            ]
            yield [[Watch(passage, *parts) for parts in watching] for passage in passages]


def _watching(
    ground: Ground, units: tuple[Unit, ...], sighting: Sighting, target: Target, season: str
) -> list[tuple[Condition, tuple[Unit, ...], View, SensorLines, Field]]:
    return [
        (
            condition,
            units,
            view_of(ground, units, sighting, target, condition),
            sensor_lines(units, target, condition),
            working_share(units, condition),
        )
        for condition in ground.project.conditions
        if condition.season == season
    ]


def _rows(watch: Watch, adversary: str, ways: list[Routes], bracket: bool) -> Rows:
    """Return the rows of one adversary: means over its sets of routes."""
    worth = [watch.timely(routes) for routes in ways]
    p_timely = np.mean([p for p, _ in worth], axis=0)
    p_detect = np.mean([p for _, p in worth], axis=0)
    passage = watch.passage
    low = bracket and adversary == "optimal"
    shown = (
        route_lines(passage.ground, weakest_routes(watch, ways)) if bracket else np.full(len(p_timely), None)
    )
    return Rows(
        target_id=passage.target.target_id,
        condition_id=watch.condition.condition_id,
        adversary=adversary,
        depth_m=passage.depth_m,
        stretch=passage.stretches,
        p_timely=p_timely,
        p_low=np.minimum(low_end(watch, ways), p_timely) if low else p_timely,
        p_detect=p_detect,
        w_line=np.mean([_w_at_line(passage, routes) for routes in ways], axis=0),
        time_s=np.mean([_route_time_s(routes) for routes in ways], axis=0),
        route=shown,
        kind=passage.ground.kind,
    )


def route_lines(ground: Ground, routes: Routes) -> NDArray[np.object_]:
    """Return each route as a line in lon, lat through the centres of its cells; None for an empty one."""
    lon_deg, lat_deg = lonlat_of_cells(ground.sector.grid, routes.cell.astype(np.int64))
    length = np.diff(routes.ptr)
    walked = length > 1
    found = np.full(len(length), None, dtype=object)
    if walked.any():
        owner = np.repeat(np.arange(len(length)), length)
        on_line = walked[owner]
        number = np.cumsum(walked)[owner[on_line]] - 1
        points = np.column_stack([lon_deg, lat_deg])[on_line]
        found[walked] = shapely.linestrings(points, indices=number)
    return found


def aware_routes(watch: Watch) -> Routes:
    """Return routes of least time plus kappa times exposure: who knows where it is watched."""
    passage = watch.passage
    return passage.routes(passage.step_s + passage.project.settings.kappa_s * watch.exposure)


def weakest_routes(watch: Watch, ways: Sequence[Routes]) -> Routes:
    """Return for each stretch the route of least exact P_t among several sets: any route bounds the optimum.

    The rate rule's own worst route is not always the worst by the exact formula, in which units can be down.
    """
    p_timely = np.array([watch.timely(routes)[0] for routes in ways])
    n = p_timely.shape[1]
    chosen = np.argmin(np.where(np.isnan(p_timely), np.inf, p_timely), axis=0)
    bounds = [(int(ways[k].ptr[i]), int(ways[k].ptr[i + 1])) for i, k in enumerate(chosen)]
    return Routes(
        np.concatenate([[0], np.cumsum([b - a for a, b in bounds])]).astype(np.int64),
        np.concatenate([ways[chosen[i]].cell[slice(*bounds[i])] for i in range(n)]),
        np.concatenate([ways[chosen[i]].step_s[slice(*bounds[i])] for i in range(n)]),
    )


def low_end(watch: Watch, ways: Sequence[Routes]) -> Field:
    """Return the lower end of the optimal adversary's bracket through each owned stretch."""
    return best_alone(watch, ways) if watch.condition.correlated else mean_of_minima(watch)


def mean_of_minima(watch: Watch) -> Field:
    """Return the mean over sampled states of the least P_t: the crosser knows which units are down."""
    settings = watch.passage.project.settings
    mean: Field = _minima(watch, watch.states(settings.n_states, settings.seed)).mean(axis=0)
    return mean


def best_alone(watch: Watch, ways: Sequence[Routes]) -> Field:
    """Return max_a f_a L_a, L_a the least P_t where unit a alone stands and works.

    In a correlated condition no route has a smaller P_t (`sarhad.kernels.crossing`, "Correlated"), and one
    more unit never lowers it. Units that share an asset are alike: the first stands for them. Who sees
    no cell of some known `ways` through every stretch closes none, and is not asked.
    """
    n_cell = len(watch.view.ptr) - 1
    senses = np.ones(len(watch.units), bool)
    for routes in ways:
        walked = np.zeros(n_cell, bool)
        walked[routes.cell] = True
        met = np.zeros(len(watch.units), bool)
        met[watch.view.asset[np.repeat(walked, np.diff(watch.view.ptr))]] = True
        senses &= met
    senses[watch.lines.asset] = watch.lines.exposure > 0
    first = {unit.asset.asset_id: i for i, unit in reversed(list(enumerate(watch.units)))}
    alone = [i for i in sorted(first.values()) if senses[i] and watch.share[i] > 0]
    working = np.zeros((len(alone) + 1, len(watch.units)), bool)  # the last: nobody watches
    working[np.arange(len(alone)), alone] = True
    best: Field = (np.append(watch.share[alone], 1.0)[:, None] * _minima(watch, working)).max(axis=0)
    return best


def _minima(watch: Watch, working: NDArray[np.bool_]) -> Field:
    """Return the least P_t (state, stretch) in each state (state, unit) of the units."""
    passage = watch.passage
    return least_timely_by_state(
        passage.band,
        watch.view,
        watch.lines,
        passage.ground.sector.stretch,
        passage.stretches,
        reach=_reach(passage),
        working=working,
    )


def optimal_through(watch: Watch) -> Through:
    """Return the way of least timely detection through each owned stretch by the rate rule."""
    passage = watch.passage
    stretch = passage.ground.sector.stretch
    return least_timely_through(watch.exposure, passage.band, stretch, passage.stretches, _reach(passage))


def _reach(passage: Passage) -> Reach:
    settings = passage.project.settings
    return Reach(settings.start_beyond_m, settings.window_m, settings.cell_m)


def drawn(seed: int, draw: int, name: str) -> float:
    """Return a uniform number in [0, 1) that depends on its arguments only: common random numbers."""
    digest = hashlib.blake2b(f"{seed}/{draw}/{name}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2.0**64


def concatenated(several: Sequence[Routes]) -> Routes:
    """Return the routes of several sets as one set, in order."""
    lengths = np.concatenate([np.diff(routes.ptr) for routes in several])
    return Routes(
        np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        np.concatenate([routes.cell for routes in several]),
        np.concatenate([routes.step_s for routes in several]),
    )


def cells_of(ground: Ground, passage: Passage, several: Iterable[Routes]) -> Mask:
    """Return the cells (row, col) of the whole ground that some routes of a passage run over."""
    part, whole = passage.ground.sector.grid, ground.sector.grid
    cell = np.unique(np.concatenate([routes.cell for routes in several]))
    row, col = np.divmod(cell, part.n_col)
    row += round((whole.top_m - part.top_m) / whole.cell_m)
    col += round((part.left_m - whole.left_m) / whole.cell_m)
    mask = np.zeros(whole.shape, bool)
    mask[row, col] = True
    return mask


def _w_at_line(passage: Passage, routes: Routes) -> Field:
    """Return w where each route steps onto the home side; NaN for an empty one."""
    home = passage.ground.sector.home.ravel()[routes.cell]
    found = np.full(len(routes.ptr) - 1, np.nan)
    for i, (a, b) in enumerate(pairwise(routes.ptr.tolist())):
        if b > a:
            found[i] = passage.w.ravel()[routes.cell[a + int(np.argmax(home[a:b]))]]
    return found


def _route_time_s(routes: Routes) -> Field:
    """Return the duration of each route; NaN for an empty one."""
    run_s = np.concatenate([[0.0], np.cumsum(routes.step_s)])
    time_s = run_s[routes.ptr[1:]] - run_s[routes.ptr[:-1]]
    return np.where(np.diff(routes.ptr) > 0, time_s, np.nan)
