"""docs/how-to/own-adversary.md: its classes are read, its block runs, its figures against the kernels."""

from __future__ import annotations

import json
import math
import re
import sys
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sarhad.io.equipment import read_targets
from sarhad.io.project import check_project, open_project
from sarhad.kernels.crossing import timely
from sarhad.kernels.exposure import NO_LINES, Routes, View, step_exposure
from sarhad.kernels.interception import timeliness
from sarhad.kernels.optics import resolved_share
from sarhad.kernels.worstcase import least_timely
from sarhad.planning.sensing import level_speed_mps

sys.path.insert(0, str(Path(__file__).parent))
from test_readme import python_blocks, write_small_project

PAGE = Path(__file__).parents[1] / "how-to" / "own-adversary.md"
TEXT = PAGE.read_text(encoding="utf-8")
FLAT = re.sub(r"\s+", " ", TEXT)
(ROWS,) = re.findall(r"^```text\n(target_id,.*?)^```", TEXT, re.DOTALL | re.MULTILINE)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "my-border"
    write_small_project(found)
    settings = found / "project.toml"
    own = 'file = "targets.csv"\nuse = ["walker", "porter", "motorcycle"]'
    assert own in TEXT
    text = settings.read_text(encoding="utf-8")
    assert 'use = ["walker"]' in text
    settings.write_text(text.replace('use = ["walker"]', own), encoding="utf-8")
    (found / "targets.csv").write_text(ROWS, encoding="utf-8")
    return found


def test_the_classes_of_the_page_are_sound(folder: Path) -> None:
    assert not check_project(folder)
    assert [one.target_id for one in open_project(folder).targets] == ["walker", "porter", "motorcycle"]


@pytest.mark.parametrize("field", ["nationality", "name", "seismics"])
def test_a_field_beyond_those_of_a_class_is_refused(folder: Path, field: str) -> None:
    (folder / "targets.csv").write_text(f"{ROWS}porter,{field},x,text,planted\n", encoding="utf-8")
    assert (field, "a field of a target") in [(one.found, one.expected) for one in check_project(folder)]
    assert "*expected a field of a target*" in TEXT


def test_the_block_runs_and_the_behaviours_are_in_order(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    """The optimal crosser does best; who is slow on the same way is met no less than who is fast."""
    monkeypatch.chdir(folder.parent)
    (block,) = python_blocks(PAGE)
    names: dict[str, Any] = {}
    exec(compile(block, PAGE.name, "exec"), names)
    mean = names["profile"].set_index(["target", "adversary"])["p_timely"].groupby(level=[0, 1]).mean()
    for target in ("walker", "porter", "motorcycle"):
        of = mean[target]
        assert of["optimal"] <= of.min() + 1e-12
    assert 0 < mean["porter", "fastest"] >= mean["walker", "fastest"] > mean["motorcycle", "fastest"]
    assert "unaware" in capsys.readouterr().out


def test_columns_of_ones_own_are_not_read(folder: Path) -> None:
    known = open_project(folder).assets
    layer = json.loads((folder / "assets.geojson").read_text(encoding="utf-8"))
    for feature in layer["features"]:
        feature["properties"]["remark"] = "whoever it was"
    (folder / "assets.geojson").write_text(json.dumps(layer), encoding="utf-8")
    assert open_project(folder).assets == known


def phi(z: float) -> float:
    return 0.5 * math.erfc(-z / math.sqrt(2.0))


def test_what_speed_does(tmp_path: Path) -> None:
    (tmp_path / "targets.csv").write_text(ROWS, encoding="utf-8")
    types = {**read_targets(), **read_targets(tmp_path / "targets.csv")}
    tobler_mps = 6 / 3.6 * math.exp(-3.5 * 0.05)
    level_mps = {"porter": 0.45 * tobler_mps, "walker": 0.6 * tobler_mps, "motorcycle": 1.2 * 20 / 3.6}
    for name, speed_mps in level_mps.items():
        assert level_speed_mps(types[name]) == pytest.approx(speed_mps)
        time_s = 3_000 / speed_mps
        r = 3_000 / time_s
        by_hand = 0.95 * phi((1 - r) / (0.3 * math.hypot(1, r)))
        w = timeliness(
            np.array([[time_s, 1e-9, 0.0]]),
            np.array([[1, 2, -1]], np.int32),
            np.array([[np.inf, 3_000.0, 3_000.0]]),
            p_communication=0.95,
            sd_fraction=0.3,
        )
        assert w[0, 0] == pytest.approx(by_hand, abs=1e-9)
        assert f"| {name} | {speed_mps:.2f} m/s | {time_s:,.0f} s | {f'{by_hand:.2f}'[1:]} |" in TEXT


def test_who_hides() -> None:
    share = resolved_share([0.3, 1.0, 4.0], 0.05, 1.0)
    assert share == pytest.approx([math.log(6) / math.log(20), 1.0, 1.0])
    assert f"= {share[0]:.2f} of a camera's range" in FLAT


# One way in each row: before, watched for 20 minutes, goal. Asset 0 the camera, 1 the radar.
TIME_S = np.array([40.0, 60.0, 50.0]) * 60
STEP_S = np.full((8, 3, 3), np.inf)
STEP_S[2, :, 0], STEP_S[2, :, 1] = TIME_S - 1_200, 1_200.0
W = np.array([[0.95, 0.90, 0.0], [0.95, 0.80, 0.0], [0.95, 0.05, 0.0]])
VIEW = View(
    np.array([0, 0, 1, 1, 1, 2, 2, 2, 3, 3], np.int64),
    np.array([0, 0, 1], np.int32),
    np.log([4.0, 4 / 3, 5.0]) / 1_200,
)
SHARE = np.array([0.7, 0.9])
FLAT_GRID = np.full((3, 3), 500.0), np.zeros((3, 3))
WAYS = Routes(
    np.array([0, 3, 6, 9], np.int64),
    np.arange(9, dtype=np.int32),
    np.stack([TIME_S - 1_200, np.full(3, 1_200.0), np.zeros(3)], axis=1).ravel(),
)
P_TIMELY = np.array([0.7 * 3 / 4 * 0.9, 0.7 / 4 * 0.8, 0.9 * 4 / 5 * 0.05])
P_DETECT = np.array([0.7 * 3 / 4, 0.7 / 4, 0.9 * 4 / 5])


def written(value: float) -> str:
    text = f"{value:.4f}".removeprefix("0")
    assert text in TEXT, f"{text} is not on the page"
    return text


def test_each_way_by_hand() -> None:
    found = timely(WAYS, W, VIEW, NO_LINES, SHARE, *FLAT_GRID)
    assert found.p_timely == pytest.approx(P_TIMELY, rel=1e-12)
    assert found.p_detect == pytest.approx(P_DETECT, rel=1e-12)
    assert [written(x) for x in P_TIMELY] == [".4725", ".1400", ".0360"]
    assert all(f"= {p:.3f}".replace("= 0", "= ") in TEXT for p in P_DETECT)


def test_fastest_unaware_and_aware() -> None:
    assert int(np.argmin(TIME_S)) == 0
    assert written(float(np.array([22, 3, 5]) @ P_TIMELY) / 30) == ".3665"
    exposure = step_exposure(STEP_S, VIEW, NO_LINES, *FLAT_GRID, SHARE)
    cost_min = (TIME_S + 1_800 * exposure[2, :, 1]) / 60
    assert [f"{c:.1f}" for c in cost_min] == ["69.1", "66.0", "93.5"]
    assert all(f"{c:.1f}" in TEXT for c in cost_min)
    assert int(np.argmin(cost_min)) == 1


def test_a_camera_turns_the_aware_and_a_team_the_optimal() -> None:
    more = View(np.array([0, 0, 1, 1, 1, 3, 3, 3, 4, 4], np.int64), np.array([0, 0, 2, 1], np.int32),
                np.log([4.0, 4 / 3, 4.0, 5.0]) / 1_200)  # fmt: skip
    share = np.append(SHARE, 0.7)
    watched = step_exposure(STEP_S, more, NO_LINES, *FLAT_GRID, share)[2, :, 1]
    assert int(np.argmin(TIME_S + 1_800 * watched)) != 1
    assert int(np.argmin(timely(WAYS, W, more, NO_LINES, share, *FLAT_GRID).p_timely)) == 2
    nearer = W.copy()
    nearer[2, 1] = 0.5
    assert int(np.argmin(timely(WAYS, nearer, VIEW, NO_LINES, SHARE, *FLAT_GRID).p_timely)) == 1


def test_the_optimal_bracket() -> None:
    goals, none = np.array([2, 5, 8]), np.zeros(3)

    def least(share: np.ndarray) -> np.ndarray:
        exposure = step_exposure(STEP_S, VIEW, NO_LINES, *FLAT_GRID, share)
        return least_timely(exposure, STEP_S, W, goals, none).p_timely[:, 0]

    assert int(np.argmin(least(SHARE))) == int(np.argmin(P_TIMELY)) == 2
    low = sum(
        math.prod(f if on else 1 - f for f, on in zip(SHARE, works, strict=True))
        * float(least(np.array(works, float)).min())
        for works in product((0, 1), repeat=2)
    )
    assert low == pytest.approx(0.7 * 0.9 * 0.8 * 0.05, rel=1e-9)
    assert [written(low), written(float(P_TIMELY.min()))] == [".0252", ".0360"]
