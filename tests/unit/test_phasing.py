"""Which site when: weights, deliveries by year, refused years, plans of three years on a small line."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sarhad.errors import EmptyBudget, InputFaults
from sarhad.io.project import open_project
from sarhad.kernels.purchase import Limits
from sarhad.model.plan import Budget
from sarhad.planning.compute import Compute
from sarhad.planning.items import offered_items
from sarhad.planning.phasing import Phase, PhasingEffort, check_phases, delivered_by, discounted, phase
from sarhad.planning.pool import PoolJob, WorthJob, cases, pool_sector, worth_sector
from sarhad.planning.sector import sectors
from sarhad.planning.siting import Mix
from small_cases import site_near, tiny

EFFORT = PhasingEffort(rounds=2, sweeps=2)


@pytest.fixture(scope="module")
def project(small_project_template):
    cut = tiny(open_project(small_project_template))
    sites = tuple(site_near(cut, f"S{k}", 1_500.0 + 3_000.0 * k) for k in range(4))
    return replace(cut, sites=sites, offered=("thermal_medium", "radar_medium", "seismic_line"))


@pytest.fixture(scope="module")
def phases():
    stock = ({"thermal_medium": 1, "radar_medium": 0}, {"thermal_medium": 2, "radar_medium": 1})
    return discounted(
        [
            Budget(250_000.0, 20.0, {**stock[0], "seismic_line": 0}),
            Budget(600_000.0, 30.0, {**stock[1], "seismic_line": 4}),
            Budget(900_000.0, 60.0, {**stock[1], "thermal_medium": 3, "seismic_line": 8}),
        ],
        first_year=2027,
        discount=0.1,
    )


@pytest.fixture(scope="module")
def planned(project, phases):
    with Compute(1) as compute:
        return phase(project, phases, effort=EFFORT, compute=compute)


def test_weights_fall_and_add_up():
    phases = discounted([Budget(1.0), Budget(2.0)], first_year=2027, discount=0.25)
    assert [one.year for one in phases] == [2027, 2028]
    assert [one.weight for one in phases] == pytest.approx([1.0 / 1.8, 0.8 / 1.8])
    with pytest.raises(ValueError, match="weight"):
        Phase(2027, Budget(1.0), -0.1)


def test_deliveries_by_year_by_hand():
    day = np.array([[100.0, 400.0, np.inf], [300.0, 200.0, 50.0], [500.0, 350.0, 60.0], [90.0, 380.0, 700.0]])
    types, quantity = ["radar", "radar", "line"], [2.0, 1.0, 5.5]
    even = delivered_by(day, types, quantity, [365.0, 730.0], sure=0.5)
    # radars after a year: 2, 3, 1, 2; lines: 0, 5.5, 5.5, 0; after two years: 3 each; 0, 5.5, 5.5, 5.5
    assert even == [{"line": 0.0, "radar": 2.0}, {"line": 5.5, "radar": 3.0}]
    sure = delivered_by(day, types, quantity, [365.0, 730.0], sure=1.0)
    assert sure == [{"line": 0.0, "radar": 1.0}, {"line": 0.0, "radar": 3.0}]
    with pytest.raises(InputFaults, match="deliveries"):
        delivered_by(day, types[:2], quantity, [1.0], sure=0.5)
    with pytest.raises(InputFaults, match="deliveries"):
        delivered_by(day, types, quantity, [1.0], sure=0.0)


def test_what_stands_keeps_the_money_and_the_stock_of_every_year(phases, planned):
    assert planned.items
    years = [one.year for one in planned.items]
    assert years == sorted(years)
    for one in phases:
        bought = [x.item for x in planned.items if x.year <= one.year]
        assert sum(x.cost_usd for x in bought) <= one.budget.money_usd * (1 + 1e-9)
        assert sum(x.crew_n for x in bought) <= one.budget.crew_n + 1e-9
        for name, stock in one.budget.stock.items():
            mine = [x for x in bought if x.asset.equipment_id == name]
            used = len(mine) if name != "seismic_line" else sum(
                (x.asset.place.to_m - x.asset.place.from_m) / 1000 for x in mine
            )  # fmt: skip
            assert used <= stock + 1e-9
    assert [x.item.rank for x in planned.items] == list(range(1, len(years) + 1))
    assert planned.ranking[: len(years)] == planned.items
    assert all(x.year is None for x in planned.ranking[len(years) :])
    names = [x.item.asset.asset_id for x in planned.ranking]
    assert len(set(names)) == len(names)


def test_value_is_exact_below_its_bound_and_never_falls_over_the_years(project, phases, planned):
    assert planned.before <= planned.value <= planned.bound
    assert list(planned.values) == sorted(planned.values)
    weight = [one.weight for one in phases]
    assert planned.value == pytest.approx(np.dot(weight, planned.values))
    assert planned.bound == pytest.approx(np.dot(weight, planned.bounds))
    assert np.all(np.array(planned.values) <= np.array(planned.bounds) + 1e-12)
    assert 0 <= planned.gap < 1


def test_against_the_unaware_adversary_the_last_year_is_the_exact_one(project, phases):
    with Compute(1) as compute:
        found = phase(project, phases[-1:], mix=Mix(1.0, 0.0), effort=EFFORT, compute=compute)
    (plan,) = sectors(project)
    items = offered_items(project, project.sites)
    pooled = pool_sector(PoolJob(project, plan, items))
    number = {item.asset.asset_id: i for i, item in enumerate(items)}
    bought = tuple(sorted((number[x.item.asset.asset_id], 1) for x in found.items))
    reached = {i: items[i] for i in sorted(pooled.items)}
    job = WorthJob(project, plan, reached, (bought,), pooled.unaware, pooled.known, False)
    worths = worth_sector(job)
    (worth,) = worths.by_plan
    share = {c.condition_id: c.share for c in project.conditions}
    expected = sum(share[case[1]] * float(worth.unaware[case].mean()) for case in cases(project))
    assert found.values == pytest.approx((expected,))


@pytest.mark.parametrize(
    "less", [{"money_usd": 1.0}, {"crew_limit_n": 1.0}, {"stock": np.array([3.0, 0.0])}], ids=str
)
def test_whatever_a_year_takes_away_is_refused(less):
    column = (np.ones(2), np.ones(2), np.ones(2), np.arange(2), np.arange(2), np.ones(2, np.int64))
    before = Limits(*column, 9.0, 9.0, np.array([3.0, 1.0]), np.ones(2, np.int64))
    phases = discounted([Budget(1.0)] * 3, first_year=2027, discount=0.0)
    check_phases(phases, [before] * 3)
    with pytest.raises(InputFaults, match="less in 2029"):
        check_phases(phases, [before, before, before._replace(**less)])


def test_years_that_take_something_away_are_refused(project, phases):
    with Compute(1) as compute:
        with pytest.raises(InputFaults, match="year"):
            phase(project, [], compute=compute)
        with pytest.raises(InputFaults, match="2027"):
            phase(project, phases[::-1][1:], compute=compute)
        with pytest.raises(EmptyBudget):
            phase(project, [Phase(2027, Budget(1.0))], compute=compute)
