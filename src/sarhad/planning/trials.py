"""P_t of one sector under many values of its uncertain parameters, with what does not change worked out once.

Lines of sight depend on terrain, heights and reach: they are found once, out to the farthest reach of all
trials. The rest is worked out anew only where a trial differs from the first of its group in something it
depends on:

    steps       speed_factor, barrier_delay_factor, start_beyond_factor
    routes      steps, field_sigma                  the dearest: two least-cost fields each
    response    assess_, turnout_, team_speed_factor (barrier_delay_factor where barriers hold teams)
    worth w     steps, response, sd_fraction, p_communication
    rates       all of sensing but availability_factor; speed_factor, start_beyond_factor
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np

from sarhad.model.project import Project
from sarhad.planning.coverage import sensor_lines, view_of
from sarhad.planning.crossing import Watch
from sarhad.planning.ground import Field, Ground, lay_ground, response_season, response_time, target_steps
from sarhad.planning.passage import Passage, lay_passage, unaware_routes
from sarhad.planning.profile import CLOSED_ABOVE
from sarhad.planning.sector import SectorPlan
from sarhad.planning.sighting import Sighting, sight
from sarhad.planning.units import Unit, units_in, working_share
from sarhad.planning.validation import ways_of
from sarhad.planning.variation import varied

Values = Mapping[str, float]
Piece = TypeVar("Piece")

STEPS = frozenset({"speed_factor", "barrier_delay_factor", "start_beyond_factor"})
ROUTES = STEPS | {"field_sigma"}
RESPONSE = frozenset({"assess_factor", "turnout_factor", "team_speed_factor"})
WORTH = STEPS | RESPONSE | {"sd_fraction", "p_communication"}
RATES = frozenset(
    {
        "observer_range_factor",
        "camera_range_factor",
        "radar_range_factor",
        "ground_range_factor",
        "p_look_max_factor",
        "look_factor",
        "visibility_factor",
        "speed_factor",
        "start_beyond_factor",
    }
)
SHORTER_SEES_FARTHER = ("look_factor",)


@dataclass(frozen=True, slots=True, eq=False)
class TrialJob:
    """Trials of one sector: values by parameter, in groups of `group_n` whose first is what others share."""

    project: Project
    plan: SectorPlan
    trials: tuple[tuple[tuple[str, float], ...], ...]
    group_n: int


class _Kept:
    """Pieces of the first trial of a group, for the others that need the same."""

    def __init__(self) -> None:
        self._pieces: dict[str, tuple[tuple[float | None, ...], Any]] = {}

    def piece(
        self, name: str, depends: frozenset[str], values: Values, first: bool, make: Callable[[], Piece]
    ) -> Piece:
        """Return the kept piece where all that it depends on is the same, else make it."""
        key = tuple(values.get(one) for one in sorted(depends))
        if name in self._pieces and self._pieces[name][0] == key:
            kept: Piece = self._pieces[name][1]
            return kept
        made = make()
        if first:
            self._pieces[name] = (key, made)
        return made


@dataclass(frozen=True, slots=True, eq=False)
class _Scope:
    """What all trials of a sector share: ground, the window of movement, units and who sees what."""

    ground: Ground
    strip: Ground
    window: tuple[slice, slice]
    units: tuple[Unit, ...]
    sightings: Mapping[float, Sighting]


def run_trials(job: TrialJob) -> Field:
    """Return (trial, stretch, 3): the year's mean P_t, unaware and optimal, and the share of it closed.

    Means over targets and conditions by share, NaN where nobody can cross.
    """
    trials = [dict(one) for one in job.trials]
    projects = [varied(job.project, one) for one in trials]
    scope = _scope(job, trials)
    shape = (len(trials), len(job.plan.stretches))
    weights, sums = np.zeros(shape), np.zeros((*shape, 3))
    for k in range(len(job.project.targets)):
        for season in sorted({one.season for one in job.project.conditions}):
            kept = _Kept()
            for i, (values, project) in enumerate(zip(trials, projects, strict=True)):
                first = i % job.group_n == 0
                for share, found in _worked_out(scope, project, (k, season), values, kept, first):
                    known = ~np.isnan(found[0])
                    weights[i] += np.where(known, share, 0.0)
                    sums[i] += np.where(known[:, None], share * np.stack(found, axis=-1), 0.0)
    mean = np.full(sums.shape, np.nan)
    np.divide(sums, weights[..., None], out=mean, where=weights[..., None] > 0.0)
    return mean


def _scope(job: TrialJob, trials: Sequence[Values]) -> _Scope:
    """Lay the ground and find the lines of sight, wide enough for every trial."""
    names = sorted({name for one in trials for name in one})
    farthest = {
        name: (min if name in SHORTER_SEES_FARTHER else max)(one[name] for one in trials if name in one)
        for name in names
    }
    wide = varied(job.project, farthest)
    ground = replace(lay_ground(job.project, job.plan, 0), project=wide)
    moving = ground.moving(job.project.settings.depth_m)
    strip, window = ground.cut_to(moving)
    units = units_in(ground, wide.assets, moving)
    n_col = ground.sector.grid.n_col
    heights = {target.height_m for target in wide.targets}
    sightings = {
        height_m: sight(ground, units, height_m, moving).cut_to(window, n_col) for height_m in heights
    }
    return _Scope(ground, strip, window, units, sightings)


def _worked_out(
    scope: _Scope, project: Project, case: tuple[int, str], values: Values, kept: _Kept, first: bool
) -> list[tuple[float, tuple[Field, Field, Field]]]:
    """Return for every condition its share, and (unaware, optimal, closed) by stretch, in one trial."""
    target, season = project.targets[case[0]], case[1]
    depth_m = project.settings.depth_m
    ground, strip = replace(scope.ground, project=project), replace(scope.strip, project=project)

    def passage_of() -> Passage:
        step_s = kept.piece(
            "steps", STEPS, values, first, lambda: target_steps(strip, target, season, depth_m)
        )
        depends = RESPONSE | ({"barrier_delay_factor"} if project.teams_held else set())
        response_s = kept.piece(
            "response", depends, values, first, lambda: _response_s(ground, scope, season)
        )
        return lay_passage(strip, target, season, depth_m, step_s, response_s)

    passage = kept.piece("passage", WORTH, values, first, passage_of)
    unaware = kept.piece(
        "routes", ROUTES, values, first, lambda: unaware_routes([replace(passage, ground=strip)])[0]
    )
    units = _units(scope.units, project)
    found = []
    for condition in project.conditions:
        if condition.season != season:
            continue
        view = kept.piece(
            f"rates {condition.condition_id}",
            RATES,
            values,
            first,
            lambda condition=condition: view_of(  # type: ignore[misc]
                strip, units, scope.sightings[target.height_m], target, condition
            ),
        )
        lines, share = sensor_lines(units, target, condition), working_share(units, condition)
        watch = Watch(replace(passage, ground=strip), condition, units, view, lines, share)
        p_unaware = np.mean([watch.timely(routes)[0] for routes in unaware], axis=0)
        (weakest,) = ways_of(watch, "optimal", unaware)
        p_optimal = watch.timely(weakest)[0]
        closed = (p_optimal > CLOSED_ABOVE).astype(np.float64)
        found.append((condition.share, (p_unaware, p_optimal, closed)))
    return found


def _response_s(ground: Ground, scope: _Scope, season: str) -> Field:
    same = response_season(ground.project, season)
    return np.ascontiguousarray(response_time(ground, ground.project.teams, same)[scope.window])


def _units(units: tuple[Unit, ...], project: Project) -> tuple[Unit, ...]:
    """Return the units with the equipment and the availability of a trial."""
    assets = {asset.asset_id: asset for asset in project.assets}
    return tuple(
        replace(unit, asset=assets[unit.asset.asset_id], equipment=project.equipment[unit.asset.equipment_id])
        for unit in units
    )
