"""The ledger's rules: own corrections only, two sign where two must agree, a failing store loses nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.ledger_cases import START, Clock, said, ulid

from sarhad.errors import InputFaults, LedgerError, LedgerInUse, NotRecorded, NotTrusted, UnknownName
from sarhad.ledger import ledger as ledger_module
from sarhad.ledger.authorities import FILE as AUTHORITIES
from sarhad.ledger.authorities import (
    Authorities,
    PublicKey,
    change_authorities,
    read_authorities,
    write_authorities,
)
from sarhad.ledger.checkpoint import FILE as CHECKPOINTS
from sarhad.ledger.checkpoint import read_checkpoints
from sarhad.ledger.journal import read_records
from sarhad.ledger.ledger import (
    Ledger,
    Signer,
    init_ledger,
    ledger_folder,
    open_ledger,
    rebuild_store,
)
from sarhad.ledger.signing import new_private_key, public_bytes, sign
from sarhad.ledger.standing import Countersigned
from sarhad.ledger.verify import verify
from sarhad.model.record import CONFIRMED, CONTESTED, WITHDRAWN

KEYS = {name: new_private_key() for name in ("A", "B", "C")}
KNOWN = Authorities(tuple(PublicKey(name, public_bytes(key), START) for name, key in KEYS.items()))
LATER = START + timedelta(days=1)


def by(name, number, kind="asset.state", subject="", **fields):
    """A statement signed with its authority's key."""
    return sign(said(number, name, kind, subject, **fields), KEYS[name])


@pytest.fixture
def folder(tmp_path):
    init_ledger(tmp_path / "ledger", now=Clock(), origin=b"o" * 32)
    write_authorities(tmp_path / "ledger" / AUTHORITIES, KNOWN)
    return tmp_path / "ledger"


@pytest.fixture
def ledger(folder):
    with Ledger.open(folder, now=Clock()) as opened:
        opened.record([said(1, "A"), said(2, "B")])
        yield opened


def test_own_statements_are_corrected_and_withdrawn(ledger):
    ledger.record([said(3, "A", corrects=ulid(1))])
    ledger.record([said(4, "A", WITHDRAWN, "x", corrects=ulid(3))])
    ledger.record([said(5, "B"), said(6, "B", corrects=ulid(5))])
    assert ledger.store.head.seq == ledger.journal.head.seq == 6


def test_what_was_signed_is_taken_back_by_a_signature_only(ledger):
    ledger.record([by("A", 3), by("A", 4, corrects=ulid(3))])
    for taken_back in (said(5, "A", corrects=ulid(4)), said(5, "A", WITHDRAWN, "x", corrects=ulid(4))):
        with pytest.raises(NotTrusted, match=f"needs a signature: {ulid(4)}, which it takes back, has one"):
            ledger.record([taken_back])
    ledger.record([by("A", 5, WITHDRAWN, "x", corrects=ulid(4))])


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        (said(9, "B", corrects=ulid(1)), "contest it instead"),
        (said(9, "B", WITHDRAWN, "x", corrects=ulid(1)), "contest it instead"),
        (said(9, "A", CONFIRMED, ulid(2)), "needs a signature"),
        (said(9, "A", "programme.accepted"), "needs a signature"),
        (said(9, "A", "claim.resolved"), "needs a signature"),
        (by("A", 9, CONFIRMED, ulid(1)), "cannot agree or disagree with itself"),
        (by("A", 9, CONTESTED, ulid(1), body={"reason": "r"}), "cannot agree or disagree with itself"),
        (sign(said(9, "A"), KEYS["B"]), "does not fit any key of A"),
        (sign(said(9, "Z"), KEYS["A"]), "no known key"),
    ],
)
def test_what_is_not_trusted(ledger, statement, words):
    with pytest.raises(NotTrusted, match=words):
        ledger.record([said(8, "A"), statement])
    assert ledger.journal.head.seq == 2, "nothing of the unit was recorded"


@pytest.mark.parametrize(
    ("statement", "column"),
    [
        (said(9, "A", corrects=ulid(7)), "corrects"),
        (said(9, "A", WITHDRAWN, "x"), "corrects"),
        (said(9, "A", "claim.made", corrects=ulid(1)), "kind"),
        (by("A", 9, CONFIRMED, ulid(7)), "subject_id"),
        (by("A", 9, CONTESTED, ulid(2)), "body.reason"),
    ],
)
def test_what_names_nothing_or_says_too_little(ledger, statement, column):
    with pytest.raises(InputFaults) as refused:
        ledger.record([statement])
    assert [fault.column for fault in refused.value.faults] == [column]
    assert ledger.journal.head.seq == 2


def test_what_was_corrected_once_is_corrected_no_more(ledger):
    ledger.record([said(3, "A", corrects=ulid(1))])
    for unit in (
        [said(4, "A", corrects=ulid(1))],
        [said(4, "A", corrects=ulid(3)), said(5, "A", WITHDRAWN, "x", corrects=ulid(3))],
    ):
        with pytest.raises(InputFaults, match="a statement that stands"):
            ledger.record(unit)


def test_a_countersignature_is_not_countersigned(ledger):
    ledger.record([by("B", 3, CONFIRMED, ulid(1))])
    with pytest.raises(InputFaults, match="no countersignature itself"):
        ledger.record([by("C", 4, CONFIRMED, ulid(3))])


def test_who_agrees_and_who_does_not(ledger):
    assert ledger.countersigned(ulid(1), LATER) == Countersigned((), ())
    ledger.record(
        [by("B", 3, CONFIRMED, ulid(1)), by("C", 4, CONTESTED, ulid(1), body={"reason": "two came"})]
    )
    assert ledger.countersigned(ulid(1), LATER) == Countersigned(("B",), ("C",))
    ledger.record([by("C", 5, WITHDRAWN, "x", corrects=ulid(4))])
    assert ledger.countersigned(ulid(1), LATER) == Countersigned(("B",), ())
    with pytest.raises(UnknownName):
        ledger.countersigned(ulid(77), LATER)


def test_a_statement_sent_again_is_answered_even_when_its_key_has_ended(folder):
    clock = Clock()
    with Ledger.open(folder, now=clock) as ledger:
        first = ledger.record([by("A", 1)])
        ledger.authorities = ledger.authorities.revoked(KNOWN.keys[0].key_id, START)
        assert ledger.record([by("A", 1)]) == first
        with pytest.raises(NotTrusted, match="was valid on"):
            ledger.record([by("A", 2)])


def test_checkpoints_are_made_every_so_often_and_on_closing(folder):
    signer = Signer("A", KEYS["A"])
    with Ledger.open(folder, now=Clock(), signer=signer, checkpoint_every=3) as ledger:
        for number in range(1, 9):
            ledger.record([said(number)])
    assert [one.seq for one in read_checkpoints(folder / CHECKPOINTS)] == [3, 6, 8]
    assert verify(folder).covered_seq == 8
    assert verify(folder).sound
    for n_new, made in ((0, [3, 6, 8]), (1, [3, 6, 8, 9])):
        clock = Clock()
        clock.ahead_s = 3600.0
        with Ledger.open(folder, now=clock, signer=signer, checkpoint_every=3) as ledger:
            ledger.record([said(20 + k) for k in range(n_new)])
        assert [one.seq for one in read_checkpoints(folder / CHECKPOINTS)] == made, "those there count"
    stranger = Signer("A", KEYS["B"])
    with pytest.raises(NotTrusted, match="not one of its valid keys"):
        Ledger.open(folder, now=Clock(), signer=stranger)
    with Ledger.open(folder, now=Clock()) as ledger:
        with pytest.raises(LedgerError, match="needs an authority"):
            ledger.checkpoint()
        assert ledger.checkpoint(signer).seq == 9


def test_an_empty_ledger_has_nothing_to_sign(folder):
    ledger = Ledger.open(folder, now=Clock(), signer=Signer("A", KEYS["A"]))
    with ledger, pytest.raises(LedgerError, match="empty"):
        ledger.checkpoint()


def test_a_store_that_fails_loses_no_record(folder, monkeypatch):
    with Ledger.open(folder, now=Clock()) as ledger:
        ledger.record([said(1)])

        def refuse(records):
            raise LedgerInUse("the store is locked")

        with monkeypatch.context() as patched:
            patched.setattr(ledger.store, "project", refuse)
            assert ledger.record([said(2)])[0].seq == 2
            assert "the store is locked" in ledger.fault
        ledger.record([said(3)])
        assert ledger.fault == ""
        assert ledger.store.head.seq == 3


def test_checkpoints_that_cannot_be_written_are_no_record_lost(folder, monkeypatch):
    def full(path, checkpoints):
        raise OSError(28, "No space left on device")

    signer = Signer("A", KEYS["A"])
    ledger = Ledger.open(folder, now=Clock(), signer=signer, checkpoint_every=1)
    with ledger, monkeypatch.context() as patched:
        patched.setattr(ledger_module, "write_checkpoints", full)
        assert ledger.record([said(1)])[0].seq == 1
        assert "no checkpoint was made" in ledger.fault
        with pytest.raises(NotRecorded, match="No space left"):
            ledger.checkpoint()
        patched.undo()


def test_opening_makes_good_what_the_store_lacks(folder):
    with Ledger.open(folder, now=Clock()) as ledger:
        ledger.record([said(1), said(2)])
    (folder / "store.sqlite").unlink()
    clock = Clock()
    clock.ahead_s = 100.0
    with Ledger.open(folder, now=clock) as ledger:
        assert ledger.store.head.seq == 2
    assert rebuild_store(folder, now=clock) == 2


def test_a_ledger_is_begun_once_and_not_by_a_slip_of_the_pen(folder, tmp_path):
    with pytest.raises(InputFaults, match="a folder without a ledger"):
        init_ledger(folder, now=Clock(), origin=bytes(32))
    with pytest.raises(UnknownName, match="there is no ledger"):
        Ledger.open(tmp_path / "legder", now=Clock())
    with pytest.raises(UnknownName):
        rebuild_store(tmp_path / "legder", now=Clock())
    assert not (tmp_path / "legder").exists()


def test_the_ledger_of_a_project_lies_in_it(folder, tmp_path):
    assert ledger_folder(folder) == folder
    assert ledger_folder(tmp_path) == folder
    (tmp_path / "new").mkdir()
    assert ledger_folder(tmp_path / "new") == tmp_path / "new"
    (tmp_path / "new" / "project.toml").write_text("")
    assert ledger_folder(tmp_path / "new") == tmp_path / "new" / "ledger"
    with open_ledger(tmp_path, now=Clock()) as ledger:
        assert ledger.folder == folder
    assert list(read_records(folder)) == []


def test_keys_are_changed_while_nobody_else_writes(folder):
    """Neither beside a writer, who would not see it, nor between another's reading and writing."""
    key = PublicKey("C", public_bytes(new_private_key()), START)
    before = read_authorities(folder / AUTHORITIES)
    with Ledger.open(folder, now=Clock()), pytest.raises(LedgerInUse, match="writes to this ledger"):
        change_authorities(folder, lambda known: known.with_key(key))

    def change(known):
        with pytest.raises(LedgerInUse):
            change_authorities(folder, lambda other: other)
        return known.with_key(key)

    change_authorities(folder, change)
    assert read_authorities(folder / AUTHORITIES).keys == (*before.keys, key)
    with pytest.raises(UnknownName):
        change_authorities(folder, lambda known: known.revoked("ffff", START))
    change_authorities(folder, lambda known: known.revoked(key.key_id, START))  # the lock was given back
    assert read_authorities(folder / AUTHORITIES).keys[-1].valid_to == START
