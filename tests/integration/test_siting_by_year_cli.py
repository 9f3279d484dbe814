"""`sarhad programme siting` from tables of years, with deliveries from a table, the ledger, or neither."""

from __future__ import annotations

import csv
import json
import shutil
from datetime import date, timedelta
from pathlib import Path

import pytest
from msgspec import structs
from typer.testing import CliRunner

from sarhad.errors import InputFaults
from sarhad.interfaces.cli.app import app
from sarhad.io.plans import read_plan
from sarhad.io.programme_body import item_as_body
from sarhad.ledger.ledger import Ledger, init_ledger
from small_programme import START, Talk, item

BEGUN = -700.0  # days before the start of all small programmes, well in the past
YEARS = (
    "year,money_usd,crew_n,source\n2027,250000,20,made up\n2028,300000,30,made up\n2029,300000,30,made up\n"
)
DELIVERIES = """\
year,equipment_id,quantity,source
2026,thermal_medium,1,made up
2028,thermal_medium,2,made up
2029,radar_medium,1,made up
2031,radar_medium,5,made up
2027,seismic_line,0,made up
"""


@pytest.fixture
def folder(small_project_template, tmp_path) -> Path:
    folder = tmp_path / "small"
    shutil.copytree(small_project_template, folder)
    (folder / "programme").mkdir()
    (folder / "programme" / "years.csv").write_text(YEARS)
    return folder


def run(folder: Path, *words: str) -> str:
    asked = ["programme", "siting", str(folder), "--start", "2026-11-22", "--draws", "300", "--jobs", "1"]
    done = CliRunner().invoke(app, [*asked, *words], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def test_what_arrives_and_what_there_is_to_spend_bound_every_year(folder):
    (folder / "programme" / "deliveries.csv").write_text(DELIVERIES)
    found = json.loads(run(folder, "--discount", "0.1", "--json"))
    assert found["source"] == "table"
    types = ("radar_medium", "seismic_line", "thermal_medium")
    arrived = ((0, 0, 1), (0, 0, 3), (1, 0, 3))
    assert found["arrived"] == [dict(zip(types, one, strict=True)) for one in arrived]
    assert [row["year"] for row in found["years"]] == [2027, 2028, 2029]
    assert [row["money_usd"] for row in found["years"]] == [250e3, 550e3, 850e3]
    weights = [row["weight"] for row in found["years"]]
    assert weights[1] / weights[0] == pytest.approx(1 / 1.1)
    for row, there in zip(found["years"], found["arrived"], strict=True):
        stands = [one for one in found["items"] if one["year"] <= row["year"]]
        assert len(stands) == row["n_standing"]
        assert row["cost_usd"] == sum(one["cost_usd"] for one in stands) <= row["money_usd"]
        assert sum(one["crew_n"] for one in stands) <= row["crew_limit_n"]
        for name, most in there.items():
            assert sum(one["equipment_id"] == name for one in stands) <= most
        assert row["value"] <= row["bound"]
    assert found["years"][0]["n_standing"] == 1
    values = [found["before"], *(row["value"] for row in found["years"])]
    assert values == sorted(values)
    assert found["ranking"] == found["items"], "all that ever arrives is used"


def test_every_file_says_the_same(folder):
    found = json.loads(run(folder, "--json"))
    assert found["source"] == "stock"
    results = folder / "siting" / "results"
    assert found.pop("results") == str(results)
    assert found["ranking"][: len(found["items"])] == found["items"]
    beyond = found["ranking"][len(found["items"]) :]
    assert beyond
    assert all(one["year"] is None for one in beyond)
    names = {"years.csv", "items.csv", "ranking.csv", "siting.json", "manifest.json"}
    plans = {f"plan-{year}.json" for year in (2027, 2028, 2029)}
    assert {path.name for path in results.iterdir()} == names | plans
    said = json.loads((results / "siting.json").read_text())
    assert {name: found[name] for name in said} == said
    with (results / "items.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["asset_id"] for row in rows] == [one["asset_id"] for one in found["items"]]
    for row in found["years"]:
        bought = read_plan(results / f"plan-{row['year']}.json")
        expected = [one["asset_id"] for one in found["items"] if one["year"] <= row["year"]]
        assert [one.asset.asset_id for one in bought.items] == expected
    manifest = json.loads((results / "manifest.json").read_text())
    assert manifest["asked"]["source"] == "stock"
    assert manifest["command"][:3] == ["programme", "siting", "."]
    assert {"--start", "2026-11-22"} <= set(manifest["command"])
    assert manifest["search"]["rounds"] > 0


def test_what_the_ledger_foresees_arrives(folder):
    talk = Talk()
    for k, one in enumerate((item("soon", 2), item("late", 3), item("never", 4))):
        talk.say("programme.item", one.item_id, authority=one.donor, day=BEGUN + k, **item_as_body(one))
    talk.say("pledged", "soon", day=BEGUN + 10, quantity=2)
    talk.say("pledged", "late", day=BEGUN + 11, quantity=3)
    talk.say("working", "late", day=BEGUN + 12, basis="forecast", date="2029-02-01")
    init_ledger(folder / "ledger", now=lambda: START + timedelta(days=BEGUN), origin=bytes(32))
    with Ledger.open(folder / "ledger", now=lambda: START + timedelta(days=BEGUN + 20)) as ledger:
        ledger.record(structs.replace(one, statement_id=f"{k:026d}") for k, one in enumerate(talk.said))
    found = json.loads(run(folder, "--sure", "0.9", "--json"))
    assert found["source"] == "ledger"
    thermal = [one["thermal_medium"] for one in found["arrived"]]
    assert thermal[2] == 5
    assert thermal[1] <= 2, "what is foreseen for 2029 is not there in 2028"
    text = run(folder)
    assert "ledger's programme" in text
    assert text.splitlines()[-1].endswith("plan-YEAR.json.")


@pytest.mark.parametrize(
    ("years", "deliveries", "columns"),
    [
        ("year,money_usd,source\n2027,0,x\n2029,1,x\n", "", {"money_usd", "year"}),
        ("year,money_usd,source\n2027,5,x\n2027,1,x\nsoon,-1,\n", "", {"year", "money_usd", "source"}),
        ("year,money_usd,crew_n,source\n2027,5,9,x\n2028,1,8,x\n", "", {"crew_n"}),
        ("year,money_usd,crew_n,source\n2027,5,9,x\n2028,1,,x\n", "", {"crew_n"}),
        ("year,money_usd,source\n", "", {""}),
        ("year,money_usd,source\n2027,5,x\n", "year,equipment_id,quantity,source\n2027,radar_medum,-1,x\n",
         {"equipment_id", "quantity"}),
    ],
)  # fmt: skip
def test_every_fault_of_the_tables_is_found(folder, years, deliveries, columns):
    (folder / "programme" / "years.csv").write_text(years)
    if deliveries:
        (folder / "programme" / "deliveries.csv").write_text(deliveries)
    with pytest.raises(InputFaults) as caught:
        run(folder)
    assert {fault.column for fault in caught.value.faults} == columns
    assert not (folder / "siting").exists()


def test_without_years_the_table_is_asked_for(folder):
    (folder / "programme" / "years.csv").unlink()
    with pytest.raises(InputFaults, match=r"programme/years\.csv"):
        run(folder)
    with pytest.raises(InputFaults, match="--start"):
        run(folder, "--start", str(date(2026, 1, 1))[:5])
