"""Time and peak memory of the example, part by part: `python benchmarks/example.py [--full]`.

CPU seconds are those of this process and the workers of the part; peak memory is that of the largest single
process so far. Every part starts its own workers and takes nothing from a cache.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from sarhad.interfaces.cli.demo import FULL_EFFORT, QUICK_EFFORT, quick
from sarhad.interfaces.deliver import deliver, findings, write_coverage
from sarhad.io.cache import Cache
from sarhad.io.example import write_example
from sarhad.io.project import open_project
from sarhad.planning.candidates import candidate_sites
from sarhad.planning.compute import Compute
from sarhad.planning.profile import profile
from sarhad.planning.siting import plan
from sarhad.planning.unseen import gap

T = TypeVar("T")
WHO = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)


def cpu_s() -> float:
    used = [resource.getrusage(who) for who in WHO]
    return sum(u.ru_utime + u.ru_stime for u in used)


def part(name: str, work: Callable[[Compute], T], store: Cache | None = None) -> T:
    """Run one part with workers of its own and print its row."""
    wall, cpu = time.perf_counter(), cpu_s()
    with Compute(store=store) as compute:
        found = work(compute)
    peak = max(resource.getrusage(who).ru_maxrss for who in WHO) / 1024
    print(f"| {name} | {time.perf_counter() - wall:.0f} | {cpu_s() - cpu:.0f} | {peak:.0f} |", flush=True)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="90 m cells, all fields and realisations")
    full = parser.parse_args().full
    print("| part | wall s | CPU s | peak MB of one process |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as place:
        folder = write_example("tajik-afghan", Path(place) / "example")
        project = part("open and check", lambda _: open_project(folder))
        project = project if full else quick(project)
        one = part(
            "profile, best estimate of the terrain", lambda c: profile(project, n_realisations=1, compute=c)
        )
        print(f"  ({len(one)} rows)")
        part("unseen gap", lambda c: gap(project, compute=c))
        part("candidate sites", lambda c: candidate_sites(project, c))
        effort = FULL_EFFORT if full else QUICK_EFFORT
        result = part("plan", lambda c: plan(project, effort=effort, compute=c))
        part("coverage rasters", lambda c: write_coverage(project, result.plan, folder / "coverage", c))
        store = Cache(folder / ".cache")
        before = part("before, with band and closing items", lambda c: findings(project, None, c), store)
        after = part("after, with band and closing items", lambda c: findings(project, result.plan, c), store)
        part(
            "files, map sheet, strip chart",
            lambda c: deliver(project, before, (result, after), folder, c),
            store,
        )


if __name__ == "__main__":
    main()
