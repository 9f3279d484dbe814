"""What is said of an item is found by its place on the line, whoever says it and however."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sarhad.interfaces.cli.app import app
from sarhad.io.placing import place_on_line
from sarhad.io.programme_schema import ITEMS, MOVES
from sarhad.io.programme_tables import item_cells
from sarhad.io.programme_templates import csv_text
from sarhad.io.project import open_project
from sarhad.ledger.ledger import open_ledger
from sarhad.ledger.registers import Question, as_of, listed
from sarhad.model.asset import AlongLine
from sarhad.model.record import OnLine
from sarhad.planning.programme_statements import places_of
from small_cases import at, site_near
from small_programme import DONOR, RECIPIENT, item, placed_item

EVER = datetime(9000, 1, 1, tzinfo=UTC)


def say(folder: Path, *words: object) -> dict:
    done = CliRunner().invoke(app, ["programme", *map(str, words), "--json"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


@pytest.fixture
def folder(small_project_template, tmp_path) -> Path:
    folder = tmp_path / "small"
    shutil.copytree(small_project_template, folder)
    place = at(site_near(open_project(folder), "A", 6_000.0))
    items = (
        placed_item("camera", place, 2),
        placed_item(
            "row", AlongLine(22_000.0, 26_000.0, 50.0), 4, measured_in="km", equipment_id="seismic_line"
        ),
        item("spare", 1),
    )
    moves = [
        {"item_id": one.item_id, "state": "pledged", "at": "2026-01-02", "quantity": 1, "authority": DONOR}
        for one in items
    ]
    say(folder, "init", folder)
    (folder / "i.csv").write_text(csv_text(ITEMS, [item_cells(one) for one in items]))
    (folder / "m.csv").write_text(csv_text(MOVES, moves))
    say(folder, "import", folder, folder / "i.csv", folder / "m.csv")
    say(folder, "record", folder, "row", "approved", "-n", 1, "--authority", DONOR)
    return folder


def test_registers_find_an_item_where_it_stands(folder):
    line = open_project(folder).line
    part = line.parts[0].part_id
    with open_ledger(folder, now=lambda: datetime.now(UTC)) as ledger:

        def there(from_m: float, to_m: float) -> set[str]:
            lines = as_of(
                ledger.store,
                Question("programme", believed_at=EVER, about_at=EVER, along=OnLine(part, from_m, to_m)),
            )
            return {one.record.statement.subject_id for one in lines}

        assert there(5_000, 7_000) == {"camera"}
        assert there(25_000, 25_100) == {"row"}
        assert there(10_000, 20_000) == set()
        said = listed(ledger.store, Question("programme", believed_at=EVER, about_at=EVER))
    statements = [one.record.statement for one in said]
    assert {one.place for one in statements if one.subject_id == "row"} == {
        OnLine(part, 22_000.0, 26_000.0, 50.0)
    }
    assert [one.kind for one in statements if one.subject_id == "row"] == [
        "programme.item", "programme.pledged", "programme.approved",
    ]  # fmt: skip
    assert {one.place for one in statements if one.subject_id == "spare"} == {None}
    (place,) = {one.place for one in statements if one.subject_id == "camera"}
    assert place is not None
    assert place.from_m == place.to_m == pytest.approx(6_000, abs=500)


def test_a_point_lies_at_its_nearest_chainage_and_offset(small_project_folder):
    line = open_project(small_project_folder).line
    one = placed_item("camera", at(site_near(open_project(small_project_folder), "A", 6_000.0)), 2)
    assert one.asset is not None
    chainage_m, offset_m = place_on_line(line, [one.asset.place.lon_deg], [one.asset.place.lat_deg])
    found = places_of([one, item("spare", 1)], line)
    assert set(found) == {"camera"}
    assert (found["camera"].from_m, found["camera"].offset_m) == (chainage_m[0], offset_m[0])


def test_a_word_on_a_statement_is_at_its_place(folder, tmp_path):
    def ledger(*words: object) -> dict:
        done = CliRunner().invoke(app, ["ledger", "key", *map(str, words), "--json"], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    key = tmp_path / "key.pem"
    made = ledger("new", RECIPIENT, "--out", key)
    ledger("trust", RECIPIENT, made["public_key"], folder)
    with open_ledger(folder, now=lambda: datetime.now(UTC)) as opened:
        (pledge,) = (
            one.record.statement
            for one in listed(
                opened.store, Question("programme", believed_at=EVER, about_at=EVER, subject_id="camera")
            )
            if one.record.statement.kind == "programme.pledged"
        )
    say(
        folder, "contest", folder, pledge.statement_id, "--reason", "none came",
        "--authority", RECIPIENT, "--key", key,
    )  # fmt: skip
    with open_ledger(folder, now=lambda: datetime.now(UTC)) as opened:
        (word,) = listed(opened.store, Question("record", believed_at=EVER, about_at=EVER))
    assert word.record.statement.place == pledge.place is not None
