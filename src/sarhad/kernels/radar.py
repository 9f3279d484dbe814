"""Ground surveillance radar: echo, loss, detection, blind speed, horizon.

Signal to noise      SNR = P G^2 lambda^2 sigma T / ((4 pi)^3 R^4 k T0 F L) 10^(-2 gamma R / 10)
                     (radar equation, Skolnik; gamma one-way dB per unit of range by rain and fog; T the
                     coherent time)
Range for an SNR     R^4 exp(a R) = K  =>  R = (4 / a) W((a / 4) K^(1/4)), W Lambert's function: range and
                     loss solved together
Detection per scan   P = P_fa^(1 / (1 + SNR)), Swerling 1 target in one scan (exact)
Confirmed look       at least m hits in n scans, scans independent (binomial)
Blind speed          headings evenly spread: share with |v cos h| > v_min is (2 / pi) arccos(v_min / v)
Horizon              4.12 (sqrt(h_antenna) + sqrt(h_target)) km, 4/3 earth
"""

from __future__ import annotations

from math import comb
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import lambertw

from sarhad.kernels.atmosphere import NEPER_PER_DB
from sarhad.kernels.quantity import checked

Array = NDArray[np.float64]

LIGHT_SPEED_MPS = 299_792_458.0
BOLTZMANN_J_PER_K = 1.380649e-23
T0_K = 290.0


class RadarSet(NamedTuple):
    """What the radar equation needs of a set: mean power while it looks, gain, wave, time, noise, losses."""

    power_w: float
    gain_db: float
    frequency_ghz: float
    coherent_s: float
    noise_figure_db: float
    loss_db: float


def _from_db(value_db: float) -> float:
    return float(10.0 ** (value_db / 10.0))


def echo_constant_m4(radar: RadarSet, rcs_m2: float) -> float:
    """K (m4) of SNR = K / R^4 in clear air."""
    checked("radar", radar)
    checked("rcs_m2", rcs_m2, 0.0, above=True)
    wave_m = LIGHT_SPEED_MPS / (radar.frequency_ghz * 1e9)
    signal = radar.power_w * radar.coherent_s * _from_db(2.0 * radar.gain_db) * wave_m**2 * rcs_m2
    noise = BOLTZMANN_J_PER_K * T0_K * _from_db(radar.noise_figure_db + radar.loss_db)
    return signal / ((4.0 * np.pi) ** 3 * noise)


def snr(radar: RadarSet, rcs_m2: float, range_m: ArrayLike, loss_db_per_km: float = 0.0) -> Array:
    """Signal-to-noise ratio (power) at `range_m` > 0 (any shape), with one-way path loss."""
    r = checked("range_m", range_m, 0.0, above=True)
    checked("loss_db_per_km", loss_db_per_km, 0.0)
    clear = echo_constant_m4(radar, rcs_m2) / r**4
    return np.asarray(clear * np.exp(-2.0 * loss_db_per_km / 1_000.0 * NEPER_PER_DB * r))


def range_for_snr_m(radar: RadarSet, rcs_m2: float, snr_db: float, loss_db_per_km: float = 0.0) -> float:
    """Range (m) at which the echo has `snr_db`, range and path loss solved together."""
    checked("loss_db_per_km", loss_db_per_km, 0.0)
    clear_m = (echo_constant_m4(radar, rcs_m2) / _from_db(snr_db)) ** 0.25
    a = 2.0 * loss_db_per_km / 1_000.0 * NEPER_PER_DB
    if a * clear_m < 1e-12:
        return float(clear_m)
    return float(4.0 / a * lambertw(a / 4.0 * clear_m).real)


def p_scan(snr_ratio: ArrayLike, p_false_alarm: float) -> Array:
    """Detection probability of a Swerling 1 target in one scan."""
    p_false = checked("p_false_alarm", p_false_alarm, 0.0, 1.0, above=True)
    return np.asarray(p_false ** (1.0 / (1.0 + checked("snr_ratio", snr_ratio, 0.0))))


def p_at_least(p: ArrayLike, n: int, m: int) -> Array:
    """Probability of at least `m` successes in `n` independent trials of probability `p`."""
    q = checked("p", p, 0.0, 1.0)
    terms = [comb(n, j) * q**j * (1.0 - q) ** (n - j) for j in range(m, n + 1)]
    return np.asarray(np.clip(np.sum(terms, axis=0), 0.0, 1.0))


def p_heading_seen(speed_mps: float, minimum_mps: float) -> float:
    """Share of headings whose radial speed exceeds the radar's minimum detectable velocity."""
    checked("speed_mps", [speed_mps, minimum_mps], 0.0)
    if speed_mps <= minimum_mps:
        return 0.0
    return float(2.0 / np.pi * np.arccos(minimum_mps / speed_mps))


def horizon_m(antenna_m: float, target_m: float) -> float:
    """Radar horizon (m) over a smooth earth of 4/3 radius for heights above it."""
    heights = checked("heights", [antenna_m, target_m], 0.0)
    return 4_120.0 * float(np.sqrt(heights).sum())
