"""Tells sentences of the layers below, which are English, in the language of the moment.

Faults, errors and notes are data: they are kept, compared, sent as JSON and travel between processes as they
were made. Who shows them to a person asks here. A catalogue of its own (`data/locale/LANGUAGE/sentences.po`)
holds each sentence with braces where words are filled in; a sentence is known again by what stands between
them, the longest match first, and said anew with the same words. One that is not known stays as it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from sarhad.errors import Fault, InputFaults, SarhadError
from sarhad.interfaces.language import language, translated
from sarhad.io.catalogue import LANGUAGES, sentences

TEXT = translated(
    {
        "faults": ("{n} fault in the inputs:", "{n} faults in the inputs:"),
        "more": "  ... and {n} more; --json lists all.",
        "row": "row {row}",
        "fault": "{place}: expected {expected}, found {found}",
    }
)
MOST_LINES = 51
"""Of an error, the screen shows so many lines: more nobody reads there."""
FIELD = re.compile(r"{\w*(?:[:!][^}]*)?}")
"""Where words are filled in, with or without a form of their own."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence with words to be filled in: how it is known again, and how it is said."""

    known_by: re.Pattern[str]
    said: str


def told_error(error: SarhadError) -> str:
    """Return what an error says, in the language of the moment; of very many faults the first."""
    lines = _told_whole(error).split("\n")
    if len(lines) > MOST_LINES:
        lines[MOST_LINES:] = [TEXT["more"].format(n=len(lines) - MOST_LINES)]
    return "\n".join(lines)


def _told_whole(error: SarhadError) -> str:
    if language() == "en":
        return str(error)
    if isinstance(error, InputFaults):
        lines = [f"  {_told_fault(fault)}" for fault in error.faults]
        return "\n".join([TEXT.count("faults", len(lines)), *lines])
    return "\n".join(told_text(line) for line in str(error).split("\n"))


def told_text(text: str) -> str:
    """Return a sentence in the language of the moment; as it is where no catalogue knows it."""
    if not text or language() == "en":
        return text
    known = sentences(language())
    if text in known:
        return known[text]
    for sentence in _templates(language()):
        found = sentence.known_by.fullmatch(text)
        if found is not None:
            return sentence.said.format(*(told_text(word) for word in found.groups()))
    return text


def told_sentence(sentence: str) -> str:
    """Return a sentence that a catalogue knows word for word; any other, which may be anybody's, as it is."""
    return sentence if language() == "en" else sentences(language()).get(sentence, sentence)


def _told_fault(fault: Fault) -> str:
    place = fault.file
    place += f" [{fault.layer}]" if fault.layer else ""
    place += f" {TEXT['row'].format(row=fault.row)}" if fault.row else ""
    place += f", {fault.column}" if fault.column else ""
    return TEXT["fault"].format(place=place, expected=told_text(fault.expected), found=told_text(fault.found))


def numbered(sentence: str) -> str:
    """Return a sentence with its fields by number, as the catalogue has it."""
    pieces = FIELD.split(sentence)
    return pieces[0] + "".join(f"{{{k}}}{piece}" for k, piece in enumerate(pieces[1:]))


@lru_cache(maxsize=len(LANGUAGES))
def _templates(code: str) -> tuple[Sentence, ...]:
    """Return the sentences with fields, those with the most words of their own first."""
    found = sentences(code)
    order = sorted(
        (one for one in found if FIELD.search(one)), key=lambda one: (-len(FIELD.sub("", one)), one)
    )
    return tuple(
        Sentence(re.compile("(.*?)".join(map(re.escape, FIELD.split(one))), re.DOTALL), found[one])
        for one in order
    )
