"""Reads claims out of a pasted article by rules, for a person to confirm; nothing is recorded from here.

A sentence gives a proposal for every number with a unit that a claim can have: "1,344 km", "over 1,000
soldiers", "some 625 of about 980 kilometers" (both in kilometers), "20 тыс. резервистов". Years, times,
ordinals and numbers of documents have no such unit and are passed over. A district that is "taken" or
"captured", people who "crossed", a "clash" give a proposal without a number, placed by the gazetteer.

A claim is about the date in its sentence, else the last one before it, else the day of publication. "Citing
X", "according to X", "X reported" give the next link of its chain, never the end. Every proposal says by
which rules it was made. The words of the rules stand in `lexicon`, language by language.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from sarhad.io.dates import DATES, Dated, find_dates
from sarhad.io.gazetteer import Gazetteer, Mention
from sarhad.io.lexicon import LEXICONS, Article, by_word, either, joined, level
from sarhad.io.numerals import Numeral, find_numerals

WHY = {
    "date": "date in the sentence ({words})",
    "last_date": "last date before it ({words})",
    "published": "no date: the day of publication",
    "source": "source named in the sentence: {name}, its own source unknown",
    "ambiguous": '"{text}" may be {names}: choose one',
    "part": "part of the next number",
    "share": "a fraction of something",
    "people": "people to whom something happened",
    "unit": "unit after the number",
    "unit_before": "unit before the number",
    "unit_later": "unit {k} words after it",
    "comma": "the comma is taken for thousands: check",
    "beside": '"{verb}" beside a place',
}
_UNIT_OF = by_word(lambda one: one.article.units)
_STOP = frozenset(joined(lambda one: one.article.no_adjectives))
_ADJECTIVES = 3  # words that may stand between a number and its unit


def _pattern(of: Callable[[Article], str], form: str = "{}") -> re.Pattern[str]:
    return re.compile(form.format(either(of(one.article) for one in LEXICONS)), re.IGNORECASE)


_PHRASES = "|".join(word for word in _UNIT_OF if " " in word)
_NEXT_WORD = re.compile(rf"[\s-]*(%|{_PHRASES}|[^\W\d_]+)", re.IGNORECASE)
_ABBREVIATED = either(rf"(?<=\b{word})" for one in LEXICONS for word in one.article.abbreviations)
_GOES_ON = either([r"\d", *(one.letters for one in LEXICONS)])
_SENTENCE = re.compile(
    rf"[^.!?\n]*(?:(?:\.(?=\d)|(?:{_ABBREVIATED})\.(?=\s*(?:{_GOES_ON})))[^.!?\n]*)*[.!?\n]?"
)
_HARMED = _pattern(lambda one: one.harmed)
_HARMING = _pattern(lambda one: one.harming, "(?:{})$")
_MANY_OF = _pattern(lambda one: one.many_of)
_PART_OF = _pattern(lambda one: one.part_of, r"\s+(?:{})\s+")
_SHARE_OF = _pattern(lambda one: one.share_of)
_BORDER = _pattern(lambda one: one.border)
_CLOCK = r"\b\d{1,2}:\d{2}\b"
_PASSED_OVER = re.compile(
    either([_CLOCK, *(pattern for one in LEXICONS for pattern in one.article.passed_over)]), re.IGNORECASE
)
_CITED = [
    re.compile(pattern.replace("NAME", f"(?P<name>{one.article.name})"))
    for one in LEXICONS
    for pattern in one.article.cited
]
_EVENTS = [
    (name, value, re.compile(pattern, re.IGNORECASE))
    for one in LEXICONS
    for name, (value, pattern) in one.article.happenings.items()
]
_PROPERTIES = [
    (unit, re.compile(rf"(?:{pattern})\w*", re.IGNORECASE), name)
    for one in LEXICONS
    for unit, rules in one.article.properties.items()
    for name, pattern in rules
]
_DECIMAL_COMMA = re.compile(
    either(one.letters for one in LEXICONS if one.numbers.decimal == ","), re.IGNORECASE
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
        when, places = _when(dates, last, published), tuple(gazetteer.mentions(sentence))
        context = _Context(sentence, match.start(), *when, places, _source(sentence))
        found += sorted((*_quantities(context), *_happenings(context)), key=lambda one: (one.start, one.end))
    return tuple(found)


def _source(sentence: str) -> str:
    """Return the name of whom the sentence cites first; empty where it cites nobody."""
    plain = level(sentence)
    found = [match for pattern in _CITED if (match := pattern.search(plain))]
    if not found:
        return ""
    start, end = min(match.span("name") for match in found)
    return sentence[start:end].strip('«»"')


def _when(dates: Sequence[Dated], last: Dated | None, published: date) -> tuple[str, str]:
    if dates:
        return dates[0].period, WHY["date"].format(words=dates[0].words)
    if last is not None:
        return last.period, WHY["last_date"].format(words=last.words)
    return published.isoformat(), WHY["published"]


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
            notes.append(WHY["source"].format(name=self.source))
        for mention in self.places:
            if len(mention.candidates) > 1:
                names = ", ".join(one.place_id for one in mention.candidates)
                notes.append(WHY["ambiguous"].format(text=mention.text, names=names))
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
    sentence = level(context.sentence)
    dates = [(m.start(), m.end()) for m in DATES.finditer(sentence)]
    closed = dates + [(m.start(), m.end()) for m in _PASSED_OVER.finditer(sentence)]
    numerals = [n for n in find_numerals(sentence) if not any(n.start < b and a < n.end for a, b in closed)]
    units = [_unit(sentence, numeral) for numeral in numerals]
    for k, numeral in enumerate(numerals):
        unit, end, reason = units[k]
        following = units[k + 1][0] if k + 1 < len(numerals) else ""
        if not unit and following not in {"", "percent"}:
            between = sentence[numeral.end : numerals[k + 1].start]
            if _PART_OF.fullmatch(between):
                unit, reason = following, WHY["part"]
        if unit:
            name = _property(sentence, numeral.start, end, unit)
            value = context.sentence[numeral.start : numeral.end]
            reasons = [numeral.reading, reason]
            if re.search(r",\d{3}$", value) and _DECIMAL_COMMA.search(sentence):
                reasons.append(WHY["comma"])
            yield context.proposal((numeral.start, end), value, unit, name, *reasons)


def _unit(sentence: str, numeral: Numeral) -> tuple[str, int, str]:
    """Return (unit, end of its word, reason) of a number; an empty unit where none follows."""
    none = "", numeral.end, ""
    if numeral.is_share:
        of = _SHARE_OF.match(sentence, numeral.end)
        return ("percent", numeral.end, WHY["share"]) if of else none
    if sentence[: numeral.start].endswith("$"):
        return "usd", numeral.end, WHY["unit_before"]
    harming = _HARMING.search(sentence[: numeral.start])
    harmed = _HARMED.match(sentence, numeral.end)
    if harmed:
        return "persons", harmed.end(), WHY["people"]
    at = numeral.end
    many_of = _MANY_OF.match(sentence, at) if numeral.is_many else None
    at = many_of.end() if many_of else at
    for k in range(_ADJECTIVES + 1):
        match = _NEXT_WORD.match(sentence, at)
        word = match[1].lower() if match else ""
        if match is None or word in _STOP:
            break
        at = match.end()
        unit = _unit_of(word)
        if unit and (k == 0 or len(word) > 1):  # "25 m" is a length, "25 young m" is none
            return unit, at, WHY["unit"] if k == 0 else WHY["unit_later"].format(k=k)
    return ("persons", numeral.end, WHY["people"]) if harming else none


def _unit_of(word: str) -> str:
    """Return the unit of a word, or of the longest stem that it begins with; empty where there is none."""
    stems = (f"{word[:n]}*" for n in range(len(word), 0, -1))
    return next((_UNIT_OF[one] for one in (word, *stems) if one in _UNIT_OF), "")


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
        for match in pattern.finditer(sentence)
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
        verb = pattern.search(level(context.sentence))
        for mention in context.places if verb else ():
            one = mention
            if name == "held_by":  # only a district is held
                districts = tuple(place for place in mention.candidates if place.kind == "district")
                one = replace(mention, candidates=districts)
            if verb and one.candidates:
                reason = WHY["beside"].format(verb=verb.group())
                here = replace(context, places=(one,))
                yield here.proposal((one.start, one.end), value, "", name, reason)
