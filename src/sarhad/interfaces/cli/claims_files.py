"""The claims desk's files: tables and articles in, ACLED's columns in and out, threat weights out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from sarhad.errors import InputFaults
from sarhad.interfaces.cli import claims_shown as shown
from sarhad.interfaces.cli.claims_session import (
    AboutAt,
    Author,
    Authority,
    BelievedAt,
    Key,
    LedgerFolder,
    ProjectFolder,
    StoreUrl,
    desk_of,
    end_of,
    now,
    project_of,
    rules_of,
    standing_at,
    write,
)
from sarhad.interfaces.cli.console import AsJson, answer
from sarhad.io.acled import read_acled, read_incident_kinds, write_acled
from sarhad.io.article import Proposal, propose
from sarhad.io.claim_tables import CLAIMS, read_article, read_claims, write_rows, write_weights
from sarhad.io.gazetteer import Gazetteer
from sarhad.io.project import open_project
from sarhad.model.claim import Rules
from sarhad.model.record import Statement
from sarhad.planning import claims as desk_claims
from sarhad.planning.claim_desk import admit
from sarhad.planning.threat import Decay, incidents, report, threat_weights, threats, weight_ranges


def import_file(
    folder: LedgerFolder,
    file: Annotated[Path, typer.Argument(help="CSV of claims, or of ACLED's columns.")],
    authority: Authority,
    author: Author = "",
    project: ProjectFolder = None,
    acled: Annotated[bool, typer.Option("--acled", help="The file has ACLED's columns.")] = False,
    keep_notes: Annotated[bool, typer.Option("--keep-notes", help="Keep notes: I read them.")] = False,
    key: Key = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Record the claims of a table (rows with confirm = no are left out), or ACLED's events as incidents."""
    speaker = desk_claims.Speaker(authority, author)
    rules = rules_of(folder)
    if acled:
        statements, remarks = _acled_statements(
            file, project_of(folder, project), speaker, keep_notes=keep_notes
        )
    else:
        claims = read_claims(file, desk_of(project_of(folder, project), rules))
        held = standing_at(folder, None, None, store).register
        statements, remarks = list(admit(held, claims, rules, speaker)), {}
    before = _known(folder, store)
    records = write(folder, statements, key, store)
    new = [record for record in records if record.seq > before]
    value: dict[str, Any] = {"recorded": len(new), "known_before": len(records) - len(new), **remarks}
    answer(value, as_json, lambda: shown.draw_recorded(value))


def _known(folder: Path, store: str | None) -> int:
    records = standing_at(folder, None, None, store).records
    return max((record.seq for record in records), default=0)


def _acled_statements(
    file: Path, project: Path | None, speaker: desk_claims.Speaker, *, keep_notes: bool
) -> tuple[list[Statement], dict[str, Any]]:
    if project is None:
        raise InputFaults.one("--project", "the project on whose line the events are placed", "nothing")
    found = read_acled(file, open_project(project).line, read_incident_kinds(), keep_notes=keep_notes)
    statements = []
    for one in found.incidents:
        text = repr((one.incident_id, one.kind, sorted(one.columns.items()))).encode()
        statements.append(report(one, speaker, desk_claims.hashed_ulid(one.happened_at, text)))
    remarks = {
        "left_out": list(found.left_out),
        "unknown_columns": list(found.unknown),
        "off_line": list(found.off_line),
    }
    return statements, remarks


def export_file(
    folder: LedgerFolder,
    file: Annotated[Path, typer.Argument(help="CSV to write, with ACLED's columns.")],
    believed_at: BelievedAt = None,
    about_at: AboutAt = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Write the incidents that stand with ACLED's columns."""
    found = incidents(standing_at(folder, believed_at, about_at, store).records)
    write_acled(file, found, read_incident_kinds())
    value = {"written": len(found), "file": str(file)}
    answer(value, as_json, lambda: shown.draw_recorded(value))


def propose_claims(
    article: Annotated[Path, typer.Argument(help="Text file with the article; - reads it from the input.")],
    published: Annotated[str, typer.Option(help="Day of publication.")],
    publisher: Annotated[str, typer.Option(help="Who published it.")] = "",
    source: Annotated[str, typer.Option(help="Address of the report.")] = "",
    out: Annotated[Path | None, typer.Option(help="CSV to fill in, confirm row by row, and import.")] = None,
    project: ProjectFolder = None,
    as_json: AsJson = False,
) -> None:
    """Read claims out of an article by rules, for a person to confirm; nothing is recorded."""
    text = read_article(article)
    gazetteer = desk_of(project, Rules({})).gazetteer or Gazetteer(())
    found = propose(text, end_of(published, "--published").date(), gazetteer)
    if out is not None:
        header = [*(column.name for column in CLAIMS.columns), "rules"]
        write_rows(out, header, [_proposal_row(one, header, published, publisher, source) for one in found])
    answer([shown.proposal_as_dict(one) for one in found], as_json, lambda: shown.draw_proposals(found, out))


def _proposal_row(
    one: Proposal, header: Sequence[str], published: str, publisher: str, source: str
) -> list[object]:
    """Return a row in which a person fills the gaps; it is not confirmed."""
    mention = one.places[0] if len(one.places) == 1 else None
    single = mention.candidates[0] if mention and len(mention.candidates) == 1 else None
    cells: dict[str, object] = {
        "property": one.property_id,
        "value": one.value,
        "unit": one.unit,
        "as_of": one.as_of,
        "published": published,
        "publisher": publisher,
        "quoted_from": one.quoted_from or "?",
        "source": source,
        "span": one.text,
        "span_start": one.start,
        "place": mention.text if mention else "",
        "place_kind": single.kind if single else "",
        "place_country": single.country if single else "",
        "confirm": "no",
        "rules": "; ".join(one.reasons),
    }
    return [cells.get(name, "") for name in header]


def write_threat_weights(
    folder: LedgerFolder,
    project: Annotated[Path, typer.Option("--project", help="Project whose stretches are weighed.")],
    out: Annotated[Path, typer.Option(help="CSV to write; name it under [weights] in project.toml.")],
    half_life_days: Annotated[float, typer.Option(help="Days until an incident weighs half.")] = 90.0,
    reach_km: Annotated[float, typer.Option(help="How far an incident counts along the line.")] = 5.0,
    believed_at: BelievedAt = None,
    about_at: AboutAt = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Turn incidents and districts held opposite into threat weights that the project can take."""
    opened = open_project(project)
    held = standing_at(folder, believed_at, about_at, store)
    rules = rules_of(folder)
    found = threats(held.records, held.register, read_incident_kinds(), rules)
    stretches = opened.line.stretches(opened.settings.stretch_m)
    at = end_of(about_at, "--about-at") if about_at else now()
    decay = Decay(half_life_days, reach_km * 1e3)
    weights = threat_weights(found, stretches, about_at=at, decay=decay)
    ranges = weight_ranges(stretches, weights)
    write_weights(out, ranges)
    value = {
        "file": str(out),
        "threats": len(found),
        "half_life_days": half_life_days,
        "reach_km": reach_km,
        "highest": float(weights.max()),
        "ranges": len(ranges),
    }
    answer(value, as_json, lambda: shown.draw_recorded(value))
