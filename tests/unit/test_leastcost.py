"""Least costs and links against Bellman-Ford on small graphs; response teams by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sarhad.errors import InputFaults
from sarhad.kernels.leastcost import least_cost, two_mode_time
from sarhad.kernels.steps import D_COL, D_ROW, step_time


def bellman_ford(step_cost, seed_cell, seed_cost, *, towards, within):  # type: ignore[no-untyped-def]
    """The definition: relax every step until nothing changes."""
    _, n_row, n_col = step_cost.shape
    cost = np.full(n_row * n_col, np.inf)
    for cell, start in zip(seed_cell, seed_cost, strict=True):
        if within.ravel()[cell]:
            cost[cell] = min(cost[cell], start)
    while True:
        before = cost.copy()
        for d in range(8):
            for row, col in np.ndindex(n_row, n_col):
                to_row, to_col = row + int(D_ROW[d]), col + int(D_COL[d])
                if not (
                    0 <= to_row < n_row
                    and 0 <= to_col < n_col
                    and within[row, col]
                    and within[to_row, to_col]
                ):
                    continue
                a, b = row * n_col + col, to_row * n_col + to_col
                a, b = (b, a) if towards else (a, b)
                cost[b] = min(cost[b], cost[a] + step_cost[d, row, col])
        if (before == cost).all():
            return cost.reshape(n_row, n_col)


def random_costs(rng, shape, kind):  # type: ignore[no-untyped-def]
    """Step costs of several spreads: like seconds, over six decades, with zeros, with ties."""
    size = (8, *shape)
    cost = {
        "seconds": lambda: rng.uniform(50, 200, size),
        "decades": lambda: 10 ** rng.uniform(-3, 3, size),
        "zeros": lambda: rng.uniform(0, 1, size) * (rng.random(size) < 0.5),
        "ties": lambda: rng.integers(0, 3, size).astype(float),
    }[kind]()
    cost[rng.random(size) < 0.15] = np.inf
    return cost


@pytest.mark.parametrize("kind", ["seconds", "decades", "zeros", "ties"])
@pytest.mark.parametrize("towards", [False, True])
def test_equals_bellman_ford_and_links_add_up(kind: str, towards: bool) -> None:
    rng = np.random.default_rng([len(kind), towards])
    for shape in [(1, 1), (1, 7), (6, 1), (5, 6), (7, 5)]:
        step_cost = random_costs(rng, shape, kind)
        within = rng.random(shape) < 0.9
        seed_cell = rng.integers(0, shape[0] * shape[1], 3)
        seed_cost = rng.uniform(0, 100, 3)
        got = least_cost(step_cost, seed_cell, seed_cost, towards=towards, within=within)
        want = bellman_ford(step_cost, seed_cell, seed_cost, towards=towards, within=within)
        np.testing.assert_array_equal(got.cost, want)
        check_links(got, step_cost, towards)


def check_links(got, step_cost, towards):  # type: ignore[no-untyped-def]
    """Each link is one step whose cost makes up the difference; following links ends at a seed."""
    _, n_col = got.cost.shape
    cost, link = got.cost.ravel(), got.link.ravel()
    assert (link[np.isinf(cost)] == -1).all()
    for cell in np.flatnonzero(link >= 0):
        other = int(link[cell])
        a, b = (cell, other) if towards else (other, cell)
        move = (b // n_col - a // n_col, b % n_col - a % n_col)
        d = next(k for k in range(8) if (D_ROW[k], D_COL[k]) == move)
        assert cost[cell] == cost[other] + step_cost[d].ravel()[a]
        n_hop = 0
        while link[cell] >= 0:
            cell, n_hop = int(link[cell]), n_hop + 1  # noqa: PLW2901 - walking on
            assert n_hop <= cost.size


def test_a_ramp_by_hand() -> None:
    """Three cells, costs 2 and 3 eastward, 5 and 7 westward."""
    step_cost = np.full((8, 1, 3), np.inf)
    step_cost[2, 0, :2] = [2, 3]
    step_cost[6, 0, 1:] = [5, 7]
    away = least_cost(step_cost, [1], [10.0], towards=False)
    assert away.cost.tolist() == [[15, 10, 13]]
    assert away.link.tolist() == [[1, -1, 1]]
    towards = least_cost(step_cost, [1], [10.0], towards=True)
    assert towards.cost.tolist() == [[12, 10, 17]]
    assert towards.link.tolist() == [[1, -1, 1]]


def test_a_seed_can_be_bettered_by_another() -> None:
    got = least_cost(np.ones((8, 1, 3)), [0, 2], [0.0, 50.0], towards=False)
    assert got.cost.tolist() == [[0, 1, 2]]
    assert got.link.tolist() == [[-1, 0, 1]]


def test_steps_off_the_grid_are_never_taken() -> None:
    got = least_cost(np.ones((8, 2, 3)), [0], [0.0], towards=False)
    assert got.cost.tolist() == [[0, 1, 2], [1, 1, 2]]


def test_limit_is_inclusive_and_hides_the_rest() -> None:
    got = least_cost(np.ones((8, 1, 5)), [0, 4], [0.0, 9.0], towards=False, limit=2.0)
    assert got.cost.tolist() == [[0, 1, 2, math.inf, math.inf]]
    assert got.link.tolist() == [[-1, 0, 1, -1, -1]]


def test_seeds_far_apart_in_cost_and_costs_of_any_size() -> None:
    step_cost = np.ones((8, 1, 400))
    step_cost[:, 0, 200] = 1e12
    got = least_cost(step_cost, [0, 399], [0.0, 1e9], towards=False)
    east = np.arange(400.0)
    want = np.minimum(np.where(east <= 200, east, 1e12 + east - 1), 1e9 + 399 - east)
    want[:200] = np.minimum(want[:200], 1e9 + 198 + 1e12)
    np.testing.assert_allclose(got.cost[0], want, rtol=1e-12)


def test_queue_grows_on_a_wide_frontier() -> None:
    n = 300
    rng = np.random.default_rng(0)
    cell = rng.permutation(n * n)[:1]
    step_cost = rng.uniform(1, 60, (8, n, n))
    got = least_cost(step_cost, cell, [0.0], towards=False)
    again = least_cost(step_cost, cell, [0.0], towards=False)
    assert got.cost.tobytes() == again.cost.tobytes()
    assert got.link.tobytes() == again.link.tobytes()
    assert np.isfinite(got.cost).all()


def test_no_seed_reaches_nothing() -> None:
    got = least_cost(np.ones((8, 2, 2)), np.empty(0, np.int64), np.empty(0), towards=True)
    assert np.isinf(got.cost).all()
    assert (got.link == -1).all()


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"step_cost": np.full((8, 1, 2), -1.0)}, "step_cost"),
        ({"step_cost": np.full((8, 1, 2), np.nan)}, "step_cost"),
        ({"step_cost": np.ones((4, 1, 2))}, "step_cost"),
        ({"seed_cell": [2]}, "seed_cell"),
        ({"seed_cell": [0.5]}, "seed_cell"),
        ({"seed_cost": [math.nan]}, "seed_cost"),
        ({"seed_cost": [0.0, 1.0]}, "seed_cell, seed_cost"),
        ({"within": np.ones((2, 1), bool)}, "within"),
        ({"limit": math.nan}, "limit"),
    ],
)
def test_faults(change: dict[str, object], place: str) -> None:
    given: dict[str, object] = {
        "step_cost": np.ones((8, 1, 2)),
        "seed_cell": [0],
        "seed_cost": [0.0],
        **change,
    }
    with pytest.raises(InputFaults) as report:
        least_cost(towards=False, **given)  # type: ignore[arg-type]
    assert [fault.file for fault in report.value.faults] == [place]


def test_two_modes_by_hand() -> None:
    """Five cells in a row, 1 s a step by vehicle up to cell 2, 10 s a step on foot, 4 s to dismount."""
    drive_s = np.full((8, 1, 5), np.inf)
    drive_s[2, 0, :2] = 1.0
    walk_s = np.full((8, 1, 5), np.inf)
    walk_s[2, 0, :4] = 10.0
    got = two_mode_time(drive_s, walk_s, [0], [100.0], 4.0)
    assert got.tolist() == [[100, 105, 106, 116, 126]]


def test_two_modes_never_slower_than_walking_and_equal_where_nothing_drives() -> None:
    rng = np.random.default_rng(5)
    dem_m = rng.normal(scale=20, size=(20, 20))
    walk_s = step_time(dem_m, cell_m=90, speed="tobler_off_path")
    drive_s = step_time(dem_m, cell_m=90, speed="vehicle")
    on_foot_s = least_cost(walk_s, [210], [60.0], towards=False).cost
    both_s = two_mode_time(drive_s, walk_s, [210], [60.0], 30.0)
    assert (both_s <= on_foot_s).all()
    assert (both_s < on_foot_s).any()
    np.testing.assert_array_equal(
        two_mode_time(np.full_like(drive_s, np.inf), walk_s, [210], [60.0], 0.0), on_foot_s
    )


def test_two_modes_faults() -> None:
    with pytest.raises(InputFaults, match="dismount_s"):
        two_mode_time(np.ones((8, 1, 2)), np.ones((8, 1, 2)), [0], [0.0], math.nan)
    with pytest.raises(InputFaults, match="as vehicle_step_s"):
        two_mode_time(np.ones((8, 1, 2)), np.ones((8, 1, 3)), [0], [0.0], 1.0)
