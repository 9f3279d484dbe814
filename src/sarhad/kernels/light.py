"""Where sun and moon stand, and how light it is on the ground.

Sun      low-accuracy theory of Meeus, Astronomical Algorithms (2nd ed., ch. 25, 22, 13): 0.01 deg
Moon     low-precision formulae of the Astronomical Almanac (page D46): 0.3 deg in longitude, with parallax
Light    illuminance of a level surface under a clear sky by altitude of sun and moon and phase of the moon:
         Janiczek and DeYoung 1987 (US Naval Observatory Circular 171), log10 E a cubic in altitude / 90
Dark     stars and airglow 0.002 lux; times of twilight by the sun's altitude (-0.833, -6, -12, -18 deg)

Times are seconds since 1970-01-01 UTC. Mountains that hide sun and moon are not known here.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sarhad.kernels.quantity import checked

Array = NDArray[np.float64]

TERRESTRIAL_MINUS_UNIVERSAL_S = 69.0
SUNRISE_DEG, CIVIL_DEG, NAUTICAL_DEG, ASTRONOMICAL_DEG = -0.833, -6.0, -12.0, -18.0
NIGHT_SKY_LUX = 0.002
_MOON_PARALLAX_DEG = 0.951

# Lower edge of altitude (deg), then the four coefficients of log10(lux) in altitude / 90 (Circular 171).
_SUN = np.array(
    [[-18.0, 13.84, 262.72, 1447.42, 2797.93], [-12.0, 2.70, 12.17, -431.69, -1899.83],
     [-5.0, 2.88, 21.81, -258.11, -858.36], [-0.8, 2.88, 22.26, -207.64, 1034.30],
     [5.0, 3.05, 13.28, -45.98, 64.33], [20.0, 3.74, 3.97, -4.07, 1.47]]
)  # fmt: skip
_MOON = np.array(
    [[-0.8, -2.79, 24.27, -252.95, 1321.29], [5.0, -2.58, 12.58, -42.58, 59.06],
     [20.0, -1.95, 4.06, -4.24, 1.56]]
)  # fmt: skip


class Ecliptic(NamedTuple):
    """Apparent geocentric ecliptic place: longitude and latitude (deg), horizontal parallax (deg)."""

    longitude_deg: Array
    latitude_deg: Array
    parallax_deg: Array


class Place(NamedTuple):
    """Topocentric altitude above level and azimuth from north through east (deg), no refraction."""

    elevation_deg: Array
    azimuth_deg: Array


def _sin(angle_deg: ArrayLike) -> Array:
    return np.asarray(np.sin(np.deg2rad(angle_deg)))


def _cos(angle_deg: ArrayLike) -> Array:
    return np.asarray(np.cos(np.deg2rad(angle_deg)))


def _days(time_s: ArrayLike) -> Array:
    """Days of universal time since 2000-01-01 12:00."""
    return checked("time_s", time_s) / 86_400.0 - 10_957.5


def _centuries(time_s: ArrayLike) -> Array:
    return (_days(time_s) + TERRESTRIAL_MINUS_UNIVERSAL_S / 86_400.0) / 36_525.0


def _node_deg(t: Array) -> Array:
    """Longitude of the moon's ascending node, which drives nutation."""
    return 125.04 - 1_934.136 * t


def _obliquity_deg(t: Array) -> Array:
    return 23.4392911 - 0.0130042 * t + 0.00256 * _cos(_node_deg(t))


def sun_ecliptic(time_s: ArrayLike) -> Ecliptic:
    """Return the sun's apparent place."""
    t = _centuries(time_s)
    mean_longitude = 280.46646 + 36_000.76983 * t + 0.0003032 * t**2
    anomaly = 357.52911 + 35_999.05029 * t - 0.0001537 * t**2
    centre = (
        (1.914602 - 0.004817 * t - 0.000014 * t**2) * _sin(anomaly)
        + (0.019993 - 0.000101 * t) * _sin(2.0 * anomaly)
        + 0.000289 * _sin(3.0 * anomaly)
    )
    longitude = mean_longitude + centre - 0.00569 - 0.00478 * _sin(_node_deg(t))
    return Ecliptic(longitude % 360.0, np.zeros_like(t), np.full_like(t, 8.794 / 3_600.0))


def moon_ecliptic(time_s: ArrayLike) -> Ecliptic:
    """Return the moon's place (0.3 deg in longitude, 0.2 deg in latitude, 0.003 deg in parallax)."""
    t = _centuries(time_s)
    longitude = (
        218.32 + 481_267.881 * t
        + 6.29 * _sin(135.0 + 477_198.87 * t) - 1.27 * _sin(259.3 - 413_335.36 * t)
        + 0.66 * _sin(235.7 + 890_534.22 * t) + 0.21 * _sin(269.9 + 954_397.74 * t)
        - 0.19 * _sin(357.5 + 35_999.05 * t) - 0.11 * _sin(186.5 + 966_404.03 * t)
    )  # fmt: skip
    latitude = (
        5.13 * _sin(93.3 + 483_202.02 * t) + 0.28 * _sin(228.2 + 960_400.89 * t)
        - 0.28 * _sin(318.3 + 6_003.15 * t) - 0.17 * _sin(217.6 - 407_332.21 * t)
    )  # fmt: skip
    parallax = (
        0.9508 + 0.0518 * _cos(135.0 + 477_198.87 * t) + 0.0095 * _cos(259.3 - 413_335.36 * t)
        + 0.0078 * _cos(235.7 + 890_534.22 * t) + 0.0028 * _cos(269.9 + 954_397.74 * t)
    )  # fmt: skip
    return Ecliptic(longitude % 360.0, latitude, parallax)


def _sidereal_deg(time_s: ArrayLike, t: Array) -> Array:
    """Apparent sidereal time at Greenwich."""
    mean = 280.46061837 + 360.98564736629 * _days(time_s) + 0.000387933 * t**2
    return mean - 0.00478 * _sin(_node_deg(t)) * _cos(_obliquity_deg(t))


def seen_from(time_s: ArrayLike, body: Ecliptic, lat_deg: float, lon_deg: float) -> Place:
    """Return where a body stands for an observer, parallax included."""
    lat, lon = checked("lat_deg", lat_deg, -90.0, 90.0), checked("lon_deg", lon_deg, -360.0, 360.0)
    t = _centuries(time_s)
    tilt = _obliquity_deg(t)
    longitude, latitude = body.longitude_deg, body.latitude_deg
    x = _cos(latitude) * _cos(longitude)
    y = _cos(tilt) * _cos(latitude) * _sin(longitude) - _sin(tilt) * _sin(latitude)
    z = _sin(tilt) * _cos(latitude) * _sin(longitude) + _cos(tilt) * _sin(latitude)
    hour_deg = _sidereal_deg(time_s, t) + lon - np.rad2deg(np.arctan2(y, x))
    along = np.hypot(x, y)
    up = _sin(lat) * z + _cos(lat) * along * _cos(hour_deg)
    north = _cos(lat) * z - _sin(lat) * along * _cos(hour_deg)
    east = -along * _sin(hour_deg)
    elevation = np.rad2deg(np.arcsin(np.clip(up, -1.0, 1.0)))
    elevation = elevation - body.parallax_deg * _cos(elevation)
    return Place(elevation, np.rad2deg(np.arctan2(east, north)) % 360.0)


def sun_position(time_s: ArrayLike, lat_deg: float, lon_deg: float) -> Place:
    """Return altitude and azimuth of the sun's centre."""
    return seen_from(time_s, sun_ecliptic(time_s), lat_deg, lon_deg)


def moon_position(time_s: ArrayLike, lat_deg: float, lon_deg: float) -> Place:
    """Return altitude and azimuth of the moon's centre."""
    return seen_from(time_s, moon_ecliptic(time_s), lat_deg, lon_deg)


def refraction_deg(
    elevation_deg: ArrayLike, pressure_hpa: float = 1_010.0, temperature_c: float = 10.0
) -> Array:
    """How much air lifts a body (deg); 0 well below the horizon (Saemundsson, as in NREL's SPA)."""
    e = checked("elevation_deg", elevation_deg, -91.0, 91.0)
    seen = np.maximum(e, -1.0)
    lift = 1.02 / (60.0 * np.tan(np.deg2rad(seen + 10.3 / (seen + 5.11))))
    weather = pressure_hpa / 1_010.0 * 283.0 / (273.0 + temperature_c)
    return np.where(e >= -0.8333, lift * weather, 0.0)


def moon_phase_angle_deg(time_s: ArrayLike) -> Array:
    """Angle sun-moon-earth: 0 at full moon, 180 at new moon."""
    sun, moon = sun_ecliptic(time_s), moon_ecliptic(time_s)
    cos_elongation = _cos(moon.latitude_deg) * _cos(moon.longitude_deg - sun.longitude_deg)
    return np.asarray(180.0 - np.rad2deg(np.arccos(np.clip(cos_elongation, -1.0, 1.0))))


def moon_lit_fraction(time_s: ArrayLike) -> Array:
    """Illuminated fraction of the moon's disc."""
    return np.asarray((1.0 + _cos(moon_phase_angle_deg(time_s))) / 2.0)


def _cubic_lux(elevation_deg: Array, table: Array) -> Array:
    row = np.searchsorted(table[:, 0], elevation_deg, side="right") - 1
    c = table[np.maximum(row, 0)]
    x = elevation_deg / 90.0
    log_lux = c[..., 1] + x * (c[..., 2] + x * (c[..., 3] + x * c[..., 4]))
    return np.where(row >= 0, 10.0 ** np.where(row >= 0, log_lux, 0.0), 0.0)


def sun_illuminance_lux(elevation_deg: ArrayLike) -> Array:
    """Illuminance by the sun and the sky it lights, twilight included; 0 below -18 deg."""
    return _cubic_lux(checked("elevation_deg", elevation_deg, -91.0, 91.0), _SUN)


def moon_illuminance_lux(
    elevation_deg: ArrayLike, phase_angle_deg: ArrayLike, parallax_deg: ArrayLike = _MOON_PARALLAX_DEG
) -> Array:
    """Illuminance by the moon at an altitude, phase angle (0 full) and horizontal parallax (its nearness)."""
    f = checked("phase_angle_deg", phase_angle_deg, 0.0, 180.0)
    phase = 10.0 ** (-0.00868 * f - 2.2e-9 * f**4)
    near = (checked("parallax_deg", parallax_deg, 0.5, 1.5) / _MOON_PARALLAX_DEG) ** 2
    return np.asarray(_cubic_lux(checked("elevation_deg", elevation_deg, -91.0, 91.0), _MOON) * phase * near)


def illuminance_lux(time_s: ArrayLike, lat_deg: float, lon_deg: float) -> Array:
    """Illuminance of level ground under a clear sky by sun, moon, stars and airglow."""
    moon = moon_ecliptic(time_s)
    moon_up = seen_from(time_s, moon, lat_deg, lon_deg).elevation_deg
    sun_up = sun_position(time_s, lat_deg, lon_deg).elevation_deg
    moonlight = moon_illuminance_lux(moon_up, moon_phase_angle_deg(time_s), moon.parallax_deg)
    return sun_illuminance_lux(sun_up) + moonlight + NIGHT_SKY_LUX


def twilight_class(sun_elevation_deg: ArrayLike) -> NDArray[np.int8]:
    """0 day, 1 civil, 2 nautical, 3 astronomical twilight, 4 night, by the altitude of the sun's centre."""
    e = checked("sun_elevation_deg", sun_elevation_deg, -91.0, 91.0)
    edges = np.array([ASTRONOMICAL_DEG, NAUTICAL_DEG, CIVIL_DEG, SUNRISE_DEG])
    return (4 - np.searchsorted(edges, e, side="right")).astype(np.int8)
