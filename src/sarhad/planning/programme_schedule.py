"""The schedule of a programme: when each item works, as if crews were many, and with the crews there are.

Two answers on either side of what will come. Without limits every step begins when it can: no crew does
better. In the order that was planned every hand-over of a crew is kept, whatever comes late: crews that
change turns then usually lose less.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sarhad.errors import NoAnswer
from sarhad.model.programme import Programme
from sarhad.model.schedule import Activity, Network
from sarhad.planning.compute import Compute
from sarhad.planning.resourcing import EFFORT, MODE, ResourceSchedule, resource_schedule
from sarhad.planning.robust_order import OrderTried, robust_schedule
from sarhad.planning.schedule_risk import ScheduleRisk, assess

F64 = NDArray[np.float64]
Aim = Literal["end", "items"]


@dataclass(frozen=True, slots=True)
class ScheduleAsk:
    """What is asked of a schedule.

    `aim` is what crews are ordered for: the end of the whole, or the mean day on which items work. `effort`
    is the solver's, in its deterministic seconds; `robust` takes the order with the least P80.
    """

    n_draws: int = 10_000
    seed: int = 1
    aim: Aim = "items"
    effort: float = EFFORT
    robust: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class CrewPlan:
    """A schedule that the crews can keep; `n_items` divides its value and bound where items are the aim.

    `planned_at` is MODE or the probability of the durations that it was planned on; `tried` are the orders
    that it was chosen from, where it was.
    """

    schedule: ResourceSchedule
    aim: Aim
    n_items: int
    planned_at: float = MODE
    tried: tuple[OrderTried, ...] = ()

    @property
    def value_days(self) -> float:
        """The day of the end, or the mean day on which items work."""
        return self.schedule.value / (self.n_items if self.aim == "items" else 1)

    @property
    def bound_days(self) -> float:
        """No order has an earlier one with these durations."""
        return self.schedule.bound / (self.n_items if self.aim == "items" else 1)


@dataclass(frozen=True, slots=True, eq=False)
class ProgrammeSchedule:
    """`risk` are the draws in the order of the crews, `unlimited` without limits; the same without crews."""

    programme: Programme
    risk: ScheduleRisk
    unlimited: ScheduleRisk
    crews: CrewPlan | None


@dataclass(frozen=True, slots=True)
class ItemDates:
    """When an item works as a whole: days by whose end that share of the draws has come so far.

    `next_step` is the first that is not done, empty where all are. `p_in_time` is the share of draws in which
    it works by the day it is needed, NaN where none is stated. `criticality` is that of its most critical
    step, `crucial_step` the one whose length goes most with the end of the whole.
    """

    item_id: str
    next_step: str
    p10_days: float
    p50_days: float
    p80_days: float
    p90_days: float
    needed_by: date | None
    p_in_time: float
    criticality: float
    crucial_step: str
    cruciality: float


def schedule_programme(
    programme: Programme, network: Network, ask: ScheduleAsk | None = None, *, compute: Compute | None = None
) -> ProgrammeSchedule:
    """Return the schedule of a network of a programme's items.

    Raises NoAnswer where nothing is scheduled, InputFaults for numbers out of range.
    """
    ask, compute = ask or ScheduleAsk(), compute or Compute(1)
    if not network.activities:
        raise NoAnswer("nothing of the programme is pledged and there: no schedule follows from it")

    def drawn(one: Network) -> ScheduleRisk:
        return assess(one, n_draws=ask.n_draws, seed=ask.seed, n_threads=compute.n_processes)

    (unlimited,) = compute.run("draws", drawn, [network])
    plan = crew_plan(network, ask, compute)
    if plan is None:
        return ProgrammeSchedule(programme, unlimited, unlimited, None)
    (risk,) = compute.run("draws in crews' order", drawn, [plan.schedule.network])
    return ProgrammeSchedule(programme, risk, unlimited, plan)


def crew_plan(network: Network, ask: ScheduleAsk, compute: Compute) -> CrewPlan | None:
    """Return an order that the crews can keep, None where no step that is to come needs one."""
    to_come = [one for one in network.activities if one.finished_on is None]
    if not any(one.crews for one in to_come):
        return None
    weights = {one.item_id: 1.0 for one in to_come} if ask.aim == "items" else None
    n_items = len({one.item_id for one in to_come})
    if not ask.robust:
        (found,) = compute.run(
            "order of crews",
            lambda one: resource_schedule(one, weights=weights, effort=ask.effort),
            [network],
        )
        return CrewPlan(found, ask.aim, n_items)
    robust = robust_schedule(
        network, n_draws=ask.n_draws, seed=ask.seed, weights=weights, effort=ask.effort, compute=compute
    )
    tried = tuple(_per_item(one, n_items) if weights else one for one in robust.tried)
    return CrewPlan(robust.schedule, ask.aim, n_items, robust.chosen.planned_at, tried)


def _per_item(one: OrderTried, n_items: int) -> OrderTried:
    return replace(one, value=one.value / n_items, p50=one.p50 / n_items, p80=one.p80 / n_items)


def item_days(risk: ScheduleRisk) -> Mapping[str, F64]:
    """Return by item the day from the start on which all its activities have ended, by draw."""
    columns: dict[str, list[int]] = {}
    for k, name in enumerate(risk.kept):
        item_id = risk.network.activities[risk.network.index[name]].item_id
        if item_id:
            columns.setdefault(item_id, []).append(k)
    return {item_id: risk.finish_days[:, found].max(axis=1) for item_id, found in columns.items()}


def item_dates(programme: Programme, risk: ScheduleRisk) -> tuple[ItemDates, ...]:
    """Return the dates of each item of the network, in the programme's order; `risk` kept all activities."""
    days_of, table = item_days(risk), risk.table()
    found = []
    for item in programme.items:
        days = days_of.get(item.item_id)
        if days is None:
            continue
        own = table[table["item_id"] == item.item_id]
        p10, p50, p80, p90 = np.quantile(days, (0.1, 0.5, 0.8, 0.9), method="inverted_cdf").tolist()
        crucial = own.sort_values("cruciality", ascending=False, kind="stable").iloc[0]
        found.append(
            ItemDates(
                item.item_id,
                next((step for step, done in zip(own["step"], own["is_done"], strict=True) if not done), ""),
                p10,
                p50,
                p80,
                p90,
                item.needed_by,
                math.nan if item.needed_by is None else risk.share_by(days, item.needed_by),
                float(own["criticality"].max()),
                str(crucial["step"]) if crucial["cruciality"] > 0 else "",
                float(crucial["cruciality"]),
            )
        )
    return tuple(found)


def day_on(risk: ScheduleRisk, days: float) -> date:
    """Return the day in which a number of days from the start ends."""
    return risk.network.start + timedelta(days=math.floor(days))


def state_of(one: Activity) -> str:
    """Say in a word how far an activity is."""
    return "done" if one.finished_on else "under way" if one.began_on else "to come"
