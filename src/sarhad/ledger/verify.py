"""Verifying a ledger: every byte of the journal is looked at, and what does not hold is named.

    a flipped bit       the CRC-32 of its header or record, and the chain
    a record that is none, or says again what is recorded     its content
    a record deleted, inserted, moved, rewritten     numbers, the chain; with the chain rewritten: checkpoints
    the end cut off     the high-water mark; with the mark rewritten: checkpoints, best a copy from elsewhere

All that can still be read is read: behind a flaw the walk goes on at the next commit whose header holds.
What lies behind the last checkpoint is vouched for by nobody's key, and the verdict says where that begins.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sarhad.errors import LedgerNewer, NotTrusted, SarhadError
from sarhad.ledger.authorities import FILE as AUTHORITIES
from sarhad.ledger.authorities import Authorities, read_authorities
from sarhad.ledger.checkpoint import FILE as CHECKPOINTS
from sarhad.ledger.checkpoint import Checkpoint, read_checkpoints, verify_checkpoint
from sarhad.ledger.encoding import read_payload
from sarhad.ledger.high_water import Mark, read_mark
from sarhad.ledger.id_index import Ids, number_of, ulid_of
from sarhad.ledger.reading import JOURNAL, NEWER, SUFFIX, mapped, segment_path
from sarhad.ledger.recovery import torn
from sarhad.ledger.rules import SIGNED, check_signed
from sarhad.ledger.segment import (
    COMMIT_MAGIC,
    SEGMENT_HEADER_BYTES,
    VERSION,
    Buffer,
    CommitHeader,
    Entry,
    Flaw,
    SegmentHeader,
    commit_entries,
    commit_header,
    commit_header_anywhere,
    segment_header,
)

Progress = Callable[[str, int, int], None]  # a step, how much of it is done, of how much

VERIFYING = "bytes verified"
_TOLD_BYTES = 2**20


def silent(step: str, done: int, total: int) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing that does not hold: the record it concerns (0: none alone), where, and what."""

    seq: int
    place: str
    what: str
    trust: bool = False  # all bytes are as they were written, and a signature or key is not trusted

    def __str__(self) -> str:
        """One line for a person."""
        return f"record {self.seq}: {self.what} ({self.place})" if self.seq else f"{self.what} ({self.place})"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What verifying found.

    `head_seq` and `head_hash` (hex) are of the last record that could be read, `origin` what the chain began
    with; `covered_seq` is the last record under a trusted checkpoint; `unfinished` says in words what a
    crash left at the end (opening the ledger to write puts it aside).
    """

    origin: str
    n_records: int
    n_segments: int
    head_seq: int
    head_hash: str
    n_checkpoints: int
    covered_seq: int
    n_signatures: int
    unfinished: str
    findings: tuple[Finding, ...]

    @property
    def sound(self) -> bool:
        """Whether everything holds."""
        return not self.findings

    @property
    def only_signatures(self) -> bool:
        """Whether all that does not hold is trust in signatures and keys."""
        return all(finding.trust for finding in self.findings)


def verify(
    folder: Path,
    *,
    checkpoints: Iterable[Checkpoint] = (),
    authorities: Authorities | None = None,
    from_start: bool = True,
    progress: Progress = silent,
) -> Verdict:
    """Verify a ledger's folder.

    `checkpoints` are copies kept elsewhere, beside the ledger's own; `authorities` takes the place of the
    ledger's own list of keys; without `from_start` the journal may begin with a later segment. `progress`
    may raise to stop. Raises LedgerNewer, InputFaults where authorities.toml cannot be read.
    """
    folder = Path(folder)
    trusted = read_authorities(folder / AUTHORITIES) if authorities is None else authorities
    walk = _Walk(folder, trusted, from_start, progress)
    claimed = [*walk.own_checkpoints(), *checkpoints]
    mark, n_bad_slots = read_mark(folder / JOURNAL)
    walk.wanted = {one.seq for one in claimed} | ({mark.seq} if mark else set())
    if n_bad_slots:
        walk.find(0, "high-water", "the high-water mark was changed")
    walk.go(mark)
    walk.check_mark(mark)
    held = [one.seq for one in dict.fromkeys(claimed) if walk.holds(one)]
    return Verdict(
        origin=walk.origin.hex(),
        n_records=walk.n_records,
        n_segments=walk.n_segments,
        head_seq=walk.seq,
        head_hash=walk.hash.hex(),
        n_checkpoints=len(held),
        covered_seq=max(held, default=0),
        n_signatures=walk.n_signatures,
        unfinished=walk.unfinished,
        findings=tuple(sorted(set(walk.findings))),
    )


class _Walk:
    """Goes through a journal from its first byte to its last."""

    def __init__(self, folder: Path, authorities: Authorities, from_start: bool, progress: Progress) -> None:
        self.folder, self.authorities, self.from_start = folder, authorities, from_start
        self.progress = progress
        self.findings: list[Finding] = []
        self.wanted: set[int] = set()
        self.hashes: dict[int, bytes] = {}
        self.origin = self.hash = b""
        self.n_records = self.n_segments = self.n_signatures = self.seq = 0
        self.number = self.first_seq = 0
        self.unfinished = ""
        self.recorded_at: datetime | None = None
        self.ids = Ids()

    def find(self, seq: int, place: str, what: str, trust: bool = False) -> None:
        self.findings.append(Finding(seq, place, what, trust))

    def own_checkpoints(self) -> tuple[Checkpoint, ...]:
        try:
            return read_checkpoints(self.folder / CHECKPOINTS)
        except SarhadError as error:
            self.find(0, CHECKPOINTS, str(error))
            return ()

    def go(self, mark: Mark | None) -> None:
        """Read all segments; flaws behind the mark that a crash explains are no findings."""
        paths = sorted((self.folder / JOURNAL).glob(f"*{SUFFIX}"))
        sizes = [path.stat().st_size for path in paths]
        for k, path in enumerate(paths):
            self._segment(path, path == paths[-1], mark, (sum(sizes[:k]), sum(sizes)))
            self.progress(VERIFYING, sum(sizes[: k + 1]), sum(sizes))
        for number, first_seq, seq in self.ids.repeated():
            what = f"it holds {ulid_of(number)}, the statement of record {first_seq}, once more"
            self.find(seq, "content", what)

    def check_mark(self, mark: Mark | None) -> None:
        """Hold the high-water mark against what was read."""
        if mark is None:
            return
        if mark.segment > self.number or mark.seq > self.seq:
            self.find(self.seq + 1, "end", f"the journal was cut: {mark.seq} records were acknowledged")
        elif mark.seq in self.hashes and self.hashes[mark.seq] != mark.hash:
            self.find(mark.seq, "high-water", "the record is not the one that was acknowledged")

    def holds(self, checkpoint: Checkpoint) -> bool:
        """Hold a checkpoint against what was read, and its signature against the keys."""
        n_before = len(self.findings)
        seq, who = checkpoint.seq, f"checkpoint by {checkpoint.authority}"
        if self.origin and checkpoint.origin != self.origin.hex():
            self.find(seq, who, "the checkpoint is of another ledger")
        elif seq > self.seq:
            self.find(
                self.seq + 1, who, f"the journal was cut: it had {seq} records on {checkpoint.made_at:%F}"
            )
        elif seq not in self.hashes:
            if seq < self.first_seq:
                return False  # of what came before this part of the ledger
            self.find(seq, who, "the record that was signed cannot be read")
        elif self.hashes[seq].hex() != checkpoint.hash:
            self.find(seq, who, "this record or one before it is not the one that was signed")
        try:
            verify_checkpoint(checkpoint, self.authorities)
        except NotTrusted as error:
            self.find(seq, who, str(error), trust=True)
        return len(self.findings) == n_before

    def _segment(self, path: Path, is_last: bool, mark: Mark | None, gone: tuple[int, int]) -> None:
        """Read a segment; `gone` are the bytes before it, and those of all."""
        buffer = mapped(path)
        header = segment_header(buffer)
        if isinstance(header, Flaw):
            self.find(self.seq + 1, path.name, header.what)
            self.number, self.hash = self.number + 1, b""
            return
        if header.version > VERSION:
            raise LedgerNewer(NEWER.format(path=path, found=header.version, known=VERSION))
        self._begin(path, header)
        acknowledged = mark.offset if mark and mark.segment == header.number else SEGMENT_HEADER_BYTES
        at, told_at = SEGMENT_HEADER_BYTES, 0
        while at < len(buffer):
            if at >= told_at + _TOLD_BYTES:
                self.progress(VERIFYING, gone[0] + at, gone[1])
                told_at = at
            flaw = self._commit(buffer, at)
            if isinstance(flaw, int):
                at = flaw
                continue
            reason = torn(buffer, at, self.seq + 1, self.hash) if is_last and at >= acknowledged else ""
            if reason:
                self.unfinished = f"{path.name}, offset {at}: {reason}"
                return
            self.find(flaw.seq, f"{path.name}, offset {flaw.offset}", flaw.what)
            at = self._go_on(buffer, at)

    def _begin(self, path: Path, header: SegmentHeader) -> None:
        """Hold a segment's header against its name and the segments before it, and go on from it."""
        if path != segment_path(path.parent, header.number):
            self.find(header.first_seq, path.name, f"the file holds segment {header.number}")
        if self.n_segments == 0 and (header.number == 1 or not self.from_start):
            self.origin = header.previous if header.number == 1 else b""
            self.first_seq = header.first_seq
            self.hashes[header.first_seq - 1] = header.previous
        elif header.number != self.number + 1:
            self.find(self.seq + 1, path.name, f"segment {header.number} follows segment {self.number}")
        elif header.first_seq != self.seq + 1:
            what = f"the segment begins with record {header.first_seq}, not with {self.seq + 1}"
            self.find(self.seq + 1, path.name, what)
        elif self.hash and header.previous != self.hash:
            self.find(header.first_seq, path.name, "the chain does not hold before this segment")
        self.n_segments, self.number = self.n_segments + 1, header.number
        self.seq, self.hash = header.first_seq - 1, header.previous

    def _commit(self, buffer: Buffer, at: int) -> int | Flaw:
        """Read the commit at an offset and return its end, or what does not hold."""
        header = commit_header(buffer, at, self.seq + 1)
        if isinstance(header, Flaw):
            return header
        if self.hash and header.previous != self.hash:
            return Flaw(at, header.first_seq, "the chain does not hold before this record")
        entries = commit_entries(buffer, header)
        if isinstance(entries, Flaw):
            return entries
        for entry in entries:
            self._record(entry)
            if entry.seq in self.wanted:
                self.hashes[entry.seq] = entry.hash
        self.seq, self.hash = entries[-1].seq, entries[-1].hash
        self.n_records += len(entries)
        return header.end

    def _record(self, entry: Entry) -> None:
        """Check what a record says of itself, and its signature."""
        try:
            seq, recorded_at, statement = read_payload(entry.payload)
        except ValueError as error:
            self.find(entry.seq, "content", str(error))
            return
        if seq != entry.seq:
            self.find(entry.seq, "content", f"the record says that it is number {seq}")
        if self.recorded_at is not None and recorded_at < self.recorded_at:
            self.find(entry.seq, "content", "the record says that it is older than the one before")
        self.recorded_at = recorded_at
        self.ids.add(number_of(statement.statement_id), entry.seq)
        if statement.signature or statement.kind in SIGNED:
            try:
                check_signed([statement], self.authorities, recorded_at)
                self.n_signatures += 1
            except NotTrusted as error:
                self.find(entry.seq, "signature", str(error), trust=True)

    def _go_on(self, buffer: Buffer, at: int) -> int:
        """Return where to read on behind a commit that does not hold, or is not the one expected there."""
        header = commit_header_anywhere(buffer, at)
        if header is not None and not self._expects(header):
            self.seq, self.hash = header.first_seq - 1, header.previous
            return at
        if header is not None and (header.end == len(buffer) or commit_header_anywhere(buffer, header.end)):
            self.seq, self.hash = header.last_seq, b""
            return header.end
        while (at := buffer.find(COMMIT_MAGIC, at + 1)) >= 0:
            header = commit_header_anywhere(buffer, at)
            if header is not None:
                self.seq, self.hash = header.first_seq - 1, header.previous
                return at
        self.hash = b""
        return len(buffer)

    def _expects(self, header: CommitHeader) -> bool:
        return header.first_seq == self.seq + 1 and (not self.hash or header.previous == self.hash)
