"""OpenStreetMap extracts (.osm, .osm.pbf): what lies in an area and carries one of some tags.

GDAL's OSM driver passes over the file once each for points, lines and areas; area and tags are given down to
it, and its index of nodes goes to disk beyond 100 MB: memory does not grow with the extract. What it reads
is said in `data/osmconf.ini`; which tags mean what, in `data/osm_tags.csv` and `data/osm_delays.csv`.
Data of OpenStreetMap are under the Open Database License 1.0: whoever shows them names the contributors.
"""

from __future__ import annotations

import csv
import math
import threading
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any, TypeVar

from sarhad.errors import InputFaults
from sarhad.io.geopackage import write_geopackage
from sarhad.io.osm_whole import check_whole
from sarhad.io.reading import PROJECT_FILE, sha256
from sarhad.io.whole import whole_file, write_whole

OSM_FILE = "osm.gpkg"
OSM_SOURCE = "(c) OpenStreetMap contributors, ODbL 1.0"
SUFFIXES = (".osm", ".pbf")
TABLE_SEASONS = ("winter", "spring", "summer", "autumn")
_BATCH = 20_000
_QUERIES = {
    "points": "place IS NOT NULL OR ford IS NOT NULL",
    "lines": "highway IS NOT NULL OR waterway IS NOT NULL OR bridge IS NOT NULL OR ford IS NOT NULL",
    "multipolygons": "natural IS NOT NULL OR landuse IS NOT NULL OR place IS NOT NULL",
}

Progress = Callable[[str, int, int], None]
T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class OsmFeature:
    """One feature: `osm_id` as node/1, way/1, relation/1, its tags, its geometry in lon/lat (shapely)."""

    osm_id: str
    tags: Mapping[str, str]
    geometry: Any


@dataclass(frozen=True, slots=True)
class DelayRule:
    """What crossing costs (s) by season of the table: water of a kind from a width on, or an opening."""

    kind: str
    width_from_m: float
    delay_s: Mapping[str, float]


def tag_classes() -> dict[str, dict[tuple[str, str], str]]:
    """Return by layer the class of (key, value), in the order in which tags are asked."""
    found: dict[str, dict[tuple[str, str], str]] = {}
    for row in _table("osm_tags.csv"):
        found.setdefault(row["layer"], {})[row["key"], row["value"]] = row["class"]
    return found


def delay_rules() -> tuple[DelayRule, ...]:
    """Return the stated delays, narrow before wide."""
    return tuple(
        DelayRule(
            row["kind"],
            float(row["width_from_m"]),
            {s: math.inf if row[s] == "closed" else float(row[s]) for s in TABLE_SEASONS},
        )
        for row in _table("osm_delays.csv")
    )


def _table(name: str) -> list[dict[str, str]]:
    text = files("sarhad").joinpath("data", name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def read_osm(path: Path, area: Any, progress: Progress) -> dict[str, list[OsmFeature]]:
    """Return points, lines and multipolygons of an extract that meet an area (a lon/lat shapely polygon).

    Raises:
        InputFaults: for a file that is missing, of another format, or damaged.
    """
    expected = "an extract of OpenStreetMap (.osm, .osm.pbf)"
    if not path.is_file():
        raise InputFaults.one(str(path), expected, "no such file")
    if path.suffix.lower() not in SUFFIXES:
        raise InputFaults.one(str(path), expected, f"a file {path.name}")
    check_whole(path, progress)
    found: dict[str, list[OsmFeature]] = {}
    progress("reading the extract", 0, len(_QUERIES))
    with as_file(files("sarhad").joinpath("data", "osmconf.ini")) as conf:
        for k, layer in enumerate(_QUERIES, 1):
            found[layer] = _interruptible(partial(_read_layer, path, layer, area, conf))
            progress("reading the extract", k, len(_QUERIES))
    return found


def _interruptible(task: Callable[[], T]) -> T:
    """Return what a task does in a thread that does not outlive the program: an interrupt ends the wait."""
    found: list[T] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            found.append(task())
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join()
    if failed:
        raise failed[0]
    return found[0]


def _read_layer(path: Path, layer: str, area: Any, conf: Path) -> list[OsmFeature]:
    import pyogrio
    import shapely
    from pyogrio.raw import open_arrow

    features: list[OsmFeature] = []
    try:
        # One layer by name: the driver then keeps no features of the others waiting in memory.
        with open_arrow(
            path,
            sql=f"SELECT * FROM {layer} WHERE {_QUERIES[layer]}",
            mask=area,
            batch_size=_BATCH,
            use_pyarrow=True,
            CONFIG_FILE=str(conf),
        ) as (meta, batches):
            for batch in batches:
                column = batch.column(meta["geometry_name"] or "wkb_geometry")
                shapes = shapely.from_wkb(column.to_numpy(zero_copy_only=False), on_invalid="ignore")
                rows = batch.to_pylist()
                features += [
                    _feature(layer, row, shape)
                    for row, shape in zip(rows, shapes, strict=True)
                    if shape is not None and not shape.is_empty
                ]
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, OSError) as error:
        raise InputFaults.one(path.name, "a sound extract of OpenStreetMap", error) from error
    return features


def _feature(layer: str, row: Mapping[str, Any], shape: Any) -> OsmFeature:
    if layer == "multipolygons":
        osm_id = f"way/{row['osm_way_id']}" if row.get("osm_way_id") else f"relation/{row['osm_id']}"
    else:
        osm_id = ("node/" if layer == "points" else "way/") + str(row["osm_id"])
    tags = {key: value for key, value in row.items() if isinstance(value, str) and not key.startswith("osm_")}
    return OsmFeature(osm_id, tags, shape)


def write_osm(folder: Path, extract: Path, layers: Mapping[str, Sequence[Mapping[str, Any]]]) -> Path:
    """Write rows with their `geometry` as `osm.gpkg`, whole or not at all; return its path.

    It says inside where it comes from: source, licence, the extract's name and SHA-256. Raises InputFaults
    where there is no row at all.
    """
    import geopandas as gpd

    frames = {
        name: gpd.GeoDataFrame(list(rows), geometry="geometry", crs="EPSG:4326")
        for name, rows in layers.items()
        if rows
    }
    if not frames:
        expected = "roads, rivers, settlements or land cover in the band"
        raise InputFaults.one(extract.name, expected, "nothing there: is it an extract of this place?")
    about = {
        "source": OSM_SOURCE,
        "licence": "Open Database License 1.0, https://opendatacommons.org/licenses/odbl/1-0/",
        "extract": extract.name,
        "extract_sha256": sha256(extract),
    }
    with whole_file(folder / OSM_FILE) as part:
        write_geopackage(part, frames, about)
    return folder / OSM_FILE


def add_sections(folder: Path, text: str) -> None:
    """Put sections at the end of `project.toml`; what stands there stays as it is, byte for byte.

    Raises:
        InputFaults: where the whole would not be TOML with all that it said before.
    """
    path = folder / PROJECT_FILE
    old = path.read_bytes()
    new = old + (b"" if old.endswith(b"\n") else b"\n") + b"\n" + text.encode()
    added = tomllib.loads(text)
    try:
        whole = tomllib.loads(new.decode("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputFaults.one(PROJECT_FILE, "a file that takes more sections", error) from error
    if whole != tomllib.loads(old.decode("utf-8-sig")) | added:
        raise InputFaults.one(PROJECT_FILE, "a file that takes more sections", "others than it had")
    write_whole(path, new)
