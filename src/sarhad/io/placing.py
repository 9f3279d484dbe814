"""Place things on the border line: nearest chainage and signed offset, and back (after ISO 19148).

Between two vertices the line is straight in longitude and latitude and chainage grows evenly along it.
Distances near the line use the middle-latitude formula

    x = N(m) cos(m) (lon - lon0),   y = M(m) (lat - lat0),   m = (lat + lat0) / 2

with N and M the radii of curvature in the prime vertical and the meridian of the WGS84 ellipsoid; within
100 km and below 70 degrees of latitude it agrees with the geodesic to better than 0.1 %.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sarhad.errors import InputFaults
from sarhad.model.line import Line, LinePart

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

SEMI_MAJOR_M = 6_378_137.0
FLATTENING = 1 / 298.257223563
ECCENTRICITY_2 = FLATTENING * (2 - FLATTENING)
SAMPLE_STEP_M = 250.0


BLOCK = 50_000
"""Places that are sought at once: each meets dozens of steps, which all stay in memory."""


class Trace(NamedTuple):
    """The line as samples a short step apart: `ptr` bounds the runs, `closed` says which are rings.

    A run is one part, or several where one starts where the last ended. A ring repeats its first sample.
    """

    lon_deg: F64
    lat_deg: F64
    chainage_m: F64
    ptr: I64
    closed: NDArray[np.bool_]


def trace(line: Line, step_m: float = SAMPLE_STEP_M) -> Trace:
    """Return every vertex of the line, and points between so that no step exceeds `step_m`."""
    if not step_m > 0:
        raise InputFaults.one("trace", "a positive step_m", step_m)
    lon: list[F64] = []
    lat: list[F64] = []
    chainage: list[F64] = []
    starts: list[int] = []
    n = 0
    for part in line.parts:
        at_m = _between(part.chainage_m, step_m)
        lon_deg, lat_deg = part.at(at_m)
        joins = bool(
            n and chainage[-1][-1] == at_m[0] and lon[-1][-1] == lon_deg[0] and lat[-1][-1] == lat_deg[0]
        )
        if not joins:
            starts.append(n)
        for rows, values in ((lon, lon_deg), (lat, lat_deg), (chainage, at_m)):
            rows.append(values[1:] if joins else values)
        n += len(at_m) - joins
    lon_all, lat_all = np.concatenate(lon), np.concatenate(lat)
    ptr = np.array([*starts, n], dtype=np.int64)
    first, last = ptr[:-1], ptr[1:] - 1
    closed = (lon_all[first] == lon_all[last]) & (lat_all[first] == lat_all[last])
    return Trace(lon_all, lat_all, np.concatenate(chainage), ptr, closed)


def _between(chainage_m: F64, step_m: float) -> F64:
    """Divide every step of the chainages into equal steps no longer than `step_m`."""
    gap_m = np.diff(chainage_m)
    n = np.maximum(1, np.ceil(gap_m / step_m)).astype(np.int64)
    k = np.arange(n.sum()) - np.repeat(np.cumsum(n) - n, n)
    inner = np.repeat(chainage_m[:-1], n) + k * np.repeat(gap_m / n, n)
    return np.concatenate([inner, chainage_m[-1:]])


def local_xy_m(lon0_deg: F64, lat0_deg: F64, lon_deg: F64, lat_deg: F64) -> tuple[F64, F64]:
    """Return metres (east, north) of points from (lon0, lat0) by the middle-latitude formula."""
    middle = np.radians((lat0_deg + lat_deg) / 2)
    w = np.sqrt(1 - ECCENTRICITY_2 * np.sin(middle) ** 2)
    d_lon = np.radians((lon_deg - lon0_deg + 180) % 360 - 180)
    x_m = SEMI_MAJOR_M / w * np.cos(middle) * d_lon
    return x_m, SEMI_MAJOR_M * (1 - ECCENTRICITY_2) / w**3 * np.radians(lat_deg - lat0_deg)


def place_on_line(line: Line, lon_deg: ArrayLike, lat_deg: ArrayLike) -> tuple[F64, F64]:
    """Return (chainage_m, offset_m) of the nearest point of the line, offset positive on the home side.

    Arguments broadcast to one shape, which is also the shape of the results. Of equally near points the one
    with the least chainage counts. Past the end of an open part the side is that of its last step, prolonged.
    """
    lon, lat = np.broadcast_arrays(
        np.asarray(lon_deg, dtype=np.float64), np.asarray(lat_deg, dtype=np.float64)
    )
    if not (np.all(np.abs(lon) <= 180) and np.all(np.abs(lat) <= 90)):
        raise InputFaults.one("place_on_line", "finite degrees within -180..180 and -90..90", "others")
    if not lon.size:
        return np.zeros(lon.shape), np.zeros(lon.shape)
    samples = trace(line)
    from sarhad.kernels.linear import steps_of  # compiled: whoever places nothing does not wait for it

    steps = _Steps(samples, *steps_of(samples.ptr, samples.closed))
    blocks = range(BLOCK, lon.size, BLOCK)
    pairs = zip(np.split(lon.ravel(), blocks), np.split(lat.ravel(), blocks), strict=True)
    placed = [_nearest(steps, *pair) for pair in pairs]
    chainage_m, offset_m = (np.concatenate(values) for values in zip(*placed, strict=True))
    if line.home_side == "right":
        offset_m = -offset_m
    return chainage_m.reshape(lon.shape), offset_m.reshape(lon.shape)


class _Steps(NamedTuple):
    """A trace with its steps."""

    samples: Trace
    first: I64
    last: I64
    before: I64
    after: I64

    def ends_m(self, step: I64, lon_deg: F64, lat_deg: F64) -> tuple[F64, F64]:
        """Return the first and last sample of steps as (step, 2) metres seen from points."""
        s = self.samples
        a, b = self.first[step], self.last[step]
        start = np.stack(local_xy_m(lon_deg, lat_deg, s.lon_deg[a], s.lat_deg[a]), axis=-1)
        end = np.stack(local_xy_m(lon_deg, lat_deg, s.lon_deg[b], s.lat_deg[b]), axis=-1)
        return start, end


def _candidates(steps: _Steps, lon_deg: F64, lat_deg: F64) -> tuple[I64, I64]:
    """Return (point, step) pairs that hold the nearest step of every point.

    The nearest step ends within half a step of the nearest point of the line, so one of its samples is no
    farther than the nearest sample and half the longest step.
    """
    from scipy.spatial import cKDTree

    s = steps.samples
    tree = cKDTree(_earth_centred_m(s.lon_deg, s.lat_deg))
    place = _earth_centred_m(lon_deg, lat_deg)
    nearest_m, _ = tree.query(place)
    reach_m = nearest_m + 0.51 * SAMPLE_STEP_M
    found = tree.query_ball_point(place, reach_m, return_sorted=True)
    n_found = np.array([len(row) for row in found], dtype=np.int64)
    point = np.repeat(np.arange(len(place)), n_found)
    sample = np.concatenate([np.asarray(row, dtype=np.int64) for row in found])
    starting = np.full(len(s.lon_deg), -1, dtype=np.int64)
    ending = starting.copy()
    starting[steps.first] = ending[steps.last] = np.arange(len(steps.first))
    both = np.concatenate([point, point]), np.concatenate([starting[sample], ending[sample]])
    real = both[1] >= 0
    return both[0][real], both[1][real]


def _earth_centred_m(lon_deg: F64, lat_deg: F64) -> F64:
    lon, lat = np.radians(lon_deg), np.radians(lat_deg)
    n = SEMI_MAJOR_M / np.sqrt(1 - ECCENTRICITY_2 * np.sin(lat) ** 2)
    x, y = n * np.cos(lat) * np.cos(lon), n * np.cos(lat) * np.sin(lon)
    return np.stack([x, y, n * (1 - ECCENTRICITY_2) * np.sin(lat)], axis=-1)


def _nearest(steps: _Steps, lon_deg: F64, lat_deg: F64) -> tuple[F64, F64]:
    """Return (chainage_m, offset_m) with offset positive to the left of the line."""
    point, step = _candidates(steps, lon_deg, lat_deg)
    start, end = steps.ends_m(step, lon_deg[point], lat_deg[point])
    along = end - start
    share = np.clip(-np.sum(start * along, axis=1) / np.sum(along * along, axis=1), 0.0, 1.0)
    foot = start + share[:, None] * along
    distance_2 = np.sum(foot * foot, axis=1)
    order = np.lexsort((step, distance_2, point))
    best = order[np.unique(point[order], return_index=True)[1]]
    step, share, foot = step[best], share[best], foot[best]
    tangent = _tangent(steps, step, share, lon_deg, lat_deg)
    side = tangent[:, 1] * foot[:, 0] - tangent[:, 0] * foot[:, 1]
    distance_m = np.sqrt(distance_2[best])
    at_m = steps.samples.chainage_m
    chainage_m = at_m[steps.first[step]] * (1 - share) + at_m[steps.last[step]] * share
    return chainage_m, np.where(side < 0, -distance_m, distance_m)


def _tangent(steps: _Steps, step: I64, share: F64, lon_deg: F64, lat_deg: F64) -> F64:
    """Direction of the line at the nearest points; at a vertex the sum of both steps' unit vectors.

    The sum is the angle-weighted pseudonormal of J. A. Baerentzen and H. Aanaes (2005) turned by a right
    angle: it gives the right side at any corner. A spike that runs straight back has none: its step counts.
    """

    def unit(index: I64) -> F64:
        start, end = steps.ends_m(index, lon_deg, lat_deg)
        vector: F64 = (end - start) / np.hypot(*(end - start).T)[:, None]
        return vector

    own = unit(step)
    other = np.where(share <= 0, steps.before[step], np.where(share >= 1, steps.after[step], -1))
    total = np.where((other >= 0)[:, None], own + unit(np.maximum(other, 0)), own)
    return np.where(np.hypot(*total.T)[:, None] > 1e-9, total, own)


def point_off_line(line: Line, chainage_m: ArrayLike, offset_m: ArrayLike = 0.0) -> tuple[F64, F64]:
    """Return (lon_deg, lat_deg) of points at a chainage and an offset square to the line, positive home.

    At a vertex the line's direction is that of the step that starts there. The inverse of `place_on_line`
    wherever no other piece of the line is nearer than the offset.
    """
    at_m, off_m = np.broadcast_arrays(
        np.asarray(chainage_m, dtype=np.float64), np.asarray(offset_m, dtype=np.float64)
    )
    if not np.all(np.isfinite(off_m)):
        raise InputFaults.one("point_off_line", "a finite offset_m", "NaN or infinite")
    lon_deg, lat_deg = np.full(at_m.shape, np.nan), np.full(at_m.shape, np.nan)
    left_m = off_m if line.home_side == "left" else -off_m
    for part in line.parts:
        inside = (at_m >= part.from_m) & (at_m <= part.to_m) & np.isnan(lon_deg)
        if inside.any():
            lon_deg[inside], lat_deg[inside] = _off_part(part, at_m[inside], left_m[inside])
    if np.isnan(lon_deg).any():
        bounds = ", ".join(f"{part.from_m:.0f}..{part.to_m:.0f}" for part in line.parts)
        raise InputFaults.one("point_off_line", f"chainage within {bounds} m", at_m[np.isnan(lon_deg)][0])
    return lon_deg, lat_deg


def _off_part(part: LinePart, at_m: F64, left_m: F64) -> tuple[F64, F64]:
    lon0, lat0 = part.at(at_m)
    k = np.clip(np.searchsorted(part.chainage_m, at_m, side="right") - 1, 0, len(part.chainage_m) - 2)
    before = local_xy_m(lon0, lat0, part.lon_deg[k], part.lat_deg[k])
    after = local_xy_m(lon0, lat0, part.lon_deg[k + 1], part.lat_deg[k + 1])
    east, north = after[0] - before[0], after[1] - before[1]
    length = np.hypot(east, north)
    return _from_local(lon0, lat0, -north / length * left_m, east / length * left_m)


def _from_local(lon0_deg: F64, lat0_deg: F64, x_m: F64, y_m: F64) -> tuple[F64, F64]:
    """Invert `local_xy_m` (three rounds reach 1e-9 degrees within 100 km)."""
    lon, lat = lon0_deg + 0.0, lat0_deg + 0.0
    for _ in range(3):
        middle = np.radians((lat0_deg + lat) / 2)
        w = np.sqrt(1 - ECCENTRICITY_2 * np.sin(middle) ** 2)
        lat = lat0_deg + np.degrees(y_m * w**3 / (SEMI_MAJOR_M * (1 - ECCENTRICITY_2)))
        middle = np.radians((lat0_deg + lat) / 2)
        w = np.sqrt(1 - ECCENTRICITY_2 * np.sin(middle) ** 2)
        lon = lon0_deg + np.degrees(x_m * w / (SEMI_MAJOR_M * np.cos(middle)))
    return lon, lat


def densify(course_deg: F64, step_m: float = SAMPLE_STEP_M) -> F64:
    """Return a (vertex, 2) polyline of degrees with points between, so that no step exceeds `step_m`."""
    course = np.asarray(course_deg, dtype=np.float64)
    if course.ndim != 2 or course.shape[1] != 2 or not np.all(np.isfinite(course)):
        raise InputFaults.one("polyline", "finite (vertex, 2) longitudes and latitudes", f"{course.shape}")
    lon_deg, lat_deg = course.T
    steps_m = np.hypot(*local_xy_m(lon_deg[:-1], lat_deg[:-1], lon_deg[1:], lat_deg[1:]))
    at_m = np.concatenate([[0.0], np.cumsum(steps_m)])
    if at_m[-1] == 0:
        return course[:1]
    dense_m = _between(at_m, step_m)
    return np.stack([np.interp(dense_m, at_m, lon_deg), np.interp(dense_m, at_m, lat_deg)], axis=-1)
