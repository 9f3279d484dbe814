"""Which statements the journal holds, and which records speak of them, in little memory.

A ULID is a number of 128 bits, in order of time. The segment being written keeps its numbers in a
dictionary. When it is sealed they go to a sorted file beside it, 24 bytes a record, that is mapped to memory
and searched by bisection; most searches end at the first comparison, because a new statement is younger than
every sealed one. Ten million records cost 240 MB of page cache that the system may drop, and no scan on
opening.

    .index   "SARHADIX", version u32, ids u32, mentions u32, commits u32, bytes of the segment u64, its
             last hash (32), microseconds of its last recorded_at i64, CRC-32 of the columns, CRC-32 of
             the above; then columns: ids (high u64, low u64, seq u64), mentions (the same), commits
             (first seq u64, offset u64)

A record *mentions* the statement that it corrects, withdraws, confirms or contests. The file can be made
anew from its segment at any time, and is, where it is missing or does not hold.
"""

from __future__ import annotations

import mmap
import os
import struct
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zlib import crc32

import numpy as np

from sarhad.ledger.encoding import ULID

_HEADER = struct.Struct("<8sIIIIQ32sqI")
_CRC = struct.Struct("<I")
_MAGIC = b"SARHADIX"
_VERSION = 1
_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_CROCKFORD = bytes.maketrans(_LETTERS.encode(), b"0123456789abcdefghijklmnopqrstuv")
_LOW = 2**64 - 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def number_of(ulid: str) -> int:
    """Return the 128 bits of a ULID."""
    return int(ulid.encode().translate(_CROCKFORD), 32)


def ulid_of(number: int) -> str:
    """Return the ULID of 128 bits."""
    return "".join(_LETTERS[number >> shift & 31] for shift in range(125, -1, -5))


class Ids:
    """The numbers of many statements, 24 bytes each, to find those that are there more than once."""

    def __init__(self) -> None:
        self._columns = array("Q"), array("Q"), array("Q")

    def add(self, number: int, seq: int) -> None:
        """Take in the number of the statement that a record holds."""
        for column, value in zip(self._columns, (number >> 64, number & _LOW, seq), strict=True):
            column.append(value)

    def repeated(self) -> list[tuple[int, int, int]]:
        """Return (number, first seq, seq) of every record whose statement is that of an earlier one."""
        high, low, seq = (np.frombuffer(column, np.uint64) for column in self._columns)
        order = np.lexsort((seq, low, high))
        high, low, seq = high[order], low[order], seq[order]
        fresh = np.append(True, (high[1:] != high[:-1]) | (low[1:] != low[:-1]))[: len(seq)]
        first_seq = seq[np.flatnonzero(fresh)[np.cumsum(fresh) - 1]]
        rows = zip(high[~fresh], low[~fresh], first_seq[~fresh], seq[~fresh], strict=True)
        return [(int(h) << 64 | int(lo), int(first), int(again)) for h, lo, first, again in rows]


class LiveIndex:
    """The index of the segment being written."""

    def __init__(self) -> None:
        self.ids: dict[int, int] = {}
        self.mentions: dict[int, list[int]] = {}
        self.commit_seqs: list[int] = []
        self.commit_offsets: list[int] = []

    def add(self, offset: int, first_seq: int, keys: Iterable[tuple[int, str]]) -> None:
        """Take in a commit: where it lies, its first record, and of each statement its number and mention."""
        self.commit_seqs.append(first_seq)
        self.commit_offsets.append(offset)
        for seq, (number, mentions) in enumerate(keys, first_seq):
            self.ids[number] = seq
            if mentions and ULID.fullmatch(mentions):
                self.mentions.setdefault(number_of(mentions), []).append(seq)

    def seq_of(self, number: int) -> int | None:
        """Return the record of a statement, by the number of its ULID."""
        return self.ids.get(number)

    def seqs_mentioning(self, number: int) -> list[int]:
        """Return the records that mention a statement."""
        return self.mentions.get(number, [])

    def commit_of(self, seq: int) -> tuple[int, int]:
        """Return (first seq, offset) of the commit that holds a record of this segment."""
        k = bisect_right(self.commit_seqs, seq) - 1
        return self.commit_seqs[k], self.commit_offsets[k]

    def seal(self, path: Path, n_bytes: int, last_hash: bytes, last_recorded_at: datetime) -> None:
        """Write the index of the finished segment of `n_bytes`, in one step."""
        pairs = sorted((number, seq) for number, seqs in self.mentions.items() for seq in seqs)
        body = b"".join(
            column.tobytes()
            for column in (
                *_split(sorted(self.ids.items())),
                *_split(pairs),
                array("Q", self.commit_seqs),
                array("Q", self.commit_offsets),
            )
        )
        micros = (last_recorded_at - _EPOCH) // _MICROSECOND
        counts = (len(self.ids), len(pairs), len(self.commit_seqs))
        fields = _HEADER.pack(_MAGIC, _VERSION, *counts, n_bytes, last_hash, micros, crc32(body))
        fresh = path.with_suffix(".index.new")
        fresh.write_bytes(fields + _CRC.pack(crc32(fields)) + body)
        os.replace(fresh, path)


class SealedIndex:
    """The index of a finished segment, mapped from its file."""

    def __init__(self, data: Sequence[int] | memoryview) -> None:
        """Read it; ValueError where it does not hold."""
        view = memoryview(data).cast("B")  # type: ignore[arg-type]
        start = _HEADER.size + _CRC.size
        if len(view) < start or view[_HEADER.size : start] != _CRC.pack(crc32(view[: _HEADER.size])):
            raise ValueError("the index's header does not hold")
        magic, version, n_ids, n_mentions, n_commits, n_bytes, last_hash, micros, crc = _HEADER.unpack_from(
            view
        )
        lengths = (n_ids,) * 3 + (n_mentions,) * 3 + (n_commits,) * 2
        if (magic, version) != (_MAGIC, _VERSION) or len(view) != start + 8 * sum(lengths):
            raise ValueError("the index is of another form")
        if crc32(view[start:]) != crc:
            raise ValueError("the index was changed")
        columns = []
        for length in lengths:
            columns.append(view[start : start + 8 * length].cast("Q"))
            start += 8 * length
        self._ids, self._mentions = columns[0:3], columns[3:6]
        self._commit_seqs, self._commit_offsets = columns[6], columns[7]
        self.n_bytes, self.last_hash = n_bytes, last_hash
        self.last_recorded_at = _EPOCH + micros * _MICROSECOND
        self.last_seq = self._commit_seqs[0] + n_ids - 1
        self._least = self._ids[0][0] << 64 | self._ids[1][0]
        self._most = self._ids[0][-1] << 64 | self._ids[1][-1]

    def seq_of(self, number: int) -> int | None:
        """Return the record of a statement, by the number of its ULID."""
        if not self._least <= number <= self._most:
            return None
        found = _search(self._ids, number)
        return found[0] if found else None

    def seqs_mentioning(self, number: int) -> list[int]:
        """Return the records that mention a statement."""
        return _search(self._mentions, number)

    def commit_of(self, seq: int) -> tuple[int, int]:
        """Return (first seq, offset) of the commit that holds a record of this segment."""
        k = bisect_right(self._commit_seqs, seq) - 1
        return self._commit_seqs[k], self._commit_offsets[k]


def open_index(path: Path) -> SealedIndex | None:
    """Return the index in a file; None where there is none that holds."""
    try:
        with path.open("rb") as file:
            return SealedIndex(memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)))
    except (FileNotFoundError, ValueError):
        return None


def _split(pairs: Sequence[tuple[int, int]]) -> tuple[array[int], array[int], array[int]]:
    return (
        array("Q", [number >> 64 for number, _ in pairs]),
        array("Q", [number & _LOW for number, _ in pairs]),
        array("Q", [seq for _, seq in pairs]),
    )


def _search(columns: list[memoryview], number: int) -> list[int]:
    """Return the seqs of a number in sorted columns of its high and low half."""
    high, low, seq = columns
    upper, lower = number >> 64, number & _LOW
    if not len(high) or not high[0] <= upper <= high[-1]:
        return []
    left, right = bisect_left(high, upper), bisect_right(high, upper)
    left, right = bisect_left(low, lower, left, right), bisect_right(low, lower, left, right)
    return list(seq[left:right])
