"""A ledger open to write, and what a person must be told of it: a crash's remains, a store anew or behind."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from rich.markup import escape

from sarhad.errors import InputFaults, UnknownName
from sarhad.interfaces.cli.console import remarks, showing
from sarhad.interfaces.language import translated
from sarhad.interfaces.sentences import told_text
from sarhad.ledger.ledger import Ledger, open_ledger
from sarhad.ledger.stood import bring_up

TO_STORE = "records to the store"
TEXT = translated(
    {
        "torn": (
            "A crash had left an unfinished commit of {n_bytes} bytes, never acknowledged: put aside in "
            "{file}. "
            "All {n_records} records before it are whole."
        ),
        "rebuilt": "The store was built anew: {why}.",
        "behind": "[bold yellow]Attention:[/] {fault}",
    }
)


def now() -> datetime:
    """Return the time of this machine."""
    return datetime.now(UTC)


def ready(folder: Path, store_url: str | None = None) -> None:
    """Bring the store of a ledger up to date before it is asked, and show how far it is where that is long.

    What cannot be read here is said by whoever asks.
    """
    why = ""
    with showing() as show, suppress(InputFaults, UnknownName):
        why = bring_up(folder, store_url, progress=lambda n_done, n_all: show(TO_STORE, n_done, n_all))
    if why:
        _tell("rebuilt", {"why": why})


@contextmanager
def writing(folder: Path, store_url: str | None = None) -> Iterator[Ledger]:
    """Open the ledger of a folder or a project; what is to be told goes to stderr, before and after."""
    ready(folder, store_url)
    with open_ledger(folder, now=now, store_url=store_url) as ledger:
        found = ledger.journal.recovery
        if found.kept_in is not None:
            counts = {"n_bytes": found.n_bytes_cut, "n_records": found.n_records}
            _tell("torn", {"file": found.kept_in, **counts})
        if ledger.rebuilt:
            _tell("rebuilt", {"why": ledger.rebuilt})
        try:
            yield ledger
        finally:
            if ledger.fault:
                _tell("behind", {"fault": ledger.fault})


def _tell(name: str, what: dict[str, object]) -> None:
    remarks.print(
        TEXT[name].format(**{key: escape(told_text(str(one))) for key, one in what.items()}), soft_wrap=True
    )
