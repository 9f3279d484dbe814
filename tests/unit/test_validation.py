"""`sarhad validate`: it agrees with what P_t is, and it finds a P_t that is not."""

from __future__ import annotations

import json
import math
import shutil
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binomtest
from typer.testing import CliRunner

from sarhad.errors import NoGoalReachable, UnknownName
from sarhad.interfaces.cli.app import app
from sarhad.interfaces.cli.stretches import stretch_ids
from sarhad.io.project import open_project
from sarhad.kernels.exposure import NO_LINES, Routes, sensor_lines, view_of
from sarhad.kernels.simulation import Race, Scene, crossings
from sarhad.planning import validation
from sarhad.planning.compute import Compute
from sarhad.planning.crossing import Watch
from sarhad.planning.profile import profile
from sarhad.planning.summary import yearly
from sarhad.planning.validation import FAILS_BELOW, calibrated, interval, validate

N = 20_000
RUN = Race(1.0, 0.3, True)
STRAIGHT = Routes(np.array([0, 4]), np.array([0, 1, 2, 3], np.int32), np.array([100.0, 100.0, 100.0, 0.0]))


@pytest.fixture(scope="module")
def project(small_project_template):
    return open_project(small_project_template)


def scene(view, lines=NO_LINES, share=(1.0,), response_s=math.inf) -> Scene:
    """Four cells in a row, 100 s apart, the goal last; the border between the second and the third."""
    step_s = np.full((8, 1, 4), np.inf)
    step_s[2, 0, :3] = 100.0
    offset_m = np.array([-150.0, -50.0, 50.0, 150.0])
    time_s = np.array([300.0, 200.0, 100.0, 0.0])
    team_s = np.broadcast_to(np.asarray(response_s, np.float64), (4,)).copy()
    return Scene(view, lines, np.array(share), offset_m, np.zeros(4), step_s, time_s, team_s)


def counted(where: Scene, *, correlated=False, race=RUN) -> tuple[float, float]:
    rng = np.random.default_rng(5)
    detected, met = crossings(rng, where, STRAIGHT, np.array([N]), correlated, race)[0]
    return detected, met


def near(count: float, p: float) -> bool:
    return abs(count / N - p) <= 4.0 * math.sqrt(max(p * (1.0 - p), 1e-12) / N)


def test_the_first_step_leads_east():
    from sarhad.kernels.steps import D_COL, D_ROW

    assert (D_ROW[2], D_COL[2]) == (0, 1)


def test_a_unit_detects_when_it_works_and_looks_long_enough():
    view = view_of([0], [0], [0.01], 4)  # exposure 1 in the first cell
    detected, met = counted(scene(view, share=(0.6,)))
    assert near(detected, 0.6 * (1.0 - math.exp(-1.0)))
    assert met == 0  # nobody is sent


def test_in_fog_the_best_unit_counts_alone():
    view = view_of([0, 0], [0, 1], [0.01, 0.02], 4)
    shares = (0.6, 0.5)
    apart, _ = counted(scene(view, share=shares))
    together, _ = counted(scene(view, share=shares), correlated=True)
    alone = [0.6 * (1.0 - math.exp(-1.0)), 0.5 * (1.0 - math.exp(-2.0))]
    assert near(apart, 1.0 - (1.0 - alone[0]) * (1.0 - alone[1]))
    assert near(together, max(alone))


@pytest.mark.parametrize("chainage_m", [0.0, 500.0])
def test_a_line_is_crossed_once_where_it_lies(chainage_m):
    lines = sensor_lines([(0, 0.0, 0.0, 400.0, 0.7)])
    detected, _ = counted(
        scene(view_of([], [], [], 4), lines, (0.5,))._replace(chainage_m=np.full(4, chainage_m))
    )
    assert near(detected, 0.35) if chainage_m < 400.0 else detected == 0


def test_the_race_is_run_to_the_best_cut_off_point():
    """Detected at the first cell for certain: 200 s to the third cell, which a team reaches in 150 s."""
    view = view_of([0], [0], [1.0], 4)
    response_s = [math.inf, math.inf, 150.0, 10.0]  # nobody is cut off at the goal itself
    _, met = counted(scene(view, response_s=response_s), race=Race(0.9, 0.3, True))
    z = (200.0 - 150.0) / (0.3 * math.hypot(200.0, 150.0))
    assert near(met, 0.9 * 0.5 * math.erfc(-z / math.sqrt(2.0)))
    _, reported = counted(scene(view), race=Race(0.9, 0.3, False))
    assert near(reported, 0.9)


def test_intervals_are_those_of_scipy():
    x, n = np.array([0, 3, 17, 40]), np.array([40, 40, 40, 40])
    low, high = interval(x, n)
    for k in range(4):
        peer = binomtest(int(x[k]), int(n[k])).proportion_ci(0.95, "exact")
        assert (low[k], high[k]) == pytest.approx((peer.low, peer.high), abs=1e-12)


def test_a_sound_probability_passes_and_one_that_is_off_does_not():
    """p-values are uniform for sound counts; two points of P_t over 300 stretches are found, both ways."""
    rng = np.random.default_rng(3)
    p, n = rng.uniform(0.0, 1.0, 300) ** 3, np.full(300, 500)
    sound = [calibrated(rng.binomial(n, p), n, p, seed) for seed in range(200)]
    for values in ([one.p_bias for one in sound], [one.p_spread for one in sound]):
        assert all(abs(np.mean(np.array(values) < level) - level) < 0.1 for level in (0.1, 0.3, 0.5, 0.9))
    assert np.mean([one.inside_share for one in sound]) >= 0.95
    counts = rng.binomial(n, p)
    assert calibrated(counts, n, np.minimum(p + 0.02, 1.0), 1).p_bias < FAILS_BELOW
    assert calibrated(counts, n, np.maximum(p - 0.02, 0.0), 1).p_bias < FAILS_BELOW
    by_turns = np.clip(p + 0.03 * (-1.0) ** np.arange(300), 0.0, 1.0)
    assert calibrated(counts, n, by_turns, 1).p_spread < FAILS_BELOW


def test_how_far_off_a_mean_must_be_to_show():
    """By hand for even odds; a bias of that size is found in about half of all validations."""
    n, p = np.full(40, 250), np.full(40, 0.5)
    shows_from = calibrated(np.full(40, 125), n, p, 1).shows_from
    assert shows_from == pytest.approx(3.4808 * math.sqrt(40 * 250 * 0.25) / (40 * 250), rel=1e-4)
    rng = np.random.default_rng(5)
    found = [calibrated(rng.binomial(n, p + shows_from), n, p, 1).p_bias < FAILS_BELOW for _ in range(400)]
    assert 0.4 < np.mean(found) < 0.6


def test_what_cannot_happen_and_does_fails():
    n = np.array([100])
    assert calibrated(np.array([0]), n, np.array([0.0]), 1).holds
    assert not calibrated(np.array([1]), n, np.array([0.0]), 1).holds
    assert not calibrated(np.array([99]), n, np.array([1.0]), 1).holds


@pytest.mark.parametrize("adversary", ["unaware", "aware", "optimal", "fastest"])
def test_p_of_the_profile_is_the_frequency_of_simulated_crossings(project, adversary):
    with Compute(1) as compute:
        found = validate(project, adversary=adversary, crossing_n=2_000, compute=compute)
        rows = profile(project, adversaries=(adversary,), n_realisations=1, compute=compute)
    assert found.holds
    assert found.timely.crossing_n == 11 * 2_000
    assert found.trial.p_timely == pytest.approx(yearly(project, rows, adversary)["p_timely"], abs=1e-12)


def test_stretches_and_processes_do_not_change_what_is_drawn(project):
    with Compute(1) as compute:
        whole = validate(project, crossing_n=200, compute=compute).trial
        some = validate(project, crossing_n=200, stretch_ids=(3, 8), compute=compute).trial
    assert some.stretch.tolist() == [3, 8]
    assert some.n_timely.tolist() == whole.n_timely[[3, 8]].tolist()


def test_a_kernel_that_takes_availability_for_a_rate_is_found(project, monkeypatch):
    sound = Watch.timely

    def rate_rule(watch, routes):
        thinned = watch.view._replace(rate_per_s=watch.view.rate_per_s * watch.share[watch.view.asset])
        return sound(replace(watch, view=thinned, share=np.ones(len(watch.share))), routes)

    monkeypatch.setattr(Watch, "timely", rate_rule)
    with Compute(1) as compute:
        found = validate(project, crossing_n=500, compute=compute)
    assert not found.holds
    assert found.detected.p_bias < FAILS_BELOW


def test_a_worth_that_forgets_the_radio_is_found(project, monkeypatch):
    sound = Watch.timely

    def no_radio(watch, routes):
        p_timely, p_detect = sound(watch, routes)
        return p_timely / watch.passage.project.settings.p_communication, p_detect

    monkeypatch.setattr(Watch, "timely", no_radio)
    with Compute(1) as compute:
        found = validate(project, crossing_n=2_000, compute=compute)
    assert found.detected.holds
    assert not found.timely.holds


def test_the_command_writes_what_it_says_and_fails_aloud(small_project_template, tmp_path, monkeypatch):
    folder = shutil.copytree(small_project_template, tmp_path / "small")
    asked = ["validate", str(folder), "--crossings", "300", "--stretches", "2-4,9", "--jobs", "1", "--json"]
    done = CliRunner().invoke(app, asked, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["holds"] is True
    assert [row["stretch_id"] for row in told["rows"]] == [2, 3, 4, 9]
    assert {path.name for path in (folder / "results").iterdir()} == {
        f"validation.{kind}" for kind in ("json", "csv", "png", "pdf")
    }
    written = json.loads((folder / "results" / "validation.json").read_text())
    assert (written["seed"], written["purchase_n"]) == (1, 0)
    again = written["manifest"]["command"]
    assert again[:2] == ["validate", "."]
    assert again[again.index("--stretches") + 1] == "2-4,9"
    monkeypatch.setattr(validation, "FAILS_BELOW", 1.1)
    failed = CliRunner().invoke(app, asked, catch_exceptions=False)
    assert failed.exit_code == 1
    assert json.loads(failed.stdout)["holds"] is False


def test_stretches_are_written_as_ids_and_ranges(project):
    assert stretch_ids(project, None) == ()
    assert stretch_ids(project, "3, 5-7,6") == (3, 5, 6, 7)
    for wrong in ("", "a", "3-", "5-3", "11", "0-11"):
        with pytest.raises(UnknownName):
            stretch_ids(project, wrong)


def test_a_line_that_nobody_can_cross_has_nothing_to_validate(project):
    closed = replace(project, targets=(replace(project.targets[0], max_slope=1e-6),))
    with Compute(1) as compute, pytest.raises(NoGoalReachable):
        validate(closed, crossing_n=10, compute=compute)
