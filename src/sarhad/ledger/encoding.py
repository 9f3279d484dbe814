"""Statements and records as bytes, the same bytes for the same statement on every machine.

Canonical form: JSON without spaces, fields in the order of the model, keys of `body` sorted, floats in their
shortest form, times in UTC with a Z, text as it came (no normalisation). What JSON would change in silence is
refused: numbers that are not finite, integers beyond 64 bits, tuples, keys that are not text.

    payload of a record = {"seq": ..., "recorded_at": ..., "statement": {...}}
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec

from sarhad.errors import Fault, InputFaults
from sarhad.model.record import Statement

ULID = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")
LARGEST_STATEMENT_BYTES = 16 * 2**20
_LEAST, _MOST = -(2**63), 2**63 - 1

_Aware = Annotated[datetime, msgspec.Meta(tz=True)]

_encode = msgspec.json.Encoder(order="deterministic").encode


class _Payload(msgspec.Struct, frozen=True):
    seq: int
    recorded_at: _Aware
    statement: Statement


class Names(msgspec.Struct, frozen=True):
    """What of a statement the journal itself looks at."""

    statement_id: Annotated[str, msgspec.Meta(pattern=rf"^{ULID.pattern}\Z")]
    kind: str
    subject_id: str
    corrects: str
    signature: str = ""

    @property
    def mentions(self) -> str:
        """The statement that this one corrects, withdraws, confirms or contests; empty if none."""
        return mentioned(self.kind, self.subject_id, self.corrects)


class Head(msgspec.Struct, frozen=True):
    """A record without the content of its statement."""

    seq: int
    recorded_at: _Aware
    statement: Names


_decode = msgspec.json.Decoder(_Payload).decode
_decode_head = msgspec.json.Decoder(Head).decode
_decode_statement = msgspec.json.Decoder(Statement).decode


def mentioned(kind: str, subject_id: str, corrects: str) -> str:
    """Return the statement that one corrects, withdraws, confirms or contests; empty if none."""
    return corrects or (subject_id if kind.startswith("record.") else "")


def statement_bytes(statement: Statement) -> bytes:
    """Return the canonical JSON of one statement, its signature included; InputFaults as `written`."""
    return written([statement])[0]


def written(statements: Iterable[Statement]) -> list[bytes]:
    """Return the canonical JSON of statements.

    Raises InputFaults with all that keeps them from being written down: an id that is not a ULID, a body that
    JSON would change, text that UTF-8 cannot hold, more than LARGEST_STATEMENT_BYTES.
    """
    texts, faults = [], []
    for row, statement in enumerate(statements, 1):
        text = _text_or_fault(statement)
        if isinstance(text, bytes):
            texts.append(text)
        else:
            faults.append(Fault(f"statement {statement.statement_id}", "", row, *text))
    if faults:
        raise InputFaults(faults)
    return texts


def _text_or_fault(statement: Statement) -> bytes | tuple[str, str, str]:
    """Return the canonical JSON, or (column, expected, found)."""
    if not ULID.fullmatch(statement.statement_id):
        return "statement_id", "a ULID (26 letters and digits)", statement.statement_id
    if not _plain(statement.body) and (place := _not_json(statement.body, "body")):
        return place[0], "what JSON can hold", place[1]
    try:
        text = _encode(statement)
    except UnicodeEncodeError as error:
        return "text", "text that UTF-8 can hold", error.reason
    if len(text) > LARGEST_STATEMENT_BYTES:
        return "", f"at most {LARGEST_STATEMENT_BYTES} bytes", f"{len(text)} bytes"
    return text


def plain_statement(statement: Statement) -> dict[str, Any]:
    """Return a statement as JSON values: what its canonical bytes say."""
    plain: dict[str, Any] = msgspec.json.decode(statement_bytes(statement))
    return plain


def canonical_json(value: Any) -> bytes:
    """Return any JSON value in the canonical form (keys sorted)."""
    return _encode(value)


def stamp(recorded_at: datetime) -> bytes:
    """Return a time as payloads carry it; one for all records of a commit."""
    return recorded_at.astimezone(UTC).replace(tzinfo=None).isoformat().encode() + b"Z"


def payload_bytes(seq: int, stamp: bytes, statement: bytes) -> bytes:
    """Return a record's payload, from the stamp of its time and the canonical bytes of its statement."""
    return b'{"seq":%d,"recorded_at":"%b","statement":%b}' % (seq, stamp, statement)


def read_payload(payload: bytes | memoryview) -> tuple[int, datetime, Statement]:
    """Return (seq, recorded_at, statement) of a payload; ValueError where it is none."""
    try:
        entry = _decode(payload)
    except msgspec.DecodeError as error:
        raise ValueError(f"not a record: {error}") from error
    if not ULID.fullmatch(entry.statement.statement_id):
        raise ValueError(f"not a record: its statement's id is {entry.statement.statement_id!r}")
    return entry.seq, entry.recorded_at, entry.statement


def read_head(payload: bytes | memoryview) -> Head:
    """Return the head of a payload without building its statement; ValueError where it is none."""
    try:
        return _decode_head(payload)
    except msgspec.DecodeError as error:
        raise ValueError(f"not a record: {error}") from error


def read_statement(text: bytes | str) -> Statement:
    """Return the statement that `statement_bytes` wrote; ValueError where it is none."""
    try:
        return _decode_statement(text)
    except msgspec.DecodeError as error:
        raise ValueError(f"not a statement: {error}") from error


def _plain(body: Mapping[str, Any]) -> bool:
    """Say whether a body is one that JSON keeps, where that is quickly seen; most are."""
    for key, value in body.items():
        kind = type(value)
        if type(key) is not str:
            return False
        if kind is str or kind is bool or value is None:
            continue
        if not (kind is int and _LEAST <= value <= _MOST) and not (kind is float and math.isfinite(value)):
            return False
    return type(body) is dict


def _not_json(value: Any, place: str) -> tuple[str, str] | None:
    """Return where and what JSON would change in a value; None where it keeps everything."""
    if value is None or isinstance(value, str | bool):
        return None
    if isinstance(value, int):
        return None if _LEAST <= value <= _MOST else (place, f"{value}, beyond 64 bits")
    if isinstance(value, float):
        return None if math.isfinite(value) else (place, str(value))
    if isinstance(value, list):
        inner = (_not_json(one, f"{place}[{k}]") for k, one in enumerate(value))
    elif isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            return place, "a key that is not text"
        inner = (_not_json(one, f"{place}.{key}") for key, one in value.items())
    else:
        return place, type(value).__name__
    return next((found for found in inner if found), None)
