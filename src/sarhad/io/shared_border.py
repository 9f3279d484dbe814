"""The line between two countries out of their polygons.

Home's rings are walked with home on the left (exteriors anticlockwise, holes clockwise). A vertex belongs to
the line where it stands within `gap_m` of the neighbour's boundary: the polygons of one source share most
vertices to the bit and leave slivers between, those of two sources or with water cut out leave strips. A run
is cut back to its last shared vertex at both ends, unless that takes off more than `MAX_CUT` gaps: within so
much a third border leaves the line. A loop of at most `LONG_APART` gaps that comes back to where it began is
cut off. A ring that shares no edge is water or an island and left out; of the largest ring, a long run
without one is taken for the bank of a river that was cut out.

Distances are taken in Lambert's azimuthal equal-area projection (lengths within 1.3 % up to 2,000 km from its
centre), lengths of the line on the WGS84 ellipsoid.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sarhad.io.line_shape import steps_m

F64 = NDArray[np.float64]
Flags = NDArray[np.bool_]

GAP_M = 1_000.0
MAX_CUT = 3.0
"""Gaps that an end of a run is cut back at most."""
SHARED_RING = 0.5
"""Least share of a closed ring's vertices that the neighbour has, too."""
LONG_APART = 10.0
"""Gaps that a run without one shared edge must be long: the bank of a river, no corner where three meet."""
SAME_DEG = 1e-8
"""Vertices nearer than this (1 mm) are one."""


@dataclass(frozen=True, slots=True, eq=False)
class BorderRun:
    """One unbroken run of the border, home on the left: (vertex, 2) longitude and latitude.

    `shared` (vertex,) says which vertices the neighbour has, too; `away_m` how far it is from each; `loops_m`
    is the length of the loops that were cut off.
    """

    vertex: F64
    shared: Flags
    away_m: F64
    closed: bool
    around_home: bool
    loops_m: float = 0.0

    @property
    def length_m(self) -> float:
        """Length on the ellipsoid."""
        return float(steps_m(self.vertex).sum())

    @property
    def apart_m(self) -> float:
        """Length of the steps of which the neighbour does not have both ends."""
        return float(steps_m(self.vertex)[~(self.shared[1:] & self.shared[:-1])].sum())


@dataclass(frozen=True, slots=True, eq=False)
class SharedBorder:
    """The border as home's polygon draws it, and its length as the neighbour's does; `n_rings_left_out`
    rings stand near the neighbour and share no edge with it: lakes, islands."""

    runs: tuple[BorderRun, ...]
    length_m: float
    length_beyond_m: float
    apart_m: float
    widest_m: float
    loops_m: float
    n_rings_left_out: int


def shared_border(home: Any, beyond: Any, gap_m: float = GAP_M) -> SharedBorder:
    """Return the border of two (multi)polygons in degrees; no runs where they are nowhere within `gap_m`."""
    runs, n_left_out = _walk(home, beyond, gap_m)
    return SharedBorder(
        tuple(runs),
        sum(run.length_m for run in runs),
        sum(run.length_m for run in _walk(beyond, home, gap_m)[0]),
        sum(run.apart_m for run in runs),
        max((float(run.away_m.max()) for run in runs), default=0.0),
        sum(run.loops_m for run in runs),
        n_left_out,
    )


def _walk(home: Any, beyond: Any, gap_m: float) -> tuple[list[BorderRun], int]:
    """Return the runs of home's rings along the neighbour, open ones first, and how many were left out."""
    near = _Nearness.of(home, beyond, gap_m)
    open_runs: list[BorderRun] = []
    rings: list[BorderRun] = []
    n_left_out = 0
    for k, (vertex, around_home) in enumerate(_rings(home)):
        found = list(_runs(vertex, around_home, near))
        least_m = LONG_APART * gap_m if k == 0 else np.inf
        kept = [run for run in found if _is_border(run, least_m)]
        n_left_out += bool(found) and not kept
        for run in kept:
            (rings if run.closed else open_runs).append(run)
    return [*open_runs, *rings], n_left_out


def _is_border(run: BorderRun, least_apart_m: float) -> bool:
    if run.closed:
        return float(run.shared.mean()) >= SHARED_RING
    return bool(np.any(run.shared[1:] & run.shared[:-1])) or run.length_m >= least_apart_m


def _rings(shape: Any) -> Iterator[tuple[F64, bool]]:
    """Yield every ring, home on its left, and whether home is inside it; the largest polygon comes first."""
    import shapely

    polygons = sorted(shapely.get_parts(shape).tolist(), key=shapely.area, reverse=True)
    for polygon in shapely.orient_polygons(polygons):
        yield shapely.get_coordinates(polygon.exterior), True
        for hole in polygon.interiors:
            yield shapely.get_coordinates(hole), False


@dataclass(frozen=True, slots=True, eq=False)
class _Nearness:
    """How far places are from the neighbour's boundary, and which of its vertices they are."""

    to_metres: Any
    edges: Any
    known: frozenset[tuple[int, int]]
    box: tuple[float, float, float, float]
    gap_m: float

    @classmethod
    def of(cls, home: Any, beyond: Any, gap_m: float) -> _Nearness:
        import shapely
        from pyproj import Transformer

        box = _meeting_box(home.bounds, beyond.bounds, gap_m)
        lon, lat = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
        plane = f"+proj=laea +lat_0={lat:.6f} +lon_0={lon:.6f} +datum=WGS84 +units=m"
        to_metres = Transformer.from_crs("EPSG:4326", plane, always_xy=True)
        edges = _edges_within(beyond, box)
        lines = shapely.transform(shapely.linestrings(edges), to_metres.transform, interleaved=False)
        return cls(to_metres, shapely.STRtree(lines), frozenset(_keys(edges.reshape(-1, 2))), box, gap_m)

    def measure(self, vertex: F64) -> tuple[F64, Flags]:
        """Return how far each vertex is from the boundary (m; inf beyond the box) and if it is shared."""
        import shapely

        west, south, east, north = self.box
        lon, lat = vertex.T
        inside = (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)
        away_m = np.full(len(vertex), np.inf)
        shared = np.zeros(len(vertex), dtype=np.bool_)
        if inside.any() and len(self.edges):
            points = shapely.points(*self.to_metres.transform(lon[inside], lat[inside]))
            away_m[inside] = self.edges.query_nearest(points, return_distance=True, all_matches=False)[1]
            shared[inside] = [key in self.known for key in _keys(vertex[inside])]
        return away_m, shared


def _keys(vertex: F64) -> list[tuple[int, int]]:
    return [(int(x), int(y)) for x, y in np.rint(vertex / SAME_DEG).astype(np.int64)]


def _meeting_box(
    one: tuple[float, ...], two: tuple[float, ...], gap_m: float
) -> tuple[float, float, float, float]:
    """Return where two boxes of degrees meet, wider by twice the gap."""
    north, south = min(one[3], two[3]), max(one[1], two[1])
    lat_deg = 2 * gap_m / 110_000.0
    lon_deg = lat_deg / max(0.05, float(np.cos(np.radians(max(abs(north), abs(south))))))
    return max(one[0], two[0]) - lon_deg, south - lat_deg, min(one[2], two[2]) + lon_deg, north + lat_deg


def _edges_within(shape: Any, box: tuple[float, float, float, float]) -> F64:
    """Return the edges (edge, 2, 2) of all rings of which an end lies in the box, vertices as they are."""
    west, south, east, north = box
    edges = np.concatenate([np.stack([ring[:-1], ring[1:]], axis=1) for ring, _ in _rings(shape)])
    lon, lat = edges[..., 0], edges[..., 1]
    inside = (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)
    return edges[inside.any(axis=1)]


def _runs(ring: F64, around_home: bool, near: _Nearness) -> Iterator[BorderRun]:
    """Yield the runs of a ring within the gap, in its order from behind its longest way elsewhere."""
    away_m, shared = near.measure(ring[:-1])
    is_near = away_m <= near.gap_m
    if not is_near.any():
        return
    if is_near.all():
        closing = np.append(np.arange(len(is_near)), 0)
        yield BorderRun(ring, shared[closing], away_m[closing], True, around_home)
        return
    order = _from_behind_longest(ring, is_near)
    spots = np.flatnonzero(is_near[order])
    for run in np.split(spots, np.flatnonzero(np.diff(spots) > 1) + 1):
        at = order[run]
        cut = _cut_ends(ring[at], shared[at], MAX_CUT * near.gap_m)
        at = at[cut]
        keep = _without_loops(ring[at], LONG_APART * near.gap_m)
        loops_m = float(steps_m(ring[at]).sum() - steps_m(ring[at[keep]]).sum())
        at = at[keep]
        if len(at) >= 2:
            yield BorderRun(ring[at], shared[at], away_m[at], False, around_home, loops_m)


def _from_behind_longest(ring: F64, is_near: Flags) -> NDArray[np.int64]:
    """Return the ring's vertices in order from the end of the longest way that is not near."""
    n = len(is_near)
    first = int(np.flatnonzero(is_near & ~np.roll(is_near, 1))[0])
    order = (np.arange(n) + first) % n
    along_m = np.concatenate([[0.0], np.cumsum(np.roll(steps_m(ring), -first))])
    starts = np.flatnonzero(is_near[order] & ~np.roll(is_near[order], 1))
    lasts = np.flatnonzero(is_near[order] & ~np.roll(is_near[order], -1))
    ways_m = along_m[np.append(starts[1:], n)] - along_m[lasts]
    behind = np.append(starts[1:], 0)[int(np.argmax(ways_m))]
    return np.roll(order, -int(behind))


def _cut_ends(vertex: F64, shared: Flags, max_cut_m: float) -> slice:
    """Return what stays of a run when its ends are cut back to shared vertices, if that takes little off."""
    if not shared.any():
        return slice(0, len(vertex))
    along_m = np.concatenate([[0.0], np.cumsum(steps_m(vertex))])
    first, last = np.flatnonzero(shared)[[0, -1]]
    start = int(first) if along_m[first] <= max_cut_m else 0
    end = int(last) if along_m[-1] - along_m[last] <= max_cut_m else len(vertex) - 1
    return slice(start, end + 1)


def _without_loops(vertex: F64, longest_m: float) -> NDArray[np.int64]:
    """Return the vertices of a run without the loops, up to a length, that come back to where they began."""
    along_m = np.concatenate([[0.0], np.cumsum(steps_m(vertex))])
    kept: list[int] = []
    seen: dict[tuple[int, int], int] = {}
    for k, key in enumerate(_keys(vertex)):
        first = seen.get(key)
        if first is not None and along_m[k] - along_m[first] <= longest_m:
            while kept[-1] != first:
                del seen[_keys(vertex[kept.pop()][None])[0]]
            continue
        seen[key] = k
        kept.append(k)
    return np.array(kept, dtype=np.int64)
