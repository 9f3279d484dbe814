"""The register of claims: what it folds, what it passes over, and the values that the model refuses."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest
from msgspec import structs

from claim_cases import NOW, claim, made, records
from sarhad.ledger.standing import standing
from sarhad.model.claim import Grade, Property, Question, Resolution, Span, Use, hull
from sarhad.model.measure import Interval, Number, Words
from sarhad.model.record import Statement
from sarhad.planning.claims import by_question, register

ONE = claim("1,344", by="A")


def test_what_is_not_the_desks_is_passed_over_and_what_cannot_be_read_is_named():
    (good,) = made(ONE)
    broken = structs.replace(good, statement_id="01HZZZZZZZZZZZZZZZZZZZZZ01", body={"property": "length"})
    other = Statement("01HZZZZZZZZZZZZZZZZZZZZZ02", "asset.state", "x", NOW, "desk", "")
    held = register(records(good, broken, other))
    assert tuple(held.claims) == (ONE.claim_id,)
    assert held.unreadable == (broken.statement_id,)


def test_a_claim_corrected_by_its_authority_gives_way_and_is_not_changed():
    (first,) = made(ONE)
    (second,) = made(claim("1,345", by="A"))
    second = structs.replace(second, corrects=first.statement_id)
    told = records(first, second)
    held = register(standing(told, NOW, NOW))
    assert [one.value for one in held.claims.values()] == [Number(1_345.0, 0.5)]
    assert told[0].statement == first


def test_what_is_about_later_is_not_yet_claimed():
    (early, late) = made(claim("1,344", by="A", on="2021-07-05"), claim("1,357", by="B", on="2023-01-01"))
    about = datetime.fromisoformat("2022-01-01T00:00:00+00:00")
    assert len(register(standing(records(early, late), NOW, about)).claims) == 1


def test_claims_of_each_question():
    claims = ONE, claim("1,357", by="B"), claim("980", of="line:k/length")
    found = by_question(claims)
    assert list(found) == [Question("line:a", "length"), Question("line:k", "length")]
    assert found[ONE.question] == claims[:2]


def test_hull():
    assert hull([(Number(1.3, 0.1), "km"), (Number(1_357.0), "m")], "km") == Interval(1.3, 1.357)
    with pytest.raises(ValueError, match="turned into km"):
        hull([(Number(1.0), "persons")], "km")


@pytest.mark.parametrize(
    "refused",
    [
        lambda: replace(ONE, publisher=" "),
        lambda: replace(ONE, unit="furlong"),
        lambda: replace(ONE, unit=""),
        lambda: replace(ONE, value=Words("long")),
        lambda: replace(ONE, as_of=datetime(2021, 7, 5)),
        lambda: replace(ONE, as_of_days=0),
        lambda: replace(ONE, quoted_from=("?", "A")),
        lambda: replace(ONE, quoted_from=("",)),
        lambda: Grade("G", 1),
        lambda: Grade("A", 7),
        lambda: Span(" "),
        lambda: Span("x", -1),
        lambda: Property("p", "length", "sometimes"),
        lambda: Question.read("no-property"),
        lambda: Resolution("r", "s", "p", "claim", Number(1.0), "km", " ", ("c",)),
        lambda: Resolution("r", "s", "p", "claim", Number(1.0), "km", "why", ()),
        lambda: Resolution("r", "s", "p", "dice", Number(1.0), "km", "why", ("c",)),
        lambda: Use("u", "quotient", ("a/b",), "km"),
        lambda: Use("u", "value", ("u",), "km"),
        lambda: Use("u", "power", ("a/b",), "km"),
    ],
)
def test_nonsense_is_refused(refused):
    with pytest.raises(ValueError):
        refused()


def test_spans_end_where_their_words_end():
    assert Span("1,344 km", 10).end == 18
    assert Span("1,344 km").end is None
