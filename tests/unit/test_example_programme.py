"""The example's programme: sound, placed on the line, and said to be made up."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

import pytest

from sarhad.interfaces.programme_record import known_of, read_files
from sarhad.io.programme_tables import ProgrammeTables
from sarhad.io.project import open_project
from sarhad.io.years import read_years
from sarhad.model.programme import Programme
from sarhad.planning.delivery import pledge_against_delivery
from sarhad.planning.programme import check_statements, programme_of
from sarhad.planning.programme_statements import Speaker, statements_of

FOLDER = Path(str(files("sarhad"))) / "data" / "tajik_afghan"
NOW = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def tables() -> ProgrammeTables:
    names = ("programme_illustrative.csv", "programme_moves_illustrative.csv")
    return read_files([FOLDER / name for name in names], known_of(FOLDER))


def test_it_is_sound(tables: ProgrammeTables):
    said, rows = statements_of(tables, Programme(), Speaker("test"), now=NOW)
    check_statements((), said, now=NOW, rows=rows)
    programme = programme_of(sorted(said, key=lambda one: one.happened_at))
    assert 25 <= len(programme.items) <= 40
    assert {one.recipient for one in programme.items} == {"Tajikistan"}
    assert len({one.donor for one in programme.items}) == 5
    states = {state for one in programme.progress.values() for state in one.at}
    assert {"pledged", "contracted", "produced", "shipped", "delivered"} <= states
    for row in pledge_against_delivery(programme):
        assert row.sent == row.received + row.in_transit + row.disputed + row.lost_on_way


def test_all_but_stock_has_a_place(tables: ProgrammeTables):
    assert [one.item_id for one in tables.items if one.asset is None] == ["rus-13"]


def test_every_row_says_that_it_is_made_up(tables: ProgrammeTables):
    assert all(move.note == "illustrative" for move in tables.moves)
    assert all("illustrative" in item.producer for item in tables.items)
    assert "made up" in (FOLDER / "README.md").read_text(encoding="utf-8")


def test_the_years_spend_the_budget_and_end_with_its_people():
    project = open_project(FOLDER)
    years = read_years(FOLDER, project.equipment)
    assert years.arrived is None  # deliveries are the ledger's, or the stock's
    assert sum(one.money_usd for one in years.means) == project.budget.money_usd
    crews = [one.crew_n for one in years.means]
    assert crews == sorted(crews)
    assert crews[-1] == project.budget.crew_n
    rows = (FOLDER / "programme" / "years.csv").read_text().splitlines()[1:]
    assert all("made up" in row for row in rows)


def test_said_twice_it_is_known(tables: ProgrammeTables):
    first, _ = statements_of(tables, Programme(), Speaker("test"), now=NOW)
    programme = programme_of(sorted(first, key=lambda one: one.happened_at))
    again, _ = statements_of(tables, programme, Speaker("another"), now=NOW)
    assert {one.statement_id for one in again} <= {one.statement_id for one in first}
    assert not any(one.kind == "programme.item" for one in again)
