"""Files written whole: in a folder of their own beside their place, forced to the disk, then renamed."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from sarhad.io.folders import beside, sync, writing


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a path to write; that file takes the place of `path`, mode kept, when it is on the disk.

    A folder for it is made where there is none.
    Raises InputFaults where the place cannot be written, NotWritten where the disk takes no more.
    """
    with writing(path, "a file that can be written"):
        path.parent.mkdir(parents=True, exist_ok=True)
        with beside(path) as place:
            part = place / path.name
            yield part
            if path.exists():
                part.chmod(stat.S_IMODE(path.stat().st_mode))
            sync(part)
            os.replace(part, path)
            sync(path.parent)


def write_whole(path: Path, content: bytes | str) -> None:
    """Write a file whole or not at all, over what was there; text in UTF-8. Raises as `whole_file`."""
    with whole_file(path) as part:
        part.write_bytes(content.encode() if isinstance(content, str) else content)
