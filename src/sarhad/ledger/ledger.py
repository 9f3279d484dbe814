"""The ledger: what is said is checked, recorded durably, and shown in the registers.

    record     rules and signatures -> journal (durable: the promise) -> store (a view, made good later if
    need be)

The journal is the truth. A store that refuses or lags never undoes a record: `fault` says so, and the next
record or the next opening makes up for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sarhad.errors import InputFaults, LedgerError, NotRecorded, NotTrusted, SarhadError, UnknownName
from sarhad.ledger import authorities, checkpoint
from sarhad.ledger.authorities import Authorities, key_id_of, read_authorities, write_authorities
from sarhad.ledger.checkpoint import (
    Checkpoint,
    make_checkpoint,
    read_checkpoints,
    write_checkpoints,
)
from sarhad.ledger.journal import Journal, Lookup
from sarhad.ledger.locating import PROJECT, course_of, locator_of
from sarhad.ledger.reading import JOURNAL, segments
from sarhad.ledger.rules import check_references, check_signed
from sarhad.ledger.signing import public_bytes
from sarhad.ledger.standing import Countersigned, countersigned
from sarhad.ledger.store import Store
from sarhad.model.record import Record, Statement

STORE = "store.sqlite"
IN_PROJECT = "ledger"
CHECKPOINT_EVERY = 10_000
BEHIND = "what is said is recorded; what follows from it is behind: {error}"


@dataclass(frozen=True, slots=True)
class Signer:
    """An authority and its private key: whoever keeps the ledger and signs its checkpoints."""

    authority: str
    private_key: Ed25519PrivateKey


def init_ledger(folder: Path, *, now: Callable[[], datetime], origin: bytes) -> None:
    """Begin a ledger in a folder; `origin` is 32 bytes drawn for it alone. InputFaults where there is one."""
    folder = Path(folder)
    if (folder / JOURNAL).exists():
        raise InputFaults.one(str(folder), "a folder without a ledger", "a ledger")
    Journal.open(folder, now=now, origin=origin).close()
    if not (folder / authorities.FILE).exists():
        write_authorities(folder / authorities.FILE, Authorities())


def ledger_folder(folder: Path) -> Path:
    """Return where the ledger of a folder lies: in it, or, of a project, in its folder `ledger`."""
    folder = Path(folder)
    if (folder / JOURNAL).exists() or not ((folder / PROJECT).exists() or (folder / IN_PROJECT).exists()):
        return folder
    return folder / IN_PROJECT


def rebuild_store(
    folder: Path,
    *,
    now: Callable[[], datetime],
    store_url: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> int:
    """Build a ledger's store anew from its journal and return the number of records.

    `progress` is told how many of how many are done; it may raise to stop.

    Raises UnknownName (no ledger there), LedgerInUse, LedgerDamaged, LedgerNewer.
    """
    refuse_none(folder)
    with Journal.open(folder, now=now) as journal, store_of(folder, store_url) as store:
        n_records = journal.head.seq
        tell = None if progress is None else lambda n_done: progress(n_done, n_records)
        return store.rebuild(folder, progress=tell).seq


def open_ledger(
    folder: Path,
    *,
    now: Callable[[], datetime],
    store_url: str | None = None,
    signer: Signer | None = None,
) -> Ledger:
    """Open the ledger of a folder or a project, as `Ledger.open`."""
    return Ledger.open(ledger_folder(folder), now=now, store_url=store_url, signer=signer)


def store_url_of(folder: Path) -> str:
    """Return the URL of the store that a ledger has unless told otherwise."""
    return f"sqlite:///{Path(folder).resolve() / STORE}"


def store_of(folder: Path, store_url: str | None = None) -> Store:
    """Open a ledger's own store, or the one at a URL; records are placed on the line of its project."""
    return Store.open(store_url or store_url_of(folder), locate=locator_of(folder), course=course_of(folder))


class Ledger:
    """A ledger, open to write, by any threads."""

    def __init__(self, journal: Journal, store: Store, signer: Signer | None, checkpoint_every: int) -> None:
        """Use `Ledger.open`."""
        self.journal, self.store = journal, store
        self.folder = journal.folder
        self.authorities = read_authorities(self.folder / authorities.FILE)
        self.fault = self.rebuilt = ""
        try:
            self.rebuilt = store.catch_up(self.folder)
        except InputFaults as error:  # of the project's line: what is said is recorded all the same
            self.fault = BEHIND.format(error=error)
        if signer:
            _check_known(signer, self.authorities, journal.now())
        self._signer, self._checkpoint_every = signer, checkpoint_every
        made = read_checkpoints(self.folder / checkpoint.FILE)
        self._last_checkpoint = max((one.seq for one in made), default=0)
        self._after = Lock()

    @classmethod
    def open(
        cls,
        folder: Path,
        *,
        now: Callable[[], datetime],
        store_url: str | None = None,
        signer: Signer | None = None,
        checkpoint_every: int = CHECKPOINT_EVERY,
    ) -> Self:
        """Open a ledger that `init_ledger` or an import began.

        With a `signer` a checkpoint is made every so many records and on closing. `rebuilt` says why the
        store was built anew, if it was. Raises UnknownName (no ledger there), LedgerInUse, LedgerDamaged,
        LedgerNewer.
        """
        folder = Path(folder)
        refuse_none(folder)
        journal = Journal.open(folder, now=now)
        try:
            store = store_of(folder, store_url)
            try:
                ledger = cls(journal, store, signer, checkpoint_every)
            except BaseException:
                store.close()
                raise
        except BaseException:
            journal.close()
            raise
        return ledger

    def record(self, statements: Iterable[Statement]) -> tuple[Record, ...]:
        """Record statements as one unit, durably, and return their records in order.

        What is recorded already gives back its old record. Raises InputFaults, NotTrusted, NotRecorded;
        nothing of the unit was recorded then.
        """
        records = self.journal.append(statements, self._admit)
        with self._after:
            self._follow()
        return records

    def checkpoint(self, signer: Signer | None = None) -> Checkpoint:
        """Sign how far the ledger is, and keep the signature; LedgerError without a key or a record."""
        chosen = signer or self._signer
        if chosen is None:
            raise LedgerError("a checkpoint needs an authority and its private key")
        _check_known(chosen, self.authorities, self.journal.now())
        with self._after:
            return self._checkpoint(chosen)

    def countersigned(self, statement_id: str, believed_at: datetime) -> Countersigned:
        """Return which authorities had confirmed and contested a statement; UnknownName if there is none."""
        if self.journal.find(statement_id) is None:
            raise UnknownName(f"no statement {statement_id}")
        return countersigned(self._words_on(statement_id), statement_id, believed_at)

    def close(self) -> None:
        """Sign a last checkpoint where there is a key, and let others write."""
        try:
            if self._signer and self.journal.head.seq > self._last_checkpoint:
                self.checkpoint()
        finally:
            self.store.close()
            self.journal.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _admit(self, statements: tuple[Statement, ...], known: Lookup) -> None:
        check_signed(statements, self.authorities, self.journal.now())
        check_references(statements, known)

    def _words_on(self, statement_id: str) -> Iterator[Record]:
        """Yield the countersignatures of a statement, and what takes them back."""
        for record in self.journal.mentioning(statement_id):
            yield record
            yield from self.journal.mentioning(record.statement.statement_id)

    def _follow(self) -> None:
        """Do what follows a record; what fails here is said in `fault` and made good later."""
        try:
            self.store.project(self.journal.records(self.store.head.seq))
            if self._signer and self.journal.head.seq - self._last_checkpoint >= self._checkpoint_every:
                self._checkpoint(self._signer)
            self.fault = ""
        except SarhadError as error:
            self.fault = BEHIND.format(error=error)

    def _checkpoint(self, signer: Signer) -> Checkpoint:
        head = self.journal.head
        if head.seq == 0:
            raise LedgerError("a checkpoint needs a record; the ledger is empty")
        origin = segments(self.folder / JOURNAL)[0].header.previous.hex()
        unsigned = Checkpoint(origin, head.seq, head.hash, self.journal.now(), signer.authority)
        made = make_checkpoint(unsigned, signer.private_key)
        path = self.folder / checkpoint.FILE
        try:
            write_checkpoints(path, [*read_checkpoints(path), made])
        except OSError as error:
            raise NotRecorded(f"{path}: {error}; no checkpoint was made") from error
        self._last_checkpoint = head.seq
        return made


def refuse_none(folder: Path) -> None:
    """Raise UnknownName where a folder holds no ledger."""
    if not (folder / JOURNAL).exists():
        raise UnknownName(f"{folder}: there is no ledger; `sarhad ledger init` begins one")


def _check_known(signer: Signer, known: Authorities, at: datetime) -> None:
    """Raise NotTrusted where a signer's checkpoints would not be trusted."""
    key = public_bytes(signer.private_key)
    if key not in {valid.key for valid in known.keys_of(signer.authority, at)}:
        raise NotTrusted(f"{signer.authority}: the key {key_id_of(key)} is not one of its valid keys")
