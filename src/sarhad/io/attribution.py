"""A project's own word on its sources and licences: the tables and paragraphs of its `ATTRIBUTION.md`.

Of Markdown only what such a file needs is read: tables with bars, and paragraphs of text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from sarhad.errors import InputFaults

ATTRIBUTION = "ATTRIBUTION.md"


@dataclass(frozen=True, slots=True)
class Attribution:
    """`head` and `rows` of the first table, empty without one, and the paragraphs of text."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    paragraphs: tuple[str, ...]


def read_attribution(folder: Path) -> Attribution | None:
    """Return what a project says of its sources; None where it says nothing. Raises InputFaults."""
    path = folder / ATTRIBUTION
    if not path.is_file():
        return None
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise InputFaults.one(ATTRIBUTION, "text in UTF-8", error) from error
    blocks = [block.strip() for block in re.split(r"\n\s*\n", text) if block.strip()]
    tables = [block for block in blocks if block.startswith("|")]
    table = [_cells(line) for line in tables[0].splitlines()] if tables else []
    rows = [row for row in table[1:] if not all(re.fullmatch(r":?-+:?", cell) for cell in row)]
    words = [block for block in blocks if not block.startswith(("|", "#"))]
    return Attribution(
        head=table[0] if table else (),
        rows=tuple(rows),
        paragraphs=tuple(_plain(" ".join(block.split())) for block in words),
    )


def _cells(line: str) -> tuple[str, ...]:
    return tuple(_plain(cell.strip()) for cell in line.strip().strip("|").split("|"))


def _plain(words: str) -> str:
    return re.sub(r"\*\*|`", "", words)
