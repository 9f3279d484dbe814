"""Friction of the ground as an unaware crosser happens to find it: lognormal fields fixed to the ground.

    friction(x) = exp(sigma g(x)),    g(x) = sum_n k(x - x_n) z_n / sqrt(sum_n k(x - x_n)^2)
    k(d) = exp(-(2 |d| / c)^2 / 2)

z_n are independent standard normals on a lattice of spacing c / 2, drawn by hashing the lattice indices, the
seed and the number of the field (Box and Muller 1958 over the finalizer of SplitMix64: Steele, Lea and Flood
2014). g is exactly N(0, 1) everywhere and its correlation is exp(-(|d| / c)^2) within 2e-4: it falls to 1/e
at `correlation_m` = c. The median of the friction is 1, its mean exp(sigma^2 / 2).

The field is a function of the coordinates alone: windows that overlap, and cells of other sizes, see the same
ground, to the last bit where their cell centres agree (coordinates count to 1/1024 m). That is what makes
common random numbers possible across plans and windows.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from numba import njit

from sarhad.errors import Fault, InputFaults

FloatArray = npt.NDArray[np.float64]

_N_SIDE = 5  # lattice lines on either side of a point; the kernel has fallen to 4e-6 beyond them
_PER_M = 1024.0


@njit(cache=True, nogil=True)
def _mixed(bits: np.uint64) -> np.uint64:
    """SplitMix64's finalizer."""
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))


@njit(cache=True, nogil=True)
def _normal(key: np.uint64, i: int, j: int) -> float:
    """Return the standard normal of lattice point (i, j)."""
    gamma = np.uint64(0x9E3779B97F4A7C15)
    bits = _mixed(_mixed(_mixed(key) + np.uint64(i) * gamma + gamma) + np.uint64(j) * gamma + gamma)
    u = (float(bits >> np.uint64(11)) + 0.5) * 2.0**-53
    v = float(_mixed(bits + gamma) >> np.uint64(11)) * 2.0**-53
    return math.sqrt(-2.0 * math.log(u)) * math.cos(2.0 * math.pi * v)


@njit(cache=True, nogil=True)
def _weights(at_m: FloatArray, spacing_m: float) -> tuple[npt.NDArray[np.int64], FloatArray]:
    """Return by coordinate the first lattice line in reach and the kernel over its lines, of unit norm."""
    first = np.empty(at_m.size, np.int64)
    weight = np.empty((at_m.size, 2 * _N_SIDE))
    for n in range(at_m.size):
        at = at_m[n] / spacing_m
        first[n] = math.floor(at) - _N_SIDE + 1
        norm = 0.0
        for k in range(2 * _N_SIDE):
            away = at - float(first[n] + k)
            weight[n, k] = math.exp(-0.5 * away * away)
            norm += weight[n, k] * weight[n, k]
        for k in range(2 * _N_SIDE):
            weight[n, k] /= math.sqrt(norm)
    return first, weight


@njit(cache=True, nogil=True)
def _field(x_m: FloatArray, y_m: FloatArray, spacing_m: float, sigma: float, key: np.uint64) -> FloatArray:
    """Return exp(sigma g), (row, col); sums run over the same lattice points in the same order everywhere."""
    first_col, weight_col = _weights(x_m, spacing_m)
    first_row, weight_row = _weights(y_m, spacing_m)
    low_row, low_col = first_row.min(), first_col.min()
    n_line = first_row.max() - low_row + 2 * _N_SIDE
    n_along = first_col.max() - low_col + 2 * _N_SIDE
    across = np.zeros((n_line, x_m.size))
    normal = np.empty(n_along)
    for line in range(n_line):
        for k in range(n_along):
            normal[k] = _normal(key, low_row + line, low_col + k)
        for col in range(x_m.size):
            for k in range(2 * _N_SIDE):
                across[line, col] += weight_col[col, k] * normal[first_col[col] - low_col + k]
    field = np.zeros((y_m.size, x_m.size))
    for row in range(y_m.size):
        for k in range(2 * _N_SIDE):
            line, weight = first_row[row] - low_row + k, weight_row[row, k]
            for col in range(x_m.size):
                field[row, col] += weight * across[line, col]
        for col in range(x_m.size):
            field[row, col] = math.exp(sigma * field[row, col])
    return field


def friction_field(
    left_m: float,
    top_m: float,
    cell_m: float,
    n_row: int,
    n_col: int,
    *,
    sigma: float,
    correlation_m: float,
    seed: int,
    field: int,
) -> FloatArray:
    """Return friction (row, col), lognormal with median 1, at the cell centres of a window.

    `left_m`, `top_m` its west and north edge in the projection that all windows share; `sigma` of ln
    friction; `correlation_m` where the correlation of ln friction is 1/e; `seed` of the family, `field` 0, 1,
    .. its member. Raises InputFaults.
    """
    faults = [
        Fault(name, "", 0, "", expected, str(value))
        for name, value, expected, is_good in (
            ("left_m", left_m, "a finite number of metres", math.isfinite(left_m)),
            ("top_m", top_m, "a finite number of metres", math.isfinite(top_m)),
            ("cell_m", cell_m, "finite metres above 0", 0.0 < cell_m < math.inf),
            ("n_row", n_row, "1 or more", n_row >= 1),
            ("n_col", n_col, "1 or more", n_col >= 1),
            ("sigma", sigma, "a finite number of 0 or more", 0.0 <= sigma < math.inf),
            ("correlation_m", correlation_m, "finite metres above 0", 0.0 < correlation_m < math.inf),
            ("seed", seed, "0 <= seed < 2**32", 0 <= seed < 2**32),
            ("field", field, "0 <= field < 2**32", 0 <= field < 2**32),
        )
        if not is_good
    ]
    if faults:
        raise InputFaults(faults)
    x_m = np.round((left_m + (np.arange(n_col) + 0.5) * cell_m) * _PER_M) / _PER_M
    y_m = np.round((top_m - (np.arange(n_row) + 0.5) * cell_m) * _PER_M) / _PER_M
    key = np.uint64(seed * 2**32 + field)
    return np.asarray(_field(x_m, y_m, 0.5 * correlation_m, float(sigma), key))
