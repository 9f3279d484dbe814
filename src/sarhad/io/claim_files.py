"""CSV files that the claims desk writes: rows, and threat weights to hand to a project."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Sequence
from pathlib import Path

from sarhad.io.whole import write_whole
from sarhad.model.line import ChainageRange

_WEIGHT_HEADER = ("name", "km_from", "km_to", "weight")


def csv_text(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return rows as the text of a CSV file."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()


def write_rows(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a CSV file, whole or not at all; raises InputFaults, NotWritten."""
    write_whole(path, csv_text(header, rows))


def _km(chainage_m: float) -> str:
    return f"{math.floor(chainage_m) / 1e3:.3f}"


def weights_text(weights: Iterable[tuple[ChainageRange, float]]) -> str:
    """Return threat weights as the text of a table that a project's `[weights]` section takes.

    Ends are cut to whole metres, never rounded up: the last one must not lie beyond the line.
    """
    rows = [(one.name, _km(one.from_m), _km(one.to_m), f"{weight:.4f}") for one, weight in weights]
    return csv_text(_WEIGHT_HEADER, rows)
