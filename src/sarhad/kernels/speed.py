"""How fast one moves on a slope: v(s) in m/s, s = rise over run along the way, positive uphill (signed).

    tobler                     6 exp(-3.5 |s + .05|) km/h                            Tobler 1993
    tobler_off_path            .6 x tobler                                           Tobler 1993
    rider                      1.25 x tobler (horseback)                             Tobler 1993
    irmischer_clarke           .11 +     exp(-(100 s + 5)^2 / 1800) m/s              Irmischer & Clarke 2018
    irmischer_clarke_off_path  .11 + .67 exp(-(100 s + 2)^2 / 1800) m/s              Irmischer & Clarke 2018
    campbell_10, _20, _50      c / (pi b (1 + ((t - a) / b)^2)) + d + e t m/s, t = slope in degrees: the
                               10th, 20th and 50th percentile of speed               Campbell et al. 2019
    vehicle                    20 km/h / (1 + (s / .10)^2) up to |s| = .30, 0 beyond

Irmischer & Clarke's functions are those for men and are taken signed (downhill is faster), with 1800 in
both denominators. Campbell's median is that of people who track themselves, runners among them: for loaded
walkers take campbell_10 or campbell_20. The vehicle rule turns the critical-slope cost of wheeled vehicles,
1 + (s / s_c)^2 (Llobera & Sluckin 2007; Herzog 2013, critical slope 8-16 %), into a speed by dividing the
level cross-country speed by it; that level speed and the slope beyond which no wheeled vehicle goes are
stated rules, not measurements. `speed_factor` elsewhere scales any of them.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from sarhad.errors import Fault, InputFaults, UnknownName

FloatArray = npt.NDArray[np.float64]

TOBLER_TOP_MPS = 6.0 / 3.6
VEHICLE_LEVEL_MPS = 20.0 / 3.6
VEHICLE_CRITICAL_SLOPE = 0.10
VEHICLE_STEEPEST_SLOPE = 0.30

# a, b (degrees), c, d, e of the 10th, 20th and 50th percentile
_CAMPBELL = (
    (-1.568, 13.328, 38.892, 0.404, -0.003),
    (-1.710, 10.154, 36.905, 0.557, -0.004),
    (-2.171, 10.064, 63.660, 0.628, -0.005),
)
_CODE = {
    "tobler": 0,
    "tobler_off_path": 1,
    "rider": 2,
    "irmischer_clarke": 3,
    "irmischer_clarke_off_path": 4,
    "campbell_10": 5,
    "campbell_20": 6,
    "campbell_50": 7,
    "vehicle": 8,
}
_TABLE = 9
SPEED_NAMES: tuple[str, ...] = tuple(_CODE)


class SpeedTable(NamedTuple):
    """A user's own speed function: `speed_mps` (n,) at `slope` (n,), straight lines between.

    Beyond the first and the last slope the table says nothing and nobody passes: speed 0.
    """

    slope: FloatArray
    speed_mps: FloatArray


class SpeedLaw(NamedTuple):
    """A speed function as the compiled kernels take it: its code, and the nodes of a table (else empty)."""

    code: int
    slope: FloatArray
    speed_mps: FloatArray


@njit(cache=True, nogil=True)
def speed_at(code: int, slope: float) -> float:
    """Speed in m/s of a named function at one signed slope (compiled): the formulae above."""
    if code <= 2:
        factor = 1.0 if code == 0 else (0.6 if code == 1 else 1.25)
        return factor * TOBLER_TOP_MPS * math.exp(-3.5 * abs(slope + 0.05))
    if code == 3:
        return 0.11 + math.exp(-((100.0 * slope + 5.0) ** 2) / 1800.0)
    if code == 4:
        return 0.11 + 0.67 * math.exp(-((100.0 * slope + 2.0) ** 2) / 1800.0)
    if code <= 7:
        return float(_campbell(code - 5, slope))
    return float(_vehicle(slope))


@njit(cache=True, nogil=True)
def _campbell(row: int, slope: float) -> float:
    a, b, c, d, e = _CAMPBELL[row]
    slope_deg = math.degrees(math.atan(slope))
    return c / (math.pi * b * (1.0 + ((slope_deg - a) / b) ** 2)) + d + e * slope_deg


@njit(cache=True, nogil=True)
def _vehicle(slope: float) -> float:
    if abs(slope) > VEHICLE_STEEPEST_SLOPE:
        return 0.0
    return VEHICLE_LEVEL_MPS / (1.0 + (slope / VEHICLE_CRITICAL_SLOPE) ** 2)


@njit(cache=True, nogil=True)
def table_speed_at(law: SpeedLaw, slope: float) -> float:
    """Speed in m/s of a table at one signed slope (compiled); 0 beyond its ends."""
    last = law.slope.size - 1
    if not law.slope[0] <= slope <= law.slope[last]:
        return 0.0
    i = min(max(int(np.searchsorted(law.slope, slope)) - 1, 0), last - 1)
    share = (slope - law.slope[i]) / (law.slope[i + 1] - law.slope[i])
    return float(law.speed_mps[i] * (1.0 - share) + law.speed_mps[i + 1] * share)


@njit(cache=True, nogil=True)
def _speeds(law: SpeedLaw, slope: FloatArray, speed_mps: FloatArray) -> None:
    for i in range(slope.size):
        speed_mps[i] = table_speed_at(law, slope[i]) if law.code == _TABLE else speed_at(law.code, slope[i])


def speed_law(speed: str | SpeedTable) -> SpeedLaw:
    """Return the compiled form of a named or tabulated speed function.

    Raises UnknownName for a name that is not in `SPEED_NAMES`, InputFaults for a table that cannot be used.
    """
    if isinstance(speed, SpeedTable):
        return _table_law(speed)
    if speed not in _CODE:
        raise UnknownName(f"unknown speed function {speed!r}; known: {', '.join(SPEED_NAMES)}")
    empty = np.empty(0)
    return SpeedLaw(_CODE[speed], empty, empty)


def _table_law(table: SpeedTable) -> SpeedLaw:
    slope = np.ascontiguousarray(table.slope, dtype=np.float64)
    speed_mps = np.ascontiguousarray(table.speed_mps, dtype=np.float64)
    place = "speed table"
    if slope.ndim != 1 or slope.shape != speed_mps.shape or slope.size < 2:
        found = f"{slope.shape} slopes, {speed_mps.shape} speeds"
        raise InputFaults.one(place, "as many speeds as slopes, two or more", found)
    faults = []
    if not (np.isfinite(slope).all() and (np.diff(slope) > 0).all()):
        faults.append(Fault(place, "", 0, "slope", "finite numbers in rising order", str(slope.tolist())))
    if not (np.isfinite(speed_mps).all() and (speed_mps >= 0).all() and (speed_mps > 0).any()):
        expected = "finite numbers, none below 0, one above 0"
        faults.append(Fault(place, "", 0, "speed_mps", expected, str(speed_mps.tolist())))
    if faults:
        raise InputFaults(faults)
    return SpeedLaw(_TABLE, slope, speed_mps)


def speed_mps(speed: str | SpeedTable, slope: npt.ArrayLike) -> FloatArray:
    """Speed in m/s at signed slopes (rise over run, positive uphill), in the shape of `slope`.

    `speed` is one of `SPEED_NAMES` or a `SpeedTable`. A NaN slope is a fault.
    Raises UnknownName, InputFaults.
    """
    slope_array = np.asarray(slope, dtype=np.float64)
    if np.isnan(slope_array).any():
        raise InputFaults.one("slope", "numbers", f"{int(np.isnan(slope_array).sum())} NaN")
    out = np.empty(slope_array.size)
    _speeds(speed_law(speed), np.ascontiguousarray(slope_array).ravel(), out)
    return out.reshape(slope_array.shape)


def top_speed_mps(law: SpeedLaw) -> float:
    """Return a speed that the function never exceeds at any slope (its maximum, or within 0.1 % above it)."""
    if law.code == _TABLE:
        return float(law.speed_mps.max())
    if 5 <= law.code <= 7:
        # The bell peaks at t = a; the falling line d + e t moves the peak of the sum less than 1 degree down.
        a, b, c, d, e = _CAMPBELL[law.code - 5]
        return c / (math.pi * b) + d + e * (a - 1.0)
    tobler = TOBLER_TOP_MPS
    return (tobler, 0.6 * tobler, 1.25 * tobler, 1.11, 0.78, 0.0, 0.0, 0.0, VEHICLE_LEVEL_MPS)[law.code]
