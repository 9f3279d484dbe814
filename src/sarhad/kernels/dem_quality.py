"""How good a grid of heights is: steps at seams, spikes, and relief against distance.

Step at a seam: across it, heights change by j; on its two sides, by a and b. On even ground j = (a + b) / 2,
so the step at one place of the seam is j - (a + b) / 2 and that of the seam is the median over its length.
The same number a few cells beside the seam says what the relief alone gives.

Spike: a cell that stands above all its eight neighbours, or below all of them, by more than `SPIKE_SLOPE`
times their distance. No ground does; errors of stereo and radar do.

Relief against distance: d(n) = root mean square of the differences of heights n cells apart. On natural
ground d grows as n^H with H = 0.5 to 0.95 (Mark and Aronson, Mathematical Geology 16, 1984,
doi 10.1007/BF01029319, and others since); H = 1 is an even slope, as interpolation makes within a coarser
cell; H = 0 is noise.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sarhad.errors import InputFaults

F64 = NDArray[np.float64]

SPIKE_SLOPE: Final = 4.0
"""Rise over run on all sides: 76 degrees."""
LAGS: Final = (1, 2, 4, 8)
"""Cells between the heights that are compared."""


class Step(NamedTuple):
    """A seam: the step (positive: up from the first side to the second), what relief alone gives, and more.

    `typical_m` is the greatest size of the same median beside the seam; `neighbour_m` the median size of a
    difference between neighbours across the seam's direction; `n` the places that were compared.
    """

    step_m: float
    typical_m: float
    neighbour_m: float
    n: int


def seam_step(height_m: F64, seam: int) -> Step:
    """Return the step between columns `seam` - 1 and `seam` of heights (along, across); NaN is left out.

    Needs six columns on either side of the seam.
    """
    n_across = height_m.shape[1]
    if not 6 <= seam <= n_across - 6:
        raise InputFaults.one("seam", "six columns on either side", f"{seam} of {n_across}")
    change = np.diff(height_m, axis=1)  # change k lies between columns k and k + 1
    residual = change[:, 1:-1] - (change[:, :-2] + change[:, 2:]) / 2.0
    at = seam - 2
    n = int(np.count_nonzero(np.isfinite(residual[:, at])))
    if n == 0:
        return Step(np.nan, np.nan, np.nan, 0)
    beside = [k for k in range(residual.shape[1]) if abs(k - at) > 1]
    typical = [abs(_median(residual[:, k])) for k in beside]
    finite = [one for one in typical if np.isfinite(one)]
    return Step(
        _median(residual[:, at]),
        max(finite) if finite else np.nan,
        _median(np.abs(np.delete(change, seam - 1, axis=1))),
        n,
    )


def _median(value: F64) -> float:
    finite = value[np.isfinite(value)]
    return float(np.median(finite)) if finite.size else float("nan")


def spikes(height_m: F64, cell_height_m: float, cell_width_m: float) -> NDArray[np.bool_]:
    """Say which cells (row, col) are spikes; cells on the rim and beside NaN are none."""
    found = np.zeros(height_m.shape, dtype=np.bool_)
    if min(height_m.shape) < 3:
        return found
    above = np.ones((height_m.shape[0] - 2, height_m.shape[1] - 2), dtype=np.bool_)
    below = above.copy()
    for d_row in (-1, 0, 1):
        for d_col in (-1, 0, 1):
            if d_row == d_col == 0:
                continue
            n_row, n_col = height_m.shape
            neighbour = height_m[1 + d_row : n_row - 1 + d_row, 1 + d_col : n_col - 1 + d_col]
            rise_m = height_m[1:-1, 1:-1] - neighbour
            limit_m = SPIKE_SLOPE * float(np.hypot(d_row * cell_height_m, d_col * cell_width_m))
            above &= rise_m > limit_m
            below &= rise_m < -limit_m
    found[1:-1, 1:-1] = above | below
    return found


def lag_squares(height_m: F64) -> tuple[F64, NDArray[np.int64]]:
    """Return, for each of `LAGS`, the sum of squared differences along rows and columns, and their number."""
    total, count = np.zeros(len(LAGS)), np.zeros(len(LAGS), dtype=np.int64)
    for k, lag in enumerate(LAGS):
        for change in (height_m[lag:] - height_m[:-lag], height_m[:, lag:] - height_m[:, :-lag]):
            finite = change[np.isfinite(change)]
            total[k] += float(np.dot(finite, finite))
            count[k] += finite.size
    return total, count
