"""Heights of the cells that hold given places, whatever the mosaic and however many the places."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np
from numpy.typing import NDArray

from sarhad.io.mosaic import Mosaic, reaches, read_mosaic
from sarhad.io.vector import GEOGRAPHIC

BLOCK = 512
"""Cells on a side of what is read at once."""

F64 = NDArray[np.float64]


def cells_of(mosaic: Mosaic, lon_deg: F64, lat_deg: F64) -> tuple[F64, F64]:
    """Return the fractional (row, col) of places in a mosaic."""
    from pyproj import Transformer

    to_mosaic = Transformer.from_crs(GEOGRAPHIC, mosaic.crs, always_xy=True)
    return mosaic.cells_at(*to_mosaic.transform(lon_deg, lat_deg))


def spot_heights_m(mosaics: Sequence[Mosaic], lon_deg: F64, lat_deg: F64) -> F64:
    """Return the heights (point,) of the cells that hold the places, finest first; NaN where none is."""
    height_m = np.full(len(lon_deg), np.nan)
    for beyond, mosaic in product(reaches(len(mosaics)), mosaics):
        row, col = cells_of(mosaic, lon_deg, lat_deg)
        wanted = np.flatnonzero(np.isnan(height_m) & mosaic.holds(row, col, beyond))
        if not len(wanted):
            continue
        r = np.clip(np.rint(row[wanted]), 0, mosaic.n_row - 1).astype(np.int64)
        c = np.clip(np.rint(col[wanted]), 0, mosaic.n_col - 1).astype(np.int64)
        block = (r // BLOCK) * (mosaic.n_col // BLOCK + 1) + c // BLOCK
        order = np.argsort(block, kind="stable")
        for run in np.split(order, np.flatnonzero(np.diff(block[order])) + 1):
            top, left = int(r[run].min()), int(c[run].min())
            n_row, n_col = int(r[run].max()) - top + 1, int(c[run].max()) - left + 1
            found_m = read_mosaic(mosaic, top, left, n_row, n_col)
            height_m[wanted[run]] = found_m[r[run] - top, c[run] - left]
    return height_m
