"""Travel time: ramps by hand, barriers, sources, limits and faults."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sarhad.errors import InputFaults, UnknownName
from sarhad.kernels.leastcost import least_cost
from sarhad.kernels.speed import SPEED_NAMES, SpeedTable
from sarhad.kernels.steps import step_time
from sarhad.kernels.travel import travel_time

UP_S = 360 / (6 * math.exp(-3.5 * 0.15))  # 100 m up a slope of .1
DOWN_S = 360 / (6 * math.exp(-3.5 * 0.05))  # and down again
RAMP_M = np.arange(6.0)[None, :] * 10


def test_a_ramp_up_and_down_by_hand() -> None:
    time_s = travel_time(RAMP_M, [[0, 2]], cell_m=100)
    np.testing.assert_allclose(time_s[0], [2 * DOWN_S, DOWN_S, 0, UP_S, 2 * UP_S, 3 * UP_S], rtol=1e-12)


def test_towards_the_source_the_ramp_turns_round() -> None:
    time_s = travel_time(RAMP_M, [[0, 2]], cell_m=100, towards=True)
    np.testing.assert_allclose(time_s[0], [2 * UP_S, UP_S, 0, DOWN_S, 2 * DOWN_S, 3 * DOWN_S], rtol=1e-12)


def test_the_nearest_of_many_sources_counts() -> None:
    time_s = travel_time(RAMP_M, [[0, 0], [0, 5], [0, 0]], cell_m=100)
    np.testing.assert_allclose(time_s[0], [0, UP_S, 2 * UP_S, 2 * DOWN_S, DOWN_S, 0], rtol=1e-12)


def test_friction_is_the_mean_of_both_cells() -> None:
    time_s = travel_time(RAMP_M[:, :3], [[0, 0]], cell_m=100, friction=[[1.0, 3.0, 4.0]])
    np.testing.assert_allclose(time_s[0], [0, 2 * UP_S, 5.5 * UP_S], rtol=1e-12)


@pytest.mark.parametrize("speed", SPEED_NAMES)
@pytest.mark.parametrize("towards", [False, True])
def test_equals_least_costs_over_the_step_array(speed: str, towards: bool) -> None:
    rng = np.random.default_rng([len(speed), towards])
    dem_m = rng.normal(scale=12, size=(17, 23))
    dem_m[rng.random(dem_m.shape) < 0.05] = np.nan
    barrier = rng.random(dem_m.shape) < 0.15
    friction = np.where(np.isnan(dem_m), np.nan, 10 ** rng.uniform(-2, 2, dem_m.shape))
    row, col = np.argwhere(~(np.isnan(dem_m) | barrier))[[5, 50]].T
    got = travel_time(
        dem_m,
        np.stack([row, col], 1),
        cell_m=25,
        speed=speed,
        friction=friction,
        barrier=barrier,
        towards=towards,
    )
    step_s = step_time(dem_m, cell_m=25, speed=speed, friction=friction, barrier=barrier)
    want = least_cost(step_s, row * 23 + col, [0.0, 0.0], towards=towards).cost
    np.testing.assert_allclose(got, want, rtol=1e-12)


def test_a_table_of_speeds() -> None:
    table = SpeedTable(np.array([-0.2, 0.0, 0.1]), np.array([2.0, 1.0, 0.5]))
    time_s = travel_time([[0.0, 10.0, 10.0, 30.0]], [[0, 0]], cell_m=100, speed=table)
    assert time_s.tolist() == [[0, 200, 300, math.inf]]
    back_s = travel_time([[0.0, 10.0, 10.0, 30.0]], [[0, 3]], cell_m=100, speed=table)
    np.testing.assert_allclose(back_s, [[50 + 100 + 100 / 1.5, 150, 50, 0]], rtol=1e-12)


def test_a_diagonal_river_one_cell_wide_holds() -> None:
    """The classic leak: 8-neighbour steps across a river drawn as a diagonal of single cells."""
    river = np.eye(9, dtype=bool)
    time_s = travel_time(np.zeros((9, 9)), [[0, 8]], cell_m=30, barrier=river)
    assert np.isfinite(time_s[np.triu_indices(9, 1)]).all()
    assert np.isinf(time_s[np.tril_indices(9)]).all()


def test_a_gap_of_one_cell_is_found() -> None:
    river = np.eye(9, dtype=bool)
    river[4, 4] = False
    time_s = travel_time(np.zeros((9, 9)), [[0, 8]], cell_m=30, barrier=river)
    assert np.isfinite(time_s[8, 0])
    assert np.isinf(time_s[river]).all()


def test_voids_hold_like_barriers() -> None:
    dem_m = np.where(np.eye(5, dtype=bool), np.nan, 0.0)
    assert np.isinf(travel_time(dem_m, [[0, 4]], cell_m=30)[np.tril_indices(5)]).all()


def test_limit_keeps_what_is_near_and_hides_the_rest() -> None:
    rng = np.random.default_rng(2)
    dem_m = rng.normal(scale=20, size=(30, 30))
    whole_s = travel_time(dem_m, [[15, 15]], cell_m=90)
    limit_s = float(np.median(whole_s))
    near_s = travel_time(dem_m, [[15, 15]], cell_m=90, limit_s=limit_s)
    np.testing.assert_array_equal(near_s, np.where(whole_s <= limit_s, whole_s, np.inf))


def test_single_cell_and_no_source() -> None:
    assert travel_time([[5.0]], [[0, 0]], cell_m=1).tolist() == [[0]]
    assert travel_time([[5.0]], [[0, 0]], cell_m=1, friction=[[2.0]]).tolist() == [[0]]
    assert travel_time([[5.0]], np.empty((0, 2)), cell_m=1).tolist() == [[math.inf]]
    assert np.isinf(travel_time([[math.nan]], [], cell_m=1, friction=[[math.nan]])).all()


def test_inputs_are_left_alone_and_any_layout_gives_the_same() -> None:
    dem_m = np.random.default_rng(4).normal(scale=9, size=(12, 15)).astype(np.float32)
    before = dem_m.copy()
    time_s = travel_time(dem_m, [[3, 4]], cell_m=30)
    assert (dem_m == before).all()
    turned = travel_time(np.asfortranarray(dem_m), np.array([[3, 4]], np.int16), cell_m=30)
    assert turned.tobytes() == time_s.tobytes()


def test_cliffs_of_any_height_do_not_stall_it() -> None:
    dem_m = np.zeros((40, 40))
    dem_m[:, 20:] = 3000.0
    dem_m[10:, 30:] = 9000.0
    time_s = travel_time(dem_m, [[0, 0]], cell_m=10)
    assert np.isfinite(time_s[:, :20]).all()
    assert time_s[0, 20] > 1e100


def test_all_faults_in_one_report() -> None:
    with pytest.raises(InputFaults) as report:
        travel_time(
            [[0.0, math.nan, 0.0, 0.0]], [[0, 0], [0, 1], [0, 2], [1, 0], [-1, 0]],
            cell_m=math.nan, friction=[[1.0, 1.0, 1.0, 0.0]], barrier=[[False, False, True, False]],
            limit_s=-1,
        )  # fmt: skip
    places = [(fault.file, fault.row) for fault in report.value.faults]
    assert places[:3] == [("cell_m", 0), ("friction", 0), ("limit_s", 0)]
    assert ("sources", 4) in places
    assert ("sources", 5) in places


def test_sources_on_voids_and_barriers_are_faults() -> None:
    with pytest.raises(InputFaults) as report:
        travel_time(
            [[0.0, math.nan, 0.0]], [[0, 0], [0, 1], [0, 2]], cell_m=1, barrier=[[False, False, True]]
        )
    assert [(fault.file, fault.row) for fault in report.value.faults] == [("sources", 2), ("sources", 3)]


@pytest.mark.parametrize("sources", [[0, 0], [[0.0, 0.0]], [[0, 0, 0]]])
def test_sources_of_the_wrong_kind(sources: list[object]) -> None:
    with pytest.raises(InputFaults, match=r"shape \(n, 2\) of whole numbers"):
        travel_time(np.zeros((2, 2)), sources, cell_m=1)  # type: ignore[arg-type]


def test_unknown_speed_lists_the_known() -> None:
    with pytest.raises(UnknownName, match="known: tobler"):
        travel_time([[0.0]], [[0, 0]], cell_m=1, speed="hike")
