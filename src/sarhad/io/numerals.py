"""Numbers as people write them: "1,344", "1 344", "over 1,000", "two dozen", "600 to 650", "20 тыс.".

Digits are grouped by commas, by thin or hard spaces, or by plain spaces before three digits (1 344); decimals
start with a point, or with a comma where it cannot group: before one or two digits, or where the word after
it is of a language with decimal commas (1,344 тыс. is 1344). Number words run from zero to millions, with
dozens, halves and fractions. Words before the number bound it: over, at least -> at least; up to, under -> at
most; about, nearly, some -> twice the slack. All words are those of `lexicon`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sarhad.io.lexicon import LEXICONS, by_word, either, joined, level, split
from sarhad.model.measure import Interval, Number, Value, Words, slack_of

_SPACE = "[ \u00a0\u2009\u202f]"
DIGITS = (
    rf"\d{{1,3}}(?:(?:,\d{{3}})+|(?:{_SPACE}\d{{3}}(?!\d))+)(?:\.\d+|,\d{{1,2}}(?![\d,]))?"
    r"|\d+(?:\.\d+|,\d{1,2}(?![\d,]))?"
)

_SMALL = {word: float(key) for word, key in by_word(lambda one: one.numbers.small).items()}
_SCALES = {word: float(key) for word, key in by_word(lambda one: one.numbers.scales).items()}
_MANY = {word: float(key) for word, key in by_word(lambda one: one.numbers.many).items()}
_PARTS = {word: float(key) for word, key in by_word(lambda one: one.numbers.parts).items()}
_WHOLE_PARTS = {word: float(key) for word, key in by_word(lambda one: one.numbers.parts_alone).items()}
_DECIMAL_COMMA = {
    word for one in LEXICONS if one.numbers.decimal == "," for words in one.numbers.scales.values()
    for word in split(words)
}  # fmt: skip
WHY = {
    "written": "as written",
    "least": '"{word}" sets a lower bound',
    "most": '"{word}" sets an upper bound',
    "about": '"{word}" doubles the slack of rounding',
    "range": "a range",
}
_HALF = "½"
_MORE = 2.0  # "thousands" are two of them at least


def _words(words: list[str]) -> str:
    return "|".join(map(re.escape, sorted(words, key=len, reverse=True)))


_OPENING = _words(joined(lambda one: one.numbers.opening))
_SCALE = _words([*_SCALES])
_THOUSAND = _words([word for word, scale in _SCALES.items() if scale == 1e3])
_HALF_MORE = _words(joined(lambda one: one.numbers.half_more))
_WORDS = (
    rf"(?:{_words([*_SMALL])}|(?:{_OPENING}) (?:{_SCALE})|{_words(joined(lambda one: one.numbers.alone))})"
    rf"(?:[- ](?:{_HALF_MORE}"
    rf"|(?:(?:{_words(joined(lambda one: one.numbers.joining))}) )?(?:{_words([*_SMALL, *_SCALES])})))*"
    rf"|{_words([*_MANY])}"
)
_UP_TO_FOUR = _words([word for word, value in _SMALL.items() if value in {1, 2, 3, 4}])
_FRACTION = rf"(?:{_OPENING}|{_UP_TO_FOUR})[- ](?:{_words([*_PARTS])})|{_words([*_WHOLE_PARTS])}"
_BOUNDS = "|".join(
    rf"{start}(?P<{name}>{_words(joined(words))}){end}"
    for name, words, start, end in (
        ("least", lambda one: one.numbers.at_least, r"\b", r"\s+"),
        ("most", lambda one: one.numbers.at_most, r"\b", r"\s+"),
        ("about", lambda one: one.numbers.about, r"(?:\b|(?=~))", r"\s*"),
    )
)
_REST = either(
    f"(?:{either(f'(?<={re.escape(word)})' for word in after)}){_SPACE}{rest}"
    for after, rest in (
        (joined(lambda one: one.numbers.goes_on), r"\d{1,3}(?![\d.,])"),
        (
            [word for word, scale in _SCALES.items() if scale >= 1e6],
            rf"\d{{1,3}}{_SPACE}(?:{_THOUSAND})(?!\w)",
        ),
    )
)
_NUMBER = re.compile(
    rf"(?:{_BOUNDS})?"
    rf"(?:\b(?P<fraction>{_FRACTION})\b"
    rf"|(?<![\w.,/])(?<![^\W\d_]-)(?P<digits>{DIGITS})(?P<scale>{_SPACE}?-?(?:{_SCALE})(?!\w))?"
    rf"(?P<rest>{_REST})?"
    rf"|\b(?P<words>{_WORDS})\b)",
    re.IGNORECASE,
)
_NOUN = re.compile(r"\s*([^\W\d_]{4})[^\W\d_]*")  # by its stem, long enough to be no preposition
_RANGES = [
    (re.compile(rf"\s*{between}\s*", re.I), re.compile(rf"\b{before}\s+$", re.I) if before else None)
    for one in LEXICONS
    for before, between in one.numbers.ranges
]


@dataclass(frozen=True, slots=True)
class Numeral:
    """A number found in a text: its place, its value, how it was read; a fraction, or "hundreds"."""

    start: int
    end: int
    value: Number | Interval
    reading: str
    is_share: bool = False
    is_many: bool = False


def find_numerals(text: str) -> Iterator[Numeral]:
    """Yield the numbers of a text from left to right; ranges ("600 to 650") as one."""
    text = level(text)
    matches = list(_NUMBER.finditer(text))
    k = 0
    while k < len(matches):
        first = matches[k]
        further = matches[k + 1] if k + 1 < len(matches) else None
        start = None if further is None else _range_start(text, first, further)
        if further is not None and start is not None:
            yield Numeral(start, further.end(), Interval(*_ends(first, further)), WHY["range"])
            k += 2
            continue
        yield _numeral(first, bounded=not _ends_change(text, first, matches[:k]))
        k += 1


def _range_start(text: str, first: re.Match[str], further: re.Match[str]) -> int | None:
    """Return where "between 600 and 650", "600-650" starts; None where two numbers are no ends of one."""
    if not (first["digits"] and further["digits"]):
        return None
    low, high = _ends(first, further)
    words = text[first.end() : further.start("digits")]
    for between, before in _RANGES:
        if low < high and between.fullmatch(words):
            opened = before.search(text[: first.start()]) if before else first
            if opened:
                return opened.start()
    return None


def _ends_change(text: str, match: re.Match[str], earlier: list[re.Match[str]]) -> bool:
    """Say whether what looks like a bound ends a change: "с 54 % до 63 %", not "с 2 мест до 300 человек"."""
    return any(
        match["most"]
        and before
        and between.fullmatch(match["most"])
        and before.search(text[: one.start()])
        and _count_alike(text, one.end(), match.end())
        for between, before in _RANGES
        for one in earlier
    )


def _count_alike(text: str, first: int, further: int) -> bool:
    """Say whether two numbers, by where they end, may count the same: no noun after one says otherwise."""
    nouns = [_NOUN.match(text, at) for at in (first, further)]
    return None in nouns or len({noun[1].lower() for noun in nouns if noun}) == 1


def _ends(first: re.Match[str], further: re.Match[str]) -> tuple[float, float]:
    """Return both ends of a range; a scale at the second counts for both: 2-3 thousand."""
    low, high = _amount(first)[0], _amount(further)[0]
    shared = further["scale"] and not first["scale"]
    return (low * _scale(further) if shared else low), high


def _scale(match: re.Match[str]) -> float:
    return _SCALES[_scale_word(match)] if match["scale"] else 1.0


def _scale_word(match: re.Match[str]) -> str:
    return (match["scale"] or "").strip(" -\u00a0\u2009\u202f").lower()


def _amount(match: re.Match[str]) -> tuple[float, float]:
    """Return (value, slack) of a match, its bounding words left aside."""
    if match["fraction"]:
        words = re.split(r"[- ]", match["fraction"].lower())
        over = _SMALL.get(words[0], 1.0)  # "a third", "half"
        return over / (_PARTS | _WHOLE_PARTS)[words[-1]], 0.01
    if match["digits"]:
        scale = _scale(match)
        grouped = r",(?=\d{3})" if _scale_word(match) not in _DECIMAL_COMMA else r"(?!)"
        bare = re.sub(rf"{_SPACE}|{grouped}", "", match["digits"]).replace(",", ".")
        if match["rest"]:
            digits, _, word = match["rest"].strip().partition(" ")
            further = _SCALES.get(word.lower(), 1.0)
            return float(bare) * scale + float(digits) * further, slack_of(digits) * further
        return float(bare) * scale, slack_of(bare) * scale
    return _from_words(match["words"].lower())


def _from_words(words: str) -> tuple[float, float]:
    """Return (value, slack) of number words: two dozen, twenty-five thousand, two and a half thousand."""
    total = group = slack = 0.0
    for word in re.split(r"[- ]", re.sub(_HALF_MORE, _HALF, words)):
        if word == _HALF:
            group, slack = group + 0.5, 0.25
        elif word in _SCALES:
            group, slack = (group or 1.0) * _SCALES[word], slack * _SCALES[word]
            if _SCALES[word] >= 1e3:
                total, group = total + group, 0.0
        else:
            group += _SMALL.get(word, 0.0)  # "a" and "and" count nothing
    total += group
    return total, slack or (6.0 if _SCALES.get(word) == 12.0 else slack_of(f"{total:.0f}"))


def _numeral(match: re.Match[str], *, bounded: bool) -> Numeral:
    least, most, about = match.group("least", "most", "about") if bounded else (None, None, None)
    word = (match["words"] or "").lower()
    many = word in _MANY and not (word in _SCALES and (least or most or about))  # "более тысячи" is one
    value, slack = (_MORE * _MANY[word], 0.0) if many else _amount(match)
    start = match.start() if bounded else max(match.start(name) for name in ("fraction", "digits", "words"))
    read: Number | Interval
    if least or many:
        read, reading = Interval(low=value), WHY["least"].format(word=least or match["words"])
    elif most:
        read, reading = Interval(high=value), WHY["most"].format(word=most)
    elif about:
        read, reading = Number(value, 2.0 * slack), WHY["about"].format(word=about)
    else:
        read, reading = Number(value, slack), WHY["written"]
    return Numeral(start, match.end(), read, reading, bool(match["fraction"]), many)


def read_value(text: str, unit: str) -> Value:
    """Return the value in a cell: words where there is no unit, else one number and nothing beside it.

    Raises ValueError where a quantity is not one.
    """
    cell = text.strip()
    if not unit:
        return Words(cell)
    found = list(find_numerals(cell))
    if len(found) != 1 or cell[: found[0].start] + cell[found[0].end :]:
        raise ValueError(f"one number such as 1,344, over 1,000, about 980 or 600 to 650; found {cell}")
    one = found[0]
    if one.is_share and unit == "percent" and isinstance(one.value, Number):
        return Number(100.0 * one.value.value, 100.0 * one.value.slack)
    return one.value
