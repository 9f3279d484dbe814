"""A ledger open to write, and what a person must be told of it: a crash's remains, a store anew or behind."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from rich.markup import escape

from sarhad.interfaces.cli.console import remarks
from sarhad.interfaces.language import translated
from sarhad.interfaces.sentences import told_text
from sarhad.ledger.ledger import Ledger, open_ledger

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


@contextmanager
def writing(folder: Path, store_url: str | None = None) -> Iterator[Ledger]:
    """Open the ledger of a folder or a project; what is to be told goes to stderr, before and after."""
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
