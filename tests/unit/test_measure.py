"""Values of claims: the rounding rule, and when two of them can both hold. Cases worked by hand."""

from __future__ import annotations

import math

import pytest

from claim_cases import number
from sarhad.model.measure import Interval, Number, Words, combine, compare, implies, show, slack_of, unit_of


@pytest.mark.parametrize(
    ("digits", "slack"),
    [
        ("1,300", 50),
        ("1,344", 0.5),
        ("980", 5),
        ("20,000", 5_000),
        ("63.8", 0.05),
        ("63.0", 0.05),
        ("1 344", 0.5),
        ("0", 0.5),
        ("7", 0.5),
    ],
)
def test_slack_is_half_the_last_place_that_counts(digits, slack):
    assert slack_of(digits) == pytest.approx(slack)


@pytest.mark.parametrize(
    ("a", "b", "verdict"),
    [
        ((number("1,344"), "km"), (number("1,357"), "km"), "conflict"),
        ((number("1,300"), "km"), (number("1,357"), "km"), "conflict"),  # 1,350 is as far as 1,300 goes
        ((number("1,300"), "km"), (number("1,344"), "km"), "rounding"),
        ((number("1,344"), "km"), (number("1,344"), "km"), "agree"),
        ((number("1,344"), "km"), (Number(1_344_000.0, 0.5), "m"), "agree"),
        ((number("1,344"), "km"), (number("835"), "mi"), "rounding"),  # 835 mi +- 0.5 are 1,343.0 to 1,344.6
        ((number("1,357"), "km"), (number("835"), "mi"), "conflict"),
        ((Interval(low=1_000.0), "persons"), (number("1,037"), "persons"), "agree"),
        ((Interval(low=1_000.0), "persons"), (number("900"), "persons"), "conflict"),
        ((Interval(600.0, 650.0), "km"), (number("625"), "km"), "agree"),
        ((number("63"), "percent"), (Number(0.63), "share"), "agree"),
        ((Words("State"), ""), (Words("state"), ""), "agree"),
        ((Words("state"), ""), (Words("group"), ""), "conflict"),
    ],
)
def test_what_can_both_hold(a, b, verdict):
    assert compare(*a, *b) == verdict
    assert compare(*b, *a) == verdict


def test_what_measures_different_things_is_not_compared():
    with pytest.raises(ValueError, match=r"length .* persons"):
        compare(number("10"), "km", number("10"), "persons")


def test_the_more_precise_bears_out_the_vaguer_and_not_the_other_way():
    precise, vague, bound = number("1,344"), number("1,300"), Interval(low=1_000.0)
    assert implies(precise, "km", vague, "km")
    assert implies(precise, "km", bound, "km")
    assert not implies(vague, "km", precise, "km")
    assert not implies(bound, "km", precise, "km")


def test_interval_arithmetic():
    assert combine("product", (0.63, 0.63), (980.0, 980.0)) == pytest.approx((617.4, 617.4))
    assert combine("rest", (0.9, math.inf), (972.0, 972.0)) == pytest.approx((0.0, 97.2))
    assert combine("difference", (10.0, 12.0), (1.0, 2.0)) == (8.0, 11.0)
    assert combine("quotient", (1.0, 1.0), (-1.0, 1.0)) == (-math.inf, math.inf)
    assert combine("quotient", (20_000.0, 20_000.0), (1_287.5, math.inf))[0] == 0.0


def test_units():
    assert unit_of("persons/km").factor == pytest.approx(0.001)
    assert unit_of("persons/km").dimension == "persons/length"
    for bad in ("furlong", "km/furlong"):
        with pytest.raises(ValueError, match="a known unit"):
            unit_of(bad)


@pytest.mark.parametrize(
    "refused",
    [
        lambda: Number(math.nan),
        lambda: Number(1.0, -1.0),
        Interval,
        lambda: Interval(2.0, 1.0),
        lambda: Words(" "),
    ],
)
def test_nonsense_is_refused(refused):
    with pytest.raises(ValueError):
        refused()


def test_words_for_people():
    assert show(number("1,344"), "km") == "1,344 km"
    assert show(Interval(low=1_000.0), "persons") == "at least 1,000 persons"
    assert show(Interval(600.0, 650.0), "km") == "600 to 650 km"
