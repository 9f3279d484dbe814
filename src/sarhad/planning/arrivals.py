"""What will have arrived of each type by the end of each year, from a programme and its schedule.

An item counts from the day on which it works as a whole: what was delivered yesterday stands nowhere yet.
Where it is to stand does not matter here, the plan says where it does most. Items of which nothing is pledged
do not count; what works at its place stands in the project and is no stock.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

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
    column, type_id, quantity = [], [], []
    for k, progress in enumerate(programme.progress.values()):
        works = progress.working(at)
        unplaced = works if progress.item.asset is None else 0.0
        if present(progress) > 0:
            column.append(k)
            type_id.append(progress.item.equipment_id)
            quantity.append(max(0.0, to_come(progress, works)) + unplaced)
    ends = [(date(year + 1, 1, 1) - start).days for year in years]
    return list(delivered_by(day[:, column], type_id, quantity, ends, sure=sure))
