"""Which site when: plans of several years, nested, given what will have been delivered (model section 4).

    max  sum_t weight_t F(y_t)     y_{a,t} <= y_{a,t+1},   sum_{a of type m} use_a y_{a,t} <= delivered_m(t),
                                   money and crew of all that stands in year t within what there is by then

F is the objective of `sarhad.planning.siting`; weights are the user's, (1 + discount)^-t unless given. What
is bought stays, so the plans are nested: the years differ in what is added.

The search for nested plans and their bound stand in `sarhad.planning.nested`. The plans found are judged by
exact value; worst routes of their years join the pool, and all is done again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sarhad.errors import InputFaults
from sarhad.kernels.purchase import Limits
from sarhad.model.objective import MEAN
from sarhad.model.plan import Budget, PlanItem
from sarhad.model.project import Project
from sarhad.planning.candidates import candidate_sites
from sarhad.planning.compute import Compute
from sarhad.planning.items import limits_of, offered_items
from sarhad.planning.nested import BoundJob, PhasingEffort, in_order, nested_plans, year_bound
from sarhad.planning.search import lazy_greedy
from sarhad.planning.siting import Search
from sarhad.planning.terms import Mix

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Phase:
    """One year: what there is by its end, all years before included, and what the year counts."""

    year: int
    budget: Budget
    weight: float = 1.0

    def __post_init__(self) -> None:
        if not self.weight >= 0:
            raise ValueError(f"year {self.year}: weight must not be negative, found {self.weight}")


@dataclass(frozen=True, slots=True)
class PhasedItem:
    """A purchase and the year in which it is made; the ranking beyond the budgets has year None."""

    year: int | None
    item: PlanItem


@dataclass(frozen=True, slots=True)
class PhasedPlan:
    """Nested plans with the exact value of their objective, a bound on any nested plans', and their gap.

    `items` in order of purchase: any head of the list is a plan. `values` and `bounds` by year, of which
    `value` and `bound` are the weighted sums; `before` is the value without any purchase. `ranking` is the
    list with what would come next, money and crew without limit.
    """

    phases: tuple[Phase, ...]
    items: tuple[PhasedItem, ...]
    ranking: tuple[PhasedItem, ...]
    value: float
    bound: float
    before: float
    values: tuple[float, ...]
    bounds: tuple[float, ...]

    @property
    def gap(self) -> float:
        """How much better any other nested plans could be, as a share of the bound."""
        return (self.bound - self.value) / self.bound if self.bound > 0 else 0.0


def discounted(budgets: Sequence[Budget], *, first_year: int, discount: float = 0.0) -> tuple[Phase, ...]:
    """Return phases of successive years with weights (1 + discount)^-t that add up to 1."""
    weight = (1.0 + discount) ** -np.arange(len(budgets), dtype=np.float64)
    shares = (weight / weight.sum()).tolist()
    return tuple(Phase(first_year + t, budgets[t], shares[t]) for t in range(len(budgets)))


def delivered_by(
    delivered_day: ArrayLike, type_id: Sequence[str], quantity: ArrayLike, at_day: ArrayLike, *, sure: float
) -> list[dict[str, float]]:
    """Return by date what has been delivered of each type in a share `sure` of the draws at least.

    `delivered_day` (draw, item), inf for never; `type_id` and `quantity` (item,), items or kilometres. P50 is
    sure = 0.5, P80 is 0.8. Never falls from date to date. Raises InputFaults.
    """
    day = np.asarray(delivered_day, np.float64)
    n = np.asarray(quantity, np.float64)
    if day.ndim != 2 or not day.shape[1] == len(type_id) == len(n) or not 0 < sure <= 1:
        raise InputFaults.one("deliveries", "days (draw, item), a type and quantity of each item", day.shape)
    found = []
    for date in np.asarray(at_day, np.float64):
        there = day <= date
        stock = {}
        for name in sorted(set(type_id)):
            mine = np.array([name == other for other in type_id])
            stock[name] = float(np.quantile(there[:, mine] @ n[mine], 1.0 - sure, method="inverted_cdf"))
        found.append(stock)
    return found


def phase(
    project: Project,
    phases: Sequence[Phase],
    *,
    mix: Mix | None = None,
    effort: PhasingEffort | None = None,
    compute: Compute | None = None,
) -> PhasedPlan:
    """Return the best nested plans found for several years, exact value, proven bound and gap.

    A type on offer that a year's stock does not name is without limit in that year. Raises EmptyBudget where
    nothing can be bought even in the last year, NoGoalReachable, InputFaults where money, crew or stock
    falls from year to year.
    """
    if compute is None:
        with Compute(project.settings.processes) as own:
            return phase(project, phases, mix=mix, effort=effort, compute=own)
    effort = effort or PhasingEffort()
    items = offered_items(project, candidate_sites(project, compute))
    years = tuple(limits_of(items, one.budget) for one in phases)
    check_phases(phases, years)
    mix = mix or Mix()
    search = Search(project, items, phases[-1].budget, MEAN, compute)
    weight = np.array([one.weight for one in phases])
    tried: list[I64] = []
    for _ in range(effort.rounds):
        counts = nested_plans(search.pool(mix), years, weight, effort, compute, tried[-1:])
        if any(np.array_equal(counts, other) for other in tried):
            break
        tried.append(counts)
        search.cut(counts, mix)
    search.judge(np.vstack([np.zeros_like(tried[0][:1]), *tried]))
    best = max(tried, key=lambda counts: _worth(search, mix, counts) @ weight)
    return _result(search, mix, phases, years, best, effort)


def check_phases(phases: Sequence[Phase], years: Sequence[Limits]) -> None:
    """Raise InputFaults where there is no year, or what there is falls from one year to the next."""
    if not phases:
        raise InputFaults.one("phases", "at least one year", "none")
    for k, (before, after) in enumerate(pairwise(years)):
        falls = after.money_usd < before.money_usd or after.crew_limit_n < before.crew_limit_n
        if falls or np.any(after.stock < before.stock):
            expected = "money, crew and stock of each type at least those of the year before"
            raise InputFaults.one("phases", expected, f"less in {phases[k + 1].year}", column="budget")


def _worth(search: Search, mix: Mix, counts: I64) -> F64:
    """Return the exact value of each year's plan, (year,), against all routes known now."""
    return np.array([search.score(count, mix)[0] for count in counts])


def _result(
    search: Search,
    mix: Mix,
    phases: Sequence[Phase],
    years: Sequence[Limits],
    counts: I64,
    effort: PhasingEffort,
) -> PhasedPlan:
    """Return plans as purchases in order, with values, bounds and what would come next."""
    pool = search.pool(mix)
    weight = np.array([one.weight for one in phases])
    values = _worth(search, mix, counts)
    jobs = [BoundJob(pool, limits, count, effort) for limits, count in zip(years, counts, strict=True)]
    bounds = np.array(search.compute.run("bounds of the years", year_bound, jobs))
    column, gain, year = in_order(pool, years, counts)
    open_ended = years[-1]._replace(money_usd=np.inf, crew_limit_n=np.inf)
    n_rank = max(20, len(column))
    onward = lazy_greedy(pool, open_ended, ratio=True, start=counts[-1], n_rank=n_rank)
    listed = search.ranked(np.append(column, onward.column), np.append(gain, onward.gain))
    bought_in: list[int | None] = [phases[t].year for t in year]
    bought_in += [None] * len(onward.column)
    ranking = tuple(PhasedItem(y, item) for y, item in zip(bought_in, listed, strict=True))
    nothing = np.zeros((1, pool.n_col), np.int64)
    return PhasedPlan(
        phases=tuple(phases),
        items=ranking[: len(column)],
        ranking=ranking,
        value=float(values @ weight),
        bound=float(bounds @ weight),
        before=float(_worth(search, mix, nothing)[0] * weight.sum()),
        values=tuple(values.tolist()),
        bounds=tuple(bounds.tolist()),
    )
