"""Where a record's place lies on the map: off the line of the project that holds the ledger.

The line is read when the first place is asked for. Places of parts that the line does not have, and beyond
its ends, lie nowhere; so do all places of a ledger that stands alone. A store notes the course of the line
that it was filled on: after a change it is built anew.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from sarhad.io.course import PROJECT_FILE, course_hash
from sarhad.model.line import Line, LinePart
from sarhad.model.record import OnLine

PROJECT = PROJECT_FILE


def locator_of(ledger: Path) -> Callable[[Sequence[OnLine]], list[Any]] | None:
    """Return what gives places as shapes (longitude, latitude in degrees); None for a ledger on its own."""
    project = Path(ledger).resolve().parent
    return _Located(project).shapes if (project / PROJECT).exists() else None


def course_of(ledger: Path) -> str | None:
    """Return what tells the course of the line of a ledger's project from others.

    Empty for a ledger on its own, None where the project cannot be read.
    """
    project = Path(ledger).resolve().parent
    return course_hash(project) if (project / PROJECT).exists() else ""


class _Located:
    """Places along the line of one project."""

    def __init__(self, project: Path) -> None:
        self._project = project

    @cached_property
    def _line(self) -> Line:
        from sarhad.io.project import read_project_line  # heavy, and most records have no place

        return read_project_line(self._project)

    def shapes(self, places: Sequence[OnLine]) -> list[Any]:
        """Return the point or the run of the line of each place, off to its side; None beyond the line."""
        found: list[Any] = [None] * len(places)
        for part in self._line.parts:
            here = [k for k, one in enumerate(places) if _on(part, one)]
            if here:
                for k, shape in zip(here, _shapes(self._line, part, [places[k] for k in here]), strict=True):
                    found[k] = shape
        return found


def _on(part: LinePart, place: OnLine) -> bool:
    return place.part_id == part.part_id and part.from_m <= place.from_m and place.to_m <= part.to_m


def _shapes(line: Line, part: LinePart, places: Sequence[OnLine]) -> list[Any]:
    """Return points, and runs with the line's own vertices between their ends, all worked out together."""
    import numpy as np
    import shapely

    from sarhad.io.placing import point_off_line

    from_m, to_m, offset_m = np.array([(one.from_m, one.to_m, one.offset_m) for one in places]).T
    single = from_m == to_m
    first = np.searchsorted(part.chainage_m, from_m, side="right")
    n_between = np.maximum(np.searchsorted(part.chainage_m, to_m, side="left") - first, 0)
    n_point = np.where(single, 1, n_between + 2)
    start = np.cumsum(n_point) - n_point
    rank = np.arange(n_point.sum()) - np.repeat(start, n_point)  # of a point in its run
    vertex = np.repeat(first, n_point) + rank - 1
    at_m = np.repeat(from_m, n_point)
    between = (rank > 0) & (rank <= np.repeat(n_between, n_point))
    at_m[between] = part.chainage_m[vertex[between]]
    at_m[(start + n_point - 1)[~single]] = to_m[~single]
    corners = np.stack(point_off_line(line, at_m, np.repeat(offset_m, n_point)), axis=-1)
    shapes = np.empty(len(places), dtype=object)
    shapes[single] = shapely.points(corners[start[single]])
    of_run = np.repeat(~single, n_point)
    run = np.repeat(np.cumsum(~single) - 1, n_point)[of_run]
    shapes[~single] = shapely.linestrings(corners[of_run], indices=run)
    return shapes.tolist()
