"""A network of activities: how long each may take, what it waits for, who does it, when passes are closed.

Activity on node, finish to start: an activity begins when all in `after` are done and `lag_days` are over.
A duration is three points, not one:

    pert        beta on [low, high] with alpha = 1 + 4 (mode - low) / (high - low), beta = 6 - alpha;
                mean (low + 4 mode + high) / 6                       (Malcolm et al. 1959, *Oper. Res.* 7(5))
    triangular  mean (low + mode + high) / 3

Activities that share a cause slip together: each names at most one factor, whose draw multiplies its
duration (linear association: Trietsch, Mazmanyan, Gevorgyan and Baker 2012, *EJOR* 216(2)).
Durations are calendar days, weekends included; work stops while a closure holds and goes on when it ends.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Literal

Shape = Literal["pert", "triangular"]
SHAPES: tuple[Shape, ...] = ("pert", "triangular")
STEPS: tuple[str, ...] = (
    "approve", "contract", "produce", "ship", "deliver", "accept", "install", "train", "commission", "repair",
)  # fmt: skip
"""What is done to an item, in its order; a repair stands beside the chain."""
MonthDay = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Duration:
    """Least, most likely and most days of work; equal ones are certain."""

    low_days: float
    mode_days: float
    high_days: float
    shape: Shape = "pert"

    def __post_init__(self) -> None:
        points = (self.low_days, self.mode_days, self.high_days)
        if not (0 <= self.low_days <= self.mode_days <= self.high_days < math.inf):
            raise ValueError(f"a duration must be 0 <= low <= mode <= high days, finite, found {points}")
        if self.shape not in SHAPES:
            raise ValueError(f"the shape of a duration must be one of {SHAPES}, found {self.shape!r}")

    @classmethod
    def certain(cls, days: float) -> Duration:
        """Return a duration that is known."""
        return cls(days, days, days)

    @property
    def mean_days(self) -> float:
        """Mean of the distribution."""
        weight = 4.0 if self.shape == "pert" else 1.0
        return (self.low_days + weight * self.mode_days + self.high_days) / (weight + 2.0)

    @property
    def mode_share(self) -> float:
        """Where the most likely value lies between least (0) and most (1); 0 for a certain one."""
        range_days = self.high_days - self.low_days
        return (self.mode_days - self.low_days) / range_days if range_days > 0 else 0.0

    def scaled(self, share: float) -> Duration:
        """Return the duration with all three points multiplied."""
        return Duration(
            share * self.low_days, share * self.mode_days, share * self.high_days, shape=self.shape
        )


@dataclass(frozen=True, slots=True)
class Closure:
    """A part of every year in which steps stop on a range of the line: passes under snow, rivers in flood.

    `closes` and `opens` are (month, day): closed from the first, 0 h, until the second, 0 h; over the turn of
    the year where `opens` comes first. `steps` empty means all; the range is chainage in metres.
    """

    closure_id: str
    closes: MonthDay
    opens: MonthDay
    steps: tuple[str, ...] = ()
    from_m: float = -math.inf
    to_m: float = math.inf
    title: str = ""

    def __post_init__(self) -> None:
        for name, (month, day) in (("closes", self.closes), ("opens", self.opens)):
            try:
                date(2001, month, day)  # a common year: 29 February is no day of every year
            except ValueError:
                raise ValueError(
                    f"closure {self.closure_id}: {name} must be a month and day of every year, "
                    f"found {(month, day)}"
                ) from None
        if self.closes == self.opens:
            raise ValueError(f"closure {self.closure_id}: closes and opens must differ")
        if not self.from_m <= self.to_m:
            raise ValueError(f"closure {self.closure_id}: from_m must not exceed to_m")

    def stops(self, step: str, from_m: float | None = None, to_m: float | None = None) -> bool:
        """Say whether a step stops on a range of chainage; an unknown place is met by endless ranges only."""
        if self.steps and step not in self.steps:
            return False
        if from_m is None or to_m is None:
            return math.isinf(self.from_m) and math.isinf(self.to_m)
        return self.from_m <= to_m and from_m <= self.to_m

    def closed(self, first_year: int, last_year: int) -> list[tuple[date, date]]:
        """Return the closed times (from, until) that begin in a range of years."""
        turn = int(self.opens < self.closes)
        return [
            (date(year, *self.closes), date(year + turn, *self.opens))
            for year in range(first_year, last_year + 1)
        ]


@dataclass(frozen=True, slots=True)
class Crew:
    """People who can do `n` things at a time: installers, trainers, convoys."""

    crew_id: str
    n: int
    title: str = ""

    def __post_init__(self) -> None:
        if self.n < 1:
            raise ValueError(f"crew {self.crew_id}: n must be at least 1, found {self.n}")


@dataclass(frozen=True, slots=True)
class CommonFactor:
    """What activities of one donor or producer share: lognormal, mean 1, coefficient of variation `cv`."""

    factor_id: str
    cv: float

    def __post_init__(self) -> None:
        if not 0 <= self.cv < math.inf:
            raise ValueError(f"factor {self.factor_id}: cv must be finite and not negative, found {self.cv}")

    @property
    def sigma(self) -> float:
        """Standard deviation of the logarithm."""
        return math.sqrt(math.log1p(self.cv * self.cv))


@dataclass(frozen=True, slots=True)
class Activity:
    """One step of one item. `began_on` with no `finished_on` is under way; both are facts, not forecasts.

    `crews` says how many of which crew it keeps busy, from its start to its finish, closed times included.
    """

    activity_id: str
    duration: Duration
    after: tuple[str, ...] = ()
    item_id: str = ""
    step: str = ""
    crews: tuple[tuple[str, int], ...] = ()
    closure_ids: tuple[str, ...] = ()
    factor_id: str = ""
    lag_days: float = 0.0
    not_before: date | None = None
    began_on: date | None = None
    finished_on: date | None = None

    def __post_init__(self) -> None:
        if not self.activity_id:
            raise ValueError("activity_id must not be empty")
        if not 0 <= self.lag_days < math.inf:
            raise ValueError(f"activity {self.activity_id}: lag_days must be finite and not negative")
        if any(n < 1 for _, n in self.crews) or len(dict(self.crews)) < len(self.crews):
            raise ValueError(f"activity {self.activity_id}: crews: 1 or more of each, found {self.crews}")
        if self.began_on and self.finished_on and self.finished_on < self.began_on:
            raise ValueError(f"activity {self.activity_id}: finished_on lies before began_on")


@dataclass(frozen=True)
class Network:
    """Activities from `start` (today: day 0) on, with the closures, crews and factors that they name.

    Raises ValueError for ids that stand twice or are not known, for facts after `start`, for a crew too small
    for an activity, and for a cycle, which is named.
    """

    start: date
    activities: tuple[Activity, ...]
    closures: tuple[Closure, ...] = ()
    crews: tuple[Crew, ...] = ()
    factors: tuple[CommonFactor, ...] = ()
    added: tuple[tuple[str, str], ...] = field(default=())  # (before, after): order of crews, set by planning

    def __post_init__(self) -> None:
        known = {
            "activity": _ids(one.activity_id for one in self.activities),
            "closure": _ids(one.closure_id for one in self.closures),
            "crew": _ids(one.crew_id for one in self.crews),
            "factor": _ids(one.factor_id for one in self.factors),
        }
        for one in self.activities:
            self._check_names(one, known)
            self._check_facts(one)
        for pair in self.added:
            _check_known("added precedence", "activity", pair, known)
        self.order  # noqa: B018 - refuses cycles

    def _check_names(self, one: Activity, known: Mapping[str, set[str]]) -> None:
        named = {
            "activity": one.after,
            "closure": one.closure_ids,
            "crew": [name for name, _ in one.crews],
            "factor": (one.factor_id,) if one.factor_id else (),
        }
        for what, ids in named.items():
            _check_known(f"activity {one.activity_id}", what, ids, known)
        sizes = {crew.crew_id: crew.n for crew in self.crews}
        for name, n in one.crews:
            if n > sizes[name]:
                raise ValueError(
                    f"activity {one.activity_id}: needs {n} of crew {name}, which has {sizes[name]}"
                )

    def _check_facts(self, one: Activity) -> None:
        for name, fact in (("began_on", one.began_on), ("finished_on", one.finished_on)):
            if fact is not None and fact > self.start:
                raise ValueError(
                    f"activity {one.activity_id}: {name} {fact} lies after the start {self.start}"
                )

    @cached_property
    def index(self) -> dict[str, int]:
        """Position of each activity by id."""
        return {one.activity_id: i for i, one in enumerate(self.activities)}

    @cached_property
    def before(self) -> tuple[tuple[int, ...], ...]:
        """Positions of what each activity waits for, added precedences included, ascending."""
        found = [{self.index[name] for name in one.after} for one in self.activities]
        for first, then in self.added:
            found[self.index[then]].add(self.index[first])
        return tuple(tuple(sorted(positions)) for positions in found)

    @cached_property
    def order(self) -> tuple[int, ...]:
        """Positions in an order in which nothing comes before what it waits for."""
        following: list[list[int]] = [[] for _ in self.activities]
        n_open = [len(positions) for positions in self.before]
        for i, positions in enumerate(self.before):
            for p in positions:
                following[p].append(i)
        ready = [i for i, n in enumerate(n_open) if n == 0]
        for i in ready:  # grows while it is read
            for j in following[i]:
                n_open[j] -= 1
                if n_open[j] == 0:
                    ready.append(j)
        if len(ready) < len(self.activities):
            raise ValueError("activities wait for each other in a cycle: " + self._cycle(set(ready)))
        return tuple(ready)

    def _cycle(self, sound: set[int]) -> str:
        """Walk back from an activity that never gets its turn until one comes again."""
        at = next(i for i in range(len(self.activities)) if i not in sound)
        walked: list[int] = []
        while at not in walked:
            walked.append(at)
            at = next(p for p in self.before[at] if p not in sound)
        cycle = [at, *reversed(walked[walked.index(at) :])]
        return " -> ".join(self.activities[i].activity_id for i in cycle)


def _ids(ids: Iterable[str]) -> set[str]:
    found: set[str] = set()
    for one in ids:
        if one in found:
            raise ValueError(f"the id {one} stands twice in the network")
        found.add(one)
    return found


def _check_known(owner: str, what: str, ids: Iterable[str], known: Mapping[str, set[str]]) -> None:
    for one in ids:
        if one not in known[what]:
            raise ValueError(f"{owner}: no {what} {one} in the network")


@dataclass(frozen=True, slots=True)
class StepEstimate:
    """What a step of the chain takes where nobody knows better, for a kind of equipment ("" for all kinds).

    `duration` is for one item or kilometre; each further one adds the share `growth` to all three points.
    `shared_with` says whose factor it follows. `reason` says where the figures come from.
    """

    step: str
    kind: str
    duration: Duration
    growth: float = 0.0
    shared_with: Literal["", "donor", "producer"] = ""
    crew_id: str = ""
    n_crew: int = 1
    reason: str = ""

    def __post_init__(self) -> None:
        if not 0 <= self.growth < math.inf:
            raise ValueError(f"step {self.step}: growth must be finite and not negative, found {self.growth}")
        if self.shared_with not in {"", "donor", "producer"}:
            raise ValueError(f"step {self.step}: shared_with must be donor, producer or empty")

    def duration_of(self, quantity: float) -> Duration:
        """Return the duration for a quantity of items or kilometres."""
        return self.duration.scaled(1.0 + self.growth * max(0.0, quantity - 1.0))


@dataclass(frozen=True, slots=True)
class ScheduleBasis:
    """What a schedule rests on: estimates of steps, closures, crews, and how much donors and producers vary.

    `factor_cv` overrides the coefficient of variation by factor id ("donor NAME", "producer NAME").
    A step whose crew is not listed is not limited by it.
    """

    estimates: tuple[StepEstimate, ...]
    closures: tuple[Closure, ...] = ()
    crews: tuple[Crew, ...] = ()
    donor_cv: float = 0.3
    producer_cv: float = 0.2
    factor_cv: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _ids(f"{one.step} of {one.kind or 'all kinds'}" for one in self.estimates)
        _ids(one.closure_id for one in self.closures)
        _ids(one.crew_id for one in self.crews)

    def estimate(self, step: str, kind: str) -> StepEstimate | None:
        """Return the estimate of a step for a kind: its own, else that of all kinds, else None."""
        found = {one.kind: one for one in self.estimates if one.step == step}
        return found.get(kind, found.get(""))

    def cv_of(self, factor_id: str) -> float:
        """Return the coefficient of variation of a factor."""
        usual = self.donor_cv if factor_id.startswith("donor ") else self.producer_cv
        return self.factor_cv.get(factor_id, usual)
