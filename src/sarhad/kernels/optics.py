"""What imagers and eyes resolve, and what follows for detection.

Cycles on target     N = critical_m focal_m / (2 range_m pitch_m)               (Johnson 1958)
Task performance     P = r^E / (1 + r^E), r = N / N50, E = 2.7 + 0.7 r          (TTPF, classic NVESD model)
Criterion N50        detect 1.0, orient 1.4, recognise the class 4.0 cycles     (Johnson 1958)
Limiting frequency   the demand on contrast rises log-linearly from `floor` at zero frequency to `nyquist`
                     at the detector's Nyquist frequency (usual shape of measured MRT and MRC curves); what
                     contrast the air leaves resolves the share ln(c/floor) / ln(nyquist/floor) of it
Eye                  S(u, L) = 5200 exp(-0.0016 u^2 (1 + 100/L)^0.08)
                               / sqrt((1 + 144/X^2 + 0.64 u^2)(63/L^0.83 + 1/(1 - exp(-0.02 u^2))))
                     (Barten 2004, doi 10.1117/12.537476); u in cycles/deg, L in cd/m2, X = 10 deg field

Identification of a person is not modelled: tasks end at recognising the class.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sarhad.kernels.quantity import checked

Array = NDArray[np.float64]

N50_DETECT = 1.0
N50_ORIENT = 1.4
N50_RECOGNISE_CLASS = 4.0

MRAD_PER_DEG = np.pi / 180.0 * 1_000.0
FIELD_DEG = 10.0
_FREQUENCY = np.geomspace(0.05, 80.0, 400)


def cycles_on_target(critical_m: ArrayLike, focal_m: float, pitch_m: float, range_m: ArrayLike) -> Array:
    """Resolvable cycles across the critical dimension at the detector's Nyquist frequency."""
    size = checked("critical_m", critical_m, 0.0) * checked("focal_m", focal_m, 0.0, above=True)
    pitch = checked("pitch_m", pitch_m, 0.0, above=True)
    return np.asarray(size / (2.0 * pitch * checked("range_m", range_m, 0.0, above=True)))


def p_task(ratio: ArrayLike) -> Array:
    """Target transfer probability function of `ratio` = N / N50 (any shape); p_task(1) = 0.5."""
    capped = np.minimum(checked("ratio", ratio, 0.0), 20.0)
    power = capped ** (2.7 + 0.7 * capped)
    return np.asarray(power / (1.0 + power))


def range_for_cycles_m(critical_m: float, focal_m: float, pitch_m: float, cycles: float) -> float:
    """Range at which `cycles` fall on the critical dimension (clear air, full contrast)."""
    return critical_m * focal_m / (2.0 * pitch_m * cycles)


def resolved_share(contrast: ArrayLike, floor: ArrayLike, nyquist: ArrayLike) -> Array:
    """Share (0..1) of the Nyquist frequency that `contrast` resolves; 0 < floor < nyquist in its units."""
    c = np.maximum(checked("contrast", contrast, 0.0), 1e-300)
    low = checked("floor", floor, 0.0, above=True)
    high = checked("nyquist", nyquist, float(low.max()), above=True)
    return np.clip(np.log(c / low) / np.log(high / low), 0.0, 1.0)


def eye_sensitivity(cycles_per_deg: ArrayLike, luminance_cd_per_m2: float) -> Array:
    """Barten's contrast sensitivity (1 / threshold modulation) for a field of 10 degrees.

    Fitted by its author to daylight and dim light; below about 0.001 cd/m2 it is extrapolated.
    """
    u2 = checked("cycles_per_deg", cycles_per_deg, 0.0, above=True) ** 2
    light = checked("luminance_cd_per_m2", luminance_cd_per_m2, 0.0, above=True)
    signal = 5_200.0 * np.exp(-0.0016 * u2 * (1.0 + 100.0 / light) ** 0.08)
    noise = (1.0 + 144.0 / FIELD_DEG**2 + 0.64 * u2) * (63.0 / light**0.83 - 1.0 / np.expm1(-0.02 * u2))
    return np.asarray(signal / np.sqrt(noise))


def eye_limit_cycles_per_mrad(modulation: ArrayLike, luminance_cd_per_m2: float) -> Array:
    """Highest spatial frequency that the eye makes out at a modulation, 0 where it makes out none.

    `modulation` (any shape) is half the relative luminance difference. Found by inverting `eye_sensitivity`
    on a fixed log-spaced table above its peak, so it never falls as modulation or light rises.
    """
    m = np.maximum(checked("modulation", modulation, 0.0), 1e-300)
    log_s = np.log(eye_sensitivity(_FREQUENCY, luminance_cd_per_m2))
    peak = int(np.argmax(log_s))
    falling, log_u = log_s[peak:][::-1], np.log(_FREQUENCY[peak:])[::-1]
    demand = -np.log(m)
    limit = np.exp(np.interp(demand, falling, log_u))
    return np.where(demand > falling[-1], 0.0, limit) / MRAD_PER_DEG


def combine_limits(first: ArrayLike, second: ArrayLike) -> Array:
    """Limiting frequency of two stages in a row: line spreads add in quadrature."""
    a, b = checked("first", first, 0.0), checked("second", second, 0.0)
    product = a * b
    return np.divide(product, np.hypot(a, b), out=np.zeros_like(product), where=product > 0)
