"""What will have arrived by year: worked by hand from a programme with certain durations."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from sarhad.model.schedule import STEPS, Duration, ScheduleBasis, StepEstimate
from sarhad.planning.arrivals import arrivals
from sarhad.planning.programme import programme_of
from sarhad.planning.schedule import network_of
from small_programme import HERE, Talk, item, placed_item

ON = date(2026, 12, 1)


@pytest.fixture(scope="module")
def told():
    """Two of three cameras work, in a depot and at a place; the third was pledged on 1 December 2026."""
    talk = Talk()
    talk.describe(
        item("stored", 3), placed_item("placed", HERE, 3), item("wish", 7, equipment_id="radar_medium")
    )
    talk.until("working", "stored", 2)
    talk.until("working", "placed", 2)
    talk.say("pledged", "stored", day=334, quantity=1)  # on 1 December
    talk.say("pledged", "placed", day=334, quantity=1)
    return programme_of(talk.said)


def by_year(programme, years, days: float, **asked: object):
    basis = ScheduleBasis(tuple(StepEstimate(step, "", Duration.certain(days)) for step in STEPS))
    kinds = {"thermal_medium": "thermal_camera", "radar_medium": "radar"}
    network = network_of(programme, basis, start=ON, kind_of=kinds)
    at = datetime(ON.year, ON.month, ON.day, tzinfo=UTC)
    chosen = {"sure": 0.5, "n_draws": 10, "seed": 1, **asked}
    return arrivals(programme, network, years, at, **chosen)


def test_what_stands_at_its_place_is_no_stock_and_a_wish_is_none_either(told):
    assert told.refusals == ()
    # nine steps of 30 days from 1 December 2026: 28 August 2027. Three of `stored`, one of `placed`.
    assert by_year(told, [2026, 2027], 30.0) == [{"thermal_medium": 2.0}, {"thermal_medium": 4.0}]


def test_the_last_day_of_a_year_counts(told):
    # 9 x 44 days from 1 December 2026 end with 31 December 2027, as that day's midnight strikes
    assert by_year(told, [2027], 44.0) == [{"thermal_medium": 4.0}]
    assert by_year(told, [2027], 44.2) == [{"thermal_medium": 2.0}]
