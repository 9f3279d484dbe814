"""What lies on the land: layers of roads, openings in barriers and land cover, and the tables of classes.

Shipped classes stand in `data/road_classes.csv` and `data/land_cover.csv`; a project's own table adds to them
or replaces. Of roads and polygons only those are kept whose bounding box meets that of the band.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import numpy as np

from sarhad.errors import Fault
from sarhad.io.placed import Band, delays_of, layer_rows
from sarhad.io.reading import Reading
from sarhad.io.schemas import COVER_CLASSES, LAND_COVER, OPENINGS, ROAD_CLASSES, ROADS, with_delays
from sarhad.io.tables import Place, Row, Schema, nearest
from sarhad.io.vector import Layer, polylines, read_layer
from sarhad.model.land import Courses, CoverClass, LandCover, Opening, Roads

MPS_PER_KMH = 1 / 3.6
EXPECTED = {"line": "a line", "area": "a polygon"}
KINDS = {"line": ("LineString", "MultiLineString"), "area": ("Polygon", "MultiPolygon")}
METRES_PER_DEGREE = 110_000.0  # a little less than the least there is: boxes come out a little wide

Box = tuple[float, float, float, float]


def road_classes(
    path: Path | None = None, name: str = "", faults: list[Fault] | None = None
) -> dict[str, float]:
    """Return speeds (m/s) by class: the shipped table, or one's own."""
    rows = _class_rows(path, name, ROAD_CLASSES, [] if faults is None else faults)
    return {row.text("road_class"): row.number_at("speed_kmh") * MPS_PER_KMH for row in rows}


def cover_classes(
    path: Path | None = None, name: str = "", faults: list[Fault] | None = None
) -> dict[str, CoverClass]:
    """Return classes of land cover by name: the shipped table, or one's own."""
    rows = _class_rows(path, name, COVER_CLASSES, [] if faults is None else faults)
    numbers = [column.name for column in COVER_CLASSES.columns if column.kind == "number"]
    return {
        row.text("cover_class"): CoverClass(row.text("cover_class"), *(row.number_at(n) for n in numbers))
        for row in rows
    }


def _class_rows(path: Path | None, name: str, schema: Schema, faults: list[Fault]) -> list[Row]:
    if path is None:
        shipped = "land_cover.csv" if schema is COVER_CLASSES else "road_classes.csv"
        with as_file(files("sarhad").joinpath("data", shipped)) as own:
            return _class_rows(own, shipped, schema, faults)
    layer = read_layer(path, name, "", faults)
    return [] if layer is None else [row for row in layer_rows(layer, schema, faults) if row.complete]


def read_roads(reading: Reading, band: Band) -> Roads | None:
    """Return the roads of a project, near the band; None where it names no layer of them."""
    found = reading.named("roads")
    if found is None:
        return None
    section, layer = found
    own = reading.file(section, "classes")
    speed_of = road_classes() | (road_classes(own[1], own[0], reading.faults) if own else {})
    rows, speeds_mps = [], []
    for row in layer_rows(layer, ROADS, reading.faults):
        speed_mps = _road_speed_mps(row, speed_of, layer.place, reading.faults)
        _check_seasons(
            row.texts("closed"), band, layer.place, reading.faults, column="closed", row=row.number
        )
        if _is_a(layer, row, "line", reading.faults) and speed_mps:
            rows.append(row)
            speeds_mps.append(speed_mps)
    courses = _near_band([layer.geometry[row.number - 1] for row in rows], band, layer.place, reading.faults)
    closed = {
        season: np.array([season in row.texts("closed") for row in rows], dtype=np.bool_)
        for season in band.seasons
    }
    return Roads(courses, np.array(speeds_mps, dtype=np.float64), closed)


def _road_speed_mps(
    row: Row, speed_of: Mapping[str, float], place: Place, faults: list[Fault]
) -> float | None:
    if row.has("speed_mps"):
        return row.number_at("speed_mps")
    if not row.has("road_class"):
        if "road_class" in row.values and "speed_mps" in row.values:
            faults.append(
                place.fault("a road_class or a speed_mps", "neither", column="road_class", row=row.number)
            )
        return None
    word = row.text("road_class")
    if word not in speed_of:
        found = f'"{word}"{nearest(word, speed_of)}'
        faults.append(
            place.fault("a known road_class, or speed_mps", found, column="road_class", row=row.number)
        )
    return speed_of.get(word)


def read_openings(reading: Reading, barrier_ids: Collection[str], band: Band) -> tuple[Opening, ...]:
    """Return the openings of a project's barriers: points, or lines across."""
    found = reading.named("openings")
    if found is None:
        return ()
    _, layer = found
    openings = []
    for row in layer_rows(layer, with_delays(OPENINGS, band.seasons), reading.faults):
        barrier_id = row.text("barrier_id") if row.has("barrier_id") else ""
        if barrier_id and barrier_id not in barrier_ids:
            word = f'"{barrier_id}"{nearest(barrier_id, barrier_ids)}'
            reading.faults.append(
                layer.place.fault("a known barrier_id, or nothing", word, column="barrier_id", row=row.number)
            )
        places = _places(layer, row)
        if not places:
            expected = "a point or a line: geometry, or lon_deg and lat_deg"
            reading.faults.append(layer.place.fault(expected, "nothing", column="geometry", row=row.number))
        elif row.complete:
            delay_s = delays_of(row, band.seasons)
            openings.append(Opening(row.text("opening_id"), row.text("kind"), delay_s, places, barrier_id))
    return tuple(openings)


def _places(layer: Layer, row: Row) -> tuple[np.ndarray[Any, np.dtype[np.float64]], ...]:
    shape = layer.geometry[row.number - 1]
    if shape is not None:
        return polylines(shape)
    if row.has("lon_deg") and row.has("lat_deg"):
        return (np.array([[row.number_at("lon_deg"), row.number_at("lat_deg")]]),)
    return ()


def read_land_cover(reading: Reading, band: Band) -> LandCover | None:
    """Return the land cover of a project, near the band; None where it names no layer of it."""
    found = reading.named("landcover")
    if found is None:
        return None
    section, layer = found
    own = reading.file(section, "classes")
    class_of = cover_classes() | (cover_classes(own[1], own[0], reading.faults) if own else {})
    leaf_off = section.texts("leaf_off")
    _check_seasons(leaf_off, band, reading.place("landcover"), reading.faults, column="leaf_off")
    names = list(class_of)
    shapes, classes = [], []
    for row in layer_rows(layer, LAND_COVER, reading.faults):
        is_area = _is_a(layer, row, "area", reading.faults)
        word = row.text("cover_class") if row.has("cover_class") else ""
        if word and word not in class_of:
            expected, shown = "a known cover_class", f'"{word}"{nearest(word, class_of)}'
            reading.faults.append(layer.place.fault(expected, shown, column="cover_class", row=row.number))
        elif word and is_area:
            shapes.append(layer.geometry[row.number - 1])
            classes.append(names.index(word))
    courses = _near_band(shapes, band, layer.place, reading.faults)
    return LandCover(courses, np.array(classes, dtype=np.int64), tuple(class_of.values()), leaf_off)


def _is_a(layer: Layer, row: Row, kind: str, faults: list[Fault]) -> bool:
    shape = layer.geometry[row.number - 1]
    if shape is not None and shape.geom_type in KINDS[kind]:
        return True
    found = "nothing" if shape is None else shape.geom_type
    faults.append(layer.place.fault(EXPECTED[kind], found, column="geometry", row=row.number))
    return False


def _check_seasons(
    words: Sequence[str], band: Band, place: Place, faults: list[Fault], *, column: str, row: int = 0
) -> None:
    for word in words:
        if word not in band.seasons:
            found = f'"{word}"{nearest(word, band.seasons)}'
            faults.append(place.fault("a season of the conditions", found, column=column, row=row))


def courses_of(shapes: Sequence[Any]) -> Courses:
    """Return the lines and rings of shapely geometries; feature k is shape k."""
    import shapely

    parts, owner = shapely.get_parts(np.array(shapes, dtype=object), return_index=True)
    is_area = shapely.get_type_id(parts) == shapely.GeometryType.POLYGON
    rings, of_part = shapely.get_rings(parts[is_area], return_index=True)
    runs = np.concatenate([parts[~is_area], rings])
    owner = np.concatenate([owner[~is_area], owner[is_area][of_part]]).astype(np.int64)
    lon_lat_deg, run = shapely.get_coordinates(runs, return_index=True)
    ptr = np.concatenate([[0], np.cumsum(np.bincount(run, minlength=len(runs)))]).astype(np.int64)
    return Courses(np.ascontiguousarray(lon_lat_deg, dtype=np.float64), ptr, owner)


def band_box(band: Band) -> Box | None:
    """Return (west, south, east, north) of the band in degrees, a little wide; None without a line."""
    if band.line is None:
        return None
    reach_m = max(band.settings.band_home_m, band.settings.band_beyond_m)
    lon_deg = np.concatenate([part.lon_deg for part in band.line.parts])
    lat_deg = np.concatenate([part.lat_deg for part in band.line.parts])
    up_deg = reach_m / METRES_PER_DEGREE
    south, north = float(lat_deg.min()) - up_deg, float(lat_deg.max()) + up_deg
    shrink = math.cos(math.radians(min(max(abs(south), abs(north)), 89.0)))
    aside_deg = up_deg / shrink
    return float(lon_deg.min()) - aside_deg, south, float(lon_deg.max()) + aside_deg, north


def _near_band(shapes: Sequence[Any], band: Band, place: Place, faults: list[Fault]) -> Courses:
    """Return the courses that meet the band's box; a layer of which nothing does is a fault."""
    courses, box = courses_of(shapes), band_box(band)
    if box is None:
        return courses
    near = courses.meeting(*box)
    if len(shapes) and not len(near.owner):
        expected = "something in the band: " + ", ".join(f"{edge:.2f}" for edge in box) + " (degrees)"
        faults.append(place.fault(expected, "nothing there", column="geometry"))
    return near
