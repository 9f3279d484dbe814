"""Answers and figures: the men per kilometre of three lengths, withdrawal, new resolutions, disputes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from claim_cases import DESK, NOW, RULES, claim, made, records
from sarhad.errors import InputFaults, UnknownName
from sarhad.model.claim import Formula, Question, Use
from sarhad.model.measure import Interval, Number, Words
from sarhad.planning.claim_desk import desk_of, since
from sarhad.planning.claims import Speaker, register, resolve, use, withdraw
from sarhad.planning.dependence import answer, check_inputs, effects, figure, readings, uses_of

LENGTH_TEXT = "line:a/length"
LENGTH = Question.read(LENGTH_TEXT)
A, B, C = claim("1,300", by="ET"), claim("1,344", by="IN"), claim("1,357", by="ANI")
MEN = claim("20,000", "persons", of="line:a/reinforced", by="P")
PER_KM = Use("men-per-km", "quotient", ("line:a/reinforced", "line:a/length"), "persons/km", "report 3")


def uid(k: int) -> str:
    return f"01HZZZZZZZZZZZZZZZZZZZZZ{k:02d}"


def taken(held, claim_ids, method="claim", speaker=DESK, k=1, judged=None):
    return resolve(
        held,
        LENGTH,
        method=method,
        rests_on=claim_ids,
        reason="because",
        speaker=speaker,
        statement_id=uid(k),
        judged=judged,
    )


def with_use(*claims):
    statements = made(*claims)
    held = register(records(*statements))
    return (*statements, use(held, PER_KM, speaker=DESK, ids=(uid(90), NOW)))


@pytest.mark.parametrize(("chosen", "per_km"), [(A, 15.4), (B, 14.9), (C, 14.7)])
def test_men_per_kilometre_of_each_length(chosen, per_km):
    statements = with_use(A, B, C, MEN)
    held = register(records(*statements))
    resolved = register(records(*statements, taken(held, [chosen.claim_id])))
    assert round(figure(resolved, "men-per-km", RULES).value, 1) == per_km
    spread = readings(held, "men-per-km", LENGTH, RULES)
    assert round(spread[chosen.claim_id].value, 1) == per_km


def test_an_open_question_gives_no_figure():
    held = register(records(*with_use(A, B, C, MEN)))
    assert answer(held, LENGTH, RULES).state == "open"
    found = figure(held, "men-per-km", RULES)
    assert found.value is None
    assert found.open_inputs == ("line:a/length",)


def test_claims_that_agree_answer_with_the_most_precise():
    held = register(records(*made(A, B)))
    found = answer(held, LENGTH, RULES)
    assert (found.state, found.value) == ("agreed", B.value)
    assert set(found.rests_on) == {A.claim_id, B.claim_id}


def test_withdrawal_lists_and_recomputes_what_hangs_on_it():
    statements = with_use(A, B, C, MEN)
    statements = (*statements, taken(register(records(*statements)), [C.claim_id]))
    held = register(records(*statements))
    assert uses_of(held, C.claim_id, RULES) == ("men-per-km",)
    gone = withdraw(held, C.claim_id, reason="retracted", speaker=DESK, ids=(uid(50), NOW))
    (effect,) = effects(held, since(records(*statements), gone, NOW), RULES)
    assert (effect.name, effect.where) == ("men-per-km", "report 3")
    assert round(effect.before.value, 1) == 14.7
    assert effect.after.value is None  # the resolution rested on it: someone must resolve anew
    after = since(records(*statements), gone, NOW)
    assert answer(after, LENGTH, RULES).state == "undermined"
    anew = register(
        records(*made(A, B, MEN), statements[-2], statements[-1], taken(after, [B.claim_id], k=2))
    )
    assert round(figure(anew, "men-per-km", RULES).value, 1) == 14.9


def test_a_resolution_that_lost_one_of_its_claims_is_undermined():
    statements = made(A, B, C)
    spanned = taken(register(records(*statements)), [A.claim_id, C.claim_id], method="hull")
    gone = withdraw(register(records(*statements)), C.claim_id, reason="x", speaker=DESK, ids=(uid(51), NOW))
    after = since(records(*statements, spanned), gone, NOW)
    found = answer(after, LENGTH, RULES)
    assert (found.state, found.value) == ("undermined", None)


def test_a_new_resolution_supersedes_ones_own_only():
    statements = (*made(A, B, C),)
    first = taken(register(records(*statements)), [A.claim_id])
    second = taken(register(records(*statements, first)), [C.claim_id], k=2)
    assert second.body["supersedes"] == first.statement_id
    assert answer(register(records(*statements, first, second)), LENGTH, RULES).value == C.value
    other = taken(register(records(*statements, first)), [B.claim_id], speaker=Speaker("other"), k=3)
    assert other.body["supersedes"] == ""
    disputed = register(records(*statements, first, other))
    assert answer(disputed, LENGTH, RULES).state == "disputed"


def test_nobody_supersedes_anothers_by_saying_so():
    statements = made(A, C)
    first = taken(register(records(*statements)), [A.claim_id])
    forged = taken(register(records(*statements)), [C.claim_id], speaker=Speaker("other"), k=2)
    forged.body["supersedes"] = first.statement_id
    held = register(records(*statements, first, forged))
    assert answer(held, LENGTH, RULES).state == "disputed"


def test_methods():
    held = register(records(*made(A, B, C)))
    spanned = taken(held, [A.claim_id, C.claim_id], method="hull")
    assert answer(register(records(*made(A, B, C), spanned)), LENGTH, RULES).value == Interval(
        1_300.0, 1_357.0
    )
    judged = taken(held, [A.claim_id], method="judgement", judged=(Number(1_350.0, 10.0), "km"))
    assert answer(register(records(*made(A, B, C), judged)), LENGTH, RULES).value == Number(1_350.0, 10.0)
    with pytest.raises(InputFaults, match="method claim with one claim"):
        taken(held, [A.claim_id, B.claim_id])
    with pytest.raises(UnknownName, match="no claim"):
        taken(held, ["nobody"])
    with pytest.raises(InputFaults, match="claims that answer line:a/length"):
        taken(register(records(*made(MEN))), [MEN.claim_id])


def test_others_claims_are_not_withdrawn():
    held = register(records(*made(A)))
    with pytest.raises(InputFaults, match="others' claims can be contested"):
        withdraw(held, A.claim_id, reason="x", speaker=Speaker("other"), ids=(uid(1), NOW))
    with pytest.raises(InputFaults, match="a reason"):
        withdraw(held, A.claim_id, reason=" ", speaker=DESK, ids=(uid(1), NOW))


def test_figures_of_figures_and_circles():
    double = Use("sum", "sum", ("men-per-km", "men-per-km"), "persons/km")
    statements = (*with_use(B, MEN), use(register(()), double, speaker=DESK, ids=(uid(91), NOW)))
    held = register(records(*statements))
    assert figure(held, "sum", RULES).value == pytest.approx(2 * 20_000 / 1_344)
    assert set(uses_of(held, B.claim_id, RULES)) == {"men-per-km", "sum"}
    round_and_round = [
        use(register(()), Use(a, "value", (b,), "km"), speaker=DESK, ids=(uid(92 + k), NOW))
        for k, (a, b) in enumerate([("x", "y"), ("y", "x")])
    ]
    with pytest.raises(InputFaults, match="x -> y -> x"):
        figure(register(records(*round_and_round)), "x", RULES)


def test_a_unit_that_the_operation_cannot_give_is_refused():
    wrong = use(register(()), Use("w", "quotient", PER_KM.inputs, "km"), speaker=DESK, ids=(uid(93), NOW))
    with pytest.raises(InputFaults, match="quotient is in km"):
        figure(register(records(*made(B, MEN), wrong)), "w", RULES)


def test_a_use_of_anothers_name_is_refused_and_in_a_ledger_passed_over():
    mine = use(register(()), PER_KM, speaker=DESK, ids=(uid(90), NOW))
    held = register(records(mine))
    theirs = Use("men-per-km", "value", ("line:a/length",), "km")
    with pytest.raises(InputFaults, match="a use of desk"):
        use(held, theirs, speaker=Speaker("other"), ids=(uid(94), NOW))
    forced = use(register(()), theirs, speaker=Speaker("other"), ids=(uid(94), NOW))
    assert register(records(mine, forced)).uses["men-per-km"] == PER_KM


def held_by(holder: str, on: str, by: str):
    return claim(Words(holder), "", of="district:a/held_by", by=by, on=on)


def test_a_resolution_on_what_changes_does_not_outlive_later_claims():
    question = Question("district:a", "held_by")
    early = held_by("armed group", "2021-07-04", "P")
    early_too = held_by("state", "2021-07-05", "Q")
    late = held_by("state", "2024-01-10", "R")
    statements = made(early, early_too)
    chosen = resolve(
        register(records(*statements)),
        question,
        method="claim",
        rests_on=[early.claim_id],
        reason="seen",
        speaker=DESK,
        statement_id=uid(1),
    )
    assert answer(register(records(*statements, chosen)), question, RULES).state == "resolved"
    found = answer(register(records(*statements, chosen, *made(late))), question, RULES)
    assert (found.state, found.value, found.rests_on) == ("agreed", Words("state"), (late.claim_id,))
    length = made(A, C, claim("1,350", by="Z", on="2025-01-01"))  # a length holds at any time
    held = register(records(*length, taken(register(records(*length)), [A.claim_id])))
    assert answer(held, LENGTH, RULES).state == "resolved"


def test_a_dispute_ends_when_one_side_loses_its_claims():
    statements = made(A, B, C)
    first = taken(register(records(*statements)), [A.claim_id])
    other = taken(register(records(*statements)), [C.claim_id], speaker=Speaker("other"), k=2)
    held = records(*statements, first, other)
    gone = withdraw(register(held), A.claim_id, reason="x", speaker=DESK, ids=(uid(51), NOW))
    found = answer(since(held, gone, NOW), LENGTH, RULES)
    assert (found.state, found.value, found.resolution_id) == ("resolved", C.value, other.statement_id)


def test_a_figure_names_the_resolutions_it_rests_on():
    statements = with_use(A, B, C, MEN)
    held = register(records(*statements, taken(register(records(*statements)), [A.claim_id], k=7)))
    assert figure(held, "men-per-km", RULES).resolutions == (uid(7),)
    assert figure(register(records(*statements)), "men-per-km", RULES).resolutions == ()


def test_a_unit_that_can_never_fit_is_refused_while_the_question_is_open():
    wrong = Use("w", "quotient", tuple(reversed(PER_KM.inputs)), "persons/km")
    statement = use(register(()), wrong, speaker=DESK, ids=(uid(93), NOW))
    with pytest.raises(InputFaults, match="quotient is in persons/km"):
        figure(register(records(*made(A, B, C, MEN), statement)), "w", RULES)


def test_inputs_that_nobody_could_claim_are_refused_together():
    held = register(records(*with_use(A, MEN)))
    check_inputs(held, PER_KM, RULES)
    check_inputs(held, Use("v", "sum", ("men-per-km", A.claim_id), "km"), RULES)
    with pytest.raises(InputFaults) as caught:
        check_inputs(held, Use("v", "sum", ("line:a/lenght", "men-per-mile", LENGTH_TEXT), "km"), RULES)
    assert [fault.found for fault in caught.value.faults] == ["line:a/lenght", "men-per-mile"]


def test_a_judgement_is_in_a_unit_of_its_question():
    held = register(records(*made(A, B)))
    with pytest.raises(InputFaults, match="a unit such as km"):
        taken(held, [A.claim_id], method="judgement", judged=(Number(1_350.0), "persons"))


def test_figures_of_the_rules_are_known_unasked_and_found_when_their_last_claim_goes():
    rules = replace(
        RULES, formulas=(Formula("men_per_km", "quotient", "reinforced", "length", "persons/km"),)
    )
    other = claim("5", of="line:b/length")
    desk = desk_of(records(*made(A, MEN, other)), rules)
    assert set(desk.register.uses) == {"line:a/men_per_km"}  # nobody claims how many stand on line:b
    assert figure(desk.register, "line:a/men_per_km", rules).value == pytest.approx(20_000 / 1_300)
    gone = withdraw(desk.register, A.claim_id, reason="x", speaker=DESK, ids=(uid(50), NOW))
    (effect,) = effects(desk.register, desk.after(gone, NOW), rules)
    assert (effect.name, effect.after.value) == ("line:a/men_per_km", None)
    mine = use(register(()), replace(PER_KM, name="line:a/men_per_km"), speaker=DESK, ids=(uid(90), NOW))
    assert desk_of(records(*made(A, MEN), mine), rules).register.uses["line:a/men_per_km"].where == "report 3"
