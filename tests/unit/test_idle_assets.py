"""What never works closes nothing: an asset of availability 0 leaves the unseen gap as it is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from sarhad.io.project import open_project
from sarhad.planning.unseen import gap
from small_cases import tiny


def test_assets_that_never_work_see_nothing(small_project_template: Path) -> None:
    project = tiny(open_project(small_project_template))
    idle = replace(project, assets=tuple(replace(asset, availability=0.0) for asset in project.assets))
    bare = replace(project, assets=())
    assert gap(idle)["width_m"].sum() == gap(bare)["width_m"].sum()
    assert gap(project)["width_m"].sum() < gap(bare)["width_m"].sum()
