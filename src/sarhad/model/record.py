"""What the ledger holds: statements by authorities, and the records that they become.

    statement  what an authority says: what happened, when, where, to what; signed where agreement matters
    record     the statement as the ledger took it down: its number, when, and the hash that chains it

Two times: `happened_at` is the speaker's, `recorded_at` the ledger's (R. T. Snodgrass, *Developing
Time-Oriented Database Applications in SQL*, 2000: valid and transaction time). A statement is never changed:
a correction is a later statement of the same authority that names it in `corrects`.

They are structs, not dataclasses: a register makes tens of thousands of them, in half of the time.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec import Struct, field

Json = str | int | float | bool | None | list[Any] | dict[str, Any]  # and so on within

CONFIRMED = "record.confirmed"  # another authority agrees: subject_id names the statement
CONTESTED = "record.contested"  # another authority does not: body["reason"] says why
WITHDRAWN = "record.withdrawn"  # the same authority takes a statement back: `corrects` names it

_METRES = ("from_m", "to_m", "offset_m")
_NEEDED = ("statement_id", "kind", "subject_id", "authority")
_TEXTS = (*_NEEDED, "author", "source", "corrects", "signature")


class OnLine(Struct, frozen=True):
    """A place on the line: a range of chainage of a part (a point where both ends agree), home positive."""

    part_id: str
    from_m: float
    to_m: float
    offset_m: float = 0.0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.from_m) and math.isfinite(self.to_m) and math.isfinite(self.offset_m)):
            name = next(one for one in _METRES if not math.isfinite(getattr(self, one)))
            raise ValueError(f"{name} must be finite, found {getattr(self, name)}")
        if "\0" in self.part_id:
            raise ValueError(f"part_id must not hold the character NUL, found {self.part_id!r}")
        if not self.from_m <= self.to_m:
            raise ValueError(f"from_m must not exceed to_m, found {self.from_m} and {self.to_m}")


class Statement(Struct, frozen=True):
    """What an authority says.

    `statement_id` is a ULID given by the speaker: the same one sent twice is recorded once. `kind` is
    `register.verb` ("programme.delivered", "asset.state", "claim.made"); `subject_id` is what it is about.
    `signature` is the Ed25519 signature, in base64, of all the other fields; empty where none is asked.
    """

    statement_id: str
    kind: str
    subject_id: str
    happened_at: datetime
    authority: str
    author: str
    source: str = ""
    body: Mapping[str, Json] = field(default_factory=dict)
    place: OnLine | None = None
    corrects: str = ""
    signature: str = ""

    def __post_init__(self) -> None:
        if not (self.statement_id and self.kind and self.subject_id and self.authority):
            name = next(one for one in _NEEDED if not getattr(self, one))
            raise ValueError(f"statement {self.statement_id}: {name} must not be empty")
        words = self.statement_id + self.kind + self.subject_id + self.authority + self.author + self.source
        if "\0" in words + self.corrects + self.signature:
            name = next(one for one in _TEXTS if "\0" in getattr(self, one))
            raise ValueError(f"statement {self.statement_id!r}: {name} must not hold the character NUL")
        register, _, verb = self.kind.partition(".")
        if not register or not verb:
            raise ValueError(f"statement {self.statement_id}: kind must be register.verb, found {self.kind}")
        if self.happened_at.tzinfo is not UTC and self.happened_at.utcoffset() != timedelta(0):
            raise ValueError(f"statement {self.statement_id}: happened_at must be in UTC")

    @property
    def register(self) -> str:
        """The register that the statement belongs to: the first word of its kind."""
        return self.kind.partition(".")[0]


class Record(Struct, frozen=True):
    """A statement as taken down: `seq` counts from 1; `hash` is SHA-256 over the hash before it and this."""

    seq: int
    recorded_at: datetime
    statement: Statement
    hash: str
