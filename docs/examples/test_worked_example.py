"""The corridor of docs/explanation/model.md: every number worked by hand there, against the kernels."""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np
import pytest

from sarhad.kernels.crossing import timely, weighted_exposure
from sarhad.kernels.exposure import NO_LINES, Routes, View, step_exposure
from sarhad.kernels.interception import timeliness
from sarhad.kernels.leastcost import least_cost
from sarhad.kernels.worstcase import least_timely

PAGE = Path(__file__).parents[1] / "explanation" / "model.md"
CASE = PAGE.read_text(encoding="utf-8").partition("\n## Worked by hand\n")[2].partition("\n## ")[0]

# Cells A (beyond the line), B, C (home) and the goal G in a row; 600 s from each to the next.
A, B, C, G = range(4)
STEP_S = np.full((8, 1, 4), np.inf)
STEP_S[2, 0, :3] = 600.0  # east
STEP_S[6, 0, 1:] = 600.0  # west, as the crosser could also turn back
ROUTE = Routes(np.array([0, 4], np.int64), np.arange(4, dtype=np.int32), np.array([600.0, 600.0, 600.0, 0.0]))
RESPONSE_S = np.array([[np.inf, 900.0, 600.0, 600.0]])
OFFSET_M = np.array([[-500.0, 500.0, 1_500.0, 2_500.0]])
CHAINAGE_M = np.zeros((1, 4))

# Asset 0, the camera, sees A and B, 1/2 in ten minutes; asset 1, the radar, sees B, 4/5 in ten minutes.
VIEW = View(
    np.array([0, 1, 3, 3, 3], np.int64),
    np.array([0, 0, 1], np.int32),
    np.array([math.log(2.0), math.log(2.0), math.log(5.0)]) / 600.0,
)
AVAILABLE = np.array([0.7, 0.9])


def phi(z: float) -> float:
    return 0.5 * math.erfc(-z / math.sqrt(2.0))


def written(value: float, digits: int = 4) -> str:
    """Return a value as the page prints it, and make sure that it does."""
    text = f"{value:.{digits}f}".removeprefix("0")
    assert text in CASE, f"{text} is not on the page"
    return text


@pytest.fixture
def w() -> np.ndarray:
    dash = least_cost(STEP_S, np.array([G]), np.zeros(1), towards=True)
    assert dash.cost.ravel().tolist() == [1800.0, 1200.0, 600.0, 0.0]
    return timeliness(dash.cost, dash.link, RESPONSE_S, p_communication=0.95, sd_fraction=0.30)


def test_the_worth_of_a_first_detection(w):
    by_hand = [0.95 * phi(0.5 / (0.3 * math.sqrt(1.25))), 0.95 * 0.5, 0.95 * phi(-1.0 / 0.3), 0.0]
    assert w.ravel() == pytest.approx(by_hand, rel=1e-12)
    assert [written(x) for x in by_hand[:3]] == [".8854", ".4750", ".0004"]


def test_timely_detection_by_states(w):
    camera = [1.0, 1 - 0.7 * (1 - 1 / 2), 1 - 0.7 * (1 - 1 / 4)]
    radar = [1.0, 1.0, 1 - 0.9 * (1 - 1 / 5)]
    s = [a * b for a, b in zip(camera, radar, strict=True)]
    assert s == pytest.approx([1.0, 0.65, 0.133])
    found = timely(ROUTE, w, VIEW, NO_LINES, AVAILABLE, OFFSET_M, CHAINAGE_M)
    by_hand = (s[0] - s[1]) * w[0, A] + (s[1] - s[2]) * w[0, B]
    assert found.p_timely[0] == pytest.approx(by_hand, rel=1e-12)
    assert found.p_detect[0] == pytest.approx(1 - s[2], rel=1e-12)
    assert written(by_hand) == ".5555"

    best = [1.0, min(0.65, 1.0), min(0.475, 0.28)]  # fog: the best asset in place of the product
    fog = timely(ROUTE, w, VIEW, NO_LINES, AVAILABLE, OFFSET_M, CHAINAGE_M, correlated=True)
    by_hand = (best[0] - best[1]) * w[0, A] + (best[1] - best[2]) * w[0, B]
    assert fog.p_timely[0] == pytest.approx(by_hand, rel=1e-12)
    assert written(by_hand) == ".4856"


def test_the_rate_rule_overstates_and_the_recursion_follows_it(w):
    stay_a, stay_b = 2**-0.7, 2**-0.7 * 5**-0.9
    by_hand = (1 - stay_b) * w[0, B]  # L(B)
    by_hand = by_hand + (1 - stay_a) * (w[0, A] - by_hand)  # L(A)
    exposure = step_exposure(STEP_S, VIEW, NO_LINES, OFFSET_M, CHAINAGE_M, AVAILABLE)
    least = least_timely(exposure, STEP_S, w, np.array([G]), np.zeros(1))
    assert least.p_timely[0, A] == pytest.approx(by_hand, rel=1e-12)
    assert written(by_hand) == ".5905"
    assert [written(1 - stay_a), written(1 - stay_b)] == [".3844", ".8554"]


def test_the_surrogate_of_siting_lies_above(w):
    met = weighted_exposure(ROUTE, w, VIEW, NO_LINES, AVAILABLE, OFFSET_M, CHAINAGE_M)
    camera = -math.log(1 - 0.7 * (1 - math.exp(-math.log(2.0) * (w[0, A] + w[0, B]))))
    radar = -math.log(1 - 0.9 * (1 - math.exp(-math.log(5.0) * w[0, B])))
    assert met.theta == pytest.approx([camera, radar], rel=1e-12)
    assert met.cap[0] == w[0, A]
    surrogate = 1 - math.exp(-camera - radar)
    assert [written(camera), written(radar), written(surrogate)] == [".5575", ".6558", ".7028"]
    exact = timely(ROUTE, w, VIEW, NO_LINES, AVAILABLE, OFFSET_M, CHAINAGE_M).p_timely[0]
    assert exact <= min(met.cap[0], surrogate)


def test_every_figure_of_the_case_is_worked_out(w):
    """Figures of three digits or more, and none beside them."""
    w_a, w_b = 0.95 * phi(0.5 / (0.3 * math.sqrt(1.25))), 0.475
    camera, radar = 0.7, 0.9
    silent = {n: 1 - camera * (1 - 2.0**-n) for n in (1, 2)}
    heard = 1 - radar * 4 / 5
    s_a, s_b, fog_b = silent[1], silent[2] * heard, min(silent[2], heard)
    p_timely = (1 - s_a) * w_a + (s_a - s_b) * w_b
    theta = [
        -math.log(1 - camera * (1 - math.exp(-math.log(2) * (w_a + w_b)))),
        -math.log(1 - radar * (1 - math.exp(-math.log(5) * w_b))),
    ]
    p_a, p_b = 1 - 2**-camera, 1 - 2**-camera * 5**-radar
    known = [*silent.values(), heard, s_a, s_b, 1 - s_a, s_a - s_b, 1 - s_b, s_a - fog_b, w_a, w_b]
    known += [(1 - s_a) * w_a, (s_a - s_b) * w_b, p_timely, 1 - s_b - p_timely / 0.95]
    known += [(1 - s_a) * w_a + (s_a - fog_b) * w_b, 0.95 * phi(-1 / 0.3), 0.5 / (0.3 * math.sqrt(1.25))]
    known += [
        p_a,
        p_b,
        p_b * w_b,
        p_b * w_b + p_a * (w_a - p_b * w_b),
        *theta,
        sum(theta),
        1 - math.exp(-sum(theta)),
    ]
    printed = re.findall(r"\d*\.\d{3,}", CASE)
    assert len(printed) > 40
    for text in printed:
        digits = len(text.partition(".")[2])
        assert float(text) in {round(value, digits) for value in known}, text
    assert w.ravel()[:2] == pytest.approx([w_a, w_b])
