"""The shipped example opens without a fault, says what is illustrative, and is copied whole or not at all."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from sarhad.errors import InputFaults, UnknownName
from sarhad.io import example
from sarhad.io.line import place_on_line
from sarhad.io.project import check_project, open_project
from sarhad.model.asset import AtPoint


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return example.write_example("tajik-afghan", tmp_path_factory.mktemp("example") / "new" / "tajik-afghan")


@pytest.fixture(scope="module")
def project(folder: Path):
    return open_project(folder)


def test_the_example_has_no_fault(folder):
    assert check_project(folder) == ()


def test_the_line_has_its_known_length(project):
    assert project.line.length_m == pytest.approx(1_363_266, abs=50)  # as the source states it, 1,363.3 km
    assert project.districts[0].name == "Kaldar"
    assert len(project.districts) == 20


def test_posts_stand_one_per_15_km_close_to_the_line_on_the_home_side(project):
    points = [asset.place for asset in project.assets if asset.equipment_id == "observer_binoculars"]
    assert len(points) == 91
    assert all(isinstance(point, AtPoint) for point in points)
    lon_deg = np.array([point.lon_deg for point in points])
    lat_deg = np.array([point.lat_deg for point in points])
    chainage_m, offset_m = place_on_line(project.line, lon_deg, lat_deg)
    assert np.all((offset_m >= 199) & (offset_m <= 2_001))
    assert np.all(np.abs(chainage_m - (7_500 + 15_000 * np.arange(91))) < 4_500)
    kinds = [project.equipment[asset.equipment_id].kind for asset in project.assets]
    assert (kinds.count("thermal_camera"), kinds.count("radar")) == (30, 15)
    assert len(project.teams) == 91
    assert all(team.vehicle for team in project.teams)


def test_conditions_are_three_seasons_of_day_night_and_fog(project):
    assert [condition.season for condition in project.conditions] == ["winter"] * 3 + ["spring"] * 3 + [
        "summer"
    ] * 3
    fog = [condition for condition in project.conditions if condition.weather == "fog"]
    assert len(fog) == 3
    assert all(condition.correlated for condition in fog)


def test_what_is_made_up_says_so(folder, project):
    for name in ("posts_illustrative.geojson", "teams_illustrative.geojson"):
        features = json.loads((folder / name).read_text())["features"]
        assert all("illustrative" in feature["properties"]["note"] for feature in features)
    rows = (folder / "barriers_illustrative.csv").read_text().splitlines()[1:]
    assert all("illustrative" in row for row in rows)
    assert any("illustrative" in note for note in project.notes)
    text = (folder / "ATTRIBUTION.md").read_text()
    assert all(word in text for word in ("OpenStreetMap", "Open Database License", "GEBCO", "AGCHO", "OCHA"))
    assert "ODbL" in project.line.source
    named = {f"`{path.name}`" for path in folder.iterdir() if "illustrative" not in path.name}
    assert all(name in text for name in named - {"`project.toml`", "`README.md`", "`ATTRIBUTION.md`"})


def test_the_hashes_are_the_shipped_files(folder, project):
    for name, digest in project.hashes.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest


def test_names():
    assert example.example_names() == ("tajik-afghan", "kyrgyz-tajik")
    with pytest.raises(UnknownName, match="tajik-afghan"):
        example.write_example("atlantis", "x")


def test_a_folder_with_files_is_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(InputFaults, match="a new or empty folder"):
        example.write_example("tajik-afghan", tmp_path)
    with pytest.raises(InputFaults, match="found a file"):
        example.write_example("tajik-afghan", tmp_path / "mine.txt")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_an_empty_folder_is_filled_and_nothing_is_left_beside_it(tmp_path):
    target = tmp_path / "project"
    target.mkdir()
    assert example.write_example("tajik-afghan", target) == target
    assert (target / "project.toml").is_file()
    assert [path.name for path in tmp_path.iterdir()] == ["project"]


def test_a_copy_that_breaks_off_leaves_nothing(tmp_path, monkeypatch):
    def stop(*_: object, **__: object) -> None:
        raise PermissionError("not here")

    monkeypatch.setattr(example, "copy_files", stop)
    with pytest.raises(InputFaults, match="not here"):
        example.write_example("tajik-afghan", tmp_path / "project")
    assert list(tmp_path.iterdir()) == []
