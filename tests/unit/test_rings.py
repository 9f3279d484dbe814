"""Cells within rings: by hand, and by shapely's point in polygon."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from sarhad.errors import InputFaults
from sarhad.kernels.linear import Window
from sarhad.kernels.rings import within_rings

WINDOW = Window(0.0, 60.0, 10.0, 6, 8)  # 6 rows, 8 columns of 10 m; centres at 5, 15, ...


def filled(*rings, owner=None):
    ptr = np.concatenate([[0], np.cumsum([len(ring) for ring in rings])]).astype(np.int64)
    x_m, y_m = np.concatenate([np.array(ring, float) for ring in rings]).T
    owner = np.zeros(len(rings), np.int64) if owner is None else np.array(owner)
    return within_rings(WINDOW, np.ascontiguousarray(x_m), np.ascontiguousarray(y_m), ptr, owner)


def test_a_square_holds_the_cells_whose_centres_it_holds():
    cells = filled([(10, 10), (40, 10), (40, 30), (10, 30)])
    assert sorted(map(tuple, np.argwhere(cells))) == [(r, c) for r in (3, 4) for c in (1, 2, 3)]


def test_a_hole_is_outside_and_an_island_in_it_inside():
    outer = [(0, 0), (80, 0), (80, 60), (0, 60)]
    hole = [(10, 10), (70, 10), (70, 50), (10, 50)]
    island = [(30, 20), (50, 20), (50, 40), (30, 40)]
    cells = filled(outer, hole, island)
    assert cells.sum() == 48 - 24 + 4
    assert cells[2:4, 3:5].all()
    assert not cells[2, 2]


def test_polygons_that_overlap_are_joined_not_cut():
    one, two = [(0, 0), (40, 0), (40, 60), (0, 60)], [(20, 0), (60, 0), (60, 60), (20, 60)]
    assert filled(one, two, owner=[0, 1]).sum() == 36
    assert filled(one, two, owner=[0, 0]).sum() == 24  # as rings of one polygon they cut


def test_what_lies_outside_the_window_fills_its_part_of_it():
    assert filled([(-500, -500), (500, -500), (500, 500), (-500, 500)]).all()
    assert not filled([(100, 0), (200, 0), (200, 60), (100, 60)]).any()
    assert not filled([(-200, 0), (-100, 0), (-100, 60), (-200, 60)]).any()
    assert not filled([(0, 100), (80, 100), (80, 200)]).any()
    assert filled([(-500, 25), (35, 25), (35, 500), (-500, 500)])[:3, :3].all()


def test_a_point_and_a_line_hold_nothing():
    assert not filled([(15, 15)], [(5, 5), (55, 35)], owner=[0, 1]).any()


def test_bad_rings_are_refused():
    with pytest.raises(InputFaults, match="finite"):
        filled([(0, 0), (np.nan, 0), (10, 10)])
    with pytest.raises(InputFaults, match="rising"):
        filled([(0, 0), (1, 0), (1, 1)], [(0, 0), (1, 0), (1, 1)], owner=[1, 0])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(-30, 110), st.integers(-30, 90)), min_size=3, max_size=9, unique=True))
def test_as_shapely_says_where_a_polygon_is_sound(corners):
    polygon = shapely.Polygon(corners)
    if not polygon.is_valid or polygon.area == 0:
        polygon = polygon.convex_hull
    if polygon.geom_type != "Polygon":
        return
    row, col = np.indices((6, 8))
    x_m, y_m = col * 10.0 + 5.0, 55.0 - row * 10.0
    cells = filled(shapely.get_coordinates(polygon.exterior))
    edge = shapely.distance(shapely.points(x_m, y_m), polygon.exterior) < 1e-9
    assert np.array_equal(cells[~edge], shapely.contains_xy(polygon, x_m, y_m)[~edge])
