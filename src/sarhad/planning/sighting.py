"""Lines of sight in one sector: which unit sees which cell, and from how far.

Sight depends on terrain and heights only, so it is worked out once per target height. The window is convex:
whatever lies between a unit in it and a cell of it, it holds. For units that stand outside, heights are read
over the smallest box that holds them and the cells they reach; where the terrain ends, ground is unknown and
what lies behind it does not count as seen (`sarhad.kernels.sight`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sarhad.kernels.sight import visible_pairs
from sarhad.kernels.sight_observers import Observers
from sarhad.model.asset import OverBand
from sarhad.planning.ground import Ground, Mask
from sarhad.planning.units import Unit, cells_away


@dataclass(frozen=True, slots=True, eq=False)
class Sighting:
    """Pairs of cell and unit with a free line of sight (or under an area's patrol), by cell, then unit.

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


class _Look(NamedTuple):
    """What makes a viewshed; units that share all of it share one, out to the longest of their ranges."""

    row: int
    col: int
    mast_m: float
    azimuth_deg: float
    sector_deg: float


class _Scene(NamedTuple):
    """Heights on a box of cells, which of them matter, and the sector's row and column of its first cell."""

    dem_m: NDArray[np.float32]
    within: Mask
    row: int
    col: int


class _Seen(NamedTuple):
    """What one unit sees: flat cells of the sector, and their ranges."""

    unit: int
    cell: NDArray[np.int64]
    range_m: NDArray[np.float32]


_Looks = Mapping[_Look, Sequence[int]]


def sight(ground: Ground, units: Sequence[Unit], target_m: float, within: Mask) -> Sighting:
    """Work out who sees which cells of `within` (row, col), for a target of the given height."""
    near: dict[_Look, list[int]] = {}
    far: dict[_Look, list[int]] = {}
    for i, unit in enumerate(units):
        if unit.range_m > 0:
            look = _Look(unit.row, unit.col, unit.mast_m, unit.asset.azimuth_deg, unit.asset.sector_deg)
            side = near if unit.stands_in(ground.sector.grid.shape) else far
            side.setdefault(look, []).append(i)
    reaching = _in_reach(units, far, within, ground.project.settings.cell_m)
    found = [*_seen(ground, units, near, target_m, _Scene(ground.dem_m, within, 0, 0))]
    if reaching:
        around = _scene_around(ground, units, reaching, within)
        found += _seen(ground, units, reaching, target_m, around)
    for i, unit in enumerate(units):
        if isinstance(unit.asset.place, OverBand):
            flown = np.flatnonzero(within & _flown(ground, unit.asset.place))
            found.append(_Seen(i, flown, np.zeros(len(flown), np.float32)))
    return _by_cell(ground.sector.grid.n_cell, sorted(found, key=lambda seen: seen.unit))


def _in_reach(
    units: Sequence[Unit], looks: _Looks, within: Mask, cell_m: float
) -> dict[_Look, Sequence[int]]:
    """Return the looks from outside the window that reach a cell of `within`."""
    if not looks:
        return {}
    row, col, *_ = np.array(list(looks)).T.astype(np.int64)
    away_m = cells_away(within, row, col) * cell_m
    return {
        look: group
        for (look, group), least_m in zip(looks.items(), away_m.tolist(), strict=True)
        if least_m <= _longest_m(units, group) * (1.0 + 1e-9)
    }


def _longest_m(units: Sequence[Unit], group: Sequence[int]) -> float:
    return max(units[i].range_m for i in group)


def _scene_around(ground: Ground, units: Sequence[Unit], looks: _Looks, within: Mask) -> _Scene:
    """Read the heights of the smallest box with those who look from outside and all that they reach."""
    cell_m = ground.project.settings.cell_m
    box: list[slice] = []
    for axis in (0, 1):
        wanted = np.flatnonzero(within.any(axis=1 - axis))
        first, last = int(wanted[0]), int(wanted[-1])
        ends = []
        for look, group in looks.items():
            reach = int(_longest_m(units, group) / cell_m) + 1
            low, high = max(first, look[axis] - reach), min(last, look[axis] + reach)
            ends.append((min(look[axis], low), max(look[axis], high)))
        box.append(slice(min(low for low, _ in ends), max(high for _, high in ends) + 1))
    rows, cols = box
    matters = np.zeros((rows.stop - rows.start, cols.stop - cols.start), bool)
    own = [slice(max(part.start, 0), min(part.stop, n)) for part, n in zip(box, within.shape, strict=True)]
    at = [slice(one.start - part.start, one.stop - part.start) for one, part in zip(own, box, strict=True)]
    matters[at[0], at[1]] = within[own[0], own[1]]
    return _Scene(ground.heights_around(rows, cols), matters, rows.start, cols.start)


def _seen(
    ground: Ground, units: Sequence[Unit], looks: _Looks, target_m: float, scene: _Scene
) -> Iterator[_Seen]:
    """Yield what each unit of the looks sees in a scene; those on unknown ground see nothing."""
    settings, n_col = ground.project.settings, ground.sector.grid.n_col
    known = [look for look in looks if np.isfinite(scene.dem_m[look.row - scene.row, look.col - scene.col])]
    if not known:
        return
    table = np.array(known)
    observers = Observers(
        row=table[:, 0].astype(np.int64) - scene.row,
        col=table[:, 1].astype(np.int64) - scene.col,
        height_m=table[:, 2],
        range_m=np.array([_longest_m(units, looks[look]) for look in known]),
        azimuth_deg=table[:, 3],
        sector_deg=table[:, 4],
        min_range_m=np.zeros(len(table)),
    )
    pairs = visible_pairs(
        scene.dem_m,
        observers,
        cell_m=settings.cell_m,
        target_m=target_m,
        curvature=settings.curvature,
        within=scene.within,
    )
    row, col = np.divmod(pairs.cell.astype(np.int64), scene.within.shape[1])
    cell = (row + scene.row) * n_col + col + scene.col
    for k, look in enumerate(known):
        mine = slice(pairs.ptr[k], pairs.ptr[k + 1])
        for i in looks[look]:
            near = pairs.range_m[mine] <= units[i].range_m
            yield _Seen(i, cell[mine][near], pairs.range_m[mine][near])


def _flown(ground: Ground, place: OverBand) -> Mask:
    """Return the cells (row, col) that an aircraft works: from the start line to the headline depth."""
    settings, sector = ground.project.settings, ground.sector
    flown: Mask = (sector.offset_m >= -settings.start_beyond_m) & (sector.offset_m <= settings.depth_m)
    flown &= (sector.chainage_m >= place.from_m) & (sector.chainage_m < place.to_m)
    return flown


def _by_cell(n_cell: int, found: Sequence[_Seen]) -> Sighting:
    """Sort what the units see, given in their order, by cell: sums over units come out alike anywhere."""
    if not found:
        none = np.zeros(0, np.int32)
        return Sighting(np.zeros(n_cell + 1, np.int64), none, none, np.zeros(0))
    cell = np.concatenate([seen.cell for seen in found])
    owner = np.repeat(np.array([seen.unit for seen in found], np.int32), [len(seen.cell) for seen in found])
    order = np.argsort(cell, kind="stable")
    ptr = np.concatenate([[0], np.cumsum(np.bincount(cell, minlength=n_cell))]).astype(np.int64)
    ranges_m = np.concatenate([seen.range_m for seen in found])[order]
    ring_m, ring = np.unique(ranges_m, return_inverse=True)
    return Sighting(ptr, owner[order], ring.astype(np.int32), ring_m.astype(np.float64))
