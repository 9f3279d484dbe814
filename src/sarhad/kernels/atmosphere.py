"""What air does to light, heat and radar waves.

Visible light: contrast C(R) = C(0) exp(-beta R), beta = -ln(0.02) / V      (Koschmieder 1924; V at 2 %)
Infrared:      beta(wavelength) = beta (wavelength / 0.55 um)^-q            (Kruse 1962, Kim 2001)
               q = 1.6 (V > 50 km), 1.3 (6..50), 0.16 V + 0.34 (1..6), V - 0.5 (0.5..1), 0 (< 0.5)
Rain, optical: 1.076 rain^0.67 dB/km at every optical wavelength            (Carbonneau and Wisely 1998)
Rain, radar:   k rain^alpha dB/km, k and alpha by regression                (Recommendation ITU-R P.838-3)
Fog, radar:    K_l M dB/km, Rayleigh absorption, double-Debye water         (Recommendation ITU-R P.840-8)
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sarhad.kernels.quantity import checked

Array = NDArray[np.float64]

CONTRAST_AT_VISIBILITY = 0.02
NEPER_PER_DB = np.log(10.0) / 10.0

# Rows (a, b, c) of the Gaussian terms, then slope and intercept (ITU-R P.838-3, tables 1 to 4).
_K_H = np.array(
    [[-5.33980, -0.10008, 1.13098], [-0.35351, 1.26970, 0.45400], [-0.23789, 0.86036, 0.15354],
     [-0.94158, 0.64552, 0.16817]]
)  # fmt: skip
_K_V = np.array(
    [[-3.80595, 0.56934, 0.81061], [-3.44965, -0.22911, 0.51059], [-0.39902, 0.73042, 0.11899],
     [0.50167, 1.07319, 0.27195]]
)  # fmt: skip
_ALPHA_H = np.array(
    [[-0.14318, 1.82442, -0.55187], [0.29591, 0.77564, 0.19822], [0.32177, 0.63773, 0.13164],
     [-5.37610, -0.96230, 1.47828], [16.1721, -3.29980, 3.43990]]
)  # fmt: skip
_ALPHA_V = np.array(
    [[-0.07771, 2.33840, -0.76284], [0.56727, 0.95545, 0.54039], [-0.20238, 1.14520, 0.26809],
     [-48.2991, 0.791669, 0.116226], [48.5833, 0.791459, 0.116479]]
)  # fmt: skip


def visible_extinction_per_m(visibility_m: ArrayLike) -> Array:
    """Koschmieder's extinction of visible light (1/m) for a meteorological visibility (m, 2 % contrast)."""
    visibility = checked("visibility_m", visibility_m, 0.0, above=True)
    return np.asarray(-np.log(CONTRAST_AT_VISIBILITY) / visibility)


def kruse_exponent(visibility_m: ArrayLike) -> Array:
    """Exponent q of the wavelength in Kruse's law with Kim's values for poor visibility."""
    v_km = checked("visibility_m", visibility_m, 0.0, above=True) / 1_000.0
    below_6_km = np.interp(v_km, [0.5, 1.0, 6.0], [0.0, 0.5, 1.3])
    return np.where(v_km > 50.0, 1.6, below_6_km)


def infrared_extinction_per_m(visibility_m: ArrayLike, wavelength_um: float) -> Array:
    """Kruse-Kim extinction (1/m) at `wavelength_um` for a meteorological visibility (m)."""
    wave_um = checked("wavelength_um", wavelength_um, 0.3, 20.0)
    q = kruse_exponent(visibility_m)
    return visible_extinction_per_m(visibility_m) * (wave_um / 0.55) ** -q


def rain_optical_extinction_per_m(rain_mm_per_h: ArrayLike) -> Array:
    """Extinction (1/m) of visible and infrared light by rain; its drops are large: no wavelength."""
    db_per_km = 1.076 * checked("rain_mm_per_h", rain_mm_per_h, 0.0) ** 0.67
    return np.asarray(db_per_km * NEPER_PER_DB / 1_000.0)


def transmission(extinction_per_m: ArrayLike, range_m: ArrayLike) -> Array:
    """Beer-Lambert: share of contrast (or of power) left after `range_m`."""
    extinction = checked("extinction_per_m", extinction_per_m, 0.0)
    return np.asarray(np.exp(-extinction * checked("range_m", range_m, 0.0)))


def _regression(log_f: float, terms: Array, slope: float, intercept: float) -> float:
    gauss = terms[:, 0] * np.exp(-(((log_f - terms[:, 1]) / terms[:, 2]) ** 2))
    return float(gauss.sum() + slope * log_f + intercept)


def rain_power_law(
    frequency_ghz: float, elevation_deg: float = 0.0, tilt_deg: float = 0.0
) -> tuple[float, float]:
    """Coefficients (k, alpha) of P.838-3 for 1..1000 GHz; polarisation: `tilt_deg` 0 level, 90 upright."""
    log_f = float(np.log10(checked("frequency_ghz", frequency_ghz, 1.0, 1_000.0)))
    k_h = 10.0 ** _regression(log_f, _K_H, -0.18961, 0.71147)
    k_v = 10.0 ** _regression(log_f, _K_V, -0.16398, 0.63297)
    alpha_h = _regression(log_f, _ALPHA_H, 0.67849, -1.95537)
    alpha_v = _regression(log_f, _ALPHA_V, -0.053739, 0.83433)
    tilt = float(np.cos(np.deg2rad(elevation_deg)) ** 2 * np.cos(np.deg2rad(2.0 * tilt_deg)))
    k = (k_h + k_v + (k_h - k_v) * tilt) / 2.0
    alpha = (k_h * alpha_h + k_v * alpha_v + (k_h * alpha_h - k_v * alpha_v) * tilt) / (2.0 * k)
    return k, alpha


def rain_radar_db_per_km(rain_mm_per_h: ArrayLike, frequency_ghz: float, tilt_deg: float = 0.0) -> Array:
    """One-way attenuation (dB/km) by rain on a level path (P.838-3)."""
    k, alpha = rain_power_law(frequency_ghz, 0.0, tilt_deg)
    return np.asarray(k * checked("rain_mm_per_h", rain_mm_per_h, 0.0) ** alpha)


def fog_radar_db_per_km(
    liquid_g_per_m3: ArrayLike, frequency_ghz: float, temperature_c: float = 5.0
) -> Array:
    """One-way attenuation (dB/km) by fog of the given liquid water content (P.840-8, below 200 GHz)."""
    liquid = checked("liquid_g_per_m3", liquid_g_per_m3, 0.0)
    checked("frequency_ghz", frequency_ghz, 1.0, 200.0)
    theta = 300.0 / (temperature_c + 273.15)
    static = 77.66 + 103.3 * (theta - 1.0)
    middle, optical = 0.0671 * static, 3.52
    relax_1 = 20.20 - 146.0 * (theta - 1.0) + 316.0 * (theta - 1.0) ** 2
    relax_2 = 39.8 * relax_1
    x_1, x_2 = frequency_ghz / relax_1, frequency_ghz / relax_2
    real = (static - middle) / (1.0 + x_1**2) + (middle - optical) / (1.0 + x_2**2) + optical
    imaginary = x_1 * (static - middle) / (1.0 + x_1**2) + x_2 * (middle - optical) / (1.0 + x_2**2)
    eta = (2.0 + real) / imaginary
    k_l = 0.819 * frequency_ghz / (imaginary * (1.0 + eta**2))
    return np.asarray(k_l * liquid)
