"""Moving a ledger between machines without a network, and what happens when two copies went on apart.

    export   NAME.sarhad-ledger = zip of manifest.json, journal/*.segment, checkpoints.jsonl, authorities.toml
    import   verified whole before anything is touched; then, by the hash of the last record both have:
             equal       one goes on from the other: what is missing is appended as it is, same numbers, same
             hashes different   the copies went on apart: both are kept, the other one as branches/ID/, a
             ledger to read

An import that is interrupted leaves the ledger a whole and sound copy up to some record of the other's
chain; the same import goes on from there. Whom to trust is decided on each machine: a ledger takes over no
keys; a new copy trusts those that it is given, and where it is given none those in the file, and says so.
Records of a day that has not come by this machine's clock are not appended: one clock is wrong, and a ledger
that took them in would take nothing else until that day.
"""

from __future__ import annotations

import os
import re
import shutil
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path

import msgspec

from sarhad.errors import (
    InputFaults,
    LedgerDamaged,
    LedgerError,
    LedgerNewer,
    NotRecorded,
    NotTrusted,
    UnknownName,
)
from sarhad.ledger.authorities import FILE as AUTHORITIES
from sarhad.ledger.authorities import Authorities, read_authorities, write_authorities
from sarhad.ledger.checkpoint import FILE as CHECKPOINTS
from sarhad.ledger.checkpoint import checkpoint_lines, read_checkpoints, write_checkpoints
from sarhad.ledger.encoding import read_head, read_payload
from sarhad.ledger.high_water import Mark, read_mark
from sarhad.ledger.journal import Journal
from sarhad.ledger.reading import JOURNAL, SUFFIX, Segment, headers, mapped, read_entries, segments
from sarhad.ledger.rules import check_references
from sarhad.ledger.segment import SEGMENT_HEADER_BYTES
from sarhad.ledger.segment_file import sync_folder
from sarhad.ledger.verify import Progress, Verdict, silent, verify
from sarhad.model.record import Statement

EXPORT_SUFFIX = ".sarhad-ledger"
BRANCHES = "branches"
MANIFEST = "manifest.json"
FORMAT = 1

TO_COME = (
    "record {seq} of the file was recorded on {recorded_at:%Y-%m-%d %H:%M}, here it is {at:%Y-%m-%d %H:%M} "
    "(UTC): one of the two clocks is wrong. Nothing was imported"
)

_CLOCKS_DIFFER = timedelta(days=1)
_INCOMING = ".incoming"
_MEMBER = re.compile(rf"{JOURNAL}/\d{{8}}\{SUFFIX}|{re.escape(CHECKPOINTS)}|{re.escape(AUTHORITIES)}")
PACKING, UNPACKING, ADDING = "segments packed", "bytes unpacked", "records added"
_COMMIT_RECORDS = 2_000
_COPY_BYTES = 2**20


class Manifest(msgspec.Struct, frozen=True):
    """What an exported file holds: records first_seq to last_seq of the ledger that began with `origin`."""

    format: int
    origin: str
    first_seq: int
    last_seq: int
    last_hash: str


class Branch(msgspec.Struct, frozen=True):
    """Another copy that went on apart: from record `differs_at` on it is not this ledger's."""

    branch_id: str
    differs_at: int
    last_seq: int
    last_hash: str
    imported_at: datetime


class Imported(msgspec.Struct, frozen=True):
    """What an import did: how many records it added, and the branch where the copies went on apart.

    `taken_over` are ids of keys that a new copy trusts because they came with the file.
    """

    n_added: int
    last_seq: int
    branch: Branch | None = None
    taken_over: tuple[str, ...] = ()


def export_ledger(
    folder: Path, out: Path, *, from_seq: int = 1, to_seq: int | None = None, progress: Progress = silent
) -> Manifest:
    """Write what is acknowledged in a ledger to one file, from the segment that holds `from_seq` on.

    With `to_seq` up to the last commit that ends by it: what was recorded as one is carried as one. Raises
    LedgerDamaged where the ledger does not verify, InputFaults where there is no such record.
    """
    folder, out = Path(folder), Path(out)
    verdict = verify(folder, progress=progress)
    _refuse_unsound(folder, verdict)
    found = segments(folder / JOURNAL)
    end = _end_of(folder, found, verdict, to_seq)
    if not found or not 1 <= from_seq <= end.seq:
        there = f"{verdict.head_seq} records"
        if 1 <= from_seq <= (to_seq or 0) and from_seq <= verdict.head_seq:
            there = "records that were recorded as one with later ones"
        raise InputFaults.one(str(folder), f"records {from_seq} to {to_seq or 'the last'}", there)
    held = [segment for segment in found if segment.header.number <= end.segment]
    chosen = held[sum(segment.header.first_seq <= from_seq for segment in held) - 1 :]
    manifest = Manifest(FORMAT, verdict.origin, chosen[0].header.first_seq, end.seq, end.hash.hex())
    fresh = out.with_name(out.name + ".new")
    try:
        with zipfile.ZipFile(fresh, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
            _put(file, MANIFEST, msgspec.json.encode(manifest))
            for k, segment in enumerate(chosen, 1):
                with segment.path.open("rb") as source:
                    data = source.read(end.offset if segment.header.number == end.segment else -1)
                _put(file, f"{JOURNAL}/{segment.path.name}", data)
                progress(PACKING, k, len(chosen))
            made = [one for one in read_checkpoints(folder / CHECKPOINTS) if one.seq <= end.seq]
            _put(file, CHECKPOINTS, checkpoint_lines(made))
            if (folder / AUTHORITIES).exists():
                _put(file, AUTHORITIES, (folder / AUTHORITIES).read_bytes())
        with fresh.open("rb") as written:
            os.fsync(written.fileno())
        os.replace(fresh, out)
    finally:
        fresh.unlink(missing_ok=True)
    return manifest


def _end_of(folder: Path, found: list[Segment], verdict: Verdict, to_seq: int | None) -> Mark:
    """Return where the acknowledged records end, or the last commit that ends by `to_seq`."""
    mark, _ = read_mark(folder / JOURNAL)
    if mark is None and found:
        n_bytes = found[-1].path.stat().st_size
        mark = Mark(found[-1].header.number, n_bytes, verdict.head_seq, bytes.fromhex(verdict.head_hash))
    end = Mark(0, 0, 0, b"")
    if mark is None or to_seq is None or to_seq >= mark.seq:
        return mark or end
    for segment in found:
        buffer = mapped(segment.path)
        start = (segment.header.first_seq, SEGMENT_HEADER_BYTES)
        for header in headers(segment.path, buffer, start, len(buffer)):
            if header.last_seq > to_seq:
                return replace(end, hash=header.previous)
            end = Mark(segment.header.number, header.end, header.last_seq, b"")
    return end


def import_ledger(
    folder: Path,
    file: Path,
    *,
    now: Callable[[], datetime],
    authorities: Authorities | None = None,
    progress: Progress = silent,
) -> Imported:
    """Bring what an exported file holds into a ledger; a folder without one becomes a copy of it.

    `authorities` are the keys to trust: by default the ledger's own, for a new copy those in the file.
    Raises InputFaults (no such file), LedgerNewer, LedgerDamaged, NotTrusted, LedgerError (another ledger, or
    records missing in between), LedgerInUse; the ledger is then as it was.
    """
    folder = Path(folder)
    if not (folder / JOURNAL).exists():
        return _copy(folder, Path(file), authorities, progress)
    with Journal.open(folder, now=now) as journal:
        incoming = folder / BRANCHES / _INCOMING
        try:
            manifest = _unpack(Path(file), incoming, progress)
            trusted = authorities or read_authorities(folder / AUTHORITIES)
            _check_incoming(incoming, manifest, trusted, progress)
            return _join(journal, incoming, manifest, now, progress)
        finally:
            shutil.rmtree(incoming, ignore_errors=True)


def branches(folder: Path) -> tuple[Branch, ...]:
    """Return the other copies that a ledger keeps, by id; LedgerDamaged where one is not described."""
    found = []
    for path in sorted((Path(folder) / BRANCHES).glob("*/branch.json")):
        if path.parent.name == _INCOMING:
            continue
        try:
            found.append(msgspec.json.decode(path.read_bytes(), type=Branch))
        except msgspec.DecodeError as error:
            raise LedgerDamaged(f"{path}: {error}") from error
    return tuple(found)


def branch_folder(folder: Path, branch_id: str) -> Path:
    """Return the folder of a branch, to be read like a ledger's; UnknownName where there is none."""
    known = {branch.branch_id for branch in branches(folder)}
    if branch_id not in known:
        raise UnknownName(f"no branch {branch_id}; known: {', '.join(sorted(known)) or 'none'}")
    return Path(folder) / BRANCHES / branch_id


def _copy(folder: Path, file: Path, authorities: Authorities | None, progress: Progress) -> Imported:
    if folder.exists() and any(folder.iterdir()):
        raise InputFaults.one(str(folder), "a ledger, or a new folder", "a folder with other things in it")
    incoming = folder.with_name(folder.name + _INCOMING)
    try:
        manifest = _unpack(file, incoming, progress)
        if manifest.first_seq != 1:
            raise LedgerError(f"{file}: begins with record {manifest.first_seq}, a new copy needs all")
        taken_over = () if authorities else read_authorities(incoming / AUTHORITIES).keys
        trusted = authorities or Authorities(taken_over)
        _check_incoming(incoming, manifest, trusted, progress)
        write_authorities(incoming / AUTHORITIES, trusted)
        sync_folder(incoming / JOURNAL)
        sync_folder(incoming)
        folder.parent.mkdir(parents=True, exist_ok=True)
        os.replace(incoming, folder)
        sync_folder(folder.parent)
    finally:
        shutil.rmtree(incoming, ignore_errors=True)
    key_ids = tuple(key.key_id for key in taken_over)
    return Imported(manifest.last_seq, manifest.last_seq, taken_over=key_ids)


def _join(
    journal: Journal, incoming: Path, manifest: Manifest, now: Callable[[], datetime], progress: Progress
) -> Imported:
    """Append what is missing, or keep the other copy as a branch."""
    folder, head = journal.folder, journal.head
    origin = segments(folder / JOURNAL)[0].header.previous.hex()
    if manifest.origin != origin:
        raise LedgerError("the file holds another ledger: it did not begin as this one")
    if manifest.first_seq > head.seq + 1:
        raise LedgerError(
            f"this ledger ends with record {head.seq}, the file begins with {manifest.first_seq}: "
            f"export again from record {head.seq + 1}"
        )
    differs_at = _first_difference(folder, incoming, manifest, head.seq)
    if differs_at:
        return Imported(0, head.seq, _keep_branch(folder, incoming, manifest, differs_at, now()))
    _refuse_to_come(incoming, manifest, now())
    check_references(_referring(incoming, head.seq), journal)
    entries = (entry for _, entry in read_entries(incoming, after_seq=head.seq))
    while group := list(islice(entries, _COMMIT_RECORDS)):
        journal.adopt(group)
        progress(ADDING, journal.head.seq - head.seq, manifest.last_seq - head.seq)
    own = read_checkpoints(folder / CHECKPOINTS)
    theirs = read_checkpoints(incoming / CHECKPOINTS)
    if set(theirs) - set(own):
        write_checkpoints(folder / CHECKPOINTS, [*own, *theirs])
    return Imported(journal.head.seq - head.seq, journal.head.seq)


def _refuse_to_come(incoming: Path, manifest: Manifest, at: datetime) -> None:
    """Raise LedgerError where the last record is of a day to come."""
    for _, entry in read_entries(incoming, after_seq=manifest.last_seq - 1):
        recorded_at = read_head(entry.payload).recorded_at
        if recorded_at > at + _CLOCKS_DIFFER:
            raise LedgerError(TO_COME.format(seq=entry.seq, recorded_at=recorded_at, at=at))


def _referring(incoming: Path, after_seq: int) -> Iterator[Statement]:
    """Yield the statements that mention others, and those of the same file that they mention, in order."""
    names = (read_head(entry.payload).statement for _, entry in read_entries(incoming, after_seq))
    mentioned = {name.mentions for name in names} - {""}
    for _, entry in read_entries(incoming, after_seq):
        name = read_head(entry.payload).statement
        if name.mentions or name.statement_id in mentioned:
            yield read_payload(entry.payload)[2]


def _first_difference(folder: Path, incoming: Path, manifest: Manifest, n_own: int) -> int:
    """Return the first record that differs, 0 if none: chains that agree at a record agree before it."""
    before = segments(incoming / JOURNAL)[0].header.previous
    if manifest.first_seq > 1 and _hash_at(folder, manifest.first_seq - 1) != before:
        return manifest.first_seq - 1
    low, high = manifest.first_seq, min(n_own, manifest.last_seq)
    if high < low or _hash_at(folder, high) == _hash_at(incoming, high):
        return 0
    while low < high:
        middle = (low + high) // 2
        if _hash_at(folder, middle) == _hash_at(incoming, middle):
            low = middle + 1
        else:
            high = middle
    return low


def _hash_at(folder: Path, seq: int) -> bytes:
    entry = next(read_entries(folder, after_seq=seq - 1), None)
    if entry is None:
        raise LedgerDamaged(f"{folder}: record {seq} is missing")
    return entry[1].hash


def _keep_branch(folder: Path, incoming: Path, manifest: Manifest, differs_at: int, at: datetime) -> Branch:
    """Put the other copy beside the ledger; the same copy is kept once."""
    branch_id = f"{differs_at}-{manifest.last_hash[:12]}"
    for known in branches(folder):
        if known.branch_id == branch_id:
            return known
    branch = Branch(branch_id, differs_at, manifest.last_seq, manifest.last_hash, at)
    with (incoming / "branch.json").open("wb") as file:
        file.write(msgspec.json.encode(branch))
        file.flush()
        os.fsync(file.fileno())
    sync_folder(incoming)
    os.replace(incoming, folder / BRANCHES / branch_id)
    sync_folder(folder / BRANCHES)
    return branch


def _check_incoming(incoming: Path, manifest: Manifest, authorities: Authorities, progress: Progress) -> None:
    from_start = manifest.first_seq == 1
    verdict = verify(incoming, authorities=authorities, from_start=from_start, progress=progress)
    _refuse_unsound(incoming, verdict)
    if verdict.unfinished or (verdict.head_seq, verdict.head_hash) != (manifest.last_seq, manifest.last_hash):
        raise LedgerDamaged(
            f"the file ends with record {verdict.head_seq}, its manifest says {manifest.last_seq}"
        )


def _refuse_unsound(folder: Path, verdict: Verdict) -> None:
    """Raise what a verdict comes to: NotTrusted where only signatures do not hold, else LedgerDamaged."""
    if verdict.sound:
        return
    some = "; ".join(map(str, verdict.findings[:3]))
    text = f"{folder}: {len(verdict.findings)} thing(s) do not hold: {some}"
    raise NotTrusted(text) if verdict.only_signatures else LedgerDamaged(text)


def _unpack(file: Path, incoming: Path, progress: Progress) -> Manifest:
    """Unpack an exported file into a new folder, durably; what is not a ledger's is refused."""
    shutil.rmtree(incoming, ignore_errors=True)
    (incoming / JOURNAL).mkdir(parents=True)
    try:
        with zipfile.ZipFile(file) as archive:
            manifest = _manifest(file, archive)
            names = sorted(set(archive.namelist()) - {MANIFEST})
            sizes = [archive.getinfo(name).file_size for name in names]
            for k, name in enumerate(names):
                if not _MEMBER.fullmatch(name):
                    raise InputFaults.one(str(file), "an exported ledger", f"a member {name}")
                with archive.open(name) as source, (incoming / name).open("wb") as target:
                    shutil.copyfileobj(source, target, _COPY_BYTES)
                    target.flush()
                    os.fsync(target.fileno())
                progress(UNPACKING, sum(sizes[: k + 1]), sum(sizes))
    except (FileNotFoundError, IsADirectoryError, PermissionError) as error:
        raise InputFaults.one(str(file), "an exported ledger", error.strerror) from error
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError) as error:
        raise LedgerDamaged(f"{file}: {error}") from error
    except OSError as error:
        raise NotRecorded(f"{incoming}: {error}; nothing was imported") from error
    return manifest


def _manifest(file: Path, archive: zipfile.ZipFile) -> Manifest:
    try:
        manifest = msgspec.json.decode(archive.read(MANIFEST), type=Manifest)
    except (KeyError, msgspec.DecodeError) as error:
        raise InputFaults.one(str(file), "an exported ledger", error) from error
    if manifest.format > FORMAT:
        raise LedgerNewer(f"{file}: of format {manifest.format}, this Sarhad reads up to {FORMAT}")
    return manifest


def _put(file: zipfile.ZipFile, name: str, data: bytes) -> None:
    """Add a member, without a date: equal ledgers give equal files."""
    member = zipfile.ZipInfo(name)
    member.compress_type = zipfile.ZIP_DEFLATED
    file.writestr(member, data, compresslevel=1)
