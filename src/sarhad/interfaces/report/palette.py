"""Colours, type and number formats that every sheet shares.

The ramp for P_t runs from dark blue to light yellow: its lightness (CIE 1976 L*) rises by about equal steps,
so that it reads in grey print, and blue against yellow is the pair that all common kinds of colour blindness
keep (Machado, Oliveira and Fernandes 2009; Okabe and Ito 2008). Dark is where crossings pass, light is where
they are met in time.
"""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sarhad.interfaces.language import decimal, translated

TEXT = translated(
    {"usd": "US$ {amount}", "k": "US$ {amount} k", "m": "US$ {amount} M", "bn": "US$ {amount} bn"}
)
P_BREAKS = (0.0, 0.05, 0.2, 0.4, 0.6, 0.8, 1.0)
"""Bounds of the classes of P_t; a class holds its lower bound."""
P_COLOURS = ("#14204f", "#1f4f80", "#327f99", "#6dab8a", "#bccb6b", "#fdea74")

INK = "#22262b"
SOFT = "#5b636b"
FAINT = "#a9b0b6"
HAIR = "#d6dade"
PAPER = "#ffffff"
PLANNED = "#c8401b"
NOT_CROSSABLE = "#eeeeec"
LATE = "#d98a2b"
UNSEEN = "#3b4a6b"
BEFORE = "#7d868e"
AFTER = "#1f4f80"


class TextStyle(NamedTuple):
    """Size in points, weight, colour and slant of a text in DejaVu Sans."""

    size_pt: float
    weight: Literal["normal", "bold"] = "normal"
    colour: str = INK
    slant: Literal["normal", "oblique"] = "normal"


TITLE = TextStyle(19.0, "bold")
SUBTITLE = TextStyle(10.0, colour=SOFT)
FIGURE = TextStyle(15.0, "bold")
HEADING = TextStyle(8.8, "bold")
BODY = TextStyle(7.6)
BODY_BOLD = TextStyle(7.6, "bold")
SMALL = TextStyle(6.8, colour=SOFT)
NOTE = TextStyle(6.6, colour=INK)
PLACE = TextStyle(7.4, colour=INK)
MARK = TextStyle(6.8, colour=SOFT, slant="oblique")
SIDE = TextStyle(9.0, colour="#7c848b")
BADGE = TextStyle(6.4, "bold", PAPER)


def p_class(p_timely: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the class of each P_t, 0 ... 5; -1 where it is NaN (cannot be crossed)."""
    found = np.searchsorted(np.array(P_BREAKS[1:-1]), p_timely, side="right").astype(np.int64)
    return np.where(np.isnan(p_timely), -1, found)


def p_colour(p_timely: float) -> str:
    """Return the colour of a P_t; that of what cannot be crossed for NaN."""
    k = int(p_class(np.array([p_timely]))[0])
    return P_COLOURS[k] if k >= 0 else NOT_CROSSABLE


def class_label(k: int, ceiling: float = 1.0) -> str:
    """Return the range of a class, as "0.05 – 0.20"; the last ends at what P_t can reach."""
    high = max(P_BREAKS[k], min(P_BREAKS[k + 1], ceiling)) if k == len(P_COLOURS) - 1 else P_BREAKS[k + 1]
    return f"{decimal(P_BREAKS[k], 2)} – {decimal(high, 2)}"


def probability(p: float) -> str:
    """Return a probability to two digits; a dash for NaN."""
    return "–" if math.isnan(p) else decimal(p, 2)


def kilometres(length_m: float, digits: int | None = None) -> str:
    """Return a length in km without the unit: one digit below 100 km, none above, or as many as asked."""
    length_km = length_m / 1000.0
    if digits is None:
        digits = 1 if abs(length_km) < 99.95 else 0
    return decimal(length_km, digits)


def money(amount_usd: float) -> str:
    """Return money in US dollars with three figures: US$ 950, US$ 23.4 k, US$ 1.20 M."""
    for size, key in ((1e9, "bn"), (1e6, "m"), (1e3, "k")):
        if amount_usd >= 0.9995 * size:
            value = amount_usd / size
            digits = 2 if value < 9.995 else 1 if value < 99.95 else 0
            return TEXT[key].format(amount=decimal(value, digits))
    return TEXT["usd"].format(amount=decimal(amount_usd))


def people(n: float) -> str:
    """Return how many people are needed: a part of a post takes a whole person."""
    return decimal(math.ceil(n - 1e-9))


def share(part: float) -> str:
    """Return a share as a percentage: "62 %", "3.6 %", "< 0.1 %", with spaces that do not break."""
    percent = 100.0 * part
    if 0.0 < percent < 0.1:
        return f"<\u00a0{decimal(0.1, 1)}\u00a0%"
    return f"{decimal(percent, 0 if percent >= 9.95 or percent == 0.0 else 1)}\u00a0%"


def round_down(value: float) -> float:
    """Return the largest of 1, 2, 5 x 10^n that does not exceed a positive value."""
    power = 10.0 ** math.floor(math.log10(value))
    return max(step * power for step in (1.0, 2.0, 5.0) if step * power <= value * (1 + 1e-9))
