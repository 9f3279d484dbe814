"""Threat weights from what was reported: incidents fade, districts that a group holds opposite do not.

    w_k = 1 + sum over incidents  s_i 2^(-age_i / H) share_i  +  h while a group holds the district opposite

s is the severity of the kind, H the half-life. An incident counts on the stretches whose middle lies within
`reach_m` of where it may have been, and by share = 2 reach / (2 reach + width of that range): whoever only
knows the district spreads the same mass over it. An incident that several publishers report counts once,
where it is placed most narrowly. Who holds a district is its resolution, else what the latest claim says;
where claims about that time differ, a group that may hold it is taken to hold it.

The weights are a prior on where to look, not a forecast; a stretch nobody writes about has weight 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import cast

import numpy as np
from numpy.typing import NDArray

from sarhad.errors import InputFaults
from sarhad.model.claim import Question, Rules
from sarhad.model.incident import Incident, IncidentKind
from sarhad.model.line import ChainageRange, Stretch
from sarhad.model.measure import Words
from sarhad.model.record import OnLine, Record, Statement
from sarhad.planning.claims import Register, Speaker
from sarhad.planning.dependence import answer

REPORTED, HELD = "incident.reported", "control.held"
HELD_BY = "held_by"
STATE_HOLDERS = frozenset({"state", "government", "state forces"})
DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Decay:
    """How reports turn into weight: half-life, reach along the line, weight of a district held opposite."""

    half_life_days: float = 90.0
    reach_m: float = 5_000.0
    held: float = 1.0

    def __post_init__(self) -> None:
        if not (self.half_life_days > 0 and self.reach_m > 0 and self.held >= 0):
            raise InputFaults.one("decay", "positive half_life_days and reach_m, held of at least 0", self)


@dataclass(frozen=True, slots=True)
class Threat:
    """Something that raises the weight of stretches; `fades` is False while a district is held.

    It rests on an incident, on claims or on a statement of control, by id.
    """

    threat_id: str
    kind: str
    severity: float
    place: OnLine
    at: datetime
    fades: bool = True
    rests_on: tuple[str, ...] = ()


def report(incident: Incident, speaker: Speaker, statement_id: str) -> Statement:
    """Return the statement that reports an incident."""
    return Statement(
        statement_id,
        REPORTED,
        incident.incident_id,
        incident.happened_at,
        speaker.authority,
        speaker.author,
        incident.columns.get("source", ""),
        {"kind": incident.kind, "columns": dict(incident.columns)},
        incident.place,
    )


def incidents(records: Iterable[Record]) -> tuple[Incident, ...]:
    """Return the incidents that stand; the last report of an id counts."""
    found: dict[str, Incident] = {}
    for record in sorted(records, key=lambda record: record.seq):
        statement = record.statement
        if statement.kind == REPORTED:
            columns = cast(dict[str, str], statement.body.get("columns", {}))
            found[statement.subject_id] = Incident(
                statement.subject_id,
                str(statement.body["kind"]),
                statement.happened_at,
                statement.place,
                dict(columns),
            )
    return tuple(found.values())


def threats(
    records: Sequence[Record], held: Register, kinds: Mapping[str, IncidentKind], rules: Rules
) -> tuple[Threat, ...]:
    """Return what raises weights: placed incidents, claims of incidents, districts that a group holds."""
    found: dict[tuple[str, str], Threat] = {}
    for one in incidents(records):
        if one.place is not None and one.kind in kinds:
            key = one.incident_id, one.kind
            rests_on = (one.incident_id,)
            found[key] = Threat(*key, kinds[one.kind].severity, one.place, one.happened_at, rests_on=rests_on)
    kind_of = {name: kind for kind in kinds.values() for name in kind.properties}
    for claim in held.claims.values():
        kind = kind_of.get(claim.property_id)
        if kind is not None and claim.place is not None:
            key = claim.subject, kind.kind
            rests_on = (claim.claim_id,)
            new = Threat(*key, kind.severity, claim.place, claim.as_of, rests_on=rests_on)
            if key not in found or _width_m(new.place) < _width_m(found[key].place):
                found[key] = new
    found |= {(one.threat_id, one.kind): one for one in (*_held(held, rules), *_recorded_holds(records))}
    return tuple(found.values())


def _width_m(place: OnLine) -> float:
    return place.to_m - place.from_m


def _held(held: Register, rules: Rules) -> Iterable[Threat]:
    """Yield the districts that claims give to a group."""
    placed = [one for one in held.claims.values() if one.property_id == HELD_BY and one.place is not None]
    for subject in sorted({claim.subject for claim in placed}):
        claims = [claim for claim in placed if claim.subject == subject]
        settled = answer(held, Question(subject, HELD_BY), rules)
        last = max(claims, key=lambda claim: (claim.until, claim.claim_id))
        known = rules.properties[HELD_BY]
        latest = [claim for claim in claims if claim.same_time(last, known)]
        if isinstance(settled.value, Words):
            by_group = _is_group(settled.value)
        else:
            by_group = any(_is_group(claim.value) for claim in latest)
        if by_group and last.place is not None:
            rests_on = settled.rests_on or tuple(claim.claim_id for claim in latest)
            yield Threat(subject, HELD_BY, 1.0, last.place, last.as_of, fades=False, rests_on=rests_on)


def _is_group(value: object) -> bool:
    return isinstance(value, Words) and value.text.casefold() not in STATE_HOLDERS


def _recorded_holds(records: Sequence[Record]) -> Iterable[Threat]:
    """Yield the districts whose last `control.held` statement names a group."""
    last: dict[str, Statement] = {}
    for record in sorted(records, key=lambda record: (record.statement.happened_at, record.seq)):
        if record.statement.kind == HELD:
            last[record.statement.subject_id] = record.statement
    for subject, statement in last.items():
        holder = str(statement.body.get("holder", ""))
        if statement.place is not None and holder and _is_group(Words(holder)):
            rests_on = (statement.statement_id,)
            yield Threat(
                subject, HELD_BY, 1.0, statement.place, statement.happened_at, False, rests_on
            )  # fmt: skip


def threat_weights(
    found: Iterable[Threat], stretches: Sequence[Stretch], *, about_at: datetime, decay: Decay = Decay()
) -> NDArray[np.float64]:
    """Return the weight of every stretch (stretch,) at a time; what happens later does not count."""
    middle_m = np.array([0.5 * (one.from_m + one.to_m) for one in stretches])
    part = np.array([one.part_id for one in stretches])
    weight = np.ones(len(stretches))
    for threat in found:
        age_days = (about_at - threat.at).total_seconds() / DAY_S
        if age_days < 0:
            continue
        reach_m = decay.reach_m if threat.fades else 0.0
        near = (middle_m >= threat.place.from_m - reach_m) & (middle_m <= threat.place.to_m + reach_m)
        near &= part == threat.place.part_id
        if threat.fades:
            share = 2.0 * reach_m / (2.0 * reach_m + _width_m(threat.place))
            weight[near] += threat.severity * share * 2.0 ** (-age_days / decay.half_life_days)
        else:
            weight[near] += decay.held
    return weight


def weight_ranges(
    stretches: Sequence[Stretch], weights: NDArray[np.float64]
) -> tuple[tuple[ChainageRange, float], ...]:
    """Return runs of neighbouring stretches of equal weight (to 1e-4), as a project's weights want them."""
    found: list[tuple[ChainageRange, float]] = []
    pairs = zip(stretches, np.round(weights, 4).tolist(), strict=True)
    for (_, weight), run in groupby(pairs, key=lambda pair: (pair[0].part_id, pair[1])):
        items = [stretch for stretch, _ in run]
        name = f"km {items[0].from_m / 1e3:.1f}-{items[-1].to_m / 1e3:.1f}"
        found.append((ChainageRange(name, items[0].from_m, items[-1].to_m), weight))
    return tuple(found)
