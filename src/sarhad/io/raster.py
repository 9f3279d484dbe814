"""Rasters in and out: windows of a north-up band, cloud-optimised GeoTIFFs with the same bytes every time.

A raster's frame is its affine transform without rotation (GDAL's geotransform with terms 2 and 4 zero):
cell (row, col) is centred at x = left + (col + 0.5) dx, y = top - (row + 0.5) dy. Output follows the OGC
Cloud Optimized GeoTIFF standard (21-026): tiles, overviews, deflate. Rasters are opened here and nowhere
else, by rasterio: GeoTIFF, VRT, SRTM (.hgt), DTED and whatever else GDAL reads, zipped or not.
"""

from __future__ import annotations

import math
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

from sarhad.errors import Fault, InputFaults
from sarhad.io.whole import write_whole
from sarhad.model.grid import Grid

RASTER_SUFFIXES = (".tif", ".tiff", ".vrt", ".hgt", ".dt0", ".dt1", ".dt2", ".img", ".asc", ".bil", ".flt")
READABLE = "a whole file that GDAL can read as a raster"
LOWEST_M, HIGHEST_M = -500.0, 9_000.0
"""Dry land lies between: the Dead Sea at -430 m, Everest at 8,849 m. What is lower is a mark for no height
that the file does not declare, such as -9999; what is higher is not in metres, or another such mark."""
_METRES: Mapping[str, float] = {
    **dict.fromkeys(("", "m", "metre", "metres", "meter", "meters"), 1.0),
    **dict.fromkeys(("ft", "foot", "feet", "international foot"), 0.3048),
    **dict.fromkeys(("us survey foot", "us-ft", "ftus", "us_survey_foot"), 1200.0 / 3937.0),
}
_RECT = ("xOff", "yOff", "xSize", "ySize")
_BLOCK = 256
_PREDICTOR = {"float32": "FLOATING_POINT", "uint8": "STANDARD", "int16": "STANDARD", "int32": "STANDARD"}


@dataclass(frozen=True, slots=True)
class RasterFrame:
    """What is known of a one-band raster without reading a pixel; `dx`, `dy` > 0 in units of its CRS.

    `name` is what GDAL opens. A stored value v is the number `scale` v + `offset`, in metres where the band
    is of heights. `mask` says whether a mask or an alpha band marks voids; `vertical_datum` is the
    file's own word on what heights are measured from, or empty.
    """

    path: Path
    name: str
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
    scale: float
    offset: float
    mask: Literal["none", "mask", "alpha"]
    vertical_datum: str
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
    name = _gdal_name(path)
    try:
        data = rasterio.open(name)
    except rasterio.errors.RasterioIOError as error:
        raise InputFaults.one(place, READABLE, error) from error
    with data:
        _check_form(place, data)
        crs, datum = _split_crs(place, data.crs.to_wkt())
        if data.driver == "VRT" and data.nodata is None:
            _check_filled(place, path)
        unit = (data.units[0] or "").strip()
        if unit.lower() not in _METRES:
            raise InputFaults.one(place, "heights in metres or feet", f'the unit "{unit}"', column="unit")
        tags = {**data.tags(), **data.tags(1)}
        transform, unit_m = data.transform, _METRES[unit.lower()]
        flags = {flag.name for flag in data.mask_flag_enums[0]}
        return RasterFrame(
            path=path,
            name=name,
            crs=crs,
            is_geographic=bool(data.crs.is_geographic),
            left=float(transform.c),
            top=float(transform.f),
            dx=float(transform.a),
            dy=float(-transform.e),
            n_row=int(data.height),
            n_col=int(data.width),
            nodata=None if data.nodata is None else float(data.nodata),
            dtype=str(data.dtypes[0]),
            scale=float(data.scales[0]) * unit_m,
            offset=float(data.offsets[0]) * unit_m,
            mask="alpha" if data.count == 2 else "mask" if "per_dataset" in flags else "none",
            vertical_datum=tags.get("VERTICAL_DATUM") or tags.get("DTED_VerticalDatum") or datum,
            tags=tuple(sorted(tags.items())),
        )


def files_behind(path: Path) -> tuple[Path, ...]:
    """Return every file that a raster is made of: itself, sidecars, and what a VRT refers to, in order."""
    import rasterio

    with rasterio.open(_gdal_name(path)) as data:
        found = {Path(name) for name in data.files if not name.startswith("/vsi")}
    return tuple(sorted(found | {path}))


def _gdal_name(path: Path) -> str:
    """Return the name by which GDAL opens a file; a zip holds one raster, whatever its own name."""
    if path.suffix.lower() != ".zip":
        return str(path)
    try:
        with zipfile.ZipFile(path) as packed:
            members = [name for name in packed.namelist() if name.lower().endswith(RASTER_SUFFIXES)]
    except (zipfile.BadZipFile, OSError) as error:
        raise InputFaults.one(str(path), "a zip file", error) from error
    if len(members) != 1:
        raise InputFaults.one(str(path), "one raster in the zip", ", ".join(members) or "none")
    return f"/vsizip/{{{path.absolute()}}}/{members[0]}"


def _check_form(place: str, data: Any) -> None:
    """Refuse what is not one band of a north-up map with a reference system."""
    from rasterio.enums import ColorInterp

    transform = data.transform
    if data.crs is None:
        raise InputFaults.one(place, "a coordinate reference system", "none")
    with_alpha = data.count == 2 and data.colorinterp[1] == ColorInterp.alpha
    if data.count != 1 and not with_alpha:
        raise InputFaults.one(place, "one band", f"{data.count} bands")
    if transform.b != 0.0 or transform.d != 0.0 or not transform.a > 0.0 or not transform.e < 0.0:
        expected = "a north-up raster (no rotation; rio warp makes one)"
        raise InputFaults.one(place, expected, tuple(transform)[:6])
    if min(data.width, data.height) < 2:
        raise InputFaults.one(place, "at least 2 x 2 cells", f"{data.height} x {data.width}")


def _check_filled(place: str, path: Path) -> None:
    """Refuse a VRT with places that no source covers and no nodata value: GDAL reads 0 there."""
    import shapely

    try:
        root = ElementTree.parse(path).getroot()
    except (ElementTree.ParseError, OSError):  # it lies in a zip
        return
    sources = [one for one in root.findall("VRTRasterBand[1]/*") if one.find("SourceFilename") is not None]
    rects = [rect for one in sources if (rect := one.find("DstRect")) is not None]
    if not sources or len(rects) < len(sources):  # warped or computed; or a source that covers all
        return
    left, top, width, height = (np.array([float(one.attrib[name]) for one in rects]) for name in _RECT)
    covered = shapely.union_all(shapely.box(left, top, left + width, top + height))
    whole = shapely.box(0, 0, float(root.attrib["rasterXSize"]), float(root.attrib["rasterYSize"]))
    missing = shapely.difference(whole, covered).area
    if missing >= 1.0:
        expected = "a nodata value where no source covers a VRT (gdalbuildvrt -vrtnodata -32768)"
        raise InputFaults.one(place, expected, f"{missing:.0f} cells without a source, which read as 0 m")


def _split_crs(place: str, wkt: str) -> tuple[str, str]:
    """Return the horizontal reference system as WKT, and the name of the vertical one or nothing."""
    from pyproj import CRS

    crs = CRS.from_wkt(wkt)
    flat, datum = crs, ""
    if crs.is_compound:
        flat, datum = crs.sub_crs_list[0], crs.sub_crs_list[1].name
    elif len(crs.axis_info) == 3:
        flat, datum = crs.to_2d(), f"{crs.name} ellipsoid"
    if not flat.is_geographic and flat.axis_info[0].unit_conversion_factor != 1.0:
        raise InputFaults.one(place, "a CRS in degrees or metres", flat.axis_info[0].unit_name)
    return (wkt if flat is crs else flat.to_wkt()), datum


def is_whole(frame: RasterFrame) -> bool:
    """Say whether a file is as long as its blocks need; True for formats that do not tell.

    A GeoTIFF that lost its end still opens: only its table of blocks betrays it.
    """
    import rasterio

    if frame.name != str(frame.path):
        return True
    length, end = frame.path.stat().st_size, 0
    with rasterio.open(frame.name) as data:
        rows, cols = data.block_shapes[0]
        for row in range(math.ceil(frame.n_row / rows)):
            for col in range(math.ceil(frame.n_col / cols)):
                offset = data.get_tag_item(f"BLOCK_OFFSET_{col}_{row}", "TIFF", bidx=1)
                size = data.get_tag_item(f"BLOCK_SIZE_{col}_{row}", "TIFF", bidx=1)
                if offset and size:
                    end = max(end, int(offset) + int(size))
    return end <= length


def read_window(frame: RasterFrame, row: int, col: int, n_row: int, n_col: int) -> NDArray[np.float64]:
    """Return a window as float64 (row, col), its first cell (`row`, `col`), NaN where there is no value.

    Cells beyond the raster repeat its edge, so a window reads the same wherever it is cut. No value means
    nodata, masked, NaN, infinity or below `LOWEST_M`. `InputFaults` where the file can no longer be read.
    """
    from rasterio.windows import Window

    rows = np.clip(np.arange(row, row + n_row), 0, frame.n_row - 1)
    cols = np.clip(np.arange(col, col + n_col), 0, frame.n_col - 1)
    window = Window(int(cols[0]), int(rows[0]), int(cols[-1] - cols[0]) + 1, int(rows[-1] - rows[0]) + 1)
    value = _heights(frame, window, None)
    return np.ascontiguousarray(value[np.ix_(rows - rows[0], cols - cols[0])])


def too_high(file: str, height_m: float, at: str) -> Fault:
    """Return the fault of a height that is no land's."""
    why = "feet without saying so, or an undeclared nodata value?"
    expected = f"heights of land, at most {HIGHEST_M:g} m"
    return Fault(file, "", 0, "", expected, f"{height_m:g} at {at} ({why})")


def read_coarsely(
    frame: RasterFrame, window: tuple[int, int, int, int], shape: tuple[int, int]
) -> NDArray[np.float64]:
    """Return a window (row, col, n_row, n_col) of a raster as `shape` means of its cells, for pictures."""
    from rasterio.windows import Window

    row, col, n_row, n_col = window
    return _heights(frame, Window(col, row, n_col, n_row), shape)


def _heights(frame: RasterFrame, window: Any, shape: tuple[int, int] | None) -> NDArray[np.float64]:
    import rasterio
    from rasterio.enums import Resampling

    how = Resampling.nearest if shape is None else Resampling.average
    try:
        with rasterio.open(frame.name) as data:
            raw = data.read(1, window=window, out_shape=shape, resampling=how)
            mask = None
            if frame.mask == "alpha":  # GDAL makes a mask of it for bytes alone
                mask = data.read(2, window=window, out_shape=shape)
            elif frame.mask == "mask":
                mask = data.read_masks(1, window=window, out_shape=shape)
    except rasterio.errors.RasterioIOError as error:
        raise InputFaults.one(str(frame.path), READABLE, error) from error
    value: NDArray[np.float64] = raw.astype(np.float64)
    if frame.nodata is not None:
        value[value == frame.nodata] = np.nan
    if mask is not None:
        value[mask == 0] = np.nan
    value = value * frame.scale + frame.offset
    value[~np.isfinite(value) | (value < LOWEST_M)] = np.nan
    return value


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
    # In memory: on a full disk GDAL's own file would end short, and not say so.
    with rasterio.MemoryFile() as memory:
        with memory.open(
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
        write_whole(path, memory.read())


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
