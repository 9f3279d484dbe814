"""Is P_t what it says? Crossings simulated event by event beside the exact values, stretch by stretch.

A crossing of a stretch draws its target (all alike), its condition (by share of the year) and its route (any
of the adversary's), then happens (`sarhad.kernels.simulation`). Where P_t is right, the number met in time is
binomial: of `n` crossings with probability P_t. Each stretch has the exact interval of Clopper and Pearson
(1934) around its frequency. All stretches together are judged by the randomised residuals of Dunn and Smyth
(1996): z = Phi^-1(F(x - 1) + v f(x)), v uniform, F and f the binomial's, are standard normal where P_t is
right, whatever P_t and n are. Two tests, on the sum and on the sum of squares:

    bias     2 Phi(-|sum z| / sqrt(K))        a P_t that is too large or too small on the whole
    spread   P(chi2_K > sum z^2)              a P_t that is off by turns

P_t fails where either has a p-value below `FAILS_BELOW`: a sound P_t does so once in a thousand validations.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr, bdtrc, betaincinv, chdtrc, ndtr, ndtri

from sarhad.errors import NoGoalReachable
from sarhad.io.cache import content_key
from sarhad.kernels.exposure import Routes
from sarhad.kernels.simulation import Race, Scene, crossings
from sarhad.model.asset import Asset
from sarhad.model.plan import Plan
from sarhad.model.project import Project
from sarhad.planning.compute import Compute
from sarhad.planning.crossing import Watch, aware_routes, optimal_through, watched, weakest_routes
from sarhad.planning.ground import Field, Ground, all_teams, lay_ground, response_time
from sarhad.planning.passage import unaware_routes
from sarhad.planning.profile import fingerprint
from sarhad.planning.sector import SectorPlan, sectors

FAILS_BELOW = 0.0005
LEVEL = 0.95
TINY = 1e-300


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """Crossings of some stretches: all arrays (stretch,); P_t and P_detect are NaN where nobody can cross."""

    stretch: NDArray[np.int64]
    n: NDArray[np.int64]
    n_detected: NDArray[np.int64]
    n_timely: NDArray[np.int64]
    p_detect: Field
    p_timely: Field
    kind: str


@dataclass(frozen=True, slots=True)
class Calibration:
    """How well frequencies agree with a probability over all stretches that can be crossed.

    `shows_from`: a mean that is off by so much fails in about one of two validations, one by more in more.
    """

    stretch_n: int
    crossing_n: int
    mean_p: float
    frequency: float
    inside_share: float
    p_bias: float
    p_spread: float
    shows_from: float

    @property
    def holds(self) -> bool:
        """Whether neither test fails."""
        return min(self.p_bias, self.p_spread) >= FAILS_BELOW


@dataclass(frozen=True, slots=True, eq=False)
class Validation:
    """What was simulated against one adversary, and how P_t and P_detect stand it.

    `purchase_n` says how many purchases of a plan stand beside the project's own assets.
    """

    adversary: str
    seed: int
    trial: Trial
    timely: Calibration
    detected: Calibration
    purchase_n: int = 0

    @property
    def holds(self) -> bool:
        """Whether both probabilities hold."""
        return self.timely.holds and self.detected.holds


@dataclass(frozen=True, slots=True, eq=False)
class _Job:
    project: Project
    plan: SectorPlan
    assets: tuple[Asset, ...]
    adversary: str
    crossing_n: int
    seed: int


def validate(
    project: Project,
    plan: Plan | None = None,
    *,
    adversary: str = "unaware",
    crossing_n: int = 1_000,
    stretch_ids: Sequence[int] = (),
    seed: int | None = None,
    compute: Compute,
) -> Validation:
    """Simulate `crossing_n` crossings of each stretch (of all unless some are given) and judge P_t by them.

    Raises NoGoalReachable where no stretch can be crossed.
    """
    assets = project.assets + (plan.assets if plan else ())
    seed = project.settings.seed if seed is None else seed
    jobs = [
        _Job(project, sector, assets, adversary, crossing_n, seed)
        for sector in chosen_sectors(project, stretch_ids)
    ]
    keys = [
        content_key("trial", fingerprint(project), assets, job.plan, adversary, crossing_n, seed)
        for job in jobs
    ]
    trials = compute.run("simulated crossings", simulate_sector, jobs, keys=keys)
    trial = _joined(trials)
    if not trial.n.any():
        raise NoGoalReachable("no target can reach a goal from the line in any season")
    return Validation(
        adversary,
        seed,
        trial,
        calibrated(trial.n_timely, trial.n, trial.p_timely, seed),
        calibrated(trial.n_detected, trial.n, trial.p_detect, seed),
        len(plan.items) if plan else 0,
    )


def chosen_sectors(project: Project, stretch_ids: Sequence[int] = ()) -> tuple[SectorPlan, ...]:
    """Return the sectors that own some stretches, with these alone; all of all where none is given."""
    if not stretch_ids:
        return sectors(project)
    wanted = set(stretch_ids)
    found = ((one, tuple(k for k in one.stretches if k in wanted)) for one in sectors(project))
    return tuple(replace(one, stretches=own) for one, own in found if own)


def simulate_sector(job: _Job) -> Trial:
    """Simulate the crossings of one sector."""
    project, stretches = job.project, np.array(job.plan.stretches, np.int64)
    ground = lay_ground(project, job.plan, 0)
    rngs = [np.random.default_rng([job.seed, k]) for k in job.plan.stretches]
    drawn = np.stack([_drawn(job, rng) for rng in rngs], axis=-1)
    target_of = {target.target_id: i for i, target in enumerate(project.targets)}
    condition_of = {condition.condition_id: i for i, condition in enumerate(project.conditions)}
    n = np.zeros((len(stretches), 3), np.int64)
    weights, sums = np.zeros(len(stretches)), np.zeros((2, len(stretches)))
    for (watches,) in watched(ground, job.assets, (project.settings.depth_m,)):
        passage = watches[0].passage
        scene = _scene(watches[0], _response_s(ground, job.assets, watches[0]))
        unaware = unaware_routes([passage])[0] if job.adversary in ("unaware", "optimal") else []
        for watch in watches:
            ways = ways_of(watch, job.adversary, unaware)
            case = drawn[target_of[passage.target.target_id], condition_of[watch.condition.condition_id]]
            own = scene._replace(seen_by=watch.view, lines=watch.lines, share=watch.share)
            for routes, n_route in zip(ways, case, strict=True):
                n += _crossed(watch, own, routes, n_route, rngs)
            p = np.mean([watch.timely(routes) for routes in ways], axis=0)
            known = ~np.isnan(p[0])
            weights += np.where(known, watch.condition.share, 0.0)
            sums += np.where(known, watch.condition.share * p, 0.0)
    mean = np.full((2, len(stretches)), np.nan)
    np.divide(sums, weights, out=mean, where=weights > 0.0)
    return Trial(stretches, n[:, 0], n[:, 1], n[:, 2], mean[1], mean[0], ground.kind)


def _joined(trials: Sequence[Trial]) -> Trial:
    return Trial(
        np.concatenate([one.stretch for one in trials]),
        np.concatenate([one.n for one in trials]),
        np.concatenate([one.n_detected for one in trials]),
        np.concatenate([one.n_timely for one in trials]),
        np.concatenate([one.p_detect for one in trials]),
        np.concatenate([one.p_timely for one in trials]),
        trials[0].kind,
    )


def _drawn(job: _Job, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return how many of a stretch's crossings are of each target, condition and route."""
    routes_n = job.project.settings.n_fields if job.adversary == "unaware" else 1
    share = np.array([condition.share for condition in job.project.conditions])
    shape = (len(job.project.targets), len(share), routes_n)
    p = np.broadcast_to((share / share.sum())[None, :, None], shape) / (shape[0] * routes_n)
    return rng.multinomial(job.crossing_n, p.ravel()).reshape(shape)


def ways_of(watch: Watch, adversary: str, unaware: list[Routes]) -> list[Routes]:
    """Return an adversary's sets of routes through the stretches, as in the profile."""
    if adversary == "unaware":
        return unaware
    fastest = watch.passage.fastest_routes()
    if adversary == "fastest":
        return [fastest]
    aware = aware_routes(watch)
    if adversary == "aware":
        return [aware]
    return [weakest_routes(watch, [optimal_through(watch).routes, *unaware, fastest, aware])]


def _response_s(ground: Ground, assets: tuple[Asset, ...], watch: Watch) -> Field:
    """Return the response (row, col) on the passage's window."""
    project, passage = ground.project, watch.passage
    _, window = ground.cut_to(ground.moving(passage.depth_m))
    return response_time(ground, all_teams(project, assets), passage.season)[window]


def _scene(watch: Watch, response_s: Field) -> Scene:
    passage = watch.passage
    sector = passage.ground.sector
    flat = (sector.offset_m, sector.chainage_m, passage.time_s, response_s)
    offset_m, chainage_m, time_s, team_s = (np.ascontiguousarray(one).ravel() for one in flat)
    step_s = np.ascontiguousarray(passage.step_s)
    return Scene(watch.view, watch.lines, watch.share, offset_m, chainage_m, step_s, time_s, team_s)


def _crossed(
    watch: Watch, scene: Scene, routes: Routes, n: NDArray[np.int64], rngs: Sequence[np.random.Generator]
) -> NDArray[np.int64]:
    """Return (stretch, 3): crossings on these routes, detected, met in time; none without a way."""
    settings = watch.passage.project.settings
    race = Race(settings.p_communication, settings.sd_fraction, settings.worth == "in_time")
    found = np.zeros((len(n), 3), np.int64)
    for k in np.flatnonzero((n > 0) & (np.diff(routes.ptr) > 0)).tolist():
        own = slice(int(routes.ptr[k]), int(routes.ptr[k + 1]))
        one = Routes(np.array([0, own.stop - own.start]), routes.cell[own], routes.step_s[own])
        found[k, 0] = n[k]
        found[k, 1:] = crossings(rngs[k], scene, one, n[k : k + 1], watch.condition.correlated, race)[0]
    return found


def calibrated(x: NDArray[np.int64], n: NDArray[np.int64], p: Field, seed: int) -> Calibration:
    """Return how well `x` successes of `n` (stretch,) agree with the probabilities `p`; n = 0 is left out."""
    some = n > 0
    x, n, p = x[some], n[some], np.clip(p[some], 0.0, 1.0)
    low, high = interval(x, n)
    below, upto = np.where(x > 0, bdtr(x - 1.0, n, p), 0.0), bdtr(x, n, p)
    above = np.where(x > 0, bdtrc(x - 1.0, n, p), 1.0)
    v = np.random.default_rng([seed, 1]).uniform(size=len(x))
    under = below + v * (upto - below)
    over = (above - v * (upto - below)).clip(TINY, 1.0)
    z = np.where(under < 0.5, ndtri(under.clip(TINY, 1.0)), -ndtri(over))
    return Calibration(
        stretch_n=len(x),
        crossing_n=int(n.sum()),
        mean_p=float((n * p).sum() / n.sum()),
        frequency=float(x.sum() / n.sum()),
        inside_share=float(((low <= p) & (p <= high)).mean()),
        p_bias=float(2.0 * ndtr(-abs(z.sum()) / np.sqrt(len(z)))),
        p_spread=float(chdtrc(len(z), (z**2).sum())),
        shows_from=float(-ndtri(FAILS_BELOW / 2.0) * np.sqrt((n * p * (1.0 - p)).sum()) / n.sum()),
    )


def interval(x: NDArray[np.int64], n: NDArray[np.int64]) -> tuple[Field, Field]:
    """Return the exact interval of Clopper and Pearson at `LEVEL` around each frequency x / n."""
    tail = (1.0 - LEVEL) / 2.0
    low = np.where(x > 0, betaincinv(np.maximum(x, 1), n - x + 1.0, tail), 0.0)
    high = np.where(x < n, betaincinv(x + 1.0, np.maximum(n - x, 1), 1.0 - tail), 1.0)
    return low, high
