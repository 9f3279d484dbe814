"""From a project's files to P_t: one crossing by hand, every route by a slow definition, seams of sectors."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import rasterio

from sarhad.io.project import open_project
from sarhad.kernels.steps import D_COL, D_ROW
from sarhad.model.asset import AlongLine, Asset, AtPoint
from sarhad.model.line import Line
from sarhad.planning.crossing import (
    SectorJob,
    aware_routes,
    evaluate_sector,
    low_end,
    mean_of_minima,
    optimal_through,
    watched,
)
from sarhad.planning.frame import project_xy
from sarhad.planning.ground import lay_ground
from sarhad.planning.passage import unaware_routes
from sarhad.planning.profile import profile
from sarhad.planning.sector import sectors
from sarhad.planning.sensing import crossing_exposure, look_rate_per_s
from small_border import (
    CELL_M,
    CRS,
    LEFT_M,
    LENGTH_M,
    LINE_Y_M,
    N_COL,
    N_ROW,
    START_X_M,
    TOP_M,
    geojson,
    to_lon_lat,
)
from small_cases import tiny

STEPS = list(zip(D_ROW.tolist(), D_COL.tolist(), strict=True))


@pytest.fixture(scope="module")
def small(small_project_template):
    return open_project(small_project_template)


@pytest.fixture
def flat(small_project_folder):
    """Level ground, a straight border between two rows of cells: one signalling line on it, one team."""
    x_m, y_m = START_X_M + np.linspace(0.0, LENGTH_M, 81), np.full(81, LINE_Y_M - 1_600.0)
    line = to_lon_lat(x_m, y_m).tolist()
    (small_project_folder / "line.geojson").write_text(geojson([({"name": "flat"}, "LineString", line)]))
    transform = rasterio.transform.Affine(CELL_M, 0.0, LEFT_M, 0.0, -CELL_M, TOP_M)
    with rasterio.open(
        small_project_folder / "terrain.tif",
        "w",
        driver="GTiff",
        width=N_COL,
        height=N_ROW,
        count=1,
        dtype="float32",
        crs=CRS,
        transform=transform,
        nodata=-32768.0,
    ) as data:
        data.write(np.full((N_ROW, N_COL), 700.0, np.float32), 1)
        data.update_tags(KIND="synthetic")
    file = small_project_folder / "project.toml"
    file.write_text(file.read_text().replace("[settings]", f'[settings]\ncrs = "{CRS}"'))
    project = tiny(open_project(small_project_folder), 12_000.0, conditions=("summer_day",))
    wire = Asset("wire", "seismic_line", AlongLine(-1.0, 13_000.0), availability=0.8)
    return replace(project, assets=(wire,), teams=project.teams[:1], barriers=())


def test_a_crossing_worked_by_hand(flat):
    """Straight over level ground: v = 6 exp(-3.5 x 0.05) km/h x the target's factor (Tobler 1993).

    The wire detects whoever steps onto the home side, with probability f (1 - exp(-E)), at the last cell
    beyond the border. From there he has 16 cells to the first one at 3 km or deeper, where he is away; the
    team cuts him off at the cell before it where its time is the least share of his.
    """
    (target,) = flat.targets
    v_mps = 6.0 * math.exp(-3.5 * 0.05) / 3.6 * target.speed_factor
    cell_s = CELL_M / v_mps
    p_detect = 0.8 * -math.expm1(
        -crossing_exposure(flat.equipment["seismic_line"], target, flat.conditions[0])
    )
    rows = profile(flat, adversaries=("fastest", "optimal", "unaware"))
    fastest = rows[rows["adversary"] == "fastest"]
    # starts 2 km beyond: cell centres lie at 100, 300, ... 2,100 m; goals at 3,100 m: 26 steps
    np.testing.assert_allclose(fastest["time_s"], 26 * cell_s, rtol=1e-9)
    np.testing.assert_allclose(rows["p_detect"], p_detect, rtol=1e-9)
    assert p_detect > 0.3
    team, (ground,) = flat.teams[0], [lay_ground(flat, plan, 0) for plan in sectors(flat)]
    (((watch,),),) = watched(ground, flat.assets, (3_000.0,))
    passage, sector = watch.passage, watch.passage.ground.sector
    response_s = team_times_by_hand(flat, sector, team)
    for k in range(3):
        route = passage.fastest_routes()
        cell = route.cell[route.ptr[k] : route.ptr[k + 1]]
        last = int(np.flatnonzero(~sector.home.ravel()[cell])[-1])
        dash = [(n * cell_s, response_s[at]) for n, at in enumerate(cell[last:-1])]
        ratio = min(r / t if t > 0 else np.inf for t, r in dash)
        z = (1.0 - ratio) / (flat.settings.sd_fraction * math.hypot(1.0, ratio))
        w = flat.settings.p_communication * 0.5 * math.erfc(-z / math.sqrt(2.0))
        assert fastest["p_timely"].to_numpy()[k] == pytest.approx(p_detect * w, rel=1e-6)


def team_times_by_hand(project, sector, team):
    """Seconds by flat cell until a team is there: octile distance at its best of driving and walking."""
    x_m, y_m = project_xy(sector.grid.crs, np.array([team.lon_deg]), np.array([team.lat_deg]))
    place = np.rint(np.concatenate(sector.grid.cell_at(x_m, y_m)))  # the strip need not reach as far
    away = np.abs(np.indices(sector.grid.shape) - place[:, None, None])
    octile_m = CELL_M * (away.max(axis=0) + (math.sqrt(2.0) - 1.0) * away.min(axis=0))
    drive_s = octile_m / project.settings.team_speed_mps + team.dismount_s
    walk_s = octile_m / (6.0 * math.exp(-3.5 * 0.05) / 3.6)
    travel_s = np.minimum(drive_s, walk_s)
    return np.where(sector.home, team.assess_s + team.turnout_s + travel_s, np.inf).ravel()


def p_timely_by_definition(watch, cell):
    """Sum of (S(i-1) - S(i)) w_i in plain Python, from ranges and the sensing model."""
    passage, sector = watch.passage, watch.passage.ground.sector
    n_col, worth = sector.grid.n_col, passage.w.ravel()[cell]
    exposure, before, total = dict.fromkeys(range(len(watch.units)), 0.0), 1.0, 0.0
    for i, here in enumerate(cell.tolist()):
        row, col = divmod(here, n_col)
        seconds = 0.0
        if i + 1 < len(cell):
            r, c = divmod(int(cell[i + 1]), n_col)
            seconds = passage.step_s[STEPS.index((r - row, c - col)), row, col]
            for unit, offset_m, from_m, to_m, charge in zip(*watch.lines, strict=True):
                sides = sector.offset_m[row, col] >= offset_m, sector.offset_m[r, c] >= offset_m
                at_m = sector.chainage_m[row, col] if sides[0] else sector.chainage_m[r, c]
                if sides[0] != sides[1] and from_m <= at_m < to_m:
                    exposure[int(unit)] += charge
        for e in range(watch.view.ptr[here], watch.view.ptr[here + 1]):
            exposure[int(watch.view.asset[e])] += watch.view.rate_per_s[e] * seconds
        factors = [1 - f * -math.expm1(-exposure[u]) for u, f in enumerate(watch.share)]
        after = min(factors) if watch.condition.correlated else math.prod(factors)
        total += (before - after) * worth[i:].max()
        before = after
    return total, 1.0 - before


def test_every_route_of_a_sector_by_the_slow_definition(small):
    project = tiny(small, conditions=("summer_day", "winter_fog"))
    wires = tuple(
        Asset(f"wire at {m:g}", kind, AlongLine(1_000.0, 9_000.0, m), n=n)
        for kind, m, n in (("seismic_line", 150.0, 2), ("fence_signal", -300.0, 1))
    )
    project = replace(project, assets=(*project.assets, *wires))
    (plan,) = sectors(project)
    rows = evaluate_sector(SectorJob(project, plan, project.assets))
    ground, depths_m = lay_ground(project, plan, 0), (project.settings.depth_m,)
    n_checked = 0
    for (watches,) in watched(ground, project.assets, depths_m):
        (fields,) = unaware_routes([watches[0].passage])
        for watch in watches:
            sets = {"unaware": fields, "fastest": [watch.passage.fastest_routes()]}
            for adversary, ways in sets.items():
                (row,) = [
                    r
                    for r in rows
                    if (r.condition_id, r.adversary) == (watch.condition.condition_id, adversary)
                ]
                for k in range(len(row.stretch)):
                    slow = [p_timely_by_definition(watch, w.cell[w.ptr[k] : w.ptr[k + 1]]) for w in ways]
                    p_timely, p_detect = np.mean(slow, axis=0)
                    assert row.p_timely[k] == pytest.approx(p_timely, abs=1e-12)
                    assert row.p_detect[k] == pytest.approx(p_detect, abs=1e-12)
                    n_checked += int(p_timely > 0)
            if watch.condition.correlated:
                free = replace(watch, condition=replace(watch.condition, correlated=False))
                assert free.timely(fields[0])[0].max() > watch.timely(fields[0])[0].max() + 0.01
    assert n_checked >= 6


def test_the_bracket_s_low_end_is_the_mean_over_states_of_the_least(small):
    """In each state some units are down and the rest work; the crosser knows, and takes the least of all."""
    project = tiny(small, conditions=("summer_day",), n_states=6)
    wires = tuple(
        Asset(f"w{k}", "seismic_line", AlongLine(0.0, 13_000.0, m)) for k, m in enumerate((0.0, 400.0))
    )
    project = replace(project, assets=(*project.assets, *wires))
    (plan,) = sectors(project)
    (((watch,),),) = watched(lay_ground(project, plan, 0), project.assets, (project.settings.depth_m,))
    states = watch.states(6, project.settings.seed)
    assert states.shape == (6, len(watch.units))
    least = [optimal_through(replace(watch, share=state.astype(float))).p_timely for state in states]
    assert np.ptp(least, axis=0).max() > 0.1
    np.testing.assert_allclose(mean_of_minima(watch), np.mean(least, axis=0), rtol=1e-12)


def test_in_fog_the_low_end_is_the_best_unit_alone(small):
    """Twin wires and a radar in fog: no route at hand lies under the bound, though the product would."""
    project = tiny(small, conditions=("winter_fog",), n_states=40)
    wires = tuple(
        Asset(f"w{k}", "seismic_line", AlongLine(0.0, 13_000.0, m), n=2, availability=f)
        for k, (m, f) in enumerate(((0.0, 0.5), (400.0, 0.6)))
    )
    project = replace(project, assets=(*project.assets, *wires))
    (plan,) = sectors(project)
    (((watch,),),) = watched(lay_ground(project, plan, 0), project.assets, (project.settings.depth_m,))
    alone = []
    for i in range(len(watch.units)):
        state = np.zeros(len(watch.units))
        state[i] = 1.0
        alone.append(watch.share[i] * optimal_through(replace(watch, share=state)).p_timely)
    low = low_end(watch, ())
    np.testing.assert_allclose(low, np.max(alone, axis=0), rtol=1e-12)
    fields = unaware_routes([watch.passage])[0]
    ways = [*fields, watch.passage.fastest_routes(), aware_routes(watch), optimal_through(watch).routes]
    assert np.array_equal(low_end(watch, ways), low), "who sees no cell of a known way is not asked in vain"
    least = np.min([watch.timely(routes)[0] for routes in ways], axis=0)
    assert np.all(low <= least + 1e-12)
    assert low.min() > 0.1
    assert np.any(mean_of_minima(watch) > least + 0.01)  # the product over units is no bound here
    (rows,) = evaluate_sector(SectorJob(project, plan, project.assets, adversaries=("optimal",)))
    np.testing.assert_allclose(rows.p_low, np.minimum(low, rows.p_timely))
    assert np.all(rows.p_low <= rows.p_timely)


def test_in_fog_a_unit_that_closes_a_stretch_by_sight_is_asked(small):
    """Radars on masts that see every way: the best of them alone is the low end, whichever ways are known."""
    project = tiny(small, conditions=("winter_fog",))
    places = [asset.place for asset in project.assets if isinstance(asset.place, AtPoint)]
    radars = tuple(Asset(f"radar {k}", "radar_long", place, mast_m=40.0) for k, place in enumerate(places))
    observer = Asset("observer", "observer_binoculars", places[0])
    (plan,) = sectors(project)
    assets = (*radars, observer)
    (((watch,),),) = watched(lay_ground(project, plan, 0), assets, (project.settings.depth_m,))
    alone = np.max(
        [
            watch.share[i] * optimal_through(replace(watch, share=state)).p_timely
            for i, state in enumerate(np.eye(len(watch.units)))
        ],
        axis=0,
    )
    assert alone.min() > 0.5
    ways = [*unaware_routes([watch.passage])[0], watch.passage.fastest_routes()]
    np.testing.assert_allclose(low_end(watch, ways), alone, rtol=1e-12)
    np.testing.assert_allclose(low_end(watch, ()), alone, rtol=1e-12)


def test_states_are_common_to_all_sets_of_assets(small):
    project = tiny(small, 24_000.0, conditions=("summer_day",))
    (plan,) = sectors(project)
    ground, depths_m = lay_ground(project, plan, 0), (project.settings.depth_m,)
    twins = tuple(replace(asset, n=2) for asset in project.assets)
    (((one,),),) = watched(ground, twins, depths_m)
    (((two,),),) = watched(ground, twins[::-1], depths_m)
    n, column = 2_000, {}
    for watch in (one, two):
        states = watch.states(n, 5)
        for k, unit in enumerate(watch.units):
            column.setdefault(unit.asset.asset_id, []).append(states[:, k])
            assert states[:, k].mean() == pytest.approx(watch.share[k], abs=4 * 0.5 / np.sqrt(n))
    for first, second, again, twice in column.values():
        np.testing.assert_array_equal(first, again)
        np.testing.assert_array_equal(second, twice)
        assert not np.array_equal(first, second)  # identical items fail apart
    assert not np.array_equal(one.states(n, 5), one.states(n, 6))


def test_rates_on_the_ground_come_from_the_sensing_model(small):
    """A cell in plain sight of the camera at night: its rate is that of its range."""
    project = tiny(small, 24_000.0, conditions=("summer_night",))
    camera = project.assets[1]
    (plan,) = sectors(project)
    (((watch,),),) = watched(lay_ground(project, plan, 0), (camera,), (project.settings.depth_m,))
    seen = np.flatnonzero(np.diff(watch.view.ptr))
    assert len(seen) > 20
    near = watch.view.rate_per_s.max()
    expected = look_rate_per_s(
        project.equipment["thermal_medium"], project.targets[0], project.conditions[0], 200.0, mast_m=6.0
    )
    assert near == pytest.approx(float(expected), rel=0.05)


def test_the_numbers_do_not_depend_on_the_sectors(small):
    cut = replace(small, settings=replace(small.settings, depths_m=(1_000.0, 3_000.0)))
    whole, halves, quarters = (
        profile(replace(cut, settings=replace(cut.settings, sector_m=sector_m)))
        for sector_m in (60_000.0, 20_000.0, 10_000.0)
    )
    for other in (halves, quarters):
        for column in ("p_timely", "p_low", "p_detect", "w_line"):
            np.testing.assert_allclose(other[column], whole[column], atol=1e-9)
        np.testing.assert_allclose(other["time_s"], whole["time_s"], rtol=1e-9)


def test_the_border_read_backwards_is_the_same_border(small):
    """Digitised from the other end, with home on the right: stretch k is stretch n - 1 - k."""
    cut = tiny(small, conditions=("summer_day",))
    part = cut.line.parts[0]
    turned = replace(
        part,
        lon_deg=part.lon_deg[::-1],
        lat_deg=part.lat_deg[::-1],
        chainage_m=part.to_m - part.chainage_m[::-1],
    )
    line = Line("turned", (turned,), "right", "drawn", cut.line.vertex_step_m)
    river = tuple(b for b in cut.barriers if b.from_m == 0.0)
    cut = replace(cut, barriers=river)
    forth, back = profile(cut), profile(replace(cut, line=line))
    for adversary in ("unaware", "fastest"):
        one, two = (
            rows.loc[rows["adversary"] == adversary, ["p_timely", "time_s"]] for rows in (forth, back)
        )
        np.testing.assert_allclose(two["time_s"].to_numpy()[::-1], one["time_s"], rtol=1e-6)
        np.testing.assert_allclose(two["p_timely"].to_numpy()[::-1], one["p_timely"], atol=1e-6)
