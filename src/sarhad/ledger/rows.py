"""Records as rows of the store, chunk by chunk; those of a long journal are made in a process of its own.

    reading process   journal --read, check, decode--> rows --pickle--> pipe
    this process      pipe --> places --> insert

Reading and writing cost about the same, so two cores take little more than half the time of one. The pipe
holds a few chunks: the reader waits for the writer, and ends when the other end of the pipe is closed,
however that came about. What the reader raises is raised here.
"""

from __future__ import annotations

import fcntl
import gc
import os
import pickle
import subprocess
import sys
from collections.abc import Generator, Iterable
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any

from sarhad.errors import LedgerError
from sarhad.ledger.reading import JOURNAL, read_records
from sarhad.ledger.tables import microseconds, row
from sarhad.model.record import Record

Row = tuple[Any, ...]  # of the columns TAKEN; times in microseconds since 1970
Chunks = Generator[list[Row], None, None]  # close it, and nobody reads on

CHUNK = 1_000
LONG_BYTES = 32 * 2**20  # below, a reader of its own takes longer to start than it spares
PIPE_BYTES = 2**20  # some three chunks: neither process waits for the other within one
LOST = "the process that reads the journal ended before its time: killed, or out of memory; run it again"


def chunks_of(records: Iterable[Record]) -> Chunks:
    """Yield the rows of records."""
    remaining = iter(records)
    while chunk := [row(record, microseconds) for record in islice(remaining, CHUNK)]:
        yield chunk


def chunks_read(folder: Path) -> Chunks:
    """Yield the rows of a ledger's journal; raises what `read_records` raises, LedgerError."""
    n_bytes = sum(path.stat().st_size for path in (Path(folder) / JOURNAL).glob("*"))
    return _read_ahead(folder) if n_bytes > LONG_BYTES else chunks_of(read_records(folder))


def _read_ahead(folder: Path) -> Chunks:
    command = [sys.executable, "-P", "-m", __name__, str(folder)]
    # a session of its own: Ctrl-C is this process's to answer
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, bufsize=PIPE_BYTES, start_new_session=True
    ) as reader:
        assert reader.stdout is not None
        with suppress(OSError, AttributeError):  # not every machine allows it: slower then, and right
            fcntl.fcntl(reader.stdout, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        try:
            while True:
                sent = pickle.load(reader.stdout)
                if isinstance(sent, BaseException):
                    raise sent
                if not sent:
                    return
                yield sent
        except (EOFError, pickle.UnpicklingError):
            raise LedgerError(LOST) from None
        finally:
            reader.stdout.close()


def _send(folder: Path) -> None:
    gc.disable()  # nothing of what is read is part of a cycle
    with open(sys.stdout.fileno(), "wb", closefd=False) as pipe:
        try:
            for chunk in chunks_of(read_records(folder)):
                pickle.dump(chunk, pipe)
            pickle.dump([], pipe)
        except BrokenPipeError:
            os._exit(1)  # nobody reads any more
        except Exception as error:
            pickle.dump(error, pipe)


if __name__ == "__main__":
    _send(Path(sys.argv[1]))
