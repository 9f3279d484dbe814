"""Registers: what did we believe at D about the time E? Views of the store, none of them stored.

    asset        an asset and its state             control    who holds a district opposite
    programme    an item and where it has got to    incident   what was reported where
    claim        what was claimed, and resolved     record     who confirmed or contests a statement

`as_of` gives, of every subject and authority, the last statement that stands; `listed` all that stand;
`spoken` all that stand and the words on them, as records, for whoever folds a register. What stands is the
definition of `sarhad.ledger.standing`: recorded by D, happened by E, not taken back by D. Authorities that
disagree about a subject each have their own line: nobody's statement replaces another's, and beside each
stands who confirms and who contests it.

The last statement of a subject is one descent of the index (register, subject, authority, time), which also
passes over what was not believed at D; so a register costs by its subjects, not by its records.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, and_, func, or_, select, true, tuple_

from sarhad.ledger.collector import collector_resting
from sarhad.ledger.store import Store
from sarhad.ledger.tables import RECORDS, STATED, SUBJECTS, record_of
from sarhad.model.record import CONFIRMED, CONTESTED, OnLine, Record

_R, _S = RECORDS.c, SUBJECTS.c
_ABOUT = RECORDS.alias("about")
_E = RECORDS.alias("ever").c
_AT_A_TIME = 1_000  # statements whose countersigning is asked for in one question


@dataclass(frozen=True, slots=True)
class Box:
    """A box in longitude and latitude, edges included; it does not cross the 180th meridian."""

    west_deg: float
    south_deg: float
    east_deg: float
    north_deg: float

    def __post_init__(self) -> None:
        if not (
            -180 <= self.west_deg <= self.east_deg <= 180 and -90 <= self.south_deg <= self.north_deg <= 90
        ):
            raise ValueError(f"a box is west <= east within 180, south <= north within 90, found {self}")


@dataclass(frozen=True, slots=True)
class Question:
    """What did we believe of a register at one time about another? Both times are aware and inclusive.

    `along` keeps what meets a range of chainage of a part, `within` what lies wholly in a box. `as_of` asks
    where a subject was last said to be, so that what moved away is not found at its old place.
    """

    register: str
    believed_at: datetime
    about_at: datetime
    subject_id: str | None = None
    authority: str | None = None
    along: OnLine | None = None
    within: Box | None = None

    @property
    def asks_where(self) -> bool:
        """Whether it is asked of a range or a box."""
        return self.along is not None or self.within is not None


class Line(Struct, frozen=True):
    """A line of a register: a record that stands, and which other authorities confirm and contest it."""

    record: Record
    confirmed_by: tuple[str, ...] = ()
    contested_by: tuple[str, ...] = ()

    @property
    def agreement(self) -> str:
        """`contested` where anyone contests it, else `confirmed` where anyone confirms it, else `alone`."""
        return "contested" if self.contested_by else "confirmed" if self.confirmed_by else "alone"


def as_of(
    store: Store, question: Question, *, limit: int | None = None, after: Line | None = None
) -> tuple[Line, ...]:
    """Return the last statement that stands of every subject and authority, by (subject_id, authority).

    Page by page with `limit`, and as `after` the last line of the page before. LedgerError.
    """
    joined, last = _last(store, question)
    asked = select(*_stated(last)).select_from(joined)
    asked = _only(asked.where(_S.register == question.register), _S, question)
    if after is not None:
        key = (after.record.statement.subject_id, after.record.statement.authority)
        asked = asked.where(tuple_(_S.subject_id, _S.authority) > key)
    if question.asks_where:  # only who was ever said to be there can be there last
        ever = _there(store, question).with_only_columns(_E.subject_id, _E.authority)
        asked = asked.where(tuple_(_S.subject_id, _S.authority).in_(ever), *_lies(last, store, question))
    asked = asked.order_by(_S.subject_id, _S.authority).limit(limit)
    return _lines(store, asked, question.believed_at)


def listed(
    store: Store, question: Question, *, limit: int | None = None, after: Line | None = None
) -> tuple[Line, ...]:
    """Return all statements of a register that stand, by (happened_at, seq); pages as `as_of`."""
    asked: Any = select(*_stated(_R)).where(
        _R.register == question.register, *_stands(_R, question.believed_at, question.about_at)
    )
    asked = _only(asked, _R, question)
    if after is not None:
        time = after.record.statement.happened_at
        later = and_(_R.happened_at == time, _R.seq > after.record.seq)
        asked = asked.where(_R.happened_at >= time, or_(_R.happened_at > time, later))
    if question.asks_where:
        asked = asked.where(_R.seq.in_(_there(store, question)))
    asked = asked.order_by(_R.happened_at, _R.seq).limit(limit)
    return _lines(store, asked, question.believed_at)


def spoken(store: Store, register: str, *, believed_at: datetime, about_at: datetime) -> tuple[Record, ...]:
    """Return what stands of a register and of the words on its statements, by (happened_at, seq).

    Words are what confirms or contests. It costs by the register's records, however many others there are.
    """
    own = select(_ABOUT.c.statement_id).where(_ABOUT.c.register == register)
    of_register = select(_R.seq).where(_R.register == register)
    words = select(_R.seq).where(
        _R.register == "record", _R.subject_id.in_(own), _R.kind.in_((CONFIRMED, CONTESTED))
    )
    asked = select(*_stated(_R)).where(
        _R.seq.in_(of_register.union(words)), *_stands(_R, believed_at, about_at)
    )
    with store.reading() as connection, collector_resting():
        rows = connection.execute(asked.order_by(_R.happened_at, _R.seq)).all()
        return tuple(record_of(values) for values in rows)


def _stands(column: Any, believed_at: datetime, about_at: datetime) -> tuple[Any, ...]:
    """The definition of `sarhad.ledger.standing` in SQL."""
    return (*_believed(column, believed_at), column.happened_at <= about_at)


def _believed(column: Any, believed_at: datetime) -> tuple[Any, ...]:
    kept = or_(column.superseded_at.is_(None), column.superseded_at > believed_at)
    return (column.recorded_at <= believed_at, kept)


def _last(store: Store, question: Question) -> tuple[Any, Any]:
    """Every subject and authority joined to their last statement that stands, and the columns of that."""
    one = RECORDS.alias("one")
    last = (
        select(one)
        .where(one.c.register == question.register, one.c.subject_id == _S.subject_id)
        .where(one.c.authority == _S.authority, *_stands(one.c, question.believed_at, question.about_at))
        .order_by(one.c.happened_at.desc(), one.c.seq.desc())
        .limit(1)
    )
    if store.has_geometry:  # joined by number, PostgreSQL would read the whole table beside it
        found = last.lateral("last")
        return SUBJECTS.join(found, true()), found.c
    return SUBJECTS.join(RECORDS, _R.seq == last.with_only_columns(one.c.seq).scalar_subquery()), _R


def _stated(column: Any) -> list[Any]:
    """What a line is read back from: a record, and whether anyone ever spoke of it (few are spoken of)."""
    return [*(column[name] for name in STATED), column["spoken_of_at"].is_not(None)]


def _only(asked: Any, column: Any, question: Question) -> Any:
    if question.subject_id is not None:
        asked = asked.where(column.subject_id == question.subject_id)
    if question.authority is not None:
        asked = asked.where(column.authority == question.authority)
    return asked


def _there(store: Store, question: Question) -> Any:
    """Numbers of all records of a register with such a place, by the index of places: few, as a rule."""
    return select(_E.seq).where(_E.register == question.register, *_lies(_E, store, question))


def _lies(column: Any, store: Store, question: Question) -> list[Any]:
    """What must hold of a row whose place meets a range and lies in a box."""
    holds: list[Any] = []
    if (along := question.along) is not None:
        holds += [column.part_id == along.part_id, column.from_m <= along.to_m, column.to_m >= along.from_m]
    if (within := question.within) is not None:
        if store.has_geometry:  # PostGIS's index finds the way; its boxes are rounded, so the columns decide
            corners = (within.west_deg, within.south_deg, within.east_deg, within.north_deg)
            holds.append(column.geometry.op("&&")(func.ST_MakeEnvelope(*corners, 4326)))
        holds += [column.west_deg >= within.west_deg, column.west_deg <= within.east_deg]
        holds += [column.east_deg <= within.east_deg, column.south_deg >= within.south_deg]
        holds.append(column.north_deg <= within.north_deg)
    return holds


def _lines(store: Store, asked: Any, believed_at: datetime) -> tuple[Line, ...]:
    with store.reading() as connection, collector_resting():
        rows = connection.execute(asked).all()
        records = [record_of(values) for values in rows]
        spoken_of = [record for record, values in zip(records, rows, strict=True) if values[-1]]
        words = _countersigned(connection, spoken_of, believed_at)
        return tuple([Line(record, *words.get(record.statement.statement_id, ())) for record in records])


def _countersigned(
    connection: Connection, records: Sequence[Record], believed_at: datetime
) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    """Who confirms and who contests each statement: of every authority its last standing word counts."""
    last_word: dict[str, dict[str, str]] = {}
    statement_ids = sorted(record.statement.statement_id for record in records)
    for statement_id, authority, kind, _ in _words(connection, statement_ids, believed_at):
        words = last_word.setdefault(statement_id, {})
        words.pop(authority, None)  # so that authorities come in the order of their last words
        words[authority] = kind
    return {
        statement_id: (
            tuple(name for name, kind in words.items() if kind == CONFIRMED),
            tuple(name for name, kind in words.items() if kind == CONTESTED),
        )
        for statement_id, words in last_word.items()
    }


def _words(connection: Connection, statement_ids: Sequence[str], believed_at: datetime) -> list[Any]:
    """(statement_id, authority, kind, seq) of all standing words about statements, by seq."""
    words: list[Any] = []
    for k in range(0, len(statement_ids), _AT_A_TIME):
        asked = (
            select(_R.subject_id, _R.authority, _R.kind, _R.seq)
            .where(_R.register == "record", _R.subject_id.in_(statement_ids[k : k + _AT_A_TIME]))
            .where(_R.kind.in_((CONFIRMED, CONTESTED)), *_believed(_R, believed_at))
        )
        words += connection.execute(asked)
    return sorted(words, key=lambda word: word.seq)
