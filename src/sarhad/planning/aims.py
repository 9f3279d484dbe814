"""Objectives beside the mean: the worst stretches first, and the worst conditions of the year.

**Leximin** over stretches: rounded down to whole steps, the worst value is to be as high as it can be, then
the next worst, and so on; plans that are alike in this go by the mean. On whole steps that is to have as many
stretches as possible at one step or more, then at two steps or more, ... (the ordered-values form of Ogryczak
and Sliwinski 2006). Without steps a first trace of detection on one more stretch would outweigh any gain
elsewhere, and the worst value stays 0 at real budgets. The number that is read goes on where it stands still:

    value = step x ( d + share of the stretches that reach d + 1 steps )     d: steps that all of them reach

**CVaR** over conditions: the mean over the worst share of the year (Rockafellar and Uryasev 2000). A
condition's share is that of its crossings: its share of the year, less where nobody can cross in it.

Both rise with every group's mean. What leads uphill are pools with other weights: conditions as they weigh in
the tails of the plans met so far (their mean: fictitious play), or stretches alike and capped at a level.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from sarhad.kernels.cover import F64, I64, Pool, group_means, group_weights, term_values, weigh_groups
from sarhad.kernels.ordered import (
    first_short,
    levels,
    n_reaching,
    tail_mean,
    tail_weights,
    worst_and_on,
)
from sarhad.kernels.purchase import Limits
from sarhad.model.objective import Objective
from sarhad.planning.bound import Stop, upper_bound
from sarhad.planning.ordered_bound import reach_bound, tail_bound
from sarhad.planning.search import Score, group_shares

N_AHEAD = 3
"""Levels from the first that not all reach on, whose pools suggest moves."""


@dataclass(frozen=True, slots=True)
class Mean:
    """The weighted mean, whatever the groups."""

    by: ClassVar[str] = "stretch"

    def weights(self, mean: F64, share: F64) -> F64:
        """Return how groups weigh in the score: by their shares."""
        return share

    def score(self, mean: F64, share: F64) -> Score:
        """Return (mean,)."""
        return (float(share @ mean),)

    def headline(self, score: Score) -> float:
        """Return the mean."""
        return score[0]

    def guides(self, pool: Pool, met: Sequence[F64]) -> list[Pool]:
        """Return nothing: F of the pool leads uphill."""
        return []

    def bound(self, pool: Pool, limits: Limits, start: I64, stop: Stop) -> float:
        """Return a bound on F, as a share of the whole weight."""
        rounds, tolerance = stop.max_rounds, stop.tolerance
        return upper_bound(pool, limits, start=start, max_rounds=rounds, tolerance=tolerance).value


@dataclass(frozen=True, slots=True)
class Leximin:
    """As many stretches as possible at one step, then at two, ..., then the mean. Groups are stretches."""

    step: float
    by: ClassVar[str] = "stretch"

    def weights(self, mean: F64, share: F64) -> F64:
        """Return how groups weigh in the mean that breaks ties: by their shares."""
        return share

    def score(self, mean: F64, share: F64) -> Score:
        """Return the share of stretches that reach each level, then the mean."""
        reached = n_reaching(mean[share > 0], self.step) / (share > 0).sum()
        return (*reached.tolist(), float(share @ mean))

    def headline(self, score: Score) -> float:
        """Return the level that all reach, and on by the share that reaches the next."""
        return worst_and_on(np.array(score[:-1]), self.step)

    def guides(self, pool: Pool, met: Sequence[F64]) -> list[Pool]:
        """Return pools of stretches alike, capped at the next few levels; none where those are not new."""
        weighs = group_weights(pool) > 0
        short = [first_short(n_reaching(mean[weighs], self.step) / weighs.sum()) for mean in met[-2:]]
        if len(short) > 1 and short[0] == short[1]:
            return []
        level = levels(self.step)[short[-1] : short[-1] + N_AHEAD].tolist()
        return [weigh_groups(pool, weighs.astype(np.float64), one) for one in level]

    def bound(self, pool: Pool, limits: Limits, start: I64, stop: Stop) -> float:
        """Return the bound at the first level that is proven out of reach of all stretches at once."""
        weighs = group_weights(pool) > 0
        n, mean = int(weighs.sum()), group_means(pool, term_values(pool, start))
        first = first_short(n_reaching(mean[weighs], self.step) / n)  # `start` shows that all can reach those
        for d, level in list(enumerate(levels(self.step).tolist()))[first:]:
            most = int(np.floor(reach_bound(pool, limits, level, start=start, stop=stop).value))
            if most < n:
                return self.step * (d + most / n)
        return self.step * len(levels(self.step))


@dataclass(frozen=True, slots=True)
class Cvar:
    """The mean over the worst share of the year's conditions, then the mean. Groups are conditions."""

    tail_share: float
    by: ClassVar[str] = "condition"

    def weights(self, mean: F64, share: F64) -> F64:
        """Return how groups weigh in the mean of the tail."""
        return tail_weights(mean, share, self.tail_share)

    def score(self, mean: F64, share: F64) -> Score:
        """Return (mean of the tail, mean)."""
        return tail_mean(mean, share, self.tail_share), float(share @ mean)

    def headline(self, score: Score) -> float:
        """Return the mean of the tail."""
        return score[0]

    def guides(self, pool: Pool, met: Sequence[F64]) -> list[Pool]:
        """Return the pool with conditions as they weigh, in the mean, in the tails of the plans met."""
        share = group_shares(pool)
        weight = np.mean([tail_weights(mean, share, self.tail_share) for mean in met], axis=0)
        return [weigh_groups(pool, weight)]

    def bound(self, pool: Pool, limits: Limits, start: I64, stop: Stop) -> float:
        """Return a bound on the mean of the tail."""
        return tail_bound(pool, limits, self.tail_share, start=start, stop=stop).value


def aim_of(objective: Objective) -> Mean | Leximin | Cvar:
    """Return what an objective asks of a search."""
    if objective.name == "leximin":
        return Leximin(objective.step)
    return Cvar(objective.tail_share) if objective.name == "cvar" else Mean()
