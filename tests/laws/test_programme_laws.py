"""What holds for a programme whatever is said about it, held against units that are moved one by one."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sarhad.model.programme import CHAIN, COMES_FROM, Progress, stands_at
from sarhad.model.record import CONFIRMED, CONTESTED, WITHDRAWN, Statement
from sarhad.planning.delivery import pledge_against_delivery
from sarhad.planning.programme import programme_of, refusals_of, working_assets
from sarhad.planning.programme_fold import ItemFold
from small_programme import DONOR, HERE, MEDIATOR, RECIPIENT, START, Talk, placed_item

ITEMS = ("a", "b")
STEPS = (*CHAIN[1:], "down", "repaired", "lost", "returned")


@dataclass
class Units:
    """The oracle: every unit of every item on its own, and acts that wait; it knows no counts."""

    units: dict[str, list[list[str]]] = field(default_factory=lambda: {one: [] for one in ITEMS})
    acts: dict[str, tuple[str, str, int]] = field(default_factory=dict)

    def at(self, item_id: str, state: str) -> list[list[str]]:
        return [unit for unit in self.units[item_id] if unit[0] == state]

    def step(self, item_id: str, state: str, quantity: int, came_from: str) -> bool:
        """Move that many units one by one; say whether there were enough."""
        if state == "pledged":
            self.units[item_id] += [["pledged", ""] for _ in range(quantity)]
            return True
        there = self.at(item_id, came_from)
        if len(there) < quantity:
            return False
        for unit in there[:quantity]:
            unit[:] = [stands_at(state), came_from]  # type: ignore[arg-type]
        return True

    def sign(self, item_id: str, statement: Statement, quantity: int) -> bool:
        waiting = sum(n for one, _, n in self.acts.values() if one == item_id)
        if quantity + waiting > len(self.at(item_id, "delivered")):
            return False
        self.acts[statement.statement_id] = (item_id, statement.authority, quantity)
        return True

    def confirm(self, statement: Statement) -> bool:
        item_id, speaker, quantity = self.acts[statement.subject_id]
        if {statement.authority, speaker} != {DONOR, RECIPIENT}:
            return False
        if not self.step(item_id, "accepted", quantity, "delivered"):
            return False
        del self.acts[statement.subject_id]
        return True


def say_something(rng: Random, talk: Talk, oracle: Units) -> tuple[Statement, bool]:
    """Say one thing at random, legal or not; return it and whether the oracle allows (and did) it."""
    if oracle.acts and rng.random() < 0.5:
        subject = rng.choice(sorted(oracle.acts))
        authority = rng.choice((DONOR, RECIPIENT, MEDIATOR))
        second = talk.say(CONFIRMED, subject, authority=authority, signed=True)
        return second, oracle.confirm(second)
    item_id, quantity = rng.choice(ITEMS), rng.randint(1, 4)
    standing = sorted({unit[0] for unit in oracle.units[item_id]})
    likely = [step for step in STEPS if set(COMES_FROM[step]) & set(standing)]  # type: ignore[index]
    state = rng.choice(likely) if likely and rng.random() < 0.7 else rng.choice(STEPS)
    if state == "accepted":
        authority = rng.choice((DONOR, RECIPIENT))
        act = talk.say(state, item_id, authority=authority, signed=True, quantity=quantity)
        return act, oracle.sign(item_id, act, quantity)
    origins = COMES_FROM[state]  # type: ignore[index]
    came_from = rng.choice(origins) if origins else ""
    body = {"from_": came_from} if origins else {}
    one = talk.say(state, item_id, quantity=quantity, **body)  # type: ignore[arg-type]
    return one, oracle.step(item_id, state, quantity, came_from)


def begun(rng: Random) -> tuple[Talk, Units]:
    """Items some way down the chain already: few random walks would get there by themselves."""
    talk, oracle = Talk(), Units()
    talk.describe(*(placed_item(one, HERE) for one in ITEMS))
    for item_id in ITEMS:
        for _ in range(2):
            state, quantity = rng.choice(CHAIN[1:]), rng.randint(2, 8)
            talk.until(state, item_id, quantity)
            for step in CHAIN[1 : CHAIN.index(state) + 1]:
                oracle.step(item_id, step, quantity, "".join(COMES_FROM[step]))
    return talk, oracle


def laws_of(progress: Progress) -> None:
    """Chain, holders and donors' totals, whatever has happened."""
    reached = [progress.reached.get(state, 0.0) for state in CHAIN[1:]]
    assert all(later <= earlier for earlier, later in pairwise(reached))
    assert all(quantity > 0 for part in (progress.at, progress.disputed) for quantity in part.values())
    units = sum(progress.at.values()) + sum(progress.disputed.values())
    assert sum(progress.held.values()) == units
    contested_pledges = sum(m.quantity for m in progress.moves if m.denied == "pledged")
    assert progress.reached.get("pledged", 0.0) + contested_pledges == units
    assert progress.unsigned >= 0


def donors_add_up(talk: list[Statement]) -> None:
    for row in pledge_against_delivery(programme_of(talk), by_type=True):
        assert row.sent == row.received + row.in_transit + row.disputed + row.lost_on_way
        assert row.pledged >= row.contracted >= row.sent >= row.received >= row.accepted - row.disputed


def walk(seed: int, n_steps: int) -> None:
    """Say things at random; what is refused is forgotten, as the ledger does."""
    rng = Random(seed)
    talk, oracle = begun(rng)
    for _ in range(n_steps):
        one, legal = say_something(rng, talk, oracle)
        refused = refusals_of(talk.said[:-1], [one])
        assert bool(refused) != legal, (one, refused)
        if refused:
            talk.said.pop()
    programme = programme_of(talk.said)
    for item_id in ITEMS:
        progress = programme.progress[item_id]
        assert dict(progress.at) == Counter(unit[0] for unit in oracle.units[item_id])
        laws_of(progress)
    donors_add_up(talk.said)
    works = {one.asset_id: one.n for one in working_assets(programme, talk.said[-1].happened_at)}
    assert works == {one: len(oracle.at(one, "working")) for one in ITEMS if oracle.at(one, "working")}


@given(st.integers(0, 2**32))
@settings(max_examples=80, deadline=None)
def test_counts_are_those_of_units_moved_one_by_one(seed: int):
    walk(seed, 30)


@pytest.mark.long
def test_ten_thousand_programmes_break_no_law():
    for seed in range(10_000):
        (walk, dispute)[seed % 2](seed, 20)


def dispute(seed: int, n_steps: int) -> None:
    """The same with contests, withdrawals and corrections in any order of time; laws only, no oracle."""
    rng = Random(seed)
    talk, oracle = begun(rng)
    for _ in range(n_steps):
        chance = rng.random()
        about = [one for one in talk.said if one.kind not in {CONFIRMED, CONTESTED, "programme.item"}]
        if about and chance < 0.25:
            quantity = {"quantity": rng.randint(1, 4)} if rng.random() < 0.5 else {}
            talk.contest(rng.choice(about), authority=rng.choice((DONOR, RECIPIENT)), **quantity)
        elif about and chance < 0.35:
            old = rng.choice(about)
            talk.say(WITHDRAWN, old.statement_id, authority=old.authority, corrects=old.statement_id)
        elif about and chance < 0.45:
            old = rng.choice([one for one in about if "quantity" in one.body] or about)
            days = (old.happened_at - START) / timedelta(days=1)
            body = {**old.body, "quantity": rng.randint(1, 4)}
            body = {f"{name}_" if name == "from" else name: value for name, value in body.items()}
            signed = bool(old.signature)
            talk.say(
                old.kind, old.subject_id, authority=old.authority, day=days, signed=signed,
                corrects=old.statement_id, **body,
            )  # fmt: skip
        else:
            say_something(rng, talk, oracle)
        *before, new = talk.said
        if refusals_of(before, [new]):
            talk.said = before
        else:
            kept = [one for one in talk.said if one.statement_id != new.corrects]
            talk.said = sorted(kept, key=lambda one: one.happened_at)
    programme = programme_of(talk.said)
    assert programme.refusals == ()
    for progress in programme.progress.values():
        laws_of(progress)
    donors_add_up(talk.said)
    every_past_is_sound(talk.said)


def every_past_is_sound(said: list[Statement]) -> None:
    """About any earlier time, the programme fits too: it is a head of the same story."""
    times: list[datetime] = sorted({one.happened_at for one in said})
    for at in times[:: max(1, len(times) // 5)]:
        past = programme_of(one for one in said if one.happened_at <= at)
        assert past.refusals == ()
        for progress in past.progress.values():
            laws_of(progress)
            whole = programme_of(said).progress[progress.item.item_id]
            assert progress.working(at) == whole.working(at) == progress.at.get("working", 0.0)


@given(st.integers(0, 2**32))
@settings(max_examples=80, deadline=None)
def test_contests_withdrawals_and_corrections_break_no_law(seed: int):
    dispute(seed, 30)


def test_a_fold_that_lets_units_appear_is_caught(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(ItemFold, "_taken", lambda *_: ())
    with pytest.raises(AssertionError):
        walk(1, 40)
