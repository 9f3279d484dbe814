"""Words by which numbers, dates and claims are read, a table for each language: `data/lexicon/LANGUAGE.toml`.

The rules (numerals, dates, article) know no language: they join the words of all tables, whose letters
differ, so that a text may be in any of them, or in two. A further language is a further file.

    word lists      a list, or one text parted by spaces; `stem*` stands for every word that begins so
    patterns        regular expressions; NAME in `cited` stands for the pattern `name`
    keys of words   small, scales, many, parts: the number; units: the unit; happenings: the property
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files

import msgspec

Words = str | list[str]
LANGUAGES = ("en", "ru")


@dataclass(frozen=True, slots=True)
class Numbers:
    """Number words: `alone`, `parts_alone` need no word before them; ranges are (before, between).

    After a scale of `goes_on` a further number adds on: 1 тыс. 37; `half_more` adds a half: two and a half.
    """

    decimal: str
    opening: Words
    joining: Words
    half_more: list[str]
    goes_on: list[str]
    alone: Words
    at_least: list[str]
    at_most: list[str]
    about: list[str]
    ranges: list[tuple[str, str]]
    small: Mapping[str, Words]
    scales: Mapping[str, Words]
    many: Mapping[str, Words]
    parts: Mapping[str, Words]
    parts_alone: Mapping[str, Words]


@dataclass(frozen=True, slots=True)
class Dates:
    """Forms of months and weekdays; words that make a number of four digits a year."""

    months: list[str]
    weekdays: list[str]
    month_first: bool
    before_year: Words
    after_year: Words


@dataclass(frozen=True, slots=True)
class Article:
    """What a sentence says around its numbers and places."""

    abbreviations: list[str]
    no_adjectives: Words
    part_of: str
    share_of: str
    many_of: str
    border: str
    harmed: str
    harming: str
    passed_over: list[str]
    name: str
    cited: list[str]
    units: Mapping[str, list[str]]
    happenings: Mapping[str, tuple[str, str]]
    properties: Mapping[str, list[tuple[str, str]]]


@dataclass(frozen=True, slots=True)
class Case:
    """Names with one kind of ending: the last `cut` letters give way to one by case."""

    ending: str
    cut: int
    endings: list[str]
    adjectives: list[str]


@dataclass(frozen=True, slots=True)
class Places:
    """How names of places bend; words for kinds of places, which are no part of a name."""

    kinds: list[str]
    cases: list[Case]


@dataclass(frozen=True, slots=True)
class Lexicon:
    """All tables of one language; `letters` are what it is written in."""

    letters: str
    numbers: Numbers
    dates: Dates
    article: Article
    places: Places


def _read(language: str) -> Lexicon:
    text = files("sarhad").joinpath(f"data/lexicon/{language}.toml").read_bytes()
    return msgspec.toml.decode(text, type=Lexicon)


LEXICONS: Sequence[Lexicon] = tuple(_read(language) for language in LANGUAGES)


def level(text: str) -> str:
    """Return a text as the tables spell it, place by place: ё as е."""
    return text.replace("ё", "е").replace("Ё", "Е")


def split(words: Words) -> list[str]:
    """Return the words of a list."""
    return words.split() if isinstance(words, str) else words


def joined(of: Callable[[Lexicon], Words]) -> list[str]:
    """Return the words of all languages for one purpose."""
    return [word for one in LEXICONS for word in split(of(one))]


def by_word(of: Callable[[Lexicon], Mapping[str, Words]]) -> dict[str, str]:
    """Return the key of every word, of all languages."""
    return {word: key for one in LEXICONS for key, words in of(one).items() for word in split(words)}


def either(patterns: Iterable[str]) -> str:
    """Return one pattern that fits what any of them fits; nothing where there is none."""
    return "|".join(f"(?:{one})" for one in patterns if one) or r"(?!)"
