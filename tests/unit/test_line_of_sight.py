"""The line of sight of the nearest sensor: the same cells as the viewshed sees, and the wall that hides."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import shapely

from sarhad.io.project import open_project
from sarhad.model.asset import Asset, AtPoint
from sarhad.planning.frame import lonlat_of_cells
from sarhad.planning.ground import lay_ground
from sarhad.planning.line_of_sight import nearest_sight
from sarhad.planning.sector import sectors
from sarhad.planning.sighting import sight
from sarhad.planning.units import units_in
from small_cases import tiny

TARGET_M = 1.7


@pytest.fixture(scope="module")
def ground(small_project_template):
    project = tiny(open_project(small_project_template))
    return lay_ground(project, sectors(project)[0], 0)


def cells(ground, row: int, cols: range) -> np.ndarray:
    return np.array([row * ground.sector.grid.n_col + col for col in cols], np.int64)


def asset_at(ground, row: int, col: int, mast_m: float, name: str = "a") -> Asset:
    lon_deg, lat_deg = lonlat_of_cells(ground.sector.grid, cells(ground, row, range(col, col + 1)))
    return Asset(name, "thermal_medium", AtPoint(float(lon_deg[0]), float(lat_deg[0])), mast_m=mast_m)


def route_of(ground, cell: np.ndarray) -> shapely.LineString:
    return shapely.LineString(np.column_stack(lonlat_of_cells(ground.sector.grid, cell)))


def flat(ground, wall_m: float, wall_col: int):
    """The same ground as a plain of 100 m with a wall from north to south."""
    dem_m = np.full_like(ground.dem_m, 100.0)
    dem_m[:, wall_col] = 100.0 + wall_m
    return replace(ground, dem_m=dem_m)


def middle(ground) -> tuple[int, int]:
    row, col = np.argwhere(ground.sector.in_band).mean(axis=0).astype(int).tolist()
    return row, col


def test_a_wall_hides_by_as_much_as_similar_triangles_say(ground) -> None:
    row, col = middle(ground)
    cell_m = ground.project.settings.cell_m
    plain = flat(ground, 30.0, col + 4)
    way = cells(ground, row, range(col + 8, col + 12))
    found = nearest_sight(plain, [asset_at(ground, row, col, 10.0)], route_of(ground, way), TARGET_M)
    assert found is not None
    assert (found.distance_m, found.hider_m) == (pytest.approx(8 * cell_m), pytest.approx(4 * cell_m))
    # over the wall's top, 20 m above the eye at 4 cells, the line is 40 m above the eye at 8 cells
    assert found.clearance_m == pytest.approx(TARGET_M - 10.0 - 40.0, abs=0.3)
    assert (found.within_n, found.seen_n, found.is_seen) == (4, 0, False)
    assert (found.eye_m, found.top_m) == (pytest.approx(110.0), pytest.approx(101.7, abs=0.3))


def test_nothing_hides_on_a_plain_and_what_is_far_is_out_of_reach(ground) -> None:
    row, col = middle(ground)
    plain = flat(ground, 0.0, 0)
    way = cells(ground, row, range(col + 3, col + 6))
    found = nearest_sight(plain, [asset_at(ground, row, col, 10.0)], route_of(ground, way), TARGET_M)
    assert found is not None
    assert (found.is_seen, found.seen_n, found.within_n) == (True, 3, 3)
    assert found.distance_m == pytest.approx(3 * ground.project.settings.cell_m)
    near = asset_at(ground, row, col + 7, 10.0, "b")
    both = nearest_sight(plain, [asset_at(ground, row, col, 10.0), near], route_of(ground, way), TARGET_M)
    assert both is not None
    assert both.asset_id == "b"
    assert nearest_sight(plain, [], route_of(ground, way), TARGET_M) is None


def test_the_cells_in_sight_are_those_of_the_viewshed(ground) -> None:
    row, col = middle(ground)
    for shift in range(-6, 7, 3):
        asset = asset_at(ground, row + 2, col + shift, 3.0)
        way = cells(ground, row - 3, range(col - 20, col + 20))
        found = nearest_sight(ground, [asset], route_of(ground, way), TARGET_M)
        units = units_in(ground, [asset])
        pairs = sight(ground, units, TARGET_M, ground.sector.in_band)
        seen = {int(cell) for cell in way if pairs.ptr[cell + 1] > pairs.ptr[cell]}
        assert found is not None
        assert found.seen_n == len(seen)
    assert ground.sector.in_band.ravel()[way].all()
