"""What tables say of a programme, as statements for the ledger, and back.

The id of a statement follows from what it says (SHA-256 in a ULID of its time), and equal rows are counted:
a file that is imported twice is recorded once. An item is described anew only where it changed. Descriptions
carry the item's place on the line, where one is known; what is said of it later takes it from there
(`with_places`), so that registers find it by place. Signing and recording are the caller's.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import cast

from msgspec.structs import replace
from ulid import ULID

from sarhad.io.gazetteer import on_line
from sarhad.io.placing import place_on_line
from sarhad.io.programme_body import day_of, item_as_body, serials_of
from sarhad.io.programme_tables import MoveLine, ProgrammeTables
from sarhad.model.asset import AlongLine, AtPoint
from sarhad.model.line import Line
from sarhad.model.programme import STATES, Programme, ProgrammeItem, State
from sarhad.model.record import WITHDRAWN, Json, OnLine, Statement
from sarhad.planning.programme import ITEM, REGISTER

Rows = dict[str, tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who imports, and from where; `authority` describes the items, their recipient where it is empty."""

    author: str
    source: str = ""
    authority: str = ""


def statements_of(
    tables: ProgrammeTables,
    programme: Programme,
    speaker: Speaker,
    *,
    now: datetime,
    since: datetime | None = None,
    line: Line | None = None,
) -> tuple[tuple[Statement, ...], Rows]:
    """Return what tables say as statements, items first, and the file and row of each by statement_id.

    An item is described from `since` on; if left out, from its first move in the tables, else from `now`; its
    place is that on `line`.
    """
    places = places_of(tables.items, line) if line else {}
    begin: dict[str, datetime] = {}
    for move in tables.moves:
        begin[move.item_id] = min(move.at, begin.get(move.item_id, now))
    made: list[Statement] = []
    rows: Rows = {}
    items_rows = tables.item_rows or (("", 0),) * len(tables.items)
    for item, row in zip(tables.items, items_rows, strict=True):
        old = programme.progress.get(item.item_id)
        if old is not None and old.item == item and since is None:
            continue
        at = since or (begin.get(item.item_id, now) if old is None else now)
        made.append(replace(item_statement(item, speaker, at), place=places.get(item.item_id)))
        rows[made[-1].statement_id] = row
    seen: Counter[str] = Counter()
    for move, row in zip(tables.moves, tables.move_rows or (("", 0),) * len(tables.moves), strict=True):
        made.append(move_statement(move, speaker, seen))
        rows[made[-1].statement_id] = row
    return tuple(made), rows


def places_of(items: Iterable[ProgrammeItem], line: Line) -> dict[str, OnLine]:
    """Return the places on a line of the items that have one, by item_id."""
    found: dict[str, OnLine] = {}
    points: dict[str, AtPoint] = {}
    for item in items:
        where = item.asset.place if item.asset is not None else None
        if isinstance(where, AtPoint):
            points[item.item_id] = where
        elif where is not None:
            offset_m = where.offset_m if isinstance(where, AlongLine) else 0.0
            found[item.item_id] = on_line(line, where.from_m, where.to_m, offset_m)
    lon_deg, lat_deg = ([getattr(one, name) for one in points.values()] for name in ("lon_deg", "lat_deg"))
    at_m, off_m = place_on_line(line, lon_deg, lat_deg)
    for item_id, one_m, offset_m in zip(points, at_m.tolist(), off_m.tolist(), strict=True):
        found[item_id] = on_line(line, one_m, one_m, offset_m)
    return found


def with_places(stand: Iterable[Statement], new: Iterable[Statement]) -> tuple[Statement, ...]:
    """Return new statements with the places of what they are about, as far as descriptions say them.

    A word on another's statement is at that statement's place. What has a place of its own keeps it.
    """
    said, at = list(new), dict[str, OnLine | None]()
    for one in (*stand, *said):
        if one.kind == ITEM:
            at[one.subject_id] = one.place
        at[one.statement_id] = one.place
    return tuple(replace(one, place=one.place or at.get(one.subject_id)) for one in said)


def item_statement(item: ProgrammeItem, speaker: Speaker, at: datetime) -> Statement:
    """Return the description of an item as a statement."""
    body = item_as_body(item)
    authority = speaker.authority or item.recipient
    statement_id = content_id(at, ITEM, item.item_id, authority, body)
    return Statement(statement_id, ITEM, item.item_id, at, authority, speaker.author, speaker.source, body)


def move_statement(move: MoveLine, speaker: Speaker, seen: Counter[str] | None = None) -> Statement:
    """Return a row of the moves as a statement; `seen` counts equal rows, which are different events."""
    kind, body = f"{REGISTER}.{move.state}", _body(move)
    what = (kind, move.item_id, move.authority, body)
    first = content_id(move.at, *what, 0)
    n = seen[first] if seen is not None else 0
    if seen is not None:
        seen[first] += 1
    statement_id = content_id(move.at, *what, n)
    return Statement(
        statement_id, kind, move.item_id, move.at, move.authority, speaker.author, speaker.source, body
    )


def word_on(
    statement_id: str, kind: str, speaker: Speaker, at: datetime, body: Mapping[str, Json] | None = None
) -> Statement:
    """Return a word on a statement: that it is confirmed, contested, or (one's own) withdrawn."""
    return Statement(
        str(ULID.from_datetime(at)),
        kind,
        statement_id,
        at,
        speaker.authority,
        speaker.author,
        body=body or {},
        corrects=statement_id if kind == WITHDRAWN else "",
    )


def _body(move: MoveLine) -> dict[str, Json]:
    body: dict[str, Json] = {}
    if move.quantity is not None:
        body["quantity"] = move.quantity
    if move.serials:
        body["serials"] = list(move.serials)
    if move.came_from:
        body["from"] = move.came_from
    if move.forecast_date:
        body |= {"basis": "forecast", "date": move.forecast_date.isoformat()}
    if move.note:
        body["note"] = move.note
    return body


def content_id(at: datetime, *what: object) -> str:
    """Return a ULID of a time and of what is said: equal statements have equal ids."""
    text = json.dumps([at.isoformat(), *what], sort_keys=True, ensure_ascii=False)
    milliseconds = max(0, round(at.timestamp() * 1000))
    return str(ULID.from_bytes(milliseconds.to_bytes(6, "big") + sha256(text.encode()).digest()[:10]))


def move_lines(statements: Iterable[Statement]) -> tuple[MoveLine, ...]:
    """Return the moves and forecasts among statements as rows of a table."""
    return tuple(
        _line(one) for one in statements if one.register == REGISTER and one.kind.partition(".")[2] in STATES
    )


def _line(statement: Statement) -> MoveLine:
    body: Mapping[str, Json] = statement.body
    quantity = body.get("quantity")
    foreseen = body.get("basis") == "forecast"
    day: date | None = day_of(body.get("date"), "date") if foreseen else None
    origin = body.get("from")
    return MoveLine(
        statement.subject_id,
        cast(State, statement.kind.partition(".")[2]),
        statement.happened_at,
        statement.authority,
        quantity=float(quantity) if isinstance(quantity, int | float) else None,
        serials=serials_of(body),
        came_from=cast(State, origin) if origin else None,
        forecast_date=day,
        note=str(body.get("note", "")),
    )
