"""The claims desk as one value: what stands in a ledger, and what follows from it.

The claim, incident and control registers at a date ("believed at, about") make the desk. New claims pass the
one check that needs what stands already: nobody grades information as confirmed (1) without two independent
origins.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sarhad.errors import Fault, InputFaults
from sarhad.model.claim import Claim, Rules
from sarhad.model.record import Record, Statement
from sarhad.planning.claims import Register, Speaker, identified, make, register
from sarhad.planning.corroboration import CONFIRMED_TAKES_N, corroborate
from sarhad.planning.threat import HELD, REPORTED

REGISTERS = ("claim", REPORTED.partition(".")[0], HELD.partition(".")[0])


@dataclass(frozen=True, slots=True)
class Standing:
    """What stood at a date: the records of the desk's registers in their order, and the claims."""

    records: tuple[Record, ...]
    register: Register


def desk_of(records: Iterable[Record]) -> Standing:
    """Return the desk from the records of its registers that stand."""
    held = tuple(records)
    return Standing(held, register(held))


def admit(held: Register, claims: Sequence[Claim], rules: Rules, speaker: Speaker) -> tuple[Statement, ...]:
    """Return the statements of new claims.

    Raises InputFaults for each that is graded 1 although two independent origins do not bear it out, those
    that stand and the new ones taken together.
    """
    new = [identified(claim) for claim in claims]
    all_of_them = {**held.claims, **{claim.claim_id: claim for claim in new}}
    found = corroborate(all_of_them.values(), rules)
    faults = [
        Fault(
            "claims",
            "",
            row,
            "credibility",
            f"{CONFIRMED_TAKES_N} independent origins for credibility 1",
            f"{found[claim.claim_id].n_origins}: {', '.join(found[claim.claim_id].origins) or 'none known'}",
        )
        for row, claim in enumerate(new, 1)
        if claim.grade.credibility == 1 and not found[claim.claim_id].confirmed
    ]
    if faults:
        raise InputFaults(faults)
    return tuple(make(claim, speaker) for claim in new)


def since(records: Iterable[Record], statement: Statement, now: datetime) -> Register:
    """Return the register as it will be once a statement is recorded: what it takes back no longer stands."""
    held = [record for record in records if record.statement.statement_id != statement.corrects]
    last = max((record.seq for record in held), default=0)
    return register([*held, Record(last + 1, now, statement, "")])
