"""What can matter in a sector from places alone: never less than what the sector itself finds."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sarhad.errors import UnknownName
from sarhad.io.project import open_project
from sarhad.model.asset import AlongLine, Asset, OverBand
from sarhad.planning.compute import Compute
from sarhad.planning.crossing import watched
from sarhad.planning.ground import lay_ground
from sarhad.planning.lattice import lattices
from sarhad.planning.reach import Nearness
from sarhad.planning.sector import sectors
from small_cases import at, site_near, tiny


@pytest.fixture(scope="module")
def project(small_project_template):
    whole = open_project(small_project_template)
    cut = tiny(whole, 40_000.0)
    return replace(cut, settings=replace(cut.settings, sector_m=10_000.0, sector_margin_m=2_000.0))


@pytest.fixture(scope="module")
def assets(project):
    kit = ("thermal_medium", "radar_medium", "observer_eye", "post_staffed")
    points = [
        Asset(f"{name}-{k}", name, at(site_near(project, "X", 1_000.0 + 3_700.0 * k, north)))
        for k in range(11)
        for name, north in zip(kit, (0.01, 0.05, 0.02, 0.1), strict=True)
    ]
    lines = [Asset(f"line-{k}", "seismic_line", AlongLine(4e3 * k, 4e3 * k + 1e3)) for k in range(10)]
    areas = [Asset(f"area-{k}", "drone_fixed_wing", OverBand(8e3 * k, 8e3 * k + 500.0)) for k in range(5)]
    return tuple(points + lines + areas)


def test_nothing_that_matters_is_left_out_and_something_is(project, assets):
    plans = sectors(project)
    near = Nearness(project, assets, plans[0].grid.crs)
    depth_m = project.settings.depth_m
    n_near = []
    for plan in plans:
        ground = lay_ground(project, plan, 0)
        units = next(iter(watched(ground, assets, (depth_m,))))[0][0].units
        matters = {unit.asset.asset_id for unit in units}
        found = {assets[i].asset_id for i in near.near(plan)}
        assert matters <= found
        n_near.append(len(found))
    assert len(plans) == 4
    assert max(n_near) < len(assets)


def test_a_change_elsewhere_leaves_what_is_kept_of_a_sector(project, assets):
    class Kept(dict):
        def put(self, key, value):
            self[key] = value

    kept = Kept()
    items = (assets[0], assets[-1])
    with Compute(1, store=kept) as compute:
        first = lattices(project, items, compute)
        assert len(kept) == 4
        moved = replace(assets[-1], place=OverBand(39_000.0, 39_900.0))
        second = lattices(project, (items[0], moved), compute)
    assert 4 < len(kept) < 8
    assert first[0].worth is second[0].worth
    assert first[-1].worth is not second[-1].worth


def test_numbers_are_those_of_the_whole_line(project, assets):
    with Compute(1) as compute:
        found = lattices(project, (assets[-1], assets[0]), compute)
    assert {item for bits in found[0].bits for members in bits for item in members} == {1}
    assert {item for bits in found[-1].bits for members in bits for item in members} <= {0}


def test_an_unknown_type_is_said(project):
    with pytest.raises(UnknownName, match="no_such"):
        Nearness(project, (Asset("x", "no_such", OverBand(0.0, 1.0)),), sectors(project)[0].grid.crs)
