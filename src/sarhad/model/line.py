"""The border line: directed parts with chainage, stretches, marks and ranges (after ISO 19148).

Chainage is metres along the geodesic from the start of the first part and runs on from part to part;
offset is metres from the line, positive to the home side.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

HomeSide = Literal["left", "right"]


@dataclass(frozen=True, slots=True, eq=False)
class LinePart:
    """One unbroken run of the line; `exclave` parts close on themselves.

    `lon_deg`, `lat_deg` and `chainage_m` are (vertex,) arrays; chainage increases strictly.
    """

    part_id: str
    lon_deg: NDArray[np.float64]
    lat_deg: NDArray[np.float64]
    chainage_m: NDArray[np.float64]
    exclave: bool = False

    def __post_init__(self) -> None:
        if not len(self.lon_deg) == len(self.lat_deg) == len(self.chainage_m) >= 2:
            raise ValueError(f"part {self.part_id}: needs at least two vertices, all with a chainage")
        if not np.all(np.diff(self.chainage_m) > 0):
            raise ValueError(f"part {self.part_id}: chainage must increase from vertex to vertex")

    @property
    def from_m(self) -> float:
        """Chainage of the first vertex."""
        return float(self.chainage_m[0])

    @property
    def to_m(self) -> float:
        """Chainage of the last vertex."""
        return float(self.chainage_m[-1])

    def at(self, chainage_m: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return (lon_deg, lat_deg) of points on the part; linear between vertices."""
        lon_deg = np.interp(chainage_m, self.chainage_m, self.lon_deg)
        return lon_deg, np.interp(chainage_m, self.chainage_m, self.lat_deg)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A piece of one part, the unit of every profile; `stretch_id` counts along the line from 0."""

    stretch_id: int
    part_id: str
    from_m: float
    to_m: float


@dataclass(frozen=True, slots=True)
class ChainageRange:
    """A named range on the line: a district opposite, a sector, a terrain type."""

    name: str
    from_m: float
    to_m: float


@dataclass(frozen=True, slots=True)
class Mark:
    """A named point on the line."""

    name: str
    chainage_m: float


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """A directed border line with its ruler: a length means nothing without source and vertex step.

    `calibration` is (measured_m, official_m) pairs, increasing; between them official chainage is linear.
    """

    line_id: str
    parts: tuple[LinePart, ...]
    home_side: HomeSide
    source: str
    vertex_step_m: float
    calibration: tuple[tuple[float, float], ...] = ()

    def __post_init__(self) -> None:
        if not self.parts:
            raise ValueError("a line needs at least one part")
        for before, after in pairwise(self.parts):
            if after.from_m < before.to_m:
                raise ValueError(f"part {after.part_id} starts before part {before.part_id} ends")

    @property
    def length_m(self) -> float:
        """Sum of the parts' lengths on the ellipsoid."""
        return sum(part.to_m - part.from_m for part in self.parts)

    def reverse_m(self, chainage_m: float) -> float:
        """Chainage counted from the other end of the line."""
        return self.parts[0].from_m + self.parts[-1].to_m - chainage_m

    def official_m(self, chainage_m: float) -> float:
        """Official chainage by the calibration; the measured one where there is none."""
        if not self.calibration:
            return chainage_m
        measured_m, official_m = np.array(self.calibration).T
        if len(measured_m) == 1:
            return float(chainage_m * official_m[0] / measured_m[0])
        k = int(np.clip(np.searchsorted(measured_m, chainage_m) - 1, 0, len(measured_m) - 2))
        share = (chainage_m - measured_m[k]) / (measured_m[k + 1] - measured_m[k])
        return float(official_m[k] + share * (official_m[k + 1] - official_m[k]))

    def stretches(self, length_m: float) -> tuple[Stretch, ...]:
        """Divide every part into equal stretches as near `length_m` as possible, never across parts."""
        if not length_m > 0:
            raise ValueError(f"stretch length must be positive, found {length_m}")
        found: list[Stretch] = []
        for part in self.parts:
            n = max(1, round((part.to_m - part.from_m) / length_m))
            ends_m = np.linspace(part.from_m, part.to_m, n + 1)
            for a_m, b_m in pairwise(ends_m.tolist()):
                found.append(Stretch(len(found), part.part_id, a_m, b_m))
        return tuple(found)
