"""Schedules at once: feasible whatever the network, and right where there is nothing to choose."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from sarhad.model.schedule import Activity, Closure, Crew, Duration, Network
from sarhad.planning.resourcing import hand_overs, planned_days
from sarhad.planning.schedule_risk import closed_days
from sarhad.planning.serial_schedule import serial_schedule

START = date(2026, 1, 1)


def task(name: str, days: float, *after: str, crews: tuple = (), **more: object) -> Activity:
    return Activity(name, Duration.certain(days), after, item_id=name, crews=crews, **more)  # type: ignore[arg-type]


def scheduled(network: Network) -> tuple[list[int], list[int]]:
    start, finish = serial_schedule(network, planned_days(network, 0.0))
    return start.tolist(), finish.tolist()


def test_worked_by_hand():
    one = (("c", 1),)
    tasks = (
        task("done", 9, finished_on=date(2025, 12, 20)),
        task("now", 9, crews=one, began_on=date(2025, 12, 28)),  # five days left
        task("a", 4, "done", crews=one),
        task("b", 2, "a", crews=one, lag_days=3),
        task("free", 1),
    )
    start, finish = scheduled(Network(START, tasks, crews=(Crew("c", 1),)))
    assert start == [-12, 0, 5, 12, 0]
    assert finish == [-12, 5, 9, 14, 1]


def test_a_lag_follows_the_day_before_which_nothing_begins():
    tasks = (task("a", 2, not_before=date(2026, 1, 6), lag_days=3),)
    assert scheduled(Network(START, tasks)) == ([8], [10])


def test_work_under_way_keeps_its_crew_and_the_first_that_is_free_is_taken():
    one = (("c", 1),)
    tasks = (
        task("a", 4, crews=one),
        task("now", 6, crews=one, began_on=date(2025, 12, 28)),  # two days left
        task("long", 10, crews=one, began_on=date(2025, 12, 28)),  # six days left
    )
    assert scheduled(Network(START, tasks, crews=(Crew("c", 2),))) == ([2, 0, 0], [6, 2, 6])


def test_a_crew_stays_while_it_is_closed():
    closed = Closure("w", (1, 6), (2, 5))  # days 5 to 34
    tasks = (
        task("a", 7, crews=(("c", 1),), closure_ids=("w",)),
        task("b", 3, crews=(("c", 1),)),
    )
    start, finish = scheduled(Network(START, tasks, (closed,), (Crew("c", 1),)))
    assert (start, finish) == ([0, 37], [37, 40])


@pytest.mark.parametrize("seed", range(30))
def test_no_order_waits_or_crew_is_broken(seed: int):
    rng = np.random.default_rng(seed)
    crews = ({}, {"c": 1}, {"c": 2, "d": 1}, {"d": 3})
    tasks = tuple(
        task(
            f"t{i}",
            float(rng.integers(0, 30)),
            *(f"t{j}" for j in range(max(0, i - 6), i) if rng.random() < 0.2),
            crews=tuple(crews[rng.integers(4)].items()),
            closure_ids=[(), ("w",)][rng.integers(2)],
            lag_days=float(rng.integers(3)),
        )
        for i in range(25)
    )
    network = Network(START, tasks, (Closure("w", (2, 1), (5, 1)),), (Crew("c", 2), Crew("d", 3)))
    days = planned_days(network, 0.0)
    start, finish = serial_schedule(network, days)
    hand_overs(network, start, finish, days)  # raises where a crew is asked for more than it has
    closed = closed_days(network, ("w",))
    for i, one in enumerate(tasks):
        if one.closure_ids and days[i]:
            assert not any(begin <= start[i] < end for begin, end, _ in closed)
        shut = sum(max(0.0, min(end, finish[i]) - max(begin, start[i])) for begin, end, _ in closed)
        assert finish[i] - start[i] == days[i] + (shut if one.closure_ids and days[i] else 0)
        assert all(start[i] >= finish[p] + one.lag_days for p in network.before[i])


def test_a_crew_asked_for_more_than_it_has_would_be_found():
    tasks = (task("a", 3, crews=(("c", 1),)), task("b", 3, crews=(("c", 1),)))
    network = Network(START, tasks, crews=(Crew("c", 1),))
    days = planned_days(network, 0.0)
    with pytest.raises(ValueError, match="busy"):
        hand_overs(network, np.zeros(2, np.int64), days, days)
