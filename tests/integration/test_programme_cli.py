"""`sarhad programme` on a real ledger: what two parties say of an item, from templates to reports."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from openpyxl import load_workbook
from typer.testing import CliRunner
from ulid import ULID

from sarhad.errors import InputFaults, LedgerInUse, NotTrusted, UnknownName
from sarhad.interfaces.cli.app import app
from sarhad.interfaces.programme_record import ALWAYS as EVER
from sarhad.interfaces.programme_record import read_statements
from sarhad.io.iati import read_iati
from sarhad.io.ocds import read_ocds
from sarhad.io.plans import plan_as_dict
from sarhad.io.programme_schema import ITEMS, MOVES
from sarhad.io.programme_tables import item_cells, read_tables
from sarhad.io.programme_templates import csv_text
from sarhad.ledger import registers, tables
from sarhad.ledger.ledger import open_ledger
from sarhad.ledger.signing import read_private_key, sign
from sarhad.model.asset import Asset
from sarhad.model.plan import Plan, PlanItem
from sarhad.model.record import CONFIRMED, Statement
from small_programme import DONOR, HERE, LATE, RECIPIENT, item, placed_item

Say = Callable[..., object]


def run(*words: object) -> str:
    """Run a command in this process; errors of Sarhad are raised."""
    done = CliRunner().invoke(app, [*map(str, words)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def say(folder: Path, *words: object) -> dict:
    return json.loads(run("programme", words[0], folder, *words[1:], "--json"))


ITEM_ROWS = [
    item_cells(placed_item("cam-1", HERE, 4, planned={"delivered": LATE.date()})),
    item_cells(item("cam-2", 2, currency="EUR")),
]
NESTED = ("mtbf_days", "mttr_days")
STEPS = ("pledged", "approved", "contracted", "produced", "shipped", "delivered")


def move_rows(item_id: str, quantity: float) -> list[dict]:
    return [
        {"item_id": item_id, "state": state, "at": f"2026-01-0{k}", "quantity": quantity, "authority": DONOR}
        for k, state in enumerate(STEPS, 1)
    ]


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger with two items delivered, and keys of both parties beside it; to be left as it is."""
    tmp_path = tmp_path_factory.mktemp("programme")
    folder = tmp_path / "border"
    run("programme", "init", folder)
    for name in (DONOR, RECIPIENT):
        made = json.loads(run("ledger", "key", "new", name, "--out", tmp_path / f"{name}.pem", "--json"))
        run("ledger", "key", "trust", name, made["public_key"], folder)
    items, moves = folder / "programme" / "items.csv", folder / "programme" / "moves.csv"
    items.write_text(csv_text(ITEMS, ITEM_ROWS))
    moves.write_text(csv_text(MOVES, [*move_rows("cam-1", 4), *move_rows("cam-2", 2)]))
    found = say(folder, "import", items, moves)
    assert (found["n_items"], found["n_moves"], found["n_recorded"], found["n_known"]) == (2, 12, 14, 0)
    return folder


@pytest.fixture
def folder(begun: Path, tmp_path: Path) -> Path:
    """A copy of it, to say things in."""
    shutil.copytree(begun.parent, tmp_path, dirs_exist_ok=True)
    return tmp_path / "border"


def signed(folder: Path, name: str) -> tuple[object, ...]:
    return ("--authority", name, "--key", folder.parent / f"{name}.pem")


def at(folder: Path, *words: object) -> dict[str, dict]:
    return {one["item_id"]: one["at"] for one in say(folder, "status", *words)["items"]}


def test_importing_twice_records_once(begun: Path):
    files = [begun / "programme" / name for name in ("items.csv", "moves.csv")]
    assert say(begun, "import", *files)["n_recorded"] == 0


def test_a_joint_act_and_what_follows(folder: Path):
    act = say(folder, "record", "cam-1", "accepted", "-n", 3, *signed(folder, RECIPIENT))
    assert at(folder)["cam-1"] == {"delivered": 4}
    with pytest.raises(InputFaults, match=r"cam-1\], installed: quantity: .*3 await the second signature"):
        say(folder, "record", "cam-1", "installed", "-n", 3, "--authority", RECIPIENT)
    with pytest.raises(InputFaults, match="expected Aria, the other party"):
        say(folder, "confirm", act["statement_id"], *signed(folder, RECIPIENT))
    say(folder, "confirm", act["statement_id"], *signed(folder, DONOR))
    for state in ("installed", "trained", "working"):
        say(folder, "record", "cam-1", state, "-n", 3, "--authority", RECIPIENT)
    assert at(folder)["cam-1"] == {"delivered": 1, "working": 3}
    say(folder, "record", "cam-1", "down", "-n", 1, "--authority", RECIPIENT)
    say(folder, "record", "cam-1", "delivered", "--forecast", "2030-01-01", "--authority", DONOR)
    assert act["statement_id"] not in run("programme", "status", folder)
    assert json.loads(run("ledger", "verify", folder, "--json"))["sound"] is True


def test_contested_is_disputed(folder: Path):
    act = say(folder, "record", "cam-1", "accepted", "-n", 4, *signed(folder, RECIPIENT))
    say(folder, "contest", act["statement_id"], "-n", 1, "--reason", "three only", *signed(folder, DONOR))
    (one,) = (one for one in say(folder, "status")["items"] if one["item_id"] == "cam-1")
    assert (one["disputed"], one["acts"]) == ({"delivered": 1}, {act["statement_id"]: 3})
    assert act["statement_id"] in run("programme", "status", folder)


def test_a_contest_is_withdrawn_by_who_signed_it(folder: Path):
    act = say(folder, "record", "cam-1", "accepted", "-n", 4, *signed(folder, RECIPIENT))["statement_id"]
    contest = say(folder, "contest", act, "--reason", "three only", *signed(folder, DONOR))["statement_id"]
    words = ("withdraw", contest, "--reason", "counted again", "--authority")
    with pytest.raises(NotTrusted, match="needs a signature"):
        say(folder, *words, DONOR)
    with pytest.raises(NotTrusted, match="contest it instead"):
        say(folder, *words, RECIPIENT)
    assert at(folder)["cam-1"] == {}
    say(folder, "withdraw", contest, "--reason", "counted again", *signed(folder, DONOR))
    assert at(folder)["cam-1"] == {"delivered": 4}
    say(folder, "confirm", act, *signed(folder, DONOR))
    shipped = move_id(folder, "cam-1", "shipped")
    with pytest.raises(InputFaults, match="accepted: quantity: expected at most 0"):
        say(folder, "withdraw", shipped, "--reason", "never sent", "--authority", DONOR)
    assert at(folder)["cam-1"] == {"accepted": 4}


def move_id(folder: Path, item_id: str, state: str) -> str:
    """The id of the statement that an item reached a state."""
    found = read_statements(folder, EVER, EVER)
    return next(
        one.statement_id for one in found if one.subject_id == item_id and one.kind.endswith(f".{state}")
    )


def test_what_was_accepted_long_ago_is_told_with_its_dates(folder: Path):
    """An acceptance counts from its second signature: whoever brings in old acts says when that was."""
    acts = [
        say(folder, "record", item_id, "accepted", "-n", 2, "--at", "2026-01-10", *signed(folder, RECIPIENT))
        for item_id in ("cam-1", "cam-2")
    ]
    ids = [one["statement_id"] for one in acts]
    with pytest.raises(InputFaults, match="subject_id: expected a recorded statement, found nothing"):
        say(folder, "confirm", *ids, "nothing", *signed(folder, DONOR))
    assert at(folder)["cam-2"] == {"delivered": 2}
    found = say(folder, "confirm", *ids, ids[0], "--at", "2026-01-11", *signed(folder, DONOR))
    assert [one["subject_id"] for one in found["recorded"]] == ids
    say(folder, "record", "cam-2", "installed", "-n", 2, "--at", "2026-01-12T15:00", "--authority", RECIPIENT)
    assert at(folder, "--as-of", "2026-01-11")["cam-2"] == {"accepted": 2}
    assert at(folder, "--as-of", "2026-01-12")["cam-2"] == {"installed": 2}


def test_wrong_and_unknown_keys_record_nothing(folder: Path, tmp_path: Path):
    words = ("record", "cam-1", "accepted", "-n", 4, "--authority", RECIPIENT, "--key")
    with pytest.raises(NotTrusted, match="does not fit any key of Sarbaz"):
        say(folder, *words, tmp_path / f"{DONOR}.pem")
    run("ledger", "key", "new", "Mizan", "--out", tmp_path / "Mizan.pem")
    mizan = ("--authority", "Mizan", "--key", tmp_path / "Mizan.pem")
    act = say(folder, *words, tmp_path / f"{RECIPIENT}.pem")["statement_id"]
    with pytest.raises(NotTrusted, match="no known key"):
        say(folder, "contest", act, "--reason", "none came", *mizan)
    with pytest.raises(InputFaults, match="private key"):
        say(folder, *words, tmp_path / "no.pem")
    with pytest.raises(InputFaults, match="the authority whose key it is"):
        say(folder, "import", folder / "programme" / "moves.csv", "--key", tmp_path / f"{DONOR}.pem")
    (one,) = (one for one in say(folder, "status")["items"] if one["item_id"] == "cam-1")
    assert (one["at"], one["acts"], one["disputed"]) == ({"delivered": 4}, {act: 4}, {})


def test_a_key_signs_its_own_authority_s_rows_alone(folder: Path):
    row = {"item_id": "cam-1", "at": "2026-01-10", "quantity": 1}
    rows = [{**row, "state": "pledged", "authority": DONOR}, {**row, "state": "lost", "authority": RECIPIENT}]
    (folder / "m.csv").write_text(csv_text(MOVES, [rows[0], {**rows[1], "came_from": "delivered"}]))
    say(folder, "import", folder / "m.csv", *signed(folder, RECIPIENT))
    said = [one for one in read_statements(folder, EVER, EVER) if one.happened_at.day == 10]
    assert {one.authority: bool(one.signature) for one in said} == {DONOR: False, RECIPIENT: True}


def test_a_second_writer_is_told_and_records_nothing(folder: Path):
    rows = [{**row, "authority": "Other"} for row in move_rows("cam-1", 1)[:1]]
    (folder / "m.csv").write_text(csv_text(MOVES, rows))
    with open_ledger(folder, now=lambda: datetime.now(UTC)):
        for words in (
            ("record", "cam-1", "pledged", "-n", 1, "--authority", DONOR),
            ("import", folder / "m.csv"),
            ("confirm", move_id(folder, "cam-1", "pledged"), *signed(folder, RECIPIENT)),
        ):
            with pytest.raises(LedgerInUse, match="one may at a time"):
                say(folder, *words)
        assert at(folder)["cam-1"] == {"delivered": 4}  # readers wait for nobody


def test_other_registers_are_not_read(folder: Path, monkeypatch: pytest.MonkeyPatch):
    """However much else the ledger holds, a word on the programme costs what the programme holds."""
    post = [
        Statement(str(ULID()), "asset.state", "post", datetime.now(UTC), DONOR, "test") for _ in range(500)
    ]
    word = Statement(str(ULID()), CONFIRMED, post[0].statement_id, datetime.now(UTC), RECIPIENT, "test")
    with open_ledger(folder, now=lambda: datetime.now(UTC)) as ledger:
        ledger.record([*post, sign(word, read_private_key(folder.parent / f"{RECIPIENT}.pem"))])
    read = []
    keep = tables.record_of
    monkeypatch.setattr(registers, "record_of", lambda values: read.append(1) or keep(values))
    say(folder, "record", "cam-1", "pledged", "-n", 1, "--authority", DONOR)
    assert len(read) == 14
    say(folder, "status")
    assert len(read) == 14 + 15


def test_any_day_as_believed_on_any_day(begun: Path):
    assert at(begun, "--as-of", "2026-01-02")["cam-1"] == {"approved": 4}
    assert at(begun, "--as-of", "2026-01-02T12:00")["cam-1"] == {"approved": 4}
    assert at(begun, "--believed", "2026-01-02") == {}


def test_reports(begun: Path):
    found = say(begun, "report", "--rate", "EUR=2")
    assert {(row["currency"], row["received"]) for row in found["money"]} == {
        ("USD", 240_000),
        ("EUR", 120_000),
    }
    assert [(row["currency"], row["received"]) for row in found["money_summed"]] == [("USD", 480_000)]
    assert found["donors"][0]["received"] == 6
    text = run("programme", "report", begun)
    assert "Pledge against delivery" in text
    with pytest.raises(InputFaults, match="CURRENCY=RATE"):
        say(begun, "report", "--rate", "EUR=0")
    with pytest.raises(InputFaults, match="a rate above 0 in USD for EUR"):
        say(begun, "report", "--rate", "GBP=2")


def test_every_form_goes_out_and_comes_back(begun: Path, tmp_path: Path):
    who = ("--publisher", "Border office", "--reporting-org", "XM-TEST", "--country", "TJ")
    for name in ("out.xlsx", "items.csv", "moves.csv", "out.json", "out.xml"):
        say(begun, "export", tmp_path / name, *who)
    items = read_tables(tmp_path / "out.xlsx").items
    assert [one.item_id for one in items] == ["cam-1", "cam-2"]
    assert read_tables(tmp_path / "items.csv").items == items
    assert read_ocds(tmp_path / "out.json") == read_iati(tmp_path / "out.xml") == items
    assert len(read_tables(tmp_path / "moves.csv").moves) == 12
    say(begun, "export", tmp_path / "items.csv", "--believed", "2026-01-02")
    assert read_tables(tmp_path / "items.csv").items == ()
    for name in ("out.json", "out.xml", "out.xlsx"):
        other = tmp_path / name.replace(".", "-")
        run("programme", "init", other)
        assert say(other, "import", tmp_path / name)["n_items"] == 2


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"site_id": "post-9"}, 'row 2, site_id: expected a site, post or team .* found "post-9"'),
        ({"equipment_id": "ray_gun"}, 'row 2, equipment_id: expected a known equipment_id, found "ray_gun"'),
        ({"measured_in": "km"}, "row 2, measured_in: expected items, as thermal_medium is, found km"),
        ({"unit_cost": -1}, "row 2, tender: .* unit_cost must not be negative"),
        ({"currency": ""}, "row 2, tender: .* currency is missing"),
    ],
)
def test_what_tables_refuse_other_forms_do_not_bring_in(
    begun: Path, changes: dict, words: str, tmp_path: Path
):
    file = tmp_path / "out.json"
    say(begun, "export", file, "--publisher", "Border office")
    package = json.loads(file.read_text())
    package["records"][1]["compiledRelease"]["tender"]["items"][0]["sarhad"] |= changes
    file.write_text(json.dumps(package))
    with pytest.raises(InputFaults, match=words) as caught:
        say(begun, "import", file)
    assert len(caught.value.faults) == 1


def test_all_faults_of_all_files_and_nothing_is_recorded(begun: Path, tmp_path: Path):
    (tmp_path / "i.csv").write_text(csv_text(ITEMS, [{**ITEM_ROWS[0], "item_id": "x", "currency": ""}]))
    (tmp_path / "m.csv").write_text(csv_text(MOVES, [{**move_rows("cam-1", 1)[0], "state": "sent"}]))
    with pytest.raises(InputFaults) as caught:
        say(begun, "import", tmp_path / "i.csv", tmp_path / "m.csv")
    assert {fault.file for fault in caught.value.faults} == {"i.csv", "m.csv"}
    rows = [{**one, "quantity": 99} for one in move_rows("cam-1", 1)[4:]]
    (tmp_path / "m.csv").write_text(csv_text(MOVES, [*move_rows("cam-2", 1)[:1], *rows]))
    before = at(begun)
    with pytest.raises(InputFaults) as caught:
        say(begun, "import", tmp_path / "m.csv")
    assert {(fault.file, fault.row) for fault in caught.value.faults} >= {("m.csv", 2)}
    assert at(begun) == before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("record", "cam-9", "pledged", "-n", 1, "--authority", DONOR), "described before, found cam-9$"),
        (
            ("record", "cam-1", "pledged", "-n", 1, "--authority", DONOR, "--at", "2025-07-01"),
            "described before, found cam-1, which is described from 2026-01-01",
        ),
        (("record", "cam-1", "sent", "-n", 1, "--authority", DONOR), "STATE"),
        (("record", "cam-1", "pledged", "-n", -1, "--authority", DONOR), "above 0 and below .* found -1"),
        (("record", "cam-1", "delivered", "-n", 1, "--authority", DONOR), "at most 0"),
        (("record", "cam-1", "pledged", "-n", 1, "--authority", DONOR, "--at", "soon"), "--at"),
        (("record", "cam-1", "pledged", "-n", 1, "--authority", DONOR, "--at", "2199-01-01"), "up to"),
        (("record", "cam-1", "accepted", "-n", 1, "--authority", RECIPIENT), "signed by donor or"),
        (("export", "a.doc"), "ends in .xlsx"),
        (("export", "a.xml"), "--publisher"),
        (("export", "a.xml", "--publisher", "x"), "--reporting-org"),
        (("export", "a.xml", "--publisher", "x", "--reporting-org", "y"), "--country.*found nothing"),
        (("export", "a.xml", "--publisher", "x", "--reporting-org", "y", "--country", "Tj"), "two capital"),
        (("status", "--as-of", "soon"), "--as-of"),
        (("init",), "no programme yet"),
    ],
)
def test_what_is_refused(begun: Path, words: tuple, said: str):
    with pytest.raises(InputFaults, match=said):
        say(begun, *words)


def test_a_word_on_nothing_is_refused(begun: Path):
    with pytest.raises(InputFaults, match="subject_id: expected a recorded statement, found nothing"):
        say(begun, "confirm", "nothing", *signed(begun, DONOR))


def test_without_a_ledger_there_is_a_clear_word(tmp_path: Path):
    with pytest.raises(UnknownName, match="there is no ledger"):
        say(tmp_path, "status")


def test_templates_from_a_plan(tmp_path: Path):
    plan = Plan((PlanItem(1, Asset("t-1", "thermal_medium", HERE, n=2), "site-1", 1.0, 0.0, 0.1),))
    (tmp_path / "plan.json").write_text(json.dumps({"items": plan_as_dict(plan)}))
    found = say(tmp_path / "new", "init", "--plan", tmp_path / "plan.json")
    assert found["n_items"] == 1
    sheet = load_workbook(tmp_path / "new" / "programme" / "programme.xlsx")["items"]
    assert [sheet["A2"].value, sheet["C2"].value, sheet["E2"].value] == ["t-1", 2, None]
    strange = json.loads((tmp_path / "plan.json").read_text().replace("thermal_medium", "ray_gun"))
    (tmp_path / "plan.json").write_text(json.dumps(strange))
    with pytest.raises(UnknownName, match="no equipment is named ray_gun"):
        say(tmp_path / "other", "init", "--plan", tmp_path / "plan.json")


def test_reports_as_files(folder: Path, tmp_path: Path):
    act = say(folder, "record", "cam-1", "accepted", "-n", 4, *signed(folder, RECIPIENT))
    say(folder, "confirm", act["statement_id"], *signed(folder, DONOR))
    for state in ("installed", "trained", "working"):
        say(folder, "record", "cam-1", state, "-n", 4, "--authority", RECIPIENT)
    for _ in range(3):
        for state in ("down", "repaired"):
            say(folder, "record", "cam-1", state, "-n", 1, "--authority", RECIPIENT)
    found = say(folder, "report", "--rate", "EUR=2", "--to", tmp_path / "out")
    assert json.loads((tmp_path / "out" / "report.json").read_text()) == found
    for name in ("donors", "late", "availability", "inventory", "money", "money_summed"):
        with (tmp_path / "out" / f"{name}.csv").open() as file:
            rows = list(csv.DictReader(file))
        assert len(rows) == len(found[name])
        for row, value in zip(rows, found[name], strict=True):
            assert all(row[k] == ("" if v is None else str(v)) for k, v in value.items() if k not in NESTED)
    with (tmp_path / "out" / "availability.csv").open() as file:
        (row,) = csv.DictReader(file)
    mean, low, high = found["availability"][0]["mtbf_days"]
    assert [float(row[f"mtbf_days{end}"]) for end in ("_low", "", "_high")] == [low, mean, high]
    text = run("programme", "report", folder, "--to", tmp_path / "out")
    assert str(tmp_path / "out") in text.replace("\n", "")
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputFaults, match="can be written"):
        say(folder, "report", "--to", tmp_path / "file")


def test_late_on_the_screen_is_what_each_item_waits_for(begun: Path):
    rows = say(begun, "report", "--as-of", "2026-01-03")["late"]
    text = run("programme", "report", begun, "--as-of", "2026-01-03")
    assert text.count("cam-1") <= len(rows)
    assert f"{len(rows)} late" in text
