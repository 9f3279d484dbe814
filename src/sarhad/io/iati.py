"""Programmes as IATI activities, standard 2.03: one activity per item.

    participating orgs    donor funding (role 1), recipient accountable (2), producer implementing (4)
    transactions          12 outgoing pledge, 2 outgoing commitment (contracted), 3 disbursement (accepted);
                          what of it was contested later as a negative one
    status                1 pipeline until contracted, 2 implementation, 3 finalisation once all of it works

The order of elements is the schema's. Worth is unit cost times quantity; items without a cost have no
transactions. What the standard has no element for is the item's own body, JSON in an element of Sarhad's
namespace at the end of the activity, where the schema allows it. Sector 15210 is security system management.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Literal
from xml.etree import ElementTree as ET

from sarhad.errors import Fault, InputFaults
from sarhad.io.programme_body import item_as_body, item_from_body
from sarhad.model.asset import AtPoint
from sarhad.model.programme import Move, Programme, ProgrammeItem, Progress

NAMESPACE = "urn:sarhad:programme:1"
SECURITY_SECTOR = "15210"
_BODY = f"{{{NAMESPACE}}}item"
_TRANSACTION = {"pledged": "12", "contracted": "2", "accepted": "3"}
_IN_KIND, _GOVERNMENT = "4", "10"
_WGS84 = "http://www.opengis.net/def/crs/EPSG/0/4326"

OrgRole = Literal["1", "2", "4"]


@dataclass(frozen=True, slots=True)
class Reporter:
    """Who reports: identifier of the organisation, with which every activity's starts; name; country."""

    ref: str
    name: str
    country: str = ""


def activities(programme: Programme, at: datetime, reporter: Reporter) -> bytes:
    """Return the activities of all items at a time as an XML file."""
    ET.register_namespace("sarhad", NAMESPACE)
    root = ET.Element("iati-activities", {"version": "2.03", "generated-datetime": _stamp(at)})
    root.extend(_activity(progress, at, reporter) for progress in programme.progress.values())
    ET.indent(root)
    text: str = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'.encode()


def _activity(progress: Progress, at: datetime, reporter: Reporter) -> ET.Element:
    item = progress.item
    moves = [move for move in progress.moves if move.at <= at]
    found = ET.Element("iati-activity", {"last-updated-datetime": _stamp(moves[-1].at if moves else at)})
    if item.currency:
        found.set("default-currency", item.currency)
    ET.SubElement(found, "iati-identifier").text = f"{reporter.ref}-{item.item_id}"
    _text(ET.SubElement(found, "reporting-org", ref=reporter.ref, type=_GOVERNMENT), reporter.name)
    title = f"{item.quantity:.12g} {item.measured_in} of {item.equipment_id}"
    _text(ET.SubElement(found, "title"), title)
    unit = f", for {item.unit}" if item.unit else ""
    _text(ET.SubElement(found, "description", type="1"), f"{title}{unit}; {_terms(item)}")
    for name, role in _organisations(item):
        _text(ET.SubElement(found, "participating-org", role=role), name)
    ET.SubElement(found, "activity-status", code=_status(progress, moves))
    for kind, day in _dates(item, moves, at):
        ET.SubElement(found, "activity-date", {"type": kind, "iso-date": day.isoformat()})
    if reporter.country:
        ET.SubElement(found, "recipient-country", code=reporter.country)
    found.extend(_location(item))
    ET.SubElement(found, "sector", vocabulary="1", code=SECURITY_SECTOR)
    found.extend(_transaction(item, move) for move in moves if _worth(item, move))
    ET.SubElement(found, _BODY, {"item_id": item.item_id}).text = json.dumps(
        item_as_body(item), ensure_ascii=False
    )
    return found


def _organisations(item: ProgrammeItem) -> Iterator[tuple[str, OrgRole]]:
    yield item.donor, "1"
    yield item.recipient, "2"
    if item.producer:
        yield item.producer, "4"


def _status(progress: Progress, moves: list[Move]) -> str:
    if Progress(progress.item, moves=tuple(moves)).done_at("working"):
        return "3"
    return "2" if any(move.to == "contracted" for move in moves) else "1"


def _dates(item: ProgrammeItem, moves: list[Move], at: datetime) -> Iterator[tuple[str, date]]:
    """Return planned and actual start and end; an item with neither starts when it is reported."""
    start, end = item.planned.get("pledged"), item.planned.get("working") or item.needed_by
    if start or not moves:
        yield "1", start or at.date()
    if moves:
        yield "2", moves[0].at.date()
    if end:
        yield "3", end
    done = Progress(item, moves=tuple(moves)).done_at("working")
    if done:
        yield "4", done.date()


def _location(item: ProgrammeItem) -> Iterator[ET.Element]:
    """Return where it stands, for what stands at a point."""
    if item.asset is None or not isinstance(item.asset.place, AtPoint):
        return
    found = ET.Element("location")
    if item.site_id:
        _text(ET.SubElement(found, "name"), item.site_id)
    point = ET.SubElement(found, "point", srsName=_WGS84)
    ET.SubElement(point, "pos").text = f"{item.asset.place.lat_deg!r} {item.asset.place.lon_deg!r}"
    yield found


def _worth(item: ProgrammeItem, move: Move) -> bool:
    return item.unit_cost is not None and (move.to in _TRANSACTION or move.denied in _TRANSACTION)


def _transaction(item: ProgrammeItem, move: Move) -> ET.Element:
    found = ET.Element("transaction", ref=move.statement_id)
    day = move.at.date().isoformat()
    kind, sign, word = str(move.to), 1, str(move.to)
    if move.denied is not None:
        kind, sign, word = move.denied, -1, f"{move.denied}: contested"
    ET.SubElement(found, "transaction-type", code=_TRANSACTION[kind])
    ET.SubElement(found, "transaction-date", {"iso-date": day})
    value = ET.SubElement(found, "value", {"currency": item.currency, "value-date": day})
    value.text = f"{(item.unit_cost or 0.0) * sign * move.quantity:.2f}"
    what = f"{move.quantity:.12g} {item.measured_in} {word}, {_terms(item)}"
    _text(ET.SubElement(found, "description"), what)
    _text(ET.SubElement(found, "provider-org"), item.donor)
    _text(ET.SubElement(found, "receiver-org"), item.recipient)
    if item.terms == "free":
        ET.SubElement(found, "disbursement-channel", code=_IN_KIND)
    return found


def _terms(item: ProgrammeItem) -> str:
    return "free of charge" if item.terms == "free" else "paid"


def _text(element: ET.Element, text: str) -> None:
    ET.SubElement(element, "narrative").text = text


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def read_iati(path: Path) -> tuple[ProgrammeItem, ...]:
    """Return the items of activities that Sarhad wrote; raises InputFaults with every activity that has none.

    The standard has no quantities of goods, so activities of other systems cannot be read as items.
    """
    try:
        text = path.read_text(encoding="utf-8")
        if "<!DOCTYPE" in text or "<!ENTITY" in text:
            raise ValueError("a document type, which may hide anything")
        root = ET.fromstring(text)
    except (OSError, ET.ParseError, ValueError) as error:
        raise InputFaults.one(path.name, "IATI activities in XML", error) from error
    if root.tag != "iati-activities":
        raise InputFaults.one(path.name, "the element iati-activities", root.tag)
    faults: list[Fault] = []
    items: list[ProgrammeItem] = []
    for k, activity in enumerate(root.iter("iati-activity"), 1):
        body = activity.find(_BODY)
        try:
            if body is None:
                raise ValueError("no quantity: an activity of another system")
            items.append(item_from_body(body.get("item_id", ""), json.loads(body.text or "")))
        except (ValueError, TypeError, AttributeError) as error:
            faults.append(Fault(path.name, "", k, "sarhad:item", "the body of an item", str(error)))
    if faults:
        raise InputFaults(faults)
    return tuple(items)
