"""A project with some of its uncertain parameters at other values.

    X_range_factor    observers, cameras: cycles needed / f, longest range x f; radars: loss - 40 log10 f dB;
                      ground sensors: range of half detection x f
    others            what their name says, times f; settings by their own name

Shares never exceed 1, the worth of a look never `P_LOOK_LIMIT`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from math import log10

from sarhad.model.equipment import EquipmentType, Kind
from sarhad.model.plan import Plan
from sarhad.model.project import Project, Settings
from sarhad.planning.ground import all_teams

P_LOOK_LIMIT = 0.99
SETTINGS = ("field_sigma", "sd_fraction", "p_communication")
Change = Callable[[Project, float], Project]


def with_plan(project: Project, plan: Plan | None) -> Project:
    """Return the project with a plan's assets standing, and teams that come with posts among its own."""
    whole = replace(project, assets=project.assets + (plan.assets if plan else ()))
    if whole.settings.worth == "reported":
        return whole
    bare = {
        name: replace(one, parameter={**one.parameter, "team_n": 0}) if one.parameter.get("team_n") else one
        for name, one in whole.equipment.items()
    }
    return replace(whole, teams=all_teams(whole, whole.assets), equipment=bare)


def varied(project: Project, values: Mapping[str, float]) -> Project:
    """Return the project with parameters at the given values; those not named stay as they are."""
    for name, value in values.items():
        if name in SETTINGS:
            project = replace(project, settings=_set(project.settings, name, value))
        elif value != 1.0:
            project = CHANGES[name](project, value)
    return project


def _set(settings: Settings, name: str, value: float) -> Settings:
    if name == "field_sigma":
        return replace(settings, field_sigma=value)
    if name == "sd_fraction":
        return replace(settings, sd_fraction=value)
    return replace(settings, p_communication=value)


def base_value(project: Project, name: str) -> float:
    """Return what a parameter is in the project: the setting, or the factor 1."""
    return float(getattr(project.settings, name)) if name in SETTINGS else 1.0


def _with_types(project: Project, change: Callable[[EquipmentType], EquipmentType]) -> Project:
    return replace(project, equipment={name: change(one) for name, one in project.equipment.items()})


def _times(one: EquipmentType, name: str, factor: float, most: float = float("inf")) -> EquipmentType:
    if name not in one.parameter:
        return one
    value = one.parameter[name]
    return replace(one, parameter={**one.parameter, name: min(value * factor, max(value, most))})


def _range_of(kinds: tuple[Kind, ...]) -> Change:
    def change(project: Project, factor: float) -> Project:
        return _with_types(project, lambda one: _ranging(one, factor) if one.kind in kinds else one)

    return change


def _ranging(one: EquipmentType, factor: float) -> EquipmentType:
    if one.kind == "radar":
        loss_db = one.parameter["loss_db"] - 40.0 * log10(factor)
        one = replace(one, parameter={**one.parameter, "loss_db": loss_db})
    one = _times(one, "n50_cycles", 1.0 / factor)
    one = _times(one, "max_range_m", factor)
    return _times(one, "r50_m", factor)


def _availability(project: Project, factor: float) -> Project:
    assets = tuple(
        one if one.availability is None else replace(one, availability=min(one.availability * factor, 1.0))
        for one in project.assets
    )
    changed = _with_types(project, lambda one: replace(one, availability=min(one.availability * factor, 1.0)))
    return replace(changed, assets=assets)


def _p_look_max(project: Project, factor: float) -> Project:
    return _with_types(project, lambda one: _times(one, "p_look_max", factor, P_LOOK_LIMIT))


def _look(project: Project, factor: float) -> Project:
    return _with_types(project, lambda one: _times(one, "look_s", factor))


def _visibility(project: Project, factor: float) -> Project:
    conditions = tuple(replace(one, visibility_m=one.visibility_m * factor) for one in project.conditions)
    return replace(project, conditions=conditions)


def _speed(project: Project, factor: float) -> Project:
    targets = tuple(replace(one, speed_factor=one.speed_factor * factor) for one in project.targets)
    return replace(project, targets=targets)


def _barrier_delay(project: Project, factor: float) -> Project:
    def slower(delay_s: Mapping[str, float]) -> dict[str, float]:
        return {season: value_s * factor for season, value_s in delay_s.items()}

    barriers = tuple(replace(one, delay_s=slower(one.delay_s)) for one in project.barriers)
    openings = tuple(replace(one, delay_s=slower(one.delay_s)) for one in project.openings)
    return replace(project, barriers=barriers, openings=openings)


def _start_beyond(project: Project, factor: float) -> Project:
    start_m = project.settings.start_beyond_m * factor
    return replace(project, settings=replace(project.settings, start_beyond_m=start_m))


def _assess(project: Project, factor: float) -> Project:
    return replace(project, teams=tuple(replace(t, assess_s=t.assess_s * factor) for t in project.teams))


def _turnout(project: Project, factor: float) -> Project:
    return replace(project, teams=tuple(replace(t, turnout_s=t.turnout_s * factor) for t in project.teams))


def _team_speed(project: Project, factor: float) -> Project:
    settings = replace(project.settings, team_speed_mps=project.settings.team_speed_mps * factor)
    roads = project.roads
    if roads is not None:
        roads = replace(roads, speed_mps=roads.speed_mps * factor)
    return replace(project, settings=settings, roads=roads)


CHANGES: Mapping[str, Change] = {
    "observer_range_factor": _range_of(("observer",)),
    "camera_range_factor": _range_of(("day_camera", "thermal_camera")),
    "radar_range_factor": _range_of(("radar",)),
    "ground_range_factor": _range_of(("seismic", "pir", "magnetic", "fibre")),
    "availability_factor": _availability,
    "p_look_max_factor": _p_look_max,
    "look_factor": _look,
    "visibility_factor": _visibility,
    "speed_factor": _speed,
    "barrier_delay_factor": _barrier_delay,
    "start_beyond_factor": _start_beyond,
    "assess_factor": _assess,
    "turnout_factor": _turnout,
    "team_speed_factor": _team_speed,
}
VARIABLE = (*CHANGES, *SETTINGS)
