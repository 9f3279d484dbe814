"""A whole project as one value: what `sarhad.open_project` returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sarhad.model.asset import Asset, Site, Team
from sarhad.model.condition import Condition
from sarhad.model.equipment import EquipmentType
from sarhad.model.land import LandCover, Opening, Roads
from sarhad.model.line import ChainageRange, Line, Mark
from sarhad.model.plan import Budget
from sarhad.model.target import Target


@dataclass(frozen=True, slots=True)
class Settings:
    """The numbers of a computation; `data/settings.csv` gives unit, range, default and source of each."""

    crs: str = "auto"
    cell_m: float = 90.0
    band_home_m: float = 15_000.0
    band_beyond_m: float = 10_000.0
    stretch_m: float = 2_000.0
    sector_m: float = 50_000.0
    sector_margin_m: float = 10_000.0
    start_beyond_m: float = 3_000.0
    depths_m: tuple[float, ...] = (1_000.0, 3_000.0, 10_000.0)
    depth_m: float = 3_000.0
    n_fields: int = 30
    field_sigma: float = 0.6
    field_correlation_m: float = 1_500.0
    n_states: int = 8
    n_realisations: int = 3
    detail_scale: float = 0.35
    seed: int = 1
    p_communication: float = 0.95
    worth: Literal["in_time", "reported"] = "in_time"
    sd_fraction: float = 0.30
    kappa_s: float = 1_800.0
    unseen_rate_per_s: float = 1.0 / 600.0
    curvature: float = 0.85714
    window_m: float = 10_000.0
    team_speed_mps: float = 5.56
    team_max_slope: float = 0.176
    processes: int = 0


@dataclass(frozen=True, slots=True)
class TerrainSource:
    """Where heights come from: `kind` real, refined, synthetic or user travels into every result.

    `paths` are the rasters; where they overlap, finer cells count first and then what is named first.
    """

    paths: tuple[Path, ...]
    kind: Literal["real", "refined", "synthetic", "user"]
    vertical_datum: str
    source: str
    voids: Literal["refuse", "fill"] = "refuse"


@dataclass(frozen=True, slots=True, eq=False)
class Barrier:
    """Something that slows or stops movement: `delay_s` per season is what crossing it costs, inf = closed.

    `lon_lat_deg` is a tuple of (vertex, 2) polylines; `on_line` barriers follow the border line itself
    between the given chainages (`from_m`, `to_m`) and carry no vertices.
    """

    barrier_id: str
    kind: str
    delay_s: Mapping[str, float]
    lon_lat_deg: tuple[NDArray[np.float64], ...] = ()
    on_line: bool = False
    from_m: float = 0.0
    to_m: float = float("inf")


@dataclass(frozen=True, slots=True, eq=False)
class Goals:
    """Where crossers want to get: depth lines, or the given places on the home side within the band."""

    kind: Literal["depth", "layer"] = "depth"
    lon_lat_deg: tuple[NDArray[np.float64], ...] = ()


@dataclass(frozen=True, slots=True)
class Candidates:
    """Rule by which candidate sites are found on the terrain where the project gives none.

    A site lies at most `max_offset_m` from the line on the home side, on ground no steeper than `max_slope`,
    within `max_access_s` of travel from a post; it stands out over its surroundings of `radius_m`.
    """

    n: int = 1_600
    max_offset_m: float = 5_000.0
    max_slope: float = 0.6
    max_access_s: float = 21_600.0
    radius_m: float = 600.0


@dataclass(frozen=True, slots=True)
class Taken:
    """A setting whose value was worked out from claims, and what it rests on.

    `value` is as written: a number in `unit`, or the SHA-256 of a table. `source` says what was asked; the
    others are ids of resolutions and of what else it rests on: claims, incidents, districts.
    """

    setting: str
    value: str
    unit: str
    source: str
    resolutions: tuple[str, ...] = ()
    rests_on: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Project:
    """Everything a computation needs, read and checked; `hashes` are SHA-256 of the input files.

    `assets` are those in service today, among all that were `entered`; `teams_held` says that
    barriers beside the line hold teams too; `sources` says by section where a layer comes from.
    """

    folder: Path
    title: str
    settings: Settings
    line: Line
    terrain: TerrainSource
    marks: tuple[Mark, ...]
    districts: tuple[ChainageRange, ...]
    assets: tuple[Asset, ...]
    teams: tuple[Team, ...]
    sites: tuple[Site, ...]
    candidates: Candidates
    barriers: tuple[Barrier, ...]
    goals: Goals
    equipment: Mapping[str, EquipmentType]
    offered: tuple[str, ...]
    conditions: tuple[Condition, ...]
    targets: tuple[Target, ...]
    budget: Budget
    weights: tuple[ChainageRange, ...] = ()
    weight_of: Mapping[str, float] = field(default_factory=dict)
    hashes: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    taken: tuple[Taken, ...] = ()
    roads: Roads | None = None
    openings: tuple[Opening, ...] = ()
    land_cover: LandCover | None = None
    teams_held: bool = False
    sources: Mapping[str, str] = field(default_factory=dict)
    entered: tuple[Asset, ...] = ()
