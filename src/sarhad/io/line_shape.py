"""The shape of a line's parts: steps on the ellipsoid, repeats, self-crossings, order.

Steps are geodesics on WGS84 (C. F. F. Karney, "Algorithms for geodesics", J. Geodesy 87, 2013, as in PROJ).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise, permutations

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]

REPEAT_M = 1e-3
MAX_TRIED = 7
"""Parts of which every order is tried; of more, each in turn starts and the nearest follows."""
CLEARLY = 0.5
"""Another order, or another direction, must at least halve the jumps between parts to be better."""


def steps_m(vertex: F64) -> F64:
    """Return the length of every step of a (vertex, 2) run of longitude and latitude."""
    from pyproj import Geod

    steps = Geod(ellps="WGS84").line_lengths(vertex[:, 0], vertex[:, 1])
    return np.asarray(steps, dtype=np.float64)


def without_repeats(vertex: F64) -> tuple[F64, int]:
    """Drop every vertex within 1 mm of the last one kept; a closed ring keeps its closing vertex."""
    keep = np.concatenate([[True], steps_m(vertex) >= REPEAT_M])
    kept = vertex[keep]
    if not keep[-1] and len(kept) > 1:
        kept[-1] = vertex[-1]
    return kept, int(len(vertex) - len(kept))


def crossings(parts: Sequence[F64]) -> Iterator[tuple[int, int, float, float]]:
    """Yield (part, part, lon, lat) wherever a part meets itself or another other than end to end.

    Every step is asked for the steps that touch its box; two steps that follow each other share their vertex
    and may not run back over each other.
    """
    import shapely

    start = np.concatenate([part[:-1] for part in parts])
    end = np.concatenate([part[1:] for part in parts])
    owner = np.repeat(np.arange(len(parts)), [len(part) - 1 for part in parts])
    steps = shapely.linestrings(np.stack([start, end], axis=1))
    one, two = shapely.STRtree(steps).query(steps, predicate="intersects")
    one, two = one[one < two], two[one < two]
    meets = shapely.intersection(steps[one], steps[two])
    ends = {tuple(vertex) for part in parts for vertex in (part[0].tolist(), part[-1].tolist())}
    for k, place in enumerate(meets.tolist()):
        lon, lat = shapely.get_coordinates(place)[0].tolist()
        follows = two[k] == one[k] + 1 and owner[one[k]] == owner[two[k]]
        if place.geom_type == "Point" and (follows or (lon, lat) in ends):
            continue
        yield int(owner[one[k]]), int(owner[two[k]]), lon, lat


def best_order(parts: Sequence[F64]) -> tuple[tuple[int, ...], float, float]:
    """Return the order in which open parts follow each other best, and the jumps (m) as given and so.

    The order as given stays unless another halves the sum of the jumps between parts.
    """
    given = tuple(range(len(parts)))
    jump_m = _jumps_m(parts)
    given_m = _sum_m(given, jump_m)
    if len(parts) <= MAX_TRIED:
        orders = list(permutations(given))
    else:
        orders = [_by_nearest(first, jump_m) for first in given]
    best = min(orders, key=lambda order: (_sum_m(order, jump_m), order))
    best_m = _sum_m(best, jump_m)
    if best_m <= CLEARLY * given_m - REPEAT_M:
        return best, given_m, best_m
    return given, given_m, given_m


def backward_parts(parts: Sequence[F64]) -> tuple[int, ...]:
    """Return the parts that lie better between their neighbours when turned round."""
    found: list[int] = []
    for k, part in enumerate(parts):
        before = parts[k - 1][-1] if k else None
        after = parts[k + 1][0] if k + 1 < len(parts) else None
        as_is_m = _link_m(before, part[0]) + _link_m(part[-1], after)
        turned_m = _link_m(before, part[-1]) + _link_m(part[0], after)
        if turned_m <= CLEARLY * as_is_m - REPEAT_M:
            found.append(k)
    return tuple(found)


def _link_m(one: F64 | None, two: F64 | None) -> float:
    return 0.0 if one is None or two is None else float(steps_m(np.stack([one, two]))[0])


def _jumps_m(parts: Sequence[F64]) -> F64:
    """Return (part, part) metres from the end of one part to the start of another."""
    from pyproj import Geod

    ends, starts = np.array([part[-1] for part in parts]), np.array([part[0] for part in parts])
    n = len(parts)
    away_m = Geod(ellps="WGS84").inv(
        np.repeat(ends[:, 0], n), np.repeat(ends[:, 1], n), np.tile(starts[:, 0], n), np.tile(starts[:, 1], n)
    )[2]
    return np.asarray(away_m, dtype=np.float64).reshape(n, n)


def _sum_m(order: Sequence[int], jump_m: F64) -> float:
    return float(sum(jump_m[a, b] for a, b in pairwise(order)))


def _by_nearest(first: int, jump_m: F64) -> tuple[int, ...]:
    order = [first]
    left = set(range(len(jump_m))) - {first}
    while left:
        order.append(min(left, key=lambda k: (jump_m[order[-1], k], k)))
        left.remove(order[-1])
    return tuple(order)
