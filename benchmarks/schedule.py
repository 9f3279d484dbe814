"""Monte Carlo of a 300-task network against its definition; crews by CP-SAT against priority rules.

    python benchmarks/schedule.py [FOLDER BEST.csv]    FOLDER: .sm files of PSPLIB (Kolisch and Sprecher 1997)
                                                       BEST.csv: columns instance, best (known makespan)

Two networks of 300 tasks, three predecessors at most: triangular, and PERT-beta with closures and shared
delays. The definition is the loop over activities in plain numpy and Python, one draw at a time, on the same
lengths; its finishes must agree to 1e-9. A second peer draws and walks whole columns of draws in numpy, for
the network without closures. Best of three, compilation apart. Ratios are of processor seconds of one thread;
clock seconds depend on what else the machine does, so its load is printed.

For crews, the peer is list scheduling by the least latest finish, the best simple rule of Kolisch 1996.
"""

from __future__ import annotations

import csv
import os
import re
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from sarhad.kernels import schedule as kernel
from sarhad.model.schedule import Activity, Closure, CommonFactor, Crew, Duration, Network
from sarhad.planning.resourcing import resource_schedule
from sarhad.planning.robust_order import robust_schedule
from sarhad.planning.schedule_risk import ScheduleRisk, arrays_of, assess

N_TASK, N_DRAW, N_SLOW = 300, 100_000, 300
START = date(2026, 1, 1)


def best_s(
    work: Callable[[], Any], n: int = 3, clock: Callable[[], float] = time.perf_counter
) -> tuple[float, Any]:
    """Least seconds of n runs, and the last result."""
    least, result = float("inf"), None
    for _ in range(n):
        begin = clock()
        result = work()
        least = min(least, clock() - begin)
    return least, result


def network(*, rich: bool) -> Network:
    """300 tasks, each after up to three of the 30 before it."""
    rng = np.random.default_rng(0)
    tasks = []
    for i in range(N_TASK):
        mode = float(rng.uniform(5, 30))
        after = sorted({int(rng.integers(max(0, i - 30), i)) for _ in range(3)}) if i >= 10 else []
        tasks.append(
            Activity(
                f"task {i}",
                Duration(mode / 1.2, mode, 1.67 * mode, "pert" if rich else "triangular"),
                tuple(f"task {p}" for p in after),
                closure_ids=("winter",) if rich and i % 3 == 0 else (),
                factor_id=f"donor {i % 6}" if rich else "",
            )
        )
    closures = (Closure("winter", (11, 1), (4, 15)),)
    factors = tuple(CommonFactor(f"donor {k}", 0.3) for k in range(6)) if rich else ()
    return Network(START, tuple(tasks), closures, factors=factors)


def by_columns(example: Network, net: kernel.NetworkArrays, n_draws: int) -> np.ndarray:
    """Draws and forward pass with whole columns of draws in numpy, without closures: total by draw."""
    rng = np.random.default_rng(0)
    finish = np.empty((n_draws, N_TASK))
    for k, i in enumerate(example.order):
        three = example.activities[i].duration
        length = rng.triangular(three.low_days, three.mode_days, three.high_days, n_draws)
        before = net.before[net.before_at[k] : net.before_at[k + 1]]
        finish[:, k] = length + (finish[:, before].max(axis=1) if len(before) else 0.0)
    return finish.max(axis=1)


def rate(label: str, n: int, took_s: float, note: str = "") -> None:
    print(f"  {label:28} {n / took_s:9,.0f} runs/s   {note}")


def monte_carlo() -> None:
    print(f"load of the machine {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    for rich, title in ((False, "triangular"), (True, "PERT-beta, closures, 6 shared factors")):
        example = network(rich=rich)
        net = arrays_of(example)
        assess(example, n_draws=10, seed=0)
        print(f"{N_TASK} tasks, {title}, {N_DRAW:,} draws with criticality and cruciality:")

        def ours(n_threads: int, example: Network = example) -> ScheduleRisk:
            return assess(example, n_draws=N_DRAW, seed=0, kept=(), n_threads=n_threads)

        cpu_s, _ = best_s(lambda ours=ours: ours(1), clock=time.process_time)
        one_s, risk = best_s(lambda ours=ours: ours(1))
        two_s, again = best_s(lambda ours=ours: ours(2))
        same = risk.total_days.tobytes() == again.total_days.tobytes()
        same &= risk.cruciality.tobytes() == again.cruciality.tobytes()
        rate("per processor second", N_DRAW, cpu_s)
        rate("1 thread, clock", N_DRAW, one_s)
        rate("2 threads, clock", N_DRAW, two_s, f"bytes {'equal' if same else 'DIFFER'}")
        length = kernel.draw_lengths(net, seed=0, first_draw=0, n_draws=N_SLOW)
        slow_s, slow = best_s(
            lambda n=net, x=length: [kernel.finish_by_definition(n, row)[1].max() for row in x],
            1,
            clock=time.process_time,
        )
        assert np.allclose(slow, risk.total_days[:N_SLOW], rtol=0, atol=1e-9)
        rate("definition, forward only", N_SLOW, slow_s, f"ours {slow_s / N_SLOW * N_DRAW / cpu_s:,.0f} x")
        if not rich:
            columns_s, _ = best_s(lambda e=example, n=net: by_columns(e, n, 10_000), clock=time.process_time)
            note = f"ours {columns_s / 10_000 * N_DRAW / cpu_s:.1f} x (no criticality, no cruciality)"
            rate("numpy, columns of draws", 10_000, columns_s, note)
        p50, p80 = np.quantile(risk.total_days, (0.5, 0.8))
        p_met = float((risk.total_days <= risk.mode_total_days).mean())
        print(
            f"  most likely durations promise {risk.mode_total_days:.1f} days, kept in {p_met:.4f} of draws;"
        )
        print(f"  P50 {p50:.1f}, P80 {p80:.1f}")


def read_sm(path: Path) -> Network:
    """Return an instance of PSPLIB as a network of certain durations."""
    text = path.read_text()

    def rows(begin: str, end: str) -> list[list[int]]:
        part = text.split(begin)[1].split(end)[0]
        lines = [line for line in part.splitlines() if re.fullmatch(r"[\s\d]*\d\s*", line)]
        return [[int(n) for n in line.split()] for line in lines]

    follow = {row[0]: row[3:] for row in rows("PRECEDENCE RELATIONS:", "****")}
    needs = {row[0]: row[2:] for row in rows("REQUESTS/DURATIONS:", "****")}
    capacity = rows("RESOURCEAVAILABILITIES:", "****")[0]
    before: dict[int, list[int]] = {job: [] for job in follow}
    for job, following in follow.items():
        for after in following:
            before[after].append(job)
    tasks = [
        Activity(
            str(job),
            Duration.certain(days),
            tuple(map(str, before[job])),
            crews=tuple((f"R{k}", n) for k, n in enumerate(uses) if n > 0),
        )
        for job, (days, *uses) in needs.items()
    ]
    return Network(START, tuple(tasks), crews=tuple(Crew(f"R{k}", n) for k, n in enumerate(capacity)))


def list_schedule(example: Network) -> int:
    """Makespan of the serial scheme with the least latest finish first."""
    n_task, days = len(example.activities), [int(one.duration.mode_days) for one in example.activities]
    tail = [0] * n_task
    for i in reversed(example.order):
        for p in example.before[i]:
            tail[p] = max(tail[p], tail[i] + days[i])
    size = {crew.crew_id: crew.n for crew in example.crews}
    busy: dict[str, np.ndarray] = {name: np.zeros(sum(days) + 1, int) for name in size}
    finish: dict[int, int] = {}
    while len(finish) < n_task:
        ready = [i for i in range(n_task) if i not in finish and all(p in finish for p in example.before[i])]
        i = max(ready, key=lambda i: (tail[i], -i))
        one, start = example.activities[i], max((finish[p] for p in example.before[i]), default=0)
        while any((busy[c][start : start + days[i]] > size[c] - n).any() for c, n in one.crews):
            start += 1
        for crew_id, n in one.crews:
            busy[crew_id][start : start + days[i]] += n
        finish[i] = start + days[i]
    return max(finish.values())


def crews(folder: Path, best_csv: Path) -> None:
    with best_csv.open() as file:
        best = {row["instance"]: float(row["best"]) for row in csv.DictReader(file)}
    table: dict[str, list[tuple[float, float, bool, float]]] = {}
    for path in sorted(folder.rglob("*.sm")):
        known = best.get(path.stem)
        if known is None:
            continue
        example = read_sm(path)
        begin = time.perf_counter()
        found = resource_schedule(example)
        took_s = time.perf_counter() - begin
        row = (found.value / known - 1, list_schedule(example) / known - 1, found.is_optimal, took_s)
        table.setdefault(path.parent.name, []).append(row)
    print("PSPLIB, over the best known makespan:")
    for name, rows in table.items():
        ours, rule, proved, took = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
        print(
            f"  {name:5} {len(rows):3} instances   ours {ours.mean():6.2%}, at it {int((ours < 1e-9).sum())}"
            f", proved {int(proved.sum())}   list scheduling {rule.mean():6.2%}   {np.mean(took):5.1f} s each"
        )


def robust() -> None:
    """Orders planned on the most likely durations and on P80, judged by Monte Carlo."""
    example = network(rich=True)
    few = [
        Activity(
            one.activity_id,
            one.duration,
            tuple(p for p in one.after if int(p.split()[1]) < 60),
            item_id=one.activity_id,
            crews=(("installers", 1),),
            closure_ids=one.closure_ids,
            factor_id=one.factor_id,
        )
        for one in example.activities[:60]
    ]
    small = Network(START, tuple(few), example.closures, (Crew("installers", 4),), example.factors)
    begin = time.perf_counter()
    found = robust_schedule(small, n_draws=5_000, seed=1, effort=2.0)
    print(f"60 tasks, 4 crews, orders planned on ({time.perf_counter() - begin:.0f} s):")
    for one in found.tried:
        name = "most likely" if one.planned_at == 0 else f"P{one.planned_at * 100:.0f}"
        mark = " <- chosen" if one is found.chosen else ""
        print(f"  {name:12} promises {one.value:6.0f} days   P50 {one.p50:7.1f}   P80 {one.p80:7.1f}{mark}")


if __name__ == "__main__":
    monte_carlo()
    robust()
    if len(sys.argv) > 2:
        crews(Path(sys.argv[1]), Path(sys.argv[2]))
    else:
        print("PSPLIB: skipped; name a folder of .sm files and a table of best makespans")
