"""Relief finer than its source: a sharpened band that keeps block means, and seeded detail of mountains.

A coarse cell is an area, its height h the mean over it; each becomes `FACTOR` x `FACTOR` sub-cells in three
steps.

1. *Smooth band* u = U p, U the cubic convolution of Keys (1981, doi 10.1109/TASSP.1981.1163711, a = -1/2)
and p the
   coarse heights sharpened so that block means return: p = h + (I - BU) h + (I - BU)^2 h, B the block mean.
2. *Expected detail* e = g(h of the 7 x 7 cells around, less the cell's own), g a small network without
offsets and with
   leaky rectifiers, fitted to real mountains: flat ground gets none, twice the relief twice as much.
3. *Drawn detail*: what 1 and 2 leave of real mountains, as patches of 3 x 3 cells in units of local relief
(root mean
   square of the 7 x 7 differences). Each cell draws one of the `N_NEAR` exemplars whose 3 x 3 shape (slopes
   to the neighbours over local relief) is nearest; patches are blended by Hann windows so that variance is
   kept. The draw is a hash (splitmix64: Steele et al. 2014, doi 10.1145/2660193.2660195) of seed,
   realisation and the cell's place.

After 1 and 2, and after 3, block means are re-imposed by a bump that falls off to the block's rim.
Everything has a fixed support: a height does not depend on the window through which it is computed.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from sarhad.errors import InputFaults

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

FACTOR = 5
"""Sub-cells per source cell and axis."""
MARGIN = 6
"""Source cells needed around the wanted ones."""
REACH = 3
"""Cells on either side that expected detail and local relief look at."""
N_NEAR = 6
"""Exemplars among which a cell draws."""
N_SHAPE = 9
"""Numbers that describe a shape: eight slopes and the logarithm of local relief."""
_LEAK = np.float32(0.1)
_LOG_WEIGHT = 0.5


class Exemplars(NamedTuple):
    """What real mountains teach: `layer_1` (49, h), `layer_2` (h, h), `layer_3` (h, 25) of the network,
    `shape` (n, 9) and `patch` (n, 15, 15) of the dictionary, patches in units of local relief.
    """

    layer_1: F32
    layer_2: F32
    layer_3: F32
    shape: F64
    patch: F32


class Place(NamedTuple):
    """First cell of a window of the source, margin included, and the ground size of its cells."""

    row: int
    col: int
    height_m: float
    width_m: float


class Draw(NamedTuple):
    """Which detail: realisation 0 draws none; `scale` 1 is as rough as the exemplars."""

    seed: int
    realisation: int
    scale: float


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


def _upsampling() -> F64:
    """Weights (sub-cell, tap) of U for taps -2..2 around the cell."""
    weight = np.zeros((FACTOR, 5))
    for sub in range(FACTOR):
        offset = (sub + 0.5) / FACTOR - 0.5
        base = int(np.floor(offset))
        weight[sub, base + 2 - 1 : base + 2 + 3] = _keys(offset - base)
    return weight


def _hann(n: int) -> F64:
    """Hann window of n samples (cell-centred, so that none is zero)."""
    window: F64 = np.sin(np.pi * (np.arange(n) + 0.5) / n) ** 2
    return window


_UP = _upsampling()
_MEAN = _UP.mean(axis=0)
_BUMP = np.outer(_hann(FACTOR), _hann(FACTOR)) / _hann(FACTOR).mean() ** 2
_BLEND_1D = _hann(3 * FACTOR).reshape(3, FACTOR)
_BLEND_1D /= np.sqrt((_BLEND_1D**2).sum(axis=0))
_BLEND = np.outer(_BLEND_1D.ravel(), _BLEND_1D.ravel())


@njit(cache=True, nogil=True)
def _filter(value: F64, tap: F64) -> F64:
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
def _upsample(value: F64, up: F64) -> F64:
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
def _impose_means(lattice: F64, mean: F64, bump: F64) -> None:
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


@njit(cache=True, nogil=True)
def _dense(value: F32, layer: F32, leak: np.float32, out: F32) -> None:
    """One layer, out = leaky(value @ layer), summed in the order of the inputs (never by a library's own)."""
    out[:] = np.float32(0.0)
    for i in range(layer.shape[0]):
        x = value[i]
        for j in range(layer.shape[1]):
            out[j] += x * layer[i, j]
    for j in range(layer.shape[1]):
        out[j] = max(out[j], leak * out[j])


@njit(cache=True, nogil=True)
def _add_expected(coarse: F64, margin: int, net: Exemplars, lattice: F64) -> None:
    """Add the network's detail to the lattice of the cells `margin` inside of `coarse` (in place)."""
    n_hidden = net.layer_2.shape[0]
    x, y = np.empty((2 * REACH + 1) ** 2, np.float32), np.empty(FACTOR * FACTOR, np.float32)
    hidden_1, hidden_2 = np.empty(n_hidden, np.float32), np.empty(n_hidden, np.float32)
    for row in range(margin, coarse.shape[0] - margin):
        for col in range(margin, coarse.shape[1] - margin):
            k = 0
            for i in range(row - REACH, row + REACH + 1):
                for j in range(col - REACH, col + REACH + 1):
                    x[k] = np.float32(coarse[i, j] - coarse[row, col])
                    k += 1
            _dense(x, net.layer_1, _LEAK, hidden_1)
            _dense(hidden_1, net.layer_2, _LEAK, hidden_2)
            _dense(hidden_2, net.layer_3, np.float32(1.0), y)
            top, left = (row - margin) * FACTOR, (col - margin) * FACTOR
            for k in range(FACTOR * FACTOR):
                lattice[top + k // FACTOR, left + k % FACTOR] += y[k]


@njit(cache=True, nogil=True)
def shapes(coarse: F64, height_m: float, width_m: float) -> tuple[F64, F64]:
    """Return local relief (row, col) in metres and shapes (row, col, 9) of the cells `REACH` inside."""
    n_row, n_col = coarse.shape[0] - 2 * REACH, coarse.shape[1] - 2 * REACH
    relief_m, shape = np.empty((n_row, n_col)), np.empty((n_row, n_col, N_SHAPE))
    side_m = math.sqrt(height_m * width_m)
    for row in range(n_row):
        for col in range(n_col):
            r, c = row + REACH, col + REACH
            total = 0.0
            for i in range(r - REACH, r + REACH + 1):
                for j in range(c - REACH, c + REACH + 1):
                    total += (coarse[i, j] - coarse[r, c]) ** 2
            local_m = math.sqrt(total / (2 * REACH + 1) ** 2)
            relief_m[row, col] = local_m
            local_m = max(local_m, 1.0)
            k = 0
            for i in range(-1, 2):
                for j in range(-1, 2):
                    if i != 0 or j != 0:
                        away = math.sqrt((i * height_m) ** 2 + (j * width_m) ** 2) / side_m
                        shape[row, col, k] = (coarse[r + i, c + j] - coarse[r, c]) / (local_m * away)
                        k += 1
            shape[row, col, k] = _LOG_WEIGHT * math.log(local_m / 100.0)
    return relief_m, shape


@njit(cache=True, nogil=True)
def _mix(word: np.uint64) -> np.uint64:
    """splitmix64's step and finaliser."""
    z = word + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@njit(cache=True, nogil=True)
def _nearest(away_2: F64, near: NDArray[np.int64]) -> None:
    """Fill `near` with the indices of the least values, least first, the lower index first among equals."""
    last = near.size - 1
    near_2 = np.full(near.size, np.inf)
    for n in range(away_2.size):
        if away_2[n] < near_2[last]:
            k = last
            while k > 0 and near_2[k - 1] > away_2[n]:
                near_2[k], near[k] = near_2[k - 1], near[k - 1]
                k -= 1
            near_2[k], near[k] = away_2[n], n


@njit(cache=True, nogil=True)
def _picks(shape: F64, known: F64, place: Place, draw: Draw) -> NDArray[np.int64]:
    """Exemplar (row, col) that each cell draws from its `N_NEAR` nearest in `known` (9, n)."""
    out = np.empty(shape.shape[:2], np.int64)
    near, away_2 = np.zeros(N_NEAR, np.int64), np.empty(known.shape[1])
    key = _mix(_mix(np.uint64(draw.seed)) ^ np.uint64(draw.realisation))
    for row in range(shape.shape[0]):
        row_key = _mix(key ^ np.uint64(place.row + row))
        for col in range(shape.shape[1]):
            away_2[:] = 0.0
            for k in range(N_SHAPE):
                value = shape[row, col, k]
                for n in range(away_2.size):
                    away_2[n] += (value - known[k, n]) ** 2
            _nearest(away_2, near)
            word = _mix(row_key ^ np.uint64(place.col + col))
            out[row, col] = near[int(word % np.uint64(N_NEAR))]
    return out


@njit(cache=True, nogil=True)
def _drawn(pick: NDArray[np.int64], relief_m: F64, patch: F32, blend: F64) -> F64:
    """Blend the picked patches on the lattice of the cells 1 inside of `pick`'s rim."""
    n_row, n_col = pick.shape[0] - 2, pick.shape[1] - 2
    out = np.zeros((n_row * FACTOR, n_col * FACTOR))
    for row in range(n_row):
        for col in range(n_col):
            for d_row in range(3):
                for d_col in range(3):
                    index = pick[row + d_row, col + d_col]
                    size_m = relief_m[row + d_row, col + d_col]
                    top, left = (2 - d_row) * FACTOR, (2 - d_col) * FACTOR
                    for i in range(FACTOR):
                        for j in range(FACTOR):
                            share = patch[index, top + i, left + j] * blend[top + i, left + j]
                            out[row * FACTOR + i, col * FACTOR + j] += size_m * share
    return out


def smooth_band_m(coarse_m: F64) -> F64:
    """Return the cubic band with exact block means on the lattice of `coarse_m` less `MARGIN` cells a side.

    `coarse_m` (row, col) in metres, finite; the result has `FACTOR` sub-cells per cell and axis.
    """
    coarse = _checked(coarse_m)
    lattice = _cubic(coarse)
    _impose_means(lattice, _inner(coarse, MARGIN), _BUMP)
    return lattice


def best_band_m(coarse_m: F64, exemplars: Exemplars) -> F64:
    """Return the smooth band with the expected detail, block means exact; arguments as `smooth_band_m`."""
    coarse = _checked(coarse_m)
    lattice = _cubic(coarse)
    _add_expected(coarse, MARGIN, exemplars, lattice)
    _impose_means(lattice, _inner(coarse, MARGIN), _BUMP)
    return lattice


def refine_m(coarse_m: F64, exemplars: Exemplars, place: Place, draw: Draw) -> F64:
    """Return the best band with drawn detail, block means exact; `place` is that of `coarse_m`'s first cell.

    The same source cell gets the same sub-cells whatever window it is in.
    """
    if draw.realisation < 0 or not draw.scale >= 0.0 or not 0 <= draw.seed < 2**64:
        raise InputFaults.one("draw", "seed and realisation >= 0, scale >= 0", draw)
    lattice = best_band_m(coarse_m, exemplars)
    if draw.realisation == 0 or draw.scale == 0.0:
        return lattice
    near = _inner(_checked(coarse_m), MARGIN - REACH - 1)
    relief_m, shape = shapes(near, place.height_m, place.width_m)
    first = Place(place.row + MARGIN - 1, place.col + MARGIN - 1, place.height_m, place.width_m)
    pick = _picks(shape, np.ascontiguousarray(exemplars.shape.T), first, draw)
    detail_m = _drawn(pick, relief_m, exemplars.patch, _BLEND)
    _impose_means(detail_m, np.zeros((relief_m.shape[0] - 2, relief_m.shape[1] - 2)), _BUMP)
    lattice += draw.scale * detail_m
    return lattice


@njit(cache=True, nogil=True)
def sample_cubic(value: F64, row: F64, col: F64, row_0: int, col_0: int) -> F64:
    """Keys' cubic convolution at fractional cells (integral at centres), as a flat array.

    `value` is the window that begins at cell (`row_0`, `col_0`); `row`, `col` are absolute, so that the
    result does not depend on the window. Every point must have its 4 x 4 samples inside `value`: the caller
    sees to it.
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
def sample_linear(value: F64, row: F64, col: F64, row_0: int, col_0: int) -> F64:
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


def _cubic(coarse: F64) -> F64:
    """U p, without the last correction of block means."""
    first = _inner(coarse, 2) - _filter(coarse, _MEAN)
    second = _inner(first, 2) - _filter(first, _MEAN)
    lattice: F64 = _upsample(_inner(coarse, 4) + _inner(first, 2) + second, _UP)
    return lattice


def _inner(value: F64, n: int) -> F64:
    """`value` without n cells on every side, contiguous."""
    return np.ascontiguousarray(value[n : value.shape[0] - n, n : value.shape[1] - n])


def _checked(coarse_m: F64) -> F64:
    """Refuse anything but a large enough 2-D array of finite heights."""
    if coarse_m.ndim != 2 or min(coarse_m.shape) <= 2 * MARGIN:
        raise InputFaults.one("coarse_m", f"(row, col) with more than {2 * MARGIN} of each", coarse_m.shape)
    n_bad = int(coarse_m.size - np.count_nonzero(np.isfinite(coarse_m)))
    if n_bad:
        raise InputFaults.one("coarse_m", "finite heights", f"{n_bad} of {coarse_m.size} not finite")
    return np.ascontiguousarray(coarse_m, dtype=np.float64)
