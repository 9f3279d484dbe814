"""The blocks of docs/reference/api.md run as printed; test_site.py sees that every public name is there."""

from __future__ import annotations

import inspect
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import sarhad

sys.path.insert(0, str(Path(__file__).parent))
from test_readme import python_blocks, write_small_project

PAGE = Path(__file__).parents[1] / "reference" / "api.md"


def test_the_page_runs_as_printed(tmp_path: Path) -> None:
    names: dict[str, Any] = {}
    for block in python_blocks(PAGE):
        if "write_example(" in block:  # computed on the small project instead
            example = sarhad.write_example("tajik-afghan", tmp_path / "example")
            assert (example / "project.toml").is_file()
            write_small_project(tmp_path / "small")
            continue
        exec(compile(block.replace('"my-border"', repr(str(tmp_path / "small"))), "api.md", "exec"), names)
    assert names["faults"] == sarhad.check_project(tmp_path / "small") == ()
    assert isinstance(names["project"], sarhad.Project)
    assert names["project"].hashes == sarhad.open_project(tmp_path / "small").hashes
    assert names["profile"]["p_timely"].between(0.0, 0.95).all()
    assert names["page"].readings[0].gap_km == pytest.approx(names["holes"]["width_m"].sum() / 1000)
    assert names["night"].percent.max() == 255
    assert names["why"].raises[0].gain > 0
    result: sarhad.PlanResult = names["result"]
    assert result.plan.cost_usd <= 150_000
    assert names["first_two"] == sarhad.Plan(result.ranking.items[:2])
    better = names["planned"]["p_timely"].to_numpy()
    assert (better >= names["profile"].query("adversary == 'unaware'")["p_timely"].to_numpy() - 1e-12).all()
    assert not names["seen"][25, 32]
    assert np.isfinite(names["walk_s"]).all()


def test_the_names_at_work() -> None:
    """What the page shows with values that anyone can check."""
    assert sarhad.Objective("cvar").tail_share == 0.1
    budget = sarhad.Budget(1e6, stock={"radar_medium": 2})
    assert budget.crew_n == float("inf")
    places = (sarhad.AtPoint(69.1, 37.5), sarhad.AlongLine(0.0, 2_000.0, 150.0), sarhad.OverBand(0.0, 1.0))
    assets = [sarhad.Asset(f"a{i}", "any", place) for i, place in enumerate(places)]
    assert [asset.n for asset in assets] == [1, 1, 1]
    flat_m = np.zeros((9, 9), np.float32)
    post = {"row": [4], "col": [4], "height_m": [2.0], "range_m": [300.0]}
    assert sarhad.viewshed(flat_m, post, cell_m=100.0).count().sum() == 29  # cells within 3 cells
    level_mps = 6 / 3.6 * np.exp(-3.5 * 0.05)  # Tobler on the level
    assert sarhad.travel_time(flat_m, [[4, 4]], cell_m=100.0)[4, 8] == pytest.approx(400.0 / level_mps)
    one = {"location": "B", "p_communication": 0.9, "response_s": 100.0, "response_sd_s": 1.0}
    assert sarhad.easi([0.5], [100.0], [1.0], **one) == pytest.approx(0.5 * 0.9 * 0.5)  # even odds in time
    tables = (sarhad.profile, sarhad.gap, sarhad.summarise, sarhad.coverage, sarhad.explain, sarhad.plan)
    assert all(inspect.signature(table).parameters["project"] for table in tables)
