"""Durable records a second, beside a raw loop that forces the same bytes, and beside SQLite; then reading.

    python benchmarks/journal.py [FOLDER]        a folder on the disk to measure; a temporary one by default

In one run, turn by turn: `Journal.append` in batches of 1, 10, 100 and 1,000; the raw loop (append,
fdatasync, of the very bytes of the journal's commits); SQLite in WAL mode with synchronous = FULL (one row a
record, unique id). Wall-clock seconds, for the disk is what is measured; medians of the rounds. Then 8
threads that append single records (group commit), and how fast a journal is read through on opening, read as
records, and verified.
"""

from __future__ import annotations

import os
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread

from sarhad.ledger.encoding import statement_bytes
from sarhad.ledger.journal import Journal, read_records
from sarhad.ledger.segment import SEGMENT_HEADER_BYTES, commit_header, segment_header
from sarhad.ledger.verify import verify
from sarhad.model.record import OnLine, Statement

N_ROUNDS = 5
N_COMMITS = {1: 100, 10: 100, 100: 60, 1000: 20}
N_READ = 200_000
START = datetime(2026, 1, 1, tzinfo=UTC)


def now() -> datetime:
    return datetime.now(UTC)


def statements(first: int, n: int) -> list[Statement]:
    """Ordinary statements: about 400 bytes each as JSON."""
    return [
        Statement(
            f"{number:026d}",
            "asset.state",
            f"post-{number % 97}",
            START,
            "border service",
            "duty officer",
            source="watch log",
            body={"state": "working", "equipment_id": "thermal_medium", "n": number},
            place=OnLine("main", 1000.0 * (number % 1300), 1000.0 * (number % 1300)),
        )
        for number in range(first, first + n)
    ]


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def commits_of(folder: Path) -> list[bytes]:
    """The commits of a journal of one segment, as bytes."""
    data = (folder / "journal" / "00000001.segment").read_bytes()
    at, seq, commits = SEGMENT_HEADER_BYTES, segment_header(data).first_seq, []
    while at < len(data):
        header = commit_header(data, at, seq)
        commits.append(data[at : header.end])
        at, seq = header.end, header.last_seq + 1
    return commits


def raw_loop(path: Path, commits: list[bytes]) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for data in commits:
        os.write(fd, data)
        os.fdatasync(fd)
    os.close(fd)


def sqlite_loop(path: Path, batches: list[list[Statement]]) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE record (seq INTEGER PRIMARY KEY, id TEXT UNIQUE, payload BLOB)")
    for batch in batches:
        connection.execute("BEGIN")
        connection.executemany(
            "INSERT INTO record (id, payload) VALUES (?, ?)",
            [(statement.statement_id, statement_bytes(statement)) for statement in batch],
        )
        connection.execute("COMMIT")
    connection.close()


def durable(place: Path) -> None:
    print("durable records/s     journal   raw loop   journal/raw   SQLite FULL   journal/SQLite")
    for size, n_commits in N_COMMITS.items():
        taken: dict[str, list[float]] = {"journal": [], "raw": [], "sqlite": []}
        for k in range(N_ROUNDS):
            folder = place / f"journal-{size}-{k}"
            batches = [statements(1 + size * c, size) for c in range(n_commits)]
            with Journal.open(folder, now=now) as journal:

                def append(journal: Journal = journal, batches: list[list[Statement]] = batches) -> None:
                    for batch in batches:
                        journal.append(batch)

                taken["journal"].append(seconds(append))
            commits = commits_of(folder)
            assert len(commits) == n_commits
            raw, database = place / f"raw-{size}-{k}", place / f"sqlite-{size}-{k}"
            taken["raw"].append(seconds(lambda raw=raw, commits=commits: raw_loop(raw, commits)))
            taken["sqlite"].append(seconds(lambda path=database, b=batches: sqlite_loop(path, b)))
        rate = {name: size * n_commits / statistics.median(times) for name, times in taken.items()}
        ratio_raw = statistics.median(r / j for r, j in zip(taken["raw"], taken["journal"], strict=True))
        ratio_sql = statistics.median(s / j for s, j in zip(taken["sqlite"], taken["journal"], strict=True))
        print(
            f"  batches of {size:5d}  {rate['journal']:11,.0f} {rate['raw']:10,.0f} {ratio_raw:13.2f} "
            f"{rate['sqlite']:13,.0f} {ratio_sql:16.2f}"
        )


def threads(place: Path, n_threads: int = 8, n_each: int = 150) -> None:
    """Single records from many threads: group commit makes few of many."""

    def rate(n: int) -> float:
        with Journal.open(place / f"threads-{n}", now=now) as journal:

            def work(thread: int) -> None:
                for statement in statements(1 + thread * n_each, n_each):
                    journal.append([statement])

            workers = [Thread(target=work, args=(thread,)) for thread in range(n)]

            def run() -> None:
                for worker in workers:
                    worker.start()
                for worker in workers:
                    worker.join()

            return n * n_each / seconds(run)

    one, many = rate(1), rate(n_threads)
    print(f"single records, 1 thread {one:,.0f}/s, {n_threads} threads {many:,.0f}/s: {many / one:.1f} x")


def reading(place: Path) -> None:
    """Opening, reading and verifying a journal, by processor time."""
    folder = place / "reading"
    with Journal.open(folder, now=now, segment_bytes=2**30) as journal:
        for first in range(1, N_READ, 1000):
            journal.append(statements(first, 1000))
    n_bytes = (folder / "journal" / "00000001.segment").stat().st_size

    def cpu_s(work: Callable[[], object]) -> float:
        start = time.process_time()
        work()
        return time.process_time() - start

    def drain() -> None:
        for _ in read_records(folder):
            pass

    tasks = {
        "opened (one segment read through, ids indexed)": lambda: Journal.open(folder, now=now).close(),
        "read as records": drain,
        "verified": lambda: verify(folder),
    }
    print(f"{N_READ:,} records of {n_bytes / N_READ:.0f} bytes, processor seconds:")
    for name, work in tasks.items():
        taken_s = min(cpu_s(work) for _ in range(3))
        print(f"  {name:48s} {taken_s:6.2f} s  {N_READ / taken_s / 1e6:6.2f} M records/s")


def main() -> None:
    with tempfile.TemporaryDirectory(dir=sys.argv[1] if len(sys.argv) > 1 else None) as folder:
        place = Path(folder)
        durable(place)
        threads(place)
        reading(place)


if __name__ == "__main__":
    main()
