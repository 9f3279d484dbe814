"""At what rate the units of a sector detect a target in the cells they see, under one condition."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sarhad.kernels.exposure import SensorLines, View
from sarhad.model.asset import AlongLine, OverBand
from sarhad.model.condition import Condition
from sarhad.model.target import Target
from sarhad.planning.ground import Ground
from sarhad.planning.sensing import area_rate_per_s, crossing_exposure, look_rate_per_s
from sarhad.planning.sighting import Sighting
from sarhad.planning.units import Unit

RATE_FLOOR_PER_S = 1e-7  # below this an asset would need months to notice: not worth an entry


def view_of(
    ground: Ground, units: Sequence[Unit], sighting: Sighting, target: Target, condition: Condition
) -> View:
    """Return the rates at which units detect a target in the cells they see.

    Rates depend on type, mast and range alone, so they are worked out once per type, mast and ring; land
    cover leaves a share of them.
    """
    kinds: dict[tuple[str, float, str], int] = {}
    kind_of = np.zeros(len(units), np.int64)
    rates: list[NDArray[np.float64]] = []
    for i, unit in enumerate(units):
        place = unit.asset.place
        area = repr(place) if isinstance(place, OverBand) else ""
        kind = (unit.equipment.equipment_id, unit.mast_m, area)
        if kind not in kinds:
            kinds[kind] = len(rates)
            rates.append(_ring_rates(ground, unit, sighting.ring_m, target, condition))
        kind_of[i] = kinds[kind]
    if not rates:
        return View(sighting.ptr, sighting.unit, np.zeros(0))
    rate_per_s = np.array(rates)[kind_of[sighting.unit], sighting.ring]
    share = ground.land.visible_share(target, condition.season)
    if share is not None:
        rate_per_s *= np.repeat(share.ravel(), np.diff(sighting.ptr))
    keep = rate_per_s > RATE_FLOOR_PER_S
    kept_before = np.concatenate([[0], np.cumsum(keep)]).astype(np.int64)
    return View(kept_before[sighting.ptr], sighting.unit[keep], rate_per_s[keep])


def _ring_rates(
    ground: Ground, unit: Unit, ring_m: NDArray[np.float64], target: Target, condition: Condition
) -> NDArray[np.float64]:
    """Return the rate of one unit at each range; lines have none, areas the same everywhere."""
    place = unit.asset.place
    if isinstance(place, AlongLine):
        return np.zeros(len(ring_m))
    if isinstance(place, OverBand):
        rate_per_s = area_rate_per_s(unit.equipment, target, condition, _area_m2(ground, place))
        return np.full(len(ring_m), rate_per_s)
    return look_rate_per_s(unit.equipment, target, condition, ring_m, mast_m=unit.mast_m)


def _area_m2(ground: Ground, place: OverBand) -> float:
    """Area that a patrol sweeps: from the start line beyond the border to the headline goal depth."""
    settings = ground.project.settings
    return (place.to_m - place.from_m) * (settings.start_beyond_m + settings.depth_m)


def sensor_lines(units: Sequence[Unit], target: Target, condition: Condition) -> SensorLines:
    """Return the ground-sensor lines among the units with the exposure of one crossing."""
    lines = [(i, u, u.asset.place) for i, u in enumerate(units) if isinstance(u.asset.place, AlongLine)]
    types = {u.equipment.equipment_id: u.equipment for _, u, _ in lines}
    exposure = {name: crossing_exposure(equipment, target, condition) for name, equipment in types.items()}
    return SensorLines(
        asset=np.array([i for i, _, _ in lines], np.int32),
        offset_m=np.array([place.offset_m for _, _, place in lines], np.float64),
        from_m=np.array([place.from_m for _, _, place in lines], np.float64),
        to_m=np.array([place.to_m for _, _, place in lines], np.float64),
        exposure=np.array([exposure[u.equipment.equipment_id] for _, u, _ in lines], np.float64),
    )
