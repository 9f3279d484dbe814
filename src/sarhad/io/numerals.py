"""Numbers as people write them: "1,344", "1 344", "over 1,000", "two dozen", "600 to 650", "two-thirds".

Digits are grouped by commas, by thin or hard spaces, or by plain spaces before three digits (1 344); a point
starts decimals. Number words run from zero to millions, with dozen and fractions. Words before the number
bound it: over, at least -> at least; up to, under -> at most; about, nearly, some -> twice the slack.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sarhad.model.measure import Interval, Number, Value, Words, slack_of

_SPACE = "[ \u00a0\u2009\u202f]"
DIGITS = rf"\d{{1,3}}(?:(?:,\d{{3}})+|(?:{_SPACE}\d{{3}}(?!\d))+)(?:\.\d+)?|\d+(?:\.\d+)?"

_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
)
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_SMALL = {word: float(k) for k, word in enumerate(_ONES.split(" "))}
_SMALL |= {word: 10.0 * k for k, word in enumerate(_TENS.split(" "), 2)}
_SCALES = {"dozen": 12.0, "hundred": 100.0, "thousand": 1e3, "million": 1e6}
_MANY = {"dozens": 24.0, "hundreds": 200.0, "thousands": 2e3, "millions": 2e6}  # more than one of them
_PARTS = {"half": 2, "third": 3, "thirds": 3, "quarter": 4, "quarters": 4, "fifths": 5, "fifth": 5}

_SCALE = "|".join(_SCALES)
_WORD = "|".join([*_SMALL, *_SCALES])
_WORDS = rf"(?:(?:{'|'.join(_SMALL)})|a (?:{_SCALE}))(?:[- ](?:and )?(?:{_WORD}))*|{'|'.join(_MANY)}"
_FRACTION = rf"(?:a|one|two|three|four)[- ](?:{'|'.join(_PARTS)})|half"
_AT_LEAST = r"over|more than|at least|exceeding|upwards of|no fewer than|no less than|not less than"
_AT_MOST = r"up to|under|less than|fewer than|at most|no more than|below"
_ABOUT = r"about|around|some|nearly|almost|approximately|roughly|close to|an estimated|circa|~"

_NUMBER = re.compile(
    rf"(?:\b(?P<least>{_AT_LEAST})\s+|\b(?P<most>{_AT_MOST})\s+|(?:\b|(?=~))(?P<about>{_ABOUT})\s*)?"
    rf"(?:\b(?P<fraction>{_FRACTION})\b"
    rf"|(?<![\w.,/])(?<![A-Za-z]-)(?P<digits>{DIGITS})(?P<scale>[ -](?:{_SCALE})\b)?"
    rf"|\b(?P<words>{_WORDS})\b)",
    re.IGNORECASE,
)
_BETWEEN = re.compile(r"\bbetween\s+$", re.IGNORECASE)
_JOIN = re.compile(r"\s*(?:to|and|-|–)\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Numeral:
    """A number found in a text: its place, its value, whether it is a fraction, and how it was read."""

    start: int
    end: int
    value: Number | Interval
    reading: str
    is_share: bool = False
    in_words: bool = False


def find_numerals(text: str) -> Iterator[Numeral]:
    """Yield the numbers of a text from left to right; ranges ("600 to 650") as one."""
    matches = list(_NUMBER.finditer(text))
    k = 0
    while k < len(matches):
        first = matches[k]
        further = matches[k + 1] if k + 1 < len(matches) else None
        if further is not None and _is_range(text, first, further):
            low, high = _ends(first, further)
            between = _BETWEEN.search(text[: first.start()])
            start = between.start() if between else first.start()
            yield Numeral(start, further.end(), Interval(low, high), "range")
            k += 2
            continue
        yield _numeral(first)
        k += 1


def _is_range(text: str, first: re.Match[str], further: re.Match[str]) -> bool:
    """Say whether two numbers are the ends of one: "between 600 and 650", "600-650"."""
    between = text[first.end() : further.start()]
    bound = further["least"] or further["most"] or further["about"] or first["fraction"]
    if not _JOIN.fullmatch(between) or bound or not (first["digits"] and further["digits"]):
        return False
    if "and" in between and not _BETWEEN.search(text[: first.start()]):
        return False
    low, high = _ends(first, further)
    return low < high


def _ends(first: re.Match[str], further: re.Match[str]) -> tuple[float, float]:
    """Return both ends of a range; a scale at the second counts for both: 2-3 thousand."""
    low, high = _amount(first)[0], _amount(further)[0]
    shared = further["scale"] and not first["scale"]
    return (low * _scale(further) if shared else low), high


def _scale(match: re.Match[str]) -> float:
    return _SCALES[match["scale"].strip(" -").lower()] if match["scale"] else 1.0


def _amount(match: re.Match[str]) -> tuple[float, float]:
    """Return (value, slack) of a match, its bounding words left aside."""
    if match["fraction"]:
        words = re.split(r"[- ]", match["fraction"].lower())
        over = _SMALL.get(words[0], 1.0)  # "a third", "half"
        share = over / _PARTS[words[-1]]
        return share, 0.01
    if match["digits"]:
        scale = _scale(match)
        bare = re.sub(rf"{_SPACE}|,", "", match["digits"])
        return float(bare) * scale, slack_of(bare) * scale
    return _from_words(match["words"].lower())


def _from_words(words: str) -> tuple[float, float]:
    """Return (value, slack) of number words: two dozen, twenty-five thousand, two thousand three hundred."""
    if words in _MANY:
        return _MANY[words], 0.0
    total = group = 0.0
    for word in re.split(r"[- ]", words):
        if word in _SCALES:
            group = max(group, 1.0) * _SCALES[word]
            if word != "hundred":
                total, group = total + group, 0.0
        else:
            group += _SMALL.get(word, 0.0)  # "a" and "and" count nothing
    total += group
    return total, 6.0 if words.endswith("dozen") else slack_of(f"{total:.0f}")


def _numeral(match: re.Match[str]) -> Numeral:
    value, slack = _amount(match)
    many = (match["words"] or "").lower() in _MANY
    read: Number | Interval
    if match["least"] or many:
        read, reading = Interval(low=value), f'"{match["least"] or match["words"]}" sets a lower bound'
    elif match["most"]:
        read, reading = Interval(high=value), f'"{match["most"]}" sets an upper bound'
    elif match["about"]:
        read, reading = Number(value, 2.0 * slack), f'"{match["about"]}" doubles the slack of rounding'
    else:
        read, reading = Number(value, slack), "as written"
    in_words = bool(match["words"] or match["fraction"])
    return Numeral(match.start(), match.end(), read, reading, bool(match["fraction"]), in_words)


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
