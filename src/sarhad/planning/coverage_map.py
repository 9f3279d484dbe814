"""Coverage as a map: how likely someone who stays ten minutes in a cell is detected, per condition.

p = 1 - prod_a [1 - f_a (1 - exp(-600 s x rate_a))]      in a correlated condition the best asset alone
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sarhad.io.cache import content_key
from sarhad.kernels.exposure import View
from sarhad.model.asset import Asset
from sarhad.model.grid import Grid
from sarhad.model.plan import Plan
from sarhad.model.project import Project
from sarhad.planning.compute import Compute
from sarhad.planning.coverage import view_of
from sarhad.planning.frame import frame_of
from sarhad.planning.ground import lay_ground
from sarhad.planning.profile import fingerprint
from sarhad.planning.sector import SectorPlan, sectors
from sarhad.planning.sighting import sight
from sarhad.planning.units import units_in, working_share

STAY_S = 600.0
NO_DATA = 255


@dataclass(frozen=True, slots=True, eq=False)
class CoverageMap:
    """Probability that someone who stays ten minutes in a cell is detected, for one target and condition.

    `percent` (row, col) uint8 on `grid`, 255 outside the band; `kind` is the terrain's KIND.
    """

    target_id: str
    condition_id: str
    grid: Grid
    percent: NDArray[np.uint8]
    kind: str


@dataclass(frozen=True, slots=True, eq=False)
class CoverageJob:
    """One sector and the assets that watch it."""

    project: Project
    plan: SectorPlan
    assets: tuple[Asset, ...]


def coverage(
    project: Project, plan: Plan | None = None, *, compute: Compute | None = None
) -> Iterator[CoverageMap]:
    """Yield the coverage of the project's first target under every condition."""
    if compute is None:
        with Compute(project.settings.processes) as own:
            yield from coverage(project, plan, compute=own)
            return
    assets = project.assets + (plan.assets if plan else ())
    plans = sectors(project)
    jobs = [CoverageJob(project, sector_plan, assets) for sector_plan in plans]
    keys = [content_key("coverage", fingerprint(project), assets, one) for one in plans]
    found = compute.run("coverage", sector_coverage, jobs, keys=keys)
    grid = frame_of(project).grid
    for k, condition in enumerate(project.conditions):
        percent = np.full(grid.shape, NO_DATA, np.uint8)
        for sector_plan, (cell, values, _) in zip(plans, found, strict=True):
            row, col = np.divmod(cell, sector_plan.grid.n_col)
            percent[row + sector_plan.row, col + sector_plan.col] = values[k]
        target_id, kind = project.targets[0].target_id, found[0][2]
        yield CoverageMap(target_id, condition.condition_id, grid, percent, kind)


def sector_coverage(job: CoverageJob) -> tuple[NDArray[np.int64], NDArray[np.uint8], str]:
    """Return band cells (cell,) nearest to the own line, per cent (condition, cell), and the KIND."""
    ground = lay_ground(job.project, job.plan, 0)
    sector, target = ground.sector, job.project.targets[0]
    units = units_in(ground, job.assets)
    sighting = sight(ground, units, target.height_m, sector.in_band)
    own = (sector.chainage_m >= job.plan.from_m) & (sector.chainage_m <= job.plan.to_m)
    cell = np.flatnonzero(sector.in_band & own)
    percent = [
        np.rint(
            100.0
            * detected(
                view_of(ground, units, sighting, target, condition),
                working_share(units, condition),
                correlated=condition.correlated,
            )[cell]
        )
        for condition in job.project.conditions
    ]
    return cell, np.array(percent).astype(np.uint8), ground.kind


def detected(view: View, share: NDArray[np.float64], *, correlated: bool) -> NDArray[np.float64]:
    """Return the probability (cell,) of detection within STAY_S."""
    n_cell = len(view.ptr) - 1
    cell = np.repeat(np.arange(n_cell), np.diff(view.ptr))
    p_unit = share[view.asset] * -np.expm1(-view.rate_per_s * STAY_S)
    if correlated:
        best = np.zeros(n_cell)
        np.maximum.at(best, cell, p_unit)
        return best
    log_miss = np.bincount(cell, np.log1p(-np.minimum(p_unit, 1.0 - 1e-15)), minlength=n_cell)
    return np.asarray(-np.expm1(log_miss))
