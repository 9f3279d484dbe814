"""Programmes as Open Contracting data: valid by the published schema, compiled as by ocdsmerge, and back."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from jsonschema import Draft4Validator, FormatChecker
from ocdsmerge import Merger

from sarhad.errors import InputFaults
from sarhad.io.ocds import read_ocds, record_package, releases
from sarhad.io.programme_schema import CURRENCIES
from sarhad.model.asset import AlongLine
from sarhad.model.programme import Programme
from sarhad.planning.programme import programme_of
from small_programme import HERE, LATE, MEDIATOR, START, Talk, item, placed_item

SCHEMA = Path(__file__).parents[1] / "data" / "ocds-release-schema-1__1__4.json"
NEWER_THAN_SCHEMA = {"SLE", "XCG"}


def full_programme() -> Programme:
    """Items at all stages, with disputes, losses, several lots; one of which nothing has happened."""
    talk = Talk()
    planned = {"delivered": START.date(), "working": LATE.date()}
    line = placed_item("fence", AlongLine(0.0, 9e3), 9, measured_in="km", equipment_id="seismic_line")
    talk.describe(
        placed_item("cameras", HERE, 10, planned=planned, needed_by=LATE.date(), spares="2 years"),
        item("radars", 4, equipment_id="radar_long", terms="paid", currency="EUR", producer=""),
        line,
        item("unpriced", 4, unit_cost=None, currency=""),
        item("later", 4),
    )
    talk.until("working", "cameras", 4)
    talk.until("shipped", "cameras", 6)
    talk.contest(talk.say("delivered", "cameras", quantity=5), quantity=2)
    talk.contest(talk.accept("cameras", 3), authority=MEDIATOR, quantity=1)
    talk.say("lost", "cameras", quantity=1, from_="shipped")
    talk.until("accepted", "radars", 4)
    talk.until("trained", "fence", 2.25)
    talk.until("produced", "unpriced", 3)
    programme = programme_of(talk.said)
    assert programme.refusals == ()
    return programme


PROGRAMME = full_programme()


def validator() -> Draft4Validator:
    return Draft4Validator(json.loads(SCHEMA.read_text(encoding="utf-8")), format_checker=FormatChecker())


def test_every_release_is_valid_by_the_published_schema():
    check = validator()
    for progress in PROGRAMME.progress.values():
        for release in releases(progress, LATE):
            assert [error.message for error in check.iter_errors(release)] == []


def test_the_schema_sees_what_is_wrong():
    release = {**releases(PROGRAMME.progress["cameras"], LATE)[-1], "tag": ["sent"]}
    del release["ocid"]
    assert len(list(validator().iter_errors(release))) == 2


def test_the_compiled_release_is_what_ocdsmerge_makes_of_the_releases():
    merger = Merger(str(SCHEMA))
    for record in record_package(PROGRAMME, LATE, publisher="Border office")["records"]:
        assert merger.create_compiled_release(record["releases"]) == record["compiledRelease"]


def test_a_record_tells_the_story():
    (record,) = (
        one
        for one in record_package(PROGRAMME, LATE, publisher="Border office")["records"]
        if one["ocid"] == "ocds-000000-cameras"
    )
    (contract,) = record["compiledRelease"]["contracts"]
    milestones = {one["id"]: one for one in contract["implementation"]["milestones"]}
    assert milestones["shipped"]["status"] == "met"
    assert milestones["delivered"]["status"] == "partiallyMet"
    assert milestones["delivered"]["description"] == "7 of 10 items"
    assert milestones["delivered"]["dueDate"] == "2026-01-01T00:00:00Z"
    assert [one["value"]["amount"] for one in contract["implementation"]["transactions"]] == [
        240_000,
        180_000,
        -60_000,
    ]
    assert milestones["accepted"]["description"] == "6 of 10 items"
    assert {one["payer"]["id"] for one in contract["implementation"]["transactions"]} == {"Aria"}


def test_before_a_date_nothing_later_is_told():
    early = record_package(PROGRAMME, datetime(2026, 1, 8, tzinfo=UTC), publisher="x")
    assert "contracts" not in early["records"][0]["compiledRelease"]


@pytest.mark.parametrize("form", ["records", "releases"])
def test_items_come_back(form: str, tmp_path: Path):
    package = record_package(PROGRAMME, LATE, publisher="Border office")
    if form == "releases":
        package = {"releases": [one for record in package["records"] for one in record["releases"]]}
    (tmp_path / "p.json").write_text(json.dumps(package), encoding="utf-8")
    found = {one.item_id: one for one in read_ocds(tmp_path / "p.json")}
    assert found == {one.item_id: one for one in PROGRAMME.items}


def test_a_process_of_another_system_is_read(tmp_path: Path):
    package = record_package(PROGRAMME, LATE, publisher="Border office")
    for record in package["records"]:
        for line in record["compiledRelease"]["tender"]["items"]:
            del line["sarhad"]
    (tmp_path / "p.json").write_text(json.dumps(package), encoding="utf-8")
    for found, own in zip(read_ocds(tmp_path / "p.json"), PROGRAMME.items, strict=True):
        for name in (
            "item_id",
            "equipment_id",
            "quantity",
            "measured_in",
            "donor",
            "recipient",
            "unit_cost",
            "currency",
            "terms",
            "planned",
        ):
            assert getattr(found, name) == getattr(own, name)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        "[" * 100_000,
        '{"releases": [{"ocid": "a", "tender": {"items": [{}]}}]}',
        '{"releases": [1]}',
        '{"releases": 1}',
        '{"releases": [{"tender": {}}, {"tender": {"items": []}}]}',
        '{"records": [null]}',
    ],
)
def test_what_is_no_package_is_refused(content: str, tmp_path: Path):
    (tmp_path / "p.json").write_text(content, encoding="utf-8")
    with pytest.raises(InputFaults, match=r"p\.json"):
        read_ocds(tmp_path / "p.json")


def foreign(tmp_path: Path, unit: object, *parties: tuple[str, list[str]]) -> Path:
    """A process as another system writes it: eight of a type, for the buyer Sarbaz."""
    line = {"id": "1", "description": "thermal_medium", "quantity": 8, "unit": unit}
    named = [{"id": name, "name": name, "roles": roles} for name, roles in parties]
    release = {"ocid": "o", "tender": {"items": [line]}, "parties": named, "buyer": {"name": "Sarbaz"}}
    (tmp_path / "p.json").write_text(json.dumps({"releases": [release]}), encoding="utf-8")
    return tmp_path / "p.json"


@pytest.mark.parametrize(
    ("parties", "donor", "producer", "terms"),
    [
        ([("Aria", ["funder"]), ("Zavod", ["supplier"])], "Aria", "Zavod", "free"),
        ([("Aria", ["funder", "supplier"])], "Aria", "Aria", "free"),
        ([("Zavod", ["supplier"]), ("Sarbaz", ["buyer"])], "Zavod", "", "paid"),
        ([("Zavod", ["supplier"]), ("Sarbaz", ["buyer", "funder"])], "Zavod", "", "paid"),
    ],
)
def test_who_gives_and_on_what_terms(parties, donor: str, producer: str, terms: str, tmp_path: Path):
    (one,) = read_ocds(foreign(tmp_path, {"name": "pieces"}, *parties))
    assert (one.donor, one.recipient, one.producer, one.terms) == (donor, "Sarbaz", producer, terms)


@pytest.mark.parametrize(
    ("unit", "parties", "words"),
    [
        ({"name": "kg"}, [("Aria", ["funder"])], "the unit of measure 'kg'"),
        ({"id": "MTR"}, [("Aria", ["funder"])], "the unit of measure 'MTR'"),
        (None, [("Aria", ["funder"])], "no unit of measure"),
        ({"name": "items"}, [], "no 'supplier'"),
    ],
)
def test_what_a_process_does_not_say_is_not_guessed(unit, parties, words: str, tmp_path: Path):
    with pytest.raises(InputFaults, match=f"p.json row 1, tender: expected items with id.*found {words}"):
        read_ocds(foreign(tmp_path, unit, *parties))


def test_who_sells_is_no_funder():
    for one in PROGRAMME.progress.values():
        (funder,) = [
            [party["name"] for party in release["parties"] if "funder" in party["roles"]]
            for release in releases(one, LATE)[:1]
        ]
        assert funder == (["Aria"] if one.item.terms == "free" else [])


def test_our_currencies_are_those_of_the_standard():
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    known = set(schema["definitions"]["Value"]["properties"]["currency"]["enum"])
    assert set(CURRENCIES) - known == NEWER_THAN_SCHEMA
