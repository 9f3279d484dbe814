"""The classical covering problems of location science, proven optimal by HiGHS (planning.solve).

    LSCP    fewest (cheapest) sites that cover every demand              Toregas, Swain, ReVelle, Bergman 1971
    MCLP    most weight covered by p sites                               Church and ReVelle 1974
    BACOP1  most weight covered twice by p sites, every demand once      Hogan and ReVelle 1986
    BACOP2  share of weight covered once, the rest of it covered twice   Hogan and ReVelle 1986

`cover` is a sparse (demand, site) matrix, covered where not 0. Demands with the same sites are one demand
with their weights added, and those of MCLP, BACOP and LSCP enter as one row: 50,000 cells of a viewshed
siting become some 10,000.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from sarhad.errors import InputFaults, NoAnswer
from sarhad.planning.solve import Program, solve_integer

F64 = NDArray[np.float64]

MAX_NODES = 100_000


@dataclass(frozen=True, slots=True, eq=False)
class Cover:
    """Chosen sites: `chosen` (site,) flags, `value` of the objective, and a proven `bound` on it."""

    chosen: NDArray[np.bool_]
    value: float
    bound: float


def aggregate(cover: Any, weight: ArrayLike) -> tuple[Any, F64]:
    """Return (cover, weight) with demands that have the same sites made one, in order of appearance.

    Demands that no site covers are left out. Raises InputFaults on weights that are negative, NaN or of
    the wrong number.
    """
    rows = _binary(cover)
    worth = np.ascontiguousarray(weight, np.float64)
    if worth.shape != (rows.shape[0],):
        raise InputFaults.one("weight", f"{rows.shape[0]} values, one per demand", worth.shape)
    if not np.all(np.isfinite(worth) & (worth >= 0)):
        raise InputFaults.one("weight", "finite values >= 0", worth[~(np.isfinite(worth) & (worth >= 0))][0])
    index, start = rows.indices.astype(np.int32), rows.indptr
    first: dict[bytes, int] = {}
    group = np.full(rows.shape[0], -1, np.int64)
    kept: list[int] = []
    for i in np.flatnonzero(np.diff(start)).tolist():
        key = index[start[i] : start[i + 1]].tobytes()
        at = first.setdefault(key, len(kept))
        if at == len(kept):
            kept.append(i)
        group[i] = at
    covered = group >= 0
    summed = np.bincount(group[covered], weights=worth[covered], minlength=len(kept))
    return rows[kept], summed.astype(np.float64)


def _binary(cover: Any) -> Any:
    rows = sparse.csr_array(cover, copy=True)
    rows.sum_duplicates()
    rows.eliminate_zeros()
    rows.data = np.ones(rows.nnz)
    return rows


def _solve(parts: tuple[F64, Any, F64], upper: F64, n_site: int, n_whole: int) -> Cover:
    """Maximise parts = (cost, matrix, row_lower); the first `n_site` variables are sites."""
    cost, matrix, row_lower = parts
    whole = np.arange(len(cost)) < n_whole
    high = np.full(len(row_lower), np.inf)
    found = solve_integer(Program(cost, upper, matrix, row_lower, high, whole), max_nodes=MAX_NODES)
    x = np.where(whole, np.rint(found.x), found.x)
    return Cover(x[:n_site] > 0.5, float(cost @ x), found.bound)


def _check_p(p: int, n_site: int) -> None:
    if not 1 <= p <= n_site:
        raise InputFaults.one("p", f"a number of sites in 1..{n_site}", p)


def lscp(cover: Any, cost: ArrayLike | None = None) -> Cover:
    """Return the cheapest sites (one each without `cost` (site,)) that cover every demand; `value` = cost.

    Raises NoAnswer where a demand has no site at all.
    """
    rows = _binary(cover)
    if np.any(np.diff(rows.indptr) == 0):
        missing = np.flatnonzero(np.diff(rows.indptr) == 0)
        raise NoAnswer(f"no site covers {len(missing)} demand(s), the first is number {missing[0]}")
    n_site = rows.shape[1]
    price = np.ones(n_site) if cost is None else np.ascontiguousarray(cost, np.float64)
    if price.shape != (n_site,) or not np.all(np.isfinite(price) & (price >= 0)):
        raise InputFaults.one("cost", f"{n_site} finite values >= 0, one per site", price)
    rows, _ = aggregate(rows, np.ones(rows.shape[0]))
    found = _solve((-price, rows, np.ones(rows.shape[0])), np.ones(n_site), n_site, n_site)
    return Cover(found.chosen, -found.value, -found.bound)


def mclp(cover: Any, weight: ArrayLike, p: int) -> Cover:
    """Return the `p` sites that cover the most weight (demand,); `value` is the weight covered."""
    rows, worth = aggregate(cover, weight)
    n_demand, n_site = rows.shape
    _check_p(p, n_site)
    at_most = sparse.csr_array(np.concatenate([-np.ones(n_site), np.zeros(n_demand)])[None, :])
    matrix = sparse.vstack([sparse.hstack([rows, -sparse.eye_array(n_demand)]), at_most], format="csr")
    cost = np.concatenate([np.zeros(n_site), worth])
    low = np.concatenate([np.zeros(n_demand), [-float(p)]])
    return _solve((cost, matrix, low), np.ones(len(cost)), n_site, n_site)


def bacop1(cover: Any, weight: ArrayLike, p: int) -> Cover:
    """Return the `p` sites that cover every demand, and the most weight twice; `value` is that weight.

    Raises NoAnswer where `p` sites cannot cover every demand.
    """
    if np.any(np.diff(_binary(cover).indptr) == 0):
        raise NoAnswer("a demand has no site at all")
    rows, worth = aggregate(cover, weight)
    n_demand, n_site = rows.shape
    _check_p(p, n_site)
    at_most = sparse.csr_array(np.concatenate([-np.ones(n_site), np.zeros(n_demand)])[None, :])
    matrix = sparse.vstack([sparse.hstack([rows, -sparse.eye_array(n_demand)]), at_most], format="csr")
    low = np.concatenate([np.ones(n_demand), [-float(p)]])
    cost = np.concatenate([np.zeros(n_site), worth])
    return _solve((cost, matrix, low), np.ones(len(cost)), n_site, n_site + n_demand)


def bacop2(cover: Any, weight: ArrayLike, p: int, *, share_once: float) -> Cover:
    """Return the `p` sites with the most share_once x (weight covered) + (1 − share_once) x (covered twice).

    `share_once` in 0..1: 1 is MCLP.
    """
    if not 0 <= share_once <= 1:
        raise InputFaults.one("share_once", "a share in 0..1", share_once)
    rows, worth = aggregate(cover, weight)
    n_demand, n_site = rows.shape
    _check_p(p, n_site)
    eye = sparse.eye_array(n_demand)
    nothing = sparse.csr_array((n_demand, n_site))
    tail = np.zeros(2 * n_demand)
    at_most = sparse.csr_array(np.concatenate([-np.ones(n_site), tail])[None, :])
    blocks = [sparse.hstack([rows, -eye, -eye]), sparse.hstack([nothing, eye, -eye]), at_most]
    matrix = sparse.vstack(blocks, format="csr")
    low = np.concatenate([tail, [-float(p)]])
    cost = np.concatenate([np.zeros(n_site), share_once * worth, (1.0 - share_once) * worth])
    return _solve((cost, matrix, low), np.ones(len(cost)), n_site, n_site + 2 * n_demand)
