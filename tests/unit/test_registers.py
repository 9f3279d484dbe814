"""Registers, worked by hand: a post that is delivered, moved, taken back, and contested over one spring."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count

import pytest

from sarhad.ledger.registers import Box, Question, as_of, listed
from sarhad.ledger.store import Store
from sarhad.model.record import CONFIRMED, CONTESTED, WITHDRAWN, OnLine, Record, Statement
from store_cases import shapes_of, statement_id

AT_100_M, AT_300_M = OnLine("main", 100.0, 100.0), OnLine("main", 300.0, 300.0)
APRIL = {"believed_at": datetime(2026, 4, 30, tzinfo=UTC), "about_at": datetime(2026, 4, 30, tzinfo=UTC)}


def day(month, day_of_month):
    return datetime(2026, month, day_of_month, tzinfo=UTC)


class Desk:
    """Takes statements down as told: what happened when, and when it became known."""

    def __init__(self, store):
        self.store, self._seq = store, count(1)

    def say(self, kind, subject_id, happened_at, recorded_at, authority, corrects="", place=None, state=""):
        seq = next(self._seq)
        said = Statement(
            *(statement_id(seq), kind, subject_id, happened_at, authority, "clerk"),
            body={"state": state},
            place=place,
            corrects=corrects,
        )
        self.store.project([Record(seq, recorded_at, said, f"{seq:064x}")])
        return said.statement_id


@pytest.fixture
def store(tmp_path):
    with Store.open(f"sqlite:///{tmp_path / 'store.sqlite'}", locate=shapes_of) as opened:
        yield opened


@pytest.fixture
def desk(store):
    return Desk(store)


def states(lines):
    return [(line.record.statement.authority, line.record.statement.body["state"]) for line in lines]


def test_what_was_believed_then_is_not_what_is_known_now(store, desk):
    """On 10 March it is said to work from the 1st; on 20 March that it is silent since the 5th."""
    desk.say("asset.state", "A-1", day(3, 1), day(3, 10), "recipient", state="working")
    desk.say("asset.state", "A-1", day(3, 5), day(3, 20), "recipient", state="silent")

    def state(believed_at, about_at):
        return states(as_of(store, Question("asset", believed_at=believed_at, about_at=about_at)))

    assert state(day(3, 9), day(3, 7)) == []
    assert state(day(3, 15), day(3, 7)) == [("recipient", "working")]
    assert state(day(3, 20), day(3, 7)) == [("recipient", "silent")]
    assert state(day(3, 20), day(3, 4)) == [("recipient", "working")]
    assert state(day(3, 20), day(2, 28)) == []


def test_a_late_record_of_an_earlier_day_does_not_hide_a_later_day(store, desk):
    desk.say("asset.state", "A-1", day(3, 5), day(3, 6), "recipient", state="working")
    desk.say("asset.state", "A-1", day(3, 1), day(3, 20), "recipient", state="delivered")
    assert states(as_of(store, Question("asset", **APRIL))) == [("recipient", "working")]
    assert states(listed(store, Question("asset", **APRIL))) == [
        ("recipient", "delivered"),
        ("recipient", "working"),
    ]


def test_a_correction_stands_under_its_own_time_from_when_it_was_recorded(store, desk):
    first = desk.say("control.held", "D-1", day(3, 1), day(3, 2), "mediator", state="north")
    desk.say("control.held", "D-1", day(3, 3), day(3, 10), "mediator", corrects=first, state="south")

    def state(believed_at, about_at):
        return states(as_of(store, Question("control", believed_at=believed_at, about_at=about_at)))

    assert state(day(3, 9), day(3, 9)) == [("mediator", "north")]
    assert state(day(3, 10), day(3, 10)) == [("mediator", "south")]
    assert state(day(3, 10), day(3, 2)) == []


def test_a_withdrawal_brings_back_what_was_said_before(store, desk):
    desk.say("asset.state", "A-1", day(3, 1), day(3, 1), "donor", state="working")
    wrong = desk.say("asset.state", "A-1", day(3, 5), day(3, 5), "donor", state="down")
    desk.say(WITHDRAWN, wrong, day(3, 8), day(3, 8), "donor", corrects=wrong)
    early = APRIL | {"believed_at": day(3, 7)}
    assert states(as_of(store, Question("asset", **early))) == [("donor", "down")]
    assert states(as_of(store, Question("asset", **APRIL))) == [("donor", "working")]


def test_authorities_that_disagree_each_keep_their_line(store, desk):
    desk.say("control.held", "D-1", day(3, 1), day(3, 1), "donor", state="north")
    desk.say("control.held", "D-1", day(3, 2), day(3, 2), "recipient", state="south")
    assert states(as_of(store, Question("control", **APRIL))) == [("donor", "north"), ("recipient", "south")]
    assert states(as_of(store, Question("control", authority="donor", **APRIL))) == [("donor", "north")]


def test_agreement_is_of_every_authority_its_last_word_that_stands(store, desk):
    said = desk.say("programme.delivered", "I-1", day(3, 1), day(3, 1), "donor")

    def agreement(believed_at):
        (line,) = as_of(store, Question("programme", believed_at=believed_at, about_at=day(4, 30)))
        return line.agreement, line.confirmed_by, line.contested_by

    assert agreement(day(3, 1)) == ("alone", (), ())
    desk.say(CONFIRMED, said, day(3, 2), day(3, 2), "recipient")
    assert agreement(day(3, 2)) == ("confirmed", ("recipient",), ())
    doubt = desk.say(CONTESTED, said, day(3, 3), day(3, 3), "mediator")
    assert agreement(day(3, 3)) == ("contested", ("recipient",), ("mediator",))
    desk.say(CONTESTED, said, day(3, 4), day(3, 4), "recipient")
    assert agreement(day(3, 4)) == ("contested", (), ("mediator", "recipient"))
    desk.say(WITHDRAWN, doubt, day(3, 5), day(3, 5), "mediator", corrects=doubt)
    assert agreement(day(3, 5)) == ("contested", (), ("recipient",))
    desk.say(CONFIRMED, said, day(3, 6), day(3, 6), "recipient")
    assert agreement(day(3, 6)) == ("confirmed", ("recipient",), ())
    assert agreement(day(3, 4)) == ("contested", (), ("mediator", "recipient"))


def test_what_is_confirmed_does_not_carry_over_to_its_correction(store, desk):
    said = desk.say("programme.delivered", "I-1", day(3, 1), day(3, 1), "donor")
    desk.say(CONFIRMED, said, day(3, 2), day(3, 2), "recipient")
    desk.say("programme.delivered", "I-1", day(3, 1), day(3, 3), "donor", corrects=said)
    (line,) = as_of(store, Question("programme", **APRIL))
    assert line.agreement == "alone"


def test_what_moved_away_is_not_found_at_its_old_place(store, desk):
    desk.say("asset.state", "A-1", day(3, 1), day(3, 1), "donor", place=AT_100_M, state="here")
    desk.say("asset.state", "A-1", day(3, 9), day(3, 9), "donor", place=AT_300_M, state="there")
    for where in ({"along": OnLine("main", 0.0, 150.0)}, {"within": Box(70.0, 37.0, 70.15, 37.15)}):
        assert as_of(store, Question("asset", **where, **APRIL)) == ()
        assert states(listed(store, Question("asset", **where, **APRIL))) == [("donor", "here")]
        assert states(as_of(store, Question("asset", **where, **(APRIL | {"about_at": day(3, 8)})))) == [
            ("donor", "here")
        ]


@pytest.mark.parametrize(
    ("along", "found"),
    [
        (OnLine("main", 0.0, 100.0), True),
        (OnLine("main", 200.0, 500.0), True),
        (OnLine("main", 120.0, 130.0), True),
        (OnLine("main", 0.0, 99.9), False),
        (OnLine("main", 200.1, 500.0), False),
        (OnLine("exclave", 120.0, 130.0), False),
    ],
)
def test_a_range_meets_another_where_they_share_a_point(store, desk, along, found):
    desk.say("incident.reported", "N-1", day(3, 1), day(3, 1), "donor", place=OnLine("main", 100.0, 200.0))
    assert bool(as_of(store, Question("incident", along=along, **APRIL))) == found


@pytest.mark.parametrize(
    ("box", "found"),
    [
        (Box(70.1, 37.1, 70.2, 37.2), True),
        (Box(70.0, 37.0, 70.19, 37.3), False),
        (Box(70.11, 37.0, 70.3, 37.3), False),
        (Box(70.0, 37.0, 70.3, 37.19), False),
        (Box(70.0, 37.11, 70.3, 37.3), False),
    ],
)
def test_within_a_box_is_wholly_within_it(store, desk, box, found):
    desk.say("incident.reported", "N-1", day(3, 1), day(3, 1), "donor", place=OnLine("main", 100.0, 200.0))
    assert bool(as_of(store, Question("incident", within=box, **APRIL))) == found


def test_what_has_no_place_is_in_no_box_and_on_no_stretch(store, desk):
    desk.say("incident.reported", "N-1", day(3, 1), day(3, 1), "donor")
    desk.say("incident.reported", "N-2", day(3, 1), day(3, 1), "donor", place=OnLine("exclave", 0.0, 1.0))
    everywhere = Box(-180.0, -90.0, 180.0, 90.0)
    assert as_of(store, Question("incident", within=everywhere, **APRIL)) == ()
    assert len(as_of(store, Question("incident", along=OnLine("exclave", -1e9, 1e9), **APRIL))) == 1
    assert len(as_of(store, Question("incident", **APRIL))) == 2


def test_an_unknown_register_is_empty(store, desk):
    desk.say("asset.state", "A-1", day(3, 1), day(3, 1), "donor")
    assert as_of(store, Question("nothing", **APRIL)) == listed(store, Question("nothing", **APRIL)) == ()
