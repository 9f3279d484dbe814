"""Conflicts: claims that cannot all hold, found and shown side by side; nothing is decided here.

    direct    two claims on one question about the same time, whose values cannot both hold
    fallen    a later claim on a property that only grows, below an earlier one
    derived   claims on several properties of one subject that break a relation: 63 % of 980 km is not 625 km

A relation whole = left op right is checked by interval arithmetic over what was written, then over the slack
of rounding: parted by the first alone it is a flag ("rounding"), by both a conflict. Claims of one source are
held to each other first. Claims of different sources break a relation only where no choice of the constant
ones (the length of the line) lets the others hold; the nearest choice is shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations, product
from typing import Literal

from sarhad.model.claim import Claim, Property, Relation, Rules
from sarhad.model.measure import (
    Interval,
    Number,
    Operation,
    Verdict,
    Words,
    as_written,
    combine,
    compare,
    extent,
    meet,
    show,
    unit_of,
)
from sarhad.planning.claims import by_question

Kind = Literal["direct", "fallen", "derived"]
Severity = Literal["conflict", "rounding"]
Triple = tuple[Claim, Claim, Claim]


_SIGNS: Mapping[Operation, str] = {
    "product": "of",
    "quotient": "over",
    "sum": "and",
    "difference": "less",
    "rest": "taken from",
    "value": "",
}


@dataclass(frozen=True, slots=True)
class Conflict:
    """Claims that cannot all hold (or only within rounding), and why in words; `rule` names the relation."""

    kind: Kind
    severity: Severity
    subject: str
    property_id: str
    claims: tuple[Claim, ...]
    why: str
    rule: str = ""


def conflicts(claims: Iterable[Claim], rules: Rules) -> tuple[Conflict, ...]:
    """Return all conflicts, by subject and property; conflicts before roundings."""
    held = tuple(claims)
    found: list[Conflict] = []
    for question, group in by_question(held).items():
        known = rules.properties[question.property_id]
        for a, b in combinations(sorted(group, key=lambda claim: (claim.as_of, claim.claim_id)), 2):
            found += _pair(a, b, known)
    by_subject: dict[str, list[Claim]] = {}
    for claim in held:
        by_subject.setdefault(claim.subject, []).append(claim)
    for subject in sorted(by_subject):
        for relation in rules.relations:
            found += _derived(by_subject[subject], relation, rules.properties)
    return tuple(sorted(found, key=_order))


def _order(one: Conflict) -> tuple[str, ...]:
    return (one.severity, one.subject, one.property_id, one.kind, *(claim.claim_id for claim in one.claims))


def _pair(a: Claim, b: Claim, known: Property) -> Iterator[Conflict]:
    """Yield the conflict of two claims on one question, `a` about the earlier time."""
    if a.same_time(b, known):
        severity = _severity(compare(a.value, a.unit, b.value, b.unit))
        if severity:
            less, more = sorted((a, b), key=_least)
            why = f"{show(less.value, less.unit)} against {show(more.value, more.unit)}"
            yield Conflict("direct", severity, a.subject, a.property_id, (less, more), why)
    elif known.trend == "grows" and extent(b.value, b.unit)[1] < extent(a.value, a.unit)[0]:
        early, late = show(a.value, a.unit), show(b.value, b.unit)
        why = f"{early} in {a.as_of:%Y-%m}, later only {late} in {b.as_of:%Y-%m}"
        yield Conflict("fallen", "conflict", a.subject, a.property_id, (a, b), why)


def _least(claim: Claim) -> tuple[float, str, str]:
    if isinstance(claim.value, Words):
        return 0.0, claim.value.text, claim.claim_id
    return as_written(claim.value, claim.unit)[0], "", claim.claim_id


def _severity(verdict: Verdict) -> Severity | None:
    return None if verdict == "agree" else verdict


def _derived(claims: list[Claim], relation: Relation, known: Mapping[str, Property]) -> Iterator[Conflict]:
    """Yield what breaks a relation: within each source, else across sources."""
    whole, left, right = (
        [claim for claim in claims if claim.property_id == name and not isinstance(claim.value, Words)]
        for name in (relation.whole, relation.left, relation.right)
    )
    together = [triple for triple in product(whole, left, right) if _at_one_time(triple, known)]
    own = [triple for triple in together if len({claim.source for claim in triple}) == 1]
    complete = {claim.source for triple in own for claim in triple}
    for triple in own:
        severity = _severity(_check(triple, relation.operation))
        if severity:
            yield _broken(triple, relation, severity)
    across: dict[tuple[str, ...], list[Triple]] = {}
    for triple in together:
        if not {claim.source for claim in triple} & complete:  # those are held to their own figures
            dated = (claim for claim in triple if known[claim.property_id].trend != "constant")
            across.setdefault(tuple(claim.claim_id for claim in dated), []).append(triple)
    for triples in across.values():
        if all(_check(triple, relation.operation) == "conflict" for triple in triples):
            yield _broken(min(triples, key=lambda one: _gap(one, relation.operation)), relation, "conflict")


def _broken(triple: Triple, relation: Relation, severity: Severity) -> Conflict:
    why = _why(triple, relation.operation)
    return Conflict("derived", severity, triple[0].subject, relation.whole, triple, why, relation.relation_id)


def _gap(triple: Triple, operation: Operation) -> tuple[float, tuple[str, ...]]:
    """Return how far a relation is from holding, and the claims' ids to break ties."""
    whole, left, right = triple
    low, high = extent(whole.value, whole.unit)
    a, b = combine(operation, extent(left.value, left.unit), extent(right.value, right.unit))
    return max(a - high, low - b, 0.0), tuple(claim.claim_id for claim in triple)


def _at_one_time(triple: Triple, known: Mapping[str, Property]) -> bool:
    """Say whether claims are about one time, those on constant properties apart."""
    dated = [claim for claim in triple if known[claim.property_id].trend != "constant"]
    return all(a.same_time(b, known[b.property_id]) for a, b in combinations(dated, 2))


def _check(triple: Triple, operation: Operation) -> Verdict:
    """Say whether whole = left op right holds as written, within rounding, or not at all."""
    whole, left, right = triple
    written = combine(operation, as_written(left.value, left.unit), as_written(right.value, right.unit))
    if meet(as_written(whole.value, whole.unit), written):
        return "agree"
    slack = combine(operation, extent(left.value, left.unit), extent(right.value, right.unit))
    return "rounding" if meet(extent(whole.value, whole.unit), slack) else "conflict"


def _why(triple: Triple, operation: Operation) -> str:
    """Say it in words: "63 percent of 980 km is 617.4 km, against 625 km"."""
    whole, left, right = triple
    low, high = combine(operation, as_written(left.value, left.unit), as_written(right.value, right.unit))
    factor = unit_of(whole.unit).factor
    worked_out = Number(low / factor) if low == high else Interval(low / factor, high / factor)
    formula = f"{show(left.value, left.unit)} {_SIGNS[operation]} {show(right.value, right.unit)}"
    return f"{formula} is {show(worked_out, whole.unit)}, against {show(whole.value, whole.unit)}"
