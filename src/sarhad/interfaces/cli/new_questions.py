"""Questions at a terminal; elsewhere the same questions are a list of what is lacking, all at once."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from sarhad.errors import Fault, InputFaults
from sarhad.interfaces.cli.console import remarks
from sarhad.interfaces.sentences import told_text

EXPECTED = {"nothing": "nothing", "one of": "one of {choices}: {question}", "file": "a file: {question}"}

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

    def choice(
        self, option: str, question: str, choices: Sequence[str], given: str, *, otherwise: str = ""
    ) -> str | None:
        """Return a choice: the one given, or the one answered; `otherwise` is another way to say it."""
        if given in choices:
            return given
        said = None if given or not self.may_ask else _asked(question, list(choices))
        if said is None:
            expected = EXPECTED["one of"].format(choices=", ".join(choices), question=question) + otherwise
            self._lacking(option, expected, given)
        return said

    def words(self, option: str, question: str, given: str) -> str | None:
        """Return words: those given, or those answered."""
        said = given or (_asked(question, None) if self.may_ask else None)
        if said is None:
            self._lacking(option, question, "")
        return said

    def yes(self, question: str) -> bool:
        """Return whether the answer is yes; without anyone to ask it is."""
        return not self.may_ask or _asked(question, ["y", "n"], "y") != "n"

    def finish(self) -> None:
        """Raise all faults that were gathered."""
        if self.faults:
            raise InputFaults(self.faults)

    def _lacking(self, option: str, expected: str, found: str) -> None:
        self.faults.append(Fault(option, "", 0, "", expected, found or EXPECTED["nothing"]))
        if self.may_ask:  # whoever was asked has gone or mistyped an option: no further questions
            self.finish()


def _asked(question: str, choices: list[str] | None, default: str = "") -> str | None:
    """Ask until there is an answer; None where the input ends instead."""
    from rich.prompt import Prompt

    told = told_text(question)
    while True:
        try:
            said = Prompt.ask(
                told[:1].upper() + told[1:], choices=choices, console=remarks, default=default or ...
            )
        except EOFError:
            return None
        if str(said).strip():
            return str(said).strip()


def path_of(words: str | None) -> Path | None:
    """Return a path as it was typed, home folder and all."""
    return Path(words).expanduser() if words else None
