"""ACLED's columns in and out: what is kept comes back, names of actors never come in."""

from __future__ import annotations

import csv

import pytest

from claim_cases import DESK, example_line, records
from sarhad.errors import InputFaults
from sarhad.io.acled import KEPT, read_acled, read_incident_kinds, write_acled
from sarhad.planning.claims import hashed_ulid
from sarhad.planning.threat import incidents, report

ROW = {
    "event_id_cnty": "AFG1",
    "event_date": "2021-07-04",
    "year": "2021",
    "time_precision": "1",
    "disorder_type": "Political violence",
    "event_type": "Battles",
    "sub_event_type": "Non-state actor overtakes territory",
    "actor1": "A group",
    "assoc_actor_1": "",
    "inter1": "Rebel group",
    "actor2": "Another",
    "assoc_actor_2": "",
    "inter2": "State forces",
    "interaction": "State forces-Rebel group",
    "civilian_targeting": "",
    "iso": "4",
    "region": "Caucasus and Central Asia",
    "country": "Afghanistan",
    "admin1": "Badakhshan",
    "admin2": "Khwahan",
    "admin3": "",
    "location": "Khwahan",
    "latitude": "37.8906",
    "longitude": "70.2053",
    "geo_precision": "2",
    "source": "Khovar; Reuters",
    "source_scale": "National",
    "notes": "Words that may name a person.",
    "fatalities": "3",
    "tags": "",
    "timestamp": "1626000000",
}


def write(path, *rows):
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def read(tmp_path, *rows, keep_notes=False):
    path = write(tmp_path / "events.csv", *rows)
    return read_acled(path, example_line(), read_incident_kinds(), keep_notes=keep_notes)


def test_kept_columns_come_back_through_the_ledger(tmp_path):
    other = {**ROW, "event_id_cnty": "AFG2", "sub_event_type": "Armed clash", "fatalities": "0"}
    found = read(tmp_path, ROW, other)
    statements = [
        report(one, DESK, hashed_ulid(one.happened_at, one.incident_id.encode())) for one in found.incidents
    ]
    again = incidents(records(*statements))
    write_acled(tmp_path / "out.csv", again, read_incident_kinds())
    with (tmp_path / "out.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert rows == [{name: row[name] for name in KEPT} for row in (ROW, other)]


def test_names_of_actors_and_notes_stay_out_and_are_reported(tmp_path):
    found = read(tmp_path, {**ROW, "herd": "12"})
    assert found.left_out == ("actor1", "assoc_actor_1", "actor2", "assoc_actor_2", "notes")
    assert found.unknown == ("herd",)
    text = repr(found.incidents)
    assert not any(word in text for word in ("A group", "Another", "person", "herd"))
    kept = read(tmp_path, ROW, keep_notes=True)
    assert kept.incidents[0].columns["notes"] == ROW["notes"]
    assert "notes" not in kept.left_out


def test_an_event_lies_where_its_point_and_precision_say(tmp_path):
    (one,) = read(tmp_path, ROW).incidents
    assert one.kind == "district_taken"
    assert one.place.to_m - one.place.from_m == pytest.approx(20_000)
    assert 424_200 < (one.place.from_m + one.place.to_m) / 2 < 483_000  # opposite its own district
    far = read(tmp_path, {**ROW, "latitude": "34.5", "longitude": "69.2"})
    assert far.incidents[0].place is None
    assert far.off_line == ("AFG1",)


def test_older_files(tmp_path):
    old = {**ROW, "event_date": "04 July 2021", "inter1": "2", "inter2": "1"}
    new = {**ROW}
    assert read(tmp_path, old).incidents == read(tmp_path, new).incidents


@pytest.mark.parametrize(
    ("change", "column"),
    [
        ({"event_date": "04/07/2021"}, "event_date"),
        ({"event_type": "Battle"}, "event_type"),
        ({"sub_event_type": "Armed clashes"}, "sub_event_type"),
        ({"latitude": "north"}, "latitude"),
        ({"latitude": "97"}, "latitude"),
        ({"fatalities": "-1"}, "fatalities"),
        ({"inter1": "A named person"}, "inter1"),
        ({"geo_precision": "4"}, "geo_precision"),
        ({"event_id_cnty": ""}, "event_id_cnty"),
    ],
)
def test_faults(tmp_path, change, column):
    with pytest.raises(InputFaults) as refused:
        read(tmp_path, {**ROW, "event_id_cnty": "AFG0"}, {**ROW, **change})
    assert {(fault.row, fault.column) for fault in refused.value.faults} == {(2, column)}


def test_an_id_that_repeats(tmp_path):
    with pytest.raises(InputFaults, match="an id that no other row has"):
        read(tmp_path, ROW, ROW)


def test_every_pair_of_types_of_a_kind_is_one():
    kinds = read_incident_kinds()
    pairs = [(one.event_type, one.sub_event_type) for one in kinds.values() if one.event_type]
    assert len(pairs) == len(set(pairs)) == 25  # ACLED's sub-event types
