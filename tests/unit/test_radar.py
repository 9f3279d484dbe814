"""The radar equation against a published example, ratios, and range solved together with rain."""

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.stats import binom

from sarhad.errors import InputFaults
from sarhad.kernels.radar import (
    RadarSet,
    horizon_m,
    p_at_least,
    p_heading_seen,
    p_scan,
    range_for_snr_m,
    snr,
)

KU_BAND = RadarSet(4.0, 30.0, 16.5, 0.02, 5.0, 8.0)


def test_published_range_of_a_pulse_radar():
    # MathWorks, radareqrng: 10 GHz, 10 us, 1 MW, SNR 6 dB, gain 20 dB, 1 m2, 290 K -> 41,057 m
    assert range_for_snr_m(RadarSet(1e6, 20.0, 10.0, 10e-6, 0.0, 0.0), 1.0, 6.0) == pytest.approx(
        41_057, abs=1
    )


def test_range_goes_with_the_fourth_root_of_the_cross_section():
    one = range_for_snr_m(KU_BAND, 1.0, 13.0)
    assert range_for_snr_m(KU_BAND, 10.0, 13.0) / one == pytest.approx(1.7783, abs=1e-4)
    assert range_for_snr_m(KU_BAND, 0.5, 13.0) / one == pytest.approx(0.8409, abs=1e-4)


def test_worked_ku_band_radar_reaches_nine_kilometres():
    # 4 W, 30 dB, 20 ms: person 9.2 km, vehicle 16.3 km at the thermal noise limit
    person, vehicle = range_for_snr_m(KU_BAND, 1.0, 13.0), range_for_snr_m(KU_BAND, 10.0, 13.0)
    assert 8_500 < person < 10_500
    assert 15_000 < vehicle < 18_500


@pytest.mark.parametrize("loss_db_per_km", [1e-9, 0.01, 0.336, 1.98, 6.21])
def test_range_and_loss_are_solved_together(loss_db_per_km):
    found = range_for_snr_m(KU_BAND, 1.0, 13.0, loss_db_per_km)
    wanted = 10.0**1.3
    slow = brentq(lambda r: float(snr(KU_BAND, 1.0, r, loss_db_per_km)) / wanted - 1.0, 1.0, 1e5, xtol=1e-6)
    assert found == pytest.approx(slow, rel=1e-6)
    assert found <= range_for_snr_m(KU_BAND, 1.0, 13.0)


def test_two_way_loss_at_five_kilometres():
    # 25 mm/h at 16.5 GHz: 1.98 dB/km one way is 19.8 dB both ways over 5 km
    ratio = snr(KU_BAND, 1.0, 5_000.0) / snr(KU_BAND, 1.0, 5_000.0, 1.98)
    assert 10.0 * np.log10(ratio) == pytest.approx(19.8)


def test_scan_probability_is_that_of_swerling_one():
    # P_fa^(1/(1+SNR)): half detection at 1e-6 needs SNR = ln(1e-6)/ln(0.5) - 1 = 18.93 (12.77 dB)
    assert p_scan(np.log(1e-6) / np.log(0.5) - 1.0, 1e-6) == pytest.approx(0.5)
    assert p_scan(0.0, 1e-6) == pytest.approx(1e-6)


def test_scan_probability_against_drawn_echoes():
    # definition: power in a cell is exponential with mean 1 (noise) or 1 + SNR (Swerling 1 echo and noise)
    power = np.random.default_rng(7).exponential(1.0 + 20.0, 200_000)
    assert p_scan(20.0, 1e-4) == pytest.approx(np.mean(power > -np.log(1e-4)), abs=0.004)


def test_confirmed_hits_are_binomial():
    p = np.array([0.0, 1e-4, 0.3, 0.5, 1.0])
    assert p_at_least(p, 5, 3) == pytest.approx(binom.sf(2, 5, p), abs=1e-12)
    assert p_at_least(0.37, 1, 1) == pytest.approx(0.37)


def test_blind_share_of_headings():
    assert p_heading_seen(1.0, 0.0) == 1.0
    assert p_heading_seen(1.0, 1.0) == 0.0
    assert p_heading_seen(0.5, 0.8) == 0.0
    heading = np.linspace(0.0, 2.0 * np.pi, 1_000_001)
    assert p_heading_seen(1.2, 0.4) == pytest.approx(np.mean(np.abs(1.2 * np.cos(heading)) > 0.4), abs=1e-5)


def test_horizon_of_worked_masts():
    assert horizon_m(10.0, 1.5) == pytest.approx(18_100, abs=50)
    assert horizon_m(30.0, 1.5) == pytest.approx(27_600, abs=50)


def test_faults():
    with pytest.raises(InputFaults, match="range_m"):
        snr(KU_BAND, 1.0, 0.0)
    with pytest.raises(InputFaults, match="rcs_m2"):
        snr(KU_BAND, 0.0, 10.0)
    with pytest.raises(InputFaults, match="heights"):
        horizon_m(-1.0, 1.5)
