"""Programmes as Open Contracting data, OCDS 1.1: one contracting process per item, one release per event.

    ocid            prefix-item_id
    planning        what is wanted and what is pledged (budget)
    tender          the item: type, quantity, cost of one; method "direct"
    award           approved                contract        contracted, per item one
    milestones      produced, shipped, delivered, accepted, installed, trained, working: due, met, how much
    transactions    the worth of every accepted delivery: payer the donor (free) or the recipient (paid);
                    what of it was contested later is taken off
    parties         the recipient buys; free of charge the donor funds and the producer supplies, of what is
                    paid for the donor supplies and nobody funds

The compiled release is built outright; it is what merging the releases gives. What the standard has no field
for (place, terms, serials, ...) is the item's own body under `sarhad`, an additional field as the standard
allows. A publisher's prefix is given out by the Open Contracting Partnership; the default is nobody's.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

from sarhad.errors import Fault, InputFaults
from sarhad.io.programme_body import item_as_body, item_from_body
from sarhad.model.programme import CHAIN, Measure, Move, Programme, ProgrammeItem, Progress, State

PREFIX = "ocds-000000"
SCHEME = "sarhad-equipment"
_MILESTONES: tuple[State, ...] = CHAIN[CHAIN.index("produced") :]
_TYPE: Mapping[State, str] = {"shipped": "delivery", "delivered": "delivery", "accepted": "approval"}
_TAG: Mapping[State, str] = {"pledged": "planning", "approved": "award", "contracted": "contract"}

_UNITS: Mapping[Measure, frozenset[str]] = {
    "items": frozenset({"items", "item", "units", "unit", "pieces", "piece", "each", "c62", "h87", "ea"}),
    "km": frozenset({"km", "kilometre", "kilometres", "kilometer", "kilometers", "kmt"}),
}

Json = dict[str, Any]


def record_package(programme: Programme, at: datetime, *, publisher: str, prefix: str = PREFIX) -> Json:
    """Return a record package of all items at a time: their releases, and the compiled release of each."""
    records = []
    for progress in programme.progress.values():
        found = releases(progress, at, prefix=prefix)
        records.append(
            {"ocid": found[0]["ocid"], "releases": found, "compiledRelease": compiled(progress, found)}
        )
    return {
        "uri": f"urn:sarhad:{prefix}:{at:%Y%m%dT%H%M%SZ}",
        "version": "1.1",
        "publishedDate": _stamp(at),
        "publisher": {"name": publisher},
        "records": records,
    }


def releases(progress: Progress, at: datetime, *, prefix: str = PREFIX) -> list[Json]:
    """Return the releases of an item in the order of time: one per time at which something happened.

    An item of which nothing has happened is released as planned, at `at`.
    """
    times = sorted({move.at for move in progress.moves if move.at <= at}) or [at]
    found = []
    for k, when in enumerate(times, 1):
        moves = [move for move in progress.moves if move.at <= when]
        release = _release(progress, moves, when)
        tags = {_TAG.get(m.to, "implementation") for m in moves if m.at == when and m.to != "disputed"}
        first = {"planning", "tender"} if k == 1 else set()
        tag = sorted(tags | first) or ["implementation"]
        ocid = f"{prefix}-{progress.item.item_id}"
        found.append({"ocid": ocid, "id": f"{ocid}-{k}", "date": _stamp(when), "tag": tag, **release})
    return found


def compiled(progress: Progress, found: Sequence[Json]) -> Json:
    """Return the compiled release: the state after the last release."""
    last = found[-1]
    return {**last, "id": f"{last['ocid']}-{last['date']}", "tag": ["compiled"]}


def _release(progress: Progress, moves: Sequence[Move], when: datetime) -> Json:
    item = progress.item
    reached = _reached(moves)
    release: Json = {"initiationType": "tender", "language": "en", "parties": _parties(item)}
    release["buyer"] = _reference(item.recipient)
    release["planning"] = {"rationale": f"needed by {item.needed_by}"} if item.needed_by else {}
    pledged = reached.get("pledged", 0.0)
    release["planning"]["budget"] = {
        "description": f"pledged: {pledged:.12g} of {item.quantity:.12g} {item.measured_in}",
        **_amount(item, pledged, "amount"),
    }
    release["tender"] = {
        "id": item.item_id,
        "title": f"{item.quantity:.12g} {item.measured_in} of {item.equipment_id}",
        "status": "complete" if reached.get("approved") else "planned",
        "procurementMethod": "direct",
        "procurementMethodDetails": "free of charge" if item.terms == "free" else "paid",
        "mainProcurementCategory": "goods",
        "procuringEntity": _reference(item.recipient),
        "items": [_line(item, item.quantity, whole=True)],
        **_amount(item, item.quantity),
    }
    if reached.get("approved"):
        release["awards"] = [_award(item, moves, reached["approved"])]
    if reached.get("contracted"):
        release["contracts"] = [_contract(progress, moves, reached, when)]
    return release


def _parties(item: ProgrammeItem) -> list[Json]:
    """Return each organisation once, with all that it does."""
    roles: dict[str, list[str]] = {}
    if item.terms == "free":
        roles[item.donor] = ["funder"]
    roles[item.recipient] = ["buyer", "procuringEntity"]
    roles.setdefault(_supplier(item), []).append("supplier")
    return [{"id": name, "name": name, "roles": did} for name, did in roles.items()]


def _supplier(item: ProgrammeItem) -> str:
    return item.producer or item.donor if item.terms == "free" else item.donor


def _award(item: ProgrammeItem, moves: Sequence[Move], quantity: float) -> Json:
    return {
        "id": f"{item.item_id}-award",
        "title": f"{quantity:.12g} {item.measured_in} of {item.equipment_id}",
        "status": "active",
        "date": _stamp(next(move.at for move in moves if move.to == "approved")),
        "suppliers": [_reference(_supplier(item))],
        "items": [_line(item, quantity)],
        **_amount(item, quantity),
    }


def _contract(
    progress: Progress, moves: Sequence[Move], reached: Mapping[State, float], when: datetime
) -> Json:
    item, quantity = progress.item, reached["contracted"]
    return {
        "id": f"{item.item_id}-contract",
        "awardID": f"{item.item_id}-award",
        "status": "active",
        "dateSigned": _stamp(next(move.at for move in moves if move.to == "contracted")),
        "items": [_line(item, quantity)],
        **_amount(item, quantity),
        "implementation": {
            "milestones": [_milestone(item, state, moves, reached, when) for state in _MILESTONES],
            **({"transactions": found} if (found := _transactions(item, moves)) else {}),
        },
    }


def _milestone(
    item: ProgrammeItem, state: State, moves: Sequence[Move], reached: Mapping[State, float], when: datetime
) -> Json:
    done, due = Progress(item, moves=tuple(moves)).done_at(state), item.planned.get(state)
    came = reached.get(state, 0.0)
    status = "met" if done else "partiallyMet" if came else "scheduled"
    if status == "scheduled" and due is not None and due < when.date():
        status = "notMet"
    found: Json = {
        "id": state,
        "title": state,
        "type": _TYPE.get(state, "assessment"),
        "description": f"{came:.12g} of {item.quantity:.12g} {item.measured_in}",
        "status": status,
        "dateModified": _stamp(when),
    }
    if due is not None:
        found["dueDate"] = _stamp(datetime.combine(due, time(), UTC))
    if done is not None:
        found["dateMet"] = _stamp(done)
    return found


def _transactions(item: ProgrammeItem, moves: Sequence[Move]) -> list[Json]:
    """Return the worth of what was accepted, one transaction per act and per contest of one."""
    if item.unit_cost is None:
        return []
    payer = item.donor if item.terms == "free" else item.recipient
    return [
        {
            "id": move.statement_id,
            "date": _stamp(move.at),
            "payer": _reference(payer),
            "payee": _reference(_supplier(item)),
            **_amount(item, move.quantity if move.to == "accepted" else -move.quantity),
        }
        for move in moves
        if "accepted" in (move.to, move.denied)
    ]


def _reached(moves: Iterable[Move]) -> dict[State, float]:
    reached: dict[State, float] = {}
    for move in moves:
        if move.to != "disputed":
            reached[move.to] = round(reached.get(move.to, 0.0) + move.quantity, 3)
        if move.denied is not None:
            reached[move.denied] = round(reached[move.denied] - move.quantity, 3)
    return reached


def _line(item: ProgrammeItem, quantity: float, *, whole: bool = False) -> Json:
    unit: Json = {"name": item.measured_in}
    if item.unit_cost is not None:
        unit["value"] = {"amount": item.unit_cost, "currency": item.currency}
    line: Json = {
        "id": item.item_id,
        "description": item.equipment_id,
        "classification": {"scheme": SCHEME, "id": item.equipment_id},
        "quantity": quantity,
        "unit": unit,
    }
    return {**line, "sarhad": item_as_body(item)} if whole else line


def _amount(item: ProgrammeItem, quantity: float, name: str = "value") -> Json:
    if item.unit_cost is None:
        return {}
    return {name: {"amount": round(item.unit_cost * quantity, 2), "currency": item.currency}}


def _reference(name: str) -> Json:
    return {"id": name, "name": name}


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def read_ocds(path: Path) -> tuple[ProgrammeItem, ...]:
    """Return the items of a release or record package; raises InputFaults with what each process lacks.

    Of several releases of a process the latest one that has a tender counts. In a process that another system
    wrote, a funder beside the buyer gives free of charge; without one the supplier sells. A unit of measure
    must be one that counts items, or the kilometre.
    """
    try:
        package = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputFaults.one(path.name, "an OCDS package in JSON", error) from error
    if not isinstance(package, dict) or not ({"records", "releases"} & set(package)):
        raise InputFaults.one(path.name, "an OCDS release package or record package", "something else")
    try:
        latest = _latest(package)
    except _LACKING as error:
        raise InputFaults.one(path.name, "releases and records, each with its ocid", _lack(error)) from error
    faults: list[Fault] = []
    items: list[ProgrammeItem] = []
    for k, release in enumerate(latest, 1):
        try:
            items += [_item(release, line) for line in release["tender"].get("items") or []]
        except _LACKING as error:
            faults.append(Fault(path.name, "", k, "tender", _EXPECTED, _lack(error)))
    if faults:
        raise InputFaults(faults)
    return tuple(items)


_LACKING = (ValueError, KeyError, TypeError, AttributeError, IndexError)
_EXPECTED = "items with id, type, quantity and unit; a buyer; a funder or a supplier"


def _lack(error: Exception) -> str:
    return f"no {error}" if isinstance(error, KeyError) else str(error)


def _latest(package: Json) -> list[Json]:
    given = [r for record in package.get("records") or [] for r in _of_record(record)]
    every = [*(package.get("releases") or []), *given]
    latest: dict[str, Json] = {}
    for release in sorted(every, key=lambda one: str(one.get("date", ""))):
        if release.get("tender"):
            latest[str(release["ocid"])] = release
    return list(latest.values())


def _of_record(record: Json) -> list[Json]:
    return [record["compiledRelease"]] if "compiledRelease" in record else record.get("releases", [])


def _item(release: Json, line: Json) -> ProgrammeItem:
    item_id = str(line["id"]) if len(release["tender"]["items"]) == 1 else f"{release['ocid']}-{line['id']}"
    if isinstance(line.get("sarhad"), dict):
        return item_from_body(item_id, line["sarhad"])
    by_role = {role: party["name"] for party in release["parties"] for role in party.get("roles") or []}
    unit = line.get("unit") or {}
    value = unit.get("value") or {}
    amount = value.get("amount")
    buyer = by_role.get("buyer") or release["buyer"]["name"]
    free = by_role.get("funder") not in {None, buyer}
    return ProgrammeItem(
        item_id,
        str((line.get("classification") or {}).get("id") or line["description"]),
        float(line["quantity"]),
        donor=by_role["funder" if free else "supplier"],
        recipient=buyer,
        producer=by_role.get("supplier", "") if free else "",
        measured_in=_measure(unit),
        unit_cost=None if amount is None else float(amount),
        currency=value.get("currency") or "",
        terms="free" if free else "paid",
        planned=_due(release),
    )


def _measure(unit: Json) -> Measure:
    """Return what a unit of measure counts, by its name or its UN/CEFACT code; ValueError for all others."""
    found = str(unit.get("name") or unit.get("id") or "")
    for measure, words in _UNITS.items():
        if found.lower() in words:
            return measure
    raise ValueError(f"the unit of measure {found!r}" if found else "no unit of measure")


def _due(release: Json) -> dict[State, date]:
    """Return the planned days of a process that another system wrote: those of milestones named as states."""
    milestones = [
        one
        for contract in release.get("contracts", [])
        for one in contract.get("implementation", {}).get("milestones", [])
    ]
    named = {str(one.get("id")): one["dueDate"] for one in milestones if one.get("dueDate")}
    return {state: date.fromisoformat(named[state][:10]) for state in CHAIN if state in named}
