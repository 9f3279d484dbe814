"""The whole example as a stranger runs it: minutes of work, so it runs with the long suites only."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import geopandas as gpd
import pytest

pytestmark = pytest.mark.long


def test_the_demo_goes_from_nothing_to_a_plan_on_a_map(tmp_path: Path) -> None:
    folder = tmp_path / "example"
    command = [sys.executable, "-m", "sarhad", "demo", str(folder), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    plan = answer["plan"]
    assert 0.0 < plan["before"] < plan["value"] <= plan["bound"] < 1.0
    assert plan["cost_usd"] <= plan["budget"]["money_usd"]
    results = folder / "results"
    for name in ("map_sheet.png", "map_sheet.pdf", "strip_chart.png", "strip_chart.pdf", "manifest.json"):
        assert (results / name).exists(), name
    assert len(list((results / "coverage").glob("*.tif"))) == 9
    rows = gpd.read_parquet(results / "profile.parquet")
    stretches = rows.drop_duplicates("stretch_id")
    length_km = (stretches["chainage_to_m"] - stretches["chainage_from_m"]).sum() / 1000
    assert length_km == pytest.approx(1363.266, abs=0.01)  # the line's own record of its length
    assert set(rows["terrain"]) == {"refined"}
