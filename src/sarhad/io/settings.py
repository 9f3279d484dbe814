"""Settings: `data/settings.csv` gives name, type, unit, default, range, source and description of each.

The table drives the check of `[settings]` in `project.toml` and the reference page; the defaults are those of
`sarhad.model.project.Settings`. A bound written `>0` excludes the number itself; a type
written `a / b` is one of these words.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, cast

from sarhad.errors import Fault
from sarhad.io.cells import CellKind, Column, Value, read_cell
from sarhad.io.tables import Place, check_section
from sarhad.model.project import Settings


@dataclass(frozen=True, slots=True)
class SettingColumn:
    """One setting: the column that checks it and where its default comes from."""

    column: Column
    source: str


@cache
def setting_columns() -> tuple[SettingColumn, ...]:
    """Return the settings of `data/settings.csv` in its order."""
    text = files("sarhad").joinpath("data/settings.csv").read_text(encoding="utf-8")
    return tuple(_setting(row) for row in csv.DictReader(text.splitlines()))


def _setting(row: Mapping[str, str]) -> SettingColumn:
    choices = tuple(row["type"].split(" / ")) if " / " in row["type"] else ()
    kind = cast(CellKind, "text" if choices else row["type"])
    bare = Column(row["name"], kind, row["description"], unit=row["unit"], choices=choices)
    column = Column(
        bare.name,
        bare.kind,
        bare.note,
        unit=bare.unit,
        default=read_cell(row["default"], bare, from_text=True),
        low=float(row["min"].lstrip(">") or -math.inf),
        high=float(row["max"] or math.inf),
        above=row["min"].startswith(">"),
        choices=choices,
    )
    return SettingColumn(column, row["source"])


def read_settings(section: Mapping[str, object], place: Place, faults: list[Fault]) -> Settings:
    """Return the settings of a `[settings]` section; faults are appended, faulty values take the default."""
    columns = tuple(setting.column for setting in setting_columns())
    row = check_section(section, columns, place, faults)
    chosen: dict[str, Value] = {column.name: column.default for column in columns}
    chosen.update({name: value for name, value in row.values.items() if value is not None})
    settings = Settings(**cast(dict[str, Any], chosen))
    if row.complete:
        _check_together(settings, place, faults)
    return settings


def _check_together(settings: Settings, place: Place, faults: list[Fault]) -> None:
    """Check what one setting demands of another."""
    deepest_m = max(settings.depths_m)
    for name, value_m, limit, limit_m in (
        ("start_beyond_m", settings.start_beyond_m, "band_beyond_m", settings.band_beyond_m),
        ("depths_m", deepest_m, "band_home_m", settings.band_home_m),
        ("depth_m", settings.depth_m, "band_home_m", settings.band_home_m),
        ("cell_m", settings.cell_m, "stretch_m", settings.stretch_m),
        ("stretch_m", settings.stretch_m, "sector_m", settings.sector_m),
    ):
        if value_m > limit_m:
            faults.append(place.fault(f"at most {limit} = {limit_m:g} m", f"{value_m:g} m", column=name))
    if settings.crs != "auto" and not _is_metric(settings.crs):
        expected = "auto, or a projected reference system in metres such as EPSG:32642"
        faults.append(place.fault(expected, f'"{settings.crs}"', column="crs"))


def _is_metric(name: str) -> bool:
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    try:
        crs = CRS.from_user_input(name)
    except CRSError:
        return False
    return bool(crs.is_projected and crs.axis_info[0].unit_conversion_factor == 1.0)
