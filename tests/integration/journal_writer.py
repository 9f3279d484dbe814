"""A process that writes a journal until it is killed, and says what was acknowledged. Run by the kill test.

It loads the journal once, and then, for each line "FOLDER FIRST CUT" on its standard input, forks a writer
that appends units of 1, 2, ... 7, 1, ... statements with the ids FIRST, FIRST + 1, ... from two threads. A
line "ack SEQ HASH ID ..." is written after each acknowledgement. With CUT >= 0 the writer kills itself with
only so many bytes of its journal written: a torn write. With LAZY it holds back every write until the next:
what the test is there to catch. "dead" is written when the writer is gone.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from types import SimpleNamespace

from sarhad.ledger import segment_file
from sarhad.ledger.journal import Journal
from sarhad.model.record import Statement

N_THREADS = 2
N_MOST = 7
NEVER, LAZY = -1, -2


def statement(number: int) -> Statement:
    """A statement that can be made again from its number."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    return Statement(
        f"{number:026d}", "asset.state", f"a{number}", at, "A", "b", body={"text": "x" * (number % 97)}
    )


def tear_after(n_bytes: int) -> None:
    """Let the next writes pass up to a number of bytes, and die in the one that passes it."""
    left = [n_bytes]

    def pwrite(fd: int, data: memoryview, offset: int) -> int:
        if len(data) > left[0]:
            os.pwrite(fd, data[: left[0]], offset)
            os.kill(os.getpid(), signal.SIGKILL)
        left[0] -= len(data)
        return os.pwrite(fd, data, offset)

    replace_pwrite(pwrite)


def write_late() -> None:
    """Hold back every write until the next one."""
    held: list[tuple[int, bytes, int]] = []

    def pwrite(fd: int, data: memoryview, offset: int) -> int:
        while held:
            os.pwrite(*held.pop())
        held.append((fd, bytes(data), offset))
        return len(data)

    replace_pwrite(pwrite)


def replace_pwrite(pwrite: Callable[[int, memoryview, int], int]) -> None:
    """Give the journal's file another way to write, and leave everyone else's alone."""
    segment_file.os = SimpleNamespace(**{**vars(os), "pwrite": pwrite})


def write(folder: Path, first: int, cut: int) -> None:
    """Append until killed."""
    if cut >= 0:
        tear_after(cut)
    elif cut == LAZY:
        write_late()
    numbers, sizes, turn = count(first), count(), threading.Lock()
    journal = Journal.open(folder, now=lambda: datetime.now(UTC), segment_bytes=60_000)
    os.write(1, b"open\n")  # in one piece, as all lines

    def work() -> None:
        while True:
            with turn:
                unit = [statement(next(numbers)) for _ in range(1 + next(sizes) % N_MOST)]
            records = journal.append(unit)
            words = (f"{record.seq} {record.hash} {record.statement.statement_id}" for record in records)
            os.write(1, f"ack {' '.join(words)}\n".encode())

    for _ in range(N_THREADS):
        threading.Thread(target=work, daemon=True).start()
    threading.Event().wait()


def main() -> None:
    for line in sys.stdin:
        folder, first, cut = line.split()
        pid = os.fork()
        if pid == 0:
            write(Path(folder), int(first), int(cut))
        os.write(1, f"pid {pid}\n".encode())
        os.waitpid(pid, 0)
        os.write(1, b"dead\n")


if __name__ == "__main__":
    main()
