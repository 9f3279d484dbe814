"""Three languages: nothing missing, nothing left over, figures in their places, forms of number by rule."""

from __future__ import annotations

import ast
import importlib
import io
import pkgutil
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

import sarhad.interfaces
from sarhad.errors import InputFaults, UnknownName
from sarhad.interfaces.cli.app import app
from sarhad.interfaces.language import (
    Message,
    Translated,
    decimal,
    language,
    number,
    say,
    speak,
    speaking,
    told,
    translated,
)
from sarhad.interfaces.report import palette
from sarhad.interfaces.sentences import told_sentence
from sarhad.interfaces.vocabulary import words
from sarhad.io.attribution import read_attribution
from sarhad.io.catalogue import LANGUAGES, shipped_catalogue
from sarhad.io.example import example_names, write_example
from sarhad.io.project import open_project
from sarhad.io.settings import setting_columns
from sarhad.io.uncertainty import read_parameters
from sarhad.planning.variation import VARIABLE

FIELD = re.compile(r"{[^{}]*}")
MARKUP = re.compile(r"\[/?(?:bold|red|green|yellow|blue|dim| )*\]")
HOW = "add it to data/locale/{code}/{name}.po: msgid the English text, msgstr what is said (CONTRIBUTING.md)"
OTHERS = [code for code in LANGUAGES if code != "en"]
INTERFACES = Path(sarhad.interfaces.__path__[0])
TERMS = Path(__file__).parents[2] / "docs" / "reference" / "languages.md"


@cache
def messages() -> set[Message]:
    """Every text that asks for a translation: tables, help, what settings and parameters mean."""
    found: set[Message] = {one.column.note for one in setting_columns()}
    found |= set(helps(command_line()))
    found |= {one.title for one in read_parameters(None, VARIABLE)}
    for module in pkgutil.walk_packages(sarhad.interfaces.__path__, "sarhad.interfaces."):
        for table in vars(importlib.import_module(module.name)).values():
            if isinstance(table, Translated):
                found |= set(table.messages.values())
    return found


def command_line() -> Any:
    """The command `sarhad`, in English."""
    return typer.main.get_command(app)


def helps(command: Any) -> Iterator[str]:
    """All that `--help` says of a command, of its options and arguments, and of the commands in it."""
    context = command.context_class(command)
    said = [command.help, *(getattr(one, "help", None) for one in command.get_params(context))]
    yield from filter(None, said)
    for name in command.list_commands(context) if hasattr(command, "list_commands") else ():
        yield from helps(command.get_command(context, name))


def faults(wanted: set[Message], catalogue: Catalog) -> Iterator[str]:
    """What is wrong with a catalogue: missing, left over, unsure, without a form, with other figures."""
    there = {
        message.id if isinstance(message.id, str) else tuple(message.id): message
        for message in catalogue
        if message.id
    }
    yield from (f"missing: {text}" for text in wanted - set(there))
    yield from (f"left over: {text}" for text in set(there) - wanted)
    for text, message in there.items():
        forms = [message.string] if isinstance(message.string, str) else list(message.string)
        if message.fuzzy:
            yield f"unsure: {text}"
        if not isinstance(text, str) and len(forms) != catalogue.num_plurals:
            yield f"{len(forms)} forms for {catalogue.num_plurals}: {text}"
        if not all(forms):
            yield f"empty: {text}"
        figures = set(FIELD.findall(text if isinstance(text, str) else text[1]))
        yield from (f"other figures: {form}" for form in forms if set(FIELD.findall(form)) != figures)
        signs = MARKUP.findall(text if isinstance(text, str) else text[1])
        yield from (f"other markup: {form}" for form in forms if MARKUP.findall(form) != signs)


@pytest.mark.parametrize("code", OTHERS)
def test_no_text_is_missing_and_none_is_left_over(code: str) -> None:
    assert sorted(faults(messages(), shipped_catalogue(code))) == [], HOW.format(code=code, name="sarhad")


@pytest.mark.parametrize(
    ("planted", "found"),
    [
        ('msgid "a"\nmsgstr "а"\n', "missing: b {n}"),
        ('msgid "a"\nmsgstr "а"\n\nmsgid "b {n}"\nmsgstr "б {n}"\n\nmsgid "c"\nmsgstr "в"\n', "left over: c"),
        ('msgid "a"\nmsgstr ""\n\nmsgid "b {n}"\nmsgstr "б {n}"\n', "empty: a"),
        ('#, fuzzy\nmsgid "a"\nmsgstr "а"\n\nmsgid "b {n}"\nmsgstr "б {n}"\n', "unsure: a"),
        ('msgid "a"\nmsgstr "а"\n\nmsgid "b {n}"\nmsgstr "б {m}"\n', "other figures: б {m}"),
    ],
)
def test_a_faulty_catalogue_is_found(planted: str, found: str) -> None:
    catalogue = read_po(io.BytesIO(planted.encode()), locale="ru")
    assert found in set(faults({"a", "b {n}"}, catalogue))


def plain_tables(source: str) -> list[int]:
    """Lines of a module that give TEXT a plain table, which no other language would ever reach."""
    found = []
    for node in ast.parse(source).body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if any(isinstance(t, ast.Name) and t.id == "TEXT" for t in targets) and not isinstance(
            node.value,
            ast.Call,  # type: ignore[union-attr]
        ):
            found.append(node.lineno)
    return found


def test_every_command_sheet_chart_and_section_speaks_all_languages() -> None:
    found = {p.name: n for p in INTERFACES.rglob("*.py") if (n := plain_tables(p.read_text("utf-8")))}
    assert set(found) == {"new_project.py"}  # what it writes into a project is English, and told when shown
    assert plain_tables('TEXT = {"a": "b"}') == [1]
    assert plain_tables('x = 1\nTEXT: dict[str, str] = {"a": "b"}') == [2]


@pytest.mark.parametrize(
    ("n", "said"),
    [(1, "1 единица"), (2, "2 единицы"), (5, "5 единиц"), (11, "11 единиц"), (21, "21 единица")],
)
def test_russian_counts_by_its_three_forms(n: int, said: str) -> None:
    table = translated({"figure.plan": ("{n} item planned", "{n} items planned")})
    with speaking("ru"):
        assert table.count("figure.plan", n) == f"в плане {said}"
    assert table.count("figure.plan", n) == (f"{n} item planned" if n == 1 else f"{n} items planned")


def test_signs_between_digits_are_those_of_the_language() -> None:
    assert (decimal(1_234_567.25, 1), number(0.45)) == ("1,234,567.2", "0.45")
    for code in OTHERS:
        with speaking(code):
            assert (decimal(1_234_567.25, 1), number(0.45)) == ("1\xa0234\xa0567,2", "0,45")
    with speaking("ru"):
        assert palette.money(23_412_000) == "23,4 млн долл."
        assert palette.probability(0.5) == "0,50"


def test_a_language_is_chosen_for_a_while_or_for_good() -> None:
    with speaking("tg"):
        assert (language(), say("today")) == ("tg", "имрӯз")
        with speaking("ru"):
            assert say("today") == "сегодня"
        assert say("today") == "имрӯз"
    assert say("today") == "today"
    with speaking("en"):
        speak("ru")
        assert language() == "ru"
    assert language() == "en"


def test_a_language_that_there_is_not_is_refused_by_name() -> None:
    with pytest.raises(UnknownName, match=r"'fr'.*en, ru, tg"):
        speak("fr")
    with pytest.raises(UnknownName), speaking("xx"):
        pass


def test_ids_are_said_whole_or_piece_by_piece() -> None:
    with speaking("ru"):
        assert words("thermal_medium") == "тепловизор средний"
        assert words("winter_night_clear") == "зима, ночь, ясно"
        assert words("my_own_radar") == "my, own, radar"
    assert words("my_own_radar") == "my own radar"


def test_a_project_brings_its_own_words(small_project_folder: Path) -> None:
    project = open_project(small_project_folder)
    with speaking("tg"):
        assert told(project, project.title) == project.title
    (small_project_folder / "locale").mkdir()
    own = small_project_folder / "locale" / "tg.po"
    own.write_text(
        f'msgid ""\nmsgstr ""\n\nmsgid "{project.title}"\nmsgstr "Сарҳади хурд"\n', encoding="utf-8"
    )
    with speaking("tg"):
        assert told(open_project(small_project_folder), project.title) == "Сарҳади хурд"
    assert told(project, project.title) == project.title
    own.write_text("this is no catalogue", encoding="utf-8")
    with speaking("tg"), pytest.raises(InputFaults, match=r"locale/tg.po.*catalogue"):
        told(open_project(small_project_folder), project.title)


@pytest.mark.parametrize("name", example_names())
def test_an_example_brings_all_its_words_in_every_language_and_no_others(name: str, tmp_path: Path) -> None:
    write_example(name, tmp_path)
    project, stated = open_project(tmp_path), read_attribution(tmp_path)
    own = {project.title, *project.notes, *project.sources.values()}
    own |= {project.line.source, project.terrain.source, project.terrain.vertical_datum}
    own |= {one.name for one in (*project.districts, *project.marks)} | set(project.weight_of)
    assert stated is not None
    own |= {*stated.head, *(cell for row in stated.rows for cell in row), *stated.paragraphs}
    files = {cell for row in stated.rows for cell in row[:1]}
    for code in OTHERS:
        found = read_po(io.BytesIO((tmp_path / "locale" / f"{code}.po").read_bytes()), locale=code)
        theirs = {str(one.id) for one in found if one.id and one.string}
        with speaking(code):
            missing = {text for text in own - theirs - files if text and told_sentence(say(text)) == text}
        assert missing == set()
        assert theirs - own == set()


def terms() -> list[tuple[str, str, str]]:
    """Rows of the table of terms: English, Russian, Tajik."""
    table = TERMS.read_text("utf-8").partition("## Terms")[2]
    rows = [line.strip("| \n").split("|") for line in table.splitlines() if line.startswith("|")]
    return [(row[0].strip(), row[1].strip(), row[2].strip()) for row in rows[2:]]


def test_terms_are_used_as_the_glossary_says() -> None:
    assert len(terms()) > 20
    for english, russian, tajik in terms():
        with speaking("ru"):
            assert say(english) == russian
        with speaking("tg"):
            assert say(english) == tajik
