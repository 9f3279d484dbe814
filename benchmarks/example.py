"""Time and peak memory of the example, part by part: `python benchmarks/example.py [--full]`.

CPU seconds are those of this process and of the part's workers, read from /proc; peak memory is that of this
process so far and of the part's largest worker. Every part starts its own workers; nothing comes from a cache
but what the last rows share.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from sarhad.interfaces.cli.plan import EFFORT, QUICK_EFFORT
from sarhad.interfaces.cli.quick import quick
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


def workers() -> list[Path]:
    """Return the /proc folders of this part's workers, which live until the part ends."""
    mine = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if b"multiprocessing.forkserver" in (folder / "cmdline").read_bytes():
                mine.append(folder)
        except OSError:  # gone meanwhile
            continue
    return mine


def cpu_s(folder: Path) -> float:
    fields = (folder / "stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_mb(folder: Path) -> float:
    line = next(x for x in (folder / "status").read_text().splitlines() if x.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def part(name: str, work: Callable[[Compute], T], store: Cache | None = None) -> T:
    """Run one part with workers of its own and print its row."""
    me = Path("/proc/self")
    wall, cpu = time.perf_counter(), cpu_s(me)
    with Compute(store=store) as compute:
        found = work(compute)
        others = workers()
        used_s = cpu_s(me) - cpu + sum(cpu_s(folder) for folder in others)
        worker_mb = max((peak_mb(folder) for folder in others), default=0.0)
    wall_s = time.perf_counter() - wall
    print(f"| {name} | {wall_s:.0f} | {used_s:.0f} | {peak_mb(me):.0f} | {worker_mb:.0f} |", flush=True)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="90 m cells, all fields and realisations")
    full = parser.parse_args().full
    print("| part | wall s | CPU s | peak MB | peak MB of a worker |\n|---|---|---|---|---|")
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
        effort = EFFORT if full else QUICK_EFFORT
        result = part("plan", lambda c: plan(project, effort=effort, compute=c))
        part("coverage rasters", lambda c: write_coverage(project, result.plan, folder / "coverage", c))
        store = Cache(folder / ".cache")
        before = part("before, with band and closing items", lambda c: findings(project, None, c), store)
        after = part("after, with band and closing items", lambda c: findings(project, result.plan, c), store)
        part(
            "files, map sheet, strip chart",
            lambda c: deliver(project, before, (result, after, effort), folder, c),
            store,
        )


if __name__ == "__main__":
    main()
