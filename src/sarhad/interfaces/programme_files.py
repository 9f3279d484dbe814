"""Writes the reports on a programme: a table for each, and all of them as JSON.

`donors.csv`, `late.csv`, `availability.csv`, `inventory.csv`, `money.csv` and, where rates were given,
`money_summed.csv` have a head even where they have no row; `report.json` holds them all. Each file is whole
or not there.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from sarhad.errors import InputFaults
from sarhad.io.json_values import plain
from sarhad.io.whole import write_whole
from sarhad.planning.delivery import AvailabilityRow, DonorRow, InventoryRow, LateRow, MoneyRow

TABLES: Mapping[str, type] = {
    "donors": DonorRow,
    "late": LateRow,
    "availability": AvailabilityRow,
    "inventory": InventoryRow,
    "money": MoneyRow,
    "money_summed": MoneyRow,
}
_INTERVALS = ("mtbf_days", "mttr_days")


def write_reports(folder: Path, reports: Mapping[str, Any]) -> None:
    """Write reports, as plain values by name, into a folder; InputFaults where it cannot be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputFaults.one(str(folder), "a folder that can be written", error) from error
    for name, kind in TABLES.items():
        if reports[name] or name != "money_summed":
            write_whole(folder / f"{name}.csv", _csv(kind, reports[name]).encode())
    text = json.dumps(plain(dict(reports)), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    write_whole(folder / "report.json", text.encode())


def _csv(kind: type, rows: Iterable[Mapping[str, Any]]) -> str:
    names = [one.name for one in fields(kind)]
    heads = [column for name in names for column in _columns(name)]
    heads += ["availability"] if kind is AvailabilityRow else []
    out = io.StringIO()
    writer = csv.DictWriter(out, heads, lineterminator="\n", restval="")
    writer.writeheader()
    writer.writerows(_cells(row) for row in rows)
    return out.getvalue()


def _columns(name: str) -> tuple[str, ...]:
    return (name, f"{name}_low", f"{name}_high") if name in _INTERVALS else (name,)


def _cells(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row with intervals as three cells: their mean and both ends."""
    cells = {name: value for name, value in row.items() if name not in _INTERVALS and value is not None}
    for name in _INTERVALS:
        found = row.get(name)
        if found is not None:
            cells |= dict(zip(_columns(name), (found.mean, found.low, found.high), strict=True))
    return cells
