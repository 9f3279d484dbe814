"""What a crash leaves is put aside; what was acknowledged is never cut, whatever befalls it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.ledger_cases import Clock, copy, flip, in_memory, said, write_journal

from sarhad.errors import LedgerDamaged
from sarhad.ledger.high_water import FILE as MARK
from sarhad.ledger.high_water import read_mark
from sarhad.ledger.journal import Journal, read_records
from sarhad.ledger.recovery import SECTOR_BYTES, torn
from sarhad.ledger.verify import verify


def reopened(folder: Path) -> Journal:
    clock = Clock()
    clock.ahead_s = 3600.0
    return Journal.open(folder, now=clock)


class Crash:
    """A journal, and the high-water mark as it stood before the last commit was acknowledged."""

    def __init__(self, place: Path, before: list[int], n_last: int) -> None:
        self.folder, self.scratch = place / "whole", place / "crashed"
        write_journal(self.folder, before)
        self.mark_before = (self.folder / "journal" / MARK).read_bytes()
        self.n_before = sum(before)
        self.start = read_mark(self.folder / "journal")[0].offset
        with reopened(self.folder) as journal:
            journal.append([said(100 + k, body={"text": "x" * 150}) for k in range(n_last)])
        self.segment = self.folder / "journal" / "00000001.segment"
        self.data = self.segment.read_bytes()

    def left(self, data: bytes, *, acknowledged: bool = False) -> Path:
        """The folder with other bytes in its segment, and the mark before or after the last commit."""
        folder = copy(self.folder, self.scratch)
        (folder / "journal" / "00000001.segment").write_bytes(data)
        if not acknowledged:
            (folder / "journal" / MARK).write_bytes(self.mark_before)
        return folder


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    with in_memory(tmp_path_factory.mktemp("crash")) as folder:
        yield folder


@pytest.fixture(scope="module")
def crash(place):
    return Crash(place / "three", [2, 1], 6)


def assert_cut(crash: Crash, data: bytes) -> None:
    folder = crash.left(data)
    assert verify(folder).sound
    assert verify(folder).unfinished
    with reopened(folder) as journal:
        found = journal.recovery
        assert (found.n_records, found.n_bytes_cut) == (crash.n_before, len(data) - crash.start)
        assert found.reason
        assert found.kept_in.read_bytes() == data[crash.start :]
        assert journal.append([said(200)])[0].seq == crash.n_before + 1
    assert verify(folder).sound
    assert not verify(folder).unfinished


def test_a_tail_torn_at_any_byte_is_put_aside(crash):
    seq, previous = crash.n_before + 1, read_mark(crash.left(crash.data) / "journal")[0].hash
    for n_bytes in range(crash.start + 1, len(crash.data)):
        assert torn(crash.data[:n_bytes], crash.start, seq, previous)
    assert not torn(crash.data, crash.start, seq, previous)
    for n_bytes in (*range(crash.start + 1, crash.start + 70), *range(crash.start + 70, len(crash.data), 11)):
        assert_cut(crash, crash.data[:n_bytes])


def test_the_same_tails_are_damage_once_they_were_acknowledged(crash):
    for n_bytes in range(crash.start, len(crash.data), 7):
        folder = crash.left(crash.data[:n_bytes], acknowledged=True)
        with pytest.raises(LedgerDamaged, match="acknowledged"):
            reopened(folder)
        assert not verify(folder).sound
        assert (folder / "journal" / "00000001.segment").read_bytes() == crash.data[:n_bytes]


def test_a_whole_commit_behind_the_mark_is_kept(crash):
    with reopened(crash.left(crash.data)) as journal:
        assert journal.recovery.n_bytes_cut == 0
        assert journal.head.seq == crash.n_before + 6


def test_a_commit_of_which_any_sector_was_not_written_is_put_aside(crash):
    n_sectors = 0
    for start in range(crash.start // SECTOR_BYTES * SECTOR_BYTES, len(crash.data), SECTOR_BYTES):
        a, b = max(start, crash.start), min(start + SECTOR_BYTES, len(crash.data))
        data = crash.data[:a] + bytes(b - a) + crash.data[b:]
        assert_cut(crash, data)
        n_sectors += 1
    assert n_sectors >= 3
    assert_cut(crash, crash.data[: crash.start] + bytes(700))


def test_any_single_bit_flipped_in_the_last_commit_is_damage_and_cuts_nothing(crash):
    """Whether or not the mark had moved: a crash leaves no changed bytes."""
    for acknowledged in (False, True):
        for bit in range(8 * crash.start, 8 * len(crash.data), 61):
            folder = crash.left(crash.data, acknowledged=acknowledged)
            flip(folder / "journal" / "00000001.segment", bit)
            before = (folder / "journal" / "00000001.segment").read_bytes()
            with pytest.raises(LedgerDamaged):
                reopened(folder)
            assert (folder / "journal" / "00000001.segment").read_bytes() == before


def test_every_bit_of_a_small_last_commit(place):
    """The same, exhaustively, where the commit's header lies across two sectors."""
    crash = Crash(place / "two", [3], 1)
    assert crash.start // SECTOR_BYTES != (crash.start + 55) // SECTOR_BYTES, (
        "make the header straddle a sector"
    )
    folder = crash.left(crash.data)
    segment = folder / "journal" / "00000001.segment"
    for bit in range(8 * crash.start, 8 * len(crash.data)):
        flip(segment, bit)
        with pytest.raises(LedgerDamaged):
            reopened(folder)
        flip(segment, bit)
    reopened(folder).close()


def test_strange_bytes_behind_the_last_record_are_damage(crash):
    for extra in (b"\1", b"something", b"x" * 600, crash.data[crash.start :]):
        folder = crash.left(crash.data + extra, acknowledged=True)
        with pytest.raises(LedgerDamaged):
            reopened(folder)
        assert not verify(folder).sound


def test_damage_before_the_last_commit_is_never_cut(crash):
    for bit in range(8 * 64, 8 * crash.start, 101):
        folder = crash.left(crash.data)
        flip(folder / "journal" / "00000001.segment", bit)
        with pytest.raises(LedgerDamaged):
            reopened(folder)
        with pytest.raises(LedgerDamaged):
            list(read_records(folder))


def test_without_a_mark_the_bytes_themselves_tell(crash):
    folder = crash.left(crash.data[:-3])
    (folder / "journal" / MARK).unlink()
    with reopened(folder) as journal:
        assert journal.recovery.n_bytes_cut > 0
    assert read_mark(folder / "journal")[0].seq == crash.n_before
    folder = crash.left(crash.data)
    (folder / "journal" / MARK).unlink()
    flip(folder / "journal" / "00000001.segment", 8 * (len(crash.data) - 9))
    with pytest.raises(LedgerDamaged):
        reopened(folder)


def test_a_spoilt_slot_of_the_mark_leaves_the_other(crash):
    for bit in (3, 8 * 40, 8 * 500, 8 * 512 + 1, 8 * 1023):
        folder = crash.left(crash.data, acknowledged=True)
        flip(folder / "journal" / MARK, bit)
        assert [finding.place for finding in verify(folder).findings] == ["high-water"]
        reopened(folder).close()
        assert verify(folder).sound


def test_a_reader_stops_at_the_mark(crash):
    folder = crash.left(crash.data)
    assert [record.seq for record in read_records(folder)] == list(range(1, crash.n_before + 1))


def test_a_segment_that_is_gone_is_damage(tmp_path):
    write_journal(tmp_path / "whole", [1] * 12, segment_bytes=1200)
    names = sorted(path.name for path in (tmp_path / "whole" / "journal").glob("*.segment"))
    assert len(names) > 3
    for name in names:
        folder = copy(tmp_path / "whole", tmp_path / "cut")
        (folder / "journal" / name).unlink()
        if name != names[0]:
            with pytest.raises(LedgerDamaged):
                reopened(folder)
        assert not verify(folder).sound


def test_a_segment_begun_and_left_empty_by_a_crash_is_gone_on_with(tmp_path, monkeypatch):
    write_journal(tmp_path, [1] * 5, segment_bytes=1200)
    clock = Clock()
    clock.ahead_s = 3600.0
    with Journal.open(tmp_path, now=clock, segment_bytes=1) as journal:
        monkeypatch.setattr("sarhad.ledger.segment_file.os.fdatasync", _fails)
        with pytest.raises(Exception, match="sync"):
            journal.append([said(50)])
        monkeypatch.undo()
    assert verify(tmp_path).sound
    with reopened(tmp_path) as journal:
        assert journal.head.seq == 5
        assert journal.head.recorded_at is not None
        assert journal.append([said(51)])[0].seq == 6
    (tmp_path / "journal" / "00000009.segment.new").write_bytes(b"half a header")
    reopened(tmp_path).close()
    assert not list((tmp_path / "journal").glob("*.new"))


def _fails(fd: int) -> None:
    assert os.fstat(fd)
    raise OSError(5, "no sync")
