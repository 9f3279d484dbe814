"""Laws of the objectives beside the mean, against every plan there is on small pools."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from test_siting_laws import kept, limits_of, plans

from sarhad.errors import EmptyBudget, InputFaults
from sarhad.kernels import purchase
from sarhad.kernels.cover import (
    Pool,
    Routes,
    build_pool,
    gains,
    group_means,
    group_weights,
    slow_value,
    state_of,
    term_values,
    total,
    value,
    weigh_groups,
)
from sarhad.kernels.ordered import tail_mean
from sarhad.kernels.purchase import Limits
from sarhad.planning.aims import Cvar, Leximin, Mean
from sarhad.planning.bound import Stop
from sarhad.planning.ordered_bound import reach_bound, tail_bound
from sarhad.planning.search import beats, build_limits, group_shares, lazy_greedy, prices, rank, scored
from sarhad.planning.swaps import swap_search

SEEDS = st.integers(0, 10_000)
FEW = settings(max_examples=25, deadline=None)
N_COL, N_GROUP = 7, 4
AIMS = (Leximin(0.1), Leximin(0.35), Cvar(0.3), Cvar(0.05), Cvar(1.0), Mean())
STOP = Stop(max_rounds=15, tolerance=1e-6)


def pool_of(seed: int, *, several: bool, weightless: bool = False) -> Pool:
    """Four groups of terms in order, of different weights; the first may weigh nothing."""
    rng = np.random.default_rng(seed)
    n = 16
    theta = rng.lognormal(-0.5, 1.2, (n, N_COL)) * (rng.random((n, N_COL)) < rng.uniform(0.2, 0.6))
    term = np.arange(n) // 2 if several else np.arange(n)
    n_term = int(term.max()) + 1
    base = rng.exponential(0.2, n) * (rng.random(n) < 0.5)
    cap = np.where(rng.random(n) < 0.5, 1.0, rng.uniform(0.05, 1, n))
    group = np.arange(n_term) * N_GROUP // n_term
    weight = rng.uniform(0.1, 2, n_term) * np.where(weightless & (group == 0), 0.0, 1.0)
    return build_pool(Routes(sparse.csr_array(theta), base, cap, term), weight / weight.sum(), group)


def by_brute_force(aim, pool, limits):
    """The best score of all plans, by the definition of each objective."""
    every = [aim.score(group_means(pool, term_values(pool, y)), group_shares(pool)) for y in plans(limits)]
    return functools.reduce(lambda a, b: b if beats(b, a, 0.0) else a, every)


@given(SEEDS, st.booleans(), st.sampled_from(AIMS), st.booleans())
@FEW
def test_no_plan_exceeds_the_bound_and_the_search_comes_near(seed, several, aim, weightless):
    pool, limits = pool_of(seed, several=several, weightless=weightless), limits_of(seed)
    try:
        ranked = rank(pool, limits, aim=aim)
    except EmptyBudget:
        return
    best = by_brute_force(aim, pool, limits)
    found = swap_search(pool, limits, ranked.count, aim=aim, max_exact=200)
    bound = aim.bound(pool, limits, found.count, STOP)
    mine = scored(aim, pool, found.count)
    assert kept(limits, found.count)
    assert not beats(scored(aim, pool, ranked.count), mine, 1e-9)
    assert not beats(mine, best, 1e-9)
    assert aim.headline(best) <= bound + 1e-9
    assert bound <= 1.0 + 1e-6
    assert ranked.gain.sum() == pytest.approx(
        aim.headline(scored(aim, pool, ranked.count)) - aim.headline(scored(aim, pool, np.zeros(N_COL)))
    )


@pytest.mark.parametrize("aim", AIMS)
def test_the_search_finds_most_of_what_there_is(aim):
    """Over 20 made-up cases: the number people read, summed, as a share of the best of all plans."""
    mine = best = 0.0
    for seed in range(20):
        pool, limits = pool_of(seed, several=seed % 2 == 0), limits_of(seed)
        try:
            start = rank(pool, limits, aim=aim).count
        except EmptyBudget:
            continue
        found = swap_search(pool, limits, start, aim=aim, max_exact=200)
        mine += aim.headline(scored(aim, pool, found.count))
        best += aim.headline(by_brute_force(aim, pool, limits))
    assert mine >= 0.97 * best


@given(SEEDS, st.booleans(), st.floats(0.02, 1.0))
@FEW
def test_integer_rounds_close_the_bound_of_the_tail(seed, several, tail_share):
    pool, limits = pool_of(seed, several=several), limits_of(seed)
    stop = Stop(max_rounds=60, tolerance=1e-6, integer_rounds=15)
    try:
        found = tail_bound(pool, limits, tail_share, stop=stop)
    except EmptyBudget:
        return
    best = max(
        tail_mean(group_means(pool, term_values(pool, y)), group_shares(pool), tail_share)
        for y in plans(limits)
    )
    assert best - 1e-9 <= found.value <= best + 1e-4
    assert [b for b, _ in found.history] == sorted((b for b, _ in found.history), reverse=True)


@given(SEEDS, st.booleans(), st.floats(0.05, 0.9), st.booleans())
@FEW
def test_no_plan_lifts_more_groups_than_the_bound_says(seed, several, level, weightless):
    pool, limits = pool_of(seed, several=several, weightless=weightless), limits_of(seed)
    stop = Stop(max_rounds=40, tolerance=1e-6, integer_rounds=10)
    try:
        found = reach_bound(pool, limits, level, stop=stop)
    except EmptyBudget:
        return
    weighs = group_weights(pool) > 0
    best = max((group_means(pool, term_values(pool, y))[weighs] >= level).sum() for y in plans(limits))
    assert best <= found.value <= weighs.sum() + 1e-6
    assert np.floor(found.value) == best  # groups are whole in the integer rounds: they close it


def two_groups(theta: float, cap: float, money_usd: float) -> tuple[Pool, Limits]:
    """Two groups of one route each, and an item for each of them that costs 3."""
    routes = Routes(sparse.csr_array(np.diag([theta, theta])), np.zeros(2), np.full(2, cap), np.arange(2))
    limits = build_limits([3.0, 3.0], money_usd=money_usd, n_max=[1, 1])
    return build_pool(routes, np.full(2, 0.5), np.arange(2)), limits


@pytest.mark.parametrize(
    ("theta", "cap", "money_usd", "level", "n"),
    [
        (5.0, 1.0, 3.0, 0.5, 1),  # either item lifts its group alone: half of each lifts half of each
        (5.0, 1.0, 6.0, 0.5, 2),
        (np.log(2.0), 1.0, 6.0, 0.5, 2),  # just reached
        (5.0, 0.5, 6.0, 0.9, 0),  # even everything falls short of the level
    ],
)
def test_groups_that_can_be_lifted_by_hand(theta, cap, money_usd, level, n):
    pool, limits = two_groups(theta, cap, money_usd)
    found = reach_bound(pool, limits, level, stop=STOP)
    assert n <= found.value <= n + 1e-6


# ---- what the objectives mean


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0.01, 1)), min_size=1, max_size=8), st.floats(0.01, 1))
@FEW
def test_cvar_lies_between_the_worst_and_the_mean_and_rises_with_its_share(pairs, tail_share):
    mean, share = np.array(pairs).T
    share = share / share.sum()
    whole = float(share @ mean)
    assert Cvar(1.0).score(mean, share)[0] == pytest.approx(whole, abs=1e-12)
    tail = tail_mean(mean, share, tail_share)
    assert mean.min() - 1e-12 <= tail <= whole + 1e-12
    assert tail <= tail_mean(mean, share, min(1.0, 1.5 * tail_share)) + 1e-12


@given(
    st.integers(1, 6).flatmap(lambda n: st.tuples(*[st.lists(st.floats(0, 1), min_size=n, max_size=n)] * 2))
)
@settings(max_examples=100, deadline=None)
def test_leximin_compares_sorted_values_in_whole_steps(pair):
    """The definition: values rounded down to steps, sorted, the first that differs decides, then the mean."""
    a, b = (np.array(one) for one in pair)
    share = np.full(len(a), 1 / len(a))
    one, two = (sorted(np.floor(v / 0.25 + 1e-9).tolist()) for v in (a, b))
    aim = Leximin(0.25)
    better = beats(aim.score(a, share), aim.score(b, share), 1e-12)
    if one != two:
        assert better == (one > two)
    else:
        assert better == (a.mean() > b.mean() + 1e-12)
    headline = aim.headline(aim.score(a, share))
    assert 0.25 * one[0] <= headline < 0.25 * (one[0] + 1) or one[0] == 4


@given(SEEDS, st.booleans())
@FEW
def test_the_leximin_plan_has_the_highest_worst_step(seed, several):
    pool, limits, aim = pool_of(seed, several=several), limits_of(seed), Leximin(0.1)
    share = group_shares(pool)
    every = [group_means(pool, term_values(pool, y)) for y in plans(limits)]
    fair = functools.reduce(
        lambda a, b: b if beats(aim.score(b, share), aim.score(a, share), 0) else a, every
    )
    plain = max(every, key=lambda mean: float(share @ mean))
    steps = [np.floor(mean.min() / 0.1 + 1e-9) for mean in every]
    assert np.floor(fair.min() / 0.1 + 1e-9) == max(steps)
    assert np.floor(fair.min() / 0.1 + 1e-9) >= np.floor(plain.min() / 0.1 + 1e-9)
    assert share @ fair <= share @ plain + 1e-12


@given(SEEDS, st.booleans(), st.sampled_from(AIMS))
@FEW
def test_more_budget_never_lowers_best_plan_or_bound(seed, several, aim):
    pool = pool_of(seed, several=several)
    small, large = limits_of(seed, 4.0, 3.0), limits_of(seed, 6.0, 5.0)
    try:
        start = rank(pool, small, aim=aim).count
    except EmptyBudget:
        return
    assert not beats(by_brute_force(aim, pool, small), by_brute_force(aim, pool, large), 1e-12)
    kept_plan = swap_search(pool, large, start, aim=aim, max_exact=50)
    assert not beats(scored(aim, pool, start), scored(aim, pool, kept_plan.count), 1e-12)
    assert aim.headline(by_brute_force(aim, pool, small)) <= aim.bound(pool, large, start, STOP) + 1e-9


@given(SEEDS, st.booleans(), st.sampled_from(AIMS))
@FEW
def test_one_more_item_never_lowers_a_score(seed, several, aim):
    pool = pool_of(seed, several=several)
    count = np.random.default_rng(seed).integers(0, 2, N_COL).astype(float)
    now = scored(aim, pool, count)
    assert not any(beats(now, scored(aim, pool, count + unit), 1e-12) for unit in np.eye(N_COL))


# ---- groups that count up to a cap


def capped(seed: int, several: bool) -> Pool:
    return weigh_groups(pool_of(seed, several=several), np.array([1.0, 0.5, 2.0, 0.0]), 0.3)


@given(SEEDS, st.booleans())
@FEW
def test_capped_values_and_gains_equal_the_definition(seed, several):
    pool = capped(seed, several)
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 3, N_COL).astype(np.float64)
    now = slow_value(pool, y)
    mean = group_means(pool_of(seed, several=several), term_values(pool, y))
    assert now == pytest.approx(np.minimum(mean, 0.3) @ [1.0, 0.5, 2.0, 0.0], abs=1e-12)
    assert value(pool, y) == pytest.approx(now, abs=1e-12)
    step = [slow_value(pool, y + unit) - now for unit in np.eye(N_COL)]
    assert gains(pool, state_of(pool, y)) == pytest.approx(step, abs=1e-12)


@given(SEEDS, st.booleans())
@FEW
def test_moves_keep_capped_states_and_gains_true(seed, several):
    pool, limits = capped(seed, several), limits_of(seed, 1e9, 1e9)
    rng = np.random.default_rng(seed)
    work = purchase.work_of(pool, limits, np.zeros(N_COL, np.int64))
    for a in rng.integers(0, N_COL, 6).tolist():
        purchase.shift(pool, limits, work, a, 1)
    for a in np.flatnonzero(work.bought)[:2].tolist():
        lost = total(pool, work.state.term) - slow_value(pool, work.bought - np.eye(N_COL)[a])
        assert purchase.loss(pool, work.state, a) == pytest.approx(lost, abs=1e-9)
        purchase.shift(pool, limits, work, a, -1)
    true = state_of(pool, work.bought.astype(np.float64))
    np.testing.assert_array_equal(work.state.term, true.term)
    np.testing.assert_array_equal(work.state.group, true.group)
    np.testing.assert_allclose(work.gain, gains(pool, true), atol=1e-12)


@given(SEEDS, st.booleans(), st.booleans())
@FEW
def test_lazy_greedy_on_capped_groups_equals_plain_greedy(seed, several, ratio):
    pool, limits = capped(seed, several), limits_of(seed)
    price = prices(limits) if ratio else np.ones(N_COL)
    try:
        found = lazy_greedy(pool, limits, ratio=ratio)
    except EmptyBudget:
        return
    count = np.zeros(N_COL, np.int64)
    for a in found.column:
        now = slow_value(pool, count)
        fits = purchase.fitting(limits, count)
        rate = np.array([(slow_value(pool, count + unit) - now) for unit in np.eye(N_COL, dtype=np.int64)])
        assert rate[a] / price[a] >= (rate / price)[fits].max() - 1e-9
        count[a] += 1


def test_groups_torn_apart_cannot_be_capped():
    routes = Routes(sparse.csr_array(np.ones((3, 1))), np.zeros(3), np.ones(3), np.arange(3))
    pool = build_pool(routes, np.ones(3), [0, 1, 0])
    assert weigh_groups(pool, np.ones(2)).group_cap.tolist() == [np.inf, np.inf]
    with pytest.raises(InputFaults, match="torn apart"):
        weigh_groups(pool, np.ones(2), 0.5)


# ---- by hand


def two_stretches() -> tuple[Pool, Limits]:
    """Item 0 lifts stretch 0 from 0 to 0.3, item 1 lifts stretch 1 from 0.5 to 0.95; money for one."""
    theta = -np.log1p(-np.array([[0.3, 0.0], [0.0, 0.9]]))
    routes = Routes(sparse.csr_array(theta), [0.0, -np.log(0.5)], [1.0, 1.0], [0, 1])
    return build_pool(routes, [0.5, 0.5], [0, 1]), build_limits([1.0, 1.0], money_usd=1.0)


@pytest.mark.parametrize(
    ("aim", "bought", "headline"),
    [
        (Mean(), [0, 1], 0.475),
        (Leximin(0.1), [1, 0], 0.1 * (3 + 0.5)),
        (Cvar(0.5), [1, 0], 0.3),
        (Cvar(1.0), [0, 1], 0.475),
    ],
)
def test_each_objective_buys_what_it_is_for(aim, bought, headline):
    pool, limits = two_stretches()
    start = rank(pool, limits, aim=aim).count
    found = swap_search(pool, limits, start, aim=aim)
    assert found.count.tolist() == bought
    assert aim.headline(scored(aim, pool, found.count)) == pytest.approx(headline)
    assert aim.bound(pool, limits, found.count, STOP) == pytest.approx(headline, abs=1e-5)


def test_leximin_with_a_stretch_that_nothing_reaches_goes_on_with_the_next():
    theta = -np.log1p(-np.array([[0.0, 0.0], [0.3, 0.0], [0.0, 0.9]]))
    pool = build_pool(
        Routes(sparse.csr_array(theta), np.zeros(3), np.ones(3), [0, 1, 2]), np.ones(3), [0, 1, 2]
    )
    limits = build_limits([1.0, 2.0], money_usd=3.0)
    aim = Leximin(0.1)
    both = rank(pool, limits, aim=aim)
    assert both.count.tolist() == [1, 1]
    assert both.value == pytest.approx(0.1 * 2 / 3)
    assert aim.bound(pool, limits, both.count, STOP) == pytest.approx(0.1 * 2 / 3)
    one = rank(pool, build_limits([1.0, 1.0], money_usd=1.0), aim=aim)
    assert one.count.tolist() == [0, 1]  # one stretch more at 0.1 by either; then more at 0.2, ...
