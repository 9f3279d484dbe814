"""The public names: few, flat, documented, and each shown at work in an example."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

import pytest

import sarhad

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
NAMES = [name for name in sarhad.__all__ if name != "__version__"]


def used_names(folder: Path = EXAMPLES) -> set[str]:
    """Names of the package that the examples take: `sarhad.x` and `from sarhad import x`."""
    found: set[str] = set()
    for path in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Attribute)
                and isinstance(node.value, ast.Name)
                and node.value.id == "sarhad"
            ):
                found.add(node.attr)
            elif isinstance(node, ast.ImportFrom) and node.module == "sarhad":
                found |= {alias.name for alias in node.names}
    return found


def test_there_are_public_names_and_no_more_than_thirty():
    assert 1 <= len(NAMES) <= 30
    assert len(set(NAMES)) == len(NAMES)
    assert all(name.isidentifier() and not name.startswith("_") for name in NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_public_name_is_there_and_says_what_it_is(name):
    value = getattr(sarhad, name)
    assert not inspect.ismodule(value), "public names are flat"
    assert (inspect.getdoc(value) or "").strip()
    assert name in dir(sarhad)


def test_every_public_name_is_shown_in_an_example():
    assert not set(NAMES) - used_names(), "no file in docs/examples uses these"


def test_examples_use_public_names_only():
    assert used_names() <= {*NAMES, "__version__"} | {"errors", "testing"}


def test_only_what_an_example_takes_counts_as_shown(tmp_path):
    (tmp_path / "one.py").write_text("import sarhad\nfrom sarhad import gap\nsarhad.plan  # sarhad.profile\n")
    assert used_names(tmp_path) == {"gap", "plan"}


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = sarhad.no_such_name
