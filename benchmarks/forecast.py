"""P_t over time on the example: `python benchmarks/forecast.py [--km 200] [--items 120] [--full]`.

Made-up deliveries along the line; 10,000 draws of the days on which they work. Prints the seconds of the
one-time lattice and of following all draws, and, beside the latter, what the definition would take: the exact
evaluation of every set that the draws make of every sector. A sample of those sets is evaluated exactly; the
largest difference in P_t from the lattice is printed with its width.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from sarhad.interfaces.cli.quick import quick
from sarhad.io.example import write_example
from sarhad.io.project import open_project
from sarhad.model.asset import AlongLine, Asset, AtPoint, OverBand, Place
from sarhad.model.project import Project
from sarhad.planning.compute import Compute
from sarhad.planning.crossing import SectorJob, evaluate_sector
from sarhad.planning.forecast import Ask, Delivery, forecast, quarter_ends
from sarhad.planning.lattice import SectorLattice, lattices
from sarhad.planning.pool import cases
from sarhad.planning.sector import sectors

START = date(2026, 1, 1)
N_DRAW, N_QUARTER, N_SAMPLE = 10_000, 20, 12
KIT = ("thermal_medium", "radar_medium", "seismic_line", "post_staffed", "thermal_long", "drone_fixed_wing")


def made_up(project: Project, n: int, rng: np.random.Generator) -> list[Delivery]:
    """Items of six types anywhere: points 500 to 2,500 m inside, lines of 5 km, flights over 60 km."""
    found = []
    part = project.line.parts[0]
    from_m, to_m = part.from_m, part.to_m
    for i in range(n):
        equipment = project.equipment[KIT[i % len(KIT)]]
        at_m = rng.uniform(from_m, to_m)
        lon_deg, lat_deg = (float(x[0]) for x in part.at(np.array([at_m])))
        place: Place = AtPoint(lon_deg, lat_deg + rng.uniform(0.0045, 0.0225))
        if equipment.mount == "line":
            place = AlongLine(at_m, min(at_m + 5_000.0, to_m))
        elif equipment.mount == "area":
            place = OverBand(at_m, min(at_m + 60_000.0, to_m))
        asset = Asset(f"item-{i:03d}", equipment.equipment_id, place)
        found.append(Delivery(asset, f"donor-{i % 5}", equipment.cost_usd))
    return found


def drawn_days(n_item: int, rng: np.random.Generator) -> np.ndarray:
    """Days spread over five years, each donor with a risk of its own; one item in fifty never comes."""
    planned = rng.uniform(60.0, 1_500.0, n_item)
    donor = rng.lognormal(0.0, 0.25, (N_DRAW, 5))[:, np.arange(n_item) % 5]
    days = planned * donor * rng.lognormal(0.0, 0.15, (N_DRAW, n_item))
    return np.where(rng.random(days.shape) < 0.02, np.inf, days)


def set_of(lattice: SectorLattice, k: int, there: np.ndarray) -> tuple[int, bool]:
    """Return the set that stands on stretch k, bundles once they are whole, and whether it is exact."""
    found, exact = 0, True
    for bit, members in enumerate(lattice.bits[k]):
        some = there[list(members)]
        found |= int(some.all()) << bit
        exact &= bool(some.all() or not some.any())
    return found, exact


def check(project: Project, known: list[SectorLattice], items: list[Asset], days: np.ndarray) -> None:
    """Evaluate a sample of (sector, draw, quarter) exactly; print the largest differences and the seconds."""
    rng = np.random.default_rng(7)
    plans, at_day = sectors(project), [(d - START).days for d in quarter_ends(START, N_QUARTER)]
    exact_error, floor_error, busy, n_floor = 0.0, 0.0, 0.0, 0
    for _ in range(N_SAMPLE):
        s, draw, q = rng.integers(len(plans)), rng.integers(N_DRAW), rng.integers(4, N_QUARTER)
        there = days[draw] <= at_day[q]
        assets = project.assets + tuple(a for a, is_there in zip(items, there, strict=True) if is_there)
        began = time.perf_counter()
        rows = evaluate_sector(SectorJob(project, plans[s], assets, adversaries=("unaware",), bracket=False))
        busy += time.perf_counter() - began
        p_timely = {(r.target_id, r.condition_id): r.p_timely for r in rows}
        for k in range(len(known[s].stretch)):
            found, exact = set_of(known[s], k, there)
            for case, worth in zip(cases(project), known[s].worth["unaware"][k], strict=True):
                error = float(np.nan_to_num(p_timely[case][k] - worth[found]))
                exact_error = max(exact_error, abs(error)) if exact else exact_error
                floor_error = floor_error if exact else max(floor_error, error)
                n_floor += not exact
                assert exact or error > -1e-9, "a bundle counted before it was whole"
    each = busy / N_SAMPLE
    n_set = sum(len(np.unique(sector_sets(one, days, at_day), axis=0)) for one in known)
    print(f"exact evaluation of {N_SAMPLE} sets of a sector: largest |difference| {exact_error:.1e};")
    print(f"  {n_floor} values of bundles, at most {floor_error:.4f} below the exact one")
    print(f"the definition: {n_set:,} sets of a sector x {each:.1f} s = {n_set * each / 3600:,.1f} hours")


def sector_sets(one: SectorLattice, days: np.ndarray, at_day: list[int]) -> np.ndarray:
    """Return the sets of items in reach of a sector that stand at the end of some quarter of some draw."""
    here = sorted({i for bits in one.bits for members in bits for i in members})
    return np.concatenate([np.unique(days[:, here] <= day, axis=0) for day in at_day])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--km", type=float, default=200.0, help="length of line from its start; 0 for all")
    parser.add_argument("--items", type=int, default=0, help="number of items; 0 for one in 10 km")
    parser.add_argument("--bits", type=int, default=10)
    parser.add_argument("--full", action="store_true", help="90 m cells and all fields")
    asked = parser.parse_args()
    with TemporaryDirectory() as place:
        project = open_project(write_example("tajik-afghan", Path(place) / "example"))
        project = project if asked.full else quick(project)
        if asked.km:
            part = project.line.parts[0]
            n = int((part.chainage_m <= asked.km * 1e3).sum())
            cut = replace(part, **{x: getattr(part, x)[:n] for x in ("lon_deg", "lat_deg", "chainage_m")})
            project = replace(project, line=replace(project.line, parts=(cut,)))
        length_km = project.line.length_m / 1000
        rng = np.random.default_rng(1)
        deliveries = made_up(project, asked.items or round(length_km / 10), rng)
        days = drawn_days(len(deliveries), rng)
        items = [d.asset for d in deliveries]
        kept: dict[str, object] = {}
        with Compute(store=type("Kept", (), {"get": kept.get, "put": kept.__setitem__})) as compute:  # type: ignore[arg-type]
            began = time.perf_counter()
            known = lattices(project, items, compute, n_bit=asked.bits)
            lattice_s = time.perf_counter() - began
            ask = Ask(quarters=N_QUARTER, n_bit=asked.bits)
            forecast(project, deliveries, days[:10], start=START, ask=ask, compute=compute)  # compiles
            began, cpu = time.perf_counter(), time.process_time()
            found = forecast(project, deliveries, days, start=START, ask=ask, compute=compute)
            draws_s, cpu_s = time.perf_counter() - began, time.process_time() - cpu
        n_bits = [len(bits) for one in known for bits in one.bits]
        print(f"{length_km:,.0f} km, {len(n_bits)} stretches, {len(cases(project))} cases;")
        print(f"  {len(items)} items, bits by stretch: mean {np.mean(n_bits):.1f}, most {max(n_bits)}")
        print(f"worth of sets, once: {lattice_s:.1f} s")
        print(f"{N_DRAW:,} draws x {N_QUARTER} quarters: {draws_s:.1f} s ({cpu_s:.1f} s of one CPU)")
        first, last = found.line["protected_km_p50"].iloc[[0, -1]]
        print(f"  protected km P50 {first:.1f} to {last:.1f}, width <= {found.line['width_km'].max():.2g} km")
        print(f"  gained {found.gained_km_days_mean:,.0f} km-days")
        check(project, known, items, days)


if __name__ == "__main__":
    main()
