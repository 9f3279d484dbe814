"""Bounds on what any plan can reach, by linear programs.

F (kernels.cover) has for each group g of terms, at any relaxed point z, a lifted tangent (kernels.lifted)
that lies on or above it at all whole counts y:

    t_g <= F^_g(z) + s_g · (y − z)       max Σ_g t_g  s.t. cuts, money, crew, stock, sites, 0 <= y <= n_max

Every optimum of this program bounds F of every plan within the limits, whatever the number of cuts (outer
approximation, Kelley 1960). Cuts are taken a short way from the best point known towards the program's
optimum (in-out: Ben-Ameur and Neto 2007), for a few blocks of groups: many cuts a round make programs that
take minutes. The reported bound is computed from the multipliers by weak duality over the box of the
variables, so it holds even where the solver has rounded (Neumaier and Shcherbina 2004).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from sarhad.kernels.cover import Pool, merge_groups, value
from sarhad.kernels.lifted import Supergradient, group_tops, supergradient
from sarhad.kernels.purchase import SLACK, Limits, limit_vector, use_of, use_rows, used_by
from sarhad.planning.search import affordable, checked_counts
from sarhad.planning.solve import Answer, GrowingProgram, Program, solve_integer

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

SAFETY = 1e-9
"""Share of the scale by which a bound is rounded up against rounding of its own sum."""

SMALL = 1e-7
"""Slopes that can move a group's share by less go into the constant; cuts that are violated by less wait."""

LEAST_STEP = 0.05
"""How far from the best point towards the program's optimum cuts are taken, after 1/2, 1/3, ... at first."""

FULL_STEP = 5
"""Every so many rounds cuts are taken at the program's optimum itself: small programs then end exactly."""

MAX_IDLE = 12
"""Rounds for which a cut may be slack before it is dropped."""

MIP_SAFETY = 1e-6
"""The same for bounds of integer programs, which hold within the solver's feasibility tolerance."""


class Cut(NamedTuple):
    """t_group <= constant + Σ coef_k y[col_k], with t and the right side as shares of the group's most."""

    group: int
    constant: float
    col: NDArray[np.int32]
    coef: F64


@dataclass(frozen=True, slots=True, eq=False)
class Bound:
    """A proven bound on F over all plans within the limits.

    `value` >= F of any plan; `y` (column,) is the best relaxed point met and `y_value` its lifted F, below
    any bound from linear programs; `rounds` programs were solved, `history` holds (bound, y_value) after
    each. `count` (column,) is the best plan known, given or met in the integer phase, None without one, and
    `count_value` its F.
    """

    value: float
    y: F64
    y_value: float
    rounds: int
    history: tuple[tuple[float, float], ...]
    count: I64 | None = None
    count_value: float = -np.inf


def _limit_rows(limits: Limits, n_group: int) -> tuple[Any, F64]:
    """Return (matrix, right side) of the limits that can bind, each scaled to 1."""
    there = limit_vector(limits)
    row, col, use = [], [], []
    for a in range(len(limits.cost_usd)):
        for r, u in zip(use_rows(limits, a), use_of(limits, a), strict=True):
            if r >= 0 and u > 0 and 0 < there[r] < np.inf:
                row.append(r)
                col.append(a)
                use.append(u / there[r])
    shape = (len(there), len(limits.cost_usd) + n_group)
    matrix = sparse.csr_array((use, (row, col)), shape=shape)
    most = matrix[:, : len(limits.cost_usd)] @ limits.n_max.astype(np.float64)
    binding = np.flatnonzero(most > 1.0)
    return matrix[binding], np.full(len(binding), 1.0 + SLACK)


class Master:
    """The growing program: one variable per column, then the share t_g of what each group can reach.

    Objectives other than the sum of groups add variables and rows (planning.ordered_bound).
    """

    def __init__(self, pool: Pool, limits: Limits, allowed: NDArray[np.bool_]) -> None:
        self.pool, self.n_col, self.cuts = pool, pool.n_col, list[Cut]()
        self.n_whole = self.n_col
        self.most = group_tops(pool)
        self.unit = max(float(self.most.mean()), 1e-300)
        columns = np.where(allowed, limits.n_max, 0).astype(np.float64)
        self.base = self.program(columns, *_limit_rows(limits, pool.n_group))
        self.idle = np.zeros(0, np.int64)
        self.growing = GrowingProgram(self.base)

    def program(self, columns: F64, matrix: Any, right: F64) -> Program:
        """Return the program without cuts: upper ends of the columns, and rows of the limits."""
        cost = np.concatenate([np.zeros(self.n_col), self.most / self.unit])
        upper = np.concatenate([columns, np.ones(self.pool.n_group)])
        free = np.zeros(len(cost), np.bool_)
        return Program(cost, upper, matrix, np.full(len(right), -np.inf), right, free)

    def worth(self, y: F64) -> float:
        """Return the objective at whole counts."""
        return value(self.pool, y)

    def tangents(self, y: F64) -> tuple[float, list[Cut]]:
        """Return the relaxed objective at `y` and the tangent of every group there."""
        slope = supergradient(self.pool, y)
        return float(slope.value.sum()), self.group_cuts(slope, y)

    def group_cuts(self, slope: Supergradient, y: F64) -> list[Cut]:
        """Return the tangents of all groups at `y` as cuts."""
        cuts = []
        for g in np.flatnonzero(self.most > 0).tolist():
            at = slice(slope.start[g], slope.start[g + 1])
            col, coef = slope.col[at], slope.coef[at] / self.most[g]
            constant = slope.value[g] / self.most[g] - float(coef @ y[col])
            small = coef * self.base.upper[col] < SMALL
            constant += float(coef[small] @ self.base.upper[col[small]])
            cuts.append(Cut(g, constant, col[~small], coef[~small]))
        return cuts

    def add(self, cuts: list[Cut], x: F64 | None = None) -> int:
        """Add the cuts that the program's optimum `x` violates (all without one); returns how many."""
        if x is not None:
            t = x[self.n_col : self.n_col + len(self.most)]
            cuts = [c for c in cuts if t[c.group] - c.constant - float(c.coef @ x[c.col]) > SMALL]
        if cuts:
            self.growing.add(self.rows(cuts), np.array([c.constant for c in cuts]))
            self.cuts += cuts
            self.idle = np.concatenate([self.idle, np.zeros(len(cuts), np.int64)])
        return len(cuts)

    def rows(self, cuts: list[Cut]) -> Any:
        """Return cuts as rows t_g − coef·y <= constant."""
        if not cuts:
            return sparse.csr_array((0, len(self.base.cost)))
        start = np.concatenate([[0], np.cumsum([len(c.col) + 1 for c in cuts])]).astype(np.int64)
        index = np.concatenate([np.append(c.col, self.n_col + c.group) for c in cuts]).astype(np.int64)
        data = np.concatenate([np.append(-c.coef, 1.0) for c in cuts])
        return sparse.csr_array((data, index, start), shape=(len(cuts), len(self.base.cost)))

    def solve(self) -> Answer:
        """Solve the program; the bound is recomputed from the multipliers and safe."""
        x, dual = self.growing.optimum()
        n = len(self.base.row_upper)
        reduced = self.base.cost - self.base.matrix.T @ dual[:n]
        bound = float(self.base.row_upper @ dual[:n])
        for k in np.flatnonzero(dual[n:]):
            cut, weight = self.cuts[k], dual[n + k]
            reduced[cut.col] += weight * cut.coef
            reduced[self.n_col + cut.group] -= weight
            bound += weight * cut.constant
        bound += float(np.maximum(reduced, 0.0) @ self.base.upper)
        self.idle = np.where(dual[n:] > 0, 0, self.idle + 1)
        safe = (bound + SAFETY * len(self.most)) * self.unit
        return Answer(x, safe, reduced)

    def point(self, count: I64) -> F64:
        """Return the program's best point at whole counts, given its cuts."""
        y = count.astype(np.float64)
        t = self.base.upper[self.n_col : self.n_col + len(self.most)].copy()
        for cut in self.cuts:
            t[cut.group] = min(t[cut.group], cut.constant + float(cut.coef @ y[cut.col]))
        return np.concatenate([y, t, self.others(t)])

    def others(self, t: F64) -> F64:
        """Return the variables beside columns and groups at their best for `t` (group,): none here."""
        return np.zeros(0)

    def purge(self) -> None:
        """Drop cuts that have not held the optimum for a while, keeping the basis."""
        stale = self.idle > MAX_IDLE
        if stale.sum() < len(self.most):
            return
        self.growing.drop(stale)
        self.cuts = [c for c, old in zip(self.cuts, stale, strict=True) if not old]
        self.idle = self.idle[~stale]


class Stop(NamedTuple):
    """When to stop: programs, relative gap of the relaxation, integer programs and their nodes."""

    max_rounds: int = 100
    tolerance: float = 1e-3
    integer_rounds: int = 0
    max_nodes: int = 200


def upper_bound(
    pool: Pool,
    limits: Limits,
    *,
    start: ArrayLike | None = None,
    max_rounds: int = 100,
    tolerance: float = 1e-3,
    n_block: int = 12,
    integer_rounds: int = 0,
    max_nodes: int = 200,
) -> Bound:
    """Return a proven bound on F over all plans within `limits`.

    Stops after `max_rounds` programs or when the relaxed optimum is known within the share `tolerance`.
    `start`, counts (column,) of a good plan, speeds it up. `integer_rounds` programs with whole counts, of
    at most `max_nodes` nodes each, then tighten the bound and look for a better plan. `n_block` merges
    groups. Raises EmptyBudget, InputFaults.
    """
    allowed = affordable(pool, limits)
    master = Master(merge_groups(pool, n_block), limits, allowed)
    known = None if start is None else checked_counts(limits, start)
    stop = Stop(max_rounds, tolerance, integer_rounds, max_nodes)
    return outer_approximation(master, limits, known, stop)


def outer_approximation(master: Master, limits: Limits, known: I64 | None, stop: Stop) -> Bound:
    """Return the bound that a program and its cuts reach from the counts `known` of a plan, if any."""
    n_col, tolerance = master.n_col, stop.tolerance
    centre = np.zeros(n_col) if known is None else known.astype(np.float64)
    best, cuts = master.tangents(centre)
    bound = Bound(np.inf, centre, best, 0, (), known, -np.inf if known is None else master.worth(centre))
    master.add(cuts)
    if known is not None:
        master.add(master.tangents(np.zeros(n_col))[1])
    root = (np.inf, np.zeros(n_col))
    for _ in range(stop.max_rounds):
        answer = master.solve()
        if answer.bound < root[0]:
            root = (answer.bound, answer.reduced[:n_col] * master.unit)
        bound = _after(bound, answer.bound)
        if bound.value - bound.y_value <= tolerance * bound.value:
            break
        master.purge()
        bound, new = _cut(master, bound, answer)
        if not new:
            break
    for _ in range(stop.integer_rounds):
        if bound.value - bound.count_value <= tolerance * bound.value:
            break
        bound, new = _integer_round(master, limits, bound, root, stop.max_nodes)
        if not new:
            break
    return bound


def _cut(master: Master, bound: Bound, answer: Answer) -> tuple[Bound, int]:
    """Add cuts near the best point, or at the program's optimum where none of those is violated."""
    y, new = answer.x[: master.n_col], 0
    near = max(LEAST_STEP, 1.0 / (bound.rounds + 1.0))
    for step in (1.0,) if bound.rounds % FULL_STEP == 0 else (near, 1.0):
        point = bound.y + step * (y - bound.y)
        f, cuts = master.tangents(point)
        if f > bound.y_value:
            bound = replace(bound, y=point, y_value=f)
        new = master.add(cuts, answer.x)
        if new:
            break
    return bound, new


def _integer_round(
    master: Master, limits: Limits, bound: Bound, root: tuple[float, F64], max_nodes: int
) -> tuple[Bound, int]:
    """Solve the cuts with whole counts and cut there; returns how many cuts were new.

    `root` = (bound, reduced worth per column) of one linear program. A plan that moves a column off the end
    where its worth holds it reaches at most the bound less that worth; where this cannot beat the plan
    known, the column is fixed.
    """
    n_col, base, n_block = master.n_col, master.base, len(master.most)
    held = root[0] - np.abs(root[1]) < bound.count_value - SMALL * root[0]
    lower, upper = np.zeros(len(base.cost)), base.upper.copy()
    lower[:n_col] = np.where(held & (root[1] > 0), upper[:n_col], 0.0)
    upper[:n_col] = np.where(held & (root[1] < 0), 0.0, upper[:n_col])
    rows = sparse.vstack([base.matrix, master.rows(master.cuts)], format="csr")
    right = np.concatenate([base.row_upper, [c.constant for c in master.cuts]])
    whole = np.arange(len(base.cost)) < master.n_whole
    program = Program(base.cost, upper, rows, np.full(len(right), -np.inf), right, whole, lower)
    known = np.zeros(n_col, np.int64) if bound.count is None else bound.count
    start = np.where(whole, np.floor(master.point(known) + SMALL), master.point(known))
    found = solve_integer(program, max_nodes=max_nodes, start=start)
    count = np.rint(found.x[:n_col]).astype(np.int64)
    _, cuts = master.tangents(count.astype(np.float64))
    new = master.add(cuts, found.x)
    limit = max((found.bound + MIP_SAFETY * n_block) * master.unit, bound.count_value)
    f = master.worth(count.astype(np.float64))
    if f > bound.count_value and np.all(used_by(limits, count) <= limit_vector(limits)):
        bound = replace(bound, count=count, count_value=f)
    return _after(bound, limit), new


def _after(bound: Bound, found: float) -> Bound:
    best = max(min(bound.value, float(found)), bound.count_value)
    history = (*bound.history, (best, bound.y_value))
    return replace(bound, value=best, rounds=bound.rounds + 1, history=history)
