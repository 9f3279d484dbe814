"""`sarhad claims`: who said what, where it conflicts, what we take as true, and what hangs on it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, cast

import typer
from ulid import ULID

from sarhad.errors import InputFaults
from sarhad.interfaces.cli import claims_files
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
    desk_of,
    now,
    project_of,
    rules_of,
    standing_at,
    write,
)
from sarhad.interfaces.cli.console import AsJson, answer
from sarhad.io.claim_tables import check_claims
from sarhad.io.numerals import read_value
from sarhad.io.tables import Place
from sarhad.model.claim import METHODS, OPERATIONS, Claim, Method, Question, Use
from sarhad.model.measure import Operation
from sarhad.model.record import Statement
from sarhad.planning import claims as desk_claims
from sarhad.planning.claim_desk import Standing, admit, since
from sarhad.planning.conflicts import conflicts as find_conflicts
from sarhad.planning.corroboration import corroborate, unearned
from sarhad.planning.dependence import answer as answer_to
from sarhad.planning.dependence import effects, figure, readings, uses_of

commands = typer.Typer(no_args_is_help=True, help="Who said what, where it conflicts, and what hangs on it.")
commands.command("import")(claims_files.import_file)
commands.command("export")(claims_files.export_file)
commands.command("propose")(claims_files.propose_claims)
commands.command("weights")(claims_files.write_threat_weights)


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
    rules = rules_of(folder)
    held = standing_at(folder, believed_at, about_at, store).register
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
    rules = rules_of(folder)
    held = standing_at(folder, believed_at, about_at, store).register
    found = find_conflicts(held.claims.values(), rules)
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
    rules = rules_of(folder)
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
    claims = check_claims(list(row), [row], Place("claim"), desk_of(project_of(folder, project), rules))
    held = standing_at(folder, None, None, store).register
    statements = admit(held, claims, rules, desk_claims.Speaker(authority, author))
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
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Record what is taken as true on a question, signed; list every figure that changes with it."""
    held = standing_at(folder, None, None, store)
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
    _record_with_effects(folder, held, statement, (key, store), as_json)


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
    key: Key = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Take an own claim back; list every figure that changes with it."""
    held = standing_at(folder, None, None, store)
    speaker = desk_claims.Speaker(authority, author)
    ids = str(ULID()), now()
    statement = desk_claims.withdraw(held.register, claim, reason=reason, speaker=speaker, ids=ids)
    _record_with_effects(folder, held, statement, (key, store), as_json)


def _record_with_effects(
    folder: Path, held: Standing, statement: Statement, where: tuple[Path | None, str | None], as_json: bool
) -> None:
    rules = rules_of(folder)
    changed = effects(held.register, since(held.records, statement, now()), rules)
    key, store = where
    (record,) = write(folder, [statement], key, store)
    value = {
        "statement_id": record.statement.statement_id,
        "kind": record.statement.kind,
        "effects": [shown.effect_as_dict(one) for one in changed],
    }
    answer(value, as_json, lambda: shown.draw_effects(record, changed))


@commands.command("use")
def use_claims(
    folder: LedgerFolder,
    name: Annotated[str, typer.Argument(help="Name of the figure or setting.")],
    authority: Authority,
    operation: Annotated[str, typer.Option(help=f"One of {', '.join(OPERATIONS)}.")],
    inputs: Annotated[list[str], typer.Option("--input", help="subject/property, claim id, or another use.")],
    unit: Annotated[str, typer.Option(help="Unit of the result: persons/km.")],
    where: Annotated[str, typer.Option(help="Where it stands: a setting, a line of a report.")] = "",
    author: Author = "",
    key: Key = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Record that a figure is worked out from claims, so that it is found when they change."""
    held = standing_at(folder, None, None, store)
    try:
        one = Use(name, cast(Operation, operation), tuple(inputs), unit, where)
    except ValueError as error:
        raise InputFaults.one("use", "a figure with an operation and its inputs", error) from error
    speaker = desk_claims.Speaker(authority, author)
    statement = desk_claims.use(held.register, one, speaker=speaker, ids=(str(ULID()), now()))
    worked_out = figure(since(held.records, statement, now()), name, rules_of(folder))
    write(folder, [statement], key, store)
    answer(shown.figure_as_dict(worked_out), as_json, lambda: shown.draw_figures([(one, worked_out, {})], {}))


@commands.command("uses")
def show_uses(
    folder: LedgerFolder,
    claim: Annotated[str | None, typer.Option(help="Only what rests on this claim.")] = None,
    believed_at: BelievedAt = None,
    about_at: AboutAt = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """List the figures worked out from claims, and what each claim on an open question would make of them."""
    rules = rules_of(folder)
    held = standing_at(folder, believed_at, about_at, store).register
    names = tuple(held.uses) if claim is None else uses_of(held, claim, rules)
    found = []
    for name in names:
        worked_out = figure(held, name, rules)
        open_questions = [text for text in worked_out.open_inputs if "/" in text]
        spread = {
            text: readings(held, name, Question.read(text), rules) for text in open_questions
        }  # fmt: skip
        found.append((held.uses[name], worked_out, spread))
    value = [shown.use_as_dict(*one) for one in found]
    answer(value, as_json, lambda: shown.draw_figures(found, held.claims))
