"""`sarhad terrain`: fetch heights for a project, and report how good those it has are."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from sarhad.errors import NoAnswer
from sarhad.interfaces.cli.console import (
    AsJson,
    Folder,
    Jobs,
    answer,
    computing,
    print_table,
    screen,
    showing,
)
from sarhad.interfaces.cli.headings import HEADINGS
from sarhad.interfaces.language import localised, translated
from sarhad.interfaces.vocabulary import words
from sarhad.io.copernicus import GLO_30, GLO_90, Got, fetch_tiles, terrain_section
from sarhad.io.download import Patience

if TYPE_CHECKING:
    from sarhad.model.project import TerrainSource
    from sarhad.planning.terrain_survey import LayerFound, Survey

TEXT = translated(
    {
        "into": "Folder for the tiles, within the project folder.",
        "glo.30": "Where GLO-30 tiles lie (the public bucket, or a mirror of your own).",
        "glo.90": "Where GLO-90 tiles lie.",
        "timeout": "Seconds to wait for a server's answer.",
        "tiles": "Tiles",
        "no.tile": (
            "{n} square has no tile at all: sea, or not public. It stays without heights: {names}.",
            "{n} squares have no tile at all: sea, or not public. They stay without heights: {names}.",
        ),
        "laid": "Tiles in [bold]{folder}[/], with {table} that says where each comes from.",
        "coarse": (
            "{n} square comes from the shipped relief of 15 arc seconds: refined, not sure cell by cell.",
            "{n} squares come from the shipped relief of 15 arc seconds: refined, not sure cell by cell.",
        ),
        "surface": "Copernicus heights are those of the surface: roofs and treetops count.",
        "put": "Put this into {file} in place of its section \\[terrain]; the file itself is not touched:",
        "band": "{covered:,.1f} of {band:,.1f} km2 of the band have heights, {share:.2%}; KIND: "
        "[bold]{kind}[/].",
        "missing": "Without: {void:,.2f} km2 void, {outside:,.2f} km2 under no tile.",
        "said": "Vertical datum: {datum}. Source: {source}. Voids: {voids}.",
        "layers": "Layers, the finest first",
        "refined": "refined",
        "mean": "mean of {n} x {n} points",
        "bilinear": "bilinear",
        "gaps": "No heights",
        "void": "void",
        "outside": "no tile",
        "seams": "Seams: steps against what is usual beside them",
        "seams.more": ("{n} more seam is sound.", "{n} more seams are sound."),
        "touch": "touch",
        "overlap": "overlap",
        "across": "layers",
        "suspect": "[bold red]a step[/]",
        "sound": "sound",
        "relief": "Relief: differences of heights by distance in cells",
        "smooth": "[bold]smoother than real ground: resampled from coarser cells?[/]",
        "noisy": "[bold]noise[/]",
        "natural": "as real ground",
        "level": "[bold]level: all heights alike[/]",
        "zero": "{share:.1%} of the cells of {file} are at exactly 0 m: the sea, or voids that were filled "
        "with 0?",
        "spikes": (
            "{n} spike in {file}, at {place}: 4 to 1 above or below all eight neighbours.",
            "{n} spikes in {file}, the first at {place}: 4 to 1 above or below all eight neighbours.",
        ),
    }
)
SQUARES = "looking where the line runs"
SMOOTH, NOISY = 0.97, 0.3
"""Growth of relief with distance: above, or below, no real ground was found (docs/explanation/terrain.md)."""
MOST_ROWS = 20

commands = typer.Typer(no_args_is_help=True, help="Heights: fetch them, and see how good they are.")


@commands.command("fetch")
def fetch(
    folder: Folder,
    into: Annotated[str, typer.Option(help=TEXT["into"])] = "terrain",
    glo_30: Annotated[str, typer.Option("--glo-30", help=TEXT["glo.30"])] = GLO_30.base_url,
    glo_90: Annotated[str, typer.Option("--glo-90", help=TEXT["glo.90"])] = GLO_90.base_url,
    timeout_s: Annotated[float, typer.Option("--timeout-s", min=0.1, help=TEXT["timeout"])] = 30.0,
    as_json: AsJson = False,
) -> None:
    """Fetch the Copernicus tiles that the line needs; run again, it goes on where it stopped."""
    from sarhad.io.basis import read_line_and_band
    from sarhad.planning.squares import squares_needed

    series = (replace(GLO_30, base_url=glo_30), replace(GLO_90, base_url=glo_90))
    course = read_line_and_band(folder)
    with showing() as show:
        show(SQUARES, 0, 1)
        squares = squares_needed(course)
        show(SQUARES, 1, 1)
        patience = Patience(timeout_s=timeout_s)
        got = fetch_tiles(squares, folder / into, series, patience=patience, progress=show)
    section = terrain_section(into, got)
    rows = [
        {"tile": one.square.name, "series": one.series.series_id, "file": one.file, "came": one.came}
        | {"n_byte": one.n_byte, "url": one.url}
        for one in got
    ]
    answer({"tiles": rows, "terrain": section}, as_json, lambda: _draw_fetched(folder / into, got, section))
    if any(not one.file for one in got):
        raise typer.Exit(NoAnswer.exit_code)


def _draw_fetched(folder: Path, got: tuple[Got, ...], section: str) -> None:
    table = Table(title=TEXT["tiles"], title_justify="left")
    for name in ("tile", "series", "came", "MB"):
        table.add_column(HEADINGS[name], justify="right" if name == "MB" else "left")
    for one in got:
        table.add_row(
            one.square.name, one.series.series_id, words(one.came), localised(f"{one.n_byte / 1e6:,.1f}")
        )
    print_table(table)
    n = Counter(one.series.series_id for one in got)
    if n["shipped"]:
        screen.print(TEXT.count("coarse", n["shipped"]))
    if n["none"]:
        names = ", ".join(one.square.name for one in got if not one.file)
        screen.print(TEXT.count("no.tile", n["none"]).format(names=names))
    if n["GLO-30"] or n["GLO-90"]:
        screen.print(TEXT["surface"])
    screen.print(TEXT["laid"].format(folder=folder, table="tiles.csv"))
    screen.print(TEXT["put"].format(file="project.toml"))
    screen.print(f"\n{escape(section)}", soft_wrap=True)


@commands.command("report")
def report(folder: Folder, jobs: Jobs = 0, as_json: AsJson = False) -> None:
    """Report cover, voids, seams, spikes and roughness of the heights of a project, sound or not."""
    from sarhad.io.basis import read_declared_terrain, read_line_and_band
    from sarhad.planning.terrain_survey import survey

    source, course = read_declared_terrain(folder), read_line_and_band(folder)
    with computing(folder, jobs or course.settings.processes) as compute:
        found = survey(source, course, compute=compute)
    said = {"vertical_datum": source.vertical_datum, "source": source.source, "voids": source.voids}
    seams = [{**asdict(seam), "is_suspect": seam.is_suspect} for seam in found.seams]
    answer({**asdict(found), "seams": seams, **said}, as_json, lambda: _draw_survey(source, found))


def _draw_survey(source: TerrainSource, found: Survey) -> None:
    covered_km2 = found.band_km2 - found.void_km2 - found.outside_km2
    share = covered_km2 / found.band_km2
    said_of_band = TEXT["band"].format(
        covered=covered_km2, band=found.band_km2, share=share, kind=words(found.kind)
    )
    screen.print(said_of_band)
    if covered_km2 < found.band_km2:
        screen.print(TEXT["missing"].format(void=found.void_km2, outside=found.outside_km2))
    said = {"datum": source.vertical_datum, "source": source.source, "voids": source.voids}
    screen.print(TEXT["said"].format(**said), soft_wrap=True)
    _draw_layers(found)
    _draw_gaps(found)
    _draw_seams(found)
    _draw_relief(found)


def _draw_layers(found: Survey) -> None:
    table = Table(title=TEXT["layers"], title_justify="left")
    for name in ("first file", "tiles", "system", "cell m", "read", "km2", "of band"):
        table.add_column(
            HEADINGS[name], justify="right" if name in ("tiles", "cell m", "km2", "of band") else "left"
        )
    for layer in found.layers:
        size = (str(layer.n_tile), layer.crs, localised(f"{layer.cell_m:,.1f}"), _reading(layer))
        shares = (f"{layer.band_km2:,.1f}", f"{layer.band_km2 / found.band_km2:.1%}")
        table.add_row(layer.first_file, *size, *map(localised, shares))
    print_table(table)


def _reading(layer: LayerFound) -> str:
    if layer.is_coarse:
        return TEXT["refined"]
    return TEXT["mean"].format(n=layer.n_split) if layer.n_split > 1 else TEXT["bilinear"]


def _draw_gaps(found: Survey) -> None:
    if not found.gaps:
        return
    table = Table(title=TEXT["gaps"], title_justify="left")
    for name in ("km", "why", "km2"):
        table.add_column(HEADINGS[name], justify="right" if name == "km2" else "left")
    for gap in found.gaps:
        why = TEXT["void"] if gap.is_void else TEXT["outside"]
        table.add_row(
            localised(f"{gap.from_m / 1e3:,.0f}-{gap.to_m / 1e3:,.0f}"),
            why,
            localised(f"{gap.area_km2:,.2f}"),
        )
    print_table(table)


def _draw_seams(found: Survey) -> None:
    if not found.seams:
        return
    kinds = {"touch": TEXT["touch"], "overlap": TEXT["overlap"], "layers": TEXT["across"]}
    table = Table(title=TEXT["seams"], title_justify="left")
    for name in ("first", "second", "how", "step m", "usual m", "neighbours m", "found"):
        table.add_column(HEADINGS[name], justify="right" if name.endswith(" m") else "left", overflow="fold")
    ordered = sorted(found.seams, key=lambda seam: (not seam.is_suspect, -abs(seam.step_m)))
    for seam in ordered[:MOST_ROWS]:
        figures = (f"{seam.step_m:+.2f}", f"{seam.typical_m:.2f}", f"{seam.neighbour_m:.2f}")
        verdict = TEXT["suspect"] if seam.is_suspect else TEXT["sound"]
        table.add_row(seam.first, seam.second, kinds[seam.kind], *map(localised, figures), verdict)
    print_table(table)
    if len(ordered) > MOST_ROWS:
        screen.print(TEXT.count("seams.more", len(ordered) - MOST_ROWS))


def _draw_relief(found: Survey) -> None:
    table = Table(title=TEXT["relief"], title_justify="left")
    table.add_column(HEADINGS["first file"])
    for name in ("1 cell m", "2 m", "4 m", "8 m", "growth"):
        table.add_column(HEADINGS[name], justify="right")
    table.add_column(HEADINGS["found"])
    for layer in found.layers:
        verdict = TEXT["smooth"] if layer.growth > SMOOTH else TEXT["natural"]
        verdict = TEXT["noisy"] if layer.growth < NOISY else verdict
        verdict = TEXT["level"] if not any(layer.rms_m) else verdict
        figures = [f"{one:,.1f}" for one in layer.rms_m]
        table.add_row(layer.first_file, *map(localised, (*figures, f"{layer.growth:.2f}")), verdict)
    print_table(table)
    for layer in found.layers:
        if layer.zero_share:
            screen.print(TEXT["zero"].format(share=layer.zero_share, file=layer.first_file))
        if layer.n_spike:
            lon_deg, lat_deg = layer.spike_lon_lat_deg[0]
            place = f"lon {lon_deg:.5f} lat {lat_deg:.5f}"
            screen.print(TEXT.count("spikes", layer.n_spike).format(file=layer.first_file, place=place))
