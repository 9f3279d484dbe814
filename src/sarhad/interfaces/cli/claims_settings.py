"""How settings taken from claims are shown: before, after, what they rest on, which results are stale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.table import Table

from sarhad.interfaces.cli.console import print_table, screen
from sarhad.interfaces.language import localised, translated
from sarhad.interfaces.sentences import told_text
from sarhad.io.taken import TAKEN_FILE
from sarhad.model.project import Taken
from sarhad.planning.taken import Retaken

WHY = {"not_asked": "no longer asked for"}
"""Why there is no value, as planning says it; told in other languages where it is shown."""
TEXT = translated(
    {
        "settings": "Settings taken from claims",
        "setting": "setting",
        "before": "before",
        "after": "after",
        "from": "from",
        "rests_on": "rests on",
        "no_value": "none: {why}",
        "none_yet": "none yet",
        "table": "table {digest}",
        "claims": ("{n} claim", "{n} claims"),
        "resolution": "resolution {ids}",
        "unchanged": "unchanged",
        "nothing": "The project takes nothing from claims: name what it takes under [claims] in "
        "project.toml.",
        "stale_results": "{folder} rests on other claims about {settings}: compute it again.",
        "written": "\nValues: [bold]{file}[/]",
        "stale": "\nThe project still has the values before: run sarhad claims recompute.",
        "current": "\nAll settings are as the claims stand.",
    }
)


def retaken_as_dict(found: Sequence[Retaken], results: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Return settings before and after, and results that rest on other values, as plain JSON."""
    return {
        "settings": [
            {
                "setting": one.setting,
                "stale": one.stale,
                "before": asdict(one.before) if one.before else None,
                "after": asdict(one.after) if one.after else None,
                "why": one.why,
            }
            for one in found
        ],
        "stale_results": {name: list(settings) for name, settings in results.items()},
    }


def draw_retaken(
    found: Sequence[Retaken], results: Mapping[str, Sequence[str]], *, check: bool, project: Path
) -> None:
    """Print settings before and after, stale results, and where the values lie."""
    if not found:
        screen.print(TEXT["nothing"], markup=False)
    else:
        table = Table(title=TEXT["settings"], title_justify="left")
        for name in ("setting", "before", "after", "from", "rests_on"):
            table.add_column(TEXT[name], overflow="fold")
        for one in found:
            new = one.after or one.before
            after = TEXT["no_value"].format(why=told_text(one.why))
            if one.after:
                after = _value(one.after) if one.stale else TEXT["unchanged"]
            table.add_row(
                one.setting,
                _value(one.before) if one.before else TEXT["none_yet"],
                after,
                new.source if new else "",
                _ground(one.after),
            )
        print_table(table)
    for folder, settings in results.items():
        screen.print(TEXT["stale_results"].format(folder=folder, settings=", ".join(settings)))
    if not any(one.stale for one in found):
        screen.print(TEXT["current"] if found else "")
    elif check:
        screen.print(TEXT["stale"])
    else:
        screen.print(TEXT["written"].format(file=project / TAKEN_FILE))


def _value(one: Taken) -> str:
    if not one.unit:
        return TEXT["table"].format(digest=one.value[:8])
    return localised(f"{float(one.value):,.12g}") + f" {one.unit}"


def _ground(one: Taken | None) -> str:
    if one is None:
        return ""
    resolved = TEXT["resolution"].format(ids=", ".join(one.resolutions)) if one.resolutions else ""
    return "; ".join(text for text in (TEXT.count("claims", len(one.rests_on)), resolved) if text)
