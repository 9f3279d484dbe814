"""Statements as bytes: the same bytes for the same statement, nothing changed in silence."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ledger_cases import START, said, ulid

from sarhad.errors import InputFaults
from sarhad.ledger.encoding import (
    payload_bytes,
    read_head,
    read_payload,
    read_statement,
    stamp,
    statement_bytes,
)
from sarhad.model.record import OnLine, Statement

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
leaves = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | texts
leaves |= st.floats(allow_nan=False, allow_infinity=False)
bodies = st.dictionaries(
    texts,
    st.recursive(
        leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3)
    ),
    max_size=4,
)


words = texts.map(lambda text: text.replace("\0", ""))


@given(bodies, words, st.datetimes(timezones=st.just(UTC)))
@settings(max_examples=200, deadline=None)
def test_a_statement_comes_back_as_it_was(body, author, happened_at):
    place = OnLine("main", 1.5, 2.0, -3.25)
    statement = Statement(ulid(7), "asset.state", "a", happened_at, "A", author, body=body, place=place)
    text = statement_bytes(statement)
    assert read_statement(text) == statement
    seq, recorded_at, again = read_payload(payload_bytes(9, stamp(START), text))
    assert (seq, recorded_at, again) == (9, START, statement)
    assert read_head(payload_bytes(9, stamp(happened_at), text)).recorded_at == happened_at


def test_the_bytes_are_plain_json_with_sorted_keys():
    statement = said(1, body={"b": 1, "a": {"z": None, "y": [1.0, -0.0]}})
    assert json.loads(statement_bytes(statement))["happened_at"] == "2026-01-01T00:00:00Z"
    assert statement_bytes(statement) == statement_bytes(
        said(1, body={"a": {"y": [1.0, -0.0], "z": None}, "b": 1})
    )
    assert b'"body":{"a":{"y":[1.0,-0.0],"z":null},"b":1}' in statement_bytes(statement)


@pytest.mark.parametrize(
    ("fields", "column"),
    [
        ({"body": {"x": math.nan}}, "body.x"),
        ({"body": {"x": [1, math.inf]}}, "body.x[1]"),
        ({"body": {"x": 2**63}}, "body.x"),
        ({"body": {"x": (1, 2)}}, "body.x"),
        ({"body": {1: "x"}}, "body"),
        ({"body": {"x": {"y": START}}}, "body.x.y"),
        ({"source": "\ud800"}, "text"),
    ],
)
def test_what_json_would_change_is_refused_by_name(fields, column):
    with pytest.raises(InputFaults) as refused:
        statement_bytes(said(1, **fields))
    assert [fault.column for fault in refused.value.faults] == [column]


@pytest.mark.parametrize("statement_id", ["1", "8" + "0" * 25, "0" * 25 + "U", "0" * 25 + "a", "0" * 27])
def test_an_id_is_a_ulid(statement_id):
    statement = Statement(statement_id, "asset.state", "a", START, "A", "clerk")
    with pytest.raises(InputFaults, match="statement_id: expected a ULID"):
        statement_bytes(statement)


def test_what_is_no_record_is_said_to_be_none():
    for text in (b"", b"{}", b'{"seq":1,"recorded_at":"2026-01-01T00:00:00Z"}', b"\xff"):
        with pytest.raises(ValueError, match="not a record"):
            read_payload(text)
    with pytest.raises(ValueError, match="not a statement"):
        read_statement(b"[]")


def test_microseconds_are_kept():
    at = datetime(2026, 5, 1, 12, 0, 0, 1, tzinfo=UTC)
    assert read_payload(payload_bytes(1, stamp(at), statement_bytes(said(1))))[1] == at
