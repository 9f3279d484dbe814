"""GDAL's viewshed, called by its C interface in the library that comes with pyogrio or rasterio."""

from __future__ import annotations

import ctypes
import importlib.util
from ctypes import c_char_p, c_double, c_int, c_void_p
from pathlib import Path

import numpy as np
import numpy.typing as npt

_EDGE = 2  # GVM_Edge, the mode of the command line's default
_BYTE, _FLOAT32 = 1, 6
_SEEN = 255.0


def _library() -> ctypes.CDLL | None:
    for wheel in ("pyogrio", "rasterio"):
        spec = importlib.util.find_spec(wheel)
        if spec is None or spec.origin is None:
            continue
        importlib.import_module(f"{wheel}._io")  # loads the library's own dependencies
        for path in sorted((Path(spec.origin).parents[1] / f"{wheel}.libs").glob("libgdal*")):
            library = ctypes.CDLL(str(path))
            if hasattr(library, "GDALViewshedGenerate"):
                return library
    return None


class GdalViewshed:
    """One terrain held in GDAL's memory; `available` is False where no GDAL can be called."""

    def __init__(self, dem_m: npt.NDArray[np.float32], cell_m: float) -> None:
        self.cell_m = cell_m
        self.library = _library()
        self.available = self.library is not None
        if self.library is None:
            return
        gdal = self.library
        gdal.GDALAllRegister()
        gdal.GDALGetDriverByName.restype = c_void_p
        gdal.GDALCreate.restype = c_void_p
        gdal.GDALCreate.argtypes = [c_void_p, c_char_p, c_int, c_int, c_int, c_int, c_void_p]
        gdal.GDALGetRasterBand.restype = c_void_p
        gdal.GDALGetRasterBand.argtypes = [c_void_p, c_int]
        gdal.GDALSetGeoTransform.argtypes = [c_void_p, c_void_p]
        gdal.GDALGetGeoTransform.argtypes = [c_void_p, c_void_p]
        gdal.GDALGetRasterXSize.argtypes = gdal.GDALGetRasterYSize.argtypes = [c_void_p]
        gdal.GDALClose.argtypes = [c_void_p]
        gdal.GDALRasterIO.argtypes = [c_void_p, *[c_int] * 5, c_void_p, *[c_int] * 5]
        gdal.GDALViewshedGenerate.restype = c_void_p
        gdal.GDALViewshedGenerate.argtypes = (
            [c_void_p, c_char_p, c_char_p, c_void_p]
            + [c_double] * 9
            + [c_int, c_double, c_void_p, c_void_p, c_int]
        ) + [c_void_p]
        n_row, n_col = dem_m.shape
        self.dem_m = np.ascontiguousarray(dem_m, dtype=np.float32)
        self.dataset = gdal.GDALCreate(gdal.GDALGetDriverByName(b"MEM"), b"", n_col, n_row, 1, _FLOAT32, None)
        gdal.GDALSetGeoTransform(self.dataset, (c_double * 6)(0.0, cell_m, 0.0, 0.0, 0.0, -cell_m))
        self.band = gdal.GDALGetRasterBand(self.dataset, 1)
        self._transfer(self.band, 1, self.dem_m, _FLOAT32)

    def _transfer(self, band: int, write: int, array: npt.NDArray[np.generic], kind: int) -> None:
        n_row, n_col = array.shape
        pointer = array.ctypes.data_as(c_void_p)
        failed = self.library.GDALRasterIO(band, write, 0, 0, n_col, n_row, pointer, n_col, n_row, kind, 0, 0)
        assert not failed

    def generate(
        self, row: int, col: int, height_m: float, range_m: float, target_m: float, curvature: float
    ) -> tuple[tuple[int, int], npt.NDArray[np.bool_]]:
        """Return the corner (row, col) of the part of the grid in reach, and the mask of seen cells there."""
        gdal, cell_m = self.library, self.cell_m
        x, y = (col + 0.5) * cell_m, -(row + 0.5) * cell_m
        levels = (_SEEN, 0.0, 0.0, -1.0)
        out = gdal.GDALViewshedGenerate(
            *(self.band, b"MEM", b"", None, x, y, height_m, target_m, *levels, curvature, _EDGE, range_m),
            *(None, None, 1, None),
        )
        assert out
        seen = np.empty((gdal.GDALGetRasterYSize(out), gdal.GDALGetRasterXSize(out)), dtype=np.uint8)
        self._transfer(gdal.GDALGetRasterBand(out, 1), 0, seen, _BYTE)
        place = (c_double * 6)()
        gdal.GDALGetGeoTransform(out, place)
        gdal.GDALClose(out)
        return (round(-place[3] / cell_m), round(place[0] / cell_m)), seen == _SEEN
