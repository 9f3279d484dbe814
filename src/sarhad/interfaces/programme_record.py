"""What is said of a programme goes to the ledger by one way: signed, checked against what stands, recorded.

The ledger is held open for writing from the reading of what stands to the recording, so that nothing comes
between; a statement that would break the programme is refused before it is recorded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sarhad.errors import Fault, InputFaults
from sarhad.io.placed import Band
from sarhad.io.programme_export import read_form
from sarhad.io.programme_tables import Known, ProgrammeTables
from sarhad.ledger.ledger import Ledger
from sarhad.ledger.locating import PROJECT
from sarhad.ledger.registers import spoken
from sarhad.ledger.signing import sign
from sarhad.ledger.stood import stood_with_words
from sarhad.model.project import Settings
from sarhad.model.record import Record, Statement
from sarhad.planning.programme import REGISTER, check_statements
from sarhad.planning.programme_statements import with_places

ALWAYS = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Key:
    """The private key with which one authority's statements are signed."""

    authority: str
    private_key: Ed25519PrivateKey


def stand_now(ledger: Ledger) -> tuple[Statement, ...]:
    """Return what stands of the programme and the words on it, in the order of happening."""
    ledger.store.catch_up(ledger.folder)
    return _statements(spoken(ledger.store, REGISTER, believed_at=ALWAYS, about_at=ALWAYS))


def record_checked(
    ledger: Ledger,
    said: Sequence[Statement],
    *,
    now: datetime,
    key: Key | None = None,
    rows: Mapping[str, tuple[str, int]] | None = None,
) -> tuple[Record, ...]:
    """Place, sign, check and record statements as one unit; return the records that are new.

    What is recorded already is passed over. Raises InputFaults with every statement that does not fit, and
    whatever the ledger refuses; nothing was recorded then.
    """
    new = [one for one in said if not ledger.journal.holds(one.statement_id)]
    stand = stand_now(ledger)
    placed = with_places(stand, new)
    signed = [sign(one, key.private_key) if key and one.authority == key.authority else one for one in placed]
    check_statements(stand, signed, now=now, rows=rows)
    return ledger.record(signed) if signed else ()


def read_statements(folder: Path, believed_at: datetime, about_at: datetime) -> tuple[Statement, ...]:
    """Return what stood of a folder's programme and the words on it; UnknownName where there is no ledger."""
    return _statements(stood_with_words(folder, REGISTER, believed_at=believed_at, about_at=about_at))


def _statements(records: Iterable[Record]) -> tuple[Statement, ...]:
    return tuple(record.statement for record in records)


def known_of(folder: Path) -> Known:
    """Return what a project folder knows of types and places; the shipped types where it is no project."""
    from sarhad.io.equipment import read_equipment  # compiles kernels: only tables need it
    from sarhad.io.project import open_project

    if (folder / PROJECT).exists():
        return Known.of(open_project(folder))
    return Known(Band(None, Settings(), read_equipment()))


def read_files(files: Sequence[Path], known: Known) -> ProgrammeTables:
    """Return what several files hold together; raises InputFaults with the faults of all of them."""
    faults: list[Fault] = []
    read: list[ProgrammeTables] = []
    for file in files:
        try:
            read.append(read_form(file, known))
        except InputFaults as error:
            faults += error.faults
    first: dict[str, str] = {}
    for tables in read:
        for item, (name, row) in zip(tables.items, tables.item_rows, strict=True):
            if item.item_id in first:
                found = f"{item.item_id} again (first in {first[item.item_id]})"
                faults.append(Fault(name, "", row, "item_id", "an id that no other item has", found))
            first.setdefault(item.item_id, f"{name} row {row}")
    if faults:
        raise InputFaults(faults)
    return ProgrammeTables(
        tuple(one for tables in read for one in tables.items),
        tuple(one for tables in read for one in tables.moves),
        tuple(one for tables in read for one in tables.item_rows),
        tuple(one for tables in read for one in tables.move_rows),
    )
