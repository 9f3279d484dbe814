"""Does the terrain serve the line? Heights are sampled across the band every kilometre or so of chainage.

The band is all that lies within `band_home_m` of the line on the home side and within `band_beyond_m` beyond
it. Sample points stand square to the line at five offsets from one edge of the band to the other; a point
that is nearer to another piece of the line counts there, or not at all where it leaves the band. Between
samples nothing is promised: reading the heights of a sector checks every cell.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from sarhad.errors import Fault, InputFaults
from sarhad.io.line import place_on_line, point_off_line
from sarhad.io.raster import RasterFrame, read_frame, read_window
from sarhad.io.tables import Place
from sarhad.io.vector import GEOGRAPHIC, check_crs_fits
from sarhad.model.line import Line
from sarhad.model.project import Settings, TerrainSource

STEP_M = 1_000.0
MAX_STEPS = 2_000
RUN_GAP_M = 20_000.0
"""Uncovered chainages nearer than this to each other are reported as one run."""
BLOCK = 64
"""Steps of chainage whose heights are read in one window."""

F64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class _Samples:
    """(point,) arrays in order of chainage; `row`, `col` are fractional cells of the raster."""

    chainage_m: F64
    lon_deg: F64
    lat_deg: F64
    row: F64
    col: F64
    outside: NDArray[np.bool_]


def check_terrain(
    source: TerrainSource, line: Line | None, settings: Settings, place: Place, faults: list[Fault]
) -> None:
    """Append what is wrong with the terrain: its frame, its reference system, its cover, its voids.

    Without a line only the frame is checked.
    """
    try:
        frame = read_frame(source.path)
    except InputFaults as error:
        faults += [replace(fault, file=place.file) for fault in error.faults]
        return
    tag = frame.tag("KIND").lower()
    if source.kind in ("real", "user") and tag.startswith(("synthetic", "refined")):
        expected = f"{tag.split()[0]}, as the file's tag KIND says"
        faults.append(place.fault(expected, source.kind, column="kind"))
    if not _crs_fits(frame, place, faults) or line is None:
        return
    samples = _samples(frame, line, settings)
    _check_cover(frame, samples, settings, place, faults)
    try:
        _check_voids(source, frame, samples, place, faults)
    except InputFaults as error:
        faults += [replace(fault, file=place.file) for fault in error.faults]


def _crs_fits(frame: RasterFrame, place: Place, faults: list[Fault]) -> bool:
    from pyproj import CRS

    right, bottom = frame.left + frame.n_col * frame.dx, frame.top - frame.n_row * frame.dy
    return check_crs_fits(CRS.from_wkt(frame.crs), (frame.left, bottom, right, frame.top), place, faults)


def _samples(frame: RasterFrame, line: Line, settings: Settings) -> _Samples:
    """Sample the band: five offsets at every step of chainage, kept where they truly lie in the band."""
    from pyproj import Transformer

    step_m = max(STEP_M, line.length_m / MAX_STEPS)
    at_m = np.concatenate(
        [np.linspace(p.from_m, p.to_m, _count(p.to_m - p.from_m, step_m)) for p in line.parts]
    )
    home_m, beyond_m = settings.band_home_m, settings.band_beyond_m
    offset_m = np.array([-beyond_m, -beyond_m / 2, 0.0, home_m / 2, home_m])
    lon_deg, lat_deg = point_off_line(line, at_m[:, None], offset_m[None, :])
    chainage_m, found_m = place_on_line(line, lon_deg.ravel(), lat_deg.ravel())
    in_band = (found_m >= -beyond_m - 1.0) & (found_m <= home_m + 1.0)
    order = np.flatnonzero(in_band)[np.argsort(chainage_m[in_band], kind="stable")]
    lon, lat = lon_deg.ravel()[order], lat_deg.ravel()[order]
    x, y = Transformer.from_crs(GEOGRAPHIC, frame.crs, always_xy=True).transform(lon, lat)
    row, col = (frame.top - y) / frame.dy - 0.5, (x - frame.left) / frame.dx - 0.5
    outside = ~((row >= -0.5) & (row <= frame.n_row - 0.5) & (col >= -0.5) & (col <= frame.n_col - 0.5))
    return _Samples(chainage_m[order], lon, lat, row, col, outside)


def _count(length_m: float, step_m: float) -> int:
    return max(2, int(np.ceil(length_m / step_m)) + 1)


def _check_cover(
    frame: RasterFrame, samples: _Samples, settings: Settings, place: Place, faults: list[Fault]
) -> None:
    if not samples.outside.any():
        return
    missing_m = _missing_m(frame, samples)
    band = f"{settings.band_home_m / 1e3:g} km home and {settings.band_beyond_m / 1e3:g} km beyond the line"
    for run in _runs(np.flatnonzero(samples.outside), samples.chainage_m):
        km = samples.chainage_m[run] / 1e3
        short_km = missing_m[run].max() / 1e3
        found = f"none at km {km[0]:.1f}-{km[-1]:.1f} of the line, up to {short_km:.1f} km short"
        faults.append(place.fault(f"heights over the band, {band}", found))


def _missing_m(frame: RasterFrame, samples: _Samples) -> F64:
    """Return how far each sample lies from the raster, metres on the ellipsoid; 0 inside."""
    from pyproj import Geod, Transformer

    x = frame.left + (np.clip(samples.col, -0.5, frame.n_col - 0.5) + 0.5) * frame.dx
    y = frame.top - (np.clip(samples.row, -0.5, frame.n_row - 0.5) + 0.5) * frame.dy
    lon, lat = Transformer.from_crs(frame.crs, GEOGRAPHIC, always_xy=True).transform(x, y)
    away_m = Geod(ellps="WGS84").inv(samples.lon_deg, samples.lat_deg, lon, lat)[2]
    return np.where(samples.outside, np.nan_to_num(away_m, nan=np.inf), 0.0)


def _runs(index: NDArray[np.intp], chainage_m: F64) -> list[NDArray[np.intp]]:
    """Split indices where their chainages lie far apart."""
    cuts = np.flatnonzero(np.diff(chainage_m[index]) > RUN_GAP_M) + 1
    return np.split(index, cuts)


def _check_voids(
    source: TerrainSource, frame: RasterFrame, samples: _Samples, place: Place, faults: list[Fault]
) -> None:
    """Append a fault where no height is finite, or where voids are refused and some sample is one."""
    inside = np.flatnonzero(~samples.outside)
    if not len(inside):
        return
    void = np.isnan(_heights_m(frame, samples.row[inside], samples.col[inside]))
    if void.all():
        faults.append(
            place.fault("finite heights", f"none in {len(inside)} samples of the band (NaN or nodata)")
        )
    elif void.any() and source.voids == "refuse":
        km = samples.chainage_m[inside[void]] / 1e3
        found = (
            f"voids in {void.sum()} of {len(void)} samples of the band, km {km.min():.1f} to {km.max():.1f}"
        )
        faults.append(place.fault('heights without voids, or voids = "fill"', found, column="voids"))


def _heights_m(frame: RasterFrame, row: F64, col: F64) -> F64:
    """Return the heights (point,) of the cells that hold the points; NaN where there is none."""
    r = np.clip(np.rint(row), 0, frame.n_row - 1).astype(np.int64)
    c = np.clip(np.rint(col), 0, frame.n_col - 1).astype(np.int64)
    height_m = np.full(len(r), np.nan)
    for a, b in pairwise([*range(0, len(r), 5 * BLOCK), len(r)]):
        top, left = int(r[a:b].min()), int(c[a:b].min())
        n_row, n_col = int(r[a:b].max()) - top + 1, int(c[a:b].max()) - left + 1
        height_m[a:b] = read_window(frame, top, left, n_row, n_col)[r[a:b] - top, c[a:b] - left]
    return height_m
