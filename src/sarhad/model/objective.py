"""What a plan is to raise: the mean, the worst stretches first, or the worst conditions of the year."""

from __future__ import annotations

from dataclasses import dataclass

NAMES = ("mean", "leximin", "cvar")


@dataclass(frozen=True, slots=True)
class Objective:
    """An objective by name, over values that weigh the adversaries, targets and the year as asked.

    - `mean`: the threat-weighted mean over stretches.
    - `leximin`: the worst stretch first, then the next worst, and so on, in whole steps of `step`;
      plans that are alike in this by the mean.
    - `cvar`: the mean over the worst `tail_share` of the year's conditions (conditional value at risk); plans
      that are alike in this by the mean.
    """

    name: str = "mean"
    tail_share: float = 0.1
    step: float = 0.1

    def __post_init__(self) -> None:
        if self.name not in NAMES:
            raise ValueError(f"an objective is one of {', '.join(NAMES)}, found {self.name!r}")
        if not 0 < self.tail_share <= 1:
            raise ValueError(f"tail_share must be above 0 and at most 1, found {self.tail_share}")
        if not 0.001 <= self.step <= 1:
            raise ValueError(f"step must be from 0.001 to 1, found {self.step}")


MEAN = Objective()


@dataclass(frozen=True, slots=True)
class ObjectivePart:
    """What an objective is made of, without the plan (`before`) and with it (`value`).

    Under `cvar` one per condition: mean P_t, `weight` its share of the tail with the plan. Under `leximin`
    one per step, named by its level: the share of stretches that reach it; `weight` 1 marks the first step
    that not all reach, which decides.
    """

    name: str
    weight: float
    before: float
    value: float
