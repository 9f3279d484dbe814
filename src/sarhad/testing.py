"""Batteries for whoever extends Sarhad: does a kernel keep its definition, does a result keep the laws?

    check_kernel          a fast kernel against its slow definition, with determinism and clean hands
    check_profile         0 <= p_low <= p_timely <= min(P_C, p_detect); optimal <= every other adversary
    check_plan            money, crew, stock, sites; before <= value <= bound; the ranking goes on from it
    assert_plans_equal    two plans, purchase by purchase
    assert_tables_equal   two profiles or gaps, column by column, geometries included

All of them raise AssertionError with the first thing that is wrong and return nothing.
"""

from __future__ import annotations

import copy
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from sarhad.model.asset import AlongLine, AtPoint
from sarhad.model.plan import Budget, Plan, PlanItem, PlanResult
from sarhad.model.project import Project

if TYPE_CHECKING:
    import geopandas as gpd

TOLERANCE = 1e-9


def check_kernel(
    fast: Callable[..., object],
    slow: Callable[..., object],
    cases: Iterable[tuple[Any, ...]],
    rtol: float = 1e-9,
    atol: float = 0.0,
) -> None:
    """Check a fast kernel against its slow definition on every case (a tuple of arguments).

    Both return an array, a number, or a tuple of them. Shapes must agree; integers and booleans exactly,
    floats within `rtol` or `atol`, inf and NaN in the same places. `fast` must give the same bytes twice
    and leave its arguments as they were.
    """
    n_case = 0
    for n_case, case in enumerate(cases, 1):
        kept = copy.deepcopy(case)
        found = _arrays(fast(*case))
        _same_arrays(_arrays(kept), _arrays(case), 0.0, f"case {n_case}: the kernel changed its arguments")
        again = _arrays(fast(*case))
        _same_arrays(found, again, 0.0, f"case {n_case}: a second call differs from the first")
        expected = _arrays(slow(*kept))
        _same_arrays(expected, found, rtol, f"case {n_case}: the kernel differs from its definition", atol)
    assert n_case > 0, "no cases were given"


def check_profile(project: Project, profile: gpd.GeoDataFrame) -> None:
    """Check that a profile is whole and keeps the laws of the number it reports."""
    key = ["stretch_id", "target", "condition", "adversary", "depth_m"]
    assert not profile.duplicated(key).any(), "a profile has one row per " + ", ".join(key)
    n_stretch = len(project.line.stretches(project.settings.stretch_m))
    assert set(profile["stretch_id"]) == set(range(n_stretch)), f"a profile covers all {n_stretch} stretches"
    impassable = profile["p_timely"].isna()
    for column in ("p_low", "p_detect", "w_line", "time_s"):
        assert (profile[column].isna() == impassable).all(), (
            f"{column} is NaN where nothing crosses, only there"
        )
    known = profile[~impassable]
    p_communication = project.settings.p_communication
    for low, high in pairwise(("p_low", "p_timely", "p_detect")):
        _assert_ordered(known, known[low], known[high], f"{low} <= {high}")
    _assert_ordered(known, 0.0 * known["p_low"], known["p_low"], "0 <= p_low")
    _assert_ordered(known, known["p_timely"], 0.0 * known["p_low"] + p_communication, "p_timely <= P_C")
    banded = known[known["band_low"].notna()]
    _assert_ordered(banded, banded["band_low"], banded["p_timely"], "band_low <= p_timely")
    _assert_ordered(banded, banded["p_timely"], banded["band_high"], "p_timely <= band_high")
    _assert_ordered(banded, 0.0 * banded["p_low"], banded["open_share"], "0 <= open_share")
    headline = known[known["depth_m"] == project.settings.depth_m]
    optimal = headline[headline["adversary"] == "optimal"].set_index(key[:3])["p_timely"]
    for name, rows in headline.groupby("adversary"):
        if len(optimal):
            worst = optimal.reindex(rows.set_index(key[:3]).index).to_numpy()
            _assert_ordered(rows, rows["p_timely"] * 0.0 + worst, rows["p_timely"], f"optimal <= {name}")


def check_plan(project: Project, result: PlanResult, budget: Budget | None = None) -> None:
    """Check that a plan keeps its budget, its numbers are in order and its ranking goes on from it."""
    budget = budget or project.budget
    plan, ranking = result.plan, result.ranking
    _assert_within(plan.cost_usd, budget.money_usd, "money")
    _assert_within(plan.crew_n, budget.crew_n, "crew")
    for items in (plan.items, ranking.items):
        assert [item.rank for item in items] == list(range(1, len(items) + 1)), "ranks count from 1"
        ids = Counter(item.asset.asset_id for item in items)
        assert not items or max(ids.values()) == 1, f"asset ids are unique, found {ids.most_common(1)}"
        used: defaultdict[str, float] = defaultdict(float)
        for item in items:
            used[item.asset.equipment_id] += _stock_use(item)
        for equipment_id, stock in budget.stock.items():
            _assert_within(used.get(equipment_id, 0.0), stock, f"stock of {equipment_id}")
        offered = set(project.offered)
        assert offered.issuperset(used), f"only what is on offer is bought, found {set(used) - offered}"
    _assert_sites(ranking.items)
    assert ranking.items[: len(plan.items)] == plan.items, "the ranking begins with the plan"
    assert 0.0 <= result.before <= result.value + TOLERANCE, f"before {result.before} <= value {result.value}"
    assert result.value <= result.bound + TOLERANCE, f"value {result.value} <= bound {result.bound}"
    _assert_parts(result)
    weighed = sum(weight * value for _, weight, value in result.adversaries)
    assert result.objective.name == "leximin" or abs(weighed - result.value) <= TOLERANCE, (
        f"value {result.value} is the mean {weighed} of its parts"
    )


def _assert_parts(result: PlanResult) -> None:
    """Check that the value follows from what the objective says it is made of."""
    objective, parts = result.objective, result.parts
    if objective.name == "leximin":
        short = next((k for k, part in enumerate(parts) if part.value < 1.0 - TOLERANCE), len(parts))
        share = parts[short].value if short < len(parts) else 0.0
        expected = objective.step * (short + share)
    elif objective.name == "cvar":
        assert abs(sum(part.weight for part in parts) - 1.0) <= TOLERANCE, "weights in the tail sum to 1"
        expected = sum(part.weight * part.value for part in parts)
    else:
        return
    assert abs(expected - result.value) <= TOLERANCE, f"value {result.value} follows from {parts}"


def assert_plans_equal(a: Plan | PlanResult, b: Plan | PlanResult, rtol: float = 0.0) -> None:
    """Assert that two plans buy the same in the same order, numbers within `rtol` (0: to the last bit)."""
    assert type(a) is type(b), f"{type(a).__name__} against {type(b).__name__}"
    if isinstance(a, PlanResult) and isinstance(b, PlanResult):
        for name in ("value", "bound", "before"):
            _assert_close(getattr(a, name), getattr(b, name), rtol, name)
        assert len(a.adversaries) == len(b.adversaries), f"{a.adversaries} against {b.adversaries}"
        for (name, *one), (other, *two) in zip(a.adversaries, b.adversaries, strict=True):
            assert name == other, f"adversary {name} against {other}"
            _assert_close(one, two, rtol, f"adversary {name}")
        _same_items(a.ranking.items, b.ranking.items, rtol, "ranking")
        a, b = a.plan, b.plan
    assert isinstance(a, Plan)
    assert isinstance(b, Plan)
    _same_items(a.items, b.items, rtol, "plan")


def assert_tables_equal(a: gpd.GeoDataFrame, b: gpd.GeoDataFrame, rtol: float = 0.0) -> None:
    """Assert that two profiles or gaps agree in columns, order of rows, words, geometries and numbers."""
    assert list(a.columns) == list(b.columns), f"columns {list(a.columns)} against {list(b.columns)}"
    assert len(a) == len(b), f"{len(a)} rows against {len(b)}"
    for column in a.columns:
        one, two = a[column].to_numpy(), b[column].to_numpy()
        if one.dtype.kind == "f" and two.dtype.kind == "f":
            _assert_close(one, two, rtol, f"column {column}")
            continue
        differ = [i for i, (x, y) in enumerate(zip(one, two, strict=True)) if not _same_cell(x, y)]
        assert not differ, f"column {column}, row {differ[0]}: {one[differ[0]]} against {two[differ[0]]}"


def _same_cell(one: object, two: object) -> bool:
    if hasattr(one, "equals_exact"):
        return bool(hasattr(two, "wkb") and one.wkb == two.wkb)  # type: ignore[attr-defined]
    return bool(one == two)


def _arrays(value: object) -> list[np.ndarray[Any, Any]]:
    """Return the arrays and numbers in a value, depth first; other things stay out."""
    if isinstance(value, tuple | list):
        return [array for part in value for array in _arrays(part)]
    if isinstance(value, np.ndarray | np.generic | int | float | bool):
        return [np.asarray(value)]
    return []


def _same_arrays(
    expected: Sequence[np.ndarray[Any, Any]],
    found: Sequence[np.ndarray[Any, Any]],
    rtol: float,
    what: str,
    atol: float = 0.0,
) -> None:
    assert len(expected) == len(found), f"{what}: {len(found)} arrays, not {len(expected)}"
    for k, (one, two) in enumerate(zip(expected, found, strict=True)):
        assert one.shape == two.shape, f"{what}: array {k} has shape {two.shape}, not {one.shape}"
        _assert_close(two, one, rtol, f"{what}: array {k}", atol)


def _assert_close(one: Any, two: Any, rtol: float, what: str, atol: float = 0.0) -> None:
    """Assert equality: of floats within `rtol` (NaN equals NaN), of all else exactly."""
    a, b = np.asarray(one), np.asarray(two)
    if a.dtype.kind in "fc" and b.dtype.kind in "fc":
        near = np.isclose(a, b, rtol=rtol, atol=atol, equal_nan=True)
    else:
        near = np.asarray(a == b)
    if not np.all(near):
        at = tuple(np.argwhere(~np.atleast_1d(near))[0].tolist())
        raise AssertionError(f"{what} differs at {at}: {np.atleast_1d(a)[at]} against {np.atleast_1d(b)[at]}")


def _same_items(one: Sequence[PlanItem], two: Sequence[PlanItem], rtol: float, what: str) -> None:
    assert len(one) == len(two), f"{what}: {len(one)} purchases against {len(two)}"
    for a, b in zip(one, two, strict=True):
        for name in ("rank", "asset", "site_id"):
            x, y = getattr(a, name), getattr(b, name)
            assert x == y, f"{what}, rank {a.rank}: {name} {x} against {y}"
        for name in ("cost_usd", "crew_n", "gain"):
            _assert_close(getattr(a, name), getattr(b, name), rtol, f"{what}, rank {a.rank}: {name}")


def _assert_ordered(rows: Any, low: Any, high: Any, what: str) -> None:
    wrong = np.flatnonzero(~(low.to_numpy() <= high.to_numpy() + TOLERANCE))
    if len(wrong):
        row = rows.iloc[wrong[0]].drop(["geometry", "route"], errors="ignore").to_dict()
        raise AssertionError(f"not {what} in {len(wrong)} row(s), the first: {row}")


def _assert_within(used: float, there: float, what: str) -> None:
    assert used <= there * (1.0 + TOLERANCE), f"{what}: {used} taken of {there}"


def _stock_use(item: PlanItem) -> float:
    place = item.asset.place
    return (place.to_m - place.from_m) / 1000.0 if isinstance(place, AlongLine) else float(item.asset.n)


def _assert_sites(items: Sequence[PlanItem]) -> None:
    from sarhad.planning.items import ITEMS_PER_SITE

    at_site = Counter(item.site_id for item in items if isinstance(item.asset.place, AtPoint))
    for site_id, n in at_site.items():
        assert n <= ITEMS_PER_SITE, f"site {site_id} holds {n} items of {ITEMS_PER_SITE}"
