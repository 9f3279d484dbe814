"""`sarhad report`: the results as one document to read, print and check."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sarhad.errors import SarhadError
from sarhad.interfaces.cli.console import AsJson, Folder, Jobs, Language, answer, computing, remarks, screen
from sarhad.interfaces.language import language, translated
from sarhad.interfaces.report.document import case_of, report_html, report_pdf
from sarhad.interfaces.sentences import told_error
from sarhad.io.answers import read_answers
from sarhad.io.project import open_project
from sarhad.io.whole import write_whole
from sarhad.planning.weakest import study, weakest

TEXT = translated(
    {
        "written": "Report: [bold]{path}[/]",
        "no.pdf": "{html} is written; {why}",
        "files": "files of the report",
    }
)


def run(
    folder: Folder,
    spoken: Language = None,
    to: Annotated[
        Path | None,
        typer.Option("--to", help="Folder to write into; the project's own results/ if left out."),
    ] = None,
    n_weakest: Annotated[
        int, typer.Option("--weakest", min=0, max=20, help="How many of the weakest stretches to show.")
    ] = 5,
    pdf: Annotated[bool, typer.Option("--pdf/--no-pdf", help="Also make the PDF.")] = True,
    jobs: Jobs = 0,
    as_json: AsJson = False,
) -> None:
    """Write the results as one HTML file and a PDF: summary, map, weak stretches, plan, costs, sources."""
    answers = read_answers(open_project(folder))
    plan = None if answers.result is None else answers.result.plan
    with computing(folder, jobs or answers.project.settings.processes) as compute:
        chosen = weakest(answers.last, n_weakest)
        weak = study(answers.project, chosen, plan, case_of(answers), compute)
        goal = to if to is not None else answers.folder
        paths = [goal / f"report.{language()}.{kind}" for kind in ("html", "pdf")[: 1 + pdf]]
        compute.progress(TEXT["files"], 0, len(paths))
        html = report_html(answers, tuple(weak))
        write_whole(paths[0], html.encode("utf-8"))
        compute.progress(TEXT["files"], 1, len(paths))
        if pdf:
            try:
                made = report_pdf(html)
            except SarhadError as error:
                del paths[1]
                remarks.print(TEXT["no.pdf"].format(html=paths[0], why=told_error(error)), soft_wrap=True)
            else:
                write_whole(paths[1], made)
                compute.progress(TEXT["files"], 2, 2)

    def draw() -> None:
        for path in paths:
            screen.print(TEXT["written"].format(path=path), soft_wrap=True)

    answer({"report": [str(path) for path in paths]}, as_json, draw)
