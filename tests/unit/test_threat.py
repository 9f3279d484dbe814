"""Threat weights: each term worked by hand on a line of 20 stretches of 10 km."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from claim_cases import DESK, RULES, claim, made, records
from sarhad.errors import InputFaults
from sarhad.io.acled import read_incident_kinds
from sarhad.model.incident import Incident
from sarhad.model.line import Stretch
from sarhad.model.measure import Words
from sarhad.model.record import OnLine, Statement
from sarhad.planning.claims import register, resolve
from sarhad.planning.threat import Decay, Threat, report, threat_weights, threats, weight_ranges

KINDS = read_incident_kinds()
STRETCHES = tuple(Stretch(k, "0", 1e4 * k, 1e4 * (k + 1)) for k in range(20))
DAY = datetime(2021, 7, 5, tzinfo=UTC)
POINT = OnLine("0", 55_000.0, 55_000.0)
DISTRICT = OnLine("0", 100_000.0, 150_000.0)


def found(*statements):
    held = records(*statements)
    return threats(held, register(held), KINDS, RULES)


def weights(*items, days=0.0, decay=None):
    return threat_weights(
        items, STRETCHES, about_at=DAY + timedelta(days=days), decay=decay or Decay(reach_m=5_000)
    )


def test_nothing_reported_weighs_one_everywhere():
    assert np.all(weights() == 1.0)


def test_a_clash_at_a_point_fades_by_half_in_a_half_life():
    clash = Threat("e", "clash", 1.0, POINT, DAY)
    assert weights(clash)[5] == pytest.approx(2.0)
    assert weights(clash, days=90)[5] == pytest.approx(1.5)
    assert weights(clash, days=180)[5] == pytest.approx(1.25)
    assert np.all(np.delete(weights(clash), 5) == 1.0)
    assert np.all(weights(clash, days=-1) == 1.0)  # it has not happened yet


def test_a_vague_place_spreads_the_same_mass():
    """50 km wide and 5 km of reach on both sides: 10 / 60 on six stretches, as 1 on one."""
    vague = weights(Threat("e", "clash", 1.0, OnLine("0", 50_000, 100_000), DAY)) - 1.0
    assert vague[vague > 0] == pytest.approx(np.full(7, 10 / 60))
    assert np.flatnonzero(vague).tolist() == [4, 5, 6, 7, 8, 9, 10]


def test_a_district_held_does_not_fade_and_weighs_on_its_own_stretches():
    held = Threat("d", "held_by", 1.0, DISTRICT, DAY, fades=False)
    for days in (0, 1_000):
        assert np.flatnonzero(weights(held, days=days) > 1).tolist() == [10, 11, 12, 13, 14]
        assert weights(held, days=days)[10] == 2.0


def test_another_part_of_the_line_is_not_near():
    assert np.all(weights(Threat("e", "clash", 1.0, OnLine("1", 55_000, 55_000), DAY)) == 1.0)


def test_one_incident_told_by_three_counts_once_where_it_is_placed_best():
    wide, narrow = OnLine("0", 0.0, 150_000.0), POINT
    claims = [
        claim(Words("fighting"), "", of="event:1/clash", by=name, place=place)
        for name, place in (("A", wide), ("B", narrow), ("C", wide))
    ]
    (one,) = found(*made(*claims))
    assert (one.kind, one.place, one.severity) == ("clash", narrow, 1.0)


def test_people_who_crossed_are_a_crossing():
    (one,) = found(*made(claim("134", "persons", of="event:2/crossed", place=POINT)))
    assert (one.kind, one.severity) == ("crossing", 0.5)


def test_incidents_of_other_files_count_with_them():
    statement = report(Incident("AFG1", "shelling", DAY, POINT), DESK, "01HZZZZZZZZZZZZZZZZZZZZZ01")
    (one,) = found(statement)
    assert (one.threat_id, one.severity) == ("AFG1", 0.8)
    assert found(report(Incident("AFG2", "clash", DAY, None), DESK, "01HZZZZZZZZZZZZZZZZZZZZZ02")) == ()


def held_by(who, by, on):
    return claim(Words(who), "", of="district:D/held_by", by=by, on=on, place=DISTRICT)


def test_who_holds_a_district_is_what_was_said_last():
    lost, regained = held_by("group", "A", "2021-07-01"), held_by("state", "B", "2021-09-01")
    assert [one.kind for one in found(*made(lost))] == ["held_by"]
    assert found(*made(lost, regained)) == ()
    assert found(*made(regained)) == ()


def test_a_group_that_may_hold_it_is_taken_to_hold_it_until_resolved():
    claims = held_by("group", "A", "2021-07-01"), held_by("state", "B", "2021-07-02")
    assert len(found(*made(*claims))) == 1
    held = register(records(*made(*claims)))
    settled = resolve(
        held,
        claims[1].question,
        method="claim",
        rests_on=[claims[1].claim_id],
        reason="seen",
        speaker=DESK,
        statement_id="01HZZZZZZZZZZZZZZZZZZZZZ03",
    )
    assert found(*made(*claims), settled) == ()


def test_the_control_register_counts_too():
    def held(holder, day, k):
        body = {"holder": holder}
        name = f"01HZZZZZZZZZZZZZZZZZZZZZ1{k}"
        return Statement(
            name, "control.held", "district:E", DAY + timedelta(days=day), "desk", "", "", body, DISTRICT
        )

    assert [one.fades for one in found(held("group", 0, 1))] == [False]
    assert found(held("group", 0, 1), held("state", 5, 2)) == ()


def control(holder, day, k=1, of="district:D"):
    body, at = {"holder": holder}, DAY + timedelta(days=day)
    return Statement(f"01HZZZZZZZZZZZZZZZZZZZZZ2{k}", "control.held", of, at, "desk", "", "", body, DISTRICT)


@pytest.mark.parametrize(
    ("recorded", "claimed", "n"),
    [
        (("group", -30), ("state", "2021-07-05"), 0),  # an old statement does not outweigh a newer claim
        (("state", -30), ("group", "2021-07-05"), 1),
        (("group", 30), ("state", "2021-07-05"), 1),
        (("state", 30), ("group", "2021-07-05"), 0),
        (("group", 0.5), ("state", "2021-07-05"), 1),  # the same day: a group that may hold it
        (("state", 0.5), ("group", "2021-07-05"), 1),
    ],
)
def test_of_claim_and_register_the_later_counts(recorded, claimed, n):
    who, on = claimed
    assert len(found(*made(held_by(who, "A", on)), control(*recorded))) == n


def test_a_resolution_counts_for_its_time_and_is_told():
    claims = held_by("group", "A", "2021-07-05"), held_by("state", "B", "2021-07-05")
    held = register(records(*made(*claims)))
    settled = resolve(
        held,
        claims[0].question,
        method="claim",
        rests_on=[claims[0].claim_id],
        reason="seen",
        speaker=DESK,
        statement_id="01HZZZZZZZZZZZZZZZZZZZZZ03",
    )
    (one,) = found(*made(*claims), settled, control("state", 0.5))
    assert (one.rests_on, one.resolutions) == ((claims[0].claim_id,), (settled.statement_id,))
    assert found(*made(*claims), settled, control("state", 9)) == ()  # said later


def clash(day="2021-07-05", place=POINT, kind="clash"):
    return claim(Words("fighting"), "", of=f"event:1/{kind}", on=day, place=place)


@pytest.mark.parametrize(
    ("claimed", "n"),
    [
        (clash(), 1),
        (clash(place=OnLine("0", 60_000.0, 60_000.0)), 1),  # 5 km off: the next village
        (clash(place=OnLine("0", 60_001.0, 60_001.0)), 2),
        (clash(place=OnLine("1", 55_000.0, 55_000.0)), 2),
        (clash("2021-07-06"), 2),
        (clash("2021-07-04"), 2),
        (clash(kind="shelling"), 2),
    ],
)
def test_an_incident_that_is_recorded_and_claimed_counts_once(claimed, n):
    recorded = report(Incident("TJK1", "clash", DAY, POINT), DESK, "01HZZZZZZZZZZZZZZZZZZZZZ01")
    both = found(recorded, *made(claimed))
    assert len(both) == n
    assert both[0].rests_on == ("TJK1",)


def test_a_claim_that_places_a_recorded_incident_better_places_it():
    recorded = report(Incident("TJK1", "clash", DAY, DISTRICT), DESK, "01HZZZZZZZZZZZZZZZZZZZZZ01")
    claimed = clash(place=OnLine("0", 120_000.0, 120_000.0))
    (one,) = found(recorded, *made(claimed))
    assert (one.threat_id, one.place) == ("TJK1", claimed.place)
    assert one.rests_on == ("TJK1", claimed.claim_id)


def test_runs_of_equal_weight_are_one_range():
    one = weights(Threat("d", "held_by", 1.0, DISTRICT, DAY, fades=False))
    ranges = weight_ranges(STRETCHES, one)
    assert [(r.from_m, r.to_m, w) for r, w in ranges] == [
        (0.0, 100_000.0, 1.0),
        (100_000.0, 150_000.0, 2.0),
        (150_000.0, 200_000.0, 1.0),
    ]
    assert len({r.name for r, _ in ranges}) == 3


def test_a_decay_that_makes_no_sense_is_refused():
    with pytest.raises(InputFaults):
        Decay(half_life_days=0.0)
