"""In which language people are spoken to: English, Russian or Tajik, and how numbers look in it.

English text stands in TEXT tables where it is used and is at the same time the id under which the
catalogues (`sarhad.io.catalogue`) hold its translation. A table answers in the language of the moment it is
asked; figures that are filled into it (`TEXT["x"].format(km=1.5)`) get the signs of that language. Signs
between digits are those of the Unicode CLDR, as Babel has them; the digits are the same in every language.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache, partial
from gettext import NullTranslations
from numbers import Real
from string import Formatter
from typing import TYPE_CHECKING, Any

from sarhad.errors import UnknownName
from sarhad.io.catalogue import LANGUAGES, NAMES, project_translations, translations

if TYPE_CHECKING:
    from sarhad.model.project import Project

Message = str | tuple[str, str]
"""A text, or its form for one and for several, with the number as {n}."""

_LANGUAGE: ContextVar[str] = ContextVar("language", default="en")


class _Figures(Formatter):
    """Fills a text in; numbers that it shows with a form of their own get the signs of the language."""

    def format_field(self, value: Any, format_spec: str) -> str:
        shown = format(value, format_spec)
        return localised(shown) if format_spec and isinstance(value, Real) else shown


_FIGURES = _Figures()


class Phrase(str):
    """A text to be filled in, in the language that it was asked in."""

    __slots__ = ()

    @property
    def format(self) -> Callable[..., str]:
        """Fill the text in, as str.format does, with figures the way the language writes them."""
        return partial(_FIGURES.format, str(self))


@dataclass(frozen=True, slots=True, eq=False)
class Translated(Mapping[str, str]):
    """A table of English texts by key; what is looked up comes in the language of the moment."""

    messages: Mapping[str, Message]

    def __getitem__(self, key: str) -> str:
        """Return a text."""
        message = self.messages[key]
        return Phrase(say(message if isinstance(message, str) else message[1]))

    def __iter__(self) -> Iterator[str]:
        """Go through the keys."""
        return iter(self.messages)

    def __len__(self) -> int:
        """Return the number of texts."""
        return len(self.messages)

    def count(self, key: str, n: int) -> str:
        """Return a text in the form that a number asks for, with the number in it."""
        message = self.messages[key]
        if isinstance(message, str):
            raise KeyError(f"{key} has one form only")
        return Phrase(_catalogue().ngettext(*message, n).replace("{n}", decimal(n)))


def translated(messages: Mapping[str, Message]) -> Translated:
    """Return a table of English texts as one that speaks every language."""
    return Translated(messages)


def say(text: str) -> str:
    """Return a text of the product in the language of the moment."""
    return _catalogue().gettext(text) if text else ""


def told(project: Project, words: str) -> str:
    """Return a project's own words as its catalogue has them; unchanged where it has none."""
    if not words or language() == "en":
        return words
    return _project_catalogue(project, language()).gettext(words)


def language() -> str:
    """Return the code of the language of the moment."""
    return _LANGUAGE.get()


def language_name() -> str:
    """Return the language of the moment in its own words."""
    return NAMES[language()]


def speak(code: str) -> None:
    """Choose a language from here on; raises UnknownName for one that there is not."""
    _LANGUAGE.set(_known(code))


@contextmanager
def speaking(code: str) -> Iterator[None]:
    """Choose a language for a while; raises UnknownName for one that there is not."""
    token = _LANGUAGE.set(_known(code))
    try:
        yield
    finally:
        _LANGUAGE.reset(token)


def decimal(value: float, digits: int = 0) -> str:
    """Return a number with so many digits after the point, thousands apart."""
    return localised(f"{value:,.{digits}f}")


def number(value: float) -> str:
    """Return a number with as many digits as it needs, six at most."""
    return localised(f"{value:g}")


def localised(digits: str) -> str:
    """Return a number written the English way with the signs of the language of the moment."""
    return digits if language() == "en" else digits.translate(_signs(language()))


def _known(code: str) -> str:
    if code not in LANGUAGES:
        raise UnknownName(f"no language is named {code!r}; there are: {', '.join(LANGUAGES)}")
    return code


def _catalogue() -> NullTranslations:
    return translations(language())


@lru_cache(maxsize=8)
def _project_catalogue(project: Project, code: str) -> NullTranslations:
    return project_translations(project.folder, code)


@lru_cache(maxsize=len(LANGUAGES))
def _signs(code: str) -> dict[int, str]:
    from babel.core import Locale  # heavy, and nothing in English needs it
    from babel.numbers import get_decimal_symbol, get_group_symbol

    locale = Locale.parse(code)
    return str.maketrans({".": get_decimal_symbol(locale), ",": get_group_symbol(locale)})
