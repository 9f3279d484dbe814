"""Candidate sites: ground that stands out over its surroundings, near the line and within reach of access.

Prominence is the topographic position index, height minus the mean height within a radius (Weiss 2001);
thinning keeps the most prominent first and drops what lies nearer than a spacing to a kept one, with the
spacing chosen so that a sector gets its share of the sites by length of line.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter
from scipy.spatial import cKDTree

from sarhad.io.cache import content_key
from sarhad.model.asset import Site
from sarhad.model.project import Project
from sarhad.planning.compute import Compute
from sarhad.planning.frame import lonlat_of_cells
from sarhad.planning.ground import Ground, Mask, all_teams, lay_ground, response_season, response_time
from sarhad.planning.profile import fingerprint
from sarhad.planning.sector import SectorPlan, sectors


def candidate_sites(project: Project, compute: Compute) -> tuple[Site, ...]:
    """Return the project's own sites, or those its rule finds, numbered along the line."""
    if project.sites:
        return project.sites
    plans = sectors(project)
    jobs = [(project, plan) for plan in plans]
    keys = [content_key("sites", fingerprint(project), project.candidates, plan) for plan in plans]
    places = np.concatenate(compute.run("candidate sites", _sector_sites, jobs, keys=keys))
    return tuple(
        Site(f"S{i + 1:04d}", lon_deg, lat_deg) for i, (lon_deg, lat_deg) in enumerate(places.tolist())
    )


def _sector_sites(job: tuple[Project, SectorPlan]) -> NDArray[np.float64]:
    """Return (site, 2) lon_deg, lat_deg of one sector's candidates, in order of chainage."""
    project, plan = job
    ground = lay_ground(project, plan, 0)
    from_m, to_m = plan.from_m, plan.to_m
    share = (to_m - from_m) / project.line.length_m
    n = max(1, round(project.candidates.n * share))
    allowed = _allowed(ground) & (ground.sector.chainage_m >= from_m) & (ground.sector.chainage_m < to_m)
    cell = np.flatnonzero(allowed)
    score_m = prominence_m(ground.dem_m, project.candidates.radius_m / project.settings.cell_m).ravel()[cell]
    kept = thin(np.column_stack(np.divmod(cell, ground.sector.grid.n_col)), score_m, n)
    chosen = cell[kept]
    chosen = chosen[np.argsort(ground.sector.chainage_m.ravel()[chosen], kind="stable")]
    return np.column_stack(lonlat_of_cells(ground.sector.grid, chosen))


def _allowed(ground: Ground) -> Mask:
    """Cells where something could be built: home, near the line, gentle enough, within access in a season."""
    rule, sector = ground.project.candidates, ground.sector
    gradient = np.hypot(*np.gradient(ground.dem_m.astype(np.float64), ground.project.settings.cell_m))
    near = sector.in_band & sector.home & (sector.offset_m <= rule.max_offset_m)
    allowed: Mask = near & (gradient <= rule.max_slope)
    teams = all_teams(ground.project, ground.project.assets)
    if teams:
        seasons = {response_season(ground.project, c.season) for c in ground.project.conditions}
        access_s = [response_time(ground, teams, season) for season in sorted(seasons)]
        allowed &= np.min(access_s, axis=0) <= rule.max_access_s
    return allowed


def prominence_m(dem_m: NDArray[np.float32], radius_cells: float) -> NDArray[np.float64]:
    """Return height over the mean of the surrounding square of 2 radius + 1 cells; -inf where unknown."""
    known = np.isfinite(dem_m)
    size = 2 * max(1, round(radius_cells)) + 1
    height_m = np.where(known, dem_m, 0.0).astype(np.float64)
    weight = uniform_filter(known.astype(np.float64), size, mode="constant")
    mean_m = uniform_filter(height_m, size, mode="constant") / np.maximum(weight, 1e-12)
    return np.where(known, height_m - mean_m, -np.inf)


def thin(place: NDArray[np.int64], score: NDArray[np.float64], n: int) -> NDArray[np.int64]:
    """Return indices of at most `n` places, the best first, spaced as widely as still yields `n`.

    `place` (m, 2) in cells; ties in score fall to the lower index.
    """
    if len(place) <= n:
        return np.arange(len(place))
    best = np.argsort(-score, kind="stable")
    low, high = 0.0, float(np.ptp(place, axis=0).max()) + 1.0
    kept = best[:n]
    for _ in range(12):
        spacing = 0.5 * (low + high)
        found = _spaced(place, best, spacing, n)
        if len(found) >= n:
            low, kept = spacing, found
        else:
            high = spacing
    return kept


def _spaced(place: NDArray[np.int64], best: NDArray[np.int64], spacing: float, n: int) -> NDArray[np.int64]:
    tree = cKDTree(place)
    free = np.ones(len(place), bool)
    kept: list[int] = []
    for i in best.tolist():
        if free[i]:
            kept.append(i)
            if len(kept) == n:
                break
            free[tree.query_ball_point(place[i], spacing)] = False
    return np.array(kept, np.int64)
