"""`sarhad new`: write a project folder from a line of one's own, or from the example."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from sarhad.interfaces.cli.console import AsJson, answer, screen
from sarhad.interfaces.cli.new_gathering import KINDS, Options, gather
from sarhad.interfaces.cli.new_questions import Questions, at_terminal
from sarhad.interfaces.language import translated
from sarhad.interfaces.new_project import Default, NewProject, write_project
from sarhad.interfaces.sentences import told_text
from sarhad.interfaces.vocabulary import words
from sarhad.io.example import example_names, write_example

if TYPE_CHECKING:
    from sarhad.model.line import Line

TEXT = translated(
    {
        "written": "Project written to [bold]{folder}[/]. Next: [bold]sarhad check {folder}[/]",
        "line": (
            "{km:.1f} km in {n} part, median vertex step {step:.0f} m, home on the {side}",
            "{km:.1f} km in {n} parts, median vertex step {step:.0f} m, home on the {side}",
        ),
        "terrain": "KIND {kind}, {source}, heights from {datum}",
        "noted": "Noted on the way:",
        "defaults": "Defaults that stand until you change them (each is marked in project.toml):",
        "folder": "Folder to make; it must not exist or be empty.",
        "example": "Example to start from: {names}.",
        "line.file": "Line, or polygons of countries: GeoJSON, GeoPackage, GeoParquet, Shapefile, KML, GPX.",
        "layer": "Layer of the line's file, where several hold something.",
        "select": "Rows of the line's file to take: COLUMN=VALUE.",
        "crs": "Reference system of files that declare none, such as EPSG:4326.",
        "encoding": "Encoding of the text of files that declare none, such as CP1251.",
        "between": "Two countries: names in the polygons of --line, or two files of polygons.",
        "gap": "How far apart the two countries' polygons may lie and still meet.",
        "home": "left or right, going along the line; with --between, the country that is home.",
        "home.point": "A place of home instead of --home: longitude and latitude.",
        "source": "Where the line comes from.",
        "title": "Title of the project; without it the name of the folder.",
        "terrain.file": "Heights over the band: a raster, or a folder of them; give it again for more.",
        "kind": "What the heights are: {kinds}.",
        "datum": "What heights are measured from.",
        "terrain.source": "Where the heights come from.",
        "voids": "What to do with voids of the heights: refuse or fill.",
        "copy": "Copy the terrain into the folder, or name it where it is.",
        "roads": "Layer of lines: crossers want to reach them; teams drive on those of known speed.",
        "sites": "Layer of points: where equipment may be put.",
        "roads.layer": "Layer of the file of roads, where several hold something.",
        "sites.layer": "Layer of the file of sites, where several hold something.",
        "yes": "Ask nothing; take defaults, or say what is lacking.",
    }
)


def run(
    folder: Annotated[Path, typer.Argument(help=TEXT["folder"])],
    example: Annotated[
        str, typer.Option(help=TEXT["example"].format(names=", ".join(example_names())))
    ] = example_names()[0],
    line: Annotated[Path | None, typer.Option(help=TEXT["line.file"])] = None,
    layer: Annotated[str, typer.Option(help=TEXT["layer"])] = "",
    select: Annotated[str, typer.Option(help=TEXT["select"])] = "",
    crs: Annotated[str, typer.Option(help=TEXT["crs"])] = "",
    encoding: Annotated[str, typer.Option(help=TEXT["encoding"])] = "",
    between: Annotated[tuple[str, str] | None, typer.Option(help=TEXT["between"])] = None,
    gap_m: Annotated[float, typer.Option(min=0.0, help=TEXT["gap"])] = 1_000.0,
    home: Annotated[str, typer.Option(help=TEXT["home"])] = "",
    home_point: Annotated[tuple[float, float] | None, typer.Option(help=TEXT["home.point"])] = None,
    source: Annotated[str, typer.Option(help=TEXT["source"])] = "",
    title: Annotated[str, typer.Option(help=TEXT["title"])] = "",
    terrain: Annotated[list[Path] | None, typer.Option(help=TEXT["terrain.file"])] = None,
    terrain_kind: Annotated[str, typer.Option(help=TEXT["kind"].format(kinds=", ".join(KINDS)))] = "",
    vertical_datum: Annotated[str, typer.Option(help=TEXT["datum"])] = "",
    terrain_source: Annotated[str, typer.Option(help=TEXT["terrain.source"])] = "",
    voids: Annotated[str, typer.Option(help=TEXT["voids"])] = "refuse",
    copy: Annotated[bool, typer.Option("--copy/--no-copy", help=TEXT["copy"])] = True,
    roads: Annotated[Path | None, typer.Option(help=TEXT["roads"])] = None,
    sites: Annotated[Path | None, typer.Option(help=TEXT["sites"])] = None,
    roads_layer: Annotated[str, typer.Option(help=TEXT["roads.layer"])] = "",
    sites_layer: Annotated[str, typer.Option(help=TEXT["sites.layer"])] = "",
    yes: Annotated[bool, typer.Option("--yes", help=TEXT["yes"])] = False,
    as_json: AsJson = False,
) -> None:
    """Write a project for your own border (--line, or --between two countries), or copy the example."""
    options = Options(
        folder, line, layer, select, crs, encoding, between, gap_m, home, home_point, source, title,
        tuple(terrain or ()), terrain_kind, vertical_datum, terrain_source, voids, copy, roads, sites,
        roads_layer, sites_layer,
    )  # fmt: skip
    if not options.own:
        made = write_example(example, folder)
        said = TEXT["written"].format(folder=escape(str(made)))
        answer({"folder": str(made), "example": example}, as_json, lambda: screen.print(said))
        return
    new = gather(options, Questions(at_terminal() and not yes and not as_json))
    defaults = write_project(folder, new)
    answer(_told(folder, new, defaults), as_json, lambda: _draw(folder, new, defaults))


def _told(folder: Path, new: NewProject, defaults: tuple[Default, ...]) -> dict[str, Any]:
    line, terrain = new.line, new.terrain
    return {
        "folder": str(folder),
        "line": {
            "length_m": line.length_m,
            "n_parts": len(line.parts),
            "vertex_step_m": line.vertex_step_m,
            "home_side": line.home_side,
            "source": line.source,
        },
        "terrain": {"kind": terrain.kind, "vertical_datum": terrain.vertical_datum, "source": terrain.source},
        "notes": list(new.notes),
        "defaults": [asdict(default) for default in defaults],
    }


def _draw(folder: Path, new: NewProject, defaults: tuple[Default, ...]) -> None:
    terrain = new.terrain
    heights = {"kind": words(terrain.kind), "source": terrain.source, "datum": terrain.vertical_datum}
    given = [("line", _line_words(new.line)), ("terrain", TEXT["terrain"].format(**heights))]
    for name, layer in (("sites", new.sites), ("goals", new.goals), ("roads", new.roads)):
        if layer is not None:
            given.append((name, f"{len(layer.frame)}"))
    _draw_rows("", given)
    if new.notes:
        _draw_rows(TEXT["noted"], [("-", told_text(note)) for note in new.notes])
    _draw_rows(TEXT["defaults"], [(default.section, told_text(default.said)) for default in defaults])
    screen.print("\n" + TEXT["written"].format(folder=escape(str(folder))))


def _line_words(line: Line) -> str:
    return TEXT.count("line", len(line.parts)).format(
        km=line.length_m / 1e3, step=line.vertex_step_m, side=words(line.home_side)
    )


def _draw_rows(title: str, rows: list[tuple[str, str]]) -> None:
    if title:
        screen.print("\n" + title)
    table = Table.grid(padding=(0, 2))
    for name, said in rows:
        table.add_row(f"[bold]{escape(name)}[/]", escape(said))
    screen.print(table)
