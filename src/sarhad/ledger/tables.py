"""The store's tables, the same in SQLite and PostgreSQL, and how a record becomes a row of them.

    records    a row per record; superseded_at = when its correction or withdrawal was recorded,
               spoken_of_at = when it was first confirmed or contested
    subjects   who has spoken about what, per register: one row per register, subject and authority
    head       one row: how far the store has read the journal, the hash that it read there, and on which
               course of the line places were found

`superseded_at` makes questions about belief a comparison: a record is believed at D where
recorded_at <= D < superseded_at (R. T. Snodgrass, *Developing Time-Oriented Database Applications in SQL*,
2000, transaction-time state tables). Text sorts by code point in both databases. Times are TIMESTAMPTZ in
PostgreSQL and whole microseconds since 1970 in SQLite: the same instants, the same order. A located place is
EWKB (in hex) in SQLite, a PostGIS geometry in PostgreSQL, and in both the box around it in degrees.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Connection,
    Dialect,
    Double,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    Update,
    bindparam,
    exists,
    func,
    literal_column,
    select,
)
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.schema import CreateTable
from sqlalchemy.types import TypeDecorator, TypeEngine, UserDefinedType

from sarhad.model.record import CONFIRMED, CONTESTED, OnLine, Record, Statement

FORMAT = 2  # of the tables: a store of another format is rebuilt

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

Located = tuple[float | None, float | None, float | None, float | None, str | None]
NOT_LOCATED: Located = (None, None, None, None, None)


def microseconds(time: datetime) -> int:
    """Whole microseconds since 1970 of an aware time."""
    return (time - _EPOCH) // _MICROSECOND


def _since_1970(value: int | None) -> datetime | None:
    return None if value is None else _EPOCH + value * _MICROSECOND


def _in_utc(value: datetime | None) -> datetime | None:
    return None if value is None else value.replace(tzinfo=UTC)


class Utc(TypeDecorator[datetime]):
    """An aware time in UTC, exact to the microsecond."""

    impl = BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """TIMESTAMPTZ where the database has it."""
        return dialect.type_descriptor(
            TIMESTAMP(timezone=True) if dialect.name == "postgresql" else BigInteger()
        )

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Towards the database."""
        return value if value is None or dialect.name == "postgresql" else microseconds(value)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any]:
        """From the database; in place of process_result_value, which costs a register another call a time."""
        return _in_utc if dialect.name == "postgresql" else _since_1970


class Geometry(UserDefinedType[str]):
    """A PostGIS geometry in longitude and latitude, written as EWKB in hex."""

    cache_ok = True

    def get_col_spec(self) -> str:  # type: ignore[override]
        """The column's type in PostgreSQL."""
        return "geometry(Geometry,4326)"


_TEXT = Text().with_variant(Text(collation="C"), "postgresql")
_NUMBER = BigInteger().with_variant(Integer(), "sqlite")  # INTEGER PRIMARY KEY is the row's own number there

METADATA = MetaData()

RECORDS = Table(
    "records",
    METADATA,
    Column("seq", _NUMBER, primary_key=True, autoincrement=False),
    Column("statement_id", _TEXT, nullable=False),
    Column("register", _TEXT, nullable=False),
    Column("kind", _TEXT, nullable=False),
    Column("subject_id", _TEXT, nullable=False),
    Column("happened_at", Utc, nullable=False),
    Column("recorded_at", Utc, nullable=False),
    Column("authority", _TEXT, nullable=False),
    Column("author", _TEXT, nullable=False),
    Column("source", _TEXT, nullable=False),
    Column("body", _TEXT, nullable=False),
    Column("part_id", _TEXT),
    Column("from_m", Double),
    Column("to_m", Double),
    Column("offset_m", Double),
    Column("corrects", _TEXT, nullable=False),
    Column("signature", _TEXT, nullable=False),
    Column("hash", _TEXT, nullable=False),
    Column("west_deg", Double),
    Column("south_deg", Double),
    Column("east_deg", Double),
    Column("north_deg", Double),
    Column("geometry", Geometry().with_variant(Text(), "sqlite")),
    Column("superseded_at", Utc),
    Column("spoken_of_at", Utc),
)

SUBJECTS = Table(
    "subjects",
    METADATA,
    Column("register", _TEXT, primary_key=True),
    Column("subject_id", _TEXT, primary_key=True),
    Column("authority", _TEXT, primary_key=True),
)

HEAD = Table(
    "head",
    METADATA,
    Column("one", Integer, CheckConstraint("one = 1"), primary_key=True),
    Column("format", Integer, nullable=False),
    Column("seq", _NUMBER, nullable=False),
    Column("hash", _TEXT, nullable=False),
    Column("course", _TEXT, nullable=False),
)

_R = RECORDS.c
_NOTHING: Any = literal_column("''")  # spelt out: a partial index is not found by way of a parameter
_BELIEF = (_R.recorded_at, _R.superseded_at)  # in an index: what was not believed is passed over there


def _partial(name: str, columns: tuple[Any, ...], where: Any) -> Index:
    return Index(name, *columns, sqlite_where=where, postgresql_where=where)


INDEXES = (
    Index("records_statement", _R.statement_id, unique=True),
    Index("records_subject", _R.register, _R.subject_id, _R.authority, _R.happened_at, _R.seq, *_BELIEF),
    Index("records_time", _R.register, _R.happened_at, _R.seq, *_BELIEF),
    _partial("records_place", (_R.register, _R.part_id, _R.from_m, _R.to_m), _R.part_id.is_not(None)),
    _partial(
        "records_box",
        (_R.register, _R.west_deg, _R.east_deg, _R.south_deg, _R.north_deg),
        _R.west_deg.is_not(None),
    ).ddl_if(dialect="sqlite"),
    Index("records_geometry", _R.geometry, postgresql_using="gist").ddl_if(dialect="postgresql"),
    _partial("records_corrects", (_R.corrects,), _R.corrects != _NOTHING),
)

SETTLED = ("superseded_at", "spoken_of_at")  # by what is said later
LOADED = tuple(column.name for column in RECORDS.c if column.name not in SETTLED)
TAKEN = LOADED[: LOADED.index("west_deg")]  # from the record itself; the others say where its place lies
STATED = tuple(name for name in TAKEN if name != "register")  # makes a record

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


def row(record: Record, time: Callable[[datetime], Any]) -> tuple[Any, ...]:
    """A record as the values of the columns `TAKEN`; `time` writes a time as the database takes it."""
    said = record.statement
    place = said.place
    return (
        record.seq,
        said.statement_id,
        said.register,
        said.kind,
        said.subject_id,
        time(said.happened_at),
        time(record.recorded_at),
        said.authority,
        said.author,
        said.source,
        _encode(dict(said.body)).decode(),
        *((None,) * 4 if place is None else (place.part_id, place.from_m, place.to_m, place.offset_m)),
        said.corrects,
        said.signature,
        record.hash,
    )


def record_of(values: Any) -> Record:
    """The record that a row's columns `STATED` hold: equal to the one that was projected."""
    seq, statement_id, kind, subject_id, happened_at, recorded_at, authority, author, source, body = values[
        :10
    ]
    part_id, from_m, to_m, offset_m, corrects, signature, digest = values[10:17]
    place = None if part_id is None else OnLine(part_id, from_m, to_m, offset_m)
    said = (statement_id, kind, subject_id, happened_at, authority, author, source, _decode(body))
    return Record(seq, recorded_at, Statement(*said, place, corrects, signature), digest)


_AFTER = bindparam("after_seq", type_=BigInteger)
_LATER = RECORDS.alias("later")


def _settled(column: str, names: Any, says: Any, *way: Any) -> Update:
    """Note in a column when what the records above `after_seq` name was first named in that way.

    `way` adds nothing to `says`: an index finds all earlier words on a statement by it.
    """
    named = select(names).where(says, _LATER.c.seq > _AFTER)
    first = select(func.min(_LATER.c.recorded_at, type_=Utc)).where(says, *way, names == _R.statement_id)
    return RECORDS.update().where(_R.statement_id.in_(named)).values({column: first.scalar_subquery()})


SETTLE = (
    _settled("superseded_at", _LATER.c.corrects, _LATER.c.corrects != _NOTHING),
    _settled(
        "spoken_of_at",
        _LATER.c.subject_id,
        _LATER.c.kind.in_((CONFIRMED, CONTESTED)),
        _LATER.c.register == "record",
    ),
)
_KEY = (_R.register, _R.subject_id, _R.authority)
LIST_SUBJECTS = SUBJECTS.insert().from_select(
    [column.name for column in _KEY],
    select(*_KEY)
    .distinct()
    .where(_R.seq > _AFTER)
    .where(~exists().where(*(SUBJECTS.c[column.name] == column for column in _KEY))),
)


def create_tables(connection: Connection) -> None:
    """Create the tables, without their indexes."""
    for table in METADATA.sorted_tables:
        connection.execute(CreateTable(table))


def write_head(connection: Connection, seq: int, digest: str, course: str) -> None:
    """Write the one row of `head`, anew."""
    connection.execute(HEAD.delete())
    connection.execute(HEAD.insert().values(one=1, format=FORMAT, seq=seq, hash=digest, course=course))
