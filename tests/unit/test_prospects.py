"""From a programme to a forecast: what works, what is to come, when, and what a late donor moves."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from sarhad.errors import UnknownName
from sarhad.io.activities import read_activities
from sarhad.io.project import open_project
from sarhad.model.asset import AlongLine
from sarhad.model.schedule import ScheduleBasis
from sarhad.planning.programme import programme_of
from sarhad.planning.prospects import STANDING, chainages, drawn, drawn_late, prospect_of
from sarhad.planning.schedule import network_of
from small_cases import at, site_near
from small_programme import LATE, START, Talk, item, placed_item

DAY = LATE.date()


@pytest.fixture(scope="module")
def project(small_project_template):
    return open_project(small_project_template)


@pytest.fixture(scope="module")
def told(project):
    """Ten cameras of which four work, a line of which 2 of 5 km work, a radar to come, one in stock only."""
    place = at(site_near(project, "A", 5_000.0))
    planned = {"working": DAY + timedelta(days=100)}
    talk = Talk()
    talk.describe(
        placed_item("cameras", place, 10),
        placed_item("line", AlongLine(8_000.0, 13_000.0), 5, measured_in="km", equipment_id="seismic_line"),
        placed_item("radar", place, 1, equipment_id="radar_medium", donor="Bactra", unit_cost=2e5,
                    currency="TJS", planned=planned),
        item("stock", 3),
        placed_item("done", place, 2),
        placed_item("gone", place, 2),
    )  # fmt: skip
    talk.until("working", "cameras", 4)
    talk.say("pledged", "cameras", quantity=6)
    talk.until("working", "line", 2)
    talk.say("pledged", "line", quantity=3)
    talk.say("pledged", "radar", authority="Bactra", quantity=1)
    talk.say("pledged", "stock", quantity=3)
    talk.until("working", "done", 2)
    talk.until("produced", "gone", 2)
    talk.say("lost", "gone", quantity=2, from_="produced")
    programme = programme_of(talk.said)
    assert programme.refusals == ()
    return programme


def test_what_works_stands_and_the_rest_is_to_come(project, told):
    found = prospect_of(project, told, LATE)
    standing = {one.asset_id: one for one in found.project.assets[len(project.assets) :]}
    assert set(standing) == {"cameras" + STANDING, "line" + STANDING, "done"}
    assert standing["cameras" + STANDING].n == 4
    assert standing["line" + STANDING].place == AlongLine(8_000.0, 10_000.0)
    coming = {one.asset.asset_id: one for one in found.deliveries}
    assert set(coming) == {"cameras", "line", "radar"}
    assert coming["cameras"].asset.n == 6
    assert coming["cameras"].cost_usd == pytest.approx(6 * 60_000.0)
    assert coming["line"].asset.place == AlongLine(10_000.0, 13_000.0)
    assert coming["radar"].donor == "Bactra"
    assert coming["radar"].cost_usd is None  # no rate is known
    assert [told.items[k].item_id for k in found.column] == ["cameras", "line", "radar"]
    np.testing.assert_array_equal(found.promised_day, [np.nan, np.nan, 100.0])


def test_what_nobody_has_pledged_does_not_come(project):
    place = at(site_near(project, "A", 5_000.0))
    talk = Talk()
    talk.describe(*(placed_item(name, place, 10) for name in ("part", "works", "asked")))
    talk.say("pledged", "part", quantity=6)
    talk.until("working", "works", 6)
    programme = programme_of(talk.said)
    found = prospect_of(project, programme, LATE)
    coming = {one.asset.asset_id: one for one in found.deliveries}
    assert set(coming) == {"part", "asked"}
    assert coming["part"].asset.n == 6
    assert coming["part"].cost_usd == pytest.approx(6 * 60_000.0)
    kind_of = {name: one.kind for name, one in project.equipment.items()}
    net = network_of(programme, ScheduleBasis(read_activities()), start=DAY, kind_of=kind_of)
    days = drawn(programme, found, net, n_draws=20, seed=1, start=DAY)
    assert np.isfinite(days[:, 0]).all()
    assert np.isinf(days[:, 1]).all()


def test_a_rate_makes_a_cost_known(project, told):
    found = prospect_of(project, told, LATE, rates={"TJS": 0.1})
    assert found.deliveries[2].cost_usd == pytest.approx(2e4)


def test_places_of_points_on_the_line(project, told):
    found = chainages(project, told)
    assert set(found) == {"cameras", "radar", "done", "gone"}
    assert found["radar"] == pytest.approx(5_000.0, abs=700.0)


@pytest.fixture(scope="module")
def network(project, told):
    basis = ScheduleBasis(read_activities())
    kind_of = {name: one.kind for name, one in project.equipment.items()}
    return network_of(told, basis, start=DAY, kind_of=kind_of)


def test_draws_stand_in_the_order_of_deliveries(project, told, network):
    found = prospect_of(project, told, LATE)
    days = drawn(told, found, network, n_draws=200, seed=1, start=DAY)
    assert days.shape == (200, 3)
    assert np.isfinite(days).all()
    assert np.all(days > 0)
    assert np.all(days[:, 2] > days[:, 2].min() - 1e-9)


def test_a_late_donor_moves_his_own_draws_and_no_other_s(project, told, network):
    found = prospect_of(project, told, LATE)
    asked = {"n_draws": 100, "seed": 1, "start": DAY}
    base = drawn(told, found, network, **asked)
    slow = drawn_late(told, found, network, ("Bactra", 6.0), **asked)
    np.testing.assert_array_equal(slow[:, :2], base[:, :2])
    assert np.all(slow[:, 2] >= base[:, 2] + 182.0)
    with pytest.raises(UnknownName, match="Aria, Bactra"):
        drawn_late(told, found, network, ("Nobody", 6.0), **asked)


def test_before_anything_happened_all_is_to_come(project, told):
    early = START + timedelta(days=-1)
    found = prospect_of(project, told, early)
    assert len(found.project.assets) == len(project.assets)
