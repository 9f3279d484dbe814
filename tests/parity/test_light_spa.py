"""The sun against NREL's Solar Position Algorithm: its published case, and pvlib where it is installed."""

from datetime import UTC, datetime

import numpy as np
import pytest

from sarhad.kernels.light import refraction_deg, sun_position


def test_published_case_of_spa():
    # Reda and Andreas 2008: 2003-10-17 12:30:30 at UTC-7, 39.742476 N 105.1786 W, 820 mbar, 11 C
    time_s = datetime(2003, 10, 17, 19, 30, 30, tzinfo=UTC).timestamp()
    sun = sun_position(time_s, 39.742476, -105.1786)
    zenith_deg = 90.0 - sun.elevation_deg - refraction_deg(sun.elevation_deg, 820.0, 11.0)
    assert zenith_deg == pytest.approx(50.11162, abs=0.01)
    assert sun.azimuth_deg == pytest.approx(194.34024, abs=0.01)


def test_year_of_positions_against_pvlib():
    pvlib = pytest.importorskip("pvlib", reason="pvlib is not installed")
    pandas = pytest.importorskip("pandas")
    hours = pandas.date_range("2025-01-01", "2025-12-31 23:00", freq="7h", tz="UTC")
    theirs = pvlib.solarposition.get_solarposition(hours, 37.49, 71.55, method="nrel_numpy")
    ours = sun_position(hours.as_unit("s").asi8.astype(np.float64), 37.49, 71.55)
    assert np.abs(ours.elevation_deg - theirs["elevation"].to_numpy()).max() < 0.02
