"""Which statements stand: the slow, plain definition that every faster view is held to.

"What did we believe at B about the time E?" A statement stands when all three hold:

    it was known         recorded_at <= B
    it had happened      happened_at <= E
    it was not taken back: no record known at B names it in `corrects`

A correction stands in its own right, under its own time; it does not bring the time of what it corrects with
it. What was once corrected or withdrawn never comes back, not even when the correction is withdrawn in its
turn: whoever means it says it again. Source of the two times: R. T. Snodgrass, *Developing Time-Oriented
Database Applications in SQL*, 2000.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sarhad.model.record import CONFIRMED, CONTESTED, Record


def standing(records: Iterable[Record], believed_at: datetime, about_at: datetime) -> tuple[Record, ...]:
    """Return the records that were believed at `believed_at` about `about_at`, by (happened_at, seq).

    Both times are aware and inclusive. Records may come in any order.
    """
    known = [record for record in records if record.recorded_at <= believed_at]
    taken_back = {record.statement.corrects for record in known}
    stand = (
        record
        for record in known
        if record.statement.happened_at <= about_at and record.statement.statement_id not in taken_back
    )
    return tuple(sorted(stand, key=lambda record: (record.statement.happened_at, record.seq)))


@dataclass(frozen=True, slots=True)
class Countersigned:
    """Which other authorities confirmed a statement, which contest it; in the order of their last words."""

    confirmed_by: tuple[str, ...]
    contested_by: tuple[str, ...]


def countersigned(records: Iterable[Record], statement_id: str, believed_at: datetime) -> Countersigned:
    """Return who agreed to a statement at `believed_at`: of every authority its last standing word counts."""
    known = [record for record in records if record.recorded_at <= believed_at]
    taken_back = {record.statement.corrects for record in known}
    last_word: dict[str, str] = {}
    for record in sorted(known, key=lambda record: record.seq):
        statement = record.statement
        if (
            statement.kind in (CONFIRMED, CONTESTED)
            and statement.subject_id == statement_id
            and statement.statement_id not in taken_back
        ):
            last_word.pop(statement.authority, None)
            last_word[statement.authority] = statement.kind
    return Countersigned(
        confirmed_by=tuple(name for name, kind in last_word.items() if kind == CONFIRMED),
        contested_by=tuple(name for name, kind in last_word.items() if kind == CONTESTED),
    )
