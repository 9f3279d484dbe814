"""After another resolution what rests on the old one is worked out again, as it was asked for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from claim_cases import EXAMPLE
from sarhad.errors import InputFaults
from sarhad.interfaces.cli.app import app
from sarhad.interfaces.cli.claims_again import AGAIN, again_of, work_out_again
from sarhad.io.taken import UsedBy

QUESTION = "line:small/length"


def ask(*words: object, code: int = 0) -> dict:
    done = CliRunner().invoke(app, [*map(str, words), "--json"])
    assert done.exit_code == code, (done.output, done.exception)
    return json.loads(done.stdout)


@pytest.mark.long
def test_a_profile_on_another_resolution_is_worked_out_again(small_project_folder: Path) -> None:
    project = small_project_folder
    with (project / "project.toml").open("a") as file:
        file.write(f'\n[claims]\nline.official_length_m = "{QUESTION}"\n')
    header = (EXAMPLE / "claims.csv").read_text().splitlines()[0]
    said = [f"line:small,length,{km},km,2022-04,{who},2022-07,?,u:{who},{km} km,F,6,,,,," for who, km in SAID]
    (project / "said.csv").write_text("\n".join([header, *said]) + "\n")
    ask("ledger", "init", project)
    key = ask("ledger", "key", "new", "desk", "--out", project / "desk.pem")["public_key"]
    ask("ledger", "key", "trust", "desk", key, project)
    ask("claims", "import", project, project / "said.csv", "--authority", "desk")
    ids = {one["publisher"]: one["claim_id"] for one in ask("claims", "list", project, QUESTION)["claims"]}

    def resolve(publisher: str) -> None:
        how = ("--method", "claim", "--claim", ids[publisher], "--reason", "nearer")
        ask(
            "claims", "resolve", project, QUESTION, *how, "--authority", "desk", "--key", project / "desk.pem"
        )

    resolve("A")
    assert ask("claims", "recompute", project)["stale_results"] == {}
    (project / "plan.json").write_text('{"items": []}')
    words = ("profile", project, "--plan", project / "plan.json", "--jobs", 1)
    assert CliRunner().invoke(app, [*map(str, words)]).exit_code == 0
    (project / "plan.json").unlink()  # what it was given is kept with the results

    resolve("B")
    check = ("claims", "recompute", project, "--check")
    stale = {"results": ["line.official_length_m"]}
    assert ask(*check, code=InputFaults.exit_code)["stale_results"] == stale
    assert values_of(project) == ["41000"]
    assert ask("claims", "recompute", project, "--jobs", 1)["stale_results"] == {}
    assert values_of(project) == ["42000"]
    assert ask(*check)["stale_results"] == {}


SAID = (("A", 41), ("B", 42))


def values_of(project: Path) -> list[str]:
    manifest = json.loads((project / "results" / "manifest.json").read_text())
    assert manifest["command"] == ["profile", ".", "--plan", "results/counted.json"]
    return [one["value"] for one in manifest["from_claims"]]


def test_a_manifest_gives_no_command_but_those_that_write_results() -> None:
    for command in ((), ("ledger", "init", "."), ("new", "x")):
        assert again_of(UsedBy((), command)) == ()
    assert {again_of(UsedBy((), (name, "."))) for name in AGAIN} == {(name, ".") for name in AGAIN}


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
