"""What the assets of one sector see: who sees which cell from how far, and at what rate.

Sight depends on terrain and heights only, so it is worked out once per target height; rates follow from
range under each condition. Identical items at one place are independent units, each with its own state.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sarhad.errors import UnknownName
from sarhad.kernels.exposure import SensorLines, View
from sarhad.kernels.sight import visible_pairs
from sarhad.kernels.sight_observers import Observers
from sarhad.model.asset import AlongLine, Asset, AtPoint, OverBand
from sarhad.model.condition import Condition
from sarhad.model.equipment import EquipmentType
from sarhad.model.project import Project
from sarhad.model.target import Target
from sarhad.planning.frame import locate
from sarhad.planning.ground import Ground, Mask
from sarhad.planning.sensing import (
    area_rate_per_s,
    availability,
    crossing_exposure,
    look_rate_per_s,
    max_range_m,
)

RATE_FLOOR_PER_S = 1e-7  # below this an asset would need months to notice: not worth an entry


@dataclass(frozen=True, slots=True, eq=False)
class Unit:
    """One item of one asset, as placed in a sector; `row`, `col` are -1 for lines and areas."""

    asset: Asset
    equipment: EquipmentType
    row: int = -1
    col: int = -1
    range_m: float = 0.0

    @property
    def mast_m(self) -> float:
        """Height of the sensor above the ground."""
        return self.equipment.mast_m if self.asset.mast_m is None else self.asset.mast_m


@dataclass(frozen=True, slots=True, eq=False)
class Sighting:
    """Pairs of cell and unit with a free line of sight (or under an area's patrol), ordered by cell.

    `ptr` (n_cell + 1,), `unit` (pair,), `ring` (pair,) the number of the pair's range in `ring_m` (ring,):
    cells lie at few distinct ranges. Area units have range 0.
    """

    ptr: NDArray[np.int64]
    unit: NDArray[np.int32]
    ring: NDArray[np.int32]
    ring_m: NDArray[np.float64]

    def cut_to(self, window: tuple[slice, slice], n_col: int) -> Sighting:
        """Return the pairs in some rows and columns of a grid of `n_col` columns, which holds all of them."""
        rows, cols = window
        cell = np.arange(rows.start, rows.stop)[:, None] * n_col + np.arange(cols.start, cols.stop)
        count = np.diff(self.ptr)[cell.ravel()]
        if count.sum() != len(self.unit):
            raise ValueError("the window leaves out cells that are seen")
        return replace(self, ptr=np.concatenate([[0], np.cumsum(count)]).astype(np.int64))


def reach_m(project: Project, equipment: EquipmentType) -> float:
    """Range beyond which a type sees none of the project's targets in any of its conditions."""
    return max_range_m(equipment, project.targets, project.conditions)


def units_in(ground: Ground, assets: Sequence[Asset]) -> tuple[Unit, ...]:
    """Return the units that can matter in a sector, in the order of the assets; raises UnknownName."""
    project, sector = ground.project, ground.sector
    unknown = sorted({asset.equipment_id for asset in assets} - set(project.equipment))
    if unknown:
        raise UnknownName(f"equipment {unknown[0]!r} is not among the types that the project knows")
    grid, cell_m = sector.grid, ground.project.settings.cell_m
    points = [a for a in assets if isinstance(a.place, AtPoint)]
    row, col = locate(
        project,
        grid,
        np.array([a.place.lon_deg for a in points if isinstance(a.place, AtPoint)]),
        np.array([a.place.lat_deg for a in points if isinstance(a.place, AtPoint)]),
    )
    at = {id(a): (int(row[i]), int(col[i])) for i, a in enumerate(points)}
    from_m, to_m = sector.chainage_span_m
    range_of = {e: reach_m(project, project.equipment[e]) for e in {a.equipment_id for a in points}}
    found: list[Unit] = []
    for asset in assets:
        equipment = project.equipment[asset.equipment_id]
        if isinstance(asset.place, AtPoint):
            r, c = at[id(asset)]
            inside = 0 <= r < grid.n_row and 0 <= c < grid.n_col
            if inside and np.isfinite(ground.dem_m[r, c]) and range_of[asset.equipment_id] > cell_m:
                found += [Unit(asset, equipment, r, c, range_of[asset.equipment_id])] * asset.n
        elif asset.place.from_m < to_m and asset.place.to_m > from_m:
            found += [Unit(asset, equipment)] * asset.n
    return tuple(found)


def sight(ground: Ground, units: Sequence[Unit], target_m: float, within: Mask) -> Sighting:
    """Work out who sees which cells of `within`, for a target of the given height.

    Units that share place, mast and sector share one viewshed, out to the longest of their ranges.
    """
    settings = ground.project.settings
    looks: dict[tuple[int, int, float, float, float], list[int]] = {}
    for i, unit in enumerate(units):
        if unit.row >= 0:
            look = (unit.row, unit.col, unit.mast_m, unit.asset.azimuth_deg, unit.asset.sector_deg)
            looks.setdefault(look, []).append(i)
    cells: list[NDArray[np.int64]] = []
    owners: list[NDArray[np.int32]] = []
    ranges: list[NDArray[np.float32]] = []
    if looks:
        table = np.array(list(looks))
        longest_m = np.array([max(units[i].range_m for i in group) for group in looks.values()])
        observers = Observers(
            row=table[:, 0].astype(np.int64),
            col=table[:, 1].astype(np.int64),
            height_m=table[:, 2],
            range_m=longest_m,
            azimuth_deg=table[:, 3],
            sector_deg=table[:, 4],
            min_range_m=np.zeros(len(table)),
        )
        ptr, cell, range_m = visible_pairs(
            ground.dem_m,
            observers,
            cell_m=settings.cell_m,
            target_m=target_m,
            curvature=settings.curvature,
            within=within,
        )
        for k, group in enumerate(looks.values()):
            seen, far_m = cell[ptr[k] : ptr[k + 1]], range_m[ptr[k] : ptr[k + 1]]
            for i in group:
                near = far_m <= units[i].range_m
                cells.append(seen[near].astype(np.int64))
                owners.append(np.full(int(near.sum()), i, np.int32))
                ranges.append(far_m[near])
    for i, unit in enumerate(units):
        if isinstance(unit.asset.place, OverBand):
            place = unit.asset.place
            chainage_m, offset_m = ground.sector.chainage_m, ground.sector.offset_m
            swept = (offset_m >= -settings.start_beyond_m) & (offset_m <= settings.depth_m)
            swept &= (chainage_m >= place.from_m) & (chainage_m < place.to_m)
            flown = np.flatnonzero(within & swept)
            cells.append(flown)
            owners.append(np.full(len(flown), i, np.int32))
            ranges.append(np.zeros(len(flown), np.float32))
    return _by_cell(ground.sector.grid.n_cell, cells, owners, ranges)


def _by_cell(
    n_cell: int,
    cells: list[NDArray[np.int64]],
    owners: list[NDArray[np.int32]],
    ranges: list[NDArray[np.float32]],
) -> Sighting:
    if not cells:
        none = np.zeros(0, np.int32)
        return Sighting(np.zeros(n_cell + 1, np.int64), none, none, np.zeros(0))
    cell = np.concatenate(cells)
    order = np.argsort(cell, kind="stable")
    ptr = np.concatenate([[0], np.cumsum(np.bincount(cell, minlength=n_cell))]).astype(np.int64)
    ring_m, ring = np.unique(np.concatenate(ranges)[order], return_inverse=True)
    return Sighting(ptr, np.concatenate(owners)[order], ring.astype(np.int32), ring_m.astype(np.float64))


def view_of(
    ground: Ground, units: Sequence[Unit], sighting: Sighting, target: Target, condition: Condition
) -> View:
    """Return the rates at which units detect a target in the cells they see.

    Rates depend on type, mast and range alone, so they are worked out once per type, mast and ring.
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


def working_share(units: Iterable[Unit], condition: Condition) -> NDArray[np.float64]:
    """Return f (unit,): the share of crossings for which each unit works the whole time."""
    known: dict[tuple[str, float | None], float] = {}
    share = []
    for unit in units:
        key = (unit.equipment.equipment_id, unit.asset.availability)
        if key not in known:
            known[key] = availability(unit.equipment, condition, unit.asset.availability)
        share.append(known[key])
    return np.array(share, np.float64)
