"""What must hold for any claims: echoes never confirm, verdicts are symmetric, nothing is lost on the way."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claim_cases import DESK, RULES, claim, made, records
from sarhad.errors import InputFaults
from sarhad.io.gazetteer import fold
from sarhad.io.numerals import read_value
from sarhad.ledger.encoding import read_statement, statement_bytes
from sarhad.model.measure import Interval, Number, Words, combine, compare, extent, implies, slack_of
from sarhad.planning.claim_desk import admit
from sarhad.planning.claims import Register, claim_of, make, register
from sarhad.planning.conflicts import conflicts
from sarhad.planning.corroboration import corroborate, unearned

FEW = settings(max_examples=60, deadline=None)
NUMBERS = st.builds(
    lambda n, k: Number(float(n * 10**k), slack_of(str(n * 10**k))), st.integers(1, 9_999), st.integers(0, 3)
)
INTERVALS = st.builds(
    lambda a, b: Interval(float(min(a, b)), float(max(a, b))), st.integers(0, 9_999), st.integers(0, 9_999)
) | st.builds(lambda a: Interval(low=float(a)), st.integers(0, 9_999))
QUANTITIES = NUMBERS | INTERVALS


def echo(seed: int, n_roots: int, *, doubts: bool = True):
    """Publishers that each quote one before them, some in rings; the first are roots.

    With `doubts` some say that whom they quote has it from someone unknown: then nobody is a known origin.
    """
    rng = np.random.default_rng(seed)
    n = int(rng.integers(n_roots + 2, 30))
    claims = [claim("1,037", "persons", of="e/crossed", by=f"P{k}", credibility=1) for k in range(n_roots)]
    for k in range(n_roots, n):
        kind = rng.random()
        if kind < 0.15:
            chain = ("?",)
        elif kind < 0.3:
            chain = (f"ring{k % 3}", f"ring{(k + 1) % 3}", f"ring{(k + 2) % 3}", f"ring{k % 3}")
        else:
            before = int(rng.integers(0, k))
            chain = (f"P{before}",) if rng.random() < 0.7 or not doubts else (f"P{before}", "?")
        value = "1,037" if rng.random() < 0.8 else "1,000"
        claims.append(claim(value, "persons", of="e/crossed", by=f"P{k}", chain=chain, credibility=1))
    order = rng.permutation(n)
    return [claims[k] for k in order]


@pytest.mark.parametrize("seed", range(100))
def test_no_echo_chain_is_ever_confirmed(seed):
    claims = echo(seed, n_roots=1)
    found = corroborate(claims, RULES)
    assert all(one.n_origins == 1 for one in found.values())
    assert len(unearned(claims, RULES)) == len(claims)
    with pytest.raises(InputFaults) as refused:
        admit(Register(), claims, RULES, DESK)
    assert len(refused.value.faults) == len(claims)


@pytest.mark.parametrize("seed", range(20))
def test_two_roots_confirm_what_they_both_say(seed):
    claims = echo(seed, n_roots=2, doubts=False)
    found = corroborate(claims, RULES)
    roots = [one for one in claims if not one.quoted_from]
    assert all(found[one.claim_id].n_origins == 2 for one in roots)


@given(st.integers(0, 10_000), st.integers(1, 4))
@FEW
def test_one_more_echo_adds_no_origin(seed, n_roots):
    claims = echo(seed, n_roots)
    before = corroborate(claims, RULES)
    one = claims[seed % len(claims)]
    more = claim("1,037", "persons", of="e/crossed", by="new", chain=(one.publisher,))
    after = corroborate([*claims, more], RULES)
    assert all(after[name].n_origins <= max(found.n_origins, 1) for name, found in before.items())


@given(QUANTITIES, QUANTITIES)
@FEW
def test_verdicts_are_symmetric_and_implication_is_not_conflict(a, b):
    assert compare(a, "km", b, "km") == compare(b, "km", a, "km")
    assert compare(a, "km", a, "km") == "agree"
    assert implies(a, "km", a, "km")
    if implies(a, "km", b, "km"):
        assert compare(a, "km", b, "km") != "conflict"


@given(NUMBERS, NUMBERS)
@FEW
def test_units_change_no_verdict(a, b):
    metres = Number(b.value * 1e3, b.slack * 1e3)
    assert compare(a, "km", b, "km") == compare(a, "km", metres, "m")


@given(
    st.sampled_from(["product", "sum", "difference", "quotient", "rest"]),
    st.tuples(st.floats(0, 1), st.floats(0, 1)),
    st.tuples(st.floats(1, 1e4), st.floats(1, 1e4)),
    st.floats(0, 1),
    st.floats(0, 1),
)
@FEW
def test_interval_arithmetic_holds_every_point(operation, left, right, s, t):
    left, right = tuple(sorted(left)), tuple(sorted(right))
    a, b = left[0] + s * (left[1] - left[0]), right[0] + t * (right[1] - right[0])
    point = {"product": a * b, "sum": a + b, "difference": a - b, "quotient": a / b, "rest": (1 - a) * b}
    low, high = combine(operation, left, right)
    slack = 1e-9 * max(1.0, abs(low), abs(high))
    assert low - slack <= point[operation] <= high + slack


@given(st.integers(0, 10**7))
@FEW
def test_grouping_changes_no_number(n):
    plain = read_value(str(n), "km")
    assert read_value(f"{n:,}", "km") == plain
    assert read_value(f"{n:,}".replace(",", " "), "km") == plain
    assert read_value(f"{n:,}".replace(",", "\u202f"), "km") == plain
    low, high = extent(plain, "km")
    assert low <= n * 1_000 <= high


@given(st.text(max_size=30))
@FEW
def test_folding_twice_changes_nothing_more(name):
    assert fold(fold(name)) == fold(name)


@given(QUANTITIES | st.builds(Words, st.text("abc ", min_size=1).filter(str.strip)), st.integers(0, 3))
@FEW
def test_a_claim_survives_the_ledger(value, n_links):
    words = isinstance(value, Words)
    one = claim(
        value,
        "" if words else "km",
        of="d:x/held_by" if words else "line:a/length",
        chain=("B", "C", "?")[:n_links],
    )
    statement = make(one, DESK)
    assert claim_of(read_statement(statement_bytes(statement))) == one
    assert claim(value, one.unit, of=str(one.question), chain=one.quoted_from).claim_id == one.claim_id


@given(st.lists(NUMBERS, min_size=1, max_size=8), st.randoms())
@FEW
def test_the_order_of_the_ledger_changes_no_conflict_and_merges_nothing(values, shuffle):
    claims = [claim(value, by=f"P{k}") for k, value in enumerate(values)]
    shuffled = list(claims)
    shuffle.shuffle(shuffled)
    one, other = register(records(*made(*claims))), register(records(*made(*shuffled)))
    assert len(one.claims) == len(other.claims) == len(values)

    def pairs(held):
        found = conflicts(held.claims.values(), RULES)
        return {(c.severity, frozenset(one.claim_id for one in c.claims)) for c in found}

    assert pairs(one) == pairs(other)
