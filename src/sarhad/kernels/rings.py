"""The cells of a raster whose centres lie within polygons, given as rings.

A centre lies within a polygon where a ray from it to the east meets its rings an odd number of times:
holes and several parts need no word of their own. For each row that a ring's side (x0, y0)-(x1, y1) spans,
min(y) <= y < max(y), the side is met at x = x0 + (y - y0) (x1 - x0) / (y1 - y0); every centre to the west of
that changes sides. Sides are half open, so that a vertex on a row counts once.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from sarhad.errors import InputFaults
from sarhad.kernels.linear import Window

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
Mask = NDArray[np.bool_]


def within_rings(window: Window, x_m: F64, y_m: F64, ptr: I64, owner: I64) -> Mask:
    """Return the cells (row, col) whose centres lie in any of the polygons.

    Ring i is vertices ptr[i]:ptr[i + 1] and belongs to polygon owner[i]; rings of one polygon follow each
    other. A ring is closed from its last vertex to its first. Raises InputFaults.
    """
    if not (len(x_m) == len(y_m) and np.all(np.isfinite(x_m)) and np.all(np.isfinite(y_m))):
        raise InputFaults.one("rings", "as many finite x_m as y_m", "NaN, infinite or different lengths")
    if len(owner) != len(ptr) - 1 or np.any(np.diff(owner) < 0):
        raise InputFaults.one("rings", "an owner for every ring, in rising order", f"{len(owner)} owners")
    within = np.zeros((window.n_row, window.n_col), dtype=np.bool_)
    _fill(window, x_m, y_m, ptr, owner, within)
    return within


@njit(cache=True, nogil=True)
def _fill(w: Window, x_m: F64, y_m: F64, ptr: I64, owner: I64, within: Mask) -> None:
    """Turn cells over side by side; when a polygon is done, sum up along its rows (compiled)."""
    turned = np.zeros(within.shape, np.bool_)
    top, bottom, right = w.n_row, -1, -1
    for ring in range(len(ptr) - 1):
        for i in range(ptr[ring], ptr[ring + 1]):
            j = i + 1 if i + 1 < ptr[ring + 1] else ptr[ring]
            u0, v0 = (x_m[i] - w.left_m) / w.cell_m - 0.5, (w.top_m - y_m[i]) / w.cell_m - 0.5
            u1, v1 = (x_m[j] - w.left_m) / w.cell_m - 0.5, (w.top_m - y_m[j]) / w.cell_m - 0.5
            first = max(0, int(np.ceil(min(v0, v1))))
            last = min(w.n_row - 1, int(np.ceil(max(v0, v1))) - 1)
            for row in range(first, last + 1):
                met = u0 + (row - v0) * (u1 - u0) / (v1 - v0)
                col = min(int(np.ceil(met)) - 1, w.n_col - 1)  # the easternmost centre west of the side
                if col >= 0:
                    turned[row, col] = not turned[row, col]
                    top, bottom, right = min(top, row), max(bottom, row), max(right, col)
        if ring + 2 == len(ptr) or owner[ring + 1] != owner[ring]:
            for row in range(top, bottom + 1):
                inside = False
                for col in range(right, -1, -1):
                    if turned[row, col]:
                        inside = not inside
                        turned[row, col] = False
                    if inside:
                        within[row, col] = True
            top, bottom, right = w.n_row, -1, -1
