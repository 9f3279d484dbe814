"""Which assets to buy first: plan, exact value, proven bound and gap (model section 4).

Objective: the mean over stretches (by length and threat weight), targets and conditions (by share of the
year) of half the unaware and half the optimal P_t; on request the worst stretches first, or the mean over the
worst conditions (planning.aims). Plans come from greedy rankings on a growing pool of routes, are judged by
exact evaluation of every sector they touch, and improved by swaps; the bound is the maximum of the concave
surrogate over the relaxed plans, on the final pool.

The two pure searches, against one adversary alone, come first and from the same start as on their own: the
unaware crosser learns nothing, so the first leaves no trace on the second. Their plans stand among those that
the mixed search judges, and on its own objective its plan is never below the better of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sarhad.errors import InputFaults
from sarhad.io.cache import content_key
from sarhad.kernels.cover import F64, Pool, group_means, term_values
from sarhad.kernels.ordered import first_short, levels
from sarhad.kernels.purchase import Limits
from sarhad.model.objective import MEAN, Objective, ObjectivePart
from sarhad.model.plan import Budget, Plan, PlanItem, PlanResult
from sarhad.model.project import Project
from sarhad.planning.aims import Cvar, Leximin, Mean, aim_of
from sarhad.planning.bound import Stop
from sarhad.planning.budget_curve import budget_curve
from sarhad.planning.candidates import candidate_sites
from sarhad.planning.compute import Compute
from sarhad.planning.crossing import concatenated
from sarhad.planning.items import Item, limits_of, offered_items
from sarhad.planning.pool import (
    Bought,
    PoolJob,
    SectorPool,
    Worth,
    WorthJob,
    Worths,
    pool_sector,
    worth_sector,
)
from sarhad.planning.profile import fingerprint
from sarhad.planning.search import Aim, Score, counted, follow, rank, replayed, scored
from sarhad.planning.sector import sectors
from sarhad.planning.swaps import swap_search
from sarhad.planning.terms import Mix, Terms

ROUNDING = 1e-12
"""By how much rounding may put a plan's surrogate below its exact score."""

Counts = NDArray[np.int64]
Wanted = list[tuple[int, tuple[Bought, ...]]]  # sectors, and what plans buy there


@dataclass(frozen=True, slots=True)
class Effort:
    """How long to search, counted in steps so that every machine finds the same plan.

    One search makes `rounds` of ranking, each answered by the optimal adversary, then at most `max_exact`
    exact trials of swaps with `n_force` columns forced in each sweep. A mix of both adversaries runs the
    search of each alone first, to the same effort, and takes their plans as its own first tries. `curve`
    names shares of the plan's money at which heads of the ranking are judged and bounded too.
    """

    rounds: int = 4
    max_exact: int = 24
    n_force: int = 20
    bound_rounds: int = 60
    bound_tolerance: float = 1e-3
    curve: tuple[float, ...] = ()


def plan(
    project: Project,
    budget: Budget | float | None = None,
    *,
    objective: Objective | None = None,
    mix: Mix | None = None,
    effort: Effort | None = None,
    compute: Compute | None = None,
) -> PlanResult:
    """Return the best plan found under a budget, its exact value, a proven bound and the gap.

    `budget` is money in USD, or a Budget; the project's own by default. `objective` is the mean by default,
    `mix` half unaware and half optimal. `result.ranking` goes on beyond the
    budget: any head of it is a plan for that much money. Raises EmptyBudget, NoGoalReachable, InputFaults.
    """
    if compute is None:
        with Compute(project.settings.processes) as own:
            return plan(project, budget, objective=objective, mix=mix, effort=effort, compute=own)
    if budget is None:
        budget = project.budget
    elif not isinstance(budget, Budget):
        if not budget > 0:
            raise InputFaults.one("budget", "money above 0 USD", budget, column="money_usd")
        budget = replace(project.budget, money_usd=float(budget))
    sites = candidate_sites(project, compute)
    search = Search(project, offered_items(project, sites), budget, objective or MEAN, compute)
    return search.solve(mix or Mix(), effort or Effort())


class Search:
    """One search. The pool and the known worst routes grow while it runs; exact worths are remembered."""

    def __init__(
        self,
        project: Project,
        items: tuple[Item, ...],
        budget: Budget,
        objective: Objective,
        compute: Compute,
    ) -> None:
        self.project, self.items, self.compute = project, items, compute
        self.budget, self.objective, self.aim = budget, objective, aim_of(objective)
        self.limits = limits_of(items, budget)
        self.plans = sectors(project)
        self.key = content_key(fingerprint(project), project.assets, items)
        self.pools: list[SectorPool] = compute.run(
            "routes of the pool",
            pool_sector,
            [PoolJob(project, p, items) for p in self.plans],
            keys=[content_key("pool", self.key, p) for p in self.plans],
        )
        self.parts = [pool.part for pool in self.pools]
        self.known = [dict(pool.known) for pool in self.pools]
        self.answered: list[list[Bought]] = [[] for _ in self.plans]  # in order: they tell what is known
        self.worths: dict[tuple[int, Bought], tuple[int, Worth]] = {}  # with the cuts known to each
        self.terms = Terms(project, self.parts, self.aim.by)

    def solve(self, mix: Mix, effort: Effort) -> PlanResult:
        """Search against each adversary alone where both weigh, then against the mix; bound the best plan."""
        tried: list[Counts] = []
        if mix.unaware > 0 and mix.optimal > 0:
            tried += [self.search(pure, [], effort, last=False) for pure in (Mix(1.0, 0.0), Mix(0.0, 1.0))]
        return self.result(self.search(mix, tried, effort, last=True), mix, effort)

    def search(self, mix: Mix, tried: Sequence[Counts], effort: Effort, *, last: bool) -> Counts:
        """Rank and cut in turn, improve the best by swaps; return the best of these and of `tried`.

        With plans to beat it ranks once more after the last answer. Unless it is the `last` search, no answer
        is asked for that could not change its plan.
        """
        tried, aim = list(tried), self.guide_aim
        ranked: list[Counts] = []
        for i in range(effort.rounds + bool(tried)):
            count = rank(self.pool(mix), self.limits, aim=aim).count
            if any(np.array_equal(count, other) for other in ranked):
                break
            ranked.append(count)
            if i < effort.rounds and (last or i > 0 or i + 1 < effort.rounds or effort.max_exact > 0):
                self.cut(count, mix)
        if aim is not None:  # the list of the mean at times is the better start: it leaves smaller gaps
            ranked.append(rank(self.pool(mix), self.limits).count)
        tried += ranked
        if effort.max_exact > 0:
            improved = swap_search(
                self.pool(mix),
                self.limits,
                self.best(tried, mix),
                exact=lambda count: self.score(count, mix),
                aim=aim,
                max_exact=effort.max_exact,
                n_force=effort.n_force,
            )
            tried.append(improved.count)
            self.cut(improved.count, mix)
        return self.best(tried, mix)

    @property
    def guide_aim(self) -> Aim | None:
        """The aim that a search is told of: F itself needs none."""
        return None if isinstance(self.aim, Mean) else self.aim

    def best(self, tried: Sequence[Counts], mix: Mix) -> Counts:
        """Return the plan of the highest score, judging no plan that the pool shows to be worse."""
        if len(tried) == 1:
            return tried[0]
        pool = self.pool(mix)
        above = [scored(self.aim, pool, count) for count in tried]
        judged = {i: tuple(entry + ROUNDING for entry in score) for i, score in enumerate(above)}
        fresh: set[int] = set()
        while (top := max(judged, key=judged.__getitem__)) not in fresh:
            judged[top] = self.score(tried[top], mix)
            fresh.add(top)
        return tried[top]

    def result(self, count: Counts, mix: Mix, effort: Effort) -> PlanResult:
        """Return a plan as ranked purchases with exact value, bound and what would come next."""
        pool, n = self.pool(mix), int(count.sum())
        guides = self.aim.guides(pool, [group_means(pool, term_values(pool, count))])
        chain = [*guides[:1], pool]
        nothing = np.zeros_like(count)
        first = follow(chain, self.limits._replace(n_max=count), nothing, ratio=True, n_rank=n)
        idle = np.repeat(np.arange(len(count)), count - counted(pool, first))  # gain only by the exact value
        open_ended = self.limits._replace(money_usd=np.inf, crew_limit_n=np.inf)
        onward = follow(chain, open_ended, count, ratio=True, n_rank=max(20, n))
        ranking = replayed(pool, np.concatenate([first, idle, onward]), aim=self.guide_aim)
        purchases = self.ranked(ranking.column, np.maximum(ranking.gain, 0.0))
        stop = Stop(effort.bound_rounds, effort.bound_tolerance)

        def worth(head: Counts, limits: Limits) -> tuple[float, float]:
            return self.aim.headline(self.score(head, mix)), self.aim.bound(pool, limits, head, stop)

        value, bound = worth(count, self.limits)
        return PlanResult(
            plan=Plan(purchases[:n]),
            value=value,
            bound=bound,
            before=self.aim.headline(self.score(nothing, mix)),
            adversaries=self.adversaries(count, mix),
            ranking=Plan(purchases),
            budget=self.budget,
            objective=self.objective,
            parts=self.parts_of(nothing, count, mix),
            curve=budget_curve(ranking.column, n, self.limits, effort.curve, worth),
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

    def cut(self, counts: Counts, mix: Mix) -> None:
        """Let the optimal adversary answer plans: their worst routes join the pool and the known routes.

        `counts` (column,) or (plan, column). Nothing is asked where that adversary weighs nothing.
        """
        if mix.optimal == 0:
            return
        fresh = self.wanted(counts, lambda i, bought: bought not in self.answered[i])
        for (i, several), worths in zip(fresh, self.run("worst routes", fresh, cut=True), strict=True):
            if worths.part is not None:
                self.parts.append(worths.part)
            for case, routes in worths.found.items():
                self.known[i][case] = concatenated([self.known[i][case], routes])
            self.answered[i] += several
            self.take(i, several, worths)  # they count the routes found for them

    def judge(self, counts: Counts) -> None:
        """Work out what plans, (column,) or (plan, column), are worth against all routes known now."""

        def is_stale(i: int, bought: Bought) -> bool:
            return (i, bought) not in self.worths or self.worths[i, bought][0] < len(self.answered[i])

        missing = self.wanted(counts, is_stale)
        for (i, several), worths in zip(missing, self.run("exact value", missing, cut=False), strict=True):
            self.take(i, several, worths)

    def take(self, i: int, several: Sequence[Bought], worths: Worths) -> None:
        """Remember what plans are worth in a sector, and how many answers were known."""
        for bought, worth in zip(several, worths.by_plan, strict=True):
            self.worths[i, bought] = len(self.answered[i]), worth

    def worth(self, count: Counts) -> list[Worth]:
        """Return the exact worth of a plan by sector against all routes known now."""
        self.judge(count)
        return [self.worths[key][1] for key in enumerate(self.bought(count))]

    def bought(self, count: Counts) -> list[Bought]:
        """Return what a plan buys that matters in each sector."""
        return [tuple((c, int(count[c])) for c in sorted(pool.items) if count[c] > 0) for pool in self.pools]

    def wanted(self, counts: Counts, is_wanted: Callable[[int, Bought], bool]) -> Wanted:
        """Return the sectors in which something that plans buy there is wanted, with that, each once."""
        plans = [self.bought(count) for count in np.atleast_2d(counts)]
        found = [
            (i, tuple(dict.fromkeys(b for b in several if is_wanted(i, b))))
            for i, several in enumerate(zip(*plans, strict=True))
        ]
        return [(i, several) for i, several in found if several]

    def run(self, step: str, wanted: Wanted, *, cut: bool) -> list[Worths]:
        """Work out the worth of what is bought in some sectors."""
        jobs = [
            WorthJob(
                self.project,
                self.plans[i],
                {c: self.items[c] for c in sorted(self.pools[i].items)},
                several,
                self.pools[i].unaware,
                self.known[i],
                cut,
            )
            for i, several in wanted
        ]
        keys = [
            content_key("worth", self.key, self.plans[i], several, cut, self.answered[i])
            for i, several in wanted
        ]
        return self.compute.run(step, worth_sector, jobs, keys=keys)

    def values(self, count: Counts) -> tuple[F64, F64]:
        """Return exact P_t by (stretch, case) of a plan against the unaware and the optimal adversary."""
        return self.terms.values(self.worth(count))

    def mixed(self, count: Counts, mix: Mix) -> F64:
        """Return the mean of each group under a mix of adversaries."""
        unaware, optimal = self.values(count)
        return self.terms.means(mix.unaware * unaware + mix.optimal * optimal)

    def score(self, count: Counts, mix: Mix) -> Score:
        """Return the exact score of a plan against all routes known now."""
        return self.aim.score(self.mixed(count, mix), self.terms.share)

    def adversaries(self, count: Counts, mix: Mix) -> tuple[tuple[str, float, float], ...]:
        """Return (adversary, weight, value), the value as the objective weighs the groups at the plan."""
        weight = self.aim.weights(self.mixed(count, mix), self.terms.share)
        unaware, optimal = (float(weight @ self.terms.means(value)) for value in self.values(count))
        return ("unaware", mix.unaware, unaware), ("optimal", mix.optimal, optimal)

    def parts_of(self, nothing: Counts, count: Counts, mix: Mix) -> tuple[ObjectivePart, ...]:
        """Return what the objective is made of, without and with the plan."""
        before, after = self.mixed(nothing, mix), self.mixed(count, mix)
        share = self.terms.share
        if isinstance(self.aim, Leximin):
            scores = [self.aim.score(mean, share)[:-1] for mean in (before, after)]
            decides = first_short(np.array(scores[1]))
            names = [f"{level:g}" for level in levels(self.aim.step)]
            weight = (np.arange(len(names)) == decides).astype(np.float64)
            return _parts(names, weight, np.array(scores))
        if isinstance(self.aim, Cvar):
            names = [c.condition_id for c in self.project.conditions]
            return _parts(names, self.aim.weights(after, share), np.array([before, after]))
        return ()


def _parts(names: Sequence[str], weight: F64, value: F64) -> tuple[ObjectivePart, ...]:
    rows = zip(names, weight.tolist(), *value.tolist(), strict=True)
    return tuple(ObjectivePart(*row) for row in rows)
