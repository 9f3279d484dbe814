"""The published schema of project.toml says what the check says: peers are jsonschema and `check_project`."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import jsonschema
import pytest

from sarhad.errors import Fault
from sarhad.io.json_schema import project_schema
from sarhad.io.project import check_project
from sarhad.io.reading import PROJECT_FILE
from sarhad.io.schemas import SECTIONS
from sarhad.io.settings import setting_columns
from small_border import PROJECT

PUBLISHED = Path(__file__).parents[2] / "docs" / "reference" / "project.schema.json"
SHIPPED = Path(__file__).parents[2] / "src" / "sarhad" / "data"

GOOD = [
    ("[project]", "[project]"),
    ("cell_m = 200", 'cell_m = 200\nworth = "in_time"\nunseen_rate_per_s = 0.001'),
    ("crew_n = 60", ""),
    ('line_id = "small"', "line_id = 7"),
    ('line_id = "small"', 'line_id = "small"\ncalibration_m = [[0, 0], [42000, 41000]]'),
    ('line_id = "small"', 'line_id = "small"\nofficial_length_m = 41000'),
    ('file = "terrain.tif"', 'file = ["terrain.tif"]'),
    ("correlated = true", "correlated = false"),
    ("correlated = true", "correlated = 'Yes'"),
    ("correlated = true", "correlated = 1"),
    ('use = ["walker"]', 'use = "walker rider"'),
    ("n_fields = 3", "n_fields = 3.0"),
]
BAD = [
    ('title = "Small synthetic border"', ""),
    ('title = "Small synthetic border"', 'title = ""'),
    ('title = "Small synthetic border"', "title = true"),
    ("format = 1", "format = 0"),
    ("format = 1", "format = 2"),
    ("format = 1", "format = 1.5"),
    ('notes = ["Everything here is synthetic."]', 'notes = "Everything"'),
    ('notes = ["Everything here is synthetic."]', "notes = [1]"),
    ('home_side = "left"', 'home_side = "north"'),
    ('line_id = "small"', 'line_id = "small"\nlineid = "x"'),
    ('line_id = "small"', 'line_id = "small"\ncalibration_m = [[0, 0, 0]]'),
    ('line_id = "small"', 'line_id = "small"\ncalibration_m = [0, 0]'),
    ('line_id = "small"', 'line_id = "small"\nofficial_length_m = 0'),
    ('file = "terrain.tif"', "file = []"),
    ('file = "terrain.tif"', "file = 3"),
    ('file = "marks.csv"', 'fil = "marks.csv"'),
    ("[marks]", "[mark]"),
    ("[marks]", "[marks.more]"),
    ("n = 40", "n = 0"),
    ("n = 40", 'n = "40"'),
    ("n = 40", "max_slope = 0"),
    ("n = 40", 'n = 40\n[sites]\nfile = "sites.csv"'),
    ("money_usd = 600000", ""),
    ("money_usd = 600000", "money_usd = true"),
    ("radar_medium = 2", "radar_medium = -2"),
    ("radar_medium = 2", 'radar_medium = "two"'),
    ("share = 0.5", "share = 1.5"),
    ("share = 0.5", ""),
    ('light = "day"', 'light = "dusk"'),
    ("visibility_m = 200\n", "visibility_m = 0\n"),
    ("correlated = true", 'correlated = "perhaps"'),
    ("correlated = true", "correlated = 2"),
    ("cell_m = 200", "cell_m = 4"),
    ("cell_m = 200", "cell = 200"),
    ("depths_m = [1000, 3000]", "depths_m = []"),
    ("depths_m = [1000, 3000]", "depths_m = 1000"),
    ("depths_m = [1000, 3000]", "depths_m = [0]"),
    ("n_fields = 3", "n_fields = 2.5"),
    ("n_fields = 3", 'worth = "much"'),
    ("[[condition]]", "[[conditionn]]"),
]


def errors(document: object) -> list[str]:
    return [error.message for error in jsonschema.Draft7Validator(project_schema()).iter_errors(document)]


def faults(folder: Path, text: str) -> tuple[Fault, ...]:
    (folder / PROJECT_FILE).write_text(text)
    return check_project(folder)


def test_the_schema_is_one() -> None:
    jsonschema.Draft7Validator.check_schema(project_schema())


def test_the_published_file_is_what_the_tables_make() -> None:
    """Make it anew with `sarhad check --schema > docs/reference/project.schema.json`."""
    assert json.loads(PUBLISHED.read_text()) == project_schema()


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*/project.toml")), ids=lambda path: path.parent.name)
def test_shipped_projects_pass(path: Path) -> None:
    assert errors(tomllib.loads(path.read_text())) == []


@pytest.mark.parametrize(("old", "new"), GOOD)
def test_what_the_check_takes_the_schema_takes(small_project_folder: Path, old: str, new: str) -> None:
    text = PROJECT.replace(old, new)
    assert faults(small_project_folder, text) == ()
    assert errors(tomllib.loads(text)) == []


@pytest.mark.parametrize(("old", "new"), BAD)
def test_what_the_schema_refuses_the_check_refuses(small_project_folder: Path, old: str, new: str) -> None:
    assert old in PROJECT
    text = PROJECT.replace(old, new)
    assert PROJECT_FILE in {fault.file for fault in faults(small_project_folder, text)}
    assert errors(tomllib.loads(text))


def test_every_section_and_setting_is_offered_with_its_words() -> None:
    sections = project_schema()["properties"]
    assert set(sections) == set(SECTIONS)
    described = sections["settings"]["properties"]
    for column in (one.column for one in setting_columns()):
        assert described[column.name]["description"].startswith(column.note)


def test_a_key_that_is_taken_from_claims_need_not_stand() -> None:
    document = tomllib.loads(PROJECT)
    del document["budget"]
    assert errors(document)
    document["claims"] = {"budget": {"money_usd": "programme:border/cost"}}
    assert errors(document) == []
    document["claims"] = {"budget": {"crew_n": "programme:border/crew"}}
    assert errors(document)


def test_a_project_of_a_newer_version_says_so_and_nothing_else(small_project_folder: Path) -> None:
    text = PROJECT.replace("format = 1", "format = 2") + "\n[moats]\nfile = 'moats.gpkg'\n"
    (fault,) = faults(small_project_folder, text)
    assert (fault.file, fault.layer, fault.column) == (PROJECT_FILE, "project", "format")
    assert fault.expected.startswith("format 1 or older")
    assert fault.found == "format 2, written by a newer Sarhad: update yours to open it"
