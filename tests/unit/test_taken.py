"""Settings that a project takes from claims: asked for, worked out, filled in, refused where none stands."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from claim_cases import DESK, NOW, RULES, claim, made, records
from sarhad.errors import InputFaults
from sarhad.io.reading import sha256
from sarhad.io.taken import TAKEN_FILE, asked_of, read_asked, take, taken_by_results, write_taken
from sarhad.model.claim import Question
from sarhad.model.project import Taken
from sarhad.planning.claim_desk import desk_of
from sarhad.planning.claims import register, resolve, withdraw
from sarhad.planning.taken import outdated, retake

LENGTH = "line:a/length"
A, C = claim("1,344", by="IN"), claim("1,357", by="ANI")
TOML = """
[line]
file = "line.geojson"

[weights]
file = "weights.csv"

[budget]
crew_n = 10

[claims]
line.official_length_m = "line:a/length"
budget.money_usd = "programme:a/cost"
budget.stock.thermal_medium = "programme:a/cameras"
weights.about_at = 2021-07-10
"""
MONEY = Taken("budget.money_usd", "8000000", "usd", "programme:a/cost", ("R1",), ("C1", "C2"))
LONG = Taken("line.official_length_m", "1344000", "m", LENGTH, (), ("C3",))
STOCK = Taken("budget.stock.thermal_medium", "40", "items", "programme:a/cameras", (), ("C4",))


def asked(text: str):
    faults = []
    found = asked_of(tomllib.loads(text), faults)
    return found, faults


def filled(folder: Path, text: str, *taken: Taken):
    write_taken(folder, taken)
    faults, hashes = [], {}
    document, found = take(tomllib.loads(text), folder, hashes, faults)
    return document, found, hashes, faults


def weights(folder: Path) -> Taken:
    (folder / "weights.csv").write_text("name,km_from,km_to,weight\nx,0,1,2\n")
    source = asked(TOML)[0].source_of["weights.file"]
    return Taken("weights.file", sha256(folder / "weights.csv"), "", source, (), ("district:a b",))


def test_what_is_asked_for_has_the_unit_of_its_setting():
    found, faults = asked(TOML)
    assert faults == []
    assert [(one.name, one.unit, one.inputs) for one in found.settings] == [
        ("line.official_length_m", "m", (LENGTH,)),
        ("budget.money_usd", "usd", ("programme:a/cost",)),
        ("budget.stock.thermal_medium", "items", ("programme:a/cameras",)),
    ]
    how = found.weighing
    assert (how.file, how.about_at.isoformat()[:10], how.half_life_days) == (
        "weights.csv",
        "2021-07-10",
        90.0,
    )


@pytest.mark.parametrize(
    ("section", "expected"),
    [
        ("[claims]\nline.oficial_length_m = 'a/b'", "line.official_length_m"),
        ("[claims]\nsettings.cell_m = 'a/b'", "one of"),
        ("[claims]\nline.official_length_m = 1344", "subject/property"),
        ("[claims]\nweights.about_at = 2021-07-10", "[weights] with a .csv file"),
        ("[weights]\nfile = 'w.csv'\n[claims]\nweights.reach_m = 5", "about_at"),
        ("[weights]\nfile = 'w.csv'\n[claims]\nweights.about_at = 'July'", "a day"),
        ("claims = 3", "a section [claims]"),
    ],
)
def test_what_cannot_be_asked_for_is_a_fault(section, expected):
    _, faults = asked(section)
    assert any(expected in f"{fault.expected} {fault.found} {fault.column}" for fault in faults)


def test_values_stand_where_their_settings_do(tmp_path):
    document, found, hashes, faults = filled(tmp_path, TOML, MONEY, LONG, STOCK, weights(tmp_path))
    assert faults == []
    assert document["line"] == {"file": "line.geojson", "official_length_m": 1_344_000.0}
    assert document["budget"] == {"crew_n": 10, "money_usd": 8e6, "stock": {"thermal_medium": 40.0}}
    assert found == (MONEY, LONG, STOCK, weights(tmp_path))  # read back as they were written
    assert hashes == {TAKEN_FILE: sha256(tmp_path / TAKEN_FILE)}


def test_a_project_without_claims_is_left_alone(tmp_path):
    faults, hashes = [], {}
    document = {"line": {"file": "x"}}
    assert take(document, tmp_path, hashes, faults) == (document, ())
    assert (faults, hashes) == ([], {})


def test_no_project_goes_on_with_a_number_that_nobody_stands_for(tmp_path):
    whole = (MONEY, LONG, STOCK, weights(tmp_path))
    *_, faults = filled(tmp_path, TOML, *whole[1:])
    assert [(fault.column, fault.found) for fault in faults] == [("budget.money_usd", "nothing")]
    other = Taken("budget.money_usd", "8", "usd", "programme:b/cost")
    *_, faults = filled(tmp_path, TOML, other, *whole[1:])
    assert [(fault.column, fault.found) for fault in faults] == [("budget.money_usd", "programme:b/cost")]
    *_, faults = filled(tmp_path, TOML.replace("crew_n = 10", "money_usd = 5"), *whole)
    assert [fault.found for fault in faults] == ["both"]
    *_, faults = filled(tmp_path, TOML, *whole, Taken("budget.crew_n", "5", "persons", "x/y"))
    assert [fault.found for fault in faults] == ["budget.crew_n"]
    *_, faults = filled(
        tmp_path, TOML, Taken("budget.money_usd", "much", "usd", "programme:a/cost"), *whole[1:]
    )
    assert [fault.found for fault in faults] == ["much"]
    (tmp_path / "weights.csv").write_text("name,km_from,km_to,weight\nx,0,1,3\n")
    faults = []
    take(tomllib.loads(TOML), tmp_path, {}, faults)
    assert [fault.found for fault in faults if fault.column == "weights.file"] == ["another table"]


def desk(*statements):
    return desk_of(
        records(*statements), RULES, asked(f"[claims]\nline.official_length_m = '{LENGTH}'")[0].settings
    )


def chosen(one, k=1, **how):
    held = register(records(*made(A, C)))
    words = {"method": "claim", "rests_on": [one.claim_id], **how}
    return resolve(
        held, Question("line:a", "length"), reason="ours", speaker=DESK, statement_id=f"R{k}", **words
    )


def test_a_setting_is_what_is_resolved_and_none_while_the_question_is_open():
    statements = made(A, C)
    held = desk(*statements)
    (one,) = retake(held.register, held.settings, {}, RULES)
    assert (one.after, one.why, one.stale) == (None, "line:a/length is open", True)

    held = desk(*statements, chosen(A))
    (one,) = retake(held.register, held.settings, {}, RULES)
    assert one.after == Taken("line.official_length_m", "1344000", "m", LENGTH, ("R1",), (A.claim_id,))
    (again,) = retake(held.register, held.settings, {one.setting: one.after}, RULES)
    assert not again.stale

    gone = withdraw(held.register, A.claim_id, reason="x", speaker=DESK, ids=("W1", NOW))
    (after,) = retake(held.after(gone, NOW), held.settings, {one.setting: one.after}, RULES)
    assert (after.after, after.why, after.stale) == (None, "line:a/length is undermined", True)

    held = desk(*statements, chosen(A, method="hull", rests_on=[A.claim_id, C.claim_id]))
    (one,) = retake(held.register, held.settings, {}, RULES)
    assert one.after is None
    assert "a range" in one.why


def test_results_are_outdated_by_another_value_or_by_what_no_longer_stands():
    more = Taken(LONG.setting, LONG.value, "m", LENGTH, (), ("C3", "C9"))
    assert outdated([LONG], {LONG.setting: more}) == ()  # one more claim bears it out
    assert outdated([LONG, MONEY], {LONG.setting: LONG}) == (MONEY.setting,)
    assert outdated([more], {LONG.setting: LONG}) == (LONG.setting,)
    other = Taken(LONG.setting, "1357000", "m", LENGTH, (), ("C3",))
    assert outdated([LONG], {LONG.setting: other}) == (LONG.setting,)
    assert outdated(
        [MONEY], {MONEY.setting: Taken(*(MONEY.setting, "8000000", "usd", "x"), ("R2",), ("C1", "C2"))}
    )


def test_manifests_say_what_results_took(tmp_path):
    for name, rows in (("results", [LONG]), ("results/programme", []), (".old", [MONEY])):
        (tmp_path / name).mkdir(parents=True)
        body = [{field: getattr(one, field) for field in one.__slots__} for one in rows]
        (tmp_path / name / "manifest.json").write_text(json.dumps({"from_claims": body}))
    (tmp_path / "schedule").mkdir()
    (tmp_path / "schedule" / "manifest.json").write_text("{}")
    found = {name: used.taken for name, used in taken_by_results(tmp_path).items()}
    assert found == {"results": (LONG,), "results/programme": (), "schedule": ()}
    assert {used.command for used in taken_by_results(tmp_path).values()} == {()}
    (tmp_path / "schedule" / "manifest.json").write_text("{")
    with pytest.raises(InputFaults, match="a manifest"):
        taken_by_results(tmp_path)


def test_a_folder_that_is_no_project_is_refused(tmp_path):
    with pytest.raises(InputFaults, match=r"project\.toml"):
        read_asked(tmp_path)
