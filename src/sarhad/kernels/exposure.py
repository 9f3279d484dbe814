"""Who sees what, and how often: rates by cell, sensor lines by step, and the exposure of each of the 8 steps.

    step_exposure(v -> u) = sum over assets of share_a lambda_a(v) dt(v -> u)
                          + sum over the sensor lines that the step crosses of -ln(1 - share_a P_d)

lambda_a in 1/s of independent opportunities that succeed; a step's time counts at the cell that is left. A
ground- sensor line runs at a constant offset over a range of chainage, and a step crosses it where the two
cells lie on different sides of that offset and the chainage of the one on the home side lies in the range.
`share` weighs the assets: 0 or 1 for a state of the assets, the availability f_a for the rate rule (the
average rate, which overstates detection: `sarhad.kernels.crossing` has the exact rule).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from sarhad.errors import Fault, InputFaults
from sarhad.kernels.steps import D_COL, D_ROW

FloatArray = npt.NDArray[np.float64]
CellArray = npt.NDArray[np.int32]
PtrArray = npt.NDArray[np.int64]


class Routes(NamedTuple):
    """Ragged ways through cells: route i is `cell[ptr[i]:ptr[i + 1]]`, empty where there is no way.

    `ptr` (n + 1) int64, `cell` (nnz) int32 flat, `step_s` (nnz) seconds of the step that leaves the cell, 0
    at the last of a route.
    """

    ptr: PtrArray
    cell: CellArray
    step_s: FloatArray


class View(NamedTuple):
    """Assets that see a cell: `asset[ptr[v]:ptr[v + 1]]` with their rates, `ptr` (n_cell + 1) int64."""

    ptr: PtrArray
    asset: CellArray
    rate_per_s: FloatArray


class SensorLines(NamedTuple):
    """Ground-sensor lines, parallel: asset, offset, chainage range [from, to), and exposure -ln(1 - P_d)."""

    asset: CellArray
    offset_m: FloatArray
    from_m: FloatArray
    to_m: FloatArray
    exposure: FloatArray


NO_LINES = SensorLines(np.zeros(0, np.int32), np.zeros(0), np.zeros(0), np.zeros(0), np.zeros(0))


@njit(cache=True, nogil=True, inline="always")
def crosses(
    lines: SensorLines, line: int, offset_m: FloatArray, chainage_m: FloatArray, left: int, entered: int
) -> bool:
    """Whether the step from cell `left` to cell `entered` crosses the line (compiled; flat grids)."""
    left_is_home = offset_m[left] - lines.offset_m[line] >= 0.0
    entered_is_home = offset_m[entered] - lines.offset_m[line] >= 0.0
    if left_is_home == entered_is_home:
        return False
    chainage = chainage_m[left] if left_is_home else chainage_m[entered]
    return bool(lines.from_m[line] <= chainage < lines.to_m[line])


@njit(cache=True, nogil=True)
def _rate(view: View, share: FloatArray) -> FloatArray:
    rate = np.zeros(view.ptr.size - 1)
    for cell in range(rate.size):
        for entry in range(view.ptr[cell], view.ptr[cell + 1]):
            rate[cell] += share[view.asset[entry]] * view.rate_per_s[entry]
    return rate


@njit(cache=True, nogil=True)
def _exposure(
    step_s: FloatArray, rate: FloatArray, lines: SensorLines, offset_m: FloatArray, chainage_m: FloatArray
) -> FloatArray:
    """Return the exposure of each step, (8, row, col); 0 on steps that are not possible."""
    _, n_row, n_col = step_s.shape
    exposure = np.zeros(step_s.shape)
    for d in range(8):
        for row in range(n_row):
            for col in range(n_col):
                if not step_s[d, row, col] < np.inf:
                    continue
                left = row * n_col + col
                entered = (row + D_ROW[d]) * n_col + col + D_COL[d]
                total = rate[left] * step_s[d, row, col]
                low_m = min(offset_m[left], offset_m[entered])
                high_m = max(offset_m[left], offset_m[entered])
                for line in range(lines.asset.size):
                    if low_m < lines.offset_m[line] <= high_m and crosses(
                        lines, line, offset_m, chainage_m, left, entered
                    ):
                        total += lines.exposure[line]
                exposure[d, row, col] = total
    return exposure


def total_rate(view: View, n_cell: int, share: npt.ArrayLike | None = None) -> FloatArray:
    """Return the sum of the rates by flat cell, (n_cell,) in 1/s, each times its asset's share (else 1)."""
    weight = _share(view, NO_LINES, share)
    check_view(view, n_cell, weight.size)
    return np.asarray(_rate(view, weight))


def step_exposure(
    step_s: FloatArray,
    view: View,
    lines: SensorLines,
    offset_m: FloatArray,
    chainage_m: FloatArray,
    share: npt.ArrayLike | None = None,
) -> FloatArray:
    """Return the exposure of each step, (8, row, col), 0 on impossible ones.

    `step_s` (8, row, col), inf where impossible; `offset_m`, `chainage_m` (row, col); `share` (n_asset,) 0..1
    weighs the assets, 1 unless given. Raises InputFaults.
    """
    steps = np.ascontiguousarray(step_s, dtype=np.float64)
    shape = steps.shape[1:]
    if steps.ndim != 3 or steps.shape[0] != 8:
        raise InputFaults.one("step_s", "an array (8, row, col)", f"shape {steps.shape}")
    weight = _share(view, lines, share)
    check_view(view, shape[0] * shape[1], weight.size)
    check_lines(lines, weight.size)
    offset, chainage = grid("offset_m", offset_m, shape), grid("chainage_m", chainage_m, shape)
    shared = lines
    if share is not None:
        with np.errstate(divide="ignore"):
            once = -np.log1p(weight[lines.asset] * np.expm1(-lines.exposure))
        shared = lines._replace(exposure=np.where(weight[lines.asset] == 1.0, lines.exposure, once))
    return np.asarray(_exposure(steps, _rate(view, weight), shared, offset.ravel(), chainage.ravel()))


def with_mask(
    step_s: FloatArray,
    view: View,
    lines: SensorLines,
    offset_m: FloatArray,
    chainage_m: FloatArray,
    working: npt.NDArray[np.bool_],
) -> FloatArray:
    """Return `step_exposure` with only the assets that work: `working` (n_asset,) bool."""
    mask = np.asarray(working)
    if mask.dtype != np.bool_:
        raise InputFaults.one("working", "an array (n_asset,) of bool", mask.dtype)
    return step_exposure(step_s, view, lines, offset_m, chainage_m, mask.astype(np.float64))


def view_of(cell: npt.ArrayLike, asset: npt.ArrayLike, rate_per_s: npt.ArrayLike, n_cell: int) -> View:
    """Return the view of (cell, asset, rate) entries, parallel arrays in any order."""
    cells = np.asarray(cell, dtype=np.int64)
    assets = np.asarray(asset, dtype=np.int32)
    rates = np.asarray(rate_per_s, dtype=np.float64)
    if not (cells.ndim == 1 and cells.shape == assets.shape == rates.shape):
        raise InputFaults.one(
            "view", "parallel arrays", f"shapes {cells.shape}, {assets.shape}, {rates.shape}"
        )
    if cells.size and not (cells.min() >= 0 and cells.max() < n_cell):
        raise InputFaults.one("cell", f"cells 0..{n_cell - 1}", f"{cells.min()}..{cells.max()}")
    order = np.lexsort((assets, cells))
    ptr = np.concatenate(([0], np.cumsum(np.bincount(cells, minlength=n_cell)))).astype(np.int64)
    return View(ptr, assets[order], rates[order])


def sensor_lines(rows: Sequence[tuple[int, float, float, float, float]]) -> SensorLines:
    """Return the lines of (asset, offset_m, from_m, to_m, p_detect) rows."""
    table = np.array(rows, dtype=np.float64).reshape(-1, 5)
    if not bool(np.all((table[:, 4] >= 0.0) & (table[:, 4] < 1.0))):
        raise InputFaults.one("p_detect", "probabilities 0 <= P_d < 1", table[:, 4].tolist())
    offset_m, from_m, to_m = (np.ascontiguousarray(table[:, k]) for k in (1, 2, 3))
    return SensorLines(table[:, 0].astype(np.int32), offset_m, from_m, to_m, -np.log1p(-table[:, 4]))


def _share(view: View, lines: SensorLines, share: npt.ArrayLike | None) -> FloatArray:
    if share is None:
        n_asset = 1 + max(int(view.asset.max(initial=-1)), int(lines.asset.max(initial=-1)))
        return np.ones(n_asset)
    weight = np.ascontiguousarray(share, dtype=np.float64)
    if weight.ndim != 1 or not bool(np.all((weight >= 0.0) & (weight <= 1.0))):
        raise InputFaults.one(
            "share", "an array (n_asset,) of numbers 0..1", f"shape {weight.shape}, {weight}"
        )
    return weight


def grid(name: str, values: npt.ArrayLike, shape: tuple[int, ...]) -> FloatArray:
    """Return a contiguous float64 grid of the shape without NaN, or raise InputFaults."""
    array = np.ascontiguousarray(values, dtype=np.float64)
    if array.shape != shape:
        raise InputFaults.one(name, f"a grid of shape {shape}", f"shape {array.shape}")
    n_nan = int(np.count_nonzero(np.isnan(array)))
    if n_nan:
        raise InputFaults.one(name, "numbers", f"{n_nan} NaN")
    return array


def check_view(view: View, n_cell: int, n_asset: int) -> None:
    """Raise InputFaults where the view is no sound table of `n_cell` cells and `n_asset` assets."""
    faults = ragged_faults("view", view.ptr, view.asset.size, n_cell)
    faults += _id_faults("view.asset", view.asset, n_asset)
    faults += _level_faults("view.rate_per_s", view.rate_per_s, finite=True)
    if view.rate_per_s.shape != view.asset.shape:
        found = f"shapes {view.asset.shape} and {view.rate_per_s.shape}"
        faults.append(Fault("view", "", 0, "", "as many rates as assets", found))
    if faults:
        raise InputFaults(faults)


def check_lines(lines: SensorLines, n_asset: int) -> None:
    """Raise InputFaults where the sensor lines are not sound."""
    faults = _id_faults("lines.asset", lines.asset, n_asset) + _level_faults("lines.exposure", lines.exposure)
    if len({array.shape for array in lines}) > 1:
        faults.append(Fault("lines", "", 0, "", "parallel arrays", str([array.shape for array in lines])))
    elif not bool(np.all(np.isfinite(lines.offset_m) & (lines.from_m <= lines.to_m))):
        faults.append(Fault("lines", "", 0, "", "finite offset_m, from_m <= to_m", "lines that are not so"))
    if faults:
        raise InputFaults(faults)


def check_routes(routes: Routes, n_cell: int) -> None:
    """Raise InputFaults where the routes are not sound: cells of the grid, times of 0 or more and finite."""
    faults = ragged_faults("routes", routes.ptr, routes.cell.size, routes.ptr.size - 1)
    faults += _id_faults("routes.cell", routes.cell, n_cell)
    faults += _level_faults("routes.step_s", routes.step_s, finite=True)
    if routes.step_s.shape != routes.cell.shape:
        found = f"shapes {routes.cell.shape} and {routes.step_s.shape}"
        faults.append(Fault("routes", "", 0, "", "as many times as cells", found))
    if faults:
        raise InputFaults(faults)


def ragged_faults(name: str, ptr: npt.NDArray[Any], n_entry: int, n_row: int) -> list[Fault]:
    """Return what is wrong with the row pointers of a ragged table."""
    is_sound = ptr.shape == (n_row + 1,) and n_row >= 0 and ptr[0] == 0 and ptr[-1] == n_entry
    if is_sound and bool(np.all(np.diff(ptr) >= 0)):
        return []
    return [Fault(f"{name}.ptr", "", 0, "", f"{n_row + 1} rising row pointers 0..{n_entry}", str(ptr.shape))]


def _id_faults(name: str, ids: npt.NDArray[Any], n: int) -> list[Fault]:
    if ids.size and not (ids.min() >= 0 and ids.max() < n):
        return [Fault(name, "", 0, "", f"numbers 0..{n - 1}", f"{ids.min()}..{ids.max()}")]
    return []


def _level_faults(name: str, level: FloatArray, *, finite: bool = False) -> list[Fault]:
    is_good = (level >= 0.0) & (level < np.inf) if finite else level >= 0.0
    n_bad = int(np.count_nonzero(~is_good))
    expected = "finite numbers of 0 or more" if finite else "numbers of 0 or more"
    return [Fault(name, "", 0, "", expected, f"{n_bad} that are not")] if n_bad else []
