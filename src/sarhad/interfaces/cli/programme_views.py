"""What `sarhad programme` prints: where units stand, and the reports; as tables and as plain values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from sarhad.interfaces.cli.console import print_rows, screen
from sarhad.interfaces.cli.headings import headings
from sarhad.interfaces.cli.programme_text import TEXT
from sarhad.interfaces.sentences import told_text
from sarhad.interfaces.vocabulary import words
from sarhad.kernels.reliability import Interval
from sarhad.model.programme import CHAIN, STATES, Programme, Progress
from sarhad.planning.delivery import AvailabilityRow, LateRow, MoneyRow, Report

_SHORT = {
    "approved": "appr.",
    "contracted": "contr.",
    "produced": "prod.",
    "shipped": "ship.",
    "delivered": "deliv.",
    "accepted": "acc.",
    "installed": "inst.",
    "lost_on_way": "lost",
    "in_transit": "transit",
}


def status_as_dict(programme: Programme, at: datetime) -> dict[str, Any]:
    """Return where all units stand as plain values."""
    items = [_progress_as_dict(progress) for progress in programme.progress.values()]
    refusals = [asdict(one) for one in programme.refusals]
    return {"at": at.isoformat(), "items": items, "refusals": refusals}


def _progress_as_dict(progress: Progress) -> dict[str, Any]:
    item = progress.item
    return {
        "item_id": item.item_id,
        "equipment_id": item.equipment_id,
        "donor": item.donor,
        "recipient": item.recipient,
        "quantity": item.quantity,
        "measured_in": item.measured_in,
        "at": dict(progress.at),
        "reached": dict(progress.reached),
        "disputed": dict(progress.disputed),
        "lost": dict(progress.lost),
        "held": progress.held,
        "acts": dict(progress.acts),
        "forecast": {state: day.isoformat() for state, day in progress.forecast.items()},
        "serials": dict(progress.serials),
    }


def report_as_dict(found: Report) -> dict[str, Any]:
    """Return the reports as plain values."""
    availability = [asdict(row) | {"availability": row.availability} for row in found.availability]
    return {
        "at": found.at.isoformat(),
        "donors": [asdict(row) for row in found.donors],
        "late": [_plain(asdict(row)) for row in found.late],
        "availability": availability,
        "inventory": [_plain(asdict(row)) for row in found.inventory],
        "money": [asdict(row) for row in found.money],
    }


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in row.items()}


def draw_status(programme: Programme, at: datetime) -> None:
    """Print where units stand, what awaits a signature, what was left out."""
    if not programme.progress:
        screen.print(TEXT["empty"])
        return
    every = list(programme.progress.values())
    states = [state for state in STATES if any(one.at.get(state) for one in every)]
    disputed = any(one.disputed for one in every)
    heads = ["item", "type", "donor", "wanted", *(_SHORT.get(state, state) for state in states)]
    rows = [
        [
            one.item.item_id,
            one.item.equipment_id,
            one.item.donor,
            _quantity(one.item.quantity, one.item.measured_in),
            *(_number(one.at.get(state, 0.0)) for state in states),
            *([_number(sum(one.disputed.values()))] if disputed else []),
        ]
        for one in every
    ]
    _table(TEXT["status.title"].format(at=at), [*heads, *(["disputed"] if disputed else [])], rows, text=3)
    acts = [[one.item.item_id, name, _number(n)] for one in every for name, n in one.acts.items()]
    _table(TEXT["acts.title"], ["item", "statement", "quantity"], acts, text=2)
    refused = [
        [r.item_id, r.statement_id, r.column, told_text(r.expected), told_text(r.found)]
        for r in programme.refusals
    ]
    _table(TEXT["refused.title"], ["item", "statement", "column", "expected", "found"], refused, text=5)


def draw_report(found: Report, summed: Sequence[MoneyRow]) -> None:
    """Print all reports; those with nothing to say in a word."""
    names = ("pledged", "contracted", "sent", "in_transit", "received", "disputed", "lost_on_way", "accepted")
    rows = [
        [r.donor, words(r.measured_in), *(_number(getattr(r, name)) for name in (*names, "working"))]
        for r in found.donors
    ]
    heads = [_SHORT.get(name, name.replace("_", " ")) for name in (*names, "working")]
    _table(TEXT["donors.title"], ["donor", "measured in", *heads], rows, text=2, empty=True)
    late = [
        [r.item_id, r.donor, words(r.state), str(r.planned), _day(r.forecast), str(r.late_days)]
        for r in _behind(found.late)
    ]
    heads = ["item", "donor", "state", "planned", "forecast", "days late"]
    _table(TEXT["late.title"].format(n=len(found.late)), heads, late, text=3, empty=True)
    heads = ["type", "measured in", "availability", "failures", "MTBF days", "MTTR days"]
    _table(TEXT["availability.title"], heads, map(_availability, found.availability), text=2, empty=True)
    counts = [
        [r.item_id, r.serial, r.unit, _number(r.quantity), str(r.last), str(r.due), str(r.overdue_days)]
        for r in found.inventory
    ]
    heads = ["item", "serial", "unit", "quantity", "last", "due", "days overdue"]
    _table(TEXT["inventory.title"], heads, counts, text=3, empty=True)
    _money(TEXT["money.title"], found.money)
    if summed:
        _money(TEXT["summed.title"].format(currency=summed[0].currency), summed)


def _behind(rows: Iterable[LateRow]) -> list[LateRow]:
    """Return of each item the first late state that it has not reached: the others wait for it."""
    first: dict[str, LateRow] = {}
    for row in sorted(rows, key=lambda row: CHAIN.index(row.state)):
        if row.actual is None:
            first.setdefault(row.item_id, row)
    return sorted(first.values(), key=lambda row: (-row.late_days, row.item_id))


def _availability(row: AvailabilityRow) -> list[str]:
    share = "" if row.availability is None else f"{row.availability:.1%}"
    mtbf, mttr = _interval(row.mtbf_days, row.n_failures), _interval(row.mttr_days, row.n_repairs)
    return [row.equipment_id, words(row.measured_in), share, str(row.n_failures), mtbf, mttr]


def _interval(found: Interval | None, n: int) -> str:
    if found is None:
        return TEXT["few"].format(n=n)
    return f"{found.mean:,.1f} ({found.low:,.1f}-{found.high:,.1f})"


def _money(title: str, rows: Iterable[MoneyRow]) -> None:
    names = ("pledged", "contracted", "received", "working")
    cells = [
        [
            r.donor,
            r.currency,
            words(r.terms),
            *(f"{getattr(r, name):,.0f}" for name in names),
            str(r.n_unpriced),
        ]
        for r in rows
    ]
    _table(title, ["donor", "currency", "terms", *names, "items without a cost"], cells, text=3, empty=True)


def _table(
    title: str, heads: Sequence[str], rows: Iterable[Sequence[str]], *, text: int, empty: bool = False
) -> None:
    """Print a table whose first `text` columns are words; without rows nothing, or a word for it."""
    lines = list(rows)
    if not lines:
        if empty:
            screen.print(f"{title}: {TEXT['none']}")
        return
    print_rows(title, headings(heads), lines, n_text=text)


def _quantity(quantity: float, measured_in: str) -> str:
    shown = f"{quantity:.12g}"
    return TEXT["kilometres"].format(n=shown) if measured_in == "km" else shown


def _number(value: float) -> str:
    return f"{value:.12g}" if value else ""


def _day(day: date | None) -> str:
    return "" if day is None else str(day)
