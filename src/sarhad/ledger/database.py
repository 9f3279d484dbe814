"""How the store reaches its database: SQLite in a file, PostgreSQL with PostGIS by URL.

SQLite: write-ahead log, so that readers never wait for the writer; `synchronous=NORMAL`, so that a power cut
costs the last projections and never the file (the journal has them). PostgreSQL: schema `sarhad`, session in
UTC. What a database refuses becomes a LedgerError in plain words; the journal is never touched from here.
"""

from __future__ import annotations

import errno
import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError

from sarhad.errors import LedgerDamaged, LedgerError, LedgerInUse

SCHEMA = "sarhad"
BUILDING = "sarhad_building"  # a store in the making
POSTGIS_SCHEMA = "public"
LOCK = 7_235_418  # of PostgreSQL's advisory locks: any number, the same in every Sarhad

NO_DRIVER = "a store on PostgreSQL needs the psycopg driver: pip install 'sarhad[postgres]'"
NO_POSTGIS = "the database at {url} has no PostGIS: CREATE EXTENSION postgis, in its schema public"
NOT_KNOWN = "a store is at sqlite:///FILE or postgresql://HOST/DATABASE, found {url}"
AGAIN = "nothing recorded is lost: the journal holds it; when that is mended, rebuild the store"
FULL = "the store at {url} cannot grow, its disk is full; " + AGAIN
DAMAGED = "the store at {url} is damaged ({reason}); " + AGAIN
LOCKED = "the store at {url} is in use by another process: close that and try again"
REFUSED = "the store at {url} does not answer ({reason}); " + AGAIN


_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=NORMAL",
    "cache_size=-65536",
    "mmap_size=2147418112",  # rows lie all over the file: mapped, fetching them costs half
    "temp_store=MEMORY",
)


def engine_of(url: str) -> Engine:
    """An engine that connects when first asked. LedgerError: not a store's URL, or no driver for it."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise LedgerError(NOT_KNOWN.format(url=url)) from None
    backend = parsed.drivername.partition("+")[0]
    if backend == "sqlite" and parsed.database not in (None, "", ":memory:"):
        return _sqlite(parsed)
    if backend in ("postgresql", "postgres"):
        return _postgresql(parsed)
    raise LedgerError(NOT_KNOWN.format(url=parsed.render_as_string()))


def _sqlite(url: URL) -> Engine:
    engine = create_engine(url.set(drivername="sqlite"), connect_args={"timeout": 10})

    @event.listens_for(engine, "connect")
    def settle(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # the driver begins nothing by itself: `begin` below does
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _postgresql(url: URL) -> Engine:
    if importlib.util.find_spec("psycopg") is None:
        raise LedgerError(NO_DRIVER)
    session = f"-c search_path={SCHEMA},{POSTGIS_SCHEMA} -c timezone=UTC -c jit=off -c random_page_cost=1.1"
    return create_engine(
        url.set(drivername="postgresql+psycopg"),
        connect_args={"options": session, "connect_timeout": 10},
    )


def check_postgis(connection: Connection) -> None:
    """LedgerError where the database has no PostGIS and none can be created."""
    if connection.scalar(text("SELECT 1 FROM pg_extension WHERE extname = 'postgis'")):
        return
    try:
        with connection.begin_nested():
            connection.execute(text(f"CREATE EXTENSION postgis SCHEMA {POSTGIS_SCHEMA}"))
    except DBAPIError:
        raise LedgerError(NO_POSTGIS.format(url=connection.engine.url.render_as_string())) from None


@contextmanager
def plain_words(engine: Engine) -> Iterator[None]:
    """Say what a database, its driver or the disk refuses as a LedgerError."""
    driver: Any = engine.dialect.loaded_dbapi
    url = engine.url.render_as_string(hide_password=True)
    try:
        yield
    except (DBAPIError, driver.Error) as error:
        cause = getattr(error, "orig", None) or error
        reason = (str(cause).strip() or type(cause).__name__).splitlines()[0]
        kind, words = _meaning(
            str(getattr(cause, "sqlstate", None) or getattr(cause, "sqlite_errorname", ""))
        )
        raise kind(words.format(url=url, reason=reason)) from error
    except OSError as error:
        words = FULL if error.errno == errno.ENOSPC else REFUSED
        raise LedgerError(words.format(url=url, reason=error.strerror or error)) from error


def _meaning(code: str) -> tuple[type[LedgerError], str]:
    """What a driver's code means; codes by their beginnings."""
    return next((meaning for start, meaning in _MEANINGS.items() if code.startswith(start)), _NO_ANSWER)


_NO_ANSWER = (LedgerError, REFUSED)
_MEANINGS: dict[str, tuple[type[LedgerError], str]] = {
    "SQLITE_FULL": (LedgerError, FULL),
    "53100": (LedgerError, FULL),
    "SQLITE_BUSY": (LedgerInUse, LOCKED),
    "55P03": (LedgerInUse, LOCKED),  # lock_not_available
    "SQLITE_CORRUPT": (LedgerDamaged, DAMAGED),
    "SQLITE_NOTADB": (LedgerDamaged, DAMAGED),
    "SQLITE_ERROR": (LedgerDamaged, DAMAGED),  # a table or column that is not there
    "42P01": (LedgerDamaged, DAMAGED),  # undefined_table
    "42703": (LedgerDamaged, DAMAGED),  # undefined_column
    "SQLITE_CONSTRAINT": (LedgerDamaged, DAMAGED),
    "23": (LedgerDamaged, DAMAGED),  # integrity constraints
}
