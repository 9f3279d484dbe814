"""Opening the journal to write: where it ends, what it holds, and what a crash left behind.

Only the last segment is read through; those before it are known by their indexes, which are made anew where
they are missing. `verify` reads all.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sarhad.errors import LedgerDamaged
from sarhad.ledger import segment_file
from sarhad.ledger.encoding import Head, read_head
from sarhad.ledger.high_water import Mark, read_mark
from sarhad.ledger.id_index import LiveIndex, SealedIndex, number_of, open_index
from sarhad.ledger.reading import Segment, check_mark, damaged, mapped, segment_path, segments
from sarhad.ledger.recovery import Recovery, set_aside, torn
from sarhad.ledger.segment import SEGMENT_HEADER_BYTES, Buffer, Entry, Flaw, commit_entries, commit_header


@dataclass(slots=True)
class Tail:
    """A segment as read through: its index, where it ends (offset, seq, hash), its last time, its flaw."""

    index: LiveIndex
    end: Mark
    recorded_at: datetime | None = None
    flaw: Flaw | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    """All that a writer needs to go on."""

    sealed: list[tuple[Segment, SealedIndex]]
    segment: Segment
    tail: Tail
    recovery: Recovery


def open_journal(journal: Path, origin: bytes) -> Opened:
    """Read what there is, begin the first segment where there is none, and put a torn commit aside.

    Raises LedgerDamaged, LedgerNewer.
    """
    journal.mkdir(parents=True, exist_ok=True)
    for leftover in journal.glob("*.new"):
        leftover.unlink()
    mark, _ = read_mark(journal)
    found = segments(journal)
    check_mark(journal, mark, found)
    if not found:
        segment_file.create(segment_path(journal, 1), 1, 1, origin)
        segment_file.sync_folder(journal.parent)
        found = segments(journal)
    sealed = [(segment, _index_of(segment)) for segment in found[:-1]]
    for (segment, index), following in zip(sealed, found[1:], strict=True):
        joint = (following.header.first_seq, following.header.previous)
        if joint != (index.last_seq + 1, index.last_hash):
            raise LedgerDamaged(f"{following.path}: does not go on where {segment.path.name} ends")
    tail = read_through(found[-1])
    if tail.recorded_at is None and sealed:
        tail.recorded_at = sealed[-1][1].last_recorded_at
    return Opened(sealed, found[-1], tail, _recover(found[-1], tail, mark))


def read_through(segment: Segment) -> Tail:
    """Read a segment up to its end or its first flaw, whichever comes first."""
    header, buffer = segment.header, mapped(segment.path)
    tail = Tail(LiveIndex(), Mark(header.number, SEGMENT_HEADER_BYTES, header.first_seq - 1, header.previous))
    while tail.end.offset < len(buffer):
        read = _commit(buffer, tail.end)
        if isinstance(read, Flaw):
            tail.flaw = read
            break
        entries, heads, end = read
        names = (head.statement for head in heads)
        keys = ((number_of(name.statement_id), name.mentions) for name in names)
        tail.index.add(tail.end.offset, entries[0].seq, keys)
        tail.end = Mark(header.number, end, entries[-1].seq, entries[-1].hash)
        tail.recorded_at = heads[-1].recorded_at
    return tail


def _commit(buffer: Buffer, end: Mark) -> tuple[list[Entry], list[Head], int] | Flaw:
    """Read the commit that follows: its records, their heads, and its end."""
    header = commit_header(buffer, end.offset, end.seq + 1)
    if isinstance(header, Flaw):
        return header
    if header.previous != end.hash:
        return Flaw(end.offset, end.seq + 1, "the chain does not hold before this record")
    entries = commit_entries(buffer, header)
    if isinstance(entries, Flaw):
        return entries
    try:
        return entries, [read_head(entry.payload) for entry in entries], header.end
    except ValueError as error:
        return Flaw(end.offset, end.seq + 1, str(error))


def _recover(segment: Segment, tail: Tail, mark: Mark | None) -> Recovery:
    acknowledged = mark if mark is not None and mark.segment == segment.header.number else None
    if acknowledged and tail.end.offset < acknowledged.offset:
        found = tail.flaw or Flaw(tail.end.offset, tail.end.seq + 1, "the journal ends")
        what = f"{found.what}; records up to {acknowledged.seq} were acknowledged"
        raise damaged(segment.path, Flaw(found.offset, found.seq, what))
    if tail.flaw is None:
        return Recovery(tail.end.seq)
    buffer = mapped(segment.path)
    reason = torn(buffer, tail.end.offset, tail.end.seq + 1, tail.end.hash)
    if not reason:
        raise damaged(segment.path, tail.flaw)
    n_bytes = len(buffer) - tail.end.offset
    del buffer  # a mapping must not outlive what it maps
    fd = os.open(segment.path, os.O_RDWR)
    try:
        kept_in = set_aside(segment.path, fd, tail.end.offset)
    finally:
        os.close(fd)
    segment_file.sync_folder(segment.path.parent)
    return Recovery(tail.end.seq, n_bytes, reason, kept_in)


def _index_of(segment: Segment) -> SealedIndex:
    """Return the index of a finished segment, made anew where its file does not hold."""
    path = segment.path.with_suffix(".index")
    n_bytes = segment.path.stat().st_size
    index = open_index(path)
    if index is None or index.n_bytes != n_bytes:
        tail = read_through(segment)
        if tail.flaw is not None or tail.recorded_at is None:
            empty = Flaw(0, segment.header.first_seq, "the segment is empty")
            raise damaged(segment.path, tail.flaw or empty)
        tail.index.seal(path, tail.end.offset, tail.end.hash, tail.recorded_at)
        index = open_index(path)
    if index is None:
        raise LedgerDamaged(f"{path}: cannot be read back")
    return index
