"""Figures that say where they come from: every number of the report is looked up in a result, never typed.

A figure is a `<data>` element: its value as the result has it, and the file and key (a JSON pointer, RFC
6901) it was read from. Whoever checks the report can follow each one back; a test does.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape

from sarhad.interfaces.language import decimal, number
from sarhad.interfaces.report.palette import kilometres, money, people, probability, share

SHOWN: Mapping[str, Callable[[float], str]] = {
    "p": probability,
    "p3": lambda p: decimal(p, 3),
    "p4": lambda p: decimal(p, 4),
    "km": lambda km: kilometres(1000.0 * km),
    "km_of_m": kilometres,
    "usd": money,
    "n": decimal,
    "people": people,
    "share": share,
    "h": lambda hours: decimal(hours, 1),
    "plain": number,
}
NONE = "–"


@dataclass(frozen=True, slots=True, eq=False)
class Cited:
    """The documents that figures are read from, by file name."""

    documents: Mapping[str, Mapping[str, Any]]

    def figure(self, file: str, pointer: str, how: str) -> Markup:
        """Return the figure at a JSON pointer of a file, shown as a probability, money, ...; see SHOWN."""
        return shown(self.value(file, pointer), f"{file}#{pointer}", how)

    def value(self, file: str, pointer: str) -> Any:
        """Return what a file holds at a JSON pointer; raises KeyError where it holds nothing there."""
        value: Any = self.documents[file]
        for key in pointer.split("/")[1:]:
            name = key.replace("~1", "/").replace("~0", "~")
            value = value[int(name)] if isinstance(value, list) else value[name]
        return value


def shown(value: float | None, origin: str, how: str) -> Markup:
    """Return a number with its origin; a dash where there is none."""
    if value is None or math.isnan(value):
        return Markup(f'<data value="" title="{escape(origin)}">{NONE}</data>')
    text = escape(SHOWN[how](float(value)))
    return Markup(f'<data value="{float(value)!r}" title="{escape(origin)}">{text}</data>')
