"""`sarhad programme schedule` from a ledger and tables in a project folder to files, table and JSON."""

from __future__ import annotations

import csv
import json
import shutil
from dataclasses import replace
from datetime import date, timedelta
from importlib.resources import files
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from msgspec import structs
from typer.testing import CliRunner

from sarhad.errors import InputFaults, NoAnswer, UnknownName
from sarhad.interfaces.cli.app import app
from sarhad.io.programme_body import item_as_body
from sarhad.io.project import open_project
from sarhad.io.results import file_hashes, results_folder
from sarhad.ledger.ledger import Ledger, init_ledger
from sarhad.model.programme import Programme
from sarhad.planning.programme_schedule import item_dates
from sarhad.planning.schedule import network_of
from sarhad.planning.schedule_risk import assess
from small_cases import at, site_near
from small_programme import START, Talk, placed_item

BEGUN = -700.0  # days before the start of all small programmes, well in the past
ON = date(2024, 6, 1)


@pytest.fixture(scope="module")
def begun(small_project_template, tmp_path_factory) -> Path:
    """Six cameras at one site, some delivered; one crew for each of two steps."""
    folder = tmp_path_factory.mktemp("schedule") / "small"
    shutil.copytree(small_project_template, folder)
    place = at(site_near(open_project(folder), "A", 6_000.0))
    talk = Talk()
    for k in range(6):
        one = placed_item(f"cam-{k}", place, 2, needed_by=date(2025, 6, 1) if k else None)
        talk.say("programme.item", one.item_id, authority=one.donor, day=BEGUN + k, **item_as_body(one))
        steps = ("pledged", "approved", "contracted", "produced", "shipped", "delivered")
        for n, state in enumerate(steps[: 1 + k]):
            talk.say(state, one.item_id, authority=one.donor, day=BEGUN + 10 + k + n, quantity=2)
    talk.describe(placed_item("wanted", place, 1))
    talk.said[-1] = structs.replace(talk.said[-1], happened_at=talk.said[0].happened_at)
    init_ledger(folder / "ledger", now=lambda: START + timedelta(days=BEGUN), origin=bytes(32))
    with Ledger.open(folder / "ledger", now=lambda: START + timedelta(days=BEGUN + 40)) as ledger:
        ledger.record(structs.replace(one, statement_id=f"{k:026d}") for k, one in enumerate(talk.said))
    (folder / "programme").mkdir()
    (folder / "programme" / "crews.csv").write_text(
        "crew_id,title,n,source\ninstallers,,1,made up\nacceptance,,1,made up\n"
    )
    (folder / "programme" / "closures.csv").write_text(
        "closure_id,title,closes,opens,steps,from_m,to_m,source\nsnow,,11-15,04-15,install,0,20000,made up\n"
    )
    return folder


@pytest.fixture
def folder(begun, tmp_path) -> Path:
    shutil.copytree(begun, tmp_path / "small")
    return tmp_path / "small"


def run(folder: Path, *words: str) -> str:
    asked = ["programme", "schedule", str(folder), "--start", str(ON), "--draws", "400", "--jobs", "1"]
    done = CliRunner().invoke(app, [*asked, *words], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def said(folder: Path, *words: str) -> dict:
    return json.loads(run(folder, *words, "--json"))


def test_the_answer_as_json_and_every_file(folder):
    found = said(folder, "--by", "2025-12-31")
    results = folder / "results" / "programme"
    assert found.pop("results") == str(results)
    assert json.loads((results / "schedule.json").read_text()) == found
    assert {path.name for path in results.iterdir()} == {
        "items.csv", "schedule.csv", "schedule.json", "gantt.png", "gantt.pdf", "manifest.json",
    }  # fmt: skip
    assert found["undated"] == ["wanted"]
    assert [one["item_id"] for one in found["items"]] == [f"cam-{k}" for k in range(6)]
    for one in found["items"]:
        assert one["p10_on"] <= one["p50_on"] <= one["p80_on"] <= one["p90_on"]
        assert (one["p_in_time"] is None) == (one["needed_by"] is None)
        assert 0 <= one["p_by"] <= 1
    assert found["whole"]["p50_on"] == max(
        found["whole"]["p50_on"], *(one["p50_on"] for one in found["items"])
    )
    assert found["whole"]["unlimited_p50_on"] <= found["whole"]["p50_on"]
    crews = found["crews"]
    assert crews["bound_days"] <= crews["value_days"] + 1e-9
    assert crews["is_optimal"] == (crews["gap"] < 1e-9)
    with (results / "schedule.csv").open() as file:
        rows = list(csv.DictReader(file))
    spans = sorted(
        (row["planned_start_on"], row["planned_finish_on"])
        for row in rows
        if "installers" in row["crews"] and row["state"] != "done"
    )
    assert all(a[1] <= b[0] for a, b in pairwise(spans)), "one crew, one thing at a time"
    assert not any(start[5:] >= "11-15" or start[5:] < "04-15" for start, _ in spans)
    manifest = json.loads((results / "manifest.json").read_text())
    assert set(manifest["programme_sha256"]) == {"programme/closures.csv", "programme/crews.csv"}
    assert manifest["asked"]["n_draws"] == 400
    assert manifest["command"][:5] == ["programme", "schedule", ".", "--draws", "400"]
    assert len(manifest["ledger"]["head"]) == 64


def test_without_limits_and_with_robust_orders(folder):
    free = said(folder, "--no-crews")
    assert free["crews"] is None
    robust = said(folder, "--robust", "--effort", "1", "--aim", "end")
    tried = robust["crews"]["tried"]
    assert len(tried) == 4
    assert robust["whole"]["p80_on"] >= free["whole"]["p80_on"]
    assert robust["crews"]["aim"] == "end"


def test_another_table_and_another_ledger_are_taken(folder, tmp_path):
    slow = tmp_path / "slow.csv"
    head, *rows = (files("sarhad") / "data" / "activities.csv").read_text().splitlines()
    assert head.startswith("step,kind,low_days,mode_days,high_days")
    cells = [row.split(",", 5) for row in rows]
    slow.write_text("\n".join([head, *(",".join([*c[:2], "300", "400", "500", *c[5:]]) for c in cells)]))
    shutil.move(folder / "ledger", tmp_path / "elsewhere")
    with pytest.raises(UnknownName, match="ledger"):
        run(folder)
    usual = said(folder, "--ledger", str(tmp_path / "elsewhere"))
    late = said(folder, "--ledger", str(tmp_path / "elsewhere"), "--activities", str(slow))
    assert late["whole"]["p50_on"] > usual["whole"]["p50_on"]
    manifest = json.loads((folder / "results" / "programme" / "manifest.json").read_text())
    assert f"{tmp_path.name}/slow.csv" in manifest["programme_sha256"]


def test_equal_answers_are_equal_files_and_other_results_leave_them_alone(folder):
    run(folder)
    results = folder / "results"
    first = file_hashes(results)
    with results_folder(folder) as part:  # as another command replaces results/
        (part / "other.txt").write_text("x")
    assert file_hashes(results) == {**first, "other.txt": file_hashes(results)["other.txt"]}
    run(folder)
    assert {name: digest for name, digest in file_hashes(results).items() if name != "other.txt"} == first


def test_the_printed_page_ends_with_where_things_lie(folder):
    text = run(folder, "--by", "2025-12-31")
    assert "chance" in text
    assert "cam-5" in text
    assert "Without a date" in text
    assert "gantt.png" in text.splitlines()[-1]


def test_faults_are_said_and_nothing_is_written(folder):
    with pytest.raises(InputFaults, match="--by"):
        run(folder, "--by", "soon")
    (folder / "programme" / "crews.csv").write_text("crew_id,title,n,source\nnobody,,0,x\n")
    (folder / "programme" / "closures.csv").write_text("closure_id,closes,opens,source\na,x,y,z\n")
    with pytest.raises(InputFaults) as caught:
        run(folder)
    assert len(caught.value.faults) >= 3
    assert not (folder / "results").exists()


def test_where_nothing_is_pledged_there_is_no_schedule(begun):
    with pytest.raises(NoAnswer, match="pledged"):
        run(begun, "--start", "2023-01-01")


def test_an_item_works_when_its_last_part_does():
    from sarhad.io.activities import read_activities
    from sarhad.model.schedule import ScheduleBasis
    from sarhad.planning.programme import programme_of
    from small_programme import HERE

    talk = Talk()
    talk.describe(placed_item("a", HERE, 2))
    talk.until("working", "a", 2)
    talk.say("down", "a", quantity=1)
    whole: Programme = programme_of(talk.said)
    day = talk.said[-1].happened_at.date()
    basis = ScheduleBasis(read_activities())
    network = network_of(whole, basis, start=day, kind_of={"thermal_medium": "thermal_camera"})
    risk = assess(network, n_draws=500, seed=1)
    (dates,) = item_dates(whole, risk)
    repair = risk.finish_of("a repair")
    assert dates.next_step == "repair"
    assert dates.p50_days == np.quantile(repair, 0.5, method="inverted_cdf")


def test_a_crew_is_at_what_waited_longest(begun):
    from sarhad.io.schedule_basis import read_schedule_basis
    from sarhad.planning.programme import programme_of
    from small_programme import HERE

    talk = Talk()
    for name in ("a", "b"):
        talk.describe(placed_item(name, HERE, 2))
    for name in ("b", "a"):
        talk.until("delivered", name, 2)
    whole = programme_of(talk.said)
    day = talk.said[-1].happened_at.date()
    basis = read_schedule_basis(begun)
    kinds = {"thermal_medium": "thermal_camera"}
    network = network_of(whole, basis, start=day, kind_of=kinds)
    began = {one.item_id: one.began_on for one in network.activities if one.step == "accept"}
    assert began["a"] is None
    assert began["b"] is not None
    free = network_of(whole, replace(basis, crews=()), start=day, kind_of=kinds)
    assert all(one.began_on for one in free.activities if one.step == "accept")
