"""Corroboration: how many origins a claim really has, however many publishers repeat it.

On one question every publisher that quotes another is an arrow publisher -> quoted. An *origin* is a house
that quotes no one; agencies that quote each other in a ring, and chains that end in "?", have none. A claim
may go back to several origins where those it quotes are known to quote further.

The number of independent origins is the most claims, of those that bear a claim out, that share no origin
with each other, counted greedily from the claims with fewest origins: never more than the least number of
origins that could explain them all. Claims without a known origin could go back to any and add none.

"Confirmed by other independent sources" (credibility 1) takes two. What bears a claim out must imply it:
1,344 km bears out "1,300 km" and "over 1,000 km"; neither bears out 1,344 km.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sarhad.model.claim import UNKNOWN_ORIGIN, Claim, Property, Rules, fold_publisher
from sarhad.model.measure import implies
from sarhad.planning.claims import by_question

CONFIRMED_TAKES_N = 2


@dataclass(frozen=True, slots=True)
class Corroboration:
    """What bears a claim out: the claims that imply it (itself among them), their origins, how many count."""

    claim_id: str
    borne_out_by: tuple[str, ...]
    origins: tuple[str, ...]
    n_origins: int

    @property
    def confirmed(self) -> bool:
        """Whether credibility 1 is earned."""
        return self.n_origins >= CONFIRMED_TAKES_N


def origins_of(claims: Iterable[Claim], houses: Mapping[str, str]) -> Mapping[str, frozenset[str]]:
    """Return the known origins of each claim of one question, by claim_id; empty where none is known."""
    held = tuple(claims)
    quotes: dict[str, set[str]] = {}
    chains = {claim.claim_id: _chain(claim, houses) for claim in held}
    for chain in chains.values():
        for k, name in enumerate(chain):
            quotes.setdefault(name, set()).update(chain[k + 1 : k + 2])
    return {claim_id: _roots(chain[-1], quotes) for claim_id, chain in chains.items()}


def _chain(claim: Claim, houses: Mapping[str, str]) -> tuple[str, ...]:
    """Return publisher and chain as houses; a house that quotes itself is one link."""
    links: list[str] = []
    for name in (claim.publisher, *claim.quoted_from):
        folded = fold_publisher(name)
        house = houses.get(folded, folded)
        if not links or links[-1] != house:
            links.append(house)
    return tuple(links)


def _roots(start: str, quotes: Mapping[str, set[str]]) -> frozenset[str]:
    """Return the houses reached from `start` that quote no one; what only rings or "?" end in has none."""
    seen, open_ends, roots = {start}, [start], set()
    while open_ends:
        name = open_ends.pop()
        if name == UNKNOWN_ORIGIN:
            return frozenset()  # it could go back to anyone
        further = quotes.get(name, set())
        if not further:
            roots.add(name)
        open_ends += sorted(further - seen)
        seen |= further
    return frozenset(roots)


def corroborate(claims: Iterable[Claim], rules: Rules) -> Mapping[str, Corroboration]:
    """Return the corroboration of every claim, by claim_id, in the order given."""
    held = tuple(claims)
    found: dict[str, Corroboration] = {}
    for group in by_question(held).values():
        origins = origins_of(group, rules.houses)
        known = rules.properties[group[0].property_id]
        for claim in group:
            bearing = [one for one in group if _bears_out(one, claim, known)]
            found[claim.claim_id] = Corroboration(
                claim.claim_id,
                tuple(one.claim_id for one in bearing),
                tuple(sorted(frozenset().union(*(origins[one.claim_id] for one in bearing)))),
                _independent([origins[one.claim_id] for one in bearing]),
            )
    return {claim.claim_id: found[claim.claim_id] for claim in held}


def _bears_out(one: Claim, other: Claim, known: Property) -> bool:
    """Say whether `one`, true, makes `other` true: about the same time, and by its value."""
    return one.same_time(other, known) and implies(one.value, one.unit, other.value, other.unit)


def _independent(origin_sets: Iterable[frozenset[str]]) -> int:
    """Count sets that share no member with those counted before, small ones first; 1 where none is known."""
    taken: set[str] = set()
    n = 0
    for origins in sorted(origin_sets, key=lambda origins: (len(origins), sorted(origins))):
        if origins and not origins & taken:
            taken |= origins
            n += 1
    return max(n, 1)


def unearned(claims: Iterable[Claim], rules: Rules) -> tuple[Corroboration, ...]:
    """Return the claims graded 1 that two independent origins do not bear out."""
    held = tuple(claims)
    found = corroborate(held, rules)
    return tuple(
        found[claim.claim_id]
        for claim in held
        if claim.grade.credibility == 1 and not found[claim.claim_id].confirmed
    )
