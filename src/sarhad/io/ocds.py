"""Programmes as Open Contracting data, OCDS 1.1: one contracting process per item, one release per event.

    ocid            prefix-item_id
    planning        what is wanted and what is pledged (budget)
    tender          the item: type, quantity, cost of one; method "direct"
    award           approved                contract        contracted, per item one
    milestones      produced, shipped, delivered, accepted, installed, trained, working: due, met, how much
    transactions    the worth of every accepted delivery: payer the donor (free) or the recipient (paid)

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
from sarhad.model.programme import CHAIN, Move, Programme, ProgrammeItem, Progress, State

PREFIX = "ocds-000000"
SCHEME = "sarhad-equipment"
_MILESTONES: tuple[State, ...] = CHAIN[CHAIN.index("produced") :]
_TYPE: Mapping[State, str] = {"shipped": "delivery", "delivered": "delivery", "accepted": "approval"}
_TAG: Mapping[State, str] = {"pledged": "planning", "approved": "award", "contracted": "contract"}

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
    release["planning"]["budget"] = {
        "description": f"pledged: {reached.get('pledged', 0.0):g} of {item.quantity:g} {item.measured_in}",
        **_amount(item, reached.get("pledged", 0.0), "amount"),
    }
    release["tender"] = {
        "id": item.item_id,
        "title": f"{item.quantity:g} {item.measured_in} of {item.equipment_id}",
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
    for name, role in (
        (item.donor, "funder"),
        (item.recipient, "buyer"),
        (item.producer or item.donor, "supplier"),
    ):
        roles.setdefault(name, []).append(role)
    roles[item.recipient].append("procuringEntity")
    return [{"id": name, "name": name, "roles": did} for name, did in roles.items()]


def _award(item: ProgrammeItem, moves: Sequence[Move], quantity: float) -> Json:
    return {
        "id": f"{item.item_id}-award",
        "title": f"{quantity:g} {item.measured_in} of {item.equipment_id}",
        "status": "active",
        "date": _stamp(next(move.at for move in moves if move.to == "approved")),
        "suppliers": [_reference(item.producer or item.donor)],
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
        "description": f"{came:g} of {item.quantity:g} {item.measured_in}",
        "status": status,
        "dateModified": _stamp(when),
    }
    if due is not None:
        found["dueDate"] = _stamp(datetime.combine(due, time(), UTC))
    if done is not None:
        found["dateMet"] = _stamp(done)
    return found


def _transactions(item: ProgrammeItem, moves: Sequence[Move]) -> list[Json]:
    """Return the worth of what was accepted, one transaction per act."""
    if item.unit_cost is None:
        return []
    payer = item.donor if item.terms == "free" else item.recipient
    return [
        {
            "id": move.statement_id,
            "date": _stamp(move.at),
            "payer": _reference(payer),
            "payee": _reference(item.producer or item.donor),
            **_amount(item, move.quantity),
        }
        for move in moves
        if move.to == "accepted"
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
    """Return the items of a release or record package; raises InputFaults with what each record lacks.

    Of several releases of a process the latest one that has a tender counts. A process that another system
    wrote gives what the standard has fields for; its donor is the funder, its recipient the buyer.
    """
    try:
        package = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputFaults.one(path.name, "an OCDS package in JSON", error) from error
    if not isinstance(package, dict) or not ({"records", "releases"} & set(package)):
        raise InputFaults.one(path.name, "an OCDS release package or record package", "something else")
    faults: list[Fault] = []
    items: list[ProgrammeItem] = []
    for k, release in enumerate(_latest(package), 1):
        try:
            items += _items(release)
        except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
            faults.append(
                Fault(path.name, "", k, "tender", "items with quantity, funder and buyer", repr(error))
            )
    if faults:
        raise InputFaults(faults)
    return tuple(items)


def _latest(package: Json) -> list[Json]:
    given = [r for record in package.get("records", []) for r in _of_record(record)]
    latest: dict[str, Json] = {}
    for release in sorted([*package.get("releases", []), *given], key=lambda one: str(one.get("date", ""))):
        if release.get("tender"):
            latest[str(release.get("ocid"))] = release
    return list(latest.values())


def _of_record(record: Json) -> list[Json]:
    return [record["compiledRelease"]] if "compiledRelease" in record else record.get("releases", [])


def _items(release: Json) -> list[ProgrammeItem]:
    lines = release["tender"].get("items") or []
    return [_item(release, line) for line in lines]


def _item(release: Json, line: Json) -> ProgrammeItem:
    item_id = str(line["id"]) if len(release["tender"]["items"]) == 1 else f"{release['ocid']}-{line['id']}"
    if isinstance(line.get("sarhad"), dict):
        return item_from_body(item_id, line["sarhad"])
    by_role = {role: party["name"] for party in release["parties"] for role in party.get("roles", [])}
    unit = line.get("unit") or {}
    value = unit.get("value") or {}
    amount = value.get("amount")
    return ProgrammeItem(
        item_id,
        str((line.get("classification") or {}).get("id") or line["description"]),
        float(line["quantity"]),
        donor=by_role.get("funder") or by_role["supplier"],
        recipient=by_role.get("buyer") or release["buyer"]["name"],
        producer=by_role.get("supplier", ""),
        measured_in="km" if unit.get("name") == "km" else "items",
        unit_cost=None if amount is None else float(amount),
        currency=value.get("currency") or "",
        planned=_due(release),
    )


def _due(release: Json) -> dict[State, date]:
    """Return the planned days of a process that another system wrote: those of milestones named as states."""
    milestones = [
        one
        for contract in release.get("contracts", [])
        for one in contract.get("implementation", {}).get("milestones", [])
    ]
    named = {str(one.get("id")): one["dueDate"] for one in milestones if one.get("dueDate")}
    return {state: date.fromisoformat(named[state][:10]) for state in CHAIN if state in named}
