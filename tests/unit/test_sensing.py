"""Rates, exposures and availability of the shipped types, by hand where possible, plausible everywhere."""

from dataclasses import replace
from types import MappingProxyType

import numpy as np
import pytest

from sarhad.errors import InputFaults
from sarhad.io.equipment import read_equipment, read_targets
from sarhad.kernels.radar import range_for_snr_m
from sarhad.model.condition import Condition
from sarhad.planning.sensing import (
    area_rate_per_s,
    availability,
    crossing_exposure,
    level_speed_mps,
    look_rate_per_s,
    max_range_m,
    nuisance_per_day,
    p_crossing,
    radar_set,
    sweep_width_m,
    thermal_extinction_per_m,
)

TYPES = read_equipment()
TARGETS = read_targets()
WALKER, VEHICLE = TARGETS["walker"], TARGETS["vehicle"]
NIGHT = Condition("n", "s", "night", "clear", 0.5, 20_000.0, 0.008)
DAY = Condition("d", "s", "day", "clear", 0.4, 20_000.0, 20_000.0, thermal_contrast_k=2.0)
FOG = Condition("f", "s", "night", "fog", 0.1, 200.0, 0.002, fog_g_per_m3=0.05, correlated=True)
RAIN = Condition("r", "s", "night", "rain", 0.1, 5_000.0, 0.002, rain_mm_per_h=10.0, wind_mps=8.0)


def changed(equipment, **values):
    return replace(equipment, parameter=MappingProxyType({**equipment.parameter, **values}))


def p_look(equipment, target, condition, range_m):
    rate = look_rate_per_s(equipment, target, condition, range_m)
    return -np.expm1(-rate * equipment.parameter["look_s"])


def half_range_m(equipment, target, condition):
    """Greatest range at which a look detects with half of its cap."""
    range_m = np.arange(10.0, 40_000.0, 10.0)
    seen = range_m[p_look(equipment, target, condition, range_m) >= 0.5 * equipment.parameter["p_look_max"]]
    return float(seen.max()) if seen.size else 0.0


def test_thermal_camera_sees_a_walker_at_the_worked_range():
    # 100 mm, 17 um, person 0.75 m: TTPF is 0.5 at 2,206 m; a look finds with half of the search cap of 0.5
    assert p_look(TYPES["thermal_medium"], WALKER, NIGHT, 2_205.88) == pytest.approx(0.25, abs=1e-3)
    assert half_range_m(TYPES["thermal_long"], WALKER, NIGHT) == pytest.approx(3_750.0, abs=20.0)


def test_rate_is_minus_log_of_missing_over_the_look_time():
    rate = look_rate_per_s(TYPES["thermal_medium"], WALKER, NIGHT, 2_205.88)
    assert rate == pytest.approx(-np.log(0.75) / 60.0, rel=0.01)


def test_half_a_cycle_is_not_claimed():
    # half of the criterion is at twice the range of half detection
    rate = look_rate_per_s(TYPES["thermal_medium"], WALKER, NIGHT, [4_400.0, 4_420.0])
    assert rate[0] > 0.0
    assert rate[1] == 0.0


def test_observer_sees_a_few_hundred_metres_at_night_and_kilometres_by_day():
    binoculars = TYPES["observer_binoculars"]
    assert 200.0 < half_range_m(binoculars, WALKER, NIGHT) < 600.0
    assert 2_500.0 < half_range_m(binoculars, WALKER, DAY) <= 5_000.0
    assert half_range_m(TYPES["observer_eye"], WALKER, NIGHT) < half_range_m(binoculars, WALKER, NIGHT)


def test_image_intensifier_beats_the_bare_eye_in_starlight():
    starlight = replace(NIGHT, illuminance_lux=0.002)
    eye, nvg = TYPES["observer_eye"], TYPES["observer_nvg"]
    assert half_range_m(nvg, WALKER, starlight) > 2.0 * half_range_m(eye, WALKER, starlight)


def test_day_camera_needs_light():
    camera = TYPES["day_camera_short"]
    assert half_range_m(camera, WALKER, DAY) > 2_000.0
    assert half_range_m(camera, WALKER, NIGHT) < 100.0


def test_radar_reaches_about_eight_kilometres_and_lives_in_fog():
    radar, imager = TYPES["radar_medium"], TYPES["thermal_long"]
    assert 7_000.0 < half_range_m(radar, WALKER, NIGHT) < 9_000.0
    assert half_range_m(radar, WALKER, FOG) > 0.95 * half_range_m(radar, WALKER, NIGHT)
    assert half_range_m(imager, WALKER, FOG) < 400.0


def test_radar_at_its_range_for_half_detection_in_a_scan():
    # SNR 12.77 dB is P = 0.5 a scan at 1e-6; 3 of 5 then confirm with 0.5; headings (2/pi) acos(v_min/v)
    radar = TYPES["radar_medium"]
    range_m = range_for_snr_m(
        radar_set(radar), WALKER.rcs_m2, 10.0 * np.log10(np.log(1e-6) / np.log(0.5) - 1.0)
    )
    heading = 2.0 / np.pi * np.arccos(0.3 / level_speed_mps(WALKER))
    assert p_look(radar, WALKER, NIGHT, range_m) == pytest.approx(0.5 * heading, abs=1e-4)


def test_radar_does_not_look_below_its_horizon():
    radar = changed(TYPES["radar_long"], max_range_m=100_000.0)
    rate = look_rate_per_s(radar, VEHICLE, NIGHT, [5_500.0, 6_000.0], mast_m=0.0)
    assert rate[0] > 0.0  # 4.12 km sqrt(1.9 m) = 5.68 km
    assert rate[1] == 0.0


def test_max_range_bounds_what_is_seen():
    for equipment in TYPES.values():
        if equipment.mount != "point":
            continue
        reach_m = max_range_m(equipment, TARGETS.values(), (NIGHT, DAY, FOG))
        assert 0.0 < reach_m <= equipment.parameter["max_range_m"]
        for target in TARGETS.values():
            for condition in (NIGHT, DAY, FOG):
                beyond = look_rate_per_s(
                    equipment, target, condition, reach_m + np.array([0.1, 10.0, 5_000.0])
                )
                assert np.all(beyond < 1e-7), equipment.equipment_id


def test_max_range_is_zero_where_nothing_is_ever_seen():
    cold = replace(FOG, thermal_contrast_k=0.0)
    assert max_range_m(TYPES["thermal_long"], [WALKER], [cold]) == 0.0
    assert max_range_m(TYPES["thermal_long"], [], []) == 0.0


def test_ranges_of_any_shape():
    rate = look_rate_per_s(TYPES["radar_medium"], WALKER, NIGHT, np.full((2, 3), 1_000.0, np.float32))
    assert rate.shape == (2, 3)
    assert look_rate_per_s(TYPES["radar_medium"], WALKER, NIGHT, 0.0) > 0.0


def test_heat_in_snow_dust_and_rain():
    snow = replace(NIGHT, weather="snow", visibility_m=1_000.0)
    dust = replace(NIGHT, weather="dust", visibility_m=1_000.0)
    assert thermal_extinction_per_m(snow, 10.0) == pytest.approx(3.912e-3, rel=1e-3)
    assert thermal_extinction_per_m(dust, 10.0) < thermal_extinction_per_m(snow, 10.0)
    assert thermal_extinction_per_m(RAIN, 10.0) > thermal_extinction_per_m(NIGHT, 10.0)


def test_line_sensors_by_hand():
    calm = replace(NIGHT, wind_mps=0.0)
    fence = TYPES["fence_signal_restored"]
    assert p_crossing(fence, WALKER, calm) == pytest.approx(0.8)
    assert crossing_exposure(fence, WALKER, calm) == pytest.approx(-np.log(0.2))
    fibre = TYPES["fibre_line"]
    assert p_crossing(fibre, WALKER, calm) == pytest.approx(0.9 / (1.0 + (0.3 / 10.0) ** 2))


def test_line_sensors_scale_with_the_target_and_the_noise():
    for name in ("seismic_line_sparse", "magnetic_line", "pir_line"):
        line = TYPES[name]
        assert p_crossing(line, VEHICLE, NIGHT) > p_crossing(line, WALKER, NIGHT)
    gale = replace(NIGHT, wind_mps=18.0)
    assert p_crossing(TYPES["seismic_line"], WALKER, gale) < p_crossing(TYPES["seismic_line"], WALKER, NIGHT)
    warm = replace(NIGHT, thermal_contrast_k=0.5)
    assert p_crossing(TYPES["pir_line"], WALKER, warm) < p_crossing(TYPES["pir_line"], WALKER, NIGHT)
    assert p_crossing(TYPES["pir_line"], WALKER, replace(NIGHT, thermal_contrast_k=0.0)) == 0.0


def test_nuisance_alarms_of_a_line():
    # seismic row: 1 a km and day in calm, 2 more at 10 m/s, 3 more at 10 mm/h; here 8 m/s and 10 mm/h on 5 km
    assert nuisance_per_day(TYPES["seismic_line"], RAIN, 5_000.0) == pytest.approx(
        5.0 * (1.0 + 2.0 * 0.64 + 3.0)
    )


def test_sweep_width_is_the_swath_of_a_perfect_payload():
    drone = changed(TYPES["drone_small"], focal_m=5.0)
    width_m = sweep_width_m(drone, WALKER, NIGHT)
    assert width_m == pytest.approx(drone.parameter["p_pass"] * drone.parameter["swath_m"])
    assert sweep_width_m(TYPES["drone_small"], WALKER, FOG) <= width_m


def test_area_rate_is_w_v_over_a():
    plane = TYPES["aircraft_patrol"]
    wanted = sweep_width_m(plane, WALKER, NIGHT) * plane.parameter["speed_mps"] / 6e8
    assert area_rate_per_s(plane, WALKER, NIGHT, 6e8) == pytest.approx(wanted)


def test_availability_of_what_stands_and_what_flies():
    camera, drone = TYPES["thermal_medium"], TYPES["drone_small"]
    assert availability(camera, NIGHT) == 0.7
    assert availability(camera, NIGHT, 0.95) == 0.95
    # 30 min flights, 3 min each way, 4 h a day: 4/24 x 24/30, times 0.7 serviceable
    assert availability(drone, NIGHT) == pytest.approx(0.7 * 4.0 / 24.0 * 24.0 / 30.0)
    assert availability(drone, NIGHT, 0.4) == 0.4
    assert availability(drone, FOG, 0.4) == 0.0


@pytest.mark.parametrize(
    "grounding",
    [
        {"wind_mps": 25.0},
        {"visibility_m": 500.0},
        {"rain_mm_per_h": 20.0},
        {"fog_g_per_m3": 0.1},
        {"weather": "snow"},
    ],
)
def test_weather_grounds_aircraft(grounding):
    condition = replace(DAY, **grounding)
    for name in ("drone_small", "drone_fixed_wing", "helicopter_patrol", "aircraft_patrol"):
        assert availability(TYPES[name], DAY) > 0.0
        assert availability(TYPES[name], condition) == 0.0


def test_faults_name_what_is_wrong():
    with pytest.raises(InputFaults, match="point equipment"):
        look_rate_per_s(TYPES["seismic_line"], WALKER, NIGHT, 100.0)
    with pytest.raises(InputFaults, match="line equipment"):
        crossing_exposure(TYPES["thermal_medium"], WALKER, NIGHT)
    with pytest.raises(InputFaults, match="area equipment"):
        area_rate_per_s(TYPES["thermal_medium"], WALKER, NIGHT, 1e6)
    with pytest.raises(InputFaults, match="range_m"):
        look_rate_per_s(TYPES["thermal_medium"], WALKER, NIGHT, [100.0, np.nan])
    with pytest.raises(InputFaults, match="area_m2"):
        area_rate_per_s(TYPES["drone_small"], WALKER, NIGHT, 0.0)
    with pytest.raises(InputFaults, match="availability"):
        availability(TYPES["thermal_medium"], NIGHT, 1.5)
    bare = replace(TYPES["thermal_medium"], parameter={})
    with pytest.raises(InputFaults, match="parameter max_range_m of a thermal_camera"):
        max_range_m(bare, [WALKER], [NIGHT])
