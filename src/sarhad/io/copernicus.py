"""Copernicus DEM tiles of one degree: GLO-30 where it is public, GLO-90 elsewhere.

    BASE/TILE/TILE.tif,   TILE = Copernicus_DSM_COG_[10|30]_[N|S]yy_00_[E|W]xxx_00_DEM

10 is GLO-30 (1 arc second), 30 is GLO-90 (3 arc seconds); yy, xxx is the south-western corner. Tiles lie half
a cell to the west and north of their degree: the first cell is centred on the corner. It is a surface model:
roofs and treetops count. Heights stand on the EGM2008 geoid. A few countries' GLO-30 tiles are not public,
and the sea has no tiles: no tile means no height here, never 0 (readme of the public bucket,
copernicus-dem-30m.s3.amazonaws.com/readme.html).
"""

from __future__ import annotations

import csv
import hashlib
import io
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from importlib.resources import as_file, files
from importlib.resources.abc import Traversable
from pathlib import Path

from sarhad.errors import InputFaults, Unreachable
from sarhad.io.download import Patience, download
from sarhad.io.raster import RasterFrame, is_whole, read_frame
from sarhad.io.whole import whole_file, write_whole

CREDIT = (
    "produced using Copernicus {model} © DLR e.V. 2010-2014 and © Airbus Defence and Space GmbH 2014-2018 "
    "provided under COPERNICUS by the European Union and ESA; all rights reserved"
)
SHIPPED_NAME = "shipped_relief_15s.tif"
TILES_FILE = "tiles.csv"
GIVE_UP_AFTER = 3
"""Tiles that a server fails for before the others are left for another day."""

Progress = Callable[[str, int, int], None]
"""Called with what is done (a tile's name, or tiles in all), how much of it, and how much in all."""


@dataclass(frozen=True, slots=True)
class Square:
    """A square of one degree by its south-western corner, and the box of it that is needed."""

    lat_deg: int
    lon_deg: int
    south_deg: float
    west_deg: float
    north_deg: float
    east_deg: float

    @property
    def name(self) -> str:
        """Name as N37E071."""
        north, east = "NS"[self.lat_deg < 0], "EW"[self.lon_deg < 0]
        return f"{north}{abs(self.lat_deg):02d}{east}{abs(self.lon_deg):03d}"


@dataclass(frozen=True, slots=True)
class Series:
    """One resolution of the model: `code` stands in the names of its tiles."""

    series_id: str
    code: str
    base_url: str
    vertical_datum: str
    source: str

    def tile(self, square: Square) -> str:
        """Return the name of a tile."""
        north, east = "NS"[square.lat_deg < 0], "EW"[square.lon_deg < 0]
        where = f"{north}{abs(square.lat_deg):02d}_00_{east}{abs(square.lon_deg):03d}_00"
        return f"Copernicus_DSM_COG_{self.code}_{where}_DEM"

    def url(self, square: Square) -> str:
        """Return the address of a tile."""
        tile = self.tile(square)
        return f"{self.base_url.rstrip('/')}/{tile}/{tile}.tif"


GLO_30 = Series(
    "GLO-30",
    "10",
    "https://copernicus-dem-30m.s3.amazonaws.com",
    "EGM2008",
    "Copernicus DEM GLO-30, " + CREDIT.format(model="WorldDEM-30"),
)
GLO_90 = Series(
    "GLO-90",
    "30",
    "https://copernicus-dem-90m.s3.amazonaws.com",
    "EGM2008",
    "Copernicus DEM GLO-90, " + CREDIT.format(model="WorldDEM-90"),
)
SHIPPED = Series("shipped", "", "", "mean sea level (GEBCO)", "")
NONE = Series("none", "", "", "", "")


@dataclass(frozen=True, slots=True)
class Got:
    """What a square has now: `series_id` is GLO-30, GLO-90, shipped or none; `came` how it came."""

    square: Square
    series: Series
    file: str
    came: str
    url: str
    n_byte: int


def fetch_tiles(
    squares: Sequence[Square],
    folder: Path,
    series: Sequence[Series] = (GLO_30, GLO_90),
    *,
    patience: Patience | None = None,
    progress: Progress = lambda step, done, total: None,
) -> tuple[Got, ...]:
    """Bring the tiles of some squares into a folder; what is there and whole is left alone.

    Each series is asked in turn. Where none has a tile, the relief shipped with Sarhad serves if it covers
    what is needed there. Whole tiles are fetched and kept byte for byte. Raises Unreachable if a server fails
    for any, after others were tried: to answer that there is no such tile is not to fail.
    """
    _make_folder(folder)
    got: list[Got] = []
    failures: list[Unreachable] = []
    for done, square in enumerate(squares):
        progress("tiles", done, len(squares))
        try:
            got.append(_fetch_square(square, folder, series, patience or Patience(), progress))
        except Unreachable as error:
            failures.append(error)
            if len(failures) == GIVE_UP_AFTER:
                break
    progress("tiles", len(squares), len(squares))
    if failures:
        raise Unreachable(f"{len(got)} of {len(squares)} tiles are there. " + "\n".join(map(str, failures)))
    if any(one.series is SHIPPED for one in got):
        _lay_shipped(folder)
    _write_table(folder, got)
    return tuple(got)


def _fetch_square(
    square: Square, folder: Path, series: Sequence[Series], patience: Patience, progress: Progress
) -> Got:
    for one in series:
        path = folder / f"{one.tile(square)}.tif"
        is_tile = partial(_is_tile, square)
        came = "kept"
        if not (path.is_file() and is_tile(path)):
            show = partial(progress, path.stem)
            if not download(one.url(square), path, is_tile, patience=patience, progress=show):
                continue
            came = "fetched"
        return Got(square, one, path.name, came, one.url(square), path.stat().st_size)
    with as_file(_shipped_file()) as shipped:
        covers = _covers(read_frame(shipped), square)
        n_byte = shipped.stat().st_size
    if covers:
        return Got(square, SHIPPED, SHIPPED_NAME, "shipped with Sarhad", "", n_byte)
    return Got(square, NONE, "", "no tile: sea, or not public", "", 0)


def _is_tile(square: Square, path: Path) -> bool:
    """Say whether a file is a whole raster over all of a square's degree, to a cell."""
    try:
        frame = read_frame(path)
        whole = Square(
            square.lat_deg,
            square.lon_deg,
            square.lat_deg,
            square.lon_deg,
            square.lat_deg + 1,
            square.lon_deg + 1,
        )
        return _covers(frame, whole) and is_whole(frame)
    except InputFaults:
        return False


def _covers(frame: RasterFrame, square: Square) -> bool:
    bottom, right = frame.top - frame.n_row * frame.dy, frame.left + frame.n_col * frame.dx
    return bool(
        frame.is_geographic
        and frame.left <= square.west_deg + frame.dx
        and right >= square.east_deg - frame.dx
        and bottom <= square.south_deg + frame.dy
        and frame.top >= square.north_deg - frame.dy
    )


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputFaults.one(str(folder), "a folder that can be made", error) from error


def _shipped_file() -> Traversable:
    return files("sarhad").joinpath("data", "tajik_afghan", "terrain.tif")


def _lay_shipped(folder: Path) -> None:
    """Copy the shipped relief beside the tiles: it is coarser than they are and so lies below them."""
    with as_file(_shipped_file()) as shipped, whole_file(folder / SHIPPED_NAME) as part:
        shutil.copyfile(shipped, part)


def _write_table(folder: Path, got: Iterable[Got]) -> None:
    """Write where every tile comes from, with its SHA-256."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(("tile", "series", "file", "vertical_datum", "n_byte", "sha256", "url"))
    for one in got:
        digest = ""
        if one.file:
            with (folder / one.file).open("rb") as stream:
                digest = hashlib.file_digest(stream, "sha256").hexdigest()
        row = (one.square.name, one.series.series_id, one.file, one.series.vertical_datum, one.n_byte)
        table.writerow((*row, digest, one.url))
    write_whole(folder / TILES_FILE, text.getvalue())


def terrain_section(folder_name: str, got: Sequence[Got]) -> str:
    """Return the section `[terrain]` of `project.toml` that reads the tiles."""
    used = {one.series.series_id: one.series for one in got if one.file}
    if "shipped" in used:
        with as_file(_shipped_file()) as shipped:
            used["shipped"] = replace(SHIPPED, source=read_frame(shipped).tag("SOURCE"))
    datum = "; ".join(dict.fromkeys(series.vertical_datum for series in used.values()))
    source = "; ".join(dict.fromkeys(series.source for series in used.values()))
    return (
        f'[terrain]\nfile = "{folder_name}"\nkind = "real"\nvertical_datum = "{datum}"\nsource = "{source}"\n'
    )
