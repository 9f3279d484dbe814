"""Reports on a programme: what was pledged and came, what is late, what works how well, counts due, money.

    sent = received + in transit + disputed + lost on the way        per donor; both sides of the ledger
    MTBF = working time / failures,  MTTR = down time / repairs      kernels/reliability.py

Pure functions of a programme and a time. Items and kilometres are never added, nor are currencies unless a
table of rates is given.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, timedelta

from sarhad.errors import InputFaults
from sarhad.kernels.reliability import Interval, exponential_mean
from sarhad.model.programme import CHAIN, HELD, Measure, Programme, Progress, State, Terms

DAY_S = 86_400.0
FEW = 3
_RECEIVED: tuple[State, ...] = (
    "delivered",
    "accepted",
    "installed",
    "trained",
    "working",
    "down",
    "returned",
)


@dataclass(frozen=True, slots=True)
class DonorRow:
    """What one donor pledged and what came of it: items, or kilometres; `equipment_id` "" means all types.

    `sent` = `received` + `in_transit` + `disputed` + `lost_on_way`. `received` is whatever came to the
    recipient, even if lost or returned since; `disputed_before` is contested before it was sent.
    """

    donor: str
    equipment_id: str
    measured_in: Measure
    needed: float = 0.0
    pledged: float = 0.0
    contracted: float = 0.0
    produced: float = 0.0
    sent: float = 0.0
    in_transit: float = 0.0
    received: float = 0.0
    disputed: float = 0.0
    lost_on_way: float = 0.0
    accepted: float = 0.0
    working: float = 0.0
    lost: float = 0.0
    returned: float = 0.0
    disputed_before: float = 0.0


@dataclass(frozen=True, slots=True)
class LateRow:
    """A state that an item reached late, or has not reached by its date: `late_days` so far, or foreseen."""

    item_id: str
    donor: str
    state: State
    planned: date
    forecast: date | None
    actual: date | None
    late_days: int


@dataclass(frozen=True, slots=True)
class AvailabilityRow:
    """How well a type works: times in unit-days (km-days of lines); None where there are too few to say."""

    equipment_id: str
    measured_in: Measure
    up_days: float
    down_days: float
    n_failures: int
    n_repairs: int
    mtbf_days: Interval | None
    mttr_days: Interval | None

    @property
    def availability(self) -> float | None:
        """Return the share of time that units worked, of the time that they were meant to."""
        total = self.up_days + self.down_days
        return self.up_days / total if total > 0 else None


@dataclass(frozen=True, slots=True)
class InventoryRow:
    """Units that are to be counted: one serial, or all units of an item without one (`serial` "")."""

    item_id: str
    serial: str
    quantity: float
    unit: str
    last: date
    due: date
    overdue_days: int


@dataclass(frozen=True, slots=True)
class MoneyRow:
    """Money of one donor in one currency, free (in kind) or paid; `n_unpriced` items have no unit cost."""

    donor: str
    currency: str
    terms: Terms
    pledged: float = 0.0
    contracted: float = 0.0
    received: float = 0.0
    working: float = 0.0
    n_unpriced: int = 0


@dataclass(frozen=True, slots=True)
class Report:
    """All reports at one time."""

    at: datetime
    donors: tuple[DonorRow, ...]
    late: tuple[LateRow, ...]
    availability: tuple[AvailabilityRow, ...]
    inventory: tuple[InventoryRow, ...]
    money: tuple[MoneyRow, ...]


def report(programme: Programme, at: datetime) -> Report:
    """Return all reports on a programme as it stood at a time."""
    return Report(
        at,
        pledge_against_delivery(programme),
        late_items(programme, at.date()),
        availability(programme, at),
        inventory_due(programme, at.date()),
        money(programme),
    )


def received(progress: Progress) -> float:
    """Return what came to the recipient and is not contested, even if it was lost or returned since."""
    standing = sum(progress.at.get(state, 0.0) for state in _RECEIVED)
    return round(standing + sum(progress.lost.get(state, 0.0) for state in _RECEIVED), 3)


def pledge_against_delivery(programme: Programme, *, by_type: bool = False) -> tuple[DonorRow, ...]:
    """Return a row per donor (and type), items apart from kilometres, in the order of names."""
    rows: dict[tuple[str, str, Measure], DonorRow] = {}
    for progress in programme.progress.values():
        item = progress.item
        key = (item.donor, item.equipment_id if by_type else "", item.measured_in)
        rows[key] = _added(rows.get(key, DonorRow(*key)), _donor_row(progress, *key))
    return tuple(rows[key] for key in sorted(rows))


def _donor_row(progress: Progress, donor: str, equipment_id: str, measured_in: Measure) -> DonorRow:
    reached, after_sent = progress.reached, CHAIN.index("shipped")
    disputed = {True: 0.0, False: 0.0}
    for state, quantity in progress.disputed.items():
        disputed[state not in CHAIN or CHAIN.index(state) >= after_sent] += quantity
    return DonorRow(
        donor,
        equipment_id,
        measured_in,
        needed=reached.get("needed", 0.0),
        pledged=reached.get("pledged", 0.0),
        contracted=reached.get("contracted", 0.0),
        produced=reached.get("produced", 0.0),
        sent=reached.get("shipped", 0.0),
        in_transit=progress.at.get("shipped", 0.0),
        received=received(progress),
        disputed=disputed[True],
        lost_on_way=progress.lost.get("shipped", 0.0),
        accepted=reached.get("accepted", 0.0),
        working=progress.at.get("working", 0.0),
        lost=progress.at.get("lost", 0.0),
        returned=progress.at.get("returned", 0.0),
        disputed_before=disputed[False],
    )


def _added(one: DonorRow, two: DonorRow) -> DonorRow:
    names = [field.name for field in fields(DonorRow) if field.default == 0.0]
    return replace(one, **{name: round(getattr(one, name) + getattr(two, name), 3) for name in names})


def late_items(programme: Programme, today: date) -> tuple[LateRow, ...]:
    """Return every state that was reached after its planned date, or is not reached and will be late.

    What is not done is late by its forecast, or by today where the forecast has passed or there is none. An
    item that names only when it is needed is to work by then. Latest first.
    """
    rows: list[LateRow] = []
    for progress in programme.progress.values():
        item = progress.item
        planned = dict(item.planned)
        if item.needed_by is not None:
            planned.setdefault("working", item.needed_by)
        for state, day in planned.items():
            done = progress.done_at(state)
            forecast = progress.forecast.get(state)
            comes = done.date() if done else max(today, forecast or today)
            late_days = (comes - day).days
            if late_days > 0:
                actual = done.date() if done else None
                rows.append(LateRow(item.item_id, item.donor, state, day, forecast, actual, late_days))
    return tuple(sorted(rows, key=lambda row: (row.actual is not None, -row.late_days, row.item_id)))


def availability(
    programme: Programme, at: datetime, *, confidence: float = 0.9
) -> tuple[AvailabilityRow, ...]:
    """Return per type how long units worked and were down until `at`, in the order of names.

    A failure is a unit that went down; of lines, a statement that some did. Fewer than three give no mean.
    """
    times: dict[tuple[str, Measure], list[float]] = {}
    for progress in programme.progress.values():
        item = progress.item
        total = times.setdefault((item.equipment_id, item.measured_in), [0.0, 0.0, 0, 0])
        for k, value in enumerate(_times(progress, at)):
            total[k] += value
    rows = []
    for key, (up_days, down_days, n_failures, n_repairs) in sorted(times.items()):
        if up_days + down_days <= 0:
            continue
        mtbf = exponential_mean(up_days, int(n_failures), confidence) if n_failures >= FEW else None
        mttr = exponential_mean(down_days, int(n_repairs), confidence) if n_repairs >= FEW else None
        rows.append(AvailabilityRow(*key, up_days, down_days, int(n_failures), int(n_repairs), mtbf, mttr))
    return tuple(rows)


def _times(progress: Progress, at: datetime) -> tuple[float, float, int, int]:
    """Return working and down time in unit-days until `at`, failures and repairs."""
    counted = progress.item.measured_in == "items"
    level = {"working": 0.0, "down": 0.0}
    spent = {"working": 0.0, "down": 0.0}
    ends = {"down": 0, "repaired": 0}
    last = at
    for move in progress.moves:
        if move.at > at:
            break
        for state, quantity in level.items():
            spent[state] += quantity * (move.at - last).total_seconds() / DAY_S if quantity else 0.0
        last = move.at
        to = "working" if move.to == "repaired" else move.to
        if to in level:
            level[to] += move.quantity
        if move.came_from in level:
            level[move.came_from] -= move.quantity
        if move.to in ends:
            ends[move.to] += round(move.quantity) if counted else 1
        if move.denied in ends:
            ends[move.denied] -= round(move.quantity) if counted else 1
    for state, quantity in level.items():
        spent[state] += max(quantity, 0.0) * (at - last).total_seconds() / DAY_S
    return spent["working"], spent["down"], ends["down"], ends["repaired"]


def inventory_due(programme: Programme, today: date, *, within_days: int = 90) -> tuple[InventoryRow, ...]:
    """Return what the recipient holds and must count within so many days, longest overdue first.

    A count is due `inventory_days` after the last one, or after the acceptance.
    """
    rows: list[InventoryRow] = []
    for progress in programme.progress.values():
        item = progress.item
        if not item.inventory_days:
            continue
        accepted = {s: move.at for move in progress.moves if move.to == "accepted" for s in move.serials}
        held = [serial for serial, state in progress.serials.items() if state in HELD]
        without = round(sum(progress.at.get(state, 0.0) for state in HELD) - len(held), 3)
        if without > 0:
            held.append("")
            accepted[""] = min(move.at for move in progress.moves if move.to == "accepted")
        for serial in held:
            last = progress.counted.get(serial) or accepted.get(serial) or progress.moves[-1].at
            due = last.date() + timedelta(days=item.inventory_days)
            if due <= today + timedelta(days=within_days):
                quantity = 1.0 if serial else without
                overdue_days = max(0, (today - due).days)
                rows.append(
                    InventoryRow(item.item_id, serial, quantity, item.unit, last.date(), due, overdue_days)
                )
    return tuple(sorted(rows, key=lambda row: (row.due, row.item_id, row.serial)))


def money(programme: Programme) -> tuple[MoneyRow, ...]:
    """Return what each donor's units cost, by currency and terms; items without a cost are counted apart."""
    rows: dict[tuple[str, str, Terms], MoneyRow] = {}
    for progress in programme.progress.values():
        item = progress.item
        key = (item.donor, item.currency, item.terms)
        row = rows.get(key, MoneyRow(*key))
        cost, reached = item.unit_cost or 0.0, progress.reached
        rows[key] = replace(
            row,
            pledged=row.pledged + cost * reached.get("pledged", 0.0),
            contracted=row.contracted + cost * reached.get("contracted", 0.0),
            received=row.received + cost * received(progress),
            working=row.working + cost * progress.at.get("working", 0.0),
            n_unpriced=row.n_unpriced + (item.unit_cost is None),
        )
    return tuple(rows[key] for key in sorted(rows))


def in_currency(rows: Iterable[MoneyRow], currency: str, rates: Mapping[str, float]) -> tuple[MoneyRow, ...]:
    """Return rows of money in one currency, summed per donor and terms.

    `rates` are the worth of one unit of each other currency in `currency`. Raises InputFaults naming every
    currency without a sound rate: nothing is left out of a sum silently.
    """
    worth = {**rates, currency: 1.0}
    rows = tuple(rows)
    bad = sorted({r.currency for r in rows if r.currency and not 0 < worth.get(r.currency, 0.0) < math.inf})
    if bad:
        raise InputFaults.one("rates", f"a rate above 0 in {currency} for {', '.join(bad)}", "none")
    sums: dict[tuple[str, str, Terms], MoneyRow] = {}
    names = ("pledged", "contracted", "received", "working")
    for row in rows:
        key = (row.donor, currency, row.terms)
        total, factor = sums.get(key, MoneyRow(*key)), worth.get(row.currency, 0.0)
        added = {name: getattr(total, name) + factor * getattr(row, name) for name in names}
        sums[key] = replace(total, n_unpriced=total.n_unpriced + row.n_unpriced, **added)
    return tuple(sums[key] for key in sorted(sums))
