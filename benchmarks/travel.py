"""Travel time against scikit-image's MCP_Geometric and scipy's csgraph.dijkstra, in one run.

    python benchmarks/travel.py [SIDE ...]        sides of the square grid in cells, 1000 and 3000 by default

One source in the centre, cells of 90 m. Ours is anisotropic (signed Tobler) with and without friction;
MCP_Geometric is isotropic (the friction as its costs), so its numbers are other numbers; scipy solves the
very graph and must agree to 1e-9, up to 1,500 cells a side (its graph needs about 100 bytes a step).
Processor seconds of this process, best of several, compilation apart. Memory is what `tracemalloc` sees at
its peak, beyond the inputs.
"""

from __future__ import annotations

import sys
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, zoom
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra
from skimage.graph import MCP_Geometric

from sarhad.kernels.leastcost import least_cost
from sarhad.kernels.steps import D_COL, D_ROW, step_time
from sarhad.kernels.travel import travel_time

CELL_M = 90.0
LARGEST_FOR_SCIPY = 1500


def best_s(work: Callable[[], Any], n: int) -> tuple[float, Any]:
    """Least processor seconds of n runs, and the last result."""
    least, result = float("inf"), None
    for _ in range(n):
        start = time.process_time()
        result = work()
        least = min(least, time.process_time() - start)
    return least, result


def hills(side: int, seed: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Smooth relief with slopes mostly below .2, and friction around 1."""
    rng = np.random.default_rng(seed)
    coarse = (side // 4, side // 4)
    dem_m = zoom(gaussian_filter(rng.normal(size=coarse), 8), 4, order=1) * 6000
    friction = np.exp(0.3 * zoom(gaussian_filter(rng.normal(size=coarse), 3) * 5, 4, order=1))
    return dem_m, friction


def peak_bytes_per_cell(work: Callable[[], Any], n_cell: int) -> float:
    """Peak of traced allocations over the number of cells."""
    tracemalloc.start()
    work()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak / n_cell


def main(sides: list[int]) -> None:
    travel_time(np.zeros((8, 8)), [[4, 4]], cell_m=CELL_M, speed="tobler", friction=np.ones((8, 8)))
    least_cost(np.ones((8, 4, 4)), [0], [0.0], towards=False)
    for side in sides:
        dem_m, friction = hills(side, seed=0)
        side = len(dem_m)  # noqa: PLW2901 - a multiple of four
        n_cell, n_run = side * side, 5 if side <= LARGEST_FOR_SCIPY else 3
        centre = [[side // 2, side // 2]]

        def ours(rubbing: NDArray[np.float64] | None, dem_m: Any = dem_m, centre: Any = centre) -> Any:
            return travel_time(dem_m, centre, cell_m=CELL_M, friction=rubbing)

        plain_s, _ = best_s(lambda ours=ours: ours(None), n_run)
        ours_s, time_s = best_s(lambda ours=ours, f=friction: ours(f), n_run)
        peer_s, _ = best_s(lambda f=friction, c=centre: MCP_Geometric(f).find_costs(c), 2)
        print(f"{side} x {side}:")
        print(f"  travel_time, Tobler             {plain_s:7.3f} s  {n_cell / plain_s / 1e6:6.2f} Mcell/s")
        print(f"  travel_time, Tobler x friction  {ours_s:7.3f} s  {n_cell / ours_s / 1e6:6.2f} Mcell/s")
        memory = peak_bytes_per_cell(lambda ours=ours, f=friction: ours(f), n_cell)
        print(f"  peak beyond the inputs          {memory:7.1f} bytes a cell")
        print(f"  MCP_Geometric, isotropic        {peer_s:7.3f} s  {peer_s / ours_s:6.2f} x ours")
        if side <= LARGEST_FOR_SCIPY:
            against_scipy(dem_m, friction, time_s, ours_s)


def against_scipy(
    dem_m: NDArray[np.float64], friction: NDArray[np.float64], time_s: NDArray[np.float64], ours_s: float
) -> None:
    side = len(dem_m)
    cell = side // 2 * side + side // 2
    step_s = step_time(dem_m, cell_m=CELL_M, speed="tobler", friction=friction)
    graph_s, field = best_s(lambda: least_cost(step_s, [cell], [0.0], towards=False), 3)
    assert np.allclose(field.cost, time_s, rtol=1e-12)
    print(f"  least_cost on the step array    {graph_s:7.3f} s  {side * side / graph_s / 1e6:6.2f} Mcell/s")

    def build() -> Any:
        d, row, col = np.nonzero(np.isfinite(step_s))
        end = (row + D_ROW[d]) * side + col + D_COL[d]
        return coo_array((step_s[d, row, col], (row * side + col, end)), shape=(side * side,) * 2).tocsr()

    build_s, graph = best_s(build, 1)
    solve_s, cost = best_s(lambda: dijkstra(graph, indices=cell), 1)
    worst = np.nanmax(np.abs(cost.reshape(time_s.shape) / np.where(time_s > 0, time_s, np.nan) - 1))
    assert worst < 1e-9
    print(f"  scipy dijkstra, the same graph  {solve_s:7.3f} s  {solve_s / ours_s:6.2f} x ours (solve only)")
    both_s = build_s + solve_s
    print(f"    with the graph built          {both_s:7.3f} s  {both_s / ours_s:6.2f} x ours")
    print(f"    largest relative difference   {worst:.1e}")


if __name__ == "__main__":
    main([int(side) for side in sys.argv[1:]] or [1000, 3000])
