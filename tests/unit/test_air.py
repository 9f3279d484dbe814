"""Search theory: published values and definitions by simulation."""

import numpy as np
import pytest

from sarhad.errors import InputFaults
from sarhad.kernels.air import (
    lateral_inverse_cube,
    p_barrier,
    p_parallel_definite,
    p_parallel_inverse_cube,
    p_random_search,
    search_rate_per_s,
    station_fraction,
    sweep_width_m,
)


def test_inverse_cube_at_full_coverage_is_79_per_cent():
    # Theory of Search (USCG): 79 % at coverage 1, random search 63 %
    assert p_parallel_inverse_cube(1.0) == pytest.approx(0.7899, abs=1e-4)
    assert p_random_search(1_000.0, 10.0, 100.0, 1e6) == pytest.approx(0.6321, abs=1e-4)


def test_definite_range_law():
    assert p_parallel_definite([0.5, 1.0, 2.0]).tolist() == [0.5, 1.0, 1.0]


def test_random_search_worked():
    # W 1 km, 120 km/h, 2 h, 600 km2 -> 0.3297
    assert p_random_search(1_000.0, 120 / 3.6, 7_200.0, 600e6) == pytest.approx(0.3297, abs=1e-4)
    assert search_rate_per_s(1_000.0, 120 / 3.6, 600e6) * 7_200.0 == pytest.approx(0.4)


def test_lateral_range_curve_integrates_to_the_sweep_width():
    x_m = np.linspace(-20_000.0, 20_000.0, 400_001)
    # the tail beyond 10 widths holds 2 W^2 / (4 pi x) more
    tail_m = 2.0 * 2_000.0**2 / (4.0 * np.pi * 20_000.0)
    assert sweep_width_m(x_m, lateral_inverse_cube(x_m, 2_000.0)) + tail_m == pytest.approx(2_000.0, rel=1e-3)


def test_parallel_sweeps_follow_from_the_lateral_curve():
    # definition: many tracks, spacing S; average over places of 1 - prod(1 - P(x - kS))
    width, spacing = 2.0, 2.0 / 1.5
    place = (np.arange(400) + 0.5) / 400 * spacing
    tracks = np.arange(-400, 401) * spacing
    missed = np.prod(1.0 - lateral_inverse_cube(place[:, None] - tracks[None, :], width), axis=1)
    assert np.mean(1.0 - missed) == pytest.approx(float(p_parallel_inverse_cube(1.5)), abs=1e-3)


def test_barrier_worked():
    # 20 km lane, crosser 4 km/h, aircraft 120 km/h, sweep width 1 km -> 0.7771 a crossing
    assert p_barrier(1_000.0, 20_000.0, 120 / 3.6, 4 / 3.6) == pytest.approx(0.7771, abs=1e-4)


def test_station_fraction_by_cycle_and_by_hours():
    # 1 h flights with 10 min out and back and 20 min on the ground: 40 of 80 minutes
    assert station_fraction(3_600.0, 600.0, 1_200.0, 86_400.0) == pytest.approx(0.5)
    # 6 h of flight a day of which two thirds are over the area
    assert station_fraction(3_600.0, 600.0, 1_200.0, 21_600.0) == pytest.approx(0.25 * 2.0 / 3.0)
    assert station_fraction(1_000.0, 600.0, 0.0, 86_400.0) == 0.0


def test_faults():
    with pytest.raises(InputFaults, match="area_m2"):
        search_rate_per_s(1.0, 1.0, 0.0)
    with pytest.raises(InputFaults, match="endurance_s"):
        station_fraction(0.0, 1.0, 1.0, 1.0)
