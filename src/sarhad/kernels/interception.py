"""Is a detection in time? EASI's condition on the dash from every cell to its nearest goal.

    r(x) = min over cells y of the dash from x of  R(y) / (T(x) - T(y))
    w(x) = max( P_C Phi( (D - R) / sqrt((sd D)^2 + (sd R)^2) ), w(next(x)) )
         = max( P_C Phi( (1 - r) / (sd sqrt(1 + r^2)) ), w(next(x)) ),     w(goal) = 0

T(x) is the least time from x to a goal, R(y) the response there, y the point where a team cuts the dash off,
and D = T(x) - T(y) the crosser's time up to that point. Both times are normal with a standard deviation of
`sd_fraction` times their mean: Garcia, *The Design and Evaluation of Physical Protection Systems* (EASI),
where the variances are those of the tasks that remain up to the interception, and that of the response.

The quotient falls strictly as R / D grows, so the best interception point is the one of least R / D, and
three things hold by construction: a slower response anywhere never raises w, one more team never lowers it,
and an earlier detection on the same dash is never worth less (the max only guards the last bit). Taking the
point of the largest mean slack D - R instead, `slack` below, gives the same w for a uniform response and
never a larger one, but breaks the first law: when the response at that point slows, the choice jumps to a
point with less slack and yet better odds.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from numba import njit

from sarhad.errors import Fault, InputFaults

FloatArray = npt.NDArray[np.float64]
CellArray = npt.NDArray[np.int32]

_SQRT_HALF = math.sqrt(0.5)


@njit(cache=True, nogil=True)
def _in_time(ratio: float, sd_fraction: float) -> float:
    """Phi((1 - r) / (sd sqrt(1 + r^2))), its limit Phi(-1 / sd) at r = inf."""
    z = -1.0 / sd_fraction if ratio == np.inf else (1.0 - ratio) / (sd_fraction * math.hypot(1.0, ratio))
    return 0.5 * math.erfc(-z * _SQRT_HALF)


@njit(cache=True, nogil=True, inline="always")
def _ratio(response_s: float, dash_s: float) -> float:
    """Response over dash; at the cell of the detection inf, or 1 (even odds) for a team that is there."""
    if dash_s > 0.0:
        return response_s / dash_s
    return np.inf if response_s > 0.0 else 1.0


@njit(cache=True, nogil=True)
def _worth(
    order: npt.NDArray[np.int64],
    time_s: FloatArray,
    next_cell: CellArray,
    response_s: FloatArray,
    p_communication: float,
    sd_fraction: float,
) -> FloatArray:
    """Return w, flat; `order` lists the cells by time, so that next(x) comes before x.

    The best point of x is never beyond the best point of next(x): for y farther on, R(y) >= R* (Tn - Ty) /
    (Tn - T*), and (Tn - Ty)(Tx - T*) >= (Tn - T*)(Tx - Ty) wherever Tx >= Tn and Ty <= T*. So the scan stops
    there.
    """
    w = np.zeros(time_s.size)
    best = np.full(time_s.size, np.int32(-1), np.int32)
    for x in order:
        onward = next_cell[x]
        if onward < 0:
            continue
        stop = best[onward]
        least = np.inf
        y = np.int32(x)
        while next_cell[y] >= 0:
            if response_s[y] < np.inf:
                ratio = _ratio(response_s[y], time_s[x] - time_s[y])
                if best[x] < 0 or ratio < least:
                    least = ratio
                    best[x] = y
            if stop < 0 or y == stop:
                break
            y = next_cell[y]
        if best[x] >= 0:
            w[x] = max(p_communication * _in_time(least, sd_fraction), w[onward])
    return w


@njit(cache=True, nogil=True)
def _slack(
    order: npt.NDArray[np.int64], time_s: FloatArray, next_cell: CellArray, response_s: FloatArray
) -> FloatArray:
    """Return T - m, flat, with m(x) = min(T(x) + R(x), m(next(x)))."""
    m = np.full(time_s.size, np.inf)
    for x in order:
        onward = next_cell[x]
        if onward >= 0:
            m[x] = min(time_s[x] + response_s[x], m[onward])
    slack_s = np.full(time_s.size, -np.inf)
    for x in order:
        slack_s[x] = time_s[x] - m[x]
    return slack_s


def timeliness(
    time_s: npt.ArrayLike,
    next_cell: npt.ArrayLike,
    response_s: npt.ArrayLike,
    *,
    p_communication: float,
    sd_fraction: float,
) -> FloatArray:
    """Return w (row, col): the probability of being in time when the first detection is at the cell.

    `time_s` (row, col) T to the goal, inf where no goal can be reached; `next_cell` (row, col) the next cell
    of the fastest way, -1 at goals; `response_s` (row, col) R, the fastest team's, inf where none comes.
    `p_communication` 0..1, `sd_fraction` > 0. 0 at goals, where T is inf, and where no team reaches the dash.
    Raises InputFaults.
    """
    time, onward, response = _checked(time_s, next_cell, response_s)
    faults = []
    if not 0.0 <= p_communication <= 1.0:
        faults.append(Fault("p_communication", "", 0, "", "a probability 0..1", str(p_communication)))
    if not 0.0 < sd_fraction < math.inf:
        faults.append(Fault("sd_fraction", "", 0, "", "a finite fraction above 0", str(sd_fraction)))
    if faults:
        raise InputFaults(faults)
    flat = (_by_time(time), time.ravel(), onward.ravel(), response.ravel())
    return np.asarray(_worth(*flat, float(p_communication), float(sd_fraction))).reshape(time.shape)


def slack(time_s: npt.ArrayLike, next_cell: npt.ArrayLike, response_s: npt.ArrayLike) -> FloatArray:
    """Return T - m (row, col): the mean seconds to spare at the cell of the dash with the most.

    Arguments as in `timeliness`; negative where the team comes too late, -inf where none comes and at goals.
    """
    time, onward, response = _checked(time_s, next_cell, response_s)
    return np.asarray(_slack(_by_time(time), time.ravel(), onward.ravel(), response.ravel())).reshape(
        time.shape
    )


def _by_time(time_s: FloatArray) -> npt.NDArray[np.int64]:
    order = np.argsort(time_s, axis=None, kind="stable")
    return order[: np.count_nonzero(np.isfinite(time_s))]


def _checked(
    time_s: npt.ArrayLike, next_cell: npt.ArrayLike, response_s: npt.ArrayLike
) -> tuple[FloatArray, CellArray, FloatArray]:
    """Return the three grids as contiguous arrays, or raise InputFaults with all that is wrong."""
    time = np.ascontiguousarray(time_s, dtype=np.float64)
    onward = np.ascontiguousarray(next_cell, dtype=np.int32)
    response = np.ascontiguousarray(response_s, dtype=np.float64)
    faults = []
    for name, grid in (("time_s", time), ("next_cell", onward), ("response_s", response)):
        if grid.ndim != 2 or grid.shape != time.shape:
            faults.append(
                Fault(name, "", 0, "", f"a grid (row, col), shape {time.shape}", f"shape {grid.shape}")
            )
    for name, grid in (("time_s", time), ("response_s", response)):
        n_bad = int(np.count_nonzero(~(grid >= 0.0)))
        if n_bad:
            faults.append(
                Fault(name, "", 0, "", "seconds of 0 or more (inf allowed)", f"{n_bad} negative or NaN")
            )
    if not faults:
        faults += _link_faults(time, onward)
    if faults:
        raise InputFaults(faults)
    return time, onward, response


def _link_faults(time_s: FloatArray, next_cell: CellArray) -> list[Fault]:
    """Links must lead to cells of the grid with less time: that rules out rings."""
    if next_cell.size and not (next_cell.min() >= -1 and next_cell.max() < next_cell.size):
        found = f"{next_cell.min()}..{next_cell.max()}"
        return [Fault("next_cell", "", 0, "", f"cells 0..{next_cell.size - 1}, or -1 at goals", found)]
    moves = (next_cell >= 0) & np.isfinite(time_s)
    n_bad = int(np.count_nonzero(~(time_s.ravel()[next_cell[moves]] < time_s[moves])))
    if n_bad:
        return [Fault("next_cell", "", 0, "", "links to cells with less time_s", f"{n_bad} that are not")]
    return []
