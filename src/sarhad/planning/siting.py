"""Which assets to buy first: plan, exact value, proven bound and gap (model section 4).

Objective: the mean over stretches (by length and threat weight), targets and conditions (by share of the
year) of half the unaware and half the optimal P_t. Plans come from greedy rankings on a growing pool of
routes, are judged by exact evaluation of every sector they touch, and improved by swaps; the bound is the
maximum of the concave surrogate over the relaxed plans, on the final pool.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from sarhad.errors import InputFaults, NoGoalReachable
from sarhad.io.cache import content_key
from sarhad.kernels.cover import Pool, build_pool
from sarhad.kernels.cover import Routes as PoolRoutes
from sarhad.model.plan import Budget, Plan, PlanItem, PlanResult
from sarhad.model.project import Project
from sarhad.planning.candidates import candidate_sites
from sarhad.planning.compute import Compute
from sarhad.planning.crossing import concatenated
from sarhad.planning.items import Item, limits_of, offered_items
from sarhad.planning.pool import (
    OPTIMAL,
    PoolJob,
    PoolPart,
    SectorPool,
    Worth,
    WorthJob,
    cases,
    pool_sector,
    worth_sector,
)
from sarhad.planning.profile import fingerprint
from sarhad.planning.search import lazy_greedy, rank, swap_search
from sarhad.planning.sector import sectors
from sarhad.planning.solve import upper_bound

Counts = NDArray[np.int64]
Bought = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Mix:
    """How the objective weighs the two adversaries."""

    unaware: float = 0.5
    optimal: float = 0.5


@dataclass(frozen=True, slots=True)
class Effort:
    """How long to search, counted in steps so that every machine finds the same plan.

    `rounds` of ranking and cutting on the objective; `cut_pure` lets the optimal adversary answer the pure
    plans too; then at most `max_exact` exact trials of swaps, `n_force` columns forced in each sweep.
    """

    rounds: int = 4
    cut_pure: bool = True
    max_exact: int = 24
    n_force: int = 20
    bound_rounds: int = 60
    bound_tolerance: float = 1e-3


def plan(
    project: Project,
    budget: Budget | float | None = None,
    *,
    mix: Mix | None = None,
    effort: Effort | None = None,
    compute: Compute | None = None,
) -> PlanResult:
    """Return the best plan found under a budget, its exact value, a proven bound and the gap.

    `budget` is money in USD, or a Budget; the project's own by default. `result.ranking` goes on beyond the
    budget: any head of it is a plan for that much money. Raises EmptyBudget, NoGoalReachable, InputFaults.
    """
    if compute is None:
        with Compute(project.settings.processes) as own:
            return plan(project, budget, mix=mix, effort=effort, compute=own)
    if budget is None:
        budget = project.budget
    elif not isinstance(budget, Budget):
        if not budget > 0:
            raise InputFaults.one("budget", "money above 0 USD", budget, column="money_usd")
        budget = replace(project.budget, money_usd=float(budget))
    sites = candidate_sites(project, compute)
    search = _Search(project, offered_items(project, sites), budget, mix or Mix(), compute)
    return search.solve(effort or Effort())


class _Search:
    """One search. The pool and the known worst routes grow while it runs; exact worths are remembered."""

    def __init__(
        self, project: Project, items: tuple[Item, ...], budget: Budget, mix: Mix, compute: Compute
    ) -> None:
        self.project, self.items, self.mix, self.compute = project, items, mix, compute
        self.budget = budget
        self.limits = limits_of(items, budget)
        self.plans = sectors(project)
        key = content_key(fingerprint(project), project.assets, items)
        self.pools: list[SectorPool] = compute.run(
            "routes of the pool",
            pool_sector,
            [PoolJob(project, p, items) for p in self.plans],
            keys=[content_key("pool", key, p) for p in self.plans],
        )
        self.parts = [pool.part for pool in self.pools]
        self.known = [dict(pool.known) for pool in self.pools]
        self.n_cut = [0] * len(self.plans)
        self.answered: set[tuple[int, Bought]] = set()
        self.worths: dict[tuple[int, Bought], tuple[int, Worth]] = {}  # with the cuts known to each
        self.terms = _Terms(project, self.parts)

    def solve(self, effort: Effort) -> PlanResult:
        """Rank and cut in turn; try the pure plans too; improve the best by swaps; bound it."""
        tried: list[Counts] = []
        for i, mix in enumerate((*[self.mix] * effort.rounds, Mix(1.0, 0.0), Mix(0.0, 1.0))):
            count = rank(self.pool(mix), self.limits).count
            if not any(np.array_equal(count, other) for other in tried):
                tried.append(count)
                if i < effort.rounds or effort.cut_pure:
                    self.cut(count)
        if effort.max_exact > 0:
            improved = swap_search(
                self.pool(self.mix),
                self.limits,
                self.best(tried),
                exact=self.value,
                max_exact=effort.max_exact,
                n_force=effort.n_force,
            )
            tried.append(improved.count)
            self.cut(improved.count)
        return self.result(self.best(tried), effort)

    def best(self, tried: Sequence[Counts]) -> Counts:
        """Return the plan of the highest value; routes found since it was judged can only lower a value."""
        judged = {i: self.value(count) for i, count in enumerate(tried)}
        fresh: set[int] = set()
        while (top := max(judged, key=judged.__getitem__)) not in fresh:
            judged[top] = self.value(tried[top], fresh=True)
            fresh.add(top)
        return tried[top]

    def result(self, count: Counts, effort: Effort) -> PlanResult:
        """Return a plan as ranked purchases with exact value, bound and what would come next."""
        pool = self.pool(self.mix)
        found = upper_bound(
            pool,
            self.limits,
            start=count,
            max_rounds=effort.bound_rounds,
            tolerance=effort.bound_tolerance,
        )
        column, gain = np.zeros(0, np.int64), np.zeros(0)
        if count.any():
            within = lazy_greedy(pool, self.limits._replace(n_max=count), ratio=True)
            idle = np.repeat(np.arange(len(count)), count - within.count)  # gains only by the exact value
            column, gain = np.append(within.column, idle), np.append(within.gain, 0.0 * idle)
        items = self.ranked(column, gain)
        open_ended = self.limits._replace(money_usd=np.inf, crew_limit_n=np.inf)
        onward = lazy_greedy(pool, open_ended, ratio=True, start=count, n_rank=max(20, len(items)))
        unaware, optimal = self.values(count, fresh=True)
        return PlanResult(
            plan=Plan(items),
            value=self.value(count, fresh=True),
            bound=found.value,
            before=self.value(np.zeros_like(count), fresh=True),
            adversaries=(("unaware", self.mix.unaware, unaware), ("optimal", self.mix.optimal, optimal)),
            ranking=Plan(self.ranked(np.append(column, onward.column), np.append(gain, onward.gain))),
            budget=self.budget,
        )

    def ranked(self, column: NDArray[np.integer], gain: NDArray[np.float64]) -> tuple[PlanItem, ...]:
        """Return purchases in order; the n-th of identical items carries n in its asset id."""
        taken: dict[int, int] = {}
        found = []
        for i, (c, g) in enumerate(zip(column.tolist(), gain.tolist(), strict=True)):
            item = self.items[c]
            n = taken[c] = taken.get(c, 0) + 1
            asset_id = item.asset.asset_id if n == 1 else f"{item.asset.asset_id}-{n}"
            asset = replace(item.asset, asset_id=asset_id)
            found.append(PlanItem(i + 1, asset, item.site_id, item.cost_usd, item.crew_n, g))
        return tuple(found)

    def pool(self, mix: Mix) -> Pool:
        """Return the pool as it stands under a mix of adversaries."""
        return self.terms.pool(self.parts, len(self.items), mix)

    def cut(self, count: Counts) -> None:
        """Let the optimal adversary answer a plan: its worst routes join the pool and the known routes."""
        fresh = [
            (i, bought) for i, bought in enumerate(self.bought(count)) if (i, bought) not in self.answered
        ]
        for (i, bought), worth in zip(fresh, self.run("worst routes", fresh, cut=True), strict=True):
            if worth.part is not None:
                self.parts.append(worth.part)
            for case, routes in worth.found.items():
                self.known[i][case] = concatenated([self.known[i][case], routes])
            self.n_cut[i] += 1
            self.answered.add((i, bought))
            self.worths[i, bought] = self.n_cut[i], worth  # its least counts the routes it found itself

    def worth(self, count: Counts, *, fresh: bool = False) -> list[Worth]:
        """Return the exact worth of a plan by sector, as remembered; `fresh` counts all routes known now."""
        wanted = list(enumerate(self.bought(count)))
        missing = [
            (i, bought)
            for i, bought in wanted
            if (i, bought) not in self.worths or (fresh and self.worths[i, bought][0] < self.n_cut[i])
        ]
        for (i, bought), worth in zip(missing, self.run("exact value", missing, cut=False), strict=True):
            self.worths[i, bought] = self.n_cut[i], worth
        return [self.worths[key][1] for key in wanted]

    def bought(self, count: Counts) -> list[Bought]:
        """Return what a plan buys that matters in each sector."""
        return [tuple((c, int(count[c])) for c in sorted(pool.items) if count[c] > 0) for pool in self.pools]

    def run(self, step: str, wanted: Sequence[tuple[int, Bought]], *, cut: bool) -> list[Worth]:
        """Work out the worth of what is bought in some sectors."""
        jobs = [
            WorthJob(
                self.project,
                self.plans[i],
                {c: self.items[c] for c in sorted(self.pools[i].items)},
                bought,
                self.pools[i].unaware,
                self.known[i],
                cut,
            )
            for i, bought in wanted
        ]
        return self.compute.run(step, worth_sector, jobs)

    def values(self, count: Counts, *, fresh: bool = False) -> tuple[float, float]:
        """Return the exact value of a plan against the unaware and the optimal adversary."""
        return self.terms.value(self.worth(count, fresh=fresh))

    def value(self, count: Counts, *, fresh: bool = False) -> float:
        """Return the exact value of the objective for a plan."""
        unaware, optimal = self.values(count, fresh=fresh)
        return self.mix.unaware * unaware + self.mix.optimal * optimal


class _Terms:
    """The terms of the objective: one per stretch and case, where anyone can cross at all."""

    def __init__(self, project: Project, parts: Sequence[PoolPart]) -> None:
        stretches = project.line.stretches(project.settings.stretch_m)
        n_target = len(project.targets)
        share = np.array([c.share for c in project.conditions] * n_target) / n_target
        self.n_stretch, self.n_case = len(stretches), len(share)
        self.n_field = project.settings.n_fields
        threat = np.array([(s.to_m - s.from_m) * _threat(project, s.from_m, s.to_m) for s in stretches])
        weight = np.outer(threat, share)
        exists = np.zeros_like(weight, dtype=bool)
        for part in parts:
            exists[part.stretch, part.case] = True
        if not exists.any():
            raise NoGoalReachable("no target can reach a goal from the line in any season")
        self.weight = np.where(exists, weight, 0.0) / weight[exists].sum()
        self.cases = cases(project)

    def pool(self, parts: Sequence[PoolPart], n_item: int, mix: Mix) -> Pool:
        """Return the pool of all parts; identical terms keep their number whatever the parts."""
        stretch, case, field_of, base, cap = (
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("stretch", "case", "field", "base_theta", "cap")
        )
        first = np.cumsum([0, *(len(part.stretch) for part in parts)])
        entry_route = np.concatenate([p.entry_route + a for p, a in zip(parts, first[:-1], strict=True)])
        entry_item = np.concatenate([part.entry_item for part in parts])
        entry_theta = np.concatenate([part.entry_theta for part in parts])
        theta = sparse.csr_array((entry_theta, (entry_route, entry_item)), shape=(len(stretch), n_item))
        kind = np.where(field_of == OPTIMAL, self.n_field, field_of)
        number = (stretch * self.n_case + case) * (self.n_field + 1) + kind
        term_number, term = np.unique(number, return_inverse=True)
        pair, kind = np.divmod(term_number, self.n_field + 1)
        weight = self.weight.ravel()[pair]
        weight = weight * np.where(kind == self.n_field, mix.optimal, mix.unaware / self.n_field)
        _, group = np.unique(pair // self.n_case, return_inverse=True)
        return build_pool(PoolRoutes(theta, base, cap, term), weight, group)

    def value(self, worths: Sequence[Worth]) -> tuple[float, float]:
        """Return the weighted mean of exact P_t against the unaware and the optimal adversary."""
        unaware = np.zeros_like(self.weight)
        optimal = np.zeros_like(self.weight)
        for worth in worths:
            for k, case in enumerate(self.cases):
                unaware[worth.stretch, k] = np.nan_to_num(worth.unaware[case])
                optimal[worth.stretch, k] = np.nan_to_num(worth.optimal[case])
        return float((self.weight * unaware).sum()), float((self.weight * optimal).sum())


def _threat(project: Project, from_m: float, to_m: float) -> float:
    """Return the threat weight at the middle of a stretch, 1 where the project gives none."""
    middle_m = 0.5 * (from_m + to_m)
    for part in project.weights:
        if part.from_m <= middle_m < part.to_m:
            return project.weight_of[part.name]
    return 1.0
