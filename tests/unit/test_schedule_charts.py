"""Charts of the schedule: what rows say, pages without overlaps, same bytes, colours all can tell apart."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import combinations, pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from sarhad.errors import InputFaults
from sarhad.interfaces.forecast_files import fan_of
from sarhad.interfaces.report import fan_chart, gantt, sheet, time_axis
from sarhad.interfaces.report.sheet import Box
from sarhad.interfaces.report.time_axis import TimeAxis
from sarhad.io.activities import read_activities
from sarhad.model.asset import Asset, AtPoint
from sarhad.model.programme import CHAIN, Move, Programme, ProgrammeItem, Progress
from sarhad.model.schedule import Closure, ScheduleBasis
from sarhad.planning.forecast import Forecast
from sarhad.planning.schedule import network_of
from sarhad.planning.schedule_risk import assess

START = date(2026, 11, 22)
BASIS = ScheduleBasis(read_activities(), (Closure("winter", (11, 1), (4, 15), ("install",)),))


def progress(k: int, reach: int) -> Progress:
    item_id = f"thermal-camera-of-a-long-name-{k:02d}"
    item = ProgrammeItem(
        item_id, "thermal_long", 3, f"Donor with a long name {k % 4}", "Recipient", producer="P",
        asset=Asset(item_id, "thermal_long", AtPoint(70, 38), n=3),
        needed_by=START + timedelta(days=100 * k) if k % 3 else None,
    )  # fmt: skip
    first = datetime(2026, 11, 1, tzinfo=UTC) - timedelta(days=40 * reach)
    moves = tuple(
        Move(first + timedelta(days=40 * n), CHAIN[n + 1], None, 3, (), f"{k}.{n}") for n in range(reach)
    )
    return Progress(item, at={CHAIN[reach]: 3} if reach else {}, moves=moves)


def programme(n: int) -> Programme:
    found = [progress(k, k % len(CHAIN)) for k in range(n)]
    return Programme({one.item.item_id: one for one in found})


def judged(whole: Programme, n_draws: int = 200):
    kinds = {"thermal_long": "thermal_camera"}
    return assess(network_of(whole, BASIS, start=START, kind_of=kinds), n_draws=n_draws, seed=0)


@pytest.fixture
def page(monkeypatch):
    """Keep the page that is saved."""
    kept: list[sheet.Sheet] = []
    for module in (gantt, fan_chart):
        monkeypatch.setattr(module, "save", lambda drawn, paths, title: kept.append(drawn))
    return kept


def texts_on(drawn: sheet.Sheet) -> list[tuple[str, tuple[float, float, float, float]]]:
    """Words and extents in pixels of all that is written."""
    renderer = FigureCanvasAgg(drawn.figure).get_renderer()
    found = [(text.get_text(), text.get_window_extent(renderer).extents) for text in drawn.axes.texts]
    return [(words, tuple(box)) for words, box in found if words.strip()]


def overlapping(found: list[tuple[str, tuple[float, float, float, float]]]) -> list[tuple[str, str]]:
    return [
        (one, other)
        for (one, a), (other, b) in combinations(found, 2)
        if min(a[2], b[2]) - max(a[0], b[0]) > 1.0 and min(a[3], b[3]) - max(a[1], b[1]) > 1.0
    ]


def test_rows_say_what_happened_and_what_is_foreseen():
    whole = programme(11)
    risk = judged(whole)
    rows = {row.item_id: row for row in gantt.gantt_rows(whole, risk)}
    assert len(rows) == 10  # the one that is only needed has no row
    under_way = rows["thermal-camera-of-a-long-name-03"]  # contracted
    facts = [bar for bar in under_way.bars if bar.is_fact]
    assert [bar.phase for bar in facts] == ["decide", "decide", "make"]
    assert facts[-1].to_days == 0.0
    foreseen = [bar for bar in under_way.bars if not bar.is_fact]
    assert [bar.phase for bar in foreseen] == ["make", *["move"] * 3, *["use"] * 3]
    assert foreseen[0].from_days == 0.0
    assert all(a.to_days == b.from_days for a, b in pairwise(foreseen))
    assert foreseen[-1].to_days == under_way.p50_days <= under_way.p80_days
    assert np.isnan(under_way.p_in_time)
    assert 0 <= rows["thermal-camera-of-a-long-name-04"].p_in_time <= 1
    done = rows["thermal-camera-of-a-long-name-10"]
    assert done.p80_days < 0
    assert all(bar.is_fact for bar in done.bars)
    assert done.closed == ()
    assert under_way.closed[0] == (-21.0, (date(2027, 4, 15) - START).days)


@pytest.mark.parametrize("n", [3, 55])
def test_nothing_written_on_the_gantt_chart_overlaps_or_leaves_the_page(page, n):
    whole = programme(n)
    gantt.draw_gantt(whole, judged(whole), [Path("x.png")], title="A programme with a long title " * 3)
    found = texts_on(page[0])
    assert not overlapping(found)
    width, height = page[0].figure.canvas.get_width_height()
    assert all(a >= 0 and b >= 0 and c <= width and d <= height for _, (a, b, c, d) in found)
    assert {"P50", "P80", "today", "critical"} <= {words for words, _ in found}


def test_an_overlap_would_be_found(page):
    whole = programme(3)
    gantt.draw_gantt(whole, judged(whole), [Path("x.png")], title="T")
    drawn = page[0]
    words = drawn.axes.texts[0]
    drawn.axes.text(*words.get_position(), words.get_text(), fontproperties=words.get_fontproperties())
    assert overlapping(texts_on(drawn))


def test_the_most_critical_are_shown_where_there_are_too_many(page):
    whole = programme(30)
    risk = judged(whole)
    gantt.draw_gantt(whole, risk, [Path("x.png")], title="T", n_rows=5)
    rows = sorted(gantt.gantt_rows(whole, risk), key=lambda row: -row.criticality)
    written = " ".join(words for words, _ in texts_on(page[0]))
    assert rows[0].label[:20] in written
    assert f"least critical: {len(rows) - 5}" in written


def test_charts_are_the_same_bytes_again(tmp_path):
    whole = programme(4)
    risk = judged(whole)
    paths = [tmp_path / "a.png", tmp_path / "b.png"]
    for path in paths:
        gantt.draw_gantt(whole, risk, [path], title="T")
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_what_cannot_be_drawn_is_refused():
    whole = programme(4)
    with pytest.raises(InputFaults, match="png"):
        gantt.draw_gantt(whole, judged(whole), [Path("x.gif")], title="T")
    with pytest.raises(InputFaults, match="n_rows"):
        gantt.draw_gantt(whole, judged(whole), [Path("x.png")], title="T", n_rows=0)
    with pytest.raises(InputFaults, match="at least one item"):
        gantt.gantt_rows(Programme({}), judged(whole))


def luminance(colour: str) -> float:
    value = np.array([int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)])
    linear = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def test_phases_go_from_dark_to_light():
    light = [luminance(gantt.PHASE_COLOUR[name]) for name in ("decide", "make", "move", "use")]
    assert all(b / a > 1.2 for a, b in pairwise(light))  # each reads apart in grey print
    assert all(luminance(gantt.pale(c)) > luminance(c) for c in gantt.PHASE_COLOUR.values())


def test_an_axis_holds_whole_quarters():
    axis = TimeAxis.over(Box(10, 0, 100, 50), START, -30.0, 400.0)
    quarters = [day for day, _ in axis.quarters()]
    assert quarters[0] == date(2026, 10, 1)
    assert quarters[1:3] == [date(2027, 1, 1), date(2027, 4, 1)]
    assert quarters[-1] == date(2028, 4, 1)
    assert axis.x_mm(axis.from_days) == 10
    assert axis.x_mm(axis.to_days + 99) == 110
    assert time_axis.TimeAxis(Box(0, 0, 100, 1), START, 0.0, 200.0).x_mm(50.0) == 25.0


def fan(n: int = 9) -> pd.DataFrame:
    p50 = np.linspace(400, 1100, n)
    return pd.DataFrame(
        {
            "day": [START + timedelta(days=91 * k) for k in range(n)],
            "p10_km": p50 - np.linspace(0, 90, n),
            "p50_km": p50,
            "p90_km": p50 + np.linspace(0, 60, n),
            "promised_km": np.minimum(p50 + 100, 1100),
        }
    )


@pytest.mark.parametrize("promised", [True, False])
def test_nothing_written_on_the_fan_chart_overlaps(page, promised):
    table = fan() if promised else fan().drop(columns="promised_km")
    fan_chart.draw_fan_chart(
        table, [Path("x.png")], title="T", length_km=1363.0, n_draws=10_000, measure="Of walkers."
    )
    found = texts_on(page[0])
    assert not overlapping(found)
    written = {words for words, _ in found}
    assert {"P10", "P50", "P90", "1,100 km", "1,010 – 1,160 km"} <= written
    assert ("as promised" in written) == promised


@pytest.mark.parametrize(
    ("change", "column"),
    [
        ({"p10_km": 500.0}, "p50_km"),
        ({"p90_km": 2000.0}, "p50_km"),
        ({"day": START}, "day"),
    ],
)
def test_a_fan_that_makes_no_sense_is_refused(change, column):
    table = fan()
    for name, value in change.items():
        table.loc[1, name] = value
    with pytest.raises(InputFaults) as caught:
        fan_chart.draw_fan_chart(table, [Path("x.png")], title="T", length_km=1363.0, n_draws=10, measure="")
    assert {fault.column for fault in caught.value.faults} == {column}


def test_a_fan_needs_its_columns():
    with pytest.raises(InputFaults, match="p90_km"):
        fan_chart.draw_fan_chart(
            fan().drop(columns="p90_km"), [Path("x.png")], title="T", length_km=1.0, n_draws=1, measure=""
        )


@pytest.mark.parametrize(("start", "n_ahead"), [(date(2027, 3, 1), 3), (date(2027, 3, 31), 2)])
def test_what_was_promised_stands_at_its_own_quarters(start, n_ahead):
    ends = (date(2027, 3, 31), date(2027, 6, 30), date(2027, 9, 30))
    km = {f"protected_km_{name}": [10.0, 20.0, 30.0] for name in ("p10", "p50", "p90")}
    nothing = pd.DataFrame()
    found = Forecast(
        start, ends, 100.0, "real", nothing, nothing, pd.DataFrame({"quarter": ends, **km}), nothing,
        standing_km=10.0, gained_km_days=(0.0, 0.0, 0.0), gained_km_days_mean=0.0, late=(),
    )  # fmt: skip
    table = fan_of(found, np.array([11.0, 22.0, 33.0]))
    assert table["day"].tolist() == [start, *ends[-n_ahead:]]
    assert table["promised_km"].tolist() == [10.0, *[11.0, 22.0, 33.0][-n_ahead:]]
    assert "promised_km" not in fan_of(found, None)
