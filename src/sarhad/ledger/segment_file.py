"""The segment being written: durable commit by commit, cut back to the last durable one when that fails."""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path

from sarhad.errors import NotRecorded
from sarhad.ledger.segment import segment_header_bytes


class SegmentFile:
    """An open segment; `end` is where its last durable commit ends, `failed` why no more is taken."""

    def __init__(self, path: Path, end: int) -> None:
        self.path, self.end, self.failed = path, end, ""
        self.fd = os.open(path, os.O_RDWR)

    def write(self, data: bytes) -> None:
        """Append a commit and force it to disk.

        Raises NotRecorded where that fails, and cuts the file back. A full disk leaves the file fit for
        more. After a failed fdatasync the system may have dropped what it could not write, and says so only
        once: no more is taken.
        """
        if self.failed:
            raise NotRecorded(f"{self.path}: {self.failed}; open the ledger again")
        try:
            _write_all(self.fd, data, self.end)
        except OSError as error:
            self._cut_back()
            raise NotRecorded(f"{self.path}: {_words(error)}; nothing was recorded") from error
        except BaseException:
            self.failed = "writing was interrupted"
            self._cut_back()
            raise
        try:
            os.fdatasync(self.fd)
        except BaseException as error:
            self.failed = f"forcing to disk failed ({error})"
            self._cut_back()
            if isinstance(error, OSError):
                raise NotRecorded(f"{self.path}: {self.failed}; open the ledger again") from error
            raise
        self.end += len(data)

    def close(self) -> None:
        """Close the file."""
        os.close(self.fd)

    def _cut_back(self) -> None:
        try:
            os.ftruncate(self.fd, self.end)
        except OSError as error:
            self.failed = self.failed or f"cutting back failed ({error})"


def create(path: Path, number: int, first_seq: int, previous: bytes) -> None:
    """Make a new segment, header and name durable; OSError where that fails, and then there is none."""
    fresh = path.with_suffix(".segment.new")
    try:
        with fresh.open("wb") as file:
            file.write(segment_header_bytes(number, first_seq, previous))
            file.flush()
            os.fsync(file.fileno())
        os.replace(fresh, path)
    except OSError:
        with contextlib.suppress(OSError):
            fresh.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _write_all(fd: int, data: bytes, offset: int) -> None:
    view = memoryview(data)
    while view:
        n_bytes = os.pwrite(fd, view, offset)
        view, offset = view[n_bytes:], offset + n_bytes


def _words(error: OSError) -> str:
    return "the disk is full" if error.errno in (errno.ENOSPC, errno.EDQUOT) else str(error)
