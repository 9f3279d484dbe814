"""Where labels go: the first place of a list that covers nothing already there.

Greedy placement in a stated order (Imhof 1975, "Positioning names on maps"): what matters most is placed
first, and what finds no free place is left out and counted, never drawn over something else.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression

from sarhad.interfaces.report.ribbon import PageLine
from sarhad.interfaces.report.sheet import Box

F64 = NDArray[np.float64]


class Placed(NamedTuple):
    """A label's rectangle and the leader (2, 2) from what it names to its edge."""

    box: Box
    leader: F64


def spread(at_mm: F64, apart_mm: float) -> F64:
    """Return places (badge,) moved as little as possible, in squares, to stand `apart_mm` or more apart.

    Places must rise. Least squares under x[i + 1] >= x[i] + apart is an isotonic regression of x[i] - i apart
    (Barlow et al. 1972, *Statistical Inference under Order Restrictions*).
    """
    steps_mm = apart_mm * np.arange(len(at_mm))
    return np.asarray(isotonic_regression(at_mm - steps_mm).x + steps_mm, dtype=np.float64)


@dataclass(slots=True)
class Taken:
    """What may not be covered: shapes that no label may touch, and the labels so far, within a frame."""

    frame: Box
    shapes: list[shapely.Geometry] = field(default_factory=list)
    labels: list[shapely.Geometry] = field(default_factory=list)
    leaders: list[shapely.Geometry] = field(default_factory=list)

    def add_boxes(self, boxes: Iterable[Box]) -> None:
        """Keep rectangles free."""
        self.shapes += [_box(box) for box in boxes]

    def is_free(self, box: Box, leader: F64) -> bool:
        """Say whether a label fits: inside the frame, on nothing, its leader across no other label."""
        frame = self.frame
        if (
            box.left < frame.left
            or box.right > frame.right
            or box.bottom < frame.bottom
            or box.top > frame.top
        ):
            return False
        area, way = _box(box), shapely.LineString(leader)
        kept = np.array([*self.shapes, *self.labels, *self.leaders], dtype=object)
        if np.any(shapely.intersects(kept, area)):
            return False
        if np.any(shapely.intersects(np.array(self.labels, dtype=object), way)):
            return False
        return not np.any(shapely.crosses(np.array(self.leaders, dtype=object), way))

    def place(self, size: tuple[float, float], ways: Iterable[tuple[F64, F64]]) -> Placed | None:
        """Put a label of a size at the first free place; a way is (what it names, where it would stand)."""
        for anchor, beside in ways:
            course = beside - anchor
            norm = float(np.hypot(*course))
            ahead = course / norm if norm > 0 else np.array([0.0, 1.0])
            half = np.array(size) / 2
            middle = beside + ahead * float(abs(ahead[0]) * half[0] + abs(ahead[1]) * half[1])
            box = Box(float(middle[0] - half[0]), float(middle[1] - half[1]), size[0], size[1])
            end = np.clip(anchor, [box.left, box.bottom], [box.right, box.top])
            leader = np.stack([anchor, end])
            if self.is_free(box, leader):
                self.labels.append(_box(box))
                self.leaders.append(shapely.LineString(leader))
                return Placed(box, leader)
        return None


def ways_across(
    line: PageLine,
    range_m: tuple[float, float],
    *,
    home: bool,
    from_mm: float,
    distances_mm: Sequence[float],
    shifts: Sequence[float] = (0.0, -0.15, 0.15, -0.3, 0.3),
) -> list[tuple[F64, F64]]:
    """Return ways across the line from a range of chainage, nearest first; leaders begin at `from_mm`."""
    found: list[tuple[float, F64, F64]] = []
    middle_m, length_m = sum(range_m) / 2, range_m[1] - range_m[0]
    for shift in shifts:
        at_m = middle_m + shift * length_m
        base = line.at(at_m)
        outward = line.to_home(at_m) if home else -line.to_home(at_m)
        for turn_deg in (0.0, -25.0, 25.0, -50.0, 50.0):
            turn = np.radians(turn_deg)
            ahead = np.array(
                [
                    outward[0] * np.cos(turn) - outward[1] * np.sin(turn),
                    outward[0] * np.sin(turn) + outward[1] * np.cos(turn),
                ]
            )
            for distance_mm in distances_mm:
                cost = distance_mm + 8.0 * abs(shift) + abs(turn_deg) / 12.0
                found.append((cost, base + from_mm * ahead, base + distance_mm * ahead))
    found.sort(key=lambda way: way[0])
    return [(anchor, beside) for _, anchor, beside in found]


def ways_around(anchor: F64, distances_mm: Sequence[float], first: F64) -> list[tuple[F64, F64]]:
    """Return ways in sixteen directions around a point, beginning with one and turning away from it."""
    start = float(np.arctan2(first[1], first[0]))
    turns = sorted(np.linspace(-np.pi, np.pi, 16, endpoint=False), key=abs)
    found = []
    for distance_mm in distances_mm:
        for turn in turns:
            ahead = np.array([np.cos(start + turn), np.sin(start + turn)])
            found.append((anchor, anchor + distance_mm * ahead))
    return found


def _box(box: Box) -> shapely.Geometry:
    return shapely.box(box.left, box.bottom, box.right, box.top)
