"""What is measured of things where they stand: slope, water, side, company, horizon.

    horizon of a sensor at h over the lowest ground in its range, of a target of height t:
    d = sqrt(2 R h / c) + sqrt(2 R t / c),    R = 6,378,137 m

c is the share of the Earth's curvature that refraction leaves: the setting `curvature` for light, 3/4 for
radar (effective radius 4/3). No ground in range hides more than the lowest shows, so what lies
beyond d is never seen; what lies within may yet be hidden.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from sarhad.io.line import place_on_line, point_off_line
from sarhad.io.scene import F64, Measured, Points, Scene, points_of
from sarhad.io.spot_heights import spot_heights_m
from sarhad.kernels.sight import EARTH_RADIUS_M
from sarhad.model.equipment import EquipmentType

RADAR_CURVATURE = 0.75
WATER = ("river", "lake")
SAME_PLACE_DEG = 1e-5
"""About a metre."""
METRES_PER_DEGREE = 111_320.0
N_AZIMUTH, N_RING = 24, 12
"""Samples of the ground in range of a sensor: directions, and distances in each."""
BAND_SAMPLES = 1_000
HIGH_M = 50.0
"""Ground whose median lies above has no business at exactly 0 m."""

_WAYS_DEG = np.arange(N_AZIMUTH) * (360.0 / N_AZIMUTH)
_SHARES = np.arange(1, N_RING + 1) / N_RING


def slope(scene: Scene, section: str) -> Measured:
    """Slope of the relief in degrees, from the cells next to the place."""
    points = points_of(scene, section)
    step_m = max((min(one.ground_cell_m) for one in scene.mosaics), default=1.0)
    rise = [
        (_shifted(scene, points, step_m, way) - _shifted(scene, points, step_m, way + 180.0)) / (2 * step_m)
        for way in (0.0, 90.0)
    ]
    slope_deg = np.degrees(np.arctan(np.hypot(*rise)))
    return Measured(slope_deg, lambda k: f"a slope of {slope_deg[k]:.0f} degrees")


def _shifted(scene: Scene, points: Points, by_m: float | F64, way_deg: float | F64) -> F64:
    """Heights some metres away in a direction from north."""
    way = np.radians(way_deg)
    up_deg = by_m * np.cos(way) / METRES_PER_DEGREE
    aside_deg = by_m * np.sin(way) / (METRES_PER_DEGREE * np.cos(np.radians(points.lat_deg)))
    return spot_heights_m(scene.mosaics, points.lon_deg + aside_deg, points.lat_deg + up_deg)


def water(scene: Scene, section: str) -> Measured:
    """Number of barriers of water whose outline holds the place."""
    import shapely

    points = points_of(scene, section)
    rings = [
        (barrier.barrier_id, ring)
        for barrier in scene.project.barriers
        if barrier.kind in WATER
        for ring in barrier.lon_lat_deg
        if len(ring) > 3 and np.array_equal(ring[0], ring[-1])
    ]
    value = np.zeros(len(points.lon_deg))
    name = {}
    if rings:
        tree = shapely.STRtree([shapely.Polygon(ring) for _, ring in rings])
        row, of = tree.query(shapely.points(points.lon_deg, points.lat_deg), predicate="within")
        np.add.at(value, row, 1.0)
        name = {int(k): rings[n][0] for k, n in zip(row, of, strict=True)}
    return Measured(value, lambda k: f"the river or lake {name[k]}")


def twice(scene: Scene, section: str) -> Measured:
    """How many rows of one kind stand where this one stands, itself and those before it counted."""
    points = points_of(scene, section)
    at = np.stack([points.lon_deg, points.lat_deg], axis=-1)
    whole = np.rint(np.nan_to_num(at, nan=1e3) / SAME_PLACE_DEG)
    kind = np.zeros((len(at), 2))
    if section == "assets":
        types = {name: n for n, name in enumerate(scene.project.equipment)}
        kind = np.array(
            [(types[one.equipment_id], one.azimuth_deg) for one in scene.project.entered]
        ).reshape(-1, 2)
    key = np.concatenate([whole, kind], axis=1)
    order = np.lexsort(key.T)
    new = np.concatenate([[True], np.any(np.diff(key[order], axis=0) != 0, axis=1)])[: len(order)]
    start = np.maximum.accumulate(np.where(new, np.arange(len(order)), 0))
    count = np.empty(len(order))
    count[order] = np.arange(len(order)) - start + 1.0
    count[np.isnan(points.lon_deg)] = np.nan
    first = np.empty(len(order), dtype=np.int64)
    first[order] = order[start]
    return Measured(count, lambda k: f"the same as in row {first[k] + 1}")


def side(scene: Scene, section: str) -> Measured:
    """Offset from the line, positive home, where crossings are to be met by teams."""
    points = points_of(scene, section)
    offset_m = np.full(len(points.lon_deg), np.nan)
    here = ~np.isnan(points.lon_deg)
    if here.any() and scene.project.settings.worth == "in_time":
        line = scene.project.line
        offset_m[here] = place_on_line(line, points.lon_deg[here], points.lat_deg[here])[1]
    return Measured(offset_m, lambda k: f"an offset of {offset_m[k]:.0f} m (positive: home side)")


def asset_range(scene: Scene, section: str) -> Measured:
    """Range of every sensor at a point over its horizon."""
    points = points_of(scene, section)
    assets = scene.project.entered
    types = [scene.project.equipment[one.equipment_id] for one in assets]
    range_m = np.array([_range_m(one) for one in types])
    mast_m = [
        kind.mast_m if one.mast_m is None else one.mast_m for one, kind in zip(assets, types, strict=True)
    ]
    rows = np.flatnonzero(~np.isnan(range_m) & ~np.isnan(points.lon_deg))
    share, horizon_m = np.full(len(assets), np.nan), np.full(len(assets), np.nan)
    for k in rows.tolist():
        horizon_m[k] = _horizon_m(scene, types[k], mast_m[k])
        if horizon_m[k] < range_m[k]:  # over level ground; now over the lowest there is
            horizon_m[k] = _horizon_m(
                scene, types[k], mast_m[k] + _stands_out_m(scene, points, k, range_m[k])
            )
        share[k] = range_m[k] / horizon_m[k]
    return Measured(
        share,
        lambda k: (
            f"a mast of {mast_m[k]:g} m, a range of {range_m[k] / 1e3:.0f} km, "
            f"a horizon at {horizon_m[k] / 1e3:.0f} km"
        ),
    )


def _range_m(kind: EquipmentType) -> float:
    return kind.parameter.get("max_range_m", np.nan) if kind.mount == "point" else np.nan


def _horizon_m(scene: Scene, kind: EquipmentType, height_m: float) -> float:
    c = RADAR_CURVATURE if kind.kind == "radar" else scene.project.settings.curvature
    if c <= 0:
        return math.inf
    target_m = max(one.height_m for one in scene.project.targets)
    return math.sqrt(2 * EARTH_RADIUS_M / c) * (math.sqrt(height_m) + math.sqrt(target_m))


def _stands_out_m(scene: Scene, points: Points, k: int, range_m: float) -> float:
    """Height of the ground at a place over the lowest ground within a range of it."""
    way_deg, share = np.meshgrid(_WAYS_DEG, _SHARES)
    around = Points(*(np.full(way_deg.size, one[k]) for one in points))
    found_m = _shifted(scene, around, share.ravel() * range_m, way_deg.ravel())
    own_m = _shifted(scene, Points(*(one[k : k + 1] for one in points)), 0.0, 0.0)[0]
    lowest_m = np.nanmin(np.append(found_m, own_m)) if np.isfinite(own_m) else np.nan
    return float(own_m - lowest_m) if np.isfinite(lowest_m) else math.inf


def type_range(scene: Scene, section: str) -> Measured:
    """Range of every own type over its horizon on the highest ground of the band, over the lowest."""
    types = [scene.project.equipment[name] for name in scene.own_types]
    wanted = [one for one in types if not np.isnan(_range_m(one))]
    relief_m = _relief_m(scene) if wanted else 0.0
    horizon_m = {one.equipment_id: _horizon_m(scene, one, one.mast_m + relief_m) for one in wanted}
    share = [_range_m(one) / horizon_m.get(one.equipment_id, np.inf) for one in types]
    return Measured(
        np.array(share, dtype=np.float64),
        lambda k: (
            f"{types[k].equipment_id}: a mast of {types[k].mast_m:g} m, a range of "
            f"{_range_m(types[k]) / 1e3:.0f} km, a horizon at {horizon_m[types[k].equipment_id] / 1e3:.0f} km"
        ),
        by_row=False,
    )


def terrain_zero(scene: Scene, section: str) -> Measured:
    """Share of the band at exactly 0 m where the rest of it lies high, or where all of it does."""
    height_m = _band_heights_m(scene)
    level = height_m == 0.0
    high = not level.size or level.all() or float(np.median(height_m[~level])) > HIGH_M
    share = float(level.mean()) if level.size and high else 0.0
    return Measured(np.array([share]), lambda k: f"{share:.1%} of it at exactly 0 m", by_row=False)


def _relief_m(scene: Scene) -> float:
    height_m = _band_heights_m(scene)
    return float(np.ptp(height_m)) if height_m.size else math.inf


def _band_heights_m(scene: Scene) -> F64:
    """Heights of places spread over the band, those that are known."""
    line, settings = scene.project.line, scene.project.settings
    at_m: Iterable[F64] = (
        np.linspace(part.from_m, part.to_m, max(2, BAND_SAMPLES // len(line.parts))) for part in line.parts
    )
    offset_m = np.linspace(-settings.band_beyond_m, settings.band_home_m, 9)
    lon_deg, lat_deg = point_off_line(line, np.concatenate(list(at_m))[:, None], offset_m[None, :])
    height_m = spot_heights_m(scene.mosaics, lon_deg.ravel(), lat_deg.ravel())
    return height_m[np.isfinite(height_m)]
