"""`sarhad prepare`: compile the kernels ahead of time, so that the first computation starts at full speed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from sarhad.interfaces.cli.console import AsJson, answer, computing, screen
from sarhad.interfaces.language import translated
from sarhad.io.example import write_example
from sarhad.io.land import cover_classes
from sarhad.io.project import open_project
from sarhad.model.land import Courses, LandCover
from sarhad.model.line import LinePart
from sarhad.model.project import Project
from sarhad.model.schedule import Activity, Duration, Network
from sarhad.planning.coverage_map import coverage
from sarhad.planning.forecast import Delivery, forecast
from sarhad.planning.profile import profile
from sarhad.planning.schedule_risk import assess
from sarhad.planning.siting import Effort, plan
from sarhad.planning.unseen import gap
from sarhad.planning.validation import validate

LENGTH_M = 30_000.0
START = date(2026, 1, 1)
TEXT = translated({"done": "Kernels compiled."})


def run(as_json: AsJson = False) -> None:
    """Compile the kernels by running them once on a short piece of the example."""
    with TemporaryDirectory() as place:
        project = _short(open_project(write_example("tajik-afghan", Path(place) / "example")))
        with computing(None, 1) as compute:
            profile(project, compute=compute)
            gap(project, compute=compute)
            found = plan(project, effort=Effort(rounds=1, max_exact=2), compute=compute)
            list(coverage(project, compute=compute))
            validate(project, crossing_n=10, compute=compute)
            deliveries = [Delivery(one) for one in found.plan.assets[:3]]
            ready_day = np.full((10, len(deliveries)), 100.0)
            forecast(project, deliveries, ready_day, start=START, compute=compute)
            assess(Network(START, (Activity("deliver", Duration(1.0, 2.0, 3.0)),)), n_draws=10, seed=1)
    answer({"prepared": True}, as_json, lambda: screen.print(TEXT["done"]))


def _wood_along(part: LinePart) -> LandCover:
    """Return a wood along a part of the line: the example has none."""
    lon_lat_deg = np.column_stack([part.lon_deg, part.lat_deg])
    ring = Courses(lon_lat_deg, np.array([0, len(lon_lat_deg)]), np.zeros(1, np.int64))
    return LandCover(ring, np.zeros(1, np.int64), (cover_classes()["wood"],), ())


def _short(project: Project) -> Project:
    """Return the project on the first kilometres of its line."""
    part = project.line.parts[0]
    n = int((part.chainage_m <= LENGTH_M).sum())
    cut = replace(part, lon_deg=part.lon_deg[:n], lat_deg=part.lat_deg[:n], chainage_m=part.chainage_m[:n])
    settings = replace(project.settings, cell_m=180.0, n_fields=2, n_states=2, n_realisations=2)
    return replace(
        project,
        line=replace(project.line, parts=(cut,)),
        settings=settings,
        land_cover=_wood_along(cut),
        candidates=replace(project.candidates, n=20),
        conditions=project.conditions[:3],
    )
