"""The register of the programme: what statements make of it, and what is refused, each with its words."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest

from sarhad.errors import InputFaults
from sarhad.model.asset import AlongLine, AtPoint, OverBand
from sarhad.model.programme import CHAIN, COMES_FROM, HOLDER, STATES, ProgrammeItem, stands_at
from sarhad.model.record import CONFIRMED, CONTESTED, WITHDRAWN, Record, Statement
from sarhad.planning.programme import (
    check_statements,
    programme_as_of,
    programme_of,
    refusals_of,
    stock,
    working_assets,
)
from small_programme import DONOR, HERE, LATE, MEDIATOR, RECIPIENT, START, Talk, item, placed_item


def told(*items: ProgrammeItem) -> Talk:
    talk = Talk()
    talk.describe(*(items or (item(),)))
    return talk


def refusal(talk: Talk) -> str:
    """What is said against the last statement; the ones before must be sound."""
    *before, last = talk.said
    assert programme_of(before).refusals == ()
    with pytest.raises(InputFaults) as caught:
        check_statements(before, [last], now=LATE)
    (fault,) = caught.value.faults
    return str(fault)


def test_the_table_of_moves_reaches_every_state_and_every_standing_state_has_a_holder():
    assert set(COMES_FROM) == set(STATES)
    assert {stands_at(state) for state in STATES if state != "needed"} == set(HOLDER)
    assert all(before == (CHAIN[k - 1],) for k, before in enumerate(map(COMES_FROM.get, CHAIN)) if k > 1)


def test_units_go_down_the_chain_and_work():
    talk = told(placed_item("tower-1", HERE))
    talk.say("needed", "tower-1", quantity=12)
    talk.until("working", "tower-1", 10)
    talk.say("down", "tower-1", quantity=3)
    talk.say("repaired", "tower-1", quantity=2)
    talk.say("lost", "tower-1", quantity=1, from_="working")
    talk.say("returned", "tower-1", quantity=1, from_="down")
    programme = programme_of(talk.said)
    assert programme.refusals == ()
    one = programme.progress["tower-1"]
    assert one.at == {"working": 8, "lost": 1, "returned": 1}
    assert one.reached["needed"] == 12
    assert [one.reached[state] for state in CHAIN[1:]] == [10] * 10
    assert one.lost == {"working": 1}
    assert one.held == {"unit": 8, "lost": 1, "donor": 1}
    (asset,) = working_assets(programme, LATE)
    assert (asset.asset_id, asset.n, asset.place, asset.state) == ("tower-1", 8, HERE, "working")


def test_what_works_at_a_date_follows_the_moves():
    talk = told(placed_item("tower-1", HERE))
    talk.until("working", "tower-1", 10)
    began = talk.said[-1].happened_at
    talk.say("down", "tower-1", quantity=4)
    programme = programme_of(talk.said)
    assert working_assets(programme, began - timedelta(seconds=1)) == ()
    assert working_assets(programme, began)[0].n == 10
    assert working_assets(programme, began + timedelta(days=1))[0].n == 6


def test_a_line_works_from_its_start_and_kilometres_are_exact():
    line = placed_item(
        "fence-1", AlongLine(1_000.0, 31_000.0), 30, measured_in="km", equipment_id="seismic_line"
    )
    talk = told(line)
    for part in (0.1, 0.2, 12.0):
        talk.until("working", "fence-1", part)
    programme = programme_of(talk.said)
    assert programme.progress["fence-1"].at == {"working": 12.3}
    assert working_assets(programme, LATE)[0].place == AlongLine(1_000.0, 13_300.0)


def test_an_item_without_a_place_is_stock_only():
    talk = told(item())
    talk.until("trained", "tower-1", 4)
    programme = programme_of(talk.said)
    assert working_assets(programme, LATE) == ()
    assert stock(programme) == {"thermal_medium": 4}


def test_drones_over_a_band_are_counted():
    talk = told(placed_item("drone-1", OverBand(0.0, 5e4), 3, equipment_id="drone_fixed_wing"))
    talk.until("working", "drone-1", 2)
    assert working_assets(programme_of(talk.said), LATE)[0].n == 2


def test_an_acceptance_counts_from_the_second_signature():
    talk = told()
    talk.until("delivered", "tower-1", 10)
    act = talk.say("accepted", "tower-1", authority=RECIPIENT, signed=True, quantity=8)
    one = programme_of(talk.said).progress["tower-1"]
    assert (one.at, one.unsigned) == ({"delivered": 10}, 8)
    second = talk.say(CONFIRMED, act.statement_id, signed=True)
    one = programme_of(talk.said).progress["tower-1"]
    assert (one.at, one.unsigned) == ({"delivered": 2, "accepted": 8}, 0)
    assert one.moves[-1].at == second.happened_at
    assert one.done_at("delivered") is not None
    assert one.done_at("accepted") is None


def test_a_mediators_word_is_no_second_signature():
    talk = told()
    talk.until("delivered", "tower-1", 10)
    act = talk.say("accepted", "tower-1", signed=True, quantity=8)
    talk.say(CONFIRMED, act.statement_id, authority=MEDIATOR, signed=True)
    assert "expected Sarbaz, the other party of the act, found Mizan" in refusal(talk)


def test_contested_quantities_are_disputed_until_the_contest_is_withdrawn():
    talk = told()
    talk.until("shipped", "tower-1", 10)
    delivered = talk.say("delivered", "tower-1", quantity=10)
    contest = talk.contest(delivered, quantity=3)
    one = programme_of(talk.said).progress["tower-1"]
    assert (one.at, one.disputed) == ({"delivered": 7}, {"shipped": 3})
    assert one.reached["delivered"] == 7
    assert one.held == {"recipient": 7, "carrier": 3}
    assert one.done_at("delivered") is None
    talk.say(WITHDRAWN, contest.statement_id, authority=RECIPIENT, corrects=contest.statement_id)
    assert refusals_of(talk.said[:-1], talk.said[-1:]) == ()
    stand = [one for one in talk.said if one.statement_id != contest.statement_id]
    assert programme_of(stand).progress["tower-1"].at == {"delivered": 10}


def test_a_contested_act_is_accepted_for_the_rest():
    talk = told()
    talk.until("delivered", "tower-1", 10)
    act = talk.say("accepted", "tower-1", signed=True, quantity=10)
    talk.contest(act, quantity=4)
    talk.say(CONFIRMED, act.statement_id, authority=MEDIATOR)
    assert "the other party" in refusal(talk)
    talk.said.pop()
    one = programme_of(talk.said).progress["tower-1"]
    assert (one.at, one.disputed, one.unsigned) == ({"delivered": 6}, {"delivered": 4}, 6)
    assert one.reached["delivered"] == 10


@pytest.mark.parametrize("state", ["pledged", "working", "down", "repaired", "lost", "returned"])
def test_any_state_can_be_contested(state: str):
    talk = told()
    talk.until("working", "tower-1", 10)
    talk.say("down", "tower-1", quantity=5)
    if state in {"pledged", "working"}:
        said = talk.say("pledged", "tower-1", quantity=2)
        if state == "working":
            said = next(one for one in talk.said if one.kind == "programme.working")
    elif state == "down":
        said = talk.said[-1]
    else:
        origin = {} if state == "repaired" else {"from_": "down"}
        said = talk.say(state, "tower-1", quantity=2, **origin)
    before = programme_of(talk.said).progress["tower-1"]
    talk.contest(said, quantity=1)
    programme = programme_of(talk.said)
    assert programme.refusals == ()
    after = programme.progress["tower-1"]
    assert sum(after.disputed.values()) == 1
    assert sum(after.at.values()) == sum(before.at.values()) - 1
    assert after.reached[state] == before.reached[state] - 1  # type: ignore[index]
    assert sum(after.held.values()) == sum(before.held.values())


def test_serials_are_followed():
    talk = told()
    talk.until("produced", "tower-1", 3)
    talk.say("shipped", "tower-1", quantity=2, serials=["A1", "A2"])
    talk.say("delivered", "tower-1", quantity=1, serials=["A2"])
    talk.say("delivered", "tower-1", quantity=1)
    one = programme_of(talk.said).progress["tower-1"]
    assert one.serials == {"A1": "delivered", "A2": "delivered"}
    assert one.at == {"produced": 1, "delivered": 2}
    talk.say("counted", "tower-1", authority=RECIPIENT, serials=["A2"])
    assert programme_of(talk.said).progress["tower-1"].counted == {"A2": talk.said[-1].happened_at}


def test_a_count_of_what_is_held_is_taken():
    talk = told()
    talk.until("accepted", "tower-1", 3)
    talk.until("shipped", "tower-1", 1)
    talk.say("delivered", "tower-1", quantity=1, serials=["A"])
    talk.accept("tower-1", 1)
    talk.say("counted", "tower-1", quantity=3)
    talk.say("counted", "tower-1", quantity=1, serials=["A"])
    assert set(programme_of(talk.said).progress["tower-1"].counted) == {"", "A"}
    assert programme_of(talk.said).refusals == ()


def test_a_forecast_moves_nothing():
    talk = told()
    talk.say("delivered", "tower-1", basis="forecast", date="2027-03-01")
    talk.say("delivered", "tower-1", basis="forecast", date="2027-05-01")
    one = programme_of(talk.said).progress["tower-1"]
    assert one.forecast == {"delivered": date(2027, 5, 1)}
    assert one.at == {}


def test_statements_of_other_registers_are_passed_over():
    talk = told()
    talk.say("claim.made", "length", value=1357)
    talk.say(CONFIRMED, talk.said[-1].statement_id, authority=RECIPIENT)
    talk.say(CONTESTED, "S999999", authority=RECIPIENT)
    assert programme_of(talk.said).refusals == ()


def test_as_of_any_date():
    talk = told()
    talk.until("shipped", "tower-1", 10)
    late = START + timedelta(days=400)
    records = [Record(k, late, one, "") for k, one in enumerate(talk.said, 1)]
    assert programme_as_of(records, START, LATE).items == ()
    assert programme_as_of(records, late, START + timedelta(days=3.5)).progress["tower-1"].at == {
        "approved": 10
    }


REFUSED: dict[str, tuple[Callable[[Talk], object], str]] = {
    "delivery before contract": (
        lambda t: [t.until("approved", "tower-1", 5), t.say("delivered", "tower-1", quantity=5)],
        "programme [tower-1], delivered: quantity: expected at most 0, what stands at shipped (the item has "
        "not been shipped yet), found 5",
    ),
    "more than stands there": (
        lambda t: [t.until("shipped", "tower-1", 5), t.say("delivered", "tower-1", quantity=6)],
        "delivered: quantity: expected at most 5, what stands at shipped, found 6",
    ),
    "negative": (
        lambda t: t.say("pledged", "tower-1", quantity=-2),
        "number of items, above 0 and below 1,000,000,000, found -2",
    ),
    "zero": (lambda t: t.say("pledged", "tower-1", quantity=0), "below 1,000,000,000, found 0"),
    "half an item": (lambda t: t.say("pledged", "tower-1", quantity=2.5), "below 1,000,000,000, found 2.5"),
    "infinite": (lambda t: t.say("pledged", "tower-1", quantity=float("inf")), "found inf"),
    "not a number": (lambda t: t.say("pledged", "tower-1", quantity=float("nan")), "found nan"),
    "beyond all counting": (lambda t: t.say("pledged", "tower-1", quantity=1e308), "found 1e+308"),
    "just too much": (
        lambda t: t.say("pledged", "tower-1", quantity=1e9),
        "below 1,000,000,000, found 1e+09",
    ),
    "no quantity": (lambda t: t.say("pledged", "tower-1"), "found nothing"),
    "a word": (lambda t: t.say("pledged", "tower-1", quantity="ten"), "found 'ten'"),
    "true": (lambda t: t.say("pledged", "tower-1", quantity=True), "found True"),
    "unknown item": (lambda t: t.say("pledged", "tower-2", quantity=1), "an item that was described before"),
    "unknown state": (lambda t: t.say("sent", "tower-1", quantity=1), "one of programme.item"),
    "unknown basis": (lambda t: t.say("delivered", "tower-1", basis="hoped"), "actual or forecast"),
    "forecast without a date": (
        lambda t: t.say("delivered", "tower-1", basis="forecast", date="spring"),
        "a date YYYY-MM-DD, found 'spring'",
    ),
    "currency missing": (
        lambda t: t.say(
            "item", "tower-2", equipment_id="x", quantity=1, donor="A", recipient="B", unit_cost=5
        ),
        "currency is missing for unit_cost 5",
    ),
    "currency unsound": (
        lambda t: t.say(
            "item", "tower-2", equipment_id="x", quantity=1, donor="A", recipient="B", currency="$"
        ),
        "currency must be ISO 4217",
    ),
    "item without a donor": (
        lambda t: t.say("item", "tower-2", equipment_id="x", quantity=1, recipient="B"),
        "donor is missing",
    ),
    "acceptance by a stranger": (
        lambda t: [
            t.until("delivered", "tower-1", 5),
            t.say("accepted", "tower-1", authority=MEDIATOR, signed=True, quantity=5),
        ],
        "Aria or Sarbaz, found Mizan",
    ),
    "acceptance unsigned": (
        lambda t: [t.until("delivered", "tower-1", 5), t.say("accepted", "tower-1", quantity=5)],
        "an act signed by donor or recipient, found nothing",
    ),
    "installed on one signature": (
        lambda t: [
            t.until("delivered", "tower-1", 5),
            t.say("accepted", "tower-1", authority=RECIPIENT, signed=True, quantity=5),
            t.say("installed", "tower-1", quantity=5),
        ],
        "at most 0, what stands at accepted (5 await the second signature), found 5",
    ),
    "accepted twice": (
        lambda t: [
            t.until("delivered", "tower-1", 5),
            t.say("accepted", "tower-1", signed=True, quantity=3),
            t.say("accepted", "tower-1", signed=True, quantity=3),
        ],
        "at most 5, what stands at delivered, found 6",
    ),
    "second signature missing": (
        lambda t: [
            t.until("delivered", "tower-1", 5),
            t.say(
                CONFIRMED,
                t.say("accepted", "tower-1", signed=True, quantity=3).statement_id,
                authority=RECIPIENT,
            ),
        ],
        "the second signature of the act, found nothing",
    ),
    "confirmed by the same": (
        lambda t: [
            t.until("delivered", "tower-1", 5),
            t.say(CONFIRMED, t.say("accepted", "tower-1", signed=True, quantity=3).statement_id, signed=True),
        ],
        "expected Sarbaz, the other party of the act, found Aria",
    ),
    "confirmed over an own contest": (
        lambda t: [
            t.until("delivered", "tower-1", 5),
            t.contest(act := t.say("accepted", "tower-1", signed=True, quantity=3), quantity=1),
            t.say(CONFIRMED, act.statement_id, authority=RECIPIENT, signed=True),
        ],
        "its own contest of the statement withdrawn first",
    ),
    "own word contested": (
        lambda t: t.contest(t.say("pledged", "tower-1", quantity=3), authority=DONOR),
        "another authority than the speaker's",
    ),
    "more contested than stated": (
        lambda t: t.contest(t.say("pledged", "tower-1", quantity=3), quantity=4),
        "at most 3, as stated, found 4",
    ),
    "contested what has moved on": (
        lambda t: [t.until("approved", "tower-1", 3), t.contest(t.said[-2])],
        "at most 0, what stands at pledged, found 3",
    ),
    "serial twice in one statement": (
        lambda t: t.say("pledged", "tower-1", quantity=2, serials=["A", "A"]),
        "a serial stands twice",
    ),
    "serial of another unit": (
        lambda t: [
            t.describe(item("tower-2")),
            t.say("pledged", "tower-1", quantity=1, serials=["A"]),
            t.say("pledged", "tower-2", quantity=1, serials=["A"]),
        ],
        "a serial that no other unit has, found A, a unit of tower-1",
    ),
    "serial elsewhere": (
        lambda t: [
            t.say("pledged", "tower-1", quantity=2, serials=["A", "B"]),
            t.say("approved", "tower-1", quantity=1, serials=["A"]),
            t.say("approved", "tower-1", quantity=1, serials=["A"]),
        ],
        "a unit at pledged, found A, which is at approved",
    ),
    "fewer serials than units": (
        lambda t: t.say("pledged", "tower-1", quantity=2, serials=["A"]),
        "2 serials, as many as the quantity, found 1",
    ),
    "which serials": (
        lambda t: [
            t.say("pledged", "tower-1", quantity=2, serials=["A", "B"]),
            t.say("approved", "tower-1", quantity=1),
        ],
        "which ones: serials at pledged are known, found nothing",
    ),
    "a strange serial": (
        lambda t: [
            t.say("pledged", "tower-1", quantity=2, serials=["A", "B"]),
            t.say("approved", "tower-1", quantity=1, serials=["C"]),
        ],
        "one of A, B, found C",
    ),
    "counted what is not there": (
        lambda t: t.say("counted", "tower-1", serials=["A"]),
        "a serial of the item, found A",
    ),
    "counted more than is held": (
        lambda t: [
            t.until("accepted", "tower-1", 5),
            t.until("delivered", "tower-1", 2),
            t.say("counted", "tower-1", quantity=7),
        ],
        "counted: quantity: expected 5, what is held without a serial, found 7",
    ),
    "counted fewer than the serials": (
        lambda t: [
            t.say("pledged", "tower-1", quantity=2, serials=["A", "B"]),
            t.say("counted", "tower-1", serials=["A", "B"], quantity=1),
        ],
        "expected 2, as many as the serials, found 1",
    ),
    "too much of a line, to the metre": (
        lambda t: [
            t.describe(item("fence", 1363.256, measured_in="km", equipment_id="seismic_line")),
            t.say("pledged", "fence", quantity=1363.256),
            t.say("approved", "fence", quantity=1363.257),
        ],
        "at most 1363.256, what stands at pledged, found 1363.257",
    ),
    "described without a serial that is there": (
        lambda t: [
            t.say("pledged", "tower-1", quantity=2, serials=["A", "B"]),
            t.describe(item(serials=("A", "C"))),
        ],
        "the known serial B among them",
    ),
    "lost from nowhere": (
        lambda t: [t.until("produced", "tower-1", 3), t.say("lost", "tower-1", quantity=1, from_="pledged")],
        "one of produced, shipped",
    ),
    "lost, but where": (
        lambda t: [
            t.until("produced", "tower-1", 3),
            t.say("shipped", "tower-1", quantity=1),
            t.say("lost", "tower-1", quantity=1),
        ],
        "the state that the units were in",
    ),
    "repaired what is not down": (
        lambda t: [t.until("working", "tower-1", 3), t.say("repaired", "tower-1", quantity=1)],
        "at most 0, what stands at down",
    ),
    "another donor after the pledge": (
        lambda t: [t.say("pledged", "tower-1", quantity=3), t.describe(item(donor="Other"))],
        "'Aria' as long as a pledge stands, found 'Other'",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str):
    act, words = REFUSED[name]
    talk = told()
    act(talk)
    assert words in refusal(talk)


def test_a_correction_may_not_take_the_ground_from_later_statements():
    talk = told()
    pledge = talk.say("pledged", "tower-1", quantity=10)
    talk.say("approved", "tower-1", quantity=10)
    talk.say("pledged", "tower-1", quantity=4, day=2, corrects=pledge.statement_id)
    words = refusal(talk)
    assert "approved: quantity: expected at most 4" in words
    assert "recorded before, would lose its ground" in words


def test_a_sound_correction_is_taken():
    talk = told()
    pledge = talk.say("pledged", "tower-1", quantity=10)
    talk.say("approved", "tower-1", quantity=4)
    talk.say("pledged", "tower-1", quantity=4, day=2, corrects=pledge.statement_id)
    check_statements(talk.said[:-1], talk.said[-1:], now=LATE)


def test_what_has_happened_does_not_lie_ahead():
    talk = told()
    with pytest.raises(InputFaults, match="happened_at: expected a time up to 2026-01-01"):
        check_statements([], talk.said, now=START)


def test_all_faults_of_a_batch_are_reported_with_their_rows():
    talk = told()
    one = talk.say("pledged", "tower-1", quantity=-1)
    two = talk.say("delivered", "tower-1", quantity=1)
    rows = {one.statement_id: ("moves.csv", 4), two.statement_id: ("moves.csv", 5)}
    with pytest.raises(InputFaults) as caught:
        check_statements([], talk.said, now=LATE, rows=rows)
    assert [(fault.file, fault.row) for fault in caught.value.faults] == [("moves.csv", 4), ("moves.csv", 5)]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"quantity": 0}, "quantity must be a whole number"),
        ({"quantity": 1.0004, "measured_in": "km"}, "kilometres to the metre, above 0"),
        ({"measured_in": "tonnes"}, "measured_in"),
        ({"donor": RECIPIENT}, "donor and recipient must differ"),
        ({"terms": "lent"}, "free or paid"),
        ({"unit_cost": -1.0}, "unit_cost must not be negative"),
        ({"currency": ""}, "currency is missing"),
        ({"serials": ("A", "A")}, "a serial stands twice"),
        ({"quantity": 1, "serials": ("A", "B")}, "more serials than items"),
        ({"planned": {"down": date(2027, 1, 1)}}, "planned must name states of the chain"),
        ({"inventory_days": -1}, "inventory_days"),
    ],
)
def test_an_item_refuses_nonsense(changes: dict[str, object], words: str):
    with pytest.raises(ValueError, match=words):
        item(**changes)  # type: ignore[arg-type]


def test_the_asset_bears_the_items_names():
    with pytest.raises(ValueError, match="must bear its item_id"):
        item("other", asset=placed_item("tower-1", HERE).asset)
    with pytest.raises(ValueError, match="measured in km"):
        placed_item("tower-1", AlongLine(0.0, 10.0))


def test_times_are_utc():
    aware = datetime(2026, 1, 1, tzinfo=UTC)
    with pytest.raises(ValueError, match="UTC"):
        Statement("x", "programme.pledged", "i", aware.replace(tzinfo=None), "a", "b")
    assert AtPoint(69.0, 38.0) == HERE


def test_what_did_not_fit_before_is_not_held_against_what_is_said_now():
    """An adopted copy may hold statements that the programme does not take: they stay listed."""
    talk = told()
    stray = talk.say("pledged", "nowhere", quantity=1)
    assert [one.statement_id for one in programme_of(talk.said).refusals] == [stray.statement_id]
    talk.say("pledged", "tower-1", quantity=1)
    assert refusals_of(talk.said[:-1], talk.said[-1:]) == ()
    bad = talk.say("pledged", "elsewhere", quantity=1)
    assert [one.statement_id for one in refusals_of(talk.said[:-1], [bad])] == [bad.statement_id]
