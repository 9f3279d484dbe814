"""A whole store at once: rows first, then indexes, beside the old one, which is replaced when all went well.

SQLite: a file of its own without a rollback journal, made durable, then renamed over the old one. PostgreSQL:
a schema of its own, filled by COPY in one transaction that ends by renaming it. Whatever stops the work (an
error, an interrupt, `progress` raising) leaves the old store as it was.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import BigInteger, Connection, Double, Engine, NullPool, create_engine, text

from sarhad.errors import LedgerDamaged, LedgerInUse
from sarhad.ledger.collector import collector_resting
from sarhad.ledger.database import BUILDING, LOCK, LOCKED, POSTGIS_SCHEMA, SCHEMA, plain_words
from sarhad.ledger.rows import Chunks, Row
from sarhad.ledger.tables import (
    INDEXES,
    LIST_SUBJECTS,
    LOADED,
    RECORDS,
    SETTLE,
    Geometry,
    Located,
    Utc,
    create_tables,
    write_head,
)
from sarhad.model.record import OnLine

Progress = Callable[[int], None]  # is told how many records are loaded so far

_PART = LOADED.index("part_id")
_PLACE = slice(_PART, _PART + 4)
GAP = "records {first} to {last} do not follow each other"


class Places(Protocol):
    """Where records lie on the map."""

    @property
    def course(self) -> str | None:
        """What tells the course of the line that they lie on from others; None where it cannot be told."""

    def locate(self, places: Sequence[OnLine | None]) -> list[Located]:
        """Return where each lies."""


class _Source:
    """Rows, chunk by chunk, with where their places lie, and the last one read."""

    def __init__(self, chunks: Chunks, places: Places, progress: Progress) -> None:
        self._chunks, self._locate, self._progress = chunks, places.locate, progress
        self.course = places.course or ""
        self.seq, self.hash = 0, ""

    def rows(self) -> Iterator[Row]:
        """Rows of the columns LOADED; times in microseconds since 1970."""
        for chunk in self._chunks:
            first, last = chunk[0][0], chunk[-1][0]
            if (first, last) != (self.seq + 1, self.seq + len(chunk)):
                raise LedgerDamaged(GAP.format(first=self.seq + 1, last=last))
            places = [None if values[_PART] is None else OnLine(*values[_PLACE]) for values in chunk]
            for values, located in zip(chunk, self._locate(places), strict=True):
                yield values + located
            self.seq, self.hash = last, chunk[-1][-1]
            self._progress(self.seq)


def build(engine: Engine, chunks: Chunks, places: Places, progress: Progress) -> None:
    """Fill a new store from the rows of all records, in seq order, and put it in the place of the engine's.

    Raises LedgerError (LedgerInUse where another process keeps the old one open); whatever the iterator or
    `progress` raises goes through, and the iterator is closed.
    """
    source = _Source(chunks, places, progress)
    with closing(chunks), collector_resting():
        (_build_sqlite if engine.dialect.name == "sqlite" else _build_postgresql)(engine, source)


def _build_sqlite(engine: Engine, source: _Source) -> None:
    path = Path(str(engine.url.database))
    building = path.with_name(path.name + ".building")
    with plain_words(engine):
        try:
            building.unlink(missing_ok=True)
            loader = create_engine(engine.url.set(database=str(building)), poolclass=NullPool)
            with loader.connect() as connection:
                for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-262144", "temp_store=2"):
                    connection.exec_driver_sql(f"PRAGMA {pragma}")
                create_tables(connection)
                _insert(connection, source)
                _finish(connection, source)
                connection.exec_driver_sql("ANALYZE")
                connection.commit()
            _make_durable(building)
            engine.dispose()
            _fold_log(path, engine.url.render_as_string())
            os.replace(building, path)
            _make_durable(path.parent)
        finally:
            building.unlink(missing_ok=True)


def _insert(connection: Connection, source: _Source) -> None:
    """Insert by the driver itself: by way of SQLAlchemy a row costs several times as much."""
    marks = ", ".join("?" * len(LOADED))
    sql = f"INSERT INTO records ({', '.join(LOADED)}) VALUES ({marks})"
    cursor: Any = connection.connection.cursor()
    cursor.executemany(sql, source.rows())


def _fold_log(path: Path, url: str) -> None:
    """Fold the old file's write-ahead log into it: left behind, it would be taken for the new file's."""
    if path.exists():
        old = sqlite3.connect(path, timeout=2.0)
        try:
            old.execute("PRAGMA journal_mode=DELETE")
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                raise LedgerInUse(LOCKED.format(url=url)) from None
            raise
        except sqlite3.DatabaseError:
            pass  # damaged: nothing in its log is worth keeping
        finally:
            old.close()
    for ending in ("-wal", "-shm"):
        path.with_name(path.name + ending).unlink(missing_ok=True)


def _make_durable(path: Path) -> None:
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def _build_postgresql(engine: Engine, source: _Source) -> None:
    with plain_words(engine):
        with engine.begin() as connection:
            if not connection.scalar(text(f"SELECT pg_try_advisory_xact_lock({LOCK})")):
                raise LedgerInUse(LOCKED.format(url=engine.url.render_as_string()))
            for sql in (
                f"DROP SCHEMA IF EXISTS {BUILDING} CASCADE",
                f"CREATE SCHEMA {BUILDING}",
                f"SET LOCAL search_path TO {BUILDING}, {POSTGIS_SCHEMA}",
                "SET LOCAL maintenance_work_mem TO '256MB'",
                "SET LOCAL lock_timeout TO '10s'",
            ):
                connection.exec_driver_sql(sql)
            create_tables(connection)
            _copy(connection, source)
            _finish(connection, source)
            connection.exec_driver_sql(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
            connection.exec_driver_sql(f"ALTER SCHEMA {BUILDING} RENAME TO {SCHEMA}")
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql(f"VACUUM (ANALYZE) {SCHEMA}.records, {SCHEMA}.subjects")


def _copy(connection: Connection, source: _Source) -> None:
    """COPY in binary form, which spares both sides the spelling out of times and numbers.

    FREEZE, as the table is of this transaction, so that indexes answer alone from the start.
    """
    cursor: Any = connection.connection.cursor()
    sql = f"COPY records ({', '.join(LOADED)}) FROM STDIN (FORMAT binary, FREEZE)"
    with cursor.copy(sql) as copy:
        copy.set_types([_SENT_AS.get(type(RECORDS.c[name].type), "text") for name in LOADED])
        for *values, geometry in source.rows():
            for k in _TIMES:
                values[k] -= _TO_2000
            copy.write_row((*values, None if geometry is None else bytes.fromhex(geometry)))


_SENT_AS = {Utc: "int8", BigInteger: "int8", Double: "float8", Geometry: "bytea"}


_TIMES = [k for k, name in enumerate(LOADED) if isinstance(RECORDS.c[name].type, Utc)]
_TO_2000 = 946_684_800_000_000  # microseconds; PostgreSQL counts from then


def _finish(connection: Connection, source: _Source) -> None:
    """What follows from the rows: indexes, what is superseded, who spoke about what, the head."""
    for index in INDEXES:
        index.create(connection)
    for follow_up in (*SETTLE, LIST_SUBJECTS):
        connection.execute(follow_up, {"after_seq": 0})
    write_head(connection, source.seq, source.hash, source.course)
