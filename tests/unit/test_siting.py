"""Plans on a short line: what they are worth, what they keep to, and when there is none."""

from __future__ import annotations

import contextlib
from dataclasses import replace

import numpy as np
import pytest

from sarhad.errors import EmptyBudget, InputFaults, NoGoalReachable
from sarhad.interfaces.cli.tables import draw_plan
from sarhad.io.plans import result_as_dict
from sarhad.io.project import open_project
from sarhad.model.line import ChainageRange
from sarhad.model.objective import MEAN, Objective
from sarhad.model.plan import Budget, Plan
from sarhad.model.project import Barrier
from sarhad.planning.compute import Compute
from sarhad.planning.items import offered_items
from sarhad.planning.profile import profile
from sarhad.planning.search import rank
from sarhad.planning.siting import Effort, Mix, Search, plan
from sarhad.planning.summary import summarise, yearly
from sarhad.planning.unseen import gap
from sarhad.testing import assert_plans_equal, check_plan
from small_cases import Shelf, site_near, tiny

MONEY_USD = 250_000.0


@pytest.fixture(scope="module")
def project(small_project_template):
    cut = tiny(open_project(small_project_template))
    sites = tuple(site_near(cut, f"S{k}", 1_000.0 + 2_500.0 * k) for k in range(5))
    return replace(cut, sites=sites, budget=replace(cut.budget, money_usd=MONEY_USD))


@pytest.fixture(scope="module")
def found(project):
    return plan(project)


UNAWARE, OPTIMAL = Mix(1.0, 0.0), Mix(0.0, 1.0)


def searching(project, objective=MEAN):
    items = offered_items(project, project.sites)
    return Search(project, items, project.budget, objective, Compute(1))


def test_a_plan_keeps_its_limits_and_its_numbers_are_in_order(project, found):
    check_plan(project, found)
    assert found.plan.items
    assert found.value > found.before
    assert [name for name, _, _ in found.adversaries] == ["unaware", "optimal"]


def test_the_same_question_has_the_same_answer(project, found):
    assert_plans_equal(plan(project, MONEY_USD), found)
    assert_plans_equal(plan(project, project.budget), found)


def test_a_search_that_is_stopped_goes_on_with_what_was_judged(project):
    """Stopped after 3 pieces, then 4 more, and so on: each is worked out once, the plan is the same."""
    two = replace(project, settings=replace(project.settings, sector_m=6_000.0))
    effort = Effort(rounds=2, max_exact=2)
    alone, stopped = Shelf(), Shelf()
    with Compute(1, store=alone) as compute:
        expected = plan(two, mix=OPTIMAL, effort=effort, compute=compute)
    found, stops = None, 0
    while found is None:
        stopped.n_more = 3 + stops
        with contextlib.suppress(KeyboardInterrupt), Compute(1, store=stopped) as compute:
            found = plan(two, mix=OPTIMAL, effort=effort, compute=compute)
        stops += found is None
    assert stops >= 3
    assert stopped.keys() == alone.keys()
    assert stopped.n_put == alone.n_put == len(alone)
    assert_plans_equal(found, expected)


def test_routes_known_of_later_are_another_piece(project):
    """What a plan is worth falls when the adversary learns more: the old worth is not taken for the new."""
    shelf = Shelf()
    with Compute(1, store=shelf) as compute:
        search = Search(project, offered_items(project, project.sites), project.budget, MEAN, compute)
        nothing = np.zeros(len(search.items), np.int64)
        everything = search.limits.n_max
        search.worth(nothing)
        n = len(shelf)
        search.cut(everything, OPTIMAL)
        search.worth(nothing)
    assert len(shelf) == n + 2


@pytest.mark.parametrize(
    "budget",
    [
        Budget(90_000.0),
        Budget(1e9, crew_n=2.0),
        Budget(1e9, stock={"thermal_medium": 1.0, "radar_medium": 0.0, "seismic_line": 4.0}),
        Budget(1e9, stock={"thermal_medium": 0.0, "radar_medium": 0.0}),
        Budget(1e9),
    ],
)
def test_money_crew_and_stock_are_kept(project, budget):
    result = plan(project, budget, effort=Effort(rounds=1, max_exact=4))
    check_plan(project, result, budget)
    used = {item.asset.equipment_id for item in result.plan.items}
    assert used.isdisjoint(name for name, stock in budget.stock.items() if stock == 0)


def test_a_site_takes_no_more_than_it_holds(project):
    one = replace(
        project,
        sites=project.sites[:1],
        offered=tuple(
            sorted(
                name
                for name, e in project.equipment.items()
                if e.kind in ("thermal_camera", "radar", "day_camera")
            )
        ),
    )
    result = plan(one, Budget(1e9), effort=Effort(rounds=1, max_exact=4))
    check_plan(one, result, Budget(1e9))
    assert len(one.offered) > 4
    assert len(result.ranking.items) <= 4


def test_the_value_before_is_the_mean_of_the_profile(project, found):
    rows = profile(project)
    mean = {
        m.adversary: m.p_timely for m in summarise(project, rows, gap(project)).means if m.depth_m == 3_000.0
    }
    search = searching(project)
    nothing = np.zeros(len(search.items), np.int64)
    (unaware,), (optimal,) = (search.score(nothing, mix) for mix in (UNAWARE, OPTIMAL))
    assert unaware == pytest.approx(mean["unaware"], abs=1e-12)
    assert mean["optimal"] - 1e-12 <= optimal <= mean["optimal"] + 0.02
    assert found.before <= 0.5 * unaware + 0.5 * optimal + 1e-12  # by then more worst routes are known


def test_the_value_of_a_plan_is_the_mean_of_its_profile(project, found):
    rows = profile(project, found.plan)
    means = {m.adversary: m for m in summarise(project, rows, gap(project)).means if m.depth_m == 3_000.0}
    worth = {name: value for name, _, value in found.adversaries}
    assert worth["unaware"] == pytest.approx(means["unaware"].p_timely, abs=1e-12)
    assert worth["optimal"] == pytest.approx(means["optimal"].p_timely, abs=0.02)


def test_threat_weights_say_where_it_matters(project):
    here, there = ChainageRange("here", 0.0, 4_000.0), ChainageRange("there", 4_000.0, 12_000.0)
    heavy = replace(project, weights=(here, there), weight_of={"here": 3.0, "there": 0.0})
    search = searching(heavy)
    first = yearly(project, profile(project))["p_timely"][0]
    (now,) = search.score(np.zeros(len(search.items), np.int64), UNAWARE)
    assert now == pytest.approx(first, abs=1e-12)
    small = plan(heavy, 60_000.0, effort=Effort(rounds=1, max_exact=4))
    assert {item.site_id for item in small.plan.items} <= {"S0", "S1", "S2", "L0000", "L0001"}


def test_pure_adversaries_weigh_alone(project):
    for mix in (UNAWARE, OPTIMAL):
        result = plan(project, mix=mix, effort=Effort(rounds=1, max_exact=4))
        check_plan(project, result)
        assert [weight for _, weight, _ in result.adversaries] == [mix.unaware, mix.optimal]


@pytest.mark.parametrize("objective", [MEAN, Objective("leximin"), Objective("cvar", tail_share=0.3)])
@pytest.mark.parametrize("effort", [Effort(rounds=1, max_exact=0), Effort(rounds=2, max_exact=6)])
def test_no_pure_plan_is_better_on_the_mixed_objective(project, objective, effort):
    """The pure plans come from searches of their own; all are judged against the same known routes."""
    tight = replace(project, budget=replace(project.budget, money_usd=150_000.0))
    search = searching(tight, objective)
    mine = search.solve(Mix(), effort)
    for mix in (UNAWARE, OPTIMAL):
        pure = plan(tight, objective=objective, mix=mix, effort=effort).plan
        score = search.score(counts(search, pure), Mix())
        assert score <= search.score(counts(search, mine.plan), Mix())
        assert search.aim.headline(score) <= mine.value + 1e-9


def counts(search, one):
    """Return how many of each item a plan buys."""
    number = {(item.asset.equipment_id, item.site_id): i for i, item in enumerate(search.items)}
    bought = [number[item.asset.equipment_id, item.site_id] for item in one.items]
    return np.bincount(bought, minlength=len(search.items))


@pytest.mark.parametrize(
    ("objective", "said"),
    [
        (MEAN, ["the mean over line"]),
        (Objective("leximin", step=0.25), ["in steps of 0.25", "P_t at least", "decides"]),
        (Objective("cvar", tail_share=0.2), ["worst 20% of the year", "of the tail", "winter_fog"]),
    ],
)
def test_a_plan_is_printed_with_its_objective(project, objective, said, capsys):
    result = plan(project, objective=objective, effort=Effort(rounds=1, max_exact=0))
    check_plan(project, result)
    draw_plan(project, result)
    printed = " ".join(capsys.readouterr().out.split())
    assert all(words in printed for words in said)
    assert f"{result.value:.3f}" in printed
    named = result_as_dict(result, "synthetic")["objective"]
    assert named["name"] == objective.name
    assert len(named["parts"]) == len(result.parts)


def test_weights_of_adversaries_sum_to_one():
    for weights in ((0.5, 0.6), (-0.5, 1.5), (float("nan"), 0.5)):
        with pytest.raises(ValueError, match="sum to 1"):
            Mix(*weights)


def test_identical_items_are_told_apart_through_the_ranking(project):
    flights = replace(project, offered=("drone_small",))
    result = plan(flights, 2.5 * project.equipment["drone_small"].cost_usd)
    check_plan(flights, result)
    assert [item.asset.asset_id for item in result.ranking.items][:2] == [
        "A000-drone_small",
        "A000-drone_small-2",
    ]
    assert len(result.ranking.items) > len(result.plan.items) > 1


def test_what_helps_nobody_is_not_bought(project):
    """Without a team no detection is in time: the answer is to buy nothing, at a bound of nothing."""
    result = plan(replace(project, teams=()))
    assert result.plan == result.ranking == Plan()
    assert (result.value, result.before) == (0.0, 0.0)
    assert result.bound == pytest.approx(0.0, abs=1e-9)
    assert result.gap <= 1.0


def test_posts_bring_teams(project):
    posts = replace(project, teams=(), assets=(), offered=("post_staffed",))
    result = plan(posts, 300_000.0, effort=Effort(rounds=1, max_exact=4))
    check_plan(posts, result, replace(posts.budget, money_usd=300_000.0))
    assert len(result.plan.items) == 1
    assert result.value > result.before == 0.0


@pytest.mark.parametrize(
    "budget", [1.0, Budget(1e9, stock=dict.fromkeys(["thermal_medium", "radar_medium", "seismic_line"], 0.0))]
)
def test_nothing_affordable_is_an_empty_budget(project, budget):
    with pytest.raises(EmptyBudget):
        plan(project, budget)


def test_nothing_on_offer_is_an_empty_budget(project):
    with pytest.raises(EmptyBudget):
        plan(replace(project, offered=()))


@pytest.mark.parametrize("money_usd", [0.0, -5.0, float("nan")])
def test_a_budget_is_money(project, money_usd):
    with pytest.raises(InputFaults, match="money"):
        plan(project, money_usd)


def test_a_closed_border_needs_no_plan(project):
    wall = Barrier("wall", "wall", {"summer": np.inf, "winter": np.inf}, on_line=True)
    with pytest.raises(NoGoalReachable):
        plan(replace(project, barriers=(wall,)))


@pytest.mark.parametrize("objective", [Objective("leximin"), Objective("cvar", tail_share=0.3)])
@pytest.mark.parametrize("money_usd", [90_000.0, 150_000.0, 300_000.0])
def test_no_list_of_the_mean_is_better_on_another_objective(project, objective, money_usd):
    tight = replace(project, budget=replace(project.budget, money_usd=money_usd))
    search = searching(tight, objective)
    chosen = search.search(Mix(), [], Effort(rounds=1, max_exact=0), last=True)
    by_the_mean = rank(search.pool(Mix()), search.limits).count
    assert search.score(chosen, Mix()) >= search.score(by_the_mean, Mix())
