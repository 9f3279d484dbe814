"""Whether an OpenStreetMap extract is whole: GDAL reads a torn one up to the tear and says nothing.

PBF is a row of blocks: 4 bytes of length, a BlobHeader (1: type, 3: size of the blob), a Blob (3: zlib data);
both are protobuf messages (https://wiki.openstreetmap.org/wiki/PBF_Format). Every block must be there to
its last byte and unpack, which checks zlib's own checksum. A file cut between two blocks passes. XML must be
well formed to its end.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO
from xml.parsers import expat

from sarhad.errors import InputFaults

LONGEST_HEADER = 65_536
_STEP = "checking the extract (MB)"
_MB = 1_000_000


def check_whole(path: Path, progress: Callable[[str, int, int], None]) -> None:
    """Raise InputFaults with the place where an extract (.osm, .osm.pbf) is torn or damaged."""
    total_mb = path.stat().st_size // _MB + 1
    check = _check_pbf if path.suffix.lower() == ".pbf" else _check_xml
    with path.open("rb") as file:
        for at_byte in check(file, path.name):
            progress(_STEP, min(at_byte // _MB, total_mb), total_mb)
    progress(_STEP, total_mb, total_mb)


def _damaged(name: str, found: str) -> InputFaults:
    return InputFaults.one(name, "a whole extract of OpenStreetMap", found)


def _check_xml(file: BinaryIO, name: str) -> Iterator[int]:
    parser = expat.ParserCreate()
    try:
        while text := file.read(4 * _MB):
            parser.Parse(text, False)
            yield file.tell()
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise _damaged(name, f"no XML: {error}") from error


def _check_pbf(file: BinaryIO, name: str) -> Iterator[int]:
    first = True
    while length := file.read(4):
        at_byte = file.tell() - len(length)
        n = int.from_bytes(length, "big")
        header = file.read(n) if n <= LONGEST_HEADER else b""
        try:
            fields = _fields(header)
            size, kind = fields[3], fields[1]
            if not isinstance(size, int) or (first and kind != b"OSMHeader"):
                raise ValueError("no header of OpenStreetMap")
            blob = file.read(size)
            if len(header) < n or len(blob) < size:
                raise ValueError("it ends there")
            packed = _fields(blob).get(3)
            if isinstance(packed, bytes):
                zlib.decompress(packed)
        except (ValueError, KeyError, IndexError, zlib.error) as error:
            raise _damaged(name, f"a damaged block at byte {at_byte}: {error}") from error
        first = False
        yield file.tell()
    if first:
        raise _damaged(name, "an empty file")


def _fields(message: bytes) -> dict[int, int | bytes]:
    """Return the fields of a protobuf message by number: whole numbers and bytes. Raises where it is none."""
    found: dict[int, int | bytes] = {}
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        if key & 7 == 0:
            found[key >> 3], at = _varint(message, at)
        elif key & 7 == 2:
            size, at = _varint(message, at)
            if at + size > len(message):
                raise ValueError("it ends there")
            found[key >> 3], at = message[at : at + size], at + size
        else:
            raise ValueError("no block of OpenStreetMap")
    return found


def _varint(message: bytes, at: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        byte = message[at]
        number |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return number, at
