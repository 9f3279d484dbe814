"""How far the journal was acknowledged: a small file that tells a torn tail from lost records.

The writer notes the end of every commit here after it is durable and before it is acknowledged. So, after
the death of the process, whatever is missing or changed before the mark is damage, and whatever is
unfinished behind it was never acknowledged. The mark itself is forced to disk only on closing: after a power
cut it may lag behind, never run ahead, and the rules of recovery do for the rest.

Two slots of a sector each are written in turn, so that a torn write of one leaves the other.

    slot      "SHWM", version u32, segment u32, offset u64, seq u64, hash (32), CRC-32
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

FILE = "high-water"

_SLOT = struct.Struct("<4sIIQQ32s")
_MAGIC = b"SHWM"
_VERSION = 1
_SLOT_BYTES = 512
_CRC = struct.Struct("<I")


@dataclass(frozen=True, slots=True)
class Mark:
    """The end of the last commit known to be acknowledged: its segment, the offset there, seq and hash."""

    segment: int
    offset: int
    seq: int
    hash: bytes


def read_mark(journal: Path) -> tuple[Mark | None, int]:
    """Return the latest mark of a journal's folder, and how many of the two slots do not hold.

    (None, 0) where there is no mark at all.
    """
    try:
        data = (journal / FILE).read_bytes()
    except FileNotFoundError:
        return None, 0
    marks = [mark for mark in _slots(data) if mark is not None]
    n_bad = 2 - len(marks) + (len(data) != 2 * _SLOT_BYTES)
    return max(marks, key=lambda mark: mark.seq, default=None), n_bad


class MarkWriter:
    """Keeps the mark of an open journal."""

    def __init__(self, journal: Path, mark: Mark) -> None:
        """Go on with the file there is; where it does not hold, write it anew, durably, by renaming."""
        found, n_bad_slots = read_mark(journal)
        if found is None or n_bad_slots:
            fresh = journal / f"{FILE}.new"
            with fresh.open("wb") as file:
                file.write(_bytes(mark) * 2)
                file.flush()
                os.fsync(file.fileno())
            fresh.rename(journal / FILE)
        self._fd = os.open(journal / FILE, os.O_RDWR)
        # the slot that holds the latest mark is not the next to be written
        self._turn = int(_slots(os.pread(self._fd, 2 * _SLOT_BYTES, 0))[0] == found)
        if found != mark:
            for _ in range(2):
                self.write(mark)

    def write(self, mark: Mark) -> None:
        """Note a mark; it is seen by other processes at once, and is durable after `close`."""
        os.pwrite(self._fd, _bytes(mark), self._turn * _SLOT_BYTES)
        self._turn = 1 - self._turn

    def close(self) -> None:
        """Make the mark durable."""
        try:
            os.fsync(self._fd)
        finally:
            os.close(self._fd)


def _bytes(mark: Mark) -> bytes:
    fields = _SLOT.pack(_MAGIC, _VERSION, mark.segment, mark.offset, mark.seq, mark.hash)
    return (fields + _CRC.pack(crc32(fields))).ljust(_SLOT_BYTES, b"\0")


def _slots(data: bytes) -> list[Mark | None]:
    return [_slot(data[k * _SLOT_BYTES : (k + 1) * _SLOT_BYTES]) for k in range(2)]


def _slot(data: bytes) -> Mark | None:
    if len(data) != _SLOT_BYTES:
        return None
    magic, version, segment, offset, seq, hash_ = _SLOT.unpack_from(data)
    mark = Mark(segment, offset, seq, hash_)
    return mark if (magic, version) == (_MAGIC, _VERSION) and data == _bytes(mark) else None
