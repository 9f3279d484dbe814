"""Questions at a terminal; elsewhere the same questions are a list of what is lacking, all at once."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from sarhad.errors import Fault, InputFaults
from sarhad.interfaces.cli.console import remarks

TEXT = {"nothing": "nothing", "one of": "one of {choices}: {question}", "file": "a file: {question}"}

T = TypeVar("T")


def at_terminal() -> bool:
    """Say whether someone is there to answer; an input that was closed is no one."""
    return sys.stdin is not None and not sys.stdin.closed and sys.stdin.isatty()


@dataclass(frozen=True, slots=True)
class Questions:
    """Answers given as options, asked for where `may_ask`, else gathered as faults."""

    may_ask: bool
    faults: list[Fault] = field(default_factory=list)

    def attempt(self, work: Callable[[], T]) -> T | None:
        """Return what `work` returns; gather its faults, or raise them where questions would follow."""
        try:
            return work()
        except InputFaults as error:
            if self.may_ask:
                raise
            self.faults.extend(error.faults)
            return None

    def choice(self, option: str, question: str, choices: Sequence[str], given: str) -> str | None:
        """Return one of the choices: the one given, or the one answered."""
        if given in choices:
            return given
        if not given and self.may_ask:
            return self._ask(question, list(choices))
        expected = TEXT["one of"].format(choices=", ".join(choices), question=question)
        self.faults.append(Fault(option, "", 0, "", expected, given or TEXT["nothing"]))
        return None

    def words(self, option: str, question: str, given: str) -> str | None:
        """Return words: those given, or those answered."""
        if given:
            return given
        if self.may_ask:
            return self._ask(question, None)
        self.faults.append(Fault(option, "", 0, "", question, TEXT["nothing"]))
        return None

    def yes(self, question: str) -> bool:
        """Return whether the answer is yes; without anyone to ask it is."""
        from rich.prompt import Confirm

        return not self.may_ask or Confirm.ask(question, console=remarks, default=True)

    def finish(self) -> None:
        """Raise all faults that were gathered."""
        if self.faults:
            raise InputFaults(self.faults)

    def _ask(self, question: str, choices: list[str] | None) -> str:
        from rich.prompt import Prompt

        while True:
            said = Prompt.ask(question, choices=choices, console=remarks)
            if said and said.strip():
                return str(said).strip()


def path_of(words: str | None) -> Path | None:
    """Return a path as it was typed, home folder and all."""
    return Path(words).expanduser() if words else None
