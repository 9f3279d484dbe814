"""Laws of sight on random ground: the sweep is the definition, and sight has no favourites."""

from __future__ import annotations

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sarhad.kernels.sight import line_of_sight_clearance_m, viewshed

CELL_M, CURVATURE = 30.0, 0.85714
LAW = settings(max_examples=25, deadline=None)

heights = st.sampled_from([0.0, 1.7, 10.0, 80.0])


@st.composite
def grounds(draw, voids=True):
    """Random walks, noise or terraces with some unknown cells: (row, col) float32, and a known cell."""
    shape = draw(st.tuples(st.integers(1, 34), st.integers(1, 34)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    ground_m = rng.normal(0, draw(st.sampled_from([0.5, 5.0, 50.0])), shape)
    if draw(st.booleans()):
        ground_m = ground_m.cumsum(axis=0).cumsum(axis=1) / 5
    step_m = draw(st.sampled_from([0.0, 1.0, 25.0]))
    if step_m:
        ground_m = np.round(ground_m / step_m) * step_m
    row, col = (int(rng.integers(n)) for n in shape)
    if voids and draw(st.booleans()):
        unknown = rng.random(shape) < 0.04
        unknown[row, col] = False
        ground_m[unknown] = np.nan
    return ground_m.astype(np.float32), row, col


def look(ground_m, row, col, height_m, target_m=1.7):
    table = {"row": [row], "col": [col], "height_m": [height_m], "range_m": [1e6]}
    return viewshed(ground_m, table, cell_m=CELL_M, target_m=target_m, curvature=CURVATURE)


@LAW
@given(grounds(), heights, heights)
def test_the_sweep_is_the_definition(ground, height_m, target_m):
    ground_m, row, col = ground
    seen = look(*ground, height_m, target_m)
    expected_m = np.array(
        [
            line_of_sight_clearance_m(ground_m, (row, col), place, height_m, target_m, CELL_M, CURVATURE)
            for place in np.ndindex(ground_m.shape)
        ]
    ).reshape(ground_m.shape)
    assert np.array_equal(seen.mask(0), expected_m >= 0.0)
    np.testing.assert_allclose(seen.clearance_m(0), expected_m, rtol=1e-6, atol=1e-4)


@LAW
@given(grounds(), heights, heights, st.floats(0.1, 50.0))
def test_a_higher_eye_or_target_is_never_hidden_by_it(ground, height_m, target_m, more_m):
    before = look(*ground, height_m, target_m).mask(0)
    assert not (before & ~look(*ground, height_m + more_m, target_m).mask(0)).any()
    assert not (before & ~look(*ground, height_m, target_m + more_m).mask(0)).any()


@LAW
@given(grounds(), heights, st.data())
def test_higher_ground_beside_the_line_never_shows_more(ground, height_m, data):
    ground_m, row, col = ground
    place = tuple(data.draw(st.integers(0, n - 1)) for n in ground_m.shape)
    assume(place != (row, col))
    raised_m = ground_m.copy()
    raised_m[place] += 30.0
    shown = look(raised_m, row, col, height_m).mask(0) & ~look(*ground, height_m).mask(0)
    shown[place] = False
    assert not shown.any()


@LAW
@given(grounds(), heights, heights)
def test_who_sees_is_seen(ground, height_m, target_m):
    ground_m, row, col = ground
    clearance_m = look(ground_m, row, col, height_m, target_m).clearance_m(0)
    for place in [(0, 0), (ground_m.shape[0] - 1, ground_m.shape[1] // 2)]:
        if np.isnan(ground_m[place]) or abs(clearance_m[place]) < 1e-3:
            continue
        back = look(ground_m, *place, target_m, height_m)
        assert back.mask(0)[row, col] == (clearance_m[place] >= 0.0)


@LAW
@given(grounds(), heights)
def test_turned_ground_is_seen_turned(ground, height_m):
    ground_m, row, col = ground
    clearance_m = look(*ground, height_m).clearance_m(0)
    turned_m = look(np.ascontiguousarray(ground_m.T), col, row, height_m).clearance_m(0).T
    mirrored_m = look(ground_m[::-1].copy(), len(ground_m) - 1 - row, col, height_m).clearance_m(0)[::-1]
    for other_m in (turned_m, mirrored_m):
        np.testing.assert_allclose(other_m, clearance_m, rtol=1e-6, atol=1e-4)


@LAW
@given(grounds(), heights, st.floats(-200.0, 200.0))
def test_all_ground_raised_alike_changes_nothing(ground, height_m, lift_m):
    ground_m, row, col = ground
    lift = np.float32(round(lift_m))
    before_m = look(*ground, height_m).clearance_m(0)
    after_m = look(ground_m + lift, row, col, height_m).clearance_m(0)
    np.testing.assert_allclose(after_m, before_m, rtol=1e-4, atol=0.02)
