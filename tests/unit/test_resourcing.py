"""Crews: cases solved by hand and by brute force, a published instance, orders that hold in every draw."""

from __future__ import annotations

import ast
import itertools
from datetime import date
from pathlib import Path

import numpy as np
import pytest

import sarhad
from sarhad.errors import InputFaults, UnknownName
from sarhad.kernels import schedule as kernel
from sarhad.model.schedule import Activity, Closure, Crew, Duration, Network
from sarhad.planning.resourcing import hand_overs, planned_days, resource_schedule
from sarhad.planning.robust_order import robust_schedule
from sarhad.planning.schedule_risk import arrays_of, assess, closed_days, places

START = date(2026, 1, 1)
SURE = Duration.certain

# Instance j301_1 of PSPLIB (Kolisch and Sprecher 1997, EJOR 96(1)), without source and sink: days, resource,
# units, successors. Its optimal makespan is 43.
J301_1 = {
    2: (8, 1, 4, (6, 11, 15)), 3: (4, 1, 10, (7, 8, 13)), 4: (6, 4, 3, (5, 9, 10)), 5: (3, 1, 3, (20,)),
    6: (8, 4, 8, (30,)), 7: (5, 1, 4, (27,)), 8: (9, 2, 1, (12, 19, 27)), 9: (2, 1, 6, (14,)),
    10: (7, 4, 1, (16, 25)), 11: (9, 2, 5, (20, 26)), 12: (2, 2, 7, (14,)), 13: (6, 1, 4, (17, 18)),
    14: (3, 2, 8, (17,)), 15: (9, 1, 3, (25,)), 16: (10, 4, 5, (21, 22)), 17: (6, 4, 8, (22,)),
    18: (5, 4, 7, (20, 22)), 19: (3, 2, 1, (24, 29)), 20: (7, 2, 10, (23, 25)), 21: (2, 4, 6, (28,)),
    22: (7, 1, 2, (23,)), 23: (2, 1, 3, (24,)), 24: (3, 2, 9, (30,)), 25: (3, 1, 4, (30,)),
    26: (7, 3, 4, (31,)), 27: (8, 4, 7, (28,)), 28: (3, 2, 8, (31,)), 29: (7, 2, 7, ()), 30: (2, 2, 7, ()),
    31: (2, 3, 2, ()),
}  # fmt: skip
CAPACITY = {1: 12, 2: 13, 3: 4, 4: 12}


def activity(name: str, days: int, crews: dict[str, int], after: tuple[str, ...] = (), **more) -> Activity:
    return Activity(name, SURE(days), after, item_id=name, crews=tuple(crews.items()), **more)


def j301_1() -> Network:
    tasks = tuple(
        activity(str(job), days, {f"R{kind}": units}, tuple(str(p) for p in J301_1 if job in J301_1[p][3]))
        for job, (days, kind, units, _) in J301_1.items()
    )
    return Network(START, tasks, crews=tuple(Crew(f"R{kind}", n) for kind, n in CAPACITY.items()))


def over_use(network: Network, start: np.ndarray, finish: np.ndarray) -> int:
    """How many units too many are asked for on the worst moment; crews go where work begins or waits."""
    worst = 0
    for crew in network.crews:
        need = np.array([dict(one.crews).get(crew.crew_id, 0) for one in network.activities])
        busy = finish > start
        for moment in start:
            at_work = busy & (start <= moment) & (moment < finish)
            worst = max(worst, int(need[at_work].sum()) - crew.n)
    return worst


def test_a_published_instance_at_its_optimum():
    found = resource_schedule(j301_1())
    assert found.value == found.bound == 43
    assert found.is_optimal
    assert found.gap == 0
    assert over_use(found.network, found.start_days, found.finish_days) <= 0


def test_a_schedule_that_is_not_proven_has_a_bound_below_the_best():
    found = resource_schedule(j301_1(), effort=1e-4)
    assert found.bound <= 43 <= found.value
    assert found.is_optimal == (found.bound == found.value)


def test_a_lag_is_waited_for_and_proven():
    tasks = (activity("a", 4, {"c": 1}), activity("b", 2, {"c": 1}, ("a",), lag_days=3.0))
    found = resource_schedule(Network(START, tasks, crews=(Crew("c", 1),)))
    assert (found.start_days.tolist(), found.value, found.bound) == ([0, 7], 9, 9)


def test_one_crew_does_one_thing_at_a_time():
    tasks = (activity("a", 5, {"c": 1}), activity("b", 7, {"c": 1}), activity("free", 9, {}))
    found = resource_schedule(Network(START, tasks, crews=(Crew("c", 1),)))
    assert found.value == 12
    assert len(found.network.added) == 1


def test_what_counts_more_comes_first():
    tasks = (activity("long", 8, {"c": 1}), activity("short", 2, {"c": 1}))
    net = Network(START, tasks, crews=(Crew("c", 1),))
    by_weight = {
        weight: resource_schedule(net, weights={"long": weight, "short": 1.0}) for weight in (1.0, 10.0)
    }
    assert by_weight[1.0].finish_days.tolist() == [10, 2]  # shortest first: 10 + 2
    assert by_weight[1.0].value == 12
    assert by_weight[10.0].finish_days.tolist() == [8, 10]  # 10 x 8 + 10 beats 10 x 10 + 2
    assert by_weight[10.0].value == 90


def test_a_crew_goes_where_the_pass_is_still_open():
    closed = Closure("snow", (1, 11), (2, 10))  # days 10 to 40
    tasks = (activity("valley", 8, {"c": 1}), activity("pass", 8, {"c": 1}, closure_ids=("snow",)))
    found = resource_schedule(Network(START, tasks, (closed,), (Crew("c", 1),)))
    assert found.value == 16  # the pass first; the other way round it would be 46
    assert found.start_days.tolist() == [8, 0]


def test_a_crew_stays_with_its_task_while_the_pass_is_closed():
    closed = Closure("snow", (1, 11), (2, 10))
    tasks = (activity("pass", 12, {"c": 1}, closure_ids=("snow",)), activity("valley", 3, {"c": 1}))
    found = resource_schedule(Network(START, tasks, (closed,), (Crew("c", 1),)))
    assert found.value == 45  # 10 days, 30 closed, 2 days, then 3: or 3, 7, 30, 5
    assert found.bound == 45


def test_work_begins_when_it_opens():
    closed = Closure("snow", (1, 1), (1, 11))  # days 0 to 10
    tasks = (activity("pass", 3, {"c": 1}, closure_ids=("snow",)),)
    found = resource_schedule(Network(START, tasks, (closed,), (Crew("c", 1),)))
    assert (found.start_days.tolist(), found.finish_days.tolist()) == ([10], [13])


def test_what_is_done_and_under_way_is_kept():
    tasks = (
        Activity("done", SURE(9), item_id="x", crews=(("c", 1),), finished_on=START),
        Activity("now", SURE(9), item_id="y", crews=(("c", 1),), began_on=date(2025, 12, 28)),
        activity("next", 4, {"c": 1}, ("done",)),
    )
    found = resource_schedule(Network(START, tasks, crews=(Crew("c", 1),)))
    assert found.start_days.tolist() == [0, 0, 5]
    assert found.value == 9


def by_brute_force(net: Network, weights: dict[str, float] | None) -> float:
    """Least objective over all orders, each task put in as early as crews and seasons allow, day by day."""
    best, n = np.inf, len(net.activities)
    for order in itertools.permutations(range(n)):
        if any(order.index(p) > order.index(i) for i in range(n) for p in net.before[i]):
            continue
        spans: dict[int, tuple[int, int]] = {}
        for i in order:
            earliest = max((spans[p][1] for p in net.before[i]), default=0)
            spans[i] = next(
                span for day in itertools.count(earliest) if _fits(net, spans, i, span := _span(net, i, day))
            )
        ends: dict[str, int] = {}
        for i, (_, end) in spans.items():
            item_id = net.activities[i].item_id
            ends[item_id] = max(end, ends.get(item_id, 0))
        value = sum(w * ends[k] for k, w in weights.items()) if weights else max(ends.values())
        best = min(best, float(value))
    return best


def _span(net: Network, i: int, day: int) -> tuple[int, int]:
    one = net.activities[i]
    left, begun = int(one.duration.mode_days), None
    closed = closed_days(net, one.closure_ids)
    while left:
        if not any(begin <= day < end for begin, end, _ in closed):
            begun, left = (day if begun is None else begun), left - 1
        day += 1
    return (day if begun is None else begun), day


def _fits(net: Network, spans: dict[int, tuple[int, int]], i: int, span: tuple[int, int]) -> bool:
    size = {crew.crew_id: crew.n for crew in net.crews}
    for crew_id, n in net.activities[i].crews:
        for day in range(*span):
            used = sum(
                dict(net.activities[j].crews).get(crew_id, 0) for j, (s, f) in spans.items() if s <= day < f
            )
            if used + n > size[crew_id]:
                return False
    return True


@pytest.mark.parametrize("case", range(16))
def test_small_cases_against_brute_force(case):
    rng = np.random.default_rng(case)
    closures = (
        Closure("w", (1, 2 + int(rng.integers(24))), (2, 1 + int(rng.integers(19)))),
        Closure("x", (1, 2 + int(rng.integers(7))), (1, 10 + int(rng.integers(10)))),
    )
    crews = [{}, {"c": 1}, {"c": 2, "d": 1}, {"d": 2}]
    tasks = tuple(
        Activity(
            f"t{i}",
            SURE(int(rng.integers(0, 9))),
            tuple(f"t{j}" for j in range(i) if rng.random() < 0.3),
            item_id=f"i{i % 3}",
            crews=tuple(crews[rng.integers(4)].items()),
            closure_ids=[(), ("w",), ("x",), ("w", "x")][rng.integers(4)],
        )
        for i in range(5)
    )
    net = Network(START, tasks, closures, (Crew("c", 2), Crew("d", 3)))
    weights = {f"i{k}": float(rng.integers(1, 9)) for k in range(3)} if case % 2 else None
    found = resource_schedule(net, weights=weights)
    assert found.is_optimal
    exact = by_brute_force(net, weights)
    assert found.bound <= exact + 1e-9
    assert found.value == pytest.approx(exact, rel=1e-3 if weights else 1e-12)
    assert over_use(found.network, found.start_days, found.finish_days) <= 0


def uncertain(n: int = 12) -> Network:
    rng = np.random.default_rng(5)
    tasks = tuple(
        Activity(
            f"t{i}",
            Duration(3, float(rng.integers(4, 9)), float(rng.integers(12, 60))),
            (f"t{i - 4}",) if i >= 4 and i % 3 else (),
            item_id=f"t{i}",
            crews=(("c", 1 + i % 2),),
            closure_ids=("snow",) if i % 4 == 0 else (),
        )
        for i in range(n)
    )
    return Network(START, tasks, (Closure("snow", (2, 1), (3, 1)),), (Crew("c", 3),))


def test_the_order_holds_in_every_draw():
    ordered = resource_schedule(uncertain()).network
    net, place = arrays_of(ordered), list(places(ordered))
    for length in kernel.draw_lengths(net, seed=3, first_draw=0, n_draws=100):
        ready, finish = kernel.finish_by_definition(net, length)
        assert over_use(ordered, ready[place], finish[place]) <= 0


def test_without_the_order_crews_would_be_overbooked():
    bare = uncertain()
    net, place = arrays_of(bare), list(places(bare))
    length = kernel.draw_lengths(net, seed=3, first_draw=0, n_draws=1)[0]
    ready, finish = kernel.finish_by_definition(net, length)
    assert over_use(bare, ready[place], finish[place]) > 0


def test_a_schedule_that_overbooks_a_crew_has_no_hand_overs():
    tasks = (activity("a", 5, {"c": 1}), activity("b", 5, {"c": 1}))
    net = Network(START, tasks, crews=(Crew("c", 1),))
    days = np.array([5, 5])
    with pytest.raises(ValueError, match="crew c is busy on day 3"):
        hand_overs(net, np.array([0, 3]), np.array([5, 8]), days)


def test_a_crew_comes_from_what_is_waited_for_anyway_else_from_what_ended_last():
    tasks = (activity("a", 2, {"c": 1}), activity("x", 3, {"c": 1}), activity("b", 2, {"c": 1}, ("a",)))
    start, finish, days = np.array([0, 0, 3]), np.array([2, 3, 5]), np.array([2, 3, 2])
    assert hand_overs(Network(START, tasks, crews=(Crew("c", 2),)), start, finish, days) == []
    alone = (*tasks[:2], activity("b", 2, {"c": 1}))
    assert hand_overs(Network(START, alone, crews=(Crew("c", 2),)), start, finish, days) == [("x", "b")]


def test_robust_is_never_worse_than_the_most_likely_on_the_choosing_draws():
    net = uncertain()
    found = robust_schedule(net, n_draws=2_000, seed=1, effort=0.5)
    p80 = np.quantile(assess(found.schedule.network, n_draws=2_000, seed=1).total_days, 0.8)
    naive = resource_schedule(net, effort=0.5)
    assert p80 <= np.quantile(assess(naive.network, n_draws=2_000, seed=1).total_days, 0.8) + 1e-9
    assert found.chosen in found.tried
    assert [one.planned_at for one in found.tried] == [0.0, 0.5, 0.8, 0.9]
    fresh = np.quantile(
        assess(found.schedule.network, n_draws=2_000, seed=2).total_days, 0.8, method="inverted_cdf"
    )
    assert found.chosen.p80 == fresh


def test_equal_inputs_give_equal_schedules():
    one, two = (resource_schedule(j301_1(), effort=0.3) for _ in range(2))
    assert one.start_days.tobytes() == two.start_days.tobytes()
    assert one.network.added == two.network.added
    assert one.bound == two.bound


def test_planned_days_are_quantiles_rounded_up():
    net = Network(START, (Activity("a", Duration(0, 2, 10, "triangular")), Activity("b", SURE(3))))
    assert planned_days(net, 0.0).tolist() == [2, 3]
    exact = 10 - np.sqrt(0.2 * 80)  # F(x) = 1 - (10 - x)^2 / 80
    assert abs(planned_days(net, 0.8)[0] - exact) <= 1
    assert planned_days(net, 0.8)[1] == 3
    part = Network(START, (Activity("a", SURE(2.2)), Activity("b", SURE(2.0))))
    assert planned_days(part, 0.0).tolist() == [3, 2]


def test_what_makes_no_sense_is_refused():
    net = j301_1()
    with pytest.raises(UnknownName, match="ghost"):
        resource_schedule(net, weights={"ghost": 1.0})
    for wrong in ({"weights": {"2": -1.0}}, {"weights": {}}, {"effort": 0.0}, {"planned_at": 1.0}):
        with pytest.raises(InputFaults):
            resource_schedule(net, **wrong)
    with pytest.raises(InputFaults):
        resource_schedule(Network(START, ()))


def imports_ortools(source: str) -> bool:
    names = [
        name
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([one.name for one in node.names] if isinstance(node, ast.Import) else [node.module])
    ]
    return any((name or "").split(".")[0] == "ortools" for name in names)


def test_one_file_alone_knows_the_solver_of_crews():
    assert imports_ortools("from ortools.sat.python import cp_model")
    package = Path(sarhad.__file__).parent
    found = [path for path in sorted(package.rglob("*.py")) if imports_ortools(path.read_text("utf-8"))]
    assert [path.name for path in found] == ["resourcing.py"]
