"""The batteries find what they are for: each is given something wrong in one way."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pytest
import shapely

from sarhad.io.project import open_project
from sarhad.model.asset import Asset, AtPoint
from sarhad.model.objective import Objective, ObjectivePart
from sarhad.model.plan import Budget, Plan, PlanItem, PlanResult
from sarhad.planning.profile import profile
from sarhad.testing import assert_plans_equal, assert_tables_equal, check_kernel, check_plan, check_profile
from small_cases import tiny

CASES = [(np.array([1.0, 2.0, np.inf]), 2.0), (np.array([[np.nan, 0.5]]), 3.0)]


def slow(a, k):
    return a * k, np.isfinite(a)


def test_a_kernel_that_keeps_its_definition_passes():
    check_kernel(slow, slow, CASES)
    check_kernel(lambda a, k: (a * k * (1 + 1e-12), np.isfinite(a)), slow, CASES)
    check_kernel(lambda a, k: (a * k + 1e-9, np.isfinite(a)), slow, CASES, rtol=0.0, atol=1e-8)


@pytest.mark.parametrize(
    ("fast", "said"),
    [
        (lambda a, k: (a * k * 1.001, np.isfinite(a)), "case 1: the kernel differs.*array 0"),
        (lambda a, k: (a * k, ~np.isfinite(a)), "array 1"),
        (lambda a, k: (np.nan_to_num(a * k, posinf=np.inf), np.isfinite(a)), "case 2"),
        (lambda a, k: (a[..., :1] * k, np.isfinite(a)), "shape"),
        (lambda a, k: a * k, "1 arrays, not 2"),
    ],
)
def test_a_kernel_that_differs_is_found(fast, said):
    with pytest.raises(AssertionError, match=said):
        check_kernel(fast, slow, CASES)


def test_a_kernel_that_changes_its_arguments_is_found():
    def greedy(a, k):
        a *= k
        return a.copy(), np.isfinite(a)

    with pytest.raises(AssertionError, match="changed its arguments"):
        check_kernel(greedy, slow, [(np.array([1.0]), 2.0)])


def test_a_kernel_that_throws_dice_is_found():
    rng = np.random.default_rng(1)
    with pytest.raises(AssertionError, match="second call"):
        check_kernel(lambda a, k: (a * k + rng.random(), np.isfinite(a)), slow, CASES)


def test_no_cases_prove_nothing():
    with pytest.raises(AssertionError, match="no cases"):
        check_kernel(slow, slow, [])


def item(rank, name, money_usd=100.0, equipment_id="thermal_medium"):
    return PlanItem(rank, Asset(name, equipment_id, AtPoint(69.0, 37.5)), "S1", money_usd, 1.0, 0.1)


@pytest.fixture(scope="module")
def project(small_project_template):
    return tiny(open_project(small_project_template), conditions=("summer_day",))


@pytest.fixture
def result():
    plan, ranking = Plan((item(1, "a"), item(2, "b"))), Plan((item(1, "a"), item(2, "b"), item(3, "c")))
    adversaries = (("unaware", 0.5, 0.6), ("optimal", 0.5, 0.4))
    return PlanResult(plan, 0.5, 0.6, 0.2, adversaries, ranking)


BUDGET = Budget(200.0, crew_n=2.0, stock={"thermal_medium": 3.0})


def test_a_sound_plan_passes(project, result):
    check_plan(project, result, BUDGET)
    assert_plans_equal(result, result)
    assert_plans_equal(result.plan, result.plan)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"value": 0.7, "adversaries": (("unaware", 1.0, 0.7),)}, "bound"),
        ({"before": 0.55}, "before"),
        ({"value": 0.55}, "mean"),
        ({"ranking": Plan((item(1, "b"), item(2, "a")))}, "begins"),
        ({"plan": Plan((item(1, "a"), item(2, "a")))}, "unique"),
        ({"plan": Plan((item(1, "a"), item(3, "b")))}, "ranks"),
        ({"plan": Plan((item(1, "a", 201.0),))}, "money"),
        ({"plan": Plan((item(1, "a", 1.0), item(2, "b", 1.0), item(3, "c", 1.0)))}, "crew"),
        ({"plan": Plan((item(1, "a", 1.0, "fence_taut"),)), "ranking": Plan()}, "on offer"),
        ({"ranking": Plan(tuple(item(k, f"{k}") for k in range(1, 5)))}, "stock"),
    ],
)
def test_a_plan_that_breaks_its_word_is_found(project, result, wrong, said):
    with pytest.raises(AssertionError, match=said):
        check_plan(project, replace(result, **wrong), BUDGET)


def test_an_objective_whose_parts_do_not_make_its_value_is_found(project, result):
    parts = (ObjectivePart("fog", 0.4, 0.1, 0.2), ObjectivePart("night", 0.6, 0.3, 0.7))
    sound = replace(result, objective=Objective("cvar"), parts=parts)
    check_plan(project, sound, BUDGET)
    steps = tuple(ObjectivePart(f"{k}", 0.0, 0.0, share) for k, share in enumerate((1.0, 0.0)))
    fair = replace(result, objective=Objective("leximin", step=0.5), parts=steps)
    check_plan(project, fair, BUDGET)
    for wrong in (replace(sound, parts=parts[:1]), replace(fair, parts=steps[1:])):
        with pytest.raises(AssertionError, match=r"tail sum to 1|follows from"):
            check_plan(project, wrong, BUDGET)


def test_a_crowded_site_is_found(project, result):
    many = Plan(tuple(item(k, f"{k}", 1.0) for k in range(1, 6)))
    with pytest.raises(AssertionError, match="site S1"):
        check_plan(project, replace(result, plan=many, ranking=many), Budget(200.0))


def test_plans_that_differ_are_told_apart(result):
    for other in (
        replace(result, value=0.5 + 1e-9),
        replace(result, plan=Plan((item(1, "a"), item(2, "z")))),
        replace(result, ranking=result.plan),
        replace(result, adversaries=result.adversaries[:1]),
    ):
        with pytest.raises(AssertionError):
            assert_plans_equal(result, other)
    assert_plans_equal(result, replace(result, value=0.5 + 1e-9), rtol=1e-6)
    with pytest.raises(AssertionError, match="PlanResult against Plan"):
        assert_plans_equal(result, result.plan)


def test_a_sound_profile_passes_and_a_spoilt_one_does_not(project):
    rows = profile(project)
    check_profile(project, rows)
    for column, value, said in (
        ("p_timely", 0.96, "p_timely"),
        ("p_low", -0.1, "0 <= p_low"),
        ("p_detect", 0.0, "p_timely <= p_detect"),
        ("band_low", 1.0, "band_low"),
        ("w_line", np.nan, "NaN"),
        ("stretch_id", 99, "covers"),
    ):
        spoilt = rows.copy()
        at = spoilt["p_timely"].idxmax()
        spoilt.loc[at, column] = value
        with pytest.raises(AssertionError, match=said):
            check_profile(project, spoilt)
    with pytest.raises(AssertionError, match="one row"):
        check_profile(project, rows.iloc[[0, *range(len(rows))]])
    spoilt = rows.copy()
    fastest = spoilt["adversary"] == "fastest"
    spoilt.loc[fastest, ["p_timely", "p_low", "band_low"]] = 0.0
    optimal = spoilt["adversary"] == "optimal"
    spoilt.loc[optimal, ["p_timely", "p_detect", "band_high"]] = 0.5
    spoilt.loc[fastest, ["band_low", "band_high"]] = np.nan
    with pytest.raises(AssertionError, match="optimal <="):
        check_profile(project, spoilt)


def test_tables_that_differ_are_told_apart():
    lines = [shapely.LineString([(0, 0), (1, k)]) for k in range(2)]
    table = gpd.GeoDataFrame(
        {"name": ["a", "b"], "x": [1.0, np.nan], "route": [lines[0], None]}, geometry=lines
    )
    assert_tables_equal(table, table.copy())
    for column, value in (
        ("name", "c"),
        ("x", np.nextafter(1.0, 2.0)),
        ("route", lines[1]),
        ("geometry", lines[1]),
    ):
        other = table.copy()
        other.at[0, column] = value
        with pytest.raises(AssertionError, match=column):
            assert_tables_equal(table, other)
    with pytest.raises(AssertionError, match="columns"):
        assert_tables_equal(table, table[["x", "name", "route", "geometry"]])
    with pytest.raises(AssertionError, match="rows"):
        assert_tables_equal(table, table.iloc[:1])
