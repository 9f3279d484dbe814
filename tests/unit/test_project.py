"""A folder becomes one value; its tables, its reference page and the model agree."""

from __future__ import annotations

import dataclasses
import hashlib
import math
from pathlib import Path

import geopandas
import numpy as np
import pytest
import shapely

from sarhad.errors import Fault, InputFaults
from sarhad.io.activities import ACTIVITIES
from sarhad.io.project import NOT_IN_SERVICE, check_project, open_project
from sarhad.io.schedule_basis import CLOSURES, CREWS
from sarhad.io.schemas import DELAY_PREFIX, REQUIRED_SECTIONS, SCHEMAS, SECTIONS
from sarhad.io.settings import read_settings, setting_columns
from sarhad.io.tables import Column, Place
from sarhad.io.years import DELIVERIES, YEARS
from sarhad.model.asset import AlongLine, AtPoint, OverBand
from sarhad.model.condition import Condition
from sarhad.model.project import Candidates, Settings

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "project.md"


def edit(folder: Path, old: str, new: str, file: str = "project.toml") -> None:
    text = (folder / file).read_text()
    assert text.count(old) == 1
    (folder / file).write_text(text.replace(old, new))


def test_a_sound_project_opens_with_all_its_parts(small_project_folder):
    assert check_project(small_project_folder) == ()
    project = open_project(small_project_folder)
    assert project.title == "Small synthetic border"
    assert project.notes == ("Everything here is synthetic.",)
    assert project.settings.cell_m == 200.0
    assert project.settings.depths_m == (1_000.0, 3_000.0)
    assert project.settings.kappa_s == Settings().kappa_s
    assert project.line.line_id == "small"
    assert project.line.length_m == pytest.approx(42_148, abs=2)
    assert project.terrain.kind == "synthetic"
    assert project.terrain.voids == "refuse"
    assert [asset.asset_id for asset in project.assets] == ["post-1", "post-2", "post-3", "post-4"]
    assert project.assets[1].equipment_id == "thermal_medium"
    assert project.assets[1].mast_m == 6.0
    assert isinstance(project.assets[1].place, AtPoint)
    assert project.teams[0].assess_s == 60.0
    assert project.teams[0].turnout_s == 300.0
    assert project.goals.kind == "depth"
    assert project.offered == ("thermal_medium", "radar_medium", "seismic_line")
    assert [target.target_id for target in project.targets] == ["walker"]
    assert [condition.share for condition in project.conditions] == [0.5, 0.4, 0.1]
    assert project.conditions[2].correlated
    assert project.budget.stock == {"radar_medium": 2.0}
    assert project.candidates == Candidates(n=40)
    assert [mark.chainage_m for mark in project.marks] == [12_500.0]
    assert project.districts[1].to_m == project.line.parts[-1].to_m
    assert project.barriers[0].delay_s == {"summer": 600.0, "winter": 300.0}


def test_hashes_are_those_of_the_files(small_project_folder):
    hashes = open_project(small_project_folder).hashes
    names = {path.name for path in small_project_folder.iterdir()}
    assert set(hashes) == names
    for name in names:
        assert hashes[name] == hashlib.sha256((small_project_folder / name).read_bytes()).hexdigest()


def test_lines_areas_sites_goals_weights_and_closed_rivers(small_project_folder):
    folder = small_project_folder
    (folder / "assets.csv").write_text(
        "asset_id,equipment_id,lon_deg,lat_deg,from_m,to_m,offset_m,availability,state\n"
        "eye,observer_binoculars,68.83,37.518,,,,0.4,degraded\n"
        "row,seismic_line,,,1000,4000,-50,,\n"
        "eye-in-the-sky,drone_small,,,0,20000,,,planned\n"
    )
    edit(folder, 'file = "assets.geojson"', 'file = "assets.csv"')
    edit(folder, "600,300\nlower", "closed,300\nlower", "barriers.csv")
    (folder / "weights.csv").write_text("name,km_from,km_to,weight\ntown,0,10,3\nrest,10,,1\n")
    points = shapely.points([68.83, 68.9], [37.518, 37.52])
    sites = {"site_id": ["s1", "s2"], "accepts": ["thermal_medium;radar_medium", None]}
    frame = geopandas.GeoDataFrame(sites, geometry=points, crs="EPSG:4326").to_crs("EPSG:32642")
    frame.to_file(folder / "layers.gpkg", layer="sites", engine="pyogrio")
    road = geopandas.GeoDataFrame(
        {"goal_id": ["road"]}, geometry=[shapely.LineString([(68.8, 37.52), (68.95, 37.53)])], crs="EPSG:4326"
    )
    road.to_parquet(folder / "goals.parquet")
    edit(
        folder,
        "[candidates]\nn = 40\n",
        '[sites]\nfile = "layers.gpkg"\nlayer = "sites"\n'
        '[goals]\nfile = "goals.parquet"\n[weights]\nfile = "weights.csv"\n',
    )
    project = open_project(folder)
    assert project.assets[0].availability == 0.4
    assert project.assets[0].state == "degraded"
    assert project.assets[1].place == AlongLine(1_000.0, 4_000.0, -50.0)
    assert project.entered[2].place == OverBand(0.0, 20_000.0)
    assert [site.accepts for site in project.sites] == [("thermal_medium", "radar_medium"), ()]
    assert project.sites[0].lon_deg == pytest.approx(68.83)
    assert project.goals.kind == "layer"
    np.testing.assert_allclose(project.goals.lon_lat_deg[0], [[68.8, 37.52], [68.95, 37.53]])
    assert project.weight_of == {"town": 3.0, "rest": 1.0}
    assert [named.name for named in project.weights] == ["town", "rest"]
    assert project.barriers[0].delay_s["summer"] == math.inf


def test_what_is_not_in_service_is_entered_and_does_not_watch(small_project_folder):
    states = ("planned", "delivered", "working", "degraded", "silent")
    rows = "".join(f"{state},thermal_medium,68.83,37.518,{state}\n" for state in states)
    (small_project_folder / "assets.csv").write_text("asset_id,equipment_id,lon_deg,lat_deg,state\n" + rows)
    edit(small_project_folder, 'file = "assets.geojson"', 'file = "assets.csv"')
    project = open_project(small_project_folder)
    assert [asset.asset_id for asset in project.entered] == list(states)
    assert [asset.asset_id for asset in project.assets] == ["working", "degraded"]
    assert NOT_IN_SERVICE in project.notes
    (small_project_folder / "assets.csv").write_text(
        "asset_id,equipment_id,lon_deg,lat_deg,state\nonly,thermal_medium,68.83,37.518,degraded\n"
    )
    assert NOT_IN_SERVICE not in open_project(small_project_folder).notes


def test_barriers_with_geometry_and_conditions_in_a_file(small_project_folder):
    folder = small_project_folder
    own = {"barrier_id": ["canal"], "kind": ["canal"], "delay_s_all": ["closed"]}
    shape = shapely.LineString([(68.8, 37.51), (68.9, 37.51)])
    geopandas.GeoDataFrame(own, geometry=[shape], crs="EPSG:4326").to_file(folder / "canal.geojson")
    edit(folder, "barriers.csv", "canal.geojson")
    (folder / "conditions.csv").write_text(
        "condition_id,season,light,weather,share,visibility_m,illuminance_lux\n"
        "day,all,day,clear,0.55,20000,20000\nnight,all,night,clear,0.45,20000,0.01\n"
    )
    text = (folder / "project.toml").read_text()
    start, end = text.index("[[condition]]"), text.index("[settings]")
    (folder / "project.toml").write_text(
        text[:start] + '[conditions]\nfile = "conditions.csv"\n\n' + text[end:]
    )
    project = open_project(folder)
    barrier = project.barriers[0]
    assert barrier.delay_s == {"all": math.inf}
    assert not barrier.on_line
    np.testing.assert_allclose(barrier.lon_lat_deg[0], [[68.8, 37.51], [68.9, 37.51]])
    assert project.conditions[0] == Condition("day", "all", "day", "clear", 0.55, 20_000.0, 20_000.0)


def test_own_equipment_adds_to_the_shipped_types(small_project_folder):
    (small_project_folder / "own.csv").write_text(
        "equipment_id,parameter,value,unit,source\n"
        "our_row,title,Our row,text,us\nour_row,kind,magnetic,text,us\n"
        + "".join(f"our_row,{name},{value},{unit},us\n" for name, value, unit in _magnetic())
    )
    edit(small_project_folder, "offered = [", 'file = "own.csv"\noffered = ["our_row", ')
    project = open_project(small_project_folder)
    assert project.offered[0] == "our_row"
    assert project.equipment["our_row"].cost_usd == 1_234.0
    assert "thermal_medium" in project.equipment
    assert "own.csv" in project.hashes


def _magnetic() -> list[tuple[str, str, str]]:
    """The shipped row of magnetic sensors at another price."""
    import csv
    from importlib.resources import files

    text = files("sarhad").joinpath("data/equipment.csv").read_text(encoding="utf-8")
    rows = [row for row in csv.DictReader(text.splitlines()) if row["equipment_id"] == "magnetic_line"]
    found = [(r["parameter"], r["value"], r["unit"]) for r in rows if r["parameter"] not in {"title", "kind"}]
    return [(name, "1234" if name == "cost_usd" else value, unit) for name, value, unit in found]


def test_settings_table_and_settings_value_agree():
    columns = [setting.column for setting in setting_columns()]
    assert [column.name for column in columns] == [field.name for field in dataclasses.fields(Settings)]
    assert {column.name: column.default for column in columns} == dataclasses.asdict(Settings())
    for setting in setting_columns():
        assert setting.source
        assert setting.column.note
        assert isinstance(setting.column.default, (str, tuple)) or setting.column.holds(
            float(str(setting.column.default))
        )


def test_defaults_of_schemas_are_those_of_the_model():
    faults: list[Fault] = []
    assert read_settings({}, Place("project.toml", "settings"), faults) == Settings()
    assert not faults
    rule = {column.name: column.default for column in SECTIONS["candidates"]}
    assert rule == dataclasses.asdict(Candidates())
    conditions = {column.name: column.default for column in SECTIONS["condition"] if not column.required}
    model = {f.name: f.default for f in dataclasses.fields(Condition) if f.default is not dataclasses.MISSING}
    assert conditions == model


def page_row(column: Column) -> str:
    """Return the row of the reference page that describes one column."""
    kind = column.kind if not column.choices else " / ".join(column.choices)
    default = "**required**" if column.required else _default(column)
    unit = column.unit or "-"
    return f"| `{column.name}` | {kind} | {unit} | {column.range_words or '-'} | {default} | {column.note} |"


def _default(column: Column) -> str:
    value = column.default
    if value is None or value in ((), math.inf):
        return "-"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return "; ".join(f"{number:g}" for number in value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def test_the_reference_page_describes_every_column_and_section():
    page = PAGE.read_text(encoding="utf-8")
    lines = set(page.splitlines())
    columns = [column for columns in SECTIONS.values() for column in columns]
    of_programme = (ACTIVITIES, CLOSURES, CREWS, YEARS, DELIVERIES)
    columns += [column for schema in (*SCHEMAS, *of_programme) for column in schema.columns]
    columns += [setting.column for setting in setting_columns()]
    missing = [page_row(column) for column in columns if page_row(column) not in lines]
    assert not missing, "\n".join(missing)
    assert all(f"`[{name}]`" in page or f"`[[{name}]]`" in page for name in SECTIONS)
    assert f"`{DELAY_PREFIX}" in page
    assert set(REQUIRED_SECTIONS) <= set(SECTIONS)


def test_open_raises_what_check_reports(small_project_folder):
    edit(small_project_folder, "money_usd = 600000", "money_usd = 0")
    edit(small_project_folder, "share = 0.1", "share = 0.2")
    with pytest.raises(InputFaults) as error:
        open_project(small_project_folder)
    assert error.value.faults == check_project(small_project_folder)
    assert len(error.value.faults) == 2


def test_a_shapefile_is_known_by_all_its_files(small_project_folder):
    sites = geopandas.GeoDataFrame(
        {"site_id": ["a"]}, geometry=[shapely.Point(68.83, 37.518)], crs="EPSG:4326"
    )
    sites.to_file(small_project_folder / "sites.shp", engine="pyogrio")
    text = (small_project_folder / "project.toml").read_text()
    text = text.replace("[candidates]\nn = 40\n", '[sites]\nfile = "sites.shp"\n')
    (small_project_folder / "project.toml").write_text(text)
    project = open_project(small_project_folder)
    assert [site.site_id for site in project.sites] == ["a"]
    assert {f"sites.{part}" for part in ("shp", "dbf", "shx", "prj", "cpg")} <= set(project.hashes)


def test_a_file_of_sites_without_any_is_a_fault(small_project_folder):
    """Else the rules of [candidates] would find places of their own, and nobody would know."""
    (small_project_folder / "sites.csv").write_text("site_id,lon_deg,lat_deg\n")
    text = (small_project_folder / "project.toml").read_text()
    text = text.replace("[candidates]\nn = 40\n", '[sites]\nfile = "sites.csv"\n')
    (small_project_folder / "project.toml").write_text(text)
    (fault,) = check_project(small_project_folder)
    assert (fault.file, fault.expected, fault.found) == ("sites.csv", "at least one site", "none")
