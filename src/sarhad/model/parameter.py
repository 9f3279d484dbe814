"""An uncertain parameter: between which values it may lie, and how likely they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Part = Literal["sensing", "movement", "response"]
Distribution = Literal["uniform", "loguniform"]


@dataclass(frozen=True, slots=True)
class Parameter:
    """Where a value may lie, and why; a name that ends in `_factor` multiplies what a project has."""

    parameter_id: str
    part: Part
    low: float
    high: float
    distribution: Distribution
    unit: str
    source: str
    title: str

    def __post_init__(self) -> None:
        if not self.low < self.high:
            raise ValueError(f"parameter {self.parameter_id}: low must be below high")
        if self.distribution == "loguniform" and not self.low > 0:
            raise ValueError(f"parameter {self.parameter_id}: low must be above 0 on a logarithmic scale")

    def at(self, share: float) -> float:
        """Return the value below which it lies with a probability."""
        if self.distribution == "uniform":
            return self.low + share * (self.high - self.low)
        return float(self.low * (self.high / self.low) ** share)
