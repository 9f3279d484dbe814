"""Which statements stand: the cases worked by hand."""

from __future__ import annotations

from datetime import timedelta

from tests.ledger_cases import START, ulid

from sarhad.ledger.standing import countersigned, standing
from sarhad.model.record import CONFIRMED, CONTESTED, WITHDRAWN, Record, Statement

DAY = timedelta(days=1)


def record(seq, happened_day, authority="A", kind="asset.state", subject="post", corrects=0):
    name = ulid(corrects) if corrects else ""
    at = START + happened_day * DAY
    statement = Statement(ulid(seq), kind, subject, at, authority, "clerk", corrects=name)
    return Record(seq, START + seq * DAY, statement, "")


def seqs(records, believed_day, about_day):
    return [one.seq for one in standing(records, START + believed_day * DAY, START + about_day * DAY)]


def test_what_was_not_known_or_had_not_happened_does_not_stand():
    records = [record(1, 0), record(2, 5), record(3, 1)]
    assert seqs(records, 9, 9) == [1, 3, 2]
    assert seqs(records, 2, 9) == [1, 2]
    assert seqs(records, 9, 4) == [1, 3]
    assert seqs(reversed(records), 0, 9) == []


def test_both_times_are_inclusive():
    assert seqs([record(1, 3)], 1, 3) == [1]


def test_a_correction_takes_the_place_from_when_it_was_recorded():
    records = [record(1, 0), record(2, 6, corrects=1)]
    assert seqs(records, 1, 9) == [1]
    assert seqs(records, 2, 9) == [2]
    assert seqs(records, 2, 5) == [], "it happened on day 6 only, and the first version was wrong"


def test_what_was_corrected_does_not_come_back_when_the_correction_is_withdrawn():
    records = [record(1, 0), record(2, 0, corrects=1), record(3, 0, kind=WITHDRAWN, subject="x", corrects=2)]
    assert [one for one in seqs(records, 9, 9) if one != 3] == []


def test_the_last_word_of_every_authority_counts():
    words = [
        record(1, 0, "A"),
        record(2, 0, "B", CONFIRMED, ulid(1)),
        record(3, 0, "C", CONTESTED, ulid(1)),
        record(4, 0, "B", CONTESTED, ulid(1)),
        record(5, 0, "D", CONFIRMED, ulid(9)),
        record(6, 0, "C", WITHDRAWN, ulid(3), corrects=3),
    ]

    def at(day):
        found = countersigned(words, ulid(1), START + day * DAY)
        return found.confirmed_by, found.contested_by

    assert at(1) == ((), ())
    assert at(3) == (("B",), ("C",))
    assert at(4) == ((), ("C", "B"))
    assert at(6) == ((), ("B",))
