"""`sarhad osm` as a person uses it: extract in, layers and sections out, and a profile that rests on them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sarhad.interfaces.cli.app import app
from sarhad.io.project import check_project, open_project
from sarhad.io.results import manifest

PBF = Path(__file__).parents[1] / "data" / "small_border.osm.pbf"


def sarhad(*words: object):
    return CliRunner().invoke(app, [str(word) for word in words])


def test_without_add_the_project_is_left_alone_and_the_lines_are_shown(small_project_folder):
    before = (small_project_folder / "project.toml").read_bytes()
    done = sarhad("osm", small_project_folder, PBF)
    assert done.exit_code == 0, done.output
    assert (small_project_folder / "project.toml").read_bytes() == before
    for words in (
        "[roads]",
        "[openings]",
        "[landcover]",
        'leaf_off = ["winter"]',
        "stay as they are: [barriers]",
    ):
        assert words in done.output
    assert "ODbL" in done.output
    assert "1 place where a road meets water" in done.output
    shown = done.stdout[done.stdout.index("[roads]") :]
    shown = shown[: shown.index("Settlements")]
    with (small_project_folder / "project.toml").open("a") as file:
        file.write(shown)
    assert check_project(small_project_folder) == ()


def test_with_add_the_sections_are_there_and_a_second_run_adds_none(small_project_folder):
    answers = [
        json.loads(sarhad("osm", "--json", "--add", small_project_folder, PBF).stdout) for _ in range(2)
    ]
    assert list(answers[0]["missing_sections"]) == ["roads", "openings", "landcover"]
    assert [answer["added"] for answer in answers] == [True, False]
    assert answers[0]["features"] == answers[1]["features"]
    assert answers[0]["features"]["openings"] == 3
    project = open_project(small_project_folder)
    assert len(project.roads.speed_mps) == 4
    assert [opening.barrier_id for opening in project.openings] == ["", "", ""]
    source = "(c) OpenStreetMap contributors, ODbL 1.0"
    assert manifest(project, "synthetic")["sources"] == dict.fromkeys(
        ("landcover", "openings", "roads"), source
    )


def test_a_project_without_barriers_takes_the_rivers_and_openings_name_them(small_project_folder):
    text = (small_project_folder / "project.toml").read_text()
    text = text.replace('[barriers]\nfile = "barriers.csv"\n', "")
    (small_project_folder / "project.toml").write_text(text)
    answer = json.loads(sarhad("osm", "--json", "--add", small_project_folder, PBF).stdout)
    assert answer["kept_sections"] == []
    project = open_project(small_project_folder)
    assert project.teams_held
    assert {barrier.barrier_id for barrier in project.barriers} >= {o.barrier_id for o in project.openings}
    again = json.loads(sarhad("osm", "--json", small_project_folder, PBF).stdout)
    assert again["missing_sections"] == {}
    assert [o.barrier_id for o in open_project(small_project_folder).openings] == [
        o.barrier_id for o in project.openings
    ]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--season", "summer=hot"), "OWN=TABLE"),
        (("--add", "gone.osm"), "no such file"),
    ],
)
def test_faults_leave_nothing_behind(small_project_folder, words, said):
    extract = [] if words[-1].endswith(".osm") else [PBF]
    before = sorted(path.name for path in small_project_folder.iterdir())
    done = sarhad("osm", small_project_folder, *words, *extract)
    assert done.exit_code != 0
    assert said in str(done.exception) + done.output
    assert sorted(path.name for path in small_project_folder.iterdir()) == before


def test_an_extract_of_another_place_is_said_to_be_one(small_project_folder, tmp_path):
    extract = tmp_path / "elsewhere.osm"
    extract.write_text(
        '<osm version="0.6"><node id="1" lat="5" lon="5" version="1"><tag k="place" v="town"/></node></osm>'
    )
    done = sarhad("osm", "--add", small_project_folder, extract)
    assert "expected roads, rivers, settlements or land cover in the band" in str(done.exception)
    assert not (small_project_folder / "osm.gpkg").exists()


def test_seasons_of_other_names_must_be_told(small_project_folder):
    text = (small_project_folder / "project.toml").read_text().replace('season = "summer"', 'season = "melt"')
    (small_project_folder / "project.toml").write_text(text)
    done = sarhad("osm", small_project_folder, PBF)
    assert "--season melt=one of winter" in str(done.exception)
    told = sarhad("osm", "--json", "--season", "melt=spring", small_project_folder, PBF)
    assert told.exit_code == 0, told.output
