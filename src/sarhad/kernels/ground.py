"""Ground sensors that a crosser passes: nodes in a row, fibre, fence, and what wakes them for nothing.

One node             P(r) = P0 / (1 + (r / r50)^k)                            r distance of closest approach
Nodes in a row       spacing s, crosser passes x from the nearer node: P = 1 - (1 - P(x)) (1 - P(s - x))
                     worst place x = s/2; mean over x in 0..s/2 where he does not know the nodes
Noise                r50 shrinks by 1 / (1 + (wind / w)^2 + rain / q): the ground is noisy in wind and rain
Fence                P = P0 / (1 + (wind / w)^4): in a gale its threshold is raised
Nuisance alarms      per day = length (a + b (wind / 10)^2 + c rain / 10), all three stated inputs

The shape is a fit, not physics: r50 and P0 are measured on site (published spans: Creare/ERDC 2009 TN-804: a
walker beyond 30 m despite noise).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sarhad.kernels.quantity import checked

Array = NDArray[np.float64]

N_OFFSET = 101
NO_RANGE_M = 1e-6


def p_node(distance_m: ArrayLike, p_max: float, r50_m: float, steepness: float) -> Array:
    """Detection probability of one node at `distance_m` (any shape)."""
    distance = checked("distance_m", distance_m, 0.0)
    checked("p_max", p_max, 0.0, 1.0)
    if float(checked("r50_m", r50_m, 0.0)) < NO_RANGE_M:
        return np.zeros_like(distance)
    ratio = distance / r50_m
    return np.asarray(p_max / (1.0 + ratio**steepness))


def p_between_nodes(x_m: ArrayLike, spacing_m: float, p_max: float, r50_m: float, steepness: float) -> Array:
    """Detection by the two nodes on either side of a crosser `x_m` from one of them."""
    x = checked("x_m", x_m, 0.0, spacing_m)
    near = p_node(x, p_max, r50_m, steepness)
    far = p_node(spacing_m - x, p_max, r50_m, steepness)
    return np.asarray(1.0 - (1.0 - near) * (1.0 - far))


def p_row_worst(spacing_m: float, p_max: float, r50_m: float, steepness: float) -> float:
    """Detection of a crosser who passes midway between two nodes."""
    return float(p_between_nodes(spacing_m / 2.0, spacing_m, p_max, r50_m, steepness))


def p_row_mean(spacing_m: float, p_max: float, r50_m: float, steepness: float) -> float:
    """Detection of a crosser who passes anywhere with equal chance (midpoint rule, 101 places)."""
    x_m = (np.arange(N_OFFSET) + 0.5) / N_OFFSET * spacing_m / 2.0
    return float(np.mean(p_between_nodes(x_m, spacing_m, p_max, r50_m, steepness)))


def noise_factor(
    wind_mps: float, rain_mm_per_h: float, wind_half_mps: float, rain_half_mm_per_h: float
) -> float:
    """Factor (0..1] on a node's range; it is 1/2 at `wind_half_mps`, and at `rain_half_mm_per_h`."""
    checked("weather", [wind_mps, rain_mm_per_h], 0.0)
    checked("half", [wind_half_mps, rain_half_mm_per_h], 0.0, above=True)
    return 1.0 / (1.0 + (wind_mps / wind_half_mps) ** 2 + rain_mm_per_h / rain_half_mm_per_h)


def p_fence(p_max: float, wind_mps: float, wind_half_mps: float) -> float:
    """Detection of a crosser who cuts, climbs or parts a signalling fence."""
    checked("wind_mps", wind_mps, 0.0)
    checked("wind_half_mps", wind_half_mps, 0.0, above=True)
    return float(checked("p_max", p_max, 0.0, 1.0)) / (1.0 + (wind_mps / wind_half_mps) ** 4)


def nuisance_per_day(
    length_m: float, weather: tuple[float, float], per_km_day: tuple[float, float, float]
) -> float:
    """Nuisance alarms a day on `length_m`; `weather` = (wind m/s, rain mm/h), `per_km_day` = (a, b, c)."""
    wind_mps, rain_mm_per_h = checked("weather", weather, 0.0).tolist()
    calm, wind, rain = checked("per_km_day", per_km_day, 0.0).tolist()
    rate = calm + wind * (wind_mps / 10.0) ** 2 + rain * rain_mm_per_h / 10.0
    return float(checked("length_m", length_m, 0.0) * rate / 1_000.0)
