"""What stood in a ledger at a date, of chosen registers: its store is brought up to date and asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from sarhad.errors import LedgerDamaged, LedgerNewer
from sarhad.ledger.high_water import read_mark
from sarhad.ledger.ledger import ledger_folder, refuse_none, store_of
from sarhad.ledger.reading import JOURNAL
from sarhad.ledger.registers import Question, listed, spoken
from sarhad.ledger.store import Store
from sarhad.model.record import Record

LONG = 20_000  # records taken in within a second or so


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
    with _opened(folder, store_url) as (store, place):
        store.catch_up(place)
        yield store


def bring_up(folder: Path, store_url: str | None = None, *, progress: Callable[[int, int], None]) -> str:
    """Bring the store of a folder's ledger up to date; return why it was built anew, empty if it was not.

    `progress` is told how many records of how many it holds, where it was LONG of them behind. Raises as
    `caught_up`.
    """
    with _opened(folder, store_url) as (store, place):
        mark, _ = read_mark(place / JOURNAL)
        n_all = mark.seq if mark else 0
        is_long = n_all - _n_held(store) >= LONG
        return store.catch_up(place, progress=(lambda n_done: progress(n_done, n_all)) if is_long else None)


@contextmanager
def _opened(folder: Path, store_url: str | None) -> Iterator[tuple[Store, Path]]:
    place = ledger_folder(folder)
    refuse_none(place)
    with store_of(place, store_url) as store:
        yield store, place


def _n_held(store: Store) -> int:
    try:
        return store.head.seq
    except (LedgerDamaged, LedgerNewer):
        return 0  # it will be built anew
