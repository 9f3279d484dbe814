"""What stood in a ledger at a date, of chosen registers: its store is brought up to date and asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from sarhad.ledger.ledger import ledger_folder, refuse_none, store_of
from sarhad.ledger.registers import Question, listed, spoken
from sarhad.ledger.store import Store
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
    with caught_up(folder, store_url) as store:
        lines = [line for name in registers for line in listed(store, Question(name, believed_at, about_at))]
    return tuple(sorted((line.record for line in lines), key=lambda record: record.seq))


def stood_with_words(
    folder: Path, register: str, *, believed_at: datetime, about_at: datetime
) -> tuple[Record, ...]:
    """Return what was believed of one register, and the words on it, by (happened_at, seq); as `stood`."""
    with caught_up(folder) as store:
        return spoken(store, register, believed_at=believed_at, about_at=about_at)


@contextmanager
def caught_up(folder: Path, store_url: str | None = None) -> Iterator[Store]:
    """Open the store of a folder's ledger, brought up to date; UnknownName where there is no ledger."""
    place = ledger_folder(folder)
    refuse_none(place)
    with store_of(place, store_url) as store:
        store.catch_up(place)
        yield store
