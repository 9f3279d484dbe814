"""What lies on the land beside the border: roads, openings in barriers, land cover.

Many lines and rings are kept as one array each: a country has 10^5 roads, and every process gets them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Courses:
    """Lines, rings and points of many features: run i is vertices ptr[i]:ptr[i + 1] of feature owner[i].

    `lon_lat_deg` (vertex, 2), `ptr` (run + 1,), `owner` (run,).
    """

    lon_lat_deg: NDArray[np.float64]
    ptr: NDArray[np.int64]
    owner: NDArray[np.int64]

    def __post_init__(self) -> None:
        if len(self.ptr) != len(self.owner) + 1 or self.ptr[0] != 0 or self.ptr[-1] != len(self.lon_lat_deg):
            raise ValueError("runs must cover the vertices, each with its owner")
        if np.any(np.diff(self.ptr) < 1):
            raise ValueError("a run needs a vertex")

    def some(self, runs: NDArray[np.bool_]) -> Courses:
        """Return the chosen runs (run,) alone."""
        count = np.diff(self.ptr)
        ptr = np.concatenate([[0], np.cumsum(count[runs])]).astype(np.int64)
        return Courses(self.lon_lat_deg[np.repeat(runs, count)], ptr, self.owner[runs])

    def meeting(self, west: float, south: float, east: float, north: float) -> Courses:
        """Return the runs whose bounding boxes meet a box of longitudes and latitudes."""
        if not len(self.owner):
            return self
        low = np.minimum.reduceat(self.lon_lat_deg, self.ptr[:-1])
        high = np.maximum.reduceat(self.lon_lat_deg, self.ptr[:-1])
        return self.some(np.all((low <= [east, north]) & (high >= [west, south]), axis=1))


@dataclass(frozen=True, slots=True, eq=False)
class Roads:
    """Roads that teams drive on: `speed_mps` (road,); `closed` by season (road,): shut then."""

    courses: Courses
    speed_mps: NDArray[np.float64]
    closed: Mapping[str, NDArray[np.bool_]]

    def __post_init__(self) -> None:
        if not np.all(self.speed_mps > 0):
            raise ValueError("a road's speed must be positive")


@dataclass(frozen=True, slots=True, eq=False)
class Opening:
    """A ford, bridge, ferry or gate: crossing a barrier there costs `delay_s` by season, inf = closed.

    It opens the barrier named by `barrier_id`, or every barrier within a cell of it where that is empty.
    """

    opening_id: str
    kind: str
    delay_s: Mapping[str, float]
    lon_lat_deg: tuple[NDArray[np.float64], ...]
    barrier_id: str = ""


@dataclass(frozen=True, slots=True)
class CoverClass:
    """What a kind of land cover does: shares of what could be seen on open ground, and factors on time."""

    cover_class: str
    person_leaf_on: float
    person_leaf_off: float
    vehicle_leaf_on: float
    vehicle_leaf_off: float
    friction_foot: float
    friction_vehicle: float

    def __post_init__(self) -> None:
        shares = (self.person_leaf_on, self.person_leaf_off, self.vehicle_leaf_on, self.vehicle_leaf_off)
        if not all(0 <= share <= 1 for share in shares):
            raise ValueError(f"land cover {self.cover_class}: shares must lie within 0 and 1")
        if not (self.friction_foot >= 1 and self.friction_vehicle >= 1):
            raise ValueError(f"land cover {self.cover_class}: friction must be at least 1")

    def visible_share(self, *, vehicle: bool, leaf_on: bool) -> float:
        """Return the factor on a detection rate over this cover."""
        if vehicle:
            return self.vehicle_leaf_on if leaf_on else self.vehicle_leaf_off
        return self.person_leaf_on if leaf_on else self.person_leaf_off

    def friction(self, *, vehicle: bool) -> float:
        """Return the factor on the time of a step over this cover."""
        return self.friction_vehicle if vehicle else self.friction_foot


@dataclass(frozen=True, slots=True, eq=False)
class LandCover:
    """Polygons of land cover as rings: `class_of` (feature,) numbers into `classes`; `leaf_off` seasons."""

    courses: Courses
    class_of: NDArray[np.int64]
    classes: tuple[CoverClass, ...]
    leaf_off: tuple[str, ...]
