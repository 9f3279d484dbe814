"""Rivers as friction: what a crossing costs, whatever the cell size and the direction."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from pyproj import Transformer
from scipy.ndimage import label
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from flat_border import flat_project, sector_of
from sarhad.errors import InputFaults
from sarhad.kernels.steps import D_COL, D_ROW
from sarhad.model.project import Barrier, Project
from sarhad.planning.barriers import barrier_cells, barrier_friction
from sarhad.planning.sector import Sector

LEVEL_MPS = 1.4


def _sector(cell_m: float, *barriers: Barrier) -> tuple[Project, Sector]:
    """A line of 9 km eastwards with a band of 4 km on both sides."""
    project = replace(flat_project(cell_m), barriers=barriers, conditions=())
    return project, sector_of(project)


def _river(sector: Sector, angle_deg: float, delay_s: float) -> Barrier:
    """A straight river through the middle of the window and out of it at both ends."""
    grid = sector.grid
    x_m, y_m = grid.centre_m(grid.n_row / 2 + 0.13, grid.n_col / 2 + 0.29)
    reach_m = grid.cell_m * (grid.n_row + grid.n_col)
    along = np.array([[-reach_m], [reach_m]]) * [np.cos(np.radians(angle_deg)), np.sin(np.radians(angle_deg))]
    to_degrees = Transformer.from_crs(grid.crs, "EPSG:4326", always_xy=True)
    course = np.stack(to_degrees.transform(x_m + along[:, 0], y_m + along[:, 1]), axis=1)
    return Barrier("river", "river", {"summer": delay_s, "winter": 0.0}, (course,))


def _least_s(sector: Sector, friction: np.ndarray, sides: tuple[np.ndarray, np.ndarray]) -> float:
    """Least time over level ground from one side to the other, by an ordinary graph search."""
    n_row, n_col = sector.grid.shape
    cell = np.arange(n_row * n_col).reshape(n_row, n_col)
    start, end, time_s = [], [], []
    for d_row, d_col in zip(D_ROW.tolist(), D_COL.tolist(), strict=True):
        here = np.s_[max(0, -d_row) : n_row - max(0, d_row), max(0, -d_col) : n_col - max(0, d_col)]
        there = np.s_[max(0, d_row) : n_row - max(0, -d_row), max(0, d_col) : n_col - max(0, -d_col)]
        start.append(cell[here].ravel())
        end.append(cell[there].ravel())
        mean = (friction[here] + friction[there]).ravel() / 2
        time_s.append(mean * sector.grid.cell_m * np.hypot(d_row, d_col) / LEVEL_MPS)
    graph = coo_array((np.concatenate(time_s), (np.concatenate(start), np.concatenate(end)))).tocsr()
    from_s = dijkstra(graph, indices=cell[sides[0]], min_only=True)
    return float(from_s[cell[sides[1]]].min())


@pytest.mark.parametrize("cell_m", [90.0, 180.0])
@pytest.mark.parametrize("angle_deg", [0.0, 15.0, 30.0, 45.0, 60.0, 90.0, 135.0])
def test_crossing_a_river_costs_its_delay(cell_m: float, angle_deg: float) -> None:
    """From 700 m on one side to 700 m on the other, the river adds its delay."""
    project, sector = _sector(cell_m)
    delay_s = 1_800.0
    project = replace(project, barriers=(_river(sector, angle_deg, delay_s),))
    friction, closed = barrier_friction(project, sector, "summer", level_speed_mps=LEVEL_MPS)
    assert not closed.any()
    row, col = np.indices(sector.grid.shape)
    x_m, y_m = sector.grid.centre_m(row, col)
    x0, y0 = sector.grid.centre_m(sector.grid.n_row / 2 + 0.13, sector.grid.n_col / 2 + 0.29)
    beyond_m = (y_m - y0) * np.cos(np.radians(angle_deg)) - (x_m - x0) * np.sin(np.radians(angle_deg))
    sides = beyond_m > 700, beyond_m < -700
    extra_s = _least_s(sector, friction, sides) - _least_s(sector, np.ones_like(friction), sides)
    assert extra_s == pytest.approx(delay_s, rel=0.06)


def test_seasons_without_delay_are_open_and_infinite_delay_is_closed() -> None:
    project, sector = _sector(180.0)
    river = _river(sector, 20.0, np.inf)
    project = replace(project, barriers=(river,))
    friction, closed = barrier_friction(project, sector, "winter", level_speed_mps=1.0)
    assert np.all(friction == 1)
    assert not closed.any()
    friction, closed = barrier_friction(project, sector, "summer", level_speed_mps=1.0)
    assert np.all(friction == 1)
    assert np.array_equal(closed, barrier_cells(project, sector, river))
    assert label(~closed, structure=np.ones((3, 3)))[1] == 2


def test_barriers_in_one_cell_add_up() -> None:
    project, sector = _sector(180.0)
    one, two = _river(sector, 0.0, 600.0), _river(sector, 90.0, 900.0)
    alone = [
        barrier_friction(replace(project, barriers=(b,)), sector, "summer", level_speed_mps=1.0)[0]
        for b in (one, two)
    ]
    both, _ = barrier_friction(replace(project, barriers=(one, two)), sector, "summer", level_speed_mps=1.0)
    assert both == pytest.approx(alone[0] + alone[1] - 1)
    assert alone[0].max() == pytest.approx(1 + 600 / 180)


def test_a_barrier_on_the_line_follows_it_between_its_chainages() -> None:
    project, sector = _sector(180.0)
    delay_s = {"summer": 300.0}
    whole = barrier_cells(project, sector, Barrier("all", "river", delay_s, on_line=True))
    part = barrier_cells(
        project, sector, Barrier("part", "river", delay_s, on_line=True, from_m=2_000, to_m=4_000)
    )
    assert np.all(np.abs(sector.offset_m[whole]) <= 180 * np.sqrt(0.5))
    assert np.all(whole | ~part)
    assert sector.chainage_m[part].min() == pytest.approx(2_000, abs=180)
    assert sector.chainage_m[part].max() == pytest.approx(4_000, abs=180)
    away = Barrier("away", "river", delay_s, on_line=True, from_m=50_000, to_m=60_000)
    assert not barrier_cells(project, sector, away).any()
    assert not barrier_cells(project, sector, Barrier("none", "river", delay_s)).any()


def test_bad_delays_and_speeds_are_refused() -> None:
    project, sector = _sector(180.0)
    project = replace(project, barriers=(_river(sector, 0.0, -1.0),))
    with pytest.raises(InputFaults, match=r"river.*0 s or more"):
        barrier_friction(project, sector, "summer", level_speed_mps=1.0)
    with pytest.raises(InputFaults, match="found None"):
        barrier_friction(project, sector, "spring", level_speed_mps=1.0)
    with pytest.raises(InputFaults, match="positive level_speed_mps"):
        barrier_friction(project, sector, "winter", level_speed_mps=0.0)
    bad = Barrier("bad", "river", {"summer": 1.0}, (np.array([[70.0, np.nan]]),))
    with pytest.raises(InputFaults, match="finite"):
        barrier_friction(replace(project, barriers=(bad,)), sector, "summer", level_speed_mps=1.0)
