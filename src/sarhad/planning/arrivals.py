"""What will have arrived of each type by the end of each year, from a programme and its schedule.

An item counts from the day on which it works as a whole: what was delivered yesterday stands nowhere yet.
Where it is to stand does not matter here, the plan says where it does most. Items of which nothing is pledged
do not count. What works at its place stands in the project and is no stock; what works without one is there
from the start.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

import numpy as np

from sarhad.model.programme import Programme
from sarhad.model.schedule import Network
from sarhad.planning.phasing import delivered_by
from sarhad.planning.prospects import to_come
from sarhad.planning.schedule import present, schedule_draws


def arrivals(
    programme: Programme,
    network: Network,
    years: Sequence[int],
    at: datetime,
    *,
    sure: float,
    n_draws: int,
    seed: int,
) -> list[Mapping[str, float]]:
    """Return by year what of each type works by its end in a share `sure` of the draws (items, kilometres).

    The programme must reach as far as `at`, the time from which is looked ahead. Raises InputFaults.
    """
    start = network.start
    day = schedule_draws(programme, network=network, n_draws=n_draws, seed=seed, start=start)
    days, type_id, quantity = [], [], []
    for k, progress in enumerate(programme.progress.values()):
        works = progress.working(at)
        coming = to_come(progress, works) if present(progress) > 0 else 0.0
        stored = works if progress.item.asset is None else 0.0
        for n, when in ((coming, day[:, k]), (stored, np.zeros(n_draws))):
            if n > 0:
                days.append(when)
                type_id.append(progress.item.equipment_id)
                quantity.append(n)
    ends = [(date(year + 1, 1, 1) - start).days for year in years]
    return list(delivered_by(np.reshape(days, (-1, n_draws)).T, type_id, quantity, ends, sure=sure))
