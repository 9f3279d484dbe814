"""Ledgers moved between machines: equal chains join, chains that went on apart are both kept."""

from __future__ import annotations

import zipfile

import msgspec
import pytest
from tests.ledger_cases import START, Clock, said, ulid

from sarhad.errors import (
    InputFaults,
    LedgerDamaged,
    LedgerError,
    LedgerNewer,
    NotRecorded,
    NotTrusted,
    UnknownName,
)
from sarhad.ledger import transfer
from sarhad.ledger import verify as verify_module
from sarhad.ledger.authorities import FILE as AUTHORITIES
from sarhad.ledger.authorities import Authorities, PublicKey, read_authorities, write_authorities
from sarhad.ledger.checkpoint import FILE as CHECKPOINTS
from sarhad.ledger.checkpoint import read_checkpoints
from sarhad.ledger.journal import Journal, read_records
from sarhad.ledger.ledger import Ledger, Signer, init_ledger
from sarhad.ledger.signing import new_private_key, public_bytes, sign
from sarhad.ledger.transfer import branch_folder, branches, export_ledger, import_ledger
from sarhad.ledger.verify import verify
from sarhad.model.record import CONFIRMED

KEY = new_private_key()
KNOWN = Authorities((PublicKey("A", public_bytes(KEY), START),))


@pytest.fixture
def now():
    return Clock()


@pytest.fixture
def home(tmp_path, now):
    """A ledger of some records in small segments, with a checkpoint."""
    folder = tmp_path / "home"
    init_ledger(folder, now=now, origin=b"o" * 32)
    write_authorities(folder / AUTHORITIES, KNOWN)
    more(folder, now, 1, 12)
    with Ledger.open(folder, now=now, signer=Signer("A", KEY)):
        pass
    return folder


def more(folder, now, first, last):
    with Journal.open(folder, now=now, segment_bytes=1500) as journal:
        for number in range(first, last + 1):
            journal.append([said(number)])


def carried(folder, to, now, **options):
    file = folder.parent / "carried.sarhad-ledger"
    export_ledger(folder, file, **options)
    return import_ledger(to, file, now=now)


def all_of(folder):
    return list(read_records(folder))


def test_a_new_folder_becomes_a_copy(home, tmp_path, now):
    done = carried(home, tmp_path / "away", now)
    assert (done.n_added, done.last_seq, done.branch) == (12, 12, None)
    assert all_of(tmp_path / "away") == all_of(home)
    verdict = verify(tmp_path / "away")
    assert verdict.sound
    assert verdict.covered_seq == 12
    assert not list(tmp_path.glob("*.incoming"))


def test_the_one_that_is_behind_catches_up_with_the_same_hashes(home, tmp_path, now):
    away = tmp_path / "away"
    carried(home, away, now)
    more(away, now, 13, 20)
    for from_seq in (1, 13):
        file = tmp_path / f"{from_seq}.sarhad-ledger"
        export_ledger(away, file, from_seq=from_seq)
    assert (tmp_path / "13.sarhad-ledger").stat().st_size < (tmp_path / "1.sarhad-ledger").stat().st_size
    done = import_ledger(home, tmp_path / "13.sarhad-ledger", now=now)
    assert (done.n_added, done.last_seq) == (8, 20)
    assert all_of(home) == all_of(away)
    assert verify(home).sound
    assert import_ledger(home, tmp_path / "1.sarhad-ledger", now=now).n_added == 0
    assert carried(home, away, now).n_added == 0, "and back again: nothing is missing there"
    more(home, now, 21, 22)
    assert import_ledger(home, tmp_path / "1.sarhad-ledger", now=now).n_added == 0, "a file that is behind"


def test_copies_that_went_on_apart_are_both_kept(home, tmp_path, now):
    away = tmp_path / "away"
    carried(home, away, now)
    more(home, now, 13, 15)
    more(away, now, 23, 27)
    before = all_of(home)
    done = carried(away, home, now)
    assert (done.n_added, done.branch.differs_at, done.branch.last_seq) == (0, 13, 17)
    assert all_of(home) == before
    kept = branch_folder(home, done.branch.branch_id)
    assert all_of(kept) == all_of(away)
    assert verify(kept).sound
    assert verify(home).sound
    assert branches(home) == (done.branch,)
    assert carried(away, home, now).branch == done.branch, "the same copy is kept once"
    more(away, now, 28, 28)
    assert carried(away, home, now).branch.branch_id != done.branch.branch_id
    assert len(branches(home)) == 2
    with pytest.raises(UnknownName, match="no branch 7"):
        branch_folder(home, "7")


@pytest.mark.parametrize("n_same", [0, 1, 6, 11])
def test_the_first_record_that_differs_is_found(home, tmp_path, now, n_same):
    away = tmp_path / "away"
    init_ledger(away, now=now, origin=b"o" * 32)
    write_authorities(away / AUTHORITIES, KNOWN)
    file = tmp_path / "same.sarhad-ledger"
    with Journal.open(away, now=Clock()) as journal:
        entries = [entry for _, entry in transfer.read_entries(home)][:n_same]
        if entries:
            journal.adopt(entries)
    more(away, now, 500, 505)
    export_ledger(away, file)
    assert import_ledger(home, file, now=now).branch.differs_at == n_same + 1


def test_a_file_with_a_hole_before_it_or_of_another_ledger_is_refused(home, tmp_path, now):
    away, other = tmp_path / "away", tmp_path / "other"
    carried(home, away, now)
    more(away, now, 13, 40)
    export_ledger(away, tmp_path / "late.sarhad-ledger", from_seq=40)
    with pytest.raises(LedgerError, match="export again from record 13"):
        import_ledger(home, tmp_path / "late.sarhad-ledger", now=now)
    with pytest.raises(LedgerError, match="a new copy needs all"):
        import_ledger(tmp_path / "new", tmp_path / "late.sarhad-ledger", now=now)
    init_ledger(other, now=now, origin=b"p" * 32)
    more(other, now, 1, 2)
    with pytest.raises(LedgerError, match="another ledger"):
        carried(other, home, now)
    with pytest.raises(InputFaults, match="a folder with other things"):
        import_ledger(tmp_path, tmp_path / "late.sarhad-ledger", now=now)
    with pytest.raises(InputFaults, match="records 99 to the last"):
        export_ledger(home, tmp_path / "none.sarhad-ledger", from_seq=99)
    assert not (tmp_path / "new").exists()


def test_a_file_that_was_changed_is_refused_and_nothing_stays_behind(home, tmp_path, now):
    file, away = tmp_path / "x.sarhad-ledger", tmp_path / "away"
    export_ledger(home, file)
    whole, before = file.read_bytes(), all_of(home)
    n_refused = 0
    for at in range(0, len(whole), 37):
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 16]) + whole[at + 1 :])
        for to in (home, away):
            try:
                import_ledger(to, file, now=now)
            except (InputFaults, LedgerError):
                n_refused += 1
                assert not away.exists()
            else:  # a byte of the archive that holds nothing, such as a version or an attribute
                assert all_of(to) == before
                transfer.shutil.rmtree(away, ignore_errors=True)
    assert n_refused > len(whole) // 37
    file.write_bytes(whole[: len(whole) // 2])
    with pytest.raises((InputFaults, LedgerDamaged)):
        import_ledger(home, file, now=now)
    assert all_of(home) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "x.sarhad-ledger"]
    assert list((home / "branches").glob(".incoming*")) == []


def test_what_is_no_exported_ledger(home, tmp_path, now):
    file = tmp_path / "x.sarhad-ledger"
    with pytest.raises(InputFaults, match="No such file"):
        import_ledger(home, file, now=now)
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("readme.txt", "hello")
    with pytest.raises(InputFaults, match=r"manifest\.json"):
        import_ledger(home, file, now=now)
    manifest = {"format": 1, "origin": "", "first_seq": 1, "last_seq": 1, "last_hash": ""}
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("manifest.json", msgspec.json.encode(manifest))
        archive.writestr("../../escaped", "x")
    with pytest.raises(InputFaults, match="a member"):
        import_ledger(home, file, now=now)
    assert not (tmp_path.parent / "escaped").exists()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("manifest.json", msgspec.json.encode(manifest | {"format": 2}))
    with pytest.raises(LedgerNewer):
        import_ledger(home, file, now=now)


def test_keys_are_not_taken_over(home, tmp_path, now):
    """A signature by a key that is not trusted here is not trusted because the file brings the key along."""
    away = tmp_path / "away"
    carried(home, away, now)
    stranger = new_private_key()
    keys = (*KNOWN.keys, PublicKey("B", public_bytes(stranger), START))
    write_authorities(away / AUTHORITIES, Authorities(keys))
    with Ledger.open(away, now=now) as ledger:
        ledger.record([sign(said(13, "B", CONFIRMED, ulid(1)), stranger)])
    with pytest.raises(NotTrusted, match="B: it has no known key"):
        carried(away, home, now)
    assert len(all_of(home)) == 12
    write_authorities(home / AUTHORITIES, Authorities(keys))
    assert carried(away, home, now).n_added == 1


def test_a_new_copy_trusts_the_keys_it_is_given_and_says_which_came_with_the_file(home, tmp_path, now):
    file = tmp_path / "carried.sarhad-ledger"
    export_ledger(home, file)
    assert import_ledger(tmp_path / "one", file, now=now).taken_over == (KNOWN.keys[0].key_id,)
    own = Authorities((*KNOWN.keys, PublicKey("B", public_bytes(new_private_key()), START)))
    done = import_ledger(tmp_path / "two", file, now=now, authorities=own)
    assert done.taken_over == ()
    assert read_authorities(tmp_path / "two" / AUTHORITIES) == own
    with pytest.raises(NotTrusted, match="no known key"):
        import_ledger(tmp_path / "three", file, now=now, authorities=Authorities((own.keys[1],)))
    assert not (tmp_path / "three").exists()


@pytest.mark.parametrize(("to_seq", "last_seq"), [(1, 1), (11, 11), (12, 12), (13, 12), (14, 14), (99, 15)])
def test_what_was_recorded_up_to_a_number_is_taken_out(home, tmp_path, now, to_seq, last_seq):
    """Records 13 and 14 were recorded as one, 15 alone."""
    with Journal.open(home, now=now, segment_bytes=1500) as journal:
        journal.append([said(13), said(14)])
        journal.append([said(15)])
    file = tmp_path / "first.sarhad-ledger"
    assert export_ledger(home, file, to_seq=to_seq).last_seq == last_seq
    import_ledger(tmp_path / "away", file, now=now)
    assert all_of(tmp_path / "away") == all_of(home)[:last_seq]
    assert verify(tmp_path / "away").sound
    if to_seq < 12:
        with pytest.raises(InputFaults, match="records 12 to"):
            export_ledger(home, file, from_seq=12, to_seq=to_seq)
    if to_seq == 13:
        with pytest.raises(InputFaults, match="recorded as one with later ones"):
            export_ledger(home, file, from_seq=13, to_seq=to_seq)


def test_a_clock_that_ran_ahead_is_lived_down_and_the_wrong_copy_kept(home, tmp_path, now):
    """What is recorded in 2099 blocks the ledger; what was before goes on, the rest is said again."""
    now.ahead_s = 73 * 365 * 86_400.0
    more(home, now, 13, 14)
    now.ahead_s = 0.0
    with pytest.raises(NotRecorded, match=r"export --to"):
        more(home, now, 15, 15)
    good, whole = tmp_path / "good.sarhad-ledger", tmp_path / "whole.sarhad-ledger"
    export_ledger(home, good, to_seq=12)
    export_ledger(home, whole)
    mended = tmp_path / "mended"
    import_ledger(mended, good, now=now)
    with pytest.raises(LedgerError, match=r"recorded on 20\d\d.*one of the two clocks is wrong"):
        import_ledger(mended, whole, now=now)
    assert len(all_of(mended)) == 12
    more(mended, now, 13, 15)
    branch = import_ledger(mended, whole, now=now).branch
    assert branch is not None
    assert (branch.differs_at, branch.last_seq) == (13, 14)
    assert [one.statement.statement_id for one in all_of(mended)[12:]] == [ulid(13), ulid(14), ulid(15)]
    assert verify(mended).sound


def test_a_copy_that_breaks_the_rules_is_refused(home, tmp_path, now):
    away = tmp_path / "away"
    carried(home, away, now)
    with Journal.open(away, now=now) as journal:
        journal.append([said(13), said(14, "B", corrects=ulid(1))])
    with pytest.raises(NotTrusted, match="contest it instead"):
        carried(away, home, now)
    assert len(all_of(home)) == 12


def test_what_is_recorded_here_already_is_not_taken_in_again(home, tmp_path, now, monkeypatch):
    """A file that begins behind the statement that it repeats: only the ledger itself can tell."""
    away = tmp_path / "away"
    carried(home, away, now)
    more(away, now, 13, 22)
    with Journal.open(away, now=now, segment_bytes=1500) as journal:
        journal.seq_of = lambda number: None  # a writer that forgets what it holds
        journal.append([said(2)])
    file = tmp_path / "later.sarhad-ledger"
    with monkeypatch.context() as patched:
        patched.setattr("sarhad.ledger.id_index.Ids.repeated", lambda ids: [])
        assert export_ledger(away, file, from_seq=13).first_seq > 2
    with pytest.raises(LedgerDamaged, match="says again what is recorded here"):
        import_ledger(home, file, now=now)
    assert verify(home).sound


def test_an_import_cut_short_is_a_whole_copy_of_some_length_and_goes_on(home, tmp_path, now, monkeypatch):
    away = tmp_path / "away"
    carried(home, away, now)
    more(away, now, 13, 60)
    monkeypatch.setattr(transfer, "_COMMIT_RECORDS", 10)
    real, n_calls = Journal.adopt, []

    def adopt(self, entries):
        n_calls.append(1)
        if len(n_calls) == 3:
            raise NotRecorded("the disk is full")
        real(self, entries)

    with monkeypatch.context() as patched:
        patched.setattr(Journal, "adopt", adopt)
        with pytest.raises(NotRecorded):
            carried(away, home, now)
    assert len(all_of(home)) == 32
    assert all_of(home) == all_of(away)[:32]
    assert verify(home).sound
    assert carried(away, home, now).n_added == 28
    assert all_of(home) == all_of(away)


def test_checkpoints_of_both_are_kept(home, tmp_path, now):
    away = tmp_path / "away"
    carried(home, away, now)
    with Ledger.open(away, now=now, signer=Signer("A", KEY)) as ledger:
        ledger.record([said(13)])
    carried(away, home, now)
    assert [one.seq for one in read_checkpoints(home / CHECKPOINTS)] == [12, 13]
    assert verify(home).covered_seq == 13


def test_equal_ledgers_give_equal_files(home, tmp_path):
    export_ledger(home, tmp_path / "a.sarhad-ledger")
    export_ledger(home, tmp_path / "b.sarhad-ledger")
    assert (tmp_path / "a.sarhad-ledger").read_bytes() == (tmp_path / "b.sarhad-ledger").read_bytes()


def test_a_damaged_ledger_is_not_carried_on(home, tmp_path):
    segment = home / "journal" / "00000001.segment"
    data = bytearray(segment.read_bytes())
    data[200] ^= 1
    segment.write_bytes(data)
    with pytest.raises(LedgerDamaged):
        export_ledger(home, tmp_path / "a.sarhad-ledger")
    assert not (tmp_path / "a.sarhad-ledger").exists()


def told_by(work):
    """What a work tells of its steps: (done, total) by step."""
    told = {}
    work(lambda step, done, total: told.setdefault(step, []).append((done, total)))
    return told


def test_verifying_and_moving_tell_how_far_they_are(home, tmp_path, now, monkeypatch):
    monkeypatch.setattr(verify_module, "_TOLD_BYTES", 300)
    file = tmp_path / "carried.sarhad-ledger"
    n_bytes = sum(path.stat().st_size for path in (home / "journal").glob("*.segment"))
    export_ledger(home, file, to_seq=6)
    import_ledger(tmp_path / "away", file, now=now)
    all_told = [
        told_by(lambda show: verify(home, progress=show)),
        told_by(lambda show: export_ledger(home, file, progress=show)),
        told_by(lambda show: import_ledger(tmp_path / "away", file, now=now, progress=show)),
    ]
    assert [len(told) for told in all_told] == [1, 2, 3]
    for told in all_told:
        for steps in told.values():
            assert steps == sorted(steps)
            assert steps[-1][0] == steps[-1][1] == steps[0][1] > 0
        assert told[verify_module.VERIFYING][-1] == (n_bytes, n_bytes)
    assert len(all_told[0][verify_module.VERIFYING]) > len(list((home / "journal").glob("*.segment")))
    assert len(all_of(tmp_path / "away")) == len(all_of(home))


@pytest.mark.parametrize("at", [transfer.PACKING, transfer.UNPACKING, verify_module.VERIFYING])
def test_an_interrupted_move_leaves_nothing(home, tmp_path, now, at):
    def stop(step, done, total):
        if step == at:
            raise KeyboardInterrupt

    file = tmp_path / "carried.sarhad-ledger"
    if at == transfer.UNPACKING:
        export_ledger(home, file)
    before = sorted(path.name for path in tmp_path.iterdir())
    if at == transfer.UNPACKING:
        with pytest.raises(KeyboardInterrupt):
            import_ledger(tmp_path / "away", file, now=now, progress=stop)
    else:
        with pytest.raises(KeyboardInterrupt):
            export_ledger(home, file, progress=stop)
    assert sorted(path.name for path in tmp_path.iterdir()) == before
