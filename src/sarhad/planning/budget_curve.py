"""What the next money buys: exact value and bound of several heads of one ranked list of purchases.

Each head has a bound of its own, at the money it takes itself: no plan of that money exceeds it. Up to the
plan the limits are the plan's; beyond it crew is without limit, as it is for the list.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from sarhad.kernels.purchase import Limits
from sarhad.model.plan import BudgetPoint

Counts = NDArray[np.int64]
SHARES = (0.25, 0.5, 0.75, 1.5, 2.0)
"""Shares of the plan's money at which a full curve has its points."""


def budget_curve(
    order: NDArray[np.integer],
    n_plan: int,
    limits: Limits,
    shares: Sequence[float],
    worth: Callable[[Counts, Limits], tuple[float, float]],
) -> tuple[BudgetPoint, ...]:
    """Return points at shares of the money that the first `n_plan` purchases of `order` (columns) take.

    A point is the longest head of the list that its money pays for; heads that are empty, the plan itself, or
    equal to another are left out. `worth` gives value and bound of counts under limits.
    """
    spent_usd = np.cumsum(limits.cost_usd[order])
    plan_usd = float(spent_usd[n_plan - 1]) if n_plan else 0.0
    heads = {
        int(np.searchsorted(spent_usd, share * plan_usd * (1.0 + 1e-9), side="right")) for share in shares
    }
    points = []
    for n in sorted(heads - {0, n_plan}):
        own_usd = float(spent_usd[n - 1])
        crew_n = limits.crew_limit_n if n < n_plan else np.inf
        count = np.bincount(order[:n], minlength=len(limits.cost_usd)).astype(np.int64)
        value, bound = worth(count, limits._replace(money_usd=own_usd, crew_limit_n=crew_n))
        points.append(BudgetPoint(own_usd, value, bound, n))
    return tuple(points)
