"""The weakest stretches of a line: which they are, why they are weak, and what hides who crosses there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from sarhad.io.cache import content_key
from sarhad.model.plan import Plan
from sarhad.model.project import Project
from sarhad.planning.candidates import candidate_sites
from sarhad.planning.compute import Compute
from sarhad.planning.explain import Explanation, explain_stretch, one_case
from sarhad.planning.ground import lay_ground
from sarhad.planning.items import Item, offered_items
from sarhad.planning.line_of_sight import SightLine, nearest_sight
from sarhad.planning.profile import fingerprint
from sarhad.planning.sector import SectorPlan, sectors

APART_M = 10_000.0


@dataclass(frozen=True, slots=True, eq=False)
class WeakStretch:
    """One weak stretch in one case: its explanation, and the line of sight of the nearest sensor."""

    explanation: Explanation
    sight: SightLine | None


@dataclass(frozen=True, slots=True, eq=False)
class _Job:
    """What it takes to study one stretch: the project has one target and one condition."""

    project: Project
    sector: SectorPlan
    stretch_id: int
    plan: Plan | None
    items: tuple[Item, ...]


def weakest(yearly: pd.DataFrame, n: int, apart_m: float = APART_M) -> list[int]:
    """Return the ids of the `n` stretches of least P_t, no two middles nearer than `apart_m` along the line.

    `yearly` is a table of `sarhad.planning.summary.yearly`. Ties fall to the lower P_detect, then to the
    lower chainage; stretches that nobody can cross are left out.
    """
    known = yearly[yearly["p_timely"].notna()]
    known = known.sort_values(["p_timely", "p_detect", "chainage_from_m"], kind="stable")
    middle_m = ((known["chainage_from_m"] + known["chainage_to_m"]) / 2).tolist()
    taken: list[tuple[int, float]] = []
    for stretch_id, at_m in zip(known["stretch_id"].tolist(), middle_m, strict=True):
        if len(taken) < n and all(abs(at_m - other_m) >= apart_m for _, other_m in taken):
            taken.append((int(stretch_id), at_m))
    return [stretch_id for stretch_id, _ in taken]


def study(
    project: Project,
    stretch_ids: Sequence[int],
    plan: Plan | None,
    case: tuple[str, str],
    compute: Compute,
) -> list[WeakStretch]:
    """Return why each of some stretches is weak in one case (target, condition)."""
    items = offered_items(project, candidate_sites(project, compute))
    one = one_case(project, *case)
    plans = {stretch_id: sector for sector in sectors(project) for stretch_id in sector.stretches}
    jobs = [_Job(one, plans[stretch_id], stretch_id, plan, items) for stretch_id in stretch_ids]
    bought = plan.items if plan else ()
    key = content_key(fingerprint(one), project.candidates, one.assets, bought, items)
    keys = [content_key("weak stretch", key, job.sector, job.stretch_id) for job in jobs]
    return compute.run("weakest stretches", _studied, jobs, keys=keys)


def _studied(job: _Job) -> WeakStretch:
    found = explain_stretch(job.project, job.sector, job.stretch_id, job.plan, job.items)
    route = next((way.route for way in found.ways if way.adversary == "unaware"), None)
    if route is None:
        return WeakStretch(found, None)
    ground = lay_ground(job.project, job.sector, 0)
    assets = job.project.assets + (job.plan.assets if job.plan else ())
    return WeakStretch(found, nearest_sight(ground, assets, route, job.project.targets[0].height_m))
