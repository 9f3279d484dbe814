"""What follows from claims: the answer to a question, the figures worked out from it, and who is affected.

The answer to a question at any date:

    resolved     the resolutions in force whose claims all still stand, where they say the same
    agreed       no resolution, and the claims about the latest time can all hold: the most precise one
    undermined   a claim under every resolution is gone: no value until someone resolves anew
    disputed     two authorities resolved it differently: no value
    open         claims conflict and nobody resolved: no value
    unknown      no claim stands

Where a property changes, a resolution is about the time of its claims: once others claim something about a
later time, it is their turn.

A figure (a use) is an operation over answers, claims and other figures. Nothing is cached: figures are worked
out from the register, so after a withdrawal or a new resolution the same call gives the new figures, and
`effects` lists those that changed. Where a question is open the figure has no value, and `readings` gives
what it would be for each claim: 20,000 men on 1,300, 1,344 or 1,357 km are 15.4, 14.9 or 14.7 a kilometre.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Literal

from sarhad.errors import Fault, InputFaults, UnknownName
from sarhad.model.claim import Claim, Question, Resolution, Rules, Use
from sarhad.model.measure import (
    Range,
    Value,
    Words,
    as_written,
    combine,
    compare,
    extent,
    unit_of,
)
from sarhad.planning.claims import Register

State = Literal["resolved", "agreed", "undermined", "disputed", "open", "unknown"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What we hold on a question: `value` is None unless resolved or agreed; `rests_on` are claim ids."""

    state: State
    value: Value | None
    unit: str
    rests_on: tuple[str, ...]
    resolution_id: str = ""


@dataclass(frozen=True, slots=True)
class Figure:
    """A use worked out: the value as written and its extent with rounding, both (low, high) in `unit`.

    Both are None where an input has no value; `open_inputs` names those. It rests on claims, and on
    `resolutions` between them, by id.
    """

    name: str
    written: Range | None
    extent: Range | None
    unit: str
    rests_on: tuple[str, ...]
    open_inputs: tuple[str, ...] = ()
    resolutions: tuple[str, ...] = ()

    @property
    def value(self) -> float | None:
        """The single value as written; None where there is none or a range."""
        return self.written[0] if self.written and self.written[0] == self.written[1] else None


@dataclass(frozen=True, slots=True)
class Effect:
    """A figure before and after something changed."""

    name: str
    where: str
    before: Figure
    after: Figure

    @property
    def changed(self) -> bool:
        """Whether its value or what it rests on is another."""
        return self.before != self.after


def answer(held: Register, question: Question, rules: Rules) -> Answer:
    """Return what is held on a question."""
    claims = _latest(held.answering(question), rules)
    current = [one for one in held.current(question) if not _outdated(held, one, claims)]
    sound = [one for one in current if all(name in held.claims for name in one.rests_on)]
    if sound:
        one = sound[0]
        if any((other.value, other.unit) != (one.value, one.unit) for other in sound[1:]):
            return Answer("disputed", None, one.unit, _all_under(sound))
        return Answer("resolved", one.value, one.unit, one.rests_on, one.resolution_id)
    if current:
        one = current[0]
        return Answer("undermined", None, one.unit, _all_under(current), one.resolution_id)
    if not claims:
        return Answer("unknown", None, "", ())
    rests_on = tuple(claim.claim_id for claim in claims)
    if any(_conflict(a, b) for a, b in combinations(claims, 2)):  # ranges that meet in pairs meet in all
        return Answer("open", None, claims[0].unit, rests_on)
    best = min(claims, key=_imprecision)
    return Answer("agreed", best.value, best.unit, rests_on)


def _outdated(held: Register, one: Resolution, latest: tuple[Claim, ...]) -> bool:
    """Say whether claims about a later time have come after all that a resolution still rests on."""
    under = [held.claims[name] for name in one.rests_on if name in held.claims]
    return bool(under and latest) and not any(claim in latest for claim in under)


def _all_under(current: Sequence[Resolution]) -> tuple[str, ...]:
    names = [name for one in current for name in one.rests_on]
    return tuple(dict.fromkeys(names))


def _latest(claims: tuple[Claim, ...], rules: Rules) -> tuple[Claim, ...]:
    """Return the claims about the same time as the latest of them; all where the property is constant."""
    if not claims:
        return ()
    last = max(claims, key=lambda claim: claim.until)
    known = rules.properties[last.property_id]
    return tuple(claim for claim in claims if claim.same_time(last, known))


def _conflict(a: Claim, b: Claim) -> bool:
    return compare(a.value, a.unit, b.value, b.unit) == "conflict"


def _imprecision(claim: Claim) -> tuple[float, str]:
    if isinstance(claim.value, Words):
        return 0.0, claim.claim_id
    low, high = extent(claim.value, claim.unit)
    return high - low, claim.claim_id


def check_inputs(held: Register, one: Use, rules: Rules) -> None:
    """Refuse a use of what nobody could ever claim; raises InputFaults with every such input."""
    faults = [
        Fault("use", "", 0, "input", "subject/property, the id of a claim that stands, or a use", text)
        for text in one.inputs
        if text not in held.uses
        and text not in held.claims
        and text.rpartition("/")[2] not in rules.properties
    ]
    if faults:
        raise InputFaults(faults)


def figure(held: Register, name: str, rules: Rules) -> Figure:
    """Return a use worked out; raises UnknownName, and InputFaults where it goes round in a circle."""
    return _figure(held, name, rules, {}, ())


@dataclass(frozen=True, slots=True)
class _Input:
    """An input as found: ranges in the first unit of its dimension, or None."""

    written: Range | None
    extent: Range | None
    dimension: str
    rests_on: tuple[str, ...]
    open_inputs: tuple[str, ...] = ()
    resolutions: tuple[str, ...] = ()


def _figure(
    held: Register, name: str, rules: Rules, chosen: Mapping[str, str], above: tuple[str, ...]
) -> Figure:
    if name not in held.uses:
        raise UnknownName(f"no use is named {name}")
    if name in above:
        raise InputFaults.one("uses", "figures that do not go round in a circle", " -> ".join((*above, name)))
    one = held.uses[name]
    inputs = [_input(held, text, rules, chosen, (*above, name)) for text in one.inputs]
    rests_on = tuple(dict.fromkeys(claim_id for found in inputs for claim_id in found.rests_on))
    open_inputs = tuple(dict.fromkeys(text for found in inputs for text in found.open_inputs))
    resolutions = tuple(dict.fromkeys(text for found in inputs for text in found.resolutions))
    if all(found.dimension for found in inputs):
        _check_dimension(one, [found.dimension for found in inputs])
    if open_inputs:
        return Figure(name, None, None, one.unit, rests_on, open_inputs, resolutions)
    factor = unit_of(one.unit).factor
    ranges: list[Range] = []
    for part in ("written", "extent"):
        found_ranges = [getattr(found, part) for found in inputs]
        result = found_ranges[0]
        for further in found_ranges[1:]:
            result = combine(one.operation, result, further)
        ranges.append((result[0] / factor, result[1] / factor))
    return Figure(name, ranges[0], ranges[1], one.unit, rests_on, (), resolutions)


def _check_dimension(one: Use, dimensions: list[str]) -> None:
    """Refuse a unit that the operation cannot give; shares are numbers and leave a dimension as it is."""
    kinds = [dimension for dimension in dimensions if dimension != "share"]
    given = "/".join(dimensions) if one.operation == "quotient" else (kinds or ["share"])[0]
    if one.operation == "quotient" and dimensions[0] == dimensions[1]:
        given = "share"
    alike = one.operation not in {"sum", "difference"} or len(set(dimensions)) == 1
    too_many = one.operation == "product" and len(kinds) > 1
    if given != unit_of(one.unit).dimension or not alike or too_many:
        expected = f"inputs whose {one.operation} is in {one.unit}"
        raise InputFaults.one(f"use {one.name}", expected, ", ".join(dimensions))


def _input(
    held: Register, text: str, rules: Rules, chosen: Mapping[str, str], above: tuple[str, ...]
) -> _Input:
    """Return an input: a claim by id, another use by name, or the answer to a question."""
    if text in held.uses:
        found = _figure(held, text, rules, chosen, above)
        unit = unit_of(found.unit)
        written = None if found.written is None else _scaled(found.written, unit.factor)
        wide = None if found.extent is None else _scaled(found.extent, unit.factor)
        return _Input(
            written, wide, unit.dimension, found.rests_on, found.open_inputs, found.resolutions
        )  # fmt: skip
    claim_id = chosen.get(text, text)
    if claim_id in held.claims:
        claim = held.claims[claim_id]
        return _quantity(text, Answer("agreed", claim.value, claim.unit, (claim_id,)), rules)
    try:
        question = Question.read(text)
    except ValueError:
        return _Input(None, None, "", (text,), (text,))  # a claim that no longer stands
    return _quantity(text, answer(held, question, rules), rules)


def _quantity(text: str, found: Answer, rules: Rules) -> _Input:
    resolutions = (found.resolution_id,) if found.resolution_id else ()
    if found.value is None or isinstance(found.value, Words):
        known = rules.properties.get(text.rpartition("/")[2])
        dimension = known.dimension if known else ""
        return _Input(None, None, dimension, found.rests_on, (text,), resolutions)
    written, wide = as_written(found.value, found.unit), extent(found.value, found.unit)
    return _Input(written, wide, unit_of(found.unit).dimension, found.rests_on, (), resolutions)


def _scaled(one: Range, factor: float) -> Range:
    return one[0] * factor, one[1] * factor


def readings(held: Register, name: str, question: Question, rules: Rules) -> Mapping[str, Figure]:
    """Return what a use would be if each claim on a question in turn were the answer, by claim_id."""
    return {
        claim.claim_id: _figure(held, name, rules, {str(question): claim.claim_id}, ())
        for claim in held.answering(question)
    }


def uses_of(held: Register, claim_id: str, rules: Rules) -> tuple[str, ...]:
    """Return the names of all uses that rest on a claim, directly or through other figures."""
    return tuple(name for name in held.uses if claim_id in figure(held, name, rules).rests_on)


def effects(before: Register, after: Register, rules: Rules) -> tuple[Effect, ...]:
    """Return every use whose figure, or what it rests on, differs between two registers."""
    after = replace(after, uses={**before.uses, **after.uses})
    found = (
        Effect(name, one.where, figure(before, name, rules), figure(after, name, rules))
        for name, one in before.uses.items()
    )
    return tuple(effect for effect in found if effect.changed)
