"""Rasters in and out: windows of a north-up band, cloud-optimised GeoTIFFs with the same bytes every time.

A raster's frame is its affine transform without rotation (GDAL's geotransform with terms 2 and 4 zero):
cell (row, col) is centred at x = left + (col + 0.5) dx, y = top - (row + 0.5) dy. Output follows the OGC
Cloud Optimized GeoTIFF standard (21-026): tiles, overviews, deflate. Rasters are opened here and nowhere
else, by rasterio.
"""

from __future__ import annotations

import math
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sarhad.errors import InputFaults
from sarhad.model.grid import Grid

_BLOCK = 256
_PREDICTOR = {"float32": "FLOATING_POINT", "uint8": "STANDARD", "int16": "STANDARD", "int32": "STANDARD"}


@dataclass(frozen=True, slots=True)
class RasterFrame:
    """What is known of a one-band raster without reading a pixel; `dx`, `dy` > 0 in units of its CRS."""

    path: Path
    crs: str
    is_geographic: bool
    left: float
    top: float
    dx: float
    dy: float
    n_row: int
    n_col: int
    nodata: float | None
    dtype: str
    tags: tuple[tuple[str, str], ...]

    def tag(self, name: str) -> str:
        """Return the tag of that name, or an empty string."""
        return dict(self.tags).get(name, "")

    @property
    def ground_cell_m(self) -> tuple[float, float]:
        """Height and width in metres of the cell at the raster's centre (spherical: 111,320 m a degree)."""
        if not self.is_geographic:
            return self.dy, self.dx
        lat_deg = self.top - 0.5 * self.n_row * self.dy
        return self.dy * 111_320.0, self.dx * 111_320.0 * math.cos(math.radians(lat_deg))


def read_frame(path: Path) -> RasterFrame:
    """Return the frame of a raster; `InputFaults` where it is not one band of a north-up map."""
    import rasterio

    place = str(path)
    if not path.is_file():
        raise InputFaults.one(place, "a raster file", "no such file")
    try:
        data = rasterio.open(path)
    except rasterio.errors.RasterioIOError as error:
        raise InputFaults.one(place, "a raster that GDAL can read", error) from error
    with data:
        transform = data.transform
        if data.crs is None:
            raise InputFaults.one(place, "a coordinate reference system", "none")
        if data.count != 1:
            raise InputFaults.one(place, "one band", f"{data.count} bands")
        if transform.b != 0.0 or transform.d != 0.0 or not transform.a > 0.0 or not transform.e < 0.0:
            raise InputFaults.one(place, "a north-up raster (no rotation)", tuple(transform)[:6])
        if not (data.crs.is_geographic or data.crs.linear_units_factor[1] == 1.0):
            raise InputFaults.one(place, "a CRS in degrees or metres", data.crs.linear_units)
        return RasterFrame(
            path=path,
            crs=data.crs.to_wkt(),
            is_geographic=bool(data.crs.is_geographic),
            left=float(transform.c),
            top=float(transform.f),
            dx=float(transform.a),
            dy=float(-transform.e),
            n_row=int(data.height),
            n_col=int(data.width),
            nodata=None if data.nodata is None else float(data.nodata),
            dtype=str(data.dtypes[0]),
            tags=tuple(sorted({**data.tags(), **data.tags(1)}.items())),
        )


def read_window(frame: RasterFrame, row: int, col: int, n_row: int, n_col: int) -> NDArray[np.float64]:
    """Return a window as float64 (row, col), its first cell (`row`, `col`), NaN where there is no value.

    Cells beyond the raster repeat its edge, so a window reads the same wherever it is cut. No value means
    nodata, NaN or infinity. `InputFaults` where the file can no longer be read.
    """
    import rasterio
    from rasterio.windows import Window

    rows = np.clip(np.arange(row, row + n_row), 0, frame.n_row - 1)
    cols = np.clip(np.arange(col, col + n_col), 0, frame.n_col - 1)
    window = Window(int(cols[0]), int(rows[0]), int(cols[-1] - cols[0]) + 1, int(rows[-1] - rows[0]) + 1)
    try:
        with rasterio.open(frame.path) as data:
            raw = data.read(1, window=window)
    except rasterio.errors.RasterioIOError as error:
        raise InputFaults.one(str(frame.path), "a raster that GDAL can read", error) from error
    value = raw.astype(np.float64)
    if frame.nodata is not None:
        value[value == frame.nodata] = np.nan
    value[~np.isfinite(value)] = np.nan
    return np.ascontiguousarray(value[np.ix_(rows - rows[0], cols - cols[0])])


def write_cog(
    path: Path,
    array: NDArray[Any],
    grid: Grid,
    *,
    nodata: float | None,
    tags: Mapping[str, str],
    description: str,
) -> None:
    """Write `array` (row, col) on `grid` as a cloud-optimised GeoTIFF: whole or not at all, same bytes.

    Types: float32, uint8, int16 or int32. NaN is refused unless it is the `nodata` value. Overviews
    average float values and take the nearest of integers.
    """
    import rasterio

    _check_array(path, array, grid, nodata)
    try:
        crs = rasterio.crs.CRS.from_user_input(grid.crs)
    except rasterio.errors.CRSError as error:
        raise InputFaults.one(str(path), "a grid with a coordinate reference system", grid.crs) from error
    is_float = array.dtype == np.float32
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with rasterio.open(
            part,
            "w",
            driver="COG",
            width=grid.n_col,
            height=grid.n_row,
            count=1,
            dtype=str(array.dtype),
            crs=crs,
            transform=rasterio.transform.Affine(grid.cell_m, 0.0, grid.left_m, 0.0, -grid.cell_m, grid.top_m),
            nodata=nodata,
            compress="DEFLATE",
            level=6,
            predictor=_PREDICTOR[str(array.dtype)],
            blocksize=_BLOCK,
            num_threads=1,
            bigtiff="IF_SAFER",
            overview_resampling="AVERAGE" if is_float else "NEAREST",
        ) as data:
            data.write(array, 1)
            data.set_band_description(1, description)
            data.update_tags(**dict(sorted(tags.items())))
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def _check_array(path: Path, array: NDArray[Any], grid: Grid, nodata: float | None) -> None:
    if array.shape != grid.shape:
        raise InputFaults.one(str(path), f"an array of shape {grid.shape}", array.shape)
    if str(array.dtype) not in _PREDICTOR:
        raise InputFaults.one(str(path), f"one of {', '.join(sorted(_PREDICTOR))}", array.dtype)
    if array.dtype == np.float32 and not (nodata is not None and math.isnan(nodata)):
        n_bad = int(np.count_nonzero(~np.isfinite(array)))
        if n_bad:
            raise InputFaults.one(
                str(path), "finite values, or NaN declared as nodata", f"{n_bad} not finite"
            )
