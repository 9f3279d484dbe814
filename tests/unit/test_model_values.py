"""The values refuse nonsense, stay as they are, and do their little arithmetic right."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest

from sarhad.model.asset import AlongLine, Asset, AtPoint, Site, Team
from sarhad.model.condition import Condition
from sarhad.model.equipment import MOUNT, EquipmentType
from sarhad.model.grid import Grid
from sarhad.model.line import Line, LinePart
from sarhad.model.objective import Objective
from sarhad.model.plan import Budget, Plan, PlanItem, PlanResult
from sarhad.model.target import Target

NAN = float("nan")
ASSET = Asset("a", "thermal_medium", AtPoint(69.0, 37.0))
TEAM = Team("t", 69.0, 37.0)
CONDITION = Condition("c", "summer", "day", "clear", 0.5, 20_000.0, 10_000.0)
EQUIPMENT = EquipmentType("e", "radar", "a radar", 1.0, 1.0, 1.0, 0.5)
TARGET = Target("walker", 1.7, 0.5, 0.5, 0.3, 4.0, "tobler", 1.0, 1.0, 1.0, 1.0, 1.0)
GRID = Grid("EPSG:32642", 1_000.0, 9_000.0, 90.0, 20, 30)
BUDGET = Budget(1_000.0)


def part(part_id="p", start_m=0.0, n=3, exclave=False):
    ends = np.arange(n, dtype=float)
    return LinePart(part_id, 69.0 + 0.1 * ends, 37.0 + 0.0 * ends, start_m + 1_000.0 * ends, exclave)


def line(*parts, calibration=()):
    return Line("l", parts or (part(),), "left", "drawn", 100.0, calibration)


@pytest.mark.parametrize(
    ("value", "wrong"),
    [
        *[(ASSET, {"n": n}) for n in (0, -1)],
        *[(ASSET, {"mast_m": m}) for m in (-1.0, NAN)],
        *[(ASSET, {"sector_deg": d}) for d in (0.0, 361.0, NAN)],
        *[(TEAM, {name: bad}) for name in ("assess_s", "turnout_s", "dismount_s") for bad in (-1.0, NAN)],
        *[(CONDITION, {"share": s}) for s in (-0.1, 1.1, NAN)],
        *[(CONDITION, {"visibility_m": v}) for v in (0.0, -1.0, NAN)],
        *[
            (CONDITION, {name: bad})
            for name in ("illuminance_lux", "rain_mm_per_h", "fog_g_per_m3", "wind_mps")
            for bad in (-1.0, NAN)
        ],
        (EQUIPMENT, {"kind": "telescope"}),
        *[(EQUIPMENT, {"availability": f}) for f in (-0.1, 1.1, NAN)],
        *[
            (EQUIPMENT, {name: bad})
            for name in ("cost_usd", "crew_n", "power_w", "mast_m")
            for bad in (-1.0, NAN)
        ],
        *[
            (TARGET, {name: bad})
            for name in ("height_m", "critical_m", "rcs_m2", "speed_factor", "max_slope")
            for bad in (0.0, NAN)
        ],
        *[(GRID, {"cell_m": c}) for c in (0.0, -1.0, NAN)],
        *[(GRID, {name: 0}) for name in ("n_row", "n_col")],
        *[(BUDGET, {"money_usd": m}) for m in (0.0, -1.0, NAN)],
        *[(BUDGET, {"crew_n": c}) for c in (-1.0, NAN)],
    ],
)
def test_nonsense_is_refused_by_name(value, wrong):
    (name,) = wrong
    with pytest.raises(ValueError, match="cell" if name in ("n_row", "n_col") else name):
        replace(value, **wrong)


@pytest.mark.parametrize("value", [ASSET, TEAM, CONDITION, EQUIPMENT, TARGET, GRID, BUDGET, line()])
def test_values_do_not_change(value):
    with pytest.raises((FrozenInstanceError, AttributeError)):
        setattr(value, next(iter(value.__dataclass_fields__)), None)
    with pytest.raises((AttributeError, TypeError)):
        value.something_new = 1


def test_every_kind_has_a_mount():
    for kind, mount in MOUNT.items():
        assert replace(EQUIPMENT, kind=kind).mount == mount
    assert {MOUNT["thermal_camera"], MOUNT["fibre"], MOUNT["drone"]} == {"point", "line", "area"}


def test_grid_centres_and_windows():
    assert GRID.centre_m(0.0, 0.0) == (1_045.0, 8_955.0)
    assert GRID.centre_m(19.0, 29.0) == (1_000.0 + 29.5 * 90.0, 9_000.0 - 19.5 * 90.0)
    row, col = np.arange(5.0), np.arange(5.0) * 3
    np.testing.assert_allclose(GRID.cell_at(*GRID.centre_m(row, col)), (row, col), atol=1e-12)
    window = GRID.window(3, 7, 4, 5)
    assert window.shape == (4, 5)
    assert window.n_cell == 20
    assert window.centre_m(0.0, 0.0) == GRID.centre_m(3.0, 7.0)


def test_a_line_part_needs_vertices_that_go_on():
    with pytest.raises(ValueError, match="two vertices"):
        part(n=1)
    with pytest.raises(ValueError, match="increase"):
        LinePart("p", np.array([1.0, 2.0]), np.array([1.0, 2.0]), np.array([5.0, 5.0]))
    with pytest.raises(ValueError, match="two vertices"):
        LinePart("p", np.array([1.0, 2.0]), np.array([1.0, 2.0]), np.array([0.0, 1.0, 2.0]))
    lon_deg, lat_deg = part().at(np.array([0.0, 250.0, 2_000.0]))
    np.testing.assert_allclose(lon_deg, [69.0, 69.025, 69.2])
    np.testing.assert_allclose(lat_deg, 37.0)


def test_parts_follow_each_other():
    joined = line(part("a"), part("b", 2_000.0, exclave=True))
    assert joined.length_m == 4_000.0
    assert joined.reverse_m(500.0) == 3_500.0
    with pytest.raises(ValueError, match="starts before"):
        line(part("a"), part("b", 1_999.0))
    with pytest.raises(ValueError, match="one part"):
        Line("l", (), "left", "drawn", 100.0)


@pytest.mark.parametrize(
    ("calibration", "chainage_m", "official_m"),
    [
        ((), 700.0, 700.0),
        (((1_000.0, 1_100.0),), 500.0, 550.0),
        (((0.0, 0.0), (1_000.0, 1_100.0), (3_000.0, 3_000.0)), 500.0, 550.0),
        (((0.0, 0.0), (1_000.0, 1_100.0), (3_000.0, 3_000.0)), 1_000.0, 1_100.0),
        (((0.0, 0.0), (1_000.0, 1_100.0), (3_000.0, 3_000.0)), 2_000.0, 2_050.0),
        (((0.0, 0.0), (1_000.0, 1_100.0), (3_000.0, 3_000.0)), 4_000.0, 3_950.0),
        (((0.0, 100.0), (1_000.0, 1_100.0)), 0.0, 100.0),
    ],
)
def test_official_chainage_by_the_calibration(calibration, chainage_m, official_m):
    assert line(calibration=calibration).official_m(chainage_m) == pytest.approx(official_m)


def test_stretches_divide_parts_and_never_span_two():
    found = line(part("a"), part("b", 2_000.0)).stretches(900.0)
    assert [(s.stretch_id, s.part_id, s.from_m, s.to_m) for s in found] == [
        (0, "a", 0.0, 1_000.0),
        (1, "a", 1_000.0, 2_000.0),
        (2, "b", 2_000.0, 3_000.0),
        (3, "b", 3_000.0, 4_000.0),
    ]
    assert len(line().stretches(1e9)) == 1
    for bad in (0.0, -1.0, NAN):
        with pytest.raises(ValueError, match="positive"):
            line().stretches(bad)


def test_a_plan_adds_up():
    items = tuple(
        PlanItem(k, replace(ASSET, asset_id=f"a{k}"), "S1", cost_usd, crew_n, 0.1)
        for k, cost_usd, crew_n in ((1, 100.0, 2.0), (2, 50.5, 0.5))
    )
    plan = Plan(items)
    assert plan.cost_usd == 150.5
    assert plan.crew_n == 2.5
    assert [asset.asset_id for asset in plan.assets] == ["a1", "a2"]
    assert (Plan().cost_usd, Plan().crew_n, Plan().assets) == (0, 0, ())


@pytest.mark.parametrize(("value", "bound", "gap"), [(0.8, 1.0, 0.2), (0.5, 0.5, 0.0), (0.0, 0.0, 0.0)])
def test_the_gap_is_a_share_of_the_bound(value, bound, gap):
    assert PlanResult(Plan(), value, bound, 0.0, ()).gap == pytest.approx(gap)


def test_values_of_equal_parts_are_equal():
    assert AlongLine(0.0, 1.0) == AlongLine(0.0, 1.0, 0.0)
    assert Site("s", 1.0, 2.0) == Site("s", 1.0, 2.0, ())
    assert replace(ASSET) == ASSET
    assert hash(replace(TEAM)) == hash(TEAM)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"name": "maximin"}, "mean, leximin, cvar"),
        ({"name": "cvar", "tail_share": 0.0}, "tail_share"),
        ({"name": "cvar", "tail_share": 1.5}, "tail_share"),
        ({"name": "leximin", "step": 0.0}, "step"),
        ({"name": "leximin", "step": float("nan")}, "step"),
    ],
)
def test_an_objective_refuses_nonsense(wrong, said):
    assert Objective().name == "mean"
    with pytest.raises(ValueError, match=said):
        Objective(**wrong)
