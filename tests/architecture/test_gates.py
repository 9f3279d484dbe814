"""The gates of `make lint` and of pytest close: each is shown what it is there to find."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOUND = '"""A sound module."""\n\n\ndef double(x: int) -> int:\n    """Return twice x."""\n    return 2 * x\n'


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A package of one sound module under the project's own settings."""
    package = tmp_path / "src" / "sarhad"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text('"""A package."""\n')
    (package / "sound.py").write_text(SOUND)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def run(folder: Path, tool: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name(tool)
    if not program.exists():
        pytest.skip(f"{tool} is not installed beside this Python")
    return subprocess.run([program, *arguments], cwd=folder, capture_output=True, text=True, check=False)


def plant(folder: Path, text: str) -> None:
    (folder / "src" / "sarhad" / "planted.py").write_text(f'"""Planted."""\n\n{text}')


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("import os\n", "F401"),
        ("def bare():\n    return 1\n", "D103"),
        ('def f(x: list[int] = []) -> None:\n    """Do."""\n', "B006"),
        ("import numpy as np\n\nnp.random.seed(1)\n", "NPY002"),
        ('def tangled(x: int) -> int:\n    """Do."""\n' + "    if x:\n        x += 1\n" * 13, "C901"),
        ("X = 1  # " + "long " * 30 + "\n", "E501"),
    ],
)
def test_ruff_finds(checkout: Path, text: str, rule: str) -> None:
    assert run(checkout, "ruff", "check", "--no-cache", ".").returncode == 0
    plant(checkout, text)
    found = run(checkout, "ruff", "check", "--no-cache", ".")
    assert found.returncode == 1
    assert rule in found.stdout


def test_the_formatter_finds_disorder(checkout: Path) -> None:
    assert run(checkout, "ruff", "format", "--no-cache", "--check", ".").returncode == 0
    plant(checkout, "x = { 'a':1 }\n")
    assert run(checkout, "ruff", "format", "--no-cache", "--check", ".").returncode == 1


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("def f(x):\n    return x\n", "no-untyped-def"),
        ("def f(x: int) -> str:\n    return x\n", "return-value"),
        ("def f(x: list) -> None: ...\n", "type-arg"),
        ("from sarhad.nowhere import thing\n", "import-not-found"),
    ],
)
def test_mypy_finds(checkout: Path, text: str, rule: str) -> None:
    plant(checkout, text)
    found = run(checkout, "mypy")
    assert found.returncode == 1
    assert rule in found.stdout


def test_mypy_lets_a_sound_module_pass(checkout: Path) -> None:
    found = run(checkout, "mypy")
    assert found.returncode == 0, found.stdout


def test_a_numeric_warning_and_an_unknown_marker_fail_a_test(checkout: Path) -> None:
    (checkout / "tests").mkdir()
    (checkout / "docs" / "examples").mkdir(parents=True)
    test = checkout / "tests" / "test_planted.py"
    test.write_text("def test_sound():\n    assert True\n")
    assert run(checkout, "pytest", "-p", "no:cacheprovider").returncode == 0
    test.write_text("import numpy as np\n\n\ndef test_nan():\n    np.zeros(1) / np.zeros(1)\n")
    assert "RuntimeWarning" in run(checkout, "pytest", "-p", "no:cacheprovider").stdout
    test.write_text("import pytest\n\n\n@pytest.mark.slwo\ndef test_typo():\n    assert True\n")
    assert run(checkout, "pytest", "-p", "no:cacheprovider").returncode != 0


def test_make_test_calls_every_gate() -> None:
    """What `.ci/run` calls is `make test`, and it runs all of them, in order, the tests last."""
    assert "exec make test" in (ROOT / ".ci" / "run").read_text()
    dry = subprocess.run(["make", "-n", "test"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    gates = ["ruff check", "ruff format --check", "mypy", "lint-imports", "pytest"]
    places = [dry.index(gate) for gate in gates]
    assert places == sorted(places)
