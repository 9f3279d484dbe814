"""Cuts of the small project, for tests that need many runs: fewer kilometres, conditions and fields."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sarhad.model.asset import AtPoint, Site
from sarhad.model.line import Line, LinePart
from sarhad.model.project import Project


def cut_line(line: Line, to_m: float) -> Line:
    """Return the first `to_m` metres of the first part of a line."""
    part = line.parts[0]
    chainage_m = np.append(part.chainage_m[part.chainage_m < to_m], to_m)
    return replace(line, parts=(LinePart(part.part_id, *part.at(chainage_m), chainage_m),))


def tiny(
    project: Project,
    to_m: float = 12_000.0,
    conditions: tuple[str, ...] = ("summer_day", "winter_fog"),
    **settings: object,
) -> Project:
    """Return the first kilometres of a project under some of its conditions, with two fields and states."""
    chosen = [c for c in project.conditions if c.condition_id in conditions]
    total = sum(c.share for c in chosen)
    small = {"n_fields": 2, "n_states": 3, "depths_m": (3_000.0,), "processes": 1}
    return replace(
        project,
        line=cut_line(project.line, to_m),
        settings=replace(project.settings, **{**small, **settings}),
        conditions=tuple(replace(c, share=c.share / total) for c in chosen),
    )


def site_near(project: Project, site_id: str, chainage_m: float, north_deg: float = 0.01) -> Site:
    """Return a site a little north (on the home side) of the line at a chainage."""
    lon_deg, lat_deg = project.line.parts[0].at(np.array([chainage_m]))
    return Site(site_id, float(lon_deg[0]), float(lat_deg[0]) + north_deg)


def at(site: Site) -> AtPoint:
    """Return the place of a site."""
    return AtPoint(site.lon_deg, site.lat_deg)


class Shelf(dict[str, object]):
    """A store of finished pieces in memory, as a user with Ctrl-C: it stops the work after `n_more` pieces.

    `n_put` counts what was worked out, pieces that were there before among them.
    """

    def __init__(self, n_more: float = np.inf) -> None:
        super().__init__()
        self.n_more, self.n_put = n_more, 0

    def put(self, key: str, value: object) -> None:
        """Keep a finished piece."""
        self[key] = value
        self.n_put += 1
        self.n_more -= 1
        if self.n_more == 0:
            raise KeyboardInterrupt
