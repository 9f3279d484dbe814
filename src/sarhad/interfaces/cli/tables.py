"""What commands print: the first page, the plan, an explanation. Units stand in the headings."""

from __future__ import annotations

from collections import Counter

from rich.table import Table

from sarhad.interfaces.cli.console import screen
from sarhad.interfaces.deliver import Findings
from sarhad.model.asset import AlongLine
from sarhad.model.plan import PlanResult
from sarhad.model.project import Project
from sarhad.planning.explain import Explanation
from sarhad.planning.summary import AdversaryMean, Summary

HOUR_S = 3600.0

OBJECTIVES = {
    "mean": "Objective: the mean over line, targets and year.",
    "leximin": "Objective: the worst stretch first, then the next worst, in steps of {objective.step:g}; "
    "then the mean. The value is the step that all stretches reach, and on by the share that reach the next.",
    "cvar": "Objective: the mean over the worst {objective.tail_share:.0%} of the year's conditions.",
}
PARTS = {
    "leximin": ("P_t at least", "", "Stretches that reach each step", "{:.0%}"),
    "cvar": ("condition", "of the tail", "Mean P_t by condition", "{:.3f}"),
}


def draw_summary(project: Project, before: Findings, after: Findings | None) -> None:
    """Print what a planner reads first, before and, where there is a plan, after it."""
    page = before.summary
    screen.print(
        f"\n{page.length_km:,.0f} km of line ({project.line.source}; vertex step "
        f"{project.line.vertex_step_m:.0f} m), {page.crossable_km:,.0f} km crossable. "
        f"Terrain: [bold]{page.terrain}[/]. P_t is at most P_C = {page.p_communication:g}."
    )
    _draw_readings(project, page, after.summary if after else None)
    _draw_means(page, after.summary if after else None)
    last = (after or before).summary
    when = "after the plan" if after else "now"
    screen.print(
        f"\nWhat binds {when} (unaware, year's mean): not seen {last.not_seen_km:,.0f} km, "
        f"seen too late {last.seen_too_late_km:,.0f} km. Worst condition: {last.worst_condition}; "
        f"most crossings missed in a year: {last.costliest_condition}."
    )
    _draw_holes(project, after or before)


def _draw_readings(project: Project, before: Summary, after: Summary | None) -> None:
    target = project.targets[0].target_id
    table = Table(
        title=f"Against the optimal adversary, {target}, goals {project.settings.depth_m / 1000:g} km in",
        title_justify="left",
        caption="closed P_t > 0.5, thin 0.01-0.5, open < 0.01; gap: least signalling line that closes all",
        caption_justify="left",
    )
    table.add_column("condition", no_wrap=True)
    table.add_column("of year", justify="right")
    impassable = any(r.impassable_km > 0 for r in before.readings)
    names = ["closed_km", "thin_km", "open_km", *(["impassable_km"] if impassable else []), "gap_km"]
    for name in (n.replace("gap", "unseen gap").replace("_", " ") for n in names):
        table.add_column(name, justify="right")
    share = {c.condition_id: c.share for c in project.conditions}
    pairs = zip(before.readings, after.readings if after else before.readings, strict=True)
    for old, new in pairs:
        if old.target != target:
            continue
        cells = [
            f"{getattr(old, name):,.0f}" + (f" [dim]→[/] [bold]{getattr(new, name):,.0f}[/]" if after else "")
            for name in names
        ]
        table.add_row(old.condition, f"{share[old.condition]:.0%}", *cells)
    screen.print(table)


def _draw_means(before: Summary, after: Summary | None) -> None:
    table = Table(title="Mean P_t over line, targets and year", title_justify="left")
    table.add_column("adversary")
    table.add_column("goal depth km", justify="right")
    for name in ("P_t now", "P_t planned") if after else ("P_t",):
        table.add_column(name, justify="right")
    table.add_column("bracket / terrain band", justify="right")
    rows = zip(before.means, after.means if after else before.means, strict=True)
    for old, new in rows:
        cells = [f"{old.p_timely:.2f}"] + ([f"[bold]{new.p_timely:.2f}[/]"] if after else [])
        table.add_row(old.adversary, f"{old.depth_m / 1000:g}", *cells, _interval(new))
    screen.print(table)


def _interval(mean: AdversaryMean) -> str:
    if mean.adversary == "optimal":
        return f"bracket {mean.p_low:.2f}-{mean.p_timely:.2f}"
    if mean.band_high > mean.band_low:
        return f"band {mean.band_low:.2f}-{mean.band_high:.2f}"
    return "-"


def _draw_holes(project: Project, found: Findings) -> None:
    if not len(found.widest):
        screen.print("No way in unseen in the condition that loses most.")
        return
    first = found.widest.iloc[0]
    table = Table(
        title=f"Widest holes, {first['target']}, {first['condition']}",
        title_justify="left",
        caption="cost: a new line of that length or the cheapest single item at a site, whichever is less",
        caption_justify="left",
    )
    for name in ("km", "offset m", "width m"):
        table.add_column(name, justify="right")
    table.add_column("opposite")
    table.add_column("closed by")
    table.add_column("cost kUSD", justify="right")
    columns = (found.widest[name] for name in ("chainage_m", "offset_m", "width_m"))
    for chainage_m, offset_m, width_m, closing in zip(*columns, found.closings, strict=True):
        district = next((d.name for d in project.districts if d.from_m <= chainage_m < d.to_m), "")
        by = f"{closing.equipment_id}, {closing.site_id}" if closing else "nothing on offer"
        cost = f"{closing.cost_usd / 1000:,.0f}" if closing else ""
        table.add_row(f"{chainage_m / 1000:,.1f}", f"{offset_m:,.0f}", f"{width_m:,.0f}", district, by, cost)
    screen.print(table)


def draw_plan(project: Project, result: PlanResult) -> None:
    """Print a plan by type, its first purchases, and value, bound and gap."""
    table = Table(title="The plan by type", title_justify="left")
    table.add_column("equipment")
    for name in ("items", "km", "MUSD", "crew"):
        table.add_column(name, justify="right")
    items = result.plan.items
    for equipment_id, n in sorted(Counter(i.asset.equipment_id for i in items).items()):
        mine = [i for i in items if i.asset.equipment_id == equipment_id]
        lines = [i.asset.place for i in mine if isinstance(i.asset.place, AlongLine)]
        km = sum(place.to_m - place.from_m for place in lines) / 1000
        cost_musd, crew_n = sum(i.cost_usd for i in mine) / 1e6, sum(i.crew_n for i in mine)
        table.add_row(equipment_id, str(n), f"{km:,.0f}" if km else "", f"{cost_musd:,.2f}", f"{crew_n:,.0f}")
    screen.print(table)
    budget = result.budget or project.budget
    first = ", ".join(f"{i.asset.equipment_id} at {i.site_id}" for i in items[:5])
    screen.print(f"Build first: {first}.")
    weights = " + ".join(f"{weight:g} {name} {value:.3f}" for name, weight, value in result.adversaries)
    if result.objective.name == "leximin":
        weights = f"mean {weights}"
    screen.print(OBJECTIVES[result.objective.name].format(objective=result.objective))
    screen.print(
        f"Value {result.before:.3f} → [bold]{result.value:.3f}[/] ({weights}); no plan under this budget "
        f"can exceed [bold]{result.bound:.3f}[/] (gap {result.gap:.1%}). "
        f"Cost {result.plan.cost_usd / 1e6:,.1f} of {budget.money_usd / 1e6:,.1f} MUSD."
    )
    _draw_parts(result)


def _draw_parts(result: PlanResult) -> None:
    """Print what the objective is made of, where it is not a plain mean."""
    if not result.parts:
        return
    first, weight, title, show = PARTS[result.objective.name]
    table = Table(title=title, title_justify="left")
    table.add_column(first)
    for name in (weight, "now", "planned"):
        table.add_column(name, justify="right")
    for part in result.parts:
        if max(part.value, part.weight) > 0:
            share = f"{part.weight:.0%}" if result.objective.name == "cvar" else "decides" * int(part.weight)
            table.add_row(part.name, share, show.format(part.before), f"[bold]{show.format(part.value)}[/]")
    screen.print(table)


def draw_explanation(project: Project, found: Explanation) -> None:
    """Print why a stretch stands where it stands."""
    where = f"km {found.chainage_from_m / 1000:,.1f}-{found.chainage_to_m / 1000:,.1f}"
    screen.print(f"\n[bold]{where}[/], {found.target}, {found.condition}; terrain: {found.terrain}")
    ways = Table(title="Who crosses here", title_justify="left")
    ways.add_column("adversary")
    for name in ("P_t", "P_detect", "hours"):
        ways.add_column(name, justify="right")
    for way in found.ways:
        hours = f"{way.time_s / HOUR_S:.1f}"
        ways.add_row(way.adversary, f"{way.p_timely:.2f}", f"{way.p_detect:.2f}", hours)
    screen.print(ways)
    raises = Table(title="What would raise it most", title_justify="left")
    for name in ("equipment", "site"):
        raises.add_column(name)
    for name in ("gain", "kUSD", "gain per MUSD"):
        raises.add_column(name, justify="right")
    for r in found.raises:
        cost = f"{r.cost_usd / 1000:,.0f}"
        raises.add_row(r.asset.equipment_id, r.site_id, f"{r.gain:+.3f}", cost, f"{r.gain_per_musd:.2f}")
    screen.print(raises)
    if found.best_buy is not None:
        buy = found.best_buy
        screen.print(
            f"The next unit of money buys most as {buy.asset.equipment_id} at {buy.site_id}: "
            f"{buy.gain:+.3f} for {buy.cost_usd / 1000:,.0f} kUSD."
        )
    patches = "; ".join(
        f"{d.area_m2 / 1e6:.1f} km2 at {d.lat_deg:.3f} N {d.lon_deg:.3f} E" for d in found.dead_ground
    )
    screen.print(f"Seen: {found.seen_share:.0%} of passable ground. Dead ground: {patches or 'none'}.")
