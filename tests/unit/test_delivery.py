"""Reports on a programme, worked by hand."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from sarhad.errors import InputFaults
from sarhad.model.programme import Programme
from sarhad.planning.delivery import (
    DonorRow,
    MoneyRow,
    availability,
    in_currency,
    inventory_due,
    late_items,
    money,
    pledge_against_delivery,
    report,
)
from sarhad.planning.programme import programme_of
from small_programme import LATE, MEDIATOR, RECIPIENT, START, Talk, item


def told(talk: Talk) -> Programme:
    programme = programme_of(talk.said)
    assert programme.refusals == ()
    return programme


def test_pledge_against_delivery_adds_up():
    talk = Talk()
    talk.describe(item("a"), item("b", equipment_id="radar_long"), item("c", 4, donor="Bora"))
    talk.until("shipped", "a", 10)
    delivered = talk.say("delivered", "a", quantity=6)
    talk.contest(delivered, quantity=1)
    talk.say("lost", "a", quantity=2, from_="shipped")
    talk.accept("a", 3)
    talk.until("contracted", "b", 5)
    talk.until("pledged", "c", 4)
    rows = pledge_against_delivery(told(talk))
    assert rows == (
        DonorRow(
            "Aria", "", "items", pledged=15, contracted=15, produced=10, sent=10, in_transit=2, received=5,
            disputed=1, lost_on_way=2, accepted=3, lost=2,
        ),
        DonorRow("Bora", "", "items", pledged=4),
    )  # fmt: skip
    by_type = pledge_against_delivery(told(talk), by_type=True)
    assert [(row.donor, row.equipment_id, row.pledged) for row in by_type] == [
        ("Aria", "radar_long", 5),
        ("Aria", "thermal_medium", 10),
        ("Bora", "thermal_medium", 4),
    ]


def test_kilometres_and_items_stay_apart():
    talk = Talk()
    talk.describe(item("a"), item("b", 12.5, measured_in="km", equipment_id="seismic_line"))
    talk.until("pledged", "a", 3)
    talk.until("pledged", "b", 12.5)
    assert [(row.measured_in, row.pledged) for row in pledge_against_delivery(told(talk))] == [
        ("items", 3),
        ("km", 12.5),
    ]


def test_late_items():
    day = START.date()
    talk = Talk()
    talk.describe(
        item("done-late", 2, planned={"pledged": day}),
        item("in-time", 2, planned={"pledged": day + timedelta(days=30)}),
        item("waits", 2, planned={"delivered": day + timedelta(days=5)}),
        item("foreseen", 2, planned={"delivered": day + timedelta(days=50)}, needed_by=date(2026, 1, 11)),
    )
    talk.until("pledged", "done-late", 2)
    talk.until("pledged", "in-time", 2)
    talk.say("delivered", "foreseen", basis="forecast", date="2026-03-01")
    rows = late_items(told(talk), date(2026, 1, 16))
    assert [(r.item_id, r.state, r.late_days, r.actual) for r in rows] == [
        ("waits", "delivered", 10, None),
        ("foreseen", "delivered", 9, None),
        ("foreseen", "working", 5, None),
        ("done-late", "pledged", 5, date(2026, 1, 6)),
    ]


def test_on_the_very_day_nothing_is_late():
    talk = Talk()
    talk.describe(item("a", 2, planned={"pledged": START.date(), "approved": START.date()}))
    talk.say("pledged", "a", quantity=2, day=0.5)
    assert late_items(told(talk), START.date()) == ()
    assert [row.state for row in late_items(told(talk), START.date() + timedelta(days=1))] == ["approved"]


def test_availability_by_hand():
    talk = Talk()
    talk.describe(item("a", 4))
    talk.until("working", "a", 4)
    began = (talk.said[-1].happened_at - START).days
    for k in range(3):
        talk.say("down", "a", quantity=1, day=began + 10 * (k + 1))
        talk.say("repaired", "a", quantity=1, day=began + 10 * (k + 1) + 2)
    (row,) = availability(told(talk), START + timedelta(days=began + 40))
    assert (row.n_failures, row.n_repairs, row.down_days, row.up_days) == (3, 3, 6.0, 154.0)
    assert row.availability == pytest.approx(154 / 160)
    assert row.mtbf_days is not None
    assert row.mttr_days is not None
    assert row.mtbf_days.mean == pytest.approx(154 / 3)
    assert row.mttr_days.mean == pytest.approx(2.0)
    assert row.mtbf_days.low < 154 / 3 < row.mtbf_days.high
    (early,) = availability(told(talk), START + timedelta(days=began + 11))
    assert (early.n_failures, early.n_repairs, early.up_days, early.down_days) == (1, 0, 43.0, 1.0)


def test_too_few_failures_give_no_mean():
    talk = Talk()
    talk.describe(item("a", 4), item("b", 4, equipment_id="radar_long"))
    talk.until("working", "a", 4)
    talk.say("down", "a", quantity=2)
    rows = availability(told(talk), LATE)
    assert [row.equipment_id for row in rows] == ["thermal_medium"]
    assert rows[0].mtbf_days is None
    assert rows[0].mttr_days is None


def test_a_contested_failure_is_none():
    talk = Talk()
    talk.describe(item("a", 4))
    talk.until("working", "a", 4)
    failure = talk.say("down", "a", quantity=2)
    talk.contest(failure)
    (row,) = availability(told(talk), talk.said[-1].happened_at)
    assert row.n_failures == 0


def test_inventory_due_overdue_first():
    talk = Talk()
    talk.describe(item("a", 3, inventory_days=100), item("b", 2, inventory_days=0), item("c", 2))
    talk.until("produced", "a", 3)
    talk.say("shipped", "a", quantity=2, serials=["A1", "A2"])
    talk.say("delivered", "a", quantity=2)
    talk.say("shipped", "a", quantity=1)
    talk.say("delivered", "a", quantity=1)
    talk.accept("a", 3)
    accepted = talk.said[-1].happened_at
    talk.until("accepted", "b", 2)
    talk.say("counted", "a", authority=RECIPIENT, serials=["A2"], day=60)
    rows = inventory_due(told(talk), START.date() + timedelta(days=130))
    last = accepted.date()
    assert [(r.item_id, r.serial, r.quantity, r.due, r.overdue_days) for r in rows] == [
        ("a", "", 1, last + timedelta(days=100), (START.date() + timedelta(days=30) - last).days),
        ("a", "A1", 1, last + timedelta(days=100), (START.date() + timedelta(days=30) - last).days),
        ("a", "A2", 1, START.date() + timedelta(days=160), 0),
    ]


def test_a_count_is_due_from_the_acceptance_whatever_moved_since():
    talk = Talk()
    talk.describe(item("a", 1, inventory_days=100))
    talk.until("produced", "a", 1)
    talk.say("shipped", "a", quantity=1, serials=["A1"])
    talk.say("delivered", "a", quantity=1)
    talk.accept("a", 1)
    last = talk.said[-1].happened_at.date()
    talk.say("installed", "a", quantity=1, day=90)
    (row,) = inventory_due(told(talk), START.date() + timedelta(days=130))
    assert (row.last, row.due) == (last, last + timedelta(days=100))


def test_what_was_lost_on_the_way_was_not_received_and_what_was_lost_later_was():
    talk = Talk()
    talk.describe(item("a", 10, unit_cost=100.0))
    talk.until("shipped", "a", 10)
    talk.say("lost", "a", quantity=1, from_="shipped")
    talk.say("delivered", "a", quantity=9)
    talk.say("lost", "a", quantity=2, from_="delivered")
    act = talk.accept("a", 4)
    talk.contest(act, authority=MEDIATOR, quantity=3)
    (row,) = money(told(talk))
    assert (row.pledged, row.received) == (1000, 600)


def test_money_is_never_added_across_currencies():
    talk = Talk()
    talk.describe(
        item("a", 10, unit_cost=100.0),
        item("b", 10, unit_cost=50.0, currency="EUR"),
        item("c", 10, unit_cost=10.0, terms="paid"),
        item("d", 10, unit_cost=None, currency=""),
    )
    for one in "abcd":
        talk.until("contracted", one, 4)
    rows = money(told(talk))
    assert rows == (
        MoneyRow("Aria", "", "free", n_unpriced=1),
        MoneyRow("Aria", "EUR", "free", pledged=200, contracted=200),
        MoneyRow("Aria", "USD", "free", pledged=400, contracted=400),
        MoneyRow("Aria", "USD", "paid", pledged=40, contracted=40),
    )
    assert in_currency(rows, "USD", {"EUR": 1.5}) == (
        MoneyRow("Aria", "USD", "free", pledged=700, contracted=700, n_unpriced=1),
        MoneyRow("Aria", "USD", "paid", pledged=40, contracted=40),
    )
    for rates in ({}, {"EUR": 0.0}, {"EUR": float("nan")}):
        with pytest.raises(InputFaults, match="a rate above 0 in USD for EUR"):
            in_currency(rows, "USD", rates)


def test_an_empty_programme_reports_nothing():
    found = report(Programme(), LATE)
    assert (found.donors, found.late, found.availability, found.inventory, found.money) == (
        (),
        (),
        (),
        (),
        (),
    )
