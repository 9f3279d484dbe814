"""`sarhad osm`: take roads, rivers, settlements and land cover from an OpenStreetMap extract."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from sarhad.errors import Fault, InputFaults
from sarhad.interfaces.cli.console import AsJson, Folder, answer, screen, showing
from sarhad.interfaces.language import translated
from sarhad.interfaces.sentences import told_text
from sarhad.interfaces.vocabulary import words
from sarhad.io.osm import OSM_FILE, OSM_SOURCE, TABLE_SEASONS, add_sections, read_osm, write_osm
from sarhad.io.project import read_project_band
from sarhad.io.reading import PROJECT_FILE, parse
from sarhad.planning.osm import band_area, sort_osm

TEXT = translated(
    {
        "written": "Written to [bold]{path}[/]: {counts}.",
        "left_out": "Left out, {why}: {n}.",
        "unmarked": (
            "{n} place where a road meets water without a bridge or ford is in the layer unmarked: look at "
            "it; until it stands in openings, the water is closed to wheels there.",
            "{n} places where a road meets water without a bridge or ford are in the layer unmarked: look at "
            "them; until they stand in openings, the water is closed to wheels there.",
        ),
        "kept": "Your sections stay as they are: {names}.",
        "added": "Added to {file}: {names}. Next: [bold]sarhad check {folder}[/]",
        "to_add": "Put these lines into {file} (or run again with --add, which puts them at its end):",
        "goals": "Settlements and roads may be goals too: [goals] file, layer (instead of the depth lines).",
        "licence": "Whoever shows results names the source: {source}.",
    }
)


def run(
    folder: Folder,
    extract: Annotated[Path, typer.Argument(help="Extract of OpenStreetMap: .osm or .osm.pbf.")],
    add: Annotated[
        bool, typer.Option("--add", help="Put the missing sections at the end of project.toml.")
    ] = False,
    season: Annotated[
        list[str] | None,
        typer.Option(
            help=f"OWN=TABLE: a season of yours that is one of {', '.join(TABLE_SEASONS)} (may be repeated)."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Take what lies in the band from an OpenStreetMap extract into osm.gpkg."""
    band = read_project_band(folder)
    document = parse(folder)
    assert not isinstance(document, Fault)  # the band could be read
    seasons = seasons_of(band.seasons, season or ())
    raw = document.get("barriers")
    own_barriers = isinstance(raw, dict) and raw.get("file") != OSM_FILE
    with showing() as show:
        found = read_osm(extract, band_area(band), show)
    land = sort_osm(found, seasons, name_barriers=not own_barriers)
    path = write_osm(folder, extract, land.layers)
    sections = sections_of({name for name, rows in land.layers.items() if rows}, seasons)
    missing = {name: text for name, text in sections.items() if name not in document}
    kept = [name for name in sections if name in document]
    if add and missing:
        add_sections(folder, "\n".join(missing.values()))
    counts = {name: len(rows) for name, rows in land.layers.items()}

    def draw() -> None:
        _draw(folder, path, counts, land.left_out)
        if kept:
            screen.print(escape(TEXT["kept"].format(names=_named(kept))))
        if missing and add:
            screen.print(
                TEXT["added"].format(file=PROJECT_FILE, names=escape(_named(missing)), folder=folder)
            )
        elif missing:
            screen.print(TEXT["to_add"].format(file=PROJECT_FILE))
            print("\n" + "\n".join(missing.values()))
        screen.print(escape(TEXT["goals"]))
        screen.print(TEXT["licence"].format(source=OSM_SOURCE))

    result = {
        "file": str(path),
        "features": counts,
        "left_out": land.left_out,
        "missing_sections": missing,
        "kept_sections": kept,
        "added": bool(add and missing),
        "source": OSM_SOURCE,
    }
    answer(result, as_json, draw)


def _named(sections: Iterable[str]) -> str:
    return ", ".join(f"[{name}]" for name in sections)


def _draw(folder: Path, path: Path, counts: Mapping[str, int], left_out: Mapping[str, int]) -> None:
    listed = ", ".join(f"{words(name)}: {n}" for name, n in counts.items() if name != "unmarked")
    screen.print(TEXT["written"].format(path=path, counts=listed))
    for why, n in left_out.items():
        screen.print(TEXT["left_out"].format(n=n, why=told_text(why)))
    if counts["unmarked"]:
        screen.print(TEXT.count("unmarked", counts["unmarked"]))


def seasons_of(own: Sequence[str], options: Sequence[str]) -> dict[str, str]:
    """Return for each season of the project the one of the table of delays: its namesake, or as told.

    Raises:
        InputFaults: for words that name no season, and for seasons of the project that are not told.
    """
    faults: list[Fault] = []
    told: dict[str, str] = {}
    for word in options:
        name, _, table = word.partition("=")
        if name not in own or table not in TABLE_SEASONS:
            expected = f"OWN=TABLE, one of {', '.join(own)} = one of {', '.join(TABLE_SEASONS)}"
            faults.append(Fault("--season", "", 0, "", expected, word))
        told[name] = table
    for name in own:
        if name not in told and name not in TABLE_SEASONS:
            expected = f"--season {name}=one of {', '.join(TABLE_SEASONS)}"
            faults.append(Fault("--season", "", 0, "", expected, "nothing"))
    if faults:
        raise InputFaults(faults)
    return {name: told.get(name, name) for name in own}


def sections_of(layers: set[str], seasons: dict[str, str]) -> dict[str, str]:
    """Return the text of the sections that the layers of `osm.gpkg` can be."""
    leaf_off = ", ".join(f'"{own}"' for own, table in seasons.items() if table == "winter")
    extra = {"barriers": 'holds = "everyone"\n', "landcover": f"leaf_off = [{leaf_off}]\n"}
    layer_of = {"roads": "roads", "barriers": "rivers", "openings": "openings", "landcover": "land_cover"}
    return {
        section: f'[{section}]\nfile = "{OSM_FILE}"\nlayer = "{layer}"\n'
        f'{extra.get(section, "")}source = "{OSM_SOURCE}"\n'
        for section, layer in layer_of.items()
        if layer in layers
    }
