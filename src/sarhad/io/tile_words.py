"""What height rasters say of themselves, against each other and against what the project declares.

KIND: a file whose tag says synthetic or refined is not real, and not the user's own. Vertical datum: heights
over different datums differ by up to 100 m (ellipsoid and geoid) and are never compared unawares: every datum
that a file names must be one that `vertical_datum` of the project names, so that a mixture stands in every
result. Words that are not known here are not judged.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from sarhad.errors import Fault
from sarhad.io.mosaic import Mosaic
from sarhad.io.raster import RasterFrame
from sarhad.model.project import TerrainSource

DATUMS: Mapping[str, str] = {
    "EGM2008": r"egm[ _-]?(20)?08|\b3855\b",
    "EGM96": r"egm[ _-]?(19)?96|\b5773\b",
    "EGM84": r"egm[ _-]?(19)?84|\b5798\b",
    "NAVD88": r"navd[ _-]?(19)?88|\b5703\b",
    "EVRF": r"\bevrf",
    "Baltic": r"baltic|\b5705\b",
    "mean sea level": r"\bmsl\b|mean sea level|\b5714\b",
    "ellipsoid": r"ellipsoid|\b4979\b|\be84\b",
}
"""Vertical datums that are told apart, and how their names are written."""


def datums_in(text: str) -> frozenset[str]:
    """Return the vertical datums that a text names."""
    return frozenset(name for name, words in DATUMS.items() if re.search(words, text.lower()))


def source_faults(source: TerrainSource, mosaics: Iterable[Mosaic]) -> list[Fault]:
    """Return what the files say of themselves and the project does not, one fault a file."""
    frames = [tile.frame for mosaic in mosaics for tile in mosaic.tiles]
    faults = [fault for frame in frames if (fault := _kind_fault(source, frame))]
    declared = datums_in(source.vertical_datum)
    told = {name for frame in frames for name in datums_in(frame.vertical_datum)}
    if declared or len(told) > 1:
        faults += [fault for frame in frames if (fault := _datum_fault(source, frame, declared, told))]
    return faults


def _kind_fault(source: TerrainSource, frame: RasterFrame) -> Fault | None:
    tag = frame.tag("KIND").lower()
    if source.kind not in ("real", "user") or not tag.startswith(("synthetic", "refined")):
        return None
    expected = f"{tag.split()[0]}, as the file's tag KIND says"
    return Fault(str(frame.path), "", 0, "kind", expected, source.kind)


def _datum_fault(
    source: TerrainSource, frame: RasterFrame, declared: frozenset[str], told: set[str]
) -> Fault | None:
    own = datums_in(frame.vertical_datum)
    if own <= declared:
        return None
    expected = f"heights over what vertical_datum says ({source.vertical_datum})"
    if len(told) > 1:
        expected += "; name every datum there, or keep to one"
    found = f"{', '.join(sorted(own))}, as the file says ({frame.vertical_datum})"
    return Fault(str(frame.path), "", 0, "vertical_datum", expected, found)
