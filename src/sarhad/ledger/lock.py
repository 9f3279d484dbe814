"""One writer per ledger: a lock that the system takes back when the process dies, however it dies."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from sarhad.errors import LedgerInUse

FILE = "lock"


def hold(folder: Path) -> int:
    """Return a file descriptor that holds the ledger until it is closed.

    Raises LedgerInUse, naming the process, where another one holds it.
    """
    fd = os.open(folder / FILE, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        owner = os.pread(fd, 20, 0).decode("ascii", "replace").strip()
        os.close(fd)
        raise LedgerInUse(
            f"{folder}: process {owner or '(unknown)'} writes to this ledger; one may at a time"
        ) from error
    os.ftruncate(fd, 0)
    os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
    return fd
