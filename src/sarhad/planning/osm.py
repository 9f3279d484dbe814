"""What a project takes from OpenStreetMap: tags become roads, rivers, openings, settlements, land cover.

Rules, beside the tables of `sarhad.io.osm`:

- Water of one name, kind and width class is one barrier. Water of unknown width counts as the least of its
  kind: a crosser has it easier, and P_t is not overstated.
- Polygons of rivers (natural=water with water=river, stream, canal ...) are left to their centre lines;
  lakes below 1 ha are walked around. Water in a tunnel or culvert is no barrier; it opens the river there.
- A bridge or a ford counts where it lies within some 50 m of water that is taken.
- A road that meets such water without either is listed as unmarked, not opened: nothing is guessed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from sarhad.io.osm import DelayRule, OsmFeature, delay_rules, tag_classes
from sarhad.io.placed import Band
from sarhad.io.schemas import DELAY_PREFIX
from sarhad.planning.frame import frame_crs, line_in, unproject

LEAST_LAKE_M2 = 10_000.0
NEAR_DEG = 0.0005
SIMPLER_M = 500.0
METRES_PER_DEGREE = 111_320.0
RIVER_WATER = frozenset({"river", "stream", "canal", "ditch", "drain", "oxbow", "rapids", "stream_pool"})
_WIDTH = re.compile(r"(\d+(?:[.,]\d+)?)\s*(m|km)?")

Row = dict[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class OsmLand:
    """Rows by layer, each with its `geometry`, and how many features were left out, by reason."""

    layers: Mapping[str, Sequence[Row]]
    left_out: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class _Water:
    """A piece of water before pieces of one barrier are joined."""

    kind: str
    rule: DelayRule
    name: str
    geometry: Any

    @property
    def barrier_id(self) -> str:
        return f"osm-{self.kind}-{self.rule.width_from_m:g}-{self.name or 'unnamed'}"


def band_area(band: Band) -> Any:
    """Return the band, and a kilometre around it, as a shapely polygon in lon/lat."""
    if band.line is None:
        raise ValueError("a band needs its line")
    settings = band.settings
    crs = frame_crs(band.line, settings)
    line = line_in(crs, band.line)
    runs = [
        shapely.LineString(np.column_stack([line.x_m[a:b], line.y_m[a:b]]))
        for a, b in zip(line.ptr[:-1], line.ptr[1:], strict=True)
    ]
    reach_m = max(settings.band_home_m, settings.band_beyond_m) + 1_000.0 + SIMPLER_M
    around = shapely.union_all(shapely.buffer(shapely.simplify(runs, SIMPLER_M), reach_m, quad_segs=4))
    return shapely.transform(around, lambda x_m, y_m: unproject(crs, x_m, y_m), interleaved=False)


def sort_osm(
    found: Mapping[str, Sequence[OsmFeature]], seasons: Mapping[str, str], *, name_barriers: bool
) -> OsmLand:
    """Sort features into layers of rows: roads, rivers, openings, unmarked, settlements, land_cover.

    `seasons` gives for each season of the project the one of the table of delays; `name_barriers` says
    whether openings name the barrier they open (else they open what lies there).
    """
    classes, left_out = tag_classes(), Counter[str]()
    lines, areas = found["lines"], found["multipolygons"]
    waters = [*_rivers(lines, classes["rivers"]), *_lakes(areas, classes["lakes"], left_out)]
    roads = list(_classed(lines, classes["roads"], "road_id", "road_class"))
    openings = _openings(found, waters, seasons, left_out, name_barriers=name_barriers)
    layers = {
        "roads": roads,
        "rivers": _barriers(waters, seasons),
        "openings": openings,
        "unmarked": _unmarked(roads, waters, openings),
        "settlements": list(_classed([*found["points"], *areas], classes["settlements"], "goal_id", "place")),
        "land_cover": list(_classed(areas, classes["land_cover"], "cover_id", "cover_class")),
    }
    return OsmLand(layers, dict(sorted(left_out.items())))


def _class_of(feature: OsmFeature, classes: Mapping[tuple[str, str], str]) -> str | None:
    named = (one for (key, value), one in classes.items() if feature.tags.get(key) == value)
    return next(named, None)


def _classed(
    features: Iterable[OsmFeature], classes: Mapping[tuple[str, str], str], id_name: str, class_name: str
) -> Iterator[Row]:
    for feature in features:
        word = _class_of(feature, classes)
        if word is not None:
            yield {
                id_name: feature.osm_id,
                class_name: word,
                "name": feature.tags.get("name"),
                "geometry": feature.geometry,
            }


def _is_there(feature: OsmFeature, key: str) -> bool:
    return feature.tags.get(key, "no") != "no"


def width_m(text: str | None) -> float:
    """Return a width as OpenStreetMap writes it ("12", "12.5 m", "0.4 km"); 0 where it is not known."""
    match = _WIDTH.fullmatch((text or "").strip())
    if match is None:
        return 0.0
    return float(match[1].replace(",", ".")) * (1_000.0 if match[2] == "km" else 1.0)


def _rule(kind: str, wide_m: float) -> DelayRule:
    """Return the rule of the widest class that a width reaches."""
    return [rule for rule in delay_rules() if rule.kind == kind and rule.width_from_m <= wide_m][-1]


def _rivers(lines: Iterable[OsmFeature], classes: Mapping[tuple[str, str], str]) -> Iterator[_Water]:
    for feature in lines:
        kind = _class_of(feature, classes)
        if kind is not None and not _is_there(feature, "tunnel"):
            rule = _rule(kind, width_m(feature.tags.get("width")))
            yield _Water(kind, rule, feature.tags.get("name", ""), feature.geometry)


def _lakes(
    areas: Iterable[OsmFeature], classes: Mapping[tuple[str, str], str], left_out: Counter[str]
) -> Iterator[_Water]:
    for feature in areas:
        kind = _class_of(feature, classes)
        if kind is None:
            continue
        if feature.tags.get("water") in RIVER_WATER:
            left_out["polygons of rivers: their centre lines count"] += 1
        elif _area_m2(feature.geometry) < LEAST_LAKE_M2:
            left_out["lakes below 1 ha"] += 1
        else:
            outline = shapely.boundary(feature.geometry)
            yield _Water(kind, _rule(kind, 0.0), feature.tags.get("name", ""), outline)


def _area_m2(shape: Any) -> float:
    lat_deg = shape.bounds[1] + shape.bounds[3]
    return float(shape.area * METRES_PER_DEGREE**2 * np.cos(np.radians(lat_deg / 2)))


def _barriers(waters: Sequence[_Water], seasons: Mapping[str, str]) -> list[Row]:
    """Join the pieces of each barrier: they then share no cell twice."""
    pieces: dict[str, list[_Water]] = {}
    for water in waters:
        pieces.setdefault(water.barrier_id, []).append(water)
    return [
        {
            "barrier_id": barrier_id,
            "kind": same[0].kind,
            "name": same[0].name or None,
            "width_from_m": same[0].rule.width_from_m,
            **{f"{DELAY_PREFIX}{own}": same[0].rule.delay_s[one] for own, one in seasons.items()},
            "geometry": shapely.multilinestrings(shapely.get_parts([water.geometry for water in same])),
        }
        for barrier_id, same in sorted(pieces.items())
    ]


def _openings(
    found: Mapping[str, Sequence[OsmFeature]],
    waters: Sequence[_Water],
    seasons: Mapping[str, str],
    left_out: Counter[str],
    *,
    name_barriers: bool,
) -> list[Row]:
    made = [
        *((f, "ford") for f in (*found["points"], *found["lines"]) if _is_there(f, "ford")),
        *((f, "culvert") for f in found["lines"] if "waterway" in f.tags and _is_there(f, "tunnel")),
        *((f, "bridge") for f in found["lines"] if "waterway" not in f.tags and _is_there(f, "bridge")),
    ]
    opens = _near([f.geometry for f, _ in made], [water.geometry for water in waters])
    rows: list[Row] = []
    for (feature, kind), over in zip(made, opens, strict=True):
        barrier_ids = sorted({waters[k].barrier_id for k in over})
        if not barrier_ids:
            left_out["bridges, fords and culverts away from water that is taken"] += 1
            continue
        delay_s = _rule(kind, 0.0).delay_s
        for n, barrier_id in enumerate(barrier_ids if name_barriers else [""], 1):
            rows.append(
                {
                    "opening_id": feature.osm_id if n == 1 else f"{feature.osm_id}#{n}",
                    "kind": kind,
                    "barrier_id": barrier_id or None,
                    "over": ", ".join(barrier_ids),
                    "name": feature.tags.get("name"),
                    **{f"{DELAY_PREFIX}{own}": _written(delay_s[one]) for own, one in seasons.items()},
                    "geometry": feature.geometry,
                }
            )
    return rows


def _written(delay_s: float) -> str:
    return "closed" if np.isinf(delay_s) else f"{delay_s:g}"


def _near(shapes: Sequence[Any], others: Sequence[Any]) -> list[list[int]]:
    """Return for each shape the numbers of the others within some 50 m."""
    near: list[list[int]] = [[] for _ in shapes]
    if shapes and others:
        pairs = shapely.STRtree(others).query(list(shapes), predicate="dwithin", distance=NEAR_DEG)
        for i, k in sorted(pairs.T.tolist()):
            near[i].append(k)
    return near


def _unmarked(roads: Sequence[Row], waters: Sequence[_Water], openings: Sequence[Row]) -> list[Row]:
    """Return where roads meet water without a bridge, ford or culvert near."""
    if not roads or not waters:
        return []
    pairs = shapely.STRtree([w.geometry for w in waters]).query(
        [row["geometry"] for row in roads], predicate="intersects"
    )
    met: list[Row] = []
    for i, k in sorted(pairs.T.tolist()):
        there = shapely.intersection(roads[i]["geometry"], waters[k].geometry)
        ids = {"road_id": roads[i]["road_id"], "barrier_id": waters[k].barrier_id}
        met += [ids | {"geometry": shapely.point_on_surface(part)} for part in shapely.get_parts(there)]
    opened = _near([row["geometry"] for row in met], [row["geometry"] for row in openings])
    return [row for row, near in zip(met, opened, strict=True) if not near]
