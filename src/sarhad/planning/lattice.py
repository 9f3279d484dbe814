"""What every set of coming items is worth on every stretch, worked out once, whenever they may come.

Only items in reach of a stretch matter there. Routes of the unaware adversary do not look at assets, so P_t
of a stretch is known for *all* subsets of these items from one walk along its routes
(`sarhad.kernels.subsets`): its lattice. Teams that come with an item are part of the set: they raise w.

A stretch has at most `n_bit` bits: one for each of the items that add most alone, and one more for all others
that are met there, which count as one bundle. P_t never falls with one more item, so a set with a part of the
bundle lies between the set without it and the set with it. Where the bundle is empty everything is exact.

*Optimal* is the least exact P_t over routes that an adversary could take: the unaware and the fastest ones,
and his answers, and the aware adversary's, to some sets: what stands now, all items together, and those
`answered`. Like the profile's `p_timely` it is an upper end, the least over routes found. It is no higher
than the profile's for the sets answered; for others it may be well above, because a hole that opens in
between is not known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sarhad.errors import InputFaults
from sarhad.io.cache import content_key
from sarhad.kernels.exposure import Routes
from sarhad.kernels.subsets import MAX_BIT, Met, lattice, meet, touched
from sarhad.model.asset import Asset
from sarhad.model.project import Project
from sarhad.planning.compute import Compute
from sarhad.planning.crossing import (
    Watch,
    aware_routes,
    cells_of,
    concatenated,
    optimal_through,
    watched,
)
from sarhad.planning.ground import Field, Ground, Mask, all_teams, lay_ground, response_season, response_time
from sarhad.planning.passage import Passage, lay_passage, unaware_routes
from sarhad.planning.pool import Case, Move, cases
from sarhad.planning.profile import fingerprint
from sarhad.planning.reach import Nearness
from sarhad.planning.sector import SectorPlan, sectors

Against = Literal["unaware", "optimal"]
AGAINST: tuple[Against, ...] = ("unaware", "optimal")
Bits = tuple[tuple[int, ...], ...]

N_BIT = 12
NEGLIGIBLE, NOTHING = 1e-7, 1e-13
"""An item that adds less in every case gets no bit of its own, it joins the bundle; or it is left out."""


@dataclass(frozen=True, slots=True)
class LatticeJob:
    """One sector with what stands in the project and the items that may come.

    `answered` are sets of item numbers that the optimal adversary answers, besides none and all.
    """

    project: Project
    plan: SectorPlan
    items: tuple[Asset, ...]
    against: tuple[Against, ...] = ("unaware",)
    n_bit: int = N_BIT
    answered: tuple[tuple[int, ...], ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class SectorLattice:
    """P_t of every set of items on the owned stretches of a sector.

    `stretch` (n,) ids; `bits` by stretch: the numbers of the items that come with each bit (several: the
    bundle); `worth` by adversary, by stretch: (case, 2^bit), cases in the order of `pool.cases`, NaN where
    nobody can cross. `kind` is the terrain's KIND.
    """

    stretch: NDArray[np.int64]
    bits: tuple[Bits, ...]
    worth: Mapping[Against, tuple[Field, ...]]
    kind: str


def lattices(
    project: Project,
    items: Sequence[Asset],
    compute: Compute,
    *,
    against: Sequence[Against] = ("unaware",),
    n_bit: int = N_BIT,
    answered: Sequence[tuple[int, ...]] = (),
) -> list[SectorLattice]:
    """Return the lattices of all sectors for items on top of the project's assets.

    Kept by content, of which a sector counts what is near it alone: a change elsewhere leaves it as it is.
    `answered` are sets of item numbers whose worst routes join the optimal adversary's, besides none and all.
    Raises InputFaults where an id stands twice, UnknownName for an unknown type.
    """
    ids = [asset.asset_id for asset in (*project.assets, *items)]
    twice = sorted({name for name in ids if ids.count(name) > 1})
    if twice:
        raise InputFaults.one("items", "ids that no other asset bears", ", ".join(twice), column="asset_id")
    if not 1 < n_bit <= MAX_BIT:
        raise InputFaults.one("settings", f"a number from 2 to {MAX_BIT}", n_bit, column="n_bit")
    plans = sectors(project)
    standing = Nearness(project, project.assets, plans[0].grid.crs)
    coming = Nearness(project, items, plans[0].grid.crs)
    jobs, numbers = [], []
    for plan in plans:
        local = coming.near(plan)
        here = replace(project, assets=tuple(project.assets[i] for i in standing.near(plan)))
        sets = tuple(tuple(local.index(i) for i in some if i in local) for some in answered)
        mine = tuple(items[i] for i in local)
        jobs.append(LatticeJob(here, plan, mine, tuple(against), n_bit, tuple(dict.fromkeys(sets))))
        numbers.append(local)
    known = fingerprint(project)
    keys = [
        content_key("lattice", known, j.project.assets, j.plan, j.items, j.against, n_bit, j.answered)
        for j in jobs
    ]
    found = compute.run("worth of sets", lattice_sector, jobs, keys=keys)
    return [_renumbered(one, local) for one, local in zip(found, numbers, strict=True)]


def _renumbered(found: SectorLattice, local: Sequence[int]) -> SectorLattice:
    """Return a lattice whose bits count the items of the whole line."""
    bits = tuple(tuple(tuple(local[i] for i in members) for members in one) for one in found.bits)
    return replace(found, bits=bits)


def lattice_sector(job: LatticeJob) -> SectorLattice:
    """Return what every set of the items is worth in one sector."""
    project = job.project
    ground = lay_ground(project, job.plan, 0)
    depth_m = project.settings.depth_m
    routes, walked = _routes(job, ground)
    responses: dict[str, tuple[list[Field], NDArray[np.int64]]] = {}
    number = {asset.asset_id: i for i, asset in enumerate(job.items)}
    met: dict[Case, tuple[Met, bool]] = {}
    for (watches,) in watched(ground, project.assets + job.items, (depth_m,), walked):
        season = response_season(project, watches[0].passage.season)
        if season not in responses:
            responses[season] = _responses(job, ground, season)
        times, item_team = responses[season]
        worths = _worths(watches[0].passage, times)
        for watch in watches:
            case, sector = _case(watch), watch.passage.ground.sector
            unit_item = np.array([number.get(u.asset.asset_id, -1) for u in watch.units], np.int64)
            correlated = watch.condition.correlated
            found = meet(
                routes[case],
                worths,
                watch.view,
                watch.lines,
                watch.share,
                sector.offset_m,
                sector.chainage_m,
                unit_item=unit_item,
                item_team=item_team,
                correlated=correlated,
            )
            met[case] = (found, correlated)
    by_case = [met[case] for case in cases(project)]
    stretch = ground.sector.owned
    return _lattices(job, by_case, stretch, ground.kind)


def _lattices(
    job: LatticeJob, by_case: Sequence[tuple[Met, bool]], stretch: NDArray[np.int64], kind: str
) -> SectorLattice:
    """Return the lattice of each stretch; route f n + k of a case leads through the k-th of n stretches."""
    n, n_field = len(stretch), job.project.settings.n_fields
    bits: list[Bits] = []
    worth: dict[Against, list[Field]] = {name: [] for name in job.against}
    for k in range(n):
        through = [np.arange(k, len(met.walked), n) for met, _ in by_case]
        mine = _bits(by_case, through, len(job.items), job.n_bit)
        item_bit = np.full(len(job.items), -1, np.int64)
        for bit, members in enumerate(mine):
            item_bit[list(members)] = bit
        bits.append(mine)
        for name in job.against:
            least = name == "optimal"
            rows = [
                lattice(
                    met,
                    routes if least else routes[:n_field],
                    item_bit,
                    len(mine),
                    correlated=correlated,
                    least=least,
                )
                for (met, correlated), routes in zip(by_case, through, strict=True)
            ]
            worth[name].append(np.array(rows))
    return SectorLattice(stretch, tuple(bits), {name: tuple(rows) for name, rows in worth.items()}, kind)


def _bits(
    by_case: Sequence[tuple[Met, bool]], through: Sequence[NDArray[np.int64]], n_item: int, n_bit: int
) -> Bits:
    """Return which items share a bit on one stretch: those that add most have their own.

    What an item adds is the most over cases of what it adds alone, or last of all. Alone is a bound of what
    it ever adds, but for teams: these are worth more beside somebody who sees.
    """
    adds, team = np.zeros(n_item), np.zeros(n_item, bool)
    for (met, correlated), routes in zip(by_case, through, strict=True):
        there = routes[met.walked[routes]]
        if not len(there):
            continue
        seen, sooner = touched(met, there)
        team |= sooner
        for item in np.flatnonzero(seen | sooner):
            others = np.ones(n_item, np.int64)
            others[item] = 0
            worth = lattice(met, there, others, 2, correlated=correlated, least=False)
            adds[item] = max(adds[item], worth[1] - worth[0], worth[3] - worth[2])
    counts = np.flatnonzero((adds > NOTHING) | team).tolist()
    order = sorted(counts, key=lambda item: (-adds[item], item))
    own = [item for item in order[:n_bit] if adds[item] > NEGLIGIBLE or team[item]]
    if len(order) > n_bit:
        own = own[: n_bit - 1]
    rest = tuple(sorted(set(order) - set(own)))
    return (*((item,) for item in sorted(own)), *((rest,) if rest else ()))


def _routes(job: LatticeJob, ground: Ground) -> tuple[dict[Case, Routes], Mask]:
    """Return the routes of each case, field by field, then those an optimal adversary may take; and cells."""
    depth_m = job.project.settings.depth_m
    walked = np.zeros(ground.sector.grid.shape, bool)
    unaware: dict[Move, Routes] = {}
    found: dict[Case, list[Routes]] = {}
    for (watches,) in watched(ground, (), (depth_m,), walked):  # nobody looks yet
        passage = watches[0].passage
        mine = concatenated(unaware_routes([passage])[0])
        unaware[passage.target.target_id, passage.season] = mine
        walked |= cells_of(ground, passage, (mine,))
        for watch in watches:
            found[_case(watch)] = [mine]
    if "optimal" in job.against:
        for assets in _answered(job):
            for (watches,) in watched(ground, assets, (depth_m,)):
                fastest = watches[0].passage.fastest_routes()
                for watch in watches:
                    answers = [fastest, aware_routes(watch), optimal_through(watch).routes]
                    found[_case(watch)] += answers
                    walked |= cells_of(ground, watch.passage, answers)
    return {case: concatenated(several) for case, several in found.items()}, walked


def _answered(job: LatticeJob) -> list[tuple[Asset, ...]]:
    """Return the distinct sets of assets that the optimal adversary answers."""
    sets = dict.fromkeys([(), tuple(range(len(job.items))), *job.answered])
    return [job.project.assets + tuple(job.items[i] for i in some) for some in sets]


def _responses(job: LatticeJob, ground: Ground, season: str) -> tuple[list[Field], NDArray[np.int64]]:
    """Return times of the standing teams and with the team of each item that has one here; rows by item."""
    project = job.project
    _, window = ground.cut_to(ground.moving(project.settings.depth_m))
    standing_s = response_time(ground, all_teams(project, project.assets), season)
    responses = [np.ascontiguousarray(standing_s[window])]
    item_team = np.zeros(len(job.items), np.int64)
    for i, asset in enumerate(job.items):
        brought = all_teams(project, (asset,))[len(project.teams) :]
        if brought:
            time_s = np.minimum(standing_s, response_time(ground, brought, season))
            if np.any(time_s < standing_s):
                item_team[i] = len(responses)
                responses.append(np.ascontiguousarray(time_s[window]))
    return responses, item_team


def _worths(passage: Passage, responses: Sequence[Field]) -> list[Field]:
    """Return w (row, col) of a passage under each response."""
    ways = (passage.ground, passage.target, passage.season, passage.depth_m, passage.step_s)
    return [lay_passage(*ways, response_s).w for response_s in responses]


def _case(watch: Watch) -> Case:
    return (watch.passage.target.target_id, watch.condition.condition_id)
