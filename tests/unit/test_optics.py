"""Cycles, task performance and the eye against worked and published values."""

import numpy as np
import pytest

from sarhad.errors import InputFaults
from sarhad.kernels.optics import (
    MRAD_PER_DEG,
    N50_DETECT,
    N50_RECOGNISE_CLASS,
    combine_limits,
    cycles_on_target,
    eye_limit_cycles_per_mrad,
    eye_sensitivity,
    p_task,
    range_for_cycles_m,
    resolved_share,
)


def test_ttpf_at_its_published_points():
    assert p_task([0.0, 1.0, 2.0]) == pytest.approx([0.0, 0.5, 0.9449], abs=5e-5)
    assert p_task(1e6) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("focal_m", "pitch_m", "detect_m", "recognise_m"),
    [(0.100, 17e-6, 2_210.0, 550.0), (0.150, 15e-6, 3_750.0, 940.0)],
)
def test_worked_ranges_of_a_person(focal_m, pitch_m, detect_m, recognise_m):
    assert range_for_cycles_m(0.75, focal_m, pitch_m, N50_DETECT) == pytest.approx(detect_m, rel=0.005)
    assert range_for_cycles_m(0.75, focal_m, pitch_m, N50_RECOGNISE_CLASS) == pytest.approx(
        recognise_m, rel=0.005
    )


def test_cycles_and_range_are_inverse():
    range_m = range_for_cycles_m(0.75, 0.1, 17e-6, 1.7)
    assert cycles_on_target(0.75, 0.1, 17e-6, range_m) == pytest.approx(1.7)


def test_resolved_share_runs_from_floor_to_nyquist():
    assert resolved_share([0.01, 0.05, np.sqrt(0.05), 1.0, 5.0, 0.0], 0.05, 1.0) == pytest.approx(
        [0.0, 0.0, 0.5, 1.0, 1.0, 0.0]
    )


def barten_complete(u, luminance, field_deg=10.0):
    """Barten's complete physical model (1999; 2003, eq. 1-3), of which the kernel holds his short formula."""
    pupil_mm = 5.0 - 3.0 * np.tanh(0.4 * np.log10(luminance * field_deg**2 / 40.0**2))
    sigma_deg = np.hypot(0.5, 0.08 * pupil_mm) / 60.0
    retina_td = np.pi * pupil_mm**2 / 4.0 * luminance
    retina_td *= 1.0 - (pupil_mm / 9.7) ** 2 + (pupil_mm / 12.4) ** 4
    optical = np.exp(-2.0 * np.pi**2 * sigma_deg**2 * u**2)
    area = 1.0 / field_deg**2 + 1.0 / 12.0**2 + u**2 / 15.0**2
    noise = 1.0 / (0.03 * 1.2e6 * retina_td) + 3e-8 / (1.0 - np.exp(-((u / 7.0) ** 2)))
    return optical / 3.0 / np.sqrt(2.0 / 0.1 * area * noise)


@pytest.mark.parametrize("luminance", [0.1, 1.0, 10.0, 100.0, 1_000.0])
def test_short_formula_of_the_eye_follows_the_complete_model(luminance):
    u = np.array([1.0, 2.0, 4.0, 8.0, 16.0])
    assert eye_sensitivity(u, luminance) == pytest.approx(barten_complete(u, luminance), rel=0.25)


def test_eye_resolves_better_than_one_arc_minute_by_day_and_little_in_the_dark():
    by_day = eye_limit_cycles_per_mrad(1.0, 100.0) * MRAD_PER_DEG
    assert 30.0 < by_day < 65.0  # 30 cycles a degree are bars of one arc minute, full acuity
    assert eye_limit_cycles_per_mrad(0.15, 1e-4) < 0.1 * eye_limit_cycles_per_mrad(0.15, 100.0)


def test_eye_limit_inverts_sensitivity():
    modulation = np.array([0.05, 0.1, 0.3, 1.0])
    u = eye_limit_cycles_per_mrad(modulation, 3.0) * MRAD_PER_DEG
    assert eye_sensitivity(u, 3.0) * modulation == pytest.approx(np.ones(4), rel=0.01)


def test_eye_sees_nothing_below_its_threshold():
    assert eye_limit_cycles_per_mrad([0.0, 1e-6], 100.0).tolist() == [0.0, 0.0]


def test_limits_combine_to_less_than_either():
    assert combine_limits([3.0, 0.0, 0.0], [4.0, 4.0, 0.0]) == pytest.approx([2.4, 0.0, 0.0])


def test_faults_name_the_quantity():
    with pytest.raises(InputFaults, match="range_m"):
        cycles_on_target(0.75, 0.1, 17e-6, [100.0, 0.0])
    with pytest.raises(InputFaults, match="nyquist"):
        resolved_share(0.5, 0.2, 0.1)
    with pytest.raises(InputFaults, match="ratio"):
        p_task([np.nan])
