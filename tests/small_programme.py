"""Statements about a small programme, with made-up names: donor "Aria", recipient "Sarbaz"."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count

from sarhad.io.programme_body import item_as_body
from sarhad.model.asset import Asset, AtPoint, Place
from sarhad.model.programme import CHAIN, ProgrammeItem, State
from sarhad.model.record import CONFIRMED, CONTESTED, Json, Statement

START = datetime(2026, 1, 1, tzinfo=UTC)
LATE = START + timedelta(days=10_000)
DONOR, RECIPIENT, MEDIATOR = "Aria", "Sarbaz", "Mizan"


def item(item_id: str = "tower-1", quantity: float = 10, **changes: object) -> ProgrammeItem:
    """An item of ten thermal cameras at one place; a line where it is measured in km."""
    values: dict[str, object] = {
        "equipment_id": "thermal_medium",
        "donor": DONOR,
        "recipient": RECIPIENT,
        "producer": "Zavod",
        "unit": "Post 7",
        "unit_cost": 60_000.0,
        "currency": "USD",
        **changes,
    }
    return ProgrammeItem(item_id=item_id, quantity=quantity, **values)  # type: ignore[arg-type]


def placed_item(item_id: str, place: Place, quantity: float = 10, **changes: object) -> ProgrammeItem:
    """The same item with a place."""
    one = item(item_id, quantity, **changes)
    n = round(quantity) if one.measured_in == "items" else 1
    return item(
        item_id, quantity, asset=Asset(item_id, one.equipment_id, place, n=n, state="planned"), **changes
    )


class Talk:
    """Makes statements, one a day, with ids that count."""

    def __init__(self) -> None:
        self.said: list[Statement] = []
        self._numbers = count(1)

    def say(
        self,
        kind: str,
        subject_id: str,
        *,
        authority: str = DONOR,
        day: float | None = None,
        signed: bool = False,
        corrects: str = "",
        **body: Json,
    ) -> Statement:
        """Make a statement and keep it; on the day after the last one unless a day is given."""
        number = next(self._numbers)
        at = START + timedelta(days=number if day is None else day)
        one = Statement(
            statement_id=f"S{number:06d}",
            kind=kind if "." in kind else f"programme.{kind}",
            subject_id=subject_id,
            happened_at=at,
            authority=authority,
            author="test",
            body={name.removesuffix("_"): value for name, value in body.items()},
            corrects=corrects,
            signature="signed" if signed else "",
        )
        self.said.append(one)
        return one

    def describe(self, *items: ProgrammeItem) -> None:
        """Describe items."""
        for one in items:
            self.say("programme.item", one.item_id, **item_as_body(one))

    def accept(self, item_id: str, quantity: float, **body: Json) -> Statement:
        """Sign an acceptance by both parties; return the act."""
        act = self.say("accepted", item_id, authority=RECIPIENT, signed=True, quantity=quantity, **body)
        self.say(CONFIRMED, act.statement_id, signed=True)
        return act

    def contest(self, subject: Statement, authority: str = RECIPIENT, **body: Json) -> Statement:
        """Contest a statement."""
        return self.say(CONTESTED, subject.statement_id, authority=authority, reason="count differs", **body)

    def until(self, state: State, item_id: str, quantity: float) -> None:
        """Take a quantity down the chain from the pledge to a state."""
        for step in CHAIN[1 : CHAIN.index(state) + 1]:
            if step == "accepted":
                self.accept(item_id, quantity)
            else:
                self.say(step, item_id, quantity=quantity)


HERE = AtPoint(69.0, 38.0)
