"""The store: the journal's records as SQL tables, for registers that answer quickly. It holds nothing else.

    journal --read_records--> project (in seq order, each record once) --> tables --> registers

The store keeps how far it has read and the hash that it read there (`head`), written in the same transaction
as the rows: an interrupted projection goes on where it stopped, and records projected twice change nothing.
A store that is ahead of the journal or holds another hash is not this journal's: refused, and built anew.
The journal is the truth: whatever befalls the store, no record is lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, select, text

from sarhad.errors import LedgerDamaged, LedgerError, LedgerNewer
from sarhad.ledger.database import LOCK, SCHEMA, check_postgis, engine_of, plain_words
from sarhad.ledger.journal import read_records
from sarhad.ledger.loading import Progress, build
from sarhad.ledger.rows import Chunks, chunks_of, chunks_read
from sarhad.ledger.tables import (
    FORMAT,
    HEAD,
    INDEXES,
    LIST_SUBJECTS,
    LOADED,
    NOT_LOCATED,
    RECORDS,
    SETTLE,
    Located,
    create_tables,
    row,
    write_head,
)
from sarhad.model.record import OnLine, Record

Locator = Callable[[Sequence[OnLine]], Sequence[Any]]  # shapely points and lines; None for nowhere

BATCH = 1_000
MOST_KNOWN = 100_000  # places whose lie is kept in mind: assets and items are spoken of again and again

NEWER = "the store is of format {found}, this Sarhad knows format {known}: update it, or rebuild the store"
OLDER = "the store is of format {found}, now {known}: rebuild it"
MISSING = "the store holds records up to {head} and was given {found}: catch up from the journal"
DIFFERENT = "record {seq} of the store is not the journal's: rebuild the store"
AHEAD = "the store holds {head} records, more than the journal: rebuild the store"
MOVED = "the course of the line is not the one on which the store's places were found: rebuild the store"
NOT_A_PLACE = "the locator gave {shape} for {place}: expected a shape in degrees"


@dataclass(frozen=True, slots=True)
class Head:
    """How far the store has read the journal: the last record's number (0 for none) and hash.

    `course` tells on which course of the line places were found.
    """

    seq: int
    hash: str
    course: str = ""


class Store:
    """The tables of one ledger in one database. Use as a context manager, or `close` it."""

    def __init__(self, engine: Engine, places: _Places) -> None:
        self._engine, self._places = engine, places
        self._fault: LedgerError | None = None

    @classmethod
    def open(cls, url: str, *, locate: Locator | None = None, course: str | None = "") -> Store:
        """Open the store at a URL, sqlite:///FILE or postgresql://...; make its tables where there are none.

        `locate` gives places of records as shapes (longitude, latitude in degrees), for maps and `within`;
        `course` is what tells the course of the line that it goes by from others, None if that is unknown.
        A store of another format or a damaged one opens too: it can be rebuilt, and refuses everything else.
        LedgerError: no such database, no driver, no PostGIS.
        """
        store = cls(engine_of(url), _Places(locate, course))
        try:
            store._prepare()
        except (LedgerDamaged, LedgerNewer) as fault:
            store._fault = fault
        except BaseException:
            store.close()
            raise
        return store

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def head(self) -> Head:
        """How far the store has read. LedgerDamaged, LedgerNewer: the store must be rebuilt."""
        with self.reading() as connection:
            return _head(connection, lock=False)

    @property
    def has_geometry(self) -> bool:
        """Whether places are PostGIS geometries here, with an index of their own."""
        return self._engine.dialect.name == "postgresql"

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection to ask questions on, at one state of the store; its errors are LedgerErrors."""
        self._refuse_fault()
        engine = self._engine
        if self.has_geometry:
            engine = engine.execution_options(isolation_level="REPEATABLE READ")
        with plain_words(engine), engine.connect() as connection:
            yield connection

    def project(self, records: Iterable[Record], *, progress: Progress | None = None) -> Head:
        """Take in records, in seq order and without gaps; those known already are compared and passed over.

        Every batch is one transaction. LedgerError: records are missing in between (`catch_up`);
        LedgerDamaged: a record differs from the store's (`rebuild`); the database refuses.
        """
        self._refuse_fault()
        remaining = iter(records)
        while batch := list(islice(remaining, BATCH)):
            with plain_words(self._engine), self._writing() as connection:
                self._project(connection, batch)
            if progress is not None:
                progress(batch[-1].seq)
        return self.head

    def catch_up(self, folder: Path, *, progress: Progress | None = None) -> str:
        """Make the store agree with the journal: take in what is new, or build it anew where it differs.

        Returns why it was built anew, and an empty text where it was not.
        """
        try:
            head = self.head
            if self._places.course not in (None, head.course):
                raise LedgerDamaged(MOVED)
            records = read_records(folder, after_seq=max(head.seq - 1, 0))
            if head.seq:
                last = next(records, None)
                if last is None:
                    raise LedgerDamaged(AHEAD.format(head=head.seq))
                _same(last.seq, last.hash, head.seq, head.hash)
            self.project(records, progress=progress)
        except (LedgerDamaged, LedgerNewer) as fault:
            self.rebuild(folder, progress=progress)
            return str(fault)
        return ""

    def rebuild(self, folder: Path, *, progress: Progress | None = None) -> Head:
        """Build all tables anew from the journal; as `replace`. Raises what `read_records` raises, too."""
        return self._replace(chunks_read(folder), progress)

    def replace(self, records: Iterable[Record], *, progress: Progress | None = None) -> Head:
        """Build all tables anew from all records, in seq order, and put them in the place of the old ones.

        `progress` is told the number of records loaded so far; it may raise to stop, and the old store stays.
        LedgerInUse: another process keeps the store open, or rebuilds it. LedgerDamaged: records with gaps.
        """
        return self._replace(chunks_of(records), progress)

    def _replace(self, chunks: Chunks, progress: Progress | None) -> Head:
        if self.has_geometry:
            with plain_words(self._engine), self._engine.begin() as connection:
                check_postgis(connection)
        build(self._engine, chunks, self._places, progress or _silent)
        self._fault = None
        return self.head

    def _refuse_fault(self) -> None:
        if self._fault is not None:
            raise self._fault

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with self._engine.connect().execution_options(writes=True) as connection, connection.begin():
            yield connection

    def _prepare(self) -> None:
        """Make the tables where there are none; LedgerNewer, LedgerDamaged where of another format."""
        with plain_words(self._engine), self._writing() as connection:
            if self.has_geometry:
                check_postgis(connection)
                connection.execute(text(f"SELECT pg_advisory_xact_lock({LOCK})"))
                connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}"))
                there = connection.scalar(text(f"SELECT to_regclass('{SCHEMA}.head')"))
            else:
                there = connection.scalar(text("SELECT name FROM sqlite_master WHERE name = 'head'"))
            if there is None:
                create_tables(connection)
                for index in INDEXES:
                    index.create(connection)
                write_head(connection, 0, "", self._places.course or "")
            found = connection.scalar(select(HEAD.c.format))
        if found != FORMAT:
            kind, words = (
                (LedgerNewer, NEWER) if found is not None and found > FORMAT else (LedgerDamaged, OLDER)
            )
            raise kind(words.format(found=found, known=FORMAT))

    def _project(self, connection: Connection, batch: Sequence[Record]) -> None:
        head = _head(connection, lock=True)
        known = [record for record in batch if record.seq <= head.seq]
        new = batch[len(known) :]
        _compare(connection, known)
        for expected, record in enumerate(new, head.seq + 1):
            if record.seq != expected:
                raise LedgerError(MISSING.format(head=expected - 1, found=record.seq))
        if not new:
            return
        located = self._places.locate([record.statement.place for record in new])
        rows = [(*row(record, _as_it_is), *lies) for record, lies in zip(new, located, strict=True)]
        connection.execute(RECORDS.insert(), [dict(zip(LOADED, values, strict=True)) for values in rows])
        for follow_up in (*SETTLE, LIST_SUBJECTS):
            connection.execute(follow_up, {"after_seq": head.seq})
        write_head(connection, new[-1].seq, new[-1].hash, head.course)


def _head(connection: Connection, *, lock: bool) -> Head:
    asked = select(HEAD.c.seq, HEAD.c.hash, HEAD.c.course)
    found = connection.execute(asked.with_for_update() if lock else asked).one_or_none()
    return Head(0, "") if found is None else Head(*found)


def _compare(connection: Connection, known: Sequence[Record]) -> None:
    """LedgerDamaged where records already taken in are not the store's."""
    if not known:
        return
    asked = select(RECORDS.c.seq, RECORDS.c.hash).where(RECORDS.c.seq.between(known[0].seq, known[-1].seq))
    held = {seq: digest for seq, digest in connection.execute(asked)}
    for record in known:
        _same(record.seq, record.hash, record.seq, held.get(record.seq, ""))


def _same(seq: int, digest: str, held_seq: int, held_digest: str) -> None:
    if (seq, digest) != (held_seq, held_digest):
        raise LedgerDamaged(DIFFERENT.format(seq=held_seq))


def _as_it_is(time: datetime) -> datetime:
    return time  # SQLAlchemy writes it as the column wants it


def _silent(_: int) -> None:
    pass


@dataclass(frozen=True, slots=True)
class _Places:
    """What a locator says of the places of records, and the course that it goes by."""

    locator: Locator | None
    course: str | None  # None: it cannot be told
    _known: dict[OnLine, Located] = field(default_factory=dict, init=False)

    def locate(self, places: Sequence[OnLine | None]) -> list[Located]:
        """Return where each place lies, with the box around it."""
        if self.locator is None:
            return [NOT_LOCATED] * len(places)
        if len(self._known) > MOST_KNOWN:
            self._known.clear()
        new = [one for one in dict.fromkeys(places) if one is not None and one not in self._known]
        if new:
            self._known.update(zip(new, _located(new, self.locator(new)), strict=True))
        return [NOT_LOCATED if one is None else self._known[one] for one in places]


def _located(places: Sequence[OnLine], found: Sequence[Any]) -> list[Located]:
    """Return the box and the EWKB of the shapes of places."""
    import numpy as np  # heavy, as is shapely: only a store that is told where places lie needs them
    import shapely

    shapes = np.array(found, dtype=object)
    there = np.flatnonzero(~shapely.is_missing(shapes))
    box = shapely.bounds(shapes[there])
    west, south, east, north = box.T
    sound = (
        (west >= -180) & (west <= east) & (east <= 180) & (south >= -90) & (south <= north) & (north <= 90)
    )
    if not sound.all():
        wrong = int(there[np.argmin(sound)])
        raise LedgerError(NOT_A_PLACE.format(shape=shapes[wrong], place=places[wrong]))
    ewkb = shapely.to_wkb(shapely.set_srid(shapes[there], 4326), hex=True, include_srid=True)
    lies = [NOT_LOCATED] * len(places)
    for k, corners, binary in zip(there.tolist(), box.tolist(), ewkb.tolist(), strict=True):
        lies[k] = (*corners, binary)
    return lies
