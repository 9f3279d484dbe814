"""From seasons to conditions: how much of the year is day, twilight and night, how light, in what weather.

Shares of day, twilight and night come from the sun at the place over all days of the season's months; the
light of each from sun, moon, stars and airglow over the same days (three months hold three lunations), as a
geometric mean, since sight goes with the logarithm of light: an arithmetic mean would be the full moon's.
Weather shares are the user's own. Cloud divides the light (US Naval Observatory Circular 171: thin 2,
average 3, dark 10).

Shares are multiples of 2^-20 (largest remainder), so they add up to 1 exactly in any order.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from sarhad.errors import Fault, InputFaults
from sarhad.kernels import light as sky
from sarhad.model.condition import Condition, Light, Weather

SHARE_UNITS = 2**20
STEP_S = 1_200.0
LIGHTS: tuple[Light, ...] = ("day", "twilight", "night")


@dataclass(frozen=True, slots=True)
class WeatherShare:
    """One kind of weather in a season and its share of the season's hours.

    `thermal_contrast_k` is a walker's by day, in twilight and at night; `cloud_divisor` divides the light.
    `as_night` makes one condition for all hours, seen as by night, of a weather in which light hardly counts.
    """

    weather: Weather
    share: float
    visibility_m: float
    rain_mm_per_h: float = 0.0
    fog_g_per_m3: float = 0.0
    wind_mps: float = 3.0
    thermal_contrast_k: tuple[float, float, float] = (2.0, 1.5, 4.0)
    cloud_divisor: float = 1.0
    correlated: bool = False
    as_night: bool = False


@dataclass(frozen=True, slots=True)
class Season:
    """A part of the year: its months (1..12) and its weather, whose shares add up to 1."""

    name: str
    months: tuple[int, ...]
    weather: tuple[WeatherShare, ...]


def _made_up(
    visibility_m: float, contrast_k: tuple[float, float, float], cloud_divisor: float, fog: float
) -> tuple[WeatherShare, ...]:
    """Return clear air and fog; `contrast_k` by day, by night and in fog."""
    by_day, by_night, in_fog = contrast_k
    clear = WeatherShare(
        "clear",
        1.0 - fog,
        visibility_m,
        thermal_contrast_k=(by_day, by_day, by_night),
        cloud_divisor=cloud_divisor,
    )
    thick = WeatherShare(
        "fog",
        fog,
        200.0,
        fog_g_per_m3=0.1,
        wind_mps=1.0,
        thermal_contrast_k=(in_fog, in_fog, in_fog),
        cloud_divisor=10.0,
        correlated=True,
        as_night=True,
    )
    return clear, thick


ILLUSTRATIVE = (
    Season("winter", (11, 12, 1, 2, 3), _made_up(20_000.0, (4.0, 6.0, 3.0), 3.0, 0.06)),
    Season("spring", (4, 5, 6), _made_up(20_000.0, (2.0, 4.0, 2.0), 2.0, 0.03)),
    Season("summer", (7, 8, 9, 10), _made_up(15_000.0, (1.5, 4.0, 2.0), 1.0, 0.01)),
)
"""The made-up weather of the shipped example, north of the equator."""


def illustrative_conditions(lat_deg: float, lon_deg: float) -> tuple[Condition, ...]:
    """Return conditions whose light is that of a place and whose weather is made up.

    South of the equator seasons lie half a year apart. Raises InputFaults.
    """
    away = 0 if lat_deg >= 0 else 6
    seasons = [
        replace(season, months=tuple((month - 1 + away) % 12 + 1 for month in season.months))
        for season in ILLUSTRATIVE
    ]
    return seasonal_conditions(lat_deg, lon_deg, seasons, twilight=False)


def seasonal_conditions(
    lat_deg: float, lon_deg: float, seasons: Sequence[Season], *, year: int = 2025, twilight: bool = True
) -> tuple[Condition, ...]:
    """Return the conditions of a year at a place, with shares that add up to 1 exactly.

    Twilight ends when the sun is 12 deg down (nautical); with `twilight` False a day lasts until it is 6 deg
    down (civil) and what follows is night. Ids are season_light_weather, season_weather for `as_night`.
    Conditions whose share rounds to nothing are left out. Raises InputFaults with every fault of the seasons.
    """
    faults = list(_faults(lat_deg, lon_deg, seasons))
    if faults:
        raise InputFaults(faults)
    drafts: list[Condition] = []
    n_day_year = sum(len(_midnights_s(year, month)) for month in range(1, 13))
    for season in seasons:
        midnight_s = np.concatenate([_midnights_s(year, month) for month in season.months])
        hours = _light_of(midnight_s, lat_deg, lon_deg, twilight)
        for weather in season.weather:
            drafts.extend(_drafts(season, weather, hours, len(midnight_s) / n_day_year))
    return _with_exact_shares(drafts)


def _faults(lat_deg: float, lon_deg: float, seasons: Sequence[Season]) -> Iterable[Fault]:
    if not -90.0 <= lat_deg <= 90.0:
        yield Fault("lat_deg", "", 0, "", "a latitude in -90..90", str(lat_deg))
    if not -180.0 <= lon_deg <= 180.0:
        yield Fault("lon_deg", "", 0, "", "a longitude in -180..180", str(lon_deg))
    months = sorted(month for season in seasons for month in season.months)
    if months != list(range(1, 13)):
        yield Fault("seasons", "", 0, "months", "each month 1..12 in one season", str(months))
    names = [season.name for season in seasons]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield Fault("seasons", "", 0, "name", "names that differ", name)
    for season in seasons:
        yield from _weather_faults(season)


def _weather_faults(season: Season) -> Iterable[Fault]:
    place = f"season {season.name}"
    total = sum(weather.share for weather in season.weather)
    if not abs(total - 1.0) <= 1e-6:
        yield Fault(place, "", 0, "share", "weather shares that add up to 1", f"{total:g}")
    for row, weather in enumerate(season.weather, start=1):
        if not 0.0 <= weather.share <= 1.0:
            yield Fault(place, "", row, "share", "a share in 0..1", str(weather.share))
        if not (np.isfinite(weather.cloud_divisor) and weather.cloud_divisor >= 1.0):
            yield Fault(place, "", row, "cloud_divisor", "a number of at least 1", str(weather.cloud_divisor))
        if [other.weather for other in season.weather].count(weather.weather) > 1:
            yield Fault(place, "", row, "weather", "each weather once", weather.weather)


def _midnights_s(year: int, month: int) -> NDArray[np.float64]:
    """UTC midnights (s) of the days of a month."""
    start = datetime(year, month, 1, tzinfo=UTC)
    end = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)
    return np.arange(start.timestamp(), end.timestamp(), 86_400.0)


@dataclass(frozen=True, slots=True)
class _Hours:
    """Share of the hours and clear-sky illuminance (lux) of day, twilight and night, as in LIGHTS."""

    share: tuple[float, ...]
    lux: tuple[float, ...]


def _light_of(midnight_s: NDArray[np.float64], lat_deg: float, lon_deg: float, twilight: bool) -> _Hours:
    time_s = (midnight_s[:, None] + np.arange(STEP_S / 2.0, 86_400.0, STEP_S)[None, :]).ravel()
    sun_deg = sky.sun_position(time_s, lat_deg, lon_deg).elevation_deg
    edges = (sky.NAUTICAL_DEG, sky.SUNRISE_DEG) if twilight else (sky.CIVIL_DEG, sky.CIVIL_DEG)
    kind = 2 - np.searchsorted(np.array(edges), sun_deg, side="right")
    log_lux = np.log(sky.illuminance_lux(time_s, lat_deg, lon_deg))
    count = np.bincount(kind, minlength=3)
    mean = np.bincount(kind, weights=log_lux, minlength=3) / np.maximum(count, 1)
    return _Hours(tuple((count / time_s.size).tolist()), tuple(np.exp(mean).tolist()))


def _drafts(season: Season, weather: WeatherShare, hours: _Hours, year_share: float) -> Iterable[Condition]:
    """Yield the conditions of one weather with unrounded shares."""
    for k, light in enumerate(LIGHTS):
        share = 1.0 if weather.as_night else hours.share[k]
        if (weather.as_night and light != "night") or share <= 0.0:
            continue
        ends = (season.name, weather.weather) if weather.as_night else (season.name, light, weather.weather)
        # where it is never night (polar summer) the darkest hours that there are stand in
        lux = hours.lux[k] if hours.share[k] > 0 else min(
            lux for lux, part in zip(hours.lux, hours.share, strict=True) if part > 0
        )  # fmt: skip
        yield Condition(
            condition_id="_".join(ends),
            season=season.name,
            light=light,
            weather=weather.weather,
            share=min(share * weather.share * year_share, 1.0),
            visibility_m=weather.visibility_m,
            illuminance_lux=float(f"{lux / weather.cloud_divisor:.3g}"),
            rain_mm_per_h=weather.rain_mm_per_h,
            fog_g_per_m3=weather.fog_g_per_m3,
            thermal_contrast_k=weather.thermal_contrast_k[k],
            wind_mps=weather.wind_mps,
            correlated=weather.correlated,
        )


def _with_exact_shares(drafts: Sequence[Condition]) -> tuple[Condition, ...]:
    raw = np.array([draft.share for draft in drafts]) * SHARE_UNITS
    units = np.floor(raw).astype(np.int64)
    short = SHARE_UNITS - int(units.sum())
    # largest remainders first, earlier conditions first among equals
    order = np.lexsort((np.arange(raw.size), -(raw - units)))
    units[order[:short]] += 1
    return tuple(
        replace(draft, share=int(unit) / SHARE_UNITS)
        for draft, unit in zip(drafts, units, strict=True)
        if unit > 0
    )
