"""One item's way down the chain: counts by state, moved by statements and never otherwise.

    pledged           n(pledged) += q                         only this makes units
    s from f          n(f) -= q, n(s) += q                    refused where q > n(f)
    accepted          waits for the other party's signature, then moves at the time of that one
    contested         n(s) -= q, n(disputed, f) += q          until the contest is withdrawn

Counts are whole thousandths (metres, where kilometres are counted), so that sums are exact. Every change is
checked before it is made: a refused statement leaves nothing behind.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Literal

from sarhad.io.programme_body import day_of, serials_of
from sarhad.model.programme import (
    COMES_FROM,
    HELD,
    Move,
    ProgrammeItem,
    Progress,
    State,
    quantity_words,
    sound_quantity,
    stands_at,
)
from sarhad.model.record import Json, Statement

_FIXED_BY_PLEDGE = ("equipment_id", "measured_in", "donor", "producer")


class RefusedError(Exception):
    """A statement does not fit; says of which column, what was expected and found."""

    def __init__(self, column: str, expected: str, found: object) -> None:
        super().__init__(f"{column}: expected {expected}, found {found}")
        self.column, self.expected, self.found = column, expected, str(found)


@dataclass(frozen=True, slots=True)
class _Stated:
    """What one statement said of the item; `made` once it has moved units, and waiting until then."""

    statement: Statement
    state: State
    came_from: State | None
    quantity: int
    serials: tuple[str, ...]


@dataclass(slots=True)
class ItemFold:
    """The counts of one item while its statements are read in order; `used` are the serials of all items."""

    item: ProgrammeItem
    used: dict[tuple[str, str, str], str]
    at: dict[State, int] = field(default_factory=dict)
    reached: dict[State, int] = field(default_factory=dict)
    disputed: dict[State, int] = field(default_factory=dict)
    lost: dict[State, int] = field(default_factory=dict)
    serial_at: dict[str, State | Literal["disputed"]] = field(default_factory=dict)
    forecast: dict[State, date] = field(default_factory=dict)
    counted: dict[str, datetime] = field(default_factory=dict)
    waiting: dict[str, _Stated] = field(default_factory=dict)
    made: dict[str, _Stated] = field(default_factory=dict)
    contested_by: dict[str, set[str]] = field(default_factory=dict)
    moves: list[Move] = field(default_factory=list)

    def progress(self) -> Progress:
        """Return what has been read so far as a value."""
        return Progress(
            item=self.item,
            at=_amounts(self.at),
            reached=_amounts(self.reached),
            disputed=_amounts(self.disputed),
            lost=_amounts(self.lost),
            acts={statement_id: act.quantity / 1000 for statement_id, act in self.waiting.items()},
            serials=dict(self.serial_at),
            forecast=dict(self.forecast),
            counted=dict(self.counted),
            moves=tuple(self.moves),
        )

    def describe(self, item: ProgrammeItem) -> None:
        """Take a later description of the item; what units already stand on may not change."""
        for name in _FIXED_BY_PLEDGE if self.reached.get("pledged") else ():
            old, new = getattr(self.item, name), getattr(item, name)
            if old != new and not (name == "producer" and not self.serial_at):
                raise RefusedError(name, f"{old!r} as long as a pledge stands", repr(new))
        strange = sorted(set(self.serial_at) - set(item.serials)) if item.serials else []
        if strange:
            raise RefusedError("serials", f"the known serial {strange[0]} among them", list(item.serials))
        self.item = item

    def apply(self, state: State, statement: Statement) -> None:
        """Read one statement of the item's own register; raises RefusedError."""
        body = statement.body
        basis = body.get("basis", "actual")
        if basis not in {"actual", "forecast"}:
            raise RefusedError("basis", "actual or forecast", repr(basis))
        if basis == "forecast":
            self.forecast[state] = _checked_day(body)
            return
        quantity = self._quantity(body)
        if state == "needed":
            self.reached["needed"] = self.reached.get("needed", 0) + quantity
            return
        came_from = self._origin(state, body)
        said = _Stated(statement, state, came_from, quantity, _checked_serials(body))
        if state == "accepted":
            self._sign(said)
        else:
            self._move(said, statement.happened_at)

    def count(self, statement: Statement) -> None:
        """Take down an inventory: the serials that were seen, or that all units without one were.

        A quantity, where one is stated, must be what is held: a count that differs is a loss or a delivery.
        """
        serials = _checked_serials(statement.body)
        for serial in serials:
            if serial not in self.serial_at:
                raise RefusedError("serials", "a serial of the item", serial)
        if "quantity" in statement.body:
            self._check_count(self._quantity(statement.body), serials)
        for serial in serials or ("",):
            self.counted[serial] = statement.happened_at

    def _check_count(self, counted: int, serials: tuple[str, ...]) -> None:
        known = sum(1000 for state in self.serial_at.values() if state in HELD)
        held = 1000 * len(serials) if serials else sum(self.at.get(state, 0) for state in HELD) - known
        if counted != held:
            what = "as many as the serials" if serials else "what is held without a serial"
            raise RefusedError("quantity", f"{_show(held)}, {what}", _show(counted))

    def confirm(self, statement: Statement) -> None:
        """Put the second signature under an act of acceptance; other statements need none."""
        subject = statement.subject_id
        if statement.authority in self.contested_by.get(subject, ()):
            raise RefusedError("authority", "its own contest of the statement withdrawn first", "a contest")
        act = self.waiting.get(subject)
        if act is None:
            return
        other = {self.item.donor, self.item.recipient} - {act.statement.authority}
        if statement.authority not in other:
            raise RefusedError("authority", f"{other.pop()}, the other party of the act", statement.authority)
        if not statement.signature:
            raise RefusedError("signature", "the second signature of the act", "nothing")
        self._move(act, statement.happened_at)
        del self.waiting[subject]

    def contest(self, statement: Statement) -> None:
        """Set aside what another authority contests of an earlier statement about this item."""
        subject = statement.subject_id
        said = self.waiting.get(subject) or self.made.get(subject)
        if said is None:
            return
        if statement.authority == said.statement.authority:
            raise RefusedError("authority", "another authority than the speaker's", statement.authority)
        stated = "quantity" in statement.body
        quantity = self._quantity(statement.body) if stated else said.quantity
        if not 0 < quantity <= said.quantity:
            raise RefusedError("quantity", f"at most {_show(said.quantity)}, as stated", _show(quantity))
        serials = _checked_serials(statement.body) or (said.serials if quantity == said.quantity else ())
        if said.serials and not (serials and set(serials) <= set(said.serials)):
            raise RefusedError("serials", f"among {', '.join(said.serials)}", ", ".join(serials) or "nothing")
        self._set_aside(said, quantity, serials, statement)
        self.contested_by.setdefault(subject, set()).add(statement.authority)

    def _set_aside(self, said: _Stated, quantity: int, serials: tuple[str, ...], by: Statement) -> None:
        """Move units to the disputed, under the state where both sides last agreed that they stood."""
        agreed: State = said.came_from or "pledged"
        waits = by.subject_id in self.waiting
        state = agreed if waits else stands_at(said.state)
        taken = self._taken(state, quantity, serials)
        if state == "lost":
            self.lost[agreed] -= quantity
        self._shift(state, -quantity)
        self.disputed[agreed] = self.disputed.get(agreed, 0) + quantity
        for serial in taken:
            self.serial_at[serial] = "disputed"
            self.used[self._key(serial)] = self.item.item_id
        rest = replace(
            said,
            quantity=said.quantity - quantity,
            serials=tuple(one for one in said.serials if one not in taken),
        )
        (self.waiting if waits else self.made)[by.subject_id] = rest
        if not waits:
            self.reached[said.state] -= quantity
        elif not rest.quantity:
            del self.waiting[by.subject_id]
        denied = None if waits else said.state
        amount = quantity / 1000
        self.moves.append(Move(by.happened_at, "disputed", state, amount, taken, by.statement_id, denied))

    def _sign(self, act: _Stated) -> None:
        """Take down an act of acceptance; it moves nothing before the other party has confirmed it."""
        parties = (self.item.donor, self.item.recipient)
        if act.statement.authority not in parties:
            raise RefusedError("authority", f"{parties[0]} or {parties[1]}", act.statement.authority)
        if not act.statement.signature:
            raise RefusedError("signature", "an act signed by donor or recipient", "nothing")
        waiting = act.quantity + sum(one.quantity for one in self.waiting.values())
        if waiting > self.at.get("delivered", 0):
            raise self._too_much("delivered", waiting)
        self._taken("delivered", act.quantity, act.serials)
        self.waiting[act.statement.statement_id] = act

    def _move(self, said: _Stated, at: datetime) -> None:
        """Move units as stated, from the time `at`."""
        taken = self._taken(said.came_from, said.quantity, said.serials)
        to = stands_at(said.state)
        if said.came_from is not None:
            self._shift(said.came_from, -said.quantity)
        self._shift(to, said.quantity)
        self.reached[said.state] = self.reached.get(said.state, 0) + said.quantity
        if said.state == "lost" and said.came_from is not None:
            self.lost[said.came_from] = self.lost.get(said.came_from, 0) + said.quantity
        for serial in taken:
            self.serial_at[serial] = to
            self.used[self._key(serial)] = self.item.item_id
        statement_id = said.statement.statement_id
        self.made[statement_id] = replace(said, serials=taken)
        self.moves.append(Move(at, said.state, said.came_from, said.quantity / 1000, taken, statement_id))

    def _origin(self, state: State, body: Mapping[str, Json]) -> State | None:
        """Return where units come from: as stated, the only legal state, or the only one that has any."""
        legal = COMES_FROM[state]
        if not legal:
            return None
        stated = body.get("from")
        if stated is not None:
            chosen = [one for one in legal if one == stated]
            if not chosen:
                raise RefusedError("from", "one of " + ", ".join(legal), repr(stated))
            return chosen[0]
        having = [one for one in legal if self.at.get(one)]
        if len(legal) > 1 and len(having) != 1:
            raise RefusedError(
                "from", "the state that the units were in: one of " + ", ".join(legal), "nothing"
            )
        return legal[0] if len(legal) == 1 else having[0]

    def _taken(self, state: State | None, quantity: int, serials: tuple[str, ...]) -> tuple[str, ...]:
        """Return the serials of the units that are meant; refuses where there are not that many units."""
        there = quantity if state is None else self.at.get(state, 0)
        if state is not None and quantity > there:
            raise self._too_much(state, quantity)
        known = [] if state is None else [one for one, where in self.serial_at.items() if where == state]
        if not serials:
            if known and quantity < there:
                raise RefusedError("serials", f"which ones: serials at {state} are known", "nothing")
            return tuple(known)
        if len(serials) * 1000 != quantity:
            raise RefusedError("serials", f"{_show(quantity)} serials, as many as the quantity", len(serials))
        new = [one for one in serials if one not in self.serial_at]
        for serial in serials:
            if serial in self.serial_at and (state is None or self.serial_at[serial] != state):
                raise RefusedError(
                    "serials", f"a unit at {state}", f"{serial}, which is at {self.serial_at[serial]}"
                )
        for serial in new:
            self._check_new(serial)
        if len(new) * 1000 > there - 1000 * len(known):
            raise RefusedError("serials", f"one of {', '.join(sorted(known))}", ", ".join(new))
        return serials

    def _check_new(self, serial: str) -> None:
        if self.item.serials and serial not in self.item.serials:
            raise RefusedError("serials", "a serial that the item lists", serial)
        other = self.used.get(self._key(serial))
        if other is not None:
            raise RefusedError("serials", "a serial that no other unit has", f"{serial}, a unit of {other}")

    def _too_much(self, state: State, quantity: int) -> RefusedError:
        there = self.at.get(state, 0)
        waits = sum(act.quantity for act in self.waiting.values())
        why = f"at most {_show(there)}, what stands at {state}"
        if state == "accepted" and waits:
            why += f" ({_show(waits)} await the second signature)"
        elif not self.reached.get(state):
            why += f" (the item has not been {state} yet)"
        return RefusedError("quantity", why, _show(quantity))

    def _quantity(self, body: Mapping[str, Json]) -> int:
        quantity, words = body.get("quantity"), quantity_words(self.item.measured_in)
        if isinstance(quantity, bool) or not isinstance(quantity, int | float):
            raise RefusedError("quantity", words, "nothing" if quantity is None else repr(quantity))
        if not sound_quantity(quantity, self.item.measured_in):
            raise RefusedError("quantity", words, f"{quantity:g}")
        return round(1000 * quantity)

    def _shift(self, state: State, quantity: int) -> None:
        self.at[state] = self.at.get(state, 0) + quantity

    def _key(self, serial: str) -> tuple[str, str, str]:
        return (self.item.equipment_id, self.item.producer, serial)


def _checked_serials(body: Mapping[str, Json]) -> tuple[str, ...]:
    try:
        return serials_of(body)
    except ValueError as error:
        raise RefusedError("serials", "a list of different texts", error) from error


def _checked_day(body: Mapping[str, Json]) -> date:
    try:
        return day_of(body.get("date"), "date")
    except ValueError as error:
        raise RefusedError("date", "a date YYYY-MM-DD", repr(body.get("date"))) from error


def _amounts(counts: Mapping[State, int]) -> dict[State, float]:
    return {state: count / 1000 for state, count in counts.items() if count}


def _show(count: int) -> str:
    return f"{count / 1000:.12g}"
