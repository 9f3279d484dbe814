"""After another resolution what rests on the old one is worked out again, as it was asked for."""

from __future__ import annotations

import json
from contextlib import chdir
from datetime import UTC, datetime
from pathlib import Path

import pytest
import typer
from msgspec import structs
from typer.testing import CliRunner

from claim_cases import EXAMPLE
from sarhad.errors import InputFaults
from sarhad.interfaces.cli.app import app
from sarhad.interfaces.cli.claims_again import AGAIN, again_of, work_out_again
from sarhad.interfaces.cli.quick import QUICK
from sarhad.io.programme_body import item_as_body
from sarhad.io.project import open_project
from sarhad.io.taken import UsedBy
from sarhad.ledger.ledger import Ledger
from sarhad.model.asset import Asset
from small_cases import at, site_near
from small_programme import Talk, item

QUESTION, CAMERAS = "line:small/length", "programme:small/cameras"
SAID = (
    (QUESTION, "km", "A", 41),
    (QUESTION, "km", "B", 42),
    (CAMERAS, "items", "C", 1),
    (CAMERAS, "items", "D", 2),
)


def ask(*words: object, code: int = 0) -> dict:
    done = CliRunner().invoke(app, [*map(str, words), "--json"])
    assert done.exit_code == code, (done.output, done.exception)
    return json.loads(done.stdout)


@pytest.mark.long
def test_a_profile_on_another_resolution_is_worked_out_again(small_project_folder: Path) -> None:
    project = small_project_folder
    ids = claimed(project, {"line.official_length_m": QUESTION})
    resolve(project, ids["A"])
    assert ask("claims", "recompute", project)["stale_results"] == {}
    (project / "plan.json").write_text('{"items": []}')
    words = ("profile", project, "--plan", project / "plan.json", "--jobs", 1)
    assert CliRunner().invoke(app, [*map(str, words)]).exit_code == 0
    (project / "plan.json").unlink()  # what it was given is kept with the results

    resolve(project, ids["B"])
    check = ("claims", "recompute", project, "--check")
    stale = {"results": ["line.official_length_m"]}
    assert ask(*check, code=InputFaults.exit_code)["stale_results"] == stale
    assert values_of(project) == ["41000"]
    assert ask("claims", "recompute", project, "--jobs", 1)["stale_results"] == {}
    assert values_of(project) == ["42000"]
    assert ask(*check)["stale_results"] == {}
    assert manifest_of(project)["command"][:4] == ["profile", ".", "--plan", "results/counted.json"]


@pytest.mark.long
def test_what_looks_ahead_on_another_resolution_is_worked_out_again(small_project_folder: Path) -> None:
    project = small_project_folder
    asset = Asset(
        "radar", "radar_medium", at(site_near(open_project(project), "A", 6_000.0)), state="planned"
    )
    talk = Talk()
    radar = item("radar", 1, equipment_id="radar_medium", asset=asset)
    talk.say("programme.item", "radar", day=-700.0, **item_as_body(radar))
    talk.say("pledged", "radar", day=-690.0, quantity=1)
    (project / "programme").mkdir()
    (project / "programme" / "years.csv").write_text("year,money_usd,crew_n,source\n2027,500000,40,made up\n")
    ids = claimed(project, {"line.official_length_m": QUESTION, "budget.stock.thermal_medium": CAMERAS})
    with Ledger.open(project / "ledger", now=lambda: datetime.now(UTC)) as ledger:
        ledger.record(structs.replace(one, statement_id=f"{k:026d}") for k, one in enumerate(talk.said))
    for name in ("A", "C"):
        resolve(project, ids[name])
    ask("claims", "recompute", project)
    few = ("--draws", 50, "--start", "2024-06-01", "--jobs", 1)
    ask("programme", "forecast", project, "--quarters", 3, "--late", "Aria:2.5", *few)
    ask("programme", "schedule", project, "--by", "2026-01-01", *few)
    ask("programme", "siting", project, "--quick", "--discount", 0.1, *few)
    before = {name: manifest_of(project, name) for name in AHEAD}
    figures = {name: figures_of(project, name) for name in AHEAD}

    again = {name: tuple(one["command"]) for name, one in before.items()}
    for words in again.values():  # the same words, the same results
        with chdir(project):
            ask(*words)
    assert {name: manifest_of(project, name) for name in AHEAD} == before
    assert {name: figures_of(project, name) for name in AHEAD} == figures

    for name in ("B", "D"):
        resolve(project, ids[name])
    assert set(ask("claims", "recompute", project, "--check", code=3)["stale_results"]) == set(AHEAD)
    assert ask("claims", "recompute", project, "--jobs", 1)["stale_results"] == {}
    after = {name: figures_of(project, name) for name in AHEAD}
    assert [n_thermal(one["siting/results"]) for one in (figures, after)] == [1, 2]
    for name in AHEAD:
        assert manifest_of(project, name)["command"] == list(again[name])
        assert {one["setting"]: one["value"] for one in manifest_of(project, name)["from_claims"]} == {
            "line.official_length_m": "42000",
            "budget.stock.thermal_medium": "2",
        }
    assert "--quick" in again["siting/results"]
    assert manifest_of(project, "siting/results")["settings"]["cell_m"] == QUICK["cell_m"]


AHEAD = {
    "forecast/results": "forecast.json",
    "results/programme": "schedule.json",
    "siting/results": "siting.json",
}


def claimed(project: Path, settings: dict[str, str]) -> dict[str, tuple[str, str]]:
    """Let a project take settings from claims, two each; return question and id by who said it."""
    with (project / "project.toml").open("a") as file:
        file.write("\n[claims]\n" + "".join(f'{name} = "{asked}"\n' for name, asked in settings.items()))
    header = (EXAMPLE / "claims.csv").read_text().splitlines()[0]
    said = [
        f"{question.replace('/', ',')},{value},{unit},2022-04,{who},2022-07,?,u:{who},{value} {unit},F,6,,,,,"
        for question, unit, who, value in SAID
        if question in settings.values()
    ]
    (project / "said.csv").write_text("\n".join([header, *said]) + "\n")
    ask("ledger", "init", project)
    key = ask("ledger", "key", "new", "desk", "--out", project / "desk.pem")["public_key"]
    ask("ledger", "key", "trust", "desk", key, project)
    (project / "ledger" / "claim_properties.csv").write_text(
        "property,dimension,trend,lasts_days,note\ncameras,items,constant,,made up\n"
    )
    ask("claims", "import", project, project / "said.csv", "--authority", "desk")
    return {
        one["publisher"]: (question, one["claim_id"])
        for question in settings.values()
        for one in ask("claims", "list", project, question)["claims"]
    }


def resolve(project: Path, claim: tuple[str, str]) -> None:
    question, claim_id = claim
    how = ("--method", "claim", "--claim", claim_id, "--reason", "nearer", "--authority", "desk")
    ask("claims", "resolve", project, question, *how, "--key", project / "desk.pem")


def manifest_of(project: Path, folder: str = "results") -> dict:
    return json.loads((project / folder / "manifest.json").read_text())


def figures_of(project: Path, folder: str) -> dict:
    return json.loads((project / folder / AHEAD[folder]).read_text())


def n_thermal(figures: dict) -> int:
    return [one["equipment_id"] for one in figures["items"]].count("thermal_medium")


def values_of(project: Path) -> list[str]:
    return [one["value"] for one in manifest_of(project)["from_claims"]]


def test_a_manifest_gives_no_command_but_those_that_write_results() -> None:
    for command in ((), ("ledger", "init", "."), ("new", "x"), ("programme", "withdraw", ".", "ID")):
        assert again_of(UsedBy((), command)) == ()
    for names in AGAIN:
        assert again_of(UsedBy((), (*names, "."))) == (*names, ".")


def test_commands_are_given_inside_the_project_and_keep_out_of_an_answer_in_json(tmp_path: Path) -> None:
    given, root = [], typer.Typer()

    @root.command()
    def plan(folder: Path, budget: float = 1.0, jobs: int = 0) -> None:
        given.append((folder.resolve(), budget, jobs))
        print("drawn for people")

    @root.command()
    def recompute(context: typer.Context, as_json: bool = False) -> None:
        stale = {"results": ("plan", ".", "--budget", "2.5"), "results/other": ("plan", ".")}
        work_out_again(context, tmp_path, stale, 3, as_json)

    before = Path.cwd()
    for words, n_drawn in ((["recompute"], 2), (["recompute", "--as-json"], 0)):
        done = CliRunner().invoke(root, words)
        assert (done.exit_code, done.stdout.count("drawn for people")) == (0, n_drawn), done.output
    assert given == [(tmp_path, 2.5, 3), (tmp_path, 1.0, 3)] * 2
    assert Path.cwd() == before
