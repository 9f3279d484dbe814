"""Line of sight over terrain: which cells each observer sees, and how far from being seen the others are.

The one definition ("R3, both crossings"): the eye stands `height_m` above the observer's cell centre, the
target's top `target_m` above its own.  The straight line between the two crosses the lines through rows and
the lines through columns of cell centres; terrain is known at every such crossing by linear interpolation
between the two cell centres beside it (exactly at a cell centre only that cell counts), each lowered for
curvature and refraction by

    drop = curvature d^2 / (2 R),     R = 6 378 137 m,     d = distance of the cell centre from the observer

with curvature 0.85714 = 1 - 1/7 (standard refraction of light; 1: no refraction, 0: flat earth).  A target
is seen if no crossing stands above the line.  Ties count as seen: to be hidden, a target's top must lie
more than 1e-6 m below the highest line of sight that grazes a crossing.  A crossing next to a no-data cell
(NaN) is unknown, and what lies behind it does not count as seen; a no-data cell is never seen.  Range is
from centre to centre, both bounds included (to a relative 1e-9), and so are the edges of a sector.

`line_of_sight_clearance_m` is that definition, word for word; `sight_sweep` gives the same answers fast.
Source: algorithm R3 of Franklin, Ray and Mehta, "Geometric algorithms for siting of air defense missile
batteries" (1994), with crossings of both kinds of lines.
"""

from __future__ import annotations

import math
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
from numba import njit

from sarhad.errors import Fault, InputFaults
from sarhad.kernels.sight_observers import Observers, ObserverTable, checked_observers
from sarhad.kernels.sight_sweep import Post, Surface, Window, Work, surface, sweep, work_space

__all__ = [
    "EARTH_RADIUS_M",
    "TIE_M",
    "Observers",
    "Viewsheds",
    "VisiblePairs",
    "line_of_sight_clearance_m",
    "viewshed",
    "visible_pairs",
]

EARTH_RADIUS_M = 6_378_137.0
TIE_M = 1e-6
_MAX_SIDE = 30_000  # cells; beyond, directions of different cells come too near to the sweep's slivers

_F4: TypeAlias = npt.NDArray[np.float32]
_U1: TypeAlias = npt.NDArray[np.uint8]
_Bool: TypeAlias = npt.NDArray[np.bool_]


@njit(cache=True, nogil=True)
def _bent_m(dem_m: _F4, cell: tuple[int, int], eye: tuple[int, int], bend_m: float) -> float:
    """Height of a cell centre less its drop; `bend_m` is the drop at one cell's distance."""
    return float(dem_m[cell[0], cell[1]]) - bend_m * ((cell[0] - eye[0]) ** 2 + (cell[1] - eye[1]) ** 2)


@njit(cache=True, nogil=True)
def line_of_sight_clearance_m(
    dem_m: _F4,
    observer: tuple[int, int],
    target: tuple[int, int],
    height_m: float,
    target_m: float,
    cell_m: float,
    curvature: float,
    give_up_m: float = -np.inf,
) -> float:
    """Clearance of a target's top over the highest line of sight that grazes the terrain between (m).

    This is the definition. `dem_m` (row, col) float32; `observer` and `target` are (row, col). Negative:
    hidden by as much; +inf: nothing lies between (the observer's own cell and its neighbours); NaN: unknown
    ground at the target or on the way. The walk may end at the first crossing that brings the clearance
    below `give_up_m`.
    """
    row_0, col_0 = observer
    rows, cols = target[0] - row_0, target[1] - col_0
    bend_m = curvature * cell_m * cell_m / (2.0 * EARTH_RADIUS_M)
    eye_m = float(dem_m[row_0, col_0]) + height_m
    top_m = _bent_m(dem_m, target, observer, bend_m) + target_m
    clearance_m = np.inf
    for along_rows in (True, False):
        n, across = (rows, cols) if along_rows else (cols, rows)
        step = 1 if n > 0 else -1
        for i in range(1, abs(n)):
            whole, part = (i * across) // abs(n), (i * across) % abs(n) / abs(n)
            beside = (row_0 + step * i, col_0 + whole) if along_rows else (row_0 + whole, col_0 + step * i)
            ground_m = _bent_m(dem_m, beside, observer, bend_m)
            if part > 0.0:
                beyond = (beside[0], beside[1] + 1) if along_rows else (beside[0] + 1, beside[1])
                ground_m += part * (_bent_m(dem_m, beyond, observer, bend_m) - ground_m)
            if math.isnan(ground_m):
                return np.nan
            clearance_m = min(clearance_m, top_m - eye_m - (ground_m - eye_m) * abs(n) / i)
            if clearance_m < give_up_m:
                return float(clearance_m)
    if math.isnan(top_m):
        return np.nan
    return 0.0 if -TIE_M <= clearance_m < 0.0 else float(clearance_m)


class _Seen(NamedTuple):
    """One observer's answer: a corner and a size on the grid, and packed rows of bits."""

    row: int
    col: int
    n_row: int
    n_col: int
    bits: _U1


@njit(cache=True, nogil=True)
def _add_bits(bits: _U1, row: int, col: int, count: npt.NDArray[np.int32]) -> None:
    """Add a window of bits onto a raster of counts."""
    for i in range(bits.shape[0]):
        for byte in range(bits.shape[1]):
            if bits[i, byte] != 0:
                for bit in range(8):
                    if bits[i, byte] & (128 >> bit):
                        count[row + i, col + 8 * byte + bit] += 1


class _Scene(NamedTuple):
    """Checked inputs, ready for sweeps."""

    dem_m: _F4
    surface: Surface
    observers: Observers
    cell_m: float
    target_m: float
    curvature: float

    def post(self, i: int) -> Post:
        """What the sweep must know of observer i."""
        who = self.observers
        row, col = int(who.row[i]), int(who.col[i])
        half = math.radians(who.sector_deg[i]) / 2.0
        left, right = (math.radians(who.azimuth_deg[i]) + side * half for side in (-1.0, 1.0))
        bend_m = self.curvature * self.cell_m * self.cell_m / (2.0 * EARTH_RADIUS_M)
        far, near = (float(r[i]) / self.cell_m for r in (who.range_m, who.min_range_m))
        n2_max = math.floor(min(far, 2.0 * _MAX_SIDE) ** 2 * (1.0 + 2e-9))
        n2_min = math.ceil(min(near, 2.0 * _MAX_SIDE) ** 2 * (1.0 - 2e-9))
        eye_m = float(self.dem_m[row, col]) + float(who.height_m[i])
        sector = (float(who.sector_deg[i]), math.sin(left), math.cos(left), math.sin(right), math.cos(right))
        return Post(row, col, eye_m, self.target_m, TIE_M, bend_m, n2_min, n2_max, *sector)

    def corners(self, post: Post) -> tuple[int, int, int, int]:
        """First row and column, and number of rows and columns, of the part of the grid in reach."""
        reach = math.isqrt(post.n2_max)
        row, col = max(post.row - reach, 0), max(post.col - reach, 0)
        n_row, n_col = self.dem_m.shape
        row_end, col_end = min(post.row + reach + 1, n_row), min(post.col + reach + 1, n_col)
        return row, col, row_end - row, col_end - col

    def see(self, i: int, work: Work) -> tuple[_Seen, Work]:
        """Sweep observer i."""
        post = self.post(i)
        row, col, n_row, n_col = self.corners(post)
        bits = np.zeros((n_row, (n_col + 7) // 8), dtype=np.uint8)
        work = sweep(self.surface, post, Window(row, col, bits, np.empty((0, 0), dtype=np.float32)), work)
        if post.n2_min == 0:
            own = post.col - col
            bits[post.row - row, own // 8] |= np.uint8(128 >> own % 8)
        return _Seen(row, col, n_row, n_col, bits), work


def _number_faults(cell_m: float, target_m: float, curvature: float) -> list[Fault]:
    faults = []
    for name, value, zero_allowed in (
        ("cell_m", cell_m, False),
        ("target_m", target_m, True),
        ("curvature", curvature, True),
    ):
        try:
            good = math.isfinite(value) and (value > 0.0 or (zero_allowed and value == 0.0))
        except TypeError:
            good = False
        if not good:
            expected = f"a finite number {'>=' if zero_allowed else '>'} 0"
            faults.append(Fault(name, "", 0, "", expected, str(value)))
    return faults


def _checked_dem(dem_m: npt.ArrayLike) -> tuple[_F4 | None, list[Fault]]:
    """Copy the terrain as float32 (a masked array's masked cells become no data)."""
    try:
        if isinstance(dem_m, np.ma.MaskedArray):
            dem_m = np.ma.filled(dem_m.astype(np.float32), np.nan)
        dem = np.array(dem_m, dtype=np.float32, order="C")
    except (TypeError, ValueError):
        return None, [Fault("dem_m", "", 0, "", "an array of heights", type(dem_m).__name__)]
    if dem.ndim != 2 or dem.size == 0 or max(dem.shape) > _MAX_SIDE:
        expected = f"heights by (row, col), 1 to {_MAX_SIDE} cells a side"
        return None, [Fault("dem_m", "", 0, "", expected, f"shape {dem.shape}")]
    n_infinite = int(np.isinf(dem).sum())
    if n_infinite:
        found = f"{n_infinite} infinite cells"
        return dem, [Fault("dem_m", "", 0, "", "finite heights (NaN: no data)", found)]
    return dem, []


def _checked_scene(
    dem_m: npt.ArrayLike, table: ObserverTable, *, cell_m: float, target_m: float, curvature: float
) -> _Scene:
    """Check all inputs at once; the terrain is copied."""
    faults = _number_faults(cell_m, target_m, curvature)
    dem, dem_faults = _checked_dem(dem_m)
    observers, observer_faults = checked_observers(table, dem)
    faults += dem_faults + observer_faults
    if dem is None or observers is None or faults:
        raise InputFaults(faults)
    return _Scene(dem, surface(dem), observers, float(cell_m), float(target_m), float(curvature))


class Viewsheds:
    """What each observer of a table sees, in the table's order; rasters are (row, col) like the terrain.

    Masks are held as packed bits of the part of the grid in reach; clearances and minimum visible heights are
    computed, exactly, when asked for.
    """

    def __init__(self, scene: _Scene, seen: tuple[_Seen, ...]) -> None:
        self._scene = scene
        self._seen = seen

    def __len__(self) -> int:
        """Return the number of observers."""
        return len(self._seen)

    def _checked(self, i: int) -> int:
        if not 0 <= i < len(self._seen):
            raise InputFaults.one("observer index", f"0 to {len(self._seen) - 1}", i)
        return int(i)

    def mask(self, i: int) -> _Bool:
        """Cells whose target observer `i` sees, (row, col) bool; False beyond range and sector."""
        seen = self._seen[self._checked(i)]
        mask = np.zeros(self._scene.dem_m.shape, dtype=np.bool_)
        window = np.unpackbits(seen.bits, axis=1, count=seen.n_col).view(np.bool_)
        mask[seen.row : seen.row + seen.n_row, seen.col : seen.col + seen.n_col] = window
        return mask

    def count(self) -> npt.NDArray[np.int32]:
        """Number of observers that see each cell, (row, col) int32."""
        count = np.zeros(self._scene.dem_m.shape, dtype=np.int32)
        for seen in self._seen:
            _add_bits(seen.bits, seen.row, seen.col, count)
        return count

    def clearance_m(self, i: int) -> _F4:
        """Clearance of the target's top over the highest line of sight that grazes the terrain before it.

        (row, col) float32, metres. At least 0 exactly where `mask(i)` is True; negative: hidden by as much;
        +inf: nothing lies between (the observer's own cell and its neighbours); NaN: out of range or
        sector, no data there or on the way.
        """
        scene = self._scene
        post = scene.post(self._checked(i))
        row, col, n_row, n_col = scene.corners(post)
        out = np.full((n_row, n_col), np.nan, dtype=np.float32)
        sweep(scene.surface, post, Window(row, col, np.empty((0, 0), dtype=np.uint8), out), work_space())
        if post.n2_min == 0:
            out[post.row - row, post.col - col] = np.inf
        clearance_m = np.full(scene.dem_m.shape, np.nan, dtype=np.float32)
        clearance_m[row : row + n_row, col : col + n_col] = out
        return clearance_m

    def minimum_visible_height_m(self, i: int) -> _F4:
        """Least height above ground that observer `i` would see at each cell, (row, col) float32 m.

        0 where the ground itself is seen; NaN where `clearance_m` is.
        """
        needed_m = np.float32(self._scene.target_m) - self.clearance_m(i)
        return np.where(needed_m > TIE_M, needed_m, np.where(np.isnan(needed_m), np.nan, 0.0)).astype(
            np.float32
        )


def viewshed(
    dem_m: npt.ArrayLike,
    observers: ObserverTable,
    *,
    cell_m: float,
    target_m: float = 1.7,
    curvature: float = 0.85714,
) -> Viewsheds:
    """Compute what each observer sees of targets `target_m` above the ground.

    `dem_m` (row, col): heights in metres, float32, row 0 in the north, NaN = no data; square cells of
    `cell_m` in a projected grid. `observers`: a data frame, structured array or mapping with the columns
    `row`, `col`, `height_m` (eye above ground), `range_m`, and if wanted `azimuth_deg` (middle of the
    sector, clockwise from grid north) with `sector_deg` in (0, 360], and `min_range_m`. The observer's own
    cell is seen if `min_range_m` is 0, whatever the sector. Raises InputFaults with all that is wrong.
    Definition and source: the head of this module.
    """
    scene = _checked_scene(dem_m, observers, cell_m=cell_m, target_m=target_m, curvature=curvature)
    work = work_space()
    seen: list[_Seen] = []
    for i in range(len(scene.observers.row)):
        one, work = scene.see(i, work)
        seen.append(one)
    return Viewsheds(scene, tuple(seen))


class VisiblePairs(NamedTuple):
    """Cells seen by each observer, sparse: those of observer i are entries `ptr[i]` to `ptr[i + 1]`.

    `ptr` (n_observer + 1,) int64; `cell` (n_pair,) int32, row * n_col + col, rising within an observer;
    `range_m` (n_pair,) float32, from centre to centre.
    """

    ptr: npt.NDArray[np.int64]
    cell: npt.NDArray[np.int32]
    range_m: _F4


@njit(cache=True, nogil=True)
def _list_cells(
    bits: _U1, corner: tuple[int, int], within: _Bool, post: Post, cell: npt.NDArray[np.int32], distance: _F4
) -> int:
    """List a window's seen cells that lie `within`, and their distances in cells; returns their number."""
    n_col, n = within.shape[1], 0
    for i in range(bits.shape[0]):
        row = corner[0] + i
        for byte in range(bits.shape[1]):
            if bits[i, byte] != 0:
                for bit in range(8):
                    col = corner[1] + 8 * byte + bit
                    if bits[i, byte] & (128 >> bit) and within[row, col]:
                        cell[n] = row * n_col + col
                        distance[n] = math.sqrt((row - post.row) ** 2 + (col - post.col) ** 2)
                        n += 1
    return n


def visible_pairs(
    dem_m: npt.ArrayLike,
    observers: ObserverTable,
    *,
    cell_m: float,
    target_m: float = 1.7,
    curvature: float = 0.85714,
    within: _Bool | None = None,
) -> VisiblePairs:
    """List what each observer sees, cell by cell, if given only `within` (row, col) bool.

    Arguments, errors and truth are those of `viewshed`; the result is sparse.
    """
    scene = _checked_scene(dem_m, observers, cell_m=cell_m, target_m=target_m, curvature=curvature)
    shape = scene.dem_m.shape
    wanted = np.ones(shape, dtype=np.bool_) if within is None else within
    if wanted.shape != shape or wanted.dtype != np.bool_:
        raise InputFaults.one("within", f"bool of shape {shape}", f"{wanted.dtype} of shape {wanted.shape}")
    wanted = np.ascontiguousarray(wanted)
    work = work_space()
    n = len(scene.observers.row)
    ptr = np.zeros(n + 1, dtype=np.int64)
    cells, ranges_m = [np.empty(0, dtype=np.int32)], [np.empty(0, dtype=np.float32)]
    for i in range(n):
        seen, work = scene.see(i, work)
        n_bit = np.count_nonzero(np.unpackbits(seen.bits))
        cell, distance = np.empty(n_bit, dtype=np.int32), np.empty(n_bit, dtype=np.float32)
        n_cell = _list_cells(seen.bits, (seen.row, seen.col), wanted, scene.post(i), cell, distance)
        cells.append(cell[:n_cell].copy())
        ranges_m.append(distance[:n_cell] * np.float32(cell_m))
        ptr[i + 1] = ptr[i] + n_cell
    return VisiblePairs(ptr, np.concatenate(cells), np.concatenate(ranges_m))
