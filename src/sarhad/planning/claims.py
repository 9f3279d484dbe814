"""The register of claims: what stands, what was resolved, what makes use of it.

    claim.made      a claim of one publisher
    claim.resolved  what an authority takes as true on a question, and which claims that rests on
    claim.used      a figure or setting that is worked out from claims

Each is a statement of the ledger and none is ever merged into another. The register is a fold over the
records that stand (`sarhad.ledger.standing`), so "what did we believe on day D about day E" is the same fold.
A claim is dated by what it is about; so is a resolution, by the latest of its claims.
"""

from __future__ import annotations

import hashlib
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TypeVar, cast

from ulid import ULID

from sarhad.errors import InputFaults, UnknownName
from sarhad.ledger.encoding import canonical_json
from sarhad.model.claim import Claim, Grade, Method, Question, Resolution, Span, Use, hull
from sarhad.model.measure import Interval, Number, Operation, Value, Words, unit_of
from sarhad.model.record import WITHDRAWN, Json, Record, Statement

T = TypeVar("T", Claim, Resolution)
MADE, RESOLVED, USED = "claim.made", "claim.resolved", "claim.used"


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who says it: the authority whose key signs, and who of it sat at the desk (a role, not a name)."""

    authority: str
    author: str = ""


@dataclass(frozen=True, slots=True)
class Register:
    """What stands: claims, resolutions and uses by id or name, in the order of the ledger.

    `resolutions_on` leaves out what a later one supersedes: that stands as a statement and decides nothing.
    """

    claims: Mapping[str, Claim] = field(default_factory=dict)
    resolutions: Mapping[str, Resolution] = field(default_factory=dict)
    uses: Mapping[str, Use] = field(default_factory=dict)
    claims_on: Mapping[Question, tuple[Claim, ...]] = field(default_factory=dict)
    resolutions_on: Mapping[Question, tuple[Resolution, ...]] = field(default_factory=dict)
    authority_of: Mapping[str, str] = field(default_factory=dict)
    unreadable: tuple[str, ...] = ()

    def answering(self, question: Question) -> tuple[Claim, ...]:
        """Return the claims that answer a question."""
        return self.claims_on.get(question, ())

    def current(self, question: Question) -> tuple[Resolution, ...]:
        """Return the resolutions of a question that nothing supersedes: one of each authority."""
        return self.resolutions_on.get(question, ())

    def claim(self, claim_id: str) -> Claim:
        """Return a claim that stands; raises UnknownName."""
        if claim_id not in self.claims:
            raise UnknownName(f"no claim {claim_id} stands: it is withdrawn, or was never made")
        return self.claims[claim_id]


def register(records: Iterable[Record]) -> Register:
    """Fold the records that stand into the register; other kinds are passed over.

    Nobody replaces another's: a resolution supersedes, and a use takes the place of one of its name, only
    where the same authority made both. What cannot be read as what its kind says is named in `unreadable`.
    """
    claims: dict[str, Claim] = {}
    resolutions: dict[str, Resolution] = {}
    uses: dict[str, Use] = {}
    authority_of: dict[str, str] = {}
    unreadable: list[str] = []
    for record in sorted(records, key=lambda record: record.seq):
        statement = record.statement
        name, authority = statement.statement_id, statement.authority
        try:
            if statement.kind == MADE:
                claims[name] = claim_of(statement)
            elif statement.kind == RESOLVED:
                resolutions[name] = _resolution_of(statement)
            elif statement.kind == USED and authority_of.get(statement.subject_id, authority) == authority:
                name = statement.subject_id
                uses[name] = _use_of(statement)
            authority_of[name] = authority
        except (KeyError, TypeError, ValueError):
            unreadable.append(statement.statement_id)
    superseded = frozenset(
        one.supersedes
        for one in resolutions.values()
        if authority_of.get(one.supersedes) == authority_of[one.resolution_id]
    )
    current = [one for one in resolutions.values() if one.resolution_id not in superseded]
    on_claims, on_resolutions = by_question(claims.values()), by_question(current)
    return Register(claims, resolutions, uses, on_claims, on_resolutions, authority_of, tuple(unreadable))


def by_question(items: Iterable[T]) -> Mapping[Question, tuple[T, ...]]:
    """Return the claims (or resolutions) of every question, questions in order of their names."""
    found: dict[Question, list[T]] = defaultdict(list)
    for one in items:
        found[one.question].append(one)
    return {question: tuple(found[question]) for question in sorted(found)}


def make(claim: Claim, speaker: Speaker) -> Statement:
    """Return the statement of a claim."""
    body: dict[str, Json] = {
        "property": claim.property_id,
        "value": _value_body(claim.value),
        "unit": claim.unit,
        "as_of_days": claim.as_of_days,
        "publisher": claim.publisher,
        "published": _day(claim.published),
        "quoted_from": list(claim.quoted_from),
        "span": {"text": claim.span.text, "start": claim.span.start, "end": claim.span.end},
        "grade": str(claim.grade),
    }
    return Statement(
        claim.claim_id,
        MADE,
        claim.subject,
        claim.as_of,
        speaker.authority,
        speaker.author,
        claim.source,
        body,
        claim.place,
    )


def identified(claim: Claim) -> Claim:
    """Return a claim under a ULID of its date and SHA-256: said twice, it is recorded once."""
    text = canonical_json(
        [
            claim.subject,
            claim.property_id,
            _value_body(claim.value),
            claim.unit,
            _day(claim.as_of),
            claim.as_of_days,
            claim.source,
            claim.publisher,
            _day(claim.published),
            list(claim.quoted_from),
            claim.span.text,
            claim.span.start,
            str(claim.grade),
            None if claim.place is None else [claim.place.part_id, claim.place.from_m, claim.place.to_m],
        ]
    )
    return replace(claim, claim_id=hashed_ulid(claim.published or claim.as_of, text))


def hashed_ulid(when: datetime, text: bytes) -> str:
    """Return a ULID whose time is `when` and whose other 80 bits are of the SHA-256 of a text."""
    milliseconds = max(0, int(when.timestamp() * 1000))
    return str(ULID.from_bytes(milliseconds.to_bytes(6, "big") + hashlib.sha256(text).digest()[:10]))


def resolve(  # one argument per thing a person decides
    held: Register,
    question: Question,
    *,
    method: Method,
    rests_on: Sequence[str],
    reason: str,
    speaker: Speaker,
    statement_id: str,
    judged: tuple[Value, str] | None = None,
) -> Statement:
    """Return the statement that resolves a question; it supersedes this authority's last one on it.

    Methods: `claim` takes the value of the one claim it rests on, `hull` spans all of them, `judgement`
    takes `judged` (value, unit). Raises UnknownName for a claim that does not stand, else InputFaults.
    """
    claims = [held.claim(claim_id) for claim_id in rests_on]
    if not claims or any(claim.question != question for claim in claims):
        raise InputFaults.one("resolution", f"claims that answer {question}", ", ".join(rests_on) or "none")
    value, unit = _resolved_value(claims, method, judged)
    if not reason.strip():
        raise InputFaults.one("resolution", "a reason in words", "nothing", column="reason")
    mine = [
        one for one in held.current(question) if held.authority_of[one.resolution_id] == speaker.authority
    ]
    supersedes = mine[-1].resolution_id if mine else ""
    body: dict[str, Json] = {
        "property": question.property_id,
        "method": method,
        "value": _value_body(value),
        "unit": unit,
        "reason": reason,
        "rests_on": list(rests_on),
        "supersedes": supersedes,
    }
    when = max(claim.as_of for claim in claims)
    return Statement(
        statement_id, RESOLVED, question.subject, when, speaker.authority, speaker.author, "", body
    )


def _resolved_value(
    claims: Sequence[Claim], method: Method, judged: tuple[Value, str] | None
) -> tuple[Value, str]:
    unit = claims[0].unit
    if method == "claim" and len(claims) == 1:
        return claims[0].value, unit
    if method == "hull":
        try:
            return hull([(claim.value, claim.unit) for claim in claims], unit), unit
        except ValueError as error:
            raise InputFaults.one("resolution", "quantities with an end on both sides", error) from error
    if method == "judgement" and judged is not None:
        if unit_of(judged[1]).dimension != unit_of(unit).dimension:
            raise InputFaults.one("resolution", f"a unit such as {unit}", judged[1] or "none", column="unit")
        return judged
    expected = "method claim with one claim, hull with quantities, or judgement with a value"
    raise InputFaults.one("resolution", expected, f"{method} with {len(claims)} claims", column="method")


def withdraw(
    held: Register, claim_id: str, *, reason: str, speaker: Speaker, ids: tuple[str, datetime]
) -> Statement:
    """Return the statement by which an authority takes its own claim back; `ids` are its id and the time now.

    Raises UnknownName where the claim does not stand, InputFaults where another authority made it or no
    reason is given.
    """
    held.claim(claim_id)
    if held.authority_of[claim_id] != speaker.authority:
        expected = f"a claim of {speaker.authority} (others' claims can be contested, not withdrawn)"
        raise InputFaults.one("withdrawal", expected, f"one of {held.authority_of[claim_id]}")
    if not reason.strip():
        raise InputFaults.one("withdrawal", "a reason in words", "nothing", column="reason")
    statement_id, now = ids
    return Statement(
        statement_id,
        WITHDRAWN,
        claim_id,
        now,
        speaker.authority,
        speaker.author,
        body={"reason": reason},
        corrects=claim_id,
    )


def use(held: Register, one: Use, *, speaker: Speaker, ids: tuple[str, datetime]) -> Statement:
    """Return the statement that something makes use of claims; a later one of the same name replaces it.

    `ids` are its id and the time now. Raises InputFaults where another authority has a use of that name.
    """
    if held.authority_of.get(one.name, speaker.authority) != speaker.authority:
        found = f"{one.name}, a use of {held.authority_of[one.name]}"
        raise InputFaults.one("use", "a name that no other authority uses", found, column="name")
    body: dict[str, Json] = {
        "operation": one.operation,
        "inputs": list(one.inputs),
        "unit": one.unit,
        "where": one.where,
    }
    statement_id, now = ids
    return Statement(statement_id, USED, one.name, now, speaker.authority, speaker.author, body=body)


def claim_of(statement: Statement) -> Claim:
    """Return the claim of a `claim.made` statement."""
    body = cast(dict[str, object], dict(statement.body))
    span = cast(dict[str, object], body["span"])
    grade = str(body["grade"])
    return Claim(
        statement.statement_id,
        statement.subject_id,
        str(body["property"]),
        value_of(body["value"]),
        str(body["unit"]),
        statement.happened_at,
        statement.source,
        str(body["publisher"]),
        _read_day(str(body["published"])),
        Span(str(span["text"]), cast(int | None, span["start"])),
        tuple(str(name) for name in cast(list[object], body["quoted_from"])),
        Grade(grade[0], int(grade[1])),
        statement.place,
        int(str(body["as_of_days"])),
    )


def _resolution_of(statement: Statement) -> Resolution:
    body = cast(dict[str, object], dict(statement.body))
    return Resolution(
        statement.statement_id,
        statement.subject_id,
        str(body["property"]),
        cast(Method, body["method"]),
        value_of(body["value"]),
        str(body["unit"]),
        str(body["reason"]),
        tuple(str(name) for name in cast(list[object], body["rests_on"])),
        str(body["supersedes"]),
    )


def _use_of(statement: Statement) -> Use:
    body = cast(dict[str, object], dict(statement.body))
    inputs = tuple(str(name) for name in cast(list[object], body["inputs"]))
    operation = cast(Operation, body["operation"])
    return Use(statement.subject_id, operation, inputs, str(body["unit"]), str(body["where"]))


def _value_body(value: Value) -> dict[str, Json]:
    """Return a value as JSON: an open end of an interval is null."""
    match value:
        case Number(number, slack):
            return {"number": number, "slack": slack}
        case Interval(low, high):
            return {
                "low": low if math.isfinite(low) else None,
                "high": high if math.isfinite(high) else None,
            }
        case Words(text):
            return {"words": text}


def value_of(body: object) -> Value:
    """Return the value that JSON holds."""
    held = cast(dict[str, object], body)
    if "words" in held:
        return Words(str(held["words"]))
    if "number" in held:
        return Number(float(str(held["number"])), float(str(held["slack"])))
    low, high = held["low"], held["high"]
    return Interval(
        -math.inf if low is None else float(str(low)), math.inf if high is None else float(str(high))
    )


def _day(when: datetime | None) -> str:
    return "" if when is None else when.date().isoformat()


def _read_day(text: str) -> datetime | None:
    return datetime.fromisoformat(text).replace(tzinfo=UTC) if text else None
