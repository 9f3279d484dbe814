"""`import sarhad` stays light: whatever is heavy loads when it is first needed."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = ("numba", "llvmlite", "highspy", "scipy", "pandas", "geopandas", "shapely", "pyproj", "rasterio")
HEAVY += ("pyogrio", "pyarrow", "matplotlib", "typer", "rich", "ortools", "sqlalchemy", "cryptography")


def loaded_after(line: str) -> set[str]:
    """Top packages in a fresh interpreter that has run one line."""
    code = f"{line}\nimport sys, json\nprint(json.dumps(sorted(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return {name.split(".")[0] for name in json.loads(found.stdout.splitlines()[-1])}


def test_import_sarhad_loads_nothing_heavy():
    assert not loaded_after("import sarhad") & set(HEAVY)


def test_a_heavy_import_is_found():
    assert "scipy" in loaded_after("import sarhad, scipy") & set(HEAVY)
    assert loaded_after("import sarhad.kernels.easi") - loaded_after("import sarhad") - {"sarhad"}


def test_import_sarhad_loads_little_besides_numpy():
    beside = loaded_after("import sarhad") - loaded_after("import numpy") - {"sarhad"}
    assert beside <= set(sys.stdlib_module_names), f"it also loads {sorted(beside)}"


@pytest.mark.parametrize("name", ["sarhad.errors", "sarhad.model.project", "sarhad.model.plan"])
def test_the_model_loads_nothing_heavy(name):
    assert not loaded_after(f"import {name}") & set(HEAVY)


KEPT_LIGHT = {"numba", "scipy", "pandas", "geopandas", "rasterio", "matplotlib", "highspy", "ortools"}


@pytest.mark.parametrize(
    "command", ["--version", "ledger --help", "ledger log nowhere", "programme status nowhere"]
)
def test_a_command_loads_what_it_needs_and_no_more(command):
    """Whoever writes one record down does not wait for the kernels and the maps."""
    words = ["sarhad", *command.split()]
    run = f"import sys; sys.argv = {words}\nfrom sarhad.interfaces.cli import main\n"
    loaded = loaded_after(f"{run}try: main()\nexcept SystemExit: pass\nsys.stdout.write('\\n')")
    assert "typer" in loaded
    assert not loaded & KEPT_LIGHT
