"""Faults and errors in three languages: every sentence of the code is in the catalogues, and known again."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog

import sarhad
from sarhad.errors import Fault, InputFaults, NoAnswer, SarhadError, UnknownName
from sarhad.interfaces.cli.console import failing
from sarhad.interfaces.language import speaking
from sarhad.interfaces.sentences import FIELD, numbered, told_error, told_text
from sarhad.io.catalogue import LANGUAGES, shipped_catalogue
from sarhad.io.cells import Column
from sarhad.io.plausibility import plausibility_rules
from sarhad.io.settings import setting_columns
from sarhad.model.measure import unit_of
from sarhad.model.programme import MOST, ProgrammeItem, quantity_words

OTHERS = [code for code in LANGUAGES if code != "en"]
SOURCE = Path(sarhad.__path__[0])
LAYERS = ("io", "ledger", "planning", "interfaces")
"""What people meet; kernels and most of the model refuse what an engineer's code hands them, in English."""
WRITTEN = ("asset", "claim", "measure", "programme", "record")
"""Of the model, what is made of what people write: its refusals become what a fault has found."""
TABLES = {"EXPECTED", "REFUSED", "WHY"}
KINDS = ("number", "integer", "flag", "delay", "texts", "sentences", "files", "numbers", "pairs")
CELLS = {
    *(Column("x", kind, "").expected for kind in KINDS),  # type: ignore[arg-type]
    *(
        Column("x", kind, "", unit="{0}").expected
        for kind in ("number", "integer", "delay", "numbers", "pairs")
    ),  # type: ignore[arg-type]
    *("{0}, at least {1}", "{0}, above {1}", "{0}, at most {1}", "{0} (did you mean {1}?)", "one of {0}"),
    *(quantity_words(measure).replace(f"{MOST:,.0f}", "{0}") for measure in ("items", "km")),  # type: ignore[arg-type]
    *("{0}, at least {1} and at most {2}", "{0}, above {1} and at most {2}"),
}
"""What `Column.expected` and `quantity_words` can say."""
ERRORS = {one.__name__ for one in (SarhadError, *SarhadError.__subclasses__())}
ERRORS |= {two.__name__ for one in SarhadError.__subclasses__() for two in one.__subclasses__()} | {
    "CellError"
}


def texts(node: ast.expr | None) -> list[str]:
    """What an expression can say, with fields where words are filled in."""
    match node:
        case ast.Constant(value=str(text)):
            return [text]
        case ast.JoinedStr(values=pieces):
            return ["".join(one.value if isinstance(one, ast.Constant) else "{}" for one in pieces)]  # type: ignore[misc]
        case ast.IfExp(body=one, orelse=other):
            return texts(one) + texts(other)
        case ast.BoolOp(values=values):
            return [text for one in values for text in texts(one)]
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return [a + b for a in texts(left) or ["{}"] for b in texts(right) or ["{}"]]
    return []


def spoken(call: ast.Call) -> list[ast.expr]:
    """The arguments of a call that people may read: a message, what was expected and found, a step."""
    name = getattr(call.func, "id", getattr(call.func, "attr", ""))
    named = [one.value for one in call.keywords if one.arg in ("expected", "found")]
    if name in ERRORS or name in ("ValueError", "run", "progress", "_progress", "show"):
        return call.args[:1]
    if name == "append":
        return call.args[:1] if "notes" in ast.unparse(call.func) else []
    if name == "one":
        return call.args[1:3] + named
    if name == "Fault":
        return call.args[4:6] + named
    return call.args[-2:] + named if name in ("fault", "_fault") else []


def measured(call: ast.Call) -> Iterator[str]:
    """What a doubt has found, by name where what was measured has one."""
    name = getattr(call.func, "id", "")
    for one in call.args if name in ("Measured", "_named") else ():
        for text in texts(one.body) if isinstance(one, ast.Lambda) else ():
            yield numbered(("{}: " if name == "_named" else "") + text)


def sentences_of(source: str, *, tables: set[str] = TABLES) -> Iterator[str]:
    """All sentences of a module that faults, errors and steps are made of, fields by number."""
    tree = ast.parse(source)
    given: dict[str, list[str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Tuple):
            several = node.value.elts if isinstance(node.value, ast.Tuple) else ()
            for target, value in zip(node.targets[0].elts, several, strict=False):
                given.setdefault(getattr(target, "id", ""), []).extend(texts(value))
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            given.setdefault(node.targets[0].id, []).extend(texts(node.value))
            if node.targets[0].id in ("why", "NOTE"):
                yield from (numbered(text) for text in texts(node.value))
            if node.targets[0].id in tables and isinstance(node.value, ast.Dict):
                yield from (numbered(text) for one in node.value.values for text in texts(one))
        if isinstance(node, ast.Subscript) and getattr(node.value, "id", "") == "left_out":
            yield from texts(node.slice)
    for node in ast.walk(tree):
        yield from measured(node) if isinstance(node, ast.Call) else ()
        for one in spoken(node) if isinstance(node, ast.Call) else ():
            filled = isinstance(one, ast.Call) and getattr(one.func, "attr", "") == "format"
            name = getattr(one.func.value if filled else one, "id", "")  # type: ignore[attr-defined]
            yield from (numbered(text) for text in texts(one) or given.get(name, ()))


@cache
def wanted() -> frozenset[str]:
    """Every sentence that has words of its own."""
    found = {*CELLS, *(text for rule in plausibility_rules() for text in (rule.expected, rule.why))}
    paths = [path for layer in LAYERS for path in (SOURCE / layer).rglob("*.py")]
    for path in (*paths, *(SOURCE / "model" / f"{name}.py" for name in WRITTEN)):
        tables = TABLES | ({"TEXT"} if path.name == "new_project.py" else set())
        if "report" not in path.parts or path.name == "document.py":
            found |= set(sentences_of(path.read_text("utf-8"), tables=tables))
    return frozenset(text for text in found if re.search("[A-Za-z]{2}", FIELD.sub("", text)) and says(text))


def says(text: str) -> bool:
    """Whether a text is more than names of columns and values, which are the same in every language."""
    bare = FIELD.sub("", text).strip()
    return not re.fullmatch(r"\W*[\w.]*[_.][\w.]*(, [\w.]+)*\W*|NaN|\[\w+\]|\[\[key\]\][\s\S]*", bare)


def faults(texts: frozenset[str], catalogue: Catalog) -> Iterator[str]:
    """What is wrong with a catalogue of sentences: missing, left over, empty, unsure, other fields."""
    there = {str(one.id): one for one in catalogue if one.id}
    yield from (f"missing: {text}" for text in texts - set(there))
    yield from (f"left over: {text}" for text in set(there) - texts)
    for text, one in there.items():
        if one.fuzzy or not one.string:
            yield f"unsure or empty: {text}"
        if sorted(FIELD.findall(str(one.string))) != sorted(FIELD.findall(text)):
            yield f"other fields: {one.string}"


@pytest.mark.parametrize("code", OTHERS)
def test_every_sentence_is_in_the_catalogue_and_none_is_left_over(code: str) -> None:
    how = f"add it to data/locale/{code}/sentences.po: msgid with fields by number, msgstr (CONTRIBUTING.md)"
    assert sorted(faults(wanted(), shipped_catalogue(code, "sentences"))) == [], how


@pytest.mark.parametrize(
    ("planted", "found"),
    [
        ('raise UnknownName(f"no tower {name!r} on {day:%Y}")', "no tower {0} on {1}"),
        ('InputFaults.one(file, "a tall tower", f"{n} m")', "a tall tower"),
        ('place.fault("a tall tower" if high else "a low one", "none", column="mast_m")', "a low one"),
        ('WORD = "a tower of {n}"\nFault(f, "", 0, "", WORD.format(n=2), "none")', "a tower of {0}"),
        ('EXPECTED = {"x": "a tower of {km:.1f} km"}', "a tower of {0} km"),
        ('why = f"{one} is taller than {other}"', "{0} is taller than {1}"),
        ('compute.run("counting towers", work, jobs)', "counting towers"),
        ('ONE, TWO = "towers", "counting towers"\nshow(TWO, 0, 1)', "counting towers"),
        ('reading.notes.append(f"{n} towers left out")', "{0} towers left out"),
        ('Measured(value, lambda k: f"a tower of {m[k]} m")', "a tower of {0} m"),
        ('_named(names, value, lambda k: "a tower")', "{0}: a tower"),
    ],
)
def test_a_sentence_in_the_code_is_found(planted: str, found: str) -> None:
    assert found in set(sentences_of(planted))
    assert f"missing: {found}" in set(faults(frozenset([found]), shipped_catalogue("ru", "sentences")))


def test_a_sentence_is_known_again_by_what_stands_between_its_words() -> None:
    with speaking("ru"):
        assert told_text("no use is named towers") == "нет показателя с именем towers"
        assert told_text("one of real, user (did you mean user?)") == "одно из real, user (может быть, user?)"
        assert (
            told_text("a number in m, at least 0 and at most 500") == "число в m, не меньше 0 и не больше 500"
        )
        assert told_text("nothing that any catalogue knows") == "nothing that any catalogue knows"
        assert told_text("a name with {braces} and no place: 3") == "a name with {braces} and no place: 3"
        assert told_text("unknown {x}: no equipment is named {0}") == "unknown {x}: нет средства с именем {0}"
        assert told_text("") == ""
    assert told_text("no use is named towers") == "no use is named towers"


@pytest.mark.parametrize("code", OTHERS)
def test_what_settings_expect_is_told_whole(code: str) -> None:
    with speaking(code):
        for one in setting_columns():
            said = told_text(one.column.expected)
            for name in (*one.column.choices, one.column.unit, "EPSG", "auto", "true", "false"):
                said = said.replace(name, "")
            assert not re.findall("[A-Za-z]{3,}", said), said


@pytest.mark.parametrize("code", OTHERS)
def test_what_the_model_refuses_and_a_doubt_has_found_is_told(code: str) -> None:
    item = {"item_id": "x-1", "equipment_id": "radar_long", "quantity": 1.5, "donor": "A", "recipient": "B"}
    with pytest.raises(ValueError, match="whole number") as refused:
        ProgrammeItem(**item)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="known unit") as unknown:
        unit_of("furlongs")
    doubt = "radar: a mast of 3 m, a range of 60 km, a horizon at 9 km"
    with speaking(code):
        for said in (str(refused.value), str(unknown.value), doubt, "radar: named nowhere"):
            told = told_text(said)
            assert told != said
            assert not {"must", "found", "whole", "known", "range", "mast", "named"} & set(told.split())


def test_an_error_is_told_line_by_line_and_its_data_stay_as_they_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    error = InputFaults([Fault("posts.gpkg", "sites", 7, "mast_m", "a number above 0", "nothing")])
    line = "posts.gpkg [sites] row 7, mast_m: expected a number above 0, found nothing"
    english = f"1 fault(s) in the inputs:\n  {line}"
    assert told_error(error) == str(error) == english
    with speaking("ru"):
        assert told_error(error) == (
            "1 ошибка в исходных данных:\n"
            "  posts.gpkg [sites] строка 7, mast_m: ожидалось: число больше 0; найдено: ничего"
        )
        assert told_error(NoAnswer("no use is named x")) == "нет показателя с именем x"
        assert failing(error, as_json=True) == InputFaults.exit_code
    told = json.loads(capsys.readouterr().err)
    assert told["error"] == english
    assert told["faults"][0]["expected"] == "a number above 0"


def test_every_language_fails_with_the_same_code(capsys: pytest.CaptureFixture[str]) -> None:
    for code in LANGUAGES:
        with speaking(code):
            assert failing(UnknownName("no language is named 'fr'; there are: en"), as_json=False) == 5
    lines = capsys.readouterr().err.splitlines()
    assert len(set(lines)) == len(LANGUAGES)
    assert all("'fr'" in line for line in lines)


@pytest.mark.parametrize("code", ["en", "ru"])
def test_of_very_many_faults_the_screen_shows_the_first_and_says_how_many_more(code):
    error = InputFaults(Fault("roads.gpkg", "", row, "speed_mps", "a number", "x") for row in range(1, 1_001))
    with speaking(code):
        lines = told_error(error).split("\n")
    assert len(lines) == 52
    assert "1000" in lines[0].replace("\u202f", "").replace("\xa0", "").replace(" ", "")
    assert "950" in lines[-1]
    assert "--json" in lines[-1]
    assert str(error).count("\n") == 1_000
