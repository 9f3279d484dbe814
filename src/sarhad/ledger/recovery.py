"""What a crash leaves at the end of the journal, told from damage.

A commit is written at the end of the last segment and forced to disk before anything in it is acknowledged,
and the next one is written only then. So a crash can leave one unfinished commit, at the very end, behind
the high-water mark. An unfinished write lacks whole sectors: the file ends early, or a sector holds zeros
still. It never changes bytes. Hence, of a last commit that does not hold:

    before the high-water mark                      damage: it was acknowledged
    the file ends within it                         torn
    a piece of it within one sector is all zeros    torn (a commit that was written has no such piece)
    anything else: changed bytes, a flipped bit     damage
    more than zeros behind it                       damage: a later commit means that it was durable

The torn part is put aside in a file of its own before the segment is cut; damage is never cut.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from sarhad.ledger.segment import (
    COMMIT_HEADER_BYTES,
    Buffer,
    Flaw,
    commit_header,
    known_header_bytes,
)

SECTOR_BYTES = 512


@dataclass(frozen=True, slots=True)
class Recovery:
    """What opening a journal found: records kept, bytes of an unfinished commit put aside, and why.

    `reason` and `kept_in` are empty and None where the journal ended cleanly.
    """

    n_records: int
    n_bytes_cut: int = 0
    reason: str = ""
    kept_in: Path | None = None


def torn(buffer: Buffer, offset: int, first_seq: int, previous: bytes) -> str:
    """Return in words how the commit at an offset, which does not hold, was torn; empty where it is damaged.

    `first_seq` and `previous` are what its header must say: those bytes were known before it was written.
    """
    n_left = len(buffer) - offset
    if not any(buffer[offset:]):
        return f"{n_left} bytes of zeros: room was made for a commit, and nothing written"
    header = commit_header(buffer, offset, first_seq)
    if isinstance(header, Flaw):
        return _torn_header(buffer, offset, known_header_bytes(first_seq, previous))
    if header.previous != previous or any(buffer[header.end :]):
        return ""
    if header.end > len(buffer):
        return f"a commit of {header.end - offset} bytes ends after {n_left}"
    return _missing(buffer, offset, header.end)


def _torn_header(buffer: Buffer, offset: int, known: bytes) -> str:
    if not _was_begun(buffer, offset, known):
        return ""
    n_left = len(buffer) - offset
    if n_left < COMMIT_HEADER_BYTES:
        return f"a commit's header ends after {n_left} of {COMMIT_HEADER_BYTES} bytes"
    return _missing(buffer, offset, offset + COMMIT_HEADER_BYTES)


def set_aside(segment: Path, fd: int, offset: int) -> Path:
    """Copy what lies behind an offset of a segment to a file beside it, durably; cut the segment there."""
    rest = os.pread(fd, os.fstat(fd).st_size - offset, offset)
    n_earlier = len(list(segment.parent.glob(f"{segment.stem}-{offset}-*.torn")))
    aside = segment.with_name(f"{segment.stem}-{offset}-{n_earlier + 1}.torn")
    fresh = aside.with_suffix(".torn.new")  # what is left of it by another crash is removed on opening
    with fresh.open("wb") as file:
        file.write(rest)
        file.flush()
        os.fsync(file.fileno())
    os.replace(fresh, aside)
    os.ftruncate(fd, offset)
    os.fsync(fd)
    return aside


def _missing(buffer: Buffer, start: int, end: int) -> str:
    """Return in words the first piece of [start, end) that lies within one sector and holds zeros only."""
    for at, piece in _sectors(buffer, start, end):
        if not any(piece):
            return f"{len(piece)} bytes at offset {at} were never written"
    return ""


def _was_begun(buffer: Buffer, offset: int, known: bytes) -> bool:
    """Say whether all of a header that reached the disk is as it was to be written."""
    sectors = _sectors(buffer, offset, offset + len(known))
    return all(
        not any(piece) or piece.startswith(known[at - offset : at - offset + len(piece)])
        for at, piece in sectors
    )


def _sectors(buffer: Buffer, start: int, end: int) -> list[tuple[int, bytes]]:
    """Return what follows `start` in each sector up to the one that holds `end`, as (offset, bytes)."""
    bounds = range((start // SECTOR_BYTES + 1) * SECTOR_BYTES, end + SECTOR_BYTES, SECTOR_BYTES)
    cuts = [start, *bounds]
    pieces = ((a, buffer[a:b]) for a, b in pairwise(cuts))
    return [(at, piece) for at, piece in pieces if at < end and piece]
