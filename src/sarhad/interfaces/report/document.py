"""The report: one HTML file that holds everything it shows, and the PDF made of it.

Equal results, settings, versions and language give equal bytes of HTML: there is no clock in it.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from sarhad.errors import SarhadError
from sarhad.interfaces.language import Translated, language, told
from sarhad.interfaces.report import facts
from sarhad.interfaces.report.budget_chart import budget_chart
from sarhad.interfaces.report.cited import Cited
from sarhad.interfaces.report.ground_chart import ground_chart, watched
from sarhad.interfaces.report.map_sheet import map_sheet
from sarhad.interfaces.report.palette import kilometres
from sarhad.interfaces.report.report_text import TEXT
from sarhad.interfaces.report.sections import (
    assumptions_section,
    ground_section,
    manifest_section,
    plan_section,
    ranked,
    sources_section,
    summary_page,
)
from sarhad.interfaces.report.sensitivity_section import SensitivitySection, sensitivity_section, simulated
from sarhad.interfaces.report.sheet import Sheet, own_settings, svg
from sarhad.interfaces.report.strip_chart import strip_chart
from sarhad.interfaces.report.tornado_chart import tornado_chart
from sarhad.interfaces.report.weak_pages import weak_pages
from sarhad.interfaces.sensitivity_files import from_dict
from sarhad.interfaces.vocabulary import words
from sarhad.io.answers import SENSITIVITY, SUMMARY, Answers, read_coverage, result_hashes
from sarhad.io.attribution import read_attribution
from sarhad.planning.weakest import APART_M, WeakStretch

SECTIONS = (
    *("summary", "map", "strip", "weakest", "plan", "money", "ground", "sensitivity"),
    *("assumptions", "sources", "manifest"),
)
NO_PDF = (
    "the PDF needs WeasyPrint and the Pango library: pip install 'sarhad[pdf]', and on Debian "
    "apt-get install libpango-1.0-0 libpangoft2-1.0-0 ({reason})"
)
"""What is said where the extra is missing; the HTML is written all the same."""


@dataclass(frozen=True, slots=True)
class _Escaped(Mapping[str, Markup]):
    """A table of texts whose characters are safe within HTML."""

    texts: Translated

    def __getitem__(self, key: str) -> Markup:
        return Markup.escape(self.texts[key])

    def __iter__(self) -> Any:
        return iter(self.texts)

    def __len__(self) -> int:
        return len(self.texts)


def report_html(answers: Answers, weak: tuple[WeakStretch, ...]) -> str:
    """Return the report in the language of the moment, with every picture within it."""
    project, result = answers.project, answers.result
    cited = Cited(answers.documents)
    with own_settings():
        pictures = _pictures(answers)
        curve = picture(budget_chart(result)) if result is not None and result.curve else ""
        weakest = weak_pages(answers, weak, picture)
        sensitivity = _sensitivity(answers, cited)
    target, condition = case_of(answers)
    rule = TEXT["weak.rule" if result is not None else "weak.rule.now"]
    case = facts.TEXT["case"].format(target=words(target), condition=words(condition))
    hidden = () if result is not None else ("money",)
    template = Environment(
        loader=PackageLoader("sarhad", "data/report"),
        autoescape=True,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    ).get_template("report.html.jinja")
    return template.render(
        language=language(),
        title=told(project, project.title),
        kind=facts.by_worth(TEXT, "kind", project),
        text=_Escaped(TEXT),
        css=Markup(files("sarhad").joinpath("data", "report", "report.css").read_text(encoding="utf-8")),
        sections=[name for name in SECTIONS if name not in hidden],
        pictures=pictures,
        summary=summary_page(answers, cited),
        weak_rule=rule.format(km=kilometres(APART_M, 0), case=case),
        weakest=weakest,
        plan=None if result is None else plan_section(answers.project, result, cited, curve),
        ground=ground_section(answers, cited),
        simulated=simulated(cited, project.settings.worth),
        sensitivity=sensitivity,
        assumptions=assumptions_section(answers, cited),
        sources=sources_section(answers, read_attribution(project.folder)),
        manifest=manifest_section(cited, result_hashes(answers)),
    )


def case_of(answers: Answers) -> tuple[str, str]:
    """Return the target and condition that ways are shown in: the first, and the one that loses most."""
    page = answers.documents[SUMMARY]["after"] or answers.documents[SUMMARY]["before"]
    return answers.project.targets[0].target_id, str(page["costliest_condition"])


def _pictures(answers: Answers) -> dict[str, str]:
    project, holes = answers.project, ranked(answers)
    plan = None if answers.result is None else answers.result.plan
    rows = [
        watched(one.condition_id, read_coverage(answers.folder, one.condition_id))
        for one in project.conditions
    ]
    return {
        "map": picture(map_sheet(project, answers.before, answers.after, plan, holes)),
        "strip": picture(strip_chart(project, answers.before, answers.after, holes)),
        "ground": picture(ground_chart(rows)),
    }


def _sensitivity(answers: Answers, cited: Cited) -> SensitivitySection | None:
    if SENSITIVITY not in answers.documents:
        return None
    found = from_dict(answers.documents[SENSITIVITY])
    return sensitivity_section(
        cited, found, picture(tornado_chart(found, told(answers.project, answers.project.title)))
    )


def picture(sheet: Sheet) -> str:
    """Return a page as an address that holds the drawing itself."""
    return f"data:image/svg+xml;base64,{base64.b64encode(svg(sheet)).decode('ascii')}"


def report_pdf(html: str) -> bytes:
    """Return the report as PDF.

    Raises:
        SarhadError: where WeasyPrint or a library that it needs is not there; says what to install.
    """
    try:
        from weasyprint import HTML
        from weasyprint.urls import URLFetcher
    except (ImportError, OSError) as error:
        raise SarhadError(NO_PDF.format(reason=str(error).splitlines()[0])) from error
    only_inside = URLFetcher(allowed_protocols=("data",), fail_on_errors=True)
    made: bytes = HTML(string=html, url_fetcher=only_inside).write_pdf()
    return made
