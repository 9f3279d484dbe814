"""`make docs`: no warnings, notebooks that run, every public name and option told, nothing from outside."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

import sarhad
from sarhad.interfaces.cli.app import app

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
NOTEBOOKS = sorted((DOCS / "notebooks").glob("*.ipynb"))
FETCHED = re.compile(
    r"""<(?:link|script|img|iframe|source|video)\b[^>]*?\b(?:href|src)=["'](?:https?:)?//[^>]*>"""
)
IN_STYLE = re.compile(r"""(?:url\(|@import)\s*["']?(?:https?:)?//[^)\s]*""")


def build(source: Path, to: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-c", str(DOCS), *options]
    return subprocess.run(
        [*command, str(source), str(to)], capture_output=True, text=True, check=False, timeout=900
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory: Any) -> Path:
    """Return the built documents, notebooks run."""
    to = tmp_path_factory.mktemp("site")
    done = build(ROOT, to, "-j", "auto")
    assert done.returncode == 0, done.stderr
    return to


def objects(site: Path) -> set[tuple[str, str]]:
    """Return role and name of everything that the pages describe."""
    lines = zlib.decompress((site / "objects.inv").read_bytes().split(b"\n", 4)[4]).decode().splitlines()
    found = (re.match(r"(.+?)\s+(\S+)\s+-?\d+\s", line) for line in lines)
    return {(match[2], match[1]) for match in found if match}


def untold(described: set[tuple[str, str]]) -> list[str]:
    """Return the public names, commands' options and arguments that no page describes."""
    names = {name for role, name in described if role.startswith("py:")}
    options = {name for role, name in described if role == "std:cmdoption"}
    public = [f"sarhad.{name}" for name in dir(sarhad) if name != "__version__"]
    told = [*(name for name in public if name not in names)]
    for path, command in commands(typer.main.get_command(app), "sarhad"):
        for parameter in command.params:
            name = f"{path.replace(' ', '-')}.{max(parameter.opts, key=len)}"
            if not parameter.hidden and name not in options:
                told.append(name)
    return told


def commands(group: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Yield every command with its words, those below others too."""
    context = group.make_context(path, [], resilient_parsing=True)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if hasattr(command, "list_commands"):
            yield from commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


def fetched(site: Path) -> list[str]:
    """Return what the pages and their styles would load from other hosts."""
    rules = {"*.html": FETCHED, "*.css": IN_STYLE}
    return [
        url
        for files, rule in rules.items()
        for file in site.rglob(files)
        for url in rule.findall(file.read_text(encoding="utf-8"))
    ]


def test_every_public_name_and_option_is_described(site: Path) -> None:
    assert untold(objects(site)) == []


def test_the_pages_load_nothing_from_elsewhere(site: Path) -> None:
    assert fetched(site) == []


def test_the_outputs_were_made_by_the_build(site: Path) -> None:
    tutorial = (site / "docs" / "tutorial" / "first-border.html").read_text(encoding="utf-8")
    assert "no plan can exceed 0." in tutorial
    assert tutorial.count("<img") >= 3  # sheet, chart, the plan along the line
    assert (site / "docs" / "index.html").is_file()
    for notebook in NOTEBOOKS:
        cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
        assert not any(cell.get("outputs") or cell.get("execution_count") for cell in cells)
        assert "<img" in (site / "docs" / "notebooks" / f"{notebook.stem}.html").read_text(encoding="utf-8")


PLANTED = """\
# Planted

[nowhere](gone.md) [no heading](#gone)

```{options}
sarhad plna --help
```

```{options}
sarhad cache --help
```

```{eval-rst}
.. autofunction:: sarhad.easi
.. autofunction:: sarhad.no_such_name
:py:func:`sarhad.gone`
```

<script src="https://example.org/a.js"></script>
"""


def plant(folder: Path, text: str) -> tuple[str, ...]:
    folder.mkdir()
    (folder / "index.md").write_text(text, encoding="utf-8")
    return ("-D", "root_doc=index", "-D", "include_patterns=**")


def test_what_is_wrong_with_a_page_is_found(tmp_path: Path) -> None:
    options = plant(tmp_path / "source", PLANTED)
    done = build(tmp_path / "source", tmp_path / "site", *options)
    assert done.returncode != 0
    for said in ("'gone.md'", "'gone'", "there is no command plna", "no_such_name", "sarhad.gone"):
        assert said in done.stderr
    missing = untold(objects(tmp_path / "site"))
    assert "sarhad.plan" in missing
    assert "sarhad-plan.--jobs" in missing
    assert not {"sarhad.easi", "sarhad-cache.--limit", "sarhad-cache.folder"} & set(missing)
    assert fetched(tmp_path / "site") == ['<script src="https://example.org/a.js">']


def test_a_cell_that_fails_fails_the_build(tmp_path: Path) -> None:
    head = "---\nfile_format: mystnb\nkernelspec:\n  name: python3\n---\n"
    cell = head + "# A\n\n```{code-cell} ipython3\n%s\n```\n"
    source = tmp_path / "source"
    options = plant(source, cell % "print(6 * 7)")
    assert build(source, tmp_path / "site", *options).returncode == 0
    assert ">42\n" in (tmp_path / "site" / "index.html").read_text(encoding="utf-8")
    shutil.rmtree(source)
    options = plant(source, cell % "assert 6 * 7 == 41")
    done = build(source, tmp_path / "site", *options)
    assert done.returncode != 0
    assert "AssertionError" in done.stderr
