"""Frames, sectors and goals: synthetic lines worked by hand, and the real line."""

from __future__ import annotations

from pathlib import Path

import geopandas
import numpy as np
import pytest
import shapely
from pyproj import Geod, Transformer

from sarhad.errors import InputFaults
from sarhad.io.line import place_on_line, read_line
from sarhad.model.line import Line, LinePart
from sarhad.model.plan import Budget
from sarhad.model.project import Candidates, Goals, Project, Settings, TerrainSource
from sarhad.planning.frame import frame_of, line_in, project_xy
from sarhad.planning.sector import (
    Sector,
    build_sector,
    goal_cells,
    locate,
    lonlat_of_cells,
    sectors,
)

BORDER = Path(__file__).parents[2] / ".." / "shared" / "data" / "border" / "border_osm10m.geojson"
needs_border = pytest.mark.skipif(
    not BORDER.exists(), reason="the shared sample data are not beside the checkout"
)
SMALL = Settings(
    cell_m=200.0,
    band_home_m=6_000.0,
    band_beyond_m=4_000.0,
    stretch_m=2_000.0,
    sector_m=20_000.0,
    sector_margin_m=5_000.0,
)


def _part(part_id: str, points: list[tuple[float, float]], from_m: float = 0.0) -> LinePart:
    lon_deg, lat_deg = np.array(points, dtype=np.float64).T
    steps_m = Geod(ellps="WGS84").line_lengths(lon_deg, lat_deg)
    closed = points[0] == points[-1]
    return LinePart(part_id, lon_deg, lat_deg, from_m + np.concatenate([[0.0], np.cumsum(steps_m)]), closed)


def _project(line: Line, settings: Settings = SMALL, goals: Goals | None = None) -> Project:
    terrain = TerrainSource((Path("none.tif"),), "synthetic", "none", "none")
    return Project(
        folder=Path(),
        title="test",
        settings=settings,
        line=line,
        terrain=terrain,
        marks=(),
        districts=(),
        assets=(),
        teams=(),
        sites=(),
        candidates=Candidates(),
        barriers=(),
        goals=goals or Goals(),
        equipment={},
        offered=(),
        conditions=(),
        targets=(),
        budget=Budget(1.0),
    )


def _straight(home_side: str = "left", goals: Goals | None = None) -> Project:
    """A line of 70 km eastwards along 37 degrees north."""
    part = _part("0", [(70.0 + k * 0.01, 37.0) for k in range(80)])
    return _project(Line("straight", (part,), home_side, "drawn", 900.0), goals=goals)  # type: ignore[arg-type]


def test_frame_is_snapped_and_true_to_scale() -> None:
    frame = frame_of(_straight())
    assert "+proj=laea" in frame.grid.crs
    assert frame.grid.left_m % 10_800 == frame.grid.top_m % 10_800 == 0
    assert frame.scale_error < 2e-5  # c^2 / 8 at 35 km is 4e-6, plus 0.05 degrees of rounding the centre


def test_scale_of_a_line_of_400_km_is_true_to_a_tenth_of_a_percent() -> None:
    part = _part("0", [(70.0, 35.0 + k * 0.05) for k in range(73)])
    assert 380_000 < part.to_m < 420_000
    frame = frame_of(_project(Line("long", (part,), "left", "drawn", 5_500.0)))
    assert 1e-4 < frame.scale_error < 2e-4
    line = line_in(frame.grid.crs, Line("long", (part,), "left", "drawn", 5_500.0))
    steps_m = np.hypot(np.diff(line.x_m), np.diff(line.y_m))
    assert steps_m / np.diff(line.chainage_m) == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize(
    ("crs", "words"),
    [
        ("EPSG:4326", "projected"),
        ("EPSG:999999", "known CRS"),
        ("EPSG:32618", "true to 1%"),
        ("EPSG:2263", "metres"),
    ],
)
def test_bad_frames_are_refused(crs: str, words: str) -> None:
    project = _straight()
    with pytest.raises(InputFaults, match=words):
        frame_of(_project(project.line, Settings(crs=crs)))


def test_cells_of_90_and_180_m_nest() -> None:
    line = _straight().line
    coarse, fine = (frame_of(_project(line, Settings(cell_m=c))).grid for c in (180.0, 90.0))
    assert (coarse.left_m - fine.left_m) % 180 == (coarse.top_m - fine.top_m) % 180 == 0


def test_sectors_own_every_stretch_once_and_windows_are_aligned() -> None:
    project = _straight()
    plans, frame = sectors(project), frame_of(project).grid
    stretches = project.line.stretches(project.settings.stretch_m)
    assert [k for plan in plans for k in plan.stretches] == [s.stretch_id for s in stretches]
    assert len(plans) == 4
    for plan in plans:
        assert plan.grid == frame.window(plan.row, plan.col, plan.grid.n_row, plan.grid.n_col)
        assert (plan.from_m, plan.to_m) == (
            stretches[plan.stretches[0]].from_m,
            stretches[plan.stretches[-1]].to_m,
        )
        ((low, high),) = plan.ranges_m
        assert low == max(0, plan.from_m - 5_000)
        assert high == min(project.line.length_m, plan.to_m + 5_000)


def test_a_straight_sector_by_hand() -> None:
    project = _straight()
    plan = sectors(project)[1]
    sector = build_sector(project, plan)
    # 17.6 km of its own, 5 km margins, caps of at most 6 km; 6 km home and 4 km beyond
    width_m, height_m = plan.grid.n_col * 200, plan.grid.n_row * 200
    assert 10_000 <= height_m <= 13_000
    assert plan.to_m - plan.from_m + 10_000 <= width_m <= plan.to_m - plan.from_m + 25_000
    lon_deg, lat_deg = lonlat_of_cells(sector.grid, np.arange(sector.grid.n_cell))
    assert np.array_equal(sector.home.ravel(), lat_deg >= 37.0)
    chainage_m, offset_m = place_on_line(project.line, lon_deg, lat_deg)
    assert sector.offset_m.ravel() == pytest.approx(offset_m, abs=2)
    assert sector.chainage_m.ravel() == pytest.approx(chainage_m, abs=20)
    middle = sector.in_band & (sector.chainage_m > plan.from_m) & (sector.chainage_m < plan.to_m)
    assert sector.offset_m[middle].max() == pytest.approx(6_000, abs=200)
    assert sector.offset_m[middle].min() == pytest.approx(-4_000, abs=200)
    assert np.array_equal(sector.owned, plan.stretches)
    assert sector.chainage_span_m == plan.ranges_m[0]


def test_line_cells_follow_the_definition() -> None:
    """A home cell in the band with an outer 8-neighbour in the band, and no other."""
    project = _straight()
    sector = build_sector(project, sectors(project)[0])
    stretches = project.line.stretches(2_000.0)
    for row in range(1, sector.grid.n_row - 1):
        for col in range(1, sector.grid.n_col - 1):
            around = np.s_[row - 1 : row + 2, col - 1 : col + 2]
            outer_near = bool(np.any(sector.in_band[around] & sector.outer[around]))
            is_line = bool(sector.in_band[row, col] and sector.home[row, col]) and outer_near
            assert (sector.stretch[row, col] >= 0) == is_line
            if is_line:
                own = stretches[sector.stretch[row, col]]
                assert own.from_m <= sector.chainage_m[row, col] <= own.to_m


def test_home_on_the_right_is_the_mirror() -> None:
    left, right = (_straight(side) for side in ("left", "right"))
    plan = sectors(left)[0]
    one, two = build_sector(left, plan), build_sector(right, plan)
    assert np.array_equal(one.offset_m, -two.offset_m)
    near = (np.abs(one.offset_m) <= 4_000) & (one.chainage_m < plan.to_m)
    assert np.array_equal(one.in_band[near], two.in_band[near])


def test_there_is_no_band_past_the_ends() -> None:
    project = _straight()
    sector = build_sector(project, sectors(project)[0])
    lon_deg, _ = lonlat_of_cells(sector.grid, np.flatnonzero(sector.in_band))
    assert lon_deg.min() > 69.99


def test_places_go_to_cells_and_back() -> None:
    project = _straight()
    grid = sectors(project)[0].grid
    cells = np.array([0, 17, grid.n_cell - 1])
    row, col = locate(grid, *lonlat_of_cells(grid, cells))
    assert np.array_equal(row * grid.n_col + col, cells)
    assert [x.tolist() for x in locate(grid, np.array([60.0]), np.array([37.0]))] == [[-1], [-1]]
    assert locate(grid, np.array([]), np.array([]))[0].shape == (0,)
    with pytest.raises(InputFaults, match="within the reach"):
        locate(grid, np.array([np.inf]), np.array([37.0]))
    with pytest.raises(InputFaults, match="flat cells"):
        lonlat_of_cells(grid, np.array([grid.n_cell]))


def test_parts_that_meet_are_one_run_to_the_margins_and_the_side() -> None:
    points = [(70.0 + k * 0.01, 37.0 + 0.05 * (k > 40)) for k in range(80)]
    whole = _part("0", points)
    first = _part("a", points[:41])
    second = _part("b", points[40:], first.to_m)
    one = _project(Line("one", (whole,), "left", "drawn", 900.0))
    two = _project(Line("two", (first, second), "left", "drawn", 900.0))
    plan = sectors(two)[1]
    assert plan.ranges_m[0][1] == pytest.approx(plan.to_m + 5_000)
    assert build_sector(one, plan).offset_m == pytest.approx(build_sector(two, plan).offset_m, abs=1e-6)
    assert {p.part_id for p in sectors(two)} == {"a", "b"}


def test_a_ring_wraps_and_home_is_inside() -> None:
    angle = np.linspace(0, 2 * np.pi, 181)
    points = [(70 + 0.2 * np.cos(a), 38 + 0.15 * np.sin(a)) for a in angle[:-1]]
    part = _part("ring", [*points, points[0]], 500.0)
    project = _project(Line("ring", (part,), "left", "drawn", 600.0))
    plans = sectors(project)
    assert len(plans) > 2
    assert len(plans[0].ranges_m) == len(plans[-1].ranges_m) == 2
    assert all(len(plan.ranges_m) == 1 for plan in plans[1:-1])
    sector = build_sector(project, plans[0])
    lon_deg, lat_deg = lonlat_of_cells(sector.grid, np.arange(sector.grid.n_cell))
    inside = shapely.contains_xy(shapely.Polygon(points), lon_deg, lat_deg)
    assert np.mean(inside != sector.home.ravel()) < 2e-3  # cells cut by the ring's short chords
    east = sector.in_band & (sector.chainage_m > part.to_m - 4_000)
    assert east.any()


def test_a_fold_keeps_the_right_side() -> None:
    """Home between two limbs 3 km apart, as a hairpin: beyond the other limb it is not home."""
    hairpin = [(70.0 + k * 0.01, 37.0) for k in range(40)] + [(70.4 - k * 0.01, 37.027) for k in range(1, 40)]
    project = _project(Line("fold", (_part("0", hairpin),), "left", "drawn", 900.0))
    sector = build_sector(project, sectors(project)[0])
    lon_deg, lat_deg = lonlat_of_cells(sector.grid, np.arange(sector.grid.n_cell))
    away = sector.in_band.ravel() & (lon_deg > 70.02) & (lon_deg < 70.3)
    between = (lat_deg > 37.0) & (lat_deg < 37.027)
    assert np.array_equal(sector.home.ravel()[away], between[away])


def test_stretches_that_no_cell_is_nearest_to_get_one_all_the_same() -> None:
    """A spike 40 m wide and 2 km long holds no centre of a 200 m cell; its stretches still get cells."""
    spike = [(70.0, 37.0), (70.1, 37.0), (70.1, 37.02), (70.1003, 37.02), (70.1003, 37.0), (70.2, 37.0)]
    small = Settings(
        cell_m=200.0, stretch_m=400.0, sector_m=30_000.0, band_home_m=5_000.0, sector_margin_m=2_000.0
    )
    project = _project(Line("spike", (_part("0", spike),), "right", "drawn", 900.0), small)
    for plan in sectors(project):
        assert np.isin(plan.stretches, build_sector(project, plan).stretch).all()


def test_goals_by_depth_and_by_place() -> None:
    project = _straight()
    plan = sectors(project)[0]
    sector = build_sector(project, plan)
    goal = goal_cells(project, sector, 3_000.0)
    assert np.array_equal(goal, sector.in_band & (sector.offset_m >= 3_000))
    with pytest.raises(InputFaults, match="between 0 and band_home_m"):
        goal_cells(project, sector, 6_000.0)
    road = np.array([[70.02, 37.02], [70.1, 37.02]])
    town = np.array([[70.15, 37.03]])
    across = np.array([[70.1, 36.98]])
    placed = _straight(goals=Goals("layer", (road, town, across)))
    goal = goal_cells(placed, sector, 3_000.0)
    row, col = locate(sector.grid, np.array([70.15, 70.02, 70.1]), np.array([37.03, 37.02, 36.98]))
    assert goal[row, col].tolist() == [True, True, False]
    assert goal.sum() == pytest.approx(7_100 / 200, abs=4)
    assert not goal_cells(_straight(goals=Goals("layer")), sector, 3_000.0).any()


def _tajikistan() -> shapely.Polygon:
    """Chain the open runs of the four Tajik border lines into one ring, then add or cut the exclaves."""
    borders = geopandas.read_file(BORDER)
    runs = [np.array(shape.coords) for shape in borders.geometry if not shape.is_closed]
    ring = runs.pop(0)
    while runs:
        ends = [
            (float(np.hypot(*(ring[-1] - run[end]))), k, end) for k, run in enumerate(runs) for end in (0, -1)
        ]
        _, k, end = min(ends)
        run = runs.pop(k)
        ring = np.concatenate([ring, run if end == 0 else run[::-1]])
    land = shapely.Polygon(ring)
    for shape in borders.geometry[borders.geometry.is_closed]:
        island = shapely.Polygon(shape)
        land = land.difference(island) if land.contains(island) else land.union(island)
    return land


@needs_border
@pytest.mark.parametrize(("cell_m", "every"), [(180.0, 2), (90.0, 13)])
def test_the_real_line(tmp_path: Path, cell_m: float, every: int) -> None:
    """Every stretch has line cells, and the side is that of the polygon closed from all Tajik borders.

    Only cells nearer to another border than to this one may lie across it.
    """
    borders = geopandas.read_file(BORDER)
    borders[borders.pair == "TJK-AFG"].to_file(tmp_path / "line.gpkg", engine="pyogrio")
    line = read_line(tmp_path / "line.gpkg", line_id="TJK-AFG", home_side="left")
    project = _project(line, Settings(cell_m=cell_m))
    plans = sectors(project)
    to_frame = Transformer.from_crs("EPSG:4326", plans[0].grid.crs, always_xy=True).transform
    land, others = (
        shapely.transform(shapely.segmentize(shape, 0.003), to_frame, interleaved=False)
        for shape in (
            _tajikistan(),
            shapely.union_all(borders.geometry[borders.pair != "TJK-AFG"].to_numpy()),
        )
    )
    shapely.prepare(land)
    shapely.prepare(others)
    for plan in plans[::every]:
        sector = build_sector(project, plan)
        assert np.isin(plan.stretches, sector.stretch).all()
        assert _n_wrong(sector, land, others) == 0


def _n_wrong(sector: Sector, land: shapely.Polygon, others: shapely.Geometry) -> int:
    """Count cells in the band on the wrong side, but for those nearer to other borders."""
    row, col = np.nonzero(sector.in_band)
    x_m, y_m = sector.grid.centre_m(row.astype(np.float64), col.astype(np.float64))
    wrong = shapely.contains_xy(land, x_m, y_m) != sector.home[row, col]
    if not wrong.any():
        return 0
    other_m = shapely.distance(others, shapely.points(x_m[wrong], y_m[wrong]))
    return int(np.sum(other_m > np.abs(sector.offset_m[row, col][wrong])))


def test_project_xy_keeps_empty_arrays() -> None:
    crs = frame_of(_straight()).grid.crs
    assert [x.shape for x in project_xy(crs, np.array([]), np.array([]))] == [(0,), (0,)]
