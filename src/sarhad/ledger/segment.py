r"""The bytes of a segment: one file of the journal. All numbers are little-endian.

    segment   header, then commits one after the other
    header    "SARHADJ\n", version u16, 0 u16, number u32, first seq u64, hash before it (32), 0 u32, CRC-32
    commit    what was made durable at once: header, then its records
    header    magic u32, first seq u64, hash before it (32), number of records u32, bytes of them u32, CRC-32
    record    length u32, CRC-32 of (length, seq, payload), payload

    hash of a record = SHA-256(hash before it || length u32 || seq u64 || payload)

The first 64 bytes keep their places in every version to come, so that an older program can tell a newer
journal from a damaged one. A commit is the unit of recovery: nothing in it was acknowledged before all of it
was durable. CRC-32 finds every single flipped bit and every burst of up to 32 bits at once and without the
records before; the chain finds what was changed with care (W. W. Peterson, D. T. Brown, *Cyclic codes for
error detection*, 1961; S. Haber, W. S. Stornetta, *How to time-stamp a digital document*, 1991).
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from hashlib import sha256
from mmap import mmap
from typing import NamedTuple
from zlib import crc32

VERSION = 1
MAGIC = b"SARHADJ\n"
COMMIT_MAGIC = b"\xc5\xa4RC"

_SEGMENT = struct.Struct("<8sHHIQ32sI")
_COMMIT = struct.Struct("<4sQ32sII")
_RECORD = struct.Struct("<II")
_NUMBERING = struct.Struct("<IQ")
_CRC = struct.Struct("<I")

SEGMENT_HEADER_BYTES = _SEGMENT.size + _CRC.size
COMMIT_HEADER_BYTES = _COMMIT.size + _CRC.size
LARGEST_COMMIT_BYTES = 2**30
NO_HASH = bytes(32)

Buffer = bytes | mmap  # what is read: bytes, or a file mapped to memory


class Flaw(NamedTuple):
    """What does not hold at a place of a segment; `seq` is the record it concerns, or the first one."""

    offset: int
    seq: int
    what: str


class SegmentHeader(NamedTuple):
    """Which segment it is, and where the chain stood before it."""

    version: int
    number: int
    first_seq: int
    previous: bytes


class CommitHeader(NamedTuple):
    """Where a commit lies (`offset` to `end`), what it holds, and where the chain stood before it."""

    offset: int
    end: int
    first_seq: int
    n_records: int
    previous: bytes

    @property
    def last_seq(self) -> int:
        """The number of its last record."""
        return self.first_seq + self.n_records - 1


class Entry(NamedTuple):
    """One record as it lies in the journal."""

    seq: int
    payload: bytes
    hash: bytes


def segment_header_bytes(number: int, first_seq: int, previous: bytes) -> bytes:
    """Return the first bytes of a new segment."""
    fields = _SEGMENT.pack(MAGIC, VERSION, 0, number, first_seq, previous, 0)
    return fields + _CRC.pack(crc32(fields))


def segment_header(buffer: Buffer) -> SegmentHeader | Flaw:
    """Read the header of a segment; one of a newer version comes back with its version and no more checks."""
    fields = buffer[0 : _SEGMENT.size]
    if len(buffer) < SEGMENT_HEADER_BYTES:
        return Flaw(0, 0, f"the segment's header is cut off after {len(buffer)} bytes")
    magic, version, _, number, first_seq, previous, _ = _SEGMENT.unpack(fields)
    if magic != MAGIC:
        return Flaw(0, 0, "the segment does not begin as one")
    if buffer[_SEGMENT.size : SEGMENT_HEADER_BYTES] != _CRC.pack(crc32(fields)):
        return Flaw(0, 0, "the segment's header was changed")
    return SegmentHeader(version, number, first_seq, previous)


def chained(previous: bytes, seq: int, payload: bytes) -> bytes:
    """Return the hash of a record, from the hash before it."""
    return sha256(previous + _NUMBERING.pack(len(payload), seq) + payload).digest()


def commit_bytes(first_seq: int, previous: bytes, payloads: Sequence[bytes]) -> bytes:
    """Return a commit; the caller keeps it below LARGEST_COMMIT_BYTES."""
    parts = [b""]
    for seq, payload in enumerate(payloads, first_seq):
        length = len(payload)
        parts.append(_RECORD.pack(length, crc32(payload, crc32(_NUMBERING.pack(length, seq)))))
        parts.append(payload)
    body = b"".join(parts)
    fields = _COMMIT.pack(COMMIT_MAGIC, first_seq, previous, len(payloads), len(body))
    return b"".join((fields, _CRC.pack(crc32(fields)), body))


def known_header_bytes(first_seq: int, previous: bytes) -> bytes:
    """Return the bytes of a commit's header that are settled before its records are known."""
    return _COMMIT.pack(COMMIT_MAGIC, first_seq, previous, 0, 0)[:-8]


def commit_header(buffer: Buffer, offset: int, first_seq: int) -> CommitHeader | Flaw:
    """Read the header of the commit at an offset, where the record `first_seq` is expected.

    Whether the chain holds there and the records are all in the buffer is left to the caller.
    """
    fields = buffer[offset : offset + _COMMIT.size]
    crc = buffer[offset + _COMMIT.size : offset + COMMIT_HEADER_BYTES]
    if len(crc) < _CRC.size:
        return Flaw(offset, first_seq, "the journal is cut off within a commit's header")
    magic, found_seq, previous, n_records, n_bytes = _COMMIT.unpack(fields)
    if magic != COMMIT_MAGIC or crc != _CRC.pack(crc32(fields)):
        return Flaw(offset, first_seq, "a commit's header was changed")
    if found_seq != first_seq:
        return Flaw(offset, first_seq, f"record {found_seq} stands where record {first_seq} is expected")
    if n_records == 0:
        return Flaw(offset, first_seq, "a commit holds no records")
    return CommitHeader(offset, offset + COMMIT_HEADER_BYTES + n_bytes, first_seq, n_records, previous)


def commit_header_anywhere(buffer: Buffer, offset: int) -> CommitHeader | None:
    """Read the header of a commit at an offset, whatever its number; None where none holds there."""
    seq = int.from_bytes(buffer[offset + len(COMMIT_MAGIC) : offset + len(COMMIT_MAGIC) + 8], "little")
    header = commit_header(buffer, offset, seq)
    return None if isinstance(header, Flaw) else header


def commit_entries(buffer: Buffer, header: CommitHeader) -> list[Entry] | Flaw:
    """Read the records of a commit, each checked by its CRC and hashed on from the header's hash."""
    entries = []
    at, previous = header.offset + COMMIT_HEADER_BYTES, header.previous
    if len(buffer) < header.end:
        return Flaw(header.offset, header.first_seq, "the journal is cut off within a commit")
    for seq in range(header.first_seq, header.first_seq + header.n_records):
        if at + _RECORD.size > header.end:
            return Flaw(at, seq, "the commit ends before the record begins")
        length, crc = _RECORD.unpack(buffer[at : at + _RECORD.size])
        at += _RECORD.size
        if at + length > header.end:
            return Flaw(at, seq, "the record's length was changed")
        payload = buffer[at : at + length]
        numbering = _NUMBERING.pack(length, seq)
        if crc32(payload, crc32(numbering)) != crc:
            return Flaw(at, seq, "the record was changed")
        previous = sha256(previous + numbering + payload).digest()
        entries.append(Entry(seq, payload, previous))
        at += length
    if at != header.end:
        return Flaw(at, header.last_seq, "the commit holds bytes after its last record")
    return entries
