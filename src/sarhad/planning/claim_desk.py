"""The claims desk as one value: what stands in a ledger, and what follows from it.

The claim, incident and control registers at a date ("believed at, about") make the desk. To the uses that
somebody recorded come those that nobody has to: the figures of the rules, of every subject that has both
properties, and the settings that a project takes from claims.

New claims pass the one check that needs what stands already: nobody grades information as confirmed (1)
without two independent origins.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sarhad.errors import Fault, InputFaults
from sarhad.ledger.encoding import canonical_json
from sarhad.model.claim import Claim, Question, Rules, Use
from sarhad.model.record import Record, Statement
from sarhad.planning.claims import Register, Speaker, identified, make, register
from sarhad.planning.corroboration import CONFIRMED_TAKES_N, corroborate
from sarhad.planning.threat import HELD, REPORTED

REGISTERS = ("claim", REPORTED.partition(".")[0], HELD.partition(".")[0])


@dataclass(frozen=True, slots=True)
class Standing:
    """What stood at a date: the records of the desk's registers in their order, and the claims.

    `settings` are the uses of the project beside it: settings that it takes from claims.
    """

    records: tuple[Record, ...]
    register: Register
    rules: Rules
    settings: tuple[Use, ...] = ()

    def after(self, statement: Statement, now: datetime) -> Register:
        """Return the register as it will be once a statement is recorded."""
        return with_known_uses(since(self.records, statement, now), self.rules, self.settings)


def desk_of(records: Iterable[Record], rules: Rules, settings: Iterable[Use] = ()) -> Standing:
    """Return the desk from the records of its registers that stand."""
    held, uses = tuple(records), tuple(settings)
    return Standing(held, with_known_uses(register(held), rules, uses), rules, uses)


def with_known_uses(held: Register, rules: Rules, settings: Iterable[Use] = ()) -> Register:
    """Return a register with the uses that nobody records; one that somebody recorded keeps its name."""
    subjects_of: dict[str, set[str]] = {}
    for question in held.claims_on:
        subjects_of.setdefault(question.property_id, set()).add(question.subject)
    known = {one.name: one for one in settings}
    for formula in rules.formulas:
        both = subjects_of.get(formula.left, set()) & subjects_of.get(formula.right, set())
        for subject in sorted(both):
            name = str(Question(subject, formula.figure_id))
            inputs = tuple(str(Question(subject, part)) for part in (formula.left, formula.right))
            known[name] = Use(name, formula.operation, inputs, formula.unit, "claim_figures.csv")
    return replace(held, uses={**known, **held.uses})


def citing(records: Iterable[Record], claim_id: str) -> tuple[Statement, ...]:
    """Return the statements of any register that cite a claim: "claim:ID" in their source or their body."""
    name = f"claim:{claim_id}"
    statements = (record.statement for record in records)
    return tuple(one for one in statements if name in one.source or name.encode() in canonical_json(one.body))


def admit(held: Register, claims: Sequence[Claim], rules: Rules, speaker: Speaker) -> tuple[Statement, ...]:
    """Return the statements of new claims.

    Raises InputFaults for each that is graded 1 although two independent origins do not bear it out, those
    that stand and the new ones taken together. Claims of a table say their row as "row-7".
    """
    rows = [one.claim_id.removeprefix("row-") for one in claims]
    new = [identified(claim) for claim in claims]
    all_of_them = {**held.claims, **{claim.claim_id: claim for claim in new}}
    found = corroborate(all_of_them.values(), rules)
    faults = [
        Fault(
            "claims",
            "",
            int(row) if row.isdigit() else k,
            "credibility",
            f"{CONFIRMED_TAKES_N} independent origins for credibility 1",
            f"{found[claim.claim_id].n_origins}: {', '.join(found[claim.claim_id].origins) or 'none known'}",
        )
        for k, (row, claim) in enumerate(zip(rows, new, strict=True), 1)
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
