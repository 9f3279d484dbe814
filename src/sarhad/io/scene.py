"""A sound project as its plausibility is judged: rows, places, relief, and what a rule measured of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sarhad.io.mosaic import Mosaic
from sarhad.io.tables import Place
from sarhad.model.asset import AtPoint, Site, Team
from sarhad.model.project import Project

F64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Scene:
    """A project without faults, the places its sections name, its relief, and its own types."""

    project: Project
    places: Mapping[str, Place]
    mosaics: tuple[Mosaic, ...]
    own_types: tuple[str, ...]


class Measured(NamedTuple):
    """`value` (row,) of a layer's rows in order, NaN where there is nothing to judge.

    `said` puts the value of one row in words; `by_row` is False where the section has no rows.
    """

    value: F64
    said: Callable[[int], str]
    by_row: bool = True


class Points(NamedTuple):
    """(row,) places of a layer, NaN for rows that stand at no point."""

    lon_deg: F64
    lat_deg: F64


def points_of(scene: Scene, section: str) -> Points:
    """Return where the rows of assets, sites or teams stand."""
    project = scene.project
    spots: Sequence[AtPoint | Site | Team | None] = {
        "assets": [one.place if isinstance(one.place, AtPoint) else None for one in project.entered],
        "sites": project.sites,
        "teams": project.teams,
    }[section]
    lon_lat = [(np.nan, np.nan) if one is None else (one.lon_deg, one.lat_deg) for one in spots]
    lon_deg, lat_deg = np.array(lon_lat, dtype=np.float64).reshape(-1, 2).T
    return Points(lon_deg, lat_deg)


def numbers_of(value: Sequence[float | None], unit: str = "") -> Measured:
    """Return numbers as they are, None for nothing."""
    number = np.array([np.nan if one is None else one for one in value], dtype=np.float64)
    return Measured(number, lambda k: f"{number[k]:.6g}{unit and ' ' + unit}")
