"""Incidents near the line: what happened, when, where; actors only as a class, never as a name.

A kind says how much an incident weighs in the threat to a stretch (`severity`, 1 for a clash), which event of
ACLED's it is, and which properties of claims state it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sarhad.model.record import OnLine


@dataclass(frozen=True, slots=True)
class IncidentKind:
    """A kind of incident; `event_type` and `sub_event_type` are ACLED's, empty where it has none."""

    kind: str
    severity: float
    event_type: str = ""
    sub_event_type: str = ""
    properties: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not 0.0 <= self.severity <= 1.0:
            raise ValueError(f"severity of {self.kind} must be 0 to 1, found {self.severity}")


@dataclass(frozen=True, slots=True)
class Incident:
    """One incident: `columns` are those of the file it came from that are kept, as text."""

    incident_id: str
    kind: str
    happened_at: datetime
    place: OnLine | None
    columns: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.incident_id or not self.kind:
            raise ValueError(f"incident {self.incident_id}: id and kind must not be empty")
        if self.happened_at.utcoffset() != timedelta(0):
            raise ValueError(f"incident {self.incident_id}: happened_at must be in UTC")
