"""Reading the border line: what comes out of good files, and what is said about bad ones."""

from __future__ import annotations

from pathlib import Path

import geopandas
import numpy as np
import pytest
import shapely
from pyproj import Geod

from sarhad.errors import InputFaults
from sarhad.io.line import place_on_line, point_off_line, read_line, read_line_with_notes
from sarhad.io.placing import trace

BORDER = Path(__file__).parents[2] / ".." / "shared" / "data" / "border" / "border_osm10m.geojson"
BEND = [(70.0, 37.0), (70.1, 37.02), (70.2, 37.0), (70.3, 37.1)]
RING = [(70.0, 39.0), (70.1, 39.0), (70.1, 39.1), (70.0, 39.1), (70.0, 39.0)]  # anticlockwise


def _write(path: Path, shapes: list[object], crs: str | None = "EPSG:4326", **columns: list[object]) -> Path:
    frame = geopandas.GeoDataFrame(columns, geometry=shapes, crs=crs)
    if path.suffix == ".parquet":
        frame.to_parquet(path)
    else:
        frame.to_file(path, engine="pyogrio")
    return path


def _faults(path: Path, **arguments: object) -> str:
    with pytest.raises(InputFaults) as caught:
        read_line(path, **{"line_id": "a", "home_side": "left"} | arguments)  # type: ignore[arg-type]
    return str(caught.value)


@pytest.mark.parametrize("name", ["a.geojson", "a.gpkg", "a.parquet", "a.shp"])
def test_every_format_gives_the_same_line(tmp_path: Path, name: str) -> None:
    path = _write(tmp_path / name, [shapely.LineString(BEND)], name=["x"])
    line = read_line(path, line_id="a", home_side="left", source="drawn by hand")
    assert np.allclose(np.stack([line.parts[0].lon_deg, line.parts[0].lat_deg], axis=1), BEND, atol=1e-12)
    assert line.source == "drawn by hand"
    assert line.parts[0].from_m == 0


def test_lengths_on_the_ellipsoid_are_the_published_ones(tmp_path: Path) -> None:
    """One degree of the equator is 111,319.491 m, the first degree of a meridian 110,574.389 m (WGS84)."""
    shapes = [shapely.LineString([(10, 0), (11, 0)]), shapely.LineString([(20, 0), (20, 1)])]
    line = read_line(_write(tmp_path / "a.geojson", shapes), line_id="a", home_side="right")
    lengths_m = [part.to_m - part.from_m for part in line.parts]
    assert lengths_m == pytest.approx([111_319.4908, 110_574.3886], abs=1e-3)
    assert line.parts[1].from_m == line.parts[0].to_m
    assert line.vertex_step_m == pytest.approx((111_319.4908 + 110_574.3886) / 2, abs=1e-3)


def test_projected_coordinates_are_brought_to_degrees(tmp_path: Path) -> None:
    frame = geopandas.GeoDataFrame(geometry=[shapely.LineString(BEND)], crs="EPSG:4326").to_crs("EPSG:32642")
    path = _write(tmp_path / "a.gpkg", list(frame.geometry), "EPSG:32642")
    line = read_line(path, line_id="a", home_side="left")
    assert np.allclose(line.parts[0].lon_deg, [lon for lon, _ in BEND], atol=1e-9)


def test_part_column_orders_and_names_the_parts(tmp_path: Path) -> None:
    shapes = [shapely.LineString([(k, 0), (k, 1)]) for k in (5, 6, 7)]
    path = _write(tmp_path / "a.gpkg", shapes, part=[10, 9, 2])
    line = read_line(path, line_id="a", home_side="left")
    assert [part.part_id for part in line.parts] == ["2", "9", "10"]
    assert [part.lon_deg[0] for part in line.parts] == [7, 6, 5]


def test_pieces_that_meet_are_joined_and_others_are_parts(tmp_path: Path) -> None:
    shape = shapely.MultiLineString([BEND[:2], BEND[1:3], [(71, 37), (72, 37)]])
    line = read_line(_write(tmp_path / "a.geojson", [shape]), line_id="a", home_side="left")
    assert [(part.part_id, len(part.lon_deg)) for part in line.parts] == [("0.0", 3), ("0.1", 2)]


def test_repeated_vertices_are_dropped_with_a_note(tmp_path: Path) -> None:
    path = _write(tmp_path / "a.geojson", [shapely.LineString([BEND[0], *BEND, BEND[-1]])])
    line, notes = read_line_with_notes(path, line_id="a", home_side="left")
    assert len(line.parts[0].lon_deg) == len(BEND)
    assert notes == ("a.geojson row 1: 2 repeated vertices dropped",)


@pytest.mark.parametrize("home_side", ["left", "right"])
@pytest.mark.parametrize("ring", [RING, RING[::-1]])
def test_home_is_inside_a_flagged_exclave_however_drawn(tmp_path: Path, home_side: str, ring: list) -> None:
    path = _write(tmp_path / "a.gpkg", [shapely.LineString(ring)], exclave=[True])
    line, notes = read_line_with_notes(path, line_id="a", home_side=home_side)  # type: ignore[arg-type]
    assert line.parts[0].exclave
    _, offset_m = place_on_line(line, [70.05, 69.9], [39.05, 39.05])
    assert offset_m[0] > 0 > offset_m[1]
    assert len(notes) == ((ring is RING) != (home_side == "left"))


def test_unflagged_rings_stay_as_drawn(tmp_path: Path) -> None:
    line = read_line(
        _write(tmp_path / "a.geojson", [shapely.LineString(RING)]), line_id="a", home_side="right"
    )
    assert line.parts[0].exclave
    assert place_on_line(line, 70.05, 39.05)[1] < 0


def test_faults_of_files(tmp_path: Path) -> None:
    assert "no such file" in _faults(tmp_path / "missing.geojson")
    (tmp_path / "text.geojson").write_text("hello")
    assert "expected GeoJSON, GeoPackage" in _faults(tmp_path / "text.geojson")
    path = _write(tmp_path / "a.gpkg", [shapely.LineString(BEND)])
    assert "expected one layer named out of a, found b" in _faults(path, layer="b")
    bare = _write(tmp_path / "b.parquet", [shapely.LineString(BEND)], None)
    assert "CRS: expected a declared" in _faults(bare)


def test_faults_of_coordinates(tmp_path: Path) -> None:
    metres = shapely.LineString([(500_000, 4_000_000), (510_000, 4_010_000)])
    assert "(metres?)" in _faults(_write(tmp_path / "a.geojson", [metres]))
    assert "(degrees?)" in _faults(_write(tmp_path / "b.gpkg", [shapely.LineString(BEND)], "EPSG:32642"))
    far = shapely.LineString([(179.9, 10), (-179.9, 10)])
    assert "180 degree meridian" in _faults(_write(tmp_path / "c.gpkg", [far]))
    with np.errstate(invalid="ignore"):
        nowhere = shapely.LineString([(70, 37), (np.nan, 38)])
    assert "NaN or infinite" in _faults(_write(tmp_path / "d.parquet", [nowhere]))


def test_faults_of_geometry_come_in_one_report(tmp_path: Path) -> None:
    shapes = [shapely.Point(70, 37), shapely.LineString(), None, shapely.LineString(BEND)]
    text = _faults(_write(tmp_path / "a.parquet", shapes), home_side="north", calibration=[(0, 0), (5, -1)])
    for words in ("row 1, geometry", "row 2, geometry", "row 3, geometry", "home_side", "calibration"):
        assert words in text
    assert text.startswith("5 fault(s)")


def test_faults_of_parts(tmp_path: Path) -> None:
    short = shapely.LineString([(70, 37), (70, 37)])
    assert "zero length" in _faults(_write(tmp_path / "a.geojson", [short]))
    open_one = _write(tmp_path / "b.gpkg", [shapely.LineString(BEND)], exclave=["yes"])
    assert "an exclave that closes" in _faults(open_one)
    assert "true or false" in _faults(
        _write(tmp_path / "c.gpkg", [shapely.LineString(BEND)], exclave=["maybe"])
    )
    heads = [shapely.LineString(BEND[:3]), shapely.LineString([(71, 38), BEND[2]])]
    assert "one of them runs backwards" in _faults(_write(tmp_path / "d.gpkg", heads))
    assert "a different value on every row" in _faults(_write(tmp_path / "e.gpkg", heads, part=[1, 1]))


def test_a_layer_must_be_named_where_there_are_several(tmp_path: Path) -> None:
    frame = geopandas.GeoDataFrame(geometry=[shapely.LineString(BEND)], crs="EPSG:4326")
    for layer in ("one", "two"):
        frame.to_file(tmp_path / "a.gpkg", layer=layer, engine="pyogrio")
    assert "expected one layer named out of one, two" in _faults(tmp_path / "a.gpkg")
    assert read_line(tmp_path / "a.gpkg", "two", line_id="a", home_side="left").length_m > 0


def test_places_off_the_line_by_hand(tmp_path: Path) -> None:
    """Along a meridian northwards from the equator, east is right: 1 / 111.32 degrees east are 1,000 m."""
    path = _write(tmp_path / "a.geojson", [shapely.LineString([(20, 0), (20, 1)])])
    line = read_line(path, line_id="a", home_side="right")
    chainage_m, offset_m = place_on_line(line, [20 + 1 / 111.3195, 20 - 1 / 111.3195], [0.5, 0.5])
    assert chainage_m == pytest.approx([110_574.39 / 2] * 2, abs=5)
    assert offset_m == pytest.approx([1_000, -1_000], rel=1e-4)
    assert place_on_line(line, 20.0, 0.25)[1] == 0
    assert place_on_line(line, [], [])[0].shape == (0,)


def test_places_agree_with_geodesics(tmp_path: Path) -> None:
    """The offset is the geodesic distance to the foot, and no sample of the line is nearer."""
    line = read_line(
        _write(tmp_path / "a.geojson", [shapely.LineString(BEND)]), line_id="a", home_side="left"
    )
    rng = np.random.default_rng(3)
    lon_deg, lat_deg = rng.uniform(69.5, 70.8, 60), rng.uniform(36.6, 37.5, 60)
    chainage_m, offset_m = place_on_line(line, lon_deg, lat_deg)
    geod = Geod(ellps="WGS84")
    foot = line.parts[0].at(chainage_m)
    assert np.abs(offset_m) == pytest.approx(geod.inv(lon_deg, lat_deg, *foot)[2], rel=1e-3)
    samples = trace(line, 50.0)
    for lon, lat, off_m in zip(lon_deg, lat_deg, offset_m, strict=True):
        n = len(samples.lon_deg)
        nearest_m = geod.inv(np.full(n, lon), np.full(n, lat), samples.lon_deg, samples.lat_deg)[2].min()
        assert abs(off_m) <= nearest_m * 1.001


def test_corners_take_the_right_side(tmp_path: Path) -> None:
    """At a hairpin, nearest to the tip, both steps alone may be wrong: the pseudonormal is not."""
    spike = [(70.0, 37.0), (70.1, 37.0), (70.0, 37.01)]
    line = read_line(
        _write(tmp_path / "a.geojson", [shapely.LineString(spike)]), line_id="a", home_side="left"
    )
    _, offset_m = place_on_line(line, [70.12, 70.12, 70.12, 70.02], [37.0, 36.99, 37.02, 37.005])
    assert list(offset_m > 0) == [False, False, False, True]


def test_bad_places_are_refused(tmp_path: Path) -> None:
    line = read_line(
        _write(tmp_path / "a.geojson", [shapely.LineString(BEND)]), line_id="a", home_side="left"
    )
    with pytest.raises(InputFaults, match="finite degrees"):
        place_on_line(line, [np.nan], [37.0])
    with pytest.raises(InputFaults, match="chainage within"):
        point_off_line(line, line.length_m + 1)


@pytest.mark.skipif(not BORDER.exists(), reason="the shared sample data are not beside the checkout")
def test_the_real_lines_have_their_published_lengths(tmp_path: Path) -> None:
    borders = geopandas.read_file(BORDER)
    for pair, home_side, lengths_km in (
        ("TJK-AFG", "left", [1_363.266]),
        ("TJK-KGZ", "right", [893.1, 59.6]),
    ):
        borders[borders.pair == pair].to_file(tmp_path / f"{pair}.gpkg", engine="pyogrio")
        line = read_line(tmp_path / f"{pair}.gpkg", line_id=pair, home_side=home_side)  # type: ignore[arg-type]
        assert [(p.to_m - p.from_m) / 1_000 for p in line.parts] == pytest.approx(lengths_km, abs=0.06)
        assert [part.exclave for part in line.parts] == [False, True][: len(lengths_km)]
        # Dushanbe; Pamir; Vorukh
        inside = {"TJK-AFG": [(68.78, 38.56), (72.0, 37.7)], "TJK-KGZ": [(68.78, 38.56), (70.63, 39.83)]}[
            pair
        ]
        assert np.all(place_on_line(line, *zip(*inside, strict=True))[1] > 0)
