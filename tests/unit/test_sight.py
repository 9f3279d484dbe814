"""Line of sight by hand, by a plain slope rule, at the horizon, at the edges; and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from sarhad.errors import InputFaults
from sarhad.kernels import sight_sweep
from sarhad.kernels.sight import (
    EARTH_RADIUS_M,
    Observers,
    line_of_sight_clearance_m,
    viewshed,
    visible_pairs,
)


def post(row, col, height_m=10.0, range_m=1e6, **more):
    return {
        "row": [row],
        "col": [col],
        "height_m": [height_m],
        "range_m": [range_m],
        **{name: [value] for name, value in more.items()},
    }


def rough(n_row, n_col, seed=0, void=0.0):
    """Smooth hills of 0 to about 300 m with sharp noise on top."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:n_row, :n_col]
    hills = sum(
        rng.uniform(10, 80)
        * np.sin(rng.uniform(0.02, 0.3) * x + rng.uniform(0.02, 0.3) * y + rng.uniform(0, 6))
        for _ in range(6)
    )
    dem_m = (hills + rng.normal(0, 8, (n_row, n_col))).astype(np.float32)
    dem_m[rng.random(dem_m.shape) < void] = np.nan
    return dem_m


def definition_m(dem_m, row, col, height_m, target_m, *, cell_m=30.0, curvature=0.85714):
    """Clearances of all cells, one by one."""
    n_row, n_col = dem_m.shape
    out = np.empty(dem_m.shape)
    for r in range(n_row):
        for c in range(n_col):
            out[r, c] = line_of_sight_clearance_m(
                dem_m, (row, col), (r, c), height_m, target_m, cell_m, curvature
            )
    return out


class TestByHand:
    def test_a_wall_throws_a_shadow(self):
        dem_m = np.zeros((1, 7), dtype=np.float32)
        dem_m[0, 2] = 10.0
        seen = viewshed(dem_m, post(0, 0, 5.0), cell_m=10.0, target_m=2.0, curvature=0.0)
        # eye at 5 m, wall 20 m away and 5 m above the eye: the grazing line climbs 0.25 m a metre
        assert seen.mask(0).tolist() == [[True, True, True, False, False, False, False]]
        np.testing.assert_allclose(seen.clearance_m(0)[0, 3:], [2 - 12.5, 2 - 15, 2 - 17.5, 2 - 20])
        np.testing.assert_allclose(seen.minimum_visible_height_m(0)[0], [0, 0, 0, 12.5, 15, 17.5, 20])

    def test_over_the_wall_from_above(self):
        dem_m = np.zeros((5, 1), dtype=np.float32)
        dem_m[1] = 10.0
        seen = viewshed(dem_m, post(0, 0, 20.0), cell_m=10.0, target_m=0.0, curvature=0.0)
        # from 20 m over the wall's 10 m the line meets the ground at 20 m and runs 10 m below it at 30 m;
        # at 40 m the line over the ground at 30 m is the higher one, at 20 - 40 * 20 / 30 m
        assert seen.mask(0)[:, 0].tolist() == [True, True, True, True, True]
        np.testing.assert_allclose(seen.clearance_m(0)[2:, 0], [0, 10, 20 / 3], rtol=1e-6)

    @pytest.mark.parametrize("turned", [False, True])
    def test_a_crossing_between_two_cells_is_interpolated(self, turned):
        dem_m = np.zeros((2, 3), dtype=np.float32)
        dem_m[0, 1], dem_m[1, 1] = 4.0, 8.0
        target = (1, 2)
        if turned:
            dem_m, target = np.ascontiguousarray(dem_m.T), (2, 1)
        # halfway stands (4 + 8) / 2 = 6: from an eye at 0 the line of sight arrives at 12
        assert line_of_sight_clearance_m(dem_m, (0, 0), target, 0.0, 1.0, 30.0, 0.0) == -11.0
        assert (
            viewshed(dem_m, post(0, 0, 0.0), cell_m=30.0, target_m=1.0, curvature=0.0).clearance_m(0)[target]
            == -11
        )

    def test_both_kinds_of_crossings_count(self):
        dem_m = np.zeros((3, 4), dtype=np.float32)
        # to (2, 3) the line crosses row 1 at column 1.5, column 1 at row 2/3 and column 2 at row 4/3
        dem_m[1, 2] = 9.0
        # 9 / 2 halfway and 9 * 2/3 at two thirds of the way: both arrive at 9
        assert line_of_sight_clearance_m(dem_m, (0, 0), (2, 3), 0.0, 0.0, 30.0, 0.0) == pytest.approx(-9.0)
        dem_m[2, 2] = 9.0
        # now 9 * 2/3 + 9 * 1/3 at two thirds, which arrives at 13.5: the column line decides
        assert line_of_sight_clearance_m(dem_m, (0, 0), (2, 3), 0.0, 0.0, 30.0, 0.0) == pytest.approx(-13.5)
        dem_m[:] = 0.0
        dem_m[1, 1:3] = -9.0, 27.0
        # 9 halfway, which arrives at 18; 27 * 2/3 at two thirds, which arrives at 27
        assert line_of_sight_clearance_m(dem_m, (0, 0), (2, 3), 0.0, 0.0, 30.0, 0.0) == pytest.approx(-27.0)
        dem_m[2, 2] = -54.0
        # 18 - 18 = 0 at two thirds: now the row line decides
        assert line_of_sight_clearance_m(dem_m, (0, 0), (2, 3), 0.0, 0.0, 30.0, 0.0) == pytest.approx(-18.0)

    def test_ties_count_as_seen(self):
        dem_m = np.add.outer(np.arange(40) * 7.3, np.arange(50) * 3.1).astype(np.float32) * 0 + np.float32(
            5.5
        )
        seen = viewshed(dem_m, post(3, 4, 0.0), cell_m=30.0, target_m=0.0, curvature=0.0)
        assert seen.mask(0).all()

    def test_a_tilted_plane_hides_nothing(self):
        plane_m = (np.arange(40)[:, None] * 0.5 + np.arange(50)[None, :] * 0.25).astype(np.float32)
        assert viewshed(plane_m, post(20, 11, 0.0), cell_m=30.0, target_m=0.0, curvature=0.0).mask(0).all()

    @pytest.mark.parametrize(
        ("height_m", "target_m", "curvature"), [(10, 1.7, 0.85714), (30, 0, 0.85714), (2, 5, 1)]
    )
    def test_the_horizon_of_the_sphere(self, height_m, target_m, curvature):
        flat_m = np.zeros((1, 1500), dtype=np.float32)
        seen = viewshed(flat_m, post(0, 0, height_m), cell_m=30.0, target_m=target_m, curvature=curvature)
        reach_m = sum(math.sqrt(2 * EARTH_RADIUS_M * h / curvature) for h in (height_m, target_m))
        mask = seen.mask(0)[0]
        assert mask.sum() == pytest.approx(1 + reach_m / 30.0, abs=2)
        assert mask[: mask.sum()].all()


def test_rows_follow_the_plain_slope_rule():
    rng = np.random.default_rng(3)
    ground_m = rng.normal(0, 20, 400).cumsum().astype(np.float32)
    eye_m, d_m = float(ground_m[0]) + 5.0, np.arange(1, 400) * 30.0
    bent_m = ground_m[1:] - d_m**2 / (2 * EARTH_RADIUS_M)
    steepest = np.maximum.accumulate(np.concatenate([[-np.inf], (bent_m - eye_m) / d_m]))[:-1]
    expected = (bent_m + 1.7 - eye_m) / d_m >= steepest
    for dem_m, row, col in ((ground_m[None, :], 0, 0), (ground_m[::-1, None], 399, 0)):
        mask = viewshed(dem_m, post(row, col, 5.0), cell_m=30.0, curvature=1.0).mask(0).ravel()
        assert (mask if row == 0 else mask[::-1])[1:].tolist() == expected.tolist()
    assert 3 < expected.sum() < 390


@pytest.mark.parametrize("seed", range(6))
def test_the_sweep_is_the_definition(seed):
    rng = np.random.default_rng(seed)
    dem_m = rough(
        int(rng.integers(60, 110)), int(rng.integers(30, 110)), seed, void=[0.0, 0.003, 0.05][seed % 3]
    )
    if seed % 2:
        dem_m = np.round(dem_m / 10) * 10  # many exact ties
    row, col = (int(rng.integers(n)) for n in dem_m.shape)
    dem_m[row, col] = 60.0
    height_m, target_m = [(0.0, 0.0), (3.0, 1.7), (60.0, 2.0)][seed % 3]
    expected_m = definition_m(dem_m, row, col, height_m, target_m)
    seen = viewshed(dem_m, post(row, col, height_m), cell_m=30.0, target_m=target_m)
    assert np.array_equal(seen.mask(0), expected_m >= 0.0)
    np.testing.assert_allclose(seen.clearance_m(0), expected_m, rtol=1e-6, atol=1e-4)
    assert np.array_equal(seen.mask(0), seen.clearance_m(0) >= 0.0)
    needed_m = seen.minimum_visible_height_m(0)
    known = ~np.isnan(expected_m)
    assert np.array_equal(np.isnan(needed_m), ~known)
    np.testing.assert_allclose(
        needed_m[known], np.maximum(target_m - expected_m[known], 0.0), rtol=1e-6, atol=1e-4
    )


def test_the_minimum_visible_height_is_just_seen():
    dem_m = rough(40, 50, 8)
    needed_m = viewshed(dem_m, post(7, 9), cell_m=30.0).minimum_visible_height_m(0)
    row, col = np.unravel_index(np.argmax(needed_m), dem_m.shape)
    for extra_m, seen in ((0.01, True), (-0.01, False)):
        mask = viewshed(dem_m, post(7, 9), cell_m=30.0, target_m=float(needed_m[row, col]) + extra_m).mask(0)
        assert mask[row, col] == seen


def test_scratch_that_is_too_small_grows():
    rng = np.random.default_rng(1)
    dem_m = np.add.outer(np.arange(300) ** 1.8, rng.normal(0, 5, 300)).astype(np.float32)
    seen = viewshed(dem_m, post(0, 150, 0.0), cell_m=30.0)
    scene = seen._scene
    answer = np.full(dem_m.shape, np.nan, dtype=np.float32)
    window = sight_sweep.Window(0, 0, np.empty((0, 0), dtype=np.uint8), answer)
    work = sight_sweep.sweep(scene.surface, scene.post(0), window, sight_sweep.work_space(128))
    assert work.merged.shape[1] > 128
    answer[0, 150] = np.inf
    np.testing.assert_array_equal(answer, seen.clearance_m(0))


class TestRangeAndSector:
    flat_m = np.zeros((41, 61), dtype=np.float32)
    row, col = np.mgrid[:41, :61]

    def test_range_is_from_centre_to_centre_and_inclusive(self):
        mask = viewshed(self.flat_m, post(20, 30, 50.0, 300.0), cell_m=30.0, curvature=0.0).mask(0)
        assert np.array_equal(mask, np.hypot(self.row - 20, self.col - 30) <= 10)

    def test_range_is_inclusive_in_decimals_too(self):
        mask = viewshed(self.flat_m, post(20, 30, 50.0, 0.3), cell_m=0.1, curvature=0.0).mask(0)
        assert mask[20, 33]
        assert mask.sum() == 29

    def test_least_range_leaves_out_what_is_nearer_and_the_own_cell(self):
        near = post(20, 30, 50.0, 300.0, min_range_m=150.0)
        mask = viewshed(self.flat_m, near, cell_m=30.0, curvature=0.0).mask(0)
        n = np.hypot(self.row - 20, self.col - 30)
        assert np.array_equal(mask, (n <= 10) & (n >= 5))
        assert not mask[20, 30]

    @pytest.mark.parametrize("azimuth_deg", [0.0, 45.0, 100.0, 180.0, 287.0, -73.0, 359.0, 720.0])
    @pytest.mark.parametrize("sector_deg", [1.0, 45.0, 90.0, 180.0, 200.0, 330.0, 359.0, 360.0])
    def test_a_sector_is_clockwise_from_north(self, azimuth_deg, sector_deg):
        camera = post(20, 30, 50.0, azimuth_deg=azimuth_deg, sector_deg=sector_deg)
        mask = viewshed(self.flat_m, camera, cell_m=30.0, curvature=0.0).mask(0)
        bearing_deg = np.degrees(np.arctan2(self.col - 30, 20 - self.row))
        off_deg = np.abs((bearing_deg - azimuth_deg + 180.0) % 360.0 - 180.0)
        expected = off_deg <= sector_deg / 2 + 1e-6
        expected[20, 30] = True
        assert np.array_equal(mask, expected)

    def test_a_sector_of_rough_ground_is_a_part_of_the_whole(self):
        dem_m = rough(80, 70, 5)
        whole = viewshed(dem_m, post(30, 30), cell_m=30.0).mask(0)
        part = viewshed(dem_m, post(30, 30, azimuth_deg=200.0, sector_deg=75.0), cell_m=30.0)
        row, col = np.mgrid[:80, :70]
        off_deg = np.abs((np.degrees(np.arctan2(col - 30, 30 - row)) - 200.0 + 180.0) % 360.0 - 180.0)
        inside = off_deg <= 37.5
        inside[30, 30] = True
        assert np.array_equal(part.mask(0), whole & inside)
        assert np.array_equal(~np.isnan(part.clearance_m(0)), inside)


class TestEdges:
    @pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (2, 2)])
    def test_small_grids(self, shape):
        mask = viewshed(np.zeros(shape, dtype=np.float32), post(0, 0), cell_m=30.0).mask(0)
        assert mask.shape == shape
        assert mask.all()

    def test_corners_see_as_the_middle_does(self):
        dem_m = rough(30, 40, 2)
        for row, col in ((0, 0), (0, 39), (29, 0), (29, 39), (0, 20), (15, 39)):
            expected = definition_m(dem_m, row, col, 10.0, 1.7) >= 0.0
            assert np.array_equal(viewshed(dem_m, post(row, col), cell_m=30.0).mask(0), expected)

    def test_unknown_ground_hides_what_is_behind_and_nothing_else(self):
        dem_m = np.zeros((9, 20), dtype=np.float32)
        dem_m[4, 6] = np.nan
        mask = viewshed(dem_m, post(4, 0, 50.0), cell_m=30.0, curvature=0.0).mask(0)
        assert not mask[4, 6:].any()  # itself, and straight behind
        assert mask[4, :6].all()
        assert not mask[5, 13]  # crosses column 6 between rows 4 and 5
        assert mask[5, 4]  # ends before it
        assert mask[[0, 8], :].all()
        beside = viewshed(dem_m, post(3, 0, 50.0), cell_m=30.0, curvature=0.0).mask(0)
        assert beside[3].all()  # exactly through the centres of known cells

    def test_unknown_ground_everywhere_else(self):
        dem_m = np.full((5, 7), np.nan, dtype=np.float32)
        dem_m[2, 3] = 1.0
        seen = viewshed(dem_m, post(2, 3), cell_m=30.0)
        assert seen.mask(0).sum() == 1
        assert np.isnan(seen.clearance_m(0)).sum() == 34

    def test_a_lane_of_known_cells_is_looked_along(self):
        dem_m = np.full((5, 30), np.nan, dtype=np.float32)
        dem_m[2, :] = 1.0
        mask = viewshed(dem_m, post(2, 3), cell_m=30.0).mask(0)
        assert mask[2].all()
        assert mask.sum() == 30
        dem_m = np.full((20, 20), np.nan, dtype=np.float32)
        np.fill_diagonal(dem_m, 1.0)
        assert viewshed(dem_m, post(0, 0), cell_m=30.0).mask(0).sum() == 20


FOUR = {
    "row": [10, 35, 69, 0],
    "col": [20, 45, 89, 0],
    "height_m": [5.0, 10.0, 30.0, 0.0],
    "range_m": [600.0, 2000.0, 1e5, 900.0],
}


class TestMany:
    dem_m = rough(70, 90, 11, void=0.001)

    def test_count_adds_the_masks(self):
        seen = viewshed(self.dem_m, FOUR, cell_m=30.0)
        assert len(seen) == 4
        assert np.array_equal(seen.count(), sum(seen.mask(i).astype(int) for i in range(4)))

    def test_pairs_are_the_masks(self):
        seen = viewshed(self.dem_m, FOUR, cell_m=30.0, target_m=0.5)
        within = np.random.default_rng(0).random(self.dem_m.shape) < 0.3
        for wanted in (None, within):
            ptr, cell, range_m = visible_pairs(self.dem_m, FOUR, cell_m=30.0, target_m=0.5, within=wanted)
            assert (ptr.dtype, cell.dtype, range_m.dtype) == (np.int64, np.int32, np.float32)
            assert ptr[-1] == cell.size == range_m.size
            for i in range(4):
                mask = seen.mask(i) if wanted is None else seen.mask(i) & wanted
                own = cell[ptr[i] : ptr[i + 1]]
                assert np.array_equal(own, np.flatnonzero(mask))
                row, col = np.divmod(own, 90)
                far_m = 30.0 * np.hypot(row - FOUR["row"][i], col - FOUR["col"][i])
                np.testing.assert_allclose(range_m[ptr[i] : ptr[i + 1]], far_m, rtol=1e-6)

    def test_all_kinds_of_tables_are_one(self):
        frame = pd.DataFrame(FOUR)
        n = len(frame)
        full = Observers(
            *(frame[name].to_numpy() for name in ("row", "col", "height_m", "range_m")),
            azimuth_deg=np.zeros(n),
            sector_deg=np.full(n, 360.0),
            min_range_m=np.zeros(n),
        )
        counts = [
            viewshed(self.dem_m, table, cell_m=30.0).count()
            for table in (
                FOUR,
                frame,
                frame.to_records(index=False),
                np.array(frame.to_records()),
                full,
            )
        ]
        for count in counts[1:]:
            assert np.array_equal(count, counts[0])

    def test_no_observers_see_nothing(self):
        none = {name: [] for name in FOUR}
        assert viewshed(self.dem_m, none, cell_m=30.0).count().sum() == 0
        assert visible_pairs(self.dem_m, none, cell_m=30.0).ptr.tolist() == [0]

    def test_other_kinds_of_heights(self):
        dem_m = np.round(np.nan_to_num(self.dem_m))
        masked = np.ma.masked_array(dem_m.astype(np.int16), mask=np.isnan(self.dem_m))
        with_voids = np.where(np.isnan(self.dem_m), np.nan, dem_m)
        for a, b in ((dem_m.astype(np.int16), dem_m), (dem_m.tolist(), dem_m), (masked, with_voids)):
            counts = [viewshed(heights, FOUR, cell_m=30.0).count() for heights in (a, b)]
            assert np.array_equal(*counts)

    def test_the_terrain_given_is_neither_kept_nor_changed(self):
        dem_m = self.dem_m.copy()
        seen = viewshed(dem_m, FOUR, cell_m=30.0)
        np.testing.assert_array_equal(dem_m, self.dem_m)
        before_m = seen.clearance_m(1)
        dem_m[:] = 0.0
        np.testing.assert_array_equal(seen.clearance_m(1), before_m)


class TestFaults:
    def places(self, dem_m, table, **numbers):
        with pytest.raises(InputFaults) as caught:
            viewshed(dem_m, table, **{"cell_m": 30.0, **numbers})
        return [(fault.file, fault.row, fault.column) for fault in caught.value.faults]

    def test_all_are_reported_at_once(self):
        dem_m = np.zeros((5, 6), dtype=np.float32)
        dem_m[2, 2] = np.nan
        table = {
            "row": [5, 0, 2, 1, 1, -1],
            "col": [0, 6, 2, 0.5, 0, 0],
            "height_m": [1, 1, 1, -1, np.nan, 1],
            "range_m": [10, 0, 10, -5, np.inf, 10],
            "azimuth_deg": [0, 0, 0, 0, np.nan, 0],
            "sector_deg": [0, 361, 10, 10, 10, 10],
            "min_range_m": [-1, 0, 0, 0, 0, 0],
        }
        assert self.places(dem_m, table, cell_m=0.0, target_m=-1.0, curvature=np.nan) == [
            ("cell_m", 0, ""),
            ("curvature", 0, ""),
            *(("observers", 1, name) for name in ("min_range_m", "row", "sector_deg")),
            *(("observers", 2, name) for name in ("col", "range_m", "sector_deg")),
            ("observers", 3, "row"),
            *(("observers", 4, name) for name in ("col", "height_m", "range_m")),
            *(("observers", 5, name) for name in ("azimuth_deg", "height_m", "range_m")),
            ("observers", 6, "row"),
            ("target_m", 0, ""),
        ]

    def test_missing_columns_and_wrong_terrain(self):
        assert self.places(np.zeros(4), {"row": [0]}) == [
            ("dem_m", 0, ""),
            *(("observers", 0, name) for name in ("col", "height_m", "range_m")),
        ]
        dem_m = np.zeros((3, 3))
        assert self.places(dem_m, post(0, 0, sector_deg=90.0)) == [("observers", 0, "azimuth_deg")]
        assert self.places(dem_m, {**post(0, 0), "height_m": ["tall"]}) == [("observers", 0, "height_m")]
        assert self.places(dem_m, {**post(0, 0), "height_m": [1.0, 2.0]}) == [("observers", 0, "")]
        assert self.places(dem_m, 7) == [("observers", 0, "")]
        assert self.places(np.full((3, 3), np.inf), post(0, 0)) == [("dem_m", 0, "")]
        assert self.places(np.zeros((0, 3)), post(0, 0)) == [("dem_m", 0, "")]
        assert self.places("hills", post(0, 0), cell_m="wide") == [("cell_m", 0, ""), ("dem_m", 0, "")]

    def test_an_observer_that_is_not_there_and_a_mask_of_another_shape(self):
        dem_m = np.zeros((3, 3))
        for ask in ("mask", "clearance_m", "minimum_visible_height_m"):
            with pytest.raises(InputFaults, match="0 to 0"):
                getattr(viewshed(dem_m, post(0, 0), cell_m=30.0), ask)(1)
        with pytest.raises(InputFaults, match="bool of shape"):
            visible_pairs(dem_m, post(0, 0), cell_m=30.0, within=np.ones((2, 3), dtype=bool))
