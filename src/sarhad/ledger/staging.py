"""What one commit will hold, before it is durable: units of statements, checked, numbered and chained."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sarhad.errors import LedgerDamaged, NotRecorded
from sarhad.ledger.encoding import mentioned, payload_bytes, read_head, read_payload, stamp, statement_bytes
from sarhad.ledger.id_index import number_of
from sarhad.ledger.segment import Entry, chained
from sarhad.model.record import Record, Statement


@dataclass(frozen=True, slots=True)
class Head:
    """The last record: its number (0 before the first), its hash in hex, and when it was recorded."""

    seq: int
    hash: str
    recorded_at: datetime | None


class Lookup(Protocol):
    """What a check of new statements may ask: what is recorded, or goes before them in the same commit."""

    def find(self, statement_id: str) -> Record | None:
        """Return the record of a statement."""

    def mentioning(self, statement_id: str) -> tuple[Record, ...]:
        """Return the records that correct, withdraw, confirm or contest a statement, in order."""


class Recorded(Lookup, Protocol):
    """What is durable already, to go on from."""

    @property
    def head(self) -> Head:
        """The last durable record."""

    def seq_of(self, number: int) -> int | None:
        """Return which durable record holds a statement, by the number that its id is."""

    def read(self, seq: int) -> Record:
        """Return a durable record by its number."""

    def time(self) -> datetime:
        """Return when what is staged now is recorded; NotRecorded."""


_Said = tuple[Statement, bytes, int]  # with its canonical bytes, and the number that its id is
Admit = Callable[[tuple[Statement, ...], Lookup], None]


class Unit:
    """What one call of `append` brings, and what becomes of it."""

    def __init__(self, statements: tuple[Statement, ...], texts: list[bytes], admit: Admit | None) -> None:
        self.statements, self.texts, self.admit = statements, texts, admit
        self.numbers = [number_of(statement.statement_id) for statement in statements]
        self.n_bytes = sum(map(len, texts))
        self.records: tuple[Record, ...] = ()
        self.error: Exception | None = None


class Staged:
    """What one commit will hold; a `Lookup` of the journal as it will be."""

    def __init__(self, journal: Recorded) -> None:
        self.recorded_at: datetime | None = None
        self.entries, self.keys = list[Entry](), list[tuple[int, str]]()
        self._stamp = b""
        self._journal = journal
        self._seq, self._hash = journal.head.seq, bytes.fromhex(journal.head.hash)
        self._records: dict[str, tuple[Record, bytes]] = {}
        self._mentions: dict[str, list[Record]] = {}

    def find(self, statement_id: str) -> Record | None:
        """Return the record of a statement, durable or staged."""
        staged = self._records.get(statement_id)
        return staged[0] if staged else self._journal.find(statement_id)

    def mentioning(self, statement_id: str) -> tuple[Record, ...]:
        """Return the records that mention a statement, durable or staged."""
        return (*self._journal.mentioning(statement_id), *self._mentions.get(statement_id, ()))

    def take(self, unit: Unit) -> None:
        """Stage the new statements of a unit and give it its records; or its error, and stage nothing."""
        try:
            fresh = self._fresh(unit)
            at = self._time() if fresh else datetime.max
            if fresh and unit.admit is not None:
                unit.admit(tuple(said[0] for said in fresh.values()), self)
        except Exception as error:  # the unit's own: the others of the commit go on without it
            unit.error = error
            return
        for said in fresh.values():
            self._add(said, payload_bytes(self._seq + 1, self._stamp, said[1]), at)
        unit.records = tuple(record for one in unit.statements if (record := self.find(one.statement_id)))

    def _fresh(self, unit: Unit) -> dict[str, _Said]:
        """Return the statements that are not recorded yet; NotRecorded where an id says two things."""
        fresh: dict[str, _Said] = {}
        for said in zip(unit.statements, unit.texts, unit.numbers, strict=True):
            name = said[0].statement_id
            known = fresh[name][1] if name in fresh else self._text(name, said[2])
            if known is None:
                fresh[name] = said
            elif known != said[1]:
                raise NotRecorded(f"statement {name}: the id was used for another one; give this its own")
        return fresh

    def _text(self, statement_id: str, number: int) -> bytes | None:
        staged = self._records.get(statement_id)
        if staged is not None:
            return staged[1]
        seq = self._journal.seq_of(number)
        return None if seq is None else statement_bytes(self._journal.read(seq).statement)

    def adopt(self, entry: Entry) -> None:
        """Stage an entry of another copy, which must be the next one."""
        head = read_head(entry.payload)
        if (head.seq, chained(self._hash, head.seq, entry.payload)) != (self._seq + 1, entry.hash):
            raise LedgerDamaged(
                f"record {entry.seq} of the other copy does not go on from record {self._seq}"
            )
        self.recorded_at = head.recorded_at
        statement = read_payload(entry.payload)[2]
        number = number_of(statement.statement_id)
        if statement.statement_id in self._records or self._journal.seq_of(number) is not None:
            raise LedgerDamaged(f"record {entry.seq} of the other copy says again what is recorded here")
        self._add((statement, b"", number), entry.payload, head.recorded_at)

    def _time(self) -> datetime:
        """Return the one time of all that the commit holds."""
        if self.recorded_at is None:
            self.recorded_at = self._journal.time()
            self._stamp = stamp(self.recorded_at)
        return self.recorded_at

    def _add(self, said: _Said, payload: bytes, at: datetime) -> None:
        statement, text, number = said
        self._seq += 1
        self._hash = chained(self._hash, self._seq, payload)
        record = Record(self._seq, at, statement, self._hash.hex())
        mentions = mentioned(statement.kind, statement.subject_id, statement.corrects)
        self.entries.append(Entry(self._seq, payload, self._hash))
        self.keys.append((number, mentions))
        self._records[statement.statement_id] = (record, text)
        if mentions:
            self._mentions.setdefault(mentions, []).append(record)
