"""A long journal is read by a process of its own: the same rows, the same errors, and none is left over."""

from __future__ import annotations

import os
import signal
import subprocess
from datetime import UTC, datetime, timedelta

import pytest

from sarhad.errors import LedgerDamaged, LedgerError
from sarhad.ledger import rows
from sarhad.ledger.journal import Journal, read_records
from sarhad.ledger.rows import CHUNK, chunks_of, chunks_read
from sarhad.ledger.store import Head, Store
from sarhad.model.record import OnLine, Statement
from store_cases import START, statement_id

N = 4 * CHUNK + 1


@pytest.fixture(scope="module")
def ledger(tmp_path_factory):
    """A journal of several chunks."""
    folder = tmp_path_factory.mktemp("ledger")
    said = [
        Statement(
            statement_id(k),
            "asset.state",
            f"Пост-{k % 7}",
            START,
            "donor",
            "",
            body={"note": "as reported " * 9},
            place=OnLine("main", float(k), k + 0.5) if k % 3 else None,
        )
        for k in range(1, N + 1)
    ]
    with Journal.open(folder, now=lambda: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=1)) as journal:
        journal.append(said)
    return folder


@pytest.fixture
def readers(monkeypatch):
    """Every journal counts as long; the processes that were started."""
    monkeypatch.setattr(rows, "LONG_BYTES", 0)
    started = []
    popen = subprocess.Popen

    def start(*args, **options):
        started.append(popen(*args, **options))
        return started[-1]

    monkeypatch.setattr(rows.subprocess, "Popen", start)
    return started


def test_another_process_reads_the_same_rows(ledger, readers):
    assert list(chunks_read(ledger)) == list(chunks_of(read_records(ledger)))
    assert [reader.returncode for reader in readers] == [0]


def test_a_short_journal_is_read_here(ledger, readers, monkeypatch):
    monkeypatch.setattr(rows, "LONG_BYTES", 2**30)
    assert sum(map(len, chunks_read(ledger))) == N
    assert not readers


def test_what_the_reader_finds_damaged_is_raised_here(tmp_path, ledger, readers):
    (tmp_path / "journal").mkdir()
    for path in (ledger / "journal").iterdir():
        data = bytearray(path.read_bytes())
        if path.suffix == ".segment":
            data[len(data) // 2] ^= 1
        (tmp_path / "journal" / path.name).write_bytes(data)
    with pytest.raises(LedgerDamaged, match="was changed"):
        list(chunks_read(tmp_path))
    assert readers


@pytest.mark.parametrize("what", ["the reader is killed", "the work is interrupted"])
def test_a_build_that_ends_early_leaves_the_old_store_and_no_reader(tmp_path, ledger, readers, what):
    def progress(done):
        if what == "the work is interrupted":
            raise KeyboardInterrupt
        os.kill(readers[0].pid, signal.SIGKILL)

    with Store.open(f"sqlite:///{tmp_path}/store.sqlite") as store:
        with pytest.raises(KeyboardInterrupt if "work" in what else LedgerError) as raised:
            store.rebuild(ledger, progress=progress)
        assert "work" in what or "ended before its time" in str(raised.value)
        assert store.head == Head(0, "")
    assert readers[0].returncode is not None  # gone, and waited for
    assert [path.name for path in tmp_path.iterdir() if "building" in path.name] == []
