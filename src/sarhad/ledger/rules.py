"""What may be said: nobody changes another's statement, and where two must agree, both sign.

corrects           names a statement of the same authority and register that stands
record.withdrawn   the same, of any register
record.confirmed   names, in `subject_id`, a statement of another authority
record.contested   the same, and says why in body["reason"]
a signed statement is corrected or withdrawn by a signed one only
kinds in SIGNED    carry a signature by a key of their authority; whatever else is signed must be signed well
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sarhad.errors import Fault, InputFaults, NotTrusted
from sarhad.ledger.authorities import Authorities
from sarhad.ledger.journal import Lookup
from sarhad.ledger.signing import verify_signature
from sarhad.model.record import CONFIRMED, CONTESTED, WITHDRAWN, Statement

SIGNED = frozenset({CONFIRMED, CONTESTED, "programme.accepted", "claim.resolved"})


def check_signed(statements: Iterable[Statement], authorities: Authorities, at: datetime) -> None:
    """Raise NotTrusted where a signature is missing, unknown, not valid at the ledger's time, or wrong."""
    for statement in statements:
        if statement.kind in SIGNED or statement.signature:
            verify_signature(statement, authorities, at)


def check_references(statements: Iterable[Statement], known: Lookup) -> None:
    """Check what statements say of others, recorded or earlier in `statements`.

    Raises NotTrusted at the first that touches another authority's statement or confirms its own; else
    InputFaults with all that names nothing, or what no longer stands.
    """
    faults: list[Fault] = []
    earlier: dict[str, Statement] = {}
    taken_back: set[str] = set()
    for row, statement in enumerate(statements, 1):
        if statement.kind == WITHDRAWN and not statement.corrects:
            faults.append(_fault(row, statement, "corrects", "the statement that is withdrawn", "nothing"))
        if statement.corrects:
            target = _target(statement.corrects, known, earlier)
            stands = statement.corrects not in taken_back and not _taken_back(statement.corrects, known)
            faults += _correction(row, statement, target, stands)
            taken_back.add(statement.corrects)
        elif statement.kind in (CONFIRMED, CONTESTED):
            faults += _countersignature(row, statement, _target(statement.subject_id, known, earlier))
        earlier[statement.statement_id] = statement
    if faults:
        raise InputFaults(faults)


def _target(statement_id: str, known: Lookup, earlier: dict[str, Statement]) -> Statement | None:
    if statement_id in earlier:
        return earlier[statement_id]
    record = known.find(statement_id)
    return None if record is None else record.statement


def _taken_back(statement_id: str, known: Lookup) -> bool:
    return any(record.statement.corrects == statement_id for record in known.mentioning(statement_id))


def _correction(row: int, statement: Statement, target: Statement | None, stands: bool) -> list[Fault]:
    if target is None:
        return [_fault(row, statement, "corrects", "a recorded statement", statement.corrects)]
    if target.authority != statement.authority:
        raise NotTrusted(
            f"{_name(statement)} of {statement.authority} cannot take back {statement.corrects}: "
            f"it is {target.authority}'s own; contest it instead"
        )
    if target.signature and not statement.signature:
        raise NotTrusted(
            f"{_name(statement)} needs a signature: {statement.corrects}, which it takes back, has one"
        )
    faults = []
    if not stands:
        expected = "a statement that stands (the last correction, where there are several)"
        faults.append(_fault(row, statement, "corrects", expected, statement.corrects))
    if statement.kind != WITHDRAWN and target.register != statement.register:
        expected = f"a correction in the register {target.register}"
        faults.append(_fault(row, statement, "kind", expected, statement.kind))
    return faults


def _countersignature(row: int, statement: Statement, target: Statement | None) -> list[Fault]:
    if target is None:
        return [_fault(row, statement, "subject_id", "a recorded statement", statement.subject_id)]
    if target.authority == statement.authority:
        raise NotTrusted(
            f"{_name(statement)}: {statement.authority} cannot agree or disagree with itself; "
            f"{statement.subject_id} is its own"
        )
    faults = []
    if target.register == "record":
        expected = "a statement that is no countersignature itself"
        faults.append(_fault(row, statement, "subject_id", expected, target.kind))
    if statement.kind == CONTESTED and not statement.body.get("reason"):
        faults.append(_fault(row, statement, "body.reason", "why it is contested", "nothing"))
    return faults


def _fault(row: int, statement: Statement, column: str, expected: str, found: str) -> Fault:
    return Fault(_name(statement), "", row, column, expected, found)


def _name(statement: Statement) -> str:
    return f"statement {statement.statement_id}"
