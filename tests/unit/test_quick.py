"""`--quick`: the settings of `sarhad demo` for any command, said in every result."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

import sarhad
from sarhad.interfaces.cli.app import app
from sarhad.interfaces.cli.quick import NOTE, QUICK, opened


def test_only_the_settings_named_change_and_a_note_says_so(small_project_folder: Path, capsys) -> None:
    plain, quick = (opened(small_project_folder, quickly=one) for one in (False, True))
    for name, coarse in QUICK.items():
        coarser = max if name.endswith("_m") else min
        assert getattr(quick.settings, name) == coarser(getattr(plain.settings, name), coarse)
    others = set(type(plain.settings).__dataclass_fields__) - set(QUICK)
    assert all(getattr(plain.settings, name) == getattr(quick.settings, name) for name in others)
    assert quick.notes[:-1] == plain.notes
    assert quick.notes[-1] == NOTE
    assert f"cell_m = {quick.settings.cell_m:g}," in capsys.readouterr().err


def test_a_quick_profile_says_how_to_give_it_again(small_project_folder: Path) -> None:
    said = CliRunner().invoke(app, ["profile", str(small_project_folder), "--quick", "--jobs", "1", "--json"])
    assert said.exit_code == 0, said.output
    manifest = json.loads((small_project_folder / "results" / "manifest.json").read_text())
    assert manifest["command"] == ["profile", ".", "--quick"]
    assert manifest["settings"]["cell_m"] >= QUICK["cell_m"]
    assert manifest["settings"]["n_fields"] <= QUICK["n_fields"]
    assert NOTE in manifest["notes"]


def test_a_stretch_is_explained_by_the_figures_of_quick_results(small_project_folder: Path) -> None:
    path = small_project_folder / "project.toml"
    path.write_text(path.read_text().replace("n_fields = 3", "n_fields = 6"))
    found = []
    for words in (["--quick"], []):
        said = CliRunner().invoke(
            app, ["explain", str(small_project_folder), "10", *words, "-j", "1", "--json"]
        )
        assert said.exit_code == 0, said.output
        found.append(json.loads(said.stdout))
    project = opened(small_project_folder, quickly=True)
    rows = sarhad.profile(project, stretch_ids=[found[0]["stretch_id"]])
    here = rows[(rows["target"] == found[0]["target"]) & (rows["condition"] == found[0]["condition"])]
    here = here[here["depth_m"] == project.settings.depth_m].set_index("adversary")["p_timely"]
    quick, full = ({way["adversary"]: way["p_timely"] for way in one["ways"]} for one in found)
    assert quick == pytest.approx(here[list(quick)].to_dict())
    assert quick["unaware"] != pytest.approx(full["unaware"], abs=1e-4)


def test_a_quick_validation_stands_on_the_same_settings(small_project_folder: Path) -> None:
    asked = ["validate", str(small_project_folder), "--quick", "--crossings", "50", "--stretches", "2-4"]
    said = CliRunner().invoke(app, [*asked, "--jobs", "1", "--json"])
    assert said.exit_code in (0, 1), said.output
    value = json.loads((small_project_folder / "results" / "validation.json").read_text())
    assert value["manifest"]["settings"]["n_fields"] <= QUICK["n_fields"]
    assert NOTE in value["manifest"]["notes"]
