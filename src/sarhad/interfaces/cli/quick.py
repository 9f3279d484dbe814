"""Quick settings: coarser cells, fewer routes and states, for a first look; every result says so."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from sarhad.interfaces.cli.console import remarks
from sarhad.interfaces.language import translated
from sarhad.io.project import open_project
from sarhad.model.project import Project

QUICK = {"cell_m": 180.0, "sector_m": 80_000.0, "n_fields": 4, "n_states": 2, "n_realisations": 2}
NOTE = "Quick settings, for a first look: coarser cells, fewer ways, states and terrains."
TEXT = translated({"quick": "Quick run, with settings {settings}."})
Quick = Annotated[
    bool, typer.Option("--quick", help="Coarser settings, those of `sarhad demo`, for a first look.")
]


def opened(folder: Path, *, quickly: bool) -> Project:
    """Open a project, with quick settings if asked for, and say which these are."""
    project = open_project(folder)
    if not quickly:
        return project
    found = quick(project)
    settings = ", ".join(f"{name} = {getattr(found.settings, name):g}" for name in QUICK)
    remarks.print(TEXT["quick"].format(settings=settings))
    return found


def quick(project: Project) -> Project:
    """Return the project with coarser settings and a note that says so, which goes into every result.

    What is coarser already stays.
    """
    own = project.settings
    settings = replace(
        own,
        cell_m=max(own.cell_m, QUICK["cell_m"]),
        sector_m=max(own.sector_m, QUICK["sector_m"]),
        n_fields=min(own.n_fields, int(QUICK["n_fields"])),
        n_states=min(own.n_states, int(QUICK["n_states"])),
        n_realisations=min(own.n_realisations, int(QUICK["n_realisations"])),
    )
    return replace(project, settings=settings, notes=(*project.notes, NOTE))
