"""Files written whole: in a folder of their own beside their place, forced to the disk, then renamed.

The folder is locked while its writer lives, and the system takes the lock back however the writer dies: what
a dead one left goes when the same file is written next.
"""

from __future__ import annotations

import contextlib
import fcntl
import glob
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from sarhad.io.folders import sync, writing

_PART = ".part"


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a path to write; that file takes the place of `path`, mode kept, when it is on the disk.

    A folder for it is made where there is none.
    Raises InputFaults where the place cannot be written, NotWritten where the disk takes no more.
    """
    with writing(path, "a file that can be written"), contextlib.ExitStack() as done:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _held(path.parent):
            _sweep(path)
            beside = Path(tempfile.mkdtemp(prefix=f".{path.name}.", suffix=_PART, dir=path.parent))
            done.callback(shutil.rmtree, beside, ignore_errors=True)
            done.enter_context(_held(beside))
        part = beside / path.name
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


def _sweep(path: Path) -> None:
    """Take away what writers of this file left that are dead."""
    for left in path.parent.glob(f".{glob.escape(path.name)}.*{_PART}/"):
        with contextlib.suppress(BlockingIOError), _held(left, fcntl.LOCK_NB):
            shutil.rmtree(left, ignore_errors=True)


@contextlib.contextmanager
def _held(folder: Path, or_else: int = 0) -> Iterator[None]:
    """Hold a folder's lock; with LOCK_NB, BlockingIOError where another process holds it."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | or_else)
        yield
    finally:
        os.close(handle)
