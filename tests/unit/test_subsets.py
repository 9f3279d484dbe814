"""Every subset of items on a route: against the exact formula of the crossing kernel, item by item."""

from __future__ import annotations

import numpy as np
import pytest

from sarhad.errors import InputFaults
from sarhad.kernels.crossing import timely
from sarhad.kernels.exposure import NO_LINES, Routes, SensorLines, View
from sarhad.kernels.subsets import lattice, meet

N_ROW, N_COL, N_UNIT = 12, 9, 7
UNIT_ITEM = np.array([-1, 0, 1, 1, 2, 3, -1])  # item 1 has two units; two units stand already


def made(seed: int, n_route: int = 4) -> dict[str, object]:
    """Straight ways down random columns past random units; one line across row 6; the last route is none."""
    rng = np.random.default_rng(seed)
    n_cell = N_ROW * N_COL
    seen = rng.random((n_cell, N_UNIT)) < 0.35
    seen[:, 5] = False  # unit 5 is the line
    view = View(
        np.concatenate([[0], np.cumsum(seen.sum(axis=1))]).astype(np.int64),
        np.nonzero(seen)[1].astype(np.int32),
        rng.random(int(seen.sum())) * 3e-3,
    )
    one = [np.array([x]) for x in (5, 6.0, 0.0, 100.0, 1.2)]
    lines = SensorLines(one[0].astype(np.int32), *one[1:])
    cells = [np.arange(N_ROW) * N_COL + c for c in rng.integers(0, N_COL, n_route)] + [np.zeros(0, int)]
    length = [len(c) for c in cells]
    cell = np.concatenate(cells).astype(np.int32)
    step_s = np.where(cell // N_COL == N_ROW - 1, 0.0, 150.0)
    routes = Routes(np.concatenate([[0], np.cumsum(length)]).astype(np.int64), cell, step_s)
    w = rng.random((N_ROW, N_COL)) * np.linspace(0.9, 0.1, N_ROW)[:, None]
    row, col = np.indices((N_ROW, N_COL)).astype(float)
    return {
        "routes": routes,
        "w": w,
        "team_w": np.maximum(w, rng.random(w.shape) * 0.9),
        "view": view,
        "lines": lines,
        "available": rng.random(N_UNIT),
        "offset_m": row,
        "chainage_m": col,
    }


def cut(view: View, lines: SensorLines, there: np.ndarray) -> tuple[View, SensorLines]:
    """Leave out the units that are not there."""
    keep = there[view.asset]
    before = np.concatenate([[0], np.cumsum(keep)]).astype(np.int64)
    kept = View(before[view.ptr], view.asset[keep], view.rate_per_s[keep])
    return kept, SensorLines(*(part[there[lines.asset]] for part in lines))


def expected(case: dict[str, object], items: set[int], correlated: bool) -> np.ndarray:
    there = np.array([item < 0 or item in items for item in UNIT_ITEM])
    view, lines = cut(case["view"], case["lines"], there)
    w = np.maximum(case["w"], case["team_w"]) if 2 in items else case["w"]  # item 2 brings a team
    found = timely(
        case["routes"], w, view, lines, case["available"], case["offset_m"], case["chainage_m"],
        correlated=correlated, w_never_rises=True,
    )  # fmt: skip
    return found.p_timely


def met_of(case: dict[str, object], correlated: bool, **changed: object) -> object:
    arguments = {
        "unit_item": UNIT_ITEM,
        "item_team": np.array([0, 0, 1, 0]),
        "correlated": correlated,
        **changed,
    }
    return meet(
        case["routes"], (case["w"], case["team_w"]), case["view"], case["lines"], case["available"],
        case["offset_m"], case["chainage_m"], **arguments,
    )  # fmt: skip


@pytest.mark.parametrize("correlated", [False, True])
@pytest.mark.parametrize("seed", range(6))
def test_every_subset_is_the_exact_formula(seed, correlated):
    case = made(seed)
    met = met_of(case, correlated)
    for route in range(4):
        found = lattice(met, [route], np.arange(4), 4, correlated=correlated, least=False)
        for s in range(16):
            items = {item for item in range(4) if s >> item & 1}
            assert found[s] == pytest.approx(expected(case, items, correlated)[route], abs=1e-12)


def test_mean_least_and_no_way():
    case = made(3)
    met = met_of(case, False)
    each = [lattice(met, [r], np.arange(4), 4, correlated=False, least=False) for r in range(4)]
    mean = lattice(met, range(4), np.arange(4), 4, correlated=False, least=False)
    least = lattice(met, range(5), np.arange(4), 4, correlated=False, least=True)
    np.testing.assert_allclose(mean, np.mean(each, axis=0), atol=1e-14)
    np.testing.assert_allclose(least, np.min(each, axis=0), atol=1e-14)
    assert np.isnan(lattice(met, range(5), np.arange(4), 4, correlated=False, least=False)).all()
    assert np.isnan(lattice(met, [4], np.arange(4), 4, correlated=False, least=True)).all()


@pytest.mark.parametrize("correlated", [False, True])
def test_a_bundle_comes_as_one_and_what_never_comes_is_not_there(correlated):
    case = made(5)
    met = met_of(case, correlated)
    whole = lattice(met, [0, 1], np.arange(4), 4, correlated=correlated, least=False)
    some = lattice(met, [0, 1], np.array([0, 1, 1, -1]), 2, correlated=correlated, least=False)
    np.testing.assert_allclose(some, whole[[0b0000, 0b0001, 0b0110, 0b0111]], atol=1e-14)


def test_routes_that_nothing_sees_are_worth_nothing():
    case = made(1)
    n_cell = N_ROW * N_COL
    blind = View(np.zeros(n_cell + 1, np.int64), np.zeros(0, np.int32), np.zeros(0))
    met = met_of({**case, "view": blind, "lines": NO_LINES}, False)
    assert not lattice(met, [0, 1], np.arange(4), 4, correlated=False, least=False).any()


def test_bad_arguments_are_refused():
    case = made(0)
    with pytest.raises(InputFaults, match="unit_item"):
        met_of(case, False, unit_item=UNIT_ITEM[:-1])
    with pytest.raises(InputFaults, match="unit_item"):
        met_of(case, False, unit_item=UNIT_ITEM + 1)
    with pytest.raises(InputFaults, match="item_team"):
        met_of(case, False, item_team=np.array([0, 2, 0, 0]))
    met = met_of(case, False)
    with pytest.raises(InputFaults, match="item_bit"):
        lattice(met, [0], np.arange(4), 3, correlated=False, least=False)
    with pytest.raises(InputFaults, match="item_bit"):
        lattice(met, [0], np.arange(3), 4, correlated=False, least=False)
