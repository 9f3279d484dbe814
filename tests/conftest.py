"""The small project for tests: written once, copied for those that spoil it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from small_border import write_small_project


@pytest.fixture(scope="session")
def small_project_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small project, written once; copy it, do not change it."""
    folder = tmp_path_factory.mktemp("small") / "project"
    write_small_project(folder)
    return folder


@pytest.fixture
def small_project_folder(small_project_template: Path, tmp_path: Path) -> Path:
    """Return a folder of its own with the small project; a test may change any file in it."""
    return Path(shutil.copytree(small_project_template, tmp_path / "small"))
