"""Conflicts on the known contradictions, worked by hand."""

from __future__ import annotations

from claim_cases import RULES, claim
from sarhad.model.measure import Interval, Number
from sarhad.planning.conflicts import conflicts


def found(*claims):
    return [(one.kind, one.severity) for one in conflicts(claims, RULES)]


def test_three_lengths():
    lengths = claim("1,300", by="ET"), claim("1,344", by="IN"), claim("1,357", by="ANI")
    result = conflicts(lengths, RULES)
    pairs = {tuple(sorted(c.publisher for c in one.claims)): one.severity for one in result}
    assert pairs == {("ANI", "ET"): "conflict", ("ANI", "IN"): "conflict", ("ET", "IN"): "rounding"}


def test_a_share_that_rounds_to_the_part_is_a_flag():
    """63 % of 980 is 617.4; with rounding 62.5 % of 975 to 63.5 % of 985 is 609.4 to 625.5."""
    claims = (
        claim("63", "percent", of="line:k/agreed_share", by="R"),
        claim("980", of="line:k/length", by="R"),
        claim("625", of="line:k/agreed_length", by="R"),
    )
    (one,) = conflicts(claims, RULES)
    assert (one.kind, one.severity, one.rule) == ("derived", "rounding", "by_share")
    assert one.why == "63 percent of 980 km is 617.4 km, against 625 km"
    assert [c.span.text for c in one.claims] == ["625", "63", "980"]


def test_a_share_that_does_not_is_a_conflict():
    claims = (
        claim("63", "percent", of="line:k/agreed_share", by="R"),
        claim("980", of="line:k/length", by="R"),
        claim("664", of="line:k/agreed_length", by="R"),
    )
    assert found(*claims) == [("derived", "conflict")]


def test_the_rest_of_two_sources():
    """More than 90 % agreed leaves at most 97.2 of 972 km, not 290."""
    claims = (
        claim(Interval(low=90.0), "percent", of="line:k/agreed_share", by="P"),
        claim("972", of="line:k/length", by="Q"),
        claim("290", of="line:k/open_length", by="Q"),
    )
    assert found(*claims) == [("derived", "conflict")]


def test_another_total_that_fits_settles_it_across_sources():
    """63 % of 980 or of 1,050: where one length of the line lets the part hold, the lengths are the issue."""
    claims = (
        claim("63", "percent", of="line:k/agreed_share", by="P"),
        claim("661", of="line:k/agreed_length", by="Q"),
        claim("980", of="line:k/length", by="S"),
        claim("1,049", of="line:k/length", by="T"),
    )
    assert [(one.kind, one.property_id) for one in conflicts(claims, RULES)] == [("direct", "length")]
    assert ("derived", "conflict") in found(*claims[:3])


def test_a_lower_bound_goes_with_the_count():
    claims = (
        claim(Interval(low=1_000.0), "persons", of="e/crossed", by="A"),
        claim("1,037", "persons", of="e/crossed", by="B"),
    )
    assert found(*claims) == []


def test_what_grows_never_falls():
    early = claim("664", of="line:k/agreed_length", on="2022-04-16")
    late = claim("625", of="line:k/agreed_length", on="2023-03-01")
    assert found(early, late) == [("fallen", "conflict")]
    risen = claim("682", of="line:k/agreed_length", on="2023-03-01")
    assert found(early, risen) == []


def test_what_varies_is_compared_at_one_time_only():
    a = claim("290", of="line:k/open_length", on="2023-12-01")
    assert found(a, claim("350", of="line:k/open_length", on="2022-12-01")) == []
    assert found(a, claim("350", of="line:k/open_length", on="2023-12-20", by="B")) == [
        ("direct", "conflict")
    ]


def test_other_subjects_and_units():
    assert found(claim("1,344"), claim("980", of="line:k/length")) == []
    assert found(claim("1,344"), claim(Number(1_344_000.0, 0.5), "m", by="B")) == []


def test_nothing_is_merged():
    same = claim("1,344", by="A"), claim("1,344", by="B"), claim("1,344", by="C")
    assert len({one.claim_id for one in same}) == 3
    assert claim("1,344", by="A").claim_id == same[0].claim_id  # said twice, recorded once
