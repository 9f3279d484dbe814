"""Tables of the report as plain values: headings, rows of text and figures, which columns hold numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import geopandas as gpd
from markupsafe import Markup

from sarhad.errors import Fault
from sarhad.interfaces.language import decimal, localised, number, say, told
from sarhad.interfaces.report import facts
from sarhad.interfaces.report.budget_chart import curve_points
from sarhad.interfaces.report.cited import NONE, Cited, shown
from sarhad.interfaces.report.map_blocks import ranked_holes
from sarhad.interfaces.report.palette import kilometres
from sarhad.interfaces.report.report_text import TEXT
from sarhad.interfaces.vocabulary import words
from sarhad.io.answers import LAYERS, MANIFEST, PLAN, SUMMARY
from sarhad.io.settings import setting_columns
from sarhad.model.asset import AlongLine, Asset, AtPoint, Place
from sarhad.model.plan import PlanItem, PlanResult
from sarhad.model.project import Project
from sarhad.planning.explain import Raise

Cell = str | Markup
N_FIRST = 25
N_NEXT = 8


class Table(NamedTuple):
    """Headings, rows, and the columns that hold numbers and stand to the right."""

    heads: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    numeric: frozenset[int]


def table(heads: Sequence[str], rows: Iterable[Sequence[Cell]], words_in: Sequence[int] = (0,)) -> Table:
    """Return a table; `heads` are keys of the report's text, `words_in` the columns that hold words."""
    numeric = frozenset(range(len(heads))) - set(words_in)
    return Table(tuple(TEXT[head] for head in heads), tuple(tuple(row) for row in rows), numeric)


def means_table(cited: Cited, has_plan: bool) -> Table:
    """Return P_t by adversary and depth, today and with the plan, with its range."""
    heads = ["col.who", "col.depth", "today", *(["with"] if has_plan else []), "col.range"]
    last = "after" if has_plan else "before"
    rows = []
    for k, mean in enumerate(cited.value(SUMMARY, "/before/means")):
        at = f"/{last}/means/{k}"
        row: list[Cell] = [words(mean["adversary"])]
        row.append(cited.figure(SUMMARY, f"/before/means/{k}/depth_m", "km_of_m"))
        row.append(cited.figure(SUMMARY, f"/before/means/{k}/p_timely", "p"))
        if has_plan:
            row.append(cited.figure(SUMMARY, f"/after/means/{k}/p_timely", "p"))
        row.append(_range(cited, at, is_optimal=mean["adversary"] == "optimal"))
        rows.append(row)
    return table(heads, rows, (0, len(heads) - 1))


def _range(cited: Cited, at: str, *, is_optimal: bool) -> Cell:
    low, high = ("p_low", "p_timely") if is_optimal else ("band_low", "band_high")
    ends = [cited.value(SUMMARY, f"{at}/{name}") for name in (low, high)]
    if None in ends or (not is_optimal and ends[0] == ends[1]):
        return NONE
    text = TEXT["range.bracket" if is_optimal else "range.terrain"]
    figures = [cited.figure(SUMMARY, f"{at}/{name}", "p") for name in (low, high)]
    return Markup.escape(text).format(low=figures[0], high=figures[1])


def readings_table(project: Project, cited: Cited, has_plan: bool) -> Table:
    """Return kilometres closed, thin, open and of unseen gap by condition, for the first target."""
    share = {condition.condition_id: condition.share for condition in project.conditions}
    names = ("closed", "thin", "open", "gap")
    rows = []
    for k, reading in enumerate(cited.value(SUMMARY, "/before/readings")):
        if reading["target"] != project.targets[0].target_id:
            continue
        name = reading["condition"]
        row: list[Cell] = [words(name), shown(share[name], f"conditions#{name}/share", "share")]
        for column in names:
            pointer = f"/readings/{k}/{column}_km"
            sides = [
                cited.figure(SUMMARY, side + pointer, "km") for side in ("/before", "/after")[: 1 + has_plan]
            ]
            arrow = Markup.escape(TEXT["arrow"])
            row.append(arrow.format(before=sides[0], after=sides[1]) if has_plan else sides[0])
        rows.append(row)
    return table(("col.condition", "col.share", *(f"col.{name}" for name in names)), rows)


def holes_table(project: Project, holes: gpd.GeoDataFrame) -> Table:
    """Return the widest ways in unseen."""
    rows = []
    for k, hole in enumerate(ranked_holes(holes).itertuples(), 1):
        at = f"{LAYERS}#holes/{hole.chainage_m:.0f}"
        ends = f"{kilometres(hole.chainage_from_m, 1)} – {kilometres(hole.chainage_to_m, 1)}"
        width = shown(hole.width_m, f"{at}/width_m", "km_of_m")
        rows.append((str(k), ends, facts.district_at(project, hole.chainage_m), width))
    return table(("col.no", "col.from_to", "col.opposite", "col.width"), rows, (0, 1, 2))


def types_table(result: PlanResult) -> Table:
    """Return the plan by type of equipment, with its sums."""
    items = result.plan.items
    rows = []
    for equipment_id, n in sorted(Counter(item.asset.equipment_id for item in items).items()):
        mine = [item for item in items if item.asset.equipment_id == equipment_id]
        rows.append((words(equipment_id), *_sums(mine, n, equipment_id)))
    rows.append((Markup("<b>{}</b>").format(TEXT["sum"]), *_sums(items, len(items), "*")))
    return table(("col.equipment", "col.items", "col.length", "col.cost", "col.people"), rows)


def _sums(items: Sequence[PlanItem], n: int, name: str) -> list[Cell]:
    places = [item.asset.place for item in items if isinstance(item.asset.place, AlongLine)]
    long_m = sum(place.to_m - place.from_m for place in places)
    origin = f"{PLAN}#/items: {name}"
    return [
        shown(n, origin, "n"),
        shown(long_m, origin, "km_of_m") if places else NONE,
        shown(sum(item.cost_usd for item in items), origin, "usd"),
        shown(sum(item.crew_n for item in items), origin, "people"),
    ]


def order_table(result: PlanResult) -> Table:
    """Return the first purchases of the plan in order of rank."""
    rows = []
    total_usd = 0.0
    for k, item in enumerate(result.plan.items[:N_FIRST]):
        total_usd += item.cost_usd
        rows.append(
            (*_purchase(item, f"{PLAN}#/items/{k}"), shown(total_usd, f"{PLAN}#/items/0..{k}", "usd"))
        )
    heads = ("col.rank", "col.equipment", "col.where", "col.worth", "col.cost", "col.total")
    return table(heads, rows, (1, 2))


def next_table(result: PlanResult) -> Table:
    """Return what the ranked list goes on with beyond the plan."""
    first = len(result.plan.items)
    rows = [
        _purchase(item, f"{PLAN}#/ranking/{first + k}")
        for k, item in enumerate(result.ranking.items[first : first + N_NEXT])
    ]
    return table(("col.rank", "col.equipment", "col.where", "col.worth", "col.cost"), rows, (1, 2))


def _purchase(item: PlanItem, origin: str) -> tuple[Cell, ...]:
    return (
        shown(item.rank, f"{origin}/rank", "n"),
        words(item.asset.equipment_id),
        where(item.asset.place),
        shown(item.gain, f"{origin}/gain", "p4"),
        shown(item.cost_usd, f"{origin}/cost_usd", "usd"),
    )


def where(place: Place) -> str:
    """Return a place in words: coordinates of a point, chainage of what lies along the line or flies."""
    if isinstance(place, AtPoint):
        said = TEXT["place.point"].format(lat=decimal(place.lat_deg, 3), lon=decimal(place.lon_deg, 3))
    else:
        said = TEXT["place.line"].format(start=kilometres(place.from_m, 1), end=kilometres(place.to_m, 1))
    return said.replace(" ", "\u00a0")


def curve_table(result: PlanResult) -> Table:
    """Return the points of the curve: money, purchases, value, bound and what lies between them."""
    rows = []
    for point in curve_points(result):
        origin = f"{PLAN}#/curve: {point.money_usd:.0f} USD"
        gap = (point.bound - point.value) / point.bound if point.bound > 0 else 0.0
        rows.append(
            (
                shown(point.money_usd, f"{origin}/money_usd", "usd"),
                shown(point.items_n, f"{origin}/items_n", "n"),
                shown(point.value, f"{origin}/value", "p3"),
                shown(point.bound, f"{origin}/bound", "p3"),
                shown(gap, f"{origin}: (bound - value) / bound", "share"),
            )
        )
    return table(("col.cost", "col.items", "col.value", "col.bound", "col.distance"), rows, ())


def raises_table(raises: Sequence[Raise]) -> Table:
    """Return what would raise a stretch most."""
    rows = [
        (
            words(one.asset.equipment_id),
            where(one.asset.place),
            shown(one.gain, "explain: gain", "p3"),
            shown(one.cost_usd, "explain: cost_usd", "usd"),
            shown(one.gain_per_musd, "explain: gain_per_musd", "p"),
        )
        for one in raises
    ]
    return table(("col.equipment", "col.where", "col.gain", "col.cost", "col.per_money"), rows, (0, 1))


def conditions_table(project: Project) -> Table:
    """Return the conditions of the year."""
    rows = [
        (
            words(one.condition_id),
            shown(one.share, f"conditions#{one.condition_id}/share", "share"),
            localised(f"{one.illuminance_lux:,g}"),
            number(one.visibility_m / 1000.0),
        )
        for one in project.conditions
    ]
    return table(("col.condition", "col.share", "col.light", "col.sight"), rows)


def equipment_table(project: Project, assets: Sequence[Asset]) -> Table:
    """Return the types that stand or are on offer, with what they cost and how often they work."""
    standing = Counter[str]()
    for asset in assets:
        standing[asset.equipment_id] += asset.n
    names = [name for name in project.equipment if name in standing or name in project.offered]
    rows = []
    for name in names:
        kind = project.equipment[name]
        origin = f"equipment#{name}"
        rows.append(
            (
                words(name),
                shown(standing[name], "assets: n", "n") if standing[name] else NONE,
                shown(kind.cost_usd, f"{origin}/cost_usd", "usd") if name in project.offered else NONE,
                shown(kind.crew_n, f"{origin}/crew_n", "n"),
                shown(kind.availability, f"{origin}/availability", "share"),
            )
        )
    return table(("col.equipment", "today", "col.each", "col.people", "col.works"), rows)


def settings_table(cited: Cited) -> Table:
    """Return the settings that the results were computed with, beside their defaults."""
    used = cited.value(MANIFEST, "/settings")
    rows = []
    for one in setting_columns():
        column = one.column
        if column.name in used:
            value, default = setting_said(used[column.name]), setting_said(column.default)
            cell = Markup("<b>{}</b>").format(value) if value != default else value
            unit = words(column.unit).replace("/", "/\u2060") or NONE
            rows.append((column.name, cell, unit, default, say(column.note)))
    return table(("col.setting", "col.value", "col.unit", "col.default", "col.meaning"), rows, (0, 2, 4))


def setting_said(value: object) -> str:
    """Return the value of a setting as it is typed, with the signs of the language."""
    if isinstance(value, (list, tuple)):
        return "; ".join(number(float(entry)) for entry in value)
    return number(float(value)) if isinstance(value, (int, float)) else str(value)


def doubts_table(cited: Cited) -> Table:
    """Return what `sarhad check` doubts about the inputs, as the manifest has it."""
    rows = []
    for one in cited.value(MANIFEST, "/doubts"):
        said = Fault(*(one[name] for name in ("file", "layer", "row", "column", "expected", "found")))
        rows.append((said.place, said.expected, said.found, one["why"]))
    return table(("col.where", "col.expected", "col.found", "col.why"), rows, range(4))


def sources_table(project: Project, version: str) -> Table:
    """Return where line, terrain, layers that name a source, sensors and the software come from."""
    terrain = TEXT["sources.terrain"].format(
        kind=words(project.terrain.kind), datum=told(project, project.terrain.vertical_datum)
    )
    rows = (
        (TEXT["sources.line"], told(project, project.line.source)),
        (terrain, told(project, project.terrain.source)),
        *(
            (TEXT["sources.layer"].format(section=section), told(project, source))
            for section, source in project.sources.items()
        ),
        (TEXT["sources.equipment"], TEXT["sources.tables"]),
        (TEXT["sources.software"], TEXT["sources.licence"].format(version=version)),
    )
    return table(("col.what", "col.source"), rows, (0, 1))
