"""What the light and the weather are while a crossing happens, and for what share of the year."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Light = Literal["day", "twilight", "night"]
Weather = Literal["clear", "haze", "fog", "rain", "snow", "dust"]


@dataclass(frozen=True, slots=True)
class Condition:
    """One season x light x weather with its share of the year.

    `correlated` says that sensors fail together (fog): the best asset counts in place of the product.
    `visibility_m` is the meteorological optical range (2 % contrast).
    """

    condition_id: str
    season: str
    light: Light
    weather: Weather
    share: float
    visibility_m: float
    illuminance_lux: float
    rain_mm_per_h: float = 0.0
    fog_g_per_m3: float = 0.0
    thermal_contrast_k: float = 4.0
    wind_mps: float = 3.0
    correlated: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.share <= 1:
            raise ValueError(f"condition {self.condition_id}: share must lie in 0..1, found {self.share}")
        if not self.visibility_m > 0:
            raise ValueError(f"condition {self.condition_id}: visibility_m must be positive")
        for name in ("illuminance_lux", "rain_mm_per_h", "fog_g_per_m3", "wind_mps"):
            if not getattr(self, name) >= 0:
                raise ValueError(f"condition {self.condition_id}: {name} must not be negative")
