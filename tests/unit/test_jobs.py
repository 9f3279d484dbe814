"""How many processes a command takes: what it is told, else the project's setting, else all there are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sarhad.errors import SarhadError
from sarhad.interfaces.cli.app import app

COMMANDS = ("profile", "plan", "validate", "sensitivity", "coverage")


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(("told", "taken"), [((), 3), (("--jobs", "0"), 3), (("--jobs", "2"), 2)])
def test_the_option_comes_before_the_setting(
    small_project_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: str,
    told: tuple[str, ...],
    taken: int,
) -> None:
    file = small_project_folder / "project.toml"
    text = file.read_text("utf-8")
    assert "processes = 1\n" in text
    file.write_text(text.replace("processes = 1\n", "processes = 3\n"), encoding="utf-8")
    asked: list[int] = []

    @contextmanager
    def computing(folder: Path, jobs: int) -> Iterator[None]:
        asked.append(jobs)
        raise SarhadError("far enough")
        yield

    monkeypatch.setattr(import_module(f"sarhad.interfaces.cli.{command}"), "computing", computing)
    CliRunner().invoke(app, [command, str(small_project_folder), *told])
    assert asked == [taken]
