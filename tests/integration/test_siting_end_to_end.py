"""From a project folder to a plan and back: what is bought shows in the profile, the gap and the coverage."""

from __future__ import annotations

import pytest

from sarhad.io.project import open_project
from sarhad.model.plan import Plan
from sarhad.planning.compute import Compute
from sarhad.planning.coverage_map import NO_DATA, coverage
from sarhad.planning.explain import explain
from sarhad.planning.profile import profile
from sarhad.planning.siting import plan
from sarhad.planning.summary import summarise, yearly
from sarhad.planning.unseen import gap
from sarhad.testing import check_plan, check_profile


@pytest.fixture(scope="module")
def project(small_project_template):
    return open_project(small_project_template)


@pytest.fixture(scope="module")
def compute():
    with Compute(1) as one:
        yield one


@pytest.fixture(scope="module")
def found(project, compute):
    return plan(project, compute=compute)


@pytest.fixture(scope="module")
def before(project, compute):
    return profile(project, compute=compute)


@pytest.fixture(scope="module")
def after(project, compute, found):
    return profile(project, found.plan, compute=compute)


def test_the_project_s_own_budget_is_spent_within_its_limits(project, found):
    check_plan(project, found)
    assert found.value > found.before + 0.2
    assert found.gap < 0.1


def test_the_plan_does_what_it_promised(project, found, before, after, compute):
    check_profile(project, after)
    for rows, share in ((before, None), (after, found)):
        means = {
            m.adversary: m.p_timely
            for m in summarise(project, rows, gap(project, compute=compute)).means
            if m.depth_m == project.settings.depth_m
        }
        mean = 0.5 * means["unaware"] + 0.5 * means["optimal"]
        if share is None:
            assert found.before == pytest.approx(mean, abs=0.01)
        else:
            assert {name: value for name, _, value in found.adversaries}["unaware"] == pytest.approx(
                means["unaware"], abs=1e-9
            )
            assert found.value == pytest.approx(mean, abs=0.01)
            assert mean <= found.bound


def test_the_gap_shrinks_and_the_closed_line_grows(project, found, before, after, compute):
    gaps = [gap(project, one, compute=compute) for one in (None, found.plan)]
    assert gaps[1]["width_m"].sum() < gaps[0]["width_m"].sum()
    first, second = (summarise(project, *pair) for pair in zip((before, after), gaps, strict=True))
    assert sum(r.closed_km for r in second.readings) > sum(r.closed_km for r in first.readings)
    assert sum(r.open_km for r in second.readings) < sum(r.open_km for r in first.readings)


def test_the_map_brightens(project, found, compute):
    seen = []
    for one in (None, found.plan):
        maps = list(coverage(project, one, compute=compute))
        seen.append(sum(int(m.percent[m.percent != NO_DATA].astype(int).sum()) for m in maps))
    assert seen[1] > seen[0]


def test_the_first_purchase_is_a_plan_of_its_own(project, found, before, compute):
    head = Plan(found.ranking.items[:1])
    rows = profile(project, head, adversaries=("unaware",), compute=compute)
    now, then = (yearly(project, table)["p_timely"] for table in (rows, before))
    assert (now >= then - 1e-12).all()
    assert now.sum() > then.sum()


def test_the_weakest_stretch_explains_what_to_buy(project, before, compute):
    year = yearly(project, before)
    weakest = year.loc[year["p_timely"].idxmin()]
    why = explain(project, 0.5 * (weakest["chainage_from_m"] + weakest["chainage_to_m"]), compute=compute)
    assert why.stretch_id == weakest["stretch_id"]
    assert why.raises
    rows = profile(project, Plan(), compute=compute)
    assert rows["p_timely"].equals(before["p_timely"])
