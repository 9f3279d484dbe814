"""Translation catalogues: GNU gettext's `.po` files, read as they are.

The product's own lie in `data/locale/LANGUAGE/`: `sarhad.po` for what interfaces say, `sentences.po` for
faults and errors of the layers below. A project may bring `locale/LANGUAGE.po` for its own words: title,
notes, districts, sources. English is the language of the message ids and needs no file.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from functools import lru_cache
from gettext import GNUTranslations, NullTranslations
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from sarhad.errors import InputFaults

if TYPE_CHECKING:
    from babel.messages.catalog import Catalog

LANGUAGES = ("en", "ru", "tg")
NAMES = {"en": "English", "ru": "русский", "tg": "тоҷикӣ"}


def shipped_catalogue(language: str, name: str = "sarhad") -> Catalog:
    """Return a catalogue of the product in a language other than English: `sarhad` or `sentences`."""
    from babel.messages.pofile import read_po  # heavy, and English needs no catalogue

    text = files("sarhad").joinpath("data", "locale", language, f"{name}.po").read_bytes()
    return read_po(io.BytesIO(text), locale=language, abort_invalid=True)


@lru_cache(maxsize=len(LANGUAGES))
def translations(language: str) -> NullTranslations:
    """Return the product's translations into a language; English comes back unchanged."""
    return NullTranslations() if language == "en" else _compiled(shipped_catalogue(language))


@lru_cache(maxsize=len(LANGUAGES))
def sentences(language: str) -> Mapping[str, str]:
    """Return how sentences of the layers below are said in a language, by their English text."""
    return {str(one.id): str(one.string) for one in shipped_catalogue(language, "sentences") if one.id}


def project_translations(folder: Path, language: str) -> NullTranslations:
    """Return the translations of a project's own words; without a file its words stay as they are.

    Raises:
        InputFaults: where `locale/LANGUAGE.po` is no catalogue.
    """
    from babel.messages.pofile import PoFileError, read_po

    path = folder / "locale" / f"{language}.po"
    if not path.is_file():
        return NullTranslations()
    try:
        return _compiled(read_po(io.BytesIO(path.read_bytes()), locale=language, abort_invalid=True))
    except (PoFileError, UnicodeDecodeError, ValueError) as error:
        name = path.relative_to(folder).as_posix()
        raise InputFaults.one(name, "a gettext catalogue in UTF-8", error) from error


def _compiled(catalogue: Catalog) -> NullTranslations:
    from babel.messages.mofile import write_mo

    buffer = io.BytesIO()
    write_mo(buffer, catalogue)
    buffer.seek(0)
    return GNUTranslations(buffer)
