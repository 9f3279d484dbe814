"""The README's Python example runs as it stands, on a small project in place of the whole example."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
FOLDER = '"tajik-afghan"'


def python_blocks(document: Path) -> list[str]:
    """Return the Python code blocks of a Markdown file."""
    return re.findall(
        r"^```python\n(.*?)^```", document.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )


def write_small_project(folder: Path) -> None:
    """Write the tests' small project, cut to one condition, few sites and two perturbed fields."""
    spec = importlib.util.spec_from_file_location("small_project", ROOT / "tests" / "small_border.py")
    assert spec is not None
    assert spec.loader is not None
    module: Any = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    module.write_small_project(folder)
    settings = folder / "project.toml"
    text = settings.read_text(encoding="utf-8")
    blocks = re.split(r"^(?=\[)", text, flags=re.MULTILINE)
    kept = [b for b in blocks if not b.startswith("[[condition]]") or "summer_night" in b]
    changes = {
        "share = 0.4": "share = 1.0",
        "n = 40": "n = 6",
        "n_fields = 3": "n_fields = 2",
        "depths_m = [1000, 3000]": "depths_m = [3000]",
        '"thermal_medium", "radar_medium", "seismic_line"': '"thermal_medium", "seismic_line"',
        "radar_medium = 2": "thermal_medium = 2",
    }
    text = "".join(kept)
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    settings.write_text(text, encoding="utf-8")


def test_the_readme_example_runs(tmp_path: Path, capsys: Any) -> None:
    (block,) = python_blocks(ROOT / "README.md")
    assert block.count(FOLDER) == 1
    folder = tmp_path / "small"
    write_small_project(folder)
    names: dict[str, Any] = {}
    exec(compile(block.replace(FOLDER, repr(str(folder))), "README.md", "exec"), names)
    printed = capsys.readouterr().out
    assert "unaware, goals 3000 m in: P_t = 0." in printed
    assert "no plan can exceed 0." in printed
    result = names["result"]
    assert result.before < result.value <= result.bound
    assert len(names["project"].line.stretches(4_000.0)) == names["profile"]["stretch_id"].nunique()
