"""New folders: made beside their place and renamed, so that they are there whole or not at all.

What is to be renamed is made in a folder of its own, locked while its writer lives; the system takes the lock
back however the writer dies: what a dead one left goes when the same place is written next.

Two folders change places in one step where the file system can: renameat2(2) of Linux with RENAME_EXCHANGE.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import glob
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from sarhad.errors import InputFaults, NotWritten

NOT_WRITTEN = (
    "{goal}: not written ({reason}); {free_mb:.2f} MB are free there. What was there before stands as it was"
)
_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS}
_AT_FDCWD, _RENAME_EXCHANGE = -100, 2
_PART = ".part"
_CANNOT = {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP}


def check_new(target: Path) -> None:
    """Raise InputFaults where the folder exists and is not empty."""
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        found = "a folder with files in it" if target.is_dir() else "a file"
        raise InputFaults.one(str(target), "a new or empty folder", found)


@contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """Give a folder to fill; it becomes `target` when all went well, and nothing stays when not.

    Raises InputFaults where `target` is not new or empty, or cannot be written; NotWritten where the disk
    takes no more.
    """
    check_new(target)
    with writing(target, "a folder that can be written"):
        target.parent.mkdir(parents=True, exist_ok=True)
        with beside(target) as place:
            made = place / target.name
            made.mkdir()
            yield made
            sync_folder(made)
            if target.exists():
                target.rmdir()
            os.replace(made, target)
            sync(target.parent)


@contextmanager
def beside(path: Path) -> Iterator[Path]:
    """Give a folder of its own beside a path, in which to make what is to stand there; it goes in the end."""
    with ExitStack() as done:
        with _held(path.parent):
            _sweep(path)
            made = Path(tempfile.mkdtemp(prefix=f".{path.name}.", suffix=_PART, dir=path.parent))
            done.callback(shutil.rmtree, made, ignore_errors=True)
            done.enter_context(_held(made))
        yield made


def _sweep(path: Path) -> None:
    """Take away what writers of this path left that are dead."""
    for left in path.parent.glob(f".{glob.escape(path.name)}.*{_PART}/"):
        with suppress(BlockingIOError), _held(left, fcntl.LOCK_NB):
            shutil.rmtree(left, ignore_errors=True)


@contextmanager
def _held(folder: Path, or_else: int = 0) -> Iterator[None]:
    """Hold a folder's lock; with LOCK_NB, BlockingIOError where another process holds it."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | or_else)
        yield
    finally:
        os.close(handle)


def copy_files(source: Path, goal: Path, copy: Callable[[Path, Path], object] = shutil.copyfile) -> None:
    """Copy every file below a folder, up to the first that the system refuses: that error is raised."""
    for path in sorted(source.rglob("*")):
        if path.is_file():
            place = goal / path.relative_to(source)
            place.parent.mkdir(parents=True, exist_ok=True)
            copy(path, place)


@contextmanager
def writing(goal: Path, expected: str) -> Iterator[None]:
    """Turn what the system says against writing into one error.

    NotWritten where the disk takes no more; InputFaults with what was `expected` where the place is wrong.
    What is written in a folder that nobody has seen yet goes by the name of the folder.
    """
    try:
        yield
    except NotWritten as error:
        raise not_written(goal, error) from error
    except OSError as error:
        if error.errno in _DISK:
            raise not_written(goal, error) from error
        raise InputFaults.one(str(goal), expected, error) from error


def not_written(goal: Path, reason: BaseException) -> NotWritten:
    """Return the error that says why a file or folder was not written, and how much room is left."""
    while isinstance(reason, NotWritten) and reason.__cause__ is not None:
        reason = reason.__cause__
    place = next(folder for folder in (goal, *goal.absolute().parents) if folder.exists())
    free_mb = shutil.disk_usage(place).free / 1e6
    return NotWritten(NOT_WRITTEN.format(goal=goal, reason=reason, free_mb=free_mb))


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Wait until no other process holds this file, and hold it; the system lets go when the process dies."""
    with open(path, "ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def exchange(one: Path, other: Path) -> bool:
    """Let two paths change places in one step; False, and nothing done, where the file system cannot."""
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if rename is None:
        return False
    if rename(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE) == 0:
        return True
    code = ctypes.get_errno()
    if code in _CANNOT:
        return False
    raise OSError(code, os.strerror(code), str(one))


def sync_folder(folder: Path) -> None:
    """Return when every file below a folder, and every name in it, is on the disk."""
    for place, _, names in os.walk(folder):
        for name in names:
            sync(Path(place, name))
        sync(Path(place))


def sync(path: Path) -> None:
    """Return when a file, or the names in a folder, are on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
