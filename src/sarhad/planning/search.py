"""Search for good plans on a pool of routes: greedy ranking, then swaps, always the same for the same inputs.

`rank` runs lazy greedy (kernels.purchase) by gain and by gain per price, guided by F itself, by the terms of
an adversary who knows nothing (one route each), and by truncated means of the terms with several routes
(SATURATE, Krause et al. 2008), because the gain of F is 0 while a second hole is open. Each list is then
replayed on F and the best is kept. `swap_search` improves a plan by drops, swaps, one for several and
several for one. Stop rules count moves and evaluations, never seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sarhad.errors import EmptyBudget, Fault, InputFaults
from sarhad.kernels import purchase
from sarhad.kernels.cover import Pool, spread_pool, state_of, total, value
from sarhad.kernels.purchase import Limits

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
Exact = Callable[[I64], float]

TOLERANCE = 1e-10
"""Share of the total weight by which a plan must be better to count as better."""

LEVELS = (1.0, 0.6, 0.3)
"""Truncation levels of the guides: what a hole needs before the next one is looked at."""


@dataclass(frozen=True, slots=True, eq=False)
class Ranking:
    """Purchases in order (any head of the list is a plan), the gain of each in F, and the value of all.

    `column` (n,), `gain` (n,) with sum(gain) = `value` − value before; `count` (column,) items bought.
    """

    column: NDArray[np.int32]
    gain: F64
    count: I64
    value: float


@dataclass(frozen=True, slots=True, eq=False)
class Improved:
    """A plan after local search: `count` (column,), `value` by `exact` (else F), `surrogate` = F."""

    count: I64
    value: float
    surrogate: float
    n_move: int
    n_exact: int


def build_limits(
    cost_usd: ArrayLike,
    *,
    money_usd: float = np.inf,
    crew_n: ArrayLike | None = None,
    crew_limit_n: float = np.inf,
    type_index: ArrayLike | None = None,
    stock: ArrayLike = (np.inf,),
    stock_use: ArrayLike | None = None,
    site: ArrayLike | None = None,
    site_limit: ArrayLike = (),
    n_max: ArrayLike | None = None,
) -> Limits:
    """Return checked limits: defaults are one item of each column, one type, no crew, no sites.

    Raises InputFaults with everything that is wrong.
    """
    cost = np.ascontiguousarray(cost_usd, np.float64)
    n = len(cost)

    def column(given: ArrayLike | None, default: float, kind: type[np.generic]) -> NDArray[np.generic]:
        return np.ascontiguousarray(np.full(n, default) if given is None else given, kind)

    limits = Limits(
        cost,
        column(crew_n, 0.0, np.float64),  # type: ignore[arg-type]
        column(stock_use, 1.0, np.float64),  # type: ignore[arg-type]
        column(type_index, 0, np.int32),  # type: ignore[arg-type]
        column(site, -1, np.int32),  # type: ignore[arg-type]
        column(n_max, 1, np.int64),  # type: ignore[arg-type]
        float(money_usd),
        float(crew_limit_n),
        np.ascontiguousarray(stock, np.float64),
        np.ascontiguousarray(site_limit, np.int64),
    )
    _check(limits, n)
    return limits


def _check(limits: Limits, n: int) -> None:
    found: list[Fault] = []

    def need(holds: object, column: str, expected: str, value: object) -> None:
        if not holds:
            found.append(Fault("limits", "", 0, column, expected, str(value)))

    for name in ("cost_usd", "crew_n", "stock_use", "type_index", "site", "n_max"):
        array = getattr(limits, name)
        need(array.shape == (n,), name, f"{n} values, one per column", array.shape)
        lowest = -1 if name == "site" else 0
        bad = array[~(np.isfinite(array) & (array >= lowest))]
        need(bad.size == 0, name, f"finite values >= {lowest}", bad[:3])
    for name in ("money_usd", "crew_limit_n", "stock"):
        bad = np.atleast_1d(getattr(limits, name))
        bad = bad[~(bad >= 0)]
        need(bad.size == 0, name, "values >= 0 (inf: no limit)", bad[:3])
    top = limits.type_index.max(initial=0)
    need(top < len(limits.stock), "stock", f"a stock for each of {top + 1} types", len(limits.stock))
    top = limits.site.max(initial=-1)
    need(
        top < len(limits.site_limit),
        "site_limit",
        f"a limit for each of {top + 1} sites",
        len(limits.site_limit),
    )
    if found:
        raise InputFaults(found)


def affordable(pool: Pool, limits: Limits) -> NDArray[np.bool_]:
    """Return which columns could be bought alone, (column,).

    Raises EmptyBudget if none can, InputFaults where `limits` are not those of the pool's columns.
    """
    if len(limits.cost_usd) != pool.n_col:
        raise InputFaults.one("limits", f"{pool.n_col} columns, as in the pool", len(limits.cost_usd))
    found: NDArray[np.bool_] = purchase.fitting(limits, np.zeros(len(limits.cost_usd), np.int64))
    if not found.any():
        raise EmptyBudget("nothing can be bought: no item fits the money, crew, stock and site limits")
    return found


def prices(limits: Limits) -> F64:
    """Return what one item takes of money and crew as the sum of their shares of what there is; > 0."""
    out = np.zeros(len(limits.cost_usd))
    scale = (limits.money_usd, limits.crew_limit_n)
    if not any(0 < limit < np.inf for limit in scale):
        out += limits.cost_usd / max(float(limits.cost_usd.max(initial=0.0)), 1e-300)
    for use, limit in zip((limits.cost_usd, limits.crew_n), scale, strict=True):
        if 0 < limit < np.inf:
            out += use / limit
    return np.maximum(out, 1e-9)


def lazy_greedy(
    pool: Pool, limits: Limits, *, ratio: bool, start: ArrayLike | None = None, n_rank: int | None = None
) -> Ranking:
    """Return greedy purchases by gain (per price with `ratio`) from counts `start` on, at most `n_rank`.

    Stops when nothing that fits gains. Raises EmptyBudget if no column is affordable alone.
    """
    affordable(pool, limits)
    count = checked_counts(limits, start)
    price = prices(limits) if ratio else np.ones(pool.n_col)
    n_rank = _n_rank(limits, n_rank)
    column, gain = purchase.lazy_picks(pool, limits, price, count, n_rank, _least(pool))
    np.add.at(count, column, 1)
    return Ranking(column, gain, count, value(pool, count))


def rank(pool: Pool, limits: Limits, *, n_rank: int | None = None) -> Ranking:
    """Return the best ranked list of all guides and both rules, with gains in F.

    Best is the highest value; with open money the largest area under value against money spent, because
    then every list ends the same. Raises EmptyBudget if no column is affordable alone.
    """
    affordable(pool, limits)
    n_rank = _n_rank(limits, n_rank)
    rankings = list(_rankings(pool, limits, n_rank))
    scores = [r.value if np.isfinite(limits.money_usd) else _area(limits, r) for r in rankings]
    best = 0
    for i, score in enumerate(scores):
        if score > scores[best] + _least(pool):
            best = i
    return rankings[best]


def _rankings(pool: Pool, limits: Limits, n_rank: int) -> Iterator[Ranking]:
    for guide in _guides(pool):
        for ratio in (True, False):
            yield _replay(pool, _follow(guide, pool, limits, ratio, n_rank))


def _guides(pool: Pool) -> Iterator[Pool]:
    """F, then what helps where F is flat; F alone where every term has one route."""
    yield pool
    size = np.diff(pool.term_start)
    if size.max() == 1:
        return
    if size.min() == 1:
        yield pool._replace(term_weight=np.where(size == 1, pool.term_weight, 0.0))
    for level in LEVELS:
        yield spread_pool(pool, level)


def _follow(guide: Pool, pool: Pool, limits: Limits, ratio: bool, n_rank: int) -> NDArray[np.int32]:
    """Buy by `guide` until it gains no more, then by F, then by the mean of routes."""
    price = prices(limits) if ratio else np.ones(pool.n_col)
    count = np.zeros(pool.n_col, np.int64)
    column = np.empty(0, np.int32)
    several = np.diff(pool.term_start).max() > 1
    for step in (guide, pool, spread_pool(pool, 1.0)) if several else (guide,):
        more, _ = purchase.lazy_picks(step, limits, price, count, n_rank - len(column), _least(pool))
        np.add.at(count, more, 1)
        column = np.concatenate([column, more])
    return column


def _replay(pool: Pool, column: NDArray[np.int32]) -> Ranking:
    """Return the gains in F of purchases in the given order."""
    count = np.zeros(pool.n_col, np.int64)
    state = state_of(pool, count.astype(np.float64))
    worth = [total(pool, state.term)]
    for a in column:
        count[a] += 1
        purchase.refresh(pool, count, state, a)
        worth.append(total(pool, state.term))
    return Ranking(column, np.diff(worth), count, worth[-1])


def _area(limits: Limits, ranking: Ranking) -> float:
    spent = limits.cost_usd[ranking.column]
    whole = spent.sum()
    if not whole > 0:
        return ranking.value
    left = 1.0 - np.cumsum(spent) / whole
    return float(ranking.gain @ left)


def checked_counts(limits: Limits, start: ArrayLike | None) -> I64:
    """Return checked counts (column,), zero for None; InputFaults where they break a limit."""
    count = np.zeros(len(limits.cost_usd), np.int64)
    if start is None:
        return count
    given = np.asarray(start)
    if given.shape != count.shape or np.any(given < 0) or np.any(given != np.rint(given)):
        raise InputFaults.one("start", f"{len(count)} whole numbers >= 0", given)
    count[:] = given
    over = purchase.used_by(limits, count) > purchase.limit_vector(limits)
    if np.any(over) or np.any(count > limits.n_max):
        raise InputFaults.one("start", "a plan within its limits", "one that breaks them")
    return count


def _n_rank(limits: Limits, n_rank: int | None) -> int:
    everything = int(limits.n_max.sum())
    if n_rank is None:
        return everything
    if n_rank < 1:
        raise InputFaults.one("n_rank", "a number >= 1", n_rank)
    return min(n_rank, everything)


def _least(pool: Pool) -> float:
    return TOLERANCE * float(pool.term_weight.sum())


def swap_search(
    pool: Pool,
    limits: Limits,
    start: ArrayLike,
    *,
    exact: Exact | None = None,
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
    """
    affordable(pool, limits)
    work = purchase.work_of(pool, limits, checked_counts(limits, start))
    if exact is None:
        return _climb(pool, limits, work, max_moves, n_force)
    now, n_move, moved = exact(work.bought.copy()), 0, True
    asked = {work.bought.tobytes()}
    while moved and n_move < max_moves and len(asked) < max_exact:
        moved = False
        offers = _best_offers(pool, limits, work, n_force, now)
        offers = [trial for trial in offers if trial.tobytes() not in asked]
        for trial in offers[: min(n_try, max_exact - len(asked))]:
            worth = exact(trial.copy())
            asked.add(trial.tobytes())
            if worth > now + _least(pool):
                work = purchase.work_of(pool, limits, trial)
                now, n_move, moved = worth, n_move + 1, True
                break
    return Improved(work.bought, now, total(pool, work.state.term), n_move, len(asked))


def multistart(pool: Pool, limits: Limits, *, max_moves: int = 200, n_force: int = 40) -> Improved:
    """Return the best plan that swaps reach in F from the list of every guide, the first of equals.

    Worth its time where terms have several routes: the best list is then often not the best start.
    Raises EmptyBudget.
    """
    affordable(pool, limits)
    best: Improved | None = None
    tried: set[bytes] = set()
    for ranking in _rankings(pool, limits, _n_rank(limits, None)):
        if ranking.count.tobytes() in tried:
            continue
        tried.add(ranking.count.tobytes())
        found = swap_search(pool, limits, ranking.count, max_moves=max_moves, n_force=n_force)
        if best is None or found.value > best.value + _least(pool):
            best = found
    assert best is not None
    return best


def _best_offers(pool: Pool, limits: Limits, work: purchase.Work, n_force: int, floor: float) -> list[I64]:
    """Return the plans one move away whose F beats `floor`, best first, each once."""
    offers = [offer for offer in _offers(pool, limits, work, n_force) if offer[0] > floor + _least(pool)]
    offers.sort(key=lambda offer: -offer[0])
    found = {work.bought.tobytes(): work.bought}
    for _, moves in offers:
        trial = _moved(work.bought, moves)
        found.setdefault(trial.tobytes(), trial)
    return list(found.values())[1:]


def _climb(pool: Pool, limits: Limits, work: purchase.Work, max_moves: int, n_force: int) -> Improved:
    n_move, moved = 0, True
    now = total(pool, work.state.term)
    while moved and n_move < max_moves:
        moved = False
        for worth, moves in _offers(pool, limits, work, n_force):
            if worth > now + _least(pool):
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
        worth, n = purchase.attempt(pool, limits, work, price, move, moves)
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
