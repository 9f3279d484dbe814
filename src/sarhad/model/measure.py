"""What a claim states, and whether two statements can both hold.

    number    what was written, give or take half of its last place that counts
    interval  "600 to 650"; "over 1,000" has no upper end, "up to 50" no lower one
    words     whatever is not a quantity

Rounding rule: a number counts as rounded at its last digit that is not a trailing zero; digits after the
point always count. So 1,300 is +- 50, 1,344 is +- 0.5, 980 is +- 5, 20,000 is +- 5,000, 63.0 is +- 0.05.
"About" and "nearly" double it.

Two quantities *agree* where they share a value as written, *rounding* alone parts them where they share one
only within that slack, and they *conflict* where they share none.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Verdict = Literal["agree", "rounding", "conflict"]
Range = tuple[float, float]
Operation = Literal["value", "quotient", "product", "sum", "difference", "rest"]

_RELATIVE = 1e-9  # of unit conversions, not of what was written


@dataclass(frozen=True, slots=True)
class Number:
    """A number and its slack: the value lies within `value` +- `slack`."""

    value: float
    slack: float = 0.0

    def __post_init__(self) -> None:
        if not math.isfinite(self.value) or not 0.0 <= self.slack < math.inf:
            raise ValueError(f"a number must be finite with a slack of at least 0, found {self}")


@dataclass(frozen=True, slots=True)
class Interval:
    """Somewhere from `low` to `high`, one of which may be infinite."""

    low: float = -math.inf
    high: float = math.inf

    def __post_init__(self) -> None:
        if not self.low <= self.high or (math.isinf(self.low) and math.isinf(self.high)):
            raise ValueError(f"an interval must be low <= high with one end at least, found {self}")


@dataclass(frozen=True, slots=True)
class Words:
    """A value that is not a quantity."""

    text: str

    def __post_init__(self) -> None:
        if not self.text.strip():
            raise ValueError("words must not be empty")


Value = Number | Interval | Words


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit: what it measures, and how many of the dimension's first unit it is."""

    dimension: str
    factor: float


UNITS: Mapping[str, Unit] = {
    "m": Unit("length", 1.0),
    "km": Unit("length", 1_000.0),
    "mi": Unit("length", 1_609.344),
    "m2": Unit("area", 1.0),
    "ha": Unit("area", 1e4),
    "km2": Unit("area", 1e6),
    "share": Unit("share", 1.0),
    "percent": Unit("share", 0.01),
    "persons": Unit("persons", 1.0),
    "families": Unit("families", 1.0),
    "districts": Unit("districts", 1.0),
    "posts": Unit("posts", 1.0),
    "places": Unit("places", 1.0),
    "events": Unit("events", 1.0),
    "items": Unit("items", 1.0),
    "days": Unit("time", 1.0),
    "years": Unit("time", 365.25),
    "usd": Unit("money", 1.0),
    "musd": Unit("money", 1e6),
    "": Unit("text", 1.0),
}


def unit_of(name: str) -> Unit:
    """Return a unit, or a ratio of two ("persons/km"); raises ValueError for a name no one knows."""
    over, slash, under = name.partition("/")
    if over not in UNITS or (slash and under not in UNITS):
        raise ValueError(f"a known unit is one of {', '.join(sorted(UNITS))[2:]}, found {name}")
    if not slash:
        return UNITS[over]
    a, b = UNITS[over], UNITS[under]
    return Unit(f"{a.dimension}/{b.dimension}", a.factor / b.factor)


def slack_of(digits: str) -> float:
    """Return half of the last place of a written number that counts ("1,300" -> 50, "63.0" -> 0.05)."""
    bare = re.sub(r"[^\d.]", "", digits)
    whole, point, decimals = bare.partition(".")
    if point and decimals:
        return float(0.5 * 10.0 ** -len(decimals))
    kept = whole.rstrip("0")
    return float(0.5 * 10.0 ** (len(whole) - len(kept))) if kept else 0.5


def as_written(value: Value, unit: str) -> Range:
    """Return (low, high) of what was written, in the first unit of its dimension; refuses words."""
    factor = unit_of(unit).factor
    match value:
        case Number(number, _):
            return number * factor, number * factor
        case Interval(low, high):
            return low * factor, high * factor
    raise ValueError(f"words are not a quantity: {value.text}")


def extent(value: Value, unit: str) -> Range:
    """Return (low, high) with the slack of rounding, in the first unit of its dimension; refuses words."""
    if isinstance(value, Number):
        factor = unit_of(unit).factor
        return (value.value - value.slack) * factor, (value.value + value.slack) * factor
    return as_written(value, unit)


def meet(a: Range, b: Range) -> bool:
    """Say whether two ranges share a value, within the error of unit conversions."""
    ends = [abs(end) for end in (*a, *b) if math.isfinite(end)]
    slack = _RELATIVE * max(ends, default=0.0)
    return a[0] <= b[1] + slack and b[0] <= a[1] + slack


def compare(a: Value, a_unit: str, b: Value, b_unit: str) -> Verdict:
    """Say whether two values can both hold; raises ValueError where they measure different things."""
    dimensions = unit_of(a_unit).dimension, unit_of(b_unit).dimension
    if dimensions[0] != dimensions[1]:
        raise ValueError(f"{dimensions[0]} ({a_unit}) cannot be compared with {dimensions[1]} ({b_unit})")
    if isinstance(a, Words) or isinstance(b, Words):
        same = isinstance(a, Words) and isinstance(b, Words) and a.text.casefold() == b.text.casefold()
        return "agree" if same else "conflict"
    if meet(as_written(a, a_unit), as_written(b, b_unit)):
        return "agree"
    return "rounding" if meet(extent(a, a_unit), extent(b, b_unit)) else "conflict"


def combine(operation: Operation, left: Range, right: Range = (1.0, 1.0)) -> Range:
    """Return the range of `left` operation `right` (interval arithmetic).

    "value" is `left` alone; "rest" is what is left of `right` when the share `left` is taken away.
    """
    if operation == "value":
        return left
    if operation == "sum":
        return left[0] + right[0], left[1] + right[1]
    if operation == "difference":
        return left[0] - right[1], left[1] - right[0]
    if operation == "quotient":
        if right[0] <= 0.0 <= right[1]:
            return -math.inf, math.inf
        right = 1.0 / right[1], 1.0 / right[0]
    if operation == "rest":
        left = max(0.0, 1.0 - left[1]), max(0.0, 1.0 - left[0])
    ends = [0.0 if 0.0 in (a, b) else a * b for a in left for b in right]
    return min(ends), max(ends)


def implies(a: Value, a_unit: str, b: Value, b_unit: str) -> bool:
    """Say whether `a`, if true, makes `b` true: 1,344 bears out 1,300 and "over 1,000", not the other way."""
    if isinstance(a, Words) or isinstance(b, Words):
        return compare(a, a_unit, b, b_unit) == "agree"
    if unit_of(a_unit).dimension != unit_of(b_unit).dimension:
        return False
    (a_low, a_high), (low, high) = extent(a, a_unit), extent(b, b_unit)
    ends = [abs(end) for end in (a_low, a_high, low, high) if math.isfinite(end)]
    slack = _RELATIVE * max(ends, default=0.0)
    return low - slack <= a_low and a_high <= high + slack


def show(value: Value, unit: str = "") -> str:
    """Write a value for people: "1,344 km", "over 1,000 persons", "600 to 650 km"."""
    match value:
        case Words(text):
            return text
        case Number(number, _):
            text = _digits(number)
        case Interval(low, high):
            if math.isinf(high):
                text = f"at least {_digits(low)}"
            elif math.isinf(low):
                text = f"at most {_digits(high)}"
            else:
                text = f"{_digits(low)} to {_digits(high)}"
    return f"{text} {unit}".strip()


def _digits(number: float) -> str:
    return f"{number:,.0f}" if number == round(number) else f"{number:,.6g}"
