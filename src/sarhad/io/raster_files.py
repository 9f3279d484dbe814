"""Which rasters some names mean: a file, all rasters in a folder and below it, a pattern like `dem/*.tif`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from sarhad.errors import Fault
from sarhad.io.raster import RASTER_SUFFIXES
from sarhad.io.tables import Place

_WILD = "*?["


def find_rasters(folder: Path, names: Iterable[str], place: Place, faults: list[Fault]) -> tuple[Path, ...]:
    """Return the files that names mean, relative to a folder, in order and each once; faults are appended.

    What a folder or a pattern means is sorted by path. A name without a wildcard stands for itself, whether
    there is such a file or not: reading it says so.
    """
    found: dict[Path, None] = {}
    for name in names:
        path = folder / name
        if path.is_dir():
            chosen = sorted(one for one in path.rglob("*") if _is_raster(one))
        elif set(name) & set(_WILD) and not path.exists():
            chosen = _matching(folder, name)
        else:
            chosen = [path]
        if not chosen:
            expected = f"a raster ({', '.join(RASTER_SUFFIXES)}, or one of them in a .zip)"
            faults.append(place.fault(expected, f"none in {name}", column="file"))
        found.update(dict.fromkeys(chosen))
    return tuple(found)


def _matching(folder: Path, pattern: str) -> list[Path]:
    start = Path(pattern).anchor
    root = Path(start) if start else folder
    return sorted(one for one in root.glob(pattern.removeprefix(start)) if _is_raster(one))


def _is_raster(path: Path) -> bool:
    name = path.name.lower()
    zipped = name.endswith(".zip")
    return path.is_file() and not name.startswith(".") and (zipped or name.endswith(RASTER_SUFFIXES))
