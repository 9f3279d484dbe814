"""Travel times and least costs against scipy.sparse.csgraph.dijkstra on the same graph."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from sarhad.kernels.leastcost import least_cost
from sarhad.kernels.steps import D_COL, D_ROW, step_time
from sarhad.kernels.travel import travel_time

TERRAIN = Path(__file__).parents[2] / ".." / "shared" / "data" / "terrain"


def scipy_cost(step_cost, cell, *, towards):  # type: ignore[no-untyped-def]
    _, n_row, n_col = step_cost.shape
    d, row, col = np.nonzero(np.isfinite(step_cost))
    start, end = row * n_col + col, (row + D_ROW[d]) * n_col + col + D_COL[d]
    graph = coo_array((step_cost[d, row, col], (start, end)), shape=(n_row * n_col,) * 2).tocsr()
    cost = dijkstra(graph.T.tocsr() if towards else graph, indices=cell, min_only=True)
    return cost.reshape(n_row, n_col)


@pytest.mark.parametrize("towards", [False, True])
@pytest.mark.parametrize("friction_spread", [0.0, 0.3, 3.0])
def test_equals_scipy_to_1e9(friction_spread: float, towards: bool) -> None:
    rng = np.random.default_rng(11)
    shape = (140, 170)
    dem_m = gaussian_filter(rng.normal(size=shape), 6) * 3000
    barrier = rng.random(shape) < 0.1
    friction = np.exp(friction_spread * rng.normal(size=shape))
    place = np.argwhere(~barrier)[[100, 9000]]
    given = {"cell_m": 90.0, "speed": "tobler_off_path", "friction": friction, "barrier": barrier}
    step_s = step_time(dem_m, **given)  # type: ignore[arg-type]
    cell = place @ [shape[1], 1]
    want = scipy_cost(step_s, cell, towards=towards)
    got = travel_time(dem_m, place, towards=towards, **given)  # type: ignore[arg-type]
    np.testing.assert_allclose(got, want, rtol=1e-9)
    np.testing.assert_allclose(least_cost(step_s, cell, [0.0, 0.0], towards=towards).cost, want, rtol=1e-9)


def test_equals_scipy_on_mountains() -> None:
    rasterio = pytest.importorskip("rasterio")
    files = sorted(TERRAIN.glob("**/*.tif"))
    if not files:
        pytest.skip("the shared sample terrain is not here")
    with rasterio.open(files[0]) as file:
        dem_m = file.read(1, window=((0, 200), (0, 200)), masked=True).astype(float).filled(np.nan)
    is_open = np.argwhere(np.isfinite(dem_m))
    if not len(is_open):
        pytest.skip("no heights in the sample's corner")
    place = is_open[[len(is_open) // 2]]
    step_s = step_time(dem_m, cell_m=90, speed="tobler")
    got = travel_time(dem_m, place, cell_m=90, speed="tobler")
    np.testing.assert_allclose(got, scipy_cost(step_s, place @ [dem_m.shape[1], 1], towards=False), rtol=1e-9)
