"""Speed functions at the values their sources print, and tables."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sarhad.errors import InputFaults, UnknownName
from sarhad.kernels.speed import SPEED_NAMES, SpeedTable, speed_law, speed_mps, top_speed_mps

KMH = 1 / 3.6


@pytest.mark.parametrize(("slope", "kmh"), [(0.0, 5.0367), (-0.05, 6.0), (0.1, 3.5493)])
def test_tobler_at_its_published_values(slope: float, kmh: float) -> None:
    assert speed_mps("tobler", slope) == pytest.approx(kmh * KMH, rel=2e-5)
    assert speed_mps("tobler_off_path", slope) == pytest.approx(0.6 * kmh * KMH, rel=2e-5)
    assert speed_mps("rider", slope) == pytest.approx(1.25 * kmh * KMH, rel=2e-5)


def test_irmischer_clarke_is_signed() -> None:
    assert speed_mps("irmischer_clarke", -0.05) == pytest.approx(1.11)
    assert speed_mps("irmischer_clarke_off_path", -0.02) == pytest.approx(0.78)
    assert speed_mps("irmischer_clarke", 0.2) == pytest.approx(0.11 + math.exp(-625 / 1800))
    assert speed_mps("irmischer_clarke_off_path", 0.2) == pytest.approx(0.11 + 0.67 * math.exp(-484 / 1800))


@pytest.mark.parametrize(
    ("name", "level_mps"),
    # c b / (pi (b^2 + a^2)) + d, by hand
    [
        ("campbell_10", 38.892 * 13.328 / (math.pi * (13.328**2 + 1.568**2)) + 0.404),
        ("campbell_20", 36.905 * 10.154 / (math.pi * (10.154**2 + 1.71**2)) + 0.557),
        ("campbell_50", 63.66 * 10.064 / (math.pi * (10.064**2 + 2.171**2)) + 0.628),
    ],
)
def test_campbell_on_the_level(name: str, level_mps: float) -> None:
    assert speed_mps(name, 0.0) == pytest.approx(level_mps, rel=1e-12)


def test_campbell_takes_degrees() -> None:
    """At 45 degrees: c / (pi b (1 + ((45 - a) / b)^2)) + d + 45 e."""
    bell = 38.892 / (math.pi * 13.328 * (1 + ((45 + 1.568) / 13.328) ** 2))
    assert speed_mps("campbell_10", 1.0) == pytest.approx(bell + 0.404 - 0.003 * 45, rel=1e-12)


def test_vehicle_halves_at_the_critical_slope_and_stops_beyond_the_steepest() -> None:
    got = speed_mps("vehicle", [0.0, 0.1, -0.1, 0.3, 0.301, -5.0])
    np.testing.assert_allclose(got, [20 * KMH, 10 * KMH, 10 * KMH, 2 * KMH, 0, 0], rtol=1e-12)


@pytest.mark.parametrize("name", SPEED_NAMES)
def test_top_speed_is_an_upper_bound_and_nearly_reached(name: str) -> None:
    fastest = speed_mps(name, np.linspace(-3, 3, 600_001)).max()
    top = top_speed_mps(speed_law(name))
    assert fastest <= top * (1 + 1e-12)
    assert fastest >= top * 0.99


@pytest.mark.parametrize("name", [name for name in SPEED_NAMES if name != "vehicle"])
def test_downhill_is_faster_than_up(name: str) -> None:
    slope = np.linspace(0.01, 1, 50)
    assert (speed_mps(name, -slope) > speed_mps(name, slope)).all()


def test_table_is_straight_between_its_nodes_and_shut_beyond() -> None:
    table = SpeedTable(np.array([-0.5, 0.0, 0.25]), np.array([0.4, 1.2, 0.2]))
    got = speed_mps(table, [-0.6, -0.5, -0.25, 0.0, 0.125, 0.25, 0.26])
    np.testing.assert_allclose(got, [0, 0.4, 0.8, 1.2, 0.7, 0.2, 0], rtol=1e-12)
    assert top_speed_mps(speed_law(table)) == 1.2


def test_shape_is_kept() -> None:
    assert speed_mps("tobler", np.zeros((2, 3))).shape == (2, 3)


def test_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(UnknownName, match=r"'naismith'; known: tobler, tobler_off_path, rider"):
        speed_mps("naismith", 0.0)


def test_nan_slope_is_a_fault() -> None:
    with pytest.raises(InputFaults, match="1 NaN"):
        speed_mps("tobler", [0.0, math.nan])


@pytest.mark.parametrize(
    ("slope", "speed", "place"),
    [
        ([0.0, 0.0], [1.0, 1.0], "slope"),
        ([0.0, math.nan], [1.0, 1.0], "slope"),
        ([0.0, 1.0], [1.0, -1.0], "speed_mps"),
        ([0.0, 1.0], [0.0, 0.0], "speed_mps"),
        ([0.0, 1.0], [math.inf, 1.0], "speed_mps"),
    ],
)
def test_faulty_tables(slope: list[float], speed: list[float], place: str) -> None:
    with pytest.raises(InputFaults) as report:
        speed_mps(SpeedTable(np.array(slope), np.array(speed)), 0.0)
    assert [fault.column for fault in report.value.faults] == [place]


def test_table_with_unequal_columns() -> None:
    with pytest.raises(InputFaults, match="as many speeds as slopes"):
        speed_mps(SpeedTable(np.zeros(3), np.zeros(2)), 0.0)
