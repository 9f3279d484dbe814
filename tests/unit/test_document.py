"""The report of a small project: whole, alone, in three languages, and every figure is that of a result."""

from __future__ import annotations

import base64
import io
import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
from typer.testing import CliRunner

from sarhad.errors import InputFaults, SarhadError
from sarhad.interfaces.cli.app import app
from sarhad.interfaces.deliver import deliver, findings
from sarhad.interfaces.language import say, speaking
from sarhad.interfaces.report import document, map_frame, palette, sheet
from sarhad.interfaces.report.budget_chart import TEXT as CURVE
from sarhad.interfaces.report.budget_chart import budget_chart
from sarhad.interfaces.report.cited import Cited, shown
from sarhad.interfaces.report.document import SECTIONS, case_of, report_html, report_pdf
from sarhad.interfaces.report.report_text import TEXT
from sarhad.interfaces.sensitivity_files import as_dict, from_dict
from sarhad.io.answers import MANIFEST, SENSITIVITY, VALIDATION, Answers, read_answers
from sarhad.io.attribution import read_attribution
from sarhad.io.catalogue import LANGUAGES
from sarhad.io.plans import read_plan_result, result_as_dict
from sarhad.io.plausibility import find_doubts
from sarhad.io.project import open_project
from sarhad.io.results import manifest
from sarhad.model.parameter import Parameter
from sarhad.planning.compute import Compute
from sarhad.planning.sensitivity import OUTCOMES, Index, Sensitivity, Swing
from sarhad.planning.siting import Effort, plan
from sarhad.planning.summary import yearly
from sarhad.planning.weakest import WeakStretch, study, weakest
from small_border import write_small_project

EFFORT = Effort(rounds=1, max_exact=0, bound_rounds=10, curve=(0.5, 2.0))


@pytest.fixture(scope="module", autouse=True)
def _coarse_pictures() -> Iterator[None]:
    """Draw relief with fewer dots, for speed; nothing else changes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(map_frame, "RELIEF_PER_MM", 1.0)
        patch.setattr(sheet, "DPI", 40)
        yield


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small project with its results, a plan and a second realisation of nothing: computed once."""
    place = tmp_path_factory.mktemp("report") / "small"
    write_small_project(place)
    project = open_project(place)
    coarse = replace(project.settings, cell_m=400.0, n_fields=2, n_states=1, depths_m=(3_000.0,))
    project = replace(project, settings=coarse, notes=(*project.notes, "Computed <coarsely> & fast."))
    with Compute(1) as compute:
        before = findings(project, None, compute)
        result = plan(project, 300_000.0, effort=EFFORT, compute=compute)
        after = findings(project, result.plan, compute)
        deliver(project, before, (result, after, EFFORT), place, compute)
    return place


@pytest.fixture(scope="module")
def answers(folder: Path) -> Answers:
    return read_answers(open_project(folder))


@pytest.fixture(scope="module")
def weak(answers: Answers) -> tuple[WeakStretch, ...]:
    assert answers.result is not None
    with Compute(1) as compute:
        chosen = weakest(answers.last, 2)
        return tuple(study(answers.project, chosen, answers.result.plan, case_of(answers), compute))


@pytest.fixture(scope="module")
def pages(answers: Answers, weak: tuple[WeakStretch, ...]) -> dict[str, str]:
    """The report in every language."""
    found = {}
    for code in LANGUAGES:
        with speaking(code):
            found[code] = report_html(answers, weak)
    return found


class Reader(HTMLParser):
    """Collects elements, addresses, figures with their origin, and text; refuses what does not nest."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: set[str] = set()
        self.loaded: list[str] = []
        self.figures: list[tuple[str, str]] = []
        self.text = ""
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag not in ("meta", "img", "br", "link"):
            self.open.append(tag)
        self.ids.add(given.get("id", ""))
        self.loaded += [given[name] for name in ("src", "srcset", "poster", "data") if name in given]
        self.loaded += [given["href"]] if tag == "link" else []
        if tag == "data":
            self.figures.append((given["title"], given["value"]))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.text += data


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_section_is_there_and_nothing_is_loaded_from_outside(pages: dict[str, str], code: str) -> None:
    page = Reader(pages[code])
    assert set(SECTIONS) <= page.ids
    assert len(page.loaded) == 3 + 2 * 2 + 1  # map, strip chart, ground; two maps and sights; the curve
    assert [source[:26] for source in page.loaded] == ["data:image/svg+xml;base64,"] * len(page.loaded)
    assert "url(" not in pages[code].partition("</style>")[0]
    assert "@import" not in pages[code]
    with speaking(code):
        for section in SECTIONS:
            assert TEXT[section] in page.text
    assert "{" not in page.text.replace("{ ", "")  # no figure is left unsaid
    assert f'<html lang="{code}">' in pages[code]


def test_the_languages_say_different_words_and_the_same_figures(pages: dict[str, str]) -> None:
    read = {code: Reader(html) for code, html in pages.items()}
    assert len({page.text for page in read.values()}) == len(LANGUAGES)
    figures = {code: page.figures for code, page in read.items()}
    assert figures["ru"] == figures["en"] == figures["tg"]
    assert len(figures["en"]) > 150


def test_every_figure_of_a_json_result_is_what_the_pointer_finds(pages: dict[str, str], folder: Path) -> None:
    documents = {path.name: json.loads(path.read_text()) for path in (folder / "results").glob("*.json")}
    checked = 0
    for origin, value in Reader(pages["ru"]).figures:
        file, _, pointer = origin.partition("#")
        if file in documents and pointer and all(c not in pointer for c in ":*. "):
            found = documents[file]
            for key in pointer.split("/")[1:]:
                found = found[int(key)] if isinstance(found, list) else found[key]
            if isinstance(found, int | float):
                assert float(value) == float(found), origin
                checked += 1
    assert checked > 80


def test_the_first_page_leads_from_today_to_the_plan(pages: dict[str, str], answers: Answers) -> None:
    origins = [origin for origin, _ in Reader(pages["en"]).figures]
    for today, planned in zip(origins[0:6:2], origins[1:6:2], strict=True):
        assert today.startswith("summary.json#/before/")
        assert planned == today.replace("/before/", "/after/")
    means = answers.documents["summary.json"]["before"]["means"]
    assert [means[int(origin.split("/")[3])]["adversary"] for origin in origins[0:4:2]] == [
        "unaware",
        "optimal",
    ]


def test_figures_of_weak_stretches_are_rows_of_the_profile(pages: dict[str, str], folder: Path) -> None:
    rows = gpd.read_parquet(folder / "results" / "profile.parquet")
    rows = rows[rows["depth_m"] == 3_000.0].set_index(["stretch_id", "target", "condition", "adversary"])
    checked = 0
    for origin, value in Reader(pages["en"]).figures:
        file, _, pointer = origin.partition("#")
        if file == "profile.parquet":
            stretch_id, target, condition, adversary, column = pointer.split("/", 4)
            found = rows.loc[(int(stretch_id), target, condition, adversary), column.split(" ")[0]]
            assert float(value) == pytest.approx(found / (3600 if "3600" in column else 1), abs=1e-12)
            checked += 1
    assert checked == 2 * 4 * 3


def test_equal_results_give_equal_bytes(
    pages: dict[str, str], folder: Path, weak: tuple[WeakStretch, ...]
) -> None:
    (folder / "results" / "report.en.html").write_text("an earlier report is not a result")
    assert report_html(read_answers(open_project(folder)), weak) == pages["en"]
    (folder / "results" / "report.en.html").unlink()


def test_the_projects_words_cannot_become_markup(pages: dict[str, str]) -> None:
    assert "Computed &lt;coarsely&gt; &amp; fast." in pages["en"]
    assert "<coarsely>" not in pages["en"]


def test_before_and_after_come_back_as_they_were_worked_out(answers: Answers) -> None:
    assert answers.after is not None
    told = yearly(answers.project, answers.profile)
    for column in ("p_timely", "p_detect", "band_low", "band_high", "worst"):
        assert answers.after[column].to_numpy() == pytest.approx(
            told[column].to_numpy(), abs=1e-12, nan_ok=True
        )
    assert (answers.before["p_timely"] <= answers.after["p_timely"] + 1e-9).all()
    page = answers.documents["summary.json"]["before"]
    mean = next(m for m in page["means"] if m["adversary"] == "unaware")
    weight = answers.before["length_m"] / answers.before["length_m"].sum()
    assert (weight * answers.before["p_timely"]).sum() == pytest.approx(mean["p_timely"])
    assert answers.project.settings.cell_m == 400.0  # as computed, not as the folder says


def test_a_plan_reads_back_as_it_was_written(folder: Path) -> None:
    path = folder / "results" / "plan.json"
    written = json.loads(path.read_text())
    assert json.loads(json.dumps(result_as_dict(read_plan_result(path), written["terrain"]))) == written


def test_the_curve_rises_and_stays_below_its_bound(answers: Answers) -> None:
    result = answers.result
    assert result is not None
    assert result.curve
    points = sorted(result.curve, key=lambda point: point.money_usd)
    spent = [item.cost_usd for item in result.ranking.items]
    for point in points:
        assert point.money_usd == pytest.approx(sum(spent[: point.items_n]))
        assert result.before - 1e-9 <= point.value <= point.bound + 1e-9
        under = point.items_n < len(result.plan.items)
        assert (point.value <= result.value + 1e-9) if under else (point.value >= result.value - 1e-9)
        assert not under or point.bound <= result.bound + 1e-6


def test_the_weakest_are_the_least_and_lie_apart(answers: Answers) -> None:
    table = answers.last
    chosen = weakest(table, 3, apart_m=10_000.0)
    middle = ((table["chainage_from_m"] + table["chainage_to_m"]) / 2).set_axis(table["stretch_id"])
    p = table.set_index("stretch_id")["p_timely"]
    assert p[chosen[0]] == p.min()
    assert all(abs(middle[a] - middle[b]) >= 10_000.0 for a in chosen for b in chosen if a != b)
    near = [k for k in p.index if all(abs(middle[k] - middle[c]) >= 10_000.0 for c in chosen[:1])]
    assert p[chosen[1]] == p[near].min()


def test_results_of_other_inputs_are_refused(folder: Path, tmp_path: Path) -> None:
    other = Path(shutil.copytree(folder, tmp_path / "other"))
    marks = other / "marks.csv"
    marks.write_text(marks.read_text() + "Ford,20\n")
    with pytest.raises(InputFaults, match=r"marks\.csv") as refused:
        read_answers(open_project(other))
    assert len(refused.value.faults) == 1
    for name in ("summary.json", "profile.parquet"):
        (other / "results" / name).unlink()
    with pytest.raises(InputFaults) as missing:
        read_answers(open_project(other))
    assert {fault.file for fault in missing.value.faults} == {
        "results/summary.json",
        "results/profile.parquet",
    }


SWING = Swing(
    Parameter(
        "turnout_factor", "response", 0.5, 2.0, "loguniform", "1", "by hand", "Time for a team to turn out"
    ),
    1.0,
    (0.52, 0.31, 4.0),
    (0.41, 0.25, 2.0),
)
FOUND = Sensitivity(
    base=(0.47, 0.29, 3.0),
    swings=(
        SWING,
        Swing(replace(SWING.parameter, title="Time to assess an alarm"), 1.0, *[(0.47, 0.29, 3.0)] * 2),
    ),
    indices=tuple(Index("turnout_factor", one, 0.6, 0.1, 0.7, 0.2) for one in OUTCOMES),
    sample_n=4,
    evaluation_n=15,
    stretch_n=3,
    length_m=12_000.0,
)
JUDGED = {"stretch_n": 3, "crossing_n": 3000, "mean_p": 0.4712, "frequency": 0.4698, "inside_share": 1.0}


SENSITIVITY_COMMAND = ["sensitivity", ".", "--stretches", "3,10-14", "--plan", "a plan.json"]


def with_documents(answers: Answers, **manifest: Any) -> Answers:
    """The results with a sensitivity and a validation beside them, each computed with settings of its own."""
    settings = answers.documents[MANIFEST]["settings"]
    worked_out = as_dict(answers.project, FOUND, (), "real")
    made = {
        SENSITIVITY: {"settings": {**settings, "cell_m": 90.0}, "command": SENSITIVITY_COMMAND},
        VALIDATION: {"settings": {**settings, "n_fields": 5}, "command": []},
    }
    judged = {"adversary": "aware", "purchase_n": 2, "holds": False, "p_timely": JUDGED}
    beside = {
        SENSITIVITY: {**worked_out, "manifest": made[SENSITIVITY]},
        VALIDATION: {**judged, "manifest": made[VALIDATION]},
        MANIFEST: {**answers.documents[MANIFEST], **manifest},
    }
    return replace(answers, documents={**answers.documents, **beside})


def test_sensitivity_and_validation_are_shown_where_they_were_worked_out(
    answers: Answers, pages: dict[str, str]
) -> None:
    page = Reader(report_html(with_documents(answers), ()))
    assert "Time for a team to turn out" in page.text
    assert "Worked out with other settings than the rest of this report: cell_m = 90." in page.text
    assert "Worked out with other settings than the rest of this report: n_fields = 5." in page.text
    assert "Simulated with 2 purchases, against the aware adversary. 3,000 simulated" in page.text
    assert (f"{VALIDATION}#/purchase_n", "2.0") in page.figures
    assert "sarhad sensitivity . --stretches 3,10-14 --plan 'a plan.json'" in page.text
    assert "do not use these results" in page.text
    assert "Nothing moves with: Time to assess an alarm." in page.text
    assert not any(where.startswith(f"{SENSITIVITY}#/rows/1/") for where, _ in page.figures)
    assert (f"{SENSITIVITY}#/rows/0/p_unaware_at_high", "0.41") in page.figures
    assert (f"{SENSITIVITY}#/rows/0/sobol_total_half_width", "0.2") in page.figures
    assert (f"{SENSITIVITY}#/length_km", "12.0") in page.figures
    assert (f"{VALIDATION}#/p_timely/frequency", "0.4698") in page.figures
    assert TEXT["sensitivity.none"] in Reader(pages["en"]).text
    assert TEXT["sensitivity.none"] not in page.text
    with speaking("ru"):
        assert "Время выхода группы" in Reader(report_html(with_documents(answers), ())).text


def test_a_sensitivity_comes_back_from_its_file_as_it_was(answers: Answers) -> None:
    assert from_dict(json.loads(json.dumps(as_dict(answers.project, FOUND, (), "real")))) == FOUND


def test_a_sensitivity_of_other_inputs_is_refused(folder: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(folder, tmp_path / "copy")
    project = open_project(copy)
    beside = {**as_dict(project, FOUND, (), "real"), "manifest": manifest(project, "real")}
    (copy / "results" / SENSITIVITY).write_text(json.dumps(beside))
    assert SENSITIVITY in read_answers(project).documents
    beside["manifest"]["inputs_sha256"]["line.geojson"] = "0" * 64
    (copy / "results" / SENSITIVITY).write_text(json.dumps(beside))
    with pytest.raises(InputFaults, match="sarhad sensitivity"):
        read_answers(project)


def test_an_observation_and_its_weights_are_called_what_they_are(answers: Answers) -> None:
    settings = replace(answers.project.settings, worth="reported")
    observed = replace(answers.project, settings=settings, weight_of={"Ford & isle": 3.0})
    pages = [Reader(report_html(replace(answers, project=one), ())) for one in (answers.project, observed)]
    said = ("Report on the watch of the line", "Ford & isle × 3", "by the project's weights")
    assert [[words in page.text for words in said] for page in pages] == [[False] * 3, [True] * 3]


def test_doubts_and_sources_of_layers_are_told(answers: Answers, pages: dict[str, str]) -> None:
    doubts = [one.as_row() for one in find_doubts(answers.project)]
    assert answers.documents[MANIFEST]["doubts"] == doubts
    planted = {"file": "teams.gpkg", "layer": "", "row": 2, "column": "turnout_s", "expected": "less"}
    planted |= {"found": "a <day>", "rule": "team_turnout", "why": "nobody is that late"}
    doubtful = replace(answers, project=replace(answers.project, sources={"barriers": "A & B, 2020"}))
    page = Reader(report_html(with_documents(doubtful, doubts=[planted]), ()))
    assert "teams.gpkg row 2, turnout_s" in page.text
    assert "a <day>" in page.text
    assert "layer [barriers]" in page.text
    assert "A & B, 2020" in page.text
    assert TEXT["assume.undoubted"] in Reader(report_html(with_documents(answers, doubts=[]), ())).text


def test_sources_are_told_as_the_project_states_them(tmp_path: Path) -> None:
    assert read_attribution(tmp_path) is None
    path = tmp_path / "ATTRIBUTION.md"
    path.write_text("# Sources\n\n| file | licence |\n|---|:--|\n| `a.tif` | **free** |\n\nUse\nwith care.\n")
    found = read_attribution(tmp_path)
    assert found is not None
    assert (found.head, found.rows) == (("file", "licence"), (("a.tif", "free"),))
    assert found.paragraphs == ("Use with care.",)


def test_a_figure_says_where_it_is_from() -> None:
    cited = Cited({"a.json": {"b/c": [0.25, None]}})
    assert cited.figure("a.json", "/b~1c/0", "p") == '<data value="0.25" title="a.json#/b~1c/0">0.25</data>'
    assert ">–<" in cited.figure("a.json", "/b~1c/1", "p")
    with pytest.raises(KeyError):
        cited.figure("a.json", "/missing", "p")
    assert "&lt;b&gt;" in shown(1.0, "<b>", "n")


def test_the_command_writes_the_page_and_says_what_the_pdf_lacks(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lacking(html: str) -> bytes:
        raise SarhadError("no Pango")

    monkeypatch.setattr("sarhad.interfaces.cli.report.report_pdf", lacking)
    words = [
        "report",
        str(folder),
        "--language",
        "tg",
        "--to",
        str(tmp_path),
        "--weakest",
        "1",
        "--jobs",
        "1",
    ]
    with speaking("en"):
        done = CliRunner().invoke(app, [*words, "--json"])
    assert done.exit_code == 0, done.output
    assert [path.name for path in tmp_path.iterdir()] == ["report.tg.html"]
    assert json.loads(done.stdout)["report"] == [str(tmp_path / "report.tg.html")]
    with speaking("tg"):
        assert say("Summary") in (tmp_path / "report.tg.html").read_text("utf-8")


def test_the_pdf_has_the_same_words_and_asks_nobody(pages: dict[str, str]) -> None:
    try:
        from weasyprint.urls import FatalURLFetchingError
    except (ImportError, OSError) as reason:
        pytest.skip(f"WeasyPrint or Pango is not installed: {reason}")
    pypdf = pytest.importorskip("pypdf")
    dot = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="3"><circle r="1"/></svg>'
    small = f"data:image/svg+xml;base64,{base64.b64encode(dot.encode()).decode()}"
    html = re.sub(r"data:image/svg\+xml;base64,[A-Za-z0-9+/=]+", small, pages["tg"])
    made = report_pdf(html)
    assert report_pdf("<p>Same</p>") == report_pdf("<p>Same</p>")
    read = pypdf.PdfReader(io.BytesIO(made))
    text = [page.extract_text() for page in read.pages]
    with speaking("tg"):
        assert TEXT["sum.reading"] in text[0]
        assert TEXT["weakest"] in text[3]
        assert f"1 / {len(text)}" in text[0]
    sizes = [
        (round(float(page.mediabox.width)), round(float(page.mediabox.height))) for page in read.pages[:4]
    ]
    assert sizes == [(595, 842), (1191, 842), (1191, 842), (595, 842)]  # A4, two sheets of A3, A4
    with pytest.raises(FatalURLFetchingError):
        report_pdf('<img src="file:///etc/hostname">')


def test_without_pango_one_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "weasyprint", None)
    with pytest.raises(SarhadError, match=r"pip install 'sarhad\[pdf\]'"):
        document.report_pdf("<p>")


@pytest.mark.parametrize("code", LANGUAGES)
def test_names_beside_the_curve_lie_on_the_page(answers: Answers, code: str) -> None:
    assert answers.result is not None
    with speaking(code), sheet.own_settings():
        page = budget_chart(answers.result)
        right_mm = [
            one.get_position()[0] + sheet.width_mm(one.get_text(), palette.BODY)
            for one in page.axes.texts
            if one.get_text() in (CURVE["list"], CURVE["bound"])
        ]
    assert len(right_mm) == 2
    assert max(right_mm) <= page.width_mm
