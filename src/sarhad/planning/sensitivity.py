"""What the answer hangs on: one parameter at a time, and shares of variance by Sobol's indices.

The answer is three numbers: mean P_t of the line against the unaware and the optimal adversary, and the
kilometres closed (P_t against the optimal adversary above 0.5), all means over targets, conditions by their
share of the year, and stretches by length.

    one at a time   every parameter at its low and its high end, the others as the project has them
    Sobol           first index Var(E(Y | x_i)) / Var(Y), total index E(Var(Y | all but x_i)) / Var(Y),
                    with all parameters drawn at once (Saltelli 2010, Jansen 1999; SALib), of those parameters
                    that moved the answer most, the others as the project has them; intervals by bootstrap
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sarhad.errors import Fault, InputFaults, NoGoalReachable
from sarhad.io.cache import content_key
from sarhad.model.parameter import Parameter
from sarhad.model.plan import Plan
from sarhad.model.project import Project
from sarhad.planning.compute import Compute
from sarhad.planning.profile import fingerprint
from sarhad.planning.trials import TrialJob, Values, run_trials
from sarhad.planning.validation import chosen_sectors
from sarhad.planning.variation import base_value, with_plan

NO_WAY = "no target can reach a goal from the line in any season"
OUTCOMES = ("p_unaware", "p_optimal", "closed_km")
GROUPS_PER_JOB = 4
LEVEL = 0.95
LEAST_SAMPLES = 16  # the bootstrap of fewer gives intervals of no width, or of far too little
Array = NDArray[np.float64]


STILL = 5e-5  # of a probability or a kilometre: below, no table shows it


@dataclass(frozen=True, slots=True)
class Swing:
    """The answers at the two ends of one parameter, by outcome."""

    parameter: Parameter
    base: float
    low: tuple[float, ...]
    high: tuple[float, ...]

    def moves(self, base: tuple[float, ...]) -> bool:
        """Say whether any outcome at either end differs from `base`, as things stand, by STILL or more."""
        ends = zip(self.low + self.high, base * 2, strict=True)
        return any(abs(value - as_is) >= STILL for value, as_is in ends)

    def width(self, base: tuple[float, ...], outcome: int = 0) -> float:
        """Return how far an outcome moves: both ends may lie on one side of `base`, as things stand."""
        reached = (self.low[outcome], base[outcome], self.high[outcome])
        return max(reached) - min(reached)


@dataclass(frozen=True, slots=True)
class Index:
    """Sobol's indices of one parameter for one outcome, with half widths of their 95 % intervals."""

    parameter_id: str
    outcome: str
    first: float
    first_half_width: float
    total: float
    total_half_width: float


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """The answers as the project stands, the swings, widest first, and Sobol's indices where asked for.

    `stretch_n` and `length_m` say how much of the line they are about, `purchase_n` how many purchases of a
    plan stand beside the project's own assets.
    """

    base: tuple[float, ...]
    swings: tuple[Swing, ...]
    indices: tuple[Index, ...] = ()
    sample_n: int = 0
    evaluation_n: int = 0
    stretch_n: int = 0
    length_m: float = 0.0
    purchase_n: int = 0

    @property
    def still(self) -> tuple[Swing, ...]:
        """The swings that move no outcome: what stands here does not hang on them."""
        return tuple(one for one in self.swings if not one.moves(self.base))


def sensitivity(
    project: Project,
    parameters: Sequence[Parameter],
    plan: Plan | None = None,
    *,
    stretch_ids: Sequence[int] = (),
    sample_n: int = 0,
    top_n: int = 6,
    compute: Compute,
) -> Sensitivity:
    """Return what the answer hangs on, for all stretches unless some are given.

    `sample_n` (a power of 2, at least LEAST_SAMPLES) base samples of Sobol's indices of the `top_n`
    parameters of the widest swing take `sample_n` x (`top_n` + 2) evaluations; 0 does without. Raises
    NoGoalReachable.
    """
    whole = with_plan(project, plan)
    stands = {one.parameter_id: base_value(project, one.parameter_id) for one in parameters}
    trials: list[Values] = [stands]
    for one in parameters:
        trials += [{**stands, one.parameter_id: one.low}, {**stands, one.parameter_id: one.high}]
    found = answers(whole, trials, len(trials), "one at a time", stretch_ids, compute)
    if np.isnan(found[0]).any():
        raise NoGoalReachable(NO_WAY)
    _check_ends(parameters, found)
    swings = [
        Swing(
            one, stands[one.parameter_id], tuple(found[2 * k + 1].tolist()), tuple(found[2 * k + 2].tolist())
        )
        for k, one in enumerate(parameters)
    ]
    base = tuple(found[0].tolist())
    swings.sort(key=lambda swing: (-swing.width(base), swing.parameter.parameter_id))
    stretches = project.line.stretches(project.settings.stretch_m)
    chosen = [stretches[k] for k in sorted(set(stretch_ids))] or stretches
    result = Sensitivity(
        base,
        tuple(swings),
        evaluation_n=len(trials),
        stretch_n=len(chosen),
        length_m=sum(one.to_m - one.from_m for one in chosen),
        purchase_n=len(plan.items) if plan else 0,
    )
    if sample_n == 0:
        return result
    top = [swing.parameter for swing in swings[:top_n]]
    points = saltelli(len(top), sample_n, project.settings.seed)
    drawn = [
        {**stands, **{one.parameter_id: one.at(u) for one, u in zip(top, point, strict=True)}}
        for point in points.tolist()
    ]
    y = answers(whole, drawn, len(top) + 2, "Sobol samples", stretch_ids, compute)
    if np.isnan(y).any():
        raise NoGoalReachable(NO_WAY)
    indices = [
        index
        for k, outcome in enumerate(OUTCOMES)
        for index in sobol_indices([one.parameter_id for one in top], y[:, k], outcome, project.settings.seed)
    ]
    return replace(result, indices=tuple(indices), sample_n=sample_n, evaluation_n=len(trials) + len(drawn))


def _check_ends(parameters: Sequence[Parameter], found: Array) -> None:
    faults = [
        Fault("parameters", "", k + 1, end, "a value at which the line can be crossed", f"{value:g}")
        for k, one in enumerate(parameters)
        for end, value, row in (("low", one.low, 2 * k + 1), ("high", one.high, 2 * k + 2))
        if np.isnan(found[row]).any()
    ]
    if faults:
        raise InputFaults(faults)


def answers(
    project: Project,
    trials: Sequence[Values],
    group_n: int,
    step: str,
    stretch_ids: Sequence[int],
    compute: Compute,
) -> Array:
    """Return the outcomes (trial, outcome); `group_n` trials share pieces of their first."""
    plans = chosen_sectors(project, stretch_ids)
    size = group_n * max(1, GROUPS_PER_JOB) if len(trials) > group_n else group_n
    blocks = [
        tuple(tuple(sorted(one.items())) for one in trials[k : k + size]) for k in range(0, len(trials), size)
    ]
    jobs = [TrialJob(project, plan, block, group_n) for block in blocks for plan in plans]
    same = content_key(fingerprint(project), project.assets)
    keys = [content_key("trials", same, job.plan, job.trials, group_n) for job in jobs]
    found = compute.run(step, run_trials, jobs, keys=keys)
    by_block = [np.concatenate(found[k : k + len(plans)], axis=1) for k in range(0, len(found), len(plans))]
    return _on_the_line(project, [k for plan in plans for k in plan.stretches], np.concatenate(by_block))


def _on_the_line(project: Project, stretch_ids: Sequence[int], found: Array) -> Array:
    """Return (trial, outcome) of (trial, stretch, outcome): means by length, and kilometres."""
    stretches = project.line.stretches(project.settings.stretch_m)
    length_m = np.array([stretches[k].to_m - stretches[k].from_m for k in stretch_ids])
    known = ~np.isnan(found[..., 0])
    weight = known * length_m
    total_m = weight.sum(axis=1)
    sums = (np.where(known[..., None], found, 0.0) * weight[..., None]).sum(axis=1)
    means = np.full(sums.shape, np.nan)
    np.divide(sums, total_m[:, None], out=means, where=total_m[:, None] > 0.0)
    means[:, 2] = sums[:, 2] / 1000.0
    return means


def saltelli(parameter_n: int, sample_n: int, seed: int) -> Array:
    """Return the points (sample_n (parameter_n + 2), parameter) of the unit cube at which to evaluate."""
    from SALib.sample import sobol

    points: Array = sobol.sample(
        _cube([str(k) for k in range(parameter_n)]), sample_n, calc_second_order=False, seed=seed
    )
    return points


def sobol_indices(names: Sequence[str], y: Array, outcome: str, seed: int) -> list[Index]:
    """Return the indices of an outcome (evaluation,) at points of `saltelli`; 0 where it never moves."""
    from SALib.analyze import sobol

    if float(np.ptp(y)) <= 1e-12 * max(1.0, float(np.abs(y).max())):
        return [Index(name, outcome, 0.0, 0.0, 0.0, 0.0) for name in names]
    found = sobol.analyze(_cube(names), y, calc_second_order=False, conf_level=LEVEL, seed=seed)
    columns = (found["S1"], found["S1_conf"], found["ST"], found["ST_conf"])
    return [Index(name, outcome, *(float(column[k]) for column in columns)) for k, name in enumerate(names)]


def _cube(names: Sequence[str]) -> dict[str, object]:
    return {"num_vars": len(names), "names": list(names), "bounds": [[0.0, 1.0]] * len(names)}
