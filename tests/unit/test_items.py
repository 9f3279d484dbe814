"""What is on offer, what it costs, and the limits that the solver is given."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sarhad.errors import EmptyBudget
from sarhad.io.project import open_project
from sarhad.kernels.purchase import limit_vector, used_by
from sarhad.model.asset import AlongLine, AtPoint, OverBand, Site
from sarhad.model.plan import Budget
from sarhad.planning.items import FLIGHTS_PER_AREA, ITEMS_PER_SITE, limits_of, offered_items
from sarhad.planning.sector import sectors
from small_cases import at, site_near, tiny


@pytest.fixture(scope="module")
def project(small_project_template):
    whole = open_project(small_project_template)
    return replace(tiny(whole, sector_m=8_000.0), offered=("thermal_medium", "seismic_line", "drone_small"))


@pytest.fixture(scope="module")
def sites(project):
    any_kind, radars_only = site_near(project, "A", 3_000.0), site_near(project, "B", 7_000.0)
    return any_kind, replace(radars_only, accepts=("radar_medium",))


def test_the_types_used_here_exist(project):
    mounts = {name: project.equipment[name].mount for name in project.offered}
    assert mounts == {"thermal_medium": "point", "seismic_line": "line", "drone_small": "area"}


def test_points_go_where_they_are_accepted_lines_along_stretches_flights_over_sectors(project, sites):
    items = offered_items(project, sites)
    points, lines, flights = (
        [item for item in items if isinstance(item.asset.place, kind)]
        for kind in (AtPoint, AlongLine, OverBand)
    )
    assert items == (*points, *lines, *flights)
    assert [(item.site_id, item.asset.place) for item in points] == [("A", at(sites[0]))]
    stretches = project.line.stretches(project.settings.stretch_m)
    assert [item.asset.place for item in lines] == [AlongLine(s.from_m, s.to_m) for s in stretches]
    plans = sectors(project)
    assert len(plans) == 2
    assert [item.asset.place for item in flights] == [OverBand(p.from_m, p.to_m) for p in plans]
    assert {item.n_max for item in (*points, *lines)} == {1}
    assert {item.n_max for item in flights} == {FLIGHTS_PER_AREA}
    assert len({item.asset.asset_id for item in items}) == len(items)
    assert {item.asset.state for item in items} == {"planned"}


def test_lines_cost_by_the_kilometre_and_the_rest_by_the_item(project, sites):
    for item in offered_items(project, sites):
        equipment, place = project.equipment[item.asset.equipment_id], item.asset.place
        km = (place.to_m - place.from_m) / 1_000.0 if isinstance(place, AlongLine) else 1.0
        assert item.cost_usd == pytest.approx(equipment.cost_usd * km)
        assert item.crew_n == pytest.approx(equipment.crew_n * km)
        assert item.stock_use == pytest.approx(km)
        assert item.bought(3) == replace(item.asset, n=3)


def test_nothing_on_offer_is_an_empty_budget(project, sites):
    with pytest.raises(EmptyBudget):
        offered_items(replace(project, offered=()), sites)
    with pytest.raises(EmptyBudget):
        offered_items(replace(project, offered=("thermal_medium",)), sites[1:])
    with pytest.raises(EmptyBudget):
        offered_items(replace(project, offered=("thermal_medium",)), ())


def test_limits_hold_what_the_budget_gives(project):
    sites = [Site(f"S{k}", 69.0, 37.5) for k in range(3)]
    project = replace(project, offered=("thermal_medium", "radar_medium", "seismic_line"))
    items = offered_items(project, sites)
    budget = Budget(123_456.0, 7.0, {"seismic_line": 5.0, "radar_medium": 2.0})
    limits = limits_of(items, budget)
    there = dict(zip(("money", "crew", "radar", "seismic", "thermal"), limit_vector(limits), strict=False))
    expected = {"money": 123_456.0, "crew": 7.0, "radar": 2.0, "seismic": 5.0, "thermal": np.inf}
    assert there == pytest.approx(expected, rel=1e-6)
    np.testing.assert_allclose(limit_vector(limits)[5:], ITEMS_PER_SITE, rtol=1e-6)
    count = np.zeros(len(items), np.int64)
    count[[0, 3, 4, 6]] = 1  # a camera and a radar at S0, a radar at S1, a line along the first stretch
    bought = [items[k] for k in (0, 3, 4, 6)]
    used = used_by(limits, count)
    assert used[0] == pytest.approx(sum(item.cost_usd for item in bought))
    assert used[1] == pytest.approx(sum(item.crew_n for item in bought))
    assert used[2:].tolist() == pytest.approx([2.0, items[6].stock_use, 1.0, 2.0, 1.0, 0.0])
