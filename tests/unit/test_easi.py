"""EASI against Garcia's published example, hand-worked cases and its conventions."""

from __future__ import annotations

import math

import pytest

from sarhad.errors import InputFaults
from sarhad.kernels.easi import easi

# Garcia's base example: cut fence, run, open door, run, open door, sabotage.
P_DETECT = [0.0, 0.0, 0.9, 0.0, 0.9, 0.0]
DELAY_S = [10.0, 12.0, 90.0, 10.0, 90.0, 120.0]
DELAY_SD_S = [3.0, 3.6, 27.0, 3.0, 27.0, 36.0]


def base(**changes: object) -> float:
    arguments: dict[str, object] = {
        "location": "BBBBBB",
        "p_communication": 0.95,
        "response_s": 300.0,
        "response_sd_s": 90.0,
    }
    arguments.update(changes)
    return easi(P_DETECT, DELAY_S, DELAY_SD_S, **arguments)  # type: ignore[arg-type]


def phi(z: float) -> float:
    return 0.5 * math.erfc(-z / math.sqrt(2))


def test_garcias_base_example_is_the_published_476() -> None:
    assert round(base(), 3) == 0.476


def test_the_example_decides_the_survival_product() -> None:
    """With (1 - P_D P_C) in the product the same sum gives 0.48318."""
    in_time = {2: phi(10 / math.sqrt(27**2 + 3**2 + 27**2 + 36**2 + 90**2))}
    in_time[4] = phi(-90 / math.sqrt(27**2 + 36**2 + 90**2))
    right = 0.95 * 0.9 * in_time[2] + 0.1 * 0.95 * 0.9 * in_time[4]
    wrong = 0.95 * 0.9 * in_time[2] + (1 - 0.9 * 0.95) * 0.95 * 0.9 * in_time[4]
    assert base() == pytest.approx(right, abs=1e-12)
    assert round(wrong, 5) == 0.48318


@pytest.mark.parametrize(
    ("letter", "middle", "remaining_s", "variance_s2"),
    [("B", "half", 100, 400), ("M", "half", 50, 200), ("M", "quarter", 50, 100), ("E", "half", 0, 0)],
)
def test_one_task_at_each_location(letter: str, middle: str, remaining_s: float, variance_s2: float) -> None:
    got = easi(
        [0.8], [100.0], [20.0],
        location=letter, p_communication=0.9, response_s=60.0, response_sd_s=10.0, middle_variance=middle,  # type: ignore[arg-type]
    )  # fmt: skip
    assert got == pytest.approx(0.9 * 0.8 * phi((remaining_s - 60) / math.sqrt(variance_s2 + 100)), abs=1e-12)


@pytest.mark.parametrize(("response_s", "p"), [(99.0, 0.72), (100.0, 0.36), (101.0, 0.0)])
def test_without_variance_the_comparison_is_certain_and_a_tie_counts_half(
    response_s: float, p: float
) -> None:
    got = easi(
        [0.8], [100.0], [0.0], location="B", p_communication=0.9, response_s=response_s, response_sd_s=0.0
    )
    assert got == pytest.approx(p, abs=1e-12)


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"location": "BBBBB"}, "tasks"),
        ({"location": "BBBBBX"}, "location"),
        ({"p_communication": 1.2}, "p_communication"),
        ({"p_communication": math.nan}, "p_communication"),
        ({"response_s": -1.0}, "response_s"),
        ({"response_sd_s": math.inf}, "response_sd_s"),
        ({"middle_variance": "third"}, "middle_variance"),
    ],
)
def test_faults_name_the_argument(changes: dict[str, object], place: str) -> None:
    with pytest.raises(InputFaults) as report:
        base(**changes)
    assert {fault.file for fault in report.value.faults} == {place}


def test_all_faults_of_the_tasks_come_in_one_report() -> None:
    with pytest.raises(InputFaults) as report:
        easi([1.5, 0.2], [-1.0, math.nan], [1.0, -2.0], location="BQ", p_communication=0.9, response_s=1.0,
             response_sd_s=1.0)  # fmt: skip
    places = [(fault.file, fault.row) for fault in report.value.faults]
    assert places == [("delay_s", 1), ("delay_s", 2), ("delay_sd_s", 2), ("location", 0), ("p_detect", 1)]


def test_no_task_is_a_fault() -> None:
    with pytest.raises(InputFaults, match="one task or more"):
        easi([], [], [], location="", p_communication=0.9, response_s=1.0, response_sd_s=1.0)
