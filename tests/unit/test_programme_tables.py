"""Programmes in tables: out and in again, and every fault of every row."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from zipfile import ZipFile

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.utils import get_column_letter

from sarhad.errors import InputFaults, NotWritten
from sarhad.io import programme_templates
from sarhad.io.equipment import read_equipment
from sarhad.io.placed import Band
from sarhad.io.programme_schema import ITEMS, MOVES
from sarhad.io.programme_tables import (
    Known,
    MoveLine,
    item_cells,
    move_cells,
    read_tables,
    with_places,
)
from sarhad.io.programme_templates import csv_text, notes, plan_rows, workbook_bytes, write_templates
from sarhad.io.whole import write_whole
from sarhad.model.asset import AlongLine, Asset, AtPoint, OverBand
from sarhad.model.plan import Plan, PlanItem
from sarhad.model.project import Settings
from small_programme import HERE, START, item, placed_item

LINE = {"measured_in": "km", "equipment_id": "seismic_line"}
UNPRICED = {"currency": "", "unit_cost": None}
ITEM_SET = (
    item("plain"),
    placed_item("tower-1", HERE, 3, planned={"delivered": date(2027, 1, 1)}, needed_by=date(2027, 6, 1)),
    placed_item(
        "fence-1", AlongLine(0.0, 12_500.0, -50.0), 12.5, measured_in="km", equipment_id="seismic_line"
    ),
    placed_item(
        "drone-1", OverBand(0.0, 5e4), 2, equipment_id="drone_fixed_wing", currency="", unit_cost=None
    ),
    item(
        "=1+1", 2, serials=("A-1", "A-2"), spares="2 years, belts; fuel", training="=crew of 4", terms="paid"
    ),
    item("free-days", inventory_days=0, site_id="post-7"),
)
MOVE_SET = (
    MoveLine("plain", "pledged", START, "Aria", quantity=10),
    MoveLine(
        "plain", "lost", START, "Aria", quantity=1, came_from="working", serials=("A", "B"), note="act 7"
    ),
    MoveLine("plain", "delivered", START, "Aria", forecast_date=date(2027, 1, 1)),
)
KNOWN = Known(Band(None, Settings(), read_equipment()), {"post-7": AtPoint(69.5, 38.5)})


def test_csv_gives_back_what_was_written(tmp_path: Path):
    (tmp_path / "items.csv").write_text(csv_text(ITEMS, [item_cells(one) for one in ITEM_SET[:-1]]))
    (tmp_path / "moves.csv").write_text(csv_text(MOVES, [move_cells(one) for one in MOVE_SET]))
    assert read_tables(tmp_path / "items.csv", KNOWN).items == ITEM_SET[:-1]
    found = read_tables(tmp_path / "moves.csv", KNOWN)
    assert (found.items, found.moves) == ((), MOVE_SET)
    assert found.move_rows == (("moves.csv", 1), ("moves.csv", 2), ("moves.csv", 3))


def test_a_workbook_gives_back_what_was_written(tmp_path: Path):
    path = tmp_path / "programme.xlsx"
    path.write_bytes(
        workbook_bytes([item_cells(one) for one in ITEM_SET[:-1]], [move_cells(one) for one in MOVE_SET])
    )
    found = read_tables(path, KNOWN)
    assert (found.items, found.moves) == (ITEM_SET[:-1], MOVE_SET)
    book = load_workbook(path)
    assert book.sheetnames == ["items", "moves", "notes"]
    assert all(cell.comment is not None for cell in book["items"][1])
    assert book["items"]["A6"].data_type == "s"  # "=1+1" is text, never a formula


def test_equal_items_give_equal_bytes():
    rows = [item_cells(one) for one in ITEM_SET]
    assert workbook_bytes(rows) == workbook_bytes(rows)


def test_a_site_gives_its_place(tmp_path: Path):
    path = tmp_path / "items.csv"
    path.write_text(csv_text(ITEMS, [item_cells(ITEM_SET[-1])]))
    (one,) = read_tables(path, KNOWN).items
    assert one.asset == Asset("free-days", "thermal_medium", AtPoint(69.5, 38.5), n=10, state="planned")
    assert with_places([ITEM_SET[-1]], KNOWN) == (one,)


def test_people_type_in_spreadsheets(tmp_path: Path):
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "items"
    sheet.append(["item_id", "equipment_id", "quantity", "donor", "recipient", "needed_by", "own column"])
    sheet.append([17, "radar_long", "4", "Aria", "Sarbaz", datetime(2027, 5, 1), "x"])
    sheet.append([None] * 7)
    book.save(tmp_path / "p.xlsx")
    (one,) = read_tables(tmp_path / "p.xlsx", KNOWN).items
    assert (one.item_id, one.quantity, one.needed_by) == ("17", 4.0, date(2027, 5, 1))


def test_times_become_utc(tmp_path: Path):
    rows = [
        {**move_cells(MOVE_SET[0]), "at": "2026-03-01T12:00+05:00"},
        {**move_cells(MOVE_SET[0]), "at": "2026-03-01"},
    ]
    (tmp_path / "m.csv").write_text(csv_text(MOVES, rows))
    assert [one.at for one in read_tables(tmp_path / "m.csv").moves] == [
        datetime(2026, 3, 1, 7, tzinfo=UTC),
        datetime(2026, 3, 1, tzinfo=UTC),
    ]


ITEM_FAULTS = {
    "quantity": ({"quantity": -1}, "quantity: expected a number in items or km, above 0, found -1"),
    "half": ({"quantity": 1.5}, "quantity must be a whole number"),
    "currency": ({"currency": ""}, "currency is missing"),
    "currency unknown": ({"currency": "RUR"}, "currency: expected one of"),
    "donor": ({"donor": ""}, "donor: expected text, found nothing"),
    "same": ({"donor": "Sarbaz"}, "donor and recipient must differ"),
    "type": ({"equipment_id": "thermal_mediun"}, "did you mean thermal_medium?"),
    "site": ({"site_id": "post-8"}, '"post-8" (did you mean post-7?)'),
    "measure": ({"measured_in": "km"}, "measured_in: expected items, as thermal_medium is, found km"),
    "day": ({"needed_by": "spring"}, 'needed_by: expected a day YYYY-MM-DD, found "spring"'),
    "planned": ({"planned_shipped": "1.2.2027"}, "planned_shipped: expected a day"),
    "point": ({"lon_deg": 69}, "both lon_deg and lat_deg"),
    "reach": ({"from_m": 0, "to_m": 5}, "it stands at a point"),
    "line at a point": (
        {"equipment_id": "seismic_line", "measured_in": "km", "lon_deg": 69, "lat_deg": 38},
        "it lies along the line",
    ),
    "line backwards": (
        {"equipment_id": "seismic_line", "measured_in": "km", "from_m": 9, "to_m": 5},
        "a chainage above the start",
    ),
    "half a line": (
        {"equipment_id": "seismic_line", "measured_in": "km", "from_m": 9},
        "both from_m and to_m",
    ),
    "terms": ({"terms": "lent"}, "one of free, paid"),
    "serials": ({"serials": "A A"}, "a serial stands twice"),
}


@pytest.mark.parametrize("name", ITEM_FAULTS)
@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_faults_of_items(name: str, form: str, tmp_path: Path):
    changes, words = ITEM_FAULTS[name]
    rows = [item_cells(item("sound")), {**item_cells(item("bad")), **changes}]
    path = tmp_path / f"items.{form}"
    path.write_bytes(csv_text(ITEMS, rows).encode() if form == "csv" else workbook_bytes(rows))
    with pytest.raises(InputFaults) as caught:
        read_tables(path, KNOWN)
    assert all(fault.row == 2 for fault in caught.value.faults)
    assert words in str(caught.value)


MOVE_FAULTS = {
    "state": ({"state": "sent"}, "state: expected one of needed, pledged"),
    "at": (
        {"at": "yesterday"},
        'at: expected a time YYYY-MM-DD, or YYYY-MM-DDThh:mm in UTC, found "yesterday"',
    ),
    "no time": ({"at": ""}, "at: expected text, found nothing"),
    "no quantity": ({"quantity": None}, "quantity: expected a number above 0, found nothing"),
    "no word": ({"quantity": "ten"}, 'quantity: expected a number in items or km, found "ten"'),
    "authority": ({"authority": ""}, "authority: expected text, found nothing"),
    "forecast": ({"basis": "forecast"}, "forecast_date: expected the day foreseen"),
}


@pytest.mark.parametrize("name", MOVE_FAULTS)
def test_faults_of_moves(name: str, tmp_path: Path):
    changes, words = MOVE_FAULTS[name]
    path = tmp_path / "moves.csv"
    path.write_text(csv_text(MOVES, [{**move_cells(MOVE_SET[0]), **changes}]))
    with pytest.raises(InputFaults) as caught:
        read_tables(path, KNOWN)
    assert words in str(caught.value)
    assert len(caught.value.faults) == 1


def test_all_faults_at_once(tmp_path: Path):
    rows = [{**item_cells(item("a")), **changes} for changes, _ in ITEM_FAULTS.values()]
    (tmp_path / "i.csv").write_text(csv_text(ITEMS, rows))
    with pytest.raises(InputFaults) as caught:
        read_tables(tmp_path / "i.csv", KNOWN)
    assert {fault.row for fault in caught.value.faults} == set(range(1, len(rows) + 1))


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.txt", b"", "a table .csv or .xlsx"),
        ("a.xlsx", b"not a zip", "a workbook .xlsx"),
        (
            "a.csv",
            b"item_id;equipment_id\na;b\n",
            "a.csv: expected commas between the cells, found semicolons",
        ),
        ("a.csv", b"\xff\xfe", "comma-separated text in UTF-8"),
    ],
)
def test_files_that_are_no_tables(name: str, content: bytes, words: str, tmp_path: Path):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputFaults, match=words):
        read_tables(tmp_path / name)


def test_a_workbook_without_the_sheets(tmp_path: Path):
    book = Workbook()
    book.save(tmp_path / "a.xlsx")
    with pytest.raises(InputFaults, match="a sheet named items or moves, found only Sheet"):
        read_tables(tmp_path / "a.xlsx")


def test_templates_are_written_once(tmp_path: Path):
    files = write_templates(tmp_path / "programme")
    names = ["items.csv", "moves.csv", "columns.csv", "programme.xlsx", "closures.csv", "crews.csv"]
    assert [file.name for file in files] == names
    assert read_tables(files[0]).items == read_tables(files[3]).items == ()
    assert write_templates(tmp_path / "programme") == files[:4], "nobody has touched them"
    filled = files[0].read_bytes() + b"radar-1\n"
    files[0].write_bytes(filled)
    with pytest.raises(InputFaults, match=r"no programme yet, found items\.csv"):
        write_templates(tmp_path / "programme")
    assert files[0].read_bytes() == filled
    assert len(notes()) == len(ITEMS.columns) + len(MOVES.columns)
    assert sorted(p.name for p in (tmp_path / "programme").iterdir()) == sorted(f.name for f in files)


@pytest.mark.parametrize("stopped_by", [NotWritten("full"), KeyboardInterrupt()])
def test_of_templates_that_cannot_all_be_written_none_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stopped_by: BaseException
):
    (tmp_path / "crews.csv").write_text("crew_id,title,n,source\nown,,2,\n")

    def write(path: Path, content: bytes) -> None:
        if path.name == "closures.csv":
            raise stopped_by
        write_whole(path, content)

    monkeypatch.setattr(programme_templates, "write_whole", write)
    with pytest.raises(type(stopped_by)):
        write_templates(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["crews.csv"]


def test_templates_that_were_there_stay_when_the_rest_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    write_templates(tmp_path)
    (tmp_path / "columns.csv").unlink()
    (tmp_path / "programme.xlsx").unlink()

    def write(path: Path, content: bytes) -> None:
        if path.name == "programme.xlsx":
            raise KeyboardInterrupt
        write_whole(path, content)

    monkeypatch.setattr(programme_templates, "write_whole", write)
    with pytest.raises(KeyboardInterrupt):
        write_templates(tmp_path)
    stay = ["closures.csv", "crews.csv", "items.csv", "moves.csv"]
    assert sorted(path.name for path in tmp_path.iterdir()) == stay


def test_a_plan_becomes_rows_that_ask_for_the_donor(tmp_path: Path):
    equipment = read_equipment()
    plan = Plan(
        (
            PlanItem(1, Asset("t-1", "thermal_medium", HERE, n=2), "site-1", 1.0, 0.0, 0.1),
            PlanItem(2, Asset("s-1", "seismic_line", AlongLine(0.0, 2_500.0)), "", 1.0, 0.0, 0.1),
        )
    )
    rows = plan_rows(plan, equipment)
    path = tmp_path / "items.csv"
    path.write_text(csv_text(ITEMS, rows))
    with pytest.raises(InputFaults) as caught:
        read_tables(path, replace(KNOWN, places={}))
    assert {(fault.row, fault.column) for fault in caught.value.faults} == {
        (1, "donor"), (1, "recipient"), (2, "donor"), (2, "recipient")
    }  # fmt: skip
    filled = [{**row, "donor": "Aria", "recipient": "Sarbaz"} for row in rows]
    path.write_text(csv_text(ITEMS, filled))
    one, two = read_tables(path, replace(KNOWN, places={})).items
    assert (one.quantity, one.unit_cost, one.asset) == (
        2, equipment["thermal_medium"].cost_usd, replace(plan.items[0].asset, state="planned")
    )  # fmt: skip
    assert (two.quantity, two.measured_in) == (2.5, "km")


def typed(path: Path, *cells: tuple[str, object], merge: str = "", title: str = "items") -> Path:
    """A workbook with two sound items, then cells as somebody typed them."""
    path.write_bytes(workbook_bytes([item_cells(item("a")), item_cells(item("b"))]))
    book = load_workbook(path)
    sheet = book["items"]
    for name, value in cells:
        sheet[name] = value
    if merge:
        sheet.merge_cells(merge)
    sheet.title = title
    book.save(path)
    return path


COLUMN = {column.name: get_column_letter(k) for k, column in enumerate(ITEMS.columns, 1)}


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("quantity", "=2*5", "row 2, quantity: expected .* found the formula =2\\*5, never calculated"),
        ("unit", "=A2", "row 2, unit: expected text, found the formula =A2, never calculated"),
        ("unit_cost", "#REF!", "row 2, unit_cost: expected .* found the error #REF!"),
        ("unit", "#N/A", "row 2, unit: expected text, found the error #N/A"),
        ("needed_by", "01.02.2027", 'row 2, needed_by: expected a day YYYY-MM-DD, found "01.02.2027"'),
        ("needed_by", 46054, 'row 2, needed_by: expected a day YYYY-MM-DD, found "46054"'),
        ("needed_by", datetime(2027, 5, 1, 12), "row 2, needed_by: expected a day"),
        ("serials", 17.5, "row 2, serials: expected a list of words, found 17.5"),
    ],
)
def test_what_a_cell_only_shows_is_a_fault(name: str, value: object, words: str, tmp_path: Path):
    path = typed(tmp_path / "p.xlsx", (f"{COLUMN[name]}3", value))
    with pytest.raises(InputFaults, match=words) as caught:
        read_tables(path, KNOWN)
    assert len(caught.value.faults) == 1


def test_a_formula_counts_as_the_value_that_was_saved_with_it(tmp_path: Path):
    path = typed(tmp_path / "p.xlsx", ("C3", "=2*5"))
    with ZipFile(path) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    assert b"<f>2*5</f><v />" in parts[sheet] or b"<f>2*5</f><v></v>" in parts[sheet]
    parts[sheet] = re.sub(rb"<f>2\*5</f><v ?/?>(</v>)?", b"<f>2*5</f><v>10</v>", parts[sheet])
    with ZipFile(path, "w") as new:
        for name, content in parts.items():
            new.writestr(name, content)
    assert [one.quantity for one in read_tables(path, KNOWN).items] == [10, 10]


def test_merged_cells_are_not_empty_ones(tmp_path: Path):
    unit = COLUMN["unit"]
    path = typed(tmp_path / "p.xlsx", merge=f"{unit}2:{unit}3")
    with pytest.raises(InputFaults, match="row 2, unit: expected text, found a cell merged with another"):
        read_tables(path, KNOWN)


def test_two_columns_of_one_name_are_a_fault(tmp_path: Path):
    path = typed(tmp_path / "p.xlsx", (f"{COLUMN['unit']}1", "quantity"))
    with pytest.raises(InputFaults, match="expected columns with different names, found quantity"):
        read_tables(path, KNOWN)


def test_sheets_of_one_s_own_stand_beside_the_tables(tmp_path: Path):
    assert len(read_tables(typed(tmp_path / "p.xlsx", title=" Items"), KNOWN).items) == 2
    with pytest.raises(InputFaults, match=r"\[Sheet2\]: expected the name items of a sheet with its columns"):
        read_tables(typed(tmp_path / "p.xlsx", title="Sheet2"), KNOWN)


def test_a_broken_workbook_is_a_fault_however_it_is_broken(tmp_path: Path):
    path = tmp_path / "p.xlsx"
    path.write_bytes(workbook_bytes([item_cells(item("a"))]))
    with ZipFile(path) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    refused = set()
    for broken, content in parts.items():
        with ZipFile(path, "w") as new:
            for name, whole in parts.items():
                new.writestr(name, content[: len(content) // 2] if name == broken else whole)
        try:
            read_tables(path, KNOWN)
        except InputFaults as error:
            refused.add(broken)
            assert "p.xlsx: expected a workbook .xlsx" in str(error)  # noqa: PT017
    assert refused >= {"xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/styles.xml"}
