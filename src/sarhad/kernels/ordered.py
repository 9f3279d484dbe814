"""Ordered means: what is made of values when the worst of them count first.

*Tail mean*, the mean over the worst share β of values v_g that make up shares p_g (conditional value at risk,
Rockafellar and Uryasev 2000, for values of which more is better):

    T(v) = max_η  η − (1/β) Σ_g p_g max(0, η − v_g)  =  min Σ_g r_g v_g   over 0 <= r_g <= p_g / β, Σ r_g = 1

It is concave and rises with every value; β = 1 is the mean, β -> 0 the worst value.

*Steps*: how many values reach 1, 2, ... steps. The larger of two such lists, compared from the first step on,
belongs to the values that are leximin-better once they are rounded down to whole steps (the ordered-values
form of lexicographic max-min, Ogryczak and Sliwinski 2006).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

SLACK = 1e-9
"""Share of a step by which a value may miss it: sums of shares are rounded."""


def tail_weights(value: F64, share: F64, tail_share: float) -> F64:
    """Return the weight r of each value (group,) in the tail mean; shares sum to 1, ties go to the first."""
    order = np.argsort(value, kind="stable")
    room = share[order] / tail_share
    before = np.cumsum(room) - room
    taken = np.clip(1.0 - before, 0.0, room)
    weight = np.zeros(len(value))
    weight[order] = taken / taken.sum()
    return weight


def tail_mean(value: F64, share: F64, tail_share: float) -> float:
    """Return the mean of the worst `tail_share` of values (group,) with shares (group,) that sum to 1."""
    return float(tail_weights(value, share, tail_share) @ value)


def levels(step: float) -> F64:
    """Return the levels 1 step, 2 steps, ... that a probability can reach, (level,)."""
    return np.arange(1, int(np.floor(1.0 / step + SLACK)) + 1, dtype=np.float64) * step


def n_reaching(value: F64, step: float) -> I64:
    """Return how many of the values reach each level, (level,)."""
    reached = value[None, :] >= levels(step)[:, None] - SLACK * step
    n: I64 = reached.sum(axis=1)
    return n


def first_short(share: F64) -> int:
    """Return the number of the first level that not all reach; `share` (level,) reach each."""
    short = np.flatnonzero(share < 1.0 - SLACK)
    return int(short[0]) if len(short) else len(share)


def worst_and_on(share: F64, step: float) -> float:
    """Return the level that all values reach, and on to the next by the share that reaches that.

    `share` (level,) of the values that reach each level. The worst value in steps, without its plateaus.
    """
    d = first_short(share)
    return step * (d + (float(share[d]) if d < len(share) else 0.0))
