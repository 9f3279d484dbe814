"""Friction fields: bound to the ground to the last bit, of the distribution and correlation they claim."""

from __future__ import annotations

import numpy as np
import pytest

from sarhad.errors import InputFaults
from sarhad.kernels.sampling import friction_field

OPTIONS = {"sigma": 0.6, "correlation_m": 1500.0, "seed": 7, "field": 0}


@pytest.mark.parametrize("origin", [(0.0, 0.0), (-123456.7, 98765.4), (1.0 / 3.0, -2.0e6 / 7.0)])
def test_overlapping_windows_see_the_same_bits(origin):
    left, top = origin
    whole = friction_field(left, top, 90.0, 60, 80, **OPTIONS)
    part = friction_field(left + 17 * 90.0, top - 11 * 90.0, 90.0, 30, 25, **OPTIONS)
    np.testing.assert_array_equal(part, whole[11:41, 17:42])
    np.testing.assert_array_equal(friction_field(left, top, 90.0, 60, 80, **OPTIONS), whole)


def test_cells_of_other_sizes_see_the_same_ground():
    fine = friction_field(0.0, 0.0, 90.0, 60, 60, **OPTIONS)
    coarse = friction_field(0.0, 0.0, 270.0, 20, 20, **OPTIONS)
    np.testing.assert_array_equal(coarse, fine[1::3, 1::3])
    wide = friction_field(0.0, 0.0, 180.0, 30, 30, **OPTIONS)
    mean = fine.reshape(30, 2, 30, 2).mean(axis=(1, 3))
    np.testing.assert_allclose(wide, mean, rtol=0.02)


def test_median_one_spread_sigma_and_correlation_one_over_e():
    logs = (
        np.log([friction_field(0.0, 0.0, 500.0, 200, 200, **{**OPTIONS, "field": k}) for k in range(8)]) / 0.6
    )
    # 8 fields of (100 km / 1.5 km)^2 patches: about 20,000 independent values.
    assert abs(logs.mean()) < 0.03
    assert abs(logs.std() - 1.0) < 0.03
    for lag_m, expected in ((500.0, np.exp(-1 / 9)), (1500.0, np.exp(-1)), (3000.0, np.exp(-4))):
        n = int(lag_m / 500)
        for a, b in ((logs[:, n:], logs[:, :-n]), (logs[:, :, n:], logs[:, :, :-n])):
            assert abs(np.mean(a * b) - expected) < 0.04
    diagonal = np.mean(logs[:, 2:, 2:] * logs[:, :-2, :-2])
    assert abs(diagonal - np.exp(-2 * (1000 / 1500) ** 2)) < 0.04


def test_fields_and_seeds_are_independent():
    base = np.log(friction_field(0.0, 0.0, 500.0, 200, 200, **OPTIONS))
    for change in ({"field": 1}, {"seed": 8}, {"seed": 0, "field": 7}):
        other = np.log(friction_field(0.0, 0.0, 500.0, 200, 200, **{**OPTIONS, **change}))
        assert abs(np.corrcoef(base.ravel(), other.ravel())[0, 1]) < 0.08


def test_no_spread_is_friction_one():
    np.testing.assert_array_equal(friction_field(0.0, 0.0, 90.0, 4, 5, **{**OPTIONS, "sigma": 0.0}), 1.0)


@pytest.mark.parametrize(
    ("name", "value"),
    [("sigma", -0.1), ("correlation_m", 0.0), ("seed", -1), ("field", 2**32), ("sigma", np.nan)],
)
def test_bad_arguments_name_themselves(name, value):
    with pytest.raises(InputFaults, match=name):
        friction_field(0.0, 0.0, 90.0, 4, 5, **{**OPTIONS, name: value})
