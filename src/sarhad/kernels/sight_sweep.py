"""Exact viewsheds: in each octant the skyline grows ring by ring, and every cell is held against it.

`sight_skyline` has the formulas.  The sweep goes by *beams*, intervals of directions that are halved as
they widen. A ring, or a block of 16 x 16 cells, whose ceiling stays below the lowest point of the beam's
skyline can neither be seen nor raise it and is skipped: that changes nothing in the result.
"""

from __future__ import annotations

import math
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
from numba import njit

from sarhad.kernels.sight_skyline import draw_ring, halve, inner, lowest, merge, piece

BLOCK = 16  # cells along the side of a block whose highest cell is known beforehand
_WIDTH = 32.0  # a beam wider than this many cells is halved
_DEPTH = 24  # beams waiting at a time: one for each halving

_F8: TypeAlias = npt.NDArray[np.float64]
_F4: TypeAlias = npt.NDArray[np.float32]
_U1: TypeAlias = npt.NDArray[np.uint8]
_I8: TypeAlias = npt.NDArray[np.int64]


class Surface(NamedTuple):
    """Terrain ready for sweeps: heights (row, col), +inf for no data, and the highest of each block."""

    height_m: _F4
    ceiling_m: _F4


class Post(NamedTuple):
    """One observer and what it looks for; `bend_m` is the drop at one cell's distance.

    `n2_min` and `n2_max` bound the squared distance in cells.  The sector runs clockwise from the unit vector
    (`left_east`, `left_north`) to (`right_east`, `right_north`); `sector_deg` tells its width.
    """

    row: int
    col: int
    eye_m: float
    target_m: float
    tie_m: float
    bend_m: float
    n2_min: int
    n2_max: int
    sector_deg: float
    left_east: float
    left_north: float
    right_east: float
    right_north: float


class Window(NamedTuple):
    """Where the answer goes: rows of bits (first column in the highest bit), or clearances, from a corner on.

    Exactly one of `bits` (row, byte) and `clearance_m` (row, col) has a size; the other stays empty.
    """

    row: int
    col: int
    bits: _U1
    clearance_m: _F4


class Work(NamedTuple):
    """Scratch of a sweep.

    `skyline` (beam, 3, piece): the pieces a + b t of each waiting beam's skyline, as rows of ends, a and b;
    `layer` (4, piece): what one ring draws, and which of its cells stands at the end of each piece (-1:
    none); `merged` (3, piece); `ring` (3, cell): heights above the eye of the ring before and of this ring,
    and the slope by which this ring's cells rise over the skyline; `span` (beam, 2): low and high t;
    `state` (beam, 2): number of pieces and next ring.
    """

    skyline: _F8
    layer: _F8
    merged: _F8
    ring: _F8
    span: _F8
    state: _I8


class _Octant(NamedTuple):
    """Steps along the major and the minor axis, and how far the grid reaches along both."""

    major_row: int
    major_col: int
    minor_row: int
    minor_col: int
    k_max: int
    j_max: int


def work_space(n_piece: int = 512) -> Work:
    """Scratch for beams with skylines of at most `n_piece` pieces (`sweep` says when that is too few)."""
    return Work(
        np.empty((_DEPTH, 3, n_piece)),
        np.empty((4, n_piece)),
        np.empty((3, n_piece)),
        np.empty((3, 2 * int(_WIDTH))),
        np.empty((_DEPTH, 2)),
        np.empty((_DEPTH, 2), dtype=np.int64),
    )


@njit(cache=True, nogil=True)
def _heights(dem_m: _F4) -> tuple[_F4, _F4]:
    """Heights with +inf for NaN, and the highest of each block."""
    n_row, n_col = dem_m.shape
    height_m = np.empty((n_row, n_col), dtype=np.float32)
    ceiling_m = np.full(((n_row - 1) // BLOCK + 1, (n_col - 1) // BLOCK + 1), -np.inf, dtype=np.float32)
    for row in range(n_row):
        for col in range(n_col):
            z = dem_m[row, col]
            if math.isnan(z):
                z = np.float32(np.inf)
            height_m[row, col] = z
            block = row // BLOCK, col // BLOCK
            ceiling_m[block] = max(z, ceiling_m[block])
    return height_m, ceiling_m


def surface(dem_m: _F4) -> Surface:
    """Make terrain ready for sweeps; `dem_m` (row, col) float32, NaN for no data."""
    return Surface(*_heights(dem_m))


@inner
def in_sector(post: Post, east: float, north: float) -> bool:
    """Whether a direction lies in the observer's sector (edges included, to 1e-9 of a radian)."""
    if post.sector_deg >= 360.0:
        return True
    slack = 1e-9 * math.sqrt(east * east + north * north)
    after_left = post.left_north * east - post.left_east * north >= -slack
    before_right = north * post.right_east - east * post.right_north >= -slack
    if post.sector_deg <= 180.0:
        return after_left and before_right
    return after_left or before_right


@inner
def _beam_in_sector(post: Post, octant: _Octant, low: float, high: float) -> bool:
    if post.sector_deg >= 360.0:
        return True
    for t in (low, high):
        if in_sector(post, octant.major_col + t * octant.minor_col, -octant.major_row - t * octant.minor_row):
            return True
    k = octant.major_col * post.left_east - octant.major_row * post.left_north
    j = octant.minor_col * post.left_east - octant.minor_row * post.left_north
    return k > 0.0 and low * k <= j <= high * k


@inner
def _cell(post: Post, octant: _Octant, k: int, j: int) -> tuple[int, int]:
    """Row and column of an octant's cell."""
    return (
        post.row + k * octant.major_row + j * octant.minor_row,
        post.col + k * octant.major_col + j * octant.minor_col,
    )


@inner
def _block_top_m(ceiling_m: _F4, post: Post, octant: _Octant, rings: tuple[int, int], span: _F8) -> float:
    """Ceiling above the eye of the rings first..last (in one row or column of blocks) in a beam."""
    k, k_last = rings
    j_first = math.floor(k * span[0])
    row, col = _cell(post, octant, k, j_first)
    row_last, col_last = _cell(post, octant, k, min(math.ceil(k_last * span[1]), octant.j_max))
    top = np.float32(-np.inf)
    for block_row in range(min(row, row_last) // BLOCK, max(row, row_last) // BLOCK + 1):
        for block_col in range(min(col, col_last) // BLOCK, max(col, col_last) // BLOCK + 1):
            top = max(top, ceiling_m[block_row, block_col])
    return float(top - post.eye_m - post.bend_m * (k * k + j_first * j_first))


@inner
def _block_end(post: Post, octant: _Octant, k: int) -> int:
    """Last ring in the same row or column of blocks as ring k."""
    row, col = _cell(post, octant, k, 0)
    place, step = (row, octant.major_row) if octant.major_row != 0 else (col, octant.major_col)
    left = BLOCK - 1 - place % BLOCK if step > 0 else place % BLOCK
    return int(min(k + left, octant.k_max))


@inner
def _load_ring(height_m: _F4, post: Post, octant: _Octant, k: int, span: _F8, ring: _F8) -> float:
    """Put a beam's part of ring k into `ring` row 1, what was there into row 0; returns the highest of it.

    Beyond the grid its last cell goes on: no target lies there, so it is of no account.
    """
    j_first = math.floor(k * span[0])
    row, col = _cell(post, octant, k, j_first)
    level_m = post.bend_m * (k * k) + post.eye_m
    top_m = -np.inf
    for i in range(max(math.ceil(k * span[1]), 1) - j_first + 1):
        ring[0, i] = ring[1, i]
        y = height_m[row, col] - post.bend_m * ((j_first + i) * (j_first + i)) - level_m
        ring[1, i] = y
        top_m = max(top_m, y)
        if j_first + i < octant.j_max:
            row += octant.minor_row
            col += octant.minor_col
    return top_m


@inner
def _write(window: Window, post: Post, octant: _Octant, cell: tuple[int, int], clearance_m: float) -> None:
    if math.isinf(clearance_m) and clearance_m < 0.0:
        return
    row, col = _cell(post, octant, cell[0], cell[1])
    if not in_sector(post, float(col - post.col), float(post.row - row)):
        return
    row -= window.row
    col -= window.col
    if window.clearance_m.size > 0:
        window.clearance_m[row, col] = clearance_m
    elif clearance_m >= 0.0:
        window.bits[row, col >> 3] |= np.uint8(128 >> (col & 7))


@inner
def _look(ring: _F8, span: _F8, post: Post, octant: _Octant, window: Window, at: tuple[int, int]) -> None:
    """Tell which targets of ring k a beam sees (low end included, high end not); `at`: k and first j."""
    k, first = at
    every = window.clearance_m.size > 0
    j_last = min(k if span[1] == 1.0 else math.ceil(k * span[1]) - 1, octant.j_max)
    for j in range(math.ceil(k * span[0]), j_last + 1):
        clearance_m = post.target_m + k * ring[2, j - first]
        n2 = k * k + j * j
        if (
            (every or clearance_m >= -post.tie_m)
            and ring[1, j - first] < np.inf
            and post.n2_min <= n2 <= post.n2_max
        ):
            if -post.tie_m <= clearance_m < 0.0:
                clearance_m = 0.0
            _write(window, post, octant, (k, j), clearance_m)


@inner
def _take_ring(
    work: Work, post: Post, octant: _Octant, window: Window, at: tuple[int, int], floor: float
) -> float:
    """Look at the ring just loaded, then raise the skyline by it; returns its lowest point (NaN: no room)."""
    beam, k = at
    span = work.span[beam]
    firsts = math.floor((k - 1) * span[0]), math.floor(k * span[0])
    n_edge = max(math.ceil(k * span[1]), 1) - firsts[1]
    n_layer = draw_ring(work.layer, work.ring, k, firsts, n_edge)
    if 2 * (work.state[beam, 0] + n_layer) > work.merged.shape[1]:
        return np.nan
    n_merged = merge(work.skyline[beam], work.layer, n_layer, span, work.merged, work.ring[2])
    _look(work.ring, span, post, octant, window, (k, firsts[1]))
    if n_merged == 0:
        return floor
    for row in range(3):
        for i in range(n_merged):
            work.skyline[beam, row, i] = work.merged[row, i]
    work.state[beam, 0] = n_merged
    return float(lowest(work.skyline[beam], n_merged, span[0]))


@inner
def _slope_bound(top_m: float, k: int, k_last: int) -> float:
    """Highest slope that a height above the eye can have in rings k..k_last."""
    return top_m / k if top_m > 0.0 else top_m / k_last


@inner
def _run_beam(surf: Surface, post: Post, octant: _Octant, window: Window, work: Work, beam: int) -> int:
    """Take a beam outwards; returns 0 at its end, 1 where it must be halved, -1 if out of room."""
    span, k = work.span[beam], work.state[beam, 1]
    floor = lowest(work.skyline[beam], work.state[beam, 0], span[0])
    skip = window.clearance_m.size == 0
    extra_m = post.target_m + 2.0 * post.tie_m
    near_hidden = False
    loaded, next_block = 0 * k, k
    while k <= octant.k_max:
        j_first = math.floor(k * span[0])
        if k * k + j_first * j_first > post.n2_max or j_first > octant.j_max or floor == np.inf:
            return 0
        if (span[1] - span[0]) * k > _WIDTH:
            work.state[beam, 1] = k
            return 1
        if loaded != k - 1:
            near_m = _load_ring(surf.height_m, post, octant, k - 1, span, work.ring)
            near_hidden = skip and (near_m + extra_m) / (k - 1) < floor
        if near_hidden and k >= next_block:
            k_last = _block_end(post, octant, k)
            next_block = k_last + 1
            top_m = _block_top_m(surf.ceiling_m, post, octant, (k, k_last), span) + extra_m
            if _slope_bound(top_m, k, k_last) < floor:
                loaded = k - 1
                k = next_block
                continue
        here_m = _load_ring(surf.height_m, post, octant, k, span, work.ring)
        loaded = k
        hidden = skip and (here_m + extra_m) / k < floor
        if not (hidden and near_hidden):
            floor = _take_ring(work, post, octant, window, (beam, k), floor)
            if math.isnan(floor):
                return -1
        near_hidden = hidden
        k += 1
    return 0


@inner
def _sweep_octant(surf: Surface, post: Post, octant: _Octant, window: Window, work: Work) -> bool:
    """All beams of one octant; False if the scratch was too small."""
    piece(work.skyline[0], 0, 1.0, -np.inf, 0.0)
    work.span[0, 0], work.span[0, 1] = 0.0, 1.0
    work.state[0, 0], work.state[0, 1] = 1, 1
    beam = 0 * post.row
    while beam >= 0:
        outcome = 0
        if _beam_in_sector(post, octant, work.span[beam, 0], work.span[beam, 1]):
            outcome = _run_beam(surf, post, octant, window, work, beam)
        if outcome < 0:
            return False
        if outcome == 0:
            beam -= 1
        else:
            low, high = work.span[beam, 0], work.span[beam, 1]
            middle = 0.5 * (low + high)
            parts = halve(work.skyline[beam], work.state[beam, 0], middle, work.skyline[beam + 1])
            work.state[beam + 1, 0], work.state[beam, 0] = parts
            work.state[beam + 1, 1] = work.state[beam, 1]
            work.span[beam + 1, 0], work.span[beam + 1, 1] = low, middle
            work.span[beam, 0] = middle
            beam += 1
    return True


@njit(cache=True, nogil=True)
def _sweep(surf: Surface, post: Post, window: Window, work: Work) -> bool:
    n_row, n_col = surf.height_m.shape
    for side in range(8):
        row_step = 1 if side & 1 else -1
        col_step = 1 if side & 2 else -1
        rows = n_row - 1 - post.row if row_step > 0 else post.row
        cols = n_col - 1 - post.col if col_step > 0 else post.col
        octant = _Octant(row_step, 0, 0, col_step, rows, cols)
        if side & 4:
            octant = _Octant(0, col_step, row_step, 0, cols, rows)
        if not _sweep_octant(surf, post, octant, window, work):
            return False
    return True


def sweep(surf: Surface, post: Post, window: Window, work: Work) -> Work:
    """Fill `window` for one observer, its own cell excepted; returns the scratch, grown if need be.

    Only cells in range and sector are written: bits where seen, clearances wherever known.
    """
    while not _sweep(surf, post, window, work):
        work = work_space(2 * work.merged.shape[1])
    return work
