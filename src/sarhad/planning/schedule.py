"""The network of a programme: what each item still has to go through, and draws of the day it works.

    pledged -approve-> approved -contract-> contracted -produce-> produced -ship-> shipped -deliver->
    delivered -accept-> accepted -install-> installed -train-> trained -commission-> working;
    down -repair-> working

An item is as far as its units furthest behind (those that are not lost, returned or disputed): the steps
before that are facts with their dates, the next one is under way since the last unit came so far, the rest is
to come. A crew is at what waited for it longest; what it has no hands for is not under way yet. A date last
foreseen for a state is taken as *not before*: things come later than promised, hardly earlier. After the last
step nothing else could wait for that date, so an activity that takes no time does.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from sarhad.errors import InputFaults, UnknownName
from sarhad.model.asset import AlongLine, OverBand
from sarhad.model.programme import CHAIN, Programme, Progress, State
from sarhad.model.schedule import Activity, CommonFactor, Duration, Network, ScheduleBasis, StepEstimate
from sarhad.planning.schedule_risk import assess

F64 = NDArray[np.float64]

STEP_TO: Mapping[str, State] = {
    "approve": "approved",
    "contract": "contracted",
    "produce": "produced",
    "ship": "shipped",
    "deliver": "delivered",
    "accept": "accepted",
    "install": "installed",
    "train": "trained",
    "commission": "working",
}
FORESEEN = "foreseen"
"""The step that waits for the day on which an item is foreseen to work; it takes no time."""
_HELD = CHAIN[1:]  # the states in which units stand, from the pledge on


def network_of(
    programme: Programme,
    basis: ScheduleBasis,
    *,
    start: date,
    kind_of: Mapping[str, str],
    chainage_m: Mapping[str, float] | None = None,
) -> Network:
    """Return the network of all items that are pledged and not gone, seen on the day `start`.

    `kind_of` gives the kind by equipment_id, `chainage_m` the chainage by item_id of what stands at a point
    (closures of a range of the line need it). Activities are named "item step". Raises UnknownName for an
    equipment type that `kind_of` lacks, InputFaults for a step without an estimate.
    """
    activities: list[Activity] = []
    for progress in programme.progress.values():
        if progress.item.equipment_id not in kind_of:
            raise UnknownName(f"item {progress.item.item_id}: no equipment {progress.item.equipment_id}")
        if present(progress) > 0:
            at_m = _range_m(progress, chainage_m or {})
            activities += _Chain(progress, basis, kind_of[progress.item.equipment_id], at_m).activities()
    activities = _with_hands(activities, basis)
    named = dict.fromkeys(one.factor_id for one in activities if one.factor_id)
    factors = tuple(CommonFactor(name, basis.cv_of(name)) for name in named)
    return Network(start, tuple(activities), basis.closures, basis.crews, factors)


def _with_hands(activities: Sequence[Activity], basis: ScheduleBasis) -> list[Activity]:
    """Return the activities, those as waiting for which no crew is left beside what has waited longer."""
    free = {crew.crew_id: crew.n for crew in basis.crews}
    waiting: set[str] = set()
    under_way = [one for one in activities if one.crews and one.began_on and one.finished_on is None]
    for one in sorted(under_way, key=lambda one: (one.began_on or date.min, one.activity_id)):
        if any(free[name] < n for name, n in one.crews):
            waiting.add(one.activity_id)
            continue
        for name, n in one.crews:
            free[name] -= n
    return [replace(one, began_on=None) if one.activity_id in waiting else one for one in activities]


def present(progress: Progress) -> float:
    """Return the quantity that is pledged and there: held by somebody and not disputed."""
    return sum(progress.at.get(state, 0.0) for state in (*_HELD, "down"))


def _range_m(progress: Progress, chainage_m: Mapping[str, float]) -> tuple[float | None, float | None]:
    asset = progress.item.asset
    if asset is not None and isinstance(asset.place, AlongLine | OverBand):
        return asset.place.from_m, asset.place.to_m
    at_m = chainage_m.get(progress.item.item_id)
    return at_m, at_m


class _Chain:
    """The activities of one item, in their order."""

    def __init__(
        self,
        progress: Progress,
        basis: ScheduleBasis,
        kind: str,
        at_m: tuple[float | None, float | None],
    ) -> None:
        self._progress, self._basis, self._kind, self._at_m = progress, basis, kind, at_m
        self._reached = next((k for k, state in enumerate(_HELD) if progress.at.get(state, 0.0) > 0), None)
        if self._reached is None:  # all that is left of it is down: it did work
            self._reached = len(_HELD) - 1

    def activities(self) -> list[Activity]:
        """Return what is done, what is under way and what is to come; a repair stands beside the chain."""
        found: list[Activity] = []
        for k, (step, state) in enumerate(STEP_TO.items(), 1):
            before = found[-1].activity_id if found else ""
            began, ended = self._last_into(_HELD[k - 1]), self._last_into(state)
            if k <= (self._reached or 0):
                if ended is not None:
                    began = min(began, ended) if began is not None else None
                    found.append(self._fact(step, before, began, ended))
                continue
            one = self._to_come(step, before, self._quantity_before(k))
            if k == (self._reached or 0) + 1:
                one = replace(one, began_on=began)
            found.append(replace(one, not_before=self._progress.forecast.get(_HELD[k - 1])))
        found += self._foreseen(found)
        if self._progress.at.get("down", 0.0) > 0:
            one = self._to_come("repair", "", self._progress.at["down"])
            found.append(replace(one, began_on=self._last_into("down")))
        return found

    def _foreseen(self, before: Sequence[Activity]) -> list[Activity]:
        """Return what waits for the day on which the item is foreseen to work, where that is to come."""
        day, last = self._progress.forecast.get("working"), before[-1] if before else None
        if day is None or last is None or last.finished_on is not None:
            return []
        name, item_id = self._name(FORESEEN), self._progress.item.item_id
        no_time = Duration.certain(0.0)
        return [Activity(name, no_time, (last.activity_id,), item_id, FORESEEN, not_before=day)]

    def _quantity_before(self, k: int) -> float:
        return sum(self._progress.at.get(state, 0.0) for state in _HELD[:k])

    def _last_into(self, state: State) -> date | None:
        moments: list[datetime] = [move.at for move in self._progress.moves if move.to == state]
        return max(moments).date() if moments else None

    def _fact(self, step: str, before: str, began: date | None, ended: date) -> Activity:
        estimate = self._estimate(step)
        return Activity(
            self._name(step),
            estimate.duration,
            after=(before,) if before else (),
            item_id=self._progress.item.item_id,
            step=step,
            began_on=began,
            finished_on=ended,
        )

    def _to_come(self, step: str, before: str, quantity: float) -> Activity:
        estimate, item = self._estimate(step), self._progress.item
        sharer = {"donor": item.donor, "producer": item.producer, "": ""}[estimate.shared_with]
        crews = {crew.crew_id: crew.n for crew in self._basis.crews}
        if estimate.n_crew > crews.get(estimate.crew_id, estimate.n_crew):
            found = f"{crews[estimate.crew_id]} of {estimate.crew_id}"
            raise InputFaults.one("crews", f"at least {estimate.n_crew} for {self._name(step)}", found)
        closures = [one.closure_id for one in self._basis.closures if one.stops(step, *self._at_m)]
        return Activity(
            self._name(step),
            estimate.duration_of(quantity),
            after=(before,) if before else (),
            item_id=item.item_id,
            step=step,
            crews=((estimate.crew_id, estimate.n_crew),) if estimate.crew_id in crews else (),
            closure_ids=tuple(sorted(closures)),
            factor_id=f"{estimate.shared_with} {sharer}" if sharer else "",
        )

    def _estimate(self, step: str) -> StepEstimate:
        estimate = self._basis.estimate(step, self._kind)
        if estimate is None:
            raise InputFaults.one("activities", f"an estimate of {step} for {self._kind}", "none")
        return estimate

    def _name(self, step: str) -> str:
        return f"{self._progress.item.item_id} {step}"


def slipped(network: Network, item_ids: Collection[str], days: float) -> Network:
    """Return the network with the next step of some items `days` later: a donor late, a permit refused."""
    late: set[str] = set()
    activities = []
    for i in network.order:
        one = network.activities[i]
        if one.item_id in item_ids and one.item_id not in late and one.finished_on is None:
            late.add(one.item_id)
            one = replace(one, lag_days=one.lag_days + days)
        activities.append(one)
    known = {one.activity_id: one for one in activities}
    return replace(network, activities=tuple(known[one.activity_id] for one in network.activities))


def schedule_draws(
    programme: Programme, *, network: Network, n_draws: int, seed: int, start: date, n_threads: int = 1
) -> F64:
    """Return the day from `start` on which each item works as a whole, (draw, item), inf where it never does.

    Items stand as in `programme.items`. What works already has its date, before `start`; inf is what is not
    pledged or all lost, returned or disputed. Until that day, what works of the item is what works now.
    """
    column = {item.item_id: k for k, item in enumerate(programme.items)}
    days = np.full((n_draws, len(column)), np.inf)
    last = _last_activities(network)
    if not last:
        return days
    kept = tuple(name for names in last.values() for name in names)
    risk = assess(network, n_draws=n_draws, seed=seed, kept=kept, n_threads=n_threads)
    from_start = (network.start - start) / timedelta(days=1)
    for item_id, names in last.items():
        if item_id not in column:
            raise UnknownName(f"the programme holds no item {item_id}, the network does")
        finish = np.max([risk.finish_of(name) for name in names], axis=0)
        days[:, column[item_id]] = finish + from_start
    return days


def _last_activities(network: Network) -> dict[str, list[str]]:
    """Return by item the activities that none of the same item waits for."""
    waited = {(one.item_id, name) for one in network.activities for name in one.after}
    last: dict[str, list[str]] = {}
    for one in network.activities:
        if one.item_id and (one.item_id, one.activity_id) not in waited:
            last.setdefault(one.item_id, []).append(one.activity_id)
    return last
