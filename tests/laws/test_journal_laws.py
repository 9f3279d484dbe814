"""Whatever is done to a journal, verifying says so: flips, cuts, deletions, insertions, exchanges."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ledger_cases import START, Clock, copy, flip, in_memory, said, write_journal

from sarhad.errors import LedgerError
from sarhad.ledger.authorities import FILE as AUTHORITIES
from sarhad.ledger.authorities import Authorities, PublicKey, write_authorities
from sarhad.ledger.checkpoint import FILE as CHECKPOINTS
from sarhad.ledger.checkpoint import Checkpoint, make_checkpoint, read_checkpoints, write_checkpoints
from sarhad.ledger.encoding import payload_bytes, stamp, statement_bytes
from sarhad.ledger.high_water import FILE as MARK
from sarhad.ledger.journal import Journal, read_records
from sarhad.ledger.segment import (
    SEGMENT_HEADER_BYTES,
    Flaw,
    chained,
    commit_bytes,
    commit_entries,
    commit_header,
    segment_header,
)
from sarhad.ledger.signing import new_private_key, public_bytes
from sarhad.ledger.verify import verify

KEY = new_private_key()


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    with in_memory(tmp_path_factory.mktemp("laws")) as folder:
        yield folder


@pytest.fixture(scope="module")
def sealed(place):
    """A ledger of three segments, with a checkpoint of its last record."""
    folder = place / "sealed"
    write_journal(folder, [1, 2, 2, 1, 4, 2], segment_bytes=1900)
    assert len(list((folder / "journal").glob("*.segment"))) == 3
    sign(folder)
    assert verify(folder).sound
    assert verify(folder).covered_seq == 12
    return folder


def sign(folder: Path) -> Checkpoint:
    """Trust a key and sign the last record with it."""
    write_authorities(folder / AUTHORITIES, Authorities((PublicKey("keeper", public_bytes(KEY), START),)))
    last = list(read_records(folder))[-1]
    header = segment_header((folder / "journal" / "00000001.segment").read_bytes())
    checkpoint = Checkpoint(header.previous.hex(), last.seq, last.hash, last.recorded_at, "keeper")
    signed = make_checkpoint(checkpoint, KEY)
    write_checkpoints(folder / CHECKPOINTS, [signed])
    return signed


def found(folder: Path) -> bool:
    """Whether verifying says that something does not hold, or refuses to go on."""
    try:
        return not verify(folder).sound
    except LedgerError:
        return True


def flips_not_found(folder: Path, step: int) -> list[tuple[str, int]]:
    """Flip every `step`-th bit of all that verifying vouches for: segments, mark, checkpoints."""
    missed = []
    for path in (
        *sorted((folder / "journal").glob("*.segment")),
        folder / "journal" / MARK,
        folder / CHECKPOINTS,
    ):
        data = path.read_bytes()
        for bit in range(0, 8 * len(data), step):
            flip(path, bit)
            missed += [] if found(folder) else [(path.name, bit)]
            path.write_bytes(data)
    assert verify(folder).sound
    return missed


def test_bits_of_a_small_ledger(sealed, place):
    assert flips_not_found(copy(sealed, place / "flipped"), step=13) == []


@pytest.mark.long
def test_every_bit_of_a_small_ledger(sealed, place):
    assert flips_not_found(copy(sealed, place / "flipped"), step=1) == []


def test_the_record_that_was_changed_is_named(sealed, place):
    folder = copy(sealed, place / "named")
    path = folder / "journal" / "00000001.segment"
    data = path.read_bytes()
    for number in (1, 2, 3):
        flip(path, 8 * data.index(b'"n":%d' % number))
        findings = verify(folder).findings
        assert [finding.seq for finding in findings] == [number]
        assert findings[0].what == "the record was changed"
        path.write_bytes(data)


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_bytes_cut_out_put_in_or_exchanged(sealed, place, data):
    folder = copy(sealed, place / "spoilt")
    path = data.draw(st.sampled_from(sorted((folder / "journal").glob("*.segment"))))
    whole = path.read_bytes()
    a, b = sorted(data.draw(st.tuples(*[st.integers(0, len(whole))] * 2)))
    how = data.draw(st.sampled_from(["cut", "doubled", "inserted", "overwritten"]))
    changed = {
        "cut": whole[:a] + whole[b:],
        "doubled": whole[:b] + whole[a:],
        "inserted": whole[:a] + data.draw(st.binary(min_size=1, max_size=40)) + whole[a:],
        "overwritten": whole[:a] + bytes(b - a) + whole[b:],
    }[how]
    path.write_bytes(changed)
    assert found(folder) == (changed != whole)


def test_commits_deleted_doubled_or_exchanged(sealed, place):
    """Whole commits, so that every one still holds by itself."""
    folder = copy(sealed, place / "moved")
    path = folder / "journal" / "00000001.segment"
    whole = path.read_bytes()
    bounds = commit_bounds(whole)
    assert len(bounds) >= 2
    parts = [whole[a:b] for a, b in bounds]
    head = whole[:SEGMENT_HEADER_BYTES]
    for k in range(len(parts)):
        for order in (
            parts[:k] + parts[k + 1 :],
            parts[: k + 1] + parts[k:],
            [*parts[:k], *reversed(parts[k : k + 2]), *parts[k + 2 :]],
        ):
            if order != parts:
                path.write_bytes(head + b"".join(order))
                assert found(folder)


def test_segments_exchanged_renamed_or_gone(sealed, place):
    names = [f"0000000{k}.segment" for k in (1, 2, 3)]
    for one in names:
        folder = copy(sealed, place / "files")
        (folder / "journal" / one).unlink()
        assert found(folder)
        for other in names:
            if other != one:
                folder = copy(sealed, place / "files")
                first, second = folder / "journal" / one, folder / "journal" / other
                a, b = first.read_bytes(), second.read_bytes()
                first.write_bytes(b)
                second.write_bytes(a)
                assert found(folder)


def commit_bounds(data: bytes) -> list[tuple[int, int]]:
    """(start, end) of every commit of a sound segment."""
    at, seq, bounds = SEGMENT_HEADER_BYTES, segment_header(data).first_seq, []
    while at < len(data):
        header = commit_header(data, at, seq)
        bounds.append((at, header.end))
        seq, at = header.last_seq + 1, header.end
    return bounds


def test_a_chain_written_anew_or_cut_short_is_found_by_the_checkpoint(place):
    """Whoever can write the files makes all consistent: CRCs, chain and mark; only the signature is not."""
    folder = place / "true"
    write_journal(folder, [1, 1, 1, 1])
    copied = sign(folder)
    for n_kept, changed in ((4, 2), (3, 0), (0, 0)):
        forged = place / "forged"
        copy(folder, forged)
        for path in (forged / "journal").iterdir():
            path.unlink()
        with Journal.open(forged, now=Clock()) as journal:
            for number in range(1, n_kept + 1):
                journal.append([said(number, body={"n": -number if number == changed else number})])
        assert not verify(forged).sound
        (forged / CHECKPOINTS).unlink()
        assert verify(forged).sound, "without its checkpoints nothing is left to tell by"
        assert not verify(forged, checkpoints=[copied]).sound, "a copy from elsewhere tells"


def test_a_checkpoint_by_an_unknown_key_or_of_another_ledger_is_not_trusted(sealed, place):
    folder = copy(sealed, place / "keys")
    (own,) = read_checkpoints(folder / CHECKPOINTS)
    stranger = make_checkpoint(own, new_private_key())
    write_checkpoints(folder / CHECKPOINTS, [stranger])
    verdict = verify(folder)
    assert not verdict.sound
    assert verdict.only_signatures
    assert verdict.covered_seq == 0
    foreign = make_checkpoint(Checkpoint("ff" * 32, own.seq, own.hash, own.made_at, "keeper"), KEY)
    write_checkpoints(folder / CHECKPOINTS, [foreign])
    assert "another ledger" in verify(folder).findings[0].what
    assert not verify(sealed, authorities=Authorities()).sound


def test_verifying_reads_on_behind_a_flaw(sealed, place):
    folder = copy(sealed, place / "on")
    paths = sorted((folder / "journal").glob("*.segment"))
    flip(paths[0], 8 * (SEGMENT_HEADER_BYTES + 2))  # the header of the first commit
    flip(paths[1], 8 * 20)  # the header of the second segment
    flip(paths[2], 8 * (paths[2].stat().st_size - 3))  # the last record
    verdict = verify(folder)
    assert {1, 12} <= {finding.seq for finding in verdict.findings}
    assert len(verdict.findings) >= 3
    assert 0 < verdict.n_records < 12


def holds(data: bytes, at: int, seq: int, previous: bytes) -> bool:
    """Whether the commit at an offset holds by the checks that verifying makes of it first."""
    header = commit_header(data, at, seq)
    if isinstance(header, Flaw) or header.previous != previous:
        return False
    return not isinstance(commit_entries(data, header), Flaw) and header.end == len(data)


def megabyte(place: Path) -> list[tuple[bytes, int, bytes]]:
    """Commits of a journal of one million bytes, as (bytes, first seq, hash before)."""
    commits, seq, previous, n_bytes, rng = [], 1, bytes(32), 0, random.Random(1)
    while n_bytes < 1_000_000:
        payloads, before, first = [], previous, seq
        for _ in range(rng.choice((1, 1, 2, 10))):
            payload = payload_bytes(seq, stamp(START), statement_bytes(said(seq)))
            previous = chained(previous, seq, payload)
            payloads.append(payload)
            seq += 1
        commits.append((commit_bytes(first, before, payloads), first, before))
        n_bytes += len(commits[-1][0])
    assert all(holds(data, 0, first, before) for data, first, before in commits)
    return commits


def flips_missed(commit: tuple[bytes, int, bytes], bits: range | list[int]) -> int:
    """How many single flipped bits of a commit leave it holding.

    Looking at the commit alone is enough: a flip lies in one commit, verifying reads the commits before it
    unchanged, so it comes to this one with the same number and hash, and makes these very checks of it. A
    commit that does not hold is a finding whatever follows.
    """
    data, first, before = commit
    changed, missed = bytearray(data), 0
    for bit in bits:
        changed[bit // 8] ^= 1 << bit % 8
        missed += holds(bytes(changed), 0, first, before)
        changed[bit // 8] ^= 1 << bit % 8
    return missed


def test_a_sample_of_the_bits_of_a_megabyte(place):
    """20,000 of 8 million single flips, drawn at random; the long suite takes all of them."""
    rng, commits = random.Random(2), megabyte(place)
    for _ in range(20_000):
        commit = rng.choice(commits)
        assert flips_missed(commit, [rng.randrange(8 * len(commit[0]))]) == 0


@pytest.mark.long
def test_every_bit_of_a_megabyte(place):
    """All of 8 million single flips."""
    n_bits = 0
    for commit in megabyte(place):
        n_bits += 8 * len(commit[0])
        assert flips_missed(commit, range(8 * len(commit[0]))) == 0
    assert n_bits >= 8_000_000
