"""Ways through a sector: routes are crossings by the definition, and the cheapest by another algorithm."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse
from scipy.sparse.csgraph import dijkstra

from sarhad.errors import InputFaults
from sarhad.io.project import open_project
from sarhad.kernels.steps import D_COL, D_ROW
from sarhad.planning.crossing import watched
from sarhad.planning.ground import lay_ground
from sarhad.planning.passage import unaware_routes
from sarhad.planning.sector import sectors
from small_cases import tiny


@pytest.fixture(scope="module")
def project(small_project_template):
    return tiny(open_project(small_project_template))


@pytest.fixture(scope="module")
def both_depths(project):
    """The same ground with goals at 1 and at 3 km."""
    (plan,) = sectors(project)
    by_depth = next(watched(lay_ground(project, plan, 0), project.assets, (1_000.0, 3_000.0)))
    return [watches[0].passage for watches in by_depth]


def passage_of(project, depth_m=3_000.0, season="summer"):
    (plan,) = sectors(project)
    ground = lay_ground(project, plan, 0)
    passages = [watches[0].passage for (watches,) in watched(ground, project.assets, (depth_m,))]
    (passage,) = [passage for passage in passages if passage.season == season]
    return passage


@pytest.fixture(scope="module")
def passage(project):
    return passage_of(project)


def graph(step_s, within):
    """Sparse (cell, cell) matrix of the possible steps between cells of a mask."""
    n_row, n_col = within.shape
    row, col = np.nonzero(within)
    parts = []
    for d in range(8):
        r, c = row + D_ROW[d], col + D_COL[d]
        ok = (r >= 0) & (r < n_row) & (c >= 0) & (c < n_col)
        ok[ok] &= within[r[ok], c[ok]]
        ok &= np.isfinite(step_s[d, row, col])
        parts.append((row[ok] * n_col + col[ok], r[ok] * n_col + c[ok], step_s[d, row[ok], col[ok]]))
    left, entered, seconds = (np.concatenate(column) for column in zip(*parts, strict=True))
    return sparse.csr_array((seconds, (left, entered)), shape=(n_row * n_col, n_row * n_col))


def test_masks_are_what_their_names_say(passage, project):
    sector, settings = passage.ground.sector, project.settings
    assert not np.any(passage.inner & passage.outer)
    assert np.all(sector.offset_m[passage.goal] >= passage.depth_m)
    assert np.all(sector.offset_m[passage.start] <= -settings.start_beyond_m)
    assert np.all(passage.inner[passage.goal])
    assert np.all(passage.outer[passage.start])
    assert passage.goal.any()
    assert passage.start.any()


def test_the_fastest_time_to_a_goal_is_dijkstra_s(passage):
    within = passage.inner | passage.outer
    back = graph(passage.step_s, within).T.tocsr()
    expected = dijkstra(back, indices=np.flatnonzero(passage.goal), min_only=True)
    np.testing.assert_allclose(passage.time_s.ravel(), expected, rtol=1e-12)


def test_w_lies_between_zero_and_the_chance_to_get_through(passage, project):
    assert np.all((passage.w >= 0) & (passage.w <= project.settings.p_communication))
    assert np.all(passage.w[passage.goal] == 0)
    assert passage.w.max() > 0.5


@pytest.mark.parametrize("kind", ["fastest", "unaware 0", "unaware 1"])
def test_routes_are_crossings_of_their_stretch(passage, kind):
    routes = passage.fastest_routes() if kind == "fastest" else unaware_routes([passage])[0][int(kind[-1])]
    sector, n_col = passage.ground.sector, passage.ground.sector.grid.n_col
    assert len(routes.ptr) == len(passage.stretches) + 1
    for k, stretch_id in enumerate(passage.stretches.tolist()):
        cell = routes.cell[routes.ptr[k] : routes.ptr[k + 1]]
        step_s = routes.step_s[routes.ptr[k] : routes.ptr[k + 1]]
        row, col = np.divmod(cell, n_col)
        home = sector.home[row, col]
        first = int(np.argmax(home))
        assert passage.start[row[0], col[0]]
        assert passage.goal[row[-1], col[-1]]
        assert not home[:first].any()
        assert home[first:].all()
        assert sector.stretch[row[first], col[first]] == stretch_id
        assert len(set(cell.tolist())) == len(cell)
        for i in range(len(cell) - 1):
            d = [(int(a), int(b)) for a, b in zip(D_ROW, D_COL, strict=True)].index(
                (int(row[i + 1] - row[i]), int(col[i + 1] - col[i]))
            )
            assert step_s[i] == passage.step_s[d, row[i], col[i]] < np.inf
        assert step_s[-1] == 0


def test_fastest_routes_take_the_least_time_there_is(passage):
    """Through each stretch: least over its line cells, by Dijkstra on the two sides apart."""
    sector, n_col = passage.ground.sector, passage.ground.sector.grid.n_col
    home = graph(passage.step_s, passage.inner).T.tocsr()
    beyond = graph(passage.step_s, passage.outer)
    to_goal = dijkstra(home, indices=np.flatnonzero(passage.goal), min_only=True)
    from_start = dijkstra(beyond, indices=np.flatnonzero(passage.start), min_only=True)
    routes = passage.fastest_routes()
    for k, stretch_id in enumerate(passage.stretches.tolist()):
        least = np.inf
        for row, col in np.argwhere(sector.stretch == stretch_id):
            for d in range(8):
                r, c = row - D_ROW[d], col - D_COL[d]
                if 0 <= r < sector.grid.n_row and 0 <= c < n_col and passage.outer[r, c]:
                    total = from_start[r * n_col + c] + passage.step_s[d, r, c] + to_goal[row * n_col + col]
                    least = min(least, total)
        assert routes.step_s[routes.ptr[k] : routes.ptr[k + 1]].sum() == pytest.approx(least, rel=1e-12)


def test_unaware_routes_differ_by_field_and_are_the_same_again(passage):
    (first, other), (again, _) = unaware_routes([passage, passage])
    assert first.cell.tobytes() == again.cell.tobytes()
    assert first.cell.tobytes() != other.cell.tobytes()


def test_routes_to_several_depths_are_the_same_together_and_apart(both_depths):
    together = unaware_routes(both_depths)
    for passage, fields in zip(both_depths, together, strict=True):
        (alone,) = unaware_routes([passage])
        assert [r.cell.tobytes() for r in alone] == [r.cell.tobytes() for r in fields]


def test_without_friction_the_unaware_take_the_fastest_routes(project):
    calm = replace(project, settings=replace(project.settings, field_sigma=0.0))
    passage = passage_of(calm)
    assert unaware_routes([passage])[0][1].cell.tobytes() == passage.fastest_routes().cell.tobytes()


def test_the_nearer_the_goals_the_shorter_and_the_later_the_alarm(both_depths):
    near, far = both_depths
    reached = np.isfinite(near.time_s) & np.isfinite(far.time_s)
    assert np.all(near.time_s[reached] <= far.time_s[reached] + 1e-9)
    line = near.ground.sector.stretch >= 0
    assert near.w[line].mean() < far.w[line].mean()


def test_without_teams_no_detection_is_worth_anything(project):
    assert passage_of(replace(project, teams=())).w.max() == 0.0


def test_a_depth_outside_the_band_is_refused(project):
    with pytest.raises(InputFaults, match="depth_m"):
        passage_of(project, 7_000.0)
