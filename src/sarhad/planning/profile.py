"""The profile: one row per stretch x target x condition x adversary x goal depth, the product's main output.

Labels follow the optimal adversary's reading of the number: closed above 0.5, thin from 0.01, open below,
impassable where no route exists. What binds compares what is lost because nobody saw (1 - p_detect) with
what is lost because it was seen too late (p_detect - p_timely / P_C).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from sarhad.errors import NoGoalReachable, UnknownName
from sarhad.io.cache import content_key, source_digest
from sarhad.model.asset import Asset
from sarhad.model.land import Courses
from sarhad.model.line import Line, Stretch
from sarhad.model.plan import Plan
from sarhad.model.project import Project
from sarhad.planning.compute import Compute
from sarhad.planning.crossing import ADVERSARIES, Rows, SectorJob, evaluate_sector
from sarhad.planning.sector import sectors

CLOSED_ABOVE, OPEN_BELOW = 0.5, 0.01
KEY = ["stretch_id", "target", "condition", "adversary", "depth_m"]


def profile(
    project: Project,
    plan: Plan | None = None,
    *,
    adversaries: Sequence[str] = ADVERSARIES,
    n_realisations: int | None = None,
    stretch_ids: Sequence[int] = (),
    compute: Compute | None = None,
) -> gpd.GeoDataFrame:
    """Return the profile of a project with its assets, and a plan's on top where one is given.

    One row per stretch, target, condition, adversary and goal depth: `stretch_id, part_id,
    chainage_from_m, chainage_to_m, target, condition, adversary, depth_m, p_timely, p_low, p_detect, w_line,
    time_s, label, binds, band_low, band_high, open_share, terrain, route` and the stretch as `geometry`
    (EPSG:4326). The band and the share of realisations in which the stretch is open are known against the
    unaware and the optimal adversary at the headline depth, NaN elsewhere.
    `p_low` is the lower end of the optimal adversary's bracket; the band is the range over `n_realisations`
    of the terrain (the project's setting by default), realisation 0 being the value; further columns
    `p_timely_1`, `p_timely_2`, ... hold P_t on the others, from which the band of a mean is worked out.
    Rows are of all stretches unless some are given; then only the sectors that own them are worked out.
    Raises NoGoalReachable and UnknownName.
    """
    unknown = sorted(set(adversaries) - set(ADVERSARIES))
    if unknown:
        raise UnknownName(f"no adversary {unknown[0]!r}; there are {', '.join(ADVERSARIES)}")
    if compute is None:
        with Compute(project.settings.processes) as own:
            return profile(
                project,
                plan,
                adversaries=adversaries,
                n_realisations=n_realisations,
                stretch_ids=stretch_ids,
                compute=own,
            )
    assets = project.assets + (plan.assets if plan else ())
    n = project.settings.n_realisations if n_realisations is None else n_realisations
    case = _Case(project, assets, tuple(stretch_ids), compute)
    table = _table(case, 0, tuple(adversaries), project.settings.depths_m)
    if table["p_timely"].isna().all():
        raise NoGoalReachable("no target can reach a goal from the line in any season")
    banded = tuple(a for a in adversaries if a in ("unaware", "optimal"))
    in_band = table["adversary"].isin(banded) & (table["depth_m"] == project.settings.depth_m)
    table["band_low"] = table["band_high"] = table["p_timely"].where(in_band)
    table["open_share"] = (
        (table["p_timely"] < OPEN_BELOW).where(in_band & table["p_timely"].notna()).astype(float)
    )
    for realisation in range(1, n if banded else 1):
        other = _table(case, realisation, banded, ())
        p_other = table[KEY].merge(other[[*KEY, "p_timely"]], on=KEY, how="left")["p_timely"].to_numpy()
        table[f"p_timely_{realisation}"] = p_other
        table["band_low"] = np.fmin(table["band_low"], p_other)
        table["band_high"] = np.fmax(table["band_high"], p_other)
        opened = (p_other < OPEN_BELOW).astype(float)
        table["open_share"] += (opened - table["open_share"]) / (realisation + 1)
    return _with_geometry(project, table)


@dataclass(frozen=True, slots=True, eq=False)
class _Case:
    """What all tables of a profile share: on which assets they stand, and of which stretches they are."""

    project: Project
    assets: tuple[Asset, ...]
    stretch_ids: tuple[int, ...]
    compute: Compute


def _evaluate(
    case: _Case, realisation: int, adversaries: tuple[str, ...], depths_m: tuple[float, ...]
) -> list[list[Rows]]:
    project, wanted = case.project, set(case.stretch_ids)
    if project.goals.kind == "layer":
        depths_m = ()  # depth lines play no part where the goals are places
    plans = [one for one in sectors(project) if not wanted or wanted & set(one.stretches)]
    jobs = [SectorJob(project, plan, case.assets, realisation, adversaries, depths_m) for plan in plans]
    same = content_key(fingerprint(project), case.assets)
    keys = [content_key("sector rows", same, job.plan, realisation, adversaries, depths_m) for job in jobs]
    step = "crossings" if realisation == 0 else f"crossings, terrain {realisation}"
    return case.compute.run(step, evaluate_sector, jobs, keys=keys)


def fingerprint(project: Project) -> str:
    """Return a key of everything in a project that a result depends on, but for its assets."""
    return content_key(
        version("sarhad"),
        source_digest(),
        sorted(project.hashes.items()),
        replace(project.settings, processes=0),
        project.teams,
        sorted(project.equipment.items()),
        project.conditions,
        project.targets,
        [(p.part_id, _exact((p.lon_deg, p.lat_deg, p.chainage_m))) for p in project.line.parts],
        project.line.home_side,
        [
            (sorted(b.delay_s.items()), b.on_line, b.from_m, b.to_m, _exact(b.lon_lat_deg))
            for b in project.barriers
        ],
        (project.goals.kind, _exact(project.goals.lon_lat_deg)),
        project.teams_held,
        [(o.barrier_id, sorted(o.delay_s.items()), _exact(o.lon_lat_deg)) for o in project.openings],
        _land_key(project),
    )


def _land_key(project: Project) -> list[object]:
    """Return roads and land cover, and the ids that openings know barriers by, as bytes and plain values."""
    key: list[object] = [[b.barrier_id for b in project.barriers] if project.openings else None]
    if project.roads is not None:
        closed = [(season, shut.tobytes()) for season, shut in sorted(project.roads.closed.items())]
        key += ["roads", *_courses_key(project.roads.courses), project.roads.speed_mps.tobytes(), closed]
    if project.land_cover is not None:
        cover = project.land_cover
        key += [
            "cover",
            *_courses_key(cover.courses),
            cover.class_of.tobytes(),
            cover.classes,
            cover.leaf_off,
        ]
    return key


def _courses_key(courses: Courses) -> list[bytes]:
    return [courses.lon_lat_deg.tobytes(), courses.ptr.tobytes(), courses.owner.tobytes()]


def _exact(arrays: Iterable[NDArray[np.float64]]) -> list[bytes]:
    return [array.tobytes() for array in arrays]


def _table(
    case: _Case, realisation: int, adversaries: tuple[str, ...], depths_m: tuple[float, ...]
) -> pd.DataFrame:
    project, by_sector = case.project, _evaluate(case, realisation, adversaries, depths_m)
    table = pd.concat([_frame(rows) for found in by_sector for rows in found], ignore_index=True)
    if case.stretch_ids:
        table = table[table["stretch_id"].isin(case.stretch_ids)]
    orders = {
        "target": [t.target_id for t in project.targets],
        "condition": [c.condition_id for c in project.conditions],
        "adversary": list(ADVERSARIES),
    }
    for column, order in orders.items():
        table[column] = pd.Categorical(table[column], categories=order, ordered=True)
    table = table.sort_values(KEY, kind="stable", ignore_index=True)
    return table.astype({column: str for column in orders})


def _frame(rows: Rows) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "stretch_id": rows.stretch,
            "target": rows.target_id,
            "condition": rows.condition_id,
            "adversary": rows.adversary,
            "depth_m": rows.depth_m,
            "p_timely": rows.p_timely,
            "p_low": rows.p_low,
            "p_detect": rows.p_detect,
            "w_line": rows.w_line,
            "time_s": rows.time_s,
            "terrain": rows.kind,
            "route": rows.route,
        }
    )


def label(p_timely: NDArray[np.float64]) -> NDArray[np.str_]:
    """Return closed, thin, open or impassable (NaN) for each value."""
    choices = [np.isnan(p_timely), p_timely > CLOSED_ABOVE, p_timely >= OPEN_BELOW]
    return np.select(choices, ["impassable", "closed", "thin"], "open")


def binds(
    p_timely: NDArray[np.float64], p_detect: NDArray[np.float64], p_communication: float
) -> NDArray[np.str_]:
    """Return what costs more: "not seen" or "seen too late"; empty where there is no route."""
    late = p_detect - p_timely / p_communication
    words = np.where(1.0 - p_detect >= late, "not seen", "seen too late")
    return np.where(np.isnan(p_timely), "", words)


def _with_geometry(project: Project, table: pd.DataFrame) -> gpd.GeoDataFrame:
    stretches = project.line.stretches(project.settings.stretch_m)
    ids = table["stretch_id"].to_numpy()
    p_timely = table["p_timely"].to_numpy()
    table["part_id"] = np.array([s.part_id for s in stretches])[ids]
    table["chainage_from_m"] = np.array([s.from_m for s in stretches])[ids]
    table["chainage_to_m"] = np.array([s.to_m for s in stretches])[ids]
    table["label"] = label(p_timely)
    table["binds"] = binds(p_timely, table["p_detect"].to_numpy(), project.settings.p_communication)
    geometry = np.array([stretch_line(project.line, s) for s in stretches], dtype=object)[ids]
    order = ["stretch_id", "part_id", "chainage_from_m", "chainage_to_m", "target", "condition", "adversary"]
    order += ["depth_m", "p_timely", "p_low", "p_detect", "w_line", "time_s", "label", "binds"]
    order += ["band_low", "band_high", *terrain_columns(table)[1:], "open_share", "terrain", "route"]
    return gpd.GeoDataFrame(table[order], geometry=geometry, crs="EPSG:4326")


def terrain_columns(table: pd.DataFrame) -> list[str]:
    """Return the columns with P_t on each realisation of the terrain, the value itself first."""
    return ["p_timely", *(name for name in table.columns if re.fullmatch(r"p_timely_\d+", str(name)))]


def stretch_line(line: Line, stretch: Stretch) -> shapely.LineString:
    """Return a stretch as a line in lon, lat with the border's own vertices between its ends."""
    part = next(p for p in line.parts if p.part_id == stretch.part_id)
    inside = (part.chainage_m > stretch.from_m) & (part.chainage_m < stretch.to_m)
    chainage_m = np.concatenate([[stretch.from_m], part.chainage_m[inside], [stretch.to_m]])
    return shapely.LineString(np.column_stack(part.at(chainage_m)))
