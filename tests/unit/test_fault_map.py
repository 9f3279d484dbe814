"""The GeoPackage of faults, read back by pyogrio: each fault at the place of its row, the rest in a table."""

from __future__ import annotations

import json
from pathlib import Path

import pyogrio
import pytest
import shapely
from typer.testing import CliRunner

from sarhad.errors import InputFaults
from sarhad.interfaces.cli.app import app
from sarhad.io import fault_map
from sarhad.io.fault_map import TABLE, write_fault_map
from sarhad.io.inspection import FIELDS, inspect_project
from sarhad.io.line import place_on_line
from sarhad.io.project import read_project_line
from small_border import PROJECT


def spoil(folder: Path) -> None:
    """Plant faults with a point, a range of the line, a line, an outline, and one without a place."""
    data = json.loads((folder / "assets.geojson").read_text())
    data["features"][1]["properties"]["mast_m"] = -3
    (folder / "assets.geojson").write_text(json.dumps(data))
    text = (folder / "districts.csv").read_text()
    assert "West,0,20" in text
    (folder / "districts.csv").write_text(text.replace("West,0,20", "West,30,20"))
    teams = (folder / "teams.csv").read_text().replace("team-1,", "team-2,", 1)
    (folder / "teams.csv").write_text(teams)
    (folder / "project.toml").write_text(
        PROJECT.replace("money_usd = 600000", "money_usd = 0").replace('"synthetic"\nv', '"real"\nv')
    )


def test_each_fault_stands_at_its_place(small_project_folder: Path, tmp_path: Path) -> None:
    spoil(small_project_folder)
    rows = inspect_project(small_project_folder).rows()
    path = tmp_path / "faults.gpkg"
    write_fault_map(path, small_project_folder, rows)
    layers = {str(name): str(kind) for name, kind in pyogrio.list_layers(path)}
    assert set(layers) == {"points", "lines", "areas", TABLE}
    assert layers[TABLE] == "None"
    found = {name: pyogrio.read_dataframe(path, layer=name) for name in layers}
    assert sum(len(frame) for frame in found.values()) == len(rows)
    assert all(set(FIELDS) <= set(frame.columns) for frame in found.values())
    points = {(row.file, row.row): row.geometry for row in found["points"].itertuples()}
    assert set(points) == {("assets.geojson", 2), ("teams.csv", 2)}
    assert points["assets.geojson", 2].equals_exact(shapely.Point(68.943439, 37.4915015), 1e-9)
    (west,) = found["lines"].itertuples()
    assert (west.file, west.row, west.severity) == ("districts.csv", 1, "fault")
    line = read_project_line(small_project_folder)
    lon, lat = shapely.get_coordinates(west.geometry).T
    chainage_m, offset_m = place_on_line(line, lon, lat)
    assert (chainage_m.min(), chainage_m.max()) == pytest.approx((20e3, 30e3), abs=1.0)
    assert abs(offset_m).max() < 0.01
    (terrain,) = found["areas"].itertuples()
    assert (terrain.file, terrain.column) == ("terrain.tif", "kind")
    assert terrain.geometry.contains(points["assets.geojson", 2])
    (budget,) = found[TABLE].itertuples()
    assert (budget.file, budget.column, budget.found) == ("project.toml", "money_usd", "0")


def test_a_self_crossing_line_is_shown(small_project_folder: Path, tmp_path: Path) -> None:
    crossed = {"type": "LineString", "coordinates": [[69, 37.5], [69.2, 37.6], [69.2, 37.5], [69, 37.6]]}
    feature = {"type": "Feature", "properties": {}, "geometry": crossed}
    (small_project_folder / "line.geojson").write_text(
        json.dumps({"type": "FeatureCollection", "features": [feature]})
    )
    rows = inspect_project(small_project_folder).rows()
    write_fault_map(tmp_path / "f.gpkg", small_project_folder, rows)
    lines = pyogrio.read_dataframe(tmp_path / "f.gpkg", layer="lines")
    shown = [row for row in lines.itertuples() if row.file == "line.geojson"]
    assert len(shown) == 1
    assert "crosses nor touches itself" in shown[0].expected
    assert shown[0].geometry.equals(shapely.LineString(crossed["coordinates"]))


def test_other_files_are_not_overwritten(small_project_folder: Path, tmp_path: Path) -> None:
    own = tmp_path / "own.gpkg"
    pyogrio.write_dataframe(pyogrio.read_dataframe(small_project_folder / "line.geojson"), own, layer="line")
    before = own.read_bytes()
    with pytest.raises(InputFaults, match="other layers are not overwritten"):
        write_fault_map(own, small_project_folder, [])
    assert own.read_bytes() == before
    with pytest.raises(InputFaults, match="a GeoPackage"):
        write_fault_map(tmp_path / "faults.csv", small_project_folder, [])


def test_the_command_writes_it_and_again(small_project_folder: Path, tmp_path: Path) -> None:
    spoil(small_project_folder)
    path = tmp_path / "faults.gpkg"
    for _ in range(2):
        done = CliRunner().invoke(app, ["check", str(small_project_folder), "--faults", str(path), "--json"])
        assert done.exit_code == 3
        assert len(json.loads(done.stdout)) == 5
    assert [one.name for one in tmp_path.glob("*.gpkg*")] == ["faults.gpkg"]
    (small_project_folder / "project.toml").write_text(PROJECT)


def test_of_very_many_rows_of_a_file_the_first_are_shown_and_the_rest_are_counted(
    small_project_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rows of another file all stay."""
    monkeypatch.setattr(fault_map, "MOST_OF_A_FILE", 25)
    rows = [f"d{k},{k % 40},0" for k in range(60)]
    (small_project_folder / "districts.csv").write_text("\n".join(["name,km_from,km_to", *rows]) + "\n")
    (small_project_folder / "teams.csv").write_text(
        (small_project_folder / "teams.csv").read_text().replace("team-1,", "team-2,", 1)
    )
    path = tmp_path / "faults.gpkg"
    said = CliRunner().invoke(app, ["check", str(small_project_folder), "--faults", str(path)])
    shown = [
        row
        for name, _ in pyogrio.list_layers(path)
        for row in pyogrio.read_dataframe(path, name).itertuples()
    ]
    assert sorted(row.row for row in shown if row.file == "districts.csv") == list(range(1, 26))
    assert [row.row for row in shown if row.file == "teams.csv"] == [2]
    assert "35 more rows of districts.csv are not in it: --json lists all." in " ".join(said.stdout.split())
    asked = CliRunner().invoke(app, ["check", str(small_project_folder), "--faults", str(path), "--json"])
    assert len(json.loads(asked.stdout)) == 61


def test_the_screen_groups_by_file_and_is_cut(small_project_folder: Path) -> None:
    rows = [f"d{k},{k % 40},0" for k in range(60)]
    (small_project_folder / "districts.csv").write_text("\n".join(["name,km_from,km_to", *rows]) + "\n")
    said = CliRunner().invoke(app, ["check", str(small_project_folder)])
    assert said.exit_code == 3
    assert "60 faults" in said.stdout
    assert "and 10 more rows in districts.csv" in said.stdout


def test_doubts_do_not_stop(small_project_folder: Path) -> None:
    data = json.loads((small_project_folder / "assets.geojson").read_text())
    data["features"][1]["properties"]["availability"] = 1
    (small_project_folder / "assets.geojson").write_text(json.dumps(data))
    said = CliRunner().invoke(app, ["check", str(small_project_folder)])
    assert said.exit_code == 0
    assert said.stdout.startswith("No faults found.\n1 doubt")
    assert "works for every crossing" in " ".join(said.stdout.split())
