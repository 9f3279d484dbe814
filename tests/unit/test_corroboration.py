"""Independent origins: chains, rings, houses, and what may be graded as confirmed. Cases worked by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from claim_cases import DESK, RULES, claim, made, records
from sarhad.errors import InputFaults
from sarhad.io.claim_rules import read_rules
from sarhad.model.claim import Rules
from sarhad.model.measure import Interval
from sarhad.planning.claim_desk import admit
from sarhad.planning.claims import Register, register
from sarhad.planning.corroboration import corroborate, unearned


def origins(*claims, rules=RULES):
    found = corroborate(claims, rules)
    return [found[one.claim_id].n_origins for one in claims]


def test_a_chain_of_agencies_is_one_origin():
    chain = (
        claim("1,037", "persons", of="e/crossed", by="AKIpress"),
        claim("1,037", "persons", of="e/crossed", by="Pajhwok", chain=("AKIpress",)),
        claim("1,037", "persons", of="e/crossed", by="ANI", chain=("Pajhwok", "AKIpress")),
    )
    assert origins(*chain) == [1, 1, 1]
    assert corroborate(chain, RULES)[chain[2].claim_id].origins == ("akipress",)


def test_a_chain_is_followed_through_what_others_say_of_it():
    """ANI names Pajhwok only; that Pajhwok quotes AKIpress is known from elsewhere."""
    claims = (
        claim("1,344", by="ANI", chain=("Pajhwok",)),
        claim("1,344", by="Mehr", chain=("Pajhwok", "AKIpress")),
        claim("1,344", by="Trend", chain=("AKIpress",)),
    )
    assert origins(*claims) == [1, 1, 1]


def test_two_who_saw_it_themselves_are_two():
    assert origins(claim("1,344", by="A"), claim("1,344", by="B")) == [2, 2]


def test_a_ring_has_no_origin_and_adds_none():
    ring = (
        claim("1,344", by="A", chain=("B",)),
        claim("1,344", by="B", chain=("C",)),
        claim("1,344", by="C", chain=("A",)),
    )
    assert origins(*ring) == [1, 1, 1]
    assert origins(*ring, claim("1,344", by="D"))[-1] == 1


def test_an_unknown_origin_could_be_any_of_the_known_ones():
    claims = (
        claim("1,344", by="A"),
        claim("1,344", by="B", chain=("?",)),
        claim("1,344", by="C", chain=("?",)),
    )
    assert origins(*claims) == [1, 1, 1]


def test_a_source_quoted_by_two_origins_makes_them_one():
    """C quotes A and B by different reports; with A alone beside it, one origin explains both."""
    claims = (
        claim("1,344", by="X", chain=("C", "A"), source="one"),
        claim("1,344", by="Y", chain=("C", "B"), source="two"),
        claim("1,344", by="Z", chain=("C",)),
        claim("1,344", by="A"),
    )
    assert origins(claims[2], claims[3]) == [2, 2]  # nothing is known of C beyond C itself
    assert origins(*claims)[0] == 2  # A and B
    assert origins(claims[0], claims[3]) == [1, 1]


def test_services_of_one_house_are_one_origin():
    rules = Rules(RULES.properties, (), read_rules().houses)
    assert origins(claim("1,344", by="Khovar"), claim("1,344", by="Tajik border service"), rules=rules) == [
        1,
        1,
    ]
    assert origins(claim("1,344", by="Radio Ozodi"), claim("1,344", by="RFE / RL"), rules=rules) == [1, 1]
    assert origins(claim("1,344", by="Khovar"), claim("1,344", by="Kabar"), rules=rules) == [2, 2]


def test_only_what_implies_a_claim_bears_it_out():
    precise, vague = claim("1,344", by="A"), claim("1,300", by="B")
    assert origins(precise, vague) == [1, 2]
    bound, counted = (
        claim(Interval(low=1_000.0), "persons", of="e/crossed", by="A"),
        claim("1,037", "persons", of="e/crossed", by="B"),
    )
    assert origins(bound, counted) == [2, 1]


def test_what_varies_is_borne_out_at_its_own_time_only():
    early = claim("20,000", "persons", of="line:a/reinforced", by="A", on="2021-07-05")
    late = claim("20,000", "persons", of="line:a/reinforced", by="B", on="2022-07-05")
    assert origins(early, late) == [1, 1]


def test_confirmed_takes_two_origins():
    alone = claim("1,344", by="A", credibility=1)
    echo = claim("1,344", by="B", chain=("A",), credibility=1)
    with pytest.raises(InputFaults, match="2 independent origins") as refused:
        admit(Register(), [alone, echo], RULES, DESK)
    assert [fault.row for fault in refused.value.faults] == [1, 2]
    with pytest.raises(InputFaults) as refused:  # the row of the table, those left out counted
        admit(Register(), [replace(alone, claim_id="row-7")], RULES, DESK)
    assert [fault.row for fault in refused.value.faults] == [7]
    other = claim("1,344", by="C")
    assert len(admit(Register(), [alone, echo, other], RULES, DESK)) == 3
    held = register(records(*made(other)))
    assert len(admit(held, [alone], RULES, DESK)) == 1  # what stands already counts
    assert unearned([alone, echo], RULES) != ()
    assert unearned([alone, echo, other], RULES) == ()
