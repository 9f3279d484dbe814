"""A feasible schedule at once: serial schedule generation (Kelley 1963; Kolisch 1996, *EJOR* 90(2)).

Activities are taken one by one, in the order in which they could begin if crews were many, and each is put on
the first day on which all that it waits for is done, it is not closed, and its crews are free until it ends.
Good enough to begin a search with; nothing is proven about it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from sarhad.kernels import schedule as kernel
from sarhad.model.schedule import Activity, Network
from sarhad.planning.schedule_risk import arrays_of, closed_days, places

I64 = NDArray[np.int64]
Busy = dict[str, list[tuple[int, int, int]]]  # by crew: from, until, how many


def serial_schedule(network: Network, days: I64) -> tuple[I64, I64]:
    """Return start and finish in whole days from the network's start, in its order, for durations in days.

    What is done or under way stays where it is, even where it keeps more of a crew busy than there is.
    """
    net, place = arrays_of(network), places(network)
    ready, _ = kernel.finish_by_definition(net, days[list(network.order)].astype(np.float64))
    sizes = {crew.crew_id: crew.n for crew in network.crews}
    busy: Busy = {name: [] for name in sizes}
    start, finish = np.zeros_like(days), np.zeros_like(days)
    under_way = [one.began_on is not None for one in network.activities]
    for i in sorted(range(len(days)), key=lambda i: (not under_way[i], ready[place[i]], place[i])):
        one, k = network.activities[i], place[i]
        if one.finished_on is not None:
            start[i] = finish[i] = int(net.fixed_days[k])
            continue
        closed = closed_days(network, one.closure_ids)
        first = math.ceil(net.earliest_days[k] + net.lag_days[k])
        if not under_way[i]:
            waited = [int(finish[p]) + math.ceil(one.lag_days) for p in network.before[i]]
            first = _first_free(one, max([first, *waited]), int(days[i]), closed, busy, sizes)
        start[i], finish[i] = first, _end(closed, first, int(days[i]))
        for name, n in one.crews if days[i] > 0 else ():
            busy[name].append((int(start[i]), int(finish[i]), n))
    return start, finish


def _end(closed: NDArray[np.float64], start: int, days: int) -> int:
    return math.ceil(kernel.after_work(closed, float(start), float(days))) if days else start


def _first_free(
    one: Activity,
    day: int,
    days: int,
    closed: NDArray[np.float64],
    busy: Mapping[str, Sequence[tuple[int, int, int]]],
    sizes: Mapping[str, int],
) -> int:
    """Return the first day from `day` on which work can begin and go on to its end."""
    while days > 0:
        shut = (closed[:, 0] <= day) & (day < closed[:, 1])
        if shut.any():
            day = int(closed[shut, 1][0])
        until = _end(closed, day, days)
        in_the_way = [
            end
            for name, n in one.crews
            if _most(busy[name], day, until) + n > sizes[name]
            for begin, end, _ in busy[name]
            if begin < until and end > day
        ]
        if not in_the_way:
            return day
        day = min(in_the_way)
    return day


def _most(taken: Sequence[tuple[int, int, int]], day: int, until: int) -> int:
    """Return the most of a crew that is busy at any time from `day` until `until`."""
    there = [one for one in taken if one[0] < until and one[1] > day]
    moments = [day, *(begin for begin, _, _ in there if begin > day)]
    return max(sum(n for begin, end, n in there if begin <= at < end) for at in moments)
