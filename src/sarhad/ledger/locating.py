"""Where a record's place lies on the map: off the line of the project that holds the ledger.

The line is read when the first place is asked for. Places of parts that the line does not have, and beyond
its ends, lie nowhere; so do all places of a ledger that stands alone. A store notes the course of the line
that it was filled on: after a change it is built anew.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, lru_cache
from pathlib import Path

from sarhad.io.course import PROJECT_FILE, course_hash
from sarhad.model.line import Line, LinePart
from sarhad.model.record import OnLine

PROJECT = PROJECT_FILE


def locator_of(ledger: Path) -> Callable[[OnLine], str | None] | None:
    """Return what gives a place as WKT (longitude, latitude in degrees); None for a ledger on its own."""
    project = Path(ledger).resolve().parent
    if not (project / PROJECT).exists():
        return None
    located: Callable[[OnLine], str | None] = lru_cache(maxsize=65_536)(_Located(project).wkt)
    return located


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

    def wkt(self, place: OnLine) -> str | None:
        part = next((one for one in self._line.parts if one.part_id == place.part_id), None)
        if part is None or place.from_m < part.from_m or place.to_m > part.to_m:
            return None
        return _wkt(self._line, part, place)


def _wkt(line: Line, part: LinePart, place: OnLine) -> str:
    """Return the point or the run of the line, its own vertices between the ends, off to its side."""
    from sarhad.io.placing import point_off_line

    inside = (part.chainage_m > place.from_m) & (part.chainage_m < place.to_m)
    at_m = [place.from_m, *part.chainage_m[inside].tolist(), place.to_m]
    if place.from_m == place.to_m:
        at_m = at_m[:1]
    lon_deg, lat_deg = point_off_line(line, at_m, place.offset_m)
    points = ", ".join(f"{x:.8f} {y:.8f}" for x, y in zip(lon_deg, lat_deg, strict=True))
    return f"LINESTRING ({points})" if len(at_m) > 1 else f"POINT ({points})"
