"""The sections of the report as plain values that the template lays out; figures carry their origin."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass

import geopandas as gpd
from markupsafe import Markup

import sarhad
from sarhad.interfaces.language import number, told
from sarhad.interfaces.report import facts
from sarhad.interfaces.report.cited import Cited, shown
from sarhad.interfaces.report.report_text import TEXT
from sarhad.interfaces.report.tables import (
    N_FIRST,
    Table,
    conditions_table,
    curve_table,
    doubts_table,
    equipment_table,
    holes_table,
    means_table,
    next_table,
    order_table,
    readings_table,
    settings_table,
    sources_table,
    table,
    types_table,
)
from sarhad.interfaces.vocabulary import words
from sarhad.io.answers import MANIFEST, PLAN, SENSITIVITY, SUMMARY, VALIDATION, Answers
from sarhad.io.attribution import Attribution
from sarhad.model.plan import PlanResult
from sarhad.model.project import Project


@dataclass(frozen=True, slots=True)
class SummaryPage:
    """The one page that a minister reads."""

    tiles: tuple[tuple[Markup, Markup], ...]
    sentences: tuple[Markup, ...]
    means: Table
    reading: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class PlanSection:
    """The plan with its costs, and what the next money buys; `curve` is a picture, empty without points."""

    sentences: tuple[Markup, ...]
    types: Table
    order: Table
    more: str
    curve: str
    points: Table
    next: Table


@dataclass(frozen=True, slots=True)
class GroundSection:
    """Dead ground and ways in unseen."""

    rule: str
    readings: Table
    case: str
    holes: Table


@dataclass(frozen=True, slots=True)
class AssumptionsSection:
    """What is taken for granted."""

    sentences: tuple[Markup, ...]
    conditions: Table
    equipment: Table
    settings: Table
    doubts: Table


@dataclass(frozen=True, slots=True)
class SourcesSection:
    """Where everything comes from, and what the project itself states."""

    table: Table
    stated: Attribution | None
    stated_table: Table
    paragraphs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ManifestSection:
    """What the report stands on, file by file."""

    software: Table
    commands: Table
    inputs: Table
    results: Table


def text(key: str) -> Markup:
    """Return a text of the report, escaped, to be filled with figures."""
    return Markup.escape(TEXT[key])


def text_by_worth(key: str, project: Project) -> Markup:
    """Return a text as `text` does, as it reads for what a first detection is worth in the project."""
    return Markup.escape(facts.by_worth(TEXT, key, project))


def summary_page(answers: Answers, cited: Cited) -> SummaryPage:
    """Return the summary."""
    project, has_plan = answers.project, answers.result is not None
    sides = ("/before", "/after") if has_plan else ("/before",)
    case = facts.case_of(ranked(answers))
    tiles = [
        (
            _arrow(cited, sides, _mean_at(cited, "unaware", project.settings.depth_m), "share"),
            text_by_worth("tile.mean", project),
        ),
        (
            _arrow(cited, sides, _mean_at(cited, "optimal", project.settings.depth_m), "share"),
            text("tile.optimal"),
        ),
        (_gap(cited, sides), text("tile.gap").format(case=case)),
    ]
    if has_plan:
        crew = cited.figure(PLAN, "/crew_n", "people")
        tiles.append((cited.figure(PLAN, "/cost_usd", "usd"), text("tile.cost").format(crew=crew)))
    return SummaryPage(
        tiles=tuple(tiles),
        sentences=tuple(_summary_sentences(answers, cited)),
        means=means_table(cited, has_plan),
        reading=tuple(facts.statements(project, "unaware")),
    )


def _summary_sentences(answers: Answers, cited: Cited) -> list[Markup]:
    project, has_plan = answers.project, answers.result is not None
    settings = project.settings
    unaware, optimal = (_mean_at(cited, name, settings.depth_m) for name in ("unaware", "optimal"))
    found = [
        text_by_worth("sum.today", project).format(
            length=cited.figure(SUMMARY, "/before/length_km", "km"),
            crossable=cited.figure(SUMMARY, "/before/crossable_km", "km"),
            unaware=cited.figure(SUMMARY, f"/before{unaware}", "share"),
            optimal=cited.figure(SUMMARY, f"/before{optimal}", "share"),
        )
    ]
    if has_plan:
        found.append(
            text("sum.plan").format(
                cost=cited.figure(PLAN, "/cost_usd", "usd"),
                crew=cited.figure(PLAN, "/crew_n", "people"),
                unaware=cited.figure(SUMMARY, f"/after{unaware}", "share"),
                optimal=cited.figure(SUMMARY, f"/after{optimal}", "share"),
            )
        )
        found.append(
            text("sum.bound").format(
                before=cited.figure(PLAN, "/before", "p3"),
                value=cited.figure(PLAN, "/value", "p3"),
                bound=cited.figure(PLAN, "/bound", "p3"),
            )
        )
    last = "/after" if has_plan else "/before"
    found.append(
        text_by_worth("sum.binds", project).format(
            unseen=cited.figure(SUMMARY, f"{last}/not_seen_km", "km"),
            late=cited.figure(SUMMARY, f"{last}/seen_too_late_km", "km"),
        )
    )
    costliest, worst = (cited.value(SUMMARY, f"{last}/{name}_condition") for name in ("costliest", "worst"))
    found.append(
        text_by_worth("sum.condition", project).format(costliest=words(costliest), worst=words(worst))
    )
    return found


def ranked(answers: Answers) -> gpd.GeoDataFrame:
    """Return the holes of the case that the sheets and lists show: first target, costliest condition."""
    last = answers.documents[SUMMARY]["after"] or answers.documents[SUMMARY]["before"]
    target = answers.project.targets[0].target_id
    chosen = (answers.holes["condition"] == last["costliest_condition"]) & (answers.holes["target"] == target)
    return answers.holes[chosen].reset_index(drop=True)


def _mean_at(cited: Cited, adversary: str, depth_m: float) -> str:
    means = cited.value(SUMMARY, "/before/means")
    k = next(k for k, m in enumerate(means) if m["adversary"] == adversary and m["depth_m"] == depth_m)
    return f"/means/{k}/p_timely"


def _arrow(cited: Cited, sides: tuple[str, ...], pointer: str, how: str) -> Markup:
    figures = [cited.figure(SUMMARY, side + pointer, how) for side in sides]
    return figures[0] if len(figures) == 1 else text("arrow").format(before=figures[0], after=figures[1])


def _gap(cited: Cited, sides: tuple[str, ...]) -> Markup:
    """Return the unseen gap in the case that is shown, today and with the plan."""
    last = cited.value(SUMMARY, sides[-1])
    readings = last["readings"]
    k = next(k for k, one in enumerate(readings) if one["condition"] == last["costliest_condition"])
    return text("km").format(km=_arrow(cited, sides, f"/readings/{k}/gap_km", "km"))


def plan_section(project: Project, result: PlanResult, cited: Cited, curve: str) -> PlanSection:
    """Return the plan's section; `curve` is the picture of the curve."""
    more = len(result.plan.items) - N_FIRST
    parts = [
        text("plan.mix").format(
            weight=cited.figure(PLAN, f"/adversaries/{k}/weight", "plain"),
            name=words(name),
            value=cited.figure(PLAN, f"/adversaries/{k}/value", "p3"),
        )
        for k, (name, _, _) in enumerate(result.adversaries)
    ]
    sentences = [
        text("plan.budget").format(
            money=cited.figure(PLAN, "/budget/money_usd", "usd"),
            cost=cited.figure(PLAN, "/cost_usd", "usd"),
            items=shown(len(result.plan.items), f"{PLAN}#/items", "n"),
            crew=cited.figure(PLAN, "/crew_n", "people"),
        ),
        text("plan.value").format(
            before=cited.figure(PLAN, "/before", "p3"),
            value=cited.figure(PLAN, "/value", "p3"),
            bound=cited.figure(PLAN, "/bound", "p3"),
            gap=cited.figure(PLAN, "/gap", "share"),
        ),
    ]
    sentences.append(text("plan.made_of").format(parts=Markup(" + ").join(parts)))
    sentences += [text("plan.weighted")] if project.weight_of else []
    return PlanSection(
        sentences=tuple(sentences),
        types=types_table(result),
        order=order_table(result),
        more=TEXT.count("plan.more", more) if more > 0 else "",
        curve=curve,
        points=curve_table(result),
        next=next_table(result),
    )


def ground_section(answers: Answers, cited: Cited) -> GroundSection:
    """Return what is said of dead ground; the chart is drawn apart."""
    project, holes = answers.project, ranked(answers)
    settings = project.settings
    rule = TEXT["ground.rule"].format(
        target=words(project.targets[0].target_id),
        home=number(settings.band_home_m / 1000.0),
        beyond=number(settings.band_beyond_m / 1000.0),
    )
    return GroundSection(
        rule=rule,
        readings=readings_table(project, cited, answers.result is not None),
        case=TEXT["ground.holes"].format(case=facts.case_of(holes)),
        holes=holes_table(project, holes),
    )


def assumptions_section(answers: Answers, cited: Cited) -> AssumptionsSection:
    """Return what is taken for granted."""
    figures: Mapping[str, Mapping[str, Markup]] = {
        "assume.3": {
            "p": cited.figure(MANIFEST, "/settings/p_communication", "p"),
            "sd": cited.figure(MANIFEST, "/settings/sd_fraction", "share"),
        },
        "assume.7": {"n": cited.figure(MANIFEST, "/settings/n_fields", "n")},
    }
    keys = [key for key in TEXT if key.startswith("assume.") and key[-1].isdigit()]
    sentences = [text_by_worth(key, answers.project).format_map(figures.get(key, {})) for key in keys]
    return AssumptionsSection(
        sentences=(*sentences, *_weights(answers.project)),
        conditions=conditions_table(answers.project),
        equipment=equipment_table(answers.project, answers.project.assets),
        settings=settings_table(cited),
        doubts=doubts_table(cited),
    )


def _weights(project: Project) -> list[Markup]:
    """Return one sentence on the ranges that a plan weighs otherwise than the rest of the line, if any."""
    said = [
        text("assume.weight").format(
            name=told(project, name), weight=shown(weight, f"weights#{name}/weight", "plain")
        )
        for name, weight in project.weight_of.items()
        if weight != 1.0
    ]
    return [text("assume.weights").format(weights=Markup("; ").join(said))] if said else []


def sources_section(answers: Answers, stated: Attribution | None) -> SourcesSection:
    """Return the sources; `stated` is the project's own word on them."""
    project = answers.project
    head = tuple(told(project, cell) for cell in stated.head) if stated else ()
    rows = tuple(tuple(told(project, cell) for cell in row) for row in stated.rows) if stated else ()
    paragraphs = tuple(told(project, paragraph) for paragraph in stated.paragraphs) if stated else ()
    own = sources_table(project, sarhad.__version__)
    return SourcesSection(own, stated, Table(head, rows, frozenset()), paragraphs)


def manifest_section(cited: Cited, hashes: Mapping[str, str]) -> ManifestSection:
    """Return versions, seed, KIND, the commands that give it all again, the hashes of inputs and results."""
    found = cited.value(MANIFEST, "")
    software = [("Sarhad", found["sarhad"]), ("Python", found["python"]), *found["libraries"].items()]
    software += [
        (TEXT["manifest.seed"], cited.figure(MANIFEST, "/settings/seed", "plain")),
        (TEXT["manifest.kind"], words(found["terrain"]["kind"])),
    ]
    manifests = [(MANIFEST, found)]
    manifests += [(n, cited.value(n, "/manifest")) for n in (SENSITIVITY, VALIDATION) if n in cited.documents]
    commands = [(name, shlex.join(("sarhad", *one["command"]))) for name, one in manifests if one["command"]]
    return ManifestSection(
        software=table(("col.what", "col.value"), software, (0, 1)),
        commands=table(("col.file", "col.command"), commands, (0, 1)),
        inputs=table(("col.file", "col.sha"), sorted(found["inputs_sha256"].items()), (0, 1)),
        results=table(("col.file", "col.sha"), sorted(hashes.items()), (0, 1)),
    )
