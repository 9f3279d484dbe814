"""Classes of what crosses a border: counts and classes only, never individuals."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Target:
    """A class of crossing and how it moves and shows.

    `height_m` is what must rise over the terrain to be in sight, `critical_m` the critical dimension of the
    cycles criterion, `rcs_m2` the radar cross-section; `seismic`, `magnetic` and `infrared` scale the ranges
    of ground sensors against one walker. `speed` names a movement function and `speed_factor` multiplies it;
    `max_slope` is the steepest rise over run it can pass.
    """

    target_id: str
    height_m: float
    critical_m: float
    rcs_m2: float
    visible_contrast: float
    thermal_contrast_k: float
    speed: str
    speed_factor: float
    max_slope: float
    seismic: float
    magnetic: float
    infrared: float

    def __post_init__(self) -> None:
        for name in ("height_m", "critical_m", "rcs_m2", "speed_factor", "max_slope"):
            if not getattr(self, name) > 0:
                raise ValueError(f"target {self.target_id}: {name} must be positive")
