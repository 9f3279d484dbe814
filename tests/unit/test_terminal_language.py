"""What the terminal says in three languages: help, tables that fit, and JSON that no language changes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from rich.console import Console
from rich.table import Table
from typer.testing import CliRunner

from sarhad.interfaces.cli import console, programme_views
from sarhad.interfaces.cli.app import app
from sarhad.interfaces.cli.fitting import shares
from sarhad.interfaces.cli.headings import HEADINGS, headings
from sarhad.interfaces.cli.helping import REFUSED, USAGE
from sarhad.interfaces.language import Phrase, speaking, translated
from sarhad.interfaces.sentences import FIELD
from sarhad.io.catalogue import LANGUAGES
from sarhad.planning.programme import programme_of
from small_programme import LATE, Talk, item

OTHERS = [code for code in LANGUAGES if code != "en"]


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    """A command in another language leaves the next test in English."""
    with speaking("en"):
        yield


def said(*words: str) -> str:
    """What a command writes on the screen and beside it."""
    done = CliRunner().invoke(app, list(words), env={"COLUMNS": "100", "TERMINAL_WIDTH": "100"})
    return done.output


def narrow(monkeypatch: pytest.MonkeyPatch, width: int, table: Table) -> str:
    """A table as it stands on a screen of some columns."""
    screen = Console(width=width, highlight=False, force_terminal=False)
    monkeypatch.setattr(console, "screen", screen)
    with screen.capture() as capture:
        console.print_table(table)
    return capture.get()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--language", "ru", "--help"), "Параметры"),
        (("--help", "--language", "ru"), "Проверить проект"),
        (("--language", "tg", "check", "--help"), "Ҷузвдони лоиҳа"),
        (("--language", "ru", "programme", "siting", "--help"), "Доля розыгрышей"),
        (("--language", "ru", "ledger", "key", "new", "--help"), "Создать пару ключей"),
    ],
)
def test_help_is_told_in_the_language_wherever_it_is_asked_for(words: tuple[str, ...], expected: str) -> None:
    assert expected in said(*words)
    english = tuple(word for word in words if word not in ("--language", "ru", "tg"))
    assert expected not in said("--language", "en", *english)


@pytest.mark.parametrize("group", ["", "programme", "ledger", "claims", "terrain"])
def test_every_command_is_listed_in_the_language(group: str) -> None:
    whole = typer.main.get_command(app)
    context = whole.make_context("sarhad", [], resilient_parsing=True)
    listing = whole.get_command(context, group) if group else whole  # type: ignore[attr-defined]
    helps = [listing.get_command(context, name).help for name in listing.list_commands(context)]
    russian = shown("--language", "ru", *group.split(), "--help")
    english = shown("--language", "en", *group.split(), "--help")
    assert len(helps) >= 2
    assert all(one[:15] in english and one[:15] not in russian for one in helps), helps


def test_the_language_of_a_command_of_its_own_counts_for_its_help() -> None:
    assert "Записать результаты" in said("report", "x", "--language", "ru", "--help")


@pytest.mark.parametrize("code", LANGUAGES)
def test_what_stands_in_brackets_stays_in_help(code: str) -> None:
    """It is no markup."""
    assert "[weights]" in said("--language", code, "claims", "weights", "--help")


@pytest.mark.parametrize(
    ("words", "kinds"),
    [
        ("check x --zzzz", ["no option"]),
        ("check x --fault", ["like"]),
        ("chek", ["no command"]),
        ("programme chek", ["no command"]),
        ("check", ["no argument"]),
        ("claims weights x", ["needed"]),
        ("check x y", ["one more"]),
        ("check --json=3 x", ["a flag"]),
        ("check x --faults", ["no flag"]),
        ("profile x --jobs y", ["value", "integer"]),
        ("explain x k", ["value", "number"]),
        ("profile x --jobs -2", ["value", "least"]),
        ("report x --weakest 21", ["value", "most"]),
        ("validate x --adversary bob", ["value", "choice"]),
        ("ledger checkpoint new", ["alone"]),
    ],
)
def test_wrong_usage_is_told_in_the_language(
    words: str, kinds: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In English by the library's words, which the catalogues know; in others none of them is left."""
    monkeypatch.chdir(tmp_path)
    if "new" in words:
        said("ledger", "init", "new")
    ours = {kind: [one for one in FIELD.split(REFUSED[kind]) if one.strip(" .()")] for kind in kinds}
    english = shown("--language", "en", *words.split())
    assert all(piece in english for pieces in ours.values() for piece in pieces)
    for code in OTHERS:
        told = shown("--language", code, *words.split())
        assert told != english
        assert not any(piece in told for pieces in ours.values() for piece in pieces if len(piece) > 3)
        assert ("Usage" in english) == (says(code, "Usage:") in told)
        assert "OPTIONS" not in told


def test_every_kind_of_wrong_usage_is_provoked() -> None:
    (mark,) = (
        one for one in test_wrong_usage_is_told_in_the_language.pytestmark if one.name == "parametrize"
    )
    assert {kind for _, kinds in mark.args[1] for kind in kinds} == set(REFUSED)


def shown(*words: str) -> str:
    """What a command writes, without the frame around it, in one line."""
    return " ".join(said(*words).translate(str.maketrans("│╭╮╰╯─", "      ")).split())


def says(code: str, word: str) -> str:
    with speaking(code):
        return USAGE[word]


def test_the_environment_chooses_and_the_option_has_the_last_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SARHAD_LANGUAGE", "ru")
    monkeypatch.setenv("LANG", "de_DE.UTF-8")
    assert "Параметры" in said("--help")
    assert "Параметрҳо" in said("--help", "--language", "tg")
    monkeypatch.delenv("SARHAD_LANGUAGE")
    assert "Options" in said("--language", "en", "--help")


def test_json_is_the_same_in_every_language(small_project_folder: Path) -> None:
    project = small_project_folder / "project.toml"
    project.write_text(project.read_text().replace('home_side = "left"', 'home_side = "lft"'))
    asked = ("check", str(small_project_folder))
    rows = {code: said("--language", code, *asked, "--json") for code in LANGUAGES}
    assert json.loads(rows["en"])[0]["expected"] == "one of left, right"
    assert len(set(rows.values())) == 1
    tables = {code: said("--language", code, *asked) for code in LANGUAGES}
    assert "одно из left, right" in tables["ru"]
    assert "яке аз left, right" in tables["tg"]
    assert len(set(tables.values())) == len(LANGUAGES)


def test_a_long_answer_is_printed_whole(capsys: pytest.CaptureFixture[str]) -> None:
    value = [{"row": k, "found": "Мост", "mast_m": float("nan")} for k in range(5_000)]
    console.answer(value, True, lambda: None)
    assert json.loads(capsys.readouterr().out) == [{**one, "mast_m": None} for one in value]


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize("width", [80, 120])
def test_no_word_of_a_table_is_cut(monkeypatch: pytest.MonkeyPatch, code: str, width: int) -> None:
    with speaking(code):
        names = ("item", "type", "donor", "wanted", "pledged", "approved", "contracted", "produced", "lost")
        table = Table(title="x")
        for k, name in enumerate(headings(names)):
            table.add_column(name, justify="left" if k < 3 else "right")
        cells = ("kaz-01", "thermal_cooled_long", "Kazakhstan", *["1\xa0234"] * 6)
        table.add_row(*cells)
        text = narrow(monkeypatch, width, table)
    assert "…" not in text
    assert text.count("1\xa0234") == 6
    lines = [line.split() for line in text.splitlines()]
    letters = "".join(word for line in lines for word in line if not set(word) & set("┃│━─"))
    assert all(len(line) <= width for line in text.splitlines())
    assert len(letters) >= sum(len(cell.replace("\xa0", "")) for cell in cells)


@pytest.mark.parametrize(
    ("room", "found"),
    [
        (40, [10, 8, 6]),  # room for all
        (20, [9, 7, 4]),  # longest words, and what is left to who lacks most
        (16, [7, 5, 4]),  # longest words alone
        (12, [4, 4, 4]),  # words folded, the widest first
        (9, [2, 3, 4]),  # figures alone
        (5, [2, 3, 4]),  # no room even for them
    ],
)
def test_columns_share_the_screen(room: int, found: list[int]) -> None:
    assert shares(room, wanted=[10, 8, 6], least=[7, 5, 4], figures=[2, 3, 4]) == found


def test_a_table_that_has_room_keeps_its_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    table = Table("a", "b")
    table.add_row("one", "two")
    assert "│ one │ two │" in narrow(monkeypatch, 80, table)


def test_figures_filled_in_take_the_signs_of_the_language() -> None:
    table = translated({"x": "{km:,.1f} km, {n:,}, {share:.1%}, {name}, {day}"})
    values = {"km": 1234.5, "n": 12_000, "share": 0.125, "name": "v1.2", "day": 3.5}
    assert table["x"].format(**values) == "1,234.5 km, 12,000, 12.5%, v1.2, 3.5"
    with speaking("ru"):
        assert table["x"].format(**values) == "1\xa0234,5 km, 12\xa0000, 12,5%, v1.2, 3.5"
        assert Phrase("{at:%Y}, {0}").format("a", at=_Day()) == "2026, a"


class _Day:
    def __format__(self, spec: str) -> str:
        return "2026"


def test_figures_of_a_table_take_the_signs_of_the_language_once(monkeypatch: pytest.MonkeyPatch) -> None:
    talk = Talk()
    talk.describe(item("line-1", 1_412.5, equipment_id="fence_signal", measured_in="km"))
    screen = Console(width=200, highlight=False, force_terminal=False)
    for module in (console, programme_views):
        monkeypatch.setattr(module, "screen", screen)
    with speaking("ru"), screen.capture() as capture:
        programme_views.draw_status(programme_of(talk.said), LATE)
        console.print_rows("a.b", ["c.d", "e"], [("f.g", "1,234.5"), ("h", "0.10%")], n_text=1)
    found = capture.get()
    assert "1412,5 км" in found
    assert "1\u00a0234,5" in found
    assert "0,10%" in found
    assert {"a.b", "c.d", "f.g"} <= set(found.split())


def test_headings_that_nobody_wrote_down_are_refused() -> None:
    with pytest.raises(KeyError):
        headings(["no such heading"])
    assert set(HEADINGS) == set(HEADINGS.messages)
