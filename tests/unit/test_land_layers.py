"""Layers of roads, openings and land cover: what is read, and every fault with row and column."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import geopandas
import numpy as np
import pytest
import shapely

from sarhad.io.land import cover_classes, road_classes
from sarhad.io.project import check_project, open_project
from sarhad.planning.profile import fingerprint
from small_border import geojson, line_y_m, to_lon_lat

SECTIONS = """
[roads]
file = "roads.geojson"
source = "drawn by hand"

[openings]
file = "openings.csv"

[landcover]
file = "cover.geojson"
leaf_off = ["winter"]
"""


def lon_lat(*x_off):
    x_m, off_m = np.array(x_off, float).T
    return to_lon_lat(x_m, line_y_m(x_m) + off_m).tolist()


def write(folder: Path, roads=None, openings=None, cover=None, sections=SECTIONS) -> Path:
    """Write sound layers, but for what is given in their place."""
    ring = lon_lat((490e3, 500), (495e3, 500), (495e3, 3000), (490e3, 3000), (490e3, 500))
    roads = roads or [
        ({"road_class": "secondary"}, "LineString", lon_lat((485e3, 900), (495e3, 900))),
        ({"speed_mps": 12.5, "closed": "winter"}, "MultiLineString", [lon_lat((485e3, 900), (485e3, 3e3))]),
    ]
    cover = cover or [({"cover_class": "wood"}, "Polygon", [ring])]
    header = "opening_id,kind,barrier_id,lon_deg,lat_deg,delay_s_summer,delay_s_winter\n"
    lon_deg, lat_deg = lon_lat((492e3, 0))[0]
    openings = openings or f"f1,ford,river,{lon_deg},{lat_deg},closed,120\n"
    (folder / "roads.geojson").write_text(geojson(roads))
    (folder / "cover.geojson").write_text(geojson(cover))
    (folder / "openings.csv").write_text(header + openings)
    with (folder / "project.toml").open("a") as file:
        file.write(sections)
    return folder


def only(folder: Path):
    faults = check_project(folder)
    assert len(faults) == 1, "\n".join(map(str, faults))
    return faults[0]


def test_sound_layers_are_read(small_project_folder):
    project = open_project(write(small_project_folder))
    assert project.roads.speed_mps.tolist() == pytest.approx([55 / 3.6, 12.5])
    assert project.roads.closed["winter"].tolist() == [False, True]
    assert project.roads.closed["summer"].tolist() == [False, False]
    assert project.roads.courses.ptr.tolist() == [0, 2, 4]
    (ford,) = project.openings
    assert (ford.opening_id, ford.kind, ford.barrier_id) == ("f1", "ford", "river")
    assert ford.delay_s == {"summer": np.inf, "winter": 120.0}
    cover = project.land_cover
    assert cover.classes[cover.class_of[0]].cover_class == "wood"
    assert cover.leaf_off == ("winter",)
    assert project.sources == {"roads": "drawn by hand"}
    assert {"roads.geojson", "openings.csv", "cover.geojson"} <= set(project.hashes)
    assert not project.teams_held


def test_any_format_will_do(small_project_folder):
    folder = write(small_project_folder)
    before = open_project(folder)
    frame = geopandas.read_file(folder / "roads.geojson")
    frame.to_crs("EPSG:32642").to_file(folder / "roads.gpkg", layer="ways")
    text = (folder / "project.toml").read_text()
    (folder / "project.toml").write_text(text.replace('"roads.geojson"', '"roads.gpkg"\nlayer = "ways"'))
    roads = open_project(folder).roads
    np.testing.assert_allclose(roads.courses.lon_lat_deg, before.roads.courses.lon_lat_deg, atol=1e-7)
    assert roads.speed_mps.tolist() == before.roads.speed_mps.tolist()


def test_roads_of_a_layer_may_be_goals(small_project_folder):
    folder = write(small_project_folder, sections=SECTIONS + '\n[goals]\nfile = "roads.geojson"\n')
    goals = open_project(folder).goals
    assert goals.kind == "layer"
    assert len(goals.lon_lat_deg) == 2


def test_teams_are_held_where_the_section_says_so(small_project_folder):
    folder = write(small_project_folder)
    text = (folder / "project.toml").read_text()
    (folder / "project.toml").write_text(
        text.replace('file = "barriers.csv"', 'file = "barriers.csv"\nholds = "everyone"')
    )
    assert open_project(folder).teams_held


def test_own_classes_add_to_the_shipped_ones_or_replace_them(small_project_folder):
    (small_project_folder / "speeds.csv").write_text(
        "road_class,speed_kmh,source\nsecondary,36,driven\ncorniche,18,driven\n"
    )
    (small_project_folder / "covers.csv").write_text(
        "cover_class,person_leaf_on,person_leaf_off,vehicle_leaf_on,vehicle_leaf_off,friction_foot,"
        "friction_vehicle,source\nwood,0.5,0.6,0.7,0.8,2,3,seen\n"
    )
    sections = SECTIONS.replace('geojson"\nsource', 'geojson"\nclasses = "speeds.csv"\nsource')
    sections = sections.replace("leaf_off", 'classes = "covers.csv"\nleaf_off')
    roads = [
        ({"road_class": name}, "LineString", lon_lat((485e3, 900), (495e3, 900)))
        for name in ("secondary", "corniche", "track")
    ]
    project = open_project(write(small_project_folder, roads, sections=sections))
    assert project.roads.speed_mps.tolist() == pytest.approx([10.0, 5.0, 20 / 3.6])
    assert project.land_cover.classes[project.land_cover.class_of[0]].friction_vehicle == 3.0
    assert {"speeds.csv", "covers.csv"} <= set(project.hashes)


def test_what_lies_far_from_the_band_is_left_out(small_project_folder):
    away = ({"road_class": "track"}, "LineString", [[60.0, 30.0], [60.1, 30.0]])
    near = ({"road_class": "motorway"}, "LineString", lon_lat((485e3, 900), (495e3, 900)))
    roads = open_project(write(small_project_folder, [away, near])).roads
    assert roads.speed_mps[roads.courses.owner].tolist() == [25.0]


def test_shipped_tables_are_sound():
    assert road_classes()["motorway"] > road_classes()["track"] > 0
    for one in cover_classes().values():
        assert one.person_leaf_on <= one.person_leaf_off
        assert one.vehicle_leaf_on <= one.vehicle_leaf_off
    assert cover_classes()["open"].person_leaf_on == 1.0


LINE = lon_lat((485e3, 900), (495e3, 900))


@pytest.mark.parametrize(
    ("roads", "row", "column", "expected", "found"),
    [
        (
            [({"road_class": "secundary"}, "LineString", LINE)],
            1,
            "road_class",
            "known road_class",
            "secondary?",
        ),
        (
            [({"road_class": "track"}, "LineString", LINE), ({"name": "x"}, "LineString", LINE)],
            2,
            "road_class",
            "a road_class or a speed_mps",
            "neither",
        ),
        ([({"speed_mps": 0}, "LineString", LINE)], 1, "speed_mps", "above 0", "0"),
        ([({"speed_mps": 300}, "LineString", LINE)], 1, "speed_mps", "at most 60", "300"),
        ([({"road_class": "track"}, "Point", LINE[0])], 1, "geometry", "a line", "Point"),
        (
            [({"road_class": "track", "closed": "wintr"}, "LineString", LINE)],
            1,
            "closed",
            "a season",
            "winter?",
        ),
        (
            [({"road_class": "track"}, "LineString", [[60.0, 30.0], [60.1, 30.0]])],
            0,
            "geometry",
            "something in the band",
            "nothing there",
        ),
    ],
)
def test_faults_of_roads(small_project_folder, roads, row, column, expected, found):
    fault = only(write(small_project_folder, roads))
    assert (fault.file, fault.row, fault.column) == ("roads.geojson", row, column)
    assert expected in fault.expected
    assert found in fault.found


RING = [lon_lat((490e3, 500), (495e3, 500), (495e3, 3000), (490e3, 500))]


@pytest.mark.parametrize(
    ("cover", "column", "expected", "found"),
    [
        (({"cover_class": "woods"}, "Polygon", RING), "cover_class", "a known cover_class", "wood?"),
        (({"cover_class": None}, "Polygon", RING), "cover_class", "text", "nothing"),
        (({"cover_class": "wood"}, "LineString", RING[0]), "geometry", "a polygon", "LineString"),
    ],
)
def test_faults_of_land_cover(small_project_folder, cover, column, expected, found):
    fault = only(write(small_project_folder, cover=[cover]))
    assert (fault.file, fault.row, fault.column) == ("cover.geojson", 1, column)
    assert expected in fault.expected
    assert found in fault.found


@pytest.mark.parametrize(
    ("rows", "column", "expected", "found"),
    [
        ("f1,ford,rivr,70,37,0,0\n", "barrier_id", "a known barrier_id", "river?"),
        ("f1,ford,,70,37,soon,0\n", "delay_s_summer", "or the word closed", "soon"),
        ("f1,ford,,70,37,,0\n", "delay_s_summer", "a number", "nothing"),
        ("f1,ford,,,,0,0\n", "geometry", "a point or a line", "nothing"),
        ("f1,ford,,70,137,0,0\n", "lat_deg", "at most 90", "137"),
    ],
)
def test_faults_of_openings(small_project_folder, rows, column, expected, found):
    faults = check_project(write(small_project_folder, openings=rows))
    fault = next(fault for fault in faults if fault.column == column)
    assert (fault.file, fault.row) == ("openings.csv", 1)
    assert expected in fault.expected
    assert found in fault.found


def test_faults_of_sections_and_classes(small_project_folder):
    (small_project_folder / "speeds.csv").write_text("road_class,speed_kmh,source\ntrack,0,guess\n")
    sections = SECTIONS.replace('geojson"\nsource', 'geojson"\nclasses = "speeds.csv"\nsource')
    sections = sections.replace('leaf_off = ["winter"]', 'leaf_off = ["witner"]')
    faults = check_project(write(small_project_folder, sections=sections))
    assert [(f.file, f.layer, f.row, f.column) for f in faults] == [
        ("project.toml", "landcover", 0, "leaf_off"),
        ("speeds.csv", "", 1, "speed_kmh"),
    ]
    shutil.copy(small_project_folder / "project.toml", small_project_folder / "old.toml")
    text = (small_project_folder / "project.toml").read_text().replace('leaf_off = ["witner"]\n', "")
    (small_project_folder / "project.toml").write_text(text)
    assert ("landcover", "leaf_off") in [(f.layer, f.column) for f in check_project(small_project_folder)]


def test_kept_results_know_roads_openings_and_cover(small_project_folder):
    """The key of kept results changes with each of them, whatever the files' hashes say."""
    project = open_project(write(small_project_folder))
    roads, cover, (ford,) = project.roads, project.land_cover, project.openings
    moved = replace(roads.courses, lon_lat_deg=roads.courses.lon_lat_deg + 1e-6)
    others = [
        replace(project, roads=None),
        replace(project, roads=replace(roads, speed_mps=roads.speed_mps * 2)),
        replace(project, roads=replace(roads, courses=moved)),
        replace(project, roads=replace(roads, closed={})),
        replace(project, openings=()),
        replace(project, openings=(replace(ford, delay_s={"summer": 1.0, "winter": 120.0}),)),
        replace(project, openings=(replace(ford, barrier_id=""),)),
        replace(project, land_cover=None),
        replace(project, land_cover=replace(cover, leaf_off=())),
        replace(project, land_cover=replace(cover, class_of=cover.class_of - 1)),
        replace(project, teams_held=True),
    ]
    keys = [fingerprint(p) for p in (project, *others)]
    assert len(set(keys)) == len(keys)
    assert fingerprint(replace(project)) == keys[0]


def test_a_polygon_s_holes_and_parts_stay_together(small_project_folder):
    square = shapely.box(68.80, 37.50, 68.84, 37.54)
    with_hole = square.difference(shapely.box(68.81, 37.51, 68.82, 37.52))
    both = shapely.MultiPolygon([with_hole, shapely.box(68.86, 37.50, 68.88, 37.52)])
    shape = json.loads(shapely.to_geojson(both))
    cover = [({"cover_class": "scrub"}, shape["type"], shape["coordinates"])]
    courses = open_project(write(small_project_folder, cover=cover)).land_cover.courses
    assert np.diff(courses.ptr).tolist() == [5, 5, 5]
    assert courses.owner.tolist() == [0, 0, 0]
