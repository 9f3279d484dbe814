"""One way of moving through one sector: a target in a season bound for goals at one depth.

Everything that does not depend on the assets' rates: the movement graph, the fastest way to a goal from
everywhere, the worth w of a first detection, and the routes of those who do not look at sensors.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sarhad.kernels.exposure import Routes
from sarhad.kernels.interception import timeliness
from sarhad.kernels.leastcost import LeastCost, least_cost
from sarhad.kernels.sampling import friction_field
from sarhad.kernels.steps import perturbed_steps
from sarhad.kernels.trace import join_at_line, through_routes
from sarhad.kernels.worstcase import Band
from sarhad.model.project import Project, Settings
from sarhad.model.target import Target
from sarhad.planning.ground import Field, Ground, Mask
from sarhad.planning.sector import goal_cells


@dataclass(frozen=True, slots=True, eq=False)
class Passage:
    """How one target passes one sector in one season towards goals at `depth_m`.

    `step_s` (8, row, col); `time_s` T and `w` (row, col); masks (row, col): `inner` home cells up to the
    goals, `outer` cells up to the start line, `goal` and `start` cells.
    """

    ground: Ground
    target: Target
    season: str
    depth_m: float
    step_s: Field
    time_s: Field
    w: Field
    inner: Mask
    outer: Mask
    goal: Mask
    start: Mask

    @property
    def project(self) -> Project:
        """The project that the ground belongs to."""
        return self.ground.project

    @property
    def stretches(self) -> NDArray[np.int64]:
        """Ids of the stretches that the sector owns."""
        return self.ground.sector.owned

    def routes(self, step_cost: Field, beyond: LeastCost | None = None) -> Routes:
        """Return the cheapest route through each owned stretch, timed by `step_s`; empty where there is none.

        A route runs over outer cells from the start line, makes one step onto a line cell of the stretch and
        stays on home cells to its goal. `beyond` is the outer part where it is known already.
        """
        sector = self.ground.sector
        beyond = self.beyond(step_cost) if beyond is None else beyond
        home = least_cost(step_cost, *_seeds(self.goal), towards=True, within=self.inner)
        joins = join_at_line(
            step_cost, beyond.cost, home.cost, sector.stretch, self.stretches, sector.offset_m
        )
        return through_routes(joins, beyond.link, home.link, self.step_s)

    def beyond(self, step_cost: Field) -> LeastCost:
        """Return least costs from the start line to every outer cell."""
        return least_cost(step_cost, *_seeds(self.start), towards=False, within=self.outer)

    def fastest_routes(self) -> Routes:
        """Return the least-time route through each owned stretch."""
        return self.routes(self.step_s)

    @property
    def band(self) -> Band:
        """The passage as the search for the optimal adversary wants it."""
        sector = self.ground.sector
        return Band(self.step_s, self.w, sector.offset_m, sector.chainage_m, self.goal)


def unaware_routes(passages: Sequence[Passage]) -> list[list[Routes]]:
    """Return, for passages that differ in depth only, the deepest last, their routes in each perturbed field.

    The crosser knows the ground, roughly, and not the sensors.
    """
    first = passages[0]
    settings, grid = first.project.settings, first.ground.sector.grid
    found: list[list[Routes]] = [[] for _ in passages]
    for field in range(settings.n_fields):
        friction = friction_field(
            grid.left_m,
            grid.top_m,
            grid.cell_m,
            grid.n_row,
            grid.n_col,
            sigma=settings.field_sigma,
            correlation_m=settings.field_correlation_m,
            seed=settings.seed,
            field=field,
        )
        step_cost = perturbed_steps(passages[-1].step_s, friction)
        beyond = first.beyond(step_cost)
        for routes, passage in zip(found, passages, strict=True):
            routes.append(passage.routes(step_cost, beyond))
    return found


def _seeds(mask: Mask) -> tuple[NDArray[np.int64], Field]:
    cell = np.flatnonzero(mask)
    return cell, np.zeros(len(cell))


def _worth(fastest: LeastCost, response_s: Field, settings: Settings) -> Field:
    """Return w (row, col): where nobody is sent, every detection short of the goal is worth its report."""
    if settings.worth == "reported":
        return np.where(fastest.link >= 0, settings.p_communication, 0.0)
    return timeliness(
        fastest.cost,
        fastest.link,
        response_s,
        p_communication=settings.p_communication,
        sd_fraction=settings.sd_fraction,
    )


def lay_passage(
    ground: Ground, target: Target, season: str, depth_m: float, step_s: Field, response_s: Field
) -> Passage:
    """Work out the ways and the worth of detection towards goals at one depth.

    After a detection the crosser runs for the nearest goal by the fastest way, on either side of the line.
    Ground deeper than the goals plays no part: its steps are closed.
    """
    settings, sector = ground.project.settings, ground.sector
    near = ground.moving(depth_m)
    goal = goal_cells(ground.project, sector, depth_m) & near
    start = near & sector.outer & (sector.offset_m <= -settings.start_beyond_m)
    step_s = np.where(near, step_s, np.inf)
    fastest = least_cost(step_s, *_seeds(goal), towards=True, within=near)
    w = _worth(fastest, response_s, settings)
    inner, outer = near & sector.home, near & sector.outer
    return Passage(ground, target, season, depth_m, step_s, fastest.cost, w, inner, outer, goal, start)
