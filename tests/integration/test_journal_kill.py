"""Kill the writer at random: nothing that it acknowledged is lost, and no unit is there in part."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from threading import Timer

import pytest
from tests.integration.journal_writer import LAZY, N_MOST, NEVER, statement

from sarhad.errors import LedgerDamaged
from sarhad.ledger.journal import Journal, read_records
from sarhad.ledger.verify import verify

WRITER = Path(__file__).with_name("journal_writer.py")
LONGEST_S = 0.02
LONGEST_BYTES = 20_000


class Writer:
    """The process that forks writers, and what they acknowledged."""

    def __init__(self, folder: Path, lazy: bool) -> None:
        root = Path(__file__).parents[2]
        self.folder, self.lazy = folder, lazy
        self.process = subprocess.Popen(
            [sys.executable, str(WRITER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(root)},
        )

    def run_until_killed(self, first: int, rng: random.Random) -> list[list[tuple[int, str, str]]]:
        """Start a writer, kill it at a random time or a random byte, and return the units it acknowledged."""
        by_bytes = not self.lazy and rng.random() < 0.5
        cut = rng.randrange(LONGEST_BYTES) if by_bytes else LAZY if self.lazy else NEVER
        self.process.stdin.write(f"{self.folder} {first} {cut}\n")
        self.process.stdin.flush()
        pid, acknowledged, timer = 0, [], None
        for line in self.process.stdout:
            word, *rest = line.split()
            if word == "pid":
                pid = int(rest[0])
            elif word == "ack":
                acknowledged.append(list(zip(map(int, rest[0::3]), rest[1::3], rest[2::3], strict=True)))
            elif word == "dead":
                break
            if pid and timer is None and not by_bytes and word in ("pid", "open"):
                timer = Timer(rng.random() * LONGEST_S, os.kill, (pid, signal.SIGKILL))
                timer.start()
        else:
            raise AssertionError("the process that forks writers is gone")
        if timer:
            timer.join()
        return acknowledged

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait(timeout=10)
        self.process.stdout.close()


def kill_many(folder: Path, n_kills: int, seed: int, lazy: bool = False) -> tuple[int, int, int]:
    """Kill a writer so many times; returns the numbers acknowledged, torn, and extra."""
    rng, writer, first = random.Random(seed), Writer(folder, lazy), 1
    n_acknowledged = n_torn = n_extra = 0
    try:
        for _ in range(n_kills):
            units = writer.run_until_killed(first, rng)
            with Journal.open(folder, now=lambda: datetime.now(UTC)) as journal:
                n_torn += journal.recovery.n_bytes_cut > 0
                for seq, digest, statement_id in (entry for unit in units for entry in unit):
                    record = journal.find(statement_id)
                    assert record is not None, f"{statement_id} was acknowledged and is lost"
                    assert (record.seq, record.hash) == (seq, digest)
                    n_acknowledged += 1
                n_extra += check_units(journal, first, sum(map(len, units)))
            first += 10_000_000
    finally:
        writer.close()
    return n_acknowledged, n_torn, n_extra


def check_units(journal: Journal, first: int, n_acknowledged: int) -> int:
    """Every unit is there in one piece or not at all; returns how many records more than acknowledged."""
    number, size, n_found, n_missing = first, 0, 0, 0
    while n_missing < 3:  # two threads: at most two units are on their way
        names = [statement(number + k).statement_id for k in range(1 + size % N_MOST)]
        there = [journal.find(name) is not None for name in names]
        assert all(there) or not any(there), f"a unit is there in part: {names} {there}"
        n_found += sum(there)
        n_missing += not any(there)
        number, size = number + len(names), size + 1
    assert n_found >= n_acknowledged
    return n_found - n_acknowledged


def check(folder: Path, n_kills: int, seed: int) -> None:
    began = time.monotonic()
    n_acknowledged, n_torn, n_extra = kill_many(folder, n_kills, seed)
    verdict = verify(folder)
    assert verdict.findings == ()
    assert verdict.n_records == n_acknowledged + n_extra
    names = [record.statement.statement_id for record in read_records(folder)]
    assert len(set(names)) == len(names) == verdict.n_records
    # the kills must have hit: writers at work, and writes torn in the middle
    assert n_acknowledged > 5 * n_kills
    assert n_torn > n_kills // 10
    took_s = time.monotonic() - began
    print(f"{n_kills} kills, {n_acknowledged} acknowledged, 0 lost, {n_torn} torn, {took_s:.0f} s")


def test_200_kills_lose_nothing_that_was_acknowledged(tmp_path):
    check(tmp_path, 200, seed=1)


def test_a_writer_that_acknowledges_before_it_writes_is_caught(tmp_path):
    with pytest.raises((AssertionError, LedgerDamaged), match=r"lost|acknowledged"):
        kill_many(tmp_path, 1_000, seed=3, lazy=True)  # ends with the first kill that meets the gap


@pytest.mark.long
def test_1000_kills_lose_nothing_that_was_acknowledged(tmp_path):
    check(tmp_path, 1000, seed=2)
