"""What is placed on the line: assets, teams, sites, barriers, goals, and named ranges and points.

Each reader takes a layer as read and returns what is sound in it; faults are appended. Points are given as
geometry or as `lon_deg`, `lat_deg`; ranges as chainage in metres (`from_m`, `to_m`) or, in tables of
districts, weights and marks, in kilometres.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import cast

import numpy as np
from numpy.typing import NDArray

from sarhad.errors import Fault
from sarhad.io.line import place_on_line
from sarhad.io.schemas import (
    ASSETS,
    BARRIERS,
    DELAY_PREFIX,
    GOALS,
    MARKS,
    RANGES,
    SITES,
    TEAMS,
    WEIGHTS,
    with_delays,
)
from sarhad.io.tables import Place, Row, Schema, check_rows, nearest
from sarhad.io.vector import Layer, polylines
from sarhad.model.asset import AlongLine, Asset, AtPoint, OverBand, Site, State, Team
from sarhad.model.asset import Place as AssetPlace
from sarhad.model.equipment import EquipmentType
from sarhad.model.line import ChainageRange, Line, Mark
from sarhad.model.project import Barrier, Goals, Settings

F64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Band:
    """Where things may lie: the line (None where it could not be read: nothing is checked) and its band."""

    line: Line | None
    settings: Settings
    equipment: Mapping[str, EquipmentType] = field(default_factory=dict)
    seasons: tuple[str, ...] = ()

    @property
    def end_m(self) -> float:
        """Chainage of the end of the line; inf where there is none."""
        return self.line.parts[-1].to_m if self.line else math.inf

    def check_points(
        self, points: Sequence[Row], place: Place, faults: list[Fault], *, home_only: bool = False
    ) -> None:
        """Append a fault for every point that lies outside the band, by its offset from the line.

        `points` are rows with `lon_deg` and `lat_deg`; `home_only` refuses the far side.
        """
        if not points:
            return
        lon_deg = np.array([row.number_at("lon_deg") for row in points])
        lat_deg = np.array([row.number_at("lat_deg") for row in points])
        for row, fault in zip(points, self.point_faults(lon_deg, lat_deg, home_only=home_only), strict=True):
            if fault is not None:
                faults.append(place.fault(*fault, column="geometry", row=row.number))

    def point_faults(
        self, lon_deg: F64, lat_deg: F64, *, home_only: bool = False, slack_m: float = 0.0
    ) -> list[tuple[str, str] | None]:
        """Return, point by point, what is expected and found where one lies off the band; None if sound."""
        if self.line is None or not len(lon_deg):
            return [None] * len(lon_deg)
        low_m = 0.0 if home_only else -self.settings.band_beyond_m
        high_m = self.settings.band_home_m
        expected = f"a place within {low_m:.0f} to {high_m:.0f} m of the line (positive: home side)"
        faults: list[tuple[str, str] | None] = []
        on_line = place_on_line(self.line, lon_deg, lat_deg)
        for at_m, off_m in zip(*(one.tolist() for one in on_line), strict=True):
            found = f"an offset of {off_m:.0f} m at km {at_m / 1e3:.1f}"
            is_off = not low_m - slack_m <= off_m <= high_m + slack_m
            faults.append((expected, found) if is_off else None)
        return faults

    def range_fault(self, from_m: float, to_m: float) -> tuple[str, str] | None:
        """Return what is expected and found where a range runs backwards or off the line; None if sound."""
        if to_m > self.end_m:
            expected = f"a chainage of at most {self.end_m:.0f} m, the end of the line"
            return expected, f"{to_m:.0f} m"
        if not from_m < to_m:
            expected = f"a chainage above the start of the range, {from_m:.0f} m"
            return expected, f"{to_m:.0f} m"
        return None


def layer_rows(layer: Layer, schema: Schema, faults: list[Fault]) -> list[Row]:
    """Return the rows of a layer, checked against a schema."""
    return check_rows(layer.header, layer.rows, schema, layer.place, faults, from_text=layer.from_text)


def _with_point(layer: Layer, rows: Iterable[Row], faults: list[Fault]) -> list[Row]:
    """Return the rows that have a point; append a fault for each that has none."""
    good: list[Row] = []
    for row in rows:
        if row.has("lon_deg") and row.has("lat_deg"):
            good.append(row)
            continue
        raw, shape = layer.rows[row.number - 1], layer.geometry[row.number - 1]
        written = [raw.get(name) not in {None, ""} for name in ("lon_deg", "lat_deg")]
        if shape is None and all(written):
            continue  # the cells' own faults say it
        found = "nothing" if shape is None else f"a {shape.geom_type}"
        expected = "a point: geometry, or lon_deg and lat_deg"
        faults.append(layer.place.fault(expected, found, column="geometry", row=row.number))
    return good


def _unknown_equipment(
    words: Iterable[str], column: str, row: Row, layer: Layer, band: Band
) -> Iterator[Fault]:
    for word in words:
        if word not in band.equipment:
            found = f'"{word}"{nearest(word, band.equipment)}'
            yield layer.place.fault("a known equipment_id", found, column=column, row=row.number)


def read_assets(layer: Layer, band: Band, faults: list[Fault]) -> tuple[Asset, ...]:
    """Return the assets of a layer: points by geometry, lines and areas by chainage, as their type asks."""
    rows = layer_rows(layer, ASSETS, faults)
    assets: list[Asset] = []
    points: list[Row] = []
    for row in rows:
        if not row.has("equipment_id"):
            continue
        equipment_id = row.text("equipment_id")
        if equipment_id not in band.equipment:
            faults += _unknown_equipment([equipment_id], "equipment_id", row, layer, band)
            continue
        place = _asset_place(layer, row, band, faults)
        if isinstance(place, AtPoint):
            points.append(row)
        if place is not None and row.complete:
            assets.append(_asset(row, place))
    band.check_points(points, layer.place, faults)
    return tuple(assets)


def _asset_place(layer: Layer, row: Row, band: Band, faults: list[Fault]) -> AssetPlace | None:
    mount = band.equipment[row.text("equipment_id")].mount
    if mount == "point":
        if not _with_point(layer, [row], faults):
            return None
        return AtPoint(row.number_at("lon_deg"), row.number_at("lat_deg"))
    from_m, to_m = row.maybe("from_m"), row.maybe("to_m")
    if from_m is None or to_m is None:
        expected = f"from_m and to_m: a {row.text('equipment_id')} lies along the line"
        faults.append(layer.place.fault(expected, "nothing", column="from_m", row=row.number))
        return None
    fault = band.range_fault(from_m, to_m)
    if fault:
        faults.append(layer.place.fault(*fault, column="to_m", row=row.number))
        return None
    return OverBand(from_m, to_m) if mount == "area" else _along_line(layer, row, band, faults)


def _along_line(layer: Layer, row: Row, band: Band, faults: list[Fault]) -> AlongLine | None:
    offset_m = row.maybe("offset_m")
    if offset_m is None:
        return None
    low_m, high_m = -band.settings.band_beyond_m, band.settings.band_home_m
    if not low_m <= offset_m <= high_m:
        expected = f"an offset within {low_m:.0f} to {high_m:.0f} m of the line (positive: home side)"
        faults.append(layer.place.fault(expected, f"{offset_m:.0f} m", column="offset_m", row=row.number))
    return AlongLine(row.number_at("from_m"), row.number_at("to_m"), offset_m)


def _asset(row: Row, place: AssetPlace) -> Asset:
    return Asset(
        row.text("asset_id"),
        row.text("equipment_id"),
        place,
        n=int(row.number_at("n")),
        state=cast(State, row.text("state")),
        mast_m=row.maybe("mast_m"),
        azimuth_deg=row.number_at("azimuth_deg"),
        sector_deg=row.number_at("sector_deg"),
        availability=row.maybe("availability"),
    )


def read_teams(layer: Layer, band: Band, faults: list[Fault]) -> tuple[Team, ...]:
    """Return the response teams of a layer; they stand on the home side of the line."""
    rows = _with_point(layer, layer_rows(layer, TEAMS, faults), faults)
    band.check_points(rows, layer.place, faults, home_only=True)
    return tuple(
        Team(
            row.text("team_id"),
            row.number_at("lon_deg"),
            row.number_at("lat_deg"),
            row.number_at("assess_s"),
            row.number_at("turnout_s"),
            row.number_at("dismount_s"),
            row.flag("vehicle"),
        )
        for row in rows
        if row.complete
    )


def read_sites(layer: Layer, band: Band, faults: list[Fault]) -> tuple[Site, ...]:
    """Return the candidate sites of a layer; without any the rules of `[candidates]` would find others."""
    if not layer.rows:
        faults.append(layer.place.fault("at least one site", "none"))
    rows = _with_point(layer, layer_rows(layer, SITES, faults), faults)
    band.check_points(rows, layer.place, faults)
    for row in rows:
        faults += _unknown_equipment(row.texts("accepts"), "accepts", row, layer, band)
    return tuple(
        Site(row.text("site_id"), row.number_at("lon_deg"), row.number_at("lat_deg"), row.texts("accepts"))
        for row in rows
        if row.complete
    )


def read_barriers(layer: Layer, band: Band, faults: list[Fault]) -> tuple[Barrier, ...]:
    """Return the barriers of a layer: polylines, or ranges of the line itself (`on_line`)."""
    barriers: list[Barrier] = []
    for row in layer_rows(layer, with_delays(BARRIERS, band.seasons), faults):
        shape = layer.geometry[row.number - 1]
        on_line = row.flag("on_line")
        to_m = row.maybe("to_m")
        end_m = band.end_m if to_m is None else to_m
        fault = band.range_fault(row.number_at("from_m"), end_m) if on_line and row.has("from_m") else None
        if fault:
            faults.append(layer.place.fault(*fault, column="to_m", row=row.number))
        if not on_line and (shape is None or shape.geom_type in {"Point", "MultiPoint"}):
            found = "nothing" if shape is None else f"a {shape.geom_type}"
            expected = "a line or polygon, or on_line = true"
            faults.append(layer.place.fault(expected, found, column="geometry", row=row.number))
        elif row.complete:
            barriers.append(
                Barrier(
                    row.text("barrier_id"),
                    row.text("kind"),
                    delays_of(row, band.seasons),
                    () if on_line else polylines(shape),
                    on_line,
                    row.number_at("from_m") if on_line else 0.0,
                    end_m if on_line else math.inf,
                )
            )
    return tuple(barriers)


def delays_of(row: Row, seasons: Iterable[str]) -> dict[str, float]:
    """Return the seconds of a row that crossing costs in each season."""
    return {season: row.number_at(f"{DELAY_PREFIX}{season}") for season in seasons}


def read_goals(layer: Layer, band: Band, faults: list[Fault]) -> Goals:
    """Return the places crossers want to reach; at least one vertex must lie in the band, at home."""
    rows = layer_rows(layer, GOALS, faults)
    lines: list[NDArray[np.float64]] = []
    for row in rows:
        shape = layer.geometry[row.number - 1]
        if shape is not None:
            lines += polylines(shape)
        elif _with_point(layer, [row], faults):
            lines.append(np.array([[row.number_at("lon_deg"), row.number_at("lat_deg")]]))
    if band.line is not None and lines:
        xy = np.concatenate(lines)
        _, offset_m = place_on_line(band.line, xy[:, 0], xy[:, 1])
        if not np.any((offset_m >= 0) & (offset_m <= band.settings.band_home_m)):
            expected = f"at least one goal within {band.settings.band_home_m:.0f} m of the line, at home"
            found = f"offsets of {offset_m.min():.0f} to {offset_m.max():.0f} m"
            faults.append(layer.place.fault(expected, found, column="geometry"))
    return Goals("layer", tuple(lines))


def _ranges(layer: Layer, schema: Schema, band: Band, faults: list[Fault]) -> list[tuple[Row, ChainageRange]]:
    found: list[tuple[Row, ChainageRange]] = []
    for row in layer_rows(layer, schema, faults):
        km_from, km_to = row.maybe("km_from"), row.maybe("km_to")
        if km_from is None or not row.complete:
            continue
        to_m = band.end_m if km_to is None else km_to * 1e3
        fault = band.range_fault(km_from * 1e3, to_m)
        if fault:
            faults.append(layer.place.fault(*fault, column="km_to", row=row.number))
        else:
            found.append((row, ChainageRange(row.text("name"), km_from * 1e3, to_m)))
    return found


def read_districts(layer: Layer, band: Band, faults: list[Fault]) -> tuple[ChainageRange, ...]:
    """Return named ranges of chainage; a column `ADM2_EN` (OCHA) serves as the name."""
    if "name" not in layer.header and "ADM2_EN" in layer.header:
        header = tuple("name" if name == "ADM2_EN" else name for name in layer.header)
        rows = tuple({**row, "name": row["ADM2_EN"]} for row in layer.rows)
        layer = Layer(layer.place, header, rows, layer.geometry, layer.from_text)
    return tuple(named for _, named in _ranges(layer, RANGES, band, faults))


def read_weights(
    layer: Layer, band: Band, faults: list[Fault]
) -> tuple[tuple[ChainageRange, ...], dict[str, float]]:
    """Return ranges of chainage that do not overlap and the weight of each by name; not all are zero."""
    found = sorted(_ranges(layer, WEIGHTS, band, faults), key=lambda item: item[1].from_m)
    for (_, before), (row, after) in pairwise(found):
        if after.from_m < before.to_m:
            expected = f"a start at or after km {before.to_m / 1e3:g}, the end of {before.name}"
            found_km = f"km {after.from_m / 1e3:g}"
            faults.append(layer.place.fault(expected, found_km, column="km_from", row=row.number))
    weight_of = {named.name: row.number_at("weight") for row, named in found}
    if found and not any(weight_of.values()):
        faults.append(layer.place.fault("at least one weight above 0", "only zeros", column="weight"))
    return tuple(named for _, named in found), weight_of


def read_marks(layer: Layer, band: Band, faults: list[Fault]) -> tuple[Mark, ...]:
    """Return named points of the line."""
    marks: list[Mark] = []
    for row in layer_rows(layer, MARKS, faults):
        if not row.complete:
            continue
        mark = Mark(row.text("name"), row.number_at("km") * 1e3)
        marks.append(mark)
        if mark.chainage_m > band.end_m:
            expected = f"a chainage of at most {band.end_m / 1e3:.1f} km, the end of the line"
            found = f"{mark.chainage_m / 1e3:g} km"
            faults.append(layer.place.fault(expected, found, column="km", row=row.number))
    return tuple(marks)
