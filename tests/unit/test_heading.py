"""The head of a sheet: a title shrinks before it is cut, and never runs into the figures."""

from __future__ import annotations

import pytest

from sarhad.interfaces.report import palette
from sarhad.interfaces.report.heading import LEAST_SHARE, write_heading
from sarhad.interfaces.report.sheet import new_sheet, own_settings, width_mm

FIGURES = [("0.43 → 0.88", "mean of the line"), ("US$ 8.00 M", "the plan"), ("7.2 km", "unseen")]


@pytest.mark.parametrize(
    ("n_words", "size", "cut"), [(1, "full", False), (7, "less", False), (30, "least", True)]
)
def test_a_title_shrinks_before_it_is_cut(n_words: int, size: str, cut: bool) -> None:
    title = " ".join(["Observation"] * n_words)
    with own_settings():
        texts = (sheet := new_sheet()).axes.texts
        write_heading(sheet, title, "A subtitle", FIGURES)
        said, figure = texts[-2], min(texts[:6], key=lambda one: one.get_position()[0])
        style = palette.TITLE._replace(size_pt=said.get_fontproperties().get_size_in_points())
        right_mm = said.get_position()[0] + width_mm(said.get_text(), style)
    share = style.size_pt / palette.TITLE.size_pt
    assert {"full": share == 1.0, "less": LEAST_SHARE < share < 1.0, "least": share == LEAST_SHARE}[size]
    assert (said.get_text() == title) is not cut
    assert said.get_text().endswith("…") is cut
    assert right_mm < figure.get_position()[0]
