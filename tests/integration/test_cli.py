"""The command line as a person or a script uses it, on the small project."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import geopandas as gpd
import pytest
import rasterio
from typer.testing import CliRunner

from sarhad.interfaces.cli.app import app
from sarhad.interfaces.cli.plan import EFFORT


def sarhad(*words: object, code: int = 0) -> str:
    """Run the installed command in a process of its own and return what it printed on stdout."""
    command = [sys.executable, "-m", "sarhad", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=1_200)
    assert done.returncode == code, done.stderr
    return done.stdout if code == 0 else done.stdout + done.stderr


@pytest.fixture(scope="module")
def planned(small_project_template: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict]:
    """A small project after `sarhad plan --json`."""
    folder = tmp_path_factory.mktemp("cli") / "small"
    shutil.copytree(small_project_template, folder)
    return folder, json.loads(sarhad("plan", folder, "--json", "--jobs", 2))


def test_plan_as_json_has_value_bound_and_gap_and_keeps_the_budget(planned: tuple[Path, dict]) -> None:
    folder, answer = planned
    assert answer["terrain"] == "synthetic"
    assert 0.0 <= answer["before"] <= answer["value"] <= answer["bound"] <= 1.0
    assert answer["gap"] == pytest.approx((answer["bound"] - answer["value"]) / answer["bound"])
    assert sum(item["cost_usd"] for item in answer["items"]) == pytest.approx(answer["cost_usd"])
    assert answer["items"] == answer["ranking"][: len(answer["items"])]
    assert json.loads((folder / "results" / "plan.json").read_text()) == answer


def test_plan_on_another_objective_names_it_and_what_it_is_made_of(
    planned: tuple[Path, dict], tmp_path: Path
) -> None:
    folder = shutil.copytree(planned[0], tmp_path / "other")
    words = ["plan", folder, "--budget-musd", 0.3, "--jobs", 1, "--objective"]
    answer = json.loads(sarhad(*words, "cvar", "--tail-share", 0.2, "--json"))
    asked = answer["objective"]
    assert (asked["name"], asked["tail_share"]) == ("cvar", 0.2)
    assert {part["name"] for part in asked["parts"]} == {"summer_day", "summer_night", "winter_fog"}
    tail = sum(part["weight"] * part["value"] for part in asked["parts"])
    assert answer["before"] <= answer["value"] <= answer["bound"]
    assert answer["value"] == pytest.approx(tail)
    assert CliRunner().invoke(app, [*map(str, words), "maximin"]).exit_code == 2


def test_plan_leaves_every_promised_file(planned: tuple[Path, dict]) -> None:
    results = planned[0] / "results"
    for name in ("map_sheet.png", "map_sheet.pdf", "strip_chart.png", "strip_chart.pdf", "summary.json"):
        assert (results / name).stat().st_size > 500, name
    manifest = json.loads((results / "manifest.json").read_text())
    assert manifest["terrain"]["kind"] == "synthetic"
    assert manifest["inputs_sha256"]["project.toml"]
    assert manifest["search"] == json.loads(json.dumps(asdict(EFFORT)))
    rows = gpd.read_parquet(results / "profile.parquet")
    assert {"p_timely", "route", "terrain", "label"} <= set(rows.columns)
    layers = set(gpd.list_layers(results / "results.gpkg")["name"])
    assert {"stretches", "assets", "plan", "ranking"} <= layers
    for layer in layers:
        assert set(gpd.read_file(results / "results.gpkg", layer=layer)["terrain"]) == {"synthetic"}, layer
    with rasterio.open(next((results / "coverage").glob("*.tif"))) as raster:
        assert raster.tags()["KIND"] == "synthetic"
        values = raster.read(1)
    assert values[values != 255].max() <= 100


def test_profile_with_the_plan_reads_back_the_plan_it_was_given(planned: tuple[Path, dict]) -> None:
    folder, _ = planned
    plan = folder.parent / "plan.json"
    plan.write_bytes((folder / "results" / "plan.json").read_bytes())
    after = json.loads((folder / "results" / "summary.json").read_text())["after"]
    page = json.loads(sarhad("profile", folder, "--plan", plan, "--json", "--jobs", 1))
    assert page == after


def test_explain_names_routes_raises_and_dead_ground(planned: tuple[Path, dict]) -> None:
    answer = json.loads(sarhad("explain", planned[0], 12.5, "--json", "--jobs", 1))
    assert answer["chainage_from_m"] <= 12_500 <= answer["chainage_to_m"]
    assert {way["adversary"] for way in answer["ways"]} == {"unaware", "aware", "optimal", "fastest"}
    assert all(item["gain"] > 0 for item in answer["raises"])
    assert 0.0 <= answer["seen_share"] <= 1.0
    drawn = sarhad("explain", planned[0], 12.5, "--jobs", 1)
    assert "Who crosses here" in drawn


def test_unknown_names_leave_with_code_5(planned: tuple[Path, dict]) -> None:
    said = sarhad("explain", planned[0], 900, code=5)
    assert "not on the line" in said
    said = sarhad("explain", planned[0], 12, "--condition", "monsoon", code=5)
    assert "winter_fog" in said


def test_check_reports_all_faults_and_leaves_with_code_3(small_project_folder: Path) -> None:
    text = (small_project_folder / "project.toml").read_text()
    spoiled = text.replace('use = ["walker"]', 'use = ["centaur"]')
    spoiled = spoiled.replace('"radar_medium"', '"crystal_ball"')
    (small_project_folder / "project.toml").write_text(spoiled)
    result = CliRunner().invoke(app, ["check", str(small_project_folder), "--json"])
    assert result.exit_code == 3
    found = {fault["found"] for fault in json.loads(result.stdout)}
    assert any("centaur" in word for word in found)
    assert any("crystal_ball" in word for word in found)
    assert "expected" in sarhad("profile", small_project_folder, code=3)


def test_a_budget_that_buys_nothing_leaves_with_code_4(small_project_folder: Path) -> None:
    assert "nothing can be bought" in sarhad("plan", small_project_folder, "--budget-musd", 1e-6, code=4)


def test_new_writes_the_example_and_refuses_to_overwrite(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    assert json.loads(sarhad("new", folder, "--json"))["folder"] == str(folder)
    found = json.loads(sarhad("check", folder, "--json"))
    assert [(one["severity"], one["rule"]) for one in found] == [("doubt", "terrain_cell")]
    sarhad("new", folder, code=3)


def test_coverage_writes_one_raster_per_condition(small_project_folder: Path) -> None:
    paths = json.loads(sarhad("coverage", small_project_folder, "--json", "--jobs", 1))
    assert len(paths) == 3
    assert all(Path(path).exists() for path in paths)


def test_every_command_has_help() -> None:
    for command in ("new", "check", "coverage", "profile", "plan", "explain", "demo"):
        result = CliRunner().invoke(app, [command, "--help"])
        assert result.exit_code == 0
        assert "--json" in result.stdout
