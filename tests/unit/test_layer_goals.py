"""Goals given as places count where they lie, however deep; no barrier of the gap runs behind them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sarhad.io.line import point_off_line
from sarhad.io.project import open_project
from sarhad.model.project import Goals, Project
from sarhad.planning.profile import profile
from sarhad.planning.unseen import gap
from small_cases import tiny


def with_road(project: Project, offset_m: float) -> Project:
    """Return the project with one road along the whole line, at an offset, for a goal."""
    chainage_m = np.linspace(0.0, project.line.length_m, 60)
    lon_deg, lat_deg = point_off_line(project.line, chainage_m, offset_m)
    return replace(project, goals=Goals("layer", (np.column_stack([lon_deg, lat_deg]),)))


@pytest.fixture(scope="module")
def project(small_project_template: Path) -> Project:
    return tiny(open_project(small_project_template))


def test_a_road_deeper_than_the_depth_line_is_reached(project: Project) -> None:
    rows = profile(with_road(project, 4_500.0), adversaries=("fastest",), n_realisations=1)
    assert rows["p_timely"].notna().all()
    depth = profile(project, adversaries=("fastest",), n_realisations=1)
    depth = depth[(depth["adversary"] == "fastest") & (depth["depth_m"] == project.settings.depth_m)]
    assert len(rows) == len(depth)  # depth lines play no part: one row for each question
    assert rows["time_s"].mean() > depth["time_s"].mean()  # 4.5 km in rather than 3


def test_no_barrier_runs_behind_a_road_near_the_line(project: Project) -> None:
    holes = gap(with_road(project, 800.0))
    assert len(holes)
    assert (holes["offset_m"] < 800.0).all()
