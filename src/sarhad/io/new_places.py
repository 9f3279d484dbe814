"""Places for a new project out of a user's own file: those of a wider layer that lie in the band.

A layer of a whole country is cut to the band; how many rows are left out is said. Nothing else is changed.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sarhad.errors import Fault, InputFaults
from sarhad.io.line_file import LINES, POINTS, Declared, open_vector, shape_faults
from sarhad.io.new_project import NewLayer
from sarhad.io.placing import place_on_line
from sarhad.io.schemas import ROADS, SITES
from sarhad.io.tables import Place, Row, Schema, check_rows, check_unique
from sarhad.io.vector import GEOGRAPHIC, read_layer
from sarhad.model.line import Line
from sarhad.model.project import Settings

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

LOOK_DEG = 0.005
"""Longest step of a road between two places that are asked whether they lie in the band."""


def read_new_sites(
    path: Path, layer: str, line: Line, settings: Settings, declared: Declared
) -> tuple[NewLayer, list[str]]:
    """Return the candidate sites (site_id, accepts, geometry) of a layer of points, and notes."""
    notes: list[str] = []
    if path.suffix.lower() == ".csv":
        frame = _points_of_table(path)
    else:
        frame = open_vector(path, layer or None, POINTS, notes, declared)
    place = Place(path.name, layer)
    faults = list(shape_faults(frame, place, POINTS))
    if faults:
        raise InputFaults(faults)
    if "site_id" not in frame.columns:
        frame = frame.assign(site_id=[f"site-{int(index) + 1}" for index in frame.index])
        notes.append(f"{path.name}: no column site_id; sites are named by their rows, site-1 on")
    lon, lat = frame.geometry.x.to_numpy(), frame.geometry.y.to_numpy()
    _, offset_m = place_on_line(line, lon, lat)
    inside = (offset_m >= -settings.band_beyond_m) & (offset_m <= settings.band_home_m)
    rows = [Row(int(k) + 1, {"site_id": name}, True) for k, name in frame["site_id"][inside].items()]
    check_unique(rows, "site_id", place, faults)
    if faults:
        raise InputFaults(faults)
    columns = [name for name in ("site_id", "accepts") if name in frame.columns]
    return _kept(frame[[*columns, frame.geometry.name]], inside, place, notes), notes


def read_new_goals(
    path: Path, layer: str, line: Line, settings: Settings, declared: Declared
) -> tuple[NewLayer, list[str]]:
    """Return the goals (goal_id, geometry) out of a layer of roads: those that come into the band at home."""
    import geopandas

    notes: list[str] = []
    frame, place = _open_roads(path, layer, declared, notes)
    inside = _come_near(frame, line, settings, beyond_m=0.0)
    goals = geopandas.GeoDataFrame(
        {"goal_id": [f"road-{int(index) + 1}" for index in frame.index]},
        geometry=frame.geometry.to_numpy(),
        index=frame.index,
        crs=frame.crs,
    )
    return _kept(goals, inside, place, notes), notes


def read_new_roads(
    path: Path, layer: str, line: Line, settings: Settings, declared: Declared
) -> tuple[NewLayer | None, list[str]]:
    """Return the roads in the band with the columns of `[roads]`; None where none says how fast they are."""
    frame, place = _open_roads(path, layer, declared, [])
    columns = [column.name for column in ROADS.columns if column.name in frame.columns]
    if not {"road_class", "speed_mps"} & set(columns):
        said = "no column road_class or speed_mps, so no teams drive on these roads: see [roads]"
        return None, [f"{path.name}: {said}"]
    inside = _come_near(frame, line, settings, beyond_m=settings.band_beyond_m)
    return _kept(frame[[*columns, frame.geometry.name]], inside, place, []), []


def _open_roads(path: Path, layer: str, declared: Declared, notes: list[str]) -> tuple[GeoDataFrame, Place]:
    from sarhad.io.osm import SUFFIXES

    if path.suffix.lower() in SUFFIXES:
        expected = "a layer of roads; sarhad osm takes those of an extract, once the project is there"
        raise InputFaults.one("--roads", expected, path.name)
    frame = open_vector(path, layer or None, LINES, notes, declared)
    place = Place(path.name, layer)
    faults = list(shape_faults(frame, place, LINES))
    if faults:
        raise InputFaults(faults)
    return frame, place


def _come_near(frame: GeoDataFrame, line: Line, settings: Settings, *, beyond_m: float) -> NDArray[np.bool_]:
    """Say of every row if a place of it lies in the band at home, or up to `beyond_m` beyond the line."""
    import shapely

    inside = np.zeros(len(frame), dtype=np.bool_)
    lon = np.concatenate([part.lon_deg for part in line.parts])
    lat = np.concatenate([part.lat_deg for part in line.parts])
    reach_deg = max(settings.band_home_m, beyond_m) / 110_000.0
    lon_reach_deg = reach_deg / max(0.05, float(np.cos(np.radians(np.abs(lat).max()))))
    box = shapely.box(
        lon.min() - lon_reach_deg, lat.min() - reach_deg, lon.max() + lon_reach_deg, lat.max() + reach_deg
    )
    near = np.flatnonzero(frame.intersects(box).to_numpy())
    if not len(near):
        return inside
    shapes = shapely.segmentize(frame.geometry.to_numpy()[near], LOOK_DEG)
    vertex, row = shapely.get_coordinates(shapes, return_index=True)
    _, offset_m = place_on_line(line, vertex[:, 0], vertex[:, 1])
    is_near = (offset_m >= -beyond_m) & (offset_m <= settings.band_home_m)
    inside[near[np.unique(row[is_near])]] = True
    return inside


def _points_of_table(path: Path) -> GeoDataFrame:
    """Read points from CSV (`lon_deg`, `lat_deg`)."""
    import geopandas

    faults: list[Fault] = []
    layer = read_layer(path, path.name, "", faults)
    if layer is None or faults:
        raise InputFaults(faults)
    columns = tuple(
        replace(one, required=True) for one in SITES.columns if one.name in ("lon_deg", "lat_deg")
    )
    rows = check_rows(
        layer.header, layer.rows, Schema("points", columns), layer.place, faults, from_text=True
    )
    if faults:
        raise InputFaults(faults)
    frame = geopandas.GeoDataFrame(list(layer.rows), columns=list(layer.header))
    lon_deg, lat_deg = ([row.number_at(one.name) for row in rows] for one in columns)
    points = geopandas.points_from_xy(lon_deg, lat_deg)
    return frame.set_geometry(points).set_crs(GEOGRAPHIC)


def _kept(frame: GeoDataFrame, inside: NDArray[np.bool_], place: Place, notes: list[str]) -> NewLayer:
    if not inside.any():
        found = f"none of {len(frame)}"
        raise InputFaults([place.fault("at least one in the band along the line", found, column="geometry")])
    if not inside.all():
        notes.append(f"{place.file}: {int((~inside).sum())} of {len(frame)} lie outside the band: left out")
    return NewLayer(place, frame[inside])
