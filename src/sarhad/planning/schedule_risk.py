"""Schedule risk: when each activity of a network ends, how sure that is, and which activities decide it.

    P50, P80       days by which half, four fifths of the draws have ended (quantiles of the draws)
    criticality    share of draws in which an activity is on the driving chain
    cruciality     correlation of its length with the end of the whole; 0 for what never varies

Draws are cut into chunks of fixed size and summed in their order, so the number of threads changes nothing.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sarhad.errors import InputFaults, UnknownName
from sarhad.kernels import schedule as kernel
from sarhad.model.schedule import Activity, Duration, Network

F64 = NDArray[np.float64]

CLOSED_YEARS = 60
"""Closures recur for so many years; what is still not done by then counts as never closed again."""


@dataclass(frozen=True, slots=True, eq=False)
class ScheduleRisk:
    """What `n_draws` draws say. Days count from the start of the network, activities stand in its order.

    `finish_days` (draw, kept) belongs to the activities `kept`, `total_days` (draw) to the last of the goals;
    `mode_total_days` is what most likely durations alone would promise.
    """

    network: Network
    kept: tuple[str, ...]
    finish_days: F64
    total_days: F64
    criticality: F64
    cruciality: F64
    mode_total_days: float

    def finish_of(self, activity_id: str) -> F64:
        """Return the finish by draw; raises UnknownName for an activity that was not kept."""
        if activity_id not in self.kept:
            raise UnknownName(f"no finish was kept of activity {activity_id}")
        return np.asarray(self.finish_days[:, self.kept.index(activity_id)])

    def p_by(self, day: date, activity_id: str | None = None) -> float:
        """Return the share of draws that end by the end of a day: of an activity, or of the whole."""
        days = self.total_days if activity_id is None else self.finish_of(activity_id)
        return self.share_by(days, day)

    def share_by(self, days: F64, day: date) -> float:
        """Return the share of days from the start, by draw, that lie before the end of a day."""
        return float((days < (day - self.network.start).days + 1).mean())

    def quantile_on(self, p: float, activity_id: str | None = None) -> date:
        """Return the day by whose end a share `p` of the draws have ended."""
        days = self.total_days if activity_id is None else self.finish_of(activity_id)
        return self.network.start + timedelta(days=math.floor(_quantile(days, p)))

    def table(self) -> pd.DataFrame:
        """Return a row for each activity kept: what it is, its quantiles in days, and what it decides."""
        found = [self.network.index[name] for name in self.kept]
        rows = [self.network.activities[i] for i in found]
        quantile = np.quantile(self.finish_days, (0.1, 0.5, 0.8, 0.9), axis=0, method="inverted_cdf")
        return pd.DataFrame(
            {
                "activity_id": list(self.kept),
                "item_id": [one.item_id for one in rows],
                "step": [one.step for one in rows],
                "is_done": [one.finished_on is not None for one in rows],
                "p10_days": quantile[0],
                "p50_days": quantile[1],
                "p80_days": quantile[2],
                "p90_days": quantile[3],
                "criticality": self.criticality[found],
                "cruciality": self.cruciality[found],
            }
        )


def _quantile(days: F64, p: float) -> float:
    if not 0 < p <= 1:
        raise InputFaults.one("p", "a probability above 0 and at most 1", p)
    return float(np.quantile(days, p, method="inverted_cdf"))


def assess(
    network: Network,
    *,
    n_draws: int,
    seed: int,
    goals: Sequence[str] = (),
    kept: Sequence[str] | None = None,
    n_threads: int = 1,
) -> ScheduleRisk:
    """Draw a network `n_draws` times; the whole ends with the last of `goals` (all activities by default).

    `kept` are the activities whose finish is kept by draw, all by default. Raises InputFaults for a network
    without activities and for numbers out of range, UnknownName for activities that it does not hold.
    """
    if not network.activities:
        raise InputFaults.one("network", "at least one activity", "none")
    if n_threads < 1:
        raise InputFaults.one("n_threads", "1 or more", n_threads)
    names = tuple(one.activity_id for one in network.activities) if kept is None else tuple(kept)
    for name in (*names, *goals):
        if name not in network.index:
            raise UnknownName(f"no activity {name} in the network")
    net = arrays_of(network, goals)
    place = places(network)
    columns = np.array([place[network.index[name]] for name in names], dtype=np.int64)
    near = np.array([network.activities[i].duration.mean_days for i in network.order])
    likely = np.array([network.activities[i].duration.mode_days for i in network.order])
    mode_total_days = _total(net, likely)

    def chunk(first: int) -> kernel.Draws:
        n = min(kernel.CHUNK, n_draws - first)
        return kernel.simulate(
            net, seed=seed, first_draw=first, n_draws=n, kept=columns, near=(near, mode_total_days)
        )

    starts = range(0, n_draws, kernel.CHUNK) if n_draws > 0 else range(1)
    if n_threads == 1:
        chunks = [chunk(first) for first in starts]
    else:
        with ThreadPoolExecutor(n_threads) as pool:
            chunks = list(pool.map(chunk, starts))
    in_order = np.array([place[i] for i in range(len(network.activities))], dtype=np.int64)
    n_critical = np.sum([one.n_critical for one in chunks], axis=0)
    return ScheduleRisk(
        network,
        names,
        np.concatenate([one.finish_days for one in chunks]),
        np.concatenate([one.total_days for one in chunks]),
        (n_critical / n_draws)[in_order],
        _correlation(chunks, n_draws)[in_order],
        mode_total_days,
    )


def _correlation(chunks: Sequence[kernel.Draws], n: int) -> F64:
    """Return the correlation of length and total by activity, 0 where either never varies."""
    sums, total = np.zeros_like(chunks[0].sums), np.zeros(2)
    for one in chunks:  # in order: a sum of floats depends on it
        sums += one.sums
        total += one.total_sums
    x, xx, xy = sums.T / n
    y, yy = total / n
    spread = np.maximum(xx - x * x, 0.0) * max(yy - y * y, 0.0)
    varies = spread > 1e-18 * np.maximum(xx, 1.0) * max(yy, 1.0)
    found = np.where(varies, (xy - x * y) / np.sqrt(np.where(varies, spread, 1.0)), 0.0)
    return np.asarray(np.clip(found, -1.0, 1.0))


def _total(net: kernel.NetworkArrays, length_days: F64) -> float:
    """Return the end of the whole where activities take these days, of which some may have passed."""
    under_way = np.isnan(net.fixed_days) & (net.elapsed_days > 0)
    left_days = np.where(under_way, np.maximum(length_days - net.elapsed_days, 0.0), length_days)
    return float(kernel.finish_by_definition(net, left_days)[1][net.is_goal].max())


def places(network: Network) -> tuple[int, ...]:
    """Return where each activity of the network stands in the arrays."""
    place = [0] * len(network.activities)
    for k, i in enumerate(network.order):
        place[i] = k
    return tuple(place)


def arrays_of(network: Network, goals: Sequence[str] = ()) -> kernel.NetworkArrays:
    """Return a network as arrays in topological order; no goals means all activities."""
    place = places(network)
    ordered = [network.activities[i] for i in network.order]
    before = [sorted(place[p] for p in network.before[i]) for i in network.order]
    shapes = {key: k for k, key in enumerate(dict.fromkeys(_shape_key(one.duration) for one in ordered))}
    factors = {one.factor_id: k for k, one in enumerate(network.factors)}
    calendars = {
        ids: k for k, ids in enumerate(dict.fromkeys(one.closure_ids for one in ordered if one.closure_ids))
    }
    closed = [closed_days(network, ids) for ids in calendars]
    wanted = set(goals) or set(network.index)
    return kernel.NetworkArrays(
        before_at=_offsets(before),
        before=np.array([p for row in before for p in row], dtype=np.int64),
        low_days=_column(ordered, [one.duration.low_days for one in ordered]),
        range_days=_column(ordered, [one.duration.high_days - one.duration.low_days for one in ordered]),
        shape=np.array([shapes[_shape_key(one.duration)] for one in ordered], dtype=np.int64),
        quantile=np.array([kernel.quantile_of(share, is_pert=is_pert) for share, is_pert in shapes]),
        key=np.array([_key(one.activity_id) for one in ordered], dtype=np.uint64),
        factor=np.array([factors.get(one.factor_id, -1) for one in ordered], dtype=np.int64),
        factor_key=np.array([_key(f"factor {name}") for name in factors], dtype=np.uint64),
        factor_sigma=np.array([one.sigma for one in network.factors], dtype=np.float64),
        earliest_days=_column(ordered, [_earliest(network, one) for one in ordered]),
        lag_days=_column(ordered, [one.lag_days for one in ordered]),
        elapsed_days=_column(ordered, [_elapsed(network, one) for one in ordered]),
        fixed_days=_column(ordered, [_fixed(network, one) for one in ordered]),
        calendar=np.array([calendars.get(one.closure_ids, -1) for one in ordered], dtype=np.int64),
        closed_at=_offsets(closed),
        closed=np.concatenate([*closed, np.empty((0, 3))]),
        is_goal=np.array([one.activity_id in wanted for one in ordered]),
    )


def closed_days(network: Network, closure_ids: Sequence[str]) -> F64:
    """Return when any of some closures holds: rows (from, until, days closed before), ascending and apart."""
    years = (network.start.year - 1, network.start.year + CLOSED_YEARS)
    begun = min((one.began_on for one in network.activities if one.began_on), default=network.start)
    ranges = sorted(
        ((begin - network.start).days, (end - network.start).days)
        for one in network.closures
        if one.closure_id in closure_ids
        for begin, end in one.closed(min(years[0], begun.year - 1), years[1])
    )
    apart: list[list[float]] = []
    for begin, end in ranges:
        if apart and begin <= apart[-1][1]:
            apart[-1][1] = max(apart[-1][1], float(end))
        else:
            apart.append([float(begin), float(end)])
    rows = np.array(apart).reshape(-1, 2)
    length = rows[:, 1] - rows[:, 0]
    return np.column_stack([rows, np.cumsum(length) - length])


def _shape_key(duration: Duration) -> tuple[float, bool]:
    return duration.mode_share, duration.shape == "pert"


def _key(name: str) -> int:
    """Return 64 bits that stand for a name."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "little")


def _earliest(network: Network, one: Activity) -> float:
    return max(0.0, float((one.not_before - network.start).days)) if one.not_before else 0.0


def _elapsed(network: Network, one: Activity) -> float:
    if one.began_on is None or one.finished_on is not None:
        return 0.0
    closed = closed_days(network, one.closure_ids)
    return kernel.open_days(closed, (one.began_on - network.start).days, 0.0)


def _fixed(network: Network, one: Activity) -> float:
    return float((one.finished_on - network.start).days) if one.finished_on else math.nan


def _column(rows: Sequence[object], values: Sequence[float]) -> F64:
    return np.array(values, dtype=np.float64).reshape(len(rows))


def _offsets(rows: Sequence[Sequence[object] | F64]) -> NDArray[np.int64]:
    return np.cumsum([0, *(len(row) for row in rows)]).astype(np.int64)
