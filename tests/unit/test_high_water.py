"""The high-water mark: whoever dies while writing it leaves the mark before it."""

from __future__ import annotations

import os

import pytest

from sarhad.ledger import high_water
from sarhad.ledger.high_water import FILE, Mark, MarkWriter, read_mark


class DiedError(Exception):
    """The process ended here."""


def mark(k):
    return Mark(1, 100 * k, k, bytes([k]) * 32)


def writer_at(journal, k, reopened):
    """A writer that has noted marks up to k, and perhaps was closed and opened again after that."""
    writer = MarkWriter(journal, mark(0))
    for seq in range(1, k + 1):
        writer.write(mark(seq))
    if reopened:
        writer.close()
        writer = MarkWriter(journal, mark(k))
    return writer


@pytest.mark.parametrize("reopened", [False, True])
@pytest.mark.parametrize("k", [0, 1, 2, 3])
@pytest.mark.parametrize("n_bytes", [0, 1, 11, 40, 63])
def test_a_torn_write_leaves_the_mark_before_it(tmp_path, monkeypatch, k, n_bytes, reopened):
    writer = writer_at(tmp_path, k, reopened)
    pwrite = os.pwrite

    def torn(number, data, offset):
        pwrite(number, bytes(data[:n_bytes]), offset)
        raise DiedError

    with monkeypatch.context() as patched:
        patched.setattr(high_water.os, "pwrite", torn)
        with pytest.raises(DiedError):
            writer.write(mark(k + 1))
    found, n_bad = read_mark(tmp_path)
    assert found == mark(k)
    assert n_bad <= 1

    writer.close()
    again = MarkWriter(tmp_path, mark(k))  # goes on with both slots sound
    assert read_mark(tmp_path) == (mark(k), 0)
    again.write(mark(k + 1))
    again.close()
    assert read_mark(tmp_path) == (mark(k + 1), 0)


def test_marks_are_written_in_turn(tmp_path):
    """The two slots always hold the last two marks, over any number of openings."""
    slots = []
    for k in range(1, 7):
        writer = writer_at(tmp_path, 0, False) if k == 1 else MarkWriter(tmp_path, mark(k - 1))
        writer.write(mark(k))
        writer.close()
        data = (tmp_path / FILE).read_bytes()
        slots.append({data[at + 28 : at + 29] for at in (0, 512)})
    assert slots[1:] == [{bytes([k - 1]), bytes([k])} for k in range(2, 7)]
