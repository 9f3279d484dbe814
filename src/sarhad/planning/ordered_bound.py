"""Bounds for objectives in which the worst groups count first (kernels.ordered), by the programs of solve.

*Tail mean* over groups with shares p_g, t_g bounded by lifted tangents as always:

    max η − (1/β) Σ_g p_g d_g     s.t.  d_g >= η − (most_g / p_g) t_g,  0 <= d_g <= 1,  0 <= η <= 1

*How many groups reach a level* L: f_g(z) <= c + Σ α_a z_a for all whole counts z, with c < L, so whoever
reaches it needs Σ α_a z_a >= L − c: one item that does it alone, or several smaller ones.

    t_g <= Σ_a min( 1, α_a / (L − c) ) z_a,     0 <= t_g <= 1;     t_g = 0 where even everything falls short
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from sarhad.kernels.cover import F64, Pool, group_means, group_weights, term_values
from sarhad.kernels.lifted import supergradient
from sarhad.kernels.ordered import SLACK, tail_mean, tail_weights
from sarhad.kernels.purchase import Limits
from sarhad.planning.bound import SMALL, Bound, Cut, Master, Stop, outer_approximation
from sarhad.planning.search import affordable, checked_counts
from sarhad.planning.solve import Program


def tail_bound(
    pool: Pool, limits: Limits, tail_share: float, *, start: ArrayLike | None = None, stop: Stop
) -> Bound:
    """Return a proven bound on the mean over the worst `tail_share` of the groups' means.

    Raises EmptyBudget, InputFaults.
    """
    allowed = affordable(pool, limits)
    known = None if start is None else checked_counts(limits, start)
    return outer_approximation(_TailMaster(pool, limits, allowed, tail_share), limits, known, stop)


def reach_bound(
    pool: Pool, limits: Limits, level: float, *, start: ArrayLike | None = None, stop: Stop
) -> Bound:
    """Return a proven bound on how many groups of weight can have a mean of `level` or more.

    The number is whole, so any fraction in the bound may be dropped. Raises EmptyBudget, InputFaults.
    """
    allowed = affordable(pool, limits)
    known = None if start is None else checked_counts(limits, start)
    return outer_approximation(_ReachMaster(pool, limits, allowed, level), limits, known, stop)


class _TailMaster(Master):
    """Columns, t_g, then η and the shortfall d_g of each group below it."""

    def __init__(self, pool: Pool, limits: Limits, allowed: NDArray[np.bool_], tail_share: float) -> None:
        weight = group_weights(pool)
        self.share, self.tail_share, self.weight = weight / weight.sum(), tail_share, weight
        super().__init__(pool, limits, allowed)

    def program(self, columns: F64, matrix: Any, right: F64) -> Program:
        self.unit = 1.0
        n_group, n_before = self.pool.n_group, self.n_col + self.pool.n_group
        some = np.flatnonzero(self.weight > 0)
        short = sparse.csr_array((np.ones(len(some)), (np.arange(len(some)), some)), (len(some), n_group))
        scale = np.divide(self.most, self.weight, out=np.zeros(n_group), where=self.weight > 0)
        no_column = sparse.csr_array((len(some), self.n_col))
        eta = sparse.csr_array(np.ones((len(some), 1)))
        rows = sparse.hstack([no_column, -short * scale[None, :], eta, -short])
        wide = sparse.csr_array((matrix.shape[0], 1 + n_group))
        both = sparse.vstack([sparse.hstack([matrix, wide]), rows], format="csr")
        cost = np.concatenate([np.zeros(n_before), [1.0], -self.share / self.tail_share])
        upper = np.concatenate([columns, np.ones(2 * n_group + 1)])
        right = np.concatenate([right, np.zeros(len(some))])
        free = np.zeros(len(cost), np.bool_)
        return Program(cost, upper, both, np.full(len(right), -np.inf), right, free)

    def worth(self, y: F64) -> float:
        return self._tail(group_means(self.pool, term_values(self.pool, y)))

    def tangents(self, y: F64) -> tuple[float, list[Cut]]:
        slope = supergradient(self.pool, y)
        mean = np.divide(slope.value, self.weight, out=np.zeros(len(self.weight)), where=self.weight > 0)
        return self._tail(mean), self.group_cuts(slope, y)

    def others(self, t: F64) -> F64:
        mean = np.divide(t * self.most, self.weight, out=np.zeros(len(t)), where=self.weight > 0)
        tail = tail_weights(mean, self.share, self.tail_share)
        eta = float(mean[tail > 0].max())
        return np.concatenate([[eta], np.where(self.weight > 0, np.maximum(0.0, eta - mean), 0.0)])

    def _tail(self, mean: F64) -> float:
        return tail_mean(mean, self.share, self.tail_share)


class _ReachMaster(Master):
    """Columns, then whether each group reaches the level; the unit is one group."""

    def __init__(self, pool: Pool, limits: Limits, allowed: NDArray[np.bool_], level: float) -> None:
        self.weight = group_weights(pool)
        self.level = level
        self.needed = (level - SLACK) * self.weight
        super().__init__(pool, limits, allowed)
        self.n_whole = self.n_col + pool.n_group

    def program(self, columns: F64, matrix: Any, right: F64) -> Program:
        self.unit = 1.0
        self.can = (self.weight > 0) & (self.most >= self.needed)
        cost = np.concatenate([np.zeros(self.n_col), np.ones(self.pool.n_group)])
        upper = np.concatenate([columns, self.can.astype(np.float64)])
        free = np.zeros(len(cost), np.bool_)
        return Program(cost, upper, matrix, np.full(len(right), -np.inf), right, free)

    def worth(self, y: F64) -> float:
        mean = group_means(self.pool, term_values(self.pool, y))
        return float((self.can & (mean >= self.level - SLACK)).sum())

    def tangents(self, y: F64) -> tuple[float, list[Cut]]:
        slope = supergradient(self.pool, y)
        total, cuts = 0.0, []
        for g in np.flatnonzero(self.can).tolist():
            at = slice(slope.start[g], slope.start[g + 1])
            col, coef = slope.col[at], slope.coef[at]
            missing = self.needed[g] - (slope.value[g] - float(coef @ y[col]))
            if missing <= SMALL * self.weight[g]:
                total += 1.0  # a tangent that promises the level for nothing says nothing
                continue
            coef = np.minimum(1.0, coef / missing)
            total += min(1.0, float(coef @ y[col]))
            small = coef * self.base.upper[col] < SMALL
            constant = float(coef[small] @ self.base.upper[col[small]])
            cuts.append(Cut(g, constant, col[~small], coef[~small]))
        return total, cuts
