"""A full disk: nothing acknowledged, nothing corrupt, and on again when there is room."""

from __future__ import annotations

import resource
import signal
from pathlib import Path

import pytest
from tests.ledger_cases import Clock, said

from sarhad.errors import NotRecorded
from sarhad.ledger.journal import Journal, read_records
from sarhad.ledger.verify import verify


def fill(journal: Journal) -> list[int]:
    """Append until the disk does not take it; returns what was acknowledged."""
    numbers: list[int] = []
    for number in range(journal.head.seq + 1, 100_000):
        try:
            numbers += [record.seq for record in journal.append([said(number, body={"text": "x" * 3000})])]
        except NotRecorded:
            return numbers
    raise AssertionError("the disk never filled up")


@pytest.mark.parametrize("segment_bytes", [2**20, 20_000])
def test_a_full_file_system(small_disk, segment_bytes):
    """Within a segment, and where the next segment or its index no longer fits."""
    folder = small_disk / "ledger"
    with Journal.open(folder, now=Clock(), segment_bytes=segment_bytes) as journal:
        journal.append([said(1)])
        ballast = small_disk / "ballast"
        ballast.write_bytes(bytes(100_000))
        acknowledged = [1, *fill(journal)]
        assert len(acknowledged) > 10
        assert journal.head.seq == acknowledged[-1]
        with pytest.raises(NotRecorded, match="nothing was recorded"):
            journal.append([said(90_000, body={"text": "x" * 3000})])
        assert [record.seq for record in read_records(folder)] == acknowledged
        assert verify(folder).sound
        ballast.unlink()
        assert len(fill(journal)) > 10, "there is room again"
        head = journal.head
    verdict = verify(folder)
    assert verdict.sound
    assert verdict.head_seq == verdict.n_records == head.seq
    clock = Clock()
    clock.ahead_s = 1e6
    with Journal.open(folder, now=clock, segment_bytes=segment_bytes) as journal:
        assert journal.recovery.n_bytes_cut == 0
        assert journal.head == head


def test_a_file_that_may_not_grow(tmp_path):
    """The same by a limit on the size of files, for whoever may not mount."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        with Journal.open(tmp_path, now=Clock()) as journal:
            resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, limits[1]))
            acknowledged = fill(journal)
            assert verify(tmp_path).sound
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
            assert journal.append([said(90_000)])[0].seq == acknowledged[-1] + 1
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, ignored)
    verdict = verify(Path(tmp_path))
    assert verdict.sound
    assert verdict.n_records == len(acknowledged) + 1
