"""A store that is far behind its journal is brought up before it is asked, and it is seen how far it is."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ledger_cases import Clock, said
from sarhad.interfaces.cli.app import app
from sarhad.ledger import stood
from sarhad.ledger.ledger import init_ledger, open_ledger, store_url_of
from sarhad.ledger.reading import read_records
from sarhad.ledger.store import BATCH, Store

N = 2 * BATCH + 5


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """A ledger whose store knows a first record of N."""
    now, folder = Clock(), tmp_path / "ledger"
    init_ledger(folder, now=now, origin=bytes(32))
    with open_ledger(folder, now=now) as opened:
        opened.record([said(k) for k in range(1, N + 1)])
    with Store.open(store_url_of(folder)) as store:
        store.replace(islice(read_records(folder), 1))
    return folder


def test_every_batch_is_told_and_then_there_is_nothing_to_tell(ledger, monkeypatch):
    monkeypatch.setattr(stood, "LONG", N - 1)
    told: list[tuple[int, int]] = []
    for _ in range(2):
        assert stood.bring_up(ledger, progress=lambda *done: told.append(done)) == ""
    assert told == [(1 + BATCH, N), (1 + 2 * BATCH, N), (N, N)]


def test_a_store_a_little_behind_is_brought_up_without_a_word(ledger, monkeypatch):
    monkeypatch.setattr(stood, "LONG", N)
    assert stood.bring_up(ledger, progress=lambda *_: pytest.fail("told")) == ""
    with Store.open(store_url_of(ledger)) as store:
        assert store.head.seq == N


@pytest.mark.parametrize("words", [("programme", "status"), ("programme", "report"), ("claims", "list")])
def test_whoever_asks_sees_it(ledger, monkeypatch, words):
    monkeypatch.setattr(stood, "LONG", 1)
    done = CliRunner().invoke(app, [*words, str(ledger), "--json"])
    assert done.exit_code == 0, done.output
    assert f"records to the store: {N} of {N}" in done.stderr


def test_why_a_store_was_built_anew_is_said(ledger):
    Path(store_url_of(ledger).removeprefix("sqlite:///")).write_bytes(b"no database")
    done = CliRunner().invoke(app, ["programme", "status", str(ledger), "--json"])
    assert done.exit_code == 0, done.output
    assert "The store was built anew" in done.stderr
