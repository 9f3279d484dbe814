"""Simulated frequencies against the probability they should have: on the diagonal where P_t is right."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from sarhad.interfaces.language import decimal, number, translated
from sarhad.interfaces.report import palette
from sarhad.interfaces.report.axes import Axes, draw_axes
from sarhad.interfaces.report.palette import share
from sarhad.interfaces.report.sheet import (
    Box,
    Sheet,
    check_paths,
    draw_dot,
    draw_line,
    draw_segments,
    new_sheet,
    own_settings,
    save,
    write,
    write_paragraphs,
)
from sarhad.interfaces.vocabulary import words
from sarhad.planning.validation import FAILS_BELOW, LEVEL, Calibration, Validation, interval

TEXT = translated(
    {
        "now": "Simulated crossings against Pₜ as things stand, {adversary} adversary, {n} stretches",
        "plan": "Simulated crossings against Pₜ with {bought} purchases, {adversary} adversary, "
        "{n} stretches",
        "across": "Pₜ worked out",
        "up": "frequency of timely detection in {n} simulated crossings of each stretch",
        "inside": "{share} of the stretches have Pₜ inside the {level} interval of their frequency",
        "mean": "mean Pₜ {p}, mean frequency {frequency}",
        "tests": "p-value of bias {bias}, of spread {spread}; below {limit} is a fault",
        "holds": "Pₜ holds",
        "fails": "Pₜ does not hold",
        "file": "{title}: simulated crossings against Pₜ",
    }
)
SIZE_MM = (178.0, 128.0)
_BOX = Box(16.0, 14.0, 94.0, 94.0)
_WORDS = Box(120.0, 14.0, 54.0, 94.0)


def draw_calibration(found: Validation, paths: Sequence[Path], *, title: str) -> None:
    """Draw the chart and write it to every path (.png or .pdf)."""
    check_paths(paths)
    with own_settings():
        save(calibration_chart(found, title), paths, TEXT["file"].format(title=title))


def calibration_chart(found: Validation, title: str) -> Sheet:
    """Return the chart as a page: one dot with its interval per stretch; to be called in `own_settings`."""
    trial = found.trial
    some = trial.n > 0
    x, n, p = trial.n_timely[some], trial.n[some], trial.p_timely[some]
    low, high = interval(x, n)
    sheet = new_sheet(SIZE_MM)
    write(sheet, (1.0, SIZE_MM[1] - 7.0), title, palette.HEADING._replace(size_pt=11.0))
    told = TEXT["plan" if found.purchase_n else "now"].format(
        bought=decimal(found.purchase_n), adversary=words(found.adversary), n=decimal(len(x))
    )
    write(sheet, (1.0, SIZE_MM[1] - 12.0), told, palette.SMALL._replace(size_pt=8.0))
    axes = Axes(_BOX, 0.0, 1.0, 0.0, 1.0)
    names = (TEXT["across"], TEXT["up"].format(n=decimal(float(n.max()))))
    draw_axes(sheet, axes, names, (number, number), (5, 5))
    draw_line(sheet, axes.place([0.0, 1.0], [0.0, 1.0]), palette.FAINT, 0.3, order=3.0)
    inside = (low <= p) & (p <= high)
    for mask, colour, order in ((inside, palette.AFTER, 4.0), (~inside, palette.PLANNED, 5.0)):
        ends = np.stack([axes.place(p[mask], low[mask]), axes.place(p[mask], high[mask])], axis=1)
        draw_segments(sheet, ends, colour, 0.2, order)
        for at in axes.place(p[mask], x[mask] / n[mask]):
            draw_dot(sheet, at, 1.1, colour, order=order + 0.1)
    _write_judgement(sheet, found.timely)
    return sheet


def _write_judgement(sheet: Sheet, judged: Calibration) -> None:
    level = share(LEVEL)
    lines = (
        TEXT["inside"].format(share=share(judged.inside_share), level=level),
        TEXT["mean"].format(p=decimal(judged.mean_p, 4), frequency=decimal(judged.frequency, 4)),
        TEXT["tests"].format(
            bias=decimal(judged.p_bias, 3), spread=decimal(judged.p_spread, 3), limit=number(FAILS_BELOW)
        ),
    )
    verdict = TEXT["holds"] if judged.holds else TEXT["fails"]
    colour = palette.AFTER if judged.holds else palette.PLANNED
    write(sheet, (_WORDS.left, _WORDS.top - 4.0), verdict, palette.FIGURE._replace(colour=colour))
    below = Box(_WORDS.left, _WORDS.bottom, _WORDS.width, _WORDS.height - 9.0)
    write_paragraphs(sheet, [("", line) for line in lines], palette.BODY, below)
