"""A page in millimetres that is written with the same bytes every time.

Everything on a sheet is placed in millimetres from its lower left corner, so that text can be measured and
laid out before it is drawn. Only matplotlib's own fonts and settings are used, whatever the user's are;
dates and versions are left out of the files.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import shapely
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_pdf import FigureCanvasPdf
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.patches import Circle, PathPatch, Polygon, Rectangle
from matplotlib.path import Path as Path_
from matplotlib.patheffects import withStroke
from numpy.typing import ArrayLike

from sarhad.errors import InputFaults
from sarhad.interfaces.report.palette import BADGE, INK, NOTE, PAPER, TextStyle
from sarhad.io.whole import write_whole

A3_MM = (420.0, 297.0)
MARGIN_MM = 10.0
PT_MM = 25.4 / 72.0
DPI = 220
_FAMILY = "DejaVu Sans"
_FINE = 8
_PATH, _FINER = re.compile(rb' d="[^"]*"'), re.compile(rb"(\.\d\d)\d+")
"""Paths of a drawing, and what their numbers hold beyond a hundredth of a point."""
NOTE_SIZES_PT = (8.0, 7.6, 7.2, 6.8, 6.4, 6.0)
_SETTINGS = {
    "font.family": _FAMILY,
    "mathtext.fontset": "dejavusans",
    "pdf.fonttype": 42,
    "pdf.compression": 9,
    "path.simplify": False,
    "agg.path.chunksize": 0,
    "svg.hashsalt": "sarhad",
}


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle on the page in millimetres."""

    left: float
    bottom: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Right edge."""
        return self.left + self.width

    @property
    def top(self) -> float:
        """Upper edge."""
        return self.bottom + self.height


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """A page and the one set of axes that covers it, in millimetres."""

    figure: Figure
    axes: Axes
    width_mm: float
    height_mm: float


@contextmanager
def own_settings() -> Iterator[None]:
    """Draw with matplotlib's defaults and the sheet's fonts, whatever the user has configured."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_SETTINGS)
        yield


def new_sheet(size_mm: tuple[float, float] = A3_MM) -> Sheet:
    """Return an empty white page."""
    width_mm, height_mm = size_mm
    figure = Figure(figsize=(width_mm / 25.4, height_mm / 25.4), facecolor=PAPER)
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set_xlim(0.0, width_mm)
    axes.set_ylim(0.0, height_mm)
    axes.set_autoscale_on(False)
    axes.axis("off")
    return Sheet(figure, axes, width_mm, height_mm)


def check_paths(paths: Sequence[Path]) -> None:
    """Refuse paths that end neither in .png nor in .pdf; raises InputFaults."""
    for path in paths:
        if Path(path).suffix.lower() not in (".png", ".pdf"):
            raise InputFaults.one(str(path), "a name that ends in .png or .pdf", Path(path).name)


def save(sheet: Sheet, paths: Sequence[Path], title: str) -> None:
    """Write a page to every path, each file whole or not at all."""
    for path in map(Path, paths):
        buffer = io.BytesIO()
        if path.suffix.lower() == ".pdf":
            about: dict[str, Any] = {"Title": title, "Creator": None, "Producer": None, "CreationDate": None}
            FigureCanvasPdf(sheet.figure).print_pdf(buffer, metadata=about)
        else:
            FigureCanvasAgg(sheet.figure)
            sheet.figure.savefig(buffer, format="png", dpi=DPI, metadata={"Title": title, "Software": None})
        write_whole(path, buffer.getvalue())


def svg(sheet: Sheet) -> bytes:
    """Return a page as a drawing whose letters are shapes: it looks the same wherever it is shown."""
    buffer = io.BytesIO()
    about: dict[str, Any] = {"Date": None, "Creator": None, "Format": None, "Type": None}
    FigureCanvasSVG(sheet.figure).print_svg(buffer, metadata=about)
    return _PATH.sub(lambda path: _FINER.sub(rb"\1", path[0]), buffer.getvalue())


@lru_cache(maxsize=16)
def _font(style: TextStyle) -> FontProperties:
    return FontProperties(family=_FAMILY, weight=style.weight, style=style.slant, size=style.size_pt)


@lru_cache(maxsize=4096)
def width_mm(words: str, style: TextStyle) -> float:
    """Return how wide a line of text will be."""
    if not words.strip():
        return 0.0
    font = get_font(findfont(_font(style)))
    font.set_size(style.size_pt, 72.0 * _FINE)
    font.set_text(words)  # measured at eight times its size, where hinting no longer matters
    return float(font.get_width_height()[0]) / 64.0 / _FINE * PT_MM


def line_height_mm(style: TextStyle) -> float:
    """Return the distance from one line of text to the next."""
    return 1.32 * style.size_pt * PT_MM


def write(
    sheet: Sheet,
    at: tuple[float, float],
    words: str,
    style: TextStyle,
    *,
    align: str = "left",
    upright: str = "baseline",
    halo_mm: float = 0.0,
    order: float = 10.0,
) -> None:
    """Write one line of text at a point; `halo_mm` is the width of a white rim around the letters."""
    drawn = sheet.axes.text(
        *at,
        words,
        fontproperties=_font(style),
        color=style.colour,
        ha=align,
        va=upright,
        zorder=order,
        parse_math=False,
    )
    if halo_mm > 0.0:
        rim = withStroke(linewidth=2.0 * halo_mm / PT_MM, foreground=PAPER, alpha=0.85)
        drawn.set_path_effects([rim])


def wrapped(words: str, style: TextStyle, within_mm: float, first_mm: float = 0.0) -> list[str]:
    """Break a paragraph into lines that fit a width, the first indented; a longer word stands alone."""
    lines: list[str] = []
    for word in words.split(" "):
        longer = f"{lines[-1]} {word}" if lines else word
        room_mm = within_mm - (first_mm if len(lines) == 1 else 0.0)
        if lines and width_mm(longer, style) <= room_mm:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def write_paragraphs(
    sheet: Sheet, paragraphs: Sequence[tuple[str, str]], style: TextStyle, box: Box, gap_mm: float = 0.8
) -> float:
    """Write paragraphs (bold lead, text) from the top of a box down; return the last baseline.

    Text that does not fit ends in an ellipsis.
    """
    step_mm = line_height_mm(style)
    rows = [
        (lead if k == 0 else "", row, gap_mm if number and k == 0 else 0.0)
        for number, (lead, text) in enumerate(paragraphs)
        for k, row in enumerate(wrapped(text, style, box.width, _indent_mm(lead, style)))
    ]
    y_mm = box.top
    for n_done, (lead, row, above_mm) in enumerate(rows, 1):
        y_mm -= above_mm + step_mm
        is_cut = n_done < len(rows) and y_mm - step_mm < box.bottom
        if lead:
            write(sheet, (box.left, y_mm), lead, style._replace(weight="bold"))
        at = (box.left + _indent_mm(lead, style), y_mm)
        write(sheet, at, f"{row.rstrip('.,;')} …" if is_cut else row, style)
        if is_cut:
            break
    return y_mm


def _indent_mm(lead: str, style: TextStyle) -> float:
    """Return how far the first row of a paragraph stands in, behind its bold lead."""
    return width_mm(lead, style._replace(weight="bold")) + 1.2 if lead else 0.0


def paragraphs_mm(
    paragraphs: Sequence[tuple[str, str]], style: TextStyle, within_mm: float, gap_mm: float = 0.8
) -> float:
    """Return how high paragraphs will be."""
    n_line = sum(len(wrapped(text, style, within_mm, _indent_mm(lead, style))) for lead, text in paragraphs)
    return (n_line + 1) * line_height_mm(style) + gap_mm * len(paragraphs)


def fitted(words: str, style: TextStyle, within_mm: float) -> str:
    """Return a text, cut with an ellipsis where it is wider than the room it has."""
    if width_mm(words, style) <= within_mm:
        return words
    while words and width_mm(words + "…", style) > within_mm:
        words = words[:-1].rstrip()
    return words + "…" if words else ""


def draw_line(
    sheet: Sheet,
    points: ArrayLike,
    colour: str = INK,
    wide_mm: float = 0.2,
    *,
    order: float = 5.0,
    dashes: tuple[float, float] | None = None,
) -> None:
    """Draw a polyline (point, 2); NaN breaks it; `dashes` are on and off in millimetres."""
    xy = np.asarray(points, dtype=np.float64)
    (drawn,) = sheet.axes.plot(
        xy[:, 0],
        xy[:, 1],
        color=colour,
        linewidth=wide_mm / PT_MM,
        zorder=order,
        solid_capstyle="butt",
        solid_joinstyle="round",
    )
    if dashes is not None:
        drawn.set_dashes([length / wide_mm for length in dashes])


def draw_segments(sheet: Sheet, segments: ArrayLike, colour: str, wide_mm: float, order: float = 5.0) -> None:
    """Draw separate straight lines (segment, 2, 2)."""
    rows = np.asarray(segments, dtype=np.float64)
    if len(rows):
        sheet.axes.add_collection(
            LineCollection(list(rows), colors=colour, linewidths=wide_mm / PT_MM, zorder=order)
        )


def draw_box(
    sheet: Sheet,
    box: Box,
    fill: str | None = None,
    edge: str | None = None,
    wide_mm: float = 0.2,
    *,
    order: float = 4.0,
    hatch: str = "",
) -> None:
    """Draw a rectangle."""
    sheet.axes.add_artist(
        Rectangle(
            (box.left, box.bottom),
            box.width,
            box.height,
            facecolor=fill if fill is not None else "none",
            edgecolor=edge if edge is not None else "none",
            linewidth=wide_mm / PT_MM if edge is not None else 0.0,
            hatch=hatch or None,
            zorder=order,
        )
    )


def draw_shape(
    sheet: Sheet, points: ArrayLike, fill: str, edge: str, wide_mm: float, order: float = 6.0
) -> None:
    """Draw a filled polygon (point, 2)."""
    sheet.axes.add_artist(
        Polygon(
            np.asarray(points, dtype=np.float64),
            closed=True,
            facecolor=fill,
            edgecolor=edge,
            linewidth=wide_mm / PT_MM,
            joinstyle="miter",
            zorder=order,
        )
    )


def draw_area(
    sheet: Sheet,
    area: shapely.Geometry | None,
    fill: str | None,
    edge: str,
    wide_mm: float,
    order: float = 4.0,
) -> None:
    """Draw the polygons of a geometry, their holes left free."""
    if area is None or area.is_empty:
        return
    rings: list[Path_] = []
    for part in shapely.get_parts(shapely.get_parts([area])).tolist():
        if part.geom_type == "Polygon":
            rings += [
                Path_(shapely.get_coordinates(ring), closed=True) for ring in (part.exterior, *part.interiors)
            ]
    if rings:
        sheet.axes.add_artist(
            PathPatch(
                Path_.make_compound_path(*rings),
                facecolor=fill if fill is not None else "none",
                edgecolor=edge,
                linewidth=wide_mm / PT_MM,
                joinstyle="round",
                zorder=order,
            )
        )


def draw_dot(
    sheet: Sheet,
    at: ArrayLike,
    wide_mm: float,
    fill: str,
    edge: str | None = None,
    order: float = 6.8,
) -> None:
    """Draw a disc of a diameter around a point."""
    x_mm, y_mm = np.asarray(at, dtype=np.float64).tolist()
    sheet.axes.add_artist(
        Circle(
            (x_mm, y_mm),
            wide_mm / 2,
            facecolor=fill,
            edgecolor=edge if edge is not None else "none",
            linewidth=0.2 / PT_MM if edge is not None else 0.0,
            zorder=order,
        )
    )


def draw_badge(sheet: Sheet, at: tuple[float, float], number: int, order: float = 8.0) -> None:
    """Draw a number in a dark disc."""
    draw_dot(sheet, at, 3.5 if number < 10 else 4.3, INK, PAPER, order=order)
    write(sheet, at, str(number), BADGE, align="center", upright="center_baseline", order=order + 0.1)


def write_fitting(sheet: Sheet, columns: Sequence[tuple[Sequence[tuple[str, str]], Box]]) -> None:
    """Write columns of paragraphs, all in the largest type in which each fits its box."""
    styles = [NOTE._replace(size_pt=size) for size in NOTE_SIZES_PT]
    fits = [
        style
        for style in styles
        if all(paragraphs_mm(words, style, box.width) <= box.height for words, box in columns)
    ]
    for words, box in columns:
        write_paragraphs(sheet, words, [*fits, styles[-1]][0], box)
