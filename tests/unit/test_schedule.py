"""Networks of activities: closed forms, calendars by hand, cycles named, facts, a programme's own network."""

from __future__ import annotations

import dataclasses
import math
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from scipy.stats import beta, ks_2samp, kstest, triang

from sarhad.errors import InputFaults, UnknownName
from sarhad.io.activities import read_activities
from sarhad.kernels import schedule as kernel
from sarhad.model.asset import AlongLine, Asset, AtPoint
from sarhad.model.equipment import MOUNT
from sarhad.model.programme import Move, Programme, ProgrammeItem, Progress
from sarhad.model.schedule import (
    STEPS,
    Activity,
    Closure,
    CommonFactor,
    Crew,
    Duration,
    Network,
    ScheduleBasis,
    StepEstimate,
)
from sarhad.planning.schedule import STEP_TO, network_of, schedule_draws, slipped
from sarhad.planning.schedule_risk import arrays_of, assess, closed_days

START = date(2026, 11, 22)
SURE = Duration.certain


def chain(*days: Duration) -> Network:
    names = [f"a{k}" for k in range(len(days))]
    return Network(
        START,
        tuple(
            Activity(name, length, after=tuple(names[k - 1 : k]) if k else ())
            for k, (name, length) in enumerate(zip(names, days, strict=True))
        ),
    )


# --- durations -------------------------------------------------------------------------------------------


def test_pert_and_triangular_have_their_textbook_means():
    assert Duration(2, 5, 14).mean_days == (2 + 4 * 5 + 14) / 6
    assert Duration(2, 5, 14, "triangular").mean_days == 7.0


@pytest.mark.parametrize("points", [(3, 2, 5), (2, 6, 5), (-1, 2, 3), (1, 2, math.inf), (math.nan, 2, 3)])
def test_three_points_out_of_order_are_refused(points):
    with pytest.raises(ValueError, match="low <= mode <= high"):
        Duration(*points)


def test_draws_follow_their_distributions():
    n = 20_000
    pert, triangular = Duration(2, 5, 14), Duration(2, 5, 14, "triangular")
    drawn = kernel.draw_lengths(arrays_of(chain(pert, triangular)), seed=1, first_draw=0, n_draws=n)
    exact = beta(1 + 4 * 3 / 12, 1 + 4 * 9 / 12, loc=2, scale=12)
    assert kstest(drawn[:, 0], exact.cdf).pvalue > 0.001
    assert kstest(drawn[:, 1], triang(3 / 12, loc=2, scale=12).cdf).pvalue > 0.001
    for column, length, spread in ((0, pert, exact.std()), (1, triangular, triang(0.25, scale=12).std())):
        assert abs(drawn[:, column].mean() - length.mean_days) < 4 * spread / math.sqrt(n)


def test_a_wrong_distribution_would_be_noticed():
    drawn = kernel.draw_lengths(arrays_of(chain(Duration(2, 5, 14))), seed=1, first_draw=0, n_draws=20_000)
    assert kstest(drawn[:, 0], triang(3 / 12, loc=2, scale=12).cdf).pvalue < 1e-6


def test_tabled_quantiles_are_near_the_exact_distribution():
    p = np.linspace(0, 1, 100_001)
    for share in (0.0, 0.05, 0.5, 1.0):
        table = kernel.quantile_of(share, is_pert=True)
        x = np.interp(p, np.linspace(0, 1, table.size), table)
        assert np.abs(beta(1 + 4 * share, 5 - 4 * share).cdf(x) - p).max() < 6e-4


def test_draws_of_different_activities_are_independent():
    net = chain(*[Duration(0, 1, 2, "triangular")] * 40)
    drawn = kernel.draw_lengths(arrays_of(net), seed=3, first_draw=0, n_draws=10_000)
    off = np.corrcoef(drawn.T)[~np.eye(40, dtype=bool)]
    assert np.abs(off).max() < 5 / math.sqrt(10_000)
    later = kernel.draw_lengths(arrays_of(net), seed=4, first_draw=0, n_draws=10_000)
    assert abs(np.corrcoef(drawn[:, 0], later[:, 0])[0, 1]) < 0.05
    assert abs(np.corrcoef(drawn[:-1, 0], drawn[1:, 0])[0, 1]) < 0.05


def test_a_common_factor_has_mean_one_and_makes_activities_slip_together():
    activities = tuple(Activity(f"a{k}", SURE(10), factor_id="donor A" if k < 2 else "") for k in range(3))
    net = Network(START, activities, factors=(CommonFactor("donor A", 0.3),))
    drawn = kernel.draw_lengths(arrays_of(net), seed=0, first_draw=0, n_draws=40_000)
    assert np.array_equal(drawn[:, 0], drawn[:, 1])
    assert np.all(drawn[:, 2] == 10)
    assert abs(drawn[:, 0].mean() - 10) < 4 * 3 / 200
    assert abs(drawn[:, 0].std() - 3) < 0.1


# --- the network -----------------------------------------------------------------------------------------


def test_a_cycle_is_refused_and_named():
    activities = (
        Activity("free", SURE(1)),
        Activity("a", SURE(1), after=("c",)),
        Activity("b", SURE(1), after=("a", "free")),
        Activity("c", SURE(1), after=("b",)),
        Activity("tail", SURE(1), after=("c",)),
    )
    with pytest.raises(ValueError, match=r"cycle: (a -> b -> c -> a|b -> c -> a -> b|c -> a -> b -> c)$"):
        Network(START, activities)


def test_a_cycle_by_crews_is_refused_too():
    with pytest.raises(ValueError, match="cycle"):
        dataclasses.replace(chain(SURE(1), SURE(1)), added=(("a1", "a0"),))


@pytest.mark.parametrize(
    ("activity", "words"),
    [
        (Activity("x", SURE(1), after=("ghost",)), "no activity ghost"),
        (Activity("x", SURE(1), crews=(("ghost", 1),)), "no crew ghost"),
        (Activity("x", SURE(1), closure_ids=("ghost",)), "no closure ghost"),
        (Activity("x", SURE(1), factor_id="ghost"), "no factor ghost"),
        (Activity("x", SURE(1), crews=(("two", 3),)), "needs 3 of crew two, which has 2"),
        (Activity("x", SURE(1), finished_on=date(2026, 11, 23)), "after the start"),
    ],
)
def test_what_a_network_does_not_hold_is_refused(activity, words):
    with pytest.raises(ValueError, match=words):
        Network(START, (activity,), crews=(Crew("two", 2),))


def test_ids_stand_once():
    with pytest.raises(ValueError, match="a stands twice"):
        Network(START, (Activity("a", SURE(1)), Activity("a", SURE(2))))


# --- calendars, by hand ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "work", "end"),
    [
        (0, 5, 5),  # ends before it closes on day 10
        (0, 10, 10),  # ends as it closes
        (0, 11, 21),  # one day is left for the opening on day 20
        (10, 1, 21),  # comes as it closes
        (15, 3, 23),  # comes while it is closed
        (20, 3, 23),
        (5, 30, 65),  # 5 before, 20 between, 5 after the second closure (40 to 60)
        (15, 0, 15),  # no work, nothing to wait for
        (70, 4, 74),
    ],
)
def test_work_stops_while_it_is_closed(start, work, end):
    closed = np.array([[10.0, 20.0, 0.0], [40.0, 60.0, 10.0]])
    assert kernel.after_work(closed, float(start), float(work)) == end


def test_a_closure_recurs_every_year_and_crosses_its_turn():
    net = Network(date(2026, 1, 1), (), closures=(Closure("winter", (11, 1), (4, 15)),))
    rows = closed_days(net, ["winter"])
    found = [tuple(date(2026, 1, 1) + timedelta(days=int(day)) for day in row[:2]) for row in rows[:4]]
    assert found[:3] == [(date(y, 11, 1), date(y + 1, 4, 15)) for y in (2025, 2026, 2027)]
    assert (date(2028, 11, 1), date(2029, 4, 15)) in [
        tuple(date(2026, 1, 1) + timedelta(days=int(day)) for day in row[:2]) for row in rows
    ]


def test_closures_that_meet_are_one():
    closures = (Closure("a", (11, 1), (2, 1)), Closure("b", (1, 15), (4, 15)))
    rows = closed_days(Network(date(2026, 1, 1), (), closures), ["a", "b"])
    assert np.all(rows[1:, 0] > rows[:-1, 1])
    assert (rows[2, 1] - rows[2, 0]) == (date(2027, 4, 15) - date(2026, 11, 1)).days
    assert np.allclose(rows[:, 2], np.concatenate([[0], np.cumsum(rows[:, 1] - rows[:, 0])[:-1]]))


def test_install_begun_in_november_ends_after_the_pass_opens():
    winter = Closure("winter", (11, 1), (4, 15), steps=("install",), from_m=600e3, to_m=900e3)
    assert winter.stops("install", 590e3, 610e3)
    assert not winter.stops("install", 100e3, 200e3)
    assert not winter.stops("train", 700e3, 700e3)
    assert not winter.stops("install")
    net = Network(START, (Activity("i", SURE(10), closure_ids=("winter",)),), (winter,))
    risk = assess(net, n_draws=1, seed=0)
    assert risk.quantile_on(1.0) == date(2027, 4, 25)
    assert risk.p_by(date(2027, 4, 25)) == 1.0
    assert risk.p_by(date(2027, 4, 24)) == 0.0


@pytest.mark.parametrize(("closes", "opens"), [((2, 29), (4, 1)), ((13, 1), (4, 1)), ((4, 1), (4, 1))])
def test_a_closure_needs_days_of_every_year(closes, opens):
    with pytest.raises(ValueError, match="closure x"):
        Closure("x", closes, opens)


# --- schedule risk ---------------------------------------------------------------------------------------


def test_p50_of_a_single_triangular_activity():
    risk = assess(chain(Duration(0, 2, 10, "triangular")), n_draws=40_000, seed=7)
    exact = 10 - math.sqrt(0.5 * 10 * 8)  # F(x) = 1 - (10 - x)^2 / 80
    density = 2 * (10 - exact) / 80
    assert abs(np.median(risk.total_days) - exact) < 4 * 0.5 / (math.sqrt(40_000) * density)


def test_independent_parallel_tasks_end_by_the_product_of_their_distributions():
    lengths = [Duration(1, 3, 9), Duration(2, 4, 8, "triangular"), Duration(0, 5, 7)]
    net = Network(START, tuple(Activity(f"a{k}", one) for k, one in enumerate(lengths)))
    risk = assess(net, n_draws=50_000, seed=5)
    for day in (3.0, 4.5, 6.0, 7.5):
        exact = (
            beta(2, 4, loc=1, scale=8).cdf(day)
            * triang(1 / 3, loc=2, scale=6).cdf(day)
            * beta(1 + 20 / 7, 5 - 20 / 7, loc=0, scale=7).cdf(day)
        )
        found = float((risk.total_days <= day).mean())
        assert abs(found - exact) < 4 * math.sqrt(exact * (1 - exact) / 50_000) + 6e-4


def test_a_chain_is_always_critical_and_a_short_branch_never():
    net = Network(
        START,
        (
            Activity("a", Duration(5, 6, 9)),
            Activity("b", Duration(5, 6, 9), after=("a",)),
            Activity("short", Duration(1, 2, 3), after=("a",)),
            Activity("end", SURE(0), after=("b", "short")),
        ),
    )
    risk = assess(net, n_draws=2_000, seed=0)
    assert risk.criticality.tolist() == [1.0, 1.0, 0.0, 1.0]


def test_criticality_of_two_equal_branches_is_one_half():
    net = Network(START, (Activity("a", Duration(1, 5, 9)), Activity("b", Duration(1, 5, 9))))
    risk = assess(net, n_draws=20_000, seed=2)
    assert risk.criticality.sum() == pytest.approx(1.0)
    assert abs(risk.criticality[0] - 0.5) < 4 * 0.5 / math.sqrt(20_000)


def test_cruciality_is_the_correlation_numpy_finds():
    net = Network(
        START,
        (
            Activity("a", Duration(2, 6, 20)),
            Activity("b", Duration(3, 4, 9), after=("a",)),
            Activity("c", Duration(1, 9, 25)),
            Activity("d", SURE(2), after=("c",)),
        ),
    )
    risk = assess(net, n_draws=5_000, seed=9)
    drawn = kernel.draw_lengths(arrays_of(net), seed=9, first_draw=0, n_draws=5_000)
    order = [net.activities[i].activity_id for i in net.order]
    for name in ("a", "b", "c"):
        expected = np.corrcoef(drawn[:, order.index(name)], risk.total_days)[0, 1]
        assert risk.cruciality[net.index[name]] == pytest.approx(expected, abs=1e-9)
    assert risk.cruciality[net.index["d"]] == 0.0


def test_a_day_is_over_at_its_end():
    found = assess(chain(SURE(2.5)), n_draws=10, seed=0)
    third = START + timedelta(days=2)
    assert found.quantile_on(0.5) == third
    assert (found.p_by(third - timedelta(days=1)), found.p_by(third)) == (0.0, 1.0)


def test_nothing_begins_before_the_start():
    early = Activity("a", SURE(3), not_before=START - timedelta(days=10))
    assert assess(Network(START, (early,)), n_draws=5, seed=0).total_days.tolist() == [3.0] * 5


def test_goals_limit_what_counts_as_the_end():
    net = Network(START, (Activity("a", SURE(3)), Activity("b", SURE(9))))
    risk = assess(net, n_draws=1, seed=0, goals=["a"])
    assert risk.total_days.tolist() == [3.0]
    assert risk.criticality.tolist() == [1.0, 0.0]


def test_most_likely_durations_promise_too_much_where_paths_meet():
    net = Network(START, tuple(Activity(f"a{k}", Duration(5, 6, 10)) for k in range(10)))
    risk = assess(net, n_draws=5_000, seed=0)
    assert risk.mode_total_days == 6.0
    assert float((risk.total_days <= 6.0).mean()) < 0.001


def test_of_work_under_way_the_rest_is_promised():
    begun = Activity("a", Duration(1, 6, 20), began_on=START - timedelta(days=4))
    late = Activity("b", Duration(1, 2, 20), began_on=START - timedelta(days=4))
    for one, left in ((begun, 2.0), (late, 0.0)):
        net = Network(START, (one, Activity("then", Duration(0, 1, 5), after=(one.activity_id,))))
        assert assess(net, n_draws=10, seed=0).mode_total_days == left + 1.0


def test_facts_stand_whatever_is_drawn():
    net = Network(
        START,
        (
            Activity("done", Duration(5, 6, 9), finished_on=date(2026, 11, 2)),
            Activity("next", SURE(4), after=("done",), not_before=date(2026, 12, 2)),
        ),
    )
    risk = assess(net, n_draws=3, seed=0)
    assert risk.finish_of("done").tolist() == [-20.0] * 3
    assert risk.finish_of("next").tolist() == [14.0] * 3
    assert risk.criticality.tolist() == [0.0, 1.0]


def test_work_under_way_is_drawn_on_condition_that_it_still_lasts():
    length, elapsed = Duration(0, 10, 40, "triangular"), 15
    began = START - timedelta(days=elapsed)
    net = Network(START, (Activity("a", length, began_on=began),))
    left = kernel.draw_lengths(arrays_of(net), seed=0, first_draw=0, n_draws=20_000)[:, 0]
    whole = triang(0.25, scale=40)
    conditional = kstest(
        left, lambda x: (whole.cdf(x + elapsed) - whole.cdf(elapsed)) / (1 - whole.cdf(elapsed))
    )
    assert conditional.pvalue > 0.001
    assert left.min() >= 0


def test_the_condition_cuts_the_very_distribution_of_the_draws():
    """Same seed and name, so the same u: left = F^-1(F(e) + u (1 - F(e))) - e, to the last digits."""
    length, elapsed = Duration(0, 10, 40), 7
    begun = Activity("a", length, began_on=START - timedelta(days=elapsed))
    left, fresh = (
        kernel.draw_lengths(arrays_of(Network(START, (one,))), seed=5, first_draw=0, n_draws=500)[:, 0]
        for one in (begun, Activity("a", length))
    )
    days = 40.0 * kernel.quantile_of(0.25, is_pert=True)
    p = np.linspace(0.0, 1.0, days.size)
    u, below = np.interp(fresh, days, p), np.interp(elapsed, days, p)
    assert left == pytest.approx(np.interp(below + u * (1.0 - below), p, days) - elapsed, abs=1e-9)


def test_what_all_share_is_known_before_what_has_passed():
    """d > e / B for each factor B by the definition, and all anew where even the longest is over."""
    low, mode, high, elapsed, n = 2.0, 10.0, 30.0, 12.0, 20_000
    begun = Activity(
        "a", Duration(low, mode, high, "triangular"), began_on=START - timedelta(days=12), factor_id="donor"
    )
    net = arrays_of(Network(START, (begun,), factors=(CommonFactor("donor", 0.6),)))
    drawn = kernel.draw_lengths(net, seed=2, first_draw=0, n_draws=n)[:, 0]
    rng, exact = np.random.default_rng(1), triang((mode - low) / (high - low), loc=low, scale=high - low)
    sigma = float(net.factor_sigma[0])
    factor = np.exp(sigma * rng.standard_normal(n) - sigma**2 / 2)
    below = exact.cdf(elapsed / factor)
    spent = below >= 1.0
    whole = factor * exact.ppf(
        np.where(spent, 0.0, below) + rng.random(n) * (1 - np.where(spent, 0.0, below))
    )
    expected = np.where(spent, whole, whole - elapsed)
    assert 0.02 < spent.mean() < 0.5
    assert drawn.min() > 0.0
    assert ks_2samp(drawn, expected).pvalue > 0.001


def test_an_estimate_that_is_spent_starts_anew():
    long_ago = Network(START, (Activity("a", Duration(1, 5, 9), began_on=date(2026, 1, 1)),))
    fresh = Network(START, (Activity("a", Duration(1, 5, 9)),))
    found = [assess(net, n_draws=100, seed=0).total_days for net in (long_ago, fresh)]
    assert np.array_equal(found[0], found[1])
    sure = Network(START, (Activity("a", SURE(3), began_on=START - timedelta(days=10)),))
    assert assess(sure, n_draws=2, seed=0).total_days.tolist() == [3.0, 3.0]


def test_time_under_way_does_not_count_while_it_was_closed():
    winter = (Closure("winter", (11, 1), (4, 15)),)
    begun = Activity("a", SURE(10), closure_ids=("winter",), began_on=date(2026, 10, 29))
    net = Network(START, (begun,), winter)
    assert arrays_of(net).elapsed_days.tolist() == [3.0]
    assert assess(net, n_draws=1, seed=0).quantile_on(1.0) == date(2027, 4, 22)


def test_assess_refuses_what_makes_no_sense():
    with pytest.raises(InputFaults):
        assess(Network(START, ()), n_draws=1, seed=0)
    with pytest.raises(InputFaults):
        assess(chain(SURE(1)), n_draws=0, seed=0)
    with pytest.raises(InputFaults):
        assess(chain(SURE(1)), n_draws=1, seed=-1)
    with pytest.raises(UnknownName, match="ghost"):
        assess(chain(SURE(1)), n_draws=1, seed=0, goals=["ghost"])
    with pytest.raises(UnknownName, match="a0"):
        assess(chain(SURE(1)), n_draws=1, seed=0, kept=()).finish_of("a0")


# --- the network of a programme --------------------------------------------------------------------------

KIND = {"radar_medium": "radar", "fence_signal": "fence"}


def at(*day: int) -> datetime:
    return datetime(*day, tzinfo=UTC)


def item(item_id: str, *, donor: str = "A", km: float = 0) -> ProgrammeItem:
    place = AlongLine(700e3, 700e3 + 1000 * km) if km else AtPoint(70, 38)
    equipment = "fence_signal" if km else "radar_medium"
    return ProgrammeItem(
        item_id, equipment, km or 4, donor, "R", producer="P", measured_in="km" if km else "items",
        asset=Asset(item_id, equipment, place, n=1 if km else 4),
    )  # fmt: skip


def moves(*came: tuple[str, datetime]) -> tuple[Move, ...]:
    return tuple(Move(day, state, None, 4, (), f"s{k}") for k, (state, day) in enumerate(came))


UNDER_WAY = Progress(
    item("radar"),
    at={"contracted": 4},
    moves=moves(("pledged", at(2026, 1, 5)), ("approved", at(2026, 3, 1)), ("contracted", at(2026, 9, 1))),
)
WORKS = Progress(
    item("old"),
    at={"working": 3, "down": 1},
    moves=moves(("working", at(2026, 5, 1)), ("down", at(2026, 11, 20))),
)
GONE = Progress(item("gone"), at={"lost": 4})
ASKED = Progress(item("asked"), at={})
LINE = Progress(
    item("line", donor="B", km=10), at={"pledged": 10.0}, moves=moves(("pledged", at(2026, 11, 1)))
)


def programme(*progress: Progress) -> Programme:
    return Programme({one.item.item_id: one for one in progress})


def basis(*, crews: tuple[Crew, ...] = ()) -> ScheduleBasis:
    winter = Closure("winter", (11, 1), (4, 15), ("deliver", "install"), 600e3, 900e3)
    return ScheduleBasis(read_activities(), (winter,), crews)


def built(*progress: Progress, **chosen: object) -> Network:
    return network_of(programme(*progress), basis(), start=START, kind_of=KIND, **chosen)


def test_recorded_steps_are_facts_and_the_next_one_is_under_way():
    found = {one.step: one for one in built(UNDER_WAY).activities}
    assert list(found) == list(STEP_TO)
    assert found["approve"].began_on == date(2026, 1, 5)
    assert found["approve"].finished_on == date(2026, 3, 1)
    assert found["contract"].finished_on == date(2026, 9, 1)
    assert found["produce"].began_on == date(2026, 9, 1)
    assert found["produce"].finished_on is None
    assert found["produce"].factor_id == "producer P"
    assert found["ship"].after == ("radar produce",)
    assert found["ship"].began_on is None


def test_the_furthest_behind_decide():
    behind = dataclasses.replace(UNDER_WAY, at={"contracted": 1, "installed": 3})
    found = {one.step: one for one in built(behind).activities}
    assert found["produce"].finished_on is None
    assert found["install"].duration == basis().estimate("install", "radar").duration  # for the one left
    four = {one.step: one for one in built(UNDER_WAY).activities}["install"].duration
    assert four.mode_days > found["install"].duration.mode_days


def test_a_forecast_is_taken_as_not_before():
    promised = dataclasses.replace(UNDER_WAY, forecast={"produced": date(2027, 8, 1)})
    found = {one.step: one for one in built(promised).activities}
    assert found["ship"].not_before == date(2027, 8, 1)
    days = schedule_draws(programme(promised), network=built(promised), n_draws=50, seed=0, start=START)
    assert days.min() > (date(2027, 8, 1) - START).days


def test_no_item_works_before_the_day_foreseen_for_that():
    promised = dataclasses.replace(UNDER_WAY, forecast={"working": date(2029, 3, 30)})
    net = built(promised, LINE)
    days = schedule_draws(programme(promised, LINE), network=net, n_draws=50, seed=0, start=START)
    foreseen_day = (date(2029, 3, 30) - START).days
    assert days[:, 0].min() == foreseen_day
    past = dataclasses.replace(promised, forecast={"working": date(2026, 11, 1)})
    alone = schedule_draws(programme(UNDER_WAY), network=built(UNDER_WAY), n_draws=50, seed=0, start=START)
    late = schedule_draws(programme(past), network=built(past), n_draws=50, seed=0, start=START)
    assert np.array_equal(late, alone), "a day that has passed binds nothing"
    done = Progress(item("done"), at={"working": 4}, moves=moves(("working", at(2026, 11, 2))),
                    forecast={"working": date(2027, 1, 1)})  # fmt: skip
    assert not any(one.step == "foreseen" for one in built(done).activities)


def test_a_closure_meets_what_stands_in_its_range():
    closed = {one.step for one in built(LINE).activities if one.closure_ids}
    assert closed == {"deliver", "install"}
    assert not [one for one in built(UNDER_WAY).activities if one.closure_ids]
    placed = built(UNDER_WAY, chainage_m={"radar": 650e3})
    assert {one.step for one in placed.activities if one.closure_ids} == {"deliver", "install"}


def test_draws_of_items_gone_asked_for_working_and_to_come():
    all_of_them = (UNDER_WAY, WORKS, GONE, ASKED, LINE)
    net = built(*all_of_them)
    days = schedule_draws(programme(*all_of_them), network=net, n_draws=200, seed=0, start=START)
    assert days.shape == (200, 5)
    assert np.all(np.isinf(days[:, [2, 3]]))
    assert np.all((days[:, 1] > 0) & (days[:, 1] < 90))  # the repair of the one that is down
    assert np.all(days[:, [0, 4]] > 60)
    later = schedule_draws(
        programme(*all_of_them), network=net, n_draws=200, seed=0, start=START - timedelta(days=10)
    )
    assert np.array_equal(later[:, 0], days[:, 0] + 10)


def test_what_works_bears_its_date():
    done = Progress(item("done"), at={"working": 4}, moves=moves(("working", at(2026, 11, 2))))
    days = schedule_draws(programme(done), network=built(done), n_draws=2, seed=0, start=START)
    assert days[:, 0].tolist() == [-20.0, -20.0]


def test_a_programme_of_nothing_has_no_dates():
    days = schedule_draws(programme(GONE), network=built(GONE), n_draws=3, seed=0, start=START)
    assert np.all(np.isinf(days))


def test_one_item_does_not_change_the_draws_of_another():
    alone = schedule_draws(programme(UNDER_WAY), network=built(UNDER_WAY), n_draws=100, seed=0, start=START)
    both = programme(LINE, UNDER_WAY)
    together = schedule_draws(both, network=built(LINE, UNDER_WAY), n_draws=100, seed=0, start=START)
    assert np.array_equal(alone[:, 0], together[:, 1])


def test_a_slip_moves_its_items_and_no_others():
    whole, net = programme(UNDER_WAY, LINE), built(UNDER_WAY, LINE)
    late = slipped(net, {"line"}, 183.0)
    before, after = (schedule_draws(whole, network=n, n_draws=300, seed=0, start=START) for n in (net, late))
    assert np.array_equal(before[:, 0], after[:, 0])
    assert np.all(after[:, 1] > before[:, 1])


def test_a_slip_delays_the_next_step_alone_once():
    """Two steps of ten days, the first under way or done: half a year is added once, to what is next."""
    for finished_on, lags in ((None, [183.0, 0.0]), (START, [0.0, 183.0])):
        steps = [Activity("b", SURE(10.0), after=("a",), item_id="x"), Activity("a", SURE(10.0), item_id="x")]
        net = Network(START, (steps[0], dataclasses.replace(steps[1], finished_on=finished_on)))
        late = slipped(net, {"x"}, 183.0)
        assert [one.lag_days for one in late.activities] == lags[::-1]
        total = [float(assess(one, n_draws=1, seed=1).total_days[0]) for one in (net, late)]
        assert total[1] - total[0] == pytest.approx(183.0)


def test_unknown_equipment_and_crews_too_small_are_refused():
    with pytest.raises(UnknownName, match="radar_medium"):
        network_of(programme(UNDER_WAY), basis(), start=START, kind_of={})
    small = basis(crews=(Crew("installers", 1),))
    with pytest.raises(InputFaults, match="at least 2 for radar install"):
        network_of(programme(UNDER_WAY), small, start=START, kind_of=KIND)
    bare = ScheduleBasis(())
    with pytest.raises(InputFaults, match="an estimate of approve"):
        network_of(programme(LINE), bare, start=START, kind_of=KIND)


# --- the table of estimates ------------------------------------------------------------------------------


def test_the_shipped_estimates_cover_every_step_of_every_kind():
    shipped = ScheduleBasis(read_activities())
    for step in STEPS:
        for kind in MOUNT:
            found = shipped.estimate(step, kind)
            assert found is not None
            assert found.reason.startswith("assumption:")


def test_an_estimate_grows_with_quantity():
    one = StepEstimate("install", "", Duration(2, 4, 10), growth=0.5)
    assert one.duration_of(1) == one.duration
    assert one.duration_of(3) == Duration(4, 8, 20)
    assert one.duration_of(0.2) == one.duration


def test_every_fault_of_a_table_of_estimates_is_found(tmp_path):
    path = tmp_path / "activities.csv"
    path.write_text(
        "step,kind,low_days,mode_days,high_days,source\n"
        "approve,,9,5,20,mine\n"
        "fly,,1,2,3,mine\n"
        "ship,,1,2,3,mine\n"
        "ship,,1,2,4,mine\n"
        "install,radar,1,x,3,\n"
    )
    with pytest.raises(InputFaults) as caught:
        read_activities(path)
    found = {(fault.row, fault.column) for fault in caught.value.faults}
    assert found == {(1, "mode_days"), (2, "step"), (4, "step"), (5, "mode_days"), (5, "source")}
