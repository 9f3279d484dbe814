"""The first page, worked out by hand from a profile of three stretches."""

from __future__ import annotations

import json
from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from sarhad.interfaces.report.facts import band_of_mean
from sarhad.planning.summary import summarise, yearly

NAN = np.nan
LENGTHS_M = (1_000.0, 2_000.0, 1_000.0)
ROUTE = shapely.LineString([(0.0, 0.0), (0.0, 1.0)])


@pytest.fixture
def project():
    """What a summary reads of a project."""
    conditions = (
        SimpleNamespace(condition_id="day", share=0.75),
        SimpleNamespace(condition_id="fog", share=0.25),
    )
    settings = SimpleNamespace(depth_m=3_000.0, p_communication=0.95)
    targets = (SimpleNamespace(target_id="walker"),)
    return SimpleNamespace(targets=targets, conditions=conditions, settings=settings)


def table(rows):
    """A profile of (stretch_id, condition, adversary, depth_m, p_timely, p_low, p_detect)."""
    ends_m = np.cumsum([0.0, *LENGTHS_M])
    names = ["stretch_id", "condition", "adversary", "depth_m", "p_timely", "p_low", "p_detect"]
    frame = pd.DataFrame(rows, columns=names)
    frame["target"], frame["terrain"], frame["route"] = "walker", "refined", ROUTE
    frame["chainage_from_m"] = ends_m[frame["stretch_id"]]
    frame["chainage_to_m"] = ends_m[frame["stretch_id"] + 1]
    frame["p_timely_1"], frame["p_timely_2"] = frame["p_timely"] - 0.1, frame["p_timely"] + 0.05
    frame["band_low"], frame["band_high"] = frame["p_timely_1"], frame["p_timely_2"]
    return gpd.GeoDataFrame(frame, geometry=[ROUTE] * len(frame), crs="EPSG:4326")


@pytest.fixture
def profile():
    return table(
        [
            (0, "day", "unaware", 3_000.0, 0.60, 0.60, 0.80),
            (1, "day", "unaware", 3_000.0, 0.30, 0.30, 0.40),
            (2, "day", "unaware", 3_000.0, NAN, NAN, NAN),
            (0, "fog", "unaware", 3_000.0, 0.20, 0.20, 0.90),
            (1, "fog", "unaware", 3_000.0, 0.00, 0.00, 0.00),
            (2, "fog", "unaware", 3_000.0, 0.40, 0.40, 0.40),
            (0, "day", "optimal", 3_000.0, 0.51, 0.20, 0.60),
            (1, "day", "optimal", 3_000.0, 0.01, 0.00, 0.02),
            (2, "day", "optimal", 3_000.0, NAN, NAN, NAN),
            (0, "fog", "optimal", 3_000.0, 0.009, 0.0, 0.5),
            (1, "fog", "optimal", 3_000.0, 0.00, 0.00, 0.00),
            (2, "fog", "optimal", 3_000.0, 0.50, 0.40, 0.60),
            (0, "day", "unaware", 1_000.0, 0.10, 0.10, 0.80),
            (1, "day", "unaware", 1_000.0, 0.10, 0.10, 0.80),
        ]
    )


@pytest.fixture
def gap():
    return pd.DataFrame(
        {"target": "walker", "condition": ["day", "fog", "fog"], "width_m": [400.0, 1_000.0, 600.0]}
    )


def test_kilometres_by_label(project, profile, gap):
    summary = summarise(project, profile, gap)
    day, fog = summary.readings
    assert (day.closed_km, day.thin_km, day.open_km, day.impassable_km) == (1.0, 2.0, 0.0, 1.0)
    assert (fog.closed_km, fog.thin_km, fog.open_km, fog.impassable_km) == (0.0, 1.0, 3.0, 0.0)
    assert (day.gap_km, fog.gap_km) == (0.4, 1.6)
    assert (summary.length_km, summary.crossable_km) == (4.0, 4.0)
    assert summary.terrain == "refined"


def test_means_weigh_by_length_and_share(project, profile, gap):
    found = {(m.adversary, m.depth_m): m for m in summarise(project, profile, gap).means}
    assert set(found) == {("unaware", 3_000.0), ("unaware", 1_000.0), ("optimal", 3_000.0)}
    weight = np.array([1.0 * 0.75, 2.0 * 0.75, 1.0 * 0.25, 2.0 * 0.25, 1.0 * 0.25])
    expected = np.array([0.6, 0.3, 0.2, 0.0, 0.4]) @ weight / weight.sum()
    assert found["unaware", 3_000.0].p_timely == pytest.approx(expected)
    assert found["unaware", 3_000.0].band_low == pytest.approx(expected - 0.1)
    assert found["unaware", 3_000.0].band_high == pytest.approx(expected + 0.05)
    low = np.array([0.2, 0.0, 0.0, 0.0, 0.4]) @ weight / weight.sum()
    assert found["optimal", 3_000.0].p_low == pytest.approx(low)
    assert found["unaware", 1_000.0].p_timely == pytest.approx(0.1)


def test_the_band_of_a_mean_is_the_range_of_means_not_the_mean_of_ranges(project, gap):
    """Two stretches of 1 km and 2 km: terrain 1 opens the first and closes the second, terrain 2 neither."""
    rows = table([(k, c, "unaware", 3_000.0, 0.5, 0.5, 0.9) for c in ("day", "fog") for k in (0, 1)])
    rows["p_timely_1"] = np.where(rows["stretch_id"] == 0, 0.2, 0.6)
    rows["p_timely_2"] = 0.5
    rows["band_low"] = np.where(rows["stretch_id"] == 0, 0.2, 0.5)
    rows["band_high"] = np.where(rows["stretch_id"] == 0, 0.5, 0.6)
    (mean,) = summarise(project, rows, gap).means
    by_terrain = [0.5, (0.2 + 2 * 0.6) / 3, 0.5]
    assert (mean.band_low, mean.band_high) == pytest.approx((min(by_terrain), max(by_terrain)))
    found = yearly(project, rows)
    np.testing.assert_allclose(found["band_low"], [0.2, 0.5])
    np.testing.assert_allclose(found["band_high"], [0.5, 0.6])
    np.testing.assert_allclose(found["p_timely_1"], [0.2, 0.6])
    assert band_of_mean(found) == pytest.approx((min(by_terrain), max(by_terrain)))


def test_a_stretch_that_one_terrain_closes_counts_where_it_can_be_crossed(project, gap):
    rows = table([(k, "day", "unaware", 3_000.0, 0.5, 0.5, 0.9) for k in (0, 1)])
    rows["p_timely_1"] = np.where(rows["stretch_id"] == 0, np.nan, 0.8)
    (mean,) = summarise(project, rows, gap).means
    assert mean.band_high == pytest.approx(0.8)
    np.testing.assert_allclose(yearly(project, rows)["band_high"], [0.55, 0.8])  # terrain 2: + 0.05


def test_where_no_band_is_known_there_is_none(project, gap):
    rows = table([(0, "day", "aware", 3_000.0, 0.5, 0.5, 0.9)])
    rows[["band_low", "band_high", "p_timely_1", "p_timely_2"]] = np.nan
    (mean,) = summarise(project, rows, gap).means
    assert np.isnan([mean.band_low, mean.band_high]).all()
    assert yearly(project, rows, "aware")["band_low"].isna().all()


def test_the_worst_condition_and_what_binds(project, profile, gap):
    summary = summarise(project, profile, gap)
    # day (0.6 + 2 x 0.3) / 3 = 0.4; fog (0.2 + 0 + 0.4) / 4 = 0.15
    assert summary.worst_condition == "fog"
    # over the year stretch 0: p_t .5, p_d .825: unseen .175, late .825 - .5263 = .299
    assert summary.seen_too_late_km == 1.0
    assert summary.not_seen_km == 3.0


def test_a_condition_of_no_share_can_still_be_the_worst(project, profile, gap):
    project.conditions[0].share, project.conditions[1].share = 1.0, 0.0
    assert summarise(project, profile, gap).worst_condition == "fog"


def test_a_summary_is_plain_json(project, profile, gap):
    text = json.dumps(summarise(project, profile, gap).as_dict(), allow_nan=False)
    assert json.loads(text)["readings"][1]["gap_km"] == 1.6


def test_the_year_of_each_stretch(project, profile):
    found = yearly(project, profile)
    assert found["stretch_id"].tolist() == [0, 1, 2]
    assert found["length_m"].tolist() == list(LENGTHS_M)
    np.testing.assert_allclose(found["p_timely"], [0.75 * 0.6 + 0.25 * 0.2, 0.75 * 0.3, 0.4])
    np.testing.assert_allclose(found["p_detect"], [0.75 * 0.8 + 0.25 * 0.9, 0.75 * 0.4, 0.4])
    np.testing.assert_allclose(found["band_low"], found["p_timely"] - 0.1)
    np.testing.assert_allclose(found["band_high"], found["p_timely"] + 0.05)
    np.testing.assert_allclose(found["worst"], [0.2, 0.0, 0.4])
    assert found["binds"].tolist() == ["seen too late", "not seen", "not seen"]


def test_the_year_against_another_adversary(project, profile):
    np.testing.assert_allclose(yearly(project, profile, "optimal")["worst"], [0.009, 0.0, 0.5])


def test_a_stretch_nobody_can_cross_has_no_number(project):
    rows = [(0, c, "unaware", 3_000.0, NAN, NAN, NAN) for c in ("day", "fog")]
    rows += [(1, c, "unaware", 3_000.0, 0.5, 0.5, 0.5) for c in ("day", "fog")]
    found = yearly(project, table(rows))
    assert np.isnan(found["p_timely"][0])
    assert found["binds"].tolist() == ["", "not seen"]
    summary = summarise(project, table(rows), pd.DataFrame({"target": [], "condition": [], "width_m": []}))
    assert summary.crossable_km == 2.0
    assert summary.length_km == 3.0
    assert json.dumps(summary.as_dict(), allow_nan=False)
