"""Which stretches a command is about, as people write them: 3,10-14."""

from __future__ import annotations

import re
from typing import Annotated

import typer

from sarhad.errors import UnknownName
from sarhad.model.project import Project

REFUSED = {
    "written": "stretches are written as ids and ranges of them, such as 3,10-14; found {text!r}",
    "unknown": "no stretch {id}: the line has 0-{last}",
}
Stretches = Annotated[
    str | None, typer.Option("--stretches", help="Stretches by id, such as 3,10-14; all if left out.")
]


def stretch_ids(project: Project, text: str | None) -> tuple[int, ...]:
    """Return the ids asked for, rising; none where nothing is asked. Raises UnknownName."""
    if text is None:
        return ()
    last = len(project.line.stretches(project.settings.stretch_m)) - 1
    found: set[int] = set()
    for piece in text.split(","):
        ends = re.fullmatch(r"\s*(\d+)\s*(?:-\s*(\d+)\s*)?", piece)
        if ends is None:
            raise UnknownName(REFUSED["written"].format(text=text))
        first, end = int(ends[1]), int(ends[2] or ends[1])
        if max(first, end) > last:
            raise UnknownName(REFUSED["unknown"].format(id=max(first, end), last=last))
        found |= set(range(first, end + 1))
    if not found:
        raise UnknownName(REFUSED["written"].format(text=text))
    return tuple(sorted(found))
