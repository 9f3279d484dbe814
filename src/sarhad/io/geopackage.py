"""GeoPackages as they are written: the same bytes for the same layers."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Mapping
from pathlib import Path

import geopandas as gpd
import pyogrio
from pyogrio.errors import DataLayerError, DataSourceError, FeatureError

# GeoPackage notes when a layer changed; a fixed date keeps equal answers equal byte for byte.
_LAYER_DATE = "2000-01-01T00:00:00.000Z"
_NOT_TAKEN = (DataSourceError, DataLayerError, FeatureError, RuntimeError, sqlite3.OperationalError)


def write_geopackage(
    path: Path, layers: Mapping[str, gpd.GeoDataFrame], about: Mapping[str, str] | None = None
) -> None:
    """Write layers into a new file, in the given order; `about` are words on all of them, kept inside.

    Raises OSError where the disk does not take it.
    """
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": _LAYER_DATE})
    try:
        _write(path, layers, about)
    except _NOT_TAKEN as error:
        reason = str(error).rpartition(" failed: ")[2]  # what goes before are pages of SQL
        raise OSError(errno.EIO, reason) from error
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})


def _write(path: Path, layers: Mapping[str, gpd.GeoDataFrame], about: Mapping[str, str] | None) -> None:
    for name, layer in layers.items():
        pyogrio.write_dataframe(
            layer,
            path,
            layer=name,
            driver="GPKG",
            append=path.exists(),
            dataset_metadata=None if path.exists() or not about else dict(about),
        )
    if path.exists():
        with sqlite3.connect(path) as connection:
            connection.execute("VACUUM")
        connection.close()
