"""The unseen gap against plain Dijkstra, against corridors, and in chained sectors."""

from __future__ import annotations

import heapq
from collections import deque

import numpy as np
import pytest

from sarhad.errors import InputFaults
from sarhad.kernels.unseen import UNREACHED, gap_field, gap_path, holes


def left_side(shape):
    return np.arange(shape[0]) * shape[1]


def right_side(shape):
    return left_side(shape) + shape[1] - 1


def least_open_by_dijkstra(is_open, within, seeds, seed_cost):
    """(cost, cells on the path) of every cell, by a heap."""
    n_row, n_col = is_open.shape
    best = {}
    heap = [(int(c), 0, int(s)) for s, c in zip(seeds, seed_cost, strict=True)]
    heapq.heapify(heap)
    while heap:
        cost, n, v = heapq.heappop(heap)
        if v in best:
            continue
        best[v] = (cost, n)
        row, col = divmod(v, n_col)
        for u_row, u_col in ((row - 1, col), (row + 1, col), (row, col - 1), (row, col + 1)):
            if 0 <= u_row < n_row and 0 <= u_col < n_col and within[u_row, u_col]:
                heapq.heappush(heap, (cost + int(is_open[u_row, u_col]), n + 1, u_row * n_col + u_col))
    return best


def corridor_exists(is_open):
    """Whether an 8-connected chain of open cells leads from the top row to the bottom row."""
    n_row, n_col = is_open.shape
    queue = deque((0, col) for col in range(n_col) if is_open[0, col])
    met = set(queue)
    while queue:
        row, col = queue.popleft()
        if row == n_row - 1:
            return True
        for u in [(row + i, col + j) for i in (-1, 0, 1) for j in (-1, 0, 1)]:
            if u not in met and 0 <= u[0] < n_row and 0 <= u[1] < n_col and is_open[u]:
                met.add(u)
                queue.append(u)
    return False


@pytest.mark.parametrize("seed", range(10))
def test_costs_and_lengths_equal_plain_dijkstra(seed):
    rng = np.random.default_rng(seed)
    is_open, within = rng.random((9, 13)) < 0.5, rng.random((9, 13)) < 0.9
    seeds = rng.permutation(np.flatnonzero(within))[:6]
    seed_cost = rng.integers(0, 7, 6)
    field = gap_field(is_open, within, seeds, seed_cost)
    best = least_open_by_dijkstra(is_open, within, seeds, seed_cost)
    for v in range(is_open.size):
        if v not in best:
            assert field.cost.flat[v] == UNREACHED
            continue
        path = gap_path(field, [v])
        assert (field.cost.flat[v], path.size - 1) == best[v]
        start = int(seed_cost[list(seeds).index(path[0])])
        assert start + is_open.ravel()[path[1:]].sum() == field.cost.flat[v]
        steps = np.abs(np.diff(path // 13)) + np.abs(np.diff(path % 13))
        assert np.all(steps == 1)


@pytest.mark.parametrize("seed", range(60))
def test_gap_is_zero_exactly_where_no_one_can_cross_unseen(seed):
    rng = np.random.default_rng(seed)
    is_open = rng.random((5, 6)) < rng.uniform(0.25, 0.75)
    field = gap_field(is_open, np.ones((5, 6), bool), left_side((5, 6)))
    assert (field.cost.ravel()[right_side((5, 6))].min() == 0) == (not corridor_exists(is_open))


@pytest.mark.parametrize("seed", range(10))
def test_an_asset_never_adds_to_the_gap(seed):
    rng = np.random.default_rng(seed)
    is_open = rng.random((8, 20)) < 0.8
    within = np.ones(is_open.shape, bool)
    last = gap_field(is_open, within, left_side(is_open.shape)).cost
    for _ in range(5):
        is_open &= rng.random(is_open.shape) > 0.2
        cost = gap_field(is_open, within, left_side(is_open.shape)).cost
        assert np.all(cost <= last)
        last = cost


def test_sectors_chain_exactly():
    rng = np.random.default_rng(4)
    is_open, within = rng.random((7, 30)) < 0.6, np.ones((7, 30), bool)
    whole = gap_field(is_open, within, left_side((7, 30))).cost[:, -1]
    west = gap_field(is_open[:, :16], within[:, :16], left_side((7, 16)))
    east = gap_field(is_open[:, 15:], within[:, 15:], left_side((7, 15)), west.cost[:, -1]).cost[:, -1]
    # A best path may turn back across the seam, so the chain can only be longer; here it is not.
    assert np.all(east >= whole)
    assert east.min() == whole.min()


def test_holes_are_runs_of_open_cells_and_add_up():
    is_open = np.zeros((3, 20), bool)
    is_open[:, 2:5] = is_open[:, 6] = is_open[:, 12:14] = True
    chainage_m, offset_m = np.tile(np.arange(20) * 90.0 + 45.0, (3, 1)), np.full((3, 20), -200.0)
    path = gap_path(gap_field(is_open, np.ones((3, 20), bool), left_side((3, 20))), right_side((3, 20)))
    found = holes(path, is_open, chainage_m, offset_m, 90.0)
    np.testing.assert_allclose(found.width_m, [4 * 90.0, 2 * 90.0])
    np.testing.assert_allclose(found.from_m, [180.0, 1080.0])
    np.testing.assert_allclose(found.to_m, [630.0, 1260.0])
    np.testing.assert_allclose(found.offset_m, -200.0)
    assert found.width_m.sum() == 90.0 * is_open.ravel()[path].sum()
    np.testing.assert_array_equal(path[found.first] % 20, [2, 12])
    np.testing.assert_array_equal(path[found.last] % 20, [6, 13])


def test_no_hole_no_path():
    closed, within = np.zeros((3, 5), bool), np.ones((3, 5), bool)
    path = gap_path(gap_field(closed, within, left_side((3, 5))), right_side((3, 5)))
    assert path.size == 5
    assert holes(path, closed, np.zeros((3, 5)), np.zeros((3, 5)), 90.0).width_m.size == 0
    within[:, 2] = False
    field = gap_field(closed, within, left_side((3, 5)))
    assert gap_path(field, right_side((3, 5))).size == 0
    assert gap_path(field, []).size == 0


def test_bad_arguments_name_themselves():
    is_open, within = np.ones((3, 5), bool), np.ones((3, 5), bool)
    with pytest.raises(InputFaults, match="within"):
        gap_field(is_open, within[:, 1:], [0])
    with pytest.raises(InputFaults, match="open_cell"):
        gap_field(is_open.astype(float), within, [0])
    with pytest.raises(InputFaults, match="seed_cell"):
        gap_field(is_open, within, [15])
    with pytest.raises(InputFaults, match="seed_cost"):
        gap_field(is_open, within, [0, 1], [3])
    with pytest.raises(InputFaults, match="seed_cost"):
        gap_field(is_open, within, [0], [UNREACHED])
