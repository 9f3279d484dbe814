"""Heights on the working grid, from one raster of the user's or from many.

Rasters of one lattice are a mosaic (`sarhad.io.mosaic`), each mosaic is a layer with a reading of its own
(`sarhad.io.terrain_layer`), and layers lie on one another with the finest on top: a working cell takes its
height from the first that has one there. So tiles of several reference systems or cell sizes are resampled
once, straight to the working grid, and a coarse relief below fine tiles is refined where, and only where,
these have nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sarhad.errors import InputFaults
from sarhad.io.mosaic import lay_mosaics, reaches
from sarhad.io.raster import HIGHEST_M, too_high
from sarhad.io.terrain_layer import VOID_SPAN, Layer
from sarhad.io.tile_words import source_faults
from sarhad.model.grid import Grid
from sarhad.model.project import Settings, TerrainSource

Kind = Literal["real", "refined", "synthetic", "user"]

NO_LAYER = -1


@dataclass(frozen=True, slots=True, eq=False)
class Heights:
    """Heights (row, col) in metres, NaN where unknown, and the number of the layer that each comes from.

    `layer` is `NO_LAYER` where there is no height.
    """

    height_m: NDArray[np.float32]
    layer: NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class Terrain:
    """A source of heights that has been looked at but not read; use `open_terrain`.

    `layers` are in order of their cells, the finest first. `kind` is what results on this terrain must say;
    `n_realisations` is how many distinct terrains there are, 0 ... n_realisations - 1 (one where no layer is
    coarser than the working grid).
    """

    source: TerrainSource
    layers: tuple[Layer, ...]
    kind: Kind
    n_realisations: int

    @property
    def vertical_datum(self) -> str:
        """What heights are measured from."""
        return self.source.vertical_datum

    def heights_m(
        self, grid: Grid, realisation: int = 0, *, needed: NDArray[np.bool_] | None = None
    ) -> NDArray[np.float32]:
        """Return heights (row, col) in metres at the cells of `grid`, any projected CRS.

        Realisation 0 is the smooth reading, n > 0 adds detail with the settings' scale and seed where the
        source is coarse. `InputFaults` where no tile covers a cell or a height would depend on a void that
        is not filled, or is higher than any land. With `needed` (row, col) only those cells count; elsewhere
        NaN stands for unknown.
        """
        height_m = self.read(grid, realisation).height_m
        counts = np.ones(grid.shape, dtype=np.bool_) if needed is None else needed
        unknown = np.isnan(height_m) & counts
        if unknown.any():
            raise self._fault(grid, unknown)
        high = (height_m > HIGHEST_M) & counts
        if high.any():
            raise InputFaults([too_high(self._name, float(height_m[high][0]), _first_place(grid, high))])
        return height_m

    def read(self, grid: Grid, realisation: int = 0) -> Heights:
        """Return heights as `heights_m` does, NaN where there is none, and where each comes from."""
        if realisation < 0:
            raise InputFaults.one("terrain", "realisation >= 0", realisation)
        height_m = np.full(grid.shape, np.nan, dtype=np.float32)
        layer = np.full(grid.shape, NO_LAYER, dtype=np.int16)
        for beyond, (number, one) in product(reaches(len(self.layers)), enumerate(self.layers)):
            missing = layer == NO_LAYER
            if not missing.any():
                break
            if one.meets(grid):
                found_m = one.heights_m(grid, realisation, beyond)
                missing &= ~np.isnan(found_m)
                height_m[missing], layer[missing] = found_m[missing], number
        return Heights(height_m, layer)

    def holds(self, grid: Grid) -> NDArray[np.bool_]:
        """Say which cells (row, col) have their centre where some tile serves, with a height or void."""
        held = np.zeros(grid.shape, dtype=np.bool_)
        for one in self.layers:
            if one.meets(grid):
                held |= one.holds(grid, reaches(len(self.layers))[-1])
        return held

    @property
    def _name(self) -> str:
        return str(self.source.paths[0]) if len(self.source.paths) == 1 else "terrain"

    def _fault(self, grid: Grid, unknown: NDArray[np.bool_]) -> InputFaults:
        """Say how many cells have no height, why, and where the first is: off the tiles before void."""
        outside = unknown & ~self.holds(grid)
        name = self._name
        if outside.any():
            expected = "terrain that covers the working area"
            found = f"{np.count_nonzero(outside)} of {unknown.size} cells outside it, the first at "
            return InputFaults.one(name, expected, found + _first_place(grid, outside))
        expected = 'no voids (or voids = "fill")'
        if self.source.voids == "fill":
            expected = f"voids of at most {VOID_SPAN} cells across"
        found = f"{np.count_nonzero(unknown)} of {unknown.size} cells on or beside a void, the first at "
        return InputFaults.one(name, expected, found + _first_place(grid, unknown))


def open_terrain(source: TerrainSource, settings: Settings) -> Terrain:
    """Return the terrain of a project; no pixel is read.

    `InputFaults` where a file is not a north-up, one-band raster of heights with a CRS, or where files say of
    themselves what the project does not (`sarhad.io.tile_words`).
    """
    mosaics = lay_mosaics(source.paths)
    if faults := source_faults(source, mosaics):
        raise InputFaults(faults)
    if not settings.detail_scale >= 0.0:
        raise InputFaults.one("settings", "detail_scale >= 0", settings.detail_scale)
    layers = tuple(
        Layer(mosaic, settings.cell_m, source.voids == "fill", settings.detail_scale, settings.seed)
        for mosaic in mosaics
    )
    is_coarse = any(layer.is_coarse for layer in layers)
    return Terrain(
        source=source,
        layers=layers,
        kind="refined" if source.kind == "real" and is_coarse else source.kind,
        n_realisations=max(1, settings.n_realisations) if is_coarse and settings.detail_scale > 0.0 else 1,
    )


def _first_place(grid: Grid, cells: NDArray[np.bool_]) -> str:
    import pyproj

    row, col = np.argwhere(cells)[0]
    to_lon_lat = pyproj.Transformer.from_crs(grid.crs, "EPSG:4326", always_xy=True)
    lon_deg, lat_deg = to_lon_lat.transform(*grid.centre_m(float(row), float(col)))
    return f"lon {lon_deg:.5f} lat {lat_deg:.5f}"
