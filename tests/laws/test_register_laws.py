"""Whatever was said, in whatever order it became known: SQLite's registers are those of the definition."""

from __future__ import annotations

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from sarhad.ledger.store import Store
from sarhad.ledger.tables import RECORDS, SETTLED
from store_cases import (
    check_built_at_once,
    check_fed_bit_by_bit,
    check_same_as_definition,
    histories,
    shapes_of,
)


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    return f"sqlite:///{tmp_path_factory.mktemp('store') / 'store.sqlite'}"


@settings(max_examples=15, deadline=None)
@given(histories(), st.data())
def test_a_store_built_at_once_answers_as_the_definition(url, records, data):
    with Store.open(url, locate=shapes_of) as store:
        check_built_at_once(store, records, data)


@settings(max_examples=15, deadline=None)
@given(histories(), st.data())
def test_a_store_fed_bit_by_bit_answers_as_the_definition(url, records, data):
    with Store.open(url, locate=shapes_of) as store:
        check_fed_bit_by_bit(store, records, data)


@pytest.mark.parametrize("column", SETTLED)
def test_a_store_that_forgets_what_was_said_later_is_found(url, column):
    """The battery itself: it must see a correction forgotten, or a word of confirmation."""
    with Store.open(url, locate=shapes_of) as store:

        @settings(max_examples=300, deadline=None, database=None, phases=[Phase.generate])
        @given(histories(), st.data())
        def answers_as_the_definition(records, data):
            store.replace([])
            store.project(records)
            with store._engine.begin() as connection:
                connection.execute(RECORDS.update().values({column: None}))
            check_same_as_definition(store, records, data)

        with pytest.raises(AssertionError):
            answers_as_the_definition()
