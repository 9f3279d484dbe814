"""`sarhad claims`: who said what, where it conflicts, what we take as true, and what hangs on it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, cast

import typer
from ulid import ULID

from sarhad.errors import InputFaults
from sarhad.interfaces.cli import claims_files, claims_uses, claims_weights
from sarhad.interfaces.cli import claims_shown as shown
from sarhad.interfaces.cli.claims_session import (
    AboutAt,
    Author,
    Authority,
    BelievedAt,
    Key,
    LedgerFolder,
    ProjectFolder,
    Reason,
    StoreUrl,
    TakesFrom,
    cited_by,
    desk_of,
    now,
    project_of,
    standing_at,
    write,
)
from sarhad.interfaces.cli.console import AsJson, answer
from sarhad.io.claim_tables import check_claims
from sarhad.io.numerals import read_value
from sarhad.io.tables import Place
from sarhad.model.claim import METHODS, Claim, Method, Question
from sarhad.model.record import Statement
from sarhad.planning import claims as desk_claims
from sarhad.planning.claim_desk import Standing, admit
from sarhad.planning.conflicts import conflicts as find_conflicts
from sarhad.planning.corroboration import corroborate, unearned
from sarhad.planning.dependence import answer as answer_to
from sarhad.planning.dependence import effects

commands = typer.Typer(no_args_is_help=True, help="Who said what, where it conflicts, and what hangs on it.")
commands.command("import")(claims_files.import_file)
commands.command("export")(claims_files.export_file)
commands.command("propose")(claims_files.propose_claims)
commands.command("weights")(claims_weights.write_threat_weights)
commands.command("use")(claims_uses.use_claims)
commands.command("uses")(claims_uses.show_uses)
commands.command("recompute")(claims_uses.recompute)


@commands.command("list")
def list_claims(
    folder: LedgerFolder,
    question: Annotated[str | None, typer.Argument(help="subject/property, if only one.")] = None,
    believed_at: BelievedAt = None,
    about_at: AboutAt = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """List claims with their grade and independent origins, and what is held on each question."""
    standing = standing_at(folder, believed_at, about_at, store)
    held, rules = standing.register, standing.rules
    asked = Question.read(question) if question else None
    claims = [claim for claim in held.claims.values() if asked in {None, claim.question}]
    found = corroborate(held.claims.values(), rules)
    answers = {question: answer_to(held, question, rules) for question in desk_claims.by_question(claims)}
    fake = {one.claim_id for one in unearned(held.claims.values(), rules)}
    value = {
        "claims": [
            {
                **shown.claim_as_dict(claim),
                "n_origins": found[claim.claim_id].n_origins,
                "origins": list(found[claim.claim_id].origins),
                "grade_earned": claim.claim_id not in fake,
            }
            for claim in claims
        ],
        "answers": [shown.answer_as_dict(question, one) for question, one in answers.items()],
        "unreadable": list(held.unreadable),
    }
    answer(value, as_json, lambda: shown.draw_claims(claims, found, answers, fake))


@commands.command("conflicts")
def show_conflicts(
    folder: LedgerFolder,
    believed_at: BelievedAt = None,
    about_at: AboutAt = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """List claims that cannot all hold, with the words of each."""
    held = standing_at(folder, believed_at, about_at, store)
    found = find_conflicts(held.register.claims.values(), held.rules)
    value = [shown.conflict_as_dict(one) for one in found]
    answer(value, as_json, lambda: shown.draw_conflicts(found))


@commands.command("add")
def add_claim(
    folder: LedgerFolder,
    authority: Authority,
    subject: Annotated[str, typer.Option(help="What it is about: line:tjk-afg.")],
    name: Annotated[str, typer.Option("--property", help="Which of its properties.")],
    value: Annotated[str, typer.Option(help="As written: 1,344; over 1,000; words.")],
    as_of: Annotated[str, typer.Option(help="What time it is about.")],
    publisher: Annotated[str, typer.Option(help="Who published it.")],
    quoted_from: Annotated[str, typer.Option(help="own, or the chain: A > B > ?")],
    source: Annotated[str, typer.Option(help="Address or file of the report.")],
    span: Annotated[str, typer.Option(help="The exact words.")],
    unit: Annotated[str, typer.Option(help="Its unit; none for words.")] = "",
    published: Annotated[str, typer.Option(help="When it was published.")] = "",
    grade: Annotated[str, typer.Option(help="Admiralty grade: F6.")] = "F6",
    place: Annotated[str, typer.Option(help="Name of a place on the line.")] = "",
    author: Author = "",
    project: ProjectFolder = None,
    key: Key = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Record one claim."""
    held = standing_at(folder, None, None, store)
    row = {
        "subject": subject,
        "property": name,
        "value": value,
        "unit": unit,
        "as_of": as_of,
        "publisher": publisher,
        "published": published,
        "quoted_from": quoted_from,
        "source": source,
        "span": span,
        "reliability": grade[:1],
        "credibility": grade[1:],
        "place": place,
    }
    desk = desk_of(project_of(folder, project), held.rules)
    claims = check_claims(list(row), [row], Place("claim"), desk)
    statements = admit(held.register, claims, held.rules, desk_claims.Speaker(authority, author))
    records = write(folder, statements, key, store)
    found = [desk_claims.claim_of(record.statement) for record in records]
    _answer_claims(found, as_json)


def _answer_claims(found: Sequence[Claim], as_json: bool) -> None:
    answer([shown.claim_as_dict(one) for one in found], as_json, lambda: shown.draw_added(found))


@commands.command("resolve")
def resolve_question(
    folder: LedgerFolder,
    question: Annotated[str, typer.Argument(help="subject/property.")],
    authority: Authority,
    method: Annotated[str, typer.Option(help=f"One of {', '.join(METHODS)}.")],
    claim: Annotated[list[str], typer.Option(help="Claim id it rests on; repeat for more.")],
    reason: Reason,
    key: Annotated[Path, typer.Option("--key", help="File with the authority's private key.")],
    value: Annotated[str, typer.Option(help="Value judged (method judgement).")] = "",
    unit: Annotated[str, typer.Option(help="Its unit.")] = "",
    author: Author = "",
    project: TakesFrom = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Record what is taken as true on a question, signed; list every figure that changes with it."""
    held = standing_at(folder, None, None, store, project_of(folder, project))
    statement = desk_claims.resolve(
        held.register,
        Question.read(question),
        method=cast(Method, method),
        rests_on=claim,
        reason=reason,
        speaker=desk_claims.Speaker(authority, author),
        statement_id=str(ULID()),
        judged=(_judged(value, unit), unit) if value else None,
    )
    _record_with_effects(folder, held, statement, (key, store), as_json, ())


def _judged(value: str, unit: str) -> Any:
    try:
        return read_value(value, unit)
    except ValueError as error:
        raise InputFaults.one("--value", "a value that the unit can measure", error) from error


@commands.command("withdraw")
def withdraw_claim(
    folder: LedgerFolder,
    claim: Annotated[str, typer.Argument(help="Claim id.")],
    authority: Authority,
    reason: Reason,
    author: Author = "",
    project: TakesFrom = None,
    key: Key = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Take an own claim back; list every figure that changes with it, and the statements that cite it."""
    held = standing_at(folder, None, None, store, project_of(folder, project))
    speaker = desk_claims.Speaker(authority, author)
    ids = str(ULID()), now()
    statement = desk_claims.withdraw(held.register, claim, reason=reason, speaker=speaker, ids=ids)
    cited = cited_by(folder, claim, store)
    _record_with_effects(folder, held, statement, (key, store), as_json, cited)


def _record_with_effects(
    folder: Path,
    held: Standing,
    statement: Statement,
    where: tuple[Path | None, str | None],
    as_json: bool,
    cited: Sequence[Statement],
) -> None:
    changed = effects(held.register, held.after(statement, now()), held.rules)
    key, store = where
    (record,) = write(folder, [statement], key, store)
    value = {
        "statement_id": record.statement.statement_id,
        "kind": record.statement.kind,
        "effects": [shown.effect_as_dict(one) for one in changed],
        "cited_by": [shown.citing_as_dict(one) for one in cited],
    }

    def draw() -> None:
        shown.draw_effects(record, changed)
        shown.draw_citing(cited)

    answer(value, as_json, draw)
