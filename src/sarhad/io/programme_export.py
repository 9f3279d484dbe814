"""A programme in any of its written forms, chosen by the name of the file.

.xlsx        both tables and the notes        items.csv, moves.csv     one of the tables
.json        OCDS record package              .xml                     IATI activities
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from sarhad.errors import Fault, InputFaults
from sarhad.io.iati import Reporter, activities, read_iati
from sarhad.io.ocds import PREFIX, read_ocds, record_package
from sarhad.io.programme_schema import ITEMS, MOVES
from sarhad.io.programme_tables import (
    Known,
    MoveLine,
    ProgrammeTables,
    check_items,
    item_cells,
    move_cells,
    read_tables,
    with_places,
)
from sarhad.io.programme_templates import csv_text, workbook_bytes
from sarhad.model.programme import Programme

FORMS = "a name that ends in .xlsx, .csv, .json (OCDS) or .xml (IATI)"


def exported(
    file: Path,
    programme: Programme,
    moves: Iterable[MoveLine],
    at: datetime,
    *,
    reporter: Reporter,
    prefix: str = PREFIX,
) -> bytes:
    """Return the content of a file; raises InputFaults where its name ends in no known form."""
    form = file.suffix.lower()
    if form == ".xlsx":
        return workbook_bytes(
            [item_cells(one) for one in programme.items], [move_cells(one) for one in moves]
        )
    if form == ".csv" and file.stem == MOVES.title:
        return csv_text(MOVES, [move_cells(one) for one in moves]).encode()
    if form == ".csv":
        return csv_text(ITEMS, [item_cells(one) for one in programme.items]).encode()
    if form == ".json":
        package = record_package(programme, at, publisher=reporter.name, prefix=prefix)
        return (json.dumps(package, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()
    if form == ".xml":
        return activities(programme, at, reporter)
    raise InputFaults.one(str(file), FORMS, form or "no ending")


def read_form(file: Path, known: Known) -> ProgrammeTables:
    """Return the items and moves of a file in any form that is read; raises InputFaults."""
    if file.suffix.lower() not in {".json", ".xml"}:
        return read_tables(file, known)
    items = read_ocds(file) if file.suffix.lower() == ".json" else read_iati(file)
    faults: list[Fault] = []
    check_items(items, known, file.name, faults)
    if faults:
        raise InputFaults(faults)
    rows = tuple((file.name, k) for k in range(1, len(items) + 1))
    return ProgrammeTables(with_places(items, known), item_rows=rows)
