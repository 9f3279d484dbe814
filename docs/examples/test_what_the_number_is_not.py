"""What docs/explanation/what-the-number-is-not.md says of the code, on a stretch of the small project."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sarhad.io.project import open_project
from sarhad.model.project import Project
from sarhad.planning.profile import profile

sys.path.insert(0, str(Path(__file__).parent))
from test_readme import write_small_project


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    folder = tmp_path_factory.mktemp("small") / "project"
    write_small_project(folder)
    return open_project(folder)


def unaware(project: Project) -> np.ndarray:
    rows = profile(project, adversaries=("unaware",), n_realisations=1, stretch_ids=(3,))
    return rows[["p_timely", "p_detect"]].to_numpy()


def test_who_never_works_sees_nobody(project: Project) -> None:
    dead = replace(project, assets=tuple(replace(one, availability=0.0) for one in project.assets))
    assert unaware(project).min() > 0
    assert not unaware(dead).any()


def test_observation_only_is_what_is_seen_and_gets_through(project: Project) -> None:
    watched = replace(project, settings=replace(project.settings, worth="reported"), teams=())
    p_timely, p_detect = unaware(watched).T
    assert p_timely == pytest.approx(project.settings.p_communication * p_detect, rel=1e-12)
