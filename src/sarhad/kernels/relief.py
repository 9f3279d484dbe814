"""Relief finer than its source: a cubic band that keeps block means, and seeded detail from real mountains.

A coarse cell is an area, its height h the mean over it. The smooth band on a lattice of `FACTOR` x
`FACTOR` sub-cells is u = U p, U the cubic convolution of Keys (1981, doi 10.1109/TASSP.1981.1163711, a =
-1/2) and p the coarse heights sharpened so that block means return: p = h + (I - BU) h + (I - BU)^2 h, B
the block mean. What is left of the block mean is re-imposed by a bump that is zero at the block's rim.
Everything has a fixed support: a cell's height does not depend on the window through which it is
computed.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from sarhad.errors import InputFaults

FACTOR = 5
"""Sub-cells per source cell and axis."""
MARGIN = 8
"""Source cells needed around the wanted ones."""


@njit(cache=True, nogil=True)
def _keys(t: float) -> tuple[float, float, float, float]:
    """Weights of Keys' cubic convolution (a = -1/2) for the samples at -1, 0, 1, 2 and 0 <= t < 1."""
    t2 = t * t
    t3 = t2 * t
    return (
        -0.5 * t + t2 - 0.5 * t3,
        1.0 - 2.5 * t2 + 1.5 * t3,
        0.5 * t + 2.0 * t2 - 1.5 * t3,
        -0.5 * t2 + 0.5 * t3,
    )


def _upsampling() -> NDArray[np.float64]:
    """Weights (sub-cell, tap) of U for taps -2..2 around the cell."""
    weight = np.zeros((FACTOR, 5))
    for sub in range(FACTOR):
        offset = (sub + 0.5) / FACTOR - 0.5
        base = int(np.floor(offset))
        weight[sub, base + 1 : base + 5] = _keys(offset - base)
    return weight


_UP = _upsampling()
_MEAN = _UP.mean(axis=0)
_BUMP_1D = np.sin(np.pi * (np.arange(FACTOR) + 0.5) / FACTOR) ** 2
_BUMP = np.outer(_BUMP_1D, _BUMP_1D) / np.mean(np.outer(_BUMP_1D, _BUMP_1D))


@njit(cache=True, nogil=True)
def _filter(value: NDArray[np.float64], tap: NDArray[np.float64]) -> NDArray[np.float64]:
    """Separable 5-tap filter; the result is 2 cells smaller on every side."""
    n_row, n_col = value.shape
    half = np.empty((n_row, n_col - 4))
    for row in range(n_row):
        for col in range(n_col - 4):
            total = 0.0
            for k in range(5):
                total += tap[k] * value[row, col + k]
            half[row, col] = total
    out = np.empty((n_row - 4, n_col - 4))
    for row in range(n_row - 4):
        for col in range(n_col - 4):
            total = 0.0
            for k in range(5):
                total += tap[k] * half[row + k, col]
            out[row, col] = total
    return out


@njit(cache=True, nogil=True)
def _upsample(value: NDArray[np.float64], up: NDArray[np.float64]) -> NDArray[np.float64]:
    """Apply U; the lattice covers the cells 2 inside of `value`'s rim."""
    factor = up.shape[0]
    n_row, n_col = value.shape[0] - 4, value.shape[1] - 4
    half = np.empty((n_row + 4, n_col * factor))
    for row in range(n_row + 4):
        for col in range(n_col):
            for sub in range(factor):
                total = 0.0
                for k in range(5):
                    total += up[sub, k] * value[row, col + k]
                half[row, col * factor + sub] = total
    out = np.empty((n_row * factor, n_col * factor))
    for row in range(n_row):
        for sub in range(factor):
            for col in range(n_col * factor):
                total = 0.0
                for k in range(5):
                    total += up[sub, k] * half[row + k, col]
                out[row * factor + sub, col] = total
    return out


@njit(cache=True, nogil=True)
def _impose_means(lattice: NDArray[np.float64], mean: NDArray[np.float64], bump: NDArray[np.float64]) -> None:
    """Shift every block of `lattice` by the bump until its mean is `mean` (in place)."""
    factor = bump.shape[0]
    for row in range(mean.shape[0]):
        for col in range(mean.shape[1]):
            total = 0.0
            for i in range(factor):
                for j in range(factor):
                    total += lattice[row * factor + i, col * factor + j]
            shift = mean[row, col] - total / (factor * factor)
            for i in range(factor):
                for j in range(factor):
                    lattice[row * factor + i, col * factor + j] += shift * bump[i, j]


def smooth_band_m(coarse_m: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the cubic band with exact block means on the lattice of `coarse_m` less `MARGIN` cells a side.

    `coarse_m` (row, col) in metres, finite; the result has `FACTOR` sub-cells per cell and axis.
    """
    check_finite("coarse_m", coarse_m)
    if min(coarse_m.shape) <= 2 * MARGIN:
        raise InputFaults.one("coarse_m", f"more than {2 * MARGIN} cells each way", coarse_m.shape)
    coarse = np.ascontiguousarray(coarse_m, dtype=np.float64)
    first = coarse[2:-2, 2:-2] - _filter(coarse, _MEAN)
    second = first[2:-2, 2:-2] - _filter(first, _MEAN)
    sharp = coarse[4:-4, 4:-4] + first[2:-2, 2:-2] + second
    skip = MARGIN - 6
    inner = sharp if skip == 0 else sharp[skip:-skip, skip:-skip]
    lattice: NDArray[np.float64] = _upsample(np.ascontiguousarray(inner), _UP)
    _impose_means(lattice, np.ascontiguousarray(coarse[MARGIN:-MARGIN, MARGIN:-MARGIN]), _BUMP)
    return lattice


@njit(cache=True, nogil=True)
def sample_cubic(
    value: NDArray[np.float64], row: NDArray[np.float64], col: NDArray[np.float64], row_0: int, col_0: int
) -> NDArray[np.float64]:
    """Keys' cubic convolution at fractional cells (integral at centres), as a flat array.

    `value` is the window that begins at cell (`row_0`, `col_0`); `row`, `col` are absolute, so that the
    result does not depend on the window. Every point must have its 4 x 4 samples inside `value`: the
    caller sees to it.
    """
    out = np.empty(row.size)
    for i in range(row.size):
        r, c = np.floor(row[i]), np.floor(col[i])
        w_row, w_col = _keys(row[i] - r), _keys(col[i] - c)
        r0, c0 = int(r) - 1 - row_0, int(c) - 1 - col_0
        total = 0.0
        for k in range(4):
            line = 0.0
            for m in range(4):
                line += w_col[m] * value[r0 + k, c0 + m]
            total += w_row[k] * line
        out[i] = total
    return out


@njit(cache=True, nogil=True)
def sample_linear(
    value: NDArray[np.float64], row: NDArray[np.float64], col: NDArray[np.float64], row_0: int, col_0: int
) -> NDArray[np.float64]:
    """Bilinear interpolation, with arguments as `sample_cubic`; 2 x 2 samples must lie inside."""
    out = np.empty(row.size)
    for i in range(row.size):
        r, c = np.floor(row[i]), np.floor(col[i])
        t, s = row[i] - r, col[i] - c
        r0, c0 = int(r) - row_0, int(c) - col_0
        north = (1.0 - s) * value[r0, c0] + s * value[r0, c0 + 1]
        south = (1.0 - s) * value[r0 + 1, c0] + s * value[r0 + 1, c0 + 1]
        out[i] = (1.0 - t) * north + t * south
    return out


def check_finite(name: str, value: NDArray[np.float64]) -> None:
    """Refuse anything but a 2-D array of finite numbers."""
    if value.ndim != 2:
        raise InputFaults.one(name, "a 2-D array (row, col)", f"{value.ndim} dimensions")
    n_bad = int(value.size - np.count_nonzero(np.isfinite(value)))
    if n_bad:
        raise InputFaults.one(name, "finite heights", f"{n_bad} of {value.size} not finite")
