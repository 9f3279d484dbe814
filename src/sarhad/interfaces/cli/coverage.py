"""`sarhad coverage`: where someone who stays ten minutes is detected, as a raster per condition."""

from __future__ import annotations

from sarhad.interfaces.cli.console import AsJson, Folder, Jobs, PlanFile, answer, computing, screen
from sarhad.interfaces.cli.quick import Quick, opened
from sarhad.interfaces.deliver import write_coverage
from sarhad.interfaces.language import translated
from sarhad.interfaces.vocabulary import words
from sarhad.io.plans import read_plan_of
from sarhad.io.results import results_folder

TEXT = translated(
    {
        "written": (
            "{n} raster in [bold]{place}[/], terrain: {kind}",
            "{n} rasters in [bold]{place}[/], terrain: {kind}",
        )
    }
)


def run(
    folder: Folder,
    plan_file: PlanFile = None,
    quick: Quick = False,
    jobs: Jobs = 0,
    as_json: AsJson = False,
) -> None:
    """Write coverage rasters (COG, per cent) for every condition."""
    project = opened(folder, quickly=quick)
    bought = read_plan_of(project, plan_file) if plan_file else None
    place = folder / "coverage"
    with (
        computing(folder, jobs or project.settings.processes) as compute,
        results_folder(folder, place.name) as part,
    ):
        paths = [place / path.name for path in write_coverage(project, bought, part, compute)]

    def draw() -> None:
        kind = words(project.terrain.kind)
        screen.print(TEXT.count("written", len(paths)).format(place=place, kind=kind))

    answer([str(path) for path in paths], as_json, draw)
