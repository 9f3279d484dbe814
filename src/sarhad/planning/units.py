"""The units that watch a sector: which items of which assets can matter there, and where they stand.

Identical items at one place are independent units, each with its own state. A unit that stands outside the
sector's window counts wherever its reach meets the cells asked about, so that sectors may be of any length.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_erosion
from scipy.spatial import cKDTree

from sarhad.errors import UnknownName
from sarhad.model.asset import Asset, AtPoint
from sarhad.model.condition import Condition
from sarhad.model.equipment import EquipmentType
from sarhad.model.project import Project
from sarhad.planning.frame import cells_at
from sarhad.planning.ground import Ground, Mask
from sarhad.planning.sensing import availability, max_range_m


@dataclass(frozen=True, slots=True, eq=False)
class Unit:
    """One item of one asset, as placed in a sector.

    `row`, `col` are counted from the first cell of the sector's window, outside it where the unit is; -1 for
    lines and areas.
    """

    asset: Asset
    equipment: EquipmentType
    row: int = -1
    col: int = -1
    range_m: float = 0.0

    @property
    def mast_m(self) -> float:
        """Height of the sensor above the ground."""
        return self.equipment.mast_m if self.asset.mast_m is None else self.asset.mast_m

    def stands_in(self, shape: tuple[int, int]) -> bool:
        """Whether the unit stands at a point in a window of that shape."""
        return 0 <= self.row < shape[0] and 0 <= self.col < shape[1]


def reach_m(project: Project, equipment: EquipmentType) -> float:
    """Range beyond which a type sees none of the project's targets in any of its conditions."""
    return max_range_m(equipment, project.targets, project.conditions)


def units_in(ground: Ground, assets: Sequence[Asset], within: Mask | None = None) -> tuple[Unit, ...]:
    """Return the units that can matter in a sector, in the order of the assets; raises UnknownName.

    Of those that stand outside its window the ones whose reach meets `within` (row, col), the band unless
    given.
    """
    project, sector = ground.project, ground.sector
    unknown = sorted({asset.equipment_id for asset in assets} - set(project.equipment))
    if unknown:
        raise UnknownName(f"equipment {unknown[0]!r} is not among the types that the project knows")
    placed = _placed(ground, assets, sector.in_band if within is None else within)
    chainage_m = sector.chainage_m[sector.in_band]
    from_m, to_m = chainage_m.min(), chainage_m.max()
    found: list[Unit] = []
    for asset in assets:
        if isinstance(asset.place, AtPoint):
            unit = placed.get(id(asset))
            found += [unit] * asset.n if unit is not None else []
        elif asset.place.from_m <= to_m and asset.place.to_m > from_m:
            found += [Unit(asset, project.equipment[asset.equipment_id])] * asset.n
    return tuple(found)


def _placed(ground: Ground, assets: Sequence[Asset], within: Mask) -> dict[int, Unit]:
    """Return a unit of each point asset that can matter, by the identity of the asset."""
    project, grid = ground.project, ground.sector.grid
    points = [(a, a.place) for a in assets if isinstance(a.place, AtPoint)]
    if not points:
        return {}
    lon_deg, lat_deg = np.array([(place.lon_deg, place.lat_deg) for _, place in points]).T
    row, col = cells_at(grid, lon_deg, lat_deg)
    away_m = cells_away(within, row, col) * grid.cell_m
    types = {asset.equipment_id for asset, _ in points}
    range_m = {name: reach_m(project, project.equipment[name]) for name in types}
    found: dict[int, Unit] = {}
    for i, (asset, _) in enumerate(points):
        name = asset.equipment_id
        unit = Unit(asset, project.equipment[name], int(row[i]), int(col[i]), range_m[name])
        if unit.stands_in(grid.shape):
            counts = bool(np.isfinite(ground.dem_m[unit.row, unit.col]))
        else:
            counts = bool(away_m[i] <= unit.range_m * (1.0 + 1e-9))
        if counts and unit.range_m > grid.cell_m:
            found[id(asset)] = unit
    return found


def cells_away(mask: Mask, row: NDArray[np.int64], col: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return how many cells (place,) each place lies away from the nearest cell of a mask on its rim.

    For a place outside the mask that is the nearest of all; inf where the mask is empty.
    """
    rim = np.argwhere(mask & ~binary_erosion(mask))
    if not len(rim):
        return np.full(len(row), np.inf)
    distance: NDArray[np.float64] = cKDTree(rim).query(np.column_stack([row, col]))[0]
    return distance


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
