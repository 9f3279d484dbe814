"""A plan of another border does not count as built on this one."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from sarhad.errors import InputFaults
from sarhad.interfaces.cli.app import app
from sarhad.io.plans import plan_as_dict, read_plan_of
from sarhad.io.project import open_project
from sarhad.model.asset import AlongLine, Asset, AtPoint, OverBand
from sarhad.model.plan import Plan, PlanItem
from small_cases import at, site_near


@pytest.fixture(scope="module")
def project(small_project_template):
    return open_project(small_project_template)


def written(path, *assets):
    items = tuple(PlanItem(k, one, "", 1.0, 0.0, 0.0) for k, one in enumerate(assets, start=1))
    path.write_text(json.dumps({"items": plan_as_dict(Plan(items))}))
    return path


def test_what_lies_along_the_line_is_read(project, tmp_path):
    end_m = project.line.length_m
    home = Asset("a", "thermal_medium", at(site_near(project, "S", 10_000.0, 0.006)))
    line, area = AlongLine(0.0, end_m), OverBand(end_m - 1_000.0, end_m)
    assets = (home, Asset("b", "seismic_line", line), Asset("c", "drone_fixed_wing", area))
    assert read_plan_of(project, written(tmp_path / "plan.json", *assets)).assets == assets


def test_every_purchase_of_another_border_is_named(project, tmp_path):
    elsewhere = (
        Asset("a", "thermal_medium", AtPoint(70.236, 37.953)),
        Asset("b", "seismic_line", AlongLine(700_000.0, 702_000.0, 0.0)),
        Asset("c", "thermal_mediun", at(site_near(project, "S", 10_000.0, 0.006))),
    )
    path = written(tmp_path / "plan.json", *elsewhere)
    with pytest.raises(InputFaults) as caught:
        read_plan_of(project, path)
    found = [(one.file, one.row, one.column) for one in caught.value.faults]
    assert found == [("plan.json", 1, "place"), ("plan.json", 2, "place"), ("plan.json", 3, "equipment_id")]
    assert "thermal_medium" in caught.value.faults[2].found


@pytest.mark.parametrize(("cells", "is_fault"), [(0.5, False), (1.5, True)])
def test_a_site_may_lie_a_cell_beyond_the_band(project, tmp_path, cells, is_fault):
    """Sites are centres of cells: those on the rim of the band may lie up to a cell outside it."""
    narrow = replace(project, settings=replace(project.settings, band_beyond_m=0.0))
    part = project.line.parts[0]
    step_deg = cells * narrow.settings.cell_m / 111_320.0  # a degree of latitude in metres
    beside = [AtPoint(part.lon_deg[0], part.lat_deg[0] + sign * step_deg) for sign in (-1, 1)]
    path = written(tmp_path / "plan.json", *(Asset("a", "thermal_medium", one) for one in beside))
    if is_fault:
        with pytest.raises(InputFaults, match="an offset of -") as caught:
            read_plan_of(narrow, path)
        assert len(caught.value.faults) == 1  # the other one lies at home
    else:
        assert len(read_plan_of(narrow, path).assets) == 2


@pytest.mark.parametrize("command", ["profile", "coverage", "validate", "sensitivity", "explain"])
def test_no_command_counts_it_as_built(project, tmp_path, command):
    path = written(tmp_path / "plan.json", Asset("a", "thermal_medium", AtPoint(70.236, 37.953)))
    words = [command, str(project.folder), *(["5"] if command == "explain" else []), "--plan", str(path)]
    assert isinstance(CliRunner().invoke(app, words).exception, InputFaults)
