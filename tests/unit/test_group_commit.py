"""Group commit: every unit is served once, one commit at a time, and nobody is forgotten."""

from __future__ import annotations

from dataclasses import dataclass
from threading import Event, Lock, Thread

import pytest

from sarhad.ledger.group_commit import GROUP_BYTES, GroupCommit


@dataclass(eq=False)
class Unit:
    n_bytes: int = 1


def start(work, *arguments):
    thread = Thread(target=work, args=arguments, daemon=True)
    thread.start()
    return thread


def test_one_thread_is_served_at_once():
    served = []
    group = GroupCommit(served.append)
    units = [Unit() for _ in range(3)]
    for unit in units:
        group.submit(unit)
    assert served == [[unit] for unit in units]


def test_those_who_come_meanwhile_go_together():
    served, entered, go_on = [], Event(), Event()

    def commit(units):
        served.append(units)
        if len(served) == 1:
            entered.set()
            go_on.wait(10)

    group = GroupCommit(commit)
    threads = [start(group.submit, Unit())]
    entered.wait(10)
    threads += [start(group.submit, Unit()) for _ in range(5)]
    while len(group._waiting) < 5:
        pass
    go_on.set()
    for thread in threads:
        thread.join(10)
    assert [len(units) for units in served] == [1, 5]


def test_a_group_has_its_measure_and_a_large_unit_goes_alone():
    served, entered, go_on = [], Event(), Event()

    def commit(units):
        served.append(len(units))
        if len(served) == 1:
            entered.set()
            go_on.wait(10)

    group = GroupCommit(commit)
    threads = [start(group.submit, Unit())]
    entered.wait(10)
    for k, size in enumerate((GROUP_BYTES - 1, 1, 1, 2 * GROUP_BYTES, 5), 1):
        threads.append(start(group.submit, Unit(size)))
        while len(group._waiting) < k:
            pass
    go_on.set()
    for thread in threads:
        thread.join(10)
    assert served == [1, 2, 1, 1, 1]


def test_many_threads_one_commit_at_a_time():
    busy, served = Lock(), []

    def commit(units):
        assert busy.acquire(blocking=False)
        served.extend(units)
        busy.release()

    group = GroupCommit(commit)

    def work(units):
        for unit in units:
            group.submit(unit)
            assert unit in served[-2000:]

    units = [[Unit() for _ in range(50)] for _ in range(8)]
    threads = [start(work, own) for own in units]
    for thread in threads:
        thread.join(20)
    assert sorted(map(id, served)) == sorted(id(unit) for own in units for unit in own)


def test_a_commit_that_raises_leaves_nobody_waiting():
    entered, go_on, served = Event(), Event(), []

    def commit(units):
        served.append(units)
        if len(served) == 1:
            entered.set()
            go_on.wait(10)
            raise KeyboardInterrupt

    group = GroupCommit(commit)

    def first():
        with pytest.raises(KeyboardInterrupt):
            group.submit(Unit())

    threads = [start(first)]
    entered.wait(10)
    threads.append(start(group.submit, Unit()))
    while not group._waiting:
        pass
    go_on.set()
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()
    group.submit(Unit())
    assert len(served) == 3
