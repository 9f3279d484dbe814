"""Threat weights from what was reported: incidents fade, districts that a group holds opposite do not.

    w_k = 1 + sum over incidents  s_i 2^(-age_i / H) share_i  +  h while a group holds the district opposite

s is the severity of the kind, H the half-life. An incident counts on the stretches whose middle lies within
`reach_m` of where it may have been, and by share = 2 reach / (2 reach + width of that range): whoever only
knows the district spreads the same mass over it. An incident that several publishers report counts once,
where it is placed most narrowly; so does one that is recorded (an import) and claimed: the same kind, within
the days of the claim, no further apart than SAME_EVENT_M. Who holds a district is what was said of it last,
by a claim or in the register of control; of what is about the same time its resolution counts, and without
one a group that may hold it is taken to hold it.

The weights are a prior on where to look, not a forecast; a stretch nobody writes about has weight 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import cast

import numpy as np
from numpy.typing import NDArray

from sarhad.errors import InputFaults
from sarhad.model.claim import Claim, Question, Rules
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
SAME_EVENT_M = 5_000.0  # houses place one clash in the nearest village, and not all in the same one


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

    It rests on an incident, on claims or on a statement of control, by id, and on `resolutions` between them.
    """

    threat_id: str
    kind: str
    severity: float
    place: OnLine
    at: datetime
    fades: bool = True
    rests_on: tuple[str, ...] = ()
    resolutions: tuple[str, ...] = ()


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
    recorded = tuple(found.values())
    kind_of = {name: kind for kind in kinds.values() for name in kind.properties}
    for claim in held.claims.values():
        kind = kind_of.get(claim.property_id)
        if kind is not None and claim.place is not None:
            new = Threat(
                claim.subject, kind.kind, kind.severity, claim.place, claim.as_of, rests_on=(claim.claim_id,)
            )
            known = _same_event(recorded, new, claim)
            if known is not None:
                new = replace(known, place=claim.place, rests_on=(*known.rests_on, claim.claim_id))
            key = new.threat_id, new.kind
            if key not in found or _width_m(new.place) < _width_m(found[key].place):
                found[key] = new
    found |= {(one.threat_id, one.kind): one for one in _districts_held(records, held, rules)}
    return tuple(found.values())


def _width_m(place: OnLine) -> float:
    return place.to_m - place.from_m


def _same_event(recorded: Iterable[Threat], claimed: Threat, claim: Claim) -> Threat | None:
    """Return the recorded incident that a claim is about; of several the one that is placed best."""
    place = claimed.place
    same = [
        one
        for one in recorded
        if one.kind == claimed.kind
        and claim.as_of <= one.at < claim.until
        and one.place.part_id == place.part_id
        and max(one.place.from_m - place.to_m, place.from_m - one.place.to_m) <= SAME_EVENT_M
    ]
    return min(same, key=lambda one: (_width_m(one.place), one.threat_id), default=None)


@dataclass(frozen=True, slots=True)
class _Hold:
    """What is said of who holds a district, about the time from `at` to `until`."""

    by_group: bool
    place: OnLine | None
    at: datetime
    until: datetime
    rests_on: tuple[str, ...]
    resolutions: tuple[str, ...] = ()


def _districts_held(records: Sequence[Record], held: Register, rules: Rules) -> Iterable[Threat]:
    """Yield the districts that a group holds, by what was said last."""
    claimed, recorded = _claimed_holds(held, rules), _recorded_holds(records)
    for subject in sorted({*claimed, *recorded}):
        said = [holds[subject] for holds in (claimed, recorded) if subject in holds]
        last_at = max(one.at for one in said)
        by_now = [one for one in said if one.until >= last_at]
        by_now = [one for one in by_now if one.resolutions] or by_now
        for one in by_now:
            if one.by_group and one.place is not None:
                yield Threat(subject, HELD_BY, 1.0, one.place, one.at, False, one.rests_on, one.resolutions)
                break


def _claimed_holds(held: Register, rules: Rules) -> Mapping[str, _Hold]:
    """Return what claims say of each district."""
    found: dict[str, _Hold] = {}
    placed = [one for one in held.claims.values() if one.property_id == HELD_BY and one.place is not None]
    for subject in {claim.subject for claim in placed}:
        claims = [claim for claim in placed if claim.subject == subject]
        settled = answer(held, Question(subject, HELD_BY), rules)
        last = max(claims, key=lambda claim: (claim.until, claim.claim_id))
        known = rules.properties[HELD_BY]
        latest = [claim for claim in claims if claim.same_time(last, known)]
        if isinstance(settled.value, Words):
            by_group = _is_group(settled.value)
        else:
            by_group = any(_is_group(claim.value) for claim in latest)
        rests_on = settled.rests_on or tuple(claim.claim_id for claim in latest)
        resolutions = (settled.resolution_id,) if settled.resolution_id else ()
        found[subject] = _Hold(by_group, last.place, last.as_of, last.until, rests_on, resolutions)
    return found


def _is_group(value: object) -> bool:
    return isinstance(value, Words) and value.text.casefold() not in STATE_HOLDERS


def _recorded_holds(records: Sequence[Record]) -> Mapping[str, _Hold]:
    """Return what the last `control.held` statement says of each district."""
    found: dict[str, _Hold] = {}
    for record in sorted(records, key=lambda record: (record.statement.happened_at, record.seq)):
        said = record.statement
        if said.kind == HELD:
            at, holder = said.happened_at, str(said.body.get("holder", ""))
            by_group = bool(holder) and _is_group(Words(holder))
            found[said.subject_id] = _Hold(by_group, said.place, at, at, (said.statement_id,))
    return found


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
