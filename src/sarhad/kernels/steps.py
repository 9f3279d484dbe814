"""The movement graph of a grid: seconds for each of the 8 steps out of each cell.

    step_s[d, v] = length_d * cell_m / (v(s) * speed_factor) * (friction[v] + friction[u]) / 2
    s = (height[u] - height[v]) / (length_d * cell_m),   u the neighbour of v in direction d

with the horizontal length, and v(s) the speed at the signed slope along the step (`sarhad.kernels.speed`).
A step is impossible, +inf, where it leaves the grid, where either cell is *closed* (a barrier, or no
height), where |s| > max_slope, where the speed is 0, and where it would slip diagonally between two closed
cells: a river one cell wide holds, however it is drawn. Flat cell index = row * n_col + col; row 0 is
north.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from sarhad.errors import Fault, InputFaults
from sarhad.kernels.speed import FloatArray, SpeedTable, speed_law, speed_mps

# N, NE, E, SE, S, SW, W, NW; the opposite of d is (d + 4) % 8.
D_ROW: Final[npt.NDArray[np.int64]] = np.array([-1, -1, 0, 1, 1, 1, 0, -1], dtype=np.int64)
D_COL: Final[npt.NDArray[np.int64]] = np.array([0, 1, 1, 1, 0, -1, -1, -1], dtype=np.int64)
D_LENGTH: Final[FloatArray] = np.array([1.0, math.sqrt(2.0)] * 4)
for _constant in (D_ROW, D_COL, D_LENGTH):
    _constant.flags.writeable = False


@dataclass(frozen=True, slots=True)
class Ground:
    """What one moves over, checked: heights, closed cells (no height, or barrier) and friction (row, col)."""

    height_m: FloatArray
    is_closed: npt.NDArray[np.bool_]
    friction: FloatArray | None

    @classmethod
    def checked(
        cls,
        dem_m: npt.ArrayLike,
        *,
        cell_m: float,
        friction: npt.ArrayLike | None,
        barrier: npt.ArrayLike | None,
    ) -> Ground:
        """Take the user's arrays, or raise InputFaults with all that is wrong with them."""
        height_m = np.ascontiguousarray(dem_m, dtype=np.float64)
        if height_m.ndim != 2 or height_m.size == 0:
            raise InputFaults.one("dem_m", "a grid (row, col) with cells", f"shape {height_m.shape}")
        faults = []
        if not (cell_m > 0 and math.isfinite(cell_m)):
            faults.append(Fault("cell_m", "", 0, "", "a finite number of metres above 0", str(cell_m)))
        is_closed = np.isnan(height_m)
        n_infinite = int(np.isinf(height_m).sum())
        if n_infinite:
            expected = "finite heights, NaN where there is none"
            faults.append(Fault("dem_m", "", 0, "", expected, f"{n_infinite} infinite"))
        if barrier is not None:
            faults += _close(is_closed, np.asarray(barrier))
        factor = None
        if friction is not None:
            factor = np.ascontiguousarray(friction, dtype=np.float64)
            faults += _friction_faults(factor, is_closed)
        if faults:
            raise InputFaults(faults)
        return cls(height_m, is_closed, factor)


def _close(is_closed: npt.NDArray[np.bool_], barrier: npt.NDArray[Any]) -> list[Fault]:
    """Add the barrier to the closed cells in place; return what is wrong with it."""
    if barrier.shape != is_closed.shape or barrier.dtype != np.bool_:
        found = f"shape {barrier.shape} of {barrier.dtype}"
        return [Fault("barrier", "", 0, "", f"shape {is_closed.shape} of bool, as dem_m", found)]
    is_closed |= barrier
    return []


def _friction_faults(friction: FloatArray, is_closed: npt.NDArray[np.bool_]) -> list[Fault]:
    """Return what is wrong with the friction; cells that nobody enters may hold anything."""
    if friction.shape != is_closed.shape:
        return [Fault("friction", "", 0, "", f"shape {is_closed.shape}, as dem_m", f"shape {friction.shape}")]
    is_good = (friction > 0) & (friction < np.inf)
    n_bad = int((~(is_good | is_closed)).sum())
    if n_bad:
        expected = "finite factors above 0 on every cell that can be entered"
        return [Fault("friction", "", 0, "", expected, f"{n_bad} cells at or below 0, infinite or NaN")]
    return []


def _span(shift: int, n: int) -> tuple[slice, slice]:
    """Where a step by `shift` along an axis of n cells starts, and where it ends."""
    return slice(max(0, -shift), n - max(0, shift)), slice(max(0, shift), n - max(0, -shift))


def step_time(
    dem_m: npt.ArrayLike,
    *,
    cell_m: float,
    speed: str | SpeedTable,
    speed_factor: float = 1.0,
    max_slope: float = math.inf,
    friction: npt.ArrayLike | None = None,
    barrier: npt.ArrayLike | None = None,
) -> FloatArray:
    """Return the seconds of each step, (8, row, col), +inf where it is not possible.

    `dem_m` (row, col) heights, NaN = none; `cell_m` the side of a cell; `speed` a name of
    `sarhad.kernels.speed.SPEED_NAMES` or a table, `speed_factor` multiplies it; `friction` (row, col) > 0
    multiplies the time (mean of the two cells); `barrier` (row, col) bool. Raises UnknownName, InputFaults.
    """
    speed_law(speed)
    _check_mover(speed_factor, max_slope)
    ground = Ground.checked(dem_m, cell_m=cell_m, friction=friction, barrier=barrier)
    height_m, is_closed = ground.height_m, ground.is_closed
    n_row, n_col = height_m.shape
    step_s = np.full((8, n_row, n_col), np.inf)
    for d in range(8):
        (row, to_row), (col, to_col) = _span(int(D_ROW[d]), n_row), _span(int(D_COL[d]), n_col)
        run_m = float(D_LENGTH[d]) * cell_m
        can = ~(is_closed[row, col] | is_closed[to_row, to_col])
        if d % 2:
            can &= ~(is_closed[to_row, col] & is_closed[row, to_col])
        slope = (height_m[to_row, to_col][can] - height_m[row, col][can]) / run_m
        with np.errstate(divide="ignore", over="ignore"):
            time_s = run_m / (speed_mps(speed, slope) * speed_factor)
            if ground.friction is not None:
                time_s *= 0.5 * (ground.friction[row, col][can] + ground.friction[to_row, to_col][can])
        time_s[np.abs(slope) > max_slope] = np.inf
        step_s[d, row, col][can] = time_s
    return step_s


def road_steps(
    step_s: FloatArray,
    road_mps: npt.ArrayLike,
    *,
    cell_m: float,
    friction: npt.ArrayLike,
    barrier: npt.ArrayLike,
) -> FloatArray:
    """Return step_s (8, row, col), or less: from road cell to road cell the road's time where that is less.

    `road_mps` (row, col) is the speed on a road, 0 where there is none; half of a step goes at the speed of
    each of its cells, whatever the slope. `friction` (row, col) counts here by what it exceeds 1: what a
    crossing costs at 1 m/s over cells of `cell_m`, in seconds. `barrier` (row, col) bool as in `step_time`.
    Raises InputFaults.
    """
    speed_mps, factor, is_closed = (np.asarray(array) for array in (road_mps, friction, barrier))
    shape = step_s.shape[1:]
    if not speed_mps.shape == factor.shape == is_closed.shape == shape:
        found = f"shapes {speed_mps.shape}, {factor.shape} and {is_closed.shape}"
        raise InputFaults.one("road_mps, friction, barrier", f"shape {shape}, as step_s", found)
    if not np.all((speed_mps >= 0) & (speed_mps < np.inf)):
        raise InputFaults.one("road_mps", "finite speeds, none below 0", "others")
    faster_s = step_s.copy()
    on_road = (speed_mps > 0) & ~is_closed
    with np.errstate(divide="ignore"):
        cell_s = cell_m / speed_mps + (factor - 1.0) * cell_m
    n_row, n_col = shape
    for d in range(8):
        (row, to_row), (col, to_col) = _span(int(D_ROW[d]), n_row), _span(int(D_COL[d]), n_col)
        can = on_road[row, col] & on_road[to_row, to_col]
        if d % 2:
            can &= ~(is_closed[to_row, col] & is_closed[row, to_col])
        along_s = float(D_LENGTH[d]) * 0.5 * (cell_s[row, col][can] + cell_s[to_row, to_col][can])
        faster_s[d, row, col][can] = np.minimum(faster_s[d, row, col][can], along_s)
    return faster_s


def perturbed_steps(step_s: FloatArray, friction: npt.ArrayLike) -> FloatArray:
    """Return step_s (8, row, col) times the mean of `friction` (row, col) over the two cells of each step.

    What `step_time` gives with that friction, without working out the slopes again. Raises InputFaults.
    """
    factor = np.asarray(friction, dtype=np.float64)
    if step_s.ndim != 3 or step_s.shape != (8, *factor.shape):
        found = f"shapes {step_s.shape} and {factor.shape}"
        raise InputFaults.one("step_s, friction", "shapes (8, row, col) and (row, col)", found)
    is_closed = np.isinf(step_s.min(axis=0))
    faults = _friction_faults(factor, is_closed)
    if faults:
        raise InputFaults(faults)
    factor = np.where(is_closed, 1.0, factor)
    n_row, n_col = factor.shape
    perturbed_s = np.full_like(step_s, np.inf)
    for d in range(8):
        (row, to_row), (col, to_col) = _span(int(D_ROW[d]), n_row), _span(int(D_COL[d]), n_col)
        mean = 0.5 * (factor[row, col] + factor[to_row, to_col])
        np.multiply(step_s[d, row, col], mean, out=perturbed_s[d, row, col])
    return perturbed_s


def _check_mover(speed_factor: float, max_slope: float) -> None:
    faults = []
    if not (speed_factor > 0 and math.isfinite(speed_factor)):
        faults.append(Fault("speed_factor", "", 0, "", "a finite number above 0", str(speed_factor)))
    if not max_slope > 0:
        faults.append(Fault("max_slope", "", 0, "", "a number above 0 (rise over run)", str(max_slope)))
    if faults:
        raise InputFaults(faults)
