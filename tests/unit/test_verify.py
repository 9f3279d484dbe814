"""What verifying says of bytes that are chained well and make no sense."""

from __future__ import annotations

import pytest
from tests.ledger_cases import START, Clock, said, ulid, write_journal

from sarhad.errors import LedgerDamaged
from sarhad.ledger.encoding import payload_bytes, stamp, statement_bytes
from sarhad.ledger.journal import Journal, read_records
from sarhad.ledger.reading import segment_path
from sarhad.ledger.segment import chained, commit_bytes, segment_header_bytes
from sarhad.ledger.verify import verify


def forged(folder, payloads):
    """A journal of one commit with any payloads, whose numbers, CRCs and chain all hold."""
    journal = folder / "journal"
    journal.mkdir(parents=True)
    data = segment_header_bytes(1, 1, bytes(32)) + commit_bytes(1, bytes(32), payloads)
    segment_path(journal, 1).write_bytes(data)
    return folder


def payload(number, **changed):
    text = payload_bytes(number, stamp(START), statement_bytes(said(number)))
    for old, new in changed.values():
        assert old in text
        text = text.replace(old, new)
    return text


def test_what_is_forged_here_holds_where_it_makes_sense(tmp_path):
    folder = forged(tmp_path, [payload(1), payload(2)])
    assert verify(folder).sound
    assert [record.seq for record in read_records(folder)] == [1, 2]
    assert verify(folder).head_hash == chained(chained(bytes(32), 1, payload(1)), 2, payload(2)).hex()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ((ulid(2).encode(), b"not a ulid"), "not a record"),
        ((ulid(2).encode(), ulid(2).encode() + b"\\n"), "not a record"),
        ((b'"kind":"asset.state"', b'"kind":"nothing"'), "register.verb"),
        ((b'"author":"clerk"', b'"author":"cl\\u0000erk"'), "NUL"),
        ((b'"place":null', b'"place":{"part_id":"p","from_m":2.0,"to_m":1.0,"offset_m":0.0}'), "from_m"),
        ((b'"place":null', b'"place":{"part_id":"\\u0000","from_m":0,"to_m":1,"offset_m":0}'), "NUL"),
        ((b'"body":{"n":2}', b'"body":[]'), "not a record"),
        ((b'"recorded_at":"2026-01-01T00:00:00Z"', b'"recorded_at":"2026-01-01T00:00:00"'), "not a record"),
        ((b'"happened_at":"2026-01-01T00:00:00Z"', b'"happened_at":"2026-01-01T00:00:00"'), "UTC"),
        ((b'"seq":2', b'"seq":3'), "says that it is number 3"),
    ],
)
def test_a_record_that_is_none_is_named_and_never_a_surprise(tmp_path, change, words):
    folder = forged(tmp_path, [payload(1), payload(2, change=change)])
    (finding,) = verify(folder).findings
    assert finding.seq == 2
    assert words in finding.what
    with pytest.raises(LedgerDamaged, match="record 2"):
        list(read_records(folder))


@pytest.mark.parametrize("segment_bytes", [2**20, 900])
def test_an_id_recorded_twice_is_named(tmp_path, segment_bytes):
    write_journal(tmp_path, [1] * 8, segment_bytes=segment_bytes)
    assert verify(tmp_path).sound
    clock = Clock()
    clock.ahead_s = 3600.0
    with Journal.open(tmp_path, now=clock, segment_bytes=segment_bytes) as journal:
        journal.seq_of = lambda number: None  # a writer that forgets what it holds
        journal.append([said(3), said(20)])
        journal.append([said(8)])
    found = verify(tmp_path).findings
    assert [finding.seq for finding in found] == [9, 11]
    assert f"{ulid(3)}, the statement of record 3" in found[0].what


def test_segments_of_another_ledger_do_not_go_on_from_this_one(tmp_path):
    """Same numbers, same lengths, each sound by itself, and the other's mark: only the joint tells."""
    for name, author in (("one", "clerk"), ("two", "baker")):
        with Journal.open(tmp_path / name, now=Clock(), segment_bytes=900) as journal:
            for number in range(1, 7):
                journal.append([said(number, body={"by": author})])
        assert verify(tmp_path / name).sound
    one, two = tmp_path / "one" / "journal", tmp_path / "two" / "journal"
    names = sorted(path.name for path in one.glob("*.segment"))
    assert names == sorted(path.name for path in two.glob("*.segment"))
    assert len(names) > 2
    for name in (*names[1:], "high-water"):
        (one / name).write_bytes((two / name).read_bytes())
    (finding,) = verify(tmp_path / "one").findings
    assert finding.what == "the chain does not hold before this segment"
    assert finding.place == names[1]
