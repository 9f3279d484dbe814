"""Laws of sensing: farther, hazier, wetter or darker never helps; probabilities stay probabilities."""

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from sarhad.io.equipment import read_equipment, read_targets
from sarhad.kernels.air import (
    lateral_inverse_cube,
    p_parallel_definite,
    p_parallel_inverse_cube,
    sweep_width_m,
)
from sarhad.kernels.ground import p_row_mean, p_row_worst
from sarhad.kernels.light import sun_illuminance_lux
from sarhad.kernels.optics import eye_limit_cycles_per_mrad, p_task
from sarhad.kernels.radar import RadarSet, p_at_least, p_scan, range_for_snr_m
from sarhad.model.condition import Condition
from sarhad.planning import sensing

TYPES = read_equipment()
TARGETS = tuple(read_targets().values())
POINT = tuple(entry for entry in TYPES.values() if entry.mount == "point")
IMAGER = tuple(entry for entry in POINT if entry.kind != "radar")
LINE = tuple(entry for entry in TYPES.values() if entry.mount == "line")
AREA = tuple(entry for entry in TYPES.values() if entry.mount == "area")
RANGE_M = np.geomspace(1.0, 40_000.0, 300)
TINY = 1e-15

laws = settings(max_examples=60, deadline=None)
weathers = st.sampled_from(["clear", "haze", "fog", "rain", "snow", "dust"])
targets = st.sampled_from(TARGETS)


@st.composite
def conditions(draw):
    return Condition(
        "c",
        "s",
        "night",
        draw(weathers),
        1.0,
        draw(st.floats(20.0, 60_000.0)),
        draw(st.floats(0.0, 100_000.0)),
        draw(st.floats(0.0, 100.0)),
        draw(st.floats(0.0, 1.0)),
        draw(st.floats(0.0, 8.0)),
        draw(st.floats(0.0, 30.0)),
    )


def rates(equipment, target, condition):
    return sensing.look_rate_per_s(equipment, target, condition, RANGE_M)


@laws
@given(st.sampled_from(POINT), targets, conditions())
def test_rates_are_finite_and_never_rise_with_range(equipment, target, condition):
    rate = rates(equipment, target, condition)
    assert np.all(np.isfinite(rate) & (rate >= 0.0))
    assert np.all(np.diff(rate) <= TINY)
    assert np.all(rate[equipment.parameter["max_range_m"] < RANGE_M] == 0.0)


@laws
@given(st.sampled_from(POINT), targets, conditions())
def test_a_look_never_beats_its_cap(equipment, target, condition):
    p = -np.expm1(-rates(equipment, target, condition) * equipment.parameter["look_s"])
    assert np.all(p <= equipment.parameter["p_look_max"] + 1e-12)


@laws
@given(st.sampled_from(POINT), targets, conditions(), st.floats(0.05, 1.0))
def test_poorer_visibility_never_helps(equipment, target, condition, factor):
    hazier = replace(condition, visibility_m=condition.visibility_m * factor)
    assert np.all(rates(equipment, target, hazier) <= rates(equipment, target, condition) + TINY)


@laws
@given(st.sampled_from(POINT), targets, conditions(), st.floats(0.0, 50.0), st.floats(0.0, 1.0))
def test_more_rain_or_fog_never_helps(equipment, target, condition, rain, fog):
    wetter = replace(
        condition,
        rain_mm_per_h=condition.rain_mm_per_h + rain,
        fog_g_per_m3=condition.fog_g_per_m3 + fog,
    )
    assert np.all(rates(equipment, target, wetter) <= rates(equipment, target, condition) + TINY)


@laws
@given(st.sampled_from(IMAGER), targets, conditions(), st.floats(0.0, 1.0))
def test_less_light_or_contrast_never_helps(equipment, target, condition, factor):
    darker = replace(condition, illuminance_lux=condition.illuminance_lux * factor)
    cooler = replace(condition, thermal_contrast_k=condition.thermal_contrast_k * factor)
    rate = rates(equipment, target, condition)
    assert np.all(rates(equipment, target, darker) <= rate + TINY)
    assert np.all(rates(equipment, target, cooler) <= rate + TINY)


@laws
@given(st.sampled_from(POINT), targets, conditions(), st.floats(1.0, 4.0))
def test_a_larger_target_is_never_harder_to_see(equipment, target, condition, factor):
    larger = replace(target, critical_m=target.critical_m * factor, rcs_m2=target.rcs_m2 * factor)
    assert np.all(rates(equipment, larger, condition) >= rates(equipment, target, condition) - TINY)


@laws
@given(st.lists(st.floats(0.0, 0.1), min_size=1, max_size=6), st.floats(0.0, 0.1), st.floats(0.0, 1e5))
def test_one_more_item_never_lowers_detection(rate_per_s, more_per_s, time_s):
    before = -np.expm1(-sum(rate_per_s) * time_s)
    assert 0.0 <= before <= -np.expm1(-(sum(rate_per_s) + more_per_s) * time_s) <= 1.0


@laws
@given(st.sampled_from(LINE), targets, conditions(), st.floats(0.0, 20.0), st.floats(0.0, 50.0))
def test_wind_and_rain_never_help_a_line_and_only_add_nuisance(equipment, target, condition, wind, rain):
    worse = replace(
        condition, wind_mps=condition.wind_mps + wind, rain_mm_per_h=condition.rain_mm_per_h + rain
    )
    p = sensing.p_crossing(equipment, target, condition)
    assert 0.0 <= sensing.p_crossing(equipment, target, worse) <= p + TINY
    assert p <= equipment.parameter["p_max"] + 0.1  # two nodes may beat one
    assert np.isfinite(sensing.crossing_exposure(equipment, target, condition))
    calm = sensing.nuisance_per_day(equipment, condition, 1_000.0)
    assert sensing.nuisance_per_day(equipment, worse, 1_000.0) >= calm


@laws
@given(st.floats(1.0, 200.0), st.floats(0.0, 0.99), st.floats(0.5, 200.0), st.floats(1.0, 6.0))
def test_worst_place_between_nodes_is_never_better_than_the_mean(spacing_m, p_max, r50_m, steepness):
    worst = p_row_worst(spacing_m, p_max, r50_m, steepness)
    mean = p_row_mean(spacing_m, p_max, r50_m, steepness)
    assert 0.0 <= mean <= 1.0 - (1.0 - p_max) ** 2 + 1e-12
    # dense rows can be equally good everywhere; midway two equal nodes may then even win a little
    if spacing_m >= 2.0 * r50_m:
        assert worst <= mean + 1e-9


@laws
@given(st.sampled_from(AREA), targets, conditions(), st.floats(1e6, 1e10))
def test_aircraft_stay_within_their_swath(equipment, target, condition, area_m2):
    width_m = sensing.sweep_width_m(equipment, target, condition)
    assert 0.0 <= width_m <= equipment.parameter["swath_m"] * equipment.parameter["p_pass"] + 1e-9
    rate = sensing.area_rate_per_s(equipment, target, condition, area_m2)
    assert rate == width_m * equipment.parameter["speed_mps"] / area_m2
    assert 0.0 <= sensing.availability(equipment, condition) <= equipment.availability


@laws
@given(st.floats(10.0, 5_000.0))
def test_inverse_cube_curve_integrates_to_its_width(width_m):
    x_m = np.linspace(-50.0, 50.0, 20_001) * width_m
    tail_m = width_m / (2.0 * np.pi * 50.0)
    assert abs(sweep_width_m(x_m, lateral_inverse_cube(x_m, width_m)) + tail_m - width_m) < 1e-3 * width_m


@laws
@given(st.floats(0.0, 5.0))
def test_definite_range_beats_inverse_cube_beats_random(coverage):
    random = -np.expm1(-coverage)
    assert random - 1e-12 <= p_parallel_inverse_cube(coverage) <= p_parallel_definite(coverage) + 1e-12


@laws
@given(st.lists(st.floats(0.0, 1e6), min_size=2, max_size=30), st.floats(1e-12, 1e-2))
def test_detection_curves_rise(values, p_false):
    x = np.sort(np.array(values))
    for p in (p_task(x), p_scan(x, p_false), p_at_least(p_scan(x, p_false), 5, 3)):
        assert np.all((p >= 0.0) & (p <= 1.0))
        assert np.all(np.diff(p) >= -1e-12)


@laws
@given(st.floats(1e-5, 1e4), st.floats(1.0, 100.0), st.floats(0.001, 1.0))
def test_the_eye_never_sees_worse_in_more_light(light, factor, modulation):
    dim = eye_limit_cycles_per_mrad(modulation, light)
    assert eye_limit_cycles_per_mrad(modulation, light * factor) >= dim * (1.0 - 1e-3)


@laws
@given(st.floats(0.0, 10.0), st.floats(0.0, 10.0))
def test_path_loss_never_lengthens_the_range(loss, more):
    radar = RadarSet(4.0, 30.0, 16.5, 0.02, 5.0, 8.0)
    assert range_for_snr_m(radar, 1.0, 13.0, loss + more) <= range_for_snr_m(radar, 1.0, 13.0, loss) + 1e-9


@laws
@given(st.floats(-18.0, 90.0), st.floats(0.0, 5.0))
def test_a_higher_sun_never_gives_less_light(elevation_deg, more_deg):
    higher = min(elevation_deg + more_deg, 90.0)
    # the published pieces join within 1.5 per cent and dip by less near the zenith
    assert sun_illuminance_lux(higher) >= 0.985 * sun_illuminance_lux(elevation_deg)
