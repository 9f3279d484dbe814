"""Inputs as they go wrong in the field, each in a sound project, each with the words a person reads."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import geopandas
import pyogrio
import pytest

from sarhad.errors import Fault
from sarhad.io.project import check_project
from small_border import PROJECT

LOCK = """
import sqlite3, sys
held = sqlite3.connect(sys.argv[1], isolation_level=None)
held.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
sys.stdin.read()
"""


def faults_of(folder: Path, file: str) -> list[Fault]:
    return [fault for fault in check_project(folder) if fault.file == file]


def with_line(folder: Path, *parts: list[list[float]]) -> list[Fault]:
    features = [
        {"type": "Feature", "properties": {}, "geometry": {"type": "LineString", "coordinates": part}}
        for part in parts
    ]
    (folder / "line.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return faults_of(folder, "line.geojson")


@pytest.mark.parametrize(
    ("parts", "expected", "found"),
    [
        (
            [[[69.0, 37.5], [69.2, 37.6], [69.2, 37.5], [69.0, 37.6]]],
            "a line that neither crosses nor touches itself",
            "part 0 meets itself at 69.10000 37.55000",
        ),
        (
            [[[69.0, 37.5], [69.1, 37.5]], [[69.2, 37.5], [69.1, 37.5]]],
            "parts that all run the same way",
            "parts 0 and 1 share their end: one of them runs backwards",
        ),
        ([[[69.0, 37.5], [69.0, 37.5]]], "a part longer than 1 mm", "a part of zero length"),
        (
            [[[179.9, 67.5], [-179.9, 67.5]]],
            "a line that does not cross the 180 degree meridian",
            "a jump in longitude",
        ),
    ],
    ids=["self-crossing", "reversed", "zero length", "antimeridian"],
)
def test_lines(small_project_folder: Path, parts: list, expected: str, found: str) -> None:
    (fault,) = with_line(small_project_folder, *parts)
    assert fault.column == "geometry"
    assert fault.expected.startswith(expected)
    assert fault.found == found


def test_a_layer_that_another_program_holds(small_project_folder: Path) -> None:
    path = small_project_folder / "assets.gpkg"
    geopandas.read_file(small_project_folder / "assets.geojson").to_file(path)
    (small_project_folder / "project.toml").write_text(PROJECT.replace("assets.geojson", "assets.gpkg"))
    pyogrio.set_gdal_config_options({"SQLITE_BUSY_TIMEOUT": "100", "OGR_SQLITE_BUSY_TIMEOUT": "100"})
    command = [sys.executable, "-c", LOCK, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"locked\n"
        found = check_project(small_project_folder)
        other.communicate()
    pyogrio.set_gdal_config_options({"SQLITE_BUSY_TIMEOUT": None, "OGR_SQLITE_BUSY_TIMEOUT": None})
    (fault,) = found
    assert (fault.file, fault.expected) == ("assets.gpkg", "a file that can be read")
    assert fault.found.startswith("a lock by another program")
    assert check_project(small_project_folder) == ()


def test_columns_of_one_name(small_project_folder: Path) -> None:
    (small_project_folder / "marks.csv").write_text("name,km,km\nBridge,12.5,13\n")
    (fault,) = check_project(small_project_folder)
    assert (fault.file, fault.expected, fault.found) == (
        "marks.csv",
        "columns with different names",
        "name, km, km",
    )


def test_cyrillic_is_read_in_utf_8_and_else_refused(small_project_folder: Path) -> None:
    marks = "name,km\nМост у Пянджа,12.5\n"
    (small_project_folder / "marks.csv").write_text(marks, encoding="utf-8-sig")
    assert check_project(small_project_folder) == ()
    (small_project_folder / "marks.csv").write_text(marks, encoding="cp1251")
    (fault,) = check_project(small_project_folder)
    assert (fault.file, fault.row, fault.expected) == ("marks.csv", 1, "comma-separated text in UTF-8")
    assert fault.found.startswith("letters in another encoding")


def test_a_raster_cut_short(small_project_folder: Path) -> None:
    whole = (small_project_folder / "terrain.tif").read_bytes()
    for kept in (100, len(whole) // 2, len(whole) - 2_000):
        (small_project_folder / "terrain.tif").write_bytes(whole[:kept])
        (fault,) = faults_of(small_project_folder, "terrain.tif")
        assert fault.expected == "a whole file that GDAL can read as a raster"


def test_every_fault_of_a_long_table_is_told_in_its_row(small_project_folder: Path) -> None:
    """Every hundredth row is wrong in one of four ways; all are found, each in its row."""
    n = 20_000
    rows = [f"s{k},68.83,37.518,thermal_medium" for k in range(n)]
    for k in range(0, n, 400):
        rows[k] = f"s{k},abc,37.518,thermal_medium"
        rows[k + 100] = f"s{k},68.83,37.518,thermal_medium"
        rows[k + 200] = f"s{k + 200},68.83,37.9,thermal_medium"
        rows[k + 300] = f"s{k + 300},68.83,37.518,thermal_medum"
    (small_project_folder / "sites.csv").write_text("site_id,lon_deg,lat_deg,accepts\n" + "\n".join(rows))
    text = PROJECT.replace("[candidates]\nn = 40\n", '[sites]\nfile = "sites.csv"\n')
    (small_project_folder / "project.toml").write_text(text)
    found = {(fault.row, fault.column) for fault in check_project(small_project_folder)}
    assert found == {
        place
        for k in range(0, n, 400)
        for place in (
            (k + 1, "lon_deg"),
            (k + 101, "site_id"),
            (k + 201, "geometry"),
            (k + 301, "accepts"),
        )
    }


def test_a_byte_order_mark_before_the_project_is_read_over(small_project_folder: Path) -> None:
    """Some editors put one before text in UTF-8."""
    path = small_project_folder / "project.toml"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert check_project(small_project_folder) == ()


@pytest.mark.parametrize("file", ["project.toml", "teams.csv"])
def test_a_file_that_the_system_does_not_give(small_project_folder: Path, file: str) -> None:
    """As without the right to read it: the memory of a process at 0 is nothing that can be read."""
    (small_project_folder / file).unlink()
    (small_project_folder / file).symlink_to("/proc/self/mem")
    (fault,) = faults_of(small_project_folder, file)
    assert (fault.expected, fault.found) == ("a file that can be read", "Input/output error")


def test_a_folder_in_the_place_of_the_project_s_file(small_project_folder: Path) -> None:
    (small_project_folder / "project.toml").unlink()
    (small_project_folder / "project.toml").mkdir()
    (fault,) = check_project(small_project_folder)
    assert (fault.expected, fault.found) == ("a file that can be read", "Is a directory")


def test_lines_of_one_point_are_faults_of_their_rows(small_project_folder: Path) -> None:
    (fault,) = with_line(small_project_folder, [[69.0, 37.5]])
    assert (fault.row, fault.column, fault.found) == (1, "geometry", "no geometry")
    shapes = [
        {"type": "LineString", "coordinates": run} for run in ([[68.9, 37.5], [68.9, 37.51]], [[68.9, 37.5]])
    ]
    features = [
        {"type": "Feature", "properties": {"road_class": "track"}, "geometry": shape} for shape in shapes
    ]
    layer = small_project_folder / "roads.geojson"
    layer.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    path = small_project_folder / "project.toml"
    path.write_text(path.read_text() + '\n[roads]\nfile = "roads.geojson"\n')
    found = faults_of(small_project_folder, "roads.geojson")
    assert {fault.row for fault in found} == {2}
    assert "fewer" in {fault.found for fault in found}


def test_changes_that_are_still_beside_a_geopackage(small_project_folder: Path) -> None:
    """A program that edits in write-ahead mode, as QGIS does: what it saved is not in the file yet."""
    path = small_project_folder / "assets.gpkg"
    geopandas.read_file(small_project_folder / "assets.geojson").to_file(path)
    lines = small_project_folder / "line.gpkg"
    geopandas.read_file(small_project_folder / "line.geojson").to_file(lines)
    text = PROJECT.replace("assets.geojson", "assets.gpkg").replace("line.geojson", "line.gpkg")
    (small_project_folder / "project.toml").write_text(text)
    held = []
    for one in (path, lines):
        held.append(sqlite3.connect(one, isolation_level=None))
        held[-1].execute("PRAGMA journal_mode = WAL")
        held[-1].execute("CREATE TABLE unwritten (a)")
    faults = check_project(small_project_folder)
    assert {fault.file for fault in faults} == {"assets.gpkg", "line.gpkg"}
    assert all("not in it yet" in fault.found for fault in faults)
    for one in held:
        one.execute("DROP TABLE unwritten")
        one.close()  # the last to close writes what is beside into the file
    assert check_project(small_project_folder) == ()


def test_a_project_file_in_another_encoding(small_project_folder: Path) -> None:
    path = small_project_folder / "project.toml"
    title = next(line for line in PROJECT.splitlines() if line.startswith("title"))
    path.write_bytes(PROJECT.replace(title, 'title = "Граница"').encode("cp1251"))
    (fault,) = check_project(small_project_folder)
    assert (fault.row, fault.found) == (
        PROJECT.splitlines().index(title) + 1,
        "letters in another encoding: save the file as UTF-8",
    )


@pytest.mark.parametrize(("mark", "name"), [(";", "semicolons"), ("\t", "tabs")])
def test_cells_between_other_marks(small_project_folder: Path, mark: str, name: str) -> None:
    (small_project_folder / "marks.csv").write_text(f"name{mark}km\nBridge{mark}12\n")
    (fault,) = check_project(small_project_folder)
    assert (fault.file, fault.expected, fault.found) == ("marks.csv", "commas between the cells", name)


def test_columns_in_capitals_are_slips(small_project_folder: Path) -> None:
    (small_project_folder / "marks.csv").write_text("NAME,KM\nBridge,12\n")
    faults = check_project(small_project_folder)
    assert [(fault.expected, fault.found) for fault in faults] == [
        ("the name km", "the name KM"),
        ("the name name", "the name NAME"),
    ]


def test_longitudes_from_0_to_360(small_project_folder: Path) -> None:
    (fault,) = with_line(small_project_folder, [[179.5, 65.0], [181.0, 65.3]])
    assert fault.found.endswith("(longitudes from 0 to 360?)")
    (fault,) = with_line(small_project_folder, [[500_000.0, 4.1e6], [510_000.0, 4.1e6]])
    assert fault.found.endswith("(metres?)")
