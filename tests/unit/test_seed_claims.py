"""The example's claims: every contradiction known by hand is found, and no claim is lost or merged."""

from __future__ import annotations

from functools import cache

import pytest

from claim_cases import DESK, EXAMPLE, example_gazetteer, made, records
from sarhad.io.claim_rules import read_rules
from sarhad.io.claim_tables import Desk, read_claims
from sarhad.model.claim import Question, Use
from sarhad.planning.claims import identified, register, use
from sarhad.planning.conflicts import conflicts
from sarhad.planning.corroboration import corroborate, unearned
from sarhad.planning.dependence import readings


@cache
def seeds():
    return tuple(
        identified(one)
        for one in read_claims(EXAMPLE / "claims.csv", Desk(read_rules(), example_gazetteer()))
    )


@cache
def found():
    return conflicts(seeds(), read_rules())


def test_no_claim_is_merged():
    assert len({one.claim_id for one in seeds()}) == len(seeds()) >= 60
    assert len(register(records(*made(*seeds()))).claims) == len(seeds())


KNOWN = [
    # worked by hand from the figures: kind, severity, subject, numbers that must stand in the reason
    ("direct", "rounding", "line:tjk-afg", ("1,300 km", "1,344 km")),
    ("direct", "conflict", "line:tjk-afg", ("1,344 km", "1,357 km")),
    ("direct", "conflict", "line:tjk-afg", ("1,300 km", "1,357 km")),
    ("direct", "conflict", "line:tjk-afg", ("1,357 km", "1,374.2 km")),
    ("direct", "conflict", "line:tjk-afg", ("835 mi", "1,357 km")),
    ("direct", "conflict", "line:tjk-afg", ("700 km", "900 km")),
    ("derived", "rounding", "line:tjk-kgz", ("63 percent of 980 km", "617.4 km", "625 km")),
    ("derived", "conflict", "line:tjk-kgz", ("68.4 percent of 987 km", "663.7 km")),  # 67.2 % of it
    ("derived", "conflict", "line:tjk-kgz", ("at least 90 percent", "290 km")),
    ("derived", "conflict", "line:tjk-kgz", ("519 km and 450.8 km", "969.8 km", "970.8 km")),
    ("derived", "conflict", "line:tjk-kgz", ("6 percent of 970.8 km", "450.8 km")),
    ("derived", "rounding", "line:tjk-kgz", ("46 percent of 970.8 km", "450.8 km")),
    ("direct", "conflict", "line:tjk-kgz", ("6 percent", "46 percent")),
    ("direct", "conflict", "line:tjk-kgz", ("972 km", "987 km")),
    ("fallen", "conflict", "line:tjk-kgz", ("664 km", "519.9 km")),
    ("fallen", "conflict", "line:tjk-kgz", ("664 km", "625 km")),
    ("direct", "conflict", "event:2022-09-kyrgyz-tajik-clash", ("59 persons", "63 persons")),
    ("direct", "conflict", "event:2021-04-kyrgyz-tajik-clash", ("49 persons", "55 persons")),
]


@pytest.mark.parametrize(("kind", "severity", "subject", "numbers"), KNOWN)
def test_what_is_known_to_conflict_is_found(kind, severity, subject, numbers):
    alike = [
        one
        for one in found()
        if (one.kind, one.severity, one.subject) == (kind, severity, subject)
        and all(number in one.why for number in numbers)
    ]
    assert alike
    assert all(claim.span.text for one in alike for claim in one.claims)


def test_what_goes_together_is_not_reported():
    """Over 1,000 and 1,037; river and land make the line; 43.32 km of one meeting."""
    subjects = {one.subject for one in found()}
    assert "event:2021-07-05-crossing-from-badakhshan" not in subjects
    assert "meeting:2023-10-batken" not in subjects
    assert not any(one.rule == "river_and_land" for one in found())


def test_agencies_that_quote_each_other_are_one_origin():
    claims = [one for one in seeds() if str(one.question).endswith("badakhshan/crossed")]
    assert len(claims) >= 6
    assert all(one.n_origins == 1 for one in corroborate(claims, read_rules()).values())
    assert unearned(seeds(), read_rules()) == ()


def test_the_six_districts_are_placed_by_their_aliases():
    held = [one for one in seeds() if one.property_id == "held_by"]
    assert len(held) == 12
    by_subject = {one.subject: set() for one in held}
    for one in held:
        by_subject[one.subject].add(one.place)
    assert len(by_subject) == 6
    assert all(len(places) == 1 for places in by_subject.values())  # Hohon and Khwahan are one range
    length_m = sum(place.to_m - place.from_m for (place,) in by_subject.values())
    assert length_m == pytest.approx(461_400, rel=0.005)  # 59.0 + 58.0 + 96.5 + 38.5 + 130.2 + 79.2 km


def test_men_per_kilometre_of_each_length():
    per_km = Use("men-per-km", "quotient", ("line:tjk-afg/reinforced", "line:tjk-afg/length"), "persons/km")
    held = register(records(*made(*seeds())))
    statement = use(
        held,
        per_km,
        speaker=DESK,
        ids=("01HZZZZZZZZZZZZZZZZZZZZZ01", records(*made(*seeds()))[0].recorded_at),
    )
    held = register(records(*made(*seeds()), statement))
    spread = readings(held, "men-per-km", Question("line:tjk-afg", "length"), read_rules())
    values = {round(one.value, 1) for one in spread.values() if one.value is not None}
    assert {15.4, 14.9, 14.7} <= values
