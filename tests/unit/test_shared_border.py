"""The border out of two polygons: squares by hand, slivers, exclaves, water cut out, and any jagged line."""

from __future__ import annotations

from pathlib import Path

import geopandas
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from sarhad.io.line_shape import steps_m
from sarhad.io.shared_border import shared_border

DEGREE_M = 110_574.3886  # the first degree of a meridian north of the equator (WGS84)
WEST = shapely.Polygon([(0, 0), (1, 0), (1, 0.5), (1, 1), (0, 1)])
EAST = shapely.Polygon([(1, 0), (2, 0), (2, 1), (1, 1), (1, 0.5)])


def east_with(*border: tuple[float, float]) -> shapely.Polygon:
    """The eastern square with another western edge, from north to south."""
    return shapely.Polygon([(2, 0), (2, 1), *border])


def test_two_squares_share_their_edge_with_home_on_the_left() -> None:
    found = shared_border(WEST, EAST)
    assert [run.vertex.tolist() for run in found.runs] == [[[1, 0], [1, 0.5], [1, 1]]]
    assert found.length_m == pytest.approx(DEGREE_M, abs=0.01)
    assert found.length_beyond_m == pytest.approx(DEGREE_M, abs=0.01)
    assert (found.apart_m, found.widest_m, found.n_rings_left_out) == (0, pytest.approx(0, abs=1e-6), 0)
    assert shared_border(EAST, WEST).runs[0].vertex.tolist() == [[1, 1], [1, 0.5], [1, 0]]


def test_a_sliver_is_bridged_along_home_and_measured() -> None:
    """The neighbour's middle vertex lies 0.001 degrees of longitude east: 111.319 m cos(0.5)."""
    found = shared_border(WEST, east_with((1, 1), (1.001, 0.5), (1, 0)))
    assert found.runs[0].vertex.tolist() == [[1, 0], [1, 0.5], [1, 1]]
    assert found.apart_m == pytest.approx(DEGREE_M, abs=0.01)
    assert found.widest_m == pytest.approx(111.319 * np.cos(np.radians(0.5)), rel=1e-3)
    assert found.length_beyond_m > found.length_m


def test_polygons_apart_or_touching_in_a_point_have_no_border() -> None:
    assert not shared_border(WEST, shapely.box(1.1, 0, 2, 1)).runs
    assert not shared_border(WEST, shapely.box(1, 1, 2, 2)).runs
    assert not shared_border(WEST, shapely.box(60, 40, 61, 41)).runs


def test_a_strip_of_water_between_banks_is_followed_along_home() -> None:
    """500 m of river: no vertex is shared, and the bank is long enough to be a border."""
    bank = [(1.0045, 1 - k / 50) for k in range(51)]
    found = shared_border(WEST, east_with(*bank))
    assert found.runs[0].vertex[[0, -1]].tolist() == [[1, 0], [1, 1]]
    assert found.apart_m == pytest.approx(DEGREE_M, abs=0.01)
    assert found.widest_m == pytest.approx(0.0045 * 111_319, rel=2e-3)
    assert not shared_border(WEST, east_with(*bank), gap_m=300).runs


def test_exclaves_are_rings_home_on_the_left_whoever_is_inside() -> None:
    inner = shapely.box(1.4, 0.4, 1.6, 0.6)
    home = shapely.MultiPolygon([WEST, inner])
    around = shapely.Polygon(EAST.exterior, [inner.exterior])
    main, ring = shared_border(home, around).runs
    assert (main.closed, ring.closed, ring.around_home) == (False, True, True)
    assert shapely.is_ccw(shapely.linearrings(ring.vertex))
    _, ring = shared_border(around, home).runs
    assert (ring.closed, ring.around_home) == (True, False)
    assert not shapely.is_ccw(shapely.linearrings(ring.vertex))


def test_a_lake_by_the_border_is_left_out() -> None:
    lake = shapely.box(0.990, 0.2, 0.998, 0.206)
    home = shapely.Polygon(WEST.exterior, [lake.exterior])
    found = shared_border(home, EAST, gap_m=2_000)
    assert len(found.runs) == 1
    assert found.n_rings_left_out == 1


def test_a_third_border_does_not_lengthen_the_line() -> None:
    """Home's northern edge leaves the line at a corner: its first vertices are near the neighbour, too."""
    north = [(1 - k * 0.002, 1) for k in range(1, 40)]
    home = shapely.Polygon([(0, 0), (1, 0), (1, 0.5), (1, 1), *north, (0, 1)])
    assert shared_border(home, EAST).runs[0].vertex.tolist() == [[1, 0], [1, 0.5], [1, 1]]


def test_a_loop_that_comes_back_is_cut_off() -> None:
    pond = [(1, 0.5), (0.99, 0.51), (0.99, 0.49)]
    home = shapely.Polygon([(0, 0), (1, 0), *pond, (1, 0.5), (1, 1), (0, 1)])
    found = shared_border(home, EAST, gap_m=2_000)
    assert found.runs[0].vertex.tolist() == [[1, 0], [1, 0.5], [1, 1]]
    assert found.loops_m == pytest.approx(steps_m(np.array([*pond, pond[0]])).sum(), abs=0.01)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(-0.02, 0.02), min_size=4, max_size=40), st.data())
def test_any_jagged_line_is_found_again_as_home_draws_it(aside: list[float], data: st.DataObject) -> None:
    lat = np.linspace(0, 1, len(aside))
    line = np.column_stack([1 + np.array(aside), lat])
    home = shapely.Polygon([*line.tolist(), (0, 1), (0, 0)])
    theirs = line.copy()
    moved = data.draw(st.lists(st.integers(1, len(line) - 2), max_size=len(line) // 3))
    theirs[moved, 0] += 0.004  # 445 m of water
    beyond = shapely.Polygon([(2, 0), (2, 1), *theirs[::-1].tolist()])
    found = shared_border(home, beyond)
    assert [run.vertex.tolist() for run in found.runs] == [line.tolist()]
    assert found.length_m == pytest.approx(steps_m(line).sum(), abs=1e-6)


BORDERS = Path(__file__).parents[2] / ".." / "shared" / "data" / "border" / "border_osm10m.geojson"


@pytest.mark.skipif(not BORDERS.exists(), reason="the shared sample data are not beside the checkout")
def test_a_real_line_between_made_up_countries_keeps_its_length() -> None:
    """The polygons on both sides of the published Tajik-Kyrgyz line share 893.1 km and Vorukh's 59.6."""
    borders = geopandas.read_file(BORDERS)
    line, vorukh = borders[borders.pair == "TJK-KGZ"].geometry
    south = shapely.Polygon([*line.coords, (73.6, 36.0), (65.0, 36.0), (65.0, 40.2256)])
    north = shapely.Polygon([*line.coords[::-1], (70.9, 43.0), (78.0, 43.0), (78.0, 39.46)])
    home = shapely.MultiPolygon([south, shapely.Polygon(vorukh.coords)])
    beyond = shapely.Polygon(north.exterior, [vorukh.coords])
    found = shared_border(home, beyond)
    lengths_km = sorted(run.length_m / 1e3 for run in found.runs)
    assert lengths_km == pytest.approx([59.613, 893.104], abs=0.001)
