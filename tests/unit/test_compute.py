"""Tasks on one or more processes: order, progress, resume after an error or an interrupt."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from sarhad.errors import InputFaults
from sarhad.io.cache import Cache
from sarhad.planning.compute import Compute

ITEMS = list(range(7))
KEYS = [f"square-{i}" for i in ITEMS]


def square(i: int) -> int:
    return i * i


def process(i: int) -> int:
    return os.getpid()


def faulty(i: int) -> int:
    if i == 4:
        raise InputFaults.one("item", "another number", i)
    return i * i


class Shelf:
    """A store in memory that counts what is put on it."""

    def __init__(self) -> None:
        self.kept: dict[str, object] = {}
        self.n_put = 0

    def get(self, key: str) -> object | None:
        return self.kept.get(key)

    def put(self, key: str, value: object) -> None:
        self.kept[key] = value
        self.n_put += 1


class Recorder:
    """Squares numbers, notes which, and raises once at a given one."""

    def __init__(self, stop_at: int, error: BaseException) -> None:
        self.stop_at, self.error = stop_at, error
        self.done: list[int] = []

    def __call__(self, i: int) -> int:
        if i == self.stop_at:
            self.stop_at = -1
            raise self.error
        self.done.append(i)
        return i * i


@pytest.fixture(scope="module")
def pair():
    with Compute(2) as compute:
        yield compute


def test_results_come_in_the_order_of_the_items_on_one_process():
    with Compute(1) as compute:
        assert compute.run("squares", square, ITEMS) == [i * i for i in ITEMS]
        assert compute.run("nothing", square, []) == []
        assert compute.run("here", process, ITEMS) == [os.getpid()] * len(ITEMS)


def test_results_come_in_the_order_of_the_items_on_two_processes(pair):
    assert pair.run("squares", square, ITEMS) == [i * i for i in ITEMS]
    ids = pair.run("processes", process, list(range(40)))
    assert len(set(ids) - {os.getpid()}) <= 2
    assert pair.run("squares", square, ITEMS[::-1]) == [i * i for i in ITEMS[::-1]]


def test_zero_processes_means_all_there_are():
    assert Compute(0).n_processes == len(os.sched_getaffinity(0))
    assert Compute(3).n_processes == 3


@pytest.mark.parametrize("n", [1, 2])
def test_progress_counts_up_to_all(n):
    told: list[tuple[str, int, int]] = []
    with Compute(n, progress=lambda *step: told.append(step)) as compute:
        compute.run("squares", square, ITEMS)
    assert told == [("squares", i, len(ITEMS)) for i in range(len(ITEMS) + 1)]


def test_kept_results_are_not_worked_out_again():
    shelf, told = Shelf(), []
    shelf.kept = {KEYS[2]: 4, KEYS[5]: 25}
    recorder = Recorder(-1, ValueError())
    with Compute(1, progress=lambda *step: told.append(step[1]), store=shelf) as compute:
        assert compute.run("squares", recorder, ITEMS, keys=KEYS) == [i * i for i in ITEMS]
        assert recorder.done == [0, 1, 3, 4, 6]
        assert told[0] == 2
        assert shelf.n_put == 5
        assert compute.run("squares", recorder, ITEMS, keys=KEYS) == [i * i for i in ITEMS]
    assert recorder.done == [0, 1, 3, 4, 6]


@pytest.mark.parametrize("error", [RuntimeError("broken"), KeyboardInterrupt()])
def test_an_interrupted_run_goes_on_where_it_stopped(error, tmp_path):
    recorder = Recorder(4, error)
    with pytest.raises(type(error)), Compute(1, store=Cache(tmp_path)) as compute:
        compute.run("squares", recorder, ITEMS, keys=KEYS)
    assert recorder.done == [0, 1, 2, 3]
    with Compute(1, store=Cache(tmp_path)) as compute:
        assert compute.run("squares", recorder, ITEMS, keys=KEYS) == [i * i for i in ITEMS]
    assert recorder.done == ITEMS


def test_without_keys_nothing_is_kept():
    shelf = Shelf()
    with Compute(1, store=shelf) as compute:
        compute.run("squares", square, ITEMS)
    assert shelf.n_put == 0


def test_faults_travel_between_processes_whole():
    with pytest.raises(InputFaults) as caught, Compute(2) as compute:
        compute.run("faulty", faulty, ITEMS)
    assert caught.value.faults == InputFaults.one("item", "another number", 4).faults


def test_what_was_finished_beside_a_fault_is_kept():
    shelf = Shelf()
    with pytest.raises(InputFaults), Compute(2, store=shelf) as compute:
        compute.run("faulty", faulty, ITEMS, keys=KEYS)
    assert KEYS[0] in shelf.kept
    assert KEYS[4] not in shelf.kept
    assert all(shelf.kept[key] == i * i for i, key in enumerate(KEYS) if key in shelf.kept)


def test_a_script_need_not_guard_its_calls(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent(
            f"""
            import sys
            sys.path.insert(0, {str(Path(__file__).parent)!r})
            from test_compute import square
            from sarhad.planning.compute import Compute
            print("started")
            with Compute(2) as compute:
                print(compute.run("squares", square, [1, 2, 3]))
            """
        )
    )
    found = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
    assert found.stdout.split("\n")[:2] == ["started", "[1, 4, 9]"]
