"""Timely detection of every subset of the items that a route meets, exact, from one walk along the route.

With q_a(j) = 1 - f_a (1 - exp(-E_a(j))) the chance that item a has stayed silent up to step j, and w never
rising along the route, the sum of `sarhad.kernels.crossing` reads backwards (Abel)

    P_t(A) = w_A(1) - sum_j ( w_A(j) - w_A(j+1) ) S_0(j) prod_{a in A} q_a(j)        w_A(m + 1) = 0

over the steps j = 1..m on which anything is met at all; S_0 is what stands already. `correlated` takes the
least factor in place of the product. A team that an item brings raises w, and teams do not disturb each
other: the best interception is the best of any team's, so w_A = max( w_0, max_{a in A} w_a ).

All 2^k subsets of k bits cost about 2^k multiplications a step: the products of the subsets with bit b are
those without it times q_b. A bit stands for one item, or for several that come as one bundle.

P_t never falls with one more item. Without teams it is submodular too: what an item adds to a set is at most
what it adds alone. A team is worth more where somebody sees.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from sarhad.errors import InputFaults
from sarhad.kernels.crossing import Sensing, gathered, new_tally, tally_step, worth_along
from sarhad.kernels.exposure import FloatArray, PtrArray, Routes, SensorLines, View

I64 = npt.NDArray[np.int64]

MAX_BIT = 20
"""A lattice of more bits than this would not fit in memory."""


class Met(NamedTuple):
    """What each route meets, on the steps where anything is met.

    `walked` (route,) whether there is a way; `step_ptr` (route + 1,) and `standing` (step,) the chance that
    what stands already has stayed silent; `worth` (1 + team, step) w, of the standing teams first. Entries of
    a route are `entry_ptr[r]..entry_ptr[r + 1]`: `entry_item` (entry,) and, from `silent_ptr[entry]` on, the
    item's q at each step of the route in `silent`. `item_team` (item,) is the row of the item's team, 0 for
    none.
    """

    walked: npt.NDArray[np.bool_]
    step_ptr: PtrArray
    standing: FloatArray
    worth: FloatArray
    entry_ptr: PtrArray
    entry_item: I64
    silent_ptr: PtrArray
    silent: FloatArray
    item_team: I64


@njit(cache=True, nogil=True)
def _sizes(sensing: Sensing, routes: Routes, unit_item: I64, n_item: int) -> tuple[PtrArray, PtrArray]:
    """Return the row pointers of steps on which anything is met, and of items met, by route."""
    n = routes.ptr.size - 1
    step_ptr, entry_ptr = np.zeros(n + 1, np.int64), np.zeros(n + 1, np.int64)
    last = np.full(n_item, np.int64(-1), np.int64)
    tally = new_tally(sensing.available.size)
    for route in range(n):
        n_met, n_step, n_entry = 0, 0, 0
        for i in range(routes.ptr[route], routes.ptr[route + 1]):
            n_met = tally_step(sensing, routes, route, i, 1.0, tally, n_met)
            is_met = False
            for slot in range(n_met):
                is_met |= tally.is_stale[slot]
                tally.is_stale[slot] = False
            n_step += is_met
        for slot in range(n_met):
            item = unit_item[tally.met[slot]]
            if item >= 0 and last[item] != route:
                last[item] = route
                n_entry += 1
        step_ptr[route + 1] = step_ptr[route] + n_step
        entry_ptr[route + 1] = entry_ptr[route] + n_entry
    return step_ptr, entry_ptr


@njit(cache=True, nogil=True)
def _fill(
    sensing: Sensing, routes: Routes, along: FloatArray, unit_item: I64, item_team: I64, correlated: bool
) -> Met:
    """Walk all routes; `along` (1 + team, routes' cells) is w by entry of the routes."""
    n, n_item = routes.ptr.size - 1, item_team.size
    step_ptr, entry_ptr = _sizes(sensing, routes, unit_item, n_item)
    standing, worth = np.ones(step_ptr[n]), np.zeros((along.shape[0], step_ptr[n]))
    entry_item = np.empty(entry_ptr[n], np.int64)
    silent_ptr = np.zeros(entry_ptr[n] + 1, np.int64)
    for route in range(n):
        for entry in range(entry_ptr[route], entry_ptr[route + 1]):
            silent_ptr[entry + 1] = silent_ptr[entry] + step_ptr[route + 1] - step_ptr[route]
    silent = np.ones(silent_ptr[-1])
    walked = np.diff(routes.ptr) > 0
    entry_of, last = np.zeros(n_item, np.int64), np.full(n_item, np.int64(-1), np.int64)
    tally = new_tally(sensing.available.size)
    for route in range(n):
        n_met, at, n_entry = 0, step_ptr[route], entry_ptr[route]
        for i in range(routes.ptr[route], routes.ptr[route + 1]):
            n_met = tally_step(sensing, routes, route, i, 1.0, tally, n_met)
            is_met = False
            for slot in range(n_met):
                if tally.is_stale[slot]:
                    f = sensing.available[tally.met[slot]]
                    tally.silent[slot] = (1.0 - f) + f * np.exp(-tally.exposure[slot])
                    tally.is_stale[slot] = False
                    is_met = True
            if not is_met:
                continue
            worth[:, at] = along[:, i]
            for slot in range(n_met):
                item, q = unit_item[tally.met[slot]], tally.silent[slot]
                if item < 0:
                    standing[at] = min(standing[at], q) if correlated else standing[at] * q
                    continue
                if last[item] != route:
                    last[item], entry_of[item], entry_item[n_entry] = route, n_entry, item
                    n_entry += 1
                k = silent_ptr[entry_of[item]] + at - step_ptr[route]
                silent[k] = min(silent[k], q) if correlated else silent[k] * q
            at += 1
    return Met(walked, step_ptr, standing, worth, entry_ptr, entry_item, silent_ptr, silent, item_team)


def meet(
    routes: Routes,
    w: Sequence[FloatArray],
    view: View,
    lines: SensorLines,
    available: FloatArray,
    offset_m: FloatArray,
    chainage_m: FloatArray,
    *,
    unit_item: I64,
    item_team: I64,
    correlated: bool,
) -> Met:
    """Return what routes meet of the units that stand (`unit_item` -1) and of those of each item.

    `w` grids (row, col): with the standing teams alone, then with each row's team of `item_team` alone, which
    must not be below the first. Others as in `sarhad.kernels.crossing.timely`. Raises InputFaults.
    """
    sensors = (view, lines)
    sensing, first = gathered(routes, w[0], sensors, available, (offset_m, chainage_m), True)
    along = np.array([first, *(worth_along(routes, np.asarray(one).ravel(), True) for one in w[1:])])
    item_of, team_of = np.asarray(unit_item, np.int64), np.asarray(item_team, np.int64)
    if item_of.shape != sensing.available.shape or item_of.max(initial=-1) >= len(team_of):
        raise InputFaults.one("unit_item", "an item, or -1, for each unit", item_of.shape)
    if team_of.max(initial=0) >= len(w) or team_of.min(initial=0) < 0:
        raise InputFaults.one("item_team", f"rows 0..{len(w) - 1}", team_of)
    found: Met = _fill(sensing, routes, along, item_of, team_of, correlated)
    return found


@njit(cache=True, nogil=True)
def _bits_met(met: Met, route: int, item_bit: I64, n_bit: int) -> tuple[I64, int, int]:
    """Return by bit its place on this route (-1: not met), how many are met without and with a team.

    Bits whose team is sooner than the standing ones anywhere on the route come last.
    """
    kind = np.zeros(n_bit, np.int64)
    for entry in range(met.entry_ptr[route], met.entry_ptr[route + 1]):
        if item_bit[met.entry_item[entry]] >= 0:
            kind[item_bit[met.entry_item[entry]]] = 1
    for item in range(item_bit.size):
        row = met.item_team[item]
        if item_bit[item] >= 0 and row > 0:
            for j in range(met.step_ptr[route], met.step_ptr[route + 1]):
                if met.worth[row, j] > met.worth[0, j]:
                    kind[item_bit[item]] = 2
                    break
    place = np.full(n_bit, np.int64(-1), np.int64)
    n_plain, n_team = 0, 0
    for bit in range(n_bit):
        if kind[bit] == 1:
            place[bit] = n_plain
            n_plain += 1
    for bit in range(n_bit):
        if kind[bit] == 2:
            place[bit] = n_plain + n_team
            n_team += 1
    return place, n_plain, n_team


@njit(cache=True, nogil=True)
def touched(met: Met, routes: I64) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Return which items are met on some of the routes, and whose team is sooner somewhere; (item,) each."""
    seen, sooner = np.zeros(met.item_team.size, np.bool_), np.zeros(met.item_team.size, np.bool_)
    for route in routes:
        seen[met.entry_item[met.entry_ptr[route] : met.entry_ptr[route + 1]]] = True
        for item in range(sooner.size):
            row = met.item_team[item]
            if row > 0 and not sooner[item]:
                for j in range(met.step_ptr[route], met.step_ptr[route + 1]):
                    sooner[item] |= met.worth[row, j] > met.worth[0, j]
    return seen, sooner


@njit(cache=True, nogil=True)
def _worth_with(met: Met, route: int, item_bit: I64, place: I64, first: int, teams: int) -> FloatArray:
    """Return w at the route's steps with the teams of a set: bit b of `teams` is place `first` + b."""
    begin, end = met.step_ptr[route], met.step_ptr[route + 1]
    worth = np.zeros(end - begin + 1)
    for j in range(begin, end):
        worth[j - begin] = met.worth[0, j]
    for item in range(item_bit.size):
        row, bit = met.item_team[item], item_bit[item]
        if row > 0 and bit >= 0 and place[bit] >= first and teams >> (place[bit] - first) & 1:
            for j in range(begin, end):
                worth[j - begin] = max(worth[j - begin], met.worth[row, j])
    return worth


@njit(cache=True, nogil=True, inline="always")
def _both(one: float, other: float, correlated: bool) -> float:
    """Return the chance that both have stayed silent."""
    return min(one, other) if correlated else one * other


@njit(cache=True, nogil=True)
def _silent_bits(met: Met, route: int, item_bit: I64, place: I64, n_met: int, correlated: bool) -> FloatArray:
    """Return q (bit met, step) of the bits met on a route."""
    n_step = met.step_ptr[route + 1] - met.step_ptr[route]
    q = np.ones((n_met, n_step))
    for entry in range(met.entry_ptr[route], met.entry_ptr[route + 1]):
        bit = item_bit[met.entry_item[entry]]
        if bit >= 0:
            for j in range(n_step):
                one = met.silent[met.silent_ptr[entry] + j]
                q[place[bit], j] = _both(q[place[bit], j], one, correlated)
    return q


@njit(cache=True, nogil=True)
def _plain_sets(
    met: Met, route: int, worth: FloatArray, q: FloatArray, teams: tuple[int, int], correlated: bool
) -> FloatArray:
    """Return P_t for every set of the bits without a team, beside one set of those with: `teams` (set, n).

    `worth` (step + 1,) is w with these teams, 0 at the end.
    """
    begin, n_plain = met.step_ptr[route], q.shape[0] - teams[1]
    value, survival = np.full(1 << n_plain, worth[0]), np.empty(1 << n_plain)
    for j in range(q.shape[1]):
        fall = worth[j] - worth[j + 1]
        if fall == 0.0:
            continue
        survival[0] = met.standing[begin + j]
        for b in range(teams[1]):
            if teams[0] >> b & 1:
                survival[0] = _both(survival[0], q[n_plain + b, j], correlated)
        for b in range(n_plain):
            one, half = q[b, j], 1 << b
            for s in range(half):
                survival[half + s] = _both(survival[s], one, correlated)
        for s in range(value.size):
            value[s] -= fall * survival[s]
    return value


@njit(cache=True, nogil=True)
def _route_worth(met: Met, route: int, item_bit: I64, n_bit: int, correlated: bool) -> FloatArray:
    """Return P_t of one route for every subset of the bits, (2^n_bit,)."""
    place, n_plain, n_team = _bits_met(met, route, item_bit, n_bit)
    q = _silent_bits(met, route, item_bit, place, n_plain + n_team, correlated)
    value = np.empty(1 << (n_plain + n_team))
    for teams in range(1 << n_team):
        worth = _worth_with(met, route, item_bit, place, n_plain, teams)
        plain = _plain_sets(met, route, worth, q, (teams, n_team), correlated)
        value[teams << n_plain : (teams + 1) << n_plain] = plain
    where = np.zeros(1 << n_bit, np.int64)
    for bit in range(n_bit):
        half, step = 1 << bit, (1 << place[bit]) if place[bit] >= 0 else 0
        for s in range(half):
            where[half + s] = where[s] + step
    found = np.empty(1 << n_bit)
    for s in range(found.size):
        found[s] = max(0.0, value[where[s]])
    return found


@njit(cache=True, nogil=True)
def _lattice(met: Met, routes: I64, item_bit: I64, n_bit: int, correlated: bool, least: bool) -> FloatArray:
    found = np.full(1 << n_bit, np.inf) if least else np.zeros(1 << n_bit)
    n = 0
    for route in routes:
        if not met.walked[route]:
            continue
        n += 1
        worth = _route_worth(met, route, item_bit, n_bit, correlated)
        for s in range(worth.size):
            found[s] = min(found[s], worth[s]) if least else found[s] + worth[s]
    if n == 0 or (not least and n < routes.size):
        found[:] = np.nan
    elif not least:
        found /= n
    return found


def lattice(
    met: Met, routes: npt.ArrayLike, item_bit: npt.ArrayLike, n_bit: int, *, correlated: bool, least: bool
) -> FloatArray:
    """Return P_t of every subset of the bits, (2^n_bit,): the mean over some routes, or the `least`.

    `routes` (n,) numbers of routes; `item_bit` (item,) the bit that an item comes with, -1 for one that never
    comes. Bit b of an index says whether the items of bit b are there. NaN where there is no way (for the
    mean: not in every route). Raises InputFaults.
    """
    bits = np.ascontiguousarray(item_bit, np.int64)
    if not 0 <= n_bit <= MAX_BIT or bits.max(initial=-1) >= n_bit or bits.shape != met.item_team.shape:
        raise InputFaults.one("item_bit", f"bits below n_bit <= {MAX_BIT}, one per item", bits)
    return np.asarray(_lattice(met, np.asarray(routes, np.int64), bits, n_bit, correlated, least))
