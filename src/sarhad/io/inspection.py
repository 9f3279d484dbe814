"""What `sarhad check` finds in a project: its faults or, where it has none, what is doubtful about it."""

from __future__ import annotations

from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path

from sarhad.errors import Fault, InputFaults
from sarhad.io.plausibility import Doubt, find_doubts
from sarhad.io.project import open_project

FIELDS = ("severity", "file", "layer", "row", "column", "expected", "found", "rule", "why")
_SAID = attrgetter(*FIELDS[1:7])


@dataclass(frozen=True, slots=True)
class Findings:
    """Faults, which stop every command, and doubts, which stop none; both sorted by place."""

    faults: tuple[Fault, ...] = ()
    doubts: tuple[Doubt, ...] = ()

    def rows(self) -> list[dict[str, object]]:
        """Return all of them as rows of `FIELDS`."""
        faults = [("fault", *_SAID(one), "", "") for one in self.faults]
        doubts = [("doubt", *_SAID(one.said), one.rule, one.why) for one in self.doubts]
        return [dict(zip(FIELDS, row, strict=True)) for row in faults + doubts]


def inspect_project(folder: str | Path) -> Findings:
    """Return all faults of a project folder; doubts are looked for where there are none."""
    try:
        project = open_project(folder)
    except InputFaults as error:
        return Findings(faults=error.faults)
    return Findings(doubts=find_doubts(project))
