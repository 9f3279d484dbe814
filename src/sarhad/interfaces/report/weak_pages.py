"""One page for each of the weakest stretches: who comes through, by which way, and what hides them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd
from markupsafe import Markup

from sarhad.interfaces.language import decimal
from sarhad.interfaces.report import facts
from sarhad.interfaces.report.cited import shown
from sarhad.interfaces.report.palette import kilometres, share
from sarhad.interfaces.report.report_text import TEXT
from sarhad.interfaces.report.route_map import ROUTE, STRETCH, route_map
from sarhad.interfaces.report.sheet import Sheet
from sarhad.interfaces.report.sight_chart import sight_chart
from sarhad.interfaces.report.tables import Table, raises_table, table
from sarhad.interfaces.vocabulary import words
from sarhad.io.answers import LAYERS, PROFILE, Answers
from sarhad.planning.explain import DeadGround, Explanation
from sarhad.planning.line_of_sight import SightLine
from sarhad.planning.weakest import WeakStretch

HOUR_S = 3600.0
N_RAISE = 3


@dataclass(frozen=True, slots=True)
class WeakPage:
    """What the template lays out of one stretch; `map` and `sight` are pictures, `sight` may be empty."""

    head: str
    year: Markup
    map: str
    key: tuple[tuple[str, str], ...]
    sight: str
    sight_words: str
    ways: Table
    raises: Table
    near: str


def weak_pages(
    answers: Answers, weak: Sequence[WeakStretch], picture: Callable[[Sheet], str]
) -> list[WeakPage]:
    """Return the pages; numbers are those of the profile, ways those it holds."""
    return [_page(answers, one, picture) for one in weak]


def _page(answers: Answers, weak: WeakStretch, picture: Callable[[Sheet], str]) -> WeakPage:
    project, found, sight = answers.project, weak.explanation, weak.sight
    rows = _rows(answers, found)
    routes = dict(zip(rows["adversary"], rows["route"], strict=True))
    planned = () if answers.result is None else answers.result.plan.assets
    stretch = rows["geometry"].iloc[0]
    drawn = route_map(project, stretch, routes, (project.assets, planned), sight)
    ends = {"start": kilometres(found.chainage_from_m, 1), "end": kilometres(found.chainage_to_m, 1)}
    district = facts.district_at(project, (found.chainage_from_m + found.chainage_to_m) / 2)
    head = TEXT["weak.head"].format(**ends, district=district) if district else ""
    key = ((TEXT["weak.stretch"], STRETCH), *((words(name), colour) for name, (colour, _) in ROUTE.items()))
    return WeakPage(
        head=head or TEXT["weak.head.plain"].format(**ends),
        year=_year(answers, found.stretch_id),
        map=picture(drawn),
        key=key,
        sight=picture(sight_chart(sight)) if sight is not None else "",
        sight_words=TEXT["sight.none"] if sight is None else sight_words(sight),
        ways=_ways(rows),
        raises=raises_table(found.raises[:N_RAISE]),
        near=near_words(found.seen_share, found.dead_ground),
    )


def _rows(answers: Answers, found: Explanation) -> pd.DataFrame:
    """Return the profile's rows of the stretch in the case at the headline depth, one per adversary."""
    rows, depth_m = answers.profile, answers.project.settings.depth_m
    chosen = (rows["stretch_id"] == found.stretch_id) & (rows["depth_m"] == depth_m)
    chosen &= (rows["target"] == found.target) & (rows["condition"] == found.condition)
    return pd.DataFrame(rows[chosen])


def _year(answers: Answers, stretch_id: int) -> Markup:
    origin = f"{LAYERS}#stretches/{stretch_id}"
    row = answers.last[answers.last["stretch_id"] == stretch_id].iloc[0]
    said = Markup.escape(TEXT["weak.year"]).format(
        p=shown(row["p_timely"], f"{origin}/p_timely_after", "p"),
        worst=shown(row["worst"], f"{origin}/worst_after", "p"),
        binds=words(row["binds"]),
    )
    if answers.after is None:
        return said
    before = answers.before[answers.before["stretch_id"] == stretch_id].iloc[0]
    figure = shown(before["p_timely"], f"{origin}/p_timely_before", "p")
    return Markup(" ").join([said, Markup.escape(TEXT["weak.year.before"]).format(p=figure)])


def _ways(rows: pd.DataFrame) -> Table:
    cells = []
    columns = ("stretch_id", "target", "condition", "adversary", "p_timely", "p_detect", "time_s")
    for *case, adversary, p_timely, p_detect, time_s in rows[list(columns)].to_numpy().tolist():
        origin = f"{PROFILE}#{'/'.join(map(str, case))}/{adversary}"
        cells.append(
            (
                words(adversary),
                shown(p_timely, f"{origin}/p_timely", "p"),
                shown(p_detect, f"{origin}/p_detect", "p"),
                shown(time_s / HOUR_S, f"{origin}/time_s / 3600", "h"),
            )
        )
    return table(("col.who", "col.p", "col.detect", "col.hours"), cells)


def sight_words(sight: SightLine) -> str:
    """Say what a line of sight shows."""
    said = [
        TEXT["sight.from"].format(
            sensor=sight.asset_id,
            equipment=words(sight.equipment_id),
            distance=decimal(sight.distance_m / 1000.0, 1),
        )
    ]
    if sight.distance_m > sight.reach_m:
        said.append(TEXT["sight.far"].format(reach=decimal(sight.reach_m / 1000.0, 1)))
        return " ".join(said)
    if sight.clearance_m < 0.0:
        depth = decimal(-sight.clearance_m, 0 if sight.clearance_m < -9.5 else 1)
        said.append(TEXT["sight.hidden"].format(hider=decimal(sight.hider_m / 1000.0, 1), depth=depth))
    else:
        said.append(TEXT["sight.seen"])
    said.append(TEXT.count("sight.share", sight.within_n).format(seen=decimal(sight.seen_n)))
    return " ".join(said)


def near_words(seen_share: float, patches: Sequence[DeadGround]) -> str:
    """Say how much of the ground near a stretch is seen, and where the largest unseen patches lie."""
    if not patches:
        return TEXT["near.all"].format(share=share(seen_share))
    named = "; ".join(
        TEXT["near.patch"].format(
            area=decimal(one.area_m2 / 1e6, 1), lat=decimal(one.lat_deg, 3), lon=decimal(one.lon_deg, 3)
        )
        for one in patches[:3]
    )
    return TEXT["near.seen"].format(share=share(seen_share), patches=named.rstrip("."))
