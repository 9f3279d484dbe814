"""An order of crews that stands delays: planned on several durations, judged by draws.

Orders planned on the most likely durations, on P50, P80 and P90 go through Monte Carlo on the same draws; the
one with the least P80 is taken, not the one whose most likely value is least.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sarhad.errors import InputFaults
from sarhad.model.schedule import Network
from sarhad.planning.compute import Compute
from sarhad.planning.resourcing import EFFORT, MODE, ResourceSchedule, objective_of, resource_schedule
from sarhad.planning.schedule_risk import assess


@dataclass(frozen=True, slots=True)
class OrderTried:
    """An order of crews by the durations it was planned on (`planned_at`, MODE or a probability)."""

    planned_at: float
    value: float
    p50: float
    p80: float


@dataclass(frozen=True, slots=True, eq=False)
class RobustSchedule:
    """The order with the least P80 on the choosing draws; `tried` are judged on fresh draws of their own."""

    schedule: ResourceSchedule
    chosen: OrderTried
    tried: tuple[OrderTried, ...]


def robust_schedule(
    network: Network,
    *,
    n_draws: int,
    seed: int,
    weights: Mapping[str, float] | None = None,
    planned_at: Sequence[float] = (MODE, 0.5, 0.8, 0.9),
    effort: float = EFFORT,
    compute: Compute | None = None,
) -> RobustSchedule:
    """Return the order of crews with the least P80 among those planned on several durations.

    All are judged on the same `n_draws` draws of `seed`; the P50 and P80 returned come from as many draws of
    the next seed, so that the choice does not flatter itself. `effort` is for each; `compute` has the
    processes. Raises as above.
    """
    if not planned_at:
        raise InputFaults.one("planned_at", "at least one probability", "none")
    trial = _Trial(network, weights, effort, n_draws, seed)
    found = (compute or Compute(1)).run("orders of crews", trial, list(planned_at))
    best = min(range(len(found)), key=lambda k: found[k][0])
    tried = tuple(one for _, one, _ in found)
    return RobustSchedule(found[best][2], tried[best], tried)


@dataclass(frozen=True, slots=True, eq=False)
class _Trial:
    """Plans at one level and judges: the P80 to choose by, what is said of the order, the schedule."""

    network: Network
    weights: Mapping[str, float] | None
    effort: float
    n_draws: int
    seed: int

    def __call__(self, level: float) -> tuple[float, OrderTried, ResourceSchedule]:
        schedule = resource_schedule(self.network, planned_at=level, weights=self.weights, effort=self.effort)
        _, to_choose = _judged(schedule.network, self.weights, self.n_draws, self.seed)
        p50, p80 = _judged(schedule.network, self.weights, self.n_draws, self.seed + 1)
        return to_choose, OrderTried(level, schedule.value, p50, p80), schedule


def _judged(
    network: Network, weights: Mapping[str, float] | None, n_draws: int, seed: int
) -> tuple[float, float]:
    """Return P50 and P80 of the objective over draws."""
    risk = assess(network, n_draws=n_draws, seed=seed)
    value = objective_of(network, risk.finish_days, weights)
    p50, p80 = np.quantile(value, (0.5, 0.8), method="inverted_cdf")
    return float(p50), float(p80)
