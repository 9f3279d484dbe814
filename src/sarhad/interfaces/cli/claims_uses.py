"""`sarhad claims use`, `uses`, `recompute`: the figures and settings that hang on claims, worked out anew."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, cast

import typer
from ulid import ULID

from sarhad.errors import InputFaults
from sarhad.interfaces.cli import claims_shown as shown
from sarhad.interfaces.cli.claims_again import again_of, work_out_again
from sarhad.interfaces.cli.claims_session import (
    AboutAt,
    Author,
    Authority,
    BelievedAt,
    Key,
    LedgerFolder,
    StoreUrl,
    TakesFrom,
    cited_by,
    now,
    project_of,
    standing_at,
    write,
)
from sarhad.interfaces.cli.claims_settings import WHY, draw_retaken, retaken_as_dict
from sarhad.interfaces.cli.claims_weights import weigh
from sarhad.interfaces.cli.console import AsJson, Jobs, answer
from sarhad.io.claim_files import weights_text
from sarhad.io.reading import sha256
from sarhad.io.taken import WEIGHTS, Weighing, read_asked, taken_by_results, write_taken
from sarhad.io.whole import write_whole
from sarhad.model.claim import OPERATIONS, Question, Use
from sarhad.model.measure import Operation
from sarhad.model.project import Taken
from sarhad.planning import claims as desk_claims
from sarhad.planning.claim_desk import Standing
from sarhad.planning.claims import Register
from sarhad.planning.dependence import Figure, check_inputs, figure, readings, uses_of
from sarhad.planning.taken import Retaken, outdated, retake
from sarhad.planning.threat import Decay

Spread = Mapping[str, Mapping[str, Figure]]


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
    check_inputs(held.register, one, held.rules)
    speaker = desk_claims.Speaker(authority, author)
    statement = desk_claims.use(held.register, one, speaker=speaker, ids=(str(ULID()), now()))
    register = held.after(statement, now())
    found, spread = _worked_out(register, name, held)
    write(folder, [statement], key, store)
    value = shown.figure_as_dict(found)
    answer(value, as_json, lambda: shown.draw_figures([(one, found, spread)], register.claims))


def show_uses(
    folder: LedgerFolder,
    claim: Annotated[str | None, typer.Option(help="Only what rests on this claim.")] = None,
    believed_at: BelievedAt = None,
    about_at: AboutAt = None,
    project: TakesFrom = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """List the figures worked out from claims, and what each claim on an open question would make of them."""
    standing = standing_at(folder, believed_at, about_at, store, project_of(folder, project))
    held = standing.register
    names = tuple(held.uses) if claim is None else uses_of(held, claim, standing.rules)
    found = [(held.uses[name], *_worked_out(held, name, standing)) for name in names]
    cited = () if claim is None else cited_by(folder, claim, store)
    value = [shown.use_as_dict(*one) for one in found] + [shown.citing_as_dict(one) for one in cited]

    def draw() -> None:
        shown.draw_figures(found, held.claims)
        shown.draw_citing(cited)

    answer(value, as_json, draw)


def _worked_out(held: Register, name: str, desk: Standing) -> tuple[Figure, Spread]:
    """Return a figure, and what each claim on an open question would make of it."""
    found = figure(held, name, desk.rules)
    asked = [text for text in found.open_inputs if "/" in text]
    return found, {text: readings(held, name, Question.read(text), desk.rules) for text in asked}


def recompute(
    context: typer.Context,
    folder: LedgerFolder,
    project: TakesFrom = None,
    check: Annotated[bool, typer.Option("--check", help="Only say what is stale (exit code 3).")] = False,
    store: StoreUrl = None,
    jobs: Jobs = 0,
    as_json: AsJson = False,
) -> None:
    """Work out anew what a project takes from claims, and the results that rest on other values."""
    place = project_of(folder, project)
    if place is None:
        raise InputFaults.one("--project", "the project whose settings are taken from claims", "nothing")
    asked, taken = read_asked(place)
    before = {one.setting: one for one in taken}
    held = standing_at(folder, None, None, store, place)
    found = list(retake(held.register, asked.settings, before, held.rules))
    table = None
    if asked.weighing is not None:
        table, after = _weights(held, place, asked.weighing)
        known = before.pop(WEIGHTS, None)
        file = place / asked.weighing.file
        as_given = known is not None and file.is_file() and sha256(file) == known.value
        found.append(Retaken(WEIGHTS, known if as_given else None, after))
    asked_for = {one.setting for one in found}
    found += [
        Retaken(name, one, None, WHY["not_asked"]) for name, one in before.items() if name not in asked_for
    ]
    if not check and any(one.stale for one in found):
        if table is not None and asked.weighing is not None:
            write_whole(place / asked.weighing.file, table)
        write_taken(place, [one.after for one in found if one.after is not None])
    by_now = {one.setting: one.after for one in found}
    stale, again = _stale(place, by_now)
    if again and not check and all(by_now[name] is not None for name in asked_for):
        work_out_again(context, place, again, jobs, as_json)
        stale, again = _stale(place, by_now)
    value = retaken_as_dict(found, stale)
    answer(value, as_json, lambda: draw_retaken(found, stale, check=check, project=place))
    if check and (stale or any(one.stale for one in found)):
        raise typer.Exit(InputFaults.exit_code)


def _stale(
    project: Path, by_now: Mapping[str, Taken | None]
) -> tuple[dict[str, tuple[str, ...]], dict[str, tuple[str, ...]]]:
    """Return which results rest on which other settings, and the commands that work them out anew."""
    used = taken_by_results(project)
    found = {name: outdated(one.taken, by_now) for name, one in used.items()}
    stale = {name: settings for name, settings in found.items() if settings}
    return stale, {name: words for name in stale if (words := again_of(used[name]))}


def _weights(held: Standing, project: Path, how: Weighing) -> tuple[str, Taken]:
    """Return the table of weights as text, and what it rests on."""
    decay = Decay(how.half_life_days, how.reach_m, how.held)
    found, _, ranges = weigh(held, project, how.about_at, decay)
    text = weights_text(ranges)
    rests_on = tuple(sorted({one for threat in found for one in threat.rests_on}))
    resolutions = tuple(sorted({one for threat in found for one in threat.resolutions}))
    digest = hashlib.sha256(text.encode()).hexdigest()
    return text, Taken(WEIGHTS, digest, "", how.source, resolutions, rests_on)
