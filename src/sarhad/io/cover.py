"""Does the terrain serve the line? Heights are sampled across the band every kilometre or so of chainage.

The band is all that lies within `band_home_m` of the line on the home side and within `band_beyond_m` beyond
it. Sample points stand square to the line at five offsets from one edge of the band to the other; a point
that is nearer to another piece of the line counts there, or not at all where it leaves the band. Between
samples nothing is promised: reading the heights of a sector checks every cell.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sarhad.errors import Fault, InputFaults
from sarhad.io.line import place_on_line, point_off_line
from sarhad.io.mosaic import Mosaic, lay_mosaics, reaches
from sarhad.io.raster import HIGHEST_M, LOWEST_M, is_whole, too_high
from sarhad.io.spot_heights import cells_of, spot_heights_m
from sarhad.io.tables import Place
from sarhad.io.tile_pairs import overlap_faults
from sarhad.io.tile_words import source_faults
from sarhad.io.vector import GEOGRAPHIC, check_crs_fits
from sarhad.model.line import Line
from sarhad.model.project import Settings, TerrainSource

STEP_M = 1_000.0
MAX_STEPS = 2_000
RUN_GAP_M = 20_000.0
"""Uncovered chainages nearer than this to each other are reported as one run."""

F64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class _Samples:
    """(point,) arrays in order of chainage; `outside` says that no tile covers the point."""

    chainage_m: F64
    lon_deg: F64
    lat_deg: F64
    outside: NDArray[np.bool_]


def check_terrain(
    source: TerrainSource, line: Line | None, settings: Settings, place: Place, faults: list[Fault]
) -> None:
    """Append what is wrong with the terrain: its files, their words, how they fit, its cover, its voids.

    Faults of one file name its path, those of all together `place`. Without a line only files are checked.
    """
    try:
        mosaics = lay_mosaics(source.paths)
    except InputFaults as error:
        faults += error.faults
        return
    faults += source_faults(source, mosaics)
    try:
        fits = _check_files(mosaics, faults)
        if not fits or line is None or not mosaics:
            return
        samples = _samples(mosaics, line, settings)
        _check_cover(mosaics, samples, settings, place, faults)
        _check_heights(source, mosaics, samples, place, faults)
    except InputFaults as error:
        faults += error.faults


def _check_files(mosaics: Sequence[Mosaic], faults: list[Fault]) -> bool:
    """Append faults of files: cut short, coordinates, overlaps; say whether heights can be read."""
    before = len(faults)
    for mosaic in mosaics:
        for tile in mosaic.tiles:
            if not is_whole(tile.frame):
                found = "a file that ends before its last cells"
                faults.append(Fault(str(tile.frame.path), "", 0, "", "a whole raster", found))
        _check_crs(mosaic, faults)
    sound = len(faults) == before
    for mosaic in mosaics if sound else ():
        faults += overlap_faults(mosaic)
    return sound


def _check_crs(mosaic: Mosaic, faults: list[Fault]) -> None:
    from pyproj import CRS

    place = Place(str(mosaic.tiles[0].frame.path))
    check_crs_fits(CRS.from_wkt(mosaic.crs), mosaic.bounds(), place, faults)


def _samples(mosaics: Sequence[Mosaic], line: Line, settings: Settings) -> _Samples:
    """Sample the band: five offsets at every step of chainage, kept where they truly lie in the band."""
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
    held = np.zeros(len(order), dtype=np.bool_)
    for mosaic in mosaics:
        held |= mosaic.holds(*cells_of(mosaic, lon, lat), reaches(len(mosaics))[-1])
    return _Samples(chainage_m[order], lon, lat, ~held)


def _count(length_m: float, step_m: float) -> int:
    return max(2, int(np.ceil(length_m / step_m)) + 1)


def _check_cover(
    mosaics: Sequence[Mosaic], samples: _Samples, settings: Settings, place: Place, faults: list[Fault]
) -> None:
    outside = np.flatnonzero(samples.outside)
    if not outside.size:
        return
    missing_m = np.zeros(len(samples.outside))
    missing_m[outside] = _missing_m(mosaics, samples.lon_deg[outside], samples.lat_deg[outside])
    band = f"{settings.band_home_m / 1e3:g} km home and {settings.band_beyond_m / 1e3:g} km beyond the line"
    for run in _runs(outside, samples.chainage_m):
        km = samples.chainage_m[run] / 1e3
        short_km = missing_m[run].max() / 1e3
        found = f"none at km {km[0]:.1f}-{km[-1]:.1f} of the line, up to {short_km:.1f} km short"
        faults.append(place.fault(f"heights over the band, {band}", found))


def _missing_m(mosaics: Sequence[Mosaic], lon_deg: F64, lat_deg: F64) -> F64:
    """Return how far each place lies from the nearest tile, metres on the ellipsoid."""
    from pyproj import Geod, Transformer

    least_m = np.full(len(lon_deg), np.inf)
    for mosaic in mosaics:
        row, col = cells_of(mosaic, lon_deg, lat_deg)
        to_lon_lat = Transformer.from_crs(mosaic.crs, GEOGRAPHIC, always_xy=True)
        for tile in mosaic.tiles:
            near_row = np.clip(row, tile.row - 0.5, tile.row + tile.frame.n_row - 0.5)
            near_col = np.clip(col, tile.col - 0.5, tile.col + tile.frame.n_col - 0.5)
            near = to_lon_lat.transform(*mosaic.place_of(near_row, near_col))
            away_m = Geod(ellps="WGS84").inv(lon_deg, lat_deg, *near)[2]
            least_m = np.fmin(least_m, away_m)
    return least_m


def _runs(index: NDArray[np.intp], chainage_m: F64) -> list[NDArray[np.intp]]:
    """Split indices where their chainages lie far apart."""
    cuts = np.flatnonzero(np.diff(chainage_m[index]) > RUN_GAP_M) + 1
    return np.split(index, cuts)


def _check_heights(
    source: TerrainSource, mosaics: Sequence[Mosaic], samples: _Samples, place: Place, faults: list[Fault]
) -> None:
    """Append a fault where no height is finite, voids are refused and there, or heights are no land's."""
    inside = np.flatnonzero(~samples.outside)
    if not len(inside):
        return
    height_m = spot_heights_m(mosaics, samples.lon_deg[inside], samples.lat_deg[inside])
    void = np.isnan(height_m)
    if void.all():
        faults.append(
            place.fault("finite heights", f"none in {len(inside)} samples of the band (NaN or nodata)")
        )
    elif void.any() and source.voids == "refuse":
        km = samples.chainage_m[inside[void]] / 1e3
        found = (
            f"voids (no value, or below {LOWEST_M:g} m) in {void.sum()} of {len(void)} samples of the band, "
            f"km {km.min():.1f} to {km.max():.1f}"
        )
        faults.append(place.fault('heights without voids, or voids = "fill"', found, column="voids"))
    high = height_m > HIGHEST_M
    if high.any():
        at_km = samples.chainage_m[inside[high]][0] / 1e3
        faults.append(too_high(place.file, height_m[high][0], f"km {at_km:.1f}"))
