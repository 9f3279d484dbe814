"""Files of lines, polygons or points as others keep them, opened in longitude and latitude.

Vectors by pyogrio (GeoJSON, GeoPackage, Shapefile, KML, GPX), GeoParquet by geopandas. Nothing is guessed: a
layer is named where several hold something, a reference system is declared in the file or by who asks, text
is read in the encoding that the file declares, that its bytes prove (UTF-8), or that is given.
KML, GPX and GeoJSON are WGS84 by their standards (OGC 12-007r2, GPX 1.1, RFC 7946).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sarhad.errors import Fault, InputFaults
from sarhad.io.tables import Place
from sarhad.io.vector import (
    AS_SAID,
    GEOGRAPHIC,
    LOCKED,
    READABLE,
    UNWRITTEN,
    check_crs_fits,
    check_shapefile,
    is_unwritten,
    proven_encoding,
)

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

FORMATS = "GeoJSON, GeoPackage, GeoParquet, Shapefile, KML or GPX"
LINES = ("LineString", "MultiLineString", "LinearRing")
POLYGONS = ("Polygon", "MultiPolygon")
POINTS = ("Point",)
_PARQUET = (".parquet", ".geoparquet")
_USE_MARGIN_DEG = 10.0
"""How far beyond its area of use a reference system may be stretched."""


@dataclass(frozen=True, slots=True)
class Declared:
    """What who asks declares about a file that does not say it itself: reference system, encoding."""

    crs: str = ""
    encoding: str = ""


def open_vector(
    path: Path, layer: str | None, kinds: tuple[str, ...], notes: list[str], declared: Declared | None = None
) -> GeoDataFrame:
    """Return a layer in EPSG:4326, its index counting the rows from 0.

    `kinds` are the geometries to look for; which rows hold others is told by `shape_faults`. Raises
    InputFaults where the file cannot be opened, the layer is not named, or the reference system is missing or
    cannot be right.
    """
    declared = declared or Declared()
    frame = _read(path, layer, kinds, declared.encoding)
    if frame.columns.duplicated().any():
        names = ", ".join(str(name) for name in frame.columns[frame.columns.duplicated()])
        raise InputFaults([Fault(path.name, layer or "", 0, names, "columns with different names", "two")])
    if frame.empty:
        raise InputFaults.one(path.name, f"at least one {_said(kinds)}", "an empty layer")
    place = Place(path.name, layer or "")
    frame = _with_crs(frame, place, declared.crs, notes)
    _check_finite(frame, place)
    bounds = tuple(float(value) for value in frame.total_bounds)
    if np.all(np.isfinite(bounds)):
        _check_crs(frame, bounds, place)
    shapes = frame.geometry
    if bool(shapes.has_z.any()) or bool(getattr(shapes, "has_m", shapes.has_z).any()):
        notes.append(f"{path.name}: heights and measures of the vertices are left out")
        frame = frame.set_geometry(_flat(shapes))
    return frame.to_crs(GEOGRAPHIC)


def shape_faults(frame: GeoDataFrame, place: Place, kinds: tuple[str, ...]) -> Iterator[Fault]:
    """Yield a fault for every row whose geometry is missing, empty or of another kind."""
    for index, shape in zip(frame.index, frame.geometry, strict=True):
        kind = getattr(shape, "geom_type", "no geometry")
        if kind not in kinds:
            yield place.fault(f"a {_said(kinds)}", kind, column="geometry", row=int(index) + 1)
        elif shape.is_empty:
            found = f"an empty {kind}"
            yield place.fault(f"a {_said(kinds)} with vertices", found, column="geometry", row=int(index) + 1)


def _said(kinds: tuple[str, ...]) -> str:
    return " or ".join(kinds[:2])


def _flat(shapes: Any) -> Any:
    """Drop heights and measures."""
    import shapely

    return shapes.apply(lambda shape: None if shape is None else shapely.force_2d(shape))


def _read(path: Path, layer: str | None, kinds: tuple[str, ...], encoding: str) -> GeoDataFrame:
    if not path.exists():
        raise InputFaults.one(path.name, f"a file with a {_said(kinds)}", "no such file")
    if is_unwritten(path):
        raise InputFaults.one(path.name, READABLE, UNWRITTEN)
    check_shapefile(path)
    import geopandas
    import pyogrio
    import shapely

    try:
        with np.errstate(invalid="ignore"):  # coordinates that are NaN are a fault of their row
            if path.suffix.lower() in _PARQUET:
                frame = geopandas.read_parquet(path)
            else:
                layer = _layer(path, layer, kinds)
                encoding = encoding or proven_encoding(path)
                frame = geopandas.read_file(
                    path, layer=layer, engine="pyogrio", encoding=encoding or None, on_invalid="ignore"
                )
    except (
        ValueError,
        OSError,
        shapely.errors.GEOSException,
        pyogrio.errors.DataSourceError,
        pyogrio.errors.DataLayerError,
    ) as error:
        raise _unreadable(path, error) from error
    if not isinstance(frame, geopandas.GeoDataFrame):
        raise InputFaults.one(path.name, f"a layer with a {_said(kinds)}", "a table without geometry")
    return frame


def _unreadable(path: Path, error: Exception) -> InputFaults:
    message = str(error).splitlines()[0]
    if "database is locked" in message:
        return InputFaults.one(path.name, READABLE, LOCKED)
    if isinstance(error, (UnicodeError, LookupError)):
        return InputFaults.one(path.name, AS_SAID, message)
    return InputFaults.one(path.name, FORMATS, message)


def _layer(path: Path, layer: str | None, kinds: tuple[str, ...]) -> str:
    """Return the one layer that is meant: the one named, or the only one that holds anything."""
    import pyogrio

    known = [(str(name), str(kind)) for name, kind in pyogrio.list_layers(path)]
    names = [name for name, _ in known]
    if layer is None and path.suffix.lower() == ".gpx":  # it shows every track again as points
        names = [name for name, kind in known if kind in kinds and not name.endswith("_points")]
    if layer is None and len(names) > 1:
        count = {
            name: pyogrio.read_info(path, layer=name, force_feature_count=True)["features"] for name in names
        }
        names = [name for name in names if count[name]] or names
    if layer is None and len(names) == 1:
        return names[0]
    if layer is None or layer not in names:
        expected = "one layer named out of " + ", ".join(sorted(names))
        raise InputFaults.one(path.name, expected, layer or "no layer named", column="layer")
    return layer


def _with_crs(frame: GeoDataFrame, place: Place, crs: str, notes: list[str]) -> GeoDataFrame:
    """Return the layer with its declared reference system, or the one declared for it."""
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    own = frame.crs
    if own is not None and str(own.name).lower().startswith(("undefined", "unknown")):
        own = None
    if own is None and not crs:
        expected = "a declared coordinate reference system; declare it with --crs, such as EPSG:4326"
        raise InputFaults([place.fault(expected, "none", column="CRS")])
    if not crs:
        return frame
    try:
        given = CRS.from_user_input(crs)
    except CRSError as error:
        expected = "a coordinate reference system such as EPSG:4326"
        raise InputFaults.one("--crs", expected, crs) from error
    if own is None:
        notes.append(f"{place.file}: declares no reference system; read as {crs}, as --crs says")
        return frame.set_crs(given, allow_override=True)
    if not own.equals(given, ignore_axis_order=True):
        found = f"it declares {own.name}; leave --crs out"
        raise InputFaults([place.fault(f"the reference system of --crs, {crs}", found, column="CRS")])
    return frame


def _check_finite(frame: GeoDataFrame, place: Place) -> None:
    import shapely

    faults = [
        place.fault("finite coordinates", "NaN or infinite", column="geometry", row=int(index) + 1)
        for index, shape in zip(frame.index, frame.geometry, strict=True)
        if shape is not None and not np.all(np.isfinite(shapely.get_coordinates(shape)))
    ]
    if faults:
        raise InputFaults(faults)


def _check_crs(frame: GeoDataFrame, bounds: tuple[float, ...], place: Place) -> None:
    """Refuse coordinates that cannot be what the reference system says, or lie far from where it is used."""
    from pyproj import Transformer

    faults: list[Fault] = []
    left, bottom, right, top = bounds
    if not check_crs_fits(frame.crs, (left, bottom, right, top), place, faults):
        raise InputFaults(faults)
    use = frame.crs.area_of_use
    if use is None:
        return
    turn = Transformer.from_crs(frame.crs, GEOGRAPHIC, always_xy=True)
    lon, lat = turn.transform((left + right) / 2, (bottom + top) / 2)
    east_deg = (lon - use.west) % 360.0
    width_deg = (use.east - use.west) % 360.0 or 360.0
    outside_lon_deg = min(max(0.0, east_deg - width_deg), 360.0 - east_deg)
    outside_lat_deg = max(0.0, use.south - lat, lat - use.north)
    if max(outside_lon_deg, outside_lat_deg) > _USE_MARGIN_DEG:
        expected = f"a place where {frame.crs.name} is used ({use.name})"
        found = f"longitude {lon:.3f}, latitude {lat:.3f}: is the declared system the right one?"
        raise InputFaults([place.fault(expected, found, column="CRS")])
