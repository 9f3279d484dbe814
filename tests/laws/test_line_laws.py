"""Laws of the line: what must hold for any line, place and ruler."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pyproj import Geod
from scipy.ndimage import label

from sarhad.io.line import place_on_line, point_off_line
from sarhad.kernels.linear import Polyline, Window, rasterise_4, rasterise_8, signed_offset
from sarhad.model.line import HomeSide, Line, LinePart

GEOD = Geod(ellps="WGS84")
SIDES = st.sampled_from(["left", "right"])


@st.composite
def lines(draw: st.DrawFn) -> Line:
    """Lines that bend by less than 30 degrees at vertices 500 to 2,000 m apart, and never turn back."""
    n = draw(st.integers(2, 12))
    seed = draw(st.integers(0, 2**31))
    rng = np.random.default_rng(seed)
    lon, lat = [draw(st.floats(-170, 170))], [draw(st.floats(-60, 60))]
    heading = draw(st.floats(0, 360))
    for _ in range(n):
        turn = heading + rng.uniform(-15, 15)
        lon_next, lat_next, _ = GEOD.fwd(lon[-1], lat[-1], turn, rng.uniform(500, 2_000))
        lon.append(lon_next)
        lat.append(lat_next)
    return _line(np.array(lon), np.array(lat), draw(SIDES))


def _line(lon_deg: NDArray[np.float64], lat_deg: NDArray[np.float64], home_side: HomeSide) -> Line:
    chainage_m = np.concatenate([[0.0], np.cumsum(GEOD.line_lengths(lon_deg, lat_deg))])
    return Line("law", (LinePart("0", lon_deg, lat_deg, chainage_m),), home_side, "drawn", 1_000.0)


@settings(max_examples=40, deadline=None)
@given(lines(), st.floats(-200, 200))
def test_a_place_at_chainage_and_offset_is_found_there(line: Line, offset_m: float) -> None:
    """In the middle of each step, where no other step is nearer."""
    middle_m = (line.parts[0].chainage_m[1:] + line.parts[0].chainage_m[:-1]) / 2
    chainage_m, found_m = place_on_line(line, *point_off_line(line, middle_m, offset_m))
    assert chainage_m == pytest.approx(middle_m, abs=0.2)
    assert found_m == pytest.approx(offset_m, abs=0.2)


@settings(max_examples=40, deadline=None)
@given(lines())
def test_chainage_grows_along_the_line(line: Line) -> None:
    along_m = np.linspace(0, line.length_m, 101)
    chainage_m, offset_m = place_on_line(line, *point_off_line(line, along_m))
    assert np.all(np.diff(chainage_m) > 0)
    assert chainage_m == pytest.approx(along_m, abs=0.2)
    assert np.all(np.abs(offset_m) < 1e-3)


@settings(max_examples=40, deadline=None)
@given(lines(), st.integers(0, 2**31))
def test_reversing_mirrors_chainage_and_flips_the_side(line: Line, seed: int) -> None:
    part = line.parts[0]
    back = _line(part.lon_deg[::-1].copy(), part.lat_deg[::-1].copy(), line.home_side)
    rng = np.random.default_rng(seed)
    lon_deg, lat_deg = point_off_line(line, rng.uniform(0, line.length_m, 20), rng.uniform(-300, 300, 20))
    (there_m, offset_m), (back_m, flipped_m) = (place_on_line(x, lon_deg, lat_deg) for x in (line, back))
    assert flipped_m == pytest.approx(-offset_m, abs=1e-4)
    same_foot = np.abs(line.length_m - back_m - there_m) < 0.1
    ties = np.abs(np.abs(flipped_m) - np.abs(offset_m)) < 1e-4
    assert np.all(same_foot | ties)
    assert line.reverse_m(line.reverse_m(123.0)) == pytest.approx(123.0)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(1.0, 90_000.0), min_size=1, max_size=6), st.floats(10.0, 5_000.0))
def test_stretches_tile_every_part(lengths_m: list[float], stretch_m: float) -> None:
    ends_m = np.concatenate([[0.0], np.cumsum(lengths_m)])
    parts = tuple(
        LinePart(str(k), np.array([0.0, 1.0]), np.zeros(2), ends_m[k : k + 2]) for k in range(len(lengths_m))
    )
    line = Line("law", parts, "left", "drawn", 1.0)
    stretches = line.stretches(stretch_m)
    assert [s.stretch_id for s in stretches] == list(range(len(stretches)))
    for part in parts:
        own = [s for s in stretches if s.part_id == part.part_id]
        assert (own[0].from_m, own[-1].to_m) == (part.from_m, part.to_m)
        assert all(a.to_m == b.from_m for a, b in pairwise(own))
        widths_m = [s.to_m - s.from_m for s in own]
        assert np.ptp(widths_m) <= 1e-6 * stretch_m
        assert len(own) == 1 or 2 / 3 <= widths_m[0] / stretch_m <= 4 / 3


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.floats(1, 9e3), st.floats(1, 9e3)), min_size=1, max_size=6), st.floats(0, 5e4))
def test_calibration_goes_there_and_back(steps: list[tuple[float, float]], at_m: float) -> None:
    pairs = np.cumsum(np.array(steps), axis=0)
    part = LinePart("0", np.array([0.0, 1.0]), np.zeros(2), np.array([0.0, 1e5]))
    there, back = (
        Line("law", (part,), "left", "drawn", 1.0, tuple(map(tuple, p.tolist())))
        for p in (pairs, pairs[:, ::-1])
    )
    assert back.official_m(there.official_m(at_m)) == pytest.approx(at_m, rel=1e-6, abs=1e-3)
    assert there.official_m(at_m + 1) > there.official_m(at_m)


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 2**31), st.integers(0, 15))
def test_no_8_neighbour_step_crosses_a_drawn_barrier(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    inner = rng.uniform(2, 28, (n, 2))
    if seed % 2:
        inner = np.round(inner)  # vertices on the corners of cells
    x_m, y_m = np.concatenate([[[-3, rng.uniform(2, 28)]], inner, [[33, rng.uniform(2, 28)]]]).T
    window, ptr = Window(0.0, 30.0, 1.0, 30, 30), np.array([0, n + 2])
    drawn = rasterise_4(window, x_m, y_m, ptr)
    pieces, _ = label(~drawn, structure=np.ones((3, 3)))
    assert not set(pieces[0]) & set(pieces[-1]) - {0}
    assert label(drawn)[1] == 1
    row, col = np.indices((30, 30))
    cells = shapely.box(col, 29 - row, col + 1, 30 - row)
    touched = shapely.distance(shapely.LineString(np.stack([x_m, y_m], axis=1)), cells) < 1e-9
    assert np.all(touched | ~drawn)


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 2**31), st.integers(2, 9))
def test_the_thin_chain_holds_together(seed: int, n: int) -> None:
    x_m, y_m = np.random.default_rng(seed).uniform(0, 30, (2, n))
    drawn = rasterise_8(Window(0.0, 30.0, 1.0, 30, 30), x_m, y_m, np.array([0, n]))
    assert label(drawn, structure=np.ones((3, 3)))[1] == 1
    rows = np.floor(30 - y_m).astype(int)
    assert drawn[rows, np.floor(x_m).astype(int)].all()


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**31), st.integers(3, 25))
def test_offset_to_a_ring_is_distance_and_inside(seed: int, n: int) -> None:
    """Any ring that does not cross itself: stars with random radii, however sharp."""
    rng = np.random.default_rng(seed)
    angle = np.sort(rng.uniform(0, 1, n)) + np.arange(n)
    radius = 10 ** rng.uniform(0.5, 3, n)
    x_m, y_m = radius * np.cos(angle * 2 * np.pi / n), radius * np.sin(angle * 2 * np.pi / n)
    x_m, y_m = np.append(x_m, x_m[0]), np.append(y_m, y_m[0])
    line = Polyline(x_m, y_m, np.arange(n + 1.0), np.array([0, n + 1]), np.array([True]))
    window = Window(-1_030.0, 1_030.0, 61.0, 34, 34)
    ring = shapely.Polygon(np.stack([x_m, y_m], axis=1))
    assume(ring.is_valid)
    found = signed_offset(window, line, home_is_left=bool(shapely.is_ccw(ring.exterior)))
    row, col = np.indices((34, 34))
    points = shapely.points(window.left_m + (col + 0.5) * 61, window.top_m - (row + 0.5) * 61)
    assert np.abs(found.offset_m) == pytest.approx(shapely.distance(ring.exterior, points), abs=1e-6)
    assert np.array_equal(
        found.offset_m > 1e-6, shapely.contains(ring, points) & (np.abs(found.offset_m) > 1e-6)
    )
