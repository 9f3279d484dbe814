"""What the answer hangs on: every trial is the profile of the project it stands for; SALib is wired right."""

from __future__ import annotations

import json
import math
import re
import shutil
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from typer.testing import CliRunner

from sarhad.errors import InputFaults, NoGoalReachable
from sarhad.interfaces.cli.app import app
from sarhad.interfaces.report import palette
from sarhad.interfaces.report.sheet import own_settings, width_mm
from sarhad.interfaces.report.tornado_chart import tornado_chart
from sarhad.io.project import open_project
from sarhad.io.uncertainty import read_parameters
from sarhad.model.asset import AtPoint
from sarhad.model.parameter import Parameter
from sarhad.planning import sensitivity as planning_sensitivity
from sarhad.planning import trials
from sarhad.planning.adversaries import against_each
from sarhad.planning.compute import Compute
from sarhad.planning.profile import profile
from sarhad.planning.sensitivity import (
    OUTCOMES,
    Sensitivity,
    Swing,
    answers,
    saltelli,
    sensitivity,
    sobol_indices,
)
from sarhad.planning.summary import yearly
from sarhad.planning.variation import VARIABLE, base_value, varied, with_plan

HEAD = "parameter,part,low,high,distribution,unit,source,description\n"


@pytest.fixture(scope="module")
def project(small_project_template):
    """The small project; one of its posts comes with a team of its own."""
    read = open_project(small_project_template)
    asset = replace(read.assets[0], equipment_id="post_staffed")
    return replace(read, assets=(asset, *read.assets[1:]), settings=replace(read.settings, n_fields=2))


@pytest.fixture(scope="module")
def parameters():
    return {one.parameter_id: one for one in read_parameters(None, VARIABLE)}


def of_profile(project, compute) -> tuple[float, float]:
    rows = profile(project, adversaries=("unaware", "optimal"), n_realisations=1, compute=compute)
    found = {one.adversary: one.p_timely for one in against_each(project, rows)}
    return found["unaware"], found["optimal"]


def test_the_shipped_table_varies_everything_there_is(parameters, project):
    assert set(parameters) == set(VARIABLE)
    assert all(one.low <= base_value(project, name) <= one.high for name, one in parameters.items())
    assert all(one.source and one.title for one in parameters.values())


def test_every_trial_is_the_profile_of_the_project_it_stands_for(project, parameters):
    """What is shared between trials, and what is not, is right for every parameter at an end."""
    whole = with_plan(project, None)
    stands = {name: base_value(project, name) for name in parameters}
    values = [stands]
    values += [{**stands, name: one.high} for name, one in parameters.items()]
    with Compute(1) as compute:
        found = answers(whole, values, len(values), "trials", (), compute)
        assert found[0, :2] == pytest.approx(of_profile(project, compute), abs=1e-12)
        for k, one in enumerate(values[1:], 1):
            assert found[k, :2] == pytest.approx(of_profile(varied(whole, one), compute), abs=1e-9), one


def test_a_forgotten_dependence_is_found(project, parameters, monkeypatch):
    monkeypatch.setattr(trials, "WORTH", trials.WORTH - {"p_communication"})
    whole = with_plan(project, None)
    ends = [{"p_communication": 0.95}, {"p_communication": 0.85}]
    with Compute(1) as compute:
        found = answers(whole, ends, 2, "trials", (), compute)
        wanted = of_profile(varied(whole, ends[1]), compute)
    assert found[1, 0] != pytest.approx(wanted[0], abs=1e-4)


def test_p_communication_scales_p_timely_by_hand(project):
    """P_t is proportional to P_C where nothing else changes: routes of the unaware do not depend on it."""
    one = Parameter("p_communication", "response", 0.475, 0.76, "uniform", "1", "by hand", "P_C")
    with Compute(1) as compute:
        found = sensitivity(project, [one], compute=compute)
    (swing,) = found.swings
    assert swing.base == 0.95
    assert swing.low[0] == pytest.approx(found.base[0] * 0.5, rel=1e-9)
    assert swing.high[0] == pytest.approx(found.base[0] * 0.8, rel=1e-9)
    assert swing.width(found.base) == pytest.approx(found.base[0] * 0.5, rel=1e-9)  # from its low end to 0.95
    assert swing.low[2] == 0.0  # nothing is closed at half of it


@pytest.mark.parametrize(
    ("name", "sign"),
    [
        ("turnout_factor", -1),
        ("assess_factor", -1),
        ("team_speed_factor", 1),
        ("p_communication", 1),
        ("availability_factor", 1),
        ("observer_range_factor", 1),
        ("camera_range_factor", 1),
        ("radar_range_factor", 1),
        ("p_look_max_factor", 1),
        ("look_factor", -1),
        ("visibility_factor", 1),
    ],
)
def test_the_unaware_answer_moves_one_way(project, parameters, name, sign):
    with Compute(1) as compute:
        found = sensitivity(project, [parameters[name]], stretch_ids=(1, 5, 9), compute=compute)
    (swing,) = found.swings
    assert sign * swing.low[0] <= sign * found.base[0] + 1e-12
    assert sign * found.base[0] <= sign * swing.high[0] + 1e-12


def test_a_swing_reaches_from_what_stands_to_its_farthest_end():
    """Both ends may raise the answer: what they differ by is not how far it moves."""
    one = Parameter("start_beyond_factor", "movement", 0.7, 1.7, "uniform", "1", "by hand", "Start")
    swing = Swing(one, 1.0, low=(0.25, 0.1, 3.0), high=(0.25, 0.3, 2.0))
    base = (0.20, 0.2, 2.5)
    assert [swing.width(base, k) for k in range(3)] == pytest.approx([0.05, 0.2, 1.0])


def test_means_by_length_and_kilometres(project):
    with Compute(1) as compute:
        found = answers(with_plan(project, None), [{}], 1, "trials", (2, 3, 10), compute)[0]
        rows = profile(project, adversaries=("unaware", "optimal"), n_realisations=1, compute=compute)
    table = yearly(project, rows)
    chosen = table[table["stretch_id"].isin([2, 3, 10])]
    assert found[0] == pytest.approx(np.average(chosen["p_timely"], weights=chosen["length_m"]))
    share = {one.condition_id: one.share for one in project.conditions}
    closed = rows[(rows["adversary"] == "optimal") & (rows["p_timely"] > 0.5)]
    closed = closed[closed["stretch_id"].isin([2, 3, 10]) & (closed["depth_m"] == project.settings.depth_m)]
    km = ((closed["chainage_to_m"] - closed["chainage_from_m"]) * closed["condition"].map(share)).sum() / 1000
    assert found[2] == pytest.approx(km)


def test_sobol_finds_the_indices_of_ishigami():
    """Ishigami and Homma (1990), a = 7, b = 0.1: the indices are known in closed form."""
    x = 2.0 * math.pi * saltelli(3, 4096, 1) - math.pi
    y = np.sin(x[:, 0]) + 7.0 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])
    v1 = 0.5 * (1.0 + 0.1 * math.pi**4 / 5.0) ** 2
    v2, v13 = 49.0 / 8.0, 0.01 * math.pi**8 * (1.0 / 18.0 - 1.0 / 50.0)
    total = v1 + v2 + v13
    found = sobol_indices(["a", "b", "c"], y, "y", 1)
    assert [one.parameter_id for one in found] == ["a", "b", "c"]
    assert [one.first for one in found] == pytest.approx([v1 / total, v2 / total, 0.0], abs=0.02)
    assert [one.total for one in found] == pytest.approx(
        [(v1 + v13) / total, v2 / total, v13 / total], abs=0.02
    )
    assert all(0.0 < one.total_half_width < 0.1 for one in found)


def test_sobol_of_what_never_moves_is_nothing():
    assert {(one.first, one.total) for one in sobol_indices(["a", "b"], np.ones(4 * 8), "y", 1)} == {
        (0.0, 0.0)
    }


def test_values_follow_their_distribution():
    flat = Parameter("a", "sensing", 1.0, 4.0, "uniform", "1", "s", "t")
    log = replace(flat, distribution="loguniform")
    assert [flat.at(u) for u in (0.0, 0.5, 1.0)] == [1.0, 2.5, 4.0]
    assert [log.at(u) for u in (0.0, 0.5, 1.0)] == pytest.approx([1.0, 2.0, 4.0])


def test_teams_that_come_with_posts_can_be_slowed(project):
    whole = with_plan(project, None)
    assert len(whole.teams) == len(project.teams) + 1
    assert isinstance(project.assets[0].place, AtPoint)
    assert varied(whole, {"turnout_factor": 2.0}).teams[-1].turnout_s == 2.0 * whole.teams[-1].turnout_s


def test_faults_of_a_table_come_together(tmp_path):
    path = tmp_path / "own.csv"
    rows = ["spead_factor,movement,1,2,uniform,1,s,t", "field_sigma,movement,0.5,9,uniform,1,s,t"]
    rows += ["look_factor,sensing,3,1,uniform,1,s,t", "turnout_factor,response,0,1,loguniform,1,s,t"]
    rows += ["assess_factor,answer,1,2,uniform,1,s,t"]
    path.write_text(HEAD + "\n".join(rows) + "\n")
    with pytest.raises(InputFaults) as caught:
        read_parameters(path, VARIABLE)
    found = {(fault.row, fault.column) for fault in caught.value.faults}
    assert {(1, "parameter"), (2, "high"), (4, "low"), (5, "part")} <= found
    assert 3 in {fault.row for fault in caught.value.faults}
    path.write_text(HEAD + "field_sigma,movement,0.1,0.5,uniform,1,s,t\n")
    assert read_parameters(path, VARIABLE)[0].high == 0.5


def test_the_command_writes_rows_that_the_report_shows(small_project_template, tmp_path):
    folder = shutil.copytree(small_project_template, tmp_path / "small")
    own = tmp_path / "own.csv"
    own.write_text(
        HEAD
        + "p_communication,response,0.8,0.99,uniform,1,s,Radio\n"
        + "availability_factor,sensing,0.5,1,uniform,1,s,Up\n"
    )
    asked = ["sensitivity", str(folder), "--parameters", str(own), "--samples", "16", "--top", "2"]
    done = CliRunner().invoke(app, [*asked, "--jobs", "1", "--json"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    told = json.loads((folder / "results" / "sensitivity.json").read_text())
    assert [row["parameter"] for row in told["rows"]] == ["availability_factor", "p_communication"]
    assert len({tuple(row) for row in told["rows"]}) == 1
    assert told["evaluation_n"] == 5 + 16 * 4
    assert all(one["total_half_width"] > 0 for one in told["sobol"] if one["outcome"] == "p_unaware")
    bands = {(one["band_low"], one["band_high"]) for one in told["adversaries"]}
    assert bands == {(None, None)}, "the project has one terrain"
    again = ["sensitivity", ".", "--parameters", "../own.csv", "--samples", "16", "--top", "2"]
    assert told["manifest"]["command"] == again
    assert len(told["sobol"]) == 2 * len(OUTCOMES)
    assert [one["adversary"] for one in told["adversaries"]] == ["unaware", "aware", "optimal", "fastest"]
    assert all((folder / "results" / f"sensitivity.{kind}").exists() for kind in ("csv", "png", "pdf"))


def test_values_under_the_axes_of_the_tornado_differ_and_stand_apart():
    """Panels of a narrow range: no two marks of an axis read the same, and no two touch."""
    one = Parameter("speed_factor", "movement", 0.7, 1.3, "uniform", "1", "by hand", "Speed")
    found = Sensitivity((0.236, 0.0229, 1.0), (Swing(one, 1.0, (0.245, 0.0278, 1.0), (0.2275, 0.0156, 2.9)),))
    with own_settings():
        page = tornado_chart(found, "By hand")
        marks = [text for text in page.axes.texts if re.fullmatch(r"[\d.]+", text.get_text())]
        drawn = [(text.get_text(), width_mm(text.get_text(), palette.SMALL), text) for text in marks]
    rows: dict[float, list[tuple[float, float, str]]] = {}
    for words, wide_mm, text in drawn:
        x_mm, y_mm = text.get_position()
        rows.setdefault(round(y_mm, 3), []).append((x_mm - wide_mm / 2, x_mm + wide_mm / 2, words))
    ticks = sorted(max(rows.values(), key=len))
    assert len(ticks) >= 6
    assert all(a[1] < b[0] for a, b in pairwise(ticks))
    assert len({words for _, _, words in ticks}) == len(ticks)


def test_what_moves_nothing_has_no_row_unless_nothing_moves():
    moving, still = (
        Parameter(f"{name}_factor", "movement", 0.7, 1.3, "uniform", "1", "by hand", name.title())
        for name in ("speed", "turnout")
    )
    base = (0.2, 0.1, 1.0)
    swings = (Swing(moving, 1.0, base, (0.2, 0.1, 1.5)), Swing(still, 1.0, base, base))
    for found, names in (
        (Sensitivity(base, swings), {"Speed"}),
        (Sensitivity(base, swings[1:]), {"Turnout"}),
    ):
        assert [one.parameter for one in found.still] == [still]
        with own_settings():
            said = {text.get_text() for text in tornado_chart(found, "By hand").axes.texts}
        assert said & {"Speed", "Turnout"} == names


@pytest.mark.parametrize("n", ["48", "8", "1"])
def test_samples_are_a_power_of_two_and_enough_for_an_interval(small_project_folder, n):
    done = CliRunner().invoke(app, ["sensitivity", str(small_project_folder), "--samples", n])
    assert isinstance(done.exception, InputFaults)
    assert done.exception.faults[0].found == n


def test_a_sample_at_which_nobody_can_cross_gives_no_shares(project, monkeypatch):
    def at_a_cliff(whole, values, group_n, step, stretch_ids, compute):
        found = np.full((len(values), len(OUTCOMES)), 0.5)
        found[-1] = np.nan if step == "Sobol samples" else 0.5
        return found

    monkeypatch.setattr(planning_sensitivity, "answers", at_a_cliff)
    one = Parameter("speed_factor", "movement", 0.7, 1.3, "uniform", "1", "by hand", "Speed")
    other = replace(one, parameter_id="sd_fraction", low=0.2, high=0.4)
    with Compute(1) as compute, pytest.raises(NoGoalReachable):
        sensitivity(project, [one, other], sample_n=16, top_n=2, compute=compute)
