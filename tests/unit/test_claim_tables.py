"""Claims as tables: every fault of every row, what is not confirmed stays out, rules that a ledger adds."""

from __future__ import annotations

import csv

import pytest

from claim_cases import EXAMPLE, example_gazetteer
from sarhad.errors import InputFaults
from sarhad.io.claim_files import weights_text, write_rows, write_whole
from sarhad.io.claim_rules import read_rules
from sarhad.io.claim_tables import CLAIMS, Desk, read_chain, read_claims
from sarhad.model.line import ChainageRange
from sarhad.model.measure import Number

GOOD = {
    "subject": "line:a",
    "property": "length",
    "value": "1,344",
    "unit": "km",
    "as_of": "2021-07",
    "publisher": "TASS",
    "published": "2021-07-08",
    "quoted_from": "CSTO > ?",
    "source": "https://example.org",
    "span": "1344 kilometers",
}


def read(tmp_path, *changes, gazetteer=True):
    header = [column.name for column in CLAIMS.columns]
    rows = [{**GOOD, **change} for change in changes]
    write_rows(tmp_path / "claims.csv", header, [[row.get(name, "") for name in header] for row in rows])
    desk = Desk(read_rules(), example_gazetteer() if gazetteer else None)
    return read_claims(tmp_path / "claims.csv", desk)


def test_a_row_becomes_a_claim(tmp_path):
    (one,) = read(tmp_path, {"place": "Hohon", "span_start": "17", "reliability": "B", "credibility": "3"})
    assert one.value == Number(1_344, 0.5)
    assert (one.as_of_days, one.as_of.day) == (31, 1)
    assert one.quoted_from == ("CSTO", "?")
    assert (one.span.start, one.span.end) == (17, 32)
    assert str(one.grade) == "B3"
    assert one.place.from_m == pytest.approx(424_200)


@pytest.mark.parametrize(
    ("change", "column", "expected"),
    [
        ({"property": "lenght"}, "property", "did you mean length"),
        ({"unit": "persons"}, "unit", "a unit of length"),
        ({"unit": "furlong"}, "unit", "one of"),
        ({"unit": ""}, "unit", "a unit of length"),
        ({"value": "many"}, "value", "a value that the unit can measure"),
        ({"as_of": "5 July"}, "as_of", "a date"),
        ({"published": "2021-02-30"}, "published", "a date"),
        ({"quoted_from": ""}, "quoted_from", "found nothing"),
        ({"quoted_from": "? > A"}, "quoted_from", "own, or a chain"),
        ({"quoted_from": "A > > B"}, "quoted_from", "own, or a chain"),
        ({"span": ""}, "span", "text"),
        ({"reliability": "G"}, "reliability", "one of"),
        ({"credibility": "7"}, "credibility", "at most 6"),
        ({"place": "Darwaz"}, "place", "afg-maimay"),
        ({"place": "Atlantis"}, "place", "a place that the gazetteer knows"),
        ({"km_from": "20", "km_to": "10"}, "km_to", "at least km_from"),
    ],
)
def test_a_fault_names_its_row_and_column(tmp_path, change, column, expected):
    with pytest.raises(InputFaults) as refused:
        read(tmp_path, {}, change)
    (fault,) = refused.value.faults
    assert (fault.row, fault.column) == (2, column)
    assert expected in str(fault)


def test_all_faults_come_together_and_nothing_else(tmp_path):
    with pytest.raises(InputFaults) as refused:
        read(tmp_path, {"value": "x", "as_of": "y"}, {"unit": "persons"}, {})
    assert {(fault.row, fault.column) for fault in refused.value.faults} == {
        (1, "value"),
        (1, "as_of"),
        (2, "unit"),
    }


def test_what_nobody_confirmed_stays_out_and_may_be_half_filled(tmp_path):
    claims = read(tmp_path, {"confirm": "no", "subject": "", "place": "Darwaz"}, {"confirm": "yes"}, {})
    assert len(claims) == 2


def test_names_need_a_project(tmp_path):
    with pytest.raises(InputFaults, match="no project to look names up in"):
        read(tmp_path, {"place": "Hohon"}, gazetteer=False)
    assert read(tmp_path, {"km_from": "10"}, gazetteer=False)[0].place.to_m == 10_000


def test_chains():
    assert read_chain("own") == ()
    assert read_chain("Pajhwok > AKIpress > ?") == ("Pajhwok", "AKIpress", "?")


def test_a_ledger_may_add_properties(tmp_path):
    (tmp_path / "claim_properties.csv").write_text("property,dimension,trend\nherds,events,varies\n")
    assert read_rules(tmp_path).properties["herds"].dimension == "events"
    (tmp_path / "claim_properties.csv").write_text("property,dimension,trend\nherds,sheep,varies\n")
    with pytest.raises(InputFaults, match=r"one of .*length"):
        read_rules(tmp_path)
    (tmp_path / "claim_properties.csv").unlink()
    (tmp_path / "claim_relations.csv").write_text("relation,whole,operation,left,right\nx,length,sum,a,b\n")
    with pytest.raises(InputFaults, match="a known property"):
        read_rules(tmp_path)


def test_weights_are_a_table_that_a_project_takes(tmp_path):
    from sarhad.io.placed import Band, read_weights
    from sarhad.io.vector import read_layer
    from sarhad.model.project import Settings

    ranges = [(ChainageRange("west", 0.0, 10_000.0), 1.5), (ChainageRange("east", 10_000.0, 20_000.0), 1.0)]
    write_whole(tmp_path / "weights.csv", weights_text(ranges))
    faults = []
    layer = read_layer(tmp_path / "weights.csv", "weights.csv", "", faults)
    found, weight_of = read_weights(layer, Band(None, Settings()), faults)
    assert faults == []
    assert found == tuple(one for one, _ in ranges)
    assert weight_of == {"west": 1.5, "east": 1.0}


def test_weights_never_reach_beyond_the_line():
    (end,) = weights_text([(ChainageRange("all", 0.0, 1_363_265.9997), 2.0)]).splitlines()[1:]
    assert end == "all,0.000,1363.265,2.0000"


def test_the_seed_table_has_no_fault_and_a_quotation_in_every_row():
    claims = read_claims(EXAMPLE / "claims.csv", Desk(read_rules(), example_gazetteer()))
    with (EXAMPLE / "claims.csv").open() as file:
        assert len(claims) == len(list(csv.DictReader(file))) >= 60
    assert all(len(claim.span.text.split()) <= 8 for claim in claims)  # words that state it, no passages
