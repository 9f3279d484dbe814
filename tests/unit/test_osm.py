"""An extract of OpenStreetMap, made by hand, becomes layers: which features, which classes, which words."""

from __future__ import annotations

import errno
import math
import tomllib
from pathlib import Path

import geopandas as gpd
import pyogrio
import pytest
import shapely

from sarhad.errors import InputFaults, NotWritten
from sarhad.interfaces.cli.osm import seasons_of, sections_of
from sarhad.io.land import cover_classes, road_classes
from sarhad.io.line import point_off_line
from sarhad.io.osm import (
    TABLE_SEASONS,
    OsmFeature,
    add_sections,
    delay_rules,
    read_osm,
    tag_classes,
    write_osm,
)
from sarhad.io.project import read_project_band
from sarhad.planning.compute import silent
from sarhad.planning.osm import band_area, sort_osm, width_m

DATA = Path(__file__).parents[1] / "data"
XML, PBF = DATA / "small_border.osm", DATA / "small_border.osm.pbf"
SEASONS = {"summer": "summer", "winter": "winter"}


@pytest.fixture(scope="module")
def area(small_project_template):
    return band_area(read_project_band(small_project_template))


@pytest.fixture(scope="module")
def found(area):
    return read_osm(XML, area, silent)


@pytest.fixture(scope="module")
def land(found):
    return sort_osm(found, SEASONS, name_barriers=True)


def column(land, layer, name):
    return [row[name] for row in land.layers[layer]]


def test_the_area_is_the_band_and_a_little_more(area, small_project_template):
    line = read_project_band(small_project_template).line
    for off_m, inside in ((0, True), (5_900, True), (-5_900, True), (9_500, False), (-9_500, False)):
        lon_deg, lat_deg = point_off_line(line, [500.0, 20_000.0, 41_000.0], off_m)
        assert set(shapely.contains_xy(area, lon_deg, lat_deg).tolist()) == {inside}


def test_xml_and_pbf_say_the_same(area, found):
    other = read_osm(PBF, area, silent)
    for layer in ("points", "lines", "multipolygons"):
        one, two = ({f.osm_id: f for f in some[layer]} for some in (found, other))
        assert one.keys() == two.keys()
        for osm_id, feature in one.items():
            assert feature.tags == two[osm_id].tags
            assert shapely.equals_exact(feature.geometry, two[osm_id].geometry, 1e-7)


def test_what_lies_far_away_is_not_read(found):
    assert "Away" not in {f.tags.get("name") for f in found["points"]}


def test_roads_have_their_class(land):
    assert column(land, "roads", "road_id") == ["way/101", "way/102", "way/103", "way/104"]
    assert column(land, "roads", "road_class") == ["secondary"] * 3 + ["track"]


def test_water_of_a_name_kind_and_width_is_one_barrier_with_delays_by_season(land):
    rivers = {row["barrier_id"]: row for row in land.layers["rivers"]}
    assert set(rivers) == {"osm-canal-0-unnamed", "osm-lake-0-Kul", "osm-river-20-Upper"}
    upper = rivers["osm-river-20-Upper"]
    assert (upper["kind"], upper["delay_s_summer"], upper["delay_s_winter"]) == ("river", 900.0, 300.0)
    canal = rivers["osm-canal-0-unnamed"]  # its culvert is left out: two pieces, one barrier
    assert shapely.get_num_geometries(canal["geometry"]) == 2
    assert {row["geometry"].geom_type for row in rivers.values()} == {"MultiLineString"}


def test_bridges_fords_and_culverts_open_the_water_that_they_cross(land):
    rows = {row["kind"]: row for row in land.layers["openings"]}
    assert len(land.layers["openings"]) == 3
    assert (rows["bridge"]["opening_id"], rows["bridge"]["barrier_id"]) == ("way/102", "osm-river-20-Upper")
    assert (rows["bridge"]["delay_s_summer"], rows["bridge"]["delay_s_winter"]) == ("0", "0")
    assert (rows["ford"]["opening_id"], rows["ford"]["delay_s_summer"]) == ("node/2", "closed")
    assert rows["ford"]["delay_s_winter"] == "120"
    assert rows["culvert"]["barrier_id"] == "osm-canal-0-unnamed"


def test_openings_name_no_barrier_where_the_project_has_its_own(found):
    rows = sort_osm(found, SEASONS, name_barriers=False).layers["openings"]
    assert {row["barrier_id"] for row in rows} == {None}
    assert {row["over"] for row in rows} == {"osm-river-20-Upper", "osm-canal-0-unnamed"}


def test_a_road_over_water_without_a_word_is_listed_and_not_opened(land):
    (row,) = land.layers["unmarked"]
    assert (row["road_id"], row["barrier_id"]) == ("way/104", "osm-river-20-Upper")
    track = next(r["geometry"] for r in land.layers["roads"] if r["road_id"] == "way/104")
    assert shapely.distance(row["geometry"], track) < 1e-9


def test_settlements_and_land_cover(land):
    assert [(r["goal_id"], r["place"], r["name"]) for r in land.layers["settlements"]] == [
        ("node/22", "village", "Деҳа")
    ]
    assert sorted((r["cover_id"], r["cover_class"]) for r in land.layers["land_cover"]) == [
        ("relation/900", "wood"),
        ("way/113", "reeds"),
    ]
    grove = next(r["geometry"] for r in land.layers["land_cover"] if r["cover_class"] == "wood")
    assert len(grove.geoms[0].interiors) == 1


def test_what_is_left_out_is_counted(land):
    assert land.left_out == {
        "bridges, fords and culverts away from water that is taken": 1,
        "lakes below 1 ha": 1,
        "polygons of rivers: their centre lines count": 1,
    }


def line(osm_id, *places, **tags):
    return OsmFeature(f"way/{osm_id}", tags, shapely.LineString(places))


def test_a_bridge_over_two_rivers_opens_both():
    lines = [
        line(1, (70.0, 37.0), (70.1, 37.0), waterway="river", name="A"),
        line(2, (70.0, 37.01), (70.1, 37.01), waterway="river", name="B", width="80"),
        line(3, (70.05, 36.99), (70.05, 37.02), railway="rail", bridge="viaduct"),
        line(4, (70.06, 36.99), (70.06, 37.02), highway="track", bridge="no"),
        line(5, (70.07, 36.99), (70.07, 37.02), waterway="canal", bridge="aqueduct"),
    ]
    land = sort_osm({"points": [], "lines": lines, "multipolygons": []}, SEASONS, name_barriers=True)
    assert [(r["opening_id"], r["barrier_id"]) for r in land.layers["openings"]] == [
        ("way/3", "osm-river-0-A"),
        ("way/3#2", "osm-river-60-B"),
    ]
    assert [r["barrier_id"] for r in land.layers["unmarked"]] == ["osm-river-0-A", "osm-river-60-B"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("12", 12.0), ("12.5 m", 12.5), ("12,5m", 12.5), ("0.4 km", 400.0), ("wide", 0.0), (None, 0.0)],
)
def test_widths_are_read_as_they_are_written(text, expected):
    assert width_m(text) == expected


def test_the_tables_fit_each_other():
    classes = tag_classes()
    assert set(classes["roads"].values()) <= set(road_classes())
    assert set(classes["land_cover"].values()) <= set(cover_classes())
    kinds = {rule.kind for rule in delay_rules() if rule.width_from_m == 0.0}
    assert (
        set(classes["rivers"].values()) | set(classes["lakes"].values()) | {"bridge", "ford", "culvert"}
        <= kinds
    )
    for one, two in zip(delay_rules(), delay_rules()[1:], strict=False):
        if one.kind == two.kind:  # wider water never costs less
            assert one.width_from_m < two.width_from_m
            assert all(one.delay_s[s] <= two.delay_s[s] for s in TABLE_SEASONS)
    assert math.isinf(next(r for r in delay_rules() if r.kind == "ford").delay_s["spring"])


# ---- files


def test_the_geopackage_says_where_it_is_from_and_is_the_same_twice(tmp_path, land):
    path = write_osm(tmp_path, XML, land.layers)
    first = path.read_bytes()
    assert write_osm(tmp_path, XML, land.layers).read_bytes() == first
    assert [p.name for p in tmp_path.iterdir()] == ["osm.gpkg"]
    about = pyogrio.read_info(path, layer="roads")["dataset_metadata"]
    assert about["source"] == "(c) OpenStreetMap contributors, ODbL 1.0"
    assert about["extract"] == "small_border.osm"
    assert len(about["extract_sha256"]) == 64
    assert {str(row[0]) for row in pyogrio.list_layers(path)} == set(land.layers)
    assert len(gpd.read_file(path, layer="openings")) == 3


def test_a_failure_while_writing_leaves_the_old_file_alone(tmp_path, land, monkeypatch):
    path = write_osm(tmp_path, XML, land.layers)
    before = path.read_bytes()

    def full(*_):
        raise OSError(errno.ENOSPC, "no space left on device")

    monkeypatch.setattr("sarhad.io.whole.os.replace", full)
    with pytest.raises(NotWritten, match="no space"):
        write_osm(tmp_path, XML, {"roads": land.layers["roads"]})
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["osm.gpkg"]


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("gone.osm", None, "no such file"),
        ("land.shp", b"x", "a file land.shp"),
        ("torn.osm.pbf", PBF.read_bytes()[:700], "damaged block at byte 526: it ends there"),
        ("flipped.osm.pbf", PBF.read_bytes()[:700] + b"\x00\xff" + PBF.read_bytes()[702:], "damaged block"),
        ("none.osm.pbf", b"nothing of the kind", "damaged block at byte 0"),
        ("empty.osm.pbf", b"", "an empty file"),
        ("torn.osm", XML.read_bytes()[:2000], "no XML"),
        ("empty.osm", b"", "no XML"),
    ],
)
def test_a_file_that_is_no_sound_extract_is_refused(tmp_path, area, name, content, expected):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(InputFaults, match=expected):
        read_osm(tmp_path / name, area, silent)


def test_an_interrupt_ends_the_wait(tmp_path, area, monkeypatch):
    def interrupted(self):
        raise KeyboardInterrupt

    monkeypatch.setattr("sarhad.io.osm.threading.Thread.join", interrupted)
    with pytest.raises(KeyboardInterrupt):
        read_osm(XML, area, silent)


# ---- words for project.toml


def test_sections_go_to_the_end_and_the_old_text_stays(tmp_path):
    old = b'# mine\r\n[project]\ntitle = "x"  # kept\n[targets]\nuse = ["walker"]'
    (tmp_path / "project.toml").write_bytes(old)
    add_sections(
        tmp_path,
        "\n".join(sections_of({"roads", "land_cover"}, {"dry": "summer", "cold": "winter"}).values()),
    )
    new = (tmp_path / "project.toml").read_bytes()
    assert new.startswith(old)
    parsed = tomllib.loads(new.decode())
    assert parsed["targets"] == {"use": ["walker"]}
    assert parsed["roads"]["layer"] == "roads"
    assert parsed["landcover"]["leaf_off"] == ["cold"]
    assert "barriers" not in parsed
    with pytest.raises(InputFaults, match="takes more sections"):
        add_sections(tmp_path, '[roads]\nfile = "again.gpkg"\n')
    assert (tmp_path / "project.toml").read_bytes() == new


def test_a_section_that_would_fall_into_another_is_refused(tmp_path):
    (tmp_path / "project.toml").write_text("[a]\nb = 1\n")
    with pytest.raises(InputFaults, match="others than it had"):
        add_sections(tmp_path, "c = 2\n")


def test_seasons_are_told_where_they_are_not_known_by_name():
    assert seasons_of(("winter", "monsoon"), ["monsoon=summer"]) == {"winter": "winter", "monsoon": "summer"}
    assert seasons_of(("summer",), ["summer=autumn"]) == {"summer": "autumn"}
    with pytest.raises(InputFaults) as error:
        seasons_of(("winter", "monsoon", "dry"), ["dry=hot", "wet=spring"])
    assert sorted(f.found for f in error.value.faults) == ["dry=hot", "nothing", "wet=spring"]
