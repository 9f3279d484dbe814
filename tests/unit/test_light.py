"""Sun, moon and light against worked examples of Meeus, almanac facts and published illuminances."""

from datetime import UTC, datetime

import numpy as np
import pytest

from sarhad.errors import InputFaults
from sarhad.kernels.light import (
    TERRESTRIAL_MINUS_UNIVERSAL_S,
    illuminance_lux,
    moon_ecliptic,
    moon_illuminance_lux,
    moon_lit_fraction,
    moon_phase_angle_deg,
    moon_position,
    refraction_deg,
    sun_ecliptic,
    sun_illuminance_lux,
    sun_position,
    twilight_class,
)

KHOROG = (37.49, 71.55)


def at(*when, lon_deg=0.0):
    return datetime(*when, tzinfo=UTC).timestamp() - lon_deg * 240.0


def test_sun_of_meeus_example_25a():
    # 1992 October 13, 0h TD: apparent longitude 199.90895 deg
    sun = sun_ecliptic(at(1992, 10, 13) - TERRESTRIAL_MINUS_UNIVERSAL_S)
    assert sun.longitude_deg == pytest.approx(199.90895, abs=1e-4)


def test_moon_of_meeus_example_47a():
    # 1992 April 12, 0h TD: 133.1627 deg, -3.2291 deg, parallax 0.99199 deg; example 48.a: lit fraction 0.6786
    moon = moon_ecliptic(at(1992, 4, 12) - TERRESTRIAL_MINUS_UNIVERSAL_S)
    assert moon.longitude_deg == pytest.approx(133.1627, abs=0.3)
    assert moon.latitude_deg == pytest.approx(-3.2291, abs=0.2)
    assert moon.parallax_deg == pytest.approx(0.99199, abs=0.003)
    assert moon_lit_fraction(at(1992, 4, 12)) == pytest.approx(0.6786, abs=0.002)


@pytest.mark.parametrize(("month", "day", "hours"), [(6, 20, 14.75), (12, 21, 9.57)])
def test_day_length_at_khorog(month, day, hours):
    time_s = at(2025, month, day, lon_deg=KHOROG[1]) + np.arange(0.0, 86_400.0, 10.0)
    up = sun_position(time_s, *KHOROG).elevation_deg > -0.833
    assert 24.0 * np.mean(up) == pytest.approx(hours, abs=0.02)


def test_sun_is_overhead_on_the_tropic_at_midsummer_noon():
    time_s = at(2025, 6, 21) + np.arange(0.0, 86_400.0, 30.0)
    assert sun_position(time_s, 23.436, 0.0).elevation_deg.max() == pytest.approx(90.0, abs=0.1)


def test_sun_stands_south_at_noon_and_rises_in_the_east():
    day_s = at(2025, 3, 20, lon_deg=71.55) + np.arange(0.0, 86_400.0, 10.0)
    sun = sun_position(day_s, *KHOROG)
    assert sun.azimuth_deg[np.argmax(sun.elevation_deg)] == pytest.approx(180.0, abs=0.2)
    rising = np.flatnonzero(np.diff((sun.elevation_deg > 0).astype(int)) == 1)[0]
    assert sun.azimuth_deg[rising] == pytest.approx(90.0, abs=1.0)


@pytest.mark.parametrize(
    ("when", "phase_deg"),
    [((2025, 3, 14, 6, 55), 0.0), ((2025, 9, 7, 18, 9), 0.0), ((2025, 3, 29, 10, 58), 180.0)],
)
def test_published_full_and_new_moons(when, phase_deg):
    # almanac: full moons (both total eclipses) and a new moon (eclipse of the sun) of 2025
    assert moon_phase_angle_deg(at(*when)) == pytest.approx(phase_deg, abs=1.6)


def test_full_moon_stands_opposite_the_sun():
    time_s = at(2025, 3, 14, 6, 55)
    sun, moon = sun_position(time_s, *KHOROG), moon_position(time_s, *KHOROG)
    assert moon.elevation_deg == pytest.approx(-sun.elevation_deg, abs=2.5)


def test_refraction_on_the_horizon_is_half_a_degree():
    assert refraction_deg(0.0) == pytest.approx(0.48, abs=0.02)
    assert refraction_deg(45.0) == pytest.approx(1.0 / 60.0, rel=0.02)
    assert refraction_deg(-20.0) == 0.0


def test_published_illuminances():
    # usual values: noon sun above 100,000 lux, sunset 400, end of civil twilight 3.4, of nautical 0.008
    assert 1.0e5 < sun_illuminance_lux(80.0) < 1.4e5
    assert sun_illuminance_lux(-0.8) == pytest.approx(400.0, rel=0.25)
    assert sun_illuminance_lux(-6.0) == pytest.approx(3.4, rel=0.05)
    assert sun_illuminance_lux(-12.0) == pytest.approx(0.008, rel=0.15)
    assert sun_illuminance_lux(-18.1) == 0.0
    # full moon at the zenith 0.27 lux, half moon about a tenth of full
    assert moon_illuminance_lux(90.0, 0.0) == pytest.approx(0.27, rel=0.02)
    assert moon_illuminance_lux(45.0, 90.0) / moon_illuminance_lux(45.0, 0.0) == pytest.approx(0.12, abs=0.03)
    assert moon_illuminance_lux(-2.0, 0.0) == 0.0


def test_pieces_of_the_light_curve_join():
    joints = np.array([-12.0, -5.0, -0.8, 5.0, 20.0])
    assert sun_illuminance_lux(joints - 1e-9) == pytest.approx(sun_illuminance_lux(joints + 1e-9), rel=0.02)


def test_night_is_never_darker_than_stars_and_airglow():
    time_s = at(2025, 1, 1) + np.arange(0.0, 30 * 86_400.0, 1_800.0)
    lux = illuminance_lux(time_s, *KHOROG)
    assert lux.min() == pytest.approx(0.002)
    assert lux.max() < 1.4e5


def test_twilight_classes():
    assert twilight_class([10.0, -0.833, -3.0, -9.0, -15.0, -30.0]).tolist() == [0, 0, 1, 2, 3, 4]


def test_faults():
    with pytest.raises(InputFaults, match="lat_deg"):
        sun_position(0.0, 91.0, 0.0)
    with pytest.raises(InputFaults, match="time_s"):
        sun_position(np.nan, 0.0, 0.0)
