"""`sarhad programme forecast` from a ledger in a project folder to files, table and JSON."""

from __future__ import annotations

import json
import shutil
from datetime import timedelta

import geopandas as gpd
import pandas as pd
import pytest
import typer
from msgspec import structs
from typer.testing import CliRunner

from sarhad.errors import InputFaults, UnknownName
from sarhad.interfaces.cli import forecast
from sarhad.io.programme_body import item_as_body
from sarhad.io.project import open_project
from sarhad.ledger.ledger import Ledger, init_ledger
from sarhad.model.asset import AlongLine
from small_cases import at, site_near
from small_programme import START, Talk, placed_item

ON = "2024-06-01"
BEGUN = -700.0  # days before the start of all small programmes, well in the past

app = typer.Typer()
app.command()(forecast.run)


@pytest.fixture(scope="module")
def folder(small_project_template, tmp_path_factory):
    folder = tmp_path_factory.mktemp("forecast") / "small"
    shutil.copytree(small_project_template, folder)
    settings = (folder / "project.toml").read_text().replace("n_fields = 3", "n_fields = 2")
    (folder / "project.toml").write_text(settings)
    project = open_project(folder)
    place = at(site_near(project, "A", 6_000.0))
    items = (
        placed_item("camera", place, 2),
        placed_item("radar", place, 1, equipment_id="radar_medium", donor="Bactra",
                    unit_cost=2e5, currency="TJS"),
        placed_item("line", AlongLine(22_000.0, 26_000.0), 4, measured_in="km", equipment_id="seismic_line"),
    )  # fmt: skip
    talk = Talk()
    for k, one in enumerate(items):
        talk.say("programme.item", one.item_id, authority=one.donor, day=BEGUN + k, **item_as_body(one))
        talk.say("pledged", one.item_id, authority=one.donor, day=BEGUN + 10 + k, quantity=one.quantity)
    init_ledger(folder / "ledger", now=lambda: START + timedelta(days=BEGUN), origin=bytes(32))
    with Ledger.open(folder / "ledger", now=lambda: START + timedelta(days=BEGUN + 20)) as ledger:
        ledger.record(structs.replace(one, statement_id=f"{k:026d}") for k, one in enumerate(talk.said))
    return folder


def run(folder, *words):
    asked = [str(folder), "--start", ON, "--quarters", "8", "--draws", "300", "--jobs", "1", *words]
    return CliRunner().invoke(app, asked, catch_exceptions=False)


def test_the_answer_as_json_and_every_file(folder):
    done = run(folder, "--late", "Bactra:6", "--json")
    assert done.exit_code == 0, done.output
    answer = json.loads(done.stdout)
    assert len(answer["line"]) == 8
    assert {one["item_id"] for one in answer["items"]} == {"camera", "radar", "line"}
    gains = sum(one["gain_km_days"] for one in answer["items"])
    assert gains == pytest.approx(answer["gained_km_days"]["mean"])
    (late,) = answer["late"]
    assert late["name"] == "Bactra: 6"
    assert late["lost_km_days"]["mean"] > 0
    results = folder / "forecast" / "results"
    assert answer["results"] == str(results)
    assert json.loads((results / "forecast.json").read_text()) == {
        name: value for name, value in answer.items() if name != "results"
    }
    manifest = json.loads((results / "manifest.json").read_text())
    assert manifest["draws"] == {
        "n_draws": 300, "seed": 1, "start": ON, "late": ["Bactra:6"], "crews": True, "rates": {},
    }  # fmt: skip
    assert manifest["command"][:5] == ["programme", "forecast", ".", "--quarters", "8"]
    assert manifest["terrain"]["kind"] == "synthetic"
    project = open_project(folder)
    n = len(project.line.stretches(project.settings.stretch_m))
    stretches = gpd.read_parquet(results / "stretches.parquet")
    assert len(stretches) == 8 * n
    assert {"p10", "p50", "p90", "width"} <= set(stretches.columns)
    assert len(pd.read_parquet(results / "profile.parquet")) == 8 * n * 3
    layers = gpd.list_layers(results / "results.gpkg")["name"].tolist()
    assert layers == [one["quarter"] for one in answer["line"]]
    for name in ("fan_chart.png", "fan_chart.pdf"):
        assert (results / name).stat().st_size > 500


def test_a_rate_and_the_limits_of_crews_change_what_is_said(folder, tmp_path):
    other = tmp_path / "small"
    shutil.copytree(folder, other)
    (other / "programme").mkdir()
    shutil.move(other / "ledger", tmp_path / "elsewhere")
    (other / "programme" / "crews.csv").write_text("crew_id,title,n,source\ninstallers,,2,made up\n")
    where = ("--ledger", str(tmp_path / "elsewhere"), "--json")
    kept, lifted = (
        json.loads(run(other, *where, *words).stdout) for words in ((), ("--no-crews", "--rate", "TJS=0.1"))
    )
    assert kept["gained_km_days"]["mean"] < lifted["gained_km_days"]["mean"], "one crew for three items"
    for answer, known in ((kept, False), (lifted, True)):
        by_item = {one["item_id"]: one for one in answer["items"]}
        assert (by_item["radar"]["gain_km_days_per_musd"] is not None) == known
        assert by_item["camera"]["cost_usd"] == 2 * 60_000.0
    assert by_item["radar"]["cost_usd"] == 20_000.0
    assert "2 installers" in run(other, *where[:2]).stdout
    with pytest.raises(InputFaults, match="CURRENCY=RATE"):
        run(other, "--rate", "TJS")


def test_what_is_printed_ends_with_where_the_results_lie(folder):
    done = run(folder)
    assert done.exit_code == 0
    words = done.stdout
    assert "2024-06-30" in words
    assert "radar_medium" in words
    assert "Speed-up helps most for" in words
    assert "forecast/results" in words.replace("\n", "").split("Results:")[1]


def test_the_same_question_has_the_same_bytes(folder, tmp_path):
    run(folder)
    first = {p.name: p.read_bytes() for p in sorted((folder / "forecast" / "results").iterdir())}
    run(folder)
    for path in sorted((folder / "forecast" / "results").iterdir()):
        assert path.read_bytes() == first[path.name], path.name


@pytest.mark.parametrize("words", [("--late", "Bactra"), ("--late", ":6"), ("--late", "Bactra:-1")])
def test_a_delay_that_is_none_is_refused(folder, words):
    with pytest.raises(InputFaults, match="DONOR:MONTHS"):
        run(folder, *words)


def test_an_unknown_donor_and_a_bad_day_are_refused(folder):
    with pytest.raises(UnknownName, match="Aria, Bactra"):
        run(folder, "--late", "Nobody:6")
    with pytest.raises(InputFaults, match="YYYY-MM-DD"):
        CliRunner().invoke(app, [str(folder), "--start", "soon"], catch_exceptions=False)
