"""The journal: what was said is on the disk before it is acknowledged.

    append    the first thread in turn takes the units of all that wait, writes them as one commit, forces it
    to
              disk once (group commit), notes the high-water mark, and answers them all
    open      one writer; the last segment is read through, a torn commit put aside (see `recovery`)

`recorded_at` never decreases: a clock that went back by up to HOLD_S is held, by more is refused. When
forcing to disk fails, what the disk holds is unknown until it is read again (A. Rebello et al., *Can
applications recover from fsync failures?*, 2020): nothing is acknowledged, and no more is taken until the
journal is opened anew.
"""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import Self

from sarhad.errors import InputFaults, NotRecorded
from sarhad.ledger import lock
from sarhad.ledger.encoding import ULID, written
from sarhad.ledger.group_commit import GroupCommit
from sarhad.ledger.high_water import Mark, MarkWriter
from sarhad.ledger.id_index import LiveIndex, SealedIndex, number_of, open_index
from sarhad.ledger.opening import open_journal
from sarhad.ledger.reading import (
    JOURNAL,
    Segment,
    damaged,
    open_header,
    read_records,
    record_of,
    segment_path,
)
from sarhad.ledger.recovery import Recovery
from sarhad.ledger.segment import (
    COMMIT_HEADER_BYTES,
    LARGEST_COMMIT_BYTES,
    NO_HASH,
    SEGMENT_HEADER_BYTES,
    Entry,
    Flaw,
    commit_bytes,
    commit_entries,
    commit_header,
)
from sarhad.ledger.segment_file import SegmentFile, create
from sarhad.ledger.staging import Admit, Head, Lookup, Staged, Unit
from sarhad.model.record import Record, Statement

__all__ = ["Head", "Journal", "Lookup", "Recovery", "read_records"]

SEGMENT_BYTES = 64 * 2**20
HOLD_S = 2.0


_Parts = list[tuple[Segment, LiveIndex | SealedIndex]]


class Journal:
    """The journal of a ledger, open to write, by any threads. `recovery` says what opening found."""

    def __init__(self, folder: Path, lock_fd: int, now: Callable[[], datetime], origin: bytes) -> None:
        """Use `Journal.open`."""
        opened = open_journal(folder / JOURNAL, origin)
        self.folder, self.recovery = folder, opened.recovery
        self._lock_fd, self.now = lock_fd, now
        # replaced as a whole: threads that look something up see one state or the next
        self._parts: _Parts = [*opened.sealed, (opened.segment, opened.tail.index)]
        self._live = opened.tail.index
        self._end, self._recorded_at = opened.tail.end, opened.tail.recorded_at
        self._file = SegmentFile(opened.segment.path, self._end.offset)
        self._mark = MarkWriter(folder / JOURNAL, self._end)
        self._segment_bytes = SEGMENT_BYTES
        self._group = GroupCommit(self._commit)
        self._turn = Lock()
        self._closed = False

    @classmethod
    def open(
        cls,
        folder: Path,
        *,
        now: Callable[[], datetime],
        origin: bytes = NO_HASH,
        segment_bytes: int = SEGMENT_BYTES,
    ) -> Self:
        """Open the journal of a ledger's folder to write; a folder without one gets an empty one.

        `now` is the clock (aware datetimes); `origin` is what the chain of a new journal starts from.
        Raises LedgerInUse, LedgerDamaged, LedgerNewer, NotRecorded (the disk does not let it).
        """
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        lock_fd = lock.hold(folder)
        try:
            journal = cls(folder, lock_fd, now, origin)
        except BaseException as error:
            os.close(lock_fd)
            if isinstance(error, OSError):
                raise NotRecorded(f"{folder}: cannot be opened to write: {error}") from error
            raise
        journal._segment_bytes = segment_bytes
        return journal

    @property
    def head(self) -> Head:
        """The last durable record."""
        end, recorded_at = self._end, self._recorded_at
        return Head(end.seq, end.hash.hex(), recorded_at)

    def append(self, statements: Iterable[Statement], admit: Admit | None = None) -> tuple[Record, ...]:
        """Record statements as one unit, durably, and return their records in order.

        A statement that is recorded already gives back its old record. `admit` may refuse the new ones by
        raising: it runs when nothing can come between it and the recording. Raises InputFaults (what cannot
        be written), NotRecorded (disk, clock, an id used for something else), and then nothing of the unit
        was recorded.
        """
        said = tuple(statements)
        unit = Unit(said, written(said), admit)
        if unit.n_bytes > LARGEST_COMMIT_BYTES // 2:
            raise InputFaults.one("one unit", f"at most {LARGEST_COMMIT_BYTES // 2} bytes", unit.n_bytes)
        self._group.submit(unit)
        if unit.error is not None:
            raise unit.error
        return unit.records

    def find(self, statement_id: str) -> Record | None:
        """Return the record of a statement; None where there is none."""
        number = _number(statement_id)
        seq = None if number is None else self.seq_of(number)
        return None if seq is None else self.read(seq)

    def holds(self, statement_id: str) -> bool:
        """Say whether a statement is recorded, without reading its record."""
        number = _number(statement_id)
        return number is not None and self.seq_of(number) is not None

    def seq_of(self, number: int) -> int | None:
        """Return which durable record holds a statement, by the number that its id is."""
        for index in self._indexes():
            seq = index.seq_of(number)
            if seq is not None:
                return seq if seq <= self._end.seq else None
        return None

    def read(self, seq: int) -> Record:
        """Return a durable record by its number."""
        path, found = self._commit_with(seq)
        return record_of(path, found[seq - found[0].seq])

    def mentioning(self, statement_id: str) -> tuple[Record, ...]:
        """Return the records that correct, withdraw, confirm or contest a statement, in order."""
        number = _number(statement_id)
        if number is None:
            return ()
        found = {seq for index in self._indexes() for seq in index.seqs_mentioning(number)}
        return tuple(self.read(seq) for seq in sorted(found) if seq <= self._end.seq)

    def records(self, after_seq: int = 0) -> Iterator[Record]:
        """Yield the durable records after a number, in order, without reading those before it."""
        last_seq, seq = self._end.seq, after_seq + 1
        while seq <= last_seq:
            path, found = self._commit_with(seq)
            yield from (record_of(path, entry) for entry in found[seq - found[0].seq :])
            seq = found[-1].seq + 1

    def adopt(self, adopted: Sequence[Entry]) -> None:
        """Record entries of another copy of this ledger that follow the head, as they are, as one unit.

        Raises LedgerDamaged where they do not go on from the head, NotRecorded.
        """
        with self._turn:
            staged = Staged(self)
            for entry in adopted:
                staged.adopt(entry)
            self._make_durable(staged)

    def time(self) -> datetime:
        """Return when a commit is recorded: now, or the last time while the clock is a little behind it."""
        now, last = self.now().astimezone(UTC), self._recorded_at
        if last is None or now >= last:
            return now
        if last - now <= timedelta(seconds=HOLD_S):
            return last
        raise NotRecorded(
            f"the clock says {now:%Y-%m-%d %H:%M:%S}, the last record is of {last:%Y-%m-%d %H:%M:%S} (UTC): "
            "it went back; nothing was recorded. Set it right and say it again; where it ran ahead before, "
            "take out what was recorded until then (`sarhad ledger export --to`)"
        )

    def close(self) -> None:
        """Make the high-water mark durable and let others write."""
        if self._closed:
            return
        with self._turn:
            self._closed = True
            try:
                self._mark.close()
                self._file.close()
            finally:
                os.close(self._lock_fd)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _commit(self, units: list[Unit]) -> None:
        """Record what of the units can be, durably, and answer all of them."""
        failure: Exception | None = NotRecorded("recording was interrupted; open the ledger again")
        try:
            with self._turn:
                staged = Staged(self)
                for unit in units:
                    staged.take(unit)
                if staged.entries:
                    self._make_durable(staged)
            failure = None
        except NotRecorded as refused:
            failure = refused
        finally:
            for unit in units:
                unit.error = unit.error or failure

    def _make_durable(self, staged: Staged) -> None:
        if self._closed:
            raise NotRecorded("the journal is closed")
        payloads = [entry.payload for entry in staged.entries]
        data = commit_bytes(staged.entries[0].seq, self._end.hash, payloads)
        if self._live.commit_seqs and self._end.offset + len(data) > self._segment_bytes:
            self._rotate()
        offset = self._file.end
        self._file.write(data)
        try:
            last = staged.entries[-1]
            self._live.add(offset, staged.entries[0].seq, staged.keys)
            self._recorded_at = staged.recorded_at
            number = self._parts[-1][0].header.number
            self._end = Mark(number, self._file.end, last.seq, last.hash)
            self._mark.write(self._end)
        except OSError as error:  # what was said is durable; go on only with a mark that can be trusted
            self._file.failed = f"noting the high-water mark failed ({error})"
        except BaseException:
            self._file.failed = "recording was interrupted"
            raise

    def _rotate(self) -> None:
        """Seal the segment and begin the next one; NotRecorded where the disk does not take it."""
        segment, end, recorded_at = self._parts[-1][0], self._end, self._recorded_at
        number, index_path = segment.header.number + 1, segment.path.with_suffix(".index")
        path = segment_path(self.folder / JOURNAL, number)
        try:
            if recorded_at is not None:
                self._live.seal(index_path, end.offset, end.hash, recorded_at)
            index = open_index(index_path) or self._live
            create(path, number, end.seq + 1, end.hash)
            file = SegmentFile(path, SEGMENT_HEADER_BYTES)
        except OSError as error:
            if path.exists():
                self._file.failed = f"beginning {path.name} failed"
            raise NotRecorded(f"{path}: {error}; nothing was recorded") from error
        self._file.close()
        self._file, self._live = file, LiveIndex()
        following = Segment(path, open_header(path))
        self._parts = [*self._parts[:-1], (segment, index), (following, self._live)]

    def _indexes(self) -> Iterator[LiveIndex | SealedIndex]:
        return (index for _, index in reversed(self._parts))

    def _commit_with(self, seq: int) -> tuple[Path, list[Entry]]:
        """Return the segment's file and the entries of the commit that holds a durable record."""
        parts = self._parts
        segment, index = parts[bisect_right(parts, seq, key=lambda part: part[0].header.first_seq) - 1]
        first_seq, offset = index.commit_of(seq)
        with segment.path.open("rb") as file:
            file.seek(offset)
            head = file.read(COMMIT_HEADER_BYTES)
            header = commit_header(head, 0, first_seq)
            if isinstance(header, Flaw):
                raise damaged(segment.path, header._replace(offset=offset))
            found = commit_entries(head + file.read(header.end - len(head)), header)
        if isinstance(found, Flaw):
            raise damaged(segment.path, found._replace(offset=found.offset + offset))
        return segment.path, found


def _number(statement_id: str) -> int | None:
    return number_of(statement_id) if ULID.fullmatch(statement_id) else None
