"""Claims: who said what about a thing, word for word; resolutions between them; and uses of them.

    claim       subject, property, value and unit, as of when, where on the line, by whom, quoted from whom
    resolution  what we hold for true for one subject and property, by which method, resting on which claims
    use         a figure or setting worked out from claims, so that it is found again when they change

Claims are never merged and never changed. A grade is Admiralty's (STANAG 2511): how reliable the source is,
A to F, and how credible the information, 1 to 6, judged independently of each other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, NamedTuple, get_args

from sarhad.model.measure import Interval, Operation, Value, Words, as_written, unit_of
from sarhad.model.record import OnLine

RELIABILITY = {
    "A": "completely reliable",
    "B": "usually reliable",
    "C": "fairly reliable",
    "D": "not usually reliable",
    "E": "unreliable",
    "F": "reliability cannot be judged",
}
CREDIBILITY = {
    1: "confirmed by other independent sources",
    2: "probably true",
    3: "possibly true",
    4: "doubtful",
    5: "improbable",
    6: "truth cannot be judged",
}
UNKNOWN_ORIGIN = "?"  # the end of a chain whose next link is not known

Method = Literal["claim", "hull", "judgement"]
METHODS: tuple[Method, ...] = get_args(Method)
OPERATIONS: tuple[Operation, ...] = get_args(Operation)


class Question(NamedTuple):
    """What a claim answers: a subject and one of its properties."""

    subject: str
    property_id: str

    def __str__(self) -> str:
        return f"{self.subject}/{self.property_id}"

    @classmethod
    def read(cls, text: str) -> Question:
        """Read "subject/property"; raises ValueError where there is no property."""
        subject, slash, name = text.rpartition("/")
        if not slash or not subject or not name:
            raise ValueError(f"a question is subject/property, found {text}")
        return cls(subject, name)


Trend = Literal["constant", "grows", "varies"]
TRENDS: tuple[Trend, ...] = get_args(Trend)


@dataclass(frozen=True, slots=True)
class Property:
    """What can be claimed: its dimension and how it changes.

    `constant` values hold at any time; those that `grow` never fall; those that `vary` are compared where
    they are about times within `lasts_days` of each other, as are growing ones for equality.
    """

    property_id: str
    dimension: str
    trend: Trend = "varies"
    lasts_days: float = 0.0

    def __post_init__(self) -> None:
        if self.trend not in TRENDS or not self.lasts_days >= 0.0:
            raise ValueError(f"property {self.property_id}: {self.trend}, {self.lasts_days} days")


@dataclass(frozen=True, slots=True)
class Relation:
    """What must hold between properties of one subject: `whole` = `left` operation `right`."""

    relation_id: str
    whole: str
    operation: Operation
    left: str
    right: str


@dataclass(frozen=True, slots=True)
class Formula:
    """A figure that every subject has of which both properties are claimed: `left` operation `right`."""

    figure_id: str
    operation: Operation
    left: str
    right: str
    unit: str


@dataclass(frozen=True, slots=True)
class Rules:
    """What the desk knows: properties and their relations, houses of publishers, figures unasked for."""

    properties: Mapping[str, Property]
    relations: tuple[Relation, ...] = ()
    houses: Mapping[str, str] = field(default_factory=dict)
    formulas: tuple[Formula, ...] = ()


@dataclass(frozen=True, slots=True)
class Grade:
    """Admiralty grade: letter of the source, digit of the information."""

    reliability: str = "F"
    credibility: int = 6

    def __post_init__(self) -> None:
        if self.reliability not in RELIABILITY or self.credibility not in CREDIBILITY:
            raise ValueError(f"a grade is a letter A to F and a digit 1 to 6, found {self}")

    def __str__(self) -> str:
        return f"{self.reliability}{self.credibility}"


@dataclass(frozen=True, slots=True)
class Span:
    """The exact words that state the claim; `start` counts characters of the source text, None if unknown."""

    text: str
    start: int | None = None

    def __post_init__(self) -> None:
        if not self.text.strip():
            raise ValueError("a span must hold the words that state the claim")
        if self.start is not None and self.start < 0:
            raise ValueError(f"a span must start at 0 or later, found {self.start}")

    @property
    def end(self) -> int | None:
        """Where the words end in the source text, one past the last; None if unknown."""
        return None if self.start is None else self.start + len(self.text)


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim of one publisher.

    `quoted_from` is the chain the publisher names, nearest first: empty where it reports on its own account,
    ending in `UNKNOWN_ORIGIN` where the chain is not known to its end. The claim is about the `as_of_days`
    days from `as_of`.
    """

    claim_id: str
    subject: str
    property_id: str
    value: Value
    unit: str
    as_of: datetime
    source: str
    publisher: str
    published: datetime | None
    span: Span
    quoted_from: tuple[str, ...] = ()
    grade: Grade = Grade()
    place: OnLine | None = None
    as_of_days: int = 1

    def __post_init__(self) -> None:
        for name in ("claim_id", "subject", "property_id", "source", "publisher"):
            if not getattr(self, name).strip():
                raise ValueError(f"claim {self.claim_id}: {name} must not be empty")
        if isinstance(self.value, Words) != (unit_of(self.unit).dimension == "text"):
            raise ValueError(f"claim {self.claim_id}: quantities have a unit, words have none")
        for when in (self.as_of, self.published):
            if when is not None and when.utcoffset() != timedelta(0):
                raise ValueError(f"claim {self.claim_id}: times must be in UTC")
        if self.as_of_days < 1:
            raise ValueError(f"claim {self.claim_id}: as_of_days must be at least 1")
        if any(not name.strip() for name in self.quoted_from):
            raise ValueError(f"claim {self.claim_id}: a chain must name its links, or {UNKNOWN_ORIGIN}")
        if UNKNOWN_ORIGIN in self.quoted_from[:-1]:
            raise ValueError(f"claim {self.claim_id}: only the end of a chain can be unknown")

    @property
    def question(self) -> Question:
        """What the claim answers."""
        return Question(self.subject, self.property_id)

    @property
    def until(self) -> datetime:
        """The end of the time that the claim is about."""
        return self.as_of + timedelta(days=self.as_of_days)

    def same_time(self, other: Claim, known: Property) -> bool:
        """Whether two claims on one property are about times at which it must be the same."""
        margin = timedelta(days=known.lasts_days)
        near = self.as_of < other.until + margin and other.as_of < self.until + margin
        return known.trend == "constant" or near


@dataclass(frozen=True, slots=True)
class Resolution:
    """What an authority takes as true: the value of a claim, the hull of several, or a judgement."""

    resolution_id: str
    subject: str
    property_id: str
    method: Method
    value: Value
    unit: str
    reason: str
    rests_on: tuple[str, ...]
    supersedes: str = ""

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise ValueError(f"a method is one of {', '.join(METHODS)}, found {self.method}")
        if not self.reason.strip():
            raise ValueError(f"resolution {self.resolution_id}: a reason must be given")
        if not self.rests_on:
            raise ValueError(f"resolution {self.resolution_id}: it must rest on at least one claim")
        unit_of(self.unit)

    @property
    def question(self) -> Question:
        """What is resolved."""
        return Question(self.subject, self.property_id)


@dataclass(frozen=True, slots=True)
class Use:
    """Something worked out from claims: `inputs` are questions, claim ids or names of other uses.

    `where` says where the figure stands: a setting, a line of a report.
    """

    name: str
    operation: Operation
    inputs: tuple[str, ...]
    unit: str
    where: str = ""

    def __post_init__(self) -> None:
        if self.operation not in OPERATIONS:
            raise ValueError(f"an operation is one of {', '.join(OPERATIONS)}, found {self.operation}")
        wanted = {"value": 1, "quotient": 2, "difference": 2}.get(self.operation, len(self.inputs))
        if not self.name or not self.inputs or len(self.inputs) != wanted:
            raise ValueError(f"use {self.name}: {self.operation} takes {wanted or 'some'} inputs")
        if self.name in self.inputs:
            raise ValueError(f"use {self.name} cannot be worked out from itself")
        unit_of(self.unit)


def hull(values: Sequence[tuple[Value, str]], unit: str) -> Interval:
    """Return the interval, in `unit`, from the least to the greatest value written; raises ValueError."""
    wanted = unit_of(unit)
    if any(unit_of(own).dimension != wanted.dimension for _, own in values):
        raise ValueError(f"not all of the values can be turned into {unit}")
    ranges = [as_written(value, own) for value, own in values]
    low, high = min(low for low, _ in ranges), max(high for _, high in ranges)
    return Interval(low / wanted.factor, high / wanted.factor)


def fold_publisher(name: str) -> str:
    """Return a publisher's name without case, spaces and marks: AKIpress, Aki Press -> akipress."""
    return UNKNOWN_ORIGIN if name == UNKNOWN_ORIGIN else "".join(c for c in name.casefold() if c.isalnum())
