"""What is measured of a project as it is written: times, costs, conditions, ids that nothing names.

range at which half the vehicles are found    d = 2.3 m f / (2 p N50)
(cycles criterion, Johnson 1958: f focal length, p pitch of the detector)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection

import numpy as np

from sarhad.io.line_shape import backward_parts
from sarhad.io.scene import Measured, Scene, numbers_of
from sarhad.kernels.speed import speed_law, top_speed_mps
from sarhad.model.condition import Condition
from sarhad.model.equipment import EquipmentType

VEHICLE_M = 2.3
ON_FOOT = ("tobler",)

Measure = Callable[[Scene, str], Measured]


def _of_teams(name: str) -> Measure:
    return lambda scene, section: numbers_of([getattr(one, name) for one in scene.project.teams], "s")


def _of_assets(name: str, unit: str = "") -> Measure:
    return lambda scene, section: numbers_of([getattr(one, name) for one in scene.project.entered], unit)


def _of_conditions(name: str, unit: str, holds: Callable[[Condition], bool]) -> Measure:
    return lambda scene, section: numbers_of(
        [getattr(one, name) if holds(one) else None for one in scene.project.conditions], unit
    )


def _named(names: Collection[str], value: list[float], said: Callable[[int], str]) -> Measured:
    known = list(names)
    return Measured(np.array(value, dtype=np.float64), lambda k: f"{known[k]}: {said(k)}", by_row=False)


def site_accepts(scene: Scene, section: str) -> Measured:
    """How many of the offered types a site accepts."""
    offered, sites = set(scene.project.offered), scene.project.sites
    n = {accepts: len(offered & set(accepts)) for accepts in {one.accepts for one in sites}}
    value = np.array([n[one.accepts] if one.accepts else np.nan for one in sites], dtype=np.float64)
    return Measured(value, lambda k: ", ".join(sites[k].accepts))


def type_cost(scene: Scene, section: str) -> Measured:
    """Cost of every offered type."""
    types = [scene.project.equipment[name] for name in scene.project.offered]
    return _named(
        scene.project.offered, [one.cost_usd for one in types], lambda k: f"{types[k].cost_usd:g} USD"
    )


def type_optics(scene: Scene, section: str) -> Measured:
    """Stated range of an own type over that at which half the vehicles are found."""
    types = [scene.project.equipment[name] for name in scene.own_types]
    half_m = [_half_range_m(one) for one in types]
    share = [
        one.parameter.get("max_range_m", math.nan) / far_m for one, far_m in zip(types, half_m, strict=True)
    ]
    return _named(
        scene.own_types,
        share,
        lambda k: (
            f"a range of {types[k].parameter['max_range_m'] / 1e3:.0f} km, "
            f"half the vehicles found at {half_m[k] / 1e3:.1f} km"
        ),
    )


def _half_range_m(kind: EquipmentType) -> float:
    p = kind.parameter
    if not {"focal_m", "pitch_m", "n50_cycles"} <= set(p):
        return math.nan
    return VEHICLE_M * p["focal_m"] / (2 * p["pitch_m"] * p["n50_cycles"])


def type_used(scene: Scene, section: str) -> Measured:
    """1 for own types that are fielded, offered or in stock, else 0."""
    project = scene.project
    used = {one.equipment_id for one in project.entered} | set(project.offered) | set(project.budget.stock)
    used |= {name for site in project.sites for name in site.accepts}
    return _named(
        scene.own_types, [float(name in used) for name in scene.own_types], lambda k: "named nowhere"
    )


def stock_offered(scene: Scene, section: str) -> Measured:
    """1 for types in stock that are offered, else 0."""
    stock, offered = scene.project.budget.stock, set(scene.project.offered)
    return _named(stock, [float(name in offered) for name in stock], lambda k: "not among those offered")


def budget_least(scene: Scene, section: str) -> Measured:
    """Money over the cost of the cheapest offered type; nothing to judge where there is stock of one."""
    project = scene.project
    cost_usd = {name: project.equipment[name].cost_usd for name in project.offered}
    least = min(cost_usd, key=lambda name: cost_usd[name])
    in_stock = any(project.budget.stock.get(name, 0.0) > 0 for name in project.offered)
    share = math.nan if in_stock or not cost_usd[least] else project.budget.money_usd / cost_usd[least]
    return Measured(
        np.array([share]),
        lambda k: f"{project.budget.money_usd:g} USD; the cheapest, {least}, costs {cost_usd[least]:g}",
        by_row=False,
    )


def target_walks(scene: Scene, section: str) -> Measured:
    """Top speed of the targets on foot."""
    targets = scene.project.targets
    value = [
        top_speed_mps(speed_law(one.speed)) * one.speed_factor if one.speed in ON_FOOT else math.nan
        for one in targets
    ]
    return _named(
        [one.target_id for one in targets], value, lambda k: f"{value[k]:.1f} m/s at its best slope"
    )


def terrain_cell(scene: Scene, section: str) -> Measured:
    """Side of the coarsest relief's cells over that of the working grid."""
    coarsest_m = max(max(one.ground_cell_m) for one in scene.mosaics)
    cell_m = scene.project.settings.cell_m
    return Measured(
        np.array([coarsest_m / cell_m]),
        lambda k: f"cells of {coarsest_m:.0f} m for a grid of {cell_m:g} m",
        by_row=False,
    )


def line_backwards(scene: Scene, section: str) -> Measured:
    """1 for open parts that would lie closer to their neighbours turned round, else 0."""
    parts = [part for part in scene.project.line.parts if not part.exclave]
    backward = backward_parts([np.column_stack([part.lon_deg, part.lat_deg]) for part in parts])
    return Measured(
        np.isin(np.arange(len(parts)), backward).astype(np.float64),
        lambda k: f"part {parts[k].part_id} runs backwards or stands out of order",
        by_row=False,
    )


def line_calibration(scene: Scene, section: str) -> Measured:
    """Official over measured length."""
    line = scene.project.line
    official_m = line.official_m(line.length_m)
    return Measured(
        np.array([official_m / line.length_m]),
        lambda k: f"{official_m / 1e3:.1f} km official, {line.length_m / 1e3:.1f} km measured",
        by_row=False,
    )


TIMES = {name: _of_teams(f"{name}_s") for name in ("assess", "turnout", "dismount")}
ASSET_MAST = _of_assets("mast_m", "m")
ASSET_AVAILABILITY = _of_assets("availability")
CONDITIONS = {
    "used": _of_conditions("share", "", lambda one: True),
    "day": _of_conditions("illuminance_lux", "lx", lambda one: one.light == "day"),
    "night": _of_conditions("illuminance_lux", "lx", lambda one: one.light == "night"),
    "fog": _of_conditions("visibility_m", "m", lambda one: one.weather == "fog"),
    "clear": _of_conditions("visibility_m", "m", lambda one: one.weather in {"clear", "haze"}),
    "rain": _of_conditions("rain_mm_per_h", "mm/h", lambda one: True),
    "contrast": _of_conditions("thermal_contrast_k", "K", lambda one: True),
}
