"""Nine kilometres of line eastwards on level ground, for cases worked by hand; places by row and column."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pyproj import Geod

from sarhad.model.asset import Team
from sarhad.model.condition import Condition
from sarhad.model.land import Courses, Roads
from sarhad.model.line import Line, LinePart
from sarhad.model.plan import Budget
from sarhad.model.project import Barrier, Candidates, Goals, Project, Settings, TerrainSource
from sarhad.planning.frame import unproject
from sarhad.planning.ground import Ground
from sarhad.planning.land import lay_land
from sarhad.planning.sector import Sector, build_sector, sectors

F64 = NDArray[np.float64]
CELL_M = 100.0


def flat_project(cell_m: float = CELL_M) -> Project:
    """A project on level ground with a band of 4 km on both sides, in summer and winter."""
    lon_deg, lat_deg = np.linspace(70.0, 70.1, 11), np.full(11, 37.0)
    steps_m = Geod(ellps="WGS84").line_lengths(lon_deg, lat_deg)
    part = LinePart("0", lon_deg, lat_deg, np.concatenate([[0.0], np.cumsum(steps_m)]))
    return Project(
        folder=Path(),
        title="flat",
        settings=Settings(cell_m=cell_m, band_home_m=4_000.0, band_beyond_m=4_000.0),
        line=Line("east", (part,), "left", "drawn", 900.0),
        terrain=TerrainSource((Path("none.tif"),), "synthetic", "none", "none"),
        marks=(),
        districts=(),
        assets=(),
        teams=(),
        sites=(),
        candidates=Candidates(),
        barriers=(),
        goals=Goals(),
        equipment={},
        offered=(),
        conditions=tuple(
            Condition(f"{season}_day", season, "day", "clear", 0.5, 20_000.0, 20_000.0)
            for season in ("summer", "winter")
        ),
        targets=(),
        budget=Budget(1.0),
    )


def sector_of(project: Project) -> Sector:
    """The one sector of a flat project."""
    (plan,) = sectors(project)
    return build_sector(project, plan)


def flat_ground(project: Project, dem_m: F64 | None = None) -> Ground:
    """The ground of a flat project with its roads and land cover, level unless heights are given."""
    sector = sector_of(project)
    heights_m = np.zeros(sector.grid.shape) if dem_m is None else dem_m
    return Ground(
        project, sector, heights_m.astype(np.float32), "synthetic", land=lay_land(project, sector.grid)
    )


def places(sector: Sector, *row_col: tuple[float, float]) -> F64:
    """Longitudes and latitudes (place, 2) of rows and columns, whole numbers at centres of cells."""
    row, col = np.array(row_col, dtype=np.float64).T
    return np.stack(unproject(sector.grid.crs, *sector.grid.centre_m(row, col)), axis=-1)


def roads(
    *courses: F64, speed_mps: tuple[float, ...], closed: dict[str, tuple[bool, ...]] | None = None
) -> Roads:
    """Roads, each one run of longitudes and latitudes (vertex, 2)."""
    ptr = np.concatenate([[0], np.cumsum([len(course) for course in courses])]).astype(np.int64)
    shut = {season: np.array(flags) for season, flags in (closed or {}).items()}
    return Roads(Courses(np.concatenate(courses), ptr, np.arange(len(courses))), np.array(speed_mps), shut)


def team_at(sector: Sector, row: int, col: int, **changes: object) -> Team:
    """A team on a cell that needs no time to assess, turn out or dismount."""
    (lon_deg, lat_deg) = places(sector, (row, col))[0]
    own = {"assess_s": 0.0, "turnout_s": 0.0, "dismount_s": 0.0, **changes}
    return Team("team", float(lon_deg), float(lat_deg), **own)  # type: ignore[arg-type]


def river(course: F64, summer_s: float = np.inf, winter_s: float = 0.0, barrier_id: str = "river") -> Barrier:
    """A river along one course."""
    return Barrier(barrier_id, "river", {"summer": summer_s, "winter": winter_s}, (course,))
