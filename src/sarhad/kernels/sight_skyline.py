"""The skyline of an observer in one octant: straight pieces over directions, and what one ring draws.

Let k be the major and j the minor offset of a cell from the observer, t = j / k its direction and v =
(height - eye) / k its slope per major step.  This is a perspective drawing: every terrain edge between two
neighbouring cell centres (on a row line or on a column line) is a *straight segment* in (t, v), so the
skyline of all edges nearer than ring k, H(t), is their upper envelope: a list of straight pieces a + b t.
Nothing is sampled.

    row-line edge of ring k, y0 at j to y1 at j + 1:      v = (y0 - j (y1 - y0)) / k + (y1 - y0) t
    column-line edge at j, y0 in ring k - 1 to y1 in k:   v = (y1 - y0) + (y1 - k (y1 - y0)) / j t
    a target in ring k at t is seen                  <=>  k H(t) <= y + target

(y: heights above the eye. Haverkort, Toma and Zhuang, arXiv 1810.01946, merge such horizons on a grid.)

No-data cells carry +inf.  The edges that touch one are an endless wall, but for a sliver of `_SLIVER`
around the direction of their other, known end: a ray exactly through a known cell centre needs no
neighbour.  The sliver is far narrower than the gap between two directions on a grid (1 / R^2 for a range of
R cells).

Pieces are rows of an array (3, piece): end (high t), a, b.  They begin where the one before ends.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from numba import njit

_EQUAL = 1e-12  # pieces nearer than this (m per step) are one: no splinters at shared corners
_SLIVER = 1e-10

_F8: TypeAlias = npt.NDArray[np.float64]

# for functions that only compiled code calls: without an entry for Python there is a quarter less to compile
inner = njit(cache=True, nogil=True, no_cpython_wrapper=True, no_cfunc_wrapper=True)


@inner
def piece(pieces: _F8, n: int, end: float, a: float, b: float) -> None:
    """Write one piece."""
    pieces[0, n] = end
    pieces[1, n] = a
    pieces[2, n] = b


@inner
def _void_edge(layer: _F8, n: int, edge: tuple[int, int], y0: float, y1: float) -> int:
    """Draw a row-line edge (k, j) with an unknown end: a wall, but for a sliver at its known end."""
    k, j = edge
    if y0 < np.inf:
        piece(layer, n, j / k + _SLIVER, y0 / k, 0.0)
        layer[3, n] = -1.0
        n += 1
    piece(layer, n, (j + 1) / k + (-_SLIVER if y1 < np.inf else _SLIVER), np.inf, 0.0)
    layer[3, n] = -1.0
    if y1 < np.inf:
        n += 1
        piece(layer, n, (j + 1) / k, y1 / k, 0.0)
    return n + 1


@inner
def draw_ring(layer: _F8, ring: _F8, k: int, firsts: tuple[int, int], n_edge: int) -> int:
    """Draw ring k and the column-line edges just before it, by rising t; returns the number of pieces.

    `firsts`: j of the first cell held of the ring before and of ring k. The column-line edge at j and the
    row-line edge from j share the corner (k, j): over the former's interval [j / k, j / (k - 1)] whichever is
    higher at the far end is higher everywhere.
    """
    near_first, first = firsts
    n = 0 * n_edge
    per_k = 1.0 / k
    per_near = 1.0 / max(k - 1, 1)
    for i in range(n_edge):
        j, y0, y1 = first + i, ring[1, i], ring[1, i + 1]
        if max(y0, y1) == np.inf:
            n = _void_edge(layer, n, (k, j), y0, y1)
        else:
            b = y1 - y0
            a = (y0 - j * b) * per_k
            if near_first <= j < k and j > 0:
                y_near = ring[0, j - near_first]
                t = j / (k - 1)
                if a + b * t < y_near * per_near < np.inf:
                    piece(layer, n, t, y0 - y_near, (y0 - k * (y0 - y_near)) / j)
                    layer[3, n] = -1.0
                    n += 1
            piece(layer, n, (j + 1) / k, a, b)
            n += 1
        layer[3, n - 1] = i + 1 if y1 < np.inf else -1
    return n


@inner
def _put(merged: _F8, n: int, end: float, a: float, b: float) -> int:
    """Append a piece, or lengthen the last one where the line is the same."""
    if n > 0 and merged[1, n - 1] == a and merged[2, n - 1] == b:
        merged[0, n - 1] = end
        return n
    piece(merged, n, end, a, b)
    return n + 1


@inner
def merge(skyline: _F8, layer: _F8, n_layer: int, span: _F8, merged: _F8, rise: _F8) -> int:
    """Upper envelope of a skyline and a layer over a beam; returns its number of pieces, 0 if nothing rises.

    On the way `rise` (cell) is told by how much the ring's cells stand above the old skyline.
    """
    t, stop = span[0], span[1]
    i = n = n_out = 0 * n_layer
    risen = False
    while layer[0, n] <= t:
        n += 1
    rise[0] = layer[1, n] + layer[2, n] * t - (skyline[1, 0] + skyline[2, 0] * t)
    while t < stop:
        old_end, old_a, old_b = skyline[0, i], skyline[1, i], skyline[2, i]
        new_a, new_b = layer[1, n], layer[2, n]
        t_next = min(old_end, layer[0, n], stop)
        if old_a == np.inf:
            n_out = _put(merged, n_out, t_next, old_a, old_b)
        else:
            a, b = new_a - old_a, new_b - old_b
            above, above_next = a + b * t, a + b * t_next
            if above <= _EQUAL and above_next <= _EQUAL:
                n_out = _put(merged, n_out, t_next, old_a, old_b)
            else:
                risen = True
                if above < -_EQUAL:
                    n_out = _put(merged, n_out, min(max(-a / b, t), t_next), old_a, old_b)
                if above_next >= -_EQUAL:
                    n_out = _put(merged, n_out, t_next, new_a, new_b)
                else:
                    n_out = _put(merged, n_out, min(max(-a / b, t), t_next), new_a, new_b)
                    n_out = _put(merged, n_out, t_next, old_a, old_b)
        while n < n_layer and layer[0, n] <= t_next:
            if layer[3, n] >= 0.0:
                cell = int(layer[3, n])
                rise[cell] = layer[1, n] + layer[2, n] * t_next - (old_a + old_b * t_next)
            n += 1
        if old_end <= t_next:
            i += 1
        t = t_next
    return n_out if risen else 0


@inner
def lowest(skyline: _F8, n_piece: int, t: float) -> float:
    """Lowest point of a skyline that begins at t."""
    lowest = np.inf
    for i in range(n_piece):
        a, b, end = skyline[1, i], skyline[2, i], skyline[0, i]
        lowest = min(lowest, a + b * t, a + b * end)
        t = end
    return lowest


@inner
def halve(skyline: _F8, n_piece: int, middle: float, lower: _F8) -> tuple[int, int]:
    """Split a skyline: what is before `middle` goes to `lower`; returns both numbers of pieces."""
    i = 0 * n_piece
    while skyline[0, i] < middle:
        i += 1
    for n in range(i + 1):
        piece(lower, n, min(skyline[0, n], middle), skyline[1, n], skyline[2, n])
    for n in range(i, n_piece):
        piece(skyline, n - i, skyline[0, n], skyline[1, n], skyline[2, n])
    return i + 1, n_piece - i
