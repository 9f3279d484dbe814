"""Tables that fit the screen: nothing is cut, figures stay in one piece, words are folded last.

A table with room is left alone. Else columns share the screen: each gets its longest word, or figure, and
what is left goes to those that lack most. Where even that is too much, the lines between columns go, and then
the longest words are folded.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich import box
from rich.table import Column, Table
from rich.text import Text


def fit(table: Table, width: int) -> None:
    """Give the columns of a table the widths with which it stands on a screen of so many columns."""
    wanted = [max(map(_wide, _lines(one)), default=0) for one in table.columns]
    figures = [max(map(_wide, _figures(one)), default=1) for one in table.columns]
    words = [[word for line in _lines(one) for word in line.split()] for one in table.columns]
    least = [max(k, *map(_wide, some)) if some else k for k, some in zip(figures, words, strict=True)]
    room = width - 3 * len(wanted) - 1
    if sum(wanted) <= room:
        return
    if sum(least) > room:
        table.box, table.show_edge, table.padding = box.SIMPLE_HEAD, False, (0, 0)
        room = width - len(wanted) + 1
    for column, share in zip(table.columns, shares(room, wanted, least, figures), strict=True):
        column.width, column.overflow, column.no_wrap = share, "fold", False


def shares(room: int, wanted: Sequence[int], least: Sequence[int], figures: Sequence[int]) -> list[int]:
    """Return widths that fill the room: below `least` only where it must be, never below `figures`."""
    found = list(least)
    while sum(found) > room:
        folded = [k for k in range(len(found)) if found[k] > figures[k]]
        if not folded:
            break
        found[max(folded, key=lambda k: found[k])] -= 1
    while sum(found) < min(room, sum(wanted)):
        found[max(range(len(found)), key=lambda k: wanted[k] - found[k])] += 1
    return found


def _lines(column: Column) -> Iterator[str]:
    for cell in (column.header, *column.cells):
        yield from Text.from_markup(str(cell)).plain.split("\n")


def _figures(column: Column) -> Iterator[str]:
    """Cells that stay in one piece: those of a column that stands right."""
    if column.justify == "right":
        yield from (Text.from_markup(str(cell)).plain for cell in column.cells)


def _wide(text: str) -> int:
    return Text(text).cell_len
