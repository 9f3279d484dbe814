"""Computes what a planner is handed and writes it: tables, layers, rasters, maps, manifest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import geopandas as gpd
import pandas as pd
import shapely

from sarhad.interfaces.language import translated
from sarhad.interfaces.report.map_sheet import draw_map_sheet
from sarhad.interfaces.report.strip_chart import draw_strip_chart
from sarhad.io.plans import plan_as_dict, result_as_dict
from sarhad.io.raster import write_cog
from sarhad.io.results import manifest, results_folder, write_json, write_layers, write_profile
from sarhad.model.asset import Asset, AtPoint, Place
from sarhad.model.line import Stretch
from sarhad.model.plan import Plan, PlanResult
from sarhad.model.project import Project
from sarhad.planning.candidates import candidate_sites
from sarhad.planning.closing import Closing, cheapest_closings
from sarhad.planning.compute import Compute
from sarhad.planning.coverage_map import NO_DATA, coverage
from sarhad.planning.items import offered_items
from sarhad.planning.profile import profile, stretch_line
from sarhad.planning.siting import Effort
from sarhad.planning.summary import Summary, summarise, yearly
from sarhad.planning.unseen import gap

TEXT = translated({"pictures": "map sheet, strip chart"})
N_HOLE = 10
COUNTED = "counted.json"


@dataclass(frozen=True, slots=True, eq=False)
class Findings:
    """All that is worked out for one set of assets.

    `ranked` are the holes, widest first, of the first target in the condition that loses most, `widest` the
    first of them, with what closes each.
    """

    assets: tuple[Asset, ...]
    plan: Plan | None
    profile: gpd.GeoDataFrame
    gap: gpd.GeoDataFrame
    summary: Summary
    yearly: pd.DataFrame
    ranked: gpd.GeoDataFrame
    widest: gpd.GeoDataFrame
    closings: list[Closing | None]


def findings(project: Project, plan: Plan | None, compute: Compute) -> Findings:
    """Work out profile, unseen gap, first page, and what closes the widest holes."""
    rows = profile(project, plan, compute=compute)
    holes = gap(project, plan, compute=compute)
    summary = summarise(project, rows, holes)
    chosen = (holes["condition"] == summary.costliest_condition) & (
        holes["target"] == project.targets[0].target_id
    )
    ranked = holes[chosen].reset_index(drop=True)
    widest = ranked.head(N_HOLE)
    items = offered_items(project, candidate_sites(project, compute))
    return Findings(
        assets=project.assets + (plan.assets if plan else ()),
        plan=plan,
        profile=rows,
        gap=holes,
        summary=summary,
        yearly=yearly(project, rows),
        ranked=ranked,
        widest=widest,
        closings=cheapest_closings(project, widest, items, compute),
    )


def deliver(
    project: Project,
    before: Findings,
    planned: tuple[PlanResult, Findings, Effort] | None,
    folder: Path,
    compute: Compute,
    *,
    command: Sequence[str] = (),
) -> Path:
    """Write everything into the project's results folder and return it; all of it or nothing.

    `planned` is what was found to buy, what is worked out with it, and the effort of the search. A plan that
    was given is written beside, so that `command` works out the same again.
    """
    result, after, effort = planned if planned else (None, None, None)
    last = after or before
    with results_folder(folder) as part:
        write_profile(part, last.profile)
        write_layers(part, _layers(project, before, result, last))
        write_coverage(project, last.plan, part / "coverage", compute)
        first_page = {"before": before.summary.as_dict(), "after": after.summary.as_dict() if after else None}
        write_json(part, "summary.json", first_page)
        if result is not None:
            write_json(part, "plan.json", result_as_dict(result, last.summary.terrain))
        elif before.plan is not None:
            write_json(part, COUNTED, {"items": plan_as_dict(before.plan)})
        search = None if effort is None else asdict(effort)
        write_json(part, "manifest.json", manifest(project, last.summary.terrain, search, command=command))
        _draw(project, before, after, part, compute)
    return folder / "results"


def _draw(project: Project, before: Findings, after: Findings | None, part: Path, compute: Compute) -> None:
    step, last, after_yearly = TEXT["pictures"], after or before, after.yearly if after else None
    compute.progress(step, 0, 2)
    sheets = [part / f"map_sheet.{kind}" for kind in ("png", "pdf")]
    draw_map_sheet(project, before.yearly, after_yearly, last.plan, last.ranked, sheets)
    compute.progress(step, 1, 2)
    charts = [part / f"strip_chart.{kind}" for kind in ("png", "pdf")]
    draw_strip_chart(project, before.yearly, after_yearly, last.ranked, charts)
    compute.progress(step, 2, 2)


def write_coverage(project: Project, plan: Plan | None, folder: Path, compute: Compute) -> list[Path]:
    """Write one coverage raster (COG, per cent within ten minutes) per condition; return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for found in coverage(project, plan, compute=compute):
        path = folder / f"{found.condition_id}.tif"
        tags = {"TARGET": found.target_id, "CONDITION": found.condition_id, "UNIT": "per cent"}
        write_cog(
            path,
            found.percent,
            found.grid,
            nodata=NO_DATA,
            tags={**tags, "KIND": found.kind},
            description="p of detection within ten minutes, per cent",
        )
        paths.append(path)
    return paths


def _layers(
    project: Project, before: Findings, result: PlanResult | None, last: Findings
) -> dict[str, gpd.GeoDataFrame]:
    """Return the layers of results.gpkg: stretches, holes, assets, plan and its ranking."""
    lines = last.profile.drop_duplicates("stretch_id").set_index("stretch_id").geometry
    ends = ["chainage_from_m", "chainage_to_m", "length_m"]
    stretches = before.yearly.merge(
        last.yearly.drop(columns=ends), on="stretch_id", suffixes=("_before", "_after")
    )
    geometry = lines.loc[stretches["stretch_id"]].to_numpy()
    named = gpd.GeoDataFrame(stretches, geometry=geometry, crs="EPSG:4326")
    named["terrain"] = last.summary.terrain
    own = [asdict(asset) for asset in project.entered]
    layers = {
        "stretches": named,
        "holes": last.gap.drop(columns="path"),
        "holes_before": before.gap.drop(columns="path"),
        "assets": _layer(project, own, project.entered, last.summary.terrain),
    }
    if result is not None:
        for name, plan in (("plan", result.plan), ("ranking", result.ranking)):
            rows = [{**asdict(item), **asdict(item.asset)} for item in plan.items]
            layers[name] = _layer(project, rows, plan.assets, last.summary.terrain)
    return layers


def _layer(
    project: Project, rows: list[dict[str, object]], assets: Sequence[Asset], terrain: str
) -> gpd.GeoDataFrame:
    """Return assets as a layer: points where they stand, the border line where they lie or fly."""
    table = pd.DataFrame(rows).drop(columns=["asset", "place"], errors="ignore").assign(terrain=terrain)
    geometry = [_geometry(project, asset.place) for asset in assets]
    return gpd.GeoDataFrame(table, geometry=geometry, crs="EPSG:4326")


def _geometry(project: Project, place: Place) -> shapely.Geometry:
    if isinstance(place, AtPoint):
        return shapely.Point(place.lon_deg, place.lat_deg)
    part = next(p for p in project.line.parts if p.from_m <= place.from_m < p.to_m)
    return stretch_line(project.line, Stretch(0, part.part_id, place.from_m, min(place.to_m, part.to_m)))
