"""A project folder while it is read: the parsed `project.toml`, and the faults and hashes so far."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from typing import TypeVar

from sarhad.errors import Fault, InputFaults
from sarhad.io.placed import Band
from sarhad.io.schemas import FORMAT, SECTIONS
from sarhad.io.tables import Place, Row, check_section
from sarhad.io.vector import IN_ANOTHER, READABLE, SIDECARS, Layer, read_layer

PROJECT_FILE = "project.toml"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Reading:
    """A folder while it is read: the parsed `project.toml`, the faults and the hashes so far."""

    folder: Path
    document: Mapping[str, object]
    faults: list[Fault] = field(default_factory=list)
    hashes: dict[str, str] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)

    def place(self, section: str) -> Place:
        """Return the place of a section of `project.toml`."""
        return Place(PROJECT_FILE, section)

    def raw(self, section: str) -> Mapping[str, object] | None:
        """Return a section as written; None, with a fault where that is one, if it is not a table."""
        if section not in self.document:
            return None
        raw = self.document[section]
        if not isinstance(raw, Mapping):
            self.faults.append(self.place(section).fault(f"a section [{section}]", f"{raw!r}"))
            return None
        return raw

    def section(self, name: str, *, leave: Iterable[str] = ()) -> Row | None:
        """Return a checked section, without the keys to `leave` out; None where there is none."""
        raw = self.raw(name)
        if raw is None:
            return None
        own = {key: value for key, value in raw.items() if key not in set(leave)}
        return check_section(own, SECTIONS[name], self.place(name), self.faults)

    def file(self, row: Row, column: str = "file") -> tuple[str, Path] | None:
        """Return name and path of a section's file and note its hash; None where it names none."""
        if not row.has(column):
            return None
        name = row.text(column)
        path = self.folder / name
        for part in _files_of(path):
            known = name if part == path else str(Path(name).with_name(part.name))
            if known in self.hashes:
                continue
            try:
                self.hashes[known] = sha256(part)
            except OSError as error:
                self.faults.append(Place(known).fault(READABLE, error.strerror))
                return None
        return name, path

    def named(self, section: str) -> tuple[Row, Layer] | None:
        """Return a section and the layer that it names, and note its source; None without such a layer."""
        row = self.section(section)
        named = None if row is None else self.file(row)
        if row is None or named is None:
            return None
        if row.has("source"):
            self.sources[section] = row.text("source")
        layer = read_layer(named[1], named[0], row.text("layer") if row.has("layer") else "", self.faults)
        return None if layer is None else (row, layer)

    def layer(self, section: str) -> Layer | None:
        """Return the layer that a section names; None where there is no such section or no such layer."""
        found = self.named(section)
        return None if found is None else found[1]

    def placed(self, section: str, read: Callable[[Layer, Band, list[Fault]], T], band: Band) -> T | None:
        """Return what a reader of `sarhad.io.placed` makes of a section's layer; None without one."""
        layer = self.layer(section)
        return None if layer is None else read(layer, band, self.faults)

    def gather(self, error: InputFaults, file: str) -> None:
        """Take over faults that were raised, under the name by which the project knows the file."""
        self.faults.extend(replace(fault, file=file) for fault in error.faults)


def _files_of(path: Path) -> list[Path]:
    """Return the files that a layer is made of, as far as they are there."""
    beside = SIDECARS if path.suffix.lower() == ".shp" else ()
    return [one for one in (path, *map(path.with_suffix, beside)) if one.is_file()]


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def parse(folder: Path) -> Mapping[str, object] | Fault:
    """Return the parsed `project.toml`, or the fault that keeps it from being one."""
    place = Place(PROJECT_FILE)
    try:
        document = tomllib.loads((folder / PROJECT_FILE).read_text(encoding="utf-8-sig"))
    except (FileNotFoundError, NotADirectoryError):
        return place.fault(f"a file {PROJECT_FILE} in the project folder", "no such file")
    except OSError as error:
        return place.fault(READABLE, error.strerror)
    except UnicodeDecodeError as error:
        row = error.object.count(b"\n", 0, error.start) + 1
        return place.fault("TOML in UTF-8", IN_ANOTHER, row=row)
    except tomllib.TOMLDecodeError as error:
        return place.fault("TOML in UTF-8", error)
    return _newer(document) or document


def _newer(document: Mapping[str, object]) -> Fault | None:
    """Return the one fault of a project that a newer version wrote: what else it says is not judged."""
    about = document.get("project")
    written = about.get("format") if isinstance(about, Mapping) else None
    if not isinstance(written, int) or written <= FORMAT:
        return None
    expected = f"format {FORMAT} or older, all that this Sarhad {version('sarhad')} knows"
    found = f"format {written}, written by a newer Sarhad: update yours to open it"
    return Place(PROJECT_FILE, "project").fault(expected, found, column="format")
