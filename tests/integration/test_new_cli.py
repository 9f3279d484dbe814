"""`sarhad new --line`: a project that passes the check, or nothing and one list of what is lacking."""

from __future__ import annotations

import json
import os
import pty
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import geopandas
import numpy as np
import pytest
import rasterio
import rasterio.shutil
import shapely
from tests.terrain_cases import save
from typer.testing import CliRunner

from sarhad.errors import InputFaults, NotWritten
from sarhad.interfaces.cli.app import app
from sarhad.io import new_project
from sarhad.io.project import check_project, open_project
from sarhad.planning.calendar import illustrative_conditions
from small_border import LENGTH_M, LINE_Y_M, START_X_M, line_y_m, to_lon_lat, write_terrain


def border() -> np.ndarray:
    x_m = np.linspace(START_X_M, START_X_M + LENGTH_M, 81)
    return to_lon_lat(x_m, line_y_m(x_m))


def write(path: Path, shapes: list, **columns: list) -> Path:
    geopandas.GeoDataFrame(columns, geometry=shapes, crs="EPSG:4326").to_file(path, engine="pyogrio")
    return path


@pytest.fixture
def line(tmp_path: Path) -> Path:
    """A line of 40 km within the shipped relief, alone in a folder of files to bring."""
    (tmp_path / "mine").mkdir()
    return write(tmp_path / "mine" / "line.geojson", [shapely.LineString(border())], source=["drawn by hand"])


def new(*words: object) -> dict:
    result = CliRunner().invoke(app, ["new", *map(str, words), "--json"])
    assert result.exit_code == 0, result.exception
    return json.loads(result.stdout)


def refused(*words: object) -> str:
    result = CliRunner().invoke(app, ["new", *map(str, words)])
    assert isinstance(result.exception, InputFaults), result.output
    return str(result.exception)


def test_a_line_alone_becomes_a_project_and_every_default_is_stated(line: Path, tmp_path: Path) -> None:
    folder = tmp_path / "project"
    told = new(folder, "--line", line, "--home", "left")
    assert check_project(folder) == ()
    project = open_project(folder)
    assert project.line.length_m == pytest.approx(told["line"]["length_m"], abs=0.01)
    assert (project.line.home_side, project.line.source) == ("left", "drawn by hand")
    assert told["terrain"]["kind"] == project.terrain.kind == "real"
    text = (folder / "project.toml").read_text()
    unwrapped = text.replace("\n# ", " ")
    assert {"terrain", "conditions", "targets", "equipment", "budget", "sites", "goals", "settings"} <= {
        default["section"] for default in told["defaults"]
    }
    for default in told["defaults"]:
        assert default["said"] in unwrapped
    row = geopandas.read_file(folder / "line.gpkg").iloc[0]
    assert (row.source, row.vertex_step_m) == (
        "drawn by hand",
        pytest.approx(project.line.vertex_step_m, abs=1e-3),
    )
    assert sorted(path.name for path in folder.iterdir()) == [
        "conditions.csv",
        "line.gpkg",
        "project.toml",
        "terrain.tif",
    ]


def test_equal_inputs_give_equal_bytes(line: Path, tmp_path: Path) -> None:
    folders = [tmp_path / place / "project" for place in ("a", "b")]
    for folder in folders:
        new(folder, "--line", line, "--home", "left")
    for path in folders[0].iterdir():
        assert path.read_bytes() == (folders[1] / path.name).read_bytes(), path.name


def test_all_that_is_lacking_or_wrong_comes_in_one_list_and_nothing_is_written(
    line: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "project"
    said = refused(
        folder, "--line", line, "--terrain", tmp_path / "none.tif", "--sites", line, "--home", "up"
    )
    for words in ("--home: expected one of left, right", "--terrain-kind", "--vertical-datum", "none.tif"):
        assert words in said
    said = refused(folder, "--line", tmp_path / "none.gpkg", "--home-point", 37.0, 170.0, "--title", "x")
    assert "no such file" in said
    assert "--line: expected a file with the border's line" in refused(folder, "--roads", line)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine"]


def test_a_closed_input_is_never_waited_for(line: Path, tmp_path: Path) -> None:
    words = [sys.executable, "-m", "sarhad", "new", str(tmp_path / "project"), "--line", str(line)]
    done = subprocess.run(
        ["sh", "-c", 'exec "$@" <&-', "sh", *words], capture_output=True, text=True, check=False, timeout=999
    )
    assert done.returncode == 3
    assert "left is north, right is south" in done.stderr


def test_at_a_terminal_what_is_missing_is_asked_for(line: Path, tmp_path: Path) -> None:
    leader, follower = pty.openpty()
    words = [sys.executable, "-m", "sarhad", "new", str(tmp_path / "project"), "--title", "Ours"]
    with subprocess.Popen(words, stdin=follower, stdout=follower, stderr=follower) as asking:
        os.close(follower)
        os.write(leader, f"{line}\nup\nleft\ny\n".encode())
        said = b""
        try:
            while chunk := os.read(leader, 4096):
                said += chunk
        except OSError:  # the other end of the terminal is closed
            pass
    os.close(leader)
    assert asking.returncode == 0, said.decode()
    words_said = " ".join(said.decode().split())
    assert "A file with the border's line" in words_said
    assert "left is north, right is south" in words_said
    assert "KIND real, GEBCO_2023" in words_said
    project = open_project(tmp_path / "project")
    assert (project.title, project.line.home_side, project.line.source) == ("Ours", "left", "drawn by hand")


def test_a_place_of_home_says_its_side(line: Path, tmp_path: Path) -> None:
    lon, lat = to_lon_lat(np.array([START_X_M + 9e3]), np.array([LINE_Y_M - 9e3]))[0]
    assert new(tmp_path / "a", "--line", line, "--home-point", lon, lat)["line"]["home_side"] == "right"
    said = refused(tmp_path / "b", "--line", line, "--home-point", lon, lat, "--home", "left")
    assert "either --home or --home-point" in said


def test_own_terrain_is_copied_or_left_with_its_kind_and_datum(line: Path, tmp_path: Path) -> None:
    heights = tmp_path / "mine" / "heights.tif"
    write_terrain(heights)
    given = ["--line", line, "--home", "left", "--terrain", heights, "--vertical-datum", "none (made up)"]
    new(tmp_path / "a", *given, "--terrain-kind", "synthetic", "--terrain-source", "sines")
    document = tomllib.loads((tmp_path / "a" / "project.toml").read_text())
    assert document["terrain"] == {
        "file": "heights.tif",
        "kind": "synthetic",
        "vertical_datum": "none (made up)",
        "source": "sines",
        "voids": "refuse",
    }
    assert (tmp_path / "a" / "heights.tif").read_bytes() == heights.read_bytes()
    new(tmp_path / "b", *given, "--terrain-kind", "synthetic", "--no-copy")
    document = tomllib.loads((tmp_path / "b" / "project.toml").read_text())
    assert document["terrain"]["file"] == str(heights)
    assert not (tmp_path / "b" / "heights.tif").exists()


def test_a_line_without_relief_says_what_is_lacking(tmp_path: Path) -> None:
    far = write(tmp_path / "far.kml", [shapely.LineString([(-70.0, -30.0), (-70.2, -31.0)])])
    said = refused(tmp_path / "project", "--line", far)
    assert "--home: expected" in said
    assert "the relief shipped with Sarhad does not reach this line" in said


def test_a_project_with_faults_is_not_left_behind(line: Path, tmp_path: Path) -> None:
    """The heights end 2 km from the line: the check says so, and no folder stays."""
    heights = tmp_path / "mine" / "heights.tif"
    write_terrain(heights)
    long_line = shapely.LineString(to_lon_lat(np.array([4.4e5, 5.6e5]), np.full(2, LINE_Y_M)))
    path = write(tmp_path / "mine" / "long.gpkg", [long_line])
    given = ["--terrain", heights, "--terrain-kind", "synthetic", "--vertical-datum", "none"]
    assert "heights over the band" in refused(tmp_path / "p", "--line", path, "--home", "left", *given)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine"]


def test_several_rasters_become_a_folder_or_stay_where_they_are(line: Path, tmp_path: Path) -> None:
    """Two tiles, named one by one or by their folder; two of one name, and a VRT, cannot be copied."""
    whole, tiles = tmp_path / "whole.tif", tmp_path / "tiles"
    write_terrain(whole)
    with rasterio.open(whole) as data:
        value, frame = data.read(1), data.transform
    for name, cols in (("west", slice(0, 250)), ("east", slice(250, None))):
        save(tiles / f"{name}.tif", value[:, cols], frame.c + cols.start * frame.a, frame.f, frame.a)
    given = ["--line", line, "--home", "left", "--terrain-kind", "synthetic", "--vertical-datum", "none"]
    for name, words in {
        "a": ["--terrain", tiles],
        "b": ["--terrain", tiles / "west.tif", "--terrain", tiles / "east.tif"],
    }.items():
        new(tmp_path / name, *given, *words)
        assert sorted(path.name for path in (tmp_path / name / "terrain").iterdir()) == [
            "east.tif",
            "west.tif",
        ]
        project = open_project(tmp_path / name)
        assert {path.name for path in project.terrain.paths} == {"east.tif", "west.tif"}
    new(tmp_path / "c", *given, "--terrain", tiles, "--no-copy")
    document = tomllib.loads((tmp_path / "c" / "project.toml").read_text())
    assert document["terrain"]["file"] == str(tiles)
    rasterio.shutil.copy(whole, tmp_path / "whole.vrt", driver="VRT")
    (tmp_path / "again").mkdir()
    shutil.copy(tiles / "west.tif", tmp_path / "again" / "west.tif")
    said = refused(
        tmp_path / "d", *given, *(["--terrain", tmp_path / "whole.vrt"]), *(["--terrain", tiles]),
        *(["--terrain", tmp_path / "again"]),
    )  # fmt: skip
    assert "a raster in one file" in said
    assert "west.tif again" in said
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "none in" in refused(tmp_path / "e", *given, "--terrain", empty)


def test_roads_of_known_speed_are_driven_on(line: Path, tmp_path: Path) -> None:
    lines = [
        shapely.LineString(to_lon_lat(START_X_M + np.array([x_m, x_m]), LINE_Y_M + np.array([from_m, to_m])))
        for x_m, from_m, to_m in ((9e3, 2e3, 9e3), (2e4, -8e3, -3e3), (2e4, 6e4, 7e4))
    ]
    path = write(tmp_path / "roads.geojson", lines, road_class=["track", "track", "track"], width=[3, 3, 3])
    told = new(tmp_path / "a", "--line", line, "--home", "left", "--roads", path)
    project = open_project(tmp_path / "a")
    assert len(geopandas.read_file(tmp_path / "a" / "goals.gpkg")) == 1  # at home alone
    assert len(geopandas.read_file(tmp_path / "a" / "roads.gpkg")) == 2
    assert project.roads is not None
    assert len(project.roads.speed_mps) == 2
    assert not any("no teams drive" in note for note in told["notes"])
    path = write(tmp_path / "plain.geojson", lines)
    told = new(tmp_path / "b", "--line", line, "--home", "left", "--roads", path)
    assert any("no teams drive on these roads" in note for note in told["notes"])
    assert open_project(tmp_path / "b").roads is None


def test_light_is_that_of_the_line(line: Path, tmp_path: Path) -> None:
    new(tmp_path / "a", "--line", line, "--home", "left")
    found = open_project(tmp_path / "a").conditions
    part = open_project(tmp_path / "a").line.parts[0]
    lon_deg, lat_deg = (float(one[0]) for one in part.at(np.array([(part.from_m + part.to_m) / 2.0])))
    assert found == illustrative_conditions(lat_deg, lon_deg)


def test_sites_and_roads_are_cut_to_the_band(line: Path, tmp_path: Path) -> None:
    x_m = START_X_M + np.array([5e3, 15e3, 25e3])
    near, far = to_lon_lat(x_m, line_y_m(x_m) + 900.0), to_lon_lat(x_m, line_y_m(x_m) + 90_000.0)
    sites = write(tmp_path / "mine" / "s.shp", [shapely.Point(at) for at in (*near, far[0])])
    (tmp_path / "mine" / "s.csv").write_text(
        "site_id,lon_deg,lat_deg,accepts\n"
        + "".join(f"h{k},{lon},{lat},\n" for k, (lon, lat) in enumerate(near))
    )
    through = [to_lon_lat(x_m[:1], LINE_Y_M + np.array([off_m]))[0] for off_m in (-90e3, 90e3)]
    roads = write(
        tmp_path / "mine" / "r.kml",
        [shapely.LineString(run) for run in (near, far, through)],
        name=list("abc"),
    )
    told = new(tmp_path / "a", "--line", line, "--home", "left", "--sites", sites, "--roads", roads)
    assert told["notes"] == [
        "s.shp: no column site_id; sites are named by their rows, site-1 on",
        "s.shp: 1 of 4 lie outside the band: left out",
        "r.kml: 1 of 3 lie outside the band: left out",
        "r.kml: no column road_class or speed_mps, so no teams drive on these roads: see [roads]",
    ]
    project = open_project(tmp_path / "a")
    assert [site.site_id for site in project.sites] == ["site-1", "site-2", "site-3"]
    assert (project.goals.kind, len(project.goals.lon_lat_deg)) == ("layer", 2)
    new(tmp_path / "b", "--line", line, "--home", "left", "--sites", tmp_path / "mine" / "s.csv")
    assert [site.site_id for site in open_project(tmp_path / "b").sites] == ["h0", "h1", "h2"]
    alone = write(tmp_path / "mine" / "far.gpkg", [shapely.LineString(far)])
    said = refused(tmp_path / "c", "--line", line, "--home", "left", "--roads", alone)
    assert "none of 1" in said


def test_faults_of_layers_are_told_in_the_users_own_file_and_row(line: Path, tmp_path: Path) -> None:
    """Rows that lie elsewhere are left out of the project, and shift no row that is told."""
    (x, y), (u, v) = to_lon_lat(START_X_M + np.array([5e3, 15e3]), np.full(2, LINE_Y_M + 900.0))
    sites, given = tmp_path / "mine" / "s.csv", ["--line", line, "--home", "left"]
    head = "site_id,lon_deg,lat_deg,accepts\n"
    sites.write_text(f"{head}far,5,5,\na,{x},{y},\nb,{u},{v},no_such_type\n")
    said = refused(tmp_path / "p", *given, "--sites", sites)
    assert "s.csv row 3, accepts: expected a known equipment_id" in said
    sites.write_text(f"{head}far,5,5,\na,{x},{y},\na,{u},{v},\n")
    assert 's.csv row 3, site_id: expected an id that no other row has, found "a" again (first in row 2)' in (
        refused(tmp_path / "p", *given, "--sites", sites)
    )
    sites.write_text(f"{head}a,{x},{y},\nb,{x},nan,\nc,{x},97,\nd,,{y},\n")
    said = refused(tmp_path / "p", *given, "--sites", sites)
    assert all(words in said for words in ("row 2, lat_deg", "row 3, lat_deg", "row 4, lon_deg"))
    shapes = [shapely.LineString([(5, 5), (6, 6)]), shapely.LineString([(x, y), (u, v)])]
    roads = write(tmp_path / "mine" / "r.gpkg", shapes, road_class=["primary", "no_such_class"])
    assert "r.gpkg row 2, road_class" in refused(tmp_path / "p", *given, "--roads", roads)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine"]


def test_line_roads_and_sites_may_be_layers_of_one_file(line: Path, tmp_path: Path) -> None:
    (x, y), (u, v) = to_lon_lat(START_X_M + np.array([5e3, 15e3]), np.full(2, LINE_Y_M + 900.0))
    path = tmp_path / "mine" / "all.gpkg"
    layers = {
        "border": [shapely.LineString(border())],
        "roads": [shapely.LineString([(x, y), (u, v)])],
        "sites": [shapely.Point(x, y), shapely.Point(u, v), shapely.Point(5, 5)],
    }
    for name, shapes in layers.items():
        frame = geopandas.GeoDataFrame(geometry=shapes, crs="EPSG:4326")
        frame.to_file(path, layer=name, engine="pyogrio")
    given = ["--line", path, "--layer", "border", "--home", "left", "--roads", path, "--sites", path]
    assert "one layer named out of border, roads, sites" in refused(tmp_path / "p", *given)
    new(tmp_path / "p", *given, "--roads-layer", "roads", "--sites-layer", "sites")
    project = open_project(tmp_path / "p")
    assert [site.site_id for site in project.sites] == ["site-1", "site-2"]
    assert len(project.goals.lon_lat_deg) == 1
    extract = tmp_path / "mine" / "place.osm.pbf"
    extract.write_bytes(b"")
    said = refused(tmp_path / "q", "--line", line, "--home", "left", "--roads", extract)
    assert "sarhad osm takes those of an extract" in said


def test_two_countries_become_a_project(tmp_path: Path) -> None:
    lon = border()[:, 0]
    south = shapely.Polygon([*border(), (lon[-1], 37.0), (lon[0], 37.0)])
    north = shapely.Polygon(
        [*(border() + [0, 0.002] * (np.arange(81) == 40)[:, None]), (lon[-1], 38), (lon[0], 38)]
    )
    path = write(tmp_path / "two.gpkg", [south, north], name=["South", "North"])
    told = new(tmp_path / "a", "--line", path, "--between", "South", "North", "--home", "North")
    assert told["line"]["home_side"] == "left"
    assert "North draws the border" in told["notes"][0]
    place = [float(lon.mean()), 37.2]
    told = new(tmp_path / "b", "--line", path, "--between", "South", "North", "--home-point", *place)
    assert "South draws the border" in told["notes"][0]
    assert "one of South, North" in refused(
        tmp_path / "c", "--line", path, "--between", "South", "North", "--home", "left"
    )


def test_an_interrupt_leaves_nothing(line: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(new_project.shutil, "copyfile", interrupted)
    CliRunner().invoke(app, ["new", str(tmp_path / "project"), "--line", str(line), "--home", "left"])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine"]


@pytest.mark.parametrize("size", ["16k", "1m"])
def test_a_full_disk_leaves_nothing(line: Path, tmp_path: Path, size: str) -> None:
    """Room for nothing, and room for the line but not for the relief of 3.8 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip("mounting a small file system is not permitted here")
    try:
        result = CliRunner().invoke(app, ["new", str(place / "p"), "--line", str(line), "--home", "left"])
        assert isinstance(result.exception, NotWritten), result.output
        assert "MB are free there" in str(result.exception)
        assert list(place.iterdir()) == []
    finally:
        subprocess.run(["umount", "-l", str(place)], check=False)


def test_a_folder_with_files_is_left_alone(line: Path, tmp_path: Path) -> None:
    assert "a new or empty folder" in refused(line.parent, "--line", line, "--home", "left")
    assert [path.name for path in line.parent.iterdir()] == ["line.geojson"]
