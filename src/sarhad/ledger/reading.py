"""Reading the journal: its segments in order, its records from any number on. Needs no lock.

A reader goes no further than the high-water mark: what lies behind it may yet be cut. Each record's CRC and
each link of the chain is checked on the way; what does not hold raises LedgerDamaged, with the number of the
record.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple

from sarhad.errors import LedgerDamaged, LedgerNewer
from sarhad.ledger.encoding import read_payload
from sarhad.ledger.high_water import Mark, read_mark
from sarhad.ledger.segment import (
    SEGMENT_HEADER_BYTES,
    VERSION,
    Buffer,
    CommitHeader,
    Entry,
    Flaw,
    SegmentHeader,
    commit_entries,
    commit_header,
    segment_header,
)
from sarhad.model.record import Record

JOURNAL = "journal"
SUFFIX = ".segment"
NEWER = "{path}: written in version {found} of the journal, this Sarhad reads up to {known}"


class Segment(NamedTuple):
    """A file of the journal and its header."""

    path: Path
    header: SegmentHeader


def segment_path(journal: Path, number: int) -> Path:
    """Return the file of a segment."""
    return journal / f"{number:08d}{SUFFIX}"


def mapped(path: Path) -> Buffer:
    """Map a file to memory to read it."""
    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_size == 0:
            return b""
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def open_header(path: Path) -> SegmentHeader:
    """Read the header of a segment's file; LedgerDamaged, LedgerNewer."""
    with path.open("rb") as file:
        header = segment_header(file.read(SEGMENT_HEADER_BYTES))
    if isinstance(header, Flaw):
        raise damaged(path, header)
    if header.version > VERSION:
        raise LedgerNewer(NEWER.format(path=path, found=header.version, known=VERSION))
    return header


def segments(journal: Path) -> list[Segment]:
    """Return the segments of a journal's folder in order.

    Raises LedgerDamaged where one is missing or not what its name says, LedgerNewer.
    """
    found: list[Segment] = []
    for path in sorted(journal.glob(f"*{SUFFIX}")):
        header = open_header(path)
        if path != segment_path(journal, header.number):
            raise LedgerDamaged(f"{path}: holds segment {header.number}")
        if found and header.number != found[-1].header.number + 1:
            missing = segment_path(journal, found[-1].header.number + 1)
            raise LedgerDamaged(f"{missing}: the segment is missing")
        if found and header.first_seq < found[-1].header.first_seq:
            raise LedgerDamaged(
                f"{path}: begins with record {header.first_seq}, before the segment before it"
            )
        found.append(Segment(path, header))
    return found


def check_mark(journal: Path, mark: Mark | None, found: list[Segment]) -> None:
    """Raise LedgerDamaged where segments that were acknowledged are gone."""
    n_last = found[-1].header.number if found else 0
    if mark is not None and mark.segment > n_last:
        path = segment_path(journal, mark.segment)
        raise LedgerDamaged(f"{path}: the segment is missing; record {mark.seq} was acknowledged")


def damaged(path: Path, flaw: Flaw) -> LedgerDamaged:
    """Return the error that a flaw in a segment is."""
    return LedgerDamaged(f"{path}: record {flaw.seq}, offset {flaw.offset}: {flaw.what}")


def headers(path: Path, buffer: Buffer, start: tuple[int, int], end: int) -> Iterator[CommitHeader]:
    """Go from commit to commit, from (first seq, offset) up to the offset `end`; LedgerDamaged."""
    seq, at = start
    while at < end:
        header = commit_header(buffer, at, seq)
        if isinstance(header, Flaw):
            raise damaged(path, header)
        yield header
        seq, at = header.first_seq + header.n_records, header.end


def entries(path: Path, buffer: Buffer, header: CommitHeader) -> list[Entry]:
    """Return the records of a commit; LedgerDamaged."""
    found = commit_entries(buffer, header)
    if isinstance(found, Flaw):
        raise damaged(path, found)
    return found


def record_of(path: Path, entry: Entry) -> Record:
    """Build the record; LedgerDamaged where its content is none or has another number."""
    try:
        seq, recorded_at, statement = read_payload(entry.payload)
    except ValueError as error:
        raise damaged(path, Flaw(0, entry.seq, str(error))) from error
    if seq != entry.seq:
        raise damaged(path, Flaw(0, entry.seq, f"the record says that it is number {seq}"))
    return Record(seq, recorded_at, statement, entry.hash.hex())


def read_entries(folder: Path, after_seq: int = 0) -> Iterator[tuple[Path, Entry]]:
    """Yield (segment, entry) of the acknowledged records after `after_seq`, in order.

    Raises LedgerDamaged, LedgerNewer.
    """
    journal = Path(folder) / JOURNAL
    mark, _ = read_mark(journal)
    found = segments(journal)
    check_mark(journal, mark, found)
    wanted = after_seq + 1
    for segment, following in zip_longest(found, found[1:]):
        if following is not None and following.header.first_seq <= wanted:
            continue
        if mark is not None and segment.header.number > mark.segment:
            return  # begun, and nothing in it acknowledged yet
        buffer = mapped(segment.path)
        end = _end(segment, mark, len(buffer))
        previous = segment.header.previous
        start = (segment.header.first_seq, SEGMENT_HEADER_BYTES)
        last_seq = segment.header.first_seq - 1
        for header in headers(segment.path, buffer, start, end):
            last_seq = header.last_seq
            if header.last_seq < wanted:
                previous = b""
                continue
            if previous and header.previous != previous:
                flaw = Flaw(header.offset, header.first_seq, "the chain does not hold before this record")
                raise damaged(segment.path, flaw)
            read = entries(segment.path, buffer, header)
            yield from ((segment.path, entry) for entry in read if entry.seq >= wanted)
            previous = read[-1].hash
        if following is not None:
            _check_joint(segment, following, last_seq, previous)


def read_records(folder: Path, after_seq: int = 0) -> Iterator[Record]:
    """Yield the acknowledged records after `after_seq`, in order; needs no lock.

    Raises LedgerDamaged, LedgerNewer. A folder without a journal yields nothing.
    """
    for path, entry in read_entries(folder, after_seq):
        yield record_of(path, entry)


def _end(segment: Segment, mark: Mark | None, n_bytes: int) -> int:
    """Return where reading a segment ends: at the mark where it lies in this one, else at its end."""
    if mark is None or segment.header.number != mark.segment:
        return n_bytes
    if n_bytes < mark.offset:
        what = (
            f"the segment ends at {n_bytes}, acknowledged were {mark.offset} bytes, up to record {mark.seq}"
        )
        raise LedgerDamaged(f"{segment.path}: {what}")
    return mark.offset


def _check_joint(segment: Segment, following: Segment, last_seq: int, last_hash: bytes) -> None:
    if following.header.first_seq != last_seq + 1 or (last_hash and following.header.previous != last_hash):
        raise LedgerDamaged(
            f"{following.path}: begins at record {following.header.first_seq}, "
            f"and does not go on from record {last_seq}, where {segment.path.name} ends"
        )
