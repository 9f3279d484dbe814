"""A programme of equipment: what is pledged by whom, for which place, and how far every unit has come.

    needed                                  what the border service asks for: a figure, no unit exists yet
    pledged -> approved -> contracted -> produced -> shipped -> delivered -> accepted -> installed
            -> trained -> working           a pledge makes units; each state takes them from the one before
    down, repaired                          out of working and back into it
    lost, returned                          out of the programme, for good

`COMES_FROM` is the one table of legal moves. A unit stands at one state and so has one holder; nothing but a
pledge makes units, so quantities cannot grow down the chain. A found or redelivered unit is a correction of
the loss, or a new pledge.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from itertools import pairwise
from types import MappingProxyType
from typing import Literal

from sarhad.model.asset import AlongLine, Asset

State = Literal[
    "needed", "pledged", "approved", "contracted", "produced", "shipped", "delivered", "accepted",
    "installed", "trained", "working", "down", "repaired", "lost", "returned",
]  # fmt: skip
Holder = Literal["donor", "producer", "carrier", "recipient", "unit", "lost"]
Measure = Literal["items", "km"]
Terms = Literal["free", "paid"]

CHAIN: tuple[State, ...] = (
    "needed", "pledged", "approved", "contracted", "produced", "shipped", "delivered", "accepted",
    "installed", "trained", "working",
)  # fmt: skip
STATES: tuple[State, ...] = (*CHAIN, "down", "repaired", "lost", "returned")

_THERE: tuple[State, ...] = ("delivered", "accepted", "installed", "trained", "working", "down")
COMES_FROM: Mapping[State, tuple[State, ...]] = MappingProxyType(
    {
        "needed": (),
        "pledged": (),
        **{after: (before,) for before, after in pairwise(CHAIN[1:])},
        "down": ("working",),
        "repaired": ("down",),
        "lost": ("produced", "shipped", *_THERE),
        "returned": _THERE,
    }
)
HELD: tuple[State, ...] = ("accepted", "installed", "trained", "working", "down")
"""What the recipient answers for since both signed, and counts."""

HOLDER: Mapping[State, Holder] = MappingProxyType(
    {
        "pledged": "donor",
        "approved": "donor",
        "contracted": "donor",
        "produced": "producer",
        "shipped": "carrier",
        "delivered": "recipient",
        "accepted": "recipient",
        "installed": "unit",
        "trained": "unit",
        "working": "unit",
        "down": "unit",
        "lost": "lost",
        "returned": "donor",
    }
)
MOST = 1e9
"""Quantities end here: what is more is a slip of the pen, and counts of it would not be exact."""

_CURRENCY = re.compile(r"[A-Z]{3}")


def stands_at(state: State) -> State:
    """Return the state that units stand at once they have reached `state`: what is repaired works."""
    return "working" if state == "repaired" else state


@dataclass(frozen=True, slots=True)
class ProgrammeItem:
    """One line of the programme: so many of one type, from one donor, for one recipient.

    `quantity` is what is wanted: whole items, or kilometres to the metre of what lies along the line. `donor`
    and `recipient` are the authorities whose two signatures make an acceptance; `unit` is who uses it.
    `unit_cost` is per item or kilometre in `currency` (ISO 4217), None where it is not known. `asset` says
    where it will work (asset_id = item_id); None counts in stock only. `planned` are the dates by which the
    whole quantity was to reach a state. `inventory_days` is how often serials are counted; 0 for never.
    """

    item_id: str
    equipment_id: str
    quantity: float
    donor: str
    recipient: str
    producer: str = ""
    unit: str = ""
    measured_in: Measure = "items"
    unit_cost: float | None = None
    currency: str = ""
    terms: Terms = "free"
    site_id: str = ""
    asset: Asset | None = None
    serials: tuple[str, ...] = ()
    spares: str = ""
    training: str = ""
    needed_by: date | None = None
    planned: Mapping[State, date] = field(default_factory=dict)
    inventory_days: int = 365

    def __post_init__(self) -> None:
        for name in ("item_id", "equipment_id", "donor", "recipient"):
            if not getattr(self, name):
                raise ValueError(f"item {self.item_id}: {name} must not be empty")
        if self.donor == self.recipient:
            raise ValueError(f"item {self.item_id}: donor and recipient must differ, found {self.donor}")
        if self.measured_in not in {"items", "km"}:
            raise ValueError(
                f"item {self.item_id}: measured_in must be items or km, found {self.measured_in}"
            )
        if not sound_quantity(self.quantity, self.measured_in):
            raise ValueError(
                f"item {self.item_id}: quantity must be {quantity_words(self.measured_in)}, "
                f"found {self.quantity}"
            )
        self._check_money()
        self._check_placing()
        if len(set(self.serials)) != len(self.serials):
            raise ValueError(f"item {self.item_id}: a serial stands twice")
        if self.serials and (self.measured_in == "km" or len(self.serials) > self.quantity):
            raise ValueError(f"item {self.item_id}: more serials than items")
        if any(state not in CHAIN for state in self.planned):
            raise ValueError(
                f"item {self.item_id}: planned must name states of the chain, found {list(self.planned)}"
            )
        if self.inventory_days < 0:
            raise ValueError(f"item {self.item_id}: inventory_days must not be negative")

    def _check_money(self) -> None:
        if self.terms not in {"free", "paid"}:
            raise ValueError(f"item {self.item_id}: terms must be free or paid, found {self.terms}")
        if self.unit_cost is not None:
            if not (self.unit_cost >= 0 and math.isfinite(self.unit_cost)):
                raise ValueError(
                    f"item {self.item_id}: unit_cost must not be negative, found {self.unit_cost}"
                )
            if not self.currency:
                raise ValueError(f"item {self.item_id}: currency is missing for unit_cost {self.unit_cost:g}")
        if self.currency and not _CURRENCY.fullmatch(self.currency):
            raise ValueError(f"item {self.item_id}: currency must be ISO 4217, found {self.currency}")

    def _check_placing(self) -> None:
        if self.asset is None:
            return
        if self.asset.asset_id != self.item_id or self.asset.equipment_id != self.equipment_id:
            raise ValueError(f"item {self.item_id}: its asset must bear its item_id and equipment_id")
        if (self.measured_in == "km") != isinstance(self.asset.place, AlongLine):
            raise ValueError(
                f"item {self.item_id}: what lies along the line, and only that, is measured in km"
            )

    def working_asset(self, quantity: float) -> Asset | None:
        """Return the asset that `quantity` of the item makes; None without a place or without a quantity.

        A line works from its start as far as it reaches.
        """
        if self.asset is None or quantity <= 0:
            return None
        place = self.asset.place
        if isinstance(place, AlongLine):
            reach_m = min(place.to_m, place.from_m + 1000.0 * quantity)
            return replace(self.asset, place=replace(place, to_m=reach_m), state="working")
        return replace(self.asset, n=round(quantity), state="working")


def sound_quantity(quantity: float, measured_in: Measure) -> bool:
    """Say whether a quantity is above zero, below `MOST`, and whole: items, or kilometres to the metre."""
    if not 0 < quantity < MOST:
        return False
    count = quantity * 1000 if measured_in == "km" else quantity
    return abs(count - round(count)) < 1e-6 and round(count) > 0


def quantity_words(measured_in: Measure) -> str:
    """Say in words what `sound_quantity` asks."""
    words = "a whole number of items" if measured_in == "items" else "kilometres to the metre"
    return f"{words}, above 0 and below {MOST:,.0f}"


@dataclass(frozen=True, slots=True)
class Move:
    """`quantity` units that went from one state to another; `came_from` is None where a pledge made them.

    `to` is the state as stated (`repaired` units stand at `working`), or "disputed" where a statement is
    contested; `denied` is then the state that the contest denies, None where it was not reached yet.
    `statement_id` is the statement that says so; an acceptance counts from its second signature.
    """

    at: datetime
    to: State | Literal["disputed"]
    came_from: State | None
    quantity: float
    serials: tuple[str, ...]
    statement_id: str
    denied: State | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an item has come. Quantities are items or kilometres, as the item is measured.

    `at[state]` is what stands there now; `reached[state]` all that ever came to it, less what is contested;
    `disputed[state]` what is contested, by the state where both sides last agreed that it stood;
    `lost[state]` what was lost there. `acts` are the acceptances that await their second signature, by
    statement_id. `serials` are the states of the units whose serial is known; `forecast` the dates last
    foreseen; `counted` the last inventory of each serial ("" for units without one).
    """

    item: ProgrammeItem
    at: Mapping[State, float] = field(default_factory=dict)
    reached: Mapping[State, float] = field(default_factory=dict)
    disputed: Mapping[State, float] = field(default_factory=dict)
    lost: Mapping[State, float] = field(default_factory=dict)
    acts: Mapping[str, float] = field(default_factory=dict)
    serials: Mapping[str, State | Literal["disputed"]] = field(default_factory=dict)
    forecast: Mapping[State, date] = field(default_factory=dict)
    counted: Mapping[str, datetime] = field(default_factory=dict)
    moves: tuple[Move, ...] = ()

    @property
    def unsigned(self) -> float:
        """Return the quantity that one party has accepted and the other has not confirmed yet."""
        return round(sum(self.acts.values()), 3)

    @property
    def held(self) -> dict[Holder, float]:
        """Return the quantity that each holder has; disputed units are with their last agreed holder."""
        held: dict[Holder, float] = {}
        for standing in (self.at, self.disputed):
            for state, quantity in standing.items():
                holder = HOLDER[state]
                held[holder] = round(held.get(holder, 0.0) + quantity, 3)
        return held

    def done_at(self, state: State) -> datetime | None:
        """Return when the whole quantity of the item had reached a state; None where it has not."""
        came, done = 0.0, None
        for move in self.moves:
            came += move.quantity * ((move.to == state) - (move.denied == state))
            whole = came >= self.item.quantity - 1e-6
            done = (done or move.at) if whole else None
        return done

    def working(self, at: datetime) -> float:
        """Return the quantity that works at a time."""
        works = 0.0
        for move in self.moves:
            if move.at > at:
                break
            works += move.quantity * ((move.to in {"working", "repaired"}) - (move.came_from == "working"))
        return round(works, 3)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A statement that does not fit the programme: of which item, and what was expected and found."""

    statement_id: str
    item_id: str
    column: str
    expected: str
    found: str


@dataclass(frozen=True, slots=True)
class Programme:
    """All items and how far they have come; `refusals` are statements that do not fit and were left out."""

    progress: Mapping[str, Progress] = field(default_factory=dict)
    refusals: tuple[Refusal, ...] = ()

    @property
    def items(self) -> tuple[ProgrammeItem, ...]:
        """The items, in the order in which they were first described."""
        return tuple(one.item for one in self.progress.values())
