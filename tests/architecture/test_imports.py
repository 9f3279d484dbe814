"""The house keeps its shape: who may import what, who opens files, what functions and modules look like."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "sarhad"
LINTER = Path(sys.executable).with_name("lint-imports")

OPENERS = {"rasterio", "pyogrio", "fiona", "sqlite3", "pickle", "shutil", "zipfile", "urllib"}
FILE_CALLS = {"open", "read_text", "read_bytes", "write_text", "write_bytes", "mkdir", "unlink"}
FILE_CALLS |= {"to_parquet", "to_csv", "to_file", "to_feather", "savefig", "savez", "fromfile", "tofile"}
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "manager", "managers", "handler", "handlers"}
FORBIDDEN_NAMES |= {"common", "misc", "base", "core"}


def modules() -> dict[str, Path]:
    """Dotted names of all modules of the package, `sarhad` left off."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = modules()


@cache
def tree(module: str) -> ast.Module:
    return ast.parse(MODULES[module].read_text(encoding="utf-8"))


def imported(module: str) -> set[str]:
    """Dotted names that a module imports anywhere in its text; `from a import b` gives a.b, and a itself."""
    names = set()
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} imports relatively"
            members = {f"{node.module}.{alias.name}" for alias in node.names}
            are_modules = all(name.removeprefix("sarhad.") in MODULES for name in members)
            names |= members if are_modules else {node.module, *members}
    return names


def roots(module: str) -> set[str]:
    """Top packages a module imports, the standard library left out; two levels of sarhad's own."""
    names = {tuple(name.split(".")) for name in imported(module)}
    names = {name[:2] if name[0] == "sarhad" else name[:1] for name in names if name != ("sarhad",)}
    return {".".join(name) for name in names} - set(sys.stdlib_module_names)


def within(layer: str) -> list[str]:
    return [name for name in MODULES if name == layer or name.startswith(f"{layer}.")]


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    if not LINTER.exists():
        pytest.skip("lint-imports is not installed beside this Python")
    environment = {**os.environ, "PYTHONPATH": str(folder / "src")}
    command = [str(LINTER), "--no-cache", "--config", "pyproject.toml"]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def copied(tmp_path):
    """The package's own source and settings in a folder of their own."""
    shutil.copytree(
        PACKAGE, tmp_path / "src" / "sarhad", ignore=shutil.ignore_patterns("__pycache__", "data")
    )
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_imports_point_down_only(copied):
    found = lint(copied)
    assert found.returncode == 0, found.stdout + found.stderr


@pytest.mark.parametrize(
    ("module", "planted"),
    [
        ("kernels/steps.py", "import sarhad.model.grid"),
        ("model/grid.py", "import sarhad.kernels.steps"),
        ("io/cache.py", "import sarhad.planning.compute"),
        ("planning/compute.py", "from sarhad.interfaces import cli"),
        ("errors.py", "import sarhad.model.grid"),
    ],
)
def test_an_upward_import_is_found(copied, module, planted):
    with (copied / "src" / "sarhad" / module).open("a") as file:
        file.write(f"\n{planted}\n")
    found = lint(copied)
    assert found.returncode != 0
    assert "BROKEN" in found.stdout


def test_a_new_top_module_needs_its_layer(copied):
    (copied / "src" / "sarhad" / "stray.py").write_text('"""Belongs nowhere."""\n')
    found = lint(copied)
    assert found.returncode != 0
    assert "stray" in found.stdout + found.stderr


@pytest.mark.parametrize("module", within("kernels"))
def test_kernels_know_numbers_and_errors_only(module):
    assert roots(module) <= {"numpy", "scipy", "numba", "sarhad.errors", "sarhad.kernels"}


@pytest.mark.parametrize("module", [*within("model"), "errors"])
def test_the_model_is_made_of_the_standard_library_and_numpy(module):
    structs = {"msgspec"} if module == "model.record" else set()  # made by the million
    assert roots(module) <= {"numpy", "sarhad.model", "sarhad.errors"} | structs


def test_one_file_alone_knows_the_solver():
    assert [name for name in MODULES if "highspy" in roots(name)] == ["planning.solve"]


def touched_files(source: ast.Module) -> list[str]:
    """What in a module opens, reads or writes files: modules it imports and calls it makes."""
    found = []
    for node in ast.walk(source):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names if alias.name.split(".")[0] in OPENERS]
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in OPENERS:
            found.append(f"{node.module}")
        elif isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if name in FILE_CALLS or (name.startswith("read_") and isinstance(node.func, ast.Attribute)):
                found.append(f"line {node.lineno}: {name}()")
    return found


@pytest.mark.parametrize("layer", ["errors", "kernels", "model", "planning", "interfaces.cli", "testing"])
def test_files_are_opened_in_io_only(layer):
    found = {name: touched_files(tree(name)) for name in within(layer)}
    assert not {name: touched for name, touched in found.items() if touched}


@pytest.mark.parametrize(
    "line",
    ["import rasterio.io", "from shutil import copy", "open('a')", "p.read_text()", "gpd.read_file(p)"],
)
def test_a_line_that_touches_files_is_found(line):
    assert touched_files(ast.parse(line))


def takes_any_keyword(text: ast.Module) -> list[str]:
    """Names of the functions that take `**kwargs`."""
    functions = (node for node in ast.walk(text) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return [node.name for node in functions if node.args.kwarg is not None]


def test_functions_name_all_their_arguments():
    assert not {module: found for module in MODULES if (found := takes_any_keyword(tree(module)))}


@pytest.mark.parametrize("line", ["def f(**kw): ...", "class A:\n    async def f(self, *, a, **kw): ..."])
def test_a_function_that_takes_any_keyword_is_found(line):
    assert takes_any_keyword(ast.parse(line)) == ["f"]


def badly_named(modules: Iterable[str]) -> set[str]:
    return {name for name in modules if FORBIDDEN_NAMES & set(name.split("."))}


def test_modules_are_named_for_what_they_hold():
    assert not badly_named(MODULES)


@pytest.mark.parametrize("name", ["io.utils", "helpers.line", "planning.manager"])
def test_a_module_named_for_nothing_is_found(name):
    assert badly_named(["io.tables", name]) == {name}


def ring(links: Mapping[str, set[str]]) -> tuple[str, ...]:
    """Return a ring of modules that import each other, its first named again at the end; empty if none."""
    done: set[str] = set()

    def walk(name: str, path: tuple[str, ...]) -> tuple[str, ...]:
        if name in path:
            return (*path[path.index(name) :], name)
        if name not in done:
            for other in sorted(links[name]):
                if found := walk(other, (*path, name)):
                    return found
            done.add(name)
        return ()

    return next((found for name in links if (found := walk(name, ()))), ())


def test_no_module_imports_itself_in_a_ring():
    links = {}
    for name in MODULES:
        top = {f"sarhad.{other}" for other in MODULES if other and other != name} & imported(name)
        links[name] = {other.removeprefix("sarhad.") for other in top}
    assert not ring(links)


def test_a_ring_is_found():
    chain = {"a": {"b"}, "b": {"c", "d"}, "c": set(), "d": set()}
    assert ring(chain) == ()
    assert ring({**chain, "d": {"b"}}) == ("b", "d", "b")
