"""The claims desk's files: tables and articles in, ACLED's columns in and out."""

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
    project_of,
    standing_at,
    write,
)
from sarhad.interfaces.cli.console import AsJson, answer
from sarhad.io.acled import read_acled, read_incident_kinds, write_acled
from sarhad.io.article import Proposal, propose
from sarhad.io.claim_files import write_rows
from sarhad.io.claim_tables import CLAIMS, read_article, read_claims
from sarhad.io.gazetteer import Gazetteer
from sarhad.model.claim import Rules
from sarhad.model.record import Statement
from sarhad.planning import claims as desk_claims
from sarhad.planning.claim_desk import admit
from sarhad.planning.threat import incidents, report


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
    held = standing_at(folder, None, None, store)
    if acled:
        statements, remarks = _acled_statements(
            file, project_of(folder, project), speaker, keep_notes=keep_notes
        )
    else:
        claims = read_claims(file, desk_of(project_of(folder, project), held.rules))
        statements, remarks = list(admit(held.register, claims, held.rules, speaker)), {}
    before = max((record.seq for record in held.records), default=0)
    records = write(folder, statements, key, store)
    new = [record for record in records if record.seq > before]
    value: dict[str, Any] = {"recorded": len(new), "known_before": len(records) - len(new), **remarks}
    answer(value, as_json, lambda: shown.draw_recorded(value))


def _acled_statements(
    file: Path, project: Path | None, speaker: desk_claims.Speaker, *, keep_notes: bool
) -> tuple[list[Statement], dict[str, Any]]:
    if project is None:
        raise InputFaults.one("--project", "the project on whose line the events are placed", "nothing")
    from sarhad.io.project import read_project_line  # heavy, and only events that come in are placed

    found = read_acled(file, read_project_line(project), read_incident_kinds(), keep_notes=keep_notes)
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
