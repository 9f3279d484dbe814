"""Sheets of the report: colours that all can tell apart, ribbons by brute force, pages without overlaps."""

from __future__ import annotations

import dataclasses
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import geopandas as gpd
import matplotlib
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import RendererAgg

from sarhad.errors import InputFaults
from sarhad.interfaces.language import speaking
from sarhad.interfaces.report import facts, map_frame, map_sheet, palette, sheet, strip_chart
from sarhad.interfaces.report.hillshade import hillshade, relief_rgb
from sarhad.interfaces.report.labelling import Taken, spread, ways_around
from sarhad.interfaces.report.ribbon import PageLine, divide, ribbon
from sarhad.interfaces.report.symbols import GROUP_OF, GROUPS
from sarhad.interfaces.vocabulary import words
from sarhad.io.overview import read_overview
from sarhad.io.project import open_project
from sarhad.model.asset import AlongLine, Asset, AtPoint, OverBand
from sarhad.model.equipment import MOUNT
from sarhad.model.grid import Grid
from sarhad.model.line import Line, LinePart
from sarhad.model.plan import Plan, PlanItem
from sarhad.model.project import Project

PRINTED_DPI = sheet.DPI

# Machado, Oliveira and Fernandes 2009, severity 1.0: protanopia, deuteranopia, tritanopia, on linear RGB.
BLINDNESS = {
    "protan": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deutan": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.01182, 0.04294, 0.968881],
    ],
    "tritan": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.3039],
    ],
}


def linear(colour: str) -> np.ndarray:
    value = np.array([int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)])
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def lab(rgb: np.ndarray) -> np.ndarray:
    """CIE 1976 L*a*b* of linear sRGB under D65."""
    xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]) @ rgb
    t = xyz / np.array([0.9505, 1.0, 1.089])
    f = np.where(t > 216 / 24389, np.cbrt(t), (24389 / 27 * t + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def table_of(project: Project, lift: float, *, hole: int | None = None, band: float = 0.1) -> pd.DataFrame:
    stretches = project.line.stretches(project.settings.stretch_m)
    n = len(stretches)
    p = np.clip(0.4 + lift + 0.4 * np.sin(np.arange(n) * 1.7), 0.0, 0.95)
    if hole is not None:
        p[hole] = np.nan
    return pd.DataFrame(
        {
            "stretch_id": range(n),
            "chainage_from_m": [s.from_m for s in stretches],
            "chainage_to_m": [s.to_m for s in stretches],
            "length_m": [s.to_m - s.from_m for s in stretches],
            "p_timely": p,
            "p_detect": np.minimum(1.0, p * 1.2),
            "p_timely_1": np.clip(p - band, 0.0, 0.95),
            "p_timely_2": np.clip(p + band, 0.0, 0.95),
            "band_low": np.clip(p - band, 0.0, 0.95),
            "band_high": np.clip(p + band, 0.0, 0.95),
            "worst": p / 2,
            "binds": np.where(np.isnan(p), "", np.where(np.arange(n) % 3 == 0, "seen too late", "not seen")),
        }
    )


def holes_of(project: Project, n: int) -> gpd.GeoDataFrame:
    part = project.line.parts[0]
    at_m = np.linspace(part.from_m, part.to_m, n + 2)[1:-1]
    width_m = 200.0 + 100.0 * (np.arange(n) * 7 % 11)
    columns = {
        "target": ["walker"] * n,
        "condition": ["winter_fog"] * n,
        "chainage_m": at_m,
        "offset_m": np.zeros(n),
        "width_m": width_m,
        "chainage_from_m": at_m - width_m / 2,
        "chainage_to_m": at_m + width_m / 2,
    }
    return gpd.GeoDataFrame(columns, geometry=gpd.points_from_xy(*part.at(at_m)), crs="EPSG:4326")


def plan_of(project: Project) -> Plan:
    part = project.line.parts[0]
    places: list[Any] = [
        AtPoint(float(x), float(y) + 0.01) for x, y in zip(*part.at(np.array([8e3, 2e4])), strict=True)
    ]
    kinds = ["thermal_medium", "radar_medium", "seismic_line", "drone_small"]
    places += [AlongLine(22_000.0, 27_000.0, 200.0), OverBand(2_000.0, 12_000.0)]
    assets = [
        Asset(f"new-{k}", kind, place) for k, (kind, place) in enumerate(zip(kinds, places, strict=True))
    ]
    return Plan(tuple(PlanItem(k, a, "", 1e5, 4.0, 0.01) for k, a in enumerate(assets, 1)))


@pytest.fixture
def small(small_project_folder: Path) -> Project:
    return open_project(small_project_folder)


@pytest.fixture(autouse=True)
def _coarse_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw pictures with fewer dots, for speed; nothing else changes."""
    monkeypatch.setattr(sheet, "DPI", 50)
    monkeypatch.setattr(map_frame, "RELIEF_PER_MM", 2.0)


@pytest.fixture
def pages(monkeypatch: pytest.MonkeyPatch) -> list[sheet.Sheet]:
    """The pages that would have been written."""
    kept: list[sheet.Sheet] = []
    for module in (map_sheet, strip_chart):
        monkeypatch.setattr(module, "save", lambda page, paths, title: kept.append(page))
    return kept


def texts(page: sheet.Sheet) -> list[Any]:
    return [text for text in page.axes.texts if text.get_text().strip()]


def boxes(page: sheet.Sheet) -> list[tuple[str, shapely.Geometry]]:
    """What each text covers, in mm, as the page is printed: coarser dots would widen it."""
    with sheet.own_settings():
        renderer = RendererAgg(1, 1, PRINTED_DPI)
        extents = [(t.get_text(), t.get_window_extent(renderer, dpi=PRINTED_DPI)) for t in texts(page)]
    mm = 25.4 / PRINTED_DPI
    return [(name, shapely.box(e.x0 * mm, e.y0 * mm, e.x1 * mm, e.y1 * mm)) for name, e in extents]


def check_layout(page: sheet.Sheet) -> None:
    """No text leaves the page or covers another, and none is smaller than 6 points."""
    found = boxes(page)
    inside = shapely.box(5.0, 4.0, page.width_mm - 5.0, page.height_mm - 5.0)
    assert [name for name, box in found if not inside.contains(box)] == []
    clash = [
        (a, b)
        for (a, box_a), (b, box_b) in combinations(found, 2)
        if shapely.area(shapely.intersection(box_a, box_b)) > 0.35 * min(box_a.area, box_b.area)
    ]
    assert clash == []
    assert min(text.get_fontsize() for text in texts(page)) >= 6.0


def test_the_ramp_rises_in_lightness_by_even_steps() -> None:
    lightness = [lab(linear(colour))[0] for colour in palette.P_COLOURS]
    steps = np.diff(lightness)
    assert steps.min() > 10.0
    assert steps.max() < 2.0 * steps.min()


@pytest.mark.parametrize("kind", sorted(BLINDNESS))
def test_classes_and_symbols_stay_apart_for_the_colour_blind(kind: str) -> None:
    seen = [lab(np.clip(np.array(BLINDNESS[kind]) @ linear(c), 0, 1)) for c in palette.P_COLOURS]
    assert min(np.linalg.norm(a - b) for a, b in combinations(seen, 2)) > 10.0
    binds = [
        lab(np.clip(np.array(BLINDNESS[kind]) @ linear(c), 0, 1)) for c in (palette.LATE, palette.UNSEEN)
    ]
    assert np.linalg.norm(binds[0] - binds[1]) > 30.0


def test_ink_reads_on_every_tint_of_the_relief() -> None:
    height_m = np.random.default_rng(1).uniform(0, 6000, (40, 40)).astype(np.float32)
    darkest = relief_rgb(height_m, 500.0).reshape(-1, 3).min(axis=0) / 255
    assert darkest.min() > 0.3


def test_classes_hold_their_lower_bound() -> None:
    p = np.array([0.0, 0.0499, 0.05, 0.2, 0.7999, 0.8, 0.95, 1.0, np.nan])
    assert palette.p_class(p).tolist() == [0, 0, 1, 2, 4, 5, 5, 5, -1]
    assert palette.p_colour(float("nan")) == palette.NOT_CROSSABLE
    assert palette.class_label(5, 0.95) == "0.80 – 0.95"
    assert palette.class_label(0, 0.95) == "0.00 – 0.05"


def test_numbers_read_as_people_write_them() -> None:
    assert palette.money(23_412_000) == "US$ 23.4 M"
    assert palette.money(999_900) == "US$ 1.00 M"
    assert palette.money(950) == "US$ 950"
    assert palette.kilometres(1_363_265) == "1,363"
    assert palette.kilometres(99_949) == "99.9"
    assert palette.share(0.0361).replace("\u00a0", " ") == "3.6 %"
    assert palette.share(0.0).replace("\u00a0", " ") == "0 %"
    assert palette.round_down(49.9) == 20.0
    assert words("winter_night_clear") == "winter night clear"


def test_every_kind_of_equipment_has_a_symbol() -> None:
    assert set(GROUP_OF) == set(MOUNT)
    assert set(GROUP_OF.values()) == set(GROUPS)


@pytest.mark.parametrize("home_is_left", [True, False])
def test_a_ribbon_belongs_to_the_nearest_stretch(home_is_left: bool) -> None:
    along = np.linspace(0.0, 60.0, 400)
    xy = np.column_stack([along + 2.0 * np.sin(along / 2.5), 5.0 * np.sin(along / 4.0)])
    line = PageLine((xy,), (along * 1000.0,), home_is_left)
    starts_m = np.arange(0.0, 60_000.0, 2_500.0)
    pieces = ribbon(divide(line, starts_m, 4.0).far, line, 0.5, 2.5)
    shape = shapely.LineString(xy)
    rng = np.random.default_rng(7)
    points = rng.uniform(xy.min(axis=0) - 3, xy.max(axis=0) + 3, (1500, 2))
    n_checked = 0
    for point in points:
        here = shapely.Point(point)
        distance = shape.distance(here)
        vertex = int(np.argmin(np.hypot(*(xy - point).T)))
        if not 0.6 < distance < 2.4 or vertex in (0, 399):
            continue
        course = xy[vertex + 1] - xy[vertex - 1]
        aside = point - xy[vertex]
        is_left = course[0] * aside[1] - course[1] * aside[0] > 0
        owner = int(np.searchsorted(starts_m, along[vertex] * 1000.0, side="right")) - 1
        if min(abs(along[vertex] * 1000.0 - s) for s in starts_m) < 400.0:
            continue  # too near to a joint for vertices to tell
        holding = [k for k, piece in enumerate(pieces) if piece is not None and piece.contains(here)]
        assert holding == ([] if is_left == home_is_left else [owner])
        n_checked += 1
    assert n_checked > 150


def test_the_ribbon_goes_around_a_ring_and_leaves_its_inside_free() -> None:
    turn = np.linspace(0.0, 2 * np.pi, 200)
    xy = 20.0 * np.column_stack([np.cos(turn), np.sin(turn)])
    line = PageLine((xy,), (np.linspace(0.0, 120.0, 200),), True)
    pieces = ribbon(divide(line, np.array([0.0, 40.0, 80.0]), 4.0).far, line, 1.0, 3.0)
    areas = [shapely.area(piece) for piece in pieces]
    assert sum(areas) == pytest.approx(np.pi * (23.0**2 - 21.0**2), rel=0.02)
    assert max(areas) < 1.1 * min(areas)


def test_flat_ground_is_evenly_lit_and_slopes_to_the_north_west_are_lighter() -> None:
    row, col = np.mgrid[:30, :30].astype(np.float32)
    assert np.allclose(hillshade(np.full((30, 30), 100, np.float32), 90.0), np.sqrt(0.5))
    facing = hillshade((row + col) * 50, 90.0)[5:-5, 5:-5]  # rises to the south-east: faces north-west
    away = hillshade(-(row + col) * 50, 90.0)[5:-5, 5:-5]
    assert facing.min() > np.sqrt(0.5) > away.max()
    void = (row + col) * 50
    void[3, 4] = np.nan
    assert np.isnan(hillshade(void, 90.0)[3, 4])


def test_an_overview_is_the_raster_and_nothing_where_there_is_none(small: Project) -> None:
    import rasterio
    from rasterio.transform import Affine  # the raster's own frame, read the plain way

    with rasterio.open(small.terrain.paths[0]) as data:
        raw, transform = data.read(1), data.transform
    assert isinstance(transform, Affine)
    same = Grid("EPSG:32642", transform.c, transform.f, 200.0, 300, 500)
    assert np.allclose(read_overview(small.terrain.paths, same), raw, atol=0.01)
    beyond = Grid("EPSG:32642", transform.c - 2_000.0, transform.f, 200.0, 300, 100)
    found = read_overview(small.terrain.paths, beyond)
    assert np.isnan(found[:, :10]).all()
    assert not np.isnan(found[:, 10:]).any()
    nowhere = Grid("EPSG:32642", transform.c - 90_000.0, transform.f, 200.0, 5, 5)
    assert np.isnan(read_overview(small.terrain.paths, nowhere)).all()
    coarse = Grid("EPSG:32642", transform.c, transform.f, 2_000.0, 30, 50)
    blocks = raw.reshape(30, 10, 50, 10).mean(axis=(1, 3))
    inner = (slice(3, -3), slice(3, -3))
    assert np.abs(read_overview(small.terrain.paths, coarse)[inner] - blocks[inner]).max() < 15.0


def test_labels_cover_nothing(small: Project) -> None:
    taken = Taken(sheet.Box(0.0, 0.0, 60.0, 60.0), [shapely.box(28, 28, 32, 32)])
    placed = [
        taken.place((12.0, 4.0), ways_around(np.array([30.0, 30.0]), [4, 12, 20], np.array([0.0, 1.0])))
        for _ in range(12)
    ]
    found = [shapely.box(p.box.left, p.box.bottom, p.box.right, p.box.top) for p in placed if p is not None]
    assert len(found) > 3
    assert not any(a.intersects(b) for a, b in combinations([*found, taken.shapes[0]], 2))
    assert None in placed  # what has no room is left out


def test_paragraphs_break_within_their_width_and_end_in_an_ellipsis() -> None:
    words = "one two three four five six seven eight nine ten " * 4
    rows = sheet.wrapped(words.strip(), palette.BODY, 40.0, 10.0)
    assert " ".join(rows) == words.strip()
    assert sheet.width_mm(rows[0], palette.BODY) <= 30.0
    assert all(sheet.width_mm(row, palette.BODY) <= 40.0 for row in rows[1:])
    assert sheet.fitted("a long name of a place", palette.BODY, 15.0).endswith("…")
    page = sheet.new_sheet()
    sheet.write_paragraphs(page, [("Lead:", words)], palette.BODY, sheet.Box(0.0, 0.0, 40.0, 12.0))
    written = [text.get_text() for text in page.axes.texts]
    assert written[-1].endswith("…")


@pytest.mark.parametrize(("n_row", "cut"), [(2, False), (1, True)])
def test_what_ends_with_the_last_row_of_a_box_is_not_cut(n_row: int, cut: bool) -> None:
    page = sheet.new_sheet((100.0, 50.0))
    high_mm = sheet.line_height_mm(palette.BODY)
    room = sheet.Box(0.0, 0.0, 90.0, (n_row + 0.5) * high_mm)
    sheet.write_paragraphs(page, [("", "One."), ("", "Two.")], palette.BODY, room, gap_mm=0.0)
    assert [text.get_text() for text in page.axes.texts] == (["One …"] if cut else ["One.", "Two."])


@pytest.mark.parametrize(("n", "said"), [(0.0, "0"), (0.4, "1"), (216.4, "217"), (3 * 0.1 + 0.7, "1")])
def test_a_part_of_a_post_takes_a_whole_person(n: float, said: str) -> None:
    assert palette.people(n) == said


def test_the_map_sheet_says_what_its_numbers_are(small: Project, pages: list[sheet.Sheet]) -> None:
    before, after = table_of(small, 0.0, hole=2), table_of(small, 0.2, hole=2)
    map_sheet.draw_map_sheet(small, before, after, plan_of(small), holes_of(small, 15), [])
    check_layout(pages[0])
    said = " ".join(text.get_text() for text in texts(pages[0]))
    for phrase in (
        small.title,
        "Terrain: synthetic.",
        "(unaware)",
        "0.95",
        "3 km inside",
        "3 conditions",
        "mean step 527 m",
        "valley of sines",
        "Everything here is synthetic.",
        "West",
        "East",
        "Bridge",
        "winter fog: 15 holes",
        "US$ 400 k",
        "1 : 120,000",
    ):
        assert phrase in said
    mean = f"{facts.mean_p(before):.2f} → {facts.mean_p(after):.2f}"
    assert mean in said


@pytest.mark.parametrize("code", ["ru", "tg"])
def test_the_sheets_keep_their_layout_in_other_languages(
    small: Project, pages: list[sheet.Sheet], code: str
) -> None:
    before, after = table_of(small, 0.0, hole=2), table_of(small, 0.2, hole=2)
    with speaking(code):
        map_sheet.draw_map_sheet(small, before, after, plan_of(small), holes_of(small, 15), [])
        strip_chart.draw_strip_chart(small, before, after, holes_of(small, 15), [])
        assert facts.TEXT["year.lead"] in {text.get_text() for text in texts(pages[0])}
    for page in pages:
        check_layout(page)


def test_the_classes_add_up_to_the_line(small: Project) -> None:
    from sarhad.interfaces.report.map_blocks import class_m

    table = table_of(small, 0.1, hole=4)
    metres = class_m(table)
    assert sum(metres) == pytest.approx(small.line.length_m)
    assert metres[-1] == pytest.approx(table["length_m"][4])


def test_a_tall_line_has_its_text_beside_the_map(small: Project, pages: list[sheet.Sheet]) -> None:
    lat_deg = np.linspace(36.0, 38.6, 120)
    lon_deg = 69.0 + 0.1 * np.sin(lat_deg * 9)
    ring = np.linspace(0.0, 2 * np.pi, 60)
    parts = (
        LinePart("main", lon_deg, lat_deg, np.linspace(0.0, 3e5, 120)),
        LinePart(
            "exclave", 69.6 + 0.1 * np.cos(ring), 37 + 0.1 * np.sin(ring), np.linspace(3e5, 3.6e5, 60), True
        ),
    )
    tall = dataclasses.replace(
        small,
        line=Line("tall", parts, "right", "synthetic", 2500.0),
        settings=dataclasses.replace(small.settings, stretch_m=10_000.0),
        districts=(),
    )
    table = table_of(tall, 0.0)
    map_sheet.draw_map_sheet(tall, table, None, None, holes_of(tall, 0), [], adversary="optimal")
    check_layout(pages[0])
    said = {name: box for name, box in boxes(pages[0])}
    assert said["How to read it"].bounds[0] > 270.0
    assert "no hole found" in said


def test_the_strip_chart_shows_every_stretch_once(small: Project, pages: list[sheet.Sheet]) -> None:
    long = dataclasses.replace(
        small,
        line=dataclasses.replace(small.line, calibration=((0.0, 0.0), (42_144.0, 41_000.0))),
    )
    strip_chart.draw_strip_chart(
        long, table_of(long, 0.0, hole=3), table_of(long, 0.2, hole=3), holes_of(long, 12), []
    )
    check_layout(pages[0])
    said = [text.get_text() for text in texts(pages[0])]
    assert "official km" in said
    assert "Bridge" in said
    assert "cannot be crossed" in said


@pytest.mark.parametrize("worth", ["in_time", "reported"])
def test_observation_speaks_of_no_teams_and_of_nothing_too_late(
    small: Project, pages: list[sheet.Sheet], worth: Any
) -> None:
    watched = dataclasses.replace(small, settings=dataclasses.replace(small.settings, worth=worth))
    table = table_of(watched, 0.0)
    if worth == "reported":
        table["binds"] = "not seen"
    map_sheet.draw_map_sheet(watched, table, table, plan_of(watched), holes_of(watched, 2), [])
    strip_chart.draw_strip_chart(watched, table, table, holes_of(watched, 2), [])
    said = {text.get_text() for page in pages for text in texts(page)}
    only_in_time = {"response teams", "seen too late, with the plan", "binds: seen too late"}
    assert (said & only_in_time) == (only_in_time if worth == "in_time" else set())
    assert "binds: not seen" in said


@pytest.mark.parametrize(("length_km", "n_row"), [(3.0, 1), (349.0, 1), (351.0, 2), (1363.0, 4), (9000.0, 5)])
def test_rows_hold_the_whole_line_and_do_not_touch(small: Project, length_km: float, n_row: int) -> None:
    part = small.line.parts[0]
    chainage_m = part.chainage_m / part.chainage_m[-1] * length_km * 1000.0
    stretched = dataclasses.replace(part, chainage_m=chainage_m)
    rows, step_m = strip_chart.lay_rows(
        dataclasses.replace(small, line=dataclasses.replace(small.line, parts=(stretched,)))
    )
    assert len(rows) == n_row
    assert rows[0].from_m <= 0.0
    assert rows[-1].to_m >= length_km * 1000.0 - 1e-6
    for a, b in pairwise(rows):
        assert a.to_m == b.from_m
        assert a.holes.bottom - 4.5 > b.p.top
    assert rows[-1].holes.bottom > strip_chart.READING[0].top
    assert rows[0].p.height > 12.0
    assert 5 <= (rows[0].to_m - rows[0].from_m) / step_m <= 14


def test_the_same_input_gives_the_same_bytes_whatever_the_user_has_set(
    small: Project, tmp_path: Path
) -> None:
    before, after, holes = table_of(small, 0.0), table_of(small, 0.2), holes_of(small, 5)
    written = []
    for run in ("one", "two"):
        folder = tmp_path / run
        folder.mkdir()
        paths = [folder / "map.png", folder / "map.pdf"]
        map_sheet.draw_map_sheet(small, before, after, plan_of(small), holes, paths)
        strip_paths = [folder / "strip.pdf"]
        strip_chart.draw_strip_chart(small, before, after, holes, strip_paths)
        written.append([path.read_bytes() for path in (*paths, *strip_paths)])
        matplotlib.rcParams["font.size"] = 17.0  # a user's own settings must not matter
        matplotlib.rcParams["axes.facecolor"] = "red"
    matplotlib.rcdefaults()
    assert written[0] == written[1]
    assert written[0][0].startswith(b"\x89PNG")
    assert written[0][1].startswith(b"%PDF")
    assert b"CreationDate" not in written[0][1]
    assert sorted(p.name for p in (tmp_path / "one").iterdir()) == ["map.pdf", "map.png", "strip.pdf"]


def test_wrong_tables_and_paths_are_refused_before_anything_is_drawn(small: Project, tmp_path: Path) -> None:
    table, holes = table_of(small, 0.0), holes_of(small, 2)
    with pytest.raises(InputFaults, match="a name that ends in"):
        map_sheet.draw_map_sheet(small, table, None, None, holes, [tmp_path / "map.jpg"])
    with pytest.raises(InputFaults, match="no worst"):
        strip_chart.draw_strip_chart(small, table.drop(columns="worst"), None, holes, [])
    with pytest.raises(InputFaults, match="one row for each of 11 stretches"):
        map_sheet.draw_map_sheet(small, table.iloc[:5], None, None, holes, [])
    two = holes.assign(condition=["a", "b"])
    with pytest.raises(InputFaults, match="2 cases"):
        strip_chart.draw_strip_chart(small, table, None, two, [])


@given(st.lists(st.floats(0, 100), min_size=1, max_size=8), st.floats(0.5, 5))
def test_numbers_are_spread_no_further_than_they_must(at_mm, apart_mm):
    at = np.sort(np.array(at_mm))
    moved = spread(at, apart_mm)
    assert np.all(np.diff(moved) >= apart_mm - 1e-9)
    assert moved.mean() == pytest.approx(at.mean(), abs=1e-9)
    if np.all(np.diff(at) >= apart_mm):
        assert moved == pytest.approx(at, abs=1e-9)


def test_two_numbers_at_one_place_stand_beside_each_other():
    assert spread(np.array([5.0, 5.0, 50.0]), 4.0) == pytest.approx([3.0, 7.0, 50.0])
