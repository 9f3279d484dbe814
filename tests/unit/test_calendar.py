"""Conditions from seasons: exact shares, the sun's day lengths, a plausible night, and faults."""

import csv
from math import fsum

import pytest

from sarhad.errors import InputFaults
from sarhad.io.example import example_file
from sarhad.planning.calendar import Season, WeatherShare, illustrative_conditions, seasonal_conditions

KHOROG = (37.49, 71.55)
CLEAR = WeatherShare("clear", 0.7, 20_000.0)
HAZE = WeatherShare("haze", 0.2, 5_000.0, cloud_divisor=2.0)
FOG = WeatherShare("fog", 0.1, 200.0, fog_g_per_m3=0.05, cloud_divisor=3.0, correlated=True, as_night=True)
SEASONS = (
    Season("winter", (11, 12, 1, 2, 3), (CLEAR, HAZE, FOG)),
    Season("high_water", (4, 5, 6, 7), (CLEAR, HAZE, FOG)),
    Season("autumn", (8, 9, 10), (CLEAR, HAZE, FOG)),
)
YEAR = (Season("year", tuple(range(1, 13)), (WeatherShare("clear", 1.0, 20_000.0),)),)


def by_id(conditions):
    return {condition.condition_id: condition for condition in conditions}


def test_shares_add_up_to_one_exactly_in_any_order():
    shares = [condition.share for condition in seasonal_conditions(*KHOROG, SEASONS)]
    assert sum(shares) == 1.0
    assert sum(reversed(shares)) == 1.0
    assert sum(sorted(shares)) == fsum(shares) == 1.0


def test_three_seasons_by_day_night_and_fog():
    conditions = seasonal_conditions(*KHOROG, SEASONS, twilight=False)
    assert len(conditions) == 15
    found = by_id(conditions)
    assert {"winter_day_clear", "winter_night_clear", "winter_fog", "autumn_night_haze"} <= set(found)
    assert found["winter_fog"].light == "night"
    assert found["winter_fog"].correlated
    winter = sum(condition.share for condition in conditions if condition.season == "winter")
    assert winter == pytest.approx(151 / 365, abs=1e-5)
    assert found["winter_fog"].share == pytest.approx(0.1 * 151 / 365, abs=1e-5)


def test_half_of_the_year_is_day_everywhere():
    # the sun's centre is above -0.833 deg a little more than half of the year
    for lat_deg in (0.0, 37.49, 60.0):
        day = by_id(seasonal_conditions(lat_deg, 71.55, YEAR))["year_day_clear"]
        assert 0.5 < day.share < 0.54


def test_winter_days_are_shorter_and_nights_darker_under_cloud():
    found = by_id(seasonal_conditions(*KHOROG, SEASONS))
    day = {name: found[f"{name}_day_clear"].share / 0.7 for name in ("winter", "high_water")}
    assert day["winter"] / (151 / 365) < 0.46
    assert day["high_water"] / (122 / 365) > 0.54
    assert found["winter_night_haze"].illuminance_lux == pytest.approx(
        found["winter_night_clear"].illuminance_lux / 2.0, rel=0.01
    )


def test_light_of_day_twilight_and_night_is_plausible():
    found = by_id(seasonal_conditions(*KHOROG, SEASONS))
    assert 5_000.0 < found["winter_day_clear"].illuminance_lux < 60_000.0
    assert 0.1 < found["winter_twilight_clear"].illuminance_lux < 20.0
    # between starlight (0.002) and a high full moon (0.27)
    assert 0.003 < found["winter_night_clear"].illuminance_lux < 0.05


def test_thermal_contrast_follows_the_light():
    found = by_id(seasonal_conditions(*KHOROG, SEASONS))
    contrast = [found[f"winter_{light}_clear"].thermal_contrast_k for light in ("day", "twilight", "night")]
    assert contrast == [2.0, 1.5, 4.0]


def test_same_seasons_give_same_conditions():
    assert seasonal_conditions(*KHOROG, SEASONS) == seasonal_conditions(*KHOROG, SEASONS)


def test_polar_night_and_day_leave_out_what_does_not_happen():
    ids = set(by_id(seasonal_conditions(85.0, 0.0, (
        Season("dark", (11, 12, 1), (CLEAR, HAZE, FOG)),
        Season("light", (2, 3, 4, 5, 6, 7, 8, 9, 10), (CLEAR, HAZE, FOG)),
    ))))  # fmt: skip
    assert "dark_day_clear" not in ids
    assert "dark_night_clear" in ids


def test_every_fault_of_the_seasons_is_reported():
    bad = (
        Season("a", (1, 2, 3), (CLEAR, CLEAR)),
        Season("a", (3, 4), (WeatherShare("fog", 1.0, 200.0, cloud_divisor=0.5),)),
    )
    with pytest.raises(InputFaults) as caught:
        seasonal_conditions(100.0, 71.0, bad)
    assert {fault.column or fault.file for fault in caught.value.faults} == {
        "lat_deg",
        "months",
        "name",
        "share",
        "weather",
        "cloud_divisor",
    }


def test_the_made_up_weather_is_that_of_the_shipped_example():
    """At its own place, 37.5 N 71 E, all columns of the example's table come out again, shares rounded."""
    with example_file("tajik-afghan", "conditions.csv").open() as file:
        rows = list(csv.DictReader(file))
    found = illustrative_conditions(37.5, 71.0)
    assert [one.condition_id for one in found] == [row["condition_id"] for row in rows]
    for one, row in zip(found, rows, strict=True):
        assert one.share == pytest.approx(float(row["share"]), abs=1.1e-3)
        assert one.illuminance_lux == pytest.approx(float(row["illuminance_lux"]), rel=0.01)
        for name in ("visibility_m", "fog_g_per_m3", "thermal_contrast_k", "wind_mps"):
            assert getattr(one, name) == float(row[name]), (one.condition_id, name)
        assert (one.season, one.light, one.weather) == (row["season"], row["light"], row["weather"])
        assert one.correlated == (row["correlated"] == "true")


def test_nights_of_the_north_are_longer_in_winter_and_of_the_south_in_its_own():
    at = {lat_deg: by_id(illustrative_conditions(lat_deg, 20.0)) for lat_deg in (0.0, 55.0, -55.0)}
    for name in ("winter_day_clear", "winter_night_clear"):
        # the same season of a place and of its mirror image: half a year apart, nearly the same light
        assert at[55.0][name].share == pytest.approx(at[-55.0][name].share, abs=0.01)
    share = {lat: table["winter_night_clear"].share for lat, table in at.items()}
    assert share[55.0] > share[0.0] + 0.03
    assert at[55.0]["winter_day_clear"].illuminance_lux < 0.6 * at[0.0]["winter_day_clear"].illuminance_lux
