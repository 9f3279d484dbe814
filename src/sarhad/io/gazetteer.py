"""Names of places and where they lie on the line: districts opposite, crossings, towns, with their aliases.

A name is folded before it is looked up, so that transliterations meet: case, marks, spaces, hyphens and the
word "district" go; e -> i, o -> u, w -> v, q -> k, y -> i; double letters become one (Eshkashem, Ishkashim ->
ishkashim). Names bend as their language does (Ишкашим, в Ишкашиме, Ишкашимский район), by the endings of
`lexicon`. What folding cannot know is an alias (Hohon = Khwahan). A name that fits several places is
ambiguous: the candidates are reported and nothing is guessed; a kind or a country may narrow them.

A district takes its range of chainage from the project's table of districts; a point goes to the nearest
point of the line.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from importlib.resources import as_file, files
from itertools import pairwise
from pathlib import Path

from sarhad.errors import Fault, InputFaults, UnknownName
from sarhad.io.lexicon import LEXICONS, joined, level
from sarhad.io.tables import Column, Place, Row, Schema, check_rows
from sarhad.io.vector import read_layer
from sarhad.model.line import ChainageRange, Line
from sarhad.model.record import OnLine

GAZETTEER = Schema(
    "gazetteer",
    (
        Column("place_id", "text", "Id of the place", required=True),
        Column("name", "text", "Its name", required=True),
        Column("kind", "text", "What it is", required=True, choices=("district", "crossing", "town", "post")),
        Column("country", "text", "ISO 3166 code of three letters", required=True),
        Column("aliases", "text", "Other names, parted by semicolons", default=""),
        Column("district", "text", "The row of the table of districts that gives its range"),
        Column("lon_deg", "number", "Longitude (WGS84) of a point", "deg", low=-180, high=180),
        Column("lat_deg", "number", "Latitude (WGS84) of a point", "deg", low=-90, high=90),
        Column("source", "text", "Where this is from", required=True),
    ),
    key="place_id",
)

_SWAPS = str.maketrans({"e": "i", "o": "u", "w": "v", "q": "k", "y": "i"})
_KINDS = re.compile(rf"\b({'|'.join(joined(lambda one: one.places.kinds))})\b")
_CASES = [(re.compile(f"{case.ending}$"), case) for one in LEXICONS for case in one.places.cases]
_WORD = re.compile(r"[^\W\d_]+(?:['’ʼ][^\W\d_]+)*")
_LONGEST_NAME_WORDS = 3
_BENDS_FROM = 4


@dataclass(frozen=True, slots=True)
class NamedPlace:
    """A place with its names and where it lies on the line; `on_line` is None where it cannot be placed."""

    place_id: str
    name: str
    kind: str
    country: str
    aliases: tuple[str, ...]
    on_line: OnLine | None
    source: str


@dataclass(frozen=True, slots=True)
class Mention:
    """A place name in a text: where it stands, as written, and the places that it may mean."""

    start: int
    end: int
    text: str
    candidates: tuple[NamedPlace, ...]


def fold(name: str) -> str:
    """Return a name as letters that transliterations share; folding twice changes nothing more."""
    plain = unicodedata.normalize("NFKD", _KINDS.sub("", level(name.casefold())))
    letters = "".join(c for c in plain if c.isalpha()).translate(_SWAPS)
    return letters[:1] + "".join(b for a, b in pairwise(letters) if a != b)


def forms(name: str) -> Iterator[str]:
    """Yield a name, its further cases, and the forms of its adjective, where its language has such.

    Short names do not bend: their forms are too often other words.
    """
    yield name
    if len(name) < _BENDS_FROM:
        return
    bent = [_cases(level(word)) for word in name.split(" ")]
    if all(bent):
        yield from (" ".join(words) for words in zip(*bent, strict=True))
    for ending, case in _CASES if len(bent) == 1 else ():
        if ending.search(level(name)):
            yield from (name[: len(name) - case.cut] + one for one in case.adjectives)


def _cases(word: str) -> list[str]:
    """Return a word in all cases, in the order of the table; none where it does not bend."""
    for ending, case in _CASES:
        if ending.search(word):
            return [word[: len(word) - case.cut] + one for one in case.endings]
    return []


@dataclass(frozen=True)
class Gazetteer:
    """Places, looked up by name."""

    places: tuple[NamedPlace, ...]

    @cached_property
    def _by_name(self) -> Mapping[str, tuple[NamedPlace, ...]]:
        found: dict[str, list[NamedPlace]] = {}
        for place in self.places:
            names = (form for name in (place.name, *place.aliases) for form in forms(name))
            for key in dict.fromkeys(fold(form) for form in names):
                found.setdefault(key, []).append(place)
        return {key: tuple(places) for key, places in found.items()}

    def candidates(self, name: str, *, kind: str = "", country: str = "") -> tuple[NamedPlace, ...]:
        """Return every place that a name may mean, narrowed to a kind and a country where given."""
        return tuple(
            place
            for place in self._by_name.get(fold(name), ())
            if kind in {"", place.kind} and country in {"", place.country}
        )

    def place(self, name: str, *, kind: str = "", country: str = "") -> NamedPlace:
        """Return the one place of that name.

        Raises UnknownName with the candidates where several fit, with like names where none does.
        """
        found = self.candidates(name, kind=kind, country=country)
        if len(found) == 1:
            return found[0]
        if found:
            words = "; ".join(f"{one.name} ({one.kind}, {one.country}, {one.place_id})" for one in found)
            raise UnknownName(f'"{name}" may be {words}: say which by its id, kind or country')
        by_id = [one for one in self.places if one.place_id == name]
        if by_id:
            return by_id[0]
        like = get_close_matches(fold(name), list(self._by_name), n=3, cutoff=0.7)
        near = ", ".join(dict.fromkeys(self._by_name[key][0].name for key in like))
        raise UnknownName(f'no place is named "{name}"' + (f"; like it: {near}" if near else ""))

    def mentions(self, text: str) -> Iterator[Mention]:
        """Yield the place names in a text from left to right, the longest first where they overlap."""
        words = list(_WORD.finditer(text))
        k = 0
        while k < len(words):
            for n in range(min(_LONGEST_NAME_WORDS, len(words) - k), 0, -1):
                start, end = words[k].start(), words[k + n - 1].end()
                found = self._by_name.get(fold(text[start:end]), ())
                close = all(len(text[a.end() : b.start()]) == 1 for a, b in pairwise(words[k : k + n]))
                if found and close and text[start].isupper():
                    yield Mention(start, end, text[start:end], found)
                    k += n - 1
                    break
            k += 1


def read_gazetteer(line: Line, districts: Sequence[ChainageRange], path: Path | None = None) -> Gazetteer:
    """Return the shipped gazetteer, or the one in a file, on a line with its districts.

    Raises InputFaults with every fault of the table. A district that the project does not have leaves its
    place unplaced: another border has other districts.
    """
    with as_file(files("sarhad").joinpath("data/gazetteer.csv")) as shipped:
        source = path or shipped
        faults: list[Fault] = []
        layer = read_layer(source, source.name, "", faults)
        rows: list[Row] = []
        if layer is not None:
            rows = check_rows(layer.header, layer.rows, GAZETTEER, layer.place, faults, from_text=True)
    ranges = {one.name: one for one in districts}
    for row in rows:
        if not row.has("district") and not (row.has("lon_deg") and row.has("lat_deg")):
            expected = "a district, or lon_deg and lat_deg"
            faults.append(Place(source.name).fault(expected, "neither", row=row.number))
    if faults:
        raise InputFaults(faults)
    return Gazetteer(tuple(_named(row, line, ranges) for row in rows))


def _named(row: Row, line: Line, ranges: Mapping[str, ChainageRange]) -> NamedPlace:
    aliases = tuple(name.strip() for name in row.text("aliases").split(";") if name.strip())
    return NamedPlace(
        row.text("place_id"),
        row.text("name"),
        row.text("kind"),
        row.text("country"),
        aliases,
        _on_line(row, line, ranges),
        row.text("source"),
    )


def _on_line(row: Row, line: Line, ranges: Mapping[str, ChainageRange]) -> OnLine | None:
    if row.has("district"):
        named = ranges.get(row.text("district"))
        return None if named is None else on_line(line, named.from_m, named.to_m)
    from sarhad.io.placing import place_on_line  # heavy, and names without a line need none

    chainage_m, offset_m = place_on_line(line, [row.number_at("lon_deg")], [row.number_at("lat_deg")])
    return on_line(line, float(chainage_m[0]), float(chainage_m[0]), float(offset_m[0]))


def on_line(line: Line, from_m: float, to_m: float, offset_m: float = 0.0) -> OnLine:
    """Return a place by chainage, on the part of the line where it starts."""
    part = next((part for part in line.parts if part.from_m <= from_m <= part.to_m), line.parts[-1])
    return OnLine(part.part_id, from_m, min(to_m, part.to_m), offset_m)
