"""What a survey of terrain finds: steps between layers by hand; stopped, it goes on."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.terrain_cases import plane, save

from sarhad.io.basis import LineAndBand, read_line_and_band
from sarhad.model.project import TerrainSource
from sarhad.planning.compute import Compute
from sarhad.planning.terrain_survey import Survey, survey
from small_border import LEFT_M, TOP_M
from small_cases import Shelf, cut_line

SLOPE = (0.01, 0.02, 1_000.0 - 0.01 * 480_000.0 - 0.02 * 4_150_000.0)
FINE_LEFT_M, FINE_TOP_M = 482_000.0, 4_156_000.0


@pytest.fixture(scope="module")
def course(small_project_template: Path) -> LineAndBand:
    """The first 12 km of the small border in two sectors."""
    whole = read_line_and_band(small_project_template)
    return LineAndBand(cut_line(whole.line, 12_000.0), replace(whole.settings, sector_m=6_000.0))


def layers(folder: Path, raised_m: float, noise_m: float = 0.0) -> TerrainSource:
    """A plane in cells of 200 m, and on it 8 x 8 km of the same plane in cells of 100 m, raised."""
    rng = np.random.default_rng(1)
    rough = noise_m * rng.standard_normal((300, 500))
    below = plane(LEFT_M, TOP_M, 200.0, 300, 500, *SLOPE) + rough
    row, col = round((TOP_M - FINE_TOP_M) / 200), round((FINE_LEFT_M - LEFT_M) / 200)
    above = plane(FINE_LEFT_M, FINE_TOP_M, 100.0, 80, 80, *SLOPE)
    above += np.kron(rough[row : row + 40, col : col + 40], np.ones((2, 2))) + raised_m
    save(folder / "below.tif", below.astype(np.float32), LEFT_M, TOP_M, 200.0)
    save(folder / "above.tif", above.astype(np.float32), FINE_LEFT_M, FINE_TOP_M, 100.0)
    return TerrainSource((folder / "below.tif", folder / "above.tif"), "synthetic", "none", "planes")


def surveyed(source: TerrainSource, course: LineAndBand, shelf: Shelf | None = None) -> Survey:
    with Compute(1, store=shelf) as compute:
        return survey(source, course, compute=compute)


@pytest.mark.parametrize("raised_m", [5.0, -3.0, 0.0])
def test_the_step_between_layers_is_what_the_upper_was_raised_by(course, tmp_path, raised_m):
    """On a plane nothing else steps; the finer layer is the first, and all its four sides say the same."""
    found = surveyed(layers(tmp_path, raised_m), course)
    assert [layer.first_file for layer in found.layers] == ["above.tif", "below.tif"]
    (seam,) = found.seams
    assert (seam.kind, seam.first, seam.second) == ("layers", "above.tif", "below.tif")
    assert seam.step_m == pytest.approx(-raised_m, abs=1e-3)
    assert seam.neighbour_m == pytest.approx(0.0, abs=1e-3)
    assert seam.is_suspect == (raised_m != 0.0)
    assert seam.n >= 4 * 40


def test_cells_at_0_m_are_counted_as_a_share_and_level_ground_has_no_growth(course, tmp_path):
    """Every fourth column at 0 m: a quarter of the cells, whatever the sectors cut off."""
    value = plane(LEFT_M, TOP_M, 200.0, 300, 500, *SLOPE)
    value[:, ::4] = 0.0
    save(tmp_path / "holes.tif", value.astype(np.float32), LEFT_M, TOP_M, 200.0)
    (layer,) = surveyed(TerrainSource((tmp_path / "holes.tif",), "synthetic", "none", "x"), course).layers
    assert layer.zero_share == pytest.approx(0.25, abs=0.01)
    save(tmp_path / "level.tif", np.zeros((300, 500), np.float32), LEFT_M, TOP_M, 200.0)
    (layer,) = surveyed(TerrainSource((tmp_path / "level.tif",), "synthetic", "none", "x"), course).layers
    assert layer.zero_share == 1.0
    assert layer.rms_m == (0.0,) * len(layer.rms_m)
    assert np.isnan(layer.growth)


def test_relief_that_runs_on_is_no_seam_and_a_step_in_it_is_one(course, tmp_path):
    """Steps by noise of 2 m are of its size, their median is nearly none: only what exceeds it is suspect."""
    (sound,) = surveyed(layers(tmp_path / "sound", 0.0, noise_m=2.0), course).seams
    (raised,) = surveyed(layers(tmp_path / "raised", 3.0, noise_m=2.0), course).seams
    # a difference less the mean of its neighbours, 1.5 (c - b) + 0.5 (a - d), has 5 times the variance of
    # the noise; reading between cells takes some of it
    assert 0.2 < sound.neighbour_m / (0.6745 * np.sqrt(5.0) * 2.0) < 1.0
    assert sound.typical_m < 0.5
    assert not sound.is_suspect
    assert raised.is_suspect
    assert raised.step_m == pytest.approx(-3.0, abs=1.0)


def test_a_survey_that_is_stopped_goes_on_and_other_heights_are_looked_at_anew(course, tmp_path):
    source, shelf = layers(tmp_path, 5.0), Shelf(n_more=1)
    with contextlib.suppress(KeyboardInterrupt):
        surveyed(source, course, shelf)
    assert shelf.n_put == 1
    found = surveyed(source, course, shelf)
    assert shelf.n_put == 2
    assert found == surveyed(source, course)
    layers(tmp_path, -3.0)
    assert surveyed(source, course, shelf).seams[0].step_m == pytest.approx(3.0, abs=1e-3)
    assert shelf.n_put == 4
    surveyed(replace(source, voids="fill"), course, shelf)
    assert shelf.n_put == 6
