"""Small ledgers for tests: a clock that ticks, statements with numbers for ids, damage done on purpose."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from sarhad.ledger.journal import Journal
from sarhad.model.record import Statement

START = datetime(2026, 1, 1, tzinfo=UTC)


class Clock:
    """One second later at every look, unless it is set."""

    def __init__(self) -> None:
        self.seconds = count()
        self.ahead_s = 0.0

    def __call__(self) -> datetime:
        return START + timedelta(seconds=next(self.seconds) + self.ahead_s)


def ulid(number: int) -> str:
    """A valid id that shows its number."""
    return f"{number:026d}"


def said(
    number: int, authority: str = "A", kind: str = "asset.state", subject: str = "", **fields
) -> Statement:
    """A statement by number; `subject` is a made-up asset unless given."""
    fields = {"body": {"n": number}} | fields
    return Statement(ulid(number), kind, subject or f"asset-{number}", START, authority, "clerk", **fields)


@contextmanager
def in_memory(otherwise: Path) -> Iterator[Path]:
    """A folder in memory where there is one: forcing to a disk some thousand times takes minutes."""
    memory = Path("/dev/shm")
    if os.access(memory, os.W_OK):
        with TemporaryDirectory(dir=memory) as folder:
            yield Path(folder)
    else:
        yield otherwise


def write_journal(folder: Path, sizes: list[int], **options) -> Path:
    """A closed journal with commits of the given sizes; returns its first segment."""
    numbers = count(1)
    with Journal.open(folder, now=Clock(), **options) as journal:
        for size in sizes:
            journal.append([said(next(numbers)) for _ in range(size)])
    return folder / "journal" / "00000001.segment"


def copy(folder: Path, to: Path) -> Path:
    """A fresh copy of a ledger's folder."""
    shutil.rmtree(to, ignore_errors=True)
    return Path(shutil.copytree(folder, to))


def flip(path: Path, bit: int) -> None:
    """Turn one bit of a file over."""
    data = bytearray(path.read_bytes())
    data[bit // 8] ^= 1 << bit % 8
    path.write_bytes(data)
