"""Interception against its definition over the whole dash, hand-worked corridors and the laws it promises."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from sarhad.errors import InputFaults
from sarhad.kernels.interception import slack, timeliness
from sarhad.kernels.leastcost import least_cost
from sarhad.kernels.steps import step_time


def corridor(times_s, responses_s):
    """A dash along one row, goal first."""
    n = len(times_s)
    time_s = np.array([times_s], dtype=float)
    onward = np.arange(-1, n - 1, dtype=np.int32)[None]
    return time_s, onward, np.array([responses_s], dtype=float)


def random_ground(rng, n_row=7, n_col=9):
    step_s = step_time(rng.uniform(0, 60, (n_row, n_col)), cell_m=90.0, speed="tobler", speed_factor=0.6)
    goals = np.arange(n_col, dtype=np.int64)
    field = least_cost(step_s, goals, np.zeros(n_col), towards=True)
    response_s = rng.uniform(20.0, 1500.0, (n_row, n_col))
    response_s[rng.random((n_row, n_col)) < 0.3] = np.inf
    return field.cost, field.link, response_s


def w_by_definition(time_s, onward, response_s, p_communication, sd):
    """Best point of the whole dash, by trying them all with the normal quotient as it is written."""
    w = np.zeros(time_s.size)
    for x in range(time_s.size):
        y = x
        while onward.flat[y] >= 0:
            mean_t, mean_r = time_s.flat[x] - time_s.flat[y], response_s.flat[y]
            if np.isfinite(mean_r):
                z = (mean_t - mean_r) / np.hypot(sd * mean_t, sd * mean_r)
                w[x] = max(w[x], p_communication * norm.cdf(z))
            y = onward.flat[y]
    return w.reshape(time_s.shape)


def test_one_interception_point_is_easi_condition():
    # A team can only cut in 100 s before the goal, 200 s after its alarm; detected 400 s before that.
    ground = corridor([0, 100, 300, 500], [np.inf, 200, np.inf, np.inf])
    w = timeliness(*ground, p_communication=0.95, sd_fraction=0.3)
    assert w[0, 3] == pytest.approx(0.95 * norm.cdf((400 - 200) / np.hypot(0.3 * 400, 0.3 * 200)), rel=1e-12)
    assert w[0, 2] == pytest.approx(0.95 * 0.5)
    assert w[0, 1] == pytest.approx(0.95 * norm.cdf(-1 / 0.3))
    assert w[0, 0] == 0.0
    np.testing.assert_array_equal(slack(*ground)[0], [-np.inf, -200.0, 0.0, 200.0])


@pytest.mark.parametrize("seed", range(8))
def test_equals_definition_over_the_whole_dash(seed):
    ground = random_ground(np.random.default_rng(seed))
    found = timeliness(*ground, p_communication=0.9, sd_fraction=0.3)
    np.testing.assert_allclose(found, w_by_definition(*ground, 0.9, 0.3), rtol=0, atol=1e-13)
    assert found.max() > 0.3


def test_slack_is_time_less_the_least_time_plus_response():
    time_s, onward, response_s = random_ground(np.random.default_rng(11))
    found = slack(time_s, onward, response_s)
    for x in range(time_s.size):
        dash, y = [], x
        while onward.flat[y] >= 0:
            dash.append(time_s.flat[y] + response_s.flat[y])
            y = onward.flat[y]
        expected = time_s.flat[x] - min(dash) if dash else -np.inf
        assert found.flat[x] == pytest.approx(expected)


def test_uniform_response_agrees_with_the_point_of_most_slack():
    time_s, onward, response_s = random_ground(np.random.default_rng(3))
    response_s[:] = 240.0
    w = timeliness(time_s, onward, response_s, p_communication=1.0, sd_fraction=0.3)
    spare_s = slack(time_s, onward, response_s)
    moves = onward >= 0
    z = spare_s[moves] / (0.3 * np.hypot(spare_s[moves] + 240.0, 240.0))
    np.testing.assert_allclose(w[moves], norm.cdf(z), atol=1e-12)


def test_slower_response_where_the_point_of_most_slack_would_jump():
    """Far point: 600 s spare of 1000; near point: 90 s spare of 100, the better odds. Slow the far one."""
    fast = corridor([0, 10, 910, 1010], [np.inf, 400, 10, np.inf])
    slow = corridor([0, 10, 910, 1010], [np.inf, 950, 10, np.inf])

    def by_most_slack(time_s, onward, response_s):
        y = int(np.argmin(time_s[0, 1:] + response_s[0, 1:])) + 1
        dash_s, mean_r = time_s[0, 3] - time_s[0, y], response_s[0, y]
        return norm.cdf((dash_s - mean_r) / (0.3 * np.hypot(dash_s, mean_r)))

    assert by_most_slack(*slow) > by_most_slack(*fast)
    w_fast = timeliness(*fast, p_communication=1.0, sd_fraction=0.3)
    w_slow = timeliness(*slow, p_communication=1.0, sd_fraction=0.3)
    assert np.all(w_slow <= w_fast)
    assert w_fast[0, 3] >= by_most_slack(*fast)


def test_nobody_comes_no_goal_and_a_team_on_the_spot():
    time_s, onward, response_s = corridor([0, 50, 100, np.inf], [np.inf] * 4)
    np.testing.assert_array_equal(
        timeliness(time_s, onward, response_s, p_communication=1, sd_fraction=0.3), 0
    )
    response_s[0, 1] = 0.0
    w = timeliness(time_s, onward, response_s, p_communication=1.0, sd_fraction=0.3)
    assert w[0, 1] == 0.5
    assert w[0, 2] == pytest.approx(norm.cdf(1 / 0.3))
    assert w[0, 3] == 0.0


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"time_s": [[0.0, np.nan]]}, "time_s"),
        ({"response_s": [[0.0, -1.0]]}, "response_s"),
        ({"response_s": [[0.0]]}, "response_s"),
        ({"next_cell": [[-1, 5]]}, "next_cell"),
        ({"next_cell": [[-1, 1]]}, "less time_s"),
        ({"p_communication": 1.2}, "p_communication"),
        ({"sd_fraction": 0.0}, "sd_fraction"),
    ],
)
def test_bad_arguments_name_themselves(change, word):
    good = {"time_s": [[0.0, 60.0]], "next_cell": [[-1, 0]], "response_s": [[30.0, 30.0]]}
    options = {"p_communication": 0.9, "sd_fraction": 0.3}
    merged = {**good, **options, **change}
    with pytest.raises(InputFaults, match=word):
        timeliness(
            merged["time_s"],
            merged["next_cell"],
            merged["response_s"],
            p_communication=merged["p_communication"],
            sd_fraction=merged["sd_fraction"],
        )
