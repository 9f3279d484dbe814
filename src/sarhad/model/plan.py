"""What to buy: budget, plan and the result of a search, always with value, bound and gap."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sarhad.model.asset import Asset
from sarhad.model.objective import MEAN, Objective, ObjectivePart


@dataclass(frozen=True, slots=True)
class Budget:
    """Limits of a plan: money, people, and what there is.

    `stock` caps items, or kilometres of what lies along the line, per equipment type; a type that it does not
    name has no cap. Raises ValueError for money that is not positive and for negative limits.
    """

    money_usd: float
    crew_n: float = float("inf")
    stock: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.money_usd > 0:
            raise ValueError(f"money_usd must be positive, found {self.money_usd}")
        if not self.crew_n >= 0:
            raise ValueError(f"crew_n must not be negative, found {self.crew_n}")


@dataclass(frozen=True, slots=True)
class PlanItem:
    """One purchase: rank 1 is bought first; `gain` is what it added to the value when it was ranked."""

    rank: int
    asset: Asset
    site_id: str
    cost_usd: float
    crew_n: float
    gain: float


@dataclass(frozen=True, slots=True)
class Plan:
    """A ranked list of purchases; any head of the list is a plan for a smaller budget."""

    items: tuple[PlanItem, ...] = ()

    @property
    def assets(self) -> tuple[Asset, ...]:
        """The assets that the plan adds."""
        return tuple(item.asset for item in self.items)

    @property
    def cost_usd(self) -> float:
        """Money that the plan takes."""
        return sum(item.cost_usd for item in self.items)

    @property
    def crew_n(self) -> float:
        """People that the plan takes."""
        return sum(item.crew_n for item in self.items)


@dataclass(frozen=True, slots=True)
class BudgetPoint:
    """What the first `items_n` purchases of a ranking are worth: their money, exact value, and the bound.

    No plan of that money, under the same limits of crew and stock, exceeds the bound.
    """

    money_usd: float
    value: float
    bound: float
    items_n: int


@dataclass(frozen=True, slots=True)
class PlanResult:
    """A plan with the exact value of its objective, a proven bound on any plan's, and their gap.

    `gap` = (bound - value) / bound. `before` is the value without the plan; `adversaries` names what the
    objective weighs, as (adversary, weight, value of the plan against it). `ranking` goes on beyond the
    budget, crew without limit: any head of it is a plan for that much money. `budget` is what it was found
    under. Under `leximin` the value is the step that every stretch reaches, and on to the next by the share
    of the stretches that reach that; `adversaries` are then the mean. `parts` is what the value is made of.
    `curve` is what other heads of the ranking are worth, in order of money.
    """

    plan: Plan
    value: float
    bound: float
    before: float
    adversaries: tuple[tuple[str, float, float], ...]
    ranking: Plan = Plan()
    budget: Budget | None = None
    objective: Objective = MEAN
    parts: tuple[ObjectivePart, ...] = ()
    curve: tuple[BudgetPoint, ...] = ()

    @property
    def gap(self) -> float:
        """How much better any other plan could be, as a share of the bound."""
        return (self.bound - self.value) / self.bound if self.bound > 0 else 0.0
