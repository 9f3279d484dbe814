"""Air search: sweep width, coverage, time on station (Koopman 1946, 1980).

Lateral range curve  P(x) of a straight pass at distance x; sweep width W = integral of P over x
Random search        P = 1 - exp(-W v T / A)
Parallel sweeps      coverage C = W / spacing: definite range min(C, 1); inverse cube erf(sqrt(pi) C / 2),
                     with lateral range 1 - exp(-W^2 / (4 pi x^2))
Barrier lane         crosser at u, aircraft at v up and down a lane of length L:
                     1 - exp(-W sqrt(u^2 + v^2) / (L u))
On station           a cycle of flight (endurance E) and turn-round a gives E - 2 t over the area; per day no
                     more than the flight hours allow
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.integrate import trapezoid
from scipy.special import erf

from sarhad.kernels.quantity import checked

Array = NDArray[np.float64]


def sweep_width_m(x_m: ArrayLike, p: ArrayLike) -> float:
    """Trapezoidal integral of a lateral range curve at increasing `x_m` (n,) on both sides of the track."""
    return float(trapezoid(checked("p", p, 0.0, 1.0), checked("x_m", x_m)))


def lateral_inverse_cube(x_m: ArrayLike, width_m: float) -> Array:
    """Lateral range curve of the inverse cube law with sweep width `width_m`; 1 on the track itself."""
    x = checked("x_m", x_m)
    with np.errstate(divide="ignore"):
        return np.asarray(-np.expm1(-(width_m**2) / (4.0 * np.pi * x**2)))


def p_random_search(width_m: float, speed_mps: float, time_s: ArrayLike, area_m2: float) -> Array:
    """Koopman's random search of an area for a time."""
    return np.asarray(
        -np.expm1(-search_rate_per_s(width_m, speed_mps, area_m2) * checked("time_s", time_s, 0.0))
    )


def p_parallel_definite(coverage: ArrayLike) -> Array:
    """Parallel sweeps of a sensor that sees everything within W/2 and nothing beyond."""
    return np.minimum(checked("coverage", coverage, 0.0), 1.0)


def p_parallel_inverse_cube(coverage: ArrayLike) -> Array:
    """Parallel sweeps under the inverse cube law."""
    return np.asarray(erf(np.sqrt(np.pi) / 2.0 * checked("coverage", coverage, 0.0)))


def p_barrier(width_m: float, lane_m: float, speed_mps: float, crosser_mps: float) -> float:
    """A crosser of a lane that an aircraft patrols without pause (random phase)."""
    checked("width_m", width_m, 0.0)
    checked("lane", [lane_m, speed_mps, crosser_mps], 0.0, above=True)
    swept_m2_per_s = width_m * float(np.hypot(speed_mps, crosser_mps))
    return float(-np.expm1(-swept_m2_per_s / (lane_m * crosser_mps)))


def search_rate_per_s(width_m: float, speed_mps: float, area_m2: float) -> float:
    """Rate of detections of one aircraft on station over an area."""
    checked("width and speed", [width_m, speed_mps], 0.0)
    return width_m * speed_mps / float(checked("area_m2", area_m2, 0.0, above=True))


def station_fraction(
    endurance_s: float, transit_s: float, turnround_s: float, flight_s_per_day: float
) -> float:
    """Share of the day that one aircraft is over its area; `transit_s` is one way."""
    checked("times", [transit_s, turnround_s, flight_s_per_day], 0.0)
    checked("endurance_s", endurance_s, 0.0, above=True)
    on_station_s = max(endurance_s - 2.0 * transit_s, 0.0)
    by_cycle = on_station_s / (endurance_s + turnround_s)
    by_hours = flight_s_per_day / 86_400.0 * on_station_s / endurance_s
    return min(by_cycle, by_hours)
