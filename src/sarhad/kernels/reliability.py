"""Mean times between failures and to repair, from total time and number of ends, with intervals.

    mean = T / n                                            exponential times, some still running (censored)
    low  = T / G(1 - a/2; n + 1),  high = T / G(a/2; n)     G: quantile of the gamma distribution

The chi-square interval of a test that ends at a time, chi2(p; 2n) = 2 G(p; n) (B. Epstein and M. Sobel, 1953;
MIL-HDBK-781A, 1996). With no failure the mean is unknown and only `low` is finite.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from sarhad.errors import InputFaults


class Interval(NamedTuple):
    """A mean with the ends of its interval, in the unit of the total time."""

    mean: float
    low: float
    high: float


def exponential_mean(total: float, n: int, confidence: float = 0.9) -> Interval:
    """Return the mean time per end from `total` time in which `n` ends were seen; inf where n is 0.

    Raises InputFaults.
    """
    from scipy.special import gammaincinv  # heavy: only a report that has failures to count needs it

    if not (total >= 0 and math.isfinite(total) and n >= 0 and 0 < confidence < 1):
        expected = "total and n of at least 0, confidence in 0..1"
        raise InputFaults.one("reliability", expected, f"{total}, {n}, {confidence}")
    tail = (1 - confidence) / 2
    low = total / float(gammaincinv(n + 1, 1 - tail))
    if n == 0:
        return Interval(math.inf, low, math.inf)
    return Interval(total / n, low, total / float(gammaincinv(n, tail)))
