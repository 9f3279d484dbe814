"""Local search on a pool of routes: drops, swaps, one for several and several for one.

The moves come from kernels.purchase.attempt, which fills the room again after each. With an exact
evaluation the pool is the filter, because it bounds the exact value from above, and the exact value is the
judge. Stop rules count moves and evaluations, never seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sarhad.kernels import purchase
from sarhad.kernels.cover import Pool, group_means, term_values, total, value
from sarhad.kernels.purchase import Limits
from sarhad.planning.search import (
    F64,
    I64,
    Aim,
    Score,
    affordable,
    beats,
    checked_counts,
    least,
    n_rank_of,
    prices,
    rankings,
    scored,
)

Exact = Callable[[I64], float | Score]


@dataclass(frozen=True, slots=True, eq=False)
class Improved:
    """A plan after local search: `count` (column,), `value` by `exact` (else F), `surrogate` = F.

    Under an aim both are the first entry of its score.
    """

    count: I64
    value: float
    surrogate: float
    n_move: int
    n_exact: int


def swap_search(
    pool: Pool,
    limits: Limits,
    start: ArrayLike,
    *,
    exact: Exact | None = None,
    aim: Aim | None = None,
    max_moves: int = 200,
    max_exact: int = 50,
    n_try: int = 8,
    n_force: int = 40,
) -> Improved:
    """Improve plan `start` (column,) by local moves; a plan is never replaced by a worse one.

    Without `exact` the first move that raises F is taken, sweep after sweep. With `exact` (counts -> value)
    the moves of a sweep are ordered by F, those whose F (an upper bound) does not beat the exact value in
    hand are left out, and the first of the best `n_try` that raises the exact value is taken, within
    `max_exact` evaluations, the start's included. `n_force` columns of largest gain are tried by force.
    With `aim` its scores stand for F and for what `exact` returns (without `exact`: they judge alone).
    """
    affordable(pool, limits)
    count = checked_counts(limits, start)
    if exact is None and aim is None:
        return _climb(pool, limits, purchase.work_of(pool, limits, count), max_moves, n_force)
    now, n_move, moved = _judged(exact, aim, pool, count), 0, True
    asked = {count.tobytes()}
    while moved and n_move < max_moves and len(asked) < max_exact:
        moved = False
        offers = _best_offers(pool, limits, count, n_force, now, aim)
        offers = [trial for trial in offers if trial.tobytes() not in asked]
        for trial in offers[: min(n_try, max_exact - len(asked))]:
            worth = _judged(exact, aim, pool, trial)
            asked.add(trial.tobytes())
            if beats(worth, now, least(pool)):
                count, now, n_move, moved = trial, worth, n_move + 1, True
                break
    surrogate = value(pool, count) if aim is None else scored(aim, pool, count)[0]
    return Improved(count, now[0], surrogate, n_move, len(asked))


def _judged(exact: Exact | None, aim: Aim | None, pool: Pool, count: I64) -> Score:
    if exact is None:
        assert aim is not None
        return scored(aim, pool, count)
    found = exact(count.copy())
    return found if isinstance(found, tuple) else (found,)


def multistart(pool: Pool, limits: Limits, *, max_moves: int = 200, n_force: int = 40) -> Improved:
    """Return the best plan that swaps reach in F from the list of every guide, the first of equals.

    Worth its time where terms have several routes: the best list is then often not the best start.
    Raises EmptyBudget.
    """
    affordable(pool, limits)
    best: Improved | None = None
    tried: set[bytes] = set()
    for ranking in rankings(pool, limits, n_rank_of(limits, None)):
        if ranking.count.tobytes() in tried:
            continue
        tried.add(ranking.count.tobytes())
        found = swap_search(pool, limits, ranking.count, max_moves=max_moves, n_force=n_force)
        if best is None or found.value > best.value + least(pool):
            best = found
    assert best is not None
    return best


def _best_offers(
    pool: Pool, limits: Limits, count: I64, n_force: int, floor: Score, aim: Aim | None
) -> list[I64]:
    """Return the plans one move away whose F (score under `aim`) beats `floor`, best first, each once."""
    guides = [pool]
    if aim is not None:
        guides = [*aim.guides(pool, [group_means(pool, term_values(pool, count))]), pool]
    offers: dict[bytes, tuple[Score, I64]] = {count.tobytes(): (floor, count)}
    for guide in guides:
        work = purchase.work_of(guide, limits, count)
        for worth, moves in _offers(guide, limits, work, n_force):
            trial = _moved(count, moves)
            if worth >= 0 and trial.tobytes() not in offers:
                score = (worth,) if aim is None else scored(aim, pool, trial)
                offers[trial.tobytes()] = score, trial
    found = [offer for offer in offers.values() if beats(offer[0], floor, least(pool))]
    found.sort(key=lambda offer: tuple(-entry for entry in offer[0]))
    return [trial for _, trial in found]


def _climb(pool: Pool, limits: Limits, work: purchase.Work, max_moves: int, n_force: int) -> Improved:
    n_move, moved = 0, True
    now = total(pool, work.state.term)
    while moved and n_move < max_moves:
        moved = False
        for worth, moves in _offers(pool, limits, work, n_force):
            if worth > now + least(pool):
                for move in moves.tolist():
                    purchase.shift(pool, limits, work, max(move, -move - 1), 1 if move >= 0 else -1)
                work.used[:] = purchase.used_by(limits, work.bought)
                now = total(pool, work.state.term)
                n_move, moved = n_move + 1, True
                if n_move >= max_moves:
                    break
    return Improved(work.bought, now, now, n_move, 0)


def _offers(
    pool: Pool, limits: Limits, work: purchase.Work, n_force: int
) -> Iterator[tuple[float, NDArray[np.int32]]]:
    """Give (F, moves) of one sweep; whoever takes an offer changes `work` in place and goes on."""
    moves = np.empty(64, np.int32)
    by_price, by_gain = prices(limits), np.ones(pool.n_col)

    def offer(price: F64, move: int) -> tuple[float, NDArray[np.int32]]:
        worth, n = purchase.attempt(pool, limits, work, price, move, moves, least(pool))
        return worth, moves[:n].copy()

    for price in (by_price, by_gain):
        yield offer(price, pool.n_col)
    for b in np.flatnonzero(work.bought).tolist():
        for price in (by_price, by_gain):
            if work.bought[b] > 0:
                yield offer(price, -b - 1)
    for a in np.lexsort((np.arange(pool.n_col), -work.gain))[:n_force].tolist():
        if work.gain[a] > 0 and work.bought[a] < limits.n_max[a]:
            yield offer(by_price, a)


def _moved(count: I64, moves: NDArray[np.int32]) -> I64:
    out = count.copy()
    for move in moves.tolist():
        out[max(move, -move - 1)] += 1 if move >= 0 else -1
    return out
