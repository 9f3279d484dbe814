"""Layers with places, of whatever format, in one shape and in longitude and latitude.

Vectors are opened only here, by pyogrio (GeoParquet by geopandas). A coordinate reference system must be
declared and must fit the coordinates; it is never guessed. Everything leaves in EPSG:4326, x = longitude.
An empty cell (null) and NaN stay apart: attributes travel as Arrow tables.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sarhad.errors import Fault, InputFaults
from sarhad.io.tables import Place

GEOGRAPHIC = "EPSG:4326"
FORMATS = "a layer that is a .gpkg, .geojson, .parquet, .shp, .fgb, .kml or .csv file"
READABLE = "a file that can be read"
IN_UTF_8 = "comma-separated text in UTF-8"
IN_ANOTHER = "letters in another encoding: save the file as UTF-8"
AS_SAID = "text in the encoding it is said to have"
LOCKED = "a lock by another program: close the file there, or take a copy of it"
UNWRITTEN = "changes by another program that are not in it yet (its -wal file): close the file there"
SIDECARS = (".dbf", ".shx", ".prj", ".cpg")
"""What a Shapefile has beside it."""
_GDAL_SUFFIXES = (".gpkg", ".geojson", ".json", ".shp", ".fgb", ".kml")
_PARQUET_SUFFIXES = (".parquet", ".geoparquet")
_DBF_LANGUAGE = 29
"""Byte of a dBASE file that names its code page; 0 names none (dBASE table file format, level 5)."""

Bounds = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """A layer as read: raw rows, and per row its geometry in lon/lat (shapely; None where it has none).

    `from_text` says that every cell is text (CSV). Rows whose geometry is a point carry `lon_deg` and
    `lat_deg` like any other cell, so that all formats look alike from here on.
    """

    place: Place
    header: tuple[str, ...]
    rows: tuple[Mapping[str, object], ...]
    geometry: tuple[Any, ...]
    from_text: bool


def read_layer(path: Path, name: str, layer: str, faults: list[Fault]) -> Layer | None:
    """Read one layer; `name` is how faults call the file. Returns None where it could not be opened.

    Raises nothing: a missing file, an unknown format, a missing layer, an undeclared or ill-fitting
    reference system and coordinates that are not numbers are appended to `faults`.
    """
    place = Place(name, layer)
    suffix = path.suffix.lower()
    if not path.is_file():
        faults.append(place.fault("a file", "no such file"))
        return None
    if suffix == ".csv":
        return _read_csv(path, place, faults)
    if is_unwritten(path):
        faults.append(place.fault(READABLE, UNWRITTEN))
        return None
    with np.errstate(invalid="ignore"):  # coordinates that are NaN become faults, not warnings
        if suffix in _GDAL_SUFFIXES:
            return _read_gdal(path, place, faults)
        if suffix in _PARQUET_SUFFIXES:
            return _read_parquet(path, place, faults)
    faults.append(place.fault(FORMATS, f"a file {path.name}"))
    return None


def is_unwritten(path: Path) -> bool:
    """Say whether a GeoPackage has changes in a log beside it: its own bytes are not all of it."""
    log = path.with_name(f"{path.name}-wal")
    return path.suffix.lower() == ".gpkg" and log.is_file() and log.stat().st_size > 0


def proven_encoding(path: Path) -> str:
    """Return the encoding of a Shapefile's text where nothing declares it; empty where the file does.

    Bytes beyond ASCII that are sound UTF-8 are UTF-8: no other encoding in use happens to be. Else
    InputFaults.
    """
    table = path.with_suffix(".dbf")
    declares = any(path.with_suffix(suffix).exists() for suffix in (".cpg", ".CPG"))
    if path.suffix.lower() != ".shp" or declares or not table.exists():
        return ""
    raw = table.read_bytes()
    if len(raw) > _DBF_LANGUAGE and raw[_DBF_LANGUAGE]:
        return ""
    text = raw[int.from_bytes(raw[8:10], "little") :]
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        expected = "a declared encoding of the text: a .cpg file beside it, or --encoding, such as CP1251"
        raise InputFaults.one(table.name, expected, "letters beyond ASCII and none declared") from None
    return "" if text.isascii() else "utf-8"


def check_shapefile(path: Path) -> None:
    """Refuse a Shapefile of which a part is missing or torn: GDAL reads what is left of it.

    Lengths stand in the headers: .shp in words of 16 bits from byte 24 on, .dbf as rows, header and row.
    """
    if path.suffix.lower() != ".shp":
        return
    for part in (path, path.with_suffix(".dbf")):
        if not part.is_file():
            raise InputFaults.one(part.name, "the table of the Shapefile beside it", "no such file")
        with part.open("rb") as file:
            head, size = file.read(32), part.stat().st_size
        n_row, n_head, n_cell = (int.from_bytes(head[a:b], "little") for a, b in ((4, 8), (8, 10), (10, 12)))
        whole = int.from_bytes(head[24:28], "big") * 2 if part == path else n_head + n_row * n_cell
        if len(head) < 32 or size < whole:
            raise InputFaults.one(part.name, "a whole file", f"{size} of {whole} bytes")


def check_crs_fits(crs: Any, bounds: Bounds, place: Place, faults: list[Fault]) -> bool:
    """Say whether coordinates can be what their declared reference system says; append a fault if not.

    Degrees must lie within +-180 and +-90. Metres of a published system must not all lie within them (they
    are degrees then) and must come back to finite longitudes and latitudes.
    """
    from pyproj import Transformer
    from pyproj.exceptions import ProjError

    left, bottom, right, top = bounds
    reach = f"{left:.10g} to {right:.10g} and {bottom:.10g} to {top:.10g}"
    like_degrees = -180 <= left <= right <= 180 and -90 <= bottom <= top <= 90
    label = _crs_label(crs)
    if crs.is_geographic:
        if not like_degrees:
            expected = f"degrees within +-180 and +-90, as the declared {label} says"
            turned = -360 <= left <= right <= 360 and -90 <= bottom <= top <= 90
            why = "longitudes from 0 to 360?" if turned else "metres?"
            faults.append(place.fault(expected, f"coordinates {reach} ({why})", column="geometry"))
        return like_degrees
    if like_degrees and crs.to_authority() is not None:
        expected = f"metres, as the declared {label} says"
        faults.append(place.fault(expected, f"coordinates {reach} (degrees?)", column="geometry"))
        return False
    try:
        found = Transformer.from_crs(crs, GEOGRAPHIC, always_xy=True).transform_bounds(*bounds)
        fits = bool(np.all(np.isfinite(found)))
    except ProjError:
        fits = False
    if not fits:
        expected = f"coordinates on the Earth in the declared {label}"
        faults.append(place.fault(expected, f"coordinates {reach}", column="geometry"))
    return fits


def polylines(geometry: Any) -> tuple[NDArray[np.float64], ...]:
    """Return every line, ring and point of a shapely geometry as (vertex, 2) lon/lat arrays."""
    import shapely

    found: list[NDArray[np.float64]] = []
    for part in shapely.get_parts([geometry]).tolist():
        if hasattr(part, "geoms"):
            found += polylines(part)
        elif part.geom_type == "Polygon":
            rings = (part.exterior, *part.interiors)
            found += [shapely.get_coordinates(ring) for ring in rings]
        else:
            found.append(shapely.get_coordinates(part))
    return tuple(np.ascontiguousarray(xy, dtype=np.float64) for xy in found)


def _crs_label(crs: Any) -> str:
    authority = crs.to_authority()
    return ":".join(authority) if authority else str(crs.name)


def _read_csv(path: Path, place: Place, faults: list[Fault]) -> Layer | None:
    try:
        raw = path.read_bytes()
        lines = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline=""), strict=True))
    except OSError as error:
        faults.append(place.fault(READABLE, error.strerror))
        return None
    except UnicodeDecodeError as error:
        row = error.object.count(b"\n", 0, error.start)
        faults.append(place.fault(IN_UTF_8, IN_ANOTHER, row=row))
        return None
    except csv.Error as error:
        faults.append(place.fault(IN_UTF_8, error))
        return None
    while lines and not lines[-1]:  # an empty line between rows is a row without cells, and a fault
        lines.pop()
    header = tuple(name.strip() for name in lines[0]) if lines else ()
    if len(header) == 1 and {";", "\t"} & set(header[0]):
        found = "semicolons" if ";" in header[0] else "tabs"
        faults.append(place.fault("commas between the cells", found))
        return None
    if len(set(header)) != len(header):
        faults.append(place.fault("columns with different names", ", ".join(header)))
    rows: list[Mapping[str, object]] = []
    for k, line in enumerate(lines[1:], 1):
        if len(line) != len(header):
            faults.append(place.fault(f"{len(header)} cells", f"{len(line)} cells", row=k))
        rows.append(dict(zip(header, [*line, *[""] * len(header)], strict=False)))
    return Layer(place, header, tuple(rows), (None,) * len(rows), from_text=True)


def _read_gdal(path: Path, place: Place, faults: list[Fault]) -> Layer | None:
    import pyogrio
    import shapely

    try:
        check_shapefile(path)
        names = [str(row[0]) for row in pyogrio.list_layers(path)]
        if not place.layer and len(names) != 1:
            faults.append(
                place.fault("the name of a layer", f"the layers {', '.join(names)}", column="layer")
            )
            return None
        if place.layer and place.layer not in names:
            faults.append(place.fault(f"a layer named {place.layer}", f"the layers {', '.join(names)}"))
            return None
        encoding = proven_encoding(path) or None
        meta, table = pyogrio.raw.read_arrow(path, layer=place.layer or names[0], encoding=encoding)
    except InputFaults as error:
        faults += error.faults
        return None
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError) as error:
        locked = "database is locked" in str(error)
        faults.append(place.fault(*((READABLE, LOCKED) if locked else (FORMATS, error))))
        return None
    column = meta["geometry_name"] or "wkb_geometry"
    geometry: Sequence[Any] = [None] * table.num_rows
    if column in table.column_names:
        raw = table.column(column).to_numpy(zero_copy_only=False)
        geometry = shapely.from_wkb(raw, on_invalid="ignore").tolist()
        for k in np.flatnonzero(shapely.is_missing(geometry) & ~table.column(column).is_null().to_numpy()):
            faults.append(
                place.fault(
                    "a line of two points or a ring of four", "fewer", column="geometry", row=int(k) + 1
                )
            )
        table = table.drop_columns([column])
    if meta["fid_column"] in table.column_names:
        table = table.drop_columns([meta["fid_column"]])
    return _in_degrees(table, geometry, meta["crs"], place, faults)


def _read_parquet(path: Path, place: Place, faults: list[Fault]) -> Layer | None:
    import geopandas
    import pyarrow
    import pyarrow.parquet
    from shapely.errors import GEOSException

    try:
        table = pyarrow.parquet.read_table(path)
    except (pyarrow.ArrowInvalid, OSError) as error:
        faults.append(place.fault(FORMATS, error))
        return None
    if b"geo" not in (table.schema.metadata or {}):
        return _in_degrees(table, [None] * table.num_rows, None, place, faults)
    try:
        frame = geopandas.read_parquet(path)
    except (ValueError, GEOSException) as error:
        faults.append(place.fault(FORMATS, error))
        return None
    table = table.drop_columns([frame.geometry.name])
    return _in_degrees(table, frame.geometry.tolist(), frame.crs, place, faults)


def _in_degrees(
    table: Any, geometry: Sequence[Any], crs: Any, place: Place, faults: list[Fault]
) -> Layer | None:
    """Check reference system and coordinates, turn geometries to lon/lat and points to cells."""
    import shapely
    from pyproj import CRS, Transformer

    header = tuple(str(name) for name in table.column_names)
    if len(set(header)) != len(header):
        faults.append(place.fault("columns with different names", ", ".join(header)))
        return None
    try:
        rows: list[dict[str, object]] = table.to_pylist()
    except UnicodeDecodeError:
        faults.append(place.fault(AS_SAID, "letters in another encoding"))
        return None
    shapes = np.array([*geometry, None], dtype=object)[:-1]
    shapes[shapely.is_empty(shapes)] = None
    if not shapely.is_missing(shapes).all():
        declared = None if crs is None else CRS.from_user_input(crs)
        if declared is None or str(declared.name).lower().startswith(("undefined", "unknown")):
            expected = "a declared coordinate reference system (it is never guessed)"
            faults.append(place.fault(expected, "none", column="geometry"))
            return None
        _drop_not_finite(shapes, place, faults)
        bounds = shapely.total_bounds(shapes)
        if np.all(np.isfinite(bounds)) and not check_crs_fits(
            declared, tuple(bounds.tolist()), place, faults
        ):
            return None
        turn = Transformer.from_crs(declared, GEOGRAPHIC, always_xy=True)
        shapes = shapely.transform(shapes, turn.transform, interleaved=False)
    is_point = shapely.get_type_id(shapes) == shapely.GeometryType.POINT
    if is_point.any():
        header = (*header, *(name for name in ("lon_deg", "lat_deg") if name not in header))
        lon_lat = zip(shapely.get_x(shapes).tolist(), shapely.get_y(shapes).tolist(), strict=True)
        for row, stands, (lon_deg, lat_deg) in zip(rows, is_point.tolist(), lon_lat, strict=True):
            row["lon_deg"] = lon_deg if stands else row.get("lon_deg")
            row["lat_deg"] = lat_deg if stands else row.get("lat_deg")
    return Layer(place, header, tuple(rows), tuple(shapes), from_text=False)


def _drop_not_finite(shapes: NDArray[np.object_], place: Place, faults: list[Fault]) -> None:
    """Put None for each shape that holds NaN or infinity (in place), with a fault for it."""
    import shapely

    lon_lat, owner = shapely.get_coordinates(shapes, return_index=True)
    for k in np.unique(owner[~np.isfinite(lon_lat).all(axis=1)]).tolist():
        faults.append(place.fault("finite coordinates", "NaN or infinity", column="geometry", row=k + 1))
        shapes[k] = None
