"""Reads claims out of a pasted article by rules, for a person to confirm; nothing is recorded from here.

A sentence gives a proposal for every number with a unit that a claim can have: "1,344 km", "over 1,000
soldiers", "some 625 of about 980 kilometers" (both in kilometers), "two-thirds of". Years, times, ordinals
and numbers of documents have no such unit and are passed over. A district that is "taken" or "captured",
people who "crossed", a "clash" give a proposal without a number, placed by the gazetteer.

A claim is about the date in its sentence, else the last one before it, else the day of publication. "Citing
X", "according to X", "X reported" give the next link of its chain, never the end. Every proposal says by
which rules it was made.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from sarhad.io.dates import DATES, Dated, find_dates
from sarhad.io.gazetteer import Gazetteer, Mention
from sarhad.io.numerals import Numeral, find_numerals

_UNIT_WORDS: Mapping[str, str] = {
    "km": "km kilometer kilometers kilometre kilometres kms",
    "m": "m meter meters metre metres",
    "mi": "mile miles",
    "ha": "ha hectare hectares",
    "percent": "percent % pct",
    "persons": (
        "person persons people men women soldier soldiers troop troops serviceman servicemen personnel "
        "reservist reservists guard guards militant militants fighter fighters refugee refugees civilian "
        "civilians policeman policemen migrant migrants resident residents citizen citizens dead injured "
        "wounded killed nationals workers arrivals"
    ),
    "families": "family families household households",
    "districts": "district districts",
    "posts": "post posts outpost outposts checkpoint checkpoints",
    "places": "place places location locations point points province provinces crossing crossings",
    "events": "clash clashes conflict conflicts incident incidents violation violations",
    "days": "day days",
    "years": "year years",
    "usd": "usd dollar dollars",
}
_UNIT_OF = {word: unit for unit, words in _UNIT_WORDS.items() for word in words.split(" ")}
_NO_ADJECTIVES = (
    "of in on at to from by and or the a an is are was were be been has have had will would that which who "
    "with for as than into over after before since between but not no its their"
)
_STOP = frozenset(_NO_ADJECTIVES.split(" "))
_ADJECTIVES = 3  # words that may stand between a number and its unit

_NEXT_WORD = re.compile(r"[\s-]*(%|[^\W\d_]+)")
_SENTENCE = re.compile(r"[^.!?\n]*(?:\.(?=\d)[^.!?\n]*|(?<=\bNo)\.[^.!?\n]*)*[.!?\n]?")
_HARMED = re.compile(r"\s+(?:were|was|ha(?:ve|d) been)\s+(?:hurt|killed|injured|wounded|evacuated)\b", re.I)
_HARMING = re.compile(r"\b(?:kill|injur|wound|hurt|evacuat)(?:ed|ing)\s+$", re.I)
_MANY_OF = re.compile(r"(?:dozen|hundred|thousand|million)s$", re.IGNORECASE)
_BORDER = re.compile(r"[ -](?:long )?(?:border|frontier|line)\b", re.IGNORECASE)
_PASSED_OVER = re.compile(
    r"\b(?:No|Nos|Protocol|Article|Decree|Resolution|Order)\.?\s*\d[\d/]*|\b\d{1,2}:\d{2}\b|\b\d+(?:st|nd|rd|th)\b"
    r"|\bkm\s+\d+\b",
    re.IGNORECASE,
)

_OFFICES = "officials|authorities|presidency|border (?:service|guards)|ministry|police"
_NAME = rf"[A-Z][\w/-]*(?:\s+(?:[A-Z][\w/-]*|{_OFFICES})){{0,3}}"
_CITED = re.compile(
    rf"\b(?i:citing|according to|quoting|quoted by|reported by|told)\s+(?:the\s+)?(?P<after>{_NAME})"
    rf"|(?P<before>{_NAME})\s+report(?:ed|s)\b"
)
_VERBS: Sequence[tuple[str, str, str]] = (
    # property, value, what the sentence says
    ("held_by", "taken", r"\b(?:captur|seiz|overran|overrun|took|taken|fell to)\w*"),
    ("shelling", "shelled", r"\b(?:shell(?:ed|ing)|mortars?|artillery fire)\b"),
    ("drone_strike", "drone strike", r"\b(?:drone|unmanned aircraft)\b.*\b(?:struck|strike|attack|hit)"),
    ("clash", "fighting", r"\b(?:clash(?:es|ed)?|fighting|firefight|exchanged fire)\b"),
    ("crossing", "crossed", r"\b(?:crossed|fled (?:in)?to|came across|retreated (?:in)?to)\b"),
)
_EVENTS = tuple((name, value, re.compile(pattern, re.IGNORECASE)) for name, value, pattern in _VERBS)
_PROPERTIES: Sequence[tuple[str, str, str]] = (
    # unit, word in the sentence, property: the first that fits is proposed
    ("km", r"demarcat|delimit|agreed|settled|described", "agreed_length"),
    ("km", r"held|hold|control|captured", "held_length"),
    ("km", r"river", "river_length"),
    ("km", r"border|frontier|line|long", "length"),
    ("mi", r"border|frontier|line|long", "length"),
    ("percent", r"demarcat|delimit|agreed|settled|described", "agreed_share"),
    ("percent", r"held|hold|control|captured", "held_share"),
    ("persons", r"reservist|mobili|called up|deploy|reinforc|sent to", "reinforced"),
    ("persons", r"injured|wounded|hurt", "injured"),
    ("persons", r"killed|died|dead", "killed"),
    ("persons", r"evacuat|moved to safety", "evacuated"),
    ("persons", r"receive|ready", "ready_for"),
    ("persons", r"cross|fled|came across|retreat", "crossed"),
    ("families", r"wait", "waiting"),
    ("districts", r"taken|fell|captur|seiz|changed hands", "districts_taken"),
    ("places", r"cross|came across", "crossing_places"),
    ("events", r"", "conflicts"),
    ("ha", r"", "site_area"),
    ("years", r"programme|program|stage|lasts", "duration"),
)


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a sentence may claim; `start` and `end` mark the exact words `text` in the article.

    `value` is as written, so that a table holds what the article holds. `property_id` and `quoted_from` are
    empty where no rule says; `places` are candidates, one where the name is not ambiguous.
    """

    start: int
    end: int
    text: str
    value: str
    unit: str
    property_id: str
    as_of: str
    quoted_from: str
    places: tuple[Mention, ...]
    reasons: tuple[str, ...]


def propose(article: str, published: date, gazetteer: Gazetteer) -> tuple[Proposal, ...]:
    """Return the proposals of an article in its order."""
    found: list[Proposal] = []
    last: Dated | None = None
    for match in _SENTENCE.finditer(article):
        sentence = match.group()
        if not sentence.strip():
            continue
        dates = list(find_dates(sentence, published))
        last = dates[0] if dates else last
        cited = _CITED.search(sentence)
        source = (cited["after"] or cited["before"]) if cited else ""
        places = tuple(gazetteer.mentions(sentence))
        context = _Context(sentence, match.start(), *_when(dates, last, published), places, source)
        found += sorted((*_quantities(context), *_happenings(context)), key=lambda one: (one.start, one.end))
    return tuple(found)


def _when(dates: Sequence[Dated], last: Dated | None, published: date) -> tuple[str, str]:
    if dates:
        return dates[0].period, f"date in the sentence ({dates[0].words})"
    if last is not None:
        return last.period, f"last date before it ({last.words})"
    return published.isoformat(), "no date: the day of publication"


@dataclass(frozen=True, slots=True)
class _Context:
    """One sentence, where it starts, and what all its proposals share: date, places, the source it names."""

    sentence: str
    offset: int
    as_of: str
    as_of_reason: str
    places: tuple[Mention, ...]
    source: str

    def proposal(self, at: tuple[int, int], value: str, unit: str, name: str, *reasons: str) -> Proposal:
        """Return a proposal for the words at (start, end) of the sentence."""
        start, end = at
        notes = [*reasons, self.as_of_reason]
        if self.source:
            notes.append(f"source named in the sentence: {self.source}, its own source unknown")
        for mention in self.places:
            if len(mention.candidates) > 1:
                names = ", ".join(one.place_id for one in mention.candidates)
                notes.append(f'"{mention.text}" may be {names}: choose one')
        return Proposal(
            self.offset + start,
            self.offset + end,
            self.sentence[start:end],
            value,
            unit,
            name,
            self.as_of,
            f"{self.source} > ?" if self.source else "",
            self.places,
            tuple(notes),
        )


def _quantities(context: _Context) -> Iterator[Proposal]:
    """Yield a proposal for every number of a sentence that has a unit."""
    sentence = context.sentence
    dates = [(m.start(), m.end()) for m in DATES.finditer(sentence)]
    closed = dates + [(m.start(), m.end()) for m in _PASSED_OVER.finditer(sentence)]
    numerals = [n for n in find_numerals(sentence) if not any(n.start < b and a < n.end for a, b in closed)]
    units = [_unit(sentence, numeral) for numeral in numerals]
    for k, numeral in enumerate(numerals):
        unit, end, reason = units[k]
        following = units[k + 1][0] if k + 1 < len(numerals) else ""
        if not unit and following not in {"", "percent"}:
            between = sentence[numeral.end : numerals[k + 1].start]
            if re.fullmatch(r"\s+(?:out\s+)?of\s+(?:the\s+|its\s+)?", between):
                unit, reason = following, 'part of the next number ("of")'
        if unit:
            name = _property(sentence, numeral.start, end, unit)
            value = sentence[numeral.start : numeral.end]
            yield context.proposal((numeral.start, end), value, unit, name, numeral.reading, reason)


def _unit(sentence: str, numeral: Numeral) -> tuple[str, int, str]:
    """Return (unit, end of its word, reason) of a number; an empty unit where none follows."""
    none = "", numeral.end, ""
    if numeral.is_share:
        of = re.match(r"\s+of\b", sentence[numeral.end :])
        return ("percent", numeral.end, "a fraction of something") if of else none
    harming = _HARMING.search(sentence[: numeral.start])
    harmed = _HARMED.match(sentence, numeral.end)
    if harmed:
        return "persons", harmed.end(), "people to whom something happened"
    at = numeral.end
    if _MANY_OF.search(sentence[numeral.start : at]) and sentence[at : at + 4] == " of ":
        at += 3
    for k in range(_ADJECTIVES + 1):
        match = _NEXT_WORD.match(sentence, at)
        word = match[1].lower() if match else ""
        if match is None or word in _STOP:
            break
        at = match.end()
        if word == "per" and sentence.startswith(" cent", at):
            return "percent", at + len(" cent"), "unit after the number"
        if word in _UNIT_OF and (k == 0 or word != "m"):  # "25 m" is a length, "25 young m" is none
            return _UNIT_OF[word], at, "unit after the number" if k == 0 else f"unit {k} words after it"
    return ("persons", numeral.end, "people to whom something happened") if harming else none


def _property(sentence: str, at: int, end: int, unit: str) -> str:
    """Return the property that a quantity may state, by the words around it; empty where none says.

    The first rule that fits counts; of people, what the nearest word says: some are killed, others wounded.
    """
    if unit in {"km", "mi"} and _BORDER.match(sentence, end):
        return "length"
    found = [
        (_gap(sentence, match, (at, end)) if unit == "persons" else 0, k, name)
        for k, (of_unit, pattern, name) in enumerate(_PROPERTIES)
        if of_unit == unit
        for match in re.finditer(pattern, sentence, re.IGNORECASE)
    ]
    return min(found)[2] if found else ""


def _gap(sentence: str, match: re.Match[str], quantity: tuple[int, int]) -> int:
    """Return how many characters part a word from a quantity; what a semicolon parts is far."""
    (start, end) = quantity
    between = sentence[match.end() : start] if match.end() <= start else sentence[end : match.start()]
    return len(between) + (len(sentence) if ";" in between else 0)


def _happenings(context: _Context) -> Iterator[Proposal]:
    """Yield a proposal for every place at which the sentence says that something happened."""
    for name, value, pattern in _EVENTS:
        verb = pattern.search(context.sentence)
        for mention in context.places if verb else ():
            one = mention
            if name == "held_by":  # only a district is held
                districts = tuple(place for place in mention.candidates if place.kind == "district")
                one = replace(mention, candidates=districts)
            if verb and one.candidates:
                reason = f'"{verb.group()}" beside a place'
                here = replace(context, places=(one,))
                yield here.proposal((one.start, one.end), value, "", name, reason)
