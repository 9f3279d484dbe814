"""P_t over time: constant draws, nothing and everything, gains that add up, speed-up, delay, bundles."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from sarhad.errors import InputFaults, NoGoalReachable
from sarhad.io.project import open_project
from sarhad.model.asset import AlongLine, Asset, OverBand
from sarhad.model.project import Barrier
from sarhad.planning.compute import Compute
from sarhad.planning.forecast import Ask, Delivery, forecast, quarter_ends
from sarhad.planning.profile import profile
from sarhad.planning.summary import yearly
from small_cases import at, site_near, tiny

START = date(2026, 2, 10)
NEVER = np.inf
ASK = Ask(quarters=6)


class Kept(dict):
    """A store in memory: the lattice is worked out once for all tests."""

    def put(self, key, value):
        self[key] = value


@pytest.fixture(scope="module")
def compute():
    with Compute(1, store=Kept()) as compute:
        yield compute


@pytest.fixture(scope="module")
def project(small_project_template):
    return tiny(open_project(small_project_template))


@pytest.fixture(scope="module")
def deliveries(project):
    camera, post = (at(site_near(project, name, x)) for name, x in (("A", 2_500.0), ("B", 9_500.0)))
    return [
        Delivery(Asset("camera", "thermal_medium", camera), "Aria", 60_000.0),
        Delivery(Asset("radar", "radar_medium", post), "Bactra", 250_000.0),
        Delivery(Asset("post", "post_staffed", post), "Bactra"),
        Delivery(Asset("line", "seismic_line", AlongLine(3_000.0, 7_000.0)), "Aria", 0.0),
        Delivery(Asset("drone", "drone_fixed_wing", OverBand(0.0, 12_000.0)), "Aria", 400_000.0),
    ]


@pytest.fixture(scope="module")
def days():
    rng = np.random.default_rng(2)
    drawn = rng.gamma(6.0, 50.0, (200, 5))
    return np.where(rng.random(drawn.shape) < 0.1, NEVER, drawn)


def mean_km(project, assets):
    """The definition from the profile: length times the year's mean P_t."""
    table = yearly(
        project, profile(replace(project, assets=project.assets + assets), adversaries=["unaware"])
    )
    return float(table["length_m"] @ table["p_timely"]) / 1000


def test_quarters_of_the_calendar():
    assert quarter_ends(START, 3) == (date(2026, 3, 31), date(2026, 6, 30), date(2026, 9, 30))
    assert quarter_ends(date(2027, 12, 31), 2) == (date(2027, 12, 31), date(2028, 3, 31))


def test_nothing_comes_everything_is_there_and_one_value_has_no_spread(project, deliveries, compute):
    none = forecast(project, deliveries, np.full((7, 5), NEVER), start=START, ask=ASK, compute=compute)
    full = forecast(project, deliveries, np.zeros((7, 5)), start=START, ask=ASK, compute=compute)
    base_km = mean_km(project, ())
    all_km = mean_km(project, tuple(one.asset for one in deliveries))
    for found, km in ((none, base_km), (full, all_km)):
        for name in ("protected_km_p10", "protected_km_p50", "protected_km_p90"):
            np.testing.assert_allclose(found.line[name], km)
        for table in (found.profile, found.stretches):
            np.testing.assert_array_equal(table["p10"], table["p90"])
            np.testing.assert_array_equal(table["p10"], table["p50"])
            assert not table["width"].any()
    assert none.standing_km == pytest.approx(base_km)
    assert none.gained_km_days == pytest.approx((0.0, 0.0, 0.0), abs=1e-9)
    until = (quarter_ends(START, 6)[-1] - START).days
    assert full.gained_km_days_mean == pytest.approx((all_km - base_km) * until)
    assert not none.items[["gain_km_days", "loss_km_days", "sooner_km_days"]].to_numpy().any()


@pytest.mark.parametrize("n_bit", [ASK.n_bit, 2])
def test_gains_add_up_and_lie_above_what_would_be_lost(project, deliveries, days, compute, n_bit):
    """Of a bundle too, which its items share equally."""
    few = [deliveries[i] for i in (0, 1, 3, 4)]  # without a team the loss is the least share
    ask = replace(ASK, n_bit=n_bit)
    found = forecast(project, few, days[:, [0, 1, 3, 4]], start=START, ask=ask, compute=compute)
    items = found.items
    assert items["gain_km_days"].sum() == pytest.approx(found.gained_km_days_mean)
    assert np.all(items["loss_km_days"] <= items["gain_km_days"] + 1e-9)
    assert np.all(items["loss_km_days"] > 0)
    np.testing.assert_allclose(items["gain_km_days_per_musd"][0], items["gain_km_days"][0] / 0.06)
    assert np.isnan(items["gain_km_days_per_musd"][2])  # free of charge and without a price


@pytest.mark.parametrize("n_bit", [ASK.n_bit, 3])
def test_speed_up_is_what_other_draws_would_give(project, deliveries, days, compute, n_bit):
    """Of a bundle, which is there once all of it is, the last to come alone makes a difference."""
    ask = replace(ASK, n_bit=n_bit)
    found = forecast(project, deliveries, days, start=START, ask=ask, compute=compute)
    for i in range(5):
        sooner = days.copy()
        sooner[:, i] = days[:, i] - 90.0
        more = forecast(project, deliveries, sooner, start=START, ask=ask, compute=compute)
        gained = more.gained_km_days_mean - found.gained_km_days_mean
        assert gained == pytest.approx(found.items["sooner_km_days"][i])
    wins = found.fastest_wins(2)
    assert wins["sooner_km_days"].tolist() == sorted(found.items["sooner_km_days"], reverse=True)[:2]


def test_loss_is_what_other_draws_would_give(project, deliveries, days, compute):
    found = forecast(project, deliveries, days, start=START, ask=ASK, compute=compute)
    for i in range(5):
        without = days.copy()
        without[:, i] = NEVER
        less = forecast(project, deliveries, without, start=START, ask=ASK, compute=compute)
        lost = found.gained_km_days_mean - less.gained_km_days_mean
        assert lost == pytest.approx(found.items["loss_km_days"][i])


def test_a_later_delivery_never_raises_earlier_coverage(project, deliveries, days, compute):
    rng = np.random.default_rng(3)
    late = days + rng.exponential(60.0, days.shape)
    found = forecast(project, deliveries, days, start=START, ask=ASK, late={"x": late}, compute=compute)
    (slow,) = found.late
    km = [name for name in found.line if name.startswith("protected")]
    assert np.all(slow.line[km].to_numpy() <= found.line[km].to_numpy() + 1e-12)
    assert 0 < slow.lost_km_days[0] <= slow.lost_km_days[1] <= slow.lost_km_days[2]
    assert slow.stretches["lost_km_days"].sum() == pytest.approx(slow.lost_km_days_mean)
    assert slow.stretches["lost_km_days"].is_monotonic_decreasing


def test_coverage_never_falls_from_quarter_to_quarter(project, deliveries, days, compute):
    found = forecast(project, deliveries, days, start=START, ask=ASK, compute=compute)
    for name in ("protected_km_p10", "protected_km_p50", "protected_km_p90", "closed_km_p50"):
        assert found.line[name].is_monotonic_increasing
    by_stretch = found.stretches.pivot(index="quarter", columns="stretch_id", values="mean").to_numpy()
    assert np.all(np.diff(by_stretch, axis=0) >= -1e-12)


def test_draws_together_are_the_draws_one_by_one(project, deliveries, days, compute):
    few = days[:9]
    found = forecast(project, deliveries, few, start=START, ask=ASK, compute=compute)
    each = [forecast(project, deliveries, row[None], start=START, ask=ASK, compute=compute) for row in few]
    for name in ("protected_km", "closed_km", "thin_km", "open_km"):
        one_by_one = np.array([one.line[f"{name}_p50"] for one in each])
        for p, label in ((0.1, "p10"), (0.5, "p50"), (0.9, "p90")):
            expected = np.quantile(one_by_one, p, axis=0, method="inverted_cdf")
            np.testing.assert_allclose(found.line[f"{name}_{label}"], expected, atol=1e-12)
    p50 = np.array([one.profile["p50"] for one in each])
    expected = np.quantile(p50, 0.9, axis=0, method="inverted_cdf")
    np.testing.assert_allclose(found.profile["p90"], expected, atol=1e-12)


def test_bundles_stand_below_and_say_how_far(project, deliveries, days, compute):
    exact = forecast(project, deliveries, days, start=START, ask=ASK, compute=compute)
    rough = forecast(project, deliveries, days, start=START, ask=replace(ASK, n_bit=3), compute=compute)
    for one, other in ((exact.profile, rough.profile), (exact.stretches, rough.stretches)):
        assert np.all(other["mean"] <= one["mean"] + 1e-12)
        assert np.all(one["mean"] <= other["mean"] + other["width"] + 1e-12)
    assert rough.line["width_km"].max() > 0
    assert not exact.line["width_km"].any()
    assert rough.items["gain_km_days"].sum() == pytest.approx(rough.gained_km_days_mean)


def test_where_all_of_a_bundle_is_there_or_nothing_it_is_exact(project, deliveries, compute):
    """Nothing ever comes in half of the draws, all is there in the others."""
    bare = replace(project, assets=())
    days = np.repeat([[NEVER] * 5, [0.0] * 5], 5, axis=0)
    exact, rough = (
        forecast(bare, deliveries, days, start=START, ask=replace(ASK, n_bit=n_bit), compute=compute)
        for n_bit in (ASK.n_bit, 2)
    )
    for name in exact.line.columns[1:]:
        np.testing.assert_allclose(rough.line[name], exact.line[name], atol=1e-12)
    assert exact.line["open_km_p90"].min() == exact.crossable_km
    assert exact.line["open_km_p10"].max() < exact.crossable_km


def test_the_optimal_adversary_is_never_above_the_unaware(project, deliveries, days, compute):
    ask = Ask(quarters=4, against=("unaware", "optimal"))
    found = forecast(project, deliveries, days, start=START, ask=ask, compute=compute)
    keys = ["quarter", "stretch_id", "target", "condition"]
    by_adversary = found.profile.pivot(index=keys, columns="adversary", values="mean")
    assert np.all(by_adversary["optimal"] <= by_adversary["unaware"] + 1e-12)
    assert by_adversary["optimal"].max() > 0


def test_no_deliveries_leave_what_stands(project, compute):
    found = forecast(project, [], np.empty((4, 0)), start=START, ask=ASK, compute=compute)
    np.testing.assert_allclose(found.line["protected_km_p50"], found.standing_km)
    assert len(found.items) == 0


def test_bad_draws_are_refused(project, deliveries, compute):
    for days in (np.zeros((3, 4)), np.zeros((0, 5)), np.full((2, 5), np.nan), np.zeros(5)):
        with pytest.raises(InputFaults, match="ready_day"):
            forecast(project, deliveries, days, start=START, ask=ASK, compute=compute)
    with pytest.raises(InputFaults, match="late"):
        forecast(
            project, deliveries, np.zeros((2, 5)), start=START, ask=ASK, late={"late": np.zeros(3)},
            compute=compute,
        )  # fmt: skip


def test_a_line_that_nobody_can_cross_is_said(project, deliveries, compute):
    wall = Barrier("wall", "wall", {"summer": np.inf, "winter": np.inf}, on_line=True)
    walled = replace(project, barriers=(wall,))
    with pytest.raises(NoGoalReachable):
        forecast(walled, deliveries, np.zeros((2, 5)), start=START, ask=ASK, compute=compute)
