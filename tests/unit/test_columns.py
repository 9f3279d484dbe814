"""A column read in one go is what cell by cell, the definition, makes of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sarhad.io.cells import CellError, Column, read_cell
from sarhad.io.columns import ABSENT, read_column
from sarhad.io.tables import Place, Schema, check_rows

COLUMNS = [
    Column("a", "number", "n", low=0, high=500),
    Column("a", "number", "n", low=0, above=True, required=True),
    Column("a", "integer", "n", low=1, default=1),
    Column("a", "text", "n", required=True),
    Column("a", "text", "n", choices=("day", "night"), default="day"),
    Column("a", "texts", "n", default=()),
    Column("a", "flag", "n", default=False),
    Column("a", "delay", "n", low=0, required=True),
]
TEXTS = st.sampled_from(
    ["0", "1", " 2.5 ", "-3", "nan", "inf", "1e3", "", " ", "day", "night ", "closed", "a; b", "yes", "x"]
)
PLAIN = st.one_of(TEXTS, st.none(), st.booleans(), st.integers(-2, 600), st.floats(), st.just(ABSENT))
RAW = st.one_of(
    st.lists(TEXTS),
    st.lists(st.floats()),
    st.lists(st.floats(0.5, 400)),
    st.lists(st.booleans()),
    st.lists(PLAIN),
)


@pytest.mark.parametrize("column", COLUMNS, ids=lambda one: f"{one.kind}-{one.required}")
@pytest.mark.parametrize("from_text", [True, False])
@given(raw=RAW)
def test_in_one_go_or_cell_by_cell(column: Column, from_text: bool, raw: list[object]) -> None:
    values, good, wrong = read_column(raw, column, from_text=from_text)
    assert len(values) == len(good) == len(raw)
    for k, cell in enumerate(raw):
        if cell is ABSENT:
            assert (values[k], good[k]) == (column.default, not column.required)
            continue
        try:
            expected, found = read_cell(cell, column, from_text=from_text), ""
        except CellError as bad:
            expected, found = ABSENT, str(bad)
        assert (values[k], type(values[k])) == (expected, type(expected))
        assert good[k] == (k not in wrong) == (not found)
        assert str(wrong.get(k, "")) == found


def test_rows_say_which_cells_are_good() -> None:
    schema = Schema(
        "t", (Column("t_id", "text", "id", required=True), Column("m", "number", "n", low=0)), "t_id"
    )
    faults = []
    raw = [{"t_id": "a", "m": 1.0}, {"t_id": "a", "m": -1.0}, {"t_id": "", "m": None}]
    rows = check_rows(["t_id", "m"], raw, schema, Place("f.csv"), faults)
    assert [(row.number, dict(row.values), row.complete) for row in rows] == [
        (1, {"t_id": "a", "m": 1.0}, True),
        (2, {"t_id": "a"}, False),
        (3, {"m": None}, False),
    ]
    assert [(fault.row, fault.column) for fault in sorted(faults)] == [(2, "m"), (2, "t_id"), (3, "t_id")]
