"""Intervals of mean times, against published factors of MIL-HDBK-781A and against simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sarhad.errors import InputFaults
from sarhad.kernels.reliability import exponential_mean


@pytest.mark.parametrize(
    ("n", "low", "high"),
    # chi-square tables: 2/chi2(.95; 2n+2) and 2/chi2(.05; 2n), to the digits printed
    [
        (1, 2 / 9.488, 2 / 0.1026),
        (2, 2 / 12.592, 2 / 0.7107),
        (5, 2 / 21.026, 2 / 3.940),
        (10, 2 / 33.924, 2 / 10.851),
    ],
)
def test_ends_are_those_of_chi_square_tables(n: int, low: float, high: float):
    found = exponential_mean(1.0, n, 0.9)
    assert found.mean == pytest.approx(1 / n)
    assert found.low == pytest.approx(low, rel=1e-3)
    assert found.high == pytest.approx(high, rel=1e-3)


def test_no_failure_leaves_the_mean_open():
    found = exponential_mean(1000.0, 0, 0.9)
    assert found.mean == found.high == math.inf
    assert found.low == pytest.approx(1000 / -math.log(0.05))


def test_the_interval_covers_what_it_promises():
    rng = np.random.default_rng(1)
    counts = rng.poisson(8.0, 4000)  # failures in 800 h of a mean time of 100 h
    covered = np.mean([a.low <= 100 <= a.high for a in (exponential_mean(800.0, int(n)) for n in counts)])
    assert 0.89 < covered < 0.97


@pytest.mark.parametrize("bad", [(-1.0, 2, 0.9), (math.nan, 2, 0.9), (1.0, -1, 0.9), (1.0, 2, 1.0)])
def test_nonsense_is_refused(bad: tuple[float, int, float]):
    with pytest.raises(InputFaults, match="at least 0"):
        exponential_mean(*bad)
