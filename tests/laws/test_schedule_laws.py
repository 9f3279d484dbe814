"""Laws of schedules: the definition, monotony in durations, threads that change nothing, criticality."""

from __future__ import annotations

import dataclasses
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sarhad.kernels import schedule as kernel
from sarhad.model.schedule import Activity, Closure, CommonFactor, Duration, Network
from sarhad.planning.schedule_risk import arrays_of, assess
from sarhad.testing import check_kernel

START = date(2026, 11, 22)
CLOSURES = (Closure("winter", (11, 1), (4, 15)), Closure("flood", (6, 1), (6, 20)))
FACTORS = (CommonFactor("donor A", 0.3), CommonFactor("donor B", 0.0))


@st.composite
def activities(draw, i: int) -> Activity:
    low, more, most = (draw(st.floats(0, 40)) for _ in range(3))
    before = draw(st.sets(st.integers(0, max(0, i - 1)), max_size=3)) if i else set()
    fact = draw(st.sampled_from(["", "", "", "done", "under way"])) if not before else ""
    ago = timedelta(days=draw(st.integers(0, 60)))
    return Activity(
        f"a{i}",
        Duration(low, low + more, low + more + most, draw(st.sampled_from(["pert", "triangular"]))),
        tuple(f"a{p}" for p in sorted(before)),
        closure_ids=draw(st.sampled_from([(), (), ("winter",), ("flood", "winter")])),
        factor_id=draw(st.sampled_from(["", "donor A", "donor B"])),
        lag_days=draw(st.sampled_from([0.0, 0.0, 7.5])),
        not_before=draw(st.sampled_from([None, date(2027, 3, 1)])),
        began_on=START - ago if fact == "under way" else None,
        finished_on=START - ago if fact == "done" else None,
    )


@st.composite
def networks(draw, most: int = 12) -> Network:
    n = draw(st.integers(1, most))
    return Network(START, tuple(draw(activities(i)) for i in range(n)), CLOSURES, factors=FACTORS)


@given(networks(), st.integers(0, 2**64 - 1))
@settings(max_examples=60, deadline=None)
def test_finishes_are_those_of_the_definition(network, seed):
    net = arrays_of(network)
    every = np.arange(len(network.activities))
    near = (np.zeros(len(every)), 0.0)
    found = kernel.simulate(net, seed=seed, first_draw=5, n_draws=70, kept=every, near=near)
    for row, length in enumerate(kernel.draw_lengths(net, seed=seed, first_draw=5, n_draws=70)):
        _, finish = kernel.finish_by_definition(net, length)
        assert np.allclose(found.finish_days[row], finish, rtol=0, atol=1e-9)
        assert found.total_days[row] == pytest.approx(finish.max(), abs=1e-9)


def test_the_kernel_keeps_its_hands_clean():
    network = Network(START, tuple(Activity(f"a{i}", Duration(1, 2, 4)) for i in range(4)))
    net, every = arrays_of(network), np.arange(4)

    def fast(seed: int):
        found = kernel.simulate(net, seed=seed, first_draw=0, n_draws=9, kept=every, near=(np.zeros(4), 0.0))
        return found.finish_days

    def slow(seed: int):
        drawn = kernel.draw_lengths(net, seed=seed, first_draw=0, n_draws=9)
        return np.array([kernel.finish_by_definition(net, row)[1] for row in drawn])

    check_kernel(fast, slow, [(0,), (7,)])


@given(networks(), st.data())
@settings(max_examples=60, deadline=None)
def test_longer_durations_never_end_anything_earlier(network, data):
    """Longer: all points later, or all times a factor, or the most likely later between the same ends."""
    i = data.draw(st.integers(0, len(network.activities) - 1))
    one = network.activities[i]
    if one.began_on is not None:  # what lasts so long already says something about the rest
        return
    low, mode, high = one.duration.low_days, one.duration.mode_days, one.duration.high_days
    share = data.draw(st.floats(0, 1))
    longer = data.draw(
        st.sampled_from(
            [
                Duration(low + 9 * share, mode + 9 * share, high + 9 * share, one.duration.shape),
                one.duration.scaled(1 + share),
                Duration(low, min(mode + share * (high - mode), high), high, one.duration.shape),
            ]
        )
    )
    changed = list(network.activities)
    changed[i] = dataclasses.replace(one, duration=longer)
    slower = dataclasses.replace(network, activities=tuple(changed))
    before, after = (assess(n, n_draws=50, seed=1).finish_days for n in (network, slower))
    assert np.all(after >= before - 1e-9)


@given(networks(), st.floats(0.5, 3.0))
@settings(max_examples=30, deadline=None)
def test_finishes_never_fall_when_lengths_rise(network, factor):
    net = arrays_of(network)
    length = kernel.draw_lengths(net, seed=2, first_draw=0, n_draws=1)[0]
    short, long = sorted((1.0, factor))
    _, early = kernel.finish_by_definition(net, length * short)
    _, late = kernel.finish_by_definition(net, length * long)
    assert np.all(late >= early - 1e-9)


@given(networks(), st.data())
@settings(max_examples=30, deadline=None)
def test_one_more_precedence_never_ends_anything_earlier(network, data):
    n = len(network.activities)
    if n < 2:
        return
    after = data.draw(st.integers(1, n - 1))
    before = data.draw(st.integers(0, after - 1))
    tied = dataclasses.replace(network, added=((f"a{before}", f"a{after}"),))
    free, bound = (assess(one, n_draws=40, seed=3).finish_days for one in (network, tied))
    assert np.all(bound >= free - 1e-9)


@given(networks(), st.integers(1, 2500))
@settings(max_examples=25, deadline=None)
def test_threads_change_no_byte(network, n_draws):
    one, two = (assess(network, n_draws=n_draws, seed=4, n_threads=k) for k in (1, 2))
    for name in ("finish_days", "total_days", "criticality", "cruciality"):
        assert getattr(one, name).tobytes() == getattr(two, name).tobytes()


@given(networks())
@settings(max_examples=25, deadline=None)
def test_more_draws_begin_with_the_same_ones(network):
    few, many = (assess(network, n_draws=n, seed=4).finish_days for n in (30, 1100))
    assert np.array_equal(few, many[:30])


@given(networks())
@settings(max_examples=40, deadline=None)
def test_criticality_is_a_share_and_the_end_is_always_reached_by_someone(network):
    risk = assess(network, n_draws=60, seed=5)
    assert np.all((risk.criticality >= 0) & (risk.criticality <= 1))
    assert np.all(np.abs(risk.cruciality) <= 1)
    goals = risk.finish_days.max(axis=1)
    assert np.array_equal(goals, risk.total_days)
    last = (risk.finish_days == goals[:, None]).mean(axis=0)
    assert np.all(risk.criticality >= last - 1e-12)


@given(networks(most=8))
@settings(max_examples=40, deadline=None)
def test_critical_without_closures_is_without_float(network):
    """Where nothing is ever closed, lengthening a critical activity moves the end, another's does not."""
    plain = tuple(dataclasses.replace(one, closure_ids=(), lag_days=0.0) for one in network.activities)
    network = dataclasses.replace(network, activities=plain)
    net = arrays_of(network)
    length = kernel.draw_lengths(net, seed=6, first_draw=0, n_draws=1)[0]
    total = kernel.finish_by_definition(net, length)[1].max()
    risk = assess(network, n_draws=1, seed=6)
    for k, i in enumerate(network.order):
        if network.activities[i].finished_on is not None:
            continue
        moved = length.copy()
        moved[k] += 1e-3
        moves = kernel.finish_by_definition(net, moved)[1].max() > total + 5e-4
        assert moves == bool(risk.criticality[i])


@given(st.lists(st.floats(0.5, 30), min_size=1, max_size=8), st.integers(0, 99))
@settings(max_examples=30, deadline=None)
def test_a_chain_is_critical_throughout_and_its_mean_is_the_sum(modes, seed):
    names = [f"a{k}" for k in range(len(modes))]
    chain = tuple(
        Activity(name, Duration(m / 1.2, m, 1.67 * m), after=tuple(names[k - 1 : k]) if k else ())
        for k, (name, m) in enumerate(zip(names, modes, strict=True))
    )
    risk = assess(Network(START, chain), n_draws=4_000, seed=seed)
    assert np.all(risk.criticality == 1.0)
    mean = sum(one.duration.mean_days for one in chain)
    spread = np.sqrt(sum(((one.duration.high_days - one.duration.low_days) / 2) ** 2 for one in chain))
    assert abs(risk.total_days.mean() - mean) < 5 * spread / np.sqrt(4_000)
