"""How well each kind of equipment detects a class of crossing under a condition.

Point equipment      rate = -ln(1 - P_look) / T_look; P_look of imagers and observers = search cap x
                     TTPF(N / N50), of radars the confirmed hits of the scans in one look times the share of
                     headings whose radial speed shows (kernels.optics, kernels.radar)
Line equipment       exposure = -ln(1 - P_d), charged once to whoever crosses it (kernels.ground)
Aircraft, drones     rate = W v / A while on station, W the integral of the lateral range curve of the
                     payload over its swath (kernels.air)
Availability         share of crossings for which it works throughout; 0 in weather in which it cannot work

A target that spans less than half of the cycles criterion is not claimed: TTPF's long tail times hours of
looking would otherwise see what no detector element resolves. Terrain is not known here: line of sight is the
viewshed's matter, except that a radar never reaches beyond its horizon over a smooth earth.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sarhad.errors import InputFaults
from sarhad.kernels import air, atmosphere, ground, optics, radar
from sarhad.kernels.quantity import checked
from sarhad.kernels.speed import speed_mps
from sarhad.model.condition import Condition
from sarhad.model.equipment import EquipmentType, Kind
from sarhad.model.target import Target

Array = NDArray[np.float64]

NEGLIGIBLE_RATE_PER_S = 1e-7
LEAST_RATIO = 0.5
REFERENCE_CONTRAST_K = 4.0
SCENE_REFLECTANCE = 0.2
DUST_INFRARED_SHARE = 0.4
NEAREST_M = 1.0
RANGE_STEP_M = 50.0
_N_LATERAL = 201


def _need(equipment: EquipmentType, name: str) -> float:
    try:
        value = float(equipment.parameter[name])
    except KeyError:
        expected = f"parameter {name} of a {equipment.kind}"
        raise InputFaults.one(
            f"equipment {equipment.equipment_id}", expected, "nothing", column=name
        ) from None
    if not np.isfinite(value):
        raise InputFaults.one(f"equipment {equipment.equipment_id}", "a finite number", value, column=name)
    return value


def _check_mount(equipment: EquipmentType, mount: str) -> None:
    if equipment.mount != mount:
        expected = f"{mount} equipment"
        raise InputFaults.one(
            f"equipment {equipment.equipment_id}", expected, f"{equipment.kind}", column="kind"
        )


def look_rate_per_s(
    equipment: EquipmentType,
    target: Target,
    condition: Condition,
    range_m: ArrayLike,
    *,
    mast_m: float | None = None,
) -> Array:
    """Rate (1/s) of successful independent looks of point equipment at targets in sight at `range_m`.

    `range_m` has any shape, finite and not negative; the answer has the same shape, never rises with range,
    is zero beyond the equipment's `max_range_m`. `mast_m` None takes the type's own.
    Raises InputFaults for other equipment, for a missing parameter and for ranges that are no ranges.
    """
    _check_mount(equipment, "point")
    r = checked("range_m", range_m, 0.0)
    p = _P_LOOK[equipment.kind](equipment, target, condition, np.maximum(r, NEAREST_M))
    reach_m = _need(equipment, "max_range_m")
    if equipment.kind == "radar":
        antenna_m = equipment.mast_m if mast_m is None else mast_m
        reach_m = min(reach_m, radar.horizon_m(antenna_m, target.height_m))
    return np.where(r <= reach_m, -np.log1p(-p) / _need(equipment, "look_s"), 0.0)


def max_range_m(
    equipment: EquipmentType, targets: Iterable[Target], conditions: Iterable[Condition]
) -> float:
    """Range (m) beyond which the rate is below 1e-7 /s for all targets and conditions; at most `max_range_m`.

    Rounded up to 50 m; 0 where nothing is ever seen. A viewshed need reach no further.
    """
    _check_mount(equipment, "point")
    limit_m = _need(equipment, "max_range_m")
    r = np.arange(0.0, limit_m + RANGE_STEP_M, RANGE_STEP_M)
    seen_conditions = tuple(conditions)
    furthest = -1
    for target in targets:
        for condition in seen_conditions:
            rate = look_rate_per_s(equipment, target, condition, r, mast_m=1e6)
            seen = np.flatnonzero(rate >= NEGLIGIBLE_RATE_PER_S)
            furthest = max(furthest, int(seen[-1]) if seen.size else -1)
    return min(float(r[furthest]) + RANGE_STEP_M, limit_m) if furthest >= 0 else 0.0


def _p_imaged(equipment: EquipmentType, cycles: Array) -> Array:
    ratio = cycles / _need(equipment, "n50_cycles")
    p = _need(equipment, "p_look_max") * optics.p_task(ratio)
    return np.where(ratio >= LEAST_RATIO, p, 0.0)


def _visible_contrast(target: Target, condition: Condition, range_m: Array) -> Array:
    air_per_m = atmosphere.visible_extinction_per_m(condition.visibility_m)
    rain_per_m = atmosphere.rain_optical_extinction_per_m(condition.rain_mm_per_h)
    left = atmosphere.transmission(np.maximum(air_per_m, rain_per_m), range_m)
    return abs(target.visible_contrast) * left


def thermal_extinction_per_m(condition: Condition, wavelength_um: float) -> float:
    """Extinction (1/m) of heat: Kruse-Kim for haze and fog, as visible in snow, a share in dust; and rain.

    Water vapour's own absorption is left out: humidity is not part of a condition.
    """
    visible = float(atmosphere.visible_extinction_per_m(condition.visibility_m))
    haze = float(atmosphere.infrared_extinction_per_m(condition.visibility_m, wavelength_um))
    share = {"snow": 1.0, "dust": DUST_INFRARED_SHARE}.get(condition.weather, 0.0)
    rain = float(atmosphere.rain_optical_extinction_per_m(condition.rain_mm_per_h))
    return max(haze, share * visible) + rain


def _thermal_cycles(equipment: EquipmentType, target: Target, condition: Condition, range_m: Array) -> Array:
    scene = max(condition.thermal_contrast_k, 0.0) / REFERENCE_CONTRAST_K
    extinction = thermal_extinction_per_m(condition, _need(equipment, "wavelength_um"))
    contrast_k = abs(target.thermal_contrast_k) * scene * atmosphere.transmission(extinction, range_m)
    share = optics.resolved_share(contrast_k, _need(equipment, "floor_k"), _need(equipment, "nyquist_k"))
    focal_m, pitch_m = _need(equipment, "focal_m"), _need(equipment, "pitch_m")
    return share * optics.cycles_on_target(target.critical_m, focal_m, pitch_m, range_m)


def _p_thermal(equipment: EquipmentType, target: Target, condition: Condition, range_m: Array) -> Array:
    return _p_imaged(equipment, _thermal_cycles(equipment, target, condition, range_m))


def _p_day_camera(equipment: EquipmentType, target: Target, condition: Condition, range_m: Array) -> Array:
    dark = np.sqrt(1.0 + _need(equipment, "half_light_lux") / max(condition.illuminance_lux, 1e-9))
    floor, nyquist = _need(equipment, "floor_contrast") * dark, _need(equipment, "nyquist_contrast") * dark
    share = optics.resolved_share(_visible_contrast(target, condition, range_m), floor, nyquist)
    focal_m, pitch_m = _need(equipment, "focal_m"), _need(equipment, "pitch_m")
    return _p_imaged(equipment, share * optics.cycles_on_target(target.critical_m, focal_m, pitch_m, range_m))


def _p_observer(equipment: EquipmentType, target: Target, condition: Condition, range_m: Array) -> Array:
    scene_cd_per_m2 = SCENE_REFLECTANCE * max(condition.illuminance_lux, 1e-9) / np.pi
    light = scene_cd_per_m2 * _need(equipment, "light_gain")
    light = min(light, _need(equipment, "luminance_cap_cd_per_m2"))
    modulation = _visible_contrast(target, condition, range_m) / 2.0
    # a hand-held aid enlarges by less than its magnification, but never makes things smaller
    enlarged = max(1.0, _need(equipment, "magnification") * _need(equipment, "handling"))
    eye = optics.eye_limit_cycles_per_mrad(modulation, light) * enlarged
    limit = optics.combine_limits(eye, np.full_like(eye, _need(equipment, "device_cycles_per_mrad")))
    return _p_imaged(equipment, limit * target.critical_m * 1_000.0 / range_m)


def radar_set(equipment: EquipmentType) -> radar.RadarSet:
    """Gather what the radar equation needs of an equipment type of kind radar."""
    return radar.RadarSet(
        _need(equipment, "mean_power_w"),
        _need(equipment, "gain_db"),
        _need(equipment, "frequency_ghz"),
        _need(equipment, "coherent_s"),
        _need(equipment, "noise_figure_db"),
        _need(equipment, "loss_db"),
    )


def _p_radar(equipment: EquipmentType, target: Target, condition: Condition, range_m: Array) -> Array:
    radio = radar_set(equipment)
    rain_db = float(atmosphere.rain_radar_db_per_km(condition.rain_mm_per_h, radio.frequency_ghz))
    fog_db = float(atmosphere.fog_radar_db_per_km(condition.fog_g_per_m3, radio.frequency_ghz))
    ratio = radar.snr(radio, target.rcs_m2, range_m, rain_db + fog_db)
    p_false = _need(equipment, "p_false_alarm")
    hit = radar.p_scan(ratio, p_false) - p_false
    confirmed = radar.p_at_least(hit, round(_need(equipment, "n_scan")), round(_need(equipment, "n_confirm")))
    heading = radar.p_heading_seen(level_speed_mps(target), _need(equipment, "minimum_speed_mps"))
    return np.minimum(confirmed, _need(equipment, "p_look_max")) * heading


_Look = Callable[[EquipmentType, Target, Condition, Array], Array]
_P_LOOK: Mapping[Kind, _Look] = MappingProxyType(
    {"observer": _p_observer, "day_camera": _p_day_camera, "thermal_camera": _p_thermal, "radar": _p_radar}
)


def level_speed_mps(target: Target) -> float:
    """Speed (m/s) of a target on level ground by its movement function."""
    return float(speed_mps(target.speed, np.zeros(1))[0]) * target.speed_factor


def p_crossing(equipment: EquipmentType, target: Target, condition: Condition) -> float:
    """Probability that line equipment detects a target that crosses it anywhere with equal chance."""
    _check_mount(equipment, "line")
    p_max = _need(equipment, "p_max")
    wind_half_mps = _need(equipment, "wind_half_mps")
    if equipment.kind == "fence":
        return ground.p_fence(p_max, condition.wind_mps, wind_half_mps)
    rain_half = _need(equipment, "rain_half_mm_per_h")
    noise = ground.noise_factor(condition.wind_mps, condition.rain_mm_per_h, wind_half_mps, rain_half)
    steepness = _need(equipment, "steepness")
    r50_m = _need(equipment, "r50_m") * noise * _target_scale(equipment.kind, target, condition)
    if equipment.kind == "fibre":
        coupled_m = r50_m * _need(equipment, "coupling")
        return float(ground.p_node(_need(equipment, "depth_m"), p_max, coupled_m, steepness))
    return ground.p_row_mean(_need(equipment, "spacing_m"), p_max, r50_m, steepness)


def _target_scale(kind: Kind, target: Target, condition: Condition) -> float:
    if kind == "magnetic":
        return target.magnetic
    if kind == "pir":
        # warmth received falls with the square of distance: the range goes with the root of the contrast
        contrast_k = max(condition.thermal_contrast_k, 0.0)
        return float(target.infrared * np.sqrt(contrast_k / REFERENCE_CONTRAST_K))
    return target.seismic


def crossing_exposure(equipment: EquipmentType, target: Target, condition: Condition) -> float:
    """Exposure -ln(1 - P_d) charged to whoever crosses line equipment once."""
    return float(-np.log1p(-p_crossing(equipment, target, condition)))


def nuisance_per_day(equipment: EquipmentType, condition: Condition, length_m: float) -> float:
    """Nuisance alarms a day on `length_m` of line equipment."""
    _check_mount(equipment, "line")
    names = ("nuisance_per_km_day", "nuisance_wind_per_km_day", "nuisance_rain_per_km_day")
    calm, wind, rain = (_need(equipment, name) for name in names)
    return ground.nuisance_per_day(
        length_m, (condition.wind_mps, condition.rain_mm_per_h), (calm, wind, rain)
    )


def sweep_width_m(equipment: EquipmentType, target: Target, condition: Condition) -> float:
    """Sweep width (m) of an aircraft's or drone's thermal payload: integral of its lateral range curve."""
    _check_mount(equipment, "area")
    half_m = _need(equipment, "swath_m") / 2.0
    x_m = np.linspace(-half_m, half_m, _N_LATERAL)
    slant_m = np.hypot(x_m, _need(equipment, "height_m"))
    ratio = _thermal_cycles(equipment, target, condition, slant_m) / _need(equipment, "n50_cycles")
    p = np.where(ratio >= LEAST_RATIO, _need(equipment, "p_pass") * optics.p_task(ratio), 0.0)
    return air.sweep_width_m(x_m, p)


def area_rate_per_s(equipment: EquipmentType, target: Target, condition: Condition, area_m2: float) -> float:
    """Rate (1/s) of detections W v / A of one aircraft or drone while it is over an area."""
    width_m = sweep_width_m(equipment, target, condition)
    return air.search_rate_per_s(width_m, _need(equipment, "speed_mps"), area_m2)


def _can_work(equipment: EquipmentType, condition: Condition) -> bool:
    if equipment.mount == "line":
        return True
    if condition.wind_mps > _need(equipment, "max_wind_mps"):
        return False
    if equipment.mount == "point":
        return True
    return (
        condition.visibility_m >= _need(equipment, "min_visibility_m")
        and condition.rain_mm_per_h <= _need(equipment, "max_rain_mm_per_h")
        and condition.fog_g_per_m3 <= _need(equipment, "max_fog_g_per_m3")
        and (condition.weather != "snow" or _need(equipment, "flies_in_snow") > 0)
    )


def availability(equipment: EquipmentType, condition: Condition, override: float | None = None) -> float:
    """Share (0..1) of crossings for which one item works throughout.

    0 in weather in which it cannot work; otherwise `override` if given (the user's own figure for an asset),
    else the type's availability, times the share of the day over the area for aircraft and drones.
    """
    if override is not None and not 0 <= override <= 1:
        raise InputFaults.one(f"equipment {equipment.equipment_id}", "availability in 0..1", override)
    if not _can_work(equipment, condition):
        return 0.0
    if override is not None:
        return override
    if equipment.mount != "area":
        return equipment.availability
    station = air.station_fraction(
        _need(equipment, "endurance_s"),
        _need(equipment, "transit_s"),
        _need(equipment, "turnround_s"),
        _need(equipment, "flight_s_per_day"),
    )
    return equipment.availability * station
