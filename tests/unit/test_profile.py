"""The profile: its labels by hand, its rows whole, its laws kept, its errors said."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import shapely

from sarhad.errors import NoGoalReachable, UnknownName
from sarhad.io.cache import Cache
from sarhad.io.project import open_project
from sarhad.model.asset import AlongLine, Asset
from sarhad.model.line import Line, LinePart, Stretch
from sarhad.model.plan import Plan, PlanItem
from sarhad.model.project import Barrier, Goals
from sarhad.planning import profile as profile_module
from sarhad.planning.compute import Compute
from sarhad.planning.crossing import ADVERSARIES, evaluate_sector
from sarhad.planning.profile import binds, fingerprint, label, profile, stretch_line
from sarhad.planning.summary import yearly
from sarhad.testing import assert_tables_equal, check_profile
from small_cases import cut_line, tiny

NAN = np.nan


@pytest.fixture(scope="module")
def project(small_project_template):
    return open_project(small_project_template)


@pytest.fixture(scope="module")
def whole(project):
    return profile(project)


@pytest.fixture(scope="module")
def cut(project):
    return tiny(project, depths_m=(1_000.0, 3_000.0))


def wall(to_m=np.inf):
    return Barrier("wall", "wall", {"summer": np.inf, "winter": np.inf}, on_line=True, to_m=to_m)


def test_labels_by_hand():
    p_timely = np.array([NAN, 0.0, 0.0099, 0.01, 0.5, 0.5001, 0.95])
    expected = ["impassable", "open", "open", "thin", "thin", "closed", "closed"]
    assert label(p_timely).tolist() == expected


def test_what_binds_by_hand():
    # lost unseen: 1 - p_detect; lost late: p_detect - p_timely / P_C
    p_timely = np.array([0.0, 0.0, 0.19, 0.76, 0.0, NAN])
    p_detect = np.array([0.0, 0.9, 0.80, 0.80, 0.5, NAN])
    expected = ["not seen", "seen too late", "seen too late", "not seen", "not seen", ""]
    assert binds(p_timely, p_detect, 0.95).tolist() == expected


def test_a_stretch_is_drawn_with_the_line_s_own_vertices():
    lon_deg, lat_deg = np.array([69.0, 69.1, 69.3]), np.array([37.0, 37.2, 37.2])
    one = LinePart("a", lon_deg, lat_deg, np.array([0.0, 1_000.0, 2_000.0]))
    two = LinePart("b", lon_deg + 1, lat_deg, np.array([2_000.0, 3_000.0, 4_000.0]))
    line = Line("l", (one, two), "left", "drawn", 100.0)
    drawn = stretch_line(line, Stretch(0, "a", 500.0, 1_500.0))
    np.testing.assert_allclose(drawn.coords, [(69.05, 37.1), (69.1, 37.2), (69.2, 37.2)])
    drawn = stretch_line(line, Stretch(1, "b", 2_000.0, 3_000.0))
    np.testing.assert_allclose(drawn.coords, [(70.0, 37.0), (70.1, 37.2)])


def test_there_is_one_row_for_every_question(project, whole):
    n_stretch = len(project.line.stretches(project.settings.stretch_m))
    n_headline = len(project.targets) * len(project.conditions) * len(ADVERSARIES)
    n_beside = len(project.targets) * len(project.conditions) * (len(project.settings.depths_m) - 1)
    assert len(whole) == n_stretch * (n_headline + n_beside)
    beside = whole[whole["depth_m"] != project.settings.depth_m]
    assert set(beside["adversary"]) == {"unaware"}
    assert set(whole["terrain"]) == {"synthetic"}
    assert whole.crs.to_epsg() == 4326
    check_profile(project, whole)


def test_rows_come_by_stretch_then_as_the_project_lists_them(project, whole):
    assert whole["stretch_id"].is_monotonic_increasing
    conditions = [c.condition_id for c in project.conditions]
    one = whole[whole["stretch_id"] == 3]
    numbers = [
        (conditions.index(c), ADVERSARIES.index(a), d)
        for c, a, d in zip(one["condition"], one["adversary"], one["depth_m"], strict=True)
    ]
    assert numbers == sorted(numbers)


def test_columns_are_those_promised(whole):
    promised = profile.__doc__.split("`")[1]
    assert set(whole.columns) == {name.strip() for name in promised.replace("\n", " ").split(",")} | {
        "geometry"
    }


def test_labels_and_binding_follow_from_the_numbers(project, whole):
    assert (whole["label"] == label(whole["p_timely"].to_numpy())).all()
    p_detect = whole["p_detect"].to_numpy()
    words = binds(whole["p_timely"].to_numpy(), p_detect, project.settings.p_communication)
    assert (whole["binds"] == words).all()


def test_routes_lead_from_beyond_to_the_home_side(project, whole):
    """Home is left of the line, north here: routes end further north than they begin."""
    for row in whole[whole["adversary"] == "fastest"].itertuples():
        (_, south), (_, north) = row.route.coords[0], row.route.coords[-1]
        assert south < row.geometry.centroid.y < north
        assert row.route.distance(row.geometry) < 0.005  # a cell is 0.002 degrees
    assert all(isinstance(route, shapely.LineString) for route in whole["route"])


def test_the_fastest_are_fastest(project, whole):
    headline = whole[whole["depth_m"] == project.settings.depth_m]
    key = ["stretch_id", "target", "condition"]
    fastest = headline[headline["adversary"] == "fastest"].set_index(key)["time_s"]
    for _, rows in headline.groupby("adversary"):
        assert (rows.set_index(key)["time_s"] >= fastest - 1e-6).all()


def test_a_plan_s_assets_count_as_if_they_stood(cut):
    line = Asset("new", "seismic_line", AlongLine(0.0, 12_000.0))
    bought = Plan((PlanItem(1, line, "L", 1.0, 0.0, 0.0),))
    with_plan = profile(cut, bought)
    standing = profile(replace(cut, assets=(*cut.assets, line)))
    assert_tables_equal(with_plan, standing)
    before = profile(cut)
    assert with_plan["p_timely"].sum() > before["p_timely"].sum()
    check_profile(cut, with_plan)


def test_one_realisation_has_no_band_and_more_have_one(cut):
    single = profile(cut, n_realisations=1)
    banded = single["adversary"].isin(("unaware", "optimal")) & (single["depth_m"] == cut.settings.depth_m)
    for column in ("band_low", "band_high"):
        assert (single[column] == single["p_timely"])[banded].all()
        assert single[column][~banded].isna().all()
    assert set(single["open_share"][banded]) <= {0.0, 1.0}
    several = profile(cut, n_realisations=3)
    check_profile(cut, several)
    others = several[["p_timely", "p_timely_1", "p_timely_2"]][banded]
    np.testing.assert_array_equal(several["band_low"][banded], others.min(axis=1))
    np.testing.assert_array_equal(several["band_high"][banded], others.max(axis=1))
    bands = ["band_low", "band_high", "open_share"]
    extra = ["p_timely_1", "p_timely_2"]
    assert_tables_equal(several.drop(columns=bands + extra), single.drop(columns=bands))


def test_chosen_adversaries_alone(cut):
    everyone = profile(cut)
    for chosen in [("unaware",), ("fastest", "aware"), ("optimal",), ("aware",)]:
        found = profile(cut, adversaries=chosen, n_realisations=2)
        headline = found[found["depth_m"] == cut.settings.depth_m]
        assert set(headline["adversary"]) == set(chosen)
        same = everyone[everyone["adversary"].isin(chosen) & (everyone["depth_m"] == cut.settings.depth_m)]
        np.testing.assert_array_equal(headline["p_timely"], same["p_timely"])


def test_chosen_stretches_alone_are_those_of_the_whole(cut, monkeypatch):
    """Of stretches in the second of two sectors the second alone is worked out; their rows are the same."""
    halves = replace(cut, settings=replace(cut.settings, sector_m=6_000.0, n_realisations=2))
    everywhere = profile(halves, adversaries=("unaware",))
    asked = []
    monkeypatch.setattr(
        profile_module,
        "evaluate_sector",
        lambda job: (asked.append(job.plan.sector_id), evaluate_sector(job))[1],
    )
    last = int(everywhere["stretch_id"].max())
    found = profile(halves, adversaries=("unaware",), stretch_ids=(last,))
    assert asked == [1, 1]
    assert_tables_equal(found, everywhere[everywhere["stretch_id"] == last].reset_index(drop=True))


def test_an_unknown_adversary_is_named(cut):
    with pytest.raises(UnknownName, match="clever"):
        profile(cut, adversaries=("unaware", "clever"))


def test_nobody_can_cross_a_closed_border(cut):
    with pytest.raises(NoGoalReachable):
        profile(replace(cut, barriers=(wall(),)))
    with pytest.raises(NoGoalReachable):
        profile(replace(cut, goals=Goals("layer", ())))


def test_a_closed_stretch_is_impassable_and_the_rest_is_not(cut):
    found = profile(replace(cut, barriers=(wall(to_m=8_000.0),)))
    assert set(found.loc[found["stretch_id"] < 2, "label"]) == {"impassable"}
    assert "impassable" not in set(found.loc[found["stretch_id"] == 2, "label"])
    closed = found[found["label"] == "impassable"]
    assert closed["route"].isna().all()
    assert (closed["binds"] == "").all()
    check_profile(cut, found)
    assert yearly(cut, found)["p_timely"].isna().tolist() == [True, True, False]


def test_a_season_s_barrier_closes_that_season(cut):
    ice = Barrier("river", "river", {"summer": np.inf, "winter": 0.0}, on_line=True)
    found = profile(replace(cut, barriers=(ice,)))
    assert found.loc[found["condition"] == "summer_day", "p_timely"].isna().all()
    assert found.loc[found["condition"] == "winter_fog", "p_timely"].notna().all()


def test_an_edited_checkout_reads_no_result_of_the_old_one(cut, tmp_path, monkeypatch):
    """A planted wrong result is taken as long as the source is the same, and never after an edit."""
    store = Cache(tmp_path)
    honest = profile(cut, adversaries=("fastest",), compute=Compute(1, store=store))
    for file in tmp_path.glob("*.piece"):
        rows = store.get(file.stem)
        store.put(file.stem, [replace(row, p_timely=row.p_timely * 0.0) for row in rows])
    again = profile(cut, adversaries=("fastest",), compute=Compute(1, store=store))
    assert honest["p_timely"].max() > 0.0 == again["p_timely"].max()
    monkeypatch.setattr(profile_module, "source_digest", lambda: "edited")
    edited = profile(cut, adversaries=("fastest",), compute=Compute(1, store=store))
    assert_tables_equal(edited, honest)


def test_the_key_of_a_project_follows_what_its_results_depend_on(cut):
    key = fingerprint(cut)
    same = replace(cut, title="other", notes=("x",), settings=replace(cut.settings, processes=7))
    assert fingerprint(same) == key
    for changed in (
        replace(cut, settings=replace(cut.settings, seed=2)),
        replace(cut, teams=cut.teams[1:]),
        replace(cut, conditions=cut.conditions[1:]),
        replace(cut, targets=()),
        replace(cut, equipment={}),
        replace(cut, hashes={**cut.hashes, "terrain.tif": "0" * 64}),
        replace(cut, line=cut_line(cut.line, 11_999.0)),
        replace(cut, line=replace(cut.line, home_side="right")),
        replace(cut, barriers=(wall(),)),
        replace(cut, goals=Goals("layer", (np.array([[69.0, 37.5]]),))),
    ):
        assert fingerprint(changed) != key
