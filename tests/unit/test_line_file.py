"""Files of lines as others keep them: every format the same line; what cannot be known is refused."""

from __future__ import annotations

import struct
import subprocess
import sys
from pathlib import Path

import geopandas
import numpy as np
import pyogrio
import pytest
import shapely

from sarhad.errors import InputFaults
from sarhad.io.example import example_file
from sarhad.io.line import read_line
from sarhad.io.line_file import LINES, POINTS, Declared, open_vector

BEND = [(70.0, 37.0), (70.1, 37.02), (70.2, 37.0), (70.3, 37.1)]
FORMATS = {
    "line.geojson": {},
    "line.gpkg": {},
    "line.shp": {},
    "line.kml": {"driver": "LIBKML"},
    "line.gpx": {"driver": "GPX", "layer": "tracks", "FORCE_GPX_TRACK": "YES"},
    "line.parquet": {},
}


def write(path: Path, shapes: list, crs: str | None = "EPSG:4326", **columns: list) -> Path:
    frame = geopandas.GeoDataFrame(columns, geometry=shapes, crs=crs)
    own = FORMATS.get(f"line{path.suffix}", {})
    if path.suffix == ".parquet":
        frame.to_parquet(path)
    else:
        frame.to_file(path, engine="pyogrio", **own)
    return path


def faults(path: Path, layer: str | None = None, kinds: tuple[str, ...] = LINES, **declared: str) -> str:
    with pytest.raises(InputFaults) as caught:
        open_vector(path, layer, kinds, [], Declared(**declared))
    return str(caught.value)


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_gives_the_same_chainage_to_a_centimetre(tmp_path: Path, name: str) -> None:
    """The shipped line of 1,363 km, 4,062 vertices."""
    shipped = read_line(example_file("tajik-afghan", "line.geojson"), line_id="a", home_side="left").parts[0]
    drawn = shapely.LineString(np.column_stack([shipped.lon_deg, shipped.lat_deg]))
    line = read_line(write(tmp_path / name, [drawn], name=["x"]), line_id="a", home_side="left")
    assert np.allclose(line.parts[0].chainage_m, shipped.chainage_m, rtol=0, atol=0.01)
    assert line.length_m == pytest.approx(1_363_266, abs=50)  # as the source states it


def test_gpx_shows_tracks_as_points_too_and_only_its_lines_count(tmp_path: Path) -> None:
    path = write(tmp_path / "a.gpx", [shapely.LineString(BEND)])
    assert len(open_vector(path, None, LINES, [])) == 1
    assert "an empty layer" in faults(path, kinds=POINTS)


def test_empty_layers_do_not_ask_for_a_name_and_full_ones_do(tmp_path: Path) -> None:
    path = tmp_path / "a.gpkg"
    full = geopandas.GeoDataFrame(geometry=[shapely.LineString(BEND)], crs="EPSG:4326")
    full.to_file(path, layer="one", engine="pyogrio")
    full.iloc[:0].to_file(path, layer="none", engine="pyogrio", geometry_type="LineString")
    assert len(open_vector(path, None, LINES, [])) == 1
    assert "an empty layer" in faults(path, "none")
    full.to_file(path, layer="two", engine="pyogrio")
    assert "one layer named out of one, two" in faults(path)


def test_heights_and_measures_are_left_out_with_a_note(tmp_path: Path) -> None:
    high = shapely.LineString([(lon, lat, 900.0) for lon, lat in BEND])
    for name in ("z.gpkg", "z.shp", "z.geojson", "z.parquet"):
        notes: list[str] = []
        frame = open_vector(write(tmp_path / name, [high]), None, LINES, notes)
        assert not frame.geometry.has_z.any()
        assert len(notes) == 1
        assert "heights" in notes[0]
    measured = shapely.from_wkt("LINESTRING M (70 37 1, 71 38 2)")
    notes = []
    frame = open_vector(write(tmp_path / "m.parquet", [measured]), None, LINES, notes)
    assert frame.geometry.iloc[0].equals(shapely.LineString([(70, 37), (71, 38)]))
    assert len(notes) == 1


@pytest.mark.parametrize("name", ["a.shp", "a.gpkg", "a.parquet"])
@pytest.mark.filterwarnings("ignore:'crs' was not provided")
def test_a_file_without_a_reference_system_is_refused_until_one_is_declared(
    tmp_path: Path, name: str
) -> None:
    path = write(tmp_path / name, [shapely.LineString(BEND)], None)
    assert "declare it with --crs, such as EPSG:4326" in faults(path)
    notes: list[str] = []
    frame = open_vector(path, None, LINES, notes, Declared(crs="EPSG:4326"))
    assert frame.total_bounds.tolist() == [70.0, 37.0, 70.3, 37.1]
    assert notes == [f"{name}: declares no reference system; read as EPSG:4326, as --crs says"]
    assert "a coordinate reference system such as" in faults(path, crs="north up")


def test_a_declared_system_is_not_overruled(tmp_path: Path) -> None:
    path = write(tmp_path / "a.gpkg", [shapely.LineString(BEND)])
    assert "leave --crs out" in faults(path, crs="EPSG:32642")
    assert len(open_vector(path, None, LINES, [], Declared(crs="EPSG:4326"))) == 1


def test_coordinates_far_from_where_a_system_is_used_are_refused(tmp_path: Path) -> None:
    """Web Mercator's numbers declared as a zone of UTM are finite places, on another continent."""
    mercator = geopandas.GeoSeries([shapely.LineString(BEND)], crs="EPSG:4326").to_crs("EPSG:3857")
    said = faults(write(tmp_path / "a.gpkg", list(mercator), "EPSG:32642"))
    assert "is the declared system the right one?" in said or "on the Earth" in said
    gauss = geopandas.GeoSeries([shapely.LineString(BEND)], crs="EPSG:4326").to_crs("EPSG:28412")
    assert "CRS: expected a place where" in faults(write(tmp_path / "b.gpkg", list(gauss), "EPSG:28426"))
    for crs in ("EPSG:32642", "EPSG:32643", "EPSG:3857"):
        known = geopandas.GeoSeries([shapely.LineString(BEND)], crs="EPSG:4326").to_crs(crs)
        place = write(tmp_path / f"{crs[5:]}.gpkg", list(known), crs)
        assert open_vector(place, None, LINES, []).total_bounds[0] == pytest.approx(70, abs=1e-6)


@pytest.fixture
def cyrillic(tmp_path: Path) -> Path:
    """A Shapefile whose names are CP1251, with nothing that says so."""
    path = tmp_path / "a.shp"
    frame = geopandas.GeoDataFrame(
        {"name": ["Граница"]}, geometry=[shapely.LineString(BEND)], crs="EPSG:4326"
    )
    frame.to_file(path, engine="pyogrio", encoding="CP1251")
    path.with_suffix(".cpg").unlink()
    table = bytearray(path.with_suffix(".dbf").read_bytes())
    table[29] = 0
    path.with_suffix(".dbf").write_bytes(table)
    return path


def test_undeclared_cyrillic_is_refused_and_read_right_when_declared(cyrillic: Path) -> None:
    assert "a declared encoding of the text" in faults(cyrillic)
    assert open_vector(cyrillic, None, LINES, [], Declared(encoding="CP1251")).name.tolist() == ["Граница"]
    cyrillic.with_suffix(".cpg").write_text("CP1251")
    assert open_vector(cyrillic, None, LINES, []).name.tolist() == ["Граница"]
    assert "encoding" in faults(cyrillic, encoding="KLINGON")


def test_the_code_page_of_the_table_itself_counts(cyrillic: Path) -> None:
    table = bytearray(cyrillic.with_suffix(".dbf").read_bytes())
    table[29] = 0xC9  # Russian Windows
    cyrillic.with_suffix(".dbf").write_bytes(table)
    assert open_vector(cyrillic, None, LINES, []).name.tolist() == ["Граница"]


def test_utf8_proves_itself_and_a_false_declaration_is_refused(cyrillic: Path) -> None:
    table = cyrillic.with_suffix(".dbf").read_bytes()
    word = "Граница".encode("cp1251")
    utf8 = "Граница".encode()
    cyrillic.with_suffix(".dbf").write_bytes(table.replace(word + b" " * 7, utf8))
    assert open_vector(cyrillic, None, LINES, []).name.tolist() == ["Граница"]
    cyrillic.with_suffix(".dbf").write_bytes(table)
    cyrillic.with_suffix(".cpg").write_text("UTF-8")
    assert "encoding" in faults(cyrillic)


def test_columns_of_one_name_are_refused(tmp_path: Path) -> None:
    """A dBASE table may name two columns alike: the header's second descriptor is renamed to the first's."""
    path = write(tmp_path / "a.shp", [shapely.LineString(BEND)], part=[1], past=[2])
    table = path.with_suffix(".dbf").read_bytes()
    path.with_suffix(".dbf").write_bytes(table.replace(b"past\0", b"part\0", 1))
    assert "columns with different names" in faults(path)


LOCK = """
import sqlite3, sys
held = sqlite3.connect(sys.argv[1], isolation_level=None)
held.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
sys.stdin.read()
"""


def test_a_geopackage_that_another_program_holds_is_said_to_be_locked(tmp_path: Path) -> None:
    path = write(tmp_path / "a.gpkg", [shapely.LineString(BEND)])
    command = [sys.executable, "-c", LOCK, str(path)]
    pyogrio.set_gdal_config_options({"SQLITE_BUSY_TIMEOUT": "100", "OGR_SQLITE_BUSY_TIMEOUT": "100"})
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"locked\n"
        said = faults(path)
        other.communicate()
    pyogrio.set_gdal_config_options({"SQLITE_BUSY_TIMEOUT": None, "OGR_SQLITE_BUSY_TIMEOUT": None})
    assert "a lock by another program" in said
    assert len(open_vector(path, None, LINES, [])) == 1


def test_a_torn_shapefile_is_a_fault(tmp_path: Path) -> None:
    path = write(tmp_path / "a.shp", [shapely.LineString(BEND)])
    raw = path.read_bytes()
    assert struct.unpack(">i", raw[:4]) == (9994,)
    path.write_bytes(raw[:60])
    assert "fault(s) in the inputs" in faults(path)
