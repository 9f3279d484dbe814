"""Laws of travel time on random ground."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from hypothesis import given, settings
from hypothesis import strategies as st

from sarhad.kernels.speed import SPEED_NAMES
from sarhad.kernels.steps import D_COL, D_ROW, step_time
from sarhad.kernels.travel import travel_time

N_EXAMPLE = 40


class Case(NamedTuple):
    dem_m: npt.NDArray[np.float64]
    friction: npt.NDArray[np.float64]
    barrier: npt.NDArray[np.bool_]
    cell: npt.NDArray[np.int64]  # (n, 2) open cells in random order
    speed: str

    def time_s(self, i: int = 0, **changes: object) -> npt.NDArray[np.float64]:
        given: dict[str, object] = {
            "cell_m": 30.0, "speed": self.speed, "friction": self.friction, "barrier": self.barrier,
        }  # fmt: skip
        given.update(changes)
        return travel_time(self.dem_m, self.cell[[i]], **given)  # type: ignore[arg-type]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    shape = (draw(st.integers(1, 9)), draw(st.integers(2, 9)))
    relief_m = draw(st.sampled_from([0.0, 3.0, 30.0]))
    barrier = rng.random(shape) < draw(st.sampled_from([0.0, 0.2, 0.4]))
    barrier.flat[[0, -1]] = False
    open_cell = rng.permutation(np.argwhere(~barrier))
    friction = 10 ** rng.uniform(-1, 1, shape) if draw(st.booleans()) else np.ones(shape)
    speed = draw(st.sampled_from(SPEED_NAMES))
    return Case(rng.normal(scale=relief_m, size=shape), friction, barrier, open_cell, speed)


@settings(max_examples=N_EXAMPLE, deadline=None)
@given(cases(), st.booleans())
def test_equals_bellman_ford(case: Case, towards: bool) -> None:
    step_s = step_time(case.dem_m, cell_m=30, speed=case.speed, friction=case.friction, barrier=case.barrier)
    n_row, n_col = case.dem_m.shape
    want = np.full((n_row, n_col), np.inf)
    want[tuple(case.cell[0])] = 0
    for _ in range(n_row * n_col):
        before = want.copy()
        for d, row, col in zip(*np.nonzero(np.isfinite(step_s)), strict=True):
            a, b = (row, col), (row + D_ROW[d], col + D_COL[d])
            a, b = (b, a) if towards else (a, b)
            want[b] = min(want[b], want[a] + step_s[d, row, col])
        if (before == want).all():
            break
    np.testing.assert_allclose(case.time_s(towards=towards), want, rtol=1e-12)


@settings(max_examples=N_EXAMPLE, deadline=None)
@given(cases())
def test_to_a_and_from_a_agree_between_any_two_cells(case: Case) -> None:
    """The time from a to b is the same seen from a (away) and from b (towards)."""
    from_a_s = case.time_s(0)
    to_b_s = case.time_s(-1, towards=True)
    np.testing.assert_allclose(from_a_s[tuple(case.cell[-1])], to_b_s[tuple(case.cell[0])], rtol=1e-12)


@settings(max_examples=N_EXAMPLE, deadline=None)
@given(cases())
def test_mirrored_relief_reverses_the_way(case: Case) -> None:
    """Upside down, each climb is a descent: towards on the one is away on the other."""
    upside_down = case._replace(dem_m=-case.dem_m)
    np.testing.assert_allclose(case.time_s(towards=True), upside_down.time_s(), rtol=1e-9)


@settings(max_examples=N_EXAMPLE, deadline=None)
@given(cases())
def test_triangle_inequality(case: Case) -> None:
    a, b = tuple(case.cell[0]), tuple(case.cell[-1])
    from_a_s, from_b_s = case.time_s(0), case.time_s(-1)
    assert from_a_s[a] == 0
    assert (from_a_s <= from_a_s[b] + from_b_s + 1e-9 * np.abs(from_b_s)).all()


@settings(max_examples=N_EXAMPLE, deadline=None)
@given(cases(), st.floats(0.1, 50))
def test_friction_scales_time(case: Case, factor: float) -> None:
    np.testing.assert_allclose(
        case.time_s(friction=factor * case.friction), factor * case.time_s(), rtol=1e-9
    )


@settings(max_examples=N_EXAMPLE, deadline=None)
@given(cases(), st.integers(0, 2**16))
def test_more_friction_anywhere_never_shortens(case: Case, seed: int) -> None:
    more = case.friction * np.random.default_rng(seed).uniform(1, 3, case.friction.shape)
    assert (case.time_s(friction=more) >= case.time_s() * (1 - 1e-12)).all()


@settings(max_examples=N_EXAMPLE, deadline=None)
@given(cases(), st.integers(1, 80))
def test_one_more_barrier_never_shortens(case: Case, k: int) -> None:
    more = case.barrier.copy()
    more[tuple(case.cell[1 + k % (len(case.cell) - 1)])] = True
    assert (case.time_s(barrier=more) >= case.time_s()).all()


@settings(max_examples=N_EXAMPLE, deadline=None)
@given(cases())
def test_one_more_source_never_lengthens_and_the_minimum_is_exact(case: Case) -> None:
    both_s = travel_time(
        case.dem_m,
        case.cell[[0, -1]],
        cell_m=30,
        speed=case.speed,
        friction=case.friction,
        barrier=case.barrier,
    )
    np.testing.assert_array_equal(both_s, np.minimum(case.time_s(0), case.time_s(-1)))


@settings(max_examples=N_EXAMPLE, deadline=None)
@given(cases(), st.floats(0, 1))
def test_a_limit_changes_nothing_below_it(case: Case, share: float) -> None:
    whole_s = case.time_s()
    limit_s = share * float(whole_s[np.isfinite(whole_s)].max())
    np.testing.assert_array_equal(case.time_s(limit_s=limit_s), np.where(whole_s <= limit_s, whole_s, np.inf))


@settings(max_examples=N_EXAMPLE, deadline=None)
@given(cases())
def test_turning_the_map_turns_the_times(case: Case) -> None:
    turned = Case(
        case.dem_m[::-1, ::-1], case.friction[::-1, ::-1], case.barrier[::-1, ::-1],
        np.array(case.dem_m.shape) - 1 - case.cell, case.speed,
    )  # fmt: skip
    np.testing.assert_allclose(turned.time_s()[::-1, ::-1], case.time_s(), rtol=1e-12)
