"""All formats look alike once read; a reference system is declared and fits, or the layer is refused."""

from __future__ import annotations

import json
import math
import warnings
from pathlib import Path

import geopandas
import numpy as np
import pytest
import shapely

from sarhad.errors import Fault
from sarhad.io.vector import polylines, read_layer

LON_DEG, LAT_DEG = [68.5, 69.5], [37.25, 37.75]


def frame(crs: str | None = "EPSG:4326", **columns: object) -> geopandas.GeoDataFrame:
    points = shapely.points(LON_DEG, LAT_DEG)
    return geopandas.GeoDataFrame({"site_id": ["a", "b"], **columns}, geometry=points, crs=crs)


def read(path: Path, layer: str = ""):
    faults: list[Fault] = []
    return read_layer(path, path.name, layer, faults), faults


def write(path: Path, data: geopandas.GeoDataFrame) -> Path:
    if path.suffix == ".parquet":
        data.to_parquet(path)
    elif path.suffix == ".csv":
        path.write_text("site_id,lon_deg,lat_deg\na,68.5,37.25\nb,69.5,37.75\n")
    else:
        data.to_file(path, engine="pyogrio")
    return path


@pytest.mark.parametrize("suffix", [".gpkg", ".geojson", ".parquet", ".shp", ".csv"])
@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:32642"])
def test_every_format_gives_the_same_rows(tmp_path, suffix, crs):
    data = frame()
    path = write(tmp_path / f"sites{suffix}", data if suffix == ".geojson" else data.to_crs(crs))
    layer, faults = read(path)
    assert not faults
    assert layer is not None
    assert {"site_id", "lon_deg", "lat_deg"} <= set(layer.header)
    assert [row["site_id"] for row in layer.rows] == ["a", "b"]
    found = np.array([[float(row["lon_deg"]), float(row["lat_deg"])] for row in layer.rows])
    np.testing.assert_allclose(found, np.stack([LON_DEG, LAT_DEG], axis=1), atol=1e-7)


def test_formats_that_hold_rows_in_an_order_or_with_names_of_their_own(tmp_path):
    """FlatGeobuf sorts rows by place; KML knows a name and a geometry."""
    layer, faults = read(write(tmp_path / "sites.fgb", frame()))
    assert not faults
    assert sorted((row["site_id"], row["lon_deg"]) for row in layer.rows) == [("a", 68.5), ("b", 69.5)]
    frame().rename(columns={"site_id": "Name"}).to_file(tmp_path / "sites.kml", driver="KML")
    layer, faults = read(tmp_path / "sites.kml")
    assert not faults
    assert [(row["Name"], row["lat_deg"]) for row in layer.rows] == [("a", 37.25), ("b", 37.75)]


def one_fault(path: Path, layer: str = "") -> Fault:
    found, faults = read(path, layer)
    assert found is None
    assert len(faults) == 1, faults
    return faults[0]


def test_a_layer_without_a_reference_system_is_refused(tmp_path):
    for name in ("sites.gpkg", "sites.parquet"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            path = write(tmp_path / name, frame(crs=None))
        fault = one_fault(path)
        assert "never guessed" in fault.expected
        assert fault.found == "none"


@pytest.mark.parametrize("name", ["sites.gpkg", "sites.parquet"])
def test_degrees_declared_as_metres_are_refused(tmp_path, name):
    fault = one_fault(write(tmp_path / name, frame(crs="EPSG:32642")))
    assert fault.expected == "metres, as the declared EPSG:32642 says"
    assert fault.found == "coordinates 68.5 to 69.5 and 37.25 to 37.75 (degrees?)"


def test_metres_declared_as_degrees_are_refused(tmp_path):
    text = frame().to_crs("EPSG:32642").set_crs("EPSG:4326", allow_override=True)
    path = write(tmp_path / "sites.parquet", text)
    fault = one_fault(path)
    assert fault.expected == "degrees within +-180 and +-90, as the declared EPSG:4326 says"
    assert fault.found.endswith("(metres?)")


def test_geojson_in_metres_is_refused(tmp_path):
    feature = {
        "type": "Feature",
        "properties": {"site_id": "a"},
        "geometry": {"type": "Point", "coordinates": [455_000.0, 4_120_000.0]},
    }
    path = tmp_path / "sites.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    assert "degrees within" in one_fault(path).expected


def test_metres_that_are_nowhere_on_earth_are_refused(tmp_path):
    data = frame(crs="EPSG:32642")
    data["geometry"] = shapely.points([1e12, 1e12], [1e12, 1e12])
    assert "on the Earth" in one_fault(write(tmp_path / "sites.parquet", data)).expected


def test_nan_coordinates_are_a_fault_of_their_row(tmp_path):
    data = frame()
    with np.errstate(invalid="ignore"):
        data["geometry"] = shapely.linestrings([[[68, 37], [69, 37]], [[68, 37], [math.nan, 37]]])
    layer, faults = read(write(tmp_path / "lines.parquet", data))
    assert layer is not None
    assert [(f.row, f.column, f.expected) for f in faults] == [(2, "geometry", "finite coordinates")]


def test_nan_and_empty_cells_stay_apart(tmp_path):
    import pyarrow
    import pyarrow.parquet

    path = write(tmp_path / "sites.parquet", frame(mast_m=[1.0, 2.0]))
    table = pyarrow.parquet.read_table(path)
    column = pyarrow.array([math.nan, None], from_pandas=False)
    k = table.column_names.index("mast_m")
    pyarrow.parquet.write_table(table.set_column(k, "mast_m", column), path)
    layer, faults = read(path)
    assert layer is not None
    assert not faults
    assert math.isnan(layer.rows[0]["mast_m"])
    assert layer.rows[1]["mast_m"] is None


def test_files_and_layers_that_are_not_there(tmp_path):
    assert one_fault(tmp_path / "none.gpkg").found == "no such file"
    (tmp_path / "sites.xls").write_text("x")
    assert ".gpkg" in one_fault(tmp_path / "sites.xls").expected
    (tmp_path / "broken.gpkg").write_text("x")
    assert ".gpkg" in one_fault(tmp_path / "broken.gpkg").expected
    (tmp_path / "broken.parquet").write_text("x")
    assert ".gpkg" in one_fault(tmp_path / "broken.parquet").expected
    path = tmp_path / "two.gpkg"
    frame().to_file(path, layer="one", engine="pyogrio")
    frame().to_file(path, layer="two", engine="pyogrio")
    assert one_fault(path).found == "the layers one, two"
    assert one_fault(path, "three").expected == "a layer named three"
    layer, faults = read(path, "two")
    assert layer is not None
    assert not faults


def test_an_empty_line_between_rows_is_a_fault_in_its_own_row_and_shifts_no_other(tmp_path):
    """Rows are counted as a person counts them below the header; empty lines at the end are nothing."""
    path = tmp_path / "marks.csv"
    path.write_text("name,km\na,1\n\nb,2,3\nc,4\n\n\n")
    faults: list[Fault] = []
    layer = read_layer(path, "marks.csv", "", faults)
    assert [(fault.row, fault.found) for fault in faults] == [(2, "0 cells"), (3, "3 cells")]
    assert len(layer.rows) == 4
    path.write_text("name,km\na,1\nb,2\n\n\n")
    faults.clear()
    assert len(read_layer(path, "marks.csv", "", faults).rows) == 2
    assert not faults


def test_csv_rows_of_the_wrong_length_and_bad_text(tmp_path):
    path = tmp_path / "sites.csv"
    path.write_text("site_id,lon_deg\na,68,9\nb,69\n")
    layer, faults = read(path)
    assert layer is not None
    assert [(f.row, f.expected, f.found) for f in faults] == [(1, "2 cells", "3 cells")]
    path.write_bytes(b"site_id\n\xff\n")
    assert "UTF-8" in one_fault(path).expected
    path.write_text("a,a\n1,2\n")
    assert read(path)[1][0].expected == "columns with different names"


def test_polylines_of_every_kind_of_geometry():
    ring = [(0, 0), (4, 0), (4, 4), (0, 0)]
    hole = [(2, 1), (3, 1), (3, 2), (2, 1)]
    shape = shapely.GeometryCollection(
        [shapely.Point(9, 9), shapely.MultiLineString([[(0, 0), (1, 1)], [(2, 2), (3, 3)]])]
    )
    assert [xy.shape for xy in polylines(shapely.Polygon(ring, [hole]))] == [(4, 2), (4, 2)]
    assert [xy.tolist() for xy in polylines(shape)] == [[[9, 9]], [[0, 0], [1, 1]], [[2, 2], [3, 3]]]


def cyrillic(path: Path, encoding: str, page: int) -> Path:
    """A Shapefile with names in an encoding, a code page in its table, and no .cpg file."""
    frame(site_id=["Ишкашим", "Хорог"]).to_file(path, engine="pyogrio", encoding=encoding)
    path.with_suffix(".cpg").unlink()
    table = bytearray(path.with_suffix(".dbf").read_bytes())
    table[29] = page
    path.with_suffix(".dbf").write_bytes(table)
    return path


@pytest.mark.parametrize(
    ("encoding", "page", "cpg"), [("CP1251", 0xC9, ""), ("CP866", 0, "CP866"), ("UTF-8", 0, "")]
)
def test_cyrillic_in_a_shapefile(tmp_path, encoding, page, cpg):
    path = cyrillic(tmp_path / "sites.shp", encoding, page)
    if cpg:
        path.with_suffix(".cpg").write_text(cpg)
    layer, faults = read(path)
    assert not faults
    assert [row["site_id"] for row in layer.rows] == ["Ишкашим", "Хорог"]


def test_cyrillic_that_nothing_declares_or_that_is_declared_falsely(tmp_path):
    path = cyrillic(tmp_path / "sites.shp", "CP1251", 0)
    assert one_fault(path).found == "letters beyond ASCII and none declared"
    path.with_suffix(".cpg").write_text("UTF-8")
    assert one_fault(path).found == "letters in another encoding"
    text = frame(site_id=["Ишкашим", "Хорог"]).to_json(ensure_ascii=False)
    (tmp_path / "sites.geojson").write_bytes(text.encode("cp1251"))
    assert one_fault(tmp_path / "sites.geojson").expected == "text in the encoding it is said to have"


@pytest.mark.parametrize(("suffix", "n_byte"), [(".shp", 120), (".dbf", 150), (".shp", 20), (".dbf", 0)])
def test_a_torn_shapefile_is_no_shorter_layer(tmp_path, suffix, n_byte):
    """GDAL reads a torn table as one with fewer rows, or none."""
    path = write(tmp_path / "sites.shp", frame())
    part = path.with_suffix(suffix)
    part.write_bytes(part.read_bytes()[:n_byte])
    fault = one_fault(path)
    assert (fault.file, fault.expected) == (part.name, "a whole file")
    assert fault.found.startswith(f"{n_byte} of ")
    part.unlink()
    assert one_fault(path).found == "no such file"


def test_columns_of_one_name_in_a_shapefile(tmp_path):
    path = write(tmp_path / "sites.shp", frame(mark=["x", "y"]))
    table = path.with_suffix(".dbf").read_bytes()
    start = table.index(b"mark")
    path.with_suffix(".dbf").write_bytes(table[:start] + b"site_id".ljust(10, b"\0") + table[start + 10 :])
    assert one_fault(path).expected == "columns with different names"
