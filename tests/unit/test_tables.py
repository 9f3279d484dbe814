"""One cell, one row, one layer: what a column takes, what it refuses, and in which words."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sarhad.errors import Fault
from sarhad.io.cells import CellError, Column, read_cell
from sarhad.io.tables import Place, Schema, check_rows, check_section

PLACE = Place("posts.csv", "posts")
MAST = Column("mast_m", "number", "Mast", "m", low=0, high=500)
SCHEMA = Schema("posts", (Column("post_id", "text", "Id", required=True), MAST), key="post_id")


@pytest.mark.parametrize(
    ("kind", "raw", "from_text", "value"),
    [
        ("text", " a ", False, "a"),
        ("text", 7, False, "7"),
        ("number", "2.5", True, 2.5),
        ("number", 3, False, 3.0),
        ("integer", "4.0", True, 4),
        ("flag", "Yes", True, True),
        ("flag", 0, False, False),
        ("delay", "closed", False, math.inf),
        ("delay", "600", False, 600.0),
        ("texts", "a; b,c", True, ("a", "b", "c")),
        ("texts", ["a"], False, ("a",)),
        ("numbers", "1;2", True, (1.0, 2.0)),
        ("sentences", ["a b"], False, ("a b",)),
        ("pairs", [[0, 0], [10, 11.5]], False, ((0.0, 0.0), (10.0, 11.5))),
        ("number", "", True, None),
        ("number", None, False, None),
    ],
)
def test_a_cell_is_read_as_its_type(kind, raw, from_text, value):
    assert read_cell(raw, Column("x", kind, ""), from_text=from_text) == value


@pytest.mark.parametrize(
    ("kind", "raw", "from_text", "found"),
    [
        ("text", 2.5, False, "2.5"),
        ("number", "1,5", True, '"1,5"'),
        ("number", "12", False, '"12"'),
        ("number", True, False, "True"),
        ("number", "nan", True, "NaN"),
        ("number", math.nan, False, "NaN"),
        ("number", math.inf, False, "inf"),
        ("integer", 2.5, False, "2.5"),
        ("flag", "maybe", True, '"maybe"'),
        ("flag", 2, False, "2"),
        ("delay", "shut", False, '"shut"'),
        ("delay", "nan", False, "NaN"),
        ("texts", 5, False, "5"),
        ("sentences", "a b", False, '"a b"'),
        ("numbers", [1, math.nan], False, "NaN"),
        ("numbers", [], False, "[]"),
        ("pairs", [[1, 2, 3]], False, "[[1, 2, 3]]"),
        ("pairs", [[1, math.nan]], False, "NaN"),
    ],
)
def test_a_cell_of_the_wrong_type_says_what_was_found(kind, raw, from_text, found):
    with pytest.raises(CellError) as bad:
        read_cell(raw, Column("x", kind, ""), from_text=from_text)
    assert str(bad.value) == found


def test_required_cells_and_defaults():
    with pytest.raises(CellError, match="nothing"):
        read_cell("", Column("x", "number", "", required=True), from_text=True)
    assert read_cell("", Column("x", "number", "", default=3.0), from_text=True) == 3.0


@pytest.mark.parametrize(
    ("column", "words"),
    [
        (MAST, "a number in m, at least 0 and at most 500"),
        (Column("x", "number", "", low=0, above=True), "a number, above 0"),
        (Column("x", "number", "", high=5), "a number, at most 5"),
        (Column("x", "text", "", choices=("a", "b")), "one of a, b"),
        (Column("x", "flag", ""), "true or false"),
    ],
)
def test_a_column_says_in_words_what_it_expects(column, words):
    assert column.expected == words


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_a_number_is_accepted_exactly_when_it_lies_in_the_range(number):
    column = Column("x", "number", "", low=0, high=10, above=True)
    try:
        accepted = read_cell(number, column, from_text=False) == number
    except CellError:
        accepted = False
    assert accepted == (0 < number <= 10)


def test_all_faults_of_all_rows_are_found_at_once():
    rows = [
        {"post_id": "a", "mast_m": "-1"},
        {"post_id": "", "mast_m": "tall"},
        {"post_id": "a", "mast_m": "3"},
    ]
    faults: list[Fault] = []
    found = check_rows(("post_id", "mast_m"), rows, SCHEMA, PLACE, faults, from_text=True)
    assert [row.complete for row in found] == [False, False, True]
    mast = "a number in m, at least 0 and at most 500"
    assert sorted((f.row, f.column, f.expected, f.found) for f in faults) == [
        (1, "mast_m", mast, "-1"),
        (2, "mast_m", mast, '"tall"'),
        (2, "post_id", "text", "nothing"),
        (3, "post_id", "an id that no other row has", '"a" again (first in row 1)'),
    ]
    assert {(f.file, f.layer) for f in faults} == {("posts.csv", "posts")}


def test_a_missing_column_is_one_fault_and_a_slip_names_the_right_one():
    faults: list[Fault] = []
    check_rows(("mast_ms", "colour"), [{"mast_ms": 1}, {"mast_ms": 2}], SCHEMA, PLACE, faults)
    assert [(f.row, f.column, f.expected) for f in faults] == [
        (0, "mast_ms", "the name mast_m"),
        (0, "post_id", "text"),
    ]


def test_a_section_refuses_names_that_no_one_knows():
    faults: list[Fault] = []
    row = check_section({"post_id": "a", "zzz": 1}, SCHEMA.columns, PLACE, faults)
    assert [(f.column, f.found) for f in faults] == [("zzz", "the unknown name zzz")]
    assert row.complete
