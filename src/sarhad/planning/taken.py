"""Settings that a project takes from claims, worked out anew: before, after, and why there is none.

A setting wants one number. Where its question is open, disputed or undermined, or its answer is a range,
there is none, and the project says so until somebody resolves the question.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sarhad.model.claim import Question, Rules, Use
from sarhad.model.project import Taken
from sarhad.planning.claims import Register
from sarhad.planning.dependence import answer, figure


@dataclass(frozen=True, slots=True)
class Retaken:
    """A setting as the project has it and as it is by now; `why` says why there is no value."""

    setting: str
    before: Taken | None
    after: Taken | None
    why: str = ""

    @property
    def stale(self) -> bool:
        """Whether the project has not what the claims give by now, or they give nothing."""
        return self.after is None or self.before != self.after


def retake(
    held: Register, settings: Iterable[Use], before: Mapping[str, Taken], rules: Rules
) -> tuple[Retaken, ...]:
    """Return every setting anew; `before` are the values that the project has, by setting."""
    found: list[Retaken] = []
    for one in settings:
        worked_out = figure(held, one.name, rules)
        after, why = None, ""
        if worked_out.value is not None:
            after = Taken(
                one.name,
                f"{worked_out.value:.12g}",
                one.unit,
                one.inputs[0],
                worked_out.resolutions,
                worked_out.rests_on,
            )
        elif worked_out.written is not None:
            why = "a range: resolve the question to one number"
        else:
            why = "; ".join(f"{text} is {_state(held, text, rules)}" for text in worked_out.open_inputs)
        found.append(Retaken(one.name, before.get(one.name), after, why))
    return tuple(found)


def outdated(used: Iterable[Taken], by_now: Mapping[str, Taken | None]) -> tuple[str, ...]:
    """Return the settings whose value is another by now, or that rested on what no longer stands.

    One that rests on more than it did, with the value it had, is not among them.
    """
    found: list[str] = []
    for one in used:
        new = by_now.get(one.setting)
        same = new is not None and (new.value, new.unit) == (one.value, one.unit)
        if (
            new is None
            or not same
            or not {*one.rests_on, *one.resolutions} <= {*new.rests_on, *new.resolutions}
        ):
            found.append(one.setting)
    return tuple(found)


def _state(held: Register, text: str, rules: Rules) -> str:
    return answer(held, Question.read(text), rules).state if "/" in text else "gone"
