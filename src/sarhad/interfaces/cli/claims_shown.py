"""How the claims desk answers: plain values for JSON, tables for people."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.table import Table

from sarhad.interfaces.cli.console import print_table, screen
from sarhad.interfaces.cli.headings import HEADINGS
from sarhad.interfaces.language import localised, translated
from sarhad.interfaces.sentences import told_text
from sarhad.interfaces.vocabulary import words
from sarhad.io.reading import PROJECT_FILE
from sarhad.model.claim import Claim, Question, Use
from sarhad.model.measure import Interval, Number, Value, Words, show
from sarhad.model.record import OnLine, Record, Statement
from sarhad.planning.conflicts import Conflict
from sarhad.planning.corroboration import Corroboration
from sarhad.planning.dependence import Answer, Effect, Figure

if TYPE_CHECKING:
    from sarhad.io.article import Proposal

TEXT = translated(
    {
        "no_claims": "No claims stand.",
        "conflicts": (
            "{n} pair or triple of claims that do not go together",
            "{n} pairs and triples of claims that do not go together",
        ),
        "no_conflicts": "No conflicts found.",
        "conflict": "cannot both hold",
        "rounding": "differ within rounding",
        "derived": "break {rule}",
        "fallen": "fell, though it only grows",
        "fake": "1 without two independent origins",
        "no_proposals": "Nothing that looks like a claim.",
        "confirm": "Fill in subject and property, set confirm to yes row by row, and import {out}.",
        "open": "open question",
        "range": "{low} to {high} {unit}",
        "none": "none",
        "nothing_changes": "No figure rests on it.",
        "changes": "What changes with it",
        "uses": "Figures worked out from claims",
        "answers": "What is held",
        "claims": "Claims",
        "proposals": "Proposals, for a person to confirm",
        "own": "own report",
        "cites": "{kind} {subject} ({id}) cites it:",
        "correct": "for {authority} to correct.",
        "recompute": "{settings}: the project keeps the value before until sarhad claims recompute.",
    }
)

RECORDED = translated(
    {
        name: name.replace("_", " ")
        for name in (
            *("recorded", "known_before", "left_out", "unknown_columns", "off_line", "written", "file"),
            *("threats", "half_life_days", "reach_km", "highest", "ranges"),
        )
    }
)


def value_as_dict(value: Value | None) -> dict[str, Any] | None:
    """Return a value as plain JSON; an open end is null."""
    match value:
        case None:
            return None
        case Number(number, slack):
            return {"number": number, "slack": slack}
        case Interval(low, high):
            return {
                "low": low if math.isfinite(low) else None,
                "high": high if math.isfinite(high) else None,
            }
        case Words(text):
            return {"words": text}


def place_as_dict(place: OnLine | None) -> dict[str, Any] | None:
    """Return a place on the line in metres."""
    if place is None:
        return None
    return {"part_id": place.part_id, "from_m": place.from_m, "to_m": place.to_m, "offset_m": place.offset_m}


def claim_as_dict(claim: Claim) -> dict[str, Any]:
    """Return a claim as plain JSON."""
    return {
        "claim_id": claim.claim_id,
        "subject": claim.subject,
        "property": claim.property_id,
        "value": value_as_dict(claim.value),
        "unit": claim.unit,
        "shown": show(claim.value, claim.unit),
        "as_of": claim.as_of.date().isoformat(),
        "as_of_days": claim.as_of_days,
        "publisher": claim.publisher,
        "published": claim.published.date().isoformat() if claim.published else None,
        "quoted_from": list(claim.quoted_from),
        "source": claim.source,
        "span": {"text": claim.span.text, "start": claim.span.start, "end": claim.span.end},
        "grade": str(claim.grade),
        "place": place_as_dict(claim.place),
    }


def answer_as_dict(question: Question, one: Answer) -> dict[str, Any]:
    """Return what is held on a question."""
    return {
        "question": str(question),
        "state": one.state,
        "value": value_as_dict(one.value),
        "unit": one.unit,
        "rests_on": list(one.rests_on),
        "resolution_id": one.resolution_id,
    }


def conflict_as_dict(one: Conflict) -> dict[str, Any]:
    """Return a conflict with the words of every claim in it."""
    return {
        "kind": one.kind,
        "severity": one.severity,
        "subject": one.subject,
        "property": one.property_id,
        "rule": one.rule,
        "why": one.why,
        "claims": [claim_as_dict(claim) for claim in one.claims],
    }


def figure_as_dict(one: Figure) -> dict[str, Any]:
    """Return a figure: its value as written and with rounding, and what it rests on."""
    return {
        "name": one.name,
        "value": one.value,
        "written": list(one.written) if one.written else None,
        "extent": list(one.extent) if one.extent else None,
        "unit": one.unit,
        "rests_on": list(one.rests_on),
        "open_inputs": list(one.open_inputs),
        "resolutions": list(one.resolutions),
    }


def use_as_dict(use: Use, one: Figure, spread: Mapping[str, Mapping[str, Figure]]) -> dict[str, Any]:
    """Return a use with its figure, and what each claim on an open question would make of it."""
    return {
        **figure_as_dict(one),
        "operation": use.operation,
        "inputs": list(use.inputs),
        "where": use.where,
        "readings": {
            question: {claim_id: figure_as_dict(reading) for claim_id, reading in found.items()}
            for question, found in spread.items()
        },
    }


def effect_as_dict(one: Effect) -> dict[str, Any]:
    """Return a figure before and after."""
    return {
        "name": one.name,
        "where": one.where,
        "before": figure_as_dict(one.before),
        "after": figure_as_dict(one.after),
    }


def proposal_as_dict(one: Proposal) -> dict[str, Any]:
    """Return a proposal with its words, place in the text and the rules that made it."""
    return {
        "text": one.text,
        "start": one.start,
        "end": one.end,
        "value": one.value,
        "unit": one.unit,
        "property": one.property_id,
        "as_of": one.as_of,
        "quoted_from": one.quoted_from,
        "places": [
            {"text": mention.text, "candidates": [place.place_id for place in mention.candidates]}
            for mention in one.places
        ],
        "rules": list(one.reasons),
    }


def draw_claims(
    claims: Sequence[Claim],
    found: Mapping[str, Corroboration],
    answers: Mapping[Question, Answer],
    fake: set[str],
) -> None:
    """Print claims by question, then what is held on each."""
    if not claims:
        screen.print(TEXT["no_claims"])
        return
    table = Table(title=TEXT["claims"], title_justify="left")
    for name in ("question", "value", "as of", "publisher", "quoted from", "grade"):
        table.add_column(HEADINGS[name], overflow="fold")
    table.add_column(HEADINGS["origins"], justify="right")
    table.add_column(HEADINGS["id"], overflow="fold", style="dim")
    for claim in sorted(claims, key=lambda claim: (claim.question, claim.as_of, claim.claim_id)):
        grade = str(claim.grade) + (f" [bold red]{TEXT['fake']}[/]" if claim.claim_id in fake else "")
        chain = " > ".join(claim.quoted_from) or TEXT["own"]
        table.add_row(
            str(claim.question),
            show(claim.value, claim.unit),
            claim.as_of.date().isoformat(),
            claim.publisher,
            chain,
            grade,
            str(found[claim.claim_id].n_origins),
            claim.claim_id,
        )
    print_table(table)
    held = Table(title=TEXT["answers"], title_justify="left")
    for name in ("question", "state", "value"):
        held.add_column(HEADINGS[name], overflow="fold")
    for question, one in answers.items():
        held.add_row(str(question), words(one.state), show(one.value, one.unit) if one.value else "")
    print_table(held)


def draw_conflicts(found: Sequence[Conflict]) -> None:
    """Print conflicts; pairs that say the same of the same values are one line."""
    if not found:
        screen.print(TEXT["no_conflicts"])
        return
    table = Table(title=TEXT.count("conflicts", len(found)), title_justify="left")
    for name in ("", "question", "why", "words"):
        table.add_column(HEADINGS[name] if name else "", overflow="fold")
    grouped: dict[tuple[str, ...], dict[str, None]] = {}
    for one in found:
        label = TEXT[one.severity] if one.kind == "direct" else TEXT[one.kind].format(rule=one.rule)
        if one.severity == "rounding":
            label = TEXT["rounding"]
        key = (label, f"{one.subject}/{one.property_id}", told_text(one.why))
        for claim in one.claims:
            grouped.setdefault(key, {})[f'"{claim.span.text}" ({claim.publisher})'] = None
    for (label, question, why), spans in grouped.items():
        table.add_row(label, question, why, "; ".join(spans))
    print_table(table)


def draw_proposals(found: Sequence[Proposal], out: Path | None) -> None:
    """Print proposals with the rules that made them."""
    if not found:
        screen.print(TEXT["no_proposals"])
        return
    table = Table(title=TEXT["proposals"], title_justify="left")
    for name in ("words", "at", "value", "unit", "property", "as of", "place", "rules"):
        table.add_column(HEADINGS[name], overflow="fold")
    for one in found:
        places = ", ".join(
            f"{mention.text} ({len(mention.candidates)})" if len(mention.candidates) > 1 else mention.text
            for mention in one.places
        )
        table.add_row(
            one.text,
            str(one.start),
            one.value,
            one.unit,
            one.property_id,
            one.as_of,
            places,
            "; ".join(told_text(reason) for reason in one.reasons),
        )
    print_table(table)
    if out is not None:
        screen.print(TEXT["confirm"].format(out=out))


def draw_recorded(value: Mapping[str, Any]) -> None:
    """Print counts and what was left aside."""
    for name, what in value.items():
        shown = ", ".join(str(one) for one in what) or TEXT["none"] if isinstance(what, list) else what
        screen.print(f"{RECORDED[name]}: {shown}")


def draw_added(found: Sequence[Claim]) -> None:
    """Print the claims just recorded."""
    for claim in found:
        screen.print(f"{claim.claim_id}  {claim.question}: {show(claim.value, claim.unit)}")


def _figure(one: Figure) -> str:
    if one.written is None:
        return TEXT["open"]
    low, high = one.written
    if low == high:
        return f"{_digits(low)} {one.unit}"
    return TEXT["range"].format(low=_digits(low), high=_digits(high), unit=one.unit)


def _digits(number: float) -> str:
    return localised(f"{number:,.0f}" if 1e4 <= abs(number) < math.inf else f"{number:,.4g}")


def draw_effects(record: Record, changed: Sequence[Effect]) -> None:
    """Print what was recorded and every figure that changed."""
    screen.print(f"{record.statement.kind} {record.statement.statement_id}")
    if not changed:
        screen.print(TEXT["nothing_changes"])
        return
    table = Table(title=TEXT["changes"], title_justify="left")
    for name in ("figure", "where", "before", "after"):
        table.add_column(HEADINGS[name], overflow="fold")
    for one in changed:
        table.add_row(one.name, one.where, _figure(one.before), _figure(one.after))
    print_table(table)
    settings = [one.name for one in changed if one.where == PROJECT_FILE]
    if settings:
        screen.print(TEXT["recompute"].format(settings=", ".join(settings)))


def citing_as_dict(one: Statement) -> dict[str, Any]:
    """Return a statement of another register that cites a claim."""
    return {
        "name": one.statement_id,
        "kind": one.kind,
        "subject": one.subject_id,
        "authority": one.authority,
    }


def draw_citing(cited: Sequence[Statement]) -> None:
    """Print the statements that cite a claim: only who made them can correct them."""
    for one in cited:
        screen.print(
            TEXT["cites"].format(id=one.statement_id, kind=one.kind, subject=one.subject_id), end=" "
        )
        screen.print(TEXT["correct"].format(authority=one.authority))


def draw_figures(
    found: Sequence[tuple[Use, Figure, Mapping[str, Mapping[str, Figure]]]], claims: Mapping[str, Claim]
) -> None:
    """Print figures; for an open question, what each claim would make of them."""
    table = Table(title=TEXT["uses"], title_justify="left")
    for name in ("figure", "where", "value", "if"):
        table.add_column(HEADINGS[name], overflow="fold")
    for use, one, spread in found:
        lines = dict.fromkeys(
            f"{question} = {show(claims[claim_id].value, claims[claim_id].unit)}: {_figure(reading)}"
            for question, by in spread.items()
            for claim_id, reading in by.items()
        )
        table.add_row(one.name, use.where, _figure(one), "\n".join(lines))
    print_table(table)
