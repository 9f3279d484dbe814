"""Laws of refined relief, on the exemplars that are shipped."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sarhad.io import terrain_layer
from sarhad.kernels import relief

F, M = relief.FACTOR, relief.MARGIN
PLACE = relief.Place(100, 200, 463.0, 370.0)
EXEMPLARS = terrain_layer.exemplars()


@st.composite
def coarse(draw: st.DrawFn) -> np.ndarray:
    """Coarse heights from tame to wild."""
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    n_row, n_col = draw(st.integers(2 * M + 1, 22)), draw(st.integers(2 * M + 1, 22))
    rough_m = draw(st.sampled_from([0.0, 1.0, 30.0, 400.0]))
    slope_m = draw(st.floats(-300.0, 300.0))
    return 2_000.0 + slope_m * np.arange(n_col) + rng.normal(0.0, 1.0, (n_row, n_col)) * rough_m


draws = st.builds(relief.Draw, st.integers(0, 2**32 - 1), st.integers(0, 9), st.floats(0.0, 2.0))
few = settings(max_examples=25, deadline=None)


def block_mean(value: np.ndarray) -> np.ndarray:
    n_row, n_col = value.shape
    return value.reshape(n_row // F, F, n_col // F, F).mean(axis=(1, 3))


@few
@given(coarse(), draws)
def test_block_means_are_kept(h, draw):
    fine = relief.refine_m(h, EXEMPLARS, PLACE, draw)
    assert np.abs(block_mean(fine) - h[M:-M, M:-M]).max() < 1e-8


@few
@given(coarse(), draws)
def test_no_scale_or_realisation_0_is_the_best_band(h, draw):
    best = relief.best_band_m(h, EXEMPLARS)
    for none in (draw._replace(scale=0.0), draw._replace(realisation=0)):
        assert np.array_equal(relief.refine_m(h, EXEMPLARS, PLACE, none), best)


@few
@given(coarse(), st.floats(0.1, 2.0), st.integers(1, 9))
def test_detail_is_proportional_to_its_scale(h, scale, realisation):
    one = relief.refine_m(h, EXEMPLARS, PLACE, relief.Draw(5, realisation, 1.0))
    some = relief.refine_m(h, EXEMPLARS, PLACE, relief.Draw(5, realisation, scale))
    best = relief.best_band_m(h, EXEMPLARS)
    assert some - best == pytest.approx(scale * (one - best), abs=1e-8)


@few
@given(coarse(), draws, st.data())
def test_windows_agree_bit_for_bit(h, draw, data):
    whole = relief.refine_m(h, EXEMPLARS, PLACE, draw)
    n_row, n_col = (n - 2 * M for n in h.shape)
    row, col = data.draw(st.integers(0, n_row - 1)), data.draw(st.integers(0, n_col - 1))
    place = PLACE._replace(row=PLACE.row + row, col=PLACE.col + col)
    part = relief.refine_m(h[row:, col:], EXEMPLARS, place, draw)
    assert np.array_equal(part, whole[row * F :, col * F :])


@few
@given(coarse(), st.floats(-2_000.0, 2_000.0))
def test_a_shift_of_the_datum_shifts_everything(h, shift_m):
    best, shifted = relief.best_band_m(h, EXEMPLARS), relief.best_band_m(h + shift_m, EXEMPLARS)
    assert np.abs(shifted - shift_m - best).max() < 1e-2


@few
@given(coarse())
def test_twice_the_relief_is_twice_the_relief(h):
    best, twice = (
        relief.best_band_m(h - 2_000.0, EXEMPLARS),
        relief.best_band_m(2.0 * (h - 2_000.0), EXEMPLARS),
    )
    assert twice == pytest.approx(2.0 * best, abs=1e-3)


@few
@given(st.floats(-500.0, 8_000.0), draws)
def test_flat_ground_stays_flat(height_m, draw):
    fine = relief.refine_m(np.full((14, 15), height_m), EXEMPLARS, PLACE, draw)
    assert np.abs(fine - height_m).max() < 1e-8


@few
@given(st.floats(20.0, 250.0), st.sampled_from([0, 1]), st.sampled_from([-1.0, 1.0]))
def test_an_even_hillslope_falls_all_the_way(fall_m, axis, sign):
    at = np.arange(18.0)
    h = 3_000.0 + sign * fall_m * (at[:, None] if axis == 0 else at[None, :]) + np.zeros((18, 18))
    step_m = sign * np.diff(relief.best_band_m(h, EXEMPLARS), axis=axis)
    assert step_m.min() > 0.5 * fall_m / F
    assert step_m.max() < 1.5 * fall_m / F


def test_seeds_and_realisations_differ_and_repeat():
    h = np.random.default_rng(0).normal(3_000.0, 200.0, (20, 20))
    draws = [relief.Draw(s, r, 1.0) for s in (1, 2) for r in (1, 2)]
    fine = [relief.refine_m(h, EXEMPLARS, PLACE, draw) for draw in draws]
    again = [relief.refine_m(h, EXEMPLARS, PLACE, draw) for draw in draws]
    for i in range(4):
        assert np.array_equal(fine[i], again[i])
        for j in range(i):
            assert np.sqrt(np.mean((fine[i] - fine[j]) ** 2)) > 5.0


def test_picks_are_spread_evenly():
    """Each of the nearest is drawn equally often (chi-square, 5 degrees of freedom, 0.1 %: 20.5)."""
    shape = np.zeros((200, 200, relief.N_SHAPE))
    known = np.ascontiguousarray(np.tile(np.arange(10.0), (relief.N_SHAPE, 1)))
    pick = relief._picks(shape, known, PLACE, relief.Draw(7, 1, 1.0))
    count = np.bincount(pick.ravel(), minlength=relief.N_NEAR)
    assert count.size == relief.N_NEAR
    expected = pick.size / relief.N_NEAR
    assert ((count - expected) ** 2 / expected).sum() < 20.5
