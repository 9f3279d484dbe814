"""The step graph against its definition, cell by cell, and its faults."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sarhad.errors import InputFaults, UnknownName
from sarhad.kernels.speed import speed_mps
from sarhad.kernels.steps import D_COL, D_LENGTH, D_ROW, perturbed_steps, step_time


def slow_step_time(  # type: ignore[no-untyped-def]
    dem_m, *, cell_m, speed, speed_factor, max_slope, friction, barrier
):
    """The definition, one step at a time."""
    n_row, n_col = dem_m.shape

    def is_open(row: int, col: int) -> bool:
        inside = 0 <= row < n_row and 0 <= col < n_col
        return bool(inside and not barrier[row, col] and not math.isnan(dem_m[row, col]))

    step_s = np.full((8, n_row, n_col), np.inf)
    for d in range(8):
        for row, col in np.ndindex(n_row, n_col):
            to_row, to_col = row + int(D_ROW[d]), col + int(D_COL[d])
            if not (is_open(row, col) and is_open(to_row, to_col)):
                continue
            if not (is_open(row, to_col) or is_open(to_row, col)):
                continue
            run_m = math.hypot(to_row - row, to_col - col) * cell_m
            slope = (dem_m[to_row, to_col] - dem_m[row, col]) / run_m
            mps = float(speed_mps(speed, slope)) * speed_factor
            if abs(slope) <= max_slope and mps > 0:
                step_s[d, row, col] = run_m / mps * (friction[row, col] + friction[to_row, to_col]) / 2
    return step_s


def test_the_eight_steps_are_in_the_agreed_order() -> None:
    assert list(zip(D_ROW.tolist(), D_COL.tolist(), strict=True)) == [
        (-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1)
    ]  # fmt: skip
    np.testing.assert_allclose(D_LENGTH, np.hypot(D_ROW, D_COL))


@pytest.mark.parametrize("speed", ["tobler_off_path", "vehicle", "campbell_20"])
def test_equals_its_definition(speed: str) -> None:
    rng = np.random.default_rng(7)
    dem_m = rng.normal(scale=15, size=(9, 12))
    dem_m[rng.random(dem_m.shape) < 0.1] = np.nan
    given = {
        "cell_m": 30.0, "speed": speed, "speed_factor": 0.8, "max_slope": 0.7,
        "friction": rng.uniform(0.5, 3, dem_m.shape), "barrier": rng.random(dem_m.shape) < 0.2,
    }  # fmt: skip
    got = step_time(dem_m, **given)  # type: ignore[arg-type]
    np.testing.assert_allclose(got, slow_step_time(dem_m, **given), rtol=1e-12)


def test_level_ground_by_hand() -> None:
    """5.0367 km/h: 100 m take 71.475 s, the diagonal sqrt(2) times that; nothing leaves the grid."""
    step_s = step_time(np.zeros((3, 3)), cell_m=100, speed="tobler")
    level_s = 360 / (6 * math.exp(-0.175))
    np.testing.assert_allclose(step_s[:, 1, 1], level_s * D_LENGTH, rtol=1e-12)
    assert np.isfinite(step_s[:, 0, 0]).nonzero()[0].tolist() == [2, 3, 4]


def test_uphill_takes_longer_than_down() -> None:
    step_s = step_time([[0.0, 10.0]], cell_m=100, speed="tobler")
    assert step_s[2, 0, 0] == pytest.approx(360 / (6 * math.exp(-3.5 * 0.15)))
    assert step_s[6, 0, 1] == pytest.approx(360 / (6 * math.exp(-3.5 * 0.05)))


def test_steep_steps_are_shut_both_ways() -> None:
    step_s = step_time([[0.0, 131.0, 130.0]], cell_m=100, speed="tobler", max_slope=1.3)
    assert np.isinf(step_s[2, 0, 0])
    assert np.isinf(step_s[6, 0, 1])
    assert np.isfinite(step_s[2, 0, 1])


def test_no_diagonal_slip_between_two_barrier_cells() -> None:
    barrier = np.array([[False, True], [True, False]])
    assert np.isinf(step_time(np.zeros((2, 2)), cell_m=1, speed="tobler", barrier=barrier)).all()
    barrier[0, 1] = False
    assert np.isfinite(step_time(np.zeros((2, 2)), cell_m=1, speed="tobler", barrier=barrier)[3, 0, 0])


def test_perturbed_steps_are_the_steps_with_that_friction() -> None:
    rng = np.random.default_rng(3)
    dem_m = rng.normal(scale=10, size=(8, 7))
    dem_m[2, 3] = np.nan
    friction = rng.uniform(0.3, 3, dem_m.shape)
    friction[2, 3] = np.nan
    plain_s = step_time(dem_m, cell_m=50, speed="tobler")
    with_friction_s = step_time(dem_m, cell_m=50, speed="tobler", friction=friction)
    np.testing.assert_allclose(perturbed_steps(plain_s, friction), with_friction_s, rtol=1e-12)


def test_perturbed_steps_refuse_bad_friction() -> None:
    step_s = step_time(np.zeros((2, 2)), cell_m=1, speed="tobler")
    with pytest.raises(InputFaults, match="1 cells at or below 0"):
        perturbed_steps(step_s, [[1.0, 0.0], [1.0, 1.0]])
    with pytest.raises(InputFaults, match=r"shapes \(8, row, col\) and \(row, col\)"):
        perturbed_steps(step_s, [1.0, 1.0])


def test_all_faults_in_one_report() -> None:
    with pytest.raises(InputFaults) as report:
        step_time(
            [[0.0, math.inf]],
            cell_m=0,
            speed="tobler",
            friction=[[1.0, -1.0]],
            barrier=np.zeros((2, 2), bool),
        )
    assert [fault.file for fault in report.value.faults] == ["barrier", "cell_m", "dem_m", "friction"]


def test_faults_of_the_mover() -> None:
    with pytest.raises(InputFaults) as report:
        step_time([[0.0]], cell_m=1, speed="tobler", speed_factor=0, max_slope=math.nan)
    assert [fault.file for fault in report.value.faults] == ["max_slope", "speed_factor"]
    with pytest.raises(UnknownName):
        step_time([[0.0]], cell_m=1, speed="crawl")
    with pytest.raises(InputFaults, match=r"a grid \(row, col\)"):
        step_time([0.0], cell_m=1, speed="tobler")
