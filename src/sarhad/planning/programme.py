"""The register of the programme: what follows from the statements that stand, and which new ones may join.

    programme = fold of statements, in the order of happening     (planning/programme_fold.py, one item)

A new statement is put where its time places it, what it corrects is taken out, and all is folded anew: what
no longer fits then (itself, or a later statement that stood on what is gone) is a reason to refuse it before
it is recorded. So a ledger that was checked never holds a programme that breaks its laws; where a foreign
copy does, what does not fit is left out and listed in `refusals`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sarhad.errors import Fault, InputFaults
from sarhad.io.programme_body import item_from_body
from sarhad.ledger.standing import standing
from sarhad.model.asset import Asset
from sarhad.model.programme import STATES, Programme, Refusal, State
from sarhad.model.record import CONFIRMED, CONTESTED, Record, Statement
from sarhad.planning.programme_fold import ItemFold, RefusedError

REGISTER = "programme"
ITEM = "programme.item"
COUNTED = "programme.counted"
_IDLE: tuple[State, ...] = ("accepted", "installed", "trained")
_KINDS: Mapping[str, State] = {f"{REGISTER}.{state}": state for state in STATES}


def programme_as_of(records: Iterable[Record], believed_at: datetime, about_at: datetime) -> Programme:
    """Return the programme at `about_at` as it was believed at `believed_at`."""
    return programme_of(record.statement for record in standing(records, believed_at, about_at))


def programme_of(statements: Iterable[Statement]) -> Programme:
    """Return the programme that statements make, which stand and come in the order of happening.

    Statements of other registers are passed over; those that do not fit are left out and listed.
    """
    said = tuple(statements)
    described = {one.subject_id: one.happened_at for one in reversed(said) if one.kind == ITEM}
    folds: dict[str, ItemFold] = {}
    item_of: dict[str, str] = {}
    used: dict[tuple[str, str, str], str] = {}
    refusals: list[Refusal] = []
    for statement in said:
        if statement.register == REGISTER:
            item_id = statement.subject_id
            item_of[statement.statement_id] = item_id
        elif statement.kind in {CONFIRMED, CONTESTED} and statement.subject_id in item_of:
            item_id = item_of[statement.subject_id]
        else:
            continue
        try:
            if item_id not in folds and statement.kind != ITEM:
                raise _undescribed(item_id, described.get(item_id))
            _apply(folds, item_id, statement, used)
        except RefusedError as error:
            column = f"{statement.kind.partition('.')[2]}: {error.column}"
            refusals.append(Refusal(statement.statement_id, item_id, column, error.expected, error.found))
    return Programme({item_id: fold.progress() for item_id, fold in folds.items()}, tuple(refusals))


def _apply(
    folds: dict[str, ItemFold], item_id: str, statement: Statement, used: dict[tuple[str, str, str], str]
) -> None:
    """Read one statement into the item it is about."""
    kind = statement.kind
    if kind == ITEM:
        try:
            item = item_from_body(item_id, statement.body)
        except ValueError as error:
            raise RefusedError("item", "a sound item", error) from error
        if item_id in folds:
            folds[item_id].describe(item)
        else:
            folds[item_id] = ItemFold(item, used)
        return
    fold = folds[item_id]
    if kind == CONFIRMED:
        fold.confirm(statement)
    elif kind == CONTESTED:
        fold.contest(statement)
    elif kind == COUNTED:
        fold.count(statement)
    elif kind in _KINDS:
        fold.apply(_KINDS[kind], statement)
    else:
        raise RefusedError("kind", "one of " + ", ".join((ITEM, COUNTED, *_KINDS)), kind)


def _undescribed(item_id: str, described_at: datetime | None) -> RefusedError:
    found = item_id if described_at is None else f"{item_id}, which is described from {described_at} on"
    return RefusedError("item_id", "an item that was described before", found)


def refusals_of(stand: Sequence[Statement], new: Sequence[Statement]) -> tuple[Refusal, ...]:
    """Return what would no longer fit if `new` were recorded beside the statements that stand.

    `stand` comes in the order of happening, as `standing` gives it. What did not fit before is not reported.
    """
    taken_back = {one.corrects for one in new if one.corrects}
    kept = [one for one in (*stand, *new) if one.statement_id not in taken_back]
    after = programme_of(sorted(kept, key=lambda one: one.happened_at))
    if not after.refusals:  # as a rule: what stands need not be folded too
        return ()
    known = set(programme_of(stand).refusals)
    return tuple(one for one in after.refusals if one not in known)


def check_statements(
    stand: Sequence[Statement],
    new: Sequence[Statement],
    *,
    now: datetime,
    rows: Mapping[str, tuple[str, int]] | None = None,
) -> None:
    """Refuse statements that would break the programme; nothing has been recorded yet.

    `rows` says which file and row a statement_id came from. Raises InputFaults naming file, item, row, state
    and column, what was expected and found, for everything that does not fit. What has happened cannot lie
    after `now`; only a forecast may, by its date.
    """
    of = rows or {}
    faults = [
        Fault(
            *_place(of, one.statement_id, one.subject_id),
            column="happened_at",
            expected=f"a time up to {now}",
            found=str(one.happened_at),
        )
        for one in new
        if one.happened_at > now
    ]
    new_ids = {one.statement_id for one in new}
    for refusal in refusals_of(stand, new):
        found = refusal.found
        if refusal.statement_id not in new_ids:
            found += f" (statement {refusal.statement_id}, recorded before, would lose its ground)"
        place = _place(of, refusal.statement_id, refusal.item_id)
        faults.append(Fault(*place, refusal.column, refusal.expected, found))
    if faults:
        raise InputFaults(faults)


def _place(rows: Mapping[str, tuple[str, int]], statement_id: str, item_id: str) -> tuple[str, str, int]:
    file, row = rows.get(statement_id, (REGISTER, 0))
    return file, item_id, row


def working_assets(programme: Programme, at: datetime) -> tuple[Asset, ...]:
    """Return what works at a time, one asset per item that has a place, in the order of the items.

    The programme must reach as far as `at`: take it `as_of` that time or a later one.
    """
    assets = (one.item.working_asset(one.working(at)) for one in programme.progress.values())
    return tuple(asset for asset in assets if asset is not None)


def stock(programme: Programme) -> dict[str, float]:
    """Return what each type has of accepted units that do not work anywhere yet: items, or kilometres."""
    free: dict[str, float] = {}
    for progress in programme.progress.values():
        waiting = sum(progress.at.get(state, 0.0) for state in _IDLE)
        if waiting:
            equipment_id = progress.item.equipment_id
            free[equipment_id] = round(free.get(equipment_id, 0.0) + waiting, 3)
    return free
