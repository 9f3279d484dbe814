"""Linear referencing on a raster: signed offset and chainage of every cell, and lines drawn as cells.

    offset(p)   = s |p - f|,   f the point of the line nearest to p
    chainage(p) = that of f, linear along its step
    s           = sign( t x (p - f) ),   t the direction of the line at f; positive home

At a vertex t is the sum of the unit vectors of the two steps that meet there: the angle-weighted pseudonormal
of J. A. Baerentzen and H. Aanaes, "Signed distance computation using the angle weighted pseudonormal", IEEE
TVCG 11(3), 2005, turned by a right angle; it gives the right side at any corner of a line that does not cross
itself.

The result is exact: a step s can be nearest to some cell of a tile of side a around c only if
d(c, s) <= min d(c, .) + sqrt(2) a, and every step that meets this bound is measured from every cell of it.
Lines are drawn by the grid traversal of J. Amanatides and A. Woo, "A fast voxel traversal algorithm for ray
tracing" (1987).
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from sarhad.errors import Fault, InputFaults

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
Mask = NDArray[np.bool_]

BLOCK: Final = 128  # cells on a side: steps are sifted for a block first, then for its tiles
TILE: Final = 8


class Window(NamedTuple):
    """Where the cells lie: outer corner of cell (0, 0), cell size, rows and columns; row 0 is north."""

    left_m: float
    top_m: float
    cell_m: float
    n_row: int
    n_col: int


class Polyline(NamedTuple):
    """Runs of vertices in metres: run i is ptr[i]:ptr[i + 1]; a closed run repeats its first vertex."""

    x_m: F64
    y_m: F64
    chainage_m: F64
    ptr: I64
    closed: Mask


class Steps(NamedTuple):
    """The steps of runs, as vertex indices, with the steps before and after each (-1: none)."""

    first: I64
    last: I64
    before: I64
    after: I64


class Offsets(NamedTuple):
    """Per cell (row, col): signed distance, chainage of the nearest point, whether past an open end."""

    offset_m: F64
    chainage_m: F64
    past_end: Mask


class _Segments(NamedTuple):
    """Steps laid out for measuring: start, vector, 1 / length squared, and which step of the line it is."""

    ax: F64
    ay: F64
    dx: F64
    dy: F64
    per_length_2: F64
    step: I64


class _Line(NamedTuple):
    """All steps with unit direction, chainage of the ends, neighbours; `left` is -1 for home on the right."""

    every: _Segments
    ux: F64
    uy: F64
    from_m: F64
    to_m: F64
    before: I64
    after: I64
    left: float


def steps_of(ptr: I64, closed: Mask) -> Steps:
    """Return the steps of runs bounded by `ptr`; the last step of a closed run is followed by its first."""
    is_step = np.ones(int(ptr[-1]), dtype=np.bool_)
    is_step[ptr[1:] - 1] = False
    first = np.flatnonzero(is_step)
    before = np.arange(len(first)) - 1
    after = np.arange(len(first)) + 1
    bounds = ptr - np.arange(len(ptr))
    for a, b, ring in zip(bounds[:-1], bounds[1:] - 1, closed, strict=True):
        before[a], after[b] = (b, a) if ring else (-1, -1)
    return Steps(first, first + 1, before, after)


def signed_offset(window: Window, line: Polyline, *, home_is_left: bool) -> Offsets:
    """Return offset and chainage of all cell centres of the window, exactly.

    Of equally near points the one on the earlier step counts. A cell on the line has offset 0.

    Raises:
        InputFaults: for coordinates that are not finite, steps of no length, or a window without cells.
    """
    _check(window, line)
    prepared = _prepare(line, 1.0 if home_is_left else -1.0)
    n = len(prepared.ux)
    work = (_blank_segments(n), _blank_segments(n), np.empty(n))
    out = np.empty((window.n_row, window.n_col, 3))
    _fill(window, prepared, work, out)
    return Offsets(out[..., 0].copy(), out[..., 1].copy(), out[..., 2] > 0)


def _prepare(line: Polyline, left: float) -> _Line:
    steps = steps_of(line.ptr, line.closed)
    ax, ay = line.x_m[steps.first], line.y_m[steps.first]
    dx, dy = line.x_m[steps.last] - ax, line.y_m[steps.last] - ay
    length_m = np.hypot(dx, dy)
    if not np.all(length_m > 0):
        raise InputFaults.one("line", "steps longer than 0 m", f"{int(np.sum(length_m <= 0))} of none")
    every = _Segments(ax, ay, dx, dy, 1 / length_m**2, np.arange(len(ax)))
    from_m, to_m = line.chainage_m[steps.first], line.chainage_m[steps.last]
    return _Line(every, dx / length_m, dy / length_m, from_m, to_m, steps.before, steps.after, left)


def _blank_segments(n: int) -> _Segments:
    ax, ay, dx, dy, per_length_2 = np.empty((5, n))
    return _Segments(ax, ay, dx, dy, per_length_2, np.empty(n, dtype=np.int64))


def _check(window: Window, line: Polyline) -> None:
    faults: list[Fault] = []
    if not (window.cell_m > 0 and window.n_row >= 1 and window.n_col >= 1):
        faults.append(Fault("window", "", 0, "", "cells of positive size", str(window)))
    n = len(line.x_m)
    if not len(line.y_m) == len(line.chainage_m) == n:
        faults.append(Fault("line", "", 0, "", "as many y_m and chainage_m as x_m", "different lengths"))
    elif not np.all(np.isfinite(line.x_m) & np.isfinite(line.y_m) & np.isfinite(line.chainage_m)):
        faults.append(Fault("line", "", 0, "", "finite coordinates and chainage", "NaN or infinite"))
    runs = np.diff(line.ptr)
    if len(line.ptr) < 2 or line.ptr[0] != 0 or line.ptr[-1] != n or not np.all(runs >= 2):
        faults.append(Fault("line", "", 0, "ptr", f"bounds from 0 to {n}, two vertices a run", str(line.ptr)))
    if len(line.closed) != len(line.ptr) - 1:
        faults.append(Fault("line", "", 0, "closed", "one value a run", f"{len(line.closed)} values"))
    if faults:
        raise InputFaults(faults)


@njit(cache=True, nogil=True)
def _measure(x: float, y: float, s: _Segments, n: int, out_2: F64) -> int:
    """Square of the distance from (x, y) to each of the first n steps; return the first of the nearest."""
    for i in range(n):
        px, py = x - s.ax[i], y - s.ay[i]
        t = (px * s.dx[i] + py * s.dy[i]) * s.per_length_2[i]
        t = t if t > 0.0 else 0.0
        t = t if t < 1.0 else 1.0
        ex, ey = px - t * s.dx[i], py - t * s.dy[i]
        out_2[i] = ex * ex + ey * ey
    best = 0
    for i in range(1, n):
        if out_2[i] < out_2[best]:
            best = i
    return best


@njit(cache=True, nogil=True)
def _sift(tile: tuple[float, float, float], given: _Segments, n: int, kept: _Segments, work: F64) -> int:
    """Keep those of the first n given steps that can be nearest to a cell of the tile (x, y, side)."""
    x, y, side_m = tile
    nearest = np.sqrt(work[_measure(x, y, given, n, work)])
    reach_m = nearest + np.sqrt(2.0) * side_m + 1e-6  # slack far above rounding, far below a cell
    m = 0
    for i in range(n):
        if work[i] <= reach_m * reach_m:
            kept.ax[m], kept.ay[m] = given.ax[i], given.ay[i]
            kept.dx[m], kept.dy[m] = given.dx[i], given.dy[i]
            kept.per_length_2[m] = given.per_length_2[i]
            kept.step[m] = given.step[i]
            m += 1
    return m


@njit(cache=True, nogil=True)
def _side(x: float, y: float, share: float, line: _Line, k: int) -> float:
    """Positive where (x, y), nearest to step k at `share`, lies to the left of the line."""
    s = line.every
    tx, ty = line.ux[k], line.uy[k]
    other = -1
    if share <= 0.0:
        other = line.before[k]
    elif share >= 1.0:
        other = line.after[k]
    if other >= 0:
        sx, sy = tx + line.ux[other], ty + line.uy[other]
        if sx * sx + sy * sy > 1e-18:  # a spike straight back has no normal: its own step counts
            tx, ty = sx, sy
    t = min(1.0, max(0.0, share))
    side: float = tx * (y - s.ay[k] - t * s.dy[k]) - ty * (x - s.ax[k] - t * s.dx[k])
    return side


@njit(cache=True, nogil=True)
def _fill_cell(x: float, y: float, k: int, line: _Line, out: F64) -> None:
    """Write offset, chainage and 1 if past an open end, for a point nearest to step k."""
    s = line.every
    share = ((x - s.ax[k]) * s.dx[k] + (y - s.ay[k]) * s.dy[k]) * s.per_length_2[k]
    t = min(1.0, max(0.0, share))
    distance = np.hypot(x - s.ax[k] - t * s.dx[k], y - s.ay[k] - t * s.dy[k])
    out[0] = -distance if line.left * _side(x, y, share, line, k) < 0.0 else distance
    out[1] = line.from_m[k] + t * (line.to_m[k] - line.from_m[k])
    past = (share < 0.0 and line.before[k] < 0) or (share > 1.0 and line.after[k] < 0)
    out[2] = 1.0 if past else 0.0


@njit(cache=True, nogil=True)
def _fill(w: Window, line: _Line, work: tuple[_Segments, _Segments, F64], out: F64) -> None:
    """Sift the steps per block, then per tile, and measure the rest from every cell."""
    in_block, in_tile, d_2 = work
    n, a, b = len(line.ux), BLOCK * w.cell_m, TILE * w.cell_m
    for block in range(-(-w.n_row // BLOCK) * -(-w.n_col // BLOCK)):
        row, col = np.array(divmod(block, -(-w.n_col // BLOCK))) * BLOCK
        x, y = w.left_m + col * w.cell_m + a / 2, w.top_m - row * w.cell_m - a / 2
        n_block = _sift((x, y, a), line.every, n, in_block, d_2)
        for r0 in range(row, min(row + BLOCK, w.n_row), TILE):
            for c0 in range(col, min(col + BLOCK, w.n_col), TILE):
                x, y = w.left_m + c0 * w.cell_m + b / 2, w.top_m - r0 * w.cell_m - b / 2
                n_tile = _sift((x, y, b), in_block, n_block, in_tile, d_2)
                for r in range(r0, min(r0 + TILE, w.n_row)):
                    for c in range(c0, min(c0 + TILE, w.n_col)):
                        x, y = w.left_m + (c + 0.5) * w.cell_m, w.top_m - (r + 0.5) * w.cell_m
                        k = in_tile.step[_measure(x, y, in_tile, n_tile, d_2)]
                        _fill_cell(x, y, k, line, out[r, c])


def rasterise_4(window: Window, x_m: F64, y_m: F64, ptr: I64) -> Mask:
    """Return the cells (row, col) that polylines run through, so that no 8-neighbour step can cross them.

    Run i is vertices ptr[i]:ptr[i + 1]; a run of one vertex is one cell. What lies outside is left out.
    """
    mask = _blank(window, x_m, y_m)
    _draw_4(window, x_m, y_m, ptr, mask)
    return mask


def rasterise_8(window: Window, x_m: F64, y_m: F64, ptr: I64) -> Mask:
    """Return a thin 8-connected chain of cells (row, col) along polylines.

    Bresenham's chain between the cells of each step's ends; runs as in `rasterise_4`.
    """
    mask = _blank(window, x_m, y_m)
    _draw_8(window, x_m, y_m, ptr, mask)
    return mask


def _blank(window: Window, x_m: F64, y_m: F64) -> Mask:
    if len(x_m) != len(y_m) or not (np.all(np.isfinite(x_m)) and np.all(np.isfinite(y_m))):
        raise InputFaults.one("polyline", "as many finite x_m as y_m", "NaN, infinite or different lengths")
    return np.zeros((window.n_row, window.n_col), dtype=np.bool_)


@njit(cache=True, nogil=True)
def _mark(mask: Mask, row: int, col: int) -> None:
    if 0 <= row < mask.shape[0] and 0 <= col < mask.shape[1]:
        mask[row, col] = True


@njit(cache=True, nogil=True)
def _draw_4(w: Window, x_m: F64, y_m: F64, ptr: I64, mask: Mask) -> None:
    """Walk every step from cell to cell over the edge that it meets first."""
    for run in range(len(ptr) - 1):
        for i in range(ptr[run], ptr[run + 1]):
            j = min(i + 1, ptr[run + 1] - 1)
            u, v = (x_m[i] - w.left_m) / w.cell_m, (w.top_m - y_m[i]) / w.cell_m
            du, dv = (x_m[j] - w.left_m) / w.cell_m - u, (w.top_m - y_m[j]) / w.cell_m - v
            col, row = int(np.floor(u)), int(np.floor(v))
            n_col, n_row = int(np.floor(u + du)) - col, int(np.floor(v + dv)) - row
            step_col, step_row = (1 if n_col > 0 else -1), (1 if n_row > 0 else -1)
            _mark(mask, row, col)
            for _ in range(abs(n_col) + abs(n_row)):
                across = np.inf if n_col == 0 else (col + (step_col > 0) - u) / du
                down = np.inf if n_row == 0 else (row + (step_row > 0) - v) / dv
                if across < down:
                    col += step_col
                    n_col -= step_col
                else:
                    row += step_row
                    n_row -= step_row
                _mark(mask, row, col)


@njit(cache=True, nogil=True)
def _draw_8(w: Window, x_m: F64, y_m: F64, ptr: I64, mask: Mask) -> None:
    """Interpolate between the end cells of every step along its longer axis."""
    for run in range(len(ptr) - 1):
        for i in range(ptr[run], ptr[run + 1]):
            j = min(i + 1, ptr[run + 1] - 1)
            col = int(np.floor((x_m[i] - w.left_m) / w.cell_m))
            row = int(np.floor((w.top_m - y_m[i]) / w.cell_m))
            n_col = int(np.floor((x_m[j] - w.left_m) / w.cell_m)) - col
            n_row = int(np.floor((w.top_m - y_m[j]) / w.cell_m)) - row
            n = max(abs(n_col), abs(n_row), 1)
            for k in range(n + 1):
                _mark(mask, row + (2 * k * n_row + n) // (2 * n), col + (2 * k * n_col + n) // (2 * n))
