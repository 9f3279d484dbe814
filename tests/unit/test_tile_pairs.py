"""Tiles that meet: steps at seams in both directions and either order, and overlaps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.terrain_cases import plane, save

from sarhad.io.mosaic import lay_mosaics
from sarhad.io.tile_pairs import MAX_ALONG, difference_m, pairs, step_at

LEFT, TOP, CELL = 500_000.0, 4_200_000.0, 30.0


def tile(path: Path, row: int, col: int, n_row: int = 40, n_col: int = 40, lift_m: float = 0.0) -> Path:
    left, top = LEFT + col * CELL, TOP - row * CELL
    value = plane(left, top, CELL, n_row, n_col, 0.4, -0.3, 1_061_000.0) + lift_m
    return save(path, value, left, top, CELL)


@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize(("row", "col"), [(0, 40), (40, 0), (10, 40), (40, -15)])
def test_a_lifted_tile_is_a_step_of_its_lift_from_first_to_second(tmp_path, row, col, swapped):
    names = [tile(tmp_path / "a.tif", 0, 0), tile(tmp_path / "b.tif", row, col, lift_m=3.0)]
    (mosaic,) = lay_mosaics(names[::-1] if swapped else names)
    (pair,) = pairs(mosaic)
    assert not pair.overlaps
    assert max(pair.rows, pair.cols) == 40 - (10 if row == 10 else 15 if col == -15 else 0)
    step = step_at(pair)
    assert step.step_m == pytest.approx(-3.0 if swapped else 3.0, abs=1e-6)
    assert step.typical_m == pytest.approx(0.0, abs=1e-6)
    assert step.neighbour_m == pytest.approx(30 * (0.4 if col == 40 else 0.3), abs=1e-6)
    assert step.n == max(pair.rows, pair.cols)


def test_tiles_that_touch_at_a_corner_or_not_at_all_are_no_pair(tmp_path):
    names = [
        tile(tmp_path / "a.tif", 0, 0),
        tile(tmp_path / "b.tif", 40, 40),
        tile(tmp_path / "c.tif", 0, 90),
    ]
    assert list(pairs(lay_mosaics(names)[0])) == []


@pytest.mark.parametrize("swapped", [False, True])
def test_the_difference_in_an_overlap_is_second_less_first(tmp_path, swapped):
    names = [tile(tmp_path / "a.tif", 0, 0), tile(tmp_path / "b.tif", 30, 25, lift_m=2.0)]
    (pair,) = pairs(lay_mosaics(names[::-1] if swapped else names)[0])
    assert pair.overlaps
    assert (pair.rows, pair.cols) == (10, 15)
    away_m = difference_m(pair)
    assert away_m.size == 150
    assert np.allclose(away_m, -2.0 if swapped else 2.0)


def test_of_a_long_seam_the_middle_is_read(tmp_path):
    n = MAX_ALONG + 100
    names = [tile(tmp_path / "a.tif", 0, 0, n, 15), tile(tmp_path / "b.tif", 0, 15, n, 15, lift_m=1.0)]
    (pair,) = pairs(lay_mosaics(names)[0])
    assert (pair.row, pair.rows, pair.cut().row, pair.cut().rows) == (0, n, 50, MAX_ALONG)
    assert step_at(pair).n == MAX_ALONG
