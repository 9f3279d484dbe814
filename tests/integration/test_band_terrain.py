"""Heights of the band are all that a plan needs: what the check passes, a profile can be made of."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio

from sarhad.errors import InputFaults
from sarhad.io.project import check_project, open_project
from sarhad.planning.profile import profile
from small_border import CELL_M, TOP_M, line_y_m
from small_cases import tiny

BAND_HOME_M, BAND_BEYOND_M, RIM_M = 6_000.0, 5_000.0, 600.0


def keep(folder: Path, home_m: float, beyond_m: float) -> None:
    """Make all cells void but those of a strip along the line."""
    with rasterio.open(folder / "terrain.tif") as data:
        value, about = data.read(1), data.profile
    x_m = about["transform"].c + (np.arange(value.shape[1]) + 0.5) * CELL_M
    y_m = TOP_M - (np.arange(value.shape[0]) + 0.5) * CELL_M
    north_m = y_m[:, None] - line_y_m(x_m)[None, :]
    # off a line that climbs by 25 degrees at most, north is 1 / cos(25 deg) = 1.1 times the offset
    value[(north_m > 1.1 * home_m) | (north_m < -1.1 * beyond_m)] = -9_999.0
    with rasterio.open(folder / "terrain.tif", "w", **{**about, "nodata": -9_999.0}) as data:
        data.write(value, 1)


def test_heights_of_the_band_alone_are_enough(small_project_folder):
    whole = profile(tiny(open_project(small_project_folder), conditions=("summer_day",)))
    keep(small_project_folder, BAND_HOME_M + RIM_M, BAND_BEYOND_M + RIM_M)
    assert check_project(small_project_folder) == ()
    found = profile(tiny(open_project(small_project_folder), conditions=("summer_day",)))
    assert len(found) == len(whole)
    assert np.isfinite(found["p_timely"]).all()
    # unknown ground beyond the band hides what lies behind it, and shows nothing
    unaware = [table.loc[table["adversary"] == "unaware", "p_timely"] for table in (found, whole)]
    assert (unaware[0].to_numpy() <= unaware[1].to_numpy() + 1e-9).all()


def test_a_void_within_the_band_is_refused(small_project_folder):
    keep(small_project_folder, BAND_HOME_M - 2_000.0, BAND_BEYOND_M)
    (fault,) = check_project(small_project_folder)
    assert "void" in fault.expected
    opened = tiny(open_project_unchecked(small_project_folder))
    with pytest.raises(InputFaults, match="void"):
        profile(opened)


def open_project_unchecked(folder: Path):
    """The project as it was opened before its heights were spoilt."""
    with rasterio.open(folder / "terrain.tif") as data:
        value, about = data.read(1), data.profile
    sound = np.where(value == -9_999.0, 1_000.0, value)
    with rasterio.open(folder / "terrain.tif", "w", **about) as data:
        data.write(sound, 1)
    project = open_project(folder)
    with rasterio.open(folder / "terrain.tif", "w", **about) as data:
        data.write(value, 1)
    return project
