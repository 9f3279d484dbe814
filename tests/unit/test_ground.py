"""Ground sensors: node curve, rows of nodes against drawn passes, noise, fence, nuisance."""

import numpy as np
import pytest

from sarhad.errors import InputFaults
from sarhad.kernels.ground import (
    noise_factor,
    nuisance_per_day,
    p_between_nodes,
    p_fence,
    p_node,
    p_row_mean,
    p_row_worst,
)


def test_node_is_half_at_r50_and_best_at_zero():
    assert p_node([0.0, 30.0], 0.9, 30.0, 3.0) == pytest.approx([0.9, 0.45])
    assert p_node([0.0, 10.0], 0.9, 0.0, 3.0).tolist() == [0.0, 0.0]


def test_worst_place_is_midway():
    x_m = np.linspace(0.0, 40.0, 401)
    p = p_between_nodes(x_m, 40.0, 0.9, 30.0, 3.0)
    assert p.min() == pytest.approx(p_row_worst(40.0, 0.9, 30.0, 3.0), abs=1e-4)


def test_worked_row_by_hand():
    # nodes 60 m apart, r50 30 m: midway each sees with P0/2 = 0.45 -> 1 - 0.55^2
    assert p_row_worst(60.0, 0.9, 30.0, 3.0) == pytest.approx(1.0 - 0.55**2)


def test_mean_over_the_row_against_drawn_passes():
    x_m = np.random.default_rng(5).uniform(0.0, 100.0, 200_000)
    near = 0.95 / (1.0 + (x_m / 30.0) ** 3)
    far = 0.95 / (1.0 + ((100.0 - x_m) / 30.0) ** 3)
    assert p_row_mean(100.0, 0.95, 30.0, 3.0) == pytest.approx(np.mean(1 - (1 - near) * (1 - far)), abs=0.003)


def test_noise_halves_the_range_where_it_says():
    assert noise_factor(0.0, 0.0, 20.0, 30.0) == 1.0
    assert noise_factor(20.0, 0.0, 20.0, 30.0) == pytest.approx(0.5)
    assert noise_factor(0.0, 30.0, 20.0, 30.0) == pytest.approx(0.5)


def test_fence_halves_in_its_gale():
    assert p_fence(0.9, 0.0, 25.0) == pytest.approx(0.9)
    assert p_fence(0.9, 25.0, 25.0) == pytest.approx(0.45)


def test_nuisance_adds_up():
    assert nuisance_per_day(2_000.0, (10.0, 5.0), (1.0, 2.0, 4.0)) == pytest.approx(2.0 * (1.0 + 2.0 + 2.0))
    assert nuisance_per_day(0.0, (10.0, 5.0), (1.0, 2.0, 4.0)) == 0.0


def test_faults():
    with pytest.raises(InputFaults, match="x_m"):
        p_between_nodes(50.0, 40.0, 0.9, 30.0, 3.0)
    with pytest.raises(InputFaults, match="p_max"):
        p_node(1.0, 1.2, 30.0, 3.0)
    with pytest.raises(InputFaults, match="length_m"):
        nuisance_per_day(float("nan"), (0.0, 0.0), (1.0, 0.0, 0.0))
