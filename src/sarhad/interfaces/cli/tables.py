"""What commands print: the first page, the plan, an explanation. Units stand in the headings."""

from __future__ import annotations

from collections import Counter
from math import ceil

from rich.table import Table

from sarhad.interfaces.cli.console import print_rows, print_table, screen
from sarhad.interfaces.cli.headings import HEADINGS, headings
from sarhad.interfaces.deliver import Findings
from sarhad.interfaces.language import localised, told, translated
from sarhad.interfaces.vocabulary import words
from sarhad.model.asset import AlongLine
from sarhad.model.plan import PlanResult
from sarhad.model.project import Project
from sarhad.planning.explain import Explanation
from sarhad.planning.summary import AdversaryMean, Summary

HOUR_S = 3600.0

TEXT = translated(
    {
        "line": "{km:,.0f} km of line ({source}; vertex step {step:.0f} m), {crossable:,.0f} km crossable. "
        "Terrain: [bold]{terrain}[/]. P_t is at most P_C = {ceiling:g}.",
        "binds.now": "What binds now (unaware, year's mean): not seen {not_seen:,.0f} km, seen too late "
        "{late:,.0f} km. Worst condition: {worst}; most crossings missed in a year: {costliest}.",
        "binds.after": "What binds after the plan (unaware, year's mean): not seen {not_seen:,.0f} km, seen "
        "too late {late:,.0f} km. Worst condition: {worst}; most crossings missed in a year: {costliest}.",
        "readings.title": "Against the optimal adversary, {target}, goals {depth:g} km in",
        "readings.caption": "closed P_t > 0.5, thin 0.01-0.5, open < 0.01; gap: least signalling line that "
        "closes all",
        "means.title": "Mean P_t over line, targets and year",
        "bracket": "bracket {low:.2f}-{high:.2f}",
        "band": "band {low:.2f}-{high:.2f}",
        "no.holes": "No way in unseen in the condition that loses most.",
        "holes.title": "Widest holes, {target}, {condition}",
        "holes.caption": "cost: a new line of that length or the cheapest single item at a site, whichever "
        "is less",
        "no.offer": "nothing on offer",
        "plan.title": "The plan by type",
        "first": "Build first: {names}.",
        "item.at": "{equipment} at {site}",
        "mean": "Objective: the mean over line, targets and year.",
        "leximin": "Objective: the worst stretch first, then the next worst, in steps of {objective.step:g}; "
        "then the mean. The value is the step that all stretches reach, and on by the share that reach the "
        "next.",
        "cvar": "Objective: the mean over the worst {objective.tail_share:.0%} of the year's conditions.",
        "leximin.parts": "Stretches that reach each step",
        "cvar.parts": "Mean P_t by condition",
        "weighted": "It weighs stretches by the project's weights, so that it is not comparable with the "
        "means over the line.",
        "decides": "decides",
        "mean.of": "mean {weights}",
        "value": "Value {before:.3f} → [bold]{value:.3f}[/] ({weights}); no plan under this budget can "
        "exceed "
        "[bold]{bound:.3f}[/] (gap {gap:.1%}). Cost {cost:,.1f} of {money:,.1f} MUSD.",
        "stretch": "[bold]km {start:,.1f}-{end:,.1f}[/], {target}, {condition}; terrain: {terrain}",
        "ways.title": "Who crosses here",
        "raises.title": "What would raise it most",
        "best": "The next unit of money buys most as {equipment} at {site}: {gain:+.3f} for {cost:,.0f} "
        "kUSD.",
        "patch": "{area:.1f} km2 at {lat:.3f} N {lon:.3f} E",
        "seen": "Seen: {share:.0%} of passable ground. Dead ground: {patches}.",
        "none": "none",
    }
)
PARTS = {
    "leximin": ("P_t at least", None, "{:.0%}"),
    "cvar": ("condition", "of the tail", "{:.3f}"),
}


def draw_summary(project: Project, before: Findings, after: Findings | None) -> None:
    """Print what a planner reads first, before and, where there is a plan, after it."""
    page = before.summary
    said = TEXT["line"].format(
        km=page.length_km,
        source=project.line.source,
        step=project.line.vertex_step_m,
        crossable=page.crossable_km,
        terrain=words(page.terrain),
        ceiling=page.p_communication,
    )
    screen.print(f"\n{said}")
    _draw_readings(project, page, after.summary if after else None)
    _draw_means(page, after.summary if after else None)
    last = (after or before).summary
    said = TEXT["binds.after" if after else "binds.now"].format(
        not_seen=last.not_seen_km,
        late=last.seen_too_late_km,
        worst=last.worst_condition,
        costliest=last.costliest_condition,
    )
    screen.print(f"\n{said}")
    _draw_holes(project, after or before)


def _draw_readings(project: Project, before: Summary, after: Summary | None) -> None:
    target = project.targets[0].target_id
    table = Table(
        title=TEXT["readings.title"].format(target=target, depth=project.settings.depth_m / 1000),
        title_justify="left",
        caption=TEXT["readings.caption"],
        caption_justify="left",
    )
    table.add_column(HEADINGS["condition"], no_wrap=True)
    table.add_column(HEADINGS["of year"], justify="right")
    impassable = any(r.impassable_km > 0 for r in before.readings)
    names = ["closed_km", "thin_km", "open_km", *(["impassable_km"] if impassable else []), "gap_km"]
    for name in (n.replace("gap", "unseen gap").replace("_", " ") for n in names):
        table.add_column(HEADINGS[name], justify="right")
    share = {c.condition_id: c.share for c in project.conditions}
    pairs = zip(before.readings, after.readings if after else before.readings, strict=True)
    for old, new in pairs:
        if old.target != target:
            continue
        cells = [
            localised(f"{getattr(old, name):,.0f}")
            + (f" [dim]→[/] [bold]{localised(f'{getattr(new, name):,.0f}')}[/]" if after else "")
            for name in names
        ]
        table.add_row(old.condition, f"{share[old.condition]:.0%}", *cells)
    print_table(table)


def _draw_means(before: Summary, after: Summary | None) -> None:
    table = Table(title=TEXT["means.title"], title_justify="left")
    table.add_column(HEADINGS["adversary"])
    names = ("P_t now", "P_t planned") if after else ("P_t",)
    for name in ("goal depth km", *names, "bracket / terrain band"):
        table.add_column(HEADINGS[name], justify="right")
    rows = zip(before.means, after.means if after else before.means, strict=True)
    for old, new in rows:
        cells = [f"{old.depth_m / 1000:g}", f"{old.p_timely:.2f}"]
        cells += [f"[bold]{localised(f'{new.p_timely:.2f}')}[/]"] if after else []
        table.add_row(words(old.adversary), *map(localised, cells[:2]), *cells[2:], _interval(new))
    print_table(table)


def _interval(mean: AdversaryMean) -> str:
    if mean.adversary == "optimal":
        return TEXT["bracket"].format(low=mean.p_low, high=mean.p_timely)
    if mean.band_high > mean.band_low:
        return TEXT["band"].format(low=mean.band_low, high=mean.band_high)
    return "-"


def _draw_holes(project: Project, found: Findings) -> None:
    if not len(found.widest):
        screen.print(TEXT["no.holes"])
        return
    first = found.widest.iloc[0]
    table = Table(
        title=TEXT["holes.title"].format(target=first["target"], condition=first["condition"]),
        title_justify="left",
        caption=TEXT["holes.caption"],
        caption_justify="left",
    )
    for name in ("km", "offset m", "width m", "opposite", "closed by", "cost kUSD"):
        table.add_column(HEADINGS[name], justify="left" if name in ("opposite", "closed by") else "right")
    columns = (found.widest[name] for name in ("chainage_m", "offset_m", "width_m"))
    for chainage_m, offset_m, width_m, closing in zip(*columns, found.closings, strict=True):
        district = next((d.name for d in project.districts if d.from_m <= chainage_m < d.to_m), "")
        by = f"{closing.equipment_id}, {closing.site_id}" if closing else TEXT["no.offer"]
        cost = f"{closing.cost_usd / 1000:,.0f}" if closing else ""
        place = (f"{chainage_m / 1000:,.1f}", f"{offset_m:,.0f}", f"{width_m:,.0f}")
        table.add_row(*map(localised, place), told(project, district), by, localised(cost))
    print_table(table)


def draw_plan(project: Project, result: PlanResult) -> None:
    """Print a plan by type, its first purchases, and value, bound and gap."""
    rows = []
    items = result.plan.items
    for equipment_id, n in sorted(Counter(i.asset.equipment_id for i in items).items()):
        mine = [i for i in items if i.asset.equipment_id == equipment_id]
        lines = [i.asset.place for i in mine if isinstance(i.asset.place, AlongLine)]
        km = sum(place.to_m - place.from_m for place in lines) / 1000
        cost_musd, crew_n = sum(i.cost_usd for i in mine) / 1e6, ceil(sum(i.crew_n for i in mine) - 1e-9)
        rows.append((equipment_id, str(n), f"{km:,.0f}" if km else "", f"{cost_musd:,.2f}", f"{crew_n:,}"))
    heads = headings(("equipment", "items", "km", "MUSD", "crew"))
    print_rows(TEXT["plan.title"], heads, rows, n_text=1)
    budget = result.budget or project.budget
    names = (TEXT["item.at"].format(equipment=i.asset.equipment_id, site=i.site_id) for i in items[:5])
    screen.print(TEXT["first"].format(names=", ".join(names)))
    weights = " + ".join(
        f"{localised(f'{weight:g}')} {words(name)} {localised(f'{value:.3f}')}"
        for name, weight, value in result.adversaries
    )
    if result.objective.name == "leximin":
        weights = TEXT["mean.of"].format(weights=weights)
    screen.print(TEXT[result.objective.name].format(objective=result.objective))
    screen.print(
        TEXT["value"].format(
            before=result.before,
            value=result.value,
            weights=weights,
            bound=result.bound,
            gap=result.gap,
            cost=result.plan.cost_usd / 1e6,
            money=budget.money_usd / 1e6,
        )
    )
    if project.weight_of:
        screen.print(TEXT["weighted"])
    _draw_parts(result)


def _draw_parts(result: PlanResult) -> None:
    """Print what the objective is made of, where it is not a plain mean."""
    if not result.parts:
        return
    first, weight, show = PARTS[result.objective.name]
    table = Table(title=TEXT[f"{result.objective.name}.parts"], title_justify="left")
    table.add_column(HEADINGS[first])
    for name in (weight, "now", "planned"):
        table.add_column(HEADINGS[name] if name else "", justify="right")
    for part in result.parts:
        if max(part.value, part.weight) > 0:
            share = (
                f"{part.weight:.0%}"
                if result.objective.name == "cvar"
                else TEXT["decides"] * int(part.weight)
            )
            before, planned = (localised(show.format(one)) for one in (part.before, part.value))
            table.add_row(part.name, share, before, f"[bold]{planned}[/]")
    print_table(table)


def draw_explanation(project: Project, found: Explanation) -> None:
    """Print why a stretch stands where it stands."""
    said = TEXT["stretch"].format(
        start=found.chainage_from_m / 1000,
        end=found.chainage_to_m / 1000,
        target=found.target,
        condition=found.condition,
        terrain=words(found.terrain),
    )
    screen.print(f"\n{said}")
    ways = [
        (words(way.adversary), f"{way.p_timely:.2f}", f"{way.p_detect:.2f}", f"{way.time_s / HOUR_S:.1f}")
        for way in found.ways
    ]
    print_rows(TEXT["ways.title"], headings(("adversary", "P_t", "P_detect", "hours")), ways, n_text=1)
    raises = [
        (
            r.asset.equipment_id,
            r.site_id,
            f"{r.gain:+.3f}",
            f"{r.cost_usd / 1000:,.0f}",
            f"{r.gain_per_musd:.2f}",
        )
        for r in found.raises
    ]
    heads = headings(("equipment", "site", "gain", "kUSD", "gain per MUSD"))
    print_rows(TEXT["raises.title"], heads, raises, n_text=2)
    if found.best_buy is not None:
        buy = found.best_buy
        screen.print(
            TEXT["best"].format(
                equipment=buy.asset.equipment_id, site=buy.site_id, gain=buy.gain, cost=buy.cost_usd / 1000
            )
        )
    patches = "; ".join(
        TEXT["patch"].format(area=d.area_m2 / 1e6, lat=d.lat_deg, lon=d.lon_deg) for d in found.dead_ground
    )
    screen.print(TEXT["seen"].format(share=found.seen_share, patches=patches or TEXT["none"]))
