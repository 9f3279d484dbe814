"""Rankings of purchases on a pool of routes, always the same for the same inputs.

`rank` runs lazy greedy (kernels.purchase) by gain and by gain per price, guided by F itself, by the terms of
an adversary who knows nothing (one route each), and by truncated means of the terms with several routes
(SATURATE, Krause et al. 2008), because the gain of F is 0 while a second hole is open. Each list is then
replayed on F and the best is kept.

Objectives that are not F itself come as an `Aim`: it scores a plan by the means of the pool's groups, and
gives pools whose F leads uphill. Every list and every move they suggest is judged by the score.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sarhad.errors import EmptyBudget, Fault, InputFaults
from sarhad.kernels import purchase
from sarhad.kernels.cover import (
    Pool,
    group_means,
    group_weights,
    spread_pool,
    state_of,
    term_values,
    total,
    value,
)
from sarhad.kernels.purchase import Limits
from sarhad.kernels.upkeep import refresh

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
Score = tuple[float, ...]
"""What a plan is worth; the first entry counts first, the others break its ties."""


TOLERANCE = 1e-10
"""Share of the total weight by which a plan must be better to count as better."""

LEVELS = (1.0, 0.6, 0.3)
"""Truncation levels of the guides: what a hole needs before the next one is looked at."""


class Aim(Protocol):
    """An objective made of the means of a pool's groups; it never falls where one of them rises."""

    def score(self, mean: F64, share: F64) -> Score:
        """Return the score of group means (group,) that make up shares (group,) of the whole."""

    def headline(self, score: Score) -> float:
        """Return the one number that people read."""

    def guides(self, pool: Pool, met: Sequence[F64]) -> list[Pool]:
        """Return pools whose F leads uphill from the plans met so far, the last above all.

        `met` holds their group means (group,), at least one. Empty where there is nothing new to try.
        """


N_TURN = 4
"""Rounds in which the guides of an aim learn from the best list so far."""


@dataclass(frozen=True, slots=True, eq=False)
class Ranking:
    """Purchases in order (any head of the list is a plan), the gain of each in F, and the value of all.

    `column` (n,), `gain` (n,) with sum(gain) = `value` − value before; `count` (column,) items bought. Under
    an aim its headline stands for F.
    """

    column: NDArray[np.int32]
    gain: F64
    count: I64
    value: float


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
    n_rank = n_rank_of(limits, n_rank)
    column, gain = purchase.lazy_picks(pool, limits, price, count, n_rank, least(pool))
    np.add.at(count, column, 1)
    return Ranking(column, gain, count, value(pool, count))


def rank(pool: Pool, limits: Limits, *, n_rank: int | None = None, aim: Aim | None = None) -> Ranking:
    """Return the best ranked list of all guides and both rules, with gains in F (in the headline of `aim`).

    Best is the highest value; with open money the largest area under value against money spent, because
    then every list ends the same. Raises EmptyBudget if no column is affordable alone.
    """
    affordable(pool, limits)
    n_rank = n_rank_of(limits, n_rank)
    if aim is not None:
        return _rank_by(aim, pool, limits, n_rank)
    found = list(rankings(pool, limits, n_rank))
    scores = [r.value if np.isfinite(limits.money_usd) else _area(limits, r) for r in found]
    best = 0
    for i, score in enumerate(scores):
        if score > scores[best] + least(pool):
            best = i
    return found[best]


def _rank_by(aim: Aim, pool: Pool, limits: Limits, n_rank: int) -> Ranking:
    """Return the list of the best score among those of all guides, which learn from the lists before them."""
    best, column = scored(aim, pool, np.zeros(pool.n_col)), np.zeros(0, np.int32)
    met = [group_means(pool, term_values(pool, np.zeros(pool.n_col)))]
    for turn in range(N_TURN):
        last = column
        for guide in (*([pool] if turn == 0 else []), *aim.guides(pool, met)):
            for ranking in rankings(guide, limits, n_rank, then=pool):
                score = scored(aim, pool, ranking.count)
                if beats(score, best, TOLERANCE):
                    best, column = score, ranking.column
        if column is last:
            break
        met.append(group_means(pool, term_values(pool, counted(pool, column))))
    return replayed(pool, column, aim=aim)


def scored(aim: Aim, pool: Pool, count: ArrayLike) -> Score:
    """Return what counts (column,) score on a pool: at least their exact score."""
    return aim.score(group_means(pool, term_values(pool, count)), group_shares(pool))


def group_shares(pool: Pool) -> F64:
    """Return the share of each group in the whole weight, (group,)."""
    weight = group_weights(pool)
    share: F64 = weight / weight.sum()
    return share


def beats(one: Score, two: Score, least: float) -> bool:
    """Whether score `one` is better than `two`: at the first entry that differs by more than `least`."""
    for a, b in zip(one, two, strict=True):
        if abs(a - b) > least:
            return a > b
    return False


def rankings(pool: Pool, limits: Limits, n_rank: int, *, then: Pool | None = None) -> Iterator[Ranking]:
    """Give a list by every guide of `pool` and both rules, filled up by the mean of routes.

    With `then` it is filled up by that pool's F too, gains are in that F, and the guides are fewer.
    """
    last = pool if then is None else then
    several = np.diff(last.term_start).max() > 1
    guides = _guides(pool) if last is pool else [pool, *([spread_pool(pool, 1.0)] if several else [])]
    for guide in guides:
        chain = [guide, pool, last, *([spread_pool(last, 1.0)] if several else [])]
        for ratio in (True, False):
            nothing = np.zeros(pool.n_col, np.int64)
            yield replayed(last, follow(chain, limits, nothing, ratio=ratio, n_rank=n_rank))


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


def follow(
    chain: Sequence[Pool], limits: Limits, start: I64, *, ratio: bool, n_rank: int
) -> NDArray[np.int32]:
    """Buy by each pool of the chain until it gains no more, from counts `start` on; at most `n_rank`."""
    count = start.copy()
    price = prices(limits) if ratio else np.ones(len(count))
    column = np.empty(0, np.int32)
    for i, step in enumerate(chain):
        if i == 0 or step is not chain[i - 1]:
            more, _ = purchase.lazy_picks(step, limits, price, count, n_rank - len(column), least(step))
            np.add.at(count, more, 1)
            column = np.concatenate([column, more])
    return column


def counted(pool: Pool, column: NDArray[np.integer]) -> I64:
    """Return how often each column is bought, (column,)."""
    return np.bincount(column, minlength=pool.n_col).astype(np.int64)


def replayed(pool: Pool, column: NDArray[np.integer], *, aim: Aim | None = None) -> Ranking:
    """Return purchases in the given order with their gains in F, or in the headline of `aim`."""
    order, count = column.astype(np.int32), np.zeros(pool.n_col, np.int64)
    state = state_of(pool, count.astype(np.float64))
    share = None if aim is None else group_shares(pool)

    def now() -> float:
        if aim is None or share is None:
            return float(total(pool, state.term))
        return aim.headline(aim.score(group_means(pool, state.term), share))

    worth = [now()]
    for a in order:
        count[a] += 1
        refresh(pool, count, state, a)
        worth.append(now())
    return Ranking(order, np.diff(worth), count, worth[-1])


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


def n_rank_of(limits: Limits, n_rank: int | None) -> int:
    """Return how many purchases a list may hold; InputFaults where `n_rank` is below 1."""
    everything = int(limits.n_max.sum())
    if n_rank is None:
        return everything
    if n_rank < 1:
        raise InputFaults.one("n_rank", "a number >= 1", n_rank)
    return min(n_rank, everything)


def least(pool: Pool) -> float:
    """Return by how much F must differ to count as different."""
    return TOLERANCE * float(pool.term_weight.sum())
