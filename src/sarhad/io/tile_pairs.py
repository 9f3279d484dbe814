"""Tiles of one mosaic that meet: where they overlap they must agree, and where they touch heights run on.

Two tiles overlap in a box of cells, or touch along a seam, a run of cells of the one beside cells of the
other. Overlaps and seams are looked at in full up to `MAX_ALONG` cells; of longer ones the middle.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sarhad.errors import Fault
from sarhad.io.mosaic import Mosaic, Tile
from sarhad.io.raster import read_window
from sarhad.kernels.dem_quality import Step, seam_step

MAX_ALONG = 4_096
"""Cells of a seam, or on the side of an overlap, that are read."""
ACROSS = 12
"""Cells on either side of a seam that are read."""
DISAGREE_M = 1.0
"""Tiles that overlap disagree where the median size of their difference exceeds this."""

F64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two tiles that overlap (`rows` and `cols` cells both > 0) or touch (one of them 0)."""

    first: Tile
    second: Tile
    row: int
    col: int
    rows: int
    cols: int

    @property
    def overlaps(self) -> bool:
        """Whether they share cells."""
        return self.rows > 0 and self.cols > 0

    def cut(self) -> Pair:
        """Return the pair with its shared cells, or its seam, cut to `MAX_ALONG` around the middle."""
        rows, cols = min(self.rows, MAX_ALONG), min(self.cols, MAX_ALONG)
        row, col = self.row + (self.rows - rows) // 2, self.col + (self.cols - cols) // 2
        return Pair(self.first, self.second, row, col, rows, cols)


def pairs(mosaic: Mosaic) -> Iterator[Pair]:
    """Give every two tiles that overlap or touch along a side, in the order of the tiles."""
    box = np.array(
        [(t.row, t.col, t.row + t.frame.n_row, t.col + t.frame.n_col) for t in mosaic.tiles], dtype=np.int64
    )
    for k, first in enumerate(mosaic.tiles):
        low = np.maximum(box[k, :2], box[k + 1 :, :2])
        size = np.minimum(box[k, 2:], box[k + 1 :, 2:]) - low
        for j in np.flatnonzero((size >= 0).all(axis=1) & (size > 0).any(axis=1)):
            second = mosaic.tiles[k + 1 + int(j)]
            yield Pair(first, second, int(low[j, 0]), int(low[j, 1]), int(size[j, 0]), int(size[j, 1]))


def difference_m(pair: Pair) -> F64:
    """Return second less first over the cells that an overlapping pair shares; only finite ones."""
    part = pair.cut()
    both = [_read(tile, part.row, part.col, part.rows, part.cols) for tile in (part.first, part.second)]
    away_m = both[1] - both[0]
    return np.asarray(away_m[np.isfinite(away_m)])


def step_at(pair: Pair) -> Step:
    """Return the step at the seam of a touching pair, positive where the second tile is too high."""
    part = pair.cut()
    upright = part.cols == 0
    if upright:
        strips = [
            _read(part.first, part.row, _beside(part.first.col, part.col), part.rows, ACROSS),
            _read(part.second, part.row, _beside(part.second.col, part.col), part.rows, ACROSS),
        ]
    else:
        strips = [
            _read(part.first, _beside(part.first.row, part.row), part.col, ACROSS, part.cols).T,
            _read(part.second, _beside(part.second.row, part.row), part.col, ACROSS, part.cols).T,
        ]
    first_leads = part.first.col < part.col if upright else part.first.row < part.row
    step = seam_step(np.concatenate(strips if first_leads else strips[::-1], axis=1), ACROSS)
    return step if first_leads else step._replace(step_m=-step.step_m)


def overlap_faults(mosaic: Mosaic) -> list[Fault]:
    """Return a fault for every two tiles that overlap and disagree."""
    faults: list[Fault] = []
    for pair in pairs(mosaic):
        if not pair.overlaps:
            continue
        away_m = difference_m(pair)
        if away_m.size and float(np.median(np.abs(away_m))) > DISAGREE_M:
            found = (
                f"a median difference of {np.median(away_m):+.1f} m over {away_m.size} shared cells; "
                "leave one of them out"
            )
            expected = f"the heights of {pair.first.frame.path.name} where both have some"
            faults.append(Fault(str(pair.second.frame.path), "", 0, "", expected, found))
    return faults


def _beside(tile_start: int, seam: int) -> int:
    """Return where the strip of a tile beside a seam starts: at the seam, or `ACROSS` before it."""
    return seam if tile_start == seam else seam - ACROSS


def _read(tile: Tile, row: int, col: int, n_row: int, n_col: int) -> F64:
    """Read a window, in cells of the mosaic, of one tile; NaN off it."""
    value = read_window(tile.frame, row - tile.row, col - tile.col, n_row, n_col)
    rows, cols = np.arange(row, row + n_row) - tile.row, np.arange(col, col + n_col) - tile.col
    value[(rows < 0) | (rows >= tile.frame.n_row)] = np.nan
    value[:, (cols < 0) | (cols >= tile.frame.n_col)] = np.nan
    return value
