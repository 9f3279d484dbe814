"""Dates as people write them: in a cell of a table, and in a sentence.

A cell holds a day, a month or a year: 2021-07-05, 2021-07, 2021. A sentence may also say "5 July 2021",
"July 5", "5 июля", "05.07.2021" (day first), "in 2021", "2021 года" or a weekday; a day without a year, and a
weekday, are the last before publication. Months, weekdays and what makes a number a year stand in `lexicon`.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sarhad.io.lexicon import LEXICONS, joined

_MONTHS = {
    form: k for one in LEXICONS for k, forms in enumerate(one.dates.months, 1) for form in forms.split()
}
_DAYS = {form: k for one in LEXICONS for k, forms in enumerate(one.dates.weekdays) for form in forms.split()}
_MONTH = "|".join(_MONTHS)
_MONTH_FIRST = "|".join(
    form for one in LEXICONS if one.dates.month_first for forms in one.dates.months for form in forms.split()
)
_YEAR = r"(?:19|20)\d{2}"
_CELL = re.compile(r"(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?")
DATES = re.compile(
    rf"\b(?P<iso>\d{{4}}-\d{{2}}-\d{{2}})\b"
    rf"|\b(?P<dotted>\d{{1,2}}\.\d{{1,2}}\.\d{{4}})\b"
    rf"|\b(?P<d1>\d{{1,2}})(?:-го)?\s+(?P<m1>{_MONTH})(?:,?\s+(?P<y1>{_YEAR}))?\b"
    rf"|\b(?P<m2>{_MONTH_FIRST})\s+(?P<d2>\d{{1,2}})(?!\d)(?:,?\s+(?P<y2>{_YEAR}))?"
    rf"|\b(?P<m3>{_MONTH})\s+(?P<y3>{_YEAR})\b"
    rf"|\b(?:{'|'.join(joined(lambda one: one.dates.before_year))})\s+(?P<y4>{_YEAR})\b"
    rf"|\b(?P<y5>{_YEAR})\s*(?:{'|'.join(joined(lambda one: one.dates.after_year))})\b"
    rf"|\b(?P<weekday>{'|'.join(_DAYS)})\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Dated:
    """A date found in a text: where it starts, the period as a cell would hold it, the words."""

    start: int
    period: str
    words: str


def read_date(text: str) -> tuple[datetime, int]:
    """Return (first day, number of days) of a day, a month or a year in a cell; raises ValueError."""
    match = _CELL.fullmatch(text.strip())
    if not match:
        raise ValueError(text)
    year, month, day = (int(part) if part else 0 for part in match.groups())
    first = date(year, month or 1, day or 1)
    days = 1
    if not month:
        days = 366 if calendar.isleap(year) else 365
    elif not day:
        days = calendar.monthrange(year, month)[1]
    return datetime(first.year, first.month, first.day, tzinfo=UTC), days


def find_dates(text: str, published: date) -> Iterator[Dated]:
    """Yield the dates of a text; days that no calendar has are passed over."""
    for match in DATES.finditer(text):
        try:
            period = _period(match, published)
        except ValueError:
            continue
        yield Dated(match.start(), period, match.group().strip())


def _period(match: re.Match[str], published: date) -> str:
    """Return a day, month or year as a cell holds it; raises ValueError where there is no such day."""
    if match["weekday"]:
        back = (published.weekday() - _DAYS[match["weekday"].lower()]) % 7
        return (published - timedelta(days=back)).isoformat()
    if match["y4"] or match["y5"]:
        return str(match["y4"] or match["y5"])
    if match["m3"]:
        return f"{match['y3']}-{_MONTHS[match['m3'].lower()]:02d}"
    if match["iso"]:
        return date.fromisoformat(match["iso"]).isoformat()
    if match["dotted"]:  # day first, as in Russian and Tajik
        day, month, year = (int(part) for part in match["dotted"].split("."))
        return date(year, month, day).isoformat()
    return _day_of_month(match, published).isoformat()


def _day_of_month(match: re.Match[str], published: date) -> date:
    month = _MONTHS[(match["m1"] or match["m2"]).lower()]
    day, year = int(match["d1"] or match["d2"]), match["y1"] or match["y2"]
    if year:
        return date(int(year), month, day)
    this_year = date(published.year, month, day)
    return this_year if this_year <= published else date(published.year - 1, month, day)
