"""The pool of routes: thetas by hand, an upper bound of the exact value, exact worth against the profile."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from sarhad.io.project import open_project
from sarhad.kernels.cover import term_values
from sarhad.kernels.steps import D_COL, D_ROW
from sarhad.model.objective import MEAN
from sarhad.planning.compute import Compute
from sarhad.planning.crossing import concatenated, watched
from sarhad.planning.ground import lay_ground
from sarhad.planning.items import offered_items
from sarhad.planning.passage import unaware_routes
from sarhad.planning.pool import OPTIMAL, PoolJob, WorthJob, cases, pool_sector, worth_sector
from sarhad.planning.profile import profile
from sarhad.planning.sector import sectors
from sarhad.planning.siting import Mix, Search
from small_cases import site_near, tiny


@pytest.fixture(scope="module")
def project(small_project_template):
    cut = tiny(open_project(small_project_template))
    sites = (site_near(cut, "A", 2_500.0), site_near(cut, "B", 9_500.0), site_near(cut, "C", 500_000.0, 5.0))
    return replace(cut, sites=sites, offered=("thermal_medium", "seismic_line"))


@pytest.fixture(scope="module")
def items(project):
    return offered_items(project, project.sites)


@pytest.fixture(scope="module")
def pooled(project, items):
    (plan,) = sectors(project)
    return pool_sector(PoolJob(project, plan, items))


@pytest.fixture(scope="module")
def reached(items, pooled):
    return {i: items[i] for i in sorted(pooled.items)}


def test_the_pool_holds_every_unaware_and_every_fastest_route(project, pooled):
    part, n_stretch, n_field = pooled.part, 3, project.settings.n_fields
    n_case = len(cases(project))
    assert len(part.stretch) == n_stretch * n_case * (n_field + 1)
    keys = list(zip(part.stretch.tolist(), part.case.tolist(), part.field.tolist(), strict=True))
    assert len(set(keys)) == len(keys)
    assert set(part.field.tolist()) == {OPTIMAL, *range(n_field)}
    assert np.all((part.cap > 0) & (part.cap <= project.settings.p_communication))
    assert set(pooled.known) == set(cases(project))
    assert set(pooled.unaware) == {("walker", "summer"), ("walker", "winter")}


def test_cases_are_numbered_targets_first(project):
    two = replace(project, targets=(*project.targets, replace(project.targets[0], target_id="second")))
    assert cases(two) == [(t, c) for t in ("walker", "second") for c in ("summer_day", "winter_fog")]


def test_only_items_in_reach_matter(items, pooled):
    names = {items[i].site_id for i in pooled.items}
    assert names == {"A", "B", "L0000", "L0001", "L0002"}


def test_thetas_by_hand(project, items, pooled):
    """-ln(1 - f (1 - exp(-sum of exposure x best w still ahead))) for each item, from rates and crossings."""
    (plan,) = sectors(project)
    ground = lay_ground(project, plan, 0)
    everything = project.assets + tuple(item.asset for item in items)
    watch = next(watched(ground, everything, (project.settings.depth_m,)))[0][0]
    passage, sector = watch.passage, watch.passage.ground.sector
    ((routes, *_),) = unaware_routes([passage])
    steps = list(zip(D_ROW.tolist(), D_COL.tolist(), strict=True))
    for k in range(3):
        cell = routes.cell[routes.ptr[k] : routes.ptr[k + 1]]
        worth = np.maximum.accumulate(passage.w.ravel()[cell][::-1])[::-1]
        weighted = np.zeros(len(watch.units))
        for i in range(len(cell) - 1):
            (row, col), (r, c) = divmod(cell[i], sector.grid.n_col), divmod(cell[i + 1], sector.grid.n_col)
            seconds = passage.step_s[steps.index((r - row, c - col)), row, col]
            for e in range(watch.view.ptr[cell[i]], watch.view.ptr[cell[i] + 1]):
                weighted[watch.view.asset[e]] += watch.view.rate_per_s[e] * seconds * worth[i]
            if sector.offset_m[row, col] < 0 <= sector.offset_m[r, c]:  # all lines on offer lie on the border
                for unit, from_m, to_m, exposure in zip(
                    watch.lines.asset, watch.lines.from_m, watch.lines.to_m, watch.lines.exposure, strict=True
                ):
                    weighted[unit] += exposure * worth[i] * (from_m <= sector.chainage_m[r, c] < to_m)
        theta = [-math.log(1 - f * (1 - math.exp(-e))) for f, e in zip(watch.share, weighted, strict=True)]
        part = pooled.part
        (route,) = np.flatnonzero((part.stretch == k) & (part.case == 0) & (part.field == 0))
        found = dict(
            zip(
                part.entry_item[part.entry_route == route].tolist(),
                part.entry_theta[part.entry_route == route].tolist(),
                strict=True,
            )
        )
        standing = sum(t for t, u in zip(theta, watch.units, strict=True) if u.asset in project.assets)
        assert part.base_theta[route] == pytest.approx(standing, rel=1e-9, abs=1e-15)
        assert part.cap[route] == pytest.approx(worth.max())
        number = {item.asset.asset_id: i for i, item in enumerate(items)}
        for unit, expected in zip(watch.units, theta, strict=True):
            if unit.asset.asset_id in number:
                assert found.get(number[unit.asset.asset_id], 0.0) == pytest.approx(
                    expected, rel=1e-9, abs=1e-12
                )


def test_exact_worth_is_that_of_the_profile(project, items, pooled, reached):
    (plan,) = sectors(project)
    for bought in ((), ((0, 1), (3, 1))):
        job = WorthJob(project, plan, reached, (bought,), pooled.unaware, pooled.known, False)
        worths = worth_sector(job)
        (worth,) = worths.by_plan
        fielded = project.assets + tuple(items[i].bought(n) for i, n in bought)
        rows = profile(replace(project, assets=fielded))
        rows = rows[rows["depth_m"] == project.settings.depth_m]
        for target_id, condition_id in cases(project):
            case = rows[(rows["target"] == target_id) & (rows["condition"] == condition_id)]
            unaware = case.loc[case["adversary"] == "unaware", "p_timely"]
            optimal = case.loc[case["adversary"] == "optimal", "p_timely"]
            np.testing.assert_allclose(worth.unaware[target_id, condition_id], unaware, atol=1e-12)
            # the profile knows the aware routes too
            assert np.all(worth.optimal[target_id, condition_id] >= optimal - 1e-12)
        assert worths.part is None
        assert worths.found == {}


def test_the_surrogate_is_never_below_the_exact_value(project, items):
    rng = np.random.default_rng(3)
    with Compute(1) as compute:
        search = Search(project, items, project.budget, MEAN, compute)
        for _ in range(6):
            count = (rng.random(len(items)) < 0.4).astype(np.int64)
            search.cut(count, Mix())
            for mix in (Mix(1.0, 0.0), Mix(0.0, 1.0)):
                (exact,) = search.score(count, mix)
                pool = search.pool(mix)
                surrogate = float(pool.term_weight @ term_values(pool, count.astype(float)))
                assert exact <= surrogate + 1e-12


def test_cuts_grow_the_pool_by_the_plan_s_worst_routes(project, pooled, reached):
    (plan,) = sectors(project)
    job = WorthJob(project, plan, reached, (((0, 1),),), pooled.unaware, pooled.known, True)
    worth = worth_sector(job)
    assert set(worth.part.field.tolist()) == {OPTIMAL}
    assert len(worth.part.stretch) == 3 * len(cases(project))
    assert set(worth.found) == set(cases(project))


def test_plans_that_are_judged_together_count_the_answers_to_each(project, pooled, reached):
    """Two plans in one job: against either the adversary may do what he would do against the other."""
    (plan,) = sectors(project)
    plans = (((0, 1),), ((1, 1), (3, 1)))
    job = WorthJob(project, plan, reached, plans, pooled.unaware, pooled.known, True)
    both = worth_sector(job)
    alone = [worth_sector(replace(job, bought=(bought,))) for bought in plans]
    assert len(both.part.stretch) == sum(len(one.part.stretch) for one in alone)
    known = {case: concatenated([pooled.known[case], both.found[case]]) for case in cases(project)}
    again = [worth_sector(replace(job, bought=(bought,), known=known, cut=False)) for bought in plans]
    for case in cases(project):
        assert len(both.found[case].ptr) - 1 == 2 * len(both.by_plan[0].stretch)
        for worth, single, later in zip(both.by_plan, alone, again, strict=True):
            np.testing.assert_array_equal(worth.unaware[case], single.by_plan[0].unaware[case])
            assert np.all(worth.optimal[case] <= single.by_plan[0].optimal[case])
            np.testing.assert_array_equal(worth.optimal[case], later.by_plan[0].optimal[case])
