"""Signed offsets and drawn lines against their slow definitions."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from numpy.typing import NDArray

from sarhad.errors import InputFaults
from sarhad.kernels.linear import Polyline, Window, rasterise_4, rasterise_8, signed_offset, steps_of

F64 = NDArray[np.float64]


def _line(*runs: list[tuple[float, float]]) -> Polyline:
    x_m, y_m = np.array([point for run in runs for point in run], dtype=np.float64).T
    ptr = np.concatenate([[0], np.cumsum([len(run) for run in runs])]).astype(np.int64)
    closed = np.array([run[0] == run[-1] for run in runs])
    return Polyline(x_m, y_m, np.arange(len(x_m)) * 10.0, ptr, closed)


def _centres(window: Window) -> tuple[F64, F64]:
    x_m = window.left_m + (np.arange(window.n_col) + 0.5) * window.cell_m
    y_m = window.top_m - (np.arange(window.n_row) + 0.5) * window.cell_m
    grid_x, grid_y = np.meshgrid(x_m, y_m)
    return grid_x, grid_y


def _slow(window: Window, line: Polyline) -> tuple[F64, F64]:
    """Distance and chainage by measuring every cell from every step."""
    x_m, y_m = _centres(window)
    best_m, chainage_m = np.full(x_m.shape, np.inf), np.zeros(x_m.shape)
    for start, end in zip(line.ptr[:-1], line.ptr[1:], strict=True):
        for a in range(start, end - 1):
            dx, dy = line.x_m[a + 1] - line.x_m[a], line.y_m[a + 1] - line.y_m[a]
            share = np.clip(((x_m - line.x_m[a]) * dx + (y_m - line.y_m[a]) * dy) / (dx**2 + dy**2), 0, 1)
            d_m = np.hypot(x_m - line.x_m[a] - share * dx, y_m - line.y_m[a] - share * dy)
            nearer = d_m < best_m
            best_m = np.where(nearer, d_m, best_m)
            at_m = line.chainage_m[a] + share * (line.chainage_m[a + 1] - line.chainage_m[a])
            chainage_m = np.where(nearer, at_m, chainage_m)
    return best_m, chainage_m


def test_agrees_with_the_slow_definition_over_several_blocks() -> None:
    rng = np.random.default_rng(1)
    x_m = np.cumsum(rng.uniform(5, 60, 200))
    y_m = np.cumsum(rng.normal(0, 30, 200))
    line = Polyline(x_m, y_m, np.cumsum(rng.uniform(1, 2, 200)), np.array([0, 120, 200]), np.zeros(2, bool))
    window = Window(-1_000.0, 2_500.0, 37.0, 150, 260)
    found = signed_offset(window, line, home_is_left=True)
    distance_m, chainage_m = _slow(window, line)
    assert np.allclose(np.abs(found.offset_m), distance_m, rtol=0, atol=1e-8)
    assert np.mean(np.abs(found.chainage_m - chainage_m) < 1e-6) > 0.999  # the rest are ties


def test_side_of_a_graph_is_above_and_below() -> None:
    """Of a line that runs east as the graph of a function, home on the left is exactly what lies above."""
    rng = np.random.default_rng(2)
    x_m = np.concatenate([[-1e5], np.sort(rng.uniform(0, 5_000, 80)), [1e5]])
    y_m = np.concatenate([[0.0], rng.uniform(-900, 900, 80), [0.0]])
    line = Polyline(x_m, y_m, np.arange(82.0), np.array([0, 82]), np.zeros(1, bool))
    window = Window(0.0, 1_500.0, 25.0, 120, 200)
    grid_x, grid_y = _centres(window)
    above = grid_y >= np.interp(grid_x, x_m, y_m)
    found = signed_offset(window, line, home_is_left=True)
    assert np.array_equal(found.offset_m >= 0, above)
    right = signed_offset(window, line, home_is_left=False)
    assert np.array_equal(right.offset_m[right.offset_m != 0], -found.offset_m[found.offset_m != 0])
    assert not found.past_end.any()


def test_side_of_rings_is_inside_and_outside() -> None:
    star = [
        (np.cos(a) * r, np.sin(a) * r)
        for a, r in zip(np.arange(24) * np.pi / 12, [900, 250] * 12, strict=True)
    ]
    island = [(1_500.0, 0.0), (1_900.0, 0.0), (1_700.0, 400.0)]
    line = _line([*star, star[0]], [*island, island[0]])
    window = Window(-1_200.0, 1_200.0, 20.0, 120, 170)
    shape = shapely.union(shapely.Polygon(star), shapely.Polygon(island))
    found = signed_offset(window, line, home_is_left=True)
    assert np.array_equal(found.offset_m > 0, shapely.contains_xy(shape, *_centres(window)))
    assert not found.past_end.any()


def test_past_the_ends_of_an_open_run() -> None:
    found = signed_offset(Window(-30.0, 20.0, 10.0, 4, 16), _line([(0, 0), (100, 0)]), home_is_left=True)
    x_m, _ = _centres(Window(-30.0, 20.0, 10.0, 4, 16))
    assert np.array_equal(found.past_end, (x_m < 0) | (x_m > 100))
    assert np.array_equal(found.offset_m[0] > 0, np.ones(16, bool))


def test_cells_on_the_line_and_a_spike_straight_back_are_home_or_sound() -> None:
    window = Window(0.0, 20.0, 10.0, 2, 4)
    on_line = signed_offset(window, _line([(0, 15), (40, 15)]), home_is_left=False)
    assert np.array_equal(on_line.offset_m[0], np.zeros(4))
    assert np.all(on_line.offset_m[1] == 10)
    spike = signed_offset(window, _line([(0, 12), (20, 12), (0, 12)]), home_is_left=True)
    assert np.isfinite(spike.offset_m).all()


def test_steps_of_open_and_closed_runs() -> None:
    steps = steps_of(np.array([0, 3, 7]), np.array([False, True]))
    assert steps.first.tolist() == [0, 1, 3, 4, 5]
    assert steps.before.tolist() == [-1, 0, 4, 2, 3]
    assert steps.after.tolist() == [1, -1, 3, 4, 2]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"x_m": np.array([0.0, np.nan])}, "finite coordinates"),
        ({"x_m": np.array([0.0, 0.0]), "y_m": np.array([1.0, 1.0])}, "steps longer than 0"),
        ({"ptr": np.array([0, 1])}, "bounds from 0 to 2"),
        ({"closed": np.array([], dtype=bool)}, "one value a run"),
        ({"chainage_m": np.array([0.0])}, "different lengths"),
    ],
)
def test_bad_lines_are_refused(change: dict[str, F64], words: str) -> None:
    line = _line([(0, 0), (10, 0)])._replace(**change)  # type: ignore[arg-type]
    with pytest.raises(InputFaults, match=words):
        signed_offset(Window(0.0, 10.0, 1.0, 5, 5), line, home_is_left=True)


def test_drawn_cells_by_hand() -> None:
    """From the middle of (2, 0) to the middle of (0, 3): four cells in 8-, six in 4-connection."""
    window, ptr = Window(0.0, 3.0, 1.0, 3, 5), np.array([0, 2])
    x_m, y_m = np.array([0.5, 3.5]), np.array([0.5, 2.5])
    thin, thick = rasterise_8(window, x_m, y_m, ptr), rasterise_4(window, x_m, y_m, ptr)
    assert thin.sum() == 4
    assert np.argwhere(thick).tolist() == [[0, 2], [0, 3], [1, 1], [1, 2], [2, 0], [2, 1]]
    assert np.all(thick | ~thin)


def test_corners_points_and_outside() -> None:
    window = Window(0.0, 4.0, 1.0, 4, 4)
    through_corners = rasterise_4(window, np.array([0.0, 4.0]), np.array([4.0, 0.0]), np.array([0, 2]))
    assert through_corners.sum() == 7  # four cells on the diagonal, and one beside it at each corner passed
    point = rasterise_4(window, np.array([2.5]), np.array([0.5]), np.array([0, 1]))
    assert np.argwhere(point).tolist() == [[3, 2]]
    away = rasterise_8(window, np.array([-9.0, -5.0]), np.array([9.0, 90.0]), np.array([0, 2]))
    assert not away.any()
    with pytest.raises(InputFaults, match="finite"):
        rasterise_4(window, np.array([np.inf]), np.array([0.5]), np.array([0, 1]))
