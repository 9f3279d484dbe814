"""Every figure of the case worked by hand in docs/explanation/forecast.md."""

from __future__ import annotations

import numpy as np
import pytest

from sarhad.kernels.arrival import Clock, Totals, follow, shares

WORTH = np.array([0.2, 0.5, 0.4, 0.6])  # neither, A, B, both
DAY = np.array([[30.0, 90.0], [60.0, 10.0]])
LENGTH_KM, UNTIL_DAY = 2.0, 100.0


@pytest.fixture
def followed():
    protected_km, closed_km, open_km = np.zeros((3, 2, 1))
    totals = Totals(protected_km, closed_km, open_km, np.zeros(2), (0.5, 0.01))
    clock = Clock(np.array([UNTIL_DAY]), UNTIL_DAY)
    _, spent, sooner = follow(DAY, DAY - 20.0, clock, WORTH, LENGTH_KM, totals)
    return totals, spent, sooner


def test_protected_km_days(followed):
    totals, spent, _ = followed
    assert totals.km_days.tolist() == pytest.approx([84.0, 92.0])
    assert (totals.km_days - LENGTH_KM * UNTIL_DAY * WORTH[0]).tolist() == pytest.approx([44.0, 52.0])
    assert spent.tolist() == pytest.approx([20.0, 30.0, 25.0, 25.0])


def test_shares_and_losses(followed):
    share, loss = shares(followed[1], WORTH)
    assert (LENGTH_KM * share).tolist() == pytest.approx([30.5, 17.5])
    assert (LENGTH_KM * loss).tolist() == pytest.approx([28.0, 15.0])


def test_sooner(followed):
    assert followed[2].mean(axis=0).tolist() == pytest.approx([10.0, 4.0])
