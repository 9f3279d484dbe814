"""Published values of extinction and of attenuation by rain and fog."""

import numpy as np
import pytest

from sarhad.errors import InputFaults
from sarhad.kernels.atmosphere import (
    fog_radar_db_per_km,
    infrared_extinction_per_m,
    kruse_exponent,
    rain_optical_extinction_per_m,
    rain_power_law,
    rain_radar_db_per_km,
    transmission,
    visible_extinction_per_m,
)


@pytest.mark.parametrize(
    ("visibility_m", "left"), [(20e3, 0.676), (10e3, 0.457), (5e3, 0.209), (1e3, 0.0004)]
)
def test_koschmieder_leaves_the_textbook_contrast_at_two_kilometres(visibility_m, left):
    assert transmission(visible_extinction_per_m(visibility_m), 2_000.0) == pytest.approx(left, abs=5e-4)


def test_contrast_is_two_per_cent_at_the_visibility():
    assert transmission(visible_extinction_per_m(7_300.0), 7_300.0) == pytest.approx(0.02)


def test_kruse_exponent_has_kims_pieces():
    v_m = np.array([200.0, 500.0, 700.0, 1_000.0, 3_000.0, 6_000.0, 23_000.0, 60_000.0])
    assert kruse_exponent(v_m) == pytest.approx([0.0, 0.0, 0.2, 0.5, 0.82, 1.3, 1.3, 1.6])


@pytest.mark.parametrize(
    ("visibility_m", "wavelength_um", "per_km"),
    [(5e3, 10.0, 0.029), (2e3, 10.0, 0.288), (300.0, 10.0, 13.04), (23e3, 1.55, 0.044)],
)
def test_infrared_extinction_reproduces_worked_values(visibility_m, wavelength_um, per_km):
    found = float(infrared_extinction_per_m(visibility_m, wavelength_um)) * 1_000.0
    assert found == pytest.approx(per_km, rel=0.02)


def test_fog_stops_heat_as_it_stops_light():
    assert infrared_extinction_per_m(300.0, 10.0) == pytest.approx(visible_extinction_per_m(300.0))


def test_rain_extinction_of_light_is_the_published_power_law():
    db_per_km = rain_optical_extinction_per_m(10.0) * 1_000.0 / np.log(10.0) * 10.0
    assert db_per_km == pytest.approx(1.076 * 10.0**0.67)
    assert rain_optical_extinction_per_m(0.0) == 0.0


@pytest.mark.parametrize(
    ("frequency_ghz", "at_5", "at_25"),
    [(9.5, 0.077, 0.61), (16.5, 0.336, 1.98), (24, 0.724, 3.68), (35, 1.45, 6.21)],
)
def test_rain_on_radar_reproduces_p838_values(frequency_ghz, at_5, at_25):
    assert rain_radar_db_per_km([5.0, 25.0], frequency_ghz) == pytest.approx([at_5, at_25], rel=0.01)


@pytest.mark.parametrize(
    ("elevation_deg", "frequency_ghz", "tilt_deg", "k", "alpha"),
    [
        (31.07699124, 14.25, 0.0, 0.03975488, 1.12418043),
        (46.35969261, 29.0, 0.0, 0.21978097, 0.9484851),
        (48.24117054, 14.25, 90.0, 0.04226474, 1.07871664),
        (20.14335809, 29.0, 90.0, 0.21298877, 0.92265917),
    ],
)
def test_rain_power_law_matches_the_itu_validation_examples(elevation_deg, frequency_ghz, tilt_deg, k, alpha):
    assert rain_power_law(frequency_ghz, elevation_deg, tilt_deg) == pytest.approx((k, alpha), rel=1e-6)


def test_fog_on_radar_has_the_ratio_of_the_itu_validation_examples():
    # cloud attenuation at 51.5 N 0.14 W, 1 %, water at 0 C: 1.77246907 dB at 29 GHz, 0.45516982 at 14.25
    found = fog_radar_db_per_km(1.0, 29.0, 0.0) / fog_radar_db_per_km(1.0, 14.25, 0.0)
    assert found == pytest.approx(1.77246907 / 0.45516982, rel=1e-6)


def test_fog_hardly_hurts_a_radar():
    assert fog_radar_db_per_km(0.05, 16.5) < 0.011
    assert fog_radar_db_per_km(0.05, 9.5) < 0.009
    assert fog_radar_db_per_km(0.0, 35.0) == 0.0


@pytest.mark.parametrize("bad", [0.0, -1.0, np.nan, np.inf])
def test_no_visibility_is_a_fault(bad):
    with pytest.raises(InputFaults, match="visibility_m"):
        visible_extinction_per_m([1_000.0, bad])


def test_negative_rain_and_impossible_frequencies_are_faults():
    with pytest.raises(InputFaults, match="rain_mm_per_h"):
        rain_radar_db_per_km(-1.0, 10.0)
    with pytest.raises(InputFaults, match="frequency_ghz"):
        rain_power_law(0.5)
    with pytest.raises(InputFaults, match="at most 200"):
        fog_radar_db_per_km(0.1, 300.0)
