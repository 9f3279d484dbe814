"""Who does what when crews are few: the resource-constrained project scheduling problem (RCPSP), by CP-SAT.

    minimise   the end of the last activity, or  sum over items of weight x the day on which the item works
    such that  every activity follows what it waits for and stops while it is closed,
               and no crew is asked for more than it has, from start to finish of whatever it is on

The solver is stopped by counted work (its deterministic time), not by a clock, and runs with one worker and a
fixed seed: equal inputs give equal schedules. A schedule is said to be optimal, or has a bound and a gap.

What lasts out of a schedule is not its dates but its *order*: each unit of a crew goes from one activity to
the next, and these hand-overs become precedences (a partial order schedule by chaining: Policella, Cesta,
Oddi and Smith 2007, *AI Commun.* 20(3)). With them, no draw of durations ever needs more of a crew than it
has, so the order can be put through Monte Carlo.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from ortools.sat.python import cp_model

from sarhad.errors import InputFaults, NoAnswer, UnknownName
from sarhad.kernels import schedule as kernel
from sarhad.model.schedule import Network
from sarhad.planning.schedule_risk import arrays_of, closed_days, places
from sarhad.planning.serial_schedule import serial_schedule

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

EFFORT = 5.0
"""Deterministic seconds of the solver; some seconds of a clock each."""
WEIGHT_LEVELS = 1000
MODE = 0.0
"""Stands for the most likely duration where a probability is asked for."""
_SAMPLE = 2_000
_SAMPLE_SEED = 20_070


@dataclass(frozen=True, slots=True, eq=False)
class ResourceSchedule:
    """A feasible schedule, and what is proven about it. Whole days from the network's start, in its order.

    `network` holds the hand-overs of crews in `added`. `value` is the objective, in days or in weight x days;
    no schedule with these durations has less than `bound`. Optimal is meant for weights rounded down to a
    thousandth of the largest.
    """

    network: Network
    duration_days: I64
    start_days: I64
    finish_days: I64
    value: float
    bound: float
    is_optimal: bool

    @property
    def gap(self) -> float:
        """How much less a better schedule could have, at most: (value - bound) / value."""
        return max(0.0, (self.value - self.bound) / self.value) if self.value > 0 else 0.0


def resource_schedule(
    network: Network,
    *,
    planned_at: float = MODE,
    weights: Mapping[str, float] | None = None,
    effort: float = EFFORT,
    seed: int = 0,
    n_workers: int = 1,
) -> ResourceSchedule:
    """Return the best schedule found for a network whose durations are taken at a probability.

    `planned_at` is MODE or a probability: 0.8 plans on durations that four fifths of the draws keep. They are
    rounded up to whole days. `weights` by item_id asks for sum of weight x finish, None for the least end.
    More than one worker is faster and may give another schedule of the same value or bound on each run.
    Raises InputFaults, UnknownName for a weight of no item, NoAnswer where `effort` did not find a schedule
    or what is under way keeps more of a crew busy than there is.
    """
    _check(network, weights, effort)
    days = planned_days(network, planned_at)
    problem = _Problem(network, days, weights)
    problem.begin_from(*serial_schedule(network, days))
    solver = cp_model.CpSolver()
    solver.parameters.max_deterministic_time = effort
    solver.parameters.random_seed = seed
    solver.parameters.num_workers = n_workers
    solver.parameters.interleave_search = n_workers == 1  # all strategies in turn, by counted work
    status = solver.solve(problem.model)
    if status == cp_model.MODEL_INVALID:
        raise AssertionError(problem.model.validate())
    if status == cp_model.INFEASIBLE:
        raise NoAnswer("the crews are too few for what is under way already")
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        raise NoAnswer(f"no schedule was found with effort {effort:g}; allow more")
    start = np.array([solver.value(var) for var in problem.start], dtype=np.int64)
    finish = np.array([solver.value(var) for var in problem.finish], dtype=np.int64)
    ordered = replace(network, added=(*network.added, *hand_overs(network, start, finish, days)))
    start, finish = _left_shifted(ordered, days)
    return ResourceSchedule(
        ordered,
        days,
        start,
        finish,
        float(objective_of(ordered, finish[None, :].astype(np.float64), weights)[0]),
        max(0.0, solver.best_objective_bound) / problem.scale,
        status == cp_model.OPTIMAL,
    )


def planned_days(network: Network, planned_at: float) -> I64:
    """Return the days each activity is planned to take still, whole ones, in the network's order.

    A probability asks for that quantile over draws, common delays and what is known of work under way
    included. Done activities take none.
    """
    if not 0 <= planned_at < 1:
        raise InputFaults.one("planned_at", "0 (most likely) or a probability below 1", planned_at)
    net = arrays_of(network)
    if planned_at == MODE:
        mode = np.array([network.activities[i].duration.mode_days for i in network.order])
        length = np.where(np.isnan(net.fixed_days), np.maximum(mode - net.elapsed_days, 0.0), 0.0)
    else:
        drawn = kernel.draw_lengths(net, seed=_SAMPLE_SEED, first_draw=0, n_draws=_SAMPLE)
        length = np.quantile(drawn, planned_at, axis=0, method="inverted_cdf")
    return np.ceil(length[list(places(network))] - 1e-9).astype(np.int64)


def _check(network: Network, weights: Mapping[str, float] | None, effort: float) -> None:
    if not network.activities:
        raise InputFaults.one("network", "at least one activity", "none")
    if not effort > 0:
        raise InputFaults.one("effort", "a number above 0", effort)
    items = {one.item_id for one in network.activities}
    for item_id, weight in (weights or {}).items():
        if item_id not in items:
            raise UnknownName(f"a weight is given for item {item_id}, which the network does not hold")
        if not 0 <= weight < math.inf:
            raise InputFaults.one(f"weight of {item_id}", "a finite number, not negative", weight)
    if weights is not None and not any(weights.values()):
        raise InputFaults.one("weights", "at least one above 0", "none")


def _left_shifted(network: Network, days: I64) -> tuple[I64, I64]:
    """Return start and finish of the earliest schedule in a given order."""
    net, order = arrays_of(network), list(network.order)
    ready, finish = kernel.finish_by_definition(net, days[order].astype(np.float64))
    place = list(places(network))
    start = np.where(np.isnan(net.fixed_days), ready + net.lag_days, finish)
    for k, i in enumerate(order):
        rows = closed_days(network, network.activities[i].closure_ids)
        shut = (rows[:, 0] <= start[k]) & (start[k] < rows[:, 1])
        if shut.any() and days[i] > 0:
            start[k] = rows[shut, 1][0]  # work begins when it opens
    return np.round(start[place]).astype(np.int64), np.round(finish[place]).astype(np.int64)


def objective_of(network: Network, finish_days: F64, weights: Mapping[str, float] | None) -> F64:
    """Return the objective by draw of finishes (draw, activity in the network's order)."""
    to_come = [i for i, one in enumerate(network.activities) if one.finished_on is None]
    if weights is None:
        return np.asarray(finish_days[:, to_come].max(axis=1, initial=0.0))
    value = np.zeros(len(finish_days))
    for item_id, weight in weights.items():
        own = [i for i in to_come if network.activities[i].item_id == item_id]
        value += weight * finish_days[:, own].max(axis=1, initial=0.0)
    return value


def hand_overs(network: Network, start: I64, finish: I64, days: I64) -> list[tuple[str, str]]:
    """Return (before, after) for every unit of a crew that goes from one activity to the next.

    A unit is taken by choice from an activity that is waited for anyway, else from the one that ended last.
    Raises ValueError where the schedule asks more of a crew than it has.
    """
    units: dict[str, list[int]] = {crew.crew_id: [-1] * crew.n for crew in network.crews}
    place, found = places(network), []
    by_start = sorted(range(len(start)), key=lambda i: (start[i], finish[i], place[i]))
    for i in by_start:
        one = network.activities[i]
        if days[i] == 0 or one.finished_on is not None:
            continue
        waited = set(network.before[i])
        for crew_id, n in one.crews:
            at = units[crew_id]
            free = [u for u in range(len(at)) if at[u] < 0 or finish[at[u]] <= start[i]]
            if len(free) < n:
                raise ValueError(f"activity {one.activity_id}: crew {crew_id} is busy on day {start[i]}")
            rank = [(at[u] not in waited, -finish[at[u]] if at[u] >= 0 else 1, at[u], u) for u in free]
            for *_, u in sorted(rank)[:n]:
                if at[u] >= 0 and at[u] not in waited:
                    found.append((network.activities[at[u]].activity_id, one.activity_id))
                at[u] = i
    return list(dict.fromkeys(found))


class _Problem:
    """The model of one network: start and finish of every activity as variables of CP-SAT."""

    def __init__(self, network: Network, days: I64, weights: Mapping[str, float] | None) -> None:
        self.model: Any = cp_model.CpModel()
        self.scale = 1.0
        self.start: list[Any] = []
        self.finish: list[Any] = []
        self._network, self._days = network, days
        self._net, self._place = arrays_of(network), places(network)
        self._horizon = self._last_day()
        for i in range(len(network.activities)):
            start, finish = self._span(i)
            self.start.append(start)
            self.finish.append(finish)
        self._precede()
        for crew in network.crews:
            self._limit(crew.crew_id, crew.n)
        self._aim(weights)

    def begin_from(self, start: I64, finish: I64) -> None:
        """Give the solver a schedule to begin its search with."""
        given = zip((*self.start, *self.finish), (*start.tolist(), *finish.tolist()), strict=True)
        hints = {one.index: (one, value) for one, value in given if isinstance(one, cp_model.IntVar)}
        for variable, value in hints.values():  # each once: what takes no time ends in its start itself
            self.model.add_hint(variable, value)

    def _last_day(self) -> int:
        """Return a day by which an optimal schedule has ended.

        Nothing in it could begin earlier, so at any time some chain of predecessors is worked on, or a crew
        is, or all wait for a date or an opening: the longest chain and all work of crews, one after another,
        in the time when no closure holds.
        """
        net, order = self._net, list(self._network.order)
        chain = np.zeros(len(order))
        for k, i in enumerate(order):
            before = net.before[net.before_at[k] : net.before_at[k + 1]]
            chain[k] = chain[before].max(initial=0.0) + self._days[i] + net.lag_days[k]
        crewed = sum(int(self._days[i]) for i, one in enumerate(self._network.activities) if one.crews)
        closed = closed_days(self._network, [one.closure_id for one in self._network.closures])
        work = float(chain.max() + crewed)
        last_day = kernel.after_work(closed, float(net.earliest_days.max()), work)
        return math.ceil(float(last_day)) + 1

    def _span(self, i: int) -> tuple[Any, Any]:
        """Return start and finish of one activity; closed times lie between them."""
        one, k = self._network.activities[i], self._place[i]
        if one.finished_on is not None:
            day = int(self._net.fixed_days[k])
            return day, day
        earliest = math.ceil(self._net.earliest_days[k] + self._net.lag_days[k])
        days = int(self._days[i])
        if one.began_on is not None:
            closed = closed_days(self._network, one.closure_ids)
            return earliest, math.ceil(kernel.after_work(closed, float(earliest), float(days)))
        start = self.model.new_int_var(earliest, self._horizon, f"start {i}")
        pieces = self._open_pieces(one.closure_ids) if days > 0 else []
        if pieces in ([], [(0, self._horizon + 1, 0)]):
            return start, start + days
        work = self.model.new_int_var(0, self._horizon, f"work {i}")  # the start in open days
        finish = self.model.new_int_var(earliest, self._horizon, f"finish {i}")
        self._place_in(pieces, start, work, begins=1)
        self._place_in(pieces, finish, work + days, begins=0)
        return start, finish

    def _place_in(self, pieces: Sequence[tuple[int, int, int]], day: Any, work: Any, *, begins: int) -> None:
        """Put a day, and the open days until then, in one piece; work may end when it closes, not begin."""
        chosen = []
        for begin, end, shut in pieces:
            here = self.model.new_bool_var("")
            self.model.add(day == work + shut).only_enforce_if(here)
            self.model.add_linear_constraint(day, begin + 1 - begins, end - begins).only_enforce_if(here)
            chosen.append(here)
        self.model.add_exactly_one(chosen)

    def _open_pieces(self, closure_ids: Sequence[str]) -> list[tuple[int, int, int]]:
        """Return the open times up to the horizon: (begin, end, days closed before, from day 0 on)."""
        pieces, begin, shut = [], 0, 0
        for from_day, until_day, _ in closed_days(self._network, closure_ids):
            if until_day <= 0 or from_day >= self._horizon:
                continue
            if from_day > begin:
                pieces.append((begin, int(from_day), shut))
            shut += int(until_day) - max(0, int(from_day))
            begin = int(until_day)
        if begin <= self._horizon:
            pieces.append((begin, self._horizon + 1, shut))
        return pieces

    def _precede(self) -> None:
        for i, before in enumerate(self._network.before):
            one = self._network.activities[i]
            if one.finished_on is None and one.began_on is None:
                for p in before:
                    self.model.add(self.start[i] >= self.finish[p] + math.ceil(one.lag_days))

    def _limit(self, crew_id: str, n: int) -> None:
        intervals, needs = [], []
        for i, one in enumerate(self._network.activities):
            need = dict(one.crews).get(crew_id, 0)
            if need == 0 or one.finished_on is not None or self._days[i] == 0:
                continue
            start, finish = self.start[i], self.finish[i]
            size: Any = int(self._days[i])
            if isinstance(finish, int):
                size = finish - start
            elif one.closure_ids:
                size = self.model.new_int_var(0, self._horizon, "")
            intervals.append(self.model.new_interval_var(start, size, finish, f"busy {i}"))
            needs.append(need)
        if intervals:
            self.model.add_cumulative(intervals, needs, n)

    def _aim(self, weights: Mapping[str, float] | None) -> None:
        activities = self._network.activities
        to_come = [i for i, one in enumerate(activities) if one.finished_on is None]
        if weights is None:
            self.model.minimize(self._latest(to_come, "end"))
            return
        self.scale = WEIGHT_LEVELS / max(weights.values())
        terms = []
        for item_id, weight in sorted(weights.items()):
            own = [i for i in to_come if activities[i].item_id == item_id]
            terms.append(math.floor(self.scale * weight + 1e-9) * self._latest(own, f"end of {item_id}"))
        self.model.minimize(sum(terms))

    def _latest(self, positions: Sequence[int], name: str) -> Any:
        latest = self.model.new_int_var(0, self._horizon, name)
        for i in positions:
            self.model.add(latest >= self.finish[i])
        return latest
