"""EASI, Estimate of Adversary Sequence Interruption.

Garcia, The Design and Evaluation of Physical Protection Systems:

    P_I = sum over tasks i of  [ prod over j < i of (1 - P_D,j) ]  P_D,i  P_C  P(R | A_i)
    P(R | A_i) = Phi( (mu_i - mu_R) / sqrt(var_i + sigma_R^2) )
    mu_i  = f m_i   + sum over k > i of m_k          time that remains after a detection at task i
    var_i = g s_i^2 + sum over k > i of s_k^2

Detection happens at the Begin, in the Middle or at the End of a task: f = 1, 1/2, 0. The variance share g
is 1 and 0 at B and E; in the middle it is 1/2 ("half": the variance of half of a sum of small steps) or 1/4
("quarter": half the delay, half its standard deviation). The survival product uses 1 - P_D, not 1 - P_D
P_C: a detection that is not communicated is lost, and there is no second first detection. Garcia's base
example, 0.476, decides that: the other product gives 0.483. Where nothing varies, Phi is 1 above equality,
0 below and 1/2 at it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from sarhad.errors import Fault, InputFaults

_DELAY_SHARE: Final = {"B": 1.0, "M": 0.5, "E": 0.0}
_MIDDLE_VARIANCE: Final = {"half": 0.5, "quarter": 0.25}
FloatArray = npt.NDArray[np.float64]


def easi(
    p_detect: Sequence[float] | FloatArray,
    delay_s: Sequence[float] | FloatArray,
    delay_sd_s: Sequence[float] | FloatArray,
    *,
    location: str,
    p_communication: float,
    response_s: float,
    response_sd_s: float,
    middle_variance: Literal["half", "quarter"] = "half",
) -> float:
    """Return the probability that the response interrupts the sequence of tasks.

    Per task in order: `p_detect`, mean delay and its standard deviation (n,), and one letter B, M or E of
    `location`. The response takes `response_s` with standard deviation `response_sd_s` once the alarm is
    communicated (`p_communication`). Assessment and transmission belong into p_detect. Raises InputFaults.
    """
    p = _vector(p_detect)
    mean_s, sd_s = _vector(delay_s), _vector(delay_sd_s)
    faults = _task_faults(p, mean_s, sd_s, location)
    faults += _number_faults("p_communication", np.array([p_communication], dtype=np.float64), 1.0)
    faults += _number_faults("response_s", np.array([response_s], dtype=np.float64), math.inf)
    faults += _number_faults("response_sd_s", np.array([response_sd_s], dtype=np.float64), math.inf)
    if middle_variance not in _MIDDLE_VARIANCE:
        faults.append(Fault("middle_variance", "", 0, "", '"half" or "quarter"', repr(middle_variance)))
    if faults:
        raise InputFaults(faults)
    delay_share = np.array([_DELAY_SHARE[letter] for letter in location])
    variance_share = np.where(delay_share == 0.5, _MIDDLE_VARIANCE[middle_variance], delay_share)
    remaining_s = delay_share * mean_s + _sum_after(mean_s)
    variance_s2 = variance_share * sd_s**2 + _sum_after(sd_s**2) + response_sd_s**2
    p_in_time = _p_above_zero(remaining_s - response_s, np.sqrt(variance_s2))
    p_first = np.concatenate([[1.0], np.cumprod(1.0 - p)[:-1]]) * p
    return float(min(p_communication * np.sum(p_first * p_in_time), 1.0))


def _vector(values: Sequence[float] | FloatArray) -> FloatArray:
    return np.atleast_1d(np.asarray(values, dtype=np.float64))


def _sum_after(values: FloatArray) -> FloatArray:
    """Sum over the later tasks, for each task."""
    return np.concatenate([np.cumsum(values[:0:-1])[::-1], [0.0]])


def _p_above_zero(mean: FloatArray, sd: FloatArray) -> FloatArray:
    """Probability that a normal variable is above zero; certain, and 1/2 at zero, where sd = 0."""
    certain = np.where(mean == 0, 0.5, mean > 0)
    z = np.divide(mean, sd, out=np.zeros_like(mean), where=sd > 0)
    return np.where(sd > 0, ndtr(z), certain)


def _task_faults(p: FloatArray, mean_s: FloatArray, sd_s: FloatArray, location: str) -> list[Fault]:
    found = f"{p.shape} p_detect, {mean_s.shape} delay_s, {sd_s.shape} delay_sd_s, {len(location)} letters"
    faults = []
    if p.ndim != 1 or not p.size or not p.shape == mean_s.shape == sd_s.shape == (len(location),):
        faults.append(Fault("tasks", "", 0, "", "one value of each per task, one task or more", found))
    unknown = sorted(set(location) - set(_DELAY_SHARE))
    if unknown:
        faults.append(Fault("location", "", 0, "", "letters B, M, E", ", ".join(map(repr, unknown))))
    faults += _number_faults("p_detect", p, 1.0)
    faults += _number_faults("delay_s", mean_s, math.inf)
    return faults + _number_faults("delay_sd_s", sd_s, math.inf)


def _number_faults(place: str, values: FloatArray, most: float) -> list[Fault]:
    """Return a fault for each value that is not a finite number from 0 to `most`."""
    expected = "a probability 0..1" if most == 1.0 else "a finite number of seconds, 0 or more"
    is_good = np.isfinite(values) & (values >= 0) & (values <= most)
    rows = np.flatnonzero(~is_good.ravel())
    return [
        Fault(place, "", int(i) + 1 if values.size > 1 else 0, "", expected, str(values.flat[i]))
        for i in rows
    ]
