"""Laws of EASI, and what is not one."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sarhad.kernels.easi import easi


class Path(NamedTuple):
    p: list[float]
    mean_s: list[float]
    sd_s: list[float]
    location: str
    p_communication: float
    response_s: float
    response_sd_s: float


def p_interruption(path: Path) -> float:
    return easi(path.p, path.mean_s, path.sd_s, location=path.location, p_communication=path.p_communication,
                response_s=path.response_s, response_sd_s=path.response_sd_s)  # fmt: skip


@st.composite
def paths(draw: st.DrawFn, location: str = "BME") -> Path:
    n = draw(st.integers(1, 6))
    probability = st.floats(0, 1)
    seconds = st.floats(0, 600)
    return Path(
        draw(st.lists(probability, min_size=n, max_size=n)),
        draw(st.lists(seconds, min_size=n, max_size=n)),
        draw(st.lists(st.floats(0, 100), min_size=n, max_size=n)),
        "".join(draw(st.lists(st.sampled_from(location), min_size=n, max_size=n))),
        draw(probability),
        draw(seconds),
        draw(st.floats(0, 100)),
    )


@settings(max_examples=80, deadline=None)
@given(paths())
def test_bounded_by_communication_times_detection(path: Path) -> None:
    p_any = 1 - math.prod(1 - p for p in path.p)
    assert -1e-12 <= p_interruption(path) <= path.p_communication * p_any + 1e-12


@settings(max_examples=80, deadline=None)
@given(paths(), st.floats(0, 300))
def test_a_slower_response_never_raises_it(path: Path, later_s: float) -> None:
    slower = path._replace(response_s=path.response_s + later_s)
    assert p_interruption(slower) <= p_interruption(path) + 1e-12


@settings(max_examples=80, deadline=None)
@given(paths(), st.floats(0, 1))
def test_proportional_to_communication(path: Path, share: float) -> None:
    less = path._replace(p_communication=path.p_communication * share)
    assert p_interruption(less) == pytest.approx(share * p_interruption(path), abs=1e-12)


@settings(max_examples=80, deadline=None)
@given(paths("B"), st.data())
def test_more_detection_never_lowers_it_where_nothing_varies(path: Path, data: st.DataObject) -> None:
    """Earlier is then never worth less than later: the step function of the time that remains only falls."""
    sure = path._replace(sd_s=[0.0] * len(path.p), response_sd_s=0.0)
    i = data.draw(st.integers(0, len(path.p) - 1))
    more = list(sure.p)
    more[i] = data.draw(st.floats(more[i], 1))
    assert p_interruption(sure._replace(p=more)) >= p_interruption(sure) - 1e-12


@settings(max_examples=80, deadline=None)
@given(paths(), st.floats(0, 1))
def test_more_detection_at_the_last_task_never_lowers_it(path: Path, p_last: float) -> None:
    more = [*path.p[:-1], max(path.p[-1], p_last)]
    assert p_interruption(path._replace(p=more)) >= p_interruption(path) - 1e-12


def test_more_detection_can_lower_it_in_general() -> None:
    """No law: an early task of great spread dilutes an early detection below a later, surer one."""
    unsure_first = Path([0.0, 1.0], [1.0, 100.0], [500.0, 0.0], "BB", 1.0, 90.0, 1.0)
    alerted = unsure_first._replace(p=[1.0, 1.0])
    assert p_interruption(unsure_first) > 0.99
    assert p_interruption(alerted) < 0.6


@settings(max_examples=15, deadline=None)
@given(paths(), st.integers(0, 2**32 - 1))
def test_agrees_with_drawn_sequences(path: Path, seed: int) -> None:
    """The definition by sampling: normal delays and response; the first detection counts, if communicated.

    The middle of a task leaves a half of independent parts, each with half of the variance.
    """
    rng = np.random.default_rng(seed)
    path = path._replace(response_sd_s=path.response_sd_s + 1.0)
    n_draw, n = 4000, len(path.p)
    mean_s, sd_s = np.array(path.mean_s), np.array(path.sd_s)
    first_half_s = rng.normal(mean_s / 2, sd_s / math.sqrt(2), (n_draw, n))
    second_half_s = rng.normal(mean_s / 2, sd_s / math.sqrt(2), (n_draw, n))
    response_s = rng.normal(path.response_s, path.response_sd_s, n_draw)
    is_detected = rng.random((n_draw, n)) < np.array(path.p)
    is_heard = rng.random(n_draw) < path.p_communication
    own_s = {"B": first_half_s + second_half_s, "M": second_half_s, "E": np.zeros((n_draw, n))}
    n_stopped = 0
    for draw in range(n_draw):
        if is_heard[draw] and is_detected[draw].any():
            i = int(np.argmax(is_detected[draw]))
            left_s = own_s[path.location[i]][draw, i]
            left_s += own_s["B"][draw, i + 1 :].sum()
            n_stopped += left_s > response_s[draw]
    p = p_interruption(path)
    assert abs(n_stopped / n_draw - p) < 5 * math.sqrt(p * (1 - p) / n_draw) + 2e-3
