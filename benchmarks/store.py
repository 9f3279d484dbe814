"""The store: building it from the journal, and asking its registers, on SQLite and PostgreSQL in one run.

    python benchmarks/store.py [N]                records, 1,000,000 by default

A synthetic ledger of eight authorities: states of 2,000 assets, deliveries of 5,000 items, 200 districts,
claims, incidents, 4 % countersignings, 3 % corrections and withdrawals; three records in four have a place.
The peer is a plain loop of sqlite3's executemany into one bare table: no index, no place, nothing durable.
Seconds of the wall clock, the processor's of this process alone; questions are the least of three. PostgreSQL
needs a server installed (tests/integration/postgres.py starts it); without one it is left out.
"""

from __future__ import annotations

import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import shapely

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "integration"))

from postgres import NoServer, server

from sarhad.ledger.journal import Journal, read_records
from sarhad.ledger.registers import Box, Question, as_of, listed
from sarhad.ledger.store import Store
from sarhad.ledger.tables import NOT_LOCATED, microseconds, row
from sarhad.model.record import CONFIRMED, CONTESTED, WITHDRAWN, OnLine, Statement

START = datetime(2020, 1, 1, tzinfo=UTC)
YEARS = timedelta(days=2000)
LENGTH_M = 1_356_000
KINDS = (  # kind, share, subjects
    ("asset.state", 0.35, 2_000),
    ("programme.delivered", 0.25, 5_000),
    ("incident.reported", 0.15, 60_000),
    ("claim.made", 0.15, 50_000),
    ("control.held", 0.10, 200),
)
AUTHORITIES = [f"authority-{k}" for k in range(8)]


def shapes_of(places: Sequence[OnLine]) -> list[shapely.Geometry]:
    """A made-up course: east along the line."""
    ends_m = np.array([(one.from_m, one.to_m) for one in places])
    corners = np.stack([67 + 8 * ends_m / LENGTH_M, 37.2 + ends_m / LENGTH_M], axis=-1)
    points, runs = shapely.points(corners[:, 0]), shapely.linestrings(corners)
    return np.where(ends_m[:, 0] == ends_m[:, 1], points, runs).tolist()


def statements(n: int) -> Iterator[Statement]:
    rng = random.Random(1)
    shares = [share for _, share, _ in KINDS]
    recent: list[tuple[str, str]] = []  # statement, authority
    for k in range(n):
        statement_id = f"01{k:024d}"
        kind, _, n_subject = rng.choices(KINDS, shares)[0]
        subject_id = f"{kind.partition('.')[0]}-{rng.randrange(n_subject):06d}"
        authority = AUTHORITIES[hash_of(subject_id) % 8 if rng.random() < 0.8 else rng.randrange(8)]
        corrects, chance = "", rng.random()
        if recent and chance < 0.03:
            corrects, authority = rng.choice(recent)
            kind, subject_id = (WITHDRAWN, corrects) if chance < 0.01 else (kind, subject_id)
        elif recent and chance < 0.07:
            subject_id, by = rng.choice(recent)
            kind = CONFIRMED if chance < 0.06 else CONTESTED
            authority = rng.choice([name for name in AUTHORITIES if name != by])
        at_m = float(rng.randrange(LENGTH_M - 5_000))
        where = OnLine("main", at_m, at_m + rng.choice((0.0, 0.0, 2_000.0))) if rng.random() < 0.75 else None
        happened_at = START + (k / n) * YEARS - timedelta(seconds=rng.expovariate(1 / 86_400))
        body = {
            "state": "working",
            "equipment_id": "thermal_medium",
            "quantity": k % 7,
            "note": "as reported",
        }
        author, source = f"clerk-{k % 40}", f"cable {k}"
        yield Statement(
            statement_id, kind, subject_id, happened_at, authority, author, source, body, where, corrects
        )
        recent = [*recent[-200:], (statement_id, authority)] if k % 5 == 0 else recent


def hash_of(subject_id: str) -> int:
    return sum(map(ord, subject_id))


def write_journal(folder: Path, n: int) -> None:
    clock = iter(START + k * YEARS / (n // 5_000 + 2) for k in range(n // 5_000 + 3))
    said = statements(n)
    with Journal.open(folder, now=lambda: next(clock)) as journal:
        while batch := list(islice(said, 5_000)):
            journal.append(batch)


def plain_loop(folder: Path, path: Path) -> None:
    """The peer: executemany, as one would write it without a second thought."""
    connection = sqlite3.connect(path)
    connection.execute(f"CREATE TABLE records ({', '.join(f'c{k}' for k in range(23))})")
    sql = f"INSERT INTO records VALUES ({', '.join('?' * 23)})"
    connection.executemany(sql, (row(record, microseconds) + NOT_LOCATED for record in read_records(folder)))
    connection.commit()
    connection.close()


def seconds(work: Callable[[], Any], n: int = 1) -> tuple[float, Any]:
    least, result = float("inf"), None
    for _ in range(n):
        start = time.perf_counter()
        result = work()
        least = min(least, time.perf_counter() - start)
    return least, result


def questions() -> dict[str, Callable[[Store], Any]]:
    """What is asked: today, and what was believed after a third of the time about a fourth of it."""
    today = {"believed_at": START + 2 * YEARS, "about_at": START + 2 * YEARS}
    once = {"believed_at": START + YEARS / 3, "about_at": START + YEARS / 4}
    early = {"believed_at": START + YEARS / 50, "about_at": START + 2 * YEARS}
    asked: dict[str, Callable[[Store], Any]] = {}
    for register in ("asset", "programme", "control"):
        for name, when in (("today", today), ("once", once), ("early belief", early)):
            asked[f"as_of {register}, {name}"] = lambda s, r=register, w=when: as_of(s, Question(r, **w))
    for register in ("claim", "incident"):
        for name, when in (("today", today), ("once", once)):
            asked[f"as_of {register}, {name}, a page of 5,000"] = lambda s, r=register, w=when: as_of(
                s, Question(r, **w), limit=5_000
            )
    for register in ("asset", "incident"):
        asked[f"as_of {register}, today, 10 km"] = lambda s, r=register: as_of(
            s, Question(r, along=OnLine("main", 500_000.0, 510_000.0), **today)
        )
        asked[f"as_of {register}, today, in a box"] = lambda s, r=register: as_of(
            s, Question(r, within=Box(70.0, 37.0, 70.1, 38.0), **today)
        )
        asked[f"listed {register}, today, 10 km"] = lambda s, r=register: listed(
            s, Question(r, along=OnLine("main", 500_000.0, 510_000.0), **today)
        )
        asked[f"listed {register}, today, in a box"] = lambda s, r=register: listed(
            s, Question(r, within=Box(70.0, 37.0, 70.1, 38.0), **today)
        )
    asked["listed asset, one subject"] = lambda s: listed(
        s, Question("asset", subject_id="asset-000007", **today)
    )
    asked["listed asset, today, a page of 5,000"] = lambda s: listed(
        s, Question("asset", **today), limit=5_000
    )
    asked["listed asset, early belief, a page"] = lambda s: listed(s, Question("asset", **early), limit=5_000)
    asked["as_of incident, today, all"] = lambda s: as_of(s, Question("incident", **today))
    return asked


def main(n: int) -> None:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        write_s, _ = seconds(lambda: write_journal(folder, n))
        read_s, n_read = seconds(lambda: sum(1 for _ in read_records(folder)))
        print(f"{n_read:,} records: journal written in {write_s:.1f} s, read and checked in {read_s:.1f} s")
        peer_s, _ = seconds(lambda: plain_loop(folder, folder / "peer.sqlite"))
        print(f"  plain executemany loop   {peer_s:7.1f} s  {n / peer_s:9,.0f} records/s")
        urls = {"SQLite": f"sqlite:///{folder}/store.sqlite"}
        try:
            urls["PostgreSQL"] = stack.enter_context(server())
        except NoServer as reason:
            print(f"  PostgreSQL: {reason}")
        stores = {name: stack.enter_context(Store.open(url, locate=shapes_of)) for name, url in urls.items()}
        for name, store in stores.items():
            busy_s = time.process_time()
            built_s, _ = seconds(lambda store=store: store.rebuild(folder))
            busy_s = time.process_time() - busy_s
            print(
                f"  rebuild, {name:14s}  {built_s:7.1f} s  {n / built_s:9,.0f} records/s  "
                f"{built_s / peer_s:.2f} x the loop; {busy_s:.1f} s of processor"
            )
        print(f"  size: SQLite {(folder / 'store.sqlite').stat().st_size / 2**20:.0f} MiB")
        print(f"  {'question (s)':44s}{'lines':>9s}" + "".join(f"{name:>12s}" for name in stores))
        for name, ask in questions().items():
            took = {}
            for store_name, store in stores.items():
                took[store_name], lines = seconds(lambda ask=ask, store=store: ask(store), 3)
            print(f"  {name:44s}{len(lines):9,d}" + "".join(f"{took[store]:12.3f}" for store in stores))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
