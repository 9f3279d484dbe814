"""What stood in a ledger at a date, of chosen registers: its store is brought up to date and asked."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from sarhad.ledger.ledger import ledger_folder, refuse_none, store_of
from sarhad.ledger.registers import listed
from sarhad.model.record import Record


def stood(
    folder: Path,
    registers: Iterable[str],
    *,
    believed_at: datetime,
    about_at: datetime,
    store_url: str | None = None,
) -> tuple[Record, ...]:
    """Return the records of registers that were believed at one time about another, by seq.

    `folder` is a ledger's or a project's. The answer is that of `sarhad.ledger.standing`; readers take no
    lock of the journal. Raises UnknownName where there is no ledger, LedgerError of the store.
    """
    place = ledger_folder(folder)
    refuse_none(place)
    with store_of(place, store_url) as store:
        store.catch_up(place)
        lines = [
            line
            for name in registers
            for line in listed(store, name, believed_at=believed_at, about_at=about_at)
        ]
    return tuple(sorted((line.record for line in lines), key=lambda record: record.seq))
