"""Generic types of equipment: what they are, cost and need. Parameters come from `data/equipment.csv`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

Kind = Literal[
    "observer", "day_camera", "thermal_camera", "radar", "seismic", "pir", "magnetic", "fibre", "fence",
    "aircraft", "drone",
]  # fmt: skip
Mount = Literal["point", "line", "area"]

MOUNT: Mapping[str, Mount] = MappingProxyType(
    {
        "observer": "point",
        "day_camera": "point",
        "thermal_camera": "point",
        "radar": "point",
        "seismic": "line",
        "pir": "line",
        "magnetic": "line",
        "fibre": "line",
        "fence": "line",
        "aircraft": "area",
        "drone": "area",
    }
)


@dataclass(frozen=True, slots=True)
class EquipmentType:
    """One generic type. `cost_usd` is per item (point), per kilometre (line) or per item on the area (air).

    `availability` is the share of crossings for which the item works (manned, powered, on station) for the
    whole crossing. `parameter` holds what the sensing model of its kind needs, by name with unit.
    """

    equipment_id: str
    kind: Kind
    title: str
    cost_usd: float
    crew_n: float
    power_w: float
    availability: float
    mast_m: float = 0.0
    parameter: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.kind not in MOUNT:
            raise ValueError(f"equipment {self.equipment_id}: unknown kind {self.kind!r}")
        if not 0 <= self.availability <= 1:
            raise ValueError(f"equipment {self.equipment_id}: availability must lie in 0..1")
        for name in ("cost_usd", "crew_n", "power_w", "mast_m"):
            if not getattr(self, name) >= 0:
                raise ValueError(f"equipment {self.equipment_id}: {name} must not be negative")

    @property
    def mount(self) -> Mount:
        """Whether it stands at a point, lies along the line or works an area."""
        return MOUNT[self.kind]
