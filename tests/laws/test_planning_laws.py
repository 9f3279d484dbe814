"""Laws of planning: more never hurts, slower never helps, plans keep their word, small cases are optimal."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from sarhad.io.project import open_project
from sarhad.kernels.steps import D_COL, D_ROW
from sarhad.model.asset import AlongLine, Asset, OverBand
from sarhad.model.objective import Objective
from sarhad.model.plan import Plan
from sarhad.planning.candidates import candidate_sites
from sarhad.planning.compute import Compute
from sarhad.planning.crossing import aware_routes, low_end, optimal_through, watched
from sarhad.planning.ground import lay_ground
from sarhad.planning.items import offered_items
from sarhad.planning.profile import profile
from sarhad.planning.sector import sectors
from sarhad.planning.siting import Effort, Mix, plan
from sarhad.planning.unseen import gap
from sarhad.testing import check_plan, check_profile
from small_cases import at, site_near, tiny

FIXED = ["unaware", "fastest"]
EXTRA = ("camera", "radar", "line", "flight", "post", "twins")


@pytest.fixture(scope="module")
def small(small_project_template):
    return open_project(small_project_template)


@pytest.fixture(scope="module")
def project(small):
    return tiny(small, conditions=("summer_day", "summer_night", "winter_fog"))


@pytest.fixture(scope="module")
def before(project):
    return profile(project)


def extra(project, name):
    """One more asset; all of them matter somewhere on the first 12 km."""
    here = at(site_near(project, "A", 7_000.0, 0.006))
    return {
        "camera": Asset("x", "thermal_medium", here, mast_m=15.0),
        "radar": Asset("x", "radar_medium", here, mast_m=15.0),
        "line": Asset("x", "seismic_line", AlongLine(3_000.0, 9_000.0)),
        "flight": Asset("x", "drone_small", OverBand(0.0, 12_000.0)),
        "post": Asset("x", "post_staffed", here),
        "twins": Asset("x", "thermal_medium", here, n=3, mast_m=15.0),
    }[name]


def values(rows, adversaries=FIXED, column="p_timely"):
    return rows.loc[rows["adversary"].isin(adversaries), column].to_numpy()


def watches(project, assets):
    (sector_plan,) = sectors(project)
    ground = lay_ground(project, sector_plan, 0)
    return [watch for (found,) in watched(ground, assets, (project.settings.depth_m,)) for watch in found]


def worth(project, assets=()):
    """The objective by the profile: half unaware, half optimal, by length and share of the year."""
    rows = profile(replace(project, assets=(*project.assets, *assets)), adversaries=("unaware", "optimal"))
    share = rows["condition"].map({c.condition_id: c.share for c in project.conditions}).astype(float)
    weight = (rows["chainage_to_m"] - rows["chainage_from_m"]) * share
    known = rows["p_timely"].notna()
    return float(np.average(rows.loc[known, "p_timely"], weights=weight[known]))


# ---- the number


@pytest.mark.parametrize("name", EXTRA)
def test_one_more_asset_never_lowers_p_t_on_given_routes(project, before, name):
    after = profile(replace(project, assets=(*project.assets, extra(project, name))))
    check_profile(project, after)
    gained = values(after) - values(before)
    assert gained.min() >= -1e-12
    assert gained.max() > 0.01
    assert np.all(values(after, FIXED, "p_detect") >= values(before, FIXED, "p_detect") - 1e-12)


@pytest.mark.parametrize("name", EXTRA)
def test_one_more_asset_never_lowers_the_optimal_adversary_s_best(project, name):
    """L by the rate rule and the low end of the bracket (same sampled states; the best alone in fog)."""
    more = (*project.assets, extra(project, name))
    for one, two in zip(watches(project, project.assets), watches(project, more), strict=True):
        assert np.all(optimal_through(two).p_timely >= optimal_through(one).p_timely - 1e-12)
        assert np.all(low_end(two, ()) >= low_end(one, ()) - 1e-12)


@pytest.mark.parametrize("name", EXTRA)
def test_one_more_asset_never_raises_the_unseen_gap(small, name):
    wider = replace(small, assets=(*small.assets, extra(small, name)))
    total = [gap(p).groupby("condition")["width_m"].sum() for p in (small, wider)]
    assert (total[1].reindex(total[0].index, fill_value=0.0) <= total[0]).all()


def test_a_post_brings_its_team(project, before):
    """The same eyes, with and without a team: where there is no other, the team alone makes P_t."""
    kind = project.equipment["post_staffed"]
    bare = replace(kind, parameter={name: x for name, x in kind.parameter.items() if name != "team_n"})
    posted = replace(project, teams=(), assets=(*project.assets, extra(project, "post")))
    with_team = profile(posted)
    without = profile(replace(posted, equipment={**project.equipment, "post_staffed": bare}))
    assert values(without).max() == 0.0
    assert values(with_team).max() > 0.3
    np.testing.assert_allclose(values(with_team, FIXED, "p_detect"), values(without, FIXED, "p_detect"))


def test_one_more_team_never_lowers_p_t(project):
    for n in range(len(project.teams)):
        fewer, more = (replace(project, teams=project.teams[:k]) for k in (n, n + 1))
        one, two = profile(fewer), profile(more)
        assert np.all(values(two) >= values(one) - 1e-12)
        np.testing.assert_allclose(values(two, FIXED, "p_detect"), values(one, FIXED, "p_detect"))
        for a, b in zip(watches(fewer, project.assets), watches(more, project.assets), strict=True):
            assert np.all(optimal_through(b).p_timely >= optimal_through(a).p_timely - 1e-12)


def test_a_slower_response_never_raises_p_t(project, before):
    last = values(before)
    for turnout_s in (600.0, 1_800.0, 7_200.0):
        slow = tuple(replace(team, turnout_s=turnout_s) for team in project.teams)
        now = values(profile(replace(project, teams=slow)))
        assert np.all(now <= last + 1e-12)
        last = now
    assert last.max() < values(before).max()


def test_more_availability_never_lowers_p_t(project, before):
    low, high = (
        profile(replace(project, assets=tuple(replace(a, availability=f) for a in project.assets)))
        for f in (0.2, 0.95)
    )
    assert np.all(values(high) >= values(low) - 1e-12)
    assert values(high).max() > values(low).max()


def test_the_more_the_aware_mind_the_more_they_avoid(project):
    """Least of time + kappa x exposure: as kappa grows exposure never rises and time never falls."""
    seen, spent = [], []
    for kappa_s in (0.0, 600.0, 1_800.0, 50_000.0):
        minding = replace(project, settings=replace(project.settings, kappa_s=kappa_s))
        watch = watches(minding, minding.assets)[0]
        routes = aware_routes(watch)
        if kappa_s == 0.0:
            assert routes.cell.tobytes() == watch.passage.fastest_routes().cell.tobytes()
        seen.append([exposure_along(watch, way) for way in one_by_one(routes)])
        spent.append(np.add.reduceat(routes.step_s, routes.ptr[:-1]))
    assert np.all(np.diff(seen, axis=0) <= 1e-9)
    assert np.all(np.diff(spent, axis=0) >= -1e-6)
    assert np.sum(seen[-1]) < 0.5 * np.sum(seen[0])


def one_by_one(routes):
    return [routes.cell[a:b] for a, b in itertools.pairwise(routes.ptr.tolist())]


def exposure_along(watch, cell):
    """Exposure of the steps of one route."""
    row, col = np.divmod(cell, watch.passage.ground.sector.grid.n_col)
    steps = list(zip(D_ROW.tolist(), D_COL.tolist(), strict=True))
    direction = [steps.index(step) for step in zip(np.diff(row).tolist(), np.diff(col).tolist(), strict=True)]
    return float(watch.exposure[direction, row[:-1], col[:-1]].sum())


def test_the_order_of_assets_does_not_matter(project, before):
    turned = profile(replace(project, assets=project.assets[::-1], teams=project.teams[::-1]))
    np.testing.assert_allclose(turned["p_timely"], before["p_timely"], atol=1e-12)
    np.testing.assert_allclose(turned["p_low"], before["p_low"], atol=1e-12)


@pytest.mark.parametrize(
    "changed",
    [
        {"seed": 7, "n_fields": 4},
        {"p_communication": 0.5},
        {"sd_fraction": 0.1},
        {"depth_m": 1_000.0, "start_beyond_m": 1_000.0},
        {"n_states": 1, "kappa_s": 100_000.0},
        {"field_sigma": 1.2, "field_correlation_m": 400.0},
    ],
)
def test_the_laws_of_the_number_hold_under_other_settings(project, changed):
    other = replace(project, settings=replace(project.settings, **changed))
    check_profile(other, profile(other))


def test_the_detour_of_the_unaware_depends_little_on_the_cell(small):
    """Both rasters get the same routes through the same lognormal friction, up to their own resolution."""
    detour = []
    for cell_m in (200.0, 100.0):
        settings = replace(small.settings, cell_m=cell_m, n_fields=12, depths_m=(3_000.0,))
        one = tuple(c for c in small.conditions if c.condition_id == "summer_day")
        calm = replace(small, settings=settings, conditions=one, barriers=(), assets=())
        rows = profile(calm, adversaries=("unaware", "fastest"))
        mean_s = rows.groupby("adversary")["time_s"].mean()
        detour.append(mean_s["unaware"] / mean_s["fastest"] - 1.0)
    assert min(detour) > 0.02
    assert detour[1] == pytest.approx(detour[0], rel=0.2)


# ---- plans


@pytest.fixture(scope="module")
def sited(small):
    """Three sites, two types of equipment: at most 6 items on offer."""
    cut = tiny(small)
    sites = tuple(site_near(cut, f"S{k}", m) for k, m in enumerate((2_500.0, 6_000.0, 9_500.0)))
    return replace(cut, sites=sites, offered=("thermal_medium", "radar_medium"))


@pytest.fixture(scope="module")
def by_money(sited):
    return {money_usd: plan(sited, money_usd) for money_usd in (40_000.0, 200_000.0, 250_000.0, 400_000.0)}


def feasible(project, items, money_usd):
    """All plans of the items within money, crew and stock (every item at most once)."""
    for n in range(len(items) + 1):
        for chosen in itertools.combinations(items, n):
            if (
                sum(i.cost_usd for i in chosen) > money_usd
                or sum(i.crew_n for i in chosen) > project.budget.crew_n
            ):
                continue
            types = [i.asset.equipment_id for i in chosen]
            if all(types.count(name) <= stock for name, stock in project.budget.stock.items()):
                yield tuple(i.asset for i in chosen)


@pytest.mark.parametrize("money_usd", [200_000.0, 250_000.0])
def test_a_small_plan_is_nearly_the_best_of_all_and_the_bound_holds(sited, by_money, money_usd):
    items = offered_items(sited, sited.sites)
    assert len(items) <= 6
    found = by_money[money_usd]
    every = {assets: worth(sited, assets) for assets in feasible(sited, items, money_usd)}
    best = max(every.values())
    mine = worth(sited, found.plan.assets)
    assert mine >= 0.95 * best
    assert best <= found.bound + 1e-9
    assert found.before == pytest.approx(every[()], abs=0.02)


def unaware_values(project, assets):
    """P_t against the unaware by (stretch, condition), from the profile, with conditions' shares."""
    rows = profile(replace(project, assets=(*project.assets, *assets)), adversaries=("unaware",))
    table = rows.pivot_table(index="stretch_id", columns="condition", values="p_timely")
    share = {c.condition_id: c.share for c in project.conditions}
    return table.to_numpy(), np.array([share[name] for name in table.columns])


def worst_steps(values, share):
    """Leximin by its definition: yearly means in whole tenths, sorted; then their mean."""
    yearly = values @ share
    return sorted(np.floor(yearly / 0.1 + 1e-9).tolist()), yearly.mean()


def worst_of_the_year(values, share):
    """The mean over the worst three tenths of the year, from a fine sample of it; then the mean."""
    by_condition = values.mean(axis=0)
    year = np.sort(np.repeat(by_condition, np.rint(share * 10_000).astype(int)))
    return year[: 3 * len(year) // 10].mean(), by_condition @ share


@pytest.mark.parametrize(
    ("objective", "judge"),
    [(Objective("leximin", step=0.1), worst_steps), (Objective("cvar", tail_share=0.3), worst_of_the_year)],
)
def test_a_small_plan_is_the_best_of_all_on_each_objective(sited, objective, judge):
    """Against the unaware, whose exact value is the profile's: every plan is judged by the profile alone."""
    money_usd = 200_000.0
    items = offered_items(sited, sited.sites)
    found = plan(sited, money_usd, objective=objective, mix=Mix(1.0, 0.0))
    check_plan(sited, found, replace(sited.budget, money_usd=money_usd))
    every = [judge(*unaware_values(sited, assets)) for assets in feasible(sited, items, money_usd)]
    values, share = unaware_values(sited, found.plan.assets)
    mine, best = judge(values, share), max(every)
    assert mine[0] == pytest.approx(best[0], abs=1e-9)
    assert mine[1] == pytest.approx(best[1], rel=0.01)
    if objective.name == "cvar":
        assert found.value == pytest.approx(mine[0], abs=1e-4)
        assert best[0] <= found.bound + 1e-4
        assert [p.value for p in found.parts] == pytest.approx(values.mean(axis=0), abs=1e-9)
    else:
        reached = [np.mean(values @ share >= level - 1e-9) for level in 0.1 * np.arange(1, 11)]
        assert [p.value for p in found.parts] == pytest.approx(reached)
        assert 0.1 * mine[0][0] <= found.value <= found.bound + 1e-9
        assert 0.1 * best[0][0] <= found.bound + 1e-9
    plain = plan(sited, money_usd, mix=Mix(1.0, 0.0))
    assert judge(*unaware_values(sited, plain.plan.assets))[0] <= mine[0]


def test_the_worst_whole_year_is_the_year(sited):
    """CVaR over everything is the mean: the same value, and parts that weigh by their shares."""
    whole = plan(sited, 200_000.0, objective=Objective("cvar", tail_share=1.0))
    plain = plan(sited, 200_000.0)
    assert whole.value == pytest.approx(plain.value, abs=1e-9)
    assert whole.bound == pytest.approx(plain.bound, rel=3e-3)
    assert {p.name: p.weight for p in whole.parts} == pytest.approx(
        {c.condition_id: c.share for c in sited.conditions}
    )
    tenth = plan(sited, 200_000.0, objective=Objective("cvar", tail_share=0.1))
    assert tenth.value <= plain.value + 1e-9


def test_every_plan_keeps_its_budget_and_its_order(sited, by_money):
    for money_usd, found in by_money.items():
        check_plan(sited, found, replace(sited.budget, money_usd=money_usd))
        assert found.gap < 0.35


def test_more_money_never_lowers_the_bound_or_the_value(by_money):
    """The bound is proven to 0.1 % of itself; values are of one family of plans on growing money."""
    for one, two in itertools.pairwise(by_money.values()):
        assert two.bound >= one.bound * (1.0 - 2e-3)
        assert two.value >= one.value - 1e-6


def test_any_head_of_the_ranking_is_a_plan(sited, by_money):
    ranking = by_money[200_000.0].ranking
    assert len(ranking.items) > len(by_money[200_000.0].plan.items)
    last = worth(sited)
    for n in range(1, len(ranking.items) + 1):
        head = Plan(ranking.items[:n])
        stock = {name: 0 for name in sited.budget.stock}
        for asset in head.assets:
            stock[asset.equipment_id] = stock.get(asset.equipment_id, 0) + 1
        assert all(stock[name] <= limit for name, limit in sited.budget.stock.items())
        now = worth(sited, head.assets)
        assert now >= last - 1e-3  # the worst of known routes is not always the worst there is
        last = now


@pytest.mark.parametrize("money_usd", [90_000.0, 400_000.0])
def test_on_its_own_objective_a_plan_is_not_below_the_pure_ones(small, money_usd):
    """Judged by the profile of each plan; the pure searches are run on their own, to the same effort."""
    cut = tiny(small, 8_000.0, conditions=("summer_day", "summer_night"))
    with Compute(1) as compute:
        cut = replace(cut, sites=candidate_sites(cut, compute))
    effort = Effort(rounds=2, max_exact=12)
    mixed, unaware, optimal = (
        worth(cut, plan(cut, money_usd, mix=mix, effort=effort).plan.assets)
        for mix in (Mix(), Mix(1.0, 0.0), Mix(0.0, 1.0))
    )
    assert mixed >= max(unaware, optimal) - 1e-9
