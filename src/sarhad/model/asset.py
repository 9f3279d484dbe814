"""What stands, lies or flies somewhere: assets, candidate sites, response teams."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["planned", "delivered", "working", "degraded", "silent"]


@dataclass(frozen=True, slots=True)
class AtPoint:
    """A place on the ground where an asset stands, in degrees (WGS84)."""

    lon_deg: float
    lat_deg: float


@dataclass(frozen=True, slots=True)
class AlongLine:
    """A range of chainage at a fixed offset (positive home) where a ground-sensor line or a fence lies."""

    from_m: float
    to_m: float
    offset_m: float = 0.0


@dataclass(frozen=True, slots=True)
class OverBand:
    """The band along a range of chainage that an aircraft or a drone flies over."""

    from_m: float
    to_m: float


Place = AtPoint | AlongLine | OverBand


@dataclass(frozen=True, slots=True)
class Asset:
    """`n` identical items of one equipment type at one place.

    `mast_m` and `availability` None take the type's own. `azimuth_deg`, the middle of the sector, counts
    clockwise from grid north. Raises ValueError for values that are none.
    """

    asset_id: str
    equipment_id: str
    place: Place
    n: int = 1
    state: State = "working"
    mast_m: float | None = None
    azimuth_deg: float = 0.0
    sector_deg: float = 360.0
    availability: float | None = None

    def __post_init__(self) -> None:
        if self.n < 1:
            raise ValueError(f"asset {self.asset_id}: n must be at least 1, found {self.n}")
        if self.mast_m is not None and not self.mast_m >= 0:
            raise ValueError(f"asset {self.asset_id}: mast_m must not be negative, found {self.mast_m}")
        if not 0 < self.sector_deg <= 360:
            raise ValueError(f"asset {self.asset_id}: sector_deg must lie in 0..360")

    @property
    def in_service(self) -> bool:
        """Whether it watches today; one that is degraded does so for the share `availability`."""
        return self.state in ("working", "degraded")


@dataclass(frozen=True, slots=True)
class Site:
    """A candidate site for point equipment; `accepts` empty means any."""

    site_id: str
    lon_deg: float
    lat_deg: float
    accepts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Team:
    """A response team at a post: assess, turn out, drive where it can, then walk."""

    team_id: str
    lon_deg: float
    lat_deg: float
    assess_s: float = 60.0
    turnout_s: float = 300.0
    dismount_s: float = 60.0
    vehicle: bool = True

    def __post_init__(self) -> None:
        for name in ("assess_s", "turnout_s", "dismount_s"):
            if not getattr(self, name) >= 0:
                raise ValueError(f"team {self.team_id}: {name} must not be negative")
