"""The ground of one sector: heights, how targets move on it, and how soon teams get where.

Movement is one array: `step_s` (8, row, col), the seconds of each of the eight steps out of each cell
(`sarhad.kernels.steps`). Targets move between the start line beyond the border and the deepest goal; teams
move on the home side of the band only.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sarhad.io.terrain import open_terrain
from sarhad.kernels.leastcost import two_mode_time
from sarhad.kernels.speed import speed_mps
from sarhad.kernels.steps import road_steps, step_time
from sarhad.model.asset import Asset, AtPoint, Team
from sarhad.model.project import Project
from sarhad.model.target import Target
from sarhad.planning.barriers import barrier_friction, team_friction
from sarhad.planning.frame import locate
from sarhad.planning.land import Land, is_vehicle, lay_land
from sarhad.planning.sector import Sector, SectorPlan, build_sector

Mask = NDArray[np.bool_]
Field = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """One sector with its heights; `kind` is the terrain's KIND and goes into every result."""

    project: Project
    sector: Sector
    dem_m: NDArray[np.float32]
    kind: str
    realisation: int = 0
    land: Land = field(default_factory=Land)

    def moving(self, depth_m: float) -> Mask:
        """Return the cells targets move in: from the start line to goals at a depth, and a little more."""
        settings, offset_m = self.project.settings, self.sector.offset_m
        slack_m = 2 * settings.cell_m
        if self.project.goals.kind == "layer":
            depth_m = settings.band_home_m  # goals lie where they lie, up to the edge of the band
        moving: Mask = self.sector.in_band & (offset_m >= -settings.start_beyond_m - slack_m)
        moving &= offset_m <= depth_m + slack_m
        return moving

    def cut_to(self, cells: Mask) -> tuple[Ground, tuple[slice, slice]]:
        """Return the ground on the smallest window around some cells, and that window's rows and columns."""
        rows, cols = np.flatnonzero(cells.any(axis=1)), np.flatnonzero(cells.any(axis=0))
        window = (slice(int(rows[0]), int(rows[-1]) + 1), slice(int(cols[0]), int(cols[-1]) + 1))
        sector, dem_m = self.sector.window(*window), self.dem_m[window]
        land = self.land.window(*window)
        return Ground(self.project, sector, dem_m, self.kind, self.realisation, land), window

    def heights_around(self, rows: slice, cols: slice) -> NDArray[np.float32]:
        """Return heights (row, col) of any cells, numbered from the window's first; NaN where unknown."""
        terrain = open_terrain(self.project.terrain, self.project.settings)
        n_row, n_col = rows.stop - rows.start, cols.stop - cols.start
        grid = self.sector.grid.window(rows.start, cols.start, n_row, n_col)
        return terrain.read(grid, self.realisation).height_m


def lay_ground(project: Project, plan: SectorPlan, realisation: int) -> Ground:
    """Read the heights of one sector in one terrain realisation.

    They must be known in the band; beyond it NaN is unknown ground, and nothing is seen across it.
    """
    sector = build_sector(project, plan)
    terrain = open_terrain(project.terrain, project.settings)
    dem_m = terrain.heights_m(sector.grid, realisation, needed=sector.in_band)
    return Ground(project, sector, dem_m, terrain.kind, realisation, lay_land(project, sector.grid))


def target_steps(ground: Ground, target: Target, season: str, depth_m: float) -> Field:
    """Return `step_s` (8, row, col) of a target in a season bound for a depth, rivers and cliffs included."""
    settings = ground.project.settings
    level_mps = float(speed_mps(target.speed, np.zeros(1))[0]) * target.speed_factor
    friction, barrier = barrier_friction(ground.project, ground.sector, season, level_speed_mps=level_mps)
    friction = _over_cover(friction, ground.land, vehicle=is_vehicle(target))
    return step_time(
        np.where(ground.moving(depth_m), ground.dem_m, np.float32(np.nan)),
        cell_m=settings.cell_m,
        speed=target.speed,
        speed_factor=target.speed_factor,
        max_slope=target.max_slope,
        friction=friction,
        barrier=barrier,
    )


def all_teams(project: Project, assets: Iterable[Asset]) -> tuple[Team, ...]:
    """Return the project's teams and those that come with posts among the assets; none where none is sent."""
    if project.settings.worth == "reported":
        return ()
    posted = [
        Team(f"team-{asset.asset_id}", asset.place.lon_deg, asset.place.lat_deg)
        for asset in assets
        if isinstance(asset.place, AtPoint)
        and project.equipment[asset.equipment_id].parameter.get("team_n", 0) >= 1
    ]
    return project.teams + tuple(posted)


def _over_cover(friction: Field, land: Land, *, vehicle: bool) -> Field:
    """Return friction (row, col) with that of the land cover: a barrier costs its delay over any cover."""
    cover = land.friction(vehicle=vehicle)
    return friction if cover is None else friction + (cover - 1.0)


def response_season(project: Project, season: str) -> str:
    """Return the season as far as responses differ by it: the first of all where they are always the same."""
    seasons = sorted({condition.season for condition in project.conditions})
    roads_close = project.roads is not None and any(shut.any() for shut in project.roads.closed.values())
    held = project.teams_held and any(not barrier.on_line for barrier in project.barriers)
    return season if roads_close or held or season not in seasons else seasons[0]


def team_steps(ground: Ground, season: str, within: Mask) -> tuple[Field, Field]:
    """Return `step_s` (8, row, col) of a team's vehicle, on roads and beside them, and of a team on foot."""
    settings, project = ground.project.settings, ground.project
    dem_m = np.where(within, ground.dem_m, np.float32(np.nan))
    level_mps = {False: float(speed_mps("tobler", np.zeros(1))[0]), True: settings.team_speed_mps}
    friction: dict[bool, Field] = {}
    closed: dict[bool, Mask] = {}
    for wheels, level in level_mps.items():
        own, closed[wheels] = team_friction(
            project, ground.sector, season, level_speed_mps=level, wheels=wheels
        )
        friction[wheels] = _over_cover(own, ground.land, vehicle=wheels)
    foot_s = step_time(
        dem_m,
        cell_m=settings.cell_m,
        speed="tobler",
        max_slope=1.2,
        friction=friction[False],
        barrier=closed[False],
    )
    drive_s = step_time(
        dem_m,
        cell_m=settings.cell_m,
        speed="vehicle",
        speed_factor=settings.team_speed_mps / float(speed_mps("vehicle", np.zeros(1))[0]),
        max_slope=settings.team_max_slope,
        friction=friction[True],
        barrier=closed[True],
    )
    if season in ground.land.road_mps:
        road_mps = np.where(np.isfinite(dem_m), ground.land.road_mps[season], 0.0)
        at_1_mps, _ = team_friction(project, ground.sector, season, level_speed_mps=1.0, wheels=True)
        drive_s = road_steps(
            drive_s, road_mps, cell_m=settings.cell_m, friction=at_1_mps, barrier=closed[True]
        )
    return drive_s, foot_s


def response_time(ground: Ground, teams: tuple[Team, ...], season: str) -> Field:
    """Return R (row, col) in a season: seconds until the first team can stand in a cell; inf where none can.

    Assessment, turn-out, driving on roads and where the ground is gentle, then walking; teams do not cross
    the line.
    """
    sector = ground.sector
    within = sector.in_band & sector.home
    response_s = np.full(sector.grid.shape, np.inf)
    if not teams:
        return response_s
    drive_s, foot_s = team_steps(ground, season, within)
    lon_deg, lat_deg = np.array([(t.lon_deg, t.lat_deg) for t in teams]).T
    row, col = locate(sector.grid, lon_deg, lat_deg)
    inside = (row >= 0) & (col >= 0) & (row < sector.grid.n_row) & (col < sector.grid.n_col)
    inside[inside] = within[row[inside], col[inside]]
    for vehicle in (True, False):
        for dismount_s in sorted({t.dismount_s for t in teams if t.vehicle == vehicle}):
            chosen = [
                i
                for i, t in enumerate(teams)
                if inside[i] and t.vehicle == vehicle and t.dismount_s == dismount_s
            ]
            if not chosen:
                continue
            seed_cell = row[chosen] * sector.grid.n_col + col[chosen]
            seed_s = np.array([teams[i].assess_s + teams[i].turnout_s for i in chosen])
            time_s = two_mode_time(
                drive_s if vehicle else np.full_like(drive_s, np.inf),
                foot_s,
                seed_cell.astype(np.int64),
                seed_s,
                dismount_s,
                within,
            )
            response_s = np.minimum(response_s, time_s)
    return response_s
