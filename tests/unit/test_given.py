"""The words kept with a result are read again as what was given."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer

from sarhad.interfaces.cli.app import app
from sarhad.interfaces.cli.claims_again import AGAIN
from sarhad.interfaces.cli.given import WITHOUT_EFFECT, words_given

OTHERWISE = {  # every option of every command whose results are given again, none as it is left out
    "plan_file": ["--plan", "in/plan.json"],
    "quick": ["--quick"],
    "full": ["--full"],
    "example": ["--example", "tajik-afghan-reported"],
    "budget_musd": ["--budget-musd", "0.125"],
    "objective": ["--objective", "leximin"],
    "tail_share": ["--tail-share", "0.1"],
    "step": ["--step", "0.02"],
    "quarters": ["--quarters", "7"],
    "draws": ["--draws", "501"],
    "seed": ["--seed", "3"],
    "start": ["--start", "2024-02-29"],
    "crews": ["--no-crews"],
    "activities": ["--activities", "../steps of ours.csv"],
    "ledger": ["--ledger", "elsewhere"],
    "late": ["--late", "Aria:6", "--late", "A donor:1.5"],
    "rate": ["--rate", "TJS=0.1", "--rate", "EUR=1.1"],
    "optimal": ["--optimal"],
    "by": ["--by", "2027-01-01"],
    "aim": ["--aim", "end"],
    "effort": ["--effort", "2.5"],
    "robust": ["--robust"],
    "sure": ["--sure", "0.8"],
    "discount": ["--discount", "0.05"],
}


def command_of(names: tuple[str, ...]):
    found = typer.main.get_command(app)
    for name in names:
        found = found.get_command(None, name)
    return found


@pytest.mark.parametrize("names", AGAIN, ids=" ".join)
def test_every_option_is_read_again_as_it_was_given(names, tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    project = tmp_path / "my project"
    project.mkdir()
    command = command_of(names)
    options = [one for one in command.params if one.param_type_name == "option"]
    given = [word for one in options if one.name not in WITHOUT_EFFECT for word in OTHERWISE[one.name]]
    for words in (given, []):
        first = command.make_context(names[-1], [str(project), *words, "--json"])
        kept = words_given(first, " ".join(names), project)
        assert tuple(kept[: len(names)]) == names
        assert str(tmp_path) not in " ".join(kept), "a project may be moved"
        monkeypatch.chdir(project)
        again = command.make_context(names[-1], kept[len(names) :])
        assert plain(again.params) == plain(first.params, tmp_path)
        monkeypatch.chdir(tmp_path)


def plain(params, base: Path | None = None):
    """Return the options that change an answer, files and folders with their full names."""
    found = {name: value for name, value in params.items() if name not in {"folder", *WITHOUT_EFFECT}}
    return {
        name: ((base or Path.cwd()) / value).resolve() if isinstance(value, Path) else value
        for name, value in found.items()
    }


def test_what_is_stated_takes_the_place_of_what_was_left_out(tmp_path: Path):
    context = command_of(("programme", "schedule")).make_context("schedule", [str(tmp_path)])
    kept = words_given(context, "programme schedule", tmp_path, {"start": "2026-11-22"})
    assert kept[kept.index("--start") + 1] == "2026-11-22"
