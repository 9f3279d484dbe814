"""The journal: durable, idempotent, one unit at a time, one writer, no time that runs back."""

from __future__ import annotations

import hashlib
import json
import os
import struct
import subprocess
import sys
from datetime import timedelta
from threading import Barrier, Thread
from zlib import crc32

import pytest
from tests.ledger_cases import START, Clock, flip, said, ulid, write_journal

from sarhad.errors import InputFaults, LedgerDamaged, LedgerInUse, LedgerNewer, NotRecorded
from sarhad.ledger import segment_file
from sarhad.ledger.journal import Journal, read_records
from sarhad.ledger.verify import verify


def opened(folder, **options):
    return Journal.open(folder, now=options.pop("now", Clock()), **options)


def test_records_are_numbered_timed_and_read_back(tmp_path):
    with opened(tmp_path) as journal:
        first = journal.append([said(1), said(2)])
        second = journal.append([said(3)])
        assert journal.head.seq == 3
        assert journal.head.hash == second[0].hash
    assert [record.seq for record in first + second] == [1, 2, 3]
    assert first[0].recorded_at == first[1].recorded_at == START < second[0].recorded_at
    assert tuple(read_records(tmp_path)) == first + second
    assert tuple(read_records(tmp_path, after_seq=2)) == second
    assert list(read_records(tmp_path / "nowhere")) == []


def test_the_bytes_are_as_the_format_says(tmp_path):
    """The layout and the chain, taken apart with nothing but struct, zlib and hashlib."""
    data = write_journal(tmp_path, [1, 2]).read_bytes()
    magic, version, _, number, first_seq, previous, _, crc = struct.unpack_from("<8sHHIQ32sII", data)
    assert (magic, version, number, first_seq, previous) == (b"SARHADJ\n", 1, 1, 1, bytes(32))
    assert crc == crc32(data[:60])
    at, seq, chain = 64, 1, bytes(32)
    for size in (1, 2):
        _, first_seq, previous, n_records, n_bytes, crc = struct.unpack_from("<4sQ32sIII", data, at)
        assert (first_seq, previous, n_records, crc) == (seq, chain, size, crc32(data[at : at + 52]))
        at += 56
        end = at + n_bytes
        while at < end:
            length, crc = struct.unpack_from("<II", data, at)
            payload = data[at + 8 : at + 8 + length]
            assert crc == crc32(struct.pack("<IQ", length, seq) + payload)
            assert json.loads(payload)["seq"] == seq
            chain = hashlib.sha256(chain + struct.pack("<IQ", length, seq) + payload).digest()
            at, seq = at + 8 + length, seq + 1
    assert at == len(data)
    assert [record.hash for record in read_records(tmp_path)][-1] == chain.hex()


def test_the_same_statements_at_the_same_times_give_the_same_bytes(tmp_path):
    one = write_journal(tmp_path / "one", [3, 1, 2], segment_bytes=1500)
    two = write_journal(tmp_path / "two", [3, 1, 2], segment_bytes=1500)
    names = sorted(path.name for path in one.parent.glob("*.segment"))
    assert len(names) > 1
    for name in names:
        assert (one.parent / name).read_bytes() == (two.parent / name).read_bytes()


def test_a_statement_said_twice_is_recorded_once(tmp_path):
    with opened(tmp_path, segment_bytes=1200) as journal:
        first = [journal.append([said(number)])[0] for number in range(1, 9)]
        for number in (1, 5, 8):
            assert journal.append([said(number)]) == (first[number - 1],)
        mixed = journal.append([said(2), said(20), said(20)])
        assert [record.seq for record in mixed] == [2, 9, 9]
    with opened(tmp_path, segment_bytes=1200) as journal:
        assert journal.append([said(3)]) == (first[2],)
        assert journal.head.seq == 9


def test_an_id_used_for_something_else_is_refused_and_its_whole_unit(tmp_path):
    with opened(tmp_path) as journal:
        journal.append([said(1)])
        for unit in ([said(2), said(1, body={"n": 9})], [said(2), said(2, body={})]):
            with pytest.raises(NotRecorded, match="used for another"):
                journal.append(unit)
        assert journal.head.seq == 1


def test_a_unit_with_a_fault_is_refused_whole(tmp_path):
    with opened(tmp_path) as journal:
        with pytest.raises(InputFaults) as refused:
            journal.append([said(1), said(2, body={"x": float("nan")}), said(3, body={"y": {1}})])
        assert len(refused.value.faults) == 2
        assert journal.append([]) == ()
        assert journal.head.seq == 0


def test_a_check_refuses_one_unit_and_sees_what_goes_before_it(tmp_path):
    def admit(statements, known):
        if known.find(ulid(1)) is None:
            raise ValueError("statement 1 comes first")

    with opened(tmp_path) as journal:
        with pytest.raises(ValueError, match="comes first"):
            journal.append([said(2)], admit)
        journal.append([said(1)])
        assert journal.append([said(2)], admit)[0].seq == 2


def test_statements_and_what_mentions_them_are_found_in_every_segment(tmp_path):
    with opened(tmp_path, segment_bytes=1200) as journal:
        for number in range(1, 8):
            journal.append([said(number)])
        journal.append([said(8, corrects=ulid(2))])
        journal.append([said(9, "B", "record.confirmed", ulid(2))])
        journal.append([said(10, "B", "record.confirmed", "not an id")])
    with opened(tmp_path) as journal:
        for number in range(1, 11):
            assert journal.find(ulid(number)).statement.statement_id == ulid(number)
        assert journal.find(ulid(11)) is None
        assert journal.find("not an id") is None
        assert [record.seq for record in journal.mentioning(ulid(2))] == [8, 9]
        assert journal.mentioning("not an id") == ()
        for after in range(11):
            assert [record.seq for record in journal.records(after)] == list(range(after + 1, 11))
            assert [record.seq for record in read_records(tmp_path, after)] == list(range(after + 1, 11))


def test_an_index_that_is_gone_or_spoilt_is_made_anew(tmp_path):
    segment = write_journal(tmp_path, [1] * 9, segment_bytes=1200)
    first, second = segment.with_suffix(".index"), segment.with_name("00000002.index")
    good = first.read_bytes()
    first.unlink()
    flip(second, 8 * 150)
    with opened(tmp_path) as journal:
        assert [journal.find(ulid(number)).seq for number in range(1, 10)] == list(range(1, 10))
    assert first.read_bytes() == good


def test_threads_share_a_commit(tmp_path, monkeypatch):
    """Eight threads, 40 units each: everything recorded once, fewer syncs than units, units in one piece."""
    n_syncs, real = [], os.fdatasync
    monkeypatch.setattr(segment_file.os, "fdatasync", lambda fd: (n_syncs.append(fd), real(fd)))
    barrier, results = Barrier(8), {}

    def work(thread, journal):
        barrier.wait()
        for k in range(40):
            numbers = [1 + thread * 1000 + 2 * k, 2 + thread * 1000 + 2 * k]
            results[thread, k] = journal.append([said(number) for number in numbers])

    with opened(tmp_path) as journal:
        threads = [Thread(target=work, args=(thread, journal)) for thread in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(results) == 320
    assert all(two.seq == one.seq + 1 for one, two in results.values())
    acknowledged = {record.seq: record for pair in results.values() for record in pair}
    assert acknowledged == {record.seq: record for record in read_records(tmp_path)}
    assert len(acknowledged) == 640
    assert len(n_syncs) < 320
    assert verify(tmp_path).sound


def test_nothing_is_acknowledged_before_it_was_forced_to_disk(tmp_path, monkeypatch):
    done = []
    real = os.fdatasync
    with opened(tmp_path) as journal:
        monkeypatch.setattr(
            segment_file.os, "fdatasync", lambda fd: (done.append(journal.head.seq), real(fd))
        )
        for number in range(1, 4):
            journal.append([said(number)])
            assert done[-1] == number - 1, "the head moves after the sync"
    assert done == [0, 1, 2]


def test_one_writer_in_this_process_and_in_another(tmp_path):
    code = (
        "import sys; from datetime import *; from sarhad.ledger.journal import Journal\n"
        "from sarhad.errors import LedgerInUse\n"
        "try: Journal.open(sys.argv[1], now=lambda: datetime.now(UTC))\n"
        "except LedgerInUse as error: print(error); sys.exit(error.exit_code)\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    with opened(tmp_path) as journal:
        with pytest.raises(LedgerInUse, match=f"process {os.getpid()} writes"):
            opened(tmp_path)
        other = subprocess.run(command, capture_output=True, text=True, check=False)
        assert other.returncode == LedgerInUse.exit_code
        assert f"process {os.getpid()} writes" in other.stdout
        journal.append([said(1)])
    assert subprocess.run(command, check=False).returncode == 0
    opened(tmp_path).close()


def test_a_closed_journal_takes_nothing(tmp_path):
    journal = opened(tmp_path)
    journal.close()
    journal.close()
    with pytest.raises(NotRecorded, match="closed"):
        journal.append([said(1)])


def test_a_clock_a_little_behind_is_held_and_one_further_behind_refused(tmp_path):
    clock = Clock()
    with opened(tmp_path, now=clock) as journal:
        first = journal.append([said(1)])[0]
        clock.ahead_s = -3.0  # the next look is 1 s later: 2 s behind
        held = journal.append([said(2)])[0]
        assert held.recorded_at == first.recorded_at
        clock.ahead_s = -3600.0
        with pytest.raises(NotRecorded, match="it went back; nothing was recorded"):
            journal.append([said(3)])
        assert journal.head.seq == 2
        clock.ahead_s = 0.0
        assert journal.append([said(3)])[0].seq == 3
    clock.ahead_s = -3600.0
    with opened(tmp_path, now=clock) as journal, pytest.raises(NotRecorded, match="it went back"):
        journal.append([said(4)])
    times = [record.recorded_at for record in read_records(tmp_path)]
    assert times == sorted(times)


def test_a_clock_in_another_zone_is_taken_in_utc(tmp_path):
    from zoneinfo import ZoneInfo

    with opened(tmp_path, now=lambda: START.astimezone(ZoneInfo("Asia/Dushanbe"))) as journal:
        record = journal.append([said(1)])[0]
    assert record.recorded_at == START
    assert record.recorded_at.utcoffset() == timedelta(0)


def test_a_journal_of_a_newer_version_is_left_alone(tmp_path):
    segment = write_journal(tmp_path, [1])
    data = bytearray(segment.read_bytes())
    data[8] = 2
    data[60:64] = struct.pack("<I", crc32(bytes(data[:60])))
    segment.write_bytes(data)
    for attempt in (lambda: opened(tmp_path), lambda: list(read_records(tmp_path)), lambda: verify(tmp_path)):
        with pytest.raises(LedgerNewer, match="version 2"):
            attempt()
    assert segment.read_bytes() == data


def test_a_changed_version_is_damage_and_no_newer_version(tmp_path):
    flip(write_journal(tmp_path, [1]), 8 * 8 + 1)
    with pytest.raises(LedgerDamaged, match="header was changed"):
        opened(tmp_path)


def test_a_failed_sync_acknowledges_nothing_until_the_journal_is_opened_again(tmp_path, monkeypatch):
    clock = Clock()
    with opened(tmp_path, now=clock) as journal:
        journal.append([said(1)])

        def fail(_):
            raise OSError(5, "Input/output error")

        with monkeypatch.context() as patched:
            patched.setattr(segment_file.os, "fdatasync", fail)
            with pytest.raises(NotRecorded, match="forcing to disk failed"):
                journal.append([said(2)])
        with pytest.raises(NotRecorded, match="open the ledger again"):
            journal.append([said(3)])
        assert journal.head.seq == 1
        assert [record.seq for record in read_records(tmp_path)] == [1]
    assert verify(tmp_path).sound
    with opened(tmp_path, now=clock) as journal:
        assert journal.append([said(2), said(3)])[-1].seq == 3


def test_a_segment_that_cannot_be_opened_leaves_the_old_one_open(tmp_path, monkeypatch):
    """A closed file's number may be another file's by the next write."""
    clock = Clock()
    with opened(tmp_path, now=clock, segment_bytes=1) as journal:
        journal.append([said(1)])

        def refuse(path, end):
            raise OSError(24, "Too many open files")

        monkeypatch.setattr("sarhad.ledger.journal.SegmentFile", refuse)
        with pytest.raises(NotRecorded, match="Too many open files; nothing was recorded"):
            journal.append([said(2)])
        assert os.path.samestat(
            os.fstat(journal._file.fd), (tmp_path / "journal" / "00000001.segment").stat()
        )
        monkeypatch.undo()
        assert journal.append([said(2)])[0].seq == 2
    assert verify(tmp_path).sound


def test_all_units_of_a_commit_that_fails_are_refused(tmp_path, monkeypatch):
    """A unit that waits while the disk fails is not left hanging, nor taken for recorded."""
    entered, errors = Barrier(2, timeout=10), []

    def slow_failure(_):
        entered.wait()
        entered.wait()
        raise OSError(5, "Input/output error")

    def append(number):
        try:
            journal.append([said(number)])
        except NotRecorded as error:
            errors.append(error)

    with opened(tmp_path) as journal:
        monkeypatch.setattr(segment_file.os, "fdatasync", slow_failure)
        threads = [Thread(target=append, args=(number,)) for number in (1, 2, 3)]
        threads[0].start()
        entered.wait()
        for thread in threads[1:]:
            thread.start()
        entered.wait()
        for thread in threads:
            thread.join(timeout=10)
        monkeypatch.undo()
    assert len(errors) == 3
    assert list(read_records(tmp_path)) == []
