"""The terms of the objective: what each stretch, target, condition and adversary weighs.

A weight is length x threat x share of the year / number of targets, scaled to sum to 1 over the stretches and
cases in which anyone can cross at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from sarhad.errors import NoGoalReachable
from sarhad.kernels.cover import F64, Pool, build_pool
from sarhad.kernels.cover import Routes as PoolRoutes
from sarhad.model.project import Project
from sarhad.planning.pool import OPTIMAL, PoolPart, Worth, cases


@dataclass(frozen=True, slots=True)
class Mix:
    """How the objective weighs the two adversaries; the weights sum to 1."""

    unaware: float = 0.5
    optimal: float = 0.5

    def __post_init__(self) -> None:
        if not (min(self.unaware, self.optimal) >= 0 and abs(self.unaware + self.optimal - 1.0) < 1e-9):
            raise ValueError(f"weights of adversaries must be >= 0 and sum to 1, found {self}")


class Terms:
    """Weights by (stretch, case), and the groups that objectives are made of: stretches or conditions."""

    def __init__(self, project: Project, parts: Sequence[PoolPart], by: str) -> None:
        stretches = project.line.stretches(project.settings.stretch_m)
        n_target, n_condition = len(project.targets), len(project.conditions)
        share = np.array([c.share for c in project.conditions] * n_target) / n_target
        self.n_case, self.n_field = len(share), project.settings.n_fields
        threat = np.array([(s.to_m - s.from_m) * _threat(project, s.from_m, s.to_m) for s in stretches])
        weight = np.outer(threat, share)
        exists = np.zeros_like(weight, dtype=bool)
        for part in parts:
            exists[part.stretch, part.case] = True
        if not exists.any():
            raise NoGoalReachable("no target can reach a goal from the line in any season")
        self.weight = np.where(exists, weight, 0.0) / weight[exists].sum()
        self.cases = cases(project)
        stretch, case = np.indices(weight.shape)
        self.group: NDArray[np.int64] = np.asarray(case % n_condition if by == "condition" else stretch)
        self.share: F64 = np.bincount(self.group.ravel(), self.weight.ravel()).astype(np.float64)

    def pool(self, parts: Sequence[PoolPart], n_item: int, mix: Mix) -> Pool:
        """Return the pool of all parts; identical terms keep their number whatever the parts."""
        stretch, case, field_of, base, cap = (
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("stretch", "case", "field", "base_theta", "cap")
        )
        first = np.cumsum([0, *(len(part.stretch) for part in parts)])
        entry_route = np.concatenate([p.entry_route + a for p, a in zip(parts, first[:-1], strict=True)])
        entry_item = np.concatenate([part.entry_item for part in parts])
        entry_theta = np.concatenate([part.entry_theta for part in parts])
        theta = sparse.csr_array((entry_theta, (entry_route, entry_item)), shape=(len(stretch), n_item))
        kind = np.where(field_of == OPTIMAL, self.n_field, field_of)
        number = (stretch * self.n_case + case) * (self.n_field + 1) + kind
        term_number, term = np.unique(number, return_inverse=True)
        pair, kind = np.divmod(term_number, self.n_field + 1)
        weight = self.weight.ravel()[pair]
        weight = weight * np.where(kind == self.n_field, mix.optimal, mix.unaware / self.n_field)
        _, group = np.unique(self.group.ravel()[pair], return_inverse=True)
        return build_pool(PoolRoutes(theta, base, cap, term), weight, group)

    def values(self, worths: Sequence[Worth]) -> tuple[F64, F64]:
        """Return exact P_t by (stretch, case) against the unaware and the optimal adversary."""
        unaware = np.zeros_like(self.weight)
        optimal = np.zeros_like(self.weight)
        for worth in worths:
            for k, case in enumerate(self.cases):
                unaware[worth.stretch, k] = np.nan_to_num(worth.unaware[case])
                optimal[worth.stretch, k] = np.nan_to_num(worth.optimal[case])
        return unaware, optimal

    def means(self, value: F64) -> F64:
        """Return the weighted mean of values (stretch, case) in each group, 0 where it weighs nothing."""
        there = np.bincount(self.group.ravel(), (self.weight * value).ravel())
        return np.divide(there, self.share, out=np.zeros(len(there)), where=self.share > 0)


def _threat(project: Project, from_m: float, to_m: float) -> float:
    """Return the threat weight at the middle of a stretch, 1 where the project gives none."""
    middle_m = 0.5 * (from_m + to_m)
    for part in project.weights:
        if part.from_m <= middle_m < part.to_m:
            return project.weight_of[part.name]
    return 1.0
