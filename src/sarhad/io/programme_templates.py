"""Templates of a programme: tables to fill in, as CSV and as one workbook, with a note on every column.

    items.csv, moves.csv     the tables; columns.csv says what belongs in each column
    programme.xlsx           the same tables as sheets; notes on the heads of the columns and on a sheet
    closures.csv, crews.csv  what the schedule rests on; kept as they are where they are there already

Equal items give equal bytes: no clock goes into the files.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from sarhad.errors import InputFaults
from sarhad.io.programme_schema import ITEMS, MOVES
from sarhad.io.programme_tables import place_cells
from sarhad.io.schedule_basis import CLOSURES, CREWS
from sarhad.io.tables import Column, Schema
from sarhad.io.whole import write_whole
from sarhad.model.asset import AlongLine
from sarhad.model.equipment import EquipmentType
from sarhad.model.plan import Plan

NOTES = ("table", "column", "required", "unit", "expected", "meaning")
_EPOCH = (1980, 1, 1, 0, 0, 0)
_CLOCK = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")

Cells = Mapping[str, Any]


def plan_rows(plan: Plan, equipment: Mapping[str, EquipmentType]) -> tuple[dict[str, Any], ...]:
    """Return a row of the items per purchase of a plan; who gives and who takes is left to fill in."""
    rows: list[dict[str, Any]] = []
    for item in plan.items:
        asset, where = item.asset, item.asset.place
        along = isinstance(where, AlongLine)
        quantity = round((where.to_m - where.from_m) / 1000, 3) if isinstance(where, AlongLine) else asset.n
        rows.append(
            {
                "item_id": asset.asset_id,
                "equipment_id": asset.equipment_id,
                "quantity": quantity,
                "measured_in": "km" if along else "items",
                "unit_cost": equipment[asset.equipment_id].cost_usd,
                "currency": "USD",
                "site_id": item.site_id if not along else "",
                **place_cells(asset),
            }
        )
    return tuple(rows)


def csv_text(schema: Schema, rows: Iterable[Cells]) -> str:
    """Return a table as CSV, empty where a row says nothing."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    names = [column.name for column in schema.columns]
    writer.writerow(names)
    writer.writerows([_plain(row.get(name)) for name in names] for row in rows)
    return out.getvalue()


def notes(schemas: Iterable[Schema] = (ITEMS, MOVES)) -> tuple[tuple[str, ...], ...]:
    """Return a row of notes per column of tables."""
    return tuple(
        (schema.title, one.name, "yes" if one.required else "no", one.unit, _expected(one), one.note)
        for schema in schemas
        for one in schema.columns
    )


def _expected(column: Column) -> str:
    if len(column.choices) > 20:
        return f"one of {len(column.choices)} known words"
    return column.expected


def workbook_bytes(items: Sequence[Cells] = (), moves: Sequence[Cells] = ()) -> bytes:
    """Return both tables and the notes as one workbook."""
    from openpyxl import Workbook
    from openpyxl.comments import Comment
    from openpyxl.styles import Font

    book = Workbook()
    book.remove(book.active)  # type: ignore[arg-type]
    for schema, rows in ((ITEMS, items), (MOVES, moves)):
        sheet = book.create_sheet(schema.title)
        sheet.freeze_panes = "B2"
        for k, column in enumerate(schema.columns, 1):
            head = sheet.cell(1, k, column.name)
            head.font = Font(bold=column.required)
            head.comment = Comment(f"{column.note}\n{_expected(column)}", "Sarhad")
            for row, cells in enumerate(rows, 2):
                _put(sheet.cell(row, k), cells.get(column.name))
    sheet = book.create_sheet("notes")
    for row, line in enumerate((NOTES, *notes()), 1):
        for k, text in enumerate(line, 1):
            sheet.cell(row, k, text)
    out = io.BytesIO()
    book.save(out)
    return _without_clock(out.getvalue())


def _put(cell: Any, value: object) -> None:
    value = _plain(value)
    if value == "":
        return
    cell.value = value
    if isinstance(value, str):
        cell.data_type = "s"  # never a formula


def _plain(value: object) -> object:
    if value is None:
        return ""
    if isinstance(value, float) and value == int(value):
        return int(value)
    return value


def _without_clock(book: bytes) -> bytes:
    """Return a workbook with fixed dates inside, so that equal tables are equal files."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            inner = old.read(name)
            if name == "docProps/core.xml":
                inner = _CLOCK.sub(b"1980-01-01T00:00:00Z", inner)
            new.writestr(zipfile.ZipInfo(name, _EPOCH), inner, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def write_templates(folder: Path, rows: Sequence[Cells] = ()) -> tuple[Path, ...]:
    """Write all templates into a folder that has no programme yet, all or none; return the files.

    Raises InputFaults where one is there already: what people filled in is never written over. Tables of
    closures and crews that are there stay as they are; a template that nobody has touched may be there, as
    after a loss of power on the way. Raises NotWritten where the disk takes no more.
    """
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows((NOTES, *notes((ITEMS, MOVES, CLOSURES, CREWS))))
    files: dict[str, bytes] = {
        "items.csv": csv_text(ITEMS, rows).encode(),
        "moves.csv": csv_text(MOVES, ()).encode(),
        "columns.csv": text.getvalue().encode(),
        "programme.xlsx": workbook_bytes(rows),
    }
    there = [name for name, content in files.items() if _differs(folder / name, content)]
    if there:
        raise InputFaults.one(str(folder), "no programme yet", ", ".join(there))
    for schema in (CLOSURES, CREWS):
        if not (folder / f"{schema.title}.csv").exists():
            files[f"{schema.title}.csv"] = csv_text(schema, ()).encode()
    with ExitStack() as undo:
        for name, content in files.items():
            if (folder / name).exists():
                continue
            write_whole(folder / name, content)
            undo.callback((folder / name).unlink, missing_ok=True)
        undo.pop_all()
    return tuple(folder / name for name in files)


def _differs(path: Path, content: bytes) -> bool:
    return path.exists() and (not path.is_file() or path.read_bytes() != content)
