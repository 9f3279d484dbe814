"""The unseen gap of a project: against shortest paths of another library, in one sector or several."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse
from scipy.sparse.csgraph import dijkstra

from sarhad.errors import UnknownName
from sarhad.io.project import open_project
from sarhad.model.asset import AlongLine, Asset
from sarhad.model.project import Barrier
from sarhad.planning.crossing import watched
from sarhad.planning.ground import lay_ground
from sarhad.planning.sector import sectors
from sarhad.planning.unseen import StripJob, gap, sector_strip, seen_cells
from small_cases import tiny

CASES = ("summer_day", "summer_night", "winter_fog")


@pytest.fixture(scope="module")
def project(small_project_template):
    return open_project(small_project_template)


@pytest.fixture(scope="module")
def found(project):
    return gap(project)


def total_m(table):
    """Gap of each condition in metres."""
    return [float(table.loc[table["condition"] == case, "width_m"].sum()) for case in CASES]


def one_sector(project):
    return replace(project, settings=replace(project.settings, sector_m=60_000.0))


def least_open_m(project, case):
    """Least open length along a one-sector line by Dijkstra over a sparse graph."""
    (plan,) = sectors(project)
    strip = sector_strip(StripJob(project, plan, project.assets))
    number = np.full(plan.grid.n_cell, -1)
    number[strip.cell] = np.arange(len(strip.cell))
    number = number.reshape(plan.grid.shape)
    pairs = [(number[:-1], number[1:]), (number[:, :-1], number[:, 1:])]
    one, two = (np.concatenate([pair[i].ravel() for pair in pairs]) for i in (0, 1))
    both = (one >= 0) & (two >= 0)
    left = np.concatenate([one[both], two[both]])
    entered = np.concatenate([two[both], one[both]])
    is_open = strip.open_cell[case].astype(float)
    weight = is_open[entered] + 1e-6  # a zero weight would be no edge
    n = len(strip.cell)
    first = np.flatnonzero(strip.chainage_m <= plan.from_m + 1.5 * project.settings.cell_m)
    last = np.flatnonzero(strip.chainage_m >= plan.to_m - 2.0 * project.settings.cell_m)
    start = sparse.csr_array((is_open[first] + 1e-6, (np.zeros(len(first), int), first)), shape=(1, n))
    body = sparse.csr_array((weight, (left, entered)), shape=(n, n))
    graph = sparse.vstack([sparse.hstack([body, sparse.csr_array((n, 1))]), sparse.hstack([start, [[0.0]]])])
    cost = dijkstra(graph.tocsr(), indices=n)[:n]
    return round(cost[last].min()) * project.settings.cell_m


@pytest.mark.parametrize("case", [0, 1, 2])
def test_the_gap_is_the_shortest_open_way_along_the_line(project, case):
    whole = one_sector(project)
    assert total_m(gap(whole))[case] == least_open_m(whole, case)


@pytest.mark.parametrize("sector_m", [20_000.0, 10_000.0, 4_000.0])
def test_sectors_join_without_a_cell_lost_or_free(project, sector_m):
    several = replace(project, settings=replace(project.settings, sector_m=sector_m))
    assert len(sectors(several)) >= 2
    assert total_m(gap(several)) == total_m(gap(one_sector(project)))


def test_open_cells_are_passable_and_seen_by_nobody_often_enough(project):
    cut = tiny(project)
    (plan,) = sectors(cut)
    strip = sector_strip(StripJob(cut, plan, cut.assets))
    ground = lay_ground(cut, plan, 0)
    moves = watched(ground, cut.assets, (cut.settings.depth_m,))
    for case, ((watch,),) in enumerate(moves):
        view, sector = watch.view, watch.passage.ground.sector
        rate_per_s = [view.rate_per_s[view.ptr[c] : view.ptr[c + 1]].sum() for c in range(sector.grid.n_cell)]
        seen = np.array(rate_per_s).reshape(sector.grid.shape) >= cut.settings.unseen_rate_per_s
        np.testing.assert_array_equal(seen_cells(watch), seen)
        usable = sector.in_band & (sector.offset_m >= -cut.settings.start_beyond_m)
        usable &= (sector.offset_m <= cut.settings.depth_m) & (sector.chainage_m <= plan.to_m)
        passable = np.isfinite(watch.passage.step_s).any(axis=0)
        assert strip.open_cell[case].sum() == (usable & passable & ~seen).sum() > 0


def test_with_nobody_there_the_gap_is_the_line(project):
    found = gap(replace(project, assets=()))
    line_m = project.line.length_m
    for width_m in total_m(found):
        assert 0.9 * line_m < width_m < 1.2 * line_m  # whole cells, 4-neighbour steps, half-open ends
    assert len(found) == 3


def test_a_signalling_line_along_the_whole_border_closes_it(project):
    end_m = project.line.parts[-1].to_m
    line = Asset("line", "seismic_line", AlongLine(0.0, end_m + 1_000.0))
    found = gap(replace(project, assets=(line,)))
    assert len(found) == 0
    assert {"target", "condition", "width_m", "geometry"} <= set(found.columns)


def test_a_closed_border_has_no_gap(project):
    wall = Barrier("wall", "wall", {"summer": np.inf, "winter": np.inf}, on_line=True)
    assert len(gap(replace(project, barriers=(wall,)))) == 0


def test_a_line_over_a_hole_takes_its_width_off(project, found):
    """The gap is the length of line that closes it: a line along the widest hole leaves the rest."""
    widest = found[found["condition"] == "summer_day"].iloc[0]
    reach_m = project.settings.cell_m
    place = AlongLine(widest["chainage_from_m"] - reach_m, widest["chainage_to_m"] + reach_m)
    closed = gap(replace(project, assets=(*project.assets, Asset("line", "seismic_line", place))))
    saved_m = total_m(found)[0] - total_m(closed)[0]
    assert saved_m >= 0.5 * widest["width_m"]
    assert saved_m <= widest["width_m"] + 1e-6


def test_holes_are_listed_widest_first_by_case(found):
    assert found["condition"].tolist() == sorted(found["condition"], key=CASES.index)
    for _, rows in found.groupby("condition"):
        assert rows["width_m"].is_monotonic_decreasing
    assert (found["chainage_from_m"] <= found["chainage_m"]).all()
    assert (found["chainage_m"] <= found["chainage_to_m"]).all()
    assert (found["terrain"] == "synthetic").all()


def test_a_hole_is_drawn_by_its_cells(project, found):
    for row in found.itertuples():
        assert len(row.path.geoms) * project.settings.cell_m == row.width_m
        assert row.path.distance(row.geometry) < 1e-9


def test_one_case_alone_is_the_same_as_among_all(project, found):
    one = gap(project, target="walker", condition="winter_fog")
    same = found[found["condition"] == "winter_fog"]
    np.testing.assert_array_equal(one["width_m"], same["width_m"])
    np.testing.assert_array_equal(one["chainage_m"], same["chainage_m"])


@pytest.mark.parametrize("wrong", [{"target": "horse"}, {"condition": "monsoon"}])
def test_an_unknown_case_is_named(project, wrong):
    with pytest.raises(UnknownName, match=next(iter(wrong.values()))):
        gap(project, **wrong)
